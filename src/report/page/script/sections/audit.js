// The cost of pruning, as far as trials under audit can tell.

import * as format from '../text/format.js';
import { metric } from '../study/study.js';
import { meter } from '../elements/bar.js';
import { append, html } from '../elements/dom.js';
import { scrollRegion } from '../elements/scroll.js';
import { plainTable } from '../elements/table.js';
import { tile } from '../elements/tile.js';

export default {
  id: 'audit',
  title: 'Audit of pruning',
  brief: 'Audit',
  needs: ['audit', 'metrics'],
  isShown: (study) => Boolean(study.audit),
  render,
};

function render(body, study) {
  const { audited, pruned, winners, regret, agreements } = study.audit;
  const { name } = metric(study);
  append(
    body,
    html(
      'dl',
      { class: 'tiles' },
      tile(
        'under audit',
        String(audited),
        `${format.counted(audited, 'trial')} trained to the end whatever the rungs said`,
      ),
      tile('would have been pruned', String(pruned), `of these ${audited}`),
      tile('lost winners', String(winners), 'pruned ones that became better than all others'),
      tile(
        'regret',
        regret === null ? '–' : format.short(regret, 3),
        `${name} between the best of the pruned and the best other`,
      ),
    ),
  );
  if (!agreements.length) return;
  const columns = [
    { label: 'from epoch', kind: 'number' },
    { label: 'to epoch', kind: 'number' },
    { label: 'trials at both', kind: 'number' },
    { label: 'Kendall’s tau', kind: 'number' },
    { label: 'agreement' },
  ];
  const rows = agreements.map(([from, to, trials, tau]) => [from, to, trials, tau, meter(tau)]);
  append(
    body,
    html('h3', null, 'How well a rung tells the order at the next'),
    scrollRegion('Agreement between rungs', plainTable(columns, rows)),
    html(
      'p',
      { class: 'note' },
      'Kendall’s tau: 1 is the same order, 0 no relation, −1 the reverse. Pruning at a rung with a low tau is close to drawing lots.',
    ),
  );
}
