"""The kinds of fields that an instance is made of, and the closed group that they stand in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from optimizer.instance.field_rules import (
    COUNTRY_RULE,
    ID_RULE,
    LINE_RULE,
    DateRule,
    IdsRule,
    Rule,
    YearMapRule,
)
from optimizer.instance.values import CalendarDate, Quantity, YearMap

Id = Annotated[str, ID_RULE]
LineId = Annotated[str, LINE_RULE]
CountryId = Annotated[str, COUNTRY_RULE]
Ids = Annotated[tuple[str, ...], IdsRule()]
IdsOrAll = Annotated[tuple[str, ...] | Literal["all"], IdsRule("all")]
Category = Literal["research", "delivery", "chips", "talent", "power"]
Text = Annotated[str, Field(min_length=1, pattern=r"^[^\n]*\n?$")]
Texts = Annotated[
    tuple[Text, ...],
    Field(min_length=1),
    BeforeValidator(lambda raw: tuple(raw) if type(raw) is list else raw),
]
Year = Annotated[int, Field(ge=1990, le=2200)]
Date = Annotated[CalendarDate, DateRule()]

Scalar = Annotated[Quantity, Rule()]
ScalarPositive = Annotated[Quantity, Rule(gt=0)]
ScalarNonNegative = Annotated[Quantity, Rule(ge=0)]
ScalarShare = Annotated[Quantity, Rule(ge=0, le=1)]
ScalarLimit = Annotated[Quantity, Rule(ge=0, infinite=True)]
ScalarElasticity = Annotated[Quantity, Rule(gt=0, infinite=True)]
ScalarRate = Annotated[Quantity, Rule(gt=-1)]
ScalarLead = Annotated[Quantity, Rule(ge=0, le=30)]
Series = Annotated[Quantity, Rule(series=True)]
SeriesPositive = Annotated[Quantity, Rule(series=True, gt=0)]
SeriesNonNegative = Annotated[Quantity, Rule(series=True, ge=0)]
SeriesShare = Annotated[Quantity, Rule(series=True, ge=0, le=1)]
SeriesLimit = Annotated[Quantity, Rule(series=True, ge=0, infinite=True)]
Years = Annotated[YearMap, YearMapRule()]
PastYears = Annotated[YearMap, YearMapRule(past=True)]


class Record(BaseModel):
    """A closed, immutable group of fields."""

    # a group within another one is checked with it: few are ever checked alone
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, defer_build=True
    )
