// Elements of HTML and SVG. Text goes in as text nodes only, so that nothing of the data is ever read as markup.

const SVG = 'http://www.w3.org/2000/svg';

export function html(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) set(element, name, value);
  append(element, children);
  return element;
}

// Appends what there is: `null`, `undefined` and `false` stand for nothing.
export function append(parent, ...children) {
  parent.append(...children.flat(Infinity).filter(isShown));
}

function isShown(child) {
  return child !== null && child !== undefined && child !== false;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
  else element.setAttribute(name, value === true ? '' : String(value));
}

// A sentence in which `code` stands between backticks.
export function prose(text) {
  return text
    .split('`')
    .map((piece, index, all) =>
      index % 2 === 1 && index < all.length - 1 ? html('code', null, piece) : index % 2 === 1 ? `\`${piece}` : piece,
    );
}

export function button(label, attributes, onclick) {
  return html('button', { type: 'button', ...attributes, onclick }, label);
}

// A list to choose from; `options` are pairs of value and label.
export function select(label, options, chosen, onchange) {
  const list = html(
    'select',
    { 'aria-label': label, onchange: () => onchange(list.value) },
    options.map(([value, text]) => html('option', { value, selected: value === chosen }, text)),
  );
  return list;
}

// Runs `change`, and gives the focus back to the element that stands where the focused one stood.
export function keepingFocus(root, change) {
  const focused = document.activeElement;
  const key = focused && root.contains(focused) ? focused.dataset.key : undefined;
  change();
  if (key === undefined) return;
  const successor = root.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (successor && successor !== document.activeElement) successor.focus({ preventScroll: true });
}
