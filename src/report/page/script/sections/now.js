// The current work of each slot.

import * as format from '../text/format.js';
import { extent } from '../study/extents.js';
import { metric } from '../study/study.js';
import { barFill } from '../elements/bar.js';
import { append, html, svg } from '../elements/dom.js';
import { trialLink } from '../elements/table.js';
import * as paths from '../plots/paths.js';
import * as scales from '../plots/scales.js';

export default {
  id: 'now',
  title: 'Now',
  needs: ['slots', 'elapsed', 'state'],
  isShown: (study) => study.slots.length > 0,
  render: (body, study) =>
    append(
      body,
      html(
        'div',
        { class: 'slots' },
        study.slots.map((slot) => card(study, slot)),
      ),
    ),
};

function card(study, slot) {
  const head = html(
    'p',
    { class: 'slot-head' },
    html('strong', null, `Slot ${slot.slot}`),
    ` ${slot.device}`,
    html('span', { class: 'muted' }, `busy ${format.percentage(slot.busy)}`),
  );
  if (!slot.running)
    return html(
      'div',
      { class: 'slot is-idle', 'data-slot': slot.slot },
      head,
      html('p', { class: 'muted' }, 'waiting'),
    );
  return html('div', { class: 'slot', 'data-slot': slot.slot }, head, running(study, slot.running));
}

function running(study, now) {
  const [from, to] = now.levels;
  const share = to > from ? Math.min(1, Math.max(0, (now.at - from) / (to - from))) : 0;
  const last = now.curve[now.curve.length - 1];
  const words = [
    study.has_epochs && `epoch ${format.epochs(now.at)}, from ${format.epochs(from)} to ${format.epochs(to)}`,
    `for ${format.duration(Math.max(0, study.elapsed - now.begin))}`,
    now.train_loss !== null && `training loss ${format.short(now.train_loss, 3)}`,
    last && `${metric(study).name} ${format.short(last[1])}`,
  ].filter(Boolean);
  return [
    html('p', null, trialLink(now.trial, `Trial ${now.trial}`)),
    html(
      'div',
      {
        class: 'bar',
        role: 'progressbar',
        'aria-label': `Trial ${now.trial}`,
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        'aria-valuenow': Math.round(share * 100),
      },
      barFill(share),
    ),
    html('p', { class: 'note' }, words.join(' · ')),
    sparkline(now.curve),
  ];
}

function sparkline(curve) {
  const points = curve.filter(([, value]) => value !== null);
  if (points.length < 2) return null;
  const [width, height] = [160, 28];
  const x = scales.linear(extent(points.map(([epoch]) => epoch)), [2, width - 2]);
  const y = scales.linear(extent(points.map(([, value]) => value)), [height - 3, 3]);
  return svg(
    'svg',
    { class: 'sparkline', width, height, 'aria-hidden': 'true' },
    svg('path', { class: 'curve running', d: paths.line(points.map(([epoch, value]) => [x(epoch), y(value)])) }),
  );
}
