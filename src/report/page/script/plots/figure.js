// A figure: a plot with its title, its twin as a table, and both as files.

import { csv } from '../text/csv.js';
import { store } from '../state/store.js';
import { button, html } from '../elements/dom.js';
import { download, fileName } from '../elements/download.js';
import { scrollRegion } from '../elements/scroll.js';
import { plainTable } from '../elements/table.js';
import { standalone } from './standalone.js';
import { isZoomed, setZoom } from './zoom.js';

const SHOWN_ROWS = 500;

// `spec`: id, title, note, controls, minWidth, section; `draw(width)` gives `{ root, surface }`; `table()` gives columns and rows.
export function figure(parent, spec) {
  const study = spec.study;
  const isTable = store.asTable.has(spec.id);
  const area = html('div', { class: 'plot-area' });
  const element = html(
    'figure',
    { class: 'plot', 'data-plot': spec.id },
    html(
      'figcaption',
      null,
      html('span', { class: 'plot-title' }, spec.title),
      spec.note && html('span', { class: 'plot-note' }, spec.note),
    ),
    html(
      'div',
      { class: 'plot-tools' },
      spec.controls,
      isZoomed(spec) && tool('Reset zoom', `${spec.id}-zoom`, () => setZoom(spec, null)),
      tool('Table', `${spec.id}-table`, () => toggleTable(spec), {
        'aria-pressed': String(isTable),
        'data-action': 'table',
      }),
      tool('CSV', `${spec.id}-csv`, () => downloadCsv(spec, study), {
        'data-action': 'csv',
        title: 'Download the data of this plot',
      }),
      !isTable &&
        tool('SVG', `${spec.id}-svg`, () => downloadSvg(spec, study, area), {
          'data-action': 'svg',
          title: 'Download this plot as a drawing',
        }),
    ),
    area,
  );
  parent.append(element);
  if (isTable) area.append(twin(spec));
  else drawInto(area, spec);
  return element;
}

function tool(label, key, onclick, attributes = {}) {
  return button(label, { class: 'tool', 'data-key': key, ...attributes }, onclick);
}

function drawInto(area, spec) {
  const width = Math.max(spec.minWidth || 0, Math.floor(area.clientWidth));
  const { root, surface } = spec.draw(width);
  const canvas = html('div', { class: 'canvas' }, root, surface);
  canvas.style.width = `${width}px`;
  if (surface) surface.dataset.key = `${spec.id}-surface`;
  area.append(canvas);
}

function toggleTable(spec) {
  const { asTable } = store;
  if (!asTable.delete(spec.id)) asTable.add(spec.id);
  store.changed('choice', spec.section);
}

function twin(spec) {
  const { columns, rows } = spec.table();
  const more =
    rows.length > SHOWN_ROWS &&
    html(
      'p',
      { class: 'note' },
      `The first ${SHOWN_ROWS} of ${rows.length.toLocaleString('en')} rows; the CSV has all of them.`,
    );
  return scrollRegion(
    `${spec.title}, as a table`,
    plainTable(columns, rows.slice(0, SHOWN_ROWS), { caption: spec.title }),
    more,
  );
}

function downloadCsv(spec, study) {
  const { columns, rows } = spec.table();
  download(fileName(study, spec.id, 'csv'), 'text/csv;charset=utf-8', csv(columns, rows));
}

function downloadSvg(spec, study, area) {
  const drawing = area.querySelector('svg.drawing');
  download(fileName(study, spec.id, 'svg'), 'image/svg+xml', standalone(drawing));
}
