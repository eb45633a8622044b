"""`kloof compare` and `kloof policies` in a process of their own."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome, Run, interrupted_on_terminal, run_kloof

RICH = "countries.CHN.budget.income_usd_bn *= 3"
FILES = {
    "rich": f"title: China spends three times as much\nsources: [assumed]\npatches: ['{RICH}']\n",
    "power": "title: Dearer power\npatches: ['countries.*.power.electricity_price_usd_per_kwh *= 1.5']\n",
    "nothing": "title: As it is\npatches: []\n",
    "broke": "title: In debt\npatches: ['countries.CHN.budget.cash0_usd_bn = -100000']\n",
    "poor": "title: Half the money\npatches: ['countries.CHN.budget.income_usd_bn *= 0.5']\n",
}
COLUMNS = ("rich", "power+rich", "nothing", "broke", "nothing")


def write_policies(place: Path) -> None:
    for name, text in FILES.items():
        (place / f"{name}.yaml").write_text(text)


def columns(*names: str) -> Iterator[str]:
    """Files for --policy: `A+B` names two of them."""
    for name in names:
        yield "--policy"
        yield "+".join(f"{part}.yaml" for part in name.split("+"))


@pytest.fixture
def policies(tmp_path: Path) -> None:
    write_policies(tmp_path)


@pytest.fixture(scope="module")
def compared(world: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """Five columns over both countries, solved once: what was printed, and the run directory."""
    place = tmp_path_factory.mktemp("compared")
    write_policies(place)
    done = run_kloof(place, "compare", world, *columns(*COLUMNS), "--out", "run", "--jobs", "1")
    assert done.code == 1, done.err
    return done, place / "run"


def numbers(run: Path, policy: str) -> list[dict[str, str]]:
    with (run / "comparison.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["policy"] == policy]


def test_table_has_every_policy_by_country_and_says_what_failed(compared: tuple[Outcome, Path]) -> None:
    text = compared[0].out
    assert "5 policies beside the baseline; leader USA" in text
    lag, worth = text.split("worth to the country", 1)
    assert re.search(r"\nbaseline +\d+\n", lag)
    assert re.search(r"\nrich +-\d+\n", lag)
    assert re.search(r"\nrich += +\+\d+\.\d\n", worth)
    assert re.search(r"\nnothing \(2\) += +=\n", worth)
    assert re.search(r"\nbroke += +n/a\n", worth)
    assert "\nn/a no plan under this policy, or nothing to compare\n" in text
    assert "not solved" not in text
    assert "\nno policy touches: " not in text
    assert text.count("\nnothing is nothing.yaml\n") == text.count("\nnothing (2) is nothing.yaml\n") == 1
    assert "--country CHN" in text
    assert re.search(r"\n! broke, CHN: infeasible: ", text)
    assert "11 optimal, 1 infeasible, gap <= " in text
    assert max(len(line) for line in text.splitlines() if not line.startswith("!")) <= 120
    assert "error[S106]: CHN" in compared[0].err


def test_saved_summary_is_the_contract(compared: tuple[Outcome, Path]) -> None:
    data = json.loads((compared[1] / "summary.json").read_text())
    assert data["schema_version"] == 1
    assert data["command"] == "compare"
    assert data["status"] == "mixed"
    assert (data["leader"], data["baseline"], data["gap"]) == ("USA", "baseline", 1e-4)
    names = ["rich", "power+rich", "nothing", "broke", "nothing (2)"]
    assert [policy["name"] for policy in data["policies"]] == names
    rich = data["policies"][0]
    assert rich["title"] == "China spends three times as much"
    assert rich["sources"] == ["assumed"]
    (change,) = rich["applied"]
    assert change["path"] == "countries.CHN.budget.income_usd_bn"
    assert change["text"] == RICH
    assert change["old"] != change["new"]
    china = data["countries"]["CHN"]
    assert list(china) == ["baseline", *names]
    assert china["nothing"]["shares_plan_with"] == "baseline"
    assert china["rich"]["shares_plan_with"] is None
    assert china["broke"]["status"] == "infeasible"
    assert china["broke"]["conflict"]
    assert china["broke"]["headline"] is None
    assert china["rich"]["headline"]["split"]["talent"] > 0
    assert china["rich"]["certificate"]["gap"] <= 1e-4
    assert {"row", "category", "period", "price", "unit", "words", "percent_effective_compute"} <= set(
        china["rich"]["binding"][0]
    )
    assert data["ranking"]["CHN"][0] in ("rich", "power+rich")
    ranks = {each["policy"]: each["rank"] for each in data["ranking_detail"]["CHN"]}
    assert ranks["nothing"] == ranks["nothing (2)"] == ranks["baseline"] > 1
    assert "broke" not in ranks


def test_saved_numbers_are_complete_and_zero_where_nothing_changes(compared: tuple[Outcome, Path]) -> None:
    nothing, rich = (numbers(compared[1], name) for name in ("nothing", "rich"))
    metrics = {row["metric"] for row in nothing}
    assert metrics == {
        *("objective", "objective_average", "spend_share", "outlays", "installed_compute"),
        *("compute_ratio", "capability", "effective_ratio", "lag_months"),
    }
    assert all(float(row["change"]) == 0 and row["indistinguishable"] == "1" for row in nothing)
    paid = next(row for row in rich if row["country"] == "CHN" and row["metric"] == "outlays")
    assert paid["period"] == "2026-2029"
    assert float(paid["value"]) - float(paid["baseline"]) == float(paid["change"])
    assert float(paid["change_percent"]) == pytest.approx(
        100 * float(paid["change"]) / float(paid["baseline"])
    )
    assert paid["indistinguishable"] == "0"
    shares = [
        float(row["value"])
        for row in rich
        if row["country"] == "CHN" and row["metric"] == "spend_share" and row["period"] == "2026-2029"
    ]
    assert sum(shares) == pytest.approx(1)


def test_saved_strategy_agrees_with_the_numbers_and_has_all_columns(compared: tuple[Outcome, Path]) -> None:
    with (compared[1] / "strategy.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(dict.fromkeys(row["policy"] for row in rows)) == [
        *("baseline", "rich", "power+rich", "nothing", "broke", "nothing (2)")
    ]
    assert {row["period"] for row in rows} == {"2026", "2027", "2028", "2029"}
    key = ("CHN", "rich", "lag_months", "2029")
    (lag,) = [
        row["value"] for row in rows if (row["country"], row["policy"], row["metric"], row["period"]) == key
    ]
    (same,) = [
        row["value"]
        for row in numbers(compared[1], "rich")
        if (row["country"], row["policy"], row["metric"], row["period"]) == key
    ]
    assert lag == same


def test_processes_and_order_do_not_change_a_byte(
    kloof: Run, world: str, tmp_path: Path, policies: None, compared: tuple[Outcome, Path]
) -> None:
    done = kloof("compare", world, *columns(*COLUMNS), "--jobs", "2", "--quiet")
    assert done.code == 1
    assert "saved" not in done.err
    (place,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch("compare-[0-9a-f]{12}", place.name)
    for name in ("strategy.csv", "comparison.csv", "summary.json"):
        mine, theirs = ((run / name).read_text() for run in (place, compared[1]))
        assert mine == theirs, name
    assert kloof("compare", world, *columns("power+rich", "nothing", "rich"), "--out", "turned").code == 0
    assert numbers(tmp_path / "turned", "rich") == numbers(compared[1], "rich")


def test_one_country_is_shown_in_full_and_set_changes_the_baseline(
    kloof: Run, world: str, policies: None
) -> None:
    patch = "countries.CHN.power.electricity_price_usd_per_kwh *= 2"
    done = kloof("compare", world, "--country", "CHN", "--no-save", *columns("rich", "poor"), "--set", patch)
    assert done.code == 0, done.err
    assert f"baseline with {patch}" in done.out
    for head in ("policy, best first", "place", "% USA", "capability", "paid", "what binds dearest"):
        assert head in done.out
    blocks = done.out.split("\n\n")
    outcome = next(block for block in blocks if "best first" in block)
    assert [line.split()[0] for line in outcome.splitlines()[-3:]] == ["baseline", "rich", "poor"]
    assert "saved" not in done.err


def test_json_and_csv_are_whole_and_solve_agrees(kloof: Run, world: str, policies: None) -> None:
    chosen = (*columns("rich"), "--country", "CHN", "--no-save", "--quiet")
    data = kloof("compare", world, *chosen, "--format", "json").data
    assert data["status"] == "optimal"
    row = next(row for row in data["comparison"] if row["policy"] == "rich" and row["metric"] == "lag_months")
    assert row["change"] < 0
    table = kloof("compare", world, *chosen, "--format", "csv").out.splitlines()
    assert len(table) == 1 + len(data["comparison"])
    solved = kloof(
        *("solve", world, "--policy", "rich.yaml", "--country", "CHN", "--gap", "1e-4"),
        *("--no-save", "--quiet", "--format", "json"),
    ).data["countries"]["CHN"]
    column = data["countries"]["CHN"]["rich"]
    gaps = sum(each["objective"]["upper"] - each["objective"]["lower"] for each in (solved, column))
    assert abs(solved["objective"]["lower"] - column["objective"]["lower"]) <= gaps


def test_a_narrow_screen_folds_tables_and_small_shares_are_not_nothing(
    kloof: Run, world: str, policies: None, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "rich.yaml").write_text(FILES["poor"])
    # with more money than that other plans split it otherwise
    (tmp_path / "rich.yaml").write_text(FILES["rich"].replace("*= 3", "*= 1.5"))
    # so little power at hand that a little has to be built
    short = ("--set", "countries.CHN.power.available_gw = 2")
    chosen = (*columns("rich"), "--policy", "other/rich.yaml", "--country", "CHN", "--no-save", *short)
    done = kloof("compare", world, *chosen, COLUMNS="80")
    assert done.code == 0, done.err
    tables, legend = re.split(r"\n(?=[=≈] |worth: )", done.out, maxsplit=1)
    title, *lines = tables.splitlines()
    assert "beside the baseline" in title
    assert max(len(line) for line in lines) <= 80
    heads = [line for line in lines if re.match(r" +policy(, best first)? ", line)]
    assert len(heads) > 4
    assert {line.count("capability") for line in lines} == {0, 2}
    assert "rich is rich.yaml\nrich (2) is other/rich.yaml\n" in legend
    data = kloof("compare", world, *chosen, "--format", "csv").out.splitlines()
    (power,) = [
        float(row["value"])
        for row in csv.DictReader(data)
        if (row["policy"], row["item"], row["period"]) == ("rich", "power", "2026-2029")
    ]
    assert 0 < power < 0.05
    (shares,) = re.findall(r"\n +rich((?: +<?\d+){5}) +\d+", tables)
    assert shares.split()[-1] in ("<5", "<10")
    assert sum(int(share) for share in shares.split()[:-1]) == 100
    assert "\n< a share that is not nothing" in legend


def test_a_country_that_passes_its_leader_is_ahead_of_it(overtaken: tuple[Outcome, Path]) -> None:
    done, run = overtaken
    table = next(block for block in done.out.split("\n\n") if "best first" in block)
    cells = {line.split()[0]: re.split(r" {2,}", line.strip()) for line in table.splitlines()}
    places = {"baseline": (2, 3), "poor": (3, 5), "rich": (3, 5)}
    shown = {name: [cells[name][place] for place in both] for name, both in places.items()}
    for name, texts in shown.items():
        rows = numbers(run, "poor" if name == "baseline" else name)
        months = [
            round(float(row["baseline" if name == "baseline" else "value"]))
            for row in rows
            if row["metric"] == "lag_months"
        ]
        assert texts == [f"{-each} ahead" if each < 0 else f"{each}" for each in months]
    assert shown["baseline"][1].endswith(" ahead")
    assert not shown["rich"][1].endswith(" ahead")


def test_explain_names_three_limits_of_each_plan_where_there_are_many(
    kloof: Run, compared: tuple[Outcome, Path]
) -> None:
    def named(*arguments: str) -> list[tuple[int, int]]:
        """Of each plan, how many limits are listed and how many are said to be left out."""
        blocks = kloof("explain", str(compared[1]), *arguments).out.split("\n\n")
        plans = [block for block in blocks if "; what limits the plan" in block]
        more = [re.search(r"and (\d+) more: --verbose", plan) for plan in plans]
        return [
            (len(re.findall(r"^ *\d+\. ", plan, re.MULTILINE)), int(found[1]) if found else 0)
            for plan, found in zip(plans, more, strict=True)
        ]

    few, every = named(), named("--verbose")
    assert len(few) == 11
    assert [shown for shown, _ in few] == [3] * 11
    assert [shown + left for shown, left in few] == [shown for shown, _ in every]
    assert {left for _, left in every} == {0}
    three = named("--country", "CHN", "--policy", "rich", "--policy", "nothing", "--policy", "baseline")
    assert [shown for shown, _ in three] == [10] * 3


@pytest.fixture
def several(world: str, tmp_path: Path) -> Path:
    """The instance with some followers alike, so that a comparison can be interrupted between two of them."""
    place = tmp_path / "several"
    shutil.copytree(world, place)
    leader = (
        (place / "countries" / "USA.yaml")
        .read_text()
        .replace("lag_months: 0", "lag_months: 1.3, knowledge0_years: 1.386")
    )
    for name in ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF"):
        alike = re.sub(r"\bUSA\b", name, leader).replace(f"iso3: {name}", f"iso3: {name}\npart_of: USA")
        (place / "countries" / f"{name}.yaml").write_text(alike)
    return place


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_is_done_and_marks_what_is_not(
    several: Path, policies: None, tmp_path: Path, by: signal.Signals
) -> None:
    named = columns("power", "rich", "poor", "nothing", "rich+power", "poor+power")
    code, out, said = interrupted_on_terminal(
        tmp_path, " done (2 of 8)", "compare", str(several), *named, "--out", "run", "--jobs", "1", by=by
    )
    assert code == 130
    assert "Traceback" not in said
    data = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert data["status"] == "interrupted"
    done = sum(len(columns) for columns in data["countries"].values())
    assert 8 < done < 56
    assert f"\n… not solved: interrupted with {done} of 56 solved\n" in out
    worth = next(block for block in out.split("\n\n") if block.startswith("worth"))
    assert re.search(r"\npower .*…", worth)
    assert "n/a" not in out


# What stands before a command to interrupt it, as Ctrl-C does, in the middle of something.
INTERRUPTING = """
import os, signal, sys, time

def interrupt(*_):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)

{where}
from optimizer.cli import main
main()
"""
EXPLAINING = """
import optimizer.study.explained as conflicts
conflicts.explain_plan = conflicts.explain_conflict = interrupt
"""
VALUING = """
import optimizer.study.scenarios as scenarios

command_itself = os.getpid()

def interrupt_all(*_):
    os.kill(command_itself, signal.SIGINT)
    time.sleep(60)

scenarios.solved_worth = interrupt_all
"""
FOLLOWING = """
import optimizer.study.scenarios as scenarios
scenarios._follow = interrupt
"""
OTHER_LEADERS = """
import optimizer.study.scenarios as scenarios
lead, calls = scenarios._lead, []

def second(*arguments):
    calls.append(1)
    return lead(*arguments) if len(calls) < 3 else interrupt()

scenarios._lead = second
"""


def interrupted(place: Path, where: str, *arguments: str) -> Outcome:
    """A command of one process that is interrupted somewhere."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTING.format(where=where), *arguments],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 130
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("command", ["compare", "solve"])
def test_an_interrupt_while_explaining_loses_no_plan(
    kloof: Run, world: str, policies: None, tmp_path: Path, command: str
) -> None:
    named = columns("rich", "broke") if command == "compare" else columns("broke")
    jobs = ("--jobs", "1") if command == "compare" else ()
    done = interrupted(tmp_path, EXPLAINING, command, world, *named, "--out", "run", *jobs)
    assert "interrupted while explaining: every plan that was solved is here" in done.err
    assert "interrupted: " in done.out
    assert "not solved" not in done.out
    assert "every repair found" not in done.err
    data = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert data["status"] == "interrupted"
    runs = data["countries"]
    if command == "compare":
        assert {name: each["status"] for name, each in runs["CHN"].items()} == {
            **{"baseline": "optimal", "rich": "optimal", "broke": "infeasible"}
        }
        assert all(each["headline"] for each in runs["USA"].values())
    else:
        assert (runs["USA"]["status"], runs["CHN"]["status"]) == ("optimal", "infeasible")
    told = kloof("explain", "run")
    assert told.code == 0
    assert re.search(r"(?m)^CHN.*: infeasible; interrupted before it was worked out what limits", told.out)
    assert "nothing limits" not in told.out


def test_a_column_written_on_the_line_is_that_of_a_policy_file(
    kloof: Run, world: str, policies: None, tmp_path: Path
) -> None:
    dearer = "countries.*.power.electricity_price_usd_per_kwh *= 1.5"
    written = ("--set-column", f"more money, dear power : {RICH};{dearer}", "--set-column", f"rich: {RICH}")
    asked = ("--country", "chn", *columns("power+rich"), *written, "--out", "run", "--jobs", "1")
    done = kloof("compare", world, *asked)
    assert done.code == 0, done.err
    assert "3 policies beside the baseline" in done.out
    both, alone = numbers(tmp_path / "run", "power+rich"), numbers(tmp_path / "run", "rich")
    same = numbers(tmp_path / "run", "more money, dear power")
    assert [row | {"policy": ""} for row in both] == [row | {"policy": ""} for row in same]
    assert both != alone
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["given_policies"] == ["power.yaml+rich.yaml"]
    assert manifest["policies"][1:] == [
        {"name": "more money, dear power", "patches": [RICH, dearer]},
        {"name": "rich", "patches": [RICH]},
    ]
    saved = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert list(saved["countries"]["CHN"]) == ["baseline", "power+rich", "more money, dear power", "rich"]
    assert {each["text"] for each in saved["policies"][2]["applied"]} == {RICH}
    told = kloof("explain", "run", "--country", "Chn", "--policy", "more money, dear power")
    assert told.code == 0
    assert told.out.startswith("CHN, more money, dear power: optimal")
    (tmp_path / "run" / "summary.json").write_text(json.dumps(saved | {"gap": None}))
    again = kloof("explain", "run").err
    assert f"--set-column 'rich: {RICH}' --country CHN" in again


@pytest.mark.parametrize("named", [("CHN",), ("USA", "CHN")])
def test_an_interrupt_while_steps_are_valued_loses_no_plan(
    kloof: Run, world: str, tmp_path: Path, named: tuple[str, ...]
) -> None:
    asked = (argument for country in named for argument in ("--country", country))
    done = interrupted(tmp_path, VALUING, "solve", world, *asked, "--out", "run")
    assert "every plan is here, but not what each step brings" in done.err
    data = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert data["status"] == "interrupted"
    assert {country: each["status"] for country, each in data["countries"].items()} == dict.fromkeys(
        named, "optimal"
    )
    told = kloof("explain", "run", "--format", "json").data["plans"]
    assert all(plan["binding"] for plan in told)
    assert not any(fact["solved"] for plan in told for fact in plan["binding"])


@pytest.mark.parametrize("command", ["compare", "solve", "evaluate"])
def test_an_interrupt_before_any_country_is_done_saves_nothing(
    world: str, saved: Path, policies: None, tmp_path: Path, command: str
) -> None:
    own = {
        "compare": (*columns("rich"), "--out", "run"),
        "solve": ("--out", "run"),
        "evaluate": ("--plan", str(saved / "strategy.csv")),
    }
    done = interrupted(tmp_path, FOLLOWING, command, world, "--country", "CHN", *own[command])
    assert done.out == ""
    assert "interrupted before any country was done" in done.err
    assert not (tmp_path / "run").exists()


def test_a_run_of_no_country_is_told_as_one(kloof: Run, saved: Path, tmp_path: Path) -> None:
    place = tmp_path / "none"
    shutil.copytree(saved, place)
    data = json.loads((place / "summary.json").read_text()) | {"countries": {}, "status": "interrupted"}
    (place / "summary.json").write_text(json.dumps(data))
    head = (place / "strategy.csv").read_text().splitlines()[0]
    (place / "strategy.csv").write_text(f"{head}\n")
    assert kloof("explain", "none").out == "interrupted before any country was done\n"
    assert kloof("report", "none").code == 0
    page = (place / "report.html").read_text()
    assert "interrupted before any country was done</title>" in page
    assert "Interrupted before any country was done." in page
    assert not re.search(r"(?i)no plan for", page)


def test_an_interrupt_among_the_leaders_keeps_those_that_are_solved(
    world: str, policies: None, tmp_path: Path
) -> None:
    for name, factor in (("more", 1.1), ("most", 1.2)):
        patch = f"countries.USA.budget.income_usd_bn *= {factor}"
        (tmp_path / f"{name}.yaml").write_text(f"title: {name}\npatches: ['{patch}']\n")
    named = columns("more", "most", "rich")
    done = interrupted(tmp_path, OTHER_LEADERS, "compare", world, *named, "--out", "run", "--jobs", "1")
    data = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert list(data["countries"]) == ["USA"]
    assert list(data["countries"]["USA"]) == ["baseline", "more", "rich"]
    assert "… not solved: interrupted with 3 of 8 solved" in done.out


def test_an_unasked_leader_without_a_plan_is_saved_with_what_repairs_it(
    kloof: Run, world: str, policies: None, tmp_path: Path
) -> None:
    patch = "countries.USA.budget.cash0_usd_bn = -100000"
    (tmp_path / "debt.yaml").write_text(f"title: Debt\npatches: ['{patch}']\n")
    done = kloof("compare", world, "--country", "CHN", *columns("debt", "rich"), "--out", "run", "--quiet")
    assert done.code == 1
    data = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert list(data["leaders"]) == ["debt"]
    leader = data["leaders"]["debt"]
    assert leader["status"] == "infeasible"
    assert leader["conflict_groups"]
    assert any("cash0_usd_bn = " in each["words"] for each in leader["repairs"])
    assert data["policies"][0]["leader"] == "USA"


def test_a_leader_that_was_stopped_without_a_plan_ends_with_4(kloof: Run, world: str, policies: None) -> None:
    limits = ("--set", "countries.USA.budget.category_floors.research = 0.3", "--time-limit", "0.00001")
    named = ("--country", "CHN", "--no-save", *limits)
    assert kloof("solve", world, *named).code == 4
    done = kloof("compare", world, *named, *columns("rich"))
    assert done.code == 4
    assert "2 stopped" in done.out
    assert "worth:" not in done.out
    assert "\n= " not in done.out


def test_shipped_policies_that_do_not_fit_are_named(kloof: Run, world: str, tmp_path: Path) -> None:
    done = kloof("compare", world, "--every-policy", "--country", "USA", "--out", "run", "--jobs", "1")
    assert done.code == 0, done.err
    fits = {each["name"]: each for each in kloof("policies", world, "--format", "json").data["policies"]}
    misfits = [name for name, each in fits.items() if not each["applies"]]
    assert misfits
    (said,) = re.findall(r"left out as they do not fit, `kloof policies .*` says why: (.*)", done.err)
    assert said.split(", ") == misfits
    data = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert data["left_out"] == {name: fits[name]["reason"] for name in misfits}


def test_a_place_that_cannot_be_written_is_said_before_anything_is_solved(
    kloof: Run, world: str, policies: None, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for command in (("compare", world, *columns("rich")), ("solve", world)):
        done = kloof(*command, "--out", "file/run")
        assert (done.code, done.out) == (74, "")
        assert (
            "error[E605]: the run cannot be saved: `file` is not a directory\n  --> file/run\n  hint: "
            in done.err
        )


@pytest.mark.parametrize("command", ["compare", "solve"])
def test_a_run_that_cannot_be_saved_in_the_end_is_printed_all_the_same(
    world: str, policies: None, tmp_path: Path, command: str
) -> None:
    spoiling = (
        "import pathlib, optimizer.study.explained as conflicts\n"
        "explain = conflicts.explain_plan\n"
        "def spoil(*arguments):\n"
        "    place = pathlib.Path('place')\n"
        "    if place.is_dir():\n"
        "        place.rmdir()\n"
        "        place.write_text('')\n"
        "    return explain(*arguments)\n"
        "conflicts.explain_plan = spoil\n"
        "from optimizer.cli import main\n"
        "main()\n"
    )
    named = (*columns("rich"), "--jobs", "1") if command == "compare" else ()
    done = subprocess.run(
        [sys.executable, "-c", spoiling, command, world, *named, "--out", "place/run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 74
    assert "error[E605]" in done.stderr
    assert "Traceback" not in done.stderr
    assert "saved in" not in done.stderr
    assert re.search(r"\d optimal, gap <= ", done.stdout)


def test_columns_of_one_name_say_which_is_shipped(kloof: Run, world: str, tmp_path: Path) -> None:
    (tmp_path / "big_fund.yaml").write_text(FILES["rich"])
    names = ("--policy", "big_fund.yaml", "--policy", "big_fund")
    done = kloof("compare", world, "--no-save", "--country", "USA", *names)
    assert done.code == 0, done.err
    assert done.out.endswith("\nbig_fund is big_fund.yaml\nbig_fund (2) is the shipped big_fund\n")


def test_who_passes_the_leader_is_said_with_the_policy(overtaken: tuple[Outcome, Path]) -> None:
    passes = "TWI passes the leader USA in capability in "
    said = [line for line in overtaken[0].out.splitlines() if passes in line]
    policies = {name for line in said for name in line.removeprefix("! ").split(": ")[0].split(", ")}
    assert {"baseline", "poor"} <= policies or policies == {"every column"}
    data = json.loads((overtaken[1] / "summary.json").read_text())["countries"]["TWI"]
    for name in ("baseline", "poor"):
        year = data[name]["headline"]["passes_the_leader_in"]
        assert year is not None
        assert any(year in line for line in said)


def test_all_infeasible_ends_with_3(kloof: Run, world: str, policies: None) -> None:
    patch = "countries.CHN.budget.cash0_usd_bn = -100000"
    done = kloof("compare", world, "--country", "CHN", "--no-save", *columns("rich"), "--set", patch)
    assert done.code == 3
    assert "2 infeasible" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], "E601", "--every-policy"),
        (["--policy", "grey_close"], "E209", "did you mean the shipped `grey_closed`?"),
        (["--policy", "rich.yaml+poor.yaml"], "E404", "poor.yaml:2"),
        (["--policy", "rich.yaml", "--set", RICH.replace("*= 3", "*= 2")], "E404", "*= 2"),
        (["--policy", "rich.yaml", "--country", "CHM"], "E302", "did you mean `CHN`?"),
        (["--policy", "rich.yaml", "--country", "usa,chm"], "E302", "did you mean `CHN`?"),
        (["--policy", "rich.yaml", "--country", "usa,"], "E601", "no country is named beside a comma"),
        (["--set-column", RICH], "E622", "a column without a name: `countries.CHN"),
        (
            ["--set-column", RICH.replace(" *", "[2027:] *")],
            "E622",
            "a column without a name: `countries.CHN",
        ),
        (["--set-column", f": {RICH}"], "E622", "write 'NAME: PATCH; PATCH'"),
        (["--set-column", f"rich: {RICH};"], "E622", "an empty patch in the column `rich`"),
        (["--set-column", "rich:"], "E622", "an empty patch in the column `rich`"),
        (["--set-column", f"a: {RICH}", "--set-column", f"a: {RICH}"], "E622", "two columns of the name `a`"),
        (["--policy", "rich.yaml", "--set-column", f"rich: {RICH}"], "E622", "the name `rich`"),
        (["--every-policy", "--set-column", f"big_fund: {RICH}"], "E622", "the name `big_fund`"),
        (["--set-column", f"baseline: {RICH}"], "E622", "the name `baseline`"),
        (["--set-column", f"a: {RICH}; {RICH.replace('*= 3', '*= 2')}"], "E404", "*= 2"),
        (["--set-column", f"a: {RICH}; countries.CHN.budget.incom_usd_bn *= 2"], "E402", "did you mean"),
        (["--policy", "rich.yaml", "--jobs", "0"], "E601", "jobs"),
        (["--policy", "rich.yaml", "--out", "a", "--no-save"], "E601", "exclude each other"),
    ],
)
def test_bad_input_ends_with_2_and_says_what_to_do(
    kloof: Run, world: str, policies: None, arguments: list[str], code: str, said: str
) -> None:
    done = kloof("compare", world, *arguments)
    assert done.code == 2
    assert done.out == ""
    assert f"error[{code}]" in done.err
    assert said in done.err


def test_overlap_names_both_patches_and_unknown_policies_are_named_at_once(
    kloof: Run, world: str, policies: None
) -> None:
    done = kloof("compare", world, "--policy", "rich.yaml+poor.yaml")
    assert "income_usd_bn *= 3" in done.err
    assert "income_usd_bn *= 0.5" in done.err
    done = kloof("compare", world, "--policy", "h20_bannd", "--policy", "no_control", "--format", "json")
    assert [each["hint"] for each in done.data["diagnostics"]] == [
        "did you mean the shipped `h20_banned`?",
        "did you mean the shipped `no_controls`?",
    ]


@pytest.mark.parametrize("command", ["compare", "solve"])
def test_all_that_is_wrong_with_policies_is_said_at_once_with_file_and_line(
    kloof: Run, world: str, policies: None, tmp_path: Path, command: str
) -> None:
    (tmp_path / "one.yaml").write_text(
        "titel: Typing errors\n"
        "patches:\n"
        "  - countries.CHN.budget.income_usd_bn ** 2\n"
        "  - countries.CHN.budget.incom_usd_bn *= 2\n"
        "  - countries.CHN.budget.income_usd_bn *= 2\n"
        "  - countries.CHN.power.electricity_price_usd_per_kwh = -1\n"
    )
    (tmp_path / "two.yaml").write_text("title: No such country\npatches: [countries.CHM.base = 1]\n")
    done = kloof(command, world, *columns("one", "two"), "--set", "leder = CHN", "--format", "json")
    assert done.code == 2
    found = [(each["code"], each["file"], each["line"]) for each in done.data["diagnostics"]]
    assert found == [
        ("E402", None, None),
        ("E101", "one.yaml", 1),
        ("E401", "one.yaml", 3),
        ("E402", "one.yaml", 4),
        ("E408", "one.yaml", 6),
        ("E402", "two.yaml", 2),
    ]


def test_a_shipped_policy_for_another_world_says_which_fit_this_one(kloof: Run, world: str) -> None:
    shutil.copytree(world, Path(world).parent / "my-world", dirs_exist_ok=True)
    place = str(Path(world).parent / "my-world")
    done = kloof("compare", place, "--policy", "grey_closed", "--format", "json")
    assert done.code == 2
    (first, second) = done.data["diagnostics"]
    assert (first["code"], first["line"] + 1) == ("E402", second["line"])
    assert first["file"].endswith("policies/grey_closed.yaml")
    hint = f"this policy is made for another world; those that fit this one: kloof policies {place}"
    assert first["hint"] == second["hint"] == hint
    assert kloof("solve", place, "--policy", "grey_closed", "--format", "json").data == done.data
    listed = kloof("policies", place).out
    assert re.search(r"\ngrey_closed +no ", listed)
    assert re.search(r"\nmemory_shock +yes ", listed)
    wrong = kloof("solve", "world-2026", "--set", "countries.TWN.industry.line = 1", "--format", "json").data
    assert wrong["diagnostics"][0]["hint"].startswith("did you mean")


def test_policies_lists_what_ships_and_whether_it_fits(kloof: Run, world: str) -> None:
    done = kloof("policies")
    assert done.code == 0
    assert re.search(r"\nno_controls +No export controls", done.out)
    data = kloof("policies", world, "--format", "json").data
    listed = {policy["name"]: policy for policy in data["policies"]}
    assert len(listed) >= 20
    assert listed["us_brute_force"]["applies"] is True
    assert listed["taiwan_shock"]["applies"] is False
    assert "TWN" in listed["taiwan_shock"]["reason"]
    table = list(csv.DictReader(kloof("policies", "world-2026", "--format", "csv").out.splitlines()))
    assert {row["applies"] for row in table} == {"yes"}
    assert "countries.USA.budget.income_usd_bn *= 1.5" in kloof("policies", "--verbose").out
    assert kloof("policies", "world-2062").code == 2


def test_every_command_of_the_guide_runs(kloof: Run, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "compare.md").read_text()
    (policy,) = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "half_more.yaml").write_text(policy)
    blocks = re.findall(r"```console\n(.*?)```", page, flags=re.DOTALL)
    commands = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    assert len(commands) == 5
    for line in commands:
        program, *arguments = shlex.split(line)
        assert program == "kloof"
        done = kloof(*arguments)
        assert done.code == 0, f"{line}\n{done.err}"
    assert (tmp_path / "runs" / "money" / "comparison.csv").exists()
