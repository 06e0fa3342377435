// The study in words.

import { append, html, prose } from '../elements/dom.js';

export default {
  id: 'summary',
  title: 'Summary',
  needs: ['summary'],
  isShown: (study) => study.summary.length > 0,
  render: (body, study) =>
    append(
      body,
      html(
        'dl',
        { class: 'summary' },
        study.summary.map(({ title, text }) =>
          html('div', null, html('dt', null, title), html('dd', null, prose(text))),
        ),
      ),
    ),
};
