"""More of what only widens a country's choice: no plan is certainly worse for it, and money buys compute.

The gate tries a fixed random sample of the inputs. `python -m tests.model.widening CHN` (then USA, NLD, ...)
tries all of them, in some minutes a country: 0 plans may be worse; lags that grow all the same are named.
"""

from __future__ import annotations

import pytest

from optimizer.answer.metrics import installed_compute
from optimizer.instance import Instance, load, patch, resolve
from tests.model.widening import GAP, ROOT, Base, is_worse, tried

SAMPLES = {"CHN": 12, "USA": 6, "NLD": 6}
LEAST_GROWTH = 1.5


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(ROOT / "instances" / "world-2026")


@pytest.fixture(scope="module")
def bases() -> dict[str, Base]:
    """The base plans that were made."""
    return {}


def base_of(world: Instance, bases: dict[str, Base], country: str) -> Base:
    if country not in bases:
        bases[country] = Base.of(world, country)
    return bases[country]


@pytest.mark.parametrize("country", SAMPLES)
def test_a_wider_choice_is_never_worse(world: Instance, bases: dict[str, Base], country: str) -> None:
    base = base_of(world, bases, country)
    assert base.solution.status == "optimal"
    found = list(tried(base, most=SAMPLES[country]))
    assert len(found) >= SAMPLES[country] - 2, "inputs that change the periods"
    assert [one.patch for one in found if is_worse(base, one)] == []


@pytest.mark.parametrize("country", ["NLD", "GBR"])
def test_twice_the_money_buys_compute_where_markets_are_open(
    world: Instance, bases: dict[str, Base], country: str
) -> None:
    base = base_of(world, bases, country)
    rich = patch(world, [f"countries.{country}.budget.income_usd_bn *= 2"])
    parameters = resolve(rich, country, base.path)
    solution = base.plans.solve(parameters, gap=GAP, start=base.solution.start)
    assert solution.status == "optimal"
    year = list(world.horizon.years).index(2030)
    before, after = (
        installed_compute(p, base.plans.values(p, plan)["fleet"])[year]
        for p, plan in ((base.parameters, base.solution), (parameters, solution))
    )
    assert after >= LEAST_GROWTH * before
