"""The pages' mendings: what they remove, what they leave, and that they can be applied twice."""

import importlib.util
import re
import shutil
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pydata_sphinx_theme
import pytest
from docutils import nodes
from docutils.utils import new_document
from fontTools.ttLib import TTFont
from PIL import Image

from dlbook_utils import plotting

mpl.use("agg")
import matplotlib.pyplot as plt

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


def test_only_the_icons_that_are_shown_stay_in_the_font(tmp_path):
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
    static = tmp_path / "_static"
    shutil.copytree(theme / "styles", static / "styles")
    shutil.copytree(theme / "vendor", static / "vendor")
    (static / "own.css").write_text('.box:before { content: "\\f107" }')
    (tmp_path / "index.html").write_text('<i class="fa-solid fa-sun"></i> <i class="fas fa-bars"></i>')
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    boxes = {ord(icon) for icon in re.findall("[\ue000-\uf8ff]", sheet.read_text())}  # warning, note, …
    font = static / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf"

    for _ in range(2):  # a second build of the same pages finds the small font
        extension.slim_icons(tmp_path)
        kept = set(TTFont(font).getBestCmap())
        assert {0xF185, 0xF0C9, 0xF107} <= kept <= {0xF185, 0xF0C9, 0xF107} | boxes
        assert font.stat().st_size < 10_000
        assert not font.with_suffix(".woff2").exists()
        assert "fa-solid-900.woff2" not in sheet.read_text()
        assert "fa-solid-900.ttf" in sheet.read_text()


def test_a_slimmed_figure_keeps_its_rare_colours(tmp_path):
    """Weight images: a few deep blue and deep orange pixels among many pale ones."""
    weights = np.random.default_rng(0).normal(size=(2, 28, 28)) ** 3
    fig, axes = plt.subplots(1, 3)
    for ax, w in zip(axes, weights, strict=False):
        plotting.show_weights(ax, w, "weights")
    axes[2].plot([0, 1], color=plotting.COLORS["green"])
    path = tmp_path / "figure.png"
    fig.savefig(path)
    plt.close(fig)
    before, size = np.asarray(Image.open(path).convert("RGB"), int), path.stat().st_size
    extension.slim(path)
    after = np.asarray(Image.open(path).convert("RGB"), int)
    assert np.abs(before - after).max() <= 24
    assert path.stat().st_size < size / 2
    slimmed = path.read_bytes()
    extension.slim(path)
    assert path.read_bytes() == slimmed
