// Plots as SVG files that need nothing beside them.

import { svg } from '../elements/dom.js';
import { colour } from '../elements/theme.js';

// What the style sheet says of shapes and of text, with what holds where nothing is said.
const OF_SHAPES = {
  fill: 'rgb(0, 0, 0)',
  'fill-opacity': '1',
  stroke: 'none',
  'stroke-width': '1px',
  'stroke-opacity': '1',
  'stroke-dasharray': 'none',
  'stroke-linejoin': 'miter',
  opacity: '1',
  'paint-order': 'normal',
};

const OF_TEXT = {
  'font-family': '',
  'font-size': '',
  'font-weight': '400',
  'font-style': 'normal',
  'font-variant-numeric': 'normal',
  'text-anchor': 'start',
  'dominant-baseline': 'auto',
};

// The drawing with every colour and font written into it, on the page's own background.
export function standalone(drawing) {
  const copy = drawing.cloneNode(true);
  const originals = [drawing, ...drawing.querySelectorAll('*')];
  const copies = [copy, ...copy.querySelectorAll('*')];
  originals.forEach((original, index) => inline(original, copies[index]));
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const background = svg('rect', { width: '100%', height: '100%', fill: colour('--paper') });
  const after = copy.querySelector(':scope > desc') || copy.querySelector(':scope > title');
  if (after) after.after(background);
  else copy.prepend(background);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}

function inline(original, copy) {
  copy.removeAttribute('class');
  if (['svg', 'g', 'title', 'desc', 'defs', 'clipPath'].includes(original.tagName)) return;
  const style = getComputedStyle(original);
  const wanted = original.tagName === 'text' ? { ...OF_SHAPES, ...OF_TEXT } : OF_SHAPES;
  for (const [property, usual] of Object.entries(wanted)) {
    const value = style.getPropertyValue(property);
    if (value && value !== usual) copy.setAttribute(property, value);
  }
}
