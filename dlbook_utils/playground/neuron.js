// A neuron with two inputs. Three panels share one axis of z: the bars that add up to z, the
// activation a = f(z), and its slope a′.

// Φ(z) of the standard normal, from a series for erf without alternating signs: no digits are
// lost. (JavaScript has no erf of its own.)
function normalCdf(z) {
  const x = Math.min(Math.abs(z) / Math.SQRT2, 6);
  let term = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * x, sum = 0;
  for (let n = 1; n < 200; n++) { sum += term; term *= (2 * x * x) / (2 * n + 1); }
  return 0.5 * (1 + Math.sign(z) * sum);
}
const normalDensity = (z) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

// The activations that only this figure offers.
Object.assign(ACTIVATIONS, {
  leaky_relu: [(z) => (z > 0 ? z : 0.2 * z), (z) => (z > 0 ? 1 : 0.2)],
  elu: [(z) => (z > 0 ? z : Math.expm1(z)), (z) => (z > 0 ? 1 : Math.exp(z))],
  softplus: [(z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), sigmoid],
  silu: [(z) => z * sigmoid(z), (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z)))],
  gelu: [(z) => z * normalCdf(z), (z) => normalCdf(z) + z * normalDensity(z)],
});

// Grid lines and tick labels of a plot. Each tick says its value, for tests and for the curious.
function axes({ x, y, left, right, top, bottom, xTicks, yTicks, xLabels = true }) {
  const group = svg("g");
  for (const tick of xTicks) {
    const at = x(tick).toFixed(2);
    group.append(svg("line", { class: tick === 0 ? "dlp-axis" : "dlp-grid", x1: at, x2: at, y1: top, y2: bottom }));
    if (xLabels) {
      group.append(svg("text", { class: "dlp-tick", x: at, y: bottom + 15, "text-anchor": "middle", "data-x": tick }, print(tick, 0)));
    }
  }
  for (const tick of yTicks) {
    const at = y(tick).toFixed(2);
    group.append(
      svg("line", { class: tick === 0 ? "dlp-axis" : "dlp-grid", x1: left, x2: right, y1: at, y2: at, "data-y": tick }),
      svg("text", { class: "dlp-tick", x: left - 6, y: Number(at) + 4, "text-anchor": "end" }, String(tick).replace("-", "−")),
    );
  }
  return group;
}

// The graph of f over [from, to]. The pen is lifted where f jumps.
function curve(f, x, y, [from, to], samples = 480) {
  let path = "", previous;
  for (let i = 0; i <= samples; i++) {
    const at = from + ((to - from) * i) / samples, value = f(at);
    const jumps = i === 0 || Math.abs(value - previous) > 0.5;
    path += `${jumps ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(2)}`;
    previous = value;
  }
  return svg("path", { class: "dlp-curve", d: path });
}

// The bars of the sum: each begins where the one before it has ended; the last is z itself.
function sumBars(terms, z, x, { top, row }) {
  const group = svg("g");
  let from = 0;
  terms.concat([["z", z]]).forEach(([name, value], i) => {
    const isTotal = i === terms.length, start = isTotal ? 0 : from, end = start + value;
    const y = top + i * row, low = x(Math.min(start, end)), high = x(Math.max(start, end));
    const kind = isTotal ? "dlp-total" : value < 0 ? "dlp-minus" : "dlp-plus";
    const roomAtTheRight = high < x.right - 50;
    group.append(
      svg("text", { x: x.left - 6, y: y + 12, "text-anchor": "end" }, name),
      svg("rect", { class: kind, x: low.toFixed(2), y: y + 2, width: Math.max(high - low, 1.5).toFixed(2), height: row - 6, "data-term": name }),
      svg("text", { class: isTotal ? "dlp-strong" : "dlp-tick", x: (roomAtTheRight ? high + 5 : low - 5).toFixed(2), y: y + 12,
        "text-anchor": roomAtTheRight ? "start" : "end" }, print(value, 2, "+")),
    );
    const at = x(end).toFixed(2);
    if (!isTotal) group.append(svg("line", { class: "dlp-link", x1: at, x2: at, y1: y + 2, y2: y + row + 2 }));
    from = end;
  });
  return group;
}

start("neuron", (root, { start: first, panels, ranges, activations }) => {
  const controls = {};
  const range = (name, label, limit) =>
    (controls[name] = slider({ label, min: -limit, max: limit, step: 0.1, value: first[name] }, () => draw()));
  const picture = svg("svg", { class: "dlp-plot", viewBox: `0 0 ${panels.width} ${panels.height}`, role: "img" });
  const printed = html("p", { class: "dlp-print" });
  const say = announcer(root);

  function draw() {
    const { x1, w1, x2, w2, b } = Object.fromEntries(Object.entries(controls).map(([k, c]) => [k, c.value]));
    const name = controls.activation.value, [f, slope] = ACTIVATIONS[name];
    // Rounded, or 0.1 · 3 − 0.3 would lie beside the step, and not on it.
    const z = Math.round((x1 * w1 + x2 * w2 + b) * 1e6) / 1e6, a = f(z), da = slope(z);
    const { left, right } = panels, x = Object.assign(scale(panels.span, [left, right]), { left, right });
    const heading = (top, text, value) => [
      svg("text", { x: left, y: top - 9 }, text),
      svg("text", { class: "dlp-strong", x: right, y: top - 9, "text-anchor": "end" }, value),
    ];
    const panel = (box, [low, high, ticks], g, value, xLabels) => {
      const y = scale([low, high], [box.bottom, box.top]);
      return [
        axes({ x, y, left, right, ...box, xTicks: panels.ticks, yTicks: ticks, xLabels }),
        curve(g, x, y, panels.span),
        svg("circle", { class: "dlp-point", cx: x(z).toFixed(2), cy: y(value).toFixed(2), r: 5 }),
      ];
    };
    const at = x(z).toFixed(2), { sum, curve: middle, slope: last } = panels;
    picture.replaceChildren(
      ...heading(sum.top, "the sum", `z = ${print(z, 4)}`),
      axes({ x, left, right, ...sum, xTicks: [0], yTicks: [], xLabels: false }),
      sumBars([["x₁w₁", x1 * w1], ["x₂w₂", x2 * w2], ["b", b]], z, x, sum),
      svg("line", { class: "dlp-guide", x1: at, x2: at, y1: sum.bottom - 4, y2: last.bottom }),
      ...heading(middle.top, `the bend, ${name}`, `a = ${print(a, 4)}`),
      ...panel(middle, ranges[name], f, a, false),
      ...heading(last.top, "its slope", `a′ = ${print(da, 4)}`),
      ...panel(last, ranges.slope, slope, da, true),
      svg("text", { x: (left + right) / 2, y: last.bottom + 32, "text-anchor": "middle" }, "pre-activation z"),
    );
    picture.setAttribute("aria-label", `The terms of the sum as bars, which end at z = ${print(z)}; below them the curve of ` +
      `${name} with the point a = ${print(a, 4)}, and the curve of its slope with the point ${print(da, 4)}.`);
    const bracket = (v) => (v < 0 ? `(${print(v, 1)})` : print(v, 1));
    const line = (name, text) => [html("span", {}, name), " ", html("span", {}, text), " "];
    printed.replaceChildren(
      ...line("z", `= ${print(x1, 1)} · ${bracket(w1)} + ${bracket(x2)} · ${bracket(w2)} ${b < 0 ? "−" : "+"} ${Math.abs(b).toFixed(1)}`),
      ...line("", `= ${print(z, 4)}`),
      ...line("a", `= ${name}(${print(z, 4)}) = ${print(a, 4)}`),
      ...line("a′", `= ${print(da, 4)}${name === "step" && z === 0 ? " (none at the jump itself)" : ""}`),
    );
    say(`z ${print(z)}, a ${print(a, 4)}, slope ${print(da, 4)}`);
  }

  range("x1", "input x₁", 1);
  range("w1", "weight w₁", 3);
  range("x2", "input x₂", 1);
  range("w2", "weight w₂", 3);
  range("b", "bias b", 3);
  controls.activation = select(
    { label: "activation", options: activations.map((name) => [name, name]), value: first.activation }, () => draw());
  const reset = button("Start again", () => {
    for (const [name, control] of Object.entries(controls)) control.set(first[name]);
    draw();
  });
  root.querySelector(".dlp-columns").replaceChildren(
    html("div", { class: "dlp-controls" }, ...Object.values(controls).map((control) => control.node), printed,
      html("div", { class: "dlp-row" }, reset)),
    picture,
  );
  draw();
});
