"""Losses: equal to Keras, gradients right, stable, clear about targets and shapes that do not fit."""

import inspect
import os
import re

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlbook_utils import losses

LOSSES = [
    ("MeanSquaredError", {}),
    ("MeanAbsoluteError", {}),
    ("Huber", {}),
    ("Huber", {"delta": 0.4}),
    ("Hinge", {}),
    ("BinaryCrossentropy", {}),
    ("BinaryCrossentropy", {"from_logits": True}),
    ("CategoricalCrossentropy", {}),
    ("CategoricalCrossentropy", {"from_logits": True}),
    ("SparseCategoricalCrossentropy", {}),
    ("SparseCategoricalCrossentropy", {"from_logits": True}),
    ("KLDivergence", {}),
]
FROM_LOGITS = [loss for loss in LOSSES if loss[1].get("from_logits")]
FROM_PROBABILITIES = [loss for loss in LOSSES if loss[0][:2] in ("Bi", "Ca", "Sp", "KL") and not loss[1]]
# many examples, one example, one class or output, several axes, no batch axis
SHAPES = [(5, 3), (1, 3), (1, 1), (6, 1), (40, 10), (4, 2, 3), (2, 1, 3, 5), (4,)]
REDUCTIONS = ["sum_over_batch_size", "sum", "none", None]
TOLERANCE = {"float32": {"rtol": 1e-5, "atol": 1e-6}, "float64": {"rtol": 1e-12, "atol": 1e-13}}
EXTREME = [-1e6, -1e4, -1e3, -100.0, -30.0, -1e-3, 0.0, 1e-3, 30.0, 100.0, 1e3, 1e4, 1e6]

every_loss = pytest.mark.parametrize(("name", "arguments"), LOSSES)
every_shape = pytest.mark.parametrize("shape", SHAPES)
every_reduction = pytest.mark.parametrize("reduction", REDUCTIONS)
both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])

# Keras warns of a cross-entropy with one class; here that is on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:In loss categorical_crossentropy")


def ours(name, arguments=None, reduction="sum_over_batch_size"):
    return getattr(losses, name)(**(arguments or {}), reduction=reduction)


def targets(name, shape, dtype, rng):
    if name in ("Hinge", "BinaryCrossentropy"):
        return rng.integers(0, 2, shape).astype(dtype)
    if name == "SparseCategoricalCrossentropy":
        return rng.integers(0, shape[-1], shape[:-1])
    if name in ("CategoricalCrossentropy", "KLDivergence"):
        return rng.dirichlet(np.ones(shape[-1]), shape[:-1]).astype(dtype)
    return rng.normal(scale=2.0, size=shape).astype(dtype)


def data(name, arguments, shape, dtype, seed=0):
    """Targets, predictions, sample weights. Probabilities of classes need not have the sum 1."""
    rng = np.random.default_rng(seed)
    y_pred = rng.normal(scale=2.0, size=shape)
    if (name, arguments) in FROM_PROBABILITIES:
        y_pred = rng.uniform(0.02, 0.98, size=shape)
    return targets(name, shape, dtype, rng), y_pred.astype(dtype), rng.uniform(0, 3, shape[:-1]).astype(dtype)


def keras_loss_and_gradient(name, arguments, y_true, y_pred, sample_weight=None, reduction="sum"):
    theirs = getattr(keras.losses, name)(**arguments, reduction=reduction, dtype=y_pred.dtype)
    with tf.GradientTape() as tape:
        tensor = tf.constant(y_pred)
        tape.watch(tensor)
        loss = theirs(y_true, tensor, sample_weight=sample_weight)
    return loss.numpy(), tape.gradient(loss, tensor).numpy()


def assert_equals_keras(name, arguments, y_true, y_pred, sample_weight=None, reduction="sum", **tolerance):
    loss = ours(name, arguments, reduction)
    value = loss.forward(y_true, y_pred, sample_weight)
    dy = loss.backward()
    expected, expected_dy = keras_loss_and_gradient(name, arguments, y_true, y_pred, sample_weight, reduction)
    tolerance = tolerance or TOLERANCE[str(y_pred.dtype)]
    assert value.dtype == dy.dtype == y_pred.dtype
    assert value.shape == expected.shape
    assert dy.shape == y_pred.shape
    np.testing.assert_allclose(value, expected, **tolerance)
    np.testing.assert_allclose(dy, expected_dy, **tolerance)


# --- Against Keras ------------------------------------------------------------------------------


@every_loss
@every_shape
@both_dtypes
def test_loss_and_gradient_equal_keras(name, arguments, shape, dtype):
    y_true, y_pred, weight = data(name, arguments, shape, dtype)
    for reduction in REDUCTIONS[:3]:
        assert_equals_keras(name, arguments, y_true, y_pred, weight, reduction)
    assert_equals_keras(name, arguments, y_true, y_pred, None, "sum_over_batch_size")


@both_dtypes
@pytest.mark.parametrize(("name", "arguments"), FROM_LOGITS)
def test_extreme_logits_equal_keras(name, arguments, dtype):
    rng = np.random.default_rng(1)
    z = np.array([EXTREME, EXTREME[::-1], *(rng.permutation(EXTREME) for _ in range(20))], dtype)
    y_true = targets(name, z.shape, dtype, rng)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert_equals_keras(name, arguments, y_true, z, reduction="none")
        assert np.isfinite(ours(name, arguments).forward(y_true, z))


@both_dtypes
@pytest.mark.parametrize(("name", "arguments"), FROM_PROBABILITIES)
def test_probabilities_of_exactly_0_and_1_equal_keras(name, arguments, dtype):
    """Also those beside the bounds to which they are clipped, where the gradient becomes 0."""
    rng = np.random.default_rng(2)
    p = np.array([0, 1, 1e-8, 0.99e-7, 1.01e-7, 1e-3, 0.5, 1 - 1e-3, 1 - 1.3e-7, 1 - 3e-8], dtype)
    p = rng.choice(p, size=(200, 4))
    p[:, 0] = np.maximum(p[:, 0], p.dtype.type(1e-3))  # Keras divides by the sum of the row: not 0
    y_true = targets(name, p.shape, dtype, rng)
    tolerance = {"rtol": 1e-5, "atol": 1e-5} if dtype == "float32" else {"rtol": 1e-9, "atol": 1e-9}
    with np.errstate(all="raise", under="ignore"):
        assert_equals_keras(name, arguments, y_true, p, reduction="none", **tolerance)


def test_a_certain_mistake_costs_16_1_and_not_infinity():
    """−log 10⁻⁷, as in Keras; and the clipped probability has no gradient."""
    for name, y_true, y_pred in [
        ("BinaryCrossentropy", [[1]], [[0.0]]),
        ("CategoricalCrossentropy", [[1, 0]], [[0.0, 1.0]]),
        ("SparseCategoricalCrossentropy", [0], [[0.0, 1.0]]),
    ]:
        loss = ours(name)
        assert loss.forward(y_true, y_pred) == pytest.approx(-np.log(1e-7))
        np.testing.assert_array_equal(loss.backward(), np.zeros_like(y_pred))


@every_loss
def test_arguments_are_those_of_keras(name, arguments):
    """Same defaults; what can be given without a name has the same place. Missing here: name, dtype, …"""
    ours_, theirs = (
        list(inspect.signature(getattr(m, name)).parameters.values()) for m in (losses, keras.losses)
    )
    assert {(p.name, p.default) for p in ours_} <= {(p.name, p.default) for p in theirs}
    positional = [p.name for p in ours_ if p.kind == p.POSITIONAL_OR_KEYWORD]
    assert positional == [p.name for p in theirs][: len(positional)]
    assert list(inspect.signature(losses.Loss.forward).parameters) == list(
        inspect.signature(keras.losses.Loss.__call__).parameters
    )


# --- Gradients ----------------------------------------------------------------------------------


def central_differences(f, x, eps=1e-6):
    """(f(x + ε) − f(x − ε)) / 2ε, one entry of x after the other."""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[i] = eps
        gradient[i] = (f(x + step) - f(x - step)) / (2 * eps)
    return gradient


def relative_error(a, b):
    return np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b))


@every_loss
@pytest.mark.parametrize("shape", [(5, 4), (1, 3), (3, 2, 4)])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum"])
def test_gradient_equals_central_differences(name, arguments, shape, reduction):
    y_true, y_pred, weight = data(name, arguments, shape, "float64", seed=3)
    if name == "CategoricalCrossentropy":
        y_true = y_true * 1.7  # right also for targets that do not have the sum 1
    loss = ours(name, arguments, reduction)
    loss.forward(y_true, y_pred, weight)
    dy = loss.backward()
    numeric = central_differences(lambda y: loss.forward(y_true, y, weight), y_pred)
    assert relative_error(dy, numeric) < 1e-7
    for wrong in (1.001 * dy, 0.0 * dy):  # the check notices
        assert relative_error(wrong, numeric) > 1e-4


@every_loss
def test_gradient_without_reduction_is_that_of_every_loss_alone(name, arguments):
    y_true, y_pred, weight = data(name, arguments, (6, 3), "float64")
    loss = ours(name, arguments, "none")
    loss.forward(y_true, y_pred, weight)
    dy = loss.backward()
    for n in range(6):
        loss.forward(y_true[n : n + 1], y_pred[n : n + 1], weight[n : n + 1])
        np.testing.assert_allclose(loss.backward()[0], dy[n], rtol=1e-12)


@pytest.mark.parametrize(("name", "targets"), [("Hinge", [1.0, -1.0]), ("MeanAbsoluteError", [1.0, -1.0])])
def test_gradient_at_a_kink_equals_tensorflows(name, targets):
    y = np.array([targets])
    assert_equals_keras(name, {}, y, y)


def test_gradient_from_logits_is_prediction_minus_target():
    z, y = np.random.default_rng(4).normal(size=(5, 3)), np.array([0, 2, 1, 1, 0])
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    loss.forward(y, z)
    np.testing.assert_allclose(loss.backward(), (p - np.eye(3)[y]) / 5)


@every_loss
def test_backward_needs_forward(name, arguments):
    message = f"{name}: expected forward(y_true, y_pred) to be called before backward()."
    with pytest.raises(ValueError, match=re.escape(message)):
        ours(name, arguments).backward()


# --- Numbers, types, manners --------------------------------------------------------------------


@every_loss
@every_reduction
def test_arguments_are_not_changed_and_calling_is_forward(name, arguments, reduction):
    arrays = data(name, arguments, (5, 3), "float32")
    originals = [a.copy() for a in arrays]
    for a in arrays:
        a.flags.writeable = False
    loss = ours(name, arguments, reduction)
    value = loss.forward(*arrays)
    dy = loss.backward()
    np.testing.assert_array_equal(loss(*arrays), value)
    np.testing.assert_array_equal(loss.backward(), dy)  # as often as one likes
    for a, original in zip(arrays, originals, strict=True):
        np.testing.assert_array_equal(a, original)


@every_loss
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtype_is_that_of_the_predictions(name, arguments, dtype):
    """Whatever targets and weights are; float16 is computed in float32, as is an integer."""
    y_true, y_pred, weight = data(name, arguments, (5, 3), "float64")
    expected = "float64" if dtype == "float64" else "float32"
    loss = ours(name, arguments)
    for w in (None, weight):
        value = loss.forward(y_true, y_pred.astype(dtype), w)
        assert isinstance(value, np.floating)
        assert value.dtype == loss.backward().dtype == expected
    assert loss.forward(y_true, np.ones((5, 3), int)).dtype == "float32"


def test_known_values():
    y, p = np.array([[0.0, 3.0]]), np.array([[1.0, 1.0]])
    assert losses.MeanSquaredError().forward(y, p) == 2.5
    assert losses.MeanAbsoluteError().forward(y, p) == 1.5
    assert losses.Huber().forward(y, p) == 1.0  # the mean of 1/2 and 2 − 1/2
    assert losses.Hinge().forward([[-1.0, 1.0]], [[0.5, 0.2]]) == pytest.approx(1.15)
    assert losses.BinaryCrossentropy(from_logits=True).forward([[0, 1]], [[0.0, 0.0]]) == pytest.approx(
        np.log(2)
    )
    assert losses.CategoricalCrossentropy().forward([[1, 0]], [[0.25, 0.75]]) == pytest.approx(np.log(4))
    assert losses.SparseCategoricalCrossentropy(from_logits=True).forward(
        [3], np.zeros((1, 10))
    ) == pytest.approx(np.log(10))
    assert losses.KLDivergence().forward([[0.5, 0.5]], [[0.25, 0.75]]) == pytest.approx(
        0.5 * np.log(2) + 0.5 * np.log(2 / 3)
    )


def test_a_tiny_loss_is_not_rounded_to_zero():
    """max(z, 0) − z y comes first and is exactly 0; in another order log(1 + exp(−|z|)) would be lost."""
    z = np.float32([[30.0]])
    loss = losses.BinaryCrossentropy(from_logits=True)
    np.testing.assert_allclose(loss.forward([[1]], z), np.exp(-30.0), rtol=1e-6)


def test_huber_of_a_gigantic_error_does_not_overflow():
    with np.errstate(over="raise"):
        assert losses.Huber().forward([[0.0]], np.float32([[1e30]])) == np.float32(1e30)


def test_sparse_equals_categorical_of_one_hot():
    y, z = np.array([0, 2, 1, 1]), np.random.default_rng(5).normal(size=(4, 3))
    sparse = losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    dense = losses.CategoricalCrossentropy(from_logits=True, reduction="none")
    np.testing.assert_allclose(sparse.forward(y, z), dense.forward(np.eye(3)[y], z))
    np.testing.assert_allclose(sparse.backward(), dense.backward())


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64", "uint64"])
def test_class_numbers_of_every_integer_type(dtype):
    z = np.random.default_rng(6).normal(size=(4, 3)).astype("float32")
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = loss.forward([0, 2, 1, 1], z), loss.backward()
    y = np.array([0, 2, 1, 1], dtype)
    assert loss.forward(y, z) == expected[0]
    np.testing.assert_array_equal(loss.backward(), expected[1])


def test_weights_are_divided_by_the_number_of_examples():
    """A weight of 0 removes an example from the sum, but not from N: as in Keras."""
    y_true, y_pred = np.zeros((4, 1)), np.ones((4, 1))
    loss = losses.MeanSquaredError()
    assert loss.forward(y_true, y_pred, [0, 0, 1, 1]) == 0.5
    assert keras.losses.MeanSquaredError()(y_true, y_pred, sample_weight=np.array([0, 0, 1, 1])) == 0.5
    class_weight, y = np.array([1.0, 10.0]), np.array([0, 1, 1, 0])
    assert loss.forward(y_true, y_pred, class_weight[y]) == 5.5


def test_hinge_takes_zeros_and_ones_as_minus_and_plus_one():
    y_pred = np.random.default_rng(7).normal(size=(6, 2))
    y = np.random.default_rng(8).integers(0, 2, (6, 2))
    loss = losses.Hinge()
    assert loss.forward(y, y_pred) == loss.forward(2 * y - 1, y_pred) == loss.forward(y == 1, y_pred)
    assert loss.forward(np.ones((6, 2)), y_pred) == loss.forward(np.ones((6, 2), bool), y_pred)
    assert loss.forward(-np.ones((6, 2)), y_pred) == loss.forward(np.zeros((6, 2)), y_pred)


def test_nan_comes_out_as_nan():
    for name, arguments in LOSSES:
        y_true, y_pred, _ = data(name, arguments, (4, 3), "float64")
        y_pred[1, 2] = np.nan
        value = ours(name, arguments, "none").forward(y_true, y_pred)
        assert np.isnan(value[1]), name
        assert np.isfinite(value[[0, 2, 3]]).all()


# --- Refused ------------------------------------------------------------------------------------


def refuses(message, name, *arrays, **arguments):
    with pytest.raises(ValueError, match=re.escape(f"{name}: expected {message}")):
        ours(name, arguments).forward(*arrays)


NOT_SPARSE = sorted({name for name, _ in LOSSES} - {"SparseCategoricalCrossentropy"})


@pytest.mark.parametrize("name", NOT_SPARSE)
def test_refuses_what_numpy_would_broadcast(name):
    says = "y_true and y_pred of the same shape, received {} and {}. NumPy would have broadcast both to {}"
    for y_true, y_pred, both in [
        ((5,), (5, 1), (5, 5)),
        ((5, 1), (5,), (5, 5)),
        ((1, 3), (5, 3), (5, 3)),
        ((), (5, 3), (5, 3)),
    ]:
        if name == "CategoricalCrossentropy" and y_true == y_pred[:-1]:
            continue  # class numbers: see below
        refuses(says.format(y_true, y_pred, both), name, np.ones(y_true), np.ones(y_pred))
    refuses(
        "y_true and y_pred of the same shape, received (4, 3) and (5, 3).",
        name,
        np.ones((4, 3)),
        np.ones((5, 3)),
    )


def test_refuses_class_numbers_for_one_hot_and_the_other_way_round():
    refuses(
        "one-hot y_true of shape (5, 3), received shape (5,). Class numbers belong to Sparse",
        "CategoricalCrossentropy",
        np.zeros(5, int),
        np.ones((5, 3)),
    )
    refuses(
        "y_true of shape (5,), one class number for every 3 entries of y_pred (5, 3); received shape (5, 3). "
        "One-hot targets belong to CategoricalCrossentropy.",
        "SparseCategoricalCrossentropy",
        np.zeros((5, 3), int),
        np.ones((5, 3)),
    )


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize(
    ("y_true", "message"),
    [
        (
            np.zeros((5, 1), int),
            "y_true of shape (5,), one class number for every 3 entries of y_pred (5, 3); received",
        ),
        (
            np.zeros(4, int),
            "y_true of shape (5,), one class number for every 3 entries of y_pred (5, 3); received",
        ),
        (np.zeros(5), "integers in y_true, received dtype float64."),
        (np.zeros(5, bool), "integers in y_true, received dtype bool."),
        (np.array([0, 1, 2, 3, 0]), "class numbers from 0 to 2, received 0 to 3."),
        (np.array([0, 1, -1, 2, 0]), "class numbers from 0 to 2, received -1 to 2."),
    ],
)
def test_refuses_wrong_class_numbers(y_true, message, from_logits):
    refuses(message, "SparseCategoricalCrossentropy", y_true, np.ones((5, 3)), from_logits=from_logits)


@every_loss
def test_refuses_weights_that_do_not_fit(name, arguments):
    y_true, y_pred, weight = data(name, arguments, (5, 3), "float32")
    for wrong in (weight[:4], weight[:, None], np.ones((5, 3)), 2.0, np.ones(1)):
        message = (
            "sample_weight of shape (5,), one weight for every loss of y_pred (5, 3); "
            f"received shape {np.shape(wrong)}."
        )
        refuses(message, name, y_true, y_pred, wrong, **arguments)
    y_true, y_pred, _ = data(name, arguments, (5,), "float32")
    message = (
        r"expected sample_weight of shape \(\), .* received shape \(5,\)\. .* give y_pred the shape \(N, 1\)"
    )
    with pytest.raises(ValueError, match=message):
        ours(name, arguments).forward(y_true, y_pred, np.ones(5))


@every_loss
def test_refuses_what_is_empty_or_not_real(name, arguments):
    arrays = list(data(name, arguments, (5, 3), "float32"))
    for shape in [(), (0, 3), (3, 0)]:
        message = f"y_pred of shape (N, ..., D), not empty; received shape {shape}."
        refuses(message, name, arrays[0], np.ones(shape), **arguments)
    for i, argument in enumerate(("y_true", "y_pred", "sample_weight")):
        wrong = [a.astype(complex) if i == j else a for j, a in enumerate(arrays)]
        message = f"{name}: {argument}: expected an array of real numbers, received dtype complex128."
        with pytest.raises(ValueError, match=re.escape(message)):
            ours(name, arguments).forward(*wrong)


def test_refuses_other_targets_for_hinge():
    refuses("targets −1 and 1, or 0 and 1; received -1, 0, 1.", "Hinge", [[-1, 0, 1]], np.ones((1, 3)))
    refuses("targets −1 and 1, or 0 and 1; received 1, 2.", "Hinge", [[1, 2]], np.ones((1, 2)))


@every_loss
def test_refuses_an_unknown_reduction(name, arguments):
    message = (
        f"{name}: expected reduction to be one of 'sum_over_batch_size', 'sum', 'none', None; received 'avg'."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        ours(name, arguments, "avg")


@pytest.mark.parametrize("delta", [0, -1.0, np.nan])
def test_refuses_a_delta_that_is_not_positive(delta):
    with pytest.raises(ValueError, match="Huber: expected delta to be positive, received"):
        losses.Huber(delta=delta)


# --- By name ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", losses._BY_NAME)
def test_names_are_those_of_keras(name):
    theirs = keras.losses.get(name)
    assert type(losses.get(name)) is losses._BY_NAME[name]
    y_true, y_pred, _ = data(type(losses.get(name)).__name__, {}, (5, 3), "float32")
    np.testing.assert_allclose(
        losses.get(name).forward(y_true, y_pred), np.mean(theirs(y_true, y_pred)), rtol=1e-5
    )


def test_every_loss_has_its_name():
    assert {c.__name__ for c in losses._BY_NAME.values()} | {"Loss", "get"} == set(losses.__all__)


def test_get():
    loss = losses.Huber(delta=2.0)
    assert losses.get(loss) is loss
    assert losses.get("mse") is not losses.get("mse")  # each has its own cache
    for wrong in ("cross_entropy", None, 3, losses.Huber):
        with pytest.raises(ValueError, match=r"Expected a loss or one of bce, .* received"):
            losses.get(wrong)
