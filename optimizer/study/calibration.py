"""Every observed figure beside the model's: how far the shipped world can be believed.

`market.observed` holds the figures, with the band of each, what the model's figure is worth beside it, and
the cause of a miss; `counterparts` says how the model's figure is come to. Run as a module it writes the
tables of docs/calibration.md and docs/validation.md and prints what the record leaves open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from optimizer.answer.run import WorldRun
from optimizer.instance import Instance, load, patch
from optimizer.instance.schema import Observed
from optimizer.study.ask import Ask
from optimizer.study.counterparts import COUNTERPARTS
from optimizer.study.demand import world_demand
from optimizer.study.record import Record
from optimizer.study.solve import solve_world

SHARES_OF: Final = ("USA", "CHN")
# Half and twice what is shipped: what fitting the penalty moves.
PENALTY_FACTORS: Final = (0.5, 1.0, 2.0)
PENALTY: Final = "shortfall_penalty_per_log_unit"


@dataclass(frozen=True)
class Comparison:
    """An observed figure and the model's, None where it has none; `words` say how that is come to."""

    name: str
    observed: Observed
    model: float | None
    words: str

    @property
    def judged(self) -> bool:
        """Whether the model's figure can be in or out of the band at all."""
        return self.observed.kind != "context" and self.model is not None

    @property
    def within(self) -> bool:
        return self.model is not None and self.observed.low <= self.model <= self.observed.high

    @property
    def counts(self) -> bool:
        """Whether it says something of the model: judged, and no input."""
        return self.judged and self.observed.kind != "input"

    @property
    def verdict(self) -> str:
        if not self.judged or self.model is None:
            return "no counterpart" if self.model is None else "not the same"
        if self.within:
            return "within"
        return "below" if self.model < self.observed.low else "above"

    @property
    def finding(self) -> str | None:
        """What the record leaves open: a miss without a cause, or a cause without a miss."""
        told = bool(self.observed.cause)
        if self.judged and self.within and told:
            return f"`{self.name}` lies within its band, but a cause is recorded"
        if not (self.judged and self.within) and not told:
            return f"`{self.name}` is {self.verdict}, and no cause is recorded"
        return None


def compare(instance: Instance, world: WorldRun) -> list[Comparison]:
    """Every figure of `market.observed`, in its order; `world` must hold a plan of each country."""
    record = Record(instance, world)
    rows = []
    for name, figure in instance.market.observed.items():
        told = COUNTERPARTS.get(name)
        model = None if told is None else told.of(record)
        rows.append(Comparison(name, figure, model, "" if told is None else told.words))
    return rows


def findings(rows: Iterable[Comparison]) -> list[str]:
    """What the record leaves open, one line each."""
    return [row.finding for row in rows if row.finding is not None]


def markdown(rows: list[Comparison]) -> str:
    """Every figure in one table, how many that count lie within, and why the others do not."""
    lines = [
        "| observed figure | model | observed | band | unit | is | | the model's figure |",
        "|---|---:|---:|---|---|---|---|---|",
    ]
    for row in rows:
        seen = row.observed
        cells = (
            f"`{row.name}`",
            "" if row.model is None else digits(row.model),
            digits(seen.value),
            f"{digits(seen.low)} to {digits(seen.high)}",
            seen.unit,
            seen.kind,
            row.verdict,
            row.words,
        )
        lines.append(f"| {' | '.join(cells)} |")
    counting = [row for row in rows if row.counts]
    inside = sum(row.within for row in counting)
    outcomes = [row for row in counting if row.observed.kind == "outcome"]
    lines += [
        "",
        f"Of {len(rows)} figures {len(counting)} are no inputs and have a counterpart; **{inside} of them "
        f"lie within their bands**, {len(counting) - inside} do not. Nothing was fitted to "
        f"{len(outcomes)} of them, of which {sum(row.within for row in outcomes)} do.",
        "",
        "Why others do not, and why some are not judged:",
        "",
    ]
    lines += [f"- `{row.name}`: {row.observed.cause}." for row in rows if row.observed.cause]
    return "\n".join(lines) + "\n"


def digits(value: float) -> str:
    """Three significant digits; millions as such."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g} M"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def research_shares(world: WorldRun, country: str, years: int) -> list[float]:
    """Research share of compute at work in the first years of a plan with yearly periods."""
    values = world.countries[country].values
    if values is None:
        raise ValueError(f"{country} has no plan to calibrate")
    research, delivery = values["research_compute"][:years], values["delivery_compute"][:years]
    return [float(share) for share in research / (research + delivery)]


def shares_markdown(instance: Instance, world: WorldRun, years: int = 5) -> str:
    """Research share of compute at work in the first years."""
    labels = [str(year) for year in list(instance.horizon.years)[:years]]
    lines = [f"| | {' | '.join(labels)} |", "|---|" + "---:|" * years]
    for country in SHARES_OF:
        cells = [f"{share:.2f}" for share in research_shares(world, country, years)]
        lines.append(f"| {country}, research share of compute | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def penalty_markdown(instance: Instance, world: WorldRun, years: int = 5) -> str:
    """The same shares, from the second year on, at other penalties of unmet demand; two plans for each."""
    preset = instance.settings.default_objective
    shipped = getattr(instance.settings.objectives[preset], PENALTY).number()
    span = f"{instance.horizon.years[1]} to {instance.horizon.years[years - 1]}"
    heads = [f"{country}, research share {span}" for country in SHARES_OF]
    lines = [f"| penalty | {' | '.join(heads)} |", "|---:|---|---|"]
    for factor in PENALTY_FACTORS:
        run = world
        if factor != 1:
            changed = patch(instance, [f"objectives.{preset}.{PENALTY} = {factor * shipped}"])
            run = solve_world(Ask(changed, SHARES_OF))
        shares = [research_shares(run, country, years)[1:] for country in SHARES_OF]
        shown = f"{factor * shipped:.3g}" if factor != 1 else f"**{shipped:.3g}**"
        cells = [f"{min(each):.2f} to {max(each):.2f}" for each in shares]
        lines.append(f"| {shown} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def demand_markdown(instance: Instance, world: WorldRun) -> str:
    """What all countries buy of each year's output, by value, and the chip most wanted beyond it."""
    leading = Record(instance, world).plans[instance.leader]
    demands = world_demand(world, instance)
    lines = ["| year | bought of the output, by value | most wanted beyond it | times |"]
    lines.append("|---|---:|---|---:|")
    for year in instance.horizon.years:
        price = dict(zip(leading.chips, leading.parameters["unit_cost"] @ leading.periods(year), strict=True))
        made = sum(price[chip] * amounts.number(year) for chip, amounts in instance.market.output.items())
        here = [one for one in demands if one.year == year]
        worst = max(here, key=lambda one: one.ratio)
        bought = sum(price[one.chip] * one.purchases for one in here)
        beyond = (worst.chip, f"{worst.ratio:.2g}") if worst.exceeds else ("none", "")
        lines.append(f"| {year} | {bought / made:.2f} | {beyond[0]} | {beyond[1]} |")
    return "\n".join(lines) + "\n"


def rewritten(text: str, tables: Mapping[str, str]) -> str:
    """The page with what stands between the markers of each table written anew."""
    for name, table in tables.items():
        start, end = f"<!-- {name}:start -->\n", f"<!-- {name}:end -->"
        before, rest = text.split(start)
        text = before + start + table + end + rest.split(end, 1)[1]
    return text


def page(text: str, instance: Instance, world: WorldRun) -> str:
    """docs/calibration.md as the model has it."""
    return rewritten(
        text,
        {
            "calibration": markdown(compare(instance, world)),
            "shares": shares_markdown(instance, world),
            "penalty": penalty_markdown(instance, world),
            "demand": demand_markdown(instance, world),
        },
    )


def main() -> None:
    """Rewrite the pages of the checkout, and print what the record leaves open."""
    from optimizer.study import validation

    instance = load("world-2026")
    world = solve_world(Ask(instance))
    for name, write in (("calibration", page), ("validation", validation.page)):
        path = Path("docs") / f"{name}.md"
        path.write_text(write(path.read_text(encoding="utf-8"), instance, world), encoding="utf-8")
    for line in findings(compare(instance, world)):
        print(line)


if __name__ == "__main__":
    main()
