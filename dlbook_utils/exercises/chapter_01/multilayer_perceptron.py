"""Checkers of the exercises after the third notebook: the multilayer perceptron."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from dlbook_utils.activations import softmax
from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_shape, listed

__all__ = ["forward_mended", "possible_inputs"]


def _share(e: np.ndarray, axis: int | None = 1, keepdims: bool = True) -> np.ndarray:
    return e / e.sum(axis=axis, keepdims=keepdims)


@exercise("forward_mended", title="Right for one, wrong for many", stars=2)
def forward_mended(answer: Callable[[np.ndarray, list[np.ndarray]], np.ndarray]) -> None:
    """One image; then as many images as classes, where a missing keepdims is silent; then others."""
    rng = np.random.default_rng(3)
    for N, height, width, *sizes in [
        (1, 3, 4, 5, 4, 3),
        (4, 2, 3, 5, 6, 4),
        (6, 2, 3, 5, 4, 3),
        (5, 4, 3, 2, 5, 5),
        (3, 3, 5, 7, 7, 2),
    ]:
        images = rng.uniform(0, 1, (N, height, width))
        weights: list[np.ndarray] = []
        for D, H in pairwise([height * width, *sizes]):
            weights += [rng.normal(0, (3 / D) ** 0.5, (D, H)), rng.normal(0, 0.5, H)]
        if N == 3:
            images, weights = images.astype(np.float32), [w.astype(np.float32) for w in weights]
        _compare_forward(answer, images, weights)
    _expect_one_pass(answer, rng.uniform(0, 1, (60, height, width)), weights)


class _Counted(list):
    """A list that counts how often it is read."""

    reads = 0

    def __iter__(self) -> Iterator[Any]:
        self.reads += 1
        return super().__iter__()

    def __getitem__(self, index: Any) -> Any:
        self.reads += 1
        return super().__getitem__(index)


def _expect_one_pass(
    answer: Callable[[np.ndarray, list[np.ndarray]], np.ndarray],
    images: np.ndarray,
    weights: list[np.ndarray],
) -> None:
    """Refuse a function that runs the network for one image after another, and reads the weights for each."""
    counted = _Counted(weights)
    answer(images, counted)
    if counted.reads >= len(images):
        raise Wrong(
            f"The results are right, but for {len(images)} images the weights were read {len(images)} times "
            "or more: the network seems to run for one image after another. That only hides the mistakes, "
            "and takes far longer. Let one pass take all images."
        )


def _forward(X: np.ndarray, weights: list[np.ndarray], bends: tuple[int, ...] = (1, 1, 0)) -> np.ndarray:
    """Logits of three layers; where bends holds a 1, the layer's totals pass a ReLU."""
    for W, b, bent in zip(weights[::2], weights[1::2], bends, strict=True):
        X = X @ W + b
        X = np.maximum(X, 0) if bent else X
    return X


def _compare_forward(
    answer: Callable[[np.ndarray, list[np.ndarray]], np.ndarray],
    images: np.ndarray,
    weights: list[np.ndarray],
) -> None:
    N, K = len(images), weights[-1].size
    X = images.reshape(N, -1)  # (N, D)
    logits = _forward(X, weights)
    expected = softmax(logits)
    found = answer(images.copy(), [w.copy() for w in weights])
    if np.shape(found) == (N,):
        raise Wrong("One number an image came back. The K probabilities of each were asked for, (N, K).")
    found = expect_shape(found, (N, K))

    def like(one: np.ndarray) -> bool:
        return np.allclose(found, one, rtol=1e-4, atol=1e-6)

    if like(expected):
        return
    n = np.flatnonzero(~np.isclose(found, expected, rtol=1e-4, atol=1e-6).all(axis=1))[0]
    what = "For a single image" if N == 1 else f"Single images are right. In a batch of {N}, for image {n}"
    sums = found.sum(axis=1)
    columns = images.transpose(0, 2, 1).reshape(N, -1)
    mixed = images.reshape(X.shape[1], N).T
    slips = [
        (logits, "Those are the logits. The softmax that turns them into probabilities is missing."),
        (
            softmax(_forward(X, weights, (1, 1, 1))),
            "The logits have passed a ReLU. The last layer has none, or nothing could speak against a class.",
        ),
        (
            softmax(_forward(X, weights, (0, 0, 0))),
            "The two ReLUs are missing: three layers collapse to one.",
        ),
        (
            softmax(_forward(X / X.max(), weights)),
            "The pixels were divided by the largest of them. They are ink from 0 to 1 already, and what is "
            "the largest depends on the batch.",
        ),
        (
            softmax(_forward(columns, weights)),
            "The pixels of an image are in another order: column after column. The weights expect one row of "
            "the image after another.",
        ),
        (
            softmax(logits, axis=0),
            "Each class now sums to 1 over the images. Each image should sum to 1 over the classes, axis=1.",
        ),
    ]
    if N > 1:
        slips += [
            (
                _share(np.exp(_forward(mixed, weights)), axis=axis),
                "Begin with X: it has the right shape, (N, D), but which pixels stand in its first row? Try "
                "it with two tiny images whose numbers you can tell apart.",
            )
            for axis in (None, 1)
        ]
    if N == K:
        slips += [
            (
                _share(np.exp(logits), keepdims=False),
                f"With {N} images and {K} classes, sums of shape ({N},) line up with the classes, and nobody "
                "notices. keepdims=True makes their shape (N, 1).",
            )
        ]
    hint = next((text for slip, text in slips if like(slip)), "")
    if not hint and np.allclose(found / sums[:, None], expected, rtol=1e-4, atol=1e-6):
        hint = (
            f"The answers are right, but not as probabilities: the {N} rows sum to {listed(sums)}. By what "
            "is each row divided?"
        )
    elif not hint and not np.allclose(sums, 1, rtol=1e-4):
        hint = f"The rows sum to {listed(sums)}, and each should sum to 1."
    raise Wrong(f"{what}, expected {listed(expected[n])}, received {listed(found[n])}. {hint}".rstrip())


_D = np.arange(1, 1001)


def _fit(
    rows: list,
    biases: bool,
    cut: bool,
    count: Callable[[np.ndarray, list, bool], np.ndarray] | None = None,
    every: Callable[..., np.ndarray] = np.all,
) -> list[int]:
    """The numbers of inputs from 1 to 1000 with which rows come out as printed."""
    fits = []
    for layers, millions in rows:
        hundredths = (count or _count)(_D, layers, biases) / 1e4
        printed = np.floor(hundredths) if cut else np.round(hundredths)
        fits.append(printed == round(100 * millions))
    return _D[every(fits, axis=0)].tolist()


def _count(D: Any, layers: list[int], biases: bool) -> Any:
    """All weights, with or without biases, of a network with D inputs."""
    return sum((a * b for a, b in pairwise([D, *layers])), 0 * D) + biases * sum(layers)


_TABLE_SLIPS: list[tuple[Callable[..., list[int]], str]] = [
    (lambda rows, b, c: _fit(rows, True, c), "It looks as if biases is not used: they are always counted."),
    (lambda rows, b, c: _fit(rows, False, c), "It looks as if biases is not used: they are never counted."),
    (lambda rows, b, c: _fit(rows, b, True), "It looks as if cut is not used: it is never rounded."),
    (lambda rows, b, c: _fit(rows, b, False), "It looks as if cut is not used: it is always rounded."),
    (lambda rows, b, c: _fit(rows, b, not c), "Cutting and rounding have changed places."),
    (lambda rows, b, c: _fit(rows, not b, c), "With and without biases have changed places."),
    (
        lambda rows, b, c: _fit(rows, b, c, every=np.any),
        "It looks as if one row that fits were enough. All rows must come out as printed.",
    ),
    (lambda rows, b, c: _fit(rows[:1], b, c), "It looks as if only the first row were compared."),
    (lambda rows, b, c: _fit(rows[-1:], b, c), "It looks as if only the last row were compared."),
    (
        lambda rows, b, c: _fit(rows, b, c, count=lambda D, n, b: _count(D, n, b) + b * D),
        "It looks as if the inputs had biases. An input is no neuron: nothing is added to it.",
    ),
    (
        lambda rows, b, c: _fit(rows, b, c, count=lambda D, n, b: _count(D, n, False) + b * len(n)),
        "It looks as if each layer had one bias. Each of its neurons has one.",
    ),
    (
        lambda rows, b, c: _fit(rows, b, c, count=lambda D, n, b: _count(D, n, False) + b * sum(n[:-1])),
        "It looks as if the neurons of the output had no biases. They have.",
    ),
    (
        lambda rows, b, c: _fit(rows, b, c, count=lambda D, n, b: _count(D, n[:-1], b)),
        "It looks as if the output layer were left out. The last number in layers is the number of outputs.",
    ),
    (
        lambda rows, b, c: _fit(rows, b, c, count=lambda D, n, b: _count(0, n, b) + D),
        "It looks as if the first layer had one weight for each input. Each of its neurons has so many.",
    ),
    (lambda rows, b, c: _fit(rows, b, c)[:1], "Only the smallest came back. Which others fit too?"),
    (
        lambda rows, b, c: [side for side in range(1, 32) if side**2 in _fit(rows, b, c)],
        "Those are the sides of square images. The numbers of inputs were asked for.",
    ),
    (
        lambda rows, b, c: [D for D in _fit(rows, b, c) if int(D**0.5 + 0.5) ** 2 == D],
        "Only square numbers came back. Every number of inputs was asked for; whether it is a square comes "
        "later.",
    ),
    (
        lambda rows, b, c: [D for D in _fit(rows, b, c) if D < 1000],
        "1000 itself belongs to the numbers tried.",
    ),
]


@exercise("possible_inputs", title="A table gives itself away", stars=2)
def possible_inputs(answer: Callable[[list, bool, bool], list[int]]) -> None:
    """Small tables, then some made from a number of inputs; each is asked about with all four readings."""
    rng = np.random.default_rng(1003)
    asked = [([([41, 10], 0.03)], b, c) for b in (True, False) for c in (True, False)]
    asked += [([([21], 0.01), ([3, 1], 0.00)], False, c) for c in (True, False)]
    asked += [([([21], 0.01), ([41, 10], 0.99)], False, True)]  # nothing fits
    for biases in (True, False):
        D = int(rng.integers(100, 900))
        rows = []
        while len(rows) < 3:
            layers = [*rng.integers(30, 1500, rng.integers(1, 4)).tolist(), 10]
            if _is_clear(layers):
                rows.append((layers, _count(D, layers, biases) // 10_000 / 100))
        asked += [(rows, b, c) for b in (True, False) for c in (True, False)]
    asked += [([([7] * 8, 0.01)], b, False) for b in (True, False)]
    asked += [([([3, 1], 0.00)], True, True), ([([911, 77, 10], 0.35)], True, True)]
    asked += [([([911, 77, 10], 0.58)], False, True)]  # 0.58 * 100 is not 58, nor 35 * 0.01 0.35
    found = [_expect_inputs(answer([(list(n), m) for n, m in rows], b, c)) for rows, b, c in asked]
    for question, numbers in zip(asked, found, strict=True):
        if numbers != _fit(*question):
            slips = [
                message
                for slip, message in _TABLE_SLIPS
                if all(slip(*q) == f for q, f in zip(asked, found, strict=True))
            ]
            raise Wrong(_about_inputs(*question, numbers, slips[0] if slips else ""))


def _is_clear(layers: list[int]) -> bool:
    """Whether no count, not even that of a slip, lies on an edge, where floating point would decide."""
    counts = [
        _count(_D, n, False) + more
        for n in (layers, layers[:-1])
        for more in (0, len(layers), sum(layers[:-1]), sum(layers))
    ]
    return all(np.all(count % 5000) for count in counts)


def _expect_inputs(found: Any) -> list[int]:
    """A list of whole numbers, in any order."""
    if isinstance(found, int | float | np.number):
        raise Wrong(f"Expected a list of all numbers of inputs that fit, received the one number {found}.")
    if not isinstance(found, list | tuple | set | range | np.ndarray):
        raise Wrong(f"Expected a list of whole numbers, received {type(found).__name__}.")
    numbers = list(found)
    if odd := [number for number in numbers if not _is_whole(number)]:
        kinds = {tuple: "of tuples", list: "of lists", np.ndarray: "of arrays", str: "of strings"}
        kind = kinds.get(type(odd[0]), f"with {odd[0]} in it")
        raise Wrong(
            f"Expected a list of whole numbers, received a list {kind}. Only the D that fit are wanted, for "
            "the one reading asked about."
        )
    numbers = [int(number) for number in numbers]
    if len(set(numbers)) < len(numbers):
        raise Wrong(
            "Some numbers came back more than once, perhaps once for each row that they fit. A number stands "
            "in the list once, and only if every row comes out as printed."
        )
    return sorted(numbers)


def _is_whole(number: Any) -> bool:
    """Whether a number is whole, of whatever type; no truth value."""
    return type(number) is not bool and isinstance(number, int | float | np.number) and number % 1 == 0


def _about_inputs(rows: list, biases: bool, cut: bool, found: list[int], slip: str) -> str:
    expected = _fit(rows, biases, cut)
    table = "; ".join(f"{layers} → {millions:.2f}" for layers, millions in rows)
    first = f"For {table}, biases={biases}, cut={cut}: expected {_few(expected)}, received {_few(found)}."
    odd = sorted(set(found) ^ set(expected))
    if slip:
        return f"{first} {slip}"
    if odd[0] not in range(1, 1001):
        return f"{first} The numbers to be tried are the whole numbers from 1 to 1000."
    if set(found) < set(expected) and any(_is_awkward(millions) for _, millions in rows):
        return (
            f"{first} Some that fit are missing. Are products compared with == there? In floating point "
            "0.58 · 100 is 57.99999999999999, and 35 · 0.01 is 0.35000000000000003: round first."
        )
    if odd[0] in expected:
        what = " weights and biases" if biases else " weights"
        counts = [
            f"{layers} has {_count(odd[0], layers, biases):,}{'' if i else what}, {millions:.2f}"
            for i, (layers, millions) in enumerate(rows)
        ]
        return f"{first} D = {odd[0]} is missing, and every row comes out as printed: {'; '.join(counts)}."
    layers, millions = next(row for row in rows if odd[0] not in _fit([row], biases, cut))
    return (
        f"{first} Try D = {odd[0]}: the layers {layers} then have {_count(odd[0], layers, False):,} weights"
        f"{f' and {sum(layers):,} biases' if biases else ''}. {'Cut' if cut else 'Rounded'} to hundredths "
        f"of a million, is that {millions:.2f}?"
    )


def _is_awkward(millions: float) -> bool:
    """Whether floating point loses a printed number on the way to hundredths, or back."""
    hundredths = round(100 * millions)
    return 100 * millions != hundredths or 0.01 * hundredths != millions


def _few(numbers: list[int]) -> str:
    if len(numbers) > 4:
        return f"{len(numbers)} numbers from {numbers[0]} to {numbers[-1]}"
    return str(numbers) if numbers else "none, []"
