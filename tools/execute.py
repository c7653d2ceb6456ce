"""Execute the notebooks that have no valid result yet, in parallel, into the book's execution cache.

    python tools/execute.py [--jobs 2]

Jupyter Book runs notebooks one after another; it finds the results of this
script in its cache and runs nothing. A result is valid while the notebook's
code, the package ``dlbook_utils`` and the lock are what they were. CPU and wall
seconds of each run are kept for the book's page of execution times.
"""

import argparse
import hashlib
import json
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.cache.main import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools.notebooks import ROOT, all_notebooks, cpu_seconds, longest_first, share_cores

BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"
TIMES = BUILD / "execution_times.json"
CELL_TIMEOUT = 900


def fingerprint() -> str:
    """What every result depends on besides its own notebook: the package, its data, the lock, Python."""
    digest = hashlib.sha256(sys.version.encode())
    package = [path for path in (ROOT / "dlbook_utils").rglob("*") if path.is_file()]
    for path in sorted([*package, ROOT / "requirements.txt"]):
        if "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def open_cache():
    """The cache, emptied when something that all results depend on has changed."""
    stamp = CACHE / "fingerprint"
    if CACHE.exists() and (not stamp.exists() or stamp.read_text() != fingerprint()):
        shutil.rmtree(CACHE)
        TIMES.unlink(missing_ok=True)
    cache = get_cache(CACHE)
    CACHE.mkdir(parents=True, exist_ok=True)
    stamp.write_text(fingerprint())
    return cache


def is_cached(cache, path: Path) -> bool:
    try:
        cache.match_cache_notebook(nbformat.read(path, 4))
    except KeyError:
        return False
    return True


def execute(path: Path):
    """Run one notebook in its own folder. Returns it with outputs, its seconds, and the error if any."""
    notebook = nbformat.read(path, 4)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": path.parent}},
        record_timing=False,  # it would change the cells' metadata, which the cache compares
        extra_arguments=["--IPKernelApp.log_level=40"],  # errors only: no advice on encryption
    )
    started, error = time.perf_counter(), None
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as failure:
                error = f"cell {index + 1}:\n{failure}"
                break
        cpu = cpu_seconds(client.km.provisioner.process.pid)
    return notebook, time.perf_counter() - started, cpu, error


def main(jobs: int) -> int:
    share_cores(jobs)
    cache = open_cache()
    waiting = [path for path in longest_first(all_notebooks()) if not is_cached(cache, path)]
    times = json.loads(TIMES.read_text()) if TIMES.exists() else {}
    failures = 0
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        running = {pool.submit(execute, path): path for path in waiting}
        for count, future in enumerate(as_completed(running), start=1):
            path = running[future]
            name = path.relative_to(ROOT).as_posix()
            notebook, wall, cpu, error = future.result()
            verdict = "FAILED" if error else "ok"
            print(f"[{count}/{len(waiting)}] {name}: {verdict}, {wall:.0f} s, CPU {cpu:.0f} s", flush=True)
            if error:
                failures += 1
                print(error, flush=True)
                continue
            bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": wall})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            times[name] = {"wall": round(wall, 1), "cpu": round(cpu, 1), "date": date.today().isoformat()}
    TIMES.write_text(json.dumps(times, indent=1, sort_keys=True) + "\n")
    return failures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="notebooks executed at a time")
    sys.exit(1 if main(parser.parse_args().jobs) else 0)
