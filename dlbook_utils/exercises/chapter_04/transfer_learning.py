"""Checkers of the exercise after the sixth notebook: slanted handwriting."""

from collections.abc import Callable
from functools import partial

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import (
    Slips,
    Wrong,
    expect_number,
    expect_shape,
    fits,
    name_slip,
    which_slip,
    worst,
)

__all__ = ["shear", "slant"]


def _moments(a: np.ndarray, middle: bool = False, weigh: bool = True) -> tuple[float, float, float, float]:
    """Mean row, and Σ a dy dx, Σ a dy², Σ a dx² about the centre of mass (or of the picture)."""
    a = a if weigh else (a > 0).astype(float)
    i, j = np.indices(a.shape)
    total = a.sum() or 1.0
    row, column = (a * i).sum() / total, (a * j).sum() / total
    if middle:
        row, column = (a.shape[0] - 1) / 2, (a.shape[1] - 1) / 2
    dy, dx = i - row, j - column
    return float(row), float((a * dy * dx).sum()), float((a * dy**2).sum()), float((a * dx**2).sum())


def slant_of(a: np.ndarray) -> float:
    """Columns to the right for each row down: Σ a dy dx / Σ a dy²."""
    _, xy, yy, _ = _moments(a)
    return xy / yy if yy > 1e-12 else 0.0


def _principal(a: np.ndarray) -> float:
    _, xy, yy, xx = _moments(a)
    vector = np.linalg.eigh(np.array([[yy, xy], [xy, xx]]))[1][:, -1]
    return float(vector[1] / vector[0]) if vector[0] else 0.0


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if abs(bottom) > 1e-12 else 0.0


_SLANT: Slips = [
    (
        lambda a: -slant_of(a),
        "The sign is the wrong way round: a stroke that moves right on its way *down* counts as positive.",
    ),
    (
        lambda a: _ratio(_moments(a)[1], _moments(a)[3]),
        "It was divided by Σ a (j − j̄)²: that is rows for each column. Asked for are columns for each row.",
    ),
    (lambda a: _ratio(_moments(a)[2], _moments(a)[1]), "The fraction stands on its head."),
    (
        lambda a: max(_ratio(_moments(a)[2], _moments(a)[1]), 0.0),  # behind a test for "> 0"
        "The fraction stands on its head.",
    ),
    (
        lambda a: _ratio(_moments(a)[1], np.sqrt(_moments(a)[2] * _moments(a)[3])),
        "That is the correlation. The slant is divided by Σ a (i − ī)² alone.",
    ),
    (lambda a: _moments(a)[1], "The division by Σ a (i − ī)² is missing."),
    (lambda a: _ratio(_moments(a)[1], a.sum()), "The division by Σ a (i − ī)² is missing."),
    (
        lambda a: _ratio(_moments(a)[1], a.sum() * _moments(a)[2]),
        "It was divided by the ink once too often: it cancels.",
    ),
    *[
        (
            lambda a, extra=extra: _moments(a)[1] / (_moments(a)[2] + extra),
            "Something is added to the denominator, so that it is never 0. Ask for that case instead.",
        )
        for extra in (1.0, 0.1, 0.01, 1e-3)
    ],
    (
        lambda a: _ratio(*_moments(a, middle=True)[1:3]),
        "It was measured from the middle of the picture. The digit's own centre of mass is asked for.",
    ),
    (
        lambda a: _ratio(*_moments(a, weigh=False)[1:3]),
        "Grey pixels count as much as black ones. Each counts by its ink a.",
    ),
    (_principal, "That is the direction of the long axis. Distances are measured along rows here."),
    (
        lambda a: float(np.arctan(slant_of(a))),
        "That is an angle. Columns for each row are asked for, its tangent.",
    ),
    (
        lambda a: float(np.degrees(np.arctan(slant_of(a)))),
        "That is an angle, in degrees. Columns for each row are asked for, its tangent.",
    ),
    (
        lambda a: _ratio(
            float((a * np.multiply(*np.indices(a.shape))).sum()),
            float((a * np.indices(a.shape)[0] ** 2).sum()),
        ),
        "The means were not subtracted.",
    ),
]


def _pictures() -> list[np.ndarray]:
    """Floats, rim columns empty, most not square; the centre of mass is not that of the pixels."""
    rng = np.random.default_rng(4101)
    pictures = []
    for height, width, lean in ((9, 14, 0.5), (8, 8, -0.4), (6, 16, 0.0), (14, 9, 0.2), (3, 12, 1.0)):
        a = np.zeros((height, width))
        for i in range(height):
            left = int(np.clip(round(width / 2 - 1.4 + lean * (i - height / 2)), 1, width - 4))
            n = 2 + (i > height / 2)
            a[i, left : left + n] = rng.uniform(0.3, 1, n) * (0.2 if i < height / 3 else 1)
        pictures.append(a)
    return pictures


_BY_ROUNDING = (
    " By rounding, the denominator may come out as 1e-30 and not as 0: compare it with something larger."
)


def _single_rows() -> list[np.ndarray]:
    """Ink in one row each. Of several, some miss the denominator 0 by rounding; the first does not."""
    rng = np.random.default_rng(4102)
    rows = [np.zeros((5, 7))] + [np.zeros((9, 14)) for _ in range(9)]
    rows[0][2, 2:5] = 0.25, 1, 0.5
    for r, a in enumerate(rows[1:]):
        a[r] = rng.random(14)
    return rows


@exercise("slant", title="How slanted is a digit?", stars=1)
def slant(answer: Callable[[np.ndarray], float]) -> None:
    """Right- and left-leaning, upright, not square; scaled ink, float32; an empty sheet, rows of ink."""
    pictures = _pictures()
    with np.errstate(all="ignore"):
        found = [expect_number(answer(a.copy()), rows=" One image comes in.") for a in pictures]
        for a, value in zip(pictures, found, strict=True):
            expected = slant_of(a)
            if not np.isclose(value, expected, rtol=1e-4, atol=1e-6):
                hint = name_slip(_SLANT, [(a,) for a in pictures], found)
                raise Wrong(
                    f"For an image of shape {a.shape} expected {expected:.4g}, received {value:.4g}. "
                    f"{hint}".rstrip()
                )
        for factor, kind in ((200.0, np.float64), (1.0, np.float32), (1e-5, np.float64)):
            a = (factor * pictures[0]).astype(kind)
            value, expected = expect_number(answer(a)), slant_of(pictures[0])
            if not np.isclose(value, expected, rtol=1e-3):
                hint = ""
                if factor < 1 and abs(value) < abs(expected):
                    hint = (
                        " With so little ink a small number counts that is added to the denominator, or that "
                        "it is compared with."
                    )
                raise Wrong(
                    f"With {factor:g} times the ink, as {kind.__name__}, expected the same slant, "
                    f"{expected:.4g}; received {value:.4g}.{hint}"
                )
        for a in (np.zeros((5, 6)), *_single_rows()):
            value = expect_number(answer(a))
            if not abs(value) < 1e-6:
                name, hint = ("Ink in a single row", _BY_ROUNDING) if a.any() else ("An empty sheet", "")
                hint = hint if np.isfinite(value) else ""
                raise Wrong(
                    f"{name} has the slant 0 by agreement: there is no way down. Received {value:.4g}.{hint}"
                )


def sheared(a: np.ndarray, s: float, about: float | None = None) -> np.ndarray:
    """b[i, j] = a(i, j + s (i − ī)), between two columns along a straight line, 0 outside."""
    a = np.asarray(a, float)
    about = _moments(a)[0] if about is None else about
    columns = np.arange(a.shape[1], dtype=float)
    rows = [np.interp(columns + s * (i - about), columns, row, left=0, right=0) for i, row in enumerate(a)]
    return np.array(rows)


def _read(row: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The row at whole columns, 0 outside."""
    inside = (columns >= 0) & (columns < len(row))
    return np.where(inside, row[columns.clip(0, len(row) - 1)], 0.0)


def _moved(a: np.ndarray, s: float, whole: Callable[[float], float]) -> np.ndarray:
    """By whole columns, with the given rounding."""
    about, columns = _moments(a)[0], np.arange(a.shape[1])
    return np.array([_read(row, columns + int(whole(s * (i - about)))) for i, row in enumerate(a)])


def _blended(a: np.ndarray, s: float, whole: Callable, by_row: bool = True, swap: bool = False) -> np.ndarray:
    """Between a column k and the next one by hand, with k rounded for the row's shift or for each place."""
    about, columns, rows = _moments(a)[0], np.arange(a.shape[1]), []
    for i, row in enumerate(a):
        shift = s * (i - about)
        k = columns + int(whole(shift)) if by_row else whole(columns + shift).astype(int)
        t = columns + shift - k
        t = 1 - t if swap else t
        rows.append((1 - t) * _read(row, k) + t * _read(row, k + 1))
    return np.array(rows)


def _rolled(a: np.ndarray, s: float) -> np.ndarray:
    about = _moments(a)[0]
    return np.array([np.roll(row, -int(np.rint(s * (i - about)))) for i, row in enumerate(a)])


def _wrapped(a: np.ndarray, s: float) -> np.ndarray:
    about, width = _moments(a)[0], a.shape[1]
    columns = np.arange(width, dtype=float)
    rows = [np.interp(columns + s * (i - about), columns, row, period=width) for i, row in enumerate(a)]
    return np.array(rows)


_SHEAR: Slips = [
    (
        lambda a, s: sheared(a, -s),
        "The rows went the wrong way: with s > 0 the ink of the lower rows moves to the *left*, so that a "
        "slant of s becomes 0. b[i, j] *reads* at j + s (i − ī).",
    ),
    (lambda a, s: sheared(a, s, 0.0), "The first row stayed in place. The one at ī has to."),
    (
        lambda a, s: sheared(a, s, (a.shape[0] - 1) / 2),
        "The middle row of the picture stayed in place. The one at the centre of mass, ī, has to.",
    ),
    (lambda a, s: sheared(a, s, a.shape[0] / 2), "The middle of the picture stayed in place, and not ī."),
    (
        lambda a, s: sheared(a, s, float(np.rint(_moments(a)[0]))),
        "ī was rounded to a whole row. It lies between two.",
    ),
    (
        lambda a, s: sheared(a, s, float(int(_moments(a)[0]))),
        "ī was rounded to a whole row. It lies between two.",
    ),
    (lambda a, s: sheared(a, s, _moments(a, weigh=False)[0]), "For ī each pixel counts by its ink."),
    *[
        (
            partial(_moved, whole=whole),
            "The rows were moved by whole columns. Between two columns the ink is interpolated along a line.",
        )
        for whole in (np.rint, np.floor, np.trunc, np.ceil)
    ],
    (
        partial(_blended, whole=np.floor, swap=True),
        "The two weights are exchanged. At k + t, with k whole, column k has the weight 1 − t, the next t.",
    ),
    *[
        (
            partial(_blended, whole=np.trunc, by_row=by_row),
            "It looks like int() where the column to the left is wanted. int rounds towards 0, int(−0.3) is "
            "0; np.floor(−0.3) is −1.",
        )
        for by_row in (True, False)
    ],
    (
        _rolled,
        "The rows were moved by whole columns, and what leaves at one side comes in at the other.",
    ),
    (_wrapped, "What leaves at one side comes in again at the other. Outside the picture there is no ink."),
    (
        lambda a, s: sheared(a.T, s).T,
        "Columns were moved, and not rows.",
    ),
    (lambda a, s: sheared(a, slant_of(a)), "It used the slant of the image, and not the argument s."),
    (lambda a, s: a, "The image came back as it was."),
]


@exercise("shear", title="Slanted, and straightened", stars=2)
def shear(answer: Callable[[np.ndarray, float], np.ndarray]) -> None:
    """Both directions, 0, and so far that ink leaves the picture; float32, uint8; an empty sheet."""
    cases = [(a, s) for a in _pictures() for s in (0.37, -0.8, 0.0)]
    cases += [(_pictures()[0], 2.6), (_pictures()[3], -1.7), (np.zeros((4, 5)), 0.5)]
    cases += [(_pictures()[0].astype(np.float32), 0.37), ((255 * _pictures()[0]).astype(np.uint8), 0.37)]
    for a, s in cases:
        expected = sheared(a, s)
        with np.errstate(all="ignore"):
            found = answer(a.copy(), s)
        if not np.any(a):
            found = np.asarray(found)
            if found.shape != a.shape or not np.all(found == 0):
                raise Wrong("An empty sheet stays empty, whatever s; it has no centre of mass.")
            continue
        found = expect_shape(found, a.shape)
        if not fits(found, expected, 2e-4):  # float32 is nearer by far, float16 is not
            place = worst(found, expected)
            hint = which_slip(_SHEAR, [(a.astype(float), s)], [found]) or _about_dtype(a, found, expected)
            kind = ", uint8," if a.dtype == np.uint8 else ""
            raise Wrong(
                f"For an image of shape {a.shape}{kind} and s = {s:g}: expected {expected[place]:.5g} at "
                f"index {list(place)}, received {found[place]:.5g}. {hint}".rstrip()
            )


def _about_dtype(a: np.ndarray, found: np.ndarray, expected: np.ndarray) -> str:
    """What is lost by whole numbers, and by few digits."""
    if found.dtype.kind != "f" and found.dtype == a.dtype:
        return (
            f"The result has the dtype of the image, {a.dtype}, and no fractions. np.zeros_like(a) takes it "
            "over; np.zeros(a.shape) holds floats."
        )
    if found.dtype.kind != "f":
        return f"It was rounded: received the dtype {found.dtype}."
    if np.abs(found - expected).max() <= 0.006 * expected.max():
        return "Only two or three digits are right. float16 has three, float32 seven; and nothing is rounded."
    if a.dtype == np.uint8:
        return "With floats it was right. Bytes run over at 255: begin with a.astype(float)."
    return ""
