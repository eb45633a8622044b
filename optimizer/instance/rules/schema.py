"""`rules.yaml`: export and import rules as data, and the groups of countries that they name.

A rule says whom it concerns, when, which chips (by name or by published metrics), and what it does. How
several of them decide together is in `optimizer.instance.rules.decide`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from optimizer.instance.field_rules import PROBLEMS, DayRule
from optimizer.instance.fields import (
    Id,
    Ids,
    IdsOrAll,
    Record,
    ScalarNonNegative,
    ScalarPositive,
    SeriesNonNegative,
    SeriesShare,
    Text,
)
from optimizer.instance.problem import Problem
from optimizer.instance.values import CalendarDate

Day = Annotated[CalendarDate, DayRule()]
Side = Literal["export", "import"]
Scope = Literal["chips", "memory", "tools", "rental", "grey"]
Counts = Literal["chips", "tpp", "h100e", "usd"]
Basis = Literal["per_year", "total", "share_of_leader_supply", "share_of_leader_purchases"]
InForce = Literal["dated", "past", "always", "never"]
Action = Literal["deny", "license", "cap", "fee", "mandate", "multiply", "suspend", "exempt", "none"]

SHARED_BASES: Final = ("per_year", "total")
"""Bases of a cap that several chips can have in common; the others are limits of each chip by itself."""


class Bound(Record):
    """A metric's window: `min` itself is inside, `max` is not. One that is left out bounds nothing."""

    min: ScalarNonNegative | None = None
    max: ScalarPositive | None = None

    @model_validator(mode="before")
    @classmethod
    def _bounds_something(cls, raw: object) -> object:
        if raw == {}:
            problem = Problem("E102", "bounds nothing", "give `min` (included), `max` (excluded) or both")
            raise PydanticCustomError(PROBLEMS, "invalid value", {"problems": [problem]})
        return raw


UNBOUNDED: Final = Bound.model_construct()


class Condition(Record):
    """Windows of published metrics, all of which must be met; without any, everything meets it."""

    tpp: Bound = UNBOUNDED
    performance_density: Bound = UNBOUNDED
    memory_bandwidth_gbs: Bound = UNBOUNDED
    io_bandwidth_gbs: Bound = UNBOUNDED
    total_bandwidth_gbs: Bound = UNBOUNDED
    memory_bandwidth_density_gbs_mm2: Bound = UNBOUNDED
    node_nm: Bound = UNBOUNDED

    def bounds(self) -> Mapping[str, Bound]:
        """The windows that bound something, by metric."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: one for name, one in found.items() if one.min is not None or one.max is not None}


class ExportRule(Record):
    """One rule of export or import control."""

    title: Text
    group: Id | None = None
    issuer: Text
    status: Text
    side: Side
    destinations: IdsOrAll
    excluded_destinations: Ids = ()
    test: Literal["headquarters", "location"] = "headquarters"
    suppliers: IdsOrAll = "all"
    # `from` is a word of the language
    from_: Day = Field(alias="from")
    to: Day | None = None
    in_force: InForce = "dated"
    scope: Scope = "chips"
    chips: Ids = ()
    tool_classes: Ids = ()
    condition: Condition = Condition()
    alternatives: Mapping[Id, Condition] = Field(default_factory=dict)
    action: Action
    approval_share: SeriesShare | None = None
    cap_value: SeriesNonNegative | None = None
    cap_counts: Counts = "chips"
    cap_basis: Basis = "per_year"
    cap_per: Literal["together", "chip"] = "together"
    consignees: ScalarNonNegative | None = None
    fee_share: SeriesShare | None = None
    mandate_share: SeriesShare | None = None
    multiplier: SeriesShare | None = None
    suspends: Ids = ()
    relaxes: Ids = ()
    reason: str = ""
    source: Ids = ()
    note: str = ""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of which one must be met; none where everything meets the rule."""
        written = (self.condition, *self.alternatives.values())
        return tuple(one for one in written if one.bounds())

    @property
    def start(self) -> float:
        """The first moment of the window, decimal years."""
        return self.from_.start

    @property
    def end(self) -> float:
        """The first moment after the window, decimal years."""
        return float("inf") if self.to is None else self.to.end

    @property
    def has_window(self) -> bool:
        """Whether it holds from its first day to its last, and not always or never."""
        return self.in_force in ("dated", "past")

    @property
    def factor(self) -> float:
        """How often the amount of a cap counts: for each consignee of an exemption."""
        return 1.0 if self.consignees is None else self.consignees.number()

    @property
    def is_shared_cap(self) -> bool:
        """Whether it can limit several chips together, in force or not."""
        caps = self.action in ("cap", "license", "exempt") and self.cap_value is not None
        return caps and self.cap_per == "together" and self.cap_basis in SHARED_BASES


class RulesFile(Record):
    """`rules.yaml`: rules by name, and groups of countries that rules may name as destinations."""

    destination_groups: Mapping[Id, Ids] = Field(default_factory=dict)
    rules: Mapping[Id, ExportRule] = Field(default_factory=dict)
