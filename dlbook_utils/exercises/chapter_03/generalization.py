"""Checkers of the exercises after "generalization": an interval that is too narrow, and one that is not."""

from collections.abc import Callable

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_number, name_slip
from dlbook_utils.exercises.running import usable_rng

__all__ = ["draw_clusters", "too_narrow_by"]


# --- too_narrow_by ------------------------------------------------------------------------------


def _ratio(right: np.ndarray) -> float:
    G, m = right.shape
    of_means = np.std(right.mean(axis=1)) / np.sqrt(G)
    return float(of_means / (np.std(right) / np.sqrt(G * m)))


def _correlation_of_copies(right: np.ndarray) -> float:
    """ρ from ratio² = 1 + (m − 1) ρ."""
    m = right.shape[1]
    return float((_ratio(right) ** 2 - 1) / max(m - 1, 1))


_Slip = Callable[[np.ndarray], float]
_RATIO_SLIPS: list[tuple[_Slip, str]] = [
    (
        lambda r: _ratio(r) ** 2,
        "That is the square of it, a ratio of variances. An interval has the width of a deviation.",
    ),
    (
        lambda r: 1 / _ratio(r),
        "That is the ratio the other way round. By dependent rows the right interval is *wider*, so that the "
        "factor is above 1.",
    ),
    (
        lambda r: float(np.std(r.mean(axis=1)) / np.std(r)),
        "The two deviations are those of a single mean and of a single row. An accuracy is a mean of G digit "
        "means, or of G·m rows: each has to be divided by the root of its number.",
    ),
    (
        lambda r: float(np.std(r) / np.std(r.mean(axis=1))),
        "The two deviations are those of a single row and of a single mean, and stand the wrong way round.",
    ),
    (
        lambda r: float(np.sqrt(r.shape[1])),
        "√m is right only if all the copies of a digit are read alike. How much they agree stands in the "
        "array.",
    ),
    (
        lambda r: float(r.shape[1]),
        "m would be the ratio of variances if all the copies of a digit were read alike. How much "
        "they agree "
        "stands in the array.",
    ),
    (
        lambda r: float(np.std(r.mean(axis=0)) / np.sqrt(r.shape[1]) / (np.std(r) / np.sqrt(r.size))),
        "The mean was taken over the digits. What belongs together is a row, the m copies of one "
        "digit: axis=1.",
    ),
    (
        lambda r: float(np.std(r.mean(axis=0)) / np.sqrt(len(r)) / (np.std(r) / np.sqrt(r.size))),
        "The mean was taken over the digits. What belongs together is a row, the m copies of one "
        "digit: axis=1.",
    ),
    (lambda r: _correlation_of_copies(r), "That is the correlation of two copies, and not yet the factor."),
    (
        lambda r: float(np.sqrt(max(1 + r.shape[1] * _correlation_of_copies(r), 0))),
        "A copy agrees with the m − 1 *others*: the factor before the correlation is m − 1, not m.",
    ),
    (
        lambda r: float(np.std(r.sum(axis=1)) / np.sqrt(len(r)) / (np.std(r) / np.sqrt(r.size))),
        "The copies of a digit were added up, and not averaged.",
    ),
    (
        lambda r: float(np.std(r.mean(axis=1)) / np.sqrt(len(r))),
        "That is a standard error itself, the honest one. What is its ratio to the other?",
    ),
    (
        lambda r: float(np.std(r) / np.sqrt(r.size)),
        "That is a standard error itself, the one that ignores the digits. What is the ratio to it?",
    ),
    (
        lambda r: float(np.std(r.mean(axis=1)) / np.sqrt(r.size) / (np.std(r) / np.sqrt(r.size))),
        "Both deviations were divided by the same root. There are G digit means, and G·m rows.",
    ),
    (lambda r: 1.0, "That is 1: it would mean that it makes no difference which rows belong together."),
]


@exercise("too_narrow_by", title="How much too narrow", stars=1)
def too_narrow_by(answer: Callable[[np.ndarray], float]) -> None:
    """Independent rows, identical copies, something in between, opposite copies; one copy."""
    rng = np.random.default_rng(310)
    hard = rng.random(400) < 0.3
    mixed = (rng.random((400, 5)) < np.where(hard, 0.3, 0.98)[:, None]).astype(float)
    cases = [
        (mixed,),
        (np.repeat((rng.random(300) < 0.9)[:, None], 4, axis=1).astype(float),),
        ((rng.random((500, 3)) < 0.8).astype(float),),
        (np.stack([hard, ~hard, hard], axis=1).astype(float),),
        ((rng.random((200, 1)) < 0.7).astype(float),),
        (mixed[:30, :2],),
    ]
    found = [
        expect_number(answer(*case), "the factor", " It is one factor for the accuracy of the whole array.")
        for case in cases
    ]
    expected = [_ratio(*case) for case in cases]
    # N − 1 for N in one deviation or in both is right too
    for ours, wanted, case in zip(found, expected, cases, strict=True):
        G = len(case[0])
        if not np.isclose(ours, wanted, rtol=0.6 / G, atol=1e-6):
            break
    else:
        return
    message = name_slip(_RATIO_SLIPS, cases, found, rtol=1e-3) or name_slip(
        _RATIO_SLIPS, cases, found, rtol=0.02
    )
    if message:
        raise Wrong(message)
    if not np.isfinite(ours):
        raise Wrong(f"For {G} digits in {case[0].shape[1]} copies the factor is {ours}.")
    raise Wrong(
        f"For an array of {G} digits in {case[0].shape[1]} copies the factor should be {wanted:.4g}, and is "
        f"{ours:.4g}. It is the standard error of a mean of {G} digit means, over that of "
        f"{case[0].size} rows."
    )


# --- draw_clusters ------------------------------------------------------------------------------


_NAMES = [
    np.array([55, 55, 55, 2, 2, 19, 19, 19, 19, 0]),  # sizes 3, 2, 4, 1; not in order
    np.array([7, -1, 40, 7, 40, -1, 7, 40, -1, 12, 7]),  # not side by side
    np.repeat(np.arange(6), 3),
    np.array([3, 3, 3, 3]),  # one cluster
    np.arange(5)[::-1],  # each row by itself
]


def _rows(answer: Callable, cluster: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One draw: indices of rows."""
    rows = answer(cluster, rng)
    N = len(cluster)
    if isinstance(rows, list | tuple):
        rows = np.array(rows) if all(np.ndim(r) == 0 for r in rows) else rows
    if not isinstance(rows, np.ndarray):
        raise Wrong(
            f"Expected an array of row numbers, received {type(rows).__name__}. np.concatenate makes "
            "one array "
            "of a list of arrays."
        )
    if rows.dtype == bool:
        raise Wrong(
            "The result is a mask of True and False. A mask can say of a row that it is there, and "
            "not that it "
            "is there twice. Give the numbers of the rows."
        )
    if rows.dtype.kind not in "iu":
        raise Wrong(f"Expected row numbers, whole numbers, received the dtype {rows.dtype}.")
    if rows.ndim != 1:
        raise Wrong(f"Expected row numbers in an array with one axis, received the shape {rows.shape}.")
    if len(rows) == 0:
        raise Wrong(f"Nothing was drawn from {N} rows of {len(np.unique(cluster))} clusters.")
    if rows.min() < 0 or rows.max() >= N:
        raise Wrong(
            f"Expected row numbers from 0 to {N - 1}, received {rows.min()} to {rows.max()}. Are "
            "these names of "
            "clusters? The names may be any whole numbers; what is wanted are the places where they stand."
        )
    return rows


@exercise("draw_clusters", title="Draw digits, not rows", stars=2)
def draw_clusters(answer: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> None:
    """Whole clusters, as many as there are, with replacement, all equally likely, by the generator given."""

    def draw(cluster: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return _rows(answer, cluster, rng)

    rng = usable_rng(311)
    for cluster in _NAMES:
        for _ in range(30):
            _check_draw(cluster, draw(cluster, rng))
    cluster = _NAMES[0]
    names, sizes = np.unique(cluster, return_counts=True)
    seeds = [draw(cluster, usable_rng(4)).tolist() for _ in range(3)]
    if seeds[0] != seeds[1] or seeds[0] != seeds[2]:
        raise Wrong(
            "Two generators with the same seed gave two different draws. Draw with the rng that is "
            "handed over, "
            "not with np.random or a generator without a seed."
        )
    thirty = [np.sort(draw(cluster, rng)) for _ in range(30)]
    if all(np.array_equal(rows, np.arange(len(cluster))) for rows in thirty):
        raise Wrong(
            "Every cluster comes exactly once in each draw. They are to be drawn with replacement: "
            "some twice or "
            "more, some not at all."
        )
    if all(np.array_equal(rows, thirty[0]) for rows in thirty):
        raise Wrong(
            "Thirty draws one after the other are all the same. Draw with the rng that is handed over: a "
            "generator that is made anew inside begins again each time."
        )
    draws = 1500
    counts = np.zeros((draws, len(names)))
    for k in range(draws):
        rows = draw(cluster, rng)
        counts[k] = [np.count_nonzero(cluster[rows] == c) for c in names] / sizes
    mean, variance, G = counts.mean(axis=0), counts.var(axis=0), len(names)
    if np.abs(mean - 1).max() > 0.15:
        shown = ", ".join(f"{s} rows: {m:.2f}" for s, m in sorted(zip(sizes, mean, strict=True)))
        if np.abs(mean - sizes * G / len(cluster)).max() < 0.15:
            raise Wrong(
                "A cluster with more rows is drawn more often. The names were drawn from the rows; each "
                f"cluster should be in the hat once. On average, drawn how often: {shown}."
            )
        raise Wrong(f"The clusters are not equally likely. On average, drawn how often: {shown}.")
    if np.abs(variance - (1 - 1 / G)).max() > 0.2:
        raise Wrong(
            f"How often a cluster is drawn varies by {variance.mean():.2f} (its variance), and should by "
            f"{1 - 1 / G:.2f}. Draw the {G} clusters one by one, each time from all {G}."
        )


def _check_draw(cluster: np.ndarray, rows: np.ndarray) -> None:
    N, names = len(cluster), np.unique(cluster)
    G, times = len(names), np.bincount(rows, minlength=N)
    start = (
        f"From {N} rows of {G} cluster{'s' if G > 1 else ''}, named {cluster.tolist()}, the rows "
        f"{rows.tolist()[:12]} were drawn."
    )
    apart = [c for c in names if len(set(times[cluster == c])) > 1]
    if apart:
        if len(rows) == G and len(set(cluster[rows])) <= G and G < N:
            raise Wrong(f"{start} Of each cluster only one row came. All its rows belong to the draw.")
        raise Wrong(
            f"{start} Of cluster {apart[0]} some rows came more often than others. Its rows are drawn "
            "together or "
            "not at all."
        )
    drawn = np.array([times[cluster == c][0] for c in names])
    if drawn.sum() == G:
        return
    if drawn.max() == 1 and drawn.sum() < G:
        raise Wrong(
            f"{start} These are {drawn.sum()} clusters, and {G} are to be drawn. Was one that was drawn "
            "twice taken once only?"
        )
    number = f"{drawn.sum()} clusters" if drawn.sum() != 1 else "1 cluster"
    extra = f" {N} is the number of rows." if drawn.sum() == N and N != G else ""
    raise Wrong(f"{start} These are {number}, and {G} are to be drawn, as many as there are.{extra}")
