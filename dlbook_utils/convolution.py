"""Convolution and pooling: a small window slides over an image, and every place is treated alike.

An image batch is (N, H, W, C), channels last, as in Keras. A window of kh × kw cells is laid on it at
P × Q places. At each place a convolution takes the weighted sums of the window's cells, one for
each of F filters; pooling takes their maximum or their mean, channel by channel.

Everything here is built from one idea, the **tap**: cell (i, j) of the window. While the window
visits all its places, that cell reads a regular grid of the image, which is a slice:
``x[:, i : i + P, j : j + Q]`` if the steps are 1 (see ``tap_view``). Forward, values are read through
these slices; backward, gradients are added into the same slices.

- ``conv2d_naive`` is the definition, in six loops. ``conv2d_forward`` copies what the windows see
  into one matrix, a window a row, and is then one matrix product.
- The layers carry Keras's names, arguments, defaults, weight shapes and weight order.

Sources: Y. LeCun et al. (1989), Backpropagation applied to handwritten zip code recognition,
https://doi.org/10.1162/neco.1989.1.4.541; for sizes, strides and padding V. Dumoulin, F. Visin
(2016), A guide to convolution arithmetic, https://arxiv.org/abs/1603.07285.

Used in: Chapter 4.
"""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, DTypeLike

from dlbook_utils import activations, initializers
from dlbook_utils.activations import ActivationFunction
from dlbook_utils.initializers import Initializer
from dlbook_utils.layers import Cache, Layer, Shape, _positive_int, real_array

__all__ = [
    "AveragePooling2D",
    "Conv2D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "MaxPooling2D",
    "Windows",
    "average_pool2d_backward",
    "average_pool2d_forward",
    "cell_numbers",
    "conv2d_backward",
    "conv2d_forward",
    "conv2d_naive",
    "global_average_pool2d_backward",
    "global_average_pool2d_forward",
    "global_max_pool2d_backward",
    "global_max_pool2d_forward",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "output_length",
    "padding_amounts",
    "place_windows",
    "tap_view",
]

Pair = int | Sequence[int]  # one number for both directions, or (vertical, horizontal)


# --- Where the windows lie ---------------------------------------------------------------------


class Windows(NamedTuple):
    """Where a window is laid on an image, as ``place_windows`` works it out.

    Attributes
    ----------
    size : (int, int)
        kh, kw: cells of the window, vertically and horizontally.
    strides : (int, int)
        How far the window moves from one place to the next.
    dilation : (int, int)
        How far neighbouring cells of the window lie apart; 1 is a window without holes.
    places : (int, int)
        P, Q: the number of places, which is the output's height and width.
    padding : ((int, int), (int, int))
        Rows added above and below the image, columns added left and right.

    Notes
    -----
    Used in: Chapter 4.
    """

    size: tuple[int, int]
    strides: tuple[int, int]
    dilation: tuple[int, int]
    places: tuple[int, int]
    padding: tuple[tuple[int, int], tuple[int, int]]

    @property
    def overlap(self) -> bool:
        """Whether a cell of the image can be seen from more than one place."""
        pairs = zip(self.size, self.dilation, self.strides, strict=True)
        return any(_extent(size, dilation) > stride for size, dilation, stride in pairs)


def output_length(length: int, size: int, stride: int = 1, padding: str = "valid", dilation: int = 1) -> int:
    """Count the places of a window along one axis.

    With the window's extent k = (size − 1) · dilation + 1, from its first cell to its last:
    "valid" gives ⌊(length − k) / stride⌋ + 1, "same" gives ⌈length / stride⌉.

    Parameters
    ----------
    length : int
        Of the image along this axis.
    size, stride, dilation : int
        Of the window.
    padding : str
        "valid": the window stays inside the image. "same": it may reach over the edge.

    Returns
    -------
    int
        0 or less if the window does not fit.

    Raises
    ------
    ValueError
        If ``padding`` is neither.

    Notes
    -----
    Source: V. Dumoulin, F. Visin (2016), relationship 15, https://arxiv.org/abs/1603.07285.

    Used in: Chapter 4.
    """
    if _check_padding(padding) == "same":
        return -(-length // stride)
    return (length - _extent(size, dilation)) // stride + 1


def padding_amounts(
    length: int, size: int, stride: int = 1, padding: str = "valid", dilation: int = 1
) -> tuple[int, int]:
    """Count the cells to add before and after one axis, as TensorFlow does.

    For "same" the last place must still find its cells: (places − 1) · stride + k − length of them are
    missing. Half of them are put before; where their number is odd, the extra one is put *after*.

    Parameters
    ----------
    length, size, stride, padding, dilation
        As in ``output_length``.

    Returns
    -------
    before, after : int

    Raises
    ------
    ValueError
        If ``padding`` is neither "valid" nor "same".

    Notes
    -----
    So with an even window, or a stride above 1, the padding may be asymmetric. PyTorch's layers
    with symmetric padding then give other numbers.

    Used in: Chapter 4.
    """
    if _check_padding(padding) == "valid":
        return 0, 0
    places = output_length(length, size, stride, padding, dilation)
    missing = max((places - 1) * stride + _extent(size, dilation) - length, 0)
    return missing // 2, missing - missing // 2


def place_windows(
    shape: Shape, size: Pair, strides: Pair = 1, padding: str = "valid", dilation: Pair = 1
) -> Windows:
    """Work out where the windows lie on an image.

    Parameters
    ----------
    shape : (N, H, W, C)
        Of the image batch.
    size, strides, dilation : int or (int, int)
        Of the window; one number stands for both directions.
    padding : str
        "valid" or "same".

    Returns
    -------
    Windows

    Raises
    ------
    ValueError
        If an argument is not known or not positive, if a stride above 1 is combined with a dilation
        above 1, or if the window does not fit on the image.

    Notes
    -----
    Used in: Chapter 4.
    """
    size, strides, dilation = _pair(size, "size"), _pair(strides, "strides"), _pair(dilation, "dilation")
    _check_padding(padding)
    _check_dilation(strides, dilation)
    if len(shape) != 4:
        raise ValueError(f"Expected images of shape (N, H, W, C), received shape {tuple(shape)}.")
    axes = [(shape[1 + a], size[a], strides[a], padding, dilation[a]) for a in (0, 1)]
    places = tuple(output_length(*axis) for axis in axes)
    if min(places) <= 0:
        extent = tuple(_extent(*pair) for pair in zip(size, dilation, strict=True))
        raise ValueError(
            f"Expected images of at least {extent[0]} × {extent[1]} cells for such windows with "
            f"padding={padding!r}, received {shape[1]} × {shape[2]} (shape {tuple(shape)})."
        )
    return Windows(size, strides, dilation, places, tuple(padding_amounts(*axis) for axis in axes))


def tap_view(x: np.ndarray, tap: tuple[int, int], windows: Windows) -> np.ndarray:
    """Give what one cell of the window reads, at all places: a view, so writing to it writes to ``x``.

    Parameters
    ----------
    x : array (N, H + padding, W + padding, C)
        The padded image.
    tap : (int, int)
        i, j: which cell of the window.
    windows : Windows

    Returns
    -------
    ndarray (N, P, Q, C)
        Entry [n, p, q] is x[n, p · stride + i · dilation, q · stride + j · dilation].

    Notes
    -----
    Used in: Chapter 4.
    """
    (sh, sw), (dh, dw), (P, Q) = windows.strides, windows.dilation, windows.places
    top, left = tap[0] * dh, tap[1] * dw
    return x[:, top : top + (P - 1) * sh + 1 : sh, left : left + (Q - 1) * sw + 1 : sw]


@lru_cache(maxsize=64)
def cell_numbers(height: int, width: int, windows: Windows) -> np.ndarray:
    """Say which cells every window sees, when the cells of an image are numbered row by row from 0.

    Parameters
    ----------
    height, width : int
        Of the padded image.
    windows : Windows

    Returns
    -------
    ndarray of int (P, Q, kh, kw), read-only
        The cell that tap (i, j) reads at place (p, q) stands in row p · stride + i · dilation and column
        q · stride + j · dilation; its number is row · width + column.

    Notes
    -----
    One look at the numbers through the windows serves all images and channels of this size: the answer
    is remembered. What the windows see of x is then x.reshape(N, H W, C).take(numbers, axis=1).

    Used in: Chapter 4.

    Examples
    --------
    >>> windows = place_windows((1, 3, 3, 1), size=2)
    >>> cell_numbers(3, 3, windows).reshape(4, 4)  # four places, four cells each
    array([[0, 1, 3, 4],
           [1, 2, 4, 5],
           [3, 4, 6, 7],
           [4, 5, 7, 8]])
    """
    (sh, sw), (dh, dw) = windows.strides, windows.dilation
    numbers = np.arange(height * width).reshape(height, width)
    extent = tuple(_extent(k, d) for k, d in zip(windows.size, windows.dilation, strict=True))
    seen = sliding_window_view(numbers, extent)[::sh, ::sw, ::dh, ::dw]
    seen = seen[: windows.places[0], : windows.places[1]].copy()
    seen.flags.writeable = False
    return seen


# --- Convolution -------------------------------------------------------------------------------


def conv2d_naive(
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    strides: Pair = 1,
    padding: str = "valid",
    dilation_rate: Pair = 1,
    groups: int = 1,
) -> np.ndarray:
    """Convolution by its definition, in six loops: slow, and what ``conv2d_forward`` is tested against.

    Parameters
    ----------
    x, W, b, strides, padding, dilation_rate, groups
        As in ``conv2d_forward``.

    Returns
    -------
    ndarray (N, P, Q, F)

    Raises
    ------
    ValueError
        As ``conv2d_forward``.

    Notes
    -----
    y[n, p, q, f] = Σ_i Σ_j Σ_c x[n, p s + i d, q s + j d, c] W[i, j, c, f] + b[f], with stride s and
    dilation d. It does not turn the kernel over: what the field calls convolution is a
    cross-correlation.

    Used in: Chapter 4.
    """
    x, W, b, windows = _check_conv2d(x, W, b, strides, padding, dilation_rate, groups)
    x = _padded(x, windows, 0)
    N, F = len(x), W.shape[3]
    (kh, kw), (P, Q), channels = windows.size, windows.places, W.shape[2]
    y = np.zeros((N, P, Q, F), x.dtype)
    for n in range(N):
        for p in range(P):
            for q in range(Q):
                for f in range(F):
                    first = f // (F // groups) * channels  # the first channel of the filter's group
                    for i in range(kh):
                        for j in range(kw):
                            row = p * windows.strides[0] + i * windows.dilation[0]
                            column = q * windows.strides[1] + j * windows.dilation[1]
                            y[n, p, q, f] += x[n, row, column, first : first + channels] @ W[i, j, :, f]
    return y if b is None else y + b


def conv2d_forward(
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    strides: Pair = 1,
    padding: str = "valid",
    dilation_rate: Pair = 1,
    groups: int = 1,
) -> tuple[np.ndarray, Cache]:
    """The convolution of images with F filters, as one matrix product: y = columns · kernel + b.

    Parameters
    ----------
    x : array (N, H, W, C)
        Images.
    W : array (kh, kw, C / groups, F)
        Filter f is W[:, :, :, f].
    b : array (F,), optional
        Bias, one number per filter.
    strides, dilation_rate : int or (int, int)
        Not both above 1.
    padding : str
        "valid", or "same": zeros around the image, as TensorFlow lays them.
    groups : int
        The channels are cut into so many groups, and the filters, too; a filter sees the channels of
        its own group alone.

    Returns
    -------
    y : ndarray (N, P, Q, F)
        In the common dtype of the arguments.
    cache : tuple
        What ``conv2d_backward`` needs: the columns, W, the shape of x and the windows.

    Raises
    ------
    ValueError
        If an array does not hold real numbers, the shapes do not fit, the window is larger than the
        image, or an argument is not known.

    Notes
    -----
    y[n, p, q, f] = Σ_i Σ_j Σ_c x[n, p s + i d, q s + j d, c] W[i, j, c, f] + b[f].

    Each place is a row of ``columns``, the kh · kw · C numbers its window sees; each filter is a column
    of the kernel. The matrix takes kh · kw times the memory of the image: the price of one product.

    Sources: Y. LeCun et al. (1989), https://doi.org/10.1162/neco.1989.1.4.541; the matrix:
    K. Chellapilla, S. Puri, P. Simard (2006), High performance convolutional neural networks for
    document processing, https://inria.hal.science/inria-00112631; dilation: F. Yu, V. Koltun (2016),
    https://arxiv.org/abs/1511.07122; groups: A. Krizhevsky, I. Sutskever, G. E. Hinton (2012),
    https://doi.org/10.1145/3065386.

    Used in: Chapter 4.
    """
    x, W, b, windows = _check_conv2d(x, W, b, strides, padding, dilation_rate, groups)
    columns = _columns(_padded(x, windows, 0), windows, groups)
    y = _join_groups(columns @ _kernel_matrix(W, groups))  # (N P Q, F)
    if b is not None:
        y += b
    return y.reshape(len(x), *windows.places, W.shape[3]), (columns, W, x.shape, windows)  # (N, P, Q, F)


def conv2d_backward(
    dy: np.ndarray, cache: Cache, input_gradient: bool = True
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Pass the gradient of the loss back through y = columns · kernel + b.

    dW = columnsᵀ dy and db = Σ dy over all images and places, since all of them share W and b. For dx
    every tap sends dy back to where it had read: dx[slice of tap (i, j)] += dy W[i, j]ᵀ.

    Parameters
    ----------
    dy : array (N, P, Q, F)
        ∂L/∂y. It is not changed.
    cache : tuple
        As ``conv2d_forward`` gave it.
    input_gradient : bool
        Whether dx is wanted. It costs more than dW and db together; a first layer does without.

    Returns
    -------
    dx : ndarray (N, H, W, C)
        Or None, if it is not wanted.
    dW : ndarray (kh, kw, C / groups, F)
    db : ndarray (F,)
        Meaningless if there was no b.

    Raises
    ------
    ValueError
        If ``dy`` has not the shape of y.

    Notes
    -----
    dW[i, j, c, f] = Σ_n Σ_p Σ_q x[n, p s + i d, q s + j d, c] dy[n, p, q, f] is a correlation of the
    image with dy. dx is one, too: of dy, padded all around, with the kernel turned by 180°, which is the
    convolution of mathematics. Adding tap by tap computes it without the padding.

    Source: Y. LeCun et al. (1989), https://doi.org/10.1162/neco.1989.1.4.541.

    Used in: Chapter 4.
    """
    columns, W, shape, windows = cache
    dy = real_array(dy, "conv2d_backward: dy")
    expected = (shape[0], *windows.places, W.shape[3])
    if dy.shape != expected:
        raise ValueError(f"conv2d_backward: expected dy of shape {expected}, received shape {dy.shape}.")
    groups = len(columns)
    rows = dy.reshape(math.prod(expected[:3]), expected[3])  # (N P Q, F)
    dW = _from_kernel_matrix(columns.transpose(0, 2, 1) @ _split_groups(rows, groups), W.shape)
    db = np.ones(len(rows), rows.dtype) @ rows  # the sum of the rows: BLAS is faster than .sum(axis=0)
    return _conv2d_input_gradient(dy, W, shape, windows, groups) if input_gradient else None, dW, db


def _conv2d_input_gradient(
    dy: np.ndarray, W: np.ndarray, shape: tuple[int, ...], windows: Windows, groups: int
) -> np.ndarray:
    """Send dy (N, P, Q, F) back through every tap and add up what arrives: (N, H, W, C)."""
    dx = _padded_zeros(shape, windows, dy.dtype)
    rows = _split_groups(dy.reshape(math.prod(dy.shape[:3]), dy.shape[3]), groups)  # (G, N P Q, F/G)
    kernel = W.reshape(*W.shape[:3], groups, W.shape[3] // groups)  # (kh, kw, C/G, G, F/G)
    kernel = kernel.transpose(0, 1, 3, 4, 2)  # (kh, kw, G, F/G, C/G)
    for i, j in np.ndindex(windows.size):
        sent = _join_groups(rows @ kernel[i, j])  # (N P Q, C)
        receivers = tap_view(dx, (i, j), windows)  # (N, P, Q, C)
        receivers += sent.reshape(receivers.shape)
    return _without_padding(dx, windows)


# --- Pooling -----------------------------------------------------------------------------------


def max_pool2d_forward(
    x: ArrayLike, pool_size: Pair = 2, strides: Pair | None = None, padding: str = "valid"
) -> tuple[np.ndarray, Cache]:
    """The largest number of each window, channel by channel.

    Parameters
    ----------
    x : array (N, H, W, C)
    pool_size : int or (int, int)
        Size of the window.
    strides : int or (int, int), optional
        Default: ``pool_size``, windows that touch and do not overlap.
    padding : str
        "valid", or "same": cells outside the image are never the largest.

    Returns
    -------
    y : ndarray (N, P, Q, C)
    cache : tuple
        Which cell of every window won, the shape of x and the windows.

    Raises
    ------
    ValueError
        If ``x`` is not real or no image, the window does not fit, or an argument is not known.

    Notes
    -----
    y[n, p, q, c] = max over i, j of x[n, p s + i, q s + j, c].

    It is computed as a contest. The first cell of the window is the champion; the others challenge it
    one after another, row by row, and must be *larger* to take its place. So among equal cells the
    first one wins, as in TensorFlow on a CPU. The outcomes, one array of booleans for every challenger,
    are all that the backward pass needs.

    Source: D. Scherer, A. Müller, S. Behnke (2010), Evaluation of pooling operations in convolutional
    architectures for object recognition, https://doi.org/10.1007/978-3-642-15825-4_10.

    Used in: Chapter 4.
    """
    x = real_array(x, "max_pool2d_forward: x")
    windows = place_windows(x.shape, pool_size, pool_size if strides is None else strides, padding)
    cells = _padded(x, windows, _lowest(x.dtype))
    first, *others = [tap_view(cells, tap, windows) for tap in np.ndindex(windows.size)]
    y, wins = _contest(first, others)
    return y, (wins, x.shape, windows)


def max_pool2d_backward(dy: np.ndarray, cache: Cache) -> np.ndarray:
    """Pass the gradient back to the one cell of each window that gave the maximum.

    Parameters
    ----------
    dy : array (N, P, Q, C)
        ∂L/∂y. It is not changed.
    cache : tuple
        As ``max_pool2d_forward`` gave it.

    Returns
    -------
    ndarray (N, H, W, C)
        ∂L/∂x. Where windows overlap, a cell that won several gets the sum.

    Raises
    ------
    ValueError
        If ``dy`` has not the shape of y.

    Notes
    -----
    Among equal cells one alone may get the gradient, or too much would flow back: a 2 × 2 window
    on a flat background would pass on four times what it received. Here it is the first.

    Used in: Chapter 4.
    """
    wins, shape, windows = cache
    dy = _check_upstream(dy, shape, windows, "max_pool2d_backward")
    dx = _padded_zeros(shape, windows, dy.dtype)
    receivers = [tap_view(dx, tap, windows) for tap in np.ndindex(windows.size)]
    for cells, share in zip(reversed(receivers), _prizes(dy, wins), strict=True):
        cells[...] = cells + share if windows.overlap else share
    return _without_padding(dx, windows)


def average_pool2d_forward(
    x: ArrayLike, pool_size: Pair = 2, strides: Pair | None = None, padding: str = "valid"
) -> tuple[np.ndarray, Cache]:
    """The mean of each window, channel by channel.

    Parameters
    ----------
    x, pool_size, strides, padding
        As in ``max_pool2d_forward``. With "same" the mean is that of the cells inside the image.

    Returns
    -------
    y : ndarray (N, P, Q, C)
    cache : tuple
        How many cells each window has inside the image, the shape of x and the windows.

    Raises
    ------
    ValueError
        As ``max_pool2d_forward``.

    Notes
    -----
    y[n, p, q, c] = 1/m[p, q] · Σ_i Σ_j x[n, p s + i, q s + j, c], where m counts the cells that are
    inside; away from the edge m = kh · kw. Integers give float64 here, as in NumPy.

    Source: Y. LeCun et al. (1998), Gradient-based learning applied to document recognition
    ("subsampling"), https://doi.org/10.1109/5.726791.

    Used in: Chapter 4.
    """
    x = real_array(x, "average_pool2d_forward: x")
    x = x.astype(np.result_type(x, np.float16) if x.dtype.kind == "f" else np.float64, copy=False)
    windows = place_windows(x.shape, pool_size, pool_size if strides is None else strides, padding)
    counts = _count_cells(x.shape, windows, x.dtype)
    cells = _padded(x, windows, 0)
    y = np.zeros((len(x), *windows.places, x.shape[3]), x.dtype)
    for tap in np.ndindex(windows.size):
        y += tap_view(cells, tap, windows)
    y /= counts
    return y, (counts, x.shape, windows)


def average_pool2d_backward(dy: np.ndarray, cache: Cache) -> np.ndarray:
    """Pass the gradient back to all cells of each window in equal shares: dy / m to each.

    Parameters
    ----------
    dy : array (N, P, Q, C)
        ∂L/∂y. It is not changed.
    cache : tuple
        As ``average_pool2d_forward`` gave it.

    Returns
    -------
    ndarray (N, H, W, C)

    Raises
    ------
    ValueError
        If ``dy`` has not the shape of y.

    Notes
    -----
    Used in: Chapter 4.
    """
    counts, shape, windows = cache
    dy = _check_upstream(dy, shape, windows, "average_pool2d_backward")
    share = dy / counts
    dx = _padded_zeros(shape, windows, share.dtype)
    for tap in np.ndindex(windows.size):
        receivers = tap_view(dx, tap, windows)  # (N, P, Q, C)
        receivers += share
    return _without_padding(dx, windows)


def global_average_pool2d_forward(x: ArrayLike) -> tuple[np.ndarray, Cache]:
    """The mean of each channel over the whole image.

    Parameters
    ----------
    x : array (N, H, W, C)

    Returns
    -------
    y : ndarray (N, C)
    cache : tuple
        The shape of x.

    Raises
    ------
    ValueError
        If ``x`` is not real, no image, or has no cells.

    Notes
    -----
    y[n, c] = 1/(H W) · Σ_h Σ_w x[n, h, w, c].

    Source: M. Lin, Q. Chen, S. Yan (2014), Network in network, section 3.2,
    https://arxiv.org/abs/1312.4400.

    Used in: Chapter 4.
    """
    x = real_array(x, "global_average_pool2d_forward: x")
    _check_images(x.shape)
    return x.mean(axis=(1, 2)), (x.shape,)


def global_average_pool2d_backward(dy: np.ndarray, cache: Cache) -> np.ndarray:
    """Pass the gradient back to all cells in equal shares: dx[n, h, w, c] = dy[n, c] / (H W).

    Parameters
    ----------
    dy : array (N, C)
        ∂L/∂y. It is not changed.
    cache : tuple
        As ``global_average_pool2d_forward`` gave it.

    Returns
    -------
    ndarray (N, H, W, C)

    Raises
    ------
    ValueError
        If ``dy`` has not the shape of y.

    Notes
    -----
    Used in: Chapter 4.
    """
    (shape,) = cache
    dy = _check_global_upstream(dy, shape, "global_average_pool2d_backward")
    share = dy / (shape[1] * shape[2])
    return np.repeat(share, shape[1] * shape[2], axis=0).reshape(shape)  # (N, H, W, C)


def global_max_pool2d_forward(x: ArrayLike) -> tuple[np.ndarray, Cache]:
    """The largest number of each channel in the whole image.

    Parameters
    ----------
    x : array (N, H, W, C)

    Returns
    -------
    y : ndarray (N, C)
    cache : tuple
        ``(x, y)``, not copied.

    Raises
    ------
    ValueError
        If ``x`` is not real, no image, or has no cells.

    Notes
    -----
    y[n, c] = max over h, w of x[n, h, w, c].

    Used in: Chapter 4.
    """
    x = real_array(x, "global_max_pool2d_forward: x")
    _check_images(x.shape)
    y = x.max(axis=(1, 2))
    return y, (x, y)


def global_max_pool2d_backward(dy: np.ndarray, cache: Cache) -> np.ndarray:
    """Pass the gradient back to the largest cell; equal ones divide it among themselves.

    Parameters
    ----------
    dy : array (N, C)
        ∂L/∂y. It is not changed.
    cache : tuple
        As ``global_max_pool2d_forward`` gave it.

    Returns
    -------
    ndarray (N, H, W, C)

    Raises
    ------
    ValueError
        If ``dy`` has not the shape of y.

    Notes
    -----
    That ties are divided here, and won by the first in ``max_pool2d_backward``, is Keras's doing, which
    computes the one by a reduction, the other by a pooling kernel. Both pass on exactly what they
    received.

    Used in: Chapter 4.
    """
    x, y = cache
    dy = _check_global_upstream(dy, x.shape, "global_max_pool2d_backward")
    largest = x == y[:, None, None]  # (N, H, W, C)
    share = dy / np.count_nonzero(largest, axis=(1, 2)).astype(dy.dtype)
    return largest * share[:, None, None]  # (N, H, W, C)


# --- Layers ------------------------------------------------------------------------------------


class Conv2D(Layer):
    """A convolutional layer: y = f(x ∗ W + b), the same F filters at every place of the image.

    Parameters
    ----------
    filters : int
        F, the number of output channels.
    kernel_size : int or (int, int)
        kh, kw.
    strides : int or (int, int)
        Steps of the window.
    padding : str
        "valid" or "same".
    dilation_rate : int or (int, int)
        Distance of neighbouring cells of the window. Not above 1 together with a stride above 1.
    groups : int
        Divides both the channels and ``filters``; a filter sees one group of channels.
    activation : str, callable or None
        f, see ``activations.get``; None is the identity.
    use_bias : bool
        Whether there is a b.
    kernel_initializer, bias_initializer : str or callable
        See ``initializers.get``.
    seed : int, Generator or None
        Source of the initial weights, as in ``layers.Dense``.
    name : str, optional
        Default: ``"conv2d"``.
    dtype : dtype
        Type of the weights and of the computation.

    Attributes
    ----------
    params : dict
        ``kernel`` (kh, kw, C / groups, F), and ``bias`` (F,) if ``use_bias``.

    Raises
    ------
    ValueError
        If an argument is out of range or not known.

    Notes
    -----
    Takes (N, H, W, C), gives (N, P, Q, F): see ``conv2d_forward``. Integer input is cast to the layer's
    dtype. Keras has ``data_format`` after ``padding``; here it is always "channels_last", and what
    follows ``padding`` is given by name.

    Used in: Chapter 4.

    Examples
    --------
    >>> layer = Conv2D(32, (3, 3), activation="relu", seed=0)
    >>> layer.forward(np.zeros((2, 28, 28, 1))).shape
    (2, 26, 26, 32)
    >>> layer.count_params()
    320
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Pair,
        strides: Pair = (1, 1),
        padding: str = "valid",
        *,
        dilation_rate: Pair = (1, 1),
        groups: int = 1,
        activation: str | ActivationFunction | None = None,
        use_bias: bool = True,
        kernel_initializer: str | Initializer = "glorot_uniform",
        bias_initializer: str | Initializer = "zeros",
        seed: int | np.random.Generator | None = None,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.filters = _positive_int(filters, "Conv2D: filters")
        self.kernel_size = _pair(kernel_size, "Conv2D: kernel_size")
        self.strides = _pair(strides, "Conv2D: strides")
        self.padding = _check_padding(padding)
        self.dilation_rate = _pair(dilation_rate, "Conv2D: dilation_rate")
        _check_dilation(self.strides, self.dilation_rate)
        self.groups = _positive_int(groups, "Conv2D: groups")
        if self.filters % self.groups:
            raise ValueError(
                f"Conv2D: expected filters to be a multiple of groups, "
                f"received filters={self.filters}, groups={self.groups}."
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.seed = seed

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make ``kernel`` (kh, kw, C / groups, F) and ``bias`` (F,).

        Parameters
        ----------
        input_shape : tuple
            (N, H, W, C), where C must be known: ``(None, 28, 28, 1)``.

        Raises
        ------
        ValueError
            As ``compute_output_shape``, or if C is None.
        """
        self.compute_output_shape(input_shape)
        if self.built:
            return
        C = input_shape[3]
        if C is None:
            raise ValueError(
                f"{self}: expected a known last axis in input_shape, received {tuple(input_shape)}."
            )
        rng = np.random.default_rng(self.seed)
        shape = (*self.kernel_size, C // self.groups, self.filters)
        self.params["kernel"] = self.kernel_initializer(shape, rng, self.dtype)
        if self.use_bias:
            self.params["bias"] = self.bias_initializer((self.filters,), rng, self.dtype)
        self.built = True

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Give (N, P, Q, F) for (N, H, W, C).

        Parameters
        ----------
        input_shape : tuple
            H and W may be None; then P and Q are.

        Returns
        -------
        tuple

        Raises
        ------
        ValueError
            If there are not four axes, if the window does not fit, if ``groups`` does not divide C, or
            if the kernel has another C.
        """
        geometry = (self.kernel_size, self.strides, self.padding, self.dilation_rate)
        P, Q = _output_size(self, input_shape, *geometry)
        N, _, _, C = input_shape
        if C is not None and C % self.groups:
            raise ValueError(
                f"{self}: expected a number of channels that {self.groups} groups divide, "
                f"received shape {tuple(input_shape)}."
            )
        if self.built and self.params["kernel"].shape[2] * self.groups != C:
            raise ValueError(
                f"{self}: expected an input with last axis {self.params['kernel'].shape[2] * self.groups}, "
                f"received shape {tuple(input_shape)}."
            )
        return N, P, Q, self.filters

    def forward(self, x: ArrayLike, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """Compute f(x ∗ W + b).

        Parameters
        ----------
        x : array (N, H, W, C)
        training, mask
            Not used.

        Returns
        -------
        ndarray (N, P, Q, F)
            In the layer's dtype.

        Raises
        ------
        ValueError
            If ``x`` is not real or its shape does not fit.
        """
        x = self._prepare(x).astype(self.dtype, copy=False)
        self.cache = None  # frees the last columns, which the new ones can then replace in memory
        geometry = (self.strides, self.padding, self.dilation_rate, self.groups)
        z, conv_cache = conv2d_forward(x, self.params["kernel"], self.params.get("bias"), *geometry)
        self.cache = (conv_cache, z)
        return self.activation(z)

    def backward(self, dy: ArrayLike, input_gradient: bool = True) -> np.ndarray | None:
        """Compute dz = dy · f′(z), then dx, dW and db: see ``conv2d_backward``.

        Parameters
        ----------
        dy : array (N, P, Q, F)
        input_gradient : bool
            Whether dx is wanted.

        Returns
        -------
        ndarray (N, H, W, C)
            Or None, if it is not wanted.

        Raises
        ------
        ValueError
            If ``forward`` was not called before, the shape is another one, or the activation has no
            derivative.
        """
        conv_cache, z = self._kept()
        dz = activations.backward(self.activation, z, self._upstream(dy, z.shape))
        dx, dW, db = conv2d_backward(dz, conv_cache, input_gradient)
        self.grads = {"kernel": dW, "bias": db} if self.use_bias else {"kernel": dW}
        return dx


class _Pooling2D(Layer):
    """What both poolings share: windows, shapes, and the way to the pure functions."""

    def __init__(
        self,
        pool_size: Pair,
        strides: Pair | None = None,
        padding: str = "valid",
        *,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        kind = type(self).__name__
        self.pool_size = _pair(pool_size, f"{kind}: pool_size")
        self.strides = self.pool_size if strides is None else _pair(strides, f"{kind}: strides")
        self.padding = _check_padding(padding)

    @staticmethod
    @abstractmethod
    def _pool(x: np.ndarray, size: Pair, strides: Pair, padding: str) -> tuple[np.ndarray, Cache]:
        """The pure function forward."""

    @staticmethod
    @abstractmethod
    def _unpool(dy: np.ndarray, cache: Cache) -> np.ndarray:
        """The pure function backward."""

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Give (N, P, Q, C) for (N, H, W, C).

        Parameters
        ----------
        input_shape : tuple
            H and W may be None; then P and Q are.

        Returns
        -------
        tuple

        Raises
        ------
        ValueError
            If there are not four axes, or the window does not fit.
        """
        P, Q = _output_size(self, input_shape, self.pool_size, self.strides, self.padding, (1, 1))
        return input_shape[0], P, Q, input_shape[3]

    def forward(self, x: ArrayLike, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """Pool each channel by itself.

        Parameters
        ----------
        x : array (N, H, W, C)
        training, mask
            Not used.

        Returns
        -------
        ndarray (N, P, Q, C)
            In the layer's dtype.

        Raises
        ------
        ValueError
            If ``x`` is not real or its shape does not fit.
        """
        x = self._prepare(x).astype(self.dtype, copy=False)
        y, pool_cache = self._pool(x, self.pool_size, self.strides, self.padding)
        self.cache = (pool_cache, y.shape)
        return y

    def backward(self, dy: ArrayLike, input_gradient: bool = True) -> np.ndarray:
        """Pass the gradient back to the cells of the windows.

        Parameters
        ----------
        dy : array (N, P, Q, C)
        input_gradient
            Not used.

        Returns
        -------
        ndarray (N, H, W, C)

        Raises
        ------
        ValueError
            If ``forward`` was not called before, or the shape is another one.
        """
        pool_cache, shape = self._kept()
        return self._unpool(self._upstream(dy, shape), pool_cache)


class MaxPooling2D(_Pooling2D):
    """The largest number of each window, channel by channel.

    Parameters
    ----------
    pool_size : int or (int, int)
    strides : int or (int, int), optional
        Default: ``pool_size``.
    padding : str
        "valid" or "same".
    name : str, optional
        Default: ``"max_pooling2d"``.
    dtype : dtype
        Type of the computation.

    Raises
    ------
    ValueError
        If an argument is not positive or not known.

    Notes
    -----
    Takes (N, H, W, C), gives (N, P, Q, C): see ``max_pool2d_forward``. Among equal cells the first gets
    the gradient. Integer input is cast to the layer's dtype (Keras would keep it).

    Used in: Chapter 4.

    Examples
    --------
    >>> MaxPooling2D((2, 2)).forward(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]], dtype=float32)
    """

    _pool = staticmethod(max_pool2d_forward)
    _unpool = staticmethod(max_pool2d_backward)

    def __init__(
        self,
        pool_size: Pair = (2, 2),
        strides: Pair | None = None,
        padding: str = "valid",
        *,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        super().__init__(pool_size, strides, padding, name=name, dtype=dtype)


class AveragePooling2D(_Pooling2D):
    """The mean of each window, channel by channel.

    Parameters
    ----------
    pool_size : int or (int, int)
    strides : int or (int, int), optional
        Default: ``pool_size``.
    padding : str
        "valid" or "same".
    name : str, optional
        Default: ``"average_pooling2d"``.
    dtype : dtype
        Type of the computation.

    Raises
    ------
    ValueError
        If an argument is not positive or not known.

    Notes
    -----
    Takes (N, H, W, C), gives (N, P, Q, C): see ``average_pool2d_forward``. Cells outside the image do
    not count. Integer input is cast to the layer's dtype.

    Used in: Chapter 4.
    """

    _pool = staticmethod(average_pool2d_forward)
    _unpool = staticmethod(average_pool2d_backward)


class _GlobalPooling2D(Layer):
    """What both global poolings share."""

    def __init__(
        self, keepdims: bool = False, *, name: str | None = None, dtype: DTypeLike = "float32"
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.keepdims = bool(keepdims)

    @staticmethod
    @abstractmethod
    def _pool(x: np.ndarray) -> tuple[np.ndarray, Cache]:
        """The pure function forward."""

    @staticmethod
    @abstractmethod
    def _unpool(dy: np.ndarray, cache: Cache) -> np.ndarray:
        """The pure function backward."""

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Give (N, C), or (N, 1, 1, C) with ``keepdims``, for (N, H, W, C).

        Parameters
        ----------
        input_shape : tuple

        Returns
        -------
        tuple

        Raises
        ------
        ValueError
            If there are not four axes, or the image has no cells.
        """
        _check_images(input_shape, f"{self}: ")
        N, _, _, C = input_shape
        return (N, 1, 1, C) if self.keepdims else (N, C)

    def forward(self, x: ArrayLike, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """Pool each channel over the whole image.

        Parameters
        ----------
        x : array (N, H, W, C)
        training, mask
            Not used.

        Returns
        -------
        ndarray (N, C)
            Or (N, 1, 1, C) with ``keepdims``; in the layer's dtype.

        Raises
        ------
        ValueError
            If ``x`` is not real or its shape does not fit.
        """
        x = self._prepare(x).astype(self.dtype, copy=False)
        y, pool_cache = self._pool(x)
        self.cache = (pool_cache, x.shape)
        return y.reshape(self.compute_output_shape(x.shape))  # (N, C) or (N, 1, 1, C)

    def backward(self, dy: ArrayLike, input_gradient: bool = True) -> np.ndarray:
        """Pass the gradient back to the cells of the image.

        Parameters
        ----------
        dy : array (N, C)
            Or (N, 1, 1, C) with ``keepdims``.
        input_gradient
            Not used.

        Returns
        -------
        ndarray (N, H, W, C)

        Raises
        ------
        ValueError
            If ``forward`` was not called before, or the shape is another one.
        """
        pool_cache, shape = self._kept()
        dy = self._upstream(dy, self.compute_output_shape(shape))
        return self._unpool(dy.reshape(shape[0], shape[3]), pool_cache)  # dy (N, C)


class GlobalAveragePooling2D(_GlobalPooling2D):
    """The mean of each channel over the whole image: (N, H, W, C) becomes (N, C).

    Parameters
    ----------
    keepdims : bool
        Give (N, 1, 1, C) instead.
    name : str, optional
        Default: ``"global_average_pooling2d"``.
    dtype : dtype
        Type of the computation.

    Raises
    ------
    ValueError
        If ``dtype`` is not known.

    Notes
    -----
    See ``global_average_pool2d_forward``.

    Used in: Chapter 4.
    """

    _pool = staticmethod(global_average_pool2d_forward)
    _unpool = staticmethod(global_average_pool2d_backward)


class GlobalMaxPooling2D(_GlobalPooling2D):
    """The largest number of each channel in the whole image: (N, H, W, C) becomes (N, C).

    Parameters
    ----------
    keepdims : bool
        Give (N, 1, 1, C) instead.
    name : str, optional
        Default: ``"global_max_pooling2d"``.
    dtype : dtype
        Type of the computation.

    Raises
    ------
    ValueError
        If ``dtype`` is not known.

    Notes
    -----
    See ``global_max_pool2d_forward``; equal cells divide the gradient among themselves, as in Keras.

    Used in: Chapter 4.
    """

    _pool = staticmethod(global_max_pool2d_forward)
    _unpool = staticmethod(global_max_pool2d_backward)


# --- Parts: a convolution as a matrix product --------------------------------------------------


def _columns(x: np.ndarray, windows: Windows, groups: int) -> np.ndarray:
    """What the windows see of the padded image x, a place a row: (G, N P Q, kh kw C/G)."""
    N, H, width, C = x.shape
    numbers = cell_numbers(H, width, windows)
    P, Q, kh, kw = numbers.shape
    seen = x.reshape(N, H * width, C).take(numbers.ravel(), axis=1)  # (N, P Q kh kw, C)
    seen = seen.reshape(N * P * Q, kh * kw, groups, C // groups).transpose(
        2, 0, 1, 3
    )  # (G, N P Q, kh kw, C/G)
    return seen.reshape(groups, N * P * Q, kh * kw * (C // groups))  # (G, N P Q, kh kw C/G)


def _kernel_matrix(W: np.ndarray, groups: int) -> np.ndarray:
    """A filter a column: (kh, kw, C/G, F) becomes (G, kh kw C/G, F/G)."""
    row, F = math.prod(W.shape[:3]), W.shape[3]
    return W.reshape(row, groups, F // groups).transpose(1, 0, 2)  # (G, kh kw C/G, F/G)


def _from_kernel_matrix(matrix: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The way back: (G, kh kw C/G, F/G) becomes ``shape``, (kh, kw, C/G, F)."""
    return matrix.transpose(1, 0, 2).reshape(shape)


def _split_groups(rows: np.ndarray, groups: int) -> np.ndarray:
    """(R, F) becomes (G, R, F/G)."""
    return rows.reshape(len(rows), groups, rows.shape[1] // groups).transpose(1, 0, 2)


def _join_groups(rows: np.ndarray) -> np.ndarray:
    """(G, R, F/G) becomes (R, F)."""
    G, R, F = rows.shape
    return rows.transpose(1, 0, 2).reshape(R, G * F)


# --- Parts: the contest of max-pooling ---------------------------------------------------------


def _contest(first: np.ndarray, others: Sequence[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The largest of several arrays, cell by cell, and for each of ``others`` where it took the lead."""
    champion, wins = first.copy(), []
    for challenger in others:
        wins.append(challenger > champion)  # "greater", not "greater or equal": the first of equals stays
        np.maximum(champion, challenger, out=champion)
    return champion, wins


def _prizes(dy: np.ndarray, wins: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """What each contender gets of dy, *the last one first*: dy where it won, 0 elsewhere."""
    for won in reversed(wins):
        share = dy * won  # the last one to take the lead has won
        yield share
        dy = dy - share  # what is left for those before: dy, or 0
    yield dy


# --- Parts: padding ----------------------------------------------------------------------------


def _padded(x: np.ndarray, windows: Windows, value: float) -> np.ndarray:
    """x with ``value`` around it; x itself if there is nothing to add."""
    if not any(map(any, windows.padding)):
        return x
    return np.pad(x, [(0, 0), *windows.padding, (0, 0)], constant_values=value)


def _padded_zeros(shape: tuple[int, ...], windows: Windows, dtype: DTypeLike) -> np.ndarray:
    N, H, W, C = shape
    (top, bottom), (left, right) = windows.padding
    return np.zeros((N, top + H + bottom, left + W + right, C), dtype)


def _without_padding(x: np.ndarray, windows: Windows) -> np.ndarray:
    """The image without what ``_padded`` put around it."""
    (top, bottom), (left, right) = windows.padding
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def _count_cells(shape: tuple[int, ...], windows: Windows, dtype: DTypeLike) -> np.ndarray:
    """How many cells of each window lie inside the image: (P, Q, 1)."""
    inside = _padded(np.ones((1, *shape[1:3], 1), dtype), windows, 0)
    return sum(tap_view(inside, tap, windows) for tap in np.ndindex(windows.size))[0]


def _lowest(dtype: np.dtype) -> Any:
    """A number that is never the only largest: −∞, or the least integer."""
    if dtype.kind == "f":
        return -np.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min


def _extent(size: int, dilation: int) -> int:
    """From the first cell of a window to its last."""
    return (size - 1) * dilation + 1


# --- Parts: checks -----------------------------------------------------------------------------


def _pair(value: Any, what: str) -> tuple[int, int]:
    """(2, 2) for 2; two positive integers as they are."""
    values = tuple(value) if isinstance(value, Sequence | np.ndarray) else (value, value)
    if len(values) != 2 or isinstance(value, str):
        raise ValueError(f"{what}: expected one or two positive integers, received {value!r}.")
    return _positive_int(values[0], what), _positive_int(values[1], what)


def _check_padding(padding: str) -> str:
    if padding not in ("valid", "same"):
        raise ValueError(f"Expected padding to be 'valid' or 'same', received {padding!r}.")
    return padding


def _check_dilation(strides: tuple[int, int], dilation: tuple[int, int]) -> None:
    if max(strides) > 1 and max(dilation) > 1:
        raise ValueError(
            "Expected strides of 1 where dilation_rate is above 1 (or the other way round), as in Keras; "
            f"received strides={strides}, dilation_rate={dilation}."
        )


def _check_images(shape: Sequence[int | None], prefix: str = "") -> None:
    if len(shape) != 4:
        raise ValueError(f"{prefix}expected images of shape (N, H, W, C), received shape {tuple(shape)}.")
    if 0 in shape[1:3]:
        raise ValueError(f"{prefix}expected images with at least one cell, received shape {tuple(shape)}.")


def _check_conv2d(
    x: ArrayLike, W: ArrayLike, b: ArrayLike | None, strides: Pair, padding: str, dilation: Pair, groups: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, Windows]:
    """The arguments of a convolution as arrays of one dtype, and where its windows lie."""
    x, W = real_array(x, "conv2d: x"), real_array(W, "conv2d: W")
    groups = _positive_int(groups, "conv2d: groups")
    if x.ndim != 4:
        raise ValueError(f"conv2d: expected x of shape (N, H, W, C), received shape {x.shape}.")
    if W.ndim != 4 or W.shape[2] * groups != x.shape[3] or W.shape[3] % groups:
        raise ValueError(
            f"conv2d: expected W of shape (kh, kw, C / groups, F) with C = {x.shape[3]}, the last axis of x, "
            f"and F a multiple of groups = {groups}; received shape {W.shape}."
        )
    if b is not None:
        b = real_array(b, "conv2d: b")
        if b.shape != W.shape[3:]:
            raise ValueError(
                f"conv2d: expected b of shape {W.shape[3:]}, one number per filter; received shape {b.shape}."
            )
    windows = place_windows(x.shape, W.shape[:2], strides, padding, dilation)
    dtype = np.result_type(*(a.dtype for a in (x, W, b) if a is not None))
    x, W = x.astype(dtype, copy=False), W.astype(dtype, copy=False)
    return x, W, None if b is None else b.astype(dtype, copy=False), windows


def _check_upstream(dy: ArrayLike, shape: tuple[int, ...], windows: Windows, what: str) -> np.ndarray:
    dy = real_array(dy, f"{what}: dy")
    expected = (shape[0], *windows.places, shape[3])
    if dy.shape != expected:
        raise ValueError(f"{what}: expected dy of shape {expected}, received shape {dy.shape}.")
    return dy


def _check_global_upstream(dy: ArrayLike, shape: tuple[int, ...], what: str) -> np.ndarray:
    dy = real_array(dy, f"{what}: dy")
    if dy.shape != (shape[0], shape[3]):
        raise ValueError(f"{what}: expected dy of shape {(shape[0], shape[3])}, received shape {dy.shape}.")
    return dy


def _output_size(
    layer: Layer,
    shape: Sequence[int | None],
    size: tuple[int, int],
    strides: tuple[int, int],
    padding: str,
    dilation: tuple[int, int],
) -> tuple[int | None, int | None]:
    """P and Q for an input's shape, where H and W may be None."""
    if len(shape) != 4:
        raise ValueError(f"{layer}: expected an input of shape (N, H, W, C), received shape {tuple(shape)}.")
    places = [
        None if length is None else output_length(length, k, s, padding, d)
        for length, k, s, d in zip(shape[1:3], size, strides, dilation, strict=True)
    ]
    if any(place is not None and place <= 0 for place in places):
        raise ValueError(
            f"{layer}: expected images of at least "
            f"{' × '.join(str(_extent(*pair)) for pair in zip(size, dilation, strict=True))} cells with "
            f"padding={padding!r}, received shape {tuple(shape)}."
        )
    return places[0], places[1]
