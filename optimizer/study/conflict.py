"""What excludes what, in the user's own terms: the limits behind a conflict's rows and their inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from models.limits import DEFINITIONS, LIMITS
from models.parameters import TABLE, PlanParameters
from optimizer.study.deciding import RuleAction
from optimizer.study.inputs import LIMIT_PARAMETERS, OPENING, Input, Inputs

# What is there at the start costs half of the first period, whatever becomes of it.
STAFF: Final = "staff"
FLEET: Final = "fleet"
FIRST_PERIOD: Final[Mapping[str, str]] = {
    "talent_paid": STAFF,
    "talent_balance": STAFF,
    "energy_paid": FLEET,
    "cost_of_use": FLEET,
    "fleet_balance": FLEET,
    "fleet_use": FLEET,
}
START_INPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    STAFF: ("talent.researchers_thousand", "talent.wage_usd_thousand_per_year"),
    FLEET: ("fleet.research_share",),
}
# Rows that hold whatever is decided: definitions, and limits that bend by themselves.
NO_CAUSE: Final = DEFINITIONS | {"requirement", "satiation", "data_bottleneck"}
Words = Callable[[str, str], str]
WORDS: Final[Mapping[str, Words]] = {
    "budget": lambda item, amount: f"an income of USD {amount} bn",
    OPENING: lambda item, amount: f"cash of USD {amount} bn at the start",
    "debt": lambda item, amount: f"a debt of at most USD {amount} bn",
    "last_debt": lambda item, amount: "no more debt at the end than at the start",
    "carry_over": lambda item, amount: f"at most USD {amount} bn carried over",
    "least_share": lambda item, amount: f"at least {amount}% of the cost of use for {item}",
    "largest_share": lambda item, amount: f"at most {amount}% of the cost of use for {item}",
    "home_market": lambda item, amount: f"at least {amount}% of compute bought from makers at home",
    "rent_available": lambda item, amount: f"at most {amount} kH100e of offshore cloud",
    "power_orders": lambda item, amount: f"at most {amount} GW of power ordered a year",
    "tools": lambda item, amount: f"tools for at most {amount} kwpm more on {item} a year",
    "memory_orders": lambda item, amount: f"at most {amount} PB a year of memory capacity ordered a year",
    "memory_imports": lambda item, amount: f"at most {amount} PB of memory imported a year",
    "recruiting": lambda item, amount: f"at most {amount} thousand researchers won abroad a year",
    "education_places": lambda item, amount: f"at most {amount} thousand extra graduates ordered a year",
    "grey_size": lambda item, amount: f"a grey market of at most {amount} kH100e a year",
    "grey_offer": lambda item, amount: f"at most {amount} thousand {item} on the grey market a year",
    "import_control": lambda item, amount: f"at most {amount} thousand {item} bought legally a year",
    "packaging": lambda item, amount: f"at most {amount} thousand {item} packaged a year",
    "die_bank": lambda item, amount: f"stockpiled dies for {amount} thousand {item}",
    "yearly_cap": lambda item, amount: f"the yearly cap {item}",
    "cumulative_cap": lambda item, amount: f"the cap {item} on the total",
    "power_supply": lambda item, amount: "no more power drawn than there is",
    "schools": lambda item, amount: f"at most {amount} thousand graduates a year, and those ordered before",
    "wafer_supply": lambda item, amount: f"no more wafers used than {item} makes",
    "memory_balance": lambda item, amount: "no more memory used than there is",
    STAFF: lambda item, amount: "the researchers there at the start, paid for half of the first period",
    FLEET: lambda item, amount: "the fleet there at the start, in use for half of the first period",
}
NO_TOOLS: Final = "no tools for more capacity on {lines}"
BY_DEFAULT: Final = ", whose tool_limit_kwpm_per_year is 0 by default"
SHARES: Final = ("least_share", "largest_share", "home_market")


@dataclass(frozen=True)
class ConflictGroup:
    """One limit that takes part in a conflict, over its periods, in words, with the inputs behind it.

    `nothing`: it is zero in all of them.
    """

    family: str
    item: str
    theme: str
    periods: tuple[str, ...]
    words: str
    rows: tuple[str, ...]
    inputs: tuple[Input | RuleAction, ...]
    nothing: bool = False

    @property
    def span(self) -> str:
        """Its periods in short."""
        if not self.periods:
            return ""
        return self.periods[0] if len(self.periods) == 1 else f"{self.periods[0]} to {self.periods[-1]}"

    def data(self) -> dict[str, Any]:
        """The group as JSON data."""
        return {
            "family": self.family,
            "item": self.item,
            "category": self.theme,
            "period": self.span,
            "periods": list(self.periods),
            "words": self.words,
            "rows": list(self.rows),
            "inputs": [one.data() for one in self.inputs],
        }


def conflict_groups(
    rows: Sequence[str], parameters: PlanParameters, inputs: Inputs
) -> tuple[ConflictGroup, ...]:
    """The limits behind the rows of a conflict: one group for each limit's item, its periods together.

    Rows that only define a quantity, and limits that limit nothing (a floor of 0), are left out.
    """
    found: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    first = parameters.sets.periods[0]

    def add(family: str, item: str, period: str, row: str) -> None:
        periods, names = found.setdefault((family, item), ([], []))
        periods += [period] if period and period not in periods else []
        names += [row] if row not in names else []

    for row in rows:
        family, item, period = name_parts(row, parameters)
        if family in FIRST_PERIOD and period == first:
            add(FIRST_PERIOD[family], "", period, row)
        if family in NO_CAUSE or not _limits_something(family, item, period, parameters):
            continue
        add(family, item, period, row)
        if family == "budget" and period == first:
            add(OPENING, "", period, row)
    groups = [
        _group(family, item, tuple(periods), tuple(names), parameters, inputs)
        for (family, item), (periods, names) in found.items()
    ]
    groups = _without_tools_together(groups)
    # what a patch has just set is the likeliest cause
    groups.sort(key=lambda group: not any(one.patch for one in group.inputs))
    return tuple(group for group in groups if group.family != OPENING or group.inputs)


def _without_tools_together(groups: Sequence[ConflictGroup]) -> list[ConflictGroup]:
    """Lines for which there are no tools at all as one group, in the place of the first."""
    none = [group for group in groups if group.family == "tools" and group.nothing]
    if len(none) < 2:
        return list(groups)
    *most, last = [group.item for group in none]
    together = replace(
        none[0],
        item="/".join([*most, last]),
        periods=tuple(dict.fromkeys(period for group in none for period in group.periods)),
        words=_no_tools(f"{', '.join(most)} and {last}", any(group.inputs for group in none)),
        rows=tuple(row for group in none for row in group.rows),
        inputs=tuple(one for group in none for one in group.inputs),
    )
    return [together if group is none[0] else group for group in groups if group not in none[1:]]


def _no_tools(lines: str, given: bool) -> str:
    return NO_TOOLS.format(lines=lines) + ("" if given else BY_DEFAULT)


def name_parts(row: str, parameters: PlanParameters) -> tuple[str, str, str]:
    """Family, item and period of the name of a row, variable or parameter."""
    family, _, labels = row.rstrip("]").partition("[")
    parts = labels.split(",") if labels else []
    period = parts.pop() if parts and parts[-1] in parameters.sets.periods else ""
    return family, "/".join(parts), period


def _limits_something(family: str, item: str, period: str, parameters: PlanParameters) -> bool:
    trivial = {"least_share": 0.0, "largest_share": 1.0, "home_market": 0.0}.get(family)
    return trivial is None or _amount(family, item, period, parameters) != trivial


def _amount(family: str, item: str, period: str, parameters: PlanParameters) -> float | None:
    """What the limit's parameter says in a period, None where it has none or no such entry."""
    names = LIMIT_PARAMETERS.get(family, ())
    if len(names) != 1:
        return None
    index = TABLE[names[0]].index
    place = []
    for name in index:
        members = [str(member) for member in parameters.sets.members(name)]
        key = period if name == "periods" else item
        if key not in members:
            return None
        place.append(members.index(key))
    return float(parameters[names[0]][tuple(place)])


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _group(
    family: str,
    item: str,
    periods: tuple[str, ...],
    rows: tuple[str, ...],
    parameters: PlanParameters,
    inputs: Inputs,
) -> ConflictGroup:
    country = parameters.country
    amounts = [_amount(family, item, period, parameters) for period in periods or ("",)]
    known = [amount * (100 if family in SHARES else 1) for amount in amounts if amount is not None]
    ends = (min(known), max(known)) if known else ()
    amount = " to ".join(dict.fromkeys(_number(end) for end in ends))
    if family in START_INPUTS:
        paths = [f"countries.{country}.{rest}" for rest in START_INPUTS[family]]
        behind: list[Input | RuleAction] = [one for path in paths for one in inputs.at(path)]
    else:
        said = zip(periods, amounts, strict=False)
        by_year = {int(period[:4]): each for period, each in said if each is not None}
        years = [int(period[:4]) for period in periods]
        behind = inputs.that_decide(country, family, item, years, by_year)
    limit = LIMITS.get(family)
    if family in WORDS:
        words = WORDS[family](item, amount)
    else:
        words = f"the row `{family}`" + (f" of {item}" if item else "")
    theme = limit.theme if limit is not None else "budget" if family in (OPENING, "last_debt") else "start"
    nothing = bool(known) and not any(known)
    if family == "tools" and nothing:
        words = _no_tools(item, bool(behind))
    return ConflictGroup(family, item, theme, periods, words, rows, tuple(behind), nothing)
