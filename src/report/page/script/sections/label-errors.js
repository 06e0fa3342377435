// Validation labels that are likely wrong, by confident learning from the outputs of the best trial.

import * as format from '../text/format.js';
import { append, html } from '../elements/dom.js';
import { scrollRegion } from '../elements/scroll.js';
import { plainTable } from '../elements/table.js';

export default {
  id: 'label-errors',
  title: 'Label errors',
  needs: ['label_errors'],
  isShown: (study) => Boolean(study.label_errors) && study.label_errors.number > 0,
  render,
};

function render(body, study) {
  const { label_errors: errors } = study;
  append(body, html('p', { class: 'lead' }, lead(errors)));
  append(body, scrollRegion('Labels that are likely wrong', table(errors)));
  if (errors.number > errors.suspects.length)
    append(
      body,
      html('p', { class: 'muted' }, `The first ${errors.suspects.length} of ${errors.number}; automl data writes all.`),
    );
}

function lead({ trial, examples, number, estimated_share: share }) {
  const labels = `${format.counted(number, 'label')} of ${format.counted(examples, 'validation example')}`;
  return `${labels} ${number === 1 ? 'looks' : 'look'} wrong to trial ${trial}. About ${format.percentage(share)} are wrong in all. Look at each of them: a model is wrong as well at times.`;
}

function table({ suspects }) {
  const columns = [
    { label: 'row' },
    { label: 'label' },
    { label: 'more likely' },
    { label: 'confidence', kind: 'number' },
    { label: 'margin', kind: 'number' },
    { label: 'text' },
  ];
  const rows = suspects.map(({ file, row, given, suggested, self_confidence: confidence, margin, text }) => [
    row === null ? file : `${file}:${row}`,
    given,
    suggested,
    confidence,
    margin,
    text,
  ]);
  return plainTable(columns, rows, { caption: 'Labels that are likely wrong' });
}
