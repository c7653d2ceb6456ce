"""Make each chapter's ``exercises.ipynb`` from its ``solutions.ipynb``.

    python tools/make_exercises.py            after editing a notebook of solutions
    python tools/make_exercises.py --check    only names what is not up to date; exit code 1 if anything

What goes: the code between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` (a ``...`` takes its place),
everything that folds a solution away (``# @title``, ``cellView``, the tags that hide input), written
solutions (Markdown cells tagged ``solution``: a line for the reader's answer takes their place), the
blockquote ``> **Solutions.** …``, and the words "with solutions" in the title. A figure that both notebooks
show gets a name of its own, since the book wants each name once. The markers and the
metadata are nbgrader's own, whose release of the same source is the same, `make grade` tests it.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import address

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
CODE_STUB, TEXT_STUB = "...", "*Your answer:*"
TO_EXERCISES, TO_SOLUTIONS = "[Without solutions](exercises.ipynb)", "[Solutions](solutions.ipynb)"


def is_solution(cell: NotebookNode) -> bool:
    """Whether nbgrader takes a cell for one that holds a solution."""
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def without_solution(source: str) -> str:
    """The code of a cell with ``...``, indented alike, in place of what stands between the markers.

    Raises
    ------
    ValueError
        If the markers do not come in pairs.
    """
    lines: list[str] = []
    inside = False
    for line in source.split("\n"):
        if line.strip() in (BEGIN, END):
            if inside == (line.strip() == BEGIN):
                raise ValueError(f"{BEGIN} and {END} do not come in pairs")
            inside = not inside
            if inside:
                lines.append(line.replace(BEGIN, CODE_STUB))
        elif not inside:
            lines.append(line)
    if inside:
        raise ValueError(f"{BEGIN} without {END}")
    return "\n".join(lines)


def clear(cell: NotebookNode) -> None:
    """Take the solution out of a cell. (nbgrader does the same.)"""
    if cell.cell_type == "markdown":
        if "solution" in cell.metadata.get("tags", []):
            if not is_solution(cell):
                raise ValueError(
                    "a written solution needs nbgrader's metadata, with grade, solution and points"
                )
            cell.source = TEXT_STUB
        return
    cleared = without_solution(cell.source)
    if is_solution(cell) != (cleared != cell.source):
        raise ValueError(f"nbgrader's metadata and the markers {BEGIN} … {END} go together")
    cell.source = cleared


def unfold(cell: NotebookNode) -> None:
    """A solution is folded in HTML and on Colab; a stub is not."""
    if is_solution(cell):
        cell.source = re.sub(r"\A#\s*@title.*\n", "", cell.source)
        cell.metadata.pop("cellView", None)
        cell.metadata.pop("mystnb", None)  # the words on the fold
        tags = [tag for tag in cell.metadata.pop("tags", []) if not tag.startswith("hide-")]
        if tags:
            cell.metadata["tags"] = tags


def rename_figure(cell: NotebookNode) -> None:
    """``fig-name`` becomes ``fig-name-open``."""
    figure = cell.metadata.get("mystnb", {}).get("figure", {})
    if "name" in figure:
        figure["name"] += "-open"


def adapt(notebook: NotebookNode) -> None:
    """Everything but the solutions themselves: folding, figures, title, the way to the other notebook."""
    for cell in notebook.cells:
        unfold(cell)
        rename_figure(cell)
        if cell.cell_type == "markdown":
            cell.source = re.sub(
                r"^> \*\*Solutions\.\*\*.*\n(?:>.*\n)*\n*", "", f"{cell.source}\n", flags=re.M
            ).rstrip("\n")
            cell.source = cell.source.replace(TO_EXERCISES, TO_SOLUTIONS)
    first = notebook.cells[0]
    first.source = re.sub(r"\A(# .*?),? with solutions(?=\n|\Z)", r"\1", first.source)


def exercises(text: str, path: str, site: address.Site) -> str:
    """The notebook of exercises, at a path from the repository's root, from that of solutions."""
    notebook = nbformat.reads(text, as_version=4)
    for number, cell in enumerate(notebook.cells, start=1):
        try:
            clear(cell)
        except ValueError as error:
            raise ValueError(f"cell {number}: {error}") from None
    adapt(notebook)
    return address.rewrite_notebook(nbformat.writes(notebook), site, path)


def make(root: Path, check: bool) -> list[str]:
    """Bring all exercises up to date, or only look. Returns a line for each that was not."""
    site = address.read_site(root)
    stale = []
    for source in sorted(root.glob("chapters/*/solutions.ipynb")):
        target = source.with_name("exercises.ipynb")
        name = target.relative_to(root).as_posix()
        try:
            wanted = exercises(source.read_text(encoding="utf-8"), name, site)
        except ValueError as error:
            stale.append(f"{source.relative_to(root).as_posix()}: {error}")
            continue
        if not target.exists() or target.read_text(encoding="utf-8") != wanted:
            stale.append(f"{name}: not what solutions.ipynb gives; run python tools/make_exercises.py")
            if not check:
                target.write_text(wanted, encoding="utf-8", newline="\n")
                stale[-1] = f"updated {name}"
    for target in sorted(root.glob("chapters/*/exercises.ipynb")):
        if not target.with_name("solutions.ipynb").exists():
            stale.append(f"{target.relative_to(root).as_posix()}: there is no solutions.ipynb beside it")
    return stale


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, name what is not up to date")
    check = parser.parse_args(arguments).check
    lines = make(root, check)
    print(*lines, sep="\n", end="\n" if lines else "")
    return 1 if any(not line.startswith("updated ") for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
