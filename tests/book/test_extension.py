"""The pages' mendings: what they remove, what they leave, and that they can be applied twice."""

import importlib.util
from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils import new_document

SOURCE = Path(__file__).resolve().parents[2] / "_ext" / "dlbook.py"
spec = importlib.util.spec_from_file_location("dlbook_extension", SOURCE)
extension = importlib.util.module_from_spec(spec)
spec.loader.exec_module(extension)


@pytest.mark.parametrize(
    ("faulty", "mended"),
    [
        ('<script defer src="_static/scripts/fontawesome.js?digest=1"></script>\n<p>x</p>', "<p>x</p>"),
        (
            '<p>a</p><script type="text/x-thebe-config">{a: 1}</script>\n'
            "    <script>kernelName = 'python3'</script><p>b</p>",
            "<p>a</p><p>b</p>",
        ),
        ('<script async="async" src="_static/sphinx-thebe.js?v=1"></script><p>b</p>', "<p>b</p>"),
        (
            '<script>const THEBE_JS_URL = "https://x"; const thebe_selector = ".x"</script><p>b</p>',
            "<p>b</p>",
        ),
        ('<div class="citation" role="doc-biblioentry">', '<div class="citation" role="listitem">'),
        ('<i class="fab fa-github"></i>', '<i class="fa-solid fa-code-branch"></i>'),
        (
            '<summary><span class="toctree-toggle">',
            '<summary aria-label="Show or hide the pages of this chapter"><span class="toctree-toggle">',
        ),
    ],
)
def test_mend(faulty, mended):
    assert extension.mend(faulty) == mended
    assert extension.mend(mended) == mended


def test_what_is_sound_stays():
    page = (
        '<script src="_static/doctools.js"></script><script>let a = 1;</script>'
        "<details><summary>100,480</summary>Yes.</details><p>thebe in prose</p>"
    )
    assert extension.mend(page) == page


@pytest.mark.parametrize(
    ("formula", "raw"),
    [
        (r"\begin{aligned} a &= b \\ &= c \end{aligned} \tag{1.7}", True),
        (r"a = b \tag{1.7}", False),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", False),
    ],
)
def test_formulas_of_several_lines_keep_their_tags(formula, raw):
    document = new_document("page")
    document += nodes.math_block(formula, formula)
    extension.keep_tags(None, document)
    (block,) = document.findall(nodes.math_block)
    assert block.get("nowrap", False) is raw
    assert block.astext() == (rf"\[{formula}\]" if raw else formula)
