"""What the record says of a figure, and what it leaves open."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from optimizer.instance import load
from optimizer.instance.schema import Observed
from optimizer.study.calibration import Comparison, digits, findings, markdown, rewritten
from optimizer.study.counterparts import COUNTERPARTS
from optimizer.study.validation import FORECASTS, MARKET

WORLD = Path(__file__).parents[2] / "instances" / "world-2026"
Kind = Literal["input", "fitted", "outcome", "context"]


def row(model: float | None, kind: Kind = "outcome", cause: str = "") -> Comparison:
    return Comparison(
        "x", Observed(value=10, low=8, high=12, unit="GW", kind=kind, cause=cause), model, "by hand"
    )


@pytest.mark.parametrize(
    ("model", "kind", "cause", "verdict", "finding"),
    [
        (10.0, "outcome", "", "within", None),
        (8.0, "outcome", "", "within", None),
        (12.0, "fitted", "", "within", None),
        (7.9, "outcome", "memory", "below", None),
        (12.1, "input", "", "above", "`x` is above, and no cause is recorded"),
        (7.9, "outcome", "", "below", "`x` is below, and no cause is recorded"),
        (10.0, "outcome", "memory", "within", "`x` lies within its band, but a cause is recorded"),
        (10.0, "context", "another quantity", "not the same", None),
        (10.0, "context", "", "not the same", "`x` is not the same, and no cause is recorded"),
        (None, "context", "no such number", "no counterpart", None),
        (None, "outcome", "", "no counterpart", "`x` is no counterpart, and no cause is recorded"),
    ],
)
def test_a_figure_is_judged_and_its_cause_asked_for(
    model: float | None, kind: Kind, cause: str, verdict: str, finding: str | None
) -> None:
    one = row(model, kind, cause)
    assert one.verdict == verdict
    assert one.finding == finding
    assert findings([one]) == ([] if finding is None else [finding])


def test_only_what_is_no_input_and_has_a_counterpart_counts() -> None:
    rows = [
        row(10),
        row(20, cause="y"),
        row(10, "fitted"),
        row(10, "input"),
        row(10, "context", "z"),
        row(None),
    ]
    assert [one.counts for one in rows] == [True, True, True, False, False, False]
    table = markdown(rows)
    assert (
        "Of 6 figures 3 are no inputs and have a counterpart; **2 of them lie within their bands**, 1 do"
        in table
    )
    assert "Nothing was fitted to 2 of them, of which 1 do." in table
    assert table.count("| `x` |") == 6
    assert "- `x`: y." in table


def test_numbers_are_told_in_three_digits() -> None:
    assert [digits(value) for value in (20.48e6, 35000, 0.0223, 7.0)] == ["20.5 M", "35,000", "0.0223", "7"]


def test_a_page_keeps_all_but_its_tables() -> None:
    text = "a\n<!-- t:start -->\nold\n<!-- t:end -->\nb\n"
    assert rewritten(text, {"t": "new\n"}) == text.replace("old", "new")


def test_names_in_code_are_those_of_the_shipped_record() -> None:
    observed = load(WORLD).market.observed
    assert set(COUNTERPARTS) <= set(observed)
    assert set(FORECASTS) | set(MARKET) <= set(observed)
    without = {name for name in observed if name not in COUNTERPARTS}
    assert all(observed[name].kind == "context" for name in without)


def test_every_shipped_figure_says_where_it_is_from() -> None:
    for name, figure in load(WORLD).market.observed.items():
        assert figure.source, name
        assert figure.low < figure.high, name
