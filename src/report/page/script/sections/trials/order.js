// The order of the rows.

import { sign } from '../../study/study.js';
import { store } from '../../state/store.js';

// Trials without a value come last, whichever way the others are sorted.
export function sorted(trials, columns) {
  const { column: key, isDescending } = store.sort;
  const column = columns.find((one) => one.key === key) || columns[0];
  const keyed = trials.map((trial) => ({ trial, value: column.get(trial) }));
  const direction = isDescending ? -1 : 1;
  keyed.sort(
    (one, other) =>
      isMissing(one.value) - isMissing(other.value) ||
      (isMissing(one.value) ? 0 : direction * compared(one.value, other.value)) ||
      one.trial.trial - other.trial.trial,
  );
  return keyed.map(({ trial }) => trial);
}

function isMissing(value) {
  return value === null || value === undefined || value === '';
}

function compared(one, other) {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return String(one).localeCompare(String(other), 'en', { numeric: true });
}

// The first click on a metric shows the best first, on any other column the smallest.
export function sortBy(column) {
  const isSame = store.sort.column === column.key;
  const isFirstDescending = Boolean(column.isMetric) && sign(column.goal) > 0;
  store.sort = { column: column.key, isDescending: isSame ? !store.sort.isDescending : isFirstDescending };
  store.page = 0;
  store.changed('choice', 'trials');
}
