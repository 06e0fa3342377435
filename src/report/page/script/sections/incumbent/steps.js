// A line that keeps its height from one improvement to the next.

import { svg } from '../../elements/dom.js';
import * as frame from '../../plots/frame.js';
import * as paths from '../../plots/paths.js';

// The line goes on to where the study is now; a zoom may begin after some of its points.
export function drawSteps(plot, points, end) {
  const { left, right } = plot.box;
  const extended = [...points, [Math.max(end, points[points.length - 1][0]), points[points.length - 1][1]]];
  const before = extended.filter(([x]) => x < left);
  const within = extended.filter(([x]) => x >= left && x <= right);
  if (before.length) within.unshift([left, before[before.length - 1][1]]);
  if (!within.length) return;
  if (extended.some(([x]) => x > right)) within.push([right, within[within.length - 1][1]]);
  frame.add(plot, svg('path', { class: 'best-line', d: paths.steps(within) }));
}
