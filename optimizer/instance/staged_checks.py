"""What an instance says of the staged industry: levels, programmes, and what a country lacks of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from optimizer.instance.conflict import Conflict, unknown
from optimizer.instance.country_schema import Country
from optimizer.instance.instance import Instance
from optimizer.instance.problem import number_text
from optimizer.instance.resolving.sets import plan_years
from optimizer.instance.staged_schema import Programme, StagedLine, StagedTools
from optimizer.instance.values import Quantity
from optimizer.instance.yaml_reader import Where


def check_staged(instance: Instance) -> Iterator[Conflict]:
    """Every problem of the staged industry; what only staged mode needs is asked for in staged mode only."""
    lines = {} if instance.staged is None else instance.staged.lines
    tools = {} if instance.staged is None else instance.staged.tools
    for name, line in lines.items():
        yield from unknown(("staged", "lines", name), "E303", "line", name, instance.lines)
        yield from _check_levels(("staged", "lines", name, "levels"), name, line)
    for name in tools:
        yield from unknown(("staged", "tools", name), "E319", "class of tools", name, instance.tool_classes)
    for name, country in instance.countries.items():
        yield from _check_names(instance, name, country)
        if instance.industry == "staged":
            yield from _check_data(lines, name, country)
            yield from _check_toolmaking(tools, name, country)
            yield from _check_programmes(instance, name, country)


def _check_levels(where: Where, name: str, line: StagedLine) -> Iterator[Conflict]:
    first = next(iter(line.levels))
    experience = line.levels[first].experience_thousand_wafers.number()
    if experience > 0:
        message = f"the lowest level of `{name}` takes {number_text(experience)} thousand wafers"
        hint = "it must take 0: a line that has learned nothing stands there"
        yield Conflict((*where, first, "experience_thousand_wafers"), "E324", message, hint)
    if line.levels[first].yield_.number() <= 0:
        message = f"`{first}` of `{name}` yields nothing, so that a line that stands there never learns"
        hint = "a line learns from wafers whose chips exist: give it a yield above 0"
        yield Conflict((*where, first, "yield"), "E324", message, hint)
    for (low, below), (high, above) in pairwise(line.levels.items()):
        before = below.experience_thousand_wafers.number()
        after = above.experience_thousand_wafers.number()
        if after <= before:
            message = f"`{high}` of `{name}` takes {number_text(after)} thousand wafers, no more than `{low}`"
            hint = f"levels stand lowest first: give it more than {number_text(before)}"
            yield Conflict((*where, high, "experience_thousand_wafers"), "E324", message, hint)
        if above.yield_.number() < below.yield_.number():
            message = f"`{high}` of `{name}` yields {number_text(above.yield_.number())}, less than `{low}`"
            hint = f"levels stand lowest first: give it {number_text(below.yield_.number())} or more"
            yield Conflict((*where, high, "yield"), "E324", message, hint)


def _check_names(instance: Instance, name: str, country: Country) -> Iterator[Conflict]:
    own = country.industry.staged
    if own is None:
        return
    where: Where = ("countries", name, "industry", "staged")
    for line, one in own.lines.items():
        yield from unknown((*where, "lines", line), "E303", "line", line, country.industry.lines)
        if one.previous is not None:
            place = (*where, "lines", line, "previous")
            yield from unknown(place, "E303", "line", one.previous, own.lines, False)
    for tools in own.tools:
        yield from unknown((*where, "tools", tools), "E319", "class of tools", tools, instance.tool_classes)
    reported: set[str] = set()
    for line, one in own.lines.items():
        chain = _chain(instance, country, line)
        if chain[-1] == line and len(chain) > 1 and line not in reported:
            reported.update(chain)
            message = f"lines of {name} precede each other in a circle: " + " -> ".join(chain)
            place = (*where, "lines", line) if one.previous is None else (*where, "lines", line, "previous")
            yield Conflict(place, "E309", message, "a node cannot wait for itself", one.previous is None)


def _chain(instance: Instance, country: Country, line: str) -> list[str]:
    """The line, the one that must come before it, and so on until none is left or one comes back."""
    own = country.industry.staged
    assert own is not None
    chain = [line]
    while True:
        last = chain[-1]
        said = own.lines[last].previous if last in own.lines else None
        shared = instance.lines[last].previous if last in instance.lines else None
        first = said or shared
        if first is None:
            return chain
        repeated = first in chain
        chain.append(first)
        if repeated:
            return chain


def _check_data(lines: Mapping[str, StagedLine], name: str, country: Country) -> Iterator[Conflict]:
    """In staged mode each line of a country needs its ladder and the country's own experience."""
    own = country.industry.staged
    known = {} if own is None else own.lines
    where: Where = ("countries", name, "industry", "lines")
    for line in country.industry.lines:
        lacking = [f"how it learns (staged.lines.{line} in instance.yaml)"] if line not in lines else []
        if line not in known:
            lacking.append(f"what {name} has learned on it (countries.{name}.industry.staged.lines.{line})")
        if lacking:
            message = f"`industry` is staged, and nothing says of `{line}` {' nor '.join(lacking)}"
            hint = "give it, or set industry=path"
            yield Conflict((*where, line), "E322", message, hint, True)


def _check_toolmaking(tools: Mapping[str, StagedTools], name: str, country: Country) -> Iterator[Conflict]:
    """A class of tools takes a programme: a country that says nothing of it would have it for nothing."""
    own = country.industry.staged
    known = {} if own is None else own.tools
    for one in country.industry.toolmaking:
        if one in tools and one not in known:
            message = (
                f"`industry` is staged, and nothing says what {name} has still to pay to master `{one}` "
            )
            message += f"tools (countries.{name}.industry.staged.tools.{one})"
            hint = "give it, with `programme_left: 0` where they are made already, or set industry=path"
            yield Conflict(("countries", name, "industry", "toolmaking", one), "E322", message, hint, True)


def _check_programmes(instance: Instance, name: str, country: Country) -> Iterator[Conflict]:
    shared, own = instance.staged, country.industry.staged
    if shared is None or own is None:
        return
    where: Where = ("countries", name, "industry", "staged")
    for line, node in own.lines.items():
        if line in shared.lines:
            place = (*where, "lines", line, "research_limit_usd_bn_per_year")
            one, rate = shared.lines[line].programme, node.research_limit_usd_bn_per_year
            yield from _check_rate(
                instance, country, place, f"the node of `{line}`", one, node.programme_left, rate
            )
    for tools, made in own.tools.items():
        place = (*where, "tools", tools)
        if tools not in shared.tools:
            message = f"nothing says what it takes to master `{tools}` tools"
            yield Conflict(place, "E322", message, f"give staged.tools.{tools} in instance.yaml", True)
            continue
        place = (*place, "development_limit_usd_bn_per_year")
        programme, rate = shared.tools[tools].programme, made.development_limit_usd_bn_per_year
        yield from _check_rate(
            instance, country, place, f"`{tools}` tools", programme, made.programme_left, rate
        )


def _check_rate(
    instance: Instance,
    country: Country,
    where: Where,
    what: str,
    programme: Programme,
    left: Quantity,
    rate: Quantity,
) -> Iterator[Conflict]:
    """A programme that cannot end within the plan is a mistake, not a plan without it."""
    asked = programme.cost_usd_bn.number() * left.number()
    asked /= 1 + country.industry.know_how_transfer.number()
    years = plan_years(instance)
    spent = sum(rate.in_year(year) for year in years if year + programme.lag_years.number() < years.stop)
    if asked > 0 and spent < asked:
        message = f"the programme for {what} takes USD {number_text(round(asked, 6))} bn, and no more than "
        message += f"{number_text(round(spent, 6))} can be spent on it in time to bear within the plan"
        hint = "allow more a year, or leave less of the programme"
        # where the limit is left out, the table that lacks it is pointed at
        yield Conflict(where, "E323", message, hint)
