"""Make ``.venv-nbgrader`` with the pinned nbgrader, the package and what its exercises need.

    python tools/nbgrader_env.py             sets it up; a second run does nothing while it is valid
    python tools/nbgrader_env.py --lock      compiles the pins again, with requirements.txt's versions

nbgrader brings a database and extensions of Jupyter's server along, which the book does not need: so
it has an environment of its own.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-nbgrader"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "installed"
PINS = ROOT / "tests" / "nbgrader" / "requirements.txt"
NEEDED = "nbgrader==0.9.6\nnumpy\nmatplotlib\ntensorflow\nscikit-learn\nsetuptools\n"
UV = Path(sys.executable).with_name("uv")


def uv(*arguments: str | Path, text: str | None = None) -> None:
    """Run uv; leave with its message when it fails."""
    done = subprocess.run([UV, *arguments], cwd=ROOT, input=text, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"Setting up {VENV.name} failed:\n{done.stderr.strip()}")


def lock() -> None:
    """Compile the pins."""
    options = ["--universal", "--python-version", "3.11", "--no-emit-index-url", "--quiet"]
    command = ["--custom-compile-command", "python tools/nbgrader_env.py --lock"]
    output = ["--constraints", "requirements.txt", "--output-file", PINS, "-"]
    uv("pip", "compile", *options, *command, *output, text=NEEDED)


def set_up() -> None:
    """Make the environment, unless it is there."""
    content = PINS.read_text(encoding="utf-8") + (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = hashlib.sha256(f"{content} {sys.version} {VENV}".encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print(f"Setting up {VENV.name} …", flush=True)
    uv("venv", "--quiet", "--clear", "--no-python-downloads", "--python", sys.executable, VENV)
    uv("pip", "install", "--quiet", "--compile-bytecode", "--python", VENV, "-r", PINS)
    package = ["--no-deps", "--no-build-isolation", "--editable", "."]
    uv("pip", "install", "--quiet", "--python", VENV, *package)
    STAMP.write_text(wanted)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lock", action="store_true", help="compile the pins again")
    lock() if parser.parse_args().lock else set_up()
