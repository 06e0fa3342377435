// The part of the address that leads to a trial.

import { store } from './store.js';

// `#trial-17`, of another study than the first `#study-2-trial-17`.
export function trialHash(trial) {
  const { chosen } = store;
  return chosen === 0 ? `trial-${trial}` : `study-${chosen + 1}-trial-${trial}`;
}
