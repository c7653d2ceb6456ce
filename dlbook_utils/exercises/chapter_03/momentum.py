"""Checkers of the exercise after the third notebook: momentum."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_number, expect_shape, fits, which_slip, worst

__all__ = ["lookahead", "lookahead_floor"]

_Step = Callable[[np.ndarray], np.ndarray]
_Stepper = Callable[[], _Step]  # makes a step that remembers nothing yet


# --- lookahead ----------------------------------------------------------------------------------


def _path(phi: np.ndarray, make: _Stepper, k: int, alpha: float, rounds: int) -> np.ndarray:
    step, path = make(), [phi]
    for _ in range(rounds):
        theta = phi
        for _ in range(k):
            theta = step(theta)
        phi = phi + alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def _keeps_the_fast(phi: np.ndarray, make: _Stepper, k: int, alpha: float, rounds: int) -> np.ndarray:
    step, path, theta = make(), [phi], phi
    for _ in range(rounds):
        for _ in range(k):
            theta = step(theta)
        phi = phi + alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def _follows_each_step(phi: np.ndarray, make: _Stepper, k: int, alpha: float, rounds: int) -> np.ndarray:
    step, path = make(), [phi]
    for _ in range(rounds):
        theta = phi
        for _ in range(k):
            theta = step(theta)
            phi = phi + alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def _steps_from_the_slow(phi: np.ndarray, make: _Stepper, k: int, alpha: float, rounds: int) -> np.ndarray:
    step, path = make(), [phi]
    for _ in range(rounds):
        for _ in range(k):
            theta = step(phi)
        phi = phi + alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def _from_the_start(phi: np.ndarray, make: _Stepper, k: int, alpha: float, rounds: int) -> np.ndarray:
    step, path, start = make(), [phi], phi
    for _ in range(rounds):
        theta = start
        for _ in range(k):
            theta = step(theta)
        phi = phi + alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def _fast_ends(phi: np.ndarray, make: _Stepper, k: int, alpha: float, rounds: int) -> np.ndarray:
    step, path = make(), [phi]
    for _ in range(rounds):
        theta = phi
        for _ in range(k):
            theta = step(theta)
        phi = phi + alpha * (theta - phi)
        path.append(theta)
    return np.array(path)


def _mean_of_the_fast(phi: np.ndarray, make: _Stepper, k: int, alpha: float, rounds: int) -> np.ndarray:
    step, path = make(), [phi]
    for _ in range(rounds):
        theta, seen = phi, []
        for _ in range(k):
            theta = step(theta)
            seen.append(theta)
        phi = phi + alpha * (np.mean(seen, axis=0) - phi)
        path.append(phi)
    return np.array(path)


_PATH_SLIPS = [
    (
        _keeps_the_fast,
        "The fast weights go on from where they were. Each round they start again from the slow ones.",
    ),
    (
        lambda phi, make, k, alpha, rounds: _path(phi, make, k, 1 - alpha, rounds),
        "α and 1 − α have changed places: with α = 1 the slow weights follow all the way.",
    ),
    (
        lambda phi, make, k, alpha, rounds: _path(phi, make, k, -alpha, rounds),
        "The slow weights move away from the fast ones: the difference is θ − φ.",
    ),
    (
        lambda phi, make, k, alpha, rounds: _path(phi, make, k, 1, rounds),
        "The slow weights follow all the way, as if α were 1.",
    ),
    (
        lambda phi, make, k, alpha, rounds: _path(phi, make, k, 0, rounds),
        "The slow weights have not moved. Are they and the fast ones two names for one array?",
    ),
    (
        _follows_each_step,
        "The slow weights follow after every step. They wait until all k steps of the round are done.",
    ),
    (
        _steps_from_the_slow,
        "Every step sets out from the slow weights. It is θ that step is given: θ = step(θ).",
    ),
    (_from_the_start, "Every round sets out from where the first one did. It starts from the slow weights."),
    (_fast_ends, "These are the fast weights at the end of each round. The slow ones are the result."),
    (
        _mean_of_the_fast,
        "The slow weights follow the mean of the k fast ones. They follow the last one, θ_k.",
    ),
    (
        lambda phi, make, k, alpha, rounds: np.array([_path(phi, make, k, alpha, rounds)[-1]] * (rounds + 1)),
        "All rows are the last one: they are one array, changed in place again and again. Append a copy, or "
        "make a new array each round.",
    ),
]


def _contraction(seed: int, shape: tuple[int, ...]) -> _Stepper:
    """A step towards a place of its own, without memory."""
    rng = np.random.default_rng(seed)
    rate, to = rng.uniform(0.1, 0.6, shape), rng.normal(size=shape)
    return lambda: lambda theta: theta - rate * (theta - to)


def _with_memory(seed: int, shape: tuple[int, ...]) -> _Stepper:
    """A heavy ball, whose velocity lives on from call to call."""
    to = np.random.default_rng(seed).normal(size=shape)

    def make() -> _Step:
        u = np.zeros(shape)

        def step(theta: np.ndarray) -> np.ndarray:
            nonlocal u
            u = 0.7 * u - 0.2 * (theta - to)
            return theta + u

        return step

    return make


@exercise("lookahead", title="Lookahead", stars=1)
def lookahead(answer: Callable[..., np.ndarray]) -> None:
    """Steps with and without memory, k = 1 and more, α = 1, one round, several shapes; calls are counted."""
    rng = np.random.default_rng(1907)
    cases = []
    settings = [
        ((3,), 4, 0.3, 3),
        ((2, 3), 3, 0.8, 4),
        ((1,), 1, 0.5, 2),
        ((2,), 5, 1.0, 3),
        ((4,), 2, 0.25, 1),
    ]
    for i, (shape, k, alpha, rounds) in enumerate(settings):
        for make in (_contraction(i, shape), _with_memory(i, shape)):
            cases.append((rng.normal(size=shape), make, k, alpha, rounds))
    found = [_walk(answer, *case) for case in cases]
    for (phi, make, k, alpha, rounds), path in zip(cases, found, strict=True):
        expected = _path(phi, make, k, alpha, rounds)
        if fits(path, expected, 1e-4):
            continue
        row = int(np.argmax([not fits(a, b, 1e-4) for a, b in zip(path, expected, strict=True)]))
        place = worst(path[row], expected[row])
        raise Wrong(
            f"For k = {k}, α = {alpha:g} and weights of shape {phi.shape}: after round {row} expected "
            f"{expected[row][place]:.4g} at index {list(place)}, received {path[row][place]:.4g}. "
            f"{which_slip(_PATH_SLIPS, cases, found)}".rstrip()
        )


def _walk(answer: Callable, phi: np.ndarray, make: _Stepper, k: int, alpha: float, rounds: int) -> np.ndarray:
    step, calls = make(), []

    def counted(theta: Any) -> np.ndarray:
        if np.shape(theta) != phi.shape:
            raise Wrong(
                f"step was given weights of shape {np.shape(theta)}, and phi has the shape {phi.shape}."
            )
        calls.append(1)
        return step(np.array(theta, float))

    counted.__qualname__ = "step"
    path = answer(phi.copy(), counted, k, alpha, rounds)
    case = f"For k = {k} and {rounds} round{'s' * (rounds > 1)}"
    if len(calls) != k * rounds:
        raise Wrong(f"{case}: step was called {len(calls)} times, and k · rounds is {k * rounds}.")
    path = np.asarray(path) if isinstance(path, list) else path
    shape = np.shape(path)
    if shape == (rounds, *phi.shape):
        raise Wrong(f"{case}: {rounds} rows came back. The start is a row too, so there are rounds + 1.")
    if shape == (k * rounds + 1, *phi.shape) != (rounds + 1, *phi.shape):
        raise Wrong(f"{case}: a row for every step came back. There is one for every round, and the start.")
    if shape == phi.shape:
        raise Wrong(f"{case}: one set of weights came back. All of them are wanted, from the start on.")
    return expect_shape(path, (rounds + 1, *phi.shape))


# --- lookahead_floor ----------------------------------------------------------------------------


def _noise(eta: float, lam: float, sigma: float, k: int) -> float:
    """The variance that k steps put into the fast weights."""
    return float((eta * sigma) ** 2 * sum((1 - eta * lam) ** (2 * i) for i in range(k)))


def _floor(eta: float, lam: float, sigma: float, k: int, alpha: float) -> float:
    keeps = 1 - alpha + alpha * (1 - eta * lam) ** k
    return alpha**2 * _noise(eta, lam, sigma, k) / (1 - keeps**2)


def _plain(eta: float, lam: float, sigma: float) -> float:
    return eta * sigma**2 / (lam * (2 - eta * lam))


_FLOOR_SLIPS = [
    (
        lambda eta, lam, s, k, alpha: _plain(eta, lam, s),
        "That is the floor of the plain steps. k and α have to enter.",
    ),
    (
        lambda eta, lam, s, k, alpha: alpha * _plain(eta, lam, s),
        "That is α times the plain floor, which holds only where η λ k is small.",
    ),
    (
        lambda eta, lam, s, k, alpha: alpha**2 * _plain(eta, lam, s),
        "That is α² times the plain floor. The slow weights also keep a part of their own noise from round "
        "to round: V = (factor)² V + α² · noise.",
    ),
    (
        lambda eta, lam, s, k, alpha: _plain(alpha * eta, lam, s),
        "That is the floor of plain steps with the rate αη. It is near, and not the same.",
    ),
    (
        lambda eta, lam, s, k, alpha: _floor(eta, lam, s, k, alpha) / alpha,
        "The noise is taken α times, and its variance needs α².",
    ),
    (
        lambda eta, lam, s, k, alpha: _floor(eta, lam, s, k, alpha) / alpha**2,
        "The noise of the fast weights comes into the slow ones with α, and into their variance with α².",
    ),
    (
        lambda eta, lam, s, k, alpha: (
            alpha**2 * _noise(eta, lam, s, k) / (1 - (1 - alpha + alpha * (1 - eta * lam) ** k))
        ),
        "The factor of the slow weights has to be squared, as a variance wants: V = (factor)² V + α² · "
        "noise.",
    ),
    (
        lambda eta, lam, s, k, alpha: (
            alpha**2 * _noise(eta, lam, s, k) / (1 - (alpha * (1 - eta * lam) ** k) ** 2)
        ),
        "In the factor of the slow weights 1 − α is missing: they stay where they are with that part.",
    ),
    (
        lambda eta, lam, s, k, alpha: (
            alpha**2 * _noise(eta, lam, s, k) / (1 - (1 - alpha) ** 2 - alpha**2 * (1 - eta * lam) ** (2 * k))
        ),
        "The two parts of the slow weights' factor were squared one by one, as if they were independent. "
        "Both are multiples of the same φ: square their sum.",
    ),
    (
        lambda eta, lam, s, k, alpha: (
            alpha**2 * k * (eta * s) ** 2 / (1 - (1 - alpha + alpha * (1 - eta * lam) ** k) ** 2)
        ),
        "The noise of the k steps was added at full size. What an early step lets in is shrunk by those "
        "after it: 1 + a² + a⁴ + …",
    ),
    (
        lambda eta, lam, s, k, alpha: (
            alpha**2
            * (eta * s) ** 2
            * sum((1 - eta * lam) ** i for i in range(k))
            / (1 - (1 - alpha + alpha * (1 - eta * lam) ** k) ** 2)
        ),
        "The noise of early steps is shrunk by a, and its variance by a²: 1 + a² + a⁴ + …",
    ),
    (
        lambda eta, lam, s, k, alpha: (
            alpha**2 * _noise(eta, lam, s, k + 1) / (1 - (1 - alpha + alpha * (1 - eta * lam) ** k) ** 2)
        ),
        "There is one term too many in the noise: k steps let in k of them, the last with a⁰.",
    ),
    (
        lambda eta, lam, s, k, alpha: (
            alpha**2
            * (eta * s) ** 2
            * (1 - (1 - eta * lam) ** k)
            / (1 - (1 - eta * lam) ** 2)
            / (1 - (1 - alpha + alpha * (1 - eta * lam) ** k) ** 2)
        ),
        "The sum 1 + a² + … + a²⁽ᵏ⁻¹⁾ is (1 − a²ᵏ)/(1 − a²), with 2k in the exponent.",
    ),
    (
        lambda eta, lam, s, k, alpha: _floor(eta, lam, s, k, 1 - alpha),
        "α and 1 − α have changed places.",
    ),
    (
        lambda eta, lam, s, k, alpha: np.sqrt(_floor(eta, lam, s, k, alpha)),
        "That is the standard deviation. The variance was asked for.",
    ),
    (
        lambda eta, lam, s, k, alpha: _floor(eta, lam, np.sqrt(s), k, alpha),
        "σ is a standard deviation: its square is the variance of the noise.",
    ),
    (
        lambda eta, lam, s, k, alpha: _floor(eta, lam, s, k, alpha) / eta**2,
        "The noise of a gradient comes into the weights times η, and its variance times η².",
    ),
    (
        lambda eta, lam, s, k, alpha: _floor(eta, lam, s, k, alpha) / eta,
        "The noise of a gradient comes into the weights times η, and its variance times η².",
    ),
    (
        lambda eta, lam, s, k, alpha: _floor(eta, 1, s, k, alpha),
        "It looks as if λ were always 1.",
    ),
    (
        lambda eta, lam, s, k, alpha: _floor(eta, lam, s, k, alpha) if eta * lam < 2 else _plain(eta, lam, s),
        "It is right up to ηλ = 2. Beyond it only the plain steps are lost: with an odd k the slow weights "
        "still come to rest.",
    ),
]


@exercise("lookahead_floor", title="The noise floor of the slow weights", stars=2)
def lookahead_floor(answer: Callable[..., float]) -> None:
    """Small and large ηλ, 1 exactly, beyond 1 with even and odd k, beyond 2; k = 1; α = 1."""
    cases = [
        (0.1, 1.0, 1.0, 5, 0.5),
        (0.3, 2.0, 0.5, 4, 0.3),
        (0.5, 2.0, 2.0, 3, 0.6),
        (0.7, 2.0, 1.5, 3, 0.5),
        (0.7, 2.0, 1.5, 2, 0.5),
        (0.2, 3.0, 1.0, 1, 0.4),
        (0.2, 3.0, 3.0, 6, 1.0),
        (0.7, 3.0, 2.0, 3, 0.5),
    ]
    with np.errstate(all="ignore"):
        found = [expect_number(answer(*case)) for case in cases]
    expected = [_floor(*case) for case in cases]
    for (eta, lam, sigma, k, alpha), f, e in zip(cases, found, expected, strict=True):
        if fits(f, e):
            continue
        hint = which_slip(_FLOOR_SLIPS, cases, found)
        if not hint and eta * lam > 2:
            hint = (
                "All cases with ηλ < 2 are right. Beyond it the plain steps are lost, and with an odd k the "
                "slow weights still come to rest. Does the formula pass through a floor that does not exist?"
            )
        elif not hint and eta * lam == 1:
            hint = "Here ηλ = 1, and a = 0: only the last step's noise is left in the fast weights."
        raise Wrong(
            f"For η = {eta:g}, λ = {lam:g}, σ = {sigma:g}, k = {k}, α = {alpha:g}: expected {e:.4g}, "
            f"received {f:.4g}. {hint}".rstrip()
        )
