// Paint the weights of one neuron, and see which real digits make it fire. The digits stand on the
// page already; this script gives the weights a brush and keeps scores and verdicts up to date.

// A table of numbers between −1 and 1 as coloured cells, with a small + or − in each cell that
// weighs much, so that the sign does not hang on the colour alone. `frame` marks some cells.
function drawHeatMap(canvas, columns, values, stops, frame) {
  const pen = canvas.getContext("2d"), size = canvas.width / columns, middle = size / 2, arm = size * 0.17;
  values.forEach((value, i) => {
    const left = (i % columns) * size, top = Math.floor(i / columns) * size;
    pen.fillStyle = signedColor(stops, value);
    pen.fillRect(left, top, size, size);
    pen.fillStyle = "rgba(255,255,255,0.42)";
    if (Math.abs(value) >= 0.5) pen.fillRect(left + middle - arm, top + middle - 0.75, 2 * arm, 1.5);
    if (value >= 0.5) pen.fillRect(left + middle - 0.75, top + middle - arm, 1.5, 2 * arm);
  });
  if (frame) {
    const { left, top, right, bottom } = frame;  // first and last column and row
    for (const [width, color] of [[6, "#ffffff"], [3, "#111111"]]) {  // seen on every colour
      pen.lineWidth = width;
      pen.strokeStyle = color;
      pen.strokeRect(left * size, top * size, (right - left + 1) * size, (bottom - top + 1) * size);
    }
  }
}

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

const SIDE = 28, CELLS = SIDE * SIDE;

// Each digit as it was written into the data: top, left, height, width of the box that holds all
// its ink, then the grey values (0 to 255) in the box, row by row.
function unpack(packed) {
  const images = [];
  for (let at = 0; at < packed.length; ) {
    const [top, left, height, width] = packed.slice(at, at + 4), image = new Uint8Array(CELLS);
    at += 4;
    for (let row = 0; row < height; row++, at += width) {
      image.set(packed.subarray(at, at + width), (top + row) * SIDE + left);
    }
    images.push(image);
  }
  return images;
}

start("digit_weights", (root, { digits, labels, presets, first, colors, brushes }) => {
  const images = unpack(bytes(digits));
  const tiles = [...root.querySelectorAll(".dlp-digit")];
  const count = root.querySelector(".dlp-count");
  // Weights are whole hundredths and pixels whole numbers, so that a score is an exact sum.
  const weights = new Int8Array(CELLS);
  const cursor = { row: 13, column: 13 };
  const say = announcer(root);

  const canvas = html("canvas", {
    class: "dlp-map", width: 20 * SIDE, height: 20 * SIDE, tabindex: 0, role: "application",
    "aria-roledescription": "painting",
    "aria-label": "Weights, 28 by 28. Arrow keys move, space paints, B changes the brush, E erases.",
  });
  const brush = radios({ label: "brush", options: [["1", "+1"], ["0", "0"], ["-1", "−1"]], value: "1" }, () => {});
  const size = select({ label: "brush size", options: brushes.map((n) => [n, `${n} × ${n}`]), value: 3 }, () => show());
  const bias = slider({ label: "bias b", min: -40, max: 40, step: 0.5, value: 0 }, () => judge());

  // The square under the brush, cut off at the edge of the image.
  function square() {
    const reach = (Number(size.value) - 1) / 2, inside = (k) => Math.max(0, Math.min(SIDE - 1, k));
    return {
      top: inside(cursor.row - reach), bottom: inside(cursor.row + reach),
      left: inside(cursor.column - reach), right: inside(cursor.column + reach),
    };
  }

  function show() {
    const focused = canvas === canvas.getRootNode().activeElement;
    drawHeatMap(canvas, SIDE, [...weights].map((w) => w / 100), colors, focused ? square() : undefined);
  }

  function judge() {
    const fired = { ones: 0, others: 0 };
    images.forEach((image, i) => {
      let sum = 0;
      for (let k = 0; k < CELLS; k++) sum += image[k] * weights[k];
      const z = sum / 25500 + bias.value, fires = z > 0, isOne = labels[i] === 1, tile = tiles[i];
      if (fires) fired[isOne ? "ones" : "others"] += 1;
      tile.classList.toggle("dlp-fires", fires);
      tile.classList.toggle("dlp-wrong", fires !== isOne);
      tile.querySelector(".dlp-score").textContent = print(z, 1, "+");
      tile.querySelector(".dlp-says").textContent = (fires === isOne ? (fires ? "✓ " : "") : "✗ ") + (fires ? "fires" : "silent");
    });
    const ones = labels.filter((label) => label === 1).length;
    const text = `fires for ${fired.ones} of ${ones} ones, ${fired.others} of ${labels.length - ones} others`;
    count.querySelector("b").textContent = text;
    return text;
  }

  function paint(value = Number(brush.value)) {
    const { top, bottom, left, right } = square();
    for (let row = top; row <= bottom; row++) weights.fill(100 * value, row * SIDE + left, row * SIDE + right + 1);
  }

  function changed() {
    show();
    say(judge());
  }

  // Mouse, pen and finger: the pointer is held until it is lifted, and fast strokes leave no gaps.
  function cellAt(event) {
    const box = canvas.getBoundingClientRect(), cell = (part) => Math.max(0, Math.min(SIDE - 1, Math.floor(part * SIDE)));
    return {
      row: cell((event.clientY - box.top - canvas.clientTop) / canvas.clientHeight),
      column: cell((event.clientX - box.left - canvas.clientLeft) / canvas.clientWidth),
    };
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    Object.assign(cursor, cellAt(event));
    paint();
    changed();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    const from = { ...cursor }, to = cellAt(event);
    const steps = Math.max(Math.abs(to.row - from.row), Math.abs(to.column - from.column));
    for (let k = 1; k <= steps; k++) {
      cursor.row = Math.round(from.row + ((to.row - from.row) * k) / steps);
      cursor.column = Math.round(from.column + ((to.column - from.column) * k) / steps);
      paint();
    }
    if (steps) changed();
  });

  // Keys. With Shift held, an arrow key moves and paints.
  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const NEXT = { 1: "0", 0: "-1", "-1": "1" };
  const spoken = (value) => ({ 1: "plus one", 0: "zero", "-1": "minus one" })[value];
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const key = event.key.toLowerCase(), move = MOVES[event.key];
    if (move) {
      cursor.row = Math.max(0, Math.min(SIDE - 1, cursor.row + move[0]));
      cursor.column = Math.max(0, Math.min(SIDE - 1, cursor.column + move[1]));
      if (event.shiftKey) { paint(); changed(); } else {
        show();
        say(`row ${cursor.row}, column ${cursor.column}, weight ${print(weights[cursor.row * SIDE + cursor.column] / 100)}`);
      }
    } else if (key === " ") { paint(); changed(); }
    else if (key === "e") { paint(0); changed(); }
    else if (key === "b") { brush.set(NEXT[brush.value]); say(`brush ${spoken(brush.value)}`); }
    else return;
    event.preventDefault();  // neither scroll the page nor trigger a notebook's shortcuts
    event.stopPropagation();
  });
  canvas.addEventListener("focus", show);
  canvas.addEventListener("blur", show);

  function take({ weights: packed, bias: b }) {
    weights.set(new Int8Array(bytes(packed).buffer));
    bias.set(b);
    changed();
  }
  const clear = { weights: btoa("\0".repeat(CELLS)), bias: 0 };
  const ready = [...presets, { name: "clear", ...clear }];

  const key = (text) => html("kbd", {}, text);
  const put = (area, ...nodes) => root.querySelector(`.dlp-area-${area}`).replaceChildren(...nodes);
  put("map", canvas);
  put("brush", brush.node, size.node, bias.node);
  put("ready", "ready-made:", ...ready.map((preset) => button(preset.name, () => take(preset))));
  put("note", "Blue, marked +, speaks for “it is a 1”; orange, marked −, against it. Keys on the image: arrows move, ",
      key("Space"), " paints, ", key("Shift"), " + arrow moves and paints, ", key("B"), " changes the brush, ", key("E"), " erases.");
  take(presets[first]);
});
