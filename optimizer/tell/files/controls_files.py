"""Regimes as files: all of them, and those that no other dominates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

from optimizer.answer.controls import (
    NOT_MODELLED,
    ControlsAnswer,
    Delay,
    RegimeAnswer,
    Verdict,
)
from optimizer.study.controls.design import Design
from optimizer.study.controls.play import Game, failures
from optimizer.study.controls.regimes import Question
from optimizer.tell import SCHEMA_VERSION

REGIMES: Final = "regimes.csv"
FRONTIER: Final = "frontier.csv"


def controls_answer(
    game: Game,
    design: Design,
    question: Question,
    delay: Delay,
    at_least: float | None,
    instance: str,
    policy: str,
    controller: str,
) -> ControlsAnswer:
    """What `kloof controls` answers, and `summary.json` holds."""
    wrong = failures([game.baseline, *(one.regime for one in game.alone), *game.regimes])
    status = "interrupted" if game.interrupted else "findings" if wrong else "done"
    return ControlsAnswer(
        schema_version=SCHEMA_VERSION,
        command="controls",
        status=status,
        instance=instance,
        policy=policy,
        controller=controller,
        target=question.target,
        period=game.periods[0],
        last_period=game.periods[1],
        delay=delay,
        gap=question.gap,
        at_least=at_least,
        interrupted=game.interrupted,
        design=design.title,
        description=design.description.strip(),
        factors={factor: tuple(levels) for factor, levels in design.factors.items()},
        baseline=game.baseline,
        alone=game.alone,
        regimes=game.regimes,
        verdicts=game.verdicts,
        notes=NOT_MODELLED,
    )


def regimes_text(answer: ControlsAnswer) -> str:
    """Every regime as a row, the baseline first as regime 0: `columns`."""
    return _text(answer, [answer.baseline, *answer.regimes])


def frontier_text(answer: ControlsAnswer) -> str:
    """The regimes that no other dominates, the longest delay first, in the same columns."""
    return _text(answer, answer.frontier)


def columns(answer: ControlsAnswer) -> tuple[str, ...]:
    """The heads of the table: factors, then numbers with their units."""
    return (
        *("regime", *answer.factors, "status", "verdict", "dominated_by"),
        *("value_lower_average_log_units", "value_upper_average_log_units"),
        *(f"lag_months_{answer.period}", "lag_least_months", "lag_greatest_months"),
        *(f"lag_months_{answer.last_period}", f"guaranteed_lag_months_{answer.period}"),
        *(f"reach_lower_log_units_{answer.period}", f"reach_upper_log_units_{answer.period}"),
        *("revenue_usd_bn", "revenue_least_usd_bn", "revenue_greatest_usd_bn"),
        *("fees_usd_bn", "memory_usd_bn", "rent_usd_bn", "same_as_baseline", "leader_changed", "message"),
    )


def _text(answer: ControlsAnswer, regimes: Iterable[RegimeAnswer]) -> str:
    said = {one.number: one for one in answer.verdicts}
    buffer = io.StringIO()
    write = csv.writer(buffer, lineterminator="\n").writerow
    write(columns(answer))
    for one in regimes:
        write(_row(answer, one, said.get(one.number)))
    return buffer.getvalue()


def _row(answer: ControlsAnswer, one: RegimeAnswer, verdict: Verdict | None) -> Sequence[str]:
    revenue = one.revenue_usd_bn
    return (
        str(one.number),
        *(one.levels.get(factor, "") for factor in answer.factors),
        *(one.status, verdict.verdict if verdict else "", _cell(verdict.by if verdict else None)),
        *map(_cell, one.value or (None, None)),
        _cell(one.lag_months),
        *map(_cell, one.lag_range_months or (None, None)),
        *(_cell(one.lag_last_months), _cell(one.guaranteed_lag_months)),
        *map(_cell, one.reach_log_units or (None, None)),
        *map(_cell, (revenue.at, revenue.least, revenue.greatest) if revenue else (None,) * 3),
        *map(_cell, (one.fees_usd_bn, one.memory_usd_bn, one.rent_usd_bn)),
        *("yes" if each else "no" for each in (one.same_as_baseline, one.leader_changed)),
        one.message,
    )


def _cell(value: Any) -> str:
    return "" if value is None else repr(value)
