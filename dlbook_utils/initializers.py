"""Weight initialisers: what stands in a layer's arrays before it has learnt anything.

Every initialiser is a function ``f(shape, rng, dtype=np.float32)`` that gives a
new array. ``rng`` is a ``numpy.random.Generator``: the same generator state
gives the same weights. Numbers are drawn in float64 and then rounded to
``dtype``, so one seed gives the same weights in every precision.

Names, defaults and distributions are those of ``keras.initializers``; the
random streams differ, so single values do not agree with Keras.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

__all__ = [
    "compute_fans",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "zeros",
]

Shape = tuple[int, ...]
Initializer = Callable[..., np.ndarray]

# Standard deviation of a standard normal that is cut off at ±2.
_TRUNCATED_STDDEV = 0.87962566103423978


# --- Constants ---------------------------------------------------------------------------------


def zeros(shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float32) -> np.ndarray:
    """All entries 0: the usual start of a bias.

    Parameters
    ----------
    shape : tuple of int
    rng : Generator, optional
        Not used; here so that all initialisers are called alike.
    dtype : dtype

    Returns
    -------
    ndarray, ``shape``

    Notes
    -----
    Used in: Chapter 1.
    """
    return np.zeros(shape, dtype)


def ones(shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float32) -> np.ndarray:
    """All entries 1: the usual start of a scale.

    Parameters
    ----------
    shape : tuple of int
    rng : Generator, optional
        Not used; here so that all initialisers are called alike.
    dtype : dtype

    Returns
    -------
    ndarray, ``shape``

    Notes
    -----
    Used in: Chapter 1.
    """
    return np.ones(shape, dtype)


# --- Fixed spread ------------------------------------------------------------------------------


def random_normal(
    shape: Shape,
    rng: np.random.Generator,
    dtype: DTypeLike = np.float32,
    mean: float = 0.0,
    stddev: float = 0.05,
) -> np.ndarray:
    """Normal: w ~ N(mean, stddev²), whatever the size of the layer.

    Parameters
    ----------
    shape : tuple of int
    rng : Generator
    dtype : dtype
    mean, stddev : float
        Mean and standard deviation.

    Returns
    -------
    ndarray, ``shape``

    Raises
    ------
    ValueError
        If ``rng`` is not a ``numpy.random.Generator``.

    Notes
    -----
    Used in: Chapter 1.
    """
    return _generator(rng).normal(mean, stddev, shape).astype(dtype)


def random_uniform(
    shape: Shape,
    rng: np.random.Generator,
    dtype: DTypeLike = np.float32,
    minval: float = -0.05,
    maxval: float = 0.05,
) -> np.ndarray:
    """Uniform: w ~ U(minval, maxval), whatever the size of the layer.

    Parameters
    ----------
    shape : tuple of int
    rng : Generator
    dtype : dtype
    minval, maxval : float
        Bounds.

    Returns
    -------
    ndarray, ``shape``

    Raises
    ------
    ValueError
        If ``rng`` is not a ``numpy.random.Generator``.

    Notes
    -----
    Used in: Chapter 1.
    """
    return _generator(rng).uniform(minval, maxval, shape).astype(dtype)


# --- A spread that fits the size of the layer --------------------------------------------------


def glorot_uniform(shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> np.ndarray:
    """Glorot (Xavier), uniform: variance 2 / (fan_in + fan_out). Keras's default for a kernel.

    w ~ U(−a, a) with a = √(6 / (fan_in + fan_out)).

    Parameters
    ----------
    shape : tuple of int
        (D, H) for a dense kernel, (kh, kw, C_in, C_out) for a convolution kernel.
    rng : Generator
    dtype : dtype

    Returns
    -------
    ndarray, ``shape``

    Raises
    ------
    ValueError
        If ``rng`` is not a ``numpy.random.Generator``.

    Notes
    -----
    Source: X. Glorot, Y. Bengio (2010), Understanding the difficulty of training
    deep feedforward neural networks, AISTATS, equation (16),
    https://proceedings.mlr.press/v9/glorot10a.html.

    Used in: Chapter 1.
    """
    fan_in, fan_out = compute_fans(shape)
    return _uniform(shape, 2.0 / max(1, fan_in + fan_out), rng, dtype)


def glorot_normal(shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> np.ndarray:
    """Glorot (Xavier), truncated normal: variance 2 / (fan_in + fan_out).

    Parameters
    ----------
    shape : tuple of int
        (D, H) for a dense kernel, (kh, kw, C_in, C_out) for a convolution kernel.
    rng : Generator
    dtype : dtype

    Returns
    -------
    ndarray, ``shape``

    Raises
    ------
    ValueError
        If ``rng`` is not a ``numpy.random.Generator``.

    Notes
    -----
    Source: X. Glorot, Y. Bengio (2010), Understanding the difficulty of training
    deep feedforward neural networks, AISTATS, equation (12),
    https://proceedings.mlr.press/v9/glorot10a.html. The truncation is Keras's.

    Used in: Chapter 1.
    """
    fan_in, fan_out = compute_fans(shape)
    return _truncated_normal(shape, 2.0 / max(1, fan_in + fan_out), rng, dtype)


def he_uniform(shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> np.ndarray:
    """He, uniform: variance 2 / fan_in, for layers followed by a rectifier.

    w ~ U(−a, a) with a = √(6 / fan_in).

    Parameters
    ----------
    shape : tuple of int
        (D, H) for a dense kernel, (kh, kw, C_in, C_out) for a convolution kernel.
    rng : Generator
    dtype : dtype

    Returns
    -------
    ndarray, ``shape``

    Raises
    ------
    ValueError
        If ``rng`` is not a ``numpy.random.Generator``.

    Notes
    -----
    Source: K. He, X. Zhang, S. Ren, J. Sun (2015), Delving deep into rectifiers,
    equation (10), https://arxiv.org/abs/1502.01852.

    Used in: Chapter 1.
    """
    fan_in, _ = compute_fans(shape)
    return _uniform(shape, 2.0 / max(1, fan_in), rng, dtype)


def he_normal(shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> np.ndarray:
    """He, truncated normal: variance 2 / fan_in, for layers followed by a rectifier.

    Parameters
    ----------
    shape : tuple of int
        (D, H) for a dense kernel, (kh, kw, C_in, C_out) for a convolution kernel.
    rng : Generator
    dtype : dtype

    Returns
    -------
    ndarray, ``shape``

    Raises
    ------
    ValueError
        If ``rng`` is not a ``numpy.random.Generator``.

    Notes
    -----
    Source: K. He, X. Zhang, S. Ren, J. Sun (2015), Delving deep into rectifiers,
    equation (10), https://arxiv.org/abs/1502.01852. The truncation is Keras's.

    Used in: Chapter 1.
    """
    fan_in, _ = compute_fans(shape)
    return _truncated_normal(shape, 2.0 / max(1, fan_in), rng, dtype)


def lecun_normal(shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> np.ndarray:
    """LeCun, truncated normal: variance 1 / fan_in.

    Parameters
    ----------
    shape : tuple of int
        (D, H) for a dense kernel, (kh, kw, C_in, C_out) for a convolution kernel.
    rng : Generator
    dtype : dtype

    Returns
    -------
    ndarray, ``shape``

    Raises
    ------
    ValueError
        If ``rng`` is not a ``numpy.random.Generator``.

    Notes
    -----
    Source: Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller (1998), Efficient
    BackProp, section 4.6, https://doi.org/10.1007/3-540-49430-8_2. The
    truncation is Keras's.

    Used in: Chapter 1.
    """
    fan_in, _ = compute_fans(shape)
    return _truncated_normal(shape, 1.0 / max(1, fan_in), rng, dtype)


def orthogonal(
    shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32, gain: float = 1.0
) -> np.ndarray:
    """A random matrix with orthonormal columns (or rows, if it has fewer rows than columns), times ``gain``.

    Parameters
    ----------
    shape : tuple of int
        (D, H). With more axes, all but the last are taken together as rows.
    rng : Generator
    dtype : dtype
    gain : float
        Factor on the whole matrix.

    Returns
    -------
    ndarray, ``shape``
        Q with Qᵀ Q = gain² I where rows ≥ columns, otherwise Q Qᵀ = gain² I.

    Raises
    ------
    ValueError
        If ``shape`` has fewer than two axes, or if ``rng`` is not a
        ``numpy.random.Generator``.

    Notes
    -----
    Q comes from the QR factorisation A = Q R of a matrix of normal draws. The
    signs of R's diagonal are moved into Q; without that, Q would depend on the
    factorisation's conventions and not be uniformly distributed.

    Source: A. M. Saxe, J. L. McClelland, S. Ganguli (2013), Exact solutions to
    the nonlinear dynamics of learning in deep linear neural networks,
    https://arxiv.org/abs/1312.6120.

    Used in: Chapters 1 and 5.
    """
    if len(shape) < 2:
        raise ValueError(f"orthogonal: expected a shape of at least two axes, received {tuple(shape)}.")
    rows, columns = math.prod(shape[:-1]), shape[-1]
    tall = (max(rows, columns), min(rows, columns))
    Q, R = np.linalg.qr(_generator(rng).standard_normal(tall))
    Q = Q * np.sign(np.diag(R))
    if rows < columns:
        Q = Q.T
    return (gain * Q).reshape(shape).astype(dtype)


# --- Parts -------------------------------------------------------------------------------------


def compute_fans(shape: Shape) -> tuple[int, int]:
    """How many inputs feed one unit (fan_in), and how many units one input feeds (fan_out).

    Parameters
    ----------
    shape : tuple of int
        (D, H) gives D and H. (kh, kw, C_in, C_out), or any other number of kernel
        axes, gives kh kw C_in and kh kw C_out. (D,) gives D and D, () gives 1 and 1.

    Returns
    -------
    fan_in, fan_out : int

    Notes
    -----
    Used in: Chapters 1 and 4.
    """
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    receptive_field = math.prod(shape[:-2])  # 1 for a dense kernel
    return int(receptive_field * shape[-2]), int(receptive_field * shape[-1])


def _uniform(shape: Shape, variance: float, rng: np.random.Generator, dtype: DTypeLike) -> np.ndarray:
    limit = math.sqrt(3.0 * variance)  # U(−a, a) has variance a²/3
    return _generator(rng).uniform(-limit, limit, shape).astype(dtype)


def _truncated_normal(
    shape: Shape, variance: float, rng: np.random.Generator, dtype: DTypeLike
) -> np.ndarray:
    """Normal draws, those outside ±2 drawn again, scaled so that ``variance`` is the variance left."""
    z = _generator(rng).standard_normal(shape)
    while (outside := np.abs(z) > 2.0).any():
        z[outside] = rng.standard_normal(np.count_nonzero(outside))
    return (math.sqrt(variance) / _TRUNCATED_STDDEV * z).astype(dtype)


def _generator(rng: np.random.Generator) -> np.random.Generator:
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"Expected rng to be a numpy.random.Generator (np.random.default_rng(0)), received {rng!r}."
        )
    return rng


# --- By name -----------------------------------------------------------------------------------

_BY_NAME: dict[str, Initializer] = {
    f.__name__: f
    for f in (
        zeros,
        ones,
        random_normal,
        random_uniform,
        glorot_uniform,
        glorot_normal,
        he_uniform,
        he_normal,
        lecun_normal,
        orthogonal,
    )
}


def get(identifier: str | Initializer) -> Initializer:
    """Finds an initialiser by its name.

    Parameters
    ----------
    identifier : str or callable
        A name such as ``"he_normal"``, or a function ``f(shape, rng, dtype)``,
        which is given back as it is. To set an option, use ``functools.partial``.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If it is no function and no known name.

    Examples
    --------
    >>> get("he_normal") is he_normal
    True

    Notes
    -----
    Used in: Chapter 1.
    """
    if callable(identifier):
        return identifier
    if isinstance(identifier, str) and identifier in _BY_NAME:
        return _BY_NAME[identifier]
    raise ValueError(
        f"Unknown initializer: expected a function or one of {', '.join(_BY_NAME)}; received {identifier!r}."
    )
