"""A module of the user's named `models` in the place of the package that the plans are written in."""

from __future__ import annotations

import importlib.util
from pathlib import Path

OWN = Path(__file__).parents[1] / "models" / "__init__.py"


def other_models() -> str | None:
    """Where the `models` is that would be imported, if it is not the one that comes with this package."""
    try:
        spec = importlib.util.find_spec("models")
    except ValueError:  # something put a module without a spec under this name
        return "a module made by the program"
    if spec is None:
        return "nowhere"
    origin = spec.origin or "a folder without `__init__.py`"
    same = Path(origin).exists() and Path(origin).samefile(OWN)
    return None if same else origin


def explanation(place: str) -> str:
    """What is in the way, in words."""
    return f"`models` is {place} here, not the package that Kloof comes with ({OWN.parent})"


REMEDY = "rename yours, or start Python elsewhere or with -P, which leaves the working directory out"
