"""What a staged plan says of the domestic chip industry: what it unlocks when, what yields it reaches, and
when home-made compute catches up with all that is added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array, PlanParameters
from optimizer.answer.run import CountryRun
from optimizer.answer.stages import ReachedLevel, Stages

# Of the compute that a country adds, the share from which it is said to stand on its own.
MOST_OF_IT: Final = 0.9


def stages(run: CountryRun, leader_run: CountryRun | None) -> Stages | None:
    """The long game of a plan; None in path mode, and where there is no plan."""
    parameters, values = run.parameters, run.values
    if parameters is None or values is None or not parameters.sets.levels:
        return None
    sets = parameters.sets
    last = sets.reported - 1
    own, home = added(parameters, values), home_added(parameters, values)
    share = np.divide(home, own, out=np.zeros_like(home), where=own > 0)
    ratio = None
    led = _leaders(run, leader_run)
    if led is not None:
        ratio = np.divide(home, led, out=np.zeros_like(home), where=led > 0)
    has = {line: n for n, line in enumerate(sets.lines) if values["wafer_capacity"][n].any()}
    level = values["level"].argmax(axis=1)
    count = (np.diff(parameters["learning_wafers"], axis=1, prepend=-1) > 0).sum(axis=1)
    return Stages(
        unlocked={
            **_opened(sets.lines, parameters["node_cost"], values["unlocked"], sets.periods),
            **_opened(sets.tool_classes, parameters["class_cost"], values["class_unlocked"], sets.periods),
        },
        reached={
            line: ReachedLevel(
                level=int(level[n, last]) + 1,
                levels=int(count[n]),
                good_share=float(parameters["yield_level"][n, level[n, last]]),
            )
            for line, n in has.items()
        },
        ordered_kwpm={
            line: float(values["wafer_built"][n, : sets.reported].sum()) for line, n in has.items()
        },
        home_share_from=_from(share >= MOST_OF_IT, sets.periods, last),
        matches_leader_from=None if ratio is None else _from(ratio >= 1, sets.periods, last),
        home_share=float(share[last]),
        home_ratio=None if ratio is None else float(ratio[last]),
    )


def staged_metrics(run: CountryRun, leader_run: CountryRun | None) -> dict[str, Array]:
    """The metrics of the long game by period; none in path mode, and without a plan."""
    p, v = run.parameters, run.values
    if p is None or v is None or not p.sets.levels:
        return {}
    found = {
        "good_share": np.asarray(np.einsum("nl,nlt->nt", p["yield_level"], v["level"])),
        "home_added": home_added(p, v),
        "all_added": added(p, v),
        "market_supply": market_supply(p),
    }
    led = _leaders(run, leader_run)
    return found if led is None else {**found, "leader_added": led}


def _leaders(run: CountryRun, leader_run: CountryRun | None) -> Array | None:
    """The compute that the leader adds in each period; None for the leader itself, and without its plan."""
    if leader_run is None or leader_run.values is None or leader_run.parameters is None:
        return None
    return None if run.country == leader_run.country else added(leader_run.parameters, leader_run.values)


def home_added(parameters: PlanParameters, values: Mapping[str, Array]) -> Array:
    """Compute of the chips made at home in each period, kH100e at their research rating."""
    rating = parameters["is_domestic"] * parameters["research_h100e"]
    return np.asarray(rating @ values["domestic"])


def added(parameters: PlanParameters, values: Mapping[str, Array]) -> Array:
    """Compute of all chips bought and made in each period, kH100e at their research rating."""
    chips = values["imports"] + values["grey"] + values["domestic"]
    return np.asarray(parameters["research_h100e"] @ chips)


def market_supply(parameters: PlanParameters) -> Array:
    """Compute of the chips from abroad that rules allow and that are within reach of the country's share of
    their supply in each period, kH100e at their research rating; infinite where one has no limit."""
    rating = (1 - parameters["is_domestic"]) * parameters["research_h100e"]
    limits = parameters["import_limit"] * parameters["dt"]
    return np.asarray(rating[rating > 0] @ limits[rating > 0])


def _opened(
    names: tuple[str, ...], cost: Array, unlocked: Array, periods: tuple[str, ...]
) -> dict[str, str | None]:
    """When each thing with a programme is unlocked."""
    found: dict[str, str | None] = {}
    for position, name in enumerate(names):
        if cost[position] > 0:
            open_in = np.flatnonzero(unlocked[position] > 0.5)
            found[name] = periods[open_in[0]] if len(open_in) else None
    return found


def _from(holds: NDArray[np.bool_], periods: tuple[str, ...], last: int) -> str | None:
    """The first period from which something holds to the last reported one."""
    fails = np.flatnonzero(~holds[: last + 1])
    first = int(fails[-1]) + 1 if len(fails) else 0
    return periods[first] if first <= last else None
