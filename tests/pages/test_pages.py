"""Every page of the built book in a browser: nothing loads from elsewhere, nothing fails to show."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages.conftest import DESKTOP, PAGES, look_at, serve

# What the theme itself gets wrong, and neither a setting nor our extension can mend:
# axe's rule → the start of the selectors it may concern, and why.
THEME_VIOLATIONS: dict[str, tuple[tuple[str, ...], str]] = {}

MAX_GZIPPED = 500_000

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


@pages
def test_weight_of_a_page(visit, name):
    assert visit(name).gzipped_bytes < MAX_GZIPPED


PLANTED = """<!doctype html><html lang="en"><head><title>Faults</title></head><body><main><h1>Faults</h1>
<img src="https://example.org/picture.png"><img src="missing.png" alt="missing">
<p><span class="math">\\(x\\)</span></p><div style="width: 700px; background: #eee">too wide</div>
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
    assert seen.overflow[0].endswith("px too wide")
    assert "div." in seen.overflow
    for theme in ("light", "dark"):
        assert "image-alt" in {violation["id"] for violation in seen.axe[theme]}


def check_links(start: str) -> subprocess.CompletedProcess:
    """linkchecker follows every link inside the book and looks for every anchor."""
    settings = Path(__file__).with_name("linkchecker.ini")
    linkchecker = Path(sys.executable).with_name("linkchecker")
    return subprocess.run(
        [linkchecker, "--config", settings, "--no-status", start], capture_output=True, text=True
    )


def test_links_and_anchors(site):
    run = check_links(f"{site}/index.html")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("link", "complaint"),
    [("gone.html", "404"), ("there.html#gone", "Anchor `gone'"), ("there.html#here", "")],
)
def test_a_broken_link_and_a_broken_anchor_are_found(tmp_path, link, complaint):
    (tmp_path / "index.html").write_text(f'<!doctype html><title>x</title><a href="{link}">a</a>')
    (tmp_path / "there.html").write_text('<!doctype html><title>y</title><p id="here">y</p>')
    with serve(tmp_path) as address:
        run = check_links(f"{address}/index.html")
    assert (run.returncode != 0) == bool(complaint), run.stdout
    assert complaint in run.stdout
