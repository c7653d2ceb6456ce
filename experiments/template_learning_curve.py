"""How many digits does an average need? Ten template neurons against the number of their images.

    python experiments/template_learning_curve.py

Chapter 1, "Neurons and layers", reads digits with ten neurons whose weights are average images,
equation (1.4). This script asks how the share of digits that they read correctly depends on how many
images of each digit are averaged. The record goes to
``dlbook_utils/data/results/template_learning_curve.json``.
"""

from functools import cache

import numpy as np

from dlbook_utils.datasets import load_mnist
from dlbook_utils.results import save_result

NAME = "template_learning_curve"
IMAGES_PER_DIGIT = (1, 2, 5, 10, 30, 100, 300, 1000, 4000)
SEEDS = range(20)
TRAINING = 50_000  # the first 50,000 training images; the other 10,000 are the validation set


@cache
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows of ink from 0 to 1, float32 (N, 784), and labels (N,), for training and for validation."""
    (images, labels), _ = load_mnist()
    X = images.reshape(len(images), 784).astype(np.float32) / 255  # (60000, 784)
    return X[:TRAINING], labels[:TRAINING], X[TRAINING:], labels[TRAINING:]


def accuracy(images_per_digit: int, seed: int) -> float:
    """Share of the validation images that ten templates read correctly.

    Each template averages ``images_per_digit`` training images of its digit, drawn without
    repetition. With one seed, a larger draw contains the smaller ones, so that a seed is a reader
    who collects more and more digits.
    """
    X_train, y_train, X_val, y_val = data()
    rng = np.random.default_rng(seed)
    W = np.empty((784, 10), dtype=np.float32)
    for digit in range(10):
        drawn = rng.permutation(np.flatnonzero(y_train == digit))[:images_per_digit]
        W[:, digit] = X_train[drawn].mean(axis=0)
    b = -0.5 * np.sum(W**2, axis=0)  # (10,), as (1.4) says
    return float(np.mean(np.argmax(X_val @ W + b, axis=1) == y_val))


def main() -> None:
    rows = []
    for images_per_digit in IMAGES_PER_DIGIT:
        measured = [accuracy(images_per_digit, seed) for seed in SEEDS]
        rows.append({"images_per_digit": images_per_digit, "accuracy": measured})
        print(f"{images_per_digit:5} images of each digit: {min(measured):.1%} to {max(measured):.1%}")
    save_result(
        NAME,
        rows,
        SEEDS,
        about="Share of the MNIST validation images read correctly by ten templates, equation (1.4), "
        "against the number of training images averaged for each digit.",
        settings={
            "data": "MNIST",
            "training_images": "the first 50,000 of the training set",
            "validation_images": "the last 10,000 of the training set",
            "drawn": "without repetition; with one seed, larger draws contain the smaller ones",
        },
    )


if __name__ == "__main__":
    main()
