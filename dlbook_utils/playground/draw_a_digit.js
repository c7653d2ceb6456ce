// Draw a digit; a convolutional network reads it. All numbers are computed here, anew with every stroke.
const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const FINE = 4, SIDE = 28, SHEET = FINE * SIDE;

// Numbers of sixteen bits, low byte first: sign, five bits of exponent, ten of fraction.
function halves(raw) {
  return Float32Array.from({ length: raw.length / 2 }, (_, n) => {
    const half = raw[2 * n] | (raw[2 * n + 1] << 8), power = (half >> 10) & 31, part = (half & 1023) / 1024;
    return (half >> 15 ? -1 : 1) * (power ? (1 + part) * 2 ** (power - 15) : part * 2 ** -14);
  });
}

// A 3 × 3 convolution and ReLU: x holds side × side × C numbers, W 3 × 3 × C × F.
function convolve(x, side, C, W, b) {
  const out = side - 2, F = b.length, y = new Float32Array(out * out * F);
  for (let place = 0; place < out * out; place++) {
    const at = place * F, from = Math.floor(place / out) * side + (place % out);
    for (let f = 0; f < F; f++) y[at + f] = b[f];
    for (let k = 0; k < 9; k++) {
      const pixel = (from + Math.floor(k / 3) * side + (k % 3)) * C;
      for (let c = 0; c < C; c++) {
        const value = x[pixel + c], weight = (k * C + c) * F;
        if (value === 0) continue;  // paper, or what ReLU has silenced
        for (let f = 0; f < F; f++) y[at + f] += value * W[weight + f];
      }
    }
    for (let f = 0; f < F; f++) if (y[at + f] < 0) y[at + f] = 0;
  }
  return y;
}

// The highest of 2 × 2; what is left over at the end of an odd side falls away.
function pool(x, side, C) {
  const out = side >> 1, y = new Float32Array(out * out * C);
  for (let row = 0; row < out; row++) {
    for (let column = 0; column < out; column++) {
      for (let c = 0; c < C; c++) {
        const at = (2 * row * side + 2 * column) * C + c, below = at + side * C;
        y[(row * out + column) * C + c] = Math.max(x[at], x[at + C], x[below], x[below + C]);
      }
    }
  }
  return y;
}

function dense(x, W, b) {
  const y = Float64Array.from(b);
  x.forEach((value, k) => { if (value) for (let f = 0; f < y.length; f++) y[f] += value * W[k * y.length + f]; });
  return y;
}

function network([W1, b1, W2, b2, W3, b3, W4, b4]) {
  return (image) => {
    const first = convolve(Float32Array.from(image, (grey) => grey / 255), SIDE, 1, W1, b1);
    const second = convolve(pool(first, 26, b1.length), 13, b1.length, W2, b2);
    const hidden = dense(pool(second, 11, b2.length), W3, b3).map((z) => Math.max(z, 0));
    const z = dense(hidden, W4, b4), e = z.map((one) => Math.exp(one - Math.max(...z))), sum = e.reduce((a, b) => a + b);
    return { maps: [first, second], probabilities: [...e].map((one) => one / sum) };
  };
}

// First and last row and column with ink.
function boxOf(sheet) {
  const box = { top: SHEET, left: SHEET, bottom: -1, right: -1 };
  sheet.forEach((ink, n) => {
    if (!ink) return;
    const row = Math.floor(n / SHEET), column = n % SHEET;
    box.top = Math.min(box.top, row);
    box.bottom = Math.max(box.bottom, row);
    box.left = Math.min(box.left, column);
    box.right = Math.max(box.right, column);
  });
  return box.bottom < 0 ? undefined : box;
}

// The part of `sheet` in `box` as h × w means of its pixels, rounded. All sums are whole numbers.
function resized(sheet, { top, left, bottom, right }, h, w) {
  const height = bottom - top + 1, width = right - left + 1, area = height * width, small = new Uint8Array(h * w);
  const shared = (j, k, old, now) => Math.min((j + 1) * old, (k + 1) * now) - Math.max(j * old, k * now);
  for (let j = 0; j < h; j++) {
    for (let i = 0; i < w; i++) {
      let sum = 0;
      for (let row = Math.floor((j * height) / h); row * h < (j + 1) * height; row++) {
        for (let column = Math.floor((i * width) / w); column * w < (i + 1) * width; column++) {
          sum += shared(j, row, height, h) * shared(i, column, width, w) * sheet[(top + row) * SHEET + left + column];
        }
      }
      small[j * w + i] = Math.floor((2 * sum + area) / (2 * area));
    }
  }
  return small;
}

// As MNIST's makers did: ink scaled into 20 × 20, its centre of mass brought nearest to the middle of 28 × 28.
// Also says where: top, left, height and width.
function asMnist(sheet, box) {
  const image = new Uint8Array(SIDE * SIDE);
  if (!box) return { image };
  const sides = [box.bottom - box.top + 1, box.right - box.left + 1], longer = Math.max(...sides);
  const [h, w] = sides.map((side) => Math.max(1, Math.floor((40 * side + longer) / (2 * longer))));
  const small = resized(sheet, box, h, w);
  const total = small.reduce((a, b) => a + b, 0);
  const [top, left] = [[h, (n) => Math.floor(n / w)], [w, (n) => n % w]].map(([side, place]) => {
    if (!total) return 4;
    const centre = small.reduce((sum, grey, n) => sum + grey * place(n), 0) / total;
    return Math.max(0, Math.min(SIDE - side, Math.ceil(13.5 - centre)));
  });
  for (let row = 0; row < h; row++) image.set(small.subarray(row * w, (row + 1) * w), (top + row) * SIDE + left);
  return { image, place: [top, left, h, w] };
}

start("draw_a_digit", (root, { weights, shapes, images, presets, corner, maps, full, tiles, colors }) => {
  const numbers = halves(bytes(weights)), say = announcer(root), area = (name) => root.querySelector(`.dlp-area-${name}`);
  let used = 0;
  const parameters = shapes.map((shape) => {
    const count = shape.reduce((a, b) => a * b);
    return numbers.subarray(used, (used += count));
  });
  const read = network(parameters);
  const sheet = new Uint8Array(SHEET * SHEET), pen = { x: SHEET / 2, y: SHEET / 2 };  // where keys draw
  let label;

  // --- Controls
  const tool = radios({ label: "tool", options: [["ink", "pen"], ["rubber", "rubber"]], value: "ink" }, () => {});
  const width = slider({ label: "pen width", min: 1, max: 5, step: 0.5, value: 2.5 }, () => showSheet());
  const scaled = html("input", { type: "checkbox", checked: "" });
  scaled.addEventListener("change", () => changed());
  const canvas = html("canvas", {
    class: "dlp-sheet", width: SHEET * FINE, height: SHEET * FINE, tabindex: 0, role: "application", "aria-roledescription": "sheet to draw on",
    "aria-label": "Sheet. Arrow keys move the pen, space puts a dot, Shift and an arrow draw a line, E rubs out.",
  });
  const given = html("canvas", { class: "dlp-sheet", width: 8 * SIDE, height: 8 * SIDE, role: "img" });
  const boards = tiles.map(({ columns, width: across, height: down }, layer) => html("canvas", {
    class: "dlp-maps", role: "img", width: columns * across, height: Math.ceil(maps[layer].length / columns) * down,
  }));
  const rows = [...root.querySelectorAll(".dlp-bars tr")];

  // --- Drawing. A dot has a soft edge, a quarter of a pixel of the network wide.
  function dot(x, y, rubs) {
    const radius = (FINE * width.value) / 2, reach = Math.ceil(radius + 1);
    for (let row = Math.max(0, Math.floor(y - reach)); row < Math.min(SHEET, y + reach); row++) {
      for (let column = Math.max(0, Math.floor(x - reach)); column < Math.min(SHEET, x + reach); column++) {
        const ink = Math.round(255 * Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(row + 0.5 - y, column + 0.5 - x))));
        const at = row * SHEET + column;
        sheet[at] = rubs ? Math.min(sheet[at], 255 - ink) : Math.max(sheet[at], ink);
      }
    }
  }
  function line(x, y, rubs = tool.value === "rubber") {
    const from = { ...pen }, steps = Math.max(1, Math.ceil(Math.hypot(x - from.x, y - from.y)));
    for (let n = 0; n <= steps; n++) dot(from.x + ((x - from.x) * n) / steps, from.y + ((y - from.y) * n) / steps, rubs);
    Object.assign(pen, { x, y });
    label = undefined;
    changed();
  }

  const pointed = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left - canvas.clientLeft) / canvas.clientWidth) * SHEET,
      ((event.clientY - box.top - canvas.clientTop) / canvas.clientHeight) * SHEET];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    [pen.x, pen.y] = pointed(event);
    line(pen.x, pen.y);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) line(...pointed(event));
  });

  // Keys move by one pixel of the network, from middle to middle.
  const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  const snap = (place, move) => FINE * (Math.max(0, Math.min(SIDE - 1, Math.floor(place / FINE) + move)) + 0.5);
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const move = MOVES[event.key], [x, y] = [snap(pen.x, move ? move[0] : 0), snap(pen.y, move ? move[1] : 0)];
    if (move && event.shiftKey) line(x, y);
    else if (move) {
      Object.assign(pen, { x, y });
      showSheet();
      const ink = sheet[Math.floor(y) * SHEET + Math.floor(x)] > 127 ? "ink" : "paper";
      say(`row ${Math.floor(y / FINE)}, column ${Math.floor(x / FINE)}, ${ink}`);
    } else if (event.key === " " || event.key.toLowerCase() === "e") {
      Object.assign(pen, { x, y });
      line(x, y, event.key === " " ? undefined : true);
    } else return;
    event.preventDefault();  // neither scroll the page nor trigger a notebook's shortcuts
    event.stopPropagation();
  });
  canvas.addEventListener("focus", () => showSheet());
  canvas.addEventListener("blur", () => showSheet());

  // --- What is shown
  const scratch = html("canvas");
  function paint(target, side, values) {
    scratch.width = scratch.height = side;
    const board = scratch.getContext("2d"), picture = board.createImageData(side, side), brush = target.getContext("2d");
    const pixels = new Uint32Array(picture.data.buffer);
    values.forEach((ink, n) => { pixels[n] = 0xff000000 | ((255 - ink) * 0x010101); });
    board.putImageData(picture, 0, 0);
    brush.imageSmoothingEnabled = false;
    brush.drawImage(scratch, 0, 0, target.width, target.height);
    return brush;
  }
  function dashed(brush, x, y, w, h) {
    brush.strokeStyle = "#b84a00";
    brush.lineWidth = 1.5;
    brush.setLineDash([5, 4]);
    brush.strokeRect(x, y, w, h);
    brush.setLineDash([]);
  }

  function showSheet(box = boxOf(sheet)) {
    const brush = paint(canvas, SHEET, sheet);
    if (scaled.checked && box) {
      const { top, left, bottom, right } = box;
      dashed(brush, left * FINE, top * FINE, (right - left + 1) * FINE, (bottom - top + 1) * FINE);
    }
    if (canvas !== canvas.getRootNode().activeElement) return;
    for (const [thick, color] of [[4, "#ffffff"], [2, "#0b5c92"]]) {
      brush.lineWidth = thick;
      brush.strokeStyle = color;
      brush.beginPath();
      brush.arc(pen.x * FINE, pen.y * FINE, (FINE * FINE * width.value) / 2, 0, 7);
      brush.stroke();
    }
  }

  function showGiven(image, place) {
    const brush = paint(given, SIDE, image);
    if (!place) return;
    const [top, left, h, w] = place.map((n) => 8 * n);
    dashed(brush, left, top, w, h);
    brush.strokeStyle = "#b84a00";
    brush.beginPath();
    for (const [a, b] of [[1, 0], [0, 1]]) {  // the middle, where the centre of mass is brought
      brush.moveTo(116 - 7 * a, 116 - 7 * b);
      brush.lineTo(116 + 7 * a, 116 + 7 * b);
    }
    brush.stroke();
  }

  // What never changes of a layer's board, drawn once: rims and kernels. Maps are written between them,
  // pixel by pixel, which is faster than rectangles.
  const blues = Array.from({ length: 256 }, (_, n) => signedColor(colors, n / 255).match(/\d+/g).map(Number));
  const words = new Uint32Array(Uint8Array.from(blues.flatMap((blue) => [...blue, 255])).buffer);
  const sidesOf = [SIDE - 2, 11];
  const pictures = boards.map((board, layer) => {
    const brush = board.getContext("2d"), { cell, weight, columns, ...tile } = tiles[layer];
    const kernels = parameters[2 * layer], count = shapes[2 * layer][3], side = sidesOf[layer] * cell;
    const strongest = kernels.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    brush.fillStyle = "#ffffff";
    brush.fillRect(0, 0, board.width, board.height);
    maps[layer].forEach((k, n) => {
      const top = Math.floor(n / columns) * tile.height, left = (n % columns) * tile.width;
      brush.fillStyle = "rgb(176,176,176)";
      brush.fillRect(left + 1, top + 1, side + 2, side + 2);
      for (let place = 0; weight && place < 9; place++) {
        const value = kernels[place * count + k] / strongest;
        const x = left + 2 + (place % 3) * weight, y = top + side + 5 + Math.floor(place / 3) * weight;
        brush.fillStyle = signedColor(colors, value);
        brush.fillRect(x, y, weight, weight);
        brush.fillStyle = "#ffffff";
        if (value <= -0.2) brush.fillRect(x + 3, y + 4, 4, 2);
      }
    });
    return brush.getImageData(0, 0, board.width, board.height);
  });

  function showMaps(values, layer) {
    const board = boards[layer], { cell, columns, ...tile } = tiles[layer], side = sidesOf[layer], count = shapes[2 * layer][3];
    const pixels = new Uint32Array(pictures[layer].data.buffer), picked = { which: 0, sum: -1, highest: 0 };
    maps[layer].forEach((k, n) => {
      const top = Math.floor(n / columns) * tile.height + 2, left = (n % columns) * tile.width + 2;
      let sum = 0;
      for (let place = 0; place < side * side; place++) {
        const value = values[place * count + k], word = words[Math.round(255 * Math.min(1, value / full[layer]))];
        sum += value;
        picked.highest = Math.max(picked.highest, value);
        const corner = (top + Math.floor(place / side) * cell) * board.width + left + (place % side) * cell;
        for (let row = 0; row < cell; row++) pixels.fill(word, corner + row * board.width, corner + row * board.width + cell);
      }
      if (sum > picked.sum) Object.assign(picked, { which: k, sum });
    });
    board.getContext("2d").putImageData(pictures[layer], 0, 0);
    board.setAttribute("aria-label", `${maps[layer].length} maps of the ${["first", "second"][layer]} convolution; map ${picked.which} answers most, ` +
      `with ${picked.highest.toFixed(1)} at the strongest place of all.`);
  }

  function changed() {
    const box = boxOf(sheet);
    const all = { top: 0, left: 0, bottom: SHEET - 1, right: SHEET - 1 };
    const { image, place } = scaled.checked ? asMnist(sheet, box) : { image: resized(sheet, all, SIDE, SIDE) };
    const { maps: layers, probabilities } = read(image);
    showSheet(box);
    showGiven(image, place);
    layers.forEach(showMaps);
    const [best, next] = probabilities.map((_, digit) => digit).sort((a, b) => probabilities[b] - probabilities[a]);
    probabilities.forEach((p, digit) => {
      rows[digit].classList.toggle("dlp-best", digit === best);
      rows[digit].querySelector(".dlp-bar").style.width = `${(100 * p).toFixed(1)}%`;
      rows[digit].lastElementChild.textContent = p.toFixed(3);
      rows[digit].setAttribute("data-value", p);
    });
    const how = probabilities[best] >= 0.9995 ? "above 0.999" : probabilities[best].toFixed(3);  // never 1
    const head = `reads ${best === 8 ? "an" : "a"} ${best}, probability ${how}`;
    let rest = `next: ${next}, ${probabilities[next].toFixed(3)}`;
    if (!box) rest = "the sheet is empty, and yet it must choose one of ten";
    else if (label !== undefined) rest = `MNIST’s label: ${label} ${label === best ? "✓" : "✗"} · ${rest}`;
    root.querySelector(".dlp-count b").textContent = head;
    root.querySelector(".dlp-count span").textContent = rest;
    given.setAttribute("aria-label", `What the network gets: 28 by 28 pixels${scaled.checked ? ", scaled and centred" : ", as they are drawn"}.`);
    say(`${head}; ${rest}`);
  }

  // --- Digits to begin with: each comes as the box that holds its ink.
  function take(index, side) {
    const raw = bytes(images[index].pixels), [row, column, height, across] = raw;
    const [top, left] = side === FINE ? [row * side, column * side] : [corner, corner];
    sheet.fill(0);
    for (let y = 0; y < height * side; y++) {
      for (let x = 0; x < across * side; x++) {
        sheet[(top + y) * SHEET + left + x] = raw[4 + Math.floor(y / side) * across + Math.floor(x / side)];
      }
    }
    label = images[index].label;
    changed();
  }
  const clear = button("clear", () => {
    sheet.fill(0);
    label = undefined;
    changed();
  });

  const key = (text) => html("kbd", {}, text);
  area("map").replaceChildren(canvas);
  area("tool").replaceChildren(tool.node, width.node);
  area("ready").replaceChildren(clear, "or put there:", ...presets.map(([name, ...what]) => button(name, () => take(...what))));
  area("given").querySelector("svg").replaceWith(given);
  area("given").querySelector(".dlp-option").replaceChildren(html("label", { class: "dlp-radio" }, scaled, "scale and centre, as MNIST was"));
  ["first", "second"].forEach((name, layer) => area(name).querySelector("img").replaceWith(boards[layer]));
  area("note").replaceChildren("Scaling and centring: the dashed box round the ink is scaled until its longer side is 20 of the 28 pixels, and the ink’s centre of mass put on the cross. " +
    "Maps: white is 0, the darkest blue ", `${full[0]} or more in the first layer, ${full[1]} in the second; orange weights, with a dash, are negative. Keys on the sheet: arrows move, `,
    key("Space"), " puts a dot, ", key("Shift"), " + arrow draws, ", key("E"), " rubs out.");
  take(...presets[0].slice(1));
});
