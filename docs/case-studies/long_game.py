"""The scenarios of the study of the long game: solves them and writes `long-game.csv`.

`python docs/case-studies/long_game.py [NAME ...]` solves those named, or all, and keeps the others' rows.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import kloof
import numpy as np

from models.parameters import Array
from optimizer.answer.long_game import added, home_added, stages
from optimizer.instance import Instance, read_policy

TABLE = Path(__file__).with_name("long-game.csv")
COLUMNS = ("scenario", "metric", "period", "value")
COUNTRY = "CHN"
OF_CHINA = f"countries.{COUNTRY}"
# average log units; some rows of the file were solved closer, and each says how close
GAP = 5e-4
LINES = ("n7", "n5", "n3")


def end_of_range(world: Instance, low: bool) -> list[str]:
    """Patches that put the yield of every level of China's lines at one end of its range."""
    assert world.staged is not None
    return [
        f"staged.lines.{line}.levels.{name}.yield = {level.yield_.low if low else level.yield_.high}"
        for line in LINES
        for name, level in world.staged.lines[line].levels.items()
    ]


def scenarios(world: Instance) -> dict[str, list[str]]:
    """The patches of each scenario."""
    policies = ("euv_sold", "hbm_lifted", "tools_tightened", "no_controls", "open_collaboration")
    of_policy = {name: [one.text for one in read_policy(name).patches] for name in policies}
    return {
        "base": [],
        **of_policy,
        "tools_and_memory": of_policy["euv_sold"] + of_policy["hbm_lifted"],
        "yields_low": end_of_range(world, low=True),
        "yields_high": end_of_range(world, low=False),
        "income_more": [f"{OF_CHINA}.budget.income_usd_bn *= 1.1"],
        "a_year_later": [
            # the 3 nm class keeps its lead: it decides how far the plan looks
            *(f"lines.{line}.lead_years += 1" for line in ("n7", "n5")),
            "memory.lead_years += 1",
            "packaging.lead_years += 1",
        ],
    }


def solved(world: Instance, patches: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """Metric, period and value of one scenario."""
    instance = kloof.patch(world, patches) if patches else world
    result = kloof.solve(instance, [COUNTRY], gap=GAP)
    run, leader = result.run.countries[COUNTRY], result.run.leader_run
    assert run.parameters is not None
    assert run.values is not None
    assert run.solution is not None
    assert leader is not None
    assert leader.parameters is not None
    assert leader.values is not None
    p, v = run.parameters, run.values
    reported = p.sets.periods[: p.sets.reported]
    certificate = run.solution.certificate
    yield "status_is_optimal", "", float(run.status == "optimal")
    yield "objective", "", certificate.lower
    yield "bound", "", certificate.upper
    yield "weight_years", "", float(p["discount"].sum() * p["dt"] + p["terminal"] * p["discount"][-1])
    told = stages(run, leader)
    assert told is not None
    for thing, when in told.unlocked.items():
        yield f"unlocked/{thing}", "", float(when) if when else np.inf
    series: dict[str, Array] = {
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
    lag = result.strategy[result.strategy["metric"].isin(["lag_months", "effective_ratio"])]
    for row in lag.itertuples():
        yield str(row.metric), str(row.period), float(row.value)
    for metric, line_of in series.items():
        for period, value in zip(reported, line_of, strict=False):
            yield metric, period, float(value)


def main(names: Sequence[str]) -> None:
    world = kloof.patch(kloof.load("world-2026"), ["industry = staged"])
    wanted = scenarios(world)
    for name in names or wanted:
        found = list(solved(world, wanted[name]))
        kept = []
        if TABLE.exists():
            with TABLE.open(newline="") as file:
                kept = [row for row in csv.reader(file) if row[0] not in (name, COLUMNS[0])]
        rows = [*kept, *([name, metric, period, f"{value:.7g}"] for metric, period, value in found)]
        order = list(wanted)
        rows.sort(key=lambda row: order.index(row[0]))
        with TABLE.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main(sys.argv[1:])
