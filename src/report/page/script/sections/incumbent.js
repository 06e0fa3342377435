// The best value so far, over time and over cost, with every trial's result where it arrived.
(function (automl) {
  'use strict';

  const { append, html, svg } = automl.dom;
  const { format, frame, marks } = automl;
  const { metric, searched, arrivals } = automl.study;

  automl.section({
    id: 'incumbent',
    title: 'Best value so far',
    brief: 'Best so far',
    needs: ['incumbent', 'trials', 'segments', 'elapsed', 'metrics'],
    usesSelection: true,
    isShown: (study) => study.incumbent.length > 0,
    render,
  });

  function render(body, study) {
    const hasHypervolume = study.incumbent.some((point) => point.hypervolume !== null);
    const pair = html('div', { class: study.has_epochs || hasHypervolume ? 'pair' : null });
    append(body, pair);
    const time = { key: 'seconds', label: 'time', end: study.elapsed, scale: automl.scales.time };
    const cost = { key: 'epochs', label: 'epochs trained by all trials', end: trainedEpochs(study), scale: automl.scales.linear };
    value(pair, study, time, { id: 'incumbent-time', title: `Best ${metric(study).name} over time` });
    if (study.has_epochs) value(pair, study, cost, { id: 'incumbent-epochs', title: `Best ${metric(study).name} over cost` });
    if (hasHypervolume) hypervolume(pair, study, time);
  }

  function trainedEpochs(study) {
    const trained = searched(study).reduce((sum, trial) => sum + trial.epochs, 0);
    return Math.max(trained, ...study.incumbent.map((point) => point.epochs));
  }

  function value(parent, study, axis, { id, title }) {
    const { name, target } = metric(study);
    const selection = automl.selection.current();
    const valued = searched(study).filter((trial) => trial.value !== null && arrivals(study).has(trial.trial));
    const spec = { id, title, study, section: 'incumbent', draw, table };
    automl.figure(parent, spec);

    function draw(width) {
      const statuses = automl.study.STATUSES.filter((status) => valued.some((trial) => trial.status === status));
      const entries = [marks.lineEntry('best so far', 'best-line'), ...marks.statusEntries(statuses)];
      const top = frame.legendHeight(width, entries) + 26;
      const plot = frame.frame({ width, height: 270 + top, title, description: described(study, axis), margin: { top, right: 20 } });
      const whole = [0, Math.max(axis.end, 1e-9)];
      const x = axis.scale(automl.figure.zoomed(id, whole), [plot.box.left, plot.box.right]);
      const always = [...study.incumbent.map((point) => point.value).slice(-1), ...(target === null ? [] : [target])];
      const y = automl.scales.metric(study, valued.map((trial) => trial.value), [plot.box.bottom, plot.box.top], always);
      const yAt = automl.scales.clamped(y);
      frame.axes(plot, { x, y, xLabel: axis.label, yLabel: name });
      frame.legend(plot, entries);
      if (target !== null) drawTarget(plot, yAt(target), target);
      const isSeen = ([at]) => at >= plot.box.left - 0.5 && at <= plot.box.right + 0.5;
      const points = valued.map((trial) => ({ x: x(arrivals(study).get(trial.trial)[axis.key]), y: yAt(trial.value), status: trial.status, isFaint: !selection.has(trial.trial), trial })).filter((point) => isSeen([point.x]));
      marks.trials(plot.root, points);
      drawSteps(plot, study.incumbent.map((point) => [x(point[axis.key]), yAt(point.value)]), x(axis.end));
      const surface = automl.pointer.surface({
        plot, points, label: title, zoom: automl.figure.zoom(spec, x),
        describe: ({ trial }) => automl.tooltip.trialLines(study, trial, [['arrived', arrived(study, trial)]]),
        open: ({ trial }) => automl.store.setOpened(trial.trial),
      });
      return { root: plot.root, surface };
    }

    function table() {
      return {
        columns: [{ label: 'series' }, { label: 'trial', kind: 'number' }, { label: 'status' }, { label: name, kind: 'number' }, { label: 'seconds', kind: 'number' }, { label: 'epochs', kind: 'number' }],
        rows: [
          ...study.incumbent.map((point) => ['best so far', point.trial, study.trials[point.trial] ? study.trials[point.trial].status : null, point.value, point.seconds, point.epochs]),
          ...valued.filter((trial) => selection.has(trial.trial)).map((trial) => ['trial', trial.trial, trial.status, trial.value, arrivals(study).get(trial.trial).seconds, arrivals(study).get(trial.trial).epochs]),
        ],
      };
    }
  }

  function described(study, axis) {
    const last = study.incumbent[study.incumbent.length - 1];
    return `Best ${metric(study).name} by ${axis.label}: ${study.incumbent.length} improvements, the last to ${format.short(last.value)} by trial ${last.trial} after ${format.duration(last.seconds)}.`;
  }

  function arrived(study, trial) {
    return `after ${format.duration(arrivals(study).get(trial.trial).seconds)}`;
  }

  function drawTarget(plot, at, target) {
    const { left, right } = plot.box;
    frame.add(plot,
      svg('line', { class: 'target', x1: left, x2: right, y1: at, y2: at }),
      frame.label(`target ${format.short(target)}`, right, at - 6, { class: 'target-label', 'text-anchor': 'end' }));
  }

  // The line goes on to where the study is now; a zoom may begin after some of its points.
  function drawSteps(plot, points, end) {
    const { left, right } = plot.box;
    const extended = [...points, [Math.max(end, points[points.length - 1][0]), points[points.length - 1][1]]];
    const before = extended.filter(([x]) => x < left);
    const within = extended.filter(([x]) => x >= left && x <= right);
    if (before.length) within.unshift([left, before[before.length - 1][1]]);
    if (!within.length) return;
    if (extended.some(([x]) => x > right)) within.push([right, within[within.length - 1][1]]);
    frame.add(plot, svg('path', { class: 'best-line', d: marks.steps(within) }));
  }

  function hypervolume(parent, study, axis) {
    const points = study.incumbent.filter((point) => point.hypervolume !== null);
    const title = 'Hypervolume over time';
    const spec = { id: 'incumbent-hypervolume', title, note: 'Share of the box between the worst and the best values that the front dominates.', study, section: 'incumbent', draw, table };
    automl.figure(parent, spec);

    function draw(width) {
      const plot = frame.frame({ width, height: 300, title, description: `Grows to ${format.short(points[points.length - 1].hypervolume)}.`, margin: { top: 30, right: 20 } });
      const x = axis.scale(automl.figure.zoomed(spec.id, [0, Math.max(axis.end, 1e-9)]), [plot.box.left, plot.box.right]);
      const top = Math.max(...points.map((point) => point.hypervolume));
      const y = automl.scales.linear([0, top * 1.05 || 1], [plot.box.bottom, plot.box.top]);
      frame.axes(plot, { x, y, xLabel: axis.label, yLabel: 'hypervolume' });
      const places = points.map((point) => ({ x: x(point[axis.key]), y: y(point.hypervolume), point }));
      drawSteps(plot, places.map((place) => [place.x, place.y]), x(axis.end));
      const surface = automl.pointer.surface({
        plot, points: places.filter((place) => place.x >= plot.box.left && place.x <= plot.box.right), label: title, zoom: automl.figure.zoom(spec, x),
        describe: ({ point }) => [`Trial ${point.trial}`, ['hypervolume', format.short(point.hypervolume)], ['time', format.duration(point.seconds)]],
        open: ({ point }) => automl.store.setOpened(point.trial),
      });
      return { root: plot.root, surface };
    }

    function table() {
      return {
        columns: ['trial', 'seconds', 'epochs', 'hypervolume'].map((name) => ({ label: name, kind: 'number' })),
        rows: points.map((point) => [point.trial, point.seconds, point.epochs, point.hypervolume]),
      };
    }
  }
})(window.automl);
