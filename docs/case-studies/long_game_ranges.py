"""The long game over joint draws of its disputed inputs: solves them and writes `long-game-ranges.csv`.

`python docs/case-studies/long_game_ranges.py [SCENARIO ...]` solves, draw by draw, what the file lacks of the
scenarios named, or of all, and writes each plan as it is done; of a draw that has none, why is told and the
file says `unanswered`. Of each draw the scenarios differ in nothing but what their names say.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from optimizer.answer.run import OPTIMAL, CountryRun
from optimizer.errors import KloofError
from optimizer.instance import Instance, load, patch, read_policy, resolve
from optimizer.study.batch.outcomes import Reader
from optimizer.study.country import leader_path, solve_country
from optimizer.study.identity import identity
from optimizer.study.plan_solver import PlanSolver
from optimizer.study.sampling.sample import Sample, prepare
from optimizer.study.sampling.study_file import read_study, study_from

TABLE = Path(__file__).with_name("long-game-ranges.csv")
COLUMNS = ("scenario", "draw", "metric", "period", "value")
STUDY = "china-long-game"
DRAWS = 16
YEARS = tuple(str(year) for year in range(2026, 2036))
SHOWN = ("2027", "2030", "2033", "2035")
A_YEAR_LATER = (
    *(f"lines.{line}.lead_years += 1" for line in ("n7", "n5")),
    "memory.lead_years += 1",
    "packaging.lead_years += 1",
)


# know-how's to what the policy allows
COLLABORATION = {
    "know_how": "countries.CHN.industry.know_how_transfer = triangular(0, 0.2, 0.5)",
    "spillover": "research.spillover_per_year = triangular(0.75, 1.5, 5.85)",
}


def texts(policy: str) -> list[str]:
    """The patches of a policy."""
    return [one.text for one in read_policy(policy).patches]


SCENARIOS: Mapping[str, Sequence[str]] = {
    "base": (),
    # its two inputs are drawn: their ranges move
    "open_collaboration": (),
    "a_year_later": A_YEAR_LATER,
    "tools_and_memory": [*texts("euv_sold"), *texts("hbm_lifted")],
    "no_controls": texts("no_controls"),
}
# average log units: the study's own where few percent are told, coarser where many are
GAPS = {"base": 1e-3, "a_year_later": 1e-3} | dict.fromkeys(
    ("open_collaboration", "tools_and_memory", "no_controls"), 5e-3
)
Rows = list[tuple[str, str, float]]


def sample(collaboration: bool) -> Sample:
    """The draws: with one seed the same places of all ranges."""
    shipped = read_study(STUDY)
    document: dict[str, Any] = {**shipped.document(), "title": shipped.file.title}
    document["design"]["draws"] = DRAWS
    if collaboration:
        document["factors"] |= COLLABORATION
    document["instance"] = shipped.instance
    return prepare(study_from(document, STUDY), load(shipped.instance), None)


def certified(run: CountryRun) -> CountryRun:
    """A run, or an error where it has no plan to the gap asked for."""
    if run.status != OPTIMAL or run.values is None or run.solution is None:
        raise ValueError(f"{run.country}: {run.status}; {[each.message for each in run.diagnostics]}")
    return run


def solved(
    plans: PlanSolver,
    reader: Reader,
    base: Instance,
    drawn: Sequence[str],
    known: dict[str, CountryRun],
    name: str,
) -> Rows:
    """The table's rows of one scenario of a draw; `known` holds the leader's plans of the draw."""
    began, gap = time.process_time(), GAPS[name]
    instance = patch(base, [*drawn, *SCENARIOS[name]])
    leading = resolve(instance, instance.leader)
    which = f"{identity(leading)} {gap}"
    if which not in known:
        known[which] = certified(solve_country(plans, leading, gap, None))
    leader = known[which]
    assert leader.values is not None
    path = leader_path(instance, leading, leader.values)
    run = replace(certified(solve_country(plans, resolve(instance, "CHN", path), gap, None)), leader=path)
    assert run.solution is not None
    certificate = run.solution.certificate
    return [
        *told(reader.read(run, replace(leader, leader=path), instance)),
        ("objective", "", certificate.lower),
        ("gap", "", certificate.gap),
        ("processor_seconds", "", time.process_time() - began),
    ]


def told(found: Mapping[str, float | str]) -> Iterator[tuple[str, str, float]]:
    """Metric, period and value of what is shown of a plan."""
    for metric in ("lag_months", "lag_beyond", "home_added", "all_added", "leader_added"):
        for year in SHOWN:
            yield metric, year, float(found.get(f"{metric}/{year}", "nan"))
    for line in ("n7", "n5", "n3"):
        yield "good_share/" + line, "2035", float(found[f"good_share/{line}/2035"])
    for thing in ("unlocked/n3", "class_unlocked/euv"):
        opened = [year for year in YEARS if float(found[f"{thing}/{year}"]) > 0.5]
        yield thing, "", float(opened[0]) if opened else float("inf")
    for metric, least, against in (("own", 0.9, "all_added"), ("leader", 1.0, "leader_added")):
        share = [float(found[f"home_added/{year}"]) / float(found[f"{against}/{year}"]) for year in YEARS]
        since = [year for at, year in enumerate(YEARS) if min(share[at:]) >= least]
        yield f"reaches_{metric}", "", float(since[0]) if since else float("inf")
        yield f"share_of_{metric}", "all", sum(share) / len(share)
    for line in ("n5", "n3"):
        yield f"wafer_capacity/{line}", "2035", float(found[f"wafer_capacity/{line}/2035"])


def read() -> list[list[str]]:
    """The rows that the table has."""
    if not TABLE.exists():
        return []
    with TABLE.open(newline="") as file:
        return list(csv.reader(file))[1:]


def write(rows: Sequence[Sequence[object]]) -> None:
    order, beside = list(SCENARIOS), TABLE.with_suffix(".part")
    with beside.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(sorted(rows, key=lambda row: (order.index(str(row[0])), int(str(row[1])))))
    beside.replace(TABLE)


def main(given: Sequence[str]) -> None:
    names, drawn = given or list(SCENARIOS), sample(False)
    rows = dict.fromkeys(names, drawn.rows)
    if "open_collaboration" in rows:
        rows["open_collaboration"] = sample(True).rows
    leading = resolve(drawn.base, drawn.base.leader)
    plans, reader = PlanSolver.compile(leading), Reader(drawn.outcomes, leading.sets)
    done = {(row[0], int(row[1])) for row in read()}
    for draw in range(DRAWS):
        known: dict[str, CountryRun] = {}
        for name in names:
            if (name, draw) in done:
                continue
            try:
                found = solved(plans, reader, drawn.base, rows[name][draw].patches, known, name)
            except (KloofError, ValueError) as error:
                print(f"{name}, draw {draw}: {error}", file=sys.stderr)
                found = [("unanswered", "", 1.0)]
            lines = [(name, draw, metric, period, f"{value:.6g}") for metric, period, value in found]
            # another process may have written meanwhile
            write([*lines, *read()])


if __name__ == "__main__":
    main(sys.argv[1:])
