"""CONTRIBUTING.md names every rule of the lint, and no file or command that does not exist."""

import re

from tools import lint_notebooks
from tools.notebooks import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
QUOTED = set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)))


def test_every_rule_is_named():
    table = TEXT.partition("### What the lint holds")[2].partition("\n\nA question")[0]
    named = re.findall(r"`([a-z-]+)`", "".join(line.split("|")[1] for line in table.split("\n| ")[2:]))
    assert sorted(named) == sorted({*lint_notebooks.RULES, "spelling", "nbformat"})


def test_every_file_exists():
    folders = "appendix|tools|tests|dlbook_utils|experiments|chapters|[.]github|[.]ci"
    paths = {path for text in QUOTED for path in re.findall(rf"(?:^| )((?:{folders})/[\w./-]*)", text)}
    paths = {path for path in paths if "NN" not in path and "NAME" not in path}
    assert len(paths) > 15
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert not missing


def test_every_target_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for text in {*QUOTED, TEXT} for name in re.findall(r"(?:^|`|&& )make ([a-z]+)", text, re.M)}
    assert {"test", "book", "check", "experiments"} <= named <= targets
