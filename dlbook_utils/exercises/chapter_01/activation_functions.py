"""Checkers of the exercises after the second notebook: activation functions."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from dlbook_utils.activations import softmax
from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_shape, listed

__all__ = ["maxout", "network_for_abs", "network_for_dead_zone", "softmax_with_temperature", "three_switches"]


@exercise("softmax_with_temperature", title="A softmax with a temperature", stars=1)
def softmax_with_temperature(answer: Callable[[np.ndarray, float], np.ndarray]) -> None:
    """Square first, where a wrong axis raises no error; far-apart logits last, where exp overflows."""
    rng = np.random.default_rng(17)
    _compare_tempered(
        answer, np.array([[1.0, 3.0, 2.0], [0.0, -2.0, 5.0], [4.0, 1.0, 3.0]]), 2.0, _TEMPERATURE_SLIPS
    )
    for N, K, T in [(4, 4, 0.5), (3, 5, 3.0), (6, 2, 0.25), (1, 4, 10), (2, 1, 5.0)]:
        _compare_tempered(answer, rng.normal(0, 3, (N, K)), T, [])
    _compare_tempered(answer, rng.normal(0, 9, (5, 4)).astype(np.float32), 0.75, [])
    # Alone, a row whose maximum is above 0 and one whose maximum is below: the formula survives both.
    _compare_tempered(answer, np.array([[400.0, 401.0, 402.5]]), 1.0, [], _OVERFLOW)
    _compare_tempered(answer, np.array([[-400.0, -401.0, -402.5]]), 1.0, [_LARGEST_SIZE], _OVERFLOW)
    # A high row, a low one and one near 0; in each, some logits a few T apart and one far below them.
    for T in (1e6, 1e3, 1.0, 1e-3):
        z = np.array([[1e4], [-2e3], [3.0]]) + np.clip(T * rng.uniform(-2, 0, (3, 4)), -8e3, 0)
        z[:, rng.integers(4)] = -1e4
        _compare_tempered(answer, z, T, _OVERFLOW_SLIPS, _OVERFLOW)


_Slip = tuple[Callable[[np.ndarray, float], np.ndarray], str]
_Slips = list[_Slip]


def _share(e: np.ndarray, axis: int | None = 1, keepdims: bool = True) -> np.ndarray:
    return e / e.sum(axis=axis, keepdims=keepdims)


def _lowered(z: np.ndarray) -> np.ndarray:
    return z - z.max(axis=1, keepdims=True)


_NUMERATOR = "T stands in the numerator only. The exponentials that are summed below need it too."
_COLUMNS = "The columns sum to 1. Each row is an example: sum over its classes, along axis=1."
_ONE_SUM = "All the numbers together sum to 1. Each row should: give sum the axis=1 and keepdims=True."
_OVERFLOW = (
    "Logits may be far from 0 and from each other: in float64, exp gives inf above 709 and 0 below −745. "
    "Subtract first what makes the largest exponent of every row 0."
)
# What a wrong answer gives for z and T, if it makes one slip; the first list needs N = K.
_TEMPERATURE_SLIPS: _Slips = [
    (
        lambda z, T: softmax(z * T),
        "That is the softmax of z times T. A high temperature is to level the logits out: divide them by it.",
    ),
    (
        lambda z, T: softmax(z),
        "That is the softmax without a temperature. If you divide the exponentials or the probabilities by "
        "T and then make their sum 1, T cancels: it belongs inside the exp. If it stands there already, look "
        "at the brackets: z − m / T divides only m.",
    ),
    (
        lambda z, T: softmax(z) / T,
        "The probabilities were divided by T, and no longer sum to 1. Divide the logits.",
    ),
    (lambda z, T: softmax(z / T / T), "The logits were divided by T twice."),
    (
        lambda z, T: np.eye(z.shape[1])[np.argmax(z, axis=1)],
        "Everything went to the largest logit. That is the limit for small T, and no other T.",
    ),
    (lambda z, T: z / T, "Those are the logits divided by T. The softmax of them is still to come."),
    (lambda z, T: np.exp(_lowered(z) / T) / np.exp(_lowered(z)).sum(axis=1, keepdims=True), _NUMERATOR),
    (lambda z, T: np.exp(z / T) / np.exp(z).sum(axis=1, keepdims=True), _NUMERATOR),
    (lambda z, T: softmax(z / T, axis=0), _COLUMNS),
    (lambda z, T: _share(np.exp(_lowered(z) / T), axis=0), _COLUMNS),
    (lambda z, T: _share(np.exp(z / T), axis=None), _ONE_SUM),
    (lambda z, T: _share(np.exp(_lowered(z) / T), axis=None), _ONE_SUM),
    (
        lambda z, T: _share(np.exp(_lowered(z) / T), keepdims=False),
        "Column k was divided by the sum of row k: sums of shape (N,) line up with the columns, which shows "
        "only where N is not K. With keepdims=True they have the shape (N, 1).",
    ),
    (
        lambda z, T: _share(np.exp(z / T), keepdims=False),
        "Column k was divided by the sum of row k: sums of shape (N,) line up with the columns, which shows "
        "only where N is not K. With keepdims=True they have the shape (N, 1).",
    ),
    (
        lambda z, T: _share(np.exp((z - z.max(axis=1)) / T), keepdims=False),
        "Maxima and sums of shape (N,) line up with the columns, not with the rows, which raises an error "
        "only where N is not K. With keepdims=True they have the shape (N, 1).",
    ),
    (
        lambda z, T: softmax((z - z.max(axis=1)) / T),
        "The maximum of row k was subtracted from column k: maxima of shape (N,) line up with the columns. "
        "With keepdims=True they have the shape (N, 1).",
    ),
    (
        lambda z, T: softmax((z - z.max(axis=0)) / T),
        "From each column its own maximum was subtracted. It cancels only if all logits of a row lose the "
        "same number: take the maximum along axis=1.",
    ),
]
_LARGEST_SIZE: _Slip = (
    lambda z, T: _share(np.exp((z - np.abs(z).max(axis=1, keepdims=True)) / T)),
    "What was subtracted is the largest size in the row. In a row of negative logits that is not the "
    "maximum: take z.max, not np.abs(z).max.",
)
_OVERFLOW_SLIPS: _Slips = [
    (
        lambda z, T: _share(np.exp((z - z.max()) / T)),
        "One maximum was subtracted from all rows. In a row of low logits every exp is then 0, and 0 / 0 is "
        "nan: give each row its own maximum.",
    ),
    (
        lambda z, T: _share(np.exp(z / T - z.max(axis=1, keepdims=True))),
        "What was subtracted is the maximum of z, not that of z / T. Subtract first and divide the "
        "difference, (z − m) / T.",
    ),
    (
        lambda z, T: _share(softmax(z) ** (1 / T)),
        "Powers of the plain softmax, p ** (1 / T), are right on paper. But a p that was rounded to 0 is "
        "lost, and no power brings it back. Divide the logits instead.",
    ),
]


def _compare_tempered(
    answer: Callable[[np.ndarray, float], np.ndarray], z: np.ndarray, T: float, slips: _Slips, hint: str = ""
) -> None:
    with np.errstate(all="ignore"):
        found = answer(z.copy(), T)
        if not isinstance(found, np.ndarray) or found.shape != z.shape or found.dtype.kind not in "biuf":
            expect_shape(found, z.shape)
        wrong = ~np.isclose(found, softmax(z.astype(float) / T), rtol=1e-4, atol=1e-7).all(axis=1)
        if not wrong.any():
            return
        for slip, text in slips[::-1]:
            if np.allclose(found, slip(z, T), rtol=1e-4, atol=1e-7, equal_nan=True):
                hint = text
    n = np.flatnonzero(wrong)[0]
    if not hint and not np.isclose(found[n].sum(), 1, rtol=1e-4):
        hint = f"What came back sums to {found[n].sum():.4g}; probabilities sum to 1."
    raise Wrong(
        f"For the row {listed(z[n], 7)} of z and T = {T:g}, expected {listed(softmax(z[n] / T))}, received "
        f"{listed(found[n])}. {hint}"
    )


@exercise("maxout", title="The largest of several totals", stars=1)
def maxout(answer: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> None:
    """First a cube, where no wrong axis raises an error and every slip has its own numbers."""
    rng = np.random.default_rng(1302)
    for i, (N, D, H, P) in enumerate(
        [(3, 3, 3, 3), (4, 3, 2, 5), (5, 2, 3, 1), (1, 4, 2, 2), (2, 6, 1, 3), (3, 5, 4, 4), (4, 2, 3, 3)]
    ):
        dtype = np.float32 if i == 5 else np.float64
        X, W = rng.normal(size=(N, D)).astype(dtype), rng.normal(size=(D, H, P)).astype(dtype)
        b = rng.normal(-1, 1, size=(H, P)).astype(dtype)
        if i == 6:
            b -= 5000  # below whatever a running maximum may begin with
        found = answer(X.copy(), W.copy(), b.copy())
        if np.shape(found) == (N, H, P):
            raise Wrong("Those are all the pieces, (N, H, P). The largest of each unit is still to be taken.")
        found = expect_shape(found, (N, H))
        pieces = np.tensordot(X, W, axes=1) + b
        wrong = ~np.isclose(found, pieces.max(axis=2), rtol=1e-4, atol=1e-5)
        if wrong.any():
            n, h = (int(k) for k in np.argwhere(wrong)[0])
            slips = _maxout_slips(X, W, b) if N == D == H == P else []
            hint = next((text for slip, text in slips if np.allclose(found, slip, rtol=1e-4)), "")
            if not hint and np.ptp(found) == 0 and (found > pieces.max(axis=2)).all():
                hint = _BEGINNING
            raise Wrong(
                f"For row {n} of X the pieces of unit {h} are {listed(pieces[n, h], 4)}: expected the "
                f"largest, {pieces[n, h].max():.4g}, received {found[n, h]:.4g}. {hint}".rstrip()
            )


_BEGINNING = (
    "The same number stands everywhere, and all totals lie below it. A running maximum has to begin with the "
    "first piece, or with −inf."
)


def _maxout_slips(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> list[tuple[np.ndarray, str]]:
    """What a wrong answer gives where all sizes are equal, and what to say about it."""
    sums = np.tensordot(X, W, axes=1)
    pieces = sums + b
    after = "The maximum came first, and the bias later. The bias belongs to the piece: add it before."
    order = "If you reshape, let the unit come before the piece, as it does in W."
    return [
        (
            pieces.max(axis=1),
            f"The largest was taken over the units. Of the axes (N, H, P) the last goes, the pieces. {order}",
        ),
        (
            (sums + b.T).max(axis=1),  # W.reshape(D, P, H), and the biases as they should be
            f"Units and pieces have changed places in the sums, not in the biases. {order}",
        ),
        (
            np.maximum(pieces.max(axis=2), 0),
            "Nothing below 0 came back. A running maximum that begins with zeros is a ReLU: begin with the "
            "first piece, or with −inf.",
        ),
        (pieces[:, :, :2].max(axis=2), "Only the first two pieces are compared. There are P of them."),
        (sums.max(axis=2), "It is the largest of the pieces without their biases."),
        (sums.max(axis=2) + b.max(axis=1), after),
        (sums.max(axis=2) + b, after),
        ((sums + b[:, :1]).max(axis=2), "All pieces got the bias of the first. Each has its own, b[h, p]."),
        (sums.max(axis=2) + b.sum(axis=1), after),
        (
            X @ W.max(axis=2) + b.max(axis=1),
            "The largest weights were taken, and then one sum. Sum first: which piece is the largest depends "
            "on x.",
        ),
        (
            (X @ W + b).max(axis=2),
            "X @ W takes W for a stack of D matrices and multiplies X by each, an error wherever H is not D. "
            "np.tensordot(X, W, axes=1) sums over d.",
        ),
        (pieces.sum(axis=2), "The pieces were added up."),
        (pieces.mean(axis=2), "It is the mean of the pieces."),
        (pieces.min(axis=2), "It is the smallest of the pieces."),
        (np.abs(pieces).max(axis=2), "It is the largest in size: a piece's sign counts."),
        (
            pieces.argmax(axis=2),
            "That says which piece is the largest (argmax). How large it is was asked for (max).",
        ),
    ]


def _hidden_layer(found: Any, names: tuple[str, ...], inputs: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Weights and biases of a network with one hidden layer and one output; lists will do."""
    wanted = f"Expected four results, ({', '.join(names)})"
    if not isinstance(found, tuple | list) or len(found) != 4:
        count = len(found) if isinstance(found, tuple | list) else f"one, of type {type(found).__name__}"
        raise Wrong(f"{wanted}; received {count}.")
    arrays = []
    for name, part in zip(names, found, strict=True):
        try:
            arrays.append(np.asarray(part, dtype=float))
        except (TypeError, ValueError):
            raise Wrong(
                f"Expected {name} to hold numbers, with rows of one length; received {part!r}."
            ) from None
    if arrays[1].ndim != 1 or not arrays[1].size:
        raise Wrong(
            f"Expected {names[1]} to have the shape (H,), a bias for each of the H hidden neurons; received "
            f"{arrays[1].shape}."
        )
    H = arrays[1].size
    for name, array, shape in zip(names, arrays, [(*inputs, H), (H,), (H,), ()], strict=True):
        if array.shape != shape:
            turned = " Is it transposed?" if array.ndim == 2 and array.shape == shape[::-1] else ""
            raise Wrong(
                f"{names[1]} says that there are {H} hidden neurons, so {name} must have the shape {shape}; "
                f"received {array.shape}.{turned}"
            )
        if not np.isfinite(array).all():
            raise Wrong(f"{name} holds nan or inf.")
    return tuple(arrays)


@exercise("three_switches", title="An odd number of three switches", stars=2)
def three_switches(answer: Callable[[], Any]) -> None:
    """Any weights that say yes (z > 0) to the four odd inputs and no to the others."""
    W1, b1, w2, b2 = _hidden_layer(answer(), ("W1", "b1", "w2", "b2"), (3,))
    X = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])  # (8, 3)
    odd = X.sum(axis=1) % 2 == 1

    def wrong(W1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray) -> np.ndarray:
        return (np.maximum(X @ W1 + b1, 0) @ w2 + b2 > 0) != odd

    failed = wrong(W1, b1, w2, b2)
    H = b1.size
    if not failed.any():
        if H > 3:
            raise Wrong(
                f"All eight answers are right, but the hidden layer has {H} neurons, and three are enough. "
                "One for each odd input would make four: let the neurons count switches, as in (1.8)."
            )
        return
    n = np.flatnonzero(failed)[0]
    hidden = np.maximum(X[n] @ W1 + b1, 0)
    z = hidden @ w2 + b2
    on = set(X[failed].sum(axis=1).tolist())
    changes = [
        (W1.T if H == 3 else W1, b1, w2, b2, "With W1 transposed it would be right: a row for each switch."),
        (W1, -b1, w2, b2, "With the other signs in b1 it would be right: to begin after 1, add −1."),
        (W1, b1, w2, -b2, "With the other sign of b2 it would be right."),
    ]
    if failed.all():
        hint = "Every answer is the opposite of the right one: turn the sign of z round."
    elif abs(z) < 1e-9:
        hint = "z = 0 counts as a no." if z == 0 else "That is a 0, but for rounding."
        hint += " Leave a margin on both sides."
    elif right := [text for *weights, text in changes if not wrong(*weights).any()]:
        hint = right[0]
    elif on == {3}:
        hint = "Up to two switches it is right. From two to three z has to turn once more, and rise."
    elif on == {2, 3} or on == {2}:
        hint = "From one switch to two z has to fall below 0 again, as in (1.8)."
    else:
        hint = "With 0, 1, 2 and 3 switches on, z has to be below, above, below and above 0."
    names = [str(tuple(x)) for x in X[failed].tolist()]
    others = f" (Wrong too: {', '.join(names[1:])}.)" if 1 < len(names) < 8 else ""
    raise Wrong(
        f"For {names[0]}, the hidden neurons give {listed(hidden)}, and z = {z:.4g} says "
        f"{'yes' if z > 0 else 'no'}; the number of switches on is {X[n].sum()}, "
        f"{'odd' if odd[n] else 'even'}.{others} {hint}"
    )


_Curve = Callable[[np.ndarray], np.ndarray]


@exercise("network_for_abs", title="As few neurons as possible: |x|", stars=1)
def network_for_abs(answer: Callable[[], Any]) -> None:
    """f(x) = |x|, everywhere."""
    weights = _hidden_layer(answer(), ("w1", "b1", "w2", "b2"), ())
    _compare_curve(weights, np.abs, "|x|", neurons=2, kinks=[0])


@exercise("network_for_dead_zone", title="As few neurons as possible: a dead zone", stars=1)
def network_for_dead_zone(answer: Callable[[], Any]) -> None:
    """0 from −1 to 1, and outside it x, moved by 1 towards 0."""
    weights = _hidden_layer(answer(), ("w1", "b1", "w2", "b2"), ())
    _compare_curve(weights, lambda x: x - np.clip(x, -1, 1), "the dead zone", neurons=2, kinks=[-1, 1])


def _compare_curve(
    weights: tuple[np.ndarray, ...],
    f: _Curve,
    name: str,
    neurons: int,
    kinks: list[int],
) -> None:
    """The network's line against f: where it is wrong, then where it bends, then its slopes."""
    w1, b1, w2, b2 = weights

    def network(x: np.ndarray) -> np.ndarray:
        return np.maximum(np.multiply.outer(x, w1) + b1, 0) @ w2 + b2

    bends = np.abs(b1[w1 != 0] / w1[w1 != 0])
    far = 2 * min(bends.max(initial=0), 1e100) + 1000  # beyond the answer's last bend
    x = np.concatenate([np.arange(-12, 13) / 4, [-5, 5, -1000, 1000, -far, far]])
    x = x[np.argsort(np.abs(x), kind="stable")]
    y, expected = network(x), f(x)
    wrong = ~np.isclose(y, expected, rtol=1e-5, atol=1e-6 * (10 + np.abs(x)))
    if not wrong.any():
        if w1.size > neurons:
            raise Wrong(f"It is {name}, but with {w1.size} neurons; {neurons} are enough.")
        return
    at = np.flatnonzero(wrong)[0]
    where = f"At x = {x[at]:g}, expected {expected[at]:g}, received {y[at]:.4g}."
    if len(kinks) > 1 and not wrong[np.abs(x) <= 1].any():
        where = f"From −1 to 1 all is right. {where}"
    elif kinks == [0] and not (wrong & (x >= 0)).any():
        where = f"For x ≥ 0 all is right. {where}"
    elif kinks == [0] and not (wrong & (x <= 0)).any():
        where = f"For x ≤ 0 all is right. {where}"
    raise Wrong(f"{where} {_about_curve(weights, network, f, kinks)}")


def _about_curve(weights: tuple[np.ndarray, ...], network: _Curve, f: _Curve, kinks: list[int]) -> str:
    """What the whole line has too much, too little or wrong."""
    w1, b1, w2, _ = weights
    x = np.linspace(-3, 3, 25)
    y, expected = network(x), f(x)
    gap = y[0] - expected[0]
    if abs(gap) > 1e-5 and np.allclose(y - expected, gap):
        return f"The whole line is too {'high' if gap > 0 else 'low'} by {abs(gap):.4g}: look at b2."
    factor = y @ expected / (expected @ expected)
    if not np.isclose(factor, [0, 1]).any() and np.allclose(y, factor * expected):
        return f"The whole line is {factor:.4g} times what it should be: look at w2."
    fires = (w1 != 0) & (w2 != 0)
    bends = np.unique(np.round(-b1[fires] / w1[fires], 6) + 0.0)
    if not len(bends):
        return "No neuron bends the line: each needs a w1 and a w2 that are not 0."
    if not set(kinks) <= set(bends):
        return (
            f"The neurons bend the line at x = {listed(bends)}, where w1·x + b1 is 0; bends at "
            f"{listed(np.array(kinks))} are needed."
        )
    margin = 2 + np.abs(bends).max()
    ends = [bends[0] - margin, *bends, bends[-1] + margin]
    for left, right in pairwise(ends):
        within = left + (right - left) * np.array([0.25, 0.75])
        found, wanted = (
            round(float(np.diff(g(within))[0] / np.diff(within)[0]), 5) + 0.0 for g in (network, f)
        )
        if not np.isclose(found, wanted, atol=1e-4):
            place = f"From x = {left:g} to {right:g}"
            place = f"Left of {right:g}" if left == ends[0] else place
            place = f"Right of {left:g}" if right == ends[-1] else place
            return (
                f"{place} its slope is {found:.4g} and should be {wanted:.4g}: the slope is the sum of w1·w2 "
                "over the neurons that fire there."
            )
    return ""
