"""What stands in a notebook's cell: Python without IPython's own syntax, prose without code and formulas.

Shared by ``lint_notebooks.py`` and ``address.py``. Everything here keeps the lines of a cell where
they are, so that what is found in the result can be reported at its line in the notebook.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
CODE_BLOCKS = ("fence", "code_block")
MATH_BLOCKS = ("math_block", "math_block_label")

MAGIC_LINE = re.compile(r"(\s*)([%!]\w|%%\w|!|\?|[\w.]+\?{1,2}\s*$).*")
MAGIC_ASSIGNMENT = re.compile(r"^([ \t]*[\w., \[\]'\"]+=[ \t]*)([!%][ \t]*[A-Za-z/].*)$", re.MULTILINE)


# --- Code -----------------------------------------------------------------------------------------


def python_source(source: str) -> str:
    """A code cell with its magics replaced, each on its own line, so that Python's parser accepts it."""
    if source.startswith("%%") and not source.startswith(("%%time", "%%capture")):
        return ""  # %%bash, %%html and the like: another language
    source = MAGIC_ASSIGNMENT.sub(r"\1None", source)
    lines = source.split("\n")
    return "\n".join(f"{magic[1]}pass" if (magic := MAGIC_LINE.match(line)) else line for line in lines)


@lru_cache(maxsize=4096)
def parsed(source: str) -> ast.Module:
    """The syntax tree of a code cell.

    Raises
    ------
    SyntaxError
        If the cell is not Python.
    """
    return ast.parse(python_source(source))


def dotted(node: ast.AST) -> str:
    """``plt.subplots`` for the expression of that name; empty for anything that is not a plain name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each comment in a code cell."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(python_source(source)).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    except (tokenize.TokenError, SyntaxError):
        return


def uses_keras(sources: list[str]) -> bool:
    """Whether a notebook uses Keras or TensorFlow, judging by its code cells after the common first one."""
    for source in sources[1:]:
        try:
            tree = parsed(source)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            names = [node.id] if isinstance(node, ast.Name) else []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.partition(".")[0] in ("keras", "tensorflow") for name in names):
                return True
    return False


# --- Markdown -------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def tokens(source: str) -> list[Token]:
    return MARKDOWN.parse(source)


def inlines(source: str) -> Iterator[tuple[int, Token]]:
    """Line and token of every inline element: texts, links, images, code spans, …"""
    for token in tokens(source):
        if token.type == "inline":
            line = token.map[0] + 1
            for child in token.children:
                yield line, child
                line += child.type in ("softbreak", "hardbreak") or child.content.count("\n")


def links(source: str) -> Iterator[tuple[int, str, str]]:
    """Line, text and destination of every link."""
    opened: tuple[int, str] | None = None
    text = ""
    for line, token in inlines(source):
        if token.type == "link_open":
            opened, text = (line, str(token.attrGet("href"))), ""
        elif token.type == "link_close" and opened:
            yield opened[0], text, opened[1]
            opened = None
        else:
            text += token.content


def blank(text: str, start: int, end: int) -> str:
    """The text with spaces from ``start`` to ``end``, line breaks kept."""
    return text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]


@lru_cache(maxsize=4096)
def without_code(source: str, math_blocks: bool = False, math: bool = False) -> str:
    """A Markdown cell with code blanked out; on request ``$$`` blocks too, or all formulas."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    text, cursor = source, 0
    for token in tokens(source):
        if token.map:
            cursor = max(cursor, starts[token.map[0]])
        if token.type in CODE_BLOCKS or ((math_blocks or math) and token.type in MATH_BLOCKS):
            text = blank(text, starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)])
        for child in token.children or ():
            if child.type == "code_inline" or child.type.startswith("math_inline"):
                # The parser tells no positions: look for it after the one before.
                fence = re.escape(child.markup)
                words = r"[\s>]+".join(map(re.escape, child.content.split()))
                found = re.compile(rf"{fence}[\s>]*{words}[\s>]*{fence}").search(source, cursor)
                if found:
                    cursor = found.end()
                    if child.type == "code_inline" or math:
                        text = blank(text, found.start(), found.end())
    return text


@lru_cache(maxsize=4096)
def prose(source: str) -> str:
    """A Markdown cell's words: without code, formulas and the addresses of links."""
    text = without_code(source, math=True)
    for address in re.finditer(r"(?<=\]\()[^)\s]+|<https?://[^>]*>", text):
        text = blank(text, *address.span())
    return text
