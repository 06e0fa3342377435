// Extents: the smallest and the largest of some values.

import { metric, setting } from './study.js';

// The smallest and the largest value of a numeric parameter, by the spec or else by what was tried.
export function bounds(study, one) {
  if (one.bounds && one.bounds.every(Number.isFinite)) return one.bounds;
  const tried = study.trials.map((trial) => setting(trial, one.name)).filter(Number.isFinite);
  return extent(tried) || [0, 1];
}

export function extent(numbers) {
  let [low, high] = [Infinity, -Infinity];
  for (const number of numbers) {
    if (!Number.isFinite(number)) continue;
    if (number < low) low = number;
    if (number > high) high = number;
  }
  return low <= high ? [low, high] : null;
}

// Where most values are: a few diverged trials must not squeeze all others into a line.
export function robustExtent(numbers, always = []) {
  const sorted = Float64Array.from(numbers.filter(Number.isFinite)).sort();
  const fixed = extent(always);
  if (sorted.length < 8) return extent([...sorted, ...(fixed || [])]);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const [first, third] = [at(0.25), at(0.75)];
  const reach = 3 * (third - first) || Infinity;
  const within = [Math.max(sorted[0], first - reach), Math.min(sorted[sorted.length - 1], third + reach)];
  return extent([...within, ...(fixed || [])]);
}

// Losses over several decades want a logarithmic axis.
export function wantsLog(study, [low, high]) {
  return metric(study).goal === 'minimize' && low > 0 && high / low > 50;
}
