// The page as a whole: it is built once, and parts of it are drawn again after a change.

import { store } from '../state/store.js';
import { html } from '../elements/dom.js';
import { onThemeChange, startTheme } from '../elements/theme.js';
import { drawDialog, followHash, startDialog } from '../trial/dialog.js';
import { buildBar, showLive } from './bar.js';
import { drawAll, refresh, schedule, setEager } from './drawing.js';
import { startLive } from './live.js';
import { buildSections } from './shells.js';
import { noteChoice, noteStudy, noteTheme, noteWidth } from './stamps.js';

export function start(sections) {
  store.setView(JSON.parse(document.getElementById('view').textContent));
  startTheme();
  noteWidth(document.getElementById('main').clientWidth);
  buildBar();
  buildFoot();
  if (!store.view.studies.length) return;
  buildSections(sections);
  startDialog();
  refresh();
  watch();
  followHash();
  startLive(showLive);
}

function watch() {
  store.onChange((what, section) => {
    if (what === 'choice') noteChoice(section);
    if (what === 'study') noteStudy();
    setEager(what !== 'view');
    if (what !== 'opened') refresh();
    if (what === 'view' && store.opened !== null) drawDialog();
  });
  onThemeChange(() => {
    noteTheme();
    setEager(true);
    refresh();
  });
  new ResizeObserver(() => {
    if (noteWidth(document.getElementById('main').clientWidth)) schedule();
  }).observe(document.getElementById('main'));
  addEventListener('scroll', schedule, { passive: true });
  document.addEventListener('selectionchange', schedule);
  addEventListener('pointerup', schedule);
  addEventListener('beforeprint', drawAll);
}

function buildFoot() {
  const { view } = store;
  document.getElementById('foot').append(html('p', null, `Made by automl ${view.version} at ${view.generated_at}.`));
}
