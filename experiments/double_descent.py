"""Double descent: the error of random-feature regression around the point where it can fit everything.

    python experiments/double_descent.py

Chapter 3, "Generalization", fits random ReLU features of 400 Fashion-MNIST images by least squares, with 10
to 8,000 features, of all solutions the shortest, and once more with a little ridge. Every seed draws its own
training images and its own features. The record goes to ``dlbook_utils/data/results/double_descent.json``.
"""

from functools import cache

import numpy as np

from dlbook_utils.datasets import load_fashion_mnist
from dlbook_utils.results import save_result

NAME = "double_descent"
FEATURES = (10, 20, 40, 80, 150, 250, 320, 360, 400, 440, 500, 600, 800, 1200, 2000, 4000, 8000)
SEEDS = range(10)
TRAINING = 400  # images, drawn from the first 8,000
RIDGE = 10.0  # λ; the features have a mean square of about 1 each


@cache
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Ink less the mean image, scaled to length 1, (N, 784), and labels (N,): 8,000 to draw from, 2,000."""
    (images, labels), _ = load_fashion_mnist()
    X = images.reshape(len(images), 784) / 255
    X -= X[:8000].mean(axis=0)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X[:8000], labels[:8000], X[8000:], labels[8000:]


def fits(features: int, seed: int) -> list[tuple[np.ndarray, float, float]]:
    """For λ = 0 and λ = RIDGE: outputs for the validation images (2000, 10), length of W, smallest s."""
    X_train, y_train, X_val, _ = data()
    draw = np.random.default_rng(seed)
    chosen = draw.permutation(len(X_train))[:TRAINING]
    Y = np.eye(10)[y_train[chosen]]  # (400, 10)
    V = draw.normal(0, 2**0.5, (784, features))
    A = np.maximum(X_train[chosen] @ V, 0)  # (400, features)
    A_val = np.maximum(X_val @ V, 0)
    left, s, right = np.linalg.svd(A, full_matrices=False)
    made = []
    for ridge in (0.0, RIDGE):
        W = right.T @ ((s / (s**2 + ridge))[:, None] * (left.T @ Y))  # ridge 0: the shortest, (features, 10)
        made.append((A_val @ W, float(np.linalg.norm(W)), float(s[-1])))
    return made


def main() -> None:
    y_val = data()[3]
    Y_val = np.eye(10)[y_val]
    rows = []
    for features in FEATURES:
        found = [fits(features, seed) for seed in SEEDS]
        for which, ridge in enumerate((0.0, RIDGE)):
            outputs = np.array([one[which][0] for one in found])  # (10, 2000, 10)
            mean = outputs.mean(axis=0)
            squared = ((outputs - Y_val) ** 2).sum(axis=2).mean(axis=1)
            # spread about the mean of the seeds, which is itself drawn: hence S / (S - 1)
            spread = ((outputs - mean) ** 2).sum(axis=2).mean(axis=1) * len(SEEDS) / (len(SEEDS) - 1)
            row = {
                "features": features,
                "ridge": ridge,
                "error": [float(np.mean(Z.argmax(axis=1) != y_val)) for Z in outputs],
                "squared": [float(value) for value in squared],
                "variance": [float(value) for value in spread],
                "norm": [one[which][1] for one in found],
                "smallest": [one[which][2] for one in found],
            }
            rows.append(row)
            print(features, ridge, *(f"{key} {np.mean(row[key]):.4g}" for key in list(row)[2:]), flush=True)
    save_result(
        NAME,
        rows,
        SEEDS,
        about="Validation error of least squares on random ReLU features of 400 Fashion-MNIST images, with "
        "10 to 8,000 features, with and without ridge.",
        settings={
            "data": "Fashion-MNIST, ink less the mean image, rows scaled to length 1",
            "training_images": "400 of the first 8,000, drawn anew for each seed",
            "validation_images": "the last 2,000 of 10,000",
            "features": "max(x V, 0), V normal with variance 2, no bias",
            "squared": "mean squared distance of the outputs from the one-hot labels",
            "variance": "mean squared distance from the mean output of all seeds, times S/(S-1)",
        },
    )


if __name__ == "__main__":
    main()
