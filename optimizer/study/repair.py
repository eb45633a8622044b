"""The cheapest repairs of a plan that cannot be: how far inputs must move, as patches, each one verified.

First the limits themselves are loosened by the least weighted sum; then the inputs behind the loosened ones
are moved, by the least that the plan needs, as far as a change of each moves its rows. What is proposed is
rounded outward and then applied and solved: only what gives a certified plan is returned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from models.limits import CAUSES, LIMITS, OPENING
from models.nominal import nominal_sizes
from models.parameters import Array, LeaderPath, PlanParameters
from models.simulate import simulate, weight_of_time
from optimizer.answer import answer
from optimizer.answer.metrics import effective_ratio, lag_of_plan
from optimizer.answer.run import OPTIMAL
from optimizer.answer.summary import lag_mark
from optimizer.errors import InputError, SolverError
from optimizer.instance import patch, resolve
from optimizer.solver.certificate import check_point
from optimizer.solver.repair import Repair, cheapest_repair, least_change
from optimizer.study.fixes import Change, outcome_of, repair_of, value_of, written
from optimizer.study.inputs import Input, Inputs
from optimizer.study.plan_solver import PlanSolver


def _of_kind(kind: str) -> tuple[str, ...]:
    return tuple(limit.name for limit in LIMITS.values() if limit.kind == kind)


KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "the least change": (*_of_kind("money"), *_of_kind("share"), *_of_kind("supply")),
    "income alone": ("budget",),
    "credit alone": ("debt", "carry_over", "last_debt"),
    "cash at the start alone": (OPENING.name, "last_debt"),
    "shares of the budget alone": _of_kind("share"),
    "supplies alone": _of_kind("supply"),
}
# A row moved by less than this share of its natural size is not moved.
MOVED: Final = 1e-7
PROBE: Final = 1e-3
MOST_SINGLE_YEARS: Final = 3
NO_EFFECT: Final = 1e-9
ROUNDS: Final = 12
SETTLED: Final = 1e-6
TIE: Final = 1e-3
# An outward step of the last digit, then of the one before, where rounding alone does not give a plan.
MARGINS: Final = (0, 1, 10, 100)
FEASIBLE_IS_ENOUGH: Final = 1e6
# a repair that takes longer than this to check is not proposed
CHECK_SECONDS: Final = 60.0
# what a repaired plan is like is told in hundredths of a log unit
OUTCOME_GAP: Final = 1e-4


def repairs(
    plan_solver: PlanSolver,
    parameters: PlanParameters,
    inputs: Inputs,
    leader: LeaderPath | None,
    objective: str | None = None,
) -> list[answer.Repair]:
    """Verified repairs of a country whose program has no plan, the cheapest first; none where no input does.

    `leader` is the path that the country follows, None for the leader itself. Raises `SolverError` where
    HiGHS fails.
    """
    search = _Search(plan_solver, parameters, inputs, leader, objective)
    found: dict[tuple[str, ...], answer.Repair] = {}
    for kind, families in KINDS.items():
        option = search.option(kind, families)
        if option is not None:
            found.setdefault(tuple(fix.patch for fix in option.patches), option)
    options = sorted(found.values(), key=lambda option: (option.size, len(option.patches)))
    best = [option for option in options if not _is_outdone(option, options)]
    return [repair_of(each.kind, each.patches, each.size, search.outcome(each)) for each in best]


def _is_outdone(option: answer.Repair, options: Sequence[answer.Repair]) -> bool:
    """Whether another one moves no more with fewer patches."""
    return any(
        other.size <= option.size * (1 + TIE) and len(other.patches) < len(option.patches)
        for other in options
    )


class _Search:
    """Repairs of one country's program."""

    def __init__(
        self,
        plan_solver: PlanSolver,
        parameters: PlanParameters,
        inputs: Inputs,
        leader: LeaderPath | None,
        objective: str | None,
    ) -> None:
        self.plan_solver, self.program = plan_solver, plan_solver.program
        self.parameters, self.instance, self.inputs = parameters, inputs.instance, inputs
        self.leader, self.objective = leader, objective
        self.vector = self.program.parameter_vector(parameters.values)
        self.nominal = plan_solver.nominal(parameters)
        self.sizes = _natural_sizes(parameters)

    def option(self, kind: str, families: Sequence[str]) -> answer.Repair | None:
        """The cheapest repair that moves limits of these families only, None where there is none."""
        rows = [row for family in families for row in self._rows(family)]
        if not rows:
            return None
        at = np.array([row.place for row in rows])
        ones = (np.ones(len(at)), (at, np.arange(len(at))))
        effects = csr_array(ones, shape=(self.program.row_count, len(at)))
        sizes = np.array([row.size for row in rows])
        first = cheapest_repair(self.program, self.vector, effects, sizes, nominal=self.nominal)
        if first is None:
            return None
        moved = [
            row for row, amount in zip(rows, first.amounts, strict=True) if abs(amount) > MOVED * row.size
        ]
        changes = self._changes(moved, first)
        if not changes:
            return None
        return self._settled(kind, list(changes), np.array(list(changes.values())), first)

    def outcome(self, option: answer.Repair) -> answer.RepairOutcome | None:
        """What the best plan with a repair is like; None where it is not found in time."""
        parameters = self._resolved([fix.patch for fix in option.patches])
        if parameters is None:
            return None
        try:
            solution = self.plan_solver.solve(parameters, gap=OUTCOME_GAP, time_limit=CHECK_SECONDS)
        except SolverError:
            return None
        if solution.status != OPTIMAL:
            return None
        values = simulate(parameters, self.plan_solver.decisions(solution.x))
        last = parameters.sets.reported - 1
        capability = float(values["capability"][last])
        period = parameters.sets.periods[last]
        if self.leader is None:
            return outcome_of(period, capability, None, "", parameters.country)
        lag = lag_of_plan(parameters, values["capability"], self.leader)
        found = {
            "effective_ratio": effective_ratio(values["capability"], self.leader),
            "lag_months": lag.months,
            "lag_beyond": lag.beyond.astype(np.float64),
            "lag_extrapolated": lag.extrapolated.astype(np.float64),
        }
        mark = lag_mark(found, last)
        return outcome_of(period, capability, float(lag.months[last]), mark, self.leader.country)

    def _rows(self, family: str) -> Iterator[_Row]:
        """The rows of a family that an input stands behind."""
        block = self.program.rows.get("budget" if family == OPENING.name else family)
        if block is None:
            return
        labels = self.parameters.sets.periods
        years = {label: int(label[:4]) for label in labels}
        known: dict[str, list[Input]] = {}
        for number, key in enumerate(block.index):
            parts = [str(part) for part in (key if isinstance(key, tuple) else (key,)) if part is not None]
            period = parts.pop() if parts and parts[-1] in years else labels[-1 if parts else 0]
            item = "/".join(parts)
            if item not in known:
                known[item] = self.inputs.of_limit(self.parameters.country, family, item)
            if known[item] and (family != OPENING.name or number == 0):
                size = self.sizes[CAUSES[family].unit]
                yield _Row(block.start + number, years[period], size, known[item])

    def _changes(self, moved: Sequence[_Row], first: Repair) -> dict[Change, float]:
        """The inputs to move for these rows, one for each row, with what counts as one of each."""
        horizon = self.instance.horizon
        chosen: dict[str, tuple[Input, bool, dict[int, float]]] = {}
        for row in moved:
            year = min(row.year, horizon.last_year)
            for one in row.inputs:
                by_year = self._takes_years(one, year)
                effects = self._effects(
                    [Change(one, (year, year) if by_year else None)], first.x, np.zeros(1)
                )
                effect = 0.0 if effects is None else abs(float(effects[[row.place]].sum()))
                if effect * max(abs(value_of(self.instance, one, year)), 1.0) < NO_EFFECT * row.size:
                    continue
                sizes = chosen.setdefault(one.path, (one, by_year, {}))[2]
                sizes[year] = min(row.size / effect, sizes.get(year, np.inf))
                break
        changes: dict[Change, float] = {}
        for one, by_year, sizes in chosen.values():
            if by_year and len(sizes) <= MOST_SINGLE_YEARS:
                changes |= {Change(one, (year, year)): size for year, size in sizes.items()}
            else:
                whole = (horizon.first_year, horizon.last_year) if by_year else None
                changes[Change(one, whole)] = min(sizes.values())
        return changes

    def _settled(self, kind: str, changes: list[Change], sizes: Array, first: Repair) -> answer.Repair | None:
        """Move the inputs until they move no further, then round and verify."""

        def total(amounts: Array) -> float:
            return float(np.abs(amounts / sizes).sum())

        at = first
        made = self._least_at(changes, sizes, at)
        if made is None:
            return None
        for _ in range(ROUNDS):
            parameters = self._resolved(self._texts(changes, made))
            effects = self._effects(changes, at.x, made)
            if parameters is None or effects is None:
                return None
            vector = self.program.parameter_vector(parameters.values)
            found = cheapest_repair(self.program, vector, effects, sizes, made, self.nominal)
            better = None if found is None else self._least_at(changes, sizes, found)
            if found is None or better is None or total(better) >= total(made) - SETTLED:
                break
            made, at = better, found
        kept = [i for i in range(len(changes)) if abs(made[i]) > MOVED * sizes[i]]
        changes, made = [changes[i] for i in kept], made[kept]
        size = float(np.abs(made / sizes[kept]).sum())
        for margin in MARGINS:
            fixes = written(self.instance, changes, made, margin)
            if self._gives_a_plan([fix.patch for fix in fixes]):
                return repair_of(kind, fixes, size)
        return None

    # applying changes ---------------------------------------------------------------------------------------

    def _value(self, one: Input, year: int) -> float:
        return one.quantity.in_year(min(year, self.instance.horizon.last_year))

    def _resolved(self, texts: Sequence[str]) -> PlanParameters | None:
        """The country's parameters with patches applied, None where they make the instance invalid."""
        try:
            changed = patch(self.instance, texts, stack=True)
            return resolve(changed, self.parameters.country, self.leader, self.objective)
        except InputError:
            return None

    def _texts(self, changes: Sequence[Change], amounts: Array) -> list[str]:
        return [
            f"{change.target} += {amount!r}"
            for change, amount in zip(changes, amounts.tolist(), strict=True)
            if amount
        ]

    def _takes_years(self, one: Input, year: int) -> bool:
        return self._resolved([f"{one.path}[{year}] += 0"]) is not None

    def _effects(self, changes: Sequence[Change], x: Array, made: Array) -> csr_array | None:
        """What one unit of each change adds to the body of every row at a point, beside what is `made`,
        (rows, changes); None where one cannot be moved."""
        base = self._residual(self._texts(changes, made), x)
        columns = []
        for number, change in enumerate(changes):
            value = abs(value_of(self.instance, change.input, change.first_year(self.instance)))
            step = PROBE * max(value, PROBE)
            for signed in (step, -step):
                after = made.copy()
                after[number] += signed
                moved = self._residual(self._texts(changes, after), x)
                if base is not None and moved is not None:
                    columns.append((moved - base) / signed)
                    break
        return csr_array(np.column_stack(columns)) if len(columns) == len(changes) else None

    def _least_at(self, changes: Sequence[Change], sizes: Array, repair: Repair) -> Array | None:
        """The least of these changes under which a repair's point satisfies the rows that they touch."""
        effects = self._effects(changes, repair.x, np.zeros(len(changes)))
        numbers = self.program.at(self.vector)
        return None if effects is None else least_change(numbers, effects, sizes, repair)

    def _residual(self, texts: Sequence[str], x: Array) -> Array | None:
        """Body less side of every row at a point, 0 for a row without sides."""
        parameters = self._resolved(texts) if texts else self.parameters
        if parameters is None:
            return None
        numbers = self.program.at(self.program.parameter_vector(parameters.values))
        side = np.where(np.isfinite(numbers.upper), numbers.upper, numbers.lower)
        return np.asarray(np.where(np.isfinite(side), numbers.matrix @ x - side, 0.0))

    def _gives_a_plan(self, texts: Sequence[str]) -> bool:
        """Whether there is a certified plan with patches applied."""
        parameters = self._resolved(texts)
        if parameters is None:
            return False
        vector = self.program.parameter_vector(parameters.values)
        none = csr_array((self.program.row_count, 0))
        found = cheapest_repair(self.program, vector, none, np.zeros(0), nominal=self.nominal)
        if found is not None:
            point = self.plan_solver.restored(parameters, found.x)
            if check_point(self.program.at(vector), point).feasible:
                return True
        gap = FEASIBLE_IS_ENOUGH / weight_of_time(parameters)
        return bool(self.plan_solver.solve(parameters, gap=gap, time_limit=CHECK_SECONDS).has_plan)


@dataclass(frozen=True)
class _Row:
    """A row that may be loosened: its place, calendar year, natural size and the inputs behind it."""

    place: int
    year: int
    size: float
    inputs: list[Input]


def _natural_sizes(parameters: PlanParameters) -> Mapping[str, float]:
    """What counts as one when limits in different units are loosened, by unit: what an ordinary plan of the
    country has of each."""
    sizes = nominal_sizes(parameters)
    money = float(sizes["total"].max())
    chips = float(np.median(sizes["imports"]))
    return {
        "USD bn": money,
        "USD mn": 1000 * money,
        "GW": float(sizes["power"].max()),
        "thousand people": float(sizes["talent"].max()),
        "thousand chips": chips,
        "cap unit": float(sizes["counted"].max(initial=chips)),
        "kH100e": float(sizes["research_compute"].max()),
        "kwpm": float(sizes["wafer_capacity"].max(initial=1.0)),
        "thousand wafers": 12 * float(sizes["wafer_capacity"].max(initial=1.0)),
        "kwpm/year": float(sizes["toolmaking"].max(initial=1.0)),
        "thousand packages": float(sizes["packaging_capacity"].max()),
        "thousand packages/year": float(sizes["packaging_capacity"].max()),
        "PB/year": float(sizes["hbm_capacity"].max()),
        "PB": float(sizes["hbm_capacity"].max()),
    }
