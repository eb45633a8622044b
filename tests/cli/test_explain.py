"""`kloof explain` in a process of its own."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from models.parameters import PlanParameters
from optimizer.answer import explanation, strategy
from optimizer.answer.shadow import ShadowPrices
from optimizer.solver import Solution
from tests.cli.conftest import Outcome, Run, run_kloof

FLOOR = "countries.CHN.budget.category_floors.chips = 0.99"


@pytest.fixture(scope="module")
def infeasible(tmp_path_factory: pytest.TempPathFactory, world: str) -> tuple[Outcome, Path]:
    """A run in which China has no plan: what `solve` printed, and the run directory."""
    place = tmp_path_factory.mktemp("infeasible")
    return run_kloof(place, "solve", world, "--out", "run", "--set", FLOOR), place / "run"


def test_dearest_limits_stand_in_words_with_their_inputs(kloof: Run, saved: Path) -> None:
    done = kloof("explain", str(saved), "--country", "CHN")
    assert done.code == 0
    assert done.err == ""
    lines = done.out.splitlines()
    assert lines[0].startswith("CHN: optimal, gap ")
    numbered = [line for line in lines if re.match(r" *\d+\. ", line)]
    assert len(numbered) == 10
    assert max(len(line) for line in lines if " " in line.strip() and "kloof rules" not in line) <= 120
    text = " ".join(done.out.split())
    assert text.count("more effective compute for good") == 10
    income = next(i for i, line in enumerate(lines) if "10% more income in each year 2026-2029" in line)
    below = [line for line in lines[income:] if line.startswith("     ")]
    assert any(
        re.search(r"worth up to USD \d.* bn of one year; now 45\.0 to 65\.0 USD bn", line)
        for line in below[:2]
    )
    where = r"countries\.CHN\.budget\.income_usd_bn  countries/CHN\.yaml:\d+"
    assert any(re.search(where, line) for line in below[:3])
    assert "by the price, which is that of the first unit" in text
    # every country was solved, so only prices are known
    assert "as solved" not in text.partition("`As solved`")[0]
    assert "Prices only, and the order is theirs" in text


def test_facts_are_in_the_summary_and_need_no_solve(kloof: Run, saved: Path) -> None:
    summary = json.loads((saved / "summary.json").read_text())
    done = kloof("explain", str(saved), "--format", "json")
    plans = {plan["country"]: plan for plan in done.data["plans"]}
    assert set(plans) == {"USA", "CHN"}
    for country, plan in plans.items():
        assert plan["binding"] == summary["countries"][country]["binding"]
        ranks = [fact["ranked_by"] for fact in plan["binding"]]
        assert ranks == sorted(ranks, reverse=True)
        assert len(ranks) >= 10
        for fact in plan["binding"]:
            if fact["closed"]:
                assert fact["ten_percent_effective_compute"] is None
                assert fact["ranked_by"] == fact["percent_effective_compute"]
    fact = next(each for each in plans["CHN"]["binding"] if each["row"] == "budget")
    assert fact["price"] == pytest.approx(sum(fact["prices"]) + fact["price_after"])
    assert fact["price_after"] > 0
    assert fact["periods_after"]
    assert fact["unit"] == "USD bn"
    assert fact["limit"] == [45.0, *fact["limit"][1:]]


def test_prices_are_those_of_the_strategy(kloof: Run, saved: Path) -> None:
    with (saved / "strategy.csv").open() as file:
        listed = {
            (row["country"], row["item"], row["period"]): float(row["value"])
            for row in csv.DictReader(file)
            if row["metric"] == "shadow_price"
        }
    for plan in kloof("explain", str(saved), "--format", "json").data["plans"]:
        for fact in plan["binding"]:
            # the price of a limit over all periods stands in the first
            periods = fact["periods"] or [min(period for _, _, period in listed)]
            for period, price in zip(periods, fact["prices"], strict=True):
                assert listed[plan["country"], fact["row"], period] == price


def test_csv_has_a_line_per_limit(kloof: Run, saved: Path) -> None:
    done = kloof("explain", str(saved), "--country", "USA", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [int(row["rank"]) for row in rows] == list(range(1, len(rows) + 1))
    assert {row["country"] for row in rows} == {"USA"}
    assert all(row["words"] for row in rows)


def test_an_instance_that_has_changed_since_is_said(kloof: Run, world: str, tmp_path: Path) -> None:
    shutil.copytree(world, tmp_path / "mine")
    assert kloof("solve", "mine", "--out", "run", "--country", "USA").code == 0
    assert kloof("explain", "run", "--instance", "mine").err == ""
    with (tmp_path / "mine" / "countries" / "CHN.yaml").open("a") as file:
        file.write("# a remark\n")
    done = kloof("explain", "run", "--instance", "mine")
    assert done.code == 0
    assert "warning[S109]: the instance has changed since this run: countries/CHN.yaml" in done.err
    assert "more effective compute for good" in done.out


def test_solve_groups_the_conflict_and_points_to_explain(infeasible: tuple[Outcome, Path]) -> None:
    done, _ = infeasible
    assert done.code == 1
    errors = [line for line in done.err.splitlines() if line.startswith("error[S106]")]
    assert errors[0].startswith("error[S106]: CHN: at least 99% of the cost of use for chips in 2026")
    assert len(errors) == len(set(errors))
    assert "kloof explain run" in done.err
    assert "CHN  infeasible" in done.out


def test_conflict_and_repairs_are_told(kloof: Run, infeasible: tuple[Outcome, Path]) -> None:
    _, run = infeasible
    done = kloof("explain", str(run), "--country", "CHN")
    assert done.code == 0
    assert "these cannot all hold" in done.out
    assert f"set by `{FLOOR}`" in done.out
    assert re.search(r"toolmaking\.duv\.capacity_kwpm_per_year  .*CHN\.yaml:\d+", done.out)
    assert f"in place of --set '{FLOOR}'" in done.out
    rows = list(csv.DictReader(io.StringIO(kloof("explain", str(run), "--format", "csv").out)))
    assert any(row["row"] == "conflict:least_share/chips" for row in rows)
    assert any(row["row"] == "repair" for row in rows)


def test_tools_that_nobody_sells_are_named_with_their_input(kloof: Run, world: str) -> None:
    tools = "countries.CHN.industry.tools.*.import_limit_kwpm_per_year = 0"
    nothing = [
        *("toolmaking.duv.build_limit_kwpm_per_year2", "packaging.build_limit_thousand_per_year2"),
        "memory.build_limit_pb_per_year2",
    ]
    floor = "countries.CHN.budget.category_floors.chips = 0.5"
    given = [tools, floor, *(f"countries.CHN.industry.{path} = 0" for path in nothing)]
    patches = [part for text in given for part in ("--set", text)]
    assert kloof("solve", world, "--country", "CHN", *patches, "--out", "run").code == 3
    told = kloof("explain", "run").out
    line = "   - duv tools for at most 0 kwpm bought abroad a year (2026)\n"
    place = f"     countries.CHN.industry.tools.duv.import_limit_kwpm_per_year  set by `{tools}`\n"
    assert line + place in told
    data = kloof("explain", "run", "--format", "json").data["plans"][0]
    (group,) = [each for each in data["conflict_groups"] if each["family"] == "tool_imports"]
    assert (group["item"], group["rows"]) == ("duv", ["tool_imports[duv,2026]"])


@pytest.mark.parametrize("by_file", [False, True])
def test_a_repair_in_place_of_a_patch_with_a_star_says_what_it_must_keep(
    kloof: Run, world: str, tmp_path: Path, by_file: bool
) -> None:
    change = "countries.*.budget.cash0_usd_bn = -500"
    (tmp_path / "cash.yaml").write_text(f"title: Debts\npatches:\n  - {change}\n")
    given = ("--policy", "cash.yaml") if by_file else ("--set", change)
    assert kloof("solve", world, "--country", "USA", *given, "--out", "run").code == 3
    told = kloof("explain", "run").out
    place = f"'{change}' in line 3 of cash.yaml" if by_file else f"--set '{change}'"
    found = re.search(r"cash at the start alone: --set '(.*)'  \(was -500\)\n     in place of (.*)\n", told)
    assert found is not None
    assert found[2] == f"{place}, keeping 1 more that it changes"
    if not by_file:
        kept = change.replace("*", "CHN")
        done = kloof("solve", world, "--country", "USA", "--no-save", "--set", found[1], "--set", kept)
        assert done.code == 0, done.err


def test_solve_lists_the_limits_of_explain_in_its_order(kloof: Run, world: str, tmp_path: Path) -> None:
    shown = kloof("solve", world, "--country", "CHN", "--out", "run").out
    body = shown.partition("what binds, dearest first")[2]
    rows = [re.split(r" {2,}", line.strip()) for line in body.splitlines()[2:]]
    together = [row for row in rows if row[0].startswith("together: ")]
    table = rows[len(together) :]
    plan = kloof("explain", "run", "--country", "CHN", "--format", "json").data["plans"][0]
    facts, joints = plan["binding"], plan["binding_together"]
    assert [row[0].removeprefix("together: ") for row in together] == [each["words"] for each in joints]
    assert joints[0]["name"] == "export_denials"
    assert joints[0]["solved"]["low"] > max(each["solved"]["high"] for each in facts if each["solved"])
    percents = [each["solved"]["percent_effective_compute"] for each in joints]
    assert len(percents) > 2
    assert percents == sorted(percents, reverse=True)
    assert len(facts) >= 10
    solved = [each for each in facts if each["solved"]]
    assert len(solved) == 8
    assert solved == facts[:8]
    percents = [each["solved"]["percent_effective_compute"] for each in solved]
    assert percents == sorted(percents, reverse=True)
    for row, fact in zip(table, facts, strict=False):
        assert row[0].startswith("closed: ") == fact["closed"]
        assert fact["eased_words"].startswith(row[0].removeprefix("closed: ")[:8])
        if fact["solved"]:
            assert f"worth {row[2]}% more effective compute for good, as solved" in fact["words"]
        else:
            assert row[2] == "not solved"
        assert f"{row[3].lstrip('~')}%" in fact["words"]
    told = kloof("explain", "run", "--country", "CHN").out
    assert max(map(len, [*shown.splitlines(), *told.splitlines()])) <= 120
    assert told.splitlines()[1].startswith("  -  Together: every foreign chip as far as money reaches")
    rows = list(csv.DictReader(io.StringIO(kloof("explain", "run", "--format", "csv").out)))
    assert float(rows[0]["solved_percent_effective_compute"]) == percents[0]
    assert "together:export_denials" in {row["row"] for row in rows}


def test_rules_command_is_complete(kloof: Run, world: str, tmp_path: Path) -> None:
    (tmp_path / "floor.yaml").write_text(
        f"title: A floor\ndescription: Talent.\nsources: []\npatches: ['{FLOOR.replace('0.99', '0.05')}']\n"
    )
    change = "countries.CHN.budget.income_usd_bn *= 1.01"
    asked = ("--country", "CHN", "--policy", "floor.yaml", "--set", change)
    assert kloof("solve", world, *asked, "--out", "run").code == 0
    done = kloof("explain", "run", "--instance", world)
    command = re.search(r"denied by the rules: kloof (.*)$", done.out, re.MULTILINE)
    assert command is not None
    parts = shlex.split(command[1])
    assert parts[:4] == ["rules", world, "--country", "CHN"]
    assert parts[6:] == ["--policy", "floor.yaml", "--set", change]
    assert "nv_vr200" in kloof(*parts).out
    assert kloof("explain", "run", "--format", "json").data["command"] == "solve"


def test_repair_of_what_a_policy_set_names_its_line(kloof: Run, world: str, tmp_path: Path) -> None:
    file = tmp_path / "floor.yaml"
    file.write_text(f"title: A floor\ndescription: Chips.\nsources: []\npatches:\n  -   {FLOOR}  # high\n")
    asked = ("solve", world, "--country", "CHN", "--policy", "floor.yaml")
    failed = kloof(*asked, "--out", "run")
    assert failed.code == 3
    explained = kloof("explain", "run").out
    told = re.search(r"change line (\d+) of floor\.yaml to `(.*?)`", explained)
    assert told is not None
    assert told[0] in failed.err
    words = kloof("explain", "run", "--format", "json").data["plans"][0]["repairs"][0]["words"]
    assert told[0] in words
    lines = file.read_text().splitlines()
    lines[int(told[1]) - 1] = told[2]
    file.write_text("\n".join(lines) + "\n")
    outcome = re.search(r"the best plan then has capability (\S+) in 2029, (\d+) months behind", explained)
    assert outcome is not None
    repaired = kloof(*asked, "--no-save", "--format", "json")
    assert repaired.code == 0, repaired.err
    top = repaired.data["countries"]["CHN"]["headline"]
    assert top["capability"]["2029"] == pytest.approx(float(outcome[1]), abs=0.02)
    assert top["lag_months"]["2029"] == pytest.approx(float(outcome[2]), abs=1.0)


def test_repair_can_be_pasted(kloof: Run, world: str, infeasible: tuple[Outcome, Path]) -> None:
    _, run = infeasible
    plans = kloof("explain", str(run), "--format", "json").data["plans"]
    china = next(plan for plan in plans if plan["country"] == "CHN")
    (fix,) = china["repairs"][0]["patches"]
    assert fix["replaces"] == [FLOOR]
    assert kloof("solve", world, "--no-save", "--country", "CHN", "--set", fix["patch"]).code == 0


def test_infeasible_leader_is_explained_though_not_asked_for(kloof: Run, world: str) -> None:
    patch = "countries.USA.budget.cash0_usd_bn = -100000"
    assert kloof("solve", world, "--country", "CHN", "--out", "run", "--set", patch).code == 3
    done = kloof("explain", "run")
    assert done.code == 0
    assert done.out.startswith("USA: infeasible; these cannot all hold:")
    assert "cash at the start alone: --set 'countries.USA.budget.cash0_usd_bn = " in done.out
    assert "CHN: infeasible: the leader USA has no plan" in done.out


def test_two_countries_without_a_plan_are_repaired_together(kloof: Run, world: str, tmp_path: Path) -> None:
    shutil.copytree(world, tmp_path / "three")
    text = (tmp_path / "three" / "countries" / "CHN.yaml").read_text()
    text = re.sub(r"  stockpiled_dies:.*?(?=  memory:)", "", text, flags=re.DOTALL)
    text = text.replace("iso3: CHN", "iso3: IND\npart_of: CHN").replace("name: China", "name: India")
    (tmp_path / "three" / "countries" / "IND.yaml").write_text(text)
    wanted = {
        "CHN": "countries.CHN.budget.category_floors.talent = 0.9",
        "IND": "countries.IND.budget.cash0_usd_bn = -500",
    }
    asked = ("--country", "CHN", "--country", "IND")
    given = [part for text in wanted.values() for part in ("--set", text)]
    assert kloof("solve", "three", *asked, "--out", "run", *given).code == 3
    plans = {each["country"]: each for each in kloof("explain", "run", "--format", "json").data["plans"]}
    for country, text in wanted.items():
        inputs = [one for group in plans[country]["conflict_groups"] for one in group["inputs"]]
        assert [one["path"] for one in inputs if one["patch"] == text] == [text.split(" = ")[0]]
        assert all(one["file"] and one["line"] for one in inputs if not one["patch"])
        assert all(each["verified"] for each in plans[country]["repairs"])
    fixes = [fix for plan in plans.values() for fix in plan["repairs"][0]["patches"]]
    replaced = {text for fix in fixes for text in fix["replaces"]}
    pasted = [*(fix["patch"] for fix in fixes), *(set(wanted.values()) - replaced)]
    again = [part for text in pasted for part in ("--set", text)]
    repaired = kloof("solve", "three", *asked, "--no-save", *again)
    assert repaired.code == 0, repaired.err


def test_columns_of_a_comparison_are_explained(kloof: Run, world: str, tmp_path: Path) -> None:
    (tmp_path / "floor.yaml").write_text(
        f"title: A floor\ndescription: Nearly all for chips.\nsources: []\npatches: ['{FLOOR}']\n"
    )
    kloof("compare", world, "--policy", "floor.yaml", "--country", "CHN", "--out", "run")
    done = kloof("explain", "run")
    assert done.code == 0, done.err
    assert "CHN, baseline: optimal" in done.out
    assert "CHN, floor: infeasible; these cannot all hold:" in done.out
    only = kloof("explain", "run", "--policy", "floor")
    assert "baseline" not in only.out
    assert "did you mean `floor`?" in kloof("explain", "run", "--policy", "flor").err


def test_a_leader_without_a_plan_is_explained_in_a_comparison(kloof: Run, world: str, tmp_path: Path) -> None:
    debt = "countries.USA.budget.cash0_usd_bn = -100000"
    (tmp_path / "debt.yaml").write_text(
        f"title: Debt\ndescription: Much.\nsources: []\npatches: ['{debt}']\n"
    )
    assert kloof("compare", world, "--policy", "debt.yaml", "--country", "CHN", "--out", "run").code != 0
    done = kloof("explain", "run", "--policy", "debt")
    assert done.code == 0, done.err
    assert done.out.startswith("USA, debt: infeasible; these cannot all hold:")
    assert "cash at the start alone: change line 4 of debt.yaml to" in done.out
    assert "CHN, debt: infeasible: the leader USA has no plan" in done.out
    (plan,) = kloof("explain", "run", "--country", "USA", "--format", "json").data["plans"]
    assert plan["policy"] == "debt"
    assert plan["repairs"]


def test_a_plan_that_was_stopped_is_not_called_none(kloof: Run, world: str, tmp_path: Path) -> None:
    kloof("solve", world, "--country", "USA", "--time-limit", "0.0001", "--out", "run")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["countries"]["USA"]["certificate"] is not None
    told = kloof("explain", "run").out
    assert told == "USA: stopped, gap unknown; the solve stopped before there was a price of any limit\n"


def test_bad_input_is_named(kloof: Run, saved: Path, tmp_path: Path) -> None:
    missing = kloof("explain", "nowhere")
    assert missing.code == 2
    assert kloof("explain", str(saved), "--instance", "nowhere").code == 2
    assert "error[E641]: no such directory" in missing.err
    (tmp_path / "notes").mkdir()
    assert "no saved run here" in kloof("explain", "notes").err
    wrong = kloof("explain", str(saved), "--country", "CHM")
    assert wrong.code == 2
    assert "did you mean `CHN`?" in wrong.err
    shutil.copytree(saved, tmp_path / "damaged")
    (tmp_path / "damaged" / "summary.json").write_text("{")
    damaged = kloof("explain", "damaged", "--format", "json")
    assert damaged.code == 2
    assert damaged.data["diagnostics"][0]["code"] == "E642"


def test_page_says_what_the_commands_do(kloof: Run) -> None:
    page = (Path(__file__).parents[2] / "docs" / "explain.md").read_text(encoding="utf-8")
    printed = ""
    for command in re.findall(r"^\$ kloof (.*)$", page, re.MULTILINE):
        done = kloof(*shlex.split(command))
        assert done.code in (0, 3), done.err
        printed += re.sub(r"gap \S+;", "gap;", done.out)
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    shown = [line for kind, block in blocks if not kind for line in block.splitlines()]
    lines = [line for line in shown if line.strip() != "..."]
    assert len(lines) > 10
    for line in lines:
        assert re.sub(r"gap \S+;", "gap;", line) in printed.splitlines(), line


@pytest.mark.parametrize("command", ["solve", "compare"])
def test_what_binds_a_plan_is_worked_out_once(
    kloof: Run, world: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    asked: list[str] = []
    real = explanation.shadow_prices

    def counted(parameters: PlanParameters, solution: Solution) -> list[ShadowPrices]:
        asked.append(parameters.country)
        return real(parameters, solution)

    monkeypatch.setattr(explanation, "shadow_prices", counted)
    monkeypatch.setattr(strategy, "shadow_prices", counted)
    rich = tmp_path / "richer.yaml"
    rich.write_text("title: richer\npatches: ['countries.CHN.budget.income_usd_bn *= 1.2']\n")
    more = ("--policy", str(rich), "--jobs", "1") if command == "compare" else ()
    done = kloof(command, world, "--country", "CHN", *more, "--out", "run")
    assert done.code == 0, done.err
    assert "what binds" in done.out
    assert asked == ["CHN"] * (2 if command == "compare" else 1)
