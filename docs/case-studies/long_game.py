"""The scenarios of the study of the long game: solves them and writes `long-game.csv`.

`python docs/case-studies/long_game.py [NAME ...]` solves those named, or all, and keeps the others' rows.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import kloof
import numpy as np

from models.parameters import Array
from models.simulate import weight_of_time
from optimizer.answer.long_game import added, home_added, stages
from optimizer.answer.run import CountryRun
from optimizer.answer.strategy import derived
from optimizer.instance import Instance, read_policy, resolve
from optimizer.study.country import leader_path, solve_country
from optimizer.study.identity import identity
from optimizer.study.plan_solver import PlanSolver

TABLE = Path(__file__).with_name("long-game.csv")
COLUMNS = ("scenario", "metric", "period", "value")
COUNTRY = "CHN"
OF_CHINA = f"countries.{COUNTRY}"
# average log units
GAP = 3e-4
LINES = ("n7", "n5", "n3")
POLICIES = ("open_collaboration", "no_controls", "tools_tightened", "hbm_lifted", "euv_sold")
MEMORY = [f"{OF_CHINA}.industry.memory.build_limit_pb_per_year2 *= 2"]
PACKAGING = [f"{OF_CHINA}.industry.packaging.build_limit_thousand_per_year2 *= 2"]
TOOLS = [
    f"{OF_CHINA}.industry.tools.duv.import_limit_kwpm_per_year *= 2",
    f"{OF_CHINA}.industry.toolmaking.duv.build_limit_kwpm_per_year2 *= 2",
]


def end_of_range(world: Instance, low: bool) -> list[str]:
    """Patches that put the yield of every level of China's lines at one end of its range."""
    assert world.staged is not None
    return [
        f"staged.lines.{line}.levels.{name}.yield = {level.yield_.low if low else level.yield_.high}"
        for line in LINES
        for name, level in world.staged.lines[line].levels.items()
    ]


def scenarios(world: Instance) -> dict[str, list[str]]:
    """The patches of each scenario but the base."""
    assert world.staged is not None
    of_policy = {name: [one.text for one in read_policy(name).patches] for name in POLICIES}
    return {
        "a_year_later": [
            # the 3 nm class keeps its lead: it decides how far the plan looks
            *(f"lines.{line}.lead_years += 1" for line in ("n7", "n5")),
            "memory.lead_years += 1",
            "packaging.lead_years += 1",
        ],
        "income_more": [f"{OF_CHINA}.budget.income_usd_bn *= 1.1"],
        **of_policy,
        "tools_and_memory": of_policy["euv_sold"] + of_policy["hbm_lifted"],
        # what was typed in and may decide: how much can be added a year at the most, and what a fab's step is
        "memory_twice": MEMORY,
        "all_three_twice": [*MEMORY, *PACKAGING, *TOOLS],
        "modules_least": [
            f"staged.lines.{line}.module_kwpm = {world.staged.lines[line].module_kwpm.low}" for line in LINES
        ],
        "packaging_twice": PACKAGING,
        "tools_twice": TOOLS,
        "yields_low": end_of_range(world, low=True),
        "yields_high": end_of_range(world, low=False),
    }


def told(run: CountryRun, leader: CountryRun) -> Iterator[tuple[str, str, float]]:
    """Metric, period and value of one scenario."""
    assert run.parameters is not None
    assert run.values is not None
    assert run.solution is not None
    assert leader.parameters is not None
    assert leader.values is not None
    p, v = run.parameters, run.values
    reported = p.sets.periods[: p.sets.reported]
    certificate = run.solution.certificate
    yield "status_is_optimal", "", float(run.status == "optimal")
    yield "objective", "", certificate.lower
    yield "bound", "", certificate.upper
    yield "weight_years", "", weight_of_time(p)
    staged = stages(run, leader)
    assert staged is not None
    for thing, when in staged.unlocked.items():
        yield f"unlocked/{thing}", "", float(when) if when else np.inf
    against = derived(run, leader)
    series: dict[str, Array] = {
        "lag_months": against["lag_months"],
        "effective_ratio": against["effective_ratio"],
        "home_added": home_added(p, v),
        "added": added(p, v),
        "leader_added": added(leader.parameters, leader.values),
        "chips_cost": v["chips_cost"],
    }
    for n, line in enumerate(p.sets.lines):
        if line in LINES:
            series[f"yield/{line}"] = np.einsum("l,lt->t", p["yield_level"][n], v["level"][n])
            series[f"capacity/{line}"] = v["wafer_capacity"][n]
            series[f"started/{line}"] = v["wafers_started"][n]
    for metric, line_of in series.items():
        for period, value in zip(reported, line_of, strict=False):
            yield metric, period, float(value)


def main(given: Sequence[str]) -> None:
    world = kloof.patch(kloof.load("world-2026"), ["industry = staged"])
    leading = resolve(world, world.leader)
    plans = PlanSolver.compile(leading)
    known: dict[str, CountryRun] = {}
    wanted = {"base": [], **scenarios(world)}
    for name in given or wanted:
        instance = kloof.patch(world, wanted[name]) if wanted[name] else world
        leading = resolve(instance, instance.leader)
        which = identity(leading)
        if which not in known:
            known[which] = solve_country(plans, leading, GAP, None)
        leader = known[which]
        assert leader.values is not None
        path = leader_path(instance, leading, leader.values)
        run = solve_country(plans, resolve(instance, COUNTRY, path), GAP, None)
        found = told(replace(run, leader=path), replace(leader, leader=path))
        rows: list[Sequence[object]] = [
            (name, metric, period, f"{value:.7g}") for metric, period, value in found
        ]
        if TABLE.exists():
            with TABLE.open(newline="") as file:
                rows += [row for row in csv.reader(file) if row[0] not in (name, COLUMNS[0])]
        order = list(wanted)
        rows.sort(key=lambda row: order.index(str(row[0])))
        with TABLE.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main(sys.argv[1:])
