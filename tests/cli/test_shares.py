"""`kloof evaluate` with shares of the budget: on the line, as a sheet, and what is wrong with either."""

from __future__ import annotations

from pathlib import Path

import pytest

import optimizer
from tests.cli.conftest import Run

SHEET = """year,research %,delivery %,chips %,talent %,power %
2026,30,32,13,22.9,2
2027,30,40,8,22,0
2028,28.5,44.4,6.1,21.0,0
"""


def test_shares_on_the_line_as_table_and_data(kloof: Run, world: str) -> None:
    asked = ("--at-least", "research compute=40%@2028:", "--fix", "talent=0.15@:2027")
    done = kloof("evaluate", world, "--country", "chn", *asked)
    assert done.code == 0, done.err
    assert "research at least 40% in 2028 to 2029" in done.out
    assert "talent exactly 15% in 2026 to 2027" in done.out
    assert "holds in the years after it" in done.out
    assert max(map(len, done.out.splitlines())) <= 120
    data = kloof("evaluate", world, "--country", "CHN", *asked, "--format", "json").data
    assert data["status"] == "optimal"
    assert [each["share"] for each in data["shares"]] == [0.4, 0.15]
    assert data["plan"]["certificate"]["max_row_violation"] <= 1e-7
    assert data["normal_price_shares"]["plan"]["2027"]["talent"] == pytest.approx(0.15, abs=1e-6)
    assert data["loss_average_log_units"] > 0
    assert {each["metric"] for each in data["strategy"]} >= {"spend_share", "lag_months"}
    # the command and the API answer the same
    found = optimizer.evaluate(
        optimizer.load(world), "CHN", at_least=["research=40%@2028:"], fix=["talent=15%@:2027"]
    )
    assert found.loss == pytest.approx(data["loss_average_log_units"], rel=1e-9)
    prices = [each["per_point_average_log_units"] for each in data["costs"]]
    assert found.costs["per_point_average_log_units"].tolist() == pytest.approx(prices)
    # the plan as a strategy is one that keeps every limit
    printed = kloof("evaluate", world, "--country", "CHN", *asked, "--format", "csv")
    assert printed.out.startswith("country,policy,period")


def test_shares_that_exclude_each_other_end_with_3_and_say_what_gives_a_plan(kloof: Run, world: str) -> None:
    done = kloof("evaluate", world, "--country", "CHN", "--at-most", "talent=2%")
    assert done.code == 3
    assert "at most 2% of the cost of use for talent" in done.out
    assert "talent at most" in done.out.partition("What gives a plan")[2]


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (("--at-least", "research=60%", "--at-least", "delivery=50%"), "E626", "add to 110%"),
        (("--at-least", "research=30%", "--at-most", "research=20%"), "E626", "at least 30% and at most 20%"),
        (("--at-least", "reserch=30%"), "E624", "did you mean `research`"),
        (("--at-least", "research=30%@2035"), "E625", "2026 to 2029"),
        (("--at-least", "research=30"), "E623", "0% to 100%"),
        (("--at-least", "research=-5%"), "E623", "0% to 100%"),
        (("--at-least", "research=30,5%"), "E623", "write 30.5"),
        (("--fix", "talent=15%", "--fix", "talent=16%@2027"), "E626", "at least 16% and at most 15%"),
        (("--at-least", "research=130%"), "E623", "0% to 100%"),
        (("--at-least", "research=nan"), "E623", "0% to 100%"),
        (("--at-least", "research"), "E623", "CATEGORY=SHARE%"),
        (("--fix", "research=30%@2028:2027"), "E623", "end before they begin"),
        (("--fix", "research=30%@2028:2027"), "E623", "as in @2027:2028"),
        (("--at-least", "research=30%@2050:"), "E625", "2050 is no year of the plan"),
        (("--fix", "research=30%@soon"), "E623", "2028:2031"),
        ((), "E601", "--at-least"),
    ],
)
def test_shares_that_are_wrong(kloof: Run, world: str, given: tuple[str, ...], code: str, words: str) -> None:
    done = kloof("evaluate", world, "--country", "CHN", *given)
    assert done.code == 2
    assert f"error[{code}]" in done.err
    assert words in done.err


def test_ceilings_that_leave_money_to_nothing_are_refused(kloof: Run, world: str) -> None:
    names = ("research", "delivery", "chips", "talent", "power")
    given = [text for name in names for text in ("--at-most", f"{name}=19%")]
    done = kloof("evaluate", world, "--country", "CHN", *given)
    assert (done.code, "add to 95%" in done.err) == (2, True)


def test_a_floor_of_the_instance_holds_beside_those_asked_for(kloof: Run, world: str) -> None:
    floor = ("--set", "countries.CHN.budget.category_floors.chips = 0.3")
    done = kloof("evaluate", world, "--country", "CHN", *floor, "--at-most", "chips=20%")
    assert (done.code, "at least 30% and at most 20%" in done.err) == (2, True)


@pytest.mark.parametrize("form", ["percent in the names", "signs", "parts of 1", "sums alone", "semicolons"])
def test_a_sheet_of_shares_in_each_form_is_the_same_plan(
    kloof: Run, world: str, tmp_path: Path, form: str
) -> None:
    head, *rows = SHEET.splitlines()
    plain = head.replace(" %", "")
    cells = [row.split(",") for row in rows]
    if form == "signs":
        lines = [plain, *(",".join((year, *(f"{each}%" for each in rest))) for year, *rest in cells)]
    elif form == "parts of 1":
        parts = [(year, *(f"{float(each) / 100:.3f}" for each in rest)) for year, *rest in cells]
        lines = [plain, *(",".join(each) for each in parts)]
    elif form == "semicolons":
        lines = [line.replace(",", ";").replace(".", ",") for line in SHEET.splitlines()]
    else:
        lines = [head if form == "percent in the names" else plain, *rows]
    (tmp_path / "sheet.csv").write_text("\n".join(lines) + "\n")
    done = kloof("evaluate", world, "--country", "CHN", "--plan", "sheet.csv", "--format", "json")
    assert done.code == 0, done.err
    assert "the shares of 2026 add to 99.9%, rounded: scaled to 100%" in done.err
    assert "2028" not in done.err
    first = done.data["normal_price_shares"]["plan"]["2026"]
    assert first["talent"] == pytest.approx(0.229 / 0.999, abs=1e-6)
    assert sum(first.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "words"),
    [
        ("2027,30,", "2027,20,", "E626", 3, "add to 90%"),
        ("talent %", "talents in all %", "E624", 1, "unknown category"),
        ("2028,", "2031,", "E625", 4, "2026 to 2029"),
        ("2028,", "2027,", "E627", 4, "given on line 3 already"),
        ("44.4", "much", "E627", 4, "`much`"),
        ("44.4,", "", "E627", 4, "5 fields where there are 6 columns"),
        ("chips %", "industry %,chips %", "E627", 1, "twice"),
    ],
)
def test_sheets_that_are_wrong(
    kloof: Run, world: str, tmp_path: Path, old: str, new: str, code: str, line: int, words: str
) -> None:
    (tmp_path / "sheet.csv").write_text(SHEET.replace(old, new, 1))
    done = kloof("evaluate", world, "--country", "CHN", "--plan", "sheet.csv")
    assert done.code == 2
    assert f"error[{code}]" in done.err
    assert f"sheet.csv:{line}" in done.err
    assert words in done.err


def test_the_tolerance_takes_a_sheet_that_adds_to_less_and_lets_shares_move(
    kloof: Run, world: str, tmp_path: Path
) -> None:
    (tmp_path / "sheet.csv").write_text(SHEET.replace("2027,30,", "2027,29,"))
    asked = ("evaluate", world, "--country", "CHN", "--plan", "sheet.csv", "--format", "json")
    assert kloof(*asked, "--tolerance", "0.005").code == 0  # whole percents: rounding may be 1 point in all
    (tmp_path / "sheet.csv").write_text(SHEET.replace("2027,30,40,8,22,0", "2027,29.0,40.0,8.0,22.0,0.0"))
    assert kloof(*asked).code == 2
    done = kloof(*asked, "--tolerance", "0.02")
    assert done.code == 0
    assert "99%, within --tolerance: scaled to 100%" in done.err
    strict = done.data["normal_price_shares"]["plan"]["2027"]
    assert abs(strict["research"] - 0.29 / 0.99) <= 0.02 + 1e-6


def test_several_countries_are_told_beside_each_other(kloof: Run, world: str) -> None:
    asked = ("evaluate", world, "--country", "chn,usa", "--at-most", "talent=5%")
    done = kloof(*asked, "--format", "json")
    assert done.code == 1  # one ended with 3, the other with 0
    first, second = done.data["countries"]["CHN"], done.data["countries"]["USA"]
    assert (first["status"], second["status"]) == ("infeasible", "optimal")
    assert any("talent" in line for line in first["conflicts"])
    printed = kloof(*asked, "--format", "csv")
    head, *rows = printed.out.splitlines()
    assert printed.code == 1
    assert head.startswith("country,policy,period")
    assert {row.split(",")[0] for row in rows} == {"USA"}
    assert "No plan keeps them all" in printed.err
