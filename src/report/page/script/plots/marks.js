// Marks of trials: every outcome has a shape of its own beside its colour. All marks of one kind are one path, so that
// thousands of trials stay a handful of elements.

import { svg } from '../elements/dom.js';
import { tenths } from './paths.js';

const SHAPES = {
  completed: circle,
  pruned: circle,
  paused: diamond,
  running: triangle,
  failed: cross,
};

// What is drawn later lies above: results that count most are never hidden.
const ORDER = ['failed', 'pruned', 'paused', 'running', 'completed'];

export function circle(x, y, r) {
  return `M${tenths(x - r)},${tenths(y)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`;
}

function diamond(x, y, r) {
  const d = r * 1.25;
  return `M${tenths(x - d)},${tenths(y)}l${tenths(d)},${tenths(-d)}l${tenths(d)},${tenths(d)}l${tenths(-d)},${tenths(d)}z`;
}

function triangle(x, y, r) {
  const d = r * 1.25;
  return `M${tenths(x - d)},${tenths(y + d)}L${tenths(x)},${tenths(y - d)}L${tenths(x + d)},${tenths(y + d)}z`;
}

function cross(x, y, r) {
  return `M${tenths(x - r)},${tenths(y - r)}L${tenths(x + r)},${tenths(y + r)}M${tenths(x - r)},${tenths(y + r)}L${tenths(x + r)},${tenths(y - r)}`;
}

export function radius(count) {
  return count > 1500 ? 1.8 : count > 300 ? 2.6 : 3.8;
}

// Draws trials at their places: `points` have `x`, `y`, `status` and `isFaint`.
export function trials(parent, points, r = radius(points.length)) {
  const faint = points.filter((point) => point.isFaint);
  if (faint.length) parent.append(svg('path', { class: 'mark faint', d: joined(faint, r) }));
  for (const status of ORDER) {
    const group = points.filter((point) => point.status === status && !point.isFaint);
    if (group.length)
      parent.append(svg('path', { class: r < 3 ? `mark is-small ${status}` : `mark ${status}`, d: joined(group, r) }));
  }
}

function joined(points, r) {
  return points
    .map((point) => SHAPES[point.status](point.x, point.y, point.status === 'completed' ? r : r * 0.9))
    .join('');
}

export function statusEntries(statuses) {
  return statuses.map((status) => ({
    label: status,
    mark: (x, y) => svg('path', { class: `mark ${status}`, d: SHAPES[status](x, y, 4) }),
  }));
}

export function lineEntry(label, className) {
  return { label, mark: (x, y) => svg('line', { class: className, x1: x - 8, x2: x + 8, y1: y, y2: y }) };
}

// The mark of an outcome beside its name.
export function statusIcon(status) {
  return svg('svg', { width: 12, height: 12, 'aria-hidden': 'true' }, statusEntries([status])[0].mark(6, 6));
}
