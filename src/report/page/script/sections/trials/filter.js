// The filter box with its help and its message.

import * as format from '../../text/format.js';
import { searched } from '../../study/study.js';
import { store } from '../../state/store.js';
import { html, prose } from '../../elements/dom.js';

// The filter box is made once, so that nothing is lost of what is being written into it.
export function prepare(head) {
  const input = html('input', {
    id: 'filter',
    type: 'search',
    placeholder: 'Filter, e.g. learning_rate<1e-3 status:completed',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-label': 'Filter trials',
    'aria-describedby': 'filter-message',
    oninput: () => store.setFilter(input.value),
  });
  head.append(
    html('div', { class: 'filter' }, input),
    html('p', { class: 'note', id: 'filter-message', role: 'status' }),
    html('details', { class: 'help' }, html('summary', null, 'How to filter'), help()),
  );
  store.onChange((what) => {
    if (what !== 'choice' && input.value !== store.filter) input.value = store.filter;
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
  return html(
    'dl',
    { class: 'help-lines' },
    lines.map(([term, text]) => [html('dt', null, html('code', null, term)), html('dd', null, text)]),
    html(
      'dd',
      { class: 'wide' },
      'All terms must hold. The filter and the ranges of the parallel coordinates hold for every plot.',
    ),
  );
}

export function tell(study, selection) {
  const message = document.getElementById('filter-message');
  const all = format.counted(study.trials.length, 'trial');
  const repeats = study.trials.length - searched(study).length;
  const whole = repeats ? `${all}, of which ${repeats} repeat finalists with fresh seeds` : all;
  const count = selection.isActive ? `${selection.count.toLocaleString('en')} of ${all}` : whole;
  message.replaceChildren(...prose([count, ...selection.problems].join('. ').replace(/\.\. /g, '. ')));
  message.classList.toggle('is-problem', selection.problems.length > 0);
  document.getElementById('filter').setAttribute('aria-invalid', String(selection.problems.length > 0));
}
