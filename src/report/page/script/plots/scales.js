// From values to places: linear, logarithmic, time and points, each with ticks that people can read.
(function (automl) {
  'use strict';

  const { format } = automl;
  const TIME_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
  // Room at an axis's beginning for trials that do not have the parameter.
  const NONE_LANE = 26;

  function linear(domain, range) {
    const [low, high] = widened(domain);
    const place = (value) => range[0] + ((value - low) / (high - low)) * (range[1] - range[0]);
    return Object.assign(place, {
      domain: [low, high],
      range,
      invert: (at) => low + ((at - range[0]) / (range[1] - range[0])) * (high - low),
      ticks: (count) => linearTicks(low, high, count),
    });
  }

  function time(domain, range) {
    const scale = linear(domain, range);
    return Object.assign(scale, { ticks: (count) => timeTicks(...scale.domain, count) });
  }

  function log(domain, range) {
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

  function points(values, range) {
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
  function parameter(study, one, range, hasNone = automl.study.isMissingSomewhere(study, one)) {
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
    const bounds = automl.study.bounds(study, one);
    return one.is_log && bounds[0] > 0 ? log(bounds, range) : linear(bounds, range);
  }

  // For the values of a metric: robust to a few that are far off, with some air at both ends.
  function metric(study, values, range, always = []) {
    const found = automl.study.robustExtent(values, always) || [0, 1];
    if (automl.study.wantsLog(study, found)) return log([found[0] / 1.1, found[1] * 1.1], range);
    const air = (found[1] - found[0]) * 0.05 || Math.abs(found[0]) * 0.05 || 0.5;
    return linear([found[0] - air, found[1] + air], range);
  }

  // Values beyond the axis are drawn at its end.
  function clamped(scale) {
    const [low, high] = [Math.min(...scale.range), Math.max(...scale.range)];
    return (value) => Math.min(high, Math.max(low, scale(value)));
  }

  function widened([low, high]) {
    if (low < high) return [low, high];
    const by = Math.abs(low) * 0.1 || 1;
    return [low - by, low + by];
  }

  function linearTicks(low, high, count) {
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

  function timeTicks(low, high, count) {
    const rough = (high - low) / Math.max(1, count);
    if (rough < TIME_STEPS[0]) return linearTicks(low, high, count).map((tick) => ({ ...tick, label: `${tick.label} s` }));
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

  function logTicks(low, high, count) {
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
    return power >= -3 && power <= 4 ? format.trimmed((digit * 10 ** power).toFixed(Math.max(0, -power))) : `${digit}e${power}`;
  }

  automl.scales = { linear, time, log, points, parameter, metric, clamped };
})(window.automl);
