"""`kloof rules` as a person runs it."""

from __future__ import annotations

import csv
import io

import pytest

from tests.cli.conftest import Run

COUNTRY = ("--country", "CHN")


def test_the_table_names_status_rule_and_fee(kloof: Run) -> None:
    found = kloof("rules", "world-2026", *COUNTRY, "--year", "2026")
    assert (found.code, found.err) == (0, "")
    lines = {line.split()[0]: line.split() for line in found.out.splitlines() if line}
    assert lines["nv_b200"] == [
        "nv_b200",
        *["all", "year", "denied", "denied", "us_2023_3a090a_1", "free", "·", "0"],
    ]
    assert lines["nv_h20"][3:6] == ["capped", "*", "fee"]
    assert "* trade.limits: what CHN buys in practice" in found.out
    assert max(map(len, found.out.splitlines())) <= 120
    assert "15 to 27 Jan" in found.out
    assert "us_2026_case_by_case: BIS (91 FR 1684, document 2026-00789), from 2026-01-15" in found.out
    assert "cap on nv_h200: 400 thousand chips in all, cn_2026_h200_quota" in found.out
    assert "the grey market: 50% left open, cn_2025_customs" in found.out
    assert "home-made share of purchases required: 35%, cn_2025_state_dc" in found.out
    behind = "18% left open, us_2022_tools; behind it nl_2023_duv 40%, jp_2023_tools 50%"
    assert f"duv tools from abroad: {behind}" in found.out
    assert "jp_2023_tools: METI, from 2023-07-23" in found.out


def test_the_limit_of_the_year_stands_where_the_chip_can_be_bought(kloof: Run) -> None:
    for width in ("80", "120"):
        found = kloof("rules", "world-2026", *COUNTRY, "--year", "2026", COLUMNS=width)
        lines = found.out.splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("nv_h200 "))
        pieces = [lines[start]]
        pieces += [line for line in lines[start + 1 : start + 6] if line.startswith(" ")]
        assert [line.split()[-1] == "46.4" for line in pieces] == [False] * (len(pieces) - 1) + [True]
        assert "from 28 Jan" in pieces[-1]


def test_a_limit_that_is_not_known_is_explained(kloof: Run) -> None:
    found = kloof("rules", "world-2026", *COUNTRY, "--year", "2023")
    (line,) = [line for line in found.out.splitlines() if line.startswith("nv_a800 ")]
    assert line.split()[-1] == "n/a"
    note = "n/a: the instance has no supply of the chip for CHN in 2023"
    assert note in found.out.splitlines()
    assert note[:4] not in kloof("rules", "world-2026", *COUNTRY, "--year", "2026").out


@pytest.mark.parametrize("width", [80, 100])
def test_a_narrow_screen(kloof: Run, width: int) -> None:
    found = kloof("rules", "world-2026", *COUNTRY, "--year", "2026", COLUMNS=str(width))
    assert found.code == 0
    assert max(map(len, found.out.splitlines())) <= width
    (line,) = [line for line in found.out.splitlines() if line.startswith("nv_b200 ")]
    assert line.split() == ["nv_b200", "all", "year", "denied", "us_2023_3a090a_1", "·", "0"]
    assert "\ntrade.limits: what CHN buys in practice" in found.out


def test_a_table_that_is_too_wide_for_the_screen_has_both_sides_in_one_column(kloof: Run) -> None:
    cap = "countries.CHN.trade.caps.a_cap_with_a_long_name = "
    cap += "{title: Q, chips: [nv_l20], counts: chips, per_year: 1}"
    found = kloof("rules", "world-2026", *COUNTRY, "--year", "2026", "--set", cap)
    assert found.code == 0
    table = found.out.split("\n\n")[1].splitlines()
    assert max(map(len, table)) <= 120
    assert "decided by" in table[1]
    (line,) = [line for line in table if line.startswith("nv_l20 ")]
    assert line.split()[3:5] == ["capped", "trade.caps.a_cap_with_a_long_name"]
    wide = kloof("rules", "world-2026", *COUNTRY, "--year", "2026", "--set", cap, COLUMNS="160").out
    assert "capped (trade.caps.a_cap_with_a_long_name)  free" in wide


def test_the_import_side_has_its_mandate_and_nothing_of_the_other(kloof: Run) -> None:
    side = ("--year", "2026", "--side", "import")
    found = kloof("rules", "world-2026", *COUNTRY, *side)
    assert "home-made share of purchases required: 35%, cn_2025_state_dc" in found.out
    assert "Domestic chips in data centres with state money" in found.out
    assert "us_" not in found.out
    data = kloof("rules", "world-2026", *COUNTRY, *side, "--format", "json").data
    assert {tuple(one["sides"]) for one in data["chips"].values()} == {("import",)}
    assert {one["limit_kchip"] for one in data["chips"].values()} == {None}
    assert [one["rule"] for one in data["shared_caps"]] == ["cn_2026_h200_quota"]
    assert [(one["what"], one["rules"]) for one in data["beside"]] == [
        ("the grey market", ["cn_2025_customs"])
    ]
    assert (data["home_market_share"], data["home_market_rules"]) == (0.35, ["cn_2025_state_dc"])
    export = kloof("rules", "world-2026", *COUNTRY, "--side", "export", "--format", "json").data
    assert (export["home_market_share"], export["home_market_rules"]) == (0, [])
    assert "cn_" not in str(export["beside"]) + str(export["shared_caps"])


def test_numbers_of_the_csv_are_numbers(kloof: Run) -> None:
    found = kloof("rules", "world-2026", *COUNTRY, "--year", "2026", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(found.out)))
    sold = [row for row in rows if row["status"] != "not on sale"]
    assert 0 < len(sold) < len(rows)
    for row in sold:
        assert 0 < float(row["share"]) <= 1
        assert float(row["fee"]) >= 0
        assert row["limit"] == "" or float(row["limit"]) >= 0
    assert {row["limit"] for row in rows if row["status"] == "not on sale"} == {""}
    for side in ("export", "import"):
        found = kloof("rules", "world-2026", *COUNTRY, "--side", side, "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(found.out)))
        assert ({row["side"] for row in rows}, {row["limit"] for row in rows}) == ({side}, {""})


def test_a_past_year_of_one_side(kloof: Run) -> None:
    found = kloof("rules", "world-2026", *COUNTRY, "--year", "2022", "--side", "export", "--format", "csv")
    assert found.code == 0
    rows = [row for row in csv.DictReader(io.StringIO(found.out)) if row["chip"] == "nv_h100_sxm"]
    assert [(row["last"], row["status"], row["rule"]) for row in rows] == [
        ("2022-10-20", "free", ""),
        ("2022-12-31", "denied", "us_2022_3a090"),
    ]
    assert {row["side"] for row in rows} == {"export"}


def test_json_has_every_chip_and_side(kloof: Run) -> None:
    found = kloof("rules", "world-2026", *COUNTRY, "--format", "json")
    assert found.code == 0
    data = found.data
    assert (data["schema_version"], data["country"], data["year"], data["diagnostics"]) == (
        1,
        "CHN",
        2026,
        [],
    )
    h200 = data["chips"]["nv_h200"]
    assert set(h200["sides"]) == {"export", "import", "both"}
    assert [one["status"] for one in h200["sides"]["export"]] == ["denied", "capped"]
    assert sum(one["share_of_year"] for one in h200["sides"]["both"]) == pytest.approx(1)
    home = data["chips"]["hw_910c"]
    assert home["why_not_for_sale"] == "made at home"
    assert home["sides"] == {"export": [], "import": [], "both": []}
    assert home["limit_kchip"] is None
    assert h200["limit_kchip"] == pytest.approx(46.4, abs=0.1)
    assert {one["what"] for one in data["beside"]} >= {"memory from abroad", "the grey market"}


def test_changes_are_applied_and_named(kloof: Run) -> None:
    off = ("--set", "rules.us_2026_case_by_case.in_force = never")
    found = kloof("rules", "world-2026", *COUNTRY, "--side", "export", *off)
    assert found.code == 0
    assert found.out.splitlines()[1] == "with rules.us_2026_case_by_case.in_force = never"
    (line,) = [line for line in found.out.splitlines() if line.startswith("nv_h200 ")]
    assert line.split()[1:5] == ["all", "year", "denied", "us_2023_3a090a_1"]


def test_what_cannot_be_decided_is_said(kloof: Run) -> None:
    gone = ("--set", "chips.nv_l20.interconnect_gbs = null")
    found = kloof("rules", "world-2026", *COUNTRY, "--side", "export", *gone)
    assert found.code == 1
    (line,) = [line for line in found.out.splitlines() if line.startswith("nv_l20 ")]
    assert "undecided" in line
    assert "warning[E505]: CHN could buy nv_l20, but without its `io_bandwidth_gbs`" in found.err
    assert "give `interconnect_gbs` of nv_l20" in found.err
    solved = kloof("validate", "world-2026", *gone)
    assert solved.code == 2
    assert "error[E505]" in solved.err


def test_the_country_of_the_designers_is_free(kloof: Run, world: str) -> None:
    found = kloof("rules", world, "--country", "USA", "--format", "csv")
    assert found.code == 0
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert {row["status"] for row in rows} == {"free", "not on sale"}
    assert {row["why"] for row in rows if row["chip"] == "hw_960"} == {"sold only in CHN"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--country", "CHM"), "unknown country `CHM`"),
        ((*COUNTRY, "--year", "1066"), "1066 is not in the range"),
        ((*COUNTRY, "--side", "exports"), "'exports' is not one of"),
        (
            (*COUNTRY, "--set", "rules.us_2026_case_by_cas.in_force = never"),
            "did you mean `rules.us_2026_case_by_case",
        ),
        ((*COUNTRY, "--set", "rules.us_all_sales.to = 2020-01-01"), "before it starts on 2026-01-01"),
        (
            (*COUNTRY, "--set", "rules.us_2024_hbm.to = 2025-12-31"),
            "ends on 2025-12-31, before the horizon that starts in 2026: no plan would heed it",
        ),
        ((*COUNTRY, "--set", "rules.cn_2026_h200_quota.cap_value = -1"), "must not be negative, got -1"),
        ((*COUNTRY, "--set", "rules.us_2026_s232_1.fee_share = 25"), "hint: it is a share: 0.25 is 25%"),
    ],
)
def test_bad_input(arguments: tuple[str, ...], says: str, kloof: Run) -> None:
    found = kloof("rules", "world-2026", *arguments)
    assert found.code == 2
    assert says in found.err
    assert found.out == ""
