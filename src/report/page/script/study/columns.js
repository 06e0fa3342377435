// Facts about a trial as columns: for the table of trials, the filter and the files.

import { remembered } from './remembered.js';
import { metric, setting, varied } from './study.js';

// `isUsual`: shown until somebody chooses otherwise. `kind`: `number`, `text`, `seconds` or `trial`.
export function trialColumns(study) {
  return remembered(study, 'columns', () => build(study));
}

function build(study) {
  const first = metric(study);
  return [
    number('rank', 'rank', (trial) => trial.rank, true),
    { key: 'trial', label: 'trial', kind: 'trial', get: (trial) => trial.trial, isUsual: true },
    text('status', 'status', (trial) => trial.status, true),
    ...study.metrics.map((one) => metricColumn(one, first)),
    study.has_epochs && number('best_epoch', 'best epoch', (trial) => trial.best_epoch, true),
    study.has_epochs && number('epochs', 'epochs', (trial) => trial.epochs, true),
    ...study.parameters.map((one) => parameterColumn(one, study)),
    study.rungs.length > 1 && number('rung', 'rung', (trial) => trial.rung, false),
    text('stop_reason', 'stop reason', (trial) => trial.stop_reason, true),
    text('origin', 'origin', (trial) => trial.origin, true),
    { key: 'wall_seconds', label: 'wall seconds', kind: 'seconds', get: (trial) => trial.wall_seconds, isUsual: true },
    {
      key: 'train_seconds',
      label: 'train seconds',
      kind: 'seconds',
      get: (trial) => trial.train_seconds,
      isUsual: false,
    },
    number('peak_memory_mb', 'peak memory MiB', (trial) => trial.peak_memory_mb || null, false),
    text('device', 'device', (trial) => trial.device, false),
    number('trainable_parameters', 'trainable parameters', (trial) => trial.trainable_parameters, false),
    { key: 'parent', label: 'parent', kind: 'trial', get: (trial) => trial.parent, isUsual: false },
    { key: 'repeats', label: 'repeats', kind: 'trial', get: (trial) => trial.repeats, isUsual: hasRepeats(study) },
    study.has_front && text('front', 'front', (trial) => (trial.is_on_front ? 'yes' : 'no'), true),
    text('failure', 'failure', (trial) => trial.failure, false),
    text('config_hash', 'config hash', (trial) => trial.config_hash, false),
  ].filter(Boolean);
}

function number(key, label, get, isUsual) {
  return { key, label, kind: 'number', get, isUsual };
}

function text(key, label, get, isUsual) {
  return { key, label, kind: 'text', get, isUsual };
}

function metricColumn(one, first) {
  const get =
    one === first
      ? (trial) => trial.value
      : (trial) => (Object.hasOwn(trial.metrics, one.name) ? trial.metrics[one.name] : null);
  return { ...number(`metric.${one.name}`, one.name, get, true), isMetric: true, goal: one.goal };
}

function parameterColumn(one, study) {
  const isUsual = varied(study).includes(one);
  const isNumeric = one.kind === 'number' || one.values.every((value) => typeof value === 'number');
  const kind = isNumeric ? 'number' : 'text';
  return {
    key: `params.${one.name}`,
    label: one.name,
    kind,
    get: (trial) => setting(trial, one.name),
    isUsual,
    isParameter: true,
  };
}

function hasRepeats(study) {
  return study.trials.some((trial) => trial.repeats !== null);
}
