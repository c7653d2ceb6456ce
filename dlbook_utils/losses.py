"""Loss functions: how wrong a prediction is, as one number, and its gradient.

The classes carry the names, arguments and defaults of ``keras.losses``. Each has
two short methods: ``_losses`` is the formula, for every example by itself, and
``_gradient`` its derivative. ``Loss`` does what all have in common: it checks,
weights, and takes the mean. ::

    loss = SparseCategoricalCrossentropy(from_logits=True)
    loss.forward(y_true, logits)  # one number
    loss.backward()  # its gradient, in the shape of logits

What holds for all of them:

- Loss and gradient have the dtype of ``y_pred``, float32 or float64; float16 and
  integers are computed in float32. (Keras computes float64 in float32 as well, unless
  the loss is made with ``dtype="float64"``.)
- The arguments are never changed.
- Shapes must fit as they are: nothing is broadcast.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dlbook_utils.activations import log_softmax, sigmoid, softmax
from dlbook_utils.layers import real_array

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Hinge",
    "Huber",
    "KLDivergence",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "get",
]

EPSILON = 1e-7  # probabilities are kept this far from 0 and 1, as in Keras
REDUCTIONS = ("sum_over_batch_size", "sum", "none", None)


# --- What every loss can do --------------------------------------------------------------------


class Loss(ABC):
    """Base class of all losses: ℒ = (1/N) Σₙ wₙ ℒₙ, where ℒₙ is the loss of example n.

    A subclass writes ``_losses`` and ``_gradient``.

    Parameters
    ----------
    reduction : str or None
        What is made of the losses of the examples. ``"sum_over_batch_size"`` is
        their mean, ``"sum"`` their sum; with ``"none"`` or None they are given as
        they are.

    Attributes
    ----------
    cache : tuple or None
        What the last ``forward`` kept for the backward pass.

    Raises
    ------
    ValueError
        If ``reduction`` is not known.

    Notes
    -----
    The last axis of ``y_pred`` belongs to one example: (N, ..., D) has losses of shape
    (N, ...), and N stands for all of them in the mean. So ``y_pred`` of shape (N,) is
    a single example, as in Keras; N examples of one number each are (N, 1).

    With weights too the sum is divided by N, not by the sum of the weights. Class
    weights are sample weights: ``sample_weight=class_weight[y_true]``.

    Used in: Chapter 1.
    """

    def __init__(self, reduction: str | None = "sum_over_batch_size") -> None:
        if reduction not in REDUCTIONS:
            known = ", ".join(map(repr, REDUCTIONS))
            raise ValueError(f"{self}: expected reduction to be one of {known}; received {reduction!r}.")
        self.reduction = reduction
        self.cache: Any = None

    @abstractmethod
    def _losses(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """The loss of every example, (N, ...), for ``y_pred`` (N, ..., D)."""

    @abstractmethod
    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """The derivative of every example's own loss, in the shape of ``y_pred``."""

    def forward(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> np.floating | np.ndarray:
        """Compute the loss and keep in ``cache`` what the backward pass needs.

        Parameters
        ----------
        y_true : array (N, ..., D)
            Targets; class numbers (N, ...) for ``SparseCategoricalCrossentropy``.
        y_pred : array (N, ..., D)
            Predictions.
        sample_weight : array (N, ...), optional
            One weight for every loss.

        Returns
        -------
        scalar, or ndarray (N, ...) if nothing is reduced
            In the dtype of ``y_pred``.

        Raises
        ------
        ValueError
            If an array does not hold real numbers, is empty, or does not fit the others.
        """
        y_pred = real_array(y_pred, f"{self}: y_pred")
        if y_pred.ndim == 0 or y_pred.size == 0:
            raise ValueError(
                f"{self}: expected y_pred of shape (N, ..., D), not empty; received shape {y_pred.shape}."
            )
        y_pred = y_pred.astype(np.float64 if y_pred.dtype == np.float64 else np.float32, copy=False)
        y_true = self._targets(y_true, y_pred)
        losses = self._losses(y_true, y_pred)  # (N, ...)
        if sample_weight is not None:
            sample_weight = self._weights(sample_weight, y_pred)
            losses = sample_weight * losses
        self.cache = (y_true, y_pred, sample_weight)
        if self.reduction == "sum_over_batch_size":
            return losses.sum() / losses.size
        if self.reduction == "sum":
            return losses.sum()
        return losses

    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> np.floating | np.ndarray:
        return self.forward(y_true, y_pred, sample_weight)

    def backward(self) -> np.ndarray:
        """Give the gradient of the last ``forward``'s loss with respect to its ``y_pred``.

        Returns
        -------
        ndarray, shape of ``y_pred``
            If nothing was reduced, the gradient of the sum of all losses, which for
            each example is that of its own loss.

        Raises
        ------
        ValueError
            If ``forward`` has not been called.

        Notes
        -----
        Used in: Chapter 2.
        """
        if self.cache is None:
            raise ValueError(f"{self}: expected forward(y_true, y_pred) to be called before backward().")
        y_true, y_pred, sample_weight = self.cache
        dy = self._gradient(y_true, y_pred)  # (N, ..., D)
        if sample_weight is not None:
            dy = sample_weight[..., None] * dy
        if self.reduction == "sum_over_batch_size":
            dy = dy / (y_pred.size // y_pred.shape[-1])
        return dy

    def _targets(self, y_true: ArrayLike, y_pred: np.ndarray) -> np.ndarray:
        """Check the targets and cast them to the dtype of the predictions."""
        y_true = real_array(y_true, f"{self}: y_true")
        if y_true.shape != y_pred.shape:
            message = (
                f"{self}: expected y_true and y_pred of the same shape, "
                f"received {y_true.shape} and {y_pred.shape}."
            )
            try:
                shape = np.broadcast_shapes(y_true.shape, y_pred.shape)
            except ValueError:
                raise ValueError(message) from None
            raise ValueError(
                f"{message} NumPy would have broadcast both to {shape} and compared targets "
                "with predictions of other examples."
            )
        return y_true.astype(y_pred.dtype, copy=False)

    def _weights(self, sample_weight: ArrayLike, y_pred: np.ndarray) -> np.ndarray:
        """Check the weights and cast them to the dtype of the predictions."""
        weight = real_array(sample_weight, f"{self}: sample_weight")
        if weight.shape != y_pred.shape[:-1]:
            hint = " As one axis is one example, give y_pred the shape (N, 1)." if y_pred.ndim == 1 else ""
            raise ValueError(
                f"{self}: expected sample_weight of shape {y_pred.shape[:-1]}, one weight for every loss "
                f"of y_pred {y_pred.shape}; received shape {weight.shape}.{hint}"
            )
        return weight.astype(y_pred.dtype, copy=False)

    def __str__(self) -> str:
        return type(self).__name__


# --- Regression --------------------------------------------------------------------------------


class MeanSquaredError(Loss):
    """Mean squared error: ℒₙ = (1/D) Σ_d (ŷ_d − y_d)².

    Parameters
    ----------
    reduction : str or None
        See ``Loss``.

    Notes
    -----
    Source: A.-M. Legendre (1805), Nouvelles méthodes pour la détermination des
    orbites des comètes, appendix.

    Used in: Chapter 1.
    """

    def _losses(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return np.mean((y_pred - y_true) ** 2, axis=-1)

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return 2.0 * (y_pred - y_true) / y_pred.shape[-1]


class MeanAbsoluteError(Loss):
    """Mean absolute error: ℒₙ = (1/D) Σ_d abs(ŷ_d − y_d).

    Parameters
    ----------
    reduction : str or None
        See ``Loss``.

    Notes
    -----
    Where ŷ_d = y_d there is no derivative; ``backward`` gives 0, as TensorFlow does.

    Used in: Chapter 1.
    """

    def _losses(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return np.mean(np.abs(y_pred - y_true), axis=-1)

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return np.sign(y_pred - y_true) / y_pred.shape[-1]


class Huber(Loss):
    """Huber's loss: a square near 0, straight lines beyond ± δ.

    With the error e = ŷ − y, ℒₙ is the mean along the last axis of ::

        e²/2             where abs(e) ≤ δ,
        δ abs(e) − δ²/2  elsewhere.

    Parameters
    ----------
    delta : float
        δ, greater than 0.
    reduction : str or None
        See ``Loss``.

    Raises
    ------
    ValueError
        If ``delta`` is not positive.

    Notes
    -----
    Both cases are one expression: with m = min(abs(e), δ), m (abs(e) − m/2).

    Source: P. J. Huber (1964), Robust estimation of a location parameter,
    https://doi.org/10.1214/aoms/1177703732.

    Used in: Chapter 1.
    """

    def __init__(self, delta: float = 1.0, reduction: str | None = "sum_over_batch_size") -> None:
        super().__init__(reduction)
        if not delta > 0:
            raise ValueError(f"{self}: expected delta to be positive, received {delta}.")
        self.delta = float(delta)

    def _losses(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        e = np.abs(y_pred - y_true)
        m = np.minimum(e, self.delta)
        return np.mean(m * (e - 0.5 * m), axis=-1)

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return np.clip(y_pred - y_true, -self.delta, self.delta) / y_pred.shape[-1]


# --- Classification ----------------------------------------------------------------------------


class Hinge(Loss):
    """Hinge loss: ℒₙ = (1/D) Σ_d max(1 − y_d ŷ_d, 0), with targets −1 and 1.

    Parameters
    ----------
    reduction : str or None
        See ``Loss``.

    Notes
    -----
    Targets 0 and 1 are turned into −1 and 1; others are refused with ``ValueError``.
    (Keras would compute with them.) Where y_d ŷ_d = 1 there is no derivative;
    ``backward`` gives −y_d/D, as TensorFlow does.

    Source: C. Cortes, V. Vapnik (1995), Support-vector networks,
    https://doi.org/10.1007/BF00994018.

    Used in: Chapter 1.
    """

    def _targets(self, y_true: ArrayLike, y_pred: np.ndarray) -> np.ndarray:
        y = super()._targets(y_true, y_pred)
        if np.isin(y, (0, 1)).all():
            return 2.0 * y - 1.0
        if not np.isin(y, (-1, 1)).all():
            received = ", ".join(f"{value:g}" for value in np.unique(y)[:5])
            raise ValueError(f"{self}: expected targets −1 and 1, or 0 and 1; received {received}.")
        return y

    def _losses(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return np.mean(np.maximum(1.0 - y_true * y_pred, 0.0), axis=-1)

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return np.where(1.0 - y_true * y_pred >= 0.0, -y_true, 0.0) / y_pred.shape[-1]


class BinaryCrossentropy(Loss):
    """Cross-entropy of yes-or-no questions: ℒₙ = −(1/D) Σ_d (y_d log p_d + (1 − y_d) log(1 − p_d)).

    Parameters
    ----------
    from_logits : bool
        If true, ``y_pred`` holds logits z, and p = σ(z). If false, it holds p.
    reduction : str or None
        See ``Loss``.

    Notes
    -----
    From logits, the formula becomes max(z, 0) − z y + log(1 + exp(−abs(z))), which
    never overflows. From probabilities, p is clipped to [10⁻⁷, 1 − 10⁻⁷], as in
    Keras; where that changed it, the gradient is 0.

    Source: E. B. Baum, F. Wilczek (1987), Supervised learning of probability
    distributions by neural networks, NIPS.

    Used in: Chapter 1.
    """

    def __init__(self, from_logits: bool = False, *, reduction: str | None = "sum_over_batch_size") -> None:
        super().__init__(reduction)
        self.from_logits = from_logits

    def _losses(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        if self.from_logits:
            z = y_pred
            losses = np.maximum(z, 0.0) - z * y_true + np.log1p(np.exp(-np.abs(z)))
        else:
            p = _clipped(y_pred)
            losses = -(y_true * np.log(p) + (1.0 - y_true) * np.log(1.0 - p))
        return np.mean(losses, axis=-1)

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        if self.from_logits:
            dy = sigmoid(y_pred) - y_true
        else:
            p = _clipped(y_pred)
            dy = np.where(p == y_pred, (p - y_true) / (p * (1.0 - p)), 0.0)
        return dy / y_pred.shape[-1]


class CategoricalCrossentropy(Loss):
    """Cross-entropy with one-hot or soft targets: ℒₙ = −Σₖ yₖ log pₖ.

    Parameters
    ----------
    from_logits : bool
        If true, ``y_pred`` holds logits z, and p = softmax(z). If false, it holds p.
    reduction : str or None
        See ``Loss``.

    Notes
    -----
    From probabilities, p is divided by its sum and then clipped to
    [10⁻⁷, 1 − 10⁻⁷], as in Keras; where clipping changed it, its gradient is 0.

    Source: J. S. Bridle (1990), Probabilistic interpretation of feedforward
    classification network outputs, https://doi.org/10.1007/978-3-642-76153-9_28.

    Used in: Chapter 1.
    """

    def __init__(self, from_logits: bool = False, *, reduction: str | None = "sum_over_batch_size") -> None:
        super().__init__(reduction)
        self.from_logits = from_logits

    def _targets(self, y_true: ArrayLike, y_pred: np.ndarray) -> np.ndarray:
        if np.shape(y_true) == y_pred.shape[:-1]:
            raise ValueError(
                f"{self}: expected one-hot y_true of shape {y_pred.shape}, received shape "
                f"{np.shape(y_true)}. Class numbers belong to SparseCategoricalCrossentropy."
            )
        return super()._targets(y_true, y_pred)

    def _losses(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        if self.from_logits:
            log_p = log_softmax(y_pred)
        else:
            log_p = np.log(_clipped(y_pred / y_pred.sum(axis=-1, keepdims=True)))
        return (-y_true * log_p).sum(axis=-1)

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        if self.from_logits:
            return softmax(y_pred) * y_true.sum(axis=-1, keepdims=True) - y_true
        total = y_pred.sum(axis=-1, keepdims=True)
        p = y_pred / total
        dp = np.where(_clipped(p) == p, -y_true / _clipped(p), 0.0)
        return (dp - (dp * p).sum(axis=-1, keepdims=True)) / total  # every entry is in the total, too


class SparseCategoricalCrossentropy(Loss):
    """Cross-entropy with class numbers as targets: ℒₙ = −log p_y, where y is the class of example n.

    Parameters
    ----------
    from_logits : bool
        If true, ``y_pred`` holds logits z, and p = softmax(z). If false, it holds p.
    reduction : str or None
        See ``Loss``.

    Notes
    -----
    ``y_true`` has one axis less than ``y_pred`` and holds integers from 0 to K − 1;
    anything else is refused with ``ValueError``.

    From logits, −log p_y = log Σₖ exp(zₖ) − z_y; the largest logit is subtracted
    first, so nothing overflows. From probabilities, p is clipped to
    [10⁻⁷, 1 − 10⁻⁷] and then divided by its sum, as in Keras.

    Source: J. S. Bridle (1990), Probabilistic interpretation of feedforward
    classification network outputs, https://doi.org/10.1007/978-3-642-76153-9_28.

    Used in: Chapter 1.
    """

    def __init__(self, from_logits: bool = False, *, reduction: str | None = "sum_over_batch_size") -> None:
        super().__init__(reduction)
        self.from_logits = from_logits

    def _targets(self, y_true: ArrayLike, y_pred: np.ndarray) -> np.ndarray:
        y = real_array(y_true, f"{self}: y_true")
        if y.shape != y_pred.shape[:-1]:
            hint = " One-hot targets belong to CategoricalCrossentropy." if y.shape == y_pred.shape else ""
            raise ValueError(
                f"{self}: expected y_true of shape {y_pred.shape[:-1]}, one class number for every "
                f"{y_pred.shape[-1]} entries of y_pred {y_pred.shape}; received shape {y.shape}.{hint}"
            )
        if y.dtype.kind not in "iu":
            raise ValueError(f"{self}: expected integers in y_true, received dtype {y.dtype}.")
        K = y_pred.shape[-1]
        if y.min() < 0 or y.max() >= K:
            raise ValueError(
                f"{self}: expected class numbers from 0 to {K - 1}, received {y.min()} to {y.max()}."
            )
        return y[..., None]  # (N, ..., 1)

    def _logits(self, y_pred: np.ndarray) -> np.ndarray:
        return y_pred if self.from_logits else np.log(_clipped(y_pred))

    def _losses(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        z = self._logits(y_pred)
        z = z - z.max(axis=-1, keepdims=True)  # (N, ..., K), at most 0
        sums = np.einsum("...k->...", np.exp(z))  # for few classes 4 times as fast as .sum(axis=-1)
        return np.log(sums) - np.take_along_axis(z, y_true, axis=-1)[..., 0]

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        one_hot = y_true == np.arange(y_pred.shape[-1])  # (N, ..., K)
        dz = softmax(self._logits(y_pred)) - one_hot
        if self.from_logits:
            return dz
        p = _clipped(y_pred)
        return np.where(p == y_pred, dz / p, 0.0)


class KLDivergence(Loss):
    """Kullback–Leibler divergence of predictions p from targets y: ℒₙ = Σₖ yₖ log(yₖ / pₖ).

    Parameters
    ----------
    reduction : str or None
        See ``Loss``.

    Notes
    -----
    Both are probabilities, clipped to [10⁻⁷, 1] as in Keras; where that changed p,
    the gradient is 0.

    Source: S. Kullback, R. A. Leibler (1951), On information and sufficiency,
    https://doi.org/10.1214/aoms/1177729694.

    Used in: Chapter 1.
    """

    def _losses(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        y, p = np.clip(y_true, EPSILON, 1.0), np.clip(y_pred, EPSILON, 1.0)
        return (y * np.log(y / p)).sum(axis=-1)

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        y, p = np.clip(y_true, EPSILON, 1.0), np.clip(y_pred, EPSILON, 1.0)
        return np.where(p == y_pred, -y / p, 0.0)


def _clipped(p: np.ndarray) -> np.ndarray:
    """Keep probabilities away from 0 and 1, where a logarithm is infinite."""
    return np.clip(p, EPSILON, 1.0 - EPSILON)


# --- By name -----------------------------------------------------------------------------------

_BY_NAME: dict[str, type[Loss]] = {
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "huber": Huber,
    "hinge": Hinge,
    "binary_crossentropy": BinaryCrossentropy,
    "bce": BinaryCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "kl_divergence": KLDivergence,
    "kld": KLDivergence,
}


def get(identifier: str | Loss) -> Loss:
    """Give a loss by its name in Keras.

    Parameters
    ----------
    identifier : str or Loss
        A name such as ``"mse"``, in snake case. A loss is given back as it is.

    Returns
    -------
    Loss
        A new one with the default arguments.

    Raises
    ------
    ValueError
        If there is no loss of that name.

    Notes
    -----
    Used in: Chapter 3.
    """
    if isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, str) and identifier in _BY_NAME:
        return _BY_NAME[identifier]()
    raise ValueError(f"Expected a loss or one of {', '.join(sorted(_BY_NAME))}; received {identifier!r}.")
