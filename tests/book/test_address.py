"""The repository's address and release stand in one place, and a tool writes them everywhere else."""

import re
import subprocess
from pathlib import Path

import nbformat
import pytest

from tools import address
from tools.notebooks import all_notebooks

NEW = address.Site("ada/deep-book", "0.2.0rc1")
FILES = {
    "pyproject.toml": """\
[project]
name = "dlbook_utils"
version = "0.1.0"
[project.urls]
Repository = "https://github.com/OWNER/REPOSITORY"
[tool.ruff]
target-version = "py311"
""",
    "_config.yml": "repository:\n  url: https://github.com/OWNER/REPOSITORY\n  branch: v0.1.0\n",
    "CITATION.cff": "cff-version: 1.2.0\nversion: 0.1.0\nrepository-code: https://github.com/OWNER/REPOSITORY\n",
    "README.md": """\
Install: `pip install "dlbook_utils @ git+https://github.com/OWNER/REPOSITORY@v0.1.0"`.
[Read](https://OWNER.github.io/REPOSITORY/) it, [ask](https://github.com/OWNER/REPOSITORY/issues), or
clone https://github.com/OWNER/REPOSITORY.git. All is at https://github.com/OWNER/REPOSITORY.
[Source](https://github.com/OWNER/REPOSITORY/blob/v0.1.0/README.md),
[open](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/v0.1.0/chapters/01_a/01_b.ipynb)
""",
    "foreign.md": """\
<https://github.com/OWNER/REPOSITORY-two/blob/v0.1.0/a.py> https://github.com/someone/else/tree/main
git+https://github.com/someone/REPOSITORY@v0.1.0 https://someone.github.io/REPOSITORY/ version: 0.1.0
""",
}


def git(root: Path, *arguments: str):
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def write_notebook(path: Path, sources: list[tuple[str, str]]) -> None:
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    notebook = nbformat.v4.new_notebook(
        cells=[make[kind](source, id=f"c{i}") for i, (kind, source) in enumerate(sources)]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small repository, all of whose places are up to date."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    folder = tmp_path / "chapters" / "01_a"
    write_notebook(
        folder / "01_b.ipynb",
        [
            ("markdown", "# Neurons — with a dash\n\nA promise."),
            ("code", "import keras\nx = 1"),
            ("markdown", "## On\n\n[Overview](index.md) · [Next: layers →](02_c.ipynb)"),
        ],
    )
    write_notebook(
        folder / "02_c.ipynb",
        [("markdown", "# Layers"), ("code", "pass"), ("code", "y = 2"), ("markdown", "[←](01_b.ipynb)")],
    )
    (folder / "picture.bin").write_bytes(b"\0https://github.com/OWNER/REPOSITORY")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "README.md")  # the others are untracked, as new files are
    address.main([], tmp_path)
    return tmp_path


def contents(root: Path) -> dict[str, bytes]:
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in root.rglob("*")
        if p.is_file() and ".git" not in p.parts
    }


def sources(root: Path, name: str) -> list[str]:
    return [cell.source for cell in nbformat.read(root / "chapters" / "01_a" / name, 4).cells]


def test_generated_parts_of_a_notebook(root):
    site = address.read_site(root)
    colab = "https://colab.research.google.com/github/OWNER/REPOSITORY/blob/v0.1.0/chapters/01_a"
    download = "https://github.com/OWNER/REPOSITORY/raw/v0.1.0/chapters/01_a/01_b.ipynb"
    badges = f"[Open in Colab]({colab}/01_b.ipynb) · [Download]({download})"
    assert sources(root, "01_b.ipynb") == [
        f"# Neurons — with a dash\n\n{badges}\n\nA promise.",
        address.first_cell(site, keras=True),
        "import keras\nx = 1",
        "## On\n\n[Overview](index.md) · [Next: layers →](02_c.ipynb)\n\n"
        f"In Colab: [Next: layers →]({colab}/02_c.ipynb)",
    ]
    assert sources(root, "02_c.ipynb")[1] == address.first_cell(site, keras=False)
    assert len(sources(root, "02_c.ipynb")) == 4  # the cell left for it was used
    setup = nbformat.read(root / "chapters" / "01_a" / "01_b.ipynb", 4).cells[1]
    assert (setup.metadata.cellView, setup.metadata.tags) == ("form", ["hide-input"])


@pytest.mark.parametrize(
    "given", ["ada/deep-book", "https://github.com/ada/deep-book", "https://github.com/ada/deep-book.git"]
)
def test_a_new_address_and_version_reach_every_place(root, given, capsys):
    before = contents(root)
    assert address.main([given, "--version", "0.2.0rc1"], root) == 0
    assert address.read_site(root) == NEW
    after = contents(root)
    expected = {"pyproject.toml", "_config.yml", "CITATION.cff", "README.md"}
    expected |= {"chapters/01_a/01_b.ipynb", "chapters/01_a/02_c.ipynb"}
    assert {name for name in after if after[name] != before[name]} == expected
    for name in expected:
        text = after[name].decode()
        assert "OWNER" not in text
        assert "0.1.0" not in text
    assert after["_config.yml"].decode() == FILES["_config.yml"].replace(
        "OWNER/REPOSITORY", "ada/deep-book"
    ).replace("0.1.0", "0.2.0rc1")
    assert after["README.md"].decode().count("ada/deep-book") == 6
    assert "https://ada.github.io/deep-book/" in after["README.md"].decode()
    assert 'target-version = "py311"' in after["pyproject.toml"].decode()
    assert address.main(["--check"], root) == 0


def test_a_second_run_changes_nothing(root, capsys):
    before = contents(root)
    capsys.readouterr()
    assert address.main([], root) == 0
    assert contents(root) == before
    assert capsys.readouterr().out == ""


def test_an_address_edited_by_hand_is_written_too(root):
    """The tool finds the last address in _config.yml, where it wrote it."""
    address.main(["ada/deep-book"], root)
    path = root / "pyproject.toml"
    path.write_text(path.read_text().replace("ada/deep-book", "grace/book"))
    assert address.main(["--check"], root) == 1
    address.main([], root)
    assert address.main(["--check"], root) == 0
    assert b"ada" not in contents(root)["README.md"]


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        ("README.md", "@v0.1.0", "@v0.0.9", 1),
        ("README.md", "blob/v0.1.0/README", "blob/main/README", 4),
        ("README.md", "github/OWNER/REPOSITORY", "github/someone/else", 5),
        ("README.md", "01_b.ipynb", "09_z.ipynb", 5),
        ("CITATION.cff", "version: 0.1.0", "version: 0.0.9", 2),
        ("_config.yml", "branch: v0.1.0", "branch: main", 3),
    ],
)
def test_check_finds_a_stale_place(root, capsys, name, old, new, line):
    text = FILES[name]
    assert text.count(old) == 1
    (root / name).write_text(text.replace(old, new), encoding="utf-8")
    assert address.main(["--check"], root) == 1
    found = capsys.readouterr().out.splitlines()
    assert [place.split(": ")[0] for place in found] == [f"{name}:{line}"]


@pytest.mark.parametrize("old", ["In Colab: [Next: layers →]", "· [Download", "/blob/v0.1.0/", "use_style"])
def test_check_finds_a_stale_notebook(root, capsys, old):
    path = root / "chapters" / "01_a" / "01_b.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, old[:11] + "?"), encoding="utf-8")
    line = next(i for i, text in enumerate(text.splitlines(), start=1) if old in text)
    assert address.main(["--check"], root) == 1
    assert f"chapters/01_a/01_b.ipynb:{line}: " in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["https://example.org/a/b"], ["--version", "v1"], ["a/b", "--check"]]
)
def test_bad_arguments_are_refused(root, arguments):
    before = contents(root)
    with pytest.raises(SystemExit):
        address.main(arguments, root)
    assert contents(root) == before


def test_foreign_links_stay(root):
    address.main(["ada/deep-book", "--version", "9.9.9"], root)
    assert (root / "foreign.md").read_text() == FILES["foreign.md"]


@pytest.mark.parametrize("keras", [False, True])
def test_first_cell_runs_here_and_parses_in_ipython(keras):
    from IPython.core.inputtransformer2 import TransformerManager

    source = address.first_cell(address.read_site(), keras)
    code = TransformerManager().transform_cell(source)
    assert "run_line_magic('pip', 'install -q git+https://" in code
    compile(code, "first cell", "exec")
    assert ("keras.utils.set_random_seed(0)" in source) == keras


def test_package_is_found_under_the_name_in_the_first_cell():
    """Otherwise each run on Colab would install it again."""
    from importlib.metadata import distributions

    assert address.read_site().version in {d.version for d in distributions(name="dlbook_utils")}


# --- The repository itself ------------------------------------------------------------------------


def test_repository_is_up_to_date(capsys):
    assert address.main(["--check"]) == 0, capsys.readouterr().out


def test_every_colab_link_opens_an_existing_notebook():
    assert all_notebooks(), "there is no notebook in chapters/"
    site = address.read_site()
    opened = set()
    for path, text in address.files(address.ROOT):
        for repository, ref, target in re.findall(
            rf"{address.COLAB}/([^/]+/[^/]+)/blob/([^/]+)/([\w./-]+)", text
        ):
            assert (repository, ref) == (site.repository, site.ref), path
            assert (address.ROOT / target).is_file(), f"{path} opens {target}"
            opened.add(target)
    assert opened == {path.relative_to(address.ROOT).as_posix() for path in all_notebooks()}
