// The table of trials.

import * as format from '../../text/format.js';
import { store } from '../../state/store.js';
import { button, html } from '../../elements/dom.js';
import { cellContent, isNumeric } from '../../elements/table.js';
import * as marks from '../../plots/marks.js';
import { sortBy } from './order.js';

export function table(study, columns, trials) {
  return html(
    'table',
    { id: 'trials-table', class: 'trials' },
    html('caption', { class: 'unseen' }, 'Trials'),
    html(
      'thead',
      null,
      html(
        'tr',
        null,
        columns.map((column) => header(column)),
      ),
    ),
    html(
      'tbody',
      null,
      trials.map((trial) => row(study, columns, trial)),
    ),
  );
}

function header(column) {
  const { sort } = store;
  const isSorted = sort.column === column.key;
  const direction = isSorted ? (sort.isDescending ? 'descending' : 'ascending') : 'none';
  const arrow = html(
    'span',
    { class: 'arrow', 'aria-hidden': 'true' },
    isSorted ? (sort.isDescending ? '↓' : '↑') : '',
  );
  return html(
    'th',
    { scope: 'col', 'aria-sort': direction, 'data-column': column.key, class: isNumeric(column) ? 'number' : null },
    button(
      [format.clipped(column.label, 28), arrow],
      {
        class: 'sort',
        'data-sort': column.key,
        'data-key': `sort-${column.key}`,
        title: `Sort by ${format.clipped(column.label, 60)}`,
      },
      () => sortBy(column),
    ),
  );
}

function row(study, columns, trial) {
  const open = () => store.setOpened(trial.trial);
  return html(
    'tr',
    {
      class: trial.trial === study.best ? 'is-best' : null,
      'data-trial': trial.trial,
      'data-status': trial.status,
      'data-key': `row-${trial.trial}`,
      tabindex: 0,
      onclick: (event) => !event.target.closest('a') && getSelection().isCollapsed && open(),
      onkeydown: (event) => {
        if (event.key !== 'Enter' || event.target !== event.currentTarget) return;
        // Else the key would go on to press what has the focus in the dialog.
        event.preventDefault();
        open();
      },
    },
    columns.map((column) => cell(column, trial)),
  );
}

function cell(column, trial) {
  const value = column.get(trial);
  const attributes = { class: isNumeric(column) ? 'number' : null, 'data-column': column.key };
  if (column.key === 'status')
    return html('td', attributes, html('span', { class: 'status' }, marks.statusIcon(trial.status), value));
  const shown = cellContent(column, value === '' ? null : value);
  if (typeof value === 'string' && value.length > 40)
    return html('td', { ...attributes, title: value }, html('span', { class: 'long' }, shown));
  return html('td', attributes, shown);
}
