"""What the chip industry of a country says about lines, classes of tools, designers and packaging."""

from __future__ import annotations

from collections.abc import Iterator

from models.parameters import COMMON_SUPPLIES
from optimizer.instance.conflict import Conflict, unknown
from optimizer.instance.country_schema import Country
from optimizer.instance.instance import Instance
from optimizer.instance.problem import number_text
from optimizer.instance.resolving.sets import plan_years
from optimizer.instance.yaml_reader import Where

ROUNDING = 1e-9
MOST_NAMED = 4


def check_industry(instance: Instance) -> Iterator[Conflict]:
    """Every problem of tools, packaging and designers with each other and with the rest of the instance."""
    yield from _check_names(instance)
    for name, line in instance.lines.items():
        for tools in line.tools_per_wafer:
            yield from _tool_class(instance, ("lines", name, "tools_per_wafer", tools), tools)
    for name, country in instance.countries.items():
        where: Where = ("countries", name, "industry")
        for table in ("tools", "toolmaking"):
            for tools in getattr(country.industry, table):
                yield from _tool_class(instance, (*where, table, tools), tools)
        yield from _check_packaging(instance, name, country)
        yield from _check_designers(instance, name, country)


def _check_names(instance: Instance) -> Iterator[Conflict]:
    """Supplies are told apart by their names: those of all plans, classes of tools, and lines."""
    taken = dict.fromkeys(COMMON_SUPPLIES, "a supply of every plan")
    for table, what in (("tool_classes", "a class of tools"), ("lines", "a line")):
        for name in getattr(instance, table):
            if name in taken:
                message = f"`{name}` is the name of {taken[name]}, so it cannot be that of {what} too"
                yield Conflict((table, name), "E313", message, "call it otherwise", True)
            taken.setdefault(name, what)


def _tool_class(instance: Instance, where: Where, name: str) -> Iterator[Conflict]:
    yield from unknown(where, "E319", "class of tools", name, instance.tool_classes)


def _check_packaging(instance: Instance, name: str, country: Country) -> Iterator[Conflict]:
    """Chips that need packages cannot be made where nothing is said of packaging."""
    if country.industry.packaging is not None:
        return
    needy = [
        f"`{chip_id}`"
        for chip_id, chip in instance.chips.items()
        if chip.domestic_in == name
        and chip.packages_per_chip is not None
        and chip.packages_per_chip.number() > 0
    ]
    if needy:
        more = f" and {len(needy) - MOST_NAMED} more" if len(needy) > MOST_NAMED else ""
        message = (
            f"{name} has no `packaging`, which chips made there need: {', '.join(needy[:MOST_NAMED])}{more}"
        )
        yield Conflict(
            ("countries", name, "industry"), "E313", message, "say what it has, 0 if nothing", True
        )


def _check_designers(instance: Instance, name: str, country: Country) -> Iterator[Conflict]:
    made = [chip for chip in instance.chips.values() if chip.domestic_in == name]
    known = dict.fromkeys(chip.designer for chip in made)
    taken: dict[str, str] = {}
    for group, one in country.industry.designer_ceilings.items():
        where: Where = ("countries", name, "industry", "designer_ceilings", group)
        for position, designer in enumerate(one.designers):
            place = (*where, "designers", position)
            yield from unknown(place, "E320", f"designer of chips made in {name}", designer, known, False)
            if taken.setdefault(designer, group) != group:
                message = f"`{designer}` is in the groups `{taken[designer]}` and `{group}`"
                yield Conflict(place, "E313", message, "a designer belongs to one group")
        for line in one.lines:
            yield from unknown((*where, "lines", line), "E303", "line", line, country.industry.lines)
    yield from _check_room(instance, name, country)


def _check_room(instance: Instance, name: str, country: Country) -> Iterator[Conflict]:
    """Ceilings of all who use a line must leave none of it unused: that would be a hidden cap."""
    ceilings = country.industry.designer_ceilings
    for line in country.industry.lines:
        using = {
            chip.designer
            for chip in instance.chips.values()
            if chip.domestic_in == name and chip.line == line
        }
        holding = [one for one in ceilings.values() if line in one.lines and using & set(one.designers)]
        if not using or not using <= {designer for one in holding for designer in one.designers}:
            continue
        for year in plan_years(instance):
            total = sum(one.lines[line].in_year(year) for one in holding)
            if total < 1 - ROUNDING:
                message = (
                    f"the ceilings of all designers on `{line}` sum to {number_text(round(total, 9))} in"
                )
                message += f" {year}, so that a part of the line could not be used"
                where = ("countries", name, "industry", "designer_ceilings")
                yield Conflict(where, "E313", message, "they must sum to 1 or more", True)
                break
