"""What a study concludes, as JSON data and as CSV: the same numbers as in the tables, in full."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pandas as pd

from optimizer.answer.part import text_of_infinity
from optimizer.study.sampling.conclusion import Conclusion, Effect
from optimizer.study.sampling.interaction import Interaction

COLUMNS: Final = (
    *("country", "outcome", "unit", "base", "leader", "scenarios", "missing"),
    *("kind", "index", "axis", "at", "other", "other_at", "value", "low", "high"),
)


def conclusions_data(conclusions: Sequence[Conclusion]) -> list[dict[str, Any]]:
    """One entry per country and outcome; what is not known is null, infinity is `inf`."""
    return [_data(one) for one in conclusions]


def _data(one: Conclusion) -> dict[str, Any]:
    found: dict[str, Any] = {
        **{"country": one.country, "outcome": one.outcome, "unit": one.unit, "base": _number(one.base)},
        **{"scenarios": one.rows, "missing": one.missing},
    }
    if one.band is not None:
        found["band"] = {
            "quantiles": [
                {
                    **{"level": each.level, "value": _number(each.value), "low": _number(each.low)},
                    **{"high": _number(each.high), "beyond": each.beyond},
                }
                for each in one.band.quantiles
            ],
            **{"draws": one.band.draws, "missing": one.band.missing, "confidence": one.band.confidence},
        }
    if one.effects or one.within_gap:
        found["effects"] = [_effect(each) for each in one.effects]
        found["within_gap"] = list(one.within_gap)
    if one.indices is not None:
        found["indices"] = {
            **{"method": one.indices.method, "blocks": one.indices.blocks, "dropped": one.indices.dropped},
            **{"confidence": one.indices.confidence, "reason": one.indices.reason},
            "table": [
                {str(name): _number(cell) for name, cell in row.items()}
                for row in one.indices.table.to_dict("records")
            ],
        }
    if one.matrices:
        found["matrices"] = [_matrix(each) for each in one.matrices]
    return found


def _effect(each: Effect) -> dict[str, Any]:
    return {
        **{"axis": each.axis, "low_value": _number(each.low_value), "high_value": _number(each.high_value)},
        **{"low": _number(each.low), "high": _number(each.high)},
    }


def _matrix(each: Interaction) -> dict[str, Any]:
    return {
        **{"rows": each.rows, "columns": each.columns},
        "row_values": [_number(value) for value in each.outcomes.index],
        "column_values": [_number(value) for value in each.outcomes.columns],
        "outcomes": _cells(each.outcomes),
        "together": None if each.together is None else _cells(each.together),
        "held": {name: _number(value) for name, value in each.held.items()},
        "missing": each.missing,
    }


def _cells(frame: pd.DataFrame) -> list[list[Any]]:
    return [[_number(cell) for cell in row] for row in frame.to_numpy().tolist()]


def _number(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    number = float(value)
    return None if math.isnan(number) else text_of_infinity(number)


def conclusions_csv(conclusions: Sequence[Conclusion], leader: str, notes: Sequence[str]) -> str:
    """A line per number, `kind` saying what it is: `quantile`, `effect` (index `low` or `high`),
    `within_gap`, `index`, `outcome` and `together` of a matrix; a `note` has its text in `at`. What is not
    known is empty."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for one in conclusions:
        common = {
            **{"country": one.country, "outcome": one.outcome, "unit": one.unit, "base": one.base},
            **{"leader": leader, "scenarios": one.rows, "missing": one.missing},
        }
        for line in _lines(one):
            writer.writerow({name: _csv(cell) for name, cell in (common | line).items()})
    for note in notes:
        writer.writerow({"kind": "note", "at": note, "leader": leader})
    return buffer.getvalue()


def _csv(cell: Any) -> Any:
    return "" if cell is None or (isinstance(cell, float) and math.isnan(cell)) else cell


def _lines(one: Conclusion) -> Iterator[dict[str, Any]]:
    for each in one.band.quantiles if one.band else ():
        yield {
            **{"kind": "quantile", "index": each.level, "value": each.value, "low": each.low},
            **{"high": each.high, "at": "beyond" if each.beyond else ""},
        }
    for effect in one.effects:
        plain = {"kind": "effect", "axis": effect.axis}
        yield plain | {"index": "low", "at": effect.low_value, "value": effect.low}
        yield plain | {"index": "high", "at": effect.high_value, "value": effect.high}
    for name in one.within_gap:
        yield {"kind": "within_gap", "axis": name}
    if one.indices is not None:
        for row in one.indices.table.to_dict("records"):
            yield {"kind": "index", **{str(name): cell for name, cell in row.items()}}
    for matrix in one.matrices:
        for kind, frame in (("outcome", matrix.outcomes), ("together", matrix.together)):
            if frame is None:
                continue
            for at, cells in zip(frame.index, frame.to_numpy().tolist(), strict=True):
                for other_at, cell in zip(frame.columns, cells, strict=True):
                    yield {
                        **{"kind": kind, "axis": matrix.rows, "at": at, "other": matrix.columns},
                        **{"other_at": other_at, "value": cell},
                    }
    if not (one.band or one.effects or one.within_gap or one.indices or one.matrices):
        yield {"kind": "missing"}
