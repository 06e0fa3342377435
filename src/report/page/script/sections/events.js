// The last events, newest first.

import * as format from '../text/format.js';
import { append, html, prose } from '../elements/dom.js';

const KINDS = { improvement: 'improvement', trouble: 'trouble', news: '' };

export default {
  id: 'events',
  title: 'Last events',
  brief: 'Events',
  needs: ['events'],
  isShown: (study) => study.events.length > 0,
  render: (body, study) =>
    append(
      body,
      html(
        'ol',
        { class: 'events', tabindex: 0, 'aria-label': 'Last events, newest first' },
        [...study.events].reverse().map(line),
      ),
    ),
};

function line({ seconds, kind, text }) {
  return html(
    'li',
    { class: `event ${kind in KINDS ? kind : 'news'}` },
    html('span', { class: 'event-time' }, format.duration(seconds)),
    html('span', { class: 'event-kind' }, KINDS[kind] || ''),
    html('span', { class: 'event-text' }, prose(text)),
  );
}
