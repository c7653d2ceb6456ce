"""Checkers of the exercises after the second notebook: computational graphs."""

import re
import tracemalloc
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from dlbook_utils.autodiff import grad, unbroadcast
from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_number, expect_pair, expect_shape, listed
from dlbook_utils.exercises.running import Open

__all__ = [
    "fixed_point_backward",
    "hessian_vector_product",
    "largest_eigenvalue",
    "logaddexp_rule",
    "share_backward",
    "slopes_by_hand",
    "sort_rule",
]

# --- Shares of the light: by hand, and as code --------------------------------------------------

_ENTRIES = ("e", "p", "y", "s", "u", "c", "x", "w")  # as the way back reaches them
_NUMBERS = ("s", "c", "w")  # the others hold one number for each pixel


def _shares(x: Any, w: float, c: float, y: Any) -> SimpleNamespace:
    """All values and all slopes; ``ds`` is the slope of s."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    v = SimpleNamespace(x=x, w=w, c=c, y=y, D=len(x))
    v.u = w * x
    v.s = c + np.sum(v.u)
    v.p = v.u / v.s
    v.e = v.p - y
    v.de = 2 * v.e
    v.dp, v.dy = v.de, -v.de
    v.ds = -np.sum(v.dp * v.u) / v.s**2
    v.du = v.dp / v.s + v.ds
    v.dc, v.dx, v.dw = v.ds, w * v.du, np.sum(v.du * x)
    return v


_Slope = Callable[[SimpleNamespace], Any]
# For each entry: what it is if a slip was made, given that everything before it is right.
_SHARE_SLIPS: dict[str, list[tuple[_Slope, str]]] = {
    "e": [
        (lambda v: v.e, "The slope of a square is 2e: the factor 2 is missing."),
        (lambda v: v.e**2, "That is the square itself. Its slope by e is 2e."),
        (
            lambda v: 2 * v.e**2,
            "The slope of e² is 2e, taken at e, which went in, and not at e², which came out.",
        ),
        (lambda v: -v.de, "The sign is the wrong way round: the slope of e² is +2e."),
        (lambda v: v.de / v.D, "It was divided by the number of pixels. L is a sum, not a mean."),
        (lambda v: np.ones(v.D), "1 is the slope of L by each square. By e it is 2e times that."),
    ],
    "p": [
        (lambda v: -v.de, "The sign is the wrong way round: in e = p − y, p has the slope +1."),
        (lambda v: v.de * v.p, "e = p − y adds and subtracts: the local slope by p is 1, whatever p is."),
        (lambda v: v.de * v.e, "e = p − y adds and subtracts: the local slope by p is 1, whatever e is."),
        (lambda v: np.ones(v.D), "1 is the local slope of e by p. Multiply it by what arrived at e."),
    ],
    "y": [
        (lambda v: v.de, "In e = p − y, y is subtracted: its local slope is −1."),
        (lambda v: -np.ones(v.D), "−1 is the local slope of e by y. Multiply it by what arrived at e."),
        (
            lambda v: np.zeros(v.D),
            "y is a value like any other. That nobody wants to change it does not make its slope 0.",
        ),
    ],
    "s": [
        (
            lambda v: -v.ds,
            "The sign is the wrong way round. A larger denominator makes every share smaller: ∂p/∂s = −u/s².",
        ),
        (lambda v: v.ds * v.s, "∂p/∂s is −u/s². It looks as if it was divided by s only once."),
        (
            lambda v: -v.ds * v.s,
            "∂p/∂s is −u/s². It looks as if it was divided by s only once, and the sign is lost.",
        ),
        (
            lambda v: v.ds / v.s,
            "∂p/∂s is −u/s², with the u that went into the division. It looks as if its result p stood "
            "there; with p it is −p/s.",
        ),
        (lambda v: -np.sum(v.dp) / v.s**2, "∂p/∂s is −u/s². It looks as if the numerator u were missing."),
        (lambda v: -np.sum(v.dp * v.u), "∂p/∂s is −u/s². It looks as if the denominator s² were missing."),
        (
            lambda v: np.sum(v.dp) / v.s,
            "1/s is the slope of u/s by its numerator u. By the denominator s it is −u/s².",
        ),
        (lambda v: v.ds / v.D, "It is the mean over the pixels. Each pixel adds its share: take the sum."),
        (
            lambda v: -v.dp[0] * v.u[0] / v.s**2,
            "That is the first pixel's share alone. s is used once for every pixel, and all shares are "
            "added.",
        ),
        (
            lambda v: -v.dp[-1] * v.u[-1] / v.s**2,
            "That is the last pixel's share alone. s is used once for every pixel, and the shares are added: "
            "is there an = where += belongs?",
        ),
        (lambda v: -np.sum(v.u) / v.s**2, "The local slopes were added. Multiply each by what arrived at p."),
        (lambda v: 0.0, "s is used in every division, and each adds to its slope."),
    ],
    "u": [
        (
            lambda v: v.dp / v.s,
            "That is the way through p = u/s alone. u is used twice: it is also a part of s, and what "
            "arrived there is added.",
        ),
        (
            lambda v: np.full(v.D, v.ds),
            "That is the way through s alone. u is used twice: it is also the numerator of p, which adds "
            "dp/s. Is there an = where += belongs?",
        ),
        (
            lambda v: v.dp / v.s - v.dp * v.u / v.s**2,
            "Through s, each u got only what its own division adds to the slope of s. But s carries a nudge "
            "of one pixel into all divisions: add the whole slope of s.",
        ),
        (lambda v: v.dp / v.s - v.ds, "In s = c + Σ u, each u has the local slope +1: add the slope of s."),
        (
            lambda v: v.dp / v.s + v.D * v.ds,
            "The slope of s is complete, over all pixels. Each u gets it once, not once for each pixel.",
        ),
        (
            lambda v: v.dp / v.s + v.ds / v.D,
            "The slope of s was divided among the pixels. Each u gets all of it.",
        ),
        (lambda v: v.dp * v.s + v.ds, "The slope of u/s by u is 1/s: divide what arrived at p by s."),
        (lambda v: v.dp + v.ds, "The slope of u/s by u is 1/s, not 1: divide what arrived at p by s."),
        (
            lambda v: v.dp / v.s**2 + v.ds,
            "The slope of u/s by u is 1/s. It looks as if it was divided by s².",
        ),
        (lambda v: v.dp / v.s + v.ds * v.u, "In s = c + Σ u, the local slope by u is 1, whatever u is."),
        (
            lambda v: v.dp / v.s * v.ds,
            "Over two ways the slopes are added. Only along one way they multiply.",
        ),
    ],
    "c": [
        (lambda v: 0.0, "c is a part of s, and has the local slope 1 there."),
        (lambda v: -v.ds, "In s = c + Σ u, c has the local slope +1."),
        (lambda v: v.c * v.ds, "In s = c + Σ u, the local slope by c is 1, whatever c is."),
        (lambda v: v.D * v.ds, "c is used once, in s, and not once for each pixel."),
        (lambda v: np.sum(v.du), "That is the sum of the slopes of u. c gets what arrived at s."),
        (lambda v: 1.0, "1 is the local slope of s by c. Multiply it by what arrived at s."),
    ],
    "x": [
        (lambda v: v.du, "In u = w · x, the local slope by x is w."),
        (lambda v: v.du * v.x, "In u = w · x, the local slope by x is the other factor, w."),
        (lambda v: v.du / v.w, "In u = w · x, the local slope by x is w: multiply, do not divide."),
        (
            lambda v: np.full(v.D, v.w * np.sum(v.du)),
            "Each pixel gets its own slope: nothing is summed here.",
        ),
        (lambda v: np.full(v.D, v.w), "w is the local slope of u by x. Multiply it by what arrived at u."),
    ],
    "w": [
        (lambda v: np.sum(v.du), "In u = w · x, the local slope by w is x: multiply before you add."),
        (
            lambda v: v.dw / v.D,
            "It is the mean over the pixels. w is used once for each, and all shares are added: take the "
            "sum.",
        ),
        (lambda v: v.w * np.sum(v.du), "In u = w · x, the local slope by w is the other factor, x."),
        (lambda v: np.sum(v.du * v.u), "In u = w · x, the local slope by w is x, not u."),
        (
            lambda v: np.sum(v.dx * v.x),
            "In u = w · x, the local slope by w is x. The slope of u is what counts, not that of x.",
        ),
        (lambda v: np.sum(v.x), "Σ x adds the local slopes. Multiply each by what arrived at u first."),
        (
            lambda v: v.du[0] * v.x[0],
            "That is the first pixel's share alone. w is used once for every pixel, and all shares are "
            "added.",
        ),
        (
            lambda v: v.du[-1] * v.x[-1],
            "That is the last pixel's share alone. w is used once for every pixel, and the shares are added: "
            "is there an = where += belongs?",
        ),
    ],
}
_SHARE_HINTS = {
    "e": "L is a sum of squares, and the slope of e² is 2e.",
    "p": "e = p − y passes on to p what arrived at e.",
    "y": "e = p − y passes on to y what arrived at e, with the other sign.",
    "s": "Each p = u/s has the slope −u/s² by s. Multiply by what arrived at p, and add over the pixels.",
    "u": "u is used twice, in its own p and in s: 1/s of what arrived at p, and what arrived at s.",
    "c": "s = c + Σ u passes on to c what arrived at s.",
    "x": "u = w · x passes on w times what arrived at u.",
    "w": "w is used once for each pixel: x times what arrived at u, added over the pixels.",
}
_FOR_SHAPE = {
    "s": "s is used in every division. Each adds a share to its slope, and the slope is their sum.",
    "c": "c is used once, in s, and gets what arrived there.",
    "w": "w is used once for each pixel. Each adds a share to its slope, and the slope is their sum.",
}


def _as_entry(name: str, found: Any, D: int) -> np.ndarray:
    """One entry as an array of the right shape; lists and tuples will do."""
    try:
        array = np.asarray(found, dtype=float)
    except (TypeError, ValueError):
        raise Wrong(f"{name}: expected numbers, received {found!r}.") from None
    if name in _NUMBERS and array.size == 1:
        array = array.reshape(())
    if name in _NUMBERS and array.shape != ():
        raise Wrong(
            f"{name} is one number, and has one slope; received {array.size} of them. {_FOR_SHAPE[name]}"
        )
    if name not in _NUMBERS and array.shape != (D,):
        received = "one number" if array.shape == () else f"the shape {array.shape}"
        raise Wrong(
            f"{name} holds a number for each pixel, and so does its slope, ({D},); received {received}."
        )
    return array


def _why_share(name: str, cases: list[SimpleNamespace], found: list[np.ndarray], close: dict) -> str:
    for slip, message in _SHARE_SLIPS[name]:
        if all(np.allclose(g, slip(v), **close) for g, v in zip(found, cases, strict=True)):
            return message
    return _SHARE_HINTS[name]


@exercise("slopes_by_hand", title="A graph by hand: the numbers", stars=1, function=False)
def slopes_by_hand(slopes: dict[str, Any]) -> None:
    """Whatever is filled in has to be right, looked at in the order of the way back."""
    if slopes == {...}:  # the stub
        raise Open
    if not isinstance(slopes, dict):
        raise Wrong(f"Expected a dict, slopes[name] = its slope; received {type(slopes).__name__}.")
    if unknown := [name for name in slopes if name not in _ENTRIES]:
        raise Wrong(f"There is no value {unknown[0]!r}. Slopes are asked for of {', '.join(_ENTRIES)}.")
    v = _shares((1.0, 2.0), 2.0, 4.0, (0.7, 0.2))
    close = {"rtol": 1e-3, "atol": 1e-6}
    right = []
    for name in _ENTRIES:
        found = slopes.get(name, ...)
        parts = found if isinstance(found, tuple | list) else [found]
        if any(part is ... or part is None for part in parts):
            continue
        array = _as_entry(name, found, v.D)
        if not np.allclose(array, vars(v)[f"d{name}"], **close):
            said = listed(array, 4) if array.ndim else f"{array:.4g}"
            so_far = f" (Right so far: {', '.join(right)}.)" if right else ""
            raise Wrong(f"{name}: {said} is not its slope. {_why_share(name, [v], [array], close)}{so_far}")
        right.append(name)
    if len(right) < len(_ENTRIES):
        if right:
            left = [name for name in _ENTRIES if name not in right]
            raise Open(f"Right so far: {', '.join(right)}. Still to come: {', '.join(left)}.")
        raise Open


@exercise("share_backward", title="A graph by hand: the code", stars=1)
def share_backward(answer: Callable[..., dict[str, Any]]) -> None:
    """The numbers of the text, then one pixel, negative numbers, c = 0, and a dark pixel."""
    rng = np.random.default_rng(22)
    given = [
        (np.array([1.0, 2.0]), 2.0, 4.0, np.array([0.7, 0.2])),
        (np.array([3.0]), -2.0, 1.0, np.array([0.25])),
        (np.array([0.5, 0.0, 2.0]), 1.5, 0.0, np.array([0.3, 0.3, 0.4])),
        (rng.uniform(0, 1, 5), 0.75, -8.0, rng.uniform(-1, 1, 5)),
    ]
    cases, found = [_shares(*numbers) for numbers in given], []
    for (x, w, c, y), v in zip(given, cases, strict=True):
        slopes = answer(x.copy(), w, c, y.copy())
        if not isinstance(slopes, dict):
            raise Wrong(
                f"Expected a dict with the keys {', '.join(_ENTRIES)}; received {type(slopes).__name__}."
            )
        if missing := [name for name in _ENTRIES if name not in slopes]:
            raise Wrong(f"The dict has no {missing[0]!r}. It needs the keys {', '.join(_ENTRIES)}.")
        if left := [name for name in _ENTRIES if slopes[name] is ... or slopes[name] is None]:
            raise Wrong(f"There is no number for {left[0]} yet.")
        found.append({name: _as_entry(name, slopes[name], v.D) for name in _ENTRIES})
    close = {"rtol": 1e-5, "atol": 1e-9}
    for name in _ENTRIES:
        received = [slopes[name] for slopes in found]
        wanted = [np.asarray(vars(v)[f"d{name}"]) for v in cases]
        right = [np.allclose(g, e, **close) for g, e in zip(received, wanted, strict=True)]
        if all(right):
            continue
        n = right.index(False)
        x, w, c, y = given[n]
        said = [listed(a, 4) if a.ndim else f"{a:.4g}" for a in (wanted[n], received[n])]
        raise Wrong(
            f"For x = {listed(x)}, w = {w:g}, c = {c:g} and y = {listed(y)}: expected {said[0]} for {name}, "
            f"received {said[1]}. {_why_share(name, cases, received, close)}"
        )


# --- New words for the tape ---------------------------------------------------------------------

_Rule = Callable[..., np.ndarray]


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0, -z))


_LOGADDEXP_SLIPS: list[tuple[_Rule, str]] = [
    (
        lambda dy, y, a, b: _sigmoid(a - b) + 0 * dy,
        "It looks as if dy were missing. An upstream gradient of ones would not have noticed.",
    ),
    (
        lambda dy, y, a, b: dy * _sigmoid(b - a),
        "That is the slope by b. Exchange a and b, or look at the sign in the exponent.",
    ),
    (lambda dy, y, a, b: dy, "It passes dy on unchanged, as the rule of an addition would."),
    (
        lambda dy, y, a, b: dy * np.exp(a),
        "That is the slope of e^a + e^b. The logarithm is still to come: divide by e^a + e^b, which is e^y.",
    ),
    (
        lambda dy, y, a, b: dy * np.exp(a) / y,
        "The logarithm has the slope one over what it was taken of, e^a + e^b = e^y. y is its result.",
    ),
    (lambda dy, y, a, b: dy / np.exp(y), "1/e^y is the slope of the logarithm. That of e^a is missing."),
    (lambda dy, y, a, b: dy * np.exp(y - a), "It is upside down: e^(y − a) is one over the slope."),
    (
        lambda dy, y, a, b: dy * (a > b),
        "All goes to the larger of the two. That is the rule of np.maximum, which is sharp; logaddexp is "
        "smooth.",
    ),
    (
        lambda dy, y, a, b: dy * (a >= b),
        "All goes to the larger of the two. That is the rule of np.maximum, which is sharp; logaddexp is "
        "smooth.",
    ),
    (lambda dy, y, a, b: dy * a / (a + b), "The shares are those of e^a and e^b, not of a and b themselves."),
    (lambda dy, y, a, b: dy / 2 + 0 * (a + b), "Each argument gets one half only where a and b are equal."),
    (
        lambda dy, y, a, b: dy * _sigmoid(a),
        "b does not appear in it. The slope depends on the difference a − b.",
    ),
    (lambda dy, y, a, b: dy * (a - y), "That is the logarithm of the slope. Its exponential is missing."),
    (
        lambda dy, y, a, b: dy * _sigmoid(a - b) * _sigmoid(b - a),
        "That is the slope of a sigmoid, so the second derivative of logaddexp. The first is the sigmoid.",
    ),
]


@exercise("logaddexp_rule", title="Two new words for the tape: logaddexp", stars=2)
def logaddexp_rule(answer: _Rule) -> None:
    """Ordinary numbers and all kinds of broadcasting, then numbers whose exponentials overflow."""
    rng = np.random.default_rng(271)
    cases = [(np.array([2.0, -1.0]), np.array([1.0, 2.0]), np.array([1.0, 1.5]))]
    for shape, other in [((2, 3), (2, 3)), ((4, 3), (3,)), ((3,), (4, 3)), ((4, 1), (1, 4)), ((), (3,))]:
        a, b = rng.normal(0, 2, shape), rng.normal(0, 2, other)
        cases.append((rng.normal(size=np.broadcast_shapes(shape, other)), a, b))
    a = np.array([1000.0, -1000.0, 900.0, 1000.0, -1000.0])
    large = (np.full(5, 2.0), a, np.array([0.0, 0.0, 900.0, 999.0, -999.0]))
    found = [_through_logaddexp(answer, *case) for case in cases]
    _compare_logaddexp(cases, found)
    got, wanted = _through_logaddexp(answer, *large), large[0] * _sigmoid(large[1] - large[2])
    if not np.allclose(got, wanted, rtol=1e-5):
        i = int(np.argmin(np.isclose(got, wanted, rtol=1e-5)))
        why = (
            "e^710 is inf in floating point, and inf / inf is nan. Subtract in the exponent before you take "
            "the exponential: y is at hand, and a − y is never above 0."
        )
        if np.isfinite(got[i]):
            why = "What counts is the difference of a and b, however large they are: do not clip them."
        raise Wrong(
            f"For dy = 2, a = {large[1][i]:g} and b = {large[2][i]:g}: expected {wanted[i]:g}, received "
            f"{got[i]:g}. {why}"
        )


def _through_logaddexp(answer: _Rule, dy: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What arrives at a, broadcasting undone as the tape does it."""
    y = np.logaddexp(a, b)
    with np.errstate(all="ignore"):
        found = answer(dy.copy(), np.array(y), np.array(a), np.array(b))
    if isinstance(found, tuple | list):
        raise Wrong(
            f"Expected one array, ∂L/∂a; received {len(found)}. The rule of b is the same with a and b "
            "exchanged, so that the table gets it from yours."
        )
    if not isinstance(found, np.ndarray | np.generic) or found.dtype.kind not in "biuf":
        raise Wrong(f"Expected an array of real numbers, received {type(found).__name__}.")
    if np.shape(found) not in (y.shape, a.shape):
        raise Wrong(
            f"For a of shape {a.shape} and b of shape {b.shape}, so dy of shape {dy.shape}: expected the "
            f"shape {dy.shape}, received {np.shape(found)}. The tape itself sums over what was broadcast; "
            "leave it out."
        )
    return np.asarray(unbroadcast(found, a.shape), float)


def _compare_logaddexp(cases: list[tuple], found: list[np.ndarray]) -> None:
    def through(rule: _Rule) -> list[np.ndarray]:
        with np.errstate(all="ignore"):
            return [
                unbroadcast(rule(dy, np.logaddexp(a, b), a, b) + 0 * dy, np.shape(a)) for dy, a, b in cases
            ]

    def alike(one: list, other: list) -> list[bool]:
        return [np.allclose(g, e, rtol=1e-5, atol=1e-8) for g, e in zip(one, other, strict=True)]

    wanted = through(lambda dy, y, a, b: dy * _sigmoid(a - b))
    right = alike(found, wanted)
    if all(right):
        return
    n = right.index(False)
    hint = next((text for rule, text in _LOGADDEXP_SLIPS if all(alike(found, through(rule)))), "")
    if not hint and n > 0:
        hint = "Without broadcasting it is right. The tape itself sums over what was broadcast; leave it out."
    elif not hint:
        hint = "The slope by a is e^a / (e^a + e^b), and what arrives is dy times that."
    dy, a, b = cases[n]
    if n > 0:
        raise Wrong(
            f"For a of shape {a.shape} and b of shape {b.shape}: expected {listed(wanted[n].ravel()[:3])}, … "
            f"to arrive at a, received {listed(found[n].ravel()[:3])}, … {hint}"
        )
    raise Wrong(
        f"For a = {listed(a)}, b = {listed(b)} and dy = {listed(dy)}: expected "
        f"{listed(wanted[0], 4)}, received {listed(found[0], 4)}. {hint}"
    )


_WHOLE_ROWS = (
    "With a single axis it works. With more, dx[order] takes whole rows: np.put_along_axis takes positions "
    "along one axis."
)


def _shortened(wrong: Wrong, hint: str) -> str:
    """The message of an error without the ends of very long lines, and a hint."""
    lines = [line if len(line) < 100 else line[:98] + "…" for line in str(wrong).split("\n")]
    return "\n".join([*lines, hint])


def _scatter(dy: np.ndarray, order: np.ndarray, axis: int) -> np.ndarray:
    dx = np.zeros_like(dy)
    np.put_along_axis(dx, order, dy, axis)
    return dx


_SORT_SLIPS: list[tuple[_Rule, str]] = [
    (
        lambda dy, y, x, axis: dy,
        "dy came back as it was. Its entries belong to the sorted places: send each to where its number came "
        "from.",
    ),
    (
        lambda dy, y, x, axis: np.take_along_axis(dy, np.argsort(x, axis), axis),
        "The numbers are right and stand in the wrong places: they were moved as x was, once more, where "
        "they should be moved back. order[k] says where the k-th smallest stood, so the k-th slope goes to "
        "place order[k].",
    ),
    (
        lambda dy, y, x, axis: np.sort(dy, axis),
        "dy was sorted. It has to follow the order of x, not its own.",
    ),
    (
        lambda dy, y, x, axis: _scatter(dy, np.argsort(dy, axis), axis),
        "It looks as if the order of dy were used. It has to follow the order of x.",
    ),
    (
        lambda dy, y, x, axis: _scatter(np.flip(dy, axis), np.argsort(x, axis), axis),
        "It looks as if the largest came first. np.sort puts the smallest first.",
    ),
    (
        lambda dy, y, x, axis: np.ones_like(dy),
        "All of them are 1: it looks as if dy were missing. An upstream gradient of ones would not have "
        "noticed.",
    ),
    (lambda dy, y, x, axis: np.argsort(x, axis), "That is the order itself. It says where dy has to go."),
    (
        lambda dy, y, x, axis: np.argsort(np.argsort(x, axis), axis),
        "Those are the ranks. They say which entry of dy each place gets.",
    ),
    (
        lambda dy, y, x, axis: np.zeros_like(dy),
        "All of them are zero. Sorting moves numbers: every slope is 1.",
    ),
    (
        lambda dy, y, x, axis: y * dy,
        "The sorted numbers were multiplied by dy. A moved number has the slope 1.",
    ),
    (lambda dy, y, x, axis: x * dy, "The numbers were multiplied by dy. A moved number has the slope 1."),
]


@exercise("sort_rule", title="Two new words for the tape: sort", stars=2)
def sort_rule(answer: _Rule) -> None:
    """Orders that are not their own inverse, all axes, and equal entries."""
    rng = np.random.default_rng(314)
    cases = [(np.array([10.0, 20.0, 30.0]), np.array([0.3, 0.1, 0.2]), -1)]
    for shape, axis in [((7,), 0), ((3, 5), 1), ((3, 5), -1), ((5, 3), 0), ((4, 4), 0), ((2, 4, 3), 1)]:
        cases.append((rng.normal(size=shape), rng.permutation(np.prod(shape)).reshape(shape) / 4 - 2, axis))
    found = []
    for dy, x, axis in cases:
        try:
            found.append(expect_shape(answer(dy.copy(), np.sort(x, axis), x.copy(), axis), x.shape))
        except Wrong as wrong:
            if x.ndim > 1 and "stopped with an error" in str(wrong):
                raise Wrong(_shortened(wrong, _WHOLE_ROWS)) from None
            raise
    wanted = [_scatter(dy, np.argsort(x, axis), axis) for dy, x, axis in cases]
    right = [np.allclose(g, e, rtol=1e-5) for g, e in zip(found, wanted, strict=True)]
    if not all(right):
        n = right.index(False)
        dy, x, axis = cases[n]
        case = f"x of shape {x.shape} and axis={axis}"
        if n == 0:
            case = f"x = {listed(x)} and dy = {listed(dy)}"
        elif x.ndim == 2:
            case += f", in row 0, x = {listed(x[0])}" if axis else f", in column 0, x = {listed(x[:, 0])}"
        line = (0,) if axis else (slice(None), 0)
        one, other = (a if a.ndim == 1 else a[line].ravel() for a in (wanted[n], found[n]))
        raise Wrong(
            f"For {case}: expected {listed(one)}, received {listed(other)}. {_why_sort(cases, found, right)}"
        )
    x, dy = np.array([2.0, 5.0, 2.0, 1.0]), np.array([1.0, 2.0, 4.0, 8.0])
    ties = expect_shape(answer(dy.copy(), np.sort(x), x.copy(), -1), x.shape)
    if not np.allclose([ties[0] + ties[2], ties[1], ties[3]], [6, 8, 1]):
        raise Wrong(
            f"For x = {listed(x)} and dy = {listed(dy)}, with two equal entries: received {listed(ties)}. In "
            "any order or share, the two 2s together get 2 + 4, no more and no less. Go by places, as "
            "argsort does, and not by equal values."
        )


def _why_sort(cases: list[tuple], found: list[np.ndarray], right: list[bool]) -> str:
    for rule, message in _SORT_SLIPS:
        slips = [rule(dy, np.sort(x, axis), x, axis) for dy, x, axis in cases]
        if all(np.allclose(g, e, rtol=1e-5) for g, e in zip(found, slips, strict=True)):
            return message
    if all(r for r, (_, x, axis) in zip(right, cases, strict=True) if axis in (-1, x.ndim - 1)):
        return "Along the last axis it is right. Let the rule follow the axis that it is given."
    if all(r for r, (_, x, _) in zip(right, cases, strict=True) if x.ndim == 1):
        return _WHOLE_ROWS
    return "order = np.argsort(x, axis) says where each sorted number came from: its slope goes back there."


# --- The curvature without the Hessian ----------------------------------------------------------

_Loss = Callable[[Any], Any]


def _hessian_vector(loss: _Loss, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
    return grad(lambda t: np.sum(grad(loss)(t) * v))(theta)


_HESSIAN_SLIPS: list[tuple[Callable[[_Loss, np.ndarray, np.ndarray], np.ndarray], str]] = [
    (
        lambda f, t, v: np.zeros(t.shape),
        "All of them are zero. It looks as if the inner gradient were taken at theta, a constant, and not at "
        "the argument of the function that is differentiated the second time.",
    ),
    (
        lambda f, t, v: grad(f)(t),
        "That is the gradient. It has to be multiplied by v and differentiated again.",
    ),
    (
        lambda f, t, v: grad(f)(t) * v,
        "That is the gradient times v, element by element: a first derivative. Add it up to one number, and "
        "differentiate that number again.",
    ),
    (
        lambda f, t, v: _hessian_vector(f, t, np.ones_like(v)),
        "That is the Hessian times a vector of ones: v is missing. The gradient's entries have to be "
        "multiplied by v before they are added.",
    ),
    (
        lambda f, t, v: _hessian_vector(f, t, np.ones_like(v)) * v,
        "v came too late. Multiply the gradient by it before the sum, so that it goes into every entry.",
    ),
    (
        lambda f, t, v: _hessian_vector(f, t, grad(f)(t)),
        "That is the Hessian times the gradient. It looks as if the gradient were multiplied by itself: only "
        "one of the two factors depends on theta, and the other is v.",
    ),
    (
        lambda f, t, v: 2 * _hessian_vector(f, t, grad(f)(t)),
        "That is the slope of the gradient's square. Multiply the gradient by v, not by itself.",
    ),
    (
        lambda f, t, v: _hessian_vector(f, t, t),
        "That is the Hessian times theta. The vector is v.",
    ),
    (
        lambda f, t, v: _hessian_vector(f, t, v) / np.sqrt(np.sum(v * v)),
        "It is right but for a factor: v was scaled to length 1. Nobody asked for that.",
    ),
    (
        lambda f, t, v: _hessian_vector(f, t, v) / v.size,
        "It is right but for a factor: a mean was taken where a sum belongs, in g · v.",
    ),
    (
        lambda f, t, v: grad(f)(t + v) - grad(f)(t),
        "That is by how much the gradient changes over the whole of v. The Hessian belongs to the place "
        "theta, and is right for tiny steps. The tape can differentiate the gradient itself.",
    ),
    (lambda f, t, v: -_hessian_vector(f, t, v), "The sign is the wrong way round."),
]


@exercise("hessian_vector_product", title="The curvature without the Hessian", stars=2)
def hessian_vector_product(answer: Callable[[_Loss, np.ndarray, np.ndarray], np.ndarray]) -> None:
    """Losses of all shapes, vectors of all lengths, and a count of how often the loss is computed."""
    rng = np.random.default_rng(1994)
    X, t = rng.normal(size=(12, 4)), rng.choice([-1.0, 1.0], 12)
    Y = np.eye(4)[rng.integers(4, size=12)]

    def logistic(w: Any) -> Any:
        return np.mean(np.log(1 + np.exp(-t * (X @ w)))) + np.sum(w**4)

    def classes(W: Any) -> Any:
        Z = np.tanh(X @ W)
        return np.mean(np.log(np.sum(np.exp(Z), axis=1)) - np.sum(Z * Y, axis=1))

    cases: list[tuple[_Loss, np.ndarray, np.ndarray]] = [
        (lambda w: w[0] ** 3 * w[1], np.array([1.0, 2.0]), np.array([1.0, -1.0])),
        (logistic, rng.normal(size=4), rng.normal(size=4)),
        (lambda w: np.sum(w**4) + w[0] * w[1], rng.normal(size=4), 1000 * rng.normal(size=4)),
        (classes, rng.normal(size=(4, 4)), 1e-3 * rng.normal(size=(4, 4))),
        (lambda w: np.sum(np.exp(w) * w), rng.normal(size=(2, 3)), rng.normal(size=(2, 3))),
        (lambda w: np.sum(3 * w), rng.normal(size=2), rng.normal(size=2)),
        (lambda w: w[0] ** 4, np.array([2.0]), np.array([3.0])),
    ]
    found = [_expect_product(answer, *case) for case in cases]
    wanted = [_hessian_vector(*case) for case in cases]
    exact = [_close(g, e, 1e-11) for g, e in zip(found, wanted, strict=True)]
    if all(exact):
        return
    n = exact.index(False)
    hint = "Is it the gradient of the number Σ g(t) · v, with g computed at t and v held fixed?"
    if all(_close(g, e, 1e-2) for g, e in zip(found[:2], wanted[:2], strict=True)):
        hint = (
            "It is near and not exact, as a difference of two gradients is. The tape gives all digits: the "
            "gradient is computed by NumPy functions with rules, and can be differentiated again."
        )
    for slip, message in _HESSIAN_SLIPS:
        if all(_close(g, slip(*case), 1e-9) for g, case in zip(found, cases, strict=True)):
            hint = message
            break
    _, theta, v = cases[n]
    what = f"theta of shape {theta.shape}"
    if n == 0:
        what = f"the loss θ₀³ θ₁, theta = {listed(theta)} and v = {listed(v)}"
    i = _worst(found[n], wanted[n])
    raise Wrong(
        f"For {what}: expected {wanted[n][i]:.12g} at index {list(i)}, received {found[n][i]:.12g}. {hint}"
    )


def _worst(found: np.ndarray, wanted: np.ndarray) -> tuple[int, ...]:
    """The index of the entry that is farthest off."""
    return tuple(int(k) for k in np.unravel_index(np.argmax(np.abs(found - wanted)), wanted.shape))


def _close(found: np.ndarray, wanted: np.ndarray, rtol: float) -> bool:
    """Whether no entry is off by more than a part of the largest."""
    with np.errstate(all="ignore"):
        return bool(np.max(np.abs(found - wanted)) <= rtol * np.max(np.abs(wanted)) + 1e-300)


_PRODUCT = "np.sum(g * v) is g · v for any shape."


def _about_variable(said: str) -> str:
    """A hint if something was asked of a Variable that only an array can do; otherwise nothing."""
    if "Variable cannot be changed in place" in said or "'Variable' object does not support item" in said:
        return f"A Variable cannot be changed in place: write g * v, not g *= v.\n{_PRODUCT}"
    if "Variable cannot be turned into a plain array" in said:
        return f"Leave out what makes a plain array or number of it, such as np.array.\n{_PRODUCT}"
    if re.search(r"AttributeError: 'Variable' object|TypeError: .*\bVariable\b", said):
        without = re.search(r"TypeError: (float|int|complex)\(\) argument", said)
        leave = f" Leave out {without[1]}()." if without else ""
        return f"A Variable has only some of an array's methods. Use NumPy's functions:\n{_PRODUCT}{leave}"
    return ""


def _expect_product(
    answer: Callable[[_Loss, np.ndarray, np.ndarray], np.ndarray],
    loss: _Loss,
    theta: np.ndarray,
    v: np.ndarray,
) -> np.ndarray:
    count = 0

    def counted(t: Any) -> Any:
        nonlocal count
        count += 1
        return loss(t)

    counted.__qualname__ = "loss"
    try:
        found = answer(counted, theta.copy(), v.copy())
    except Wrong as wrong:
        if "No derivative is known for" in str(wrong):
            function = str(wrong).split("No derivative is known for ")[1].split(":")[0]
            raise Wrong(
                f"The tape has no rule for np.{function}, with which something was computed of a gradient or "
                "a loss. np.sum(g * v) is g · v for arrays of any shape."
            ) from None
        hint = ""
        if "Expected dy of shape" in str(wrong):
            hint = "What is differentiated must be one number: np.sum(g * v) is g · v for any shape."
        elif about := _about_variable(str(wrong)):
            without = ("It was called with", "It relies on")  # what went in has nothing to do with it
            lines = [line for line in str(wrong).split("\n") if not line.startswith(without)]
            raise Wrong(_shortened(Wrong("\n".join(lines)), about)) from None
        elif "has no attribute" in str(wrong):
            hint = "The way back is recorded only inside another grad: grad(lambda t: … grad(loss)(t) …)."
        raise Wrong(_shortened(wrong, hint)) from None
    if (
        np.shape(found) == ()
        and theta.shape != ()
        and theta.size > 1
        and isinstance(found, float | np.generic)
    ):
        slope, bend = np.sum(grad(loss)(theta) * v), np.sum(_hessian_vector(loss, theta, v) * v)
        raise Wrong(
            f"Expected an array of the shape of theta, {theta.shape}; received one number. "
            + (
                "That is g · v, the slope along v. Differentiate it by theta."
                if np.isclose(found, slope)
                else ""
            )
            + (
                "That is vᵀHv, the curvature along v: leave out the last product."
                if np.isclose(found, bend)
                else ""
            )
        )
    found = expect_shape(found, theta.shape)
    if count > 6:
        raise Wrong(
            f"The loss was computed {count} times for {theta.size} parameters. With 7,850 that would "
            "be far too many: it looks as if the Hessian were built, row by row, or many differences were "
            "taken. Two gradients are enough, one inside the other."
        )
    return found


_Product = Callable[[np.ndarray], np.ndarray]


def _symmetric(values: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """A symmetric matrix with these eigenvalues."""
    Q, _ = np.linalg.qr(rng.normal(size=(len(values), len(values))))
    return (Q * np.array(values)) @ Q.T


@exercise("largest_eigenvalue", title="The largest curvature", stars=2)
def largest_eigenvalue(answer: Callable[[_Product, np.ndarray, int], tuple[float, np.ndarray]]) -> None:
    """Matrices of all sizes, start vectors of all shapes, and a negative eigenvalue that is the largest."""
    rng = np.random.default_rng(9)
    cases = [
        ("the matrix [[2, 1], [1, 2]]", np.array([[2.0, 1.0], [1.0, 2.0]]), (2,), 3.0),
        ("eigenvalues 5, 2, 1 and −1", _symmetric([5, 2, 1, -1], rng), (4,), 5.0),
        ("eigenvalues −4, 2 and 1", _symmetric([-4, 2, 1], rng), (3,), -4.0),
        ("a start vector of shape (2, 2)", _symmetric([3, 1, 0.5, 0], rng), (2, 2), 3.0),
        ("a start vector of shape (2, 3)", _symmetric([6, 3, 2, 1, 0, -2], rng), (2, 3), 6.0),
        ("eigenvalues in the millions", 1e6 * _symmetric([3, 1, 1], rng), (3,), 3e6),
        ("eigenvalues in the millionths", 1e-6 * _symmetric([3, 1, 1], rng), (3,), 3e-6),
    ]
    for what, H, shape, wanted in cases:
        q, steps, calls = rng.normal(size=shape) + 0.5, 100, []

        def product(q: np.ndarray, H: np.ndarray = H, calls: list = calls) -> np.ndarray:
            calls.append(np.shape(q))
            return (H @ np.asarray(q).ravel()).reshape(np.shape(q))

        with np.errstate(all="ignore"):
            value, vector = expect_pair(answer(product, q.copy(), steps), ("value", "vector"))
        if np.shape(value) == shape and np.size(vector) == 1:
            raise Wrong("value and vector are exchanged: the order is (value, vector).")
        if len(calls) > steps + 2:
            raise Wrong(
                f"{steps} steps were allowed, and product was called {len(calls)} times. One product in "
                "each step is enough: keep it, for the value and for the next vector."
            )
        each = " For a vector of any shape, q · Hq is np.sum(q * Hq); q @ Hq is a product of matrices."
        value = expect_number(value, "value", rows=each)
        first = np.sum(q * product(q)) / np.sum(q * q)  # the value after one step
        _compare_eigenvalue(f"For {what}, after {steps} steps", value, wanted, first)
        vector = expect_shape(vector, shape, "vector")
        length = np.sqrt(np.sum(vector**2))
        if not np.isclose(length, 1, rtol=1e-6):
            raise Wrong(f"For {what}: the value is right, and the vector has the length {length:.4g}, not 1.")
        if not np.allclose(product(vector), wanted * vector, rtol=1e-5, atol=1e-5 * abs(wanted)):
            raise Wrong(f"For {what}: the value is right, but H times the vector is not the value times it.")
    _expect_few_products(answer)


def _expect_few_products(answer: Callable[[_Product, np.ndarray, int], tuple[float, np.ndarray]]) -> None:
    """A few steps, after which the value cannot be near: all that counts is how often was multiplied."""
    steps, calls = 3, 0

    def product(q: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        return np.array([[2.0, 1.0], [1.0, 2.0]]) @ q

    with np.errstate(all="ignore"):
        answer(product, np.array([1.0, -0.9]), steps)
    if calls > steps + 2:
        raise Wrong(
            f"With 100 steps all is right. With steps = {steps}, product was called {calls} times: take the "
            "number of rounds from the argument steps."
        )


def _compare_eigenvalue(case: str, value: float, wanted: float, first: float) -> None:
    if np.isclose(value, wanted, rtol=1e-6):
        return
    hint = "The value is q · Hq for a q of length 1."
    if np.isnan(value) or np.isinf(value) or value == 0:
        hint = (
            "It looks as if the vector grew (or shrank) with every step until floating point gave up. Bring "
            "it back to length 1 after each product."
        )
    elif np.isclose(value, first, rtol=1e-6):
        hint = "That is the value after one step. The next step has to begin with the new vector."
    elif np.isclose(value, -wanted, rtol=1e-6):
        hint = (
            "The sign is lost. A length is never negative, so the value cannot be read off the length of Hq: "
            "take q · Hq."
        )
    elif np.isclose(value, wanted**2, rtol=1e-6):
        hint = "That is its square: Hq · Hq, or the length of Hq squared."
    elif np.isclose(value, 1):
        hint = "That is q · q, the squared length of the vector itself. The value is q · Hq."
    elif wanted < 0:
        hint = "A negative eigenvalue may be the largest in size: keep it, with its sign."
    raise Wrong(f"{case}: expected {wanted:.6g}, received {value:.6g}. {hint}")


# --- A gradient through a fixed point -----------------------------------------------------------

_Layer = tuple[np.ndarray, ...]  # dy, y, x, U, W, b
_NAMES = ("dx", "dU", "dW", "db")
_GO_ON = (
    "Go on until a round changes less than about 1e-12 of the largest entry of dy (never wait for exactly 0: "
    "the last bits may go on flipping)."
)
_ONE_SLOPE = "Both parts reach y before z: the slope 1 − y² multiplies their sum."


def _rows(right: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Solve r = r M + right for each row r, each with its own M."""
    system = np.eye(right.shape[1]) - np.broadcast_to(matrices, (len(right), *matrices.shape[-2:]))
    return np.linalg.solve(np.swapaxes(system, 1, 2), right[..., None])[..., 0]


def _exact(dy: np.ndarray, s: np.ndarray, M: np.ndarray) -> np.ndarray:
    """dz = (dy + dz M) ⊙ s."""
    return _rows(s * dy, M * s[:, None, :])


def _steps(dy: np.ndarray, s: np.ndarray, M: np.ndarray, start: np.ndarray, count: int) -> np.ndarray:
    dz = start
    for _ in range(count):
        dz = s * (dy + dz @ M)
    return dz


def _from(dz: np.ndarray, layer: _Layer) -> _Layer:
    _, y, x, _, W, _ = layer
    return dz @ W.T, y.T @ dz, x.T @ dz, dz.sum(axis=0)


def _slipped(slip: Callable[..., np.ndarray], layer: _Layer) -> _Layer:
    dy, y, _, U, *_ = layer
    return _from(slip(dy, 1 - y**2, y, U), layer)


# Each gives dz from dy, s = 1 − y², y and U.
_FIXED_SLIPS: list[tuple[Callable[..., np.ndarray], str]] = [
    (
        lambda dy, s, y, U: s * dy,
        "That is the gradient through the last iteration alone. A nudge of b moves y, which moves y again "
        "through U, and so on: that part is missing.",
    ),
    (
        lambda dy, s, y, U: _exact(dy, s, U),
        "It looks as if U stood where its transpose belongs. Forward a row is multiplied by U, and on the "
        "way back by U.T.",
    ),
    (
        lambda dy, s, y, U: s * _rows(dy, U.T),
        "It looks as if the slope 1 − y² were missing inside the iteration: every way round through U passes "
        "the tanh, too.",
    ),
    (
        lambda dy, s, y, U: _rows(dy, s[:, :, None] * U.T),
        "It looks as if dW, db and dx were made from ∂L/∂y. Between y and z = yU + xW + b stands the tanh, "
        "with the slope 1 − y².",
    ),
    (
        lambda dy, s, y, U: _rows(dy, U.T),
        "It looks as if the slope of the tanh, 1 − y², were missing everywhere.",
    ),
    (
        lambda dy, s, y, U: s * _rows(dy, U.T * s[:, None, :]),
        "The slope 1 − y² stands on the wrong side: multiply by it before the product with U.T, not after.",
    ),
    (lambda dy, s, y, U: _rows(s * dy, U.T), _ONE_SLOPE),
    (lambda dy, s, y, U: _rows(dy, U.T * s[:, None, :]), _ONE_SLOPE),
    (
        lambda dy, s, y, U: _exact(dy, s, -U.T),
        "The sign of the part that comes through U is the wrong way round.",
    ),
    (
        lambda dy, s, y, U: _exact(dy, 1 - np.tanh(y) ** 2, U.T),
        "The slope was taken as 1 − tanh(y)². y is the tanh already: 1 − y².",
    ),
    (lambda dy, s, y, U: _exact(dy, 1 - y, U.T), "The slope of the tanh is 1 − y², with the square."),
    (
        lambda dy, s, y, U: _exact(dy, y * (1 - y), U.T),
        "y(1 − y) is the slope of a sigmoid. That of the tanh is 1 − y².",
    ),
    (
        lambda dy, s, y, U: s * _exact(dy, s, U.T),
        "The slope 1 − y² came in once too often at the end.",
    ),
    (
        lambda dy, s, y, U: _exact(dy, s, U.T) - s * dy,
        "The gradient through the last iteration, dy times 1 − y², is missing: only what comes round through "
        "U is there.",
    ),
]


@exercise("fixed_point_backward", title="A gradient through a fixed point", stars=3)
def fixed_point_backward(answer: Callable[..., _Layer]) -> None:
    """Square first; one example, one unit, a small dy; last one that converges slowly, in little memory."""
    rng = np.random.default_rng(1909)
    sizes = [(3, 3, 3, 0.8, 1.0), (4, 2, 5, 0.9, 1.0), (1, 3, 2, 0.7, 1.0), (3, 1, 1, 0.6, 1.0)]
    layers = [_layer(rng, *size) for size in [*sizes, (6, 4, 5, 0.5, 1e-3)]]
    found = [_expect_four(answer, layers[0])]
    _compare_layers(layers[:1], found)  # first where all sizes are equal, and no slip raises an error
    found += [_expect_four(answer, layer) for layer in layers[1:]]
    _compare_layers(layers, found)
    _expect_patience(answer, _layer(rng, 4, 3, 8, 0.97, 1.0, slow=True))


def _layer(
    rng: np.random.Generator, N: int, D: int, H: int, norm: float, size: float, slow: bool = False
) -> _Layer:
    """A layer at its fixed point, and an upstream gradient. A slow one has nothing but slopes near 1."""
    U = rng.normal(size=(H, H))
    U *= norm / np.linalg.norm(U, 2)
    if slow:
        U = norm * np.linalg.qr(U)[0]
    x, W, b = rng.normal(size=(N, D)), rng.normal(size=(D, H)), rng.normal(size=H)
    drive = (x @ W + b) * (1e-3 if slow else 1)
    if slow:
        W, b = W / 1000, b / 1000
    y = np.tanh(drive)
    for _ in range(3000):
        y = np.tanh(y @ U + drive)
    return size * rng.normal(size=(N, H)), y, x, U, W, b


def _expect_four(answer: Callable[..., _Layer], layer: _Layer) -> list[np.ndarray]:
    with np.errstate(all="ignore"):
        found = answer(*(a.copy() for a in layer))
    if not isinstance(found, tuple | list) or len(found) != 4:
        received = len(found) if isinstance(found, tuple | list) else f"one {type(found).__name__}"
        raise Wrong(f"Expected four arrays, (dx, dU, dW, db); received {received}.")
    N, D, H = *layer[2].shape, layer[3].shape[0]
    sizes = f" for N, D, H = {N}, {D}, {H}"
    return [
        expect_shape(a, like.shape, name + sizes if np.shape(a) != like.shape else name)
        for a, like, name in zip(found, layer[2:], _NAMES, strict=True)
    ]


def _compare_layers(layers: list[_Layer], found: list[list[np.ndarray]]) -> None:
    """Complain about the first array that is wrong."""

    def alike(slip: Callable[..., np.ndarray]) -> bool:
        pairs = zip(found, [_slipped(slip, layer) for layer in layers], strict=True)
        return all(_close(a, b, 1e-6) for four, wrong in pairs for a, b in zip(four, wrong, strict=True))

    wanted = [_from(_exact(dy, 1 - y**2, U.T), (dy, y, x, U, W, b)) for dy, y, x, U, W, b in layers]
    for n, (layer, four, right) in enumerate(zip(layers, found, wanted, strict=True)):
        wrong = [not _close(one, other, 1e-7) for one, other in zip(four, right, strict=True)]
        if not any(wrong):
            continue
        i = wrong.index(True)
        hint = next((text for slip, text in _FIXED_SLIPS if alike(slip)), "")
        if not hint:
            hint = _about_four(layer, four, right, wrong, n)
        N, D, H = len(layer[1]), layer[2].shape[1], layer[1].shape[1]
        at = _worst(four[i], right[i])
        also = [name for name, w in zip(_NAMES, wrong, strict=True) if not w]
        rest = f" ({', '.join(also)} right.)" if also else ""
        raise Wrong(
            f"For N, D, H = {N}, {D}, {H}: expected {_NAMES[i]}{list(at)} = {right[i][at]:.8g}, received "
            f"{four[i][at]:.8g}.{rest} {hint}"
        )


def _about_four(layer: _Layer, four: list, right: _Layer, wrong: list[bool], n: int) -> str:
    """What is wrong with single arrays, or with the iteration."""
    dy, y, x, U, _, _ = layer
    s = 1 - y**2
    dz = _exact(dy, s, U.T)
    g = _rows(dy, s[:, :, None] * U.T)
    if n == 0 and _close(four[1], right[2], 1e-7) and _close(four[2], right[1], 1e-7):
        return "dU and dW are exchanged: the order is dx, dU, dW, db."
    N, scaled = len(y), [i for i in (1, 2, 3) if wrong[i]]
    if N > 1 and scaled and all(_close(four[i] * N, right[i], 1e-6) for i in scaled):
        return "It was divided by N. Whatever mean the loss takes is in dy already: add over the rows."
    slips = [
        (0, dz, "dx lacks its last step: z = yU + xW + b, so that what arrives at z is multiplied by W.T."),
        (
            0,
            dz @ layer[4] if layer[4].shape == (y.shape[1], y.shape[1]) else dz,
            "dx = dz W.T: is W transposed?",
        ),
        (1, dz.T @ y, "dU is transposed: y.T @ dz, not dz.T @ y."),
        (1, y.T @ g, "dU was made from ∂L/∂y. Between y and z stands the tanh, with the slope 1 − y²."),
        (1, y.T @ (s * dy), "dU was made from the last iteration's part alone."),
        (2, dz.T @ x if x.shape == y.shape else dz, "dW is transposed: x.T @ dz, not dz.T @ x."),
        (2, x.T @ g, "dW was made from ∂L/∂y. Between y and z stands the tanh, with the slope 1 − y²."),
        (3, g.sum(axis=0), "db was made from ∂L/∂y. Between y and z stands the tanh, with the slope 1 − y²."),
        (
            3,
            dz.mean(axis=0),
            "db is a mean. Whatever mean the loss takes is in dy already: add over the rows.",
        ),
        (3, dz.sum(axis=1) if n == 0 else dz, "db was added along the wrong axis: b is used in every row."),
    ]
    for i, slip, message in slips:
        if wrong[i] and np.shape(slip) == right[i].shape and _close(four[i], slip, 1e-6):
            return message
    if wrong[3]:
        if _lacks_dy(dy, s, U, four, right):
            return "dy has to be added in every round."
        small = (
            " A change of 1e-8 is small beside numbers near 1, not beside a dy near 1e-3." if n == 4 else ""
        )
        for start in (s * dy, dy, 0 * dy):
            for count in range(1, 60):
                if _close(four[3], _steps(dy, s, U.T, start, count).sum(axis=0), 1e-7):
                    return f"That is what {count} rounds give. {_GO_ON}{small}"
        if _close(four[3], right[3], 1e-2):
            return f"It is near: does the repetition stop too early?{small}"
        if not np.isfinite(four[3]).all() or np.abs(four[3]).max() > 1e3 * np.abs(right[3]).max():
            return (
                "The repetition runs away. In every round begin with dy anew, and do not add to the last sum."
            )
        if not any(wrong[:3]):
            return "What arrives at z is right, since the others are. b is used in every row: add over them."
        return "Nudge z by a little: what reaches L directly, and what comes back to z through y and U?"
    return (
        f"What arrives at z is right, since db is. {_NAMES[wrong.index(True)]} follows from z = yU + xW + b."
    )


def _lacks_dy(dy: np.ndarray, s: np.ndarray, U: np.ndarray, four: list, right: _Layer) -> bool:
    """Whether dz went round and round without dy, and so faded away, or was on its way there."""
    if all(np.abs(one).max() < 1e-3 * np.abs(other).max() for one, other in zip(four, right, strict=True)):
        return True
    for dz in (s * dy, dy):
        for _ in range(60):
            dz = s * (dz @ U.T)
            if _close(four[3], dz.sum(axis=0), 1e-7):
                return True
    return False


def _expect_patience(answer: Callable[..., _Layer], layer: _Layer) -> None:
    """A layer whose iteration needs more than a thousand rounds, in the memory of a few."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        found = _expect_four(answer, layer)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not tracing:
            tracemalloc.stop()
    dy, y, _, U, *_ = layer
    right = _from(_exact(dy, 1 - y**2, U.T), layer)
    if not all(_close(one, other, 1e-7) for one, other in zip(found, right, strict=True)):
        pairs = zip(found, right, strict=True)
        off = [np.max(np.abs(one - other)) / np.max(np.abs(other)) for one, other in pairs]
        i = int(np.argmax(off))
        raise Wrong(
            "All small layers are right. One in which U keeps 97% of a vector's length converges slowly, and "
            f"there {_NAMES[i]} is off by {off[i]:.0e} of its largest entry, and 1e-7 is asked for: is the "
            f"number of rounds fixed, or the tolerance too wide? {_GO_ON}"
        )
    if peak - before > 150_000:
        raise Wrong(
            f"The gradients are right, but {(peak - before) / 1000:,.0f} kB were needed for a layer whose y "
            "takes a quarter of one: something is stored for every round, as a tape would. The way back "
            "needs y alone."
        )
