// Dragging across a plot to choose a range.

import { store } from '../state/store.js';
import { html } from '../elements/dom.js';

const DRAG = 6;

// Chooses a range across; `zoom.set` gets it in pixels. A double click shows everything again.
export function dragging(element, plot, zoom) {
  const shade = html('div', { class: 'shade', hidden: true });
  element.append(shade);
  element.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.pointerType === 'touch') return;
    const from = event.offsetX;
    const base = element.getBoundingClientRect().left;
    const within = (moved) => Math.min(plot.box.right, Math.max(plot.box.left, moved.clientX - base));
    let to = from;
    const move = (moved) => {
      to = within(moved);
      const isFar = Math.abs(to - from) >= DRAG;
      if (isFar) store.isDragging = true;
      shade.hidden = !isFar;
      Object.assign(shade.style, {
        left: `${Math.min(from, to)}px`,
        width: `${Math.abs(to - from)}px`,
        top: `${plot.box.top}px`,
        height: `${plot.box.bottom - plot.box.top}px`,
      });
    };
    const end = () => {
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', end);
      removeEventListener('pointercancel', end);
      shade.hidden = true;
      if (!store.isDragging) return;
      swallowClick(element);
      store.isDragging = false;
      zoom.set([Math.min(from, to), Math.max(from, to)]);
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', end);
    addEventListener('pointercancel', end);
  });
  element.addEventListener('dblclick', () => zoom.set(null));
}

// The click that ends a drag opens nothing.
function swallowClick(element) {
  const swallow = (event) => event.stopImmediatePropagation();
  element.addEventListener('click', swallow, { capture: true, once: true });
  setTimeout(() => element.removeEventListener('click', swallow, { capture: true }), 0);
}
