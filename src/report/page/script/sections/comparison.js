// Several studies side by side.

import * as format from '../text/format.js';
import { best, metric, searched, sign, studyLabel, trainedEpochs } from '../study/study.js';
import { append, html, prose, svg } from '../elements/dom.js';
import { scrollRegion } from '../elements/scroll.js';
import { plainTable } from '../elements/table.js';
import { figure } from '../plots/figure.js';
import * as frame from '../plots/frame.js';
import { legend, legendHeight } from '../plots/legend.js';
import * as marks from '../plots/marks.js';
import * as paths from '../plots/paths.js';
import * as pointer from '../plots/pointer.js';
import * as scales from '../plots/scales.js';
import { zoomFor, zoomedRange } from '../plots/zoom.js';

const STYLES = 6;

export default {
  id: 'comparison',
  title: 'Comparison',
  isOfPage: true,
  needs: ['incumbent', 'trials', 'best', 'state', 'elapsed', 'metrics'],
  isShown: (study, view) => Boolean(view.comparison) && view.studies.length > 1,
  render,
};

function render(body, study, view) {
  const { sentences, differences } = view.comparison;
  const names = view.studies.map((_, index) => studyLabel(view.studies, index));
  append(
    body,
    html(
      'div',
      { class: 'prose' },
      sentences.map((sentence) => html('p', null, prose(sentence))),
    ),
  );
  const hasEpochs = view.studies.some((one) => one.has_epochs);
  const pair = html('div', { class: hasEpochs ? 'pair' : null });
  append(body, pair);
  curves(pair, view, names, {
    id: 'comparison-time',
    title: 'Best value over time',
    at: (point) => point.seconds,
    end: (one) => one.elapsed,
    scale: scales.time,
    xLabel: 'time',
  });
  if (hasEpochs)
    curves(pair, view, names, {
      id: 'comparison-epochs',
      title: 'Best value over cost',
      at: (point) => point.epochs,
      end: trainedEpochs,
      scale: scales.linear,
      xLabel: 'epochs trained by all trials',
    });
  append(body, html('h3', null, 'Bests'), scrollRegion('Bests of the studies', bests(view, names)));
  if (differences.length)
    append(
      body,
      html('h3', null, 'Differences'),
      scrollRegion('What differs between the studies', differing(differences, names)),
    );
}

function curves(parent, view, names, { id, title, at, end, scale, xLabel }) {
  const studies = view.studies;
  const name = metric(studies[0]).name;
  const spec = { id, title, study: null, section: 'comparison', draw, table };
  figure(parent, spec);

  function draw(width) {
    const entries = names.map((text, index) =>
      marks.lineEntry(format.clipped(text, 36), `study-line study-${index % STYLES}`),
    );
    const top = legendHeight(width, entries) + 26;
    const plot = frame.create({
      width,
      height: 290 + top,
      title,
      description: `Best ${name} so far of ${names.length} studies.`,
      margin: { top },
    });
    const whole = [0, Math.max(...studies.map(end), ...studies.flatMap((one) => one.incumbent.map(at)), 1e-9)];
    const x = scale(zoomedRange(id, whole), [plot.box.left, plot.box.right]);
    const y = scales.metric(
      studies[0],
      studies.flatMap((one) => one.incumbent.map((point) => point.value)),
      [plot.box.bottom, plot.box.top],
    );
    const yAt = scales.clamped(y);
    frame.axes(plot, { x, y, xLabel, yLabel: name });
    legend(plot, entries);
    const points = [];
    const group = frame.clipped(plot);
    studies.forEach((one, index) => {
      const steps = one.incumbent.map((point) => [x(at(point)), yAt(point.value)]);
      if (!steps.length) return;
      const last = steps[steps.length - 1];
      group.append(
        svg('path', {
          class: `study-line study-${index % STYLES}`,
          d: paths.steps([...steps, [x(end(one)), last[1]]]),
        }),
      );
      one.incumbent.forEach((point, place) =>
        points.push({ x: steps[place][0], y: steps[place][1], point, name: names[index] }),
      );
    });
    const seen = points.filter((point) => point.x >= plot.box.left && point.x <= plot.box.right);
    const surface = pointer.surface({
      plot,
      points: seen,
      label: title,
      zoom: zoomFor(spec, x),
      describe: ({ point, name: owner }) => [
        owner,
        [name, format.short(point.value)],
        ['trial', point.trial],
        ['time', format.duration(point.seconds)],
        ['epochs', format.short(point.epochs)],
      ],
    });
    return { root: plot.root, surface };
  }

  function table() {
    return {
      columns: [
        { label: 'study' },
        { label: 'trial', kind: 'number' },
        { label: name, kind: 'number' },
        { label: 'seconds', kind: 'number' },
        { label: 'epochs', kind: 'number' },
      ],
      rows: studies.flatMap((one, index) =>
        one.incumbent.map((point) => [names[index], point.trial, point.value, point.seconds, point.epochs]),
      ),
    };
  }
}

function bests(view, names) {
  const columns = [
    { label: 'study' },
    { label: 'state' },
    { label: `best ${metric(view.studies[0]).name}`, kind: 'number' },
    { label: 'trial', kind: 'number' },
    { label: 'trials', kind: 'number' },
    { label: 'time' },
    { label: 'time to the common value' },
  ];
  const values = view.studies.map((one) =>
    one.incumbent.length ? one.incumbent[one.incumbent.length - 1].value : null,
  );
  const direction = sign(metric(view.studies[0]).goal);
  const top = Math.max(...values.filter((value) => value !== null).map((value) => direction * value));
  const rows = view.studies.map((one, index) => {
    const common = view.comparison.seconds_to_common[index];
    return [
      swatch(names[index], index),
      one.state,
      values[index],
      best(one) ? best(one).trial : null,
      searched(one).length,
      format.duration(one.elapsed),
      common === null || common === undefined ? 'never' : format.duration(common),
    ];
  });
  return plainTable(columns, rows, {
    rowAttributes: (_, index) => ({ class: direction * values[index] === top ? 'is-best' : null }),
  });
}

function swatch(name, index) {
  return html(
    'span',
    { class: 'swatched' },
    svg(
      'svg',
      { width: 22, height: 10, 'aria-hidden': 'true' },
      svg('line', { class: `study-line study-${index % STYLES}`, x1: 1, x2: 21, y1: 5, y2: 5 }),
    ),
    name,
  );
}

function differing(differences, names) {
  return plainTable(
    [{ label: '' }, ...names.map((name) => ({ label: name }))],
    differences.map(([what, values]) => [what, ...values]),
  );
}
