// Stamps of drawings: everything that a drawing of a section depends on, as one text. An old stamp means a stale drawing.

import { store } from '../state/store.js';
import { version } from '../state/versions.js';

let theme = 0;
let width = 0;
let studyNumber = 0;
const choiceVersions = new Map();

export function noteTheme() {
  theme += 1;
}

export function noteStudy() {
  studyNumber += 1;
}

export function noteChoice(section) {
  choiceVersions.set(section, (choiceVersions.get(section) || 0) + 1);
}

// Whether it differs from the width before.
export function noteWidth(now) {
  if (now === width) return false;
  width = now;
  return true;
}

export function stamp(section) {
  const indexes = section.isOfPage ? store.view.studies.map((_, index) => index) : [store.chosen];
  const versions = indexes.map((index) => section.needs.map((field) => version(index, field)).join('.')).join(';');
  const selected = section.usesSelection ? `${store.filter}|${JSON.stringify([...store.brushes])}` : '';
  return [
    section.isOfPage ? '' : studyNumber,
    versions,
    selected,
    choiceVersions.get(section.id) || 0,
    theme,
    width,
  ].join('/');
}
