"""Checkers of the exercises after the second notebook: pooling and architecture."""

from collections.abc import Callable, Sequence

import numpy as np

from dlbook_utils.exercises.chapter_04.convolution import judge_arrays
from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Slips

__all__ = ["blur_pool"]

_Change = Callable[[np.ndarray], np.ndarray]


def _largest(
    A: np.ndarray, k: int = 2, s: int = 1, summary: Callable[..., np.ndarray] = np.max
) -> np.ndarray:
    rows, columns = (A.shape[1] - k) // s * s + 1, (A.shape[2] - k) // s * s + 1
    cells = [A[:, u : u + rows : s, v : v + columns : s] for u, v in np.ndindex(k, k)]
    return summary(cells, axis=0)


def _around(A: np.ndarray, mode: str = "reflect", width: int = 1) -> np.ndarray:
    return np.pad(A, ((0, 0), (width, width), (width, width), (0, 0)), mode=mode)


def _blur(
    A: np.ndarray, taps: Sequence[float] = (0.25, 0.5, 0.25), axes: Sequence[int] = (1, 2)
) -> np.ndarray:
    """Weighted sums of three neighbours, inside only; an axis that is not blurred loses its rim."""
    for axis in (1, 2):
        n = A.shape[axis] - 2
        parts = [np.take(A, range(u, u + n), axis=axis) for u in range(3)]
        A = sum(t * part for t, part in zip(taps, parts, strict=True)) if axis in axes else parts[1]
    return A


def _skip(A: np.ndarray, start: int = 0) -> np.ndarray:
    return A[:, start::2, start::2]


def _right(A: np.ndarray) -> np.ndarray:
    return _skip(_blur(_around(_largest(A))))


_BLUR_SLIPS: Slips = [
    (
        lambda A: _skip(_largest(A)),
        "The blur is missing. That is max pooling as it was.",
    ),
    (
        lambda A: _blur(_around(_largest(A, s=2))),
        "It was skipped first and blurred afterwards. What the stride has folded, no blur can unfold: the "
        "blur comes before every second value is left out.",
    ),
    (
        lambda A: _skip(_largest(_blur(_around(A)))),
        "The blur came before the maximum. It belongs between the maximum and the skipping.",
    ),
    (
        lambda A: _skip(_blur(_around(A))[:, :-1, :-1]),
        "The maximum is missing.",
    ),
    (
        lambda A: _skip(_blur(_around(_largest(A, summary=np.mean)))),
        "The first step is a mean. It is the maximum of each 2 × 2 window.",
    ),
    (
        lambda A: _skip(_blur(_around(_largest(A, summary=np.min)))),
        "The first step is a minimum.",
    ),
    (
        lambda A: _skip(_blur(_around(_largest(A, k=3)))),
        "The maximum was taken over 3 × 3. The window is 2 × 2.",
    ),
    (
        lambda A: 16 * _right(A),
        "All are 16 times too large: the weights are ¼, ½, ¼ in each direction, and their sum is 1.",
    ),
    (
        lambda A: 4 * _right(A),
        "All are 4 times too large: both blurs, along rows and along columns, are divided by 4.",
    ),
    (
        lambda A: _skip(_blur(_around(_largest(A)), (1 / 3,) * 3)),
        "The three weights are equal. They are ¼, ½, ¼; equal ones let a third of the fastest wave through.",
    ),
    (
        lambda A: _skip(_blur(_around(_largest(A)), axes=(2,))),
        "Only one of the two directions was blurred, that along each row.",
    ),
    (
        lambda A: _skip(_blur(_around(_largest(A)), axes=(1,))),
        "Only one of the two directions was blurred, that along each column.",
    ),
    (
        lambda A: _skip(_blur(_around(_largest(A), "constant"))),
        "Beyond the edge stand zeros. There m_1 should be reflected.",
    ),
    (
        lambda A: _skip(_blur(_around(_largest(A), "edge"))),
        'Beyond the edge m_0 is repeated. "Reflected" leaves the edge itself out: m_1 stands beyond m_0. '
        "(If the map was extended before the maximum: do it afterwards.)",
    ),
    (
        lambda A: _skip(_blur(_around(_largest(A), "wrap"))),
        "Beyond the edge stands the opposite edge. There m_1 should be reflected.",
    ),
    (
        lambda A: _skip(_blur(_around(_largest(A))), 1),
        "Every second value was kept, beginning with the second. Begin with the first.",
    ),
    (
        lambda A: _blur(_around(_largest(A))),
        "Nothing was left out: the stride of 2 is missing.",
    ),
    (
        lambda A: _skip(_blur(_largest(A))),
        "The map was not extended by a row and a column on each side before blurring.",
    ),
    (
        lambda A: _skip(_blur(_around(_largest(np.maximum(A, 0))))),
        "Negative numbers came out as 0. A maximum begins with the first number, not with 0.",
    ),
    (
        lambda A: _right(A).mean(axis=3, keepdims=True),
        "The channels were mixed. Each is pooled by itself.",
    ),
]


@exercise("blur_pool", title="Blur, then skip", stars=2)
def blur_pool(answer: Callable[[np.ndarray], np.ndarray]) -> None:
    """Even and odd sizes, not square, the smallest; negative numbers."""
    rng = np.random.default_rng(404)
    shapes = [(2, 8, 10, 3), (1, 7, 6, 2), (2, 3, 4, 1), (1, 5, 9, 2), (1, 3, 3, 2)]
    cases = [(rng.normal(size=shape),) for shape in shapes]
    cases.append((-1 - rng.random((1, 6, 4, 2)),))
    judge_arrays(
        answer,
        _right,
        _BLUR_SLIPS,
        cases,
        lambda A: f"maps of shape {A.shape}",
        lambda shape, A: (
            f"After the maximum they are {A.shape[1] - 1} × {A.shape[2] - 1}, after the blur too, and every "
            "second row and column is kept."
        ),
    )
