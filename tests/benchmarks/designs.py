"""The two designs of scenarios that batches are timed on, as studies of the shipped world."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from optimizer.instance import load
from optimizer.study.batch.rows import Row
from optimizer.study.sampling.sample import Sample, prepare
from optimizer.study.sampling.study_file import study_from

ROOT: Final = Path(__file__).parents[2]
WORLD: Final = ROOT / "instances" / "world-2026"
GAP: Final = 1e-4
FACTORS: Final = (
    "countries.{}.budget.income_usd_bn",
    "chips.*.unit_price_usd",
    "countries.{}.power.build_limit_gw_per_year",
    "power.cost_usd_bn_per_gw",
    "countries.{}.talent.researchers_thousand",
    "countries.{}.talent.wage_usd_thousand_per_year",
    "countries.{}.industry.memory.build_limit_pb_per_year2",
    "countries.{}.industry.memory.import_limit_pb_per_year",
    "countries.{}.trade.rent.{}",
    "memory.price_usd_bn_per_pb",
    "supplies.recruit.elasticity",
    "market.world_spend_usd_bn",
)
ONE: Final = "one at a time"
MANY: Final = "twelve at once"


def rent_cell(country: str) -> str:
    """The cell that says how much the country can rent: the leader's is data, that of others a share."""
    return "limit_kh100e" if country == "USA" else "share_of_leader_compute"


def sample_of(country: str, design: str, draws: int, leader: str = "hold", gap: float = GAP) -> Sample:
    """The study: every input of the country at either end of its own range, or `draws` of a Latin hypercube
    over twelve factors at +-30%. It keeps lags (the leader's capability) and the shares of spending."""
    rent = rent_cell(country)
    first = "capability/*" if country == "USA" else "lag_months/*"
    how: dict[str, Any] = {"design": {"method": "one_at_a_time"}, "factors": "all"}
    if design == MANY:
        factors = {
            f"factor_{n}": f"{path.format(country, rent)} *= 0.7:1.3" for n, path in enumerate(FACTORS)
        }
        how = {"design": {"method": "latin_hypercube", "draws": draws}, "factors": factors}
    document = {
        "format_version": 1,
        "title": design,
        "instance": str(WORLD),
        "countries": [country],
        "leader": leader,
        "gap": gap,
        "outcomes": [first, "spend_share/*/2035"],
        **how,
    }
    return prepare(study_from(document, "benchmark"), load(WORLD))


def rows_of(sample: Sample, count: int) -> Sequence[Row]:
    """So many scenarios in random order, over again where there are not enough, the base not among them."""
    import numpy as np

    rows = [row for row in sample.rows if row.patches]
    order = np.random.default_rng(0).permutation(len(rows))
    return [rows[order[number % len(rows)]] for number in range(count)]
