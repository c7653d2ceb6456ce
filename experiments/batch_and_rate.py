"""Batch size against learning rate: a small network on MNIST, trained with 46 pairs of the two.

    python experiments/batch_and_rate.py

The network is 784-32-10 with ReLU, its training plain mini-batch gradient descent, written out in NumPy
because a batch of one image would spend its time in anything else. Two things are measured: the
validation loss after one pass through 50,000 images, and the number of steps until the validation loss
is 0.4 for the first time. The best pairs are looked for on the validation images; the test images are
not touched.
"""

from functools import cache

import numpy as np

from dlbook_utils.datasets import load_mnist
from dlbook_utils.results import save_result

NAME = "batch_and_rate"
SEEDS = range(10)
TRAINING = 50_000
HIDDEN = 32
TARGET = 0.4  # validation loss
FEWEST = 100  # steps in which the target may be reached, if one epoch has fewer
RATES = {  # batch size: exponents of 2
    1: range(-9, -4),
    4: range(-8, -2),
    16: range(-7, 0),
    64: range(-6, 1),
    256: range(-5, 2),
    1024: range(-4, 2),
    4096: range(-3, 2),
    50_000: range(-2, 1),
}

Parameters = list[np.ndarray]


@cache
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows of ink from 0 to 1, float32 (N, 784), one-hot targets and labels of the validation images."""
    (images, labels), _ = load_mnist()
    X = images.reshape(len(images), 784).astype(np.float32) / 255  # (60000, 784)
    Y = np.eye(10, dtype=np.float32)[labels]  # (60000, 10)
    return X[:TRAINING], Y[:TRAINING], X[TRAINING:], labels[TRAINING:]


def new_parameters(seed: int) -> Parameters:
    """He's initial weights and biases of 0: W1, b1, W2, b2."""
    rng = np.random.default_rng(seed)
    W1 = rng.normal(0, np.sqrt(2 / 784), (784, HIDDEN)).astype(np.float32)
    W2 = rng.normal(0, np.sqrt(2 / HIDDEN), (HIDDEN, 10)).astype(np.float32)
    return [W1, np.zeros(HIDDEN, np.float32), W2, np.zeros(10, np.float32)]


def gradient(theta: Parameters, X: np.ndarray, Y: np.ndarray) -> Parameters:
    """Gradients of the mean cross-entropy of a batch, X (B, 784) and Y (B, 10)."""
    W1, b1, W2, b2 = theta
    A = np.maximum(X @ W1 + b1, 0)
    Z = A @ W2 + b2
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    dZ = (P / P.sum(axis=1, keepdims=True) - Y) / len(X)
    dZ1 = (dZ @ W2.T) * (A > 0)
    return [X.T @ dZ1, dZ1.sum(axis=0), A.T @ dZ, dZ.sum(axis=0)]


def validation_loss(theta: Parameters) -> float:
    """Mean cross-entropy of the validation images; log 10, as for guessing, if it is more or not finite."""
    _, _, X, y = data()
    W1, b1, W2, b2 = theta
    Z = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    Z -= Z.max(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(len(y)), y])
    return float(min(loss, np.log(10))) if np.isfinite(loss) else float(np.log(10))


def train(batch: int, rate: float, seed: int) -> tuple[float, int]:
    """The validation loss after one epoch, and the steps until it is 0.4 (the limit if it never is).

    Every epoch has a new random order, and the images that do not fill a batch sit out. The loss is
    looked at after 1, 2, 3, … steps, and later after every twentieth part of those taken.
    """
    X, Y, _, _ = data()
    theta, rng = new_parameters(seed), np.random.default_rng([seed, 1])
    per_epoch = TRAINING // batch
    limit = max(per_epoch, FEWEST)
    after_epoch, reached, look = None, None, 1
    step = 0
    with np.errstate(all="ignore"):
        while step < limit:
            order = rng.permutation(TRAINING)[: per_epoch * batch].reshape(per_epoch, batch)
            for rows in order:
                part = (X, Y) if batch == TRAINING else (X[rows], Y[rows])
                for w, dw in zip(theta, gradient(theta, *part), strict=True):
                    w -= rate * dw
                step += 1
                if step == per_epoch or (reached is None and step == look):
                    loss = validation_loss(theta)
                    if step == per_epoch:
                        after_epoch = loss
                    if reached is None and loss <= TARGET:
                        reached = step
                    look = max(look, step + 1 + step // 20)
                    if not np.isfinite(theta[0][0, 0]):
                        return loss, limit
                if after_epoch is not None and (reached is not None or step == limit):
                    return after_epoch, reached or limit
    raise AssertionError("a training ends inside the loop")


def main() -> None:
    rows = []
    for batch, exponents in RATES.items():
        for exponent in exponents:
            losses, steps = zip(*(train(batch, 2.0**exponent, seed) for seed in SEEDS), strict=True)
            rows.append({"batch": batch, "rate": 2.0**exponent, "loss": losses, "steps": steps})
            print(
                f"B {batch:6}, η 2^{exponent:<3}: loss {np.mean(losses):.3f}, "
                f"target after {np.mean(steps):.0f} steps",
                flush=True,
            )
    save_result(
        NAME,
        rows,
        SEEDS,
        about="Validation loss after one epoch of plain mini-batch gradient descent on MNIST, and steps "
        "until it is 0.4, for batches from 1 to 50,000 images and learning rates by powers of 2.",
        settings={
            "data": "MNIST",
            "training_images": TRAINING,
            "validation_images": "the last 10,000 of the training set",
            "network": f"784-{HIDDEN}-10, ReLU, He's initialisation, biases 0",
            "optimizer": "SGD without momentum, constant learning rate",
            "target": TARGET,
            "limit": f"one epoch, but at least {FEWEST} steps; recorded where the target is not met",
            "worst_loss": "log 10; a loss that is larger or not finite is recorded as this",
        },
    )


if __name__ == "__main__":
    main()
