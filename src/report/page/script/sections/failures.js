// Failed trials and their messages.

import * as format from '../text/format.js';
import { setting, varied } from '../study/study.js';
import { currentSelection } from '../state/selection.js';
import { append, html } from '../elements/dom.js';
import { scrollRegion } from '../elements/scroll.js';
import { plainTable } from '../elements/table.js';

const SHOWN = 100;

export default {
  id: 'failures',
  title: 'Failures',
  needs: ['trials', 'parameters'],
  usesSelection: true,
  isShown: (study) => study.trials.some((trial) => trial.status === 'failed'),
  render,
};

function render(body, study) {
  const selection = currentSelection();
  const failed = study.trials.filter((trial) => trial.status === 'failed' && selection.has(trial.trial));
  const columns = [
    { label: 'trial', kind: 'trial' },
    { label: 'kind' },
    { label: 'message' },
    { label: 'configuration' },
  ];
  const rows = failed
    .slice(0, SHOWN)
    .map((trial) => [trial.trial, trial.stop_reason || 'failed', message(trial), configuration(study, trial)]);
  append(
    body,
    html('p', { class: 'note' }, kinds(failed)),
    scrollRegion(
      'Failures',
      plainTable(columns, rows, { caption: 'Failures', rowAttributes: (row) => ({ 'data-failure': row[0] }) }),
    ),
    failed.length > SHOWN &&
      html(
        'p',
        { class: 'note' },
        `The first ${SHOWN} of ${failed.length}; write \`status:failed\` into the filter of the trials to see all.`,
      ),
  );
}

function kinds(failed) {
  const counts = new Map();
  for (const trial of failed)
    counts.set(trial.stop_reason || 'failed', (counts.get(trial.stop_reason || 'failed') || 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'None of the selected trials failed.';
}

function message(trial) {
  return html('span', { class: 'message' }, trial.failure || '–');
}

function configuration(study, trial) {
  const values = varied(study)
    .filter((one) => setting(trial, one.name) !== undefined)
    .map((one) => `${one.name} ${format.value(setting(trial, one.name))}`);
  return html('span', { class: 'message muted' }, values.join(', '));
}
