// Chips in the bar: the filters in force, each with a button that ends it.

import * as format from '../text/format.js';
import { brushInWords, currentSelection } from '../state/selection.js';
import { store } from '../state/store.js';
import { button, html, keepingFocus } from '../elements/dom.js';

export function drawChips() {
  const chips = document.getElementById('chips');
  const selection = currentSelection();
  chips.hidden = !selection.isActive;
  if (!selection.isActive) {
    chips.replaceChildren();
    return;
  }
  const { study } = store;
  const filter = store.filter.trim() && chip(`filter: ${store.filter.trim()}`, () => store.setFilter(''));
  const brushes = [...store.brushes].map(([name, brush]) =>
    chip(brushInWords(study, name, brush), () => store.setBrush(name, null)),
  );
  keepingFocus(chips, () =>
    chips.replaceChildren(
      ...[
        html(
          'span',
          { class: 'chips-count', 'data-selected': selection.count },
          `${selection.count.toLocaleString('en')} of ${format.counted(study.trials.length, 'trial')}`,
        ),
        filter,
        ...brushes,
        button(
          'Clear all',
          { class: 'tool', 'data-action': 'clear-filters', 'data-key': 'clear-filters' },
          store.clearFilters,
        ),
      ].filter(Boolean),
    ),
  );
}

function chip(text, clear) {
  return button(
    [format.clipped(text, 60), html('span', { 'aria-hidden': 'true' }, ' ×')],
    { class: 'chip', 'aria-label': `Clear ${text}`, 'data-key': `chip-${text}` },
    clear,
  );
}
