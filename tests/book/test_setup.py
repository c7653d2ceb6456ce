"""What a stranger meets first: the right Python is asked for, and nothing is done twice."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools import build_book, execute, setup_env


def test_an_unsupported_python_gets_one_sentence(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"Python 3.11, 3.12 or 3.13 is needed, and this is Python 3.10"):
        setup_env.use_supported_python()


def test_a_supported_python_on_the_machine_is_used_instead(monkeypatch):
    started = []

    def run(command, **options):
        started.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(sys, "version_info", (3, 14, 0, "final", 0))
    monkeypatch.setattr(shutil, "which", lambda name: f"/opt/{name}" if name == "python3.12" else None)
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(SystemExit, match=r"^0$"):
        setup_env.use_supported_python()
    assert started[-1] == ["/opt/python3.12", *sys.argv]


def test_a_mac_with_an_intel_processor_gets_one_sentence(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(SystemExit, match="Macs with an Intel processor: use Google Colab"):
        setup_env.use_supported_python()


def test_the_setup_script_can_be_read_by_an_old_python():
    """Python 3.6 must reach the sentence, so nothing newer than its grammar may stand in the script."""
    import ast

    ast.parse(Path(setup_env.__file__).read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A book of one notebook, in a folder of its own."""
    for name in ("dlbook_utils/a.py", "requirements.txt", "index.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1\n")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = tmp_path / "chapters" / "01_x" / "01_a.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    monkeypatch.setattr(execute, "CACHE", tmp_path / "_build" / ".jupyter_cache")
    monkeypatch.setattr(execute, "TIMES", tmp_path / "_build" / "execution_times.json")
    monkeypatch.setattr(execute, "all_notebooks", lambda: [path])
    monkeypatch.setattr(build_book, "ROOT", tmp_path)
    return path


def test_a_valid_result_is_kept_and_an_edit_of_the_package_or_the_lock_empties_the_cache(course, capsys):
    root = course.parents[2]
    assert execute.main(jobs=1) == 0
    assert "01_a.ipynb: ok" in capsys.readouterr().out
    assert execute.main(jobs=1) == 0
    assert capsys.readouterr().out == ""  # nothing to do
    for edited in ("dlbook_utils/a.py", "requirements.txt"):
        assert execute.is_cached(execute.open_cache(), course)
        (root / edited).write_text("2\n")
        assert not execute.is_cached(execute.open_cache(), course)
        execute.main(jobs=1)


def test_a_failing_notebook_is_named_with_its_cell_and_not_kept(course, capsys):
    notebook = nbformat.read(course, 4)
    notebook.cells.append(nbformat.v4.new_code_cell("1 / 0"))
    nbformat.write(notebook, course)
    assert execute.main(jobs=1) == 1
    shown = capsys.readouterr().out
    assert "01_a.ipynb: FAILED" in shown
    assert "cell 2" in shown
    assert "ZeroDivisionError" in shown
    assert not execute.is_cached(execute.open_cache(), course)


@pytest.mark.parametrize("edited", ["index.md", "chapters/01_x/01_a.ipynb", "dlbook_utils/a.py"])
def test_the_book_is_built_again_after_any_edit(course, edited):
    before = build_book.fingerprint()
    assert build_book.fingerprint() == before
    path = course.parents[2] / edited
    path.write_text(path.read_text() + "\n")
    assert build_book.fingerprint() != before
