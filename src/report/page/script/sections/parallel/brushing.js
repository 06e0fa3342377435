// Dragging along an axis.

import { store } from '../../state/store.js';
import { html } from '../../elements/dom.js';

export function brushing(element, plot, axes) {
  const shade = html('div', { class: 'shade is-brush', hidden: true });
  element.append(shade);
  const axisAt = (x) => axes.find((axis) => Math.abs(axis.x - x) <= 14);
  element.addEventListener('pointermove', (event) =>
    element.classList.toggle('is-on-axis', Boolean(axisAt(event.offsetX))),
  );
  element.addEventListener('pointerdown', (event) => {
    const axis = axisAt(event.offsetX);
    if (!axis || event.button !== 0) return;
    event.preventDefault();
    const base = element.getBoundingClientRect().top;
    const within = (moved) => Math.min(plot.box.bottom, Math.max(plot.box.top, moved.clientY - base));
    const from = within(event);
    let to = from;
    store.isDragging = true;
    const move = (moved) => {
      to = within(moved);
      shade.hidden = false;
      Object.assign(shade.style, {
        left: `${axis.x - 7}px`,
        width: '14px',
        top: `${Math.min(from, to)}px`,
        height: `${Math.abs(to - from)}px`,
      });
    };
    const end = () => {
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', end);
      removeEventListener('pointercancel', end);
      shade.hidden = true;
      store.isDragging = false;
      const isClick = Math.abs(to - from) < 4;
      if (isClick && !store.brushes.has(axis.name)) return;
      element.addEventListener('click', (click) => click.stopImmediatePropagation(), { capture: true, once: true });
      store.setBrush(axis.name, isClick ? null : brushOf(axis, Math.max(from, to), Math.min(from, to)));
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', end);
    addEventListener('pointercancel', end);
  });
}

// From a stretch of an axis in pixels to values.
function brushOf(axis, low, high) {
  const { scale } = axis;
  const includesNone = scale.hasNone && low >= scale.lane && high <= scale.lane;
  if (axis.isChoice)
    return { values: axis.values.filter((value) => scale(value) <= low && scale(value) >= high), includesNone };
  const [bottom, top] = scale.free;
  if (high >= bottom) return { includesNone };
  const range = [Math.min(low, bottom), Math.max(high, top)].map(scale.invert).sort((one, other) => one - other);
  // Beyond the axis's ends lie values that are drawn at its ends.
  if (axis.isMetric && low >= bottom - 0.5) range[0] = -Number.MAX_VALUE;
  if (axis.isMetric && high <= top + 0.5) range[1] = Number.MAX_VALUE;
  return { range, includesNone };
}
