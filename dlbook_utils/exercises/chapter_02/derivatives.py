"""Checkers of the exercises after the first notebook: derivatives."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_shape, listed

__all__ = ["complex_step"]

_Function = Callable[[np.ndarray], Any]


def _refuse_other_shapes(shapes: list[tuple[int, ...]], wanted: tuple[int, ...]) -> None:
    other = [shape for shape in shapes if shape != wanted]
    if other:
        raise Wrong(
            f"f is a function of an array of the shape of x, {wanted}, and was called with one of shape "
            f"{other[0]}. Give it the whole array each time, with one entry nudged."
        )


def _nudged(f: _Function, x: np.ndarray, h: complex) -> list[Any]:
    """f at x with each entry nudged in turn."""
    values = []
    for i in np.ndindex(x.shape):
        z = x.astype(complex)
        z[i] += h
        values.append(f(z))
    return values


def _by_entry(part: Callable[[Any], float]) -> Callable[[_Function, np.ndarray, float], np.ndarray]:
    """A gradient whose entries are made from f(x + ih) by ``part``."""
    return lambda f, x, h: np.array([part(v) for v in _nudged(f, x, 1j * h)]).reshape(x.shape) / h


def _gradient(f: _Function, x: np.ndarray, h: float) -> np.ndarray:
    return _by_entry(np.imag)(f, x, h)


def _forward(f: _Function, x: np.ndarray, h: float) -> np.ndarray:
    return np.array([np.real(v - f(x + 0j)) for v in _nudged(f, x, h)]).reshape(x.shape) / h


def _central(f: _Function, x: np.ndarray, h: float) -> np.ndarray:
    pairs = zip(_nudged(f, x, h), _nudged(f, x, -h), strict=True)
    return np.array([np.real(a - b) for a, b in pairs]).reshape(x.shape) / (2 * h)


def _accumulated(f: _Function, x: np.ndarray, h: float) -> np.ndarray:
    z, found = x.astype(complex), []
    for i in np.ndindex(x.shape):
        z[i] += 1j * h
        found.append(np.imag(f(z)) / h)
    return np.array(found).reshape(x.shape)


def _without_x(f: _Function, x: np.ndarray, h: float) -> np.ndarray:
    return _gradient(f, np.zeros_like(x), h)


def _replaced(f: _Function, x: np.ndarray, h: float) -> np.ndarray:
    found = []
    for i in np.ndindex(x.shape):
        z = x.astype(complex)
        z[i] = 1j * h
        found.append(np.imag(f(z)) / h)
    return np.array(found).reshape(x.shape)


def _together(f: _Function, x: np.ndarray, h: float) -> np.ndarray:
    return np.full(x.shape, np.imag(f(x + 1j * h)) / h)


_HOLDS_NO_COMPLEX = "An array of real numbers cannot hold 1j * h: x.astype(complex) makes a copy that can."
_SLIPS: list[tuple[Callable[[_Function, np.ndarray, float], np.ndarray], str]] = [
    (
        lambda f, x, h: _gradient(f, x, h) * h,
        "It is h times what it should be: the imaginary part is h · f′, so divide it by h.",
    ),
    (
        _by_entry(np.real),
        "That is the real part, f(x) itself, divided by h. The slope is in the imaginary part.",
    ),
    (
        _by_entry(np.abs),
        "That is the modulus |f(x + ih)|, divided by h. The slope is in the imaginary part: .imag.",
    ),
    (
        lambda f, x, h: np.abs(_gradient(f, x, h)),
        "The sizes are right and the signs are lost. Take .imag, which has a sign, and not a modulus.",
    ),
    (
        _by_entry(np.angle),
        "That is the angle of f(x + ih), divided by h. The slope is in the imaginary part: .imag.",
    ),
    (lambda f, x, h: -_gradient(f, x, h), "The sign is the wrong way round: nudge by +ih."),
    (
        _accumulated,
        "Each entry is the sum of all slopes up to its own. It looks as if a nudge is not taken back before "
        "the next one: start from x anew for each entry.",
    ),
    (
        _together,
        "Every entry is the sum of all slopes. It looks as if all entries of x were nudged together: nudge "
        "one at a time.",
    ),
    (_without_x, "It is f near 0, and not near x: add the nudge to x."),
    (
        _replaced,
        "It looks as if 1j * h took the place of the nudged entry: add it to the entry, with += and not =.",
    ),
    (
        lambda f, x, h: _gradient(f, x, h) / 2,
        "It is half of what it should be. The 2h belongs to the central difference. Here there is one nudge: "
        "divide by h.",
    ),
    (
        lambda f, x, h: _gradient(f, x, h) * 2,
        "It is twice what it should be. With nudges on both sides, divide by 2h.",
    ),
    (
        _forward,
        "That is the forward difference of real numbers, and x + h is x when h is 1e-20. Nudge by 1j * h.",
    ),
    (
        _central,
        "That is the central difference of real numbers, and x + h is x when h is 1e-20. Nudge by 1j * h.",
    ),
]


@exercise("complex_step", title="The complex step", stars=1)
def complex_step(answer: Callable[[_Function, np.ndarray, float], np.ndarray]) -> None:
    """Tiny steps, where the slope is exact, and a large one, where the result has to depend on it."""
    rng = np.random.default_rng(1998)

    def cubes(x: Any) -> Any:
        return np.sum(x**3)

    cases: list[tuple[_Function, np.ndarray, float]] = [(cubes, np.array([1.0, -2.0]), 1e-20)]
    for shape, h in [((3,), 1e-20), ((1,), 1e-10), ((2, 3), 1e-20), ((2, 1, 2), 1e-200), ((3,), 0.5)]:
        c = rng.uniform(0.5, 2, shape)

        def f(x: Any, c: np.ndarray = c) -> Any:
            return np.exp(np.sum(c * x) / 4) + np.sum(np.tanh(c * x) * x**3)

        cases.append((f, rng.normal(size=shape), h))
    found = [_expect_gradient(answer, *case) for case in cases]
    expected = [_gradient(*case) for case in cases]
    close = [
        np.allclose(g, e, rtol=1e-12, atol=1e-13 * np.abs(e).max())
        for g, e in zip(found, expected, strict=True)
    ]
    if all(close):
        return
    n = close.index(False)
    (_, x, h), g, e = cases[n], found[n], expected[n]
    what = f"f(x) = Σ x³ and x = {x.tolist()}" if n == 0 else f"a function of an array of shape {x.shape}"
    if e.size <= 3:
        numbers = f"expected {listed(e, 8)}, received {listed(g, 8)}"
    else:
        i = tuple(int(k) for k in np.argwhere(~np.isclose(g, e, rtol=1e-12))[0])
        numbers = f"expected {e[i]:.8g} at index {list(i)}, received {g[i]:.8g}"
    raise Wrong(f"For {what}, h = {h:g}: {numbers}. {_explain(cases, found, expected)}".rstrip())


def _expect_gradient(answer: Callable, f: _Function, x: np.ndarray, h: float) -> np.ndarray:
    """What came back, if it is an array of real numbers in the shape of x."""
    shapes: list[tuple[int, ...]] = []

    def noted(z: Any) -> Any:
        shapes.append(np.shape(z))
        return f(z)

    noted.__qualname__ = "f"
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy's, where an imaginary part is thrown away
            found = answer(noted, x.copy(), h)
    except Wrong as wrong:
        _refuse_other_shapes(shapes, x.shape)
        if "complex" in str(wrong) and ("float" in str(wrong) or "real" in str(wrong)):
            lines = [line if len(line) < 100 else line[:98] + "…" for line in str(wrong).split("\n")]
            raise Wrong("\n".join([*lines, _HOLDS_NO_COMPLEX])) from None
        raise
    _refuse_other_shapes(shapes, x.shape)
    if not shapes:
        raise Wrong("f was never called.")
    if isinstance(found, np.ndarray | np.generic | complex) and np.iscomplexobj(found):
        raise Wrong(
            "What came back is complex, and the slope of f is a real number: take the imaginary part of "
            "f(x + ih), .imag, and divide it by h, not by ih."
        )
    if np.shape(found) == () and x.size > 1 and np.isclose(found, np.sum(_gradient(f, x, h))):
        raise Wrong(
            f"x has {x.size} entries, and one number came back, the sum of all slopes. It looks as if all "
            "entries were nudged together: nudge one at a time."
        )
    if not isinstance(found, np.ndarray) or found.shape != x.shape:
        return expect_shape(found, x.shape)
    return found


def _explain(cases: list, found: list[np.ndarray], expected: list[np.ndarray]) -> str:
    """What was probably done."""
    pairs = list(zip(found, expected, strict=True))
    with np.errstate(all="ignore"):
        for slip, message in _SLIPS:
            slipped = [slip(*case) for case in cases]
            if all(
                np.allclose(g, s, rtol=1e-4, atol=1e-30, equal_nan=True)
                for g, s in zip(found, slipped, strict=True)
            ):
                return message
        small = [(g, e) for (g, e), (_, _, h) in zip(pairs, cases, strict=True) if h < 0.1]
        if all(np.allclose(g, e, rtol=1e-12) for g, e in small):
            return (
                "With tiny steps it is right, but the result does not depend on h as it should. Use the h "
                "that your function receives: with a large one the error must show."
            )
        if all(np.allclose(g, e, rtol=1e-4, atol=1e-6) for g, e in small):
            return (
                "About seven digits are right. It looks as if something is computed in single precision: "
                "complex64 holds two float32. x.astype(complex) gives complex128."
            )
    if any(not g.any() for g in found):
        return (
            f"All of them are zero, as if f had seen no imaginary part. {_HOLDS_NO_COMPLEX} Or was the nudge "
            "h and not 1j * h?"
        )
    return "Is one entry nudged at a time, by 1j * h, and is the imaginary part of f divided by h?"
