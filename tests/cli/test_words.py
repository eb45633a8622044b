"""Words that a reader cannot know are explained once in what is printed, and one thing has one name."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from optimizer import load, patch
from optimizer.answer.metrics import installed_at_start
from optimizer.instance import resolve
from optimizer.tell.words import DEAREST, FOR_GOOD, LOG_UNIT, MEANINGS, RATED, meanings, sentence
from tests.cli.conftest import Outcome, run_kloof

DOCS = Path(__file__).parents[2] / "docs"


def explained(text: str) -> dict[str, int]:
    """How often each meaning stands in a text."""
    return {meaning: text.count(meaning) for _, meaning in MEANINGS}


def test_the_first_table_explains_what_stands_in_it(solved: tuple[Outcome, Path]) -> None:
    out = solved[0].out
    assert explained(out) == {LOG_UNIT: 1, FOR_GOOD: 0, DEAREST: 0, RATED: 1}
    assert "for good" not in out


@pytest.mark.parametrize("command", ["solve", "compare"])
def test_a_country_in_full_explains_each_word_once(world: str, tmp_path: Path, command: str) -> None:
    column = ("--set-column", "dear: countries.CHN.power.electricity_price_usd_per_kwh *= 2")
    asked = column if command == "compare" else ()
    out = run_kloof(tmp_path, command, world, "--country", "CHN", *asked, "--out", "run").out
    assert explained(out) == {LOG_UNIT: 1, FOR_GOOD: 1, DEAREST: 1, RATED: 1}
    told = " ".join(run_kloof(tmp_path, "explain", "run").out.split())
    assert "dearest first" in told
    assert told.count("`For good`: as much as") == told.count("`Dearest`: the limit") == 1


def test_a_page_explains_each_word_once(saved: Path, tmp_path: Path, world: str) -> None:
    column = ("--set-column", "dear: countries.CHN.power.electricity_price_usd_per_kwh *= 2")
    run_kloof(tmp_path, "compare", world, "--country", "CHN", *column, "--out", "compared")
    for run in (str(saved), "compared"):
        assert run_kloof(tmp_path, "report", run, "--out", "page.html").code == 0
        page = unescape((tmp_path / "page.html").read_text())
        assert [page.count(sentence(text)) for text in (RATED, FOR_GOOD, LOG_UNIT)] == [1, 1, 1]


def test_only_words_that_stand_there_are_explained() -> None:
    assert meanings("worth for good, the dearest") == [FOR_GOOD, DEAREST]
    assert meanings("nothing to explain") == []


def test_the_two_counts_of_the_american_fleet_are_what_the_pages_say() -> None:
    world = load("world-2026")
    as_made = patch(world, ["chips.*.software_maturity = 1"])
    rated, published = (
        installed_at_start(resolve(each, "USA", None, None)) / 1000 for each in (world, as_made)
    )
    assert (f"{rated:.1f}", f"{published:.1f}") == ("15.4", "15.7")
    for page in ("glossary", "calibration"):
        text = (DOCS / f"{page}.md").read_text()
        assert re.search(r"\b15\.4 M\b", text)
        assert re.search(r"\b15\.7 M\b", text)
