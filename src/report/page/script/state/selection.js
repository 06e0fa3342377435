// The selected trials: those that pass the filter box and all brushes. Everything on the page shows the same ones.

import * as format from '../text/format.js';
import { trialColumns } from '../study/columns.js';
import { matches, parseFilter } from '../study/filter.js';
import { metric, setting } from '../study/study.js';
import { store } from './store.js';

let remembered = null;

// The selection of the study that is shown. `has(number)` is true for every trial while nothing is filtered.
export function currentSelection() {
  const key = `${store.filter}\n${JSON.stringify([...store.brushes])}`;
  if (remembered && remembered.study === store.study && remembered.key === key) return remembered.selection;
  remembered = { study: store.study, key, selection: select(store.study, store) };
  return remembered.selection;
}

function select(study, { filter, brushes }) {
  const columns = trialColumns(study);
  const { terms, problems } = parseFilter(filter, columns);
  const isActive = terms.length > 0 || brushes.size > 0;
  if (!isActive) return { isActive, problems, count: study.trials.length, has: () => true };
  const passing = new Set();
  for (const trial of study.trials) {
    const isPassing =
      terms.every((term) => matches(trial, term, columns)) &&
      [...brushes].every(([name, brush]) => isWithin(study, trial, name, brush));
    if (isPassing) passing.add(trial.trial);
  }
  return { isActive, problems, count: passing.size, has: (number) => passing.has(number) };
}

function isWithin(study, trial, name, brush) {
  const isMetric = name === '';
  const value = isMetric ? trial.value : setting(trial, name);
  if (value === undefined || value === null) return brush.includesNone;
  if (brush.range) return value >= brush.range[0] && value <= brush.range[1];
  return Boolean(brush.values) && brush.values.includes(value);
}

// A brush in words; the metric's has the empty name.
export function brushInWords(study, name, brush) {
  const label = name === '' ? metric(study).name : name;
  const parts = [];
  if (brush.range) parts.push(`${format.short(brush.range[0], 3)} to ${format.short(brush.range[1], 3)}`);
  if (brush.values) parts.push(brush.values.map(format.value).join(', '));
  if (brush.includesNone) parts.push('none');
  return `${label}: ${parts.filter(Boolean).join(' or ') || 'nothing'}`;
}
