"""Where the time of a staged plan goes, and what each trick of the integer engine is worth.

`python -m tests.benchmarks.staged [--gaps 1e-3 1e-4] [--steps 1] [--tricks]` solves China in staged mode,
the USA's path held: seconds of the processor in the continuous program, in the program's own tree, in HiGHS's
trees and in programs with their integers fixed, the gap at the root, nodes and rounds; with `--tricks` once
more without each trick.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from models.parameters import PlanParameters
from optimizer.instance import load, patch, resolve
from optimizer.solver import Solution, branches, integer, tree
from optimizer.solver.outer import Search
from optimizer.study.country import leader_path
from optimizer.study.plan_solver import PlanSolver

LEADER_GAP: Final = 1e-4
# what a run without a trick has in its place
WITHOUT: Final[dict[str, tuple[Any, str, Any]]] = {
    "the program's own tree": (integer, "LEAST_BRANCHED", sys.maxsize),
    "leaving out by price": (branches.Branches, "_tighten", lambda *_: None),
    "tangents at nodes": (branches, "CUT_ROUNDS", 0),
}
LOOSE: Final[dict[str, dict[str, float]]] = {
    "whole modules in reach": {"modules_max": np.inf},
    "what is learned anyway": {"spare_experience": 0.0},
    "either": {"modules_max": np.inf, "spare_experience": 0.0},
}


@dataclass
class Measured:
    """Processor seconds by part of one solve, nodes of its trees, and the bound of the continuous program."""

    root: float = 0.0
    own: float = 0.0
    trees: float = 0.0
    fixed: float = 0.0
    nodes: int = 0
    count: int = 0
    bound: float = 0.0


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def timed(method: Callable[..., Any], note: Callable[[float, Any, Any], None]) -> Callable[..., Any]:
    """A method that tells `note` of its seconds, its object and its result."""

    def run(self: Any, *arguments: Any, **named: Any) -> Any:
        begin = time.process_time()
        result = method(self, *arguments, **named)
        note(time.process_time() - begin, self, result)
        return result

    return run


def measure(plans: PlanSolver, parameters: PlanParameters, gap: float) -> tuple[Measured, Solution, float]:
    found = Measured()

    def of_tree(seconds: float, searched: Any, _: Any) -> None:
        found.trees += seconds
        found.nodes += int(searched._highs.getInfo().mip_node_count)
        found.count += 1

    def of_own(seconds: float, *_: Any) -> None:
        found.own += seconds

    def of_linear(seconds: float, _: Any, result: Any) -> None:
        if found.bound:
            found.fixed += seconds
        else:
            found.root, found.bound = seconds, float(result[1])

    with (
        replaced(tree.Tree, "search", timed(tree.Tree.search, of_tree)),
        replaced(branches.Branches, "run", timed(branches.Branches.run, of_own)),
        replaced(Search, "converge", timed(Search.converge, of_linear)),
    ):
        begin = time.process_time()
        solution = plans.solve(parameters, gap=gap)
        return found, solution, time.process_time() - begin


def line(name: str, found: Measured, solution: Solution, seconds: float) -> str:
    proof = solution.certificate
    scale = proof.gap / max(proof.upper - proof.lower, 1e-12)
    parts = (seconds, found.root, found.own, found.trees, found.fixed)
    counts = f"{found.count:7}{found.nodes:7}{proof.rounds:8}"
    gaps = f"{scale * (found.bound - proof.lower):10.1e}{proof.gap:10.1e}"
    return f"{name:<34}" + "".join(f"{part:8.1f}" for part in parts) + counts + gaps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gaps", type=float, nargs="*", default=[1e-3, 1e-4])
    parser.add_argument("--steps", type=int, default=1, help="periods a year")
    parser.add_argument("--tricks", action="store_true", help="once more without each trick")
    given = parser.parse_args()
    world = patch(load("world-2026"), ["industry = staged", f"horizon.steps_per_year = {given.steps}"])
    leader = resolve(world, world.leader, None)
    begin = time.process_time()
    plans = PlanSolver.compile(leader)
    print(f"built and compiled in {time.process_time() - begin:.1f} s")
    path = leader_path(world, leader, plans.values(leader, plans.solve(leader, gap=LEADER_GAP)))
    china = resolve(world, "CHN", path)
    heads = ("seconds", "root", "own", "trees", "fixed")
    print(f"{'':<34}{''.join(f'{head:>8}' for head in heads)}  trees  nodes  rounds  root gap       gap")
    for gap in given.gaps:
        print(line(f"gap {gap:g}", *measure(plans, china, gap)), flush=True)
        for bound, values in LOOSE.items() if given.tricks else ():
            loose = {name: np.full_like(china[name], value) for name, value in values.items()}
            plan = PlanParameters(china.country, china.sets, {**china.values, **loose})
            print(line(f"  without {bound}", *measure(plans, plan, gap)), flush=True)
        for trick, place in WITHOUT.items() if given.tricks else ():
            with replaced(*place):
                print(line(f"  without {trick}", *measure(plans, china, gap)), flush=True)


if __name__ == "__main__":
    main()
