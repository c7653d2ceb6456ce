"""How far does a small residual network get on MNIST in minutes, and what made the difference?

    python experiments/mnist_residual.py                      all rows
    python experiments/mnist_residual.py "without shifts"     these rows; the others stay in the record

Chapter 4, "Deeper networks". The whole recipe is six epochs on all 60,000 training images with stochastic
gradient descent, Nesterov momentum, a one-cycle learning rate, and every image moved by at most one pixel,
anew in every epoch. Four rows leave one ingredient out, and one spends as much time on a single network as
five take. The highest learning rate of the whole recipe is chosen from two on the last 10,000 training
images, and again where a row may want another one; the test images are read once by each of the five
networks of a row, and once by their average. Two processes of one thread each; an hour in all.
"""

import os

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}

import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import keras
import numpy as np
from keras import layers

from dlbook_utils.datasets import load_mnist
from dlbook_utils.results import load_result, save_result

NAME = "mnist_residual"
SEEDS = range(5)
TUNING_SEED = 100
TRAINING = 50_000  # while the learning rate is chosen; afterwards all 60,000
BATCH = 128
WIDTH = 12  # channels of the first half; the second has twice as many


@dataclass(frozen=True)
class Recipe:
    """How a network is built and trained; the defaults are the whole recipe."""

    name: str
    rates: tuple[float, ...] = (0.1, 0.3)  # from which the highest learning rate is chosen
    epochs: int = 6
    normalise: bool = True
    residual: bool = True
    shift: bool = True
    cycle: bool = True


RECIPES = (
    Recipe("whole"),
    Recipe("peak 0.3", rates=(0.3,)),
    Recipe("without shifts", rates=(0.3,), shift=False),
    Recipe("without one-cycle", rates=(0.03, 0.1), cycle=False),
    Recipe("without normalisation", rates=(0.03, 0.1), normalise=False),
    Recipe("without residual", rates=(0.3,), residual=False),
    Recipe("30 epochs", rates=(0.3,), epochs=30),
)


def convolution(x, filters: int, recipe: Recipe, strides: int = 1, pool: bool = False):
    """A 3×3 convolution, perhaps pooled, and its batch normalisation; without one it has a bias."""
    x = layers.Conv2D(
        filters,
        3,
        strides=strides,
        padding="same",
        use_bias=not recipe.normalise,
        kernel_initializer="he_normal",
    )(x)
    if pool:  # before the normalisation, which has a quarter of the work then
        x = layers.MaxPooling2D()(x)
    return layers.BatchNormalization(momentum=0.9)(x) if recipe.normalise else x


def block(x, filters: int, recipe: Recipe, strides: int = 1):
    """ReLU(x + F(x)), F two convolutions; where the shape changes, x is pooled and widened on its way."""
    y = layers.ReLU()(convolution(x, filters, recipe, strides))
    y = convolution(y, filters, recipe)
    if not recipe.residual:
        return layers.ReLU()(y)
    if strides > 1:
        x = layers.AveragePooling2D(strides)(x)
    if x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, use_bias=False, kernel_initializer="he_normal")(x)
    return layers.ReLU()(layers.Add()([x, y]))


def network(recipe: Recipe) -> keras.Model:
    """A convolution with pooling, three residual blocks, global average pooling, ten logits."""
    inputs = keras.Input((28, 28, 1))
    x = layers.ReLU()(convolution(inputs, WIDTH, recipe, pool=True))
    x = block(x, WIDTH, recipe)  # (N, 14, 14, 12)
    x = block(x, 2 * WIDTH, recipe, 2)  # (N, 7, 7, 24)
    x = block(x, 2 * WIDTH, recipe)
    x = layers.GlobalAveragePooling2D()(x)  # (N, 24)
    return keras.Model(inputs, layers.Dense(10)(x))


def as_images(images: np.ndarray) -> np.ndarray:
    """uint8 images (N, 28, 28) as float32 (N, 28, 28, 1), ink from 0 to 1."""
    return images[..., None].astype(np.float32) / 255


def shifted(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every image moved by −1 to 1 pixels in both directions; what enters is background."""
    N, H, W, _ = images.shape
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moved = np.empty_like(images)
    which = rng.integers(0, 3, (N, 2))
    for top in range(3):
        for left in range(3):
            chosen = np.flatnonzero((which == (top, left)).all(axis=1))
            moved[chosen] = framed[chosen, top : top + H, left : left + W]
    return moved


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Up along half a wave in the first 30 % of the steps, then down to almost 0."""

    def __init__(self, peak: float, steps: int) -> None:
        self.peak, self.steps = peak, steps

    def __call__(self, step):
        p = keras.ops.cast(step, "float32") / self.steps
        up = 0.04 + 0.96 * 0.5 * (1 - keras.ops.cos(math.pi * p / 0.3))
        down = 0.5 * (1 + keras.ops.cos(math.pi * keras.ops.minimum((p - 0.3) / 0.7, 1.0)))
        return self.peak * keras.ops.where(p < 0.3, up, down)

    def get_config(self) -> dict:
        return {"peak": self.peak, "steps": self.steps}


def train(recipe: Recipe, seed: int, images: np.ndarray, labels: np.ndarray, rate: float) -> keras.Model:
    """The network after its epochs; ``rate`` is the highest of a one-cycle, or that of all steps."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng([seed, 1])
    model = network(recipe)
    plan = OneCycle(rate, recipe.epochs * math.ceil(len(images) / BATCH)) if recipe.cycle else rate
    model.compile(
        keras.optimizers.SGD(plan, momentum=0.9, nesterov=True),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    for _ in range(recipe.epochs):
        seen = shifted(images, rng) if recipe.shift else images
        model.fit(seen, labels, batch_size=BATCH, verbose=0)
    return model


def probabilities(model: keras.Model, images: np.ndarray) -> np.ndarray:
    Z = model.predict(images, batch_size=1000, verbose=0).astype(np.float64)
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def choose(recipe: Recipe, X: np.ndarray, labels: np.ndarray) -> dict[float, float]:
    """The share of the validation images that is read with each learning rate."""
    found = {}
    for rate in recipe.rates:
        model = train(recipe, TUNING_SEED, X[:TRAINING], labels[:TRAINING], rate)
        right = probabilities(model, X[TRAINING:]).argmax(axis=1) == labels[TRAINING:]
        found[rate] = float(right.mean())
    return found


def measure(recipe: Recipe) -> tuple[dict, dict[float, float]]:
    """Choose the rate, train five networks, and let each, and all together, read the test images."""
    (images, labels), (test_images, test_labels) = load_mnist()
    X, X_test = as_images(images), as_images(test_images)
    tried = choose(recipe, X, labels) if len(recipe.rates) > 1 else {}
    rate = max(tried, key=tried.get) if tried else recipe.rates[0]
    print(recipe.name, tried, flush=True)
    accuracy, seconds, answers = [], [], []
    for seed in SEEDS:
        started = time.process_time()
        model = train(recipe, seed, X, labels, rate)
        seconds.append(round(time.process_time() - started, 1))
        answers.append(probabilities(model, X_test))
        accuracy.append(float(np.mean(answers[-1].argmax(axis=1) == test_labels)))
        print(f"{recipe.name}, seed {seed}: {accuracy[-1]:.2%}, {seconds[-1]:.0f} CPU s", flush=True)
    together = float(np.mean(np.mean(answers, axis=0).argmax(axis=1) == test_labels))
    print(f"{recipe.name}, all five averaged: {together:.2%}", flush=True)
    row = {
        "network": recipe.name,
        "parameters": model.count_params(),
        "epochs": recipe.epochs,
        "rate": rate,
        "average_of_five": together,
        "test_accuracy": accuracy,
        "cpu_seconds": seconds,
    }
    return row, tried


def main() -> None:
    names = sys.argv[1:] or [recipe.name for recipe in RECIPES]
    chosen = [recipe for recipe in RECIPES if recipe.name in names]
    chosen.sort(key=lambda recipe: recipe.epochs, reverse=True)  # the longest first
    tried, rows = {}, {}
    if len(chosen) < len(RECIPES):
        old = load_result(NAME)
        tried, rows = old.settings["tried"], {row["network"]: row for row in old.rows}
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for row, rates in pool.map(measure, chosen):
            rows[row["network"]] = row
            if rates:
                tried[row["network"]] = rates
    rows = [rows[recipe.name] for recipe in RECIPES]
    path = save_result(
        NAME,
        rows,
        SEEDS,
        about="Share of the MNIST test images read by a small residual network after six epochs, by the "
        "same with one ingredient left out or more time spent, and by the average of five.",
        settings={
            "data": "MNIST, all 60,000 training images",
            "batch_size": BATCH,
            "optimizer": "SGD, Nesterov momentum 0.9, one-cycle learning rate",
            "augmentation": "shifts of −1 to 1 pixels in both directions",
            "tuning": "one network, seed 100, 50,000 images; the last 10,000 choose the highest rate",
            "tried": tried,  # share of the validation images by learning rate
            "average_of_five": "the five networks' probabilities averaged",
            "threads": 1,
        },
        packages=["keras", "tensorflow"],
    )
    print(f"written: {path}")


if __name__ == "__main__":
    main()
