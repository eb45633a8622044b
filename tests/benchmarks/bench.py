"""Timings of the whole command and its parts, with ratios against a conic solver on the same machine.

Run by `make bench`. Nothing here is asserted: it reports, side by side in one run, with the machine.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.parameters import LeaderPath
    from optimizer.instance import Instance
    from optimizer.study.plan_solver import PlanSolver

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
# as the command does, before numpy is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
RUNS = 5


def whole_process(*arguments: str, runs: int = RUNS) -> tuple[float, float]:
    """Median wall seconds of a kloof command as a cold process, and its peak memory in MB."""
    walls, peak = [], 0.0
    command = [str(Path(sys.executable).with_name("kloof")), *arguments]
    for _ in range(runs):
        start = time.perf_counter()
        sink = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
        child = os.posix_spawn(command[0], command, os.environ, file_actions=sink)
        _, status, usage = os.wait4(child, 0)
        walls.append(time.perf_counter() - start)
        peak = max(peak, usage.ru_maxrss / 1024)
        if status:
            raise SystemExit(f"{' '.join(command)} ended with status {status}")
    return statistics.median(walls), peak


def median_seconds(action: Callable[[], object], runs: int = RUNS) -> float:
    """Median wall seconds of a call."""
    walls = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        walls.append(time.perf_counter() - start)
    return statistics.median(walls)


def line(subject: str, figure: str, aim: str = "") -> None:
    print(f"{subject:<58} {figure:>16}   {aim}", flush=True)


def commands() -> None:
    wall, _ = whole_process("--help")
    line("kloof --help", f"{wall:.2f} s", "under 0.2 s")
    wall, peak = whole_process("solve", str(ROOT / "instances/world-2026"), "--no-save", runs=3)
    line("kloof solve world-2026, 14 countries, cold process", f"{wall:.1f} s", "under 5 s")
    line("its largest process, peak memory", f"{peak:.0f} MB", "under 500 MB")
    names = [path.stem for path in sorted((ROOT / "instances/policies").glob("*.yaml"))]
    chosen = [name for name in names if name != "baseline"][:20]
    columns = [argument for name in chosen for argument in ("--policy", name)]
    with tempfile.TemporaryDirectory() as place:
        out = ("--out", f"{place}/run")
        wall, _ = whole_process("compare", str(ROOT / "instances/world-2026"), *columns, *out, runs=1)
    line(f"kloof compare, {len(chosen)} policies x 14 countries, saved", f"{wall:.1f} s", "under 15 s")


def parts() -> None:
    import numpy as np

    from models.national import build
    from optimizer.instance import load, patch, resolve
    from optimizer.program import collection_paused, compile_model
    from optimizer.study.ask import Ask
    from optimizer.study.country import leader_path
    from optimizer.study.plan_solver import PlanSolver
    from optimizer.study.solve import solve_world

    world = load(ROOT / "instances" / "world-2026")
    line("load and validate world-2026", f"{1e3 * median_seconds(lambda: load(world.directory)):.0f} ms")
    usa = resolve(world, "USA", None)
    line("resolve a country", f"{1e3 * median_seconds(lambda: resolve(world, 'USA', None)):.1f} ms")
    model = build(usa)
    with collection_paused():
        line("build the Pyomo model", f"{median_seconds(lambda: build(usa), 3):.2f} s")
    line(
        "compile it",
        f"{median_seconds(lambda: compile_model(model, 'least_spending'), 3):.2f} s",
        "under 1 s",
    )
    solver = PlanSolver.compile(usa)
    line(
        "certified solve to the default gap, USA",
        f"{1e3 * median_seconds(lambda: solver.solve(usa)):.0f} ms",
        "150 ms",
    )
    run = solve_world(Ask(world, ("USA",))).countries["USA"]
    assert run.values is not None
    path = leader_path(world, usa, run.values)
    china = resolve(world, "CHN", path)
    line(
        "certified solve to the default gap, CHN",
        f"{1e3 * median_seconds(lambda: solver.solve(china)):.0f} ms",
        "150 ms",
    )
    headline_ranges_of(world, solver, path)
    changed_policies(world, solver, path)
    sizes, times = [], []
    for steps in (1, 2, 4):
        finer = patch(world, [f"horizon.steps_per_year={steps}"])
        parameters = resolve(finer, "USA", None)
        finer_solver = PlanSolver.compile(parameters)
        seconds = median_seconds(lambda: finer_solver.solve(parameters), 1)  # noqa: B023
        size = len(parameters.sets.periods) * len(parameters.sets.chips)
        sizes.append(size)
        times.append(seconds)
        aim = "under 3 s" if steps == 4 else ""
        line(
            f"solve USA, {len(parameters.sets.periods)} periods, {size} chip-periods", f"{seconds:.2f} s", aim
        )
    exponent = np.polyfit(np.log(sizes), np.log(times), 1)[0]
    line("growth of time with periods x chips, exponent", f"{exponent:.2f}", "1.6")


def headline_ranges_of(world: Instance, solver: PlanSolver, path: LeaderPath) -> None:
    """The ranges of a country's headline numbers over all plans within its gap, beside the solve itself."""
    from models.simulate import simulate
    from optimizer.instance import resolve
    from optimizer.study.country import headline_ranges

    china = resolve(world, "CHN", path)
    solution = solver.solve(china)
    values = simulate(china, solver.decisions(solution.x))
    seconds = median_seconds(lambda: headline_ranges(solver, china, values, solution, path), 1)
    line("ranges of its headline numbers, CHN", f"{seconds:.1f} s")


def changed_policies(world: Instance, solver: PlanSolver, path: LeaderPath) -> None:
    """Solves of changed countries, each from the start that its unchanged plan left."""
    from models.simulate import simulate
    from optimizer.instance import patch, resolve
    from optimizer.study.country import leader_path

    richer = patch(world, ["countries.USA.budget.income_usd_bn *= 1.5"])
    leading = resolve(richer, "USA", None)
    values = simulate(leading, solver.decisions(solver.solve(leading).x))
    ahead = leader_path(richer, leading, values)
    dearer = patch(world, ["market.memory_price_index=1.5"])
    closed = [
        patch(world, [f"countries.CHN.trade.{change}"])
        for change in ("limits.nv_h200=400", "grey.output_share=0", "rent.share_of_leader_compute=0")
    ]
    cases = [("CHN", resolve(instance, "CHN", path)) for instance in closed]
    for country in ("USA", "CHN", "EUR", "IND"):
        cases.append((country, resolve(dearer, country, None if country == "USA" else path)))
        cases.append((country, leading if country == "USA" else resolve(richer, country, ahead)))
    anchors = {
        country: solver.solve(resolve(world, country, None if country == "USA" else path)).start
        for country in ("USA", "CHN", "EUR", "IND")
    }
    seconds = [
        median_seconds(lambda: solver.solve(parameters, gap=1e-4, start=anchors[country]), 3)  # noqa: B023
        for country, parameters in cases
    ]
    mean = f"{1e3 * statistics.mean(seconds):.0f} ms"
    line(f"solve of a changed policy, gap 1e-4, mean of {len(cases)}", mean, "under 100 ms")


def against_a_conic_solver() -> None:
    """The same plans through CVXPY and Clarabel; only its status `optimal` counts."""
    import numpy as np

    from optimizer.study.plan_solver import PlanSolver
    from tests.model.oracle import OracleError, best_value
    from tests.model.random_plans import random_plan

    ratios = []
    for seed in range(12):
        plan = random_plan(seed)
        start = time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                best_value(plan)
        except OracleError:
            continue
        conic = time.perf_counter() - start
        start = time.perf_counter()
        solver = PlanSolver.compile(plan)
        solver.solve(plan)
        cold = time.perf_counter() - start
        again = median_seconds(lambda: solver.solve(plan), 3)  # noqa: B023
        ratios.append((cold / conic, again / conic))
    cold, again = np.median(np.array(ratios), axis=0)
    line(f"Kloof / CVXPY+Clarabel, {len(ratios)} small plans, build and solve", f"{cold:.2f}")
    line("the same, Kloof's next solve with other numbers", f"{again:.2f}")


def main() -> None:
    from optimizer.solver.highs import VERSION

    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, {platform.system()}")
    print(f"Python {platform.python_version()}, HiGHS {VERSION}\n")
    commands()
    parts()
    against_a_conic_solver()


if __name__ == "__main__":
    main()
