"""The index sets of a plan: periods with their tail, delays, chips, lines, rules."""

from __future__ import annotations

import math
from typing import Final

from models.parameters import PlanSets
from optimizer.instance.country_schema import Country
from optimizer.instance.instance import Instance
from optimizer.instance.schema import Horizon, Settings
from optimizer.instance.staged_schema import Staged
from optimizer.instance.values import Quantity

PERIOD_NAMES: Final = {1: "{year}", 2: "{year}H{step}", 4: "{year}Q{step}", 12: "{year}M{step:02d}"}
TAIL_YEARS_AFTER_LONGEST_CHAIN: Final = 2.0
# a lead of a whole number of periods must not become one more by rounding
ROUNDING: Final = 1e-9

SETS_READ: Final = (
    "horizon",
    "chips.*.domestic_in",
    "power.lead_years",
    "talent.education_lead_years",
    "lines.*.lead_years",
    "lines.*.tools_per_wafer",
    "tool_classes.*.toolmaking_lead_years",
    "packaging.lead_years",
    "countries.*.industry.designer_ceilings",
    "countries.*.industry.toolmaking.*.build_limit_kwpm_per_year2",
    "memory.lead_years",
    "industry",
    "staged.lines.*.levels",
    "staged.lines.*.programme.lag_years",
    "staged.tools.*.programme.lag_years",
    "staged.tools.*.toolmaking_lead_years",
    "countries.*.industry.staged.tools.*.build_limit_kwpm_per_year2",
    "rules.*.scope",
    "rules.*.action",
    "rules.*.cap_value",
    "rules.*.cap_per",
    "rules.*.cap_basis",
)
"""Patterns of the cells that decide how many periods and delays there are, which chips are made somewhere,
and which rules are caps."""


def longest_lead_years(settings: Settings) -> float:
    """The longest time, in years, that anything ordered takes to arrive."""
    leads = [
        *(settings.power.lead_years, settings.talent.education_lead_years),
        *(settings.memory.lead_years, settings.packaging.lead_years),
        *(line.lead_years for line in settings.lines.values()),
        *(line.programme.lag_years for line in staged(settings).lines.values()),
        *(tools.programme.lag_years for tools in staged(settings).tools.values()),
    ]
    of_tools = (toolmaking_lead_years(settings, name) for name in settings.tool_classes)
    return max(*(lead.number() for lead in leads), *of_tools)


def staged(settings: Settings) -> Staged:
    """What the instance says of the staged industry; nothing where it is in path mode."""
    return settings.staged if settings.industry == "staged" and settings.staged else Staged()


def level_names(settings: Settings) -> tuple[str, ...]:
    """The levels of learning, lowest first, named by their number; none in path mode."""
    most = max((len(line.levels) for line in staged(settings).lines.values()), default=0)
    return tuple(f"l{number + 1}" for number in range(most))


def longest_chain_years(instance: Instance) -> float:
    """The longest time, in years, from an order to the use of what comes of it: toolmakers, then a fab; in
    staged mode the programme for the tools before them, or the one for the node.

    Only classes of tools of which some country can set toolmaking up at all take part.
    """
    settings, stages = instance.settings, staged(instance.settings)
    made = {
        name
        for nation in instance.countries.values()
        for name in settings.tool_classes
        if _sets_up(settings, nation, name)
    }
    chains = [
        _until_made(settings, one) + line.lead_years.number()
        for line in settings.lines.values()
        for one, needed in line.tools_per_wafer.items()
        if one in made and needed.number() > 0
    ]
    nodes = [
        one.programme.lag_years.number() + settings.lines[name].lead_years.number()
        for name, one in stages.lines.items()
        if name in settings.lines
    ]
    return max([longest_lead_years(settings), *chains, *nodes])


def _sets_up(settings: Settings, nation: Country, tools: str) -> bool:
    """Whether a country can set up toolmaking of a class in some year."""
    limit = toolmaking_limit(settings, nation, tools)
    return limit is not None and any(limit.in_year(year) > 0 for year in settings.horizon.years)


def toolmaking_limit(settings: Settings, nation: Country, tools: str) -> Quantity | None:
    """The toolmaking of a class that a country can set up a year; in staged mode what it says for that."""
    own = nation.industry.staged
    if settings.industry == "staged" and own is not None and tools in own.tools:
        return own.tools[tools].build_limit_kwpm_per_year2
    one = nation.industry.toolmaking.get(tools)
    return None if one is None else one.build_limit_kwpm_per_year2


def toolmaking_lead_years(settings: Settings, tools: str) -> float:
    """Years that toolmaking of a class takes to set up; in staged mode without the development before it."""
    stages = staged(settings).tools
    lead = (stages if tools in stages else settings.tool_classes)[tools].toolmaking_lead_years
    return lead.number()


def _until_made(settings: Settings, tools: str) -> float:
    stages = staged(settings).tools
    programme = stages[tools].programme.lag_years.number() if tools in stages else 0.0
    return programme + toolmaking_lead_years(settings, tools)


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
        made=tuple(name for name, chip in instance.chips.items() if chip.domestic_in is not None),
        levels=level_names(settings),
    )
