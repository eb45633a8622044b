"""What a saved run's names mean: what `context.json` says of countries, chips and sources."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.answer.part import Part


class Years(Part):
    """The calendar years that a run is about."""

    first_year: int
    last_year: int


class NamedCountry(Part):
    """A country by name, and what its data say of it."""

    name: str
    note: str = ""


class RatedChip(Part):
    """A chip by name, its designer, and H100-equivalents per chip."""

    name: str = ""
    designer: str = ""
    research_h100e: float | None = None
    delivery_h100e: float | None = None


class CitedSource(Part):
    """A source that inputs of a run cite."""

    title: str
    url: str = ""
    date: str = ""
    confidence: str = ""


class Context(Part):
    """What names of a run mean, by id; all empty where nothing is known. `titles` are those of segments,
    lines, classes of tools and rules, by the name of their set in `models.limits`."""

    schema_version: int | None = None
    horizon: Years | None = None
    countries: Mapping[str, NamedCountry] = {}
    chips: Mapping[str, RatedChip] = {}
    titles: Mapping[str, Mapping[str, str]] = {}
    sources: Mapping[str, CitedSource] = {}
