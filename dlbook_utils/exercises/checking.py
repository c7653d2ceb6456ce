"""Say whether an answer is right, open or wrong, and keep account of it."""

import difflib
import importlib
import os
import pkgutil
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dlbook_utils.exercises
from dlbook_utils.exercises.comparing import Wrong
from dlbook_utils.exercises.running import (
    Answer,
    Open,
    TimeUp,
    TooMuch,
    brief,
    limited_output,
    own_line,
    run_within,
)

__all__ = ["check", "exercise", "report", "solved"]

RIGHT, OPEN, WRONG = "Right", "Open", "Wrong"
_MARKS = {RIGHT: "✓", OPEN: "○", WRONG: "✗"}
_WIDTH = 84
_INDENT = "    "


@dataclass(frozen=True)
class Exercise:
    """What is known of an exercise: ``checker`` takes an answer, and raises ``Wrong``."""

    name: str
    chapter: int
    title: str
    stars: int
    seconds: float
    function: bool
    checker: Callable[[Any], None]


_exercises: dict[str, Exercise] = {}
_verdicts: dict[str, str] = {}  # of this kernel
_checked: dict[str, tuple[Any, Any]] = {}  # the answers last checked, and their code


def exercise(
    name: str,
    *,
    title: str,
    stars: int = 1,
    seconds: float = 10.0,
    function: bool = True,
    chapter: int | None = None,
) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register the checker that follows.

    Parameters
    ----------
    name : str
        What ``check`` is called with; no other exercise of the book has it.
    title : str
        A few words for the report.
    stars : int
        From 1 (five minutes) to 3 (a small project).
    seconds : float
        The time limit of the whole check.
    function : bool
        Whether the answer is a function; otherwise it is a value.
    chapter : int, optional
        By default the one in the name of the checker's module, ``chapter_01.…``.

    Returns
    -------
    decorator
        For a function that takes the answer, returns if it is right, and raises
        ``Wrong`` with what is wrong if not.

    Raises
    ------
    ValueError
        If another exercise has the name, or the module's name holds no chapter.

    Notes
    -----
    Used in: the exercises of all chapters.
    """

    def register(checker: Callable[[Any], None]) -> Callable[[Any], None]:
        number = re.search(r"chapter_(\d+)\b", checker.__module__)
        if chapter is None and number is None:
            raise ValueError(f"Expected a chapter for {name!r}, or a module chapter_NN that names it.")
        known = _exercises.get(name)
        if known is not None and known.checker.__module__ != checker.__module__:
            raise ValueError(f"Expected a new name, but {known.checker.__module__} has {name!r} too.")
        place = chapter if chapter is not None else int(number[1])
        _exercises[name] = Exercise(name, place, title, stars, seconds, function, checker)
        return checker

    return register


def _load() -> None:
    """Import the checkers of all chapters."""
    for module in pkgutil.iter_modules(dlbook_utils.exercises.__path__):
        if module.name.startswith("chapter_"):
            importlib.import_module(f"dlbook_utils.exercises.{module.name}")


def _find(name: str) -> Exercise:
    _load()
    if name in _exercises:
        return _exercises[name]
    close = difflib.get_close_matches(str(name), _exercises, n=3, cutoff=0.5)
    known = f"did you mean {' or '.join(map(repr, close))}?" if close else f"known are {sorted(_exercises)}."
    raise ValueError(f"There is no exercise {name!r}; {known}")


def check(name: str, answer: Any, seconds: float | None = None) -> None:
    """Print whether an answer is right, open or wrong, and what is wrong with it.

    Parameters
    ----------
    name : str
        Of the exercise.
    answer : callable or value
        The function that was asked for (not its result), or the value.
    seconds : float, optional
        Another time limit than the exercise's own.

    Raises
    ------
    ValueError
        If there is no such exercise.
    AssertionError
        Under nbgrader (environment variable ``NBGRADER_EXECUTION``), if the answer
        is open or wrong: otherwise nbgrader would count it. Never elsewhere.

    Notes
    -----
    Used in: the exercises of all chapters.
    """
    found = _find(name)
    verdict, message = _judge(found, answer, found.seconds if seconds is None else seconds)
    _verdicts[name] = verdict
    _checked[name] = answer, getattr(answer, "__code__", None)
    lines = [f"{_MARKS[verdict]} {verdict}: {name}", *_wrapped(message)]
    print("\n".join(lines))
    if verdict != RIGHT and os.environ.get("NBGRADER_EXECUTION"):
        raise AssertionError("\n".join(lines))


def _judge(found: Exercise, answer: Any, seconds: float) -> tuple[str, str]:
    """A verdict, and what to say about it."""
    here = "Put your code in place of the `...` and run both cells again."
    if answer is Ellipsis or answer is None:
        return OPEN, here
    if found.function and not callable(answer):
        what = f"the function itself, as in check({found.name!r}, {found.name})"
        return WRONG, f"Expected {what}; received {type(answer).__name__}."
    try:
        with limited_output():
            run_within(seconds, lambda: found.checker(Answer(answer) if found.function else answer))
    except Open as stop:
        return OPEN, str(stop) or here
    except Wrong as wrong:
        return WRONG, str(wrong)
    except TimeUp as stop:
        lines = [f"{found.name} did not end within {seconds:g} seconds."]
        if place := own_line(stop.__traceback__):
            lines += [f"{_INDENT}{place}", "It was stopped there. Does a loop ever come to its end?"]
        return WRONG, "\n".join(lines)
    except TooMuch as stop:
        lines = [f"{found.name} printed so much that it was stopped."]
        if place := own_line(stop.__traceback__):
            lines += [f"{_INDENT}{place}", "Does a loop ever come to its end?"]
        return WRONG, "\n".join(lines)
    except Exception as error:  # an answer of a kind that the checker did not expect
        return WRONG, f"What it gave cannot be used ({type(error).__name__}: {brief(str(error))})."
    return RIGHT, ""


def _wrapped(message: str) -> list[str]:
    """Lines of a message, indented; those with an indent of their own hold code, and are not broken."""
    lines = []
    for line in message.splitlines():
        lines += [line] if line.startswith(" ") else textwrap.wrap(line, _WIDTH - len(_INDENT))
    return [_INDENT + line for line in lines]


def solved(name: str) -> bool:
    """Whether an exercise is right as it stands now; if not, say what is waiting for it.

    Parameters
    ----------
    name : str
        Of the exercise.

    Returns
    -------
    bool
        False too if the function was defined again, with other code, after its
        last check.

    Raises
    ------
    ValueError
        If there is no such exercise.

    Notes
    -----
    Used in: cells that show a finished exercise at work.
    """
    right = _verdicts.get(_find(name).name) == RIGHT
    if not right:
        print(f"This cell has something to show as soon as {name} is right.")
    elif _has_changed(name):
        print(f"{name} has changed since it was checked: run its check again.")
        return False
    return right


def _has_changed(name: str) -> bool:
    """Whether another function than the one checked now goes by its name, or by the exercise's."""
    answer, code = _checked[name]
    known = getattr(answer, "__globals__", {})
    now = [known[n] for n in (name, getattr(answer, "__name__", name)) if n in known]
    return code is not None and any(getattr(other, "__code__", None) != code for other in now)


def report(chapter: int | None = None) -> None:
    """Print how far the reader has come: every exercise of a chapter, and the counts.

    Parameters
    ----------
    chapter : int, optional
        By default, the chapters of the exercises that were checked in this session.

    Raises
    ------
    ValueError
        If the chapter has no exercises.

    Notes
    -----
    Used in: the exercises of all chapters.
    """
    _load()
    chapters = {_exercises[name].chapter for name in _verdicts} if chapter is None else {chapter}
    if not chapters:
        print("Nothing has been checked yet: run the cells with `check(…)` first.")
        return
    listed = [e for number in sorted(chapters) for e in _exercises.values() if e.chapter == number]
    if not listed:
        raise ValueError(f"Expected a chapter with exercises, received {chapter!r}.")
    verdicts = [_verdicts.get(e.name, OPEN) for e in listed]
    width = max(len(e.title) for e in listed)
    for e, verdict in zip(listed, verdicts, strict=True):
        print(f"{_MARKS[verdict]} {verdict:6} {'★' * e.stars:4} {e.title:{width}}  {e.name}")
    counts = [f"{verdicts.count(verdict)} {verdict.lower()}" for verdict in (RIGHT, WRONG, OPEN)]
    print(f"\n{len(listed)} exercises: {', '.join(counts)}.")
