"""The template for a new notebook keeps every rule of the lint wherever it is put, and runs."""

import shutil
import subprocess
import sys

import matplotlib as mpl
import nbformat
import pytest

from tools import address, cells, lint_notebooks
from tools.new_notebook import new_notebook
from tools.notebooks import ROOT

CHAPTERS = ("00_introduction", "01_forward_propagation", "08_outlook")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_lint_accepts_the_template(tmp_path, chapter):
    for name in ("pyproject.toml", "references.bib"):
        shutil.copy(ROOT / name, tmp_path)
    for name in (
        "chapters",
        "dlbook_utils",
    ):  # with all other notebooks, whose equations must not be repeated
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("data", "__pycache__"))
    path = f"chapters/{chapter}/77_from_template.ipynb"
    text = new_notebook(path, 'A "new" σ', address.read_site())
    (tmp_path / path).write_text(text, encoding="utf-8")
    assert lint_notebooks.lint([tmp_path / path], tmp_path) == []
    assert text == address.rewrite_notebook(text, address.read_site(), path)
    notebook = nbformat.reads(text, as_version=4)
    assert notebook.cells[0].source.startswith('# A "new" σ\n\n[Open in Colab](')
    assert notebook.cells[1].source.startswith(address.SETUP_TITLE)


def code(notebook) -> list[str]:
    return [cells.python_source(cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def test_template_runs_and_its_assertions_can_fail():
    text = new_notebook("chapters/01_a/01_b.ipynb", "Title", address.read_site())
    sources = code(nbformat.reads(text, as_version=4))
    with mpl.rc_context():
        mpl.use("Agg")
        names: dict = {}
        for source in sources:
            exec(source, names)
        names["ink"] = -names["ink"]
        with pytest.raises(AssertionError):
            exec(next(source for source in sources if "assert 0.5 < found" in source), names)
        mpl.pyplot.close("all")


def test_only_a_notebook_of_a_chapter_is_started():
    for path in ("01_b.ipynb", "chapters/01_a/b.ipynb", "chapters/01_a/01_b.md"):
        with pytest.raises(ValueError, match="expected chapters/NN_chapter"):
            new_notebook(path, "Title", address.read_site())
    existing = "chapters/01_forward_propagation/01_neurons_and_layers.ipynb"
    before = (ROOT / existing).read_bytes()
    for path in (existing, "chapters/99_nowhere/01_b.ipynb"):
        command = [sys.executable, "tools/new_notebook.py", path, "Title"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 2
        assert "exists, or its folder does not" in done.stderr
    assert (ROOT / existing).read_bytes() == before
