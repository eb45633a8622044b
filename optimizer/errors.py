"""Errors that a person reads: one diagnostic per problem, with a stable code and a place.

Every layer may import this module; it imports only the standard library. An exception carries all the
problems that one pass found, in file order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final

EXIT_INVALID: Final = 2
EXIT_INFEASIBLE: Final = 3
EXIT_STOPPED: Final = 4
EXIT_INTERNAL: Final = 70
EXIT_UNWRITTEN: Final = 74
EXIT_INTERRUPTED: Final = 130

CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # E1xx: what a value or key says
        "E101": "unknown key",
        "E102": "missing key",
        "E103": "number out of range",
        "E104": "wrong type",
        "E105": "not a number (NaN)",
        "E106": "infinity where none is allowed",
        "E107": "low, value and high out of order",
        "E108": "series where one number is needed",
        "E109": "list of the wrong length",
        "E110": "bad year",
        "E111": "not one of the allowed words",
        "E112": "bad date",
        "E113": "unsupported format version",
        "E114": "source and status contradict each other",
        "E115": "bad identifier",
        "E116": "bad horizon",
        "E117": "range that cannot be applied",
        "E118": "text that does not show as it is written",
        # E2xx: files, YAML and CSV syntax
        "E201": "file or directory not found",
        "E202": "file cannot be read",
        "E203": "not UTF-8 text",
        "E204": "YAML syntax",
        "E205": "duplicate key",
        "E206": "YAML anchor, alias, merge key or tag",
        "E207": "file without content",
        "E208": "unexpected file",
        "E209": "unknown instance, policy or study name",
        "E210": "CSV syntax",
        "E211": "CSV column unknown, missing or repeated",
        "E212": "CSV row of the wrong length",
        "E213": "CSV identifier repeated",
        "E214": "number too large",
        "E215": "file exists already",
        "E216": "file that stays as it is: it is shipped, or reached by a link",
        # E22x: workbooks
        "E221": "workbook that cannot be read",
        "E222": "workbook with macros",
        "E223": "sheet unknown or missing",
        "E224": "column of a sheet without a name, unknown, missing or repeated",
        "E225": "unit that was changed",
        "E226": "formula or spreadsheet error in the place of a value",
        "E227": "date in the place of a number or text",
        "E228": "blank that does not show",
        "E229": "path that cannot be read or stands twice",
        "E230": "number that is kept as text",
        "E231": "cells of a row that contradict each other",
        # E3xx: references from one place to another
        "E301": "unknown chip",
        "E302": "unknown country",
        "E303": "unknown line",
        "E304": "unknown segment",
        "E305": "unknown source",
        "E306": "unknown objective",
        "E307": "leader without a country file",
        "E308": "delivery shares do not add up",
        "E309": "lines precede each other in a circle",
        "E310": "chip sold before it is launched",
        "E311": "file name and content disagree",
        "E312": "chip and line disagree",
        "E313": "values contradict each other",
        "E314": "unknown rule",
        "E315": "unknown country or group of countries",
        "E316": "rule that ends before it starts",
        "E317": "rule whose fields do not fit its action",
        "E318": "chip of which the countries' shares sum to more than 1",
        "E319": "unknown class of tools",
        "E320": "unknown designer",
        "E321": "rule that is over before the horizon starts",
        "E322": "staged industry that lacks data",
        "E323": "programme that no rate can finish",
        "E324": "levels of learning out of order",
        # E4xx: patches
        "E401": "patch cannot be read",
        "E402": "patch of an unknown path",
        "E403": "patch that matches nothing",
        "E404": "patches overlap",
        "E405": "patch of something that is not a value",
        "E406": "operation that does not fit the value",
        "E407": "year selector that does not fit the value",
        "E408": "patch makes a value invalid",
        # E5xx: values that contradict each other once they become parameters
        "E501": "parameter that the model does not allow",
        "E502": "arrival before the plan starts",
        "E503": "chip without a throughput",
        "E504": "lag that the base state contradicts",
        "E505": "chip without a metric on which a rule depends",
        "E506": "part of an infinite limit",
        "E507": "leader whose rent is a share of its own compute",
        "E508": "cash that cannot pay for an end of everything",
        "E509": "staged industry that nothing bounds",
        "E531": "market that does not say how supply answers to prices",
        "E532": "component that no chip on the market holds",
        "E533": "country and the bloc that counts it in one market",
        "E534": "market of countries that open fabs one by one",
        "E535": "equilibrium of another market",
        "E536": "component whose price is not given once",
        "E537": "chip of which contracts promise more than is made",
        "E538": "equilibrium that was interrupted before it was looked at",
        # E6xx: command-line input
        "E601": "wrong usage",
        "E602": "output directory that is not a run",
        "E603": "extension that cannot be used",
        "E604": "objective preset that the instance does not have",
        "E605": "file cannot be written",
        "E606": "parameter that the model does not have",
        "E607": "standard output that cannot be written",
        "E608": "module of the user's in the place of one of Kloof's",
        "E609": "view that cannot be asked for",
        "E610": "next dollar that cannot be asked for",
        "E611": "plan without the columns of a strategy",
        "E612": "plan row of the wrong length",
        "E613": "unknown metric in a plan",
        "E614": "unknown country in a plan",
        "E615": "unknown period in a plan",
        "E616": "unknown item in a plan",
        "E617": "plan value that is not a finite number",
        "E618": "negative decision in a plan",
        "E619": "repeated row in a plan",
        "E620": "decision missing from a plan",
        "E621": "unit that does not fit the metric",
        "E623": "share of the budget that cannot be read",
        "E624": "unknown category of the budget",
        "E625": "year that the plan does not report",
        "E626": "shares of the budget that exclude each other",
        "E627": "sheet of shares that cannot be read",
        "E641": "directory without a saved run",
        "E642": "file of a run that cannot be read",
        "E643": "country or policy that a run does not have",
        "E644": "run saved by another version",
        "E645": "runs that have nothing to compare",
        "E646": "run without a plan, as its prices do not clear",
        "E651": "file that is no store of a study",
        "E652": "store that is damaged",
        "E653": "store of a newer version of Kloof",
        "E654": "store that another process writes to",
        "E655": "store that cannot be written",
        "E656": "no room left for a store",
        "E657": "store of another study",
        "E658": "stores that contradict each other",
        "E659": "form of export that is not known",
        "E660": "export that needs a package",
        "E661": "shard that does not exist",
        "E662": "column of a study that exists twice",
        # E67x: a study on the workers of a cluster
        "E671": "scheduler that does not answer",
        "E672": "scheduler that was lost",
        "E673": "worker of another version",
        "E674": "scheduler without workers",
        # E70x: which scenarios a study consists of
        "E701": "axis that cannot be read",
        "E702": "factors that move one cell",
        "E703": "range that makes an input invalid",
        "E704": "input without a range of its own",
        "E705": "design that cannot be made",
        "E706": "rank correlations that cannot be had",
        "E707": "name that a study does not have",
        "E708": "package that is not installed",
        "E709": "study without a factor",
        "E710": "outcome that no plan has",
        "E711": "numbers that say nothing",
        "E712": "scenario that the held path of the leader does not fit",
        "E713": "study of more solves than allowed",
        "E714": "input that feeds no plan of the country",
        "E718": "picture that cannot be drawn of a study",
        # E74x: export regimes to choose from
        "E741": "factors of a design that change one cell",
        "E742": "target that leads",
        "E743": "design without a factor, or a factor without a level",
        "E744": "factor or level that a design does not have, or that is named twice",
        "E745": "year that no plan reports",
        "E746": "industry in stages, for which regimes are not computed",
        "E747": "regime that changes what plans are worth or made of",
        "E748": "threshold on what is not monotone",
        # M1xx: model structure
        "M101": "expression or component that cannot be compiled",
        "M102": "non-linear equality",
        "M103": "row that is not concave",
        "M104": "coefficient, side or bound that is undefined",
        "M105": "objective or tie breaker missing or unusable",
        "M106": "condition on a variable",
        "M107": "unknown name or array of the wrong size",
        "M108": "non-linear row bounded on both sides",
        # S1xx: solver
        "S101": "the solver failed",
        "S102": "the solver contradicts itself",
        "S103": "question about a plan that does not exist",
        "S104": "no leader to follow",
        "S105": "country that passes the leader",
        "S106": "limits that exclude each other",
        "S107": "change without effect",
        "S108": "scenario of another structure",
        "S109": "run of an instance that has changed since",
        "S110": "follower of a leader whose plan is not certified",
        "S111": "solve that stopped before the gap asked for",
        "S112": "input that leaves a plan without bound",
        "S113": "process that did not survive its work",
        "S114": "view that leads to where there is no plan",
        "S115": "ranges that were not known in time",
        # W1xx: valid, but doubtful
        "W101": "data that end before the plan does",
        "W102": "value far from those of the shipped world",
        "W103": "figures of a chip that contradict each other",
        "W104": "country that no group of countries holds",
        "W105": "chip of which the countries' shares sum to more than 1 under patches",
        "W106": "observed lag that a changed fleet leaves behind",
        "W107": "class of tools that no line needs",
        "W108": "rule that starts after the horizon",
        # M9xx: faults of the program itself
        "M901": "internal fault",
    }
)


# Control characters but tabs and ends of lines, separators of lines that few programs know, and what turns
# the direction of writing round: what is shown is then not what is written.
_MISLEADING: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


def misleading(text: str) -> str | None:
    """The first character of a text that keeps it from being shown as it is written, as `U+001B`."""
    found = _MISLEADING.search(text)
    return f"U+{ord(found[0]):04X}" if found else None


def visible(text: str) -> str:
    """A text with such characters spelled out."""
    return _MISLEADING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@dataclass(frozen=True)
class Diagnostic:
    """One problem. `code` is a key of `CODES`; `severity` is `error`, `warning` or `note`; `line` and
    `column` count from 1; `path` is the dotted path of the value."""

    code: str
    message: str
    severity: str = "error"
    file: str | None = None
    line: int | None = None
    column: int | None = None
    path: str | None = None
    hint: str | None = None

    @property
    def place(self) -> str:
        """`FILE:LINE:COLUMN`, as far as known."""
        parts = [self.file or ""]
        parts += [str(part) for part in (self.line, self.column) if part is not None]
        return ":".join(parts)

    def render(self) -> str:
        """The problem as text of up to three lines."""
        lines = [f"{self.severity}[{self.code}]: {visible(self.message)}"]
        where = "  ".join(part for part in (self.place, self.path or "") if part)
        if where:
            lines.append(f"  --> {visible(where)}")
        if self.hint:
            lines.append(f"  hint: {visible(self.hint)}")
        return "\n".join(lines)


_GROUPED: Final = re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
_GROUPED_BY_POINTS: Final = re.compile(r"[1-9]\d{0,2}(\.\d{3})+(,\d+)?")
_DECIMAL_COMMA: Final = re.compile(r"\d*,\d+|\d+,")
_NUMBER: Final = re.compile(r"([-+]?)(.*?)([eE][-+]?\d+)?(%?)", re.DOTALL)
# what is put between thousands, other than commas and points
_BLANKS: Final = re.compile(r"[\s_'\u2019]")


def number_hint(text: str) -> str | None:
    """How a number that a person wrote another way is written here; `None` where it is no number.

    A comma is a decimal one unless it stands between groups of three digits; a single group may be either.
    """
    sign, digits, exponent, percent = _match(_BLANKS.sub("", text))
    meant = [digits]
    if _GROUPED.fullmatch(digits):
        meant = [digits.replace(",", "")]
        if digits.count(",") == 1 and "." not in digits:
            meant.append(digits.replace(",", "."))
    elif _GROUPED_BY_POINTS.fullmatch(digits) and (digits.count(".") > 1 or "," in digits):
        meant = [digits.replace(".", "").replace(",", ".")]
    elif _DECIMAL_COMMA.fullmatch(digits):
        meant = [digits.replace(",", ".")]
    try:
        numbers = [float(f"{sign}{one}{exponent}") / (100 if percent else 1) for one in meant]
    except ValueError:
        return None
    if not all(map(math.isfinite, numbers)):
        return "write .inf for infinity" if all(map(math.isinf, numbers)) else None
    shown = " or ".join(f"{number:.15g}" for number in numbers)
    return f"write {shown}: `{text.strip()}` may mean either" if len(numbers) > 1 else f"write {shown}"


def _match(text: str) -> tuple[str, str, str, str]:
    """Sign, digits, exponent and percent sign of what may be a number."""
    found = _NUMBER.fullmatch(text)
    sign, digits, exponent, percent = found.groups("") if found else ("", text, "", "")
    return sign, digits, exponent, percent


class KloofError(Exception):
    """Something a person must put right; `diagnostics` holds every problem of one pass, in file order."""

    exit_code: ClassVar[int] = EXIT_INTERNAL

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        found = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = found
        super().__init__("\n".join(diagnostic.render() for diagnostic in self.diagnostics))

    def __reduce__(self) -> tuple[object, ...]:
        # the text that an exception is otherwise made again from is no diagnostic
        return type(self), (self.diagnostics,), self.__dict__


class InputError(KloofError):
    """Invalid input: codes E..."""

    exit_code: ClassVar[int] = EXIT_INVALID


class OutputError(KloofError):
    """Output that cannot be written: codes E605, E607, E655 and E656."""

    exit_code: ClassVar[int] = EXIT_UNWRITTEN


class ClusterError(KloofError):
    """A study's cluster that went away while it was at work, codes E672 and E674: what is done is kept."""

    exit_code: ClassVar[int] = EXIT_INTERRUPTED


class ModelError(KloofError):
    """A model the engine cannot take, as one with faulty rows of the user's own: codes M1.."""

    exit_code: ClassVar[int] = EXIT_INVALID


class SolverError(KloofError):
    """The solver failed or found no plan: codes S..."""


class InfeasibleError(SolverError):
    """There is no plan, where a command cannot go on without one."""

    exit_code: ClassVar[int] = EXIT_INFEASIBLE


class StoppedError(SolverError):
    """A solve stopped before the gap asked for, where a command cannot go on with less."""

    exit_code: ClassVar[int] = EXIT_STOPPED


def diagnostic_data(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic as JSON data, every key always there."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": visible(diagnostic.message),
        "file": diagnostic.file,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "path": diagnostic.path,
        "hint": None if diagnostic.hint is None else visible(diagnostic.hint),
    }
