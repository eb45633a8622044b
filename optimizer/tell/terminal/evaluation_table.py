"""A given plan beside the optimum, for a person."""

from __future__ import annotations

from typing import Final

from rich.console import ConsoleRenderable

from optimizer.answer import digits, ranges
from optimizer.answer.evaluation import INDISTINGUISHABLE, Evaluation
from optimizer.answer.run import STOPPED, WorldRun
from optimizer.answer.summary import headline
from optimizer.tell.fitted import FITTED
from optimizer.tell.terminal.tables import grid, heading, indented, lag_cells
from optimizer.tell.words import LOG_UNIT, sentence

MOST_LINES: Final = 40


def evaluation_table(evaluation: Evaluation, world: WorldRun) -> list[ConsoleRenderable | str]:
    """The comparison for a person."""
    run, best = evaluation.run, world.countries[evaluation.run.country]
    parts: list[ConsoleRenderable | str] = [heading(f"{run.country}: the given plan beside the optimum"), ""]
    columns = [("given plan", run), ("optimum", best)]
    tops = [(label, each, headline(each, world.leader_run)) for label, each in columns]
    body = []
    for label, each, top in tops:
        if top is None:
            continue
        value = (
            evaluation.objective if label == "given plan" else evaluation.optimum and evaluation.optimum[0]
        )
        body.append(
            [
                label,
                "n/a" if not isinstance(value, float) else f"{value:.9g}",
                *digits.percents(list(top.split.values()), ranges.width(best, "spend_share")),
                digits.significant(top.paid_usd_bn, 3, ranges.relative_width(best, "paid")),
                digits.fixed(top.capability[top.last], ranges.decimals(best, "capability")),
                *lag_cells(each, top, ranges.decimals(best, "lag_months")),
            ]
        )
    first = next(top for *_, top in tops if top is not None)
    heads = ["", "objective", "research %", "delivery %", "chips %", "talent %", "power %", "paid\nUSD bn"]
    heads += [f"capability\nlog units\n{first.last}", f"months behind\n{first.middle}", f"\n{first.last}"]
    parts += [indented(grid(heads, body)), "", f"  {FITTED}", f"  {LOG_UNIT}"]
    if best.status == STOPPED and best.solution is not None:
        gap = digits.scientific(best.solution.certificate.gap)
        parts.append(f"  The best plan stopped before the gap asked for: of a gap of {gap} log units.")
    if best.provisional:
        parts.append(f"  Both follow a plan of {world.leader} that is not certified to the gap asked for.")
    if not evaluation.broken:
        if evaluation.loss is not None:
            parts.append(
                f"  The given plan gives away {_worth(evaluation.loss)} on average against the best plan."
            )
        parts += _kept(evaluation)
    else:
        parts += _broken_table(evaluation)
    return [*parts, *(_disagreement_table(evaluation) if evaluation.disagreements else ())]


def _kept(evaluation: Evaluation) -> list[ConsoleRenderable | str]:
    largest = evaluation.largest
    if largest is None:
        return ["  It keeps every limit."]
    return [
        f"  It keeps every limit to the tolerance of {evaluation.tolerance:g}:",
        f"  {off_by(evaluation)}.",
        "  So far off, it may be worth a little more than a plan that keeps them exactly.",
    ]


def off_by(evaluation: Evaluation) -> str:
    """How many rows are off, and by how much at most."""
    largest, count = evaluation.largest, len(evaluation.broken) + len(evaluation.accepted)
    if largest is None:
        return "no row is off"
    rows = "1 row is off" if count == 1 else f"{count} rows are off"
    return f"{rows}, `{largest.row}` most, by {largest.of_size:.1g} of its size"


def rounding_note(evaluation: Evaluation) -> str:
    """What to do where a plan breaks limits whose decisions look rounded; nothing of another one."""
    largest = evaluation.largest
    if not evaluation.broken or not evaluation.rounded_to or largest is None:
        return ""
    least = float(f"{1.05 * largest.of_size:.1e}")
    return (
        f"its decisions look rounded to {evaluation.rounded_to}, as by a spreadsheet: {off_by(evaluation)};\n"
        f"  --tolerance {least:g} accepts them"
    )


def _broken_table(evaluation: Evaluation) -> list[ConsoleRenderable | str]:
    """What is wrong with the plan, causes first, the years of the tail in one line."""
    broken, loss, parameters = evaluation.broken, evaluation.loss, evaluation.run.parameters
    tail = () if parameters is None else parameters.sets.periods[parameters.sets.reported :]
    said = f"  It breaks {len(broken)} limits"
    if loss is not None:
        side = "less" if loss >= 0 else "more"
        said += (
            ", so it is not comparable with the best plan. Could it be carried out, it would be worth\n"
            f"  {_worth(abs(loss))} {side} on average over its years"
        )
    reported = [each for each in broken if each.period not in tail]
    lines = [[each.row, f"{each.excess:.6g}", each.unit] for each in reported[:MOST_LINES]]
    if len(reported) > MOST_LINES:
        lines.append([f"... and {len(reported) - MOST_LINES} more", "", ""])
    if len(reported) < len(broken):
        lines.append([f"{len(broken) - len(reported)} in the years of the tail", "", ""])
    note = rounding_note(evaluation)
    rounded = [f"  {sentence(note)}"] if note else []
    return [f"{said}.", *rounded, "", indented(grid(["limit, causes first", "broken by", "unit"], lines))]


def _disagreement_table(evaluation: Evaluation) -> list[ConsoleRenderable | str]:
    """What the plan states that its decisions contradict, in the order of its lines."""
    found = evaluation.disagreements
    lines = [
        [
            f"{each.stated.line}",
            f"{each.name} {each.stated.period}",
            *(f"{number:.7g}" for number in (each.stated.value, each.follows)),
            f"{each.difference:+.3g}",
            each.stated.unit,
        ]
        for each in found[:MOST_LINES]
    ]
    if len(found) > MOST_LINES:
        lines.append(["", f"... and {len(found) - MOST_LINES} more", "", "", "", ""])
    rows = "1 row of the file disagrees" if len(found) == 1 else f"{len(found)} rows of the file disagree"
    said = f"  {rows} with what follows from its decisions, which alone were valued."
    heads = ["line", "row that is no decision", "in the file", "follows", "difference", "unit"]
    return ["", said, "", indented(grid(heads, lines, left=2))]


def _worth(loss: float) -> str:
    if abs(loss) < INDISTINGUISHABLE:
        return "nothing"
    return f"{loss:.3g} log units"
