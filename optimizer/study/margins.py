"""What every input of a country's plan is worth at the margin, and what the dearest do as solved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance
from optimizer.instance.patch_grammar import parse_patch
from optimizer.instance.patch_targets import find_targets
from optimizer.instance.problem import nearest
from optimizer.instance.yaml_reader import dotted
from optimizer.study.batch.solving import BatchQuestion, RowSolver
from optimizer.study.gradient import Gradient, Slope, SolvedSlope, feeding, gradient, solved_slopes

GRADIENT_GAP = 1e-6


@dataclass(frozen=True)
class Margins:
    """The slopes of a country's objective, its leader's path held, and of the inputs with the largest swing
    what a plan solved anew says (`solved`, of the reported `period`)."""

    gradient: Gradient
    solved: tuple[SolvedSlope, ...]
    period: str

    def ranked(self, values_plans: bool = False) -> list[Slope]:
        """Slopes with a range, the largest swing first: of inputs that say what the world is like, or of
        those that say what a plan is worth."""
        return ranked(self.gradient.slopes, values_plans)


def ranked(slopes: Iterable[Slope], values_plans: bool = False) -> list[Slope]:
    """Slopes with a swing of their own, in their order."""
    return [one for one in slopes if one.values_plans == values_plans and one.swing]


def margins(
    instance: Instance,
    country: str,
    objective: str | None = None,
    gap: float = GRADIENT_GAP,
    time_limit: float | None = None,
    solved: int = 0,
    paths: Sequence[str] | None = None,
) -> Margins:
    """All slopes of the country's objective, or those of the inputs at `paths` (`*` stands for a segment).

    `gap` is in average log units, `time_limit` in seconds per plan. The first `solved` are moved and solved
    anew. Raises `InputError` for an unknown country, objective or path, and where a path feeds no plan of
    the country (E714); `SolverError` where there is no certified plan.
    """
    if country not in instance.countries:
        close = nearest(country.upper(), tuple(instance.countries))
        hint = f"did you mean `{close}`?" if close else f"known: {', '.join(instance.countries)}"
        raise InputError(Diagnostic("E302", f"unknown country `{country}`", path="--country", hint=hint))
    chosen = None if paths is None else _chosen(instance, country, objective, paths)
    solver = RowSolver(instance, BatchQuestion((country,), (), objective, gap, time_limit, "hold"))
    run = solver.base()[country]
    assert run.parameters is not None
    found = gradient(solver.plan_solver, run, instance, objective, chosen)
    sets = run.parameters.sets
    period = sets.periods[sets.reported - 1]
    first = ranked(found.slopes)[:solved]
    moved = solved_slopes(solver.plan_solver, run, instance, first, period, gap, objective)
    return Margins(found, tuple(moved), period)


def _chosen(instance: Instance, country: str, objective: str | None, paths: Sequence[str]) -> set[str]:
    """The inputs at the paths that feed the country's plan. Raises `InputError` with the nearest name."""
    known = [path for path, _ in feeding(instance, country, objective)]
    chosen: set[str] = set()
    for path in paths:
        cells = [dotted(target.where) for target in find_targets(instance, parse_patch(f"{path} *= 1"))]
        # the entries of a series by years are inputs of their own
        found = [each for each in known if any(each == cell or each.startswith(f"{cell}[") for cell in cells)]
        if not found:
            message = f"no input at `{path}` feeds the plan of {country}"
            hint = f"those that do: kloof inspect INSTANCE --country {country}"
            raise InputError(Diagnostic("E714", message, path="--factors", hint=hint))
        chosen.update(found)
    return chosen
