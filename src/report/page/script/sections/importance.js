// The importance of parameters, and how far it can be trusted.

import * as format from '../text/format.js';
import { append, html, svg } from '../elements/dom.js';
import { figure } from '../plots/figure.js';
import * as frame from '../plots/frame.js';
import * as scales from '../plots/scales.js';

// Above this share of the unseen spread the model may be relied on; below `trusted_from` it knows too little.
const GOOD = 0.7;
const SHOWN_PAIRS = 8;
const ROW = 26;

export default {
  id: 'importance',
  title: 'Importance',
  needs: ['importance'],
  isShown: (study) => Boolean(study.importance) && study.importance.parameters.length > 0,
  render,
};

function render(body, study) {
  const { importance } = study;
  append(body, html('p', { class: 'lead' }, trust(importance)));
  figure(body, {
    id: 'importance',
    title: 'Share of the variance',
    note: 'By functional analysis of variance of a random forest. Whiskers: ± one standard deviation over its trees.',
    study,
    section: 'importance',
    draw: (width) => draw(width, importance),
    table: () => table(importance),
  });
}

function trust({ explained, trusted_from: trustedFrom, trials }) {
  const share = format.percentage(Math.max(0, explained));
  const basis = `The model, learnt from ${format.counted(trials, 'trial')}, explains ${share} of the spread of results that it has not seen`;
  if (explained < trustedFrom) return `${basis}: too little to trust the order below. Run more trials first.`;
  if (explained < GOOD)
    return `${basis}: take the large shares as a hint, and do not read anything into the small ones.`;
  return `${basis}: the large shares may be relied on inside the ranges that were searched.`;
}

function draw(width, { parameters, pairs }) {
  const shown = pairs.filter((pair) => pair.share > 0).slice(0, SHOWN_PAIRS);
  const longest = width < 520 ? 20 : 34;
  const rows = [
    ...parameters.map((one) => ({ label: one.parameter, share: one.share, deviation: one.deviation, kind: 'alone' })),
    ...shown.map((pair) => ({
      label: `${pair.first} × ${pair.second}`,
      share: pair.share,
      deviation: null,
      kind: 'pair',
    })),
  ];
  const gap = shown.length ? 30 : 0;
  const left = Math.min(width * 0.45, 20 + Math.max(...rows.map((row) => Math.min(longest, row.label.length))) * 6.6);
  const plot = frame.create({
    width,
    height: rows.length * ROW + gap + 56,
    title: 'Importance',
    description: `${parameters[0].parameter} has the largest share, ${format.percentage(parameters[0].share)}.`,
    margin: { left, right: 64, top: 4, bottom: 48 },
  });
  const top = Math.max(...rows.map((row) => row.share + (row.deviation || 0)), 0.01);
  const x = scales.linear([0, top], [left, plot.box.right]);
  const percent = Object.assign((value) => x(value), x, {
    ticks: (count) => x.ticks(count).map((tick) => ({ ...tick, label: format.percentage(tick.value) })),
  });
  frame.axes(plot, { x: percent, xLabel: 'share of the variance' });
  rows.forEach((row, index) =>
    drawRow(plot, row, x, plot.box.top + index * ROW + ROW / 2 + (row.kind === 'pair' ? gap : 0), longest),
  );
  if (shown.length)
    frame.add(
      plot,
      frame.label(
        'pairs, beyond what each does alone',
        width < 520 ? 4 : left,
        plot.box.top + parameters.length * ROW + 20,
        { class: 'axis-label' },
      ),
    );
  return { root: plot.root, surface: null };
}

function drawRow(plot, { label, share, deviation, kind }, x, y, longest) {
  const from = x(0);
  const end = x(Math.max(0, share));
  const reach = deviation ? x(share + deviation) : end;
  frame.add(
    plot,
    frame.label(format.clipped(label, longest), from - 10, y, {
      'text-anchor': 'end',
      'dominant-baseline': 'central',
      class: 'tick',
    }),
    svg('rect', { class: `share ${kind}`, x: from, width: Math.max(1, end - from), y: y - 8, height: 16, rx: 2 }),
    deviation &&
      svg('path', { class: 'whisker', d: `M${x(Math.max(0, share - deviation))},${y}H${reach}M${reach},${y - 4}v8` }),
    frame.label(format.percentage(share), reach + 8, y, { 'dominant-baseline': 'central', class: 'tick' }),
  );
}

function table({ parameters, pairs }) {
  return {
    columns: [
      { label: 'parameter' },
      { label: 'with' },
      { label: 'share', kind: 'number' },
      { label: 'standard deviation', kind: 'number' },
    ],
    rows: [
      ...parameters.map((one) => [one.parameter, null, one.share, one.deviation]),
      ...pairs.map((pair) => [pair.first, pair.second, pair.share, null]),
    ],
  };
}
