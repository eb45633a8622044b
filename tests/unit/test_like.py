"""A country made like another: what is scaled and what is not, what gives way, and what stays as it was."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from optimizer.errors import InputError
from optimizer.instance import load
from optimizer.instance.amounts import AMOUNTS, is_amount
from optimizer.instance.blocs import SHARE_TOLERANCE, market_shares, parts
from optimizer.instance.country_schema import Country
from optimizer.instance.instance import Instance, quantities
from optimizer.instance.like import NewCountry, country_like
from optimizer.instance.look_up import look_up
from optimizer.instance.rules.membership import memberships
from optimizer.instance.shape import Leaf, Map, Shape, record
from optimizer.instance.shipped import find_instance
from optimizer.instance.template import write_template

# what a country has whatever its size: prices, rates, yields, delays, and shares of what is its own
WHATEVER_ITS_SIZE = frozenset(
    re.split(
        r"\s+",
        """budget.interest_per_year budget.carry_limit_share_of_income budget.cost_recovery
        budget.home_return budget.category_floors.* budget.category_ceilings.* fleet.research_share
        trade.subsidiary_share trade.fees.* trade.grey.delay_years trade.grey.premium_share
        trade.grey.normal_share trade.rent.normal_share trade.home_market_share
        power.electricity_price_usd_per_kwh talent.attrition_per_year talent.wage_usd_thousand_per_year
        talent.recruit_cost_usd_thousand research.lag_months research.knowledge0_years
        research.spillover_per_year research.openness delivery.required_multiple
        delivery.demand_growth_per_year industry.know_how_transfer industry.lines.*.ai_share
        industry.lines.*.yield industry.designer_ceilings.*.lines.*
        industry.staged.lines.*.programme_left industry.staged.tools.*.programme_left""",
    )
)
WORDS = {"iso3", "name", "note", "part_of"} | {
    f"trade.caps.*.{each}" for each in ("title", "counts", "chips")
}
WORDS |= {"trade.caps.*.source", "trade.caps.*.note", "industry.designer_ceilings.*.designers"}
WORDS |= {"industry.staged.lines.*.previous"}
YEARLY = {each.removesuffix(".*") for each in AMOUNTS if "pending" in each}


def leaves(shape: Shape, where: str = "") -> Iterator[str]:
    if isinstance(shape, Leaf):
        yield where
    elif isinstance(shape, Map):
        yield from leaves(shape.entry, f"{where}.*")
    else:
        for key, (_, inner) in shape.fields.items():
            yield from leaves(inner, f"{where}.{key}".lstrip("."))


def test_every_field_of_a_country_is_said_to_scale_or_not() -> None:
    fields = set(leaves(record(Country)))
    amounts = {*AMOUNTS} - {f"{each}.*" for each in YEARLY} | YEARLY
    assert fields - amounts - WHATEVER_ITS_SIZE - WORDS == set()
    assert amounts | WHATEVER_ITS_SIZE | WORDS == fields
    assert not amounts & WHATEVER_ITS_SIZE


def enlarged(place: Path, source: str, like: str, scale: float) -> tuple[Instance, NewCountry, Instance]:
    """The instance before, what was made, and the instance with it."""
    if source == "template":
        write_template(place)
    else:
        shutil.copytree(find_instance(source), place)
    before = load(place)
    made = country_like(before, place, "BRA", like, scale, "Brazil")
    for name, content in made.contents.items():
        (place / name).write_bytes(content)
        if source == "template":
            load(place)
    return before, made, load(place)


@pytest.fixture(scope="module")
def brazil(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Instance, NewCountry, Instance]:
    """The shipped world with a country half as large as India."""
    place = tmp_path_factory.mktemp("brazil") / "world"
    return place, *enlarged(place, "world-2026", "IND", 0.5)


def test_numbers_of_a_country_half_as_large(brazil: tuple[Path, Instance, NewCountry, Instance]) -> None:
    _, before, made, after = brazil
    old, new = (
        dict(quantities(world.countries[name], ())) for world, name in ((before, "IND"), (after, "BRA"))
    )
    assert old.keys() == new.keys()
    shares = ("trade", "supply_share")
    for where, quantity in old.items():
        expected = 0.5 if is_amount(where) else 1.0
        if where == shares:
            continue
        assert new[where].kind == quantity.kind
        assert new[where].numbers == pytest.approx([expected * each for each in quantity.numbers], rel=1e-5)
        for end in ("low", "high"):
            given = getattr(quantity, end)
            assert getattr(new[where], end) == (given and pytest.approx(expected * given, rel=1e-5))
        if any(quantity.numbers) and quantity.location is not None:
            assert (new[where].source, new[where].status) == (("BRA_like_IND",), "assumed")
    ratio = new[shares].number() / after.countries["IND"].trade.supply_share.number()
    assert ratio == pytest.approx(0.5, rel=1e-4)
    assert after.countries["BRA"].name == "Brazil"
    assert memberships(after)["BRA"] == memberships(after)["IND"]
    assert made.groups == ("A5_A6", "tier2")
    assert "BRA_like_IND" in after.sources


def test_others_keep_all_but_their_shares(brazil: tuple[Path, Instance, NewCountry, Instance]) -> None:
    place, before, made, after = brazil
    given_way = {one.path for one in made.given_way}
    old, new = (
        {
            cell.path: (cell.value, cell.low, cell.high, cell.source, cell.status, cell.note)
            for cell in one.cells()
        }
        for one in (before, after)
    )
    changed = {path for path in old if old[path] != new[path]}
    assert changed == given_way
    assert {path.rsplit(".", 1)[1] for path in changed} == {"supply_share"}
    assert len(changed) == len(before.countries)
    assert all(new[path][3:] == old[path][3:] for path in changed)
    shipped = find_instance("world-2026")
    for name in ("USA", "CHN"):
        lines = (shipped / "countries" / f"{name}.yaml").read_text().splitlines()
        now = (place / "countries" / f"{name}.yaml").read_text().splitlines()
        assert len(set(lines) - set(now)) == 1
        assert len(set(now) - set(lines)) == 2


@pytest.mark.parametrize(
    ("source", "like", "scale"),
    [
        ("world-2026", "CHN", 0.5),
        ("world-2026", "KOR", 100.0),
        ("world-2026", "NLD", 2.0),
        ("template", "CHN", 0.25),
        ("template", "USA", 3.0),
    ],
)
def test_no_chip_is_sold_more_than_once(tmp_path: Path, source: str, like: str, scale: float) -> None:
    before, made, after = enlarged(tmp_path / "world", source, like, scale)
    most = max(float(np.max(np.sum([*each.values()], axis=0))) for _, each in market_shares(after))
    assert most <= 1 + SHARE_TOLERANCE
    if made.given_way:
        assert most > 0.999
    assert made.bloc == before.countries[like].part_of
    assert parts(after).get("BRA") == made.bloc
    assert next(look_up(made)).place == "budget.income_usd_bn"
    home = {chip.domestic_in for chip in before.chips.values()}
    assert bool(made.left_out) <= (like in home)


def test_shares_that_give_way_again_have_one_comment(tmp_path: Path) -> None:
    """What stood there first, and to whom it gave way since; of a share that was changed, what is there."""
    place = tmp_path / "world"
    shutil.copytree(find_instance("world-2026"), place)

    def add(country: str) -> None:
        for name, content in country_like(load(place), place, country, "GBR", 1.0).contents.items():
            (place / name).write_bytes(content)

    def said(country: str) -> list[str]:
        text = (place / "countries" / f"{country}.yaml").read_text()
        return re.findall(r"# (.*all shares give way to .*)", text)

    share = load(place).countries["GBR"].trade.supply_share.number()
    add("BRA")
    add("MEX")
    now = load(place).countries["GBR"].trade.supply_share.number()
    assert said("GBR") == [f"{share:g} times {now / share:.6g}: all shares give way to BRA, MEX"]
    assert len(said("USA")) == 2, "one of its share of all chips, one of its own share of one"
    assert [each.rpartition(" ")[2] for each in said("BRA")] == ["MEX"]
    assert said("MEX") == []
    changed = place / "countries" / "GBR.yaml"
    changed.write_text(changed.read_text().replace(f"{{value: {now:g}", "{value: 0.0107", 1))
    add("AUS")
    first, second = said("GBR")
    assert first.endswith("to BRA, MEX")
    assert re.fullmatch(r"0\.0107 times 0\.9\d+: all shares give way to AUS", second)
    assert said("JPN")[0].endswith("to BRA, MEX, AUS")


def test_names_of_countries(tmp_path: Path) -> None:
    write_template(tmp_path / "world")
    world = load(tmp_path / "world")

    def code(country: str, like: str) -> str:
        with pytest.raises(InputError) as caught:
            country_like(world, tmp_path / "world", country, like, 1.0)
        return caught.value.diagnostics[0].code

    assert code("BR", "CHN") == code("B1A", "CHN") == code("../", "CHN") == "E115"
    assert code("USA", "CHN") == "E215"
    assert code("BRA", "CHM") == "E302"


def test_layouts_that_people_write(tmp_path: Path) -> None:
    """Groups one to a line or alone, ranges one to a line, ends of lines of another system."""
    place = tmp_path / "world"
    write_template(place)
    rules = place / "rules.yaml"
    rules.write_text(
        rules.read_text().replace("embargoed: [CHN]", "embargoed:\n    - CHN # by law\n    - USA\n  one: CHN")
    )
    china = place / "countries" / "CHN.yaml"
    text = china.read_text().replace(
        "build_limit_gw_per_year: 30",
        "build_limit_gw_per_year:\n    value: {start: 30, growth: 0.1}\n    low: 20",
    )
    china.write_bytes(text.replace("build_limit", "build_limit").replace("\n", "\r\n").encode())
    world = load(place)
    made = country_like(world, place, "BRA", "CHN", 0.1)
    for name, content in made.contents.items():
        (place / name).write_bytes(content)
    after = load(place)
    assert after.destination_groups == {"embargoed": ("CHN", "BRA", "USA"), "one": ("CHN", "BRA")}
    limit = after.countries["BRA"].power.build_limit_gw_per_year
    assert (limit.kind, limit.numbers, limit.low) == ("growth", (3.0, 0.1, 0.0), 2.0)
    assert b"# BRA" not in rules.read_bytes()
