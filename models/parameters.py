"""The typed contract between an instance and the model: every number of one country's plan.

`TABLE` lists each parameter once, with its index sets, unit and meaning. `PlanParameters` holds the sets
and one float array per entry of `TABLE`; the model (`models.national`), the forward run
(`models.simulate`) and `kloof inspect` all read the same arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.money_machine import money_machine
from models.parameter_table import TABLE as TABLE
from models.parameter_table import ParameterSpec as ParameterSpec
from models.signs import MAY_BE_INFINITE, MAY_BE_NEGATIVE

Array = NDArray[np.float64]

USES: Final = ("research", "delivery")
CATEGORIES: Final = ("research", "delivery", "chips", "talent", "power")
COMMON_SUPPLIES: Final = ("grey", "rent", "recruit", "hbm", "packaging")

# Nearer to 0 than this the CES exponent loses digits; Cobb-Douglas, its limit, is used instead.
COBB_DOUGLAS_RANGE: Final = 1e-6
# Logarithms and CES need arguments above 0.
SMALLEST_INDEX: Final = 1e-9
# Below this rate per year the formula for knowledge gained loses digits, and its limit is the period itself.
SMALLEST_SPILLOVER: Final = 1e-7
# parameters that may be infinite or negative alike
_KINDS: Final = tuple(
    kind
    for infinite, negative in product((False, True), repeat=2)
    if (
        kind := tuple(
            name
            for name in TABLE
            if (name in MAY_BE_INFINITE, name in MAY_BE_NEGATIVE) == (infinite, negative)
        )
    )
)


# The premium divides by the normal pace of a supply.
LEAST_NORMAL_PACE: Final = 1e-3


@dataclass(frozen=True)
class PlanSets:
    """The index sets of one country's plan.

    `periods` are labels, tail included; the first `reported` are shown. `starts` holds the start of each
    period in decimal years; `delays` is 0..longest lead, in periods. `levels` are those of learning in staged
    mode, lowest first; without levels the plan is in path mode. `domestic` are the chips that this country
    makes on its lines, `made` those that any country makes: the others can only be bought, and have no rows
    of the industry.
    """

    periods: tuple[str, ...]
    reported: int
    starts: tuple[float, ...]
    chips: tuple[str, ...]
    segments: tuple[str, ...]
    lines: tuple[str, ...]
    tool_classes: tuple[str, ...]
    designers: tuple[str, ...]
    rules: tuple[str, ...]
    delays: tuple[int, ...]
    domestic: tuple[str, ...]
    made: tuple[str, ...]
    levels: tuple[str, ...] = ()

    @property
    def uses(self) -> tuple[str, ...]:
        return USES

    @property
    def categories(self) -> tuple[str, ...]:
        return CATEGORIES

    @property
    def supplies(self) -> tuple[str, ...]:
        """The supplies that cost more when bought faster: common ones, each class of tools, each line."""
        return COMMON_SUPPLIES + self.tool_classes + self.lines

    @property
    def staged_lines(self) -> tuple[str, ...]:
        """The lines whose yields are earned: all in staged mode, which has levels, else none."""
        return self.lines if self.levels else ()

    @property
    def path_lines(self) -> tuple[str, ...]:
        """The lines whose yields follow a given path."""
        return () if self.levels else self.lines

    @property
    def staged_classes(self) -> tuple[str, ...]:
        """The classes of tools that a programme unlocks: all in staged mode, else none."""
        return self.tool_classes if self.levels else ()

    @property
    def foreign(self) -> tuple[str, ...]:
        home = set(self.domestic)
        return tuple(chip for chip in self.chips if chip not in home)

    @property
    def made_places(self) -> list[int]:
        """Where the chips that some country makes stand among all of them."""
        return [self.chips.index(chip) for chip in self.made]

    @property
    def base_and_periods(self) -> tuple[str, ...]:
        """The base state (label `base`), then every period."""
        return ("base", *self.periods)

    def members(self, name: str) -> tuple[str | int, ...]:
        """The members of the set called `name` in `ParameterSpec.index`."""
        members: tuple[str | int, ...] = getattr(self, name)
        return members

    def items(self, index: Iterable[str]) -> list[str]:
        """What some sets index but periods, row by row: members joined by `/`; one empty name for no set."""
        names = [self.members(name) for name in index if name != "periods"]
        return ["/".join(map(str, keys)) for keys in product(*names)]

    def shape(self, index: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(len(self.members(name)) for name in index)

    @property
    def structure(self) -> tuple[tuple[str | int, ...], ...]:
        """What the compiled program depends on: two plans of equal structure share it."""
        return (
            *(self.periods[: self.reported], self.periods, self.chips, self.segments, self.lines),
            *(self.made, self.tool_classes, self.designers, self.rules, self.delays, self.levels),
        )


class ParameterError(ValueError):
    """A parameter breaks the contract of `TABLE`. `parameter` names it."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(f"{parameter}: {message}")
        self.parameter = parameter


@dataclass(frozen=True)
class LeaderPath:
    """What followers see of the leader's plan: log units and leader-effort years per period of the same
    horizon (tail included); `knowledge` has the base state first, length T+1. `imports` is thousand chips
    per period, shape (chips, periods), `installed` the compute of the fleet during each period, kH100e at its
    research rating. `growth_before_base` is the leader's capability growth per year
    before the base year, log units, and `base_capability` its level in the base state."""

    country: str
    capability: Array
    efficiency: Array
    knowledge: Array
    imports: Array
    installed: Array
    base_capability: float
    growth_before_base: float


@dataclass(frozen=True)
class PlanParameters:
    """Every number of one country's plan: one float array per row of `TABLE`, shaped by its index sets."""

    country: str
    sets: PlanSets
    values: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.values[name]

    def scalar(self, name: str) -> float:
        return float(self.values[name])

    def check(self) -> None:
        """Raise `ParameterError` where names, shapes or values break the contract."""
        missing = [name for name in TABLE if name not in self.values]
        unknown = [name for name in self.values if name not in TABLE]
        if missing or unknown:
            raise ParameterError(
                (missing + unknown)[0], f"parameters missing: {missing}, not in the table: {unknown}"
            )
        sizes = {name: len(self.sets.members(name)) for spec in TABLE.values() for name in spec.index}
        for name, spec in TABLE.items():
            shape = tuple(sizes[each] for each in spec.index)
            if self.values[name].shape != shape:
                raise ParameterError(name, f"shape {self.values[name].shape}, expected {shape}")
        # one look at all numbers of a kind; at each parameter only where that finds something
        if not all(self._sound(kind) for kind in _KINDS):
            for name in TABLE:
                self._check_numbers(name)
        self._check_ranges()

    def _sound(self, kind: tuple[str, ...]) -> bool:
        """Whether every number of some parameters of one kind has a sign and a size that it may have."""
        numbers = np.concatenate([self.values[name].ravel() for name in kind])
        enough = numbers > -np.inf if kind[0] in MAY_BE_NEGATIVE else numbers >= 0
        return bool(enough.all() and (kind[0] in MAY_BE_INFINITE or (numbers < np.inf).all()))

    def _check_numbers(self, name: str) -> None:
        array = self.values[name]
        if np.isnan(array).any():
            raise ParameterError(name, "holds a value that is not a number")
        if name in MAY_BE_INFINITE:
            if (array == -np.inf).any():
                raise ParameterError(name, "must not be minus infinity")
        elif not np.isfinite(array).all():
            raise ParameterError(name, "must be finite")
        if name not in MAY_BE_NEGATIVE and (array < 0).any():
            raise ParameterError(name, f"must not be negative, got {array.min():g}")

    def _check_ranges(self) -> None:
        v = self.values
        conditions = [
            ("theta", (v["theta"] > 0) & (v["theta"] < 1), "must lie between 0 and 1"),
            (
                "substitution",
                (v["substitution"] >= 0.1) & (v["substitution"] <= 10),
                "must lie in 0.1 to 10",
            ),
            ("parallel", (v["parallel"] > 0) & (v["parallel"] <= 1), "must lie in 0 (excluded) to 1"),
            ("data_slope", v["data_slope"] <= 1, "must not exceed 1"),
            (
                "data_slope",
                (v["data_slope"] < 1) | np.isfinite(v["data_wall"]),
                "must be below 1 where there is no data wall",
            ),
            ("use0", np.isclose(v["use0"].sum(), 1), "must sum to 1"),
            ("openness", v["openness"] <= 1, "must not exceed 1"),
            ("transfer", v["transfer"] <= 1, "must not exceed 1"),
            ("attrition", v["attrition"] < 1, "must be below 1"),
            ("survival", v["survival"] <= 1, "must not exceed 1"),
            (
                "is_domestic",
                np.delete(v["is_domestic"], self.sets.made_places) == 0,
                "must be 0 of chips that nobody makes",
            ),
            ("interest", v["interest"] > -1, "must exceed -1"),
            ("wafer_yield", v["wafer_yield"] <= 1, "must not exceed 1"),
            ("launched", v["launched"] <= 1, "must not exceed 1"),
            ("yield_level", v["yield_level"] <= 1, "must not exceed 1"),
            ("yield_level", np.diff(v["yield_level"], axis=1) >= 0, "must not fall from level to level"),
            ("learning_wafers", v["learning_wafers"][:, :1] == 0, "must be 0 at the lowest level"),
            (
                "learning_wafers",
                np.diff(v["learning_wafers"], axis=1) >= 0,
                "must not fall from level to level",
            ),
            ("reachable", v["reachable"].sum(axis=1) > 0, "must leave a level in every period"),
            ("previous_line", v["previous_line"].sum(axis=1) <= 1, "must name one line at most"),
            (
                "service_ceiling",
                v["service_ceiling"] > v["service_floor"],
                "satiation must exceed what is required",
            ),
            ("share_floor", v["share_floor"] <= v["share_ceiling"], "must not exceed the ceiling"),
            (
                "cost_recovery",
                v["cost_recovery"] + v["home_return"] < 1,
                "with home_return must stay below 1, or money would make money",
            ),
            (
                "shortfall_weight",
                np.isclose(v["shortfall_weight"].sum(axis=0), 1),
                "must sum to 1 over the segments",
            ),
        ]
        conditions += [
            (name, v[name].sum(axis=-1) <= 1 + 1e-9, "shares must not sum to more than 1")
            for name in (
                *("power_arrival", "education_arrival", "wafer_arrival", "hbm_arrival"),
                *("packaging_arrival", "toolmaking_arrival", "node_arrival", "class_arrival"),
            )
        ]
        conditions += [
            (name, v[name] > 0, "must be positive")
            for name in (
                "dt",
                "discount",
                "compute_ref",
                "compute_floor",
                "talent_ref",
                "knowledge0",
                "knowledge_ref",
                "data_wall",
                "segment_ref",
                "segment_floor",
                "autonomy_floor",
                "world_spend",
                "supply_elasticity",
                "elasticity",
            )
        ]
        conditions.append(("normal", v["normal"] >= LEAST_NORMAL_PACE, "must not be below 0.001"))
        for name, holds, message in conditions:
            if not np.all(holds):
                raise ParameterError(name, message)
        gain = money_machine(v, self.sets.chips, self.sets.periods)
        if gain is not None:
            raise ParameterError("cost_recovery", gain)
