// The frame of a plot: the drawing with its title for screen readers, axes, grid.

import * as format from '../text/format.js';
import { svg } from '../elements/dom.js';

let made = 0;

export function create({ width, height, title, description, margin = {} }) {
  made += 1;
  const ids = [`plot-title-${made}`, `plot-description-${made}`];
  const box = {
    left: margin.left ?? 56,
    right: width - (margin.right ?? 16),
    top: margin.top ?? 12,
    bottom: height - (margin.bottom ?? 44),
  };
  const root = svg(
    'svg',
    {
      class: 'drawing',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-labelledby': ids.join(' '),
    },
    svg('title', { id: ids[0] }, title),
    svg('desc', { id: ids[1] }, description),
  );
  return { root, box, width, height };
}

export function add(parent, ...children) {
  (parent.root || parent).append(...children.flat().filter(Boolean));
}

// Axes along a box's left and bottom; `x` and `y` are scales. Labels that would touch are left out.
export function axes(plot, { box = plot.box, x, y, xLabel, yLabel, hasGrid = true, rise = 10 }) {
  const group = svg('g', { class: 'axes' });
  if (y) group.append(...yAxis(box, y, hasGrid));
  if (x) group.append(...xAxis(box, x));
  group.append(svg('path', { class: 'axis', d: `M${box.left},${box.top}V${box.bottom}H${box.right}` }));
  if (xLabel)
    group.append(
      label(xLabel, (box.left + box.right) / 2, box.bottom + 36, { class: 'axis-label', 'text-anchor': 'middle' }),
    );
  // Set across, above the axis: nobody has to turn the head.
  if (yLabel) group.append(label(yLabel, box.left - 8, box.top - rise, { class: 'axis-label' }));
  add(plot, group);
  return group;
}

function yAxis(box, y, hasGrid) {
  const ticks = y.ticks(Math.max(2, Math.round((box.bottom - box.top) / 34)));
  return ticks.flatMap((tick) => {
    const at = y(tick.value);
    const line =
      !tick.isMinor && hasGrid && svg('line', { class: 'grid', x1: box.left, x2: box.right, y1: at, y2: at });
    const mark = svg('line', { class: 'axis', x1: box.left - (tick.isMinor ? 3 : 5), x2: box.left, y1: at, y2: at });
    const text =
      tick.label &&
      label(format.clipped(tick.label, 12), box.left - 8, at, {
        'text-anchor': 'end',
        'dominant-baseline': 'central',
        class: tick.isNone ? 'tick none' : 'tick',
      });
    return [line, mark, text].filter(Boolean);
  });
}

function xAxis(box, x) {
  const width = box.right - box.left;
  const ticks = x.ticks(Math.max(2, Math.round(width / 68)));
  const longest = Math.floor(Math.min(width / Math.max(1, x.values ? ticks.length : 1), 120) / 6.2);
  let taken = -Infinity;
  return ticks.flatMap((tick) => {
    const at = x(tick.value);
    const text = format.clipped(tick.label, Math.max(3, longest));
    const half = (text.length * 6.2) / 2 + 3;
    const isFree = text && at - half > taken;
    if (isFree) taken = at + half;
    return [
      svg('line', { class: 'axis', x1: at, x2: at, y1: box.bottom, y2: box.bottom + (tick.isMinor ? 3 : 5) }),
      isFree &&
        label(text, at, box.bottom + 17, { 'text-anchor': 'middle', class: tick.isNone ? 'tick none' : 'tick' }),
    ].filter(Boolean);
  });
}

// A group that shows nothing outside of a box.
export function clipped(plot, box = plot.box) {
  made += 1;
  const { left, right, top, bottom } = box;
  const id = `clip-${made}`;
  const group = svg('g', { 'clip-path': `url(#${id})` });
  add(
    plot,
    svg(
      'defs',
      null,
      svg(
        'clipPath',
        { id },
        svg('rect', { x: left - 5, y: top - 5, width: Math.max(0, right - left + 10), height: bottom - top + 10 }),
      ),
    ),
    group,
  );
  return group;
}

export function label(text, x, y, attributes) {
  return svg('text', { x, y, ...attributes }, text);
}
