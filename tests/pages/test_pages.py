"""Every page of the built book in a browser: nothing loads from elsewhere, nothing fails to show."""

import re

import pytest

from tests.pages.conftest import DESKTOP, HTML, PAGES, look_at, serve
from tests.pages.links import broken_links
from tools import address
from tools.notebooks import ROOT, all_notebooks

# What the theme itself gets wrong, and neither a setting nor our extension can mend:
# axe's rule → the start of the selectors it may concern, and why.
THEME_VIOLATIONS: dict[str, tuple[tuple[str, ...], str]] = {}

MAX_GZIPPED = 500_000
# Pages that ship the weights of a trained network, which are apart from that: about so many bytes.
WEIGHTS = {"chapters/04_convolutional_networks/04_mnist_with_keras.html": 250_000}

pages = pytest.mark.parametrize("name", PAGES)


def test_the_book_is_built():
    assert "index.html" in PAGES, "run `make book` first"


@pages
def test_nothing_leaves_the_machine(visit, name):
    assert visit(name).left_the_machine == []


@pages
def test_no_console_error_and_no_failed_request(visit, name):
    assert visit(name).console_errors == []
    assert visit(name).failed_requests == []


@pages
def test_every_formula_is_rendered(visit, name):
    assert visit(name).unrendered == []


@pages
def test_no_horizontal_overflow_on_a_phone(visit, name):
    assert visit(name).overflow == []


@pages
def test_a_long_formula_shows_its_beginning_on_a_phone(visit, name):
    assert visit(name).beheaded == []


@pages
def test_a_printed_table_keeps_its_lines_on_a_phone(visit, name):
    assert visit(name).wrapped == []


@pages
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessibility(visit, name, theme):
    complaints = []
    for violation in visit(name).axe[theme]:
        allowed, _reason = THEME_VIOLATIONS.get(violation["id"], ((), ""))
        for node in violation["nodes"]:
            target = " ".join(str(part) for part in node["target"])
            if not target.startswith(allowed or ("\0",)):
                complaints.append(f"{violation['id']}: {target}: {node['failureSummary']}")
    assert complaints == []


NOTEBOOKS = [path.relative_to(ROOT).with_suffix("").as_posix() for path in all_notebooks()]


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_buttons_of_a_notebook_page(notebook):
    """The page leads to its own notebook in Colab, in this release, and offers the file itself."""
    page = (HTML / f"{notebook}.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+)"', page)
    # Once in the text, as Jupyter and Colab show it too, and once behind the rocket.
    assert links.count(address.read_site().colab(f"{notebook}.ipynb")) == 2
    downloads = [link for link in links if link.endswith(f"_sources/{notebook}.ipynb")]
    assert downloads
    assert (HTML / "_sources" / f"{notebook}.ipynb").exists()


@pages
def test_weight_of_a_page(visit, name):
    assert visit(name).gzipped_bytes < MAX_GZIPPED + WEIGHTS.get(name, 0)


PLANTED = """<!doctype html><html lang="en"><head><title>Faults</title></head><body><main><h1>Faults</h1>
<img src="https://example.org/picture.png"><img src="missing.png" alt="missing">
<p><span class="math">\\(x\\)</span></p><div style="width: 700px; background: #eee">too wide</div>
<div class="math" style="display: flex; flex-direction: row-reverse; width: 90px; overflow: auto">
<mjx-container style="min-width: 200px">long</mjx-container></div>
<div class="cell_output"><pre style="width: 90px; line-height: 20px; white-space: pre-wrap">
one two three four five
six</pre></div>
<script>console.error("planted")</script></main></body></html>"""


def test_a_visit_sees_planted_faults(browser, tmp_path):
    """The checks above bite: on a page with one fault of each kind, each is reported."""
    (tmp_path / "faults.html").write_text(PLANTED)
    context = browser.new_context(viewport=DESKTOP)
    with serve(tmp_path) as address:
        seen = look_at(context.new_page(), address, "faults.html")
    context.close()
    assert seen.left_the_machine == ["https://example.org/picture.png"]
    assert "planted" in seen.console_errors
    assert any("missing.png" in failed for failed in seen.failed_requests)
    assert len(seen.unrendered) == 1
    assert [text.strip() for text in seen.beheaded] == ["long"]
    assert [text.split("\n")[-1] for text in seen.wrapped] == ["six"]
    assert seen.overflow[0].endswith("px too wide")
    assert "div." in seen.overflow
    for theme in ("light", "dark"):
        assert "image-alt" in {violation["id"] for violation in seen.axe[theme]}


@pages
def test_links_and_anchors(name):
    assert broken_links(HTML / name) == []


@pytest.mark.parametrize(
    ("link", "complaint"),
    [
        ("gone.html", ["gone.html: no such file"]),
        ("there.html#gone", ["there.html#gone: no such anchor"]),
        ("#gone", ["#gone: no such anchor"]),
        ("there.html#h%C3%A9re", []),
        ("https://example.org/gone", []),
    ],
)
def test_a_broken_link_and_a_broken_anchor_are_found(tmp_path, link, complaint):
    (tmp_path / "index.html").write_text(f'<!doctype html><title>x</title><a href="{link}">a</a>')
    (tmp_path / "there.html").write_text('<p id="hére">y</p>', encoding="utf-8")
    assert broken_links(tmp_path / "index.html") == complaint
