// The bar at the top of the page.

import * as format from '../text/format.js';
import { best } from '../study/study.js';
import { store } from '../state/store.js';
import { html } from '../elements/dom.js';
import { themeControl } from '../elements/theme.js';
import { drawChips } from './chips.js';
import { markTab } from './tabs.js';

export function buildBar() {
  document
    .getElementById('bar')
    .append(
      html(
        'div',
        { class: 'bar-row' },
        html('span', { class: 'brand' }, 'automl'),
        html('nav', { id: 'nav', 'aria-label': 'Sections' }),
        html('span', { id: 'live', role: 'status', hidden: true }),
        themeControl(),
      ),
      html('div', { id: 'chips', hidden: true }),
    );
}

export function drawBar(shells) {
  const nav = document.getElementById('nav');
  const links = shells
    .filter((shell) => !shell.element.hidden)
    .map((shell) =>
      html(
        'a',
        { href: `#${shell.section.id}`, title: shell.section.title },
        shell.section.brief || shell.section.title,
      ),
    );
  if (nav.textContent !== links.map((link) => link.textContent).join('')) nav.replaceChildren(...links);
  markTab();
  drawChips();
  document.title = title();
}

function title() {
  const { study } = store;
  const winner = best(study);
  return `${winner && winner.value !== null ? `${format.short(winner.value)} · ` : ''}${study.name} · automl`;
}

export function showLive(words, kind) {
  const live = document.getElementById('live');
  live.hidden = false;
  live.dataset.connection = kind;
  live.textContent = words;
}
