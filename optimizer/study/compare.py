"""The same countries under a baseline and several policies."""

from __future__ import annotations

from optimizer.answer.comparison import Comparison
from optimizer.study.ask import Ask
from optimizer.study.scenarios import solve_scenarios
from optimizer.study.telling import Progress


def compare_scenarios(ask: Ask, progress: Progress | None = None) -> Comparison:
    """Each country asked about in every scenario; the first is the baseline.

    A scenario given twice is solved once. A scenario or country that fails does not hide the rest. Raises
    `InputError` where a policy does not fit, or the baseline's leader cannot be resolved.
    """
    return Comparison(tuple(solve_scenarios(ask, progress)), ask.asked)
