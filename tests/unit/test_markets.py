"""What is within reach of a country, what it can rent of a leader, and blocs that hold other countries."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.parameters import PlanParameters
from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance, load, patch
from optimizer.instance.blocs import oversold, parts
from optimizer.instance.findings import findings
from optimizer.instance.resolve import resolve
from tests.unit.rules_worlds import SMALL_WORLD, world_with
from tests.unit.test_resolve_golden import PATH

ONE = 0
OUTPUT = np.array([1000.0, 800.0, 600.0])
CONTESTABLE = "market.contestable = 0.5"
NLD = "countries.NLD.trade."


def plan(world: Instance, *patches: str, country: str = "NLD") -> PlanParameters:
    changed = patch(world, patches)
    sets = changed.leader == country
    return resolve(changed, country, None if sets else PATH)


def limits(found: PlanParameters, name: str = "import_limit", chip: int = ONE) -> np.ndarray:
    return np.asarray(found[name][chip, :3])


def problems(directory: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(InputError) as caught:
        load(directory)
    return caught.value.diagnostics


def edited(directory: Path, file: str, old: str, new: str) -> Path:
    target = directory / "world"
    shutil.copytree(SMALL_WORLD, target, dirs_exist_ok=True)
    text = (target / file).read_text()
    assert text.count(old) == 1
    (target / file).write_text(text.replace(old, new))
    return target


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(SMALL_WORLD)


# within reach


def test_money_reaches_the_contestable_part_of_what_others_normally_buy(world: Instance) -> None:
    hard, open_ = plan(world), plan(world, CONTESTABLE)
    assert limits(hard) == pytest.approx(0.5 * OUTPUT)
    assert limits(open_) == pytest.approx((0.5 + 0.5 * 0.5) * OUTPUT)
    for found in (hard, open_):
        assert limits(found, "normal_import") == pytest.approx(0.5 * OUTPUT)
    assert limits(plan(world, "market.contestable = 1")) == pytest.approx(OUTPUT)


def test_a_chip_of_which_the_normal_share_is_none_is_not_sold_there(world: Instance) -> None:
    assert not limits(plan(world, CONTESTABLE, NLD + "supply_shares.us_one = 0")).any()
    # all of it is for one country
    alone = plan(world, CONTESTABLE, NLD + "supply_shares.us_one = 1")
    assert limits(alone) == pytest.approx(OUTPUT)
    assert limits(alone, "normal_import") == pytest.approx(OUTPUT)


def test_an_owners_chips_have_no_normal_share(world: Instance) -> None:
    found = plan(world, CONTESTABLE, country="USA")
    own = found.sets.chips.index("us_own")
    assert limits(found, chip=own) == pytest.approx([120, 90, 0])
    assert np.isinf(found["normal_import"][own]).all()


@pytest.mark.parametrize(
    ("rule", "share"),
    [
        # subsidiaries buy of what is normal, a license leaves a part of what is within reach
        ("{action: deny, test: location}", 0.2 * 0.5),
        ("{action: license, approval_share: 0.5}", 0.5 * 0.75),
        ("{action: license, approval_share: 0.5, test: location}", 0.5 * 0.75 + 0.5 * 0.2 * 0.5),
        # a share of the leader's normal supply
        ("{action: cap, cap_value: 0.5, cap_basis: share_of_leader_supply}", None),
    ],
)
def test_rules_on_top_of_reach(rule: str, share: float | None, tmp_path: Path) -> None:
    found = plan(world_with(tmp_path, f"a: {rule}"), CONTESTABLE, NLD + "subsidiary_share = 0.2")
    leaders = np.array([0.3, 0.275, 0.25])
    assert limits(found) == pytest.approx((0.5 * leaders if share is None else share) * OUTPUT)


@pytest.mark.parametrize(
    "change", ["market.contestable = 1.5", "market.contestable = -0.1", NLD + "supply_share = 1.2"]
)
def test_shares_lie_between_none_and_all(world: Instance, change: str) -> None:
    with pytest.raises(InputError) as caught:
        patch(world, [change])
    (problem,) = caught.value.diagnostics
    assert problem.code == "E408"


def test_a_share_above_all_in_a_file(tmp_path: Path) -> None:
    place = edited(
        tmp_path, "market.yaml", "supply_elasticity: 0.3", "supply_elasticity: 0.3\ncontestable: 2"
    )
    (problem,) = problems(place)
    assert (problem.path, problem.line) == ("market.contestable", 3)
    assert problem.code


# shares of all countries together


def test_an_instance_sells_no_chip_more_than_once(tmp_path: Path) -> None:
    place = edited(tmp_path, "countries/NLD.yaml", "supply_share: 0.5", "supply_share: 0.6")
    found = problems(place)
    assert {one.code for one in found} == {"E318"}
    (one,) = [one for one in found if "us_one" in one.message]
    assert "us_one, us_two sum to 1.1 in 2026, above 1: NLD 0.6, USA 0.3, CHN 0.2" in one.message
    assert (Path(one.file or "").name, one.path) == ("NLD.yaml", "countries.NLD.trade.supply_share")
    assert one.line is not None
    assert "part_of" in (one.hint or "")


def test_under_patches_it_is_a_warning(world: Instance) -> None:
    assert list(oversold(world)) == []
    changed = patch(world, [NLD + "supply_shares.us_one = 0.9"])
    (found,) = [one for one in findings(changed) if one.code == "W105"]
    assert found.severity == "warning"
    assert "us_one sum to 1.4 in 2026" in found.message


def test_parts_of_a_bloc_are_left_out(tmp_path: Path) -> None:
    place = edited(tmp_path, "countries/NLD.yaml", "supply_share: 0.5", "supply_share: 0.9")
    nation = place / "countries" / "NLD.yaml"
    nation.write_text(nation.read_text().replace("iso3: NLD\n", "iso3: NLD\npart_of: CHN\n"))
    found = load(place)
    assert parts(found) == {"NLD": "CHN"}
    assert list(oversold(found)) == []
    (other,) = oversold(patch(found, ["countries.USA.trade.supply_share = 0.9"]))
    assert other.shares == {"USA": 0.9, "CHN": 0.2}


@pytest.mark.parametrize(
    ("bloc", "code", "said"),
    [
        ("NLD", "E313", "NLD cannot be part of itself"),
        ("XYZ", "E302", "unknown country `XYZ`"),
        ("USA", "E313", "NLD is part of USA, which is part of CHN itself"),
        ("Europe", "E115", "Europe"),
    ],
)
def test_errors_of_part_of(bloc: str, code: str, said: str, tmp_path: Path) -> None:
    place = edited(tmp_path, "countries/NLD.yaml", "iso3: NLD\n", f"iso3: NLD\npart_of: {bloc}\n")
    whole = place / "countries" / "USA.yaml"
    if bloc == "USA":
        whole.write_text(whole.read_text().replace("iso3: USA\n", "iso3: USA\npart_of: CHN\n"))
    (problem,) = problems(place)
    assert (problem.code, problem.line) == (code, 2)
    assert said in problem.message


# renting and the grey market


def test_rent_is_a_share_of_what_the_leader_has_installed(world: Instance) -> None:
    found = plan(world)
    assert found["rent_limit"] == pytest.approx(0.01 * PATH.installed)
    rent = found.sets.supplies.index("rent")
    assert found["normal"][rent] == pytest.approx(0.005 * PATH.installed)
    with pytest.raises(ValueError, match="installed has 3 values"):
        resolve(world, "NLD", replace(PATH, installed=np.ones(3)))


def test_a_leader_needs_an_amount_to_rent(world: Instance) -> None:
    with pytest.raises(InputError) as caught:
        plan(world, "leader = NLD")
    (problem,) = [one for one in caught.value.diagnostics if one.code == "E507"]
    assert problem.path == "countries.NLD.trade.rent.share_of_leader_compute"
    assert problem.line is not None
    assert "countries.NLD.trade.rent = {limit_kh100e: 300, normal_share: 0.5}" in (problem.hint or "")


@pytest.mark.parametrize(
    ("rent", "said"),
    [
        ("{limit_kh100e: 10, share_of_leader_compute: 0.01}", "has both of"),
        ("{normal_share: 1}", "has neither of"),
    ],
)
def test_rent_is_either_an_amount_or_a_share(rent: str, said: str, tmp_path: Path) -> None:
    old = "rent: {share_of_leader_compute: 0.01, normal_share: 0.5}"
    (problem,) = problems(edited(tmp_path, "countries/NLD.yaml", old, f"rent: {rent}"))
    assert (problem.code, problem.path) == ("E313", "countries.NLD.trade.rent")
    assert said in problem.message
    assert problem.line is not None


def test_limits_without_end_leave_no_pace_beyond_normal(world: Instance) -> None:
    rent = ["countries.CHN.trade.rent.limit_kh100e = .inf"]
    found = plan(world, *rent, country="CHN")
    row = found.sets.supplies.index("rent")
    assert np.isinf(found["normal"][row]).all()
    nothing = plan(world, *rent, "countries.CHN.trade.rent.normal_share = 0", country="CHN")
    assert (nothing["normal"][row] == 1e-3).all()


def test_the_price_of_grey_compute_is_that_of_the_last_chips_sold(world: Instance) -> None:
    price = plan(world, country="CHN")["price"][0]
    assert (price[:5] > 0).all()
    assert (price[5:] == price[4]).all()
