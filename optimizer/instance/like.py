"""A country made like another of the instance: amounts times a factor, all else as it is there.

Nothing is looked up: every figure that comes from the other country is `assumed`, with a source of its own
that says so, and what was noted or commented there is told as said of that country. What is written is text
edited in places, so that layout, comments and the other files' words stay.
"""

from __future__ import annotations

import csv
import decimal
import io
import json
import math
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.amounts import is_amount, is_share_of_the_world
from optimizer.instance.country_schema import Country, Trade
from optimizer.instance.field_rules import COUNTRY
from optimizer.instance.instance import Instance, quantities
from optimizer.instance.problem import nearest, number_text
from optimizer.instance.room import general_and_own
from optimizer.instance.values import Quantity, Written
from optimizer.instance.yaml_edit import EditedFile, EditedYaml
from optimizer.instance.yaml_reader import Where, decode, dotted, read_bytes

DIGITS: Final = 6
NOTE_WIDTH: Final = 110
SHORT_NOTE: Final = 30
NEARLY: Final = 1e-12
ROUNDED: Final = decimal.Context(DIGITS, decimal.ROUND_DOWN)
# of products of numbers that were written in a few digits
NEARLY_AS_WRITTEN: Final = 1e-4
NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
GIVING_WAY: Final = "all shares give way to"
GAVE_WAY: Final = re.compile(
    rf"(?P<before>.+) times (?P<times>[-+.e\d]+): {GIVING_WAY} (?P<whom>[A-Z]{{3}}(, [A-Z]{{3}})*)"
)
COMMENT: Final = re.compile(r"^([ \t]*#)", re.MULTILINE)
# what chips made in a country are named by: no chip is made in a new one
OF_HOME_CHIPS: Final = ("make_limits", "stockpiled_dies", "designer_ceilings")


@dataclass(frozen=True)
class Figure:
    """A figure of the new country: its place below the country, what it is of the other one and here, and the
    factor between."""

    where: Where
    before: Written
    after: Written
    factor: float
    note: str
    source: tuple[str, ...]


@dataclass(frozen=True)
class GivenWay:
    """A share of another country that became smaller, so that no chip is sold more than once."""

    path: str
    before: Written
    after: Written


@dataclass(frozen=True)
class NewCountry:
    """A country as it will be written, with the files that change and what became of everything.

    `named_in` are rules that name the other country itself, which do not reach the new one; `left_out` are
    tables about chips that are made in the other country.
    """

    country: str
    like: str
    scale: float
    bloc: str | None
    groups: tuple[str, ...]
    named_in: tuple[str, ...]
    left_out: tuple[Where, ...]
    figures: tuple[Figure, ...]
    given_way: tuple[GivenWay, ...]
    contents: Mapping[str, bytes]


def country_like(
    instance: Instance, directory: Path, country: str, like: str, scale: float, name: str | None = None
) -> NewCountry:
    """The country `country` of `instance`, which was loaded from `directory`, with all amounts `scale` times
    those of `like`. Nothing is written.

    Raises `InputError` where `country` is no ISO3 code or exists, or `like` does not.
    """
    _check_names(instance, directory, country, like)
    source = f"{country}_like_{like}"
    while source in instance.sources:
        source += "_again"
    trade = _trade(instance.countries[like].trade, scale)
    twin = instance.countries[like].model_copy(update={"iso3": country, "trade": trade})
    enlarged = instance.model_copy(update={"countries": {**instance.countries, country: twin}})
    general, own = general_and_own(enlarged)
    room: dict[Where, float] = {("trade", "supply_share"): general} | {
        ("trade", "supply_shares", chip): f for chip, f in own.items()
    }
    one = EditedFile.read(directory, f"countries/{like}.yaml")
    left_out = _leave_out_home_chips(one, instance, like)
    model = instance.countries[like]
    figures = tuple(_figures(one, model, source, scale, room, left_out))
    _leave_out_what_gave_way(one, model)
    _head(one, country, like, scale, name, model.note)
    _tell_whose_comments(one.edited, like)
    files = {f"countries/{country}.yaml": one.content()}
    given_way: list[GivenWay] = []
    for other in instance.countries if any(factor < 1 for factor in room.values()) else ():
        edited = EditedFile.read(directory, f"countries/{other}.yaml", ("countries", other))
        found = list(_give_way(edited, instance.countries[other], country, room))
        if found:
            files[edited.name] = edited.content()
            given_way += found
    sources = {"sources.csv": _with_source(directory, source, country, like, scale)}
    groups, rules = _with_groups(instance, directory, country, like)
    return NewCountry(
        country,
        like,
        scale,
        twin.part_of,
        groups,
        tuple(_named_in(instance, like)),
        left_out,
        figures,
        tuple(given_way),
        # in an order in which what is written so far is a valid instance
        {**sources, **dict(reversed(files.items())), **rules},
    )


def _check_names(instance: Instance, directory: Path, country: str, like: str) -> None:
    if COUNTRY.fullmatch(country) is None:
        message = f"`{country}` is no ISO3 code: three capital letters, as in `BRA`"
        raise InputError(Diagnostic("E115", message))
    if country in instance.countries:
        message = f"{country} is a country of {instance.name} already"
        raise InputError(Diagnostic("E215", message, file=str(directory / "countries" / f"{country}.yaml")))
    if like not in instance.countries:
        close = nearest(like, tuple(instance.countries))
        hint = f"did you mean `{close}`?" if close else f"countries: {', '.join(instance.countries)}"
        raise InputError(Diagnostic("E302", f"--like: `{like}` is no country of {instance.name}", hint=hint))


def _trade(trade: Trade, scale: float) -> Trade:
    """What the shares would be if all other countries kept theirs."""
    shares = {chip: _times(share, scale, 1.0) for chip, share in trade.supply_shares.items()}
    return trade.model_copy(
        update={"supply_share": _times(trade.supply_share, scale, 1.0), "supply_shares": shares}
    )


def _times(quantity: Quantity, factor: float, most: float = math.inf) -> Quantity:
    """Value and range times a factor, `most` at the most, in a few digits, never more than it comes to."""
    scaled = quantity.scaled(factor)
    numbers = tuple(_few_digits(each, most) for each in scaled.numbers)
    numbers = (numbers[0], *scaled.numbers[1:]) if scaled.kind == "growth" else numbers
    low, high = (None if one is None else _few_digits(one, most) for one in (scaled.low, scaled.high))
    return replace(scaled, numbers=numbers, low=low, high=high)


def _few_digits(number: float, most: float) -> float:
    """Rounded down, so that shares that sum to 1 still do, but for what is off in the last digits alone."""
    return min(float(ROUNDED.create_decimal(number * (1 + NEARLY))), most)


def _leave_out_home_chips(one: EditedFile, instance: Instance, like: str) -> tuple[Where, ...]:
    """Take out what is about chips made in the other country."""
    industry = instance.countries[like].industry
    found: tuple[Where, ...] = tuple(
        ("industry", table) for table in OF_HOME_CHIPS if getattr(industry, table)
    )
    for where in found:
        one.edited.take(where)
    return found


def _figures(
    one: EditedFile,
    model: Country,
    source: str,
    scale: float,
    room: Mapping[Where, float],
    left_out: tuple[Where, ...],
) -> Iterator[Figure]:
    """Every figure that a file gives, written anew with the source that says what it is worth."""
    for where, quantity in quantities(model, ()):
        if quantity.location is None or any(where[: len(table)] == table for table in left_out):
            continue
        factor, written = 1.0, quantity
        if is_amount(where):
            most = 1.0 if is_share_of_the_world(where) else math.inf
            written = _times(_times(quantity, scale, most), room.get(where, 1.0))
            first = quantity.first_number
            factor = written.first_number / first if 0 < first < math.inf else scale
        times = f"{model.iso3} times {factor:.6g}" if factor != 1 else model.iso3 if quantity.note else ""
        note = f"{times}: {quantity.note.strip()}" if quantity.note else times
        if any(quantity.numbers) or quantity.source or quantity.note:
            marked = replace(written, source=(source,), status="assumed", note=note)
            entry = one.edited.entry(where)
            one.edited.replace(one.edited.node(where), _text(marked, entry.column, one.edited.end_of_line))
        yield Figure(where, quantity.value, written.value, factor, quantity.note, quantity.source)


def _text(quantity: Quantity, column: int, end: str) -> str:
    """A quantity in braces: its number and range, and on lines of their own where it comes from; `end` ends
    a line."""
    parts_of = [f"value: {_written(quantity.value)}"]
    parts_of += [f"low: {number_text(quantity.low)}"] if quantity.low is not None else []
    parts_of += [f"high: {number_text(quantity.high)}"] if quantity.high is not None else []
    parts_of += [f"source: {quantity.source[0]}", f"status: {quantity.status}"]
    if not quantity.note:
        return f"{{{', '.join(parts_of)}}}"
    if len(quantity.note) <= SHORT_NOTE:
        return f"{{{', '.join(parts_of)}, note: {json.dumps(quantity.note)}}}"
    indent = " " * (column + 3)
    note = _quoted(quantity.note, f"{end}{indent} ")
    return f"{{{', '.join(parts_of)},{end}{indent}note: {note}}}"


def _quoted(text: str, end: str) -> str:
    """A text in quotes, on as many lines as it takes."""
    quoted = json.dumps(text, ensure_ascii=False)
    return end.join(textwrap.wrap(quoted, NOTE_WIDTH, break_long_words=False, break_on_hyphens=False))


def _written(value: Written) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(number_text, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {number_text(float(str(each)))}' for key, each in value.items())}}}"
    return number_text(value)


def _head(one: EditedFile, country: str, like: str, scale: float, name: str | None, note: str) -> None:
    edited, end = one.edited, one.edited.end_of_line
    told = f"Like {like}, amounts times {scale:.6g}; nothing was looked up for {country}."
    text = _quoted(f"{told} {like}: {note.strip()}" if note else told, f"{end}  ")
    edited.replace(edited.node(("iso3",)), country)
    edited.replace(edited.node(("name",)), json.dumps(name or country, ensure_ascii=False))
    if "note" in edited.root.entries:
        edited.replace(edited.node(("note",)), text)
    else:
        edited.add((), "name", "note", text)
    edited.insert(
        0,
        f"# Made by `kloof new {country} --like {like} --scale {scale:.6g}`: amounts are those of {like}"
        f" times {scale:.6g}, all else is as there.{end}"
        f"# What notes and comments say after `{like}:` is said of {like}.{end}",
    )


def _tell_whose_comments(edited: EditedYaml, like: str) -> None:
    """Every block of comments begins with the country that it speaks of."""
    changed = [(start, stop) for start, stop, _ in edited.changes]
    for found in COMMENT.finditer(edited.text):
        start = found.start()
        line_before = edited.text[: max(start - 1, 0)].rpartition("\n")[2]
        first_of_block = not start or not line_before.lstrip().startswith("#")
        if first_of_block and not any(begin <= start < stop for begin, stop in changed):
            edited.insert(found.end(), f" {like}:")


def _give_way(
    edited: EditedFile, one: Country, country: str, room: Mapping[Where, float]
) -> Iterator[GivenWay]:
    for where, quantity in quantities(one.trade, ("trade",)):
        factor = room.get(where, 1.0)
        if factor == 1 or quantity.location is None or not any(quantity.numbers):
            continue
        smaller = _times(quantity, factor)
        node = edited.edited.node(where)
        bare = "value" not in node.entries
        named: list[tuple[Where, Written | None]] = [
            ((*where, "value"), smaller.value),
            ((*where, "low"), smaller.low),
            ((*where, "high"), smaller.high),
        ]
        for place, number in [(where, smaller.value)] if bare else named:
            if number is not None:
                edited.edited.replace(edited.edited.node(place), _written(number))
        known = _gave_way(edited.edited, where, quantity)
        before, whom = known or (_written(quantity.value), "")
        times = next(b / a for a, b in _pairs(before, smaller) if a != b) if known else factor
        said = f"{before} times {times:.6g}: {GIVING_WAY} {whom}{country}"
        edited.edited.comment_above(where, said, instead=known is not None)
        yield GivenWay(dotted(("countries", one.iso3, *where)), quantity.value, smaller.value)


def _gave_way(edited: EditedYaml, where: Where, quantity: Quantity) -> tuple[str, str] | None:
    """What a share was before it gave way to other countries, and these; None where it did not, or was
    changed since."""
    found = GAVE_WAY.fullmatch(edited.said_above(where))
    if found is None:
        return None
    times = float(found["times"])
    same = all(
        a == b or math.isclose(a * times, b, rel_tol=NEARLY_AS_WRITTEN)
        for a, b in _pairs(found["before"], quantity)
    )
    return (found["before"], f"{found['whom']}, ") if same else None


def _pairs(before: str, now: Quantity) -> list[tuple[float, float]]:
    """The numbers of a share as it was written and as it is; years are the same in both."""
    old, new = (list(map(float, NUMBER.findall(text))) for text in (before, _written(now.value)))
    return list(zip(old, new, strict=True)) if len(old) == len(new) else [(1.0, 0.0)]


def _leave_out_what_gave_way(one: EditedFile, model: Country) -> None:
    """That a share of the other country gave way to others is nothing to say of the new one."""
    for where, quantity in quantities(model.trade, ("trade",)):
        if quantity.location is not None and GAVE_WAY.fullmatch(one.edited.said_above(where)):
            one.edited.take_comment(where)


def _with_source(directory: Path, source: str, country: str, like: str, scale: float) -> bytes:
    """`sources.csv` with a row that says what the figures of the new country are worth."""
    path = directory / "sources.csv"
    content = read_bytes(path, str(path)) if path.exists() else b"id,title\n"
    text = decode(content, str(path))
    end = "\r\n" if "\r\n" in text else "\n"
    columns = next(csv.reader(io.StringIO(text)))
    row = {
        "id": source,
        "title": f"Not looked up: as {like} of this instance, amounts times {scale:.6g}",
        "confidence": "low",
    }
    line = io.StringIO()
    csv.writer(line, lineterminator=end).writerow([row.get(column, "") for column in columns])
    between = b"" if content.endswith(b"\n") else end.encode()
    return content + between + line.getvalue().encode()


def _with_groups(
    instance: Instance, directory: Path, country: str, like: str
) -> tuple[tuple[str, ...], Mapping[str, bytes]]:
    """The groups of the other country, and `rules.yaml` with the new one in each of them."""
    groups = tuple(name for name, members in instance.destination_groups.items() if like in members)
    if not groups:
        return (), {}
    rules = EditedFile.read(directory, "rules.yaml")
    for group in groups:
        rules.edited.add_item(("destination_groups", group), like, country)
    return groups, {"rules.yaml": rules.content()}


def _named_in(instance: Instance, like: str) -> Iterator[str]:
    """Rules that name the country itself, not a group that it is in."""
    for name, rule in instance.rules.items():
        if like in rule.destinations or like in rule.excluded_destinations or like in rule.suppliers:
            yield name
