// Pointing at what is drawn, by mouse, finger or keys: the nearest point is told of, and opened by a click or Enter. Dragging
// across a plot that can be zoomed chooses a range.

import { store } from '../state/store.js';
import { html, svg } from '../elements/dom.js';
import { dragging } from './dragging.js';
import * as tooltip from './tooltip.js';

const REACH = 18;

// A transparent surface above the drawing. `points` have `x`, `y`; `describe(point)` gives the tooltip's lines;
// `highlight(point)` gives elements to draw over the plot; `open(point)` is what a click does.
export function surface({ plot, points, describe, highlight, open, nearest = nearestPoint, zoom, label }) {
  const overlay = svg('g', { class: 'overlay' });
  plot.root.append(overlay);
  const element = html('div', {
    class: open ? 'surface is-clickable' : 'surface',
    tabindex: points.length ? 0 : null,
    role: points.length ? 'application' : null,
    'aria-label': points.length ? `${label}: arrow keys step through ${points.length} points, Enter opens one` : null,
  });
  let current = null;

  function pointAt(point) {
    if (point === current) return;
    current = point;
    overlay.replaceChildren(...(point ? [highlight ? highlight(point) : ring(point)].flat() : []));
  }

  function tell(point) {
    const area = element.getBoundingClientRect();
    tooltip.show({ x: area.left + Math.min(point.x, area.width), y: area.top + point.y }, describe(point));
  }

  function leave() {
    pointAt(null);
    tooltip.hide();
  }

  element.addEventListener('pointermove', (event) => {
    if (store.isDragging) return;
    const found = nearest(points, event.offsetX, event.offsetY);
    if (!found) return leave();
    pointAt(found);
    tooltip.show({ x: event.clientX, y: event.clientY }, describe(found));
  });
  element.addEventListener('pointerleave', leave);
  element.addEventListener('blur', leave);
  element.addEventListener('click', () => {
    if (current && open) open(current);
  });
  element.addEventListener('keydown', (event) => {
    const order = keyOrder(points);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const at = order.indexOf(current);
      pointAt(order[(at + step + order.length) % order.length]);
      tell(current);
    } else if (event.key === 'Enter' && current && open) {
      event.preventDefault();
      open(current);
    } else if (event.key === 'Escape') leave();
  });
  if (zoom) dragging(element, plot, zoom);
  return element;
}

const ordered = new WeakMap();

// From left to right.
function keyOrder(points) {
  if (!ordered.has(points))
    ordered.set(
      points,
      [...points].sort((one, other) => one.x - other.x || one.y - other.y),
    );
  return ordered.get(points);
}

export function nearestPoint(points, x, y) {
  let [found, best] = [null, REACH * REACH];
  for (const point of points) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (distance < best || (distance === best && found && found.isFaint && !point.isFaint))
      [found, best] = [point, distance];
  }
  return found;
}

export function ring(point) {
  return svg('circle', { class: 'ring', cx: point.x, cy: point.y, r: 7 });
}
