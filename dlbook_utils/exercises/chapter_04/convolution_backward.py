"""Checkers of the exercises after the third notebook: convolution, backward."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook_utils.exercises.chapter_04.convolution import judge_arrays
from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Slips, Wrong, expect_number
from dlbook_utils.exercises.running import usable_rng

__all__ = ["adjoint_gap", "transposed_same"]


# --- adjoint_gap --------------------------------------------------------------------------------


class _Map:
    """A linear map that writes down what it was called with."""

    def __init__(self, matrix: np.ndarray, given: tuple[int, ...], back: tuple[int, ...]) -> None:
        self.matrix, self.given, self.back = matrix, given, back
        self.seen: list[np.ndarray] = []
        self.complaint = ""

    def __call__(self, array: Any) -> np.ndarray:
        array = np.asarray(array, float)
        if array.shape != self.given:
            self.complaint = f"an array of shape {array.shape}, and takes {self.given}"
            return np.zeros(self.back)
        self.seen.append(array.copy())
        return (self.matrix @ array.ravel()).reshape(self.back)

    def __deepcopy__(self, memo: dict) -> "_Map":
        return self


_FORMULAS: list[tuple[Callable[..., float], str]] = [
    (
        lambda x, y, Ax, By: (np.sum(Ax * y) - np.sum(x * By)) / _lengths(Ax, y),
        "It came out negative: the absolute value is missing.",
    ),
    (
        lambda x, y, Ax, By: (np.sum(x * By) - np.sum(Ax * y)) / _lengths(Ax, y),
        "It came out negative: the absolute value is missing.",
    ),
    (
        lambda x, y, Ax, By: abs(np.sum(Ax * y) - np.sum(x * By)),
        "The difference was not divided by ‖A x‖ ‖y‖: a map that is a thousand times as large would look a "
        "thousand times as wrong.",
    ),
    (
        lambda x, y, Ax, By: abs(np.sum(Ax * y) - np.sum(x * By)) / _lengths(x, y),
        "It was divided by ‖x‖ ‖y‖. That grows with A: divide by ‖A x‖ ‖y‖.",
    ),
    (
        lambda x, y, Ax, By: abs(np.sum(Ax * y) - np.sum(x * By)) / _lengths(x, By),
        "It was divided by ‖x‖ ‖B y‖, which a wrong B can make large. Divide by ‖A x‖ ‖y‖.",
    ),
    (
        lambda x, y, Ax, By: abs(np.sum(Ax * y) - np.sum(x * By)) / _lengths(Ax, By),
        "It was divided by ‖A x‖ ‖B y‖. Divide by ‖A x‖ ‖y‖.",
    ),
    (
        lambda x, y, Ax, By: abs(np.sum(Ax * y) - np.sum(x * By)) / _lengths(Ax, y) ** 2,
        "It was divided by the squares of the lengths.",
    ),
    (
        lambda x, y, Ax, By: abs(np.sum(Ax * y) - np.sum(x * By)) / abs(np.sum(Ax * y)),
        "It was divided by ⟨A x, y⟩, which can happen to be near 0. Divide by ‖A x‖ ‖y‖.",
    ),
    (
        lambda x, y, Ax, By: abs(np.sum(Ax * y) - np.sum(x * By)) / abs(np.sum(x * By)),
        "It was divided by ⟨x, B y⟩, which can happen to be near 0. Divide by ‖A x‖ ‖y‖.",
    ),
    (
        lambda x, y, Ax, By: abs(np.sum(Ax * y) - np.sum(x * By)) / np.linalg.norm(Ax),
        "‖y‖ is missing from the denominator.",
    ),
    (
        lambda x, y, Ax, By: abs(np.sum(Ax * y) - np.sum(x * By)) / np.linalg.norm(y),
        "‖A x‖ is missing from the denominator.",
    ),
    (
        lambda x, y, Ax, By: abs(np.mean(Ax * y) - np.mean(x * By)) / _lengths(Ax, y),
        "Means were compared. x and y have different numbers of entries, so only the sums are equal.",
    ),
    (
        lambda x, y, Ax, By: abs(np.sum(Ax * y) + np.sum(x * By)) / _lengths(Ax, y),
        "The two were added, and not subtracted.",
    ),
    (
        lambda x, y, Ax, By: (np.sum(Ax * y) - np.sum(x * By)) ** 2 / _lengths(Ax, y) ** 2,
        "That is the square of the gap.",
    ),
    (
        lambda x, y, Ax, By: abs(np.sum(Ax * y) / _lengths(Ax, y) - np.sum(x * By) / _lengths(x, By)),
        "Each inner product was divided by lengths of its own. They are equal only before that.",
    ),
]


def _lengths(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one) * np.linalg.norm(other))


@exercise("adjoint_gap", title="The test by inner products", stars=1)
def adjoint_gap(answer: Callable[..., float]) -> None:
    """The maps write down what they get, so the right result is known whatever was drawn."""
    make = np.random.default_rng(405)
    cases = []
    for x_shape, y_shape, kind, size in [
        ((4,), (3,), "wrong", 1),
        ((2, 3, 2), (2, 2, 3), "wrong", 100),
        ((3, 3), (3, 3), "itself", 1),
        ((5,), (5,), "minus", 0.01),
        ((2, 4), (5,), "right", 1),
        ((6,), (2, 3), "half", 1),
    ]:
        A = size * make.normal(size=(int(np.prod(y_shape)), int(np.prod(x_shape))))
        others = {"wrong": size * make.normal(size=A.T.shape), "itself": A, "minus": -A.T, "half": A.T / 2}
        cases.append((A, others.get(kind, A.T), x_shape, y_shape))
    runs, found = [], []
    for seed, (matrix, back, x_shape, y_shape) in enumerate(cases):
        A, B = _Map(matrix, x_shape, y_shape), _Map(back, y_shape, x_shape)
        result = answer(A, B, x_shape, y_shape, usable_rng(seed))
        for one, name, other in ((A, "A", "x"), (B, "B", "y")):
            if one.complaint:
                raise Wrong(f"{name} was called with {one.complaint}, the shape of {other}.")
            if not one.seen:
                raise Wrong(f"{name} was never called.")
        found.append(expect_number(result, "the gap", " The inner product adds up over all entries."))
        runs.append((A, B))
    for (A, B), case in zip(runs, cases, strict=True):
        _check_draws(A, B, *case[2:])
    _check_generator(answer, cases[0])
    for which, ((A, B), value) in enumerate(zip(runs, found, strict=True)):
        x, y = A.seen[0], B.seen[-1]
        parts = x, y, (A.matrix @ x.ravel()).reshape(y.shape), (B.matrix @ y.ravel()).reshape(x.shape)
        expected = abs(np.sum(parts[2] * y) - np.sum(x * parts[3])) / _lengths(parts[2], y)
        if np.isclose(value, expected, rtol=1e-4, atol=1e-9):
            continue
        for formula, message in _FORMULAS:
            if np.isclose(value, formula(*parts), rtol=1e-4, atol=1e-12):
                raise Wrong(message)
        raise Wrong(
            f"For x of shape {cases[which][2]} and y of shape {cases[which][3]} the inner products are "
            f"{np.sum(parts[2] * y):.4g} and {np.sum(x * parts[3]):.4g}, and ‖A x‖ ‖y‖ is "
            f"{_lengths(parts[2], y):.4g}: expected a gap of {expected:.4g}, received {value:.4g}."
        )


def _check_draws(A: _Map, B: _Map, x_shape: tuple[int, ...], y_shape: tuple[int, ...]) -> None:
    """Random, of either sign, and independent of each other."""
    for array, name in ((A.seen[0], "x"), (B.seen[-1], "y")):
        if np.ptp(array) == 0:
            raise Wrong(
                f"All entries of {name} are {array.flat[0]:g}. Many a wrong B gets through such a test, one "
                "that moves the image by a row, for instance: a sum has no order. Draw random numbers."
            )
        if array.size >= 12 and array.min() >= 0:
            raise Wrong(
                f"All entries of {name} are positive. Their mean is not 0, so a constant part hides what a "
                "wrong B does to the rest, as with ones. Draw numbers of either sign, as rng.normal does."
            )
    x, y = A.seen[0].ravel(), B.seen[-1].ravel()
    common = min(x.size, y.size)
    if np.allclose(x[:common], y[:common]):
        raise Wrong(
            "x and y hold the same numbers. With x = y, where the shapes are equal, A itself would pass for "
            "its own adjoint: ⟨A x, x⟩ = ⟨x, A x⟩. Draw y anew."
        )
    if np.allclose(y, A.matrix @ x):
        raise Wrong(
            "B was called with A x. Call it with y, drawn independently of x: the adjoint is not the inverse."
        )
    if np.allclose(x, B.matrix @ y):
        raise Wrong(
            "A was called with B y. Call it with x, drawn independently of y: the adjoint is not the inverse."
        )


def _check_generator(answer: Callable[..., float], case: tuple) -> None:
    """Another seed, other numbers; the same seed, the same."""
    drawn = []
    for seed in (1, 1, 2):
        A, B = _Map(case[0], *case[2:]), _Map(case[1], *case[:1:-1])
        answer(A, B, *case[2:], usable_rng(seed))
        drawn.append(np.concatenate([A.seen[0].ravel(), B.seen[-1].ravel()]))
    if not np.array_equal(drawn[0], drawn[1]) or np.array_equal(drawn[0], drawn[2]):
        raise Wrong("The numbers were not drawn with the rng that is handed over.")


# --- transposed_same ----------------------------------------------------------------------------

_Front = Callable[[int, int, int, int], int]  # k, s, zeros, I -> rows cut off before the image


def _places(k: int, s: int, length: int) -> int:
    """Zeros that "same" needs."""
    return max(s * (-(-length // s) - 1) + k - length, 0)


def _transposed(
    kernel: Callable[[np.ndarray], np.ndarray] = lambda W: W,
    front: _Front = lambda k, s, zeros, length: zeros // 2,
    join: str = "add",
    size: Callable[[int, int, int], int] = lambda length, s, P: length,
) -> Callable[..., np.ndarray]:
    """The adjoint, of parts that can be wrong."""

    def stamps(Y: np.ndarray, W: np.ndarray, s: int, height: int, width: int) -> np.ndarray:
        (N, P, Q, _), (kh, kw, C, _) = Y.shape, W.shape
        room = 10
        X = np.zeros((N, s * P + kh + height + room, s * Q + kw + width + room, C))
        count, turned = np.zeros_like(X), kernel(W)
        for u, v in np.ndindex(kh, kw):
            rows, columns = slice(u, u + s * (P - 1) + 1, s), slice(v, v + s * (Q - 1) + 1, s)
            sent = Y @ turned[u, v].T
            X[:, rows, columns] = sent if join == "last" else X[:, rows, columns] + sent
            count[:, rows, columns] += 1
        if join == "mean":
            X = X / np.maximum(count, 1)
        out = []
        for k, n, places in ((kh, height, P), (kw, width, Q)):
            start = front(k, s, _places(k, s, n), n)
            out.append(slice(start, start + size(n, s, places)))
        return X[:, out[0], out[1]]

    return stamps


def _uncut(Y: np.ndarray, W: np.ndarray, s: int, height: int, width: int) -> np.ndarray:
    (P, Q), (kh, kw) = Y.shape[1:3], W.shape[:2]
    return _transposed(front=lambda *a: 0, size=lambda *a: 10**6)(Y, W, s, height, width)[
        :, : s * (P - 1) + kh, : s * (Q - 1) + kw
    ]


_TRANSPOSED_SLIPS: Slips = [
    (
        _transposed(kernel=lambda W: W[::-1, ::-1]),
        "The kernel was turned by 180°. A stamp looks like the kernel itself; it is turned only where one "
        "writes the way back as a convolution.",
    ),
    (
        _transposed(kernel=lambda W: W.transpose(1, 0, 2, 3) if W.shape[0] == W.shape[1] else W),
        "Rows and columns of the kernel have changed places.",
    ),
    (
        _transposed(join="last"),
        "Where stamps overlap, the last one covers the others. They are to be added: += in place of =. ",
    ),
    (
        _transposed(join="mean"),
        "Where stamps overlap they were averaged. That looks smoother, and it is not the adjoint: they are "
        "added.",
    ),
    (
        _transposed(front=lambda k, s, zeros, n: zeros - zeros // 2),
        "Where the number of zeros is odd, one row too many was cut off at the front: the odd one stands "
        "behind.",
    ),
    (
        _transposed(front=lambda k, s, zeros, n: 0),
        "Nothing was cut off at the front. Stamps begin `before` rows above the image.",
    ),
    (
        _transposed(front=lambda k, s, zeros, n: k // 2),
        "k // 2 rows were cut off at the front. How many zeros stand there depends on the stride and on I "
        "too.",
    ),
    (
        _transposed(front=lambda k, s, zeros, n: (k - 1) // 2),
        "(k − 1) // 2 rows were cut off at the front. That is right for stride 1: otherwise the stride and I "
        "count too.",
    ),
    (
        lambda Y, W, s, height, width: _transposed()(Y, W, s, s * Y.shape[1], s * Y.shape[2]),
        "The image came out s · P rows high. It has I rows, and ⌈I / s⌉ = P holds for several I.",
    ),
    (
        _uncut,
        "The stamps on the padding are still there. Cut out the I × J rows and columns of the image.",
    ),
    (
        lambda Y, W, s, height, width: (
            np.repeat(np.repeat(Y, s, 1), s, 2)[:, :height, :width] @ W.sum(axis=(0, 1)).T
        ),
        "Every number was repeated. It stamps the kernel, W[u, v], onto the image.",
    ),
    (
        lambda Y, W, s, height, width: _transposed()(Y, W, s, height, width) / s**2,
        "It was divided by s². Stamps are added as they are.",
    ),
    (
        lambda Y, W, s, height, width: _transposed()(Y, W, s, height, width).transpose(0, 2, 1, 3),
        "Rows and columns of the result have changed places.",
    ),
]


def _about_transposed_shape(
    shape: tuple[int, ...], Y: np.ndarray, W: np.ndarray, s: int, height: int, width: int
) -> str:
    """What is wrong with rows and columns, or else with another axis."""
    if len(shape) != 4:
        return "The result has four axes: images, rows, columns, channels."
    if shape[1:3] == (height, width):
        if shape[0] != len(Y):
            return f"Y holds the maps of {len(Y)} images."
        return f"The last axis holds the images' channels, W.shape[2] = {W.shape[2]}."
    if shape[1:3] == (s * Y.shape[1], s * Y.shape[2]):
        return (
            "That is s · P rows and s · Q columns. Several I have the same ⌈I/s⌉, so I and J are handed over."
        )
    if shape[1:3] == (width, height):
        return "Rows and columns have changed places: I is the number of rows."
    # Missing rows that no stamp reaches; where the image is too large, that is not what is wrong.
    if any(s > k and n < length for k, n, length in zip(W.shape, shape[1:], (height, width), strict=False)):
        return "Where the stride is larger than the kernel, the last rows may lie beyond all stamps."
    return "Cut out the I × J rows and columns of the image."


@exercise("transposed_same", title="What a transposed convolution is", stars=2)
def transposed_same(answer: Callable[..., np.ndarray]) -> None:
    """Even and odd kernels, not square; strides below, at and above the kernel's size."""
    rng = np.random.default_rng(406)
    cases = []
    for N, kh, kw, C, F, s, height, width in [
        (2, 3, 3, 2, 3, 2, 8, 7),
        (1, 2, 4, 1, 2, 1, 5, 6),
        (1, 3, 5, 2, 1, 3, 8, 9),
        (1, 3, 3, 1, 2, 1, 4, 5),
        (1, 1, 1, 2, 2, 2, 5, 6),
        (2, 2, 2, 1, 1, 3, 9, 8),
        (1, 7, 3, 1, 2, 4, 17, 6),
        (1, 3, 3, 2, 2, 2, 1, 2),
    ]:
        Y = rng.normal(size=(N, -(-height // s), -(-width // s), F))
        cases.append((Y, rng.normal(size=(kh, kw, C, F)), s, height, width))
    judge_arrays(
        answer,
        _transposed(),
        _TRANSPOSED_SLIPS,
        cases,
        lambda Y, W, s, height, width: (
            f"Y of {Y.shape[1]} × {Y.shape[2]}, a kernel of {W.shape[0]} × {W.shape[1]}, stride {s} and "
            f"images of {height} × {width}"
        ),
        _about_transposed_shape,
    )
