"""How an instance stands in a workbook: which sheet is which file, and the columns of its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from optimizer.instance.field_rules import IdsRule, Rule, YearMapRule
from optimizer.instance.fields import Texts
from optimizer.instance.load import CHIP_NUMBERS
from optimizer.instance.schema import Chip, Source
from optimizer.instance.shape import Leaf, Shape, record
from optimizer.instance.yaml_reader import Raw

README: Final = "read me"
# in `read me`, before the names of the sheets that the workbook was written with
SHEETS_WRITTEN: Final = "sheets that may not go"
# of the sheet `rules`, which says it even where it is empty
RULES_TABLE: Final = "rules"
TABLES: Final[Mapping[str, type[Chip | Source]]] = {"chips.csv": Chip, "sources.csv": Source}
SHEETS: Final = {
    "instance.yaml": "instance",
    "market.yaml": "market",
    "chips.csv": "chips",
    "rules.yaml": "rules",
    "sources.csv": "sources",
}
"""The sheets of files; those of countries have their codes."""

PATH, UNIT, VALUE, SERIES, GROWTH = "path", "unit", "value", "series", "growth"
RANGE: Final = ("low", "high", "status", "source", "note")
COLUMNS: Final = (PATH, UNIT, VALUE, SERIES, GROWTH, *RANGE)
"""Those of sheets with a row per value; behind `growth` stand calendar years."""

STEPS, LINE, YEARS = "steps", "line", "years"
KINDS: Final = (STEPS, LINE, GROWTH, YEARS)
"""How the numbers of a row are read that has several."""

EMPTY_TABLE, EMPTY_LIST = "{}", "[]"
A_YEAR: Final = re.compile(r"[12]\d{3}")

GUIDE: Final = (
    ("An instance of Kloof as a workbook",),
    ("Change values, save, and bring it back: kloof import FILE.xlsx DIR",),
    (),
    ("sheet", "what it holds"),
    ("instance", "horizon, leader, objectives and values of the whole world"),
    ("a country's code", "that country; a copy of the sheet, with a code and iso3 of its own, is one more"),
    ("market, chips, rules, sources", "supply, chips (one a row), export rules, sources (one a row)"),
    (),
    ("column", "what it says"),
    (PATH, "which value it is; a row may be deleted, where the value may be left out, or added"),
    (UNIT, "in which unit it is; a unit cannot be changed, only numbers can"),
    (VALUE, "a number, a text, or a list with commas; .inf is infinity, {} an empty table, [] an empty list"),
    (SERIES, f"{STEPS}: each number holds for its calendar year; all years of the horizon are given"),
    ("", f"{LINE}: numbers are those at the middle of their year, with straight lines between them"),
    ("", f"{GROWTH}: `value` at the middle of the first year, growing by `growth` a year"),
    ("", f"{YEARS}: amounts of single years; a year without a number has none"),
    ("low, high", "the range of the number; of a series, that of its first number"),
    ("status", "sourced, recalled or assumed"),
    ("source", "names of rows of the sheet sources, with commas"),
    ("note", "what there is to say"),
    (),
    ("Formulas are read by the value that they had when the workbook was saved, and are gone afterwards.",),
    ("Comments in files of an instance do not go into a workbook; notes do.",),
)


def table_columns(model: type[Chip | Source]) -> list[str]:
    """The columns that a table may have, a number's range beside it."""
    return [
        name
        for base in record(model).fields
        for name in (base, *(f"{base}_{end}" for end in ("low", "high") if base in CHIP_NUMBERS))
    ]


def table_lines(data: Raw) -> list[dict[str | int, Raw]]:
    """The rows of a table that could be read."""
    return [row for row in data.values() if isinstance(row, dict)] if isinstance(data, dict) else []


def is_number(shape: Shape | None) -> bool:
    """Whether a number with its range stands there, which may be a series."""
    return isinstance(shape, Leaf) and isinstance(shape.rule, Rule)


def is_year_map(shape: Shape | None) -> bool:
    """Whether amounts of single years stand there."""
    return isinstance(shape, Leaf) and isinstance(shape.rule, YearMapRule)


def is_list(shape: Shape | None) -> bool:
    """Whether several names or texts may stand there."""
    return isinstance(shape, Leaf) and (isinstance(shape.rule, IdsRule) or shape.annotation == Texts)
