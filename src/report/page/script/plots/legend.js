// Legends: the marks of a plot and their meaning, in rows above the plot.

import { svg } from '../elements/dom.js';
import * as frame from './frame.js';

// Entries in a row above the plot, wrapped. `entries`: label and a mark's class or path.
export function legend(plot, entries, { left = plot.box.left, top = 12 } = {}) {
  let [x, y] = [left, top];
  const group = svg('g', { class: 'legend' });
  for (const entry of entries) {
    const length = 20 + entry.label.length * 6.4 + 14;
    if (x + length > plot.width && x > left) [x, y] = [left, y + 18];
    group.append(
      entry.mark(x + 7, y),
      frame.label(entry.label, x + 20, y, { 'dominant-baseline': 'central', class: 'legend-label' }),
    );
    x += length;
  }
  frame.add(plot, group);
}

// How high such rows are.
export function legendHeight(width, entries, left = 56) {
  let [x, rows] = [left, entries.length ? 1 : 0];
  for (const entry of entries) {
    const length = 20 + entry.label.length * 6.4 + 14;
    if (x + length > width && x > left) [x, rows] = [left, rows + 1];
    x += length;
  }
  return rows * 18 + (rows ? 8 : 0);
}
