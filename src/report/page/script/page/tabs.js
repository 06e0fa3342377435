// Tabs to choose a study from, where there are several.

import * as format from '../text/format.js';
import { studyLabel } from '../study/study.js';
import { store } from '../state/store.js';
import { button, html } from '../elements/dom.js';

export function tabs() {
  const list = html('div', { id: 'studies', role: 'tablist', 'aria-label': 'Studies' });
  const { studies } = store.view;
  studies.forEach((_, index) =>
    list.append(
      button(
        format.clipped(studyLabel(studies, index), 40),
        {
          role: 'tab',
          'data-study': index,
          'aria-selected': String(index === store.chosen),
          tabindex: index === store.chosen ? 0 : -1,
        },
        () => store.choose(index),
      ),
    ),
  );
  list.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    store.choose((store.chosen + step + studies.length) % studies.length);
    list.children[store.chosen].focus();
  });
  return list;
}

export function markTab() {
  document.querySelectorAll('#studies [role="tab"]').forEach((tab, place) => {
    tab.setAttribute('aria-selected', String(place === store.chosen));
    tab.tabIndex = place === store.chosen ? 0 : -1;
  });
}
