"""The same countries under a baseline and several policies."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.answer.comparison import BASELINE, Comparison, unique_names
from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance, Policy, patch
from optimizer.study.scenarios import Progress, Question, Scenario, solve_scenarios


def scenarios_of(baseline: Instance, policies: Sequence[Policy]) -> list[Scenario]:
    """The baseline, then the baseline under each policy; a name given again gets its number.

    Raises `InputError` with every patch that does not fit, of all policies.
    """
    found = [Scenario(BASELINE, baseline)]
    problems: dict[Diagnostic, None] = {}
    for name, policy in zip(unique_names([each.name for each in policies]), policies, strict=True):
        try:
            found.append(Scenario(name, patch(baseline, policy.patches)))
        except InputError as error:
            problems |= dict.fromkeys(error.diagnostics)
    if problems:
        raise InputError(list(problems))
    return found


def compare_scenarios(
    scenarios: Sequence[Scenario],
    countries: Sequence[str] | None,
    question: Question,
    progress: Progress | None = None,
) -> Comparison:
    """Each of `countries` (all if None) in every scenario; the first is the baseline.

    A scenario given twice is solved once. A scenario or country that fails does not hide the rest. Raises
    `InputError` where the baseline's leader cannot be resolved.
    """
    worlds = solve_scenarios(scenarios, countries, question, progress)
    return Comparison(tuple(worlds), tuple(dict.fromkeys(countries or ())))
