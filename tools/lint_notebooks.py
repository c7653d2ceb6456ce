"""Hold the notebooks to the book's rules: what renders alike in HTML, JupyterLab and Colab, and more.

    python tools/lint_notebooks.py [NOTEBOOK or FOLDER …]

Without arguments it reads all of ``chapters/``. Each complaint is one line,

    chapters/01_forward_propagation/01_neurons_and_layers.ipynb: cell 7, line 3: message (rule)

with cells counted from 1, and makes the exit code 1. A rule is a function that takes a notebook and
yields (cell, line, message); a complaint about the notebook as a whole has cell 0. The table ``RULES``
at the end names them all; only ``spelling`` reads many notebooks at a time, and stands after it.

Two conventions that a writer has to know:

- "(2.3)" in Markdown or in a comment of the code refers to the equation with ``\\tag{2.3}``. A plain
  number in parentheses that looks like one (its integer part is a chapter, with one or two decimals)
  goes into a formula, ($2.3$), or out of the parentheses.
- A blockquote is an admonition: its first line opens with a bold word and a period, ``> **Note.** …``.
"""

import argparse
import ast
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import address, cells

ROOT = Path(__file__).resolve().parent.parent
CODE_WIDTH = 88
BUDGET, LONGEST_BUDGET, LONGEST_BUDGET_CHAPTER_4 = 45, 240, 500
SHORTEST_ALT = 40
EXERCISES = ("exercises.ipynb", "solutions.ipynb")  # all others are explanatory

Finding = tuple[int, int, str]  # cell, line, message


class Complaint(NamedTuple):
    path: str
    cell: int  # from 1; 0 for the notebook as a whole
    line: int
    message: str
    rule: str

    def __str__(self) -> str:
        place = f"cell {self.cell}, line {self.line}: " if self.cell else ""
        return f"{self.path}: {place}{self.message} ({self.rule})"


@dataclass
class Course:
    """What a notebook has to agree with: the address, the other notebooks' equations, the bibliography."""

    root: Path
    site: address.Site
    tags: dict[str, list[tuple[str, int, int]]] = field(default_factory=dict)  # number: path, cell, line
    sources: set[str] = field(default_factory=set)
    figure_functions: set[str] = field(default_factory=set)


@dataclass
class Notebook:
    path: str  # from the repository's root, with slashes
    text: str
    node: NotebookNode
    course: Course

    def cells(self, kind: str) -> Iterator[tuple[int, NotebookNode]]:
        """Number and cell of each code or Markdown cell."""
        return ((n, cell) for n, cell in enumerate(self.node.cells, start=1) if cell.cell_type == kind)

    def markdown(self) -> list[tuple[int, str]]:
        return [(number, cell.source) for number, cell in self.cells("markdown")]

    def code(self) -> list[tuple[int, str]]:
        return [(number, cell.source) for number, cell in self.cells("code")]

    def trees(self) -> Iterator[tuple[int, ast.Module]]:
        """Syntax tree of each code cell that is Python; the rule ``syntax`` reports the others."""
        for number, source in self.code():
            try:
                yield number, cells.parsed(source)
            except SyntaxError:
                continue

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def chapter(self) -> int | None:
        """The number in the name of the chapter's folder."""
        match = re.match(r"chapters/(\d+)_", self.path)
        return int(match[1]) if match else None


def search(pattern: str, text: str, flags: int = 0) -> Iterator[tuple[int, re.Match]]:
    """Line and match of every occurrence."""
    for match in re.finditer(pattern, text, flags | re.MULTILINE):
        yield text.count("\n", 0, match.start()) + 1, match


# --- The file -------------------------------------------------------------------------------------


def valid_format(text: str) -> Iterator[str]:
    """What keeps a file from being a notebook of format 4.5; the other rules need one."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        yield f"not JSON: {error}"
        return
    if not isinstance(raw, dict) or (raw.get("nbformat"), raw.get("nbformat_minor")) != (4, 5):
        yield "not in notebook format 4.5"
        return
    ids = [cell.get("id") for cell in raw.get("cells", [])]
    if None in ids:
        yield f"cell {ids.index(None) + 1} has no id"
    for repeated, count in Counter(filter(None, ids)).items():
        if count > 1:
            yield f"{count} cells have the id {repeated}"
    if len(set(ids)) == len(ids) and None not in ids:
        try:
            nbformat.validate(raw)
        except nbformat.ValidationError as error:
            yield f"not a valid notebook: {str(error).splitlines()[0]}"


def saved_as_jupyter_does(book: Notebook) -> Iterator[Finding]:
    """One way to lay out the file, so that a diff shows what was changed and nothing else."""
    if book.text != nbformat.writes(book.node).rstrip("\n") + "\n":
        yield 0, 0, "not laid out as Jupyter saves it; python tools/address.py does it"


NOTEBOOK_KEYS = {"kernelspec", "language_info", "dlbook"}
CELL_KEYS = {"tags", "cellView", "mystnb", "dlbook", "nbgrader"}
KERNELSPECS = [
    {"name": "python3", "display_name": "Python 3"},
    {"name": "python3", "display_name": "Python 3", "language": "python"},
]


def metadata(book: Notebook) -> Iterator[Finding]:
    found = book.node.metadata
    if found.get("kernelspec") not in KERNELSPECS:
        yield 0, 0, 'kernelspec must be {"name": "python3", "display_name": "Python 3"}'
    if found.get("language_info", {"name": "python"}) != {"name": "python"}:
        yield 0, 0, 'language_info may hold {"name": "python"} and nothing else'
    for key in sorted(found.keys() - NOTEBOOK_KEYS):
        yield 0, 0, f"metadata has the unknown key {key}"
    for number, cell in enumerate(book.node.cells, start=1):
        for key in sorted(cell.metadata.keys() - CELL_KEYS):
            yield number, 1, f"cell metadata has the unknown key {key}"


def stored_output(book: Notebook) -> Iterator[Finding]:
    """None, but text that nbval compares; nbstripout would drop it without the tag keep_output."""
    for number, cell in book.cells("code"):
        tags = set(cell.metadata.get("tags", [])) & {"nbval-check-output", "keep_output"}
        if cell.execution_count is not None:
            yield number, 1, "execution_count is stored"
        if len(tags) == 1:
            yield number, 1, "the tags nbval-check-output and keep_output go together"
        if cell.outputs and not tags:
            yield number, 1, "an output is stored without the tags nbval-check-output and keep_output"
        elif tags and not cell.outputs:
            yield number, 1, "tagged for comparison, but no output is stored to compare with"
        for output in cell.outputs if tags else []:
            text = output.output_type == "stream" or set(output.get("data", ["?"])) == {"text/plain"}
            if not text:
                yield number, 1, f"a stored output must be text only, this is {output.output_type}"


def budget(book: Notebook) -> Iterator[Finding]:
    settings = book.node.metadata.get("dlbook", {})
    seconds = settings.get("budget_seconds", BUDGET)
    limit = LONGEST_BUDGET_CHAPTER_4 if book.chapter == 4 else LONGEST_BUDGET
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
        yield 0, 0, f"budget_seconds must be a number of seconds, not {seconds!r}"
    elif seconds > limit:
        yield 0, 0, f"budget_seconds is {seconds}, more than {limit}"
    elif seconds > BUDGET and not settings.get("budget_reason"):
        yield 0, 0, f"budget_seconds above {BUDGET} needs a budget_reason beside it"


# --- The cells that every notebook has ------------------------------------------------------------


def setup_cell(book: Notebook) -> Iterator[Finding]:
    """The first code cell is the common one, which tools/address.py writes."""
    code = list(book.cells("code"))
    if not code:
        yield 0, 0, "there is no code cell"
        return
    number, cell = code[0]
    keras = cells.uses_keras([source for _, source in book.code()])
    wanted = address.first_cell(book.course.site, keras).split("\n")
    found = cell.source.split("\n")
    if found != wanted:
        pairs = enumerate(zip(found, wanted, strict=False), start=1)
        line = next((i for i, (one, other) in pairs if one != other), min(len(found), len(wanted)))
        which = "that uses Keras" if keras else "without Keras"
        yield number, line, f"not the first cell of a notebook {which}; python tools/address.py writes it"
    if cell.metadata.get("cellView") != "form" or "hide-input" not in cell.metadata.get("tags", []):
        yield number, 1, 'the first code cell needs the metadata "cellView": "form" and the tag hide-input'


def opening(book: Notebook) -> Iterator[Finding]:
    """The first cell holds the title and under it the links to Colab and to the file."""
    if not book.node.cells or book.node.cells[0].cell_type != "markdown":
        yield 1, 1, "the first cell must be Markdown, with the title"
        return
    source = book.node.cells[0].source
    if not re.match(r"# \S", source):
        yield 1, 1, "the first cell must open with the title, `# …`"
    elif source != address.with_title_links(source, book.course.site, book.path):
        yield 1, 3, "the links to Colab and to the file are not right; python tools/address.py writes them"


def navigation(book: Notebook) -> Iterator[Finding]:
    """The last Markdown cell leads on, by relative links and, for Colab, by absolute ones."""
    if not book.markdown():
        return
    number, source = book.markdown()[-1]
    line = address.navigation(source)
    place = source[: source.rfind(line)].count("\n") + 1
    if not any("://" not in href for _, _, href in cells.links(line)):
        yield number, place, "the last line must hold relative links to what comes before or next"
    elif source != address.with_colab_line(source, book.course.site, book.path):
        yield number, place, "the links for Colab below it are not right; python tools/address.py writes them"


# --- Markdown that renders alike everywhere -------------------------------------------------------


def myst(book: Notebook) -> Iterator[Finding]:
    """MyST's own syntax is raw text anywhere but in the HTML book."""
    for number, source in book.markdown():
        for token in cells.tokens(source):
            if token.type == "fence" and token.info.startswith("{"):
                yield number, token.map[0] + 1, f"MyST directive ```{token.info}"
            if token.type == "math_block_label":
                yield number, token.map[0] + 1, "MyST label after a formula; write \\tag{…}"
        for line, match in search(r"^[ \t]*(:::+ *\{?[\w-]*\}?|\([\w-]+\)=[ \t]*$)", cells.prose(source)):
            yield number, line, f"MyST syntax {match[0].strip()}"
        before = ""
        for line, token in cells.inlines(source):
            role = re.search(r"\{[\w:.+-]+\}$", before)
            if token.type == "code_inline" and role:
                yield number, line, f"MyST role {role[0]}`{token.content}`"
            before = token.content if token.type == "text" else ""


def math(book: Notebook) -> Iterator[Finding]:
    """Formulas that MathJax, Colab's renderer and GitHub's all understand."""
    for number, source in book.markdown():
        for line, _ in search(r"\$\$", cells.without_code(source, math_blocks=True)):
            yield number, line, "$$ needs a line of its own, with a blank line before the formula"
        for line, match in search(r"\\begin\{[^}]*\}", cells.without_code(source, math=True)):
            yield number, line, f"{match[0]} outside $$ … $$"
        bare = r"\\begin\{(align|alignat|equation|gather|multi?line|flalign|eqnarray)\*?\}"
        for line, match in search(bare, cells.without_code(source)):
            yield number, line, f"{match[0]}: inside $$ … $$ write \\begin{{aligned}} or \\begin{{gathered}}"
        macros = r"\\(newcommand|renewcommand|providecommand|def|let|DeclareMathOperator|require)\b"
        for line, match in search(macros, cells.without_code(source)):
            yield number, line, f"{match[0]}: no TeX macro is defined in the book"
        for token in cells.tokens(source):
            if token.type in cells.MATH_BLOCKS:
                for offset, text in enumerate(source.split("\n")[token.map[0] : token.map[1]], start=1):
                    if re.fullmatch(r"[\s>]*(=+|-+)\s*", text):
                        yield number, token.map[0] + offset, "on Colab a line of only = or - makes a heading"


ALLOWED_HTML = {"details", "summary", "br", "kbd", "sub", "sup"}


def html(book: Notebook) -> Iterator[Finding]:
    for number, source in book.markdown():
        blocks = [(t.map[0] + 1, t.content) for t in cells.tokens(source) if t.type == "html_block"]
        inline = [(line, t.content) for line, t in cells.inlines(source) if t.type == "html_inline"]
        for start, content in blocks + inline:
            for line, match in search(r"</?([A-Za-z][\w-]*)|<!--|<\?|<!\w", content):
                if (match[1] or "").lower() not in ALLOWED_HTML:
                    yield number, start + line - 1, f"HTML {match[0]} is not among those that work everywhere"
        for start, content in blocks:
            for line, match in search(r"</summary>(\s*\S)", content):
                if match[1].strip():
                    yield number, start + line - 1, "<details> needs a blank line after </summary>"
        for start, content in inline:
            if content.lower() == "</details>":
                yield number, start, "</details> needs a line of its own"
        text = cells.without_code(source)
        for start, match in search(r"<summary>(.*?)</summary>", text, re.DOTALL):
            for line, tex in search(r"\$[^$]+\$|\\\(|\\\[", match[1]):
                yield number, start + line - 1, f"no TeX in <summary>, it stays raw: {tex[0]}"


def footnote(book: Notebook) -> Iterator[Finding]:
    for number, source in book.markdown():
        for line, match in search(r"\[\^[^\]\s]+\]", cells.without_code(source, math=True)):
            yield number, line, f"footnote {match[0]} stays raw on Colab"


def admonition(book: Notebook) -> Iterator[Finding]:
    for number, source in book.markdown():
        lines = source.split("\n")
        for token in cells.tokens(source):
            if token.type == "blockquote_open":
                line = token.map[0]
                if not re.match(r"[\s>*\d.-]*> ?\*\*[^*\n]+\.\*\*(\s|$)", lines[line]):
                    yield number, line + 1, "a blockquote opens with a bold word and period: > **Note.** …"


def headings(book: Notebook) -> Iterator[Finding]:
    titles, before = 0, 0
    for number, source in book.markdown():
        for token in cells.tokens(source):
            if token.type != "heading_open":
                continue
            level, line = int(token.tag[1]), token.map[0] + 1
            if token.markup in ("=", "-"):
                yield number, line, f"a line of {token.markup} makes this a heading; headings open with #"
            titles += level == 1
            if level == 1 and titles > 1:
                yield number, line, "a second heading of level 1"
            if level > before + 1:
                yield number, line, f"heading of level {level} under one of level {before}"
            before = level
    if not titles:
        yield 0, 0, "there is no heading of level 1"


def image(book: Notebook) -> Iterator[Finding]:
    """Colab has no files beside the notebook, and a reader may have no network: figures come from code."""
    for number, cell in book.cells("markdown"):
        if cell.get("attachments"):
            yield number, 1, "attachments are not kept by every program"
        for line, token in cells.inlines(cell.source):
            if token.type == "image":
                yield number, line, f"image {token.attrGet('src')}: pictures are drawn by code cells"


def link(book: Notebook) -> Iterator[Finding]:
    folder = (book.course.root / book.path).parent
    for number, source in book.markdown():
        for line, _, href in cells.links(source):
            if re.match(r"[a-z][a-z0-9+.-]*:", href):
                if not href.startswith("https://"):
                    yield number, line, f"link {href} must begin with https://"
            elif "#" in href:
                yield number, line, f"link {href} to a place in a page; link to the file"
            elif not (folder / unquote(href)).is_file():
                yield number, line, f"link {href} leads to no file"


def source_key(link: str) -> str | None:
    """``arxiv:1412.6980`` or ``doi:10.…`` for a link to, or the name of, a paper; else None."""
    link = link.lower()
    arxiv = r"(?:arxiv\.org/(?:abs|pdf|html)/|10\.48550/arxiv\.|^arxiv:|^)(\d{4}\.\d{4,5}|[a-z.-]+/\d{7})"
    if match := re.search(arxiv, link):
        return f"arxiv:{match[1]}"
    match = re.search(r"(?:^|doi\.org/|^doi:)(10\.\d{4,}/\S+)", link)
    return f"doi:{unquote(match[1])}" if match else None


def bibliography(book: Notebook) -> Iterator[Finding]:
    for number, source in book.markdown():
        for line, _, href in cells.links(source):
            key = source_key(href) if href.startswith("https://") else None
            if key and key not in book.course.sources:
                yield number, line, f"{key} is not in references.bib"


# --- Prose ----------------------------------------------------------------------------------------

RED_PENCIL = (
    r"let['’]s dive in(to)?|in this notebook,? we will|it is important to note|as we can see"
    r"|simply|powerful|crucial(ly)?|delv(e|es|ed|ing)"
)
EMOJI = "[\U0001f000-\U0001faff\u2705\u2728\u274c\u26a0\u2b50\ufe0f]"


def red_pencil(book: Notebook) -> Iterator[Finding]:
    for number, source in book.markdown():
        pattern = rf"\b({RED_PENCIL})\b".replace(" ", r"\s+")
        for line, match in search(pattern, cells.prose(source), re.IGNORECASE):
            yield number, line, f'strike "{" ".join(match[0].split())}"'
        for line, match in search(EMOJI, cells.prose(source)):
            yield number, line, f"no emoji: {match[0]}"


# --- Questions ------------------------------------------------------------------------------------

QUESTIONS = "Check yourself"
FEWEST_QUESTIONS, MOST_QUESTIONS, FEWEST_OPTIONS = 4, 6, 3


@dataclass
class Question:
    cell: int
    line: int
    feedback: list[str] = field(default_factory=list)  # of each option


def section(book: Notebook, title: str) -> tuple[list[tuple[int, int]], list[tuple[int, int, str]]]:
    """Places of the headings with a title; cell, line and text of each line under them."""
    places, lines, inside = [], [], False
    for number, source in book.markdown():
        parsed = cells.tokens(source)
        headings = {
            opened.map[0]: text.content for opened, text in pairwise(parsed) if opened.type == "heading_open"
        }
        for i, text in enumerate(source.split("\n")):
            if i in headings:
                inside = headings[i] == title
                places += [(number, i + 1)] if inside else []
            elif inside:
                lines.append((number, i + 1, text))
        if inside:
            lines.append((number, source.count("\n") + 1, ""))  # cells are apart
    return places, lines


def questions(book: Notebook) -> Iterator[Finding]:
    """4 to 6 questions, each with three options or more, one of them right, and feedback to all.

    The blank line after ``</summary>``, and no TeX in it, are matters of the rule ``html``, here as
    everywhere.
    """
    if book.name in EXERCISES:
        return
    places, lines = section(book, QUESTIONS)
    if len(places) != 1:
        yield 0, 0, f"a notebook has one heading {QUESTIONS}, this one has {len(places)}"
    asked: list[Question] = []
    option: list[str] | None = None  # lines of the feedback that is being read
    at, before = (0, 0), ""
    for number, line, text in lines:
        opens = re.fullmatch(r"<details><summary>(.*)</summary>\s*", text)
        if option is not None and (opens or re.match(r"\*\*\d+\.\*\*", text)):
            yield *at, "this option is not closed by a line </details>"
            option = None
        if option is not None and text.strip() == "</details>":
            feedback = " ".join(option).strip()
            if not feedback:
                yield *at, "an option without feedback"
            if asked:
                asked[-1].feedback.append(feedback)
            option = None
        elif option is not None:
            option.append(text)
        elif opens:
            at, option = (number, line), []
            if not opens[1].strip():
                yield *at, "an option without words"
            if not asked:
                yield *at, "an option before the first question, **1.**"
        elif "<details" in text or "</details>" in text:
            yield number, line, "an option opens with <details><summary>…</summary> on one line"
        elif match := re.match(r"\*\*(\d+)\.\*\*", text):
            asked.append(Question(number, line))
            if int(match[1]) != len(asked):
                yield number, line, f"question {len(asked)} has the number {match[1]}"
            if before.strip():
                yield number, line, "a question begins a paragraph: leave a blank line before it"
            if not text[match.end() :].strip():
                yield number, line, "a question without words"
        before = text
    if option is not None:
        yield *at, "this option is not closed by a line </details>"
    for question in asked:
        right = sum(bool(re.match(r"Yes\b", text)) for text in question.feedback)
        if len(question.feedback) < FEWEST_OPTIONS:
            found = f"{len(question.feedback)} of the {FEWEST_OPTIONS} options or more"
            yield question.cell, question.line, f"this question has {found} that it needs"
        if right != 1:
            yield question.cell, question.line, f"feedback that begins with Yes: {right} times, not once"
    if len(places) == 1 and not FEWEST_QUESTIONS <= len(asked) <= MOST_QUESTIONS:
        wanted = f"{FEWEST_QUESTIONS} to {MOST_QUESTIONS} questions, **1.** and so on"
        yield *places[0], f"{wanted}; this notebook has {len(asked)}"


# --- Equations ------------------------------------------------------------------------------------


def find_tags(markdown: Iterable[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    for number, source in markdown:
        for line, match in search(r"\\tag\*?\{([^}]*)\}", cells.without_code(source)):
            yield number, line, match[1]


def equation_tag(book: Notebook) -> Iterator[Finding]:
    r"""``\tag{c.n}``: c is the chapter, and no number is given twice in it."""
    for number, line, tag in find_tags(book.markdown()):
        match = re.fullmatch(r"(\d+)\.\d+[a-z]?", tag)
        if not match or (book.chapter is not None and int(match[1]) != book.chapter):
            yield number, line, f"\\tag{{{tag}}} must be \\tag{{{book.chapter}.n}}"
        elsewhere = [place for place in book.course.tags[tag] if place != (book.path, number, line)]
        if book.name == "exercises.ipynb":  # made from solutions.ipynb, whose equations it repeats
            elsewhere = [place for place in elsewhere if place[0] == book.path]
        else:
            elsewhere = [place for place in elsewhere if not place[0].endswith("/exercises.ipynb")]
        if elsewhere:
            path, cell, at = elsewhere[0]
            yield number, line, f"equation {tag} stands also in {path}, cell {cell}, line {at}"


def equation_reference(book: Notebook) -> Iterator[Finding]:
    pieces = [(number, 1, cells.prose(source)) for number, source in book.markdown()]
    for number, source in book.code():
        pieces += [(number, line, text) for line, text in cells.comments(source)]
    for number, start, text in pieces:
        for line, match in search(r"(?<![\w\])])\(([1-8]\.\d{1,2}[a-z]?)\)", text):
            if match[1] not in book.course.tags:
                yield number, start + line - 1, f"there is no equation ({match[1]}) in the book"


# --- Code -----------------------------------------------------------------------------------------


def syntax(book: Notebook) -> Iterator[Finding]:
    for number, source in book.code():
        try:
            cells.parsed(source)
        except SyntaxError as error:
            yield number, error.lineno or 1, f"not Python: {error.msg}"


def magic_assignment(book: Notebook) -> Iterator[Finding]:
    for number, source in book.code():
        for line, match in search(cells.MAGIC_ASSIGNMENT.pattern, source):
            yield number, line, f"a syntax error on Colab: {match[0].strip()}"


def line_length(book: Notebook) -> Iterator[Finding]:
    """Longer lines scroll in the HTML book. The first cell is exempt: addresses cannot be broken."""
    for number, source in book.code()[1:]:
        for line, text in enumerate(source.split("\n"), start=1):
            if len(text) > CODE_WIDTH:
                yield number, line, f"{len(text)} characters, more than {CODE_WIDTH}"


DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def run_at_once(node: ast.AST, in_loop: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """The nodes that run with the cell, not inside a definition, and whether each stands in a loop."""
    repeated = {"body"} if isinstance(node, ast.For | ast.While) else set()
    repeated |= {"elt"} if isinstance(node, ast.ListComp) else set()
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, DEFINITIONS):
                yield child, in_loop or name in repeated
                yield from run_at_once(child, in_loop or name in repeated)


def top_level_raise(book: Notebook) -> Iterator[Finding]:
    for number, tree in book.trees():
        for node, _ in run_at_once(tree):
            if isinstance(node, ast.Raise):
                yield number, node.lineno, "raise outside a function stops the notebook; use assert"


def asserts_something(node: ast.AST) -> bool:
    """An assert, or a call of assert_allclose and the like, that is about something."""
    if isinstance(node, ast.Assert):
        subject = [node.test]
    elif isinstance(node, ast.Call) and cells.dotted(node.func).rpartition(".")[2].startswith("assert_"):
        subject = node.args
    else:
        return False
    return any(isinstance(part, ast.Name) for item in subject for part in ast.walk(item))


def assertion(book: Notebook) -> Iterator[Finding]:
    """A notebook that runs has not shown anything: it must assert what its prose says."""
    if book.name in EXERCISES:
        return
    if not any(asserts_something(node) for _, tree in book.trees() for node in ast.walk(tree)):
        yield 0, 0, "no cell asserts anything that could be false"


# --- Figures --------------------------------------------------------------------------------------

NEW_FIGURE = {"plt.figure", "plt.subplots", "plt.subplot_mosaic", "plt.matshow"}
DRAWING = re.compile(  # these open a figure where there is none
    r"plt\.(axes|barh?|boxplot|contourf?|errorbar|fill_between|hist|hist2d|imshow|loglog|pcolormesh|pie|plot"
    r"|quiver|scatter|semilog[xy]|stackplot|stairs|stem|step|subplot|violinplot)"
)


def figure_functions(tree: ast.AST, openers: set[str]) -> set[str]:
    """Names of the functions, defined in some code, that open a new figure."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            calls = {cells.dotted(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
            if calls & openers:
                found.add(node.name)
    return found


def count_figures(tree: ast.AST, openers: set[str]) -> tuple[int, int]:
    """How many figures a cell draws (2 for any number in a loop), and the line of the last one."""
    figures, line, implicit = 0, 0, 0
    for node, in_loop in run_at_once(tree):
        name = cells.dotted(node.func) if isinstance(node, ast.Call) else ""
        if name in openers:
            figures += 2 if in_loop else 1
            line = max(line, node.lineno)
        elif DRAWING.fullmatch(name):
            implicit = implicit or node.lineno
    return (figures, line) if figures or not implicit else (1, implicit)


def figure(book: Notebook) -> Iterator[Finding]:
    """One figure a cell, with a caption for the HTML and words for who cannot see it."""
    openers = NEW_FIGURE | book.course.figure_functions
    seen: dict[tuple[str, str], int] = {}
    trees = dict(book.trees())
    for number, cell in book.cells("code"):
        mystnb = cell.metadata.get("mystnb", {})
        caption = mystnb.get("figure", {}).get("caption", "").strip()
        alt = mystnb.get("image", {}).get("alt", "").strip()
        for what, value in (("caption", caption), ("name", mystnb.get("figure", {}).get("name", ""))):
            if value and (first := seen.setdefault((what, value), number)) != number:
                yield number, 1, f"cell {first} has the same {what}"
        if number not in trees:
            continue
        openers |= figure_functions(trees[number], openers)
        figures, line = count_figures(trees[number], openers)
        if figures > 1:
            yield number, line, "more than one figure in a cell"
        if figures and not caption:
            yield number, line, "a figure needs a caption in metadata.mystnb.figure.caption"
        if figures and (len(alt) < SHORTEST_ALT or alt == caption):
            wanted = f"{SHORTEST_ALT} characters or more, not the caption again"
            yield number, line, f"a figure needs words for it in metadata.mystnb.image.alt: {wanted}"


# --- All rules ------------------------------------------------------------------------------------

RULES: dict[str, Callable[[Notebook], Iterator[Finding]]] = {
    "layout": saved_as_jupyter_does,
    "metadata": metadata,
    "stored-output": stored_output,
    "budget": budget,
    "setup-cell": setup_cell,
    "opening": opening,
    "navigation": navigation,
    "myst": myst,
    "math": math,
    "html": html,
    "footnote": footnote,
    "admonition": admonition,
    "headings": headings,
    "image": image,
    "link": link,
    "bibliography": bibliography,
    "red-pencil": red_pencil,
    "questions": questions,
    "equation-tag": equation_tag,
    "equation-reference": equation_reference,
    "syntax": syntax,
    "magic-assignment": magic_assignment,
    "line-length": line_length,
    "top-level-raise": top_level_raise,
    "assertion": assertion,
    "figure": figure,
}


def spelling(notebooks: list[Notebook]) -> Iterator[Complaint]:
    """codespell over prose and comments, run once for all notebooks, since starting it takes a while."""
    with tempfile.TemporaryDirectory() as folder:
        names = {}
        for i, book in enumerate(notebooks):
            pieces = {number: cells.prose(source) for number, source in book.markdown()}
            for number, source in book.code():
                lines = [""] * (source.count("\n") + 1)
                for line, text in cells.comments(source):
                    lines[line - 1] = text
                pieces[number] = "\n".join(lines)
            for number, text in pieces.items():
                path = Path(folder, f"{i}-{number}.txt")
                path.write_text(text, encoding="utf-8")
                names[path.name] = (book.path, number)
        if not names:
            return
        command = [sys.executable, "-m", "codespell_lib", "--disable-colors", folder]
        root = notebooks[0].course.root  # where codespell finds its settings
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode not in (0, 65):  # 65: misspellings were found
        raise RuntimeError(f"codespell failed: {done.stderr}")
    for match in re.finditer(r"([\w-]+\.txt):(\d+): (.*)", done.stdout):
        path, number = names[match[1]]
        yield Complaint(path, number, int(match[2]), match[3], "spelling")


# --- Reading --------------------------------------------------------------------------------------


def find_notebooks(paths: list[Path]) -> list[Path]:
    """The notebooks among files and in folders."""
    found = (p for path in paths for p in (path.rglob("*.ipynb") if path.is_dir() else [path]))
    return sorted({p.resolve() for p in found if ".ipynb_checkpoints" not in p.parts})


def read_course(root: Path) -> Course:
    course = Course(root, address.read_site(root))
    for path in find_notebooks([root / "chapters"]):
        text = path.read_text(encoding="utf-8")
        if list(valid_format(text)):  # complained about when it is linted itself
            continue
        node = nbformat.reads(text, as_version=4)
        name = path.relative_to(root).as_posix()
        for number, line, tag in find_tags(Notebook(name, "", node, course).markdown()):
            course.tags.setdefault(tag, []).append((name, number, line))
    bibliography = root / "references.bib"
    if bibliography.exists():
        fields = r'^\s*(?:eprint|url|doi)\s*=\s*["{]+([^"}]+)'
        for _, match in search(fields, bibliography.read_text(encoding="utf-8"), re.IGNORECASE):
            course.sources |= {source_key(match[1].strip())} - {None}
    plotting = root / "dlbook_utils" / "plotting.py"
    if plotting.exists():
        functions = figure_functions(ast.parse(plotting.read_text(encoding="utf-8")), NEW_FIGURE)
        course.figure_functions = functions | {f"plotting.{name}" for name in functions}
    return course


def lint(paths: list[Path] | None = None, root: Path | None = None) -> list[Complaint]:
    """Complaints about some notebooks, or about all of the course, in the order of the files."""
    root = (root or ROOT).resolve()
    course = read_course(root)
    complaints, notebooks = [], []
    for path in find_notebooks(paths or [root / "chapters"]):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        faults = list(valid_format(text))
        complaints += [Complaint(name, 0, 0, fault, "nbformat") for fault in faults]
        if not faults:
            notebooks.append(Notebook(name, text, nbformat.reads(text, as_version=4), course))
    for book in notebooks:
        for rule, function in RULES.items():
            complaints += [Complaint(book.path, *finding, rule) for finding in function(book)]
    return sorted([*complaints, *spelling(notebooks)])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path, help="notebooks or folders; all chapters if none")
    complaints = lint(parser.parse_args(arguments).paths)
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
