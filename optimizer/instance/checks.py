"""What one place of an instance says about another: references, sums, order, and values that exclude each
other. Runs on an instance whose every file is valid by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from optimizer.instance.blocs import check_parts
from optimizer.instance.conflict import Conflict, unknown
from optimizer.instance.country_schema import Country
from optimizer.instance.industry_checks import check_industry
from optimizer.instance.instance import Instance, quantities, value_at
from optimizer.instance.problem import nearest, number_text
from optimizer.instance.resolving.sets import plan_years
from optimizer.instance.rules.checks import check_rules
from optimizer.instance.rules.rulebook import READ_OF_CHIPS, READ_OF_LINES
from optimizer.instance.schema import Chip
from optimizer.instance.staged_checks import check_staged
from optimizer.instance.yaml_reader import Where

SHARE_TOLERANCE = 1e-6
# tables of an instance that no check of its rules reads
BESIDE_RULES = frozenset(
    {"market", "objectives", "economy", "research", "segments", "power", "talent", "memory", "supplies"}
)
# what they read inside of an item of a table
READ_INSIDE: Mapping[str, Collection[object]] = {
    "countries": (),
    "chips": READ_OF_CHIPS,
    "lines": READ_OF_LINES,
}


def conflicts(instance: Instance, changed: Collection[Where] | None = None) -> list[Conflict]:
    """Every problem between places of the instance. `changed` are the places that alone differ from an
    instance without any problem (None: not known): what cannot come of them is not looked for."""
    checks: tuple[Callable[[Instance], Iterator[Conflict]], ...] = (
        _check_settings,
        _check_lines,
        _check_market,
        _check_chips,
        _check_countries,
        check_industry,
        check_staged,
        check_parts,
        _check_automation,
    )
    found = [conflict for check in checks for conflict in check(instance)]
    if changed is None or any(_reaches_rules(where) for where in changed):
        found += check_rules(instance)
    everywhere = changed is None or any(where[:1] == ("sources",) for where in changed)
    return found + list(_check_sources(instance, [()] if everywhere else changed or ()))


def _reaches_rules(where: Where) -> bool:
    """Whether a change of this place may matter to what rules are checked against: rules, what they read of
    chips and lines, and the names of countries and groups."""
    if where[0] in BESIDE_RULES:
        return False
    read = READ_INSIDE.get(str(where[0]))
    return read is None or len(where) <= 2 or where[2] in read


def _check_settings(instance: Instance) -> Iterator[Conflict]:
    horizon = instance.horizon
    if horizon.last_year < horizon.first_year:
        message = f"`last_year` {horizon.last_year} lies before `first_year` {horizon.first_year}"
        yield Conflict(("horizon", "last_year"), "E116", message)
    if instance.leader not in instance.countries:
        close = nearest(instance.leader, tuple(instance.countries))
        hint = f"did you mean `{close}`?" if close else f"add countries/{instance.leader}.yaml"
        yield Conflict(("leader",), "E307", f"the leader `{instance.leader}` has no country file", hint)
    name = instance.default_objective
    yield from unknown(("default_objective",), "E306", "objective", name, instance.objectives, False)
    for preset, objective in instance.objectives.items():
        where: Where = ("objectives", preset, "segment_weights")
        for segment in objective.segment_weights:
            yield from unknown((*where, segment), "E304", "segment", segment, instance.segments)
        for segment in instance.segments:
            if segment not in objective.segment_weights:
                message = f"`segment_weights` of `{preset}` lacks the segment `{segment}`"
                yield Conflict(where, "E304", message, "a segment without weight is written as 0", True)
    shares = [segment.delivery_share.number() for segment in instance.segments.values()]
    if abs(sum(shares) - 1) > SHARE_TOLERANCE:
        total = number_text(round(sum(shares), 9))
        message = f"`delivery_share` of all segments must sum to 1, got {total}"
        yield Conflict(("segments",), "E308", message, None, True)


def _check_lines(instance: Instance) -> Iterator[Conflict]:
    reported: set[str] = set()
    for name, line in instance.lines.items():
        if line.previous is None:
            continue
        where = ("lines", name, "previous")
        if line.previous not in instance.lines:
            yield from unknown(where, "E303", "line", line.previous, instance.lines, False)
            continue
        chain = _chain(instance, name)
        if chain[-1] == name and name not in reported:
            reported.update(chain)
            message = "lines precede each other in a circle: " + " -> ".join(chain)
            yield Conflict(where, "E309", message, "the first line has `previous: null`")


def _chain(instance: Instance, name: str) -> list[str]:
    """The line, the one before it, and so on until none is left or one comes back."""
    chain = [name]
    while (line := instance.lines.get(chain[-1])) is not None and line.previous is not None:
        repeated = line.previous in chain
        chain.append(line.previous)
        if repeated:
            break
    return chain


def _check_market(instance: Instance) -> Iterator[Conflict]:
    for chip in instance.market.output:
        yield from unknown(("market", "output", chip), "E301", "chip", chip, instance.chips)
    to_order = () if instance.market.clearing is None else instance.market.clearing.made_to_order
    for position, chip in enumerate(to_order):
        ordered: Where = ("market", "clearing", "made_to_order", position)
        yield from unknown(ordered, "E301", "chip", chip, instance.chips, False)
    for name, figure in instance.market.observed.items():
        where: Where = ("market", "observed", name)
        if figure.low > figure.value:
            message = f"low of `{name}` must not exceed the value {number_text(figure.value)}"
            yield Conflict((*where, "low"), "E107", f"{message}, got {number_text(figure.low)}")
        if figure.high < figure.value:
            message = f"high of `{name}` must not be below the value {number_text(figure.value)}"
            yield Conflict((*where, "high"), "E107", f"{message}, got {number_text(figure.high)}")


def _check_chips(instance: Instance) -> Iterator[Conflict]:
    for name, chip in instance.chips.items():
        where: Where = ("chips", name)
        if chip.id != name:
            yield Conflict((*where, "id"), "E311", f"the chip `{name}` is called `{chip.id}` in its row")
        for column in ("designer_country", "domestic_in"):
            country = getattr(chip, column)
            if country is not None:
                known = instance.countries
                yield from unknown((*where, column), "E302", "country", country, known, False)
        if chip.line is not None:
            yield from unknown((*where, "line"), "E303", "line", chip.line, instance.lines, False)
        if chip.status == "sourced" and chip.source is None:
            hint = "name a source, or write recalled, assumed or extrapolated"
            yield Conflict((*where, "status"), "E114", f"`{name}` is marked sourced without a source", hint)
        if chip.end_of_sale is not None and chip.end_of_sale.end <= chip.launch.start:
            message = f"`end_of_sale` {chip.end_of_sale} lies before `launch` {chip.launch}"
            yield Conflict((*where, "end_of_sale"), "E310", message)
        yield from _check_making(name, chip)


def _check_making(name: str, chip: Chip) -> Iterator[Conflict]:
    where: Where = ("chips", name)
    if (chip.domestic_in is None) != (chip.line is None):
        given, lacking = ("domestic_in", "line") if chip.line is None else ("line", "domestic_in")
        message = f"`{name}` has `{given}` but no `{lacking}`; a chip made at home needs both"
        yield Conflict((*where, lacking), "E312", message)
    if chip.domestic_in is not None:
        for column in ("dies_per_chip", "gross_dies_per_wafer"):
            if getattr(chip, column) is None:
                message = f"`{name}` is made on a line, so `{column}` must be given"
                yield Conflict((*where, column), "E312", message)
    elif chip.sale == "home":
        message = f"`{name}` is sold only where it is made, so `domestic_in` must be given"
        yield Conflict((*where, "domestic_in"), "E312", message)


def _check_countries(instance: Instance) -> Iterator[Conflict]:
    for name, country in instance.countries.items():
        where: Where = ("countries", name)
        if country.iso3 != name:
            message = f"`iso3` is {country.iso3}, but the file is {name}.yaml"
            yield Conflict((*where, "iso3"), "E311", message, "name the file after the country code")
        for place, names in _chip_tables(country):
            for chip in names:
                yield from unknown((*where, *place, chip), "E301", "chip", chip, instance.chips)
        yield from _check_caps(instance, name, country)
        yield from _check_rent(name, country)
        for line in country.industry.lines:
            path = (*where, "industry", "lines", line)
            yield from unknown(path, "E303", "line", line, instance.lines)
        yield from _check_domestic(instance, name, country)
        yield from _check_budget(instance, name, country)


def _chip_tables(country: Country) -> Iterator[tuple[Where, Iterable[str]]]:
    yield ("fleet", "chips"), country.fleet.chips
    yield ("trade", "supply_shares"), country.trade.supply_shares
    yield ("trade", "limits"), country.trade.limits
    yield ("trade", "fees"), country.trade.fees
    yield ("industry", "make_limits"), country.industry.make_limits
    yield ("industry", "stockpiled_dies"), country.industry.stockpiled_dies


def _check_caps(instance: Instance, name: str, country: Country) -> Iterator[Conflict]:
    for cap_id, cap in country.trade.caps.items():
        where: Where = ("countries", name, "trade", "caps", cap_id)
        if cap.chips != "all":
            for position, chip in enumerate(cap.chips):
                path = (*where, "chips", position)
                yield from unknown(path, "E301", "chip", chip, instance.chips, False)
        if cap.per_year is None and cap.total is None:
            message = f"the cap `{cap_id}` limits nothing: give `per_year`, `total` or both"
            yield Conflict(where, "E313", message, None, True)


def _check_rent(name: str, country: Country) -> Iterator[Conflict]:
    rent, where = country.trade.rent, ("countries", name, "trade", "rent")
    if (rent.limit_kh100e is None) == (rent.share_of_leader_compute is None):
        given = "neither" if rent.limit_kh100e is None else "both"
        message = f"`rent` of {name} has {given} of `limit_kh100e` and `share_of_leader_compute`"
        yield Conflict(where, "E313", message, "give one of them: an amount, or a share", True)


def _check_domestic(instance: Instance, name: str, country: Country) -> Iterator[Conflict]:
    for table in ("make_limits", "stockpiled_dies"):
        for chip_id in getattr(country.industry, table):
            chip = instance.chips.get(chip_id)
            if chip is not None and chip.domestic_in != name:
                message = f"`{chip_id}` is not made in {name}: its `domestic_in` is "
                message += f"{chip.domestic_in or 'blank'} in chips.csv"
                path = ("countries", name, "industry", table, chip_id)
                yield Conflict(path, "E312", message, None, True)


def _check_budget(instance: Instance, name: str, country: Country) -> Iterator[Conflict]:
    budget = country.budget
    where: Where = ("countries", name, "budget")
    returned = budget.cost_recovery.number() + budget.home_return.number()
    if returned >= 1:
        message = f"`cost_recovery` and `home_return` must sum to less than 1, got {number_text(returned)}"
        yield Conflict((*where, "cost_recovery"), "E313", message, "money would make money")
    yield from _check_interest(instance, name, country)
    years = instance.horizon.years
    for category, floor in budget.category_floors.items():
        ceiling = budget.category_ceilings.get(category)
        if ceiling is None:
            continue
        for year in years:
            if floor.in_year(year) > ceiling.in_year(year):
                message = f"the floor of `{category}` exceeds its ceiling in {year}"
                yield Conflict((*where, "category_floors", category), "E313", message)
                break
    for year in years:
        total = sum(floor.in_year(year) for floor in budget.category_floors.values())
        if total > 1:
            message = f"the floors of all categories sum to {number_text(round(total, 9))} in {year}, above 1"
            yield Conflict((*where, "category_floors"), "E313", message, None, True)
            break


def _check_automation(instance: Instance) -> Iterator[Conflict]:
    """What excludes agents that do research on the fleet of delivery."""
    automation = instance.research.automation_researchers_per_h100e
    if not any(automation.in_year(year) > 0 for year in plan_years(instance)):
        return
    agents = "agents do research (`research.automation_researchers_per_h100e` is above 0)"
    for preset, objective in instance.objectives.items():
        asked = [objective.shortfall_penalty_per_log_unit, *objective.segment_weights.values()]
        if not any(one.number() > 0 for one in asked):
            message = f"{agents}, and `{preset}` asks nothing of delivery, which they compete with"
            hint = "give a segment a weight, or a shortfall a penalty"
            yield Conflict(("objectives", preset, "segment_weights"), "E313", message, hint, True)
    for name, country in instance.countries.items():
        where: Where = ("countries", name, "budget")
        if country.budget.cost_recovery.number() > 0:
            message = f"`cost_recovery` of {name} must be 0 where {agents}"
            hint = "no user pays for the compute that they take from delivery"
            yield Conflict((*where, "cost_recovery"), "E313", message, hint)
        for table in ("category_floors", "category_ceilings"):
            for category in ("research", "delivery"):
                if category in getattr(country.budget, table):
                    message = f"no bound on `{category}` of {name} can be kept where {agents}"
                    hint = "what they cost is part of research, on the fleet of delivery"
                    yield Conflict((*where, table, category), "E313", message, hint)


def _check_interest(instance: Instance, name: str, country: Country) -> Iterator[Conflict]:
    where: Where = ("countries", name, "budget", "interest_per_year")
    interest, debt = country.budget.interest_per_year.number(), country.budget.debt_limit_usd_bn
    survival = instance.compute.survival_per_year.number()
    shown = f"`interest_per_year` {number_text(interest)}"
    if interest + 1.0 - survival < 0:
        least = number_text(round(survival - 1, 9))
        message = f"{shown} of {name} is below {least}, the wear of chips: holding them would earn money"
        yield Conflict(where, "E313", message, f"`survival_per_year` is {number_text(survival)}")
    elif interest < 0 and any(math.isinf(debt.in_year(year)) for year in instance.horizon.years):
        message = f"{shown} of {name} lets debt shrink, and `debt_limit_usd_bn` is infinite"
        yield Conflict(where, "E313", message, "money would make money: give a limit, or no less than 0")


def _check_sources(instance: Instance, changed: Iterable[Where]) -> Iterator[Conflict]:
    known: Mapping[str, object] = instance.sources
    for name, chip in instance.chips.items():
        if chip.source is not None and chip.source not in known:
            yield from unknown(("chips", name, "source"), "E305", "source", chip.source, known, False)
    for figure_id, figure in instance.market.observed.items():
        yield from _sources(("market", "observed", figure_id, "source"), figure.source, known)
    for country_id, country in instance.countries.items():
        for cap_id, cap in country.trade.caps.items():
            where: Where = ("countries", country_id, "trade", "caps", cap_id, "source")
            yield from _sources(where, cap.source, known)
    for rule_id, rule in instance.rules.items():
        yield from _sources(("rules", rule_id, "source"), rule.source, known)
    for where in changed:
        for place, quantity in quantities(value_at(instance, where), where):
            if quantity.source and place[0] != "chips":
                yield from _sources((*place, "source"), quantity.source, known)


def _sources(where: Where, source: tuple[str, ...], known: Mapping[str, object]) -> Iterator[Conflict]:
    for position, name in enumerate(source):
        if name not in known:
            place = (*where, position) if len(source) > 1 else where
            yield from unknown(place, "E305", "source", name, known, False)


def unused_sources(instance: Instance) -> tuple[str, ...]:
    """Sources that nothing cites."""
    used = {name for _, quantity in quantities(instance, ()) for name in quantity.source}
    used |= {name for figure in instance.market.observed.values() for name in figure.source}
    used |= {
        name
        for country in instance.countries.values()
        for cap in country.trade.caps.values()
        for name in cap.source
    }
    used |= {name for rule in instance.rules.values() for name in rule.source}
    used |= {chip.source for chip in instance.chips.values() if chip.source is not None}
    return tuple(name for name in instance.sources if name not in used)
