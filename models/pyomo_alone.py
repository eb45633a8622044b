"""Pyomo, imported without scipy.stats.

Pyomo imports it beside a scipy that is there already, or comes later, which takes half a second and which
nothing here needs. A scipy that Pyomo does not see meanwhile it imports, with that, only where it uses it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Final

import scipy

del sys.modules["scipy"]
pyo: Final[Any] = import_module("pyomo.environ")
sys.modules["scipy"] = scipy
