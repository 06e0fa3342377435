// What follows from a study by itself: its trials in groups and orders, extents, and when each result was there.
(function (automl) {
  'use strict';

  const known = new WeakMap();

  // A study never changes, an update brings a new one: what was found of it stays true.
  function remembered(study, name, find) {
    if (!known.has(study)) known.set(study, new Map());
    const found = known.get(study);
    if (!found.has(name)) found.set(name, find());
    return found.get(name);
  }

  const STATUSES = ['completed', 'pruned', 'paused', 'running', 'failed'];

  function metric(study) {
    return study.metrics[0] || { name: 'value', goal: 'maximize', target: null };
  }

  // 1 where larger is better, -1 where smaller is.
  function sign(goal) {
    return goal === 'minimize' ? -1 : 1;
  }

  // Trials of the search: those that repeat a finalist with a fresh seed are no part of it.
  function searched(study) {
    return remembered(study, 'searched', () => study.trials.filter((trial) => trial.repeats === null));
  }

  function ranked(study) {
    return remembered(study, 'ranked', () => {
      const direction = sign(metric(study).goal);
      const valued = searched(study).filter((trial) => trial.value !== null);
      return valued.sort((one, other) => direction * (other.value - one.value) || one.trial - other.trial);
    });
  }

  function best(study) {
    return study.best === null ? null : study.trials[study.best] || null;
  }

  function varied(study) {
    return study.parameters.filter((parameter) => !parameter.is_constant);
  }

  function parameter(study, name) {
    return study.parameters.find((one) => one.name === name);
  }

  // A parameter's value in a trial's configuration; `undefined` where it is not there, whatever its name is.
  function setting(trial, name) {
    return Object.hasOwn(trial.params, name) ? trial.params[name] : undefined;
  }

  // The smallest and the largest value of a numeric parameter, by the spec or else by what was tried.
  function bounds(study, one) {
    if (one.bounds && one.bounds.every(Number.isFinite)) return one.bounds;
    const tried = study.trials.map((trial) => setting(trial, one.name)).filter(Number.isFinite);
    return extent(tried) || [0, 1];
  }

  function isMissingSomewhere(study, one) {
    return searched(study).some((trial) => setting(trial, one.name) === undefined);
  }

  function extent(numbers) {
    let [low, high] = [Infinity, -Infinity];
    for (const number of numbers) {
      if (!Number.isFinite(number)) continue;
      if (number < low) low = number;
      if (number > high) high = number;
    }
    return low <= high ? [low, high] : null;
  }

  // Where most values are: a few diverged trials must not squeeze all others into a line.
  function robustExtent(numbers, always = []) {
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
  function wantsLog(study, [low, high]) {
    return metric(study).goal === 'minimize' && low > 0 && high / low > 50;
  }

  // When each trial had its best value: seconds, and epochs that all trials had trained by then.
  function arrivals(study) {
    return remembered(study, 'arrivals', () => {
      const found = new Map();
      let epochs = 0;
      for (const segment of ended(study)) {
        const trial = study.trials[segment.trial];
        if (!trial) continue;
        const until = segment.outcome === 'reached' ? segment.levels[1] : Math.min(segment.levels[1], trial.epochs);
        epochs += Math.max(0, until - segment.levels[0]);
        const had = found.get(trial.trial);
        const isLater = had && trial.best_epoch !== null && had.level >= trial.best_epoch - 1e-9;
        if (!isLater) found.set(trial.trial, { seconds: segment.end, epochs, level: segment.levels[1] });
      }
      return found;
    });
  }

  function ended(study) {
    const segments = study.segments.filter((segment) => segment.end !== null);
    return segments.sort((one, other) => one.end - other.end);
  }

  function byStatus(study) {
    return remembered(study, 'by status', () => {
      const counts = new Map();
      for (const trial of searched(study)) counts.set(trial.status, (counts.get(trial.status) || 0) + 1);
      return STATUSES.filter((status) => counts.has(status)).map((status) => [status, counts.get(status)]);
    });
  }

  // A study's name, with its folder where names are the same.
  function label(studies, index) {
    const { name, folder } = studies[index];
    return studies.filter((other) => other.name === name).length === 1 ? name : folder;
  }

  automl.study = {
    STATUSES, metric, sign, searched, ranked, best, varied, parameter, setting, bounds, isMissingSomewhere,
    extent, robustExtent, wantsLog, arrivals, byStatus, label, remembered,
  };
})(window.automl);
