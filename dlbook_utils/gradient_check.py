"""Is a gradient right? Every entry of it is compared with what a small nudge does to the loss.

A forward function gives ``y, cache``; its backward function turns an upstream gradient ``dy``, the
gradient of a loss with respect to ``y``, into the gradients with respect to the arguments. The check
draws a *random* ``dy``, takes L = Σ dy · y for the loss, and nudges one number at a time. A ``dy`` of
ones would not do: for a softmax, whose outputs always add up to 1, it passes a gradient of zeros.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["assert_gradients_match", "numerical_gradient"]

Forward = Callable[..., tuple[np.ndarray, Any]]
Backward = Callable[[np.ndarray, Any], Sequence[np.ndarray] | np.ndarray]


def numerical_gradient(loss: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences: ∂L/∂x[i] ≈ (L(x + h eᵢ) − L(x − h eᵢ)) / 2h.

    Parameters
    ----------
    loss : callable
        L, a function of an array of the shape of ``x``, which gives a number.
    x : ndarray of float64, any shape
        Where the gradient is wanted. It is not changed.
    step : float
        h, the size of the nudge, the same for all entries.

    Returns
    -------
    ndarray of float64, shape of ``x``

    Raises
    ------
    ValueError
        If ``x`` is not a float64 array, or ``step`` is not positive.

    Notes
    -----
    The error is about h² L‴ / 6 for the curve's third derivative, and ε · abs(L) / h for rounding, with
    ε = 2.2e-16. Entries between the nudges of a kink (ReLU at 0) are wrong.

    Used in: Chapter 2.
    """
    _expect_float64(x, "x")
    if not step > 0:
        raise ValueError(f"Expected step to be positive, received {step!r}.")
    nudged = x.copy()
    gradient = np.empty_like(x)
    for i in np.ndindex(x.shape):
        nudged[i] = x[i] + step
        above = loss(nudged)
        nudged[i] = x[i] - step
        below = loss(nudged)
        nudged[i] = x[i]
        gradient[i] = (above - below) / (2 * step)
    return gradient


def assert_gradients_match(
    forward: Forward,
    backward: Backward,
    arguments: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    rtol: float = 1e-6,
    step: float = 1e-6,
) -> None:
    """Compare all gradients of a forward/backward pair with central differences.

    Parameters
    ----------
    forward : callable
        ``forward(**arguments)`` gives ``y, cache``.
    backward : callable
        ``backward(dy, cache)`` gives one gradient for each argument, in the order of
        ``arguments``: a tuple, or a single array.
    arguments : dict of str to ndarray of float64
        Where the gradients are checked. Keep away from kinks.
    rng : Generator
        Draws the upstream gradient ``dy``, of the shape of ``y``.
    rtol : float
        Relative tolerance of each entry. To it is added what rounding can do to a
        difference of two losses, 10 ε Σ abs(dy · y) / step.
    step : float
        See ``numerical_gradient``.

    Raises
    ------
    AssertionError
        If a gradient has another shape, is not finite, or differs. The message names the
        argument, the index, and both values of the entry that is farthest off.
    ValueError
        If an argument or ``y`` is not float64, or ``rng`` is not a Generator: float32 has too few
        digits for this comparison.

    Notes
    -----
    Used in: Chapter 2, and the tests of all layers.

    Examples
    --------
    >>> def double(x):
    ...     return 2 * x, None
    >>> def double_backward(dy, cache):
    ...     return 2 * dy
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> assert_gradients_match(double, double_backward, {"x": x}, np.random.default_rng(0))
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"Expected rng to be a numpy.random.Generator, received {rng!r}.")
    for name, argument in arguments.items():
        _expect_float64(argument, name)
    y, cache = forward(**arguments)
    _expect_float64(y, "the output of forward")
    dy = rng.normal(size=y.shape)
    found = backward(dy.copy(), cache)
    gradients = [found] if isinstance(found, np.ndarray) else list(found)
    assert len(gradients) == len(arguments), (
        f"expected {len(arguments)} gradients ({', '.join(arguments)}), received {len(gradients)}"
    )
    noise = 10 * np.finfo(np.float64).eps * np.sum(np.abs(dy * y)) / step
    for (name, argument), gradient in zip(arguments.items(), gradients, strict=True):
        assert np.shape(gradient) == argument.shape, (
            f"gradient of {name}: expected shape {argument.shape}, received {np.shape(gradient)}"
        )

        def loss(nudged: np.ndarray, name: str = name) -> float:
            return np.sum(dy * forward(**{**arguments, name: nudged})[0])

        numerical = numerical_gradient(loss, argument, step)
        allowed = noise + rtol * np.abs(numerical)
        excess = np.nan_to_num(np.abs(gradient - numerical) / allowed, nan=np.inf)
        if (excess > 1).any():
            worst = tuple(int(i) for i in np.unravel_index(np.argmax(excess), argument.shape))
            raise AssertionError(
                f"gradient of {name}: {np.count_nonzero(excess > 1)} of {argument.size} entries are wrong; "
                f"at index {list(worst)} backward gives {gradient[worst]:.10g}, "
                f"central differences {numerical[worst]:.10g}"
            )


def _expect_float64(x: np.ndarray, what: str) -> None:
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        received = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise ValueError(f"Expected {what} to be an array of float64, received {received}.")
