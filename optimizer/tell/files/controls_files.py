"""Regimes as files: all of them, and those that no other dominates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

from optimizer.answer.cleared import ClearedAnswer
from optimizer.answer.controls import ControlsAnswer, RegimeAnswer
from optimizer.tell import SCHEMA_VERSION

REGIMES: Final = "regimes.csv"
FRONTIER: Final = "frontier.csv"
CLEARED: Final = "cleared.csv"
AS_IT_IS: Final = "0"
AGAIN: Final = "0 again"


def controls_document(answer: ControlsAnswer) -> dict[str, Any]:
    """What `kloof controls --format json` prints, and `summary.json` holds."""
    return {"schema_version": SCHEMA_VERSION, "command": "controls", **answer.data()}


def regimes_text(answer: ControlsAnswer) -> str:
    """Every regime as a row, the baseline first as regime 0, as `ControlsAnswer.table` has it."""
    return _text(answer, [answer.baseline, *answer.regimes])


def frontier_text(answer: ControlsAnswer) -> str:
    """The regimes that no other dominates, the longest delay first, in the same columns."""
    return _text(answer, answer.frontier)


def cleared_text(answer: ControlsAnswer, cleared: ClearedAnswer) -> str:
    """The regimes at prices that clear, as `ClearedAnswer.table` has them: the world as it is first, then the
    same again."""
    first = [name for name, one in ((AS_IT_IS, cleared.baseline), (AGAIN, cleared.again)) if one is not None]
    named = dict(enumerate(first))
    return _table(*cleared.table(tuple(answer.factors), answer.period, answer.last_period, named))


def _text(answer: ControlsAnswer, regimes: Iterable[RegimeAnswer]) -> str:
    return _table(*answer.table(regimes))


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    write = csv.writer(buffer, lineterminator="\n").writerow
    write(columns)
    for row in rows:
        write([_cell(value) for value in row])
    return buffer.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)
