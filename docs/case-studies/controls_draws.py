"""What each level alone changes, with the disputed inputs drawn jointly, into `controls-draws.csv`.

`python docs/case-studies/controls_draws.py [DRAWS]` takes so many draws (8) of the factors of the study
`china-drivers`, all at once, and solves each level of `china-export` alone beside each of these worlds.
Rows are written as they are done; draws that the table has already are not solved again.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import replace
from pathlib import Path

from optimizer.answer.controls import RegimeAnswer
from optimizer.instance import load, patch
from optimizer.study.controls.design import read_design
from optimizer.study.controls.regimes import Question, RegimeSolver
from optimizer.study.sampling.sample import prepare
from optimizer.study.sampling.study_file import read_study

TABLE = Path(__file__).with_name("controls-draws.csv")
HEAD = (
    "draw",
    "factor",
    "level",
    "status",
    "lag_2030",
    "certain_2030",
    "lag_2035",
    "value",
    "revenue",
    "grey",
)
YEAR = 2030


def numbers(one: RegimeAnswer) -> list[object]:
    """A regime as a row, from its status on."""
    if one.value is None or one.revenue_usd_bn is None:
        return [one.status, *[""] * 6]
    months = (one.lag_months, one.guaranteed_lag_months, one.lag_last_months)
    return [one.status, *months, one.value[0], one.revenue_usd_bn.at, one.grey_usd_bn]


def main(draws: int) -> None:
    """Solve what the table lacks."""
    study = read_study("china-drivers")
    asked = study.design.model_copy(update={"draws": draws})
    study = replace(study, file=study.file.model_copy(update={"design": asked}))
    world, design = load("world-2026"), read_design("china-export")
    known: set[str] = set()
    if TABLE.exists():
        with TABLE.open() as file:
            known = {row["draw"] for row in csv.DictReader(file)}
    else:
        TABLE.write_text(",".join(HEAD) + "\n")
    for row in prepare(study, world).rows:
        if str(row.number) in known:
            continue
        solver = RegimeSolver(patch(world, row.patches), Question("CHN", YEAR))
        rows = [[row.number, "", "", *numbers(solver.baseline)]]
        for factor, levels in design.factors.items():
            for level, patches in levels.items():
                if patches:
                    found = solver.solve(0, ((factor, level),), design)
                    rows.append([row.number, factor, level, *numbers(found)])
        with TABLE.open("a", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
