"""Rules for time and the objective: period length, discounting, weights."""

from __future__ import annotations

from models.parameters import Array
from optimizer.instance.resolving.registry import rule
from optimizer.instance.resolving.view import View


@rule("dt")
def dt(view: View) -> float:
    return view.calendar.dt


@rule("discount", "economy.discount_rate_per_year")
def discount(view: View) -> Array:
    return (1.0 + view.settings.economy.discount_rate_per_year.number()) ** -view.calendar.elapsed


@rule("tail")
def tail(view: View) -> float:
    return float(len(view.sets.periods) - view.sets.reported)


@rule("w_capability", "objectives.{objective}.capability_weight")
def w_capability(view: View) -> float:
    return view.weights.capability_weight.number()


@rule("w_autonomy", "objectives.{objective}.autonomy_weight")
def w_autonomy(view: View) -> float:
    return view.weights.autonomy_weight.number()


@rule("autonomy_floor", "objectives.{objective}.autonomy_floor_kh100e")
def autonomy_floor(view: View) -> float:
    return view.weights.autonomy_floor_kh100e.number()


@rule("shortfall_penalty", "objectives.{objective}.shortfall_penalty_per_log_unit")
def shortfall_penalty(view: View) -> float:
    return view.weights.shortfall_penalty_per_log_unit.number()


@rule("terminal", "objectives.{objective}.terminal_years")
def terminal(view: View) -> float:
    return view.weights.terminal_years.number()
