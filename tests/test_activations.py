"""Activations: equal to Keras, derivatives right, stable, polite to their arguments."""

import inspect
import os
from functools import partial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlbook_utils import activations

# function, arguments
ELEMENTWISE = [
    ("linear", {}),
    ("sigmoid", {}),
    ("tanh", {}),
    ("relu", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.01}),
    ("elu", {}),
    ("elu", {"alpha": 1.7}),
    ("softplus", {}),
    ("silu", {}),
    ("gelu", {}),
    ("gelu", {"approximate": True}),
]
ALONG_AXIS = [("softmax", {}), ("log_softmax", {}), ("softmax", {"axis": 0}), ("log_softmax", {"axis": 0})]
IN_KERAS = ELEMENTWISE + ALONG_AXIS
SHAPES = [(1,), (7,), (1, 1), (1, 5), (6, 1), (4, 3), (2, 3, 4), (2, 1, 3, 5)]
EXTREME = [-1e4, -1e3, -100.0, -88.0, -30.0, -17.0, -1e-3, 0.0, 1e-3, 17.0, 30.0, 88.0, 100.0, 1e3, 1e4]
TOLERANCE = {np.float32: {"rtol": 2e-6, "atol": 3e-7}, np.float64: {"rtol": 1e-12, "atol": 1e-14}}
# TensorFlow keeps the constants of these two in float32, even when the tensor is float64.
ROUNDED_BY_TENSORFLOW = {"leaky_relu": {"rtol": 5e-8, "atol": 1e-14}, "gelu": {"rtol": 1e-6, "atol": 1e-7}}

every_elementwise = pytest.mark.parametrize(("name", "arguments"), ELEMENTWISE)
every_keras = pytest.mark.parametrize(("name", "arguments"), IN_KERAS)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def tolerance(name, arguments, dtype):
    if dtype == np.float64 and name in ROUNDED_BY_TENSORFLOW:
        return ROUNDED_BY_TENSORFLOW[name]
    if dtype == np.float32 and arguments.get("approximate"):
        return {"rtol": 2e-6, "atol": 2e-6}  # 1 + tanh(u) cancels when u is negative
    return TOLERANCE[dtype]


def inputs(dtype):
    """Random arrays of many shapes, an empty one, and the extremes in both layouts."""
    rng = np.random.default_rng(1)
    arrays = [rng.normal(scale=3.0, size=shape) for shape in SHAPES]
    arrays += [np.empty((0, 3)), np.array([EXTREME]), rng.permutation(EXTREME * 4).reshape(12, 5)]
    return [a.astype(dtype) for a in arrays]


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")  # of size 1: on purpose
@both_dtypes
@every_keras
def test_equals_keras(name, arguments, dtype):
    for z in inputs(dtype):
        if z.size == 0 and arguments.get("axis") == 0:
            continue  # a softmax over no entries: refused, see below
        ours = getattr(activations, name)(z, **arguments)
        theirs = getattr(keras.activations, name)(keras.ops.convert_to_tensor(z), **arguments).numpy()
        assert ours.dtype == theirs.dtype == dtype
        assert ours.shape == theirs.shape == z.shape
        np.testing.assert_allclose(ours, theirs, **tolerance(name, arguments, dtype))


@both_dtypes
@every_elementwise
def test_derivative_equals_tensorflows(name, arguments, dtype):
    """With a random upstream gradient, and at the kinks: z = 0 is among the extremes."""
    rng = np.random.default_rng(2)
    for z in inputs(dtype):
        dy = rng.normal(size=z.shape).astype(dtype)
        tensor = tf.convert_to_tensor(z)
        with tf.GradientTape() as tape:
            tape.watch(tensor)
            y = getattr(keras.activations, name)(tensor, **arguments)
        theirs = tape.gradient(y, tensor, output_gradients=tf.convert_to_tensor(dy)).numpy()
        ours = dy * getattr(activations, f"{name}_grad")(z, **arguments)
        room = {kind: 5 * value for kind, value in tolerance(name, arguments, dtype).items()}
        np.testing.assert_allclose(ours, theirs, **room)


@every_keras
def test_arguments_and_defaults_are_keras(name, arguments):
    ours = list(inspect.signature(getattr(activations, name)).parameters.values())[1:]
    theirs = inspect.signature(getattr(keras.activations, name)).parameters
    for parameter in ours:
        assert parameter.default == theirs[parameter.name].default


# --- Derivatives against central differences ----------------------------------------------------


def check_derivative(f, grad, z, dy, step=1e-6):
    """The gradient of L = Σ dy · f(z), entry by entry, against dy · f′(z)."""
    numerical = np.empty_like(z)
    for i in np.ndindex(z.shape):
        shift = np.zeros_like(z)
        shift[i] = step
        numerical[i] = (dy * (f(z + shift) - f(z - shift))).sum() / (2 * step)
    np.testing.assert_allclose(dy * grad(z), numerical, rtol=1e-6, atol=1e-8)


def smooth_points(shape=(5, 6)):
    """Points and upstream gradients of both signs, none within 0.05 of the kink at 0."""
    rng = np.random.default_rng(3)
    z = rng.normal(scale=2.0, size=shape)
    return z + 0.05 * np.sign(z), rng.normal(size=shape) + 0.5


@every_elementwise
def test_derivative_equals_central_differences(name, arguments):
    z, dy = smooth_points()
    check_derivative(
        lambda z: getattr(activations, name)(z, **arguments),
        lambda z: getattr(activations, f"{name}_grad")(z, **arguments),
        z,
        dy,
    )


@pytest.mark.parametrize("factor", [0.0, 0.999, 1.001])
@every_elementwise
def test_the_derivative_check_bites(name, arguments, factor):
    z, dy = smooth_points()
    with pytest.raises(AssertionError):
        check_derivative(
            lambda z: getattr(activations, name)(z, **arguments),
            lambda z: factor * getattr(activations, f"{name}_grad")(z, **arguments),
            z,
            dy,
        )


def test_derivatives_at_the_kink():
    assert activations.relu_grad(0.0) == 0.0
    assert activations.leaky_relu_grad(0.0) == 0.2
    assert activations.elu_grad(0.0) == 1.0
    assert not hasattr(activations, "step_grad")


# --- Numbers, types, manners --------------------------------------------------------------------


@both_dtypes
@pytest.mark.parametrize("name", [n for n in activations.__all__ if n not in ("backward", "get")])
def test_stable_and_polite(name, dtype):
    """No overflow at ±10,000, every value finite, dtype kept, argument unchanged."""
    f = getattr(activations, name)
    z = np.array([EXTREME, EXTREME[::-1]], dtype)
    before = z.copy()
    z.flags.writeable = False
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = f(z)
    assert np.isfinite(y).all()
    assert y.dtype == dtype
    np.testing.assert_array_equal(z, before)
    assert f(z.astype(np.int64)).dtype == np.float32


@pytest.mark.parametrize("name", ["leaky_relu", "leaky_relu_grad", "elu", "elu_grad"])
def test_a_numpy_scalar_as_argument_keeps_the_dtype(name):
    assert getattr(activations, name)(np.ones(3, np.float32), np.float64(0.3)).dtype == np.float32


@pytest.mark.parametrize("name", [n for n in activations.__all__ if n not in ("backward", "get")])
@pytest.mark.parametrize("bad", [np.array([1j]), np.array(["a"]), np.array([None])])
def test_refuses_what_is_not_real(name, bad):
    with pytest.raises(ValueError, match=r"Expected an array of real numbers, received dtype"):
        getattr(activations, name)(bad)


def test_known_values():
    z = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_array_equal(activations.step(z), [0, 1, 1])
    np.testing.assert_array_equal(activations.relu(z), [0, 0, 2])
    assert activations.sigmoid(0.0) == 0.5
    assert activations.softplus(0.0) == pytest.approx(np.log(2))
    assert activations.gelu(1.0) == pytest.approx(0.8413447460685429)  # Φ(1)
    np.testing.assert_allclose(activations.softmax(np.log([1.0, 2.0, 5.0])), [0.125, 0.25, 0.625])


def test_gelu_approximation_is_as_near_as_its_docstring_says():
    z = np.linspace(-10, 10, 20001)
    error = np.abs(activations.gelu(z) - activations.gelu(z, approximate=True)).max()
    assert 0.0004 < error < 0.0005


def test_sigmoid_keeps_its_precision_far_to_the_left():
    z = np.float32([-17, -40, -80])
    np.testing.assert_allclose(activations.sigmoid(z), np.exp(z.astype(np.float64)), rtol=1e-6)


def test_nan_comes_out_as_nan():
    for name, arguments in IN_KERAS:
        assert np.isnan(getattr(activations, name)(np.array([np.nan]), **arguments)).all()


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_is_a_distribution_that_ignores_shifts(axis):
    z = np.random.default_rng(4).normal(scale=5, size=(4, 3, 6))
    p = activations.softmax(z, axis)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis), 1.0)
    np.testing.assert_allclose(activations.softmax(z + 1000.0, axis), p, rtol=1e-9)
    np.testing.assert_allclose(np.exp(activations.log_softmax(z, axis)), p)


def test_log_softmax_is_finite_where_the_probability_is_zero():
    z = np.array([1e4, -1e4])
    assert activations.softmax(z)[1] == 0.0
    np.testing.assert_array_equal(activations.log_softmax(z), [0.0, -2e4])


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_refuses_a_missing_or_empty_axis(name):
    f = getattr(activations, name)
    with pytest.raises(ValueError, match=r"Expected an array that has the axis -1, received shape \(\)"):
        f(np.float32(1.0))
    with pytest.raises(ValueError, match=r"Expected an array that has the axis 2, received shape \(3, 2\)"):
        f(np.ones((3, 2)), axis=2)
    with pytest.raises(ValueError, match="zero-size array"):
        f(np.ones((3, 0)))


# --- get ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({name for name, _ in IN_KERAS} | {"step"}))
def test_get_finds_each_by_name(name):
    assert activations.get(name) is getattr(activations, name)


def test_get_takes_none_and_functions():
    assert activations.get(None) is activations.linear
    assert activations.get(np.sin) is np.sin


@pytest.mark.parametrize("bad", ["rellu", "ReLU", "", 3, ["relu"]])
def test_get_lists_what_it_knows(bad):
    with pytest.raises(ValueError, match=r"Unknown activation: .*linear, .*relu, .*log_softmax; received"):
        activations.get(bad)


# --- Backward -----------------------------------------------------------------------------------


def test_backward_knows_every_activation_but_the_step_and_partial_ones():
    rng = np.random.default_rng(7)
    z, dy = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    for name in activations._BY_NAME:
        if name != "step":
            assert activations.backward(activations.get(name), z, dy).shape == z.shape
    slope = partial(activations.leaky_relu, negative_slope=0.1)
    np.testing.assert_array_equal(activations.backward(slope, z, dy), dy * np.where(z > 0, 1, 0.1))
    columns = activations.backward(partial(activations.softmax, axis=0), z, dy)
    np.testing.assert_array_equal(columns, activations.backward(activations.softmax, z.T, dy.T).T)


@pytest.mark.parametrize("f", [activations.step, np.sin, lambda z: z, partial(np.clip, a_min=0, a_max=6)])
def test_backward_refuses_what_has_no_derivative_here(f):
    known = r"No derivative is known: expected one of linear, softmax, .*; received"
    with pytest.raises(ValueError, match=known):
        activations.backward(f, np.ones(3), np.ones(3))


def test_backward_refuses_another_shape():
    with pytest.raises(ValueError, match=r"Expected dy of shape \(3,\), that of z; received shape \(3, 1\)"):
        activations.backward(activations.relu, np.ones(3), np.ones((3, 1)))
