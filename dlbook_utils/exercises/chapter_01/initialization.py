"""Checkers of the exercises after the fourth notebook: initialisation."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_number, name_slip

__all__ = ["random_leaky_stddev"]


def _q(low: float, high: float) -> float:
    """1 + E[a²] for slopes a between two bounds."""
    return 1 + (low**2 + low * high + high**2) / 3


def _stddev(fan_in: float, low: float, high: float) -> float:
    return (2 / (_q(low, high) * fan_in)) ** 0.5


_SLOPE_SLIPS: list[tuple[Callable[..., Any], str]] = [
    (
        lambda n, low, high: (2 / n) ** 0.5,
        "It looks as if the slopes are not used: that is He's rule for the ReLU.",
    ),
    (
        lambda n, low, high: (2 / ((1 + ((low + high) / 2) ** 2) * n)) ** 0.5,
        "It looks as if the mean slope were squared. What counts is the mean of the squares: slopes −1 and 1 "
        "are 0 on average, and their squares are not.",
    ),
    (
        lambda n, low, high: (2 / ((1 + (low + high) / 2) * n)) ** 0.5,
        "It looks as if the mean slope stood there, not the mean of its square: on the left f(z)² is a²·z².",
    ),
    (
        lambda n, low, high: (2 / ((1 + (low**2 + high**2) / 2) * n)) ** 0.5,
        "It looks as if only the two bounds were squared and averaged. All slopes between them occur too, "
        "and equally often: the mean is an integral.",
    ),
    (
        lambda n, low, high: (2 / ((1 + (high - low) ** 2 / 12) * n)) ** 0.5,
        "It looks as if the variance of the slope stood where the mean of its square belongs. They differ by "
        "the square of the mean slope.",
    ),
    (
        lambda n, low, high: (2 / ((1 + (low**2 + high**2) / 3) * n)) ** 0.5,
        "It looks as if low·high were missing: (high³ − low³) / (high − low) is high² + low·high + low².",
    ),
    (
        lambda n, low, high: (2 / ((1 + high**2 / 3) * n)) ** 0.5,
        "It looks as if the slopes always began at 0. They begin at low.",
    ),
    (
        lambda n, low, high: (2 / ((1 + high**2) * n)) ** 0.5,
        "It looks as if every slope were the upper bound.",
    ),
    (
        lambda n, low, high: (2 / ((1 + low**2) * n)) ** 0.5,
        "It looks as if every slope were the lower bound.",
    ),
    (
        lambda n, low, high: _stddev(n, low, high) ** 2,
        "That is the variance of the weights. The standard deviation is its square root.",
    ),
    (
        lambda n, low, high: _stddev(2 * n, low, high),
        "It is √½ times what it should be. Each side of 0 holds only half of the mean square.",
    ),
    (
        lambda n, low, high: (2 / n / (_q(low, high) - 1)) ** 0.5 if low or high else np.inf,
        "It looks as if the right side, where f(z) = z, were left out.",
    ),
    (
        lambda n, low, high: 2 / _q(low, high) / n**0.5,
        "The root was drawn of fan_in only. The factor before it belongs under the root too.",
    ),
    (
        lambda n, low, high: (2 / _q(low, high)) ** 0.5 / n,
        "It was divided by fan_in after the root was drawn. fan_in belongs under it.",
    ),
    (
        lambda n, low, high: (2 / _q(low, high) * n) ** 0.5,
        "It grows with fan_in. The more inputs are added up, the smaller their weights must be. Mind the "
        "brackets: 2 / q * n is (2 / q) · n.",
    ),
    (
        lambda n, low, high: (2 / _q(low, high)) ** 0.5,
        "It looks as if fan_in is not used. The more inputs are added up, the smaller their weights must be.",
    ),
    (
        lambda n, low, high: (_q(low, high) / (2 * n)) ** 0.5,
        "The share of the mean square that the bend keeps stands above the line. The weights must undo it.",
    ),
    (
        lambda n, low, high: (n * (_q(low, high) / 2 - (1 - (low + high) / 2) ** 2 / (2 * np.pi))) ** -0.5,
        "It looks as if the variance of f(z) had been kept. The next totals depend on the mean of f(z)² "
        "itself, from which the square of its mean is not subtracted.",
    ),
]


_AVERAGED = (
    "It looks as if the rule for a fixed slope were averaged. Average a² first, and put the mean into the "
    "rule."
)
# Compared with a wider tolerance than the others, since the mean may be one of random slopes.
_RULE_SLIPS: list[tuple[Callable[..., Any], str]] = [
    (lambda n, low, high: np.mean((2 / n / (1 + _evenly(low, high) ** 2)) ** 0.5), _AVERAGED),
    (lambda n, low, high: np.mean(2 / n / (1 + _evenly(low, high) ** 2)) ** 0.5, _AVERAGED),
]


def _evenly(low: float, high: float) -> np.ndarray:
    """Slopes in the middles of ten thousand equal parts."""
    return low + (high - low) * (np.arange(10_000) + 0.5) / 10_000


@exercise("random_leaky_stddev", title="A slope left to chance", stars=2)
def random_leaky_stddev(answer: Callable[[int, float, float], float]) -> None:
    """Bounds of both signs, and bounds that are equal: the ReLU, a leaky one, none at all."""
    cases = [(8, 0.0, 0.0), (2, 1.0, 1.0), (6, -1.0, 1.0), (8, 0.0, 1.0), (5, -0.5, -0.25), (784, 0.125, 0.3)]
    each = " It is what the weights are drawn with; nothing is drawn here."
    with np.errstate(all="ignore"):
        # In NumPy's numbers 0/0 is nan, and no error.
        found = [
            expect_number(answer(n, np.float64(low), np.float64(high)), rows=each) for n, low, high in cases
        ]
    expected = [_stddev(*case) for case in cases]
    wrong = ~np.isclose(found, expected, rtol=1e-5)
    if not wrong.any():
        return
    first = int(np.argmax(wrong))
    hint = name_slip(_SLOPE_SLIPS, cases, found) or name_slip(_RULE_SLIPS, cases, found, rtol=2e-3)
    if not hint and np.allclose(found, expected, rtol=0.02):
        hint = "Near, but not exact: the mean of a² is an integral, and can be had exactly."
    elif not hint and np.isnan(found[first]):
        hint = "Where the bounds are equal, high − low is 0: divide out what (high³ − low³) contains of it."
    elif not hint:
        hint = [
            "Without a slope on the left it is the ReLU, and He's rule must come out, √(2/fan_in).",
            "Here f(z) = z, nothing is lost at the bend, and 1/fan_in is the variance that keeps the size.",
            "The squares of slopes from −1 to 1 are ⅓ on average.",
            "The squares of slopes from 0 to 1 are ⅓ on average.",
            "Only negative slopes, and unequal ones, come out wrong. Mind the signs of low and low·high.",
            "Only unequal positive bounds come out wrong. What is the mean of their squares?",
        ][first]
    n, low, high = cases[first]
    raise Wrong(
        f"For fan_in = {n} and slopes from {low:g} to {high:g}: expected {expected[first]:.4g}, received "
        f"{found[first]:.4g}. {hint}"
    )
