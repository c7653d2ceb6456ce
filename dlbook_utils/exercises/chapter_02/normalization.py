"""Checkers of the exercise after the fifth notebook: vanishing and exploding gradients, normalisation."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_pair, expect_shape, fits, listed, worst

__all__ = ["rms_norm_backward", "rms_norm_forward"]

# Shapes of x: square first, where a wrong axis raises no error; one row; one feature; more axes.
_SHAPES = [(4, 4), (3, 5), (1, 4), (5, 1), (2, 3, 4), (3, 3, 3), (2, 2, 3, 5)]
_Slips = list[tuple[Callable[..., np.ndarray], str]]

_COLUMNS = (
    "It looks as if the mean ran down the columns. Each example has its own root: the last axis, axis=-1."
)
_SECOND = (
    "With more axes than two it looks as if the mean ran along axis 1. The features stand in the last axis, "
    "axis=-1."
)
_ALL = (
    "It looks as if one mean were taken of the whole array. Each example has its own: axis=-1, keepdims=True."
)


def _root(x: np.ndarray, epsilon: float, axis: Any = -1) -> np.ndarray:
    return np.sqrt(np.mean(x**2, axis=axis, keepdims=True) + epsilon)


def _spread(x: np.ndarray, epsilon: float) -> np.ndarray:
    return np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)


# --- rms_norm_forward ---------------------------------------------------------------------------


_FORWARD_SLIPS: _Slips = [
    (
        lambda x, g, e: g * (x - x.mean(axis=-1, keepdims=True)) / _spread(x, e),
        "That is layer normalisation. Nothing is subtracted here, neither from x nor inside the square.",
    ),
    (
        lambda x, g, e: g * x / _spread(x, e),
        "It was divided by the standard deviation. The mean square is taken of x itself: nothing is "
        "subtracted first.",
    ),
    (
        lambda x, g, e: g * (x - x.mean(axis=-1, keepdims=True)) / _root(x, e),
        "The mean was subtracted. Here x is divided, and nothing else.",
    ),
    (lambda x, g, e: g * x / _root(x, e) ** 2, "It was divided by the mean square: the root is missing."),
    (
        lambda x, g, e: g * x / (_root(x, 0) + e),
        "ε was added to the root. It stands under it, beside the mean of the squares.",
    ),
    (lambda x, g, e: g * x / _root(x, 0), "It looks as if ε is not used."),
    (lambda x, g, e: g * x / _root(x, e**2), "It looks as if ε had been squared."),
    (
        lambda x, g, e: g * x / np.sqrt(np.sum(x**2, axis=-1, keepdims=True) + e),
        "It was divided by the root of the sum of squares. The mean was asked for, so that a number is about "
        "1 in size whatever D is.",
    ),
    (
        lambda x, g, e: g * x / (np.abs(x).mean(axis=-1, keepdims=True) + e),
        "It was divided by the mean of the absolute values.",
    ),
    (
        lambda x, g, e: g * x / np.sqrt(np.mean(x, axis=-1, keepdims=True) ** 2 + e),
        "The mean was squared. It is the squares whose mean is taken.",
    ),
    (lambda x, g, e: x / _root(x, e), "γ is missing."),
    (lambda x, g, e: g * x, "It looks as if nothing had been divided by r."),
    (lambda x, g, e: g * x * _root(x, e), "It was multiplied by r, and not divided."),
    (lambda x, g, e: g * x / _root(x, e, 0), _COLUMNS),
    (lambda x, g, e: g * x / _root(x, e, None), _ALL),
    (lambda x, g, e: g * x / _root(x, e, 1), _SECOND),
    (lambda x, g, e: g * x / _root(x, e, tuple(range(1, x.ndim))), _SECOND),
    (
        lambda x, g, e: g * x / _root(x, e)[..., 0],
        "Column d was divided by the root of row d: roots of shape (N,) line up with the columns, which "
        "raises an error only where N is not D. With keepdims=True they have the shape (N, 1).",
    ),
    (
        lambda x, g, e: g.reshape((-1,) + (1,) * (x.ndim - 1)) * x / _root(x, e),
        "γ was multiplied along the first axis. It has a number for each feature, and those stand in the "
        "last.",
    ),
]


@exercise("rms_norm_forward", title="RMSNorm, forward", stars=1)
def rms_norm_forward(answer: Callable[..., tuple[np.ndarray, tuple]]) -> None:
    """y, and a cache that holds what backward is promised; a row of zeros; large and small x."""
    rng = np.random.default_rng(1910)
    for shape in _SHAPES:
        for epsilon in (0.5, 1e-6):
            x = rng.normal(1, 2, shape)
            gamma = rng.normal(1, 0.5, shape[-1])
            _compare_forward(answer, x, gamma, epsilon)
    x = np.vstack([np.zeros(4), rng.normal(size=4)])
    _compare_forward(answer, x, np.ones(4), 1e-6, " A row of zeros stays one: ε keeps it from 0/0.")
    for size in (1e-5, 1e6):
        _compare_forward(answer, size * rng.normal(size=(3, 5)), np.ones(5), 1e-6)
    x = rng.normal(size=(3, 4)).astype(np.float32)
    _compare_forward(answer, x, np.ones(4, np.float32), 1e-3)


def _compare_forward(
    answer: Callable[..., Any], x: np.ndarray, gamma: np.ndarray, epsilon: float, more: str = ""
) -> None:
    given = x.astype(float), gamma.astype(float), epsilon
    with np.errstate(all="ignore"):
        y, cache = expect_pair(answer(x.copy(), gamma.copy(), epsilon), ("y", "cache"))
        case = f"For x of shape {x.shape} and ε = {epsilon:g}: "
        y = expect_shape(y, x.shape, "y")
        r = _root(given[0], epsilon)
        x_hat = given[0] / r
        if not fits(y, given[1] * x_hat):
            hint = next((text for slip, text in _FORWARD_SLIPS if _same(slip, given, y)), "")
            place = worst(y, given[1] * x_hat)
            raise Wrong(
                f"{case}expected y = {(given[1] * x_hat)[place]:.4g} at index {list(place)}, received "
                f"{y[place]:.4g}. {hint}{more}"
            )
    if not isinstance(cache, tuple | list) or len(cache) != 3:
        count = len(cache) if isinstance(cache, tuple | list) else f"one, of type {type(cache).__name__}"
        raise Wrong(
            f"y is right. Expected the cache to hold three arrays, (x_hat, r, gamma); received {count}."
        )
    for name, part, expected in zip(("x_hat", "r", "gamma"), cache, (x_hat, r, given[1]), strict=True):
        part = part if name != "r" or not isinstance(part, np.generic) else np.asarray(part)
        if name == "r" and np.shape(part) == x.shape[:-1] != r.shape:
            raise Wrong(
                f"y is right. In the cache, r has the shape {np.shape(part)}, and {r.shape} is wanted, so "
                "that it divides rows: keepdims=True."
            )
        part = expect_shape(part, expected.shape, f"{name} in the cache")
        if not fits(part, expected):
            hint = {
                "x_hat": " It is x / r, not yet multiplied by γ.",
                "r": " It is the root of the mean square plus ε, by which x is divided.",
                "gamma": "",
            }[name]
            raise Wrong(f"{case}y is right, and {name} in the cache is not.{hint}")


def _same(slip: Callable[..., np.ndarray], given: tuple, found: np.ndarray) -> bool:
    """Whether a slip gives what was found; for shapes that it does not fit, it does not."""
    try:
        return fits(found, slip(*given), 1e-5 if found.dtype == np.float64 else 1e-4)
    except ValueError:
        return False


# --- rms_norm_backward --------------------------------------------------------------------------


def rms_norm_gradients(
    dy: np.ndarray, x_hat: np.ndarray, r: np.ndarray, gamma: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """dx and dγ of y = γ x̂, x̂ = x / r, r = √(mean(x²) + ε)."""
    dx_hat = gamma * dy
    dx = (dx_hat - x_hat * np.mean(dx_hat * x_hat, axis=-1, keepdims=True)) / r
    return dx, np.sum(dy * x_hat, axis=tuple(range(dy.ndim - 1)))


def _mean(x: np.ndarray, axis: Any = -1) -> np.ndarray:
    return np.mean(x, axis=axis, keepdims=True)


def _of_rows(dy: np.ndarray, x_hat: np.ndarray, g: np.ndarray) -> np.ndarray:
    return x_hat * _mean(g * dy * x_hat)


_DX_SLIPS: _Slips = [
    (
        lambda dy, h, r, g: (g * dy - _mean(g * dy) - _of_rows(dy, h, g)) / r,
        "That is the backward pass of layer normalisation. Its first mean comes back through the mean that "
        "was subtracted; here none was.",
    ),
    (
        lambda dy, h, r, g: (g * dy - _mean(g * dy)) / r,
        "Of the two means of layer normalisation the wrong one is left: which comes back through μ, and is "
        "there a μ here?",
    ),
    (
        lambda dy, h, r, g: g * dy / r,
        "It looks as if r were a constant. It holds all features of the row, and a nudge to one of them "
        "moves it: a second term is missing.",
    ),
    (
        lambda dy, h, r, g: (dy - h * _mean(dy * h)) / r,
        "It looks as if γ were missing: the gradient with respect to x̂ is γ · dy.",
    ),
    (
        lambda dy, h, r, g: g * (dy - h * _mean(dy * h)) / r,
        "γ was multiplied at the end. Inside the mean each feature has its own γ, so it belongs to dy before "
        "that.",
    ),
    (
        lambda dy, h, r, g: (g * dy - h * _mean(dy * h)) / r,
        "γ is missing in the second term.",
    ),
    (
        lambda dy, h, r, g: (g * dy + _of_rows(dy, h, g)) / r,
        "The second term has the wrong sign: a larger r makes x̂ smaller.",
    ),
    (
        lambda dy, h, r, g: (g * dy - _of_rows(dy, h, g) / np.maximum(_mean(h**2), 1e-300)) / r,
        "In the second term it looks as if ε were 0 and the mean of x̂² exactly 1. Take x̂ as it stands in "
        "the cache.",
    ),
    (
        lambda dy, h, r, g: (g * dy - h * np.sum(g * dy * h, axis=-1, keepdims=True)) / r,
        "The second term has a sum where a mean belongs: ∂r/∂x_d = x̂_d / D.",
    ),
    (
        lambda dy, h, r, g: (g * dy - _mean(g * dy * h)) / r,
        "The second term has lost its x̂ outside the mean.",
    ),
    (
        lambda dy, h, r, g: (g * dy - h * _mean(g * dy)) / r,
        "The second term has lost its x̂ inside the mean.",
    ),
    (lambda dy, h, r, g: g * dy - _of_rows(dy, h, g), "The division by r is missing."),
    (
        lambda dy, h, r, g: g * dy / r - _of_rows(dy, h, g),
        "Only the first term was divided by r. (Or x stands where x̂ belongs.)",
    ),
    (lambda dy, h, r, g: (g * dy - _of_rows(dy, h, g)) / r**2, "It was divided by r twice."),
    (
        lambda dy, h, r, g: g * dy / r - _of_rows(dy, h, g) / r**2,
        "In the second term there is a division by r too many.",
    ),
    (
        lambda dy, h, r, g: g * dy / r - _of_rows(dy, h, g) / r**3,
        "The second term is divided by r³. That is right for x · mean(dx̂ · x), with x itself; the cache "
        "holds x̂ = x / r.",
    ),
    (
        lambda dy, h, r, g: (g * dy - 2 * _of_rows(dy, h, g)) / r,
        "The second term is twice too large: the 2 of the square and the ½ of the root cancel.",
    ),
    (
        lambda dy, h, r, g: (g * dy - _of_rows(dy, h, g) / 2) / r,
        "The second term is half as large as it should be: the 2 of the square and the ½ of the root cancel.",
    ),
    (lambda dy, h, r, g: (g * dy - h * _mean(g * dy * h, 0)) / r, _COLUMNS),
    (lambda dy, h, r, g: (g * dy - h * _mean(g * dy * h, 1)) / r, _SECOND),
    (lambda dy, h, r, g: (g * dy - h * np.mean(g * dy * h)) / r, _ALL),
    (
        lambda dy, h, r, g: (g * dy - h * np.mean(g * dy * h, axis=-1)) / r,
        "The mean of row d was used in column d: means of shape (N,) line up with the columns. With "
        "keepdims=True they have the shape (N, 1).",
    ),
]

_DGAMMA_SLIPS: _Slips = [
    (
        lambda dy, h, r, g: np.mean(dy * h, axis=tuple(range(dy.ndim - 1))),
        "That is a mean over the examples. γ serves all of them: their shares add up.",
    ),
    (
        lambda dy, h, r, g: np.sum(dy * h * r, axis=tuple(range(dy.ndim - 1))),
        "dy was multiplied by x. y is γ · x̂, so the factor is x̂.",
    ),
    (
        lambda dy, h, r, g: np.sum(g * dy * h, axis=tuple(range(dy.ndim - 1))),
        "There is a γ in it: y = γ · x̂ changes with γ at the rate x̂.",
    ),
    (
        lambda dy, h, r, g: np.sum(dy, axis=tuple(range(dy.ndim - 1))),
        "That would be the gradient of a shift β. There is none here; γ is multiplied by x̂.",
    ),
    (
        lambda dy, h, r, g: np.sum(dy * h / r, axis=tuple(range(dy.ndim - 1))),
        "There is a division by r too many: x̂ is divided already.",
    ),
    (
        lambda dy, h, r, g: np.sum(dy * h, axis=-1),
        "The sum ran along the features. γ has a number for each of them: sum over the examples.",
    ),
]


@exercise("rms_norm_backward", title="RMSNorm, backward", stars=2)
def rms_norm_backward(answer: Callable[..., tuple[np.ndarray, np.ndarray]]) -> None:
    """Random upstream gradients, with a large ε too, for which x̂ is shorter than √D."""
    rng = np.random.default_rng(1911)
    for shape in _SHAPES:
        for epsilon, size in ((3.0, 2.0), (1e-6, 2.0), (1e-6, 100.0)):
            _compare_backward(answer, size * rng.normal(0.5, 1, shape), epsilon, rng)
    x = np.vstack([np.zeros(4), rng.normal(size=4)])
    _compare_backward(answer, x, 1e-6, rng)
    _compare_backward(answer, rng.normal(size=(3, 4)).astype(np.float32), 1e-3, rng)


def _compare_backward(
    answer: Callable[..., Any], x: np.ndarray, epsilon: float, rng: np.random.Generator
) -> None:
    gamma = rng.normal(1, 0.5, x.shape[-1]).astype(x.dtype)
    dy = rng.normal(size=x.shape).astype(x.dtype)
    r = _root(x, epsilon).astype(x.dtype)
    x_hat = x / r
    given = tuple(a.astype(float) for a in (dy, x_hat, r, gamma))
    expected = rms_norm_gradients(*given)
    with np.errstate(all="ignore"):
        pair = expect_pair(answer(dy.copy(), (x_hat.copy(), r.copy(), gamma.copy())), ("dx", "dgamma"))
        shapes = [np.shape(part) for part in pair]
        if shapes == [expected[1].shape, expected[0].shape] and shapes[0] != shapes[1]:
            raise Wrong("dx and dgamma have changed places: (dx, dgamma) is their order.")
        if shapes[1] == x.shape != expected[1].shape:
            raise Wrong(
                f"dgamma has the shape of x, {shapes[1]}. γ has the shape {expected[1].shape}: every example "
                "uses it, so their shares are added up."
            )
        if len(shapes[1]) > 1 and shapes[1][-1] == x.shape[-1]:
            raise Wrong(
                f"For x of shape {x.shape}, dgamma has the shape {shapes[1]} instead of {expected[1].shape}. "
                "All axes but the last count examples: sum over all of them."
            )
        case = f"For x of shape {x.shape}: "
        for name, part, right, slips in zip(
            ("dgamma", "dx"), pair[::-1], expected[::-1], (_DGAMMA_SLIPS, _DX_SLIPS), strict=True
        ):
            part = expect_shape(part, right.shape, name)
            if fits(part, right, size=float(np.abs(given[3] * dy / r).max()) if name == "dx" else 0.0):
                continue
            hint = next((text for slip, text in slips if _same(slip, given, part)), "")
            if not hint and name == "dx" and epsilon < 1e-3 and np.abs(x).max() > 1:
                hint = _about_direction(part, *given)
            place = worst(part, right)
            raise Wrong(
                f"{case}expected {name} = {right[place]:.4g} at index {list(place)}, received "
                f"{part[place]:.4g}. {hint}".rstrip()
            )


def _about_direction(
    dx: np.ndarray, dy: np.ndarray, x_hat: np.ndarray, r: np.ndarray, gamma: np.ndarray
) -> str:
    """What dx says along x, where it should say nothing."""
    along = np.sum(dx * x_hat, axis=-1).ravel()
    if np.allclose(along, 0, atol=1e-3 * np.abs(dx).max()):
        return "(At least it is perpendicular to x.)"
    return (
        f"Along x its rows have the components {listed(along[:3])}{' …' if along.size > 3 else ''}, and with "
        "so small an ε should have none: a longer x gives the same x̂."
    )
