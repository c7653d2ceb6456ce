"""Training: mini-batches, one step, and ``fit``, which takes many.

Names and meanings of the arguments are those of ``keras.Model.fit``.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from dlbook_utils.losses import Loss
from dlbook_utils.network import Sequential

__all__ = ["History", "accuracy", "evaluate", "fit", "minibatches", "train_step"]


class Optimizer(Protocol):
    """What ``fit`` needs of an optimizer."""

    def apply(self, grads: list[np.ndarray], params: list[np.ndarray]) -> None:
        """Change the parameters in place."""


@dataclass
class History:
    """What ``fit`` measured: ``history["loss"][e]`` is the mean loss of epoch e, counted from 0.

    Attributes
    ----------
    history : dict of str to list of float
        ``loss`` and, for class numbers, ``accuracy``, averaged over the epoch while the
        parameters were changing; with validation data ``val_loss`` and ``val_accuracy`` after it.
    steps : list of float
        The loss of every mini-batch, before the step.

    Notes
    -----
    Used in: Chapter 2.
    """

    history: dict[str, list[float]] = field(default_factory=dict)
    steps: list[float] = field(default_factory=list)


def minibatches(
    x: np.ndarray, y: np.ndarray, batch_size: int = 32, rng: np.random.Generator | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cut a data set into batches, once through.

    Parameters
    ----------
    x, y : array (N, ...)
    batch_size : int
        The last batch is smaller if N is no multiple of it.
    rng : Generator, optional
        Shuffles the examples. Without it they come in their order.

    Yields
    ------
    x, y : array (B, ...)

    Raises
    ------
    ValueError
        If there are no examples, if x and y have different numbers of them, or ``batch_size`` is
        less than 1.

    Notes
    -----
    Used in: Chapter 2.
    """
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(f"Expected as many y as x, and at least one; received {len(x)} x and {len(y)} y.")
    if batch_size < 1:
        raise ValueError(f"Expected batch_size to be at least 1, received {batch_size}.")
    order = np.arange(len(x)) if rng is None else rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        chosen = order[start : start + batch_size]
        yield x[chosen], y[chosen]


def train_step(
    network: Sequential, loss: Loss, optimizer: Optimizer, x: np.ndarray, y: np.ndarray
) -> tuple[float, np.ndarray]:
    """Forward, loss, backward, update: one step of training.

    Parameters
    ----------
    network : Sequential
        Its parameters are changed in place.
    loss : Loss
    optimizer : object with ``apply(grads, params)``
    x, y : array (B, ...)
        A mini-batch.

    Returns
    -------
    loss : float
        Before the update.
    y_pred : ndarray (B, ...)
        The network's output, before the update.

    Notes
    -----
    Used in: Chapter 2.
    """
    y_pred = network.forward(x, training=True)
    value = loss.forward(y, y_pred)
    network.backward(loss.backward(), input_gradient=False)
    optimizer.apply(network.grads, network.params)
    return float(value), y_pred


def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Share of the examples whose largest output stands at the right class.

    Parameters
    ----------
    y_true : array of int (N,)
    y_pred : array (N, K)
        Logits or probabilities.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    Used in: Chapter 2.
    """
    if np.ndim(y_pred) != 2 or np.shape(y_true) != np.shape(y_pred)[:1]:
        raise ValueError(
            "accuracy: expected y_true of shape (N,) and y_pred of shape (N, K), "
            f"received {np.shape(y_true)} and {np.shape(y_pred)}."
        )
    return float(np.mean(np.argmax(y_pred, axis=1) == y_true))


def evaluate(
    network: Sequential, loss: Loss, x: np.ndarray, y: np.ndarray, batch_size: int = 1024
) -> dict[str, float]:
    """Measure a network on a data set, without changing it.

    Parameters
    ----------
    network : Sequential
    loss : Loss
    x, y : array (N, ...)
    batch_size : int
        For memory's sake; it changes nothing else.

    Returns
    -------
    dict
        ``loss`` and, for class numbers, ``accuracy``.

    Raises
    ------
    ValueError
        As ``network.predict`` and ``loss.forward``.

    Notes
    -----
    Used in: Chapter 2.
    """
    y_pred = network.predict(x, batch_size)
    measured = {"loss": float(loss.forward(y, y_pred))}
    if _class_numbers(y, y_pred):
        measured["accuracy"] = accuracy(y, y_pred)
    return measured


def fit(
    network: Sequential,
    loss: Loss,
    optimizer: Optimizer,
    x: np.ndarray,
    y: np.ndarray,
    batch_size: int = 32,
    epochs: int = 1,
    validation_data: tuple[np.ndarray, np.ndarray] | None = None,
    rng: np.random.Generator | None = None,
    verbose: int = 1,
) -> History:
    """Train a network: ``epochs`` times through the data, one step for every mini-batch.

    Parameters
    ----------
    network : Sequential
        Its parameters are changed in place.
    loss : Loss
    optimizer : object with ``apply(grads, params)``
    x, y : array (N, ...)
    batch_size : int
    epochs : int
    validation_data : (x, y), optional
        Measured after every epoch; never trained on.
    rng : Generator, optional
        Shuffles the examples anew in every epoch. Without it they keep their order.
    verbose : int
        0 prints nothing, 1 a line for every epoch with a bar that grows, 2 the line alone.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        As ``minibatches``, ``network.forward`` and ``loss.forward``; if ``epochs`` is less than 1;
        or if the loss stops being a finite number. Then the parameters are spoilt, and the
        message says in which epoch and step it happened.

    Notes
    -----
    Used in: Chapter 2.
    """
    if epochs < 1:
        raise ValueError(f"Expected epochs to be at least 1, received {epochs}.")
    record = History()
    steps = -(-len(x) // batch_size) if batch_size > 0 else 0
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        total = right = seen = 0
        for step, (x_batch, y_batch) in enumerate(minibatches(x, y, batch_size, rng), start=1):
            value, y_pred = train_step(network, loss, optimizer, x_batch, y_batch)
            if not np.isfinite(value):
                raise ValueError(
                    f"fit: expected a finite loss, received {value} in epoch {epoch}, step {step}. "
                    "Try a smaller learning rate."
                )
            record.steps.append(value)
            seen += len(x_batch)
            total += value * len(x_batch)
            if _class_numbers(y_batch, y_pred):
                right += np.count_nonzero(np.argmax(y_pred, axis=1) == y_batch)
            if verbose == 1 and (step % max(1, steps // 20) == 0 or step == steps):
                bar = f"{'━' * (20 * step // steps):20}"
                print(f"\r{epoch:3}/{epochs} {bar} loss {total / seen:.4f}", end="", flush=True)

        measured = {"loss": total / seen}
        if _class_numbers(y_batch, y_pred):
            measured["accuracy"] = right / seen
        if validation_data is not None:
            for name, value in evaluate(network, loss, *validation_data).items():
                measured[f"val_{name}"] = value
        for name, value in measured.items():
            record.history.setdefault(name, []).append(value)
        if verbose:
            line = "  ".join(f"{name} {value:.4f}" for name, value in measured.items())
            print(f"\r{epoch:3}/{epochs} {line}  {time.perf_counter() - start:.1f} s", file=sys.stdout)
    return record


def _class_numbers(y_true: Any, y_pred: np.ndarray) -> bool:
    """Whether the targets are class numbers, so that an accuracy can be measured."""
    return y_pred.ndim == 2 and np.shape(y_true) == y_pred.shape[:1] and np.asarray(y_true).dtype.kind in "iu"
