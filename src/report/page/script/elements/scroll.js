// A region that is scrolled sideways, by keys too, where its content is wider than the page.

import { html } from './dom.js';

export function scrollRegion(label, ...children) {
  return html('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label }, children);
}
