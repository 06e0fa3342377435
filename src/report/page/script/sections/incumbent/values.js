// The best value so far as a line, with every trial's result where it arrived.

import * as format from '../../text/format.js';
import { arrivals } from '../../study/arrivals.js';
import { STATUSES, metric, searched } from '../../study/study.js';
import { currentSelection } from '../../state/selection.js';
import { store } from '../../state/store.js';
import { svg } from '../../elements/dom.js';
import { figure } from '../../plots/figure.js';
import * as frame from '../../plots/frame.js';
import { legend, legendHeight } from '../../plots/legend.js';
import * as marks from '../../plots/marks.js';
import * as pointer from '../../plots/pointer.js';
import * as scales from '../../plots/scales.js';
import * as tooltip from '../../plots/tooltip.js';
import { zoomFor, zoomedRange } from '../../plots/zoom.js';
import { drawSteps } from './steps.js';

export function valueFigure(parent, study, axis, { id, title }) {
  const { name, target } = metric(study);
  const selection = currentSelection();
  const valued = searched(study).filter((trial) => trial.value !== null && arrivals(study).has(trial.trial));
  const spec = { id, title, study, section: 'incumbent', draw, table };
  figure(parent, spec);

  function draw(width) {
    const statuses = STATUSES.filter((status) => valued.some((trial) => trial.status === status));
    const entries = [marks.lineEntry('best so far', 'best-line'), ...marks.statusEntries(statuses)];
    const top = legendHeight(width, entries) + 26;
    const plot = frame.create({
      width,
      height: 270 + top,
      title,
      description: described(study, axis),
      margin: { top, right: 20 },
    });
    const whole = [0, Math.max(axis.end, 1e-9)];
    const x = axis.scale(zoomedRange(id, whole), [plot.box.left, plot.box.right]);
    const always = [...study.incumbent.map((point) => point.value).slice(-1), ...(target === null ? [] : [target])];
    const y = scales.metric(
      study,
      valued.map((trial) => trial.value),
      [plot.box.bottom, plot.box.top],
      always,
    );
    const yAt = scales.clamped(y);
    frame.axes(plot, { x, y, xLabel: axis.label, yLabel: name });
    legend(plot, entries);
    if (target !== null) drawTarget(plot, yAt(target), target);
    const isSeen = ([at]) => at >= plot.box.left - 0.5 && at <= plot.box.right + 0.5;
    const points = valued
      .map((trial) => ({
        x: x(arrivals(study).get(trial.trial)[axis.key]),
        y: yAt(trial.value),
        status: trial.status,
        isFaint: !selection.has(trial.trial),
        trial,
      }))
      .filter((point) => isSeen([point.x]));
    marks.trials(plot.root, points);
    drawSteps(
      plot,
      study.incumbent.map((point) => [x(point[axis.key]), yAt(point.value)]),
      x(axis.end),
    );
    const surface = pointer.surface({
      plot,
      points,
      label: title,
      zoom: zoomFor(spec, x),
      describe: ({ trial }) => tooltip.trialLines(study, trial, [['arrived', arrived(study, trial)]]),
      open: ({ trial }) => store.setOpened(trial.trial),
    });
    return { root: plot.root, surface };
  }

  function table() {
    return {
      columns: [
        { label: 'series' },
        { label: 'trial', kind: 'number' },
        { label: 'status' },
        { label: name, kind: 'number' },
        { label: 'seconds', kind: 'number' },
        { label: 'epochs', kind: 'number' },
      ],
      rows: [
        ...study.incumbent.map((point) => [
          'best so far',
          point.trial,
          study.trials[point.trial] ? study.trials[point.trial].status : null,
          point.value,
          point.seconds,
          point.epochs,
        ]),
        ...valued
          .filter((trial) => selection.has(trial.trial))
          .map((trial) => [
            'trial',
            trial.trial,
            trial.status,
            trial.value,
            arrivals(study).get(trial.trial).seconds,
            arrivals(study).get(trial.trial).epochs,
          ]),
      ],
    };
  }
}

function described(study, axis) {
  const last = study.incumbent[study.incumbent.length - 1];
  return `Best ${metric(study).name} by ${axis.label}: ${study.incumbent.length} improvements, the last to ${format.short(last.value)} by trial ${last.trial} after ${format.duration(last.seconds)}.`;
}

function arrived(study, trial) {
  return `after ${format.duration(arrivals(study).get(trial.trial).seconds)}`;
}

function drawTarget(plot, at, target) {
  const { left, right } = plot.box;
  frame.add(
    plot,
    svg('line', { class: 'target', x1: left, x2: right, y1: at, y2: at }),
    frame.label(`target ${format.short(target)}`, right, at - 6, { class: 'target-label', 'text-anchor': 'end' }),
  );
}
