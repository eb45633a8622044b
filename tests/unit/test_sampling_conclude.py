"""What studies conclude, on results with known answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.instance import load
from optimizer.instance.template import TEMPLATE
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.sampling.conclude import base_needed, cautions, conclude
from optimizer.study.sampling.conclusion import Conclusion
from optimizer.study.sampling.indices import morris_indices
from optimizer.study.sampling.sample import Sample, prepare
from optimizer.study.sampling.study_file import study_from

WORLD = load(TEMPLATE)
INCOME = "countries.CHN.budget.income_usd_bn"
POWER = "countries.CHN.power.build_limit_gw_per_year"
SHARE = "countries.CHN.trade.supply_share"
LAG = "lag_months/2029"
Answer = Callable[[Row], float]


def sample(factors: object, design: Mapping[str, Any], outcomes: tuple[str, ...] = (LAG,)) -> Sample:
    document = {
        "format_version": 1,
        "title": "A study",
        "instance": str(TEMPLATE),
        "countries": ["CHN"],
        "design": dict(design),
        "factors": factors,
        "outcomes": list(outcomes),
    }
    return prepare(study_from(document), WORLD)


def result(number: int, value: float, **changes: Any) -> RowResult:
    plain: dict[str, Any] = {
        "number": number,
        "country": "CHN",
        "status": "optimal",
        "how": "solved",
        "objective": value,
        "bound": value + 0.5,
        "gap": 0.01,
        "message": "",
        "outcomes": {LAG: value},
        "seconds": 0.0,
        "host": "",
    }
    return RowResult(**{**plain, **changes})


def numbers(row: Row) -> list[float]:
    return [float(value) for value in row.values]


def results(found: Sample, answer: Answer) -> list[RowResult]:
    return [result(row.number, answer(row)) for row in found.rows]


TWO = {"income": f"{INCOME} *= 0.5:2", "power": f"{POWER} *= 0.8:1.5"}


def test_effects_are_ranked_and_the_base_stands_beside() -> None:
    found = sample(TWO, {"method": "one_at_a_time"})
    assert not base_needed(found)
    (one,) = conclude(found, results(found, lambda row: 100 - 10 * numbers(row)[0] + 40 * numbers(row)[1]))
    assert (one.country, one.outcome, one.unit, one.base) == ("CHN", LAG, "months", 130.0)
    assert (one.rows, one.missing, one.within_gap) == (5, 0, ())
    assert [effect.axis for effect in one.effects] == ["power", "income"]
    power, income = one.effects
    assert (power.low_value, power.high_value) == (0.8, 1.5)
    assert (power.low, power.high) == pytest.approx((122.0, 150.0))
    assert (income.low, income.high) == pytest.approx((135.0, 120.0))


def test_an_end_that_is_the_base_has_the_bases_outcome() -> None:
    found = sample({"income": f"{INCOME} *= [1, 2]", "power": f"{POWER} *= [3]"}, {"method": "one_at_a_time"})
    (one,) = conclude(found, results(found, lambda row: 10 * numbers(row)[0] + numbers(row)[1]))
    income, power = one.effects
    assert (income.low_value, income.low, income.high) == (1.0, 11.0, 21.0)
    assert (power.low_value, power.high_value, power.low, power.high) == (1.0, 3.0, 11.0, 13.0)


def test_policies_are_told_by_their_outcomes(tmp_path: Path) -> None:
    names = [str(tmp_path / f"{name}.yaml") for name in ("poor", "rich")]
    for name, by in zip(names, (0.5, 2), strict=True):
        Path(name).write_text(f"title: Money\npatches: ['{INCOME} *= {by}']\n")
    found = sample({"policy": f"policy = [baseline, {', '.join(names)}]"}, {"method": "one_at_a_time"})
    said = {"base": 5.0, "baseline": 5.0, names[0]: 9.0, names[1]: 2.0}
    (one,) = conclude(found, results(found, lambda row: said[str(row.values[0])]))
    (effect,) = one.effects
    assert (effect.low_value, effect.low) == (names[1], 2.0)
    assert (effect.high_value, effect.high) == (names[0], 9.0)


def test_what_the_gaps_cannot_tell_is_not_ranked() -> None:
    # each plan is certified to half a unit, so that two differ for sure by more than one
    found = sample(TWO, {"method": "one_at_a_time"}, ("objective", LAG))
    answer = results(found, lambda row: 2.5 * numbers(row)[0] + 1.5 * numbers(row)[1])
    objective, lag = conclude(found, answer)
    assert [effect.axis for effect in objective.effects] == ["income"]
    assert objective.within_gap == ("power",)
    assert [effect.axis for effect in lag.effects] == ["income", "power"]
    assert objective.unit == "log unit years"


def test_rows_without_a_number_are_missing_and_certified_ones_have_an_objective_only() -> None:
    found = sample(TWO, {"method": "one_at_a_time"}, ("objective", LAG, "binding"))
    answer = results(found, lambda row: 100 * sum(numbers(row)))
    low, high = (next(row.number for row in found.rows if row.values[0] == value) for value in (0.5, 2.0))
    answer[low] = result(low, 7.0, status="failed", objective=None, bound=None, outcomes={})
    answer[high] = result(high, 300.0, how="certified")
    objective, lag = conclude(found, answer)
    assert (objective.missing, lag.missing) == (1, 2)
    income = next(effect for effect in objective.effects if effect.axis == "income")
    assert math.isnan(income.low)
    assert income.high == 300.0
    # without any number it comes last
    assert lag.effects[-1].axis == "income"
    assert math.isnan(lag.effects[-1].high)


def test_bands_are_quantiles_and_the_base_is_given() -> None:
    outcomes = (LAG, "lag_beyond/2029")
    found = sample(TWO, {"method": "latin_hypercube", "draws": 40}, outcomes)
    assert base_needed(found)
    answer = [result(n, 0.0, outcomes={LAG: float(n), "lag_beyond/2029": float(n >= 38)}) for n in range(39)]
    (one,) = conclude(found, answer, {"CHN": result(0, 17.0)})
    assert (one.base, one.rows, one.missing) == (17.0, 40, 1)
    assert one.band is not None
    assert (one.band.draws, one.band.missing) == (39, 1)
    assert [each.value for each in one.band.quantiles] == [1.0, 19.0, 37.0]
    assert not one.band.at(0.95).beyond
    (none,) = conclude(found, [])
    assert (none.base, none.band, none.missing) == (None, None, 40)


@pytest.mark.parametrize(
    "design", [{"method": "morris", "trajectories": 6}, {"method": "saltelli", "draws": 64}]
)
def test_indices_of_a_sum(design: dict[str, Any]) -> None:
    found = sample(TWO, design)
    (one,) = conclude(found, results(found, lambda row: 3 * numbers(row)[0]))
    assert one.indices is not None
    table = one.indices.table.set_index(["axis", "index"])["value"]
    if design["method"] == "morris":
        # the whole range of income is 1.5 wide
        assert table["income", "mu_star"] == pytest.approx(4.5)
        assert table["power", "mu_star"] == pytest.approx(0.0, abs=1e-12)
        assert table["income", "sigma"] == pytest.approx(0.0, abs=1e-9)
    else:
        assert table["income", "ST"] == pytest.approx(1.0, abs=0.1)
        assert table["power", "ST"] == pytest.approx(0.0, abs=1e-9)


def test_matrices_of_every_pair_with_the_others_at_the_base() -> None:
    factors = {
        "income": f"{INCOME} *= [0.5, 1, 2]",
        "power": f"{POWER} *= [1, 2]",
        # the base is none of its values: it is held at the first
        "share": f"{SHARE} = [0.1, 0.2]",
    }
    found = sample(factors, {"method": "grid"})

    def answer(row: Row) -> float:
        income, power, share = numbers(row)
        return 10 * income + 5 * power + 7 * income * power + 100 * share

    (one,) = conclude(found, results(found, answer), {"CHN": result(0, 3.0)})
    assert one.base == 3.0
    assert [(each.rows, each.columns) for each in one.matrices] == [
        ("income", "power"),
        ("income", "share"),
        ("power", "share"),
    ]
    first = one.matrices[0]
    assert dict(first.held) == {"share": 0.1}
    assert first.outcomes.loc[2.0, 2.0] == pytest.approx(20 + 10 + 28 + 10)
    assert first.together is not None
    # only the product is more than the sum of both alone: 7 * (2 - 1) * (2 - 1)
    assert first.together.loc[2.0, 2.0] == pytest.approx(7.0)
    assert np.allclose(first.together.loc[:, 1.0], 0.0)
    assert one.matrices[1].together is None


def test_a_grid_of_one_axis_is_a_column() -> None:
    found = sample({"income": f"{INCOME} *= 0.5:2:4"}, {"method": "grid"})
    (one,) = conclude(found, results(found, lambda row: 10 * numbers(row)[0])[:3])
    (matrix,) = one.matrices
    assert (matrix.rows, matrix.columns, matrix.missing) == ("income", "", 1)
    assert list(matrix.outcomes.index) == pytest.approx([0.5, 1.0, 1.5, 2.0])
    assert list(matrix.outcomes[""])[:3] == pytest.approx([5.0, 10.0, 15.0])
    assert one.base == 10.0


@pytest.mark.parametrize(("blocks", "told"), [(2, True), (15, True), (16, False)])
def test_indices_of_few_blocks_come_with_a_caution(blocks: int, told: bool) -> None:
    rng = np.random.default_rng(1)
    unit = np.tile([[0.0], [1.0]], (blocks, 1))
    found = morris_indices(unit, rng.normal(size=2 * blocks), ["a"])
    one = Conclusion("CHN", "objective", "log unit years", None, 2 * blocks, 0, indices=found)
    assert bool(cautions([one])) == told
    assert all(f"indices of {blocks} blocks" in each for each in cautions([one]))
