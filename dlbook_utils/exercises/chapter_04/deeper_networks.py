"""Checkers of the exercises after the fifth notebook: a network on a budget, and folded normalisation."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from dlbook_utils.datasets import load_mnist
from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Slips, Wrong, expect_pair, expect_shape, fits, which_slip, worst
from dlbook_utils.exercises.running import Answer, Open, brief, is_stub

__all__ = ["fold_after", "fold_before", "last_network", "small_network"]

LIMIT, WANTED = 10_000, 0.98
_last: list[Any] = []  # the network that was checked last


# --- A network on a budget ----------------------------------------------------------------------


def last_network() -> tuple[Any, np.ndarray]:
    """The network that ``check("small_network", …)`` trained last in this session, and found right.

    Returns
    -------
    network : object with ``predict`` and ``get_weights``
    P : ndarray (10000, 10)
        What it gave for the validation digits.

    Raises
    ------
    ValueError
        If none was checked.

    Notes
    -----
    Used in: Chapter 4.
    """
    if not _last:
        raise ValueError("Expected a network that was checked; there is none yet in this session.")
    return _last[0], _last[1]


def _as_images(images: np.ndarray) -> np.ndarray:
    """float32 (N, 28, 28, 1), from 0 to 1, that cannot be changed."""
    result = images[..., None].astype(np.float32) / 255
    result.flags.writeable = False
    return result


def _predictions(network: Any, X: np.ndarray) -> Any:
    try:
        return network.predict(X, verbose=0)  # Keras would draw a bar
    except TypeError:
        return network.predict(X)


def _is_network(result: Any) -> bool:
    return callable(getattr(result, "predict", None)) and callable(getattr(result, "get_weights", None))


@exercise("small_network", title="98 % with fewer than 10,000 numbers", stars=3, seconds=300)
def small_network(answer: Answer) -> None:
    """Trained here, on the 50,000 digits alone; then counted, and tested on the 10,000 that it never saw."""
    if is_stub(answer.function):
        raise Open
    (images, labels), _ = load_mnist()
    y = labels[:50_000].copy()
    y.flags.writeable = False
    training = Answer(partial(answer.function, _as_images(images[:50_000]), y))
    training.name = answer.name
    try:
        network = training()
    except Wrong as wrong:
        if "read-only" not in str(wrong):
            raise
        raise Wrong(
            f"{wrong}\nX and y are read-only: shuffle an index, X[order]; and make a new array where you "
            "change numbers."
        ) from None
    if not _is_network(network):
        if isinstance(network, tuple | list) and any(_is_network(part) for part in network):
            raise Wrong(f"Expected the trained network alone; received {len(network)} things.")
        what = type(network).__name__
        if what == "History":
            what = "the History that fit gives; return the network after fit"
        elif isinstance(network, list):
            what = "a list. Weights alone do not say what to do with them"
        raise Wrong(f"Expected the trained network, with predict and get_weights; received {what}.")
    count = _counted(network)
    for size in (1000, 10_000):  # the first answers quickly where much is wrong
        accuracy, P = _tested(network, images[50_000:][:size], labels[50_000:][:size])
        if accuracy < (WANTED if size == 10_000 else 0.93):
            missed = round((1 - accuracy) * size)
            raise Wrong(
                f"{count:,} numbers, well. But of {size:,} validation digits {missed:,} are misread "
                f"({accuracy:.2%} right), and 2% are allowed. {_advice(network, accuracy, count)}"
            )
    _last[:] = [network, P]


def _counted(network: Any) -> int:
    """The numbers in a network's weights; Wrong, if there are too many."""
    given = sum(int(np.size(w)) for w in network.get_weights())
    count = max(given, _own_count(network))
    if count < LIMIT:
        return count
    hint = ""
    trainable = getattr(network, "trainable_weights", None)
    if given < LIMIT:
        hint = f" get_weights gives {given:,} of them only; count_params counts all."
    elif trainable is not None and sum(int(np.prod(w.shape)) for w in trainable) < LIMIT:
        hint = " Frozen layers and moving averages count too: without them the network could not read."
    elif count == LIMIT:
        hint = f" One number too many: {LIMIT - 1:,} are allowed."
    else:
        sizes = sorted((int(np.size(w)), np.shape(w)) for w in network.get_weights())
        share = sizes[-1][0] / count
        if share > 0.5:
            hint = (
                f" {share:.0%} of them stand in one array, of shape {sizes[-1][1]}. What feeds it, and how "
                "could that be made smaller?"
            )
    raise Wrong(f"The network consists of {count:,} numbers, and fewer than {LIMIT:,} are allowed.{hint}")


def _own_count(network: Any) -> int:
    """What count_params says, where there is one: get_weights may leave arrays out."""
    try:
        return int(network.count_params())
    except Exception:  # it is not asked for, and need not exist or work
        return 0


def _tested(network: Any, images: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """The share of digits that are read correctly, and the outputs."""
    try:
        P = np.asarray(_predictions(network, _as_images(images)))
    except Exception as error:
        raise Wrong(
            f"The network did not accept the validation digits, float32 ({len(images)}, 28, 28, 1): "
            f"{type(error).__name__}: {brief(str(error))}".rstrip(": ")
        ) from None
    if P.shape == labels.shape:
        raise Wrong(
            f"predict gave one number for each digit. Expected ten, of shape {(len(labels), 10)}; the place "
            "of the largest is the answer."
        )
    P = expect_shape(P, (len(labels), 10), f"what predict gives for {len(labels):,} validation digits")
    answers = P.argmax(axis=1)
    accuracy = float(np.mean(answers == labels))
    for turn in (-1, 1):
        if accuracy < 0.5 and np.mean((answers + turn) % 10 == labels) >= 0.6:
            raise Wrong(
                f"Nearly all answers are off by one: column d stands for the digit d {turn:+d}, not for d."
            )
    if accuracy < 0.5 and np.mean(P.argmin(axis=1) == labels) >= 0.6:
        raise Wrong("The *smallest* of the ten stands at the right digit. The largest is taken.")
    return accuracy, P


def _share_right(network: Any, X: np.ndarray, labels: np.ndarray) -> float:
    """0 where the network refuses such images: it was not told that they would come."""
    try:
        return float(np.mean(np.asarray(_predictions(network, X)).argmax(axis=1) == labels))
    except Exception:
        return 0.0


def _advice(network: Any, accuracy: float, count: int) -> str:
    (images, labels), _ = load_mnist()
    some, true = images[50_000:52_000], labels[50_000:52_000]
    if accuracy < 0.25:
        return (
            "That is little better than guessing. Was it trained, and is it the trained one that you return?"
        )
    for change, name in ((lambda x: 255 * x, "from 0 to 255"), (lambda x: 1 - x, "inverted, 1 on paper")):
        if _share_right(network, change(_as_images(some)), true) > max(WANTED - 0.005, accuracy + 0.005):
            return f"With pixels {name} it would pass: whatever you do to X has to happen inside the network."
    known = _share_right(network, _as_images(images[:2000]), labels[:2000])
    if known > accuracy + 0.02:
        return (
            f"Of the first 2,000 training digits {known:.1%} are right: it has learnt too few by heart. Did "
            "it see all 50,000?"
        )
    if count < 5000:
        return f"You still have {LIMIT - 1 - count:,} numbers to spend."
    return "Where do the numbers stand that matter least? Or does it only need another epoch?"


# --- Folding ------------------------------------------------------------------------------------


def _line(g: np.ndarray, B: np.ndarray, mu: np.ndarray, v: np.ndarray, e: float) -> tuple:
    """Scale and shift: normalisation with fixed statistics is a straight line."""
    s = g / np.sqrt(v + e)
    return s, B - mu * s


def folded_after(W: Any, b: Any, g: Any, B: Any, mu: Any, v: Any, e: float) -> tuple:
    """Convolution, then normalisation."""
    s, t = _line(g, B, mu, v, e)
    return W * s, b * s + t


def folded_before(W: Any, b: Any, g: Any, B: Any, mu: Any, v: Any, e: float) -> tuple:
    """Normalisation, then convolution."""
    s, t = _line(g, B, mu, v, e)
    return W * s[:, None], b + np.einsum("c,ijcf->f", t, W)


_Fold = Callable[..., tuple]


def _of_scale(fold: _Fold) -> list[tuple[_Fold, str]]:
    """Slips in the scale, which spoil W' and b' alike."""

    def with_variance(change: Callable[..., Any]) -> _Fold:
        return lambda W, b, g, B, mu, v, e: fold(W, b, g, B, mu, change(v, e), 0.0)

    return [
        (
            with_variance(lambda v, e: (np.sqrt(v) + e) ** 2),
            "ε was added to the root. It stands under it, beside the variance.",
        ),
        (with_variance(lambda v, e: v), "It looks as if ε is not used."),
        (with_variance(lambda v, e: (v + e) ** 2), "It was divided by the variance: the root is missing."),
        (
            with_variance(lambda v, e: v**2 + e),
            "It looks as if `variance` had been squared. It is a variance already.",
        ),
        (with_variance(lambda v, e: 1 / (v + e)), "It was multiplied by √(σ² + ε), and not divided."),
        (
            lambda W, b, g, B, mu, v, e: fold(W, b, np.ones_like(g), B, mu, v, e),
            "γ is missing.",
        ),
        (
            lambda W, b, g, B, mu, v, e: fold(W, b, 1 / g, B, mu, v, e),
            "It was divided by γ, and has to be multiplied by it.",
        ),
        (
            lambda W, b, g, B, mu, v, e: fold(W, b, B, g, mu, v, e),
            "γ and β have changed places.",
        ),
        (
            lambda W, b, g, B, mu, v, e: fold(W, b, g, B, v, mu, e),
            "Mean and variance have changed places.",
        ),
    ]


def _cross(axis: int) -> Callable[..., np.ndarray]:
    """W scaled along the other channel axis: where C is F without an error, elsewhere with s cut to fit."""

    def scaled(W: np.ndarray, b: Any, *line: Any) -> np.ndarray:
        s = np.resize(_line(*line)[0], W.shape[axis])
        return W * (s if axis == 3 else s[:, None])

    return scaled


_OVER_S = "It was divided by s = γ/√(σ² + ε), and has to be multiplied by it."
_AFTER_W: Slips = [
    (lambda W, b, *line: W / _line(*line)[0], _OVER_S),
    (
        _cross(2),
        "W was scaled along its third axis, the channels that come in. What is normalised here are the "
        "filters, the last axis.",
    ),
    (lambda W, b, *line: W, "W came back unchanged."),
    *[(lambda *a, f=f: f(*a)[0], text) for f, text in _of_scale(folded_after)],
]
_BEFORE_W: Slips = [
    (lambda W, b, *line: W / _line(*line)[0][:, None], _OVER_S),
    (
        _cross(3),
        "W was scaled along its last axis, the filters. What is normalised here are the channels that come "
        "in, the third axis.",
    ),
    (lambda W, b, *line: W, "W came back unchanged."),
    *[(lambda *a, f=f: f(*a)[0], text) for f, text in _of_scale(folded_before)],
]


def _after_b(change: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """b' made of b, s, t, β and μ s."""

    def result(W: np.ndarray, b: np.ndarray, g: Any, B: Any, mu: Any, v: Any, e: float) -> np.ndarray:
        s, t = _line(g, B, mu, v, e)
        return change(b, s, t, B, mu)

    return result


_AFTER_B: Slips = [
    (_after_b(lambda b, s, t, B, mu: b + t), "b was not scaled. It stands before the normalisation too."),
    (_after_b(lambda b, s, t, B, mu: t), "b is lost. It may be None; here it is not."),
    (_after_b(lambda b, s, t, B, mu: (b - mu) * s), "β is missing."),
    (_after_b(lambda b, s, t, B, mu: b * s + B), "The mean is missing: it is subtracted from Z, b included."),
    (_after_b(lambda b, s, t, B, mu: (b + mu) * s + B), "The mean was added, and is subtracted."),
    (
        _after_b(lambda b, s, t, B, mu: b * s + B - mu),
        "The mean was not scaled: (Z − μ) is divided as a whole.",
    ),
    (_after_b(lambda b, s, t, B, mu: (b - mu + B) * s), "β was scaled. It is added after the scaling."),
    (_after_b(lambda b, s, t, B, mu: b), "b came back unchanged."),
    (_after_b(lambda b, s, t, B, mu: (b - mu) / s + B), _OVER_S),
    (_after_b(lambda b, s, t, B, mu: b * s - t), "The shift β − μ s was subtracted, and is added."),
    *[(lambda *a, f=f: f(*a)[1], text) for f, text in _of_scale(folded_after)],
]


def _before_b(change: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """b' made of b, W, s, t, β and μ."""

    def result(W: np.ndarray, b: np.ndarray, g: Any, B: Any, mu: Any, v: Any, e: float) -> np.ndarray:
        s, t = _line(g, B, mu, v, e)
        return change(b, W, s, t, B, mu)

    return result


def _through(t: np.ndarray, W: np.ndarray) -> np.ndarray:
    return np.einsum("c,ijcf->f", t, W)


_BEFORE_B: Slips = [
    (_before_b(lambda b, W, s, t, B, mu: b), "b came back unchanged: the shift is lost."),
    (_before_b(lambda b, W, s, t, B, mu: _through(t, W)), "b is lost. It may be None; here it is not."),
    (
        _before_b(lambda b, W, s, t, B, mu: b + _through(t, W * s[:, None])),
        "The shift β − μ s went through the *scaled* kernel. s is in it already; W itself belongs here.",
    ),
    (
        _before_b(lambda b, W, s, t, B, mu: b + _through(B - mu, W * s[:, None])),
        "β went through the scaled kernel. It is added after the scaling.",
    ),
    (
        _before_b(lambda b, W, s, t, B, mu: b + _through(B - mu, W)),
        "The mean was not scaled: it was subtracted before the division.",
    ),
    (_before_b(lambda b, W, s, t, B, mu: b + _through(B, W)), "The mean is missing."),
    (_before_b(lambda b, W, s, t, B, mu: b - _through(mu * s, W)), "β is missing."),
    (
        _before_b(lambda b, W, s, t, B, mu: b + _through(B + mu * s, W)),
        "The mean was added, and is subtracted.",
    ),
    (
        _before_b(lambda b, W, s, t, B, mu: b - _through(t, W)),
        "The shift β − μ s was subtracted, and is added.",
    ),
    (_before_b(lambda b, W, s, t, B, mu: b + _through(B - mu / s, W)), _OVER_S),
    (
        _before_b(lambda b, W, s, t, B, mu: b + t @ W.mean(axis=(0, 1))),
        "A mean was taken over the cells of the kernel. Every cell reads the shift: a sum.",
    ),
    (
        _before_b(lambda b, W, s, t, B, mu: b + t @ W[0, 0]),
        "Only one cell of the kernel was asked. Every cell reads the shift: sum over i, j and c.",
    ),
    (
        _before_b(lambda b, W, s, t, B, mu: b + t @ W[W.shape[0] // 2, W.shape[1] // 2]),
        "Only one cell of the kernel was asked. Every cell reads the shift: sum over i, j and c.",
    ),
    (
        _before_b(lambda b, W, s, t, B, mu: b + t.sum() * W.sum(axis=(0, 1, 2))),
        "Each channel has a shift of its own: multiply before the sum over c.",
    ),
    (
        _before_b(lambda b, W, s, t, B, mu: b + t.sum()),
        "The shift goes through the kernel like everything else: sum over i, j and c.",
    ),
    (
        _before_b(lambda b, W, s, t, B, mu: b + t),
        "The shift goes through the kernel like everything else: sum over i, j and c.",
    ),
    (
        _before_b(lambda b, W, s, t, B, mu: b * s + t),
        "That is the bias of a convolution *followed* by a normalisation. Here the shift comes first, and "
        "goes through the kernel.",
    ),
    *[(lambda *a, f=f: f(*a)[1], text) for f, text in _of_scale(folded_before)],
]


def _fold_cases(before: bool) -> list[tuple]:
    """(W, b, γ, β, μ, σ², ε): unequal sizes, C = F, one cell; b is None; negative γ; σ² = 0; float32."""
    rng = np.random.default_rng(4091)
    cases = []
    for kh, kw, C, F, epsilon in (
        (3, 2, 3, 5, 0.3),
        (3, 3, 4, 4, 1e-3),
        (1, 1, 2, 3, 0.1),
        (2, 3, 1, 2, 0.5),
    ):
        n = C if before else F
        normal = [rng.normal(size=n) for _ in range(3)]
        variance = rng.uniform(0.1, 3, size=n)
        variance[-1] = 0 if kh == 2 else variance[-1]
        cases.append((rng.normal(size=(kh, kw, C, F)), rng.normal(size=F), *normal, variance, epsilon))
    cases.append((cases[0][0], None, *cases[0][2:]))
    floats = [a.astype(np.float32) for a in cases[0][:6]]
    return [*cases, (*floats, 1e-3)]


def _check_fold(
    answer: Callable[..., tuple], before: bool, right: _Fold, slips_W: Slips, slips_b: Slips
) -> None:
    for case in _fold_cases(before):
        W, b, *line, epsilon = case
        zero = np.zeros(W.shape[3])
        given = (W.astype(float), zero if b is None else b.astype(float), *(a.astype(float) for a in line))
        given = (*given, epsilon)
        expected = right(*given)
        copies = [None if a is None else a.copy() for a in case[:6]]
        with np.errstate(all="ignore"):
            pair = expect_pair(answer(*copies, epsilon), ("W", "b"))
            shapes = [np.shape(part) for part in pair]
            if shapes == [expected[1].shape, expected[0].shape]:
                raise Wrong("The order of the results is (W, b).")
            said = f"For W of shape {W.shape}{', b = None' if b is None else ''} and ε = {epsilon:g}: "
            for name, part, wanted, slips in zip(("W", "b"), pair, expected, (slips_W, slips_b), strict=True):
                part = expect_shape(part, wanted.shape, f"the new {name}, for W of shape {W.shape},")
                if not fits(part, wanted, 1e-3):
                    place = worst(part, wanted)
                    raise Wrong(
                        f"{said}expected in the new {name} {wanted[place]:.4g} at index {list(place)}, "
                        f"received {part[place]:.4g}. {which_slip(slips, [given], [part])}".rstrip()
                    )


@exercise("fold_after", title="Fold a normalisation into what precedes it", stars=1)
def fold_after(answer: Callable[..., tuple]) -> None:
    """Convolution, then normalisation."""
    _check_fold(answer, False, folded_after, _AFTER_W, _AFTER_B)


@exercise("fold_before", title="Fold a normalisation into what follows it", stars=2)
def fold_before(answer: Callable[..., tuple]) -> None:
    """Normalisation, then convolution."""
    _check_fold(answer, True, folded_before, _BEFORE_W, _BEFORE_B)
