"""Conclusions as a person, a program and a spreadsheet see them."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import numpy as np
import pandas as pd

from optimizer.study.sampling.conclusion import Conclusion, Effect
from optimizer.study.sampling.indices import morris_indices, sobol_indices
from optimizer.study.sampling.interaction import Interaction
from optimizer.study.sampling.quantiles import band
from optimizer.tell.files.conclusions import conclusions_csv, conclusions_data
from optimizer.tell.terminal.conclusion_tables import conclusion_tables
from optimizer.tell.terminal.tables import Screen
from optimizer.tell.terminal.tornado import BASE_MARK, HIGH_MARK, LOW_MARK, tornado

NAN, INF = math.nan, math.inf


def plain(**parts: Any) -> Conclusion:
    return Conclusion("CHN", "lag_months/2035", "months", 30.0, 40, 2, **parts)


def told(*conclusions: Conclusion, verbose: bool = False) -> str:
    return Screen(80).render(conclusion_tables(conclusions, 80, verbose))


def test_bars_start_at_the_base_and_end_at_the_outcomes() -> None:
    both = Effect("money", 0.5, 2.0, 40.0, 25.0)
    one_side = Effect("power", 1.0, 2.0, 35.0, 40.0)
    nothing = Effect("none", 1.0, 2.0, NAN, 25.0)
    endless = Effect("far", 1.0, 2.0, 30.0, INF)
    effects = [both, one_side, nothing, endless]
    lines = tornado(plain(), effects, [each.axis for each in effects], 80)
    assert all(len(line) <= 80 for line in lines)
    bars = [line[5 + 1 + 8 + 1 + 8 + 2 :] for line in lines[1:]]
    places = {line.index(BASE_MARK) for line in bars}
    assert len(places) == 1
    (middle,) = places
    first, second, third, last = bars
    # ten months longer to the right, five shorter to the left: half as far
    assert first.count(LOW_MARK) == second.count(HIGH_MARK) + second.count(LOW_MARK)
    assert abs(first.count(LOW_MARK) - 2 * first.count(HIGH_MARK)) <= 1
    assert first.index(HIGH_MARK) < middle < first.index(LOW_MARK)
    # the shorter of two on one side stays in sight
    assert middle < second.index(LOW_MARK) < second.index(HIGH_MARK)
    assert third.count(HIGH_MARK) == first.count(HIGH_MARK)
    assert LOW_MARK not in third
    assert last.count(HIGH_MARK) == first.count(LOW_MARK)
    assert "n/a" in lines[3]
    assert "inf" in lines[4]


def test_a_tornado_says_what_it_leaves_out() -> None:
    effects = (
        *(Effect(f"input_{n:02}", 0.0, 1.0, 30.0 - 20 + n, 31.0) for n in range(18)),
        Effect("still", 0.0, 1.0, 30.0, 30.0),
        Effect("lost", 0.0, 1.0, NAN, NAN),
    )
    one = plain(effects=effects, within_gap=("a", "b", "c", "d", "e"))
    text = told(one)
    title = "CHN lag_months/2035, months: each input alone, base 30.0; 2 of 40 scenarios without a number"
    assert title in text.splitlines()
    assert "3 more with less effect: --verbose lists all" in text
    assert "1 change nothing" in text
    assert "without a number: lost" in text
    assert "5 within the gap: see gradient: a, b, c and 2 more" in text
    assert "input_17" not in text
    assert "input_17" in told(one, verbose=True)


def test_inputs_that_say_what_counts_are_marked_on_the_objective() -> None:
    effects = (Effect("economy.discount_rate_per_year", 0.0, 1.0, 20.0, 31.0),)
    one = Conclusion("CHN", "objective", "log unit years", 30.0, 3, 0, effects=effects)
    assert "+ changes what is counted, not the world" in told(one)
    assert "changes what is counted" not in told(plain(effects=effects))


def test_open_quantiles_are_marked_and_their_intervals_said() -> None:
    numbers = np.array([*range(18), INF, NAN])
    text = told(plain(band=band(numbers)))
    assert "CHN: quantiles over the draws; below each the interval of 95%" in text
    assert "* only a bound: beyond all that is known of the leader" in text
    assert "inf*" in text
    (line,) = (each for each in text.splitlines() if "months" in each and " to " in each)
    assert "4.0 to 14.0" in line


def test_a_band_of_nothing_is_told() -> None:
    assert "CHN lag_months/2035: no scenario has a number" in told(plain())


def test_indices_name_pairs_that_interact_for_sure() -> None:
    rng = np.random.default_rng(1)
    found = sobol_indices(rng.normal(size=60), ["a", "b"], second_order=True)
    table = found.table.copy()
    table.loc[table["index"] == "S2", ["value", "low", "high"]] = [0.5, 0.25, 0.75]
    sure = type(found)("sobol", table, 10, 1, 0.95)
    text = told(plain(indices=sure))
    assert "10 blocks, 1 left out" in text
    assert "a with b" in text
    assert "0.25" in text
    empty = morris_indices(np.array([[0.0], [1.0]]), np.array([NAN, 1.0]), ["a"])
    assert "nothing can be told: 0 trajectories have the outcome" in told(plain(indices=empty))


def matrix() -> Interaction:
    outcomes = pd.DataFrame([[1.0, NAN], [3.0, INF]], index=pd.Index([0.5, 1.0]), columns=["closed", "open"])
    return Interaction("money", "regime", outcomes, None, {"power": 1.0}, 1)


def test_a_matrix_names_both_axes_and_what_is_held() -> None:
    text = told(plain(matrices=(matrix(),)))
    assert "money (down) and regime (across); base 30" in text
    assert "held: power at 1" in text
    assert "what both do together is not known: the base of one is not among its values" in text
    assert [line.split() for line in text.splitlines() if line.startswith("0.5")] == [["0.5", "1.0", "n/a"]]


def test_json_and_csv_have_the_same_numbers_and_words_for_what_is_no_number() -> None:
    conclusions = [
        plain(matrices=(matrix(),)),
        plain(band=band(np.array([*range(18), INF, NAN]))),
        plain(effects=(Effect("money", 0.5, 2.0, NAN, 25.0),), within_gap=("power",)),
    ]
    grid, drawn, alone = json.loads(json.dumps(conclusions_data(conclusions), allow_nan=False))
    assert grid["matrices"][0]["outcomes"] == [[1.0, None], [3.0, "inf"]]
    assert grid["matrices"][0]["held"] == {"power": 1.0}
    assert drawn["band"]["quantiles"][2] == {
        "level": 0.95,
        "value": "inf",
        "low": drawn["band"]["quantiles"][2]["low"],
        "high": "inf",
        "beyond": True,
    }
    assert alone["effects"][0]["low"] is None
    assert alone["within_gap"] == ["power"]
    text = conclusions_csv(conclusions, "answer", ["a note, with a comma"])
    lines = list(csv.DictReader(io.StringIO(text)))
    assert {line["leader"] for line in lines} == {"answer"}
    assert [line["value"] for line in lines if line["kind"] == "outcome"] == ["1.0", "", "3.0", "inf"]
    assert [line["value"] for line in lines if line["kind"] == "quantile"] == ["0.0", "9.0", "inf"]
    assert [line["value"] for line in lines if line["kind"] == "effect"] == ["", "25.0"]
    assert [line["at"] for line in lines if line["kind"] == "note"] == ["a note, with a comma"]
