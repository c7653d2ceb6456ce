"""Does every weight need a step of its own? Six optimizers on four problems, each with its own tuned η.

    python experiments/adaptive_methods.py

Chapter 3, "Adaptive methods", compares plain descent, momentum, Adagrad, RMSprop, Adam and Lion on 7,000
images of Fashion-MNIST, at constant learning rates. Four problems: a small network, the same with every
pixel in a unit of its own, a deep network, and the small one for 28 epochs instead of seven. Of the 3,000
images kept back from training, the first half chooses the learning rate and the second half judges; the test
images are not touched.
"""

from functools import cache

import numpy as np

from dlbook_utils.datasets import load_fashion_mnist
from dlbook_utils.layers import Dense
from dlbook_utils.losses import SparseCategoricalCrossentropy
from dlbook_utils.network import Sequential
from dlbook_utils.optimizers import SGD, Adagrad, Adam, Lion, Optimizer, RMSprop
from dlbook_utils.results import save_result
from dlbook_utils.training import accuracy, train_step

NAME = "adaptive_methods"
SEEDS = range(5)
TRAINING, CHOOSING = 7_000, 8_500  # images for training, then for choosing η, then for judging
BATCH, WIDTH = 64, 64
WORST = float(np.log(10))  # the loss of a network that guesses

PROBLEMS = {"small": (2, 7), "units": (2, 7), "deep": (10, 7), "longer": (2, 28)}  # layers, epochs
METHODS = {
    "SGD": lambda rate: SGD(rate),
    "momentum": lambda rate: SGD(rate, momentum=0.9),
    "Adagrad": lambda rate: Adagrad(rate),
    "RMSprop": lambda rate: RMSprop(rate),
    "Adam": lambda rate: Adam(rate),
    "Lion": lambda rate: Lion(rate),
}
GRIDS = {  # of η, as exponents of √10: 10 to the power k/2, for k from … to …
    "SGD": (-5, 0),
    "momentum": (-7, -2),
    "Adagrad": (-6, -1),
    "RMSprop": (-8, -3),
    "Adam": (-8, -3),
    "Lion": (-9, -4),
}


@cache
def data() -> tuple[np.ndarray, np.ndarray]:
    """The 10,000 training images as rows of ink from 0 to 1, float32 (N, 784), and their labels (N,)."""
    (images, labels), _ = load_fashion_mnist()
    return images.reshape(len(images), 784).astype(np.float32) / 255, labels


@cache
def in_units(spread: float = 1.5) -> np.ndarray:
    """The same rows with a factor for every pixel, from 10^−spread to 10^spread, of mean square 1."""
    factors = 10 ** np.random.default_rng(3).uniform(-spread, spread, 784)
    return data()[0] * (factors / np.sqrt(np.mean(factors**2))).astype(np.float32)


def network(layers: int, seed: int) -> Sequential:
    """He's weights and ReLU in every hidden layer, Glorot's weights at the output."""
    rng = np.random.default_rng(seed)
    hidden = [
        Dense(WIDTH, activation="relu", kernel_initializer="he_normal", seed=rng) for _ in range(layers - 1)
    ]
    made = Sequential([*hidden, Dense(10, seed=rng)])
    made.build((None, 784))
    return made


def trained(problem: str, optimizer: Optimizer, seed: int) -> tuple[float, float, float]:
    """After the training: the loss on the choosing images; loss and accuracy on the judging ones.

    A loss above that of guessing, or one that is not finite, counts as log 10.
    """
    layers, epochs = PROBLEMS[problem]
    X, y = data()
    X = in_units() if problem == "units" else X
    model, loss = network(layers, seed), SparseCategoricalCrossentropy(from_logits=True)
    rng, steps = np.random.default_rng([seed, 1]), TRAINING // BATCH
    with np.errstate(all="ignore"):
        for _ in range(epochs):  # those that do not fill a batch sit out
            for rows in rng.permutation(TRAINING)[: steps * BATCH].reshape(steps, BATCH):
                value, _ = train_step(model, loss, optimizer, X[rows], y[rows])
                if not np.isfinite(value):
                    return WORST, WORST, 0.1
        output = model.predict(X[TRAINING:], 1000)
        half = CHOOSING - TRAINING  # 1,500 each
        losses = [
            loss.forward(y[TRAINING:CHOOSING], output[:half]),
            loss.forward(y[CHOOSING:], output[half:]),
        ]
    first, second = (min(float(v), WORST) if np.isfinite(v) else WORST for v in losses)
    return first, second, accuracy(y[CHOOSING:], output[half:])


def main() -> None:
    rows = []
    for problem in PROBLEMS:
        for method, make in METHODS.items():
            first, last = GRIDS[method]
            here = []
            for k in range(first, last + 1):
                rate = float(f"{10 ** (k / 2):.1g}")  # 0.001, 0.003, 0.01, …
                chosen, judged, share = zip(*(trained(problem, make(rate), s) for s in SEEDS), strict=True)
                here.append(
                    {
                        "problem": problem,
                        "method": method,
                        "rate": rate,
                        "choosing_loss": chosen,
                        "loss": judged,
                        "accuracy": share,
                    }
                )
            rows += here
            means = [np.mean(row["choosing_loss"]) for row in here]
            best = int(np.argmin(means))
            edge = " AT THE EDGE" if best in (0, len(here) - 1) else ""
            print(
                f"{problem:10} {method:8} η = {here[best]['rate']:<8g} loss {np.mean(here[best]['loss']):.4f}"
                f", accuracy {np.mean(here[best]['accuracy']):.3f}; grid {np.round(means, 3)}{edge}",
                flush=True,
            )
    save_result(
        NAME,
        rows,
        SEEDS,
        about="Loss and accuracy on Fashion-MNIST images kept back from training, after training with six "
        "optimizers at a grid of constant learning rates, on four problems.",
        settings={
            "data": "Fashion-MNIST",
            "training_images": "the first 7,000 of the training set, 7 times; in the last problem 28 times",
            "choosing_images": "numbers 7,000 to 8,499: their mean loss chooses the learning rate",
            "judging_images": "numbers 8,500 to 9,999: loss and accuracy",
            "batch_size": BATCH,
            "width": WIDTH,
            "problems": "small: 784-64-10; units: the same, each pixel times a fixed factor from 10^-1.5 to "
            "10^1.5, all divided by their root mean square; deep: 784-64-…-64-10, ten layers of weights; "
            "longer: as small, for 28 epochs",
            "optimizers": "Keras's defaults but for the learning rate; momentum 0.9",
            "worst_loss": "log 10; a loss that is larger or not finite is recorded as this",
        },
    )


if __name__ == "__main__":
    main()
