"""The index sets of a plan: periods with their tail, delays, chips, lines, rules."""

from __future__ import annotations

import math
from typing import Final

from models.parameters import PlanSets
from optimizer.instance.instance import Instance
from optimizer.instance.schema import Horizon, Settings

PERIOD_NAMES: Final = {1: "{year}", 2: "{year}H{step}", 4: "{year}Q{step}", 12: "{year}M{step:02d}"}
TAIL_YEARS_AFTER_LONGEST_CHAIN: Final = 2.0
# a lead of a whole number of periods must not become one more by rounding
ROUNDING: Final = 1e-9

SETS_READ: Final = (
    "horizon",
    "power.lead_years",
    "talent.education_lead_years",
    "lines.*.lead_years",
    "lines.*.tools_per_wafer",
    "tool_classes.*.toolmaking_lead_years",
    "packaging.lead_years",
    "countries.*.industry.designer_ceilings",
    "countries.*.industry.toolmaking.*.build_limit_kwpm_per_year2",
    "memory.lead_years",
    "rules.*.scope",
    "rules.*.action",
    "rules.*.cap_value",
    "rules.*.cap_per",
    "rules.*.cap_basis",
)
"""Patterns of the cells that decide how many periods and delays there are, and which rules are caps."""


def longest_lead_years(settings: Settings) -> float:
    """The longest time, in years, that anything ordered takes to arrive."""
    leads = [
        *(settings.power.lead_years, settings.talent.education_lead_years),
        *(settings.memory.lead_years, settings.packaging.lead_years),
        *(line.lead_years for line in settings.lines.values()),
        *(tools.toolmaking_lead_years for tools in settings.tool_classes.values()),
    ]
    return max(lead.number() for lead in leads)


def longest_chain_years(instance: Instance) -> float:
    """The longest time, in years, from an order to the use of what comes of it: toolmakers, then a fab.

    Only classes of tools of which some country can set toolmaking up at all take part.
    """
    settings = instance.settings
    made = {
        name
        for nation in instance.countries.values()
        for name, one in nation.industry.toolmaking.items()
        if any(one.build_limit_kwpm_per_year2.in_year(year) > 0 for year in settings.horizon.years)
    }
    chains = [
        settings.tool_classes[one].toolmaking_lead_years.number() + line.lead_years.number()
        for line in settings.lines.values()
        for one, needed in line.tools_per_wafer.items()
        if one in made and one in settings.tool_classes and needed.number() > 0
    ]
    return max([longest_lead_years(settings), *chains])


def plan_years(instance: Instance) -> range:
    """The calendar years of a plan, its tail included."""
    horizon = instance.settings.horizon
    tail = math.ceil(longest_chain_years(instance) + TAIL_YEARS_AFTER_LONGEST_CHAIN - ROUNDING)
    return range(horizon.first_year, horizon.last_year + 1 + tail)


def period_labels(horizon: Horizon, count: int) -> tuple[str, ...]:
    """Labels of the first `count` periods: `2026`, `2026H1`, `2026Q1` or `2026M01`."""
    steps = horizon.steps_per_year
    name = PERIOD_NAMES[steps]
    return tuple(name.format(year=horizon.first_year + t // steps, step=t % steps + 1) for t in range(count))


def plan_sets(instance: Instance, country: str) -> PlanSets:
    """The index sets of `country`'s plan. All but `domestic` are the same for every country."""
    settings = instance.settings
    horizon = settings.horizon
    steps = horizon.steps_per_year
    longest = longest_lead_years(settings)
    reported = len(horizon.years) * steps
    chain = longest_chain_years(instance)
    tail = math.ceil((chain + TAIL_YEARS_AFTER_LONGEST_CHAIN) * steps - ROUNDING)
    periods = reported + tail
    designers = dict.fromkeys(
        group for nation in instance.countries.values() for group in nation.industry.designer_ceilings
    )
    caps = [cap for nation in instance.countries.values() for cap in nation.trade.caps]
    # caps that are not in force count too, so that a policy that turns one on keeps the structure
    rules = dict.fromkeys([*caps, *(name for name, rule in instance.rules.items() if rule.is_shared_cap)])
    return PlanSets(
        periods=period_labels(horizon, periods),
        reported=reported,
        starts=tuple(horizon.first_year + t / steps for t in range(periods)),
        chips=tuple(instance.chips),
        segments=tuple(settings.segments),
        lines=tuple(settings.lines),
        tool_classes=tuple(settings.tool_classes),
        designers=tuple(designers),
        rules=tuple(rules),
        delays=tuple(range(math.ceil(longest * steps - ROUNDING) + 1)),
        domestic=tuple(name for name, chip in instance.chips.items() if chip.domestic_in == country),
    )
