"""`evaluate`, `validate`, `inspect`, `export`, `new` and `schema` in processes of their own."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest

from models.limits import LIMITS
from models.parameters import TABLE
from models.quantities import DERIVED, VARIABLES
from optimizer import cli
from optimizer.cli import COMMANDS
from optimizer.program import Program, compile_model
from optimizer.program import compile as compiler
from tests.cli.conftest import Run

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    "command", [*COMMANDS, "study status", "study show", "study resume", "study export", "study merge"]
)
def test_every_command_has_help_with_an_example(kloof: Run, command: str) -> None:
    done = kloof(*command.split(), "--help")
    assert done.code == 0
    assert "Examples:" in done.out
    assert f"kloof {command}" in done.out
    for option in ("--format", "--quiet", "--verbose"):
        assert option in done.out


def test_version_and_commands(kloof: Run) -> None:
    assert kloof("--version").out.startswith("kloof ")
    listed = kloof("--help").out
    assert all(command in listed for command in COMMANDS)


def edited(saved: Path, tmp_path: Path, change: str, by: str, country: str = "CHN") -> Path:
    """A copy of the strategy in which the first line of `country` that holds `change` has it replaced."""
    lines = (saved / "strategy.csv").read_text().splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if line.startswith(country) and change in line)
    lines[place] = lines[place].replace(change, by) if by else ""
    plan = tmp_path / "plan.csv"
    plan.write_text("".join(lines))
    return plan


def test_a_saved_strategy_reproduces_its_objective(kloof: Run, world: str, saved: Path) -> None:
    done = kloof(
        "evaluate", world, "--country", "CHN", "--plan", str(saved / "strategy.csv"), "--format", "json"
    )
    assert done.code == 0, done.out
    data = done.data
    best = json.loads((saved / "summary.json").read_text())["countries"]["CHN"]["objective"]["lower"]
    assert data["objective"] == pytest.approx(best, rel=1e-9, abs=1e-9)
    assert data["broken"] == []
    assert abs(data["loss_average_log_units"]) < 1e-8


def test_a_plan_that_breaks_limits_ends_with_1_and_lists_them(
    kloof: Run, world: str, saved: Path, tmp_path: Path
) -> None:
    text = (saved / "strategy.csv").read_text().splitlines()
    lines = [
        line.rsplit(",", 1)[0] + ",1e5" if line.startswith("USA") and ",recruited," in line else line
        for line in text
    ]
    plan = tmp_path / "plan.csv"
    plan.write_text("\n".join(lines) + "\n")
    done = kloof("evaluate", world, "--country", "USA", "--plan", str(plan))
    assert done.code == 1
    assert "recruiting[" in done.out
    assert "thousand people" in done.out
    assert "debt[" in done.out
    assert done.out.index("debt[") < done.out.index("recruiting[")
    assert "not comparable with the best plan" in done.out
    assert "gives away" not in done.out
    assert "in the years of the tail" in done.out
    table = kloof("evaluate", world, "--country", "USA", "--plan", str(plan), "--format", "csv").out
    assert "USA,,2026,plan_loss,," in table
    assert "limit_broken" in table
    plan.write_text(table)
    assert kloof("evaluate", world, "--country", "USA", "--plan", str(plan), "--quiet").code == 1


@pytest.mark.parametrize(
    ("change", "by", "code"),
    [
        (",imports,", ",importz,", "E613"),
        ("CHN,", "CHM,", "E614"),
        (",2026,", ",1926,", "E615"),
        (",imports,", ",imports,no", "E616"),
        (",imports,", "", "E620"),
        (",thousand chips,", ",million chips,", "E621"),
    ],
)
def test_plans_are_read_strictly(
    kloof: Run, world: str, saved: Path, tmp_path: Path, change: str, by: str, code: str
) -> None:
    plan = edited(saved, tmp_path, change, by)
    done = kloof("evaluate", world, "--country", "CHN", "--plan", str(plan))
    assert done.code == 2
    assert f"error[{code}]" in done.err
    assert "plan.csv" in done.err


def test_a_column_given_twice_is_refused(kloof: Run, world: str, saved: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text((saved / "strategy.csv").read_text().replace("unit,value", "value,value", 1))
    done = kloof("evaluate", world, "--country", "CHN", "--plan", str(plan))
    assert done.code == 2
    assert "error[E611]" in done.err


def test_only_chips_that_cannot_be_had_may_be_missing_from_a_plan(
    kloof: Run, world: str, saved: Path, tmp_path: Path
) -> None:
    lines = (saved / "strategy.csv").read_text().splitlines(keepends=True)
    listed = {
        line.split(",")[4].split("/")[0] for line in lines if line.startswith("USA,") and ",stock," in line
    }
    assert "nv_h200" in listed
    assert "hw_910c" not in listed
    plan = tmp_path / "plan.csv"
    plan.write_text(
        "".join(line for line in lines if not line.startswith("USA,") or ",grey,nv_h200," not in line)
    )
    done = kloof("evaluate", world, "--country", "USA", "--plan", str(plan))
    assert done.code == 2
    assert "error[E620]" in done.err
    assert "`grey/nv_h200` for every period" in done.err


def test_values_of_plans_are_checked_with_their_lines(
    kloof: Run, world: str, saved: Path, tmp_path: Path
) -> None:
    lines = (saved / "strategy.csv").read_text().splitlines()
    wrong = ("nan", "-1", "much", "inf")
    places = [i for i, line in enumerate(lines) if line.startswith("CHN") and ",imports," in line]
    for place, value in zip(places, wrong, strict=False):
        lines[place] = lines[place].rsplit(",", 1)[0] + f",{value}"
    lines.append(lines[places[len(wrong)]])
    lines.append("CHN,short")
    plan = tmp_path / "plan.csv"
    plan.write_text("\n".join(lines) + "\n")
    done = kloof("evaluate", world, "--country", "CHN", "--plan", str(plan), "--format", "json")
    assert done.code == 2
    found = [(each["code"], each["line"]) for each in done.data["diagnostics"]]
    codes = ("E617", "E618", "E617", "E617")
    expected = [(code, place + 1) for code, place in zip(codes, places, strict=False)]
    assert found == [*expected, ("E619", len(lines) - 1), ("E612", len(lines))]


@pytest.mark.parametrize(
    ("content", "code"), [("country,period\n", "E611"), ("", "E611"), (None, "E201"), ("\xff", "E203")]
)
def test_files_that_are_no_plans(
    kloof: Run, world: str, tmp_path: Path, content: str | None, code: str
) -> None:
    if content is not None:
        (tmp_path / "plan.csv").write_bytes(content.encode("latin-1"))
    done = kloof("evaluate", world, "--country", "CHN", "--plan", "plan.csv")
    assert done.code == 2
    assert f"error[{code}]" in done.err


def test_validate_accepts_the_new_instance_and_lists_all_errors_of_a_bad_one(
    kloof: Run, world: str, tmp_path: Path
) -> None:
    done = kloof("validate", world)
    assert done.code == 0
    assert "is valid" in done.out
    shutil.copytree(world, tmp_path / "bad")
    file = tmp_path / "bad" / "countries" / "CHN.yaml"
    file.write_text(
        file.read_text()
        .replace("income_usd_bn", "income_usd_billion", 1)
        .replace("attrition_per_year", "attrition", 1)
    )
    done = kloof("validate", "bad")
    assert done.code == 2
    assert done.err.count("error[") >= 2
    assert "income_usd_bn" in done.err
    assert "bad/countries/CHN.yaml:" in done.err
    done = kloof("validate", "bad", "--format", "json")
    assert done.code == 2
    assert {each["severity"] for each in done.data["diagnostics"]} == {"error"}


def test_validate_tells_faults_of_files_and_between_them_in_one_round(
    kloof: Run, world: str, tmp_path: Path
) -> None:
    shutil.copytree(world, tmp_path / "bad")
    (tmp_path / "bad" / "rules.yaml").write_text(RULES)
    done = kloof("validate", "bad", "--format", "json")
    assert done.code == 2
    found = [(each["code"], each["line"]) for each in done.data["diagnostics"]]
    assert found == [
        *[("E302", 2), ("E316", 11), ("E101", 12), ("E103", 14), ("E314", 15)],
        *[("E315", 21), ("E112", 22), ("E103", 25)],
    ]


RULES = """\
destination_groups:
  rivals: [CHN, CHM]
rules:
  first:
    title: One
    issuer: BIS
    status: in force
    side: export
    destinations: rivals
    from: 2026-01-01
    to: 2025-01-01
    condition: {ttp: {min: 4800}}
    action: cap
    cap_value: -5
    relaxes: [second, secund]
  second:
    title: Two
    issuer: BIS
    status: in force
    side: export
    destinations: CHM
    from: 2026-13-01
    to: 2025-01-01
    action: fee
    fee_share: 25
"""


def test_equal_changes_of_a_policy_and_an_option_are_one(kloof: Run, world: str, tmp_path: Path) -> None:
    text = "countries.CHN.budget.debt_limit_usd_bn = 61"
    (tmp_path / "p.yaml").write_text(f"title: P\npatches: [{text}, leader = USA]\n")
    same = ("--policy", "p.yaml", "--set", text)
    assert kloof("validate", world, *same).code == 0
    done = kloof("compare", world, "--country", "USA", *same, "--no-save", "--format", "json")
    assert done.code == 0, done.err
    other = ("--policy", "p.yaml", "--set", f"{text}.5")
    for command in (("validate", world), ("compare", world, "--country", "USA", "--no-save")):
        done = kloof(*command, *other)
        assert (done.code, done.err.count("error[")) == (2, 1)
        assert "error[E404]" in done.err


@pytest.mark.parametrize("command", ["validate", "compare", "solve"])
def test_a_policy_without_a_name_is_refused(kloof: Run, world: str, command: str) -> None:
    done = kloof(command, world, "--policy", "h20_banned+", "--policy", "")
    assert done.code == 2
    lines = [line for line in done.err.splitlines() if line.startswith("error")]
    assert lines == [
        "error[E209]: no policy is named after the + in `h20_banned+`",
        "error[E209]: no policy is named",
    ]


@pytest.mark.parametrize("width", [80, 120])
def test_why_policies_do_not_fit_is_wrapped(kloof: Run, world: str, width: int) -> None:
    done = kloof("policies", world, COLUMNS=str(width))
    assert done.code == 0
    assert "does not fit: unknown path" in " ".join(done.out.split())
    # a path is never broken
    long = [line for line in done.out.splitlines() if len(line) > width and line.strip().count(" ")]
    assert long == []


def test_inspect_json_is_the_contract(kloof: Run, world: str) -> None:
    done = kloof("inspect", world, "--country", "CHN", "--format", "json")
    assert done.code == 0, done.err
    data = done.data
    assert data["schema_version"] == 1
    assert data["country"] == "CHN"
    sets = data["sets"]
    assert sets["reported"] < len(sets["periods"])
    assert set(sets["foreign"]) | set(sets["domestic"]) == set(sets["chips"])
    assert list(data["parameters"]) == list(TABLE)
    for name, parameter in data["parameters"].items():
        shape = tuple(len(sets[index]) for index in parameter["index"])
        # a list of nothing says nothing of what it would hold
        shape = shape[: shape.index(0) + 1] if 0 in shape else shape
        assert np.array(parameter["value"], dtype=object).shape == shape, name
        assert parameter["unit"]
    assert data["parameters"]["dt"]["value"] == 1.0
    assert len(data["parameters"]["frontier"]["value"]) == len(sets["periods"]) + 1
    income = next(each for each in data["inputs"] if each["path"] == "countries.CHN.budget.income_usd_bn")
    assert "income" in income["feeds"]
    assert income["file"] == "small/countries/CHN.yaml"
    assert income["line"] > 1
    assert not any(
        each["path"].startswith("countries.CHN.") and not each["status"] for each in data["inputs"]
    )
    assert 0 < data["coefficients"]["smallest"] < data["coefficients"]["largest"] < float("inf")
    assert "Infinity" not in done.out


@pytest.mark.parametrize("command", [("inspect",), ("export", "--to", "china.mps")])
def test_a_follower_is_compiled_once(
    kloof: Run, world: str, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    compiled = []

    def counted(*arguments: Any, **named: Any) -> Program:
        compiled.append(arguments)
        return compile_model(*arguments, **named)

    monkeypatch.setattr(compiler, "compile_model", counted)
    name, *rest = command
    assert kloof(name, world, "--country", "CHN", *rest, _KLOOF_PROGRAMS="").code == 0
    assert len(compiled) == 1


def test_whoever_has_no_home_keeps_no_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(*_: Any, **__: Any) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(platformdirs, "user_cache_path", homeless)
    monkeypatch.delenv("KLOOF_CACHE")
    monkeypatch.setenv("_KLOOF_PROGRAMS", "before")
    cli._keep_programs()
    assert os.environ["_KLOOF_PROGRAMS"] == ""
    monkeypatch.setenv("KLOOF_CACHE", "~/plans")
    cli._keep_programs()
    assert os.environ["_KLOOF_PROGRAMS"] == str(Path.home() / "plans")
    monkeypatch.setattr(Path, "expanduser", homeless)
    cli._keep_programs()
    assert os.environ["_KLOOF_PROGRAMS"] == ""


def test_a_command_keeps_what_it_compiled(kloof_process: Run, tmp_path: Path, world: str) -> None:
    ask = ("solve", world, "--format", "json")
    at_home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": "", "KLOOF_CACHE": ""}
    without = kloof_process(*ask, "--out", "without", **at_home)
    assert not list(tmp_path.glob("**/*.program"))
    runs = [kloof_process(*ask, "--out", f"run{n}", KLOOF_CACHE=str(tmp_path / "kept")) for n in (1, 2)]
    assert len(list((tmp_path / "kept").glob("*.program"))) == 1
    tables = [(tmp_path / each / "strategy.csv").read_bytes() for each in ("without", "run1", "run2")]
    assert tables[0] == tables[1] == tables[2]
    assert [each.code for each in (without, *runs)] == [0, 0, 0]


def test_what_was_compiled_is_solved_without_pyomo(kloof_process: Run, tmp_path: Path, world: str) -> None:
    told = {"KLOOF_CACHE": str(tmp_path / "kept"), "PYTHONPROFILEIMPORTTIME": "1"}
    first, second = (kloof_process("solve", world, "--no-save", **told) for _ in range(2))
    imported = [set(re.findall(r"\|\s+(\S+)$", each.err, re.MULTILINE)) for each in (first, second)]
    assert ["highspy" in each for each in imported] == [True, True]
    assert [any(name.startswith("pyomo") for name in each) for each in imported] == [True, False]
    # Pyomo would bring it along, for half a second
    assert not any("scipy.stats" in each for each in imported)


@pytest.mark.parametrize("command", ["rules", "inspect"])
def test_a_country_is_known_in_any_case(kloof: Run, world: str, command: str) -> None:
    assert kloof(command, world, "--country", " chn").out == kloof(command, world, "--country", "CHN").out


def test_a_list_of_countries_is_each_of_them(kloof: Run, saved: Path) -> None:
    listed = kloof("explain", str(saved), "--country", "chn, USA,chn", "--format", "csv").out
    each = kloof("explain", str(saved), "--country", "CHN", "--country", "usa", "--format", "csv").out
    assert listed == each == kloof("explain", str(saved), "--format", "csv").out
    assert kloof("explain", str(saved), "--country", "usa", "--format", "csv").out != each


def test_inspect_table_follows_patches(kloof: Run, world: str) -> None:
    done = kloof(
        "inspect", world, "--country", "USA", "--set", "countries.USA.talent.researchers_thousand = 77.5"
    )
    assert done.code == 0
    line = next(line for line in done.out.splitlines() if line.startswith("talent0"))
    assert "thousand people" in line
    assert "77.5" in line


def test_inspect_folds_what_is_alike_and_what_does_not_change(kloof: Run, world: str) -> None:
    asked = ("inspect", world, "--country", "CHN")
    short, full = kloof(*asked), kloof(*asked, "--all")
    assert short.code == full.code == 0
    rows = [re.split(r" {2,}", line.strip()) for line in short.out.splitlines()]
    told = {row[0]: row[1:] for row in rows if len(row) > 1}
    listed = [re.split(r" {2,}", line.strip()) for line in full.out.splitlines()]
    # a constant series has one number in place of two, items of one number are one line
    assert told["rent_limit"] == ["kH100e", "1200"]
    assert [row for row in listed if row[0] == "rent_limit"] == [["rent_limit", "kH100e", "1200", "1200"]]
    assert told["survival"] == ["all 7 chips", "1", "0.91"]
    assert len([row for row in listed if row[0] == "survival"]) == 7
    # many items that differ are told by the least and the most; of a hill both ends would be 0
    numbers = [float(row[3]) for row in listed if row[0] == "research_h100e"]
    assert told["research_h100e"][-1] == f"{min(numbers):g} to {max(numbers):g}"
    assert told["hbm_pending"][-1] == "0 to 50"
    assert told["income"] == ["USD bn per year", "45", "65"]
    heads = re.findall(r"(?m)^(\w+) +item +unit ", short.out)
    assert heads == list(dict.fromkeys(spec.section for spec in TABLE.values()))
    # every parameter is in one of the two, or is nothing throughout
    gone = set(TABLE) - {row[0] for row in rows}
    assert gone == set(TABLE) - {row[0] for row in listed}
    assert f"{len(gone)} parameters that are 0 throughout" in short.out
    own = [row[0] for row in listed if row[0].startswith("countries.CHN.")]
    assert own == [row[0] for row in rows if row[0].startswith("countries.CHN.")]
    others = re.findall(r"\w+ ([\d,]+)", short.out.partition("other inputs: ")[2].splitlines()[0])
    data = kloof(*asked, "--format", "json").data
    assert len(own) + sum(int(each.replace(",", "")) for each in others) == len(data["inputs"])


def test_inspect_shows_only_the_parameters_asked_for(kloof: Run, world: str) -> None:
    asked = ("inspect", world, "--country", "USA", "--parameter", "income", "--parameter", "dt")
    data = kloof(*asked, "--format", "json").data
    assert set(data["parameters"]) == {"income", "dt"}
    assert "countries.USA.budget.income_usd_bn" in {each["path"] for each in data["inputs"]}
    assert all({"income", "dt"} & set(each["feeds"]) for each in data["inputs"])
    done = kloof("inspect", world, "--country", "USA", "--parameter", "incme")
    assert done.code == 2
    assert "error[E606]" in done.err
    assert "did you mean `income`?" in done.err


@pytest.mark.parametrize("ending", ["nl", "lp"])
def test_export_writes_whole_files_with_names(kloof: Run, world: str, tmp_path: Path, ending: str) -> None:
    done = kloof("export", world, "--country", "USA", "--to", f"usa.{ending}")
    assert done.code == 0, done.err
    text = (tmp_path / f"usa.{ending}").read_text()
    if ending == "nl":
        assert text.startswith("g3 ")
        assert "budget" in (tmp_path / "usa.row").read_text()
    else:
        assert "budget(2026)" in text
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_exported_relaxation_has_the_certified_bound(
    kloof: Run, world: str, tmp_path: Path, saved: Path
) -> None:
    import highspy

    assert kloof("export", world, "--country", "CHN", "--to", "china.mps").code == 0
    assert "budget[2026]" in (tmp_path / "china.mps").read_text()
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.readModel(str(tmp_path / "china.mps"))
    solver.run()
    certificate = json.loads((saved / "summary.json").read_text())["countries"]["CHN"]["certificate"]
    value = solver.getInfo().objective_function_value
    assert -value == pytest.approx(certificate["upper"], rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("ending", ["lp", "mps", "nl"])
def test_export_to_a_disk_that_is_full_leaves_no_file(
    kloof: Run, world: str, tmp_path: Path, ending: str
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        done = kloof("export", world, "--country", "USA", "--to", f"usa.{ending}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert done.code == 74
    assert "error[E605]" in done.err
    assert "wrote" not in done.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["lp", "mps", "nl"])
def test_export_where_no_file_can_be_made(kloof: Run, world: str, ending: str) -> None:
    done = kloof("export", world, "--country", "USA", "--to", f"/proc/usa.{ending}")
    assert done.code == 74
    assert "error[E605]" in done.err


@pytest.mark.parametrize(("country", "name"), [("CHN", "y.mps"), ("USA", "y.lp")])
def test_export_writes_no_relaxation_of_a_solve_that_stopped(
    kloof: Run, world: str, tmp_path: Path, country: str, name: str
) -> None:
    done = kloof("export", world, "--country", country, "--to", name, "--time-limit", "0.001")
    assert done.code == 4
    assert f"error[S111]: {country} is not certified: time limit reached; certified gap inf" in done.err
    assert not list(tmp_path.glob("*y*.*"))


def test_export_of_a_program_beside_a_leader_that_stopped_is_a_finding(kloof: Run, world: str) -> None:
    done = kloof("export", world, "--country", "CHN", "--to", "y.nl", "--time-limit", "0.001")
    assert done.code == 1
    assert "warning[S110]: the leader USA stopped" in done.err


def test_export_refuses_other_endings(kloof: Run, world: str) -> None:
    done = kloof("export", world, "--country", "CHN", "--to", "china.txt")
    assert done.code == 2
    assert ".mps, .lp, .nl" in done.err


def test_new_does_not_overwrite(kloof: Run, tmp_path: Path) -> None:
    assert kloof("new", "mine").code == 0
    assert (tmp_path / "mine" / "instance.yaml").exists()
    done = kloof("new", "mine")
    assert done.code == 2
    assert "error[E215]" in done.err


def test_schema_is_json_schema(kloof: Run) -> None:
    data = kloof("schema").data
    assert "$defs" in data
    assert "income_usd_bn" in json.dumps(data)


def test_every_metric_and_limit_is_documented() -> None:
    text = (DOCS / "metrics.md").read_text()
    for spec in [*VARIABLES.values(), *DERIVED.values()]:
        assert f"| `{spec.name}` |" in text
        assert spec.meaning in text
    for limit in LIMITS.values():
        assert f"| `{limit.name}` |" in text


@pytest.mark.parametrize("option", ["--gap", "--time-limit"])
@pytest.mark.parametrize("value", ["inf", "nan", "0", "-1"])
def test_gap_and_time_are_finite_and_positive(kloof: Run, world: str, option: str, value: str) -> None:
    done = kloof("solve", world, option, value, "--no-save")
    assert done.code == 2
    assert "error[E601]" in done.err


@pytest.mark.parametrize("name", ["plan.mps", "plan.lp", "plan.nl"])
def test_export_into_a_directory_that_does_not_exist(
    kloof: Run, world: str, tmp_path: Path, name: str
) -> None:
    done = kloof("export", world, "--country", "CHN", "--to", str(tmp_path / "nowhere" / name))
    assert done.code == 74
    assert "error[E605]" in done.err


def test_a_pipe_is_not_replaced_by_a_file(kloof: Run, world: str, saved: Path, tmp_path: Path) -> None:
    for name in ("pipe.mps", "pipe.nl", "pipe.html"):
        os.mkfifo(tmp_path / name)
    for arguments in (
        ("export", world, "--country", "USA", "--to", "pipe.mps"),
        ("export", world, "--country", "USA", "--to", "pipe.nl"),
        ("report", str(saved), "--out", "pipe.html"),
    ):
        done = kloof(*arguments)
        assert done.code == 74
        assert "no ordinary file" in done.err
        assert (tmp_path / arguments[-1]).is_fifo()


def test_what_is_told_of_one_country_is_told_of_several(kloof: Run, world: str, tmp_path: Path) -> None:
    each = ("--country", "usa,chn", "--format")
    alone = kloof("rules", world, "--country", "CHN", "--format", "json").data
    found = kloof("rules", world, *each, "json").data["countries"]
    assert list(found) == ["USA", "CHN"]
    assert found["CHN"] == alone
    lines = kloof("rules", world, *each, "csv").out.splitlines()
    assert lines[0].startswith("country,chip,")
    assert {line.split(",")[0] for line in lines[1:]} == {"USA", "CHN"}
    sets = kloof("inspect", world, *each, "json", "--parameter", "income").data["countries"]
    assert {one: data["country"] for one, data in sets.items()} == {"USA": "USA", "CHN": "CHN"}
    lines = kloof("inspect", world, *each, "csv", "--parameter", "income").out.splitlines()
    assert [line.split(",")[0] for line in lines].count("country") == 1
    done = kloof("rules", world, "--country", "chn,chm")
    assert done.code == 2
    assert "CHN" in done.out
    assert "did you mean `CHN`?" in done.err
    done = kloof("export", world, *each, "json", "--to", "plan.nl")
    assert [one["file"] for one in done.data["countries"].values()] == ["plan-USA.nl", "plan-CHN.nl"]
    assert (tmp_path / "plan-CHN.nl").exists()
