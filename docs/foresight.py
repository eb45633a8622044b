"""The table of the page on foresight: solves China's plans and writes `foresight.csv`.

`python docs/foresight.py [VIEW ...]` solves those with so many years in view (0: all), or all of the table,
and keeps the others' rows.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import kloof

from models.parameters import CATEGORIES
from optimizer.answer.summary import headline
from optimizer.instance import Instance

TABLE = Path(__file__).with_name("foresight.csv")
COUNTRY = "CHN"
VIEWS = (1, 2, 3, 5, 0)
MIDDLE, LAST = "2030", "2035"
COLUMNS = (
    "view",
    *CATEGORIES,
    *("paid_usd_bn", "unspent_usd_bn", f"installed_kh100e_{LAST}"),
    *(f"lag_months_{MIDDLE}", f"lag_months_{LAST}", "given_away"),
)


def row_of(world: Instance, view: int) -> list[str]:
    """A line of the table, with all digits."""
    found = kloof.solve(world, [COUNTRY], view=view or None)
    run = found.run.countries[COUNTRY]
    top, given_away = headline(run, found.run.leader_run), found.rolled["loss_average_log_units"]
    assert top is not None
    assert top.lag_months is not None
    numbers = [
        *(top.split[category] for category in CATEGORIES),
        *(top.paid_usd_bn, top.unspent_usd_bn, top.installed_kh100e[LAST]),
        *(top.lag_months[period] for period in (MIDDLE, LAST)),
        given_away.iloc[0] if view else None,
    ]
    return [str(view), *("" if each is None else f"{each:.7g}" for each in numbers)]


def main(asked: list[str]) -> None:
    known = {}
    if TABLE.exists():
        known = {row[0]: row for row in list(csv.reader(TABLE.open()))[1:]}
    world = kloof.load("world-2026")
    for view in map(int, asked) if asked else VIEWS:
        known[str(view)] = row_of(world, view)
        with TABLE.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(known[str(each)] for each in VIEWS if str(each) in known)
        print(f"view of {view}: {', '.join(known[str(view)][1:])}")


if __name__ == "__main__":
    main(sys.argv[1:])
