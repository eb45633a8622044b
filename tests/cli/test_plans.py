"""Plans given to `kloof evaluate`: every row is read, and what contradicts the decisions is said."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from models.parameters import PlanParameters
from models.simulate import DECISIONS
from optimizer import load
from optimizer.answer.plan import read_plan
from optimizer.errors import InputError
from optimizer.study.ask import Ask
from optimizer.study.single import own_parameters
from tests.cli.conftest import Run

Row = dict[str, str]


def rows_of(saved: Path) -> list[Row]:
    with (saved / "strategy.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def written(path: Path, rows: list[Row]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def of(rows: list[Row], metric: str, country: str = "CHN", item: str = "", period: str = "2026") -> Row:
    wanted = {"country": country, "metric": metric, "item": item, "period": period}
    return next(row for row in rows if wanted.items() <= row.items())


@pytest.fixture(scope="module")
def china(world: str) -> PlanParameters:
    return own_parameters(Ask(load(world), ("CHN",)))


def test_rows_that_contradict_the_decisions_are_named_with_the_difference(
    kloof: Run, world: str, saved: Path, tmp_path: Path
) -> None:
    rows = rows_of(saved)
    spend, buy = of(rows, "spend", item="research"), of(rows, "buy")
    level, share = of(rows, "capability", period="2029"), of(rows, "spend_share", item="talent")
    of(rows, "shadow_price", item="budget")["value"] = "1000"  # of the best plan, not of this one
    of(rows, "spend", country="USA", item="research")["value"] = "0"  # of another plan
    before = float(buy["value"])
    spend["value"], buy["value"], share["value"] = "999", repr(before + 2), "inf"
    level["value"] = repr(float(level["value"]) * (1 + 1e-5))
    plan = written(tmp_path / "plan.csv", rows)
    done = kloof("evaluate", world, "--country", "CHN", "--plan", str(plan), "--format", "json")
    assert done.code == 1
    assert done.data["status"] == "disagrees"
    assert done.data["broken"] == []
    found = {(each["metric"], each["item"]): each for each in done.data["disagreements"]}
    assert set(found) == {("spend", "research"), ("buy", ""), ("capability", ""), ("spend_share", "talent")}
    of_buy = found["buy", ""]
    assert of_buy["line"] == 2 + rows.index(buy)
    assert of_buy["follows"] == before
    assert of_buy["difference"] == pytest.approx(2)
    assert found["spend_share", "talent"]["difference"] == "inf"
    assert "4 rows disagree" in done.err

    table = kloof("evaluate", world, "--country", "CHN", "--plan", str(plan), "--format", "csv")
    assert table.code == 1
    assert ",2026,row_disagrees,spend/research,USD bn,99" in table.out
    again = tmp_path / "again.csv"
    again.write_text(table.out)
    shown = kloof("evaluate", world, "--country", "CHN", "--plan", str(again))
    assert shown.code == 0  # what was printed is the plan run forward
    assert "It keeps every limit." in shown.out
    shown = kloof("evaluate", world, "--country", "CHN", "--plan", str(plan))
    assert "4 rows of the file disagree" in shown.out
    assert f" {2 + rows.index(spend)} " in shown.out
    assert "spend/research 2026" in shown.out
    assert max(len(line) for line in shown.out.splitlines()) <= 120


def test_decisions_alone_and_numbers_of_seven_digits_are_a_plan(
    kloof: Run, world: str, saved: Path, tmp_path: Path
) -> None:
    rows = rows_of(saved)
    decisions = [row for row in rows if row["metric"] in DECISIONS and row["country"] == "CHN"]
    rounded = [
        row if row["metric"] in DECISIONS else {**row, "value": f"{float(row['value']):.7g}"} for row in rows
    ]
    for name, plan in (("decisions", decisions), ("rounded", rounded)):
        file = written(tmp_path / f"{name}.csv", plan)
        done = kloof("evaluate", world, "--country", "CHN", "--plan", str(file))
        assert done.code == 0, done.out
        assert "disagree" not in done.out


def doubled(rows: list[Row]) -> None:
    rows.append({**of(rows, "spend", item="research"), "value": "999"})


def worded(rows: list[Row]) -> None:
    of(rows, "spend", item="research")["value"] = "lots"


def not_a_number(rows: list[Row]) -> None:
    of(rows, "capability")["value"] = "nan"


def empty(rows: list[Row]) -> None:
    of(rows, "buy")["value"] = ""


def of_no_item(rows: list[Row]) -> None:
    of(rows, "spend", item="research")["item"] = "reserch"


def of_no_limit(rows: list[Row]) -> None:
    of(rows, "shadow_price", item="budget")["item"] = "bugdet"


def in_no_unit(rows: list[Row]) -> None:
    of(rows, "spend", item="research")["unit"] = "USD mn"


def in_no_unit_of_a_price(rows: list[Row]) -> None:
    of(rows, "shadow_price_usd", item="debt")["unit"] = "USD bn"


def of_no_metric(rows: list[Row]) -> None:
    of(rows, "buy")["metric"] = "by"


def worded_elsewhere(rows: list[Row]) -> None:
    of(rows, "imports", country="USA", item="nv_h100")["value"] = "many"


def doubled_elsewhere(rows: list[Row]) -> None:
    rows.append(of(rows, "capability", country="USA"))


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (doubled, "E619"),
        (worded, "E617"),
        (not_a_number, "E617"),
        (empty, "E617"),
        (of_no_item, "E616"),
        (of_no_limit, "E616"),
        (in_no_unit, "E621"),
        (in_no_unit_of_a_price, "E621"),
        (of_no_metric, "E613"),
        (worded_elsewhere, "E617"),
        (doubled_elsewhere, "E619"),
    ],
)
def test_rows_that_are_no_decisions_are_read_as_strictly(
    world: str,
    saved: Path,
    china: PlanParameters,
    tmp_path: Path,
    edit: Callable[[list[Row]], None],
    code: str,
) -> None:
    rows = rows_of(saved)
    edit(rows)
    with pytest.raises(InputError) as raised:
        read_plan(written(tmp_path / "plan.csv", rows), china, load(world).countries)
    (problem,) = raised.value.diagnostics
    assert problem.code == code
    assert problem.line is not None


def test_the_way_to_name_variables_of_ones_own_is_said_once(
    world: str, saved: Path, china: PlanParameters, tmp_path: Path
) -> None:
    rows = rows_of(saved)
    rows += [{**of(rows, "buy"), "metric": "xyzzy", "period": period} for period in ("2026", "2027")]
    with pytest.raises(InputError) as raised:
        read_plan(written(tmp_path / "plan.csv", rows), china, load(world).countries)
    assert [problem.code for problem in raised.value.diagnostics] == ["E613", "E613"]
    first, second = (problem.hint or "" for problem in raised.value.diagnostics)
    assert "--extend FILE.py:FUNCTION" in first
    assert second == ""


def test_one_row_disagrees(kloof: Run, world: str, saved: Path, tmp_path: Path) -> None:
    rows = rows_of(saved)
    of(rows, "buy", country="USA")["value"] = "999"
    plan = written(tmp_path / "plan.csv", rows)
    done = kloof("evaluate", world, "--country", "USA", "--plan", str(plan))
    assert done.code == 1
    assert "1 row of the file disagrees with" in done.out
    assert "1 row disagrees with" in done.err


def test_a_chip_that_nobody_makes_is_named_first_of_what_a_plan_breaks(
    kloof: Run, world: str, saved: Path, tmp_path: Path
) -> None:
    rows = rows_of(saved)
    of(rows, "domestic", item="nv_h200", period="2028")["value"] = "50"
    plan = written(tmp_path / "plan.csv", rows)
    done = kloof("evaluate", world, "--country", "CHN", "--plan", str(plan))
    assert done.code == 1
    said = done.out.partition("causes first")[2].splitlines()
    assert said[2].split()[:5] == ["domestic[nv_h200,2028]", "made", "by", "nobody", "50"]
