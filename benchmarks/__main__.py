"""Speed of dlbook_utils against Keras, as a table: ``make bench``.

Both sides run the same computation with the same weights in the same process
and number of threads, in turn, many times; the table shows medians. Keras is
measured on its default path (compiled by ``tf.function``, oneDNN on) and in
eager mode. Timings on a shared machine vary by 30 % and more, ratios less.
"""

import os
import statistics
import time
from collections.abc import Callable

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # and oneDNN stays on, as readers' Keras has it

import numpy as np

from dlbook_utils import layers, losses, network, optimizers, training
from dlbook_utils.notebook import quiet

with quiet():
    import keras
    import tensorflow as tf

ROUNDS = 60


def medians(*functions: Callable[[], object]) -> list[float]:
    """Median seconds of each function, called in turn so that a slow moment meets all of them."""
    seconds = [[] for _ in functions]
    for _ in range(ROUNDS):
        for function, measured in zip(functions, seconds, strict=True):
            start = time.perf_counter()
            function()
            measured.append(time.perf_counter() - start)
    return [statistics.median(measured[5:]) for measured in seconds]  # without the warm-up


def forward(ours, theirs, x: np.ndarray) -> list[float]:
    """Seconds of one forward pass, with Keras's weights on both sides: ours, compiled, eager."""
    ours.build((None, *x.shape[1:]))
    ours.set_weights(theirs.get_weights())
    tensor = tf.constant(x)
    compiled = tf.function(lambda x: theirs(x, training=False))
    np.testing.assert_allclose(ours.forward(x), compiled(tensor), rtol=1e-4, atol=1e-4)
    return medians(
        lambda: ours.forward(x),
        lambda: compiled(tensor).numpy(),
        lambda: theirs(tensor, training=False).numpy(),
    )


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def dense_forward() -> list[float]:
    """One dense layer 784-10, forward, 10,000 images at once."""
    theirs = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
    return forward(layers.Dense(10), theirs, normal(10_000, 784))


def mlp_forward() -> list[float]:
    """784-256-10 with ReLU, forward, a batch of 128."""
    theirs = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(256, activation="relu"), keras.layers.Dense(10)]
    )
    ours = network.Sequential([layers.Dense(256, activation="relu"), layers.Dense(10)])
    return forward(ours, theirs, normal(128, 784))


def cross_entropy(examples: int) -> list[float]:
    """Softmax and cross-entropy of 10 classes, from logits to the mean loss."""
    y, z = np.random.default_rng(1).integers(0, 10, examples), normal(examples, 10)
    ours = losses.SparseCategoricalCrossentropy(from_logits=True)
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    y_tensor, z_tensor = tf.constant(y), tf.constant(z)
    compiled = tf.function(lambda y, z: theirs(y, z))
    np.testing.assert_allclose(ours.forward(y, z), compiled(y_tensor, z_tensor), rtol=1e-5)
    return medians(
        lambda: ours.forward(y, z),
        lambda: compiled(y_tensor, z_tensor).numpy(),
        lambda: theirs(y_tensor, z_tensor).numpy(),
    )


def mlp_step() -> list[float]:
    """784-256-10 with ReLU: forward, loss, backward and update of plain gradient descent, a batch of 128."""
    x, y = normal(128, 784), np.random.default_rng(1).integers(0, 10, 128)

    def keras_step(eagerly: bool):
        theirs = keras.Sequential(
            [keras.Input((784,)), keras.layers.Dense(256, activation="relu"), keras.layers.Dense(10)]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        theirs.compile(keras.optimizers.SGD(0.01), loss, run_eagerly=eagerly)
        return theirs, lambda: theirs.train_on_batch(x, y)

    theirs, compiled = keras_step(eagerly=False)
    _, eager = keras_step(eagerly=True)
    ours = network.Sequential([layers.Dense(256, activation="relu"), layers.Dense(10)])
    ours.build((None, 784))
    ours.set_weights(theirs.get_weights())
    loss, optimizer = losses.SparseCategoricalCrossentropy(from_logits=True), optimizers.SGD(0.01)
    first, _ = training.train_step(ours, loss, optimizer, x, y)
    np.testing.assert_allclose(first, compiled(), rtol=1e-4)
    return medians(lambda: training.train_step(ours, loss, optimizer, x, y), compiled, eager)


def adam_step() -> list[float]:
    """One step of Adam, one array of 1,000,000 parameters; Keras with its gradients ready as tensors."""
    g, w = normal(1_000_000), normal(1_000_000)
    tensor = tf.constant(g)

    def keras_step(compiled: bool):
        variable, theirs = keras.Variable(w), keras.optimizers.Adam()
        theirs.build([variable])

        def step(g):
            theirs.apply([g], [variable])

        return variable, tf.function(step) if compiled else step

    optimizer = optimizers.Adam()
    (variable, compiled), (_, eager) = keras_step(True), keras_step(False)
    optimizer.apply([g], [w])
    compiled(tensor)
    np.testing.assert_allclose(w, variable.numpy(), rtol=1e-4, atol=1e-6)
    return medians(lambda: optimizer.apply([g], [w]), lambda: compiled(tensor), lambda: eager(tensor))


ROWS = {
    "Dense 784-10 forward, N = 10,000": dense_forward,
    "MLP 784-256-10 forward, N = 128": mlp_forward,
    "MLP 784-256-10 training step, N = 128": mlp_step,
    "Softmax cross-entropy, N = 128": lambda: cross_entropy(128),
    "Softmax cross-entropy, N = 10,000": lambda: cross_entropy(10_000),
    "Adam step, 1e6 parameters": adam_step,
}


def main() -> None:
    print(f"{os.cpu_count()} threads, medians of {ROUNDS - 5} runs; ratios below 1: we are faster\n")
    print(f"{'':37} {'ours':>9} {'compiled':>9} {'eager':>9}   {'ours/compiled':>13} {'ours/eager':>10}")
    for name, row in ROWS.items():
        ours, compiled, eager = row()
        milliseconds = "".join(f" {1000 * seconds:6.2f} ms" for seconds in (ours, compiled, eager))
        print(f"{name:37}{milliseconds}   {ours / compiled:13.2f} {ours / eager:10.2f}")


if __name__ == "__main__":
    main()
