"""What became of a country that was made like another, in words: what was scaled, what was copied, what
changed elsewhere, and what must be looked up."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from rich.console import ConsoleRenderable

from optimizer.instance.amounts import is_amount
from optimizer.instance.like import Figure, NewCountry
from optimizer.instance.look_up import first_number, look_up
from optimizer.instance.yaml_reader import Where, dotted
from optimizer.tell.terminal.tables import PLAIN_WIDTH, Screen, grid

NAMED: Final = 3
LARGE: Final = 1e4
# entries of one kind, of which there may be many
TABLES: Final = ("chips", "supply_shares", "limits", "make_limits", "stockpiled_dies")


def country_text(made: NewCountry, instance: str) -> str:
    """The whole account."""
    parts: list[ConsoleRenderable | str] = [
        f"{made.country} in {instance}: like {made.like}, amounts times {made.scale:.6g}\n",
        "scaled (of a series its first number, of a table the sum)\n",
        grid(("", made.like, made.country, "figures"), _scaled(made)),
        "",
        *_wrapped(f"copied as it is of {made.like}: {', '.join(_copied(made))}"),
        "",
        *_elsewhere(made),
        "",
        f"what must be looked up for {made.country}; what usually weighs most first",
        *_to_look_up(made),
    ]
    return Screen().render(parts)


def _scaled(made: NewCountry) -> Iterator[tuple[str, str, str, str]]:
    """A row for each amount that is not 0: entries of a table are told as one."""
    folded: dict[str, list[Figure]] = {}
    for one in made.figures:
        if is_amount(one.where) and first_number(one.before):
            folded.setdefault(_table(one.where), []).append(one)
    for place, found in folded.items():
        before = sum(first_number(one.before) for one in found)
        after = sum(first_number(one.after) for one in found)
        yield place, _number(before), _number(after), str(len(found)) if len(found) > 1 else ""


def _copied(made: NewCountry) -> Iterator[str]:
    for one in made.figures:
        if not is_amount(one.where) and first_number(one.before):
            yield f"{dotted(one.where)} {_number(first_number(one.before))}"


def _table(where: Where) -> str:
    """The table whose entries are told as one, else the figure itself."""
    return dotted(where[:-1] if where[-2] in TABLES or isinstance(where[-1], int) else where)


def _elsewhere(made: NewCountry) -> Iterator[str]:
    """Groups, blocs and shares: what else of the instance the new country touches."""
    country, like = made.country, made.like
    if made.groups:
        groups = ", ".join(made.groups)
        yield from _wrapped(f"groups: {country} stands beside {like} in {groups} (rules.yaml)")
    else:
        yield from _wrapped(f"groups: {like} is in none, so {country} is in none")
    if made.named_in:
        rules = ", ".join(made.named_in)
        yield from _wrapped(f"rules: not about {country}, because they name {like} itself: {rules}")
    if made.bloc:
        text = f"part of {made.bloc}, as {like} is: right only if what {made.bloc} has counts {country}"
        yield from _wrapped(f"bloc: {text}")
    if made.left_out:
        tables = ", ".join(map(dotted, made.left_out))
        text = f"{tables}: about chips made in {like}; none of chips.csv is made in {country}"
        yield from _wrapped(f"left out: {text}")
    yield from _wrapped(f"shares: {_shares(made)}")


def _shares(made: NewCountry) -> str:
    if not made.given_way:
        return "no chip is sold more than once, so all others keep theirs"
    largest = max(made.given_way, key=lambda one: first_number(one.before))
    factor = first_number(largest.after) / first_number(largest.before)
    told = (
        f"all give way to {made.country}, so that they sum to 1 at most: {largest.path} "
        f"{first_number(largest.before):.6g} -> {first_number(largest.after):.6g} (times {factor:.6g})"
    )
    more = len(made.given_way) - 1
    return f"{told}, and {more} more alike; each says so in a comment" if more else told


def _to_look_up(made: NewCountry) -> Iterator[str]:
    for one in look_up(made):
        now = "" if one.now is None else f", now {_number(one.now)}"
        more = f" and {len(one.source) - NAMED} more" if len(one.source) > NAMED else ""
        sources = f"; {made.like}'s is from {', '.join(one.source[:NAMED])}{more}" if one.source else ""
        yield from _wrapped(f"  {one.place}{now}: {one.what}{sources}")
    for text in _of_rules(made):
        yield from _wrapped(f"  {text}")


def _of_rules(made: NewCountry) -> Iterator[str]:
    if made.groups:
        yield f"destination_groups: whether {made.country} belongs where {made.like} does"
    if made.named_in:
        yield f"rules: whether those that name {made.like} should name {made.country}, too"
    if made.bloc:
        yield f"part_of: whether what {made.bloc} has counts {made.country}; else take it out"


def _number(number: float) -> str:
    return f"{number:.4g}" if abs(number) < LARGE else f"{number:,.0f}"


def _wrapped(text: str) -> list[str]:
    lead = " " * (len(text) - len(text.lstrip()) + 2)
    return textwrap.wrap(
        text, PLAIN_WIDTH, subsequent_indent=lead, break_long_words=False, break_on_hyphens=False
    )
