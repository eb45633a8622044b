"""An equilibrium as files: its prices as a tidy table, what is said of it, and where its search stands."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from models.parameters import Array
from optimizer.answer.equilibrium import EquilibriumAnswer
from optimizer.answer.part import text_of_infinity
from optimizer.errors import Diagnostic, InputError
from optimizer.study.equilibrium.equilibrium import Calibration, Equilibrium
from optimizer.study.equilibrium.membership import Members
from optimizer.study.equilibrium.sweeps import Prices, State
from optimizer.tell.files.store import json_text

PRICES: Final = "prices.csv"
SEARCH: Final = "search.json"
POLICIES: Final = "policies"
COLUMNS: Final = (
    *("kind", "item", "period", "list_price_usd", "price_usd", "floor_usd", "rent_usd"),
    *("made_thousand", "sold_thousand"),
)
MEMBERS: Final = ("countries", "chips", "components", "periods")
THOUSAND: Final = 1000.0
Said = TypeVar("Said")


def equilibrium_answer(found: Equilibrium) -> EquilibriumAnswer:
    """What is said of an equilibrium beside its plans: where it has not converged, no price and no share."""
    market, prices, settled = found.goods.market, found.state.prices, found.settled
    reported = _reported(found)
    shown = slice(0, reported)
    sold, supply = settled.sold[:, shown], market.made(prices.goods)[:, shown]
    rating = _ratings(found)[:, None]
    compute = np.maximum((rating * sold).sum(axis=0), np.finfo(float).tiny)
    excess = np.divide(sold - supply, supply, out=np.zeros(sold.shape), where=supply > 0)
    paid = {
        one: (prices.goods * (each.bought + each.grey))[:, shown].sum(axis=0)
        for one, each in zip(found.countries, settled.answers, strict=True)
    }
    total = np.maximum(sum(paid.values(), np.zeros(reported)), np.finfo(float).tiny)
    components = market.components
    ratios = prices.components / components.price
    instance = found.world.instance
    cost, at_list = (
        _numbers(THOUSAND * (each[:, shown] * sold).sum(axis=0) / compute)
        for each in (prices.goods, market.list_price)
    )
    said = found.converged
    return EquilibriumAnswer(
        converged=found.converged,
        tolerance=found.tolerance,
        rounds=found.state.rounds,
        largest_regret=found.largest_regret,
        weighted_regret=found.weighted_regret,
        base_regret=found.base_regret,
        base_converged=found.base_converged,
        contracted=_periods(found)[: market.contracted],
        regrets=dict(zip(found.countries, map(float, settled.regrets), strict=True)),
        excess=float(max(excess.max(initial=0.0), 0.0)),
        unsold=settled.unsold(reported),
        component_residuals={
            name: float(line[shown].max())
            for name, line in zip(components.names, found.residuals, strict=True)
        },
        left_out=dict(found.left_out),
        component_titles={name: instance.market.clearing.components[name].title for name in components.names},
        periods=_periods(found)[:reported],
        compute_price_usd=cost if said else (),
        compute_list_price_usd=at_list if said else (),
        component_price_ratios={
            name: _numbers(line[shown]) for name, line in zip(components.names, ratios, strict=True) if said
        },
        value_shares={one: _numbers(line / total) for one, line in paid.items() if said},
    )


def prices_text(found: Equilibrium) -> str:
    """Prices, rents, what is made and sold, by chip or component and period: USD all-in, thousand chips."""
    return _table(COLUMNS, _prices(found))


def compared_prices_text(equilibria: Mapping[str, Equilibrium]) -> str:
    """The same of several policies, by name, of those that converged."""
    rows = ((name, *row) for name, each in equilibria.items() if each.converged for row in _prices(each))
    return _table(("policy", *COLUMNS), rows)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    buffer = io.StringIO()
    write = csv.writer(buffer, lineterminator="\n")
    write.writerow(head)
    write.writerows(rows)
    return buffer.getvalue()


def _prices(found: Equilibrium) -> Iterator[tuple[str, ...]]:
    market, prices, periods = found.goods.market, found.state.prices, _periods(found)
    floor, supply = market.floor(prices.components), market.made(prices.goods)
    for k, name in enumerate(market.names):
        for t, period in enumerate(periods):
            if market.output[k, t] <= 0:
                continue
            usd = (market.list_price[k, t], prices.goods[k, t], floor[k, t], prices.goods[k, t] - floor[k, t])
            amounts = (supply[k, t], found.settled.sold[k, t])
            yield ("chip", name, period, *(_text(THOUSAND * one) for one in usd), *map(_text, amounts))
    components = market.components
    for c, name in enumerate(components.names):
        for t, period in enumerate(periods):
            base, now = (_text(THOUSAND * one[c, t]) for one in (components.price, prices.components))
            yield ("component", name, period, base, now, "", "", "", "")


def _text(number: float) -> str:
    return repr(float(number))


def search_text(last: Calibration) -> str:
    """Where the search stands, for another that goes on from here or is held against it."""
    return json_text(_search(last))


def searches_text(searches: Mapping[str, Calibration]) -> str:
    """The same of several policies, by name."""
    return json_text({POLICIES: {name: _search(each) for name, each in searches.items()}})


def _search(last: Calibration) -> dict[str, Any]:
    assert last.state.rations is not None
    return {
        **asdict(last.members),
        "rounds": last.state.rounds,
        "regret": text_of_infinity(last.regret),
        "converged": last.converged,
        "waited_for": last.waited_for,
        "goods": last.state.prices.goods.tolist(),
        "component_prices": last.state.prices.components.tolist(),
        "rations": last.state.rations.tolist(),
        "component_demand": last.demand.tolist(),
    }


def read_search(directory: Path) -> Calibration:
    """What `search_text` wrote. Raises InputError where there is none, or it cannot be read."""
    return _read(directory, _calibration)


def read_searches(directory: Path) -> dict[str, Calibration]:
    """What `searches_text` wrote. Raises InputError as `read_search`."""
    return _read(directory, lambda said: {name: _calibration(one) for name, one in said[POLICIES].items()})


def _calibration(said: Mapping[str, Any]) -> Calibration:
    names = {name: tuple(map(str, said[name])) for name in MEMBERS}
    files = {str(k): str(v) for k, v in said["files"].items()}
    members = Members(str(said["instance"]), files, **names, objective=str(said["objective"]))
    counts = {name: len(held) for name, held in names.items()}
    goods = _array(said["goods"], counts["chips"], counts["periods"])
    prices = Prices(goods, _array(said["component_prices"], counts["components"], counts["periods"]))
    rations = _array(said["rations"], counts["countries"], counts["chips"], counts["periods"])
    demand = _array(said["component_demand"], counts["components"], counts["periods"])
    state = State(int(said["rounds"]), prices, rations)
    ended = float(said["regret"]), said["converged"] is True
    return Calibration(members, demand, state, *ended, said.get("waited_for") is True)


def _read(directory: Path, of: Callable[[Any], Said]) -> Said:
    path = directory / SEARCH
    try:
        return of(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        hint = "name a directory that the same command saved"
        raise InputError(Diagnostic("E641", "no saved search here", file=str(path), hint=hint)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = "the search of an equilibrium cannot be read"
        hint = "it was changed or cut short, or an earlier version saved it: search anew without it"
        raise InputError(Diagnostic("E642", message, file=str(path), hint=hint)) from error


def _array(numbers: object, *shape: int) -> Array:
    """Numbers of this shape, finite and not negative. Raises ValueError where they are not."""
    found = np.array(numbers, dtype=np.float64)
    if found.size == 0 and 0 in shape:
        return np.zeros(shape)
    if found.shape != shape or not (np.isfinite(found) & (found >= 0)).all():
        raise ValueError(shape)
    return found


def _numbers(line: Array) -> tuple[float, ...]:
    return tuple(map(float, line))


def _ratings(found: Equilibrium) -> Array:
    """H100-equivalents of research of each chip on the market."""
    leader = found.settled.answers[0].plan.parameters
    return np.asarray(leader["research_h100e"][found.goods.rows])


def _periods(found: Equilibrium) -> tuple[str, ...]:
    periods: tuple[str, ...] = found.settled.answers[0].plan.parameters.sets.periods
    return periods


def _reported(found: Equilibrium) -> int:
    return int(found.settled.answers[0].plan.parameters.sets.reported)
