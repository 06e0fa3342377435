// The sections on the page: each with its element, its body, and the stamp of what is drawn in it.

import { store } from '../state/store.js';
import { html, keepingFocus } from '../elements/dom.js';
import { stamp } from './stamps.js';
import { tabs } from './tabs.js';

// Sections within so many pixels of what is seen are near.
const NEAR = 500;

export const shells = [];

export function buildSections(sections) {
  const main = document.getElementById('main');
  for (const section of sections) {
    if (section.id === 'overview' && store.view.studies.length > 1) main.append(tabs());
    const body = html('div', { class: 'section-body' });
    const head = html('div', { class: 'section-head' }, html('h2', null, section.title));
    const element = html('section', { id: section.id, 'aria-label': section.title, hidden: true }, head, body);
    if (section.prepare) section.prepare(head);
    main.append(element);
    shells.push({ section, element, body, stamp: null });
  }
}

export function isMissing(shell) {
  return shell.stamp === null && !shell.element.hidden;
}

export function isNear({ element }) {
  if (element.hidden) return false;
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > -NEAR && top < innerHeight + NEAR;
}

// While somebody marks text in a section it stays as it is.
export function isSelectedIn({ body }) {
  const selection = getSelection();
  return (
    !selection.isCollapsed &&
    selection.rangeCount > 0 &&
    selection.getRangeAt(0).intersectsNode(body) &&
    body.childElementCount > 0
  );
}

export function isStale(shell) {
  return shell.stamp !== stamp(shell.section);
}

export function draw(shell) {
  shell.stamp = stamp(shell.section);
  const { body, section } = shell;
  const scrolled = [...body.querySelectorAll('.scroll, .plot-area, .events')].map((element) => [
    element.scrollLeft,
    element.scrollTop,
  ]);
  // The height is kept while the body is empty, so that the page does not jump.
  body.style.minHeight = `${body.offsetHeight}px`;
  keepingFocus(body, () => {
    body.replaceChildren();
    section.render(body, store.study, store.view);
  });
  body.style.minHeight = '';
  const now = body.querySelectorAll('.scroll, .plot-area, .events');
  if (now.length === scrolled.length)
    now.forEach((element, index) => ([element.scrollLeft, element.scrollTop] = scrolled[index]));
}
