"""``Sequential``: layers in a row, each fed with the output of the one before."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from dlbook_utils.layers import Layer, Shape, assign_weights, real_array

__all__ = ["Sequential"]


class Sequential:
    """A network that is a list of layers: y = f_L(… f₂(f₁(x))).

    Parameters
    ----------
    layers : list of Layer, optional
        From the input to the output. More can be added with ``add``.
    name : str
        Stands in the summary and in errors.

    Attributes
    ----------
    layers : list of Layer

    Raises
    ------
    ValueError
        If something is not a layer, or if two layers have the same name.

    Notes
    -----
    A layer that was not given a name gets one that is unique in the network:
    ``dense``, ``dense_1``, ``dense_2``. (Keras counts on through the whole
    session, so there a second network begins at ``dense_3``.)

    Used in: Chapter 1.

    Examples
    --------
    >>> from dlbook_utils.layers import Dense, Flatten
    >>> network = Sequential([Flatten(), Dense(64, activation="relu"), Dense(10)])
    >>> network.forward(np.zeros((5, 28, 28))).shape
    (5, 10)
    >>> network.count_params()
    50890
    """

    def __init__(self, layers: Iterable[Layer] | None = None, name: str = "sequential") -> None:
        self.name = name
        self.layers: list[Layer] = []
        self._input_shape: Shape | None = None  # what the network was built for
        for layer in layers or ():
            self.add(layer)

    # --- Building ---------------------------------------------------------------------------

    def add(self, layer: Layer) -> None:
        """Append a layer. If the network is built, the layer is built too.

        Parameters
        ----------
        layer : Layer

        Raises
        ------
        ValueError
            If it is not a layer, if its name is taken, if it is in the network
            already, or if it does not fit the output of the last layer.
        """
        if not isinstance(layer, Layer):
            raise ValueError(f"{self}: expected a Layer, received {layer!r}.")
        if any(layer is other for other in self.layers):
            raise ValueError(f"{self}: expected a new layer, received {layer} a second time.")
        taken = {other.name for other in self.layers}
        if layer.name in taken:
            if layer.has_own_name:
                raise ValueError(
                    f"{self}: expected layers with different names, received {layer.name!r} twice."
                )
            count = 1
            while f"{layer.name}_{count}" in taken:
                count += 1
            layer.name = f"{layer.name}_{count}"
        if self._input_shape is not None:
            layer.build(self.compute_output_shape(self._input_shape))
        self.layers.append(layer)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the arrays of all layers. The first ``forward`` does it if nobody has before.

        Parameters
        ----------
        input_shape : tuple
            With the batch axis, usually None: ``(None, 28, 28)``.

        Raises
        ------
        ValueError
            If there are no layers, or a layer cannot take the output of the one before.
        """
        self.compute_output_shape(input_shape)  # refuses before any array is made
        shape: Shape = tuple(input_shape)
        for layer in self.layers:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self._input_shape = (None, *input_shape[1:])

    @property
    def built(self) -> bool:
        """Whether all layers have their arrays."""
        return bool(self.layers) and all(layer.built for layer in self.layers)

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
            If there are no layers, or a layer cannot take the output of the one before.
        """
        shape: Shape = tuple(input_shape)
        for layer in self._all_layers():
            shape = layer.compute_output_shape(shape)
        return shape

    # --- Computing --------------------------------------------------------------------------

    def forward(self, x: ArrayLike, training: bool = False) -> np.ndarray:
        """Pass a batch through all layers; each keeps its cache.

        Parameters
        ----------
        x : array (N, ...)
        training : bool
            Handed to every layer.

        Returns
        -------
        ndarray (N, ...)
            The output of the last layer.

        Raises
        ------
        ValueError
            If there are no layers, or a layer cannot take what it is given.
        """
        x = self._batch(x)
        if self._input_shape is None:
            self.build((None, *x.shape[1:]))
        for layer in self._all_layers():
            x = layer.forward(x, training=training)
        return x

    def backward(self, dy: ArrayLike, input_gradient: bool = True) -> np.ndarray | None:
        """Pass the gradient of the loss back through all layers, the last one first.

        Parameters
        ----------
        dy : array, shape of the last ``forward``'s output
            ∂L/∂y, as a loss's ``backward`` gives it.
        input_gradient : bool
            Whether ∂L/∂x is wanted. Training can do without, and saves one of the
            two large products of the first layer.

        Returns
        -------
        ndarray, shape of the last ``forward``'s input
            ∂L/∂x, or None if it is not wanted. The gradients of the parameters are
            then in ``grads``.

        Raises
        ------
        ValueError
            If there are no layers, ``forward`` was not called before, or the shape
            is another one.
        """
        first, *others = self._all_layers()
        for layer in reversed(others):
            dy = layer.backward(dy)
        return first.backward(dy, input_gradient)

    def predict(self, x: ArrayLike, batch_size: int = 128) -> np.ndarray:
        """Pass any number of examples through the network, a batch at a time, to save memory.

        Parameters
        ----------
        x : array (N, ...)
        batch_size : int
            Keras's default is 32; a larger batch is faster in NumPy.

        Returns
        -------
        ndarray (N, ...)
            What ``forward(x)`` would give. The layers' caches hold the last batch alone.

        Raises
        ------
        ValueError
            If ``batch_size`` is less than 1, if ``x`` has no batch axis, and as ``forward``.
        """
        x = self._batch(x)
        if batch_size < 1:
            raise ValueError(f"{self}: expected batch_size to be at least 1, received {batch_size}.")
        starts = range(0, max(len(x), 1), batch_size)  # one empty batch when N = 0
        return np.concatenate([self.forward(x[i : i + batch_size]) for i in starts])

    # --- Weights ----------------------------------------------------------------------------

    @property
    def weights(self) -> list[np.ndarray]:
        """The arrays themselves, layer by layer, in Keras's order."""
        return [w for layer in self._built_layers() for w in layer.weights]

    @property
    def params(self) -> list[np.ndarray]:
        """The trainable arrays themselves, layer by layer."""
        return [w for layer in self._built_layers() for w in layer.params.values()]

    @property
    def grads(self) -> list[np.ndarray]:
        """The gradient of the loss for each array of ``params``, after ``backward``."""
        return [layer.grads[name] for layer in self._built_layers() for name in layer.params]

    def get_weights(self) -> list[np.ndarray]:
        """Give copies of all arrays in one flat list, in Keras's order.

        Returns
        -------
        list of ndarray

        Raises
        ------
        ValueError
            If there are no layers, or they are not built.
        """
        return [w.copy() for w in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Copy values into all arrays, in Keras's order.

        Parameters
        ----------
        weights : list of array
            As ``get_weights`` gives them, here or in Keras.

        Raises
        ------
        ValueError
            If there are no layers, they are not built, or number or shapes do
            not fit. Then nothing has been changed.
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
            If there are no layers, or they are not built.
        """
        return sum(layer.count_params() for layer in self._built_layers())

    def summary(self, print_fn: Callable[[str], object] = print) -> None:
        """Print a table of the layers: names, output shapes and numbers of parameters.

        Parameters
        ----------
        print_fn : callable
            Called once for every line.

        Raises
        ------
        ValueError
            If there are no layers, or they are not built by this network.
        """
        layers = self._built_layers()
        if self._input_shape is None:
            raise ValueError(f"{self} has no shapes yet: expected build(input_shape) to be called first.")

        rows = [("Layer (type)", "Output Shape", "Param #")]
        shape = self._input_shape
        for layer in layers:
            shape = layer.compute_output_shape(shape)
            rows.append((f"{layer.name} ({type(layer).__name__})", str(shape), f"{layer.count_params():,}"))

        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = [f"{a:<{widths[0]}}   {b:<{widths[1]}}   {c:>{widths[2]}}" for a, b, c in rows]
        trainable = [w for layer in layers for w in layer.params.values()]
        kept = [w for layer in layers for w in layer.state.values()]

        print_fn(f'Model: "{self.name}"')
        print_fn(lines[0])
        print_fn("─" * len(lines[0]))
        for line in lines[1:]:
            print_fn(line)
        print_fn("─" * len(lines[0]))
        print_fn(f"Total params: {_size(trainable + kept)}")
        print_fn(f"Trainable params: {_size(trainable)}")
        print_fn(f"Non-trainable params: {_size(kept)}")

    # --- Parts ------------------------------------------------------------------------------

    def _batch(self, x: ArrayLike) -> np.ndarray:
        x = real_array(x, f"{self}: x")
        if x.ndim == 0:
            raise ValueError(f"{self}: expected x of shape (N, ...), received shape ().")
        return x

    def _all_layers(self) -> list[Layer]:
        if not self.layers:
            raise ValueError(f"{self} is empty: expected at least one layer, received none. Use add(layer).")
        return self.layers

    def _built_layers(self) -> list[Layer]:
        for layer in self._all_layers():
            if not layer.built:
                raise ValueError(
                    f"{self} is not built ({layer} has no weights yet): "
                    "expected build(input_shape) or forward(x) to be called first."
                )
        return self.layers

    def __str__(self) -> str:
        return f"Network '{self.name}'"


def _size(arrays: list[np.ndarray]) -> str:
    """``2,363 (9.23 KB)``: how many numbers, and how much memory they take."""
    memory = float(sum(w.nbytes for w in arrays))
    unit = "B"
    for larger in ("KB", "MB", "GB"):
        if memory < 1024:
            break
        memory, unit = memory / 1024, larger
    return f"{sum(w.size for w in arrays):,} ({memory:.2f} {unit})"
