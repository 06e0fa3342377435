// Lines as the text of SVG paths.

import { svg } from '../elements/dom.js';

// Tenths of a pixel are enough, and keep paths short.
export function tenths(number) {
  return Math.round(number * 10) / 10;
}

export function line(points) {
  let isOpen = false;
  return points
    .map(([x, y]) => {
      if (!Number.isFinite(x) || !Number.isFinite(y)) {
        isOpen = false;
        return '';
      }
      const text = `${isOpen ? 'L' : 'M'}${tenths(x)},${tenths(y)}`;
      isOpen = true;
      return text;
    })
    .join('');
}

// A line that keeps its height until the next point.
export function steps(points) {
  return points
    .map(([x, y], index) => (index === 0 ? `M${tenths(x)},${tenths(y)}` : `H${tenths(x)}V${tenths(y)}`))
    .join('');
}

export function band(points) {
  const upper = points.map(([x, , high]) => [x, high]);
  const lower = points.map(([x, low]) => [x, low]).reverse();
  return `${line([...upper, ...lower])}Z`;
}

// Lines as paths. One path covers what is below it however many lines are in it: many lines go into several thin ones, so
// that where more of them run is darker.
export function dense(lines, attributes, total = lines.length) {
  if (!lines.length) return [];
  if (lines.length <= 60) return [svg('path', { ...attributes, d: lines.join('') })];
  const layers = Math.min(16, Math.ceil(lines.length / 30));
  const opacity = Math.max(0.05, Math.min(0.5, 9 / total ** 0.6));
  return Array.from({ length: layers }, (_, layer) =>
    svg('path', { ...attributes, opacity, d: lines.filter((_line, index) => index % layers === layer).join('') }),
  );
}
