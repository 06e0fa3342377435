// Marks of trials: every outcome has a shape of its own beside its colour. All marks of one kind are one path, so that
// thousands of trials stay a handful of elements.
(function (automl) {
  'use strict';

  const { svg } = automl.dom;

  const SHAPES = {
    completed: circle,
    pruned: circle,
    paused: diamond,
    running: triangle,
    failed: cross,
  };
  // What is drawn later lies above: results that count most are never hidden.
  const ORDER = ['failed', 'pruned', 'paused', 'running', 'completed'];

  function circle(x, y, r) {
    return `M${n(x - r)},${n(y)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`;
  }

  function diamond(x, y, r) {
    const d = r * 1.25;
    return `M${n(x - d)},${n(y)}l${n(d)},${n(-d)}l${n(d)},${n(d)}l${n(-d)},${n(d)}z`;
  }

  function triangle(x, y, r) {
    const d = r * 1.25;
    return `M${n(x - d)},${n(y + d)}L${n(x)},${n(y - d)}L${n(x + d)},${n(y + d)}z`;
  }

  function cross(x, y, r) {
    return `M${n(x - r)},${n(y - r)}L${n(x + r)},${n(y + r)}M${n(x - r)},${n(y + r)}L${n(x + r)},${n(y - r)}`;
  }

  // Tenths of a pixel are enough, and keep paths short.
  function n(number) {
    return Math.round(number * 10) / 10;
  }

  function radius(count) {
    return count > 1500 ? 1.8 : count > 300 ? 2.6 : 3.8;
  }

  // Draws trials at their places: `points` have `x`, `y`, `status` and `isFaint`.
  function trials(parent, points, r = radius(points.length)) {
    const faint = points.filter((point) => point.isFaint);
    if (faint.length) parent.append(svg('path', { class: 'mark faint', d: joined(faint, r) }));
    for (const status of ORDER) {
      const group = points.filter((point) => point.status === status && !point.isFaint);
      if (group.length) parent.append(svg('path', { class: r < 3 ? `mark is-small ${status}` : `mark ${status}`, d: joined(group, r) }));
    }
  }

  function joined(points, r) {
    return points.map((point) => SHAPES[point.status](point.x, point.y, point.status === 'completed' ? r : r * 0.9)).join('');
  }

  function statusEntries(statuses) {
    return statuses.map((status) => ({
      label: status,
      mark: (x, y) => svg('path', { class: `mark ${status}`, d: SHAPES[status](x, y, 4) }),
    }));
  }

  function line(points) {
    let isOpen = false;
    return points.map(([x, y]) => {
      if (!Number.isFinite(x) || !Number.isFinite(y)) {
        isOpen = false;
        return '';
      }
      const text = `${isOpen ? 'L' : 'M'}${n(x)},${n(y)}`;
      isOpen = true;
      return text;
    }).join('');
  }

  // A line that keeps its height until the next point.
  function steps(points) {
    return points.map(([x, y], index) => (index === 0 ? `M${n(x)},${n(y)}` : `H${n(x)}V${n(y)}`)).join('');
  }

  function band(points) {
    const upper = points.map(([x, , high]) => [x, high]);
    const lower = points.map(([x, low]) => [x, low]).reverse();
    return `${line([...upper, ...lower])}Z`;
  }

  // Lines as paths. One path covers what is below it however many lines are in it: many lines go into several thin ones, so
  // that where more of them run is darker.
  function dense(lines, attributes, total = lines.length) {
    if (!lines.length) return [];
    if (lines.length <= 60) return [svg('path', { ...attributes, d: lines.join('') })];
    const layers = Math.min(16, Math.ceil(lines.length / 30));
    const opacity = Math.max(0.05, Math.min(0.5, 9 / total ** 0.6));
    return Array.from({ length: layers }, (_, layer) => svg('path', { ...attributes, opacity, d: lines.filter((_line, index) => index % layers === layer).join('') }));
  }

  function lineEntry(label, className) {
    return { label, mark: (x, y) => svg('line', { class: className, x1: x - 8, x2: x + 8, y1: y, y2: y }) };
  }

  automl.marks = { trials, statusEntries, lineEntry, line, dense, steps, band, circle, radius, n };
})(window.automl);
