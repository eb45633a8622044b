"""A row and a variable of a user's own, wherever a run is told: table, files, explanation, page."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome, Run, run_kloof

OWN = """import pyomo.environ as pyo


def treaty(m):
    m.pool = pyo.Var(m.USES, m.PERIODS, bounds=(0, 2))
    m.pooled = pyo.Constraint(m.USES, m.PERIODS, rule=lambda m, u, t: m.pool[u, t] <= m.rented[u, t])
    m.least = pyo.Constraint(expr=sum(m.pool[u, t] for u in m.USES for t in m.PERIODS) >= 3)
    m.ceiling = pyo.Constraint(
        m.PERIODS, rule=lambda m, t: m.capability[t] <= -0.5, doc="capability under the treaty"
    )


def not_concave(m):
    m.bad = pyo.Constraint(m.PERIODS, rule=lambda m, t: m.capability[t] ** 2 >= 1)


def taken(m):
    m.talent = pyo.Var(m.PERIODS)
"""
WORDS = "10% more room in capability under the treaty"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("own")
    (directory / "own.py").write_text(OWN)
    return directory


@pytest.fixture(scope="module")
def treaty(place: Path, world: str) -> Outcome:
    arguments = ("--country", "CHN", "--extend", "own.py:treaty", "--out", "run")
    done = run_kloof(place, "solve", world, *arguments)
    assert done.code == 0, done.err
    return done


def test_the_table_the_file_the_explanation_and_the_page_name_it(place: Path, treaty: Outcome) -> None:
    assert WORDS in treaty.out
    rows = list(csv.DictReader((place / "run" / "strategy.csv").open()))
    metrics = {row["metric"] for row in rows}
    assert "pool" in metrics
    assert {row["period"] for row in rows if row["metric"] == "pool"} > {"2026", "2029"}
    assert any(row["metric"] == "shadow_price" and row["item"] == "ceiling" for row in rows)
    held = [float(row["value"]) for row in rows if row["metric"] == "capability"]
    assert max(held) == pytest.approx(-0.5, abs=1e-5)
    explained = run_kloof(place, "explain", "run")
    assert WORDS in explained.out.replace("\n     ", " ")
    assert run_kloof(place, "report", "run").code == 0
    assert "capability under the treaty" in (place / "run" / "report.html").read_text()


def test_the_plan_that_is_saved_is_valued_at_its_objective(place: Path, world: str, treaty: Outcome) -> None:
    arguments = ("--country", "CHN", "--extend", "own.py:treaty", "--plan")
    done = run_kloof(place, "evaluate", world, *arguments, "run/strategy.csv", "--format", "json")
    assert done.code == 0, done.err
    assert done.data["objective"] == pytest.approx(done.data["optimum"]["objective"]["lower"], abs=1e-9)
    text = (place / "run" / "strategy.csv").read_text().splitlines()
    (place / "without.csv").write_text("\n".join(line for line in text if ",pool," not in line) + "\n")
    done = run_kloof(place, "evaluate", world, *arguments, "without.csv")
    assert done.code == 2
    assert "no value of your variable `pool`" in done.err
    raised = [re.sub(r",(own|capability),,log units,-0\.5", r",\1,,log units,9.5", line) for line in text]
    (place / "raised.csv").write_text("\n".join(raised) + "\n")
    done = run_kloof(place, "evaluate", world, *arguments, "raised.csv", "--format", "csv")
    assert done.code == 1
    broken = [row for row in csv.DictReader(io.StringIO(done.out)) if row["metric"] == "limit_broken"]
    assert {row["item"].partition("[")[0] for row in broken} == {"ceiling"}


@pytest.mark.parametrize(("name", "code"), [("not_concave", "M103"), ("taken", "E603")])
@pytest.mark.parametrize("countries", [(), ("--country", "CHN")])
def test_a_faulty_extension_is_wrong_input(
    place: Path, kloof: Run, world: str, name: str, code: str, countries: tuple[str, ...]
) -> None:
    done = kloof("solve", world, *countries, "--no-save", "--extend", f"{place}/own.py:{name}")
    assert done.code == 2
    assert f"error[{code}]" in done.err


def test_a_faulty_row_is_wrong_input_of_every_command(
    place: Path, kloof: Run, world: str, saved: Path
) -> None:
    given = (world, "--country", "CHN", "--extend", f"{place}/own.py:not_concave")
    for command in (
        ("evaluate", *given, "--plan", str(saved / "strategy.csv")),
        ("export", *given, "--to", "china.lp"),
    ):
        done = kloof(*command)
        assert done.code == 2
        assert "error[M103]" in done.err


def test_a_plan_beside_a_leader_without_one_is_not_evaluated(kloof: Run, world: str, saved: Path) -> None:
    plan = ("--country", "CHN", "--plan", str(saved / "strategy.csv"))
    done = kloof("evaluate", world, *plan, "--set", "countries.USA.budget.cash0_usd_bn = -100000")
    assert done.code == 3
    assert "error[S104]" in done.err
    assert "cash of USD -100,000 bn" in done.err


def test_a_program_with_own_rows_on_an_index_is_exported(place: Path, world: str, solved: Outcome) -> None:
    done = run_kloof(place, "export", world, "--country", "CHN", "--extend", "own.py:treaty", "--to", "o.mps")
    assert done.code == 0, done.err
    assert "pooled[research,2026]" in (place / "o.mps").read_text()
