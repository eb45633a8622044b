"""Which digits of a saved plan's numbers are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer.answer import digits, ranges
from optimizer.answer.answer import Headline


@dataclass(frozen=True)
class Precision:
    """Which digits of a plan's numbers hold for every plan within its gap (docs/metrics.md, "Digits").

    `widths`: by how much each kind of number may vary, of `paid` and `compute` relative to the number.
    `finest`: the most decimals that are ever printed of it.
    """

    widths: Mapping[str, float]
    finest: Mapping[str, int]
    compared: bool

    @staticmethod
    def of(headline: Headline, compared: bool) -> Precision:
        """As the run tells it; `compared`: for a plan beside others."""
        finest = ranges.CERTIFIED_DECIMALS if headline.ranges else ranges.DECIMALS
        return Precision(headline.widths, finest, compared)

    @property
    def ratio_width(self) -> float:
        return self._relative("capability")

    @property
    def compute_width(self) -> float:
        return self._relative("compute")

    @property
    def paid_width(self) -> float:
        return self._relative("paid")

    @property
    def capability_decimals(self) -> int:
        return self._decimals("capability")

    @property
    def lag_decimals(self) -> int:
        return self._decimals("lag_months")

    def shares(self, parts: Sequence[float]) -> list[str]:
        """Shares of a whole in percent that sum to 100 as far as digits hold."""
        return digits.percents_not_nothing(parts, self.widths["spend_share"], self.finest["spend_share"])

    def _relative(self, name: str) -> float:
        # `solve` cuts digits at the whole range, `compare` at what the number may be off by either way
        return self.widths[name] / 2 if self.compared else self.widths[name]

    def _decimals(self, metric: str) -> int:
        return digits.decimals_within(self.finest[metric], self.widths[metric])
