"""The differences from the baseline that a comparison saved, looked up by country, policy and number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from optimizer.answer import digits
from optimizer.answer.answer import CompareAnswer
from optimizer.tell.page.figures import MISSING, Cell, amount, exact
from optimizer.tell.page.saved import Plan, SavedRun
from optimizer.tell.terminal.comparison_tables import signed_percent

METRICS: Final = ("lag_months", "capability", "effective_ratio", "installed_compute", "objective_average")
# what moves by this much, months or percent, is shaded deeper
MUCH: Final = 6.0
# decimals of what a policy is worth, in percent
WORTH_DECIMALS: Final = 1
Key = tuple[str, str, str, str]


class Difference(NamedTuple):
    """A number under a policy less that of the baseline, and by how much that may be off; `told` says whether
    the gaps allow telling the two apart. `worth`: what a policy is worth, percent of effective compute."""

    change: float
    within: float
    told: bool
    worth: bool = False

    def text(self, finest: int) -> str:
        """The change with its sign to the digits that hold, as the tables of `compare` print it."""
        if self.worth:
            # some effective compute is left under any policy, however little
            return signed_percent(max(self.change, math.nextafter(-100, 0)), self.within, finest)
        return digits.signed(self.change, self.within, finest)


class Value(NamedTuple):
    """A number under a policy, and by how much it may be off."""

    number: float
    within: float

    def cell(self, significant: int, scale: float) -> Cell:
        """The number times `scale` in so many digits, none finer than what it may be off by."""
        relative = self.within / abs(self.number) if self.number else 0.0
        return amount(scale * self.number, significant, relative)


@dataclass(frozen=True)
class Differences:
    """All of a run's differences that the page shows. Policies that cannot be told apart share one of
    `places`, which are in the order of the ranking. `names` are what readers call the policies, `same` the
    plans that are the very same as in the baseline, `leaders` the policies under which another country leads.
    """

    found: Mapping[Key, Difference]
    values: Mapping[Key, Value]
    worth: Mapping[tuple[str, str], float]
    places: Mapping[tuple[str, str], int]
    names: Mapping[str, str]
    same: frozenset[tuple[str, str]]
    leaders: Mapping[str, str]

    def of(self, plan: Plan, metric: str, period: str = "") -> Difference | None:
        """The difference of a plan's number; None where there is none to tell: one of the two has no plan, or
        is measured otherwise."""
        return self.found.get((plan.country, plan.policy, metric, period))

    def value(self, plan: Plan, metric: str, period: str) -> Value | None:
        """A plan's number; None where there is none."""
        return self.values.get((plan.country, plan.policy, metric, period))

    def worth_of(self, plan: Plan) -> Difference | None:
        """What a policy is worth to a country, % of effective compute for good; None where that is not
        known."""
        worth, average = self.worth.get((plan.country, plan.policy)), self.of(plan, "objective_average")
        if worth is None or average is None:
            return None
        relative = abs(worth / average.change) if average.change else 0.0
        return Difference(worth, average.within * relative, average.told, worth=True)

    def is_same(self, plan: Plan) -> bool:
        """Whether the plan is the very same as the baseline's."""
        return (plan.country, plan.policy) in self.same

    def told(self, plan: Plan) -> bool:
        """Whether any number of the plan can be told from the baseline's."""
        return any(
            difference.told
            for (country, policy, _, _), difference in self.found.items()
            if country == plan.country and policy == plan.policy
        )


def differences(run: SavedRun) -> Differences:
    """Read the differences of a comparison."""
    found: dict[Key, Difference] = {}
    values: dict[Key, Value] = {}
    frame = run.comparison
    if frame is not None:
        frame = frame[frame["metric"].isin(METRICS)]
        names = ("country", "policy", "metric", "period", "value", "change", "indistinguishable")
        changes = {}
        for country, policy, metric, period, value, change, same, within in zip(
            *(frame[name].astype(str) for name in (*names, "value_within")), strict=True
        ):
            values[country, policy, metric, period] = Value(_number(value), _number(within))
            if change not in ("", "nan"):
                changes[country, policy, metric, period] = (float(change), same not in ("1", "1.0"))
        for key, (number, told) in changes.items():
            before = values.get((key[0], run.baseline, *key[2:]))
            off = values[key].within + (before.within if before else 0.0)
            found[key] = Difference(number, off, told)
    worth, places = {}, {}
    ranking = run.answer.ranking_detail if isinstance(run.answer, CompareAnswer) else {}
    for country, ranked in ranking.items():
        for each in ranked:
            place = (country, each.policy)
            places[place] = each.rank
            if each.worth_percent_effective_compute is not None:
                worth[place] = each.worth_percent_effective_compute
    same_plans = frozenset(
        (plan.country, plan.policy) for plan in run.all_plans if plan.answer.shares_plan_with == run.baseline
    )
    leaders = {each.name: each.leader for each in run.policies if each.leader != run.leader}
    return Differences(found, values, worth, places, run.policy_names, same_plans, leaders)


def _number(text: str) -> float:
    return float(text) if text not in ("", "nan") else math.nan


def lag_cell_of(difference: Difference | None, finest: int, same: bool = False) -> Cell:
    """The change of a lag, shaded by whether it brings the country closer to its leader or farther, which is
    not whether it is good for it."""
    return _change_cell(difference, finest, same, ("f", "c"))


def worth_cell_of(difference: Difference | None, same: bool = False) -> Cell:
    """What a policy is worth, shaded by whether that is better for the country by its own objective."""
    return _change_cell(difference, WORTH_DECIMALS, same, ("b", "w"))


def _change_cell(difference: Difference | None, finest: int, same: bool, ways: tuple[str, str]) -> Cell:
    """A change, shaded by its sign (`ways`: for more and for less) and size; `=` where the plan is the very
    same, `≈` where the two cannot be told apart."""
    if difference is None:
        return Cell(MISSING)
    if same:
        return Cell("=", "0", "same")
    if not difference.told:
        return Cell("≈", exact(difference.change), "same")
    way = ways[0] if difference.change > 0 else ways[1]
    size = "2" if abs(difference.change) >= MUCH else "1"
    return Cell(difference.text(finest), exact(difference.change), f"{way}{size}")
