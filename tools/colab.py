"""Run notebooks as Google Colab runs them: its versions, its Python, nothing of the repository at hand.

    python tools/colab.py [NOTEBOOK …] [--all] [--require] [--jobs 2]

On Colab a reader opens one notebook, and its first cell installs ``dlbook_utils``
from the repository's release. Two things go wrong there and nowhere else: the
installation replaces a package that Colab has loaded already (the session is
broken until it is restarted), or a notebook counts on a newer version, or on a
file, that Colab has not. So this tool

1. makes ``.venv-colab`` from the record of Colab's versions, ``tests/colab/``;
2. publishes the working tree as a release: a temporary git repository, with the
   release's tag, that git takes for the one on GitHub;
3. asks pip what installing it would change, and allows nothing but ``dlbook_utils``;
4. executes notebooks, each in an empty folder, with a ``google.colab`` in
   ``sys.modules``. The first one really installs, the others find the package there.

Without arguments it takes each chapter's exercises and the first notebook of the course.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools.notebooks import ROOT, all_notebooks, cpu_seconds

PINS = ROOT / "tests" / "colab" / "colab-2026-08-py3.13.txt"
STAND_IN = ROOT / "tests" / "colab" / "stand_in"
VENV = ROOT / ".venv-colab"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "installed"
UV = Path(sys.executable).with_name("uv")
PYTHON = (3, 13)
PACKAGE = "dlbook-utils"
FIRST_NOTEBOOK = ROOT / "chapters" / "01_forward_propagation" / "01_neurons_and_layers.ipynb"
CELL_TIMEOUT = 900
LAST_LINES = 15


# --- The environment ------------------------------------------------------------------------------


def read_pins() -> dict[str, str]:
    """Colab's packages and their versions."""
    lines = [line.partition("#")[0].strip() for line in PINS.read_text(encoding="utf-8").splitlines()]
    return dict(line.split("==") for line in lines if line)


def python_version(python: str | Path) -> str | None:
    """``sys.version`` of an interpreter that can stand for Colab's; None for any other, or for none."""
    unfit = f"sys.version_info[:2] != {PYTHON} or not sys._is_gil_enabled()"
    code = f"import sys; sys.exit(1) if {unfit} else print(sys.version)"
    try:
        answer = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def find_python() -> tuple[str, str] | None:
    """Path and version of a Python 3.13: on PATH, pyenv's, or any that uv knows. None is downloaded."""
    number = "{}.{}".format(*PYTHON)
    candidates = [
        shutil.which(f"python{number}"),
        *sorted(Path.home().glob(f".pyenv/versions/{number}*/bin/python"), reverse=True),
    ]
    for python in filter(None, candidates):
        # A pyenv shim exists even where the version behind it is not active: so try it.
        if version := python_version(python):
            return str(python), version
    command = [UV, "python", "find", "--no-python-downloads", number]
    python = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    version = python_version(python) if python else None
    return (python, version) if version else None


def uv(*arguments: str | Path) -> str:
    """Run uv and return what it prints; leave with its message when it fails."""
    done = subprocess.run([UV, *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"Setting up {VENV.name} failed:\n{done.stderr.strip()}")
    return done.stdout


def installed() -> dict[str, str]:
    """Name and version of all that is in the environment."""
    found = json.loads(uv("pip", "list", "--quiet", "--format", "json", "--python", VENV))
    return {package["name"]: package["version"] for package in found}


def set_up(python: str, version: str) -> dict[str, str]:
    """Make the environment, unless it is there, and return what is in it: Colab's packages and pip."""
    pins = read_pins()
    wanted = hashlib.sha256(f"{PINS.read_text(encoding='utf-8')} {version} {VENV}".encode()).hexdigest()
    valid = STAMP.exists() and STAMP.read_text() == wanted and pins.items() <= installed().items()
    if not valid:
        print(f"Setting up {VENV.name} with Colab's versions (this takes a minute) …", flush=True)
        uv("venv", "--quiet", "--seed", "--clear", "--no-python-downloads", "--python", python, VENV)
        # The record names dependencies too: they are taken as they are, and then checked.
        uv("pip", "install", "--quiet", "--python", VENV, "--no-deps", "--compile-bytecode", "-r", PINS)
        uv("pip", "check", "--quiet", "--python", VENV)
        STAMP.write_text(wanted)
    # What an earlier run added: dlbook_utils, and what notebooks install for themselves.
    if added := installed().keys() - pins.keys() - {"pip"}:
        uv("pip", "uninstall", "--quiet", "--python", VENV, *sorted(added))
    return installed()


# --- The release ----------------------------------------------------------------------------------


def read_release() -> tuple[str, str]:
    """The repository's address and the version, from pyproject.toml, where alone they stand."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].removesuffix(".git"), project["version"]


def clean_environment() -> dict[str, str]:
    """This process's environment without what would let another Python or another git repository in."""
    foreign = ("GIT_", "PYTHON", "IPYTHON", "VIRTUAL_ENV", "JUPYTER", "UV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def publish(repository: Path, version: str) -> str:
    """Commit the working tree, changes and all, to a new repository under the release's tag."""
    nobody = {f"GIT_{who}_{what}": "colab" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments: str) -> str:
        command = ["git", f"--git-dir={repository}", *arguments]
        environment = clean_environment() | nobody | alone
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"git {' '.join(arguments)} failed:\n{done.stderr.strip()}")
        return done.stdout.strip()

    git("init", "--quiet", "--bare")
    git(f"--work-tree={ROOT}", "add", "--all")  # as .gitignore says
    git(f"--work-tree={ROOT}", "commit", "--quiet", "--message", f"The working tree as v{version}")
    git("tag", f"v{version}")
    return git("rev-parse", "HEAD")


def kernel_environment(repository: Path, address: str) -> dict[str, str]:
    """Environment variables with which ``%pip install`` of the release takes the local repository."""
    return clean_environment() | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
        "GIT_TERMINAL_PROMPT": "0",
        # Build with the environment's own setuptools instead of a downloaded one. The variable sets
        # pip's `build_isolation`, whatever its name says: "0" is what switches isolation off.
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # no notice of the debugger's at each kernel's start
    }


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Packages whose versions differ, dlbook_utils aside."""
    names = sorted((before.keys() | after.keys()) - {PACKAGE})
    pairs = [(name, before.get(name, "none"), after.get(name, "none")) for name in names]
    return [f"{name}: {old} -> {new}" for name, old, new in pairs if old != new]


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def try_install(requirement: str, before: dict[str, str], environment: dict[str, str]) -> None:
    """Leave with an error if installing the release would touch any package besides its own."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = ["-m", "pip", "install", "--quiet", "--dry-run", "--report", report, requirement]
        done = subprocess.run([BIN / "python", *command], env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"dlbook_utils cannot be installed on Colab:\n{last_lines(done.stderr)}")
        packages = [item["metadata"] for item in json.loads(report.read_text(encoding="utf-8"))["install"]]
    wanted = {normalised(package["name"]): package["version"] for package in packages}
    if PACKAGE not in wanted:
        sys.exit(f"pip would not install dlbook_utils, but {', '.join(wanted) or 'nothing'}.")
    if differences := changes(before, before | wanted):
        lines = "\n".join(f"  {line}" for line in differences)
        sys.exit(f"Installing dlbook_utils would change Colab's packages (name lower bounds only):\n{lines}")


def check_install(commit: str, version: str) -> str | None:
    """What is wrong with the installed dlbook_utils, if anything: it must be a copy of the commit."""
    code = (
        "import json; from importlib.metadata import distribution as d; p = d('dlbook_utils'); "
        "print(json.dumps([p.version, json.loads(p.read_text('direct_url.json') or '{}')]))"
    )
    command = [BIN / "python", "-I", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return "the first cell has not installed dlbook_utils"
    found, origin = json.loads(done.stdout)
    if found != version:
        return f"version {found} of dlbook_utils was installed instead of {version}"
    if origin.get("vcs_info", {}).get("commit_id") != commit:
        return f"dlbook_utils was not installed from the release: {origin}"
    return None


# --- The notebooks --------------------------------------------------------------------------------


class Run(NamedTuple):
    path: Path
    wall: float
    cpu: float
    error: str | None
    setup_output: str  # of the first code cell: pip's messages


def startup_code() -> str:
    """What the kernel runs before a notebook. It leaves no name behind that a notebook could rely on."""
    return f'__import__("sys").path.append({str(STAND_IN)!r})\n__import__("google.colab")\n'


def write_kernel(folder: Path) -> dict[str, str]:
    """Write a Jupyter kernel named "colab" and its IPython profile; return their variables."""
    kernel = folder / "jupyter" / "kernels" / "colab"
    kernel.mkdir(parents=True)
    argv = [str(BIN / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Colab", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-google-colab.py").write_text(startup_code(), encoding="utf-8")
    os.environ["JUPYTER_PATH"] = str(folder / "jupyter")  # where this process looks for kernels
    return {"IPYTHONDIR": str(folder / "ipython")}


def last_lines(text: str) -> str:
    """The end of a traceback or of pip's messages: indented, without colours, blank or endless lines."""
    lines = [line for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines() if line.strip()]
    return "\n".join(f"    {line[:300]}" for line in lines[-LAST_LINES:])


def installs_more(notebook) -> bool:
    """Whether a notebook installs, in a cell after the first, something that Colab has not."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return any(re.search(r"^\s*[%!]\s*pip3? +install", source, re.MULTILINE) for source in cells[1:])


def execute(path: Path, environment: dict[str, str]) -> Run:
    """Run a notebook in an empty folder, since Colab fetches nothing of the repository but it."""
    notebook = nbformat.read(path, 4)
    if not installs_more(notebook):
        environment = environment | {"PIP_NO_INDEX": "1"}
    started, cpu, error = time.perf_counter(), 0.0, None
    with tempfile.TemporaryDirectory(prefix="colab-") as folder:
        client = NotebookClient(
            notebook, timeout=CELL_TIMEOUT, kernel_name="colab", resources={"metadata": {"path": folder}}
        )
        with client.setup_kernel(env=environment):
            for index, cell in enumerate(notebook.cells):
                try:
                    client.execute_cell(cell, index)
                except CellExecutionError as failure:
                    error = f"cell {index + 1}:\n{last_lines(failure.traceback)}"
                except (CellTimeoutError, DeadKernelError) as failure:
                    error = f"cell {index + 1}: {type(failure).__name__}\n{last_lines(str(failure))}"
                if error:
                    break
            process = client.km.provisioner.process
            if process is not None and process.poll() is None:
                cpu = cpu_seconds(process.pid)
    setup = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    output = "".join(out.get("text", "") for out in setup.outputs) if setup else ""
    return Run(path, time.perf_counter() - started, cpu, error, output)


def shown(path: Path) -> str:
    return (path.relative_to(ROOT) if path.is_relative_to(ROOT) else path).as_posix()


def report(run: Run) -> None:
    verdict = "FAILED" if run.error else "ok"
    print(f"{shown(run.path)}: {verdict}, {run.wall:.0f} s, CPU {run.cpu:.0f} s", flush=True)
    if run.error:
        print(f"  {run.error}", flush=True)


def choose(named: list[Path], everything: bool) -> list[Path]:
    """The notebooks to run: those named, or all, or each chapter's exercises and the course's first."""
    if named:
        for path in named:
            if not path.is_file():
                sys.exit(f"There is no notebook {path}.")
        return [path.resolve() for path in named]
    found = all_notebooks()
    return [p for p in found if everything or p.name == "exercises.ipynb" or p == FIRST_NOTEBOOK]


def run_notebooks(paths: list[Path], jobs: int, folder: Path, before: dict[str, str]) -> bool:
    """Steps 2 to 4. Returns whether all went well."""
    address, version = read_release()
    repository = folder / "release.git"
    commit = publish(repository, version)
    environment = kernel_environment(repository, address)
    try_install(f"dlbook_utils @ git+{address}@v{version}", before, environment)
    print(f"On Colab, installing v{version} would install dlbook_utils alone.", flush=True)

    environment |= write_kernel(folder)
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        first, *others = paths
        runs = [pool.submit(execute, first, environment).result()]  # alone, since it installs
        report(runs[0])
        if fault := check_install(commit, version):
            print(f"{shown(first)}: {fault}.\n{last_lines(runs[0].setup_output)}")
            return False
        for future in as_completed([pool.submit(execute, path, environment) for path in others]):
            runs.append(future.result())
            report(runs[-1])

    # Once more, now that it is done. A notebook may install what Colab lacks, but replace nothing.
    differences = changes(before, installed())
    allowed = ": none -> " if any(installs_more(nbformat.read(path, 4)) for path in paths) else None
    faults = [line for line in differences if not allowed or allowed not in line]
    if faults:
        print("The notebooks have changed Colab's packages:", *faults, sep="\n  ")
    if fault := check_install(commit, version):
        print(f"After the notebooks: {fault}.")
    failed = sum(run.error is not None for run in runs)
    print(f"Colab: {len(runs) - failed} of {len(runs)} notebooks ran without an error.")
    return not (failed or faults or fault)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="those to run instead of the usual few")
    parser.add_argument("--all", action="store_true", help="run every notebook of the course")
    parser.add_argument("--require", action="store_true", help="fail where Python 3.13 is missing")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks executed at a time")
    return parser.parse_args(arguments)


def main(options: argparse.Namespace) -> int:
    paths = choose(options.notebooks, options.all)
    if not paths:
        print("There is no notebook to run.")
        return 0
    python = find_python()
    if python is None:
        print("Python 3.13 was not found: Colab's environment is skipped", flush=True)
        return 1 if options.require else 0
    before = set_up(*python)
    with tempfile.TemporaryDirectory(prefix="dlbook-colab-") as folder:
        return 0 if run_notebooks(paths, options.jobs, Path(folder), before) else 1


if __name__ == "__main__":
    sys.exit(main(parse()))
