import assert from 'node:assert/strict';
import { test } from 'node:test';

import { trialColumns } from '../study/columns.js';
import { matches, parseFilter } from '../study/filter.js';
import { study, trial } from './study.js';

const STUDY = study({
  parameters: [
    { name: 'learning_rate', kind: 'number', is_constant: false },
    { name: 'kind', kind: 'choice', values: ['plain', 'fancy'], is_constant: false },
  ],
  trials: [
    trial(0, { params: { learning_rate: 1e-4, kind: 'plain' } }),
    trial(1, {
      params: { learning_rate: 1e-2, kind: 'fancy' },
      status: 'failed',
      value: null,
      failure: 'out of memory',
    }),
    trial(2, { params: { kind: 'fancy' }, status: 'pruned' }),
  ],
});

function passing(text) {
  const columns = trialColumns(STUDY);
  const { terms, problems } = parseFilter(text, columns);
  assert.deepEqual(problems, []);
  const passed = STUDY.trials.filter((one) => terms.every((term) => matches(one, term, columns)));
  return passed.map((one) => one.trial);
}

function problem(text) {
  const { problems } = parseFilter(text, trialColumns(STUDY));
  return problems.join(' ');
}

test('terms are compared, negated and joined', () => {
  assert.deepEqual(passing(''), [0, 1, 2]);
  assert.deepEqual(passing('learning_rate<1e-3'), [0]);
  assert.deepEqual(passing('learning_rate>=1e-4'), [0, 1]);
  assert.deepEqual(passing('learning_rate:none'), [2]);
  assert.deepEqual(passing('kind=fancy status!=failed'), [2]);
  assert.deepEqual(passing('!status:failed'), [0, 2]);
});

test('plain and quoted words are looked for everywhere', () => {
  assert.deepEqual(passing('FANCY'), [1, 2]);
  assert.deepEqual(passing('"out of memory"'), [1]);
  assert.deepEqual(passing('failure:"of memory"'), [1]);
});

test('what cannot be read is said, with the column that was probably meant', () => {
  assert.match(problem('learnin_rate<1'), /`learnin_rate` is no column; did you mean `learning_rate`\?/);
  assert.match(problem('loss<'), /`loss<` lacks a value after `<`/);
  assert.match(problem('loss<low'), /`low` is no number/);
});
