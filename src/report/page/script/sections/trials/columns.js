// The columns that are shown, and the list to choose them from.

import * as format from '../../text/format.js';
import { trialColumns } from '../../study/columns.js';
import { store } from '../../state/store.js';
import { html } from '../../elements/dom.js';

export function shownColumns(study) {
  return trialColumns(study).filter((column) => store.columns.get(column.key) ?? column.isUsual);
}

export function chooser(study) {
  const boxes = trialColumns(study).map((column) => {
    const isShown = store.columns.get(column.key) ?? column.isUsual;
    const box = html('input', {
      type: 'checkbox',
      checked: isShown,
      'data-key': `column-${column.key}`,
      onchange: () => {
        store.columns.set(column.key, box.checked);
        store.changed('choice', 'trials');
      },
    });
    return html('label', null, box, ' ', format.clipped(column.label, 36));
  });
  return html(
    'details',
    {
      class: 'chooser',
      id: 'columns',
      open: store.choice('columns open', false),
      ontoggle: (event) => store.choices.set('columns open', event.target.open),
    },
    html('summary', { class: 'tool', 'data-key': 'columns' }, 'Columns'),
    html('div', { class: 'chooser-list' }, boxes),
  );
}
