"""From a command's arguments to the scenario it is about: the instance, changed, and what was changed."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np

from models.parameters import LeaderPath, PlanParameters
from optimizer.answer.part import json_value
from optimizer.errors import Diagnostic, InfeasibleError, InputError, SolverError, StoppedError
from optimizer.instance import Instance, load, patch, read_draft
from optimizer.instance.policy import parse_all, policies_of, policy_names
from optimizer.instance.shipped import find_policy
from optimizer.tell.files.store import sha256

if TYPE_CHECKING:
    from optimizer.answer.run import WorldRun
    from optimizer.solver import Solution
    from optimizer.study.solve import PlanSolver

EACH_COUNTRY: Final = "name one country after each `--country`"

Extension = Callable[[Any], None]


@dataclass(frozen=True)
class Scenario:
    """An instance after policies and patches. `policy` joins the names of the policies with `+`; `inputs`
    identifies all that the scenario depends on, by content."""

    instance: Instance
    policy: str
    inputs: dict[str, Any]
    applied: list[dict[str, Any]]
    extension: Extension | None

    def check_countries(self, countries: Sequence[str]) -> None:
        """Raise `InputError` for countries that the instance does not have."""
        unknown = [country for country in countries if country not in self.instance.countries]
        if not unknown:
            return
        known = list(self.instance.countries)
        problems = []
        for country in unknown:
            near = difflib.get_close_matches(country.upper(), known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"
            if "," in country:
                hint = EACH_COUNTRY
            problems.append(Diagnostic("E302", f"unknown country `{country}`", path="--country", hint=hint))
        raise InputError(problems)

    def own_parameters(self, country: str, objective: str | None) -> PlanParameters:
        """One country's parameters beside a leader that stands still, found without a solve.

        Index sets and all that the country's own data say are those of its plan. Raises `InputError`.
        """
        from optimizer.instance.resolve import resolve

        leader = None if country == self.instance.leader else standing_leader(self.instance)
        return resolve(self.instance, country, leader, objective)

    def parameters(
        self, country: str, objective: str | None, gap: float, time_limit: float | None
    ) -> tuple[PlanParameters, tuple[Diagnostic, ...]]:
        """One country's parameters and warnings as `compiled` gives them; the leader's without a program."""
        from optimizer.instance.resolve import resolve

        if country == self.instance.leader:
            return resolve(self.instance, country, None, objective), ()
        _, parameters, warnings = self.compiled(country, objective, gap, time_limit)
        return parameters, warnings

    def compiled(
        self, country: str, objective: str | None, gap: float, time_limit: float | None
    ) -> tuple[PlanSolver, PlanParameters, tuple[Diagnostic, ...]]:
        """The program that all countries share, one country's parameters, and a warning where they rest on a
        leader that is not certified; for a follower the leader is solved first.

        Raises `InputError`, and `SolverError` where the leader has no plan to follow.
        """
        from optimizer.answer.run import STOPPED
        from optimizer.instance.resolve import resolve
        from optimizer.study.country import uncertified_leader
        from optimizer.study.solve import PlanSolver, leader_path

        leading = resolve(self.instance, self.instance.leader, None, objective)
        plan_solver = PlanSolver.compile(leading, self.extension)
        if country == self.instance.leader:
            return plan_solver, leading, ()
        solution = plan_solver.solve(leading, gap=gap, time_limit=time_limit)
        if not solution.has_plan:
            require_certified(f"the leader {leading.country}", solution)
        values = plan_solver.values(leading, solution)
        path = leader_path(self.instance, leading, values)
        stopped = solution.status == STOPPED
        warnings = (uncertified_leader(path.country, solution.certificate.gap),) if stopped else ()
        return plan_solver, resolve(self.instance, country, path, objective), warnings

    def refuse(self, world: WorldRun, country: str, objective: str | None) -> NoReturn:
        """Raise what kept a country or its leader from a plan that a command cannot go on without."""
        from optimizer.answer.summary import exit_code
        from optimizer.cli.solve import failure_code
        from optimizer.study.explained import explained

        world = explained(world, self.instance, objective)
        errors = [each for run in world.runs for each in run.diagnostics if each.severity == "error"]
        if not errors:
            status = world.countries[country].status
            raise InputError(Diagnostic("S104", f"{country} has no plan: {status}"))
        ends = {each.exit_code: each for each in (InputError, InfeasibleError, StoppedError)}
        raise ends.get(exit_code(world, failure_code(world)), SolverError)(errors)


def require_certified(who: str, solution: Solution) -> None:
    """Raise `SolverError` where a solve ended without a plan, or before the gap asked for."""
    if solution.status == "infeasible":
        raise InfeasibleError(Diagnostic("S104", f"{who} has no plan: {solution.message}"))
    if solution.status == "unbounded":
        raise InputError(Diagnostic("S112", f"{who} has no best plan: {solution.message}"))
    if solution.status != "optimal":
        raise StoppedError(Diagnostic("S111", f"{who} is not certified: {solution.message}"))


def standing_leader(instance: Instance) -> LeaderPath:
    """A leader that stands still, for what of a follower does not depend on the leader's plan."""
    from optimizer.instance.resolve import plan_sets

    sets = plan_sets(instance, instance.leader)
    periods = len(sets.periods)
    return LeaderPath(
        country=instance.leader,
        capability=np.zeros(periods),
        efficiency=np.zeros(periods),
        knowledge=np.ones(periods + 1),
        imports=np.zeros((len(sets.chips), periods)),
        base_capability=0.0,
        growth_before_base=instance.settings.research.capability_growth_per_year.number(),
    )


def open_scenario(
    instance: str,
    policies: Sequence[str],
    patches: Sequence[str],
    objective: str | None,
    extend: str | None,
) -> Scenario:
    """Load the instance, then apply policies and patches together, so that overlaps are found.

    Raises `InputError` with every problem of the instance, else of policies and patches together.
    """
    loaded = load(instance)
    given, problems = parse_all(patches)
    names: list[str] = []
    for text in policies:
        try:
            names += policy_names(text)
        except InputError as error:
            problems += error.diagnostics
    drafts = [read_draft(name) for name in names]
    every = [*(each for draft in drafts for each in draft.patches), *given]
    chosen = policies_of(drafts, loaded, [every], problems)
    changed = patch(loaded, every)
    if objective is not None and objective not in changed.objectives:
        near = difflib.get_close_matches(objective, list(changed.objectives), n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(changed.objectives)}"
        raise InputError(
            Diagnostic("E604", f"unknown objective preset `{objective}`", path="--objective", hint=hint)
        )
    inputs: dict[str, Any] = {
        "instance": changed.name,
        "files": dict(loaded.files),
        "policies": [
            {"name": policy.name, "sha256": sha256(find_policy(name).read_bytes())}
            for name, policy in zip(names, chosen, strict=True)
        ],
        "set": list(patches),
    }
    extension = None
    if extend is not None:
        file, extension = _extension(extend)
        inputs["extend"] = {"function": extend.rpartition(":")[2], "sha256": sha256(file.read_bytes())}
    applied = [
        {"path": each.path, "old": json_value(each.old), "new": json_value(each.new), "patch": each.text}
        for each in changed.applied
    ]
    return Scenario(changed, "+".join(policy.name for policy in chosen), inputs, applied, extension)


def _extension(text: str) -> tuple[Path, Extension]:
    """The file and function of `FILE.py:FUNCTION`. Raises `InputError`."""
    name, _, function_name = text.rpartition(":")
    path = Path(name)
    if not name or not function_name or path.suffix != ".py":
        raise InputError(Diagnostic("E603", f"--extend takes FILE.py:FUNCTION, got `{text}`"))
    if not path.is_file():
        raise InputError(Diagnostic("E201", "no such file", file=name))
    spec = importlib.util.spec_from_file_location(f"kloof_extension_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(Diagnostic("E603", "the file cannot be imported", file=name))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(_fault(path, error, "importing the extension")) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        defined = [
            each for each, value in vars(module).items() if callable(value) and not each.startswith("_")
        ]
        near = difflib.get_close_matches(function_name, defined, n=1)
        hint = f"did you mean `{near[0]}`?" if near else None
        raise InputError(Diagnostic("E603", f"no function `{function_name}`", file=name, hint=hint))

    def extension(model: Any) -> None:
        try:
            function(model)
        except Exception as error:
            raise InputError(_fault(path, error, f"`{function_name}`")) from error

    return path, extension


def _fault(path: Path, error: Exception, what: str) -> Diagnostic:
    """An exception in the user's own file, at the deepest of its lines that was running."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == path or trace.tb_frame.f_code.co_filename == str(
            path.resolve()
        ):
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        line = error.lineno
    message = f"{what} raised {type(error).__name__}: {error}"
    return Diagnostic("E603", message, file=str(path), line=line)
