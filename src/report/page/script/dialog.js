// One trial in full, at the side of the page, and the links that lead there.
(function (automl) {
  'use strict';

  const { html, svg, button } = automl.dom;
  const { format, frame, marks } = automl;
  const { metric, setting } = automl.study;
  let box = null;
  let opener = null;

  // `#trial-17`, of another study than the first `#study-2-trial-17`.
  function trialLink(trial) {
    const { chosen } = automl.store;
    return chosen === 0 ? `trial-${trial}` : `study-${chosen + 1}-trial-${trial}`;
  }

  function start() {
    box = html('dialog', { id: 'trial', class: 'sheet', 'aria-labelledby': 'trial-title' });
    box.addEventListener('close', () => {
      if (automl.store.opened !== null) automl.store.setOpened(null);
    });
    box.addEventListener('click', (event) => {
      if (event.target === box) box.close();
    });
    document.body.append(box);
    addEventListener('hashchange', followHash);
    automl.store.onChange((what) => {
      if (what === 'opened' || what === 'study') sync();
    });
  }

  function followHash() {
    const match = location.hash.match(/^#(?:study-(\d+)-)?trial-(\d+)$/);
    if (!match) return;
    const [index, trial] = [Number(match[1] || 1) - 1, Number(match[2])];
    const study = automl.store.view.studies[index];
    if (!study || !study.trials[trial]) return;
    if (index !== automl.store.chosen) automl.store.choose(index);
    automl.store.setOpened(trial);
  }

  function sync() {
    const { opened } = automl.store;
    if (opened === null) return close();
    const hash = `#${trialLink(opened)}`;
    if (location.hash !== hash) history.replaceState(null, '', hash);
    if (!box.open) {
      opener = document.activeElement;
      draw();
      box.showModal();
    } else draw();
    box.scrollTop = 0;
  }

  function close() {
    if (box.open) box.close();
    if (/^#(study-\d+-)?trial-\d+$/.test(location.hash)) history.replaceState(null, '', location.pathname + location.search);
    // The row may have been drawn anew since: its successor has the same key.
    const key = opener && opener.dataset && opener.dataset.key;
    const target = opener && opener.isConnected ? opener : key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (target) target.focus({ preventScroll: true });
    opener = null;
  }

  function draw() {
    const { study, opened } = automl.store;
    const trial = study.trials[opened];
    if (!trial) return;
    automl.dom.keepingFocus(box, () => {
      box.replaceChildren(head(study, trial), html('div', { class: 'sheet-body' },
        tiles(study, trial),
        trial.failure && html('div', { class: 'failure', role: 'note' }, html('strong', null, trial.stop_reason || 'failed'), html('p', { class: 'message' }, trial.failure)),
        html('h3', null, 'Configuration'), configuration(study, trial),
        curve(study, trial),
        segments(study, trial),
        html('h3', null, 'About this trial'), about(study, trial)));
    });
  }

  function head(study, trial) {
    const last = study.trials.length - 1;
    const to = (number) => () => automl.store.setOpened(number);
    return html('header', { class: 'sheet-head' },
      html('h2', { id: 'trial-title', tabindex: -1, autofocus: true }, `Trial ${trial.trial}`, html('span', { class: `status ${trial.status}` }, marker(trial.status), trial.status)),
      html('div', { class: 'sheet-tools' },
        button('Previous', { class: 'tool', 'data-key': 'trial-previous', disabled: trial.trial === 0 }, to(trial.trial - 1)),
        button('Next', { class: 'tool', 'data-key': 'trial-next', disabled: trial.trial === last }, to(trial.trial + 1)),
        button('Close', { class: 'tool', 'data-key': 'trial-close', 'data-action': 'close' }, () => box.close())));
  }

  function marker(status) {
    return svg('svg', { width: 12, height: 12, 'aria-hidden': 'true' }, marks.statusEntries([status])[0].mark(6, 6));
  }

  function tiles(study, trial) {
    const values = study.metrics.map((one, index) => [one.name, index === 0 ? trial.value : trial.metrics[one.name]]);
    return html('dl', { class: 'tiles is-compact' },
      values.map(([name, value]) => automl.tile(name, Number.isFinite(value) ? format.short(value, 5) : 'none', '')),
      automl.tile('rank', trial.rank === null ? 'none' : String(trial.rank), ''),
      study.has_epochs && automl.tile('epochs', format.epochs(trial.epochs), trial.best_epoch === null ? '' : `best at ${format.epochs(trial.best_epoch)}`),
      automl.tile('time', format.duration(trial.wall_seconds), ''));
  }

  function configuration(study, trial) {
    const known = study.parameters.map((one) => [one.name, setting(trial, one.name)]);
    const others = Object.keys(trial.params).filter((name) => !study.parameters.some((one) => one.name === name)).map((name) => [name, trial.params[name]]);
    return automl.table([{ label: 'parameter' }, { label: 'value', kind: 'number', isParameter: true }], [...known, ...others], { caption: 'Configuration' });
  }

  function curve(study, trial) {
    const points = trial.curve.filter(([epoch, value]) => Number.isFinite(epoch) && Number.isFinite(value));
    if (points.length < 2) return null;
    const plot = frame.frame({ width: 400, height: 210, title: `Learning curve of trial ${trial.trial}`, description: `${points.length} evaluations.`, margin: { top: 28 } });
    const x = automl.scales.linear([0, Math.max(study.max_epochs, points[points.length - 1][0])], [plot.box.left, plot.box.right]);
    const y = automl.scales.metric(study, points.map(([, value]) => value), [plot.box.bottom, plot.box.top]);
    const yAt = automl.scales.clamped(y);
    frame.axes(plot, { x, y, xLabel: 'epochs', yLabel: metric(study).name });
    for (const rung of study.rungs) frame.add(plot, svg('line', { class: 'rung', x1: x(rung.epochs), x2: x(rung.epochs), y1: plot.box.top, y2: plot.box.bottom }));
    frame.add(plot, svg('path', { class: `curve ${trial.status}`, d: marks.line(points.map(([epoch, value]) => [x(epoch), yAt(value)])) }));
    frame.add(plot, svg('path', { class: 'curve-dots', d: points.map(([epoch, value]) => marks.circle(x(epoch), yAt(value), 2.4)).join('') }));
    const rows = html('details', { class: 'help' }, html('summary', null, 'As a table'), automl.table([{ label: 'epoch', kind: 'number' }, { label: metric(study).name, kind: 'number' }], trial.curve));
    return [html('h3', null, 'Learning curve'), html('div', { class: 'scroll' }, plot.root), rows];
  }

  function segments(study, trial) {
    const stretches = study.segments.filter((segment) => segment.trial === trial.trial);
    if (!stretches.length) return null;
    const columns = [{ label: 'began' }, { label: 'took' }, { label: 'epochs' }, { label: 'device' }, { label: 'outcome' }];
    const rows = stretches.map((one) => [format.duration(one.begin), one.end === null ? 'running' : format.duration(one.end - one.begin), `${format.epochs(one.levels[0])} to ${format.epochs(one.levels[1])}`, one.device, one.outcome]);
    return [html('h3', null, 'History'), html('div', { class: 'scroll' }, automl.table(columns, rows, { caption: 'History' }))];
  }

  function about(study, trial) {
    const link = (number) => automl.table.trialLink(number, `trial ${number}`);
    const clones = study.trials.filter((other) => other.parent === trial.trial).map((other) => other.trial);
    const repeats = study.trials.filter((other) => other.repeats === trial.trial).map((other) => other.trial);
    const rows = [
      ['proposed by', trial.origin],
      ['stopped because', trial.stop_reason || null],
      ['rungs reached', study.rungs.length > 1 ? trial.rung : null],
      ['began with the state of', trial.parent === null ? null : link(trial.parent)],
      ['its state went on in', list(clones, link)],
      ['repeats with a fresh seed', trial.repeats === null ? null : link(trial.repeats)],
      ['repeated by', list(repeats, link)],
      ['on the front', study.has_front ? (trial.is_on_front ? 'yes' : 'no') : null],
      ['device', trial.device || null],
      ['peak memory', trial.peak_memory_mb ? format.memory(trial.peak_memory_mb) : null],
      ['trainable parameters', trial.trainable_parameters === null ? null : trial.trainable_parameters.toLocaleString('en')],
      ['training steps took', format.duration(trial.train_seconds)],
      ['configuration hash', trial.config_hash],
    ];
    return html('dl', { class: 'facts' }, rows.filter(([, value]) => value !== null).map(([label, value]) => [html('dt', null, label), html('dd', null, value)]));
  }

  function list(numbers, link) {
    if (!numbers.length) return null;
    return html('span', null, numbers.flatMap((number, index) => (index ? [', ', link(number)] : [link(number)])));
  }

  automl.links = { trial: trialLink };
  automl.dialog = { start, draw, followHash };
})(window.automl);
