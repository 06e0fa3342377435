// Scales, from values to positions: linear, logarithmic, time and points, each with ticks that people can read.

import * as format from '../text/format.js';
import { bounds, robustExtent, wantsLog } from '../study/extents.js';
import { isMissingSomewhere } from '../study/study.js';
import { linearTicks, logTicks, timeTicks } from './ticks.js';

// Room at an axis's beginning for trials that do not have the parameter.
const NONE_LANE = 26;

export function linear(domain, range) {
  const [low, high] = widened(domain);
  const place = (value) => range[0] + ((value - low) / (high - low)) * (range[1] - range[0]);
  return Object.assign(place, {
    domain: [low, high],
    range,
    invert: (at) => low + ((at - range[0]) / (range[1] - range[0])) * (high - low),
    ticks: (count) => linearTicks(low, high, count),
  });
}

export function time(domain, range) {
  const scale = linear(domain, range);
  return Object.assign(scale, { ticks: (count) => timeTicks(...scale.domain, count) });
}

export function log(domain, range) {
  const [low, high] = domain[0] === domain[1] ? [domain[0] / 2, domain[1] * 2] : domain;
  const inner = linear([Math.log10(low), Math.log10(high)], range);
  const place = (value) => inner(Math.log10(Math.max(value, Number.MIN_VALUE)));
  return Object.assign(place, {
    domain: [low, high],
    range,
    invert: (at) => 10 ** inner.invert(at),
    ticks: (count) => logTicks(low, high, count),
  });
}

export function points(values, range) {
  const keys = new Map(values.map((value, index) => [key(value), index]));
  const step = (range[1] - range[0]) / Math.max(1, values.length);
  const place = (value) => (keys.has(key(value)) ? range[0] + step * (keys.get(key(value)) + 0.5) : NaN);
  return Object.assign(place, {
    values,
    range,
    step: Math.abs(step),
    ticks: () => values.map((value) => ({ value, label: format.value(value) })),
  });
}

function key(value) {
  return `${typeof value}:${value}`;
}

// An axis for a parameter; missing values have a lane of their own at its beginning.
export function parameter(study, one, range, hasNone = isMissingSomewhere(study, one)) {
  const direction = Math.sign(range[1] - range[0]);
  const free = hasNone ? [range[0] + direction * NONE_LANE, range[1]] : range;
  const inner = one.kind === 'choice' ? points(one.values, free) : number(study, one, free);
  const lane = hasNone ? range[0] + direction * (NONE_LANE / 2 - 4) : NaN;
  const place = (value) => (value === undefined || value === null ? lane : inner(value));
  return Object.assign(place, inner, {
    range,
    free,
    hasNone,
    lane,
    ticks: (count) => [...(hasNone ? [{ value: undefined, label: 'none', isNone: true }] : []), ...inner.ticks(count)],
  });
}

function number(study, one, range) {
  const domain = bounds(study, one);
  return one.is_log && domain[0] > 0 ? log(domain, range) : linear(domain, range);
}

// For the values of a metric: robust to a few that are far off, with some air at both ends.
export function metric(study, values, range, always = []) {
  const found = robustExtent(values, always) || [0, 1];
  if (wantsLog(study, found)) return log([found[0] / 1.1, found[1] * 1.1], range);
  const air = (found[1] - found[0]) * 0.05 || Math.abs(found[0]) * 0.05 || 0.5;
  return linear([found[0] - air, found[1] + air], range);
}

// Values beyond the axis are drawn at its end.
export function clamped(scale) {
  const [low, high] = [Math.min(...scale.range), Math.max(...scale.range)];
  return (value) => Math.min(high, Math.max(low, scale(value)));
}

function widened([low, high]) {
  if (low < high) return [low, high];
  const by = Math.abs(low) * 0.1 || 1;
  return [low - by, low + by];
}
