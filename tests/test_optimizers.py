"""Optimizers: step for step the same as Keras, in place, in their dtype, clear about what does not fit.

Keras keeps the learning rate, and some other numbers, in float32, also for float64 parameters. With
numbers that float32 holds exactly (1/8, 63/64, …) both agree to the last digits; with the defaults
(0.001, 0.9, …) to about seven.
"""

import inspect
import math
import os
import re

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlbook_utils import optimizers, schedules
from dlbook_utils.optimizers import SGD, Adagrad, Adam, AdamW, Lion, Nadam, RMSprop

SHAPES = [(), (1,), (7,), (3, 5), (2, 3, 1, 4)]
RATE = {"learning_rate": 1 / 8}
BETAS = {**RATE, "beta_1": 7 / 8, "beta_2": 63 / 64, "epsilon": 2.0**-20}
ROOT = {**RATE, "rho": 7 / 8, "epsilon": 2.0**-20}
NAMES = ["SGD", "Adagrad", "RMSprop", "Adam", "AdamW", "Nadam", "Lion"]

EXACT = [
    ("SGD", RATE),
    ("SGD", {**RATE, "momentum": 7 / 8}),
    ("SGD", {**RATE, "momentum": 7 / 8, "nesterov": True}),
    ("SGD", {**RATE, "nesterov": True}),  # without momentum it does nothing
    ("Adagrad", {**RATE, "initial_accumulator_value": 1 / 4, "epsilon": 2.0**-20}),
    ("RMSprop", ROOT),
    ("RMSprop", {**ROOT, "momentum": 3 / 4}),
    ("RMSprop", {**ROOT, "centered": True}),
    ("RMSprop", {**ROOT, "momentum": 3 / 4, "centered": True}),
    ("Adam", BETAS),
    ("Adam", {**BETAS, "amsgrad": True}),
    ("AdamW", {**BETAS, "weight_decay": 1 / 64, "amsgrad": True}),
    ("Nadam", BETAS),
    ("Lion", {**RATE, "beta_1": 7 / 8, "beta_2": 63 / 64}),
    ("SGD", {**RATE, "weight_decay": 1 / 64}),
    ("Adam", {**BETAS, "weight_decay": 1 / 64}),
    ("Lion", {**RATE, "beta_1": 7 / 8, "beta_2": 63 / 64, "weight_decay": 1 / 64}),
    ("SGD", {**RATE, "clipnorm": 1 / 2}),
    ("SGD", {**RATE, "momentum": 7 / 8, "clipvalue": 1 / 2}),
    ("Adam", {**BETAS, "global_clipnorm": 1 / 2, "weight_decay": 1 / 64}),
]
DEFAULTS = [
    *((name, {}) for name in NAMES),
    ("SGD", {"momentum": 0.9, "nesterov": True, "global_clipnorm": 1.0}),
    ("RMSprop", {"momentum": 0.9, "centered": True, "clipnorm": 1.0}),
    ("Adam", {"amsgrad": True, "weight_decay": 0.01, "clipvalue": 0.3}),
]


def tolerance(name, options):
    """How far from Keras parameters and state may be, relative to the largest entry."""
    if (name, options) in EXACT and name != "Nadam":  # (Keras rounds Nadam's 0.96 to float32)
        return 1e-13, 1e-13
    return 2e-6, 2e-5  # 1 − 0.999 is 1.3e-5 off if 0.999 is rounded to float32; Nadam's v shows it


def start(dtype, seed=0):
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.normal(size=shape), dtype) for shape in SHAPES]


def gradients(steps, dtype, seed=1):
    """New at every step, small and large, sometimes 0 in half of the entries."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        size = np.exp(rng.normal())
        keep = rng.random() < 0.8
        yield [np.asarray(size * rng.normal(size=s) * (keep | (rng.random(s) < 0.5)), dtype) for s in SHAPES]


def follow(ours, theirs, dtype="float64", steps=200):
    """Take the same steps with both. Yields at each our and their parameters, and all that they keep."""
    params = start(dtype)
    variables = [keras.Variable(w, dtype=dtype) for w in params]
    theirs.build(variables)
    compiled = tf.function(lambda grads: theirs.apply(grads, variables))
    for grads in gradients(steps, dtype):
        ours.apply(grads, params)
        compiled([tf.constant(g) for g in grads])
        mine, keras_ = list(params), [v.numpy() for v in variables]
        for slot, arrays in ours.state.items():
            kept = getattr(theirs, slot if hasattr(theirs, slot) else f"_{slot}")
            mine += arrays
            keras_ += [v.numpy() for v in kept]
        yield mine, keras_


def largest_errors(ours, theirs, dtype="float64", steps=200):
    """Of the parameters and of what is remembered: the largest error, relative to an array's largest entry
    so far."""
    largest, errors = None, [0.0]
    for mine, keras_ in follow(ours, theirs, dtype, steps):
        assert {a.dtype.name for a in mine + keras_} == {dtype}
        largest = [
            max(np.max(np.abs(b)), a) for a, b in zip(largest or [0.0] * len(mine), keras_, strict=True)
        ]
        now = [np.max(np.abs(a - b)) / (c or 1.0) for a, b, c in zip(mine, keras_, largest, strict=True)]
        errors = np.maximum(errors, now)
    return max(errors[: len(SHAPES)]), max(errors[len(SHAPES) :], default=0.0)


def both(name, options):
    return getattr(optimizers, name)(**options), getattr(keras.optimizers, name)(**options)


# --- Equal to Keras -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "dtype"),
    [(*case, dtype) for case in DEFAULTS for dtype in ("float64", "float32")]
    + [(*case, "float64") for case in EXACT],
)
def test_two_hundred_steps_follow_keras(name, options, dtype):
    ours, theirs = both(name, options)
    of_params, of_state = largest_errors(ours, theirs, dtype)
    for_params, for_state = tolerance(name, options)
    assert of_params < for_params
    assert of_state < for_state
    assert ours.iterations == int(theirs.iterations.numpy()) == 200


@pytest.mark.parametrize("decay", [None, 1 / 64])
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_schedule_is_asked_with_the_steps_taken_before(name, decay):
    """From 0; and the weights decay with the same rate. Keras computes schedules in float32."""
    arguments = (0.125, 60, 0.1)
    options = {"weight_decay": decay}
    if name == "Adam":
        options |= {k: v for k, v in BETAS.items() if k != "learning_rate"}

    def again():
        return (
            getattr(optimizers, name)(schedules.CosineDecay(*arguments), **options),
            getattr(keras.optimizers, name)(keras.optimizers.schedules.CosineDecay(*arguments), **options),
        )

    ours, theirs = again()
    for t, _ in enumerate(follow(ours, theirs, steps=100)):
        assert ours.learning_rate == pytest.approx(float(theirs.learning_rate), rel=1e-5), t
    ours, theirs = again()
    assert largest_errors(ours, theirs, steps=100)[0] < 2e-6
    late, theirs = again()
    late.learning_rate = lambda step: schedules.CosineDecay(*arguments)(step + 1)
    assert largest_errors(late, theirs, steps=100)[0] > 1e-3  # the comparison notices


def test_a_function_is_a_schedule_too():
    asked = []
    optimizer = SGD(lambda step: asked.append(step) or 0.5**step)
    w = np.zeros(1)
    for _ in range(4):
        optimizer.apply([np.ones(1)], [w])
    assert asked == [0, 1, 2, 3]
    assert w == -(1 + 0.5 + 0.25 + 0.125)


def test_the_learning_rate_may_be_changed_at_any_time():
    ours, theirs = both("Adam", BETAS)
    for t, (mine, keras_) in enumerate(follow(ours, theirs, steps=20)):
        for a, b in zip(mine, keras_, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
        ours.learning_rate = theirs.learning_rate = 2.0 ** -(t % 5)


def test_excluded_parameters_do_not_decay():
    ours, theirs = both("AdamW", {**BETAS, "weight_decay": 1 / 64})
    params = start("float64")
    variables = [keras.Variable(w, dtype="float64") for w in params]
    ours.exclude_from_weight_decay(params[1:3])
    theirs.exclude_from_weight_decay(variables[1:3])
    for grads in gradients(10, "float64"):
        ours.apply(grads, params)
        theirs.apply([tf.constant(g) for g in grads], variables)
    for w, v in zip(params, variables, strict=True):
        np.testing.assert_allclose(w, v.numpy(), rtol=1e-12)
    still, zero = start("float64"), [np.zeros(s) for s in SHAPES]
    optimizer = AdamW(weight_decay=0.5)
    optimizer.exclude_from_weight_decay(still[:1])
    optimizer.apply(zero, still)
    np.testing.assert_array_equal(still[0], start("float64")[0])
    for w, v in zip(still[1:], start("float64")[1:], strict=True):
        np.testing.assert_allclose(w, v * (1 - 0.5 * 0.001), rtol=1e-15)  # once, and by η λ


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("options", [{}, {"clipnorm": 1.0}, {"clipvalue": 1.0}, {"global_clipnorm": 1.0}])
def test_what_is_not_finite_spreads_as_in_keras(options, bad):
    ours, theirs = both("SGD", {**RATE, **options})
    params = [np.ones(3), np.ones(2)]
    variables = [keras.Variable(w, dtype="float64") for w in params]
    grads = [np.array([1.0, bad, -1.0]), np.ones(2)]
    with np.errstate(invalid="ignore"):
        ours.apply(grads, params)
    theirs.apply([tf.constant(g) for g in grads], variables)
    for w, v in zip(params, variables, strict=True):
        np.testing.assert_allclose(w, v.numpy(), rtol=1e-12)


# --- The comparison bites -----------------------------------------------------------------------


class EpsilonAfterCorrection(Adam):
    """The paper's algorithm 1."""

    def update_step(self, g, w, learning_rate, state):
        t, m, v = self.iterations + 1, state["momentums"], state["velocities"]
        m += (1 - self.beta_1) * (g - m)
        v += (1 - self.beta_2) * (g * g - v)
        w -= learning_rate * m / (1 - self.beta_1**t) / (np.sqrt(v / (1 - self.beta_2**t)) + self.epsilon)


class NoCorrection(Adam):
    def update_step(self, g, w, learning_rate, state):
        m, v = state["momentums"], state["velocities"]
        m += (1 - self.beta_1) * (g - m)
        v += (1 - self.beta_2) * (g * g - v)
        w -= learning_rate * m / (np.sqrt(v) + self.epsilon)


class EpsilonOutsideTheRoot(RMSprop):
    def update_step(self, g, w, learning_rate, state):
        v = state["velocities"]
        v *= self.rho
        v += (1 - self.rho) * (g * g)
        w -= learning_rate * g / (np.sqrt(v) + self.epsilon)


class EpsilonOutsideAdagradsRoot(Adagrad):
    def update_step(self, g, w, learning_rate, state):
        state["accumulators"] += g * g
        w -= learning_rate * g / (np.sqrt(state["accumulators"]) + self.epsilon)


class CoupledDecay(Adam):
    """λw in the gradient: ridge regression's penalty, not AdamW."""

    def update_step(self, g, w, learning_rate, state):
        super().update_step(g + w / 64, w, learning_rate, state)


class UpdateFirst(Lion):
    """The mean before the sign."""

    def update_step(self, g, w, learning_rate, state):
        m = state["momentums"]
        m *= self.beta_2
        m += (1 - self.beta_2) * g
        w -= learning_rate * np.sign(self.beta_1 * m + (1 - self.beta_1) * g)


class SlowMu(Nadam):
    """The coefficient counted from 0."""

    def _mu(self, t):
        return super()._mu(t - 1)


SLIPS = {
    "beta_1 1 % off": (Adam(**{**BETAS, "beta_1": 0.99 * 7 / 8}), "Adam", BETAS),
    "beta_2 0.1 % off": (Adam(**{**BETAS, "beta_2": 0.999 * 63 / 64}), "Adam", BETAS),
    "epsilon doubled": (Adam(**{**BETAS, "epsilon": 2.0**-19}), "Adam", BETAS),
    "epsilon after the correction": (EpsilonAfterCorrection(**BETAS), "Adam", BETAS),
    "no bias correction": (NoCorrection(**BETAS), "Adam", BETAS),
    "no amsgrad": (Adam(**BETAS), "Adam", {**BETAS, "amsgrad": True}),
    "decay in the gradient": (CoupledDecay(**BETAS), "Adam", {**BETAS, "weight_decay": 1 / 64}),
    "rho 1 % off": (RMSprop(**{**ROOT, "rho": 0.99 * 7 / 8}), "RMSprop", ROOT),
    "RMSprop's epsilon outside": (EpsilonOutsideTheRoot(**ROOT), "RMSprop", ROOT),
    "not centered": (RMSprop(**ROOT), "RMSprop", {**ROOT, "centered": True}),
    "Adagrad's epsilon outside": (
        EpsilonOutsideAdagradsRoot(**RATE, epsilon=2.0**-20),
        "Adagrad",
        {**RATE, "epsilon": 2.0**-20},
    ),
    "not Nesterov's": (
        SGD(**RATE, momentum=7 / 8),
        "SGD",
        {**RATE, "momentum": 7 / 8, "nesterov": True},
    ),
    "mean before sign": (
        UpdateFirst(**RATE, beta_1=7 / 8, beta_2=63 / 64),
        "Lion",
        {**RATE, "beta_1": 7 / 8, "beta_2": 63 / 64},
    ),
    "mu counted from 0": (SlowMu(**BETAS), "Nadam", BETAS),
    "each norm for all": (SGD(**RATE, clipnorm=1 / 2), "SGD", {**RATE, "global_clipnorm": 1 / 2}),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_the_comparison_notices(slip):
    ours, name, options = SLIPS[slip]
    theirs = getattr(keras.optimizers, name)(**options)
    of_params, _ = largest_errors(ours, theirs, steps=60)
    assert of_params > 10 * (2e-6 if name == "Nadam" else 1e-13)
    assert of_params > 1e-3 or "epsilon" in slip  # ε is 1e-6: only the exact comparison can see it


# --- Arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_those_of_keras(name):
    mine, keras_ = (
        list(inspect.signature(getattr(m, name)).parameters.values()) for m in (optimizers, keras.optimizers)
    )
    assert {p.name for p in keras_} - {p.name for p in mine} == {
        "use_ema",
        "ema_momentum",
        "ema_overwrite_frequency",
        "loss_scale_factor",
        "gradient_accumulation_steps",
        "name",
        "kwargs",
    }
    shared = [(p.name, p.default) for p in keras_][: len(mine)]
    assert [(p.name, p.default) for p in mine] == shared


def test_all_are_compared_with_keras():
    classes = {n for n in optimizers.__all__ if inspect.isclass(getattr(optimizers, n))}
    assert classes == {*NAMES, "Optimizer"} == {name for name, _ in EXACT} | {"Optimizer"}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("SGD", {"learning_rate": 0}, "expected learning_rate to be positive, received 0."),
        ("SGD", {"learning_rate": np.nan}, "expected learning_rate to be positive, received nan."),
        ("SGD", {"learning_rate": "0.1"}, "expected learning_rate to be positive, received '0.1'."),
        ("SGD", {"momentum": 1.1}, "expected momentum to be in [0, 1], received 1.1."),
        ("SGD", {"weight_decay": -1}, "expected weight_decay to be at least 0, received -1."),
        ("SGD", {"clipnorm": 0.0}, "expected clipnorm to be positive, received 0.0."),
        ("Adam", {"clipvalue": -1.0}, "expected clipvalue to be positive, received -1.0."),
        ("Adam", {"global_clipnorm": np.inf}, "expected global_clipnorm to be positive, received inf."),
        (
            "Adam",
            {"clipnorm": 1.0, "clipvalue": 2.0},
            "expected one kind of clipping, received {'clipnorm': 1.0, 'clipvalue': 2.0}.",
        ),
        ("Adam", {"beta_1": 1.0}, "expected beta_1 to be in [0, 1), received 1.0."),
        ("Adam", {"beta_2": -0.1}, "expected beta_2 to be in [0, 1), received -0.1."),
        ("Adam", {"epsilon": -1e-7}, "expected epsilon to be at least 0, received -1e-07."),
        ("AdamW", {"weight_decay": None}, "expected weight_decay to be at least 0, received None."),
        ("Nadam", {"beta_1": 1}, "expected beta_1 to be in [0, 1), received 1."),
        ("Lion", {"beta_1": 0.0}, "expected beta_1 to be in (0, 1], received 0.0."),
        ("Lion", {"beta_2": 2.0}, "expected beta_2 to be in [0, 1], received 2.0."),
        ("RMSprop", {"rho": 1.0}, "expected rho to be in [0, 1), received 1.0."),
        (
            "Adagrad",
            {"initial_accumulator_value": -1},
            "expected initial_accumulator_value to be at least 0, received -1.",
        ),
    ],
)
def test_bad_arguments_are_refused(name, options, message):
    with pytest.raises(ValueError, match=re.escape(f"{name}: {message}")):
        getattr(optimizers, name)(**options)


# --- In place, in their dtype -------------------------------------------------------------------

ALL = [*EXACT, *DEFAULTS]
SLOTS = {"SGD": 0, "Adagrad": 1, "RMSprop": 1, "Adam": 2, "AdamW": 2, "Nadam": 2, "Lion": 1}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(("name", "options"), ALL)
def test_arrays_stay_the_same_objects_of_the_same_dtype(name, options, dtype):
    optimizer = getattr(optimizers, name)(**options)
    params = start(dtype)
    objects = list(params)
    assert optimizer.state == {}
    kept = None
    for grads in gradients(3, dtype):
        copies = [g.copy() for g in grads]
        for g in grads:
            g.flags.writeable = False
        optimizer.apply(grads, params)
        for g, copy in zip(grads, copies, strict=True):
            np.testing.assert_array_equal(g, copy)
        arrays = [a for slot in optimizer.state.values() for a in slot]
        assert kept is None or all(a is b for a, b in zip(arrays, kept, strict=True))
        kept = arrays
    assert all(w is o and w.dtype == dtype for w, o in zip(params, objects, strict=True))
    slots = SLOTS[name] + ("momentum" in options) + bool(options.get("centered") or options.get("amsgrad"))
    assert len(optimizer.state) == slots
    for slot in optimizer.state.values():
        assert [(a.shape, a.dtype) for a in slot] == [(w.shape, np.dtype(dtype)) for w in params]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(kept) for b in kept[:i])


@pytest.mark.parametrize(("name", "options"), ALL)
def test_blocks_change_nothing(name, options, monkeypatch):
    """Large arrays are updated a part at a time: the same numbers, bit for bit, in every memory layout."""
    results = []
    for block, order in [(1 << 14, "C"), (1, "C"), (4, "C"), (4, "F")]:
        monkeypatch.setattr(optimizers, "BLOCK", block)
        optimizer = getattr(optimizers, name)(**options)
        params = [np.array(w, order=order) for w in start("float32")]
        for grads in gradients(5, "float32"):
            optimizer.apply([np.asarray(g, order=order) for g in grads], params)
        results.append(params)
    for other in results[1:]:
        for w, v in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(w, v)


def test_a_large_array_and_a_view_of_one():
    ours, theirs = both("Adam", BETAS)
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(300, 130))
    w = whole[::2]  # not in one piece
    assert w.size > optimizers.BLOCK
    variable = keras.Variable(w, dtype="float64")
    for _ in range(3):
        g = rng.normal(size=w.shape)
        ours.apply([g], [w])
        theirs.apply([tf.constant(g)], [variable])
    np.testing.assert_allclose(whole[::2], variable.numpy(), rtol=1e-12)
    np.testing.assert_array_equal(whole[1::2], np.random.default_rng(0).normal(size=(300, 130))[1::2])


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_may_be_made_of_the_parameters_themselves(name):
    """For w₁ᵀw₂ + ½‖w₃‖² it is the list [w₂, w₁, w₃]; and the decay comes before the update."""
    results = []
    for copies in (True, False):
        a, b = np.array([1.0, 2.0]), np.array([-3.0, 0.5])
        c = np.array([1.0, 2.0, 3.0])
        optimizer = getattr(optimizers, name)(learning_rate=0.1, weight_decay=0.5)
        for _ in range(3):
            grads = [b, a, c[::-1]]
            optimizer.apply([g.copy() for g in grads] if copies else grads, [a, b, c])
        results.append(np.concatenate([a, b, c]))
    np.testing.assert_array_equal(*results)


def test_gradients_are_taken_in_the_dtype_of_the_parameters():
    """As in Keras: here the float64 gradient is rounded first. Lists and integers will do too."""
    g = np.full(3, 1 / 3)
    one, two = np.ones(3, "float32"), np.ones(3, "float32")
    Adam().apply([g], [one])
    Adam().apply([g.astype("float32")], [two])
    np.testing.assert_array_equal(one, two)
    SGD(0.5).apply([[1, 2, 3]], [one := np.zeros(3)])
    np.testing.assert_array_equal(one, [-0.5, -1, -1.5])


def test_nothing_to_do():
    optimizer = Adam()
    optimizer.apply([], [])  # no step, as in Keras
    assert optimizer.iterations == 0
    empty = np.zeros((0, 3))
    optimizer.apply([empty], [empty])
    assert optimizer.iterations == 1


# --- Refused ------------------------------------------------------------------------------------


def assert_refused(optimizer, grads, params, message):
    """With nothing changed: no parameter, nothing remembered, no step counted."""
    before = [np.array(w) for w in params]
    state = {name: [a.copy() for a in slot] for name, slot in optimizer.state.items()}
    rest = {k: v for k, v in vars(optimizer).items() if k != "state"}
    with pytest.raises(ValueError, match=re.escape(message)):
        optimizer.apply(grads, params)
    for w, v in zip(params, before, strict=True):
        np.testing.assert_array_equal(w, v)
    assert rest == {k: v for k, v in vars(optimizer).items() if k != "state"}
    assert optimizer.state.keys() == state.keys()
    for name, slot in state.items():
        for a, b in zip(slot, optimizer.state[name], strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("steps_before", [0, 2])
@pytest.mark.parametrize("name", NAMES)
def test_gradients_that_do_not_fit_are_refused(name, steps_before):
    optimizer = getattr(optimizers, name)(weight_decay=0.1, clipnorm=1.0)
    params, good = [np.ones(2), np.ones(3)], [np.ones(2), np.ones(3)]
    for _ in range(steps_before):
        optimizer.apply(good, params)
    for second, message in [
        (np.ones((1, 3)), "expected gradient 1 of shape (3,), received shape (1, 3)."),
        (1.0, "expected gradient 1 of shape (3,), received shape ()."),
        (None, "expected gradient 1 of shape (3,), received shape ()."),
        (np.ones(3, complex), "expected real numbers in gradient 1, received dtype complex128."),
        (np.array(["a", "b", "c"]), "expected real numbers in gradient 1, received dtype <U1."),
    ]:
        assert_refused(optimizer, [np.ones(2), second], params, f"{name}: {message}")
    assert_refused(optimizer, good[:1], params, f"{name}: expected 2 gradients, received 1.")


@pytest.mark.parametrize("name", NAMES)
def test_parameters_that_cannot_be_changed_are_refused(name):
    frozen = np.ones(3)
    frozen.flags.writeable = False
    for w, kind in [(np.ones(3, int), "int64"), ([1.0, 1.0, 1.0], "list"), (frozen, "float64")]:
        message = f"{name}: expected parameter 1 as a writeable float array, received {kind}."
        optimizer = getattr(optimizers, name)()
        assert_refused(optimizer, [np.ones(2), np.ones(3)], [np.ones(2), w], message)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "SGD"])
def test_other_parameters_than_at_the_first_step_are_refused(name):
    optimizer = getattr(optimizers, name)()
    first = [np.ones(2), np.ones(3)]
    optimizer.apply(first, [w.copy() for w in first])
    for others in (first[:1], first[::-1], [w.astype("float32") for w in first], []):
        message = (
            f"{name}: expected parameters like those of the first step, "
            f"[((2,), 'float64'), ((3,), 'float64')], received {[(w.shape, w.dtype.name) for w in others]}."
        )
        assert_refused(optimizer, others, [w.copy() for w in others], message)
    optimizer.apply(first, [w.copy() for w in first])  # and goes on


# --- Clipping -----------------------------------------------------------------------------------


def test_clipping_equals_tensorflows():
    for grads in gradients(20, "float64"):
        for c in (0.01, 1.0, 100.0):
            for g in grads:
                np.testing.assert_allclose(optimizers.clip_by_norm(g, c), tf.clip_by_norm(g, c), rtol=1e-12)
            clipped, norm = optimizers.clip_by_global_norm(grads, c)
            expected, expected_norm = tf.clip_by_global_norm([tf.constant(g) for g in grads], c)
            assert norm == pytest.approx(float(expected_norm), rel=1e-12)
            for g, h in zip(clipped, expected, strict=True):
                np.testing.assert_allclose(g, h, rtol=1e-12)


def test_clipping_keeps_directions_short_gradients_and_dtypes():
    g, h = np.float32([3, 4]), np.float32([12])
    np.testing.assert_array_equal(optimizers.clip_by_norm(g, 5.0), g)
    clipped, norm = optimizers.clip_by_global_norm([g, h], 6.5)
    assert norm == 13
    np.testing.assert_allclose(np.concatenate(clipped), np.concatenate([g, h]) / 2)
    assert {a.dtype.name for a in (*clipped, optimizers.clip_by_norm(g, 1.0))} == {"float32"}
    with np.errstate(all="raise"):  # zeros are no division by 0
        np.testing.assert_array_equal(optimizers.clip_by_norm(0 * g, 1.0), 0)
        np.testing.assert_array_equal(optimizers.clip_by_global_norm([0 * g], 1.0)[0][0], 0)
    assert optimizers.clip_by_global_norm([], 1.0) == ([], 0.0)
    for function, value in [(optimizers.clip_by_norm, g), (optimizers.clip_by_global_norm, [g])]:
        with pytest.raises(ValueError, match="expected clip_norm to be positive, received 0"):
            function(value, 0)


# --- What the chapter says ----------------------------------------------------------------------


def test_adams_first_step_has_the_length_eta_whatever_the_gradient():
    for size in (1e-3, 1.0, 1e3):
        for cls in (Adam, AdamW):
            w = np.zeros(3)
            cls(learning_rate=0.1, epsilon=0.0).apply([size * np.array([1.0, -2.0, 3.0])], [w])
            np.testing.assert_allclose(w, [-0.1, 0.1, -0.1], rtol=1e-12)


def test_kerass_epsilon_is_32_times_the_papers_at_the_first_step():
    """ε = ε̂ / √(1 − β₂): with |g| = ε the paper's step is η/2, and so is Keras's with 1/32 of that ε̂."""
    w = np.zeros(1)
    Adam(learning_rate=1.0, epsilon=math.sqrt(0.001) * 1e-3).apply([np.array([1e-3])], [w])
    assert w == pytest.approx(-0.5)
    assert 1 / math.sqrt(0.001) == pytest.approx(31.6, abs=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_each_goes_down_a_bowl(name):
    scale = np.array([1.0, 25.0])
    w = np.array([3.0, -2.0])
    optimizer = getattr(optimizers, name)(learning_rate=0.02)
    for _ in range(400):
        optimizer.apply([scale * w], [w])
    assert np.sum(scale * w * w) < 0.9 * np.sum(scale * np.array([3.0, -2.0]) ** 2)
