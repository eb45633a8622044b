"""The long game over joint draws of its disputed inputs: solves them and writes `long-game-ranges.csv`.

`python docs/case-studies/long_game_ranges.py [NAME ...]` goes on with the studies named, or with all, in
files under `runs/` that survive a kill, and writes what is done; `--table` only writes. A draw takes about
half a minute of one processor. Draw by draw, the studies differ in nothing but what their names say.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from optimizer.instance import load
from optimizer.study.batch.drain import drain
from optimizer.study.batch.header import check_same
from optimizer.study.batch.rows import RowResult
from optimizer.study.batch.store import Store
from optimizer.study.batch.studying import header_of, new_store, solver_of
from optimizer.study.sampling.sample import Sample, prepare
from optimizer.study.sampling.study_file import read_study, study_from

TABLE = Path(__file__).with_name("long-game-ranges.csv")
COLUMNS = ("scenario", "draw", "metric", "period", "value")
STUDY = "china-long-game"
KEPT = Path("runs")
YEARS = tuple(str(year) for year in range(2026, 2036))
SHOWN = ("2027", "2030", "2033", "2035")
A_YEAR_LATER = [
    *(f"lines.{line}.lead_years += 1" for line in ("n7", "n5")),
    "memory.lead_years += 1",
    "packaging.lead_years += 1",
]
# The policy moves two inputs that are drawn: here their ranges move, know-how's to what the policy allows.
COLLABORATION = {
    "know_how": "countries.CHN.industry.know_how_transfer = triangular(0, 0.2, 0.5)",
    "spillover": "research.spillover_per_year = triangular(0.75, 1.5, 5.85)",
}
# of fewer draws those that come first: with one seed the same ones
DRAWS = {"base": 32, "a_year_later": 16, "open_collaboration": 16}


def sample(name: str) -> Sample:
    """The scenarios of one study."""
    shipped = read_study(STUDY)
    document: dict[str, Any] = {**shipped.document(), "title": shipped.file.title}
    document["design"]["draws"] = DRAWS[name]
    if name == "a_year_later":
        document["patches"] += A_YEAR_LATER
    if name == "open_collaboration":
        document["factors"] |= COLLABORATION
    document["instance"] = shipped.instance
    return prepare(study_from(document, name), load(shipped.instance), None)


def place(name: str) -> Path:
    return KEPT / f"long-game-{name}.study"


def solve(name: str) -> None:
    """Solve what is left of a study, in a process for each processor."""
    asked, path = sample(name), place(name)
    KEPT.mkdir(exist_ok=True)
    with Store.open(path, writing=True) if path.exists() else new_store(path, asked) as store:
        check_same(store.header, header_of(asked), str(path), "move it away")
        drain(store, solver_of(asked).solve, None)


def told(result: RowResult) -> Iterator[tuple[str, str, float]]:
    """Metric, period and value of what is shown of a draw."""
    found = result.outcomes
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
    yield "wafer_capacity/n5", "2035", float(found["wafer_capacity/n5/2035"])
    assert result.objective is not None
    yield "objective", "", float(result.objective)


def rows(name: str) -> Iterator[tuple[object, ...]]:
    """The table's lines of one study: the draws before the first that has no plan yet."""
    with Store.open(place(name), writing=False) as store:
        results = {each.number: each for each in store.results() if each.country == "CHN"}
    draw = 0
    while draw in results and results[draw].status == "optimal":
        for metric, period, value in told(results[draw]):
            yield name, draw, metric, period, f"{value:.6g}"
        draw += 1


def main(given: Sequence[str]) -> None:
    names = [name for name in given if name != "--table"] or list(DRAWS)
    if "--table" not in given:
        for name in names:
            solve(name)
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name in DRAWS:
            if place(name).exists():
                writer.writerows(rows(name))


if __name__ == "__main__":
    main(sys.argv[1:])
