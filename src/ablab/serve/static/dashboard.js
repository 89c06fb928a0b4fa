// Keeps the page as the store is: asks for it again every second and takes over what has changed.
// Text from the answer becomes text and nothing else; a script, or an attribute that would run one, is not taken over.
"use strict";

const PAUSE = 1000, PATIENCE = 15000;
let mark = null, failed = 0, asking = null;

// What a node is recognised by when others come before it.
function key(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

function isHarmless(name, value) {
  return !/^on/i.test(name) && !/^(srcdoc|style|xlink:href)$/i.test(name)
    && !(/^(href|src|action|formaction)$/i.test(name) && !/^[/?#]/.test(value));
}

function copied(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || node.localName === "script") return document.createTextNode("");
  const made = document.createElementNS(node.namespaceURI, node.localName);
  attributes(made, node);
  for (const child of node.childNodes) made.append(copied(child));
  return made;
}

function attributes(old, wanted) {
  for (const { name } of [...old.attributes]) {
    if (!wanted.hasAttribute(name) && !["data-hovered", "open"].includes(name)) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) !== value && isHarmless(name, value)) old.setAttribute(name, value);
  }
}

function isSame(old, wanted) {
  return old.nodeType === wanted.nodeType && old.nodeName === wanted.nodeName && key(old) === key(wanted);
}

// Makes the children of `old` those of `wanted`, and leaves alone what is the same: what is marked, ticked or scrolled.
function take(old, wanted) {
  const keyed = new Map();
  for (const child of old.children) if (key(child) !== null) keyed.set(key(child), child);
  let at = old.firstChild;
  for (const child of wanted.childNodes) {
    const known = key(child) !== null ? keyed.get(key(child)) : null;
    if (known && known !== at && isSame(known, child)) {
      old.insertBefore(known, at);
      at = known;
    }
    if (at && isSame(at, child)) {
      if (at.nodeType === Node.TEXT_NODE) {
        if (at.data !== child.data) at.data = child.data;
      } else if (at.nodeType === Node.ELEMENT_NODE && !isBusy(at)) {
        attributes(at, child);
        take(at, child);
      }
      at = at.nextSibling;
    } else {
      old.insertBefore(copied(child), at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

// The form in which somebody writes or chooses is not touched.
function isBusy(element) {
  return element.matches("form[data-live]") && element.contains(document.activeElement);
}

async function refresh() {
  if (asking) asking.abort();
  const own = asking = new AbortController();
  const timer = setTimeout(() => own.abort(), PATIENCE);
  const address = location.pathname + location.search;
  try {
    const headers = mark && mark.address === address ? { "If-None-Match": mark.value } : {};
    const answer = await fetch(address, { headers, cache: "no-store", signal: own.signal });
    if (answer.status === 200) {
      const text = await answer.text();
      if (own !== asking) return;
      const page = new DOMParser().parseFromString(text, "text/html");
      document.title = page.title;
      take(document.querySelector("main"), page.querySelector("main"));
      mark = { address, value: answer.headers.get("ETag") };
      hovered();
    }
    failed = 0;
    const isLost = answer.status === 403;
    const isFaulty = !isLost && answer.status !== 200 && answer.status !== 304;
    say(isLost ? "access expired" : isFaulty ? `answered ${answer.status}` : "live", isLost || isFaulty);
  } catch {
    if (own !== asking) return;
    failed += 1;
    say("no answer", true);
  } finally {
    clearTimeout(timer);
    if (own === asking) asking = null;
  }
}

function say(text, isBad) {
  const pulse = document.getElementById("pulse");
  if (pulse.textContent !== text) pulse.textContent = text;
  pulse.className = isBad ? "pulse bad" : "pulse good";
}

function again() {
  const pause = PAUSE * Math.min(10, 1 + failed);
  setTimeout(async () => {
    if (!document.hidden && !asking) await refresh();
    again();
  }, pause);
}

// Filters act while one types.
function filter(form) {
  const words = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...words]) if (!value || (name === "sort" && value === "-new")) words.delete(name);
  const text = words.toString();
  history.replaceState(null, "", location.pathname + (text ? "?" + text : ""));
  refresh();
}

// The pointer on a chart: the values of all lines at the epoch below it.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
let pointer = null;

function hovered() {
  if (!pointer) return;
  const svg = document.elementFromPoint(pointer.x, pointer.y)?.closest("svg.panel");
  for (const other of document.querySelectorAll("svg.panel[data-hovered]")) {
    if (other !== svg) unmarked(other);
  }
  const shown = svg ? values(svg) : null;
  tip.hidden = !shown;
  if (!shown) return;
  const rows = shown.lines.map(({ style, name, text }) => {
    const row = document.createElement("p"), dot = document.createElement("i"), number = document.createElement("b");
    dot.className = style;
    number.textContent = text;
    row.append(dot, `${name} `, number);
    return row;
  });
  const head = document.createElement("p");
  head.textContent = `epoch ${shown.epoch}`;
  tip.replaceChildren(head, ...rows);
  const wide = tip.offsetWidth, high = tip.offsetHeight;
  const left = pointer.x + 16 + wide > innerWidth ? pointer.x - wide - 16 : pointer.x + 16;
  tip.style.left = `${Math.max(4, left) + scrollX}px`;
  tip.style.top = `${Math.max(4, Math.min(pointer.y + 14, innerHeight - high - 4)) + scrollY}px`;
}

function values(svg) {
  const [first, last] = svg.dataset.x.split(" ").map(Number);
  const [left, , width, , inner] = svg.dataset.frame.split(" ").map(Number);
  const box = svg.getBoundingClientRect();
  const across = (pointer.x - box.left) / box.width * svg.viewBox.baseVal.width - left;
  const share = Math.min(Math.max((across - inner) / (width - 2 * inner), 0), 1);
  const epoch = Math.round(first + share * (last - first));
  const lines = [];
  for (const line of svg.querySelectorAll("[data-values]")) {
    for (const pair of line.dataset.values.split(" ")) {
      const [at, value] = pair.split(":");
      if (Number(at) === epoch) {
        const number = Number(value), unit = line.dataset.unit;
        const text = Number.isFinite(number) ? number.toFixed(unit ? 2 : 4) + (unit && ` ${unit}`) : "no number";
        lines.push({ name: line.dataset.name, style: line.dataset.style, text });
      }
    }
  }
  if (!lines.length) {
    unmarked(svg);
    return null;
  }
  const rule = svg.querySelector(".at"), x = inner + (epoch - first) / (last - first || 1) * (width - 2 * inner);
  rule.setAttribute("x1", x);
  rule.setAttribute("x2", x);
  rule.setAttribute("visibility", "visible");
  svg.setAttribute("data-hovered", "yes");
  return { epoch, lines };
}

function unmarked(svg) {
  svg.querySelector(".at").setAttribute("visibility", "hidden");
  svg.removeAttribute("data-hovered");
}

document.documentElement.classList.add("js");
document.body.append(tip);
document.addEventListener("pointermove", (event) => {
  pointer = { x: event.clientX, y: event.clientY };
  hovered();
});
document.addEventListener("pointerdown", (event) => {
  pointer = { x: event.clientX, y: event.clientY };
  hovered();
});
document.addEventListener("scroll", () => {
  pointer = null;
  tip.hidden = true;
  document.querySelectorAll("svg.panel[data-hovered]").forEach(unmarked);
}, { passive: true });
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-live]");
  if (form) filter(form);
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-live]")) {
    event.preventDefault();
    filter(event.target);
  }
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
refresh();
again();
