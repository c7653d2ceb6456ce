"""Speed of dlbook_utils against Keras, as a table: ``make bench``.

Both sides run the same computation with the same weights in the same process
and number of threads, in turn, many times; the table shows medians. Keras is
measured on its default path (compiled by ``tf.function``, oneDNN on) and in
eager mode. Timings on a shared machine vary by 30 % and more, ratios less.

While other programs keep the cores busy, NumPy's BLAS with several threads waits for itself and
slows down many times over. Then measure with one thread on both sides:
``OPENBLAS_NUM_THREADS=1 python -m benchmarks``. Words after it choose rows: ``python -m benchmarks epoch``.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # and oneDNN stays on, as readers' Keras has it

import numpy as np

from dlbook_utils import convolution, fused, layers, losses, network, optimizers, training
from dlbook_utils.notebook import quiet

with quiet():
    import keras
    import tensorflow as tf

ROUNDS = 60
EPOCH_BATCHES, EPOCH_ROUNDS = 100, 8  # of an epoch, a part is measured, and fewer times
WARM_UP = 5  # of the rounds; 1 of an epoch's
THREADS = int(os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or os.cpu_count())
tf.config.threading.set_intra_op_parallelism_threads(THREADS)


def medians(*functions: Callable[[], object], rounds: int = ROUNDS, warm_up: int = WARM_UP) -> list[float]:
    """Median seconds of each function, called in turn so that a slow moment meets all of them."""
    seconds = [[] for _ in functions]
    for _ in range(rounds):
        for function, measured in zip(functions, seconds, strict=True):
            start = time.perf_counter()
            function()
            measured.append(time.perf_counter() - start)
    return [statistics.median(measured[warm_up:]) for measured in seconds]


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


def forward_and_backward(ours, theirs, x: np.ndarray, input_gradient: bool = True) -> list[float]:
    """One layer: output, gradients of its weights and, if wanted, of its input."""
    theirs.build(x.shape)
    ours.build((None, *x.shape[1:]))
    ours.set_weights(theirs.get_weights())
    dy = normal(*ours.compute_output_shape(x.shape))
    x_tensor, dy_tensor = tf.constant(x), tf.constant(dy)
    variables = [variable.value for variable in theirs.trainable_variables]

    def step(x, dy):
        sources = [x, *variables] if input_gradient else variables
        with tf.GradientTape() as tape:
            tape.watch(sources)
            y = theirs(x)
        return [y, *tape.gradient(y, sources, output_gradients=dy)]

    def our_step():
        y = ours.forward(x, training=True)
        dx = ours.backward(dy, input_gradient)
        return [y, *([dx] if input_gradient else []), *ours.grads.values()]

    compiled = tf.function(step)
    for one, two in zip(our_step(), compiled(x_tensor, dy_tensor), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=2e-3)  # sums of some 20,000 float32 numbers
    return medians(
        our_step,
        lambda: [a.numpy() for a in compiled(x_tensor, dy_tensor)],
        lambda: [a.numpy() for a in step(x_tensor, dy_tensor)],
    )


def convolution_row() -> list[float]:
    """3 × 3, 32 → 64 channels, forward and backward, 32 images of 13 × 13."""
    return forward_and_backward(convolution.Conv2D(64, 3), keras.layers.Conv2D(64, 3), normal(32, 13, 13, 32))


def first_convolution() -> list[float]:
    """3 × 3, 1 → 32 channels, forward and backward, 32 images of 28 × 28; no gradient of the input."""
    x = normal(32, 28, 28, 1)
    return forward_and_backward(convolution.Conv2D(32, 3), keras.layers.Conv2D(32, 3), x, False)


def max_pooling() -> list[float]:
    """2 × 2 on 26 × 26 × 32 after ReLU, so with ties, forward and backward."""
    x = np.maximum(normal(32, 26, 26, 32), 0)
    return forward_and_backward(convolution.MaxPooling2D(), keras.layers.MaxPooling2D(), x)


def epoch(ours, theirs, shape: tuple[int, ...], batch_size: int, from_logits: bool) -> list[float | None]:
    """Seconds of an epoch of 60,000 images with Adam, ours by ``fit``, Keras by its ``fit``; not eagerly.

    Measured on some batches and scaled up. Both shuffle, both measure loss and accuracy.
    """
    images = EPOCH_BATCHES * batch_size
    x, y = np.maximum(normal(images, *shape), 0), np.random.default_rng(1).integers(0, 10, images)
    their_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    theirs.compile("adam", their_loss, metrics=["accuracy"])
    loss, optimizer = losses.SparseCategoricalCrossentropy(from_logits=from_logits), optimizers.Adam()
    ours.build((None, *shape))
    ours.set_weights(theirs.get_weights())
    first, _ = training.train_step(ours, loss, optimizer, x[:batch_size], y[:batch_size])
    np.testing.assert_allclose(first, theirs.train_on_batch(x[:batch_size], y[:batch_size])[0], rtol=1e-4)
    rng = np.random.default_rng(0)
    seconds = medians(
        lambda: training.fit(ours, loss, optimizer, x, y, batch_size, rng=rng, verbose=0),
        lambda: theirs.fit(x, y, batch_size, verbose=0),
        rounds=EPOCH_ROUNDS,
        warm_up=1,
    )
    return [*(60_000 / images * s for s in seconds), None]


def mlp_epoch() -> list[float | None]:
    """784-256-10 with ReLU, batches of 128."""
    theirs = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(256, activation="relu"), keras.layers.Dense(10)]
    )
    ours = network.Sequential([layers.Dense(256, activation="relu"), layers.Dense(10)])
    return epoch(ours, theirs, (784,), 128, from_logits=True)


def worked_example(blocks: bool) -> list[float | None]:
    """Chapter 4's network, 121,930 parameters, batches of 32: separate layers, or the fused blocks."""
    L, C = keras.layers, convolution
    theirs = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *(L.Conv2D(32, (3, 3), activation="relu"), L.MaxPooling2D((2, 2))),
            *(L.Conv2D(64, (3, 3), activation="relu"), L.MaxPooling2D((2, 2))),
            *(L.Flatten(), L.Dense(64, activation="relu"), L.Dense(10, activation="softmax")),
        ]
    )
    if blocks:
        front = [fused.ConvReluPool2D(32, (3, 3)), fused.ConvReluPool2D(64, (3, 3))]
    else:
        front = [C.Conv2D(32, (3, 3), activation="relu"), C.MaxPooling2D((2, 2))]
        front += [C.Conv2D(64, (3, 3), activation="relu"), C.MaxPooling2D((2, 2))]
    behind = [layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")]
    ours = network.Sequential([*front, layers.Flatten(), *behind])
    return epoch(ours, theirs, (28, 28, 1), 32, from_logits=False)


ROWS = {
    "Dense 784-10 forward, N = 10,000": dense_forward,
    "MLP 784-256-10 forward, N = 128": mlp_forward,
    "MLP 784-256-10 training step, N = 128": mlp_step,
    "Softmax cross-entropy, N = 128": lambda: cross_entropy(128),
    "Softmax cross-entropy, N = 10,000": lambda: cross_entropy(10_000),
    "Adam step, 1e6 parameters": adam_step,
    "Conv2D 3×3, 32→64, 13×13, N = 32": convolution_row,
    "Conv2D 3×3, 1→32, 28×28, N = 32": first_convolution,
    "MaxPooling2D 2×2, 26×26×32, N = 32": max_pooling,
    "MLP 784-256-10, one epoch, N = 128": mlp_epoch,
    "Worked example, one epoch, layers": lambda: worked_example(blocks=False),
    "Worked example, one epoch, blocks": lambda: worked_example(blocks=True),
}


def duration(seconds: float | None) -> str:
    if seconds is None:
        return f"{'–':>9}"
    return f"{seconds:7.2f} s" if seconds >= 1 else f"{1000 * seconds:6.2f} ms"


def main() -> None:
    print(f"{THREADS} threads, medians of {ROUNDS - WARM_UP} runs; ratios below 1: we are faster")
    print(f"(an epoch: of {EPOCH_ROUNDS - 1} runs of {EPOCH_BATCHES} batches, scaled to 60,000 images)\n")
    print(f"{'':37} {'ours':>9} {'compiled':>9} {'eager':>9}   {'ours/compiled':>13} {'ours/eager':>10}")
    for name, row in ROWS.items():
        if sys.argv[1:] and not any(word in name for word in sys.argv[1:]):
            continue
        ours, compiled, eager = row()
        times = "".join(f" {duration(seconds)}" for seconds in (ours, compiled, eager))
        ratios = (f"{ours / seconds:.2f}" if seconds else "–" for seconds in (compiled, eager))
        print("{:37}{}   {:>13} {:>10}".format(name, times, *ratios), flush=True)


if __name__ == "__main__":
    main()
