// One trial in full, at the side of the page, and the links that lead there.

import { trialHash } from '../state/links.js';
import { store } from '../state/store.js';
import { html, keepingFocus } from '../elements/dom.js';
import { body, head } from './content.js';

let box = null;
let opener = null;

export function startDialog() {
  box = html('dialog', { id: 'trial', class: 'sheet', 'aria-labelledby': 'trial-title' });
  box.addEventListener('close', () => {
    if (store.opened !== null) store.setOpened(null);
  });
  box.addEventListener('click', (event) => {
    if (event.target === box) box.close();
  });
  document.body.append(box);
  addEventListener('hashchange', followHash);
  store.onChange((what) => {
    if (what === 'opened' || what === 'study') sync();
  });
}

export function followHash() {
  const match = location.hash.match(/^#(?:study-(\d+)-)?trial-(\d+)$/);
  if (!match) return;
  const [index, trial] = [Number(match[1] || 1) - 1, Number(match[2])];
  const study = store.view.studies[index];
  if (!study || !study.trials[trial]) return;
  if (index !== store.chosen) store.choose(index);
  store.setOpened(trial);
}

function sync() {
  const { opened } = store;
  if (opened === null) return close();
  const hash = `#${trialHash(opened)}`;
  if (location.hash !== hash) history.replaceState(null, '', hash);
  if (!box.open) {
    opener = document.activeElement;
    drawDialog();
    box.showModal();
  } else drawDialog();
  box.scrollTop = 0;
}

function close() {
  if (box.open) box.close();
  if (/^#(study-\d+-)?trial-\d+$/.test(location.hash))
    history.replaceState(null, '', location.pathname + location.search);
  // The row may have been drawn anew since: its successor has the same key.
  const key = opener && opener.dataset && opener.dataset.key;
  const target =
    opener && opener.isConnected ? opener : key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (target) target.focus({ preventScroll: true });
  opener = null;
}

export function drawDialog() {
  const { study, opened } = store;
  const trial = study.trials[opened];
  if (!trial) return;
  keepingFocus(box, () => {
    box.replaceChildren(
      head(study, trial, () => box.close()),
      body(study, trial),
    );
  });
}
