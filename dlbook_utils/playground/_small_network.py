"""A small network, 2-3-1, whose plane and weights can be dragged."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dlbook_utils import activations
from dlbook_utils.playground._figure import SIGNED_STOPS, Playground, number, png, signed_colors

ACTIVATIONS = ["step", "relu", "tanh", "sigmoid", "linear"]
LIMIT = 8.0  # of weights and biases, both ways
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


@dataclass(frozen=True)
class SmallNetworkData:
    """One choice of points in ``small_network()``.

    Attributes
    ----------
    name : str
    points : ndarray, (N, 2)
    labels : ndarray, (N,), bool
        Whether a point is to be a "yes".
    task : str
        What is asked of the reader in the state ``open``.
    open, solved : SmallNetwork
        The weights that the buttons "for you to solve" and "a solution" set.
    """

    name: str
    points: np.ndarray
    labels: np.ndarray
    task: str
    open: SmallNetwork
    solved: SmallNetwork


def _network(activation: str, W1: list, b1: list, w2: list, b2: float) -> SmallNetwork:
    return SmallNetwork(activation, np.array(W1, float), np.array(b1, float), np.array(w2, float), float(b2))


def _points(yes: list, no: list) -> dict[str, np.ndarray]:
    labels = np.repeat([True, False], [len(yes), len(no)])
    return {"points": np.array(yes + no, float), "labels": labels}


def small_network_data() -> list[SmallNetworkData]:
    """The points of ``small_network()``, each with a task and a solution.

    Returns
    -------
    list of SmallNetworkData
        XOR, an island, a stripe. XOR's solution is the network with two ReLU neurons of
        Chapter 1, equation (1.8), beside a third neuron that is not listened to.

    Notes
    -----
    Used in: Chapter 1.
    """
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


FIRST = 1  # the island, solved
WORDS = {
    "right": "Every circle lies where z is above 0, and no square does.",
    "free": "Put every circle where z is above 0, and no square.",
    "linear": "With linear no weights can do it: the boundary stays one straight line.",
}


def small_network() -> Playground:
    """A network of two inputs, three hidden neurons and one output to play with.

    Returns
    -------
    Playground
        The plane of x₁ and x₂ in the colours of z, with the boundary z = 0, the lines where the
        hidden neurons' sums are 0, which can be shifted and turned, and points to be told apart;
        the network with its 13 weights, which can be dragged too, or set with sliders; and the
        forward pass of one point in numbers.

    Notes
    -----
    ``small_network_data()`` gives the points and the weights that the buttons set; each of these
    networks has the figure's own ``forward``.

    Used in: Chapter 1.
    """
    data = small_network_data()
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
        data={
            "sets": [
                {
                    "name": one.name,
                    "task": one.task,
                    "points": one.points.tolist(),
                    "labels": one.labels.tolist(),
                    "open": _plain(one.open),
                    "solved": _plain(one.solved),
                }
                for one in data
            ],
            "first": FIRST,
            "cross": CROSS,
            "activations": ACTIVATIONS,
            "limit": LIMIT,
            "plane": PLANE,
            "net": NET,
            "words": WORDS,
            "colors": SIGNED_STOPS,
        },
    )


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


def _boundary(network: SmallNetwork) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Little pieces of the line z = 0: in each little square, where z changes its sign."""
    corners = _grid(np.linspace(0, 1, PLANE["cells"] + 1))
    z = network.forward(corners.reshape(-1, 2))[2].reshape(corners.shape[:2])
    for i in range(PLANE["cells"]):
        for j in range(PLANE["cells"]):
            ring = [(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)]
            ends = []
            for here, there in zip(ring, ring[1:] + ring[:1], strict=True):
                if (z[here] > 0) != (z[there] > 0):
                    part = z[here] / (z[here] - z[there])
                    ends.append(corners[here] + part * (corners[there] - corners[here]))
            yield from zip(ends[::2], ends[1::2], strict=True)


def _mark(group: int) -> str:
    """The first hidden neuron is the chosen one."""
    return " dlp-chosen" if group == 0 else ""


def _draw_plane(one: SmallNetworkData, network: SmallNetwork) -> str:
    left, top, side = PLANE["left"], PLANE["top"], PLANE["side"]
    z = network.forward(_grid((np.arange(60) + 0.5) / 60).reshape(-1, 2))[2].reshape(60, 60)
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
        f"M{_x(a):.1f} {_y(b):.1f}L{_x(c):.1f} {_y(d):.1f}" for (a, b), (c, d) in _boundary(network)
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
            edge(start, place, network.W1[i, k], 0.68, "dlp-strong" if k == 0 else "")
        edge(place, NET["output"], network.w2[k], 0.5)

    def node(place, name, value, bias=None, chosen=False):
        red, green, blue = signed_colors(np.array([[0.6 * shade(value)]]))[0, 0]
        x, y = place
        parts.append(
            f'<circle class="dlp-node{_mark(not chosen)}" cx="{x}" cy="{y}" r="{NET["radius"]}" '
            f'fill="rgb({red},{green},{blue})"/>'
        )
        labels.append(f'<text class="dlp-in" x="{x}" y="{y + 4}" text-anchor="middle">{_short(value)}</text>')
        labels.append(f'<text class="dlp-strong" x="{x}" y="{y - 24}" text-anchor="middle">{name}</text>')
        if bias is not None:
            strong = "dlp-strong" if chosen else ""
            labels.append(f'<text class="{strong}" x="{x}" y="{y + 33}" text-anchor="middle">{bias}</text>')

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
    right = int(np.sum((network.forward(one.points)[2] > 0) == one.labels))
    return f"""\
<div class="dlp-area-choose dlp-row">points: {one.name}; activation: {network.activation}</div>
<div class="dlp-area-map"><svg class="dlp-plot dlp-plane" viewBox="0 0 {PLANE["width"]} {PLANE["height"]}" \
role="img" aria-label="The plane of x₁ and x₂ in the colours of z, with the points and the three lines.">
{_draw_plane(one, network)}
</svg></div>
<p class="dlp-area-count dlp-count"><b>right: {right} of {len(one.labels)} points</b>
<span>{WORDS["right"]}</span></p>
<div class="dlp-area-net"><svg class="dlp-plot dlp-net" viewBox="0 0 {NET["width"]} {NET["height"]}" \
role="img" aria-label="The network with its weights, and the numbers at the cross.">
{_draw_net(network)}
</svg></div>
<div class="dlp-area-weights dlp-controls"></div>
<p class="dlp-area-print dlp-forward">
{_printed(network)}</p>
<p class="dlp-area-note dlp-note"></p>"""
