"""What is said of an equilibrium beside its plans: prices, who buys what share, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from optimizer.answer.part import Number, Part

# of its base price a component costs at the least so much, and at the most so many times it
LEAST_RATIO: Final = 0.1
MOST_RATIO: Final = 1000.0
# prices go to where they lead by parts
NEAR: Final = 1.01
BASE_PRICES: Final = (
    "Components cost what they cost at the base, by calibration: only policies move their prices."
)


class EquilibriumAnswer(Part):
    """How good an equilibrium is, and its prices by period.

    `regrets` is by how much each country's plan could be better if it could buy as much as rules allow at
    these prices, average log units: at most `tolerance` where it has `converged`; `weighted_regret` weights
    it with income. `excess` is the largest amount of any chip that reaches buyers beyond what is made, as a
    share of it, and `unsold` the value of what stays unsold above its floor over that of what is sold, in the
    reported periods in which prices clear: all but those `contracted`, in which chips are sold at list price.
    `component_residuals` is by how much the price of each component is off what calls forth the
    demand of these plans, |log|. `base_regret` is the largest regret of the equilibrium that prices of
    components are held against, and `base_converged` whether that has; nothing held against one that has not
    converges. `left_out` names countries that a bloc counts, by the bloc. Prices are those
    of an H100-equivalent of what is sold, USD, all-in; `component_price_ratios` are over the base price;
    `value_shares` the share of each country in what is paid on the market. Of one that has not converged
    these four are empty.
    """

    converged: bool
    tolerance: Number
    rounds: int
    largest_regret: Number
    weighted_regret: Number
    base_regret: Number | None = None
    base_converged: bool | None = None
    regrets: Mapping[str, Number]
    excess: Number
    unsold: Number
    component_residuals: Mapping[str, Number]
    left_out: Mapping[str, str]
    component_titles: Mapping[str, str]
    periods: tuple[str, ...]
    contracted: tuple[str, ...] = ()
    compute_price_usd: tuple[Number, ...]
    compute_list_price_usd: tuple[Number, ...]
    component_price_ratios: Mapping[str, tuple[Number, ...]]
    value_shares: Mapping[str, tuple[Number, ...]]


def moving_components(found: EquilibriumAnswer) -> Mapping[str, tuple[float, ...]]:
    """Prices of components over those of the base, none for a base itself: there they are 1."""
    return {} if found.base_regret is None else found.component_price_ratios


def least_prices(found: EquilibriumAnswer) -> list[str]:
    """A sentence for all components that cost the least that they may, by the periods in which they do."""
    at: dict[tuple[str, ...], list[str]] = {}
    for name, line in moving_components(found).items():
        pairs = zip(found.periods, line, strict=True)
        periods = tuple(period for period, ratio in pairs if ratio <= NEAR * LEAST_RATIO)
        if periods:
            at.setdefault(periods, []).append(found.component_titles[name])
    return [
        f"In {', '.join(periods)} these cost the least that a component may, a tenth of the base price, as "
        f"still less is taken than is made: {', '.join(names)}."
        for periods, names in at.items()
    ]
