"""What keeps a deep network learning? Initialisation, normalisation and residual connections, at two depths.

    python experiments/deep_remedies.py

Chapter 2, "Vanishing and exploding gradients", trains nine networks of equal width for 300 steps of plain
gradient descent on MNIST, at five learning rates each. They differ in how their weights are drawn and in
what stands around each layer. The record goes to ``dlbook_utils/data/results/deep_remedies.json``.
"""

from functools import cache

import numpy as np

from dlbook_utils.datasets import load_mnist
from dlbook_utils.layers import Activation, Dense, Layer
from dlbook_utils.losses import SparseCategoricalCrossentropy
from dlbook_utils.network import Sequential
from dlbook_utils.normalization import BatchNormalization, LayerNormalization
from dlbook_utils.optimizers import SGD
from dlbook_utils.results import save_result
from dlbook_utils.training import accuracy, train_step

NAME = "deep_remedies"
DEPTHS = (10, 30)  # layers with weights
LEARNING_RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
SEEDS = range(5)
WIDTH, BATCH, STEPS = 64, 64, 300
TRAINING = 50_000  # the first 50,000 training images; the other 10,000 are the validation set


class Residual(Layer):
    """y = x + s F(x), where F is a list of layers and s a fixed number."""

    def __init__(self, branch: list[Layer], scale: float = 1.0) -> None:
        super().__init__()
        self.branch = Sequential(branch)
        self.scale = scale

    def build(self, input_shape):
        self.branch.build(input_shape)
        self.params = dict(enumerate(self.branch.params))
        self.built = True

    def forward(self, x, training=False, mask=None):
        x = self._prepare(x)
        return x + self.scale * self.branch.forward(x, training)

    def backward(self, dy, input_gradient=True):
        dx = dy + self.branch.backward(self.scale * dy)
        self.grads = dict(enumerate(self.branch.grads))
        return dx


HIDDEN = {  # what one hidden layer consists of: dense makes a new Dense of the given initialiser
    "Glorot": lambda dense, _: [dense("glorot_uniform"), Activation("relu")],
    "He": lambda dense, _: [dense("he_normal"), Activation("relu")],
    "tanh, He": lambda dense, _: [dense("he_normal"), Activation("tanh")],
    "tanh, orthogonal": lambda dense, _: [dense("orthogonal"), Activation("tanh")],
    "batch norm": lambda dense, _: [dense("he_normal"), BatchNormalization(), Activation("relu")],
    "layer norm": lambda dense, _: [dense("he_normal"), LayerNormalization(), Activation("relu")],
    "residual": lambda dense, L: [Residual([Activation("relu"), dense("he_normal")], L**-0.5)],
    "residual, batch norm": lambda dense, _: [
        Residual([BatchNormalization(), Activation("relu"), dense("he_normal")])
    ],
    "residual, layer norm": lambda dense, _: [
        Residual([LayerNormalization(), Activation("relu"), dense("he_normal")])
    ],
}


def network(kind: str, depth: int, seed: int, width: int = WIDTH) -> Sequential:
    """A network with ``depth`` dense layers: depth − 1 of ``width`` neurons, and ten outputs.

    A residual block keeps its width, so a residual network begins with a dense layer of its own, and
    ends with the bend that its blocks begin with.
    """
    rng = np.random.default_rng(seed)

    def dense(initializer: str, units: int = width) -> Dense:
        return Dense(units, kernel_initializer=initializer, seed=rng)

    residual = kind.startswith("residual")
    layers = [dense("he_normal")] if residual else []
    for _ in range(depth - 1 - len(layers)):
        layers += HIDDEN[kind](dense, depth)
    layers += [Activation("relu")] if residual else []
    made = Sequential([*layers, dense("glorot_uniform", 10)])
    made.build((None, 784))
    return made


@cache
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows of ink from 0 to 1, float32 (N, 784), and labels (N,), for training and for validation."""
    (images, labels), _ = load_mnist()
    X = images.reshape(len(images), 784).astype(np.float32) / 255  # (60000, 784)
    return X[:TRAINING], labels[:TRAINING], X[TRAINING:], labels[TRAINING:]


def trained_accuracy(kind: str, depth: int, learning_rate: float, seed: int) -> float:
    """Share of the validation images that the network reads after the training.

    A training whose loss stops being finite is broken off; its network answers 0 to every image.
    """
    X_train, y_train, X_val, y_val = data()
    model = network(kind, depth, seed)
    loss, optimizer = SparseCategoricalCrossentropy(from_logits=True), SGD(learning_rate)
    order = np.random.default_rng([seed, 1]).permutation(len(X_train))[: STEPS * BATCH].reshape(STEPS, BATCH)
    with np.errstate(all="ignore"):
        for rows in order:
            value, _ = train_step(model, loss, optimizer, X_train[rows], y_train[rows])
            if not np.isfinite(value):
                return float(np.mean(y_val == 0))
        return accuracy(y_val, model.predict(X_val, 1000))


def main() -> None:
    rows = []
    for depth in DEPTHS:
        for kind in HIDDEN:
            for rate in LEARNING_RATES:
                measured = [trained_accuracy(kind, depth, rate, seed) for seed in SEEDS]
                rows.append({"depth": depth, "network": kind, "learning_rate": rate, "accuracy": measured})
            best = max(rows[-len(LEARNING_RATES) :], key=lambda row: np.mean(row["accuracy"]))
            low, high = min(best["accuracy"]), max(best["accuracy"])
            print(f"{depth} layers, {kind:20} best at {best['learning_rate']:<5}: {low:.1%} to {high:.1%}")
    save_result(
        NAME,
        rows,
        SEEDS,
        about="Share of the MNIST validation images read after 300 steps of gradient descent, by networks "
        "of 10 and of 30 layers that differ in initialisation, normalisation and residual connections.",
        settings={
            "data": "MNIST",
            "training_images": "19,200 of the first 50,000 of the training set, each used once",
            "validation_images": "the last 10,000 of the training set",
            "width": WIDTH,
            "batch_size": BATCH,
            "steps": STEPS,
            "optimizer": "SGD without momentum",
            "broken_off": "a training whose loss is not finite; its network answers 0 to every image",
        },
    )


if __name__ == "__main__":
    main()
