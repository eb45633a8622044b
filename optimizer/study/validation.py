"""What others counted or foretold beside what follows from the instance: the tables of docs/validation.md.

By accounting is what the data of the instance come to without any plan; by the plans, what countries buy and
China makes.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from optimizer.answer.run import WorldRun
from optimizer.instance import Instance, patch
from optimizer.instance.rules.metrics import chip_metrics
from optimizer.study.ask import Ask
from optimizer.study.calibration import SHARES_OF, compare, digits, rewritten
from optimizer.study.counterparts import COUNTERPARTS, made_by
from optimizer.study.record import HOME, Record
from optimizer.study.solve import solve_world

# The forecasts among the observed figures, and who made them when.
FORECASTS: Final = {
    "huawei_over_nvidia_2026": "CFR, December 2025",
    "huawei_over_nvidia_2027": "CFR, December 2025",
    "stock_world_end2027_h100e": "AI 2027, April 2025",
    "compute_ratio_acquired_2026": "IFP, October 2025",
    "compute_acquired_china_2026_thousand_b300e": "Grunewald, February 2026",
    "accelerator_market_china_2027_usd_bn": "Bernstein, December 2025",
    "accelerator_market_china_2028_usd_bn": "Bernstein, December 2025",
    "self_sufficiency_china_2030": "Morgan Stanley, April 2026",
    "huawei_units_2026_thousand": "SemiAnalysis (low), Bloomberg and FT (targets)",
    "rubin_units_2026_thousand": "JPMorgan, September 2025",
}
YEARS: Final = (2026, 2027)
# What China's market would be if its makers of memory grew as forecasts of chip sales need it.
MORE_MEMORY: Final = "countries.CHN.industry.memory.pending_pb_per_year[2027] *= 5"
MARKET: Final = (
    "accelerator_market_china_2027_usd_bn",
    "accelerator_market_china_2028_usd_bn",
    "self_sufficiency_china_2030",
)
MILLION: Final = 1e3


def forecasts_markdown(instance: Instance, world: WorldRun) -> str:
    """Each forecast beside the model's figure."""
    lines = ["| forecast | of | theirs | model | unit | |", "|---|---|---:|---:|---|---|"]
    for row in compare(instance, world):
        if row.name in FORECASTS and row.model is not None:
            seen = row.observed
            numbers = (digits(seen.value), digits(row.model))
            cells = (f"`{row.name}`", FORECASTS[row.name], *numbers, seen.unit, row.verdict)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def huawei_markdown(instance: Instance, world: WorldRun) -> str:
    """Huawei's output over Nvidia's in several measures: China's plan over `market.output`."""
    record = Record(instance, world)
    dense = [chip.dense_fp8_tflops or chip.dense_fp16_tflops for chip in instance.chips.values()]
    throughput = np.array([0.0 if one is None else one.number() for one in dense])
    measures = {
        "processing power (TPP), as CFR counts": np.nan_to_num(
            chip_metrics(instance.chips, instance.lines)["tpp"]
        ),
        "throughput in 8 bits (16 where a chip has none)": throughput,
        "chips": np.ones(len(instance.chips)),
    }
    lines = [f"| Huawei over Nvidia, % | {' | '.join(map(str, YEARS))} |", "|---|" + "---:|" * len(YEARS)]
    seen = [instance.market.observed[f"huawei_over_nvidia_{year}"].value for year in YEARS]
    lines.append(f"| CFR | {' | '.join(f'{100 * value:.2g}' for value in seen)} |")
    for name, weight in measures.items():
        huawei = [made_by("Huawei", year, weight, record) for year in YEARS]
        nvidia = [made_by("Nvidia", year, weight, record) for year in YEARS]
        cells = [f"{100 * ours / theirs:.2g}" for ours, theirs in zip(huawei, nvidia, strict=True)]
        lines.append(f"| by the plan of China, {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def stock_markdown(instance: Instance, world: WorldRun) -> str:
    """The world's compute at the ends of years, M H100e, without failures: by accounting and by the plans."""
    record = Record(instance, world)
    leading = record.plans[instance.leader]
    dense = dict(zip(leading.chips, leading.dense.tolist(), strict=True))
    base = record.acquired(record.first_year) / 1e6
    output = [
        sum(dense[chip] * amounts.number(year) for chip, amounts in instance.market.output.items()) / MILLION
        for year in YEARS
    ]
    home = [
        sum(float(plan.dense @ plan.came(year, HOME)) for plan in record.plans.values()) / MILLION
        for year in YEARS
    ]
    ends = [f"end of {year}" for year in (record.first_year - 1, *YEARS)]
    rows: dict[str, list[float]] = {
        "by accounting: the base state and all of `market.output`": list(np.cumsum([base, *output])),
        "the same, with what is made at home by the plans": list(np.cumsum([base, *np.add(output, home)])),
        "by the plans: what countries buy and make": [
            record.acquired(year + 1) / 1e6 for year in (record.first_year - 1, *YEARS)
        ],
    }
    lines = [f"| M H100e | {' | '.join(ends)} |", "|---|" + "---:|" * len(ends)]
    theirs = instance.market.observed["stock_world_end2027_h100e"].value / 1e6
    lines.append(f"| AI 2027 | | | {theirs:.3g} |")
    for name, values in rows.items():
        lines.append(f"| {name} | {' | '.join(f'{value:.3g}' for value in values)} |")
    return "\n".join(lines) + "\n"


def memory_markdown(instance: Instance, world: WorldRun) -> str:
    """China's market as foretold, as shipped, and with more memory from 2027 on; solves two plans."""
    changed = patch(instance, [MORE_MEMORY])
    more = Record(changed, solve_world(Ask(changed, SHARES_OF)))
    record = Record(instance, world)
    heads = [f"`{name}`" for name in MARKET]
    lines = [f"| | {' | '.join(heads)} |", "|---|" + "---:|" * len(MARKET)]
    rows = {
        "foretold": [instance.market.observed[name].value for name in MARKET],
        "as shipped": [COUNTERPARTS[name].of(record) for name in MARKET],
        f"with `{MORE_MEMORY}`": [COUNTERPARTS[name].of(more) for name in MARKET],
    }
    lines += [f"| {name} | {' | '.join(map(digits, values))} |" for name, values in rows.items()]
    return "\n".join(lines) + "\n"


def page(text: str, instance: Instance, world: WorldRun) -> str:
    """docs/validation.md as the model has it."""
    return rewritten(
        text,
        {
            "forecasts": forecasts_markdown(instance, world),
            "huawei": huawei_markdown(instance, world),
            "stock": stock_markdown(instance, world),
            "memory": memory_markdown(instance, world),
        },
    )
