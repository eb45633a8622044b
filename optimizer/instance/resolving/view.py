"""What a rule sees: one country of an instance, the calendar, and the quantities it may build on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from models.parameters import TABLE, Array, LeaderPath, PlanSets
from optimizer.errors import Diagnostic
from optimizer.instance.country_schema import Country, Fleet
from optimizer.instance.instance import Instance
from optimizer.instance.resolving.registry import Rule, find_rule
from optimizer.instance.rules.law import Law, law
from optimizer.instance.rules.rulebook import rulebook
from optimizer.instance.schema import Chip, Market, Objective, Settings
from optimizer.instance.values import Location, Quantity, YearMap

T = TypeVar("T")


class Calendar:
    """The periods of a plan and the calendar years that they fall in. Dates are decimal years.

    `mid` are the middles of the periods and `elapsed` the years from the start to them, shape (periods,);
    `years` the calendar years and `middles` theirs, shape (years,); `year_of_period` the position in `years`
    of each period.
    """

    def __init__(self, sets: PlanSets, steps_per_year: int) -> None:
        self.dt = 1.0 / steps_per_year
        self.starts: Array = np.array(sets.starts)
        self.mid: Array = self.starts + self.dt / 2
        self.elapsed: Array = (np.arange(len(sets.starts), dtype=np.float64) + 0.5) * self.dt
        self.first_year = int(sets.starts[0])
        self.year_of_period: NDArray[np.int64] = np.arange(len(sets.starts)) // steps_per_year
        self.years: NDArray[np.int64] = self.first_year + np.arange(self.year_of_period[-1] + 1)
        self.middles: Array = self.years.astype(np.float64) + 0.5


class View:
    """One country of an instance, as the rules see it.

    `view["name"]` is another quantity of the same country; a rule may ask only for those it declares, so
    that the map from cells to parameters stays true; those that are `known` are not computed. Problems in the
    data go to `problems`, all of them, instead of stopping at the first.
    """

    def __init__(
        self,
        instance: Instance,
        country: str,
        sets: PlanSets,
        path: LeaderPath | None,
        objective: str,
        leader: View | None = None,
        known: Mapping[str, Array] | None = None,
    ) -> None:
        self.settings: Settings = instance.settings
        self.market: Market = instance.market
        self.nation: Country = instance.countries[country]
        self.weights: Objective = instance.settings.objectives[objective]
        self.chips: Mapping[str, Chip] = instance.chips
        self.nations: Mapping[str, Country] = instance.countries
        self.country = country
        self.sets = sets
        self.path = path
        self.steps_per_year: int = instance.settings.horizon.steps_per_year
        self.calendar: Calendar = leader.calendar if leader else Calendar(sets, self.steps_per_year)
        self.problems: list[Diagnostic] = leader.problems if leader else []
        self._instance = instance
        self._leader = leader
        self._known: dict[str, Array] = dict(known or {})
        self._columns: dict[str, Array] = leader._columns if leader else {}
        self._running: list[Rule] = []
        self._once: dict[Callable[[View], object], object] = {}

    @cached_property
    def law(self) -> Law:
        """The export and import rules that hold for the country, over the periods of the plan."""
        return law(rulebook(self._instance), self.country, self.sets.starts, self.calendar.dt)

    @cached_property
    def year_of_piece(self) -> NDArray[np.int64]:
        """The position in the calendar's years of each piece of time of the law, shape (pieces,)."""
        return self.calendar.year_of_period[self.law.pieces.period]

    def once(self, compute: Callable[[View], T]) -> T:
        """What `compute` makes of this view, made once however often it is asked for."""
        if compute not in self._once:
            self._once[compute] = compute(self)
        return cast(T, self._once[compute])

    @property
    def is_leader(self) -> bool:
        return self._leader is None

    def __getitem__(self, name: str) -> Array:
        """A quantity of this country. Raises `LookupError` if the running rule does not declare it."""
        if self._running and name not in self._running[-1].uses:
            raise LookupError(f"the rule for {self._running[-1].name} does not declare that it uses {name}")
        return self._quantity(name)

    def of_leader(self, name: str) -> Array:
        """A quantity of the leader. Raises `LookupError` if the running rule does not declare it."""
        if self._running and name not in self._running[-1].leader_uses:
            raise LookupError(f"the rule for {self._running[-1].name} does not declare the leader's {name}")
        return (self._leader or self)._quantity(name)

    def _quantity(self, name: str) -> Array:
        known = self._known.get(name)
        if known is None:
            here = find_rule(name)
            self._running.append(here)
            try:
                known = np.asarray(here.compute(self), dtype=np.float64)
            finally:
                self._running.pop()
            if name in TABLE and known.ndim == 0:
                known = np.full(self.sets.shape(TABLE[name].index), known)
            known.flags.writeable = False
            self._known[name] = known
        return known

    def observed_fleet(self, country: str) -> Fleet:
        """The fleet of a country with which the lag of the country at hand was observed."""
        return self._instance.observed_fleet(country, self.country)

    @property
    def reference_fleet(self) -> Fleet:
        """The leader's fleet as it was before any patch."""
        leader = self.settings.leader
        return self._instance.observed_fleets.get(leader, self.nations[leader].fleet)

    # calendar

    def series(self, quantity: Quantity | None, missing: float = 0.0) -> Array:
        """A rate or level at the middle of each period, shape (periods,)."""
        if quantity is None:
            return np.full(self.calendar.mid.shape, missing)
        return quantity.at(self.calendar.mid)

    def by_year(self, quantity: Quantity) -> Array:
        """The value in each calendar year, shape (years,)."""
        return quantity.at(self.calendar.middles)

    def to_periods(self, yearly: Array) -> Array:
        """Values of calendar years (last axis) as seen in each period."""
        return yearly[..., self.calendar.year_of_period]

    def arrivals(self, amounts: YearMap | None, path: str) -> Array:
        """Amounts of calendar years, spread evenly over the year's periods, shape (periods,)."""
        if amounts is None:
            return np.zeros(self.calendar.mid.shape)
        for year in amounts:
            if year < self.calendar.first_year:
                self.problem(
                    "E502",
                    f"arrives in {year}, before the plan starts in {self.calendar.first_year}",
                    f"{path}.{year}",
                    amounts[year].location or amounts.location,
                    hint="count what has arrived by then in the starting level",
                )
        return self.to_periods(amounts.numbers(self.calendar.years)) * self.calendar.dt

    # chips

    def chip_numbers(
        self, column: str, read: Callable[[Chip], Quantity | None], missing: float = np.nan
    ) -> Array:
        """One column of the chips, shape (chips,), `missing` where the cell is empty."""
        known = self._columns.get(column)
        if known is None:
            quantities = [read(chip) for chip in self.chips.values()]
            known = np.array([missing if one is None else one.number() for one in quantities])
            known.flags.writeable = False
            self._columns[column] = known
        return known

    @cached_property
    def chip_position(self) -> Mapping[str, int]:
        """Where each chip stands in the set of chips."""
        return {chip: position for position, chip in enumerate(self.sets.chips)}

    def chip_map(self, numbers: Mapping[str, Quantity]) -> Array:
        """Numbers given for some chips, shape (chips,), 0 for the others."""
        values = np.zeros(len(self.sets.chips))
        for chip, quantity in numbers.items():
            values[self.chip_position[chip]] = quantity.number()
        return values

    # lines

    def line_numbers(self, read: Callable[[str], Array | float], shape: tuple[int, ...] = ()) -> Array:
        """`read` for each of the country's lines stacked over all lines, 0 where the country has none."""
        values = np.zeros((len(self.sets.lines), *shape))
        for position, line in enumerate(self.sets.lines):
            if line in self.nation.industry.lines:
                values[position] = read(line)
        return values

    # problems

    def problem(
        self, code: str, message: str, path: str, location: Location | None, hint: str | None = None
    ) -> None:
        """Note an error in the data; `resolve` raises all of them together."""
        file, line, column = location or (None, None, None)
        found = Diagnostic(code, message, "error", file, line, column, path, hint)
        if found not in self.problems:
            self.problems.append(found)
