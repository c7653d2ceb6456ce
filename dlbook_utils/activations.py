"""Activation functions and their derivatives.

Every function works element by element on an array ``z`` of any shape, except
``softmax`` and ``log_softmax``, which work along one axis. Beside each
elementwise function ``f(z)`` stands its derivative ``f_grad(z)``, taken at the
*input* ``z`` of the activation, not at its output.

What holds for all of them:

- float16, float32 and float64 come out as they went in; integers and booleans
  are first turned into float32, Keras's default. Other types are refused with
  ``ValueError``.
- The argument is never changed.
- No float32 or float64 input between -10,000 and 10,000 overflows.
- Names, arguments and defaults are those of ``keras.activations``
  (``step`` is not in Keras).
"""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "backward",
    "elu",
    "elu_grad",
    "gelu",
    "gelu_grad",
    "get",
    "leaky_relu",
    "leaky_relu_grad",
    "linear",
    "linear_grad",
    "log_softmax",
    "relu",
    "relu_grad",
    "sigmoid",
    "sigmoid_grad",
    "silu",
    "silu_grad",
    "softmax",
    "softplus",
    "softplus_grad",
    "step",
    "tanh",
    "tanh_grad",
]

ActivationFunction = Callable[[np.ndarray], np.ndarray]


def _as_float(z: ArrayLike) -> np.ndarray:
    """Give ``z`` as a floating-point array; one that is already such is not copied."""
    z = np.asarray(z)
    if z.dtype.kind == "f":
        return z
    if z.dtype.kind in "biu":
        return z.astype(np.float32)
    raise ValueError(f"Expected an array of real numbers, received dtype {z.dtype}.")


# --- The identity and the step -----------------------------------------------------------------


def linear(z: ArrayLike) -> np.ndarray:
    """The identity: f(z) = z.

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``
        ``z`` itself, not a copy, when it is a floating-point array.

    Notes
    -----
    Used in: Chapter 1.
    """
    return _as_float(z)


def linear_grad(z: ArrayLike) -> np.ndarray:
    """Derivative of the identity: f′(z) = 1.

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    Used in: Chapter 2.
    """
    return np.ones_like(_as_float(z))


def step(z: ArrayLike) -> np.ndarray:
    """Heaviside's step: f(z) = 1 where z ≥ 0, otherwise 0.

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``
        Zeros and ones; NaN gives 0.

    Notes
    -----
    There is no ``step_grad``: the derivative is 0 wherever it exists, so
    gradient descent learns nothing through a step.

    Source: W. S. McCulloch, W. Pitts (1943), A logical calculus of the ideas
    immanent in nervous activity, https://doi.org/10.1007/BF02478259;
    F. Rosenblatt (1958), The perceptron, https://doi.org/10.1037/h0042519.

    Used in: Chapter 1.
    """
    z = _as_float(z)
    return (z >= 0).astype(z.dtype)


# --- Sigmoids ----------------------------------------------------------------------------------


def sigmoid(z: ArrayLike) -> np.ndarray:
    """The logistic function: σ(z) = 1 / (1 + exp(−z)).

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``
        Values from 0 to 1.

    Notes
    -----
    exp(−z) overflows for large negative z. There σ(z) = exp(z) / (1 + exp(z)),
    the same fraction multiplied by exp(z), is used, so the exponent is never positive.

    Source: D. E. Rumelhart, G. E. Hinton, R. J. Williams (1986), Learning
    representations by back-propagating errors, https://doi.org/10.1038/323533a0.

    Used in: Chapter 1.
    """
    z = _as_float(z)
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def sigmoid_grad(z: ArrayLike) -> np.ndarray:
    """Derivative of the logistic function: σ′(z) = σ(z) (1 − σ(z)).

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``
        Values from 0 to 1/4, the largest at z = 0.

    Notes
    -----
    Used in: Chapter 2.
    """
    s = sigmoid(z)
    return s * (1.0 - s)


def tanh(z: ArrayLike) -> np.ndarray:
    """The hyperbolic tangent: tanh(z) = 2 σ(2z) − 1.

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``
        Values from −1 to 1.

    Notes
    -----
    Source: Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller (1998), Efficient
    BackProp, section 4.4, https://doi.org/10.1007/3-540-49430-8_2.

    Used in: Chapter 1.
    """
    return np.tanh(_as_float(z))


def tanh_grad(z: ArrayLike) -> np.ndarray:
    """Derivative of the hyperbolic tangent: 1 − tanh²(z).

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``
        Values from 0 to 1, the largest at z = 0.

    Notes
    -----
    Used in: Chapter 2.
    """
    return 1.0 - tanh(z) ** 2


# --- Rectifiers --------------------------------------------------------------------------------


def relu(z: ArrayLike) -> np.ndarray:
    """The rectifier: f(z) = max(z, 0).

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    Source: V. Nair, G. E. Hinton (2010), Rectified linear units improve
    restricted Boltzmann machines, ICML.

    Used in: Chapter 1.
    """
    return np.maximum(_as_float(z), 0.0)


def relu_grad(z: ArrayLike) -> np.ndarray:
    """Derivative of the rectifier: 1 where z > 0, otherwise 0.

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    At the kink z = 0, where there is no derivative, 0 is given, as in TensorFlow.

    Used in: Chapter 2.
    """
    z = _as_float(z)
    return (z > 0).astype(z.dtype)


def leaky_relu(z: ArrayLike, negative_slope: float = 0.2) -> np.ndarray:
    """The leaky rectifier: f(z) = z where z > 0, otherwise negative_slope · z.

    Parameters
    ----------
    z : array, any shape
    negative_slope : float
        Slope on the negative side. The paper takes 0.01, Keras 0.2.

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    Source: A. L. Maas, A. Y. Hannun, A. Y. Ng (2013), Rectifier nonlinearities
    improve neural network acoustic models, ICML workshop.

    Used in: Chapter 1.
    """
    z = _as_float(z)
    return np.where(z > 0, z, float(negative_slope) * z)


def leaky_relu_grad(z: ArrayLike, negative_slope: float = 0.2) -> np.ndarray:
    """Derivative of the leaky rectifier: 1 where z > 0, otherwise negative_slope.

    Parameters
    ----------
    z : array, any shape
    negative_slope : float
        As given to ``leaky_relu``.

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    At the kink z = 0 the negative slope is given, as in TensorFlow.

    Used in: Chapter 2.
    """
    z = _as_float(z)
    return np.where(z > 0, np.ones_like(z), float(negative_slope))


def elu(z: ArrayLike, alpha: float = 1.0) -> np.ndarray:
    """The exponential linear unit: f(z) = z where z > 0, otherwise α (exp(z) − 1).

    Parameters
    ----------
    z : array, any shape
    alpha : float
        The function falls to −α on the negative side.

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    Source: D.-A. Clevert, T. Unterthiner, S. Hochreiter (2015), Fast and
    accurate deep network learning by exponential linear units,
    https://arxiv.org/abs/1511.07289.

    Used in: Chapter 1.
    """
    z = _as_float(z)
    # np.where computes both branches: the minimum keeps the one not taken from overflowing.
    return np.where(z > 0, z, float(alpha) * np.expm1(np.minimum(z, 0.0)))


def elu_grad(z: ArrayLike, alpha: float = 1.0) -> np.ndarray:
    """Derivative of the exponential linear unit: 1 where z > 0, otherwise α exp(z).

    Parameters
    ----------
    z : array, any shape
    alpha : float
        As given to ``elu``.

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    Used in: Chapter 2.
    """
    z = _as_float(z)
    return np.where(z > 0, 1.0, float(alpha) * np.exp(np.minimum(z, 0.0)))


# --- Smooth rectifiers -------------------------------------------------------------------------


def softplus(z: ArrayLike) -> np.ndarray:
    """A smooth rectifier: f(z) = log(1 + exp(z)).

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    Computed as max(z, 0) + log(1 + exp(−abs(z))), which never overflows.

    Source: C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau, R. Garcia (2000),
    Incorporating second-order functional knowledge for better option pricing, NIPS.

    Used in: Chapter 1.
    """
    z = _as_float(z)
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def softplus_grad(z: ArrayLike) -> np.ndarray:
    """Derivative of softplus: the logistic function σ(z).

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    Used in: Chapter 2.
    """
    return sigmoid(z)


def silu(z: ArrayLike) -> np.ndarray:
    """The sigmoid linear unit, also called swish: f(z) = z σ(z).

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    Source: S. Elfwing, E. Uchibe, K. Doya (2017), Sigmoid-weighted linear units
    for neural network function approximation in reinforcement learning,
    https://arxiv.org/abs/1702.03118.

    Used in: Chapter 1.
    """
    z = _as_float(z)
    return z * sigmoid(z)


def silu_grad(z: ArrayLike) -> np.ndarray:
    """Derivative of the sigmoid linear unit: σ(z) (1 + z (1 − σ(z))).

    Parameters
    ----------
    z : array, any shape

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    Used in: Chapter 2.
    """
    z = _as_float(z)
    s = sigmoid(z)
    return s * (1.0 + z * (1.0 - s))


_erfc = np.vectorize(math.erfc, otypes=[np.float64])  # NumPy has no error function of its own
_GELU_SLOPE = math.sqrt(2.0 / math.pi)
_GELU_CUBIC = 0.044715


def _normal_cdf(z: np.ndarray) -> np.ndarray:
    """Φ(z) of the standard normal, (1 + erf(z/√2)) / 2, without cancellation for negative z."""
    return (0.5 * _erfc(z / -math.sqrt(2.0))).astype(z.dtype)


def gelu(z: ArrayLike, approximate: bool = False) -> np.ndarray:
    """The Gaussian error linear unit: f(z) = z Φ(z), Φ the standard normal's distribution function.

    Parameters
    ----------
    z : array, any shape
    approximate : bool
        If true, z (1 + tanh(√(2/π) (z + 0.044715 z³))) / 2, which is within
        0.0005 of the exact form and much faster here.

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    Φ(z) = (1 + erf(z/√2)) / 2. NumPy lacks erf, so the exact form calls Python's
    ``math.erfc`` once per element.

    Source: D. Hendrycks, K. Gimpel (2016), Gaussian error linear units (GELUs),
    section 2, https://arxiv.org/abs/1606.08415.

    Used in: Chapter 6.
    """
    z = _as_float(z)
    if approximate:
        return 0.5 * z * (1.0 + np.tanh(_GELU_SLOPE * (z + _GELU_CUBIC * z**3)))
    return z * _normal_cdf(z)


def gelu_grad(z: ArrayLike, approximate: bool = False) -> np.ndarray:
    """Derivative of the Gaussian error linear unit: Φ(z) + z φ(z), φ the standard normal's density.

    Parameters
    ----------
    z : array, any shape
    approximate : bool
        As given to ``gelu``. If true, the derivative of the approximation: with
        u = √(2/π) (z + 0.044715 z³), it is
        (1 + tanh u) / 2 + z (1 − tanh² u) √(2/π) (1 + 3 · 0.044715 z²) / 2.

    Returns
    -------
    ndarray, shape of ``z``

    Notes
    -----
    φ(z) = exp(−z²/2) / √(2π).

    Used in: Chapter 6.
    """
    z = _as_float(z)
    if approximate:
        t = np.tanh(_GELU_SLOPE * (z + _GELU_CUBIC * z**3))
        du_dz = _GELU_SLOPE * (1.0 + 3.0 * _GELU_CUBIC * z**2)
        return 0.5 * (1.0 + t) + 0.5 * z * (1.0 - t**2) * du_dz
    density = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    return _normal_cdf(z) + z * density


# --- Along an axis -----------------------------------------------------------------------------


def _below_zero(z: ArrayLike, axis: int) -> np.ndarray:
    """Subtract the largest entry of each slice: what is left is at most 0, and its exp at most 1."""
    z = _as_float(z)
    if not -z.ndim <= axis < z.ndim:
        raise ValueError(f"Expected an array that has the axis {axis}, received shape {z.shape}.")
    return z - z.max(axis=axis, keepdims=True)


def softmax(z: ArrayLike, axis: int = -1) -> np.ndarray:
    """Turns logits into probabilities: pₖ = exp(zₖ) / Σⱼ exp(zⱼ), the sum taken along ``axis``.

    Parameters
    ----------
    z : array, any shape with at least one axis
        Logits, for instance (N, K): one row per example, one column per class.
    axis : int
        The axis whose entries compete.

    Returns
    -------
    ndarray, shape of ``z``
        Not negative, with sum 1 along ``axis``.

    Raises
    ------
    ValueError
        If ``z`` has no such axis.

    Notes
    -----
    The largest logit of each slice is subtracted first. That multiplies numerator
    and denominator by the same number, so nothing changes but that no exponent
    is positive.

    Each output depends on every logit of its slice, so the derivative is a matrix
    and not an elementwise function.

    Source: J. S. Bridle (1990), Probabilistic interpretation of feedforward
    classification network outputs, https://doi.org/10.1007/978-3-642-76153-9_28.

    Used in: Chapter 1.
    """
    e = np.exp(_below_zero(z, axis))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(z: ArrayLike, axis: int = -1) -> np.ndarray:
    """The logarithm of ``softmax``: log pₖ = zₖ − log Σⱼ exp(zⱼ), the sum taken along ``axis``.

    Parameters
    ----------
    z : array, any shape with at least one axis
        Logits, for instance (N, K).
    axis : int
        The axis whose entries compete.

    Returns
    -------
    ndarray, shape of ``z``
        At most 0.

    Raises
    ------
    ValueError
        If ``z`` has no such axis.

    Notes
    -----
    Finite wherever the logits are, where the logarithm of a probability that
    has been rounded to 0 would be −∞.

    Used in: Chapter 1.
    """
    z = _below_zero(z, axis)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


# --- Backward ----------------------------------------------------------------------------------


def backward(activation: ActivationFunction, z: ArrayLike, dy: ArrayLike) -> np.ndarray:
    """Pass the gradient of the loss back through a = f(z): ∂L/∂z from ∂L/∂a.

    Elementwise functions: dz = dy · f′(z). For p = softmax(z), where every output
    depends on every input, dzⱼ = pⱼ (dyⱼ − Σₖ dyₖ pₖ); for log p, dzⱼ = dyⱼ − pⱼ Σₖ dyₖ.

    Parameters
    ----------
    activation : callable
        A function of this module, or ``functools.partial`` of one, such as
        ``partial(leaky_relu, negative_slope=0.1)``.
    z : array, any shape
        What the activation was given.
    dy : array, shape of ``z``
        ∂L/∂a.

    Returns
    -------
    ndarray, shape of ``z``
        ∂L/∂z.

    Raises
    ------
    ValueError
        If the shapes differ, or there is no derivative: for ``step``, and for
        functions that are not of this module.

    Notes
    -----
    Used in: Chapter 2.
    """
    z, dy = _as_float(z), _as_float(dy)
    if dy.shape != z.shape:
        raise ValueError(f"Expected dy of shape {z.shape}, that of z; received shape {dy.shape}.")
    function, arguments = activation, {}
    if isinstance(activation, partial) and not activation.args:
        function, arguments = activation.func, activation.keywords
    if function is linear:
        return dy
    if function is softmax:
        p, axis = softmax(z, **arguments), arguments.get("axis", -1)
        return p * (dy - np.sum(dy * p, axis=axis, keepdims=True))
    if function is log_softmax:
        p, axis = softmax(z, **arguments), arguments.get("axis", -1)
        return dy - p * np.sum(dy, axis=axis, keepdims=True)
    derivative = _DERIVATIVES.get(function)
    if derivative is None:
        known = ", ".join(f.__name__ for f in [linear, softmax, log_softmax, *_DERIVATIVES])
        name = getattr(function, "__name__", repr(function))
        raise ValueError(f"No derivative is known: expected one of {known}; received {name}.")
    return dy * derivative(z, **arguments)


_DERIVATIVES: dict[ActivationFunction, ActivationFunction] = {
    sigmoid: sigmoid_grad,
    tanh: tanh_grad,
    relu: relu_grad,
    leaky_relu: leaky_relu_grad,
    elu: elu_grad,
    softplus: softplus_grad,
    silu: silu_grad,
    gelu: gelu_grad,
}


# --- By name -----------------------------------------------------------------------------------

_BY_NAME: dict[str, ActivationFunction] = {
    f.__name__: f
    for f in (
        linear,
        step,
        sigmoid,
        tanh,
        relu,
        leaky_relu,
        elu,
        softplus,
        silu,
        gelu,
        softmax,
        log_softmax,
    )
}


def get(identifier: str | ActivationFunction | None) -> ActivationFunction:
    """Finds an activation function, as ``keras.activations.get`` does.

    Parameters
    ----------
    identifier : str, callable or None
        A name such as ``"relu"``; a function, which is given back as it is; or
        None, which means ``linear``.

    Returns
    -------
    callable
        A function of one array.

    Raises
    ------
    ValueError
        If it is no function and no known name.

    Examples
    --------
    >>> get("relu") is relu
    True

    Notes
    -----
    Used in: Chapter 1.
    """
    if identifier is None:
        return linear
    if callable(identifier):
        return identifier
    if isinstance(identifier, str) and identifier in _BY_NAME:
        return _BY_NAME[identifier]
    raise ValueError(
        f"Unknown activation: expected a function or one of {', '.join(_BY_NAME)}; received {identifier!r}."
    )
