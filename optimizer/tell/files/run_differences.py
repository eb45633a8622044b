"""What differs between two saved runs: what was asked, the inputs, and the answers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from optimizer.answer.answer import CompareAnswer, PlanAnswer, SolveAnswer
from optimizer.answer.comparison_numbers import Number
from optimizer.answer.headline_numbers import Named, headline_numbers
from optimizer.answer.manifest import Manifest
from optimizer.answer.part import json_value
from optimizer.errors import Diagnostic, InputError
from optimizer.instance.units import input_unit
from optimizer.tell.files.store import Answer, open_context, open_run

ENDS: Final = ("low", "high")
OBJECTIVE: Final = "objective"
SAME_YEARS: Final = 1e-9
Scalar = str | float | None
Inputs = Mapping[str, Mapping[str, Scalar]]


class Asked(NamedTuple):
    """Something that was asked otherwise: a policy, an option, a version."""

    name: str
    old: Scalar
    new: Scalar


class InputChange(NamedTuple):
    """A number of an input that differs. `part` is the year of a series, or `low` or `high`; one that a run
    does not have is `None`."""

    path: str
    part: str
    unit: str
    old: Scalar
    new: Scalar


class AnswerChange(NamedTuple):
    """A number of a plan in both runs; `alike` where the certificates do not tell the two apart, `within` by
    how much either may be off."""

    country: str
    policy: str
    number: Named
    old: float
    new: float
    within: float
    alike: bool


@dataclass(frozen=True)
class SavedSide:
    """One of the two runs."""

    directory: Path
    manifest: Manifest
    answer: Answer
    plans: Mapping[tuple[str, str], PlanAnswer]
    years: float

    @property
    def leader(self) -> str:
        found = self.answer.leader
        return found if isinstance(found, str) else found.country


class OtherSum(NamedTuple):
    """A plan whose objective sums so many years in the one run, each by its discount, and so many in the
    other, or is another preset's: two such objectives are no difference. `None` in a run of an earlier
    version, which does not say them."""

    country: str
    policy: str
    old: float | None
    new: float | None


@dataclass(frozen=True)
class RunDifferences:
    """All that differs. `answers` holds every number of both runs' plans, alike or not; `statuses` plans that
    ended otherwise; `only` plans of one of the two, `only_inputs` paths of inputs likewise; `other_sums`
    plans whose objectives are not among the answers."""

    old: SavedSide
    new: SavedSide
    asked: tuple[Asked, ...]
    inputs: tuple[InputChange, ...]
    statuses: tuple[Asked, ...]
    only: tuple[tuple[str, ...], tuple[str, ...]]
    answers: tuple[AnswerChange, ...]
    only_inputs: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    other_sums: tuple[OtherSum, ...] = ()

    @property
    def both(self) -> tuple[tuple[str, str], ...]:
        """Country and policy of the plans that both runs have."""
        return tuple(key for key in self.old.plans if key in self.new.plans)

    @property
    def told(self) -> tuple[AnswerChange, ...]:
        """The numbers that differ by more than what the certificates leave open."""
        return tuple(each for each in self.answers if not each.alike)

    @property
    def any(self) -> bool:
        return bool(self.asked or self.inputs or self.statuses or self.told)


def run_differences(old: Path, new: Path) -> RunDifferences:
    """What differs between two run directories.

    Raises `InputError`: as `open_run`, and E645 where they are runs of different commands or have no country,
    or no policy of a comparison, in common.
    """
    one, two = _side(old), _side(new)
    _refuse_unlike(one, two)
    both = [key for key in one.plans if key in two.plans]
    first, second = _read_inputs(one, two, {country for country, _ in both})
    others = tuple(_other_sums(one, two, both))
    unlike = {(each.country, each.policy) for each in others}
    answers = (each for key in both for each in _answers(one, two, *key))
    return RunDifferences(
        one,
        two,
        asked=tuple(_asked(one, two)),
        inputs=tuple(_inputs(first, second)),
        statuses=tuple(_statuses(one, two, both)),
        only=(_only(one, two), _only(two, one)),
        answers=tuple(
            each
            for each in answers
            if each.number.metric != OBJECTIVE or (each.country, each.policy) not in unlike
        ),
        only_inputs=(
            tuple(path for path in first if path not in second),
            tuple(path for path in second if path not in first),
        ),
        other_sums=others,
    )


def _side(directory: Path) -> SavedSide:
    manifest, answer = open_run(directory)
    if isinstance(answer, SolveAnswer):
        plans = {(country, ""): plan for country, plan in answer.countries.items()}
    else:
        plans = {
            (country, policy): plan
            for country, by_policy in answer.countries.items()
            for policy, plan in by_policy.items()
        }
    horizon = open_context(directory).horizon
    # the last period stands in the middle of its year
    years = 0.0 if horizon is None else horizon.last_year - horizon.first_year + 0.5
    return SavedSide(directory, manifest, answer, plans, years)


def _refuse_unlike(one: SavedSide, two: SavedSide) -> None:
    kinds = [isinstance(side.answer, CompareAnswer) for side in (one, two)]
    if kinds[0] != kinds[1]:
        commands = f"`{one.manifest.command}` and `{two.manifest.command}`"
        message = f"runs of {commands} have nothing to compare"
        hint = "name two runs of one command"
        raise InputError(Diagnostic("E645", message, file=str(two.directory), hint=hint))
    if not one.plans.keys() & two.plans.keys():
        listed = ["; ".join(sorted({plan_name(*key) for key in side.plans})) for side in (one, two)]
        message = f"the runs have no plan in common: {listed[0] or 'none'} against {listed[1] or 'none'}"
        hint = "name two runs of the same countries, and policies of a comparison"
        raise InputError(Diagnostic("E645", message, file=str(two.directory), hint=hint))


def _asked(one: SavedSide, two: SavedSide) -> Iterator[Asked]:
    first, second = (dict(_said(side)) for side in (one, two))
    for name in dict.fromkeys((*first, *second)):
        old, new = first.get(name), second.get(name)
        if old != new:
            yield Asked(name, old, new)


def _said(side: SavedSide) -> Iterator[tuple[str, Scalar]]:
    manifest = side.manifest
    yield "instance", manifest.instance
    yield "leader", side.leader
    yield "policies", ", ".join(each.name for each in manifest.policies) or None
    yield "--set", "; ".join(manifest.set) or None
    yield "--extend", None if manifest.extend is None else manifest.extend.function
    for name, value in manifest.options.items():
        yield name.replace("_", " "), _text(value)
    for name, version in manifest.versions.items():
        yield f"version of {name}", version
    # what a policy of a comparison changes does not stand among the inputs of its baseline
    if isinstance(side.answer, CompareAnswer):
        for policy in side.answer.policies:
            for each in policy.applied:
                yield f"{policy.name}: {each.path}", _text(each.new)


def _text(value: Any) -> Scalar:
    if value in (None, [], False):
        return None
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str | float) and not isinstance(value, bool) else json.dumps(value)


def _read_inputs(one: SavedSide, two: SavedSide, countries: set[str]) -> tuple[Inputs, Inputs]:
    """The inputs behind the plans of both runs, by path; a country that only one of them has is no
    difference."""
    # tables of runs are listed without pandas
    from optimizer.tell.page.saved import INPUTS, read_inputs

    for side in (one, two):
        if not (side.directory / INPUTS).exists():
            message = f"{INPUTS} is missing, so that nothing can be said of the inputs"
            raise InputError(Diagnostic("E642", message, file=str(side.directory), hint="save the run again"))
    about = {*countries, *({one.leader} & {two.leader})}

    def counts(path: str) -> bool:
        top, _, rest = path.partition(".")
        return top != "countries" or rest.partition(".")[0] in about

    first, second = (
        {
            each["path"]: dict(_numbers(each))
            for each in read_inputs(side.directory / INPUTS)
            if counts(each["path"])
        }
        for side in (one, two)
    )
    return first, second


def _inputs(first: Inputs, second: Inputs) -> Iterator[InputChange]:
    """The numbers that differ."""
    for path in dict.fromkeys((*first, *second)):
        old, new = first.get(path, {}), second.get(path, {})
        for part in dict.fromkeys((*old, *new)):
            if old.get(part) != new.get(part):
                unit = "" if part == "growth" else input_unit(path)
                yield InputChange(path, part, unit, old.get(part), new.get(part))


def _numbers(line: Mapping[str, str]) -> Iterator[tuple[str, Scalar]]:
    value = json.loads(line["value"])
    if isinstance(value, dict):
        yield from ((str(key), _plain(each)) for key, each in value.items())
    elif isinstance(value, list):
        yield from ((f"year {at}", _plain(each)) for at, each in enumerate(value, 1))
    else:
        yield "", _plain(value)
    yield from ((end, float(line[end]) if line[end] else None) for end in ENDS)


def _plain(value: Any) -> Scalar:
    if isinstance(value, int | float):
        return float(value)
    return value if isinstance(value, str) else json.dumps(value)


def _statuses(one: SavedSide, two: SavedSide, both: Iterable[tuple[str, str]]) -> Iterator[Asked]:
    for key in both:
        old, new = (side.plans[key].status for side in (one, two))
        if old != new:
            yield Asked(plan_name(*key), old, new)


def _other_sums(one: SavedSide, two: SavedSide, both: Iterable[tuple[str, str]]) -> Iterator[OtherSum]:
    other_preset = one.manifest.options.get(OBJECTIVE) != two.manifest.options.get(OBJECTIVE)
    for country, policy in both:
        first, second = (side.plans[country, policy].objective for side in (one, two))
        if first is None or second is None:
            continue
        old, new = first.years, second.years
        same = old is not None and new is not None and math.isclose(old, new, rel_tol=SAME_YEARS)
        if other_preset or not same:
            yield OtherSum(country, policy, old, new)


def _only(one: SavedSide, two: SavedSide) -> tuple[str, ...]:
    return tuple(plan_name(*key) for key in one.plans if key not in two.plans)


def plan_name(country: str, policy: str) -> str:
    """A plan as it is called: `CHN`, of a comparison `CHN under h20_banned`."""
    return f"{country} under {policy}" if policy else country


def _answers(one: SavedSide, two: SavedSide, country: str, policy: str) -> Iterator[AnswerChange]:
    slack = _slack(one, two, policy)
    first, second = (_of_plan(side, country, policy, slack) for side in (one, two))
    for number, old in first.items():
        if number in second:
            new = second[number]
            within = max(old.within, new.within)
            yield AnswerChange(country, policy, number, old.value, new.value, within, old.meets(new))


def _of_plan(side: SavedSide, country: str, policy: str, slack: float) -> dict[Named, Number]:
    plan = side.plans[country, policy]
    if plan.headline is None:
        return {}
    return headline_numbers(plan.headline, plan.objective, slack, side.years)


def _slack(one: SavedSide, two: SavedSide, policy: str) -> float:
    """By how much the leaders' capability may vary; 0 where both runs have the very same leader's plan."""
    tops = [
        None if (plan := side.plans.get((side.leader, policy))) is None else plan.headline
        for side in (one, two)
    ]
    if all(tops) and tops[0] is not None and tops[1] is not None:
        if tops[0].capability == tops[1].capability:
            return 0.0
        return max(top.widths["capability"] for top in tops if top is not None)
    if one.manifest.key and one.manifest.key == two.manifest.key:
        return 0.0
    known = [plan.headline for side in (one, two) for plan in side.plans.values() if plan.headline]
    # a leader that is not among the countries was solved to the same gap as they were
    return max((top.widths["capability"] for top in known), default=0.0)


def differences_data(found: RunDifferences) -> dict[str, Any]:
    """The differences as JSON data, numbers alike left out but counted."""
    sides = [
        {"run": str(side.directory), "command": side.manifest.command, "key": side.manifest.key}
        for side in (found.old, found.new)
    ]
    return {
        "status": "different" if found.any else "same",
        "runs": sides,
        "asked": [json_value(each._asdict()) for each in found.asked],
        "inputs": [json_value(each._asdict()) for each in found.inputs],
        "statuses": [json_value(each._asdict()) for each in found.statuses],
        "only_in_old": list(found.only[0]),
        "only_in_new": list(found.only[1]),
        "inputs_only_in_old": list(found.only_inputs[0]),
        "inputs_only_in_new": list(found.only_inputs[1]),
        "objectives_not_compared": [json_value(each._asdict()) for each in found.other_sums],
        "answers": [
            json_value(
                {
                    "country": each.country,
                    "policy": each.policy,
                    **each.number._asdict(),
                    "old": each.old,
                    "new": each.new,
                    "change": each.new - each.old,
                    "indistinguishable": each.alike,
                }
            )
            for each in found.answers
        ],
    }
