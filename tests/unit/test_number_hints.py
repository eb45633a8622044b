"""A number written the way of another country is refused with what it says, not with the comma dropped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from optimizer.errors import InputError, number_hint
from optimizer.instance import load, parse_patch, patch
from optimizer.instance.template import TEMPLATE

WRITTEN = {
    "0,02": "write 0.02",
    "989,4": "write 989.4",
    "12,5": "write 12.5",
    "0,234": "write 0.234",
    "1234,567": "write 1234.567",
    "-1,5e3": "write -1500",
    ",5": "write 0.5",
    "2,5%": "write 0.025",
    "8%": "write 0.08",
    "1,234,567": "write 1234567",
    "1,234.5": "write 1234.5",
    "1.234,5": "write 1234.5",
    "1.234.567": "write 1234567",
    "1 234,5": "write 1234.5",
    "1'000'000": "write 1000000",
    "1_000": "write 1000",
    "1,234": "write 1234 or 1.234: `1,234` may mean either",
    "inf": "write .inf for infinity",
    "1,23,456": None,
    "nan": None,
    "two": None,
    "": None,
}


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_meant_is_offered(text: str) -> None:
    assert number_hint(text) == WRITTEN[text]


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("countries/CHN.yaml", "interest_per_year: 0.02", "interest_per_year: 0,02"),
        ("chips.csv", "989.4,1979", '"0,02",1979'),
        ("market.yaml", "value: 20480", 'value: "0,02"'),
        ("instance.yaml", "first_year: 2026", 'first_year: "0,02"'),
    ],
)
def test_in_files(tmp_path: Path, file: str, before: str, after: str) -> None:
    directory = shutil.copytree(TEMPLATE, tmp_path / "w")
    text = (directory / file).read_text()
    assert before in text
    (directory / file).write_text(text.replace(before, after, 1))
    with pytest.raises(InputError) as caught:
        load(directory)
    assert "write 0.02" in [one.hint for one in caught.value.diagnostics]


@pytest.mark.parametrize(
    "text",
    [
        "countries.CHN.budget.interest_per_year = 0,02",
        "countries.CHN.budget.income_usd_bn *= 0,02",
        "countries.CHN.budget.income_usd_bn[2027] = 0,02",
    ],
)
def test_in_patches(text: str) -> None:
    with pytest.raises(InputError) as caught:
        patch(load(TEMPLATE), [parse_patch(text)])
    assert [one.hint for one in caught.value.diagnostics] == ["write 0.02"]


def test_a_comma_in_braces_is_explained() -> None:
    with pytest.raises(InputError) as caught:
        patch(load(TEMPLATE), ["countries.CHN.budget.income_usd_bn = {2026: 45,5, 2029: 65}"])
    assert "decimals take a point" in str(caught.value)


@pytest.mark.parametrize(
    ("operand", "hint"),
    [
        ("*= 20%", "write `*= 1.2` for 20% more, or `*= 0.2` for 20% of it"),
        ("*= 2,5%", "write `*= 1.025` for 2.5% more, or `*= 0.025` for 2.5% of it"),
        ("*= +20%", "write `*= 1.2` for 20% more"),
        ("*= -20%", "write `*= 0.8` for 20% less"),
        ("+= 20%", "write `*= 1.2` for 20% more, or `+= 0.2` to add that number"),
        ("*= 1,234%", "write 12.34 or 0.01234: `1,234%` may mean either"),
    ],
)
def test_a_percentage_is_offered_as_a_change_and_as_a_share(operand: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_patch(f"countries.CHN.budget.income_usd_bn {operand}")
    assert [one.hint for one in caught.value.diagnostics] == [hint]
