"""What a network keeps when the task changes: digits 5 to 9 from few labels, after 0 to 4 from many.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python experiments/transfer.py

Chapter 4, "Transfer learning". A network with half the filters of the worked example learns the digits
0 to 4 of MNIST in one pass through 20,000 images (or, for comparison, the clothes of Fashion-MNIST in as
many steps). Then the digits 5 to 9 are learnt from 10 to 1,000 labels in ten ways. Each way takes its
learning rate, for each number of labels, from five or six candidates: that with the best mean accuracy,
over three seeds that serve no other purpose, on 1,000 validation images. Then it is run with ten further
seeds, and only these networks read the test images, once. A seed fixes first weights, images drawn and
their order, so that all ways see the same labels. Takes about fifteen minutes of one core.
"""

import time
from functools import cache

import numpy as np

from dlbook_utils.datasets import load_fashion_mnist, load_mnist
from dlbook_utils.fused import ConvReluPool2D
from dlbook_utils.layers import Dense, Flatten
from dlbook_utils.losses import SparseCategoricalCrossentropy
from dlbook_utils.network import Sequential
from dlbook_utils.optimizers import Adam
from dlbook_utils.results import save_result
from dlbook_utils.training import accuracy, train_step

NAME = "transfer"
SEEDS = range(10)
TUNING_SEEDS = (100, 101, 102)
LABELS = (10, 30, 100, 300, 1_000)
STEPS, BATCH = 300, 32
SOURCE_IMAGES, SOURCE_RATE = 20_000, 0.001
VALIDATION = 1_000
NETWORK_RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)
HEAD_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
# way: what the trunk has learnt before, how many of its layers come before what is learnt now
WAYS = {
    "nearest neighbour": ("", 0),
    "pixels": ("", 0),
    "random maps": ("nothing", 3),
    "clothes' maps": ("clothes", 3),
    "digits' maps": ("digits", 3),
    "random 64 units": ("nothing", 4),
    "digits' 64 units": ("digits", 4),
    "from scratch": ("nothing", 0),
    "fine-tuned": ("digits", 0),
    "head first": ("digits", 0),  # half of the steps for a head on 64 frozen units, then all layers
}
WHOLE = ("from scratch", "fine-tuned", "head first")


def as_images(images: np.ndarray) -> np.ndarray:
    """uint8 images (N, 28, 28) as float32 (N, 28, 28, 1), ink from 0 to 1."""
    return images[..., None].astype(np.float32) / 255


@cache
def data() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Images and classes from 0: old digits (0–4) and new ones (5–9) of each split, and clothes."""
    (images, labels), (test_images, test_labels) = load_mnist()
    splits = {
        "training": (images[:50_000], labels[:50_000]),
        "validation": (images[50_000:], labels[50_000:]),
        "test": (test_images, test_labels),
    }
    found = {}
    for name, (x, y) in splits.items():
        found[f"old {name}"] = as_images(x[y < 5]), y[y < 5].astype(int)
        found[f"new {name}"] = as_images(x[y >= 5]), y[y >= 5].astype(int) - 5
    clothes, kinds = load_fashion_mnist()[0]
    found["clothes"] = as_images(clothes), kinds.astype(int)
    return found


def trunk(rng: np.random.Generator) -> list:
    """The layers below the head: (N, 28, 28, 1) → maps (N, 5, 5, 32), 800 in a row → 64 units."""
    return [
        ConvReluPool2D(16, (3, 3), seed=rng),
        ConvReluPool2D(32, (3, 3), seed=rng),
        Flatten(),
        Dense(64, activation="relu", seed=rng),
    ]


def train(model: Sequential, X: np.ndarray, y: np.ndarray, rate: float, steps: int, rng) -> None:
    """Adam for a number of steps; a new order of the images whenever they are used up."""
    loss, optimizer = SparseCategoricalCrossentropy(from_logits=True), Adam(rate)
    size, order = min(BATCH, len(X)), []
    for _ in range(steps):
        if len(order) < size:
            order = list(rng.permutation(len(X)))
        chosen, order = order[:size], order[size:]
        train_step(model, loss, optimizer, X[chosen], y[chosen])


@cache
def source(kind: str, seed: int) -> Sequential:
    """The trunk with a head of its own, after learning digits, clothes, or nothing."""
    rng = np.random.default_rng([seed, 0])
    model = Sequential([*trunk(rng), Dense(10 if kind == "clothes" else 5, seed=rng)])
    model.build((None, 28, 28, 1))
    if kind != "nothing":
        X, y = data()["clothes" if kind == "clothes" else "old training"]
        steps = SOURCE_IMAGES // BATCH
        train(
            model, X[:SOURCE_IMAGES], y[:SOURCE_IMAGES], SOURCE_RATE, steps, np.random.default_rng([seed, 1])
        )
    return model


@cache
def features(kind: str, seed: int, depth: int, split: str) -> np.ndarray:
    """What comes out of the first layers of a trunk for all new digits of a split; no layers: pixels."""
    X = data()[split][0]
    if depth == 0:
        return X.reshape(len(X), 784)
    return Sequential(source(kind, seed).layers[:depth]).predict(X, 500)


def draw(seed: int, labels: int) -> np.ndarray:
    """Which new training images get a label: equally many of each digit."""
    y, rng = data()["new training"][1], np.random.default_rng([seed, 2])
    per_digit = [rng.permutation(np.flatnonzero(y == k)) for k in range(5)]
    return np.concatenate([of_one[: labels // 5] for of_one in per_digit])


def learn(way: str, labels: int, seed: int, rate: float, split: str, images: int | None = None) -> tuple:
    """Accuracy on new digits of a split, and, if a pretrained network was changed, on the old ones."""
    kind, depth = WAYS[way]
    chosen, rng = draw(seed, labels), np.random.default_rng([seed, 3])
    X, y = data()["new training"]
    truth = data()[f"new {split}"][1][:images]
    if way in WHOLE:
        begun = source(kind, seed)
        model = Sequential([*trunk(rng), Dense(5, seed=rng)])
        model.build((None, 28, 28, 1))
        for layer, old in list(zip(model.layers, begun.layers, strict=True))[:4]:
            layer.set_weights([w.copy() for w in old.get_weights()])
        if way == "head first":
            units = Sequential(model.layers[:4]).predict(X[chosen], 500)
            train(Sequential(model.layers[4:]), units, y[chosen], rate, STEPS // 2, rng)
        steps = STEPS // 2 if way == "head first" else STEPS
        train(model, X[chosen], y[chosen], rate, steps, rng)
        new = accuracy(truth, model.predict(data()[f"new {split}"][0][:images], 500))
        if way == "from scratch" or images:
            return new, None
        model.layers[4].set_weights(begun.layers[4].get_weights())  # the old head again
        X_old, y_old = data()[f"old {split}"]
        return new, accuracy(y_old, model.predict(X_old, 500))
    few = X[chosen].reshape(labels, 784)
    if depth:
        few = Sequential(source(kind, seed).layers[:depth]).predict(X[chosen], 500)
    many = features(kind, seed, depth, f"new {split}")[:images]
    if way == "nearest neighbour":
        squares = (few**2).sum(axis=1) - 2 * many @ few.T  # (M, n): distance² without |many|²
        return float(np.mean(y[chosen][squares.argmin(axis=1)] == truth)), None
    model = Sequential([Dense(5, seed=rng)])
    model.build((None, few.shape[1]))
    train(model, few, y[chosen], rate, STEPS, rng)
    return accuracy(truth, model.predict(many, 5_000)), None


def rates(way: str) -> tuple[float, ...]:
    """What is tried."""
    if way == "nearest neighbour":
        return (0.0,)
    return NETWORK_RATES if way in WHOLE else HEAD_RATES


def main() -> None:
    began, rows, tried = time.process_time(), [], {}
    for way in WAYS:
        for labels in LABELS:
            found = [
                np.mean([learn(way, labels, s, rate, "validation", VALIDATION)[0] for s in TUNING_SEEDS])
                for rate in rates(way)
            ]
            rate = rates(way)[int(np.argmax(found))]
            tried[f"{way}, {labels}"] = np.round(found, 4)
            measured = [learn(way, labels, seed, rate, "test") for seed in SEEDS]
            row = {"way": way, "labels": labels, "rate": rate}
            rows.append({**row, "test_accuracy": [new for new, _ in measured]})
            print(f"{time.process_time() - began:5.0f} s {way:18} {labels:5}", np.round(found, 3), end=" ")
            print(f"η {rate}: {np.mean(rows[-1]['test_accuracy']):.4f}", flush=True)
            if way in ("fine-tuned", "head first"):
                rows.append({**row, "way": f"old digits, {way}", "test_accuracy": [o for _, o in measured]})
                print(" " * 8, "old digits:", np.round(rows[-1]["test_accuracy"], 3), flush=True)
    before = []
    for seed in SEEDS:
        X_old, y_old = data()["old test"]
        before.append(accuracy(y_old, source("digits", seed).predict(X_old, 500)))
    rows.append({"way": "old digits, before", "labels": 0, "rate": SOURCE_RATE, "test_accuracy": before})
    print("old digits before:", np.round(before, 4))
    path = save_result(
        NAME,
        rows,
        SEEDS,
        about="Accuracy on MNIST's test digits 5 to 9 (4,861 images; 'old digits': on the 5,139 of 0 to 4) "
        "after learning from few labels, from scratch or with what another task has left.",
        settings={
            "network": "16 and 32 filters of 3 × 3, each with ReLU and 2 × 2 maximum; 64 units; 5 logits",
            "source": f"digits 0 to 4, one pass through {SOURCE_IMAGES} images; clothes, as many steps",
            "source_rate": SOURCE_RATE,
            "optimizer": "Adam",
            "steps": STEPS,
            "batch_size": f"{BATCH}, or all labels if they are fewer",
            "validation_images": VALIDATION,
            "tuning_seeds": TUNING_SEEDS,
            "rates": {way: rates(way) for way in WAYS},
            "tried": tried,
            "cpu_seconds": round(time.process_time() - began),
        },
    )
    print(f"written: {path}")


if __name__ == "__main__":
    main()
