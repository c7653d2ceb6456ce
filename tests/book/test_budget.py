"""The CPU budget of a notebook is measured, reported, and held when it is to be held."""

import shutil
import subprocess
import sys

import nbformat
import pytest

from tools import notebooks


@pytest.fixture
def course(tmp_path):
    """A course of one notebook that has no CPU second to spend."""
    for name in ("conftest.py", "tools/notebooks.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(notebooks.ROOT / name, tmp_path / name)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("assert sum(range(10)) == 45")],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "dlbook": {"budget_seconds": 0, "budget_reason": "a test"},
        },
    )
    (tmp_path / "chapters").mkdir()
    nbformat.write(notebook, tmp_path / "chapters" / "a.ipynb")
    return tmp_path


@pytest.mark.parametrize(("option", "passes"), [("report", True), ("enforce", False)])
def test_budget(course, option, passes):
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, f"--cpu-budget={option}", "chapters"], cwd=course, capture_output=True, text=True
    )
    assert (run.returncode == 0) == passes, run.stdout + run.stderr
    assert "OVER ITS BUDGET" in run.stdout
    assert ("its budget is 0" in run.stdout) == (not passes)


def test_longest_first_and_the_default(course):
    short = course / "chapters" / "b.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), short)
    assert notebooks.budget(short) == notebooks.BUDGET
    assert notebooks.longest_first([course / "chapters" / "a.ipynb", short])[0] == short
