"""The equilibria of the study of brute force, read from their runs into `brute-force.csv`.

`python docs/case-studies/brute_force.py RUNS` reads the directories `base`, `us_brute_force`,
`memory_shock` and `taiwan_shock` in RUNS, which the commands of the page save, or those that are there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

CASES = ("base", "us_brute_force", "memory_shock", "taiwan_shock")
TABLE = Path(__file__).with_name("brute-force.csv")
Row = tuple[str, str, str, float]


def of_run(run: Path, base: bool) -> Iterator[Row]:
    """Kind, item, period and value of what the page shows of one equilibrium, and of the `base` prices."""
    said = json.loads((run / "summary.json").read_text())["equilibrium"]
    if not said["converged"]:
        raise SystemExit(f"{run} has not converged: go on with --resume")
    periods = said["periods"]
    yield from (("regret", name, "", value) for name, value in said["regrets"].items())
    yield from ((name, "", "", said[name]) for name in ("rounds", "tolerance", "weighted_regret", "unsold"))
    yield from (("residual", name, "", value) for name, value in said["component_residuals"].items())
    for kind, key in (("h100e_price_usd", "compute_price_usd"), ("h100e_list_usd", "compute_list_price_usd")):
        yield from ((kind, "", period, value) for period, value in zip(periods, said[key], strict=True))
    for kind, key in (("component_ratio", "component_price_ratios"), ("value_share", "value_shares")):
        for name, line in said[key].items():
            yield from ((kind, name, period, value) for period, value in zip(periods, line, strict=True))
    strategy = pd.read_csv(run / "strategy.csv", dtype={"period": str})
    for kind in ("installed_compute", "capability"):
        rows = strategy[(strategy.metric == kind) & strategy.period.isin(periods)]
        yield from ((kind, row.country, row.period, row.value) for row in rows.itertuples())
    if base:
        prices = pd.read_csv(run / "prices.csv", dtype={"period": str})
        chips = prices[(prices.kind == "chip") & prices.period.isin(periods)]
        over, sold = chips.price_usd / chips.list_price_usd, chips.sold_thousand / chips.made_thousand
        for kind, numbers in (("chip_price_over_list", over), ("chip_sold_share", sold)):
            yield from ((kind, *key) for key in zip(chips["item"], chips.period, numbers, strict=True))


def main() -> None:
    """Write the table of all cases."""
    runs = Path(sys.argv[1])
    cases = [case for case in CASES if (runs / case).is_dir()]
    rows = [(case, *row) for case in cases for row in of_run(runs / case, case == "base")]
    table = pd.DataFrame(rows, columns=["case", "kind", "item", "period", "value"])
    table.to_csv(TABLE, index=False, float_format="%.6g", lineterminator="\n")


if __name__ == "__main__":
    main()
