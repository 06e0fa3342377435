// Small multiples: panels of equal size in rows, in one drawing.

// Boxes for `count` panels within a width, each with room for its own axes.
export function panels({ width, count, ideal, height, margin, top = 0 }) {
  const columns = Math.max(1, Math.min(count, Math.round(width / ideal)));
  const across = width / columns;
  const boxes = Array.from({ length: count }, (_, index) => {
    const [left, above] = [(index % columns) * across, top + Math.floor(index / columns) * height];
    return {
      left: left + margin.left,
      right: left + across - margin.right,
      top: above + margin.top,
      bottom: above + height - margin.bottom,
    };
  });
  return { boxes, height: top + Math.ceil(count / columns) * height };
}
