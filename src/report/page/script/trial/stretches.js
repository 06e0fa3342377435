// The stretches in which one trial was trained.

import * as format from '../text/format.js';
import { html } from '../elements/dom.js';
import { plainTable } from '../elements/table.js';

export function stretches(study, trial) {
  const own = study.segments.filter((segment) => segment.trial === trial.trial);
  if (!own.length) return null;
  const columns = [
    { label: 'began' },
    { label: 'took' },
    { label: 'epochs' },
    { label: 'device' },
    { label: 'outcome' },
  ];
  const rows = own.map((one) => [
    format.duration(one.begin),
    one.end === null ? 'running' : format.duration(one.end - one.begin),
    `${format.epochs(one.levels[0])} to ${format.epochs(one.levels[1])}`,
    one.device,
    one.outcome,
  ]);
  return [
    html('h3', null, 'History'),
    html('div', { class: 'scroll' }, plainTable(columns, rows, { caption: 'History' })),
  ];
}
