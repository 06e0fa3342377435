// Pages of a hundred trials, and buttons to turn them.

import { store } from '../../state/store.js';
import { button, html } from '../../elements/dom.js';

export const PAGE = 100;

export function pager(count, pages) {
  if (pages < 2) return null;
  const from = store.page * PAGE;
  const turn = (page) => {
    store.page = page;
    store.changed('choice', 'trials');
  };
  return html(
    'nav',
    { class: 'pager', 'aria-label': 'Pages of trials' },
    button('Previous', { class: 'tool', 'data-key': 'page-previous', disabled: store.page === 0 }, () =>
      turn(store.page - 1),
    ),
    html(
      'span',
      null,
      `${(from + 1).toLocaleString('en')} to ${Math.min(count, from + PAGE).toLocaleString('en')} of ${count.toLocaleString('en')}`,
    ),
    button('Next', { class: 'tool', 'data-key': 'page-next', disabled: store.page === pages - 1 }, () =>
      turn(store.page + 1),
    ),
  );
}
