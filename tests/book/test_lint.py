"""Every rule of the notebooks' lint finds what is planted for it, where it is planted, and nothing else."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import address, lint_notebooks
from tools.notebooks import all_notebooks

NAME = "chapters/01_first/01_good.ipynb"
SITE = address.Site("OWNER/REPOSITORY", "0.1.0")
FIGURE = {
    "mystnb": {
        "figure": {"caption": "A line.", "name": "a-line"},
        "image": {"alt": "A straight line rises from the lower left to the upper right."},
    }
}
MISSPELT = "n_ueral".replace("_", "")  # so that codespell passes over this file
MARKDOWN, CODE, PICTURE, ASKED, LAST = 2, 3, 4, 5, 6  # places in the list of cells, from 0

PROSE = r"""## Words

A neuron, equation (1.1), computes $z = x w$ with `crucial = {a}` code; see
[Adam](https://arxiv.org/abs/1412.6980v9) and [MNIST](https://doi.org/10.1109/5.726791).
At a rate of (0.05), $2$ or ($1.5$) nothing is an equation, and f(2.5) is a call.

$$
z = x w
\begin{aligned} a \end{aligned} \tag{1.1}
$$

> **Note.** An aside that goes on
> for two lines.

<details>
<summary>σ(0) is 0.5</summary>

Right, since $e^0 = 1$. Press <kbd>Tab</kbd>.
</details>

| a | b |
|---|---|
| 1 | `:::` |

```
let's dive in {role}`x` [^1] <b> \newcommand $$
```
"""

QUESTION = """\

**{}.** What is
the sum?

<details><summary>Four</summary>

Yesterday it was, but no.
</details>
<details><summary>Three</summary>

Yes: 1 + 2.

Which is 3.
</details>
<details><summary>Two</summary>

No.
</details>
"""


def first_questions(count: int) -> str:
    return "## Check yourself\n" + "".join(QUESTION.format(n + 1) for n in range(count)).rstrip()


def notebook() -> nbformat.NotebookNode:
    """A notebook that keeps all rules, and comes near to breaking some."""
    cells = [
        new_markdown_cell(address.with_title_links("# Title\n\nA promise.", SITE, NAME), id="title"),
        new_code_cell(
            address.first_cell(SITE, keras=False),
            id="setup",
            metadata={"cellView": "form", "tags": ["hide-input"]},
        ),
        new_markdown_cell(PROSE.strip(), id="prose"),
        new_code_cell("x = np.ones(3)  # see (1.1)\n%timeit x\nassert x.sum() == 3", id="code"),
        new_code_cell("fig, ax = plt.subplots()\nax.plot(x)", id="picture", metadata=FIGURE),
        new_markdown_cell(first_questions(4), id="questions"),
        new_markdown_cell(
            address.with_colab_line("## On\n\n[Overview](index.md) · [Next →](02_next.ipynb)", SITE, NAME),
            id="last",
        ),
    ]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernelspec, "language_info": {"name": "python"}})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course with one good notebook."""
    (tmp_path / "pyproject.toml").write_text(
        f'[project]\nname = "x"\nversion = "{SITE.version}"\nurls.Repository = "{SITE.url}"\n'
    )
    (tmp_path / "references.bib").write_text(
        "@article{adam,\n  eprint = {1412.6980}\n}\n@article{mnist,\n  DOI = {10.1109/5.726791},\n}\n"
    )
    (tmp_path / "dlbook_utils").mkdir()
    (tmp_path / "dlbook_utils" / "plotting.py").write_text("def grid(x):\n    plt.subplots()\n")
    save(tmp_path, notebook())
    folder = tmp_path / "chapters" / "01_first"
    (folder / "index.md").write_text("# First\n")
    (folder / "02_next.ipynb").write_text("{}")  # linted only where a test asks for it
    return tmp_path


def save(root: Path, book: nbformat.NotebookNode, name: str = NAME) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, path)


def found(root: Path, name: str = NAME) -> list[tuple[int, int, str]]:
    """Cell, line and rule of each complaint about one notebook."""
    complaints = lint_notebooks.lint([root / name], root)
    assert all(complaint.path == name for complaint in complaints)
    return [(c.cell, c.line, c.rule) for c in complaints]


def test_a_good_notebook_passes(root):
    assert lint_notebooks.lint([root / NAME], root) == []


# --- Planted in Markdown: text, line, rule ---------------------------------------------------

IN_MARKDOWN = [
    ("Words.\n\n```{note}\nHello.\n```", 3, "myst"),
    ("Words.\n\n:::{note}\nHello.\n:::", 3, "myst"),
    ("Words in\n{ref}`chapter` of it.", 2, "myst"),
    ("(label)=\nWords.", 1, "myst"),
    ("Words.\n\n$$\nx\n$$ (label)", 3, "myst"),
    ("Words.\n\n\\begin{align}\nx\n\\end{align}", 3, "math"),
    ("Words.\n\n$$\n\\begin{align}\nx\n\\end{align}\n$$", 4, "math"),
    ("Words $\\newcommand{\\a}{b} \\a$.", 1, "math"),
    ("Words.\n\n$$\n\\def\\a{b}\n$$", 4, "math"),
    ("Words.\n\n$$\na\n=\nb\n$$", 5, "math"),
    ("Words:\n$$x$$ and more.", 2, "math"),
    ("<details>\n<summary>So</summary>\nMore.\n</details>", 2, "html"),
    ("<details>\n<summary>That $x > 0$</summary>\n\nMore.\n</details>", 2, "html"),
    ("Words\n<b>bold</b> there.", 2, "html"),
    ("Words.\n\n<div>\nMore.\n</div>", 3, "html"),
    ("Words.\n\n<!-- a secret -->", 3, "html"),
    ("Words\nand [^1].\n\n[^1]: More words.", 2, "footnote"),
    ("Words.\n\n> Note: more\n> words.", 3, "admonition"),
    ("Words.\n\n> **Note** without a period.", 3, "admonition"),
    ("Words.\n\n# A second title", 3, "headings"),
    ("Words.\n\n#### Too deep", 3, "headings"),
    ("Words\n===", 1, "headings"),
    ("Words\n![a](a.png).", 2, "image"),
    ("Words\n![a](https://example.org/a.png).", 2, "image"),
    ("Words\n[there](03_missing.ipynb).", 2, "link"),
    ("Words\n[there](http://example.org).", 2, "link"),
    ("Words\n[there](#words).", 2, "link"),
    ("Words\n[there](index.md#words).", 2, "link"),
    ("Words\n[there](https://arxiv.org/pdf/1706.03762).", 2, "bibliography"),
    ("Words\n[there](https://doi.org/10.1038/Nature14539).", 2, "bibliography"),
    ("Words $x$ and\nLet’s\ndive in!", 2, "red-pencil"),
    ("Words\nare Simply so.", 2, "red-pencil"),
    ("In this notebook, we will learn.", 1, "red-pencil"),
    ("Words \U0001f600.", 1, "red-pencil"),
    ("Words.\n\n$$\nx \\tag{1.1}\n$$", 4, "equation-tag"),
    ("Words.\n\n$$\nx \\tag{2.7}\n$$", 4, "equation-tag"),
    ("Words.\n\n$$\nx \\tag{star}\n$$", 4, "equation-tag"),
    ("Words $x$ and `y`\nby (1.9).", 2, "equation-reference"),
    (f"Words\nof a {MISSPELT} kind.", 2, "spelling"),
]


@pytest.mark.parametrize(("text", "line", "rule"), IN_MARKDOWN)
def test_markdown(root, text, line, rule):
    book = notebook()
    book.cells.insert(MARKDOWN + 1, new_markdown_cell(text, id="planted"))
    save(root, book)
    complaints = found(root)
    assert (MARKDOWN + 2, line, rule) in complaints
    # Nothing but the rule itself; a number that is given twice is reported at both places.
    assert {other for *_, other in complaints} == {rule}


IN_CODE = [
    ("a = 1\nb = !ls", 2, "magic-assignment"),
    ("a = %timeit -o 1", 1, "magic-assignment"),
    ("a = 1\nraise ValueError", 2, "top-level-raise"),
    ("if x.any():\n    raise ValueError", 2, "top-level-raise"),
    ("a = 1\nb = '" + "b" * 90 + "'", 2, "line-length"),
    ("a = 1\nb = (", 2, "syntax"),
    ("a = 1\nb = 2  # by (1.9)", 2, "equation-reference"),
    (f"a = 1\nb = 2  # {MISSPELT}", 2, "spelling"),
    ("a = 1\nplt.plot(x)", 2, "figure"),
    ("a = 1\nplotting.grid(x)", 2, "figure"),
    ("def draw():\n    return plt.subplots()\n\n\ndraw()", 5, "figure"),
]


@pytest.mark.parametrize(("source", "line", "rule"), IN_CODE)
def test_code(root, source, line, rule):
    book = notebook()
    book.cells.insert(CODE + 1, new_code_cell(source, id="planted"))
    save(root, book)
    complaints = found(root)
    assert (CODE + 2, line, rule) in complaints
    assert {other for *_, other in complaints} == {rule}


def change(place: int, **fields) -> Callable:
    def edit(book):
        for name, value in fields.items():
            book.cells[place][name] = value

    return edit


def replace(place: int, old: str, new: str) -> Callable:
    def edit(book):
        assert old in book.cells[place].source
        book.cells[place].source = book.cells[place].source.replace(old, new, 1)

    return edit


def settings(**fields) -> Callable:
    return lambda book: book.metadata.update(fields)


def picture(caption: str = "A line.", alt: str = FIGURE["mystnb"]["image"]["alt"]) -> Callable:
    return change(PICTURE, metadata={"mystnb": {"figure": {"caption": caption}, "image": {"alt": alt}}})


def with_output(output, tags=()) -> Callable:
    return change(CODE, outputs=[output], metadata={"tags": list(tags)})


def second_picture(book):
    book.cells.insert(LAST, new_code_cell("plt.imshow(x)", id="again", metadata=FIGURE))


def option(words: str, feedback: str) -> str:
    return f"<details><summary>{words}</summary>\n\n{feedback}\n</details>\n"


def renamed(folder: str) -> str:
    return f"chapters/{folder}/01_good.ipynb"


COMPARED = ("nbval-check-output", "keep_output")
STREAM = new_output("stream", text="3\n")
PNG = new_output("display_data", data={"image/png": "aaaa", "text/plain": "<Figure>"})
LONG = "The caption of this figure, which is much longer than forty characters."

ELSEWHERE = [
    ("unknown notebook key", settings(widgets={}), (0, 0, "metadata")),
    ("no kernelspec", settings(kernelspec={"name": "python3", "display_name": "x"}), (0, 0, "metadata")),
    ("Python's version", settings(language_info={"name": "python", "version": "3"}), (0, 0, "metadata")),
    ("unknown cell key", change(CODE, metadata={"collapsed": True}), (CODE + 1, 1, "metadata")),
    ("output", with_output(STREAM), (CODE + 1, 1, "stored-output")),
    ("output, one tag", with_output(STREAM, COMPARED[:1]), (CODE + 1, 1, "stored-output")),
    ("picture kept", with_output(PNG, COMPARED), (CODE + 1, 1, "stored-output")),
    ("nothing kept", change(CODE, metadata={"tags": list(COMPARED)}), (CODE + 1, 1, "stored-output")),
    ("execution count", change(CODE, execution_count=3), (CODE + 1, 1, "stored-output")),
    ("budget too large", settings(dlbook={"budget_seconds": 241, "budget_reason": "x"}), (0, 0, "budget")),
    ("budget, no reason", settings(dlbook={"budget_seconds": 46}), (0, 0, "budget")),
    ("budget, no number", settings(dlbook={"budget_seconds": "46"}), (0, 0, "budget")),
    ("setup edited", replace(1, "default_rng(0)", "default_rng(1)"), (2, 21, "setup-cell")),
    ("setup of another release", replace(1, "0.1.0", "0.1.1"), (2, 8, "setup-cell")),
    ("setup not hidden", change(1, metadata={"tags": []}), (2, 1, "setup-cell")),
    ("Keras not seeded", replace(CODE, "x = ", "import keras\nx = "), (2, 19, "setup-cell")),
    ("TensorFlow not seeded", replace(CODE, "x = ", "from tensorflow import a\nx = "), (2, 19, "setup-cell")),
    ("no title", replace(0, "# Title", "Title"), (1, 1, "opening")),
    ("no links", replace(0, "Download", "Get"), (1, 3, "opening")),
    ("code first", lambda book: book.cells.insert(0, book.cells.pop(1)), (1, 1, "opening")),
    ("no relative link", change(LAST, source="## On\n\nThe end."), (LAST + 1, 3, "navigation")),
    ("no Colab link", replace(LAST, "In Colab", "There"), (LAST + 1, 5, "navigation")),
    ("other Colab link", replace(LAST, "01_first/02_n", "01_first/03_n"), (LAST + 1, 3, "navigation")),
    ("attachment", change(MARKDOWN, attachments={"a": {"text/plain": "a"}}), (MARKDOWN + 1, 1, "image")),
    ("no assertion", replace(CODE, "assert x.sum() == 3", "x"), (0, 0, "assertion")),
    ("trivial assertion", replace(CODE, "x.sum() == 3", "True"), (0, 0, "assertion")),
    ("trivial call", replace(CODE, "assert x.sum() == 3", "np.testing.assert_equal(1, 1)"),
     (0, 0, "assertion")),
    ("no caption", picture(caption=" "), (PICTURE + 1, 1, "figure")),
    ("short alt", picture(alt="A line."), (PICTURE + 1, 1, "figure")),
    ("alt is caption", picture(LONG, LONG), (PICTURE + 1, 1, "figure")),
    ("no questions", replace(ASKED, "## Check", "## Do check"), (0, 0, "questions")),
    ("heading spelt otherwise", replace(ASKED, "Check yourself", "Check Yourself"), (0, 0, "questions")),
    ("asked twice", replace(LAST, "## On", "## Check yourself\n\n## On"), (0, 0, "questions")),
    ("three questions", change(ASKED, source=first_questions(3)), (ASKED + 1, 1, "questions")),
    ("seven questions", change(ASKED, source=first_questions(7)), (ASKED + 1, 1, "questions")),
    ("wrong number", replace(ASKED, "**2.**", "**3.**"), (ASKED + 1, 21, "questions")),
    ("no blank line", replace(ASKED, "</details>\n\n**2.**", "</details>\n**2.**"),
     (ASKED + 1, 20, "questions")),
    ("no words", replace(ASKED, "**1.** What is", "**1.**"), (ASKED + 1, 3, "questions")),
    ("two options", replace(ASKED, option("Two", "No."), ""), (ASKED + 1, 3, "questions")),
    ("option without words", replace(ASKED, "Four", ""), (ASKED + 1, 6, "questions")),
    ("no feedback", replace(ASKED, "Yesterday it was, but no.", ""), (ASKED + 1, 6, "questions")),
    ("none right", replace(ASKED, "Yes:", "Right:"), (ASKED + 1, 3, "questions")),
    ("two right", replace(ASKED, "\nNo.", "\nYes, too."), (ASKED + 1, 3, "questions")),
    ("option before a question", replace(ASKED, "yourself\n", "yourself\n\n" + option("One", "No.")),
     (ASKED + 1, 3, "questions")),
    ("option on two lines", replace(ASKED, "<details><summary>Two", "<details>\n<summary>Two"),
     (ASKED + 1, 16, "questions")),
    ("option never closed", replace(ASKED, "3.\n</details>", "3.\n"), (ASKED + 1, 10, "questions")),
    ("last option never closed", change(ASKED, source=first_questions(4).removesuffix("</details>")),
     (ASKED + 1, 70, "questions")),
    ("TeX in an option", replace(ASKED, "Three", "$3$"), (ASKED + 1, 10, "html")),
    ("no blank line in an option", replace(ASKED, "</summary>\n\nYes:", "</summary>\nYes:"),
     (ASKED + 1, 10, "html")),
    ("two figures", replace(PICTURE, "ax.plot(x)", "plt.figure()"), (PICTURE + 1, 2, "figure")),
    ("figures in a loop", replace(PICTURE, "ax.plot(x)", "for i in x:\n    plt.figure()"),
     (PICTURE + 1, 3, "figure")),
    ("caption and name repeated", second_picture, (LAST + 1, 1, "figure")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "expected"), [row[1:] for row in ELSEWHERE], ids=[row[0] for row in ELSEWHERE]
)
def test_planted(root, edit, expected):
    book = notebook()
    edit(book)
    save(root, book)
    complaints = found(root)
    assert expected in complaints
    others = {rule for *_, rule in complaints} - {expected[2]}
    # A notebook without title, or with its last line gone, breaks two rules at once.
    assert others <= {"headings"} if expected[2] == "opening" else not others


def raw(edit: Callable) -> Callable:
    def apply(text: str) -> str:
        data = json.loads(text)
        edit(data)
        return json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n"

    return apply


BROKEN = [
    ("no JSON", lambda text: text[:-5], "nbformat"),
    ("old format", raw(lambda data: data.update(nbformat_minor=4)), "nbformat"),
    ("no id", raw(lambda data: data["cells"][1].pop("id")), "nbformat"),
    ("repeated id", raw(lambda data: data["cells"][1].update(id="title")), "nbformat"),
    ("invalid cell", raw(lambda data: data["cells"][0].update(cell_type="poem")), "nbformat"),
    ("other indentation", lambda text: json.dumps(json.loads(text), indent=2, sort_keys=True), "layout"),
]


@pytest.mark.parametrize(("edit", "rule"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_broken_files(root, edit, rule):
    path = root / NAME
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert found(root) == [(0, 0, rule)]


def test_keras_must_not_be_seeded_without_need(root):
    book = notebook()
    book.cells[1].source = address.first_cell(SITE, keras=True)
    save(root, book)
    assert [rule for *_, rule in found(root)] == ["setup-cell"]
    book.cells[CODE].source += "\nkeras.utils.set_random_seed(1)"
    save(root, book)
    assert found(root) == []


def test_what_is_allowed(root):
    book = notebook()
    book.metadata["dlbook"] = {"budget_seconds": 240, "budget_reason": "trains five networks"}
    book.cells[CODE].update(outputs=[STREAM], metadata={"tags": list(COMPARED)})
    helper = "def f():\n    raise ValueError\n\n\nfor a in x:\n    plt.close()"
    book.cells.insert(LAST, new_code_cell(f"%%time\n!ls\n%matplotlib inline\n{helper}", id="magics"))
    save(root, book)
    assert found(root) == []


def test_chapter_four_may_take_longer(root):
    book = notebook()
    book.metadata["dlbook"] = {"budget_seconds": 500, "budget_reason": "convolutions"}
    for folder, expected in (("03_c", True), ("04_c", False)):
        save(root, book, renamed(folder))
        assert ("budget" in {rule for *_, rule in found(root, renamed(folder))}) == expected


def test_equations_are_numbered_once_in_a_chapter_and_known_in_the_book(root):
    other = "chapters/01_first/02_next.ipynb"
    book = notebook()
    save(root, book, other)
    assert (MARKDOWN + 1, 9, "equation-tag") in found(root)
    book.cells[MARKDOWN].source = PROSE.replace("{1.1}", "{1.2}").strip()
    save(root, book, other)
    assert found(root) == []
    assert "equation-reference" not in {rule for *_, rule in found(root, other)}


def test_exercises_repeat_the_equations_of_their_solutions_and_need_no_assertion_and_no_questions(root):
    (root / NAME).unlink()
    book = notebook()
    book.cells[CODE].source = "x = np.ones(3)"
    del book.cells[ASKED]
    for name in ("exercises", "solutions"):
        path = f"chapters/01_first/{name}.ipynb"
        save(root, book, path)
        assert {rule for *_, rule in found(root, path)} == {"opening"}  # links to the other file


def test_every_rule_is_planted_somewhere():
    planted = {row[-1] for row in IN_MARKDOWN + IN_CODE} | {row[-1][-1] for row in ELSEWHERE}
    planted |= {row[-1] for row in BROKEN}
    assert planted == {*lint_notebooks.RULES, "spelling", "nbformat"}


def test_command_prints_a_line_for_each_complaint(root, capsys, monkeypatch):
    monkeypatch.setattr(lint_notebooks, "ROOT", root)
    assert lint_notebooks.main([str(root / NAME)]) == 0
    book = notebook()
    book.cells[MARKDOWN].source += "\n\nIt is crucial."
    save(root, book)
    assert lint_notebooks.main([str(root / NAME)]) == 1
    out = capsys.readouterr().out
    line = book.cells[MARKDOWN].source.count("\n") + 1
    assert out == f'{NAME}: cell {MARKDOWN + 1}, line {line}: strike "crucial" (red-pencil)\n'


# --- The repository itself ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def complaints() -> dict[str, list[str]]:
    """All complaints about the course, by notebook."""
    by_notebook: dict[str, list[str]] = {}
    for complaint in lint_notebooks.lint():
        by_notebook.setdefault(complaint.path, []).append(str(complaint))
    return by_notebook


def test_there_are_notebooks():
    assert all_notebooks(), "there is no notebook in chapters/"


@pytest.mark.parametrize(
    "name", [path.relative_to(lint_notebooks.ROOT).as_posix() for path in all_notebooks()]
)
def test_notebook_is_clean(name, complaints):
    assert re.match(r"chapters/\d\d_\w+/\w+\.ipynb$", name)
    assert not complaints.get(name), "\n".join(complaints[name])
