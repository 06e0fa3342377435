// One parameter at a time: trials as dots, and what the model expects by this parameter alone.

import * as format from '../text/format.js';
import { robustExtent } from '../study/extents.js';
import { STATUSES, metric, searched, setting, varied } from '../study/study.js';
import { currentSelection } from '../state/selection.js';
import { store } from '../state/store.js';
import { svg } from '../elements/dom.js';
import { figure } from '../plots/figure.js';
import * as frame from '../plots/frame.js';
import { legend, legendHeight } from '../plots/legend.js';
import * as marks from '../plots/marks.js';
import { panels } from '../plots/panels.js';
import * as paths from '../plots/paths.js';
import * as pointer from '../plots/pointer.js';
import * as scales from '../plots/scales.js';
import * as tooltip from '../plots/tooltip.js';

export default {
  id: 'slices',
  title: 'Parameters one by one',
  brief: 'Slices',
  needs: ['trials', 'parameters', 'dependences', 'metrics'],
  usesSelection: true,
  isShown: (study) => varied(study).length > 0 && study.trials.some((trial) => trial.value !== null),
  render,
};

function render(body, study) {
  figure(body, {
    id: 'slices',
    title: `${metric(study).name} by each parameter`,
    note: study.dependences.length
      ? 'Line and band: what a model of all results expects by this parameter alone, averaged over all others, ± one standard deviation.'
      : null,
    study,
    section: 'slices',
    draw: (width) => draw(width, study),
    table: () => table(study),
  });
}

function draw(width, study) {
  const names = varied(study);
  const trials = searched(study).filter((trial) => trial.value !== null || trial.status === 'failed');
  const entries = legendEntries(study, trials);
  const top = legendHeight(width, entries, 8);
  const { boxes, height } = panels({
    width,
    count: names.length,
    ideal: 320,
    height: 236,
    margin: { left: 54, right: 14, top: 30, bottom: 48 },
    top,
  });
  const plot = frame.create({
    width,
    height,
    title: 'Slices',
    description: `${metric(study).name} of ${trials.length} trials by each of ${names.length} parameters.`,
  });
  legend(plot, entries, { left: 8 });
  const values = trials.map((trial) => trial.value).filter((value) => value !== null);
  const extent = robustExtent(values);
  const points = names.flatMap((one, index) => drawPanel(plot, boxes[index], study, one, trials, extent));
  const surface = pointer.surface({
    plot,
    points,
    label: 'Slices',
    describe: ({ trial }) => tooltip.trialLines(study, trial),
    highlight: ({ trial }) => points.filter((point) => point.trial === trial).map(pointer.ring),
    open: ({ trial }) => store.setOpened(trial.trial),
  });
  return { root: plot.root, surface };
}

function legendEntries(study, trials) {
  const statuses = STATUSES.filter((status) => trials.some((trial) => trial.status === status));
  return [
    ...(study.dependences.length ? [marks.lineEntry('model', 'model-line')] : []),
    ...marks.statusEntries(statuses),
  ];
}

function drawPanel(plot, box, study, one, trials, extent) {
  const dependence = study.dependences.find((found) => found.parameter === one.name);
  const x = scales.parameter(study, one, [box.left + 7, box.right - 7]);
  // Failed trials have no value: they lie below all others.
  const floor = trials.some((trial) => trial.value === null) ? 14 : 0;
  const y = scales.metric(study, extent, [box.bottom - floor, box.top]);
  const yAt = scales.clamped(y);
  frame.axes(plot, {
    box,
    x,
    y,
    xLabel: format.clipped(one.name, Math.floor((box.right - box.left) / 7)),
    yLabel: metric(study).name.length < 24 ? metric(study).name : 'value',
  });
  if (dependence) drawDependence(plot, one, dependence, x, yAt);
  const selection = currentSelection();
  const points = trials
    .map((trial) => ({
      x: x(setting(trial, one.name)) + jitter(one, x, trial),
      y: trial.value === null ? box.bottom - 6 : yAt(trial.value),
      status: trial.status,
      isFaint: !selection.has(trial.trial),
      trial,
    }))
    .filter((point) => Number.isFinite(point.x));
  marks.trials(plot.root, points, Math.min(3.2, marks.radius(points.length)));
  return points;
}

// Trials with the same choice lie side by side, each always at the same place.
function jitter(one, x, trial) {
  const isLane = setting(trial, one.name) === undefined;
  const room = isLane ? 14 : one.kind === 'choice' ? Math.min(40, x.step * 0.5) : 0;
  return (((trial.trial * 0.618034) % 1) - 0.5) * room;
}

function drawDependence(plot, one, { points }, x, y) {
  const places = points
    .map(([value, mean, deviation]) => [x(value), y(mean), y(mean - deviation), y(mean + deviation)])
    .filter(([at, mean]) => Number.isFinite(at) && Number.isFinite(mean));
  if (one.kind === 'choice') {
    for (const [at, mean, low, high] of places) {
      const half = Math.min(26, x.step * 0.35);
      frame.add(
        plot,
        svg('rect', {
          class: 'model-band',
          x: at - half,
          width: 2 * half,
          y: Math.min(low, high),
          height: Math.abs(high - low),
        }),
        svg('line', { class: 'model-line', x1: at - half, x2: at + half, y1: mean, y2: mean }),
      );
    }
    return;
  }
  frame.add(
    plot,
    svg('path', { class: 'model-band', d: paths.band(places.map(([at, , low, high]) => [at, low, high])) }),
    svg('path', { class: 'model-line', d: paths.line(places) }),
  );
}

function table(study) {
  const selection = currentSelection();
  const name = metric(study).name;
  const trials = searched(study).filter((trial) => trial.value !== null && selection.has(trial.trial));
  return {
    columns: [
      { label: 'parameter' },
      { label: 'series' },
      { label: 'trial', kind: 'number' },
      { label: 'status' },
      { label: 'value of the parameter', kind: 'number', isParameter: true },
      { label: name, kind: 'number' },
      { label: 'standard deviation', kind: 'number' },
    ],
    rows: varied(study).flatMap((one) => [
      ...study.dependences
        .filter((found) => found.parameter === one.name)
        .flatMap((found) =>
          found.points.map(([value, mean, deviation]) => [one.name, 'model', null, null, value, mean, deviation]),
        ),
      ...trials.map((trial) => [
        one.name,
        'trial',
        trial.trial,
        trial.status,
        setting(trial, one.name),
        trial.value,
        null,
      ]),
    ]),
  };
}
