"""What no plan in staged mode can exceed, from data alone: wafers started, levels reached, programmes done.

These numbers close the gap between the integer program and its relaxation, and they may cut off no plan: each
is what a country could do at most if it put all its money and all its tools on the one thing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from models.parameters import Array
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View

MONTHS: Final = 12
# a bound must not cut off a plan by its own rounding
ROUNDING: Final = 1e-9
_MONEY: Final = (
    *("income", "cash0", "debt_limit", "carry_limit", "interest", "cost_recovery", "home_return"),
)


@rule("money_in_hand", uses=_MONEY)
def money_in_hand(view: View) -> Array:
    """USD bn that a plan can spend in each period at most, shape (periods,). Where users or the home market
    pay the plan something back nothing is said: tools and plants then bound what can be built."""
    dt, periods = view.calendar.dt, len(view.sets.periods)
    most = np.full(periods, np.inf)
    if float(view["cost_recovery"] + view["home_return"]) > 0:
        return most
    grown = (1 + max(float(view["interest"]), 0.0)) ** dt
    before = max(float(view["cash0"]), 0.0)
    for t in range(periods):
        most[t] = grown * before + view["income"][t] * dt + view["debt_limit"][t]
        before = min(most[t], float(view["carry_limit"][t]))
    return most * (1 + ROUNDING)


def affordable(view: View, supply: str, cost: Array) -> Array:
    """What can be had of a supply in each period at most, at a cost per unit and the premium for its pace."""
    money, dt = view["money_in_hand"], view.calendar.dt
    row = view.sets.supplies.index(supply)
    normal = view["normal"][row] * dt
    price, elasticity = view["price"][row], float(view["elasticity"][row])
    with np.errstate(divide="ignore", invalid="ignore"):
        at_cost = np.where(cost > 0, money / cost, np.inf)
        slope = np.where(np.isfinite(normal), price / (2 * elasticity * normal), 0.0)
        # cost*(normal + over) + slope*over**2 = money
        left = np.maximum(money - cost * normal, 0.0)
        root = (np.sqrt(cost**2 + 4 * slope * left) - cost) / (2 * slope)
        paced = normal + np.where(slope > 0, root, np.inf)
    return np.where(np.isfinite(normal), np.minimum(at_cost, np.maximum(paced, 0.0)), at_cost)


@rule(
    "tools_made_max",
    uses=(
        *("toolmaking0", "toolmaking_pending", "toolmaking_build_limit", "toolmaking_arrival"),
        *("toolmaking_cost", "money_in_hand"),
    ),
)
def tools_made_max(view: View) -> Array:
    if not view.sets.levels:
        return np.zeros((0, len(view.sets.periods)))
    dt, money = view.calendar.dt, view["money_in_hand"]
    cost = view["toolmaking_cost"][:, None]
    with np.errstate(divide="ignore"):
        paid = np.where(cost > 0, money / np.where(cost > 0, cost, 1.0), np.inf)
    built = np.minimum(view["toolmaking_build_limit"] * dt, paid)
    for row, one in enumerate(view.sets.staged_classes):
        if not np.isfinite(built[row]).all():
            _unbounded(view, f"toolmaking of {one}")
            built[row] = 0.0
    added = view["toolmaking_pending"] + arrived(view["toolmaking_arrival"], built)
    ends = view["toolmaking0"][:, None] + np.cumsum(added, axis=1)
    before = np.concatenate([view["toolmaking0"][:, None], ends[:, :-1]], axis=1)
    return dt * (before + ends) / 2 * (1 + ROUNDING)


@rule("class_openable", uses=["class_cost", "class_arrival", "class_rate_limit", "transfer"])
def class_openable(view: View) -> Array:
    return _done(view, view["class_cost"], view["class_arrival"], view["class_rate_limit"])


@rule("openable", uses=["node_cost", "node_arrival", "node_rate_limit", "previous_line", "transfer"])
def openable(view: View) -> Array:
    """1 where the programmes of a node and of all before it can be done."""
    own = _done(view, view["node_cost"], view["node_arrival"], view["node_rate_limit"])
    before = view["previous_line"] > 0
    for _ in view.sets.staged_lines:
        first = np.where(before[:, :, None], own[None, :, :], 1.0).min(axis=1, initial=1.0)
        own = np.minimum(own, first)
    return own


def _done(view: View, cost: Array, arrival: Array, rate: Array) -> Array:
    progress = np.cumsum(arrived(arrival, rate * view.calendar.dt), axis=1)
    asked = cost[:, None] / (1 + float(view["transfer"]))
    return np.asarray(progress >= asked * (1 - ROUNDING), dtype=np.float64)


@rule(
    "built_max",
    uses=(
        *("wafer_cost", "tools_per_wafer", "tool_stock0", "tool_import_limit", "tool_price"),
        *("tools_made_max", "class_openable", "money_in_hand", "price", "elasticity", "normal"),
    ),
)
def built_max(view: View) -> Array:
    """Wafer capacity that each line could have ordered by the end of each period with all the tools and all
    the money, whole modules or not."""
    sets, periods = view.sets, len(view.sets.periods)
    if not sets.levels:
        return np.zeros((0, periods))
    tools = np.zeros((len(sets.tool_classes), periods))
    for g, one in enumerate(sets.tool_classes):
        bought = np.minimum(
            view["tool_import_limit"][g] * view.calendar.dt, affordable(view, one, view["tool_price"][g])
        )
        made = view["tools_made_max"][g] * view["class_openable"][g]
        tools[g] = view["tool_stock0"][g] + np.cumsum(bought + made)
    most = np.zeros((len(sets.lines), periods))
    for n, line in enumerate(sets.lines):
        built = np.cumsum(affordable(view, line, np.full(periods, view["wafer_cost"][n])))
        for g, need in enumerate(view["tools_per_wafer"][n]):
            if need > 0:
                built = np.minimum(built, tools[g] / need)
        if line not in view.nation.industry.lines:
            continue
        if not np.isfinite(built).all():
            _unbounded(view, f"fabs of {line}")
            continue
        most[n] = np.maximum.accumulate(built) * (1 + ROUNDING)
    return most


@rule("modules_max", uses=["built_max", "module"])
def modules_max(view: View) -> Array:
    """Whole modules in what could be ordered; without bound where fabs have any size."""
    module = view["module"][:, None]
    whole = np.floor(view["built_max"] / np.where(module > 0, module, 1.0))
    return np.where(module > 0, whole, np.inf)


@rule(
    "started_max",
    uses=(
        *("wafer_capacity0", "wafer_pending", "wafer_arrival", "ai_share", "openable"),
        *("built_max", "modules_max", "module"),
    ),
)
def started_max(view: View) -> Array:
    """Wafers that each line could start for AI chips with all that could be ordered."""
    if not view.sets.levels:
        return np.zeros((0, len(view.sets.periods)))
    module = view["module"][:, None]
    with np.errstate(invalid="ignore"):
        built = np.where(module > 0, module * view["modules_max"], view["built_max"])
    added = view["wafer_pending"] + arrived(view["wafer_arrival"], np.diff(built, prepend=0.0, axis=1))
    first = view["wafer_capacity0"][:, None]
    ends = first + np.cumsum(added, axis=1)
    before = np.concatenate([first, ends[:, :-1]], axis=1)
    most = MONTHS * view.calendar.dt * view["ai_share"] * (before + ends) / 2
    return np.asarray(most * view["openable"] * (1 + ROUNDING))


@rule("most_experience", uses=["learning0", "learning_other", "started_max"])
def most_experience(view: View) -> Array:
    """Experience that a line can have at the start of each period and at the end of the last, shape
    (lines, periods + 1)."""
    gained = np.cumsum(view["started_max"] + view["learning_other"], axis=1)
    first = np.zeros((len(view.sets.staged_lines), 1))
    return np.asarray(view["learning0"][:, None] + np.concatenate([first, gained], axis=1))


@rule("next_threshold", uses=["learning_wafers", "most_experience", "transfer"])
def next_threshold(view: View) -> Array:
    """Of the last level that a line has, all the experience that can be had."""
    wafers, shared = view["learning_wafers"], view.settings.staged
    found = np.concatenate([wafers[:, 1:], wafers[:, -1:]], axis=1)
    most = view["most_experience"][:, -1] * (1 + float(view["transfer"])) * (1 + ROUNDING)
    for row, line in enumerate(view.sets.staged_lines):
        count = len(shared.lines[line].levels) if shared is not None and line in shared.lines else 1
        found[row, count - 1 :] = max(most[row], wafers[row, -1])
    return found


def _least_experience(view: View) -> Array:
    """Experience that a line has at the start of each period if it starts no wafer, (lines, periods)."""
    other = view["learning_other"]
    return np.asarray(view["learning0"][:, None] + np.cumsum(other, axis=1) - other)


@rule("spare_experience", uses=["learning_wafers", "learning0", "learning_other", "transfer"])
def spare_experience(view: View) -> Array:
    least = _least_experience(view)[:, None] * (1 - ROUNDING)
    return np.maximum(least - view["learning_wafers"][:, :, None] / (1 + float(view["transfer"])), 0.0)


@rule(
    "reachable",
    "staged.lines.*.levels",
    uses=["learning_wafers", "next_threshold", "most_experience", "learning0", "learning_other", "transfer"],
)
def reachable(view: View) -> Array:
    """1 where a line may stand at a level: enough experience can be there by then, and not too much must."""
    shape = (len(view.sets.staged_lines), len(view.sets.levels), len(view.sets.periods))
    if not view.sets.levels:
        return np.zeros(shape)
    easier = 1 + float(view["transfer"])
    least = _least_experience(view)
    asked = view["learning_wafers"][:, :, None] / easier
    left = view["next_threshold"][:, :, None] / easier
    most = view["most_experience"][:, None, :-1]
    found = (asked <= most * (1 + ROUNDING)) & (left >= least[:, None, :] * (1 - ROUNDING))
    shared = view.settings.staged
    for row, line in enumerate(view.sets.staged_lines):
        count = len(shared.lines[line].levels) if shared is not None and line in shared.lines else 1
        found[row, count:] = False
    return found.astype(np.float64)


def arrived(arrival: Array, order: Array) -> Array:
    """Orders turned into arrivals by the profile of each row; both have one row for each line or class."""
    periods = order.shape[1]
    rows = [np.convolve(one, shares)[:periods] for one, shares in zip(order, arrival, strict=True)]
    return np.array(rows).reshape(order.shape)


def _unbounded(view: View, what: str) -> None:
    view.problem(
        "E509",
        f"{view.country}: nothing bounds the {what} that a plan could order, as staged mode needs",
        f"countries.{view.country}.industry",
        view.nation.industry.know_how_transfer.location,
        hint="give what it costs, or a limit of what can be bought or built",
    )
