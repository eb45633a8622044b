"""Time in resolve: sets, lead times, sale windows, and totals that do not depend on the period length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.parameters import PlanParameters
from optimizer.instance.instance import Instance
from optimizer.instance.load import load
from optimizer.instance.resolve import plan_sets, resolve
from optimizer.instance.resolving.delivery import demand_multiple
from optimizer.instance.resolving.power_talent import arrival_profile
from optimizer.instance.resolving.windows import overlap
from optimizer.instance.values import CalendarDate, Quantity, constant
from tests.unit.resolve_cells import replaced
from tests.unit.test_resolve_map import path_of

WORLD = Path(__file__).parent / "resolve_world"
STEPS = (1, 2, 4, 12)
LOADED = load(WORLD)


@pytest.fixture(scope="module")
def world() -> Instance:
    return LOADED


def with_steps(world: Instance, steps: int) -> Instance:
    return replaced(world, ("horizon", "steps_per_year"), lambda _: steps)


def resolved(world: Instance, country: str) -> PlanParameters:
    return resolve(world, country, path_of("USA", plan_sets(world, country)))


def yearly(plan: PlanParameters, name: str) -> np.ndarray:
    """Amounts of whole calendar years, of a rate per year."""
    steps = round(1 / plan.scalar("dt"))
    amounts = plan[name] / steps
    whole = amounts.shape[-1] // steps
    return amounts[..., : whole * steps].reshape(*amounts.shape[:-1], whole, steps).sum(axis=-1)


def month(year: int, number: int) -> CalendarDate:
    return CalendarDate(f"{year}-{number:02d}", year + (number - 1) / 12, year + number / 12)


@pytest.mark.parametrize(
    ("steps", "first", "last_reported", "tail", "delays"),
    [
        (1, "2026", "2028", 5, 4),
        (2, "2026H1", "2028H2", 10, 6),
        (4, "2026Q1", "2028Q4", 20, 11),
        (12, "2026M01", "2028M12", 60, 31),
    ],
)
def test_sets(world: Instance, steps: int, first: str, last_reported: str, tail: int, delays: int) -> None:
    sets = plan_sets(with_steps(world, steps), "CHN")
    assert sets.periods[0] == first
    assert sets.periods[sets.reported - 1] == last_reported
    assert len(sets.periods) - sets.reported == tail
    assert sets.delays == tuple(range(delays))
    assert sets.starts[0] == 2026
    assert sets.starts[steps] == 2027
    assert len(set(sets.periods)) == len(sets.periods) == len(sets.starts)
    assert sets.rules == ("half_of_sales", "in_all")
    assert sets.domestic == ("cn_home", "cn_sold")


def test_structure_is_the_same_for_every_country(world: Instance) -> None:
    assert len({plan_sets(world, country).structure for country in world.countries}) == 1


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("last_year", [2026, 2027, 2040])
def test_every_country_resolves_for_any_horizon(world: Instance, steps: int, last_year: int) -> None:
    longer = replaced(with_steps(world, steps), ("horizon", "last_year"), lambda _: last_year)
    for country in longer.countries:
        plan = resolved(longer, country)
        assert plan.sets.reported == (last_year - 2025) * steps
        assert plan.scalar("tail") == len(plan.sets.periods) - plan.sets.reported


@given(lead=st.floats(0, 12), steps=st.sampled_from(STEPS))
def test_arrival_keeps_the_lead(lead: float, steps: int) -> None:
    shares = arrival_profile(lead, steps, int(np.ceil(lead * steps)) + 2)
    assert shares.sum() == pytest.approx(1, abs=1e-12)
    assert (shares >= 0).all()
    assert shares @ np.arange(len(shares)) / steps == pytest.approx(lead, abs=1e-9)
    assert np.count_nonzero(shares) <= 2


@pytest.mark.parametrize("steps", STEPS)
def test_arrivals_fit_the_delays(world: Instance, steps: int) -> None:
    plan = resolved(with_steps(world, steps), "CHN")
    delays = np.array(plan.sets.delays)
    leads = {"power_arrival": 2.5, "education_arrival": 1, "hbm_arrival": 1.5}
    for name, lead in leads.items():
        assert plan[name] @ delays / steps == pytest.approx(lead)
    assert plan["wafer_arrival"] @ delays / steps == pytest.approx([2, 1.25])


def test_a_lead_beyond_rounding_needs_no_further_delay(world: Instance) -> None:
    # 1.1 years are 13.2 months, 0.7 + 0.4 are the same up to rounding
    for lead in (1.1, 0.7 + 0.4, 7 / 3, 10 / 12 + 1e-13):
        changed = replaced(
            with_steps(world, 12), ("power", "lead_years"), lambda _, lead=lead: constant(lead)
        )
        assert resolved(changed, "CHN")["power_arrival"].sum() == pytest.approx(1)


@given(
    launch=st.tuples(st.integers(2024, 2030), st.integers(1, 12)),
    months_on_sale=st.integers(1, 60),
    steps=st.sampled_from(STEPS),
)
@settings(max_examples=30, deadline=None)
def test_no_channel_before_launch_and_the_output_of_a_year_is_kept(
    launch: tuple[int, int], months_on_sale: int, steps: int
) -> None:
    world = with_steps(LOADED, steps)
    begin = month(*launch)
    last = launch[0] * 12 + launch[1] - 1 + months_on_sale - 1
    end = month(last // 12, last % 12 + 1)
    for chip in world.chips:
        world = replaced(world, ("chips", chip, "launch"), lambda _: begin)
        world = replaced(world, ("chips", chip, "end_of_sale"), lambda _: end)
    china, usa = resolved(world, "CHN"), resolved(world, "USA")
    starts = np.array(china.sets.starts)
    closed = (starts + 1 / steps <= begin.start + 1e-9) | (starts >= end.end - 1e-9)
    for plan in (china, usa):
        for name in ("import_limit", "grey_open", "make_limit"):
            assert not plan[name][:, closed].any(), name
    assert not china["grey_open"][:, starts + 1 / steps <= begin.start + 0.25 + 1e-9].any()
    open_years = {
        year for year in range(2026, 2030) if year < end.end - 1e-9 and year + 1 > begin.start + 1e-9
    }
    position = usa.sets.chips.index("us_own")
    for year, output in {2026: 120, 2027: 90}.items():
        bought = yearly(usa, "import_limit")[position, year - 2026]
        assert bought == pytest.approx(output if year in open_years else 0)
    made = yearly(china, "make_limit")[china.sets.chips.index("cn_sold")]
    for year, limit in {2026: 100, 2027: 400, 2028: 400}.items():
        assert made[year - 2026] == pytest.approx(limit if year in open_years else 0)


@pytest.mark.parametrize("steps", [2, 4, 12])
@pytest.mark.parametrize("country", ["USA", "CHN", "NLD"])
def test_yearly_totals_do_not_depend_on_the_period(world: Instance, country: str, steps: int) -> None:
    coarse, fine = resolved(world, country), resolved(with_steps(world, steps), country)
    for name in ("import_limit", "grey_open", "make_limit"):
        one, other = yearly(coarse, name), yearly(fine, name)
        years = min(one.shape[-1], other.shape[-1])
        np.testing.assert_allclose(other[..., :years], one[..., :years], rtol=1e-12, err_msg=name)
    caps = yearly(fine, "cap")
    years = min(caps.shape[-1], coarse["cap"].shape[-1])
    np.testing.assert_allclose(caps[:, :years], coarse["cap"][:, :years], rtol=1e-12)
    for name in ("power_pending", "hbm_pending", "wafer_pending"):
        assert fine[name].sum() == pytest.approx(coarse[name].sum())


def test_a_launch_within_a_year(world: Instance) -> None:
    quarters = resolved(with_steps(world, 4), "CHN")
    two = quarters.sets.chips.index("us_two")
    # on sale from July 2027, leaking from October: half of the year's 4% of 500 in one quarter of two
    np.testing.assert_allclose(quarters["grey_open"][two, 4:8], [0, 0, 0, 0.04 * 500 * 2])
    own = resolved(with_steps(world, 4), "USA")
    np.testing.assert_allclose(own["import_limit"][2, :8], [0, 0, 0, 480, 180, 180, 0, 0])
    home = quarters.sets.chips.index("cn_home")
    assert np.isinf(quarters["make_limit"][home, :8]).all()
    assert not quarters["make_limit"][home, 8:].any()


def test_stockpiled_dies_wait_for_the_launch(world: Instance) -> None:
    later = replaced(world, ("chips", "cn_home", "launch"), lambda _: month(2027, 5))
    quarters = resolved(with_steps(later, 4), "CHN")
    limits = quarters["bank_limit"]
    home = quarters.sets.chips.index("cn_home")
    # the quarter in which May falls is the first
    assert not limits[home, :5].any()
    assert np.isinf(limits[home, 5:8]).all()
    # its end is that of 2027
    assert not limits[home, 8:].any()
    assert np.isinf(np.delete(limits, home, axis=0)).all()
    assert np.isinf(resolved(with_steps(world, 4), "CHN")["bank_limit"][:, :8]).all()


def test_a_boundary_at_a_month_is_exact() -> None:
    starts = 2026 + np.arange(36) / 12
    for year in (2026, 2027):
        for number in range(1, 13):
            begin = np.array([month(year, number).start])
            share = overlap(begin, np.array([np.inf]), starts, 1 / 12)[0]
            assert set(share.tolist()) <= {0.0, 1.0}
            assert share.sum() == 36 - ((year - 2026) * 12 + number - 1)


def test_a_limit_that_is_lifted_is_lifted_between_the_years_given(world: Instance) -> None:
    lifted = Quantity("anchors", (30.0, np.inf), (2026, 2028))
    for where in (("rent", "limit_kh100e"), ("limits", "us_one")):
        world = replaced(world, ("countries", "CHN", "trade", *where), lambda _: lifted)
    plan = resolved(world, "CHN")
    assert plan["rent_limit"][:3].tolist() == [30, np.inf, np.inf]
    assert plan["import_limit"][0, :3].tolist() == [30, 160, 120]


@pytest.mark.parametrize("steps", STEPS)
def test_discount_and_demand_are_dated_at_the_middle(world: Instance, steps: int) -> None:
    plan = resolved(with_steps(world, steps), "USA")
    middles = (np.arange(len(plan.sets.periods)) + 0.5) / steps
    np.testing.assert_allclose(plan["discount"], 1.25**-middles)
    np.testing.assert_allclose(plan["service_floor"][0], np.log(demand_multiple(0.6, 11, middles)))
    assert plan["discount"].sum() / steps == pytest.approx(
        (1 - 1.25 ** -(len(middles) / steps)) / np.log(1.25), rel=0.005
    )


def test_demand_starts_at_one_and_saturates() -> None:
    multiple = demand_multiple(0.7, 20.0, np.array([0.0, 1e-6, 100.0]))
    assert multiple[0] == 1
    assert (multiple[1] - 1) / 1e-6 == pytest.approx(0.7 * 19 / 20, rel=1e-5)
    assert multiple[2] == pytest.approx(20)


def test_cash_that_lets_a_country_wind_down_follows_the_period(world: Instance) -> None:
    assert resolved(world, "NLD").scalar("cash0") == pytest.approx(0.12 + 0.096)
    assert resolved(with_steps(world, 4), "NLD").scalar("cash0") == pytest.approx(0.03 + 0.096)
