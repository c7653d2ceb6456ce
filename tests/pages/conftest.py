"""The built book, served on this machine and opened in a real browser.

Every page is visited once, at desktop width in light and dark and then at phone
width; what was seen is kept in a ``Visit``, which the tests question.
"""

import gzip
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

HTML = Path(__file__).resolve().parents[2] / "_build" / "html"
PAGES = sorted(path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html"))
# Not pages: the sources' copies, and fragments that other pages include.
PAGES = [page for page in PAGES if not page.startswith(("_sources/", "_static/", "mathjax/"))]

# Chromium asks Google's servers for one thing or another at each start unless told not to.
FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}

# What sticks out at the right of the window, innermost last; a scrolling box may hold what it likes.
OVERFLOW = """() => {
  const root = document.documentElement;
  const wide = root.scrollWidth - root.clientWidth;
  if (wide <= 0) return [];
  const scrolls = element => element !== document.body && element !== root
    && ['auto', 'scroll', 'hidden'].includes(getComputedStyle(element).overflowX);
  const inScroller = element => {
    for (let parent = element.parentElement; parent; parent = parent.parentElement) {
      if (scrolls(parent)) return true;
    }
  };
  const sticksOut = element => element.getBoundingClientRect().right > root.clientWidth + 1;
  const culprits = [...document.querySelectorAll('body *')].filter(e => sticksOut(e) && !inScroller(e));
  return [`the page is ${wide} px too wide`]
    .concat(culprits.map(e => `${e.tagName.toLowerCase()}.${e.className}`).slice(0, 5));
}"""

# Formulas that open with their left end out of sight, though there is room to scroll.
BEHEADED = """() => [...document.querySelectorAll('div.math')]
  .filter(e => {
    const formula = e.querySelector('mjx-container');
    return formula && formula.getBoundingClientRect().left < e.getBoundingClientRect().left - 1;
  })
  .map(e => e.textContent.slice(0, 60))"""

# Printed results that stand in more lines than were printed: a table falls to pieces in that way.
WRAPPED = """() => [...document.querySelectorAll('.cell_output pre')]
  .filter(e => {
    const style = getComputedStyle(e), lines = e.textContent.trimEnd().split('\\n').length;
    const room = e.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    return room > (lines + 0.5) * parseFloat(style.lineHeight);
  })
  .map(e => e.textContent.slice(0, 60))"""

UNRENDERED = """() => [...document.querySelectorAll('.math')]
  .filter(e => !e.querySelector('mjx-container'))
  .concat([...document.querySelectorAll('mjx-merror')])
  .map(e => e.textContent.slice(0, 60))"""


@dataclass
class Visit:
    """What was seen on one page."""

    left_the_machine: list[str] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)
    failed_requests: list[str] = field(default_factory=list)
    unrendered: list[str] = field(default_factory=list)
    overflow: list[str] = field(default_factory=list)
    beheaded: list[str] = field(default_factory=list)
    wrapped: list[str] = field(default_factory=list)
    axe: dict[str, list[dict]] = field(default_factory=dict)
    gzipped_bytes: int = 0


def chromium() -> str | None:
    """An installed Chromium or Chrome; None lets Playwright use its own."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; gives its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def pytest_collection_modifyitems(items):
    """All tests of one page go to one worker, which opens the page once."""
    for item in items:
        name = getattr(item, "callspec", None) and item.callspec.params.get("name")
        item.add_marker(pytest.mark.xdist_group(name or item.name))


@pytest.fixture(scope="session")
def site():
    """The address of the built book."""
    with serve(HTML) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        # The sandbox needs rights that containers and CI machines do not give.
        browser = playwright.chromium.launch(executable_path=chromium(), chromium_sandbox=False, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def visit(site, browser):
    """``visit(name)`` opens a page, once, and returns what was seen."""
    visits: dict[str, Visit] = {}

    def open_once(name: str) -> Visit:
        if name not in visits:
            context = browser.new_context(viewport=DESKTOP)
            visits[name] = look_at(context.new_page(), site, name)
            context.close()
        return visits[name]

    return open_once


def look_at(page: Page, site: str, name: str) -> Visit:
    seen = Visit()
    loaded = {}

    def on_request(route):
        if route.request.url.startswith((site, "data:", "blob:")):
            route.continue_()
        else:
            seen.left_the_machine.append(route.request.url)
            route.abort()

    def on_response(response):
        if response.status >= 400:
            seen.failed_requests.append(f"{response.status} {response.url}")
        elif response.url.startswith(site) and "/mathjax/" not in response.url:
            loaded[response.url] = response

    def on_console(message):
        if message.type == "error":
            seen.console_errors.append(message.text)

    page.route("**/*", on_request)
    page.on("response", on_response)
    page.on("console", on_console)
    page.on("pageerror", lambda error: seen.console_errors.append(str(error)))
    page.goto(f"{site}/{name}", wait_until="networkidle")
    page.evaluate("() => window.MathJax && MathJax.startup && MathJax.startup.promise")
    # Bodies are asked for when all is loaded: inside the event, some are not there yet.
    seen.gzipped_bytes = sum(len(gzip.compress(response.body())) for response in list(loaded.values()))
    # axe, below, would load the style sheets a second time.
    page.unroute("**/*", on_request)
    page.remove_listener("response", on_response)
    seen.unrendered = page.evaluate(UNRENDERED)
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        page.wait_for_timeout(300)  # colours change in a transition
        seen.axe[theme] = Axe().run(page, options={"preload": False}).response["violations"]
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(200)
    seen.overflow = page.evaluate(OVERFLOW)
    seen.beheaded = page.evaluate(BEHEADED)
    seen.wrapped = page.evaluate(WRAPPED)
    return seen
