"""What do normalisation, residual blocks, augmentation, dropout and pooling add to a small network?

    python experiments/deeper_networks.py

Chapter 4, "Deeper networks". One convolutional network of six convolutions on Fashion-MNIST, and what each
ingredient changes, all with 375 steps of 128 pictures; with 8,000 training images and, in five of the rows,
with 2,000. The peak of the learning rate is chosen for each network from four, by the accuracy of one seed,
used for nothing else, on 2,000 validation images, with 8,000 training images. Five further seeds train the
networks that see the test images. About 30 CPU minutes.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import math
import time
from functools import cache

import keras
import numpy as np
from keras import layers

from dlbook_utils.datasets import load_fashion_mnist
from dlbook_utils.results import save_result

NAME = "deeper_networks"
SEEDS = range(5)
TUNING_SEED = 100
MANY, FEW, VALIDATION = 8_000, 2_000, 2_000
BATCH, STEPS = 128, 375
PEAKS = (0.0125, 0.05, 0.2, 0.8)
DROPOUT = 0.25
INGREDIENTS = {
    "base": {},
    "batch normalisation": {"normalise": True},
    "residual": {"residual": True},
    "augmentation": {"augment": "both"},
    "shifts": {"augment": "shifts"},
    "mirrors": {"augment": "mirrors"},
    "dropout": {"dropout": DROPOUT},
    "global average pooling": {"gap": True},
    "normalisation + residual": {"normalise": True, "residual": True},
    "normalisation + pooling": {"normalise": True, "gap": True},
    "all": {"normalise": True, "residual": True, "augment": "both", "dropout": DROPOUT, "gap": True},
}
AGAIN = ("base", "batch normalisation", "augmentation", "dropout", "all")  # with few images


@cache
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images float32 (N, 28, 28, 1), grey from 0 to 1, and classes: 10,000 known, then 5,000 tests."""
    (images, labels), (test_images, test_labels) = load_fashion_mnist()
    X, X_test = (x[..., None].astype(np.float32) / 255 for x in (images, test_images))
    return X, labels.astype(np.int64), X_test, test_labels.astype(np.int64)


def convolution(x, filters: int, strides: int = 1, normalise: bool = False):
    """A 3×3 convolution; with normalisation it needs no bias, since β takes its place."""
    x = layers.Conv2D(
        filters,
        3,
        strides=strides,
        padding="same",
        use_bias=not normalise,
        kernel_initializer="he_normal",
    )(x)
    return layers.BatchNormalization(momentum=0.9)(x) if normalise else x


def pair(x, filters: int, normalise: bool, residual: bool):
    """Two convolutions that keep the shape; residual: x is added before the last bend."""
    y = layers.ReLU()(convolution(x, filters, 1, normalise))
    y = convolution(y, filters, 1, normalise)
    return layers.ReLU()(layers.Add()([x, y]) if residual else y)


def network(
    normalise: bool = False, residual: bool = False, dropout: float = 0.0, gap: bool = False
) -> keras.Model:
    """Six convolutions: 12 channels on 14×14 places, 24 on 7×7; ten logits."""
    inputs = keras.Input((28, 28, 1))
    x = layers.ReLU()(convolution(inputs, 12, 2, normalise))
    x = pair(x, 12, normalise, residual)  # (N, 14, 14, 12)
    x = layers.ReLU()(convolution(x, 24, 2, normalise))
    x = pair(x, 24, normalise, residual)  # (N, 7, 7, 24)
    x = layers.GlobalAveragePooling2D()(x) if gap else layers.Flatten()(x)
    x = layers.Dropout(dropout)(x) if dropout else x
    return keras.Model(inputs, layers.Dense(10)(x))


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Up along half a wave in the first 30 % of the steps, then down to 0."""

    def __init__(self, peak: float, steps: int) -> None:
        self.peak, self.steps = peak, steps

    def __call__(self, step):
        p = keras.ops.cast(step, "float32") / self.steps
        up = 0.04 + 0.96 * 0.5 * (1 - keras.ops.cos(math.pi * p / 0.3))
        down = 0.5 * (1 + keras.ops.cos(math.pi * (p - 0.3) / 0.7))
        return self.peak * keras.ops.where(p < 0.3, up, down)

    def get_config(self) -> dict:
        return {"peak": self.peak, "steps": self.steps}


def augmented(X: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Every image moved by −1 to 1 pixels each way ("shifts"), half of them mirrored ("mirrors"), or both."""
    framed = np.pad(X, ((0, 0), (1, 1), (1, 1), (0, 0)))
    top, left = rng.integers(0, 3, len(X)), rng.integers(0, 3, len(X))
    mirrored = rng.random(len(X)) < 0.5
    if kind == "mirrors":
        top[:] = left[:] = 1
    elif kind == "shifts":
        mirrored[:] = False
    rows = top[:, None] + np.arange(28)  # (N, 28)
    columns = left[:, None] + np.arange(28)
    columns[mirrored] = columns[mirrored, ::-1]
    return framed[np.arange(len(X))[:, None, None], rows[:, :, None], columns[:, None, :]]


def batches(seed: int, images: int, augment: str) -> tuple[np.ndarray, np.ndarray]:
    """All the images of a training in their order: (STEPS · BATCH, 28, 28, 1) and classes."""
    rng = np.random.default_rng([seed, 1])
    whole = BATCH * (images // BATCH)
    epochs = -(-STEPS * BATCH // whole)
    order = np.concatenate([rng.permutation(images)[:whole] for _ in range(epochs)])[: STEPS * BATCH]
    X, y, _, _ = data()
    return augmented(X[order], augment, rng) if augment else X[order], y[order]


def right(model: keras.Model, X: np.ndarray, y: np.ndarray) -> float:
    """Share of the images named correctly."""
    Z = np.concatenate([model(X[i : i + 1000], training=False) for i in range(0, len(X), 1000)])
    return float(np.mean(Z.argmax(axis=1) == y))


def trained(seed: int, peak: float, images: int, augment: str = "", **changes) -> keras.Model:
    """The network after 375 steps; ``changes`` are the arguments of ``network``."""
    keras.utils.set_random_seed(seed)
    model = network(**changes)
    model.compile(
        keras.optimizers.SGD(OneCycle(peak, STEPS), momentum=0.9, nesterov=True),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    X, y = batches(seed, images, augment)
    model.fit(X, y, batch_size=BATCH, shuffle=False, verbose=0)
    return model


def choose(changes: dict) -> list[dict]:
    """The accuracy on the validation images for each peak."""
    X, y, _, _ = data()
    shares = [right(trained(TUNING_SEED, peak, MANY, **changes), X[MANY:], y[MANY:]) for peak in PEAKS]
    return [{"peak": peak, "accuracy": share} for peak, share in zip(PEAKS, shares, strict=True)]


def final(name: str, images: int, peak: float) -> dict:
    """Train with the five seeds, and open the test set."""
    X, y, X_test, y_test = data()
    training, test, started = [], [], time.process_time()
    for seed in SEEDS:
        model = trained(seed, peak, images, **INGREDIENTS[name])
        training.append(right(model, X[:images], y[:images]))
        test.append(right(model, X_test, y_test))
    seconds = round((time.process_time() - started) / len(SEEDS), 1)
    print(
        f"{name:26} {images:6} images, peak {peak:<6} training {np.mean(training):.4f}  "
        f"test {np.mean(test):.4f}  {seconds} s",
        flush=True,
    )
    return {
        "network": name,
        "images": images,
        "peak": peak,
        "parameters": model.count_params(),
        "cpu_seconds": seconds,
        "training_accuracy": training,
        "test_accuracy": test,
    }


def main() -> None:
    tried = {name: choose(changes) for name, changes in INGREDIENTS.items()}
    peaks = {name: max(shares, key=lambda t: t["accuracy"])["peak"] for name, shares in tried.items()}
    rows = [final(name, MANY, peaks[name]) for name in INGREDIENTS]
    rows += [final(name, FEW, peaks[name]) for name in AGAIN]
    record(rows, tried)


def record(rows: list[dict], tried: dict) -> None:
    save_result(
        NAME,
        rows,
        SEEDS,
        about="Accuracy on the test images of Fashion-MNIST after equally many steps, for a small "
        "convolutional network with and without five ingredients.",
        settings={
            "data": "Fashion-MNIST",
            "training_images": "the first 8,000, or the first 2,000",
            "validation_images": "the last 2,000 of the 10,000, for choosing the peak of the rate",
            "test_images": 5_000,
            "batch_size": BATCH,
            "steps": STEPS,
            "optimizer": "SGD, Nesterov momentum 0.9, one-cycle learning rate",
            "dropout": DROPOUT,
            "augmentation": "shifts of −1 to 1 pixels in both directions, half of the images mirrored",
            "tuning_seed": TUNING_SEED,
            "cpu_seconds": "of one network, training and measuring",
            "tried": tried,
        },
        packages=["keras", "tensorflow"],
    )


if __name__ == "__main__":
    main()
