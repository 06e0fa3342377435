// Newer views, as server-sent events from the address that the page was served with.

import * as format from '../text/format.js';
import { store } from '../state/store.js';

// At most two redraws in a second, however fast messages come.
const PAUSE = 500;
let state = { connection: 'off', updated: null };
let newest = null;
let timer = null;
let last = 0;

export function startLive(show) {
  const url = document.documentElement.dataset.live;
  if (!url) return;
  const source = new EventSource(url);
  source.addEventListener('open', () => tell({ connection: 'open' }, show));
  source.addEventListener('error', () => tell({ connection: 'lost' }, show));
  source.addEventListener('message', (event) => {
    newest = event.data;
    const wait = Math.max(0, last + PAUSE - performance.now());
    if (timer === null) timer = setTimeout(() => take(show), wait);
  });
  tell({ connection: 'connecting' }, show);
}

function take(show) {
  timer = null;
  last = performance.now();
  try {
    store.setView(JSON.parse(newest));
    tell({ connection: 'open', updated: new Date() }, show);
  } catch (error) {
    console.error('a newer view could not be read', error);
  }
}

function tell(change, show) {
  state = { ...state, ...change };
  show(words(), kind());
}

function kind() {
  if (isEnded()) return 'ended';
  return state.connection;
}

function words() {
  const updated = state.updated ? ` · updated ${format.clock(state.updated)}` : '';
  if (isEnded()) return `ended${updated}`;
  if (state.connection === 'lost') return `connection lost, trying again${updated}`;
  if (state.connection === 'connecting') return 'connecting';
  return `live${updated}`;
}

function isEnded() {
  return store.view.studies.length > 0 && store.view.studies.every((study) => study.state === 'ended');
}
