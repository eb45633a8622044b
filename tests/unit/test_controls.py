"""The controller's game: designs, dominance, order, and answers that are known."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyomo.environ as pyo
import pytest

from models.parameters import PlanParameters
from optimizer.answer.controls import DOMINATED, FRONTIER, UNDECIDED, Range
from optimizer.errors import Diagnostic, InputError
from optimizer.instance import load, parse_patch, patch
from optimizer.instance.template import TEMPLATE
from optimizer.program import compile_model
from optimizer.solver import Solver
from optimizer.study.controls.design import Design, check_design, read_design
from optimizer.study.controls.frontier import Candidate, verdicts
from optimizer.study.controls.monotone import layers, looser, order
from optimizer.study.controls.play import play
from optimizer.study.controls.regimes import Question, check_question
from tests.cli.case_studies import DIRECTORY

WORLD = load(TEMPLATE)
YEAR = WORLD.settings.horizon.last_year
LIMIT = "countries.CHN.trade.limits.nv_h200"
GREY = "countries.CHN.trade.grey.output_share"
BUDGET, GREY_PRICE, MOST = 10.0, 2.0, 10.0


def design(**factors: dict[str, list[str]]) -> Design:
    read = {
        factor: {level: tuple(parse_patch(text) for text in texts) for level, texts in levels.items()}
        for factor, levels in factors.items()
    }
    return Design("A design", read)


def written(directory: Path, text: str) -> Path:
    file = directory / "mine.yaml"
    file.write_text(f"format_version: 1\ntitle: Mine\n{text}")
    return file


def refused(found: Sequence[Diagnostic]) -> list[str]:
    return [each.code for each in found]


# the toy: a budget of 10, a legal price of 1 up to a cap, a grey price of 2, capability log(x)


def market(cap: float) -> Solver:
    m = pyo.ConcreteModel("one market")
    m.cap = pyo.Param(initialize=cap, mutable=True)
    m.legal = pyo.Var(within=pyo.NonNegativeReals)
    m.grey = pyo.Var(within=pyo.NonNegativeReals)
    m.capped = pyo.Constraint(expr=m.legal <= m.cap)
    m.budget = pyo.Constraint(expr=m.legal + GREY_PRICE * m.grey <= BUDGET)
    m.capability = pyo.Objective(expr=pyo.log(m.legal + m.grey), sense=pyo.maximize)
    return Solver(compile_model(m))


def test_value_of_a_cap_and_its_price_are_known() -> None:
    solver = market(5.0)
    for cap in (0.0, 2.5, 5.0, 10.0):
        solution = solver.solve(np.array([cap]), gap=1e-9)
        assert solution.objective == pytest.approx(math.log(5 + cap / 2), abs=1e-8)
    solution = solver.solve(np.array([5.0]), gap=1e-9)
    assert solver.sensitivity(solution)[0] == pytest.approx(1 / 15, abs=1e-6)
    assert pytest.approx(0.0666667, abs=1e-7) == 1 / (10 + 5.0)


@pytest.mark.parametrize(("weight", "best"), [(14.4, 10.0), (14.45, 0.0)])
def test_a_controller_of_a_cap_goes_to_a_corner(weight: float, best: float) -> None:
    solver = market(5.0)
    caps = np.linspace(0.0, MOST, 11)
    values = np.array([solver.solve(np.array([cap]), gap=1e-9).objective for cap in caps])
    payoffs = caps - weight * values
    assert caps[payoffs.argmax()] == best
    # the value is concave in a cap, so that the payoff is never best inside
    assert payoffs[1:-1].max() < max(payoffs[0], payoffs[-1]) - 1e-3
    assert 10 / math.log(2) == pytest.approx(14.427, abs=1e-3)


# dominance


def exact(number: int, delay: float, revenue: float) -> Candidate:
    return spread(number, (delay, delay, delay), (revenue, revenue, revenue))


def spread(number: int, delay: tuple[float, float, float], revenue: tuple[float, float, float]) -> Candidate:
    return Candidate(number, *(Range(least=low, at=at, greatest=high) for low, at, high in (delay, revenue)))


def test_dominated_is_what_another_beats_on_both_counts() -> None:
    found = verdicts([exact(1, 20, 10), exact(2, 25, 5), exact(3, 20, 4), exact(4, 20, 10)])
    assert [each.verdict for each in found] == [FRONTIER, FRONTIER, DOMINATED, FRONTIER]
    assert found[2].by == 1


def test_dominated_is_said_only_where_it_holds_for_every_plan_within_the_gap() -> None:
    better = spread(1, (25, 25, 25), (9.0, 10.0, 11.0))
    close = spread(2, (24, 24, 24), (8.0, 9.5, 10.5))
    far = spread(3, (24, 24, 24), (7.0, 8.0, 9.0))
    found = verdicts([better, close, far])
    assert [each.verdict for each in found] == [FRONTIER, UNDECIDED, DOMINATED]
    assert [each.by for each in found] == [None, 1, 1]


def test_verdicts_agree_with_a_search_over_all_values() -> None:
    random = np.random.default_rng(7)
    candidates = []
    for number in range(12):
        ends = np.sort(random.integers(0, 6, (2, 3)), axis=1).astype(float)
        (low, at, high), (least, paid, most) = ends.tolist()
        candidates.append(spread(number, (low, at, high), (least, paid, most)))
    for one, said in zip(candidates, verdicts(candidates), strict=True):

        def corners(each: Candidate) -> list[tuple[float, float]]:
            return [
                (delay, revenue)
                for delay in (each.delay.least, each.delay.at, each.delay.greatest)
                for revenue in (each.revenue.least, each.revenue.at, each.revenue.greatest)
            ]

        always = any(
            all(a[0] >= b[0] and a[1] >= b[1] for a in corners(other) for b in corners(one))
            and (other.delay.least, other.revenue.least) != (one.delay.greatest, one.revenue.greatest)
            for other in candidates
            if other is not one
        )
        assert (said.verdict == DOMINATED) is always


# the order of regimes


def parameters(**changed: float) -> PlanParameters:
    from optimizer.instance import resolve

    own = resolve(WORLD, WORLD.leader)
    values = {name: np.array(array) for name, array in own.values.items()}
    values["fee"] = np.zeros_like(values["fee"])
    for name, value in changed.items():
        values[name] = np.full_like(values[name], value)
    return replace(own, values=values)


def test_a_regime_is_looser_where_its_numbers_prove_it() -> None:
    base = parameters(import_limit=5.0, rent_limit=5.0)
    more = parameters(import_limit=6.0, rent_limit=5.0)
    mixed = parameters(import_limit=6.0, rent_limit=4.0)
    other = parameters(import_limit=6.0, rent_limit=5.0, income=900.0)
    dearer = parameters(import_limit=6.0, rent_limit=5.0, fee=1.0)
    assert looser(more, base)
    assert not looser(base, more)
    assert not looser(mixed, base)
    assert not looser(base, mixed)
    # more money is no export rule, and a fee takes back what a limit gives
    assert not looser(other, base)
    assert not looser(dearer, base)
    # but nobody pays a fee on what may not be bought
    assert looser(dearer, parameters(import_limit=0.0, rent_limit=5.0))
    above = order([more, base, mixed, base])
    assert above.sum() == 3
    assert above[0, 1:].all()
    assert [sorted(map(int, each)) for each in layers(above)] == [[1, 2, 3], [0]]


# designs


def test_the_shipped_design_has_its_192_regimes() -> None:
    found, world = read_design("china-export"), load("world-2026")
    assert [len(levels) for levels in found.factors.values()] == [4, 2, 2, 3, 2, 2]
    assert found.count == 192
    assert len(set(found.choices())) == 192
    check_design(found, world)
    # what opens the H200 beyond today lifts Beijing's limits, too
    for level in ("200k", "full"):
        paths = {".".join(patch.segments) for patch in found.factors["h200"][level]}
        assert {"rules.cn_2026_h200_quota.in_force", LIMIT} <= paths


def test_the_stored_run_is_of_the_shipped_design() -> None:
    found = read_design("china-export")
    with (DIRECTORY / "controls.csv").open() as file:
        base, *rows = csv.DictReader(file)
    assert base["regime"] == "0"
    assert [tuple((factor, row[factor]) for factor in found.factors) for row in rows] == [*found.choices()]
    assert {row["status"] for row in rows} == {"optimal"}


def test_a_design_is_held_to_levels_that_it_has() -> None:
    found = read_design("china-export").only(["h200=full, deny", "grey=now"])
    assert list(found.factors["h200"]) == ["deny", "full"]
    assert found.count == 48
    with pytest.raises(InputError) as caught:
        found.only(["h20=deny", "rent=open", "tools", "grey=now", "grey=closed"])
    assert refused(caught.value.diagnostics) == ["E744"] * 4
    assert "did you mean `h200`?" in str(caught.value.diagnostics[0].hint)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("factors: {}\n", "E743", 3),
        ("factors:\n  h200: {}\n", "E743", 4),
        ("factors: [h200]\n", "E104", 3),
        ("factors:\n  h200:\n    deny: [5]\n", "E104", 5),
        ("factors:\n  h200:\n    deny: []\n    no: null\n", "E104", 6),
        ("factors:\n  h200:\n    deny:\n      - a.b = 1\n      - a.b\n", "E401", 7),
        ("factors:\n  h 200:\n    deny: []\n", "E115", 4),
        ("factors:\n  h200:\n    deny: []\nfactor: 1\n", "E101", 6),
    ],
)
def test_what_is_wrong_with_a_design_is_told_with_its_place(
    text: str, code: str, line: int, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        read_design(written(tmp_path, text))
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.line) == (code, line)
    assert problem.file == str(tmp_path / "mine.yaml")


def test_an_unknown_design_is_told_with_those_that_ship() -> None:
    with pytest.raises(InputError) as caught:
        read_design("china-exports")
    assert refused(caught.value.diagnostics) == ["E209"]
    assert caught.value.diagnostics[0].hint == "did you mean the shipped `china-export`?"


def test_two_factors_must_not_change_one_cell(tmp_path: Path) -> None:
    text = (
        f"factors:\n  sales:\n    some: '{LIMIT} = 5'\n    none: '{LIMIT} = 0'\n"
        f"  quota:\n    low: '{LIMIT} = 5'\n    as_is: []\n"
    )
    with pytest.raises(InputError) as caught:
        check_design(read_design(written(tmp_path, text)), WORLD)
    (problem,) = caught.value.diagnostics
    # even where both say the same: a regime of the two would be no other than that of one
    assert (problem.code, problem.path, problem.line) == ("E741", LIMIT, 8)
    assert "`sales` and `quota`" in problem.message
    check_design(design(sales={"some": [f"{LIMIT} = 5"], "none": [f"{LIMIT} = 0"]}), WORLD)


def test_levels_that_do_not_fit_the_instance_are_told_all_at_once() -> None:
    wrong = design(a={"x": ["countries.CHN.trade.limit.nv_h200 = 1"]}, b={"y": [f"{GREY} = -1"]})
    with pytest.raises(InputError) as caught:
        check_design(wrong, WORLD)
    assert sorted(refused(caught.value.diagnostics)) == ["E402", "E408"]
    with pytest.raises(InputError) as caught:
        check_design(Design("Nothing", {}), WORLD)
    assert refused(caught.value.diagnostics) == ["E743"]
    many = {f"f{number}": {f"l{level}": [] for level in range(10)} for number in range(5)}
    with pytest.raises(InputError) as caught:
        check_design(design(**many), WORLD)
    assert refused(caught.value.diagnostics) == ["E713"]


@pytest.mark.parametrize(
    ("target", "year", "code"), [("USA", YEAR, "E742"), ("XXX", YEAR, "E302"), ("CHN", YEAR + 1, "E745")]
)
def test_what_cannot_be_asked_is_refused(target: str, year: int, code: str) -> None:
    with pytest.raises(InputError) as caught:
        check_question(WORLD, Question(target, year))
    assert refused(caught.value.diagnostics) == [code]


def test_an_industry_in_stages_is_refused() -> None:
    staged = patch(load("world-2026"), ["industry = staged"])
    with pytest.raises(InputError) as caught:
        check_question(staged, Question("CHN", 2030))
    assert refused(caught.value.diagnostics) == ["E746"]


def test_a_threshold_on_the_lag_of_a_best_response_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        play(WORLD, design(grey={"now": []}), Question("CHN", YEAR), "lag", at_least=3.0)
    assert refused(caught.value.diagnostics) == ["E748"]
