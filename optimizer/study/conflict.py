"""What excludes what, in the user's own terms: the limits behind a conflict's rows and their inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from models.limits import CAUSES, DEFINITIONS, LIMITS, OPENING
from models.parameters import TABLE, PlanParameters
from optimizer.answer.answer import ConflictingLimit
from optimizer.study.inputs import Inputs, parameters_of

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
NO_CAUSE: Final = DEFINITIONS | {limit.name for limit in LIMITS.values() if limit.kind == "soft"}
# What takes part in a conflict and is no limit.
AT_THE_START: Final[Mapping[str, str]] = {
    STAFF: "the researchers there at the start, paid for half of the first period",
    FLEET: "the fleet there at the start, in use for half of the first period",
}


def conflict_groups(
    rows: Sequence[str], parameters: PlanParameters, inputs: Inputs
) -> tuple[ConflictingLimit, ...]:
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
            add(OPENING.name, "", period, row)
    groups = [
        _group(family, item, tuple(periods), tuple(names), parameters, inputs)
        for (family, item), (periods, names) in found.items()
    ]
    # what a patch has just set is the likeliest cause
    groups.sort(key=lambda group: not any(one.patch for one in group.inputs))
    return tuple(group for group in groups if group.family != OPENING.name or group.inputs)


def _span(periods: Sequence[str]) -> str:
    """Periods in short."""
    return " to ".join(dict.fromkeys((*periods[:1], *periods[-1:])))


def name_parts(row: str, parameters: PlanParameters) -> tuple[str, str, str]:
    """Family, item and period of the name of a row, variable or parameter."""
    family, _, labels = row.rstrip("]").partition("[")
    parts = labels.split(",") if labels else []
    period = parts.pop() if parts and parts[-1] in parameters.sets.periods else ""
    return family, "/".join(parts), period


def _limits_something(family: str, item: str, period: str, parameters: PlanParameters) -> bool:
    trivial = LIMITS[family].silent_at if family in LIMITS else None
    return trivial is None or _amount(family, item, period, parameters) != trivial


def _amount(family: str, item: str, period: str, parameters: PlanParameters) -> float | None:
    """What the limit's parameter says in a period, None where it has none or no such entry."""
    names = parameters_of(family)
    if len(names) != 1:
        return None
    index = TABLE[names[0]].index
    keys = [*(item.split("/") if item else ()), *([period] if index[-1:] == ("periods",) else ())]
    if len(keys) != len(index):
        return None
    place = []
    for name, key in zip(index, keys, strict=True):
        members = [str(member) for member in parameters.sets.members(name)]
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
) -> ConflictingLimit:
    country, limit = parameters.country, CAUSES.get(family)
    amounts = [_amount(family, item, period, parameters) for period in periods or ("",)]
    known = [
        amount * (100 if limit is not None and limit.kind == "share" else 1)
        for amount in amounts
        if amount is not None
    ]
    ends = (min(known), max(known)) if known else ()
    amount = " to ".join(dict.fromkeys(_number(end) for end in ends))
    if family in START_INPUTS:
        paths = [f"countries.{country}.{rest}" for rest in START_INPUTS[family]]
        behind = [one.answer() for path in paths for one in inputs.at(path)]
    else:
        said = zip(periods, amounts, strict=False)
        by_year = {int(period[:4]): each for period, each in said if each is not None}
        years = [int(period[:4]) for period in periods]
        behind = inputs.that_decide(country, family, item, years, by_year)
    words = AT_THE_START.get(family, "") if limit is None else limit.told_of(limit.conflict, item)
    words = words.replace("{amount}", amount)
    words = words or f"the row `{family}`" + (f" of {item}" if item else "")
    theme = limit.theme if limit is not None else "start"
    return ConflictingLimit(
        family=family,
        item=item,
        category=theme,
        period=_span(periods),
        periods=periods,
        words=words,
        rows=rows,
        inputs=tuple(behind),
    )
