"""Rows of a program that grow at their end and lose some: put together when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.program.sparse import stacked, taken
from optimizer.program.tape import Array


@dataclass(frozen=True)
class Joined:
    """Scaled rows and their sides; row i is `factors[i]` times the row in scaled columns."""

    matrix: csr_array
    factors: Array
    low: Array
    high: Array

    def since(self, number: int) -> tuple[csr_array, Array, Array]:
        """The rows from a number on, and their sides."""
        rows = taken(self.matrix, np.arange(number, len(self.low)))
        return rows, self.low[number:], self.high[number:]


class Rows:
    """Rows in the order in which they were appended."""

    def __init__(self, first: Joined) -> None:
        self._parts = [first]

    def append(self, more: Joined) -> None:
        """Append rows."""
        self._parts.append(more)

    def keep(self, stay: NDArray[np.bool_]) -> None:
        """Delete all other rows."""
        joined = self.joined
        rows = taken(joined.matrix, np.flatnonzero(stay))
        self._parts = [Joined(rows, joined.factors[stay], joined.low[stay], joined.high[stay])]

    @property
    def joined(self) -> Joined:
        """All rows. What is returned must not be changed."""
        if len(self._parts) > 1:
            parts = self._parts
            self._parts = [
                Joined(
                    stacked([part.matrix for part in parts]),
                    np.concatenate([part.factors for part in parts]),
                    np.concatenate([part.low for part in parts]),
                    np.concatenate([part.high for part in parts]),
                )
            ]
        return self._parts[0]
