"""Weights of trained networks that ship inside the package: nothing is ever downloaded.

Every file stands in the table ``WEIGHTS`` with what it is, the experiment that
trained it, and its SHA-256, which is verified at each load. Numbers are stored
in float16, which keeps about three decimal digits, and given as float32.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

__all__ = ["WEIGHTS", "Pretrained", "load_weights", "save_weights"]


@dataclass(frozen=True)
class Pretrained:
    """What a file of weights holds, where it comes from, and what it must contain."""

    about: str
    made_by: str
    sha256: str


WEIGHTS = {
    "mlp_64_32": Pretrained(
        about="784-64-32-10 with ReLU, logits at the end; MNIST, rows of ink from 0 to 1",
        made_by="experiments/mlp_64_32.py",
        sha256="ebea57230478119d308f37cb83f3c3527efa2947fe6c84aefd236bf3231afac7",
    ),
    "mnist_cnn": Pretrained(
        about="the convolutional network of Chapter 4's worked example, 121,930 parameters, softmax at the "
        "end; MNIST, (28, 28, 1), ink from 0 to 1",
        made_by="experiments/mnist_cnn.py",
        sha256="7f82e7e1d06d6386765e86be447140a9f33fc20522bebb21c2dfd7ecf9dc1027",
    ),
}


def load_weights(name: str) -> list[np.ndarray]:
    """Give the weights of a trained network, ready for ``set_weights``.

    Parameters
    ----------
    name : str
        A name in ``WEIGHTS``.

    Returns
    -------
    list of ndarray, float32
        In Keras's order: kernel, (D, H) or (kh, kw, C, F), and bias of the first layer, then of the next.

    Raises
    ------
    ValueError
        If the name is not in ``WEIGHTS``, or the shipped file is damaged (its
        SHA-256 is verified).

    Notes
    -----
    Used in: Chapters 1 and 4.

    Examples
    --------
    >>> [w.shape for w in load_weights("mlp_64_32")]
    [(784, 64), (64,), (64, 32), (32,), (32, 10), (10,)]
    """
    if name not in WEIGHTS:
        raise ValueError(f"Unknown weights: expected one of {', '.join(WEIGHTS)}; received {name!r}.")
    raw = _path(name).read_bytes()
    received = hashlib.sha256(raw).hexdigest()
    expected = WEIGHTS[name].sha256
    if received != expected:
        raise ValueError(
            f"{name}.npz is damaged: expected SHA-256 {expected}, received {received}. "
            "Install dlbook_utils again."
        )
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return [arrays[f"weight_{i}"].astype(np.float32) for i in range(len(arrays.files))]


def save_weights(name: str, weights: Sequence[np.ndarray]) -> str:
    """Store weights in float16 where ``load_weights`` looks for them.

    Parameters
    ----------
    name : str
        The file's name, without ``.npz``.
    weights : list of ndarray
        In Keras's order.

    Returns
    -------
    str
        The file's SHA-256, which belongs into ``WEIGHTS``.

    Raises
    ------
    ValueError
        If a number is too large for float16, or not finite. Then nothing is written.

    Notes
    -----
    Used in: the scripts of ``experiments/``.
    """
    for i, w in enumerate(weights):
        if not np.all(np.abs(w) <= np.finfo(np.float16).max):  # NaN fails too
            raise ValueError(f"{name}: expected finite numbers up to 65,504, received others in array {i}.")
    path = _path(name)
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, **{f"weight_{i}": np.float16(w) for i, w in enumerate(weights)})
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _path(name: str) -> Path:
    return Path(str(files("dlbook_utils").joinpath("data", "weights", f"{name}.npz")))
