"""The whole game: the baseline, each level alone, every regime of the design, and which are not dominated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.parameters import PlanParameters
from optimizer.answer.controls import (
    NOT_MODELLED,
    PRUNED,
    AloneAnswer,
    ControlsAnswer,
    Delay,
    RegimeAnswer,
    Verdict,
)
from optimizer.answer.run import OPTIMAL
from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance
from optimizer.study.controls.design import Choice, Design, check_design
from optimizer.study.controls.frontier import candidate, verdicts
from optimizer.study.controls.monotone import layers, order
from optimizer.study.controls.regimes import Question, RegimeSolver, check_question
from optimizer.study.controls.work import Tell, Work

MONOTONE: Final[tuple[Delay, ...]] = ("reach", "value")


def play(
    instance: Instance,
    design: Design,
    question: Question,
    delay: Delay = "lag",
    *,
    at_least: float | None = None,
    policy: str = "",
    jobs: int = 1,
    known: ControlsAnswer | None = None,
    tell: Tell = lambda done, count: None,
) -> ControlsAnswer:
    """Solve every regime of the design, and each of its levels alone.

    With `at_least` only the regimes that surely give that much `delay` (months that are guaranteed, or
    average log units that the target's value is below the baseline's) are looked for: one that is looser
    than a regime that surely does not is `pruned` unsolved. `policy` names what the instance was patched
    with. Results do not depend on `jobs`. An interrupt keeps what is done; what is certified in `known`, an
    answer to the same question, is not solved again. Raises `InputError` for a design
    or a question that does not fit the instance, and (E748) for a threshold on the best response's lag;
    `SolverError` where the baseline has no plan.
    """
    check_question(instance, question)
    check_design(design, instance)
    if at_least is not None and delay not in MONOTONE:
        message = "the lag of the best response may fall as a regime is tightened, so it has no threshold"
        hint = "--delay reach holds for whatever the target wants"
        raise InputError(Diagnostic("E748", message, path="--at-least", hint=hint))
    solver = RegimeSolver(instance, question, design)
    baseline = solver.baseline
    choices = list(design.choices())
    twins = _twins(design, choices)
    alone = [single for single in _singles(design) if single not in twins or at_least is not None]
    work = Work(solver, design, jobs, tell, len(choices) + len(alone), _certified(known))
    threshold = None if at_least is None else _Threshold(delay, at_least, baseline)
    singles: dict[Choice, RegimeAnswer] = {}
    found: dict[int, RegimeAnswer] = {}
    interrupted = False
    try:
        for single, answer in work.solved([(0, one) for one in alone]):
            singles[single] = answer
        numbered = list(enumerate(choices, start=1))
        if threshold is None:
            for _, answer in work.solved(numbered):
                found[answer.number] = answer
        else:
            _with_threshold(work, numbered, found, threshold)
    except KeyboardInterrupt:
        interrupted = True
        # what was known before is kept, whether or not its turn came
        found |= {item[0]: one for item, one in work.known.items() if item[0]}
        singles |= {item[1]: one for item, one in work.known.items() if not item[0]}
    for single, number in twins.items():
        if number in found:
            singles.setdefault(single, found[number])
    regimes = tuple(found[number] for number in sorted(found))
    said: Sequence[Verdict] = ()
    if not interrupted:
        certified = [one for one in regimes if one.solved and one.status == OPTIMAL]
        counted = [one for one in certified if threshold is None or threshold.met(one)]
        said = verdicts([candidate(one, delay) for one in counted])
    told = tuple(
        AloneAnswer(factor=single[0][0], level=single[0][1], regime=singles[single])
        for single in _singles(design)
        if single in singles
    )
    period, last = solver.periods
    wrong = failures([*singles.values(), *regimes])
    return ControlsAnswer(
        status="interrupted" if interrupted else "findings" if wrong else "done",
        instance=instance.name,
        policy=policy,
        controller=instance.leader,
        target=question.target,
        period=period,
        last_period=last,
        delay=delay,
        gap=question.gap,
        at_least=at_least,
        interrupted=interrupted,
        design=design.title,
        description=design.description.strip(),
        factors={factor: tuple(levels) for factor, levels in design.factors.items()},
        baseline=baseline,
        alone=told,
        regimes=regimes,
        verdicts=tuple(said),
        notes=NOT_MODELLED,
    )


def _certified(known: ControlsAnswer | None) -> dict[tuple[int, Choice], RegimeAnswer]:
    """What need not be solved again, by number and choice."""
    found = () if known is None else known.tried
    return {
        (one.number, tuple(one.levels.items())): one for one in found if one.solved and one.status == OPTIMAL
    }


def _singles(design: Design) -> list[Choice]:
    """Every level that changes something, alone."""
    return [
        ((factor, level),)
        for factor, levels in design.factors.items()
        for level, patches in levels.items()
        if patches
    ]


def _twins(design: Design, choices: Sequence[Choice]) -> dict[Choice, int]:
    """The regime of the design that each level alone is, where all other factors have a level that changes
    nothing."""
    idle = {
        factor: next((level for level, patches in levels.items() if not patches), None)
        for factor, levels in design.factors.items()
    }
    numbers = {choice: number for number, choice in enumerate(choices, start=1)}
    found = {}
    for single in _singles(design):
        ((factor, level),) = single
        others = {**idle, factor: level}
        twin = numbers.get(tuple((name, each or "") for name, each in others.items()))
        if twin is not None:
            found[single] = twin
    return found


@dataclass(frozen=True)
class _Threshold:
    """How much delay is asked for."""

    delay: Delay
    at_least: float
    baseline: RegimeAnswer

    def met(self, regime: RegimeAnswer) -> bool:
        """Whether a regime surely gives it."""
        return regime.delay(self.delay).least >= self._needed(surely=True)

    def missed(self, regime: RegimeAnswer) -> bool:
        """Whether it surely does not: then none that is looser does."""
        return regime.delay(self.delay).greatest < self._needed(surely=False)

    def _needed(self, surely: bool) -> float:
        if self.delay == "reach":
            return self.at_least
        base = self.baseline.delay("value")
        return self.at_least + (base.greatest if surely else base.least)


def _with_threshold(
    work: Work,
    numbered: Sequence[tuple[int, Choice]],
    found: dict[int, RegimeAnswer],
    threshold: _Threshold,
) -> None:
    """Solve the tightest regimes first, and of looser ones those that may still meet the threshold."""
    known: dict[int, PlanParameters] = {}
    for place, (_, choice) in enumerate(numbered):
        try:
            known[place] = work.solver.parameters(work.design.patches(choice))
        except InputError:
            # one without a place in the order is solved like any other, and says itself what is wrong
            continue
    places = list(known)
    above = order([known[place] for place in places])
    missed: set[int] = set()
    unordered = [numbered[place] for place in range(len(numbered)) if place not in known]
    for _, answer in work.solved(unordered):
        found[answer.number] = answer
    for layer in layers(above):
        waiting = []
        for position in map(int, layer):
            number, choice = numbered[places[position]]
            tighter = next((one for one in missed if above[position, one]), None)
            if tighter is None:
                waiting.append((position, (number, choice)))
                continue
            missed.add(position)
            message = f"looser than regime {numbered[places[tighter]][0]}, which gives too little delay"
            found[number] = RegimeAnswer(number=number, levels=dict(choice), status=PRUNED, message=message)
            work.tick()
        at = {item[0]: position for position, item in waiting}
        for _, answer in work.solved([item for _, item in waiting]):
            found[answer.number] = answer
            if answer.solved and threshold.missed(answer):
                missed.add(at[answer.number])


def failures(regimes: Sequence[RegimeAnswer]) -> Mapping[str, int]:
    """How many regimes ended otherwise than certified or pruned, by how."""
    counts: dict[str, int] = {}
    for one in regimes:
        if one.status not in (OPTIMAL, PRUNED):
            counts[one.status] = counts.get(one.status, 0) + 1
    return counts
