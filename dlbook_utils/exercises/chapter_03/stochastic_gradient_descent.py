"""Checkers of the exercise after the second notebook: stochastic gradient descent."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_number, expect_pair, which_slip

__all__ = ["noise_scale"]


def _small(G: np.ndarray) -> float:
    return float(np.mean(np.sum(G**2, axis=1)))


def _big(G: np.ndarray) -> float:
    return float(np.sum(np.mean(G, axis=0) ** 2))


def _estimates(G: np.ndarray, B: int) -> tuple[float, float]:
    """Signal and noise."""
    K = len(G)
    return (K * _big(G) - _small(G)) / (K - 1), (_small(G) - _big(G)) * B * K / (K - 1)


def _lengths(G: np.ndarray) -> tuple[float, float]:
    """Lengths in the place of their squares: the mean of ‖g_k‖, and ‖ḡ‖."""
    return float(np.mean(np.linalg.norm(G, axis=1))), float(np.linalg.norm(G.mean(axis=0)))


_NOISE_SLIPS = [
    (
        lambda G, B: _estimates(G, B)[0],
        "That is the signal. The order is signal, noise.",
    ),
    (
        lambda G, B: (_small(G) - _big(G)) * B,
        "It is (K − 1)/K of what it should be. The scatter is measured about the mean of the K gradients, "
        "which lies in their midst, and comes out too small: divide by K − 1, or by the whole 1/B − 1/(KB).",
    ),
    (
        lambda G, B: _estimates(G, B)[1] / B,
        "That is the noise of a batch of B examples. The noise of a single one, tr Σ, is B times as large.",
    ),
    (
        lambda G, B: (_small(G) - _big(G)) / B,
        "It was divided by B, and K was forgotten. The noise of one example is larger than that of a batch.",
    ),
    (
        lambda G, B: _small(G) - _big(G),
        "The difference of the two squared lengths is tr Σ times 1/B − 1/(KB). Divide by that.",
    ),
    (
        lambda G, B: (_small(G) - _big(G)) * (len(G) * B - B),
        "It was divided by 1/(KB − B). The difference of the two equations holds 1/B − 1/(KB), which is not "
        "the same.",
    ),
    (
        lambda G, B: _estimates(G, B)[1] / B**2,
        "There is a division by B where a multiplication belongs: tr Σ is B times the scatter of the "
        "batches.",
    ),
    (
        lambda G, B: _estimates(G, B)[1] / G.shape[1],
        "It is a mean over the parameters. The trace is the sum of their variances.",
    ),
    (
        lambda G, B: B * np.var(G, axis=0).mean(),
        "It is a mean over the parameters. The trace is the sum of their variances (with K − 1).",
    ),
    (
        lambda G, B: B * np.std(G, axis=0, ddof=1).sum(),
        "Standard deviations were added. The trace is the sum of the variances.",
    ),
    (
        lambda G, B: _estimates(G, B)[1] * len(G),
        "It is K times what it should be: is it the noise of one example?",
    ),
    (
        lambda G, B: (_lengths(G)[0] - _lengths(G)[1]) / (1 / B - 1 / (len(G) * B)),
        "Lengths were subtracted. The two equations hold for their squares.",
    ),
    (
        lambda G, B: (_lengths(G)[0] ** 2 - _big(G)) / (1 / B - 1 / (len(G) * B)),
        "The mean length was squared. It is the squares whose mean is taken.",
    ),
    (
        lambda G, B: (G[0] @ G[0] - _big(G)) / (1 / B - 1 / (len(G) * B)),
        "Only the first batch stands for the small ones. Take the mean of ‖g_k‖² over all K: it scatters "
        "less.",
    ),
    (
        lambda G, B: (_small(G) - _big(G)) / (1 / B - 1 / len(G)),
        "The large batch has K·B examples, and not K.",
    ),
    (lambda G, B: B * _small(G), "That is B ‖g_k‖², with the signal in it: subtract it first."),
    (
        lambda G, B: B * np.sum(np.var(G, axis=1, ddof=1)),
        "The variances were taken along the parameters. They are those of one parameter over the K batches: "
        "axis=0.",
    ),
    (
        lambda G, B: (
            (np.mean(np.sum(G**2, axis=0)) - np.sum(G.mean(axis=1) ** 2)) * B * len(G) / (len(G) - 1)
        ),
        "The axes have changed places: the batches lie along axis 0, the parameters along axis 1.",
    ),
    (lambda G, B: -_estimates(G, B)[1], "The sign is the wrong way round: the small batch has more noise."),
]


def _less_noise(scale: Callable[[np.ndarray, int], float]) -> Callable[[np.ndarray, int], float]:
    """‖ḡ‖² minus a multiple of the noise of one example."""
    return lambda G, B: _big(G) - scale(G, B) * _estimates(G, B)[1]


_SIGNAL_SLIPS = [
    (
        lambda G, B: _big(G),
        "That is ‖ḡ‖², which on average is ‖g‖² + tr Σ/(KB). The noise in it has to be taken off, or B_crit "
        "can never come out larger than KB.",
    ),
    (lambda G, B: _small(G), "That is the mean of ‖g_k‖², noise included."),
    (
        lambda G, B: max(_estimates(G, B)[0], 0.0),
        "A negative estimate was set to 0. Then the average over many is too large: leave it as it is.",
    ),
    (
        lambda G, B: abs(_estimates(G, B)[0]),
        "A negative estimate lost its sign. Then the average over many is too large: leave it as it is.",
    ),
    (
        _less_noise(lambda G, B: 1 / B),
        "Taken off was tr Σ/B, the noise of one batch. In ‖ḡ‖² is only that of all together, tr Σ/(KB).",
    ),
    (
        _less_noise(lambda G, B: 1 / len(G)),
        "Taken off was tr Σ/K. In ‖ḡ‖² is the noise of K·B examples, tr Σ/(KB).",
    ),
    (_less_noise(lambda G, B: 1), "Taken off was tr Σ. In ‖ḡ‖² is only the noise of a mean, tr Σ/(KB)."),
    (
        _less_noise(lambda G, B: -1 / (B * len(G))),
        "The noise was added. ‖ḡ‖² holds it already: take it off.",
    ),
    (
        _less_noise(lambda G, B: (len(G) - 1) / (len(G) ** 2 * B)),
        "It comes from a noise that was measured with K and not K − 1. From the two equations: (K ‖ḡ‖² − "
        "mean of ‖g_k‖²) / (K − 1).",
    ),
    (lambda G, B: _small(G) - _estimates(G, B)[1], "Taken off was tr Σ, and not tr Σ/B."),
    (
        lambda G, B: (len(G) * _big(G) - _small(G)) / len(G),
        "It is (K − 1)/K of what it should be: divide by K − 1.",
    ),
    (
        lambda G, B: (_small(G) - len(G) * _big(G)) / (len(G) - 1),
        "The sign is the wrong way round.",
    ),
    (
        lambda G, B: np.sqrt(_estimates(G, B)[0]),
        "That is the root. The signal is the square of a length.",
    ),
    (
        lambda G, B: _estimates(G, B)[0] / G.shape[1],
        "It is a mean over the parameters. The squared length is a sum.",
    ),
    (
        lambda G, B: (B * len(G) * _big(G) - B * _small(G)) / (B * len(G) + B),
        "The denominator is KB − B, and not their sum.",
    ),
]


@exercise("noise_scale", title="The noise scale from two batch sizes", stars=2)
def noise_scale(answer: Callable[..., tuple[float, float]]) -> None:
    """Two batches and more, one parameter and many; a negative signal; no noise at all; float32."""
    rng = np.random.default_rng(1812)
    cases: list[tuple[np.ndarray, int]] = []
    for K, P, B, level in [(4, 6, 8, 1.0), (2, 3, 64, 1.0), (3, 1, 5, 2.0), (2, 1, 1, 1.0), (6, 6, 3, 0.5)]:
        cases.append((rng.normal(level, 1.5, (K, P)), B))
    cases.append((np.array([[1.0, 2, 0], [-1, -1.5, 0.5]]), 16))  # the signal is negative
    cases.append((np.tile([3.0, -1.0], (3, 1)), 7))  # and here there is no noise
    cases.append((rng.normal(1, 1, (5, 4)).astype(np.float32), 32))
    pairs = [_ask(answer, *case) for case in cases]
    expected = [_estimates(G.astype(float), B) for G, B in cases]
    close = [
        [_near(f, e, G, B) for f, e in zip(*fe, strict=True)]
        for *fe, (G, B) in zip(pairs, expected, cases, strict=True)
    ]
    if all(all(both) for both in close):
        return
    swapped = [
        _near(f[0], e[1], *c) and _near(f[1], e[0], *c)
        for f, e, c in zip(pairs, expected, cases, strict=True)
    ]
    if all(swapped):
        raise Wrong("Signal and noise have changed places: (signal, noise) is their order.")
    which = 0 if all(noise for _, noise in close) else 1
    case = next(i for i, both in enumerate(close) if not both[which])
    hint = which_slip((_SIGNAL_SLIPS, _NOISE_SLIPS)[which], cases, [pair[which] for pair in pairs])
    if not hint and which and case == len(cases) - 2:
        hint = "Here all batches have the same gradient, so that there is no noise."
    (G, B), found, right = cases[case], pairs[case][which], expected[case][which]
    name, so_far = ("signal", "The noise is right. ") if which == 0 else ("noise", "")
    raise Wrong(
        f"{so_far}For K = {len(G)} batches of B = {B}, with {G.shape[1]} parameters: expected {name} = "
        f"{right:.4g}, received {found:.4g}. {hint}".rstrip()
    )


def _near(found: float, expected: float, G: np.ndarray, B: int) -> bool:
    """Whether they agree, within the rounding of what was subtracted."""
    return bool(np.isclose(found, expected, rtol=1e-4, atol=1e-6 * _small(G.astype(float)) * B))


def _ask(answer: Callable[..., Any], G: np.ndarray, B: int) -> tuple[float, float]:
    with np.errstate(all="ignore"):
        found = answer(G.copy(), B)
    if isinstance(found, np.ndarray) and found.shape == (2,):
        found = tuple(found)
    pair = expect_pair(found, ("signal", "noise"))
    rows = " The squared length is a sum over the parameters."
    signal, noise = (expect_number(x, name, rows) for x, name in zip(pair, ("signal", "noise"), strict=True))
    if not np.isfinite(noise):
        raise Wrong(
            f"For K = {len(G)} batches of B = {B}: the noise is {noise}. With B = 1 or K = B something has "
            "been divided by 0: is the size of the large batch K·B?"
        )
    return signal, noise
