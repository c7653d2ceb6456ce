"""exercises.ipynb is what solutions.ipynb gives, and it runs with nothing solved."""

import copy
import shutil

import nbformat
import pytest
from nbclient import NotebookClient

from tools import address, make_exercises
from tools.notebooks import ROOT

SOLUTIONS = sorted((ROOT / "chapters").glob("*/solutions.ipynb"))
chapters = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.parent.name)


def read(path):
    return nbformat.read(path, 4)


def test_exercises_are_up_to_date():
    assert SOLUTIONS
    assert make_exercises.make(ROOT, check=True) == []


@chapters
def test_nothing_of_a_solution_is_left(path):
    exercises = read(path.with_name("exercises.ipynb"))
    assert [cell.id for cell in exercises.cells] == [cell.id for cell in read(path).cells]
    for ours, source in zip(exercises.cells, read(path).cells, strict=True):
        text = str(ours.source)
        assert "SOLUTION" not in text
        assert "with solutions" not in text
        assert "**Solutions.**" not in text
        if make_exercises.is_solution(source):
            assert len(text) < len(source.source)
            assert "@title" not in text
            assert "cellView" not in ours.metadata
            assert "hide-input" not in ours.metadata.get("tags", [])
            assert ours.cell_type == "markdown" or "    ..." in text or text.endswith("...")


@chapters
def test_nbgraders_metadata_is_whole(path):
    """Each check is a graded, locked cell with points; each solution is folded, and no id comes twice."""
    cells = read(path).cells
    ids = [cell.metadata.nbgrader.grade_id for cell in cells if "nbgrader" in cell.metadata]
    assert len(ids) == len(set(ids))
    for cell in cells:
        settings = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and cell.source.startswith("check("):
            assert settings.grade
            assert settings.locked
            assert settings.points > 0
        if cell.cell_type == "code" and settings.get("solution"):
            assert cell.source.startswith("# @title Solution: ")
            assert cell.metadata.cellView == "form"
            assert "hide-input" in cell.metadata.tags


def run(path, folder) -> dict[str, str]:
    """Execute a notebook away from the repository. Returns what each cell printed."""
    notebook = read(path)
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": folder}},
        extra_arguments=["--IPKernelApp.log_level=40"],
    ).execute()
    return {
        cell.id: "".join(out.text for out in cell.outputs if out.output_type == "stream")
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


@chapters
@pytest.mark.parametrize(("name", "verdict"), [("exercises", "Open"), ("solutions", "Right")])
def test_it_runs_from_top_to_bottom_and_says_how_far_one_is(path, name, verdict, tmp_path, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    printed = run(path.with_name(f"{name}.ipynb"), tmp_path)
    checks = [c for c in read(path).cells if c.cell_type == "code" and c.source.startswith("check(")]
    assert checks
    for cell in checks:
        assert f" {verdict}: " in printed[cell.id]
    assert f"{len(checks)} {verdict.lower()}" in printed["report"]
    assert f"{len(checks)} exercises: " in printed["report"]


# --- The tool -------------------------------------------------------------------------------------

BODY = '''\
def f(x):
    """What."""
    a = 1
    ### BEGIN SOLUTION
    b = 2
    ### END SOLUTION
    return b'''


def test_a_stub_keeps_its_indentation_and_what_stands_around_it():
    assert make_exercises.without_solution(BODY) == (
        'def f(x):\n    """What."""\n    a = 1\n    ...\n    return b'
    )
    assert make_exercises.without_solution("### BEGIN SOLUTION\nx = 3\n### END SOLUTION") == "..."
    assert make_exercises.without_solution("x = 1") == "x = 1"


@pytest.mark.parametrize("lines", [["BEGIN"], ["END"], ["BEGIN", "BEGIN", "END"], ["END", "BEGIN"]])
def test_markers_come_in_pairs(lines):
    with pytest.raises(ValueError, match="SOLUTION"):
        make_exercises.without_solution("\n".join(f"### {word} SOLUTION" for word in lines))


@pytest.fixture
def course(tmp_path):
    """The first notebook of solutions in a repository of its own."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    target = tmp_path / SOLUTIONS[0].relative_to(ROOT)
    target.parent.mkdir(parents=True)
    shutil.copy(SOLUTIONS[0], target)
    return target


def test_drift_is_noticed_and_mended(course, capsys):
    root = course.parents[2]
    assert make_exercises.main(["--check"], root) == 1
    assert not course.with_name("exercises.ipynb").exists()
    assert make_exercises.main([], root) == 0
    assert make_exercises.main(["--check"], root) == 0
    capsys.readouterr()
    for place in ("solutions.ipynb", "exercises.ipynb"):
        path = course.with_name(place)
        kept = path.read_text(encoding="utf-8")
        path.write_text(kept.replace("Write your code", "Put your code"), encoding="utf-8")
        assert make_exercises.main(["--check"], root) == 1
        assert "exercises.ipynb: not what solutions.ipynb gives" in capsys.readouterr().out
        path.write_text(kept, encoding="utf-8")
    course.unlink()
    assert make_exercises.main(["--check"], root) == 1
    assert "there is no solutions.ipynb beside it" in capsys.readouterr().out


def test_a_fault_in_the_source_is_named_with_its_cell(course, capsys):
    notebook = read(course)
    number = next(n for n, c in enumerate(notebook.cells, 1) if make_exercises.is_solution(c))
    for edit, message in [
        (lambda cell: cell.update(source=cell.source.replace("### END SOLUTION", "")), "without"),
        (lambda cell: cell.metadata.pop("nbgrader"), "go together"),
        (lambda cell: cell.update(source="x = 1"), "go together"),
    ]:
        broken = copy.deepcopy(notebook)
        edit(broken.cells[number - 1])
        nbformat.write(broken, course)
        assert make_exercises.main([], course.parents[2]) == 1
        assert f"solutions.ipynb: cell {number}: " in (printed := capsys.readouterr().out)
        assert message in printed


def test_a_written_solution_without_nbgraders_metadata_is_refused(course, capsys):
    notebook = read(course)
    notebook.cells.insert(3, nbformat.v4.new_markdown_cell("Since …", metadata={"tags": ["solution"]}))
    nbformat.write(notebook, course)
    assert make_exercises.main([], course.parents[2]) == 1
    assert "cell 4: a written solution needs nbgrader's metadata" in capsys.readouterr().out


def test_the_two_notebooks_lead_to_each_other(course):
    site = address.read_site(ROOT)
    name = "chapters/01_forward_propagation/exercises.ipynb"
    text = make_exercises.exercises(course.read_text(encoding="utf-8"), name, site)
    last = nbformat.reads(text, 4).cells[-1].source
    assert "[Solutions](solutions.ipynb)" in last
    assert site.colab("chapters/01_forward_propagation/solutions.ipynb") in last
    assert site.colab(name) in nbformat.reads(text, 4).cells[0].source


def test_a_figure_has_another_name_than_in_the_solutions():
    cell = nbformat.v4.new_code_cell("plt.show()", metadata={"mystnb": {"figure": {"name": "fig-a"}}})
    make_exercises.rename_figure(cell)
    assert cell.metadata["mystnb"]["figure"]["name"] == "fig-a-open"
