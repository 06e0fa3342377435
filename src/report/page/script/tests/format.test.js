import assert from 'node:assert/strict';
import { test } from 'node:test';

import { csv } from '../text/csv.js';
import * as format from '../text/format.js';

test('numbers are short in plots', () => {
  const cases = [
    [null, '–'],
    [NaN, '–'],
    [-Infinity, '−∞'],
    [0, '0'],
    [12, '12'],
    [0.123456, '0.1235'],
    [0.5, '0.5'],
    [123456.7, '123457'],
    [0.00001234, '1.234e-5'],
    [25000000, '2.5e7'],
  ];
  for (const [number, text] of cases) assert.equal(format.short(number), text);
});

test('tables lose no digit', () => {
  assert.equal(format.exact(0.1 + 0.2), '0.30000000000000004');
  assert.equal(format.exact(1e-7), '1e-7');
  assert.equal(format.exact(1e21), '1e21');
  assert.equal(format.exact(null), '');
});

test('lengths of time have at most two units', () => {
  const cases = [
    [null, '–'],
    [0.004, '0 s'],
    [0.25, '0.25 s'],
    [9.96, '10 s'],
    [59.6, '1m 00s'],
    [3599.6, '1h 00m'],
    [86399, '1d 00h'],
    [-90, '−1m 30s'],
  ];
  for (const [seconds, text] of cases) assert.equal(format.duration(seconds), text);
});

test('a text is cut between letters, not inside of them', () => {
  assert.equal(format.clipped('🦀🦀🦀', 3), '🦀🦀🦀');
  assert.equal(format.clipped('🦀🦀🦀🦀', 3), '🦀🦀…');
});

test('a spreadsheet takes no text for a formula', () => {
  const columns = [{ label: 'x' }, { label: 'a, b' }];
  const rows = [
    ['=1+1', -1],
    ['say "no"', null],
    ['-1', '+'],
  ];
  assert.equal(csv(columns, rows), 'x,"a, b"\n\'=1+1,-1\n"say ""no""",\n-1,\'+\n');
});
