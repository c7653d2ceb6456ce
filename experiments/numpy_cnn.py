"""The worked example of Chapter 4 trained in pure NumPy, on 10,000 digits and on all 60,000.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python experiments/numpy_cnn.py

Keras's settings: Adam with its defaults, batches of 32, Glorot's initial weights, a new order in every
epoch. On the 10,000 digits the learning rate falls from 0.001 to 0 along a cosine. One condition sends
the gradient of max-pooling to *every* tied maximum, which is wrong, to see whether training would show it.
Chapter 4, "The way back through a convolution", loads the record from
``dlbook_utils/data/results/numpy_cnn.json``. Each network reads the test images once, at its end, and
nothing is chosen by what comes out.
"""

import numpy as np

from dlbook_utils.convolution import Conv2D, MaxPooling2D
from dlbook_utils.datasets import load_mnist
from dlbook_utils.fused import ConvReluPool2D
from dlbook_utils.layers import Dense, Flatten
from dlbook_utils.losses import SparseCategoricalCrossentropy
from dlbook_utils.network import Sequential
from dlbook_utils.optimizers import Adam
from dlbook_utils.results import save_result
from dlbook_utils.schedules import CosineDecay
from dlbook_utils.training import evaluate, fit

NAME = "numpy_cnn"
SEEDS = range(6)
BATCH = 32
CONDITIONS = (  # where tied maxima send the gradient, training images, epochs, learning rate
    ("first", 10_000, 5, "cosine"),
    ("every", 10_000, 5, "cosine"),
    ("first", 60_000, 1, "constant"),
    ("first", 60_000, 5, "constant"),
)


class EveryMaximum(MaxPooling2D):
    """Max-pooling 2 × 2 with a mask of what equals the maximum, as often seen: wrong where cells tie."""

    def forward(self, x, training=False, mask=None):
        self.x, self.y = x, super().forward(x, training, mask)
        return self.y

    def backward(self, dy, input_gradient=True):
        dx = np.zeros_like(self.x)
        P, Q = self.y.shape[1:3]
        for i, j in np.ndindex(2, 2):
            cells = np.s_[:, i : 2 * P : 2, j : 2 * Q : 2]
            dx[cells] = dy * (self.x[cells] == self.y)
        return dx


def worked_example(ties: str, seed: int) -> Sequential:
    """The network of Chapter 4, with logits for output."""
    rng = np.random.default_rng(seed)
    if ties == "first":
        layers = [ConvReluPool2D(32, (3, 3), seed=rng), ConvReluPool2D(64, (3, 3), seed=rng)]
    else:
        layers = []
        for filters in (32, 64):
            layers += [Conv2D(filters, (3, 3), activation="relu", seed=rng), EveryMaximum((2, 2))]
    network = Sequential([*layers, Flatten(), Dense(64, activation="relu", seed=rng), Dense(10, seed=rng)])
    network.build((None, 28, 28, 1))
    return network


def as_images(images: np.ndarray) -> np.ndarray:
    """uint8 images (N, 28, 28) as float32 (N, 28, 28, 1), ink from 0 to 1."""
    return images[..., None].astype(np.float32) / 255


def measure(ties: str, count: int, epochs: int, rate: str, seed: int) -> dict[str, float]:
    """Train one network and let it read the test images."""
    (images, labels), (test_images, test_labels) = load_mnist()
    X, y = as_images(images[:count]), labels[:count]
    network, loss = worked_example(ties, seed), SparseCategoricalCrossentropy(from_logits=True)
    optimizer = Adam(CosineDecay(0.001, epochs * -(-count // BATCH)) if rate == "cosine" else 0.001)
    rng = np.random.default_rng([seed, 1])  # the order of the images
    history = fit(network, loss, optimizer, X, y, BATCH, epochs, rng=rng, verbose=0).history
    found = evaluate(network, loss, as_images(test_images), test_labels)
    return {
        "test_accuracy": found["accuracy"],
        "training_loss": history["loss"][-1],  # the mean over the last epoch, while the weights changed
    }


def main() -> None:
    rows = []
    for ties, count, epochs, rate in CONDITIONS:
        measured = []
        for seed in SEEDS:
            measured.append(measure(ties, count, epochs, rate, seed))
            print(ties, count, epochs, rate, seed, measured[-1], flush=True)
        columns = {name: [m[name] for m in measured] for name in measured[0]}
        rows.append({"ties": ties, "images": count, "epochs": epochs, "rate": rate} | columns)
    path = save_result(
        NAME,
        rows,
        SEEDS,
        about="Test accuracy of the worked example of Chapter 4, trained in pure NumPy on MNIST digits.",
        settings={"batch_size": BATCH, "optimizer": "Adam", "parameters": 121_930, "threads": 1},
    )
    print(f"written: {path}")


if __name__ == "__main__":
    main()
