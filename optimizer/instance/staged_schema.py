"""The fields of the staged industry: how lines learn, and what nodes and tool classes take to unlock.

`staged` of `instance.yaml` holds what is the same everywhere, `industry.staged` of a country what is its own.
They matter only where `industry` is `staged`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from optimizer.instance.fields import (
    Id,
    Record,
    ScalarLead,
    ScalarNonNegative,
    ScalarShare,
    SeriesLimit,
    SeriesNonNegative,
)
from optimizer.instance.values import constant


class Programme(Record):
    """What it takes to master something, and how long research takes to bear."""

    cost_usd_bn: ScalarNonNegative
    lag_years: ScalarLead


class Level(Record):
    """A level of learning: reached with so much experience, and the share of good dies there."""

    experience_thousand_wafers: ScalarNonNegative
    # `yield` is a word of the language
    yield_: ScalarShare = Field(alias="yield")


class StagedLine(Record):
    """How a line learns, lowest level first; `module_kwpm` is the size in which its fabs come, 0 for any."""

    levels: Mapping[Id, Level] = Field(min_length=1)
    programme: Programme
    module_kwpm: ScalarNonNegative = constant(0.0)


class StagedTools(Record):
    """What a class of tools takes to master; toolmakers' plants alone then take `toolmaking_lead_years`."""

    programme: Programme
    toolmaking_lead_years: ScalarLead


class Staged(Record):
    """The staged industry, the same everywhere."""

    lines: Mapping[Id, StagedLine] = Field(default_factory=dict)
    tools: Mapping[Id, StagedTools] = Field(default_factory=dict)


class CountryStagedLine(Record):
    """What a country has learned on a line and has still to pay for its node: 0 of the programme is left of
    one that runs. `previous` is the line to master first, where it is another than the instance says."""

    experience_thousand_wafers: ScalarNonNegative
    other_learning_thousand_wafers_per_year: SeriesNonNegative = constant(0.0)
    programme_left: ScalarShare = constant(0.0)
    research_limit_usd_bn_per_year: SeriesNonNegative = constant(0.0)
    previous: Id | None = None


class CountryStagedTools(Record):
    """What a country has still to pay to make tools of a class; `build_limit_kwpm_per_year2` is the
    toolmaking that it can set up in staged mode."""

    programme_left: ScalarShare
    development_limit_usd_bn_per_year: SeriesNonNegative
    build_limit_kwpm_per_year2: SeriesLimit


class CountryStaged(Record):
    """The staged industry of a country."""

    lines: Mapping[Id, CountryStagedLine] = Field(default_factory=dict)
    tools: Mapping[Id, CountryStagedTools] = Field(default_factory=dict)
