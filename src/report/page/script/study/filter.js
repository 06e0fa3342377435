// The language of the filter box: plain words are looked for everywhere, `learning_rate<1e-3`, `status:failed` in one column;
// `!` before a term turns it round, quotes keep blanks together.

import * as format from '../text/format.js';

const OPERATORS = ['<=', '>=', '!=', '<', '>', '=', ':'];

// From a text to terms and what is wrong with it; `columns` are what may stand before an operator.
export function parseFilter(text, columns) {
  const terms = [];
  const problems = [];
  for (const { raw, isPlain } of pieces(text)) {
    const term = isPlain ? plain(raw, false) : readTerm(raw, columns, problems);
    if (term) terms.push(term);
  }
  return { terms, problems };
}

// Splits at blanks outside of quotes.
function pieces(text) {
  const found = text.match(/(?:[^\s"]+|"[^"]*"?)+/g) || [];
  return found.map((piece) => ({ raw: piece, isPlain: /^"[^"]*"?$/.test(piece) }));
}

function readTerm(raw, columns, problems) {
  const isNegated = raw.startsWith('!') && raw.length > 1 && raw[1] !== '=';
  const body = isNegated ? raw.slice(1) : raw;
  const split = splitted(body);
  if (!split) return plain(body, isNegated);
  const column = findColumn(split.name, columns);
  if (!column) {
    problems.push(
      `\`${split.name}\` is no column${suggestion(split.name, columns)}. Quote the term to look for it as text.`,
    );
    return null;
  }
  if (split.wanted === '') {
    problems.push(`\`${raw}\` lacks a value after \`${split.operator}\`.`);
    return null;
  }
  const isOrder = split.operator.includes('<') || split.operator.includes('>');
  if (isOrder && Number.isNaN(Number(split.wanted))) {
    problems.push(
      `\`${split.wanted}\` is no number: \`${split.operator}\` compares numbers, such as \`${split.name}${split.operator}0.5\`.`,
    );
    return null;
  }
  return { column, operator: split.operator, wanted: split.wanted, isNegated };
}

function splitted(body) {
  let [at, operator] = [Infinity, null];
  const outside = body.replace(/"[^"]*"?/g, (quoted) => '_'.repeat(quoted.length));
  for (const candidate of OPERATORS) {
    const place = outside.indexOf(candidate);
    if (place > 0 && place < at) [at, operator] = [place, candidate];
  }
  if (operator === null) return null;
  return { name: unquoted(body.slice(0, at)), operator, wanted: unquoted(body.slice(at + operator.length)) };
}

function unquoted(text) {
  return text.replace(/"/g, '');
}

function plain(raw, isNegated) {
  return { column: null, operator: ':', wanted: unquoted(raw), isNegated };
}

function findColumn(name, columns) {
  const wanted = name.toLowerCase();
  return (
    columns.find((column) => column.key === name || column.label === name) ||
    columns.find(
      (column) => column.label.toLowerCase() === wanted || column.label.toLowerCase().replace(/ /g, '_') === wanted,
    )
  );
}

function suggestion(name, columns) {
  const near = columns
    .map((column) => [distance(name.toLowerCase(), column.label.toLowerCase().slice(0, 60)), column.label])
    .sort((one, other) => one[0] - other[0])[0];
  return near && near[0] <= Math.max(2, name.length / 3) ? `; did you mean \`${near[1]}\`?` : '';
}

// Levenshtein's.
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const change = row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[other.length];
}

export function matches(trial, term, columns) {
  const isMatch = term.column ? compared(term.column.get(trial), term) : anywhere(trial, term.wanted, columns);
  return isMatch !== term.isNegated;
}

function anywhere(trial, wanted, columns) {
  const text = wanted.toLowerCase();
  return columns.some((column) => format.exact(column.get(trial)).toLowerCase().includes(text));
}

function compared(value, { operator, wanted }) {
  const number = Number(wanted);
  const isMissing = value === null || value === undefined || value === '';
  switch (operator) {
    case '<':
      return !isMissing && Number(value) < number;
    case '>':
      return !isMissing && Number(value) > number;
    case '<=':
      return !isMissing && Number(value) <= number;
    case '>=':
      return !isMissing && Number(value) >= number;
    case '!=':
      return !isEqual(value, wanted, isMissing);
    case '=':
      return isEqual(value, wanted, isMissing);
    default:
      if (isMissing || typeof value === 'number') return isEqual(value, wanted, isMissing);
      return String(value).toLowerCase().includes(wanted.toLowerCase());
  }
}

function isEqual(value, wanted, isMissing) {
  if (isMissing) return wanted.toLowerCase() === 'none';
  if (typeof value === 'number') return value === Number(wanted);
  return String(value).toLowerCase() === wanted.toLowerCase();
}
