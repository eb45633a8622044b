"""Reading `PATH OP VALUE`, the one grammar of every what-if.

    countries.CHN.budget.income_usd_bn *= 1.2
    chips.nv_h200.unit_price_usd[2027:2028] += 5000
    countries.*.trade.limits.nv_h200 = 100

OP is `=`, `*=` or `+=`. `*` in PATH stands for any one segment; `[2027]` and `[2027:2030]` choose calendar
years.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from optimizer.errors import Diagnostic, InputError, misleading, number_hint
from optimizer.instance.problem import seen
from optimizer.instance.values import Location, Operation
from optimizer.instance.yaml_reader import Raw, read_yaml

GRAMMAR: Final = re.compile(
    r"\s*(?P<path>(?:[A-Za-z0-9_-]+|\*)(?:\.(?:[A-Za-z0-9_-]+|\*))*)"
    r"\s*(?:\[\s*(?P<first>\d{4})\s*(?::\s*(?P<last>\d{4})\s*)?\])?"
    r"\s*(?P<operation>\*=|\+=|=)(?P<value>.*)",
    re.DOTALL,
)
EXAMPLE: Final = "write PATH = VALUE, PATH *= FACTOR or PATH += AMOUNT, as in x.y *= 1.2"
SHARE: Final = re.compile(r"write (-?[\d.]+)")
# a year or several, however it may be tried: [2027-2030], [2027:], @2027, (2027)
YEARS: Final = re.compile(r"^[^=]*[\[(@{]\s*[12]\d{3}")
OPERATIONS: Final[dict[str, Operation]] = {"=": "=", "*=": "*=", "+=": "+="}


@dataclass(frozen=True)
class Patch:
    """A patch as read: `segments` of its path (`*` any), `years` it chooses, `value` as plain data."""

    segments: tuple[str, ...]
    operation: Operation
    value: Raw
    text: str
    years: tuple[int, int] | None = None
    origin: Location | None = None

    def chooses(self, year: int) -> bool:
        """Whether the patch means this calendar year."""
        return self.years is None or self.years[0] <= year <= self.years[1]


def parse_patch(text: str, origin: Location | None = None) -> Patch:
    """Read `PATH OP VALUE`; `origin` is its place in a policy file. Raises `InputError`."""
    hidden = misleading(text)
    if hidden is not None:
        message = f"the patch `{text}` holds the character {hidden}"
        raise InputError(patch_diagnostic("E401", message, origin, "delete it: it hides what the patch says"))
    match = GRAMMAR.fullmatch(text)
    if match is None:
        message = f"cannot read the patch `{text}`"
        raise InputError(patch_diagnostic("E401", message, origin, _grammar_hint(text)))
    value = _read_value(match["value"].strip(), text, origin)
    operation = OPERATIONS[match["operation"]]
    if operation != "=" and not _is_finite(value):
        message = f"`{operation}` needs a finite number, got {seen(value)} in `{text}`"
        raise InputError(patch_diagnostic("E406", message, origin, _operand_hint(operation, value)))
    years = None
    if match["first"] is not None:
        years = (int(match["first"]), int(match["last"] or match["first"]))
        if years[1] < years[0]:
            message = f"the years [{years[0]}:{years[1]}] run backwards in `{text}`"
            raise InputError(patch_diagnostic("E407", message, origin))
        if isinstance(value, bool) or not isinstance(value, int | float):
            message = f"chosen years are set to one number, got {seen(value)} in `{text}`"
            raise InputError(patch_diagnostic("E407", message, origin, _number_hint(value)))
    return Patch(tuple(match["path"].split(".")), operation, value, text.strip(), years, origin)


def in_file_order(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Problems of several files by file and line, each once; first those of no file."""
    found = dict.fromkeys(problems)
    return sorted(found, key=lambda one: (one.file or "", one.line or 0, one.column or 0))


def _read_value(written: str, text: str, origin: Location | None) -> Raw:
    if not written:
        raise InputError(patch_diagnostic("E401", f"the patch `{text}` has no value", origin, EXAMPLE))
    if written in ("null", "~"):
        return None
    document = read_yaml(written, "the patch")
    if document.problems:
        message = f"cannot read the value of the patch `{text}`: {document.problems[0].message}"
        raise InputError(patch_diagnostic("E401", message, origin, document.problems[0].hint or EXAMPLE))
    return document.data


def _is_finite(value: Raw) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number_hint(value: Raw) -> str | None:
    return number_hint(value) if isinstance(value, str) else None


def _operand_hint(operation: Operation, value: Raw) -> str | None:
    """How a factor or an amount is written; a percentage may be meant as a change or as a share."""
    hint = _number_hint(value)
    share = SHARE.fullmatch(hint or "")
    if share is None or not str(value).endswith("%"):
        return hint
    number = float(share[1])
    percent = f"{100 * abs(number):.12g}%"
    change = f"`*= {1 + number:.12g}` for {percent} {'less' if number < 0 else 'more'}"
    if operation == "+=":
        return f"write {change}, or `+= {share[1]}` to add that number"
    is_change = str(value)[0] in "+-"
    return f"write {change}" if is_change else f"write {change}, or `*= {share[1]}` for {percent} of it"


def _grammar_hint(text: str) -> str:
    if YEARS.search(text):
        return "years stand right behind the path: write x.y[2027] = 5, or x.y[2027:2030] *= 1.2 for several"
    if re.search(r"[-/]=", text):
        return "the operations are =, *= and +=: write `*= 0.5` for a half and `+= -5` for five less"
    return EXAMPLE


def patch_diagnostic(
    code: str, message: str, origin: Location | None, hint: str | None = None, path: str | None = None
) -> Diagnostic:
    """A problem of a patch, at its place in a policy file if it has one."""
    file, line, column = origin or (None, None, None)
    return Diagnostic(code, message, "error", file, line, column, path, hint)
