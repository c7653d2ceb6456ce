"""What every layer has to do, present and future: a new layer is one row in ``LAYERS``.

Equal to Keras in outputs and all gradients, gradients right to 1e-6 and the check able to fail, dtype
kept, arguments untouched, bad input refused, weights copied to Keras and back.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlbook_utils import convolution, fused, layers, normalization
from dlbook_utils.gradient_check import assert_gradients_match


@dataclass
class Case:
    """One layer: ours and Keras's, made by ``ours(dtype)`` and ``theirs(dtype)``, and inputs for it."""

    name: str
    ours: Callable
    theirs: Callable
    shapes: list[tuple[int, ...]]
    training: bool = False
    tolerance: dict = field(default_factory=lambda: {"rtol": 1e-5, "atol": 1e-5})  # float32


def case(name, shapes, *arguments, module=layers, training=False, **options):
    """The same class with the same arguments on both sides."""

    def ours(dtype):
        return getattr(module, name)(*arguments, **options, dtype=dtype)

    def theirs(dtype):
        return getattr(keras.layers, name)(*arguments, **options, dtype=dtype)

    described = [*map(str, arguments), *(f"{key}={value}" for key, value in options.items())]
    label = f"{name}({', '.join(described)}){' training' * training}"
    return Case(label, ours, theirs, shapes, training)


FLAT = [(5, 7), (1, 7), (5, 1), (1, 1)]
DEEP = [(4, 6, 5), (2, 3, 1, 5), (1, 1, 5)]
LAYERS = [
    case("Dense", FLAT + DEEP, 3),
    case("Dense", FLAT + DEEP, 4, use_bias=False),
    *(
        case("Dense", [(5, 7), (1, 3), (2, 3, 4)], 6, activation=name)
        for name in ("relu", "sigmoid", "tanh", "leaky_relu", "elu", "softplus", "silu", "gelu")
    ),
    case("Dense", [(5, 7), (1, 3), (2, 3, 4)], 6, activation="softmax"),
    case("Dense", [(5, 7), (1, 3), (2, 3, 4)], 6, activation="log_softmax"),
    *(
        case("Activation", [(5, 7), (1, 2), (2, 3, 4)], name)
        for name in ("linear", "relu", "sigmoid", "tanh", "gelu", "softmax", "log_softmax")
    ),
    case("Flatten", [(5, 3, 4), (1, 2, 3, 2), (4, 6), (3,)]),
    case("Dropout", [(5, 7), (2, 3, 4)], 0.4),
    case("BatchNormalization", [(6, 4), (3, 5, 4), (2, 3, 3, 2)], module=normalization, training=True),
    case("BatchNormalization", [(6, 4), (1, 4), (2, 3, 3, 2)], module=normalization, epsilon=1e-5),
    case("LayerNormalization", [(6, 4), (1, 5), (2, 3, 4)], module=normalization),
    case("Conv2D", [(2, 5, 7, 3), (1, 4, 3, 1), (3, 3, 2, 2)], 4, (3, 2), module=convolution),
    case("Conv2D", [(2, 5, 6, 3), (1, 2, 3, 2)], 4, 1, use_bias=False, module=convolution),
    case("Conv2D", [(2, 6, 7, 2), (1, 3, 3, 1)], 3, 3, strides=(2, 1), module=convolution),
    case("Conv2D", [(2, 5, 8, 2), (1, 1, 2, 3)], 3, (3, 4), strides=2, padding="same", module=convolution),
    case("Conv2D", [(2, 7, 6, 2), (1, 5, 3, 1)], 3, (3, 2), dilation_rate=(2, 1), module=convolution),
    case("Conv2D", [(2, 4, 6, 2)], 3, 2, dilation_rate=(1, 3), padding="same", module=convolution),
    case("Conv2D", [(2, 5, 6, 4), (1, 3, 4, 2)], 6, (3, 2), groups=2, activation="tanh", module=convolution),
    case("Conv2D", [(2, 5, 6, 3)], 6, 2, groups=3, strides=2, padding="same", module=convolution),
    case("Conv2D", [(2, 5, 6, 3)], 4, 3, activation="softmax", module=convolution),
    case("Conv2D", [(2, 5, 6, 3), (1, 28, 28, 1)], 2, (3, 3), activation="relu", module=convolution),
    case("MaxPooling2D", [(2, 4, 6, 3), (1, 5, 7, 1), (3, 2, 2, 1)], module=convolution),
    case("MaxPooling2D", [(2, 6, 7, 2), (1, 3, 3, 1)], (3, 2), strides=(1, 2), module=convolution),
    case("MaxPooling2D", [(2, 5, 7, 2), (1, 2, 1, 1)], (3, 2), strides=2, padding="same", module=convolution),
    case("AveragePooling2D", [(2, 4, 6, 3), (1, 5, 7, 1)], 2, module=convolution),
    case("AveragePooling2D", [(2, 6, 7, 2)], (3, 2), strides=(1, 2), module=convolution),
    case("AveragePooling2D", [(2, 5, 7, 2), (1, 2, 1, 1)], 3, strides=2, padding="same", module=convolution),
    *(
        case(f"Global{kind}Pooling2D", [(2, 3, 5, 4), (1, 2, 1, 2)], keepdims=keepdims, module=convolution)
        for kind in ("Average", "Max")
        for keepdims in (False, True)
    ),
    Case(
        "ConvReluPool2D(4, (3, 2))",
        lambda dtype: fused.ConvReluPool2D(4, (3, 2), dtype=dtype),
        lambda dtype: keras.Sequential(
            [
                keras.layers.Conv2D(4, (3, 2), activation="relu", dtype=dtype),
                keras.layers.MaxPooling2D(dtype=dtype),
            ]
        ),
        [(2, 7, 5, 3), (1, 4, 3, 1), (3, 6, 8, 2)],
    ),
]

PAIRS = [pytest.param(c, shape, id=f"{c.name}-{shape}") for c in LAYERS for shape in c.shapes]
every_pair = pytest.mark.parametrize(("case", "shape"), PAIRS)
every_layer = pytest.mark.parametrize("case", LAYERS, ids=lambda c: c.name)
both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def built(case, shape, dtype="float64", seed=0):
    """Our layer with random numbers in all arrays, an input and an upstream gradient."""
    rng = np.random.default_rng(seed)
    layer = case.ours(dtype)
    layer.build((None, *shape[1:]))
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    if "moving_variance" in layer.state:
        layer.state["moving_variance"][...] = rng.uniform(0.5, 2, layer.state["moving_variance"].shape)
    x = rng.normal(scale=1.5, size=shape)
    x = (x + 0.01 * np.sign(x)).astype(dtype)  # away from the kinks at 0
    dy = rng.normal(size=layer.compute_output_shape(shape)).astype(dtype)
    return layer, x, dy


def their_gradients(case, layer, x, dy):
    """Keras's output, and its gradients of the input and of the trainable weights."""
    theirs = case.theirs(x.dtype.name)
    theirs.build(x.shape)
    theirs.set_weights(layer.get_weights())
    tensor = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        y = theirs(tensor, training=case.training)
    variables = [v.value for v in theirs.trainable_variables]
    dx, *grads = tape.gradient(y, [tensor, *variables], output_gradients=tf.convert_to_tensor(dy))
    return y.numpy(), dx.numpy(), [g.numpy() for g in grads]


# TensorFlow keeps some constants (leaky ReLU's slope, GELU's roots) in float32 even for float64.
IN_FLOAT64 = {"rtol": 1e-6, "atol": 1e-7}


@both_dtypes
@every_pair
def test_outputs_and_all_gradients_equal_keras(case, shape, dtype):
    layer, x, dy = built(case, shape, dtype)
    y = layer.forward(x, training=case.training)
    dx = layer.backward(dy)
    their_y, their_dx, their_grads = their_gradients(case, layer, x, dy)
    tolerance = case.tolerance if dtype == "float32" else IN_FLOAT64
    np.testing.assert_allclose(y, their_y, **tolerance)
    np.testing.assert_allclose(dx, their_dx, **tolerance)
    assert layer.grads.keys() == layer.params.keys()
    for (name, ours), theirs in zip(layer.grads.items(), their_grads, strict=True):
        np.testing.assert_allclose(ours, theirs, err_msg=name, **tolerance)


def pure(case, layer):
    """The layer as a forward/backward pair of its input and all its parameters."""

    def forward(x, **params):
        for name, value in params.items():
            layer.params[name][...] = value
        return layer.forward(x, training=case.training), None

    def backward(dy, cache):
        dx = layer.backward(dy)
        return dx, *layer.grads.values()

    return forward, backward


@every_pair
def test_gradients_equal_central_differences(case, shape):
    layer, x, _ = built(case, shape)
    forward, backward = pure(case, layer)
    params = {name: w.copy() for name, w in layer.params.items()}
    assert_gradients_match(forward, backward, {"x": x, **params}, np.random.default_rng(1))


SLIPS = {
    "zeroed": np.zeros_like,
    "0.1 % too large": lambda g: 1.001 * g,
    "turned": lambda g: g.reshape(g.shape[::-1]).T if g.ndim > 1 and len({*g.shape}) > 1 else g[..., ::-1],
}


@pytest.mark.parametrize("slip", SLIPS)
@every_layer
def test_the_check_catches_wrong_gradients(case, slip):
    layer, x, _ = built(case, case.shapes[0])
    forward, backward = pure(case, layer)
    params = {name: w.copy() for name, w in layer.params.items()}
    for position, name in enumerate(["x", *params]):

        def wrong(dy, cache, position=position):
            gradients = list(backward(dy, cache))
            gradients[position] = SLIPS[slip](gradients[position])
            return gradients

        with pytest.raises(AssertionError, match=f"gradient of {name}: .* entries are wrong"):
            assert_gradients_match(forward, wrong, {"x": x, **params}, np.random.default_rng(1))


@both_dtypes
@every_pair
def test_dtypes_and_shapes_are_kept_and_arguments_untouched(case, shape, dtype):
    layer, x, dy = built(case, shape, dtype)
    x.flags.writeable = dy.flags.writeable = False
    params = list(layer.params.values())
    before = [a.copy() for a in (x, dy, *params)]
    y = layer.forward(x, training=case.training)
    kept = y.copy()
    dx = layer.backward(dy)
    assert y.dtype == dx.dtype == dtype
    assert dx.shape == x.shape
    assert y.shape == layer.compute_output_shape(shape)
    for name, gradient in layer.grads.items():
        assert gradient.dtype == dtype
        assert gradient.shape == layer.params[name].shape
    for a, original in zip((x, dy, *params), before, strict=True):
        np.testing.assert_array_equal(a, original)
    np.testing.assert_array_equal(y, kept)


@every_layer
def test_a_second_backward_gives_the_same_and_a_second_pass_forgets_the_first(case):
    layer, x, dy = built(case, case.shapes[0])
    layer.forward(x, training=case.training)
    first = [layer.backward(dy), *layer.grads.values()]
    again = [layer.backward(dy), *layer.grads.values()]
    layer.forward(x[::-1], training=case.training)
    layer.backward(2 * dy)
    layer.forward(x, training=case.training)
    after = [layer.backward(dy), *layer.grads.values()]
    for one, two, three in zip(first, again, after, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


@every_layer
def test_weights_are_copied_to_keras_and_back(case):
    shape = case.shapes[0]
    layer, x, _ = built(case, shape, "float32")
    theirs = case.theirs("float32")
    theirs.build(shape)
    theirs.set_weights(layer.get_weights())
    other = case.ours("float32")
    other.build((None, *shape[1:]))
    other.set_weights(theirs.get_weights())
    np.testing.assert_array_equal(
        other.forward(x, training=case.training), layer.forward(x, training=case.training)
    )


@every_layer
def test_bad_input_is_refused(case):
    layer, x, dy = built(case, case.shapes[0])
    fresh = case.ours("float64")
    with pytest.raises(ValueError, match=r"expected forward\(x\) to be called before backward\(dy\)"):
        fresh.backward(dy)
    with pytest.raises(ValueError, match="expected an array of real numbers, received dtype complex128"):
        layer.forward(x.astype(complex))
    layer.forward(x, training=case.training)
    with pytest.raises(ValueError, match="expected an array of real numbers, received dtype complex128"):
        layer.backward(dy.astype(complex))
    for wrong in (dy[..., None], dy[0], np.concatenate([dy, dy])):
        with pytest.raises(ValueError, match=r"expected dy of shape .*, received shape"):
            layer.backward(wrong)
