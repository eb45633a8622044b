"""One compiled national plan that solves any parameters of its structure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.indices import BOUNDED
from models.nominal import nominal_sizes
from models.parameters import Array, PlanParameters
from models.simulate import DECISIONS, simulate, weight_of_time
from models.stages import broken, whole_steps
from optimizer.answer.own import is_extended
from optimizer.program import Program, collection_paused
from optimizer.solver import Anchored, Solution, Solver, Start, Trace
from optimizer.solver.certificate import FEASIBLE
from optimizer.solver.progress import Tell
from optimizer.study import program_store
from optimizer.study.ask import DEFAULT_GAP, Extension

BATCH_GAP = 1e-4
# Of a row whose plan is reported: plans within 1e-4 may differ from exact ones by more than a tenth of a
# month of lag in 2035 (2 of 100 draws of twelve factors for the USA, by 0.12); within this one none did.
OUTCOME_GAP = 2e-5
# An anchor leaves its rows the tangents that it needed. Of one solved at a row's own gap most rows repeat the
# distance from the optimum.
ANCHOR_GAP = 1e-5


@dataclass
class PlanSolver:
    """A compiled national plan: solves any parameters of its structure."""

    program: Program
    solver: Solver

    @classmethod
    def compile(cls, parameters: PlanParameters, extend: Extension | None = None) -> PlanSolver:
        """Build and compile the plan of `parameters`; the numbers may be changed in every solve. `extend` may
        add rows and variables. Raises InputError where it changes what the plan is made of."""

        def made() -> Program:
            # of no use where the program is kept: Pyomo takes a quarter of a second to import
            from models.national import build
            from optimizer.program.compile import compile_model
            from optimizer.study.extension import refuse_changes, snapshot

            with collection_paused():
                model = build(parameters)
                if extend is not None:
                    before = snapshot(model)
                    extend(model)
                    refuse_changes(model, before)
                return compile_model(model, tie_breaker="least_spending")

        program = made() if extend is not None else program_store.compiled(parameters, made)
        return cls(program, Solver(program))

    def solve(
        self,
        parameters: PlanParameters,
        *,
        gap: float = DEFAULT_GAP,
        time_limit: float | None = None,
        start: Start | None = None,
        tell: Tell | None = None,
    ) -> Solution:
        """The certified plan; `gap` is in average log units. `start`, that of any solution of this program,
        makes a solve of similar parameters fast. `tell` hears how far a tree over whole steps is."""
        return self.solver.solve(
            self.program.parameter_vector(parameters.values),
            gap=gap,
            gap_scale=weight_of_time(parameters),
            restore=lambda point: self.restored(parameters, point),
            nominal=self.nominal(parameters),
            time_limit=time_limit,
            start=start,
            tell=tell,
        )

    def solve_on(
        self,
        parameters: PlanParameters,
        kept: Mapping[str, Array],
        *,
        gap: float = DEFAULT_GAP,
        time_limit: float | None = None,
    ) -> Solution:
        """The certified plan of all that comes after decisions that are `kept`: by name, periods last, of the
        first periods. The gap is counted over the periods that come after."""
        found = self._solve_on(parameters, kept, 0.0, gap, time_limit)
        if found.status != "infeasible" or not kept:
            return found
        # what was decided obeys its rows as nearly as a certificate asks, and may leave no exact way on
        return self._solve_on(parameters, kept, FEASIBLE, gap, time_limit)

    def _solve_on(
        self,
        parameters: PlanParameters,
        kept: Mapping[str, Array],
        within: float,
        gap: float,
        time_limit: float | None,
    ) -> Solution:
        """The same, where the bounds proven allow the kept decisions to be otherwise by so much of their size
        (at least 1); those of the plan it proposes are as they were."""
        least = np.full(self.program.user_columns, -np.inf)
        greatest = np.full(self.program.user_columns, np.inf)
        first = 0
        for name, decided in kept.items():
            first = decided.shape[-1]
            block = self.program.variables[name]
            columns = np.arange(block.start, block.slice.stop).reshape(block.shape)[..., :first]
            room = within * np.maximum(1.0, np.abs(decided))
            least[columns], greatest[columns] = decided - room, decided + room
        return self.solver.solve(
            self.program.parameter_vector(parameters.values),
            gap=gap,
            gap_scale=weight_of_time(parameters, first),
            restore=lambda point: self.restored(parameters, point, kept),
            nominal=self.nominal(parameters),
            time_limit=time_limit,
            within=(least, greatest),
        )

    def anchored(
        self, parameters: PlanParameters, solution: Solution, wide: PlanParameters | None = None
    ) -> AnchoredPlan:
        """Solves of parameters like these, whose certified plan is `solution`, each from it alone; `wide` is
        what `Anchored` takes for its structure."""
        vector = None if wide is None else self.program.parameter_vector(wide.values)
        return AnchoredPlan(self, Anchored(self.solver, solution, self.nominal(parameters), vector))

    def nominal(self, parameters: PlanParameters) -> Array:
        """The size of every column in an ordinary plan of the country."""
        sizes = self._ordinary_sizes.copy()
        for name, size in nominal_sizes(parameters).items():
            sizes[self.program.variables[name].slice] = size.ravel()
        return sizes

    @property
    def whole_steps(self) -> bool:
        """Whether plans decide in whole steps, so that the program is an integer one."""
        return bool(self.program.integer.any())

    @cached_property
    def extended(self) -> bool:
        """Whether the plan has rows or variables of the user's own."""
        return is_extended(self.program)

    @cached_property
    def _ordinary_sizes(self) -> Array:
        """The size of every column as the compiled model states it."""
        return self.program.at().nominal

    def decisions(self, point: Array) -> dict[str, Array]:
        """The decisions in a point of the program, shaped by their index sets; rounding below 0 removed."""
        blocks = self.program.variables
        return {
            name: np.maximum(point[blocks[name].slice], 0).reshape(blocks[name].shape) for name in DECISIONS
        }

    def restored(
        self, parameters: PlanParameters, point: Array, kept: Mapping[str, Array] | None = None
    ) -> Array:
        """The point whose decisions are `point`'s, but for those of first periods that were `kept`, and whose
        other variables obey the true functions; rows of the user's own may hold indices below them. Whole
        steps that are broken in `point` become some that a plan near it could have."""
        ceilings = self._named(point, BOUNDED) if self.extended else {}
        decisions = _keeping(self.decisions(point), kept)
        if broken(parameters, decisions):
            whole = whole_steps(parameters, self._named(point, ("started",)) | decisions)
            decisions |= _keeping(whole, kept)
        values = simulate(parameters, decisions, settle=True, ceilings=ceilings)
        restored = point.copy()
        for name, block in self.program.variables.items():
            if name in values:
                restored[block.slice] = values[name].ravel()
        return restored

    def values(self, parameters: PlanParameters, solution: Solution) -> dict[str, Array]:
        """Every variable of a plan, shaped by its index sets: the decisions run forward, but what the plan
        itself holds where rows of the user's own may say more than the forward run knows."""
        values = simulate(parameters, self.decisions(solution.x))
        return values | self._named(solution.x, values) if self.extended else values

    def _named(self, point: Array, names: Iterable[str]) -> dict[str, Array]:
        blocks = self.program.variables
        return {name: point[blocks[name].slice].reshape(blocks[name].shape) for name in names}

    def direction(self, weights: Mapping[str, Array]) -> Array:
        """A linear functional over the program's columns from arrays by variable name."""
        coefficients = np.zeros(self.program.columns)
        for name, array in weights.items():
            coefficients[self.program.variables[name].slice] += array.ravel()
        return coefficients


def _keeping(decisions: dict[str, Array], kept: Mapping[str, Array] | None) -> dict[str, Array]:
    """Decisions with those of first periods that were kept."""
    for name, decided in (kept or {}).items():
        if name in decisions:
            decisions[name][..., : decided.shape[-1]] = decided
    return decisions


@dataclass
class AnchoredPlan:
    """Solves plans from one anchor, fast: for batches. A result depends on its parameters and the anchor, not
    on what was solved before."""

    plans: PlanSolver
    engine: Anchored

    def beside(self, trace: Trace) -> AnchoredPlan:
        """Solves that start from where one of these ended."""
        return AnchoredPlan(self.plans, self.engine.beside(trace))

    def solve(
        self,
        parameters: PlanParameters,
        *,
        gap: float = BATCH_GAP,
        time_limit: float | None = None,
        leaving: bool = False,
    ) -> Solution:
        """The certified plan; arguments and errors are those of `PlanSolver.solve`. `leaving`: its start is
        its own."""
        plans = self.plans
        return self.engine.solve(
            plans.program.parameter_vector(parameters.values),
            gap=gap,
            gap_scale=weight_of_time(parameters),
            restore=lambda point: plans.restored(parameters, point),
            nominal=lambda: plans.nominal(parameters),
            time_limit=time_limit,
            leaving=leaving,
        )

    def certified(self, parameters: PlanParameters, *, gap: float = BATCH_GAP) -> Solution | None:
        """The anchor's decisions at these parameters, where its duals prove them within the gap: for
        objectives only, as every other outcome is the anchor's. None where they do not."""
        plans = self.plans
        return self.engine.certified(
            plans.program.parameter_vector(parameters.values),
            gap=gap,
            gap_scale=weight_of_time(parameters),
            restore=lambda point: plans.restored(parameters, point),
        )


def widest(alike: Sequence[PlanParameters]) -> PlanParameters:
    """Numbers in which all is open that is in any of these, and every limit finite that is in any: of a plan
    that nobody has, but whose structure serves them all."""
    first = alike[0]
    values = {}
    for name, array in first.values.items():
        different = [one.values[name] for one in alike[1:] if not np.array_equal(one.values[name], array)]
        if not different:
            values[name] = array
            continue
        every = np.stack([np.asarray(each, dtype=np.float64) for each in (array, *different)])
        finite = np.where(np.isfinite(every), every, -np.inf).max(axis=0)
        endless = every.max(axis=0)
        # closed here and without a limit there: limited, but open
        values[name] = np.where(
            np.isinf(endless) & (finite <= 0), np.where(np.isfinite(finite), 1.0, endless), finite
        )
    return PlanParameters(first.country, first.sets, values)
