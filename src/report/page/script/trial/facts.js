// The origin of one trial, its descendants, and the resources that it used.

import * as format from '../text/format.js';
import { html } from '../elements/dom.js';
import { trialLink } from '../elements/table.js';

export function facts(study, trial) {
  const link = (number) => trialLink(number, `trial ${number}`);
  const clones = study.trials.filter((other) => other.parent === trial.trial).map((other) => other.trial);
  const repeats = study.trials.filter((other) => other.repeats === trial.trial).map((other) => other.trial);
  const rows = [
    ['proposed by', trial.origin],
    ['stopped because', trial.stop_reason || null],
    ['rungs reached', study.rungs.length > 1 ? trial.rung : null],
    ['began with the state of', trial.parent === null ? null : link(trial.parent)],
    ['its state went on in', list(clones, link)],
    ['repeats with a fresh seed', trial.repeats === null ? null : link(trial.repeats)],
    ['repeated by', list(repeats, link)],
    ['on the front', study.has_front ? (trial.is_on_front ? 'yes' : 'no') : null],
    ['device', trial.device || null],
    ['peak memory', trial.peak_memory_mb ? format.memory(trial.peak_memory_mb) : null],
    [
      'trainable parameters',
      trial.trainable_parameters === null ? null : trial.trainable_parameters.toLocaleString('en'),
    ],
    ['training steps took', format.duration(trial.train_seconds)],
    ['configuration hash', trial.config_hash],
  ];
  return html(
    'dl',
    { class: 'facts' },
    rows
      .filter(([, value]) => value !== null)
      .map(([label, value]) => [html('dt', null, label), html('dd', null, value)]),
  );
}

function list(numbers, link) {
  if (!numbers.length) return null;
  return html(
    'span',
    null,
    numbers.flatMap((number, index) => (index ? [', ', link(number)] : [link(number)])),
  );
}
