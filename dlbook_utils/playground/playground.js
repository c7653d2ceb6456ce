// Pieces that several playgrounds share. Python puts this file and the files of one playground
// together inside one function: no name below reaches the page, and no playground
// meets another one.

// --- Elements ---------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";

// Adds attributes and children. What is undefined is left out; text becomes text, never HTML.
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}
const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// A number as it is printed: a real minus, and never "−0.00".
function print(value, digits = 2, plus = "") {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? "−" : plus) + text;
}

// --- Activations -------------------------------------------------------------------------------

const LINEAR = (z) => z;
const sigmoid = (z) => { const e = Math.exp(-Math.abs(z)); return (z >= 0 ? 1 : e) / (1 + e); };

// Each: the function and its derivative, as in dlbook_utils.activations, its defaults included.
const ACTIVATIONS = {
  step: [(z) => (z >= 0 ? 1 : 0), () => 0],
  sigmoid: [sigmoid, (z) => sigmoid(z) * (1 - sigmoid(z))],
  tanh: [Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
  linear: [LINEAR, () => 1],
  relu: [(z) => Math.max(z, 0), (z) => (z > 0 ? 1 : 0)],
};

// --- Controls ---------------------------------------------------------------------------------
// The browser's own, so that mouse, touch, keyboard and screen reader work without our help.
// Each is an object with its element (`node`), its `value`, and `set(value)`, which calls nobody.

// Where steps are fine, arrow keys take `jump` at a time, and a step while Shift is held.
function slider({ label, min, max, step, value, digits = 1, jump }, onChange) {
  const input = html("input", { type: "range", min, max, step, value });
  const shown = html("span", { class: "dlp-value", "aria-hidden": "true" });
  const show = (value = Number(input.value)) => {  // what was set may lie beyond the slider's ends
    shown.textContent = print(value, digits);
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", () => { show(); onChange(); });
  input.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!jump || !way || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    input.value = (Number(input.value) + way * (event.shiftKey ? step : jump)).toFixed(digits);
    show();
    onChange();
  });
  show();
  return {
    node: html("label", { class: "dlp-slider" }, html("span", { class: "dlp-name" }, label), input, shown),
    get value() { return Number(input.value); },
    set(value) { input.value = value; show(value); },
  };
}

function select({ label, options, value }, onChange) {
  const input = html("select", {}, ...options.map(([key, text]) => html("option", { value: key }, text)));
  input.value = value;
  input.addEventListener("change", onChange);
  return {
    node: html("label", { class: "dlp-select" }, html("span", { class: "dlp-name" }, label), input),
    get value() { return input.value; },
    set(value) { input.value = value; },
  };
}

// Radio buttons need a name that no other group of the page has.
const radios = ({ label, options, value }, onChange) => {
  const name = `dlp-${Math.random().toString(36).slice(2)}`;
  const inputs = options.map(([key]) => html("input", { type: "radio", name, value: key }));
  const set = (value) => inputs.forEach((input) => { input.checked = input.value === String(value); });
  inputs.forEach((input) => input.addEventListener("change", onChange));
  set(value);
  return {
    node: html("div", { class: "dlp-row", role: "radiogroup", "aria-label": label },
      html("span", { class: "dlp-name", "aria-hidden": "true" }, label),
      ...options.map(([, text], i) => html("label", { class: "dlp-radio" }, inputs[i], text))),
    get value() { return inputs.find((input) => input.checked).value; },
    set,
  };
};

function button(label, onClick) {
  const node = html("button", { type: "button" }, label);
  node.addEventListener("click", onClick);
  return node;
}

// Tells a screen reader what has changed, once the reader's hand has come to rest.
function announcer(root) {
  const node = html("div", { class: "dlp-heard", role: "status" });
  root.classList.add("dlp-hearing");
  root.append(node);
  let timer;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => { node.textContent = text; }, 700);
  };
}

// --- Plots and colours --------------------------------------------------------------------------

// The straight line that takes `from` = [a, b] to `to` = [c, d].
const scale = (from, to) => (value) => to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);

// A colour for a value between −1 and 1, from colours at equal distances.
function signedColor(stops, value) {
  const place = ((Math.max(-1, Math.min(1, value)) + 1) / 2) * (stops.length - 1);
  const below = Math.min(Math.floor(place), stops.length - 2), part = place - below;
  const mix = stops[below].map((channel, k) => Math.round(channel + part * (stops[below + 1][k] - channel)));
  return `rgb(${mix.join(",")})`;
}

// --- Start ------------------------------------------------------------------------------------

// Brings to life every figure of one kind that stands on the page and is not alive yet. Looking
// them up, and not this script's own place, also works where a notebook moves scripts about.
function start(kind, build) {
  for (const root of document.querySelectorAll(`.dlp[data-playground="${kind}"]:not([data-live])`)) {
    root.setAttribute("data-live", "");
    build(root, JSON.parse(root.querySelector("script[type='application/json']").textContent));
    root.querySelectorAll(".dlp-still").forEach((node) => node.remove());
  }
}
