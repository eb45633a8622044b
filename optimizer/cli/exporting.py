"""How `kloof export` writes programs: to a file beside the target first, so that the target is whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from models.national import build
from optimizer.errors import Diagnostic, OutputError
from optimizer.study.ask import Ask
from optimizer.study.single import compiled, parameters_of, require_certified
from optimizer.tell.files.store import check_ordinary

NAME_FILES: Final = (".row", ".col")


def check_writable(target: Path) -> None:
    """Raise `OutputError` where the target's directory does not exist, or where it is no ordinary file,
    before anything is solved."""
    check_ordinary(target)
    if not target.parent.is_dir():
        message = f"the directory {target.parent} does not exist"
        raise OutputError(Diagnostic("E605", message, file=str(target)))


def export_nl(ask: Ask, target: Path) -> tuple[Diagnostic, ...]:
    """Write the true concave program as NL, with `.row` and `.col` files of names beside it. A
    leader is solved as asked. Returns what to be warned of.
    """
    check_writable(target)
    parameters, warnings = parameters_of(ask)
    model = build(parameters)
    if ask.extension is not None:
        ask.extension(model)

    def write(path: Path) -> None:
        model.write(str(path), format="nl", io_options={"symbolic_solver_labels": True})

    _whole(target, write, NAME_FILES)
    return warnings


def export_relaxation(ask: Ask, target: Path) -> tuple[Diagnostic, ...]:
    """Write the linear relaxation at the solution as MPS or LP. Raises `SolverError` where there is none, or
    none within the gap: its optimum would be no bound worth having.

    It is solved without the solver's scaling, so that the file is in the units of the model. Returns what to
    be warned of.
    """
    from optimizer.solver import Solver
    from optimizer.study.plan_solver import PlanSolver

    check_writable(target)
    shared, parameters, warnings = compiled(ask)
    program = shared.program
    plan_solver = PlanSolver(program, Solver(program, scaled=False))
    solution = plan_solver.solve(parameters, gap=ask.gap, time_limit=ask.time_limit)
    require_certified(ask.country, solution)

    def write(path: Path) -> None:
        if path.suffix == ".mps":
            plan_solver.solver.relaxation_lp(str(path))
            return
        mps = path.with_suffix(".mps")
        plan_solver.solver.relaxation_lp(str(mps))
        _lp_from_mps(mps, path)

    _whole(target, write, (".mps",) if target.suffix == ".lp" else ())
    return warnings


def _lp_from_mps(mps: Path, lp: Path) -> None:
    """Write an MPS file as LP, whose names must not hold square brackets: they become round ones."""
    import highspy

    from optimizer.solver.written import write_model

    # The constructor of highspy.Highs prints a banner; its parent's does not.
    solver = highspy.Highs.__new__(highspy.Highs)
    super(highspy.Highs, solver).__init__()
    solver.setOptionValue("output_flag", False)
    solver.readModel(str(mps))
    model = solver.getLp()
    for rename, names in ((solver.passColName, model.col_names_), (solver.passRowName, model.row_names_)):
        for position, name in enumerate(names):
            rename(position, name.replace("[", "(").replace("]", ")"))
    write_model(solver, str(lp))


def _whole(target: Path, write: Callable[[Path], None], companions: tuple[str, ...]) -> None:
    """Write beside `target` and move into place, files of names with it: a reader never sees half a file."""
    part = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    try:
        try:
            write(part)
            for ending in (ending for ending in companions if ending in NAME_FILES):
                part.with_suffix(ending).replace(target.with_suffix(ending))
            part.replace(target)
        finally:
            for leftover in (part, *(part.with_suffix(ending) for ending in companions)):
                leftover.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            Diagnostic("E605", f"cannot write: {error.strerror or error}", file=str(target))
        ) from error
