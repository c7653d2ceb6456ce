"""Metrics: how good is a trained classifier, how far can its probabilities be trusted, how sure is that?

Every function takes one array of targets and one of predictions, and there are three kinds of predictions:

- *class numbers*, integers (N,): ``confusion_matrix``, ``precision``, ``recall``, ``f1_score``;
- *scores*, of which only the order counts: one for each class, (N, K), for ``accuracy`` and
  ``top_k_accuracy``; one for each example, (N,), for ``roc_curve`` and ``roc_auc``;
- *probabilities* ``p`` of shape (N, K), or (N,) for a single event, whose values count:
  ``reliability_curve``, ``expected_calibration_error``, ``brier_score``.

``bootstrap_interval`` puts an interval around any of them. All is computed in float64, whatever
comes in, and the order of the examples makes no difference. No argument is changed.

Names are those of Keras, and where it has none those of scikit-learn. ``accuracy`` is the one of
``dlbook_utils.training``.
"""

import operator
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from dlbook_utils.layers import real_array
from dlbook_utils.training import accuracy

__all__ = [
    "accuracy",
    "bootstrap_interval",
    "brier_score",
    "confusion_matrix",
    "expected_calibration_error",
    "f1_score",
    "perplexity",
    "precision",
    "recall",
    "reliability_curve",
    "roc_auc",
    "roc_curve",
    "top_k_accuracy",
]


# --- Which class was taken for which ------------------------------------------------------------


def confusion_matrix(y_true: ArrayLike, y_pred: ArrayLike, num_classes: int | None = None) -> np.ndarray:
    """Count the examples of every class by the class that was predicted: Cᵢⱼ = Σₙ 𝟏{yₙ = i, ŷₙ = j}.

    Parameters
    ----------
    y_true, y_pred : array of int (N,)
        Class numbers, from 0. For a network's output (N, K), ``y_pred`` is ``output.argmax(axis=1)``.
    num_classes : int, optional
        K; without it, one more than the largest class number in either array.

    Returns
    -------
    ndarray of int64 (K, K)
        Rows are the true classes, columns the predicted ones; the sum is N.

    Raises
    ------
    ValueError
        If the arrays do not hold class numbers from 0 to K − 1, are empty or of different length, or
        ``num_classes`` is not a positive integer.

    Notes
    -----
    Some texts have rows and columns the other way round. Keras has no such function;
    ``tf.math.confusion_matrix`` and scikit-learn's agree with this one.

    Used in: Chapter 3.
    """
    if num_classes is not None:
        num_classes = _count(num_classes, "confusion_matrix: num_classes")
    y_true = _class_numbers(y_true, "confusion_matrix: y_true", num_classes)
    y_pred = _class_numbers(y_pred, "confusion_matrix: y_pred", num_classes)
    _expect_same_length("confusion_matrix", y_true=y_true, y_pred=y_pred)
    K = num_classes or 1 + max(y_true.max(), y_pred.max())
    return np.bincount(K * y_true + y_pred, minlength=K * K).reshape(K, K)  # (K, K)


def precision(
    y_true: ArrayLike, y_pred: ArrayLike, average: str | None = None, num_classes: int | None = None
) -> np.ndarray | float:
    """Of the examples taken for class k, the share that really are: TPₖ / (TPₖ + FPₖ).

    Parameters
    ----------
    y_true, y_pred : array of int (N,)
        Class numbers, from 0.
    average : str or None
        None gives one number for every class. ``"macro"`` is their mean; ``"weighted"`` is their mean
        weighted by the number of true examples of the class; ``"micro"`` adds up numerators and
        denominators before it divides.
    num_classes : int, optional
        K, as in ``confusion_matrix``.

    Returns
    -------
    ndarray of float64 (K,), or float if averaged
        From 0 to 1.

    Raises
    ------
    ValueError
        As ``confusion_matrix``; if ``average`` is not known.

    Notes
    -----
    **0/0 counts as 0**, as in Keras: a class that was never predicted has precision 0, and it lowers the
    macro average, also when it does not occur at all. All K classes enter that average.

    TPₖ ("true positives") is entry (k, k) of the confusion matrix, FPₖ the rest of its column, FNₖ the
    rest of its row. With two classes, entry 1 is what is meant by *the* precision. ``"micro"``
    is the accuracy, for precision, recall and F1 alike, since every example has exactly one prediction.

    Source: C. J. van Rijsbergen (1979), Information Retrieval, 2nd edition, chapter 7;
    ``average`` as in ``keras.metrics.F1Score``.

    Used in: Chapter 3.
    """
    matrix = confusion_matrix(y_true, y_pred, num_classes)
    return _ratio(np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1), average, "precision")


def recall(
    y_true: ArrayLike, y_pred: ArrayLike, average: str | None = None, num_classes: int | None = None
) -> np.ndarray | float:
    """Of the examples of class k, the share taken for it: TPₖ / (TPₖ + FNₖ).

    Parameters
    ----------
    y_true, y_pred : array of int (N,)
        Class numbers, from 0.
    average : str or None
        As in ``precision``. ``"weighted"`` is the accuracy here.
    num_classes : int, optional
        K, as in ``confusion_matrix``.

    Returns
    -------
    ndarray of float64 (K,), or float if averaged
        From 0 to 1.

    Raises
    ------
    ValueError
        As ``precision``.

    Notes
    -----
    **0/0 counts as 0**: a class that does not occur has recall 0. Recall is also called sensitivity, or
    true positive rate; its macro average is the balanced accuracy if every class occurs.

    Source: as ``precision``.

    Used in: Chapter 3.
    """
    matrix = confusion_matrix(y_true, y_pred, num_classes)
    return _ratio(np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=1), average, "recall")


def f1_score(
    y_true: ArrayLike, y_pred: ArrayLike, average: str | None = None, num_classes: int | None = None
) -> np.ndarray | float:
    """Harmonic mean of precision and recall: F1ₖ = 2 TPₖ / (2 TPₖ + FPₖ + FNₖ).

    Parameters
    ----------
    y_true, y_pred : array of int (N,)
        Class numbers, from 0.
    average : str or None
        As in ``precision``. ``"macro"`` is the mean of the classes' F1, and not the F1 of the mean
        precision and the mean recall.
    num_classes : int, optional
        K, as in ``confusion_matrix``.

    Returns
    -------
    ndarray of float64 (K,), or float if averaged
        From 0 to 1.

    Raises
    ------
    ValueError
        As ``precision``.

    Notes
    -----
    **0/0 counts as 0**: a class that neither occurs nor is predicted has F1 0.

    Source: C. J. van Rijsbergen (1979), Information Retrieval, 2nd edition, chapter 7: 1 − E, with
    equal weights of precision and recall.

    Used in: Chapter 3.
    """
    matrix = confusion_matrix(y_true, y_pred, num_classes)
    predicted, support = matrix.sum(axis=0), matrix.sum(axis=1)
    return _ratio(2 * np.diag(matrix), predicted + support, support, average, "f1_score")


def _ratio(
    part: np.ndarray, whole: np.ndarray, support: np.ndarray, average: str | None, what: str
) -> np.ndarray | float:
    """part / whole for every class (K,), 0/0 = 0; or its average."""
    if average not in (None, "macro", "micro", "weighted"):
        raise ValueError(
            f"{what}: expected average to be None, 'macro', 'micro' or 'weighted'; received {average!r}."
        )
    if average == "micro":
        return float(part.sum() / whole.sum())
    ratio = np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
    if average is None:
        return ratio
    return float(np.average(ratio, weights=support if average == "weighted" else None))


def top_k_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> float:
    """Share of the examples whose class is among the k with the largest scores.

    (1/N) Σₙ 𝟏{fewer than k classes have a larger score than class yₙ}.

    Parameters
    ----------
    y_true : array of int (N,)
        Class numbers, from 0 to K − 1.
    y_pred : array (N, K)
        Logits or probabilities.
    k : int
        From 1 to K.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If the arrays do not fit, a score is not finite, or ``k`` is not from 1 to K.

    Notes
    -----
    A tie counts for the prediction, as in ``keras.metrics.SparseTopKCategoricalAccuracy``: if all scores
    are equal, the result is 1. So with ties ``k=1`` may be more than ``accuracy``, which takes the first of
    the largest.

    Source: O. Russakovsky and others (2015), ImageNet large scale visual recognition challenge,
    arXiv:1409.0575, section 4.1 (the top-5 error).

    Used in: Chapter 3.
    """
    y_pred = _finite(y_pred, "top_k_accuracy: y_pred")
    if y_pred.ndim != 2:
        raise ValueError(f"top_k_accuracy: expected y_pred of shape (N, K), received shape {y_pred.shape}.")
    K = y_pred.shape[1]
    y_true = _class_numbers(y_true, "top_k_accuracy: y_true", K)
    _expect_same_length("top_k_accuracy", y_true=y_true, y_pred=y_pred)
    if _count(k, "top_k_accuracy: k") > K:
        raise ValueError(f"top_k_accuracy: expected k from 1 to K = {K}, received {k}.")
    own = np.take_along_axis(y_pred, y_true[:, None], axis=1)  # (N, 1)
    larger = (y_pred > own).sum(axis=1)  # (N,)
    return float(np.mean(larger < k))


# --- One class against the other, at every threshold --------------------------------------------


def roc_curve(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rates of false and of true alarms, if every example with a score of at least t is called positive.

    The false positive rate is (1/N₀) Σₙ 𝟏{yₙ = 0, sₙ ≥ t}, the true positive rate
    (1/N₁) Σₙ 𝟏{yₙ = 1, sₙ ≥ t}, where N₀ and N₁ count the negative and the positive examples.

    Parameters
    ----------
    y_true : array of int or bool (N,)
        1 for positive examples, 0 for negative ones; at least one of each.
    y_pred : array (N,)
        s: probability of class 1, or any score that is larger the likelier it is.

    Returns
    -------
    false_positive_rate, true_positive_rate : ndarray of float64 (T + 1,)
        From (0, 0) to (1, 1), never decreasing.
    thresholds : ndarray of float64 (T + 1,)
        t: infinity, then the T different scores, from the largest to the smallest.

    Raises
    ------
    ValueError
        If the arrays do not fit, a score is not finite, or there is only one class.

    Notes
    -----
    Examples with equal scores pass the threshold together and so give a single point: with ties the curve
    climbs obliquely, whatever the order of the examples. scikit-learn's ``roc_curve`` gives the same with
    ``drop_intermediate=False``.

    Source: T. Fawcett (2006), An introduction to ROC analysis, algorithm 1,
    https://doi.org/10.1016/j.patrec.2005.10.010.

    Used in: Chapter 3.
    """
    y_true = _class_numbers(y_true, "roc_curve: y_true", 2)
    y_pred = _finite(y_pred, "roc_curve: y_pred")
    if y_pred.shape != y_true.shape:
        raise ValueError(
            "roc_curve: expected y_true and y_pred of shape (N,), one score for every example; "
            f"received {y_true.shape} and {y_pred.shape}."
        )
    if y_true.min() == y_true.max():
        raise ValueError(
            f"roc_curve: expected examples of both classes in y_true, received {y_true[0]} alone."
        )
    order = np.argsort(-y_pred)
    y, s = y_true[order], y_pred[order]
    last = np.flatnonzero(np.append(s[1:] < s[:-1], True))  # the last of each group of equal scores
    positives = np.cumsum(y)[last]
    negatives = 1 + last - positives
    true_positive_rate = np.append(0.0, positives / positives[-1])
    false_positive_rate = np.append(0.0, negatives / negatives[-1])
    return false_positive_rate, true_positive_rate, np.append(np.inf, s[last])


def roc_auc(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Area under the ROC curve: the probability that a positive example outscores a negative one.

    AUC = Pr(s₁ > s₀) + ½ Pr(s₁ = s₀), for s₁ the score of a random positive and s₀ that of a random
    negative example of the data. Times N₁ N₀, this is the statistic U of Mann and Whitney.

    Parameters
    ----------
    y_true : array of int or bool (N,)
        1 for positive examples, 0 for negative ones; at least one of each.
    y_pred : array (N,)
        Scores.

    Returns
    -------
    float
        From 0 to 1; ½ for scores that say nothing.

    Raises
    ------
    ValueError
        As ``roc_curve``.

    Notes
    -----
    Only the order of the scores counts. Nor does it matter how many positive examples there are for each
    negative one; where they are rare, a large area can go with a low precision. ``keras.metrics.AUC``
    approximates the area with 200 thresholds; this is exact.

    Source: J. A. Hanley, B. J. McNeil (1982), The meaning and use of the area under a receiver operating
    characteristic (ROC) curve, https://doi.org/10.1148/radiology.143.1.7063747; H. B. Mann, D. R. Whitney
    (1947), On a test of whether one of two random variables is stochastically larger than the other,
    https://doi.org/10.1214/aoms/1177730491.

    Used in: Chapter 3.
    """
    x, y, _ = roc_curve(y_true, y_pred)
    return float(np.trapezoid(y, x))


# --- Probabilities ------------------------------------------------------------------------------


def perplexity(cross_entropy: float) -> float:
    """exp(ℒ): among how many equally likely answers a prediction with this loss leaves the choice.

    Parameters
    ----------
    cross_entropy : float
        ℒ, the mean cross-entropy of all predictions, in natural units (nats), at least 0.

    Returns
    -------
    float
        From 1 (certain and right) over K (all K answers equally likely) to infinity.

    Raises
    ------
    ValueError
        If ``cross_entropy`` is not a single number of at least 0.

    Notes
    -----
    Average before you take exp: the mean of the batches' perplexities is too large. Perplexities compare
    only if they count the same units: that of letters is far below that of words.

    Source: F. Jelinek, R. L. Mercer, L. R. Bahl, J. K. Baker (1977), Perplexity: a measure of the difficulty
    of speech recognition tasks, https://doi.org/10.1121/1.2016299.

    Used in: Chapters 3 and 5.
    """
    value = real_array(cross_entropy, "perplexity: cross_entropy")
    if value.ndim != 0 or not value >= 0:
        raise ValueError(
            "perplexity: expected the mean cross-entropy, one number of at least 0; "
            f"received {cross_entropy!r}."
        )
    with np.errstate(over="ignore"):  # beyond 709 it is infinite
        return float(np.exp(np.float64(value)))


def reliability_curve(
    p: ArrayLike, y: ArrayLike, bins: int = 15
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compare, in bins of equal width, how probable an event was said to be with how often it happened.

    conf(Bₘ) = (1/Nₘ) Σ pₙ and freq(Bₘ) = (1/Nₘ) Σ 𝟏{the event happened in example n}, both over
    the Nₘ examples of bin Bₘ = {n : (m − 1)/M < pₙ ≤ m/M}. Where the two are equal, the probabilities
    are calibrated.

    Parameters
    ----------
    p : array (N,) or (N, K)
        (N,): probabilities of one event. (N, K): probabilities of K classes; then the event is that the
        class predicted, the one with the largest probability, is right, and pₙ is that probability.
    y : array of int or bool (N,)
        Whether the event happened, 1 or 0; for (N, K) the class numbers.
    bins : int
        M, how many.

    Returns
    -------
    confidence : ndarray of float64 (M,)
        conf(Bₘ); NaN where a bin is empty.
    frequency : ndarray of float64 (M,)
        freq(Bₘ), for (N, K) the accuracy in the bin; NaN where it is empty.
    count : ndarray of int64 (M,)
        Nₘ, the number of examples.

    Raises
    ------
    ValueError
        If ``p`` does not hold probabilities (logits, rows whose sum is not 1), the arrays do not fit, or
        ``bins`` is not a positive integer.

    Notes
    -----
    The first bin includes p = 0. Plotted against each other, confidence and frequency give the reliability
    diagram; matplotlib leaves NaN out. A network's two classes can be looked at in both ways:
    ``p[:, 1]`` asks whether class 1 is as frequent as said, ``p`` whether the winner is right as often
    as said.

    Source: C. Guo and others (2017), On calibration of modern neural networks, arXiv:1706.04599, section 2.

    Used in: Chapter 3.
    """
    p, happened = _event(*_probabilities(p, y, "reliability_curve"))
    M = _count(bins, "reliability_curve: bins")
    inner_edges = np.linspace(0, 1, M + 1)[1:-1]
    m = np.searchsorted(inner_edges, p)  # (N,), from 0 to M − 1; p on an edge belongs to the bin below
    count = np.bincount(m, minlength=M)
    with np.errstate(invalid="ignore"):  # 0/0 in empty bins
        confidence = np.bincount(m, weights=p, minlength=M) / count
        frequency = np.bincount(m, weights=happened, minlength=M) / count
    return confidence, frequency, count


def expected_calibration_error(p: ArrayLike, y: ArrayLike, bins: int = 15) -> float:
    """Mean gap of the reliability curve: ECE = Σₘ (Nₘ / N) · abs(freq(Bₘ) − conf(Bₘ)).

    Parameters
    ----------
    p : array (N,) or (N, K)
    y : array of int or bool (N,)
    bins : int
        M; all three as in ``reliability_curve``.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        As ``reliability_curve``.

    Notes
    -----
    **It depends on the bins**: only values with the same M, and about the same N, can be compared. Within
    a wide bin, gaps of opposite sign cancel; with a single bin only abs(mean frequency − mean probability)
    is left. In narrow bins chance leaves gaps, so that even perfect probabilities have an error above 0,
    the more so the fewer the examples.

    Nor does a small error make a good classifier: to predict every class's frequency, whatever the input,
    gives none. ``brier_score`` has no bins, and punishes that as well.

    Source: C. Guo and others (2017), arXiv:1706.04599, equation (3) (M = 15 in their table 1); M. P. Naeini,
    G. F. Cooper, M. Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning,
    https://doi.org/10.1609/aaai.v29i1.9602.

    Used in: Chapter 3.
    """
    confidence, frequency, count = reliability_curve(p, y, bins)
    return float(np.nansum(count * np.abs(frequency - confidence)) / count.sum())


def brier_score(p: ArrayLike, y: ArrayLike) -> float:
    """Mean squared distance of probabilities from what happened: (1/N) Σₙ Σₖ (pₙₖ − 𝟏{yₙ = k})².

    Parameters
    ----------
    p : array (N,) or (N, K)
        Probabilities of one event, or of K classes.
    y : array of int or bool (N,)
        Whether the event happened, 1 or 0; for (N, K) the class numbers.

    Returns
    -------
    float
        From 0, the best, to 2 for (N, K), to 1 for (N,).

    Raises
    ------
    ValueError
        If ``p`` does not hold probabilities (logits, rows whose sum is not 1), or the arrays do not fit.

    Notes
    -----
    For (N,) it is (1/N) Σₙ (pₙ − yₙ)², the sum over one of the two classes alone: half of what p and 1 − p
    as two columns give. Its expectation is least for the true probabilities and for nothing else, which makes
    it a *proper score*; the cross-entropy is another.

    Source: G. W. Brier (1950), Verification of forecasts expressed in terms of probability,
    https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.

    Used in: Chapter 3.
    """
    p, y = _probabilities(p, y, "brier_score")
    if p.ndim == 1:
        return float(np.mean((p - y) ** 2))
    one_hot = y[:, None] == np.arange(p.shape[1])  # (N, K)
    return float(np.mean(((p - one_hot) ** 2).sum(axis=1)))


def _event(p: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The probability of the event and whether it happened, both (N,): see ``reliability_curve``."""
    if p.ndim == 1:
        return p, y
    return p.max(axis=1), p.argmax(axis=1) == y


# --- How sure is the number? --------------------------------------------------------------------


def bootstrap_interval(
    statistic: Callable[..., float],
    *data: ArrayLike,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 1000,
) -> tuple[float, float]:
    """Interval for a statistic of a sample, from samples drawn out of the sample (percentile bootstrap).

    N examples are drawn with replacement from the N at hand, again and again, and the statistic is computed
    each time. The interval goes from the (1 − level)/2 to the (1 + level)/2 quantile of these values.

    Parameters
    ----------
    statistic : callable
        ``statistic(*data)`` gives one number.
    *data : array (N, ...)
        One or several, drawn together: row n of each belongs to example n.
    rng : Generator
        Draws the samples.
    level : float
        Of the confidence, between 0 and 1.
    resamples : int
        The number of samples drawn.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If the arrays are missing, empty or of different length, if ``level`` or ``resamples`` is out of
        range, if ``rng`` is not a Generator, or if the statistic does not give one finite number. What the
        statistic itself raises comes through, as when a sample drawn for ``roc_auc`` has one class only.

    Notes
    -----
    The interval answers one question: how much would the number change with *other test examples from the
    same source*? It does **not** cover

    - other training runs: the network is fixed, and its seed and its training data with it;
    - that the model was chosen because it did best on these very examples;
    - data from another source, or labels that are wrong;
    - examples that depend on each other (pages of one writer, frames of one film): it is then too
      narrow. Draw writers, not pages.

    With few examples (below about 50), or few of the kind that counts, it is too narrow as well, and where
    all resamples agree it has no width: 20 right answers out of 20 give (1, 1). For extremes such as
    a maximum it fails altogether.

    Two models are compared on the same examples by the interval of their difference::

        bootstrap_interval(lambda a, b: np.mean(a) - np.mean(b), right_a, right_b, rng=rng)

    Source: B. Efron, R. J. Tibshirani (1993), An Introduction to the Bootstrap, chapter 13,
    https://doi.org/10.1201/9780429246593.

    Used in: Chapter 3.
    """
    arrays = [np.asarray(a) for a in data]
    shapes = [a.shape for a in arrays]
    if (
        not arrays
        or min(a.ndim for a in arrays) == 0
        or len({len(a) for a in arrays}) > 1
        or not len(arrays[0])
    ):
        raise ValueError(
            "bootstrap_interval: expected arrays of shape (N, ...), of the same N, at least 1; "
            f"received shapes {shapes}."
        )
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"bootstrap_interval: expected rng to be a numpy Generator, received {rng!r}.")
    if not 0 < level < 1:
        raise ValueError(f"bootstrap_interval: expected level between 0 and 1, received {level!r}.")
    N = len(arrays[0])
    values = np.empty(_count(resamples, "bootstrap_interval: resamples"))
    for i in range(len(values)):
        drawn = rng.integers(N, size=N)
        value = statistic(*(a[drawn] for a in arrays))
        if value is None or np.ndim(value) != 0 or not np.isfinite(value):
            raise ValueError(
                f"bootstrap_interval: expected statistic to give one finite number, received {value!r}."
            )
        values[i] = value
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


# --- At the door --------------------------------------------------------------------------------


def _count(value: int, what: str) -> int:
    """A positive integer."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise ValueError(f"{what}: expected a positive integer, received {value!r}.")
    return number


def _class_numbers(y: ArrayLike, what: str, K: int | None = None) -> np.ndarray:
    """Class numbers from 0 (to K − 1) as int64 (N,), so that products of them do not overflow."""
    y = np.asarray(y)
    if y.ndim != 1 or y.size == 0 or y.dtype.kind not in "biu":
        hint = " Of scores (N, K), take argmax(axis=1)." if y.ndim == 2 and y.dtype.kind == "f" else ""
        raise ValueError(
            f"{what}: expected class numbers, integers of shape (N,), N at least 1; "
            f"received {y.dtype} of shape {y.shape}.{hint}"
        )
    if y.min() < 0 or (K is not None and y.max() >= K):
        allowed = "of at least 0" if K is None else f"from 0 to {K - 1}"
        raise ValueError(f"{what}: expected class numbers {allowed}, received {y.min()} to {y.max()}.")
    return y.astype(np.int64)


def _finite(x: ArrayLike, what: str) -> np.ndarray:
    x = real_array(x, what).astype(np.float64)
    if not np.isfinite(x).all():
        raise ValueError(f"{what}: expected finite numbers, received {x[~np.isfinite(x)][0]}.")
    return x


def _probabilities(p: ArrayLike, y: ArrayLike, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (N,) or (N, K) as float64, and their targets (N,) as int64."""
    p = _finite(p, f"{what}: p")
    if p.ndim not in (1, 2):
        raise ValueError(f"{what}: expected p of shape (N,) or (N, K), received shape {p.shape}.")
    y = _class_numbers(y, f"{what}: y", 2 if p.ndim == 1 else p.shape[1])
    _expect_same_length(what, p=p, y=y)
    if p.min() < 0 or p.max() > 1:
        raise ValueError(
            f"{what}: expected probabilities, from 0 to 1; received {p.min():g} to {p.max():g}. "
            "Of logits, take the sigmoid or softmax."
        )
    if p.ndim == 2 and not np.allclose(p.sum(axis=1), 1, rtol=0, atol=1e-3):
        wrong = p.sum(axis=1)[np.abs(p.sum(axis=1) - 1).argmax()]
        raise ValueError(
            f"{what}: expected rows of p with the sum 1, received a row with the sum {wrong:g}. "
            "Probabilities of a single event have the shape (N,)."
        )
    return p, y


def _expect_same_length(what: str, **arrays: np.ndarray) -> None:
    names, lengths = " and ".join(arrays), " and ".join(str(len(a)) for a in arrays.values())
    if len({len(a) for a in arrays.values()}) > 1:
        raise ValueError(f"{what}: expected as many {names}, received {lengths}.")
