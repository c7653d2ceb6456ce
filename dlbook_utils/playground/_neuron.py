"""A neuron with two inputs: the opening state, drawn without a script."""

import numpy as np

from dlbook_utils import activations
from dlbook_utils.playground._figure import Playground, number

# The notebook's example of three pixels, of which the last is blank: z = 0.5.
START = {"x1": 1.0, "w1": 2.0, "x2": 0.5, "w2": -1.0, "b": -1.0, "activation": "sigmoid"}

NAMES = ["step", "sigmoid", "tanh", "linear", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu"]

# Where the three panels stand in the drawing; z runs from −9 to 9 between left and right.
PANELS = {
    "width": 364,
    "height": 394,
    "left": 42,
    "right": 352,
    "span": [-9, 9],
    "ticks": [-8, -4, 0, 4, 8],
    "sum": {"top": 22, "bottom": 106, "row": 20},
    "curve": {"top": 142, "bottom": 242},
    "slope": {"top": 278, "bottom": 358},
}

# Lowest and highest value of an axis, and its ticks. Slopes all have the same, to be compared.
_RECTIFIER = (-2.5, 9.5, [0, 4, 8])
RANGES = {
    **dict.fromkeys(NAMES, _RECTIFIER),
    "step": (-0.2, 1.25, [0, 0.5, 1]),
    "sigmoid": (-0.2, 1.25, [0, 0.5, 1]),
    "tanh": (-1.25, 1.25, [-1, 0, 1]),
    "linear": (-9.5, 9.5, [-8, -4, 0, 4, 8]),
    "slope": (-0.2, 1.25, [0, 0.5, 1]),
}


def neuron() -> Playground:
    """A neuron with two inputs, two weights, a bias and an activation function to play with.

    Returns
    -------
    Playground
        Sliders for x₁, x₂ (−1 to 1), w₁, w₂ and b (−3 to 3), a choice of activation functions
        with the defaults of ``dlbook_utils.activations``; the terms of
        z = x₁ w₁ + x₂ w₂ + b as bars, a = f(z) and its slope a′ = f′(z) as curves over one axis,
        and the three numbers with four decimal places.

    Notes
    -----
    z is rounded to six decimal places, of which the sliders need two, so that a sum that is 0 on
    paper is 0 here too, where the step jumps. The slope of the step is given as 0.

    Used in: Chapter 1.
    """
    return Playground(
        kind="neuron",
        title="A neuron with two inputs",
        try_this="move the weight w₁ from one end to the other, then do it again with another activation.",
        notice=(
            "inputs, weights and bias only move the point along the curve; where the curve is flat "
            "and far from a jump, the slope is near 0, and a small change of a weight changes next to "
            "nothing."
        ),
        still=_still(),
        data={"start": START, "panels": PANELS, "ranges": RANGES, "activations": NAMES},
    )


def _still() -> str:
    """The opening state as HTML: the printed numbers, and the drawing as neuron.js makes it."""
    x1, w1, x2, w2, b, name = START.values()
    z = round(x1 * w1 + x2 * w2 + b, 6)
    f, slope = activations.get(name), getattr(activations, f"{name}_grad")
    a, da = float(f(np.float64(z))), float(slope(np.float64(z)))
    left, right = PANELS["left"], PANELS["right"]

    def x(value):
        return np.interp(value, PANELS["span"], [left, right])

    def text(at_x, at_y, content, anchor="start", kind=""):
        return f'<text class="{kind}" x="{at_x:.2f}" y="{at_y:.2f}" text-anchor="{anchor}">{content}</text>'

    def line(x1, x2, y1, y2, kind):
        return f'<line class="{kind}" x1="{x1:.2f}" x2="{x2:.2f}" y1="{y1:.2f}" y2="{y2:.2f}"/>'

    def heading(box, content, value):
        return [
            text(left, box["top"] - 9, content),
            text(right, box["top"] - 9, value, "end", "dlp-strong"),
        ]

    box = PANELS["sum"]
    parts = heading(box, "the sum", f"z = {number(z, 4)}")
    parts.append(line(x(0), x(0), box["top"], box["bottom"], "dlp-axis"))
    start = 0.0
    for row, (label, value) in enumerate([("x₁w₁", x1 * w1), ("x₂w₂", x2 * w2), ("b", b), ("z", z)]):
        y = box["top"] + row * box["row"]
        if label == "z":
            start = 0.0
        low, high = sorted((x(start), x(start + value)))
        kind = "dlp-total" if label == "z" else "dlp-minus" if value < 0 else "dlp-plus"
        size = f'width="{max(high - low, 1.5):.2f}" height="{box["row"] - 6}"'
        parts += [
            text(left - 6, y + 12, label, "end"),
            f'<rect class="{kind}" x="{low:.2f}" y="{y + 2}" {size}/>',
            text(high + 5, y + 12, number(value, 2, "+"), kind="dlp-strong" if label == "z" else "dlp-tick"),
        ]
        start += value
    parts.append(line(x(z), x(z), box["bottom"] - 4, PANELS["slope"]["bottom"], "dlp-guide"))

    grid = np.linspace(*PANELS["span"], 181)
    for panel, function, span, content, value in (
        ("curve", f, RANGES[name], f"the bend, {name}", f"a = {number(a, 4)}"),
        ("slope", slope, RANGES["slope"], "its slope", f"a′ = {number(da, 4)}"),
    ):
        low, high, ticks = span
        box = PANELS[panel]

        def y(value, low=low, high=high, box=box):
            return np.interp(value, [low, high], [box["bottom"], box["top"]])

        parts += heading(box, content, value)
        for tick in PANELS["ticks"]:
            kind = "dlp-axis" if tick == 0 else "dlp-grid"
            parts.append(line(x(tick), x(tick), box["top"], box["bottom"], kind))
            if panel == "slope":
                parts.append(text(x(tick), box["bottom"] + 15, number(tick, 0), "middle", "dlp-tick"))
        for tick in ticks:
            kind = "dlp-axis" if tick == 0 else "dlp-grid"
            label = str(tick).replace("-", "−")
            parts.append(line(left, right, y(tick), y(tick), kind))
            parts.append(text(left - 6, y(tick) + 4, label, "end", "dlp-tick"))
        points = " ".join(f"{x(at):.1f},{y(function(at)):.2f}" for at in grid)
        parts.append(f'<polyline class="dlp-curve" points="{points}"/>')
        at = float(function(np.float64(z)))
        parts.append(f'<circle class="dlp-point" cx="{x(z):.2f}" cy="{y(at):.2f}" r="5"/>')
    parts.append(text((left + right) / 2, box["bottom"] + 32, "pre-activation z", "middle"))

    def bracket(value):
        return f"({number(value, 1)})" if value < 0 else number(value, 1)

    products = f"{number(x1, 1)} · {bracket(w1)} + {bracket(x2)} · {bracket(w2)}"
    total = f"{products} {'−' if b < 0 else '+'} {abs(b):.1f}"
    drawing = "\n".join(parts)
    return f"""\
<p class="dlp-print"><span>z</span> <span>= {total}</span>
<span></span> <span>= {number(z, 4)}</span>
<span>a</span> <span>= {name}({number(z, 4)}) = {number(a, 4)}</span>
<span>a′</span> <span>= {number(da, 4)}</span></p>
<svg class="dlp-plot" viewBox="0 0 {PANELS["width"]} {PANELS["height"]}" role="img" \
aria-label="The sum z, the activation {name} and its slope, each with its value.">
{drawing}
</svg>"""
