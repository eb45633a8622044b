"""The key of a study: a hash of all that its answers depend on. The same key, the same answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import models
import optimizer
from optimizer.instance import Instance
from optimizer.solver.highs import VERSION
from optimizer.study.ask import parts

# What tells an answer does not change it.
TELLING: Final = ("cli", "tell")


def study_key(document: Mapping[str, Any], base: Instance, outcomes: tuple[str, ...]) -> str:
    """The key, in hexadecimal: of a study as its document says it, every number and name of its base and the
    fleets with which lags were observed, the outcomes that are kept, the code that answers come from, and the
    version of HiGHS."""
    said = {
        "document": document,
        "base": base,
        "observed": base.observed_fleets,
        "held": base.held_calibrations(),
        "outcomes": outcomes,
        "code": code_digest(),
        "solver": VERSION,
    }
    return hashlib.sha256(json.dumps(said, default=parts, sort_keys=True).encode()).hexdigest()


@cache
def code_digest() -> str:
    """A hash of the source files that answers come from."""
    found = hashlib.sha256()
    for package in (models, optimizer):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root)
            if name.parts[0] not in TELLING:
                found.update(f"{root.name}/{name.as_posix()}\n".encode())
                found.update(path.read_bytes())
    return found.hexdigest()
