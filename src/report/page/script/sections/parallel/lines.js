// The lines: one for each trial, from axis to axis.

import { metric, ranked, searched, sign } from '../../study/study.js';
import { currentSelection } from '../../state/selection.js';
import { svg } from '../../elements/dom.js';
import { graded } from '../../elements/theme.js';
import * as frame from '../../plots/frame.js';
import * as paths from '../../plots/paths.js';
import * as scales from '../../plots/scales.js';

const SHADES = 24;
const MANY = 300;
const FOREMOST = 10;

// Trials of about the same result are one path; the best are drawn last.
export function drawLines(plot, study, lines) {
  const selection = currentSelection();
  const order = shares(study);
  const shades = Array.from({ length: SHADES }, () => []);
  const [faint, failed] = [[], []];
  for (const line of lines) {
    const path = paths.line(line.places);
    if (!selection.has(line.trial.trial)) faint.push(path);
    else if (line.trial.value === null) failed.push(path);
    else shades[Math.min(SHADES - 1, Math.floor(order(line.trial) * SHADES))].push(path);
  }
  const group = svg('g', { class: 'threads' });
  group.append(...paths.dense(faint, { class: 'thread faint' }));
  group.append(...paths.dense(failed, { class: 'thread failed' }));
  shades.forEach((alike, index) =>
    group.append(...paths.dense(alike, { class: 'thread', stroke: graded((index + 0.5) / SHADES) }, lines.length)),
  );
  // Among thousands the best few stay in sight.
  if (lines.length > MANY) {
    const best = ranked(study)
      .filter((trial) => selection.has(trial.trial))
      .slice(0, FOREMOST);
    const foremost = new Set(best.map((trial) => trial.trial));
    const above = lines.filter((line) => foremost.has(line.trial.trial)).map((line) => paths.line(line.places));
    group.append(svg('path', { class: 'thread is-foremost', d: above.join(''), stroke: graded(1) }));
  }
  frame.add(plot, group);
}

// From a trial to how good it is among all, from 0 to 1: by value, but robust to a few that are far off.
function shares(study) {
  const direction = sign(metric(study).goal);
  const scale = scales.metric(
    study,
    searched(study)
      .map((trial) => trial.value)
      .filter((value) => value !== null),
    direction > 0 ? [0, 1] : [1, 0],
  );
  const clamped = scales.clamped(scale);
  return (trial) => clamped(trial.value);
}

// The line that passes nearest above or below the pointer.
export function nearestLine(lines, axes, x, y) {
  const right = axes.findIndex((axis) => axis.x >= x);
  const index = right === -1 ? axes.length - 1 : Math.max(1, right);
  const [from, to] = [axes[index - 1].x, axes[index].x];
  const share = Math.min(1, Math.max(0, (x - from) / (to - from)));
  let [found, best] = [null, 12];
  for (const line of lines) {
    const at = line.places[index - 1][1] * (1 - share) + line.places[index][1] * share;
    const distance = Math.abs(at - y);
    if (distance < best) [found, best] = [line, distance];
  }
  return found;
}
