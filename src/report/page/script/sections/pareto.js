// Two metrics against each other, and the trials that no other one dominates.

import * as format from '../text/format.js';
import { robustExtent } from '../study/extents.js';
import { STATUSES, searched, sign } from '../study/study.js';
import { currentSelection } from '../state/selection.js';
import { store } from '../state/store.js';
import { html, select, svg } from '../elements/dom.js';
import { figure } from '../plots/figure.js';
import * as frame from '../plots/frame.js';
import { legend, legendHeight } from '../plots/legend.js';
import * as marks from '../plots/marks.js';
import * as pointer from '../plots/pointer.js';
import * as scales from '../plots/scales.js';
import * as tooltip from '../plots/tooltip.js';

export default {
  id: 'pareto',
  title: 'Pareto front',
  brief: 'Front',
  needs: ['trials', 'metrics', 'has_front'],
  usesSelection: true,
  isShown: (study) =>
    study.metrics.length > 1 && study.trials.some((trial) => study.metrics.every((one) => has(trial, one.name))),
  render,
};

function has(trial, name) {
  return Object.hasOwn(trial.metrics, name) && Number.isFinite(trial.metrics[name]);
}

function render(body, study) {
  const across = axis(study, 'pareto-x', 0);
  const upwards = axis(study, 'pareto-y', 1);
  const trials = searched(study).filter((trial) => has(trial, across.name) && has(trial, upwards.name));
  figure(body, {
    id: 'pareto',
    title: `${upwards.name} against ${across.name}`,
    note:
      study.metrics.length > 2
        ? `The front is that of all ${study.metrics.length} metrics; the line joins it where it lies in these two.`
        : null,
    controls:
      study.metrics.length > 2
        ? [choice(study, 'pareto-x', 'Across', across), choice(study, 'pareto-y', 'Upwards', upwards)]
        : null,
    study,
    section: 'pareto',
    draw: (width) => draw(width, study, trials, across, upwards),
    table: () => table(study, trials),
  });
}

function axis(study, name, otherwise) {
  const chosen = store.choice(name, study.metrics[otherwise].name);
  return study.metrics.find((one) => one.name === chosen) || study.metrics[otherwise];
}

function choice(study, name, label, chosen) {
  const options = study.metrics.map((one) => [one.name, one.name]);
  const list = select(label, options, chosen.name, (value) => store.setChoice(name, value, 'pareto'));
  list.dataset.key = name;
  return html('label', { class: 'tool-label' }, label, ' ', list);
}

function draw(width, study, trials, across, upwards) {
  const statuses = STATUSES.filter((status) => trials.some((trial) => trial.status === status));
  const entries = [
    { label: 'on the front', mark: (x, y) => svg('circle', { class: 'front-ring', cx: x, cy: y, r: 6 }) },
    ...marks.statusEntries(statuses),
  ];
  const top = legendHeight(width, entries) + 26;
  const front = trials.filter((trial) => trial.is_on_front);
  const plot = frame.create({
    width,
    height: 360 + top,
    title: `${upwards.name} against ${across.name}`,
    description: `${front.length} of ${trials.length} trials are on the front.`,
    margin: { top, right: 24 },
  });
  const x = scale(study, trials, front, across, [plot.box.left, plot.box.right]);
  const y = scale(study, trials, front, upwards, [plot.box.bottom, plot.box.top]);
  const [xAt, yAt] = [scales.clamped(x), scales.clamped(y)];
  frame.axes(plot, {
    x,
    y,
    xLabel: `${across.name} (${better(across)})`,
    yLabel: `${upwards.name} (${better(upwards)})`,
  });
  legend(plot, entries);
  drawTargets(plot, across, upwards, xAt, yAt);
  const selection = currentSelection();
  const points = trials.map((trial) => ({
    x: xAt(trial.metrics[across.name]),
    y: yAt(trial.metrics[upwards.name]),
    status: trial.status,
    isFaint: !selection.has(trial.trial),
    trial,
  }));
  drawFront(plot, points, across, upwards);
  marks.trials(plot.root, points);
  const surface = pointer.surface({
    plot,
    points,
    label: 'Pareto front',
    describe: ({ trial }) =>
      tooltip.trialLines(
        study,
        trial,
        study.metrics
          .slice(1)
          .filter((one) => has(trial, one.name))
          .map((one) => [one.name, format.short(trial.metrics[one.name])]),
      ),
    open: ({ trial }) => store.setOpened(trial.trial),
  });
  return { root: plot.root, surface };
}

function scale(study, trials, front, one, range) {
  const values = trials.map((trial) => trial.metrics[one.name]);
  const always = front.map((trial) => trial.metrics[one.name]);
  const found = robustExtent(values, always) || [0, 1];
  if (found[0] > 0 && found[1] / found[0] > 50) return scales.log([found[0] / 1.15, found[1] * 1.15], range);
  const air = (found[1] - found[0]) * 0.06 || Math.abs(found[0]) * 0.05 || 0.5;
  return scales.linear([found[0] - air, found[1] + air], range);
}

function better(one) {
  return one.goal === 'minimize' ? 'lower is better' : 'higher is better';
}

function drawTargets(plot, across, upwards, x, y) {
  const { left, right, top, bottom } = plot.box;
  if (across.target !== null)
    frame.add(plot, svg('line', { class: 'target', x1: x(across.target), x2: x(across.target), y1: top, y2: bottom }));
  if (upwards.target !== null)
    frame.add(
      plot,
      svg('line', { class: 'target', x1: left, x2: right, y1: y(upwards.target), y2: y(upwards.target) }),
    );
}

// The line keeps the worse of two neighbours: nothing between them was reached.
function drawFront(plot, points, across, upwards) {
  const front = undominated(
    points.filter((point) => point.trial.is_on_front),
    across,
    upwards,
  );
  if (front.length > 1) {
    const isLevelFirst = sign(across.goal) < 0;
    const path = front
      .map((point, index) =>
        index === 0 ? `M${point.x},${point.y}` : isLevelFirst ? `H${point.x}V${point.y}` : `V${point.y}H${point.x}`,
      )
      .join('');
    frame.add(plot, svg('path', { class: 'front-line', d: path }));
  }
  const rings = points.filter((point) => point.trial.is_on_front && !point.isFaint);
  if (rings.length)
    frame.add(
      plot,
      svg('path', { class: 'front-ring', d: rings.map((point) => marks.circle(point.x, point.y, 7)).join('') }),
    );
}

// Of more than two metrics, a trial of the front may be dominated in these two; from left to right.
function undominated(points, across, upwards) {
  const value = (point, one) => sign(one.goal) * point.trial.metrics[one.name];
  const sorted = [...points].sort(
    (one, other) => value(other, across) - value(one, across) || value(other, upwards) - value(one, upwards),
  );
  let top = -Infinity;
  const kept = sorted.filter((point) => {
    const isHigher = value(point, upwards) > top;
    if (isHigher) top = value(point, upwards);
    return isHigher;
  });
  return kept.sort((one, other) => one.x - other.x);
}

function table(study, trials) {
  const selection = currentSelection();
  return {
    columns: [
      { label: 'trial', kind: 'number' },
      { label: 'status' },
      { label: 'on the front' },
      ...study.metrics.map((one) => ({ label: one.name, kind: 'number' })),
    ],
    rows: trials
      .filter((trial) => selection.has(trial.trial))
      .map((trial) => [
        trial.trial,
        trial.status,
        trial.is_on_front ? 'yes' : 'no',
        ...study.metrics.map((one) => (has(trial, one.name) ? trial.metrics[one.name] : null)),
      ]),
  };
}
