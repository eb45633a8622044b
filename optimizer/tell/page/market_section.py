"""What the market asks of plans at prices that clear: prices beside list, components, who buys, regrets."""

from __future__ import annotations

from optimizer.answer import digits
from optimizer.answer.answer import CompareAnswer
from optimizer.answer.equilibrium import BASE_PRICES, EquilibriumAnswer, least_prices, moving_components
from optimizer.tell.page.figures import PERIOD, Column, Row, Section, Table, amount, rounded, text
from optimizer.tell.page.saved import SavedRun
from optimizer.tell.page.words import listed_names

REGRET = (
    "Regret: by how much a plan could be better if its country could buy as much as rules allow at these "
    "prices, average log units. A difference between two equilibria within their regrets says nothing."
)
BUYERS = 6


def market_sections(run: SavedRun) -> list[Section]:
    """One section where the plans were made at prices that clear, else none."""
    found = _equilibria(run)
    if not found:
        return []
    return [
        Section(
            key="market",
            title="What the market asks",
            short="Market",
            answer=_answer(run, found),
            tables=[
                each
                for name, one in found.items()
                if one.converged
                for each in _tables(run, name, one, len(found) > 1)
            ],
            after=[("How good each equilibrium is", _quality(run, found))],
            notes=[REGRET, *_contracts(found)],
        )
    ]


def _equilibria(run: SavedRun) -> dict[str, EquilibriumAnswer]:
    if isinstance(run.answer, CompareAnswer):
        return dict(run.answer.equilibria)
    found = run.answer.equilibrium
    return {} if found is None else {"": found}


def _answer(run: SavedRun, found: dict[str, EquilibriumAnswer]) -> str:
    first = next(iter(found.values()))
    if not first.converged:
        return (
            "The search for prices has not converged: there are regrets, and neither prices nor plans. "
            "The command that made this run goes on with --resume."
        )
    left = [run.policy_names.get(name, name) for name, one in found.items() if not one.converged]
    last = len(first.periods) - 1
    start = min(len(first.contracted), last)
    price, at_list, before, list_before = (
        digits.significant(line[t] / 1000, 3)
        for t in (last, start)
        for line in (first.compute_price_usd, first.compute_list_price_usd)
    )
    return (
        f"In {first.periods[start]} an H100-equivalent of what is sold costs {before} thousand USD all-in, "
        f"{list_before} at list price; in {first.periods[last]} {price}, {at_list} at list price."
        + (f" Not converged, and left out: {listed_names(left)}." if left else "")
    )


def _contracts(found: dict[str, EquilibriumAnswer]) -> list[str]:
    first = next(iter(found.values()))
    told = [] if first.base_regret is not None or not first.component_titles else [BASE_PRICES]
    told += [each for one in found.values() if one.converged for each in least_prices(one)]
    if first.contracted:
        until = first.contracted[-1]
        told.append(
            f"Until {until} chips are sold by contract: at list price, to each country its share of supply."
        )
    return told


def _tables(run: SavedRun, name: str, found: EquilibriumAnswer, several: bool) -> list[tuple[str, Table]]:
    whose = f": {run.policy_names.get(name, name)}" if several else ""
    titles, ratios = found.component_titles, moving_components(found)
    buyers = sorted(found.value_shares, key=lambda one: -sum(found.value_shares[one]))[:BUYERS]
    prices = Table(
        f"market-prices-{name or 'run'}",
        [
            PERIOD,
            Column("H100-equivalent", "thousand USD, all-in"),
            Column("The same at list", "thousand USD, all-in"),
            *(Column(titles[one], "times its base price") for one in ratios),
        ],
        [
            Row(
                [
                    text(period),
                    amount(found.compute_price_usd[t] / 1000),
                    amount(found.compute_list_price_usd[t] / 1000),
                    *(rounded(line[t], 2) for line in ratios.values()),
                ]
            )
            for t, period in enumerate(found.periods)
        ],
    )
    shares = Table(
        f"market-shares-{name or 'run'}",
        [PERIOD, *(Column(run.name(one), "% of what is paid") for one in buyers)],
        [
            Row([text(period), *(rounded(100 * found.value_shares[one][t], 0) for one in buyers)])
            for t, period in enumerate(found.periods)
        ],
    )
    return [(f"Prices{whose}", prices), (f"Who buys{whose}", shares)]


def _quality(run: SavedRun, found: dict[str, EquilibriumAnswer]) -> Table:
    return Table(
        "market-quality",
        [
            Column("Plans", text=True),
            Column("Converged", text=True),
            Column("Rounds"),
            Column("Largest regret", "log units"),
            Column("Of", text=True),
            Column("Weighted with income", "log units"),
            Column("Unsold above the floor", "% of sales"),
        ],
        [
            Row(
                [
                    text(run.policy_names.get(name, name) or run.instance),
                    text(
                        "yes"
                        if one.converged
                        else "no"
                        if one.base_converged is not False
                        else "no, nor its base"
                    ),
                    text(one.rounds),
                    amount(one.largest_regret, 2),
                    text(run.name(max(one.regrets, key=lambda each: one.regrets[each]))),
                    amount(one.weighted_regret, 2),
                    rounded(100 * one.unsold, 1),
                ]
            )
            for name, one in found.items()
        ],
    )
