"""Layers: equal to Keras with copied weights, in its shapes, order and dtypes; bad input refused."""

import os
import re

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest

from dlbook_utils import activations, initializers
from dlbook_utils.layers import Activation, Dense, Flatten, Layer, dense_forward

# (input shape, units): many rows, one row, one feature, one unit, extra axes, no rows
DENSE_SHAPES = [((5, 7), 3), ((1, 7), 3), ((5, 1), 4), ((5, 7), 1), ((1, 1), 1)]
DENSE_SHAPES += [
    ((4, 6, 5), 3),
    ((2, 3, 1, 5), 4),
    ((1, 1, 5), 2),
    ((2, 2, 3, 2, 4), 3),
    ((0, 7), 3),
    ((0, 2, 7), 3),
]
every_shape = pytest.mark.parametrize(("shape", "units"), DENSE_SHAPES)
both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])
TOLERANCE = {"float32": {"rtol": 1e-5, "atol": 1e-6}, "float64": {"rtol": 1e-12, "atol": 1e-13}}


def normal(shape, dtype="float32", seed=0, scale=1.0):
    return np.random.default_rng(seed).normal(scale=scale, size=shape).astype(dtype)


# --- dense_forward ------------------------------------------------------------------------------


@every_shape
@both_dtypes
def test_dense_forward_is_its_sum(shape, units, dtype):
    """Against the definition: y[n, h] = Σ_d x[n, d] W[d, h] + b[h]."""
    x, W, b = normal(shape, dtype), normal((shape[-1], units), dtype, 1), normal(units, dtype, 2)
    originals = [a.copy() for a in (x, W, b)]
    for a in (x, W, b):
        a.flags.writeable = False
    y, cache = dense_forward(x, W, b)
    assert y.dtype == dtype
    assert y.shape == (*shape[:-1], units)
    np.testing.assert_allclose(y, (x[..., :, None] * W).sum(-2) + b, **TOLERANCE[dtype])
    np.testing.assert_allclose(dense_forward(x, W)[0], y - b, **TOLERANCE[dtype])
    assert cache[0] is x
    assert cache[1] is W
    for a, original in zip((x, W, b), originals, strict=True):
        np.testing.assert_array_equal(a, original)


def test_dense_forward_of_an_array_that_is_not_contiguous():
    x, W = normal((6, 5, 4)).transpose(1, 2, 0), normal((6, 3), seed=1)
    np.testing.assert_allclose(dense_forward(x, W)[0], x @ W, **TOLERANCE["float32"])


@pytest.mark.parametrize(
    ("x", "W", "b", "message"),
    [
        ((), (4, 3), None, "expected x of shape (N, ..., D), received shape ()"),
        ((4,), (4, 3), None, "expected x of shape (N, ..., D), received shape (4,)"),
        (
            (2, 5),
            (4, 3),
            None,
            "expected W of shape (D, H) with D = 5, the last axis of x; received shape (4, 3)",
        ),
        (
            (2, 4),
            (4,),
            None,
            "expected W of shape (D, H) with D = 4, the last axis of x; received shape (4,)",
        ),
        ((2, 4), (1, 4, 3), None, "expected W of shape (D, H) with D = 4, the last axis of x; received"),
        ((2, 4), (4, 3), (2,), "expected b of shape (3,), one number per column of W; received shape (2,)"),
        ((2, 4), (4, 3), (1,), "expected b of shape (3,), one number per column of W; received shape (1,)"),
        (
            (3, 4),
            (4, 3),
            (3, 1),
            "expected b of shape (3,), one number per column of W; received shape (3, 1)",
        ),
        ((2, 4), (4, 3), (), "expected b of shape (3,), one number per column of W; received shape ()"),
    ],
)
def test_dense_forward_refuses_wrong_shapes(x, W, b, message):
    with pytest.raises(ValueError, match=re.escape(f"dense_forward: {message}")):
        dense_forward(np.ones(x), np.ones(W), None if b is None else np.ones(b))


@pytest.mark.parametrize("position", [0, 1, 2])
def test_dense_forward_refuses_what_is_not_real(position):
    arrays = [np.ones((2, 4)), np.ones((4, 3)), np.ones(3)]
    arrays[position] = arrays[position].astype(complex)
    with pytest.raises(
        ValueError, match=r"dense_forward: [xWb]: expected an array of real numbers, received"
    ):
        dense_forward(*arrays)


# --- Dense against Keras ------------------------------------------------------------------------


@every_shape
@both_dtypes
@pytest.mark.parametrize("use_bias", [True, False])
def test_dense_equals_keras(shape, units, dtype, use_bias):
    theirs = keras.layers.Dense(units, use_bias=use_bias, bias_initializer="normal", dtype=dtype)
    ours = Dense(units, use_bias=use_bias, dtype=dtype)
    theirs.build((None, *shape[1:]))
    ours.build((None, *shape[1:]))
    ours.set_weights(theirs.get_weights())
    x = normal(shape, dtype, seed=3)
    before = x.copy()
    x.flags.writeable = False
    y = ours.forward(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, theirs(x).numpy(), **TOLERANCE[dtype])
    np.testing.assert_array_equal(x, before)
    assert ours.compute_output_shape((None, *shape[1:])) == theirs.compute_output_shape((None, *shape[1:]))
    assert ours.compute_output_shape(shape) == y.shape
    assert ours.count_params() == theirs.count_params()


@pytest.mark.parametrize(
    "name", [*sorted(set(activations._BY_NAME) - {"step"}), None]
)  # step is not in Keras
def test_dense_with_each_activation_equals_keras(name):
    theirs, ours = keras.layers.Dense(6, activation=name), Dense(6, activation=name)
    x = normal((4, 5), scale=3.0)
    y = theirs(x).numpy()
    ours.build(x.shape)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours.forward(x), y, rtol=1e-5, atol=1e-6)


def test_weights_go_to_keras_and_back():
    ours = Dense(3, seed=0)
    x = normal((4, 5))
    y = ours.forward(x)
    theirs = keras.layers.Dense(3)
    theirs.build((None, 5))
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(theirs(x).numpy(), y, **TOLERANCE["float32"])
    assert [v.name for v in theirs.variables] == list(ours.params) == ["kernel", "bias"]
    assert [w.shape for w in theirs.get_weights()] == [w.shape for w in ours.get_weights()] == [(5, 3), (3,)]
    assert ours.state == {}


def test_dense_and_keras_agree_on_nan():
    theirs, ours = keras.layers.Dense(3), Dense(3)
    x = normal((4, 5))
    x[1, 2] = np.nan
    y = theirs(x).numpy()
    ours.build((None, 5))
    ours.set_weights(theirs.get_weights())
    np.testing.assert_array_equal(np.isnan(ours.forward(x)), np.isnan(y))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float16", "float64"])
def test_dense_casts_its_input_as_keras_does(dtype):
    x = np.arange(20).reshape(4, 5).astype(dtype)
    theirs, ours = keras.layers.Dense(3), Dense(3)
    y = theirs(x)
    ours.build((None, 5))
    ours.set_weights(theirs.get_weights())
    assert ours.forward(x).dtype == np.float32
    assert y.dtype == "float32"
    np.testing.assert_allclose(ours.forward(x), y.numpy(), rtol=1e-5, atol=1e-5)


def test_dense_takes_booleans_and_lists():
    layer = Dense(3, seed=0)
    np.testing.assert_array_equal(layer.forward([[True, False]]), layer.forward([[1.0, 0.0]]))
    assert layer.forward([[True, False]]).dtype == np.float32


# --- Dense: its own life ------------------------------------------------------------------------


def test_dense_builds_at_the_first_forward():
    layer = Dense(3)
    assert not layer.built
    assert layer.params == {}
    layer.forward(normal((4, 2, 5)))
    assert layer.built
    assert {name: array.shape for name, array in layer.params.items()} == {"kernel": (5, 3), "bias": (3,)}
    kernel = layer.params["kernel"]
    layer.build((None, 5))  # building again keeps the arrays
    layer.forward(normal((4, 5)))
    assert layer.params["kernel"] is kernel


def test_dense_keeps_its_cache():
    layer = Dense(3, activation="relu", seed=0)
    assert layer.cache is None
    x = normal((4, 5))
    y = layer.forward(x)
    (cached_x, cached_kernel), z = layer.cache
    assert cached_x is x  # not copied
    assert cached_kernel is layer.params["kernel"]
    np.testing.assert_array_equal(y, np.maximum(z, 0))


def test_dense_initial_weights():
    layer = Dense(300, seed=5)
    layer.build((None, 200))
    rng = np.random.default_rng(5)
    np.testing.assert_array_equal(layer.params["kernel"], initializers.glorot_uniform((200, 300), rng))
    np.testing.assert_array_equal(layer.params["bias"], np.zeros(300))
    layer = Dense(
        3, kernel_initializer="ones", bias_initializer=lambda shape, rng, dtype: np.full(shape, 7, dtype)
    )
    layer.build((None, 2))
    assert (layer.params["kernel"] == 1).all()
    assert (layer.params["bias"] == 7).all()
    assert layer.params["bias"].dtype == np.float32


def test_dense_seeds():
    def kernel(seed):
        layer = Dense(4, seed=seed)
        layer.build((None, 5))
        return layer.params["kernel"]

    np.testing.assert_array_equal(kernel(1), kernel(1))
    rng = np.random.default_rng(1)
    np.testing.assert_array_equal(kernel(rng), kernel(1))
    for other in (kernel(2), kernel(rng), kernel(None)):
        assert not np.isclose(kernel(1), other).all()


@pytest.mark.parametrize("units", [0, -3, 2.5, 3.0, "3", None, True, [3]])
def test_dense_refuses_units_that_are_no_positive_integer(units):
    with pytest.raises(ValueError, match=r"Dense: units: expected a positive integer, received"):
        Dense(units)


def test_dense_takes_numpy_integers_as_units():
    assert Dense(np.int64(3)).units == 3


@pytest.mark.parametrize(
    "wrong", [{"activation": "rellu"}, {"kernel_initializer": "xavier"}, {"bias_initializer": None}]
)
def test_dense_refuses_unknown_names(wrong):
    with pytest.raises(ValueError, match=r"Unknown (activation|initializer): expected a function or one of"):
        Dense(3, **wrong)


@pytest.mark.parametrize("shape", [(), (5,)])
def test_dense_refuses_too_few_axes(shape):
    layer = Dense(3)
    message = re.escape(
        f"Layer 'dense' (Dense): expected an input of shape (N, ..., D), received shape {shape}"
    )
    with pytest.raises(ValueError, match=message):
        layer.forward(np.ones(shape))
    with pytest.raises(ValueError, match=message):
        layer.build(shape)
    assert not layer.built


def test_dense_refuses_another_last_axis():
    layer = Dense(3, name="hidden")
    layer.build((None, 5))
    message = re.escape("Layer 'hidden' (Dense): expected an input with last axis 5, received shape (2, 4)")
    with pytest.raises(ValueError, match=message):
        layer.forward(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"expected an input with last axis 5, received shape \(None, 4\)"):
        layer.build((None, 4))


def test_dense_refuses_to_build_without_a_last_axis():
    with pytest.raises(
        ValueError, match=r"expected a known last axis in input_shape, received \(None, None\)"
    ):
        Dense(3).build((None, None))


# --- Weights ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([], "expected 2 weight arrays, received 0"),
        ([np.ones((5, 3))], "expected 2 weight arrays, received 1"),
        ([np.ones((5, 3)), np.ones(3), np.ones(3)], "expected 2 weight arrays, received 3"),
        ([np.ones((3, 5)), np.ones(3)], "expected weight array 0 of shape (5, 3), received shape (3, 5)"),
        ([np.ones((5, 3)), np.ones((1, 3))], "expected weight array 1 of shape (3,), received shape (1, 3)"),
        ([np.ones((5, 3)), 1.0], "expected weight array 1 of shape (3,), received shape ()"),
        (
            [np.ones((5, 3)), np.ones(3) * 1j],
            "weight array 1: expected an array of real numbers, received dtype",
        ),
    ],
)
def test_set_weights_refuses_and_changes_nothing(weights, message):
    layer = Dense(3, seed=0)
    layer.build((None, 5))
    before = layer.get_weights()
    with pytest.raises(ValueError, match=re.escape(f"Layer 'dense' (Dense): {message}")):
        layer.set_weights(weights)
    for now, then in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_weights_are_copied_both_ways():
    layer = Dense(3, seed=0)
    layer.build((None, 5))
    kernel = layer.params["kernel"]
    received = layer.get_weights()
    received[0][:] = 9
    assert not (kernel == 9).any()
    given = [np.full((5, 3), 2.0), np.full(3, 4.0)]  # float64
    layer.set_weights(given)
    given[0][:] = 9
    assert layer.params["kernel"] is kernel  # the same array, filled anew
    assert (kernel == 2).all()
    assert kernel.dtype == np.float32


@pytest.mark.parametrize("layer", [Dense(3), Activation("relu"), Flatten()])
@pytest.mark.parametrize("use", [Layer.get_weights, Layer.count_params, lambda layer: layer.set_weights([])])
def test_an_unbuilt_layer_has_no_weights(layer, use):
    with pytest.raises(
        ValueError, match=r"has no weights yet: expected build\(input_shape\) or forward\(x\)"
    ):
        use(layer)


# --- Activation and Flatten ---------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 3), (1, 1), (2, 3, 4, 5), (6,)])
@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "leaky_relu", "linear"])
@both_dtypes
def test_activation_equals_keras(name, shape, dtype):
    x = normal(shape, dtype, scale=3.0)
    before = x.copy()
    layer = Activation(name, dtype=dtype)
    y = layer.forward(x)
    assert y.dtype == dtype
    theirs = keras.layers.Activation(name, dtype=dtype)(x).numpy()
    np.testing.assert_allclose(y, theirs, rtol=1e-6, atol=1e-7)  # Keras's slope of leaky_relu is float32
    np.testing.assert_array_equal(x, before)
    assert layer.cache[0] is x
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *shape[1:])
    assert layer.get_weights() == []
    assert layer.count_params() == 0


def test_activation_takes_functions_and_casts():
    assert Activation(np.cos).forward(np.zeros((2, 3))).dtype == np.float32
    assert Activation("relu").forward(np.arange(3)).dtype == np.float32
    with pytest.raises(ValueError, match="Unknown activation"):
        Activation("rellu")


@pytest.mark.parametrize("shape", [(5, 4, 3), (5, 28, 28, 1), (1, 2), (5,), (1, 1, 1), (0, 4, 3), (2, 0, 3)])
def test_flatten_equals_keras(shape):
    x = normal(shape)
    layer, theirs = Flatten(), keras.layers.Flatten()
    y = layer.forward(x)
    np.testing.assert_array_equal(y, theirs(x).numpy())
    assert y.shape == layer.compute_output_shape(shape) == theirs.compute_output_shape(shape)
    for symbolic in [(None, *shape[1:]), (None, None, 3)]:
        assert layer.compute_output_shape(symbolic) == theirs.compute_output_shape(symbolic)
    assert layer.cache == (shape,)
    assert layer.get_weights() == []


@pytest.mark.parametrize("dtype", ["uint8", "int32", "bool", "float32", "float64", "float16"])
def test_flatten_keeps_or_casts_as_keras_does(dtype):
    x = np.ones((2, 3, 4), dtype)
    assert Flatten().forward(x).dtype.name == keras.layers.Flatten()(x).dtype.name


def test_flatten_refuses_a_scalar():
    with pytest.raises(
        ValueError, match=r"'flatten' \(Flatten\): expected an input of shape \(N, ...\), received"
    ):
        Flatten().forward(3.0)


# --- All layers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda **k: Dense(3, **k), lambda **k: Activation("relu", **k), Flatten])
def test_what_all_layers_share(make):
    layer = make()
    assert layer.name == type(layer).__name__.lower()
    assert make(name="mine").name == "mine"
    assert layer.dtype == np.float32
    x = normal((4, 5))
    np.testing.assert_array_equal(layer.forward(x, training=True, mask=np.ones(4, bool)), layer.forward(x))
    with pytest.raises(ValueError, match="x: expected an array of real numbers, received dtype complex"):
        layer.forward(x * 1j)
    for wrong in ("int32", "nonsense", complex):
        with pytest.raises(ValueError, match="Expected dtype to be a floating-point type, received"):
            make(dtype=wrong)


def test_default_names_are_keras():
    class MaxPooling2D(Flatten):
        pass

    class SimpleRNN(Flatten):
        pass

    class LSTM(Flatten):
        pass

    assert [cls().name for cls in (MaxPooling2D, SimpleRNN, LSTM)] == ["max_pooling2d", "simple_rnn", "lstm"]
