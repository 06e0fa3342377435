// The choice of the winner among finalists that were trained again with fresh seeds, and the result on the held-out test.

import * as format from '../text/format.js';
import { extent } from '../study/extents.js';
import { metric } from '../study/study.js';
import { store } from '../state/store.js';
import { append, html, prose, svg } from '../elements/dom.js';
import { scrollRegion } from '../elements/scroll.js';
import { plainTable } from '../elements/table.js';
import { tile } from '../elements/tile.js';
import { figure } from '../plots/figure.js';
import * as frame from '../plots/frame.js';
import * as marks from '../plots/marks.js';
import * as pointer from '../plots/pointer.js';
import * as scales from '../plots/scales.js';

export default {
  id: 'selection',
  title: 'Selection',
  needs: ['selection', 'metrics'],
  isShown: (study) => Boolean(study.selection) && study.selection.finalists.length > 0,
  render,
};

function render(body, study) {
  const { selection } = study;
  append(body, html('p', { class: 'lead' }, prose(selection.why)));
  forest(body, study);
  append(body, scrollRegion('Finalists', table(study)));
  if (selection.test) append(body, test(study, selection.test));
}

// Means with their standard errors, each fresh seed beside them.
function forest(parent, study) {
  const { finalists, chosen } = study.selection;
  const { name } = metric(study);
  const title = 'Finalists over fresh seeds';
  const height = finalists.length * 38 + 80;
  const spec = {
    id: 'selection-finalists',
    title,
    note: 'Dot and whiskers: mean ± standard error. Small circles: single seeds. Vertical stroke: the value in the search.',
    study,
    section: 'selection',
    draw,
    table: data,
  };
  figure(parent, spec);

  function draw(width) {
    const plot = frame.create({
      width,
      height,
      title,
      description: study.selection.why,
      margin: { left: 86, top: 12, right: 24 },
    });
    const numbers = finalists.flatMap((one) => [one.searched, ...one.values, ...whiskers(one)]);
    const [low, high] = extent(numbers) || [0, 1];
    const air = (high - low) * 0.08 || Math.abs(high) * 0.02 || 0.1;
    const x = scales.linear([low - air, high + air], [plot.box.left, plot.box.right]);
    frame.axes(plot, { x, xLabel: name });
    const points = finalists.flatMap((one, index) =>
      drawFinalist(plot, one, x, plot.box.top + 22 + index * 38, one.trial === chosen),
    );
    const surface = pointer.surface({
      plot,
      points,
      label: title,
      describe: ({ one, what, value }) => [
        `Trial ${one.trial}${one.trial === chosen ? ' · chosen' : ''}`,
        [what, format.short(value, 5)],
        ['mean', format.short(one.mean, 5)],
        ['standard error', format.short(one.standard_error, 3)],
      ],
      open: ({ one }) => store.setOpened(one.trial),
    });
    return { root: plot.root, surface };
  }

  function data() {
    return {
      columns: [{ label: 'trial', kind: 'number' }, { label: 'what' }, { label: name, kind: 'number' }],
      rows: finalists.flatMap((one) => [
        [one.trial, 'search', one.searched],
        ...one.values.map((value) => [one.trial, 'fresh seed', value]),
        [one.trial, 'mean', one.mean],
        [one.trial, 'standard error', one.standard_error],
      ]),
    };
  }
}

function whiskers(one) {
  return one.mean === null ? [] : [one.mean - (one.standard_error || 0), one.mean + (one.standard_error || 0)];
}

function drawFinalist(plot, one, x, y, isChosen) {
  const [from, to] = whiskers(one).map(x);
  const kind = isChosen ? 'finalist is-chosen' : 'finalist';
  frame.add(
    plot,
    svg('line', { class: 'grid', x1: plot.box.left, x2: plot.box.right, y1: y, y2: y }),
    frame.label(`trial ${one.trial}`, plot.box.left - 10, y, {
      'text-anchor': 'end',
      'dominant-baseline': 'central',
      class: isChosen ? 'tick strong' : 'tick',
    }),
    svg('line', { class: 'searched', x1: x(one.searched), x2: x(one.searched), y1: y - 9, y2: y + 9 }),
  );
  if (one.values.length)
    frame.add(
      plot,
      svg('path', { class: 'seed', d: one.values.map((value) => marks.circle(x(value), y + 9, 2.6)).join('') }),
    );
  if (one.mean !== null)
    frame.add(
      plot,
      svg('path', { class: kind, d: `M${from},${y}H${to}M${from},${y - 5}v10M${to},${y - 5}v10` }),
      svg('circle', { class: kind, cx: x(one.mean), cy: y, r: 5.5 }),
    );
  return [
    ...(one.mean === null ? [] : [{ x: x(one.mean), y, one, what: 'mean', value: one.mean }]),
    ...one.values.map((value) => ({ x: x(value), y: y + 9, one, what: 'fresh seed', value })),
    { x: x(one.searched), y: y - 7, one, what: 'in the search', value: one.searched },
  ];
}

function table(study) {
  const { finalists, chosen } = study.selection;
  const columns = [
    { label: 'finalist', kind: 'trial' },
    { label: 'in the search', kind: 'number' },
    { label: 'mean', kind: 'number' },
    { label: 'standard error', kind: 'number' },
    { label: 'fresh seeds' },
    { label: 'failed seeds', kind: 'number' },
    { label: 'p', kind: 'number' },
    { label: 'cost', kind: 'number' },
    { label: '' },
  ];
  const rows = finalists.map((one) => [
    one.trial,
    one.searched,
    one.mean,
    one.standard_error,
    one.values.map(format.exact).join(', '),
    one.failed,
    one.p_value,
    one.cost,
    one.trial === chosen ? 'chosen' : '',
  ]);
  return plainTable(columns, rows, {
    caption: 'Finalists',
    rowAttributes: (row) => ({ class: row[0] === chosen ? 'is-best' : null, 'data-finalist': row[0] }),
  });
}

function test(study, { value, standard_error: error, examples, validation, optimism }) {
  const { name } = metric(study);
  const spread = error === null ? '' : ` ± ${format.short(error, 2)}`;
  const verdict =
    optimism > 0
      ? `Validation promised ${format.short(optimism, 3)} too much.`
      : optimism < 0
        ? `Validation promised ${format.short(-optimism, 3)} too little.`
        : 'Validation promised exactly that.';
  return html(
    'dl',
    { class: 'tiles', 'data-test-result': value },
    tile(
      `test ${name}`,
      `${format.short(value, 5)}${spread}`,
      `on ${examples > 0 ? format.counted(examples, 'held-out example') : 'the held-out test'}, looked at once`,
    ),
    tile(`validation ${name}`, format.short(validation, 5), 'of the same model'),
    tile('optimism', format.short(optimism, 3), verdict),
  );
}
