"""`kloof sweep`, `kloof sensitivity` and `kloof study show`: real studies of a few scenarios."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from pathlib import Path

import pytest

import optimizer
from optimizer.errors import InputError
from optimizer.study.batch.store import Store
from tests.cli.case_studies import agree
from tests.cli.conftest import Run

INCOME = "countries.CHN.budget.income_usd_bn"
OPENNESS = "research.openness"
FEW = ("--leader", "hold", "--jobs", "1", "-q")
SPILLOVER = "research.spillover_per_year"
SWEEP = ("--country", "CHN", *FEW, "--outcome", "lag_months/2029", "--outcome", "objective")
MONEY = ("--vary", f"money: {INCOME} *= [0.5, 1, 2]")
OPEN = ("--vary", f"openness: {OPENNESS} = [0.2, 0.5, 0.9]")


def test_a_sweep_ends_with_what_it_says_and_show_says_it_again(kloof: Run, world: str) -> None:
    done = kloof("sweep", world, *SWEEP, *MONEY, *OPEN, "--store", "grid.study")
    assert done.code == 0, done.err
    assert "grid.study: 9 of 9 scenarios done, 0 left" in done.out
    assert "the leader's path is held" in done.out
    assert "CHN lag_months/2029, months: money (down) and openness (across); base" in done.out
    assert "what both do together, beyond the changes that each makes alone:" in done.out
    assert kloof("study", "show", "grid.study").out == done.out
    data = kloof("study", "show", "grid.study", "--format", "json").data
    assert (data["schema_version"], data["leader"], data["notes"]) == (1, "hold", [])
    lag, objective = data["conclusions"]
    assert (lag["outcome"], lag["unit"], lag["missing"]) == ("lag_months/2029", "months", 0)
    (matrix,) = lag["matrices"]
    assert matrix["row_values"] == [0.5, 1.0, 2.0]
    assert matrix["outcomes"][1][1] == lag["base"]
    assert matrix["together"][1] == [0.0, 0.0, 0.0]
    # more money, and more openness of others, never makes a better plan impossible
    values = objective["matrices"][0]["outcomes"]
    assert all(low <= high + 1e-3 for low, high in zip(values[0], values[2], strict=True))
    lines = list(csv.DictReader(io.StringIO(kloof("study", "show", "grid.study", "--format", "csv").out)))
    assert {line["leader"] for line in lines} == {"hold"}
    first = next(line for line in lines if line["kind"] == "outcome" and line["outcome"] == "lag_months/2029")
    assert float(first["value"]) == matrix["outcomes"][0][0]


def test_a_base_without_a_plan_ends_as_its_solve_would(kloof: Run, world: str, tmp_path: Path) -> None:
    patch = ("--set", "countries.CHN.budget.cash0_usd_bn = -100000")
    done = kloof("sweep", world, *SWEEP, *OPEN, *patch, "--store", "poor.study")
    assert (done.code, done.out) == (3, "")
    assert "error[S120]: CHN has no certified plan in the study's base: no plan satisfies" in done.err
    assert not (tmp_path / "poor.study").exists()


def test_a_time_limit_is_part_of_the_study(kloof: Run, world: str) -> None:
    asked = ("sweep", world, *SWEEP, *OPEN, "--store", "limited.study")
    assert kloof(*asked, "--time-limit", "600").code == 0
    study = kloof("study", "status", "limited.study", "--format", "json").data["study"]
    assert study["time_limit"] == 600
    other = kloof(*asked, "--time-limit", "500", "--resume")
    assert other.code == 2
    assert "error[E657]" in other.err
    assert "`time_limit`" in other.err
    assert kloof(*asked, "--resume").code == 2
    # what is stored says it again
    assert kloof("study", "resume", "limited.study", "-q").code == 0
    assert kloof("study", "show", "limited.study").code == 0


def test_a_study_without_numbers_says_that_nothing_is_concluded(kloof: Run, world: str) -> None:
    kept = ("--country", "CHN", *FEW, "--outcome", "binding")
    done = kloof("sweep", world, *kept, *OPEN, "--store", "words.study")
    assert done.code == 0
    assert "note: the study keeps no number, so that nothing is concluded" in done.out


def test_lags_that_are_extrapolated_are_told(kloof: Run, world: str, tmp_path: Path) -> None:
    kept = ("--country", "CHN", *FEW, "--outcome", "lag_months/*", "--outcome", "lag_extrapolated/*")
    done = kloof("sweep", world, *kept, *OPEN, "--store", "early.study")
    assert done.code == 0, done.err
    assert kloof("study", "export", "early.study", "--to", "early.csv").code == 0
    table = list(csv.DictReader(io.StringIO((tmp_path / "early.csv").read_text())))
    marks = [name for name in table[0] if name.startswith("lag_extrapolated/")]
    counts = {mark.split("/")[1]: sum(float(row[mark]) for row in table) for mark in marks}
    told = [f"CHN lag_months/{year} in {count:.0f} of 3" for year, count in counts.items() if count]
    assert told
    assert f"are extrapolated, by its growth until then: {', '.join(told)}" in " ".join(done.out.split())


def test_a_resumed_study_says_what_it_says_in_one_piece(kloof: Run, world: str, tmp_path: Path) -> None:
    design = ("--design", "lhs", "--samples", "6")
    whole = kloof("sweep", world, *SWEEP, *MONEY, *design, "--store", "whole.study")
    parts = [
        kloof("sweep", world, *SWEEP, *MONEY, *design, "--shard", f"{part}/2", "--store", f"{part}.study")
        for part in (1, 2)
    ]
    # half of the study is told as half of it
    assert "  3        3" in parts[0].out
    assert kloof("study", "merge", "1.study", "2.study", "--into", "merged.study").code == 0
    merged = kloof("study", "resume", "merged.study", "-q")
    assert merged.code == 0
    assert "quantiles over the draws; below each the interval of 95%" in merged.out
    told = [done.out[done.out.index("CHN: quantiles") :] for done in (whole, merged)]
    assert told[0] == told[1]
    with Store.open(tmp_path / "1.study", writing=False) as store:
        assert store.counts().rows == 3


def test_one_at_a_time_ranks_inputs_and_leaves_out_what_the_gap_cannot_tell(kloof: Run, world: str) -> None:
    # more can be bought than is
    pull = "countries.CHN.industry.tools.duv.import_limit_kwpm_per_year"
    factors = [text for path in (SPILLOVER, INCOME, pull) for text in ("--factors", path)]
    done = kloof("sensitivity", world, "--country", "CHN", "--method", "oat", *factors, *FEW, COLUMNS="80")
    assert done.code == 0, done.err
    assert all(len(line) <= 80 for line in done.out.splitlines() if "░" in line or "█" in line)
    lines = done.out.splitlines()
    lag = next(place for place, line in enumerate(lines) if line.startswith("CHN lag_months/2029, months"))
    bars = {name: lines[lines.index(name, lag) + 1] for name in (SPILLOVER, INCOME)}
    for bar in bars.values():
        assert "│" in bar
        assert "░" in bar
        assert "█" in bar
    # more money shortens the lag: what the greatest value does lies left of the base
    assert bars[INCOME].index("█") < bars[INCOME].index("│") < bars[INCOME].index("░")
    assert f"1 within the gap: see gradient: {pull}" in done.out
    (store,) = Path(done.out.split(":")[0]).parts
    assert store.startswith("sensitivity-")


def test_objectives_over_other_periods_do_not_compare(kloof: Run, world: str) -> None:
    lead = ("--factors", "lines.n7.lead_years", "--outcome", "objective", "--outcome", "lag_months/2029")
    asked = ("sensitivity", world, "--country", "CHN", "--method", "oat", *lead, "--jobs", "1", "-q")
    objective, lag = kloof(*asked, "--format", "json").data["conclusions"]
    (effect,) = objective["effects"]
    assert effect["high"] is None
    assert effect["low"] == pytest.approx(objective["base"], abs=1e-2)
    assert objective["missing"] == 1
    assert lag["missing"] == 0
    assert "1  other periods than the base's" in kloof(*asked).out


def test_morris_and_sobol_give_indices_with_intervals(kloof: Run, world: str) -> None:
    factors = ("--factors", OPENNESS, "--factors", INCOME)
    common = ("sensitivity", world, "--country", "CHN", *factors, *FEW, "--outcome", "capability/2029")
    morris = kloof(*common, "--method", "morris", "--samples", "3", "--format", "json").data
    (one,) = morris["conclusions"]
    assert one["indices"]["method"] == "morris"
    assert {row["index"] for row in one["indices"]["table"]} == {"mu", "mu_star", "sigma"}
    done = kloof(*common, "--method", "sobol", "--samples", "4", "--no-pairs")
    assert done.code == 0, done.err
    assert "CHN capability/2029, log units: shares of its variance; 4 blocks" in done.out
    assert "ST: with all interactions, S1: alone" in done.out
    assert "S2" not in done.out


def test_gradient_ranks_by_own_ranges_in_every_form(kloof: Run, world: str) -> None:
    common = ("sensitivity", world, "--country", "CHN", "--method", "gradient", "--solved", "1")
    data = kloof(*common, "--format", "json").data
    assert (data["leader"], data["method"], data["schema_version"]) == ("hold", "gradient", 1)
    inputs = {one["input"]: one for one in data["inputs"]}
    assert len(inputs) > 100
    income = inputs[INCOME]
    assert income["per_percent"] == pytest.approx(income["per_unit"] * income["value"] / 100)
    assert income["at_high"] == pytest.approx(income["per_unit"] * (income["high"] - income["value"]))
    assert inputs["economy.discount_rate_per_year"]["values_plans"] is True
    (solved,) = data["solved"]["differences"]
    slope = inputs[solved["input"]]["per_unit"]
    # a concave objective lies below its tangent
    assert 0 < solved["objective"] <= slope * solved["step"] + solved["within"]
    few = ("--factors", "countries.CHN.budget.*", "--factors", "economy.discount_rate_per_year")
    done = kloof(*common, *few)
    assert done.code == 0, done.err
    assert "the leader's path is held, gap " in done.out.splitlines()[0]
    assert "these change what is counted, not the world:" in done.out
    assert "one-sided differences, not derivatives" in done.out
    lines = list(csv.DictReader(io.StringIO(kloof(*common, *few, "--format", "csv").out)))
    of_budget = [path for path in inputs if path.startswith("countries.CHN.budget.")]
    assert sorted(line["input"] for line in lines) == sorted([*of_budget, "economy.discount_rate_per_year"])
    (mine,) = (line for line in lines if line["input"] == INCOME)
    assert float(mine["swing"]) == pytest.approx(income["swing"], rel=1e-6)
    assert mine["solved_lag_months"]


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("gradient", "--factors", "research.opennes"), "E402", "did you mean `research.openness`?"),
        (("oat", "--factors", "research.opennes"), "E402", "did you mean `research.openness`?"),
        (("gradient", "--factors", "countries.USA.budget.income_usd_bn"), "E714", "feeds the plan of CHN"),
        (("oat", "--outcome", "lag_month/2029"), "E710", "did you mean `lag_months`?"),
        (("morris", "--samples", "0"), "E601", "--samples"),
        (("morris", "--samples", "1"), "E705", "morris takes at least 2 samples"),
        (("sobol", "--samples", "3", "--factors", OPENNESS), "E705", "power of 2"),
        (("cunning",), "E601", "'gradient', 'oat', 'morris', 'sobol'"),
        (("gradient", "--samples", "3", "--store", "x"), "E601", "--store, --samples: nothing of the method"),
        (("gradient", "--leader", "answer"), "E601", "gradient holds the leader's path"),
        (("oat", "--samples", "3"), "E601", "--samples: nothing of the method oat"),
        (("morris", "--max-solves", "10"), "E713", "--max-solves"),
    ],
)
def test_what_is_wrong_is_said(
    kloof: Run, world: str, arguments: tuple[str, ...], error: str, said: str
) -> None:
    done = kloof("sensitivity", world, "--country", "CHN", "--method", *arguments)
    assert done.code == 2
    assert f"error[{error}]" in done.err
    assert said in done.err
    assert not Path("runs").exists()


def test_a_study_of_python_says_what_the_command_says(kloof: Run, world: str, tmp_path: Path) -> None:
    axes = [f"money: {INCOME} *= [0.5, 1, 2]", f"openness: {OPENNESS} = [0.2, 0.5, 0.9]"]
    outcomes = ("lag_months/2029", "objective")
    found = optimizer.sweep(world, axes, ["CHN"], outcomes=outcomes, leader="hold", jobs=1)
    assert found.leader == "hold"
    assert list(found.results["status"]) == ["optimal"] * 9
    assert list(found.summary["outcome"]) == list(outcomes)
    kept = kloof("sweep", world, *SWEEP, *MONEY, *OPEN, "--store", "grid.study", "--format", "json").data
    matrix = found.conclusions[0].matrices[0]
    assert matrix.outcomes.to_numpy().tolist() == kept["conclusions"][0]["matrices"][0]["outcomes"]
    # the study is the command's own: nothing is solved again
    store = tmp_path / "grid.study"
    with Store.open(store, writing=False) as opened:
        before = list(opened.records())
    again = optimizer.sweep(world, axes, ["CHN"], outcomes=outcomes, leader="hold", store=store)
    assert again.results.equals(found.results)
    with Store.open(store, writing=False) as opened:
        # the seconds that each took are among them
        assert list(opened.records()) == before
    with pytest.raises(InputError, match="E657"):
        optimizer.sweep(world, axes, ["CHN"], outcomes=outcomes, store=store)
    with pytest.raises(InputError, match="E705"):
        optimizer.sensitivity(world, "CHN", "cunning")
    with pytest.raises(InputError, match="E709"):
        optimizer.sweep(optimizer.load(world))
    assert "lag_months/2029" in found._repr_html_()
    assert json.loads(json.dumps(kept["conclusions"])) == kept["conclusions"]


def test_every_command_of_the_page_runs_and_prints_what_it_shows(kloof: Run) -> None:
    page = (Path(__file__).parents[2] / "docs" / "studies.md").read_text()
    blocks = re.findall(r"```console\n(.*?)```", page, flags=re.DOTALL)
    (shown,) = re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)
    commands = [line[2:] for block in blocks for line in block.splitlines()]
    printed = []
    for line in commands:
        program, *arguments = shlex.split(line)
        assert program == "kloof"
        done = kloof(*arguments, COLUMNS="80")
        assert done.code == 0, f"{line}\n{done.err}"
        printed.append(done.out)
    lines = printed[1].splitlines()
    told = lines[next(place for place, text in enumerate(lines) if text.startswith("CHN lag")) :]
    # the end of a bar may lie a place further on another machine
    bars = str.maketrans("", "", "░█│")
    assert len(told) == len(shown.splitlines())
    for one, other in zip(shown.splitlines(), told, strict=True):
        assert agree(one.translate(bars), other.translate(bars)), f"{one}\n{other}"
