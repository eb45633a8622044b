"""What explains the plans of a saved run, in ten lines a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from optimizer.answer.digits import scientific
from optimizer.tell.terminal.brief import BINDS, MOST_TOGETHER, folded, limit_lines
from optimizer.tell.terminal.explain_text import RulesCommand, SavedPlan, name_of, text_of
from optimizer.tell.words import FOR_GOOD

LINES: Final = 10
ALL: Final = "without --brief"
# Beside the head, what is eased together, and the line that says how many more there are.
MOST_ALONE: Final = LINES - 2 - MOST_TOGETHER


def brief_text(plans: Sequence[SavedPlan], rules: RulesCommand, width: int) -> list[str]:
    """Each plan in ten lines at the most; first how to read them."""
    lines: list[str] = []
    if any(plan.answer.binding for plan in plans):
        lines += [*folded(BINDS, width), *folded(FOR_GOOD, width), ""]
    for position, plan in enumerate(plans):
        found = _plan(plan, rules, width)
        left = len(found) - LINES + 1
        lines += [""] if position else []
        lines += found if left <= 1 else [*found[: LINES - 1], f"  and {left} more lines {ALL}"]
    return lines


def _plan(plan: SavedPlan, rules: RulesCommand, width: int) -> list[str]:
    found, together = plan.answer.binding, plan.answer.binding_together
    if plan.gap is None or not found:
        return text_of([plan], None, rules, width)
    head = f"{name_of(plan)}: {plan.status}, gap {scientific(plan.gap)}"
    if plan.leader_gap is not None:
        head += f", beside a leader of gap {scientific(plan.leader_gap)}: not certified"
    return [*folded(head, width), *limit_lines(found, together, MOST_ALONE, width, ALL)]
