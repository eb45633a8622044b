"""Policies beside a baseline: every headline number, its change, and whether the change means anything.

Two numbers whose ranges over all plans within the gap meet are indistinguishable; so are two objectives
that differ by less than the sum of their gaps. To the gaps of a follower whose leader's plan is another one
comes what the leaders' gaps leave open.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Final, NamedTuple

import numpy as np

from models.quantities import QUANTITIES
from optimizer.answer import metrics
from optimizer.answer.answer import Ranked
from optimizer.answer.comparison_numbers import (
    YARDSTICK,
    ZERO,
    Key,
    Number,
    Periods,
    agree,
    measured,
)
from optimizer.answer.run import CountryRun, WorldRun

BASELINE: Final = "baseline"
OBJECTIVE: Final[Key] = ("objective", "", "")
OBJECTIVE_AVERAGE: Final[Key] = ("objective_average", "", "")
AGAINST_LEADER: Final = frozenset({"lag_months", "effective_ratio", "compute_ratio"})


class Row(NamedTuple):
    """One line of `comparison.csv`: nan for what is not defined, `indistinguishable` None likewise.

    `value_within`: by how much the value may be off, half of its range.
    """

    country: str
    policy: str
    metric: str
    item: str
    period: str
    unit: str
    value: float
    baseline: float
    change: float
    change_percent: float
    indistinguishable: bool | None
    value_within: float


@dataclass(frozen=True)
class Comparison:
    """The same countries under a baseline and several policies; `worlds` holds the baseline first, and the
    name of each policy once. `asked`: the countries asked for, all of the baseline's if empty."""

    worlds: tuple[WorldRun, ...]
    asked: tuple[str, ...] = ()

    @property
    def baseline(self) -> WorldRun:
        return self.worlds[0]

    @property
    def policies(self) -> tuple[WorldRun, ...]:
        return self.worlds[1:]

    @property
    def countries(self) -> tuple[str, ...]:
        """Every country that some world has an outcome for, in the order asked for."""
        return tuple(dict.fromkeys(country for world in self.worlds for country in world.countries))

    @property
    def progress(self) -> tuple[int, int]:
        """How many plans came to an end, and how many were asked for."""
        asked = self.asked or tuple(self.baseline.instance.countries)
        return sum(len(world.countries) for world in self.worlds), len(asked) * len(self.worlds)

    def unsolved(self, world: WorldRun, country: str) -> bool:
        """Whether an interrupt came before the country's plan in a world."""
        return world.interrupted and country not in world.countries

    @cached_property
    def periods(self) -> Periods:
        """What is compared when: by the first world that has numbers at all."""
        known = (run.parameters for world in self.worlds for run in world.runs if run.parameters is not None)
        first = next(known, None)
        return Periods("", "", "") if first is None else Periods.of(first)

    @cached_property
    def _numbers(self) -> Mapping[tuple[str, str], Mapping[Key, Number]]:
        return {
            (world.policy, country): measured(run, world.leader_run, self.periods, self._moved_from(world))
            for world in self.worlds
            for country, run in world.countries.items()
        }

    def numbers(self, world: WorldRun, country: str) -> Mapping[Key, Number]:
        """A country's numbers in a world by metric, item and period; empty where there is no plan."""
        return self._numbers.get((world.policy, country), {})

    def leader_moved(self, world: WorldRun) -> bool:
        """Whether the leader's plan is another one than in the baseline."""
        return not _same_plan(world.leader_run, self.baseline.leader_run)

    def _moved_from(self, world: WorldRun) -> CountryRun | None:
        """The baseline's run of the leader, where the leader's plan is another one in a world."""
        return self.baseline.leader_run if self.leader_moved(world) else None

    def other_leader(self, world: WorldRun) -> bool:
        """Whether the leader is another country than in the baseline."""
        return world.leader != self.baseline.leader

    def same_plan(self, world: WorldRun, country: str) -> bool:
        """Whether the country has the very same plan as in the baseline."""
        return _same_plan(world.countries.get(country), self.baseline.countries.get(country))

    def shares_plan_with(self, world: WorldRun, country: str) -> WorldRun | None:
        """The first earlier world in which the country has the very same plan."""
        run = world.countries.get(country)
        earlier = self.worlds[: self.worlds.index(world)]
        return next((other for other in earlier if _same_plan(run, other.countries.get(country))), None)

    def comparable(self, world: WorldRun, country: str) -> bool:
        """Whether the country's objective is on the same scale as in the baseline, and both are known."""
        return self._agree(world, country, YARDSTICK)

    def same_zero(self, world: WorldRun, country: str) -> bool:
        """Whether the country's capability is counted from where it is in the baseline."""
        return self._agree(world, country, ZERO)

    def _agree(self, world: WorldRun, country: str, names: Sequence[str]) -> bool:
        """Whether some parameters of a country are the baseline's; not where either is unknown."""
        pair = [each.countries.get(country) for each in (world, self.baseline)]
        one, two = (None if run is None else run.parameters for run in pair)
        return one is not None and two is not None and agree(one, two, names)

    def change(self, world: WorldRun, country: str, key: Key) -> tuple[float, bool | None]:
        """A number's change from the baseline, and whether it is indistinguishable from none.

        nan and None where there is no plan on either side, or where the two are not of one kind: objectives
        on different scales, capability counted from different zeros, months and ratios against different
        leaders.
        """
        here, there = self.numbers(world, country).get(key), self.numbers(self.baseline, country).get(key)
        if here is None or there is None:
            return math.nan, None
        if self.same_plan(world, country):
            return 0.0, True
        if not self._of_one_kind(world, country, key[0]):
            return math.nan, None
        return here.value - there.value, here.meets(there)

    def _of_one_kind(self, world: WorldRun, country: str, metric: str) -> bool:
        if metric in AGAINST_LEADER:
            return not self.other_leader(world)
        if metric == "capability":
            return self.same_zero(world, country)
        return not metric.startswith("objective") or self.comparable(world, country)

    def change_within(self, world: WorldRun, country: str, key: Key) -> float:
        """By how much a number's change may be off: half of the range of each of the two numbers."""
        pair = [self.numbers(each, country).get(key) for each in (world, self.baseline)]
        return sum(number.within for number in pair if number is not None)

    def change_percent(self, world: WorldRun, country: str, key: Key) -> float:
        """The change relative to the baseline; nan where that is 0 or where a percentage says nothing."""
        there = self.numbers(self.baseline, country).get(key)
        if there is None or there.value == 0 or not QUANTITIES[key[0]].relative:
            return math.nan
        return 100 * self.change(world, country, key)[0] / there.value

    def worth(self, world: WorldRun, country: str) -> float | None:
        """The permanent gain in effective compute that is worth as much as the objective gains over the
        baseline, percent; None where that is not defined."""
        change, _ = self.change(world, country, OBJECTIVE)
        parameters = world.countries[country].parameters if country in world.countries else None
        if math.isnan(change) or parameters is None:
            return None
        log_percent = metrics.effective_compute_percent(np.array(change), parameters)
        return None if log_percent is None else 100 * math.expm1(float(log_percent) / 100)

    def rows(self) -> Iterator[Row]:
        """Every number of every country and policy, the baseline's own included."""
        for country in self.countries:
            base = self.numbers(self.baseline, country)
            for world in self.worlds:
                for key, number in self.numbers(world, country).items():
                    change, meets = self.change(world, country, key)
                    yield Row(
                        *(country, world.policy, *key, QUANTITIES[key[0]].unit, number.value),
                        baseline=base[key].value if key in base else math.nan,
                        change=change,
                        change_percent=self.change_percent(world, country, key),
                        indistinguishable=meets,
                        value_within=number.within,
                    )

    def ranking(self, country: str) -> list[Ranked]:
        """The policies, baseline included, by the objective that the country attains; best first.

        Those without a plan, or whose objective is on another scale, are left out. A policy shares the place
        of the best one from which it cannot be told apart.
        """
        found = [
            (self.numbers(world, country)[OBJECTIVE], world)
            for world in self.worlds
            if OBJECTIVE in self.numbers(world, country) and self.comparable(world, country)
        ]
        found.sort(key=lambda pair: -pair[0].value)
        ranked: list[Ranked] = []
        best: Number | None = None
        for position, (number, world) in enumerate(found, start=1):
            tied = best is not None and best.meets(number)
            best = best if tied else number
            gain, _ = self.change(world, country, OBJECTIVE_AVERAGE)
            ranked.append(
                Ranked(
                    policy=world.policy,
                    rank=ranked[-1].rank if tied else position,
                    change_average_log_units=None if math.isnan(gain) else gain,
                    worth_percent_effective_compute=self.worth(world, country),
                    indistinguishable_from_previous=tied,
                )
            )
        return ranked


def _same_plan(one: CountryRun | None, two: CountryRun | None) -> bool:
    """Whether two runs hold one plan: equal parameters are solved once."""
    return one is not None and two is not None and one.values is not None and one.values is two.values


def unique_names(names: Sequence[str]) -> list[str]:
    """Names of columns beside the baseline: one that is taken has its number behind it."""
    unique: list[str] = []
    for name in names:
        used = {BASELINE, *unique}
        # No number may make the name that another has by itself.
        numbered = (f"{name} ({number})" for number in count(2))
        free = next(each for each in numbered if each not in used and each not in names)
        unique.append(free if name in used else name)
    return unique
