"""Recorded experiments: results of many seeds or many minutes, and the check that they still hold.

A script ``experiments/NAME.py`` in the book's repository runs an experiment and
calls ``save_result``, which writes ``dlbook_utils/data/results/NAME.json``. A
notebook loads the record, plots it, runs a small part of it again and asserts
with ``assert_within_spread`` that the live value agrees with the record.

A record is a JSON file with these entries::

    name      as in the file's name
    about     one sentence: what was measured
    script    experiments/NAME.py
    date      of the run, as in 2026-01-31
    versions  of Python, NumPy, dlbook_utils and what else took part
    settings  what was the same in all rows
    seeds     every seed, in the order of the measured values
    rows      one for each condition; a number or a text in it describes the
              condition, a list holds measured values, one for each seed
"""

import json
import math
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Result", "assert_within_spread", "known_results", "load_result", "save_result"]

FEWEST_SEEDS = 5  # fewer do not show a spread


@dataclass(frozen=True)
class Result:
    """One recorded experiment; the fields are those of the file."""

    name: str
    about: str
    script: str
    date: str
    versions: dict[str, str]
    settings: dict[str, Any]
    seeds: list[int]
    rows: list[dict[str, Any]]

    def column(self, key: str) -> np.ndarray:
        """One entry of all rows: (R,) if it describes them, (R, S) if it was measured with S seeds."""
        if key not in self.rows[0]:
            raise ValueError(f"expected one of the entries {', '.join(self.rows[0])}, received {key!r}")
        return np.array([row[key] for row in self.rows])

    def row(self, **condition: Any) -> dict[str, Any]:
        """The one row with these entries, as in ``record.row(images_per_digit=10)``."""
        found = [row for row in self.rows if all(row.get(key) == value for key, value in condition.items())]
        if len(found) != 1:
            raise ValueError(
                f"expected a condition that fits one row of {self.name}, {condition} fits {len(found)}"
            )
        return found[0]


# --- What a record must be ------------------------------------------------------------------------


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _faults(record: Mapping[str, Any]) -> list[str]:
    """What keeps a record, as read from its file, from being one."""
    texts = [record["name"], record["about"], record["script"], record["date"]]
    if not all(isinstance(text, str) and text for text in texts):
        return ["name, about, script and date must be texts"]
    if not re.fullmatch(r"[a-z]\w*", record["name"]):
        return [f"the name {record['name']!r} is not in lower case letters, digits and underscores"]
    if not all(isinstance(record[key], dict) for key in ("versions", "settings")):
        return ["versions and settings must be dictionaries"]
    if missing := {"python", "numpy", "dlbook_utils"} - record["versions"].keys():
        return [f"the versions of {', '.join(sorted(missing))} are missing"]
    seeds, rows = record["seeds"], record["rows"]
    if not isinstance(seeds, list) or not all(isinstance(s, int) and not isinstance(s, bool) for s in seeds):
        return ["seeds must be a list of whole numbers"]
    if not seeds or len(set(seeds)) != len(seeds):
        return ["seeds must be different, and at least one"]
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        return ["rows must be a list of dictionaries, and not empty"]
    kinds = [{key: isinstance(value, list) for key, value in row.items()} for row in rows]
    faults = []
    if any(kind != kinds[0] for kind in kinds):
        faults.append("all rows must have the same entries")
    if not any(kinds[0].values()):
        faults.append("a row needs a list of measured values, one for each seed")
    for i, row in enumerate(rows):
        for key, value in row.items():
            if isinstance(value, list) and len(value) != len(seeds):
                faults.append(f"row {i} has {len(value)} values of {key} for {len(seeds)} seeds")
            elif isinstance(value, list) and not all(map(_is_number, value)):
                faults.append(f"row {i} has a value of {key} that is no finite number")
            elif not isinstance(value, list | str) and not _is_number(value):
                faults.append(f"row {i} has {value!r} as {key}; expected a number, a text or a list")
    return faults


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays, tuples and ranges as what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple | range):
        return [_plain(item) for item in value]
    return value


def _text(value: Any, indent: str = "") -> str:
    """JSON in which a list of plain values stays on one line, so that a diff shows a row as a line."""
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        items = [f"{json.dumps(key)}: {_text(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(deeper + item for item in items) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(deeper + _text(item, deeper) for item in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


# --- Writing and reading --------------------------------------------------------------------------


def _folder(folder: Path | None):
    return folder or files("dlbook_utils").joinpath("data", "results")


def known_results(folder: Path | None = None) -> list[str]:
    """Names of the recorded experiments."""
    place = _folder(folder)
    names = [entry.name for entry in place.iterdir()] if place.is_dir() else []
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))


def save_result(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    seeds: Sequence[int],
    *,
    about: str,
    settings: Mapping[str, Any],
    packages: Sequence[str] = (),
    folder: Path | None = None,
) -> Path:
    """Write the record of an experiment. ``experiments/NAME.py`` calls this at its end.

    Parameters
    ----------
    name
        The script's name without ``.py``, and the record's without ``.json``.
    rows
        One dictionary for each condition, all with the same keys. A number or a
        text describes the condition; a list or an array (S,) holds what was
        measured, one value for each of the S seeds, in their order.
    seeds
        Every seed, (S,), none twice.
    about
        One sentence: what was measured, on what.
    settings
        What was the same in all rows. No paths of the machine.
    packages
        Other packages whose versions matter, as in ``["keras"]``.
    folder
        Where to write; by default the package's own ``data/results``.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    ValueError
        If a value is missing, is not finite, or belongs to no seed.

    Notes
    -----
    Used in: ``experiments/``, never in a notebook.
    """
    versions = {"python": platform.python_version()}
    versions |= {package: version(package) for package in ("numpy", "dlbook_utils", *packages)}
    record = {
        "name": name,
        "about": about,
        "script": f"experiments/{name}.py",
        "date": date.today().isoformat(),
        "versions": versions,
        "settings": _plain(settings),
        "seeds": _plain(seeds),
        "rows": _plain(rows),
    }
    if faults := _faults(record):
        raise ValueError(f"this is no record of an experiment: {'; '.join(faults)}")
    path = Path(str(_folder(folder))) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(record) + "\n", encoding="utf-8", newline="\n")
    return path


def load_result(name: str, folder: Path | None = None) -> Result:
    """Read the record of an experiment.

    Parameters
    ----------
    name
        The experiment's name, as in ``"template_learning_curve"``.
    folder
        Where to look; by default in the package's own ``data/results``.

    Returns
    -------
    Result
        With ``seeds`` and ``rows``, and the methods ``column`` and ``row``.

    Raises
    ------
    ValueError
        If there is no such record, or if it is damaged.

    Notes
    -----
    Used in: Chapter 1, and wherever a notebook shows what took many seeds.
    """
    known = known_results(folder)
    names = f"Known results: {', '.join(known) or 'none'}."
    if name not in known:
        raise ValueError(f"expected the name of a recorded experiment, received {name!r}. {names}")
    damaged = f"the record {name}.json is damaged ({{}}). Install dlbook_utils again. {names}"
    try:
        record = json.loads(_folder(folder).joinpath(f"{name}.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(damaged.format(f"not JSON: {error}")) from None
    wanted = [entry.name for entry in fields(Result)]
    if not isinstance(record, dict) or sorted(record) != sorted(wanted):
        raise ValueError(damaged.format(f"expected the entries {', '.join(wanted)}"))
    faults = _faults(record)
    if record["name"] != name:
        faults.append(f"it calls itself {record['name']!r}")
    if faults:
        raise ValueError(damaged.format("; ".join(faults)))
    return Result(**record)


# --- The check ------------------------------------------------------------------------------------


def assert_within_spread(
    value: float,
    recorded: Sequence[float] | np.ndarray,
    *,
    same_seed: float | None = None,
    rtol: float = 1e-3,
) -> None:
    """Assert that a value computed just now agrees with recorded ones.

    With a new seed, the value must lie between the smallest and the largest
    recorded value, widened by their range r on either side:

        min − r ≤ value ≤ max + r,  where r = max − min.

    With a recorded seed, it must equal the value recorded for that seed within
    rounding, ``abs(value - same_seed) <= rtol * abs(same_seed)``.

    Parameters
    ----------
    value
        One number, computed live.
    recorded
        The values of one row, (S,), for S ≥ 5 seeds.
    same_seed
        The recorded value of the seed that was run again, one of ``recorded``.
        Without it the live seed counts as a new one.
    rtol
        What counts as rounding, relative to ``same_seed``; at most 0.01. The default is a
        thousandth: another order of additions may turn a few answers in 10,000.

    Raises
    ------
    AssertionError
        If the value does not agree; the message says by how much.
    ValueError
        If ``value`` is not one finite number, if there are fewer than five
        recorded values or all are equal (such a spread says nothing), or if
        ``same_seed`` is not among them.

    Notes
    -----
    Of S + 1 values from one distribution, the newest is the smallest or the
    largest with probability 2/(S + 1), so the bare range would fail once in ten
    runs with S = 20. Widened by itself, with 20 values from a normal
    distribution, it reaches more than five standard deviations to either side.

    NumPy may change, between its versions, what a generator draws from a seed.
    So a notebook, which has to run on many versions, uses a new seed.

    Used in: every notebook that shows a recorded experiment.
    """
    value = _one_number("value", value)
    spread = np.asarray(recorded, dtype=float)
    if spread.ndim != 1 or len(spread) < FEWEST_SEEDS or not np.isfinite(spread).all():
        raise ValueError(
            f"expected {FEWEST_SEEDS} or more finite recorded values (S,), received shape {spread.shape}"
        )
    if same_seed is not None:
        same_seed = _one_number("same_seed", same_seed)
        if same_seed not in spread:
            raise ValueError(f"expected same_seed to be one of the recorded values, received {same_seed}")
        if not 0 <= rtol <= 0.01:
            raise ValueError(f"expected 0 ≤ rtol ≤ 0.01, received {rtol}")
        if abs(value - same_seed) > rtol * abs(same_seed):
            raise AssertionError(f"{value:.6g} is not the {same_seed:.6g} recorded for the same seed")
        return
    least, most = spread.min(), spread.max()
    width = most - least
    if width == 0:
        raise ValueError(f"all {len(spread)} recorded values are {least:.6g}: there is no spread")
    if not least - width <= value <= most + width:
        raise AssertionError(
            f"{value:.6g} is outside {least - width:.6g} to {most + width:.6g}: "
            f"{len(spread)} recorded values from {least:.6g} to {most:.6g}, widened by their range"
        )


def _one_number(name: str, value: Any) -> float:
    array = np.asarray(value)
    if array.ndim != 0 or array.dtype.kind not in "iuf" or not np.isfinite(array):
        raise ValueError(f"expected {name} to be one finite number, received {value!r}")
    return float(array)
