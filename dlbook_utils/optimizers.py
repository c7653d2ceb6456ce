"""Optimizers: from gradients to better parameters.

The classes carry Keras's names, arguments and defaults. ``apply(grads, params)`` changes the
parameters in place.
"""

from collections.abc import Sequence

import numpy as np

__all__ = ["SGD"]


class SGD:
    """Gradient descent: w ← w − η ∂L/∂w. It is called stochastic when L is that of a mini-batch.

    Parameters
    ----------
    learning_rate : float
        η, greater than 0.

    Raises
    ------
    ValueError
        If ``learning_rate`` is not positive.

    Notes
    -----
    Source: H. Robbins, S. Monro (1951), A stochastic approximation method,
    https://doi.org/10.1214/aoms/1177729586.

    Used in: Chapter 2.

    Examples
    --------
    >>> w = np.array([1.0, 2.0])
    >>> SGD(learning_rate=0.1).apply([2 * w], [w])  # one step down the bowl w₁² + w₂²
    >>> w
    array([0.8, 1.6])
    """

    def __init__(self, learning_rate: float = 0.01) -> None:
        if not learning_rate > 0:
            raise ValueError(f"SGD: expected learning_rate to be positive, received {learning_rate!r}.")
        self.learning_rate = float(learning_rate)

    def apply(self, grads: Sequence[np.ndarray], params: Sequence[np.ndarray]) -> None:
        """Take one step. The parameters are changed in place, the gradients are not.

        Parameters
        ----------
        grads, params : lists of ndarray
            In one order; each gradient has its parameter's shape.

        Raises
        ------
        ValueError
            If number or shapes do not fit. Then nothing has been changed.
        """
        check_gradients(grads, params, "SGD")
        for gradient, w in zip(grads, params, strict=True):
            w -= self.learning_rate * gradient


def check_gradients(grads: Sequence[np.ndarray], params: Sequence[np.ndarray], owner: str) -> None:
    """Refuse gradients that do not fit the parameters.

    Parameters
    ----------
    grads, params : lists of ndarray
    owner : str
        Who asks, for the error's message.

    Raises
    ------
    ValueError
        If number or shapes do not fit.

    Notes
    -----
    Used in: Chapters 2 and 3.
    """
    if len(grads) != len(params):
        raise ValueError(f"{owner}: expected {len(params)} gradients, received {len(grads)}.")
    for i, (gradient, w) in enumerate(zip(grads, params, strict=True)):
        if np.shape(gradient) != w.shape:
            raise ValueError(
                f"{owner}: expected gradient {i} of shape {w.shape}, received shape {np.shape(gradient)}."
            )
