"""What a command about one country says of several: the same of each, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from optimizer.cli.options import Given, Output

COUNTRY: Final = "country"


@dataclass(frozen=True)
class Told:
    """What is told of one country, made in the form that is asked for; `code` is the exit code, and `warn`
    writes what people are to know beside it."""

    document: Callable[[], dict[str, Any]]
    csv: Callable[[], str]
    table: Callable[[], str]
    code: int
    warn: Callable[[], None] = lambda: None


def tell_each(given: Given, output: Output, tell: Callable[[Given], Told]) -> int:
    """Tell of each country, and return the exit code of all.

    Of one it is as `tell` has it. Of several, JSON is an object of theirs by code (`countries`), CSV one
    table whose first column is the country, and a country with an error is told beside the others.
    """
    from optimizer.cli.session import emit, emit_json, strongest

    names = given.countries
    if len(names) == 1:
        told = tell(given)
        if output.form == "json":
            emit_json(told.document())
        else:
            emit(told.csv() if output.form == "csv" else told.table())
        told.warn()
        return told.code
    codes, documents, tables = [], {}, []
    for name in names:
        told = _told(replace(given, countries=(name,)), output, tell)
        codes.append(told.code)
        if output.form == "json":
            documents[name] = told.document()
        elif output.form == "csv":
            tables.append((name, told.csv()))
        else:
            emit(told.table())
        told.warn()
    if output.form == "json":
        emit_json({"schema_version": 1, "countries": documents})
    elif output.form == "csv":
        emit(_one_table(tables))
    return strongest(*codes)


def _told(given: Given, output: Output, tell: Callable[[Given], Told]) -> Told:
    from optimizer.cli.session import diagnostic_data, report
    from optimizer.errors import KloofError

    try:
        return tell(given)
    except KloofError as error:
        diagnostics = error.diagnostics
        data = [diagnostic_data(each) for each in diagnostics]
        return Told(
            lambda: {"schema_version": 1, "status": "error", "diagnostics": data},
            lambda: "",
            lambda: "",
            error.exit_code,
            lambda: None if output.form == "json" else report(diagnostics),
        )


def _one_table(tables: Sequence[tuple[str, str]]) -> str:
    """The rows of all tables below one head."""
    lines: list[str] = []
    for name, text in tables:
        head, _, rows = text.partition("\n")
        own = head.split(",")[0] == COUNTRY
        lines += [head if own else f"{COUNTRY},{head}"] if head and not lines else []
        lines += [row if own else f"{name},{row}" for row in rows.splitlines()]
    return "".join(f"{line}\n" for line in lines)
