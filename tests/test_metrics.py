"""Metrics: equal to scikit-learn and Keras, right by hand, clear about 0/0, ties, bins and bad input."""

import os
import re
from itertools import pairwise

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn import calibration
from sklearn import metrics as sklearn

from dlbook_utils import metrics, training

AVERAGES = [None, "macro", "micro", "weighted"]
RATIOS = {  # ours: scikit-learn's
    metrics.precision: sklearn.precision_score,
    metrics.recall: sklearn.recall_score,
    metrics.f1_score: sklearn.f1_score,
}
# examples, classes, classes that never occur, classes that are never predicted
CASES = [
    (200, 2, [], []),
    (200, 7, [], []),
    (60, 7, [3], [5]),
    (60, 7, [3, 6], [3, 6]),  # the largest class number is missing, too
    (40, 2, [1], []),
    (40, 2, [], [1]),
    (1, 2, [], []),
    (1, 7, [], []),
]

every_case = pytest.mark.parametrize(("N", "K", "absent", "unpredicted"), CASES)
every_ratio = pytest.mark.parametrize("ratio", RATIOS, ids=lambda f: f.__name__)
every_average = pytest.mark.parametrize("average", AVERAGES)


def labels(N, K, absent=(), unpredicted=(), seed=0):
    """Class numbers, about half of them right unless a class is never predicted."""
    rng = np.random.default_rng(seed)
    y_true = rng.choice(np.setdiff1d(np.arange(K), absent), N)
    allowed = np.setdiff1d(np.arange(K), unpredicted)
    y_pred = np.where((rng.random(N) < 0.5) & np.isin(y_true, allowed), y_true, rng.choice(allowed, N))
    return y_true, y_pred


def scores(N, ties, seed=0):
    """Targets 0 and 1, of both at least one, and scores from 0 to 1 that say something about them."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.append([0, 1], rng.integers(0, 2, N - 2)))
    s = np.clip(0.3 * y + 0.7 * rng.random(N), 0, 1)
    return y, np.round(s, 1) if ties else s


def probabilities(N, K, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(K, 0.5), N)
    return p, np.array([rng.choice(K, p=row) for row in p])


# --- Confusion matrix, precision, recall, F1 ----------------------------------------------------


@every_case
def test_confusion_matrix_equals_scikit_learn_and_tensorflow(N, K, absent, unpredicted):
    y_true, y_pred = labels(N, K, absent, unpredicted)
    matrix = metrics.confusion_matrix(y_true, y_pred, K)
    np.testing.assert_array_equal(matrix, sklearn.confusion_matrix(y_true, y_pred, labels=np.arange(K)))
    np.testing.assert_array_equal(matrix, tf.math.confusion_matrix(y_true, y_pred, K))
    np.testing.assert_array_equal(
        metrics.confusion_matrix(y_true, y_pred), tf.math.confusion_matrix(y_true, y_pred)
    )
    assert matrix.shape == (K, K)
    assert matrix.dtype == np.int64
    assert matrix.sum() == N


def test_confusion_matrix_by_hand():
    matrix = metrics.confusion_matrix([0, 0, 1, 2, 2, 2], [0, 1, 1, 0, 2, 2])
    np.testing.assert_array_equal(matrix, [[1, 1, 0], [0, 1, 0], [1, 0, 2]])
    np.testing.assert_array_equal(metrics.confusion_matrix([0], [0]), [[1]])
    np.testing.assert_array_equal(metrics.confusion_matrix([True, False], [True, True]), [[0, 1], [0, 1]])


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint64"])
def test_small_integers_do_not_overflow(dtype):
    """K · y + ŷ would: MNIST's labels are uint8, and 100 · 99 is more than 255."""
    y_true, y_pred = labels(300, 100)
    matrix = metrics.confusion_matrix(y_true.astype(dtype), y_pred.astype(dtype))
    np.testing.assert_array_equal(matrix, metrics.confusion_matrix(y_true, y_pred))


@pytest.mark.filterwarnings("error")
@every_case
@every_ratio
@every_average
def test_ratios_equal_scikit_learn(ratio, average, N, K, absent, unpredicted):
    y_true, y_pred = labels(N, K, absent, unpredicted)
    ours = ratio(y_true, y_pred, average, K)
    theirs = RATIOS[ratio](y_true, y_pred, average=average, labels=np.arange(K), zero_division=0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-14)
    if average is None:
        assert ours.shape == (K,)
        assert ours.dtype == np.float64
    else:
        assert type(ours) is float


@every_case
def test_ratios_equal_keras(N, K, absent, unpredicted):
    """Also for 0/0. Keras wants one-hot arrays, and counts each class by itself."""
    y_true, y_pred = labels(N, K, absent, unpredicted)
    one_hot = np.eye(K, dtype="float32")[y_true], np.eye(K, dtype="float32")[y_pred]
    for name, ours in (("Precision", metrics.precision), ("Recall", metrics.recall)):
        theirs = [getattr(keras.metrics, name)(class_id=k)(*one_hot) for k in range(K)]
        np.testing.assert_allclose(ours(y_true, y_pred, num_classes=K), theirs, rtol=1e-6)
    for average in AVERAGES:
        theirs = keras.metrics.F1Score(average)(*one_hot)
        np.testing.assert_allclose(metrics.f1_score(y_true, y_pred, average, K), theirs, rtol=1e-5, atol=1e-6)


def test_ratios_by_hand():
    y_true, y_pred = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 0]
    np.testing.assert_allclose(metrics.precision(y_true, y_pred), [2 / 3, 1 / 2, 0])
    np.testing.assert_allclose(metrics.recall(y_true, y_pred), [2 / 3, 1 / 2, 0])
    assert metrics.precision(y_true, y_pred, "macro") == pytest.approx(7 / 18)
    assert metrics.precision(y_true, y_pred, "weighted") == pytest.approx((3 * 2 / 3 + 2 * 1 / 2) / 6)
    np.testing.assert_allclose(metrics.f1_score([0, 0, 0, 1], [0, 1, 1, 1]), [1 / 2, 1 / 2])


def test_zero_by_zero_is_zero_and_lowers_the_macro_average():
    y = [0, 1, 1]  # all right
    for ratio in RATIOS:
        np.testing.assert_array_equal(ratio(y, y, num_classes=3), [1, 1, 0])
        assert ratio(y, y, "macro", 3) == pytest.approx(2 / 3)
        assert ratio(y, y, "macro") == ratio(y, y, "micro", 3) == ratio(y, y, "weighted", 3) == 1
    assert metrics.precision([0, 1], [0, 0])[1] == 0  # never predicted
    assert metrics.recall([0, 0], [0, 1])[1] == 0  # does not occur


@every_case
def test_micro_averages_and_weighted_recall_are_the_accuracy(N, K, absent, unpredicted):
    y_true, y_pred = labels(N, K, absent, unpredicted)
    accuracy = metrics.accuracy(y_true, np.eye(K)[y_pred])
    for ratio in RATIOS:
        assert ratio(y_true, y_pred, "micro") == pytest.approx(accuracy, abs=1e-14)
    assert metrics.recall(y_true, y_pred, "weighted") == pytest.approx(accuracy, abs=1e-14)


def test_f1_is_the_harmonic_mean():
    y_true, y_pred = labels(300, 7)
    p, r = metrics.precision(y_true, y_pred), metrics.recall(y_true, y_pred)
    np.testing.assert_allclose(metrics.f1_score(y_true, y_pred), 2 / (1 / p + 1 / r))


# --- Accuracy -----------------------------------------------------------------------------------


def test_there_is_one_accuracy():
    assert metrics.accuracy is training.accuracy


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("N", "K"), [(200, 2), (200, 7), (1, 7), (1, 1)])
def test_top_k_accuracy_equals_keras(N, K, ties):
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.integers(0, K, N), rng.normal(size=(N, K)).astype("float32")
    if ties:
        y_pred = np.round(y_pred)
    for k in range(1, K + 1):
        theirs = keras.metrics.sparse_top_k_categorical_accuracy(y_true, y_pred, k=k)
        assert metrics.top_k_accuracy(y_true, y_pred, k) == pytest.approx(np.mean(theirs), abs=1e-6)
        if not ties and k < K > 2:
            theirs = sklearn.top_k_accuracy_score(y_true, y_pred, k=k, labels=np.arange(K))
            assert metrics.top_k_accuracy(y_true, y_pred, k) == pytest.approx(theirs)
    assert metrics.top_k_accuracy(y_true, y_pred, K) == 1
    if not ties:
        assert metrics.top_k_accuracy(y_true, y_pred, 1) == metrics.accuracy(y_true, y_pred)


def test_top_k_accuracy_by_hand():
    y_pred = [[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], [0.4, 0.4, 0.2]]
    y_true = [1, 0, 1]
    assert metrics.top_k_accuracy(y_true, y_pred, 1) == pytest.approx(2 / 3)  # the tie counts
    assert metrics.accuracy(np.array(y_true), np.array(y_pred)) == pytest.approx(1 / 3)  # here it does not
    assert metrics.top_k_accuracy(y_true, y_pred, 2) == 1
    assert metrics.top_k_accuracy([3, 0], np.zeros((2, 10))) == 1  # k = 5, and all scores equal


# --- ROC ----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("N", [2, 3, 10, 500])
def test_roc_equals_scikit_learn(N, ties):
    for seed in range(10):
        y, s = scores(N, ties, seed)
        for ours, theirs in zip(
            metrics.roc_curve(y, s), sklearn.roc_curve(y, s, drop_intermediate=False), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-14)
            assert ours.dtype == np.float64
        assert metrics.roc_auc(y, s) == pytest.approx(sklearn.roc_auc_score(y, s), abs=1e-14)


@pytest.mark.parametrize("N", [2, 10, 500])
def test_roc_auc_equals_keras_with_a_threshold_between_all_scores(N):
    y, s = scores(N, ties=True)
    theirs = keras.metrics.AUC(thresholds=np.arange(0.05, 1, 0.1).tolist())
    assert metrics.roc_auc(y, s) == pytest.approx(float(theirs(y, s)), abs=1e-6)


@pytest.mark.parametrize("ties", [False, True])
def test_roc_auc_is_the_probability_of_mann_and_whitney(ties):
    """The definition: all pairs of a positive and a negative example."""
    for seed in range(10):
        y, s = scores(80, ties, seed)
        difference = s[y == 1][:, None] - s[y == 0]
        pairs = np.mean((difference > 0) + 0.5 * (difference == 0))
        assert metrics.roc_auc(y, s) == pytest.approx(pairs, abs=1e-14)


def test_roc_by_hand():
    false_positive, true_positive, thresholds = metrics.roc_curve([0, 1, 0, 1, 1], [0.2, 0.5, 0.5, 0.9, 0.5])
    np.testing.assert_array_equal(thresholds, [np.inf, 0.9, 0.5, 0.2])
    np.testing.assert_allclose(false_positive, [0, 0, 1 / 2, 1])
    np.testing.assert_allclose(true_positive, [0, 1 / 3, 1, 1])
    assert metrics.roc_auc([0, 1, 0, 1, 1], [0.2, 0.5, 0.5, 0.9, 0.5]) == pytest.approx((4 + 0.5 * 2) / 6)
    assert metrics.roc_auc([0, 1], [0.1, 0.2]) == 1
    assert metrics.roc_auc([0, 1], [0.2, 0.1]) == 0
    assert metrics.roc_auc([0, 1, 1], [7, 7, 7]) == 0.5


@pytest.mark.parametrize("ties", [False, True])
def test_roc_auc_counts_the_order_alone(ties):
    y, s = scores(200, ties)
    auc = metrics.roc_auc(y, s)
    assert metrics.roc_auc(y, np.exp(3 * s) - 5) == pytest.approx(auc, abs=1e-14)
    assert metrics.roc_auc(y, -s) == pytest.approx(1 - auc, abs=1e-14)
    assert metrics.roc_auc(1 - y, s) == pytest.approx(1 - auc, abs=1e-14)
    assert metrics.roc_auc(y == 1, s.astype("float32")) == pytest.approx(auc, abs=1e-14)
    assert metrics.roc_auc(np.append(y, y[y == 1]), np.append(s, s[y == 1])) == pytest.approx(auc, abs=1e-14)


# --- Perplexity ---------------------------------------------------------------------------------


def test_perplexity():
    assert metrics.perplexity(0) == 1
    assert metrics.perplexity(np.log(27)) == pytest.approx(27)
    assert metrics.perplexity(np.inf) == metrics.perplexity(np.float32(1000)) == np.inf
    assert type(metrics.perplexity(np.float32(1))) is float
    p, y = probabilities(50, 7)
    loss = float(keras.losses.SparseCategoricalCrossentropy()(y, p))
    assert metrics.perplexity(loss) == pytest.approx(np.prod(p[np.arange(50), y] ** (-1 / 50)), rel=1e-5)


# --- Probabilities ------------------------------------------------------------------------------


def naive_reliability(confidence, happened, bins):
    """By the definition: which examples lie in ((m − 1)/M, m/M]?"""
    edges = np.linspace(0, 1, bins + 1)
    for low, high in pairwise(edges):
        inside = (low < confidence) & (confidence <= high) | ((low == 0) & (confidence == 0))
        n = np.count_nonzero(inside)
        yield (confidence[inside].mean(), happened[inside].mean(), n) if n else (np.nan, np.nan, 0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bins", [1, 2, 10, 15, 40])
@pytest.mark.parametrize(("N", "K"), [(300, 2), (300, 7), (20, 7), (1, 2)])
def test_reliability_equals_the_definition(N, K, bins):
    p, y = probabilities(N, K)
    p[0] = np.eye(K)[0]  # certain
    for argument, target, confidence, happened in [
        (p, y, p.max(axis=1), p.argmax(axis=1) == y),
        (p[:, 1], y == 1, p[:, 1], y == 1),
        (np.round(p[:, 1], 1), y == 1, np.round(p[:, 1], 1), y == 1),  # on the edges
    ]:
        expected = np.array(list(naive_reliability(confidence, happened, bins))).T
        for ours, theirs in zip(metrics.reliability_curve(argument, target, bins), expected, strict=True):
            assert ours.shape == (bins,)
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)
        gap = sum(n * abs(f - c) for c, f, n in expected.T if n) / N
        assert metrics.expected_calibration_error(argument, target, bins) == pytest.approx(gap, abs=1e-12)


@pytest.mark.parametrize("bins", [1, 5, 15])
@pytest.mark.parametrize("digits", [1, 8])
def test_reliability_equals_scikit_learn(bins, digits):
    """Which leaves empty bins out."""
    p, y = probabilities(100, 2)
    p, y = np.round(p[:, 1], digits), y
    confidence, frequency, count = metrics.reliability_curve(p, y, bins)
    true, predicted = calibration.calibration_curve(y, p, n_bins=bins)
    np.testing.assert_allclose(confidence[count > 0], predicted)
    np.testing.assert_allclose(frequency[count > 0], true)


def test_calibration_by_hand_depends_on_the_bins():
    p, y = [0.2, 0.2, 0.8, 0.8], [0, 1, 0, 1]
    confidence, frequency, count = metrics.reliability_curve(p, y, 3)
    np.testing.assert_allclose(confidence, [0.2, np.nan, 0.8])
    np.testing.assert_allclose(frequency, [0.5, np.nan, 0.5])
    np.testing.assert_array_equal(count, [2, 0, 2])
    assert metrics.expected_calibration_error(p, y, 3) == pytest.approx(0.3)
    assert metrics.expected_calibration_error(p, y, 1) == pytest.approx(0)  # +0.3 and −0.3 cancel
    # three classes: right with 0.9, wrong with 0.7
    p = [[0.9, 0.1, 0.0], [0.1, 0.2, 0.7]]
    assert metrics.expected_calibration_error(p, [0, 1], 10) == pytest.approx((0.1 + 0.7) / 2)
    assert metrics.expected_calibration_error(p, [0, 1], 1) == pytest.approx(0.8 - 0.5)


def test_calibration_of_perfect_probabilities_nears_0_with_more_examples():
    errors = []
    for N in (100, 100_000):
        rng = np.random.default_rng(2)
        p = rng.random(N)
        errors.append(metrics.expected_calibration_error(p, rng.random(N) < p))
    assert errors[0] > 0.05  # chance alone
    assert errors[1] < 0.01
    assert metrics.expected_calibration_error([0.25] * 4, [0, 0, 0, 1]) == 0  # knows nothing but the rate


@pytest.mark.parametrize("K", [2, 7])
@pytest.mark.parametrize("N", [1, 200])
def test_brier_score_equals_scikit_learn_and_keras(N, K):
    p, y = probabilities(N, K)
    score = metrics.brier_score(p, y)
    theirs = sklearn.brier_score_loss(y, p, labels=np.arange(K), scale_by_half=False)
    assert score == pytest.approx(theirs, rel=1e-12)
    assert score == pytest.approx(K * float(keras.losses.MeanSquaredError()(np.eye(K)[y], p)), rel=1e-5)
    binary = metrics.brier_score(p[:, 1], y == 1)
    theirs = sklearn.brier_score_loss(y == 1, p[:, 1], labels=[False, True], scale_by_half=True)
    assert binary == pytest.approx(theirs, rel=1e-12)
    if K == 2:
        assert score == pytest.approx(2 * binary)


def test_brier_score_by_hand():
    assert metrics.brier_score([[0.5, 0.3, 0.2]], [1]) == pytest.approx(0.25 + 0.49 + 0.04)
    assert metrics.brier_score([[1, 0], [1, 0]], [0, 1]) == 1  # the mean of 0 and 2
    assert metrics.brier_score([1.0, 0.0, 0.5], [1, 1, 0]) == pytest.approx((0 + 1 + 0.25) / 3)


def test_brier_score_is_least_for_the_true_probability():
    y = np.repeat([1, 0], [30, 70])
    grid = np.linspace(0, 1, 101)
    losses = [metrics.brier_score(np.full(100, p), y) for p in grid]
    assert grid[np.argmin(losses)] == pytest.approx(0.3)


# --- Bootstrap ----------------------------------------------------------------------------------


def covers(statistic, truth, draw, repeats, level, resamples=300):
    """How often the interval of a sample contains the truth."""
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(repeats):
        low, high = metrics.bootstrap_interval(
            statistic, draw(rng), rng=rng, level=level, resamples=resamples
        )
        hits += low <= truth <= high
    return hits / repeats


@pytest.mark.parametrize(("level", "tolerance"), [(0.95, 0.03), (0.5, 0.07)])
def test_bootstrap_covers_the_mean_as_often_as_it_says(level, tolerance):
    """400 samples of 100: two standard errors are 0.02 and 0.05."""
    coverage = covers(np.mean, 2.0, lambda rng: rng.normal(2.0, 3.0, 100), 400, level)
    assert coverage == pytest.approx(level, abs=tolerance)


def test_bootstrap_does_not_cover_what_it_is_said_not_to():
    """A maximum; and examples that are copies of each other, of which it believes there are 200."""
    assert covers(np.max, 1.0, lambda rng: rng.random(50), 50, 0.95) == 0
    assert covers(np.mean, 0.0, lambda rng: np.repeat(rng.normal(size=20), 10), 100, 0.95) < 0.7
    assert metrics.bootstrap_interval(np.mean, np.ones(20), rng=np.random.default_rng(0)) == (1, 1)


def test_bootstrap_of_a_share_equals_the_binomial_distribution():
    """80 of 100 right: the resamples' shares are Binomial(100, 0.8) / 100, with quantiles 0.72 and 0.87."""
    right = np.arange(100) < 80
    low, high = metrics.bootstrap_interval(np.mean, right, rng=np.random.default_rng(4), resamples=10_000)
    assert low == pytest.approx(0.72, abs=0.011)
    assert high == pytest.approx(0.87, abs=0.011)
    assert type(low) is type(high) is float
    # of two examples each is drawn twice in a quarter of the samples
    assert metrics.bootstrap_interval(np.mean, [0, 1], rng=np.random.default_rng(4)) == (0, 1)


def test_bootstrap_draws_the_rows_of_all_arrays_together():
    x = np.arange(30.0)
    result = metrics.bootstrap_interval(
        lambda a, b, c: np.abs(a - b).max() + np.abs(c[:, 1] - a).max(),
        x,
        x.tolist(),
        np.stack([-x, x], axis=1),
        rng=np.random.default_rng(5),
        resamples=100,
    )
    assert result == (0, 0)


def test_bootstrap_is_reproducible_and_narrower_for_a_lower_level():
    y, s = scores(100, ties=True)
    intervals = [
        metrics.bootstrap_interval(
            metrics.roc_auc, y, s, rng=np.random.default_rng(6), level=level, resamples=200
        )
        for level in (0.95, 0.95, 0.5)
    ]
    assert intervals[0] == intervals[1]
    assert intervals[0][0] < intervals[2][0] < metrics.roc_auc(y, s) < intervals[2][1] < intervals[0][1]


def test_bootstrap_lets_the_errors_of_the_statistic_through():
    with pytest.raises(ValueError, match="roc_curve: expected examples of both classes"):
        metrics.bootstrap_interval(metrics.roc_auc, [0, 1], [0.1, 0.2], rng=np.random.default_rng(0))


# --- All ----------------------------------------------------------------------------------------


def test_order_of_the_examples_does_not_count_and_arguments_are_not_changed():
    y_true, y_pred = labels(100, 7)
    y, s = scores(100, ties=True)
    p, target = probabilities(100, 7)
    order = np.random.default_rng(7).permutation(100)
    for metric, *arrays in [
        (metrics.confusion_matrix, y_true, y_pred),
        *((ratio, y_true, y_pred) for ratio in RATIOS),
        (metrics.accuracy, target, p),
        (metrics.top_k_accuracy, target, p),
        (metrics.roc_curve, y, s),
        (metrics.roc_auc, y, s),
        (metrics.reliability_curve, p, target),
        (metrics.reliability_curve, s, y),
        (metrics.expected_calibration_error, p, target),
        (metrics.brier_score, p, target),
        (metrics.brier_score, s, y),
    ]:
        for a in arrays:
            a.flags.writeable = False
        expected, shuffled = metric(*arrays), metric(*(a[order] for a in arrays))
        as_lists = metric(*(a.tolist() for a in arrays)) if metric is not metrics.accuracy else expected
        for result in (shuffled, as_lists):
            np.testing.assert_allclose(np.array(result), np.array(expected), rtol=1e-12)


# --- Refused ------------------------------------------------------------------------------------


def refuses(message, metric, *arguments, **named):
    with pytest.raises(ValueError, match=re.escape(message)):
        metric(*arguments, **named)


@pytest.mark.parametrize("metric", [metrics.confusion_matrix, *RATIOS], ids=lambda f: f.__name__)
def test_refuses_wrong_class_numbers(metric):
    y = np.array([0, 1, 2])
    says = "confusion_matrix: y_{}: expected class numbers, integers of shape (N,), N at least 1; received {}"
    refuses(says.format("true", "float64 of shape (3,)."), metric, y * 1.0, y)
    refuses(says.format("true", "int64 of shape (0,)."), metric, y[:0], y[:0])
    refuses(says.format("pred", "int64 of shape (3, 1)."), metric, y, y[:, None])
    refuses(says.format("pred", "int64 of shape ()."), metric, y, 1)
    hint = "float64 of shape (3, 4). Of scores (N, K), take argmax(axis=1)."
    refuses(says.format("pred", hint), metric, y, np.ones((3, 4)))
    refuses("expected as many y_true and y_pred, received 3 and 2.", metric, y, y[:2])
    refuses("y_true: expected class numbers of at least 0, received -1 to 1.", metric, y - 1, y)
    refuses(
        "y_pred: expected class numbers from 0 to 2, received 0 to 3.", metric, y, [0, 3, 1], num_classes=3
    )
    for wrong in (0, -1, 2.5, "3", True):
        refuses(f"expected a positive integer, received {wrong!r}.", metric, y, y, num_classes=wrong)


@every_ratio
def test_refuses_an_unknown_average(ratio):
    message = (
        f"{ratio.__name__}: expected average to be None, 'macro', 'micro' or 'weighted'; received 'mean'."
    )
    refuses(message, ratio, [0, 1], [0, 1], "mean")


def test_refuses_wrong_scores_for_top_k_accuracy():
    top_k, y, s = metrics.top_k_accuracy, np.array([0, 1]), np.ones((2, 3))
    refuses("top_k_accuracy: expected y_pred of shape (N, K), received shape (2,).", top_k, y, y, 1)
    refuses("expected as many y_true and y_pred, received 2 and 3.", top_k, y, np.ones((3, 3)), 1)
    refuses("y_true: expected class numbers from 0 to 2, received 3 to 4.", top_k, y + 3, s, 1)
    refuses("expected k from 1 to K = 3, received 5.", top_k, y, s)
    refuses("k: expected a positive integer, received 0.", top_k, y, s, 0)
    refuses("y_pred: expected finite numbers, received nan.", top_k, y, s * np.nan, 1)


@pytest.mark.parametrize("metric", [metrics.roc_curve, metrics.roc_auc], ids=lambda f: f.__name__)
def test_refuses_wrong_input_for_roc(metric):
    y = np.array([0, 1, 1])
    refuses("expected examples of both classes in y_true, received 1 alone.", metric, [1, 1], [0.1, 0.2])
    refuses("expected examples of both classes in y_true, received 0 alone.", metric, [0], [0.1])
    refuses(
        "y_true: expected class numbers from 0 to 1, received 0 to 2.", metric, [0, 1, 2], [0.1, 0.2, 0.3]
    )
    refuses("y_true: expected class numbers from 0 to 1, received -1 to 1.", metric, [-1, 1], [0.1, 0.2])
    says = (
        "roc_curve: expected y_true and y_pred of shape (N,), one score for every example; received (3,) and "
    )
    for shape in [(3, 2), (3, 1), (2,), ()]:
        refuses(f"{says}{shape}.", metric, y, np.ones(shape))
    refuses("y_pred: expected finite numbers, received nan.", metric, y, [0.1, np.nan, 0.2])
    refuses("y_pred: expected finite numbers, received inf.", metric, y, [0.1, np.inf, 0.2])
    refuses("y_pred: expected an array of real numbers, received dtype complex128.", metric, y, [1j, 1, 1])


def test_refuses_what_is_not_a_mean_cross_entropy():
    says = "perplexity: expected the mean cross-entropy, one number of at least 0; received {}."
    refuses(says.format("-0.5"), metrics.perplexity, -0.5)
    refuses(says.format("nan"), metrics.perplexity, float("nan"))
    refuses(says.format("[1.0, 2.0]"), metrics.perplexity, [1.0, 2.0])


@pytest.mark.parametrize(
    "metric",
    [metrics.reliability_curve, metrics.expected_calibration_error, metrics.brier_score],
    ids=lambda f: f.__name__,
)
def test_refuses_what_is_not_a_probability(metric):
    y, p = np.array([0, 1]), np.array([[0.3, 0.7], [0.6, 0.4]])
    refuses("expected probabilities, from 0 to 1; received -2 to 1.5. Of logits", metric, [-2, 1.5], y)
    refuses("expected probabilities, from 0 to 1; received -0.1 to 0.5.", metric, [-0.1, 0.5], y)
    refuses("expected rows of p with the sum 1, received a row with the sum 0.6.", metric, 0.6 * p, y)
    refuses("Probabilities of a single event have the shape (N,).", metric, p[:, :1], y * 0)
    refuses("expected p of shape (N,) or (N, K), received shape (1, 2, 2).", metric, [p], y)
    refuses("expected as many p and y, received 2 and 3.", metric, p, [0, 1, 1])
    refuses("y: expected class numbers from 0 to 1, received 0 to 2.", metric, p, [0, 2])
    refuses("y: expected class numbers, integers", metric, y, p[:, 1])  # the wrong way round
    refuses("p: expected finite numbers, received nan.", metric, p * np.nan, y)


@pytest.mark.parametrize("metric", [metrics.reliability_curve, metrics.expected_calibration_error])
def test_refuses_bins_that_are_not_a_number_of_bins(metric):
    for wrong in (0, -3, 2.5, [0.0, 0.5, 1.0]):
        refuses(f"bins: expected a positive integer, received {wrong!r}.", metric, [0.5], [1], wrong)


def test_refuses_wrong_input_for_bootstrap():
    rng, x = np.random.default_rng(0), np.arange(5.0)
    bootstrap = metrics.bootstrap_interval
    says = "bootstrap_interval: expected arrays of shape (N, ...), of the same N, at least 1; received shapes"
    refuses(f"{says} [].", bootstrap, np.mean, rng=rng)
    refuses(f"{says} [(5,), (4,)].", bootstrap, np.mean, x, x[1:], rng=rng)
    refuses(f"{says} [(0,)].", bootstrap, np.mean, [], rng=rng)
    refuses(f"{says} [()].", bootstrap, np.mean, 3.0, rng=rng)
    refuses("expected rng to be a numpy Generator, received 0.", bootstrap, np.mean, x, rng=0)
    for wrong in (0, 1, 95, -0.5, np.nan):
        refuses("expected level between 0 and 1, received", bootstrap, np.mean, x, rng=rng, level=wrong)
    refuses("resamples: expected a positive integer", bootstrap, np.mean, x, rng=rng, resamples=0)
    for wrong in (lambda a: a, lambda a: np.nan, lambda a: None):
        refuses("expected statistic to give one finite number, received", bootstrap, wrong, x, rng=rng)
