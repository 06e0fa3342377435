// Right and wrong predictions of the best trial on the validation examples: all of them of few classes, else the pairs that
// are confused most often.

import * as format from '../text/format.js';
import { append, html, svg } from '../elements/dom.js';
import { scrollRegion } from '../elements/scroll.js';
import { plainTable } from '../elements/table.js';
import { figure } from '../plots/figure.js';
import * as frame from '../plots/frame.js';
import * as pointer from '../plots/pointer.js';

// Bounds of a cell's side. Narrower cells have no room for a number.
const [SMALLEST, LARGEST] = [14, 64];
const LETTER = 6.6;

export default {
  id: 'confusion',
  title: 'Confusion',
  needs: ['confusion'],
  isShown: (study) => Boolean(study.confusion) && study.confusion.examples > 0,
  render,
};

function render(body, study) {
  const { confusion } = study;
  append(body, html('p', { class: 'lead' }, lead(confusion)));
  if (confusion.counts.length)
    figure(body, {
      id: 'confusion',
      title: 'Confusion matrix',
      note: 'A row for each true class, a column for each predicted one. Colour: share of the row. Outlined: right predictions.',
      minWidth: minWidth(confusion),
      study,
      section: 'confusion',
      draw: (width) => draw(width, confusion),
      table: () => table(confusion),
    });
  if (confusion.pairs.length)
    append(body, html('h3', null, 'Most confused'), scrollRegion('Most confused classes', pairs(confusion)));
}

function lead({ trial, examples, right, number_of_classes: classes }) {
  const share = format.percentage(right / examples);
  return `Trial ${trial}, the best one, predicts ${right} of ${format.counted(examples, 'validation example')} right (${share}), in ${classes} classes.`;
}

function longest({ classes }) {
  return Math.min(22, Math.max(...classes.map((name) => name.length)));
}

function minWidth(confusion) {
  return longest(confusion) * LETTER + 80 + confusion.classes.length * SMALLEST;
}

function draw(width, confusion) {
  const { classes, counts, trial, right, examples } = confusion;
  const left = longest(confusion) * LETTER + 24;
  const side = Math.max(SMALLEST, Math.min(LARGEST, (width - left - 60) / classes.length));
  // Names of columns are set across if they fit, else upwards.
  const isAcross = Math.max(...classes.map((name) => name.length)) * LETTER < side - 4;
  const top = isAcross ? 46 : longest(confusion) * LETTER + 40;
  const plot = frame.create({
    width,
    height: top + side * classes.length + 12,
    title: 'Confusion matrix',
    description: `Trial ${trial} predicts ${right} of ${examples} examples right.`,
    margin: { left, top, right: 0, bottom: 0 },
  });
  frame.add(
    plot,
    frame.label('predicted', left, 14, { class: 'axis-label' }),
    frame.label('true', left - 8, top - 8, { class: 'axis-label', 'text-anchor': 'end' }),
  );
  const cells = [];
  const map = svg('g', { 'shape-rendering': 'crispEdges' });
  const numbers = svg('g', { class: 'confused-numbers' });
  counts.forEach((row, i) => {
    const sum = row.reduce((total, count) => total + count, 0);
    const y = top + i * side;
    frame.add(
      plot,
      frame.label(format.clipped(classes[i], 22), left - 8, y + side / 2, {
        'text-anchor': 'end',
        'dominant-baseline': 'central',
        class: 'tick',
      }),
      columnName(classes[i], left + i * side + side / 2, top - 8, isAcross),
    );
    row.forEach((count, j) => {
      const [x, centre] = [left + (j + 0.5) * side, y + side / 2];
      const cell = { left: left + j * side, top: y, x, y: centre, i, j, count, sum };
      cells.push(cell);
      map.append(...drawCell(cell, side));
      if (count > 0 && String(count).length * LETTER < side - 2) numbers.append(drawNumber(cell, side));
    });
  });
  frame.add(plot, map, numbers);
  const surface = pointer.surface({
    plot,
    points: cells,
    label: 'Confusion matrix',
    nearest: (_, x, y) =>
      cells.find((one) => x >= one.left && x < one.left + side && y >= one.top && y < one.top + side) || null,
    describe: (cell) => describe(confusion, cell),
    highlight: (cell) => svg('rect', { class: 'cell-ring', x: cell.left, y: cell.top, width: side, height: side }),
  });
  return { root: plot.root, surface };
}

function columnName(name, x, y, isAcross) {
  if (isAcross) return frame.label(name, x, y, { 'text-anchor': 'middle', class: 'tick' });
  return frame.label(format.clipped(name, 22), x, y, {
    class: 'tick',
    'dominant-baseline': 'central',
    transform: `rotate(-90 ${x} ${y})`,
  });
}

function drawCell({ left, top, i, j, count, sum }, side) {
  const place = { x: left, y: top, width: side - 1, height: side - 1 };
  const share = sum > 0 ? count / sum : 0;
  const kind = i === j ? 'confused is-right' : 'confused is-wrong';
  return [
    svg('rect', { class: 'confused-ground', ...place }),
    share > 0 && svg('rect', { class: kind, ...place, 'fill-opacity': (0.12 + 0.88 * share).toFixed(3) }),
    i === j && svg('rect', { class: 'confused-diagonal', ...place }),
  ].filter(Boolean);
}

function drawNumber({ left, top, count, sum }, side) {
  return frame.label(String(count), left + (side - 1) / 2, top + (side - 1) / 2, {
    'text-anchor': 'middle',
    'dominant-baseline': 'central',
    class: count / sum > 0.5 ? 'confused-number is-light' : 'confused-number',
  });
}

function describe({ classes }, { i, j, count, sum }) {
  return [
    i === j ? 'Right' : 'Wrong',
    ['true', classes[i]],
    ['predicted', classes[j]],
    ['examples', `${count} of ${sum}`],
    ['share', sum > 0 ? format.percentage(count / sum) : '–'],
  ];
}

function table({ classes, counts }) {
  return {
    columns: [{ label: 'true' }, { label: 'predicted' }, { label: 'examples', kind: 'number' }],
    rows: counts.flatMap((row, i) => row.map((count, j) => [classes[i], classes[j], count])),
  };
}

function pairs(confusion) {
  const columns = [
    { label: 'true' },
    { label: 'predicted' },
    { label: 'examples', kind: 'number' },
    { label: 'of', kind: 'number' },
    { label: 'share' },
  ];
  const rows = confusion.pairs.map(({ class: name, predicted, count, examples }) => [
    name,
    predicted,
    count,
    examples,
    format.percentage(count / examples),
  ]);
  return plainTable(columns, rows, { caption: 'Most confused classes' });
}
