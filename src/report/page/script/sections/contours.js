// The expected value by two parameters together: a map for each of the most important pairs, with the trials on it.

import * as format from '../text/format.js';
import { extent } from '../study/extents.js';
import { metric, parameter, searched, setting, sign } from '../study/study.js';
import { currentSelection } from '../state/selection.js';
import { store } from '../state/store.js';
import { svg } from '../elements/dom.js';
import { graded } from '../elements/theme.js';
import { figure } from '../plots/figure.js';
import * as frame from '../plots/frame.js';
import * as marks from '../plots/marks.js';
import { panels } from '../plots/panels.js';
import * as pointer from '../plots/pointer.js';
import * as scales from '../plots/scales.js';
import * as tooltip from '../plots/tooltip.js';

export default {
  id: 'contours',
  title: 'Parameters in pairs',
  brief: 'Pairs',
  needs: ['contours', 'trials', 'parameters', 'metrics'],
  usesSelection: true,
  isShown: (study) => study.contours.length > 0,
  render,
};

function render(body, study) {
  figure(body, {
    id: 'contours',
    title: `Expected ${metric(study).name} by pairs of parameters`,
    note: 'Colour: what a model of all results expects. White-rimmed dots: trials. Empty: the two are never there together.',
    study,
    section: 'contours',
    draw: (width) => draw(width, study),
    table: () => table(study),
  });
}

function draw(width, study) {
  const contours = study.contours.filter((one) => parameter(study, one.first) && parameter(study, one.second));
  const [low, high] = extent(contours.flatMap((one) => one.expected.flat())) || [0, 1];
  const share = shareOf(study, low, high);
  const { boxes, height } = panels({
    width,
    count: contours.length,
    ideal: 360,
    height: 300,
    margin: { left: 62, right: 18, top: 34, bottom: 50 },
    top: 46,
  });
  const plot = frame.create({
    width,
    height,
    title: 'Contours',
    description: `${contours.length} maps of the expected ${metric(study).name}, from ${format.short(low)} to ${format.short(high)}.`,
  });
  drawLegend(plot, study, low, high, share);
  const cells = [];
  const points = contours.flatMap((one, index) => drawMap(plot, boxes[index], study, one, share, cells));
  const surface = pointer.surface({
    plot,
    points,
    label: 'Contours',
    nearest: (all, x, y) =>
      pointer.nearestPoint(all, x, y) ||
      cells.find((cell) => x >= cell.left && x < cell.right && y >= cell.top && y < cell.bottom) ||
      null,
    describe: (found) => (found.trial ? tooltip.trialLines(study, found.trial) : cellLines(study, found)),
    highlight: (found) =>
      found.trial
        ? pointer.ring(found)
        : svg('rect', {
            class: 'cell-ring',
            x: found.left,
            y: found.top,
            width: found.right - found.left,
            height: found.bottom - found.top,
          }),
    open: (found) => found.trial && store.setOpened(found.trial.trial),
  });
  return { root: plot.root, surface };
}

function shareOf(study, low, high) {
  const direction = sign(metric(study).goal);
  return (value) => {
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return direction > 0 ? share : 1 - share;
  };
}

function drawLegend(plot, study, low, high, share) {
  const [left, top, length] = [62, 8, Math.min(220, plot.width - 140)];
  const steps = 44;
  const bars = Array.from({ length: steps }, (_, index) =>
    svg('rect', {
      x: left + (index * length) / steps,
      y: top,
      width: length / steps + 0.6,
      height: 10,
      fill: graded(share(low + ((index + 0.5) / steps) * (high - low))),
    }),
  );
  frame.add(
    plot,
    svg(
      'g',
      { class: 'colour-legend' },
      bars,
      frame.label(format.short(low, 3), left, top + 24, { class: 'tick' }),
      frame.label(format.short(high, 3), left + length, top + 24, { class: 'tick', 'text-anchor': 'end' }),
      frame.label(`expected ${format.clipped(metric(study).name, 24)}`, left + length / 2, top + 24, {
        class: 'tick',
        'text-anchor': 'middle',
      }),
    ),
  );
}

function drawMap(plot, box, study, contour, share, cells) {
  const [first, second] = [parameter(study, contour.first), parameter(study, contour.second)];
  const x = scales.parameter(study, first, [box.left, box.right], false);
  const y = scales.parameter(study, second, [box.bottom, box.top], false);
  const across = edges(contour.first_values, x, first);
  const upwards = edges(contour.second_values, y, second);
  const group = svg('g', { class: 'map', 'shape-rendering': 'crispEdges' });
  contour.expected.forEach((row, j) =>
    row.forEach((value, i) => {
      if (value === null || !across[i] || !upwards[j]) return;
      const [left, right] = across[i];
      const [top, bottom] = upwards[j];
      group.append(
        svg('rect', {
          x: left,
          y: top,
          width: Math.max(0.5, right - left),
          height: Math.max(0.5, bottom - top),
          fill: graded(share(value)),
        }),
      );
      cells.push({
        left,
        right,
        top,
        bottom,
        contour,
        first: contour.first_values[i],
        second: contour.second_values[j],
        value,
      });
    }),
  );
  frame.add(plot, group);
  frame.axes(plot, {
    box,
    x,
    y,
    xLabel: format.clipped(contour.first, 32),
    yLabel: format.clipped(contour.second, 32),
    hasGrid: false,
  });
  return drawTrials(plot, study, contour, x, y);
}

// Each value's cell reaches half-way to its neighbours.
function edges(values, scale, one) {
  const [low, high] = [Math.min(...scale.free), Math.max(...scale.free)];
  const at = values.map(scale);
  if (one.kind === 'choice')
    return at.map((place) => (Number.isFinite(place) ? [place - scale.step / 2, place + scale.step / 2] : null));
  const sorted = at.filter(Number.isFinite).sort((a, b) => a - b);
  return at.map((place) => {
    const index = sorted.indexOf(place);
    if (index < 0) return null;
    const before = index === 0 ? low : (sorted[index - 1] + place) / 2;
    const after = index === sorted.length - 1 ? high : (sorted[index + 1] + place) / 2;
    return [Math.max(low, before), Math.min(high, after)];
  });
}

function drawTrials(plot, study, contour, x, y) {
  const selection = currentSelection();
  const points = searched(study)
    .filter(
      (trial) =>
        selection.has(trial.trial) &&
        [contour.first, contour.second].every((name) => setting(trial, name) !== undefined),
    )
    .map((trial) => ({
      x: x(setting(trial, contour.first)),
      y: y(setting(trial, contour.second)),
      trial,
      status: trial.status,
    }))
    .filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  const r = points.length > 1000 ? 1.2 : points.length > 200 ? 1.8 : 2.8;
  const dots = points.filter((point) => point.status !== 'failed');
  const crosses = points.filter((point) => point.status === 'failed');
  frame.add(plot, svg('path', { class: 'dot', d: dots.map((point) => marks.circle(point.x, point.y, r)).join('') }));
  if (crosses.length)
    frame.add(
      plot,
      svg('path', {
        class: 'dot cross',
        d: crosses
          .map((point) => `M${point.x - r},${point.y - r}l${2 * r},${2 * r}m${-2 * r},0l${2 * r},${-2 * r}`)
          .join(''),
      }),
    );
  return points;
}

function cellLines(study, { contour, first, second, value }) {
  return [
    'Expected by the model',
    [metric(study).name, format.short(value)],
    [contour.first, format.value(first)],
    [contour.second, format.value(second)],
  ];
}

function table(study) {
  return {
    columns: [
      { label: 'first' },
      { label: 'second' },
      { label: 'value of the first', kind: 'number' },
      { label: 'value of the second', kind: 'number' },
      { label: `expected ${metric(study).name}`, kind: 'number' },
    ],
    rows: study.contours.flatMap((one) =>
      one.expected.flatMap((row, j) =>
        row.map((value, i) => [one.first, one.second, one.first_values[i], one.second_values[j], value]),
      ),
    ),
  };
}
