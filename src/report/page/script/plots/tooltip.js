// The one tooltip of the page. It is a status for screen readers, so that what the keys point at is read out.

import * as format from '../text/format.js';
import { metric, setting, varied } from '../study/study.js';
import { html } from '../elements/dom.js';

let box = null;

// `lines`: a heading, then pairs of label and value.
export function show(place, [heading, ...pairs]) {
  if (!box) {
    box = html('div', { class: 'tooltip', role: 'status' });
    document.body.append(box);
  }
  const rows = pairs.map(([label, value]) => [
    html('dt', null, format.clipped(label, 40)),
    html('dd', null, format.clipped(String(value), 90)),
  ]);
  box.replaceChildren(html('strong', null, format.clipped(heading, 90)), html('dl', null, rows));
  box.classList.add('is-shown');
  const width = Math.min(box.offsetWidth, innerWidth - 16);
  const left = place.x + 16 + width > innerWidth ? Math.max(8, place.x - width - 16) : place.x + 16;
  const top = Math.min(Math.max(8, place.y + 12), Math.max(8, innerHeight - box.offsetHeight - 8));
  box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

export function hide() {
  if (box) box.classList.remove('is-shown');
}

// What there is to say of a trial where it is pointed at.
export function trialLines(study, trial, extra = []) {
  const heading = `Trial ${trial.trial} · ${trial.status}${trial.rank === 1 ? ' · best' : ''}`;
  const shown = varied(study).filter((one) => setting(trial, one.name) !== undefined);
  const values = shown.slice(0, 10).map((one) => [one.name, format.value(setting(trial, one.name))]);
  const rest = shown.length > 10 ? [['and', `${shown.length - 10} more`]] : [];
  return [
    heading,
    [metric(study).name, trial.value === null ? 'no result' : format.short(trial.value)],
    ...extra,
    ...(study.has_epochs ? [['epochs', format.epochs(trial.epochs)]] : []),
    ...values,
    ...rest,
  ];
}
