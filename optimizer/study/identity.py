"""Which plans are the same."""

from __future__ import annotations

import hashlib

import numpy as np

from models.parameters import PlanParameters


def identity(parameters: PlanParameters) -> str:
    """A hash of every number and set of a plan: equal ones have the same solution."""
    found = hashlib.blake2b(repr((parameters.country, parameters.sets)).encode(), digest_size=16)
    for name, array in parameters.values.items():
        found.update(name.encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
