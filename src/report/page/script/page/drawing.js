// Order of drawing: sections near the visible part are drawn at once, the others when they come near.

import { store } from '../state/store.js';
import { drawBar } from './bar.js';
import { draw, isMissing, isNear, isSelectedIn, isStale, shells } from './shells.js';

const CALM = 250;
let isScheduled = false;
let isEager = true;
let ahead = null;

// Shows and hides sections at once, and draws what is stale.
export function refresh() {
  for (const shell of shells) shell.element.hidden = !shell.section.isShown(store.study, store.view);
  drawBar(shells);
  drawNear();
  schedule();
}

// Newer views of a running study are not drawn ahead; what somebody's choice changed is.
export function setEager(isChoice) {
  isEager = isChoice;
}

export function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  setTimeout(() => {
    isScheduled = false;
    drawNear();
    clearTimeout(ahead);
    ahead = setTimeout(drawOneAhead, shells.some(isMissing) ? 0 : CALM);
  }, 0);
}

function drawNear() {
  if (store.isDragging) return;
  for (const shell of shells) {
    if (isNear(shell) && isStale(shell) && !isSelectedIn(shell)) draw(shell);
  }
}

// Sections out of sight are drawn one at a time: at once what has never been drawn, so that the page soon has its full
// height; after a pause what somebody's choice changed. Newer views of a running study wait until the section is looked at.
function drawOneAhead() {
  if (store.isDragging) return;
  const shell =
    shells.find(isMissing) ||
    (isEager && shells.find((one) => !one.element.hidden && isStale(one) && !isSelectedIn(one)));
  if (!shell) return;
  draw(shell);
  ahead = setTimeout(drawOneAhead, 0);
}

export function drawAll() {
  shells.filter((shell) => !shell.element.hidden && isStale(shell)).forEach(draw);
}
