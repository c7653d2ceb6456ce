"""A convolution, ReLU and max-pooling in one block: the same numbers in less time.

Between three separate layers a large image is written and read again and again: bias, ReLU and the
contest of max-pooling each touch every place, though pooling keeps one in four. This block rests on
three observations.

1. **The maximum can come first.** Neither adding b nor cutting off below 0 changes which number of a
   window is the largest: max of ReLU(zₖ + b) over k is ReLU((max of zₖ) + b). So bias and ReLU are left to
   the winners.
2. **The places can be visited in pooling order.** The rows of the matrix of columns may stand in any
   order: first the upper left place of all pooling windows, then the upper right one, and so on. The
   product then consists of four contiguous arrays, and the contest runs along them. Places that
   pooling drops (the last row and column of 11 × 11) are not computed at all.
3. **A few images at a time** keep what lies between in the processor's cache. The columns are
   gathered anew on the way back, which takes less time than to fetch them from memory.

The separate layers are ``Conv2D(…, activation="relu")`` and ``MaxPooling2D``.

Used in: Chapter 4.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from dlbook_utils.convolution import (
    Conv2D,
    Pair,
    Windows,
    _check_conv2d,
    _contest,
    _conv2d_input_gradient,
    _pair,
    _prizes,
    cell_numbers,
)
from dlbook_utils.initializers import Initializer
from dlbook_utils.layers import Cache, Shape, real_array

__all__ = ["ConvReluPool2D", "conv_relu_pool_backward", "conv_relu_pool_forward"]

BLOCK = 1 << 17  # numbers of z computed at a time: half a megabyte in float32


# --- Pure functions ----------------------------------------------------------------------------


def conv_relu_pool_forward(
    x: ArrayLike, W: ArrayLike, b: ArrayLike, pool_size: Pair = 2
) -> tuple[np.ndarray, Cache]:
    """The largest of each window of ReLU(x ∗ W + b), where the windows touch and do not overlap.

    Parameters
    ----------
    x : array (N, H, W, C)
        Images.
    W : array (kh, kw, C, F)
        Filter f is W[:, :, :, f]. Steps of 1, no padding.
    b : array (F,)
        Bias, one number per filter.
    pool_size : int or (int, int)
        ph, pw: size of the pooling window.

    Returns
    -------
    y : ndarray (N, ⌊P / ph⌋, ⌊Q / pw⌋, F)
        With P × Q the places of the convolution; in the common dtype of the arguments.
    cache : tuple
        x, W, which place of every pooling window won, where y > 0, and the windows.

    Raises
    ------
    ValueError
        As ``conv2d_forward`` and ``max_pool2d_forward``.

    Notes
    -----
    y = ReLU(max over k of zₖ + b) with z = x ∗ W, and k the places of a pooling window.

    Used in: Chapter 4.
    """
    x, W, b, windows = _check_conv2d(x, W, b, 1, "valid", 1, 1)
    pool = _pair(pool_size, "conv_relu_pool: pool_size")
    windows = _without_dropped(windows, pool)
    P, Q = windows.places[0] // pool[0], windows.places[1] // pool[1]
    y = np.empty((len(x), P, Q, W.shape[3]), x.dtype)
    wins = []
    for part in _blocks(x, windows, W.shape[3]):
        z = _columns(x[part], windows, pool) @ _matrix(W)  # (n ph pw P Q, F)
        first, *others = z.reshape(-1, pool[0] * pool[1], *y.shape[1:]).swapaxes(0, 1)  # each (n, P, Q, F)
        best, won = _contest(first, others)
        wins.append(won)
        best += b
        np.maximum(best, 0, out=y[part])
    return y, (x, W, wins, y > 0, windows, pool)


def conv_relu_pool_backward(
    dy: np.ndarray, cache: Cache, input_gradient: bool = True
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Pass the gradient back through pooling, ReLU and convolution.

    ReLU: dm = dy where y > 0, else 0. Pooling: of the places of a window the winner gets dm, the others 0.
    Convolution: dW = columnsᵀ dz, db = Σ dm, and dx tap by tap.

    Parameters
    ----------
    dy : array, shape of y
        ∂L/∂y. It is not changed.
    cache : tuple
        As ``conv_relu_pool_forward`` gave it.
    input_gradient : bool
        Whether dx is wanted.

    Returns
    -------
    dx : ndarray (N, H, W, C)
        Or None, if it is not wanted.
    dW : ndarray (kh, kw, C, F)
    db : ndarray (F,)

    Raises
    ------
    ValueError
        If ``dy`` has not the shape of y.

    Notes
    -----
    Where zₖ are equal, the first one wins, as in ``max_pool2d_backward``. Different zₖ that rounding
    makes equal when b is added are still told apart here, but not by the separate layers.

    Used in: Chapter 4.
    """
    x, W, wins, positive, windows, pool = cache
    dy = real_array(dy, "conv_relu_pool_backward: dy")
    if dy.shape != positive.shape:
        raise ValueError(
            f"conv_relu_pool_backward: expected dy of shape {positive.shape}, received shape {dy.shape}."
        )
    N, P, Q, F = dy.shape
    dm = dy * positive
    rows = dm.reshape(N * P * Q, F)
    db = np.ones(len(rows), rows.dtype) @ rows
    dW = np.zeros_like(_matrix(W))
    dx = np.empty_like(x) if input_gradient else None
    for part, won in zip(_blocks(x, windows, F), wins, strict=True):
        dz = np.empty((len(x[part]), *pool, P, Q, F), dm.dtype)  # in pooling order
        places = dz.reshape(len(dz), pool[0] * pool[1], P, Q, F).swapaxes(0, 1)  # (ph pw, n, P, Q, F)
        for place, share in zip(reversed(places), _prizes(dm[part], won), strict=True):
            place[...] = share
        dW += _columns(x[part], windows, pool).T @ dz.reshape(-1, F)
        if input_gradient:
            dz = dz.transpose(0, 3, 1, 4, 2, 5).reshape(len(dz), *windows.places, F)  # row by row again
            dx[part] = _conv2d_input_gradient(dz, W, x[part].shape, windows, groups=1)
    return dx, dW.reshape(W.shape), db


# --- The layer ---------------------------------------------------------------------------------


class ConvReluPool2D(Conv2D):
    """``Conv2D(filters, kernel_size, activation="relu")`` and ``MaxPooling2D(pool_size)`` as one layer.

    Parameters
    ----------
    filters, kernel_size, kernel_initializer, bias_initializer, seed
        As in ``Conv2D``.
    pool_size : int or (int, int)
        Size of the pooling window, which is also its stride.
    name : str, optional
        Default: ``"conv_relu_pool2d"``.
    dtype : dtype
        Type of the weights and of the computation.

    Attributes
    ----------
    params : dict
        ``kernel`` (kh, kw, C, F) and ``bias`` (F,), as in ``Conv2D``: the weights of the separate layers
        can be copied.

    Raises
    ------
    ValueError
        If an argument is not positive or not known.

    Notes
    -----
    Keras has no such layer; its compiler does something alike. See ``conv_relu_pool_forward``.

    Used in: Chapter 4.

    Examples
    --------
    >>> ConvReluPool2D(32, (3, 3), seed=0).forward(np.zeros((2, 28, 28, 1))).shape
    (2, 13, 13, 32)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Pair,
        pool_size: Pair = (2, 2),
        *,
        kernel_initializer: str | Initializer = "glorot_uniform",
        bias_initializer: str | Initializer = "zeros",
        seed: int | np.random.Generator | None = None,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            activation="relu",
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            seed=seed,
            name=name,
            dtype=dtype,
        )
        self.pool_size = _pair(pool_size, "ConvReluPool2D: pool_size")

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Give (N, ⌊P / ph⌋, ⌊Q / pw⌋, F) for (N, H, W, C).

        Parameters
        ----------
        input_shape : tuple
            H and W may be None.

        Returns
        -------
        tuple

        Raises
        ------
        ValueError
            As ``Conv2D``, or if the pooling window does not fit.
        """
        N, *places, F = super().compute_output_shape(input_shape)
        sizes = [None if n is None else n // p for n, p in zip(places, self.pool_size, strict=True)]
        if 0 in sizes:
            raise ValueError(
                f"{self}: expected at least {self.pool_size[0]} × {self.pool_size[1]} places to pool, "
                f"received {places[0]} × {places[1]} (input of shape {tuple(input_shape)})."
            )
        return N, *sizes, F

    def forward(self, x: ArrayLike, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """Compute the largest of each window of ReLU(x ∗ W + b).

        Parameters
        ----------
        x : array (N, H, W, C)
        training, mask
            Not used.

        Returns
        -------
        ndarray (N, ⌊P / ph⌋, ⌊Q / pw⌋, F)
            In the layer's dtype.

        Raises
        ------
        ValueError
            If ``x`` is not real or its shape does not fit.
        """
        x = self._prepare(x).astype(self.dtype, copy=False)
        y, self.cache = conv_relu_pool_forward(x, self.params["kernel"], self.params["bias"], self.pool_size)
        return y

    def backward(self, dy: ArrayLike, input_gradient: bool = True) -> np.ndarray | None:
        """Compute dx, dW and db: see ``conv_relu_pool_backward``.

        Parameters
        ----------
        dy : array (N, ⌊P / ph⌋, ⌊Q / pw⌋, F)
        input_gradient : bool
            Whether dx is wanted.

        Returns
        -------
        ndarray (N, H, W, C)
            Or None, if it is not wanted.

        Raises
        ------
        ValueError
            If ``forward`` was not called before, or the shape is another one.
        """
        cache = self._kept()
        positive = cache[3]
        dx, dW, db = conv_relu_pool_backward(self._upstream(dy, positive.shape), cache, input_gradient)
        self.grads = {"kernel": dW, "bias": db}
        return dx


# --- Parts -------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _pooling_order(height: int, width: int, windows: Windows, pool: tuple[int, int]) -> np.ndarray:
    """``cell_numbers`` with the places in pooling order: (ph pw P Q kh kw,)."""
    P, Q = windows.places[0] // pool[0], windows.places[1] // pool[1]
    numbers = cell_numbers(height, width, windows)  # (P ph, Q pw, kh, kw)
    numbers = numbers.reshape(P, pool[0], Q, pool[1], *windows.size)  # (P, ph, Q, pw, kh, kw)
    return numbers.transpose(1, 3, 0, 2, 4, 5).ravel()  # (ph pw P Q kh kw,)


def _columns(x: np.ndarray, windows: Windows, pool: tuple[int, int]) -> np.ndarray:
    """What the windows see, a place a row, the places in pooling order: (n ph pw P Q, kh kw C)."""
    N, H, width, C = x.shape
    seen = x.reshape(N, H * width, C).take(_pooling_order(H, width, windows, pool), axis=1)
    return seen.reshape(N * math.prod(windows.places), math.prod(windows.size) * C)


def _matrix(W: np.ndarray) -> np.ndarray:
    """A filter a column: (kh kw C, F)."""
    return W.reshape(-1, W.shape[3])  # (kh kw C, F)


def _without_dropped(windows: Windows, pool: tuple[int, int]) -> Windows:
    """The windows without the places at the end that do not fill a pooling window."""
    P, Q = (places - places % size for places, size in zip(windows.places, pool, strict=True))
    if P == 0 or Q == 0:
        raise ValueError(
            f"conv_relu_pool: expected at least {pool[0]} × {pool[1]} places to pool, "
            f"received {windows.places[0]} × {windows.places[1]}."
        )
    return windows._replace(places=(P, Q))


def _blocks(x: np.ndarray, windows: Windows, filters: int) -> Iterator[slice]:
    """Cut the batch into blocks of as many images as have ``BLOCK`` outputs together; at least one."""
    images = max(1, BLOCK // (math.prod(windows.places) * filters))
    for start in range(0, len(x), images):
        yield slice(start, start + images)
