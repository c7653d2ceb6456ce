"""Layers: objects that own arrays, around pure functions that compute.

``Layer`` says what every layer can do. ``Dense``, ``Activation``, ``Dropout`` and ``Flatten``
carry Keras's names, arguments, defaults, weight shapes and weight order, so that
``ours.set_weights(theirs.get_weights())`` gives the same output.
"""

import math
import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from dlbook_utils import activations, initializers
from dlbook_utils.activations import ActivationFunction
from dlbook_utils.initializers import Initializer

__all__ = [
    "Activation",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "assign_weights",
    "dense_backward",
    "dense_forward",
    "real_array",
]

Shape = tuple[int | None, ...]  # None stands for a size that is not fixed: the batch's
Cache = tuple[np.ndarray, ...]


# --- Pure functions ----------------------------------------------------------------------------


def dense_forward(x: ArrayLike, W: ArrayLike, b: ArrayLike | None = None) -> tuple[np.ndarray, Cache]:
    """The affine map of a dense layer: y = x W + b.

    Parameters
    ----------
    x : array (N, ..., D)
        One example per row; D features along the last axis.
    W : array (D, H)
        Kernel: column h holds the weights of unit h.
    b : array (H,), optional
        Bias, one number per unit.

    Returns
    -------
    y : ndarray (N, ..., H)
        In the common dtype of the arguments (float32 when all are float32).
    cache : tuple
        ``(x, W)``, not copied: what the backward pass will need.

    Raises
    ------
    ValueError
        If an array does not hold real numbers, or the shapes do not fit.

    Notes
    -----
    Written out, y[n, h] = Σ_d x[n, d] W[d, h] + b[h].

    Source: D. E. Rumelhart, G. E. Hinton, R. J. Williams (1986), Learning
    representations by back-propagating errors, equation (1),
    https://doi.org/10.1038/323533a0.

    Used in: Chapter 1.
    """
    x, W = real_array(x, "dense_forward: x"), real_array(W, "dense_forward: W")
    if x.ndim < 2:
        raise ValueError(f"dense_forward: expected x of shape (N, ..., D), received shape {x.shape}.")
    if W.ndim != 2 or W.shape[0] != x.shape[-1]:
        raise ValueError(
            f"dense_forward: expected W of shape (D, H) with D = {x.shape[-1]}, the last axis of x; "
            f"received shape {W.shape}."
        )
    rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])  # (N ⋯, D): one matrix product for all axes
    y = rows @ W
    if b is not None:
        b = real_array(b, "dense_forward: b")
        if b.shape != W.shape[1:]:
            raise ValueError(
                f"dense_forward: expected b of shape {W.shape[1:]}, one number per column of W; "
                f"received shape {b.shape}."
            )
        y = y + b
    return y.reshape(*x.shape[:-1], W.shape[1]), (x, W)  # (N, ..., H)


def dense_backward(
    dy: np.ndarray, cache: Cache, input_gradient: bool = True
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Pass the gradient of the loss back through y = x W + b.

    dx = dy Wᵀ, dW = xᵀ dy, db = Σₙ dy: a sum over the examples, since all of them
    share W and b.

    Parameters
    ----------
    dy : array (N, ..., H)
        ∂L/∂y. It is not changed.
    cache : tuple
        ``(x, W)``, as ``dense_forward`` gave it.
    input_gradient : bool
        Whether dx is wanted.

    Returns
    -------
    dx : ndarray (N, ..., D)
        Or None, if it is not wanted.
    dW : ndarray (D, H)
    db : ndarray (H,)
        Meaningless if there was no b.

    Raises
    ------
    ValueError
        If ``dy`` has not the shape of y.

    Notes
    -----
    Written out, dW[d, h] = Σ_n x[n, d] dy[n, h], where n runs over all axes but the last.

    Source: D. E. Rumelhart, G. E. Hinton, R. J. Williams (1986), Learning
    representations by back-propagating errors, equations (6) and (7),
    https://doi.org/10.1038/323533a0.

    Used in: Chapter 2.
    """
    x, W = cache
    D, H = W.shape
    dy = real_array(dy, "dense_backward: dy")
    if dy.shape != (*x.shape[:-1], H):
        raise ValueError(
            f"dense_backward: expected dy of shape {(*x.shape[:-1], H)}, received shape {dy.shape}."
        )
    n = math.prod(x.shape[:-1])
    x_rows, dy_rows = x.reshape(n, D), dy.reshape(n, H)  # all axes but the last count as examples
    dx = (dy_rows @ W.T).reshape(x.shape) if input_gradient else None  # (N, ..., D)
    return dx, x_rows.T @ dy_rows, dy_rows.sum(axis=0)


# --- What every layer can do -------------------------------------------------------------------


class Layer(ABC):
    """Base class of all layers.

    A subclass writes ``forward``, which begins with ``x = self._prepare(x)``, and
    ``backward``, which passes ``dy`` through ``self._upstream(dy, shape)``. It
    overrides ``compute_output_shape`` if the layer changes or checks the shape,
    and ``build`` if it has weights.

    Parameters
    ----------
    name : str, optional
        Default: the class's name in lower case with underscores.
    dtype : dtype
        Floating-point type of the weights and of the computation.

    Attributes
    ----------
    params : dict of str to ndarray
        Trainable arrays under Keras's names.
    grads : dict of str to ndarray
        The gradient of the loss for each array of ``params``, after ``backward``.
    state : dict of str to ndarray
        Arrays that are kept but not trained.
    built : bool
        Whether the arrays exist.
    cache : tuple or None
        What the last ``forward`` kept for the backward pass.

    Raises
    ------
    ValueError
        If ``dtype`` is not a floating-point type.

    Notes
    -----
    Like Keras, a layer casts floating-point input to its own dtype: float64 data
    is computed in float32 unless the layer is made with ``dtype="float64"``.
    Integers and booleans reach the layer as they are; each layer says what it
    makes of them.

    Used in: Chapter 1.
    """

    def __init__(self, name: str | None = None, dtype: DTypeLike = "float32") -> None:
        try:
            self.dtype = np.dtype(dtype)
        except TypeError:
            raise ValueError(f"Expected dtype to be a floating-point type, received {dtype!r}.") from None
        if self.dtype.kind != "f":
            raise ValueError(f"Expected dtype to be a floating-point type, received {dtype!r}.")
        self.has_own_name = name is not None
        self.name = name if name is not None else _snake_case(type(self).__name__)
        self.params: dict[str, np.ndarray] = {}
        self.grads: dict[str, np.ndarray] = {}
        self.state: dict[str, np.ndarray] = {}
        self.built = False
        self.cache: Any = None

    @abstractmethod
    def forward(self, x: ArrayLike, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """Compute the layer's output and keep in ``cache`` what the backward pass needs.

        Parameters
        ----------
        x : array, batch axis first
            Never changed, and not copied where that can be avoided.
        training : bool
            Whether the network is being trained; matters only to some layers.
        mask : array of bool, optional
            Which time steps count; matters only to some layers.

        Returns
        -------
        ndarray
        """

    @abstractmethod
    def backward(self, dy: ArrayLike, input_gradient: bool = True) -> np.ndarray | None:
        """Pass the gradient of the loss back, and fill ``grads``.

        Parameters
        ----------
        dy : array, shape of the last ``forward``'s output
            ∂L/∂y. It is not changed, nor are the layer's weights.
        input_gradient : bool
            Whether ∂L/∂x is wanted; a first layer need not compute it.

        Returns
        -------
        ndarray, shape of the last ``forward``'s input
            ∂L/∂x, or None if it is not wanted.

        Raises
        ------
        ValueError
            If ``forward`` was not called before, or the shape is another one.
        """

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the layer's arrays. The first ``forward`` does it if nobody has before.

        Parameters
        ----------
        input_shape : tuple
            With the batch axis, usually None: ``(None, 784)``.

        Raises
        ------
        ValueError
            If the layer cannot take this shape. A layer that is built already
            keeps its arrays, and checks that the shape fits them.
        """
        self.compute_output_shape(input_shape)
        self.built = True

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Give the output's shape for an input's shape.

        Parameters
        ----------
        input_shape : tuple
            With the batch axis, which may be None.

        Returns
        -------
        tuple

        Raises
        ------
        ValueError
            If the layer cannot take this shape.
        """
        return tuple(input_shape)

    @property
    def weights(self) -> list[np.ndarray]:
        """The arrays themselves, in Keras's order: the trainable ones first."""
        if not self.built:
            raise ValueError(
                f"{self} has no weights yet: expected build(input_shape) or forward(x) to be called first."
            )
        return [*self.params.values(), *self.state.values()]

    def get_weights(self) -> list[np.ndarray]:
        """Give copies of all arrays, in Keras's order.

        Returns
        -------
        list of ndarray

        Raises
        ------
        ValueError
            If the layer is not built.
        """
        return [w.copy() for w in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Copy values into all arrays, in Keras's order; they are cast to the layer's dtype.

        Parameters
        ----------
        weights : list of array
            As ``get_weights`` gives them, here or in Keras.

        Raises
        ------
        ValueError
            If the layer is not built, or number or shapes do not fit. Then
            nothing has been changed.
        """
        assign_weights(str(self), self.weights, weights)

    def count_params(self) -> int:
        """Count the numbers in all arrays.

        Returns
        -------
        int

        Raises
        ------
        ValueError
            If the layer is not built.
        """
        return sum(w.size for w in self.weights)

    def _prepare(self, x: ArrayLike) -> np.ndarray:
        """Check an input, build the layer if need be, cast floating-point input to the layer's dtype."""
        x = real_array(x, f"{self}: x")
        self.compute_output_shape(x.shape)
        if not self.built:
            self.build((None, *x.shape[1:]))
        return x.astype(self.dtype, copy=False) if x.dtype.kind == "f" else x

    def _upstream(self, dy: ArrayLike, shape: Shape) -> np.ndarray:
        """Check the gradient that comes from the layer behind, and cast it to the layer's dtype."""
        dy = real_array(dy, f"{self}: dy")
        if dy.shape != shape:
            raise ValueError(f"{self}: expected dy of shape {shape}, received shape {dy.shape}.")
        return dy.astype(self.dtype, copy=False)

    def _kept(self) -> Any:
        """What the last ``forward`` kept."""
        if self.cache is None:
            raise ValueError(f"{self}: expected forward(x) to be called before backward(dy).")
        return self.cache

    def __str__(self) -> str:
        return f"Layer '{self.name}' ({type(self).__name__})"


# --- Layers ------------------------------------------------------------------------------------


class Dense(Layer):
    """A fully connected layer: y = f(x W + b).

    Parameters
    ----------
    units : int
        H, the number of units.
    activation : str, callable or None
        f, see ``activations.get``; None is the identity.
    use_bias : bool
        Whether there is a b.
    kernel_initializer, bias_initializer : str or callable
        See ``initializers.get``.
    seed : int, Generator or None
        Source of the initial weights. An int gives this layer the same weights each
        time (and two layers of one shape and seed equal weights); a
        ``numpy.random.Generator`` is drawn from, so several layers can share it;
        None gives different weights each time.
    name : str, optional
        Default: ``"dense"``.
    dtype : dtype
        Type of the weights and of the computation.

    Attributes
    ----------
    params : dict
        ``kernel`` (D, H), and ``bias`` (H,) if ``use_bias``.

    Raises
    ------
    ValueError
        If ``units`` is not a positive integer, or a name or dtype is not known.

    Notes
    -----
    Takes (N, ..., D), gives (N, ..., H): the same kernel is used at every place of
    the axes between. Integer input is cast to the layer's dtype, as floats are.

    Keras has no ``seed`` here: its seed is an argument of the initialiser.

    Used in: Chapter 1.

    Examples
    --------
    >>> layer = Dense(10, activation="softmax", seed=0)
    >>> layer.forward(np.zeros((2, 784))).shape
    (2, 10)
    """

    def __init__(
        self,
        units: int,
        activation: str | ActivationFunction | None = None,
        use_bias: bool = True,
        kernel_initializer: str | Initializer = "glorot_uniform",
        bias_initializer: str | Initializer = "zeros",
        seed: int | np.random.Generator | None = None,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.units = _positive_int(units, "Dense: units")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.seed = seed

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make ``kernel`` (D, H) and ``bias`` (H,).

        Parameters
        ----------
        input_shape : tuple
            (N, ..., D), where D must be known: ``(None, 784)``.

        Raises
        ------
        ValueError
            If there are fewer than two axes, if D is None, or if the layer is
            already built for another D.
        """
        self.compute_output_shape(input_shape)
        if self.built:
            return
        D = input_shape[-1]
        if D is None:
            raise ValueError(
                f"{self}: expected a known last axis in input_shape, received {tuple(input_shape)}."
            )
        rng = np.random.default_rng(self.seed)
        self.params["kernel"] = self.kernel_initializer((D, self.units), rng, self.dtype)
        if self.use_bias:
            self.params["bias"] = self.bias_initializer((self.units,), rng, self.dtype)
        self.built = True

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Give (N, ..., H) for (N, ..., D).

        Parameters
        ----------
        input_shape : tuple

        Returns
        -------
        tuple

        Raises
        ------
        ValueError
            If there are fewer than two axes, or if the kernel has another D.
        """
        shape = tuple(input_shape)
        if len(shape) < 2:
            raise ValueError(f"{self}: expected an input of shape (N, ..., D), received shape {shape}.")
        if self.built and shape[-1] != self.params["kernel"].shape[0]:
            raise ValueError(
                f"{self}: expected an input with last axis {self.params['kernel'].shape[0]}, "
                f"received shape {shape}."
            )
        return (*shape[:-1], self.units)

    def forward(self, x: ArrayLike, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """Compute f(x W + b).

        Parameters
        ----------
        x : array (N, ..., D)
        training, mask
            Not used.

        Returns
        -------
        ndarray (N, ..., H)
            In the layer's dtype.

        Raises
        ------
        ValueError
            If ``x`` is not real or its shape does not fit.
        """
        x = self._prepare(x).astype(self.dtype, copy=False)
        z, dense_cache = dense_forward(x, self.params["kernel"], self.params.get("bias"))
        self.cache = (dense_cache, z)
        return self.activation(z)

    def backward(self, dy: ArrayLike, input_gradient: bool = True) -> np.ndarray | None:
        """Compute dz = dy · f′(z), then dx = dz Wᵀ, dW = xᵀ dz, db = Σₙ dz.

        Parameters
        ----------
        dy : array (N, ..., H)
        input_gradient : bool
            Whether dx is wanted.

        Returns
        -------
        ndarray (N, ..., D)
            Or None, if it is not wanted.

        Raises
        ------
        ValueError
            If ``forward`` was not called before, the shape is another one, or the
            activation has no derivative.
        """
        dense_cache, z = self._kept()
        dz = activations.backward(self.activation, z, self._upstream(dy, z.shape))
        dx, dW, db = dense_backward(dz, dense_cache, input_gradient)
        self.grads = {"kernel": dW, "bias": db} if self.use_bias else {"kernel": dW}
        return dx


class Activation(Layer):
    """An activation function as a layer: y = f(x), element by element or along the last axis.

    Parameters
    ----------
    activation : str, callable or None
        f, see ``activations.get``.
    name : str, optional
        Default: ``"activation"``.
    dtype : dtype
        Type of the computation.

    Raises
    ------
    ValueError
        If ``activation`` or ``dtype`` is not known.

    Notes
    -----
    Takes any shape and keeps it. Integer input is cast to the layer's dtype
    (Keras's ``Activation("relu")`` would give integers back).

    Used in: Chapter 1.
    """

    def __init__(
        self,
        activation: str | ActivationFunction | None,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.activation = activations.get(activation)

    def forward(self, x: ArrayLike, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """Compute f(x).

        Parameters
        ----------
        x : array, any shape
        training, mask
            Not used.

        Returns
        -------
        ndarray, shape of ``x``
            In the layer's dtype.

        Raises
        ------
        ValueError
            If ``x`` is not real.
        """
        x = self._prepare(x).astype(self.dtype, copy=False)
        self.cache = (x,)
        return self.activation(x)

    def backward(self, dy: ArrayLike, input_gradient: bool = True) -> np.ndarray | None:
        """Compute dx = dy · f′(x); see ``activations.backward``.

        Parameters
        ----------
        dy : array, shape of x
        input_gradient
            Not used.

        Returns
        -------
        ndarray, shape of x

        Raises
        ------
        ValueError
            If ``forward`` was not called before, the shape is another one, or the
            activation has no derivative.
        """
        (x,) = self._kept()
        return activations.backward(self.activation, x, self._upstream(dy, x.shape))


class Flatten(Layer):
    """Lays all axes but the first in one row: (N, 28, 28) becomes (N, 784).

    Parameters
    ----------
    name : str, optional
        Default: ``"flatten"``.
    dtype : dtype
        Type to which floating-point input is cast.

    Raises
    ------
    ValueError
        If ``dtype`` is not a floating-point type.

    Notes
    -----
    The last axis runs fastest (C order). (N,) becomes (N, 1), as in Keras.
    Integers and booleans keep their dtype.

    Used in: Chapter 1.
    """

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """Give (N, A B ...) for (N, A, B, ...).

        Parameters
        ----------
        input_shape : tuple

        Returns
        -------
        tuple
            Its second entry is None if one of A, B, ... is.

        Raises
        ------
        ValueError
            If there is no batch axis.
        """
        shape = tuple(input_shape)
        if not shape:
            raise ValueError(f"{self}: expected an input of shape (N, ...), received shape ().")
        return shape[0], None if None in shape[1:] else math.prod(shape[1:])

    def forward(self, x: ArrayLike, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """Lay out each example in one row.

        Parameters
        ----------
        x : array (N, A, B, ...)
        training, mask
            Not used.

        Returns
        -------
        ndarray (N, A B ...)
            A view of ``x`` where possible.

        Raises
        ------
        ValueError
            If ``x`` is not real or has no axis.
        """
        x = self._prepare(x)
        self.cache = (x.shape,)
        return x.reshape(self.compute_output_shape(x.shape))  # (N, A B ...)

    def backward(self, dy: ArrayLike, input_gradient: bool = True) -> np.ndarray | None:
        """Lay the gradient out as the input was.

        Parameters
        ----------
        dy : array (N, A B ...)
        input_gradient
            Not used.

        Returns
        -------
        ndarray (N, A, B, ...)

        Raises
        ------
        ValueError
            If ``forward`` was not called before, or the shape is another one.
        """
        (shape,) = self._kept()
        return self._upstream(dy, self.compute_output_shape(shape)).reshape(shape)


class Dropout(Layer):
    """Dropout: while training, each number is set to 0 with probability ``rate``.

    Parameters
    ----------
    rate : float
        Share of the numbers that are dropped, from 0 up to, but not including, 1.
    seed : int, Generator or None
        Source of the masks.
    name : str, optional
        Default: ``"dropout"``.
    dtype : dtype
        Type of the computation.

    Raises
    ------
    ValueError
        If ``rate`` is out of range, or ``dtype`` is not known.

    Notes
    -----
    What is kept is divided by 1 − rate, so that the mean stays as it was and nothing is left to do
    at inference, where the layer passes its input on. Any shape.

    Source: N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov (2014),
    Dropout: a simple way to prevent neural networks from overfitting, JMLR 15,
    https://jmlr.org/papers/v15/srivastava14a.html.

    Used in: Chapters 2 and 3.
    """

    def __init__(
        self,
        rate: float,
        seed: int | np.random.Generator | None = None,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if not 0 <= rate < 1:
            raise ValueError(f"{self}: expected rate from 0 to less than 1, received {rate!r}.")
        self.rate = float(rate)
        self.rng = np.random.default_rng(seed)

    def forward(self, x: ArrayLike, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """Drop a random share of x, and scale what is left; at inference, give x.

        Parameters
        ----------
        x : array, any shape
        training : bool
            Whether to drop anything.
        mask
            Not used.

        Returns
        -------
        ndarray, shape of ``x``
            ``x`` itself if nothing is dropped.

        Raises
        ------
        ValueError
            If ``x`` is not real.
        """
        x = self._prepare(x).astype(self.dtype, copy=False)
        if not training or self.rate == 0:
            self.cache = (x.shape, None)
            return x
        kept = self.rng.random(x.shape, dtype=np.float32) >= self.rate
        factors = kept * self.dtype.type(1 / (1 - self.rate))  # 0, or the scale
        self.cache = (x.shape, factors)
        return x * factors

    def backward(self, dy: ArrayLike, input_gradient: bool = True) -> np.ndarray:
        """Compute dx = dy · mask / (1 − rate), with the mask of the last ``forward``.

        Parameters
        ----------
        dy : array, shape of x
        input_gradient
            Not used.

        Returns
        -------
        ndarray, shape of x

        Raises
        ------
        ValueError
            If ``forward`` was not called before, or the shape is another one.
        """
        shape, factors = self._kept()
        dy = self._upstream(dy, shape)
        return dy if factors is None else dy * factors


# --- Parts -------------------------------------------------------------------------------------


def assign_weights(owner: str, targets: Sequence[np.ndarray], weights: Sequence[ArrayLike]) -> None:
    """Copy ``weights`` into the arrays ``targets``; all of them or, if one does not fit, none.

    Parameters
    ----------
    owner : str
        Whose weights they are, for the error's message.
    targets : list of ndarray
        Arrays to be filled; they keep their dtype.
    weights : list of array
        As many, of the same shapes.

    Raises
    ------
    ValueError
        If number or shapes do not fit, or an array does not hold real numbers.

    Notes
    -----
    Used in: Chapter 1.
    """
    if len(weights) != len(targets):
        raise ValueError(f"{owner}: expected {len(targets)} weight arrays, received {len(weights)}.")
    arrays = [real_array(w, f"{owner}: weight array {i}") for i, w in enumerate(weights)]
    for i, (target, array) in enumerate(zip(targets, arrays, strict=True)):
        if array.shape != target.shape:
            raise ValueError(
                f"{owner}: expected weight array {i} of shape {target.shape}, received shape {array.shape}."
            )
    for target, array in zip(targets, arrays, strict=True):
        target[...] = array


def real_array(x: ArrayLike, what: str) -> np.ndarray:
    """Give ``x`` as an array, not copied if it is one.

    Parameters
    ----------
    x : array, any shape
    what : str
        What it is, for the error's message.

    Returns
    -------
    ndarray, shape of ``x``

    Raises
    ------
    ValueError
        If it does not hold real numbers (floats, integers or booleans).

    Notes
    -----
    Used in: Chapter 1.
    """
    x = np.asarray(x)
    if x.dtype.kind not in "biuf":
        raise ValueError(f"{what}: expected an array of real numbers, received dtype {x.dtype}.")
    return x


def _positive_int(value: int, what: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number <= 0 or isinstance(value, bool):
        raise ValueError(f"{what}: expected a positive integer, received {value!r}.")
    return number


def _snake_case(name: str) -> str:
    """``MaxPooling2D`` → ``max_pooling2d``, as Keras names its layers."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
