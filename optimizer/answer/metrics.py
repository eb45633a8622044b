"""Numbers that compare a plan: lag behind the leader, ratios, budget shares, world demand over output.

Every function takes plain arrays (periods last) and returns plain arrays. Values of a period are dated at its
middle; the base state is dated at the start of the first period. docs/metrics.md defines each metric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.parameters import Array, LeaderPath, PlanParameters

MONTHS_PER_YEAR = 12.0


@dataclass(frozen=True)
class Lag:
    """How far behind the leader, in months, per date; negative when ahead.

    `extrapolated` marks dates where the leader's past had to be extended before its base state; `beyond`
    marks dates where the country is above all that the leader reaches in its horizon: there `months` is only
    an upper limit (the true lead is larger).
    """

    months: Array
    extrapolated: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    beyond: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def mid_dates(parameters: PlanParameters) -> Array:
    """Decimal year of the middle of each period, shape (periods,)."""
    return np.asarray(parameters.sets.starts, dtype=np.float64) + parameters.scalar("dt") / 2


def lag(dates: Array, capability: Array, leader_dates: Array, leader: LeaderPath, base_date: float) -> Lag:
    """Lag of `capability` (log units, dated `dates`) behind the leader's path.

    The leader's capability is made monotone by its running maximum and read by linear interpolation between
    the base state (at `base_date`) and the middles of its periods (`leader_dates`). Before the base state it
    falls by `leader.growth_before_base` per year.
    """
    level = np.maximum.accumulate(np.concatenate([[leader.base_capability], leader.capability]))
    when = np.concatenate([[base_date], leader_dates])
    rising = np.concatenate([[True], np.diff(level) > 0])
    level, when = level[rising], when[rising]
    reached = np.interp(capability, level, when)
    extrapolated = capability < level[0]
    reached[extrapolated] = base_date - (level[0] - capability[extrapolated]) / leader.growth_before_base
    beyond = capability > level[-1]
    reached[beyond] = leader_dates[-1]
    return Lag(MONTHS_PER_YEAR * (dates - reached), extrapolated, beyond)


def base_capability(parameters: PlanParameters, leader: LeaderPath) -> float:
    """Capability of the country in its base state, log units: section 5 at the inherited stocks.

    The leader's is where capability is counted from.
    """
    if parameters.country == leader.country:
        return leader.base_capability
    research_compute = np.sum(parameters["research_h100e"] * parameters["fleet0"]) * parameters["use0"][0]
    compute_ref = parameters.scalar("compute_ref")
    log_x = float(np.log((research_compute + parameters.scalar("compute_floor")) / compute_ref))
    slope, wall = parameters.scalar("data_slope"), parameters.scalar("data_wall")
    if np.isfinite(wall) and slope < 1:
        log_x = min(log_x, slope * log_x + (1 - slope) * float(np.log(wall / compute_ref)))
    knowledge = parameters.scalar("knowledge0") / parameters.scalar("knowledge_ref")
    own = (
        parameters.scalar("returns") * float(np.log(knowledge)) + parameters.scalar("catch_up_offset") + log_x
    )
    imitation = parameters.scalar("imitation")
    copied = (own + imitation * leader.base_capability) / (1 + imitation)
    return float(min(copied, own + parameters.scalar("help_ceiling")))


def lag_of_plan(parameters: PlanParameters, capability: Array, leader: LeaderPath) -> Lag:
    """Lag at the middle of each period, shape (periods,). The leader's own lag is 0."""
    dates = mid_dates(parameters)
    if parameters.country == leader.country:
        none = np.zeros(len(dates), dtype=np.bool_)
        return Lag(np.zeros(len(dates)), none, none)
    return lag(dates, capability, dates, leader, parameters.sets.starts[0])


def base_lag_months(parameters: PlanParameters, leader: LeaderPath) -> float:
    """Lag in the base state, months; reproduces the lag given as input."""
    if parameters.country == leader.country:
        return 0.0
    base = np.array([base_capability(parameters, leader)])
    start = parameters.sets.starts[0]
    return float(lag(np.array([start]), base, mid_dates(parameters), leader, start).months[0])


def effective_ratio(capability: Array, leader: LeaderPath) -> Array:
    """Effective compute over the leader's, exp(capability difference), shape (periods,)."""
    return np.asarray(np.exp(capability - leader.capability), dtype=np.float64)


def ratio(part: Array, whole: Array) -> Array:
    """`part` over `whole`, 0 where both are 0 and inf where only `whole` is; same shapes."""
    found = np.where(part > 0, np.inf, 0.0)
    np.divide(part, whole, out=found, where=whole > 0)
    return found


def shares(spend: Array) -> Array:
    """Each category's share of the spending, shape of `spend` (categories, ...); 0 where nothing is spent."""
    total = spend.sum(axis=0)
    found = np.zeros_like(spend)
    np.divide(spend, total, out=found, where=total > 0)
    return found


def premiums(values: Mapping[str, Array]) -> Array:
    """What buying faster than the normal pace costs in each period, USD bn, shape (periods,): part of what is
    paid; that of the grey market and of rent is in no category of the split."""
    return np.asarray(values["premium"].sum(axis=0))


# What is paid, whatever it is used for: all payments of the cash balance.
OUTLAYS = ("buy", "rent", "energy", "chips_cost", "talent_cost", "power_spend", "premium", "bidup")


def outlays(values: Mapping[str, Array]) -> Array:
    """Money paid in each period, USD bn, shape (periods,)."""
    return np.asarray(sum(values[name].reshape(-1, values[name].shape[-1]).sum(axis=0) for name in OUTLAYS))


def income(parameters: PlanParameters) -> Array:
    """What a plan may spend in each period, cash carried over apart, USD bn, shape (periods,)."""
    return np.asarray(parameters["income"] * parameters.scalar("dt"), dtype=np.float64)


def carried_in(parameters: PlanParameters, cash: Array) -> Array:
    """Cash at the start of each period, of that at their ends; USD bn, shape (periods,)."""
    return np.concatenate([[parameters.scalar("cash0")], cash[:-1]])


def interest(parameters: PlanParameters, carried: Array) -> Array:
    """Interest in each period on the cash carried in, USD bn, shape (periods,)."""
    return np.asarray(((1 + parameters.scalar("interest")) ** parameters.scalar("dt") - 1) * carried)


def power_drawn(parameters: PlanParameters, fleet: Array) -> Array:
    """Power that the fleet at the end of each period draws, GW, shape (periods,)."""
    return np.asarray(parameters["power_per_chip"] @ fleet, dtype=np.float64)


# Money below this share of all that is paid is what arithmetic leaves of nothing.
ROUND_OFF = 1e-8


def without_round_off(money: Array | Sequence[float], paid: float) -> Array:
    """Amounts of money, 0 where they are round-off beside the `paid` in all; same shape and unit."""
    return np.where(np.abs(money) > ROUND_OFF * paid, money, 0.0).astype(np.float64)


def installed_compute(parameters: PlanParameters, fleet: Array) -> Array:
    """The whole fleet at its research rating at the end of each period, kH100e, shape (periods,)."""
    return np.asarray(parameters["research_h100e"] @ fleet, dtype=np.float64)


def installed_at_start(parameters: PlanParameters) -> float:
    """The inherited fleet at its research rating, kH100e."""
    return float(parameters["research_h100e"] @ parameters["fleet0"])


def objective_weight_years(parameters: PlanParameters) -> float:
    """Discounted years over which a permanent change counts: sum of discount*dt, and the terminal years."""
    discount = parameters["discount"]
    return float(discount.sum() * parameters.scalar("dt") + parameters.scalar("terminal") * discount[-1])


def effective_compute_percent(price: Array, parameters: PlanParameters) -> Array | None:
    """Objective units as the permanent gain in effective compute, in log percent, that is worth the same.

    Linear, as a marginal price is. None where the objective gives capability no weight: then nothing can be
    expressed so.
    """
    weight = parameters.scalar("w_capability") * objective_weight_years(parameters)
    if weight <= 0:
        return None
    return np.asarray(100 * price / weight, dtype=np.float64)


def largest_remainder(parts: Sequence[float], total: int) -> list[int]:
    """Whole numbers proportional to `parts` that sum to `total` exactly (all 0 where the parts are)."""
    whole = sum(parts)
    if whole <= 0:
        return [0] * len(parts)
    exact = [total * part / whole for part in parts]
    floors = [int(value) for value in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (floors[i] - exact[i], i))
    for i in by_remainder[: total - sum(floors)]:
        floors[i] += 1
    return floors


def demand_over_output(purchases: Mapping[str, Array], output: Mapping[str, Array]) -> dict[str, Array]:
    """All countries' purchases of each chip over the world's output, per year; inf where there is no output.

    Both are thousand chips per year, arrays over the same years.
    """
    return {chip: ratio(bought, output[chip]) for chip, bought in purchases.items()}
