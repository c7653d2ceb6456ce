"""Checkers of the exercises after the first notebook: neurons and layers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_array, expect_integers, expect_pair, expect_shape

__all__ = ["absorb_scaling", "favourite_image", "refuse_close_calls"]


@exercise("refuse_close_calls", title="An answer, or none", stars=1)
def refuse_close_calls(answer: Callable[[np.ndarray, float], np.ndarray]) -> None:
    """Scores in quarters, so that the lead of the best over the second best is exact."""
    rng = np.random.default_rng(1)
    cases = []
    for N, H in [(7, 4), (5, 10), (6, 2), (1, 3)]:
        # No number twice in a row: distinct quarters, negative ones too.
        Z = np.stack([rng.choice(np.arange(-40, 41), H, replace=False) / 4 for _ in range(N)])
        for margin in (0.0, 1.125, 2.625):
            found = answer(Z.copy(), margin)
            _expect_answers(found, Z, margin)
            cases.append((Z, margin, found))
    _compare_answers(cases)

    # A lead of exactly the margin is enough.
    Z = np.array([[0.0, 2.0, 1.0], [0.5, 0.25, 3.0]])
    found = expect_shape(answer(Z.copy(), 1.0), (2,))
    if found[0] == -1:
        raise Wrong(
            "The row [0, 2, 1] was refused with margin = 1, although its best two scores differ by exactly "
            "the margin. Refuse only where they differ by less."
        )
    # Ties: the best score twice.
    Z = np.array([[3.0, 1.0, 3.0], [0.0, 4.0, 1.0]])
    found = expect_shape(answer(Z.copy(), 0.5), (2,))
    if found[0] != -1:
        raise Wrong(
            "The row [3, 1, 3] was not refused with margin = 0.5. The best score stands there twice, so the "
            "second best is 3 too, and they differ by 0."
        )
    if answer(Z.copy(), 0.0)[0] not in (0, 2):
        raise Wrong("With margin = 0 nothing is refused: for the row [3, 1, 3] the answer is 0 (or 2).")


def _lead(Z: np.ndarray) -> np.ndarray:
    """By how much the best score of each row leads the second best, (N,)."""
    ordered = np.sort(Z, axis=1)
    return ordered[:, -1] - ordered[:, -2]


def _expect_answers(found: Any, Z: np.ndarray, margin: float) -> None:
    """Whole numbers, one for each row."""
    answered = _lead(Z) >= margin
    if isinstance(found, np.ndarray) and found.ndim == 1 and len(found) == answered.sum() < len(Z):
        raise Wrong(
            f"Z has {len(Z)} rows, and {len(found)} numbers came back: the refused rows are missing. An "
            "answer of −1 keeps the row, so that answer n belongs to row n of Z."
        )
    found = expect_shape(found, (len(Z),))
    if found.dtype.kind == "f" and np.array_equal(found[answered], Z.max(axis=1)[answered]):
        raise Wrong(
            "The best scores themselves came back. The class was asked for: the index at which the best "
            "score of the row stands."
        )
    expect_integers(found)


# What a wrong answer gives for Z and margin, if it makes one slip throughout.
_SLIPS: list[tuple[Callable[[np.ndarray, float], np.ndarray], str]] = [
    (
        lambda Z, margin: np.argmax(Z, axis=1),
        "Nothing was refused, whatever the margin: it looks as if margin is not used.",
    ),
    (
        lambda Z, margin: np.full(len(Z), -1),
        "Every row was refused, whatever the margin. np.sort puts the smallest first: the best score of a "
        "row then stands in the last column, [:, -1], and the second best in [:, -2].",
    ),
    (
        lambda Z, margin: np.where(np.diff(np.sort(Z, axis=1))[:, 0] < margin, -1, np.argmax(Z, axis=1)),
        "It looks as if the two lowest scores were compared. np.sort puts the smallest first: the best score "
        "of a row then stands in the last column, [:, -1], and the second best in [:, -2].",
    ),
    (
        lambda Z, margin: np.where(_lead(Z) >= margin, -1, np.argmax(Z, axis=1)),
        "Refused and answered rows have changed places: is the comparison the wrong way round?",
    ),
    (
        lambda Z, margin: np.where(Z.max(axis=1) < margin, -1, np.argmax(Z, axis=1)),
        "It looks as if the best score itself were compared with the margin, not its lead.",
    ),
]


def _compare_answers(cases: list[tuple[np.ndarray, float, np.ndarray]]) -> None:
    """Complain about the first wrong row; a slip is named only if it explains all answers."""
    for Z, margin, found in cases:
        best = np.argmax(Z, axis=1)
        expected = np.where(_lead(Z) < margin, -1, best)
        if (found != expected).any():
            break
    else:
        return
    H = Z.shape[1]
    n = np.flatnonzero(found != expected)[0]
    row = f"Row {n} of Z is {Z[n].tolist()}, and margin is {margin}"
    explained = [
        message for slip, message in _SLIPS if all(np.array_equal(f, slip(Z, m)) for Z, m, f in cases)
    ]
    if explained:
        hint = explained[0]
    elif ((found < -1) | (found >= H)).any():
        hint = f"The answers must be class indices from 0 to {H - 1}, or −1."
    elif found[n] != -1 and expected[n] != -1 and found[n] != best[n]:
        hint = "That is not where the best score stands."
    else:
        best_two = np.sort(Z[n])[::-1][:2]
        hint = f"The best two scores are {best_two[0]} and {best_two[1]}."
    raise Wrong(f"{row}: expected {expected[n]}, received {found[n]}. {hint}")


@exercise("absorb_scaling", title="A layer that scales for itself", stars=2)
def absorb_scaling(answer: Callable[..., tuple[np.ndarray, np.ndarray]]) -> None:
    """First each result against the usual slips, then the two together on data."""
    rng = np.random.default_rng(2)
    for D, H in [(5, 3), (3, 7), (4, 4), (6, 1)]:
        W, b = rng.normal(size=(D, H)), rng.normal(size=H)
        mean, scale = rng.normal(3, 2, size=D), rng.uniform(1.5, 4, size=D) * rng.choice([-1, 1], D)
        W2, b2 = expect_pair(answer(W.copy(), b.copy(), mean.copy(), scale.copy()), ("W2", "b2"))
        W2 = expect_shape(W2, (D, H), "W2")
        b2 = expect_shape(b2, (H,), "b2")
        _compare_weights(W2, W, scale)
        _compare_bias(b2, W, b, mean, scale)
        X = rng.normal(size=(8, D))
        expect_array(X @ W2 + b2, ((X - mean) / scale) @ W + b, "x @ W2 + b2", rtol=1e-4, atol=1e-6)


def _compare_weights(W2: np.ndarray, W: np.ndarray, scale: np.ndarray) -> None:
    column = scale[:, None]
    if np.allclose(W2, W):
        raise Wrong(
            "W2 is W itself. But nobody divides the raw inputs by scale any more, so the weights must make "
            "up for it."
        )
    if np.allclose(W2, W * column):
        raise Wrong("W2 is W times scale. The input is divided by scale: what must happen to its weight?")
    if W.shape[0] == W.shape[1] and np.allclose(W2, W / scale):
        raise Wrong(
            "Column h of W was divided by scale[h]. But scale belongs to the inputs, and input d has row d "
            "of W: give scale the shape (D, 1)."
        )
    if np.allclose(W2, W / np.abs(column)):
        raise Wrong("W2 is right but for its signs: a scale may be negative, and its sign counts.")
    expect_array(W2, W / column, "W2", rtol=1e-4, atol=1e-7)


def _compare_bias(b2: np.ndarray, W: np.ndarray, b: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> None:
    shift = (mean / scale) @ W
    slips = [
        (b, "W2 is right. But b2 is b itself: what does the layer add for the mean, whatever the input is?"),
        (b + shift, "W2 is right. But in b2 the mean has the wrong sign: it is subtracted from the input."),
        (
            b - mean @ W,
            "W2 is right. But in b2 the mean is not divided by scale: x − mean is, both parts of it.",
        ),
        (b - (mean / scale**2) @ W, "W2 is right. But in b2 the mean is divided by scale twice."),
        (-shift, "W2 is right. But b2 has lost b: the old bias is still added."),
    ]
    for slip, message in slips:
        if np.allclose(b2, slip):
            raise Wrong(message)
    expect_array(b2, b - shift, "b2", rtol=1e-4, atol=1e-6)


@exercise("favourite_image", title="What a neuron would like best", stars=2)
def favourite_image(answer: Callable[[np.ndarray, int], np.ndarray]) -> None:
    """Any image that reaches the best sum is accepted, whatever it does about ties."""
    rng = np.random.default_rng(16)
    for D, k in [(9, 3), (12, 5), (20, 1), (6, 6)]:
        _compare_image(answer, rng.permutation(np.arange(1, D + 1) * rng.choice([-1.0, 1.0, 1.0], D)), k)
    # Weights so small that only full ink is good enough.
    _compare_image(answer, np.array([2e-6, -1e-6, 1e-6, 3e-6]), 2)
    # More pixels allowed than have positive weights; none at all; the same weight again and again.
    _compare_image(answer, np.array([-3.0, 2.0, -1.0, 0.5, -4.0]), 4)
    _compare_image(answer, np.array([-1.0, -2.0, -3.0]), 2)
    _compare_image(answer, np.array([2.0, -1.0, 1.0]), 0)
    _compare_image(answer, np.array([1.0, 3.0, 1.0, 1.0, -2.0, 1.0]), 3)


def _inks_of(x: np.ndarray, pixels: np.ndarray, w: np.ndarray) -> bool:
    """Whether the inked pixels are just these, or those with a positive weight, and not the best ones."""
    inked = np.flatnonzero(x).tolist()
    best = np.argsort(w)[::-1][: len(pixels)]
    return (
        bool(inked)
        and inked != sorted(best.tolist())
        and inked in (sorted(pixels.tolist()), sorted(pixels[w[pixels] > 0].tolist()))
    )


def _compare_image(answer: Callable[[np.ndarray, int], np.ndarray], w: np.ndarray, k: int) -> None:
    case = f"For w = {w.tolist()} and k = {k}"
    found = answer(w.copy(), k)
    if isinstance(found, np.ndarray) and found.ndim == 1 and 0 < len(found) == k < len(w):
        raise Wrong(
            f"{case}, k numbers came back. Expected an image of shape {w.shape}, not a list of its pixels."
        )
    x = expect_shape(found, w.shape).astype(float)
    count = np.count_nonzero(x)
    positive = np.count_nonzero(w > 0)
    received = f"{case}, received {np.round(x, 4).tolist()}"
    if x.min() < 0 or x.max() > 1:
        hint = " Those are weights, and an image was asked for." if np.isin(x[x != 0], w).all() else ""
        raise Wrong(f"{received}. An image's values lie between 0 and 1.{hint}")
    if count > k:
        if k == 0:
            hint = (
                " Mind how it counts when k is 0: the index k − 1 is then −1, the last; the index −k is −0, "
                "the first; and a slice that begins at −k means all, not none."
            )
        elif len(np.unique(w)) < len(w):
            hint = " Mind that several pixels may have the same weight."
        elif count == positive:
            hint = " It has every pixel with a positive weight, however many are allowed."
        else:
            hint = ""
        raise Wrong(f"{received}: {count} pixels are not zero, and at most {k} may be.{hint}")
    expected = np.sort(w)[::-1][: min(k, positive)].sum()
    if np.isclose(w @ x, expected, rtol=1e-5, atol=1e-9 * np.abs(w).max()):
        return
    if _inks_of(x, np.argsort(w)[:k], w):
        hint = (
            "These are the pixels with the smallest weights: np.argsort lists the smallest first. Turn its "
            "list round with [::-1]."
        )
    elif _inks_of(x, np.arange(k), w):
        hint = (
            f"These are the first {k} pixels, whatever their weights. Is the order that np.argsort gives "
            "used to choose the pixels?"
        )
    elif (w[x > 0] < 0).any():
        hint = (
            "It has ink where the weight is negative: that makes the sum smaller, so leave the pixel blank."
        )
    elif count < min(k, positive):
        hint = f"It has ink in {count} pixels only; {min(k, positive)} would do more."
    elif ((x > 0) & (x < 1)).any():
        hint = "Some of its ink is not full: where the weight is positive, more ink is better, up to 1."
    else:
        hint = "Other pixels have larger weights."
    raise Wrong(f"{received}, with the sum w·x = {w @ x:.4g}; {expected:.4g} can be reached. {hint}")
