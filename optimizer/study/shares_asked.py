"""Shares of the budget that a plan must keep, as a person asks for them, and the patches they come to."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.parameters import CATEGORIES
from optimizer.errors import Diagnostic, InputError, number_hint
from optimizer.instance import Instance, patch

AT_LEAST: Final = "at_least"
AT_MOST: Final = "at_most"
FIX: Final = "fix"
KINDS: Final[Mapping[str, str]] = {AT_LEAST: "at least", AT_MOST: "at most", FIX: "exactly"}
# names under which people know the categories, beside those that tables print
ALIASES: Final[Mapping[str, str]] = {
    "research compute": "research",
    "delivery compute": "delivery",
    "industry": "chips",
    "chip industry": "chips",
    "chip investment": "chips",
    "domestic chip investment": "chips",
    "people": "talent",
    "electric power": "power",
}
FORM: Final = "CATEGORY=SHARE%[@YEARS], as in research=30%@2028: or chips=0.2@2028:2031"
# sums of shares are known to the rounding of their own addition
ROUND_OFF: Final = 1e-9
_TEXT: Final = re.compile(r"\s*([^=@]+?)\s*=\s*([^@\s]+)\s*(?:@\s*(\S+)\s*)?")
_YEARS: Final = re.compile(r"(\d{4})?(:)?(\d{4})?")


@dataclass(frozen=True)
class Share:
    """A share (0 to 1) of the budget that a category gets at least, at most or exactly in calendar years, the
    first and last included. `text` is how it was asked for."""

    kind: str
    category: str
    value: float
    years: tuple[int, int]
    text: str = ""

    @property
    def words(self) -> str:
        """The share as a person says it."""
        return words_of(self.kind, self.category, self.value, self.years)


@dataclass(frozen=True)
class Bounds:
    """Floors and ceilings on shares of the budget, by category and calendar year."""

    floors: Mapping[str, Mapping[int, float]]
    ceilings: Mapping[str, Mapping[int, float]]


def words_of(kind: str, category: str, value: float, years: tuple[int, int]) -> str:
    """`research at least 30% in 2028 to 2031`."""
    first, last = years
    when = f"in {first}" if first == last else f"in {first} to {last}"
    return f"{category} {KINDS[kind]} {percent(value)} {when}"


def percent(value: float) -> str:
    return f"{100 * value:.6g}%"


def category_of(name: str) -> str | None:
    """The category of a name that people use, None where it has none."""
    plain = " ".join(name.strip().lower().replace("_", " ").replace("-", " ").split())
    plain = ALIASES.get(plain, plain)
    return plain if plain in CATEGORIES else None


def unknown_category(
    name: str, path: str | None = None, file: str | None = None, line: int | None = None
) -> Diagnostic:
    """The problem of a name that is no category's, with the nearest."""
    near = difflib.get_close_matches(name.strip().lower(), [*CATEGORIES, *ALIASES], n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"categories: {', '.join(CATEGORIES)}"
    message = f"unknown category `{name}` of the budget"
    return Diagnostic("E624", message, file=file, line=line, path=path, hint=hint)


def parse_shares(given: Mapping[str, Iterable[str]], instance: Instance) -> tuple[Share, ...]:
    """Shares of texts such as `research=30%@2028:`, by kind. Years that are left out are the reported ones.

    Raises `InputError` with every text that is not right.
    """
    found: list[Share] = []
    problems: list[Diagnostic] = []
    for kind, texts in given.items():
        for text in texts:
            try:
                found.append(_parsed(kind, text, instance))
            except InputError as error:
                problems += error.diagnostics
    if problems:
        raise InputError(problems)
    return tuple(found)


def _parsed(kind: str, text: str, instance: Instance) -> Share:
    option = f"--{kind.replace('_', '-')}"
    whole = _TEXT.fullmatch(text)
    if whole is None:
        raise InputError(Diagnostic("E623", f"`{text}` is no share", path=option, hint=FORM))
    name, amount, years = whole.groups()
    category = category_of(name)
    if category is None:
        raise InputError(unknown_category(name, path=option))
    value = share_of(amount)
    if value is None:
        message = f"the share of `{text}` must be 0% to 100%, or 0 to 1 without a sign, got `{amount}`"
        hint = number_hint(amount.removesuffix("%")) if "," in amount else None
        raise InputError(Diagnostic("E623", message, path=option, hint=hint or FORM))
    return Share(kind, category, value, _years(years, text, option, instance), f"{option} {text}")


def share_of(text: str) -> float | None:
    """The share that `30%` or `0.3` says, None where it says none from 0 to 1."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None
    return value if 0 <= value <= 1 and "_" not in text else None


def _years(text: str | None, whole: str, option: str, instance: Instance) -> tuple[int, int]:
    horizon = instance.horizon
    if text is None:
        return horizon.first_year, horizon.last_year
    parts = _YEARS.fullmatch(text)
    if parts is None or not any(parts.groups()):
        message = f"the years of `{whole}` are not 2028, 2028:, 2028:2031 or :2031, got `{text}`"
        raise InputError(Diagnostic("E623", message, path=option, hint=FORM))
    start, colon, end = parts.groups()
    first = int(start) if start else horizon.first_year
    last = int(end) if end else horizon.last_year if colon else first
    # before their order: an open end is the horizon's, and nobody wrote it
    for year in (first, last):
        if not horizon.first_year <= year <= horizon.last_year:
            raise InputError(outside(year, instance, path=option))
    if first > last:
        message = f"the years of `{whole}` end before they begin"
        raise InputError(Diagnostic("E623", message, path=option, hint=f"as in @{last}:{first}"))
    return first, last


def outside(
    year: int, instance: Instance, path: str | None = None, file: str | None = None, line: int | None = None
) -> Diagnostic:
    """The problem of a year that the plan does not report."""
    horizon = instance.horizon
    hint = f"its years are {horizon.first_year} to {horizon.last_year}"
    message = f"{year} is no year of the plan"
    return Diagnostic("E625", message, file=file, line=line, path=path, hint=hint)


def bounds_of(instance: Instance, country: str) -> Bounds:
    """The floors and ceilings that a country has in the instance."""
    budget, years = instance.countries[country].budget, instance.horizon.years
    floors, ceilings = budget.category_floors, budget.category_ceilings
    return Bounds(
        {c: {y: floors[c].in_year(y) if c in floors else 0.0 for y in years} for c in CATEGORIES},
        {c: {y: ceilings[c].in_year(y) if c in ceilings else 1.0 for y in years} for c in CATEGORIES},
    )


def with_shares(instance: Instance, country: str, shares: Sequence[Share], within: float = 0.0) -> Instance:
    """The instance in which a country's budget keeps the shares, and the floors and ceilings that it has.

    Exact shares hold to `within`, a share of the budget. What a share is of, at which prices, is said of
    `least_share` in the mathematics; that of the last reported year holds in the tail, as every series does.
    Raises `InputError` where shares exclude each other by their sums alone.
    """
    before = bounds_of(instance, country)
    floors = {c: dict(by_year) for c, by_year in before.floors.items()}
    ceilings = {c: dict(by_year) for c, by_year in before.ceilings.items()}
    for share in shares:
        band = within if share.kind == FIX else 0.0
        for year in range(share.years[0], share.years[1] + 1):
            if share.kind != AT_MOST:
                least = max(share.value - band, 0.0)
                floors[share.category][year] = max(floors[share.category][year], least)
            if share.kind != AT_LEAST:
                most = min(share.value + band, 1.0)
                ceilings[share.category][year] = min(ceilings[share.category][year], most)
    bounds = Bounds(floors, ceilings)
    if problems := list(_contradictions(bounds, instance, shares)):
        raise InputError(problems)
    changes = []
    for table, now, then in (("floors", floors, before.floors), ("ceilings", ceilings, before.ceilings)):
        for category, by_year in now.items():
            if by_year != then[category]:
                numbers = ", ".join(repr(by_year[year]) for year in instance.horizon.years)
                changes.append(f"countries.{country}.budget.category_{table}.{category} = [{numbers}]")
    return patch(instance, changes, stack=True)


def _contradictions(bounds: Bounds, instance: Instance, shares: Sequence[Share]) -> Iterator[Diagnostic]:
    """Shares that exclude each other whatever is planned: each kind of contradiction once, in its first
    year."""
    for category in CATEGORIES:
        floors, ceilings = bounds.floors[category], bounds.ceilings[category]
        year = next((y for y in floors if floors[y] > ceilings[y] + ROUND_OFF), None)
        if year is not None:
            message = (
                f"{category} gets at least {percent(floors[year])} and at most {percent(ceilings[year])} of "
                f"the budget in {year}"
            )
            yield Diagnostic("E626", message, hint=_asked_of(shares, year, category))
    for year in instance.horizon.years:
        total = sum(bounds.floors[category][year] for category in CATEGORIES)
        if total > 1 + ROUND_OFF:
            message = f"the least shares of all categories add to {percent(total)} of the budget in {year}"
            yield Diagnostic("E626", message, hint=_asked_of(shares, year))
            break
    for year in instance.horizon.years:
        total = sum(bounds.ceilings[category][year] for category in CATEGORIES)
        if total < 1 - ROUND_OFF:
            message = f"the largest shares of all categories add to {percent(total)} of the budget in {year}"
            yield Diagnostic("E626", message, hint=_asked_of(shares, year))
            break


def _asked_of(shares: Sequence[Share], year: int, category: str = "") -> str:
    """What was asked for in a year, in the user's own words; beside it stands what the instance has."""
    texts = [
        each.text or each.words
        for each in shares
        if each.years[0] <= year <= each.years[1] and category in ("", each.category)
    ]
    return f"asked: {'; '.join(texts)}; beside the floors and ceilings of the instance"
