'use strict'; // Generated from the modules in script/ by 'npm run build' there. Do not edit.
(() => {
  // text/format.js
  function short(number4, digits = 4) {
    if (number4 === null || number4 === void 0 || Number.isNaN(number4)) return "–";
    if (!Number.isFinite(number4)) return number4 > 0 ? "∞" : "−∞";
    if (number4 === 0) return "0";
    const size = Math.abs(number4);
    if (Number.isInteger(number4) && size < 1e7) return String(number4);
    if (size >= 1e7 || size < 1e-4) return trimmed(number4.toExponential(digits - 1)).replace("e+", "e");
    return trimmed(number4.toPrecision(digits).includes("e") ? String(Math.round(number4)) : number4.toPrecision(digits));
  }
  function trimmed(text2) {
    const [mantissa, power] = text2.split("e");
    const plain2 = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return power === void 0 ? plain2 : `${plain2}e${power}`;
  }
  function exact(given) {
    if (given === null || given === void 0) return "";
    if (typeof given !== "number") return String(given);
    const isSmall = given !== 0 && Math.abs(given) < 1e-3;
    return (isSmall ? given.toExponential() : String(given)).replace("e+", "e");
  }
  function value(parameter3) {
    if (parameter3 === void 0 || parameter3 === null) return "none";
    return typeof parameter3 === "number" ? short(parameter3) : String(parameter3);
  }
  function duration(seconds) {
    if (seconds === null || seconds === void 0) return "–";
    const sign2 = seconds < 0 ? "−" : "";
    const size = Math.abs(seconds);
    if (size < 9.95) return `${sign2}${trimmed(size.toFixed(size < 0.995 ? 2 : 1))} s`;
    const whole = Math.round(size);
    if (whole < 60) return `${sign2}${whole} s`;
    if (whole < 3600) return `${sign2}${Math.floor(whole / 60)}m ${padded(whole % 60)}s`;
    const minutes = Math.round(size / 60);
    if (minutes < 1440) return `${sign2}${Math.floor(minutes / 60)}h ${padded(minutes % 60)}m`;
    const hours = Math.round(size / 3600);
    return `${sign2}${Math.floor(hours / 24)}d ${padded(hours % 24)}h`;
  }
  function padded(number4) {
    return String(number4).padStart(2, "0");
  }
  function epochs(number4) {
    if (number4 === null || number4 === void 0) return "–";
    if (number4 >= 100) return String(Math.round(number4));
    return trimmed(number4 >= 0.1 ? number4.toFixed(2) : number4.toPrecision(2));
  }
  function counted(number4, unit) {
    return `${number4.toLocaleString("en")} ${unit}${number4 === 1 ? "" : "s"}`;
  }
  function percentage(share) {
    return `${trimmed((share * 100).toFixed(Math.abs(share) < 0.0995 ? 1 : 0))} %`;
  }
  function memory(mebibytes) {
    if (!mebibytes) return "–";
    return mebibytes >= 10240 ? `${trimmed((mebibytes / 1024).toFixed(1))} GiB` : `${short(mebibytes)} MiB`;
  }
  function clock(date) {
    return [date.getHours(), date.getMinutes(), date.getSeconds()].map(padded).join(":");
  }
  function clipped(text2, length) {
    const letters = Array.from(text2);
    return letters.length > length ? `${letters.slice(0, length - 1).join("")}…` : text2;
  }

  // study/remembered.js
  var known = /* @__PURE__ */ new WeakMap();
  function remembered(study, name, find) {
    if (!known.has(study)) known.set(study, /* @__PURE__ */ new Map());
    const found = known.get(study);
    if (!found.has(name)) found.set(name, find());
    return found.get(name);
  }

  // study/study.js
  var STATUSES = ["completed", "pruned", "paused", "running", "failed"];
  function metric(study) {
    return study.metrics[0] || { name: "value", goal: "maximize", target: null };
  }
  function sign(goal) {
    return goal === "minimize" ? -1 : 1;
  }
  function searched(study) {
    return remembered(study, "searched", () => study.trials.filter((trial) => trial.repeats === null));
  }
  function ranked(study) {
    return remembered(study, "ranked", () => {
      const direction = sign(metric(study).goal);
      const valued = searched(study).filter((trial) => trial.value !== null);
      return valued.sort((one, other) => direction * (other.value - one.value) || one.trial - other.trial);
    });
  }
  function best(study) {
    return study.best === null ? null : study.trials[study.best] || null;
  }
  function varied(study) {
    return study.parameters.filter((one) => !one.is_constant);
  }
  function parameter(study, name) {
    return study.parameters.find((one) => one.name === name);
  }
  function setting(trial, name) {
    return Object.hasOwn(trial.params, name) ? trial.params[name] : void 0;
  }
  function isMissingSomewhere(study, one) {
    return searched(study).some((trial) => setting(trial, one.name) === void 0);
  }
  function byStatus(study) {
    return remembered(study, "by status", () => {
      const counts = /* @__PURE__ */ new Map();
      for (const trial of searched(study)) counts.set(trial.status, (counts.get(trial.status) || 0) + 1);
      return STATUSES.filter((status) => counts.has(status)).map((status) => [status, counts.get(status)]);
    });
  }
  function studyLabel(studies, index) {
    const { name, folder } = studies[index];
    return studies.filter((other) => other.name === name).length === 1 ? name : folder;
  }
  function trainedEpochs(study) {
    const trained = searched(study).reduce((sum, trial) => sum + trial.epochs, 0);
    return Math.max(trained, ...study.incumbent.map((point) => point.epochs));
  }

  // elements/dom.js
  var SVG = "http://www.w3.org/2000/svg";
  function html(tag, attributes, ...children) {
    return filled(document.createElement(tag), attributes, children);
  }
  function svg(tag, attributes, ...children) {
    return filled(document.createElementNS(SVG, tag), attributes, children);
  }
  function filled(element, attributes, children) {
    for (const [name, value2] of Object.entries(attributes || {})) set(element, name, value2);
    append(element, children);
    return element;
  }
  function append(parent, ...children) {
    parent.append(...children.flat(Infinity).filter(isShown));
  }
  function isShown(child) {
    return child !== null && child !== void 0 && child !== false;
  }
  function set(element, name, value2) {
    if (value2 === null || value2 === void 0 || value2 === false) return;
    if (typeof value2 === "function") element.addEventListener(name.replace(/^on/, ""), value2);
    else element.setAttribute(name, value2 === true ? "" : String(value2));
  }
  function prose(text2) {
    return text2.split("`").map(
      (piece, index, all) => index % 2 === 1 && index < all.length - 1 ? html("code", null, piece) : index % 2 === 1 ? `\`${piece}` : piece
    );
  }
  function button(label2, attributes, onclick) {
    return html("button", { type: "button", ...attributes, onclick }, label2);
  }
  function select(label2, options, chosen, onchange) {
    const list2 = html(
      "select",
      { "aria-label": label2, onchange: () => onchange(list2.value) },
      options.map(([value2, text2]) => html("option", { value: value2, selected: value2 === chosen }, text2))
    );
    return list2;
  }
  function keepingFocus(root, change) {
    const focused = document.activeElement;
    const key2 = focused && root.contains(focused) ? focused.dataset.key : void 0;
    change();
    if (key2 === void 0) return;
    const successor = root.querySelector(`[data-key="${CSS.escape(key2)}"]`);
    if (successor && successor !== document.activeElement) successor.focus({ preventScroll: true });
  }

  // elements/scroll.js
  function scrollRegion(label2, ...children) {
    return html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label2 }, children);
  }

  // state/versions.js
  var versions = [];
  var texts = [];
  function trackChanges(previous, view) {
    if (!previous || previous.studies.length !== view.studies.length) {
      versions = view.studies.map(() => ({}));
      texts = view.studies.map(() => null);
    }
    if (previous) view.studies.forEach((study, index) => compare(previous.studies[index], study, index));
  }
  function version(index, field) {
    return versions[index] && versions[index][field] || 0;
  }
  function compare(before, after, index) {
    if (!before) return;
    const old = texts[index] || textsOf(before);
    const now = textsOf(after);
    for (const field of Object.keys(now)) {
      if (old[field] !== now[field]) versions[index][field] = (versions[index][field] || 0) + 1;
    }
    texts[index] = now;
  }
  function textsOf(study) {
    return Object.fromEntries(Object.entries(study).map(([field, value2]) => [field, JSON.stringify(value2)]));
  }

  // state/store.js
  var listeners = [];
  var store = {
    view: null,
    chosen: 0,
    filter: "",
    // Ranges by parameter or metric, drawn on the axes of the parallel coordinates.
    brushes: /* @__PURE__ */ new Map(),
    opened: null,
    isDragging: false,
    sort: { column: "rank", isDescending: false },
    page: 0,
    columns: /* @__PURE__ */ new Map(),
    asTable: /* @__PURE__ */ new Set(),
    zooms: /* @__PURE__ */ new Map(),
    choices: /* @__PURE__ */ new Map(),
    get study() {
      return store.view.studies[store.chosen];
    },
    setView,
    choose,
    setFilter,
    setBrush,
    clearFilters,
    setOpened,
    setChoice,
    choice,
    changed,
    onChange
  };
  function setView(view) {
    const previous = store.view;
    store.view = view;
    store.chosen = Math.min(store.chosen, Math.max(0, view.studies.length - 1));
    trackChanges(previous, view);
    changed("view");
  }
  function choose(index) {
    store.chosen = index;
    store.brushes.clear();
    store.zooms.clear();
    store.page = 0;
    store.opened = null;
    changed("study");
  }
  function setFilter(text2) {
    store.filter = text2;
    store.page = 0;
    changed("selection");
  }
  function setBrush(name, brush) {
    if (brush) store.brushes.set(name, brush);
    else store.brushes.delete(name);
    store.page = 0;
    changed("selection");
  }
  function clearFilters() {
    store.filter = "";
    store.brushes.clear();
    store.page = 0;
    changed("selection");
  }
  function setOpened(trial) {
    if (store.opened === trial) return;
    store.opened = trial;
    changed("opened");
  }
  function choice(name, otherwise) {
    return store.choices.has(name) ? store.choices.get(name) : otherwise;
  }
  function setChoice(name, value2, section) {
    store.choices.set(name, value2);
    changed("choice", section);
  }
  function changed(what, section) {
    for (const listener of listeners) listener(what, section);
  }
  function onChange(listener) {
    listeners.push(listener);
  }

  // state/links.js
  function trialHash(trial) {
    const { chosen } = store;
    return chosen === 0 ? `trial-${trial}` : `study-${chosen + 1}-trial-${trial}`;
  }

  // elements/table.js
  function plainTable(columns, rows, { caption, rowAttributes } = {}) {
    return html(
      "table",
      null,
      caption && html("caption", { class: "unseen" }, caption),
      html(
        "thead",
        null,
        html(
          "tr",
          null,
          columns.map((column) => html("th", { scope: "col", class: isNumeric(column) ? "number" : null }, column.label))
        )
      ),
      html(
        "tbody",
        null,
        rows.map(
          (row2, index) => html(
            "tr",
            rowAttributes ? rowAttributes(row2, index) : null,
            row2.map((value2, place) => cell(columns[place], value2))
          )
        )
      )
    );
  }
  function cell(column, value2) {
    return html("td", { class: isNumeric(column) ? "number" : null }, cellContent(column, value2));
  }
  function cellContent(column, value2) {
    if (value2 instanceof Node) return value2;
    if (value2 === null || value2 === void 0) return html("span", { class: "muted" }, column.isParameter ? "none" : "–");
    if (column.kind === "trial") return trialLink(value2);
    return typeof value2 === "number" ? number(value2) : String(value2);
  }
  function number(value2) {
    const text2 = exact(value2);
    const [, mantissa, power] = text2.match(/^([^e]*)(e.*)?$/);
    const kept = mantissa.match(/^-?0*\.?0*\d?(?:\.?\d){0,3}/);
    const [head2, tail] = [mantissa.slice(0, kept[0].length), mantissa.slice(kept[0].length)];
    if (!mantissa.includes(".") || tail.length < 2) return text2;
    return html("span", null, head2, html("span", { class: "tail" }, tail), power);
  }
  function isNumeric(column) {
    return ["number", "seconds", "trial"].includes(column.kind);
  }
  function trialLink(trial, text2 = String(trial)) {
    return html("a", { class: "trial-link", href: `#${trialHash(trial)}`, "data-trial-link": trial }, text2);
  }

  // text/csv.js
  function csv(columns, rows) {
    const lines2 = [columns.map((column) => cell2(column.label)), ...rows.map((row2) => row2.map(cell2))];
    return `${lines2.map((line3) => line3.join(",")).join("\n")}
`;
  }
  function cell2(value2) {
    const text2 = exact(value2);
    const isFormula = /^[=+\-@\t\r]/.test(text2) && (text2.trim() === "" || Number.isNaN(Number(text2)));
    const safe = isFormula ? `'${text2}` : text2;
    return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  }

  // elements/download.js
  function download(name, type, text2) {
    const url = URL.createObjectURL(new Blob([text2], { type }));
    const link = html("a", { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 1e4);
  }
  function fileName(study, part, ending) {
    const stem = `${study ? study.name : "studies"}-${part}`.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+/, "");
    return `${stem.slice(0, 80)}.${ending}`;
  }

  // elements/theme.js
  var KEY = "automl.theme";
  var NAMES = { auto: "System", light: "Light", dark: "Dark" };
  var probe = null;
  var scale = null;
  var listeners2 = [];
  function startTheme() {
    apply(stored());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", announce);
    window.addEventListener("beforeprint", () => apply("light"));
    window.addEventListener("afterprint", () => apply(stored()));
  }
  function themeControl() {
    const options = Object.entries(NAMES);
    return select("Colours", options, stored(), (name) => {
      try {
        localStorage.setItem(KEY, name);
      } catch {
      }
      apply(name);
    });
  }
  function stored() {
    try {
      const name = localStorage.getItem(KEY);
      return name in NAMES ? name : "auto";
    } catch {
      return "auto";
    }
  }
  function apply(name) {
    document.documentElement.dataset.theme = name;
    announce();
  }
  function announce() {
    scale = null;
    for (const listener of listeners2) listener();
  }
  function onThemeChange(listener) {
    listeners2.push(listener);
  }
  function colour(variable) {
    if (!probe) {
      probe = html("span", { hidden: true });
      document.body.append(probe);
    }
    probe.style.color = `var(${variable})`;
    return getComputedStyle(probe).color;
  }
  function graded(share) {
    if (!scale) scale = [0, 1, 2, 3, 4, 5].map((step2) => channels(colour(`--grade-${step2}`)));
    const place = Math.min(1, Math.max(0, share)) * (scale.length - 1);
    const step = Math.min(scale.length - 2, Math.floor(place));
    const mixed = scale[step].map((from, index) => Math.round(from + (scale[step + 1][index] - from) * (place - step)));
    return `rgb(${mixed.join(",")})`;
  }
  function channels(text2) {
    return text2.match(/[\d.]+/g).slice(0, 3).map(Number);
  }

  // plots/standalone.js
  var OF_SHAPES = {
    fill: "rgb(0, 0, 0)",
    "fill-opacity": "1",
    stroke: "none",
    "stroke-width": "1px",
    "stroke-opacity": "1",
    "stroke-dasharray": "none",
    "stroke-linejoin": "miter",
    opacity: "1",
    "paint-order": "normal"
  };
  var OF_TEXT = {
    "font-family": "",
    "font-size": "",
    "font-weight": "400",
    "font-style": "normal",
    "font-variant-numeric": "normal",
    "text-anchor": "start",
    "dominant-baseline": "auto"
  };
  function standalone(drawing) {
    const copy = drawing.cloneNode(true);
    const originals = [drawing, ...drawing.querySelectorAll("*")];
    const copies = [copy, ...copy.querySelectorAll("*")];
    originals.forEach((original, index) => inline(original, copies[index]));
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const background = svg("rect", { width: "100%", height: "100%", fill: colour("--paper") });
    const after = copy.querySelector(":scope > desc") || copy.querySelector(":scope > title");
    if (after) after.after(background);
    else copy.prepend(background);
    return `<?xml version="1.0" encoding="UTF-8"?>
${new XMLSerializer().serializeToString(copy)}
`;
  }
  function inline(original, copy) {
    copy.removeAttribute("class");
    if (["svg", "g", "title", "desc", "defs", "clipPath"].includes(original.tagName)) return;
    const style = getComputedStyle(original);
    const wanted = original.tagName === "text" ? { ...OF_SHAPES, ...OF_TEXT } : OF_SHAPES;
    for (const [property, usual] of Object.entries(wanted)) {
      const value2 = style.getPropertyValue(property);
      if (value2 && value2 !== usual) copy.setAttribute(property, value2);
    }
  }

  // plots/zoom.js
  function isZoomed(spec) {
    return store.zooms.has(spec.id);
  }
  function setZoom(spec, range) {
    if (range) store.zooms.set(spec.id, range);
    else store.zooms.delete(spec.id);
    store.changed("choice", spec.section);
  }
  function zoomFor(spec, x) {
    return { set: (pixels) => setZoom(spec, pixels && pixels.map(x.invert)) };
  }
  function zoomedRange(id, otherwise) {
    return store.zooms.get(id) || otherwise;
  }

  // plots/figure.js
  var SHOWN_ROWS = 500;
  function figure(parent, spec) {
    const study = spec.study;
    const isTable = store.asTable.has(spec.id);
    const area = html("div", { class: "plot-area" });
    const element = html(
      "figure",
      { class: "plot", "data-plot": spec.id },
      html(
        "figcaption",
        null,
        html("span", { class: "plot-title" }, spec.title),
        spec.note && html("span", { class: "plot-note" }, spec.note)
      ),
      html(
        "div",
        { class: "plot-tools" },
        spec.controls,
        isZoomed(spec) && tool("Reset zoom", `${spec.id}-zoom`, () => setZoom(spec, null)),
        tool("Table", `${spec.id}-table`, () => toggleTable(spec), {
          "aria-pressed": String(isTable),
          "data-action": "table"
        }),
        tool("CSV", `${spec.id}-csv`, () => downloadCsv(spec, study), {
          "data-action": "csv",
          title: "Download the data of this plot"
        }),
        !isTable && tool("SVG", `${spec.id}-svg`, () => downloadSvg(spec, study, area), {
          "data-action": "svg",
          title: "Download this plot as a drawing"
        })
      ),
      area
    );
    parent.append(element);
    if (isTable) area.append(twin(spec));
    else drawInto(area, spec);
    return element;
  }
  function tool(label2, key2, onclick, attributes = {}) {
    return button(label2, { class: "tool", "data-key": key2, ...attributes }, onclick);
  }
  function drawInto(area, spec) {
    const width2 = Math.max(spec.minWidth || 0, Math.floor(area.clientWidth));
    const { root, surface: surface5 } = spec.draw(width2);
    const canvas = html("div", { class: "canvas" }, root, surface5);
    canvas.style.width = `${width2}px`;
    if (surface5) surface5.dataset.key = `${spec.id}-surface`;
    area.append(canvas);
  }
  function toggleTable(spec) {
    const { asTable } = store;
    if (!asTable.delete(spec.id)) asTable.add(spec.id);
    store.changed("choice", spec.section);
  }
  function twin(spec) {
    const { columns, rows } = spec.table();
    const more = rows.length > SHOWN_ROWS && html(
      "p",
      { class: "note" },
      `The first ${SHOWN_ROWS} of ${rows.length.toLocaleString("en")} rows; the CSV has all of them.`
    );
    return scrollRegion(
      `${spec.title}, as a table`,
      plainTable(columns, rows.slice(0, SHOWN_ROWS), { caption: spec.title }),
      more
    );
  }
  function downloadCsv(spec, study) {
    const { columns, rows } = spec.table();
    download(fileName(study, spec.id, "csv"), "text/csv;charset=utf-8", csv(columns, rows));
  }
  function downloadSvg(spec, study, area) {
    const drawing = area.querySelector("svg.drawing");
    download(fileName(study, spec.id, "svg"), "image/svg+xml", standalone(drawing));
  }

  // plots/frame.js
  var made = 0;
  function create({ width: width2, height, title: title2, description, margin = {} }) {
    made += 1;
    const ids = [`plot-title-${made}`, `plot-description-${made}`];
    const box3 = {
      left: margin.left ?? 56,
      right: width2 - (margin.right ?? 16),
      top: margin.top ?? 12,
      bottom: height - (margin.bottom ?? 44)
    };
    const root = svg(
      "svg",
      {
        class: "drawing",
        width: width2,
        height,
        viewBox: `0 0 ${width2} ${height}`,
        role: "img",
        "aria-labelledby": ids.join(" ")
      },
      svg("title", { id: ids[0] }, title2),
      svg("desc", { id: ids[1] }, description)
    );
    return { root, box: box3, width: width2, height };
  }
  function add(parent, ...children) {
    (parent.root || parent).append(...children.flat().filter(Boolean));
  }
  function axes(plot, { box: box3 = plot.box, x, y, xLabel, yLabel, hasGrid = true, rise = 10 }) {
    const group = svg("g", { class: "axes" });
    if (y) group.append(...yAxis(box3, y, hasGrid));
    if (x) group.append(...xAxis(box3, x));
    group.append(svg("path", { class: "axis", d: `M${box3.left},${box3.top}V${box3.bottom}H${box3.right}` }));
    if (xLabel)
      group.append(
        label(xLabel, (box3.left + box3.right) / 2, box3.bottom + 36, { class: "axis-label", "text-anchor": "middle" })
      );
    if (yLabel) group.append(label(yLabel, box3.left - 8, box3.top - rise, { class: "axis-label" }));
    add(plot, group);
    return group;
  }
  function yAxis(box3, y, hasGrid) {
    const ticks = y.ticks(Math.max(2, Math.round((box3.bottom - box3.top) / 34)));
    return ticks.flatMap((tick) => {
      const at = y(tick.value);
      const line3 = !tick.isMinor && hasGrid && svg("line", { class: "grid", x1: box3.left, x2: box3.right, y1: at, y2: at });
      const mark = svg("line", { class: "axis", x1: box3.left - (tick.isMinor ? 3 : 5), x2: box3.left, y1: at, y2: at });
      const text2 = tick.label && label(clipped(tick.label, 12), box3.left - 8, at, {
        "text-anchor": "end",
        "dominant-baseline": "central",
        class: tick.isNone ? "tick none" : "tick"
      });
      return [line3, mark, text2].filter(Boolean);
    });
  }
  function xAxis(box3, x) {
    const width2 = box3.right - box3.left;
    const ticks = x.ticks(Math.max(2, Math.round(width2 / 68)));
    const longest2 = Math.floor(Math.min(width2 / Math.max(1, x.values ? ticks.length : 1), 120) / 6.2);
    let taken = -Infinity;
    return ticks.flatMap((tick) => {
      const at = x(tick.value);
      const text2 = clipped(tick.label, Math.max(3, longest2));
      const half = text2.length * 6.2 / 2 + 3;
      const isFree = text2 && at - half > taken;
      if (isFree) taken = at + half;
      return [
        svg("line", { class: "axis", x1: at, x2: at, y1: box3.bottom, y2: box3.bottom + (tick.isMinor ? 3 : 5) }),
        isFree && label(text2, at, box3.bottom + 17, { "text-anchor": "middle", class: tick.isNone ? "tick none" : "tick" })
      ].filter(Boolean);
    });
  }
  function clipped2(plot, box3 = plot.box) {
    made += 1;
    const { left, right, top, bottom } = box3;
    const id = `clip-${made}`;
    const group = svg("g", { "clip-path": `url(#${id})` });
    add(
      plot,
      svg(
        "defs",
        null,
        svg(
          "clipPath",
          { id },
          svg("rect", { x: left - 5, y: top - 5, width: Math.max(0, right - left + 10), height: bottom - top + 10 })
        )
      ),
      group
    );
    return group;
  }
  function label(text2, x, y, attributes) {
    return svg("text", { x, y, ...attributes }, text2);
  }

  // plots/legend.js
  function legend(plot, entries, { left = plot.box.left, top = 12 } = {}) {
    let [x, y] = [left, top];
    const group = svg("g", { class: "legend" });
    for (const entry of entries) {
      const length = 20 + entry.label.length * 6.4 + 14;
      if (x + length > plot.width && x > left) [x, y] = [left, y + 18];
      group.append(
        entry.mark(x + 7, y),
        label(entry.label, x + 20, y, { "dominant-baseline": "central", class: "legend-label" })
      );
      x += length;
    }
    add(plot, group);
  }
  function legendHeight(width2, entries, left = 56) {
    let [x, rows] = [left, entries.length ? 1 : 0];
    for (const entry of entries) {
      const length = 20 + entry.label.length * 6.4 + 14;
      if (x + length > width2 && x > left) [x, rows] = [left, rows + 1];
      x += length;
    }
    return rows * 18 + (rows ? 8 : 0);
  }

  // plots/paths.js
  function tenths(number4) {
    return Math.round(number4 * 10) / 10;
  }
  function line(points2) {
    let isOpen = false;
    return points2.map(([x, y]) => {
      if (!Number.isFinite(x) || !Number.isFinite(y)) {
        isOpen = false;
        return "";
      }
      const text2 = `${isOpen ? "L" : "M"}${tenths(x)},${tenths(y)}`;
      isOpen = true;
      return text2;
    }).join("");
  }
  function steps(points2) {
    return points2.map(([x, y], index) => index === 0 ? `M${tenths(x)},${tenths(y)}` : `H${tenths(x)}V${tenths(y)}`).join("");
  }
  function band(points2) {
    const upper = points2.map(([x, , high]) => [x, high]);
    const lower = points2.map(([x, low]) => [x, low]).reverse();
    return `${line([...upper, ...lower])}Z`;
  }
  function dense(lines2, attributes, total = lines2.length) {
    if (!lines2.length) return [];
    if (lines2.length <= 60) return [svg("path", { ...attributes, d: lines2.join("") })];
    const layers = Math.min(16, Math.ceil(lines2.length / 30));
    const opacity = Math.max(0.05, Math.min(0.5, 9 / total ** 0.6));
    return Array.from(
      { length: layers },
      (_, layer) => svg("path", { ...attributes, opacity, d: lines2.filter((_line, index) => index % layers === layer).join("") })
    );
  }

  // plots/marks.js
  var SHAPES = {
    completed: circle,
    pruned: circle,
    paused: diamond,
    running: triangle,
    failed: cross
  };
  var ORDER = ["failed", "pruned", "paused", "running", "completed"];
  function circle(x, y, r) {
    return `M${tenths(x - r)},${tenths(y)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`;
  }
  function diamond(x, y, r) {
    const d = r * 1.25;
    return `M${tenths(x - d)},${tenths(y)}l${tenths(d)},${tenths(-d)}l${tenths(d)},${tenths(d)}l${tenths(-d)},${tenths(d)}z`;
  }
  function triangle(x, y, r) {
    const d = r * 1.25;
    return `M${tenths(x - d)},${tenths(y + d)}L${tenths(x)},${tenths(y - d)}L${tenths(x + d)},${tenths(y + d)}z`;
  }
  function cross(x, y, r) {
    return `M${tenths(x - r)},${tenths(y - r)}L${tenths(x + r)},${tenths(y + r)}M${tenths(x - r)},${tenths(y + r)}L${tenths(x + r)},${tenths(y - r)}`;
  }
  function radius(count) {
    return count > 1500 ? 1.8 : count > 300 ? 2.6 : 3.8;
  }
  function trials(parent, points2, r = radius(points2.length)) {
    const faint = points2.filter((point) => point.isFaint);
    if (faint.length) parent.append(svg("path", { class: "mark faint", d: joined(faint, r) }));
    for (const status of ORDER) {
      const group = points2.filter((point) => point.status === status && !point.isFaint);
      if (group.length)
        parent.append(svg("path", { class: r < 3 ? `mark is-small ${status}` : `mark ${status}`, d: joined(group, r) }));
    }
  }
  function joined(points2, r) {
    return points2.map((point) => SHAPES[point.status](point.x, point.y, point.status === "completed" ? r : r * 0.9)).join("");
  }
  function statusEntries(statuses) {
    return statuses.map((status) => ({
      label: status,
      mark: (x, y) => svg("path", { class: `mark ${status}`, d: SHAPES[status](x, y, 4) })
    }));
  }
  function lineEntry(label2, className) {
    return { label: label2, mark: (x, y) => svg("line", { class: className, x1: x - 8, x2: x + 8, y1: y, y2: y }) };
  }
  function statusIcon(status) {
    return svg("svg", { width: 12, height: 12, "aria-hidden": "true" }, statusEntries([status])[0].mark(6, 6));
  }

  // plots/dragging.js
  var DRAG = 6;
  function dragging(element, plot, zoom) {
    const shade = html("div", { class: "shade", hidden: true });
    element.append(shade);
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType === "touch") return;
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
          height: `${plot.box.bottom - plot.box.top}px`
        });
      };
      const end = () => {
        removeEventListener("pointermove", move);
        removeEventListener("pointerup", end);
        removeEventListener("pointercancel", end);
        shade.hidden = true;
        if (!store.isDragging) return;
        swallowClick(element);
        store.isDragging = false;
        zoom.set([Math.min(from, to), Math.max(from, to)]);
      };
      addEventListener("pointermove", move);
      addEventListener("pointerup", end);
      addEventListener("pointercancel", end);
    });
    element.addEventListener("dblclick", () => zoom.set(null));
  }
  function swallowClick(element) {
    const swallow = (event) => event.stopImmediatePropagation();
    element.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => element.removeEventListener("click", swallow, { capture: true }), 0);
  }

  // plots/tooltip.js
  var box = null;
  function show(place, [heading2, ...pairs2]) {
    if (!box) {
      box = html("div", { class: "tooltip", role: "status" });
      document.body.append(box);
    }
    const rows = pairs2.map(([label2, value2]) => [
      html("dt", null, clipped(label2, 40)),
      html("dd", null, clipped(String(value2), 90))
    ]);
    box.replaceChildren(html("strong", null, clipped(heading2, 90)), html("dl", null, rows));
    box.classList.add("is-shown");
    const width2 = Math.min(box.offsetWidth, innerWidth - 16);
    const left = place.x + 16 + width2 > innerWidth ? Math.max(8, place.x - width2 - 16) : place.x + 16;
    const top = Math.min(Math.max(8, place.y + 12), Math.max(8, innerHeight - box.offsetHeight - 8));
    box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
  function hide() {
    if (box) box.classList.remove("is-shown");
  }
  function trialLines(study, trial, extra = []) {
    const heading2 = `Trial ${trial.trial} · ${trial.status}${trial.rank === 1 ? " · best" : ""}`;
    const shown = varied(study).filter((one) => setting(trial, one.name) !== void 0);
    const values = shown.slice(0, 10).map((one) => [one.name, value(setting(trial, one.name))]);
    const rest = shown.length > 10 ? [["and", `${shown.length - 10} more`]] : [];
    return [
      heading2,
      [metric(study).name, trial.value === null ? "no result" : short(trial.value)],
      ...extra,
      ...study.has_epochs ? [["epochs", epochs(trial.epochs)]] : [],
      ...values,
      ...rest
    ];
  }

  // plots/pointer.js
  var REACH = 18;
  function surface({ plot, points: points2, describe: describe2, highlight, open, nearest = nearestPoint, zoom, label: label2 }) {
    const overlay = svg("g", { class: "overlay" });
    plot.root.append(overlay);
    const element = html("div", {
      class: open ? "surface is-clickable" : "surface",
      tabindex: points2.length ? 0 : null,
      role: points2.length ? "application" : null,
      "aria-label": points2.length ? `${label2}: arrow keys step through ${points2.length} points, Enter opens one` : null
    });
    let current = null;
    function pointAt(point) {
      if (point === current) return;
      current = point;
      overlay.replaceChildren(...point ? [highlight ? highlight(point) : ring(point)].flat() : []);
    }
    function tell3(point) {
      const area = element.getBoundingClientRect();
      show({ x: area.left + Math.min(point.x, area.width), y: area.top + point.y }, describe2(point));
    }
    function leave() {
      pointAt(null);
      hide();
    }
    element.addEventListener("pointermove", (event) => {
      if (store.isDragging) return;
      const found = nearest(points2, event.offsetX, event.offsetY);
      if (!found) return leave();
      pointAt(found);
      show({ x: event.clientX, y: event.clientY }, describe2(found));
    });
    element.addEventListener("pointerleave", leave);
    element.addEventListener("blur", leave);
    element.addEventListener("click", () => {
      if (current && open) open(current);
    });
    element.addEventListener("keydown", (event) => {
      const order = keyOrder(points2);
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        const at = order.indexOf(current);
        pointAt(order[(at + step + order.length) % order.length]);
        tell3(current);
      } else if (event.key === "Enter" && current && open) {
        event.preventDefault();
        open(current);
      } else if (event.key === "Escape") leave();
    });
    if (zoom) dragging(element, plot, zoom);
    return element;
  }
  var ordered = /* @__PURE__ */ new WeakMap();
  function keyOrder(points2) {
    if (!ordered.has(points2))
      ordered.set(
        points2,
        [...points2].sort((one, other) => one.x - other.x || one.y - other.y)
      );
    return ordered.get(points2);
  }
  function nearestPoint(points2, x, y) {
    let [found, best2] = [null, REACH * REACH];
    for (const point of points2) {
      const distance2 = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (distance2 < best2 || distance2 === best2 && found && found.isFaint && !point.isFaint)
        [found, best2] = [point, distance2];
    }
    return found;
  }
  function ring(point) {
    return svg("circle", { class: "ring", cx: point.x, cy: point.y, r: 7 });
  }

  // study/extents.js
  function bounds(study, one) {
    if (one.bounds && one.bounds.every(Number.isFinite)) return one.bounds;
    const tried = study.trials.map((trial) => setting(trial, one.name)).filter(Number.isFinite);
    return extent(tried) || [0, 1];
  }
  function extent(numbers) {
    let [low, high] = [Infinity, -Infinity];
    for (const number4 of numbers) {
      if (!Number.isFinite(number4)) continue;
      if (number4 < low) low = number4;
      if (number4 > high) high = number4;
    }
    return low <= high ? [low, high] : null;
  }
  function robustExtent(numbers, always = []) {
    const sorted2 = Float64Array.from(numbers.filter(Number.isFinite)).sort();
    const fixed = extent(always);
    if (sorted2.length < 8) return extent([...sorted2, ...fixed || []]);
    const at = (share) => sorted2[Math.round(share * (sorted2.length - 1))];
    const [first, third] = [at(0.25), at(0.75)];
    const reach = 3 * (third - first) || Infinity;
    const within = [Math.max(sorted2[0], first - reach), Math.min(sorted2[sorted2.length - 1], third + reach)];
    return extent([...within, ...fixed || []]);
  }
  function wantsLog(study, [low, high]) {
    return metric(study).goal === "minimize" && low > 0 && high / low > 50;
  }

  // plots/ticks.js
  var TIME_STEPS = [
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    86400
  ];
  function linearTicks(low, high, count) {
    const rough = (high - low) / Math.max(1, count);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
    const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const isTiny = Math.max(Math.abs(low), Math.abs(high)) < 1e-3 || Math.max(Math.abs(low), Math.abs(high)) >= 1e6;
    const ticks = [];
    for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) {
      const value2 = Number((index * step).toFixed(Math.min(20, decimals + 2)));
      ticks.push({ value: value2, label: isTiny ? short(value2, 3) : value2.toFixed(Math.min(20, decimals)) });
    }
    return ticks;
  }
  function timeTicks(low, high, count) {
    const rough = (high - low) / Math.max(1, count);
    if (rough < TIME_STEPS[0])
      return linearTicks(low, high, count).map((tick) => ({ ...tick, label: `${tick.label} s` }));
    const days = Math.ceil(rough / 86400) * 86400;
    const step = TIME_STEPS.find((one) => one >= rough * 0.999) || days;
    const ticks = [];
    for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) {
      ticks.push({ value: index * step, label: timeLabel(index * step) });
    }
    return ticks;
  }
  function timeLabel(seconds) {
    if (seconds === 0) return "0";
    const label2 = duration(seconds);
    return label2.replace(/(\d[hmd]) 00[smh]$/, "$1");
  }
  function logTicks(low, high, count) {
    const decades = Math.log10(high / low);
    const every = Math.max(1, Math.ceil(decades / Math.max(1, count)));
    const labelled = decades < 0.7 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : decades < 1.7 ? [1, 2, 5] : [1];
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
      for (let digit = 1; digit <= 9; digit += 1) {
        const value2 = digit * 10 ** power;
        if (value2 < low * 0.9999 || value2 > high * 1.0001) continue;
        const isLabelled = labelled.includes(digit) && (digit > 1 || power % every === 0);
        ticks.push({ value: value2, label: isLabelled ? decade(digit, power) : "", isMinor: !isLabelled });
      }
    }
    return ticks.some((tick) => tick.label) ? ticks : linearTicks(low, high, count);
  }
  function decade(digit, power) {
    return power >= -3 && power <= 4 ? trimmed((digit * 10 ** power).toFixed(Math.max(0, -power))) : `${digit}e${power}`;
  }

  // plots/scales.js
  var NONE_LANE = 26;
  function linear(domain, range) {
    const [low, high] = widened(domain);
    const place = (value2) => range[0] + (value2 - low) / (high - low) * (range[1] - range[0]);
    return Object.assign(place, {
      domain: [low, high],
      range,
      invert: (at) => low + (at - range[0]) / (range[1] - range[0]) * (high - low),
      ticks: (count) => linearTicks(low, high, count)
    });
  }
  function time(domain, range) {
    const scale3 = linear(domain, range);
    return Object.assign(scale3, { ticks: (count) => timeTicks(...scale3.domain, count) });
  }
  function log(domain, range) {
    const [low, high] = domain[0] === domain[1] ? [domain[0] / 2, domain[1] * 2] : domain;
    const inner = linear([Math.log10(low), Math.log10(high)], range);
    const place = (value2) => inner(Math.log10(Math.max(value2, Number.MIN_VALUE)));
    return Object.assign(place, {
      domain: [low, high],
      range,
      invert: (at) => 10 ** inner.invert(at),
      ticks: (count) => logTicks(low, high, count)
    });
  }
  function points(values, range) {
    const keys = new Map(values.map((value2, index) => [key(value2), index]));
    const step = (range[1] - range[0]) / Math.max(1, values.length);
    const place = (value2) => keys.has(key(value2)) ? range[0] + step * (keys.get(key(value2)) + 0.5) : NaN;
    return Object.assign(place, {
      values,
      range,
      step: Math.abs(step),
      ticks: () => values.map((value2) => ({ value: value2, label: value(value2) }))
    });
  }
  function key(value2) {
    return `${typeof value2}:${value2}`;
  }
  function parameter2(study, one, range, hasNone = isMissingSomewhere(study, one)) {
    const direction = Math.sign(range[1] - range[0]);
    const free = hasNone ? [range[0] + direction * NONE_LANE, range[1]] : range;
    const inner = one.kind === "choice" ? points(one.values, free) : number2(study, one, free);
    const lane = hasNone ? range[0] + direction * (NONE_LANE / 2 - 4) : NaN;
    const place = (value2) => value2 === void 0 || value2 === null ? lane : inner(value2);
    return Object.assign(place, inner, {
      range,
      free,
      hasNone,
      lane,
      ticks: (count) => [...hasNone ? [{ value: void 0, label: "none", isNone: true }] : [], ...inner.ticks(count)]
    });
  }
  function number2(study, one, range) {
    const domain = bounds(study, one);
    return one.is_log && domain[0] > 0 ? log(domain, range) : linear(domain, range);
  }
  function metric2(study, values, range, always = []) {
    const found = robustExtent(values, always) || [0, 1];
    if (wantsLog(study, found)) return log([found[0] / 1.1, found[1] * 1.1], range);
    const air = (found[1] - found[0]) * 0.05 || Math.abs(found[0]) * 0.05 || 0.5;
    return linear([found[0] - air, found[1] + air], range);
  }
  function clamped(scale3) {
    const [low, high] = [Math.min(...scale3.range), Math.max(...scale3.range)];
    return (value2) => Math.min(high, Math.max(low, scale3(value2)));
  }
  function widened([low, high]) {
    if (low < high) return [low, high];
    const by = Math.abs(low) * 0.1 || 1;
    return [low - by, low + by];
  }

  // sections/comparison.js
  var STYLES = 6;
  var comparison_default = {
    id: "comparison",
    title: "Comparison",
    isOfPage: true,
    needs: ["incumbent", "trials", "best", "state", "elapsed", "metrics"],
    isShown: (study, view) => Boolean(view.comparison) && view.studies.length > 1,
    render
  };
  function render(body2, study, view) {
    const { sentences, differences } = view.comparison;
    const names = view.studies.map((_, index) => studyLabel(view.studies, index));
    append(
      body2,
      html(
        "div",
        { class: "prose" },
        sentences.map((sentence) => html("p", null, prose(sentence)))
      )
    );
    const hasEpochs = view.studies.some((one) => one.has_epochs);
    const pair = html("div", { class: hasEpochs ? "pair" : null });
    append(body2, pair);
    curves(pair, view, names, {
      id: "comparison-time",
      title: "Best value over time",
      at: (point) => point.seconds,
      end: (one) => one.elapsed,
      scale: time,
      xLabel: "time"
    });
    if (hasEpochs)
      curves(pair, view, names, {
        id: "comparison-epochs",
        title: "Best value over cost",
        at: (point) => point.epochs,
        end: trainedEpochs,
        scale: linear,
        xLabel: "epochs trained by all trials"
      });
    append(body2, html("h3", null, "Bests"), scrollRegion("Bests of the studies", bests(view, names)));
    if (differences.length)
      append(
        body2,
        html("h3", null, "Differences"),
        scrollRegion("What differs between the studies", differing(differences, names))
      );
  }
  function curves(parent, view, names, { id, title: title2, at, end, scale: scale3, xLabel }) {
    const studies = view.studies;
    const name = metric(studies[0]).name;
    const spec = { id, title: title2, study: null, section: "comparison", draw: draw10, table: table12 };
    figure(parent, spec);
    function draw10(width2) {
      const entries = names.map(
        (text2, index) => lineEntry(clipped(text2, 36), `study-line study-${index % STYLES}`)
      );
      const top = legendHeight(width2, entries) + 26;
      const plot = create({
        width: width2,
        height: 290 + top,
        title: title2,
        description: `Best ${name} so far of ${names.length} studies.`,
        margin: { top }
      });
      const whole = [0, Math.max(...studies.map(end), ...studies.flatMap((one) => one.incumbent.map(at)), 1e-9)];
      const x = scale3(zoomedRange(id, whole), [plot.box.left, plot.box.right]);
      const y = metric2(
        studies[0],
        studies.flatMap((one) => one.incumbent.map((point) => point.value)),
        [plot.box.bottom, plot.box.top]
      );
      const yAt = clamped(y);
      axes(plot, { x, y, xLabel, yLabel: name });
      legend(plot, entries);
      const points2 = [];
      const group = clipped2(plot);
      studies.forEach((one, index) => {
        const steps2 = one.incumbent.map((point) => [x(at(point)), yAt(point.value)]);
        if (!steps2.length) return;
        const last2 = steps2[steps2.length - 1];
        group.append(
          svg("path", {
            class: `study-line study-${index % STYLES}`,
            d: steps([...steps2, [x(end(one)), last2[1]]])
          })
        );
        one.incumbent.forEach(
          (point, place) => points2.push({ x: steps2[place][0], y: steps2[place][1], point, name: names[index] })
        );
      });
      const seen = points2.filter((point) => point.x >= plot.box.left && point.x <= plot.box.right);
      const surface5 = surface({
        plot,
        points: seen,
        label: title2,
        zoom: zoomFor(spec, x),
        describe: ({ point, name: owner }) => [
          owner,
          [name, short(point.value)],
          ["trial", point.trial],
          ["time", duration(point.seconds)],
          ["epochs", short(point.epochs)]
        ]
      });
      return { root: plot.root, surface: surface5 };
    }
    function table12() {
      return {
        columns: [
          { label: "study" },
          { label: "trial", kind: "number" },
          { label: name, kind: "number" },
          { label: "seconds", kind: "number" },
          { label: "epochs", kind: "number" }
        ],
        rows: studies.flatMap(
          (one, index) => one.incumbent.map((point) => [names[index], point.trial, point.value, point.seconds, point.epochs])
        )
      };
    }
  }
  function bests(view, names) {
    const columns = [
      { label: "study" },
      { label: "state" },
      { label: `best ${metric(view.studies[0]).name}`, kind: "number" },
      { label: "trial", kind: "number" },
      { label: "trials", kind: "number" },
      { label: "time" },
      { label: "time to the common value" }
    ];
    const values = view.studies.map(
      (one) => one.incumbent.length ? one.incumbent[one.incumbent.length - 1].value : null
    );
    const direction = sign(metric(view.studies[0]).goal);
    const top = Math.max(...values.filter((value2) => value2 !== null).map((value2) => direction * value2));
    const rows = view.studies.map((one, index) => {
      const common = view.comparison.seconds_to_common[index];
      return [
        swatch(names[index], index),
        one.state,
        values[index],
        best(one) ? best(one).trial : null,
        searched(one).length,
        duration(one.elapsed),
        common === null || common === void 0 ? "never" : duration(common)
      ];
    });
    return plainTable(columns, rows, {
      rowAttributes: (_, index) => ({ class: direction * values[index] === top ? "is-best" : null })
    });
  }
  function swatch(name, index) {
    return html(
      "span",
      { class: "swatched" },
      svg(
        "svg",
        { width: 22, height: 10, "aria-hidden": "true" },
        svg("line", { class: `study-line study-${index % STYLES}`, x1: 1, x2: 21, y1: 5, y2: 5 })
      ),
      name
    );
  }
  function differing(differences, names) {
    return plainTable(
      [{ label: "" }, ...names.map((name) => ({ label: name }))],
      differences.map(([what, values]) => [what, ...values])
    );
  }

  // elements/bar.js
  function barFill(share) {
    const fill = html("span", { class: "bar-fill" });
    fill.style.width = `${share * 100}%`;
    return fill;
  }
  function meter(share) {
    return html("span", { class: "bar is-small", "aria-hidden": "true" }, barFill(Math.max(0, Math.min(1, share))));
  }

  // sections/overview.js
  var REASONS = {
    target: "the target was met",
    wall: "the time was up",
    trials: "all trials were done",
    exhausted: "there was nothing left to try",
    failures: "the first trials all failed alike"
  };
  var STATES = {
    running: "running",
    interrupted: "interrupted, can be resumed",
    died: "its process died, can be resumed",
    ended: "ended"
  };
  var overview_default = {
    id: "overview",
    title: "Overview",
    needs: [
      "name",
      "folder",
      "state",
      "reason",
      "facts",
      "metrics",
      "elapsed",
      "wall",
      "max_trials",
      "trials",
      "best",
      "unfulfilled",
      "is_held",
      "seconds_left",
      "selection"
    ],
    isShown: () => true,
    render: render2
  };
  function render2(body2, study, view) {
    append(
      body2,
      html(
        "div",
        { class: "overview" },
        html("div", { class: "overview-best" }, bestValue(study)),
        html("div", { class: "overview-spent" }, bars(study), outcomes(study)),
        html("div", { class: "overview-facts" }, facts(study, view))
      )
    );
  }
  function heading(study) {
    const reason = study.state === "ended" && study.reason ? `: ${REASONS[study.reason] || study.reason}` : "";
    const held = study.is_held ? ", held: nothing new is started" : "";
    return [
      html("h1", null, study.name),
      html(
        "p",
        { class: `state ${study.state}`, "data-state": study.state },
        html("span", { class: "state-dot", "aria-hidden": "true" }),
        `${STATES[study.state] || study.state}${reason}${held}`
      )
    ];
  }
  function bestValue(study) {
    const winner = best(study);
    const { name, goal, target } = metric(study);
    if (!winner) return [heading(study), html("p", { class: "note" }, "No trial has a result yet.")];
    const others = study.metrics.slice(1).filter((one) => Object.hasOwn(winner.metrics, one.name));
    return [
      heading(study),
      html(
        "p",
        { class: "best" },
        html("span", { class: "best-value", "data-best": winner.value }, short(winner.value, 5)),
        html("span", { class: "best-metric" }, `${name}, ${goal === "minimize" ? "lower" : "higher"} is better`)
      ),
      study.unfulfilled && html("p", { class: "failure", role: "alert" }, prose(`Failed: ${study.unfulfilled}.`)),
      html(
        "p",
        { class: "note" },
        "by ",
        trialLink(winner.trial, `trial ${winner.trial}`),
        study.has_epochs && winner.best_epoch !== null ? ` at epoch ${epochs(winner.best_epoch)}` : "",
        target === null ? "" : `; target ${short(target)} ${isMet(winner, target, goal) ? "met" : "not met"}`,
        others.length ? `; ${others.map((one) => `${one.name} ${short(winner.metrics[one.name])}`).join(", ")}` : ""
      )
    ];
  }
  function isMet(winner, target, goal) {
    return goal === "minimize" ? winner.value <= target : winner.value >= target;
  }
  function bars(study) {
    const left = study.state === "running" && study.seconds_left !== null ? `, about ${duration(study.seconds_left)} left` : "";
    const trials2 = searched(study).length;
    return [
      bar(
        "Time",
        study.elapsed,
        study.wall,
        `${duration(study.elapsed)}${study.wall === null ? "" : ` of ${duration(study.wall)}`}${left}`
      ),
      bar(
        "Trials",
        trials2,
        study.max_trials,
        study.max_trials === null ? String(trials2) : `${trials2} of ${study.max_trials}`
      )
    ];
  }
  function bar(name, spent, budget, text2) {
    const share = budget ? Math.min(1, spent / budget) : null;
    const attributes = {
      class: "bar",
      role: "progressbar",
      "aria-label": name,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-valuenow": share === null ? null : Math.round(share * 100),
      "aria-valuetext": text2
    };
    return html(
      "div",
      { class: "spent" },
      html("span", { class: "spent-name" }, name),
      html("span", { class: "spent-text" }, text2),
      share !== null && html("div", attributes, barFill(share))
    );
  }
  function outcomes(study) {
    const counts = byStatus(study);
    const total = searched(study).length;
    if (!total) return null;
    const pieces2 = counts.map(([status, count]) => {
      const piece = html("span", { class: `outcome ${status}` });
      piece.style.flexGrow = count;
      return piece;
    });
    const buttons = counts.map(
      ([status, count]) => button(
        [statusIcon(status), ` ${count} ${status}`],
        {
          class: "outcome-count",
          "data-status": status,
          "data-key": `outcome-${status}`,
          title: `Show only ${status} trials`
        },
        () => store.setFilter(`status:${status}`)
      )
    );
    return html(
      "div",
      { class: "outcomes" },
      html("div", { class: "outcome-bar", "aria-hidden": "true" }, pieces2),
      html("div", { class: "outcome-counts" }, buttons)
    );
  }
  function facts(study, view) {
    const made2 = new Date(view.generated_at);
    const rows = [
      ...study.facts,
      ["folder", study.folder],
      ["as of", Number.isNaN(made2.getTime()) ? view.generated_at : made2.toLocaleString()]
    ];
    return html(
      "dl",
      { class: "facts" },
      rows.map(([label2, value2]) => [html("dt", null, label2), html("dd", null, value2)])
    );
  }

  // sections/now.js
  var now_default = {
    id: "now",
    title: "Now",
    needs: ["slots", "elapsed", "state"],
    isShown: (study) => study.slots.length > 0,
    render: (body2, study) => append(
      body2,
      html(
        "div",
        { class: "slots" },
        study.slots.map((slot) => card(study, slot))
      )
    )
  };
  function card(study, slot) {
    const head2 = html(
      "p",
      { class: "slot-head" },
      html("strong", null, `Slot ${slot.slot}`),
      ` ${slot.device}`,
      html("span", { class: "muted" }, `busy ${percentage(slot.busy)}`)
    );
    if (!slot.running)
      return html(
        "div",
        { class: "slot is-idle", "data-slot": slot.slot },
        head2,
        html("p", { class: "muted" }, "waiting")
      );
    return html("div", { class: "slot", "data-slot": slot.slot }, head2, running(study, slot.running));
  }
  function running(study, now) {
    const [from, to] = now.levels;
    const share = to > from ? Math.min(1, Math.max(0, (now.at - from) / (to - from))) : 0;
    const last2 = now.curve[now.curve.length - 1];
    const words2 = [
      study.has_epochs && `epoch ${epochs(now.at)}, from ${epochs(from)} to ${epochs(to)}`,
      `for ${duration(Math.max(0, study.elapsed - now.begin))}`,
      now.train_loss !== null && `training loss ${short(now.train_loss, 3)}`,
      last2 && `${metric(study).name} ${short(last2[1])}`
    ].filter(Boolean);
    return [
      html("p", null, trialLink(now.trial, `Trial ${now.trial}`)),
      html(
        "div",
        {
          class: "bar",
          role: "progressbar",
          "aria-label": `Trial ${now.trial}`,
          "aria-valuemin": 0,
          "aria-valuemax": 100,
          "aria-valuenow": Math.round(share * 100)
        },
        barFill(share)
      ),
      html("p", { class: "note" }, words2.join(" · ")),
      sparkline(now.curve)
    ];
  }
  function sparkline(curve2) {
    const points2 = curve2.filter(([, value2]) => value2 !== null);
    if (points2.length < 2) return null;
    const [width2, height] = [160, 28];
    const x = linear(extent(points2.map(([epoch]) => epoch)), [2, width2 - 2]);
    const y = linear(extent(points2.map(([, value2]) => value2)), [height - 3, 3]);
    return svg(
      "svg",
      { class: "sparkline", width: width2, height, "aria-hidden": "true" },
      svg("path", { class: "curve running", d: line(points2.map(([epoch, value2]) => [x(epoch), y(value2)])) })
    );
  }

  // sections/summary.js
  var summary_default = {
    id: "summary",
    title: "Summary",
    needs: ["summary"],
    isShown: (study) => study.summary.length > 0,
    render: (body2, study) => append(
      body2,
      html(
        "dl",
        { class: "summary" },
        study.summary.map(
          ({ title: title2, text: text2 }) => html("div", null, html("dt", null, title2), html("dd", null, prose(text2)))
        )
      )
    )
  };

  // sections/incumbent/steps.js
  function drawSteps(plot, points2, end) {
    const { left, right } = plot.box;
    const extended = [...points2, [Math.max(end, points2[points2.length - 1][0]), points2[points2.length - 1][1]]];
    const before = extended.filter(([x]) => x < left);
    const within = extended.filter(([x]) => x >= left && x <= right);
    if (before.length) within.unshift([left, before[before.length - 1][1]]);
    if (!within.length) return;
    if (extended.some(([x]) => x > right)) within.push([right, within[within.length - 1][1]]);
    add(plot, svg("path", { class: "best-line", d: steps(within) }));
  }

  // sections/incumbent/hypervolume.js
  function hypervolumeFigure(parent, study, axis2) {
    const points2 = study.incumbent.filter((point) => point.hypervolume !== null);
    const title2 = "Hypervolume over time";
    const spec = {
      id: "incumbent-hypervolume",
      title: title2,
      note: "Share of the box between the worst and the best values that the front dominates.",
      study,
      section: "incumbent",
      draw: draw10,
      table: table12
    };
    figure(parent, spec);
    function draw10(width2) {
      const plot = create({
        width: width2,
        height: 300,
        title: title2,
        description: `Grows to ${short(points2[points2.length - 1].hypervolume)}.`,
        margin: { top: 30, right: 20 }
      });
      const x = axis2.scale(zoomedRange(spec.id, [0, Math.max(axis2.end, 1e-9)]), [plot.box.left, plot.box.right]);
      const top = Math.max(...points2.map((point) => point.hypervolume));
      const y = linear([0, top * 1.05 || 1], [plot.box.bottom, plot.box.top]);
      axes(plot, { x, y, xLabel: axis2.label, yLabel: "hypervolume" });
      const places = points2.map((point) => ({ x: x(point[axis2.key]), y: y(point.hypervolume), point }));
      drawSteps(
        plot,
        places.map((place) => [place.x, place.y]),
        x(axis2.end)
      );
      const surface5 = surface({
        plot,
        points: places.filter((place) => place.x >= plot.box.left && place.x <= plot.box.right),
        label: title2,
        zoom: zoomFor(spec, x),
        describe: ({ point }) => [
          `Trial ${point.trial}`,
          ["hypervolume", short(point.hypervolume)],
          ["time", duration(point.seconds)]
        ],
        open: ({ point }) => store.setOpened(point.trial)
      });
      return { root: plot.root, surface: surface5 };
    }
    function table12() {
      return {
        columns: ["trial", "seconds", "epochs", "hypervolume"].map((name) => ({ label: name, kind: "number" })),
        rows: points2.map((point) => [point.trial, point.seconds, point.epochs, point.hypervolume])
      };
    }
  }

  // study/arrivals.js
  function arrivals(study) {
    return remembered(study, "arrivals", () => {
      const found = /* @__PURE__ */ new Map();
      let epochs2 = 0;
      for (const segment of ended(study)) {
        const trial = study.trials[segment.trial];
        if (!trial) continue;
        const until = segment.outcome === "reached" ? segment.levels[1] : Math.min(segment.levels[1], trial.epochs);
        epochs2 += Math.max(0, until - segment.levels[0]);
        const had = found.get(trial.trial);
        const isLater = had && trial.best_epoch !== null && had.level >= trial.best_epoch - 1e-9;
        if (!isLater) found.set(trial.trial, { seconds: segment.end, epochs: epochs2, level: segment.levels[1] });
      }
      return found;
    });
  }
  function ended(study) {
    const segments = study.segments.filter((segment) => segment.end !== null);
    return segments.sort((one, other) => one.end - other.end);
  }

  // study/columns.js
  function trialColumns(study) {
    return remembered(study, "columns", () => build(study));
  }
  function build(study) {
    const first = metric(study);
    return [
      number3("rank", "rank", (trial) => trial.rank, true),
      { key: "trial", label: "trial", kind: "trial", get: (trial) => trial.trial, isUsual: true },
      text("status", "status", (trial) => trial.status, true),
      ...study.metrics.map((one) => metricColumn(one, first)),
      study.has_epochs && number3("best_epoch", "best epoch", (trial) => trial.best_epoch, true),
      study.has_epochs && number3("epochs", "epochs", (trial) => trial.epochs, true),
      ...study.parameters.map((one) => parameterColumn(one, study)),
      study.rungs.length > 1 && number3("rung", "rung", (trial) => trial.rung, false),
      text("stop_reason", "stop reason", (trial) => trial.stop_reason, true),
      text("origin", "origin", (trial) => trial.origin, true),
      { key: "wall_seconds", label: "wall seconds", kind: "seconds", get: (trial) => trial.wall_seconds, isUsual: true },
      {
        key: "train_seconds",
        label: "train seconds",
        kind: "seconds",
        get: (trial) => trial.train_seconds,
        isUsual: false
      },
      number3("peak_memory_mb", "peak memory MiB", (trial) => trial.peak_memory_mb || null, false),
      text("device", "device", (trial) => trial.device, false),
      number3("trainable_parameters", "trainable parameters", (trial) => trial.trainable_parameters, false),
      { key: "parent", label: "parent", kind: "trial", get: (trial) => trial.parent, isUsual: false },
      { key: "repeats", label: "repeats", kind: "trial", get: (trial) => trial.repeats, isUsual: hasRepeats(study) },
      study.has_front && text("front", "front", (trial) => trial.is_on_front ? "yes" : "no", true),
      text("failure", "failure", (trial) => trial.failure, false),
      text("config_hash", "config hash", (trial) => trial.config_hash, false)
    ].filter(Boolean);
  }
  function number3(key2, label2, get, isUsual) {
    return { key: key2, label: label2, kind: "number", get, isUsual };
  }
  function text(key2, label2, get, isUsual) {
    return { key: key2, label: label2, kind: "text", get, isUsual };
  }
  function metricColumn(one, first) {
    const get = one === first ? (trial) => trial.value : (trial) => Object.hasOwn(trial.metrics, one.name) ? trial.metrics[one.name] : null;
    return { ...number3(`metric.${one.name}`, one.name, get, true), isMetric: true, goal: one.goal };
  }
  function parameterColumn(one, study) {
    const isUsual = varied(study).includes(one);
    const isNumeric2 = one.kind === "number" || one.values.every((value2) => typeof value2 === "number");
    const kind2 = isNumeric2 ? "number" : "text";
    return {
      key: `params.${one.name}`,
      label: one.name,
      kind: kind2,
      get: (trial) => setting(trial, one.name),
      isUsual,
      isParameter: true
    };
  }
  function hasRepeats(study) {
    return study.trials.some((trial) => trial.repeats !== null);
  }

  // study/filter.js
  var OPERATORS = ["<=", ">=", "!=", "<", ">", "=", ":"];
  function parseFilter(text2, columns) {
    const terms = [];
    const problems = [];
    for (const { raw, isPlain } of pieces(text2)) {
      const term = isPlain ? plain(raw, false) : readTerm(raw, columns, problems);
      if (term) terms.push(term);
    }
    return { terms, problems };
  }
  function pieces(text2) {
    const found = text2.match(/(?:[^\s"]+|"[^"]*"?)+/g) || [];
    return found.map((piece) => ({ raw: piece, isPlain: /^"[^"]*"?$/.test(piece) }));
  }
  function readTerm(raw, columns, problems) {
    const isNegated = raw.startsWith("!") && raw.length > 1 && raw[1] !== "=";
    const body2 = isNegated ? raw.slice(1) : raw;
    const split = splitted(body2);
    if (!split) return plain(body2, isNegated);
    const column = findColumn(split.name, columns);
    if (!column) {
      problems.push(
        `\`${split.name}\` is no column${suggestion(split.name, columns)}. Quote the term to look for it as text.`
      );
      return null;
    }
    if (split.wanted === "") {
      problems.push(`\`${raw}\` lacks a value after \`${split.operator}\`.`);
      return null;
    }
    const isOrder = split.operator.includes("<") || split.operator.includes(">");
    if (isOrder && Number.isNaN(Number(split.wanted))) {
      problems.push(
        `\`${split.wanted}\` is no number: \`${split.operator}\` compares numbers, such as \`${split.name}${split.operator}0.5\`.`
      );
      return null;
    }
    return { column, operator: split.operator, wanted: split.wanted, isNegated };
  }
  function splitted(body2) {
    let [at, operator] = [Infinity, null];
    const outside = body2.replace(/"[^"]*"?/g, (quoted) => "_".repeat(quoted.length));
    for (const candidate of OPERATORS) {
      const place = outside.indexOf(candidate);
      if (place > 0 && place < at) [at, operator] = [place, candidate];
    }
    if (operator === null) return null;
    return { name: unquoted(body2.slice(0, at)), operator, wanted: unquoted(body2.slice(at + operator.length)) };
  }
  function unquoted(text2) {
    return text2.replace(/"/g, "");
  }
  function plain(raw, isNegated) {
    return { column: null, operator: ":", wanted: unquoted(raw), isNegated };
  }
  function findColumn(name, columns) {
    const wanted = name.toLowerCase();
    return columns.find((column) => column.key === name || column.label === name) || columns.find(
      (column) => column.label.toLowerCase() === wanted || column.label.toLowerCase().replace(/ /g, "_") === wanted
    );
  }
  function suggestion(name, columns) {
    const near = columns.map((column) => [distance(name.toLowerCase(), column.label.toLowerCase().slice(0, 60)), column.label]).sort((one, other) => one[0] - other[0])[0];
    return near && near[0] <= Math.max(2, name.length / 3) ? `; did you mean \`${near[1]}\`?` : "";
  }
  function distance(one, other) {
    let row2 = Array.from({ length: other.length + 1 }, (_, index) => index);
    for (let i = 1; i <= one.length; i += 1) {
      const next = [i];
      for (let j = 1; j <= other.length; j += 1) {
        const change = row2[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1);
        next.push(Math.min(change, row2[j] + 1, next[j - 1] + 1));
      }
      row2 = next;
    }
    return row2[other.length];
  }
  function matches(trial, term, columns) {
    const isMatch = term.column ? compared(term.column.get(trial), term) : anywhere(trial, term.wanted, columns);
    return isMatch !== term.isNegated;
  }
  function anywhere(trial, wanted, columns) {
    const text2 = wanted.toLowerCase();
    return columns.some((column) => exact(column.get(trial)).toLowerCase().includes(text2));
  }
  function compared(value2, { operator, wanted }) {
    const number4 = Number(wanted);
    const isMissing3 = value2 === null || value2 === void 0 || value2 === "";
    switch (operator) {
      case "<":
        return !isMissing3 && Number(value2) < number4;
      case ">":
        return !isMissing3 && Number(value2) > number4;
      case "<=":
        return !isMissing3 && Number(value2) <= number4;
      case ">=":
        return !isMissing3 && Number(value2) >= number4;
      case "!=":
        return !isEqual(value2, wanted, isMissing3);
      case "=":
        return isEqual(value2, wanted, isMissing3);
      default:
        if (isMissing3 || typeof value2 === "number") return isEqual(value2, wanted, isMissing3);
        return String(value2).toLowerCase().includes(wanted.toLowerCase());
    }
  }
  function isEqual(value2, wanted, isMissing3) {
    if (isMissing3) return wanted.toLowerCase() === "none";
    if (typeof value2 === "number") return value2 === Number(wanted);
    return String(value2).toLowerCase() === wanted.toLowerCase();
  }

  // state/selection.js
  var remembered2 = null;
  function currentSelection() {
    const key2 = `${store.filter}
${JSON.stringify([...store.brushes])}`;
    if (remembered2 && remembered2.study === store.study && remembered2.key === key2) return remembered2.selection;
    remembered2 = { study: store.study, key: key2, selection: select2(store.study, store) };
    return remembered2.selection;
  }
  function select2(study, { filter, brushes }) {
    const columns = trialColumns(study);
    const { terms, problems } = parseFilter(filter, columns);
    const isActive = terms.length > 0 || brushes.size > 0;
    if (!isActive) return { isActive, problems, count: study.trials.length, has: () => true };
    const passing = /* @__PURE__ */ new Set();
    for (const trial of study.trials) {
      const isPassing = terms.every((term) => matches(trial, term, columns)) && [...brushes].every(([name, brush]) => isWithin(study, trial, name, brush));
      if (isPassing) passing.add(trial.trial);
    }
    return { isActive, problems, count: passing.size, has: (number4) => passing.has(number4) };
  }
  function isWithin(study, trial, name, brush) {
    const isMetric = name === "";
    const value2 = isMetric ? trial.value : setting(trial, name);
    if (value2 === void 0 || value2 === null) return brush.includesNone;
    if (brush.range) return value2 >= brush.range[0] && value2 <= brush.range[1];
    return Boolean(brush.values) && brush.values.includes(value2);
  }
  function brushInWords(study, name, brush) {
    const label2 = name === "" ? metric(study).name : name;
    const parts = [];
    if (brush.range) parts.push(`${short(brush.range[0], 3)} to ${short(brush.range[1], 3)}`);
    if (brush.values) parts.push(brush.values.map(value).join(", "));
    if (brush.includesNone) parts.push("none");
    return `${label2}: ${parts.filter(Boolean).join(" or ") || "nothing"}`;
  }

  // sections/incumbent/values.js
  function valueFigure(parent, study, axis2, { id, title: title2 }) {
    const { name, target } = metric(study);
    const selection = currentSelection();
    const valued = searched(study).filter((trial) => trial.value !== null && arrivals(study).has(trial.trial));
    const spec = { id, title: title2, study, section: "incumbent", draw: draw10, table: table12 };
    figure(parent, spec);
    function draw10(width2) {
      const statuses = STATUSES.filter((status) => valued.some((trial) => trial.status === status));
      const entries = [lineEntry("best so far", "best-line"), ...statusEntries(statuses)];
      const top = legendHeight(width2, entries) + 26;
      const plot = create({
        width: width2,
        height: 270 + top,
        title: title2,
        description: described(study, axis2),
        margin: { top, right: 20 }
      });
      const whole = [0, Math.max(axis2.end, 1e-9)];
      const x = axis2.scale(zoomedRange(id, whole), [plot.box.left, plot.box.right]);
      const always = [...study.incumbent.map((point) => point.value).slice(-1), ...target === null ? [] : [target]];
      const y = metric2(
        study,
        valued.map((trial) => trial.value),
        [plot.box.bottom, plot.box.top],
        always
      );
      const yAt = clamped(y);
      axes(plot, { x, y, xLabel: axis2.label, yLabel: name });
      legend(plot, entries);
      if (target !== null) drawTarget(plot, yAt(target), target);
      const isSeen = ([at]) => at >= plot.box.left - 0.5 && at <= plot.box.right + 0.5;
      const points2 = valued.map((trial) => ({
        x: x(arrivals(study).get(trial.trial)[axis2.key]),
        y: yAt(trial.value),
        status: trial.status,
        isFaint: !selection.has(trial.trial),
        trial
      })).filter((point) => isSeen([point.x]));
      trials(plot.root, points2);
      drawSteps(
        plot,
        study.incumbent.map((point) => [x(point[axis2.key]), yAt(point.value)]),
        x(axis2.end)
      );
      const surface5 = surface({
        plot,
        points: points2,
        label: title2,
        zoom: zoomFor(spec, x),
        describe: ({ trial }) => trialLines(study, trial, [["arrived", arrived(study, trial)]]),
        open: ({ trial }) => store.setOpened(trial.trial)
      });
      return { root: plot.root, surface: surface5 };
    }
    function table12() {
      return {
        columns: [
          { label: "series" },
          { label: "trial", kind: "number" },
          { label: "status" },
          { label: name, kind: "number" },
          { label: "seconds", kind: "number" },
          { label: "epochs", kind: "number" }
        ],
        rows: [
          ...study.incumbent.map((point) => [
            "best so far",
            point.trial,
            study.trials[point.trial] ? study.trials[point.trial].status : null,
            point.value,
            point.seconds,
            point.epochs
          ]),
          ...valued.filter((trial) => selection.has(trial.trial)).map((trial) => [
            "trial",
            trial.trial,
            trial.status,
            trial.value,
            arrivals(study).get(trial.trial).seconds,
            arrivals(study).get(trial.trial).epochs
          ])
        ]
      };
    }
  }
  function described(study, axis2) {
    const last2 = study.incumbent[study.incumbent.length - 1];
    return `Best ${metric(study).name} by ${axis2.label}: ${study.incumbent.length} improvements, the last to ${short(last2.value)} by trial ${last2.trial} after ${duration(last2.seconds)}.`;
  }
  function arrived(study, trial) {
    return `after ${duration(arrivals(study).get(trial.trial).seconds)}`;
  }
  function drawTarget(plot, at, target) {
    const { left, right } = plot.box;
    add(
      plot,
      svg("line", { class: "target", x1: left, x2: right, y1: at, y2: at }),
      label(`target ${short(target)}`, right, at - 6, { class: "target-label", "text-anchor": "end" })
    );
  }

  // sections/incumbent/index.js
  var incumbent_default = {
    id: "incumbent",
    title: "Best value so far",
    brief: "Best so far",
    needs: ["incumbent", "trials", "segments", "elapsed", "metrics"],
    usesSelection: true,
    isShown: (study) => study.incumbent.length > 0,
    render: render3
  };
  function render3(body2, study) {
    const hasHypervolume = study.incumbent.some((point) => point.hypervolume !== null);
    const pair = html("div", { class: study.has_epochs || hasHypervolume ? "pair" : null });
    append(body2, pair);
    const time2 = { key: "seconds", label: "time", end: study.elapsed, scale: time };
    const cost = {
      key: "epochs",
      label: "epochs trained by all trials",
      end: trainedEpochs(study),
      scale: linear
    };
    valueFigure(pair, study, time2, { id: "incumbent-time", title: `Best ${metric(study).name} over time` });
    if (study.has_epochs)
      valueFigure(pair, study, cost, { id: "incumbent-epochs", title: `Best ${metric(study).name} over cost` });
    if (hasHypervolume) hypervolumeFigure(pair, study, time2);
  }

  // elements/tile.js
  function tile(label2, value2, text2) {
    return html(
      "div",
      { class: "tile" },
      html("dt", null, label2),
      html("dd", null, html("strong", null, value2), html("span", { class: "note" }, text2))
    );
  }

  // sections/selection.js
  var selection_default = {
    id: "selection",
    title: "Selection",
    needs: ["selection", "metrics"],
    isShown: (study) => Boolean(study.selection) && study.selection.finalists.length > 0,
    render: render4
  };
  function render4(body2, study) {
    const { selection } = study;
    append(body2, html("p", { class: "lead" }, prose(selection.why)));
    forest(body2, study);
    append(body2, scrollRegion("Finalists", table(study)));
    if (selection.test) append(body2, test(study, selection.test));
  }
  function forest(parent, study) {
    const { finalists, chosen } = study.selection;
    const { name } = metric(study);
    const title2 = "Finalists over fresh seeds";
    const height = finalists.length * 38 + 80;
    const spec = {
      id: "selection-finalists",
      title: title2,
      note: "Dot and whiskers: mean ± standard error. Small circles: single seeds. Vertical stroke: the value in the search.",
      study,
      section: "selection",
      draw: draw10,
      table: data
    };
    figure(parent, spec);
    function draw10(width2) {
      const plot = create({
        width: width2,
        height,
        title: title2,
        description: study.selection.why,
        margin: { left: 86, top: 12, right: 24 }
      });
      const numbers = finalists.flatMap((one) => [one.searched, ...one.values, ...whiskers(one)]);
      const [low, high] = extent(numbers) || [0, 1];
      const air = (high - low) * 0.08 || Math.abs(high) * 0.02 || 0.1;
      const x = linear([low - air, high + air], [plot.box.left, plot.box.right]);
      axes(plot, { x, xLabel: name });
      const points2 = finalists.flatMap(
        (one, index) => drawFinalist(plot, one, x, plot.box.top + 22 + index * 38, one.trial === chosen)
      );
      const surface5 = surface({
        plot,
        points: points2,
        label: title2,
        describe: ({ one, what, value: value2 }) => [
          `Trial ${one.trial}${one.trial === chosen ? " · chosen" : ""}`,
          [what, short(value2, 5)],
          ["mean", short(one.mean, 5)],
          ["standard error", short(one.standard_error, 3)]
        ],
        open: ({ one }) => store.setOpened(one.trial)
      });
      return { root: plot.root, surface: surface5 };
    }
    function data() {
      return {
        columns: [{ label: "trial", kind: "number" }, { label: "what" }, { label: name, kind: "number" }],
        rows: finalists.flatMap((one) => [
          [one.trial, "search", one.searched],
          ...one.values.map((value2) => [one.trial, "fresh seed", value2]),
          [one.trial, "mean", one.mean],
          [one.trial, "standard error", one.standard_error]
        ])
      };
    }
  }
  function whiskers(one) {
    return one.mean === null ? [] : [one.mean - (one.standard_error || 0), one.mean + (one.standard_error || 0)];
  }
  function drawFinalist(plot, one, x, y, isChosen) {
    const [from, to] = whiskers(one).map(x);
    const kind2 = isChosen ? "finalist is-chosen" : "finalist";
    add(
      plot,
      svg("line", { class: "grid", x1: plot.box.left, x2: plot.box.right, y1: y, y2: y }),
      label(`trial ${one.trial}`, plot.box.left - 10, y, {
        "text-anchor": "end",
        "dominant-baseline": "central",
        class: isChosen ? "tick strong" : "tick"
      }),
      svg("line", { class: "searched", x1: x(one.searched), x2: x(one.searched), y1: y - 9, y2: y + 9 })
    );
    if (one.values.length)
      add(
        plot,
        svg("path", { class: "seed", d: one.values.map((value2) => circle(x(value2), y + 9, 2.6)).join("") })
      );
    if (one.mean !== null)
      add(
        plot,
        svg("path", { class: kind2, d: `M${from},${y}H${to}M${from},${y - 5}v10M${to},${y - 5}v10` }),
        svg("circle", { class: kind2, cx: x(one.mean), cy: y, r: 5.5 })
      );
    return [
      ...one.mean === null ? [] : [{ x: x(one.mean), y, one, what: "mean", value: one.mean }],
      ...one.values.map((value2) => ({ x: x(value2), y: y + 9, one, what: "fresh seed", value: value2 })),
      { x: x(one.searched), y: y - 7, one, what: "in the search", value: one.searched }
    ];
  }
  function table(study) {
    const { finalists, chosen } = study.selection;
    const columns = [
      { label: "finalist", kind: "trial" },
      { label: "in the search", kind: "number" },
      { label: "mean", kind: "number" },
      { label: "standard error", kind: "number" },
      { label: "fresh seeds" },
      { label: "failed seeds", kind: "number" },
      { label: "p", kind: "number" },
      { label: "cost", kind: "number" },
      { label: "" }
    ];
    const rows = finalists.map((one) => [
      one.trial,
      one.searched,
      one.mean,
      one.standard_error,
      one.values.map(exact).join(", "),
      one.failed,
      one.p_value,
      one.cost,
      one.trial === chosen ? "chosen" : ""
    ]);
    return plainTable(columns, rows, {
      caption: "Finalists",
      rowAttributes: (row2) => ({ class: row2[0] === chosen ? "is-best" : null, "data-finalist": row2[0] })
    });
  }
  function test(study, { value: value2, standard_error: error, examples, validation, optimism }) {
    const { name } = metric(study);
    const spread = error === null ? "" : ` ± ${short(error, 2)}`;
    const verdict = optimism > 0 ? `Validation promised ${short(optimism, 3)} too much.` : optimism < 0 ? `Validation promised ${short(-optimism, 3)} too little.` : "Validation promised exactly that.";
    return html(
      "dl",
      { class: "tiles", "data-test-result": value2 },
      tile(
        `test ${name}`,
        `${short(value2, 5)}${spread}`,
        `on ${examples > 0 ? counted(examples, "held-out example") : "the held-out test"}, looked at once`
      ),
      tile(`validation ${name}`, short(validation, 5), "of the same model"),
      tile("optimism", short(optimism, 3), verdict)
    );
  }

  // sections/confusion.js
  var [SMALLEST, LARGEST] = [14, 64];
  var LETTER = 6.6;
  var confusion_default = {
    id: "confusion",
    title: "Confusion",
    needs: ["confusion"],
    isShown: (study) => Boolean(study.confusion) && study.confusion.examples > 0,
    render: render5
  };
  function render5(body2, study) {
    const { confusion } = study;
    append(body2, html("p", { class: "lead" }, lead(confusion)));
    if (confusion.counts.length)
      figure(body2, {
        id: "confusion",
        title: "Confusion matrix",
        note: "A row for each true class, a column for each predicted one. Colour: share of the row. Outlined: right predictions.",
        minWidth: minWidth(confusion),
        study,
        section: "confusion",
        draw: (width2) => draw(width2, confusion),
        table: () => table2(confusion)
      });
    if (confusion.pairs.length)
      append(body2, html("h3", null, "Most confused"), scrollRegion("Most confused classes", pairs(confusion)));
  }
  function lead({ trial, examples, right, number_of_classes: classes }) {
    const share = percentage(right / examples);
    return `Trial ${trial}, the best one, predicts ${right} of ${counted(examples, "validation example")} right (${share}), in ${classes} classes.`;
  }
  function longest({ classes }) {
    return Math.min(22, Math.max(...classes.map((name) => name.length)));
  }
  function minWidth(confusion) {
    return longest(confusion) * LETTER + 80 + confusion.classes.length * SMALLEST;
  }
  function draw(width2, confusion) {
    const { classes, counts, trial, right, examples } = confusion;
    const left = longest(confusion) * LETTER + 24;
    const side = Math.max(SMALLEST, Math.min(LARGEST, (width2 - left - 60) / classes.length));
    const isAcross = Math.max(...classes.map((name) => name.length)) * LETTER < side - 4;
    const top = isAcross ? 46 : longest(confusion) * LETTER + 40;
    const plot = create({
      width: width2,
      height: top + side * classes.length + 12,
      title: "Confusion matrix",
      description: `Trial ${trial} predicts ${right} of ${examples} examples right.`,
      margin: { left, top, right: 0, bottom: 0 }
    });
    add(
      plot,
      label("predicted", left, 14, { class: "axis-label" }),
      label("true", left - 8, top - 8, { class: "axis-label", "text-anchor": "end" })
    );
    const cells = [];
    const map = svg("g", { "shape-rendering": "crispEdges" });
    const numbers = svg("g", { class: "confused-numbers" });
    counts.forEach((row2, i) => {
      const sum = row2.reduce((total, count) => total + count, 0);
      const y = top + i * side;
      add(
        plot,
        label(clipped(classes[i], 22), left - 8, y + side / 2, {
          "text-anchor": "end",
          "dominant-baseline": "central",
          class: "tick"
        }),
        columnName(classes[i], left + i * side + side / 2, top - 8, isAcross)
      );
      row2.forEach((count, j) => {
        const [x, centre] = [left + (j + 0.5) * side, y + side / 2];
        const cell4 = { left: left + j * side, top: y, x, y: centre, i, j, count, sum };
        cells.push(cell4);
        map.append(...drawCell(cell4, side));
        if (count > 0 && String(count).length * LETTER < side - 2) numbers.append(drawNumber(cell4, side));
      });
    });
    add(plot, map, numbers);
    const surface5 = surface({
      plot,
      points: cells,
      label: "Confusion matrix",
      nearest: (_, x, y) => cells.find((one) => x >= one.left && x < one.left + side && y >= one.top && y < one.top + side) || null,
      describe: (cell4) => describe(confusion, cell4),
      highlight: (cell4) => svg("rect", { class: "cell-ring", x: cell4.left, y: cell4.top, width: side, height: side })
    });
    return { root: plot.root, surface: surface5 };
  }
  function columnName(name, x, y, isAcross) {
    if (isAcross) return label(name, x, y, { "text-anchor": "middle", class: "tick" });
    return label(clipped(name, 22), x, y, {
      class: "tick",
      "dominant-baseline": "central",
      transform: `rotate(-90 ${x} ${y})`
    });
  }
  function drawCell({ left, top, i, j, count, sum }, side) {
    const place = { x: left, y: top, width: side - 1, height: side - 1 };
    const share = sum > 0 ? count / sum : 0;
    const kind2 = i === j ? "confused is-right" : "confused is-wrong";
    return [
      svg("rect", { class: "confused-ground", ...place }),
      share > 0 && svg("rect", { class: kind2, ...place, "fill-opacity": (0.12 + 0.88 * share).toFixed(3) }),
      i === j && svg("rect", { class: "confused-diagonal", ...place })
    ].filter(Boolean);
  }
  function drawNumber({ left, top, count, sum }, side) {
    return label(String(count), left + (side - 1) / 2, top + (side - 1) / 2, {
      "text-anchor": "middle",
      "dominant-baseline": "central",
      class: count / sum > 0.5 ? "confused-number is-light" : "confused-number"
    });
  }
  function describe({ classes }, { i, j, count, sum }) {
    return [
      i === j ? "Right" : "Wrong",
      ["true", classes[i]],
      ["predicted", classes[j]],
      ["examples", `${count} of ${sum}`],
      ["share", sum > 0 ? percentage(count / sum) : "–"]
    ];
  }
  function table2({ classes, counts }) {
    return {
      columns: [{ label: "true" }, { label: "predicted" }, { label: "examples", kind: "number" }],
      rows: counts.flatMap((row2, i) => row2.map((count, j) => [classes[i], classes[j], count]))
    };
  }
  function pairs(confusion) {
    const columns = [
      { label: "true" },
      { label: "predicted" },
      { label: "examples", kind: "number" },
      { label: "of", kind: "number" },
      { label: "share" }
    ];
    const rows = confusion.pairs.map(({ class: name, predicted, count, examples }) => [
      name,
      predicted,
      count,
      examples,
      percentage(count / examples)
    ]);
    return plainTable(columns, rows, { caption: "Most confused classes" });
  }

  // sections/label-errors.js
  var label_errors_default = {
    id: "label-errors",
    title: "Label errors",
    needs: ["label_errors"],
    isShown: (study) => Boolean(study.label_errors) && study.label_errors.number > 0,
    render: render6
  };
  function render6(body2, study) {
    const { label_errors: errors } = study;
    append(body2, html("p", { class: "lead" }, lead2(errors)));
    append(body2, scrollRegion("Labels that are likely wrong", table3(errors)));
    if (errors.number > errors.suspects.length)
      append(
        body2,
        html("p", { class: "muted" }, `The first ${errors.suspects.length} of ${errors.number}; automl data writes all.`)
      );
  }
  function lead2({ trial, examples, number: number4, estimated_share: share }) {
    const labels = `${counted(number4, "label")} of ${counted(examples, "validation example")}`;
    return `${labels} ${number4 === 1 ? "looks" : "look"} wrong to trial ${trial}. About ${percentage(share)} are wrong in all. Look at each of them: a model is wrong as well at times.`;
  }
  function table3({ suspects }) {
    const columns = [
      { label: "row" },
      { label: "label" },
      { label: "more likely" },
      { label: "confidence", kind: "number" },
      { label: "margin", kind: "number" },
      { label: "text" }
    ];
    const rows = suspects.map(({ file, row: row2, given, suggested, self_confidence: confidence, margin, text: text2 }) => [
      row2 === null ? file : `${file}:${row2}`,
      given,
      suggested,
      confidence,
      margin,
      text2
    ]);
    return plainTable(columns, rows, { caption: "Labels that are likely wrong" });
  }

  // sections/audit.js
  var audit_default = {
    id: "audit",
    title: "Audit of pruning",
    brief: "Audit",
    needs: ["audit", "metrics"],
    isShown: (study) => Boolean(study.audit),
    render: render7
  };
  function render7(body2, study) {
    const { audited, pruned, winners, regret, agreements } = study.audit;
    const { name } = metric(study);
    append(
      body2,
      html(
        "dl",
        { class: "tiles" },
        tile(
          "under audit",
          String(audited),
          `${counted(audited, "trial")} trained to the end whatever the rungs said`
        ),
        tile("would have been pruned", String(pruned), `of these ${audited}`),
        tile("lost winners", String(winners), "pruned ones that became better than all others"),
        tile(
          "regret",
          regret === null ? "–" : short(regret, 3),
          `${name} between the best of the pruned and the best other`
        )
      )
    );
    if (!agreements.length) return;
    const columns = [
      { label: "from epoch", kind: "number" },
      { label: "to epoch", kind: "number" },
      { label: "trials at both", kind: "number" },
      { label: "Kendall’s tau", kind: "number" },
      { label: "agreement" }
    ];
    const rows = agreements.map(([from, to, trials2, tau]) => [from, to, trials2, tau, meter(tau)]);
    append(
      body2,
      html("h3", null, "How well a rung tells the order at the next"),
      scrollRegion("Agreement between rungs", plainTable(columns, rows)),
      html(
        "p",
        { class: "note" },
        "Kendall’s tau: 1 is the same order, 0 no relation, −1 the reverse. Pruning at a rung with a low tau is close to drawing lots."
      )
    );
  }

  // sections/parallel/axes.js
  var METRIC = "";
  function layout(plot, study, names, trials2) {
    const { left, right, top, bottom } = plot.box;
    const step = (right - left) / names.length;
    const parameters = names.map((one, index) => {
      const scale4 = parameter2(study, one, [bottom, top]);
      return {
        name: one.name,
        label: one.name,
        x: left + index * step,
        scale: scale4,
        isChoice: one.kind === "choice",
        values: one.values,
        place: (trial) => scale4(setting(trial, one.name))
      };
    });
    const values = trials2.map((trial) => trial.value).filter((value2) => value2 !== null);
    const hasNone = trials2.some((trial) => trial.value === null);
    const lane = hasNone ? 26 : 0;
    const inner = metric2(study, values, [bottom - lane, top]);
    const scale3 = Object.assign((value2) => inner(value2), inner, {
      free: [bottom - lane, top],
      lane: hasNone ? bottom - 9 : NaN,
      hasNone
    });
    scale3.ticks = (count) => [
      ...hasNone ? [{ value: void 0, label: "none", isNone: true }] : [],
      ...inner.ticks(count)
    ];
    const clamped2 = clamped(inner);
    return [
      ...parameters,
      {
        name: METRIC,
        label: metric(study).name,
        isMetric: true,
        x: right,
        scale: scale3,
        place: (trial) => trial.value === null ? scale3.lane : clamped2(trial.value)
      }
    ];
  }
  function drawAxis(plot, axis2) {
    const { top } = plot.box;
    const group = svg(
      "g",
      { class: "coordinate" },
      svg("line", { class: "axis", x1: axis2.x, x2: axis2.x, y1: axis2.scale.free[0], y2: top })
    );
    group.append(
      label(clipped(axis2.label, 15), axis2.isMetric ? axis2.x + 50 : axis2.x - 6, top - 22, {
        class: "coordinate-label",
        "text-anchor": axis2.isMetric ? "end" : "start"
      })
    );
    let last2 = Infinity;
    for (const tick of axis2.scale.ticks(6)) {
      const at = tick.isNone ? axis2.scale.lane : axis2.scale(tick.value);
      group.append(svg("line", { class: "axis", x1: axis2.x - (tick.isMinor ? 2 : 4), x2: axis2.x, y1: at, y2: at }));
      if (tick.label && last2 - at > 11) {
        group.append(
          label(clipped(tick.label, 10), axis2.x + 5, at, {
            class: tick.isNone ? "tick haloed none" : "tick haloed",
            "dominant-baseline": "central",
            "text-anchor": "start"
          })
        );
        last2 = at;
      }
    }
    const brush = store.brushes.get(axis2.name);
    if (brush)
      for (const [from, to] of spans(axis2, brush))
        group.append(
          svg("rect", {
            class: "brush",
            x: axis2.x - 7,
            width: 14,
            y: Math.min(from, to),
            height: Math.max(3, Math.abs(to - from))
          })
        );
    add(plot, group);
  }
  function spans(axis2, brush) {
    const found = [];
    if (brush.range) found.push(brush.range.map((value2) => clamped(axis2.scale)(value2)));
    for (const value2 of brush.values || [])
      found.push([axis2.scale(value2) - axis2.scale.step / 2 + 1, axis2.scale(value2) + axis2.scale.step / 2 - 1]);
    if (brush.includesNone) found.push([axis2.scale.lane - 8, axis2.scale.lane + 8]);
    return found;
  }

  // sections/parallel/brushing.js
  function brushing(element, plot, axes2) {
    const shade = html("div", { class: "shade is-brush", hidden: true });
    element.append(shade);
    const axisAt = (x) => axes2.find((axis2) => Math.abs(axis2.x - x) <= 14);
    element.addEventListener(
      "pointermove",
      (event) => element.classList.toggle("is-on-axis", Boolean(axisAt(event.offsetX)))
    );
    element.addEventListener("pointerdown", (event) => {
      const axis2 = axisAt(event.offsetX);
      if (!axis2 || event.button !== 0) return;
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
          left: `${axis2.x - 7}px`,
          width: "14px",
          top: `${Math.min(from, to)}px`,
          height: `${Math.abs(to - from)}px`
        });
      };
      const end = () => {
        removeEventListener("pointermove", move);
        removeEventListener("pointerup", end);
        removeEventListener("pointercancel", end);
        shade.hidden = true;
        store.isDragging = false;
        const isClick = Math.abs(to - from) < 4;
        if (isClick && !store.brushes.has(axis2.name)) return;
        element.addEventListener("click", (click) => click.stopImmediatePropagation(), { capture: true, once: true });
        store.setBrush(axis2.name, isClick ? null : brushOf(axis2, Math.max(from, to), Math.min(from, to)));
      };
      addEventListener("pointermove", move);
      addEventListener("pointerup", end);
      addEventListener("pointercancel", end);
    });
  }
  function brushOf(axis2, low, high) {
    const { scale: scale3 } = axis2;
    const includesNone = scale3.hasNone && low >= scale3.lane && high <= scale3.lane;
    if (axis2.isChoice)
      return { values: axis2.values.filter((value2) => scale3(value2) <= low && scale3(value2) >= high), includesNone };
    const [bottom, top] = scale3.free;
    if (high >= bottom) return { includesNone };
    const range = [Math.min(low, bottom), Math.max(high, top)].map(scale3.invert).sort((one, other) => one - other);
    if (axis2.isMetric && low >= bottom - 0.5) range[0] = -Number.MAX_VALUE;
    if (axis2.isMetric && high <= top + 0.5) range[1] = Number.MAX_VALUE;
    return { range, includesNone };
  }

  // sections/parallel/lines.js
  var SHADES = 24;
  var MANY = 300;
  var FOREMOST = 10;
  function drawLines(plot, study, lines2) {
    const selection = currentSelection();
    const order = shares(study);
    const shades = Array.from({ length: SHADES }, () => []);
    const [faint, failed] = [[], []];
    for (const line3 of lines2) {
      const path = line(line3.places);
      if (!selection.has(line3.trial.trial)) faint.push(path);
      else if (line3.trial.value === null) failed.push(path);
      else shades[Math.min(SHADES - 1, Math.floor(order(line3.trial) * SHADES))].push(path);
    }
    const group = svg("g", { class: "threads" });
    group.append(...dense(faint, { class: "thread faint" }));
    group.append(...dense(failed, { class: "thread failed" }));
    shades.forEach(
      (alike, index) => group.append(...dense(alike, { class: "thread", stroke: graded((index + 0.5) / SHADES) }, lines2.length))
    );
    if (lines2.length > MANY) {
      const best2 = ranked(study).filter((trial) => selection.has(trial.trial)).slice(0, FOREMOST);
      const foremost2 = new Set(best2.map((trial) => trial.trial));
      const above = lines2.filter((line3) => foremost2.has(line3.trial.trial)).map((line3) => line(line3.places));
      group.append(svg("path", { class: "thread is-foremost", d: above.join(""), stroke: graded(1) }));
    }
    add(plot, group);
  }
  function shares(study) {
    const direction = sign(metric(study).goal);
    const scale3 = metric2(
      study,
      searched(study).map((trial) => trial.value).filter((value2) => value2 !== null),
      direction > 0 ? [0, 1] : [1, 0]
    );
    const clamped2 = clamped(scale3);
    return (trial) => clamped2(trial.value);
  }
  function nearestLine(lines2, axes2, x, y) {
    const right = axes2.findIndex((axis2) => axis2.x >= x);
    const index = right === -1 ? axes2.length - 1 : Math.max(1, right);
    const [from, to] = [axes2[index - 1].x, axes2[index].x];
    const share = Math.min(1, Math.max(0, (x - from) / (to - from)));
    let [found, best2] = [null, 12];
    for (const line3 of lines2) {
      const at = line3.places[index - 1][1] * (1 - share) + line3.places[index][1] * share;
      const distance2 = Math.abs(at - y);
      if (distance2 < best2) [found, best2] = [line3, distance2];
    }
    return found;
  }

  // sections/parallel/index.js
  var AXIS_WIDTH = 92;
  var parallel_default = {
    id: "parallel",
    title: "Parallel coordinates",
    brief: "Parallel",
    needs: ["trials", "parameters", "metrics"],
    usesSelection: true,
    isShown: (study) => varied(study).length > 0 && study.trials.some((trial) => trial.value !== null),
    render: render8
  };
  function render8(body2, study) {
    const names = varied(study);
    const trials2 = searched(study).filter((trial) => trial.value !== null || trial.status === "failed");
    const spec = {
      id: "parallel-coordinates",
      title: "Configurations and their results",
      note: "Drag along an axis to keep only the trials that pass there; a click on it lets go. By keys: write a term such as learning_rate<1e-3 into the filter of the trials.",
      study,
      section: "parallel",
      minWidth: (names.length + 1) * AXIS_WIDTH + 40,
      draw: (width2) => draw2(width2, study, names, trials2),
      table: () => table4(study, names, trials2)
    };
    figure(body2, spec);
  }
  function draw2(width2, study, names, trials2) {
    const plot = create({
      width: width2,
      height: 380,
      title: "Parallel coordinates",
      description: `${trials2.length} trials over ${names.length} parameters and ${metric(study).name}.`,
      margin: { left: 44, right: 56, top: 52, bottom: 22 }
    });
    const axes2 = layout(plot, study, names, trials2);
    const lines2 = trials2.map((trial) => ({ trial, places: axes2.map((axis2) => [axis2.x, axis2.place(trial)]) }));
    drawLines(plot, study, lines2);
    axes2.forEach((axis2) => drawAxis(plot, axis2));
    return { root: plot.root, surface: surface2(plot, study, axes2, lines2) };
  }
  function surface2(plot, study, axes2, lines2) {
    const selection = currentSelection();
    const shown = lines2.filter((line3) => selection.has(line3.trial.trial));
    const ends = shown.map((line3) => ({
      ...line3,
      x: line3.places[line3.places.length - 1][0],
      y: line3.places[line3.places.length - 1][1]
    }));
    const element = surface({
      plot,
      points: ends,
      label: "Parallel coordinates",
      nearest: (points2, x, y) => nearestLine(points2, axes2, x, y),
      highlight: (line3) => [
        svg("path", { class: "thread-halo", d: line(line3.places) }),
        svg("path", { class: "thread is-lit", d: line(line3.places) })
      ],
      describe: ({ trial }) => trialLines(study, trial),
      open: ({ trial }) => store.setOpened(trial.trial)
    });
    brushing(element, plot, axes2);
    return element;
  }
  function table4(study, names, trials2) {
    const selection = currentSelection();
    return {
      columns: [
        { label: "trial", kind: "number" },
        { label: "status" },
        ...names.map((one) => ({ label: one.name, kind: one.kind === "number" ? "number" : "text", isParameter: true })),
        { label: metric(study).name, kind: "number" }
      ],
      rows: trials2.filter((trial) => selection.has(trial.trial)).map((trial) => [trial.trial, trial.status, ...names.map((one) => setting(trial, one.name)), trial.value])
    };
  }

  // plots/panels.js
  function panels({ width: width2, count, ideal, height, margin, top = 0 }) {
    const columns = Math.max(1, Math.min(count, Math.round(width2 / ideal)));
    const across = width2 / columns;
    const boxes = Array.from({ length: count }, (_, index) => {
      const [left, above] = [index % columns * across, top + Math.floor(index / columns) * height];
      return {
        left: left + margin.left,
        right: left + across - margin.right,
        top: above + margin.top,
        bottom: above + height - margin.bottom
      };
    });
    return { boxes, height: top + Math.ceil(count / columns) * height };
  }

  // sections/slices.js
  var slices_default = {
    id: "slices",
    title: "Parameters one by one",
    brief: "Slices",
    needs: ["trials", "parameters", "dependences", "metrics"],
    usesSelection: true,
    isShown: (study) => varied(study).length > 0 && study.trials.some((trial) => trial.value !== null),
    render: render9
  };
  function render9(body2, study) {
    figure(body2, {
      id: "slices",
      title: `${metric(study).name} by each parameter`,
      note: study.dependences.length ? "Line and band: what a model of all results expects by this parameter alone, averaged over all others, ± one standard deviation." : null,
      study,
      section: "slices",
      draw: (width2) => draw3(width2, study),
      table: () => table5(study)
    });
  }
  function draw3(width2, study) {
    const names = varied(study);
    const trials2 = searched(study).filter((trial) => trial.value !== null || trial.status === "failed");
    const entries = legendEntries(study, trials2);
    const top = legendHeight(width2, entries, 8);
    const { boxes, height } = panels({
      width: width2,
      count: names.length,
      ideal: 320,
      height: 236,
      margin: { left: 54, right: 14, top: 30, bottom: 48 },
      top
    });
    const plot = create({
      width: width2,
      height,
      title: "Slices",
      description: `${metric(study).name} of ${trials2.length} trials by each of ${names.length} parameters.`
    });
    legend(plot, entries, { left: 8 });
    const values = trials2.map((trial) => trial.value).filter((value2) => value2 !== null);
    const extent2 = robustExtent(values);
    const points2 = names.flatMap((one, index) => drawPanel(plot, boxes[index], study, one, trials2, extent2));
    const surface5 = surface({
      plot,
      points: points2,
      label: "Slices",
      describe: ({ trial }) => trialLines(study, trial),
      highlight: ({ trial }) => points2.filter((point) => point.trial === trial).map(ring),
      open: ({ trial }) => store.setOpened(trial.trial)
    });
    return { root: plot.root, surface: surface5 };
  }
  function legendEntries(study, trials2) {
    const statuses = STATUSES.filter((status) => trials2.some((trial) => trial.status === status));
    return [
      ...study.dependences.length ? [lineEntry("model", "model-line")] : [],
      ...statusEntries(statuses)
    ];
  }
  function drawPanel(plot, box3, study, one, trials2, extent2) {
    const dependence = study.dependences.find((found) => found.parameter === one.name);
    const x = parameter2(study, one, [box3.left + 7, box3.right - 7]);
    const floor = trials2.some((trial) => trial.value === null) ? 14 : 0;
    const y = metric2(study, extent2, [box3.bottom - floor, box3.top]);
    const yAt = clamped(y);
    axes(plot, {
      box: box3,
      x,
      y,
      xLabel: clipped(one.name, Math.floor((box3.right - box3.left) / 7)),
      yLabel: metric(study).name.length < 24 ? metric(study).name : "value"
    });
    if (dependence) drawDependence(plot, one, dependence, x, yAt);
    const selection = currentSelection();
    const points2 = trials2.map((trial) => ({
      x: x(setting(trial, one.name)) + jitter(one, x, trial),
      y: trial.value === null ? box3.bottom - 6 : yAt(trial.value),
      status: trial.status,
      isFaint: !selection.has(trial.trial),
      trial
    })).filter((point) => Number.isFinite(point.x));
    trials(plot.root, points2, Math.min(3.2, radius(points2.length)));
    return points2;
  }
  function jitter(one, x, trial) {
    const isLane = setting(trial, one.name) === void 0;
    const room = isLane ? 14 : one.kind === "choice" ? Math.min(40, x.step * 0.5) : 0;
    return (trial.trial * 0.618034 % 1 - 0.5) * room;
  }
  function drawDependence(plot, one, { points: points2 }, x, y) {
    const places = points2.map(([value2, mean, deviation]) => [x(value2), y(mean), y(mean - deviation), y(mean + deviation)]).filter(([at, mean]) => Number.isFinite(at) && Number.isFinite(mean));
    if (one.kind === "choice") {
      for (const [at, mean, low, high] of places) {
        const half = Math.min(26, x.step * 0.35);
        add(
          plot,
          svg("rect", {
            class: "model-band",
            x: at - half,
            width: 2 * half,
            y: Math.min(low, high),
            height: Math.abs(high - low)
          }),
          svg("line", { class: "model-line", x1: at - half, x2: at + half, y1: mean, y2: mean })
        );
      }
      return;
    }
    add(
      plot,
      svg("path", { class: "model-band", d: band(places.map(([at, , low, high]) => [at, low, high])) }),
      svg("path", { class: "model-line", d: line(places) })
    );
  }
  function table5(study) {
    const selection = currentSelection();
    const name = metric(study).name;
    const trials2 = searched(study).filter((trial) => trial.value !== null && selection.has(trial.trial));
    return {
      columns: [
        { label: "parameter" },
        { label: "series" },
        { label: "trial", kind: "number" },
        { label: "status" },
        { label: "value of the parameter", kind: "number", isParameter: true },
        { label: name, kind: "number" },
        { label: "standard deviation", kind: "number" }
      ],
      rows: varied(study).flatMap((one) => [
        ...study.dependences.filter((found) => found.parameter === one.name).flatMap(
          (found) => found.points.map(([value2, mean, deviation]) => [one.name, "model", null, null, value2, mean, deviation])
        ),
        ...trials2.map((trial) => [
          one.name,
          "trial",
          trial.trial,
          trial.status,
          setting(trial, one.name),
          trial.value,
          null
        ])
      ])
    };
  }

  // sections/importance.js
  var GOOD = 0.7;
  var SHOWN_PAIRS = 8;
  var ROW = 26;
  var importance_default = {
    id: "importance",
    title: "Importance",
    needs: ["importance"],
    isShown: (study) => Boolean(study.importance) && study.importance.parameters.length > 0,
    render: render10
  };
  function render10(body2, study) {
    const { importance } = study;
    append(body2, html("p", { class: "lead" }, trust(importance)));
    figure(body2, {
      id: "importance",
      title: "Share of the variance",
      note: "By functional analysis of variance of a random forest. Whiskers: ± one standard deviation over its trees.",
      study,
      section: "importance",
      draw: (width2) => draw4(width2, importance),
      table: () => table6(importance)
    });
  }
  function trust({ explained, trusted_from: trustedFrom, trials: trials2 }) {
    const share = percentage(Math.max(0, explained));
    const basis = `The model, learnt from ${counted(trials2, "trial")}, explains ${share} of the spread of results that it has not seen`;
    if (explained < trustedFrom) return `${basis}: too little to trust the order below. Run more trials first.`;
    if (explained < GOOD)
      return `${basis}: take the large shares as a hint, and do not read anything into the small ones.`;
    return `${basis}: the large shares may be relied on inside the ranges that were searched.`;
  }
  function draw4(width2, { parameters, pairs: pairs2 }) {
    const shown = pairs2.filter((pair) => pair.share > 0).slice(0, SHOWN_PAIRS);
    const longest2 = width2 < 520 ? 20 : 34;
    const rows = [
      ...parameters.map((one) => ({ label: one.parameter, share: one.share, deviation: one.deviation, kind: "alone" })),
      ...shown.map((pair) => ({
        label: `${pair.first} × ${pair.second}`,
        share: pair.share,
        deviation: null,
        kind: "pair"
      }))
    ];
    const gap = shown.length ? 30 : 0;
    const left = Math.min(width2 * 0.45, 20 + Math.max(...rows.map((row2) => Math.min(longest2, row2.label.length))) * 6.6);
    const plot = create({
      width: width2,
      height: rows.length * ROW + gap + 56,
      title: "Importance",
      description: `${parameters[0].parameter} has the largest share, ${percentage(parameters[0].share)}.`,
      margin: { left, right: 64, top: 4, bottom: 48 }
    });
    const top = Math.max(...rows.map((row2) => row2.share + (row2.deviation || 0)), 0.01);
    const x = linear([0, top], [left, plot.box.right]);
    const percent = Object.assign((value2) => x(value2), x, {
      ticks: (count) => x.ticks(count).map((tick) => ({ ...tick, label: percentage(tick.value) }))
    });
    axes(plot, { x: percent, xLabel: "share of the variance" });
    rows.forEach(
      (row2, index) => drawRow(plot, row2, x, plot.box.top + index * ROW + ROW / 2 + (row2.kind === "pair" ? gap : 0), longest2)
    );
    if (shown.length)
      add(
        plot,
        label(
          "pairs, beyond what each does alone",
          width2 < 520 ? 4 : left,
          plot.box.top + parameters.length * ROW + 20,
          { class: "axis-label" }
        )
      );
    return { root: plot.root, surface: null };
  }
  function drawRow(plot, { label: label2, share, deviation, kind: kind2 }, x, y, longest2) {
    const from = x(0);
    const end = x(Math.max(0, share));
    const reach = deviation ? x(share + deviation) : end;
    add(
      plot,
      label(clipped(label2, longest2), from - 10, y, {
        "text-anchor": "end",
        "dominant-baseline": "central",
        class: "tick"
      }),
      svg("rect", { class: `share ${kind2}`, x: from, width: Math.max(1, end - from), y: y - 8, height: 16, rx: 2 }),
      deviation && svg("path", { class: "whisker", d: `M${x(Math.max(0, share - deviation))},${y}H${reach}M${reach},${y - 4}v8` }),
      label(percentage(share), reach + 8, y, { "dominant-baseline": "central", class: "tick" })
    );
  }
  function table6({ parameters, pairs: pairs2 }) {
    return {
      columns: [
        { label: "parameter" },
        { label: "with" },
        { label: "share", kind: "number" },
        { label: "standard deviation", kind: "number" }
      ],
      rows: [
        ...parameters.map((one) => [one.parameter, null, one.share, one.deviation]),
        ...pairs2.map((pair) => [pair.first, pair.second, pair.share, null])
      ]
    };
  }

  // sections/contours.js
  var contours_default = {
    id: "contours",
    title: "Parameters in pairs",
    brief: "Pairs",
    needs: ["contours", "trials", "parameters", "metrics"],
    usesSelection: true,
    isShown: (study) => study.contours.length > 0,
    render: render11
  };
  function render11(body2, study) {
    figure(body2, {
      id: "contours",
      title: `Expected ${metric(study).name} by pairs of parameters`,
      note: "Colour: what a model of all results expects. White-rimmed dots: trials. Empty: the two are never there together.",
      study,
      section: "contours",
      draw: (width2) => draw5(width2, study),
      table: () => table7(study)
    });
  }
  function draw5(width2, study) {
    const contours = study.contours.filter((one) => parameter(study, one.first) && parameter(study, one.second));
    const [low, high] = extent(contours.flatMap((one) => one.expected.flat())) || [0, 1];
    const share = shareOf(study, low, high);
    const { boxes, height } = panels({
      width: width2,
      count: contours.length,
      ideal: 360,
      height: 300,
      margin: { left: 62, right: 18, top: 34, bottom: 50 },
      top: 46
    });
    const plot = create({
      width: width2,
      height,
      title: "Contours",
      description: `${contours.length} maps of the expected ${metric(study).name}, from ${short(low)} to ${short(high)}.`
    });
    drawLegend(plot, study, low, high, share);
    const cells = [];
    const points2 = contours.flatMap((one, index) => drawMap(plot, boxes[index], study, one, share, cells));
    const surface5 = surface({
      plot,
      points: points2,
      label: "Contours",
      nearest: (all, x, y) => nearestPoint(all, x, y) || cells.find((cell4) => x >= cell4.left && x < cell4.right && y >= cell4.top && y < cell4.bottom) || null,
      describe: (found) => found.trial ? trialLines(study, found.trial) : cellLines(study, found),
      highlight: (found) => found.trial ? ring(found) : svg("rect", {
        class: "cell-ring",
        x: found.left,
        y: found.top,
        width: found.right - found.left,
        height: found.bottom - found.top
      }),
      open: (found) => found.trial && store.setOpened(found.trial.trial)
    });
    return { root: plot.root, surface: surface5 };
  }
  function shareOf(study, low, high) {
    const direction = sign(metric(study).goal);
    return (value2) => {
      const share = high > low ? (value2 - low) / (high - low) : 0.5;
      return direction > 0 ? share : 1 - share;
    };
  }
  function drawLegend(plot, study, low, high, share) {
    const [left, top, length] = [62, 8, Math.min(220, plot.width - 140)];
    const steps2 = 44;
    const bars2 = Array.from(
      { length: steps2 },
      (_, index) => svg("rect", {
        x: left + index * length / steps2,
        y: top,
        width: length / steps2 + 0.6,
        height: 10,
        fill: graded(share(low + (index + 0.5) / steps2 * (high - low)))
      })
    );
    add(
      plot,
      svg(
        "g",
        { class: "colour-legend" },
        bars2,
        label(short(low, 3), left, top + 24, { class: "tick" }),
        label(short(high, 3), left + length, top + 24, { class: "tick", "text-anchor": "end" }),
        label(`expected ${clipped(metric(study).name, 24)}`, left + length / 2, top + 24, {
          class: "tick",
          "text-anchor": "middle"
        })
      )
    );
  }
  function drawMap(plot, box3, study, contour, share, cells) {
    const [first, second] = [parameter(study, contour.first), parameter(study, contour.second)];
    const x = parameter2(study, first, [box3.left, box3.right], false);
    const y = parameter2(study, second, [box3.bottom, box3.top], false);
    const across = edges(contour.first_values, x, first);
    const upwards = edges(contour.second_values, y, second);
    const group = svg("g", { class: "map", "shape-rendering": "crispEdges" });
    contour.expected.forEach(
      (row2, j) => row2.forEach((value2, i) => {
        if (value2 === null || !across[i] || !upwards[j]) return;
        const [left, right] = across[i];
        const [top, bottom] = upwards[j];
        group.append(
          svg("rect", {
            x: left,
            y: top,
            width: Math.max(0.5, right - left),
            height: Math.max(0.5, bottom - top),
            fill: graded(share(value2))
          })
        );
        cells.push({
          left,
          right,
          top,
          bottom,
          contour,
          first: contour.first_values[i],
          second: contour.second_values[j],
          value: value2
        });
      })
    );
    add(plot, group);
    axes(plot, {
      box: box3,
      x,
      y,
      xLabel: clipped(contour.first, 32),
      yLabel: clipped(contour.second, 32),
      hasGrid: false
    });
    return drawTrials(plot, study, contour, x, y);
  }
  function edges(values, scale3, one) {
    const [low, high] = [Math.min(...scale3.free), Math.max(...scale3.free)];
    const at = values.map(scale3);
    if (one.kind === "choice")
      return at.map((place) => Number.isFinite(place) ? [place - scale3.step / 2, place + scale3.step / 2] : null);
    const sorted2 = at.filter(Number.isFinite).sort((a, b) => a - b);
    return at.map((place) => {
      const index = sorted2.indexOf(place);
      if (index < 0) return null;
      const before = index === 0 ? low : (sorted2[index - 1] + place) / 2;
      const after = index === sorted2.length - 1 ? high : (sorted2[index + 1] + place) / 2;
      return [Math.max(low, before), Math.min(high, after)];
    });
  }
  function drawTrials(plot, study, contour, x, y) {
    const selection = currentSelection();
    const points2 = searched(study).filter(
      (trial) => selection.has(trial.trial) && [contour.first, contour.second].every((name) => setting(trial, name) !== void 0)
    ).map((trial) => ({
      x: x(setting(trial, contour.first)),
      y: y(setting(trial, contour.second)),
      trial,
      status: trial.status
    })).filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
    const r = points2.length > 1e3 ? 1.2 : points2.length > 200 ? 1.8 : 2.8;
    const dots = points2.filter((point) => point.status !== "failed");
    const crosses = points2.filter((point) => point.status === "failed");
    add(plot, svg("path", { class: "dot", d: dots.map((point) => circle(point.x, point.y, r)).join("") }));
    if (crosses.length)
      add(
        plot,
        svg("path", {
          class: "dot cross",
          d: crosses.map((point) => `M${point.x - r},${point.y - r}l${2 * r},${2 * r}m${-2 * r},0l${2 * r},${-2 * r}`).join("")
        })
      );
    return points2;
  }
  function cellLines(study, { contour, first, second, value: value2 }) {
    return [
      "Expected by the model",
      [metric(study).name, short(value2)],
      [contour.first, value(first)],
      [contour.second, value(second)]
    ];
  }
  function table7(study) {
    return {
      columns: [
        { label: "first" },
        { label: "second" },
        { label: "value of the first", kind: "number" },
        { label: "value of the second", kind: "number" },
        { label: `expected ${metric(study).name}`, kind: "number" }
      ],
      rows: study.contours.flatMap(
        (one) => one.expected.flatMap(
          (row2, j) => row2.map((value2, i) => [one.first, one.second, one.first_values[i], one.second_values[j], value2])
        )
      )
    };
  }

  // sections/curves.js
  var MANY2 = 60;
  var SHOWN = 20;
  var curves_default = {
    id: "curves",
    title: "Learning curves",
    brief: "Curves",
    needs: ["trials", "rungs", "metrics", "max_epochs", "best"],
    usesSelection: true,
    isShown: (study) => study.has_epochs && study.trials.some((trial) => trial.curve.length > 1),
    render: render12
  };
  function render12(body2, study) {
    const trials2 = searched(study).filter((trial) => valid(trial).length > 0);
    const selection = currentSelection();
    const selected = trials2.filter((trial) => selection.has(trial.trial));
    const isMany = selected.length > MANY2;
    const shown = new Set(isMany ? foremost(study, selected) : selected);
    const spec = {
      id: "curves",
      title: `${metric(study).name} by epoch`,
      note: isMany ? `The best ${SHOWN} of ${selected.length} in colour, all others faint.` : null,
      study,
      section: "curves",
      table: () => table8(study, selected)
    };
    figure(body2, { ...spec, draw: (width2) => draw6(width2, study, spec, trials2, shown) });
  }
  function valid(trial) {
    return trial.curve.filter(([epoch, value2]) => Number.isFinite(epoch) && Number.isFinite(value2));
  }
  function foremost(study, trials2) {
    const direction = sign(metric(study).goal);
    const valued = trials2.filter((trial) => trial.value !== null);
    return valued.sort((one, other) => direction * (other.value - one.value)).slice(0, SHOWN);
  }
  function draw6(width2, study, spec, trials2, shown) {
    const statuses = STATUSES.filter((status) => [...shown].some((trial) => trial.status === status));
    const hasBest = trials2.some((trial) => trial.trial === study.best);
    const entries = [
      ...hasBest ? [lineEntry("best", "curve is-best")] : [],
      ...statuses.map((status) => lineEntry(status, `curve ${status}`))
    ];
    const top = legendHeight(width2, entries) + 44;
    const plot = create({
      width: width2,
      height: 340 + top,
      title: "Learning curves",
      description: `${trials2.length} curves of ${metric(study).name}; rungs at ${study.rungs.map((rung) => epochs(rung.epochs)).join(", ")} epochs.`,
      margin: { top, right: 24 }
    });
    const last2 = Math.max(study.max_epochs, ...trials2.map((trial) => trial.epochs));
    const x = linear(zoomedRange(spec.id, [0, last2]), [plot.box.left, plot.box.right]);
    const y = metric2(
      study,
      trials2.flatMap((trial) => valid(trial).map(([, value2]) => value2)),
      [plot.box.bottom, plot.box.top]
    );
    const yAt = clamped(y);
    axes(plot, { x, y, xLabel: "epochs", yLabel: metric(study).name, rise: 26 });
    legend(plot, entries);
    drawRungs(plot, study, x);
    const lines2 = trials2.map((trial) => ({
      trial,
      isShown: shown.has(trial),
      places: valid(trial).map(([epoch, value2]) => [x(epoch), yAt(value2)])
    }));
    drawCurves(clipped2(plot), study, lines2);
    return {
      root: plot.root,
      surface: surface3(
        plot,
        study,
        spec,
        lines2.filter((line3) => line3.isShown),
        x
      )
    };
  }
  function drawRungs(plot, study, x) {
    const { left, right, top, bottom } = plot.box;
    let taken = -Infinity;
    for (const rung of study.rungs) {
      const at = x(rung.epochs);
      if (at < left || at > right + 1) continue;
      add(plot, svg("line", { class: "rung", x1: at, x2: at, y1: top, y2: bottom }));
      const text2 = `rung ${epochs(rung.epochs)}`;
      if (at - text2.length * 3 < taken) continue;
      add(
        plot,
        label(text2, at, top - 6, { class: "tick", "text-anchor": at > right - 40 ? "end" : "middle" })
      );
      taken = at + text2.length * 3 + 12;
    }
  }
  function drawCurves(group, study, lines2) {
    const faint = lines2.filter((line3) => !line3.isShown);
    group.append(
      ...dense(
        faint.map((line3) => line(line3.places)),
        { class: "curve faint" }
      )
    );
    for (const status of [...STATUSES].reverse()) {
      const same = lines2.filter(
        (line3) => line3.isShown && line3.trial.status === status && line3.trial.trial !== study.best
      );
      if (!same.length) continue;
      group.append(svg("path", { class: `curve ${status}`, d: same.map((line3) => line(line3.places)).join("") }));
      trials(
        group,
        same.map((line3) => ({
          x: line3.places[line3.places.length - 1][0],
          y: line3.places[line3.places.length - 1][1],
          status
        })),
        3
      );
    }
    const best2 = lines2.find((line3) => line3.trial.trial === study.best);
    if (best2 && best2.isShown) group.append(svg("path", { class: "curve is-best", d: line(best2.places) }));
  }
  function surface3(plot, study, spec, lines2, x) {
    const { left, right } = plot.box;
    const points2 = lines2.flatMap(
      (line3) => line3.places.map(([at, y], index) => ({ x: at, y, line: line3, index })).filter((point) => point.x >= left - 0.5 && point.x <= right + 0.5)
    );
    return surface({
      plot,
      points: points2,
      label: "Learning curves",
      zoom: zoomFor(spec, x),
      describe: ({ line: line3, index }) => {
        const [epoch, value2] = valid(line3.trial)[index];
        return trialLines(study, line3.trial, [[`at epoch ${epochs(epoch)}`, short(value2)]]);
      },
      highlight: (point) => {
        const d = line(point.line.places.filter(([at]) => at >= left - 0.5 && at <= right + 0.5));
        return [svg("path", { class: "thread-halo", d }), svg("path", { class: "curve is-lit", d }), ring(point)];
      },
      open: ({ line: line3 }) => store.setOpened(line3.trial.trial)
    });
  }
  function table8(study, trials2) {
    return {
      columns: [
        { label: "trial", kind: "number" },
        { label: "status" },
        { label: "epoch", kind: "number" },
        { label: metric(study).name, kind: "number" }
      ],
      rows: trials2.flatMap((trial) => trial.curve.map(([epoch, value2]) => [trial.trial, trial.status, epoch, value2]))
    };
  }

  // sections/pareto.js
  var pareto_default = {
    id: "pareto",
    title: "Pareto front",
    brief: "Front",
    needs: ["trials", "metrics", "has_front"],
    usesSelection: true,
    isShown: (study) => study.metrics.length > 1 && study.trials.some((trial) => study.metrics.every((one) => has(trial, one.name))),
    render: render13
  };
  function has(trial, name) {
    return Object.hasOwn(trial.metrics, name) && Number.isFinite(trial.metrics[name]);
  }
  function render13(body2, study) {
    const across = axis(study, "pareto-x", 0);
    const upwards = axis(study, "pareto-y", 1);
    const trials2 = searched(study).filter((trial) => has(trial, across.name) && has(trial, upwards.name));
    figure(body2, {
      id: "pareto",
      title: `${upwards.name} against ${across.name}`,
      note: study.metrics.length > 2 ? `The front is that of all ${study.metrics.length} metrics; the line joins it where it lies in these two.` : null,
      controls: study.metrics.length > 2 ? [choice2(study, "pareto-x", "Across", across), choice2(study, "pareto-y", "Upwards", upwards)] : null,
      study,
      section: "pareto",
      draw: (width2) => draw7(width2, study, trials2, across, upwards),
      table: () => table9(study, trials2)
    });
  }
  function axis(study, name, otherwise) {
    const chosen = store.choice(name, study.metrics[otherwise].name);
    return study.metrics.find((one) => one.name === chosen) || study.metrics[otherwise];
  }
  function choice2(study, name, label2, chosen) {
    const options = study.metrics.map((one) => [one.name, one.name]);
    const list2 = select(label2, options, chosen.name, (value2) => store.setChoice(name, value2, "pareto"));
    list2.dataset.key = name;
    return html("label", { class: "tool-label" }, label2, " ", list2);
  }
  function draw7(width2, study, trials2, across, upwards) {
    const statuses = STATUSES.filter((status) => trials2.some((trial) => trial.status === status));
    const entries = [
      { label: "on the front", mark: (x2, y2) => svg("circle", { class: "front-ring", cx: x2, cy: y2, r: 6 }) },
      ...statusEntries(statuses)
    ];
    const top = legendHeight(width2, entries) + 26;
    const front = trials2.filter((trial) => trial.is_on_front);
    const plot = create({
      width: width2,
      height: 360 + top,
      title: `${upwards.name} against ${across.name}`,
      description: `${front.length} of ${trials2.length} trials are on the front.`,
      margin: { top, right: 24 }
    });
    const x = scale2(study, trials2, front, across, [plot.box.left, plot.box.right]);
    const y = scale2(study, trials2, front, upwards, [plot.box.bottom, plot.box.top]);
    const [xAt, yAt] = [clamped(x), clamped(y)];
    axes(plot, {
      x,
      y,
      xLabel: `${across.name} (${better(across)})`,
      yLabel: `${upwards.name} (${better(upwards)})`
    });
    legend(plot, entries);
    drawTargets(plot, across, upwards, xAt, yAt);
    const selection = currentSelection();
    const points2 = trials2.map((trial) => ({
      x: xAt(trial.metrics[across.name]),
      y: yAt(trial.metrics[upwards.name]),
      status: trial.status,
      isFaint: !selection.has(trial.trial),
      trial
    }));
    drawFront(plot, points2, across, upwards);
    trials(plot.root, points2);
    const surface5 = surface({
      plot,
      points: points2,
      label: "Pareto front",
      describe: ({ trial }) => trialLines(
        study,
        trial,
        study.metrics.slice(1).filter((one) => has(trial, one.name)).map((one) => [one.name, short(trial.metrics[one.name])])
      ),
      open: ({ trial }) => store.setOpened(trial.trial)
    });
    return { root: plot.root, surface: surface5 };
  }
  function scale2(study, trials2, front, one, range) {
    const values = trials2.map((trial) => trial.metrics[one.name]);
    const always = front.map((trial) => trial.metrics[one.name]);
    const found = robustExtent(values, always) || [0, 1];
    if (found[0] > 0 && found[1] / found[0] > 50) return log([found[0] / 1.15, found[1] * 1.15], range);
    const air = (found[1] - found[0]) * 0.06 || Math.abs(found[0]) * 0.05 || 0.5;
    return linear([found[0] - air, found[1] + air], range);
  }
  function better(one) {
    return one.goal === "minimize" ? "lower is better" : "higher is better";
  }
  function drawTargets(plot, across, upwards, x, y) {
    const { left, right, top, bottom } = plot.box;
    if (across.target !== null)
      add(plot, svg("line", { class: "target", x1: x(across.target), x2: x(across.target), y1: top, y2: bottom }));
    if (upwards.target !== null)
      add(
        plot,
        svg("line", { class: "target", x1: left, x2: right, y1: y(upwards.target), y2: y(upwards.target) })
      );
  }
  function drawFront(plot, points2, across, upwards) {
    const front = undominated(
      points2.filter((point) => point.trial.is_on_front),
      across,
      upwards
    );
    if (front.length > 1) {
      const isLevelFirst = sign(across.goal) < 0;
      const path = front.map(
        (point, index) => index === 0 ? `M${point.x},${point.y}` : isLevelFirst ? `H${point.x}V${point.y}` : `V${point.y}H${point.x}`
      ).join("");
      add(plot, svg("path", { class: "front-line", d: path }));
    }
    const rings = points2.filter((point) => point.trial.is_on_front && !point.isFaint);
    if (rings.length)
      add(
        plot,
        svg("path", { class: "front-ring", d: rings.map((point) => circle(point.x, point.y, 7)).join("") })
      );
  }
  function undominated(points2, across, upwards) {
    const value2 = (point, one) => sign(one.goal) * point.trial.metrics[one.name];
    const sorted2 = [...points2].sort(
      (one, other) => value2(other, across) - value2(one, across) || value2(other, upwards) - value2(one, upwards)
    );
    let top = -Infinity;
    const kept = sorted2.filter((point) => {
      const isHigher = value2(point, upwards) > top;
      if (isHigher) top = value2(point, upwards);
      return isHigher;
    });
    return kept.sort((one, other) => one.x - other.x);
  }
  function table9(study, trials2) {
    const selection = currentSelection();
    return {
      columns: [
        { label: "trial", kind: "number" },
        { label: "status" },
        { label: "on the front" },
        ...study.metrics.map((one) => ({ label: one.name, kind: "number" }))
      ],
      rows: trials2.filter((trial) => selection.has(trial.trial)).map((trial) => [
        trial.trial,
        trial.status,
        trial.is_on_front ? "yes" : "no",
        ...study.metrics.map((one) => has(trial, one.name) ? trial.metrics[one.name] : null)
      ])
    };
  }

  // sections/timeline.js
  var OUTCOMES = ["reached", "running", "failed", "interrupted"];
  var SHOWN_LABELS = 300;
  var timeline_default = {
    id: "timeline",
    title: "Timeline",
    needs: ["segments", "elapsed", "state"],
    usesSelection: true,
    isShown: (study) => study.segments.length > 0,
    render: render14
  };
  function render14(body2, study) {
    const spec = {
      id: "timeline",
      title: "Stretches of training by slot",
      note: "The number is the trial. Drag across to zoom, double-click to see everything.",
      study,
      section: "timeline",
      table: () => table10(study)
    };
    figure(body2, { ...spec, draw: (width2) => draw8(width2, study, spec) });
  }
  function draw8(width2, study, spec) {
    const rows = Math.max(...study.segments.map((segment) => segment.slot)) + 1;
    const height = rows > 24 ? 14 : rows > 12 ? 20 : 28;
    const used = OUTCOMES.filter((outcome) => study.segments.some((segment) => segment.outcome === outcome));
    const entries = used.map((outcome) => ({
      label: outcome,
      mark: (x2, y) => svg("rect", { class: `segment ${outcome}`, x: x2 - 8, y: y - 5, width: 16, height: 10 })
    }));
    const top = legendHeight(width2, entries, 86) + 4;
    const plot = create({
      width: width2,
      height: top + rows * height + 48,
      title: "Timeline",
      description: `${study.segments.length} stretches of training on ${rows} rows in ${duration(study.elapsed)}.`,
      margin: { left: 86, right: 20, top }
    });
    const last2 = Math.max(study.elapsed, ...study.segments.map((segment) => segment.end || segment.begin), 1e-9);
    const x = time(zoomedRange(spec.id, [0, last2]), [plot.box.left, plot.box.right]);
    axes(plot, { x, xLabel: "time" });
    legend(plot, entries, { left: 86 });
    drawRows(plot, study, rows, height);
    const selection = currentSelection();
    const bars2 = study.segments.map((segment) => bar2(plot, study, selection, segment, x, height)).filter((one) => one.right > plot.box.left && one.left < plot.box.right);
    drawBars(clipped2(plot), bars2);
    drawNumbers(plot, bars2);
    return { root: plot.root, surface: surface4(plot, study, spec, bars2, x) };
  }
  function drawRows(plot, study, rows, height) {
    const devices = new Map(study.segments.map((segment) => [segment.slot, segment.device]));
    let before = null;
    for (let row2 = 0; row2 < rows; row2 += 1) {
      const device = devices.get(row2) || "";
      const y = plot.box.top + row2 * height;
      if (device !== before)
        add(
          plot,
          label(clipped(device, 11), plot.box.left - 10, y + height / 2, {
            class: "tick",
            "text-anchor": "end",
            "dominant-baseline": "central"
          })
        );
      before = device;
      add(
        plot,
        svg("line", { class: "grid", x1: plot.box.left, x2: plot.box.right, y1: y + height, y2: y + height })
      );
    }
  }
  function bar2(plot, study, selection, segment, x, height) {
    const top = plot.box.top + segment.slot * height + (height > 16 ? 4 : 2);
    const end = segment.end === null ? Math.max(study.elapsed, segment.begin) : segment.end;
    const [left, right] = [x(segment.begin), Math.max(x(end), x(segment.begin) + 1)];
    const isFaint = !selection.has(segment.trial);
    return {
      left,
      right,
      top,
      bottom: top + height - (height > 16 ? 8 : 4),
      segment,
      isFaint,
      isOpen: segment.end === null,
      x: Math.max(plot.box.left, (left + right) / 2),
      y: top + (height - 8) / 2
    };
  }
  function drawBars(group, bars2) {
    for (const outcome of OUTCOMES) {
      for (const isFaint of [true, false]) {
        const same = bars2.filter((one) => one.segment.outcome === outcome && one.isFaint === isFaint);
        if (!same.length) continue;
        group.append(svg("path", { class: `segment ${isFaint ? "faint" : outcome}`, d: same.map(outline).join("") }));
      }
    }
  }
  function outline({ left, right, top, bottom, isOpen }) {
    if (!isOpen) {
      const end = right - left > 3 ? right - 0.7 : right;
      return `M${tenths(left)},${tenths(top)}H${tenths(end)}V${tenths(bottom)}H${tenths(left)}z`;
    }
    const tip = Math.min(7, (right - left) / 2);
    return `M${tenths(left)},${tenths(top)}H${tenths(right - tip)}L${tenths(right)},${tenths((top + bottom) / 2)}L${tenths(right - tip)},${tenths(bottom)}H${tenths(left)}z`;
  }
  function drawNumbers(plot, bars2) {
    const { left, right } = plot.box;
    const wide = bars2.filter(
      (one) => one.bottom - one.top >= 14 && Math.min(one.right, right) - Math.max(one.left, left) > 12 + String(one.segment.trial).length * 7
    );
    for (const one of wide.slice(0, SHOWN_LABELS)) {
      add(
        plot,
        label(String(one.segment.trial), Math.max(one.left, left) + 6, (one.top + one.bottom) / 2 + 0.5, {
          class: `segment-label ${one.isFaint ? "faint" : one.segment.outcome}`,
          "dominant-baseline": "central"
        })
      );
    }
  }
  function surface4(plot, study, spec, bars2, x) {
    return surface({
      plot,
      points: bars2,
      label: "Timeline",
      zoom: zoomFor(spec, x),
      nearest: (all, at, y) => all.find((one) => at >= one.left - 1 && at <= one.right + 1 && y >= one.top && y <= one.bottom) || null,
      highlight: (one) => bars2.filter((other) => other.segment.trial === one.segment.trial).map(
        (other) => svg("rect", {
          class: "bar-ring",
          x: Math.max(plot.box.left, other.left),
          y: other.top,
          width: Math.max(1, Math.min(plot.box.right, other.right) - Math.max(plot.box.left, other.left)),
          height: other.bottom - other.top
        })
      ),
      describe: ({ segment }) => lines(study, segment),
      open: ({ segment }) => store.setOpened(segment.trial)
    });
  }
  function lines(study, segment) {
    const took = segment.end === null ? `${duration(Math.max(0, study.elapsed - segment.begin))} so far` : duration(segment.end - segment.begin);
    return [
      `Trial ${segment.trial} · ${segment.outcome}`,
      ...study.has_epochs ? [["epochs", `${epochs(segment.levels[0])} to ${epochs(segment.levels[1])}`]] : [],
      ["began", `after ${duration(segment.begin)}`],
      ["took", took],
      ["device", segment.device]
    ];
  }
  function table10(study) {
    const selection = currentSelection();
    return {
      columns: [
        { label: "row", kind: "number" },
        { label: "device" },
        { label: "trial", kind: "number" },
        { label: "begin (s)", kind: "number" },
        { label: "end (s)", kind: "number" },
        { label: "from epoch", kind: "number" },
        { label: "to epoch", kind: "number" },
        { label: "outcome" }
      ],
      rows: study.segments.filter((segment) => selection.has(segment.trial)).map((one) => [one.slot, one.device, one.trial, one.begin, one.end, one.levels[0], one.levels[1], one.outcome])
    };
  }

  // sections/rungs.js
  var rungs_default = {
    id: "rungs",
    title: "Rungs",
    needs: ["rungs"],
    isShown: (study) => study.rungs.length > 1,
    render: render15
  };
  function render15(body2, study) {
    const most = Math.max(1, ...study.rungs.map((rung) => rung.reached));
    const columns = [
      { label: "epochs", kind: "number" },
      { label: "reached", kind: "number" },
      { label: "" },
      { label: "went on", kind: "number" },
      { label: "wait there", kind: "number" },
      { label: "share that went on", kind: "number" }
    ];
    const rows = study.rungs.map((rung, index) => [
      rung.epochs,
      rung.reached,
      meter(rung.reached / most),
      index === study.rungs.length - 1 ? null : rung.promoted,
      rung.paused,
      index === study.rungs.length - 1 || !rung.reached ? null : html("span", null, percentage(rung.promoted / rung.reached))
    ]);
    append(body2, scrollRegion("Rungs", plainTable(columns, rows, { caption: "Rungs" })));
  }

  // sections/failures.js
  var SHOWN2 = 100;
  var failures_default = {
    id: "failures",
    title: "Failures",
    needs: ["trials", "parameters"],
    usesSelection: true,
    isShown: (study) => study.trials.some((trial) => trial.status === "failed"),
    render: render16
  };
  function render16(body2, study) {
    const selection = currentSelection();
    const failed = study.trials.filter((trial) => trial.status === "failed" && selection.has(trial.trial));
    const columns = [
      { label: "trial", kind: "trial" },
      { label: "kind" },
      { label: "message" },
      { label: "configuration" }
    ];
    const rows = failed.slice(0, SHOWN2).map((trial) => [trial.trial, trial.stop_reason || "failed", message(trial), configuration(study, trial)]);
    append(
      body2,
      html("p", { class: "note" }, kinds(failed)),
      scrollRegion(
        "Failures",
        plainTable(columns, rows, { caption: "Failures", rowAttributes: (row2) => ({ "data-failure": row2[0] }) })
      ),
      failed.length > SHOWN2 && html(
        "p",
        { class: "note" },
        `The first ${SHOWN2} of ${failed.length}; write \`status:failed\` into the filter of the trials to see all.`
      )
    );
  }
  function kinds(failed) {
    const counts = /* @__PURE__ */ new Map();
    for (const trial of failed)
      counts.set(trial.stop_reason || "failed", (counts.get(trial.stop_reason || "failed") || 0) + 1);
    return [...counts].map(([kind2, count]) => `${count} ${kind2}`).join(", ") || "None of the selected trials failed.";
  }
  function message(trial) {
    return html("span", { class: "message" }, trial.failure || "–");
  }
  function configuration(study, trial) {
    const values = varied(study).filter((one) => setting(trial, one.name) !== void 0).map((one) => `${one.name} ${value(setting(trial, one.name))}`);
    return html("span", { class: "message muted" }, values.join(", "));
  }

  // sections/events.js
  var KINDS = { improvement: "improvement", trouble: "trouble", news: "" };
  var events_default = {
    id: "events",
    title: "Last events",
    brief: "Events",
    needs: ["events"],
    isShown: (study) => study.events.length > 0,
    render: (body2, study) => append(
      body2,
      html(
        "ol",
        { class: "events", tabindex: 0, "aria-label": "Last events, newest first" },
        [...study.events].reverse().map(line2)
      )
    )
  };
  function line2({ seconds, kind: kind2, text: text2 }) {
    return html(
      "li",
      { class: `event ${kind2 in KINDS ? kind2 : "news"}` },
      html("span", { class: "event-time" }, duration(seconds)),
      html("span", { class: "event-kind" }, KINDS[kind2] || ""),
      html("span", { class: "event-text" }, prose(text2))
    );
  }

  // sections/trials/columns.js
  function shownColumns(study) {
    return trialColumns(study).filter((column) => store.columns.get(column.key) ?? column.isUsual);
  }
  function chooser(study) {
    const boxes = trialColumns(study).map((column) => {
      const isShown2 = store.columns.get(column.key) ?? column.isUsual;
      const box3 = html("input", {
        type: "checkbox",
        checked: isShown2,
        "data-key": `column-${column.key}`,
        onchange: () => {
          store.columns.set(column.key, box3.checked);
          store.changed("choice", "trials");
        }
      });
      return html("label", null, box3, " ", clipped(column.label, 36));
    });
    return html(
      "details",
      {
        class: "chooser",
        id: "columns",
        open: store.choice("columns open", false),
        ontoggle: (event) => store.choices.set("columns open", event.target.open)
      },
      html("summary", { class: "tool", "data-key": "columns" }, "Columns"),
      html("div", { class: "chooser-list" }, boxes)
    );
  }

  // sections/trials/filter.js
  function prepare(head2) {
    const input = html("input", {
      id: "filter",
      type: "search",
      placeholder: "Filter, e.g. learning_rate<1e-3 status:completed",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": "Filter trials",
      "aria-describedby": "filter-message",
      oninput: () => store.setFilter(input.value)
    });
    head2.append(
      html("div", { class: "filter" }, input),
      html("p", { class: "note", id: "filter-message", role: "status" }),
      html("details", { class: "help" }, html("summary", null, "How to filter"), help())
    );
    store.onChange((what) => {
      if (what !== "choice" && input.value !== store.filter) input.value = store.filter;
    });
  }
  function help() {
    const lines2 = [
      ["gp", "the text is somewhere in the row"],
      ["status:failed", "the column holds the text"],
      ["learning_rate<1e-3", "also <=, >, >=, =, !="],
      ["momentum:none", "the configuration does not have it"],
      ["!origin:random", "turned round"],
      ['"out of memory"', "quotes keep blanks together"]
    ];
    return html(
      "dl",
      { class: "help-lines" },
      lines2.map(([term, text2]) => [html("dt", null, html("code", null, term)), html("dd", null, text2)]),
      html(
        "dd",
        { class: "wide" },
        "All terms must hold. The filter and the ranges of the parallel coordinates hold for every plot."
      )
    );
  }
  function tell(study, selection) {
    const message2 = document.getElementById("filter-message");
    const all = counted(study.trials.length, "trial");
    const repeats = study.trials.length - searched(study).length;
    const whole = repeats ? `${all}, of which ${repeats} repeat finalists with fresh seeds` : all;
    const count = selection.isActive ? `${selection.count.toLocaleString("en")} of ${all}` : whole;
    message2.replaceChildren(...prose([count, ...selection.problems].join(". ").replace(/\.\. /g, ". ")));
    message2.classList.toggle("is-problem", selection.problems.length > 0);
    document.getElementById("filter").setAttribute("aria-invalid", String(selection.problems.length > 0));
  }

  // sections/trials/order.js
  function sorted(trials2, columns) {
    const { column: key2, isDescending } = store.sort;
    const column = columns.find((one) => one.key === key2) || columns[0];
    const keyed = trials2.map((trial) => ({ trial, value: column.get(trial) }));
    const direction = isDescending ? -1 : 1;
    keyed.sort(
      (one, other) => isMissing(one.value) - isMissing(other.value) || (isMissing(one.value) ? 0 : direction * compared2(one.value, other.value)) || one.trial.trial - other.trial.trial
    );
    return keyed.map(({ trial }) => trial);
  }
  function isMissing(value2) {
    return value2 === null || value2 === void 0 || value2 === "";
  }
  function compared2(one, other) {
    if (typeof one === "number" && typeof other === "number") return one - other;
    return String(one).localeCompare(String(other), "en", { numeric: true });
  }
  function sortBy(column) {
    const isSame = store.sort.column === column.key;
    const isFirstDescending = Boolean(column.isMetric) && sign(column.goal) > 0;
    store.sort = { column: column.key, isDescending: isSame ? !store.sort.isDescending : isFirstDescending };
    store.page = 0;
    store.changed("choice", "trials");
  }

  // sections/trials/pager.js
  var PAGE = 100;
  function pager(count, pages) {
    if (pages < 2) return null;
    const from = store.page * PAGE;
    const turn = (page) => {
      store.page = page;
      store.changed("choice", "trials");
    };
    return html(
      "nav",
      { class: "pager", "aria-label": "Pages of trials" },
      button(
        "Previous",
        { class: "tool", "data-key": "page-previous", disabled: store.page === 0 },
        () => turn(store.page - 1)
      ),
      html(
        "span",
        null,
        `${(from + 1).toLocaleString("en")} to ${Math.min(count, from + PAGE).toLocaleString("en")} of ${count.toLocaleString("en")}`
      ),
      button(
        "Next",
        { class: "tool", "data-key": "page-next", disabled: store.page === pages - 1 },
        () => turn(store.page + 1)
      )
    );
  }

  // sections/trials/rows.js
  function table11(study, columns, trials2) {
    return html(
      "table",
      { id: "trials-table", class: "trials" },
      html("caption", { class: "unseen" }, "Trials"),
      html(
        "thead",
        null,
        html(
          "tr",
          null,
          columns.map((column) => header(column))
        )
      ),
      html(
        "tbody",
        null,
        trials2.map((trial) => row(study, columns, trial))
      )
    );
  }
  function header(column) {
    const { sort } = store;
    const isSorted = sort.column === column.key;
    const direction = isSorted ? sort.isDescending ? "descending" : "ascending" : "none";
    const arrow = html(
      "span",
      { class: "arrow", "aria-hidden": "true" },
      isSorted ? sort.isDescending ? "↓" : "↑" : ""
    );
    return html(
      "th",
      { scope: "col", "aria-sort": direction, "data-column": column.key, class: isNumeric(column) ? "number" : null },
      button(
        [clipped(column.label, 28), arrow],
        {
          class: "sort",
          "data-sort": column.key,
          "data-key": `sort-${column.key}`,
          title: `Sort by ${clipped(column.label, 60)}`
        },
        () => sortBy(column)
      )
    );
  }
  function row(study, columns, trial) {
    const open = () => store.setOpened(trial.trial);
    return html(
      "tr",
      {
        class: trial.trial === study.best ? "is-best" : null,
        "data-trial": trial.trial,
        "data-status": trial.status,
        "data-key": `row-${trial.trial}`,
        tabindex: 0,
        onclick: (event) => !event.target.closest("a") && getSelection().isCollapsed && open(),
        onkeydown: (event) => {
          if (event.key !== "Enter" || event.target !== event.currentTarget) return;
          event.preventDefault();
          open();
        }
      },
      columns.map((column) => cell3(column, trial))
    );
  }
  function cell3(column, trial) {
    const value2 = column.get(trial);
    const attributes = { class: isNumeric(column) ? "number" : null, "data-column": column.key };
    if (column.key === "status")
      return html("td", attributes, html("span", { class: "status" }, statusIcon(trial.status), value2));
    const shown = cellContent(column, value2 === "" ? null : value2);
    if (typeof value2 === "string" && value2.length > 40)
      return html("td", { ...attributes, title: value2 }, html("span", { class: "long" }, shown));
    return html("td", attributes, shown);
  }

  // sections/trials/index.js
  var trials_default = {
    id: "trials",
    title: "Trials",
    needs: ["trials", "parameters", "metrics", "best"],
    usesSelection: true,
    isShown: (study) => study.trials.length > 0,
    prepare,
    render: render17
  };
  function render17(body2, study) {
    const selection = currentSelection();
    const columns = shownColumns(study);
    const rows = sorted(
      study.trials.filter((trial) => selection.has(trial.trial)),
      trialColumns(study)
    );
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    store.page = Math.min(store.page, pages - 1);
    tell(study, selection);
    const scroller = html(
      "div",
      { class: "scroll is-tall", "data-scroll": "trials" },
      table11(study, columns, rows.slice(store.page * PAGE, (store.page + 1) * PAGE))
    );
    append(
      body2,
      html("div", { class: "plot-tools" }, chooser(study), csvButton(study, rows)),
      scroller,
      pager(rows.length, pages)
    );
  }
  function csvButton(study, rows) {
    return button(
      "CSV",
      {
        class: "tool",
        "data-action": "csv",
        "data-key": "trials-csv",
        title: "Download the trials that are shown, with all columns"
      },
      () => {
        const columns = trialColumns(study);
        const cells = rows.map((trial) => columns.map((column) => column.get(trial)));
        download(fileName(study, "trials", "csv"), "text/csv;charset=utf-8", csv(columns, cells));
      }
    );
  }

  // trial/curve.js
  function curve(study, trial) {
    const points2 = trial.curve.filter(([epoch, value2]) => Number.isFinite(epoch) && Number.isFinite(value2));
    if (points2.length < 2) return null;
    const plot = create({
      width: 400,
      height: 210,
      title: `Learning curve of trial ${trial.trial}`,
      description: `${points2.length} evaluations.`,
      margin: { top: 28 }
    });
    const x = linear(
      [0, Math.max(study.max_epochs, points2[points2.length - 1][0])],
      [plot.box.left, plot.box.right]
    );
    const y = metric2(
      study,
      points2.map(([, value2]) => value2),
      [plot.box.bottom, plot.box.top]
    );
    const yAt = clamped(y);
    axes(plot, { x, y, xLabel: "epochs", yLabel: metric(study).name });
    for (const rung of study.rungs)
      add(
        plot,
        svg("line", { class: "rung", x1: x(rung.epochs), x2: x(rung.epochs), y1: plot.box.top, y2: plot.box.bottom })
      );
    add(
      plot,
      svg("path", {
        class: `curve ${trial.status}`,
        d: line(points2.map(([epoch, value2]) => [x(epoch), yAt(value2)]))
      })
    );
    add(
      plot,
      svg("path", {
        class: "curve-dots",
        d: points2.map(([epoch, value2]) => circle(x(epoch), yAt(value2), 2.4)).join("")
      })
    );
    const rows = html(
      "details",
      { class: "help" },
      html("summary", null, "As a table"),
      plainTable(
        [
          { label: "epoch", kind: "number" },
          { label: metric(study).name, kind: "number" }
        ],
        trial.curve
      )
    );
    return [html("h3", null, "Learning curve"), html("div", { class: "scroll" }, plot.root), rows];
  }

  // trial/facts.js
  function facts2(study, trial) {
    const link = (number4) => trialLink(number4, `trial ${number4}`);
    const clones = study.trials.filter((other) => other.parent === trial.trial).map((other) => other.trial);
    const repeats = study.trials.filter((other) => other.repeats === trial.trial).map((other) => other.trial);
    const rows = [
      ["proposed by", trial.origin],
      ["stopped because", trial.stop_reason || null],
      ["rungs reached", study.rungs.length > 1 ? trial.rung : null],
      ["began with the state of", trial.parent === null ? null : link(trial.parent)],
      ["its state went on in", list(clones, link)],
      ["repeats with a fresh seed", trial.repeats === null ? null : link(trial.repeats)],
      ["repeated by", list(repeats, link)],
      ["on the front", study.has_front ? trial.is_on_front ? "yes" : "no" : null],
      ["device", trial.device || null],
      ["peak memory", trial.peak_memory_mb ? memory(trial.peak_memory_mb) : null],
      [
        "trainable parameters",
        trial.trainable_parameters === null ? null : trial.trainable_parameters.toLocaleString("en")
      ],
      ["training steps took", duration(trial.train_seconds)],
      ["configuration hash", trial.config_hash]
    ];
    return html(
      "dl",
      { class: "facts" },
      rows.filter(([, value2]) => value2 !== null).map(([label2, value2]) => [html("dt", null, label2), html("dd", null, value2)])
    );
  }
  function list(numbers, link) {
    if (!numbers.length) return null;
    return html(
      "span",
      null,
      numbers.flatMap((number4, index) => index ? [", ", link(number4)] : [link(number4)])
    );
  }

  // trial/stretches.js
  function stretches(study, trial) {
    const own = study.segments.filter((segment) => segment.trial === trial.trial);
    if (!own.length) return null;
    const columns = [
      { label: "began" },
      { label: "took" },
      { label: "epochs" },
      { label: "device" },
      { label: "outcome" }
    ];
    const rows = own.map((one) => [
      duration(one.begin),
      one.end === null ? "running" : duration(one.end - one.begin),
      `${epochs(one.levels[0])} to ${epochs(one.levels[1])}`,
      one.device,
      one.outcome
    ]);
    return [
      html("h3", null, "History"),
      html("div", { class: "scroll" }, plainTable(columns, rows, { caption: "History" }))
    ];
  }

  // trial/content.js
  function head(study, trial, close2) {
    const last2 = study.trials.length - 1;
    const to = (number4) => () => store.setOpened(number4);
    return html(
      "header",
      { class: "sheet-head" },
      html(
        "h2",
        { id: "trial-title", tabindex: -1, autofocus: true },
        `Trial ${trial.trial}`,
        html("span", { class: `status ${trial.status}` }, statusIcon(trial.status), trial.status)
      ),
      html(
        "div",
        { class: "sheet-tools" },
        button(
          "Previous",
          { class: "tool", "data-key": "trial-previous", disabled: trial.trial === 0 },
          to(trial.trial - 1)
        ),
        button("Next", { class: "tool", "data-key": "trial-next", disabled: trial.trial === last2 }, to(trial.trial + 1)),
        button("Close", { class: "tool", "data-key": "trial-close", "data-action": "close" }, close2)
      )
    );
  }
  function body(study, trial) {
    return html(
      "div",
      { class: "sheet-body" },
      tiles(study, trial),
      trial.failure && html(
        "div",
        { class: "failure", role: "note" },
        html("strong", null, trial.stop_reason || "failed"),
        html("p", { class: "message" }, trial.failure)
      ),
      html("h3", null, "Configuration"),
      configuration2(study, trial),
      curve(study, trial),
      stretches(study, trial),
      html("h3", null, "About this trial"),
      facts2(study, trial)
    );
  }
  function tiles(study, trial) {
    const values = study.metrics.map((one, index) => [one.name, index === 0 ? trial.value : trial.metrics[one.name]]);
    return html(
      "dl",
      { class: "tiles is-compact" },
      values.map(([name, value2]) => tile(name, Number.isFinite(value2) ? short(value2, 5) : "none", "")),
      tile("rank", trial.rank === null ? "none" : String(trial.rank), ""),
      study.has_epochs && tile(
        "epochs",
        epochs(trial.epochs),
        trial.best_epoch === null ? "" : `best at ${epochs(trial.best_epoch)}`
      ),
      tile("time", duration(trial.wall_seconds), "")
    );
  }
  function configuration2(study, trial) {
    const known2 = study.parameters.map((one) => [one.name, setting(trial, one.name)]);
    const others = Object.keys(trial.params).filter((name) => !study.parameters.some((one) => one.name === name)).map((name) => [name, trial.params[name]]);
    return plainTable(
      [{ label: "parameter" }, { label: "value", kind: "number", isParameter: true }],
      [...known2, ...others],
      { caption: "Configuration" }
    );
  }

  // trial/dialog.js
  var box2 = null;
  var opener = null;
  function startDialog() {
    box2 = html("dialog", { id: "trial", class: "sheet", "aria-labelledby": "trial-title" });
    box2.addEventListener("close", () => {
      if (store.opened !== null) store.setOpened(null);
    });
    box2.addEventListener("click", (event) => {
      if (event.target === box2) box2.close();
    });
    document.body.append(box2);
    addEventListener("hashchange", followHash);
    store.onChange((what) => {
      if (what === "opened" || what === "study") sync();
    });
  }
  function followHash() {
    const match = location.hash.match(/^#(?:study-(\d+)-)?trial-(\d+)$/);
    if (!match) return;
    const [index, trial] = [Number(match[1] || 1) - 1, Number(match[2])];
    const study = store.view.studies[index];
    if (!study || !study.trials[trial]) return;
    if (index !== store.chosen) store.choose(index);
    store.setOpened(trial);
  }
  function sync() {
    const { opened } = store;
    if (opened === null) return close();
    const hash = `#${trialHash(opened)}`;
    if (location.hash !== hash) history.replaceState(null, "", hash);
    if (!box2.open) {
      opener = document.activeElement;
      drawDialog();
      box2.showModal();
    } else drawDialog();
    box2.scrollTop = 0;
  }
  function close() {
    if (box2.open) box2.close();
    if (/^#(study-\d+-)?trial-\d+$/.test(location.hash))
      history.replaceState(null, "", location.pathname + location.search);
    const key2 = opener && opener.dataset && opener.dataset.key;
    const target = opener && opener.isConnected ? opener : key2 && document.querySelector(`[data-key="${CSS.escape(key2)}"]`);
    if (target) target.focus({ preventScroll: true });
    opener = null;
  }
  function drawDialog() {
    const { study, opened } = store;
    const trial = study.trials[opened];
    if (!trial) return;
    keepingFocus(box2, () => {
      box2.replaceChildren(
        head(study, trial, () => box2.close()),
        body(study, trial)
      );
    });
  }

  // page/chips.js
  function drawChips() {
    const chips = document.getElementById("chips");
    const selection = currentSelection();
    chips.hidden = !selection.isActive;
    if (!selection.isActive) {
      chips.replaceChildren();
      return;
    }
    const { study } = store;
    const filter = store.filter.trim() && chip(`filter: ${store.filter.trim()}`, () => store.setFilter(""));
    const brushes = [...store.brushes].map(
      ([name, brush]) => chip(brushInWords(study, name, brush), () => store.setBrush(name, null))
    );
    keepingFocus(
      chips,
      () => chips.replaceChildren(
        ...[
          html(
            "span",
            { class: "chips-count", "data-selected": selection.count },
            `${selection.count.toLocaleString("en")} of ${counted(study.trials.length, "trial")}`
          ),
          filter,
          ...brushes,
          button(
            "Clear all",
            { class: "tool", "data-action": "clear-filters", "data-key": "clear-filters" },
            store.clearFilters
          )
        ].filter(Boolean)
      )
    );
  }
  function chip(text2, clear) {
    return button(
      [clipped(text2, 60), html("span", { "aria-hidden": "true" }, " ×")],
      { class: "chip", "aria-label": `Clear ${text2}`, "data-key": `chip-${text2}` },
      clear
    );
  }

  // page/tabs.js
  function tabs() {
    const list2 = html("div", { id: "studies", role: "tablist", "aria-label": "Studies" });
    const { studies } = store.view;
    studies.forEach(
      (_, index) => list2.append(
        button(
          clipped(studyLabel(studies, index), 40),
          {
            role: "tab",
            "data-study": index,
            "aria-selected": String(index === store.chosen),
            tabindex: index === store.chosen ? 0 : -1
          },
          () => store.choose(index)
        )
      )
    );
    list2.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      store.choose((store.chosen + step + studies.length) % studies.length);
      list2.children[store.chosen].focus();
    });
    return list2;
  }
  function markTab() {
    document.querySelectorAll('#studies [role="tab"]').forEach((tab, place) => {
      tab.setAttribute("aria-selected", String(place === store.chosen));
      tab.tabIndex = place === store.chosen ? 0 : -1;
    });
  }

  // page/bar.js
  function buildBar() {
    document.getElementById("bar").append(
      html(
        "div",
        { class: "bar-row" },
        html("span", { class: "brand" }, "automl"),
        html("nav", { id: "nav", "aria-label": "Sections" }),
        html("span", { id: "live", role: "status", hidden: true }),
        themeControl()
      ),
      html("div", { id: "chips", hidden: true })
    );
  }
  function drawBar(shells2) {
    const nav = document.getElementById("nav");
    const links = shells2.filter((shell) => !shell.element.hidden).map(
      (shell) => html(
        "a",
        { href: `#${shell.section.id}`, title: shell.section.title },
        shell.section.brief || shell.section.title
      )
    );
    if (nav.textContent !== links.map((link) => link.textContent).join("")) nav.replaceChildren(...links);
    markTab();
    drawChips();
    document.title = title();
  }
  function title() {
    const { study } = store;
    const winner = best(study);
    return `${winner && winner.value !== null ? `${short(winner.value)} · ` : ""}${study.name} · automl`;
  }
  function showLive(words2, kind2) {
    const live = document.getElementById("live");
    live.hidden = false;
    live.dataset.connection = kind2;
    live.textContent = words2;
  }

  // page/stamps.js
  var theme = 0;
  var width = 0;
  var studyNumber = 0;
  var choiceVersions = /* @__PURE__ */ new Map();
  function noteTheme() {
    theme += 1;
  }
  function noteStudy() {
    studyNumber += 1;
  }
  function noteChoice(section) {
    choiceVersions.set(section, (choiceVersions.get(section) || 0) + 1);
  }
  function noteWidth(now) {
    if (now === width) return false;
    width = now;
    return true;
  }
  function stamp(section) {
    const indexes = section.isOfPage ? store.view.studies.map((_, index) => index) : [store.chosen];
    const versions2 = indexes.map((index) => section.needs.map((field) => version(index, field)).join(".")).join(";");
    const selected = section.usesSelection ? `${store.filter}|${JSON.stringify([...store.brushes])}` : "";
    return [
      section.isOfPage ? "" : studyNumber,
      versions2,
      selected,
      choiceVersions.get(section.id) || 0,
      theme,
      width
    ].join("/");
  }

  // page/shells.js
  var NEAR = 500;
  var shells = [];
  function buildSections(sections) {
    const main = document.getElementById("main");
    for (const section of sections) {
      if (section.id === "overview" && store.view.studies.length > 1) main.append(tabs());
      const body2 = html("div", { class: "section-body" });
      const head2 = html("div", { class: "section-head" }, html("h2", null, section.title));
      const element = html("section", { id: section.id, "aria-label": section.title, hidden: true }, head2, body2);
      if (section.prepare) section.prepare(head2);
      main.append(element);
      shells.push({ section, element, body: body2, stamp: null });
    }
  }
  function isMissing2(shell) {
    return shell.stamp === null && !shell.element.hidden;
  }
  function isNear({ element }) {
    if (element.hidden) return false;
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > -NEAR && top < innerHeight + NEAR;
  }
  function isSelectedIn({ body: body2 }) {
    const selection = getSelection();
    return !selection.isCollapsed && selection.rangeCount > 0 && selection.getRangeAt(0).intersectsNode(body2) && body2.childElementCount > 0;
  }
  function isStale(shell) {
    return shell.stamp !== stamp(shell.section);
  }
  function draw9(shell) {
    shell.stamp = stamp(shell.section);
    const { body: body2, section } = shell;
    const scrolled = [...body2.querySelectorAll(".scroll, .plot-area, .events")].map((element) => [
      element.scrollLeft,
      element.scrollTop
    ]);
    body2.style.minHeight = `${body2.offsetHeight}px`;
    keepingFocus(body2, () => {
      body2.replaceChildren();
      section.render(body2, store.study, store.view);
    });
    body2.style.minHeight = "";
    const now = body2.querySelectorAll(".scroll, .plot-area, .events");
    if (now.length === scrolled.length)
      now.forEach((element, index) => [element.scrollLeft, element.scrollTop] = scrolled[index]);
  }

  // page/drawing.js
  var CALM = 250;
  var isScheduled = false;
  var isEager = true;
  var ahead = null;
  function refresh() {
    for (const shell of shells) shell.element.hidden = !shell.section.isShown(store.study, store.view);
    drawBar(shells);
    drawNear();
    schedule();
  }
  function setEager(isChoice) {
    isEager = isChoice;
  }
  function schedule() {
    if (isScheduled) return;
    isScheduled = true;
    setTimeout(() => {
      isScheduled = false;
      drawNear();
      clearTimeout(ahead);
      ahead = setTimeout(drawOneAhead, shells.some(isMissing2) ? 0 : CALM);
    }, 0);
  }
  function drawNear() {
    if (store.isDragging) return;
    for (const shell of shells) {
      if (isNear(shell) && isStale(shell) && !isSelectedIn(shell)) draw9(shell);
    }
  }
  function drawOneAhead() {
    if (store.isDragging) return;
    const shell = shells.find(isMissing2) || isEager && shells.find((one) => !one.element.hidden && isStale(one) && !isSelectedIn(one));
    if (!shell) return;
    draw9(shell);
    ahead = setTimeout(drawOneAhead, 0);
  }
  function drawAll() {
    shells.filter((shell) => !shell.element.hidden && isStale(shell)).forEach(draw9);
  }

  // page/live.js
  var PAUSE = 500;
  var state = { connection: "off", updated: null };
  var newest = null;
  var timer = null;
  var last = 0;
  function startLive(show2) {
    const url = document.documentElement.dataset.live;
    if (!url) return;
    const source = new EventSource(url);
    source.addEventListener("open", () => tell2({ connection: "open" }, show2));
    source.addEventListener("error", () => tell2({ connection: "lost" }, show2));
    source.addEventListener("message", (event) => {
      newest = event.data;
      const wait = Math.max(0, last + PAUSE - performance.now());
      if (timer === null) timer = setTimeout(() => take(show2), wait);
    });
    tell2({ connection: "connecting" }, show2);
  }
  function take(show2) {
    timer = null;
    last = performance.now();
    try {
      store.setView(JSON.parse(newest));
      tell2({ connection: "open", updated: /* @__PURE__ */ new Date() }, show2);
    } catch (error) {
      console.error("a newer view could not be read", error);
    }
  }
  function tell2(change, show2) {
    state = { ...state, ...change };
    show2(words(), kind());
  }
  function kind() {
    if (isEnded()) return "ended";
    return state.connection;
  }
  function words() {
    const updated = state.updated ? ` · updated ${clock(state.updated)}` : "";
    if (isEnded()) return `ended${updated}`;
    if (state.connection === "lost") return `connection lost, trying again${updated}`;
    if (state.connection === "connecting") return "connecting";
    return `live${updated}`;
  }
  function isEnded() {
    return store.view.studies.length > 0 && store.view.studies.every((study) => study.state === "ended");
  }

  // page/start.js
  function start(sections) {
    store.setView(JSON.parse(document.getElementById("view").textContent));
    startTheme();
    noteWidth(document.getElementById("main").clientWidth);
    buildBar();
    buildFoot();
    if (!store.view.studies.length) return;
    buildSections(sections);
    startDialog();
    refresh();
    watch();
    followHash();
    startLive(showLive);
  }
  function watch() {
    store.onChange((what, section) => {
      if (what === "choice") noteChoice(section);
      if (what === "study") noteStudy();
      setEager(what !== "view");
      if (what !== "opened") refresh();
      if (what === "view" && store.opened !== null) drawDialog();
    });
    onThemeChange(() => {
      noteTheme();
      setEager(true);
      refresh();
    });
    new ResizeObserver(() => {
      if (noteWidth(document.getElementById("main").clientWidth)) schedule();
    }).observe(document.getElementById("main"));
    addEventListener("scroll", schedule, { passive: true });
    document.addEventListener("selectionchange", schedule);
    addEventListener("pointerup", schedule);
    addEventListener("beforeprint", drawAll);
  }
  function buildFoot() {
    const { view } = store;
    document.getElementById("foot").append(html("p", null, `Made by automl ${view.version} at ${view.generated_at}.`));
  }

  // index.js
  start([
    comparison_default,
    overview_default,
    now_default,
    summary_default,
    incumbent_default,
    selection_default,
    confusion_default,
    label_errors_default,
    audit_default,
    parallel_default,
    slices_default,
    importance_default,
    contours_default,
    curves_default,
    pareto_default,
    timeline_default,
    rungs_default,
    failures_default,
    events_default,
    trials_default
  ]);
})();
