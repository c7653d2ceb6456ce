"""Does a convolutional network get better by being deeper? Plain and residual stacks, in NumPy alone.

    python experiments/plain_or_residual.py

Chapter 4, "Deeper networks". Networks of 8, 20 and 32 layers learn to name the clothes of Fashion-MNIST in
300 steps of 32 pictures, averaged down to 7 × 7 places. All consist of pairs of convolutions of 8 channels
with batch normalisation; in half of them a road leads past each pair. The peak of the learning rate is
chosen from three, for each depth and kind, by one seed that serves no other purpose, on 2,000 validation
images. Five further seeds train the networks that see the test images; and again, with the same peaks, for
four times as many steps. About fifteen minutes of one core.
"""

import time
from functools import cache

import numpy as np

from dlbook_utils.activations import relu
from dlbook_utils.convolution import Conv2D, GlobalAveragePooling2D
from dlbook_utils.datasets import load_fashion_mnist
from dlbook_utils.layers import Activation, Dense, Layer
from dlbook_utils.losses import SparseCategoricalCrossentropy
from dlbook_utils.network import Sequential
from dlbook_utils.normalization import BatchNormalization
from dlbook_utils.optimizers import SGD
from dlbook_utils.results import save_result
from dlbook_utils.schedules import OneCycle
from dlbook_utils.training import accuracy, train_step

NAME = "plain_or_residual"
DEPTHS = (8, 20, 32)  # layers with weights
PEAKS = (0.02, 0.08, 0.32)
SEEDS = range(5)
TUNING_SEED = 100
TRAINING, CHANNELS, BATCH = 8_000, 8, 32
STEPS = (300, 1_200)


@cache
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images float32 (N, 7, 7, 1), grey from 0 to 1, and classes: 10,000 known, then 5,000 tests."""
    (images, labels), (test_images, test_labels) = load_fashion_mnist()
    X, X_test = (
        (x.reshape(len(x), 7, 4, 7, 4, 1).mean(axis=(2, 4)) / 255).astype(np.float32)
        for x in (images, test_images)
    )
    return X, labels, X_test, test_labels


class Pair(Layer):
    """ReLU(x + F(x)), or without the road ReLU(F(x)); F: two normalised convolutions, a ReLU between."""

    def __init__(self, road: bool, seed: np.random.Generator) -> None:
        super().__init__()
        self.road = road
        self.branch = Sequential([*normalised(seed), Activation("relu"), *normalised(seed)])

    def build(self, input_shape):
        self.branch.build(input_shape)
        self.params = dict(enumerate(self.branch.params))
        self.built = True

    def forward(self, x, training=False, mask=None):
        x = self._prepare(x)
        s = self.branch.forward(x, training)
        s = x + s if self.road else s
        self.cache = s > 0
        return relu(s)

    def backward(self, dy, input_gradient=True):
        v = dy * self.cache
        dx = self.branch.backward(v)
        self.grads = dict(enumerate(self.branch.grads))
        return v + dx if self.road else dx


def normalised(seed: np.random.Generator) -> list[Layer]:
    """A 3×3 convolution of He's weights and its batch normalisation."""
    convolution = Conv2D(
        CHANNELS, 3, padding="same", use_bias=False, kernel_initializer="he_normal", seed=seed
    )
    return [convolution, BatchNormalization(momentum=0.9)]


def network(depth: int, road: bool, seed: int) -> Sequential:
    """One convolution, (depth − 2) / 2 pairs, a global average, ten logits."""
    rng = np.random.default_rng(seed)
    pairs = [Pair(road, rng) for _ in range((depth - 2) // 2)]
    layers = [*normalised(rng), Activation("relu"), *pairs, GlobalAveragePooling2D(), Dense(10, seed=rng)]
    made = Sequential(layers)
    made.build((None, 7, 7, 1))
    return made


def train(depth: int, road: bool, peak: float, seed: int, steps: int = STEPS[0]) -> Sequential:
    """The network after its steps."""
    X, y, _, _ = data()
    model = network(depth, road, seed)
    loss = SparseCategoricalCrossentropy(from_logits=True)
    optimizer = SGD(OneCycle(peak, steps), momentum=0.9, nesterov=True)
    rng, epochs = np.random.default_rng([seed, 1]), -(-steps * BATCH // TRAINING)
    order = np.concatenate([rng.permutation(TRAINING) for _ in range(epochs)])[: steps * BATCH]
    for rows in order.reshape(steps, BATCH):
        train_step(model, loss, optimizer, X[rows], y[rows])
    return model


def right(model: Sequential, X: np.ndarray, y: np.ndarray) -> float:
    """Share of the images named correctly."""
    return accuracy(y, model.predict(X, 500))


def measure(kind: str, road: bool, depth: int, peak: float, steps: int) -> dict:
    """Train with the five seeds, and open the test set."""
    X, y, X_test, y_test = data()
    started, training, test = time.process_time(), [], []
    for seed in SEEDS:
        model = train(depth, road, peak, seed, steps)
        training.append(right(model, X[:TRAINING], y[:TRAINING]))
        test.append(right(model, X_test, y_test))
    seconds = round((time.process_time() - started) / len(SEEDS), 1)
    print(
        f"{kind:9}{depth:3} layers, peak {peak}, {steps:5} steps: training {np.mean(training):.1%}, "
        f"test {np.mean(test):.1%}, {seconds} s",
        flush=True,
    )
    return {
        "network": kind,
        "layers": depth,
        "steps": steps,
        "peak": peak,
        "parameters": sum(w.size for w in model.params),
        "cpu_seconds": seconds,
        "training_accuracy": training,
        "test_accuracy": test,
    }


def main() -> None:
    X, y, _, _ = data()
    rows, tried = [], {}
    for depth in DEPTHS:
        for kind, road in (("plain", False), ("residual", True)):
            shares = [
                right(train(depth, road, peak, TUNING_SEED), X[TRAINING:], y[TRAINING:]) for peak in PEAKS
            ]
            tried[f"{kind}, {depth} layers"] = [
                {"peak": peak, "accuracy": share} for peak, share in zip(PEAKS, shares, strict=True)
            ]
            peak = PEAKS[int(np.argmax(shares))]
            rows += [measure(kind, road, depth, peak, steps) for steps in STEPS]
    save_result(
        NAME,
        rows,
        SEEDS,
        about="Accuracy on training and test images of Fashion-MNIST, averaged down to 7 × 7, after 300 "
        "and 1,200 steps, for plain and residual convolutional networks of 8, 20 and 32 layers.",
        settings={
            "data": "Fashion-MNIST, 7 × 7",
            "training_images": "the first 8,000",
            "validation_images": "the last 2,000 of the 10,000, for choosing the peak of the rate",
            "test_images": 5_000,
            "channels": CHANNELS,
            "batch_size": BATCH,
            "steps_while_choosing": STEPS[0],
            "optimizer": "SGD, Nesterov momentum 0.9, one-cycle learning rate",
            "tuning_seed": TUNING_SEED,
            "cpu_seconds": "of one network, training and measuring",
            "tried": tried,
        },
    )


if __name__ == "__main__":
    main()
