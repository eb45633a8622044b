"""What inputs are worth at the margin, as JSON data and as CSV: every input, in full."""

from __future__ import annotations

import math
from typing import Any

from optimizer.answer.part import text_of_infinity
from optimizer.study.margins import Margins
from optimizer.tell import SCHEMA_VERSION


def margins_document(found: Margins) -> dict[str, Any]:
    """All slopes, those solved anew, and why inputs have no slope; effects in average log units."""
    gradient = found.gradient
    return {
        **{"schema_version": SCHEMA_VERSION, "status": "done", "method": "gradient"},
        **{"country": gradient.country, "leader": "hold", "gap": text_of_infinity(gradient.gap)},
        "inputs": [
            {str(name): _number(cell) for name, cell in row.items()}
            for row in gradient.frame().to_dict("records")
        ],
        "left_out": dict(gradient.left_out),
        "solved": {
            "period": found.period,
            "differences": [
                {
                    **{"input": one.path, "step": one.step, "objective": _number(one.objective)},
                    **{"capability": _number(one.capability), "lag_months": _number(one.lag_months)},
                    "within": _number(one.within),
                }
                for one in found.solved
            ],
        },
    }


def margins_csv(found: Margins) -> str:
    """A line per input: what `Gradient.frame` holds, with the country, the leader's mode and the gap, and the
    differences of those solved anew."""
    frame = found.gradient.frame()
    frame.insert(0, "country", found.gradient.country)
    frame.insert(1, "leader", "hold")
    frame.insert(2, "gap", found.gradient.gap)
    solved = {one.path: one for one in found.solved}
    for name in ("step", "objective", "capability", "lag_months", "within"):
        frame[f"solved_{name}"] = [
            getattr(solved[path], name) if path in solved else None for path in frame["input"]
        ]
    return frame.to_csv(index=False, lineterminator="\n")


def _number(cell: Any) -> Any:
    if not isinstance(cell, float):
        return cell
    return None if math.isnan(cell) else text_of_infinity(cell)
