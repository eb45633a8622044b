"""What the next dollar of research is worth against the next fab, in staged mode: by solves of gifts.

Money that may only be spent on what a plan buys anyway is worth what any money is. So each gift is a thing:
so much of a programme done, or a fab that stands from the year in which one ordered at once would. A plan is
solved anew with each, and its worth is told per dollar that the thing costs, beside that of cash that is free
to go anywhere at any time. Duals of the program with its integers fixed say nothing of this: they hold no
programme open that the plan leaves, and no fab that it does not order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from models.parameters import Array, PlanParameters
from optimizer.answer.explanation import percent_of
from optimizer.answer.next_dollar import (
    CASH,
    FAB,
    MEMORY,
    PACKAGING,
    PROGRAMME,
    RESEARCH,
    GiftWorth,
    ranked,
)
from optimizer.answer.run import OPTIMAL, CountryRun, WorldRun
from optimizer.answer.worth import SolvedWorth
from optimizer.errors import Diagnostic
from optimizer.instance import Instance, patch, resolve
from optimizer.solver import Solver
from optimizer.study.ask import Ask
from optimizer.study.plan_solver import PlanSolver
from optimizer.study.runner import process_ended, run_each
from optimizer.study.worths import worth_of

# A supply is bought at the price of the first period.
NOW: Final = 0


@dataclass(frozen=True)
class Gift:
    """A gift of a `kind`, what it costs, how much it is, and the patches that give it."""

    kind: str
    item: str
    words: str
    usd_bn: float
    amount: float
    unit: str
    patches: tuple[str, ...]


def gifts(instance: Instance, parameters: PlanParameters, usd_bn: float) -> list[Gift]:
    """Everything of USD `usd_bn` bn that a country in staged mode may be given: cash, research on each
    programme that is left (and all of it), and fabs, memory and packaging that come within its horizon."""
    return [
        _cash(instance, parameters, usd_bn),
        *_research(parameters, usd_bn),
        *_plants(instance, parameters, usd_bn),
    ]


def with_next_dollar(world: WorldRun, ask: Ask) -> WorldRun:
    """The world with what every gift is worth to each country whose plan is optimal; an interrupt leaves it
    as it is, but for saying so."""
    assert ask.next_dollar is not None
    items: list[tuple[CountryRun, Gift]] = []
    for run in world.countries.values():
        if (
            run.status == OPTIMAL
            and run.parameters is not None
            and percent_of(0.0, run.parameters) is not None
        ):
            items += [(run, gift) for gift in gifts(ask.instance, run.parameters, ask.next_dollar)]
    problems: dict[str, list[Diagnostic]] = {}

    def worth(position: int) -> GiftWorth | None:
        run, gift = items[position]
        return _solved(run, gift, ask)

    def lost(position: int, how: str) -> GiftWorth | None:
        run, gift = items[position]
        problem = process_ended(f"what {gift.words} is worth to {run.country}", how, "warning")
        problems.setdefault(run.country, []).append(problem)
        return None

    try:
        found = list(run_each(worth, range(len(items)), ask.processes, lost))
    except KeyboardInterrupt:
        return replace(world, interrupted=True)
    by_country: dict[str, list[GiftWorth]] = {}
    for (run, _), one in zip(items, found, strict=True):
        if one is not None:
            by_country.setdefault(run.country, []).append(one)
    runs = {
        country: replace(
            run,
            gifts=ranked(by_country.get(country, ())),
            diagnostics=(*run.diagnostics, *problems.get(country, ())),
        )
        for country, run in world.countries.items()
    }
    return replace(world, countries=runs)


def _solved(run: CountryRun, gift: Gift, ask: Ask) -> GiftWorth | None:
    """What one gift is worth, from the plan's own start; None where that finds no optimum."""
    assert run.solution is not None
    follows = None if run.country == ask.instance.leader else run.leader
    changed = resolve(patch(ask.instance, gift.patches, stack=True), run.country, follows, ask.objective)
    solver = PlanSolver(run.solution.program, Solver(run.solution.program))
    solved: SolvedWorth | None = worth_of(solver, run, changed, ask.gap, ask.time_limit)
    if solved is None:
        return None
    told = {name: getattr(gift, name) for name in ("kind", "item", "words", "usd_bn", "amount", "unit")}
    return GiftWorth(**told, solved=solved)


def _cash(instance: Instance, p: PlanParameters, usd_bn: float) -> Gift:
    """Cash at the start; as much more may be carried over, so that it can wait."""
    budget = f"countries.{p.country}.budget"
    patches = [f"{budget}.cash0_usd_bn = {p.scalar('cash0') + usd_bn!r}"]
    incomes: dict[int, float] = {}
    for period, income in zip(p.sets.periods[: p.sets.reported], p["income"], strict=False):
        incomes.setdefault(int(period[:4]), float(income))
    share = instance.countries[p.country].budget.carry_limit_share_of_income
    patches += [
        f"{budget}.carry_limit_share_of_income[{year}] += {usd_bn / income!r}"
        for year, income in incomes.items()
        if income > 0 and np.isfinite(share.in_year(year))
    ]
    return Gift(CASH, "", "cash", usd_bn, usd_bn, "USD bn", tuple(patches))


def _research(p: PlanParameters, usd_bn: float) -> Iterator[Gift]:
    """So much of each programme done, and all that is left of it where that is more."""
    shared = 1 + p.scalar("transfer")
    kinds = (
        ("lines", p.sets.staged_lines, p["node_cost"]),
        ("tools", p.sets.staged_classes, p["class_cost"]),
    )
    for kind, names, costs in kinds:
        for name, cost in zip(names, costs, strict=True):
            left = float(cost) / shared
            if left <= 0:
                continue
            path = f"countries.{p.country}.industry.staged.{kind}.{name}.programme_left"
            what = f"the programme for {name}"
            if left > usd_bn:
                words = f"research on {what}"
                yield Gift(
                    RESEARCH, name, words, usd_bn, usd_bn, "USD bn", (f"{path} *= {1 - usd_bn / left!r}",)
                )
            yield Gift(PROGRAMME, name, f"all that is left of {what}", left, left, "USD bn", (f"{path} = 0",))


def _plants(instance: Instance, p: PlanParameters, usd_bn: float) -> Iterator[Gift]:
    """Fabs with their tools, memory and packaging, where one ordered in the first period comes in time."""
    industry = f"countries.{p.country}.industry"
    own = instance.countries[p.country].industry
    tools = p["tools_per_wafer"] @ p["tool_price"][:, NOW]
    for n, line in enumerate(p.sets.lines):
        year = _standing(p, p["wafer_arrival"][n])
        cost = float(p["wafer_cost"][n] + tools[n])
        if line in own.lines and year and cost > 0:
            had = own.lines[line].pending_kwpm.number(year)
            amount = usd_bn / cost
            text = f"{industry}.lines.{line}.pending_kwpm[{year}] = {had + amount!r}"
            words = f"a fab of {line} with its tools"
            yield Gift(FAB, line, words, usd_bn, amount, f"kwpm from {year}", (text,))
    plants = (
        (MEMORY, own.memory, "hbm", "memory.pending_pb_per_year", "memory plants", "PB a year"),
        (
            PACKAGING,
            own.packaging,
            "packaging",
            "packaging.pending_thousand_per_year",
            "packaging plants",
            "thousand a year",
        ),
    )
    for kind, one, name, path, words, unit in plants:
        year, cost = _standing(p, p[f"{name}_arrival"]), p.scalar(f"{name}_cost")
        if one is None or not year or cost <= 0:
            continue
        had = getattr(one, path.partition(".")[2]).number(year)
        amount = usd_bn / cost
        text = f"{industry}.{path}[{year}] = {had + amount!r}"
        yield Gift(kind, "", words, usd_bn, amount, f"{unit} from {year}", (text,))


def _standing(p: PlanParameters, arrival: Array) -> int:
    """The year in which all of what is ordered in the first period stands; 0 where that is not told."""
    delays = np.flatnonzero(arrival > 0)
    if not len(delays) or delays[-1] >= len(p.sets.periods):
        return 0
    return int(p.sets.periods[int(delays[-1])][:4])
