// Training the small network: gradient descent on the mean binary cross-entropy of z, all points at
// once, with the backward pass written out by hand.

// The loss, and its gradient for every weight, in the shape of the network.
function gradients({ activation, W1, b1, w2, b2 }, { points, labels }) {
  const [f, slope] = ACTIVATIONS[activation], N = points.length;
  const d = { W1: [[0, 0, 0], [0, 0, 0]], b1: [0, 0, 0], w2: [0, 0, 0], b2: 0 };
  let loss = 0;
  points.forEach((x, n) => {
    const z1 = b1.map((b, k) => x[0] * W1[0][k] + x[1] * W1[1][k] + b), h = z1.map(f);
    const z = h[0] * w2[0] + h[1] * w2[1] + h[2] * w2[2] + b2, y = labels[n];
    loss += (Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)))) / N;
    const dz = (sigmoid(z) - y) / N;  // back through the loss,
    d.b2 += dz;
    h.forEach((value, k) => {
      d.w2[k] += value * dz;  // through the output neuron,
      const dz1 = dz * w2[k] * slope(z1[k]);  // and through the bend of hidden neuron k
      d.b1[k] += dz1;
      x.forEach((input, i) => { d.W1[i][k] += input * dz1; });
    });
  });
  return { loss, d };
}

// One step: every weight goes against its own gradient.
function descend(network, d, rate) {
  for (const k of [0, 1, 2]) {
    for (const i of [0, 1]) network.W1[i][k] -= rate * d.W1[i][k];
    network.b1[k] -= rate * d.b1[k];
    network.w2[k] -= rate * d.w2[k];
  }
  network.b2 -= rate * d.b2;
}

// Buttons and readouts. `figure` has the network and the set of points as they are now; it can
// `take` another network, take a `random` one, and `draw` itself.
function addTraining(root, { rates, rate: first, opening, most, chart }, figure) {
  const find = (name) => root.querySelector(`.dlp-${name}`);
  const [shown, path, point, coin] = ["loss", "curve", "point", "coin"].map(find), picture = path.closest("svg");
  let begun, losses = [], until, timer;  // where this run began, and the loss before each of its steps

  function step(count = 1) {
    for (let n = 0; n < count; n++) {
      const { loss, d } = gradients(figure.network, figure.set);
      losses.push(loss);
      descend(figure.network, d, Number(rate.value));
    }
  }
  function pause() {
    clearTimeout(timer);
    timer = undefined;
    train.textContent = "train";
  }
  // Twenty pictures a second, with more and more steps from one to the next; one picture a second
  // for those who want nothing to move.
  function run() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    step(calm ? 50 : 1 + Math.floor(losses.length / 50));
    figure.draw();
    if (losses.length >= until || !root.isConnected) pause();
    else timer = setTimeout(run, calm ? 1000 : 50);
  }
  const byHand = (change) => () => { pause(); change(); };
  const train = button("train", () => {
    if (timer) return pause();
    train.textContent = "pause";
    until = losses.length + most;
    run();
  });
  const rate = select({ label: "learning rate", options: rates.map((value) => [value, String(value)]), value: first }, () => {});
  find("buttons").replaceChildren(
    button("one step", byHand(() => { step(); figure.draw(); })), train,
    button("start again", () => figure.take(begun)), button("random weights", figure.random));

  function drawCurve(loss) {
    const all = [...losses, loss], last = Math.max(100, losses.length), top = all.reduce((a, b) => Math.max(a, b), 1);
    const x = scale([0, last], [chart.left, chart.right]), y = scale([0, top], [chart.bottom, chart.top]);
    const every = Math.ceil(all.length / 400), places = all.map((value, n) => `${x(n).toFixed(1)} ${y(value).toFixed(2)}`);
    path.setAttribute("d", `M${places.filter((_, n) => n % every === 0 || n === losses.length).join("L")}`);
    fill(point, { cx: x(losses.length).toFixed(1), cy: y(loss).toFixed(2) }, []);
    coin.setAttribute("transform", `translate(0 ${y(Math.LN2).toFixed(2)})`);
    find("most").textContent = print(top, 1);
    find("last").textContent = last;
  }

  const trainer = {
    rate,
    said: "",
    get begun() { return begun; },
    restart() {
      pause();
      begun = JSON.parse(JSON.stringify(figure.network));
      losses = [];
    },
    open() {
      trainer.restart();
      step(opening);
    },
    show() {
      const { loss, d } = gradients(figure.network, figure.set);
      trainer.said = `step ${losses.length}, loss ${print(loss, 4)}`;
      shown.textContent = trainer.said;
      shown.setAttribute("data-value", loss);
      picture.setAttribute("aria-label", `The loss after each step; ${trainer.said}.`);
      drawCurve(loss);
      root.querySelectorAll("[data-weight]").forEach((cell) => {
        const at = (owner) => cell.dataset.weight.split(" ").reduce((part, key) => part[key], owner);
        const [value, gradient] = [at(figure.network), at(d)];
        cell.replaceChildren(print(value, 4), html("span", {}, `∂ ${print(gradient, 4)}`));
        fill(cell, { "data-value": value, "data-gradient": gradient }, []);
      });
    },
  };
  return trainer;
}
