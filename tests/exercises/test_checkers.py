"""Checkers accept the solution, know the stub, and refuse each wrong answer with a message that fits."""

import importlib
import re

import nbformat
import numpy as np
import pytest

from dlbook_utils.exercises import check, checking
from tools.notebooks import ROOT

SECONDS = 5  # the time limit in these tests, for a loaded machine too
FOLDERS = sorted(path.parent for path in (ROOT / "chapters").glob("*/solutions.ipynb"))


def answers_in(path) -> dict[str, object]:
    """The functions and values that a notebook hands to ``check``, by the exercise's name."""
    code = [c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
    solutions = [
        c.source
        for c in nbformat.read(path, 4).cells
        if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("solution")
    ]
    names: dict[str, object] = {"np": np}
    for source in solutions:
        exec(compile(source, "<cell>", "exec"), names)
    calls = re.findall(r'^check\("(\w+)", (\w+)\)', "\n".join(code), flags=re.MULTILINE)
    return {exercise: names[answer] for exercise, answer in calls}


def cases() -> list:
    """(exercise, wrong answer, fragment) of all chapters."""
    found = []
    for folder in FOLDERS:
        module = importlib.import_module(f"tests.exercises.chapter_{folder.name[:2]}_answers")
        for name, pairs in module.WRONG.items():
            found += [pytest.param(name, *pair, id=f"{name}-{pair[0].__name__}") for pair in pairs]
    return found


SOLUTIONS = {
    name: answer for folder in FOLDERS for name, answer in answers_in(folder / "solutions.ipynb").items()
}
STUBS = {
    name: answer for folder in FOLDERS for name, answer in answers_in(folder / "exercises.ipynb").items()
}


@pytest.fixture(autouse=True)
def nobody_grades(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


def said(capsys) -> str:
    """What was printed, on one line."""
    return " ".join(capsys.readouterr().out.split())


def test_every_exercise_of_the_book_is_in_a_notebook_and_has_three_wrong_answers():
    checking._load()
    registered = {name for name, e in checking._exercises.items() if "chapter_" in e.checker.__module__}
    assert registered == SOLUTIONS.keys() == STUBS.keys()
    wrong = [case.values[0] for case in cases()]
    assert set(wrong) == registered
    assert all(wrong.count(name) >= 3 for name in registered)


@pytest.mark.parametrize("name", SOLUTIONS)
def test_the_solution_is_right(name, capsys):
    check(name, SOLUTIONS[name])
    assert said(capsys) == f"✓ Right: {name}"


@pytest.mark.parametrize("name", STUBS)
def test_the_stub_is_open(name, capsys):
    check(name, STUBS[name])
    assert said(capsys).startswith(f"○ Open: {name}")


@pytest.mark.parametrize(("name", "answer", "fragment"), cases())
def test_a_wrong_answer_is_refused_with_a_message_that_fits(name, answer, fragment, capsys):
    check(name, answer, seconds=SECONDS)
    printed = capsys.readouterr().out
    assert printed.startswith(f"✗ Wrong: {name}\n")
    assert fragment in " ".join(printed.split())
    lines = printed.splitlines()
    assert len(lines) <= 8, printed
    assert all(len(line) <= 110 for line in lines), printed
    assert "Traceback" not in printed
