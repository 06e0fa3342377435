// Arrival times of results.

import { remembered } from './remembered.js';

// When each trial had its best value: seconds, and epochs that all trials had trained by then.
export function arrivals(study) {
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
