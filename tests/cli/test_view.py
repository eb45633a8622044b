"""`kloof solve --view`: each year planned with some years in view."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from optimizer.answer.bands import NOT_COMPUTED, NOT_OF_A_VIEW
from tests.cli.conftest import Outcome, Run, run_kloof, start_kloof
from tests.model.test_foresight import LEADS

SHORT = tuple(part for patch in LEADS for part in ("--set", patch))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, world: str) -> tuple[Outcome, Path]:
    """The small instance with two years in view: what the command printed, and the run directory."""
    place = tmp_path_factory.mktemp("view")
    done = run_kloof(place, "solve", world, "--view", "2", "--out", "run", *SHORT)
    assert done.code == 0, done.err
    return done, place / "run"


def test_the_table_says_what_the_view_costs_and_calls_nothing_an_optimum(seen: tuple[Outcome, Path]) -> None:
    text = seen[0].out
    assert "2 rolled, gap <= " in text
    assert "2 optimal" not in text
    assert "what a view of 2 years costs, beside the plan that sees all years and the same leader" in text
    cost = text.partition("what a view of 2 years costs")[2]
    assert cost.index("\nUSA") < cost.index("\nCHN")
    assert float(re.findall(r"\nUSA +(\S+)", cost)[0]) > 1e-3
    assert "each year was decided by a plan for what was in view" in text
    assert max(map(len, text.splitlines())) <= 120
    # what the command would refuse beside a view is not what to do next
    assert NOT_OF_A_VIEW in text
    assert NOT_COMPUTED not in text


def test_the_saved_run_holds_the_view_and_no_price(seen: tuple[Outcome, Path]) -> None:
    summary, manifest = (
        json.loads((seen[1] / f"{name}.json").read_text()) for name in ("summary", "manifest")
    )
    assert (summary["schema_version"], summary["status"], summary["view_years"]) == (1, "rolled", 2)
    assert manifest["options"]["view"] == 2
    assert summary["leader"]["rolled"] == summary["countries"]["USA"]["rolled"]
    for country, plan in summary["countries"].items():
        assert (plan["status"], plan["certificate"], plan["objective"]) == ("rolled", None, None)
        assert "binding" not in plan
        told = plan["rolled"]
        assert told["view_years"] == 2
        assert told["gap"] == max(each["gap"] for each in told["windows"]) <= 1e-6
        assert manifest["gap"][country] == told["gap"]
        assert (told["windows"][0]["first"], told["windows"][0]["last"]) == ("2026", "2027")
        assert told["value"] <= told["foresight"]["upper"]
        assert 0 < told["loss_average_log_units"] <= told["loss_at_most_average_log_units"]
        assert (
            list(told["months_later"])
            == list(told["foresight"]["lag_months"])
            == [str(year) for year in range(2026, 2030)]
        )
    with (seen[1] / "strategy.csv").open() as file:
        metrics = {row["metric"] for row in csv.DictReader(file)}
    assert {"imports", "power_built", "lag_months"} <= metrics
    assert not any(metric.startswith("shadow_price") for metric in metrics)


def test_explain_and_report_say_what_such_a_plan_is(kloof: Run, seen: tuple[Outcome, Path]) -> None:
    told = kloof("explain", str(seen[1]), "--country", "CHN")
    assert told.code == 0
    words = " ".join(told.out.split())
    assert "CHN: rolled: decided year by year with a view of 2 years" in words
    assert "a rolled plan has no prices of limits" in words
    page = seen[1] / "page.html"
    assert kloof("report", str(seen[1]), "--out", str(page)).code == 0
    text = page.read_text()
    assert "Decided year by year with a view of 2 years: " in text
    assert "A rolled plan is no optimum" in text
    assert "Optimal strateg" not in text
    assert "No plan is better than the one shown" not in text
    assert "of what the objective weighs" not in text
    assert NOT_OF_A_VIEW in text
    assert NOT_COMPUTED not in text


def test_detail_of_a_country_says_how_it_was_decided_and_shows_no_limits(kloof: Run, world: str) -> None:
    done = kloof("solve", world, "--country", "CHN", "--view", "1", "--no-save", *SHORT)
    assert done.code == 0
    assert "CHN China: rolled\n" in done.out
    assert "decided year by year with a view of 1 year," in done.out
    assert "what binds" not in done.out
    # no window weighs the years after it as the whole objective does
    assert "of what the objective weighs" not in done.out
    # what arithmetic leaves of nothing is nothing
    assert "0.0000" not in done.out
    assert re.search(r"\d windows, from 2026-2026 to 20\d\d-20\d\d, each certified: gap at most", done.out)
    assert max(map(len, done.out.splitlines())) <= 120


def test_a_view_of_all_years_is_one_window_and_the_plan_with_foresight(kloof: Run, world: str) -> None:
    done = kloof("solve", world, "--country", "CHN", "--view", "99", "--no-save", *SHORT)
    assert done.code == 0
    assert "takes in every year that counts: the plan with full foresight" in " ".join(done.out.split())
    assert re.search(r"\n  one window, 2026-20\d\d, certified: gap at most", done.out)


def test_the_page_of_a_leader_alone_says_how_it_was_decided(kloof: Run, world: str, tmp_path: Path) -> None:
    asked = ("solve", world, "--country", "USA", "--view", "2", "--out", str(tmp_path / "run"), *SHORT)
    assert kloof(*asked).code == 0
    assert kloof("report", str(tmp_path / "run"), "--out", str(tmp_path / "page.html")).code == 0
    answer = (tmp_path / "page.html").read_text().split('<p class="answer">', 1)[1].partition("</p>")[0]
    assert answer.endswith("Decided year by year with a view of 2 years: no optimum of the whole.")


def test_the_leaders_plan_is_worth_what_evaluate_says(
    kloof: Run, world: str, seen: tuple[Outcome, Path]
) -> None:
    plan = str(seen[1] / "strategy.csv")
    done = kloof("evaluate", world, "--country", "USA", "--plan", plan, "--format", "json", *SHORT)
    assert done.data["broken"] == []
    told = json.loads((seen[1] / "summary.json").read_text())["countries"]["USA"]["rolled"]
    assert done.data["objective"] == pytest.approx(told["value"], rel=1e-9)
    assert done.data["loss_average_log_units"] == pytest.approx(told["loss_average_log_units"], abs=2e-6)


def test_the_same_view_gives_the_same_bytes_in_a_process_of_its_own(
    tmp_path: Path, world: str, seen: tuple[Outcome, Path]
) -> None:
    done = start_kloof(tmp_path, "solve", world, "--view", "2", "--jobs", "1", "--out", "again", *SHORT)
    assert done.code == 0, done.err
    assert done.out == seen[0].out
    for name in ("strategy.csv", "summary.json"):
        assert (tmp_path / "again" / name).read_bytes() == (seen[1] / name).read_bytes()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--view", "0"), "0 is not in the range x>=1"),
        (("--view", "1.5"), "'1.5' is not a valid integer range"),
        (("--view", "2", "--ranges"), "error[E609]: a view and `ranges` exclude each other"),
        (("--view", "2", "--bands"), "error[E609]: a view and `bands` exclude each other"),
    ],
)
def test_what_cannot_be_asked_is_refused(kloof: Run, world: str, asked: tuple[str, ...], said: str) -> None:
    done = kloof("solve", world, *asked)
    assert done.code == 2
    assert said in done.err
    assert done.out == ""


def test_windows_out_of_time_are_told_and_nothing_is_claimed_of_them(kloof: Run, world: str) -> None:
    asked = ("solve", world, "--view", "2", "--no-save", "--time-limit", "1e-9", *SHORT)
    done = kloof(*asked)
    assert done.code == 4
    assert "1 stopped^, 1 stopped, gap <= unknown" in done.out
    cost = done.out.partition("what a view of 2 years costs")[2]
    assert re.findall(r"\n(?:USA|CHN) +(\S+)", cost) == ["n/a", "n/a"]
    assert "optimal" not in done.out
    told = kloof(*asked, "--format", "json").data["countries"]["USA"]["rolled"]
    assert {each["status"] for each in told["windows"]} == {"stopped"}
    assert told["gap"] == "inf"


def test_a_way_that_ends_is_told_with_its_year(kloof: Run, world: str) -> None:
    broke = ("--set", "countries.CHN.budget.income_usd_bn[2028] = 0")
    done = kloof("solve", world, "--country", "CHN", "--view", "1", "--out", "run", *broke, *SHORT)
    assert done.code == 3
    assert "error[S114]: with a view of 1 year CHN has no plan for 2028, after what was decided" in done.err
    told = kloof("explain", "run")
    assert "has no plan for 2028" in " ".join(told.out.split())
