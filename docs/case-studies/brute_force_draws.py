"""Whether the answers of the study of brute force survive other values of what is disputed, all at once.

`python docs/case-studies/brute_force_draws.py DRAWS [JOBS]` draws the disputed inputs of the market
together, a Latin hypercube over their ranges, and finds the base and `us_brute_force` of the shipped world at
their own prices for each. It writes `brute-force-draws.csv`, with draws that did not converge or had no
answer marked; numbers of those are not kept.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import qmc

from optimizer.answer import metrics
from optimizer.errors import KloofError
from optimizer.instance import load, parse_patch, patch, read_policy
from optimizer.instance.shipped import find_instance
from optimizer.study.ask import Ask
from optimizer.study.equilibrium.comparing import compare_at_equilibrium
from optimizer.study.equilibrium.equilibrium import Equilibrium
from optimizer.tell.files.equilibrium_files import equilibrium_answer

TABLE: Final = Path(__file__).with_name("brute-force-draws.csv")
TOLERANCE: Final = 0.01
ROUNDS: Final = 48
SEED: Final = 20261130


class Input(NamedTuple):
    """A disputed input: its patch, its range, and whether factors are drawn evenly rather than amounts."""

    name: str
    patch: str
    low: float
    high: float
    by_factor: bool = False


COMPONENTS: Final = "market.clearing.components"
INPUTS: Final = (
    *(
        Input(f"elasticity_{one}", f"{COMPONENTS}.{one}.supply_elasticity = {{}}", 0.1, 0.8)
        for one in ("hbm", "dram", "wafers", "packaging")
    ),
    Input("output_elasticity", "market.clearing.output_elasticity = {}", 0.0, 0.3),
    Input("floor_share", "market.clearing.floor_share_of_list_price = {}", 0.3, 0.8),
    Input("content_dram", f"{COMPONENTS}.dram.content = {{}}", 190, 770),
    Input("content_wafers", f"{COMPONENTS}.wafers.content = {{}}", 2.2e-5, 4.5e-5),
    Input("content_packaging", f"{COMPONENTS}.packaging.content = {{}}", 0.001, 0.002),
    Input("list_prices", "market.price_index = {}", 0.85, 1.2),
    Input("outputs_from_2027", "market.output.*[2027:2044] *= {}", 0.6, 1.6, True),
    Input("american_power_2026_gw", "countries.USA.power.pending_gw[2026] = {}", 8, 20),
)
Row = tuple[int, str, str, str, str, float]


def drawn(count: int) -> np.ndarray:
    """Values of the inputs, shape (draws, inputs)."""
    even = qmc.LatinHypercube(d=len(INPUTS), seed=SEED).random(count)
    low, high = (np.array([getattr(each, name) for each in INPUTS]) for name in ("low", "high"))
    found = low + (high - low) * even
    by_factor = np.array([each.by_factor for each in INPUTS])
    found[:, by_factor] = (low * (high / np.maximum(low, 1e-9)) ** even)[:, by_factor]
    return np.asarray(found)


def of_draw(number: int, values: np.ndarray) -> list[Row]:
    """Draw, case, kind, item, period and value of what is kept of one draw."""
    texts = [each.patch.format(f"{value:.6g}") for each, value in zip(INPUTS, values, strict=True)]
    rows: list[Row] = [
        (number, "", "input", each.name, "", value) for each, value in zip(INPUTS, values, strict=True)
    ]
    world = patch(load(find_instance("world-2026")), [parse_patch(each) for each in texts])
    ask = Ask(world, policies=(read_policy("us_brute_force"),), jobs=1)
    try:
        found = compare_at_equilibrium(ask, TOLERANCE, ROUNDS, lambda name: lambda told: None).found
    except KloofError as error:
        print(f"draw {number}: {error}", file=sys.stderr)
        return [*rows, (number, "", "converged", "", "", 0.0)]
    for each in found:
        rows += _of_case(number, each)
    return rows


def _of_case(number: int, found: Equilibrium) -> list[Row]:
    said, case = equilibrium_answer(found), found.world.policy
    rows: list[Row] = [(number, case, "largest_regret", "", "", said.largest_regret)]
    rows.append((number, case, "converged", "", "", float(said.converged)))
    if not said.converged:
        return rows
    prices = zip(said.periods, said.compute_price_usd, strict=True)
    rows += [(number, case, "h100e_price_usd", "", period, value) for period, value in prices]
    for country, run in found.world.countries.items():
        assert run.parameters is not None
        assert run.values is not None
        installed = metrics.installed_compute(run.parameters, run.values["fleet"])
        held = zip(said.periods, installed[: len(said.periods)], strict=True)
        rows += [(number, case, "installed_compute", country, period, float(value)) for period, value in held]
    return rows


def main() -> None:
    """Write the table of all draws."""
    count, jobs = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    values = drawn(count)
    columns = ["draw", "case", "kind", "item", "period", "value"]
    found: list[Row] = []
    with ProcessPoolExecutor(jobs) as processes:
        for rows in processes.map(of_draw, range(count), values):
            found += rows
            # what is done is kept where the rest is broken off
            table = pd.DataFrame(found, columns=columns)
            table.to_csv(TABLE, index=False, float_format="%.6g", lineterminator="\n")


if __name__ == "__main__":
    main()
