"""Convex integer programs of others, solved beside SCIP: `python -m tests.benchmarks.convex DIRECTORY`.

The directory (or the environment variable KLOOF_MINLPLIB) holds programs of MINLPLib as Pyomo files written
by GAMS Convert, and beside them MINLPLib's `instancedata.csv` (semicolons; name, convex, nvars, nbinvars,
nintvars, objsense, primalbound, dualbound). Nothing of either is part of this project. The files are Python
and are run: take them from whom you trust. SCIP is timed where PySCIPOpt is installed (extra `bench`).

What is timed is processor time on one thread, from a Pyomo model in memory to the answer, in a process of its
own that has solved a small program before, so that what is loaded once counts for neither. Of that, handing
over is what comes before the solve: Kloof's compilation; for SCIP, writing the model in AMPL's format and
reading it.
"""

from __future__ import annotations

import argparse
import csv
import math
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import pyomo.environ as pyo

from optimizer.errors import KloofError
from optimizer.program import compile_model
from optimizer.solver import Solver
from optimizer.solver.highs import VERSION

PAGE: Final = Path(__file__).parents[2] / "docs" / "engine.md"
GAP: Final = 1e-4
SECONDS: Final = 15.0
MOST_COLUMNS: Final = 100
# Kloof heeds a wall clock, and others may keep the machine busy: it shows so many times the processor time
# that a solver may take, and so many times after which one that does not heed its limit is ended.
BUSY: Final = 3.0
PATIENCE: Final = 4.0
# what published optima, plans within tolerances and bounds may differ by
ROUNDING: Final = 1e-5
# SCIP's clock for its limit
PROCESSOR_TIME: Final = 1
# what takes less on both sides tells mostly of what each takes for a program of no work at all
LONGER: Final = 0.1
# no time is told finer than this
LEAST_SECONDS: Final = 1e-4


@dataclass(frozen=True)
class Published:
    """A program of the library: where its file is, and what is known of its optimum."""

    name: str
    path: Path
    sense: str
    plan: float
    bound: float


@dataclass(frozen=True)
class Answer:
    """What a solver said: its status, plan and bound, the processor seconds from the model to the answer, and
    how many of these it took to hand the program over."""

    status: str
    plan: float = math.nan
    bound: float = math.nan
    seconds: float = math.nan
    handing: float = math.nan

    @property
    def solving(self) -> float:
        return self.seconds - self.handing

    @property
    def certified(self) -> bool:
        return self.status in ("optimal", "infeasible")


def published(directory: Path, most_columns: int) -> list[Published]:
    """The convex programs with integers that are at hand, from few columns to many."""
    files = {path.stem: path for path in sorted(directory.rglob("*.py"))}
    [table, *_] = sorted(directory.rglob("instancedata.csv"))
    with table.open(newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter=";") if row["name"] in files]
    rows = [
        row
        for row in rows
        if row["convex"] == "True"
        and int(row["nbinvars"] or 0) + int(row["nintvars"] or 0)
        and int(row["nvars"]) <= most_columns
    ]
    rows.sort(key=lambda row: (int(row["nvars"]), row["name"]))
    rows = [row for row in rows if is_python(files[row["name"]])]
    return [
        Published(
            row["name"],
            files[row["name"]],
            row["objsense"],
            float(row["primalbound"] or "nan"),
            float(row["dualbound"] or "nan"),
        )
        for row in rows
    ]


def model_of(path: Path) -> Any:
    """The Pyomo model that a file makes."""
    space: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), space)
    return space["m"]


def is_python(path: Path) -> bool:
    """Whether a file can be read: those with semicontinuous variables are not Python."""
    try:
        compile(path.read_text(), str(path), "exec")
    except SyntaxError:
        return False
    return True


def small() -> Any:
    """A program that takes no work, solved first."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(0, 9))
    model.y = pyo.Var(bounds=(0, 9))
    model.cost = pyo.Objective(expr=(model.x - 2.4) ** 2 + (model.y - 1.0) ** 2)
    model.row = pyo.Constraint(expr=model.x + model.y >= 4.5)
    return model


def by_kloof(model: Any, gap: float, seconds: float) -> Answer:
    """Kloof: compiled and solved."""
    begin = compiled = time.process_time()
    try:
        solver = Solver(compile_model(model))
        compiled = time.process_time()
        solution = solver.solve(gap=gap, time_limit=BUSY * seconds)
    except KloofError as error:
        return Answer(f"raised {error}", seconds=time.process_time() - begin, handing=compiled - begin)
    took = time.process_time() - begin
    proof = solution.certificate
    [objective] = model.component_data_objects(pyo.Objective, active=True)
    bound = proof.lower if objective.sense == pyo.minimize else proof.upper
    return Answer(solution.status, solution.objective, bound, took, compiled - begin)


def by_scip(model: Any, gap: float, seconds: float) -> Answer:
    """SCIP: the model written in AMPL's format, read, and solved."""
    import pyscipopt

    with tempfile.TemporaryDirectory() as place:
        file = f"{place}/program.nl"
        begin = time.process_time()
        model.write(file)
        scip = pyscipopt.Model()
        scip.hideOutput()
        scip.readProblem(file)
        scip.setParams({"limits/gap": gap, "limits/time": seconds, "timing/clocktype": PROCESSOR_TIME})
        handed = time.process_time()
        scip.optimize()
        took = time.process_time() - begin
    said = scip.getStatus()
    status = {"optimal": "optimal", "gaplimit": "optimal", "infeasible": "infeasible"}.get(said, "stopped")
    plan = scip.getObjVal() if scip.getNSols() else math.nan
    return Answer(status, plan, scip.getDualbound(), took, handed - begin)


def apart(
    solve: Callable[[Any, float, float], Answer], program: Published, gap: float, seconds: float
) -> Answer:
    """The answer of a solver in a process of its own, which is ended where it does not heed its limit."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)

    def work(sender: Connection) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        solve(small(), gap, seconds)
        sender.send(solve(model_of(program.path), gap, seconds))

    process = context.Process(target=work, args=(there,))
    process.start()
    there.close()
    try:
        answer = here.recv() if here.poll(PATIENCE * seconds) else Answer("overran")
    except EOFError:
        answer = Answer("died")
    finally:
        process.kill()
        process.join()
    return replace(answer, status="stopped") if answer.seconds > seconds else answer


def is_wrong(program: Published, answer: Answer, gap: float) -> bool:
    """Whether an answer contradicts the published optimum: by its bound, by a plan better than can be, or by
    a certified plan that is worse than the gap allows."""
    sign = 1.0 if program.sense == "min" else -1.0
    best, least = sign * program.plan, sign * program.bound
    plan, bound = sign * answer.plan, sign * answer.bound
    room = ROUNDING * max(1.0, abs(best))
    if answer.status == "infeasible":
        return math.isfinite(best)
    return (
        bound > best + room
        or plan < least - room
        or (answer.certified and plan > best + gap * max(1.0, abs(best)) + room)
    )


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def ratios(name: str, pairs: Sequence[tuple[Answer, Answer]]) -> str:
    """A line of the table of times."""
    least = LEAST_SECONDS
    whole = geometric_mean([max(a.seconds, least) / max(b.seconds, least) for a, b in pairs])
    alone = geometric_mean([max(a.solving, least) / max(b.solving, least) for a, b in pairs])
    return f"| {name} | {len(pairs)} | {whole:.2f} | {alone:.2f} |"


def table(found: list[tuple[Published, Answer, Answer | None]], gap: float, seconds: float) -> str:
    """The table of docs/engine.md."""
    ours = [answer for _, answer, _ in found]
    lines = [
        f"{len(found)} programs, gap {gap:g}, {seconds:g} s of processor time each, HiGHS {VERSION}:",
        "",
        "| | certified | stopped | contradicts the published optimum | error |",
        "|---|---:|---:|---:|---:|",
        counts("Kloof", [(program, answer) for program, answer, _ in found], gap),
    ]
    theirs = [answer for _, _, answer in found if answer is not None]
    if len(theirs) == len(found):
        lines.append(counts("SCIP", [(p, answer) for p, _, answer in found if answer is not None], gap))
        both = [(a, b) for a, b in zip(ours, theirs, strict=True) if a.certified and b.certified]
        longer = [(a, b) for a, b in both if max(a.seconds, b.seconds) >= LONGER]
        lines += [
            "",
            "Processor time over SCIP's, geometric mean:",
            "",
            "| | programs that both certify | from the model to the answer | the solve alone |",
            "|---|---:|---:|---:|",
            ratios("all", both),
            ratios(f"either takes {LONGER:g} s or more", longer),
            ratios("neither does", [pair for pair in both if pair not in longer]),
        ]
    open_ones = [program.name for program, answer, _ in found if not answer.certified]
    if open_ones:
        lines += ["", f"Not certified by Kloof: {', '.join(open_ones)}."]
    return "\n".join(lines)


def times(answer: Answer) -> str:
    """Milliseconds: in all, and of the solve alone."""
    return f"{1e3 * answer.seconds:8.1f} {1e3 * answer.solving:8.1f}"


def counts(name: str, answers: list[tuple[Published, Answer]], gap: float) -> str:
    wrong = sum(is_wrong(program, answer, gap) for program, answer in answers)
    certified = sum(answer.certified for _, answer in answers)
    stopped = sum(answer.status in ("stopped", "overran") for _, answer in answers)
    errors = len(answers) - certified - stopped
    return f"| {name} | {certified} | {stopped} | {wrong} | {errors} |"


def write_page(text: str) -> None:
    """Put the table between its marks in docs/engine.md."""
    begin, end = "<!-- convex programs: begin -->", "<!-- convex programs: end -->"
    page = PAGE.read_text()
    before, rest = page.split(begin)
    _, after = rest.split(end)
    PAGE.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=os.environ.get("KLOOF_MINLPLIB"))
    parser.add_argument("--gap", type=float, default=GAP)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--most-columns", type=int, default=MOST_COLUMNS)
    parser.add_argument("--only", nargs="*", help="names of programs")
    parser.add_argument("--without-scip", action="store_true")
    parser.add_argument("--write", action="store_true", help="put the table into docs/engine.md")
    given = parser.parse_args()
    if given.directory is None:
        print("convex programs: not run, as no directory is given (KLOOF_MINLPLIB)")
        return
    with_scip = not given.without_scip
    if with_scip:
        try:
            import pyscipopt  # noqa: F401
        except ImportError:
            print("without SCIP: PySCIPOpt is not installed (extra `bench`)")
            with_scip = False
    found: list[tuple[Published, Answer, Answer | None]] = []
    for program in published(Path(given.directory), given.most_columns):
        if given.only and program.name not in given.only:
            continue
        ours = apart(by_kloof, program, given.gap, given.seconds)
        theirs = apart(by_scip, program, given.gap, given.seconds) if with_scip else None
        found.append((program, ours, theirs))
        beside = "" if theirs is None else f"{theirs.status[:8]:>9} {theirs.plan:14.6f} {times(theirs)}"
        mark = " WRONG" if is_wrong(program, ours, given.gap) else ""
        print(
            f"{program.name:<26}{program.plan:16.6f} {ours.status[:40]:>8} {ours.plan:16.6f} "
            f"{ours.bound:16.6f} {times(ours)} {beside}{mark}",
            flush=True,
        )
    text = table(found, given.gap, given.seconds)
    print(f"\n{text}")
    if given.write:
        write_page(text)


if __name__ == "__main__":
    sys.exit(main())
