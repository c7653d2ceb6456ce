"""requirements.txt and pyproject.toml must not drift apart."""

import re
import shutil
import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.lock import ROOT, compile_lock

LOCK = ROOT / "requirements.txt"


def wanted() -> list[Requirement]:
    """What the package and all its extras ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(text) for requirements in lists for text in requirements]


def without_hashes(lock: str) -> list[str]:
    """Pins and their reasons: later uploads to an old release add hashes, which is no drift."""
    return [line.rstrip(" \\") for line in lock.splitlines() if "--hash=" not in line]


def pins(lock: str) -> dict[str, list[str]]:
    """Package name → pinned versions (more than one where they differ between Pythons)."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock, flags=re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def test_every_requirement_is_pinned_to_a_version_it_allows():
    locked = pins(LOCK.read_text())
    for requirement in wanted():
        versions = locked.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement} is not in requirements.txt: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_nothing_is_pinned_that_pyproject_no_longer_asks_for():
    direct = re.findall(
        r"^([\w.-]+)==(?:(?!^\S).)*?dlbook-utils \(pyproject\.toml\)",
        LOCK.read_text(),
        flags=re.MULTILINE | re.DOTALL,
    )
    assert {canonicalize_name(name) for name in direct} == {canonicalize_name(r.name) for r in wanted()}


def test_no_address_of_a_registry_and_a_hash_for_every_pin():
    text = LOCK.read_text()
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)


def test_compiling_again_changes_nothing(tmp_path):
    copy = tmp_path / "requirements.txt"
    shutil.copy(LOCK, copy)
    try:
        compile_lock(copy)
    except subprocess.CalledProcessError as failure:
        if "error sending request" in failure.stderr or "onnect" in failure.stderr:
            pytest.skip("no network: uv cannot compile the lock")
        raise AssertionError(failure.stderr) from failure
    assert without_hashes(copy.read_text()) == without_hashes(LOCK.read_text()), "run `make lock`"


def test_drift_would_be_noticed(tmp_path, monkeypatch):
    """A pin that is too old for pyproject, and one that nothing asks for, both show."""
    text = LOCK.read_text()
    locked = pins(re.sub(r"^jupyter-book==\S+", "jupyter-book==2.0.0", text, flags=re.MULTILINE))
    requirement = next(r for r in wanted() if r.name == "jupyter-book")
    assert not requirement.specifier.contains(locked["jupyter-book"][0])
