"""The answer of a run in a sentence or two, with the range over the inputs or that it was not computed."""

from __future__ import annotations

from typing import Final

from optimizer.answer.bands import LAG, NOT_COMPUTED, NOT_OF_A_VIEW
from optimizer.tell.bands import of_draws, span
from optimizer.tell.page import words
from optimizer.tell.page.bands import bands_of
from optimizer.tell.page.saved import Plan, SavedRun

NO_RANGE_OF_POLICIES: Final = "How far the ranges of the inputs would move this was not computed."


def answer(run: SavedRun) -> str:
    """Who leads, and how far behind the closest of the others is; empty where there is no plan to tell of."""
    if not any(run.base(country).solved for country in run.plans):
        return ""
    leader, followers = run.name(run.leader), words.closest_first(run)
    if not followers:
        alone = next(plan for plan in map(run.base, run.plans) if plan.solved)
        known = "" if bands_of(run) is not None else f"; {_not_computed(alone)}"
        return f"{leader} leads{known}.{_view(alone)}"
    closest = followers[0]
    name = run.name(closest.country)
    several = f"the closest of {len(followers)} others, {name}," if len(followers) > 1 else name
    passes = closest.top.passes_the_leader_in
    first = f"{leader} is passed by {name} in {passes}" if passes else f"{leader} leads to {closest.top.last}"
    where = "it" if passes else several
    return f"{first}: {where} is {_moves(closest)} ({_range(run, closest)}).{_view(closest)}"


def answer_of_country(run: SavedRun, plan: Plan) -> str:
    """Where one country stands; of the leader that it leads."""
    if plan.country == run.leader:
        return "Leads: the others are measured against it."
    path = words.path_of(run, plan)
    return f"{path[0].upper()}{path[1:]}." if path else ""


def _not_computed(plan: Plan) -> str:
    return NOT_COMPUTED if plan.answer.rolled is None else NOT_OF_A_VIEW


def _view(plan: Plan) -> str:
    """Of a plan that was decided year by year, that it was."""
    rolled = plan.answer.rolled
    if rolled is None or len(rolled.windows) == 1:
        return ""
    return f" Decided year by year with {rolled.view}: no optimum of the whole."


def _moves(plan: Plan) -> str:
    """The lag, or the lead, at the start and at the horizon."""
    start, _, end = words.lags(plan) or (0.0, 0.0, 0.0)
    at_start, at_end = words.lag_text(plan, start), words.lag_text(plan, end, plan.top.last)
    return f"{at_start} at the start and {at_end} in {plan.top.last}"


def _range(run: SavedRun, plan: Plan) -> str:
    bands = bands_of(run)
    found = None if bands is None else bands.band(plan.country, f"{LAG}/{plan.top.last}")
    told = span(found, 0)
    if bands is None or not told:
        return _not_computed(plan)
    return f"{told}: {of_draws(bands, [plan.country], run.name)}"
