"""Convolution and pooling: equal to TensorFlow on random shapes, gradients right, ties to the first."""

import os
import re

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlbook_utils import convolution, fused, losses, optimizers, training
from dlbook_utils.convolution import (
    AveragePooling2D,
    Conv2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    average_pool2d_backward,
    average_pool2d_forward,
    cell_numbers,
    conv2d_backward,
    conv2d_forward,
    conv2d_naive,
    global_average_pool2d_backward,
    global_average_pool2d_forward,
    global_max_pool2d_backward,
    global_max_pool2d_forward,
    max_pool2d_backward,
    max_pool2d_forward,
    output_length,
    padding_amounts,
    place_windows,
    tap_view,
)
from dlbook_utils.datasets import load_mnist
from dlbook_utils.fused import ConvReluPool2D, conv_relu_pool_backward, conv_relu_pool_forward
from dlbook_utils.gradient_check import assert_gradients_match
from dlbook_utils.layers import Dense, Flatten
from dlbook_utils.network import Sequential

RNG = np.random.default_rng
EXACT = {"rtol": 1e-12, "atol": 1e-12}  # float64


def normal(*shape, seed=0, dtype="float64"):
    return RNG(seed).normal(size=shape).astype(dtype)


def drawn(seed):
    """A random convolution: non-square images and windows, strides or dilation, groups, N from 1 to 3."""
    rng = RNG(seed)
    kh, kw = (int(n) for n in rng.integers(1, 5, 2))
    strides, dilation = [(1, 1), (1, 1)], [(1, 1), (1, 1)]
    kind = rng.integers(3)
    steps = tuple(int(n) for n in rng.integers(1, 4, 2))
    strides = steps if kind == 1 else (1, 1)
    dilation = steps if kind == 2 else (1, 1)
    padding = str(rng.choice(["valid", "same"]))
    H, W = ((k - 1) * d + 1 + int(rng.integers(0, 6)) for k, d in zip((kh, kw), dilation, strict=True))
    if padding == "same":  # then the window may be larger than the image
        H, W = (max(1, n - int(rng.integers(0, 4))) for n in (H, W))
    N, groups, channels, filters = (int(n) for n in rng.integers(1, 4, 4))
    x = rng.normal(size=(N, H, W, groups * channels))
    kernel, b = rng.normal(size=(kh, kw, channels, groups * filters)), rng.normal(size=groups * filters)
    options = {"strides": strides, "padding": padding, "dilation_rate": dilation, "groups": groups}
    return x, kernel, b, options


def by_tensorflow(x, W, b, strides, padding, dilation_rate, groups):
    """The same, group by group. (``tf.nn.conv2d`` has no gradient for a dilation on CPUs.)"""
    parts = [
        tf.nn.convolution(one, kernel, strides, padding.upper(), dilations=dilation_rate)
        for one, kernel in zip(tf.split(x, groups, axis=3), tf.split(W, groups, axis=3), strict=True)
    ]
    return tf.concat(parts, axis=3) + b


# --- Convolution --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(60))
def test_convolution_equals_tensorflow_and_its_definition(seed):
    x, W, b, options = drawn(seed)
    y, cache = conv2d_forward(x, W, b, **options)
    tensors = [tf.constant(a) for a in (x, W, b)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        theirs = by_tensorflow(*tensors, **options)
    np.testing.assert_allclose(y, theirs, **EXACT)
    np.testing.assert_allclose(y, conv2d_naive(x, W, b, **options), **EXACT)
    dy = normal(*y.shape, seed=1)
    gradients = conv2d_backward(dy, cache)
    expected = tape.gradient(theirs, tensors, output_gradients=tf.constant(dy))
    for name, gradient, right in zip("xWb", gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, right, err_msg=name, rtol=1e-11, atol=1e-11)
    nothing, dW, db = conv2d_backward(dy, cache, input_gradient=False)
    assert nothing is None
    np.testing.assert_array_equal(dW, gradients[1])
    np.testing.assert_array_equal(db, gradients[2])


@pytest.mark.parametrize("seed", range(20))
def test_gradients_of_the_convolution_equal_central_differences(seed):
    x, W, b, options = drawn(seed)
    assert_gradients_match(
        lambda x, W, b: conv2d_forward(x, W, b, **options), conv2d_backward, {"x": x, "W": W, "b": b}, RNG(1)
    )


SLIPS = {
    "kernel not turned": lambda dy, cache: (
        conv2d_backward(dy, (cache[0], cache[1][::-1, ::-1], *cache[2:]))[0],
        *conv2d_backward(dy, cache)[1:],
    ),
    "channels and filters mixed up": lambda dy, cache: (
        conv2d_backward(dy, (cache[0], cache[1].swapaxes(2, 3), *cache[2:]))[0],
        *conv2d_backward(dy, cache)[1:],
    ),
    "bias averaged": lambda dy, cache: (
        *conv2d_backward(dy, cache)[:2],
        conv2d_backward(dy, cache)[2] / len(dy),
    ),
    "one place forgotten": lambda dy, cache: conv2d_backward(
        dy * (np.arange(dy[0, 0, :, 0].size) > 0)[:, None], cache
    ),
    "dW 0.1 % too large": lambda dy, cache: [
        g * s for g, s in zip(conv2d_backward(dy, cache), (1, 1.001, 1), strict=True)
    ],
}


@pytest.mark.parametrize("slip", SLIPS)
def test_the_check_catches_wrong_gradients(slip):
    x, W, b = normal(2, 5, 4, 3), normal(2, 3, 3, 3, seed=1), normal(3, seed=2)
    with pytest.raises(AssertionError, match="entries are wrong"):
        assert_gradients_match(conv2d_forward, SLIPS[slip], {"x": x, "W": W, "b": b}, RNG(1))


def test_the_input_gradient_is_a_convolution_with_the_kernel_turned_by_180_degrees():
    x, W = normal(2, 6, 5, 3), normal(3, 2, 3, 4, seed=1)
    y, cache = conv2d_forward(x, W)
    dy = normal(*y.shape, seed=2)
    padded = np.pad(dy, [(0, 0), (2, 2), (1, 1), (0, 0)])
    turned = W[::-1, ::-1].swapaxes(2, 3)
    np.testing.assert_allclose(conv2d_backward(dy, cache)[0], conv2d_forward(padded, turned)[0], **EXACT)


def test_the_backward_pass_is_the_adjoint_of_the_forward_pass():
    x, W, _, options = drawn(3)
    y, cache = conv2d_forward(x, W, **options)
    dy = normal(*y.shape, seed=5)
    dx, dW, _ = conv2d_backward(dy, cache)
    np.testing.assert_allclose([np.sum(dx * x), np.sum(dW * W)], np.sum(dy * y), rtol=1e-11)


def test_a_1x1_convolution_is_a_dense_layer_for_every_pixel():
    x, W = normal(2, 3, 4, 5), normal(1, 1, 5, 6, seed=1)
    np.testing.assert_allclose(conv2d_forward(x, W)[0], x @ W[0, 0], **EXACT)


def test_arrays_that_are_not_contiguous():
    x, W = normal(3, 7, 2, 6).transpose(2, 1, 3, 0), normal(4, 3, 2, 3, seed=1).transpose(2, 1, 3, 0)
    np.testing.assert_allclose(conv2d_forward(x, W)[0], conv2d_naive(x, W), **EXACT)
    y, cache = conv2d_forward(x, W)
    dy = normal(*y.shape[::-1], seed=2).T
    for one, two in zip(conv2d_backward(dy, cache), conv2d_backward(dy.copy(), cache), strict=True):
        np.testing.assert_allclose(one, two, **EXACT)


@pytest.mark.parametrize(
    ("x", "W", "y"),
    [
        ("float32", "float32", "float32"),
        ("uint8", "float32", "float32"),
        ("float32", "float64", "float64"),
        ("float16", "float16", "float16"),
    ],
)
def test_the_common_dtype(x, W, y):
    x, W = np.ones((1, 4, 4, 1), x), np.ones((2, 2, 1, 3), W)
    out, cache = conv2d_forward(x, W, np.ones(3, W.dtype))
    assert out.dtype == y
    assert {g.dtype.name for g in conv2d_backward(out, cache)} == {y}


def test_no_images_give_no_images():
    for layer in (Conv2D(4, 3), MaxPooling2D(2), AveragePooling2D(2), ConvReluPool2D(4, 3)):
        y = layer.forward(np.zeros((0, 6, 5, 3)))
        assert y.shape == layer.compute_output_shape((0, 6, 5, 3))
        assert layer.backward(y).shape == (0, 6, 5, 3)
        assert all(not gradient.any() for gradient in layer.grads.values())


# --- Sizes and padding --------------------------------------------------------------------------


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_sizes_are_keras_sizes(padding):
    for length in range(1, 13):
        for size in range(1, 6):
            for stride, dilation in [(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)]:
                layer = keras.layers.Conv2D(
                    2, size, strides=stride, padding=padding, dilation_rate=dilation, dtype="float32"
                )
                ours = Conv2D(2, size, stride, padding, dilation_rate=dilation)
                try:
                    expected = layer.compute_output_shape((None, length, 50, 3))
                except ValueError:
                    with pytest.raises(ValueError, match="expected images of at least"):
                        ours.compute_output_shape((None, length, 50, 3))
                else:
                    assert ours.compute_output_shape((None, length, 50, 3)) == expected
                    assert output_length(length, size, stride, padding, dilation) == expected[1]


@pytest.mark.parametrize(
    ("length", "size", "stride", "expected"),
    [
        (28, 3, 1, (1, 1)),
        (28, 2, 1, (0, 1)),
        (28, 5, 2, (1, 2)),
        (28, 3, 2, (0, 1)),
        (7, 3, 2, (1, 1)),
        (5, 1, 3, (0, 0)),
        (4, 7, 1, (3, 3)),
        (6, 2, 2, (0, 0)),
    ],
)
def test_same_padding_puts_the_extra_cell_after(length, size, stride, expected):
    assert padding_amounts(length, size, stride, "same") == expected
    assert padding_amounts(length, size, stride, "valid") == (0, 0)


def test_an_unknown_padding_is_refused():
    for function in (output_length, padding_amounts):
        with pytest.raises(ValueError, match="Expected padding to be 'valid' or 'same', received 'SAME'"):
            function(28, 3, 1, "SAME")


def test_sizes_may_be_unknown_until_an_image_comes():
    assert Conv2D(4, 3).compute_output_shape((None, None, 28, 1)) == (None, None, 26, 4)
    assert MaxPooling2D(2).compute_output_shape((None, 9, None, None)) == (None, 4, None, None)
    assert GlobalMaxPooling2D().compute_output_shape((None, None, None, 3)) == (None, 3)
    assert ConvReluPool2D(4, 3).compute_output_shape((None, None, 28, 1)) == (None, None, 13, 4)
    layer = Conv2D(4, 3)
    layer.build((None, None, None, 1))
    assert [layer.forward(np.ones((1, n, n + 1, 1))).shape for n in (3, 8)] == [(1, 1, 2, 4), (1, 6, 7, 4)]


def test_a_tap_reads_and_writes_a_regular_grid():
    windows = place_windows((1, 6, 7, 1), size=(2, 3), strides=(2, 1))
    x = np.arange(42).reshape(1, 6, 7, 1)
    np.testing.assert_array_equal(tap_view(x, (1, 2), windows)[0, :, :, 0], x[0, 1::2, 2:, 0])
    numbers = cell_numbers(6, 7, windows)
    for tap in np.ndindex(2, 3):
        np.testing.assert_array_equal(numbers[:, :, *tap], tap_view(x, tap, windows)[0, :, :, 0])
    tap_view(x, (0, 0), windows)[...] = -1
    assert (x == -1).sum() == 15
    with pytest.raises(ValueError, match="read-only"):
        numbers[0] = 0


# --- The worked example -------------------------------------------------------------------------


def worked_example(dtype="float32", block=False):
    if block:
        front = [ConvReluPool2D(32, (3, 3), dtype=dtype), ConvReluPool2D(64, (3, 3), dtype=dtype)]
    else:
        front = [
            Conv2D(32, (3, 3), activation="relu", dtype=dtype),
            MaxPooling2D((2, 2), dtype=dtype),
            Conv2D(64, (3, 3), activation="relu", dtype=dtype),
            MaxPooling2D((2, 2), dtype=dtype),
        ]
    behind = [Dense(64, activation="relu", dtype=dtype), Dense(10, activation="softmax", dtype=dtype)]
    network = Sequential([*front, Flatten(dtype=dtype), *behind])
    network.build((None, 28, 28, 1))
    return network


def kerass_worked_example(dtype="float32"):
    keras.utils.set_random_seed(0)
    L = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), dtype=dtype),
            L.Conv2D(32, (3, 3), activation="relu", dtype=dtype),
            L.MaxPooling2D((2, 2), dtype=dtype),
            L.Conv2D(64, (3, 3), activation="relu", dtype=dtype),
            L.MaxPooling2D((2, 2), dtype=dtype),
            L.Flatten(dtype=dtype),
            L.Dense(64, activation="relu", dtype=dtype),
            L.Dense(10, activation="softmax", dtype=dtype),
        ]
    )


def test_shapes_and_parameters_of_the_worked_example():
    network = worked_example()
    shape, shapes = (None, 28, 28, 1), []
    for layer in network.layers:
        shape = layer.compute_output_shape(shape)
        shapes.append(shape[1:])
    assert shapes == [(26, 26, 32), (13, 13, 32), (11, 11, 64), (5, 5, 64), (1600,), (64,), (10,)]
    assert [layer.count_params() for layer in network.layers] == [320, 0, 18496, 0, 0, 102464, 650]
    assert network.count_params() == kerass_worked_example().count_params() == 121_930
    assert worked_example(block=True).count_params() == 121_930
    assert [layer.name for layer in network.layers[:4]] == [
        "conv2d",
        "max_pooling2d",
        "conv2d_1",
        "max_pooling2d_1",
    ]


@pytest.mark.parametrize("block", [False, True], ids=["separate layers", "blocks"])
def test_the_worked_example_follows_keras_on_real_digits(block):
    """Three steps of gradient descent in float64 on MNIST, whose flat background is full of ties."""
    (x, y), _ = load_mnist()
    x, y = x[:24, :, :, None] / 255, y[:24].astype(int)
    theirs, ours = kerass_worked_example("float64"), worked_example("float64", block)
    ours.set_weights(theirs.get_weights())
    loss = keras.losses.SparseCategoricalCrossentropy(dtype="float64")
    our_loss, optimizer = losses.SparseCategoricalCrossentropy(), optimizers.SGD(0.125)
    for start in (0, 8, 16):
        a, b = x[start : start + 8], y[start : start + 8]
        with tf.GradientTape() as tape:
            their_loss = loss(b, theirs(a))
        gradients = tape.gradient(their_loss, [v.value for v in theirs.trainable_variables])
        first, _ = training.train_step(ours, our_loss, optimizer, a, b)
        np.testing.assert_allclose(first, their_loss, rtol=1e-6)  # Keras clips probabilities at 1e-7
        for mine, gradient, variable in zip(ours.grads, gradients, theirs.trainable_variables, strict=True):
            np.testing.assert_allclose(mine, gradient, rtol=1e-6, atol=1e-9)
            variable.assign_sub(0.125 * gradient)
    for mine, right in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-7, atol=1e-9)


# --- Max-pooling and its ties -------------------------------------------------------------------


def tied(*shape, seed=0, dtype="float64"):
    """Few different numbers, as after ReLU on a flat background."""
    return RNG(seed).integers(0, 3, shape).astype(dtype)


POOLS = [
    ((2, 2), None, "valid"),
    ((2, 2), None, "same"),
    ((3, 2), (2, 3), "valid"),
    ((3, 3), (1, 1), "valid"),
    ((3, 3), (2, 2), "same"),
    ((2, 3), (3, 1), "same"),
    ((1, 1), None, "valid"),
    ((1, 1), (2, 2), "valid"),
]
every_pool = pytest.mark.parametrize(("size", "strides", "padding"), POOLS)


def gradient_by_tensorflow(layer, x, dy, compiled):
    def gradient(x, dy):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        return y, tape.gradient(y, x, output_gradients=dy)

    gradient = tf.function(gradient) if compiled else gradient
    return [a.numpy() for a in gradient(tf.constant(x), tf.constant(dy))]


@pytest.mark.parametrize("shape", [(2, 7, 8, 3), (1, 6, 5, 16), (3, 4, 4, 1)])
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_pool
def test_ties_go_to_the_first_of_the_largest_as_in_tensorflow(size, strides, padding, dtype, compiled, shape):
    ours = MaxPooling2D(size, strides, padding, dtype=dtype)
    for x in (tied(*shape, dtype=dtype), np.zeros(shape, dtype), -tied(*shape, dtype=dtype)):
        y = ours.forward(x)
        dy = RNG(2).integers(1, 9, y.shape).astype(dtype)  # sums of whole numbers are exact
        their_y, their_dx = gradient_by_tensorflow(
            keras.layers.MaxPooling2D(size, strides, padding, dtype=dtype), x, dy, compiled
        )
        np.testing.assert_array_equal(y, their_y)
        np.testing.assert_array_equal(ours.backward(dy), their_dx)
        assert ours.backward(dy).sum() == dy.sum()  # nothing is lost and nothing is made


def test_the_first_is_meant_row_by_row():
    x = np.zeros((1, 3, 3, 1))
    x[0, :, :, 0] = [[0, 0, 5], [0, 5, 0], [5, 0, 0]]
    y, cache = max_pool2d_forward(x, 3)
    assert y.item() == 5
    expected = np.zeros((3, 3))
    expected[0, 2] = 7
    np.testing.assert_array_equal(max_pool2d_backward(np.full(y.shape, 7.0), cache)[0, :, :, 0], expected)


def test_a_gradient_for_every_tied_maximum_would_be_noticed():
    """What this book found in other code: x == max, spread out. It is right only without ties."""
    for x, right in ((normal(2, 4, 6, 3), True), (tied(2, 4, 6, 3), False)):
        y, cache = max_pool2d_forward(x)
        dy = normal(*y.shape, seed=1)
        spread = (x == y.repeat(2, 1).repeat(2, 2)) * dy.repeat(2, 1).repeat(2, 2)
        assert np.array_equal(max_pool2d_backward(dy, cache), spread) == right


@every_pool
@pytest.mark.parametrize(
    ("forward", "backward"),
    [(max_pool2d_forward, max_pool2d_backward), (average_pool2d_forward, average_pool2d_backward)],
    ids=["max", "average"],
)
def test_gradients_of_pooling_equal_central_differences(forward, backward, size, strides, padding):
    x = normal(2, 6, 7, 2)
    arguments = (size, strides, padding)
    assert_gradients_match(lambda x: forward(x, *arguments), backward, {"x": x}, RNG(1))


@every_pool
def test_pooling_by_its_definition(size, strides, padding):
    x = normal(2, 7, 6, 3)
    windows = place_windows(x.shape, size, size if strides is None else strides, padding)
    (top, _), (left, _) = windows.padding
    largest, _ = max_pool2d_forward(x, size, strides, padding)
    mean, _ = average_pool2d_forward(x, size, strides, padding)
    for p, q in np.ndindex(windows.places):
        row, column = p * windows.strides[0] - top, q * windows.strides[1] - left
        inside = x[:, max(row, 0) : row + size[0], max(column, 0) : column + size[1]]
        np.testing.assert_array_equal(largest[:, p, q], inside.max(axis=(1, 2)))
        np.testing.assert_allclose(mean[:, p, q], inside.mean(axis=(1, 2)), **EXACT)


def test_same_average_counts_only_cells_inside_the_image():
    np.testing.assert_array_equal(AveragePooling2D(3, 2, "same").forward(np.ones((1, 5, 4, 1))), 1)


def test_pooling_of_integers_in_the_pure_functions():
    x = RNG(0).integers(-99, 99, (2, 5, 4, 1))
    for array in (x, x.astype(np.int8), x > 0):
        y, _ = max_pool2d_forward(array, 2, padding="same")
        assert y.dtype == array.dtype
        np.testing.assert_array_equal(y, max_pool2d_forward(array.astype(float), 2, padding="same")[0])
    assert average_pool2d_forward(x)[0].dtype == np.float64
    assert average_pool2d_forward(x.astype(np.float32))[0].dtype == np.float32


def test_global_pooling_and_its_ties():
    """Keras divides the gradient among tied global maxima, since it reduces there and does not pool."""
    x = tied(3, 4, 5, 2)
    for ours, theirs in (
        (GlobalMaxPooling2D(dtype="float64"), keras.layers.GlobalMaxPooling2D(dtype="float64")),
        (GlobalAveragePooling2D(dtype="float64"), keras.layers.GlobalAveragePooling2D(dtype="float64")),
    ):
        y = ours.forward(x)
        dy = normal(3, 2, seed=1)
        their_y, their_dx = gradient_by_tensorflow(theirs, x, dy, compiled=True)
        np.testing.assert_allclose(y, their_y, **EXACT)
        np.testing.assert_allclose(ours.backward(dy), their_dx, **EXACT)
        np.testing.assert_allclose(ours.backward(dy).sum(axis=(1, 2)), dy, **EXACT)


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        (global_average_pool2d_forward, global_average_pool2d_backward),
        (global_max_pool2d_forward, global_max_pool2d_backward),
    ],
    ids=["average", "max"],
)
def test_gradients_of_global_pooling_equal_central_differences(forward, backward):
    assert_gradients_match(forward, backward, {"x": normal(2, 3, 4, 5)}, RNG(1))


# --- The fused block ----------------------------------------------------------------------------


def separately(x, W, b, pool, dy):
    """Convolution, ReLU and pooling one after another: output and all gradients."""
    z, conv_cache = conv2d_forward(x, W, b)
    y, pool_cache = max_pool2d_forward(np.maximum(z, 0), pool)
    dz = max_pool2d_backward(dy(y.shape), pool_cache) * (z > 0)
    return y, conv2d_backward(dz, conv_cache)


BLOCKS = [  # x, kernel, pooling: places left over, one block of images, several, one image
    ((3, 8, 8, 1), (3, 3, 1, 4), 2),
    ((5, 9, 7, 3), (3, 2, 3, 2), 2),
    ((2, 7, 12, 2), (1, 1, 2, 3), (3, 2)),
    ((1, 6, 5, 2), (2, 4, 2, 1), (1, 2)),
    ((4, 5, 5, 1), (5, 5, 1, 3), 1),
]


@pytest.mark.parametrize(("shape", "kernel", "pool"), BLOCKS)
@pytest.mark.parametrize("size", [1, 150, 1 << 17], ids=["an image each", "few images", "one block"])
def test_the_block_equals_the_separate_layers(monkeypatch, shape, kernel, pool, size):
    """On whole numbers, full of ties, every sum is exact: not a bit may differ."""
    monkeypatch.setattr(fused, "BLOCK", size)
    rng = RNG(4)
    for exact in (True, False):
        if exact:
            x, W, b = (rng.integers(-1, 2, s).astype(float) for s in (shape, kernel, kernel[3:]))
            x *= rng.random(shape[:3])[..., None] < 0.5  # a flat background
        else:
            x, W, b = (rng.normal(size=s) for s in (shape, kernel, kernel[3:]))
        y, cache = conv_relu_pool_forward(x, W, b, pool)
        dy = RNG(5).integers(-9, 9, y.shape).astype(float)
        right_y, right = separately(x, W, b, pool, lambda _, dy=dy: dy)
        tolerance = {"rtol": 0, "atol": 0} if exact else EXACT
        np.testing.assert_allclose(y, right_y, **tolerance)
        for gradient, expected in zip(conv_relu_pool_backward(dy, cache), right, strict=True):
            np.testing.assert_allclose(gradient, expected, **tolerance)
        assert conv_relu_pool_backward(dy, cache, input_gradient=False)[0] is None


@pytest.mark.parametrize(("shape", "kernel", "pool"), BLOCKS)
def test_gradients_of_the_block_equal_central_differences(monkeypatch, shape, kernel, pool):
    monkeypatch.setattr(fused, "BLOCK", 150)
    arguments = {"x": normal(*shape), "W": normal(*kernel, seed=1), "b": normal(*kernel[3:], seed=2)}
    assert_gradients_match(
        lambda x, W, b: conv_relu_pool_forward(x, W, b, pool), conv_relu_pool_backward, arguments, RNG(3)
    )


def test_the_block_in_float32_on_real_digits():
    (x, _), _ = load_mnist()
    x = (x[:64, :, :, None] / 255).astype(np.float32)
    layers = [Conv2D(32, 3, activation="relu", seed=0), MaxPooling2D()]
    block = ConvReluPool2D(32, 3, seed=0)
    y = layers[1].forward(layers[0].forward(x))
    dy = normal(*y.shape, dtype="float32")
    np.testing.assert_allclose(block.forward(x), y, rtol=1e-5, atol=1e-6)
    dx = layers[0].backward(layers[1].backward(dy))
    np.testing.assert_allclose(block.backward(dy), dx, rtol=1e-4, atol=1e-4)
    for name, gradient in layers[0].grads.items():
        np.testing.assert_allclose(block.grads[name], gradient, rtol=1e-4, atol=1e-3)


# --- Bad input is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conv2D(0, 3), "Conv2D: filters: expected a positive integer, received 0"),
        (lambda: Conv2D(4, 0), "Conv2D: kernel_size: expected a positive integer, received 0"),
        (
            lambda: Conv2D(4, (3, 3, 3)),
            "Conv2D: kernel_size: expected one or two positive integers, received (3, 3, 3)",
        ),
        (lambda: Conv2D(4, (3, 2.5)), "Conv2D: kernel_size: expected a positive integer, received 2.5"),
        (
            lambda: Conv2D(4, "33"),
            "Conv2D: kernel_size: expected one or two positive integers, received '33'",
        ),
        (lambda: Conv2D(4, 3, strides=-1), "Conv2D: strides: expected a positive integer, received -1"),
        (
            lambda: Conv2D(4, 3, padding="causal"),
            "Expected padding to be 'valid' or 'same', received 'causal'",
        ),
        (
            lambda: Conv2D(4, 3, strides=(2, 1), dilation_rate=(1, 2)),
            "received strides=(2, 1), dilation_rate=(1, 2)",
        ),
        (
            lambda: Conv2D(5, 3, groups=2),
            "expected filters to be a multiple of groups, received filters=5, groups=2",
        ),
        (lambda: Conv2D(4, 3, activation="reluu"), "Unknown activation"),
        (lambda: Conv2D(4, 3, dtype="int32"), "Expected dtype to be a floating-point type"),
        (lambda: MaxPooling2D(0), "MaxPooling2D: pool_size: expected a positive integer, received 0"),
        (lambda: MaxPooling2D(2, (1, 2, 3)), "MaxPooling2D: strides: expected one or two positive integers"),
        (lambda: AveragePooling2D(2, padding="full"), "Expected padding to be 'valid' or 'same'"),
        (lambda: ConvReluPool2D(4, 3, 0), "ConvReluPool2D: pool_size: expected a positive integer"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (Conv2D(4, 3), (5, 5, 3), "expected an input of shape (N, H, W, C), received shape (5, 5, 3)"),
        (Conv2D(4, 7), (1, 5, 9, 3), "expected images of at least 7 × 7 cells with padding='valid'"),
        (Conv2D(4, 3, dilation_rate=3), (1, 6, 9, 3), "expected images of at least 7 × 7 cells"),
        (
            Conv2D(4, 3, groups=2),
            (1, 5, 5, 3),
            "expected a number of channels that 2 groups divide, received shape (1, 5, 5, 3)",
        ),
        (Conv2D(4, 3, padding="same"), (1, 0, 5, 3), "expected images of at least"),
        (MaxPooling2D(7), (1, 5, 5, 3), "expected images of at least 7 × 7 cells"),
        (AveragePooling2D(2), (5, 5), "expected an input of shape (N, H, W, C), received shape (5, 5)"),
        (GlobalMaxPooling2D(), (1, 0, 5, 3), "expected images with at least one cell"),
        (GlobalAveragePooling2D(), (5, 5, 3), "expected images of shape (N, H, W, C)"),
        (ConvReluPool2D(4, 3), (1, 3, 8, 3), "expected at least 2 × 2 places to pool, received 1 × 6"),
    ],
    ids=str,
)
def test_images_that_do_not_fit_are_refused(layer, shape, message):
    with pytest.raises(ValueError, match=re.escape(f"{layer}: {message}")):
        layer.forward(np.ones(shape))


def test_another_number_of_channels_than_the_kernel_has_is_refused():
    layer = Conv2D(4, 3)
    with pytest.raises(ValueError, match="expected a known last axis"):
        layer.build((None, 8, 8, None))
    layer.build((None, 8, 8, 3))
    layer.build((None, 5, 6, 3))  # another size is no other kernel
    with pytest.raises(ValueError, match="expected an input with last axis 3, received shape"):
        layer.forward(np.ones((1, 8, 8, 2)))


@pytest.mark.parametrize("function", [conv2d_forward, conv2d_naive])
@pytest.mark.parametrize(
    ("x", "W", "b", "options", "message"),
    [
        ((5, 5, 1), (3, 3, 1, 2), None, {}, "expected x of shape (N, H, W, C), received shape (5, 5, 1)"),
        ((1, 5, 5, 1), (3, 3, 2), None, {}, "expected W of shape (kh, kw, C / groups, F) with C = 1"),
        ((1, 5, 5, 2), (3, 3, 1, 2), None, {}, "expected W of shape (kh, kw, C / groups, F) with C = 2"),
        ((1, 5, 5, 2), (3, 3, 1, 3), None, {"groups": 2}, "and F a multiple of groups = 2; received shape"),
        ((1, 5, 5, 1), (3, 3, 1, 2), (1,), {}, "expected b of shape (2,), one number per filter"),
        ((1, 5, 5, 1), (6, 3, 1, 2), None, {}, "at least 6 × 3 cells"),
        ((1, 5, 5, 1), (3, 3, 1, 2), None, {"padding": "SAME"}, "to be 'valid' or 'same', received 'SAME'"),
        ((1, 5, 5, 1), (3, 3, 1, 2), None, {"strides": 0}, "strides: expected a positive integer"),
        ((1, 5, 5, 1), (3, 3, 1, 2), None, {"strides": 2, "dilation_rate": 2}, "as in Keras"),
    ],
)
def test_a_convolution_that_does_not_fit_is_refused(function, x, W, b, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        function(np.ones(x), np.ones(W), None if b is None else np.ones(b), **options)


def test_wrong_upstream_gradients_are_refused_by_the_pure_functions():
    x = np.ones((2, 4, 6, 3))
    for (y, cache), backward in (
        (conv2d_forward(x, np.ones((2, 2, 3, 5))), conv2d_backward),
        (max_pool2d_forward(x), max_pool2d_backward),
        (average_pool2d_forward(x), average_pool2d_backward),
        (global_average_pool2d_forward(x), global_average_pool2d_backward),
        (global_max_pool2d_forward(x), global_max_pool2d_backward),
        (conv_relu_pool_forward(x, np.ones((2, 2, 3, 5)), np.ones(5)), conv_relu_pool_backward),
    ):
        for wrong in (y[..., None], y[:1], y.swapaxes(0, -1)):
            with pytest.raises(
                ValueError, match=f"{backward.__name__}: expected dy of shape .*, received shape"
            ):
                backward(wrong, cache)
        with pytest.raises(ValueError, match="expected an array of real numbers, received dtype"):
            backward(y.astype(complex), cache)


def test_the_examples_in_the_docstrings():
    import doctest

    for module in (convolution, fused):
        names = {**vars(module), "np": np}
        assert doctest.testmod(module, globs=names).failed == 0
