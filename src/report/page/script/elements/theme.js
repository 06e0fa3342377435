// Light and dark: as the system says, or as chosen here. Colours that are mixed in JavaScript are asked of the style sheet.

import { html, select } from './dom.js';

const KEY = 'automl.theme';
const NAMES = { auto: 'System', light: 'Light', dark: 'Dark' };
let probe = null;
let scale = null;
const listeners = [];

export function startTheme() {
  apply(stored());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', announce);
  // Paper is white: what is mixed in JavaScript has to be mixed again for it.
  window.addEventListener('beforeprint', () => apply('light'));
  window.addEventListener('afterprint', () => apply(stored()));
}

export function themeControl() {
  const options = Object.entries(NAMES);
  return select('Colours', options, stored(), (name) => {
    try {
      localStorage.setItem(KEY, name);
    } catch {
      // A page opened from a file may not store anything; the choice then holds until it is closed.
    }
    apply(name);
  });
}

function stored() {
  try {
    const name = localStorage.getItem(KEY);
    return name in NAMES ? name : 'auto';
  } catch {
    return 'auto';
  }
}

function apply(name) {
  document.documentElement.dataset.theme = name;
  announce();
}

function announce() {
  scale = null;
  for (const listener of listeners) listener();
}

export function onThemeChange(listener) {
  listeners.push(listener);
}

// A colour of the style sheet as `rgb(…)`.
export function colour(variable) {
  if (!probe) {
    probe = html('span', { hidden: true });
    document.body.append(probe);
  }
  probe.style.color = `var(${variable})`;
  return getComputedStyle(probe).color;
}

// A colour between the worst (0) and the best (1).
export function graded(share) {
  if (!scale) scale = [0, 1, 2, 3, 4, 5].map((step) => channels(colour(`--grade-${step}`)));
  const place = Math.min(1, Math.max(0, share)) * (scale.length - 1);
  const step = Math.min(scale.length - 2, Math.floor(place));
  const mixed = scale[step].map((from, index) => Math.round(from + (scale[step + 1][index] - from) * (place - step)));
  return `rgb(${mixed.join(',')})`;
}

function channels(text) {
  return text
    .match(/[\d.]+/g)
    .slice(0, 3)
    .map(Number);
}
