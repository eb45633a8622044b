"""Regimes as files: all of them, and those that no other dominates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, Final

from optimizer.answer.controls import ControlsAnswer, RegimeAnswer
from optimizer.tell import SCHEMA_VERSION

REGIMES: Final = "regimes.csv"
FRONTIER: Final = "frontier.csv"


def controls_document(answer: ControlsAnswer) -> dict[str, Any]:
    """What `kloof controls --format json` prints, and `summary.json` holds."""
    return {"schema_version": SCHEMA_VERSION, "command": "controls", **answer.data()}


def regimes_text(answer: ControlsAnswer) -> str:
    """Every regime as a row, the baseline first as regime 0: `ControlsAnswer.columns`."""
    return _text(answer, [answer.baseline, *answer.regimes])


def frontier_text(answer: ControlsAnswer) -> str:
    """The regimes that no other dominates, the longest delay first, in the same columns."""
    return _text(answer, answer.frontier)


def _text(answer: ControlsAnswer, regimes: Iterable[RegimeAnswer]) -> str:
    buffer = io.StringIO()
    write = csv.writer(buffer, lineterminator="\n").writerow
    write(answer.columns)
    for one in regimes:
        write([_cell(value) for value in answer.row(one)])
    return buffer.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)
