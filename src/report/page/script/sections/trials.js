// All trials: sorted, filtered, a hundred at a time.
(function (automl) {
  'use strict';

  const { append, html, button } = automl.dom;
  const { format } = automl;
  const { sign } = automl.study;
  const PAGE = 100;

  automl.section({
    id: 'trials',
    title: 'Trials',
    needs: ['trials', 'parameters', 'metrics', 'best'],
    usesSelection: true,
    isShown: (study) => study.trials.length > 0,
    prepare,
    render,
  });

  // The filter box is made once, so that nothing is lost of what is being written into it.
  function prepare(head) {
    const input = html('input', {
      id: 'filter', type: 'search', placeholder: 'Filter, e.g. learning_rate<1e-3 status:completed', autocomplete: 'off', spellcheck: 'false',
      'aria-label': 'Filter trials', 'aria-describedby': 'filter-message', oninput: () => automl.store.setFilter(input.value),
    });
    head.append(
      html('div', { class: 'filter' }, input),
      html('p', { class: 'note', id: 'filter-message', role: 'status' }),
      html('details', { class: 'help' }, html('summary', null, 'How to filter'), help()));
    automl.store.onChange((what) => {
      if (what !== 'choice' && input.value !== automl.store.filter) input.value = automl.store.filter;
    });
  }

  function help() {
    const lines = [
      ['gp', 'the text is somewhere in the row'],
      ['status:failed', 'the column holds the text'],
      ['learning_rate<1e-3', 'also <=, >, >=, =, !='],
      ['momentum:none', 'the configuration does not have it'],
      ['!origin:random', 'turned round'],
      ['"out of memory"', 'quotes keep blanks together'],
    ];
    return html('dl', { class: 'help-lines' }, lines.map(([term, text]) => [html('dt', null, html('code', null, term)), html('dd', null, text)]), html('dd', { class: 'wide' }, 'All terms must hold. The filter and the ranges of the parallel coordinates hold for every plot.'));
  }

  function render(body, study) {
    const { store } = automl;
    const selection = automl.selection.current();
    const columns = shownColumns(study);
    const rows = sorted(study.trials.filter((trial) => selection.has(trial.trial)), automl.columns(study));
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    store.page = Math.min(store.page, pages - 1);
    tell(study, selection);
    const scroller = html('div', { class: 'scroll is-tall', 'data-scroll': 'trials' }, table(study, columns, rows.slice(store.page * PAGE, (store.page + 1) * PAGE)));
    append(body, html('div', { class: 'plot-tools' }, chooser(study), csvButton(study, rows)), scroller, pager(rows.length, pages));
  }

  function tell(study, selection) {
    const message = document.getElementById('filter-message');
    const all = format.counted(study.trials.length, 'trial');
    const repeats = study.trials.length - automl.study.searched(study).length;
    const whole = repeats ? `${all}, of which ${repeats} repeat finalists with fresh seeds` : all;
    const count = selection.isActive ? `${selection.count.toLocaleString('en')} of ${all}` : whole;
    message.replaceChildren(...automl.dom.prose([count, ...selection.problems].join('. ').replace(/\.\. /g, '. ')));
    message.classList.toggle('is-problem', selection.problems.length > 0);
    document.getElementById('filter').setAttribute('aria-invalid', String(selection.problems.length > 0));
  }

  function shownColumns(study) {
    return automl.columns(study).filter((column) => automl.store.columns.get(column.key) ?? column.isUsual);
  }

  // Trials without a value come last, whichever way the others are sorted.
  function sorted(trials, columns) {
    const { column: key, isDescending } = automl.store.sort;
    const column = columns.find((one) => one.key === key) || columns[0];
    const keyed = trials.map((trial) => ({ trial, value: column.get(trial) }));
    const direction = isDescending ? -1 : 1;
    keyed.sort((one, other) => isMissing(one.value) - isMissing(other.value)
      || (isMissing(one.value) ? 0 : direction * compared(one.value, other.value))
      || one.trial.trial - other.trial.trial);
    return keyed.map(({ trial }) => trial);
  }

  function isMissing(value) {
    return value === null || value === undefined || value === '';
  }

  function compared(one, other) {
    if (typeof one === 'number' && typeof other === 'number') return one - other;
    return String(one).localeCompare(String(other), 'en', { numeric: true });
  }

  function table(study, columns, trials) {
    return html('table', { id: 'trials-table', class: 'trials' },
      html('caption', { class: 'unseen' }, 'Trials'),
      html('thead', null, html('tr', null, columns.map((column) => header(column)))),
      html('tbody', null, trials.map((trial) => row(study, columns, trial))));
  }

  function header(column) {
    const { sort } = automl.store;
    const isSorted = sort.column === column.key;
    const direction = isSorted ? (sort.isDescending ? 'descending' : 'ascending') : 'none';
    const arrow = html('span', { class: 'arrow', 'aria-hidden': 'true' }, isSorted ? (sort.isDescending ? '↓' : '↑') : '');
    return html('th', { scope: 'col', 'aria-sort': direction, 'data-column': column.key, class: automl.table.isNumeric(column) ? 'number' : null },
      button([format.clipped(column.label, 28), arrow], { class: 'sort', 'data-sort': column.key, 'data-key': `sort-${column.key}`, title: `Sort by ${format.clipped(column.label, 60)}` }, () => sortBy(column)));
  }

  // The first click on a metric shows the best first, on any other column the smallest.
  function sortBy(column) {
    const { store } = automl;
    const isSame = store.sort.column === column.key;
    const isFirstDescending = Boolean(column.isMetric) && sign(column.goal) > 0;
    store.sort = { column: column.key, isDescending: isSame ? !store.sort.isDescending : isFirstDescending };
    store.page = 0;
    store.changed('choice', 'trials');
  }

  function row(study, columns, trial) {
    const open = () => automl.store.setOpened(trial.trial);
    return html('tr', {
      class: trial.trial === study.best ? 'is-best' : null, 'data-trial': trial.trial, 'data-status': trial.status, 'data-key': `row-${trial.trial}`, tabindex: 0,
      onclick: (event) => !event.target.closest('a') && getSelection().isCollapsed && open(),
      onkeydown: (event) => {
        if (event.key !== 'Enter' || event.target !== event.currentTarget) return;
        // Else the key would go on to press what has the focus in the dialog.
        event.preventDefault();
        open();
      },
    }, columns.map((column) => cell(column, trial)));
  }

  function cell(column, trial) {
    const value = column.get(trial);
    const attributes = { class: automl.table.isNumeric(column) ? 'number' : null, 'data-column': column.key };
    if (column.key === 'status') return html('td', attributes, html('span', { class: 'status' }, automl.dom.svg('svg', { width: 12, height: 12, 'aria-hidden': 'true' }, automl.marks.statusEntries([trial.status])[0].mark(6, 6)), value));
    const shown = automl.table.content(column, value === '' ? null : value);
    if (typeof value === 'string' && value.length > 40) return html('td', { ...attributes, title: value }, html('span', { class: 'long' }, shown));
    return html('td', attributes, shown);
  }

  function chooser(study) {
    const { store } = automl;
    const boxes = automl.columns(study).map((column) => {
      const isShown = store.columns.get(column.key) ?? column.isUsual;
      const box = html('input', { type: 'checkbox', checked: isShown, 'data-key': `column-${column.key}`, onchange: () => {
        store.columns.set(column.key, box.checked);
        store.changed('choice', 'trials');
      } });
      return html('label', null, box, ' ', format.clipped(column.label, 36));
    });
    return html('details', { class: 'chooser', id: 'columns', open: store.choice('columns open', false), ontoggle: (event) => store.choices.set('columns open', event.target.open) },
      html('summary', { class: 'tool', 'data-key': 'columns' }, 'Columns'), html('div', { class: 'chooser-list' }, boxes));
  }

  function csvButton(study, rows) {
    return button('CSV', { class: 'tool', 'data-action': 'csv', 'data-key': 'trials-csv', title: 'Download the trials that are shown, with all columns' }, () => {
      const columns = automl.columns(study);
      const cells = rows.map((trial) => columns.map((column) => column.get(trial)));
      automl.files.download(automl.files.fileName(study, 'trials', 'csv'), 'text/csv;charset=utf-8', automl.files.csv(columns, cells));
    });
  }

  function pager(count, pages) {
    const { store } = automl;
    if (pages < 2) return null;
    const from = store.page * PAGE;
    const turn = (page) => {
      store.page = page;
      store.changed('choice', 'trials');
    };
    return html('nav', { class: 'pager', 'aria-label': 'Pages of trials' },
      button('Previous', { class: 'tool', 'data-key': 'page-previous', disabled: store.page === 0 }, () => turn(store.page - 1)),
      html('span', null, `${(from + 1).toLocaleString('en')} to ${Math.min(count, from + PAGE).toLocaleString('en')} of ${count.toLocaleString('en')}`),
      button('Next', { class: 'tool', 'data-key': 'page-next', disabled: store.page === pages - 1 }, () => turn(store.page + 1)));
  }
})(window.automl);
