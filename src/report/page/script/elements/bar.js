// Horizontal bars that are filled by a share from 0 to 1.

import { html } from './dom.js';

export function barFill(share) {
  const fill = html('span', { class: 'bar-fill' });
  fill.style.width = `${share * 100}%`;
  return fill;
}

// A bar inside a table, beside the number that it shows.
export function meter(share) {
  return html('span', { class: 'bar is-small', 'aria-hidden': 'true' }, barFill(Math.max(0, Math.min(1, share))));
}
