// The learning curve of one trial, as a plot and as a table.

import { metric } from '../study/study.js';
import { html, svg } from '../elements/dom.js';
import { plainTable } from '../elements/table.js';
import * as frame from '../plots/frame.js';
import * as marks from '../plots/marks.js';
import * as paths from '../plots/paths.js';
import * as scales from '../plots/scales.js';

export function curve(study, trial) {
  const points = trial.curve.filter(([epoch, value]) => Number.isFinite(epoch) && Number.isFinite(value));
  if (points.length < 2) return null;
  const plot = frame.create({
    width: 400,
    height: 210,
    title: `Learning curve of trial ${trial.trial}`,
    description: `${points.length} evaluations.`,
    margin: { top: 28 },
  });
  const x = scales.linear(
    [0, Math.max(study.max_epochs, points[points.length - 1][0])],
    [plot.box.left, plot.box.right],
  );
  const y = scales.metric(
    study,
    points.map(([, value]) => value),
    [plot.box.bottom, plot.box.top],
  );
  const yAt = scales.clamped(y);
  frame.axes(plot, { x, y, xLabel: 'epochs', yLabel: metric(study).name });
  for (const rung of study.rungs)
    frame.add(
      plot,
      svg('line', { class: 'rung', x1: x(rung.epochs), x2: x(rung.epochs), y1: plot.box.top, y2: plot.box.bottom }),
    );
  frame.add(
    plot,
    svg('path', {
      class: `curve ${trial.status}`,
      d: paths.line(points.map(([epoch, value]) => [x(epoch), yAt(value)])),
    }),
  );
  frame.add(
    plot,
    svg('path', {
      class: 'curve-dots',
      d: points.map(([epoch, value]) => marks.circle(x(epoch), yAt(value), 2.4)).join(''),
    }),
  );
  const rows = html(
    'details',
    { class: 'help' },
    html('summary', null, 'As a table'),
    plainTable(
      [
        { label: 'epoch', kind: 'number' },
        { label: metric(study).name, kind: 'number' },
      ],
      trial.curve,
    ),
  );
  return [html('h3', null, 'Learning curve'), html('div', { class: 'scroll' }, plot.root), rows];
}
