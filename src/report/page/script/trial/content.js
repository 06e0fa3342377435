// The content of the sheet about one trial.

import * as format from '../text/format.js';
import { setting } from '../study/study.js';
import { store } from '../state/store.js';
import { button, html } from '../elements/dom.js';
import { plainTable } from '../elements/table.js';
import { tile } from '../elements/tile.js';
import * as marks from '../plots/marks.js';
import { curve } from './curve.js';
import { facts } from './facts.js';
import { stretches } from './stretches.js';

export function head(study, trial, close) {
  const last = study.trials.length - 1;
  const to = (number) => () => store.setOpened(number);
  return html(
    'header',
    { class: 'sheet-head' },
    html(
      'h2',
      { id: 'trial-title', tabindex: -1, autofocus: true },
      `Trial ${trial.trial}`,
      html('span', { class: `status ${trial.status}` }, marks.statusIcon(trial.status), trial.status),
    ),
    html(
      'div',
      { class: 'sheet-tools' },
      button(
        'Previous',
        { class: 'tool', 'data-key': 'trial-previous', disabled: trial.trial === 0 },
        to(trial.trial - 1),
      ),
      button('Next', { class: 'tool', 'data-key': 'trial-next', disabled: trial.trial === last }, to(trial.trial + 1)),
      button('Close', { class: 'tool', 'data-key': 'trial-close', 'data-action': 'close' }, close),
    ),
  );
}

export function body(study, trial) {
  return html(
    'div',
    { class: 'sheet-body' },
    tiles(study, trial),
    trial.failure &&
      html(
        'div',
        { class: 'failure', role: 'note' },
        html('strong', null, trial.stop_reason || 'failed'),
        html('p', { class: 'message' }, trial.failure),
      ),
    html('h3', null, 'Configuration'),
    configuration(study, trial),
    curve(study, trial),
    stretches(study, trial),
    html('h3', null, 'About this trial'),
    facts(study, trial),
  );
}

function tiles(study, trial) {
  const values = study.metrics.map((one, index) => [one.name, index === 0 ? trial.value : trial.metrics[one.name]]);
  return html(
    'dl',
    { class: 'tiles is-compact' },
    values.map(([name, value]) => tile(name, Number.isFinite(value) ? format.short(value, 5) : 'none', '')),
    tile('rank', trial.rank === null ? 'none' : String(trial.rank), ''),
    study.has_epochs &&
      tile(
        'epochs',
        format.epochs(trial.epochs),
        trial.best_epoch === null ? '' : `best at ${format.epochs(trial.best_epoch)}`,
      ),
    tile('time', format.duration(trial.wall_seconds), ''),
  );
}

function configuration(study, trial) {
  const known = study.parameters.map((one) => [one.name, setting(trial, one.name)]);
  const others = Object.keys(trial.params)
    .filter((name) => !study.parameters.some((one) => one.name === name))
    .map((name) => [name, trial.params[name]]);
  return plainTable(
    [{ label: 'parameter' }, { label: 'value', kind: 'number', isParameter: true }],
    [...known, ...others],
    { caption: 'Configuration' },
  );
}
