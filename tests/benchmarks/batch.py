"""Times of the batch engine, beside its peers on the same rows, on one and two processes, and its memory.

    python -m tests.benchmarks.batch [--countries CHN,USA] [--rows 40] [--peer-rows 2] [--job-rows 100]
        [--memory-rows 300] [--all 0]

The leader's path is held, the gap 1e-4 average log units. Times of single rows are of the processor, so that
other work on the machine counts for nobody; peers solve the same rows in turn, in one process. A number of 0
rows leaves a part out. `--all N` runs N one-at-a-time rows of the first country on all processors, into a
store. Nothing here is asserted.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import platform
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.parameters import Array
from models.simulate import weight_of_time
from optimizer.instance import patch, resolve
from optimizer.solver.highs import VERSION
from optimizer.study.batch.drain import drain
from optimizer.study.batch.rows import Row
from optimizer.study.batch.solving import RowSolver
from optimizer.study.batch.store import Store
from optimizer.study.batch.studying import header_of, solver_of
from optimizer.study.runner import available_jobs
from optimizer.study.sampling.sample import Sample
from tests.benchmarks.designs import GAP, MANY, ONE, rows_of, sample_of

MB: Final = 2**20
AIMS: Final = {("CHN", ONE): 23, ("USA", ONE): 23, ("CHN", MANY): 100, ("USA", MANY): 75}
PEERS: Final = {
    "bare": "HiGHS alone, all tangents known, from the anchor",
    "rebuilt": "Pyomo, built anew, HiGHS",
    "persistent": "Pyomo, kept, HiGHS",
    "whole": "CVXPY and Clarabel, all of it",
    "direct": "Clarabel alone, cones ready",
    "whole, eased": "CVXPY and Clarabel, substitution 1",
    "direct, eased": "Clarabel alone, substitution 1",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--countries", default="CHN,USA")
    for name, default in (
        ("rows", 40),
        ("peer-rows", 2),
        ("job-rows", 100),
        ("memory-rows", 300),
        ("all", 0),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{processor()}, {os.cpu_count()} processors, load before {load}")
    print(f"Python {platform.python_version()}, HiGHS {VERSION}, {time.strftime('%Y-%m-%d')}")
    countries = asked.countries.split(",")
    for country in countries:
        for design in (ONE, MANY):
            if asked.rows:
                batch(country, design, asked.rows, asked.peer_rows)
    for country in countries:
        if asked.job_rows:
            jobs(country, asked.job_rows)
    if asked.memory_rows:
        memory(countries[0], asked.memory_rows)
    if asked.all:
        everything(countries[0], asked.all)


def processor() -> str:
    """What the processor calls itself."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


# single rows -----------------------------------------------------------------------------------------------


def batch(country: str, design: str, count: int, peer_rows: int) -> None:
    """Rows of a design, all included; the first `peer_rows` by every peer as well."""
    from tests.benchmarks.peers import Recorder

    sample = sample_of(country, design, count)
    began = time.process_time()
    solver = solver_of(sample)
    ready = time.process_time() - began
    peers = Peers(solver, country) if peer_rows else None
    times, inside, gaps, prepared = [], [], [], []
    statuses, ways, reasons = Counter[str](), Counter[str](), Counter[str]()
    gc.collect()
    for number, row in enumerate(rows_of(sample, count)):
        with Recorder() as recorder:
            began = time.process_time()
            (result,) = solver.solve(row)
            times.append(1e3 * (time.process_time() - began))
        inside.append(recorder.ms)
        statuses[result.status] += 1
        ways[result.how] += 1
        if result.gap is not None:
            gaps.append(result.gap)
        if result.message:
            reasons[result.message] += 1
        if peers is not None and number < peer_rows and result.status == "optimal":
            prepared.append(peers.compare(sample, row, times[-1], recorder, result.bound, result.objective))
    outside = np.subtract(times, inside)
    print(f"\n{country}, {design}: {count} rows; the anchor took {ready:.1f} s")
    line("Kloof, all included", np.array(times), f"aim {AIMS[country, design]}")
    line("  of it in HiGHS", np.array(inside))
    line("  of it outside HiGHS", outside, f"{100 * outside.sum() / np.sum(times):.0f}% of the whole, aim 30")
    print(f"  {dict(statuses)}, {dict(ways)}; gap mean {np.mean(gaps):.1e}, largest {max(gaps):.1e}")
    for reason, number in reasons.most_common(3):
        print(f"  {number} x {reason}")
    if peers is not None:
        peers.tell()


def line(name: str, ms: Array, note: str = "") -> None:
    figures = f"mean {ms.mean():8.1f}  median {np.median(ms):8.1f}  p95 {np.percentile(ms, 95):8.1f} ms"
    print(f"  {name:<50} {figures}   {note}", flush=True)


class Peers:
    """The rows that peers have solved: their times, and how far their optima lie from Kloof's."""

    def __init__(self, solver: RowSolver, country: str) -> None:
        from tests.benchmarks.peers import Cones, PyomoPersistent, PyomoRebuilt, tangents_of

        base = solver.base()[country]
        assert base.parameters is not None
        assert base.solution is not None
        assert base.solution.start is not None
        self._plans, self._country, self._start = solver.plan_solver, country, base.solution.start
        self._leader = None if country == solver.instance.leader else base.leader
        tangents = tangents_of(self._plans, base.parameters, self._start, GAP)
        self._rebuilt = PyomoRebuilt(self._plans)
        self._persistent = PyomoPersistent(self._plans, base.parameters, tangents)
        self._cones = Cones(eased=False), Cones(eased=True)
        self._kloof: list[float] = []
        self._ms: dict[str, list[float]] = {name: [] for name in PEERS}
        self._off: dict[str, list[float]] = {name: [] for name in PEERS}
        self._preparing: list[float] = []

    def compare(self, sample: Sample, row: Row, ms: float, recorder: Any, upper: float, lower: float) -> None:
        """Let every peer solve a row that took Kloof `ms`, with the optimum between two bounds."""
        from tests.benchmarks.peers import tangents_of, timed

        began = time.process_time()
        parameters = resolve(patch(sample.base, row.patches), self._country, self._leader)
        self._preparing.append(1e3 * (time.process_time() - began))
        self._kloof.append(ms)
        tangents = tangents_of(self._plans, parameters, self._start, GAP)
        self._ms["bare"].append(recorder.bare().ms)
        width = weight_of_time(parameters)
        for name, peer in (("rebuilt", self._rebuilt), ("persistent", self._persistent)):
            answer = timed(lambda: peer.solve(parameters, tangents))  # noqa: B023
            self._ms[name].append(answer.ms)
            if answer.value is not None:
                self._off[name].append(max(answer.value - upper, lower - answer.value, 0.0) / width)
        for cones, suffix in zip(self._cones, ("", ", eased"), strict=True):
            whole, direct = cones.solve(parameters)
            self._ms[f"whole{suffix}"].append(whole.ms)
            self._ms[f"direct{suffix}"].append(direct.ms)
            if direct.value is not None:
                off = max(direct.value - upper, lower - direct.value, 0.0) / width
                self._off[f"whole{suffix}"].append(off)
                self._off[f"direct{suffix}"].append(off)

    def tell(self) -> None:
        """Print the peers' times, each also as a multiple of Kloof's on the same rows."""
        ours = np.array(self._kloof)
        if not len(ours):
            return
        print(f"  on {len(ours)} of these rows, one after the other")
        line("Kloof, all included", ours)
        line("patching and resolving, which no peer's time holds", np.array(self._preparing))
        for name, words in PEERS.items():
            ms, off = np.array(self._ms[name]), self._off[name]
            note = f"{ms.mean() / ours.mean():.1f} x Kloof"
            if name != "bare":
                unsolved = len(ms) - len(off)
                note += f", {unsolved} unsolved" if unsolved else ""
                # of another elasticity the optimum is another one
                note += f", off by {max(off):.0e}" if off and "eased" not in name else ""
            line(words, ms, note)


# processes and memory --------------------------------------------------------------------------------------


def store_of(place: str, sample: Sample, rows: Sequence[Row]) -> Store:
    """A new store of some rows of a study, numbered anew."""
    numbered = [Row(number, row.values, row.patches, row.policy) for number, row in enumerate(rows)]
    header = header_of(sample)
    fields = {**header.__dict__, "total": len(numbered)}
    return Store.create(Path(place) / "rows.study", type(header)(**fields), numbered)


def drained(solver: RowSolver, sample: Sample, rows: Sequence[Row], count: int) -> Array:
    """Seconds of rows solved into a store by so many processes: of the wall, of the processor in these
    processes, and in the one that gives them work and writes."""

    def now() -> Array:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return np.array([time.perf_counter(), children.ru_utime + children.ru_stime, time.process_time()])

    with tempfile.TemporaryDirectory() as place, store_of(place, sample, rows) as store:
        began = now()
        drain(store, solver.solve, count)
        return now() - began


def jobs(country: str, count: int) -> None:
    """Rows into a store, by one process and by two: wall time, which other work on the machine lengthens, and
    processor time, which tells what two cost more than one."""
    sample = sample_of(country, ONE, count)
    solver, rows = solver_of(sample), rows_of(sample, count)
    figures = [1e3 / count * drained(solver, sample, rows, processes) for processes in (1, 2)]
    print(f"\n{country}, {ONE}, {count} rows into a store at a load of {os.getloadavg()[0]:.1f}, ms a row")
    for processes, (wall, workers, writer) in zip((1, 2), figures, strict=True):
        print(f"  {processes} at work: wall {wall:.1f}; processor {workers:.1f}, and {writer:.1f} to write")
    print(f"  2 are {figures[0][0] / figures[1][0]:.2f} x as fast, aim 1.8", flush=True)


def memory(country: str, count: int) -> None:
    """Memory of a process that solves rows, as it goes on."""
    sample = sample_of(country, ONE, count)
    solver, rows = solver_of(sample), rows_of(sample, count)
    answers = multiprocessing.get_context("fork").SimpleQueue()
    child = multiprocessing.get_context("fork").Process(target=_grow, args=(solver, rows, answers))
    child.start()
    found: list[tuple[int, float]] = answers.get()
    child.join()
    print(f"\n{country}, {ONE}: memory of a process after so many rows, MB")
    print("  " + ", ".join(f"{number}: {size:.0f}" for number, size in found), flush=True)


def _grow(solver: RowSolver, rows: Sequence[Row], answers: Any) -> None:
    marks = {len(rows) * share // 10 for share in (1, 2, 4, 6, 8, 10)}
    found = []
    for number, row in enumerate(rows, 1):
        solver.solve(row)
        if number in marks:
            found.append((number, resident()))
    answers.put(found)


def resident() -> float:
    """What this process holds in memory, MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / MB


def everything(country: str, count: int) -> None:
    """A whole study into a store on all processors, wall time."""
    for leader in ("hold", "answer"):
        sample = sample_of(country, ONE, count, leader)
        seconds = drained(solver_of(sample), sample, rows_of(sample, count), available_jobs())[0]
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        load = os.getloadavg()[0]
        print(f"\n{country}, {ONE}, leader: {leader}, {count} rows by {available_jobs()} processes: ", end="")
        print(f"{seconds:.0f} s at a load of {load:.1f}, largest process {peak:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
