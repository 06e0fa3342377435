// The state of the page: the view, and what the person who looks at it has chosen. Who changes it tells what changed;
// `page.js` redraws what depends on that.
(function (automl) {
  'use strict';

  const listeners = [];
  // How often each part of the view has changed, by study and field: a drawing is stale when a part it shows has a newer number.
  let versions = [];
  let texts = [];

  const store = {
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
    setView, choose, setFilter, setBrush, clearFilters, setOpened, setChoice, choice, version, changed, onChange,
  };

  function setView(view) {
    const previous = store.view;
    store.view = view;
    store.chosen = Math.min(store.chosen, Math.max(0, view.studies.length - 1));
    if (!previous || previous.studies.length !== view.studies.length) {
      versions = view.studies.map(() => ({}));
      texts = view.studies.map(() => null);
    }
    if (previous) view.studies.forEach((study, index) => compare(previous.studies[index], study, index));
    changed('view');
  }

  function compare(before, after, index) {
    if (!before) return;
    const old = texts[index] || textsOf(before);
    const now = textsOf(after);
    for (const field of Object.keys(now)) {
      if (old[field] !== now[field]) versions[index][field] = (versions[index][field] || 0) + 1;
    }
    texts[index] = now;
  }

  function textsOf(study) {
    return Object.fromEntries(Object.entries(study).map(([field, value]) => [field, JSON.stringify(value)]));
  }

  function version(index, field) {
    return (versions[index] && versions[index][field]) || 0;
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

  automl.store = store;
})(window.automl);
