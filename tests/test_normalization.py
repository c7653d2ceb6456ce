"""Normalisation and dropout: what the contract of layers does not say."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest

from dlbook_utils.gradient_check import assert_gradients_match
from dlbook_utils.layers import Dropout
from dlbook_utils.normalization import (
    BatchNormalization,
    LayerNormalization,
    standardize_backward,
    standardize_forward,
)

RNG = np.random.default_rng


@pytest.mark.parametrize(("shape", "axis"), [((6, 4), 0), ((6, 4), -1), ((2, 3, 5), (0, 1)), ((3, 1), 0)])
def test_standardize_has_mean_0_and_variance_1_and_the_right_gradient(shape, axis):
    x = RNG(0).normal(3, 2, size=shape)
    y, _ = standardize_forward(x, axis, 1e-12)
    np.testing.assert_allclose(y.mean(axis=axis), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=axis), 1, rtol=1e-6)
    assert_gradients_match(
        lambda x: standardize_forward(x, axis, 0.1), standardize_backward, {"x": x}, RNG(1)
    )


def test_a_constant_feature_stays_finite():
    y, cache = standardize_forward(np.full((4, 3), 7.0), 0)
    np.testing.assert_array_equal(y, 0)
    assert np.isfinite(standardize_backward(np.ones((4, 3)), cache)).all()


def test_moving_averages_follow_keras():
    theirs = keras.layers.BatchNormalization(momentum=0.8)
    ours = BatchNormalization(momentum=0.8)
    theirs.build((None, 5))
    ours.build((None, 5))
    for step in range(4):
        x = RNG(step).normal(step, 1 + step, size=(7, 5)).astype(np.float32)
        theirs(x, training=True)
        ours.forward(x, training=True)
        for w, v in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(w, v, rtol=1e-5, atol=1e-6)
    assert list(ours.state) == ["moving_mean", "moving_variance"]
    x = RNG(9).normal(size=(3, 5)).astype(np.float32)
    np.testing.assert_allclose(ours.forward(x), theirs(x, training=False), rtol=1e-5, atol=1e-5)


def test_at_inference_an_example_does_not_depend_on_its_neighbours():
    layer = BatchNormalization()
    layer.forward(RNG(0).normal(size=(8, 3)), training=True)
    x = RNG(1).normal(size=(8, 3))
    np.testing.assert_array_equal(layer.forward(x)[:1], layer.forward(x[:1]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BatchNormalization(momentum=1.5), "expected momentum from 0 to 1, received 1.5"),
        (lambda: BatchNormalization(epsilon=0), "expected epsilon to be positive, received 0"),
        (lambda: LayerNormalization(epsilon=-1), "expected epsilon to be positive, received -1"),
        (lambda: LayerNormalization().build((None,)), r"expected an input of shape \(N, ..., D\)"),
        (lambda: LayerNormalization().build((3, None)), "expected a known last axis"),
        (lambda: Dropout(1), "expected rate from 0 to less than 1, received 1"),
        (lambda: Dropout(-0.1), "expected rate from 0 to less than 1, received -0.1"),
    ],
)
def test_bad_options_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_another_width_is_refused():
    layer = LayerNormalization()
    layer.build((None, 4))
    with pytest.raises(ValueError, match=r"expected an input with last axis 4, received shape \(2, 3\)"):
        layer.forward(np.ones((2, 3)))


# --- Dropout ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dropout_drops_its_share_and_keeps_the_mean(rate, dtype):
    x = np.ones((200, 100), dtype)
    y = Dropout(rate, seed=0, dtype=dtype).forward(x, training=True)
    assert y.dtype == dtype
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-6)
    spread = np.sqrt(rate * (1 - rate) / x.size)
    assert abs(np.mean(y == 0) - rate) < 4 * spread
    assert abs(y.mean() - 1) < 4 * spread / (1 - rate)


def test_dropout_goes_back_through_the_same_mask():
    layer = Dropout(0.5, seed=0, dtype="float64")
    x, dy = RNG(0).normal(size=(6, 5)), RNG(1).normal(size=(6, 5))
    y = layer.forward(x, training=True)
    np.testing.assert_allclose(layer.backward(dy) * x, dy * y)
    assert not np.array_equal(layer.forward(x, training=True), y)  # another mask


def test_dropout_is_repeated_by_its_seed_and_does_nothing_at_inference():
    x = RNG(0).normal(size=(6, 5)).astype(np.float32)
    one, two = (Dropout(0.3, seed=4).forward(x, training=True) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    layer = Dropout(0.3)
    assert layer.forward(x) is x
    np.testing.assert_array_equal(Dropout(0.0).forward(x, training=True), x)
