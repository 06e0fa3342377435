// The levels at which trials are compared, and how many went on from each.
(function (automl) {
  'use strict';

  const { append, html } = automl.dom;
  const { format } = automl;

  automl.section({
    id: 'rungs',
    title: 'Rungs',
    needs: ['rungs'],
    isShown: (study) => study.rungs.length > 1,
    render,
  });

  function render(body, study) {
    const most = Math.max(1, ...study.rungs.map((rung) => rung.reached));
    const columns = [{ label: 'epochs', kind: 'number' }, { label: 'reached', kind: 'number' }, { label: '' }, { label: 'went on', kind: 'number' }, { label: 'wait there', kind: 'number' }, { label: 'share that went on', kind: 'number' }];
    const rows = study.rungs.map((rung, index) => [rung.epochs, rung.reached, meter(rung.reached / most), index === study.rungs.length - 1 ? null : rung.promoted, rung.paused, index === study.rungs.length - 1 || !rung.reached ? null : html('span', null, format.percentage(rung.promoted / rung.reached))]);
    append(body, html('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Rungs' }, automl.table(columns, rows, { caption: 'Rungs' })));
  }

  function meter(share) {
    const fill = html('span', { class: 'bar-fill' });
    fill.style.width = `${share * 100}%`;
    return html('span', { class: 'bar is-small', 'aria-hidden': 'true' }, fill);
  }
})(window.automl);
