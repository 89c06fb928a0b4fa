// What a reader can do with the page beyond reading it: point at curves, change their axis, hide variants, ask for the
// meaning of a word, save a figure. Without it the page is complete. Text becomes text and nothing else.
"use strict";

const SVG = document.querySelector("svg")?.namespaceURI;
const FACTS = JSON.parse(document.getElementById("ablab-figures").textContent);
const UNITS = { epochs: "epoch", seconds: "training, seconds", flops: "training, FLOPs" };

function made(name, text = "", attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function drawn(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

function button(text, label, act) {
  const one = made("button", text, { type: "button", ...(label ? { "aria-label": label } : {}) });
  one.addEventListener("click", act);
  return one;
}

// ---- the note: one small box for values and for the meaning of words

const note = made("div", "", { class: "pop", role: "status" });
note.hidden = true;
document.body.append(note);

function say(parts, x, y) {
  note.replaceChildren(...parts);
  note.hidden = false;
  const room = document.documentElement.clientWidth - note.offsetWidth - 8;
  note.style.left = `${Math.max(8, Math.min(x + 14, room)) + window.scrollX}px`;
  const above = y - note.offsetHeight - 14;
  note.style.top = `${(above > 4 ? above : y + 18) + window.scrollY}px`;
}

function hush() {
  note.hidden = true;
  for (const cross of document.querySelectorAll(".cross")) cross.remove();
}

// A finger that is lifted has not left: what it asked for stays until it taps elsewhere.
function leave(event) {
  if (event.pointerType !== "touch") hush();
}

function explain(word) {
  const meaning = word.title;
  word.removeAttribute("title");
  word.setAttribute("tabindex", "0");
  word.setAttribute("aria-description", meaning);
  const show = () => {
    const box = word.getBoundingClientRect();
    say([made("p", meaning)], box.left - 14, box.top);
  };
  for (const kind of ["pointerenter", "focus", "click"]) word.addEventListener(kind, show);
  word.addEventListener("pointerleave", leave);
  word.addEventListener("blur", hush);
}

// ---- numbers

function ticks(low, high, most) {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = [1, 2, 5, 10, 20].map((nice) => nice * power)
    .find((one) => Math.floor(high / one + 1e-9) - Math.ceil(low / one - 1e-9) < most);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
}

function short(value) {
  if (value === null || value === undefined) return "–";
  for (const [size, letter] of [[1e18, "E"], [1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    const figures = size === 1e4 ? 1e3 : size;
    if (Math.abs(value) >= size) return `${Number((value / figures).toPrecision(4))}${letter}`;
  }
  return String(Number(value.toPrecision(4)));
}

// ---- curves: what is at a place, on which axis, of which variants

function frameOf(svg) {
  const numbers = (name) => svg.getAttribute(name).split(" ").map(Number);
  const [left, top, width, height, inner] = numbers("data-frame");
  return { svg, left, top, width, height, inner, x: numbers("data-x"), y: numbers("data-y"), plot: svg.querySelector("svg") };
}

// Values are for epochs 1, 2, 3, ..., and between two of them lie on a straight line.
function along(values, epoch) {
  const at = Math.min(Math.max(Math.floor(epoch) - 1, 0), Math.max(values.length - 2, 0));
  const next = Math.min(at + 1, values.length - 1);
  return values[at] + (epoch - 1 - at) * (values[next] - values[at]);
}

function curves(figure, facts) {
  const frames = [...figure.querySelectorAll("svg.panel")].map(frameOf);
  if (!frames.length) return;
  const original = new Map();
  const longest = Math.max(...facts.arms.map((arm) => arm.n.length));
  const off = new Set();
  let unit = "epochs", range = frames[0].x;

  const place = (arm, epoch) => unit === "epochs" ? epoch : along(arm[unit], epoch);
  const across = (frame, value) => frame.inner + (value - range[0]) / (range[1] - range[0]) * (frame.width - 2 * frame.inner);

  // The epoch that the picture was drawn for, from a place in it, and where that epoch is now.
  function moved(frame, arm, x) {
    const share = (x - frame.inner) / (frame.width - 2 * frame.inner);
    const epoch = Math.max(1, frame.x[0] + share * (frame.x[1] - frame.x[0]));
    return Math.round(10 * across(frame, place(arm, epoch))) / 10;
  }

  function redraw(frame) {
    for (const arm of facts.arms) {
      for (const mark of frame.plot.querySelectorAll(`.s${arm.style}`)) {
        const key = mark.localName === "path" ? "d" : "cx";
        if (!original.has(mark)) original.set(mark, mark.getAttribute(key));
        const was = original.get(mark);
        if (unit === "epochs") mark.setAttribute(key, was);
        else if (key === "cx") mark.setAttribute(key, moved(frame, arm, Number(was)));
        else mark.setAttribute(key, was.replace(/([ML])(-?[\d.]+)/g, (_, sign, x) => sign + moved(frame, arm, Number(x))));
      }
    }
    const group = frame.svg.querySelector(".across"), name = frame.svg.querySelector(".along");
    if (!original.has(group)) original.set(group, [...group.children]);
    name.textContent = UNITS[unit];
    if (unit === "epochs") group.replaceChildren(...original.get(group));
    else group.replaceChildren(...ticks(...range, 5).map((value) => drawn("text", {
      x: frame.left + across(frame, value), y: frame.top + frame.height + 18, "text-anchor": "middle",
    }, short(value))));
  }

  function change(to) {
    unit = to;
    const last = Math.max(...facts.arms.map((arm) => (arm[unit] || [0]).at(-1)));
    range = unit === "epochs" ? frames[0].x : [0, last || 1];
    frames.forEach(redraw);
    hush();
  }

  function point(frame, value, x, y) {
    hush();
    const at = frames.indexOf(frame), cross = drawn("g", { class: "cross" });
    const place_x = across(frame, value);
    cross.append(drawn("line", { x1: place_x, x2: place_x, y1: 0, y2: frame.height }));
    const table = made("table"), head = made("tr");
    for (const text of [`${UNITS[unit]} ${short(value)}`, facts.quantities[at], "n"]) head.append(made("th", text));
    table.append(head);
    for (const arm of facts.arms) {
      if (off.has(arm.style)) continue;
      const epoch = nearest(arm, value), mean = arm.means[at][epoch - 1];
      const row = made("tr"), name = made("td", "", { class: "who" }), text = made("bdi", arm.name);
      const swatch = drawn("svg", { width: 18, height: 8, "aria-hidden": "true" });
      swatch.append(drawn("line", { class: `mean s${arm.style}`, x1: 0, x2: 18, y1: 4, y2: 4 }));
      name.append(swatch, text);
      const where = unit === "epochs" ? "" : ` (epoch ${epoch})`;
      row.append(name, made("td", short(mean) + where), made("td", String(arm.n[epoch - 1] ?? 0)));
      table.append(row);
      if (mean === null || mean === undefined) continue;
      const high = frame.height * (1 - (mean - frame.y[0]) / (frame.y[1] - frame.y[0]));
      cross.append(drawn("circle", { class: `s${arm.style}`, cx: across(frame, place(arm, epoch)), cy: high, r: 4 }));
    }
    frame.plot.append(cross);
    say([table], x, y);
  }

  function nearest(arm, value) {
    if (unit === "epochs") return Math.round(value);
    let best = 1;
    arm[unit].forEach((one, at) => { if (Math.abs(one - value) < Math.abs(arm[unit][best - 1] - value)) best = at + 1; });
    return best;
  }

  for (const frame of frames) {
    let epoch = longest;
    frame.svg.setAttribute("tabindex", "0");
    const follow = (event) => {
      const x = new DOMPoint(event.clientX, event.clientY).matrixTransform(frame.svg.getScreenCTM().inverse()).x;
      const share = (x - frame.left - frame.inner) / (frame.width - 2 * frame.inner);
      const value = range[0] + Math.min(Math.max(share, 0), 1) * (range[1] - range[0]);
      const whole = Math.min(Math.max(Math.round(value), 1), longest);
      point(frame, unit === "epochs" ? whole : value, event.clientX, event.clientY);
    };
    for (const kind of ["pointermove", "pointerdown"]) frame.svg.addEventListener(kind, follow);
    frame.svg.addEventListener("pointerleave", leave);
    frame.svg.addEventListener("blur", hush);
    const step = (by) => {
      epoch = Math.min(Math.max(epoch + by, 1), longest);
      const box = frame.svg.getBoundingClientRect();
      point(frame, place(facts.arms[0], Math.min(epoch, facts.arms[0].n.length)), box.left + box.width / 2, box.top + 40);
    };
    frame.svg.addEventListener("focus", () => { if (frame.svg.matches(":focus-visible")) step(0); });
    frame.svg.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, Home: -longest, End: longest }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      step(by);
    });
  }

  for (const item of figure.querySelectorAll(".key li")) {
    const arm = facts.arms[Number(item.dataset.arm)];
    const one = button("", "", () => {
      if (!off.delete(arm.style)) off.add(arm.style);
      const is_off = off.has(arm.style);
      one.setAttribute("aria-pressed", String(!is_off));
      for (const frame of frames) {
        for (const mark of frame.plot.querySelectorAll(`.s${arm.style}`)) {
          if (is_off) mark.setAttribute("display", "none");
          else mark.removeAttribute("display");
        }
      }
      hush();
    });
    one.setAttribute("aria-pressed", "true");
    one.append(...item.childNodes);
    item.append(one);
  }

  const units = Object.keys(UNITS).filter((name) => name === "epochs" || facts.arms.every((arm) => arm[name]));
  if (longest < 2 || units.length < 2) return;
  const group = made("div", "against", { class: "switch", role: "group", "aria-label": "axis of the curves" });
  for (const name of units) {
    const label = name === "flops" ? "FLOPs" : name;
    const one = button(label, `curves against ${label}`, () => {
      change(name);
      for (const other of group.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === one));
    });
    one.setAttribute("aria-pressed", String(name === "epochs"));
    group.append(one);
  }
  figure.querySelector(".key").after(group);
}

// Every run and every mean of the curves, one line an epoch.
function table(facts) {
  const rows = [];
  for (const arm of facts.arms) {
    const line = (who, status, values, at) => [arm.name, who, status, at + 1, arm.seconds[at], arm.flops ? arm.flops[at] : null,
      ...values.map((of) => of[at])];
    for (const run of arm.runs || []) run.values[0].forEach((_, at) => rows.push(line(run.seed, run.status, run.values, at)));
    arm.means[0].forEach((_, at) => rows.push(line(`mean of ${arm.n[at]}`, "finished", arm.means, at)));
  }
  const first = ["recipe", "seed", "status", "epoch", "seconds (mean of the recipe)", "FLOPs (mean of the recipe)"];
  return { columns: [...first, ...facts.quantities], rows };
}

// ---- saving

// A spreadsheet takes text that begins like a formula for one.
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return `"${(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
}

function csv(facts) {
  const { columns, rows } = facts.arms ? table(facts) : facts;
  return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

const EDGE = 14; // pixels around a saved figure
const SHAPE = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "stroke-linejoin"];
const TEXT = ["font-size", "font-family", "font-weight", "text-anchor"];

// A picture with its colours written out, since the style sheet stays behind.
function coloured(svg) {
  const copy = svg.cloneNode(true);
  const before = [svg, ...svg.querySelectorAll("*")], after = [copy, ...copy.querySelectorAll("*")];
  before.forEach((element, at) => {
    const keys = element.localName === "text" ? [...SHAPE, ...TEXT] : SHAPE;
    const style = getComputedStyle(element);
    if (!["svg", "title", "g"].includes(element.localName)) {
      for (const key of keys) after[at].setAttribute(key, style.getPropertyValue(key));
    }
    after[at].removeAttribute("class");
  });
  return copy;
}

// The lines of an element's text as they stand on the screen.
function written(element, origin) {
  const style = getComputedStyle(element), found = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const word of node.data.matchAll(/\S+/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const box = range.getClientRects()[0], last = found.at(-1);
      if (!box) continue;
      if (last && last.node === node && Math.abs(last.box.top - box.top) < 2) last.text += ` ${word[0]}`;
      else found.push({ node, box, text: word[0] });
    }
  }
  return found.map(({ box, text }) => drawn("text", {
    x: box.left - origin.left, y: box.top - origin.top + 0.79 * box.height, fill: style.color,
    "font-size": style.fontSize, "font-family": style.fontFamily, "font-weight": style.fontWeight,
  }, text));
}

function picture(figure) {
  hush();
  const origin = figure.getBoundingClientRect(), whole = drawn("g", {});
  let bottom = 0;
  for (const element of figure.querySelectorAll("svg, img, [data-label]")) {
    if (element.closest(".tools, .switch") || element.parentElement.closest("svg")) continue;
    const box = element.getBoundingClientRect();
    if (!box.width) continue;
    bottom = Math.max(bottom, box.bottom - origin.top);
    const place = { x: box.left - origin.left, y: box.top - origin.top, width: box.width, height: box.height };
    if (element.localName === "svg") {
      const copy = coloured(element);
      for (const [key, value] of Object.entries(place)) copy.setAttribute(key, value);
      if (element.matches(".strip")) copy.setAttribute("overflow", "visible");
      whole.append(copy);
    } else if (element.localName === "img") {
      whole.append(drawn("image", { ...place, href: element.src, "image-rendering": "pixelated" }));
    } else whole.append(...written(element, origin));
  }
  const frame = { x: -EDGE, y: -EDGE, width: Math.ceil(origin.width + 2 * EDGE), height: Math.ceil(bottom + 2 * EDGE) };
  const view = Object.values(frame).join(" ");
  const svg = drawn("svg", { width: frame.width, height: frame.height, viewBox: view });
  svg.append(drawn("rect", { ...frame, fill: getComputedStyle(document.body).backgroundColor }), whole);
  return new XMLSerializer().serializeToString(svg);
}

function save(blob, name) {
  const link = made("a", "", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function savePng(text, name) {
  const image = new Image();
  image.addEventListener("load", () => {
    const canvas = made("canvas");
    canvas.width = 2 * image.width;
    canvas.height = 2 * image.height;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(blob, name), "image/png");
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

function tools(figure, id) {
  const name = `${FACTS.name.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 40)}-${id}`;
  const bar = made("div", "save as", { class: "tools" });
  bar.append(
    button("SVG", `save ${id} as SVG`, () => save(new Blob([picture(figure)], { type: "image/svg+xml" }), `${name}.svg`)),
    button("PNG", `save ${id} as PNG`, () => savePng(picture(figure), `${name}.png`)),
  );
  if (FACTS.figures[id]) {
    bar.append(button("CSV", `save the data of ${id} as CSV`,
      () => save(new Blob([csv(FACTS.figures[id])], { type: "text/csv" }), `${name}.csv`)));
  }
  const caption = figure.querySelector(":scope > figcaption");
  if (caption) caption.before(bar);
  else figure.append(bar);
}

// ---- folded sections: all at once, by a link, and for the printer

const FOLDS = [...document.querySelectorAll("details.part")];

function unfold(element) {
  for (let fold = element?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  const own = element?.querySelector(":scope > details.part");
  if (own) own.open = true;
}

function target() {
  return document.getElementById(decodeURIComponent(location.hash.slice(1)));
}

function unfolder() {
  const one = button("Unfold all", "", () => {
    const is_open = !FOLDS.every((fold) => fold.open);
    for (const fold of FOLDS) fold.open = is_open;
    name();
  });
  const name = () => { one.textContent = FOLDS.every((fold) => fold.open) ? "Fold all" : "Unfold all"; };
  for (const fold of FOLDS) fold.addEventListener("toggle", name);
  document.querySelector("nav.contents")?.append(one);
}

// Paper cannot be unfolded: everything is open there, and afterwards as it was.
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const fold of closed) fold.open = true;
});
window.addEventListener("afterprint", () => { for (const fold of closed) fold.open = false; });
window.addEventListener("hashchange", () => { unfold(target()); target()?.scrollIntoView(); });
if (location.hash) unfold(target());
if (FOLDS.length) unfolder();

for (const word of document.querySelectorAll("abbr[title]")) explain(word);
for (const figure of document.querySelectorAll("figure[data-figure]")) {
  const id = figure.dataset.figure, facts = FACTS.figures[id];
  if (facts && facts.arms) curves(figure, facts);
  tools(figure, id);
}
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hush(); });
document.addEventListener("pointerdown", (event) => { if (!event.target.closest("svg.panel, abbr")) hush(); });
window.addEventListener("beforeprint", hush);
