"""What `make colab` rests on, as far as it can be tested without making Colab's environment."""

import importlib.machinery
import json
import subprocess
import sys
import tomllib

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import colab


@pytest.fixture(scope="module")
def pins():
    return colab.read_pins()


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((colab.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


# --- The record of Colab's versions ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("numpy", "2.1.3"),
        ("tensorflow", "2.20.0"),
        ("keras", "3.13.2"),
        ("matplotlib", "3.10.0"),
        ("ipython", "7.34.0"),
        ("ipykernel", "6.17.1"),
        ("ipywidgets", "7.7.1"),
        ("setuptools", "75.2.0"),
    ],
)
def test_pins_are_colabs(pins, name, version):
    assert pins[name] == version


def test_every_pin_is_exact_and_normalised():
    text = colab.PINS.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(lines) == len(colab.read_pins())
    for line in lines:
        requirement = Requirement(line)
        assert [bound.operator for bound in requirement.specifier] == ["=="], line
        assert colab.normalised(requirement.name) == requirement.name


def test_package_can_be_built_and_installed_on_colab(pins, project):
    assert "wheel" in pins
    assert "3.13" in Requirement(f"python{project['requires-python']}").specifier
    for dependency in map(Requirement, project["dependencies"]):
        assert pins[canonicalize_name(dependency.name)] in dependency.specifier


# --- Python 3.13 ----------------------------------------------------------------------------------


def test_other_programs_are_not_python_313(tmp_path):
    broken_shim = tmp_path / "python3.13"
    broken_shim.write_text("#!/bin/sh\nexit 127\n")
    broken_shim.chmod(0o755)
    assert colab.python_version(broken_shim) is None
    assert colab.python_version(tmp_path / "missing") is None
    fits = sys.version_info[:2] == colab.PYTHON
    assert (colab.python_version(sys.executable) is not None) == fits


def test_found_python_is_313():
    found = colab.find_python()
    assert found is None or found[1].startswith("3.13.")


@pytest.mark.parametrize("options", [[], ["--require"]])
def test_missing_python_is_reported(monkeypatch, capsys, tmp_path, options):
    notebook = tmp_path / "notebook.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), notebook)
    monkeypatch.setattr(colab, "find_python", lambda: None)
    assert colab.main(colab.parse([str(notebook), *options])) == bool(options)
    assert capsys.readouterr().out == "Python 3.13 was not found: Colab's environment is skipped\n"


# --- The release ----------------------------------------------------------------------------------


def test_release_stands_in_pyproject(project):
    address, version = colab.read_release()
    assert address.startswith("https://github.com/")
    assert address.count("/") == 4
    assert version == project["version"]


def test_git_takes_the_published_tree_for_the_release(tmp_path, monkeypatch):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "module.py").write_text("x = 1")
    (tree / "junk.log").write_text("")
    (tree / ".gitignore").write_text("*.log\n")
    monkeypatch.setattr(colab, "ROOT", tree)
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as in a git hook
    commit = colab.publish(tmp_path / "release.git", "1.2.3")

    address = "https://github.com/OWNER/REPOSITORY"
    environment = colab.kernel_environment(tmp_path / "release.git", address)
    command = ["git", "clone", "--quiet", "--branch", "v1.2.3", address, tmp_path / "clone"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert (tmp_path / "clone" / "module.py").read_text() == "x = 1"
    assert not (tmp_path / "clone" / "junk.log").exists()
    assert not (tree / ".git").exists()
    head = ["git", "-C", tmp_path / "clone", "rev-parse", "HEAD"]
    assert subprocess.run(head, env=environment, capture_output=True, text=True).stdout.strip() == commit


def test_changes_are_all_but_our_own_package():
    before = {"numpy": "2.1.3", "pip": "26.3", "six": "1.17.0"}
    after = {"numpy": "2.2.0", "pip": "26.3", "rich": "13.9.4", "dlbook-utils": "0.1.0"}
    assert colab.changes(before, before | {"dlbook-utils": "0.1.0"}) == []
    expected = ["numpy: 2.1.3 -> 2.2.0", "rich: none -> 13.9.4", "six: 1.17.0 -> none"]
    assert colab.changes(before, after) == expected


# --- The stand-in and the kernel ------------------------------------------------------------------


def test_stand_in_is_found_and_leaves_no_name_behind():
    code = (
        "known = set(globals())\n" + colab.startup_code() + "left = set(globals()) - known - {'known'}\n"
        "assert not left, left\n"
        "import sys, google\n"
        "assert 'google.colab' in sys.modules\n"
        "assert not hasattr(google.colab, 'drive')\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_stand_in_shares_the_namespace_google():
    assert not (colab.STAND_IN / "google" / "__init__.py").exists()
    spec = importlib.machinery.PathFinder.find_spec("google", [str(colab.STAND_IN)])
    assert spec.origin is None  # a namespace package
    # As in TensorFlow's case: protobuf is imported first or last.
    for imports in ("import google.protobuf\n{}", "{}import google.protobuf\n"):
        code = imports.format(colab.startup_code())
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_kernel_is_colabs(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "")
    variables = colab.write_kernel(tmp_path)
    spec = json.loads((tmp_path / "jupyter" / "kernels" / "colab" / "kernel.json").read_text())
    assert spec["argv"][0].startswith(str(colab.VENV))
    startup = list((tmp_path / "ipython").rglob("startup/*.py"))
    assert [path.read_text() for path in startup] == [colab.startup_code()]
    assert variables == {"IPYTHONDIR": str(tmp_path / "ipython")}


def test_nothing_of_this_process_leaks_in(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(colab.ROOT))
    environment = colab.kernel_environment(tmp_path, "https://github.com/OWNER/REPOSITORY")
    assert "PYTHONPATH" not in environment


# --- The notebooks --------------------------------------------------------------------------------


def notebook_of(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def test_notebooks_that_install_something_of_their_own():
    setup = 'if True:\n    %pip install -q "dlbook_utils @ git+…"'
    assert not colab.installs_more(notebook_of(setup, "1 + 1"))
    assert not colab.installs_more(notebook_of(setup, "# see pip install"))
    assert colab.installs_more(notebook_of(setup, "%pip install -q distributed==2026.1.0"))
    assert colab.installs_more(notebook_of(setup, "if IN_COLAB:\n    !pip install -q dp-accounting==0.6"))


def test_usual_notebooks_are_exercises_and_the_first(monkeypatch):
    chapter = colab.FIRST_NOTEBOOK.parent
    names = ["01_neurons_and_layers", "02_next", "exercises", "solutions"]
    paths = [chapter / f"{name}.ipynb" for name in names]
    monkeypatch.setattr(colab, "all_notebooks", lambda: paths)
    assert colab.choose([], everything=False) == [paths[0], paths[2]]
    assert colab.choose([], everything=True) == paths
    with pytest.raises(SystemExit, match="no notebook"):
        colab.choose([chapter / "missing.ipynb"], everything=False)


def test_last_lines_are_plain_and_few():
    text = "\n".join(f"\x1b[31mline {i}\x1b[0m\n" for i in range(100))
    lines = colab.last_lines(text).splitlines()
    assert len(lines) == colab.LAST_LINES
    assert lines[-1] == "    line 99"
