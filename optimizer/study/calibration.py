"""The base state and the first year beside what was observed: how far the shipped world can be believed.

Every line compares a number of the model with a figure of `market.observed`. A line outside the stated range
must be explained in docs/calibration.md; a test holds the page to these numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from models.parameters import Array, PlanParameters
from optimizer.answer import metrics
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.instance import Instance, load
from optimizer.instance.blocs import parts
from optimizer.study.ask import Ask
from optimizer.study.solve import solve_world

# Chips in China that no rule ever allowed there.
SMUGGLED: Final = ("nv_h100_sxm", "nv_h200", "nv_b200", "nv_gb200", "nv_b300", "nv_gb300")


@dataclass(frozen=True)
class Comparison:
    """A number of the model beside an observed one; `low` and `high` are the band stated for it."""

    subject: str
    model: float
    observed: float
    low: float
    high: float
    unit: str

    @property
    def within(self) -> bool:
        return self.low <= self.model <= self.high


def compare(instance: Instance, world: WorldRun) -> list[Comparison]:
    """Every comparison; `world` must hold a plan of each country, the leader's included."""
    plans = {country: run for country, run in world.countries.items() if run.parameters is not None}
    stock = {country: installed(instance, _parameters(run)) for country, run in plans.items()}
    whole = sum(total(stock[country]) for country in plans if country not in parts(instance))
    rows = [
        _observed(instance, "Installed compute, world, end 2025", whole, "stock_world_h100e", 1e-3),
        _observed(instance, "Installed compute, USA", total(stock["USA"]), "stock_usa_h100e", 1e-3),
        _observed(instance, "Installed compute, China", total(stock["CHN"]), "stock_china_h100e", 1e-3),
    ]
    designers = {chip: instance.chips[chip].designer for chip in instance.chips}
    china = stock["CHN"]
    groups = {
        "Huawei": [chip for chip in china if designers[chip] == "Huawei"],
        "grey": [chip for chip in china if chip in SMUGGLED],
        "Cambricon": [chip for chip in china if designers[chip] == "Cambricon"],
    }
    groups["legal"] = [chip for chip in china if not any(chip in group for group in groups.values())]
    for name, chips in groups.items():
        amount = sum(china[chip] for chip in chips)
        figure = f"stock_china_{name.lower()}_h100e"
        rows.append(_observed(instance, f"of which {name}", amount, figure, 1e-3, spread=0.1))
    for country, name in (("USA", "usa"), ("CHN", "china")):
        run = plans[country]
        rows += [
            _observed(
                instance,
                f"Research share of the fleet, {country}",
                _research_share(run),
                f"research_share_{name}",
            ),
            _observed(
                instance,
                f"Research share of compute in the first year, {country}",
                _first_year_research_share(run),
                f"research_share_{name}",
            ),
            _observed(instance, f"AI power, {country}", _power(run), f"ai_power_{name}_gw"),
        ]
    usa, chn = plans["USA"], plans["CHN"]
    rows += [
        _observed(instance, "Spending in 2026, USA", _spending(usa), "ai_spending_usa_2026_usd_bn"),
        _observed(instance, "Spending in 2026, China", _spending(chn), "ai_spending_china_usd_bn"),
        _observed(instance, "Lag in the base state, China", _base_lag(chn), "lag_china_months"),
        _observed(
            instance,
            "Software progress in the first year, USA",
            _software(usa),
            "software_progress_first_year",
        ),
    ]
    return rows


def installed(instance: Instance, parameters: PlanParameters) -> dict[str, float]:
    """Chips installed in the base state by kind, kH100e at dense 8-bit throughput, software left out."""
    chips = parameters.sets.chips
    maturity = np.array([instance.chips[chip].software_maturity.number() for chip in chips])
    amount = parameters["fleet0"] * parameters["research_h100e"] / maturity
    return {chip: float(value) for chip, value in zip(chips, amount, strict=True) if value > 0}


def total(stock: Mapping[str, float]) -> float:
    return float(sum(stock.values()))


def _observed(
    instance: Instance, subject: str, model: float, figure: str, factor: float = 1.0, spread: float = 0.0
) -> Comparison:
    """Compare with `market.observed.FIGURE` times `factor`; `spread` is the band where none is stated."""
    entry = instance.market.observed[figure]
    low = entry.value * (1 - spread) if entry.low is None else entry.low
    high = entry.value * (1 + spread) if entry.high is None else entry.high
    unit = f"k{entry.unit}" if factor == 1e-3 else entry.unit
    return Comparison(subject, model, entry.value * factor, low * factor, high * factor, unit)


def _parameters(run: CountryRun) -> PlanParameters:
    assert run.parameters is not None
    return run.parameters


def _values(run: CountryRun) -> Mapping[str, Array]:
    if run.values is None:
        raise ValueError(f"{run.country} has no plan to calibrate")
    return run.values


def _research_share(run: CountryRun) -> float:
    return float(_parameters(run)["use0"][0])


def _first_year_research_share(run: CountryRun) -> float:
    values = _values(run)
    research, delivery = values["research_compute"][0], values["delivery_compute"][0]
    return float(research / (research + delivery))


def _power(run: CountryRun) -> float:
    p = _parameters(run)
    return float(p["power_per_chip"] @ p["fleet0"])


def _spending(run: CountryRun) -> float:
    """All that is paid in the first year, USD bn (first period of a yearly plan)."""
    values = _values(run)
    single = ("buy", "rent", "chips_cost", "talent_cost", "power_spend", "bidup")
    paid = sum(float(values[name][0]) for name in single)
    return paid + float(values["energy"][:, 0].sum() + values["premium"][:, 0].sum())


def _base_lag(run: CountryRun) -> float:
    assert run.leader is not None
    return metrics.base_lag_months(_parameters(run), run.leader)


def _software(run: CountryRun) -> float:
    """Factor by which the leader's efficiency grows from the base state to the end of the first year."""
    p = _parameters(run)
    steps = round(1 / p.scalar("dt"))
    knowledge = _values(run)["knowledge"][steps - 1] / p.scalar("knowledge0")
    return float(knowledge ** p.scalar("returns"))


def markdown(rows: list[Comparison]) -> str:
    """The comparisons as a Markdown table, three significant digits."""
    lines = ["| | model | observed | band | unit | |", "|---|---:|---:|---|---|---|"]
    for row in rows:
        mark = "within" if row.within else "outside: see below"
        band = f"{_digits(row.low)} to {_digits(row.high)}"
        cells = (row.subject, _digits(row.model), _digits(row.observed), band, row.unit, mark)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def shares_markdown(world: WorldRun, years: int = 5) -> str:
    """Research share of compute at work in the first years, as a Markdown table."""
    runs = [world.countries[country] for country in ("USA", "CHN")]
    labels = _parameters(runs[0]).sets.periods[:years]
    lines = [f"| | {' | '.join(labels)} |", "|---|" + "---:|" * years]
    for run in runs:
        values = _values(run)
        research, delivery = values["research_compute"][:years], values["delivery_compute"][:years]
        cells = [f"{share:.2f}" for share in research / (research + delivery)]
        lines.append(f"| {run.country}, research share of compute | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def page(text: str, instance: Instance, world: WorldRun) -> str:
    """The page with what stands between its markers written anew."""
    for name, table in (
        ("calibration", markdown(compare(instance, world))),
        ("shares", shares_markdown(world)),
    ):
        start, end = f"<!-- {name}:start -->\n", f"<!-- {name}:end -->"
        before, rest = text.split(start)
        text = before + start + table + end + rest.split(end, 1)[1]
    return text


def main() -> None:
    """Rewrite docs/calibration.md of the checkout."""
    instance = load("world-2026")
    path = Path("docs/calibration.md")
    path.write_text(
        page(path.read_text(encoding="utf-8"), instance, solve_world(Ask(instance))), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
