"""One country's plan by calendar year: the numbers behind every table of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.parameters import Array, PlanParameters
from models.quantities import QUANTITIES, MetricSpec
from optimizer.answer import beyond, digits, metrics, ranges
from optimizer.answer.run import CountryRun

# Flows below this share of what they add to or take from are what the solver's tolerance leaves.
NOISE: Final = 1e-6
# Of any unit, what arithmetic leaves of a store that is used up.
NOTHING: Final = 1e-9

Line = list[str]


@dataclass(frozen=True)
class Year:
    """A column: its label and the positions of its periods."""

    label: str
    periods: slice


def _spec(name: str) -> MetricSpec:
    """A quantity; a sum of quantities over their items is a flow of money of its own."""
    return QUANTITIES.get(name, QUANTITIES["outlays"])


class Book:
    """One country's numbers by calendar year: flows added up, stocks at the end, levels on average."""

    def __init__(
        self,
        run: CountryRun,
        parameters: PlanParameters,
        values: Mapping[str, Array],
        extra: Mapping[str, Array],
    ) -> None:
        self.run, self.parameters = run, parameters
        self.is_marked = False
        reported = parameters.sets.reported
        paid = float(extra["outlays"][:reported].sum())
        self.values = {
            name: metrics.without_round_off(line, paid) if _spec(name).unit == "USD bn" else line
            for name, line in {**values, **extra}.items()
        }
        self.labels = parameters.sets.periods[: beyond.shown_periods(parameters)]
        steps = max(round(1 / parameters.scalar("dt")), 1)
        self.years = [
            Year(
                self.labels[t][:4] if t < reported else f"({self.labels[t][:4]})",
                slice(t, min(t + steps, len(self.labels))),
            )
            for t in range(0, len(self.labels), steps)
        ]

    def by_year(self, name: str, item: int | tuple[int, ...] = ()) -> list[float]:
        """A metric's item, one number per year."""
        line = self.values[name][item]
        spec = _spec(name)
        size = np.abs(self.values[spec.adds_to or name]).max(initial=0.0)
        line = np.where(np.abs(line) > max(NOISE * size, NOTHING), line, 0.0)
        parts = [line[year.periods] for year in self.years]
        if spec.kind == "stock":
            return [float(part[-1]) for part in parts]
        return [float(part.sum() if spec.kind == "flow" else part.mean()) for part in parts]

    def line(
        self, label: str, name: str, item: int | tuple[int, ...] = (), decimals: int | None = None
    ) -> Line:
        """A row of the table: the label and a number per year, marked where plans within the gap do not share
        it."""
        unsure = ranges.unsure(self.run, name, self.values[name][item][: len(self.labels)])
        texts = digits.cells(self.by_year(name, item), decimals)
        marked = [bool(unsure[year.periods].any()) for year in self.years]
        self.is_marked |= any(marked)
        return [
            label,
            *(
                f"{ranges.MARK}{text.replace(digits.NOTHING, '0')}" if mark else text
                for text, mark in zip(texts, marked, strict=True)
            ),
        ]

    def some(self, label: str, name: str, item: int | tuple[int, ...] = ()) -> Iterator[Line]:
        """The row, unless it holds nothing."""
        if any(self.by_year(name, item)):
            yield self.line(label, name, item)
