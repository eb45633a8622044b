"""Says every difference between two run directories of `solve` or `compare`; exit code 1 if there is any.

python tests/agreement.py OLD NEW [--tolerance 0]
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

FILES = ("strategy.csv", "comparison.csv", "summary.json")
ABSENT = "(absent)"


def contents(run: Path) -> dict[tuple[str, str], Any]:
    """Every value of a run by file and place: lines of CSV files and of the explanation, leaves of JSON."""
    found: dict[tuple[str, str], Any] = {}
    for name in (name for name in FILES if (run / name).is_file()):
        if name.endswith(".json"):
            leaves(json.loads((run / name).read_text()), "", name, found)
            continue
        with (run / name).open(newline="") as stream:
            for number, row in enumerate(csv.reader(stream), start=1):
                for column, cell in enumerate(row, start=1):
                    found[name, f"line {number}, column {column}"] = cell
    if not found:
        raise SystemExit(f"{run} holds no run: none of {', '.join(FILES)}")
    kloof = Path(sys.executable).with_name("kloof")
    told = subprocess.run([kloof, "explain", run], capture_output=True, text=True, check=False)
    found["explain", "exit code"] = told.returncode
    for number, line in enumerate(told.stdout.replace(str(run), "RUN").splitlines(), start=1):
        found["explain", f"line {number}"] = line
    return found


def leaves(value: Any, place: str, name: str, found: dict[tuple[str, str], Any]) -> None:
    """Put every node of a JSON value into `found`: leaves with their value, others with their kind."""
    if not isinstance(value, (dict, list)):
        found[name, place] = value
        return
    found[name, place or "."] = type(value).__name__
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        leaves(each, f"{place}.{key}", name, found)


def same(old: Any, new: Any, tolerance: float) -> bool:
    """Whether two values are equal, or numbers within `tolerance` of each other's size."""
    if old == new and type(old) is type(new):
        return True
    try:
        return tolerance > 0 and math.isclose(float(old), float(new), rel_tol=tolerance)
    except (TypeError, ValueError):
        return False


def differences(old: Path, new: Path, tolerance: float = 0.0) -> list[str]:
    """A line for every place where the runs differ: file, place, both values."""
    before, after = contents(old), contents(new)
    return [
        f"{file}: {place}: {before.get((file, place), ABSENT)} -> {after.get((file, place), ABSENT)}"
        for file, place in dict.fromkeys([*before, *after])
        if not same(before.get((file, place), ABSENT), after.get((file, place), ABSENT), tolerance)
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--tolerance", type=float, default=0.0, help="relative to the size of a number")
    given = parser.parse_args()
    lines = differences(given.old, given.new, given.tolerance)
    print("\n".join(lines) or "no difference")
    sys.exit(bool(lines))
