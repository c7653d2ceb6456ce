"""The CPU budget of a notebook is measured, reported, and held when it is to be held."""

import os
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


def run_notebooks(course, option):
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, f"--cpu-budget={option}", "chapters"], cwd=course, capture_output=True, text=True
    )


@pytest.mark.parametrize(("option", "passes"), [("report", True), ("enforce", False)])
def test_budget_of_a_notebook(course, option, passes):
    run = run_notebooks(course, option)
    assert (run.returncode == 0) == passes, run.stdout + run.stderr
    assert "OVER ITS BUDGET" in run.stdout
    assert ("its budget is 0" in run.stdout) == (not passes)


@pytest.mark.parametrize(("option", "passes"), [("report", True), ("enforce", False)])
def test_budget_of_a_chapter(course, option, passes):
    path = course / "chapters" / "a.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.metadata["dlbook"]["budget_seconds"] = 100
    nbformat.write(notebook, path)
    tool = course / "tools" / "notebooks.py"
    tool.write_text(tool.read_text().replace("CHAPTER_BUDGET = 240", "CHAPTER_BUDGET = 0"))
    run = run_notebooks(course, option)
    assert (run.returncode == 0) == passes, run.stdout + run.stderr
    assert "of   0  all of chapters  OVER ITS BUDGET" in run.stdout


def test_budgets_of_chapters():
    assert notebooks.chapter_budget("01_forward_propagation") == 240
    assert notebooks.chapter_budget("04_convolutional_networks") == 500


def test_longest_first_and_the_default(course):
    short = course / "chapters" / "b.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), short)
    assert notebooks.budget(short) == notebooks.BUDGET
    assert notebooks.longest_first([course / "chapters" / "a.ipynb", short])[0] == short


@pytest.mark.parametrize(("jobs", "threads"), [(1, "8"), (2, "4"), (16, "1")])
def test_kernels_share_the_cores(monkeypatch, jobs, threads):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "environ", {})
    notebooks.share_cores(jobs)
    assert os.environ == {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}


def test_a_number_of_threads_that_is_set_stays(monkeypatch):
    monkeypatch.setattr(os, "environ", {"OMP_NUM_THREADS": "3"})
    notebooks.share_cores(1)
    assert os.environ == {"OMP_NUM_THREADS": "3"}
