"""A small expression, computed forward and differentiated backward one step at a time."""

import re
from dataclasses import dataclass, field

import numpy as np

from dlbook_utils.autodiff import vjp
from dlbook_utils.playground._figure import Playground, number

# The operations by the names that graph_steps.js knows them by, too.
OPERATIONS = {
    "multiply": np.multiply,
    "add": np.add,
    "subtract": np.subtract,
    "tanh": np.tanh,
    "square": np.square,
}
# Decimal places of an operation's local slopes: those of a product are the other input. Where there
# are four, a slope below 0.1 gets two more, so that a printed product is that of the printed factors.
SLOPE_DIGITS = {"multiply": 1, "add": 0, "subtract": 0, "tanh": 4, "square": 4}


@dataclass(frozen=True)
class Node:
    """A box of the drawing: what stands in it, its column and row, and how it is computed."""

    name: str
    label: str
    place: tuple[int, int]
    operation: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One press of the button: a value is computed, a seed is set, or a share goes back an edge.

    In ``text``, {z} is the value of z, {(z)} the same with brackets where it is negative; {upstream},
    {slope}, {share}, {before} and {sum} are the numbers of the edge.
    """

    text: str
    compute: str = ""
    seed: str = ""
    edge: tuple[str, str] | tuple[()] = ()  # from a node back to one of its arguments


# L = (z + tanh z − y)², z = x · w: z is used twice, and has to wait for its second share.
NODES = {
    node.name: node
    for node in (
        Node("x", "x", (0, 0)),
        Node("w", "w", (1, 0)),
        Node("z", "z = x · w", (0, 1), "multiply", ("x", "w")),
        Node("a", "a = tanh z", (1, 2), "tanh", ("z",)),
        Node("s", "s = z + a", (0, 3), "add", ("z", "a")),
        Node("y", "y", (1, 3)),
        Node("e", "e = s − y", (0, 4), "subtract", ("s", "y")),
        Node("L", "L = e²", (0, 5), "square", ("e",)),
    )
}
EDGES = [(node.name, argument) for node in NODES.values() for argument in node.arguments]
START = {"x": 1.5, "w": 0.4}
GIVEN = {"y": 0.5}
LIMIT = 2.0  # of x and w, both ways

STEPS = [
    Step(
        "Given are the input x = {x}, the weight w = {w} and the target y = {y}. Nothing else is known yet."
    ),
    Step("z = x · w = {x} · {(w)} = {z}.", compute="z"),
    Step("a = tanh z = {a}. This uses z for the first time.", compute="a"),
    Step("s = z + a = {z} + {(a)} = {s}. This uses z a second time, past the tanh.", compute="s"),
    Step("e = s − y = {s} − {y} = {e}, the error.", compute="e"),
    Step("L = e² = {(e)}² = {L}, the loss. Every value is known; now the way back.", compute="L"),
    Step("∂L/∂L = 1. The way back begins at the result.", seed="L"),
    Step("The square has the slope 2e: ∂L/∂e = ∂L/∂L · 2e = 1 · {(slope)} = {sum}.", edge=("L", "e")),
    Step(
        "∂L/∂s = ∂L/∂e · ∂e/∂s = {upstream} · {slope} = {sum}. The target y is given; nobody asks for its "
        "gradient.",
        edge=("e", "s"),
    ),
    Step(
        "A sum hands its gradient to both terms. First to z: ∂L/∂s · ∂s/∂z = {upstream} · {slope} = {share}. "
        "That is one share of two, since z was used twice.",
        edge=("s", "z"),
    ),
    Step(
        "Then to a: ∂L/∂a = ∂L/∂s · ∂s/∂a = {upstream} · {slope} = {sum}. Meanwhile z has to wait: its "
        "second share comes through a.",
        edge=("s", "a"),
    ),
    Step(
        "The second share is added, ∂L/∂z += ∂L/∂a · ∂a/∂z = {upstream} · {(slope)} = {share}. Now "
        "∂L/∂z = {before} + {(share)} = {sum}, and z may hand it on.",
        edge=("a", "z"),
    ),
    Step("∂L/∂x = ∂L/∂z · ∂z/∂x = ∂L/∂z · w = {upstream} · {(w)} = {sum}.", edge=("z", "x")),
    Step(
        "∂L/∂w = ∂L/∂z · ∂z/∂w = ∂L/∂z · x = {upstream} · {(x)} = {sum}. One pass back has given every "
        "gradient.",
        edge=("z", "w"),
    ),
]
FIRST = 10  # z has one of its two shares


@dataclass
class Run:
    """What is known after some steps: values, gradients, and each edge's slope and share."""

    value: dict[str, float]
    gradient: dict[str, float] = field(default_factory=dict)
    edges: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    said: dict[str, float] = field(default_factory=dict)  # the numbers of the last edge


def run(at: int, x: float, w: float) -> Run:
    """Take the first ``at`` steps, as graph_steps.js does."""
    now = Run({"x": x, "w": w, **GIVEN})
    for step in STEPS[: at + 1]:
        if step.compute:
            node = NODES[step.compute]
            now.value[node.name] = float(OPERATIONS[node.operation](*(now.value[n] for n in node.arguments)))
        if step.seed:
            now.gradient[step.seed] = 1.0
        if step.edge:
            start, end = step.edge
            node, upstream = NODES[start], now.gradient[start]
            _, back = vjp(OPERATIONS[node.operation], *(now.value[n] for n in node.arguments))
            slope = float(back(1.0)[node.arguments.index(end)])
            before, share = now.gradient.get(end, 0.0), upstream * slope
            now.gradient[end] = before + share
            now.edges[step.edge] = slope, share
            now.said = {"upstream": upstream, "slope": slope, "share": share, "before": before}
            now.said["sum"] = now.gradient[end]
    return now


def _slope(node: str, value: float) -> str:
    digits = SLOPE_DIGITS[NODES[node].operation]
    return number(value, 6 if digits == 4 and abs(value) < 0.1 else digits)


def _bracket(text: str) -> str:
    """A number behind a sign: in brackets where it is negative."""
    return f"({text})" if text.startswith("−") else text


def sentence(at: int, now: Run) -> str:
    """What is said of a step, with its numbers."""
    numbers = now.value | now.said
    edge = STEPS[at].edge

    def fill(match: re.Match) -> str:
        bracket, name = match.groups()
        if name == "slope":
            text = _slope(edge[0], numbers[name])
        else:
            text = number(numbers[name], 1 if name in START or name in GIVEN else 4)
        return _bracket(text) if bracket else text

    return re.sub(r"\{(\(?)(\w+)\)?\}", fill, STEPS[at].text)


def _unbroken(text: str) -> str:
    """No line may end inside ∂L/∂z: a word joiner, which nobody sees, keeps it together."""
    return text.replace("/∂", "/\u2060∂")


def graph_steps() -> Playground:
    """Step through a small expression: values forward, gradients back, each with its numbers.

    Returns
    -------
    Playground
        The graph of L = (z + tanh z − y)² with z = x w and y = 0.5. Buttons and a slider take the
        13 steps, five forward and eight back, with a sentence for each; sliders for x and w (−2 to 2)
        may be moved at any time. It opens where z has one of its two shares.

    Notes
    -----
    The numbers are those of ``dlbook_utils.autodiff.backward``. Nothing slides or fades: "play" takes
    a step every two seconds, for readers who want reduced motion, too.

    Used in: Chapter 2.
    """
    return Playground(
        kind="graph_steps",
        title="A graph, step by step: values forward, gradients back",
        try_this=(
            "take the next step, which adds the second share of z, and go on to x and w. Then move x "
            "and w to their ends."
        ),
        notice=(
            "z was used twice, so it waits for two shares and adds them before it hands anything on. "
            "Where tanh is flat, the share through a dies; the one past the tanh does not."
        ),
        still=_still(),
        layout="dlp-stepping",
        data={
            "nodes": {
                node.name: {"operation": node.operation, "arguments": node.arguments}
                for node in NODES.values()
                if node.operation
            },
            "steps": [
                {"text": _unbroken(step.text)}
                | ({"compute": step.compute} if step.compute else {})
                | ({"seed": step.seed} if step.seed else {})
                | ({"edge": step.edge} if step.edge else {})
                for step in STEPS
            ],
            "first": FIRST,
            "start": START,
            "given": GIVEN,
            "limit": LIMIT,
            "slopeDigits": SLOPE_DIGITS,
        },
    )


# --- The drawing: graph_steps.js changes its numbers and classes, and nothing else ----------------

BOX, GAP = (148, 44), (22, 30)
WIDTH, HEIGHT = 2 * BOX[0] + GAP[0] + 10, 6 * BOX[1] + 5 * GAP[1] + 10


def _corner(node: Node) -> tuple[int, int]:
    """The left upper corner of a box."""
    return tuple(5 + place * (size + gap) for place, size, gap in zip(node.place, BOX, GAP, strict=True))


def _draw_box(node: Node, now: Run) -> str:
    x, y = _corner(node)
    value, gradient = now.value.get(node.name), now.gradient.get(node.name)
    arrived = sum(edge[1] == node.name for edge in now.edges)
    waits = 0 < arrived < sum(edge[1] == node.name for edge in EDGES)
    kinds = "dlp-box" + " dlp-known" * (value is not None) + " dlp-back" * (gradient is not None)
    kinds += " dlp-now" * (node.name in (STEPS[FIRST].compute, STEPS[FIRST].seed, *STEPS[FIRST].edge[1:]))
    digits = 1 if not node.operation else 4
    name = f"∂L/∂{node.name}" + " so far" * waits if node.name not in GIVEN else "given"
    shown, returned = ("?" if v is None else number(v, n) for v, n in ((value, digits), (gradient, 4)))
    right = f'x="{x + BOX[0] - 8}" text-anchor="end"'
    lines = [
        f'<g class="{kinds}" data-node="{node.name}">',
        f'<rect x="{x}" y="{y}" width="{BOX[0]}" height="{BOX[1]}" rx="4"/>',
        f'<text class="dlp-strong" x="{x + 8}" y="{y + 17}">{node.label}</text>',
        f'<text class="dlp-value-of" {right} y="{y + 17}">{shown}</text>',
        f'<text class="dlp-name-of" x="{x + 8}" y="{y + 36}">{name}</text>',
    ]
    if node.name not in GIVEN:
        lines.append(f'<text class="dlp-gradient-of" {right} y="{y + 36}">{returned}</text>')
    return "\n".join([*lines, "</g>"])


def _arrow(start: np.ndarray, end: np.ndarray) -> str:
    """A line with an open head at its end."""
    along = (end - start) / np.hypot(*(end - start))
    aside = np.array([-along[1], along[0]])
    heads = [end - 6 * along + way * 3.5 * aside for way in (1, -1)]
    a, b, c, d = (f"{px:.1f} {py:.1f}" for px, py in (start, end, *heads))
    return f"M{a}L{b}M{c}L{b}L{d}"


def _draw_wire(edge: tuple[str, str], now: Run) -> str:
    """Forward and backward side by side; at the right of both the slope, and for z its share."""
    child, parent = (NODES[name] for name in edge)
    (x1, y1), (x2, y2) = _corner(parent), _corner(child)
    side = child.place[0] - parent.place[0]  # −1: from the right column to the left one
    start = np.array([x1 + BOX[0] * (0.5 + 0.26 * side), y1 + BOX[1] + 2])
    end = np.array([x2 + BOX[0] * (0.5 - 0.26 * side), y2 - 2])
    aside = np.array([6.0, 0.0]) if side == 0 else np.array([10.0, 0.0])
    paths = [f'<path class="dlp-there" d="{_arrow(start - aside, end - aside)}"/>']
    kinds = "dlp-wire dlp-gone" + " dlp-back" * (edge in now.edges) + " dlp-now" * (edge == STEPS[FIRST].edge)
    if parent.name not in GIVEN:
        slope, share = now.edges.get(edge, (None, None))
        is_shared = parent.name == "z"
        x = {0: start[0] + 12, -1: start[0] + 18, 1: x1 + BOX[0] + 26}[side]
        y = {0: (start[1] + end[1]) / 2 + (4 - 8 * is_shared), -1: start[1] + 17, 1: start[1] - 16}[side]
        labels = [("dlp-slope", f"· {_bracket(_slope(child.name, slope))}" if slope is not None else "")]
        if is_shared:
            labels.append(("dlp-share", f"= {number(share, 4)}" if share is not None else ""))
        paths.append(f'<path class="dlp-home" d="{_arrow(end + aside, start + aside)}"/>')
        paths += [
            f'<text class="{kind}" x="{x:.1f}" y="{y + 15 * row:.1f}">{text}</text>'
            for row, (kind, text) in enumerate(labels)
        ]
    return "\n".join([f'<g class="{kinds}" data-edge="{child.name} {parent.name}">', *paths, "</g>"])


def _stage(at: int) -> str:
    step = STEPS[at]
    way = ", forward" if step.compute else ", back" if step.seed or step.edge else ""
    return f"step {at} of {len(STEPS) - 1}{way}"


def _still() -> str:
    now = run(FIRST, **START)
    drawing = "\n".join(
        [_draw_wire(edge, now) for edge in EDGES] + [_draw_box(node, now) for node in NODES.values()]
    )
    return f"""\
<div class="dlp-controls"><p class="dlp-said"><b>{_stage(FIRST)}</b>
<span>{_unbroken(sentence(FIRST, now))}</span></p></div>
<svg class="dlp-plot dlp-graph" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" \
aria-label="The graph of L = (z + tanh z − y)², z = x · w: its values, and gradients half way back.">
{drawing}
</svg>"""
