"""Pyomo, imported without scipy.stats.

Pyomo imports it beside a scipy that is there already, or comes later, which takes half a second and which
nothing here needs. A scipy that Pyomo does not see meanwhile it imports, with that, only where it uses it.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import Any, Final

import scipy


def _imported() -> Any:
    # another thread that imports a part of scipy meanwhile would make a second scipy without its parts
    if threading.active_count() > 1:
        return import_module("pyomo.environ")
    try:
        del sys.modules["scipy"]
        return import_module("pyomo.environ")
    finally:
        sys.modules["scipy"] = scipy


pyo: Final[Any] = _imported()
