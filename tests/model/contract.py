"""The parameter table of the mathematical contract, stated again for tests: names, index sets and units.

It is typed from the contract and not imported from `models`, so that a number that the code forgets, or
indexes otherwise, is seen. `plan` fills a plan from it; what is not given is quiet: a limit of 0, a cost of
0, an elasticity without end.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from models.parameters import TABLE, Array, PlanParameters, PlanSets

ROWS = {
    "t": """discount 1; grey_limit kH100e/year; rent_limit kH100e; rent_cost USD_bn/kH100e/year; mandate 1;
        power_pending GW; power_build_limit GW/year; energy_cost USD_bn/GW/year; graduates kperson/year;
        recruit_limit kperson/year; education_limit kperson/year; automation kperson/kH100e;
        leader_capability 1; leader_efficiency 1; packaging_pending kpackage/year;
        packaging_build_limit kpackage/year/year; hbm_pending PB/year; hbm_build_limit PB/year/year;
        hbm_price USD_bn/PB; hbm_import_limit PB/year; income USD_bn/year; debt_limit USD_bn;
        carry_limit USD_bn; world_spend USD_bn/year; base_value USD_bn/year""",
    "": """dt year; tail 1; power0 GW; power_cost USD_bn/GW; talent0 kperson; attrition 1;
        wage USD_bn/kperson/year; recruit_cost USD_bn/kperson; education_cost USD_bn/kperson;
        hiring_cost USD_bn/kperson; release_cost USD_bn/kperson; help_ceiling 1; catch_up_offset 1; theta 1;
        substitution 1; parallel 1; compute_ref kH100e; compute_floor kH100e; talent_ref kperson;
        knowledge0 year; knowledge_ref year; spillover 1/year; absorption 1; returns 1; data_wall kH100e;
        data_slope 1; imitation 1; openness 1; transfer 1; packaging0 kpackage/year;
        packaging_cost USD_bn*year/kpackage; hbm_capacity0 PB/year; hbm_cost USD_bn*year/PB; hbm_stock0 PB;
        interest 1; cash0 USD_bn; cost_recovery 1; home_return 1; supply_elasticity 1; w_capability 1;
        w_autonomy 1; autonomy_floor kH100e; shortfall_penalty 1; terminal year""",
    "k": """is_domestic 1; survival 1; research_h100e kH100e/kchip; delivery_h100e kH100e/kchip;
        power_per_chip GW/kchip; fleet0 kchip; packages_per_chip kpackage/kchip;
        wafers_per_chip kwafer/kchip; hbm_per_chip PB/kchip; bank0 kchip; chip_part 1""",
    "k t": """unit_cost USD_mn/kchip; fee USD_mn/kchip; grey_premium USD_mn/kchip; charge USD_mn/kchip/year;
        import_limit kchip/year; grey_open kchip/year; make_limit kchip/year; normal_import kchip/year;
        launched 1""",
    "r k t": "cap_weight cap_unit/kchip",
    "r t": "cap cap_unit/year; cap_cumulative cap_unit",
    "u": "use0 1",
    "d": "power_arrival 1; education_arrival 1; packaging_arrival 1; hbm_arrival 1",
    "b": "frontier year",
    "j": "segment_ref kH100e; segment_floor kH100e; passthrough 1; w_segment 1",
    "j t": "service_floor 1; service_ceiling 1; shortfall_weight 1",
    "k n": "on_line 1",
    "n": "wafer_capacity0 kwpm; wafer_cost USD_bn/kwpm; wafer_run_cost USD_bn/kwafer",
    "n t": "wafer_pending kwpm; ai_share 1; wafer_yield 1",
    "n d": "wafer_arrival 1",
    "n g": "tools_per_wafer 1",
    "g": "tool_stock0 kwpm; toolmaking0 kwpm/year; toolmaking_cost USD_bn*year/kwpm",
    "g t": """tool_import_limit kwpm/year; tool_price USD_bn/kwpm; toolmaking_pending kwpm/year;
        toolmaking_build_limit kwpm/year/year""",
    "g d": "toolmaking_arrival 1",
    "k q": "designed_by 1",
    "q n t": "designer_ceiling 1",
    "s t": "price USD_bn/flow; normal flow/year",
    "s": "elasticity 1",
    "c t": "share_floor 1; share_ceiling 1",
}
"""Rows of path mode; those of the staged mode matter to integer plans only."""

SET_NAMES = {
    "t": "periods",
    "k": "chips",
    "r": "rules",
    "u": "uses",
    "d": "delays",
    "b": "base_and_periods",
    "j": "segments",
    "n": "lines",
    "g": "tool_classes",
    "q": "designers",
    "s": "supplies",
    "c": "categories",
}
CONTRACT = MappingProxyType(
    {
        name: (tuple(SET_NAMES[letter] for letter in index.split()), unit)
        for index, rows in ROWS.items()
        for name, unit in (row.split() for row in rows.split(";"))
    }
)
STAGED = frozenset(
    (
        *("yield_level", "learning_wafers", "next_threshold", "reachable", "started_max", "learning0"),
        *("learning_other", "node_cost", "node_arrival", "node_rate_limit", "openable", "module"),
        *("class_cost", "class_arrival", "class_rate_limit", "class_openable"),
        *("previous_line", "modules_max", "module_side", "tools_made_max", "spare_experience"),
    )
)

QUIET: MappingProxyType[str, Any] = MappingProxyType(
    dict.fromkeys(
        (
            *("survival", "substitution", "parallel", "knowledge0", "knowledge_ref", "compute_ref"),
            *("talent_ref", "segment_ref", "segment_floor", "autonomy_floor", "discount", "dt"),
            *("launched", "share_ceiling", "world_spend", "normal", "ai_share", "wafer_yield", "frontier"),
        ),
        1.0,
    )
    | dict.fromkeys(
        (
            *("cap", "cap_cumulative", "data_wall", "help_ceiling", "service_ceiling", "elasticity"),
            *("supply_elasticity", "debt_limit", "carry_limit", "normal_import", "grey_limit"),
            "make_limit",
        ),
        np.inf,
    )
    | {"use0": (0.5, 0.5), "theta": 0.5, "service_floor": -50.0, "compute_floor": 1e-4}
)


@dataclass(frozen=True)
class ContractSets:
    """The index sets of the contract, by the names of `models.parameters.PlanSets`."""

    periods: tuple[str, ...]
    reported: int
    starts: tuple[float, ...]
    chips: tuple[str, ...]
    segments: tuple[str, ...]
    lines: tuple[str, ...]
    rules: tuple[str, ...]
    delays: tuple[int, ...]
    domestic: tuple[str, ...]
    tool_classes: tuple[str, ...]
    designers: tuple[str, ...]
    uses: tuple[str, ...] = field(default=("research", "delivery"), init=False)
    categories: tuple[str, ...] = field(
        default=("research", "delivery", "chips", "talent", "power"), init=False
    )

    @property
    def supplies(self) -> tuple[str, ...]:
        return ("grey", "rent", "recruit", "hbm", "packaging", *self.tool_classes, *self.lines)

    @property
    def base_and_periods(self) -> tuple[str, ...]:
        return ("base", *self.periods)

    def shape(self, index: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(len(getattr(self, name)) for name in index)


class Numbers(Protocol):
    """What the oracle reads: the parameters of the code, or of a plan made from this table."""

    @property
    def sets(self) -> Any: ...
    def __getitem__(self, name: str, /) -> Array: ...
    def scalar(self, name: str) -> float: ...


@dataclass(frozen=True)
class ContractPlan:
    """Every number of the contract for one country."""

    sets: ContractSets
    values: dict[str, Array]

    def __getitem__(self, name: str, /) -> Array:
        return self.values[name]

    def scalar(self, name: str) -> float:
        return float(self.values[name])

    def changed(self, **arrays: Any) -> ContractPlan:
        return plan(self.sets, **{**self.values, **arrays})


def plan(sets: ContractSets, **given: Any) -> ContractPlan:
    """A plan with these numbers, broadcast to their index sets, and quiet ones for the rest."""
    unknown = given.keys() - CONTRACT.keys()
    if unknown:
        raise KeyError(f"not in the contract: {sorted(unknown)}")
    chosen = {**dict.fromkeys(CONTRACT, 0.0), **QUIET, **given}
    values = {
        name: np.array(np.broadcast_to(np.asarray(chosen[name], dtype=float), sets.shape(index)))
        for name, (index, _) in CONTRACT.items()
    }
    return ContractPlan(sets, values)


def row_sides(plan: ContractPlan) -> dict[str, Array]:
    """What code may hold beside the contract: sides of rows that are off, by numbers of the contract."""
    return {
        "agents_limit": np.where(plan["automation"] > 0, np.inf, 0.0),
        "bank_limit": np.where(plan["launched"] > 0, np.inf, 0.0),
        "launch_side": np.where(plan["launched"] < 1, 0.0, np.inf),
        "ceiling_side": np.where(plan["designer_ceiling"] < 1, 0.0, np.inf),
    }


def parameters(plan: ContractPlan) -> PlanParameters:
    """The same plan for the code, with nothing learned or unlocked where the code has a staged mode."""
    given = {item.name: getattr(plan.sets, item.name) for item in fields(plan.sets) if item.init}
    sets = PlanSets(**given, made=plan.sets.domestic)
    staged = {name: np.zeros(sets.shape(TABLE[name].index)) for name in STAGED & TABLE.keys()}
    sides = {name: side for name, side in row_sides(plan).items() if name in TABLE}
    return PlanParameters("RND", sets, {**plan.values, **staged, **sides})
