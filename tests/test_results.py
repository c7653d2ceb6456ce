"""Recorded experiments: complete, readable, true again when run again, and able to be contradicted."""

import json
import platform
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from dlbook_utils.pretrained import WEIGHTS
from dlbook_utils.results import assert_within_spread, known_results, load_result, save_result
from tools.notebooks import ROOT

ROWS = [
    {"width": 1, "kind": "thin", "score": np.array([0.5, 0.25, 0.125])},
    {"width": np.int64(2), "kind": "wide", "score": (0.75, np.float32(0.5), 1)},
]
SEEDS = range(3)
MORE = {"about": "A score.", "settings": {"steps": np.int64(3), "rates": (0.1, 0.2)}}
SPREAD = [0.70, 0.72, 0.74, 0.75, 0.80]  # range 0.1, widened: 0.6 to 0.9


# --- Round trip -----------------------------------------------------------------------------------


def test_what_is_saved_is_loaded(tmp_path):
    path = save_result("a_score", ROWS, SEEDS, packages=["matplotlib"], folder=tmp_path / "new", **MORE)
    assert path == tmp_path / "new" / "a_score.json"
    record = load_result("a_score", tmp_path / "new")
    assert (record.name, record.about, record.script) == ("a_score", "A score.", "experiments/a_score.py")
    assert record.date == date.today().isoformat()
    assert record.versions["python"] == platform.python_version()
    assert record.versions["numpy"] == np.__version__
    assert set(record.versions) == {"python", "numpy", "dlbook_utils", "matplotlib"}
    assert record.settings == {"steps": 3, "rates": [0.1, 0.2]}
    assert record.seeds == [0, 1, 2]
    assert record.rows[0] == {"width": 1, "kind": "thin", "score": [0.5, 0.25, 0.125]}
    assert record.row(width=2) == record.rows[1] == record.row(kind="wide", width=2)
    np.testing.assert_array_equal(record.column("width"), [1, 2])
    np.testing.assert_array_equal(record.column("score"), [[0.5, 0.25, 0.125], [0.75, 0.5, 1]])
    with pytest.raises(ValueError, match="expected one of the entries width, kind, score, received 'depth'"):
        record.column("depth")
    for condition, number in (({"width": 3}, 0), ({}, 2)):
        with pytest.raises(ValueError, match=f"fits {number}"):
            record.row(**condition)


def test_the_file_is_readable_and_the_values_of_a_row_are_one_line(tmp_path):
    lines = save_result("a_score", ROWS, SEEDS, folder=tmp_path, **MORE).read_text("utf-8").splitlines()
    assert '      "score": [0.5, 0.25, 0.125]' in lines
    assert '  "seeds": [0, 1, 2],' in lines


def changed(row: int, **entries) -> list:
    return [{**old, **(entries if i == row else {})} for i, old in enumerate(ROWS)]


BAD = [
    ({"name": "A/b"}, "lower case"),
    ({"rows": []}, "not empty"),
    ({"rows": [{"width": 1}]}, "list of measured values"),
    ({"rows": [ROWS[0], {"width": 1, "score": [1, 2, 3]}]}, "same entries"),
    ({"rows": changed(1, score=0.5)}, "same entries"),
    ({"rows": changed(1, score=[0.5, 0.5])}, "row 1 has 2 values of score for 3 seeds"),
    ({"rows": changed(0, score=[0.5, 0.5, np.nan])}, "row 0 has a value of score that is no finite number"),
    ({"rows": changed(0, score=[0.5, 0.5, None])}, "no finite number"),
    ({"rows": changed(0, width=None)}, "None as width"),
    ({"seeds": [0, 1, 1]}, "different"),
    ({"seeds": [0, 1, 2.5]}, "whole numbers"),
    ({"seeds": []}, "at least one"),
    ({"about": ""}, "about"),
    ({"settings": [1]}, "dictionaries"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_what_is_no_record_is_refused(tmp_path, change, message):
    arguments = {"name": "a_score", "rows": ROWS, "seeds": SEEDS, **MORE, **change}
    with pytest.raises(ValueError, match=message):
        save_result(folder=tmp_path, **arguments)
    assert not list(tmp_path.iterdir())


# --- Damaged and unknown --------------------------------------------------------------------------


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match=r"received 'nothing'. Known results: .*template_learning_curve"):
        load_result("nothing")
    with pytest.raises(ValueError, match=r"Known results: none\."):
        load_result("../mnist", tmp_path)


def without(key: str):
    return lambda record: record.pop(key)


DAMAGE = [
    (lambda record: record["rows"][0]["score"].pop(), "row 0 has 2 values of score"),
    (without("seeds"), "expected the entries"),
    (without("date"), "expected the entries"),
    (lambda record: record["versions"].pop("numpy"), "versions of numpy"),
    (lambda record: record.update(name="another"), "calls itself 'another'"),
    (lambda record: record.update(extra=1), "expected the entries"),
    (lambda record: record.update(rows={}), "rows"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE)
def test_a_damaged_record_is_refused(tmp_path, damage, message):
    path = save_result("a_score", ROWS, SEEDS, folder=tmp_path, **MORE)
    record = json.loads(path.read_text("utf-8"))
    damage(record)
    path.write_text(json.dumps(record), "utf-8")
    with pytest.raises(ValueError, match=rf"a_score\.json is damaged \(.*{message}.*Known results: a_score"):
        load_result("a_score", tmp_path)


def test_a_file_that_was_cut_off_is_refused(tmp_path):
    path = save_result("a_score", ROWS, SEEDS, folder=tmp_path, **MORE)
    path.write_text(path.read_text("utf-8")[:-9], "utf-8")
    with pytest.raises(ValueError, match=r"damaged \(not JSON.*Known results: a_score"):
        load_result("a_score", tmp_path)


# --- The spread -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.6001, 0.7, 0.75, 0.8999, np.float32(0.72), np.array(0.72)])
def test_a_value_within_the_widened_spread_passes(value):
    assert_within_spread(value, SPREAD)
    assert_within_spread(value, np.array(SPREAD))


@pytest.mark.parametrize("value", [0.5999, 0.9001, 0, 1, -0.75])
def test_a_value_outside_fails_and_is_named(value):
    with pytest.raises(AssertionError, match=rf"^{value:.6g} is outside 0\.6 to 0\.9: 5 recorded values"):
        assert_within_spread(value, SPREAD)


def test_the_same_seed_must_give_the_same_value():
    assert_within_spread(0.72, SPREAD, same_seed=0.72)
    assert_within_spread(0.7205, SPREAD, same_seed=0.72)
    for value in (0.7215, 0.7185, 0.74):  # each of them within the spread
        with pytest.raises(AssertionError, match=r"is not the 0\.72 recorded for the same seed"):
            assert_within_spread(value, SPREAD, same_seed=0.72)
    with pytest.raises(AssertionError):
        assert_within_spread(0.7205, SPREAD, same_seed=0.72, rtol=0)


@pytest.mark.parametrize(
    ("value", "recorded", "options"),
    [
        (np.nan, SPREAD, {}),
        (np.inf, SPREAD, {}),
        ([0.7], SPREAD, {}),
        (True, SPREAD, {}),
        ("0.7", SPREAD, {}),
        (None, SPREAD, {}),
        (0.7, SPREAD[:4], {}),
        (0.7, [], {}),
        (0.7, [SPREAD], {}),
        (0.7, [*SPREAD, np.nan], {}),
        (0.7, [0.7] * 5, {}),  # no spread
        (0.7, SPREAD, {"same_seed": 0.71}),  # not recorded
        (0.7, SPREAD, {"same_seed": np.nan}),
        (0.7, SPREAD, {"same_seed": 0.7, "rtol": 0.5}),
        (0.7, SPREAD, {"same_seed": 0.7, "rtol": -1}),
    ],
)
def test_a_check_that_would_mean_nothing_is_refused(value, recorded, options):
    with pytest.raises(ValueError, match=r"expected|no spread"):
        assert_within_spread(value, recorded, **options)


# --- The records that ship ------------------------------------------------------------------------


def test_every_experiment_has_its_record_or_its_weights_and_the_other_way_round():
    scripts = {path.stem for path in (ROOT / "experiments").glob("*.py")}
    assert set(known_results()) | set(WEIGHTS) == scripts
    assert not set(known_results()) & set(WEIGHTS)
    assert "template_learning_curve" in known_results()


@pytest.mark.parametrize("name", known_results())
def test_a_record_is_complete_and_names_no_machine(name):
    record = load_result(name)
    assert (ROOT / record.script).is_file()
    date.fromisoformat(record.date)
    assert len(record.seeds) >= 5
    text = (ROOT / "dlbook_utils" / "data" / "results" / f"{name}.json").read_text("utf-8")
    for path in (str(ROOT), str(Path.home())):
        assert len(path) < 2 or path not in text
    assert not re.search(r'"(/|[A-Z]:\\|~)', text)


def test_the_learning_curve_can_be_contradicted_and_holds_when_it_is_run_again():
    from experiments import template_learning_curve as script

    record = load_result(script.NAME)
    assert tuple(record.column("images_per_digit")) == script.IMAGES_PER_DIGIT
    assert record.seeds == list(script.SEEDS)
    assert len(record.seeds) == 20
    accuracies = record.column("accuracy")
    assert accuracies.shape == (9, 20)
    assert (np.diff(np.median(accuracies, axis=1)) > 0).all()
    for row in record.rows[1:]:  # guessing is outside; with one image of each digit it is not
        with pytest.raises(AssertionError):
            assert_within_spread(0.1, row["accuracy"])
    row = record.row(images_per_digit=10)
    for seed in (0, 17):
        recorded = row["accuracy"][record.seeds.index(seed)]
        assert_within_spread(script.accuracy(10, seed), row["accuracy"], same_seed=recorded)
    assert_within_spread(script.accuracy(10, seed=20), row["accuracy"])
    for planted in (script.accuracy(1, seed=0), script.accuracy(1000, seed=0)):  # other rows
        with pytest.raises(AssertionError):
            assert_within_spread(planted, row["accuracy"])


def test_the_deep_remedies_hold_when_one_seed_is_run_again():
    from experiments import deep_remedies as script

    record = load_result(script.NAME)
    assert record.seeds == list(script.SEEDS)
    assert record.column("accuracy").shape == (2 * 9 * 5, 5)
    for depth, kind, rate in ((10, "residual, layer norm", 0.01), (30, "tanh, orthogonal", 0.01)):
        row = record.row(depth=depth, network=kind, learning_rate=rate)
        recorded = row["accuracy"][record.seeds.index(2)]
        live = script.trained_accuracy(kind, depth, rate, 2)
        assert_within_spread(live, row["accuracy"], same_seed=recorded, rtol=0.01)
        plain = record.row(depth=depth, network="Glorot", learning_rate=rate)["accuracy"]
        with pytest.raises(AssertionError):
            assert_within_spread(np.median(plain), row["accuracy"])


def test_batch_and_rate_holds_when_one_seed_is_run_again():
    from experiments import batch_and_rate as script

    record = load_result(script.NAME)
    assert record.seeds == list(script.SEEDS)
    assert [(row["batch"], row["rate"]) for row in record.rows] == [
        (batch, 2.0**exponent) for batch, exponents in script.RATES.items() for exponent in exponents
    ]
    for batch, rate in ((64, 1 / 32), (256, 1 / 4)):
        row = record.row(batch=batch, rate=rate)
        loss, steps = script.train(batch, rate, seed=2)
        at = record.seeds.index(2)
        assert_within_spread(loss, row["loss"], same_seed=row["loss"][at], rtol=0.01)
        assert steps == pytest.approx(row["steps"][at], rel=0.06)  # it is looked for every 5 %
        slower = record.row(batch=batch, rate=rate / 2)
        with pytest.raises(AssertionError):
            assert_within_spread(np.median(slower["loss"]), row["loss"])


def test_adaptive_methods_hold_when_one_seed_is_run_again():
    from experiments import adaptive_methods as script

    record = load_result(script.NAME)
    assert record.seeds == list(script.SEEDS)
    assert [(row["problem"], row["method"], row["rate"]) for row in record.rows] == [
        (problem, method, float(f"{10 ** (k / 2):.1g}"))
        for problem in script.PROBLEMS
        for method, (first, last) in script.GRIDS.items()
        for k in range(first, last + 1)
    ]
    at = record.seeds.index(2)
    for problem, method, rate in (("small", "momentum", 0.01), ("units", "Adam", 0.001)):
        row = record.row(problem=problem, method=method, rate=rate)
        chosen, judged, share = script.trained(problem, script.METHODS[method](rate), seed=2)
        assert_within_spread(judged, row["loss"], same_seed=row["loss"][at], rtol=0.01)
        assert chosen == pytest.approx(row["choosing_loss"][at], rel=0.01)
        assert share == pytest.approx(row["accuracy"][at], abs=0.005)
        rows = [r for r in record.rows if (r["problem"], r["method"]) == (problem, method)]
        slowest = min(rows, key=lambda r: r["rate"])
        with pytest.raises(AssertionError):
            assert_within_spread(np.median(slowest["loss"]), row["loss"])


def test_double_descent_holds_when_one_seed_is_run_again():
    from experiments import double_descent as script

    record = load_result(script.NAME)
    assert record.seeds == list(script.SEEDS)
    assert [(row["features"], row["ridge"]) for row in record.rows] == [
        (features, ridge) for features in script.FEATURES for ridge in (0.0, script.RIDGE)
    ]
    y_val = script.data()[3]
    for features in (150, 1200):
        for ridge, (outputs, norm, smallest) in zip(
            (0.0, script.RIDGE), script.fits(features, 2), strict=True
        ):
            row = record.row(features=features, ridge=ridge)
            live = {"error": np.mean(outputs.argmax(axis=1) != y_val), "norm": norm, "smallest": smallest}
            for key, value in live.items():
                assert_within_spread(value, row[key], same_seed=row[key][record.seeds.index(2)], rtol=0.01)
    peak = record.row(features=script.TRAINING, ridge=0.0)["error"]
    with pytest.raises(AssertionError):
        assert_within_spread(np.median(peak), record.row(features=150, ridge=0.0)["error"])


def test_regularization_holds_when_one_seed_is_run_again():
    from experiments import regularization as script

    record = load_result(script.NAME)
    assert record.seeds == list(script.SEEDS)
    assert record.settings["tuning_seeds"] == list(script.TUNING_SEEDS)
    assert record.column("test_accuracy").shape == (17, 5)
    row, plain = record.row(method="step decay"), record.row(method="constant rate")
    setting = {"schedule": "steps", "rate": 0.04}
    live = script.measure(script.train(2, setting)[0], slice(None), test=True)[0]
    at = record.seeds.index(2)
    assert_within_spread(live, row["test_accuracy"], same_seed=row["test_accuracy"][at], rtol=0.01)
    with pytest.raises(AssertionError):
        assert_within_spread(np.median(plain["test_accuracy"]), row["test_accuracy"])


def test_search_budget_holds_when_one_seed_is_run_again():
    from experiments import search_budget as script

    record = load_result(script.NAME)
    assert record.seeds == list(script.SEEDS)
    assert [(row["rate"], row["decay"]) for row in record.rows] == [
        (float(f"{rate:.4g}"), float(f"{decay:.4g}")) for rate in script.RATES for decay in script.DECAYS
    ]
    for place in (10, 12):
        rate, decay = script.RATES[place], script.DECAYS[4]
        row = record.rows[12 * place + 4]
        recorded = np.sum([row[f"jury_{k}"] for k in range(script.JURIES)], axis=0)
        live = script.right_answers(script.trained(rate, decay, seed=2)).sum()
        same = recorded[record.seeds.index(2)]
        assert_within_spread(live, recorded, same_seed=same, rtol=0.01)
        slower = record.rows[12 * (place - 4) + 4]
        slower = np.sum([slower[f"jury_{k}"] for k in range(script.JURIES)], axis=0)
        with pytest.raises(AssertionError):
            assert_within_spread(np.median(slower), recorded)


def test_numpy_cnn_holds_when_one_seed_is_run_again():
    from experiments import numpy_cnn as script

    record = load_result(script.NAME)
    assert record.seeds == list(script.SEEDS)
    assert [tuple(row[key] for key in ("ties", "images", "epochs", "rate")) for row in record.rows] == list(
        script.CONDITIONS
    )
    row = record.row(ties="first", images=10_000)
    live = script.measure("first", 10_000, 5, "cosine", seed=2)["test_accuracy"]
    recorded = row["test_accuracy"]
    assert_within_spread(live, recorded, same_seed=recorded[record.seeds.index(2)], rtol=0.01)
    with pytest.raises(AssertionError):
        assert_within_spread(live - 0.01, recorded)


def test_deeper_networks_hold_when_one_seed_is_run_again():
    from experiments import deeper_networks as script

    record = load_result(script.NAME)
    assert record.seeds == list(script.SEEDS)
    assert record.column("test_accuracy").shape == (16, 5)
    row = record.row(network="base", images=script.MANY)
    _, _, X_test, y_test = script.data()
    live = script.right(script.trained(2, row["peak"], script.MANY), X_test, y_test)
    recorded = row["test_accuracy"][record.seeds.index(2)]
    assert_within_spread(live, row["test_accuracy"], same_seed=recorded, rtol=0.01)
    other = record.row(network="all", images=script.MANY)["test_accuracy"]
    with pytest.raises(AssertionError):
        assert_within_spread(np.median(other), row["test_accuracy"])


def test_plain_or_residual_holds_when_one_seed_is_run_again():
    from experiments import plain_or_residual as script

    record = load_result(script.NAME)
    assert record.seeds == list(script.SEEDS)
    assert record.column("test_accuracy").shape == (12, 5)
    row = record.row(network="residual", layers=8, steps=300)
    _, _, X_test, y_test = script.data()
    live = script.right(script.train(8, True, row["peak"], seed=2), X_test, y_test)
    recorded = row["test_accuracy"][record.seeds.index(2)]
    assert_within_spread(live, row["test_accuracy"], same_seed=recorded, rtol=0.01)
    plain = record.row(network="plain", layers=32, steps=300)["test_accuracy"]
    with pytest.raises(AssertionError):
        assert_within_spread(np.median(plain), row["test_accuracy"])


def test_the_small_residual_networks_are_those_of_the_record():
    from experiments import mnist_residual as script

    record = load_result(script.NAME)
    assert record.seeds == list(script.SEEDS)
    assert [row["network"] for row in record.rows] == [recipe.name for recipe in script.RECIPES]
    for recipe, row in zip(script.RECIPES, record.rows, strict=True):
        assert script.network(recipe).count_params() == row["parameters"], recipe
        assert (row["epochs"], row["rate"] in recipe.rates) == (recipe.epochs, True), recipe
    whole = record.row(network="whole")
    assert whole["parameters"] == 21_910
    assert whole["epochs"] == 6
    assert min(whole["test_accuracy"]) >= 0.992


def test_transfer_holds_when_one_seed_is_run_again():
    from experiments import transfer as script

    record = load_result(script.NAME)
    assert record.seeds == list(script.SEEDS)
    assert {row["labels"] for row in record.rows} == {0, *script.LABELS}
    row = record.row(way="digits' maps", labels=100)
    live, _ = script.learn("digits' maps", 100, 2, row["rate"], "test")
    recorded = row["test_accuracy"]
    assert_within_spread(live, recorded, same_seed=recorded[record.seeds.index(2)], rtol=0.01)
    with pytest.raises(AssertionError):
        assert_within_spread(np.median(record.row(way="pixels", labels=100)["test_accuracy"]), recorded)
