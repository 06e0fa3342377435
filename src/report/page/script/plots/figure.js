// A figure: a plot with its title, its twin as a table, and both as files.
(function (automl) {
  'use strict';

  const { html, button } = automl.dom;
  const SHOWN_ROWS = 500;

  // `spec`: id, title, note, controls, minWidth, section; `draw(width)` gives `{ root, surface }`; `table()` gives columns and rows.
  function figure(parent, spec) {
    const study = spec.study;
    const isTable = automl.store.asTable.has(spec.id);
    const area = html('div', { class: 'plot-area' });
    const element = html('figure', { class: 'plot', 'data-plot': spec.id },
      html('figcaption', null, html('span', { class: 'plot-title' }, spec.title), spec.note && html('span', { class: 'plot-note' }, spec.note)),
      html('div', { class: 'plot-tools' },
        spec.controls,
        isZoomed(spec) && tool('Reset zoom', `${spec.id}-zoom`, () => setZoom(spec, null)),
        tool('Table', `${spec.id}-table`, () => toggleTable(spec), { 'aria-pressed': String(isTable), 'data-action': 'table' }),
        tool('CSV', `${spec.id}-csv`, () => downloadCsv(spec, study), { 'data-action': 'csv', title: 'Download the data of this plot' }),
        !isTable && tool('SVG', `${spec.id}-svg`, () => downloadSvg(spec, study, area), { 'data-action': 'svg', title: 'Download this plot as a drawing' })),
      area);
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
    const { asTable } = automl.store;
    if (!asTable.delete(spec.id)) asTable.add(spec.id);
    automl.store.changed('choice', spec.section);
  }

  function isZoomed(spec) {
    return automl.store.zooms.has(spec.id);
  }

  function setZoom(spec, range) {
    if (range) automl.store.zooms.set(spec.id, range);
    else automl.store.zooms.delete(spec.id);
    automl.store.changed('choice', spec.section);
  }

  // The zoom of a figure for `pointer.surface`: ranges in pixels become ranges in values of the scale `x`.
  function zoom(spec, x) {
    return { set: (pixels) => setZoom(spec, pixels && pixels.map(x.invert)) };
  }

  function zoomed(id, otherwise) {
    return automl.store.zooms.get(id) || otherwise;
  }

  function twin(spec) {
    const { columns, rows } = spec.table();
    const more = rows.length > SHOWN_ROWS && html('p', { class: 'note' }, `The first ${SHOWN_ROWS} of ${rows.length.toLocaleString('en')} rows; the CSV has all of them.`);
    return html('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${spec.title}, as a table` },
      automl.table(columns, rows.slice(0, SHOWN_ROWS), { caption: spec.title }), more);
  }

  function downloadCsv(spec, study) {
    const { columns, rows } = spec.table();
    automl.files.download(automl.files.fileName(study, spec.id, 'csv'), 'text/csv;charset=utf-8', automl.files.csv(columns, rows));
  }

  function downloadSvg(spec, study, area) {
    const drawing = area.querySelector('svg.drawing');
    automl.files.download(automl.files.fileName(study, spec.id, 'svg'), 'image/svg+xml', automl.files.standalone(drawing));
  }

  automl.figure = Object.assign(figure, { zoom, zoomed });
})(window.automl);
