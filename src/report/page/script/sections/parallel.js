// Parallel coordinates: an axis for each parameter and one for the metric, a line for each trial, coloured by the metric.
// Dragging along an axis keeps only the trials that pass there, everywhere on the page.
(function (automl) {
  'use strict';

  const { html, svg } = automl.dom;
  const { format, frame, marks } = automl;
  const { metric, sign, varied, searched, setting } = automl.study;

  const SHADES = 24;
  const MANY = 300;
  const FOREMOST = 10;
  const AXIS_WIDTH = 92;
  const METRIC = '';

  automl.section({
    id: 'parallel',
    title: 'Parallel coordinates',
    brief: 'Parallel',
    needs: ['trials', 'parameters', 'metrics'],
    usesSelection: true,
    isShown: (study) => varied(study).length > 0 && study.trials.some((trial) => trial.value !== null),
    render,
  });

  function render(body, study) {
    const names = varied(study);
    const trials = searched(study).filter((trial) => trial.value !== null || trial.status === 'failed');
    const spec = {
      id: 'parallel-coordinates',
      title: 'Configurations and their results',
      note: 'Drag along an axis to keep only the trials that pass there; a click on it lets go. By keys: write a term such as learning_rate<1e-3 into the filter of the trials.',
      study,
      section: 'parallel',
      minWidth: (names.length + 1) * AXIS_WIDTH + 40,
      draw: (width) => draw(width, study, names, trials),
      table: () => table(study, names, trials),
    };
    automl.figure(body, spec);
  }

  function draw(width, study, names, trials) {
    const plot = frame.frame({ width, height: 380, title: 'Parallel coordinates', description: `${trials.length} trials over ${names.length} parameters and ${metric(study).name}.`, margin: { left: 44, right: 56, top: 52, bottom: 22 } });
    const axes = layout(plot, study, names, trials);
    const lines = trials.map((trial) => ({ trial, places: axes.map((axis) => [axis.x, axis.place(trial)]) }));
    drawLines(plot, study, lines);
    axes.forEach((axis) => drawAxis(plot, axis));
    return { root: plot.root, surface: surface(plot, study, axes, lines) };
  }

  function layout(plot, study, names, trials) {
    const { left, right, top, bottom } = plot.box;
    const step = (right - left) / names.length;
    const parameters = names.map((one, index) => {
      const scale = automl.scales.parameter(study, one, [bottom, top]);
      return { name: one.name, label: one.name, x: left + index * step, scale, isChoice: one.kind === 'choice', values: one.values, place: (trial) => scale(setting(trial, one.name)) };
    });
    const values = trials.map((trial) => trial.value).filter((value) => value !== null);
    const hasNone = trials.some((trial) => trial.value === null);
    const lane = hasNone ? 26 : 0;
    const inner = automl.scales.metric(study, values, [bottom - lane, top]);
    const scale = Object.assign((value) => inner(value), inner, { free: [bottom - lane, top], lane: hasNone ? bottom - 9 : NaN, hasNone });
    scale.ticks = (count) => [...(hasNone ? [{ value: undefined, label: 'none', isNone: true }] : []), ...inner.ticks(count)];
    const clamped = automl.scales.clamped(inner);
    return [...parameters, { name: METRIC, label: metric(study).name, isMetric: true, x: right, scale, place: (trial) => (trial.value === null ? scale.lane : clamped(trial.value)) }];
  }

  // Trials of about the same result are one path; the best are drawn last.
  function drawLines(plot, study, lines) {
    const selection = automl.selection.current();
    const order = shares(study);
    const shades = Array.from({ length: SHADES }, () => []);
    const [faint, failed] = [[], []];
    for (const line of lines) {
      const path = marks.line(line.places);
      if (!selection.has(line.trial.trial)) faint.push(path);
      else if (line.trial.value === null) failed.push(path);
      else shades[Math.min(SHADES - 1, Math.floor(order(line.trial) * SHADES))].push(path);
    }
    const group = svg('g', { class: 'threads' });
    group.append(...marks.dense(faint, { class: 'thread faint' }));
    group.append(...marks.dense(failed, { class: 'thread failed' }));
    shades.forEach((paths, index) => group.append(...marks.dense(paths, { class: 'thread', stroke: automl.theme.graded((index + 0.5) / SHADES) }, lines.length)));
    // Among thousands the best few stay in sight.
    if (lines.length > MANY) {
      const best = automl.study.ranked(study).filter((trial) => selection.has(trial.trial)).slice(0, FOREMOST);
      const foremost = new Set(best.map((trial) => trial.trial));
      const paths = lines.filter((line) => foremost.has(line.trial.trial)).map((line) => marks.line(line.places));
      group.append(svg('path', { class: 'thread is-foremost', d: paths.join(''), stroke: automl.theme.graded(1) }));
    }
    frame.add(plot, group);
  }

  // From a trial to how good it is among all, from 0 to 1: by value, but robust to a few that are far off.
  function shares(study) {
    const direction = sign(metric(study).goal);
    const scale = automl.scales.metric(study, searched(study).map((trial) => trial.value).filter((value) => value !== null), direction > 0 ? [0, 1] : [1, 0]);
    const clamped = automl.scales.clamped(scale);
    return (trial) => clamped(trial.value);
  }

  function drawAxis(plot, axis) {
    const { top, bottom } = plot.box;
    const group = svg('g', { class: 'coordinate' }, svg('line', { class: 'axis', x1: axis.x, x2: axis.x, y1: axis.scale.free[0], y2: top }));
    const anchor = axis.isMetric ? 'end' : 'start';
    group.append(frame.label(format.clipped(axis.label, 15), axis.isMetric ? axis.x + 50 : axis.x - 6, top - 22, { class: 'coordinate-label', 'text-anchor': axis.isMetric ? 'end' : 'start' }));
    let last = Infinity;
    for (const tick of axis.scale.ticks(6)) {
      const at = tick.isNone ? axis.scale.lane : axis.scale(tick.value);
      group.append(svg('line', { class: 'axis', x1: axis.x - (tick.isMinor ? 2 : 4), x2: axis.x, y1: at, y2: at }));
      if (tick.label && last - at > 11) {
        group.append(frame.label(format.clipped(tick.label, 10), axis.x + 5, at, { class: tick.isNone ? 'tick haloed none' : 'tick haloed', 'dominant-baseline': 'central', 'text-anchor': 'start' }));
        last = at;
      }
    }
    const brush = automl.store.brushes.get(axis.name);
    if (brush) for (const [from, to] of spans(axis, brush)) group.append(svg('rect', { class: 'brush', x: axis.x - 7, width: 14, y: Math.min(from, to), height: Math.max(3, Math.abs(to - from)) }));
    frame.add(plot, group);
    return anchor;
  }

  // Where a brush lies on its axis.
  function spans(axis, brush) {
    const spans = [];
    if (brush.range) spans.push(brush.range.map((value) => automl.scales.clamped(axis.scale)(value)));
    for (const value of brush.values || []) spans.push([axis.scale(value) - axis.scale.step / 2 + 1, axis.scale(value) + axis.scale.step / 2 - 1]);
    if (brush.includesNone) spans.push([axis.scale.lane - 8, axis.scale.lane + 8]);
    return spans;
  }

  function surface(plot, study, axes, lines) {
    const selection = automl.selection.current();
    const shown = lines.filter((line) => selection.has(line.trial.trial));
    const ends = shown.map((line) => ({ ...line, x: line.places[line.places.length - 1][0], y: line.places[line.places.length - 1][1] }));
    const element = automl.pointer.surface({
      plot, points: ends, label: 'Parallel coordinates',
      nearest: (points, x, y) => nearestLine(points, axes, x, y),
      highlight: (line) => [svg('path', { class: 'thread-halo', d: marks.line(line.places) }), svg('path', { class: 'thread is-lit', d: marks.line(line.places) })],
      describe: ({ trial }) => automl.tooltip.trialLines(study, trial),
      open: ({ trial }) => automl.store.setOpened(trial.trial),
    });
    brushing(element, plot, axes);
    return element;
  }

  // The line that passes nearest above or below the pointer.
  function nearestLine(lines, axes, x, y) {
    const right = axes.findIndex((axis) => axis.x >= x);
    const index = right === -1 ? axes.length - 1 : Math.max(1, right);
    const [from, to] = [axes[index - 1].x, axes[index].x];
    const share = Math.min(1, Math.max(0, (x - from) / (to - from)));
    let [found, best] = [null, 12];
    for (const line of lines) {
      const at = line.places[index - 1][1] * (1 - share) + line.places[index][1] * share;
      const distance = Math.abs(at - y);
      if (distance < best) [found, best] = [line, distance];
    }
    return found;
  }

  function brushing(element, plot, axes) {
    const shade = html('div', { class: 'shade is-brush', hidden: true });
    element.append(shade);
    const axisAt = (x) => axes.find((axis) => Math.abs(axis.x - x) <= 14);
    element.addEventListener('pointermove', (event) => element.classList.toggle('is-on-axis', Boolean(axisAt(event.offsetX))));
    element.addEventListener('pointerdown', (event) => {
      const axis = axisAt(event.offsetX);
      if (!axis || event.button !== 0) return;
      event.preventDefault();
      const base = element.getBoundingClientRect().top;
      const within = (moved) => Math.min(plot.box.bottom, Math.max(plot.box.top, moved.clientY - base));
      const from = within(event);
      let to = from;
      automl.store.isDragging = true;
      const move = (moved) => {
        to = within(moved);
        shade.hidden = false;
        Object.assign(shade.style, { left: `${axis.x - 7}px`, width: '14px', top: `${Math.min(from, to)}px`, height: `${Math.abs(to - from)}px` });
      };
      const end = () => {
        removeEventListener('pointermove', move);
        removeEventListener('pointerup', end);
        removeEventListener('pointercancel', end);
        shade.hidden = true;
        automl.store.isDragging = false;
        const isClick = Math.abs(to - from) < 4;
        const { brushes } = automl.store;
        if (isClick && !brushes.has(axis.name)) return;
        element.addEventListener('click', (click) => click.stopImmediatePropagation(), { capture: true, once: true });
        automl.store.setBrush(axis.name, isClick ? null : brushOf(axis, Math.max(from, to), Math.min(from, to)));
      };
      addEventListener('pointermove', move);
      addEventListener('pointerup', end);
      addEventListener('pointercancel', end);
    });
  }

  // From a stretch of an axis in pixels to values.
  function brushOf(axis, low, high) {
    const { scale } = axis;
    const includesNone = scale.hasNone && low >= scale.lane && high <= scale.lane;
    if (axis.isChoice) return { values: axis.values.filter((value) => scale(value) <= low && scale(value) >= high), includesNone };
    const [bottom, top] = scale.free;
    if (high >= bottom) return { includesNone };
    const range = [Math.min(low, bottom), Math.max(high, top)].map(scale.invert).sort((one, other) => one - other);
    // Beyond the axis's ends lie values that are drawn at its ends.
    if (axis.isMetric && low >= bottom - 0.5) range[0] = -Number.MAX_VALUE;
    if (axis.isMetric && high <= top + 0.5) range[1] = Number.MAX_VALUE;
    return { range, includesNone };
  }

  function table(study, names, trials) {
    const selection = automl.selection.current();
    return {
      columns: [{ label: 'trial', kind: 'number' }, { label: 'status' }, ...names.map((one) => ({ label: one.name, kind: one.kind === 'number' ? 'number' : 'text', isParameter: true })), { label: metric(study).name, kind: 'number' }],
      rows: trials.filter((trial) => selection.has(trial.trial)).map((trial) => [trial.trial, trial.status, ...names.map((one) => setting(trial, one.name)), trial.value]),
    };
  }
})(window.automl);
