// Pointing at what is drawn, by mouse, finger or keys: the nearest point is told of, and opened by a click or Enter. Dragging
// across a plot that can be zoomed chooses a range.
(function (automl) {
  'use strict';

  const { html, svg } = automl.dom;
  const REACH = 18;
  const DRAG = 6;

  // A transparent surface above the drawing. `points` have `x`, `y`; `describe(point)` gives the tooltip's lines;
  // `highlight(point)` gives elements to draw over the plot; `open(point)` is what a click does.
  function surface({ plot, points, describe, highlight, open, nearest = nearestPoint, zoom, label }) {
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
      automl.tooltip.show({ x: area.left + Math.min(point.x, area.width), y: area.top + point.y }, describe(point));
    }

    function leave() {
      pointAt(null);
      automl.tooltip.hide();
    }

    element.addEventListener('pointermove', (event) => {
      if (automl.store.isDragging) return;
      const found = nearest(points, event.offsetX, event.offsetY);
      if (!found) return leave();
      pointAt(found);
      automl.tooltip.show({ x: event.clientX, y: event.clientY }, describe(found));
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
    if (!ordered.has(points)) ordered.set(points, [...points].sort((one, other) => one.x - other.x || one.y - other.y));
    return ordered.get(points);
  }

  function nearestPoint(points, x, y) {
    let [found, best] = [null, REACH * REACH];
    for (const point of points) {
      const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (distance < best || (distance === best && found && found.isFaint && !point.isFaint)) [found, best] = [point, distance];
    }
    return found;
  }

  function ring(point) {
    return svg('circle', { class: 'ring', cx: point.x, cy: point.y, r: 7 });
  }

  // Chooses a range across; `zoom.set` gets it in pixels. A double click shows everything again.
  function dragging(element, plot, zoom) {
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
        if (isFar) automl.store.isDragging = true;
        shade.hidden = !isFar;
        Object.assign(shade.style, { left: `${Math.min(from, to)}px`, width: `${Math.abs(to - from)}px`, top: `${plot.box.top}px`, height: `${plot.box.bottom - plot.box.top}px` });
      };
      const end = () => {
        removeEventListener('pointermove', move);
        removeEventListener('pointerup', end);
        removeEventListener('pointercancel', end);
        shade.hidden = true;
        if (!automl.store.isDragging) return;
        swallowClick(element);
        automl.store.isDragging = false;
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

  automl.pointer = { surface, nearestPoint, ring };
})(window.automl);
