// One number with its name and a few words.

import { html } from './dom.js';

export function tile(label, value, text) {
  return html(
    'div',
    { class: 'tile' },
    html('dt', null, label),
    html('dd', null, html('strong', null, value), html('span', { class: 'note' }, text)),
  );
}
