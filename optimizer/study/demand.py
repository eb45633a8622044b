"""What all countries together would buy, against what the world makes: a check that no single plan can do."""

from __future__ import annotations

import numpy as np

from models.parameters import Array
from optimizer.answer.answer import Demand
from optimizer.answer.metrics import demand_over_output
from optimizer.answer.run import WorldRun
from optimizer.instance import Instance
from optimizer.instance.blocs import parts


def world_demand(world: WorldRun, instance: Instance) -> list[Demand]:
    """Every chip and reported year in which someone buys on the market or its grey side; a country whose bloc
    is there is counted with it."""
    years = np.array(instance.horizon.years)
    bought: dict[str, Array] = {}
    counted_elsewhere = [part for part, bloc in parts(instance).items() if bloc in world.countries]
    for country, run in world.countries.items():
        if run.parameters is None or run.values is None or country in counted_elsewhere:
            continue
        sets = run.parameters.sets
        flow = (run.values["imports"] + run.values["grey"])[:, : sets.reported]
        by_year = flow.reshape(len(sets.chips), len(years), -1).sum(axis=2)
        for chip, line in zip(sets.chips, by_year, strict=True):
            bought[chip] = bought.get(chip, np.zeros(len(years))) + line
    made = {
        chip: instance.market.output[chip].numbers(years)
        if chip in instance.market.output
        else np.zeros(len(years))
        for chip in bought
    }
    ratios = demand_over_output(bought, made)
    return [
        Demand(
            chip=chip,
            year=int(year),
            purchases=float(bought[chip][t]),
            output=float(made[chip][t]),
            ratio=float(ratios[chip][t]),
        )
        for chip in bought
        for t, year in enumerate(years)
        if bought[chip][t] > 0
    ]


def demand_notes(demands: list[Demand], clears: bool) -> list[str]:
    """At most one line: of how many chips more is bought than made; of the worst how much more, and when; and
    what finds prices at which it is not, where the world's market `clears`."""
    over = [demand for demand in demands if demand.exceeds]
    if not over:
        return []
    worst = max(over, key=lambda demand: demand.ratio)
    count = len({demand.chip for demand in over})
    years = ", ".join(str(demand.year) for demand in over if demand.chip == worst.chip)
    chips = worst.chip if count == 1 else f"{count} chips, most of {worst.chip}"
    times = f"up to {worst.ratio:.3g} times" if np.isfinite(worst.ratio) else "though none is made,"
    remedy = "; prices that clear: kloof equilibrium" if clears else ""
    return [
        f"! together all countries would buy more than the world makes of {chips}: {times} in {years}{remedy}"
    ]
