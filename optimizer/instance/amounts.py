"""Which figures of a country grow with its size: money, people, power, chips, wafers and shares of the world.

Prices, rates, yields, shares of its own and what is counted against the leader stay what they are.
"""

from __future__ import annotations

from typing import Final

from optimizer.instance.yaml_reader import Where

# as below `countries.ISO3`; `*` is any one key
AMOUNTS: Final = (
    "budget.income_usd_bn",
    "budget.cash0_usd_bn",
    "budget.debt_limit_usd_bn",
    "fleet.chips.*",
    "trade.supply_share",
    "trade.supply_shares.*",
    "trade.limits.*",
    "trade.caps.*.per_year",
    "trade.caps.*.total",
    "trade.grey.limit_kh100e_per_year",
    "trade.grey.output_share",
    "trade.rent.limit_kh100e",
    "trade.rent.share_of_leader_compute",
    "power.available_gw",
    "power.pending_gw.*",
    "power.build_limit_gw_per_year",
    "talent.researchers_thousand",
    "talent.graduates_thousand_per_year",
    "talent.recruit_limit_thousand_per_year",
    "talent.recruit_normal_thousand_per_year",
    "talent.education_limit_thousand_per_year",
    "industry.lines.*.capacity_kwpm",
    "industry.lines.*.pending_kwpm.*",
    "industry.lines.*.normal_kwpm_per_year",
    "industry.tools.*.stock_kwpm",
    "industry.tools.*.import_limit_kwpm_per_year",
    "industry.tools.*.normal_kwpm_per_year",
    "industry.toolmaking.*.capacity_kwpm_per_year",
    "industry.toolmaking.*.pending_kwpm_per_year.*",
    "industry.toolmaking.*.build_limit_kwpm_per_year2",
    "industry.packaging.capacity_thousand_per_year",
    "industry.packaging.pending_thousand_per_year.*",
    "industry.packaging.build_limit_thousand_per_year2",
    "industry.packaging.normal_thousand_per_year2",
    "industry.memory.capacity_pb_per_year",
    "industry.memory.pending_pb_per_year.*",
    "industry.memory.build_limit_pb_per_year2",
    "industry.memory.import_limit_pb_per_year",
    "industry.memory.stock_pb",
    "industry.memory.normal_pb_per_year2",
    "industry.make_limits.*",
    "industry.stockpiled_dies.*",
    "industry.staged.lines.*.experience_thousand_wafers",
    "industry.staged.lines.*.other_learning_thousand_wafers_per_year",
    "industry.staged.lines.*.research_limit_usd_bn_per_year",
    "industry.staged.tools.*.development_limit_usd_bn_per_year",
    "industry.staged.tools.*.build_limit_kwpm_per_year2",
)
_PARTS: Final = tuple(tuple(each.split(".")) for each in AMOUNTS)
# of what the whole world makes or has
SHARES_OF_THE_WORLD: Final = (
    ("trade", "supply_share"),
    ("trade", "supply_shares"),
    ("trade", "grey", "output_share"),
    ("trade", "rent", "share_of_leader_compute"),
)


def is_amount(where: Where) -> bool:
    """Whether the figure at `where` of a country grows with the country."""
    return any(
        len(parts) == len(where)
        and all(part in ("*", str(key)) for part, key in zip(parts, where, strict=True))
        for parts in _PARTS
    )


def is_share_of_the_world(where: Where) -> bool:
    """Whether it is an amount that cannot be above 1."""
    return any(where[: len(start)] == start for start in SHARES_OF_THE_WORLD)
