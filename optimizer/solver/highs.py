"""One live HiGHS model behind a small, checked interface. No HiGHS status is taken on trust."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Final

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.errors import Diagnostic, SolverError
from optimizer.program.tape import Array, Index
from optimizer.solver.written import write_model

REQUIRED: Final = (1, 15)
FEASIBILITY: Final = 1e-9
# how far apart plan and bound of an integer program may end, in units of its objective
ABSOLUTE_GAP: Final = 1e-9
# a warm solve that needs more iterations than the program has rows (or than this) is started afresh
LEAST_LIMIT: Final = 5000
_NO_LIMIT: Final = 2**31 - 1


@dataclass(frozen=True)
class Method:
    """HiGHS options for one kind of solve; `from_scratch` discards the basis."""

    from_scratch: bool
    presolve: str = "off"
    simplex_strategy: int = 1
    simplex_dual_edge_weight_strategy: int = -1
    simplex_scale_strategy: int = 2
    primal_feasibility_tolerance: float = FEASIBILITY
    dual_feasibility_tolerance: float = FEASIBILITY
    dual_simplex_cost_perturbation_multiplier: float = 1.0
    solver: str = "choose"

    @cached_property
    def options(self) -> dict[str, object]:
        return {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "from_scratch"
        }


COLD: Final = Method(from_scratch=True, presolve="on")
# Devex pricing: exact steepest-edge weights cost more than the few iterations of a warm start. Smaller
# perturbations of the cost leave less to put right at the end.
AFTER_ROWS: Final = Method(
    from_scratch=False, simplex_dual_edge_weight_strategy=1, dual_simplex_cost_perturbation_multiplier=0.1
)
# from the basis of another solve: scaled anew, its first program takes an eighth more iterations
FROM_START: Final = replace(AFTER_ROWS, simplex_scale_strategy=0)
# Near an anchor: neither scaled anew nor perturbed, rows added or not (a tenth less time in HiGHS).
NEAR_ANCHOR: Final = replace(
    AFTER_ROWS, simplex_scale_strategy=0, dual_simplex_cost_perturbation_multiplier=0.0
)
# the point stays feasible when the cost changes: primal simplex goes on from it
AFTER_COST: Final = Method(
    from_scratch=False, simplex_strategy=4, simplex_dual_edge_weight_strategy=1, simplex_scale_strategy=0
)
# where a warm solve is left undecided, its basis is nearly always within a few iterations of the optimum
RESUMED: Final = Method(from_scratch=False, simplex_scale_strategy=0)
UNSCALED: Final = Method(from_scratch=True, simplex_scale_strategy=0)
NO_PRESOLVE: Final = Method(from_scratch=True)
AFTER_ROWS_LOOSE: Final = replace(AFTER_ROWS, primal_feasibility_tolerance=1e-7)
INTERIOR: Final = Method(from_scratch=True, presolve="on", solver="ipm")
LOOSE: Final = Method(from_scratch=True, primal_feasibility_tolerance=1e-7, dual_feasibility_tolerance=1e-7)


class _QuietHighs(highspy.Highs):
    """HiGHS without callbacks and output: the constructor of highspy.Highs turns callbacks on, and with that
    prints a banner on standard output before any option can be set."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.setOptionValue("output_flag", False)


def _require_version() -> str:
    version = _QuietHighs().version()
    found = tuple(int(part) for part in version.split(".")[:2])
    if found < REQUIRED:
        raise ImportError(
            f"highspy {version} is installed, but 1.15 or later is required: earlier ones return wrong "
            "integer optima"
        )
    return str(version)


# statuses of columns or rows in a basis, as the numbers of highspy.HighsBasisStatus
Statuses = NDArray[np.int8]
# a basis in HiGHS's own form, and its number of rows
HeldBasis = tuple[Any, int]
BASIC: Final = int(highspy.HighsBasisStatus.kBasic)
NONBASIC: Final = int(highspy.HighsBasisStatus.kNonbasic)
_STATUSES: Final = [highspy.HighsBasisStatus(number) for number in range(5)]
VERSION: Final = _require_version()


@dataclass(frozen=True)
class LinearResult:
    """What a solve returned. `status` is optimal, infeasible, unbounded, stopped or, where no more was asked
    for, beyond. For minimisation: cost - matrix' row_dual are the reduced costs. `bound` is HiGHS's bound on
    the objective of an integer program."""

    status: str
    x: Array
    row_dual: Array
    bound: float


class LinearModel:
    """Minimise cost'x over row_lower <= matrix x <= row_upper and column bounds, some columns integer."""

    def __init__(
        self,
        cost: Array,
        column_lower: Array,
        column_upper: Array,
        matrix: csr_array,
        row_lower: Array,
        row_upper: Array,
        integer: NDArray[np.bool_] | None = None,
    ) -> None:
        self._highs: Any = _QuietHighs()
        self._options: dict[str, object] = {}
        self._option("threads", 1)
        self._option("mip_rel_gap", 0.0)
        self._option("mip_abs_gap", ABSOLUTE_GAP)
        self._integer = np.zeros(len(cost), dtype=bool) if integer is None else integer
        # as arrays: the fields of a HighsLp are converted number by number, which takes eight times as long
        self._call(
            self._highs.passModel,
            len(cost),
            matrix.shape[0],
            matrix.nnz,
            _BY_ROWS,
            _MINIMISE,
            0.0,
            cost,
            column_lower,
            column_upper,
            row_lower,
            row_upper,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
            self._integer.astype(np.int32),
        )

    @property
    def rows(self) -> int:
        return int(self._highs.getNumRow())

    @property
    def is_integer(self) -> bool:
        return bool(self._integer.any())

    def _call(self, method: Callable[..., Any], *arguments: object) -> None:
        if method(*arguments) == highspy.HighsStatus.kError:
            name = getattr(method, "__name__", "a call")
            raise SolverError(Diagnostic("S101", f"HiGHS {VERSION} refused {name}"))

    def _option(self, name: str, value: object) -> None:
        if self._options.get(name) != value:
            self._call(self._highs.setOptionValue, name, value)
            self._options[name] = value

    def add_rows(self, matrix: csr_array, lower: Array, upper: Array) -> None:
        """Append rows."""
        if matrix.shape[0]:
            self._call(
                self._highs.addRows,
                matrix.shape[0],
                lower,
                upper,
                matrix.nnz,
                matrix.indptr[:-1].astype(np.int32),
                matrix.indices.astype(np.int32),
                matrix.data,
            )

    def delete_rows(self, rows: Index) -> None:
        """Delete rows; where one of them was not basic, the basis is lost."""
        if len(rows):
            self._call(self._highs.deleteRows, len(rows), rows.astype(np.int32))

    def set_cost(self, cost: Array) -> None:
        """Replace the cost of every column."""
        self._call(self._highs.changeColsCost, len(cost), np.arange(len(cost), dtype=np.int32), cost)
        basis = self._highs.getBasis()
        if basis.valid:
            # what HiGHS remembers beside the basis belongs to the old cost and takes hundreds of iterations
            self._call(self._highs.setBasis, basis)

    def set_column_bounds(self, columns: Index, lower: Array, upper: Array) -> None:
        """Replace the bounds of some columns."""
        if len(columns):
            self._call(self._highs.changeColsBounds, len(columns), columns.astype(np.int32), lower, upper)

    def basis(self) -> tuple[Statuses, Statuses] | None:
        """Status of every column and row in the current basis, None if there is no valid one."""
        basis = self._highs.getBasis()
        return (_numbers(basis.col_status), _numbers(basis.row_status)) if basis.valid else None

    def held_basis(self) -> HeldBasis:
        """The current basis in HiGHS's own form, and of how many rows it is."""
        return self._highs.getBasis(), self.rows

    def set_held_basis(self, held: HeldBasis) -> None:
        """Start the next solve from a basis of `held_basis`; rows appended since then are basic."""
        basis, rows = held
        if self.rows > rows:
            appended = np.full(self.rows - rows, BASIC, dtype=np.int8)
            basis, _ = ready_basis(
                _numbers(basis.col_status), np.append(_numbers(basis.row_status), appended)
            )
        self._call(self._highs.setBasis, basis)

    def duals_of(self, cost: Array) -> Array | None:
        """Row duals at the current basis for another cost; None where HiGHS holds no factors of it."""
        status, basic = self._highs.getBasicVariables()
        if status != highspy.HighsStatus.kOk:
            return None
        of_basic = np.where(basic >= 0, cost[np.maximum(basic, 0)], 0.0)
        status, duals = self._highs.getBasisTransposeSolve(of_basic)
        return np.asarray(duals, dtype=float) if status == highspy.HighsStatus.kOk else None

    def set_basis(self, columns: Statuses, rows: Statuses) -> None:
        """Start the next solve from this basis."""
        basis, _ = ready_basis(columns, rows)
        basis.alien = True
        self._call(self._highs.setBasis, basis)

    def solve(self, method: Method, deadline: float | None = None, beyond: float = np.inf) -> LinearResult:
        """Solve with a method, and with safer ones where it fails. `deadline` is a time of time.monotonic().
        A dual simplex ends once the optimum is known to be no less than `beyond`. Raises SolverError where
        HiGHS gives no answer.
        """
        self._option("objective_bound", beyond)
        status = self._run(method, deadline)
        self._option("objective_bound", np.inf)
        late = False
        resumed = () if method.from_scratch else (RESUMED,)
        for attempt in (*resumed, COLD, NO_PRESOLVE, UNSCALED, LOOSE, INTERIOR):
            # presolve cannot always tell an infeasible program from an unbounded one
            doubtful = method.presolve == "on" and status != highspy.HighsModelStatus.kOptimal
            late = deadline is not None and time.monotonic() >= deadline
            if (status in _STATUS and not doubtful) or late:
                break
            if attempt is not method:
                method = attempt
                status = self._run(method, deadline)
        if status not in _STATUS and late:
            status = highspy.HighsModelStatus.kTimeLimit
        if status not in _STATUS and self._nearly_feasible():
            status = highspy.HighsModelStatus.kOptimal
        if status not in _STATUS:
            text = self._highs.modelStatusToString(status)
            raise SolverError(Diagnostic("S101", f"HiGHS {VERSION} ended with status `{text}`"))
        solution, info = self._highs.getSolution(), self._highs.getInfo()
        return LinearResult(
            status=_STATUS[status],
            x=np.array(solution.col_value, dtype=float),
            row_dual=np.array(solution.row_dual, dtype=float),
            bound=float(info.mip_dual_bound) if self._integer.any() else float(info.objective_function_value),
        )

    def estimate(self, method: Method, iterations: int) -> float:
        """The objective after so many iterations of a dual simplex, infinite where there is no point."""
        status = self._run(method, None, limit=iterations)
        if status == highspy.HighsModelStatus.kInfeasible:
            return np.inf
        value = float(self._highs.getInfo().objective_function_value)
        return value if np.isfinite(value) else -np.inf

    def ray(self) -> Array | None:
        """Row duals that show that there is no point, None where HiGHS has none to show."""
        status, known, ray = self._highs.getDualRay()
        return np.asarray(ray, dtype=float) if known and status == highspy.HighsStatus.kOk else None

    def _nearly_feasible(self) -> bool:
        """Whether HiGHS, unsure of its own result, still has a point worth using: bounds are recomputed from
        its duals, and plans are checked."""
        info = self._highs.getInfo()
        return bool(info.basis_validity and 0 <= info.max_primal_infeasibility <= 1e-6)

    def _run(
        self,
        method: Method,
        deadline: float | None,
        point: Array | None = None,
        limit: int | None = None,
    ) -> Any:
        """Solve once; `point` is a plan that an integer program starts from, `limit` a number of iterations
        that is no failure."""
        for name, value in method.options.items():
            self._option(name, value)
        if method.from_scratch:
            # a basis at hand would keep HiGHS from presolving
            self._call(self._highs.clearSolver)
        if point is not None:
            start = highspy.HighsSolution()
            start.col_value = point.tolist()
            # a point that HiGHS finds to violate a row is no error: it then looks for one of its own
            self._highs.setSolution(start)
        if limit is None:
            limit = _NO_LIMIT if method.from_scratch else max(LEAST_LIMIT, self.rows)
        self._option("simplex_iteration_limit", limit)
        remaining = np.inf if deadline is None else max(0.0, deadline - time.monotonic())
        self._option("time_limit", remaining)
        if self._highs.run() == highspy.HighsStatus.kError:
            # HiGHS refuses where another object of this process runs on more threads: end those, try again
            highspy.Highs.resetGlobalScheduler(True)
            self._highs.run()
        status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kUnbounded and self._is_bounded():
            return highspy.HighsModelStatus.kUnknown
        return status

    def _is_bounded(self) -> bool:
        """Whether every column has both bounds. HiGHS calls such programs unbounded where they are large."""
        lp = self._highs.getLp()
        return bool(np.isfinite(lp.col_lower_).all() and np.isfinite(lp.col_upper_).all())

    def conflict(self) -> tuple[list[int], list[tuple[int, bool, bool]]] | None:
        """Rows of an irreducible infeasible subsystem, and its columns with whether their lower and upper
        bounds take part; None where HiGHS finds none."""
        self._option("iis_strategy", 6)
        status, iis = self._highs.getIis()
        if status == highspy.HighsStatus.kError or not iis.valid_:
            return None
        sides = [
            (int(column), bound in _LOWER_TAKES_PART, bound in _UPPER_TAKES_PART)
            for column, bound in zip(iis.col_index_, iis.col_bound_, strict=True)
        ]
        columns = [entry for entry in sides if entry[1] or entry[2]]
        rows = [int(row) for row in iis.row_index_]
        return (rows, columns) if rows or columns else None

    def write(self, path: str, columns: list[str], rows: list[str]) -> None:
        """Write the model as .mps or .lp with the given names; the LP format knows no square brackets."""
        allowed = str.maketrans("[]", "()") if path.endswith(".lp") else {}
        for number, name in enumerate(columns):
            self._call(self._highs.passColName, number, name.translate(allowed))
        for number, name in enumerate(rows):
            self._call(self._highs.passRowName, number, name.translate(allowed))
        write_model(self._highs, path)


def ready_basis(columns: Statuses, rows: Statuses) -> HeldBasis:
    """A basis in HiGHS's own form, which takes a while to make. As many must be basic as there are rows."""
    basis = highspy.HighsBasis()
    basis.col_status = [_STATUSES[number] for number in columns.tolist()]
    basis.row_status = [_STATUSES[number] for number in rows.tolist()]
    basis.valid = True
    basis.alien = False
    return basis, len(rows)


def _numbers(statuses: Sequence[Any]) -> Statuses:
    return np.fromiter([status.value for status in statuses], np.int8, len(statuses))


_BY_ROWS: Final = int(highspy.MatrixFormat.kRowwise)
_MINIMISE: Final = int(highspy.ObjSense.kMinimize)
_LOWER_TAKES_PART: Final = (
    int(highspy.IisBoundStatus.kIisBoundStatusLower),
    int(highspy.IisBoundStatus.kIisBoundStatusBoxed),
)
_UPPER_TAKES_PART: Final = (
    int(highspy.IisBoundStatus.kIisBoundStatusUpper),
    int(highspy.IisBoundStatus.kIisBoundStatusBoxed),
)
_STATUS: Final = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kModelEmpty: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "stopped",
    highspy.HighsModelStatus.kObjectiveBound: "beyond",
}
# with a point and duals
POINTS: Final = ("optimal", "beyond")
