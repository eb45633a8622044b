"""Rules for research: references, knowledge, spillovers, the data wall, imitation; and the leader's path."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.instance.resolving.levels import efficiency_level, own_level
from optimizer.instance.resolving.reach import MONTHS_PER_YEAR, reachable_lags, spans_text
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View

LEAST_KNOWLEDGE_SHARE: Final = 0.05
"""No follower starts with less than this share of the leader's knowledge."""
ROUNDING: Final = 1e-9
"""By how much, log units, a base state may miss its lag without being told of."""


@rule("theta", "research.compute_weight")
def theta(view: View) -> float:
    return view.settings.research.compute_weight.number()


@rule("substitution", "research.substitution_elasticity")
def substitution(view: View) -> float:
    return view.settings.research.substitution_elasticity.number()


@rule("parallel", "research.parallel_returns")
def parallel(view: View) -> float:
    return view.settings.research.parallel_returns.number()


@rule(
    "compute_ref",
    *("leader", "countries.{leader}.fleet.chips.*", "countries.{leader}.fleet.research_share"),
    uses=["research_h100e"],
)
def compute_ref(view: View) -> float:
    """The leader's research compute in the observed base state: the unit of indices, which no patch of its
    fleet moves."""
    fleet = view.reference_fleet
    return float(view["research_h100e"] @ view.chip_map(fleet.chips) * fleet.research_share.number())


@rule("compute_floor", "research.compute_floor_share", uses=["compute_ref"])
def compute_floor(view: View) -> Array:
    return view.settings.research.compute_floor_share.number() * view["compute_ref"]


@rule("talent_ref", leader_uses=["talent0"])
def talent_ref(view: View) -> Array:
    return view.of_leader("talent0")


@rule("knowledge_ref", "research.software_returns", "research.software_growth_per_year")
def knowledge_ref(view: View) -> float:
    research = view.settings.research
    return research.software_returns.number() / research.software_growth_per_year.number()


@rule("lag_years", "leader", "countries.{country}.research.lag_months")
def lag_years(view: View) -> float:
    """How long ago the leader stood where the country stands in the base state, years; 0 for the leader."""
    return 0.0 if view.is_leader else view.nation.research.lag_months.number() / MONTHS_PER_YEAR


@rule(
    "knowledge0",
    "leader",
    "countries.{country}.research.knowledge0_years",
    uses=["knowledge_ref", "lag_years"],
)
def knowledge0(view: View) -> float:
    return _knowledge(view, float(view["lag_years"]))


def _knowledge(view: View, lag_years: float) -> float:
    """What a country knows that lies so far behind the leader."""
    reference = float(view["knowledge_ref"])
    given = view.nation.research.knowledge0_years
    if view.is_leader:
        return reference
    if given is not None:
        return given.number()
    # the leader's knowledge grew by a year a year
    return max(LEAST_KNOWLEDGE_SHARE * reference, reference - lag_years)


@rule("spillover", "leader", "research.spillover_per_year", "countries.{country}.research.spillover_per_year")
def spillover(view: View) -> float:
    own, common = view.nation.research.spillover_per_year, view.settings.research.spillover_per_year
    return 0.0 if view.is_leader else (common if own is None else own).number()


@rule("absorption", "research.absorption")
def absorption(view: View) -> float:
    return view.settings.research.absorption.number()


@rule("returns", "research.software_returns")
def returns(view: View) -> float:
    return view.settings.research.software_returns.number()


@rule("data_wall", "research.data_wall_kh100e")
def data_wall(view: View) -> float:
    return view.settings.research.data_wall_kh100e.number()


@rule("data_slope", "research.data_slope")
def data_slope(view: View) -> float:
    return view.settings.research.data_slope.number()


@rule("openness", "leader", "research.openness", "countries.{country}.research.openness")
def openness(view: View) -> float:
    own, common = view.nation.research.openness, view.settings.research.openness
    return 0.0 if view.is_leader else (common if own is None else own).number()


@rule("efficiency0", uses=["returns", "knowledge0", "knowledge_ref"])
def efficiency0(view: View) -> float:
    """Algorithmic efficiency in the base state, log units."""
    return efficiency_level(float(view["knowledge0"]), float(view["knowledge_ref"]), float(view["returns"]))


@rule(
    "observed_own0",
    *("countries.{country}.fleet.chips.*", "countries.{country}.fleet.research_share"),
    *("countries.{leader}.fleet.chips.*", "countries.{leader}.fleet.research_share"),
    *("leader", "research.compute_floor_share"),
    uses=["research_h100e", "efficiency0", "data_slope", "data_wall"],
)
def observed_own0(view: View) -> float:
    """The country's own level, log units, in the base state in which its lag was observed: with the fleets
    from before a patch changed them, unless a patch gives the lag that goes with the new ones."""
    compute, reference = (
        float(view["research_h100e"] @ view.chip_map(fleet.chips) * fleet.research_share.number())
        for fleet in (view.observed_fleet(view.country), view.observed_fleet(view.settings.leader))
    )
    if reference <= 0:
        # the check of compute_ref says what is wrong
        return 0.0
    floor = view.settings.research.compute_floor_share.number() * reference
    wall = float(view["data_wall"]) / reference
    return own_level(
        float(view["efficiency0"]), (compute + floor) / reference, wall, float(view["data_slope"])
    )


@rule("observed_gap", "leader", "research.capability_growth_per_year", uses=["lag_years"])
def observed_gap(view: View) -> float:
    """How far behind the leader the country was observed, log units; 0 for the leader."""
    return float(view["lag_years"]) * view.settings.research.capability_growth_per_year.number()


@rule(
    "observed_help",
    "leader",
    "countries.{country}.research.knowledge0_years",
    "research.capability_growth_per_year",
    uses=["observed_own0", "observed_gap", "efficiency0", "knowledge_ref", "returns", "lag_years"],
)
def observed_help(view: View) -> float:
    """What lifts the country's own level to the observed one in the base state, log units. Help never holds a
    country down: a lag further back than its own level is no base state (E504)."""
    if view.is_leader:
        return 0.0
    missing = -float(view["observed_own0"]) - float(view["observed_gap"])
    if missing < -ROUNDING and float(view["observed_gap"]) > 0:
        _unreachable(view)
    return max(0.0, missing)


def _unreachable(view: View) -> None:
    """Report a lag at which the fleets and what is known leave the country nearer to the leader."""
    research = view.nation.research
    growth = view.settings.research.capability_growth_per_year.number()
    of_fleet = float(view["observed_own0"]) - float(view["efficiency0"])

    def own(lag_years: float) -> float:
        reference, returns = float(view["knowledge_ref"]), float(view["returns"])
        return of_fleet + efficiency_level(_knowledge(view, lag_years), reference, returns)

    spans = reachable_lags(own, growth)
    nearer = max(0.0, -float(view["observed_own0"]) / growth * MONTHS_PER_YEAR)
    lag = research.lag_months
    can = f"a lag of {spans_text(spans)} can be reached" if spans else "no lag can be reached"
    view.problem(
        "E504",
        f"no base state lies {lag.number():g} months behind the leader: its fleet and what it knows put "
        f"{view.country} {nearer:.3g} months behind, and copying puts it no further back",
        f"countries.{view.country}.research.lag_months",
        lag.location,
        hint=f"{can}; give one, or correct the fleet, its research_share or knowledge0_years",
    )


@rule("catch_up_offset", "research.catch_up", uses=["observed_help"])
def catch_up_offset(view: View) -> Array | float:
    return view["observed_help"] if view.settings.research.catch_up == "efficiency" else 0.0


@rule("help_ceiling", "leader", "research.catch_up", "research.help_ceiling_ratio", uses=["observed_help"])
def help_ceiling(view: View) -> float:
    """Copying saves at most a factor of compute, and no less than it did in the observed base state."""
    if view.is_leader:
        return math.inf
    ratio = math.log(view.settings.research.help_ceiling_ratio.number())
    copied = view.settings.research.catch_up == "imitation"
    return max(ratio, float(view["observed_help"])) if copied else ratio


@rule("imitation", "research.catch_up", uses=["observed_help", "observed_gap"])
def imitation(view: View) -> float:
    """The weight with which the base state lies exactly `lag_years` behind the leader."""
    behind, gap = float(view["observed_help"]), float(view["observed_gap"])
    if behind <= 0 or view.settings.research.catch_up == "efficiency":
        return 0.0
    if gap == 0:
        lag = view.nation.research.lag_months
        view.problem(
            "E504",
            f"lag_months is 0, but {view.country}'s level lies {behind:.3g} log units behind the leader's",
            f"countries.{view.country}.research.lag_months",
            lag.location,
            hint="give the observed lag behind the leader, above 0",
        )
        return 0.0
    return behind / gap


@rule("automation", "research.automation_researchers_per_h100e")
def automation(view: View) -> Array:
    return view.series(view.settings.research.automation_researchers_per_h100e)


@rule("agents_limit", uses=["automation"])
def agents_limit(view: View) -> Array:
    return np.where(view["automation"] > 0, np.inf, 0.0)


@rule("frontier", from_leader_plan=True)
def frontier(view: View) -> Array | float:
    return 0.0 if view.path is None else np.array(view.path.knowledge)


@rule("leader_capability", from_leader_plan=True)
def leader_capability(view: View) -> Array | float:
    return 0.0 if view.path is None else np.array(view.path.capability)


@rule("leader_efficiency", from_leader_plan=True)
def leader_efficiency(view: View) -> Array | float:
    return 0.0 if view.path is None else np.array(view.path.efficiency)
