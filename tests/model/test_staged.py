"""The staged industry solved: against enumeration, path mode, and what its rows say of a plan."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from models.national import build
from models.parameters import TABLE, Array, PlanParameters
from models.simulate import DECISIONS, simulate, weight_of_time
from models.stages import arrived, broken, wafer_starts, whole_steps
from optimizer.program import Program, compile_model
from optimizer.solver import Solution, Solver
from optimizer.solver.certificate import check_point
from tests.model.plan_solver import (
    columns_of,
    program_of,
    restore_by_forward_run,
    solve_plan,
    vector_of,
)
from tests.model.small_plan import small_plan

PERIODS, LEVELS = 3, ("l1", "l2")
GAP = 1e-6
WHOLE = ("level", "unlocked", "class_unlocked", "modules")
CASES = 32


def one_year_later(steps: int = 1) -> Array:
    arrival = np.zeros(3 * steps + 1)
    arrival[steps] = 1.0
    return arrival


def random_staged(seed: int, **more: Any) -> PlanParameters:
    """A small plan in which a node may have to be opened, a level learned and a fab ordered whole."""
    rng = np.random.default_rng(seed)
    modular = seed % 3 == 0
    module = rng.uniform(9, 15) if modular else 0.0
    low = rng.uniform(0.1, 0.4)
    threshold = rng.uniform(20, 160)
    start = rng.choice([0.0, rng.uniform(0, threshold)])
    changes: dict[str, Any] = {
        "yield_level": [[low, min(1.0, low * rng.uniform(1.1, 2.5))]],
        "learning_wafers": [[0, threshold]],
        "next_threshold": [[threshold, 1e4]],
        "reachable": 1.0,
        "started_max": 450.0,
        "learning0": start,
        "learning_other": rng.choice([0.0, rng.uniform(0, 30)]),
        "node_cost": rng.choice([0.0, rng.uniform(0.2, 2.0)]),
        "node_arrival": one_year_later()[None],
        "node_rate_limit": 3.0,
        "openable": 1.0,
        "module": module,
        "module_side": 0.0 if modular else np.inf,
        "wafer_arrival": one_year_later()[None],
        # with modules, tools for one of them and no more
        "tool_stock0": 1.2 * module * rng.uniform(1, 1.6) if modular else rng.uniform(0, 10),
        "tool_import_limit": 0.0 if modular else 20.0,
        "toolmaking0": 0.0 if modular else 1.0,
        "toolmaking_pending": 0.0,
        "toolmaking_build_limit": 0.0,
        "transfer": rng.choice([0.0, 0.3]),
        "wafer_run_cost": rng.choice([0.0, 0.0045]),
        "income": rng.uniform(30, 120),
        "w_autonomy": rng.uniform(0, 2),
        "mandate": 0.0,
        **({"wafer_capacity0": [2.0]} if modular else {}),
        "hbm_stock0": rng.uniform(40, 200),
        "packaging0": rng.uniform(600, 2000),
        "make_limit": np.array([0, 0, 0, np.inf, np.inf])[:, None],
        "launched": 1.0,
        "launch_side": np.inf,
    }
    return small_plan(PERIODS, levels=LEVELS, **{**changes, **more})


@cache
def fixed_program() -> Program:
    """The same plan with its whole numbers given, and no integers left in it."""
    model = build(random_staged(0))
    for name in WHOLE:
        variable = model.component(name)
        for one in variable.values():
            one.domain = pyo.NonNegativeReals
        index = list(variable)
        model.add_component(f"given_{name}", pyo.Param(index, mutable=True, initialize=0.0))
        model.add_component(
            f"fixed_{name}",
            pyo.Constraint(
                index,
                rule=lambda m, *key, name=name: m.component(name)[key] == m.component(f"given_{name}")[key],
            ),
        )
    return compile_model(model, tie_breaker="least_spending")


def best_of_fixed(p: PlanParameters, whole: dict[str, Array]) -> Solution:
    program = fixed_program()
    values = {name: p[name] for name in TABLE} | {f"given_{name}": array for name, array in whole.items()}
    restore = restore_by_forward_run(p, program)
    return Solver(program).solve(
        program.parameter_vector(values), gap=GAP, gap_scale=weight_of_time(p), restore=restore
    )


def assignments(p: PlanParameters) -> Iterator[dict[str, Array]]:
    """Every assignment of whole numbers that can make a plan: what is learned and opened stays, research
    bears after a year, and the tools suffice for one module."""
    never = PERIODS
    orders = [None, *range(PERIODS)] if p["module"].any() else [None]
    opened = range(PERIODS + 1) if not p["node_cost"].any() else range(1, PERIODS + 1)
    for learned, first, order in itertools.product(range(PERIODS + 1), opened, orders):
        level = np.zeros((1, 2, PERIODS))
        level[0, 0, :learned] = 1
        level[0, 1, learned:] = 1
        unlocked = (np.arange(PERIODS) >= first).astype(float)[None]
        modules = np.zeros((1, PERIODS))
        if order is not None:
            modules[0, order] = 1
        if learned < never and _experience_without(p) < p["learning_wafers"][0, 1] / 1.3 and first >= learned:
            # the level takes wafers, and no wafer was started before it
            continue
        yield {
            "level": level,
            "unlocked": unlocked,
            "class_unlocked": np.ones((1, PERIODS)),
            "modules": modules,
        }


def _experience_without(p: PlanParameters) -> float:
    return float(p["learning0"][0] + p["learning_other"].sum())


@cache
def solved_case(seed: int) -> Solution:
    p = random_staged(seed)
    p.check()
    return solve_plan(p, GAP)


@pytest.mark.parametrize("seed", range(CASES))
def test_the_integer_optimum_is_the_best_of_all_assignments(seed: int) -> None:
    p, found = random_staged(seed), solved_case(seed)
    assert found.status == "optimal", found.message
    tried = [best_of_fixed(p, whole) for whole in assignments(p)]
    # one that stops has bounds all the same
    some = [one for one in tried if one.status != "infeasible"]
    lower = max(one.certificate.lower for one in some if one.has_plan)
    upper = max(one.certificate.upper for one in some)
    tolerance = 2 * GAP * weight_of_time(p)
    assert found.certificate.upper >= lower - tolerance
    assert found.certificate.lower <= upper + tolerance
    assert found.objective == pytest.approx(lower, abs=tolerance)


def test_the_cases_learn_open_and_build_and_leave_it() -> None:
    """Cases in which nothing is decided would show nothing."""
    learned, opened, built, left = 0, 0, 0, 0
    for seed in range(CASES):
        p = random_staged(seed)
        values = by_name(p, solved_case(seed))
        at_start = p["learning0"][0] * (1 + p["transfer"]) >= p["learning_wafers"][0, 1]
        learned += bool(values["level"][0, 1, -1] > 0.5 and not at_start)
        opened += bool(p["node_cost"][0] > 0 and values["unlocked"][0, -1] > 0.5)
        built += bool(values["modules"].sum() > 0.5 and p["module"][0] > 0)
        left += bool(p["node_cost"][0] > 0 and values["unlocked"][0, -1] < 0.5)
    assert min(learned, opened, built) >= 2
    assert left + built >= 2


@pytest.mark.parametrize("seed", range(4))
def test_one_open_level_and_no_modules_is_path_mode(seed: int) -> None:
    rng = np.random.default_rng(seed)
    changes = {
        "income": rng.uniform(30, 120),
        "transfer": rng.uniform(0, 1),
        "wafer_yield": rng.uniform(0.2, 0.8),
        "w_autonomy": rng.uniform(0, 1),
    }
    path = small_plan(5, **changes)
    good = 1 - (1 - path["wafer_yield"][0, 0]) / (1 + path.scalar("transfer"))
    staged = small_plan(5, levels=("l1",), yield_level=good, **changes)
    one, other = solve_plan(path), solve_plan(staged)
    assert one.status == other.status == "optimal"
    assert other.objective == pytest.approx(one.objective, abs=2 * GAP * weight_of_time(path))


def values_of(p: PlanParameters, gap: float = 1e-5) -> dict[str, Array]:
    found = solve_plan(p, gap)
    assert found.status == "optimal", found.message
    return by_name(p, found)


def by_name(p: PlanParameters, found: Solution) -> dict[str, Array]:
    blocks = program_of(p).variables
    return {name: found.x[block.slice].reshape(block.shape) for name, block in blocks.items()}


def quarterly(**changes: Any) -> PlanParameters:
    """Two years in quarters; research and fabs take a year."""
    return small_plan(
        8,
        4,
        levels=("l1", "l2", "l3"),
        **{
            "yield_level": [[0.2, 0.4, 0.6]],
            "learning_wafers": [[0, 30, 90]],
            "next_threshold": [[30, 90, 1e4]],
            "reachable": 1.0,
            "started_max": 150.0,
            "node_cost": 1.0,
            "node_arrival": one_year_later(4)[None],
            "node_rate_limit": 3.0,
            "w_autonomy": 2.0,
            "make_limit": np.array([0, 0, 0, np.inf, np.inf])[:, None],
            "launched": 1.0,
            "launch_side": np.inf,
            "hbm_stock0": 200.0,
            **changes,
        },
    )


def test_a_plan_in_quarters_opens_a_node_and_learns_by_its_wafers() -> None:
    p = quarterly()
    v = values_of(p)
    level, started = v["level"][0].argmax(axis=0), v["wafers_started"][0]
    # it takes two quarters to pay for it, and that of the second bears in the sixth
    assert v["unlocked"][0].tolist() == [0, 0, 0, 0, 0, 1, 1, 1]
    assert started[:5].max() < 1e-9
    assert started[5] > 1
    before = np.concatenate([[0.0], v["experience"][0, :-1]])
    thresholds = np.array([0, 30, 90]) / 1.1
    for t in range(8):
        assert before[t] >= thresholds[level[t]] - 1e-6
        assert level[t] == 2 or before[t] <= thresholds[level[t] + 1] + 1e-6
    # each wafer started became chips at the yield of its level
    used = np.einsum("k,kt->t", p["on_line"][:, 0] * p["wafers_per_chip"], v["domestic"] - v["bank_drawn"])
    np.testing.assert_allclose(used, np.array([0.2, 0.4, 0.6])[level] * started, rtol=1e-7, atol=1e-9)


def test_research_that_nothing_comes_of_is_not_paid() -> None:
    """A node that would open too late is left: its programme costs money and changes nothing else."""
    v = values_of(quarterly(node_arrival=np.eye(13)[12][None], openable=0.0))
    assert v["unlocked"].max() < 0.5
    assert v["node_rd"].max() < 1e-6


def test_know_how_that_is_shared_opens_a_node_for_less() -> None:
    dear, cheap = (values_of(quarterly(transfer=share)) for share in (0.0, 1.0))
    assert dear["node_rd"].sum() == pytest.approx(1.0, rel=1e-5)
    assert cheap["node_rd"].sum() == pytest.approx(0.5, rel=1e-5)


def test_a_class_of_tools_is_made_at_home_only_once_it_is_unlocked() -> None:
    changes: dict[str, Any] = {
        "tool_import_limit": 0.0,
        "tool_stock0": 0.0,
        "toolmaking0": 4.0,
        "toolmaking_pending": 0.0,
        "node_cost": 0.0,
        "class_cost": 0.2,
        "class_arrival": one_year_later(4)[None] * 0 + np.eye(13)[1],
        "class_rate_limit": 3.0,
        "wafer_arrival": np.eye(13)[1][None],
        "tools_made_max": 5.0,
        "wafer_capacity0": [0.5],
        "wafer_pending": 0.0,
        "designer_ceiling": 1.0,
        "ceiling_side": np.inf,
    }
    v = values_of(quarterly(**changes))
    closed = v["class_unlocked"][0] < 0.5
    assert closed[0]
    assert not closed[-1]
    assert v["tools_made"][0][closed].max() == 0
    assert v["tools_made"][0].max() > 0
    never = values_of(quarterly(**{**changes, "class_openable": 0.0}))
    assert never["tools_made"].max() == 0
    assert never["wafer_built"].max() == 0


def test_a_plan_that_saves_on_the_wafers_of_its_levels_is_none() -> None:
    """What cannot be paid for is saved on home-made chips last; the levels that rested on them are then
    claimed and not earned, which the check of a plan sees."""
    p = quarterly(node_cost=0.0)
    decided = {name: value for name, value in values_of(p).items() if name in DECISIONS}
    bare = {name: 0 * decided[name] for name in ("imports", "grey", "rented", "recruited")}
    poorer = quarterly(node_cost=0.0, cash0=0.0, debt_limit=0.0, income=0.1 * p["income"])
    settled = simulate(poorer, decided | bare, settle=True)
    assert settled["domestic"].sum() < 0.9 * decided["domestic"].sum()
    before = np.concatenate([[0.0], settled["experience"][0, :-1]])
    claimed = np.array([0, 30, 90]) @ settled["level"][0] / (1 + p.scalar("transfer"))
    assert (claimed > before + 1e-3).any()
    program = program_of(poorer)
    at = program.at(vector_of(poorer))
    assert not check_point(at, columns_of(program, settled)).feasible


@pytest.mark.parametrize("seed", range(6))
def test_broken_steps_become_those_of_a_plan_near_by(seed: int) -> None:
    """Whole, in order, and at the level that the wafers started before have earned."""
    p = quarterly(module=9.0, module_side=0.0, modules_max=3.0, openable=1.0)
    v, rng = values_of(quarterly()), np.random.default_rng(seed)
    v["unlocked"] = np.sort(rng.uniform(0, 1, v["unlocked"].shape), axis=1)
    v["modules"] = rng.uniform(0, 0.6, v["modules"].shape)
    assert broken(p, v)
    whole = whole_steps(p, v)
    assert not broken(p, {**v, **whole})
    assert (whole["unlocked"] == (v["unlocked"] >= 0.5)).all()
    due, ordered = np.cumsum(v["modules"], axis=1), np.cumsum(whole["modules"], axis=1)
    assert (np.abs(ordered - np.minimum(due, 3)) <= 0.5).all()
    assert (np.diff(ordered, axis=1) >= 0).all()
    added = p["wafer_pending"] + arrived(p["wafer_arrival"], 9.0 * whole["modules"])
    most = wafer_starts(p, p["wafer_capacity0"][:, None] + np.cumsum(added, axis=1)) * whole["unlocked"]
    started = np.clip(v["started"].sum(axis=1), 0.0, most)
    stage = whole["level"].argmax(axis=1)
    assert (whole["level"].sum(axis=1) == 1).all()
    for line, wafers in enumerate(started):
        learned = float(p["learning0"][line])
        for t, more in enumerate(wafers + p["learning_other"][line]):
            assert p["learning_wafers"][line, stage[line, t]] <= learned + 1e-9
            assert learned <= p["next_threshold"][line, stage[line, t]] + 1e-9
            learned += more
