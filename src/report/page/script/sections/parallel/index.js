// Parallel coordinates: an axis for each parameter and one for the metric, a line for each trial, coloured by the metric.
// Dragging along an axis keeps only the trials that pass there, everywhere on the page.

import { metric, searched, setting, varied } from '../../study/study.js';
import { currentSelection } from '../../state/selection.js';
import { store } from '../../state/store.js';
import { svg } from '../../elements/dom.js';
import { figure } from '../../plots/figure.js';
import * as frame from '../../plots/frame.js';
import * as paths from '../../plots/paths.js';
import * as pointer from '../../plots/pointer.js';
import * as tooltip from '../../plots/tooltip.js';
import { drawAxis, layout } from './axes.js';
import { brushing } from './brushing.js';
import { drawLines, nearestLine } from './lines.js';

const AXIS_WIDTH = 92;

export default {
  id: 'parallel',
  title: 'Parallel coordinates',
  brief: 'Parallel',
  needs: ['trials', 'parameters', 'metrics'],
  usesSelection: true,
  isShown: (study) => varied(study).length > 0 && study.trials.some((trial) => trial.value !== null),
  render,
};

function render(body, study) {
  const names = varied(study);
  const trials = searched(study).filter((trial) => trial.value !== null || trial.status === 'failed');
  const spec = {
    id: 'parallel-coordinates',
    title: 'Configurations and their results',
    note: 'Drag along an axis to keep only the trials that pass there; a click on it lets go. By keys: write a term such as learning_rate<1e-3 into the filter of the trials.',
    study,
    section: 'parallel',
    minWidth: (names.length + 1) * AXIS_WIDTH + 40,
    draw: (width) => draw(width, study, names, trials),
    table: () => table(study, names, trials),
  };
  figure(body, spec);
}

function draw(width, study, names, trials) {
  const plot = frame.create({
    width,
    height: 380,
    title: 'Parallel coordinates',
    description: `${trials.length} trials over ${names.length} parameters and ${metric(study).name}.`,
    margin: { left: 44, right: 56, top: 52, bottom: 22 },
  });
  const axes = layout(plot, study, names, trials);
  const lines = trials.map((trial) => ({ trial, places: axes.map((axis) => [axis.x, axis.place(trial)]) }));
  drawLines(plot, study, lines);
  axes.forEach((axis) => drawAxis(plot, axis));
  return { root: plot.root, surface: surface(plot, study, axes, lines) };
}

function surface(plot, study, axes, lines) {
  const selection = currentSelection();
  const shown = lines.filter((line) => selection.has(line.trial.trial));
  const ends = shown.map((line) => ({
    ...line,
    x: line.places[line.places.length - 1][0],
    y: line.places[line.places.length - 1][1],
  }));
  const element = pointer.surface({
    plot,
    points: ends,
    label: 'Parallel coordinates',
    nearest: (points, x, y) => nearestLine(points, axes, x, y),
    highlight: (line) => [
      svg('path', { class: 'thread-halo', d: paths.line(line.places) }),
      svg('path', { class: 'thread is-lit', d: paths.line(line.places) }),
    ],
    describe: ({ trial }) => tooltip.trialLines(study, trial),
    open: ({ trial }) => store.setOpened(trial.trial),
  });
  brushing(element, plot, axes);
  return element;
}

function table(study, names, trials) {
  const selection = currentSelection();
  return {
    columns: [
      { label: 'trial', kind: 'number' },
      { label: 'status' },
      ...names.map((one) => ({ label: one.name, kind: one.kind === 'number' ? 'number' : 'text', isParameter: true })),
      { label: metric(study).name, kind: 'number' },
    ],
    rows: trials
      .filter((trial) => selection.has(trial.trial))
      .map((trial) => [trial.trial, trial.status, ...names.map((one) => setting(trial, one.name)), trial.value]),
  };
}
