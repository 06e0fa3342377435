// Wide things that are scrolled sideways, by keys too.

import { html } from './dom.js';

export function scrollRegion(label, ...children) {
  return html('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label }, children);
}
