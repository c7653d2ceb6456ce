"""Schedules: equal to Keras at every step, exact at their corners, clear about bad arguments."""

import inspect
import os
import re

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest

from dlbook_utils import schedules

SCHEDULES = [
    ("ExponentialDecay", (0.1, 30, 0.9), {}),
    ("ExponentialDecay", (0.1, 32, 0.5), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 30, 0.5), {}),
    ("InverseTimeDecay", (0.1, 32, 0.5), {"staircase": True}),
    ("PiecewiseConstantDecay", ([10, 50, 51], [1.0, 0.5, 0.25, 0.01]), {}),
    ("PiecewiseConstantDecay", ([100], [0.1, 0.01]), {}),
    ("PolynomialDecay", (0.1, 100), {}),
    ("PolynomialDecay", (0.1, 100, 0.01, 0.5), {}),
    ("PolynomialDecay", (0.1, 64, 0.01, 2.0), {"cycle": True}),
    ("CosineDecay", (0.1, 100), {}),
    ("CosineDecay", (0.1, 100, 0.2), {}),
    ("CosineDecay", (0.0, 100), {"warmup_target": 0.1, "warmup_steps": 30}),
    ("CosineDecay", (0.01, 100, 0.1), {"warmup_target": 0.1, "warmup_steps": 1}),
    ("CosineDecay", (0.01, 100, 0.1), {"warmup_target": 0.1}),
    ("CosineDecay", (0.1, 100), {"warmup_target": 0.0, "warmup_steps": 30}),
    ("CosineDecayRestarts", (0.1, 30), {}),
    ("CosineDecayRestarts", (0.1, 32, 1.0), {}),
    ("CosineDecayRestarts", (0.1, 20, 1.5, 0.7, 0.1), {}),
]
KERAS_NAMES = sorted({name for name, *_ in SCHEDULES})
RESTARTS = {(30, 2.0): [30, 90, 210], (32, 1.0): [], (20, 1.5): [20, 50, 95, 162.5, 263.75]}


def ours(name, arguments, options):
    return getattr(schedules, name)(*arguments, **options)


def theirs(name, arguments, options):
    return getattr(keras.optimizers.schedules, name)(*arguments, **options)


@pytest.mark.parametrize(("name", "arguments", "options"), SCHEDULES)
def test_equal_to_keras_at_every_step(name, arguments, options):
    """To float32, in which Keras computes. At the very step of a restart it may be one period behind."""
    steps = [*range(300), 1000, 12_345]
    if name == "CosineDecayRestarts":
        first, t_mul = arguments[1], (*arguments, 2.0)[2]
        steps = [t for t in range(300) if t not in RESTARTS[first, t_mul]]
    mine, keras_ = ours(name, arguments, options), theirs(name, arguments, options)
    expected = [float(keras_(t)) for t in steps]
    np.testing.assert_allclose([mine(t) for t in steps], expected, rtol=2e-5, atol=1e-8)
    one_late = [mine(t + 1) for t in steps]  # the comparison notices a step counted wrongly
    assert not np.allclose(one_late, expected, rtol=2e-5, atol=1e-8)


@pytest.mark.parametrize("name", KERAS_NAMES)
def test_arguments_are_those_of_keras(name):
    """Same defaults; what can be given without a name has the same place. Missing here: name."""
    mine, keras_ = (
        list(inspect.signature(getattr(m, name)).parameters.values())
        for m in (schedules, keras.optimizers.schedules)
    )
    assert {p.name for p in keras_} - {p.name for p in mine} == {"name"}
    assert {(p.name, p.default) for p in mine} <= {(p.name, p.default) for p in keras_}
    positional = [p.name for p in mine if p.kind == p.POSITIONAL_OR_KEYWORD]
    assert positional == [p.name for p in keras_][: len(positional)]


def test_all_are_compared_with_keras_but_one():
    assert set(schedules.__all__) == {*KERAS_NAMES, "LearningRateSchedule", "OneCycle"}
    assert not hasattr(keras.optimizers.schedules, "OneCycle")


def test_a_restart_begins_at_its_step():
    for arguments, restarts in [
        ((0.1, 30), [0, 30, 90, 210, 450]),
        ((0.1, 7, 3.0), [0, 7, 28, 91]),
        ((0.1, 5, 1.0), [0, 5, 10, 500, 10**6]),
    ]:
        schedule = schedules.CosineDecayRestarts(*arguments)
        for t in restarts:
            assert schedule(t) == 0.1
            assert t == 0 or schedule(t - 1) < 0.02


def test_corners():
    decay = schedules.CosineDecay(0.0, 50, warmup_target=0.1, warmup_steps=10)
    assert [decay(t) for t in (0, 10, 60, 61, 10**9)] == [0, 0.1, 0, 0, 0]
    assert schedules.PolynomialDecay(0.1, 50, 0.01)(10**9) == 0.01
    assert schedules.PolynomialDecay(0.1, 50, 0.01, cycle=True)(100) == 0.01  # a cycle ends with its step
    piecewise = schedules.PiecewiseConstantDecay([3, 5], [1, 2, 3])
    assert [piecewise(t) for t in range(8)] == [1, 1, 1, 1, 2, 2, 3, 3]
    with np.errstate(all="raise"):
        assert schedules.ExponentialDecay(0.1, 1, 0.5)(10**6) == 0


def test_one_cycle_goes_up_once_and_down_once():
    cycle = schedules.OneCycle(0.5, total_steps=200)
    rates = np.array([cycle(t) for t in range(301)])
    assert rates[0] == pytest.approx(0.5 / 25)
    assert rates[60] == rates.max() == 0.5
    np.testing.assert_allclose(rates[200:], 0.5 / 25 / 1e4)
    assert (np.diff(rates[:61]) > 0).all()
    assert (np.diff(rates[60:201]) < 0).all()
    assert np.abs(np.diff(rates)).max() < 0.5 * np.pi / 2 / 60  # and never jumps
    assert rates[30] == pytest.approx((0.5 + 0.5 / 25) / 2)  # half of the way at half of the time


@pytest.mark.parametrize(("name", "arguments", "options"), [*SCHEDULES, ("OneCycle", (0.1, 100), {})])
def test_a_rate_is_a_float_and_depends_on_the_step_alone(name, arguments, options):
    schedule = ours(name, arguments, options)
    assert isinstance(schedule, schedules.LearningRateSchedule)
    first = [schedule(t) for t in range(120)]
    assert [schedule(np.int64(t)) for t in reversed(range(120))] == first[::-1]
    assert {type(rate) for rate in first} == {float}
    for wrong in (-1, np.nan, "3", None):
        with pytest.raises(ValueError, match=f"{name}: expected step to be at least 0, received "):
            schedule(wrong)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        (
            "ExponentialDecay",
            (-0.1, 10, 0.5),
            "expected initial_learning_rate to be at least 0, received -0.1",
        ),
        ("ExponentialDecay", ("a", 10, 0.5), "expected initial_learning_rate to be at least 0, received 'a'"),
        ("ExponentialDecay", (0.1, 0, 0.5), "expected decay_steps to be positive, received 0"),
        ("ExponentialDecay", (0.1, 10, 0), "expected decay_rate to be positive, received 0"),
        ("InverseTimeDecay", (0.1, -1, 0.5), "expected decay_steps to be positive, received -1"),
        ("InverseTimeDecay", (0.1, 10, -0.5), "expected decay_rate to be at least 0, received -0.5"),
        ("PolynomialDecay", (0.1, 0), "expected decay_steps to be positive, received 0"),
        ("PolynomialDecay", (0.1, 10, -1), "expected end_learning_rate to be at least 0, received -1"),
        ("PolynomialDecay", (0.1, 10, 0.0, 0.0), "expected power to be positive, received 0.0"),
        ("CosineDecay", (0.1, 0), "expected decay_steps to be positive, received 0"),
        ("CosineDecay", (0.1, 10, -1), "expected alpha to be at least 0, received -1"),
        ("CosineDecayRestarts", (0.1, 0), "expected first_decay_steps to be positive, received 0"),
        ("CosineDecayRestarts", (0.1, 9, 0.5), "expected t_mul to be at least 1, received 0.5"),
        ("CosineDecayRestarts", (0.1, 9, 1, -1), "expected m_mul to be at least 0, received -1"),
        ("OneCycle", (0.1, 0), "expected total_steps to be positive, received 0"),
        ("OneCycle", (0.1, 10, 1.0), "expected pct_start to be in (0, 1), received 1.0"),
        ("OneCycle", (0.1, 10, 0.3, 0.5), "expected div_factor to be at least 1, received 0.5"),
        ("PiecewiseConstantDecay", ([1, 1], [1, 2, 3]), "expected increasing boundaries, received [1, 1]"),
        (
            "PiecewiseConstantDecay",
            ([1, 2], [1, 2]),
            "expected at least one boundary and one more value, received 2 boundaries and 2 values",
        ),
        ("PiecewiseConstantDecay", ([], [1]), "expected at least one boundary"),
        ("PiecewiseConstantDecay", ([1], [1, -2]), "expected values to be at least 0, received -2"),
    ],
)
def test_bad_arguments_are_refused(name, arguments, message):
    with pytest.raises(ValueError, match=re.escape(f"{name}: {message}")):
        ours(name, arguments, {})
