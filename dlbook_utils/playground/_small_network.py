"""A small network, 2-3-1, whose plane and weights can be dragged, and which can train."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dlbook_utils import activations
from dlbook_utils.layers import Dense
from dlbook_utils.losses import BinaryCrossentropy
from dlbook_utils.network import Sequential
from dlbook_utils.optimizers import SGD
from dlbook_utils.playground._figure import SIGNED_STOPS, Playground, number, png, signed_colors
from dlbook_utils.training import train_step

ACTIVATIONS = ["step", "relu", "tanh", "sigmoid", "linear"]
LIMIT = 8.0  # of weights and biases, both ways
BEGIN = {"hidden": [1, 4], "output": [1, 3]}  # sizes of random weights
CROSS = (0.9, 0.62)  # where the forward pass is shown first

# The drawing of the plane: a square of `side` units, x₁ and x₂ from `low` to `high`; colours of
# `pixels` × `pixels` points, the boundary from `cells` × `cells` little squares, and so many signs.
PLANE = {
    "width": 340,
    "height": 336,
    "left": 30,
    "top": 6,
    "side": 300,
    "low": -0.5,
    "high": 1.5,
    "ticks": [0, 1],
    "pixels": 150,
    "cells": 60,
    "signs": 10,
}
# The drawing of the network: where the neurons stand.
NET = {
    "width": 340,
    "height": 240,
    "radius": 19,
    "inputs": [[30, 74], [30, 162]],
    "hidden": [[180, 34], [180, 118], [180, 202]],
    "output": [298, 118],
}
# Training: weights may grow, and begin smaller; the loss's curve; and how it opens.
TRAINING = {
    "rates": [0.03, 0.1, 0.3, 1, 3, 10],
    "rate": 1,
    "opening": 40,  # so many steps have been taken
    "most": 5000,  # and after so many more it pauses
    "chart": {"width": 340, "height": 130, "left": 34, "right": 330, "top": 12, "bottom": 98},
}
TRAINING_LIMIT = 20.0
TRAINING_BEGIN = {"hidden": [0.5, 1.5], "output": [0.3, 1]}


@dataclass(frozen=True)
class SmallNetwork:
    """The weights of one network: h = f(x W1 + b1), z = h w2 + b2, and "yes" where z > 0.

    Attributes
    ----------
    activation : str
        The name of f in ``dlbook_utils.activations``.
    W1 : ndarray, (2, 3)
    b1 : ndarray, (3,)
    w2 : ndarray, (3,)
    b2 : float
    """

    activation: str
    W1: np.ndarray
    b1: np.ndarray
    w2: np.ndarray
    b2: float

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The forward pass, exactly as the figure computes it.

        Parameters
        ----------
        x : ndarray, (N, 2)

        Returns
        -------
        z1, h : ndarray, (N, 3)
            The hidden neurons' pre-activations and activations.
        z : ndarray, (N,)
            The output. z1 and z are rounded to nine decimal places, so that a sum that is 0 on
            paper is 0 here too, where the step jumps and where "yes" begins.
        """
        z1 = np.round(x @ self.W1 + self.b1, 9)
        h = activations.get(self.activation)(z1)
        return z1, h, np.round(h @ self.w2 + self.b2, 9)

    def train(
        self, points: np.ndarray, labels: np.ndarray, rate: float, steps: int
    ) -> tuple["SmallNetwork", list[float]]:
        """Gradient descent on the mean binary cross-entropy of z, all points at once.

        Parameters
        ----------
        points : ndarray, (N, 2)
        labels : ndarray, (N,), bool
        rate : float
            The learning rate.
        steps : int

        Returns
        -------
        network : SmallNetwork
            After the steps. This one is not changed.
        losses : list of float
            One before each step, and the last after all of them.
        """
        model, loss, y = self._model(), BinaryCrossentropy(from_logits=True), labels[:, None].astype(float)
        optimizer = SGD(rate)
        losses = [train_step(model, loss, optimizer, points, y)[0] for _ in range(steps)]
        losses.append(float(loss.forward(y, model.forward(points))))
        W1, b1, w2, b2 = model.get_weights()
        return SmallNetwork(self.activation, W1, b1, w2[:, 0], float(b2[0])), losses

    def gradients(self, points: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """The gradient of that loss for ``W1``, ``b1``, ``w2`` and ``b2``, each in its shape.

        Parameters
        ----------
        points : ndarray, (N, 2)
        labels : ndarray, (N,), bool

        Returns
        -------
        dict
        """
        model, loss = self._model(), BinaryCrossentropy(from_logits=True)
        loss.forward(labels[:, None].astype(float), model.forward(points))
        model.backward(loss.backward(), input_gradient=False)
        W1, b1, w2, b2 = model.grads
        return {"W1": W1, "b1": b1, "w2": w2[:, 0], "b2": b2[0]}

    def _model(self) -> Sequential:
        """The same network from the package's layers, in float64."""
        model = Sequential([Dense(3, self.activation, dtype="float64"), Dense(1, dtype="float64")])
        model.build((None, 2))
        model.set_weights([self.W1, self.b1, self.w2[:, None], [self.b2]])
        return model


@dataclass(frozen=True)
class SmallNetworkData:
    """One choice of points in ``small_network()``.

    Attributes
    ----------
    name : str
    points : ndarray, (N, 2)
    labels : ndarray, (N,), bool
        Whether a point is to be a "yes".
    open : SmallNetwork
        The weights that the button "for you to solve" sets, or from which training begins.
    task : str
        What is asked of the reader in the state ``open``.
    solved : SmallNetwork or None
        The weights that the button "a solution" sets. None where training is to find them.
    """

    name: str
    points: np.ndarray
    labels: np.ndarray
    open: SmallNetwork
    task: str = ""
    solved: SmallNetwork | None = None


def _network(activation: str, W1: list, b1: list, w2: list, b2: float) -> SmallNetwork:
    return SmallNetwork(activation, np.array(W1, float), np.array(b1, float), np.array(w2, float), float(b2))


def _points(yes: list, no: list) -> dict[str, np.ndarray]:
    labels = np.repeat([True, False], [len(yes), len(no)])
    return {"points": np.array(yes + no, float), "labels": labels}


def small_network_data(train: bool = False) -> list[SmallNetworkData]:
    """The points of ``small_network()``, each with a task and a solution.

    Parameters
    ----------
    train : bool
        Whether the points of ``small_network(train=True)`` are wanted.

    Returns
    -------
    list of SmallNetworkData
        XOR, an island, a stripe. XOR's solution is the network with two ReLU neurons of
        Chapter 1, equation (1.8), beside a third neuron that is not listened to. For training, 40
        points round the corners of XOR, and 40 on two arcs, each with the weights to begin from.

    Notes
    -----
    Used in: Chapters 1 and 2.
    """
    if train:
        return _training_data()
    corners = [(0.1, 0.05), (-0.12, 0.08), (0.02, -0.13)]
    xor = {
        corner: [(round(corner[0] + a, 2), round(corner[1] + b, 2)) for a, b in corners]
        for corner in ((0, 0), (0, 1), (1, 0), (1, 1))
    }
    fold = [[1, 1, 1], [1, 1, -1]], [0, -1, 0]
    triangle = [[0, -2.6, 2.6], [3, -1.5, -1.5]]
    band = [[5, -5, 3], [-5, 5, 3]]
    return [
        SmallNetworkData(
            name="XOR",
            **_points(xor[0, 1] + xor[1, 0], xor[0, 0] + xor[1, 1]),
            task="Lines 1 and 2 are right, but the output neuron is not: one of its weights has to change.",
            open=_network("relu", *fold, [1, 1, 0], -0.5),
            solved=_network("relu", *fold, [1, -2, 0], -0.5),
        ),
        SmallNetworkData(
            name="an island",
            **_points(
                [(0.5, 0.62), (0.3, 0.62), (0.7, 0.6), (0.42, 0.42), (0.6, 0.44), (0.5, 0.22)],
                [
                    *[(-0.15, 0.95), (0.22, 1.12), (0.52, 1.02), (0.84, 1.14), (1.16, 0.96)],
                    *[(1.1, 0.38), (0.86, 0.04), (0.58, -0.28), (0.2, -0.05), (-0.12, 0.36)],
                ],
            ),
            task=(
                "The output neuron is right: it says yes where the three are silent. Put the lines round "
                "the circles, like a fence."
            ),
            open=_network("relu", [[0, -2.6, 2.6], [3, -1.5, 1.5]], [-3.6, 0.4, -2.05], [-3, -3, -3], 1),
            solved=_network("relu", triangle, [-2.1, 1.45, -1.15], [-3, -3, -3], 1),
        ),
        SmallNetworkData(
            name="a stripe",
            **_points(
                [(-0.25, -0.2), (0.1, 0), (0.2, 0.36), (0.6, 0.52), (0.75, 0.88), (1.1, 1), (1.2, 1.35)],
                [
                    *[(-0.3, 0.42), (0.05, 0.7), (0.4, 1.05), (0.72, 1.36)],
                    *[(0.45, -0.2), (0.72, 0.1), (1.05, 0.38), (1.38, 0.8)],
                ],
            ),
            task=(
                "Line 2 lies where it should, with its positive side the wrong way. Turn it round, or "
                "change the signs of its three numbers."
            ),
            open=_network("sigmoid", [[5, 5, 3], [-5, -5, 3]], [1.75, -1.75, -3], [4, 4, 0], -6),
            solved=_network("sigmoid", band, [1.75, 1.75, -3], [4, 4, 0], -6),
        ),
    ]


def _training_data() -> list[SmallNetworkData]:
    rng = np.random.default_rng(0)
    labels = np.repeat([True, False], 20)
    turn = np.linspace(0, np.pi, 20)
    upper, lower = [np.cos(turn), np.sin(turn)], [1 - np.cos(turn), 0.4 - np.sin(turn)]
    arcs = np.hstack([upper, lower]).T + rng.normal(0, 0.07, (40, 2))
    arcs = (arcs - [0.5, 0.2]) * [0.55, 0.8] + 0.5  # into the picture
    corners = np.repeat([(0, 1), (1, 0), (0, 0), (1, 1)], 10, axis=0)
    xor = corners + rng.normal(0, 0.15, (40, 2))
    begin = _random_network(np.random.default_rng(12), "tanh")
    return [
        SmallNetworkData("XOR", np.round(xor, 2), labels, begin),
        SmallNetworkData("two arcs", np.round(arcs, 2), labels, begin),
    ]


def _random_network(rng: np.random.Generator, activation: str) -> SmallNetwork:
    """Three lines across the middle of the plane, in three directions; as the button draws them."""
    W1, b1 = np.zeros((2, 3)), np.zeros(3)
    first = rng.uniform(0, np.pi)
    for k in range(3):
        angle = first + (k + rng.uniform(-0.3, 0.3)) * np.pi / 3
        size = rng.choice([-1, 1]) * rng.uniform(*TRAINING_BEGIN["hidden"])
        W1[:, k] = size * np.cos(angle), size * np.sin(angle)
        b1[k] = -W1[:, k] @ rng.uniform(0.1, 0.9, size=2)
    w2 = rng.choice([-1, 1], size=3) * rng.uniform(*TRAINING_BEGIN["output"], size=3)
    b2 = rng.uniform(-0.3, 0.3)
    return _network(activation, *(np.round(array, 2) for array in (W1, b1, w2, b2)))


FIRST = 1  # the island, solved
WORDS = {
    "right": "Every circle lies where z is above 0, and no square does.",
    "free": "Put every circle where z is above 0, and no square.",
    "linear": "With linear no weights can do it: the boundary stays one straight line.",
}
TRAINING_WORDS = {
    "right": "Every circle lies where z is above 0, and no square does. The loss wants more: surer answers.",
    "free": "Each step moves all 13 weights a little, each against its own gradient.",
    "linear": WORDS["linear"],
    "step": "The step’s slope is 0: no gradient passes it, and the hidden neurons’ lines stand still.",
}


def small_network(train: bool = False) -> Playground:
    """A network of two inputs, three hidden neurons and one output to play with.

    Parameters
    ----------
    train : bool
        Whether it trains in the page.

    Returns
    -------
    Playground
        The plane of x₁ and x₂ in the colours of z, with the boundary z = 0, the lines where the
        hidden neurons' sums are 0, which can be shifted and turned, and points to be told apart;
        the network with its 13 weights, which can be dragged too, or set with sliders; and the
        forward pass of one point in numbers. With ``train``, instead of the latter: buttons for one
        step of gradient descent, for many, and for starting again, a choice of learning rates, the
        loss and its curve, and the 13 weights with their gradients. It opens after 40 steps.

    Notes
    -----
    ``small_network_data()`` gives the points and the weights that the buttons set; each of these
    networks has the figure's own ``forward``; ``train`` and ``gradients`` compute with the package's
    layers what the page computes with a backward pass of its own. Where a reader wants reduced
    motion, the picture changes once a second while it trains, by 50 steps.

    Used in: Chapters 1 and 2.
    """
    data = small_network_data(train)
    if train:
        return Playground(
            kind="small_network",
            title="A small network that trains",
            try_this=(
                "press “train”. Then start again with the learning rate 0.3, with 3 and with 10, choose "
                "another activation, other points."
            ),
            notice=(
                "the loss lingers near ln 2 ≈ 0.69, that of a coin, before it falls. A rate that is too "
                "large overshoots, and the loss jumps far above the coin’s."
            ),
            still=_training_still(data[0]),
            layout="dlp-halves dlp-training",
            more=("small_network_training",),
            data=_known(data)
            | {"limit": TRAINING_LIMIT, "begin": TRAINING_BEGIN, "training": TRAINING}
            | {"first": 0, "words": TRAINING_WORDS},
        )
    return Playground(
        kind="small_network",
        title="A small network, and where it says yes",
        try_this=(
            "shift a dashed line, or turn it by its white handle; then choose other points, and make all "
            "of them right yourself."
        ),
        notice=(
            "each hidden neuron cuts the plane by one line, the output neuron adds up the pieces, and yes "
            "is where the sum is above 0. With the activation linear, three lines do no more than one."
        ),
        still=_still(data[FIRST]),
        layout="dlp-halves",
        data=_known(data),
    )


def _known(data: list[SmallNetworkData]) -> dict:
    """What small_network.js is told."""
    return {
        "sets": [
            {
                "name": one.name,
                "points": one.points.tolist(),
                "labels": one.labels.astype(int).tolist(),
                "open": _plain(one.open),
            }
            | ({"task": one.task, "solved": _plain(one.solved)} if one.solved else {})
            for one in data
        ],
        "first": FIRST,
        "cross": CROSS,
        "activations": ACTIVATIONS,
        "limit": LIMIT,
        "begin": BEGIN,
        "plane": PLANE,
        "net": NET,
        "words": WORDS,
        "colors": SIGNED_STOPS,
    }


def _plain(network: SmallNetwork) -> dict:
    return {name: np.asarray(value).tolist() for name, value in vars(network).items()}


def shade(z: np.ndarray) -> np.ndarray:
    """Between −1 and 1: how strongly z is coloured. Half of the most at |z| = 0.6."""
    return 0.8 * z / (0.6 + np.abs(z))


# --- The opening state, as small_network.js draws it ---------------------------------------------


def _x(value: float) -> float:
    return PLANE["left"] + PLANE["side"] * (value - PLANE["low"]) / (PLANE["high"] - PLANE["low"])


def _y(value: float) -> float:
    return PLANE["top"] + PLANE["side"] * (PLANE["high"] - value) / (PLANE["high"] - PLANE["low"])


def _grid(steps: np.ndarray) -> np.ndarray:
    """Points of the plane, (n, n, 2), rows from top to bottom, from places between 0 and 1."""
    span = PLANE["high"] - PLANE["low"]
    x1, x2 = np.meshgrid(PLANE["low"] + span * steps, PLANE["high"] - span * steps)
    return np.stack([x1, x2], axis=-1)


def segment(w: np.ndarray, b: float) -> dict | None:
    """The part of the line w·x + b = 0 that lies in the square; None where there is none."""
    length = np.hypot(*w)
    if length < 0.005:
        return None
    normal = w / length
    foot, along = -b / length * normal, np.array([-normal[1], normal[0]])
    start, end = -np.inf, np.inf
    for place, step in zip(foot, along, strict=True):
        if abs(step) < 1e-9:
            if not PLANE["low"] <= place <= PLANE["high"]:
                return None
        else:
            low, high = sorted([(PLANE["low"] - place) / step, (PLANE["high"] - place) / step])
            start, end = max(start, low), min(end, high)
    if end - start < 1e-6:
        return None
    inset = min(0.14, (end - start) / 4)
    places = {"from": start, "to": end, "badge": start + inset, "handle": end - inset}
    return {"normal": normal} | {name: foot + t * along for name, t in places.items()}


def _boundary(network: SmallNetwork, cells: int = 40) -> Iterator[list[np.ndarray]]:
    """The line z = 0 in strokes, each a list of points: from one little square to the next."""
    corners = _grid(np.linspace(0, 1, cells + 1))
    z = network.forward(corners.reshape(-1, 2))[2].reshape(corners.shape[:2])
    # Where z changes its sign between two corners, it is taken to be straight. Each such place, an
    # edge between squares, is known by its two corners, and leads to at most two others.
    places: dict[frozenset, np.ndarray] = {}
    next_to: dict[frozenset, list[frozenset]] = {}
    for i in range(cells):
        for j in range(cells):
            ring = [(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)]
            ends = []
            for here, there in zip(ring, ring[1:] + ring[:1], strict=True):
                if (z[here] > 0) != (z[there] > 0):
                    part = z[here] / (z[here] - z[there])
                    ends.append(frozenset((here, there)))
                    places[ends[-1]] = corners[here] + part * (corners[there] - corners[here])
            for a, b in zip(ends[::2], ends[1::2], strict=True):
                next_to.setdefault(a, []).append(b)
                next_to.setdefault(b, []).append(a)
    # A stroke begins at the rim; what is left then are closed loops.
    for start in sorted(next_to, key=lambda place: len(next_to[place])):
        stroke = [start]
        while next_to[stroke[-1]]:
            here, there = stroke[-1], next_to[stroke[-1]][0]
            next_to[here].remove(there)
            next_to[there].remove(here)
            stroke.append(there)
        if len(stroke) > 1:
            yield [places[place] for place in stroke]


def _mark(group: int) -> str:
    """The first hidden neuron is the chosen one."""
    return " dlp-chosen" if group == 0 else ""


def _draw_plane(one: SmallNetworkData, network: SmallNetwork) -> str:
    left, top, side = PLANE["left"], PLANE["top"], PLANE["side"]
    z = network.forward(_grid((np.arange(40) + 0.5) / 40).reshape(-1, 2))[2].reshape(40, 40)
    parts = [
        f'<image x="{left}" y="{top}" width="{side}" height="{side}" href="{png(signed_colors(shade(z)))}"/>'
    ]

    def at(point):
        return f"{_x(point[0]):.2f} {_y(point[1]):.2f}"

    places = _grid((np.arange(PLANE["signs"]) + 0.5) / PLANE["signs"]).reshape(-1, 2)
    signs = []
    for place, value in zip(places, network.forward(places)[2], strict=True):
        x, y = _x(place[0]), _y(place[1])
        signs.append(f"M{x - 3:.0f} {y:.0f}h6" + (f"M{x:.0f} {y - 3:.0f}v6" if value > 0 else ""))
    parts.append(f'<path class="dlp-signs" d="{"".join(signs)}"/>')
    for tick in PLANE["ticks"]:
        x, y = f"{_x(tick):.2f}", f"{_y(tick):.2f}"
        parts += [
            f'<path class="dlp-thin" d="M{x} {top}v{side}M{left} {y}h{side}"/>',
            f'<text class="dlp-tick" x="{x}" y="{top + side + 15}" text-anchor="middle">{tick}</text>',
            f'<text class="dlp-tick" x="{left - 6}" y="{_y(tick) + 4:.2f}" text-anchor="end">{tick}</text>',
        ]
    parts += [
        f'<text x="{_x(0.5):.2f}" y="{top + side + 22}" text-anchor="middle">x₁</text>',
        f'<text x="{left - 16}" y="{_y(0.5) + 4:.2f}" text-anchor="middle">x₂</text>',
    ]
    lines = [segment(network.W1[:, k], network.b1[k]) for k in range(3)]
    for k, line in enumerate(lines):
        if line:
            mark = (" dlp-faint" if network.w2[k] == 0 else "") + _mark(k)
            path = f"M{at(line['from'])}L{at(line['to'])}"
            parts += [f'<path class="{kind}{mark}" d="{path}"/>' for kind in ("dlp-casing", "dlp-dashed")]
    edge = "".join(
        "M" + "L".join(f"{_x(a):.1f} {_y(b):.1f}" for a, b in stroke) for stroke in _boundary(network)
    )
    parts.append(f'<path class="dlp-boundary" d="{edge}"/>')
    right = (network.forward(one.points)[2] > 0) == one.labels
    for point, label, is_right in zip(one.points, one.labels, right, strict=True):
        x, y = _x(point[0]), _y(point[1])
        if label:
            parts.append(f'<circle class="dlp-yes" cx="{x:.2f}" cy="{y:.2f}" r="5.5"/>')
        else:
            parts.append(f'<rect class="dlp-no" x="{x - 5:.2f}" y="{y - 5:.2f}" width="10" height="10"/>')
        if not is_right:
            parts += [
                f'<circle class="{kind}" cx="{x:.2f}" cy="{y:.2f}" r="10"/>'
                for kind in ("dlp-casing", "dlp-boundary")
            ]
    for k, line in enumerate(lines):
        if line:
            (x, y), (nx, ny) = (_x(line["badge"][0]), _y(line["badge"][1])), line["normal"]
            tip = f"M{x + 19 * nx:.1f} {y - 19 * ny:.1f}"
            for way in (1, -1):
                tip += f"L{x + 5 * nx - way * 8 * ny:.1f} {y - 5 * ny - way * 8 * nx:.1f}"
            x2, y2 = _x(line["handle"][0]), _y(line["handle"][1])
            parts += [
                f'<path class="dlp-tip" d="{tip}Z"/>',
                f'<circle class="dlp-badge{_mark(k)}" cx="{x:.2f}" cy="{y:.2f}" r="9"/>',
                f'<text class="dlp-in" x="{x:.2f}" y="{y + 4:.2f}" text-anchor="middle">{k + 1}</text>',
                f'<circle class="dlp-handle{_mark(k)}" cx="{x2:.2f}" cy="{y2:.2f}" r="6.5"/>',
            ]
    cross = f"M{_x(CROSS[0]) - 9:.2f} {_y(CROSS[1]):.2f}h18M{_x(CROSS[0]):.2f} {_y(CROSS[1]) - 9:.2f}v18"
    parts += [f'<path class="{kind}" d="{cross}"/>' for kind in ("dlp-casing", "dlp-boundary")]
    return "\n".join(parts)


def _brief(value: float) -> str:
    """A weight in the drawing: with its sign, and without zeros at its end."""
    return number(value, 2, "+").rstrip("0").rstrip(".") if round(value, 2) else "0"


def _short(value: float) -> str:
    """A number that has to fit into a neuron."""
    return number(value, 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0)


def _draw_net(network: SmallNetwork) -> str:
    _, h, z = (array[0] for array in network.forward(np.array([CROSS])))
    parts, labels = [], []

    def edge(start, end, weight, part, strong=""):
        kind = "dlp-plus" if weight > 0 else "dlp-minus" if weight < 0 else "dlp-zero"
        width = 1 + 0.6 * abs(weight)
        places = f'x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}"'
        parts.append(f'<line class="dlp-edge {kind}" {places} stroke-width="{width:.2f}"/>')
        x, y = np.array(start) + part * (np.array(end) - start)
        labels.append(
            f'<text class="{strong}" x="{x:.2f}" y="{y + 4:.2f}" text-anchor="middle">{_brief(weight)}</text>'
        )

    for k, place in enumerate(NET["hidden"]):
        for i, start in enumerate(NET["inputs"]):
            edge(start, place, network.W1[i, k], 0.64, "dlp-strong" if k == 0 else "")
        edge(place, NET["output"], network.w2[k], 0.5)

    def node(place, name, value, bias=None, chosen=False):
        red, green, blue = signed_colors(np.array([[0.6 * shade(value)]]))[0, 0]
        x, y = place
        parts.append(
            f'<circle class="dlp-node{_mark(not chosen)}" cx="{x}" cy="{y}" r="{NET["radius"]}" '
            f'fill="rgb({red},{green},{blue})"/>'
        )
        labels.append(f'<text class="dlp-in" x="{x}" y="{y + 4}" text-anchor="middle">{_short(value)}</text>')
        labels.append(f'<text class="dlp-strong" x="{x}" y="{y - 25}" text-anchor="middle">{name}</text>')
        if bias is not None:
            strong = "dlp-strong" if chosen else ""
            labels.append(f'<text class="{strong}" x="{x}" y="{y + 34}" text-anchor="middle">{bias}</text>')

    for i, place in enumerate(NET["inputs"]):
        node(place, f"x{'₁₂'[i]}", CROSS[i])
    for k, place in enumerate(NET["hidden"]):
        node(place, f"h{'₁₂₃'[k]}", h[k], f"b{'₁₂₃'[k]} {_brief(network.b1[k])}", chosen=k == 0)
    node(NET["output"], "z", z, f"b {_brief(network.b2)}")
    x, y = NET["output"]
    verdict = "yes" if z > 0 else "no"
    labels.append(f'<text class="dlp-strong" x="{x}" y="{y + 54}" text-anchor="middle">{verdict}</text>')
    return "\n".join(parts + labels)


def _printed(network: SmallNetwork) -> str:
    """The forward pass of the cross, line by line."""
    z1, h, z = (array[0] for array in network.forward(np.array([CROSS])))

    rows = [f"at the cross, x₁ = {number(CROSS[0])} and x₂ = {number(CROSS[1])}:"]
    for k in range(3):
        n = "₁₂₃"[k]
        rows.append(f"h{n} = {network.activation}({number(z1[k])}) = {number(h[k])}")
        rows.append(f"h{n}w{n} = {number(h[k] * network.w2[k])}")
    terms = [*(h * network.w2), network.b2]
    total = number(terms[0]) + "".join(f" {'−' if v < 0 else '+'} {abs(v):.2f}" for v in terms[1:])
    rows.append(f"z = {total} = <b>{number(z)}: {'yes' if z > 0 else 'no'}</b>")
    return "\n".join(f"<span>{row}</span>" for row in rows)


def _still(one: SmallNetworkData) -> str:
    network = one.solved
    return f"""\
<div class="dlp-area-choose dlp-row">points: {one.name}; activation: {network.activation}</div>
{_drawn(one, network, WORDS)}
<div class="dlp-area-weights dlp-controls"></div>
<p class="dlp-area-print dlp-forward">
{_printed(network)}</p>
<p class="dlp-area-note dlp-note"></p>"""


def _drawn(one: SmallNetworkData, network: SmallNetwork, words: dict) -> str:
    """The plane, what is said of it, and the network."""
    right, all_points = int(np.sum((network.forward(one.points)[2] > 0) == one.labels)), len(one.labels)
    return f"""\
<div class="dlp-area-map"><svg class="dlp-plot dlp-plane" viewBox="0 0 {PLANE["width"]} {PLANE["height"]}" \
role="img" aria-label="The plane of x₁ and x₂ in the colours of z, with the points and the three lines.">
{_draw_plane(one, network)}
</svg></div>
<p class="dlp-area-count dlp-count"><b>right: {right} of {all_points} points</b>
<span>{words["right" if right == all_points else "free"]}</span></p>
<div class="dlp-area-net"><svg class="dlp-plot dlp-net" viewBox="0 0 {NET["width"]} {NET["height"]}" \
role="img" aria-label="The network with its weights, and the numbers at the cross.">
{_draw_net(network)}
</svg></div>"""


# --- … and as small_network_training.js finds it -------------------------------------------------


def _training_still(one: SmallNetworkData) -> str:
    network, losses = one.open.train(one.points, one.labels, TRAINING["rate"], TRAINING["opening"])
    return f"""\
<div class="dlp-area-choose dlp-row">points: {one.name}; activation: {network.activation}; \
learning rate: {TRAINING["rate"]}</div>
<div class="dlp-area-run dlp-row"><span class="dlp-buttons"></span> \
<b class="dlp-loss">step {len(losses) - 1}, loss {losses[-1]:.4f}</b></div>
{_drawn(one, network, TRAINING_WORDS)}
<div class="dlp-area-curve">{_draw_curve(losses)}</div>
<div class="dlp-area-print">{_draw_table(network, network.gradients(one.points, one.labels))}</div>
<div class="dlp-area-weights dlp-controls"></div>
<p class="dlp-area-note dlp-note"></p>"""


def _draw_curve(losses: list[float]) -> str:
    """The loss after each step. The script moves the curve, its point and the coin's line."""
    left, right, top, bottom = (TRAINING["chart"][name] for name in ("left", "right", "top", "bottom"))
    last, most = max(100, len(losses) - 1), max(1, *losses)

    def y(loss):
        return bottom + (top - bottom) * loss / most

    places = [f"{left + (right - left) * n / last:.1f} {y(loss):.2f}" for n, loss in enumerate(losses)]
    x, coin = places[-1].split()[0], np.log(2)
    return f"""\
<svg class="dlp-plot" viewBox="0 0 {TRAINING["chart"]["width"]} {TRAINING["chart"]["height"]}" role="img" \
aria-label="The loss after each step.">
<path class="dlp-axis" d="M{left} {top}V{bottom}H{right}"/>
<g class="dlp-coin" transform="translate(0 {y(coin):.2f})"><path class="dlp-guide" d="M{left} 0H{right}"/>
<text class="dlp-tick" x="{right}" y="-5" text-anchor="end">a coin: ln 2</text></g>
<text class="dlp-tick dlp-most" x="{left - 6}" y="{top + 4}" text-anchor="end">{most:.1f}</text>
<text class="dlp-tick" x="{left - 6}" y="{bottom + 4}" text-anchor="end">0</text>
<text class="dlp-tick" x="{left}" y="{bottom + 15}" text-anchor="middle">0</text>
<text class="dlp-tick dlp-last" x="{right}" y="{bottom + 15}" text-anchor="end">{last}</text>
<text x="{(left + right) / 2}" y="{bottom + 20}" text-anchor="middle">loss after each step</text>
<path class="dlp-curve" d="M{"L".join(places)}"/>
<circle class="dlp-point" cx="{x}" cy="{y(losses[-1]):.2f}" r="4"/>
</svg>"""


def _draw_table(network: SmallNetwork, gradients: dict[str, np.ndarray]) -> str:
    """Every weight with its gradient. The script finds a cell by the words in ``data-weight``."""

    def cell(name, *place, span=""):
        value, gradient = getattr(network, name), gradients[name]
        for index in place:
            value, gradient = value[index], gradient[index]
        words = " ".join(map(str, [name, *place]))
        return f'<td{span} data-weight="{words}">{number(value, 4)}<span>∂ {number(gradient, 4)}</span></td>'

    rows = {f"x{'₁₂'[i]} →": [cell("W1", i, k) for k in range(3)] for i in range(2)}
    rows["bias"] = [cell("b1", k) for k in range(3)]
    rows["→ z"] = [cell("w2", k) for k in range(3)]
    rows["bias of z"] = [cell("b2", span=' colspan="3"')]
    head = "".join(f'<th scope="col">h{n}</th>' for n in "₁₂₃")
    body = "\n".join(f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>' for name, cells in rows.items())
    return f"""\
<table class="dlp-grads"><caption>the 13 weights, and below each its ∂L/\u2060∂w</caption>
<thead><tr><td></td>{head}</tr></thead>
<tbody>
{body}
</tbody></table>"""
