"""Checkers of the exercises after the fourth notebook: adaptive methods."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_pair, expect_shape, fits, which_slip, worst

__all__ = ["adadelta_step", "relative_step"]

_State = tuple[np.ndarray, np.ndarray]
_Step = Callable[..., tuple[np.ndarray, _State]]


# --- adadelta_step ------------------------------------------------------------------------------


def _made_of(
    root: Callable[..., np.ndarray] = lambda mean, e: np.sqrt(mean + e),
    gather: Callable[..., np.ndarray] = lambda mean, new, rho: rho * mean + (1 - rho) * new,
    update: Callable[..., np.ndarray] = lambda top, bottom, g: -top / bottom * g,
    square: Callable[..., np.ndarray] = lambda delta, g: delta**2,
    old_bottom: bool = False,
) -> _Step:
    """Adadelta, of parts that can be wrong."""

    def step(
        theta: np.ndarray, g: np.ndarray, state: _State, rho: float, e: float
    ) -> tuple[np.ndarray, _State]:
        new_g2 = gather(state[0], g**2, rho)
        bottom = root(state[0] if old_bottom else new_g2, e)
        delta = update(root(state[1], e), bottom, g)
        return theta + delta, (new_g2, gather(state[1], square(delta, g), rho))

    return step


_right = _made_of()


def _changed(change: Callable[..., _State]) -> _Step:
    """Adadelta with another new state, made of the old one and the right one."""

    def step(*given: Any) -> tuple[np.ndarray, _State]:
        theta, state = _right(*given)
        return theta, change(given[2], state)

    return step


def _ratio_first(theta: np.ndarray, g: np.ndarray, state: _State, rho: float, e: float) -> Any:
    """Line 3 before line 2, with the gradient's own ratio in it."""
    mean_g2 = rho * state[0] + (1 - rho) * g**2
    first = -np.sqrt(state[1] + e) / np.sqrt(mean_g2 + e) * g
    mean_d2 = rho * state[1] + (1 - rho) * first**2
    return theta - np.sqrt(mean_d2 + e) / np.sqrt(mean_g2 + e) * g, (mean_g2, mean_d2)


def _slow(theta: np.ndarray, *given: Any) -> tuple[np.ndarray, _State]:
    """A learning rate of 0.001 where Keras has it: in the last line alone."""
    new, state = _right(theta, *given)
    return theta + 0.001 * (new - theta), state


_ADADELTA_SLIPS: list[tuple[_Step, str]] = [
    (
        _made_of(root=lambda mean, e: np.sqrt(mean) + e),
        "ε was added to the roots. RMS[x] has it under the root, beside E[x²].",
    ),
    (_made_of(root=lambda mean, e: mean + e), "The roots are missing: RMS is a root of a mean of squares."),
    (_made_of(root=lambda mean, e: np.sqrt(mean + e**2)), "It looks as if ε had been squared."),
    (
        _made_of(update=lambda top, bottom, g: top / bottom * g),
        "The step leads uphill: Δ has a minus sign.",
    ),
    (
        _made_of(update=lambda top, bottom, g: -bottom / top * g),
        "The fraction stands on its head: RMS[Δ] is above, RMS[g] below.",
    ),
    (
        _made_of(update=lambda top, bottom, g: -g / bottom),
        "The numerator RMS[Δ] is missing. That is RMSProp with a learning rate of 1.",
    ),
    (
        _made_of(update=lambda top, bottom, g: -top * g),
        "The division by RMS[g] is missing.",
    ),
    (
        _made_of(update=lambda top, bottom, g: -top / bottom),
        "The gradient itself is missing: the fraction is multiplied by g, which has the sign.",
    ),
    (
        _made_of(update=lambda top, bottom, g: -0.001 * top / bottom * g),
        "The step is 0.001 times what it should be, Keras's default learning rate. The paper has none.",
    ),
    (
        _slow,
        "The step is 0.001 times what it should be, Keras's default learning rate. The paper has none.",
    ),
    (
        _made_of(old_bottom=True),
        "The denominator does not know today's gradient. Line 1 comes before line 2.",
    ),
    (
        _ratio_first,
        "The numerator knows today's step already. In line 2 it is RMS[Δ] of the step before: line 3 comes "
        "afterwards.",
    ),
    (
        _made_of(gather=lambda mean, new, rho: (1 - rho) * mean + rho * new),
        "ρ and 1 − ρ have changed places: a mean keeps the part ρ.",
    ),
    (
        _made_of(gather=lambda mean, new, rho: rho * mean + new),
        "In the running means the factor 1 − ρ is missing, so they are no means.",
    ),
    (
        _made_of(gather=lambda mean, new, rho: mean + new),
        "The squares were added up, as in AdaGrad. Here a running mean forgets: ρ and 1 − ρ.",
    ),
    (
        _made_of(square=lambda delta, g: delta),
        "The step was accumulated, and not its square.",
    ),
    (
        _made_of(square=lambda delta, g: g**2),
        "In E[Δ²] the gradient was accumulated, and not the step.",
    ),
    (
        _made_of(square=lambda delta, g: (delta / np.where(g == 0, 1, g)) ** 2),
        "In E[Δ²] the fraction was accumulated, without g. Δ is the whole step.",
    ),
    (
        _made_of(gather=lambda mean, new, rho: rho * mean + (1 - rho) * np.mean(new)),
        "One mean was taken over all weights. Each weight has running means of its own.",
    ),
    (
        _made_of(square=lambda delta, g: np.mean(delta**2)),
        "One mean was taken over all weights. Each weight has running means of its own.",
    ),
    (
        _made_of(root=lambda mean, e: np.sqrt(np.mean(mean) + e)),
        "One mean was taken over all weights. Each weight has running means of its own.",
    ),
    (_changed(lambda old, new: old), "The state that came back is the old one."),
    (
        _changed(lambda old, new: (new[0], old[1])),
        "E[Δ²] came back as it was. Line 3 is missing.",
    ),
    (
        _changed(lambda old, new: new[::-1]),
        "The two arrays of the state have changed places: E[g²] is the first.",
    ),
]


def _adadelta_walks() -> list[tuple[np.ndarray, list[np.ndarray], float, float, type]]:
    """(θ, gradients, ρ, ε, dtype): several shapes; tiny, huge, negative and zero gradients."""
    rng = np.random.default_rng(1212)
    walks = []
    for shape, rho, epsilon, size in [
        ((3,), 0.9, 1e-2, 1.0),
        ((2, 3), 0.95, 1e-6, 10.0),
        ((1,), 0.5, 1e-1, 1.0),
        ((2, 2), 0.8, 1e-3, 1e-3),
    ]:
        gradients = [size * rng.normal(size=shape) for _ in range(4)]
        walks.append((rng.normal(size=shape), gradients, rho, epsilon, np.float64))
    zeros = [np.array([0.0, 2.0]), np.array([1.0, 0.0]), np.array([0.0, -1.0])]
    walks.append((np.array([1.0, -1.0]), zeros, 0.9, 1e-4, np.float64))
    walks.append((*walks[0][:4], np.float32))
    return walks


@exercise("adadelta_step", title="Adadelta", stars=2)
def adadelta_step(answer: _Step) -> None:
    """Some steps each; the answer's own state goes back into it."""
    walks = _adadelta_walks()
    with np.errstate(all="ignore"):
        found = [_steps_of(answer, *walk) for walk in walks]
        for walk, rows in zip(walks, found, strict=True):
            expected = _steps_of(_right, *walk, check=False)
            for t, (row, right) in enumerate(zip(rows, expected, strict=True), start=1):
                for name, f, e in zip(("Δ", "E[g²]", "E[Δ²]"), row, right, strict=True):
                    rounding = 1e-6 * np.abs(walk[0]).max() if name == "Δ" else 0.0  # of θ, in float32
                    if fits(f, e) or np.allclose(f, e, rtol=1e-3, atol=rounding):
                        continue
                    place = worst(f, e)
                    hint = which_slip(
                        [
                            (lambda *w, s=s: _flat(_steps_of(s, *w, check=False)), m)
                            for s, m in _ADADELTA_SLIPS
                        ],
                        walks[:-1],
                        [_flat(rows) for rows in found[:-1]],
                    )
                    if not hint and not _flat(found[0])[: f.size].any():
                        hint = "Nothing has moved: is ε under the root of the numerator too?"
                    shape, rho, epsilon = walk[0].shape, *walk[2:4]
                    raise Wrong(
                        f"For weights of shape {shape}, ρ = {rho:g} and ε = {epsilon:g}: in step {t} "
                        f"expected {name} = {e[place]:.4g} at index {list(place)}, received {f[place]:.4g}. "
                        f"{hint}".rstrip()
                    )


def _flat(rows: list[tuple[np.ndarray, ...]]) -> np.ndarray:
    return np.concatenate([np.ravel(part) for row in rows for part in row])


def _steps_of(
    step: _Step,
    theta: np.ndarray,
    gradients: list[np.ndarray],
    rho: float,
    epsilon: float,
    dtype: type,
    check: bool = True,
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(Δ, E[g²], E[Δ²]) of each step."""
    theta = theta.astype(dtype)
    state: Any = (np.zeros_like(theta), np.zeros_like(theta))
    rows: list[Any] = []
    for g in gradients:
        if not all(np.isfinite(part).all() for part in (theta, *state)):
            rows.append((np.full(theta.shape, np.nan),) * 3)
            continue
        result = step(theta.copy(), g.astype(dtype), tuple(np.copy(s) for s in state), rho, epsilon)
        new, state = expect_pair(result, ("theta", "state"))
        if check:
            if isinstance(new, tuple | list):
                raise Wrong("The order of the results is (theta, state).")
            state = expect_pair(state, ("E[g²]", "E[Δ²]"))
            for part, name in zip((new, *state), ("theta", "E[g²]", "E[Δ²]"), strict=True):
                if np.shape(part) != theta.shape or np.asarray(part).dtype.kind != "f":
                    expect_shape(part, theta.shape, name)  # nan is left to the comparison
        rows.append((np.asarray(new, float) - np.asarray(theta, float), *state))
        theta = new
    return rows


# --- relative_step ------------------------------------------------------------------------------


def _part(t: int, beta_2: float) -> float:
    return 1 - beta_2**t


_RELATIVE: dict[str, Callable[..., np.ndarray]] = {
    "paper": lambda g, e, t, b: g / (np.abs(g) + e),
    "keras": lambda g, e, t, b: g / (np.abs(g) + e / np.sqrt(_part(t, b))),
    "inside": lambda g, e, t, b: g / np.sqrt(g**2 + e),
    "inside keras": lambda g, e, t, b: g / np.sqrt(g**2 + e / _part(t, b)),
}

_SIGN = "The sign is lost where g is negative: the root of g² is |g|."
_RELATIVE_SLIPS: dict[str, list[tuple[Callable[..., np.ndarray], str]]] = {
    "paper": [
        (
            lambda g, e, t, b: g / (np.abs(g) + e / np.sqrt(_part(t, b))),
            "That is Keras's line. In the paper's, v̂ = g² exactly, at every t.",
        ),
        (
            lambda g, e, t, b: g / np.sqrt(g**2 + e),
            "ε stands beside the root, and not under it: √v̂ is |g|, and ε is added to that.",
        ),
    ],
    "keras": [
        (
            lambda g, e, t, b: g / (np.abs(g) + e),
            "That is the paper's line. Here the root is that of v_t, not of v̂_t: √v_t = √(1 − β₂ᵗ) |g|. "
            "Divide numerator and denominator by √(1 − β₂ᵗ) and see what becomes of ε.",
        ),
        (
            lambda g, e, t, b: g / (np.abs(g) + e * np.sqrt(_part(t, b))),
            "ε is multiplied by √(1 − β₂ᵗ), and should be divided by it: |g| √(1 − β₂ᵗ) + ε is (1 − β₂ᵗ)^½ "
            "times what?",
        ),
        (
            lambda g, e, t, b: g / (np.abs(g) + e / _part(t, b)),
            "ε is divided by 1 − β₂ᵗ. It stands beside a root, so the root of that belongs there.",
        ),
        (
            lambda g, e, t, b: g / (np.sqrt(_part(t, b)) * np.abs(g) + e),
            "The correction in front, √(1 − β₂ᵗ), was left out.",
        ),
        (
            lambda g, e, t, b: g / (np.abs(g) + e / np.sqrt(1 - b)),
            "It is right for t = 1 only: t has to enter.",
        ),
    ],
    "inside": [
        (
            lambda g, e, t, b: g / (np.abs(g) + e),
            "Here ε stands under the root, beside v̂ = g²: √(g² + ε) is not |g| + ε.",
        ),
        (
            lambda g, e, t, b: g / (np.abs(g) + np.sqrt(e)),
            "The root of a sum is not the sum of the roots: √(g² + ε).",
        ),
        (
            lambda g, e, t, b: g / np.sqrt(g**2 + e**2),
            "ε was squared. It stands under the root as it is.",
        ),
        (
            lambda g, e, t, b: g / np.sqrt(g**2 + e / _part(t, b)),
            'That is the line of "inside keras". Here v̂ is corrected before ε is added.',
        ),
        (lambda g, e, t, b: g / (g**2 + e), "The root is missing."),
    ],
    "inside keras": [
        (
            lambda g, e, t, b: g / np.sqrt(g**2 + e),
            'That is the line of "inside". Here ε stands beside v_t = (1 − β₂ᵗ) g², before the correction.',
        ),
        (
            lambda g, e, t, b: g / np.sqrt(g**2 + e / np.sqrt(_part(t, b))),
            "ε is divided by √(1 − β₂ᵗ). Under the root, beside a square, it is 1 − β₂ᵗ itself.",
        ),
        (
            lambda g, e, t, b: g / np.sqrt(g**2 + e * _part(t, b)),
            "ε is multiplied by 1 − β₂ᵗ, and should be divided by it.",
        ),
        (
            lambda g, e, t, b: g / np.sqrt(_part(t, b) * g**2 + e),
            "The correction in front, √(1 − β₂ᵗ), was left out.",
        ),
        (
            lambda g, e, t, b: g / (np.abs(g) + np.sqrt(e / _part(t, b))),
            "The root of a sum is not the sum of the roots.",
        ),
        (
            lambda g, e, t, b: g / (np.abs(g) + e / np.sqrt(_part(t, b))),
            'That is the line of "keras". Here ε stands under the root.',
        ),
        (
            lambda g, e, t, b: g / np.sqrt(g**2 + (e**2) / _part(t, b)),
            "ε was squared. It stands under the root as it is.",
        ),
    ],
}


@exercise("relative_step", title="Where epsilon stands", stars=2)
def relative_step(answer: Callable[..., np.ndarray]) -> None:
    """Gradients from far below the marks to far above, both signs, and 0; t from 1 to 3000; β₂ = 0."""
    rng = np.random.default_rng(1412)
    cases = []
    for t, beta_2, epsilon, shape in [
        (1, 0.999, 1e-7, (9,)),
        (3000, 0.999, 1e-7, (3, 3)),
        (5, 0.9, 0.3, (2, 4)),
        (40, 0.99, 1e-3, (1,)),
        (2, 0.0, 0.1, (6,)),
        (1, 0.9, 2.0, (4,)),
    ]:
        g = rng.choice([-1, 1], shape) * 10 ** rng.uniform(-5, 1, shape)
        g.flat[0] = -abs(g.flat[0]) if g.size == 1 else 0.0
        cases.append((g, epsilon, t, beta_2))
    for where, right in _RELATIVE.items():
        with np.errstate(all="ignore"):
            found = [answer(where, case[0].copy(), *case[1:]) for case in cases]
        for f, (g, epsilon, t, beta_2) in zip(found, cases, strict=True):
            case = f'For "{where}", ε = {epsilon:g}, t = {t}, β₂ = {beta_2:g}'
            f = expect_shape(f, g.shape)
            e = right(g, epsilon, t, beta_2)
            close = np.isclose(f, e, rtol=1e-4, atol=1e-12)
            if close.all():
                continue
            place = tuple(int(i) for i in np.argwhere(~close)[0])
            raise Wrong(
                f"{case}, g = {g[place]:.3g}: expected {e[place]:.4g}, received {f[place]:.4g}. "
                f"{_about_step(where, cases, found)}".rstrip()
            )


def _about_step(where: str, cases: list[tuple], found: list[np.ndarray]) -> str:
    """What was probably done, compared number by number: small gradients count as much as large ones."""

    def same(other: Callable[..., np.ndarray], change: Callable[..., Any] = lambda x, g: x) -> bool:
        return all(
            np.shape(f) == c[0].shape and np.allclose(f, change(other(*c), c[0]), rtol=1e-4, atol=1e-12)
            for c, f in zip(cases, found, strict=True)
        )

    with np.errstate(all="ignore"):
        right = _RELATIVE[where]
        if same(right, lambda x, g: np.abs(x)):
            return _SIGN
        if same(right, lambda x, g: -x):
            return "The sign is the wrong way round: the step was divided by −η, so it has the sign of g."
        if same(lambda g, e, t, b: np.sign(g)):
            return "It looks as if there were no ε."
        if same(lambda g, e, t, b: right(g, e, t + 1, b)):
            return "That is the step after it: t is 1 in the first step, and β₂ᵗ is β₂ there."
        for slip, message in _RELATIVE_SLIPS[where]:
            if same(slip):
                return message
            if same(slip, lambda x, g: np.abs(x)):
                return f"{message} And the sign of g is lost."
        if all(
            np.shape(f) == c[0].shape and np.allclose(f[c[0] > 0], right(*c)[c[0] > 0], rtol=1e-4, atol=1e-12)
            for c, f in zip(cases, found, strict=True)
        ):
            return "Where g is positive it is right. The root of g² is |g|, np.abs(g), and not g."
    return ""
