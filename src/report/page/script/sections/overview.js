// The head of a study: its state, its best value, what was spent, its trials by outcome, its facts.

import * as format from '../text/format.js';
import { best, byStatus, metric, searched } from '../study/study.js';
import { store } from '../state/store.js';
import { barFill } from '../elements/bar.js';
import { append, button, html, prose } from '../elements/dom.js';
import { trialLink } from '../elements/table.js';
import * as marks from '../plots/marks.js';

const REASONS = {
  target: 'the target was met',
  wall: 'the time was up',
  trials: 'all trials were done',
  exhausted: 'there was nothing left to try',
  failures: 'the first trials all failed alike',
};
const STATES = {
  running: 'running',
  interrupted: 'interrupted, can be resumed',
  died: 'its process died, can be resumed',
  ended: 'ended',
};

export default {
  id: 'overview',
  title: 'Overview',
  needs: [
    'name',
    'folder',
    'state',
    'reason',
    'facts',
    'metrics',
    'elapsed',
    'wall',
    'max_trials',
    'trials',
    'best',
    'unfulfilled',
    'is_held',
    'seconds_left',
    'selection',
  ],
  isShown: () => true,
  render,
};

function render(body, study, view) {
  append(
    body,
    html(
      'div',
      { class: 'overview' },
      html('div', { class: 'overview-best' }, bestValue(study)),
      html('div', { class: 'overview-spent' }, bars(study), outcomes(study)),
      html('div', { class: 'overview-facts' }, facts(study, view)),
    ),
  );
}

function heading(study) {
  const reason = study.state === 'ended' && study.reason ? `: ${REASONS[study.reason] || study.reason}` : '';
  const held = study.is_held ? ', held: nothing new is started' : '';
  return [
    html('h1', null, study.name),
    html(
      'p',
      { class: `state ${study.state}`, 'data-state': study.state },
      html('span', { class: 'state-dot', 'aria-hidden': 'true' }),
      `${STATES[study.state] || study.state}${reason}${held}`,
    ),
  ];
}

function bestValue(study) {
  const winner = best(study);
  const { name, goal, target } = metric(study);
  if (!winner) return [heading(study), html('p', { class: 'note' }, 'No trial has a result yet.')];
  const others = study.metrics.slice(1).filter((one) => Object.hasOwn(winner.metrics, one.name));
  return [
    heading(study),
    html(
      'p',
      { class: 'best' },
      html('span', { class: 'best-value', 'data-best': winner.value }, format.short(winner.value, 5)),
      html('span', { class: 'best-metric' }, `${name}, ${goal === 'minimize' ? 'lower' : 'higher'} is better`),
    ),
    study.unfulfilled && html('p', { class: 'failure', role: 'alert' }, prose(`Failed: ${study.unfulfilled}.`)),
    html(
      'p',
      { class: 'note' },
      'by ',
      trialLink(winner.trial, `trial ${winner.trial}`),
      study.has_epochs && winner.best_epoch !== null ? ` at epoch ${format.epochs(winner.best_epoch)}` : '',
      target === null ? '' : `; target ${format.short(target)} ${isMet(winner, target, goal) ? 'met' : 'not met'}`,
      others.length
        ? `; ${others.map((one) => `${one.name} ${format.short(winner.metrics[one.name])}`).join(', ')}`
        : '',
    ),
  ];
}

function isMet(winner, target, goal) {
  return goal === 'minimize' ? winner.value <= target : winner.value >= target;
}

function bars(study) {
  const left =
    study.state === 'running' && study.seconds_left !== null
      ? `, about ${format.duration(study.seconds_left)} left`
      : '';
  const trials = searched(study).length;
  return [
    bar(
      'Time',
      study.elapsed,
      study.wall,
      `${format.duration(study.elapsed)}${study.wall === null ? '' : ` of ${format.duration(study.wall)}`}${left}`,
    ),
    bar(
      'Trials',
      trials,
      study.max_trials,
      study.max_trials === null ? String(trials) : `${trials} of ${study.max_trials}`,
    ),
  ];
}

function bar(name, spent, budget, text) {
  const share = budget ? Math.min(1, spent / budget) : null;
  const attributes = {
    class: 'bar',
    role: 'progressbar',
    'aria-label': name,
    'aria-valuemin': 0,
    'aria-valuemax': 100,
    'aria-valuenow': share === null ? null : Math.round(share * 100),
    'aria-valuetext': text,
  };
  return html(
    'div',
    { class: 'spent' },
    html('span', { class: 'spent-name' }, name),
    html('span', { class: 'spent-text' }, text),
    share !== null && html('div', attributes, barFill(share)),
  );
}

function outcomes(study) {
  const counts = byStatus(study);
  const total = searched(study).length;
  if (!total) return null;
  const pieces = counts.map(([status, count]) => {
    const piece = html('span', { class: `outcome ${status}` });
    piece.style.flexGrow = count;
    return piece;
  });
  const buttons = counts.map(([status, count]) =>
    button(
      [marks.statusIcon(status), ` ${count} ${status}`],
      {
        class: 'outcome-count',
        'data-status': status,
        'data-key': `outcome-${status}`,
        title: `Show only ${status} trials`,
      },
      () => store.setFilter(`status:${status}`),
    ),
  );
  return html(
    'div',
    { class: 'outcomes' },
    html('div', { class: 'outcome-bar', 'aria-hidden': 'true' }, pieces),
    html('div', { class: 'outcome-counts' }, buttons),
  );
}

function facts(study, view) {
  const made = new Date(view.generated_at);
  const rows = [
    ...study.facts,
    ['folder', study.folder],
    ['as of', Number.isNaN(made.getTime()) ? view.generated_at : made.toLocaleString()],
  ];
  return html(
    'dl',
    { class: 'facts' },
    rows.map(([label, value]) => [html('dt', null, label), html('dd', null, value)]),
  );
}
