// The state of the page: the view, and what the person who looks at it has chosen. Who changes it tells what changed;
// `page/` redraws what depends on that.

import { trackChanges } from './versions.js';

const listeners = [];

export const store = {
  view: null,
  chosen: 0,
  filter: '',
  // Ranges by parameter or metric, drawn on the axes of the parallel coordinates.
  brushes: new Map(),
  opened: null,
  isDragging: false,
  sort: { column: 'rank', isDescending: false },
  page: 0,
  columns: new Map(),
  asTable: new Set(),
  zooms: new Map(),
  choices: new Map(),
  get study() {
    return store.view.studies[store.chosen];
  },
  setView,
  choose,
  setFilter,
  setBrush,
  clearFilters,
  setOpened,
  setChoice,
  choice,
  changed,
  onChange,
};

function setView(view) {
  const previous = store.view;
  store.view = view;
  store.chosen = Math.min(store.chosen, Math.max(0, view.studies.length - 1));
  trackChanges(previous, view);
  changed('view');
}

function choose(index) {
  store.chosen = index;
  store.brushes.clear();
  store.zooms.clear();
  store.page = 0;
  store.opened = null;
  changed('study');
}

function setFilter(text) {
  store.filter = text;
  store.page = 0;
  changed('selection');
}

function setBrush(name, brush) {
  if (brush) store.brushes.set(name, brush);
  else store.brushes.delete(name);
  store.page = 0;
  changed('selection');
}

function clearFilters() {
  store.filter = '';
  store.brushes.clear();
  store.page = 0;
  changed('selection');
}

function setOpened(trial) {
  if (store.opened === trial) return;
  store.opened = trial;
  changed('opened');
}

function choice(name, otherwise) {
  return store.choices.has(name) ? store.choices.get(name) : otherwise;
}

function setChoice(name, value, section) {
  store.choices.set(name, value);
  changed('choice', section);
}

function changed(what, section) {
  for (const listener of listeners) listener(what, section);
}

function onChange(listener) {
  listeners.push(listener);
}
