"""The differences from the baseline that a comparison saved, looked up by country, policy and number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from optimizer.report.figures import MISSING, Cell, exact
from optimizer.report.saved import Plan, SavedRun
from optimizer.result import digits

METRICS: Final = ("lag_months", "capability", "effective_ratio", "installed_compute", "objective_average")
# what moves by this much, months or percent, is shaded deeper
MUCH: Final = 6.0


class Difference(NamedTuple):
    """A number under a policy less that of the baseline; `told` says whether the gaps allow telling them
    apart."""

    value: float
    change: float
    told: bool


@dataclass(frozen=True)
class Differences:
    """All of a run's differences that the page shows. Policies that cannot be told apart share one of
    `places`. `names` are the policies' titles where those tell them apart, else their names."""

    found: Mapping[tuple[str, str, str, str], Difference]
    worth: Mapping[tuple[str, str], float]
    places: Mapping[tuple[str, str], int]
    names: Mapping[str, str]

    def of(self, plan: Plan, metric: str, period: str = "") -> Difference | None:
        """The difference of a plan's number; None where one of the two has no plan."""
        return self.found.get((plan.country, plan.policy, metric, period))

    def told(self, plan: Plan) -> bool:
        """Whether any number of the plan can be told from the baseline's."""
        return any(
            difference.told
            for (country, policy, _, _), difference in self.found.items()
            if country == plan.country and policy == plan.policy
        )


def differences(run: SavedRun) -> Differences:
    """Read the differences of a comparison."""
    found = {}
    frame = run.comparison
    if frame is not None:
        frame = frame[frame["metric"].isin(METRICS)]
        names = ("country", "policy", "metric", "period", "value", "change", "indistinguishable")
        for country, policy, metric, period, value, change, same in zip(
            *(frame[name].astype(str) for name in names), strict=True
        ):
            if change not in ("", "nan"):
                found[country, policy, metric, period] = Difference(
                    _number(value), float(change), same not in ("1", "1.0")
                )
    titles = {str(each["name"]): str(each.get("title") or each["name"]) for each in run.policies}
    unique = len(set(titles.values())) == len(titles)
    worth, places = {}, {}
    for country, ranked in run.summary.get("ranking_detail", {}).items():
        for each in ranked:
            key = (country, str(each["policy"]))
            places[key] = int(each["rank"])
            if each.get("worth_percent_effective_compute") is not None:
                worth[key] = float(each["worth_percent_effective_compute"])
    names_of = titles if unique else {name: name for name in titles}
    return Differences(found, worth, places, {**names_of, run.baseline: "Baseline"})


def _number(text: str) -> float:
    return float(text) if text not in ("", "nan") else math.nan


def signed(change: float, decimals: int) -> str:
    """A change with its sign; one that is less than the last digit gets one digit more."""
    shown = digits.fixed(change, decimals)
    if shown == "0" and change:
        shown = digits.significant(change, 1)
    return shown if shown.startswith("-") or shown in ("0", "n/a") else f"+{shown}"


def change_cell(difference: Difference | None, decimals: int, same: bool = False, good: float = -1.0) -> Cell:
    """A change, shaded by its direction (`good`: the sign that is good for the country) and size; `=` where
    the plan is the very same, `≈` where the two cannot be told apart."""
    if difference is None:
        return Cell(MISSING)
    if same:
        return Cell("=", "0", "same")
    if not difference.told:
        return Cell("≈", exact(difference.change), "same")
    way = "c" if difference.change * good > 0 else "f"
    size = "2" if abs(difference.change) >= MUCH else "1"
    return Cell(signed(difference.change, decimals), exact(difference.change), f"{way}{size}")
