"""Make ``.venv`` with the locked packages. A second run does nothing while they are still valid.

    python3 tools/setup_env.py

Runs under any Python 3.6 or newer, so that an unsupported one gets a clear
sentence instead of a traceback: it looks for a supported one by itself.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "installed"
UV = "uv==0.13.9"
SUPPORTED = ((3, 11), (3, 12), (3, 13))


def use_supported_python():
    """Return under Python 3.11 to 3.13; otherwise start again under one, or exit with a sentence."""
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        sys.exit("TensorFlow has no packages for Macs with an Intel processor: use Google Colab instead.")
    if sys.version_info[:2] in SUPPORTED:
        return
    test = f"import sys; sys.exit(sys.version_info[:2] not in {SUPPORTED})"
    for minor in (13, 12, 11):
        python = shutil.which(f"python3.{minor}")
        # A pyenv shim exists even where the version behind it is not active: so try it.
        if python and subprocess.run([python, "-c", test], stderr=subprocess.DEVNULL).returncode == 0:
            sys.exit(subprocess.run([python, *sys.argv]).returncode)
    sys.exit(
        "Python 3.11, 3.12 or 3.13 is needed, and this is Python {}.{}: install one of them, "
        "or name it: make PYTHON=/path/to/python3.12 …".format(*sys.version_info)
    )


def fingerprint():
    """What the environment depends on: the lock, the package's metadata, Python, and its place."""
    import tomllib  # new in Python 3.11, so not to be imported before the check

    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return hashlib.sha256(f"{lock} {package} {sys.version} {UV} {VENV}".encode()).hexdigest()


def run(*command):
    if subprocess.run([str(part) for part in command], cwd=str(ROOT)).returncode:
        sys.exit("Setting up .venv failed; what went wrong stands above.")


def main():
    use_supported_python()
    wanted = fingerprint()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("Setting up .venv (TensorFlow is large: this takes a minute or two) …", flush=True)
    run(sys.executable, "-m", "venv", "--clear", VENV)
    run(BIN / "python", "-m", "pip", "install", "--quiet", UV)
    # Compiled bytecode: without it, each kernel's first `import tensorflow` takes twice as long.
    run(
        BIN / "uv", "pip", "install", "--quiet", "--compile-bytecode",
        "--require-hashes", "-r", "requirements.txt",
    )  # fmt: skip
    run(BIN / "uv", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
    STAMP.write_text(wanted)


if __name__ == "__main__":
    main()
