// The levels at which trials are compared, and how many went on from each.

import * as format from '../text/format.js';
import { meter } from '../elements/bar.js';
import { append, html } from '../elements/dom.js';
import { scrollRegion } from '../elements/scroll.js';
import { plainTable } from '../elements/table.js';

export default {
  id: 'rungs',
  title: 'Rungs',
  needs: ['rungs'],
  isShown: (study) => study.rungs.length > 1,
  render,
};

function render(body, study) {
  const most = Math.max(1, ...study.rungs.map((rung) => rung.reached));
  const columns = [
    { label: 'epochs', kind: 'number' },
    { label: 'reached', kind: 'number' },
    { label: '' },
    { label: 'went on', kind: 'number' },
    { label: 'wait there', kind: 'number' },
    { label: 'share that went on', kind: 'number' },
  ];
  const rows = study.rungs.map((rung, index) => [
    rung.epochs,
    rung.reached,
    meter(rung.reached / most),
    index === study.rungs.length - 1 ? null : rung.promoted,
    rung.paused,
    index === study.rungs.length - 1 || !rung.reached
      ? null
      : html('span', null, format.percentage(rung.promoted / rung.reached)),
  ]);
  append(body, scrollRegion('Rungs', plainTable(columns, rows, { caption: 'Rungs' })));
}
