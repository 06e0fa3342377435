// Tables as CSV.

import * as format from './format.js';

export function csv(columns, rows) {
  const lines = [columns.map((column) => cell(column.label)), ...rows.map((row) => row.map(cell))];
  return `${lines.map((line) => line.join(',')).join('\n')}\n`;
}

// A text that a spreadsheet would take for a formula gets an apostrophe before it.
function cell(value) {
  const text = format.exact(value);
  const isFormula = /^[=+\-@\t\r]/.test(text) && (text.trim() === '' || Number.isNaN(Number(text)));
  const safe = isFormula ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
