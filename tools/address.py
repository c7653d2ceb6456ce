"""Write the repository's address and release into every place that needs them.

    python tools/address.py                      after editing a notebook, or pyproject.toml by hand
    python tools/address.py OWNER/REPOSITORY     moves the book to another repository
    python tools/address.py --version 0.2.0      before the release is tagged v0.2.0
    python tools/address.py --check              only names stale places; exit code 1 if there are any

Both stand in ``pyproject.toml`` alone (``[project.urls] Repository`` and ``version``). A notebook on
Colab is all of the repository that its reader has, so it carries the address itself: in its first code
cell, in the line under its title and in the one that leads on. These are generated here, from the
functions ``first_cell``, ``title_links`` and ``colab_line``; nobody needs to write them. Other files
are searched for links to the repository, under its present address, its last one or the placeholder;
links to other people's repositories stay as they are.
"""

import argparse
import difflib
import posixpath
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import cells

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = "OWNER/REPOSITORY"
REPOSITORY = re.compile(r"(?:https://github\.com/)?([\w-]+/[\w.-]+?)(?:\.git)?/?")
COLAB = "https://colab.research.google.com/github"
NAME_ENDS = r"(?![\w-]|\.(?!git\b)\w)"
REF = r"""[^/\s"'`()<>\\]+"""
SKIPPED = ("_vendor/", "tests/", "tools/address.py", "requirements.txt")

SETUP_TITLE = "# @title Setup: run this cell first"
FIRST_CELL = f"""\
{SETUP_TITLE}
import os
import sys

if "google.colab" in sys.modules:  # Colab has everything but the book's own package
    from importlib.metadata import distributions

    if "VERSION" not in {{d.version for d in distributions(name="dlbook_utils")}}:
        %pip install -q git+URL@vVERSION

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # TensorFlow reports errors only
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["NVIDIA_TF32_OVERRIDE"] = "0"  # full float32 on a graphics card

import matplotlib.pyplot as plt
import numpy as np

from dlbook_utils import plotting
"""
IMPORT_KERAS = """\
from dlbook_utils.notebook import quiet

with quiet():
    import keras
"""
USE_STYLE = "\nplotting.use_style()\n"
SEED_KERAS = "keras.utils.set_random_seed(0)\n"
SEED = "rng = np.random.default_rng(0)"


@dataclass(frozen=True)
class Site:
    """Where the book lives: ``OWNER/REPOSITORY`` on GitHub, and its release."""

    repository: str
    version: str

    @property
    def url(self) -> str:
        return f"https://github.com/{self.repository}"

    @property
    def pages(self) -> str:
        owner, name = self.repository.split("/")
        return f"https://{owner}.github.io/{name}"

    @property
    def ref(self) -> str:
        """The tag of the release."""
        return f"v{self.version}"

    def colab(self, path: str) -> str:
        """The address that opens a notebook, named from the repository's root, on Colab."""
        return f"{COLAB}/{self.repository}/blob/{self.ref}/{path}"

    def download(self, path: str) -> str:
        return f"{self.url}/raw/{self.ref}/{path}"


def parse_repository(address: str) -> str:
    """``OWNER/REPOSITORY`` from itself or from the address of its page on GitHub."""
    match = REPOSITORY.fullmatch(address)
    if not match:
        raise ValueError(f"expected OWNER/REPOSITORY or https://github.com/OWNER/REPOSITORY, got {address!r}")
    return match[1]


def read_site(root: Path = ROOT) -> Site:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Site(parse_repository(project["urls"]["Repository"]), project["version"])


def set_site(root: Path, site: Site) -> None:
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'^Repository = ".*"', f'Repository = "{site.url}"', text, flags=re.MULTILINE)
    text = re.sub(r'^version = ".*"', f'version = "{site.version}"', text, count=1, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8", newline="\n")


# --- What notebooks carry -------------------------------------------------------------------------


def first_cell(site: Site, keras: bool) -> str:
    """The first code cell of every notebook; the one with Keras also imports and seeds it."""
    cell = FIRST_CELL + (IMPORT_KERAS if keras else "") + USE_STYLE + (SEED_KERAS if keras else "") + SEED
    return cell.replace("URL", site.url).replace("VERSION", site.version)


def title_links(site: Site, path: str) -> str:
    """The line under a notebook's title."""
    return f"[Open in Colab]({site.colab(path)}) · [Download]({site.download(path)})"


def with_title_links(source: str, site: Site, path: str) -> str:
    """The first Markdown cell with that line, as a paragraph of its own, under its title."""
    title, _, rest = source.partition("\n")
    if not title.startswith("# "):
        return source
    rest = re.sub(r"^\s*\[Open in Colab\]\(.*(\n|$)", "", rest).strip("\n")
    return "\n\n".join(part for part in (title, title_links(site, path), rest) if part)


def navigation(source: str) -> str:
    """The line of previous / next links: the last line with text before the one for Colab."""
    lines = [line for line in source.split("\n") if line.strip() and not line.startswith("In Colab: ")]
    return lines[-1] if lines else ""


def colab_line(line: str, site: Site, path: str) -> str:
    """The links to notebooks in a line of relative links, for Colab, where relative links lead nowhere."""
    folder = posixpath.dirname(path)
    targets = [
        (text, posixpath.normpath(posixpath.join(folder, unquote(href))))
        for _, text, href in cells.links(line)
        if href.endswith(".ipynb") and "://" not in href
    ]
    return "In Colab: " + " · ".join(f"[{text}]({site.colab(to)})" for text, to in targets) if targets else ""


def with_colab_line(source: str, site: Site, path: str) -> str:
    """The last Markdown cell with that line, as a paragraph of its own, at its end."""
    body = re.sub(r"^In Colab: .*(\n|$)", "", source, flags=re.MULTILINE).rstrip()
    line = colab_line(navigation(body), site, path)
    return f"{body}\n\n{line}" if line else body


def is_setup(cell: nbformat.NotebookNode) -> bool:
    """Whether a code cell is the common first one, or was left empty for it."""
    return cell.source.startswith("# @title Setup") or cell.source.strip() in ("", "pass")


def rewrite_notebook(text: str, site: Site, path: str) -> str:
    """A notebook with its generated parts up to date, in the format in which Jupyter saves it."""
    notebook = nbformat.reads(text, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if code and not is_setup(code[0]):
        setup = nbformat.v4.new_code_cell(id="setup", metadata={"cellView": "form", "tags": ["hide-input"]})
        notebook.cells.insert(notebook.cells.index(code[0]), setup)
        code.insert(0, setup)
    if code:
        code[0].source = first_cell(site, cells.uses_keras([cell.source for cell in code]))
    markdown = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    if markdown:
        markdown[0].source = with_title_links(markdown[0].source, site, path)
        markdown[-1].source = with_colab_line(markdown[-1].source, site, path)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


# --- What all files may hold ----------------------------------------------------------------------


def rewrite_links(text: str, known: set[str], site: Site) -> str:
    """Links to the repository under any of its known addresses become links to the present one."""
    for repository in known:
        owner, name = map(re.escape, repository.split("/"))
        text = re.sub(rf"https://github\.com/{owner}/{name}{NAME_ENDS}", site.url, text)
        text = re.sub(rf"{re.escape(COLAB)}/{owner}/{name}{NAME_ENDS}", f"{COLAB}/{site.repository}", text)
        text = re.sub(rf"https://{owner}\.github\.io/{name}{NAME_ENDS}", site.pages, text)
    ours, on_colab = re.escape(site.url), re.escape(f"{COLAB}/{site.repository}")
    text = re.sub(rf"({on_colab}/blob|{ours}/(?:raw|blob|tree))/{REF}", rf"\1/{site.ref}", text)
    return re.sub(rf"(git\+{ours}(?:\.git)?@)[\w+-]+(?:\.[\w+-]+)*", rf"\g<1>{site.ref}", text)


def rewritten(text: str, path: str, known: set[str], site: Site) -> str:
    """What a file of the repository ought to hold."""
    text = rewrite_links(text, known, site)
    if path == "_config.yml":
        text = re.sub(r"^(\s+branch:) .*", rf"\1 {site.ref}", text, flags=re.MULTILINE)
    if path == "CITATION.cff":
        text = re.sub(r"^version: .*", f"version: {site.version}", text, flags=re.MULTILINE)
    if path.startswith("chapters/") and path.endswith(".ipynb"):
        text = rewrite_notebook(text, site, path)
    return text


def files(root: Path) -> Iterator[tuple[str, str]]:
    """Path and text of the repository's files, new ones included; what git ignores is left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode().split("\0")
    for path in sorted(set(filter(None, listed))):
        if path.startswith(SKIPPED) or not (root / path).is_file():
            continue
        content = (root / path).read_bytes()
        if b"\0" not in content:
            yield path, content.decode("utf-8").replace("\r\n", "\n")


def known_repositories(root: Path, site: Site) -> set[str]:
    """Addresses that mean this repository: the present one, the one written last, the placeholder."""
    config = root / "_config.yml"
    written = re.search(r"^\s+url: (https://github\.com/\S+)", config.read_text("utf-8"), re.MULTILINE)
    return {PLACEHOLDER, site.repository} | ({parse_repository(written[1])} if written else set())


def write(root: Path, known: set[str], site: Site) -> list[str]:
    """Bring every file up to date. Returns the paths of those that were not."""
    changed = []
    for path, old in files(root):
        new = rewritten(old, path, known, site)
        if new != old:
            (root / path).write_text(new, encoding="utf-8", newline="\n")
            changed.append(path)
    return changed


def first_lines_changed(old: str, new: str) -> Iterator[int]:
    matcher = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    return (start + 1 for kind, start, *_ in matcher.get_opcodes() if kind != "equal")


def stale_places(root: Path, known: set[str], site: Site) -> Iterator[str]:
    """Complaints, as ``file:line: message``."""
    for path, old in files(root):
        for line in first_lines_changed(old, rewritten(old, path, known, site)):
            yield f"{path}:{line}: not up to date with pyproject.toml; run python tools/address.py"
        for number, line in enumerate(old.splitlines(), start=1):
            for link in re.finditer(rf"{re.escape(COLAB)}/([\w.-]+/[\w.-]+)/blob/{REF}/([\w./-]*\w)", line):
                if link[1] not in known:
                    yield f"{path}:{number}: opens {link[1]} on Colab instead of {site.repository}"
                elif not (root / link[2]).is_file():
                    yield f"{path}:{number}: there is no {link[2]} to open on Colab"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", nargs="?", help="OWNER/REPOSITORY, or its address on GitHub")
    parser.add_argument("--version", help="the release, as in 0.2.0")
    parser.add_argument("--check", action="store_true", help="change nothing, name the stale places")
    options = parser.parse_args(arguments)
    if options.check and (options.repository or options.version):
        parser.error("--check takes no new address or version")
    if options.version and not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", options.version):
        parser.error(f"a version is written like 0.2.0 or 0.2.0rc1, not {options.version}")

    site = read_site(root)
    known = known_repositories(root, site)
    if options.check:
        stale = list(stale_places(root, known, site))
        print(*stale, sep="\n", end="\n" if stale else "")
        return 1 if stale else 0
    try:
        repository = parse_repository(options.repository or site.repository)
    except ValueError as error:
        parser.error(str(error))
    site = Site(repository, options.version or site.version)
    set_site(root, site)
    for path in write(root, known | {site.repository}, site):
        print(f"updated {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
