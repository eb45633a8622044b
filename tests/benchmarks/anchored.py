"""Batches near an anchor: times against ordinary warm solves, and how far outcomes are from cold solves.

    python tests/benchmarks/anchored.py COUNTRY ROWS [one|many] [--cold]

Solves ROWS scenarios of two designs, the leader's path held: one input at a time at either end of its own
range (`one`), and a Latin hypercube of twelve factors at +-30% (`many`). Each row is solved in both ways in
turn, in one process, so that the load of the machine falls on both; times are of the processor. With --cold
each row is also solved from nothing at a gap of 1e-6, and the lag in 2035 compared (for the leader, the time
by which its own capability is early or late).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if TYPE_CHECKING:
    from models.parameters import Array, LeaderPath, PlanParameters
    from optimizer.instance import Instance
    from optimizer.solver import Solution
    from optimizer.study.plan_solver import PlanSolver

GAP = 2e-5
COLD_GAP = 1e-6
YEAR = "2035"


def one_at_a_time(instance: Instance, country: str, rows: int) -> Iterator[list[str]]:
    """Patches that bring one input of the country to an end of its range, in random order."""
    import numpy as np

    from optimizer.instance.cells import cell_map

    cells = cell_map(instance, country)
    chosen = [
        (cell, end)
        for cell in instance.cells()
        if cell.low is not None
        and cell.high is not None
        and cells.feeds(cell.path)
        and not cells.shapes(cell.path)
        for end in (cell.low, cell.high)
    ]
    for number in np.random.default_rng(0).permutation(len(chosen))[: 2 * rows]:
        cell, end = chosen[number]
        value = cell.value
        first = (
            value
            if isinstance(value, int | float)
            else next(iter(value.values() if isinstance(value, dict) else value))
        )
        yield [f"{cell.path} *= {end / first!r}" if first else f"{cell.path} = {end!r}"]


def hypercube(instance: Instance, country: str, rows: int) -> Iterator[list[str]]:
    """Patches of a Latin hypercube over all of FACTORS."""
    from scipy.stats import qmc

    from tests.benchmarks.designs import FACTORS, rent_cell

    rent = rent_cell(country)
    for draw in qmc.LatinHypercube(len(FACTORS), rng=0).random(rows):
        yield [
            f"{path.format(country, rent)} *= {0.7 + 0.6 * share!r}"
            for path, share in zip(FACTORS, draw.tolist(), strict=True)
        ]


def months(plans: PlanSolver, parameters: PlanParameters, solution: Solution, path: LeaderPath) -> float:
    """Lag in YEAR; of the leader, how many months its capability lies before the anchor's path."""
    import numpy as np

    from optimizer.answer.metrics import lag_of_plan, mid_dates

    place = parameters.sets.periods.index(YEAR)
    capability = plans.values(parameters, solution)["capability"]
    if parameters.country != path.country:
        return float(lag_of_plan(parameters, capability, path).months[place])
    dates = mid_dates(parameters)
    slope = np.gradient(path.capability, dates)[place]
    return float(12 * capability[place] / slope)


def main(country: str, rows: int, cold: bool, named: str) -> None:
    import numpy as np

    from optimizer.errors import KloofError
    from optimizer.instance import load, resolve
    from optimizer.instance.patch import patch
    from optimizer.solver.highs import LinearModel
    from optimizer.study.country import leader_path
    from optimizer.study.plan_solver import ANCHOR_GAP, PlanSolver

    instance = load(ROOT / "instances" / "world-2026")
    leader = resolve(instance, instance.leader)
    plans = PlanSolver.compile(leader)
    path = leader_path(instance, leader, plans.values(leader, plans.solve(leader, gap=GAP)))
    base = leader if country == instance.leader else resolve(instance, country, path)
    anchor = plans.solve(base, gap=ANCHOR_GAP)
    anchored = plans.anchored(base, anchor)
    in_highs = [0.0]
    run = LinearModel._run

    def timed(*arguments: object) -> object:
        begin = time.process_time()
        result = run(*arguments)
        in_highs[0] += time.process_time() - begin
        return result

    LinearModel._run = timed
    for design in DESIGNS[named] if named else (one_at_a_time, hypercube):
        times, outside, rounds, gaps, apart = [], [], [], [], []
        failed = 0
        for texts in design(instance, country, rows):
            try:
                parameters = resolve(patch(instance, texts), country, path)
            except KloofError:
                # this end of the range alone contradicts another input
                continue
            figures = []
            for solve in (
                lambda p: plans.solve(p, gap=GAP, start=anchor.start),
                lambda p: anchored.solve(p, gap=GAP),
            ):
                in_highs[0], begin = 0.0, time.process_time()
                solution = solve(parameters)
                figures.append((1e3 * (time.process_time() - begin), 1e3 * in_highs[0]))
            failed += solution.status != "optimal"
            times.append([total for total, _ in figures])
            outside.append([total - inner for total, inner in figures])
            rounds.append(solution.certificate.rounds)
            gaps.append(solution.certificate.gap)
            if cold and solution.has_plan:
                exact = plans.solve(parameters, gap=COLD_GAP)
                apart.append(
                    abs(months(plans, parameters, solution, path) - months(plans, parameters, exact, path))
                )
            if len(times) == rows:
                break
        tell(f"{country} {design.__name__}", np.array(times), np.array(outside))
        print(f"  {failed} not certified, worst gap {max(gaps):.2g}, {np.mean(rounds):.2f} solves a row")
        if apart:
            far = np.array(apart)
            print(
                f"  {YEAR}, months from a cold solve: median {np.median(far):.4f}, p95 "
                f"{np.percentile(far, 95):.4f}, largest {far.max():.4f}, over 0.1: {(far > 0.1).sum()}"
            )
        sys.stdout.flush()


def tell(design: str, times: Array, outside: Array) -> None:
    """Print times of (rows, ways) and what of them is outside HiGHS, ms."""
    import numpy as np

    print(f"{design}: {len(times)} rows, ms of processor time")
    for name, all_of, rest in zip(("ordinary", "anchored"), times.T, outside.T, strict=True):
        print(
            f"  {name}: mean {all_of.mean():.1f} median {np.median(all_of):.1f} p95 "
            f"{np.percentile(all_of, 95):.1f}, outside HiGHS {rest.mean():.1f} "
            f"({100 * rest.sum() / all_of.sum():.0f}%)"
        )
    means, medians, rests = (
        each[1] / each[0] for each in (times.mean(0), np.median(times, 0), outside.mean(0))
    )
    print(f"  ratio of means {means:.2f}, of medians {medians:.2f}, outside HiGHS {rests:.2f}")


DESIGNS = {"one": (one_at_a_time,), "many": (hypercube,)}

if __name__ == "__main__":
    main(
        sys.argv[1],
        int(sys.argv[2]),
        "--cold" in sys.argv,
        next((name for name in DESIGNS if name in sys.argv), ""),
    )
