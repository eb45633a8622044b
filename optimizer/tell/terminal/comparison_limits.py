"""What binds a plan dearest, in the few cells that a table of policies has for it."""

from __future__ import annotations

from typing import Final

from optimizer.answer import digits
from optimizer.answer.explanation import facts
from optimizer.answer.run import CountryRun, WorldRun

DEAREST_HEADS: Final = (
    "policy",
    "what binds dearest, beside income",
    "in",
    "10% more (of what is\nasked, less), at most:\neffective compute\nfor good, %",
    "a unit when\nworth most:\nUSD bn",
    "10% more of its\nown income, at\nmost: the same, %",
)


def dearest(world: WorldRun, run: CountryRun) -> list[str]:
    """The cells under all heads but the first."""
    found = facts(run, world.instance)
    income = next((fact.ten_percent_effective_compute for fact in found if fact.family == "budget"), None)
    money = "n/a" if income is None else digits.at_most(income)
    fact = next((fact for fact in found if fact.family != "budget"), None)
    if fact is None:
        return ["nothing", "", "", "", money]
    name = fact.meaning + (f": {fact.item}" if fact.item else "")
    usd = "n/a" if fact.usd_bn is None else f"{digits.significant(fact.usd_bn / fact.step)} per {fact.unit}"
    return [name, fact.period, fact.tenth_cell, usd, money]
