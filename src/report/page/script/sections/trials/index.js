// All trials: sorted, filtered, a hundred at a time.

import { csv } from '../../text/csv.js';
import { trialColumns } from '../../study/columns.js';
import { currentSelection } from '../../state/selection.js';
import { store } from '../../state/store.js';
import { append, button, html } from '../../elements/dom.js';
import { download, fileName } from '../../elements/download.js';
import { chooser, shownColumns } from './columns.js';
import { prepare, tell } from './filter.js';
import { sorted } from './order.js';
import { PAGE, pager } from './pager.js';
import { table } from './rows.js';

export default {
  id: 'trials',
  title: 'Trials',
  needs: ['trials', 'parameters', 'metrics', 'best'],
  usesSelection: true,
  isShown: (study) => study.trials.length > 0,
  prepare,
  render,
};

function render(body, study) {
  const selection = currentSelection();
  const columns = shownColumns(study);
  const rows = sorted(
    study.trials.filter((trial) => selection.has(trial.trial)),
    trialColumns(study),
  );
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  store.page = Math.min(store.page, pages - 1);
  tell(study, selection);
  const scroller = html(
    'div',
    { class: 'scroll is-tall', 'data-scroll': 'trials' },
    table(study, columns, rows.slice(store.page * PAGE, (store.page + 1) * PAGE)),
  );
  append(
    body,
    html('div', { class: 'plot-tools' }, chooser(study), csvButton(study, rows)),
    scroller,
    pager(rows.length, pages),
  );
}

function csvButton(study, rows) {
  return button(
    'CSV',
    {
      class: 'tool',
      'data-action': 'csv',
      'data-key': 'trials-csv',
      title: 'Download the trials that are shown, with all columns',
    },
    () => {
      const columns = trialColumns(study);
      const cells = rows.map((trial) => columns.map((column) => column.get(trial)));
      download(fileName(study, 'trials', 'csv'), 'text/csv;charset=utf-8', csv(columns, cells));
    },
  );
}
