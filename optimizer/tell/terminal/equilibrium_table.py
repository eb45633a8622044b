"""An equilibrium as tables: prices beside list, who buys how much, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.console import ConsoleRenderable

from optimizer.answer import digits
from optimizer.answer.equilibrium import BASE_PRICES, EquilibriumAnswer, least_prices, moving_components
from optimizer.tell.terminal.tables import grid, heading

SHARES_NAMED: Final = 6
REGRET: Final = (
    "regret: by how much a plan could be better if its country could buy as much as rules allow at these "
    "prices, "
    "average log units"
)
SMALL: Final = (
    "a difference between two equilibria that is within their regrets, or a price within the residuals of "
    "components, "
    "says nothing"
)


def prices_table(found: EquilibriumAnswer) -> list[ConsoleRenderable | str]:
    """What an H100-equivalent and components cost by year, and who buys."""
    market = [digits.significant(one / 1000, 3) for one in found.compute_price_usd]
    at_list = [digits.significant(one / 1000, 3) for one in found.compute_list_price_usd]
    body = [
        ["an H100-equivalent, thousand USD", *market],
        ["the same chips at list price", *at_list],
        *(
            [f"{found.component_titles[name]}, times its base price", *(digits.fixed(one, 2) for one in line)]
            for name, line in moving_components(found).items()
        ),
    ]
    ordered = sorted(found.value_shares.items(), key=lambda item: -sum(item[1]))
    for name, line in ordered[:SHARES_NAMED]:
        body.append([f"bought by {name}, % of value", *(digits.fixed(100 * one, 0) for one in line)])
    still = found.base_regret is None and found.component_titles
    told = [BASE_PRICES] if still else least_prices(found)
    said = ["", *told] if told else []
    return [
        heading("What the market asks, all-in, and who buys"),
        "",
        grid(["", *found.periods], body),
        *said,
    ]


def compared(equilibria: Mapping[str, EquilibriumAnswer]) -> list[ConsoleRenderable | str]:
    """What an H100-equivalent costs under each policy by year, and how good each equilibrium is."""
    periods = next(iter(equilibria.values())).periods
    prices = [
        [
            name,
            *([digits.significant(one / 1000, 3) for one in each.compute_price_usd] or ["-"] * len(periods)),
        ]
        for name, each in equilibria.items()
    ]
    good = [
        [
            name,
            _ended(each),
            str(each.rounds),
            digits.significant(each.largest_regret),
            max(each.regrets, key=lambda one: each.regrets[one]),
            digits.significant(each.weighted_regret),
            f"{digits.fixed(100 * max(each.component_residuals.values(), default=0.0), 1)}%",
        ]
        for name, each in equilibria.items()
    ]
    columns = ["policy", "", "rounds", "largest regret", "of", "weighted with income", "components off by"]
    return [
        heading("What an H100-equivalent costs, thousand USD, all-in"),
        "",
        grid(["policy", *periods], prices),
        "",
        heading("How good each equilibrium is"),
        "",
        grid(columns, good),
        "",
        REGRET,
        SMALL,
    ]


def _ended(found: EquilibriumAnswer) -> str:
    if found.converged:
        return "converged"
    return "NOT CONVERGED" if found.base_converged is not False else "NOT CONVERGED, nor its base"


def quality(found: EquilibriumAnswer) -> list[ConsoleRenderable | str]:
    """How good it is: regrets and residuals, and no plan."""
    least = sorted(found.regrets.items(), key=lambda item: -item[1])
    regrets = ", ".join(f"{name} {digits.significant(value, 2)}" for name, value in least)
    off = found.component_residuals if found.base_regret is not None else {}
    residuals = ", ".join(
        f"{found.component_titles[name].lower()} {digits.fixed(100 * value, 1)}%"
        for name, value in off.items()
    )
    end = _ended(found)
    held = (
        []
        if found.base_regret is None
        else [
            "prices of components are held against an equilibrium with a largest regret of "
            f"{digits.significant(found.base_regret, 2)}"
            f"{'' if found.base_converged else ': IT HAS NOT CONVERGED, so nothing held against it has'}"
        ]
    )
    lines: list[ConsoleRenderable | str] = [
        f"{end} after {found.rounds} rounds: largest regret {digits.significant(found.largest_regret, 2)} "
        f"(at most {digits.significant(found.tolerance, 2)} asked for), weighted with income "
        f"{digits.significant(found.weighted_regret, 2)}",
        f"regrets: {regrets}",
        f"on the market nothing is bought beyond what is made (excess {digits.scientific(found.excess)}); "
        f"{digits.fixed(100 * found.unsold, 1)}% of the value sold stays unsold above its floor",
        f"until {found.contracted[-1]} chips are sold by contract, at list price and to each country its "
        "share of supply: what is left over then is not counted as unsold"
        if found.contracted
        else "",
        f"prices of components are off what calls forth the demand by: {residuals}" if residuals else "",
        *held,
        REGRET,
        SMALL,
    ]
    for part, bloc in found.left_out.items():
        lines.append(f"{part} is left out: {bloc} counts it")
    return [line for line in lines if line != ""]
