"""Checkers of the exercises after the fifth notebook: loss functions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.choosing import check_choices
from dlbook_utils.exercises.comparing import Wrong, expect_number, name_slip

__all__ = ["vote_cross_entropy", "which_loss"]


def _log_softmax(Z: np.ndarray, axis: int | None = 1) -> np.ndarray:
    shifted = Z - Z.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _vote_loss(votes: np.ndarray, Z: np.ndarray, axis: int | None = 1) -> float:
    return float(-np.sum(votes * _log_softmax(Z, axis)) / votes.sum())


def _by_rows(votes: np.ndarray, Z: np.ndarray) -> float:
    """Every image counts alike, however many have voted on it."""
    return _vote_loss(votes / votes.sum(axis=1, keepdims=True), Z)


def _top(votes: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """The largest logit of each row, as often as the row has votes."""
    return np.sum(votes.sum(axis=1) * Z.max(axis=1)) / votes.sum()


_VOTE_SLIPS: list[tuple[Callable[..., Any], str]] = [
    (
        lambda V, Z: -_vote_loss(V, Z),
        "The sign is the wrong way round: log p is negative, and a loss is not.",
    ),
    (lambda V, Z: _vote_loss(V, Z) * V.sum(), "It is the sum over all votes. Their mean was asked for."),
    (
        lambda V, Z: _vote_loss(V, Z) * V.sum() / len(V),
        "It was divided by the number of images. The mean over the votes was asked for, and there are more "
        "of them.",
    ),
    (
        lambda V, Z: _vote_loss(V, Z) * V.sum() / V.size,
        "It was divided by the size of the array, N·K. The mean over the votes was asked for.",
    ),
    (
        _by_rows,
        "Each image counts alike here, since its votes were made into shares first. Each vote should count "
        "alike, so that an image with more votes counts more.",
    ),
    (
        lambda V, Z: _by_rows(V, Z) / V.shape[1],
        "The votes were made into shares, and the mean was taken over the classes too. Add over all votes, "
        "and divide by their number.",
    ),
    (
        lambda V, Z: -np.mean(_log_softmax(Z)[np.arange(len(V)), V.argmax(axis=1)]),
        "It looks as if only the class with most votes counted. The other votes are opinions too.",
    ),
    (
        lambda V, Z: _by_rows(V, Z) - _by_rows(V, np.log(V)),
        "It is smaller by the entropy of the shares: that is the Kullback–Leibler divergence. In the "
        "cross-entropy only p has a logarithm. And each vote should count alike, not each image.",
    ),
    (
        lambda V, Z: _vote_loss(V, Z) - _vote_loss(V, np.log(V)),
        "It is smaller by the entropy of the shares: that is the Kullback–Leibler divergence. In the "
        "cross-entropy only p has a logarithm.",
    ),
    (
        lambda V, Z: _vote_loss(V, Z) / np.log(2),
        "It is in bits: the logarithm has base 2. The book's log is the natural one, np.log.",
    ),
    (
        lambda V, Z: _vote_loss(V, Z, axis=0),
        "It looks as if the softmax ran down the columns. A row holds the logits of one image: axis=1.",
    ),
    (
        lambda V, Z: _vote_loss(V, Z, axis=None),
        "It looks as if one softmax were taken of the whole array. Each row has its own: axis=1, "
        "keepdims=True.",
    ),
    (
        lambda V, Z: _vote_loss(V, Z - Z.max(axis=0)),
        "The maximum was taken down the columns. It is that of the row: axis=1, keepdims=True.",
    ),
    (
        lambda V, Z: -np.sum(V * np.exp(_log_softmax(Z))) / V.sum(),
        "It looks as if the logarithm of p were missing.",
    ),
    (
        lambda V, Z: -np.sum(V * Z) / V.sum(),
        "It looks as if the logits themselves were taken for log p: the log-sum-exp of the row is missing.",
    ),
    (
        lambda V, Z: _vote_loss(V, Z) - _top(V, Z),
        "It looks as if the rows' maxima were subtracted inside the exponentials only. Subtract them from z "
        "as well, or add them to the log again.",
    ),
    (lambda V, Z: _vote_loss(V, Z) + _top(V, Z), "It looks as if the rows' maxima were subtracted twice."),
]


@exercise("vote_cross_entropy", title="Ten people, one digit", stars=2)
def vote_cross_entropy(answer: Callable[[np.ndarray, np.ndarray], float]) -> None:
    """Logits that a plain formula survives, then others, and an image without votes."""
    rng = np.random.default_rng(52)
    cases = []
    for N, K, dtype in [(3, 5, float), (1, 2, float), (6, 4, np.float32), (4, 4, float)]:
        cases.append((rng.integers(1, 9, (N, K)), rng.normal(0, 2, (N, K)).astype(dtype)))
    cases.append((np.array([[3, 1]]), np.array([[1.0, 0.0]])))
    with np.errstate(all="ignore"):
        found = [_expect_loss(answer(V.copy(), Z.copy())) for V, Z in cases]
        _compare_losses(cases, found)
        _expect_survival(answer)
        V, Z = np.array([[3, 1], [0, 0]]), np.array([[1.0, 0.0], [0.0, 2.0]])
        if not np.isclose(value := _expect_loss(answer(V, Z)), _vote_loss(V, Z), rtol=1e-4):
            raise Wrong(
                "With votes [[3, 1], [0, 0]] nobody has voted on the second image, and it counts nothing: "
                f"expected {_vote_loss(V, Z):.4g}, the loss of the first, received {value:.4g}. Is a row "
                "divided by its own votes?"
            )
        for size in (100, 1e4):
            V, Z = rng.integers(0, 4, (6, 5)), rng.uniform(-size, size, (6, 5))
            value, expected = _expect_loss(answer(V.copy(), Z.copy())), _vote_loss(V, Z)
            if not np.isclose(value, expected, rtol=1e-4):
                raise Wrong(
                    f"For 6 images, 5 classes and logits up to ±{size:g}: expected {expected:.6g}, received "
                    f"{value:.6g}. With one image at a time, all was well: is the maximum that of the row?"
                )


def _compare_losses(cases: list[tuple[np.ndarray, np.ndarray]], found: list[float]) -> None:
    """Complain about the smallest case, if it is wrong and no slip explains all."""
    expected = [_vote_loss(*case) for case in cases]
    wrong = ~np.isclose(found, expected, rtol=1e-4)
    if not wrong.any():
        return
    slip = name_slip(_VOTE_SLIPS, cases, found)
    n = -1 if wrong[-1] and not slip else int(np.argmax(wrong))
    V, Z = cases[n]
    case = f"{len(V)} images, {V.shape[1]} classes and logits of ordinary size"
    if n == -1:
        case = f"votes = {V.tolist()} and Z = {Z.tolist()}"
        slip = f"The logarithms of the softmax are {np.round(_log_softmax(Z)[0], 4).tolist()}."
    elif not slip and not wrong[-1]:
        slip = "A single image comes out right. Does a sum or a maximum run along the wrong axis?"
    raise Wrong(f"For {case}: expected {expected[n]:.4g}, received {found[n]:.4g}. {slip}")


def _expect_loss(found: Any) -> float:
    return expect_number(found, rows=" One number for all votes was asked for: is a sum missing?")


def _expect_survival(answer: Callable[[np.ndarray, np.ndarray], float]) -> None:
    """One image at a time: what breaks first tells where."""
    lost = (
        "e^−10000 is 0 in floating point, and {}. Either p is computed before its logarithm, or something "
        "other than the row's largest logit m is subtracted. With log p = (z − m) − log Σ e^(z − m) nothing "
        "is ever infinite."
    )
    cut = (
        "The loss of a hopeless answer stops growing: it looks as if p, or z, were clipped, or something "
        "small added to p, before the logarithm. Compute log p from the logits, and nothing needs clipping."
    )
    large = "e^10000 is inf in floating point. Subtract the largest logit of the row first."
    small = "Both exponentials are 0 in floating point. Subtract the largest logit of the row first."
    no, nan = lost.format("log 0 is −inf"), lost.format("0 · log 0 is nan")
    questions = [
        ([1, 0], [0.0, -1e4], nan),
        ([3, 1], [0.0, -1e4], no),
        ([3, 1], [1e4, 0.0], large),
        ([3, 1], [-1e4, -9999.0], small),
    ]
    for votes, z, hint in questions:
        V, Z = np.array([votes]), np.array([z])
        found, expected = _expect_loss(answer(V.copy(), Z.copy())), _vote_loss(V, Z) + 0.0
        if not np.isclose(found, expected, rtol=1e-4, atol=1e-6):
            if 0 <= found < expected:
                hint = cut
            elif np.isinf(found) and hint == nan:
                hint = no
            raise Wrong(
                f"For votes = {V.tolist()} and Z = {Z.tolist()}: expected {expected:.5g}, received "
                f"{found:.5g}. {hint}"
            )


_OUTPUTS = "linear", "sigmoid", "softmax"
_LOSSES = (
    "mean_squared_error",
    "mean_absolute_error",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)
_MSE, _MAE, _BINARY, _SOFT, _SPARSE = _LOSSES

_TOTAL = (
    "a total may be negative, or larger than 1, and the loss of a probability takes the logarithm of what "
    "it is given."
)
_SQUARES = (
    "squares cost a confident mistake 1 at most, and where a probability has gone flat they have no slope "
    "to correct it. Ask what is likely: the likelihood of such answers leads to a logarithm."
)
_NAMES = (
    "a digit's number is its name, not an amount. To call a 9 an 8 is no smaller mistake than to call it a 1."
)
_NUMBER = {
    "softmax": "there is one output, and the softmax of a single number is 1, whatever the number.",
    _BINARY: "it takes the logarithm of a probability, and this output is none.",
    _SOFT: "it takes the logarithm of probabilities, one for each class; there are no classes here.",
    _SPARSE: "it takes the logarithm of the probability of a class; there are no classes here.",
}
# What fits each task, and of everything else why it does not.
_FITTING = {
    "digit": ("softmax", _SPARSE),
    "photo": ("sigmoid", _BINARY),
    "survey": ("softmax", _SOFT),
    "scan": ("sigmoid", _BINARY),
    "sensor": ("linear", _MAE),
    "bakery": ("linear", _MSE),
    "courier": ("linear", _MAE),
}
_UNFIT: dict[str, dict[str, str]] = {
    "digit": {
        "linear": _TOTAL,
        "sigmoid": "ten sigmoids answer each for itself, and their ten numbers add up to anything; but "
        "there is exactly one digit on the image.",
        _MSE: _NAMES,
        _MAE: _NAMES,
        _BINARY: "it wants an answer of its own, 0 or 1, for each output. Here one number names the class.",
        _SOFT: "it wants a row of ten targets for each image. Here the target is a single number from 0 to "
        "9.",
    },
    "photo": {
        "linear": _TOTAL,
        "softmax": "its outputs share a total of 1. A dog, snow and a child in one photo would have to "
        "divide it, and a photo with none of the twenty could not say so.",
        _MSE: _SQUARES,
        _MAE: "absolute errors aim at the median. A label that is present in fewer than half of such "
        "photos would get 0, not its probability.",
        _SOFT: "it counts the outputs whose target is 1, and no others: to call a label present that is "
        "absent would cost nothing.",
        _SPARSE: "it wants one class number for each photo. Here several labels may be right, or none.",
    },
    "survey": {
        "linear": _TOTAL,
        "sigmoid": "five sigmoids answer each for itself. The five shares are parts of one whole, and each "
        "person chose exactly one answer.",
        _MSE: _SQUARES,
        _MAE: "absolute errors aim at a median, and a median of shares is not a share of people.",
        _BINARY: "it makes five separate questions of one. Each person chose exactly one of the five "
        "answers.",
        _SPARSE: "it wants one class number for each question. Here the target is a row of five shares, "
        "and to keep only the largest would throw the other answers away.",
    },
    "scan": {
        "linear": _TOTAL,
        "softmax": _NUMBER["softmax"],
        _MSE: _SQUARES,
        _MAE: "absolute errors aim at the median. Of a hundred targets ninety-nine are 0, so the best "
        "answer would be 0 for nearly everybody, and that is no probability.",
        _SOFT: "with a single output it counts the scans whose target is 1, and no others: to call "
        "everybody ill would cost nothing.",
        _SPARSE: "it picks one of several outputs by its number, and there is only one.",
    },
    "sensor": _NUMBER
    | {
        "sigmoid": "its output lies between 0 and 1, and a temperature need not.",
        _MSE: "an error of 980 degrees costs as much as 960,400 errors of one degree. For the sake of a "
        "broken sensor all the sound readings would be predicted too warm.",
    },
    "bakery": _NUMBER
    | {
        "sigmoid": "its output lies between 0 and 1, and a day's loaves do not.",
        _MAE: "absolute errors aim at the median. The few days before a feast, on which far more is sold, "
        "do not move it, and the year's total would come out too small.",
    },
    "courier": _NUMBER
    | {
        "sigmoid": "its output lies between 0 and 1, and minutes do not.",
        _MSE: "squares aim at the mean. A few parcels that come hours late pull it up, and then far more "
        "than half of all come earlier than promised.",
    },
}


@exercise("which_loss", title="Which loss fits?", stars=1, function=False)
def which_loss(choices: dict[str, tuple[str, str]]) -> None:
    """Every task that is filled in has to fit; open, if nothing is wrong and something is still missing."""
    check_choices(
        choices,
        list(_FITTING),
        "choices[task] = (activation, loss)",
        _unfit,
        made=lambda pair: isinstance(pair, tuple | list) and ... not in pair,
    )


def _unfit(task: str, pair: Any) -> str:
    """Why a choice does not fit its task; empty if it does, or is not made yet."""
    if pair is Ellipsis or pair is None:
        return ""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        return f"expected two names, (activation, loss), received {pair!r}."
    for name, known, right in zip(pair, (_OUTPUTS, _LOSSES), _FITTING[task], strict=True):
        if name is Ellipsis or name == right:
            continue
        if not isinstance(name, str):
            return f"expected names in quotes, received {type(name).__name__}."
        if name not in known:
            kind = "activations" if known is _OUTPUTS else "losses"
            return f"{name!r} is not among the {kind}, which are {', '.join(known)}."
        return f"{name} does not fit: {_UNFIT[task][name]}"
    return ""
