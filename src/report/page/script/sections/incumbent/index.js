// The best value so far, over time and over cost.

import { metric, trainedEpochs } from '../../study/study.js';
import { append, html } from '../../elements/dom.js';
import * as scales from '../../plots/scales.js';
import { hypervolumeFigure } from './hypervolume.js';
import { valueFigure } from './values.js';

export default {
  id: 'incumbent',
  title: 'Best value so far',
  brief: 'Best so far',
  needs: ['incumbent', 'trials', 'segments', 'elapsed', 'metrics'],
  usesSelection: true,
  isShown: (study) => study.incumbent.length > 0,
  render,
};

function render(body, study) {
  const hasHypervolume = study.incumbent.some((point) => point.hypervolume !== null);
  const pair = html('div', { class: study.has_epochs || hasHypervolume ? 'pair' : null });
  append(body, pair);
  const time = { key: 'seconds', label: 'time', end: study.elapsed, scale: scales.time };
  const cost = {
    key: 'epochs',
    label: 'epochs trained by all trials',
    end: trainedEpochs(study),
    scale: scales.linear,
  };
  valueFigure(pair, study, time, { id: 'incumbent-time', title: `Best ${metric(study).name} over time` });
  if (study.has_epochs)
    valueFigure(pair, study, cost, { id: 'incumbent-epochs', title: `Best ${metric(study).name} over cost` });
  if (hasHypervolume) hypervolumeFigure(pair, study, time);
}
