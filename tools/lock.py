"""Compile ``requirements.txt`` for Linux, macOS and Windows from pyproject.toml's extras.

    python tools/lock.py [--upgrade]

Pins that still fit are kept; ``--upgrade`` takes the newest of everything.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [
    "pip", "compile", "pyproject.toml", "--all-extras", "--universal", "--python-version", "3.11",
    "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--quiet",
    "--custom-compile-command", "make lock",
]  # fmt: skip


def compile_lock(output: Path, *options: str) -> None:
    """Write the lock to ``output``, keeping what stands there already."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), *COMMAND, *options, "--output-file", str(output)]
    subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.PIPE, text=True)


if __name__ == "__main__":
    try:
        compile_lock(ROOT / "requirements.txt", *sys.argv[1:])
    except subprocess.CalledProcessError as failure:
        sys.exit(failure.stderr)
