"""What binds, one line per limit over the reported periods, the most valuable first.

Limits have different units, so they are compared by what 10% more of each would be worth over all reported
periods, in permanent log percent of effective compute (docs/metrics.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from models.parameters import Array, PlanParameters
from optimizer.result.digits import significant
from optimizer.result.shadow import ShadowPrices, shadow_prices

if TYPE_CHECKING:
    from optimizer.solver import Solution

HEADS: Final = ("what binds", "in", "unit", "10% more\nis worth, %", "a unit is\nworth, %", "or\nUSD bn")
MOST_OPEN: Final = 20
MOST_CLOSED: Final = 6
Values = Mapping[str, Array]


def _wafers(p: PlanParameters, v: Values) -> Array:
    before = np.concatenate([p["wafer_capacity0"][:, None], v["wafer_capacity"][:, :-1]], axis=1)
    good = 1 - (1 - p["wafer_yield"]) / (1 + p["transfer"])
    return np.asarray(12 * p["dt"] * p["ai_share"] * good * (before + v["wafer_capacity"]) / 2)


# How much of each limit there is, shaped like its row. Limits not listed are not amounts (a share, a level).
AMOUNTS: Final[Mapping[str, Callable[[PlanParameters, Values], Array]]] = {
    "import_control": lambda p, v: p["import_limit"] * p["dt"],
    "yearly_cap": lambda p, v: p["cap"] * p["dt"],
    "cumulative_cap": lambda p, v: p["cap_cumulative"],
    "grey_offer": lambda p, v: p["grey_open"] * p["dt"],
    "grey_size": lambda p, v: p["grey_limit"] * p["dt"],
    "rent_available": lambda p, v: p["rent_limit"],
    "power_supply": lambda p, v: v["power"],
    "power_orders": lambda p, v: p["power_build_limit"] * p["dt"],
    "schools": lambda p, v: v["trained"],
    "recruiting": lambda p, v: p["recruit_limit"] * p["dt"],
    "education_places": lambda p, v: p["education_limit"] * p["dt"],
    "tools": lambda p, v: np.cumsum(p["tool_limit"], axis=1) * p["dt"],
    "wafer_supply": _wafers,
    "packaging": lambda p, v: p["make_limit"] * p["dt"],
    "die_bank": lambda p, v: p["bank0"],
    "memory_orders": lambda p, v: p["hbm_build_limit"] * p["dt"],
    "memory_imports": lambda p, v: p["hbm_import_limit"] * p["dt"],
    "memory_balance": lambda p, v: p["hbm_per_chip"] @ v["domestic"],
    "budget": lambda p, v: p["income"] * p["dt"],
}


def binding_rows(parameters: PlanParameters, values: Values, solution: Solution) -> list[list[str]]:
    """Rows of text under `HEADS`; worth in permanent percent of effective compute, that of a unit the
    largest over the periods. Limits of zero come last, the most valuable of them only."""
    lines = [_Bound(prices, parameters, values) for prices in shadow_prices(parameters, solution)]
    lines.sort(key=lambda line: (-line.worth, -line.unit_worth))
    opened = [line for line in lines if not line.closed]
    closed = [line for line in lines if line.closed]
    return [line.text() for line in (*opened[:MOST_OPEN], *closed[:MOST_CLOSED])]


class _Bound:
    """One limit with its prices over the periods where it binds."""

    def __init__(self, prices: ShadowPrices, parameters: PlanParameters, values: Values) -> None:
        self.limit, self.item, self.periods = prices.limit, prices.item, prices.periods
        percent = prices.compute_percent
        self.unit_worth = 0.0 if percent is None else float(percent.max())
        self.usd_bn = None if np.isnan(prices.usd_bn).all() else float(np.nanmax(prices.usd_bn))
        self.closed = False
        self.worth = 0.0
        if self.limit.name in AMOUNTS:
            amounts = AMOUNTS[self.limit.name](parameters, values)
            grid = amounts.reshape(-1, amounts.shape[-1] if self.limit.index[-1:] == ("periods",) else 1)
            row = grid[self._position(parameters)]
            at = [parameters.sets.periods.index(p) if len(row) > 1 else 0 for p in self.periods]
            amount = row[at]
            self.closed = not amount.any()
            if percent is not None:
                self.worth = float((0.1 * amount * percent)[np.isfinite(amount)].sum())

    def _position(self, parameters: PlanParameters) -> int:
        inner = [name for name in self.limit.index if name != "periods"]
        if not inner:
            return 0
        members = [str(member) for member in parameters.sets.members(inner[0])]
        return members.index(self.item)

    def text(self) -> list[str]:
        name = self.limit.meaning + (f": {self.item}" if self.item else "")
        span = self.periods[0] if len(self.periods) == 1 else f"{self.periods[0]}-{self.periods[-1]}"
        ten = "closed" if self.closed else significant(self.worth) if self.limit.name in AMOUNTS else "n/a"
        usd = "n/a" if self.usd_bn is None else significant(self.usd_bn)
        return [name, span, self.limit.unit, ten, significant(self.unit_worth), usd]
