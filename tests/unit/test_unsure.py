"""Which numbers of a plan are marked because other plans within the gap do not share them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from optimizer.answer import digits, metrics, ranges
from optimizer.answer.run import CountryRun, WorldRun
from optimizer.answer.summary import headline
from optimizer.instance import load, patch
from optimizer.study.ask import Ask
from optimizer.study.solve import solve_world
from optimizer.tell.terminal.detail import BALANCED, MARKED, detail
from optimizer.tell.terminal.tables import Screen, summary

TEMPLATE = Path(__file__).parents[2] / "optimizer" / "instance" / "template"
# so many graduates that nobody would pay for one more
PLENTY = "countries.CHN.talent.graduates_thousand_per_year = 500"


@pytest.fixture(scope="module")
def world() -> WorldRun:
    return solve_world(Ask(patch(load(TEMPLATE), [PLENTY]), ("CHN",), jobs=1))


def test_people_taken_on_and_let_go_at_no_cost_are_marked(world: WorldRun) -> None:
    run = world.countries["CHN"]
    assert run.values is not None
    line = run.values["trained"][:4]
    assert ranges.unsure(run, "trained", line).all()
    assert not ranges.unsure(run, "recruited", line).any()
    shown = Screen().render(detail(run, world))
    row = next(text for text in shown.splitlines() if text.strip().startswith("graduates taken on"))
    assert row.count("~") == 6
    assert MARKED in shown


def test_a_computed_range_decides_where_there_is_one(world: WorldRun) -> None:
    run = world.countries["CHN"]
    assert run.parameters is not None
    first, second = run.parameters.sets.periods[:2]
    line = np.array([10.0, 10.0, 10.0, 10.0])
    known = replace(run, ranges={f"trained/{first}": (9.9, 10.1), f"recruited/{second}": (5.0, 12.0)})
    assert ranges.unsure(known, "trained", line).tolist() == [False, True, True, True]
    assert ranges.unsure(known, "recruited", line).tolist() == [False, True, False, False]


def test_small_parts_of_a_line_are_unsure_and_the_more_so_the_wider_the_gap(world: WorldRun) -> None:
    run = world.countries["CHN"]
    assert run.solution is not None
    line = np.array([100.0, 20.0, 50.0, 0.0])
    assert ranges.unsure(run, "rented", line).tolist() == [False, True, False, False]
    wide = replace(run.solution, certificate=replace(run.solution.certificate, gap=1e-4))
    loose: CountryRun = replace(run, solution=wide)
    assert ranges.unsure(loose, "rented", line).tolist() == [True, True, True, False]
    assert not ranges.unsure(loose, "power", line).any()


def test_round_off_is_no_money(world: WorldRun) -> None:
    run = world.countries["CHN"]
    assert run.values is not None
    paid = metrics.outlays(run.values)[:4].sum()

    def with_unspent(amount: float) -> CountryRun:
        assert run.values is not None
        money = {"lapsed": np.full_like(run.values["lapsed"], amount), "premium": run.values["premium"] * 0}
        return replace(run, values={**run.values, **money})

    nothing, something = with_unspent(1e-11 * paid), with_unspent(1e-3 * paid)
    tops = [headline(each, world.leader_run) for each in (nothing, something)]
    assert [top and (top.unspent_usd_bn, top.premiums_usd_bn) for top in tops] == [
        (0, 0),
        (pytest.approx(4e-3 * paid), 0),
    ]
    shown, with_row = (Screen().render(detail(each, world)) for each in (nothing, something))
    assert "unspent" not in shown
    assert "lapsed" not in shown
    assert "unspent" in with_row
    assert "lapsed" in with_row


def test_no_row_of_the_books_holds_nothing_and_their_rounding_is_told(world: WorldRun) -> None:
    run = world.countries["CHN"]
    assert run.values is not None
    small = {"bidup": np.full_like(run.values["bidup"], 1e-6)}
    shown = Screen().render(detail(replace(run, values={**run.values, **small}), world))
    cash = shown.partition("cash, USD bn")[2].partition(BALANCED)[0]
    assert "= carried over" in cash
    assert "bid up" not in cash


def test_a_mark_is_explained_where_it_stands(world: WorldRun) -> None:
    run = world.countries["CHN"]
    assert run.values is not None
    assert run.solution is not None
    far = replace(run, values={**run.values, "capability": run.values["capability"] - 5})
    certificate = replace(run.solution.certificate, gap=np.inf)
    unknown = replace(far, status="stopped", solution=replace(run.solution, certificate=certificate))
    shown, without = (
        Screen().render(summary(replace(world, countries={"CHN": each}), Screen())) for each in (far, unknown)
    )
    assert "* reaches back before" in shown
    assert "*" not in without


def test_a_narrow_screen_has_no_wider_line_and_no_line_of_nothing(world: WorldRun) -> None:
    run = world.countries["CHN"]
    wide, narrow = (Screen().render(detail(run, world, width)) for width in (120, 70))
    rules = [len(line) for line in narrow[: narrow.index("what binds")].splitlines() if "──" in line]
    assert max(rules) <= 70 < max(len(line) for line in wide.splitlines() if "──" in line)
    early, late = (part.split("\n\n")[0] for part in narrow.split("  chips bought, thousand")[1:])
    assert "nv_b200, grey" in early
    assert "nv_b200, grey" not in late
    # of the leader's early years nothing is known, and the mark says so where it stands
    starred = narrow.index("lag, months")
    assert "*" in narrow[starred:].splitlines()[0]
    assert "* reaches back before USA's base state" in narrow[starred:]


def test_a_share_known_to_tens_is_never_called_nothing() -> None:
    parts = [0.043, 0.687, 0.08, 0.07, 0.12]
    assert digits.split_percents(parts, 0.08, 0)[0] == "<10"
    assert digits.split_percents([*parts[:4], 0.0], 0.08, 0)[-1] == "0"
    assert digits.split_percents([0.003, 0.997], 0.001, 0) == ["0", "100"]
