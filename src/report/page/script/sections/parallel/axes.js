// The axes: where each stands, where a trial passes it, and how it is drawn with its brush.

import * as format from '../../text/format.js';
import { metric, setting } from '../../study/study.js';
import { store } from '../../state/store.js';
import { svg } from '../../elements/dom.js';
import * as frame from '../../plots/frame.js';
import * as scales from '../../plots/scales.js';

const METRIC = '';

export function layout(plot, study, names, trials) {
  const { left, right, top, bottom } = plot.box;
  const step = (right - left) / names.length;
  const parameters = names.map((one, index) => {
    const scale = scales.parameter(study, one, [bottom, top]);
    return {
      name: one.name,
      label: one.name,
      x: left + index * step,
      scale,
      isChoice: one.kind === 'choice',
      values: one.values,
      place: (trial) => scale(setting(trial, one.name)),
    };
  });
  const values = trials.map((trial) => trial.value).filter((value) => value !== null);
  const hasNone = trials.some((trial) => trial.value === null);
  const lane = hasNone ? 26 : 0;
  const inner = scales.metric(study, values, [bottom - lane, top]);
  const scale = Object.assign((value) => inner(value), inner, {
    free: [bottom - lane, top],
    lane: hasNone ? bottom - 9 : NaN,
    hasNone,
  });
  scale.ticks = (count) => [
    ...(hasNone ? [{ value: undefined, label: 'none', isNone: true }] : []),
    ...inner.ticks(count),
  ];
  const clamped = scales.clamped(inner);
  return [
    ...parameters,
    {
      name: METRIC,
      label: metric(study).name,
      isMetric: true,
      x: right,
      scale,
      place: (trial) => (trial.value === null ? scale.lane : clamped(trial.value)),
    },
  ];
}

export function drawAxis(plot, axis) {
  const { top } = plot.box;
  const group = svg(
    'g',
    { class: 'coordinate' },
    svg('line', { class: 'axis', x1: axis.x, x2: axis.x, y1: axis.scale.free[0], y2: top }),
  );
  group.append(
    frame.label(format.clipped(axis.label, 15), axis.isMetric ? axis.x + 50 : axis.x - 6, top - 22, {
      class: 'coordinate-label',
      'text-anchor': axis.isMetric ? 'end' : 'start',
    }),
  );
  let last = Infinity;
  for (const tick of axis.scale.ticks(6)) {
    const at = tick.isNone ? axis.scale.lane : axis.scale(tick.value);
    group.append(svg('line', { class: 'axis', x1: axis.x - (tick.isMinor ? 2 : 4), x2: axis.x, y1: at, y2: at }));
    if (tick.label && last - at > 11) {
      group.append(
        frame.label(format.clipped(tick.label, 10), axis.x + 5, at, {
          class: tick.isNone ? 'tick haloed none' : 'tick haloed',
          'dominant-baseline': 'central',
          'text-anchor': 'start',
        }),
      );
      last = at;
    }
  }
  const brush = store.brushes.get(axis.name);
  if (brush)
    for (const [from, to] of spans(axis, brush))
      group.append(
        svg('rect', {
          class: 'brush',
          x: axis.x - 7,
          width: 14,
          y: Math.min(from, to),
          height: Math.max(3, Math.abs(to - from)),
        }),
      );
  frame.add(plot, group);
}

// Where a brush lies on its axis.
function spans(axis, brush) {
  const found = [];
  if (brush.range) found.push(brush.range.map((value) => scales.clamped(axis.scale)(value)));
  for (const value of brush.values || [])
    found.push([axis.scale(value) - axis.scale.step / 2 + 1, axis.scale(value) + axis.scale.step / 2 - 1]);
  if (brush.includesNone) found.push([axis.scale.lane - 8, axis.scale.lane + 8]);
  return found;
}
