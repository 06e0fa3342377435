// What can be taken away: tables as CSV, plots as SVG files that need nothing beside them.
(function (automl) {
  'use strict';

  // What the style sheet says of shapes and of text, with what holds where nothing is said.
  const OF_SHAPES = {
    fill: 'rgb(0, 0, 0)', 'fill-opacity': '1', stroke: 'none', 'stroke-width': '1px', 'stroke-opacity': '1', 'stroke-dasharray': 'none',
    'stroke-linejoin': 'miter', opacity: '1', 'paint-order': 'normal',
  };
  const OF_TEXT = {
    'font-family': '', 'font-size': '', 'font-weight': '400', 'font-style': 'normal', 'font-variant-numeric': 'normal',
    'text-anchor': 'start', 'dominant-baseline': 'auto',
  };

  function csv(columns, rows) {
    const lines = [columns.map((column) => cell(column.label)), ...rows.map((row) => row.map(cell))];
    return `${lines.map((line) => line.join(',')).join('\n')}\n`;
  }

  // A text that a spreadsheet would take for a formula gets an apostrophe before it.
  function cell(value) {
    const text = automl.format.exact(value);
    const isFormula = /^[=+\-@\t\r]/.test(text) && (text.trim() === '' || Number.isNaN(Number(text)));
    const safe = isFormula ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  }

  // The drawing with every colour and font written into it, on the page's own background.
  function standalone(svg) {
    const copy = svg.cloneNode(true);
    const originals = [svg, ...svg.querySelectorAll('*')];
    const copies = [copy, ...copy.querySelectorAll('*')];
    originals.forEach((original, index) => inline(original, copies[index]));
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    const background = automl.dom.svg('rect', { width: '100%', height: '100%', fill: automl.theme.colour('--paper') });
    const after = copy.querySelector(':scope > desc') || copy.querySelector(':scope > title');
    if (after) after.after(background);
    else copy.prepend(background);
    return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
  }

  function inline(original, copy) {
    copy.removeAttribute('class');
    if (['svg', 'g', 'title', 'desc', 'defs', 'clipPath'].includes(original.tagName)) return;
    const style = getComputedStyle(original);
    const wanted = original.tagName === 'text' ? { ...OF_SHAPES, ...OF_TEXT } : OF_SHAPES;
    for (const [property, usual] of Object.entries(wanted)) {
      const value = style.getPropertyValue(property);
      if (value && value !== usual) copy.setAttribute(property, value);
    }
  }

  function download(name, type, text) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = automl.dom.html('a', { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  function fileName(study, part, ending) {
    const stem = `${study ? study.name : 'studies'}-${part}`.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+/, '');
    return `${stem.slice(0, 80)}.${ending}`;
  }

  automl.files = { csv, standalone, download, fileName };
})(window.automl);
