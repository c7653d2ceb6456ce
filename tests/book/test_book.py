"""The course is whole: every notebook stands in the table of contents, every chapter has its page."""

import json
import re

import pytest
import yaml

from tools import colab
from tools.notebooks import ROOT, all_notebooks

TOC = (ROOT / "_toc.yml").read_text(encoding="utf-8")


def toc_files(entry) -> list[str]:
    """All ``file:`` entries of the table of contents, in order."""
    if isinstance(entry, list):
        return [name for part in entry for name in toc_files(part)]
    if isinstance(entry, dict):
        own = [entry[key] for key in ("root", "file") if key in entry]
        return own + [
            name for value in entry.values() if isinstance(value, list) for name in toc_files(value)
        ]
    return []


def test_every_entry_of_the_table_of_contents_exists():
    files = toc_files(yaml.safe_load(TOC))
    assert len(files) == len(set(files)) > 10
    for name in files:
        assert (ROOT / f"{name}.md").exists() or (ROOT / f"{name}.ipynb").exists(), name


def test_every_notebook_and_every_chapter_is_in_it():
    files = set(toc_files(yaml.safe_load(TOC)))
    paths = [*all_notebooks(), *(ROOT / "chapters").glob("*/index.md")]
    assert paths
    for path in paths:
        assert path.relative_to(ROOT).with_suffix("").as_posix() in files, f"{path} is not in _toc.yml"


def test_chapters_are_numbered_in_reading_order():
    chapters = re.findall(r"chapters/(\d\d)_\w+/index", TOC)
    assert chapters == [f"{number:02}" for number in range(9)]


def test_colab_is_tried_on_a_notebook_that_exists():
    assert colab.FIRST_NOTEBOOK in all_notebooks()
    assert colab.FIRST_NOTEBOOK in colab.choose([], everything=False)


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_no_notebook_has_a_figure_style_of_its_own(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert "rcParams" not in source
    assert "style.use" not in source
