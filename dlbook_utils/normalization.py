"""Normalisation: batch and layer normalisation are one computation along different axes.

Both subtract a mean and divide by a standard deviation, then scale by γ and shift by β, two learnt
numbers for every feature. Batch normalisation takes mean and deviation over the examples, feature by
feature; layer normalisation over the features, example by example.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from dlbook_utils.layers import Cache, Layer, Shape

__all__ = ["BatchNormalization", "LayerNormalization", "standardize_backward", "standardize_forward"]


# --- Pure functions ----------------------------------------------------------------------------


def standardize_forward(
    x: np.ndarray, axis: int | tuple[int, ...], epsilon: float = 1e-3
) -> tuple[np.ndarray, Cache]:
    """Give x mean 0 and (nearly) variance 1 along ``axis``: x̂ = (x − μ) / √(σ² + ε).

    Parameters
    ----------
    x : array, any shape
    axis : int or tuple of int
        Along which μ and σ² are taken.
    epsilon : float
        ε keeps the division safe where x is constant.

    Returns
    -------
    y : ndarray, shape of ``x``
        x̂.
    cache : tuple
        x̂, √(σ² + ε), μ, σ² (all with ``axis`` kept as length 1) and the axes.

    Notes
    -----
    σ² is the mean of the squared deviations, without Bessel's correction, as in Keras.

    Source: S. Ioffe, C. Szegedy (2015), Batch normalization, algorithm 1,
    https://arxiv.org/abs/1502.03167.

    Used in: Chapter 2.
    """
    mean = x.mean(axis=axis, keepdims=True)
    centred = x - mean
    variance = np.mean(centred**2, axis=axis, keepdims=True)
    deviation = np.sqrt(variance + epsilon)
    y = centred / deviation
    return y, (y, deviation, mean, variance, axis)


def standardize_backward(dy: np.ndarray, cache: Cache) -> np.ndarray:
    """Pass the gradient back through x̂ = (x − μ) / √(σ² + ε), where μ and σ² depend on x, too.

    dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) / √(σ² + ε), both means along the same axes.

    Parameters
    ----------
    dy : array, shape of x
        ∂L/∂x̂.
    cache : tuple
        As ``standardize_forward`` gave it.

    Returns
    -------
    ndarray, shape of x

    Notes
    -----
    The first mean is what flows back through μ, the second what flows back through σ. So dx has
    no component along the constant, and nearly none along x̂.

    Used in: Chapter 2.
    """
    y, deviation, _, _, axis = cache
    through_mean = dy.mean(axis=axis, keepdims=True)
    through_deviation = y * np.mean(dy * y, axis=axis, keepdims=True)
    return (dy - through_mean - through_deviation) / deviation


# --- Layers ------------------------------------------------------------------------------------


class _Normalization(Layer):
    """What both layers share: γ and β for every feature, and bad input refused."""

    def __init__(self, epsilon: float, name: str | None, dtype: DTypeLike) -> None:
        super().__init__(name=name, dtype=dtype)
        if not epsilon > 0:
            raise ValueError(f"{self}: expected epsilon to be positive, received {epsilon!r}.")
        self.epsilon = float(epsilon)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make γ of ones and β of zeros, both (D,).

        Parameters
        ----------
        input_shape : tuple
            (N, ..., D), where D must be known.

        Raises
        ------
        ValueError
            If there are fewer than two axes, if D is None, or if the layer is already built for
            another D.
        """
        self.compute_output_shape(input_shape)
        if self.built:
            return
        if input_shape[-1] is None:
            raise ValueError(
                f"{self}: expected a known last axis in input_shape, received {tuple(input_shape)}."
            )
        self.params["gamma"] = np.ones(input_shape[-1], self.dtype)
        self.params["beta"] = np.zeros(input_shape[-1], self.dtype)
        self.built = True

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Give the input's shape, after a look at it.

        Parameters
        ----------
        input_shape : tuple

        Returns
        -------
        tuple

        Raises
        ------
        ValueError
            If there are fewer than two axes, or if the layer is built for another D.
        """
        shape = tuple(input_shape)
        if len(shape) < 2:
            raise ValueError(f"{self}: expected an input of shape (N, ..., D), received shape {shape}.")
        if self.built and shape[-1] != self.params["gamma"].shape[0]:
            raise ValueError(
                f"{self}: expected an input with last axis {self.params['gamma'].shape[0]}, "
                f"received shape {shape}."
            )
        return shape

    def backward(self, dy: ArrayLike, input_gradient: bool = True) -> np.ndarray | None:
        """Compute dγ = Σ dy · x̂, dβ = Σ dy and dx; see ``standardize_backward``.

        Parameters
        ----------
        dy : array (N, ..., D)
        input_gradient : bool
            Whether dx is wanted.

        Returns
        -------
        ndarray (N, ..., D)
            Or None, if it is not wanted.

        Raises
        ------
        ValueError
            If ``forward`` was not called before, or the shape is another one.
        """
        standardized, cache = self._kept()
        dy = self._upstream(dy, standardized.shape)
        examples = tuple(range(dy.ndim - 1))  # all axes but the features'
        self.grads = {"gamma": np.sum(dy * standardized, axis=examples), "beta": dy.sum(axis=examples)}
        return self._input_gradient(dy * self.params["gamma"], cache) if input_gradient else None

    def _input_gradient(self, dy: np.ndarray, cache: Cache) -> np.ndarray:
        return standardize_backward(dy, cache)


class BatchNormalization(_Normalization):
    """Batch normalisation: y = γ x̂ + β, where x̂ is x standardised over the examples.

    Parameters
    ----------
    momentum : float
        Of the moving averages, from 0 to 1: moving ← momentum · moving + (1 − momentum) · batch's.
    epsilon : float
        See ``standardize_forward``.
    name : str, optional
        Default: ``"batch_normalization"``.
    dtype : dtype
        Type of the weights and of the computation.

    Attributes
    ----------
    params : dict
        ``gamma`` and ``beta``, (D,).
    state : dict
        ``moving_mean`` and ``moving_variance``, (D,).

    Raises
    ------
    ValueError
        If ``momentum`` or ``epsilon`` is out of range.

    Notes
    -----
    Takes (N, ..., D) and keeps the shape. While training, mean and variance are those of the
    batch, over all axes but the last, and the moving averages follow them. Otherwise the moving
    averages are used, so that an example's output does not depend on its neighbours.

    Source: S. Ioffe, C. Szegedy (2015), Batch normalization, https://arxiv.org/abs/1502.03167.

    Used in: Chapter 2.
    """

    def __init__(
        self,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        super().__init__(epsilon, name, dtype)
        if not 0 <= momentum <= 1:
            raise ValueError(f"{self}: expected momentum from 0 to 1, received {momentum!r}.")
        self.momentum = float(momentum)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make γ, β, and the moving mean of zeros and variance of ones, all (D,).

        Parameters
        ----------
        input_shape : tuple
            (N, ..., D), where D must be known.

        Raises
        ------
        ValueError
            If there are fewer than two axes, if D is None, or if the layer is already built for
            another D.
        """
        new = not self.built
        super().build(input_shape)
        if new:
            self.state["moving_mean"] = np.zeros(input_shape[-1], self.dtype)
            self.state["moving_variance"] = np.ones(input_shape[-1], self.dtype)

    def forward(self, x: ArrayLike, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """Compute γ x̂ + β.

        Parameters
        ----------
        x : array (N, ..., D)
        training : bool
            Whether to take mean and variance from the batch, and to move the averages.
        mask
            Not used.

        Returns
        -------
        ndarray (N, ..., D)

        Raises
        ------
        ValueError
            If ``x`` is not real or its shape does not fit.
        """
        x = self._prepare(x).astype(self.dtype, copy=False)
        if training:
            standardized, cache = standardize_forward(x, tuple(range(x.ndim - 1)), self.epsilon)
            for name, batch in zip(("moving_mean", "moving_variance"), cache[2:4], strict=True):
                moving = self.state[name]
                moving += (1 - self.momentum) * (batch.reshape(moving.shape) - moving)
        else:
            deviation = np.sqrt(self.state["moving_variance"] + self.epsilon)
            standardized = (x - self.state["moving_mean"]) / deviation
            cache = (deviation,)
        self.cache = (standardized, cache)
        return self.params["gamma"] * standardized + self.params["beta"]

    def _input_gradient(self, dy: np.ndarray, cache: Cache) -> np.ndarray:
        if len(cache) == 1:  # the moving averages are constants
            return dy / cache[0]
        return standardize_backward(dy, cache)


class LayerNormalization(_Normalization):
    """Layer normalisation: y = γ x̂ + β, where x̂ is x standardised over the features.

    Parameters
    ----------
    epsilon : float
        See ``standardize_forward``.
    name : str, optional
        Default: ``"layer_normalization"``.
    dtype : dtype
        Type of the weights and of the computation.

    Attributes
    ----------
    params : dict
        ``gamma`` and ``beta``, (D,).

    Raises
    ------
    ValueError
        If ``epsilon`` is not positive.

    Notes
    -----
    Takes (N, ..., D) and keeps the shape. Every example is treated by itself, so training and
    inference are the same.

    Source: J. L. Ba, J. R. Kiros, G. E. Hinton (2016), Layer normalization,
    https://arxiv.org/abs/1607.06450.

    Used in: Chapters 2 and 6.
    """

    def __init__(self, epsilon: float = 1e-3, name: str | None = None, dtype: DTypeLike = "float32") -> None:
        super().__init__(epsilon, name, dtype)

    def forward(self, x: ArrayLike, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """Compute γ x̂ + β.

        Parameters
        ----------
        x : array (N, ..., D)
        training, mask
            Not used.

        Returns
        -------
        ndarray (N, ..., D)

        Raises
        ------
        ValueError
            If ``x`` is not real or its shape does not fit.
        """
        x = self._prepare(x).astype(self.dtype, copy=False)
        standardized, cache = standardize_forward(x, -1, self.epsilon)
        self.cache = (standardized, cache)
        return self.params["gamma"] * standardized + self.params["beta"]
