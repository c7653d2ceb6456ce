// Step through a graph: values forward, gradients back. The drawing stands on the page already; this
// script computes its numbers and says which of them are known.

// Each operation: its value, and its local slopes, one for each argument.
const OPERATIONS = {
  multiply: [(a, b) => a * b, (a, b) => [b, a]],
  add: [(a, b) => a + b, () => [1, 1]],
  subtract: [(a, b) => a - b, () => [1, -1]],
  tanh: [Math.tanh, (a) => [1 - Math.tanh(a) ** 2]],
  square: [(a) => a * a, (a) => [2 * a]],
};

// Takes the first `at` steps. Each computes the value of a node, sets the first gradient to 1, or
// sends a share back along an edge [from, to], where it is added to what has arrived before.
function run(nodes, steps, at, leaves) {
  const value = { ...leaves }, gradient = {}, edges = {};
  let said = {};
  for (const { compute, seed, edge } of steps.slice(0, at + 1)) {
    const { operation, arguments: names } = nodes[compute || (edge && edge[0])] || {};
    const [f, slopes] = OPERATIONS[operation] || [], inputs = names && names.map((name) => value[name]);
    if (compute) value[compute] = f(...inputs);
    if (seed) gradient[seed] = 1;
    if (edge) {
      const [from, to] = edge, slope = slopes(...inputs)[names.indexOf(to)];
      const upstream = gradient[from], before = gradient[to] || 0, share = upstream * slope;
      gradient[to] = before + share;
      edges[edge.join(" ")] = { slope, share };
      said = { upstream, slope, share, before, sum: gradient[to] };
    }
  }
  return { value, gradient, edges, said };
}

start("graph_steps", (root, { nodes, steps, first, start: begin, given, limit, slopeDigits }) => {
  const picture = root.querySelector("svg"), boxes = picture.querySelectorAll("[data-node]"), wires = picture.querySelectorAll("[data-edge]");
  const heading = html("b"), told = html("span"), last = steps.length - 1;
  const say = announcer(root);
  let at = first, timer;

  const inBrackets = (text) => (text.startsWith("−") ? `(${text})` : text);
  const digitsOf = (name) => (nodes[name] ? 4 : 1);
  const printSlope = (from, value) => {
    const digits = slopeDigits[nodes[from].operation];
    return print(value, digits === 4 && Math.abs(value) < 0.1 ? 6 : digits);
  };
  // Writes a number, which also says itself in full, for tests and for the curious.
  function write(node, value, text) {
    if (!node) return;
    node.textContent = text;
    if (value === undefined) node.removeAttribute("data-value");
    else node.setAttribute("data-value", value);
  }

  function sentence({ value, said }) {
    const { text, edge } = steps[at], numbers = { ...value, ...said };
    return text.replace(/\{(\(?)(\w+)\)?\}/g, (_, bracket, name) => {
      const digits = name in given || name in begin ? 1 : 4;
      const written = name === "slope" ? printSlope(edge[0], said.slope) : print(numbers[name], digits);
      return bracket ? inBrackets(written) : written;
    });
  }

  function show() {
    const now = run(nodes, steps, at, { ...given, x: x.value, w: w.value }), { compute, seed, edge = [] } = steps[at];
    boxes.forEach((box) => {
      const name = box.dataset.node, value = now.value[name], gradient = now.gradient[name];
      const uses = [...wires].map((wire) => wire.dataset.edge).filter((words) => words.endsWith(` ${name}`));
      const arrived = uses.filter((words) => words in now.edges).length, waits = arrived > 0 && arrived < uses.length;
      box.classList.toggle("dlp-known", value !== undefined);
      box.classList.toggle("dlp-back", gradient !== undefined);
      box.classList.toggle("dlp-now", [compute, seed, edge[1]].includes(name));
      write(box.querySelector(".dlp-value-of"), value, value === undefined ? "?" : print(value, digitsOf(name)));
      write(box.querySelector(".dlp-gradient-of"), gradient, gradient === undefined ? "?" : print(gradient, 4));
      if (!(name in given)) box.querySelector(".dlp-name-of").textContent = `∂L/∂${name}${waits ? " so far" : ""}`;
    });
    wires.forEach((wire) => {
      const words = wire.dataset.edge, [from] = words.split(" "), passed = now.edges[words];
      wire.classList.toggle("dlp-gone", from in now.value);
      wire.classList.toggle("dlp-back", Boolean(passed));
      wire.classList.toggle("dlp-now", words === edge.join(" ") || from === compute);
      write(wire.querySelector(".dlp-slope"), passed && passed.slope, passed ? `· ${inBrackets(printSlope(from, passed.slope))}` : "");
      write(wire.querySelector(".dlp-share"), passed && passed.share, passed ? `= ${print(passed.share, 4)}` : "");
    });
    heading.textContent = `step ${at} of ${last}${compute ? ", forward" : seed || edge.length ? ", back" : ""}`;
    told.textContent = sentence(now);
    const list = (of, numbers) => Object.entries(numbers).map(([name, value]) => `${of}${name} = ${print(value, of || nodes[name] ? 4 : 1)}`).join(", ");
    picture.setAttribute("aria-label", `The graph of L = (z + tanh z − y)², z = x · w. Values: ${list("", now.value)}. ` +
      `Gradients: ${list("∂L/∂", now.gradient) || "none yet"}.`);
    say(`${heading.textContent}. ${told.textContent}`);
  }

  // --- Steps: buttons, arrow keys on them, the slider, and the clock
  function go(to) {
    at = Math.max(0, Math.min(last, to));
    step.set(at);
    show();
  }
  function pause() {
    clearInterval(timer);
    timer = undefined;
    play.textContent = "play";
  }
  function toggle() {
    if (timer) return pause();
    if (at === last) go(0);
    timer = setInterval(() => {
      go(at + 1);
      if (at === last) pause();
    }, 2000);
    play.textContent = "pause";
  }
  const byHand = (to) => { pause(); go(to); };
  const play = button("play", toggle);
  const step = slider({ label: "step", min: 0, max: last, step: 1, value: at, digits: 0 }, () => byHand(step.value));
  const row = html("div", { class: "dlp-row", role: "group", "aria-label": "along the graph" },
    button("← back", () => byHand(at - 1)), button("step →", () => byHand(at + 1)), play, button("start again", () => byHand(0)));
  row.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    byHand(at + way);
  });

  const [x, w] = [["x", "input x"], ["w", "weight w"]].map(([name, label]) =>
    slider({ label, min: -limit, max: limit, step: 0.1, value: begin[name] }, () => show()));
  root.querySelector(".dlp-controls").replaceChildren(
    row, html("p", { class: "dlp-said" }, heading, " ", told), step.node, x.node, w.node);
  show();
});
