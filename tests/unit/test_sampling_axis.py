"""Axes as text, and the spreads that they stand for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optimizer.errors import InputError
from optimizer.study.sampling.axis import parse_axis
from optimizer.study.sampling.spread import (
    Discrete,
    Levels,
    Lognormal,
    Own,
    Policies,
    Range,
    Triangular,
    within,
)

INCOME = "countries.CHN.budget.income_usd_bn"
POSITIONS = np.linspace(0.0, 1.0, 101)


@pytest.mark.parametrize(
    ("text", "spread"),
    [
        (f"{INCOME} *= 0.5:2:7", Range(0.5, 2.0, 7)),
        (f"{INCOME}*=0.5:2:7:log", Range(0.5, 2.0, 7, True)),
        (f"{INCOME} += -20:20", Range(-20.0, 20.0)),
        (f"{INCOME} = [1, 2.5, .inf]", Levels((1.0, 2.5, math.inf))),
        ("rules.us_2022_tools.in_force = [always, never]", Levels(("always", "never"))),
        (f"{INCOME} *= triangular(0.5, 1, 2)", Triangular(0.5, 2.0, 1.0)),
        (f"{INCOME} *= uniform(0.5, 2)", Range(0.5, 2.0)),
        (f"{INCOME} *= lognormal(0.5, 2)", Lognormal(0.5, 2.0)),
        (f"{INCOME} = discrete(1 @ 0.75, 3 @ 0.25)", Discrete((1.0, 3.0), (0.75, 0.25))),
        (f"{INCOME} ~ own", Own()),
        (
            "policy = [baseline, hbm_lifted+tools_tightened]",
            Policies(("baseline", "hbm_lifted+tools_tightened")),
        ),
    ],
)
def test_every_form_is_read(text: str, spread: object) -> None:
    axis = parse_axis(text)
    assert axis.spread == spread
    assert axis.name == ("policy" if text.startswith("policy") else text.split("*=")[0].split()[0])


def test_several_paths_with_years_move_under_one_name() -> None:
    axis = parse_axis("limits: a.*.b[2027:2028], c.d *= 0.5:2:3")
    assert axis.name == "limits"
    assert [(one.segments, one.years) for one in axis.patches] == [
        (("a", "*", "b"), (2027, 2028)),
        (("c", "d"), None),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("income", "is no axis"),
        ("= [1, 2]", "names no path"),
        (f"{INCOME} *=", "nothing to spread over"),
        (f"{INCOME} *= 1.2", "has one value"),
        (f"{INCOME} *= 2:1:3", "from 2 to 1"),
        (f"{INCOME} *= 1:1:3", "from 1 to 1"),
        (f"{INCOME} *= 0:2:3:log", "logarithmic range from 0"),
        (f"{INCOME} *= 0.5:2:0", "range of 0 values"),
        (f"{INCOME} *= 0.5:2:1", "range of 1 values"),
        (f"{INCOME} *= 0.5:2:2.5", "whose count is 2.5"),
        (f"{INCOME} *= 0.5:2:3:4", "cannot be read"),
        (f"{INCOME} *= 0.5:high", "in place of a finite number"),
        (f"{INCOME} *= -1:2", "multiplies by -1"),
        (f"{INCOME} *= []", "empty list"),
        (f"{INCOME} *= [1, 1]", "twice"),
        (f"{INCOME} *= [always]", "after `*=`"),
        (f"{INCOME} *= [1, .inf]", ".inf after `*=`"),
        (f"{INCOME} *= [1, .nan]", "lists"),
        (f"{INCOME} *= [1", "cannot be read"),
        (f"{INCOME} ~ triangular(0.5, 1, 2)", "only `own`"),
        (f"{INCOME} *= own", "~ own"),
        (f"{INCOME} *= triangel(0.5, 1, 2)", "did you mean `triangular"),
        (f"{INCOME} *= triangular(0.5, 3, 2)", "outside its ends"),
        (f"{INCOME} *= triangular(0.5, 2)", "2 numbers"),
        (f"{INCOME} *= lognormal(0, 2)", "logarithmic range from 0"),
        (f"{INCOME} = discrete(1 @ 0.7, 3 @ 0.2)", "sum to 0.9"),
        (f"{INCOME} = discrete(1, 3)", "without a probability"),
        (f"{INCOME} *= 1{'0' * 400}:2", "too large"),
        ("policy *= [a, b]", "policies without a list"),
        ("policy = [1, b]", "policy that is no text"),
        ("a..b *= 0.5:2", "cannot read the patch"),
    ],
)
def test_bad_axes_say_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_axis(text)
    assert len(caught.value.diagnostics) == 1
    assert caught.value.diagnostics[0].code in ("E701", "E401")
    assert says in str(caught.value)


def test_ranges_stop_at_their_ends_exactly() -> None:
    assert Range(0.1, 0.7, 4).stops() == (0.1, 0.3, 0.5, 0.7)
    assert Range(0.5, 2.0, 3, True).stops() == (0.5, 1.0, 2.0)
    assert Triangular(0.5, 2.0, 1.0).stops() == (0.5, 1.0, 2.0)
    assert Lognormal(0.5, 2.0).stops() == (0.5, 1.0, 2.0)


def test_distributions_are_those_of_scipy() -> None:
    inside = POSITIONS[1:-1]
    triangular = stats.triang(c=1 / 3, loc=0.5, scale=1.5)
    assert Triangular(0.5, 2.0, 1.0).at(inside) == pytest.approx(triangular.ppf(inside), rel=1e-11)
    found = Lognormal(0.5, 2.0).at(np.array([0.05, 0.5, 0.95]))
    assert found == pytest.approx([0.5, 1.0, 2.0], rel=1e-11)
    assert np.isfinite(Lognormal(0.5, 2.0).at(np.array([0.0, 1.0]))).all()
    values = Discrete((1.0, 3.0), (0.75, 0.25))
    assert values.index(np.array([0.0, 0.749, 0.751, 1.0])).tolist() == [0, 0, 1, 1]
    assert Levels((1.0, 2.0)).index(np.array([0.0, 0.49, 0.5, 1.0])).tolist() == [0, 0, 1, 1]


@settings(max_examples=60, deadline=None)
@given(st.floats(0.3, 0.9), st.floats(1.1, 3.0))
def test_what_is_cut_off_leaves_the_rest_in_shape(low: float, high: float) -> None:
    for spread in (
        Range(0.1, 4.0),
        Range(0.1, 4.0, None, True),
        Triangular(0.1, 4.0, 1.0),
        Lognormal(0.5, 2.0),
    ):
        values = within(spread, (low, high)).at(POSITIONS)
        assert values.min() >= low
        assert values.max() <= high
        assert (np.diff(values) >= 0).all()
    # no mass gathers at the cut: it is spread over what is left
    kept = within(Triangular(0.1, 4.0, 1.0), (low, high)).at(POSITIONS[1:-1])
    assert len(np.unique(kept)) == len(kept)
