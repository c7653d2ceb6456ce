"""Compare what a learner's function gave with what was expected, and say how they differ."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = [
    "Slips",
    "Wrong",
    "expect_array",
    "expect_integers",
    "expect_number",
    "expect_pair",
    "expect_shape",
    "fits",
    "listed",
    "name_slip",
    "which_slip",
    "worst",
]

Slips = Sequence[tuple[Callable[..., Any], str]]  # wrong answers, and what to say of them


SIZES = (
    "The check calls your function with small arrays of its own, so all sizes must come from the arguments."
)


class Wrong(Exception):
    """An answer is wrong; the message tells the learner what is wrong with it."""


def expect_shape(found: Any, shape: tuple[int, ...], what: str = "the result") -> np.ndarray:
    """Refuse anything but an array of real numbers of a certain shape.

    Parameters
    ----------
    found : anything
        What the learner's function gave.
    shape : tuple of int
        The shape it must have.
    what : str
        What to call it in the message: "the result", "W2", …

    Returns
    -------
    ndarray
        ``found`` itself.

    Raises
    ------
    Wrong
        If it is no array, not of real numbers, of another shape, or not finite.

    Notes
    -----
    Used in: the exercises of all chapters.
    """
    if isinstance(found, np.generic) and shape == ():
        found = np.asarray(found)
    if not isinstance(found, np.ndarray):
        raise Wrong(f"Expected {what} to be a NumPy array of shape {shape}, received {type(found).__name__}.")
    if found.dtype.kind not in "biuf":
        raise Wrong(f"Expected {what} to hold real numbers, received the dtype {found.dtype}.")
    if found.shape != shape:
        hint = _about_shape(found.shape, shape)
        raise Wrong(f"Expected {what} to have the shape {shape}, received {found.shape}.{hint}")
    if not np.isfinite(found).all():
        count = np.count_nonzero(~np.isfinite(found))
        raise Wrong(f"{count} of the {found.size} numbers in {what} are nan or inf.")
    return found


def expect_integers(found: np.ndarray, what: str = "the result") -> None:
    """Refuse an array whose dtype is not one of whole numbers.

    Raises
    ------
    Wrong
        If the dtype is another one.

    Notes
    -----
    Used in: Chapter 1.
    """
    if found.dtype.kind not in "iu":
        raise Wrong(
            f"Expected {what} to hold whole numbers (an integer dtype), received the dtype {found.dtype}. "
            "np.zeros, np.ones and np.full make them with dtype=int; nan is never a whole number."
        )


def listed(numbers: np.ndarray, digits: int = 3) -> str:
    """Numbers as [0.378, 0.622]."""
    return "[" + ", ".join(f"{number:.{digits}g}" for number in np.asarray(numbers, float).ravel()) + "]"


def expect_number(found: Any, what: str = "the result", rows: str = "") -> float:
    """One real number, of whatever type; it may be nan or inf. ``rows`` is said of an array with an axis."""
    array = found if isinstance(found, np.ndarray | np.generic) else np.asarray(found)
    if array.dtype.kind not in "iuf":
        raise Wrong(f"Expected {what} to be one number, received {type(found).__name__}.")
    if array.ndim:
        raise Wrong(f"Expected {what} to be one number, received numbers of shape {array.shape}.{rows}")
    return float(array)


def name_slip(slips: Slips, cases: Sequence[tuple], found: Sequence[float], rtol: float = 1e-4) -> str:
    """What to say of the first slip that explains all that was found; empty if none does."""
    for slip, message in slips:
        if np.allclose([slip(*case) for case in cases], found, rtol=rtol, atol=1e-9):
            return message
    return ""


def fits(found: Any, expected: Any, rtol: float = 1e-4, size: float = 0.0) -> bool:
    """Whether two arrays agree, to a share of the largest number.

    ``size`` is that of terms which may cancel.
    """
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    if found.shape != expected.shape:
        return False
    size = max(size, float(np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0)))
    return bool(np.allclose(found, expected, rtol=rtol, atol=rtol / 10 * size, equal_nan=True))


def worst(found: Any, expected: Any) -> tuple[int, ...]:
    """Where two arrays of one shape differ most."""
    gap = np.abs(np.asarray(found, float) - np.asarray(expected, float))
    return tuple(int(i) for i in np.unravel_index(np.argmax(gap), gap.shape))


def which_slip(
    slips: Slips,
    cases: Sequence[tuple],
    found: Sequence[Any],
    rtol: float = 1e-4,
) -> str:
    """As ``name_slip``, for arrays: what to say of the first slip that gives all that was found."""
    with np.errstate(all="ignore"):
        for slip, message in slips:
            try:
                if all(fits(f, slip(*case), rtol) for case, f in zip(cases, found, strict=True)):
                    return message
            except (ValueError, IndexError, ZeroDivisionError, OverflowError):  # shapes that it does not fit
                continue
    return ""


def expect_pair(found: Any, names: tuple[str, str]) -> tuple[Any, Any]:
    """Refuse anything but a tuple (or list) of two.

    Parameters
    ----------
    found : anything
        What the learner's function gave.
    names : tuple of str
        What the two are called in the exercise.

    Returns
    -------
    tuple
        The two.

    Raises
    ------
    Wrong
        If there are not two.

    Notes
    -----
    Used in: Chapter 1.
    """
    wanted = f"Expected two results, ({names[0]}, {names[1]})"
    if not isinstance(found, tuple | list):
        raise Wrong(f"{wanted}; received one, of type {type(found).__name__}.")
    if len(found) != 2:
        raise Wrong(f"{wanted}; received {len(found)}.")
    return found[0], found[1]


def expect_array(
    found: Any, expected: np.ndarray, what: str = "the result", rtol: float = 1e-5, atol: float = 1e-8
) -> None:
    """Refuse anything but the expected numbers, and name the typical error if it is one.

    Parameters
    ----------
    found : anything
        What the learner's function gave.
    expected : ndarray
        The right answer.
    what : str
        What to call it in the message.
    rtol, atol : float
        Tolerances, as in ``np.allclose``.

    Raises
    ------
    Wrong
        If shape or values are others.

    Notes
    -----
    Used in: the exercises of all chapters.
    """
    found = expect_shape(found, expected.shape, what)
    differs = ~np.isclose(found, expected, rtol=rtol, atol=atol)
    if not differs.any():
        return
    place = tuple(int(i) for i in np.argwhere(differs)[0])
    at = f" at index {list(place)}" if place else ""
    wrong = f"{np.count_nonzero(differs)} of the {found.size} numbers in {what} are wrong: " if at else ""
    raise Wrong(
        f"{wrong}expected {_number(expected[place])}{at}, received {_number(found[place])}."
        + _typical_error(found.astype(float), expected.astype(float), rtol, atol)
    )


def _number(value: Any) -> str:
    return f"{value:.4g}" if np.asarray(value).dtype.kind == "f" else str(value)


def _about_shape(found: tuple[int, ...], expected: tuple[int, ...]) -> str:
    if len(found) == 2 and found == expected[::-1]:
        return " Is it transposed?"
    if len(found) > len(expected) and [n for n in found if n != 1] == [n for n in expected if n != 1]:
        return " It has an axis of length 1 too many."
    if found == ():
        return " A single number came back: is an `axis=` missing?"
    if max(found) >= 100 > max(expected, default=0):
        return f" {SIZES}"
    return ""


def _typical_error(found: np.ndarray, expected: np.ndarray, rtol: float, atol: float) -> str:
    """A sentence on what the whole array looks like: transposed, of the wrong sign, scaled, …"""

    def like(one: np.ndarray) -> bool:
        return one.shape == found.shape and np.allclose(found, one, rtol=rtol, atol=atol)

    if not found.any():
        return " All of them are zero."
    if found.ndim == 2 and like(expected.T):
        return " It is the right array, transposed."
    if like(-expected):
        return " The sign is the wrong way round."
    if found.size > 1:
        factor = np.sum(found * expected) / max(np.sum(expected**2), np.finfo(float).tiny)
        if factor and like(factor * expected):
            return f" All of them are {factor:.4g} times what they should be."
        offset = np.mean(found - expected)
        if like(expected + offset):
            return f" All of them are off by the same amount, {offset:+.4g}."
        if np.allclose(np.sort(found, axis=None), np.sort(expected, axis=None), rtol=rtol, atol=atol):
            return " The numbers are right, but stand in another order."
    return ""
