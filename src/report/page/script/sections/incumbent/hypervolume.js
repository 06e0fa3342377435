// The share of the box between the worst and the best values that the front dominates.

import * as format from '../../text/format.js';
import { store } from '../../state/store.js';
import { figure } from '../../plots/figure.js';
import * as frame from '../../plots/frame.js';
import * as pointer from '../../plots/pointer.js';
import * as scales from '../../plots/scales.js';
import { zoomFor, zoomedRange } from '../../plots/zoom.js';
import { drawSteps } from './steps.js';

export function hypervolumeFigure(parent, study, axis) {
  const points = study.incumbent.filter((point) => point.hypervolume !== null);
  const title = 'Hypervolume over time';
  const spec = {
    id: 'incumbent-hypervolume',
    title,
    note: 'Share of the box between the worst and the best values that the front dominates.',
    study,
    section: 'incumbent',
    draw,
    table,
  };
  figure(parent, spec);

  function draw(width) {
    const plot = frame.create({
      width,
      height: 300,
      title,
      description: `Grows to ${format.short(points[points.length - 1].hypervolume)}.`,
      margin: { top: 30, right: 20 },
    });
    const x = axis.scale(zoomedRange(spec.id, [0, Math.max(axis.end, 1e-9)]), [plot.box.left, plot.box.right]);
    const top = Math.max(...points.map((point) => point.hypervolume));
    const y = scales.linear([0, top * 1.05 || 1], [plot.box.bottom, plot.box.top]);
    frame.axes(plot, { x, y, xLabel: axis.label, yLabel: 'hypervolume' });
    const places = points.map((point) => ({ x: x(point[axis.key]), y: y(point.hypervolume), point }));
    drawSteps(
      plot,
      places.map((place) => [place.x, place.y]),
      x(axis.end),
    );
    const surface = pointer.surface({
      plot,
      points: places.filter((place) => place.x >= plot.box.left && place.x <= plot.box.right),
      label: title,
      zoom: zoomFor(spec, x),
      describe: ({ point }) => [
        `Trial ${point.trial}`,
        ['hypervolume', format.short(point.hypervolume)],
        ['time', format.duration(point.seconds)],
      ],
      open: ({ point }) => store.setOpened(point.trial),
    });
    return { root: plot.root, surface };
  }

  function table() {
    return {
      columns: ['trial', 'seconds', 'epochs', 'hypervolume'].map((name) => ({ label: name, kind: 'number' })),
      rows: points.map((point) => [point.trial, point.seconds, point.epochs, point.hypervolume]),
    };
  }
}
