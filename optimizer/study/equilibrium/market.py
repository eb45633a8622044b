"""The goods of a market: what is made of each, what it costs to make, and how supply answers to prices.

Prices are thousand USD, all-in; amounts are thousand chips per period. Arrays have the shape (goods,
periods), those of components (components, periods).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from optimizer.answer.equilibrium import LEAST_RATIO, MOST_RATIO


@dataclass(frozen=True)
class Components:
    """What goods are made of and what is scarce itself: memory, wafers, packaging.

    `content` is the amount in one unit of each good, shape (components, goods); `price` what one costs at the
    base, thousand USD; `elasticity` by how much more is made if it costs more. `supply` is what is made at
    the base price, None where that is not known yet: then the base price holds.
    """

    names: tuple[str, ...]
    content: Array
    price: Array
    elasticity: Array
    supply: Array | None = None

    def at(self, demand: Array) -> Array:
        """The prices that call forth `demand`, shape (components, periods)."""
        if self.supply is None:
            return self.price
        ratio = np.maximum(demand, np.finfo(float).tiny) / np.maximum(self.supply, np.finfo(float).tiny)
        ends = np.log(LEAST_RATIO), np.log(MOST_RATIO)
        factor: Array = np.exp(np.clip(np.log(ratio) / self.elasticity, *ends))
        return self.price * factor


@dataclass(frozen=True)
class Market:
    """Goods that anybody may buy.

    `list_price` is what a seller asks where there is enough, `output` what is made at that price. Nobody
    sells below `floor_share` of it, shape (goods, 1) or one for all; above it `output_elasticity` says how
    much more is made. In the first `contracted` periods goods cost what contracts say, list, and components
    what they cost at the base. `aside` is what is taken past the market, shape (goods, periods).
    """

    names: tuple[str, ...]
    list_price: Array
    output: Array
    floor_share: float | Array
    output_elasticity: float
    components: Components
    contracted: int = 0
    aside: float | Array = 0.0

    @property
    def traded(self) -> NDArray[np.bool_]:
        """Where there is something to sell, shape (goods, periods)."""
        return np.asarray(self.output > 0)

    @property
    def cleared(self) -> NDArray[np.bool_]:
        """Where prices clear: where there is something to sell and no contract, shape (goods, periods)."""
        return np.asarray(self.traded & (np.arange(self.output.shape[1]) >= self.contracted))

    def extra_cost(self, component_price: Array) -> Array:
        """What components cost more than at the base, per unit of each good."""
        return self.components.content.T @ (component_price - self.components.price)

    def floor(self, component_price: Array) -> Array:
        """The least that a seller asks."""
        least = self.floor_share * self.list_price
        return np.maximum(least + self.extra_cost(component_price), 0.01 * self.list_price)

    def made(self, price: Array) -> Array:
        """What is made at a price."""
        dear = np.maximum(price / np.maximum(self.list_price, np.finfo(float).tiny), 1.0)
        return np.asarray(self.output * dear**self.output_elasticity)

    def supply(self, price: Array) -> Array:
        """What is left of it for the market."""
        return np.maximum(self.made(price) - self.aside, 0.0)

    def component_price(self, demand: Array) -> Array:
        """The prices of components that call forth `demand`; those of contracts are the base's."""
        found = self.components.at(demand).copy()
        found[:, : self.contracted] = self.components.price[:, : self.contracted]
        return found

    def calibrated(self, demand: Array) -> Market:
        """The same market, of whose components `demand` is made at the base price."""
        return replace(self, components=replace(self.components, supply=demand))
