// Plain tables. Numbers are shown to the last digit; those beyond the fourth step back, so that columns can still be scanned.

import * as format from '../text/format.js';
import { trialHash } from '../state/links.js';
import { html } from './dom.js';

// `columns`: label and kind (`number`, `seconds`, `trial` or text); a cell may also be an element.
export function plainTable(columns, rows, { caption, rowAttributes } = {}) {
  return html(
    'table',
    null,
    caption && html('caption', { class: 'unseen' }, caption),
    html(
      'thead',
      null,
      html(
        'tr',
        null,
        columns.map((column) => html('th', { scope: 'col', class: isNumeric(column) ? 'number' : null }, column.label)),
      ),
    ),
    html(
      'tbody',
      null,
      rows.map((row, index) =>
        html(
          'tr',
          rowAttributes ? rowAttributes(row, index) : null,
          row.map((value, place) => cell(columns[place], value)),
        ),
      ),
    ),
  );
}

function cell(column, value) {
  return html('td', { class: isNumeric(column) ? 'number' : null }, cellContent(column, value));
}

export function cellContent(column, value) {
  if (value instanceof Node) return value;
  if (value === null || value === undefined) return html('span', { class: 'muted' }, column.isParameter ? 'none' : '–');
  if (column.kind === 'trial') return trialLink(value);
  return typeof value === 'number' ? number(value) : String(value);
}

function number(value) {
  const text = format.exact(value);
  const [, mantissa, power] = text.match(/^([^e]*)(e.*)?$/);
  const kept = mantissa.match(/^-?0*\.?0*\d?(?:\.?\d){0,3}/);
  const [head, tail] = [mantissa.slice(0, kept[0].length), mantissa.slice(kept[0].length)];
  if (!mantissa.includes('.') || tail.length < 2) return text;
  return html('span', null, head, html('span', { class: 'tail' }, tail), power);
}

export function isNumeric(column) {
  return ['number', 'seconds', 'trial'].includes(column.kind);
}

export function trialLink(trial, text = String(trial)) {
  return html('a', { class: 'trial-link', href: `#${trialHash(trial)}`, 'data-trial-link': trial }, text);
}
