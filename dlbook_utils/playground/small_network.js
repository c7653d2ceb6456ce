// A network of two inputs, three hidden neurons and one output: its plane, where lines can be
// shifted and turned, and its graph, where weights can be dragged.

const rounded = (value, digits) => Math.round(value * 10 ** digits) / 10 ** digits;

// The forward pass of one point: h = f(x W1 + b1), z = h w2 + b2, with W1 of shape (2, 3).
// Rounded, or 0.1 · 3 − 0.3 would lie beside the step, and not on it.
function forward({ W1, b1, w2, b2 }, f, [x1, x2]) {
  const z1 = b1.map((b, k) => rounded(x1 * W1[0][k] + x2 * W1[1][k] + b, 9)), h = z1.map(f);
  return { z1, h, z: rounded(h[0] * w2[0] + h[1] * w2[1] + h[2] * w2[2] + b2, 9) };
}

// The part of the line w·x + b = 0 that lies in the square, and the places of its badge and its
// handle; undefined where there is none.
function segment(w, b, { low, high }) {
  const length = Math.hypot(...w);
  if (length < 0.005) return undefined;
  const normal = w.map((value) => value / length), along = [-normal[1], normal[0]];
  const foot = normal.map((value) => (-b / length) * value);
  let start = -Infinity, end = Infinity;
  for (const axis of [0, 1]) {
    const ends = [low, high].map((edge) => (edge - foot[axis]) / along[axis]);
    if (Math.abs(along[axis]) > 1e-9) {
      start = Math.max(start, Math.min(...ends));
      end = Math.min(end, Math.max(...ends));
    } else if (foot[axis] < low || foot[axis] > high) return undefined;
  }
  if (end - start < 1e-6) return undefined;
  const at = (t) => foot.map((place, axis) => place + t * along[axis]), inset = Math.min(0.14, (end - start) / 4);
  return { normal, from: at(start), to: at(end), middle: at((start + end) / 2), badge: at(start + inset), handle: at(end - inset) };
}

// Pieces of the line z = 0, found in little squares: where z changes its sign between two corners,
// it is taken to be straight.
function boundary(z, cells, at) {
  const corners = [];
  for (let i = 0; i <= cells; i++) corners.push(Array.from({ length: cells + 1 }, (_, j) => z(at(i / cells, j / cells))));
  const pieces = [];
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) {
      const ring = [[i, j], [i, j + 1], [i + 1, j + 1], [i + 1, j]], ends = [];
      ring.forEach(([a, b], k) => {
        const [c, d] = ring[(k + 1) % 4], here = corners[a][b], there = corners[c][d];
        if (here > 0 === there > 0) return;
        const part = here / (here - there);
        ends.push(at((a + part * (c - a)) / cells, (b + part * (d - b)) / cells));
      });
      for (let k = 0; k + 1 < ends.length; k += 2) pieces.push([ends[k], ends[k + 1]]);
    }
  }
  return pieces;
}

// With the step, the line z = 0 runs along the hidden neurons' own lines, from crossing to crossing.
function stepBoundary(z, lines) {
  const pieces = [];
  lines.filter(Boolean).forEach((line, k, all) => {
    const [dx, dy] = [line.to[0] - line.from[0], line.to[1] - line.from[1]], cuts = [0, 1];
    all.forEach(({ normal: [n1, n2], from }, other) => {
      const speed = n1 * dx + n2 * dy;
      if (other !== k && Math.abs(speed) > 1e-9) cuts.push((n1 * (from[0] - line.from[0]) + n2 * (from[1] - line.from[1])) / speed);
    });
    const inside = cuts.filter((t) => t >= 0 && t <= 1).sort((a, b) => a - b);
    const at = (t, aside = 0) => [line.from[0] + t * dx + aside * line.normal[0], line.from[1] + t * dy + aside * line.normal[1]];
    inside.slice(1).forEach((end, i) => {
      const middle = (inside[i] + end) / 2;
      if (z(at(middle, 1e-4)) > 0 !== z(at(middle, -1e-4)) > 0) pieces.push([at(inside[i]), at(end)]);
    });
  });
  return pieces;
}

// Between −1 and 1: how strongly z is coloured. Half of the most at |z| = 0.6.
const shade = (z) => (0.8 * z) / (0.6 + Math.abs(z));
const below = (k) => "₀₁₂₃"[k];
// A weight in the drawing, with its sign and without zeros at its end; a number inside a neuron.
const brief = (value) => (rounded(value, 2) === 0 ? "0" : print(value, 2, "+").replace(/\.?0+$/, ""));
const short = (value) => print(value, Math.abs(value) < 9.995 ? 2 : Math.abs(value) < 99.95 ? 1 : 0);

// Lets the parts of a drawing that carry `data-drag` be dragged. `begin` gets such a part's word
// and the first event, and returns what moves it (`move`), and perhaps what follows (`end`).
// A finger on a part that only goes `sideways` scrolls the page when it moves up or down: then the
// browser takes the pointer away, and `back` takes the first steps back.
function draggable(picture, sideways, begin) {
  let held, finger;
  picture.addEventListener("pointerdown", (event) => {
    const part = event.target.closest("[data-drag]");
    if (event.button !== 0 || !part || held) return;
    event.preventDefault();
    held = begin(part.getAttribute("data-drag"), event);
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => { if (held) held.move(event); });
  picture.addEventListener("pointerup", () => { if (held && held.end) held.end(); held = undefined; });
  picture.addEventListener("pointercancel", () => { if (held && held.back) held.back(); held = undefined; });
  // Not every browser heeds touch-action inside a drawing.
  const first = (event) => [event.touches[0].clientX, event.touches[0].clientY];
  picture.addEventListener("touchstart", (event) => {
    finger = event.target.closest("[data-drag]") ? first(event) : undefined;
    if (finger && !sideways) event.preventDefault();
  }, { passive: false });
  picture.addEventListener("touchmove", (event) => {
    const [dx, dy] = finger ? first(event).map((place, axis) => Math.abs(place - finger[axis])) : [0, 0];
    if (dx > dy && event.cancelable) event.preventDefault();
  }, { passive: false });
}

// With `training` in the data, small_network_training.js stands above this file.
start("small_network", (root, { sets, first, cross, activations, limit, begin, plane, net, colors, words, training }) => {
  const { left, top, side, low, high, pixels } = plane;
  const xOf = scale([low, high], [left, left + side]), yOf = scale([low, high], [top + side, top]);
  const inside = (value) => Math.max(low, Math.min(high, value)), bounded = (value) => Math.max(-limit, Math.min(limit, rounded(value, 2)));
  const say = announcer(root);
  const copy = (value) => JSON.parse(JSON.stringify(value));
  let set = sets[first], network = copy(set.solved || set.open), x = [...cross], chosen = 0, asked = words.free;

  // --- The 13 weights, and the two coordinates of the cross, each with its slider
  const groups = ["hidden 1", "hidden 2", "hidden 3", "output", "cross"];
  const numbers = [];
  const add = (group, label, owner, key, edge) => {
    const one = { group, edge, get value() { return owner()[key]; }, set value(value) { owner()[key] = value; } };
    const range = group === 4 ? { min: low, max: high } : { min: -limit, max: limit };
    one.slider = slider({ label, ...range, step: 0.01, jump: 0.1, value: one.value, digits: 2 }, () => { one.value = one.slider.value; draw(); });
    numbers.push(one);
  };
  for (const k of [0, 1, 2]) {
    for (const i of [0, 1]) add(k, `weight w${below(i + 1)}${below(k + 1)}`, () => network.W1[i], k, [net.inputs[i], net.hidden[k], 0.64]);
    add(k, `bias b${below(k + 1)}`, () => network.b1, k);
  }
  for (const k of [0, 1, 2]) add(3, `weight w${below(k + 1)}`, () => network.w2, k, [net.hidden[k], net.output, 0.5]);
  add(3, "bias b", () => network, "b2");
  for (const i of [0, 1]) add(4, `input x${below(i + 1)}`, () => x, i);

  const sliders = html("div", { class: "dlp-sliders", role: "group" });
  const which = radios({ label: "sliders for", options: groups.map((name, k) => [k, name]), value: 0 }, () => choose(Number(which.value)));
  function choose(group) {
    if (group !== chosen || !sliders.children.length) {
      chosen = group;
      which.set(group);
      sliders.setAttribute("aria-label", groups[group]);
      sliders.replaceChildren(...numbers.filter((one) => one.group === group).map((one) => one.slider.node));
    }
    draw();
  }

  // --- The plane
  const canvas = html("canvas", { width: pixels, height: pixels, "aria-hidden": "true" });
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  Object.assign(canvas.style, { left: percent(left, plane.width), top: percent(top, plane.height), width: percent(side, plane.width), height: percent(side, plane.height) });
  const shown = svg("g"), handles = svg("g");
  const picture = svg("svg", { class: "dlp-plot dlp-plane", viewBox: `0 0 ${plane.width} ${plane.height}`, role: "img" }, shown, handles);
  const bodies = [0, 1, 2].map((k) => svg("line", { class: "dlp-hit", "data-drag": `shift ${k}` }));
  const badges = [0, 1, 2].map((k) => svg("circle", { class: "dlp-hit", r: 13, "data-drag": `shift ${k}` }));
  const turns = [0, 1, 2].map((k) => svg("circle", { class: "dlp-hit", r: 13, "data-drag": `turn ${k}` }));
  const spot = svg("circle", { class: "dlp-hit", r: 14, "data-drag": "cross" });
  handles.append(...bodies, spot, ...badges, ...turns);

  const part = (kind, attributes) => svg("path", { class: kind, ...attributes });
  const twice = (make, kind) => [make("dlp-casing"), make(kind)];  // dark on light, seen on every colour
  const place = ([a, b]) => `${xOf(a).toFixed(2)} ${yOf(b).toFixed(2)}`;

  function paint(z) {
    const pen = canvas.getContext("2d"), image = pen.createImageData(pixels, pixels), step = (high - low) / pixels;
    const shades = Array.from({ length: 201 }, (_, i) => signedColor(colors, i / 100 - 1).match(/\d+/g).map(Number));
    for (let row = 0, at = 0; row < pixels; row++) {
      for (let column = 0; column < pixels; column++, at += 4) {
        const value = shade(z([low + (column + 0.5) * step, high - (row + 0.5) * step]));
        image.data.set(shades[Math.round(100 * value) + 100], at);
        image.data[at + 3] = 255;
      }
    }
    pen.putImageData(image, 0, 0);
  }

  function drawPlane(z) {
    paint(z);
    const lines = [0, 1, 2].map((k) => segment([network.W1[0][k], network.W1[1][k]], network.b1[k], plane));
    let signs = "";
    for (let i = 0; i < plane.signs; i++) {
      for (let j = 0; j < plane.signs; j++) {
        const at = [low + ((j + 0.5) * (high - low)) / plane.signs, high - ((i + 0.5) * (high - low)) / plane.signs];
        const value = z(at), [a, b] = [xOf(at[0]), yOf(at[1])];
        signs += `M${(a - 3).toFixed(0)} ${b.toFixed(0)}h6`;
        if (value > 0) signs += `M${a.toFixed(0)} ${(b - 3).toFixed(0)}v6`;
      }
    }
    const nodes = [part("dlp-signs", { d: signs })];
    for (const tick of plane.ticks) {
      const a = xOf(tick).toFixed(2), b = yOf(tick).toFixed(2);
      nodes.push(
        part("dlp-thin", { d: `M${a} ${top}v${side}M${left} ${b}h${side}` }),
        svg("text", { class: "dlp-tick", x: a, y: top + side + 15, "text-anchor": "middle" }, String(tick)),
        svg("text", { class: "dlp-tick", x: left - 6, y: Number(b) + 4, "text-anchor": "end" }, String(tick)),
      );
    }
    nodes.push(
      svg("text", { x: xOf(0.5), y: top + side + 22, "text-anchor": "middle" }, "x₁"),
      svg("text", { x: left - 16, y: yOf(0.5) + 4, "text-anchor": "middle" }, "x₂"),
    );
    lines.forEach((line, k) => {
      if (!line) return;
      const kind = `${network.w2[k] === 0 ? " dlp-faint" : ""}${k === chosen ? " dlp-chosen" : ""}`;
      nodes.push(...twice((name) => part(name + kind, { d: `M${place(line.from)}L${place(line.to)}` }), "dlp-dashed"));
    });
    const pieces = network.activation === "step" ? stepBoundary(z, lines)
      : boundary(z, plane.cells, (i, j) => [low + j * (high - low), high - i * (high - low)]);
    const rough = ([a, b]) => `${xOf(a).toFixed(1)} ${yOf(b).toFixed(1)}`;
    nodes.push(part("dlp-boundary", { d: pieces.map(([from, to]) => `M${rough(from)}L${rough(to)}`).join("") }));
    let right = 0;
    set.points.forEach((point, n) => {
      const yes = set.labels[n] === 1, a = xOf(point[0]), b = yOf(point[1]), isRight = z(point) > 0 === yes;
      nodes.push(yes ? svg("circle", { class: "dlp-yes", cx: a.toFixed(2), cy: b.toFixed(2), r: 5.5 })
        : svg("rect", { class: "dlp-no", x: (a - 5).toFixed(2), y: (b - 5).toFixed(2), width: 10, height: 10 }));
      if (isRight) right += 1;
      else nodes.push(...twice((kind) => svg("circle", { class: kind, cx: a.toFixed(2), cy: b.toFixed(2), r: 10, "data-wrong": kind === "dlp-boundary" ? n : undefined }), "dlp-boundary"));
    });
    lines.forEach((line, k) => {
      for (const node of [bodies[k], badges[k], turns[k]]) node.toggleAttribute("hidden", !line);
      if (!line) return;
      const [a, b] = [xOf(line.badge[0]), yOf(line.badge[1])], [n1, n2] = line.normal;
      const foot = (s) => `L${(a + 5 * n1 - s * 8 * n2).toFixed(1)} ${(b - 5 * n2 - s * 8 * n1).toFixed(1)}`;
      const [c, d] = [xOf(line.handle[0]), yOf(line.handle[1])];
      const mark = k === chosen ? " dlp-chosen" : "";
      nodes.push(
        part("dlp-tip", { d: `M${(a + 19 * n1).toFixed(1)} ${(b - 19 * n2).toFixed(1)}${foot(1)}${foot(-1)}Z` }),
        svg("circle", { class: `dlp-badge${mark}`, cx: a.toFixed(2), cy: b.toFixed(2), r: 9 }),
        svg("text", { class: "dlp-in", x: a.toFixed(2), y: (b + 4).toFixed(2), "text-anchor": "middle" }, String(k + 1)),
        svg("circle", { class: `dlp-handle${mark}`, cx: c.toFixed(2), cy: d.toFixed(2), r: 6.5 }),
      );
      fill(bodies[k], { x1: xOf(line.from[0]), y1: yOf(line.from[1]), x2: xOf(line.to[0]), y2: yOf(line.to[1]) }, []);
      fill(badges[k], { cx: a, cy: b }, []);
      fill(turns[k], { cx: c, cy: d }, []);
    });
    const [a, b] = [xOf(x[0]), yOf(x[1])];
    const arms = `M${(a - 9).toFixed(2)} ${b.toFixed(2)}h18M${a.toFixed(2)} ${(b - 9).toFixed(2)}v18`;
    nodes.push(...twice((kind) => part(kind, { d: arms }), "dlp-boundary"));
    fill(spot, { cx: a, cy: b }, []);
    shown.replaceChildren(...nodes);
    return { right, missing: lines.flatMap((line, k) => (line ? [] : [k + 1])) };
  }

  const pointAt = (event) => {
    const box = picture.getBoundingClientRect(), unit = plane.width / box.width;
    const a = (event.clientX - box.left) * unit, b = (event.clientY - box.top) * unit;
    return [inside(scale([left, left + side], [low, high])(a)), inside(scale([top + side, top], [low, high])(b))];
  };
  const weightsOf = (k) => [network.W1[0][k], network.W1[1][k]];
  let dragged = false;
  picture.addEventListener("pointerdown", (event) => { dragged = Boolean(event.target.closest("[data-drag]")); }, true);
  draggable(picture, false, (word, event) => {
    const [what, which] = word.split(" "), k = Number(which), begun = pointAt(event);
    choose(what === "cross" ? 4 : k);
    if (what === "cross") return { move: (now) => { x = pointAt(now).map((value) => rounded(value, 2)); draw(); } };
    const w = weightsOf(k), b = network.b1[k], line = segment(w, b, plane);
    if (what === "shift") {
      return { move(now) {
        const to = pointAt(now);
        network.b1[k] = bounded(b - w[0] * (to[0] - begun[0]) - w[1] * (to[1] - begun[1]));
        draw();
      } };
    }
    const angle = ([a, b]) => Math.atan2(b - line.middle[1], a - line.middle[0]), before = angle(begun);
    return { move(now) {
      const turn = angle(pointAt(now)) - before, [c, s] = [Math.cos(turn), Math.sin(turn)];
      const turned = [bounded(c * w[0] - s * w[1]), bounded(s * w[0] + c * w[1])];
      [network.W1[0][k], network.W1[1][k]] = turned;
      network.b1[k] = bounded(-turned[0] * line.middle[0] - turned[1] * line.middle[1]);
      draw();
    } };
  });
  // A tap or click beside all lines moves the cross.
  picture.addEventListener("click", (event) => {
    if (dragged) return;
    x = pointAt(event).map((value) => rounded(value, 2));
    choose(4);
  });

  // --- The network
  const wires = svg("g"), grips = svg("g");
  const graph = svg("svg", { class: "dlp-plot dlp-net", viewBox: `0 0 ${net.width} ${net.height}`, role: "img" }, wires, grips);
  const biasPlace = (group) => (group < 3 ? net.hidden[group] : net.output);
  numbers.forEach((one, n) => {
    if (one.group === 4) return;
    const drag = { class: "dlp-hit dlp-sideways", "data-drag": n };
    if (one.edge) {
      const [[x1, y1], [x2, y2]] = one.edge;
      grips.append(svg("line", { ...drag, x1, y1, x2, y2 }));
    } else {
      const [a, b] = biasPlace(one.group);
      grips.append(svg("rect", { ...drag, x: a - 30, y: b + 20, width: 60, height: 18 }));
    }
  });

  function drawNet({ h, z }) {
    const edges = [], nodes = [], texts = [];
    const text = (a, b, content, kind = "") => texts.push(svg("text", { class: kind, x: a, y: b, "text-anchor": "middle" }, content));
    const node = ([a, b], name, value, mark = "") => {
      nodes.push(svg("circle", { class: `dlp-node${mark}`, cx: a, cy: b, r: net.radius, fill: signedColor(colors, 0.6 * shade(value)) }));
      text(a, b + 4, short(value), "dlp-in");
      text(a, b - 25, name, "dlp-strong");
    };
    for (const { edge, value, group } of numbers) {
      const strong = group === chosen ? "dlp-strong" : "";
      if (edge) {
        const [[x1, y1], [x2, y2], t] = edge, kind = value > 0 ? "dlp-plus" : value < 0 ? "dlp-minus" : "dlp-zero";
        edges.push(svg("line", { class: `dlp-edge ${kind}`, x1, y1, x2, y2, "stroke-width": (1 + 0.6 * Math.min(Math.abs(value), 8)).toFixed(2) }));
        text((x1 + t * (x2 - x1)).toFixed(2), (y1 + t * (y2 - y1) + 4).toFixed(2), brief(value), strong);
      } else if (group < 4) {
        const [a, b] = biasPlace(group);
        text(a, b + 34, `b${group < 3 ? below(group + 1) : ""} ${brief(value)}`, strong);
      }
    }
    net.inputs.forEach((at, i) => node(at, `x${below(i + 1)}`, x[i], chosen === 4 ? " dlp-chosen" : ""));
    net.hidden.forEach((at, k) => node(at, `h${below(k + 1)}`, h[k], chosen === k ? " dlp-chosen" : ""));
    node(net.output, "z", z, chosen === 3 ? " dlp-chosen" : "");
    text(net.output[0], net.output[1] + 54, z > 0 ? "yes" : "no", "dlp-strong");
    wires.replaceChildren(...edges, ...nodes, ...texts);
  }

  // To the right is more, as on a slider; for a mouse, up as well.
  draggable(graph, true, (n, event) => {
    const one = numbers[n], before = one.value;
    choose(one.group);
    const to = (value) => { one.value = bounded(value); draw(); };
    return {
      move: (now) => to(before + 0.02 * (now.clientX - event.clientX + (now.pointerType === "touch" ? 0 : event.clientY - now.clientY))),
      end: () => one.slider.node.querySelector("input").focus({ preventScroll: true }),
      back: () => to(before),
    };
  });

  // --- What is printed, and the buttons
  const printed = root.querySelector(".dlp-forward");
  const count = html("b"), task = html("span");
  function drawPrinted({ z1, h, z }) {
    const terms = [...h.map((value, k) => value * network.w2[k]), network.b2];
    const total = print(terms[0]) + terms.slice(1).map((v) => ` ${v < 0 ? "−" : "+"} ${Math.abs(v).toFixed(2)}`).join("");
    const rows = [`at the cross, x₁ = ${print(x[0])} and x₂ = ${print(x[1])}:`];
    h.forEach((value, k) => rows.push(
      `h${below(k + 1)} = ${network.activation}(${print(z1[k])}) = ${print(value)}`, `h${below(k + 1)}w${below(k + 1)} = ${print(terms[k])}`));
    const last = html("span", {}, `z = ${total} = `, html("b", {}, `${print(z)}: ${z > 0 ? "yes" : "no"}`));
    printed.replaceChildren(...rows.flatMap((row) => [html("span", {}, row), " "]), last);
  }

  function draw() {
    const [f] = ACTIVATIONS[network.activation], result = forward(network, f, x);
    for (const one of numbers) one.slider.set(one.value);
    activation.set(network.activation);
    const { right, missing } = drawPlane((point) => forward(network, f, point).z);
    drawNet(result);
    if (trainer) trainer.show();
    else drawPrinted(result);
    const score = `right: ${right} of ${set.points.length} points`, verdict = result.z > 0 ? "yes" : "no";
    const away = missing.length > 1 ? ` Lines ${missing.slice(0, -1).join(", ")} and ${missing.at(-1)} are out of the picture.`
      : missing.length ? ` Line ${missing[0]} is out of the picture.` : "";
    count.textContent = score;
    task.textContent = (right === set.points.length ? words.right : words[network.activation] || asked) + away;
    picture.setAttribute("aria-label", `The plane of x₁ and x₂ in the colours of z; ${score}.${away} The cross is at ` +
      `${print(x[0])}, ${print(x[1])}, where z = ${print(result.z)}: ${verdict}.`);
    graph.setAttribute("aria-label", `The network. At the cross h₁ = ${print(result.h[0])}, h₂ = ${print(result.h[1])}, ` +
      `h₃ = ${print(result.h[2])}, z = ${print(result.z)}.`);
    say(trainer ? `${trainer.said}; ${score}` : `${score}; at the cross z ${print(result.z)}, ${verdict}`);
  }

  const take = (next, task = words.free) => {
    network = copy(next);
    asked = task;
    if (trainer) trainer.restart();
    draw();
  };
  // Three lines across the middle of the plane, in three directions.
  const random = () => {
    const between = (a, b) => a + Math.random() * (b - a), sign = () => (Math.random() < 0.5 ? -1 : 1);
    const next = { activation: network.activation, W1: [[], []], b1: [], w2: [], b2: bounded(begin.output[0] * between(-1, 1)) };
    const first = between(0, Math.PI);
    for (const k of [0, 1, 2]) {
      const angle = first + ((k + between(-0.3, 0.3)) * Math.PI) / 3, size = sign() * between(...begin.hidden);
      const w = [bounded(size * Math.cos(angle)), bounded(size * Math.sin(angle))];
      w.forEach((value, i) => { next.W1[i][k] = value; });
      next.b1[k] = bounded(-w[0] * between(0.1, 0.9) - w[1] * between(0.1, 0.9));
      next.w2[k] = bounded(sign() * between(...begin.output));
    }
    take(next);
  };
  const points = select({ label: "points", options: sets.map(({ name }, n) => [n, name]), value: first }, () => {
    set = sets[points.value];
    take(set.open, set.task);
  });
  const activation = select({ label: "activation", options: activations.map((name) => [name, name]), value: network.activation }, () => {
    if (trainer) return take({ ...trainer.begun, activation: activation.value });
    network.activation = activation.value;
    asked = words.free;
    draw();
  });
  const again = () => {
    points.set(first);
    set = sets[first];
    x = [...cross];
    choose(0);
    take(set.solved);
  };
  const put = (area, ...nodes) => root.querySelector(`.dlp-area-${area}`).replaceChildren(...nodes);
  const trainer = training && addTraining(root, training, { get network() { return network; }, get set() { return set; }, take, random, draw });
  put("choose", points.node, activation.node, trainer ? trainer.rate.node
    : html("div", { class: "dlp-row" }, button("for you to solve", () => take(set.open, set.task)), button("a solution", () => take(set.solved)),
      button("random weights", random), button("start again", again)));
  put("map", canvas, picture);
  put("count", count, " ", task);
  put("net", graph);
  put("weights", which.node, sliders);
  const key = (name) => html("kbd", {}, name);
  put("note", "Circles are to be yes, squares no; a ring marks what is wrong. The solid line is z = 0. On a dashed line one hidden " +
    "neuron’s sum is 0, and the tip at its number points to where it is positive. Drag a weight of the network to the right for more; " +
    "tap the plane to move the cross. Arrow keys move a slider by 0.1, with ", key("Shift"), " by 0.01.");
  if (trainer) trainer.open();
  choose(0);
});
