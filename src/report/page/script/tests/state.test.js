import assert from 'node:assert/strict';
import { test } from 'node:test';

import { brushInWords, currentSelection } from '../state/selection.js';
import { store } from '../state/store.js';
import { version } from '../state/versions.js';
import { arrivals } from '../study/arrivals.js';
import { robustExtent } from '../study/extents.js';
import { byStatus, ranked, studyLabel } from '../study/study.js';
import { study, trial } from './study.js';

test('a newer view tells which of its parts have changed', () => {
  store.setView({ studies: [study()] });
  assert.equal(version(0, 'trials'), 0);
  store.setView({ studies: [study({ trials: [trial(0)] })] });
  assert.equal(version(0, 'trials'), 1);
  assert.equal(version(0, 'metrics'), 0);
});

test('filter and brushes together choose the trials', () => {
  const parameters = [{ name: 'x', kind: 'number', is_constant: false }];
  const trials = [0, 1, 2, 3].map((number) => trial(number, { params: number === 3 ? {} : { x: number } }));
  store.setView({ studies: [study({ parameters, trials })] });
  assert.equal(currentSelection().isActive, false);
  store.setBrush('x', { range: [1, 5], includesNone: true });
  assert.equal(currentSelection().count, 3);
  assert.equal(brushInWords(store.study, 'x', store.brushes.get('x')), 'x: 1 to 5 or none');
  store.setFilter('loss<0.25');
  assert.deepEqual(
    trials.map((one) => currentSelection().has(one.trial)),
    [false, true, true, false],
  );
  store.clearFilters();
  assert.equal(currentSelection().count, 4);
});

test('a few diverged trials do not squeeze the others into a line', () => {
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 1e9];
  assert.ok(robustExtent(numbers)[1] < 100);
  assert.equal(robustExtent(numbers, [200])[1], 200);
  assert.equal(robustExtent([]), null);
});

test('repeats of finalists are no part of the search', () => {
  const one = study({ trials: [trial(0), trial(1), trial(2, { repeats: 0, value: -1 })] });
  assert.deepEqual(
    ranked(one).map((found) => found.trial),
    [0, 1],
  );
  assert.deepEqual(byStatus(one), [['completed', 2]]);
});

test('a result arrives when its best epoch was reached', () => {
  const trials = [trial(0, { epochs: 3, best_epoch: 1 }), trial(1, { epochs: 1, best_epoch: 1 })];
  const segments = [
    { trial: 0, end: 10, levels: [0, 1], outcome: 'reached' },
    { trial: 0, end: 30, levels: [1, 3], outcome: 'reached' },
    { trial: 1, end: 20, levels: [0, 1], outcome: 'reached' },
  ];
  const found = arrivals(study({ trials, segments }));
  assert.deepEqual(found.get(0), { seconds: 10, epochs: 1, level: 1 });
  assert.deepEqual(found.get(1), { seconds: 20, epochs: 2, level: 1 });
});

test('studies of the same name are told apart by their folders', () => {
  const studies = [study(), study({ folder: 'other' }), study({ name: 'alone' })];
  assert.deepEqual(
    [0, 1, 2].map((index) => studyLabel(studies, index)),
    ['folder/study', 'other', 'alone'],
  );
});
