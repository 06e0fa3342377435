// Facts derived from a study alone: its metric, and its trials in groups and orders.

import { remembered } from './remembered.js';

export const STATUSES = ['completed', 'pruned', 'paused', 'running', 'failed'];

export function metric(study) {
  return study.metrics[0] || { name: 'value', goal: 'maximize', target: null };
}

// 1 where larger is better, -1 where smaller is.
export function sign(goal) {
  return goal === 'minimize' ? -1 : 1;
}

// Trials of the search: those that repeat a finalist with a fresh seed are no part of it.
export function searched(study) {
  return remembered(study, 'searched', () => study.trials.filter((trial) => trial.repeats === null));
}

export function ranked(study) {
  return remembered(study, 'ranked', () => {
    const direction = sign(metric(study).goal);
    const valued = searched(study).filter((trial) => trial.value !== null);
    return valued.sort((one, other) => direction * (other.value - one.value) || one.trial - other.trial);
  });
}

export function best(study) {
  return study.best === null ? null : study.trials[study.best] || null;
}

export function varied(study) {
  return study.parameters.filter((one) => !one.is_constant);
}

export function parameter(study, name) {
  return study.parameters.find((one) => one.name === name);
}

// A parameter's value in a trial's configuration; `undefined` where it is not there, whatever its name is.
export function setting(trial, name) {
  return Object.hasOwn(trial.params, name) ? trial.params[name] : undefined;
}

export function isMissingSomewhere(study, one) {
  return searched(study).some((trial) => setting(trial, one.name) === undefined);
}

export function byStatus(study) {
  return remembered(study, 'by status', () => {
    const counts = new Map();
    for (const trial of searched(study)) counts.set(trial.status, (counts.get(trial.status) || 0) + 1);
    return STATUSES.filter((status) => counts.has(status)).map((status) => [status, counts.get(status)]);
  });
}

// A study's name, with its folder where names are the same.
export function studyLabel(studies, index) {
  const { name, folder } = studies[index];
  return studies.filter((other) => other.name === name).length === 1 ? name : folder;
}

// Epochs that all trials of the search have trained together.
export function trainedEpochs(study) {
  const trained = searched(study).reduce((sum, trial) => sum + trial.epochs, 0);
  return Math.max(trained, ...study.incumbent.map((point) => point.epochs));
}
