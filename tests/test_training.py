"""Training: batches, one step, fit; step for step the same as Keras."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest

from dlbook_utils import training
from dlbook_utils.layers import Dense
from dlbook_utils.losses import MeanSquaredError, SparseCategoricalCrossentropy
from dlbook_utils.network import Sequential
from dlbook_utils.optimizers import SGD

RNG = np.random.default_rng


def blobs(n=90, seed=0, dtype=np.float32):
    """Three heaps of points in the plane, and which heap each is from."""
    rng = RNG(seed)
    y = rng.integers(0, 3, n)
    x = rng.normal(size=(n, 2)) + 3 * np.array([[0, 0], [1, 0], [0, 1]])[y]
    return x.astype(dtype), y


def small_network(dtype="float32"):
    network = Sequential([Dense(8, activation="tanh", seed=0, dtype=dtype), Dense(3, seed=1, dtype=dtype)])
    network.build((None, 2))
    return network


# --- Mini-batches -------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "size"), [(10, 3), (9, 3), (2, 5), (1, 1), (7, 1)])
def test_batches_hold_every_example_once_and_pairs_stay_together(n, size):
    x, y = np.arange(n) * 10, np.arange(n)
    for rng in (None, RNG(0)):
        batches = list(training.minibatches(x, y, size, rng))
        assert [len(b) for b, _ in batches] == [size] * (n // size) + [n % size] * (n % size > 0)
        xs, ys = (np.concatenate(parts) for parts in zip(*batches, strict=True))
        np.testing.assert_array_equal(xs, 10 * ys)
        np.testing.assert_array_equal(np.sort(ys), y)
        if rng is None:
            np.testing.assert_array_equal(ys, y)


def test_shuffling_differs_from_epoch_to_epoch_and_repeats_with_the_seed():
    x = np.arange(50)

    def epochs(seed):
        rng = RNG(seed)
        return [np.concatenate([b for b, _ in training.minibatches(x, x, 8, rng)]) for _ in range(2)]

    one, two = epochs(3)
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(epochs(3), [one, two])


@pytest.mark.parametrize(
    ("x", "y", "size", "message"),
    [
        (3, 4, 2, "Expected as many y as x, and at least one; received 3 x and 4 y"),
        (0, 0, 2, "Expected as many y as x, and at least one; received 0 x and 0 y"),
        (3, 3, 0, "Expected batch_size to be at least 1, received 0"),
    ],
)
def test_bad_batches_are_refused(x, y, size, message):
    with pytest.raises(ValueError, match=message):
        list(training.minibatches(np.zeros(x), np.zeros(y), size))


# --- Steps --------------------------------------------------------------------------------------


def test_twenty_steps_follow_keras_in_float64():
    x, y = blobs(dtype=np.float64)
    ours = small_network("float64")
    theirs = keras.Sequential(
        [
            keras.Input((2,), dtype="float64"),
            keras.layers.Dense(8, activation="tanh", dtype="float64"),
            keras.layers.Dense(3, dtype="float64"),
        ]
    )
    theirs.set_weights(ours.get_weights())
    theirs.compile(
        optimizer=keras.optimizers.SGD(0.1),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64"),
    )
    loss, optimizer = SparseCategoricalCrossentropy(from_logits=True), SGD(0.1)
    for i in range(20):
        batch = slice(4 * i, 4 * i + 4)
        mine, _ = training.train_step(ours, loss, optimizer, x[batch], y[batch])
        assert mine == pytest.approx(float(theirs.train_on_batch(x[batch], y[batch])), rel=1e-6)
    for w, v in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(w, v, rtol=1e-6, atol=1e-9)  # Keras keeps the learning rate in float32


def test_a_step_goes_downhill_and_changes_nothing_but_parameters():
    x, y = blobs()
    before = x.copy(), y.copy()
    network, loss = small_network(), SparseCategoricalCrossentropy(from_logits=True)
    start, y_pred = training.train_step(network, loss, SGD(0.1), x, y)
    assert y_pred.shape == (90, 3)
    assert float(loss.forward(y, network.forward(x))) < start
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


# --- fit ----------------------------------------------------------------------------------------


def test_fit_learns_and_records(capsys):
    x, y = blobs()
    network = small_network()
    record = training.fit(
        network,
        SparseCategoricalCrossentropy(from_logits=True),
        SGD(0.3),
        x,
        y,
        batch_size=16,
        epochs=30,
        validation_data=blobs(60, seed=1),
        rng=RNG(0),
    )
    assert set(record.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert all(len(values) == 30 for values in record.history.values())
    assert len(record.steps) == 30 * 6
    assert record.history["loss"][-1] < 0.5 * record.history["loss"][0]
    assert record.history["val_accuracy"][-1] > 0.85
    shown = [line.split("\r")[-1] for line in capsys.readouterr().out.rstrip("\n").split("\n")]
    assert len(shown) == 30
    assert shown[-1].startswith(" 30/30 loss 0.")
    assert "val_accuracy" in shown[-1]


def test_fit_is_repeated_by_its_seed_and_its_means_are_those_of_the_steps():
    x, y = blobs(50)
    runs = []
    for _ in range(2):
        network = small_network()
        runs.append(
            training.fit(
                network,
                SparseCategoricalCrossentropy(from_logits=True),
                SGD(0.1),
                x,
                y,
                batch_size=16,
                rng=RNG(5),
                verbose=0,
            )
        )
    assert runs[0] == runs[1]
    sizes = [16, 16, 16, 2]
    assert runs[0].history["loss"][0] == pytest.approx(np.average(runs[0].steps, weights=sizes))


def test_fit_without_classes_measures_the_loss_alone(capsys):
    x, _ = blobs()
    network = Sequential([Dense(1, seed=0)])
    target = x.sum(axis=1, keepdims=True)
    record = training.fit(network, MeanSquaredError(), SGD(0.02), x, target, epochs=2, verbose=0)
    assert set(record.history) == {"loss"}
    assert capsys.readouterr().out == ""


def test_a_loss_that_is_no_number_stops_it():
    x, _ = blobs()
    network = Sequential([Dense(1, seed=0)])
    with (
        pytest.raises(ValueError, match=r"expected a finite loss, received (inf|nan) in epoch \d+, step \d+"),
        np.errstate(over="ignore", invalid="ignore"),
    ):
        training.fit(
            network, MeanSquaredError(), SGD(1e3), x, x.sum(axis=1, keepdims=True), epochs=50, verbose=0
        )


def test_other_bad_input_is_refused():
    x, y = blobs()
    with pytest.raises(ValueError, match="Expected epochs to be at least 1, received 0"):
        training.fit(small_network(), MeanSquaredError(), SGD(), x, y, epochs=0)
    with pytest.raises(ValueError, match="SGD: expected learning_rate to be positive, received 0"):
        SGD(0)
    with pytest.raises(ValueError, match="SGD: expected 2 gradients, received 1"):
        SGD().apply([np.ones(2)], [np.ones(2), np.ones(2)])
    w = [np.ones(2), np.ones(3)]
    with pytest.raises(
        ValueError, match=r"SGD: expected gradient 1 of shape \(3,\), received shape \(1, 3\)"
    ):
        SGD().apply([np.ones(2), np.ones((1, 3))], w)
    np.testing.assert_array_equal(w[0], 1)  # nothing has been changed
    with pytest.raises(ValueError, match=r"accuracy: expected y_true of shape \(N,\)"):
        training.accuracy(np.zeros((3, 1)), np.zeros((3, 2)))


def test_evaluate_does_not_depend_on_the_batch_size():
    x, y = blobs()
    network, loss = small_network(), SparseCategoricalCrossentropy(from_logits=True)
    one, two = (training.evaluate(network, loss, x, y, size) for size in (7, 1000))
    assert one["loss"] == pytest.approx(two["loss"], rel=1e-6)
    assert one["accuracy"] == two["accuracy"] == training.accuracy(y, network.forward(x))
