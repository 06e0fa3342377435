import assert from 'node:assert/strict';
import { test } from 'node:test';

import { panels } from '../plots/panels.js';
import { band, line, steps } from '../plots/paths.js';
import * as scales from '../plots/scales.js';
import { linearTicks, logTicks, timeTicks } from '../plots/ticks.js';
import { study, trial } from './study.js';

const labels = (ticks) => ticks.map((tick) => tick.label).filter(Boolean);

test('ticks are numbers that people would choose', () => {
  assert.deepEqual(labels(linearTicks(0, 1, 5)), ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']);
  assert.deepEqual(labels(linearTicks(-3, 12, 4)), ['0', '5', '10']);
  assert.deepEqual(labels(logTicks(1e-5, 1, 3)), ['1e-4', '0.01', '1']);
  assert.deepEqual(labels(timeTicks(0, 3600, 4)), ['0', '15m', '30m', '45m', '1h']);
});

test('a scale leads to a place and back', () => {
  for (const scale of [scales.linear([-2, 8], [40, 400]), scales.log([1e-6, 10], [400, 40])]) {
    for (const value of [0.001, 1, 7]) assert.ok(Math.abs(scale.invert(scale(value)) - value) < 1e-9);
  }
});

test('values beyond an axis lie at its end', () => {
  const at = scales.clamped(scales.linear([0, 1], [100, 0]));
  assert.deepEqual([-5, 0.5, 7].map(at), [100, 50, 0]);
});

test('trials without a parameter have a lane of their own', () => {
  const one = { name: 'depth', kind: 'number', bounds: [0, 1], is_log: false };
  const scale = scales.parameter(study({ trials: [trial(0), trial(1, { params: { depth: 0.5 } })] }), one, [0, 126]);
  assert.equal(scale(undefined), 9);
  assert.deepEqual([0, 1].map(scale), [26, 126]);
  assert.deepEqual(scale.ticks(2)[0], { value: undefined, label: 'none', isNone: true });
});

test('a line has gaps where numbers are missing', () => {
  const gap = [
    [0, 0],
    [1, NaN],
    [2, 2.04],
    [3, 3],
  ];
  assert.equal(line(gap), 'M0,0M2,2L3,3');
  assert.equal(steps([gap[0], gap[3]]), 'M0,0H3V3');
  assert.equal(band([[0, 1, 2]]), 'M0,2L0,1Z');
});

test('panels fill the width in rows', () => {
  const margin = { left: 1, right: 1, top: 1, bottom: 1 };
  const { boxes, height } = panels({ width: 300, count: 3, ideal: 150, height: 100, margin, top: 10 });
  assert.equal(height, 210);
  assert.deepEqual(boxes[2], { left: 1, right: 149, top: 111, bottom: 209 });
});
