"""What is said of the inputs' own uncertainty: quantiles of headline numbers over draws of the inputs.

It is another thing than the solver's gap, which says how much better a plan for the given inputs could be.
"""

from __future__ import annotations

from typing import Final

from optimizer.answer.part import Number, Part

LAG: Final = "lag_months"
BEYOND: Final = "lag_beyond"
RATIO: Final = "effective_ratio"
CAPABILITY: Final = "capability"
COMPUTE: Final = "installed_compute"
SPLIT: Final = "split"
NOT_COMPUTED: Final = "range of the inputs not computed: kloof solve ... --bands"
NOT_OF_A_VIEW: Final = "range of the inputs not computed: --bands is of plans that see all years"


class BandQuantile(Part):
    """A quantile over the draws: its `level` (0.05), `value`, and the interval `low` to `high` that holds the
    true quantile with the confidence of the bands, infinite where too few draws lie beyond it. `beyond`: the
    value is only a bound, as the lead of a country beyond all that the leader reaches."""

    level: float
    value: Number
    low: Number
    high: Number
    beyond: bool


class NumberBand(Part):
    """Quantiles of one number of a country, named as in `strategy.csv` (`split/research`: share of the cost
    of use over all reported periods), over the `draws` that have it; `missing` ones do not, and without any
    there are no quantiles."""

    country: str
    number: str
    unit: str
    draws: int
    missing: int
    quantiles: tuple[BandQuantile, ...]

    @property
    def metric(self) -> str:
        return self.number.partition("/")[0]

    @property
    def item(self) -> str:
        """The category of a split, the period of any other number."""
        return self.number.rpartition("/")[2]

    @property
    def ends(self) -> tuple[BandQuantile, BandQuantile] | None:
        """The outermost quantiles; None where no draw has the number."""
        return (self.quantiles[0], self.quantiles[-1]) if self.quantiles else None


class MissingDraws(Part):
    """Draws that have no number of a country: how many ended in which `status`, and why."""

    country: str
    status: str
    reason: str
    draws: int


class Bands(Part):
    """Quantiles over `draws` scenarios of a stored study, known by its `key`: `inputs` that have a range,
    each drawn by itself from a triangle over low, value and high, the leader answering.

    `gap` is that of every draw in average log units, `confidence` that of the intervals. `left_out` says
    which inputs with a range were not drawn, and why.
    """

    key: str
    draws: int
    inputs: int
    seed: int
    gap: float
    confidence: float
    left_out: tuple[str, ...]
    numbers: tuple[NumberBand, ...]
    missing: tuple[MissingDraws, ...]

    def of(self, country: str) -> tuple[NumberBand, ...]:
        """The bands of a country."""
        return tuple(each for each in self.numbers if each.country == country)

    def band(self, country: str, number: str) -> NumberBand | None:
        """The band of one number; None where there is none."""
        return next((each for each in self.of(country) if each.number == number), None)
