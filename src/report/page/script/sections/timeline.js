// The work of each slot over time: a bar for every stretch of training.

import * as format from '../text/format.js';
import { currentSelection } from '../state/selection.js';
import { store } from '../state/store.js';
import { svg } from '../elements/dom.js';
import { figure } from '../plots/figure.js';
import * as frame from '../plots/frame.js';
import { legend, legendHeight } from '../plots/legend.js';
import * as paths from '../plots/paths.js';
import * as pointer from '../plots/pointer.js';
import * as scales from '../plots/scales.js';
import { zoomFor, zoomedRange } from '../plots/zoom.js';

const OUTCOMES = ['reached', 'running', 'failed', 'interrupted'];
const SHOWN_LABELS = 300;

export default {
  id: 'timeline',
  title: 'Timeline',
  needs: ['segments', 'elapsed', 'state'],
  usesSelection: true,
  isShown: (study) => study.segments.length > 0,
  render,
};

function render(body, study) {
  const spec = {
    id: 'timeline',
    title: 'Stretches of training by slot',
    note: 'The number is the trial. Drag across to zoom, double-click to see everything.',
    study,
    section: 'timeline',
    table: () => table(study),
  };
  figure(body, { ...spec, draw: (width) => draw(width, study, spec) });
}

function draw(width, study, spec) {
  const rows = Math.max(...study.segments.map((segment) => segment.slot)) + 1;
  const height = rows > 24 ? 14 : rows > 12 ? 20 : 28;
  const used = OUTCOMES.filter((outcome) => study.segments.some((segment) => segment.outcome === outcome));
  const entries = used.map((outcome) => ({
    label: outcome,
    mark: (x, y) => svg('rect', { class: `segment ${outcome}`, x: x - 8, y: y - 5, width: 16, height: 10 }),
  }));
  const top = legendHeight(width, entries, 86) + 4;
  const plot = frame.create({
    width,
    height: top + rows * height + 48,
    title: 'Timeline',
    description: `${study.segments.length} stretches of training on ${rows} rows in ${format.duration(study.elapsed)}.`,
    margin: { left: 86, right: 20, top },
  });
  const last = Math.max(study.elapsed, ...study.segments.map((segment) => segment.end || segment.begin), 1e-9);
  const x = scales.time(zoomedRange(spec.id, [0, last]), [plot.box.left, plot.box.right]);
  frame.axes(plot, { x, xLabel: 'time' });
  legend(plot, entries, { left: 86 });
  drawRows(plot, study, rows, height);
  const selection = currentSelection();
  const bars = study.segments
    .map((segment) => bar(plot, study, selection, segment, x, height))
    .filter((one) => one.right > plot.box.left && one.left < plot.box.right);
  drawBars(frame.clipped(plot), bars);
  drawNumbers(plot, bars);
  return { root: plot.root, surface: surface(plot, study, spec, bars, x) };
}

function drawRows(plot, study, rows, height) {
  const devices = new Map(study.segments.map((segment) => [segment.slot, segment.device]));
  let before = null;
  for (let row = 0; row < rows; row += 1) {
    const device = devices.get(row) || '';
    const y = plot.box.top + row * height;
    if (device !== before)
      frame.add(
        plot,
        frame.label(format.clipped(device, 11), plot.box.left - 10, y + height / 2, {
          class: 'tick',
          'text-anchor': 'end',
          'dominant-baseline': 'central',
        }),
      );
    before = device;
    frame.add(
      plot,
      svg('line', { class: 'grid', x1: plot.box.left, x2: plot.box.right, y1: y + height, y2: y + height }),
    );
  }
}

// A stretch that still runs is open at its end.
function bar(plot, study, selection, segment, x, height) {
  const top = plot.box.top + segment.slot * height + (height > 16 ? 4 : 2);
  const end = segment.end === null ? Math.max(study.elapsed, segment.begin) : segment.end;
  const [left, right] = [x(segment.begin), Math.max(x(end), x(segment.begin) + 1)];
  const isFaint = !selection.has(segment.trial);
  return {
    left,
    right,
    top,
    bottom: top + height - (height > 16 ? 8 : 4),
    segment,
    isFaint,
    isOpen: segment.end === null,
    x: Math.max(plot.box.left, (left + right) / 2),
    y: top + (height - 8) / 2,
  };
}

function drawBars(group, bars) {
  for (const outcome of OUTCOMES) {
    for (const isFaint of [true, false]) {
      const same = bars.filter((one) => one.segment.outcome === outcome && one.isFaint === isFaint);
      if (!same.length) continue;
      group.append(svg('path', { class: `segment ${isFaint ? 'faint' : outcome}`, d: same.map(outline).join('') }));
    }
  }
}

function outline({ left, right, top, bottom, isOpen }) {
  if (!isOpen) {
    // A hair of air keeps neighbours apart.
    const end = right - left > 3 ? right - 0.7 : right;
    return `M${paths.tenths(left)},${paths.tenths(top)}H${paths.tenths(end)}V${paths.tenths(bottom)}H${paths.tenths(left)}z`;
  }
  const tip = Math.min(7, (right - left) / 2);
  return `M${paths.tenths(left)},${paths.tenths(top)}H${paths.tenths(right - tip)}L${paths.tenths(right)},${paths.tenths((top + bottom) / 2)}L${paths.tenths(right - tip)},${paths.tenths(bottom)}H${paths.tenths(left)}z`;
}

function drawNumbers(plot, bars) {
  const { left, right } = plot.box;
  const wide = bars.filter(
    (one) =>
      one.bottom - one.top >= 14 &&
      Math.min(one.right, right) - Math.max(one.left, left) > 12 + String(one.segment.trial).length * 7,
  );
  for (const one of wide.slice(0, SHOWN_LABELS)) {
    frame.add(
      plot,
      frame.label(String(one.segment.trial), Math.max(one.left, left) + 6, (one.top + one.bottom) / 2 + 0.5, {
        class: `segment-label ${one.isFaint ? 'faint' : one.segment.outcome}`,
        'dominant-baseline': 'central',
      }),
    );
  }
}

function surface(plot, study, spec, bars, x) {
  return pointer.surface({
    plot,
    points: bars,
    label: 'Timeline',
    zoom: zoomFor(spec, x),
    nearest: (all, at, y) =>
      all.find((one) => at >= one.left - 1 && at <= one.right + 1 && y >= one.top && y <= one.bottom) || null,
    highlight: (one) =>
      bars
        .filter((other) => other.segment.trial === one.segment.trial)
        .map((other) =>
          svg('rect', {
            class: 'bar-ring',
            x: Math.max(plot.box.left, other.left),
            y: other.top,
            width: Math.max(1, Math.min(plot.box.right, other.right) - Math.max(plot.box.left, other.left)),
            height: other.bottom - other.top,
          }),
        ),
    describe: ({ segment }) => lines(study, segment),
    open: ({ segment }) => store.setOpened(segment.trial),
  });
}

function lines(study, segment) {
  const took =
    segment.end === null
      ? `${format.duration(Math.max(0, study.elapsed - segment.begin))} so far`
      : format.duration(segment.end - segment.begin);
  return [
    `Trial ${segment.trial} · ${segment.outcome}`,
    ...(study.has_epochs
      ? [['epochs', `${format.epochs(segment.levels[0])} to ${format.epochs(segment.levels[1])}`]]
      : []),
    ['began', `after ${format.duration(segment.begin)}`],
    ['took', took],
    ['device', segment.device],
  ];
}

function table(study) {
  const selection = currentSelection();
  return {
    columns: [
      { label: 'row', kind: 'number' },
      { label: 'device' },
      { label: 'trial', kind: 'number' },
      { label: 'begin (s)', kind: 'number' },
      { label: 'end (s)', kind: 'number' },
      { label: 'from epoch', kind: 'number' },
      { label: 'to epoch', kind: 'number' },
      { label: 'outcome' },
    ],
    rows: study.segments
      .filter((segment) => selection.has(segment.trial))
      .map((one) => [one.slot, one.device, one.trial, one.begin, one.end, one.levels[0], one.levels[1], one.outcome]),
  };
}
