"""Execute what has changed, build the HTML book with warnings as errors, and say where to open it.

    python tools/build_book.py [--jobs 2] [--clean]

When nothing has changed since the last good build, nothing is done. After a
failed build all pages are read anew: Sphinx warns only of pages it reads, so a
second try on a half-built tree could pass falsely. ``--clean`` starts from
nothing, as CI does.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import execute
from tools.notebooks import ROOT

BUILD = ROOT / "_build"
HTML = BUILD / "html"
GOOD = BUILD / "good_build"
FOLDERS = ("chapters", "appendix", "_static", "_ext", "_templates", "_vendor")


def fingerprint() -> str:
    """Names and contents of every file that a page may be made of."""
    files = [path for path in ROOT.iterdir() if path.suffix in {".md", ".yml", ".bib", ".toml"}]
    for folder in FOLDERS:
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    digest = hashlib.sha256(execute.fingerprint().encode())
    for path in sorted(files):
        if not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def main(jobs: int, clean: bool) -> int:
    if clean:
        shutil.rmtree(BUILD, ignore_errors=True)
    index = HTML / "index.html"
    current = fingerprint()
    if GOOD.exists() and GOOD.read_text() == current:
        print(f"The book is up to date: {index.as_uri()}")
        return 0
    if not GOOD.exists():
        for folder in (HTML, BUILD / ".doctrees"):
            shutil.rmtree(folder, ignore_errors=True)
    GOOD.unlink(missing_ok=True)
    if execute.main(jobs):
        return 1
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    build = [jupyter_book, "build", ".", "--quiet", "-W", "-n", "--keep-going"]
    if subprocess.run(build, cwd=ROOT).returncode:
        print("The book was not built: each warning above is an error.")
        return 1
    GOOD.write_text(current)
    print(f"The book is built: open {index.as_uri()}")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="notebooks executed at a time")
    parser.add_argument("--clean", action="store_true", help="build from nothing")
    sys.exit(main(**vars(parser.parse_args())))
