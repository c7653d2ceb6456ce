"""Initialisers: Keras's distributions, reproducible, in the asked dtype."""

import inspect
import math
import os
from functools import partial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest
from keras.src.initializers.random_initializers import compute_fans as keras_compute_fans

from dlbook_utils import initializers

FIXED = ["random_normal", "random_uniform"]
SCALED = ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_normal"]
RANDOM = [*FIXED, *SCALED, "orthogonal"]
ALL = ["zeros", "ones", *RANDOM]
# A dense kernel each way, a convolution kernel, a bias: at least 60,000 draws each.
LARGE = [(700, 300), (150, 600), (5, 3, 64, 96), (70_000,)]

# The variance by formula, and whether the distribution is uniform.
VARIANCE = {
    "random_normal": (lambda i, o: 0.05**2, False),
    "random_uniform": (lambda i, o: 0.05**2 / 3, True),
    "glorot_uniform": (lambda i, o: 2 / (i + o), True),
    "glorot_normal": (lambda i, o: 2 / (i + o), False),
    "he_uniform": (lambda i, o: 2 / i, True),
    "he_normal": (lambda i, o: 2 / i, False),
    "lecun_normal": (lambda i, o: 1 / i, False),
}


def draw(name, shape, seed=0, **arguments):
    return getattr(initializers, name)(shape, np.random.default_rng(seed), **arguments)


# --- Distributions ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", LARGE)
@pytest.mark.parametrize("name", [*FIXED, *SCALED])
def test_moments_and_bounds(name, shape):
    variance, uniform = VARIANCE[name]
    stddev = math.sqrt(variance(*keras_compute_fans(shape)))
    w = draw(name, shape, dtype=np.float64)
    assert w.shape == shape
    # A mean of n draws has standard deviation stddev/√n; five of them are room enough.
    assert abs(w.mean()) < 5 * stddev / math.sqrt(w.size)
    assert w.std() == pytest.approx(stddev, rel=0.01)
    if uniform:
        bound = math.sqrt(3) * stddev
    elif name == "random_normal":
        assert np.abs(w).max() > 3.5 * stddev  # not truncated
        return
    else:
        bound = 2 * stddev / 0.87962566103423978
    assert 0.999 * bound < np.abs(w).max() <= bound


@pytest.mark.parametrize("shape", LARGE)
@pytest.mark.parametrize("name", [*FIXED, *SCALED])
def test_same_distribution_as_keras(name, shape):
    """Each of nine quantiles, the extremes and the deviation, on Keras's own draws."""
    ours = draw(name, shape).ravel()
    theirs = keras.ops.convert_to_numpy(keras.initializers.get(name)(shape)).ravel()
    assert ours.dtype == theirs.dtype == np.float32
    stddev = theirs.std()
    assert ours.std() == pytest.approx(stddev, rel=0.015)
    quantiles = np.linspace(0.1, 0.9, 9)
    np.testing.assert_allclose(
        np.quantile(ours, quantiles), np.quantile(theirs, quantiles), rtol=0, atol=0.04 * stddev
    )
    if name != "random_normal":
        assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=1e-3)


@pytest.mark.parametrize(
    "shape", [(), (5,), (3, 7), (4, 3, 7), (3, 5, 4, 7), (2, 3, 5, 4, 7), (0, 3), (1, 1)]
)
def test_fans_are_keras(shape):
    assert initializers.compute_fans(shape) == keras_compute_fans(shape)


def test_constants():
    np.testing.assert_array_equal(initializers.zeros((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.ones((2, 3)), np.ones((2, 3)))


def test_options_of_the_fixed_spreads():
    w = draw("random_normal", (100_000,), mean=3.0, stddev=0.5)
    assert w.mean() == pytest.approx(3.0, abs=0.01)
    assert w.std() == pytest.approx(0.5, rel=0.01)
    w = draw("random_uniform", (100_000,), minval=1.0, maxval=2.0)
    assert 1.0 <= w.min() < 1.001
    assert 1.999 < w.max() <= 2.0


@pytest.mark.parametrize(
    "shape", [(6, 6), (9, 4), (4, 9), (1, 5), (5, 1), (1, 1), (3, 2, 4, 8), (2, 1, 3, 20)]
)
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_orthogonal(shape, gain):
    w = draw("orthogonal", shape, gain=gain, dtype=np.float64)
    theirs = keras.initializers.Orthogonal(gain=gain, seed=0)(shape).numpy()
    assert w.shape == theirs.shape == shape
    for array, tolerance in ((w, 1e-12), (theirs, 1e-5)):
        Q = array.reshape(-1, shape[-1])
        gram = Q.T @ Q if Q.shape[0] >= Q.shape[1] else Q @ Q.T
        np.testing.assert_allclose(gram, gain**2 * np.eye(len(gram)), atol=tolerance)


def test_orthogonal_prefers_no_sign():
    """Without the correction by R's diagonal, every Q of one entry would be −1."""
    rng = np.random.default_rng(0)
    signs = [initializers.orthogonal((1, 1), rng).item() for _ in range(200)]
    assert set(signs) == {-1.0, 1.0}
    assert abs(np.mean(signs)) < 0.3


@pytest.mark.parametrize("shape", [(), (5,)])
def test_orthogonal_refuses_fewer_than_two_axes(shape):
    with pytest.raises(ValueError, match="expected a shape of at least two axes, received"):
        draw("orthogonal", shape)


# --- Random numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", RANDOM)
def test_same_seed_same_draw(name):
    first, again, other = draw(name, (4, 3), 7), draw(name, (4, 3), 7), draw(name, (4, 3), 8)
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other).any()


@pytest.mark.parametrize("name", RANDOM)
def test_a_generator_moves_on(name):
    rng = np.random.default_rng(0)
    f = getattr(initializers, name)
    assert not np.isclose(f((4, 3), rng), f((4, 3), rng)).any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, "float32"])
@pytest.mark.parametrize("name", ALL)
def test_dtype(name, dtype):
    w = draw(name, (5, 4), dtype=dtype)
    assert w.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(w, draw(name, (5, 4), dtype=np.float64).astype(dtype))
    assert draw(name, (5, 4)).dtype == np.float32


@pytest.mark.parametrize("name", [*ALL[:2], *FIXED, *SCALED])
@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (1, 1)])
def test_small_shapes(name, shape):
    assert draw(name, shape).shape == shape


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("bad", [None, 0, np.random.RandomState(0)])
def test_refuses_what_is_no_generator(name, bad):
    with pytest.raises(ValueError, match=r"Expected rng to be a numpy.random.Generator .* received"):
        getattr(initializers, name)((4, 3), bad)


@pytest.mark.parametrize("name", RANDOM)
def test_rng_is_required(name):
    assert inspect.signature(getattr(initializers, name)).parameters["rng"].default is inspect.Parameter.empty


# --- get ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_get_finds_each_by_keras_name(name):
    assert initializers.get(name) is getattr(initializers, name)
    assert keras.initializers.get(name) is not None


def test_get_takes_functions():
    f = partial(initializers.orthogonal, gain=2.0)
    assert initializers.get(f) is f


@pytest.mark.parametrize("bad", ["xavier", "", None, 3, ["zeros"]])
def test_get_lists_what_it_knows(bad):
    with pytest.raises(
        ValueError, match=r"Unknown initializer: .*zeros, .*he_normal, .*orthogonal; received"
    ):
        initializers.get(bad)
