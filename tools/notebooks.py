"""What the tools know about the book's notebooks: where they are, and what they may cost."""

import json
import os
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
BUDGET = 45  # CPU seconds of a notebook that names no other budget in its metadata
CHAPTER_BUDGET = 240  # CPU seconds of all notebooks of a chapter …
LONG_CHAPTERS = {"04_convolutional_networks": 500}  # … and where training takes longer


def all_notebooks() -> list[Path]:
    """The course's notebooks in reading order."""
    found = (ROOT / "chapters").rglob("*.ipynb")
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


def budget(path: Path) -> float:
    """The CPU seconds that a notebook may use: ``metadata.dlbook.budget_seconds``, else 45."""
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    return metadata.get("dlbook", {}).get("budget_seconds", BUDGET)


def chapter_budget(chapter: str) -> float:
    """The CPU seconds that all notebooks in a folder of ``chapters/`` may use together."""
    return LONG_CHAPTERS.get(chapter, CHAPTER_BUDGET)


def longest_first(paths: list[Path]) -> list[Path]:
    """Paths ordered so that two workers end at about the same time."""
    return sorted(paths, key=lambda path: (-budget(path), path))


def cpu_seconds(pid: int) -> float:
    """CPU seconds that a process and its children have used, all threads together."""
    process = psutil.Process(pid)
    times = [p.cpu_times() for p in [process, *process.children(recursive=True)]]
    return sum(t.user + t.system for t in times)


def share_cores(jobs: int) -> None:
    """Give each of so many kernels its part of the cores, unless somebody has set a number already.

    A small matrix product on two threads leaves the second one spinning while it waits for the next,
    and where two kernels share two cores, that takes time from the other and counts as CPU seconds.
    """
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    if not any(variable in os.environ for variable in variables):
        os.environ.update(dict.fromkeys(variables, str(max(1, (os.cpu_count() or 1) // jobs))))
