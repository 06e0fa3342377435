// The study in words.
(function (automl) {
  'use strict';

  const { append, html, prose } = automl.dom;

  automl.section({
    id: 'summary',
    title: 'Summary',
    needs: ['summary'],
    isShown: (study) => study.summary.length > 0,
    render: (body, study) => append(body, html('dl', { class: 'summary' }, study.summary.map(({ title, text }) => html('div', null, html('dt', null, title), html('dd', null, prose(text)))))),
  });
})(window.automl);
