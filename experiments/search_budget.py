"""Learning rate against weight decay: a table of 288 pairs from which searches of any kind can be dealt.

    python experiments/search_budget.py

Chapter 3, "Training in practice", compares grid and random search at equal budgets. Each of its searches
looks its runs up in this table, so that thousands of searches cost no training. The network is 784-64-10
with ReLU, its training plain mini-batch gradient descent, written out in NumPy. Five thousand validation
images form five juries of a thousand: one chooses, the other four say how good the choice was. The test
images are not touched.
"""

from functools import cache

import numpy as np

from dlbook_utils.datasets import load_fashion_mnist
from dlbook_utils.results import save_result

NAME = "search_budget"
SEEDS = range(5)
TRAINING, JURIES = 5000, 5
HIDDEN, BATCH, STEPS = 64, 50, 500
RATES = 10.0 ** (-4 + 5 * (np.arange(24) + 0.5) / 24)  # middles of 24 parts of 0.0001 to 10, on a log scale
DECAYS = 10.0 ** (-6 + 4 * (np.arange(12) + 0.5) / 12)  # the same for 12 parts of 0.000001 to 0.01


@cache
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows from 0 to 1, float32 (5000, 784), and labels (5000,), for training and for validation."""
    (images, labels), _ = load_fashion_mnist()
    X = images.reshape(len(images), 784).astype(np.float32) / 255  # (10000, 784)
    return X[:TRAINING], labels[:TRAINING], X[TRAINING:], labels[TRAINING:]


def trained(rate: float, decay: float, seed: int) -> list[np.ndarray]:
    """Weights and biases W1, b1, W2, b2 after the training; the decay is added to the weights' gradients."""
    X, y, _, _ = data()
    rng = np.random.default_rng(seed)
    W1 = rng.normal(0, np.sqrt(2 / 784), (784, HIDDEN)).astype(np.float32)
    W2 = rng.normal(0, np.sqrt(2 / HIDDEN), (HIDDEN, 10)).astype(np.float32)
    b1, b2 = np.zeros(HIDDEN, np.float32), np.zeros(10, np.float32)
    keep, rate = np.float32(1 - rate * decay), np.float32(rate)
    per_epoch = TRAINING // BATCH
    with np.errstate(all="ignore"):
        for step in range(STEPS):
            if step % per_epoch == 0:
                order = rng.permutation(TRAINING).reshape(per_epoch, BATCH)
            rows = order[step % per_epoch]
            A = np.maximum(X[rows] @ W1 + b1, 0)
            Z = A @ W2 + b2
            dZ = np.exp(Z - Z.max(axis=1, keepdims=True))
            dZ /= dZ.sum(axis=1, keepdims=True)
            dZ[np.arange(BATCH), y[rows]] -= 1
            dZ /= BATCH
            dZ1 = (dZ @ W2.T) * (A > 0)
            W1 = keep * W1 - rate * (X[rows].T @ dZ1)
            W2 = keep * W2 - rate * (A.T @ dZ)
            b1 = b1 - rate * dZ1.sum(axis=0)
            b2 = b2 - rate * dZ.sum(axis=0)
            if not np.isfinite(b2[0]):
                break
    return [W1, b1, W2, b2]


def right_answers(theta: list[np.ndarray]) -> np.ndarray:
    """How many of its 1,000 images each of the five juries finds right, (5,)."""
    _, _, X, y = data()
    W1, b1, W2, b2 = theta
    with np.errstate(all="ignore"):
        answers = np.argmax(np.maximum(X @ W1 + b1, 0) @ W2 + b2, axis=1)
    return np.sum((answers == y).reshape(JURIES, -1), axis=1)


def main() -> None:
    rows = []
    for rate in RATES:
        for decay in DECAYS:
            right = np.array([right_answers(trained(rate, decay, seed)) for seed in SEEDS])  # (S, 5)
            rows.append({"rate": float(f"{rate:.4g}"), "decay": float(f"{decay:.4g}")})
            rows[-1] |= {f"jury_{k}": right[:, k] for k in range(JURIES)}
        best = max(rows[-len(DECAYS) :], key=lambda row: np.sum([row[f"jury_{k}"] for k in range(JURIES)]))
        share = np.mean([best[f"jury_{k}"] for k in range(JURIES)]) / 1000
        print(f"η = {rate:.5f}: {share:.1%} at its best decay, {best['decay']:.6f}", flush=True)
    save_result(
        NAME,
        rows,
        SEEDS,
        about="Right answers of a small network on five times 1,000 Fashion-MNIST images after 500 steps, "
        "for 288 pairs of learning rate and weight decay.",
        settings={
            "data": "Fashion-MNIST",
            "training_images": "the first 5,000 of the extract's training set",
            "validation_images": "the other 5,000, as five juries of 1,000 in their order",
            "network": f"784-{HIDDEN}-10, ReLU, He's initialisation, biases 0",
            "optimizer": "SGD without momentum; decay times weight is added to the weights' gradients",
            "batch_size": BATCH,
            "steps": STEPS,
            "broken_off": "a training whose biases are not finite; its network answers 0 to every image",
        },
    )


if __name__ == "__main__":
    main()
