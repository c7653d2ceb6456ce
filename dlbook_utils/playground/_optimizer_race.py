"""Five optimizers on one surface: which way they go, and how fast."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dlbook_utils.playground._figure import SIGNED_STOPS, Playground, number, png, signed_colors

# Every surface lies over −2 ≤ w₁, w₂ ≤ 2, and its lowest loss is 0. optimizer_race.js computes in the
# same order of operations, so that Python and the page agree to the last digits: RMSprop, once it has
# arrived, leaps back and forth, and makes a difference in the sixteenth digit visible within forty steps.
LIMIT = 2.0


@dataclass(frozen=True)
class Surface:
    """A loss of two weights: it gives (L, ∂L/∂w₁, ∂L/∂w₂)."""

    name: str
    loss: Callable
    start: tuple[float, float]
    lowest: tuple[tuple[float, float], ...]
    fine: float  # below this loss, contours are about equally spaced; above, ever farther apart


def _ravine(x, y):
    return (x * x + 30 * (y * y)) / 2, x, 30 * y


def _turned(x, y):
    u, v = 0.8 * x + 0.6 * y, 0.8 * y - 0.6 * x
    return (u * u + 30 * (v * v)) / 2, 0.8 * u - 0.6 * (30 * v), 0.6 * u + 0.8 * (30 * v)


def _rosenbrock(x, y):
    a, b = 1 - x, y + 1 - x * x
    return 0.2 * (a * a) + 2 * (b * b), -0.4 * a - 8 * (x * b), 4 * b


def _himmelblau(x, y):
    a, b = 9 * (x * x) + 3 * y - 11, 3 * x + 9 * (y * y) - 7
    return (a * a + b * b) / 40, (36 * (x * a) + 6 * b) / 40, (6 * a + 36 * (y * b)) / 40


def _saddle(x, y):
    a = y * y - 1
    return 2 * (x * x) + (a * a) / 2, 4 * x, 2 * (y * a)


def _plateau(x, y):
    q = 1 + 4 * (x * x) + 4 * (y * y)
    return 1 - 1 / q, 8 * x / (q * q), 8 * y / (q * q)


SURFACES = {
    "ravine": Surface("a ravine", _ravine, (-1.6, 0.6), ((0, 0),), 1.5),
    "turned": Surface("the ravine, turned", _turned, (-1.64, -0.48), ((0, 0),), 1.5),
    "rosenbrock": Surface("Rosenbrock’s valley", _rosenbrock, (-1.2, 0.3), ((1, 0),), 0.1),
    "himmelblau": Surface(
        "Himmelblau’s four pits",
        _himmelblau,
        (-0.1, -0.4),
        ((1, 2 / 3), (-0.935039, 1.043771), (-1.259770, -1.094395), (1.194809, -0.616042)),
        0.3,
    ),
    "saddle": Surface("a saddle", _saddle, (-1.5, 0.01), ((0, 1), (0, -1)), 0.2),
    "plateau": Surface("a plateau", _plateau, (-1.6, 1.0), ((0, 0),), 0.5),
}


@dataclass(frozen=True)
class Optimizer:
    """Its name, its learning rate where the slider says × 1, and the mark at the end of its path."""

    name: str
    rate: float
    mark: str  # an SVG path round (0, 0)


OPTIMIZERS = {
    "plain": Optimizer("plain", 0.06, "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z"),
    "momentum": Optimizer("momentum", 0.03, "M-4.5-4.5h9v9h-9Z"),
    "nesterov": Optimizer("Nesterov", 0.04, "M0-6.2L6.2 0 0 6.2-6.2 0Z"),
    "rmsprop": Optimizer("RMSprop", 0.05, "M0-6L5.7 4.5H-5.7Z"),
    "adam": Optimizer("Adam", 0.2, "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4Z"),
}
RHO, BETA_1, BETA_2, EPSILON = 0.9, 0.9, 0.999, 1e-7
DIVERGED = 1e6  # a loss above this

# The state it opens in; 10 to the power of `factor` multiplies all five learning rates.
START = {"surface": "ravine", "factor": 0.0, "momentum": 0.8}
OPENING, MOST = 40, 400


def factor_of(exponent: float) -> float:
    """What the slider prints is what is used: three digits."""
    return float(f"{10**exponent:.2e}")


def steps(kind: str, gradient: Callable, w: tuple, rate: float, momentum: float = 0.0) -> Iterator[tuple]:
    """The places after 1, 2, 3, … steps, as Keras's optimizers take them."""
    x, y = w
    m, n, p, q = 0.0, 0.0, 0.0, 0.0  # the memories of both weights: of gradients, and of their squares
    t = 0
    while True:
        g, h = gradient(x, y)
        t += 1
        if kind == "plain":
            x, y = x - rate * g, y - rate * h
        elif kind == "momentum":
            m, n = momentum * m - rate * g, momentum * n - rate * h
            x, y = x + m, y + n
        elif kind == "nesterov":
            m, n = momentum * m - rate * g, momentum * n - rate * h
            x, y = x + (momentum * m - rate * g), y + (momentum * n - rate * h)
        elif kind == "rmsprop":
            p, q = RHO * p + (1 - RHO) * (g * g), RHO * q + (1 - RHO) * (h * h)
            x, y = x - rate * g / math.sqrt(p + EPSILON), y - rate * h / math.sqrt(q + EPSILON)
        elif kind == "adam":
            m, n = m + (g - m) * (1 - BETA_1), n + (h - n) * (1 - BETA_1)
            p, q = p + (g * g - p) * (1 - BETA_2), q + (h * h - q) * (1 - BETA_2)
            alpha = rate * math.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
            x, y = x - m * alpha / (math.sqrt(p) + EPSILON), y - n * alpha / (math.sqrt(q) + EPSILON)
        yield x, y


@dataclass(frozen=True)
class Path:
    """Where one optimizer has been, and its losses there. It ends where it diverges."""

    places: list[tuple[float, float]]
    losses: list[float]

    @property
    def diverged(self) -> bool:
        return not self.losses[-1] <= DIVERGED


def race(
    surface: str, start: tuple, count: int, factor: float = 1.0, momentum: float = 0.8
) -> dict[str, Path]:
    """Where all five are after ``count`` steps, or when they have diverged."""
    loss = SURFACES[surface].loss
    paths = {}
    for kind, optimizer in OPTIMIZERS.items():
        path = Path([tuple(start)], [loss(*start)[0]])
        onwards = steps(kind, lambda x, y: loss(x, y)[1:], start, optimizer.rate * factor, momentum)
        while len(path.places) <= count and not path.diverged:
            path.places.append(next(onwards))
            path.losses.append(loss(*path.places[-1])[0])
        paths[kind] = path
    return paths


def optimizer_race() -> Playground:
    """Plain gradient descent, momentum, Nesterov, RMSprop and Adam race down one surface.

    Returns
    -------
    Playground
        Six surfaces over −2 ≤ w₁, w₂ ≤ 2 to choose from, drawn as filled contours; the start, which
        can be dragged; sliders for it, for a factor on all five learning rates and for the momentum of
        the two that have one; buttons for one step, for many, and for beginning again; the five paths,
        which can be switched off; their losses over the steps, on a logarithmic axis, and in numbers.
        It opens after 40 steps in a ravine of condition number 30.

    Notes
    -----
    Every update is Keras's, with Keras's other defaults. The learning rates (0.06, 0.03, 0.04, 0.05 and
    0.2 at × 1) are fixed to suit the ravine; those of RMSprop and Adam are lengths of a step, those of
    the others multiply the gradient. All paths are computed anew from the start whenever a control
    moves, so that one sees at once how they would have gone. The turned ravine, by the angle whose
    cosine is 0.8, begins at the turned start. Rosenbrock's valley is
    ((1 − w₁)² + 10 (w₂ + 1 − w₁²)²)/5, with 10 in place of the usual 100; Himmelblau's function is taken
    at 3 w and divided by 40. The saddle is 2 w₁² + (w₂² − 1)²/2, the plateau 1 − 1/(1 + 4 w₁² + 4 w₂²).
    Where a reader wants reduced motion, the picture changes once a second, by 10 steps.

    Used in: Chapter 3.
    """
    return Playground(
        kind="optimizer_race",
        title="The optimizer race",
        try_this=(
            "drag the start. Choose the ravine, turned: who does the same as before? Then raise the "
            "learning rates until somebody diverges."
        ),
        notice=(
            "plain descent zig-zags across the ravine and creeps along it. Momentum swings more slowly, "
            "gathers speed along the ravine, and overshoots. RMSprop and Adam give each weight a step of its "
            "own, which helps while the ravine lies along an axis. Each has its own learning rate η, chosen "
            "for the ravine; the slider multiplies all five."
        ),
        still=_still(),
        layout="dlp-race",
        data={
            "surfaces": {
                key: {"name": one.name, "start": one.start, "lowest": one.lowest, "fine": one.fine}
                | {"top": _top(one)}
                for key, one in SURFACES.items()
            },
            "optimizers": {
                key: {"name": one.name, "rate": one.rate, "mark": one.mark} for key, one in OPTIMIZERS.items()
            },
            "constants": [RHO, BETA_1, BETA_2, EPSILON],
            "diverged": DIVERGED,
            "begin": START,
            "opening": OPENING,
            "most": MOST,
            "limit": LIMIT,
            "plane": PLANE,
            "chart": CHART,
            "colors": SIGNED_STOPS,
        },
    )


# --- The opening state, as optimizer_race.js draws it ---------------------------------------------

PLANE = {"width": 364, "height": 358, "left": 30, "top": 6, "side": 326, "bands": 14}
CHART = {"width": 364, "height": 224, "left": 40, "right": 276, "top": 20, "bottom": 188}
TICKS = (-2, -1, 0, 1, 2)
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _top(surface: Surface) -> float:
    """The highest loss of the picture, at one of its corners."""
    return max(surface.loss(x, y)[0] for x in (-LIMIT, LIMIT) for y in (-LIMIT, LIMIT))


def shade(surface: Surface, loss: np.ndarray) -> np.ndarray:
    """How strongly a loss is coloured, from 0 to 0.5 in even bands: from white to blue."""
    height = np.log1p(loss / surface.fine) / np.log1p(_top(surface) / surface.fine)
    bands = PLANE["bands"]
    return 0.5 * np.minimum(np.floor(bands * height), bands - 1) / (bands - 1)


def brief(loss: float) -> str:
    """Three digits, as a power of ten where it is long."""
    mantissa, exponent = f"{loss:.2e}".split("e")
    if loss == 0 or -3 <= int(exponent) <= 2:
        return f"{loss:.{max(2 - int(exponent), 0)}f}"
    return f"{mantissa}·10{str(int(exponent)).translate(SUPERSCRIPT)}"


def _x(value: float) -> float:
    """A weight, never farther away than a picture can bear, as a place across."""
    return PLANE["left"] + PLANE["side"] * (max(-999, min(999, value)) + LIMIT) / (2 * LIMIT)


def _y(value: float) -> float:
    return PLANE["top"] + PLANE["side"] * (LIMIT - max(-999, min(999, value))) / (2 * LIMIT)


@dataclass
class Label:
    """An optimizer's name, ``width`` long, beside its mark at (head, own)."""

    x: float
    y: float
    width: float
    head: float
    own: float
    n: int

    def covers(self, other: "Label") -> bool:
        meet = self.x < other.x + other.width and other.x < self.x + self.width
        return meet and abs(self.y - other.y) < 13.9


def apart(labels: list[Label]) -> list[Label]:
    """Move labels up or down until none covers another: away from the nearer edge."""
    labels = sorted(labels, key=lambda label: label.y)
    middle = PLANE["top"] + PLANE["side"] / 2 + 10
    down = sum(label.y for label in labels) <= middle * len(labels)
    order = labels if down else labels[::-1]
    for n, label in enumerate(order):
        while covered := [other for other in order[:n] if label.covers(other)]:
            label.y = covered[0].y + (14 if down else -14)
    return labels


def _marked(labels: list[Label]) -> list[str]:
    """Names, each with a line to its mark; and the marks above them all."""
    optimizers, parts = list(OPTIMIZERS.values()), []
    for one in labels:
        near, anchor = (one.x, "start") if one.x > one.head else (one.x + one.width, "end")
        place = f'x="{near:.1f}" y="{one.y + 4:.1f}" text-anchor="{anchor}"'
        parts += [
            f'<path class="dlp-lead" d="M{one.head:.1f} {one.own:.1f}L{near:.1f} {one.y:.1f}"/>',
            f'<text class="dlp-strong dlp-o{one.n}" {place}>{optimizers[one.n].name}</text>',
        ]
    for one in sorted(labels, key=lambda label: label.n):
        where = f'transform="translate({one.head:.1f} {one.own:.1f})"'
        parts.append(f'<path class="dlp-mark dlp-o{one.n}" {where} d="{optimizers[one.n].mark}"/>')
    return parts


def _is_inside(place: tuple[float, float]) -> bool:
    return all(abs(value) <= LIMIT for value in place)


def _draw_plane(key: str, paths: dict[str, Path]) -> str:
    surface, left, top, side = SURFACES[key], PLANE["left"], PLANE["top"], PLANE["side"]
    middles = (np.arange(120) + 0.5) / 120 * 2 * LIMIT - LIMIT
    loss = surface.loss(*np.meshgrid(middles, middles[::-1]))[0]
    image = png(signed_colors(shade(surface, loss)))
    parts = [f'<image x="{left}" y="{top}" width="{side}" height="{side}" href="{image}"/>']
    for tick in TICKS:
        x, y, words = _x(tick), _y(tick), number(tick, 0)
        parts += [
            f'<text class="dlp-tick" x="{x:.2f}" y="{top + side + 15}" text-anchor="middle">{words}</text>',
            f'<text class="dlp-tick" x="{left - 6}" y="{y + 4:.2f}" text-anchor="end">{words}</text>',
        ]
    parts += [
        f'<text x="{_x(0.5):.2f}" y="{top + side + 18}" text-anchor="middle">w₁</text>',
        f'<text x="{left - 16}" y="{_y(0.5) + 4:.2f}" text-anchor="middle">w₂</text>',
        f'<svg class="dlp-clip" x="{left}" y="{top}" width="{side}" height="{side}" '
        f'viewBox="{left} {top} {side} {side}" style="width: {side}px; height: {side}px">',
        '<g class="dlp-lines">',
    ]
    for a, b in surface.lowest:
        parts.append(f'<path class="dlp-lowest" d="M{_x(a) - 4:.1f} {_y(b):.1f}h8m-4-4v8"/>')
    labels = []
    for n, (kind, path) in reversed(list(enumerate(paths.items()))):
        places = [f"{_x(a):.1f} {_y(b):.1f}" for a, b in path.places if a == a and b == b]
        line = f"M{'L'.join(places)}"
        parts += [
            f'<path class="dlp-casing" d="{line}"/>',
            f'<path class="dlp-path dlp-o{n}" data-path="{kind}" d="{line}"/>',
            f'<path class="dlp-dots dlp-o{n}" d="{"".join(f"M{place}h0" for place in places)}"/>',
        ]
    for n, (kind, path) in enumerate(paths.items()):
        if not _is_inside(path.places[-1]):
            continue
        x, y = _x(path.places[-1][0]), _y(path.places[-1][1])
        width = 6.6 * len(OPTIMIZERS[kind].name)
        is_right = x + 16 + width < left + side
        labels.append(Label(x + 14 if is_right else x - 14 - width, y, width, x, y, n))
    parts += _marked(apart(labels))
    start = next(iter(paths.values())).places[0]
    at = f'cx="{_x(start[0]):.2f}" cy="{_y(start[1]):.2f}"'
    parts += [
        f'</g><circle class="dlp-start" {at} r="7"/><circle class="dlp-hit" {at} r="17"/></svg>',
    ]
    return "\n".join(parts)


def _draw_chart(paths: dict[str, Path]) -> str:
    left, right, top, bottom = (CHART[name] for name in ("left", "right", "top", "bottom"))
    count = max(len(path.losses) for path in paths.values()) - 1
    last = max(OPENING, count)
    known = [loss for path in paths.values() for loss in path.losses if 0 < loss <= DIVERGED]
    low, high = max(math.floor(math.log10(min(known))), -12), math.ceil(math.log10(max(known)))
    high = max(high, low + 1)

    def x(step):
        return left + (right - left) * step / last

    def y(loss):
        power = low if not loss > 0 else math.log10(loss) if loss < math.inf else high
        return bottom - (bottom - top) * (max(low, min(high, power)) - low) / (high - low)

    parts = []
    every = math.ceil((high - low) / 6)
    for power in range(high, low - 1, -every):
        at = y(10.0**power)
        words = f"10{str(power).translate(SUPERSCRIPT)}"
        parts += [
            f'<line class="dlp-grid" x1="{left}" x2="{right}" y1="{at:.2f}" y2="{at:.2f}"/>',
            f'<text class="dlp-tick" x="{left - 6}" y="{at + 4:.2f}" text-anchor="end">{words}</text>',
        ]
    for step in (0, last // 2, last):
        parts.append(
            f'<text class="dlp-tick" x="{x(step):.2f}" y="{bottom + 15}" text-anchor="middle">{step}</text>'
        )
    labels = []
    for n, (kind, path) in reversed(list(enumerate(paths.items()))):
        places = [f"{x(step):.1f} {y(loss):.1f}" for step, loss in enumerate(path.losses)]
        parts.append(f'<path class="dlp-path dlp-o{n}" data-course="{kind}" d="M{"L".join(places)}"/>')
    for n, path in enumerate(paths.values()):
        end, height = x(len(path.losses) - 1), y(path.losses[-1])
        labels.append(Label(right + 14, height, 60, end, height, n))
    parts += _marked(apart(labels))
    return "\n".join(parts)


def swatch(n: int, mark: str) -> str:
    """A piece of an optimizer's line with its mark."""
    return (
        f'<svg class="dlp-swatch" viewBox="0 0 34 14" aria-hidden="true">'
        f'<path class="dlp-path dlp-o{n}" d="M0 7H34"/>'
        f'<path class="dlp-mark dlp-o{n}" transform="translate(17 7)" d="{mark}"/></svg>'
    )


def _rate(value: float) -> str:
    return f"η = {float(f'{value:.2e}'):g}"


def verdict(count: int, paths: dict[str, Path]) -> str:
    """What is said of the race: who has diverged, who climbs, and who is ahead."""
    names = {kind: OPTIMIZERS[kind].name for kind in paths}
    said = [
        f"{names[kind]} has diverged: its loss passed a million at step {len(path.losses) - 1}."
        for kind, path in paths.items()
        if path.diverged
    ]
    for kind, path in paths.items():
        if not path.diverged and path.losses[-1] > path.losses[0]:
            said.append(f"{names[kind]} is higher than it began.")
        elif not path.diverged and not _is_inside(path.places[-1]):
            said.append(f"{names[kind]} is out of the picture.")
    going = {kind: path.losses[-1] for kind, path in paths.items() if not path.diverged}
    if count and len(going) > 1:
        said.append(f"Lowest now: {names[min(going, key=going.get)]}.")
    return " ".join(text[0].upper() + text[1:] for text in said) or "All stand at the start."


def _still() -> str:
    paths = race(START["surface"], SURFACES[START["surface"]].start, OPENING, 1, START["momentum"])
    rows = []
    for n, (kind, path) in enumerate(paths.items()):
        one = OPTIMIZERS[kind]
        cells = "".join(
            f'<td data-value="{value!r}">{text}</td>'
            for value, text in [
                *((w, number(w, 4)) for w in path.places[-1]),
                (path.losses[-1], brief(path.losses[-1])),
            ]
        )
        rows.append(
            f'<tr data-optimizer="{kind}"><th scope="row"><span class="dlp-who">{swatch(n, one.mark)}'
            f'<span>{one.name}<span class="dlp-eta">{_rate(one.rate)}</span></span></span></th>{cells}</tr>'
        )
    table = "\n".join(rows)
    return f"""\
<div class="dlp-row dlp-area-choose"></div>
<svg class="dlp-plot dlp-area-map" viewBox="0 0 {PLANE["width"]} {PLANE["height"]}" role="img" \
aria-label="The ravine from above, darker where the loss is higher, and the paths of five optimizers.">
{_draw_plane(START["surface"], paths)}
</svg>
<div class="dlp-area-set"></div>
<p class="dlp-count dlp-area-count"><b>step {OPENING}</b> <span>{verdict(OPENING, paths)}</span></p>
<table class="dlp-table dlp-area-table"><thead><tr><th scope="col">optimizer</th><th scope="col">w₁</th>\
<th scope="col">w₂</th><th scope="col">loss</th></tr></thead>
<tbody>
{table}
</tbody></table>
<svg class="dlp-plot dlp-area-curve" viewBox="0 0 {CHART["width"]} {CHART["height"]}" role="img" \
aria-label="The losses of the five, on a logarithmic axis, over the steps.">
<text x="{CHART["left"]}" y="11">loss</text>
<text x="{(CHART["left"] + CHART["right"]) / 2}" y="{CHART["bottom"] + 32}" text-anchor="middle">step</text>
<g class="dlp-lines">
{_draw_chart(paths)}
</g>
</svg>
<p class="dlp-note dlp-area-note">Darker is higher, and a cross marks a lowest place.</p>"""
