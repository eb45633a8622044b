"""The short answers: one screen a country, ten lines a plan."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from optimizer.tell.terminal.sparkline import BLOCKS, sparkline
from tests.cli.conftest import Outcome, Run, run_kloof, start_kloof

LINES, WIDTH = 24, 100
CHINA = ("--country", "chn", "--brief")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, world: str) -> tuple[Outcome, Path]:
    """China's plan on one screen: what was printed, and the run directory."""
    place = tmp_path_factory.mktemp("brief")
    done = run_kloof(place, "solve", world, *CHINA, "--out", "run")
    assert done.code == 0, done.err
    return done, place / "run"


def screens(text: str) -> list[list[str]]:
    """The lines of each country; behind the last one what holds of all."""
    parts = re.split(r"(?m)^(?=[A-Z]{3} [^\n]+, 2026 to 2029: )", text)
    return [part.splitlines() for part in parts if part]


def test_one_screen_says_the_answer_and_what_binds(short: tuple[Outcome, Path]) -> None:
    done, run = short
    lines = done.out.splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= WIDTH
    plan = json.loads((run / "summary.json").read_text())["countries"]["CHN"]
    top = plan["headline"]
    (split,) = re.findall(r"(?m)^cost of use, % +(.*)$", done.out)
    told = dict(each.split(" ") for each in split.split(", "))
    assert sum(map(int, told.values())) == 100
    assert all(abs(int(told[name]) - 100 * share) < 1 for name, share in top["split"].items())
    (middle, end) = (round(top["lag_months"][period]) for period in ("2027", "2029"))
    assert f"months behind    {middle} in 2027, {end} in 2029, behind USA; range not computed" in done.out
    assert f"paid {top['paid_usd_bn']:.0f}, unspent and lapsed {top['unspent_usd_bn']:.0f}" in done.out
    for joint in plan["binding_together"]:
        assert re.search(rf"(?m)^ +[\d.]+  together: {re.escape(joint['words'])}$", done.out)
    dearest = plan["binding"][0]
    worth = dearest["solved"]["percent_effective_compute"]
    assert re.search(rf"(?m)^ +{worth:.1f}  {dearest['eased_words']}, 2026-2029$", done.out)
    assert "and after" not in done.out.partition("for good: ")[0]


def test_lines_of_blocks_follow_the_saved_numbers(short: tuple[Outcome, Path]) -> None:
    done, run = short
    rows = [line.split(",") for line in (run / "strategy.csv").read_text().splitlines()]
    years = ("2026", "2027", "2028", "2029")
    compute = [float(row[-1]) for row in rows if row[3] == "installed_compute" and row[2] in years]
    assert (
        f"compute, MH100e  {compute[0] / 1000:.1f} {sparkline(compute)} {compute[-1] / 1000:.1f}" in done.out
    )
    lags = [float(row[-1]) for row in rows if row[3] == "lag_months" and row[2] in years]
    assert f" {sparkline(lags)}  {lags[-1]:.0f}\n" in done.out


def test_short_or_long_the_same_run_is_saved(short: tuple[Outcome, Path], world: str) -> None:
    run = short[1]
    long = run_kloof(run.parent, "solve", world, "--country", "CHN", "--out", "long")
    assert len(long.out.splitlines()) > 100
    for name in ("summary.json", "strategy.csv"):
        assert (run.parent / "long" / name).read_bytes() == (run / name).read_bytes()


def test_every_country_has_its_screen_the_leader_first(world: str, tmp_path: Path) -> None:
    done = run_kloof(tmp_path, "solve", world, "--brief", "--no-save", COLUMNS="80")
    usa, china = screens(done.out)
    assert usa[0].startswith("USA ")
    assert max(map(len, [*usa, *china])) <= 80
    assert len(usa) <= LINES
    assert re.search(r"(?m)^capability +[\d.]+ in 2027, [\d.]+ in 2029 log units", "\n".join(usa))
    # of all countries no limit is solved
    assert re.search(r"(?m)^ +max [\d.]+  10% more income", "\n".join(china))
    assert done.out.count("\nlog unit: +1 is ") == 1


def test_a_stream_of_plain_characters_gets_plain_blocks(world: str, tmp_path: Path) -> None:
    done = start_kloof(tmp_path, "solve", world, *CHINA, "--no-save", PYTHONIOENCODING="ascii")
    assert done.code == 0, done.err
    assert done.out.isascii()
    assert "\\u" not in done.out
    assert re.search(r"(?m)^compute, MH100e +[\d.]+ _[-.:=+*]{2}# [\d.]+$", done.out)


def test_a_finished_study_of_the_same_question_gives_the_ranges(world: str, tmp_path: Path) -> None:
    drawn = ("--country", "CHN", "--no-save", "--jobs", "2")
    assert run_kloof(tmp_path, "solve", world, *drawn, "--bands", "--draws", "4").code == 0
    (tmp_path / "runs" / "bands-000000000000.study").write_text("no study")
    told = run_kloof(tmp_path, "solve", world, *CHINA, "--no-save").out
    assert re.search(r"\d+ \(\d+-\d+\) in 2027, \d+ \(\d+-\d+\) in 2029, behind USA\n", told)
    assert "in brackets: 5 to 95% of 4 draws" in told
    assert "range not computed" not in told
    other = ("--set", "countries.CHN.budget.income_usd_bn *= 1.5")
    assert "range not computed" in run_kloof(tmp_path, "solve", world, *CHINA, *other, "--no-save").out


def test_a_country_without_a_plan_stands_beside_the_others(world: str, tmp_path: Path) -> None:
    floor = ("--set", "countries.CHN.budget.category_floors.chips = 0.99")
    done = run_kloof(tmp_path, "solve", world, "--brief", *floor, "--out", "run")
    assert done.code == 1
    assert re.search(r"(?m)^CHN  infeasible: \d+ limits exclude each other", done.out)
    assert "1 infeasible, 1 optimal" in done.out or "1 optimal, 1 infeasible" in done.out
    told = run_kloof(tmp_path, "explain", "run", "--country", "CHN", "--brief")
    assert len(told.out.splitlines()) <= 10


def test_ten_lines_explain_a_plan(short: tuple[Outcome, Path], kloof: Run) -> None:
    done = kloof("explain", str(short[1]), "--brief")
    head, _, told = done.out.partition("\n\n")
    assert "for good: as much as" in head
    lines = told.splitlines()
    assert len(lines) <= 10
    assert lines[0].startswith("CHN: optimal, gap ")
    assert max(map(len, lines)) <= WIDTH
    assert re.fullmatch(r" +and \d+ more limits without --brief", lines[-1])
    found = json.loads((short[1] / "summary.json").read_text())["countries"]["CHN"]["binding"]
    assert int(re.findall(r"\d+", lines[-1])[0]) + len(lines) - 5 == len(found)


@pytest.mark.parametrize("more", [("--verbose",), ("--format", "json")])
def test_short_and_long_exclude_each_other(
    kloof: Run, world: str, saved: Path, more: tuple[str, ...]
) -> None:
    for command in (("solve", world), ("explain", str(saved))):
        done = kloof(*command, "--brief", *more)
        assert done.code == 2
        assert "--brief is a short text" in done.err + done.out


@pytest.mark.parametrize(
    ("values", "blocks"),
    [
        ((0, 7), "▁█"),
        ((7, 0, 3), "█▁▄"),
        (tuple(range(8)), BLOCKS),
        ((5, 5, 5), "▄▄▄"),
        ((0, 0), "▄▄"),
        ((-1, float("inf"), 1), "▁ █"),
        ((float("nan"),), " "),
        ((), ""),
    ],
)
def test_blocks_rise_from_the_least_to_the_most(values: tuple[float, ...], blocks: str) -> None:
    assert sparkline(values) == blocks
