// Zoom: the range of its axis that a figure shows.

import { store } from '../state/store.js';

export function isZoomed(spec) {
  return store.zooms.has(spec.id);
}

export function setZoom(spec, range) {
  if (range) store.zooms.set(spec.id, range);
  else store.zooms.delete(spec.id);
  store.changed('choice', spec.section);
}

// The zoom of a figure for `pointer.surface`: ranges in pixels become ranges in values of the scale `x`.
export function zoomFor(spec, x) {
  return { set: (pixels) => setZoom(spec, pixels && pixels.map(x.invert)) };
}

export function zoomedRange(id, otherwise) {
  return store.zooms.get(id) || otherwise;
}
