"""nbgrader itself, in its own environment: its release is ours, and it grades as it should."""

import json
import os
import subprocess
from pathlib import Path

import nbformat
import pytest

from tools import colab, make_exercises, nbgrader_env
from tools.notebooks import ROOT

CHAPTERS = sorted(path.parent for path in (ROOT / "chapters").glob("*/solutions.ipynb"))
CONFIG = Path(__file__).with_name("nbgrader_config.py")
SCORES = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///" + sys.argv[1]) as book:
    submissions = book.assignment_submissions(sys.argv[2])
    print(json.dumps({one.student.id: [one.score, one.max_score] for one in submissions}))
"""
# Of the exercises of Chapter 1: one right (1 point), one wrong, one left alone.
HALF_DONE = {
    "refuse_close_calls": (
        "def refuse_close_calls(Z, margin):\n"
        "    ordered = np.sort(Z, axis=1)\n"
        "    return np.where(ordered[:, -1] - ordered[:, -2] < margin, -1, Z.argmax(axis=1))"
    ),
    "favourite_image": "def favourite_image(w, k):\n    while True:\n        pass",
}


def run(course: Path, *command) -> str:
    """Run a program of nbgrader's environment in a course's folder. Returns what it printed."""
    environment = colab.clean_environment()
    environment["PATH"] = os.pathsep.join([str(nbgrader_env.BIN), environment["PATH"]])  # for alembic
    done = subprocess.run(
        [nbgrader_env.BIN / command[0], *command[1:]],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def half_done(text: str) -> str:
    notebook = nbformat.reads(text, 4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = HALF_DONE.get(name, cell.source)
    return nbformat.writes(notebook)


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda folder: folder.name)
def graded(request, tmp_path_factory):
    """A course with one chapter as its assignment, released and graded. Returns its folder and scores."""
    folder = request.param
    course = tmp_path_factory.mktemp("course")
    (course / "nbgrader_config.py").write_text(CONFIG.read_text(encoding="utf-8"), encoding="utf-8")
    solutions = (folder / "solutions.ipynb").read_text(encoding="utf-8")
    exercises = (folder / "exercises.ipynb").read_text(encoding="utf-8")
    submitted = {"untouched": exercises, "solved": solutions, "half": half_done(exercises)}
    places = {"source": solutions} | {f"submitted/{who}": text for who, text in submitted.items()}
    for place, text in places.items():
        path = course / place / folder.name / "exercises.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    run(course, "nbgrader", "generate_assignment", folder.name, "--create", "--log-level=ERROR")
    run(course, "nbgrader", "autograde", folder.name, "--create", "--log-level=ERROR")
    scores = json.loads(run(course, "python", "-c", SCORES, str(course / "gradebook.db"), folder.name))
    return folder, course, scores


def test_nbgraders_release_is_our_notebook_of_exercises(graded):
    """Cell by cell, metadata aside. What nbgrader does not know of, ``adapt`` does to its release too."""
    folder, course, _ = graded
    release = nbformat.read(course / "release" / folder.name / "exercises.ipynb", 4)
    make_exercises.adapt(release)
    ours = nbformat.read(folder / "exercises.ipynb", 4)

    def cells(notebook):
        found = [(cell.id, cell.cell_type, cell.source) for cell in notebook.cells]
        # The lines of links under the title and at the end name the notebook itself.
        for place in (0, -1):
            number, kind, source = found[place]
            source = "\n".join(line for line in source.splitlines() if "https://" not in line)
            found[place] = (number, kind, source.strip())
        return found

    assert cells(release) == cells(ours)


def test_untouched_exercises_score_nothing_and_solutions_everything(graded):
    _, _, scores = graded
    assert scores["untouched"][0] == 0
    assert scores["solved"][0] == scores["solved"][1] > 0


def test_one_right_of_three(graded):
    folder, _, scores = graded
    if folder.name.startswith("01_"):
        assert scores["half"][0] == 1


def test_the_message_is_in_the_graded_notebook(graded):
    """What the instructor and the student see is what ``check`` says elsewhere."""
    folder, course, _ = graded
    path = course / "autograded" / "untouched" / folder.name / "exercises.ipynb"
    outputs = [out for c in nbformat.read(path, 4).cells for out in c.get("outputs", [])]
    errors = [out for out in outputs if out.output_type == "error"]
    assert errors
    for error in errors:
        assert error.ename == "AssertionError"
        assert "Open: " in error.evalue
