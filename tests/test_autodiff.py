"""The tape: equal to TensorFlow's and to central differences, any number of times, however long."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import pytest
import tensorflow as tf

from dlbook_utils import autodiff
from dlbook_utils.autodiff import Variable, apply, backward, grad, register_pair, register_vjp, vjp
from dlbook_utils.gradient_check import assert_gradients_match
from dlbook_utils.layers import dense_backward, dense_forward

RNG = np.random.default_rng


# --- Equal to tf.GradientTape -------------------------------------------------------------------

# name: in NumPy, in TensorFlow, shapes of the arguments
EXPRESSIONS = {
    "polynomial": (lambda x: 3 * x**3 - x / 2 + 1, lambda x: 3 * x**3 - x / 2 + 1, [(4,)]),
    "used twice": (lambda x: x * x + np.sin(x) * x, lambda x: x * x + tf.sin(x) * x, [(3, 2)]),
    "affine": (lambda x, W, b: x @ W + b, lambda x, W, b: x @ W + b, [(4, 3), (3, 5), (5,)]),
    "broadcast both ways": (lambda a, b: a * b - b / a, lambda a, b: a * b - b / a, [(4, 1), (1, 5)]),
    "broadcast a number": (lambda a, b: a - b, lambda a, b: a - b, [(), (2, 3)]),
    "tanh network": (
        lambda x, W, V: np.tanh(x @ W) @ V,
        lambda x, W, V: tf.tanh(x @ W) @ V,
        [(5, 3), (3, 4), (4, 2)],
    ),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: 1 / (1 + tf.exp(-z)), [(3, 4)]),
    "softplus and relu": (
        lambda z: np.log1p(np.exp(z)) + np.maximum(z, 0.0),
        lambda z: tf.math.log1p(tf.exp(z)) + tf.maximum(z, 0.0),
        [(6,)],
    ),
    "log-sum-exp": (
        lambda z: np.log(np.sum(np.exp(z), axis=-1)),
        lambda z: tf.math.log(tf.reduce_sum(tf.exp(z), axis=-1)),
        [(3, 4)],
    ),
    "softmax": (
        lambda z: np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True),
        lambda z: tf.exp(z) / tf.reduce_sum(tf.exp(z), axis=1, keepdims=True),
        [(3, 4)],
    ),
    "standardised": (
        lambda x: (x - np.mean(x, axis=0)) / np.sqrt(np.mean((x - np.mean(x, axis=0)) ** 2, axis=0) + 1e-3),
        lambda x: (x - tf.reduce_mean(x, 0)) / tf.sqrt(tf.math.reduce_variance(x, 0) + 1e-3),
        [(5, 3)],
    ),
    "power of two variables": (
        lambda a, b: np.exp(a) ** b,
        lambda a, b: tf.exp(a) ** b,
        [(3,), (3,)],
    ),
    "max, min, where": (
        lambda x: np.max(x, axis=1) + np.sum(np.where(x > 0, np.minimum(x, 0.5), -x), axis=1),
        lambda x: tf.reduce_max(x, 1) + tf.reduce_sum(tf.where(x > 0, tf.minimum(x, 0.5), -x), 1),
        [(4, 3)],
    ),
    "turned and cut": (
        lambda x: np.reshape(x.T, (2, 6))[:, 1:4] * np.abs(x[0, 0]),
        lambda x: tf.reshape(tf.transpose(x), (2, 6))[:, 1:4] * tf.abs(x[0, 0]),
        [(3, 4)],
    ),
    "batched matmul": (lambda a, b: a @ b, lambda a, b: a @ b, [(2, 3, 4), (4, 5)]),
    "cos, square, sqrt": (
        lambda x: np.cos(np.square(x)) * np.sqrt(np.exp(x)),
        lambda x: tf.cos(tf.square(x)) * tf.sqrt(tf.exp(x)),
        [(5,)],
    ),
}
every_expression = pytest.mark.parametrize("name", EXPRESSIONS)


def arguments_of(name, dtype=np.float64):
    rng = RNG(len(name))
    return [np.asarray(rng.normal(size=shape), dtype) for shape in EXPRESSIONS[name][2]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_expression
def test_equals_gradient_tape(name, dtype):
    ours, theirs, _ = EXPRESSIONS[name]
    arguments = arguments_of(name, dtype)
    before = [a.copy() for a in arguments]
    tensors = [tf.convert_to_tensor(a) for a in arguments]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        their_y = theirs(*tensors)
    dy = np.asarray(RNG(1).normal(size=their_y.shape), dtype)
    their_gradients = tape.gradient(their_y, tensors, output_gradients=tf.convert_to_tensor(dy))

    y, back = vjp(ours, *arguments)
    gradients = back(dy)
    tolerance = {"rtol": 1e-5, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-13}
    np.testing.assert_allclose(y, their_y.numpy(), **tolerance)
    for gradient, wanted, argument, original in zip(
        gradients, their_gradients, arguments, before, strict=True
    ):
        assert gradient.dtype == dtype
        assert gradient.shape == argument.shape
        np.testing.assert_allclose(gradient, wanted.numpy(), **tolerance)
        np.testing.assert_array_equal(argument, original)


@every_expression
def test_equals_central_differences(name):
    f = EXPRESSIONS[name][0]
    arguments = {f"argument {i}": a for i, a in enumerate(arguments_of(name))}

    def forward(**arguments):
        return vjp(f, *arguments.values())

    assert_gradients_match(forward, lambda dy, back: back(dy), arguments, RNG(2))


@every_expression
def test_second_derivatives_equal_central_differences(name):
    """The gradient of g·∂L/∂x, which goes back through the way back: a Hessian-vector product."""
    f = EXPRESSIONS[name][0]
    arguments = arguments_of(name)
    dy = RNG(3).normal(size=np.shape(f(*arguments)))
    g = [RNG(4).normal(size=a.shape) for a in arguments]

    def projected(*arguments):
        _, back = vjp(f, *arguments)
        return sum(np.sum(one * two) for one, two in zip(g, back(dy), strict=True))

    def forward(**arguments):
        y, back = vjp(projected, *arguments.values())
        return np.asarray(y, float), back

    named = {f"argument {i}": a for i, a in enumerate(arguments)}
    assert_gradients_match(forward, lambda dy, back: back(dy), named, RNG(5), rtol=1e-5)


@pytest.mark.parametrize(
    ("a", "b"), [((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((5, 2, 3), (3,))]
)
def test_matmul_of_vectors_and_matrices(a, b):
    arguments = {"a": RNG(0).normal(size=a), "b": RNG(1).normal(size=b)}

    def forward(a, b):
        return vjp(np.matmul, a, b)

    assert_gradients_match(forward, lambda dy, back: back(dy), arguments, RNG(2))


# --- Derivatives of derivatives -----------------------------------------------------------------


def test_third_derivative():
    third = grad(grad(grad(lambda x: np.exp(2 * x) + x**4)))
    assert third(1.5) == pytest.approx(8 * np.exp(3) + 24 * 1.5)


def test_two_derivatives_of_one_variable_are_not_confused():
    """d/dx (x · d/dy (x + y) at y = x) is 1: the inner derivative must not see the outer x."""
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(3.0) == 1.0


def test_an_inner_derivative_depends_on_what_it_closes_over():
    inner = np.array([1.0, 2.0])
    g = grad(lambda w: np.sum(grad(lambda x: np.sum(w * x**2))(inner)))(3.0)
    assert g == 6.0
    assert isinstance(g, np.ndarray | np.floating)  # no Variable is left over


def test_hessian_vector_product():
    A = RNG(0).normal(size=(4, 4))
    x, v = RNG(1).normal(size=4), RNG(2).normal(size=4)

    def f(x):
        return np.sum(np.tanh(A @ x) ** 2)

    product = grad(lambda x: np.sum(grad(f)(x) * v))(x)
    step = 1e-5
    numerical = (grad(f)(x + step * v) - grad(f)(x - step * v)) / (2 * step)
    np.testing.assert_allclose(product, numerical, rtol=1e-7)


# --- The graph ----------------------------------------------------------------------------------


def test_a_chain_of_10_000_operations_meets_no_recursion_limit():
    def chain(x):
        for _ in range(10_000):
            x = x * 1.0001
        return x

    assert grad(chain)(2.0) == pytest.approx(1.0001**10_000)


def test_a_graph_with_many_paths_visits_every_node_once():
    """Forty times x + x: 2⁴⁰ paths, forty-one nodes."""
    x = y = Variable(1.0)
    for _ in range(40):
        y = y + y
    assert len(autodiff.topological_order(y)) == 41
    assert backward(y)[x] == 2.0**40


def test_order_and_gradients_of_every_node():
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    c = a * b
    d = c + a
    order = autodiff.topological_order(d)
    assert order[-1] is d
    assert all(order.index(p) < i for i, v in enumerate(order) for p in v.parents if p in set(order))
    gradients = backward(d)
    assert [gradients[v] for v in (a, b, c, d)] == [4.0, 2.0, 1.0, 1.0]
    assert c.function is np.multiply
    assert c.parents[0] is a


def test_what_the_result_does_not_depend_on_has_the_gradient_zero():
    _, back = vjp(lambda x, y: np.sum(x), np.ones(3), np.ones((2, 2)))
    dx, dy = back()
    np.testing.assert_array_equal(dx, 1)
    np.testing.assert_array_equal(dy, np.zeros((2, 2)))
    assert grad(lambda x: 5.0)(2.0) == 0


def test_equal_maxima_share_the_gradient():
    np.testing.assert_array_equal(grad(np.max)(np.array([1.0, 3.0, 3.0])), [0, 0.5, 0.5])


def test_comparisons_give_plain_arrays():
    x = Variable([1.0, -1.0])
    assert isinstance(x > 0, np.ndarray)
    assert isinstance(np.sign(x), np.ndarray)


# --- Functions of one's own ---------------------------------------------------------------------


@pytest.fixture
def restored(monkeypatch):
    """The table of rules as it was before."""
    monkeypatch.setattr(autodiff, "_RULES", dict(autodiff._RULES))
    monkeypatch.setattr(autodiff, "_PAIRS", dict(autodiff._PAIRS))


def test_a_rule_is_added_in_one_line(restored):
    register_vjp(np.arctan, lambda dy, y, x: dy / (1 + x**2))
    assert grad(np.arctan)(2.0) == pytest.approx(0.2)
    assert grad(grad(np.arctan))(2.0) == pytest.approx(-4 / 25)


def test_a_layer_s_pair_is_one_node(restored):
    register_pair(dense_forward, dense_backward)
    x, W, b = (RNG(i).normal(size=shape) for i, shape in enumerate([(4, 3), (3, 2), (2,)]))
    dy = RNG(3).normal(size=(4, 2))
    y, back = vjp(lambda x, W, b: apply(dense_forward, x, W, b), x, W, b)
    wanted, back_too = vjp(lambda x, W, b: x @ W + b, x, W, b)
    np.testing.assert_allclose(y, wanted)
    for one, two in zip(back(dy), back_too(dy), strict=True):
        np.testing.assert_allclose(one, two)
    node = apply(dense_forward, Variable(x), W, b)
    assert len(autodiff.topological_order(node)) == 2
    with pytest.raises(ValueError, match="dense_forward is one node of the tape"):
        grad(lambda W: np.sum(grad(lambda x: np.sum(apply(dense_forward, x, W, b)))(x)))(W)


# --- Bad input ----------------------------------------------------------------------------------


def test_a_missing_rule_is_named():
    with pytest.raises(ValueError, match=r"No derivative is known for sort.* register_vjp\(sort, …\)"):
        grad(lambda x: np.sum(np.sort(x)))(np.ones(3))


def test_changing_in_place_is_refused():
    def add_one(x):
        x += 1
        return x

    with pytest.raises(ValueError, match=r"cannot be changed in place .* write x = x \+ 1, not x \+= 1"):
        grad(add_one)(1.0)


def test_losing_the_history_is_refused():
    with pytest.raises(ValueError, match="its history would be lost"):
        grad(lambda x: np.sum(np.asarray(x)))(np.ones(3))


@pytest.mark.parametrize("dy", [None, np.ones(2), 1.0])
def test_a_wrong_upstream_gradient_is_refused(dy):
    _, back = vjp(np.exp, np.ones(3))
    with pytest.raises(ValueError, match=r"Expected dy of shape \(3,\), that of the result; received"):
        back(dy)


def test_other_bad_input_is_refused():
    with pytest.raises(ValueError, match="expected an array of real numbers, received dtype complex128"):
        Variable(1j)
    with pytest.raises(ValueError, match="register_vjp: expected one rule for each argument"):
        register_vjp(np.sort)
    with pytest.raises(ValueError, match=r"np.add.reduce is not known here"):
        np.add.reduce(Variable(np.ones(3)))
