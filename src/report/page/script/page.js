// The page as a whole: its bar, its sections, and what is drawn anew when something changed. Begin reading at `start`.
(function (automl) {
  'use strict';

  const { html, button, keepingFocus } = automl.dom;
  const { store } = automl;

  // Sections within so many pixels of what is seen are drawn at once, the others when they come near.
  const NEAR = 500;
  const CALM = 250;
  const shells = [];
  let theme = 0;
  let width = 0;
  let studyNumber = 0;
  let isScheduled = false;
  let isEager = true;
  let ahead = null;
  const choiceVersions = new Map();

  function start() {
    store.setView(JSON.parse(document.getElementById('view').textContent));
    automl.theme.start();
    width = document.getElementById('main').clientWidth;
    buildBar();
    buildFoot();
    if (!store.view.studies.length) return;
    buildSections();
    automl.dialog.start();
    refresh();
    watch();
    automl.dialog.followHash();
    automl.live.start(showLive);
  }

  function watch() {
    store.onChange((what, section) => {
      if (what === 'choice') choiceVersions.set(section, (choiceVersions.get(section) || 0) + 1);
      if (what === 'study') studyNumber += 1;
      isEager = what !== 'view';
      if (what !== 'opened') refresh();
      if (what === 'view' && store.opened !== null) automl.dialog.draw();
    });
    automl.theme.onChange(() => {
      theme += 1;
      isEager = true;
      refresh();
    });
    new ResizeObserver(() => {
      const now = document.getElementById('main').clientWidth;
      if (now === width) return;
      width = now;
      schedule();
    }).observe(document.getElementById('main'));
    addEventListener('scroll', schedule, { passive: true });
    document.addEventListener('selectionchange', schedule);
    addEventListener('pointerup', schedule);
    addEventListener('beforeprint', drawAll);
  }

  // ---- the bar at the top ----

  function buildBar() {
    document.getElementById('bar').append(
      html('div', { class: 'bar-row' },
        html('span', { class: 'brand' }, 'automl'),
        html('nav', { id: 'nav', 'aria-label': 'Sections' }),
        html('span', { id: 'live', role: 'status', hidden: true }),
        automl.theme.control()),
      html('div', { id: 'chips', hidden: true }));
  }

  function drawBar() {
    const nav = document.getElementById('nav');
    const links = shells.filter((shell) => !shell.element.hidden).map((shell) => html('a', { href: `#${shell.section.id}`, title: shell.section.title }, shell.section.brief || shell.section.title));
    if (nav.textContent !== links.map((link) => link.textContent).join('')) nav.replaceChildren(...links);
    markTab();
    drawChips();
    document.title = title();
  }

  function title() {
    const { study } = store;
    const best = automl.study.best(study);
    return `${best && best.value !== null ? `${automl.format.short(best.value)} · ` : ''}${study.name} · automl`;
  }

  // What is filtered at the moment, each with a button that ends it.
  function drawChips() {
    const chips = document.getElementById('chips');
    const selection = automl.selection.current();
    chips.hidden = !selection.isActive;
    if (!selection.isActive) return chips.replaceChildren();
    const { study } = store;
    const filter = store.filter.trim() && chip(`filter: ${store.filter.trim()}`, () => store.setFilter(''));
    const brushes = [...store.brushes].map(([name, brush]) => chip(automl.selection.described(study, name, brush), () => store.setBrush(name, null)));
    keepingFocus(chips, () => chips.replaceChildren(...[
      html('span', { class: 'chips-count', 'data-selected': selection.count }, `${selection.count.toLocaleString('en')} of ${automl.format.counted(study.trials.length, 'trial')}`),
      filter, ...brushes,
      button('Clear all', { class: 'tool', 'data-action': 'clear-filters', 'data-key': 'clear-filters' }, store.clearFilters),
    ].filter(Boolean)));
    return undefined;
  }

  function chip(text, clear) {
    return button([automl.format.clipped(text, 60), html('span', { 'aria-hidden': 'true' }, ' ×')], { class: 'chip', 'aria-label': `Clear ${text}`, 'data-key': `chip-${text}` }, clear);
  }

  function showLive(words, kind) {
    const live = document.getElementById('live');
    live.hidden = false;
    live.dataset.connection = kind;
    live.textContent = words;
  }

  function buildFoot() {
    const { view } = store;
    document.getElementById('foot').append(html('p', null, `Made by automl ${view.version} at ${view.generated_at}.`));
  }

  // ---- sections ----

  function buildSections() {
    const main = document.getElementById('main');
    for (const section of automl.sections) {
      if (section.id === 'overview' && store.view.studies.length > 1) main.append(tabs());
      const body = html('div', { class: 'section-body' });
      const head = html('div', { class: 'section-head' }, html('h2', null, section.title));
      const element = html('section', { id: section.id, 'aria-label': section.title, hidden: true }, head, body);
      if (section.prepare) section.prepare(head);
      main.append(element);
      shells.push({ section, element, body, stamp: null });
    }
  }

  function tabs() {
    const list = html('div', { id: 'studies', role: 'tablist', 'aria-label': 'Studies' });
    const { studies } = store.view;
    studies.forEach((_, index) => list.append(button(automl.format.clipped(automl.study.label(studies, index), 40), {
      role: 'tab', 'data-study': index, 'aria-selected': String(index === store.chosen), tabindex: index === store.chosen ? 0 : -1,
    }, () => store.choose(index))));
    list.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      store.choose((store.chosen + step + studies.length) % studies.length);
      list.children[store.chosen].focus();
    });
    return list;
  }

  function markTab() {
    document.querySelectorAll('#studies [role="tab"]').forEach((tab, place) => {
      tab.setAttribute('aria-selected', String(place === store.chosen));
      tab.tabIndex = place === store.chosen ? 0 : -1;
    });
  }

  // ---- drawing anew ----

  // Shows and hides sections at once, and draws what is stale.
  function refresh() {
    for (const shell of shells) shell.element.hidden = !shell.section.isShown(store.study, store.view);
    drawBar();
    drawNear();
    schedule();
  }

  function schedule() {
    if (isScheduled) return;
    isScheduled = true;
    setTimeout(() => {
      isScheduled = false;
      drawNear();
      clearTimeout(ahead);
      ahead = setTimeout(drawOneAhead, shells.some(isMissing) ? 0 : CALM);
    }, 0);
  }

  function drawNear() {
    if (store.isDragging) return;
    for (const shell of shells) {
      if (isNear(shell) && isStale(shell) && !isSelectedIn(shell)) draw(shell);
    }
  }

  // Sections out of sight are drawn one at a time: at once what has never been drawn, so that the page soon has its full
  // height; after a pause what somebody's choice changed. Newer views of a running study wait until the section is looked at.
  function drawOneAhead() {
    if (store.isDragging) return;
    const shell = shells.find(isMissing) || (isEager && shells.find((one) => !one.element.hidden && isStale(one) && !isSelectedIn(one)));
    if (!shell) return;
    draw(shell);
    ahead = setTimeout(drawOneAhead, 0);
  }

  function isMissing(shell) {
    return shell.stamp === null && !shell.element.hidden;
  }

  function drawAll() {
    shells.filter((shell) => !shell.element.hidden && isStale(shell)).forEach(draw);
  }

  function isNear({ element }) {
    if (element.hidden) return false;
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > -NEAR && top < innerHeight + NEAR;
  }

  // While somebody marks text in a section it stays as it is.
  function isSelectedIn({ body }) {
    const selection = getSelection();
    return !selection.isCollapsed && selection.rangeCount > 0 && selection.getRangeAt(0).intersectsNode(body) && body.childElementCount > 0;
  }

  function isStale(shell) {
    return shell.stamp !== stamp(shell.section);
  }

  function stamp(section) {
    const indexes = section.isOfPage ? store.view.studies.map((_, index) => index) : [store.chosen];
    const versions = indexes.map((index) => section.needs.map((field) => store.version(index, field)).join('.')).join(';');
    const selected = section.usesSelection ? `${store.filter}|${JSON.stringify([...store.brushes])}` : '';
    return [section.isOfPage ? '' : studyNumber, versions, selected, choiceVersions.get(section.id) || 0, theme, width].join('/');
  }

  function draw(shell) {
    shell.stamp = stamp(shell.section);
    const { body, section } = shell;
    const scrolled = [...body.querySelectorAll('.scroll, .plot-area, .events')].map((element) => [element.scrollLeft, element.scrollTop]);
    // The height is kept while the body is empty, so that the page does not jump.
    body.style.minHeight = `${body.offsetHeight}px`;
    keepingFocus(body, () => {
      body.replaceChildren();
      section.render(body, store.study, store.view);
    });
    body.style.minHeight = '';
    const now = body.querySelectorAll('.scroll, .plot-area, .events');
    if (now.length === scrolled.length) now.forEach((element, index) => [element.scrollLeft, element.scrollTop] = scrolled[index]);
  }

  automl.page = { start };
  start();
})(window.automl);
