"""For `pytest --nbval-lax chapters`: long notebooks first, and the CPU seconds of each.

The cells of a notebook are tests of their own; the kernel that runs them is asked,
after the last one, how much processor time it has used. `make test` reports it;
with `--cpu-budget=enforce`, as in CI, a notebook over its budget fails.
"""

import json
from pathlib import Path

import pytest

from tools import notebooks

REPORTS = notebooks.ROOT / "_build" / "cpu_seconds"


def pytest_addoption(parser):
    parser.addoption(
        "--cpu-budget", choices=("report", "enforce"), default="report", help="of notebooks run by nbval"
    )


def pytest_configure(config):
    notebooks.share_cores(getattr(config.option, "numprocesses", None) or 1)  # kernels inherit it


def is_cell(item) -> bool:
    return type(item).__name__ == "IPyNbCell"


def pytest_sessionstart(session):
    if not hasattr(session.config, "workerinput"):  # not in the workers of pytest-xdist
        for report in REPORTS.glob("*.json"):
            report.unlink()


def pytest_collection_modifyitems(items):
    if items and all(is_cell(item) for item in items):
        order = {path: i for i, path in enumerate(notebooks.longest_first(notebooks.all_notebooks()))}
        items.sort(key=lambda item: order.get(Path(item.path), len(order)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item, nextitem):
    """After a notebook's last cell, while its kernel still lives: note its CPU seconds."""
    if not is_cell(item) or (nextitem is not None and nextitem.parent is item.parent):
        return
    used = notebooks.cpu_seconds(item.parent.kernel.km.provisioner.process.pid)
    path = Path(item.path)
    allowed = notebooks.budget(path)
    REPORTS.mkdir(parents=True, exist_ok=True)
    name = path.relative_to(notebooks.ROOT).as_posix()
    report = {"notebook": name, "used": used, "allowed": allowed}
    (REPORTS / f"{name.replace('/', '-')}.json").write_text(json.dumps(report))
    if used > allowed and item.config.getoption("cpu_budget") == "enforce":
        pytest.fail(f"{name} used {used:.0f} CPU seconds; its budget is {allowed:.0f}", pytrace=False)


def read_reports() -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(REPORTS.glob("*.json"))]


def chapters_used(reports: list[dict]) -> dict[str, float]:
    """CPU seconds of each chapter's notebooks together."""
    used = {}
    for report in reports:
        chapter = Path(report["notebook"]).parent.name
        used[chapter] = used.get(chapter, 0) + report["used"]
    return used


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """A chapter over its budget fails the run: a sum that no single notebook's test can see."""
    if hasattr(session.config, "workerinput") or session.config.getoption("cpu_budget") != "enforce":
        return
    used = chapters_used(read_reports())
    if any(seconds > notebooks.chapter_budget(chapter) for chapter, seconds in used.items()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    reports = read_reports()
    if not reports:
        return
    terminalreporter.section("CPU seconds of the notebooks")
    rows = [(report["used"], report["allowed"], report["notebook"]) for report in reports]
    for chapter, used in chapters_used(reports).items():
        rows.append((used, notebooks.chapter_budget(chapter), f"all of {chapter}"))
    for used, allowed, name in rows:
        over = "  OVER ITS BUDGET" if used > allowed else ""
        terminalreporter.line(f"{used:6.1f} of {allowed:3.0f}  {name}{over}")
