// Ticks of axes: their positions and their labels.

import * as format from '../text/format.js';

const TIME_STEPS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
];

export function linearTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const isTiny = Math.max(Math.abs(low), Math.abs(high)) < 1e-3 || Math.max(Math.abs(low), Math.abs(high)) >= 1e6;
  const ticks = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) {
    const value = Number((index * step).toFixed(Math.min(20, decimals + 2)));
    ticks.push({ value, label: isTiny ? format.short(value, 3) : value.toFixed(Math.min(20, decimals)) });
  }
  return ticks;
}

export function timeTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  if (rough < TIME_STEPS[0])
    return linearTicks(low, high, count).map((tick) => ({ ...tick, label: `${tick.label} s` }));
  const days = Math.ceil(rough / 86400) * 86400;
  const step = TIME_STEPS.find((one) => one >= rough * 0.999) || days;
  const ticks = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) {
    ticks.push({ value: index * step, label: timeLabel(index * step) });
  }
  return ticks;
}

function timeLabel(seconds) {
  if (seconds === 0) return '0';
  const label = format.duration(seconds);
  return label.replace(/(\d[hmd]) 00[smh]$/, '$1');
}

export function logTicks(low, high, count) {
  const decades = Math.log10(high / low);
  const every = Math.max(1, Math.ceil(decades / Math.max(1, count)));
  const labelled = decades < 0.7 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : decades < 1.7 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (let digit = 1; digit <= 9; digit += 1) {
      const value = digit * 10 ** power;
      if (value < low * 0.9999 || value > high * 1.0001) continue;
      const isLabelled = labelled.includes(digit) && (digit > 1 || power % every === 0);
      ticks.push({ value, label: isLabelled ? decade(digit, power) : '', isMinor: !isLabelled });
    }
  }
  return ticks.some((tick) => tick.label) ? ticks : linearTicks(low, high, count);
}

function decade(digit, power) {
  return power >= -3 && power <= 4
    ? format.trimmed((digit * 10 ** power).toFixed(Math.max(0, -power)))
    : `${digit}e${power}`;
}
