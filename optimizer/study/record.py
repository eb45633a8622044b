"""The plans of a world as they are set beside observed figures: chips by year, price and date."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from models.parameters import Array, PlanParameters
from optimizer.answer import metrics
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.instance import Instance
from optimizer.instance.blocs import parts

HOME: Final = ("domestic",)
ALL_WAYS: Final = ("imports", "grey", "domestic")
MILLION_USD_PER_BILLION: Final = 1e3

Keep = Callable[[str], bool]


def every(chip: str) -> bool:
    """Keep every chip."""
    return True


@dataclass(frozen=True)
class Plan:
    """One country's plan, read by chips and calendar years. `run` must hold parameters and values."""

    instance: Instance
    run: CountryRun

    @cached_property
    def parameters(self) -> PlanParameters:
        if self.run.parameters is None:
            raise ValueError(f"{self.run.country} has no plan to calibrate")
        return self.run.parameters

    @cached_property
    def values(self) -> Mapping[str, Array]:
        if self.run.values is None:
            raise ValueError(f"{self.run.country} has no plan to calibrate")
        return self.run.values

    @property
    def chips(self) -> tuple[str, ...]:
        return self.parameters.sets.chips

    def mask(self, keep: Keep) -> Array:
        return np.array([float(keep(chip)) for chip in self.chips])

    def designed(self, designer: str) -> Keep:
        return lambda chip: self.instance.chips[chip].designer == designer

    @cached_property
    def dense(self) -> Array:
        """H100e of a chip at dense 8-bit throughput, software left out, shape (chips,)."""
        maturity = [self.instance.chips[chip].software_maturity.number() for chip in self.chips]
        return np.asarray(self.parameters["research_h100e"] / np.array(maturity))

    @cached_property
    def price(self) -> Array:
        """Price of a chip alone, thousand USD, shape (chips, periods)."""
        system = [self.instance.chips[chip].system_price_multiplier.number() for chip in self.chips]
        return np.asarray(self.parameters["unit_cost"] / np.array(system)[:, None])

    def periods(self, year: int) -> Array:
        """1 for the periods of a calendar year, shape (periods,)."""
        return np.array([float(year <= start < year + 1) for start in self.parameters.sets.starts])

    def came(self, year: int, ways: Iterable[str] = ALL_WAYS) -> Array:
        """Thousand chips that came in a year, by any of the ways, shape (chips,)."""
        return np.asarray(sum(self.values[way] for way in ways) @ self.periods(year))

    def paid(self, year: int, ways: Iterable[str] = ALL_WAYS, keep: Keep = every) -> float:
        """What the chips of a year cost at the chip's own price, USD bn."""
        flow = sum(self.values[way] for way in ways) * self.price
        return float(self.mask(keep) @ flow @ self.periods(year)) / MILLION_USD_PER_BILLION

    def came_by(self, date: float, ways: Iterable[str] = ALL_WAYS) -> Array:
        """Thousand chips that came from the base state to a date, shape (chips,): evenly within a period,
        but a chip that is launched in it only from then on."""
        p = self.parameters
        starts = np.array(p.sets.starts)
        launch = np.array([self.instance.chips[chip].launch.start for chip in self.chips])
        first = np.maximum(starts, np.minimum(launch[:, None], starts + p.scalar("dt") * 0.99))
        part = np.clip((date - first) / (starts + p.scalar("dt") - first), 0.0, 1.0)
        return np.asarray((sum(self.values[way] for way in ways) * part).sum(axis=1))

    def acquired(self, date: float, keep: Keep = every) -> float:
        """H100e of the base state and of all that came until a date; failures are left out, as by those
        who count chips."""
        chips = self.parameters["fleet0"] + self.came_by(date)
        return 1e3 * float((self.dense * self.mask(keep)) @ chips)

    def at_mid(self, name: str, year: float) -> float:
        """A level without an index at a date, between the middles of periods by interpolation."""
        return float(np.interp(year, metrics.mid_dates(self.parameters), self.values[name]))


@dataclass(frozen=True)
class Record:
    """The plans of a world: what the counterparts are read from."""

    instance: Instance
    world: WorldRun

    @cached_property
    def plans(self) -> Mapping[str, Plan]:
        """By country, parts of a bloc left out."""
        runs = self.world.countries.items()
        counted = parts(self.instance)
        return {country: Plan(self.instance, run) for country, run in runs if country not in counted}

    @property
    def first_year(self) -> int:
        return self.instance.horizon.first_year

    def acquired(self, date: float) -> float:
        """H100e of all countries, as `Plan.acquired`."""
        return sum(plan.acquired(date) for plan in self.plans.values())
