// Learning curves, with the levels at which trials were compared.

import * as format from '../text/format.js';
import { STATUSES, metric, searched, sign } from '../study/study.js';
import { currentSelection } from '../state/selection.js';
import { store } from '../state/store.js';
import { svg } from '../elements/dom.js';
import { figure } from '../plots/figure.js';
import * as frame from '../plots/frame.js';
import { legend, legendHeight } from '../plots/legend.js';
import * as marks from '../plots/marks.js';
import * as paths from '../plots/paths.js';
import * as pointer from '../plots/pointer.js';
import * as scales from '../plots/scales.js';
import * as tooltip from '../plots/tooltip.js';
import { zoomFor, zoomedRange } from '../plots/zoom.js';

// So many curves are drawn in full; of more, only the best ones, the rest stays faint.
const MANY = 60;
const SHOWN = 20;

export default {
  id: 'curves',
  title: 'Learning curves',
  brief: 'Curves',
  needs: ['trials', 'rungs', 'metrics', 'max_epochs', 'best'],
  usesSelection: true,
  isShown: (study) => study.has_epochs && study.trials.some((trial) => trial.curve.length > 1),
  render,
};

function render(body, study) {
  const trials = searched(study).filter((trial) => valid(trial).length > 0);
  const selection = currentSelection();
  const selected = trials.filter((trial) => selection.has(trial.trial));
  const isMany = selected.length > MANY;
  const shown = new Set(isMany ? foremost(study, selected) : selected);
  const spec = {
    id: 'curves',
    title: `${metric(study).name} by epoch`,
    note: isMany ? `The best ${SHOWN} of ${selected.length} in colour, all others faint.` : null,
    study,
    section: 'curves',
    table: () => table(study, selected),
  };
  figure(body, { ...spec, draw: (width) => draw(width, study, spec, trials, shown) });
}

function valid(trial) {
  return trial.curve.filter(([epoch, value]) => Number.isFinite(epoch) && Number.isFinite(value));
}

function foremost(study, trials) {
  const direction = sign(metric(study).goal);
  const valued = trials.filter((trial) => trial.value !== null);
  return valued.sort((one, other) => direction * (other.value - one.value)).slice(0, SHOWN);
}

function draw(width, study, spec, trials, shown) {
  const statuses = STATUSES.filter((status) => [...shown].some((trial) => trial.status === status));
  const hasBest = trials.some((trial) => trial.trial === study.best);
  const entries = [
    ...(hasBest ? [marks.lineEntry('best', 'curve is-best')] : []),
    ...statuses.map((status) => marks.lineEntry(status, `curve ${status}`)),
  ];
  const top = legendHeight(width, entries) + 44;
  const plot = frame.create({
    width,
    height: 340 + top,
    title: 'Learning curves',
    description: `${trials.length} curves of ${metric(study).name}; rungs at ${study.rungs.map((rung) => format.epochs(rung.epochs)).join(', ')} epochs.`,
    margin: { top, right: 24 },
  });
  const last = Math.max(study.max_epochs, ...trials.map((trial) => trial.epochs));
  const x = scales.linear(zoomedRange(spec.id, [0, last]), [plot.box.left, plot.box.right]);
  const y = scales.metric(
    study,
    trials.flatMap((trial) => valid(trial).map(([, value]) => value)),
    [plot.box.bottom, plot.box.top],
  );
  const yAt = scales.clamped(y);
  frame.axes(plot, { x, y, xLabel: 'epochs', yLabel: metric(study).name, rise: 26 });
  legend(plot, entries);
  drawRungs(plot, study, x);
  const lines = trials.map((trial) => ({
    trial,
    isShown: shown.has(trial),
    places: valid(trial).map(([epoch, value]) => [x(epoch), yAt(value)]),
  }));
  drawCurves(frame.clipped(plot), study, lines);
  return {
    root: plot.root,
    surface: surface(
      plot,
      study,
      spec,
      lines.filter((line) => line.isShown),
      x,
    ),
  };
}

function drawRungs(plot, study, x) {
  const { left, right, top, bottom } = plot.box;
  let taken = -Infinity;
  for (const rung of study.rungs) {
    const at = x(rung.epochs);
    if (at < left || at > right + 1) continue;
    frame.add(plot, svg('line', { class: 'rung', x1: at, x2: at, y1: top, y2: bottom }));
    const text = `rung ${format.epochs(rung.epochs)}`;
    if (at - text.length * 3 < taken) continue;
    frame.add(
      plot,
      frame.label(text, at, top - 6, { class: 'tick', 'text-anchor': at > right - 40 ? 'end' : 'middle' }),
    );
    taken = at + text.length * 3 + 12;
  }
}

function drawCurves(group, study, lines) {
  const faint = lines.filter((line) => !line.isShown);
  group.append(
    ...paths.dense(
      faint.map((line) => paths.line(line.places)),
      { class: 'curve faint' },
    ),
  );
  for (const status of [...STATUSES].reverse()) {
    const same = lines.filter(
      (line) => line.isShown && line.trial.status === status && line.trial.trial !== study.best,
    );
    if (!same.length) continue;
    group.append(svg('path', { class: `curve ${status}`, d: same.map((line) => paths.line(line.places)).join('') }));
    marks.trials(
      group,
      same.map((line) => ({
        x: line.places[line.places.length - 1][0],
        y: line.places[line.places.length - 1][1],
        status,
      })),
      3,
    );
  }
  const best = lines.find((line) => line.trial.trial === study.best);
  if (best && best.isShown) group.append(svg('path', { class: 'curve is-best', d: paths.line(best.places) }));
}

function surface(plot, study, spec, lines, x) {
  const { left, right } = plot.box;
  const points = lines.flatMap((line) =>
    line.places
      .map(([at, y], index) => ({ x: at, y, line, index }))
      .filter((point) => point.x >= left - 0.5 && point.x <= right + 0.5),
  );
  return pointer.surface({
    plot,
    points,
    label: 'Learning curves',
    zoom: zoomFor(spec, x),
    describe: ({ line, index }) => {
      const [epoch, value] = valid(line.trial)[index];
      return tooltip.trialLines(study, line.trial, [[`at epoch ${format.epochs(epoch)}`, format.short(value)]]);
    },
    highlight: (point) => {
      const d = paths.line(point.line.places.filter(([at]) => at >= left - 0.5 && at <= right + 0.5));
      return [svg('path', { class: 'thread-halo', d }), svg('path', { class: 'curve is-lit', d }), pointer.ring(point)];
    },
    open: ({ line }) => store.setOpened(line.trial.trial),
  });
}

function table(study, trials) {
  return {
    columns: [
      { label: 'trial', kind: 'number' },
      { label: 'status' },
      { label: 'epoch', kind: 'number' },
      { label: metric(study).name, kind: 'number' },
    ],
    rows: trials.flatMap((trial) => trial.curve.map(([epoch, value]) => [trial.trial, trial.status, epoch, value])),
  };
}
