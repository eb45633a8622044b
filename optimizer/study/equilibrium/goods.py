"""The chips and components that a world trades, as a market, and what its prices mean for a country."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance
from optimizer.instance.resolve import plan_sets, quantity_of
from optimizer.instance.schema import Chip, Component
from optimizer.study.equilibrium.market import Components, Market
from optimizer.study.equilibrium.sweeps import Prices

THOUSAND: Final = 1000.0
# the component that is bought by itself, too
MEMORY: Final = "hbm"
GB_PER_PB: Final = 1e6


@dataclass(frozen=True)
class Goods:
    """The traded chips among all of an instance. `rows` are their positions, `list_cost` the all-in cost at
    list price, thousand USD, and `content` what a thousand chips hold of each component in thousand units,
    of all chips: (chips, periods) and (components, chips). `grows` are the chips whose cost follows
    components but not the market: those that their owners make for themselves. `kept` is the part of what
    contracts promise of each good that no other way takes, 1 without contracts, shape (goods, periods)."""

    market: Market
    rows: NDArray[np.int64]
    grows: NDArray[np.bool_]
    list_cost: Array
    multiplier: Array
    content: Array
    hbm_price: Array
    kept: Array

    def unit_cost(self, prices: Prices) -> Array:
        """All-in cost of every chip at market prices, thousand USD, shape (chips, periods)."""
        components = self.market.components
        cost = self.list_cost + np.where(
            self.grows[:, None], self.content.T @ (prices.components - components.price), 0.0
        )
        cost[self.rows] = prices.goods
        return np.asarray(np.maximum(cost, 0.01 * self.list_cost))

    def components_of(self, chips: Array) -> Array:
        """What so many thousand chips take of components, thousand units, shape (components, periods)."""
        return np.asarray(self.content @ chips)

    def memory_content(self, petabytes: Array) -> Array:
        """What memory bought by itself takes of components, thousand units, shape (components, periods)."""
        taken = np.zeros((len(self.content), len(petabytes)))
        if MEMORY in self.market.components.names:
            taken[self.market.components.names.index(MEMORY)] = petabytes * GB_PER_PB / THOUSAND
        return taken

    def memory_price(self, prices: Prices) -> Array:
        """What imported memory costs, USD bn per PB, shape (periods,)."""
        names = self.market.components.names
        if MEMORY not in names:
            return self.hbm_price
        at = names.index(MEMORY)
        return np.asarray(self.hbm_price * prices.components[at] / self.market.components.price[at])


EXAMPLE: Final = "market.yaml: clearing: {floor_share_of_list_price: 0.5, output_elasticity: 0.1}"


def goods_of(instance: Instance, leader: str) -> Goods:
    """The market of an instance. Raises InputError where it does not say how supply answers to prices, or
    has a component that no traded chip holds, or whose price is not given once."""
    clearing = instance.market.clearing
    if clearing is None:
        raise InputError(
            Diagnostic(
                "E531",
                f"{instance.name} does not say how supply answers to prices",
                hint=f"give `clearing` in {EXAMPLE}",
            )
        )
    priced = [_priced(name, component) for name, component in clearing.components.items()]
    chips, sets = list(instance.chips.values()), plan_sets(instance, leader)
    list_cost, output = (quantity_of(instance, leader, name) for name in ("unit_cost", "output"))
    steps = instance.horizon.steps_per_year
    year_of_period = np.arange(len(sets.periods)) // steps
    made = output[:, year_of_period] * quantity_of(instance, leader, "sale_pace") / steps
    market = np.array([chip.sale == "market" and chip.domestic_in is None for chip in chips])
    rows = np.flatnonzero(market & (made > 0).any(axis=1))
    content = np.array(
        [[_content(component, chip) for chip in chips] for component in clearing.components.values()]
    ).reshape(len(clearing.components), len(chips))
    for (name, component), held in zip(clearing.components.items(), content, strict=True):
        if not held[rows].any():
            raise InputError(
                Diagnostic(
                    "E532",
                    f"no chip on the market holds the component `{name}`",
                    path=f"market.clearing.components.{name}",
                    hint=f"it is counted per {component.per}, which is 0 for all of them",
                )
            )
    hbm_price = quantity_of(instance, leader, "hbm_price")
    middles, periods = middles_of(instance, leader), len(sets.periods)
    # what memory costs by itself, USD bn per PB, is thousand USD per GB
    price = np.array(
        [hbm_price if one.price_usd is None else one.price_usd.at(middles) / THOUSAND for one in priced]
    )
    if not (hbm_price > 0).all() and MEMORY in clearing.components:
        raise InputError(
            Diagnostic(
                "E536",
                f"the component `{MEMORY}` costs nothing in some period: no demand could make it dearer",
                path="memory.price_usd_bn_per_pb",
                hint="give a price above 0, or leave the component out",
            )
        )
    elasticity = np.array([[one.supply_elasticity.number()] for one in clearing.components.values()])
    components = Components(
        tuple(clearing.components), content[:, rows], price.reshape(-1, periods), elasticity.reshape(-1, 1)
    )
    to_order = np.array([[chips[row].id in clearing.made_to_order] for row in rows])
    return Goods(
        market=Market(
            tuple(chips[row].id for row in rows),
            list_cost[rows],
            made[rows],
            np.where(to_order, 1.0, clearing.floor_share_of_list_price.number()),
            clearing.output_elasticity.number(),
            components,
            _contracted(instance) * steps,
        ),
        rows=rows,
        grows=np.array([chip.sale in ("market", "owner") and chip.domestic_in is None for chip in chips]),
        list_cost=list_cost,
        multiplier=np.array([chip.system_price_multiplier.number() for chip in chips]),
        content=content,
        hbm_price=hbm_price,
        kept=np.ones(made[rows].shape),
    )


def _contracted(instance: Instance) -> int:
    """Reported years before prices clear."""
    clearing, horizon = instance.market.clearing, instance.horizon
    assert clearing is not None
    first = horizon.first_year if clearing.first_year is None else clearing.first_year
    return min(max(first - horizon.first_year, 0), len(horizon.years))


def with_contracts(goods: Goods, instance: Instance, countries: Iterable[str]) -> Goods:
    """The goods, of which contracts promise to all what grey markets cannot take, the more of it the more
    countries have one."""
    market = goods.market
    rates = [quantity_of(instance, one, "grey_open")[goods.rows] for one in countries]
    leaked = np.array(rates).sum(axis=0) / instance.horizon.steps_per_year
    part = np.divide(leaked, market.output, out=np.zeros(leaked.shape), where=market.traded)
    kept = np.where(market.cleared, 1.0, np.maximum(1.0 - part, 0.0))
    return replace(goods, kept=kept)


def middles_of(instance: Instance, leader: str) -> Array:
    """The middles of the plan's periods, decimal years."""
    starts = np.array(plan_sets(instance, leader).starts)
    return np.asarray(starts + 0.5 / instance.horizon.steps_per_year)


def supply_index(instance: Instance, leader: str) -> Array:
    """What is made of components at base prices over what the base world takes, (components, periods)."""
    middles, clearing = middles_of(instance, leader), instance.market.clearing
    assert clearing is not None
    found = [one.supply_index.at(middles) for one in clearing.components.values()]
    return np.array(found).reshape(len(found), len(middles))


def _priced(name: str, component: Component) -> Component:
    """The component, whose price is given once. Raises InputError where it is not: memory has that of
    `memory`, all others one of their own."""
    if (component.price_usd is None) == (name == MEMORY):
        return component
    said = "has a price of its own beside" if component.price_usd else "has no price; only `hbm` follows"
    raise InputError(
        Diagnostic(
            "E536",
            f"the component `{name}` {said} `memory.price_usd_bn_per_pb`",
            path=f"market.clearing.components.{name}.price_usd",
            hint="leave it out" if component.price_usd else "give `price_usd`, USD per unit",
        )
    )


def _content(component: Component, chip: Chip) -> float:
    """Units of a component in one chip."""
    count = {"chip": 1.0, "hbm_gb": chip.hbm_gb.number(), "tdp_w": chip.tdp_w.number()}[component.per]
    return component.content.number() * count
