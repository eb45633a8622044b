"""Which parameters may be infinite, and which negative; all others are neither."""

from __future__ import annotations

from typing import Final

MAY_BE_INFINITE: Final = frozenset(
    {
        "import_limit",
        "normal_import",
        "grey_open",
        "make_limit",
        "bank_limit",
        "cap",
        "cap_cumulative",
        "grey_limit",
        "rent_limit",
        "power_build_limit",
        "graduates",
        "recruit_limit",
        "education_limit",
        "data_wall",
        "help_ceiling",
        "agents_limit",
        "service_ceiling",
        "launch_side",
        "modules_max",
        "module_side",
        "ceiling_side",
        "tool_import_limit",
        "toolmaking_build_limit",
        "packaging_build_limit",
        "hbm_build_limit",
        "hbm_import_limit",
        "debt_limit",
        "carry_limit",
        "elasticity",
        "normal",
        "supply_elasticity",
    }
)
MAY_BE_NEGATIVE: Final = frozenset(
    {
        "interest",
        "cash0",
        "frontier",
        "leader_capability",
        "leader_efficiency",
        "service_floor",
        "service_ceiling",
    }
)
