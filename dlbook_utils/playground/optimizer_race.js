// Five optimizers on one surface. Python has the same surfaces and the same steps, in the same order
// of operations; all paths are computed anew from their start whenever a control moves.

// Each gives [L, ∂L/∂x, ∂L/∂y].
const SURFACES = {
  ravine: (x, y) => [(x * x + 30 * (y * y)) / 2, x, 30 * y],
  turned: (x, y) => {
    const u = 0.8 * x + 0.6 * y, v = 0.8 * y - 0.6 * x;
    return [(u * u + 30 * (v * v)) / 2, 0.8 * u - 0.6 * (30 * v), 0.6 * u + 0.8 * (30 * v)];
  },
  rosenbrock: (x, y) => {
    const a = 1 - x, b = y + 1 - x * x;
    return [0.2 * (a * a) + 2 * (b * b), -0.4 * a - 8 * (x * b), 4 * b];
  },
  himmelblau: (x, y) => {
    const a = 9 * (x * x) + 3 * y - 11, b = 3 * x + 9 * (y * y) - 7;
    return [(a * a + b * b) / 40, (36 * (x * a) + 6 * b) / 40, (6 * a + 36 * (y * b)) / 40];
  },
  saddle: (x, y) => {
    const a = y * y - 1;
    return [2 * (x * x) + (a * a) / 2, 4 * x, 2 * (y * a)];
  },
  plateau: (x, y) => {
    const q = 1 + 4 * (x * x) + 4 * (y * y);
    return [1 - 1 / q, (8 * x) / (q * q), (8 * y) / (q * q)];
  },
};

// Each gets one weight's gradient g and that weight's memory, and returns the change of the weight.
const STEPS = {
  plain: (g, memory, { rate }) => -rate * g,
  momentum: (g, memory, { rate, momentum }) => (memory.u = momentum * memory.u - rate * g),
  nesterov: (g, memory, { rate, momentum }) => {
    memory.u = momentum * memory.u - rate * g;
    return momentum * memory.u - rate * g;
  },
  rmsprop: (g, memory, { rate, constants: [rho, , , epsilon] }) => {
    memory.v = rho * memory.v + (1 - rho) * (g * g);
    return -((rate * g) / Math.sqrt(memory.v + epsilon));
  },
  adam: (g, memory, { rate, t, constants: [, beta1, beta2, epsilon] }) => {
    memory.u += (g - memory.u) * (1 - beta1);
    memory.v += (g * g - memory.v) * (1 - beta2);
    const alpha = (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
    return -((memory.u * alpha) / (Math.sqrt(memory.v) + epsilon));
  },
};

// Where one optimizer is after each of `count` steps, and its losses; it ends where it diverges.
function walk(surface, kind, [x, y], count, settings, diverged) {
  const memories = [{ u: 0, v: 0 }, { u: 0, v: 0 }], places = [[x, y]], losses = [];
  for (let t = 1; ; t++) {
    const [loss, g, h] = surface(x, y);
    losses.push(loss);
    if (t > count || !(loss <= diverged)) return { places, losses, diverged: !(loss <= diverged) };
    x += STEPS[kind](g, memories[0], { ...settings, t });
    y += STEPS[kind](h, memories[1], { ...settings, t });
    places.push([x, y]);
  }
}

// Three digits, as a power of ten where it is long.
const raised = (power) => String(power).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
function brief(loss) {
  const [mantissa, power] = loss.toExponential(2).split("e").map(Number);
  return loss === 0 || (power >= -3 && power <= 2) ? loss.toFixed(Math.max(2 - power, 0)) : `${mantissa.toFixed(2)}·10${raised(power)}`;
}
const threeDigits = (value) => Number(value.toExponential(2));

start("optimizer_race", (root, { surfaces, optimizers, constants, diverged, begin, opening, most, limit, plane, chart, colors }) => {
  const kinds = Object.keys(optimizers), picture = root.querySelector(".dlp-area-map"), curves = root.querySelector(".dlp-area-curve");
  const { left, top, side, bands } = plane, image = picture.querySelector("image"), handle = picture.querySelectorAll("circle");
  const lines = picture.querySelector(".dlp-lines"), courses = curves.querySelector(".dlp-lines");
  const near = (value) => Math.max(-999, Math.min(999, value));
  const toX = scale([-limit, limit], [left, left + side]), toY = scale([-limit, limit], [top + side, top]);
  const xOf = (value) => toX(near(value)), yOf = (value) => toY(near(value));
  const isInside = ([x, y]) => Math.abs(x) <= limit && Math.abs(y) <= limit;
  const inside = (value) => Math.max(-limit, Math.min(limit, Math.round(100 * value) / 100));
  const say = announcer(root);
  let at = opening, painted = begin.surface, timer;

  // --- Controls
  const surface = select({ label: "surface", options: Object.entries(surfaces).map(([key, { name }]) => [key, name]), value: begin.surface }, () => {
    place(surfaces[surface.value].start);
  });
  const [w1, w2] = ["start w₁", "start w₂"].map((label, n) =>
    slider({ label, min: -limit, max: limit, step: 0.01, jump: 0.1, value: surfaces[begin.surface].start[n], digits: 2 }, () => draw()));
  const factor = slider({ label: "rates", min: -1, max: 1, step: 0.05, value: begin.factor, digits: 2 }, () => draw());
  const momentum = slider({ label: "momentum", min: 0, max: 0.99, step: 0.01, jump: 0.05, value: begin.momentum, digits: 2 }, () => draw());
  const run = button("run", () => {
    if (timer) return pause();
    run.textContent = "pause";
    tick();
  });
  run.classList.add("dlp-run");
  const go = (to) => { at = Math.min(most, to); draw(); };
  function pause() {
    clearTimeout(timer);
    timer = undefined;
    run.textContent = "run";
  }
  // Twenty pictures a second; one picture a second for those who want nothing to move.
  function tick() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    go(at + (calm ? 10 : 1));
    if (at >= most || !root.isConnected) pause();
    else timer = setTimeout(tick, calm ? 1000 : 50);
  }
  const put = (area, ...nodes) => root.querySelector(`.dlp-area-${area}`).replaceChildren(...nodes);
  put("choose", surface.node, html("div", { class: "dlp-buttons" },
    button("one step", () => { pause(); go(at + 1); }), run, button("start again", () => { pause(); go(0); })));
  put("set", w1.node, w2.node, factor.node, momentum.node);
  const key = (name) => html("kbd", {}, name);
  put("note", "Darker is higher; a cross marks a lowest place, the white ring the start. Drag the ring, or tap where it should be. " +
    "Arrow keys move the start by 0.1, with ", key("Shift"), " by 0.01. The slider “momentum” acts on momentum and Nesterov only.");
  const rows = kinds.map((kind) => {
    const row = root.querySelector(`[data-optimizer="${kind}"]`), who = row.querySelector(".dlp-who");
    const box = html("input", { type: "checkbox", checked: "" });
    box.addEventListener("change", () => draw());
    who.replaceWith(html("label", { class: "dlp-who" }, box, ...who.childNodes));
    return { box, eta: row.querySelector(".dlp-eta"), cells: row.querySelectorAll("td") };
  });

  // --- The start: by hand
  const place = ([x, y]) => {
    w1.set(inside(x));
    w2.set(inside(y));
    draw();
  };
  const pointAt = (event) => {
    const box = picture.getBoundingClientRect(), unit = plane.width / box.width;
    const a = (event.clientX - box.left) * unit, b = (event.clientY - box.top) * unit;
    return [scale([left, left + side], [-limit, limit])(a), scale([top + side, top], [-limit, limit])(b)];
  };
  let held;
  const hit = handle[1], release = () => { held = undefined; };
  hit.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const from = pointAt(event);
    held = [w1.value - from[0], w2.value - from[1]];
    hit.setPointerCapture(event.pointerId);
  });
  hit.addEventListener("pointermove", (event) => {
    if (!held) return;
    const to = pointAt(event);
    place([to[0] + held[0], to[1] + held[1]]);
  });
  hit.addEventListener("pointerup", release);
  hit.addEventListener("pointercancel", release);
  // Not every browser heeds touch-action inside a drawing.
  hit.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  picture.addEventListener("click", (event) => {
    const to = pointAt(event);
    if (event.target !== hit && isInside(to)) place(to);
  });

  // --- The drawing
  function paint() {
    const canvas = html("canvas", { width: 200, height: 200 }), pen = canvas.getContext("2d"), data = pen.createImageData(200, 200);
    const f = SURFACES[surface.value], { fine, top: highest } = surfaces[surface.value], step = (2 * limit) / 200;
    const shades = Array.from({ length: bands }, (_, n) => signedColor(colors, (0.5 * n) / (bands - 1)).match(/\d+/g).map(Number));
    for (let row = 0, i = 0; row < 200; row++) {
      for (let column = 0; column < 200; column++, i += 4) {
        const [loss] = f((column + 0.5) * step - limit, limit - (row + 0.5) * step);
        const height = Math.log1p(loss / fine) / Math.log1p(highest / fine);
        data.data.set(shades[Math.min(Math.floor(bands * height), bands - 1)], i);
        data.data[i + 3] = 255;
      }
    }
    pen.putImageData(data, 0, 0);
    image.setAttribute("href", canvas.toDataURL());
    painted = surface.value;
  }

  // Moves labels up or down until none covers another: away from the nearer edge.
  function apart(labels) {
    labels.sort((a, b) => a.y - b.y);
    const down = labels.reduce((sum, label) => sum + label.y, 0) <= (top + side / 2 + 10) * labels.length;
    const order = down ? labels : [...labels].reverse();
    order.forEach((label, n) => {
      const covered = () => order.slice(0, n).find((other) => Math.abs(other.y - label.y) < 13.9 &&
        label.x < other.x + other.width && other.x < label.x + label.width);
      for (let other = covered(); other; other = covered()) label.y = other.y + (down ? 14 : -14);
    });
    return labels;
  }
  const part = (kind, n, attributes) => svg("path", { class: n === undefined ? kind : `${kind} dlp-o${n}`, ...attributes });
  function marked(labels) {
    const words = labels.flatMap(({ x, y, width, head, n, own }) => {
      const [nearest, anchor] = x > head ? [x, "start"] : [x + width, "end"];
      return [
        part("dlp-lead", undefined, { d: `M${head.toFixed(1)} ${own.toFixed(1)}L${nearest.toFixed(1)} ${y.toFixed(1)}` }),
        svg("text", { class: `dlp-strong dlp-o${n}`, x: nearest.toFixed(1), y: (y + 4).toFixed(1), "text-anchor": anchor }, optimizers[kinds[n]].name),
      ];
    });
    const marks = [...labels].sort((a, b) => a.n - b.n).map(({ head, own, n }) =>
      part("dlp-mark", n, { transform: `translate(${head.toFixed(1)} ${own.toFixed(1)})`, d: optimizers[kinds[n]].mark }));
    return [...words, ...marks];
  }

  function drawPlane(shown) {
    const labels = [], nodes = surfaces[surface.value].lowest.map(([a, b]) =>
      part("dlp-lowest", undefined, { d: `M${(xOf(a) - 4).toFixed(1)} ${yOf(b).toFixed(1)}h8m-4-4v8` }));
    for (const { n, kind, places } of [...shown].reverse()) {
      const line = places.filter(([a, b]) => a === a && b === b).map(([a, b]) => `${xOf(a).toFixed(1)} ${yOf(b).toFixed(1)}`);
      const d = `M${line.join("L")}`;
      nodes.push(part("dlp-casing", undefined, { d }), part("dlp-path", n, { d, "data-path": kind }),
        part("dlp-dots", n, { d: line.map((place) => `M${place}h0`).join("") }));
    }
    for (const { n, kind, places } of shown) {
      if (!isInside(places.at(-1))) continue;
      const [x, y] = [xOf(places.at(-1)[0]), yOf(places.at(-1)[1])], width = 6.6 * optimizers[kind].name.length;
      labels.push({ x: x + 16 + width < left + side ? x + 14 : x - 14 - width, y, width, head: x, own: y, n });
    }
    lines.replaceChildren(...nodes, ...marked(apart(labels)));
    for (const circle of handle) fill(circle, { cx: xOf(w1.value).toFixed(2), cy: yOf(w2.value).toFixed(2) }, []);
  }

  function drawChart(shown) {
    const { left, right, top, bottom } = chart, last = Math.max(opening, at), nodes = [], labels = [];
    const known = shown.flatMap(({ losses }) => losses).filter((loss) => loss > 0 && loss <= diverged);
    const log = known.length ? known.map(Math.log10) : [0], most = log.reduce((a, b) => Math.max(a, b)), least = log.reduce((a, b) => Math.min(a, b));
    const low = Math.max(Math.floor(least), -12), high = Math.max(Math.ceil(most), low + 1);
    const x = scale([0, last], [left, right]), y = scale([low, high], [bottom, top]);
    const power = (loss) => (loss <= 0 ? low : loss < Infinity ? Math.max(low, Math.min(high, Math.log10(loss))) : high);
    for (let tick = high; tick >= low; tick -= Math.ceil((high - low) / 6)) {
      nodes.push(svg("line", { class: "dlp-grid", x1: left, x2: right, y1: y(tick).toFixed(2), y2: y(tick).toFixed(2) }),
        svg("text", { class: "dlp-tick", x: left - 6, y: (y(tick) + 4).toFixed(2), "text-anchor": "end" }, `10${raised(tick)}`));
    }
    for (const tick of [0, Math.floor(last / 2), last]) {
      nodes.push(svg("text", { class: "dlp-tick", x: x(tick).toFixed(2), y: bottom + 15, "text-anchor": "middle" }, String(tick)));
    }
    for (const { n, kind, losses } of [...shown].reverse()) {
      const d = `M${losses.map((loss, step) => `${x(step).toFixed(1)} ${y(power(loss)).toFixed(1)}`).join("L")}`;
      nodes.push(part("dlp-path", n, { d, "data-course": kind }));
    }
    for (const { n, losses } of shown) {
      const own = y(power(losses.at(-1)));
      labels.push({ x: right + 14, y: own, width: 60, head: x(losses.length - 1), own, n });
    }
    courses.replaceChildren(...nodes, ...marked(apart(labels)));
  }

  // Who has diverged, who climbs, and who is ahead.
  function verdict(shown) {
    const name = ({ kind }) => optimizers[kind].name, said = [], going = shown.filter((path) => !path.diverged);
    for (const path of shown) {
      if (path.diverged) said.push(`${name(path)} has diverged: its loss passed a million at step ${path.losses.length - 1}.`);
    }
    for (const path of going) {
      if (path.losses.at(-1) > path.losses[0]) said.push(`${name(path)} is higher than it began.`);
      else if (!isInside(path.places.at(-1))) said.push(`${name(path)} is out of the picture.`);
    }
    if (at && going.length > 1) {
      said.push(`Lowest now: ${name(going.reduce((best, path) => (path.losses.at(-1) < best.losses.at(-1) ? path : best)))}.`);
    }
    if (at === most) said.push(`${most} steps are all.`);
    return said.map((text) => text[0].toUpperCase() + text.slice(1)).join(" ") || (at ? "" : "All stand at the start.");
  }

  function draw() {
    if (painted !== surface.value) paint();
    const times = threeDigits(10 ** factor.value), from = [w1.value, w2.value];
    const shownFactor = factor.node.querySelector(".dlp-value");
    shownFactor.textContent = `× ${times}`;
    factor.node.querySelector("input").setAttribute("aria-valuetext", `times ${times}`);
    const paths = kinds.map((kind, n) => ({ n, kind, ...walk(SURFACES[surface.value], kind, from, at,
      { rate: optimizers[kind].rate * times, momentum: momentum.value, constants }, diverged) }));
    const shown = paths.filter(({ n }) => rows[n].box.checked);
    paths.forEach(({ n, kind, places, losses, diverged: gone }) => {
      const { box, eta, cells } = rows[n], values = [...places.at(-1), losses.at(-1)];
      eta.textContent = `η = ${threeDigits(optimizers[kind].rate * times)}`;
      const words = !box.checked ? ["–", "–", "–"] : gone ? ["–", "–", "diverged"] : [print(values[0], 4), print(values[1], 4), brief(values[2])];
      cells.forEach((cell, i) => {
        cell.textContent = words[i];
        if (box.checked) cell.setAttribute("data-value", values[i]);
        else cell.removeAttribute("data-value");
      });
    });
    drawPlane(shown);
    drawChart(shown);
    const told = verdict(shown);
    put("count", html("b", {}, `step ${at}`), " ", html("span", {}, told));
    picture.setAttribute("aria-label", `${surfaces[surface.value].name} from above, darker where the loss is higher. From ${print(from[0])}, ` +
      `${print(from[1])}, after ${at} steps: ${shown.map(({ n, kind }) => `${optimizers[kind].name} ${[...rows[n].cells].map((cell) => cell.textContent).join(", ")}`).join("; ")}.`);
    curves.setAttribute("aria-label", `The losses over ${at} steps, on a logarithmic axis. ${told}`);
    say(`step ${at}. ${told}`);
  }
  draw();
});
