"""The check of gradients: right ones pass, wrong ones are caught and named, float32 is refused."""

import numpy as np
import pytest

from dlbook_utils import activations
from dlbook_utils.gradient_check import assert_gradients_match, numerical_gradient

RNG = np.random.default_rng


def affine(x, W, b):
    return x @ W + b, (x, W)


def affine_backward(dy, cache):
    x, W = cache
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)


def arguments(N=4, D=3, H=5, seed=0):
    rng = RNG(seed)
    return {"x": rng.normal(size=(N, D)), "W": rng.normal(size=(D, H)), "b": rng.normal(size=H)}


def test_numerical_gradient_of_a_polynomial():
    x = RNG(0).normal(size=(3, 4))
    before = x.copy()
    np.testing.assert_allclose(numerical_gradient(lambda x: np.sum(x**3), x), 3 * x**2, rtol=1e-8)
    np.testing.assert_array_equal(x, before)
    assert numerical_gradient(lambda x: np.sum(x**3), np.array(2.0)) == pytest.approx(12)


@pytest.mark.parametrize("shape", [(4, 3, 5), (1, 3, 5), (4, 1, 1), (7, 6, 2)])
def test_right_gradients_pass(shape):
    assert_gradients_match(affine, affine_backward, arguments(*shape), RNG(1))


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_right_gradients_pass_at_any_scale(scale):
    scaled = {name: scale * a for name, a in arguments().items()}
    step = 1e-6 * scale
    assert_gradients_match(affine, affine_backward, scaled, RNG(1), step=step)


SLIPS = {
    "zeroed": lambda g: np.zeros_like(g),
    "0.1 % too large": lambda g: 1.001 * g,
    "negated": lambda g: -g,
    "one entry": lambda g: np.where(np.arange(g.size).reshape(g.shape) == 1, g + 1e-4, g),
    "nan": lambda g: np.full_like(g, np.nan),
}


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_wrong_gradients_are_caught_and_named(slip, position):
    def wrong(dy, cache):
        gradients = list(affine_backward(dy, cache))
        gradients[position] = SLIPS[slip](gradients[position])
        return gradients

    with pytest.raises(AssertionError, match=f"gradient of {'xWb'[position]}: .* at index .* backward gives"):
        assert_gradients_match(affine, wrong, arguments(), RNG(1))


def test_the_message_names_the_worst_entry():
    def wrong(dy, cache):
        dx, dW, db = affine_backward(dy, cache)
        dW[2, 3] += 1
        return dx, dW, db

    with pytest.raises(AssertionError, match=r"gradient of W: 1 of 15 entries are wrong; at index \[2, 3\]"):
        assert_gradients_match(affine, wrong, arguments(), RNG(1))


def test_a_transposed_square_gradient_is_caught():
    def wrong(dy, cache):
        dx, dW, db = affine_backward(dy, cache)
        return dx, dW.T, db

    with pytest.raises(AssertionError, match="gradient of W"):
        assert_gradients_match(affine, wrong, arguments(4, 3, 3), RNG(1))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda dy, cache: affine_backward(dy, cache)[:2], r"expected 3 gradients \(x, W, b\), received 2"),
        (
            lambda dy, cache: (*affine_backward(dy, cache)[:2], dy),
            r"gradient of b: expected shape \(5,\), received \(4, 5\)",
        ),
    ],
)
def test_missing_gradients_and_wrong_shapes_are_caught(wrong, message):
    with pytest.raises(AssertionError, match=message):
        assert_gradients_match(affine, wrong, arguments(), RNG(1))


def test_a_zero_softmax_gradient_is_caught_where_an_upstream_of_ones_would_pass_it():
    def softmax(z):
        p = activations.softmax(z)
        return p, p

    def zero(dy, p):
        return np.zeros_like(p)

    z = {"z": RNG(0).normal(size=(3, 4))}
    ones = numerical_gradient(lambda z: np.sum(activations.softmax(z)), z["z"])
    np.testing.assert_allclose(ones, 0, atol=1e-9)  # so "zero" would pass
    with pytest.raises(AssertionError, match="gradient of z: 12 of 12 entries"):
        assert_gradients_match(softmax, zero, z, RNG(1))


def test_a_backward_that_overwrites_the_upstream_gradient_does_not_spoil_the_check():
    def in_place(dy, cache):
        gradients = affine_backward(dy, cache)
        dy[...] = 0
        return gradients

    assert_gradients_match(affine, in_place, arguments(), RNG(1))


def test_float32_is_refused():
    single = {name: a.astype(np.float32) for name, a in arguments().items()}
    with pytest.raises(ValueError, match="Expected x to be an array of float64, received float32"):
        assert_gradients_match(affine, affine_backward, single, RNG(1))
    with pytest.raises(ValueError, match="output of forward to be an array of float64, received float32"):
        assert_gradients_match(
            lambda **a: (affine(**a)[0].astype(np.float32), None), affine_backward, arguments(), RNG(1)
        )
    with pytest.raises(ValueError, match="Expected x to be an array of float64, received list"):
        numerical_gradient(np.sum, [1.0])


def test_other_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"Expected rng to be a numpy.random.Generator, received 3"):
        assert_gradients_match(affine, affine_backward, arguments(), 3)
    with pytest.raises(ValueError, match="Expected step to be positive, received 0"):
        numerical_gradient(np.sum, np.ones(2), step=0)
