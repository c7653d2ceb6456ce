// Nine weights slide over an image. Pixels are whole hundredths, weights whole tenths, outputs whole
// thousandths: every number is exact.
const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const NINE = [0, 1, 2, 3, 4, 5, 6, 7, 8];

// A number of thousandths without the zeros at its end.
const exact = (thousandths) => print(thousandths / 1000, 3).replace(/\.?0+$/, "");

// How long the output is, and how many zeros stand before and after the input: as in Keras.
function placesOf(size, stride, same) {
  if (!same) return { count: Math.floor((size - 3) / stride) + 1, before: 0, after: 0 };
  const count = Math.ceil(size / stride), zeros = Math.max((count - 1) * stride + 3 - size, 0);
  return { count, before: Math.floor(zeros / 2), after: Math.ceil(zeros / 2) };
}

start("filter_lab", (root, { images, kernels, limit, begin, credit, colors }) => {
  const pixels = Object.fromEntries(Object.entries(images).map(([key, one]) => [key, bytes(one.pixels)]));
  const OWN = "weights of your own", CARD = "#ffffff";
  const kernel = kernels[begin.kernel].flat(), at = { row: begin.row, column: begin.column };
  const say = announcer(root);
  let chosen = 4, output = [], places, most = 1;

  // --- Controls
  const image = radios({ label: "image", options: Object.entries(images).map(([key, { name }]) => [key, name]), value: begin.image }, () => {
    const { count } = placesOf(images[image.value].size, Number(stride.value), padding.value === "same");
    Object.assign(at, { row: Math.floor(0.4 * count), column: Math.floor(0.5 * count) });
    changed();
  });
  const filter = select({ label: "filter", options: [...Object.keys(kernels), OWN].map((name) => [name, name]), value: begin.kernel }, () => {
    if (filter.value === OWN) return;
    kernels[filter.value].flat().forEach((weight, k) => { kernel[k] = weight; });
    rewrite();
    changed();
  });
  const padding = radios({ label: "padding", options: [["valid", "valid"], ["same", "same"]], value: "valid" }, () => changed());
  const stride = radios({ label: "stride", options: [["1", "1"], ["2", "2"]], value: "1" }, () => {
    const one = stride.value === "1";
    for (const way of ["row", "column"]) at[way] = one ? 2 * at[way] : Math.floor(at[way] / 2);  // stay where it is
    changed();
  });

  // The nine cells. On a phone, no keyboard comes up: there are buttons.
  const cells = [...root.querySelectorAll(".dlp-nine td")];
  const placeOf = (k) => `row ${Math.floor(k / 3)}, column ${k % 3}`;
  const inputs = NINE.map((k) => {
    const input = html("input", { type: "number", step: "any", min: -limit / 10, max: limit / 10, "aria-label": `weight, ${placeOf(k)}` });
    if (matchMedia("(pointer: coarse)").matches) input.setAttribute("inputmode", "none");
    input.addEventListener("input", () => { if (input.value !== "") put(k, Math.round(10 * Number(input.value)), false); });
    input.addEventListener("change", rewrite);
    input.addEventListener("focus", () => choose(k));
    input.addEventListener("keydown", (event) => {
      const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      put(k, kernel[k] + way * (event.shiftKey ? 1 : 5));
    });
    cells[k].querySelector(".dlp-weight").replaceWith(input);
    return input;
  });
  const lower = button("−", () => put(chosen, kernel[chosen] - 5)), raise = button("+", () => put(chosen, kernel[chosen] + 5));
  function rewrite() {
    inputs.forEach((input, k) => { input.value = kernel[k] / 10; });
  }
  function put(k, tenths, write = true) {
    kernel[k] = Math.max(-limit, Math.min(limit, tenths));
    const same = Object.entries(kernels).find(([, one]) => one.flat().every((weight, n) => weight === kernel[n]));
    filter.set(same ? same[0] : OWN);
    if (write) rewrite();
    changed();
  }
  function choose(k) {
    chosen = k;
    cells.forEach((cell, n) => cell.classList.toggle("dlp-chosen", n === k));
    lower.setAttribute("aria-label", `lower the weight in ${placeOf(k)} by 0.5`);
    raise.setAttribute("aria-label", `raise the weight in ${placeOf(k)} by 0.5`);
  }

  // --- The two images
  const canvas = html("canvas", { class: "dlp-map", tabindex: 0, role: "application", "aria-roledescription": "window over an image" });
  const result = html("canvas", { class: "dlp-map", role: "img" });
  const words = [...root.querySelectorAll(".dlp-legend span")];
  const inside = (place) => Math.max(0, Math.min(places.count - 1, place));
  const top = () => at.row * Number(stride.value) - places.before, left = () => at.column * Number(stride.value) - places.before;

  // The pixel at a place, and 0 outside.
  function pixel(row, column) {
    const { size } = images[image.value];
    return row < 0 || column < 0 || row >= size || column >= size ? undefined : pixels[image.value][row * size + column];
  }

  function compute() {
    const { size } = images[image.value], step = Number(stride.value);
    places = placesOf(size, step, padding.value === "same");
    output = [];
    for (let row = 0; row < places.count; row++) {
      for (let column = 0; column < places.count; column++) {
        let sum = 0;
        for (const k of NINE) {
          sum += kernel[k] * (pixel(row * step - places.before + Math.floor(k / 3), column * step - places.before + (k % 3)) || 0);
        }
        output.push(sum);
      }
    }
    const signed = output.some((value) => value < 0);
    most = output.reduce((a, b) => Math.max(a, Math.abs(b)), signed ? 1 : 1000);
    return signed;
  }

  const grey = (value, highest) => {
    const shade = Math.floor((255 * value) / highest + 0.5), shown = images[image.value].ink ? 255 - shade : shade;
    return `rgb(${shown},${shown},${shown})`;
  };

  // White outside black: seen on every colour.
  function frame(pen, x, y, side, lines) {
    for (const [width, color] of [[6, CARD], [2.5, "#111111"]]) {
      pen.lineWidth = width;
      pen.strokeStyle = color;
      pen.strokeRect(x, y, side, side);
      for (const [a, b, c, d] of lines) {
        pen.beginPath();
        pen.moveTo(a, b);
        pen.lineTo(c, d);
        pen.stroke();
      }
    }
  }

  function drawInput() {
    const { size } = images[image.value], cell = Math.floor(528 / (size + 2));
    canvas.width = canvas.height = cell * (size + 2);
    const pen = canvas.getContext("2d");
    pen.fillStyle = CARD;
    pen.fillRect(0, 0, canvas.width, canvas.width);
    for (let row = -places.before; row < size + places.after; row++) {
      for (let column = -places.before; column < size + places.after; column++) {
        const value = pixel(row, column), x = (column + 1) * cell, y = (row + 1) * cell;
        pen.fillStyle = grey(value || 0, 100);
        pen.fillRect(x, y, cell, cell);
        if (value !== undefined) continue;
        pen.strokeStyle = "#888888";  // a zero that is not of the image
        pen.lineWidth = 1;
        pen.strokeRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
      }
    }
    frame(pen, (left() + 1) * cell, (top() + 1) * cell, 3 * cell, []);
  }

  function drawOutput(signed) {
    const { count } = places, cell = Math.floor(528 / count);
    result.width = result.height = cell * count;
    const pen = result.getContext("2d");
    output.forEach((value, n) => {
      const x = (n % count) * cell, y = Math.floor(n / count) * cell;
      pen.fillStyle = signed ? signedColor(colors, value / most) : grey(value, most);
      pen.fillRect(x, y, cell, cell);
      if (value > -0.3 * most) return;  // negative, also for those who do not see the colour
      pen.fillStyle = "rgba(255,255,255,0.6)";
      pen.fillRect(x + cell * 0.25, y + cell / 2 - 0.75, cell / 2, 1.5);
    });
    const x = at.column * cell, y = at.row * cell, [a, b] = [x + cell / 2, y + cell / 2], r = cell + 6;
    frame(pen, x, y, cell, [[a, y, a, b - r - 6], [a, y + cell, a, b + r + 6], [x, b, a - r - 6, b], [x + cell, b, a + r + 6, b]]);
  }

  // Fractions of the window's image under a pointer → the output place whose window is centred there.
  function pointed(event, node, isInput) {
    const box = node.getBoundingClientRect(), step = Number(stride.value);
    const go = (part) => {
      if (!isInput) return inside(Math.floor(part * places.count));
      return inside(Math.round((Math.floor(part * (images[image.value].size + 2)) - 2 + places.before) / step));
    };
    at.row = go((event.clientY - box.top - node.clientTop) / node.clientHeight);
    at.column = go((event.clientX - box.left - node.clientLeft) / node.clientWidth);
    show();
  }
  for (const node of [canvas, result]) {
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      node.setPointerCapture(event.pointerId);
      pointed(event, node, node === canvas);
    });
    node.addEventListener("pointermove", (event) => {
      if (node.hasPointerCapture(event.pointerId)) pointed(event, node, node === canvas);
    });
  }
  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    const move = MOVES[event.key], far = event.shiftKey ? 8 : 1;
    if (!move || event.ctrlKey || event.altKey || event.metaKey) return;
    at.row = inside(at.row + far * move[0]);
    at.column = inside(at.column + far * move[1]);
    show();
    event.preventDefault();  // neither scroll the page nor trigger a notebook's shortcuts
    event.stopPropagation();
  });

  // --- What is shown
  let signed = true;
  function show() {
    drawInput();
    drawOutput(signed);
    NINE.forEach((k) => {
      const value = pixel(top() + Math.floor(k / 3), left() + (k % 3)), product = kernel[k] * (value || 0);
      const shown = cells[k].querySelector(".dlp-pixel"), result = cells[k].querySelector(".dlp-product");
      shown.textContent = `${exact(10 * (value || 0))} ×`;
      shown.classList.toggle("dlp-outside", value === undefined);
      shown.title = value === undefined ? "outside the image: padding" : "";
      result.textContent = `= ${exact(product)}`;
      result.classList.toggle("dlp-minus", product < 0);
      result.classList.toggle("dlp-plus", product > 0);
    });
    const { count } = places, sum = exact(output[at.row * count + at.column]), where = `row ${at.row}, column ${at.column}`;
    root.querySelector(".dlp-count b").textContent = `sum of the nine: ${sum}`;
    root.querySelector(".dlp-count span").textContent = `the output at ${where} of ${count} × ${count}`;
    const { name, size } = images[image.value];
    canvas.setAttribute("aria-label", `Input: ${name}, ${size} by ${size}. Arrow keys move the window, with Shift by 8.`);
    result.setAttribute("aria-label", `Output, ${count} by ${count}, ${filter.value}: from ${exact(Math.min(...output))} to ${exact(Math.max(...output))}.`);
    say(`${where}: the sum is ${sum}`);
  }

  function changed() {
    signed = compute();
    at.row = inside(at.row);
    at.column = inside(at.column);
    const middle = signed ? "orange: negative, blue: positive" : images[image.value].ink ? "black is more" : "white is more";
    [signed ? exact(-most) : "0", middle, exact(most)].forEach((text, n) => { words[n].textContent = text; });
    show();
  }

  const key = (text) => html("kbd", {}, text);
  const area = (name) => root.querySelector(`.dlp-area-${name}`);
  area("map").querySelector("svg").replaceWith(canvas);
  area("out").querySelector("svg").replaceWith(result);
  area("choose").replaceChildren(image.node, filter.node);
  area("set").replaceChildren(padding.node, stride.node);
  area("turn").replaceChildren("the framed weight:", lower, raise);
  area("note").replaceChildren("Pixels: 0 is black and 1 white in the photograph, 0 paper and 1 ink in the digit. Padding “same” puts zeros round the image. Keys: ",
    key("↑"), " ", key("↓"), " in a weight change it by 0.5, with ", key("Shift"), " by 0.1; arrows on the input move the window, with ",
    key("Shift"), " by 8. ", credit);
  rewrite();
  choose(chosen);
  changed();
});
