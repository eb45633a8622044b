"""Bands from stored draws whose answers are known, and how they are told."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from optimizer.answer.bands import BandQuantile, Bands, MissingDraws, NumberBand
from optimizer.cli.bands import command
from optimizer.cli.options import Given
from optimizer.instance import Instance, load, patch
from optimizer.instance.shipped import shipped_instances
from optimizer.study.ask import Ask
from optimizer.study.bands import bands_of, bands_sample
from optimizer.study.batch.rows import RowResult
from optimizer.study.batch.studying import new_store
from optimizer.study.sampling.quantiles import band
from optimizer.study.sampling.sample import Sample
from optimizer.study.sampling.validity import scenario_patches
from optimizer.tell.bands import lines, missing, of_draws, span

WORLD = "world-2026"


@pytest.fixture(scope="module")
def world() -> Instance:
    assert WORLD in shipped_instances()
    return load(WORLD)


@pytest.fixture(scope="module")
def sample(world: Instance) -> Sample:
    return bands_sample(Ask(world, ("CHN", "USA"), draws=16), world, WORLD)


def test_levels_of_a_line_are_drawn_in_order(world: Instance) -> None:
    text = "industry = staged"
    asked = Ask(patch(world, [text]), ("CHN",), draws=16)
    drawn = bands_sample(asked, world, WORLD, "", [text])
    names = [factor.name for factor in drawn.factors if ".levels." in factor.name]
    assert "staged.lines.n7.levels.*.yield" in names
    assert "staged.lines.n7.levels.*.experience_thousand_wafers" in names
    assert all(".levels.*." in name for name in names)
    for row in drawn.rows:
        found = patch(drawn.base, scenario_patches(row))
        assert found.staged is not None
        for line in found.staged.lines.values():
            yields = [level.yield_.number() for level in line.levels.values()]
            assert yields == sorted(yields)


def answer(sample: Sample, number: int, country: str) -> RowResult:
    """Draw k has k months of lag; the first two are ahead of all, draw 14 stopped and 15 failed."""
    status = {14: "stopped", 15: "failed"}.get(number, "optimal")
    outcomes: dict[str, float | str] = {name: float(number) for name in sample.outcomes}
    for name in sample.outcomes:
        if name.startswith("lag_beyond"):
            outcomes[name] = float(number < 2)
        elif name.startswith("lag_months"):
            outcomes[name] = number - 5.0
    known = {} if status == "failed" else outcomes
    reason = {"stopped": "time is up", "failed": "shares exceed 1"}.get(status, "a warning of a plan")
    return RowResult(number, country, status, "solved", 1.0, 1.0, 0.0, reason, known, 0.0, "here")


@pytest.fixture(scope="module")
def bands(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Bands:
    with new_store(tmp_path_factory.mktemp("bands") / "x.study", sample) as store:
        store.commit(answer(sample, row.number, country) for row in sample.rows for country in ("CHN", "USA"))
        return bands_of(store, sample)


@pytest.mark.parametrize(("draws", "few"), [(64, True), (127, True), (128, False), (512, False)])
def test_so_few_draws_that_they_tell_no_end_are_said(bands: Bands, draws: int, few: bool) -> None:
    told = of_draws(bands.model_copy(update={"draws": draws, "missing": ()}), ["CHN"])
    assert f"5 to 95% of {draws} draws" in told
    assert ("too few to tell either end" in told) == few
    # where nothing is said the intervals of both quantiles end within the draws
    found = band(np.arange(draws, dtype=float))
    assert (math.isinf(found.at(0.05).low) or math.isinf(found.at(0.95).high)) <= few


def test_stopped_and_failed_draws_are_missing_and_open_ends_are_ordered(bands: Bands) -> None:
    lag = bands.band("CHN", "lag_months/2035")
    assert lag is not None
    assert (lag.draws, lag.missing) == (14, 2)
    assert [(each.value, each.beyond) for each in lag.quantiles] == [(-5, True), (1, False), (8, False)]
    assert span(lag, 0) == ">5 ahead to 8"
    assert {(each.country, each.status, each.draws) for each in bands.missing} == {
        (country, status, 1) for country in ("CHN", "USA") for status in ("stopped", "failed")
    }
    assert missing(bands, "CHN") == [
        "CHN: 2 of 16 draws are missing (1 failed: shares exceed 1; 1 stopped: time is up)"
    ]


def lags(country: str, *months: float) -> tuple[MissingDraws, ...]:
    """Draws refused with the words of E504, whose numbers are each draw's own."""
    reason = "no base state lies {} months behind the leader: its fleet and what it knows put {} 18 behind"
    return tuple(
        MissingDraws(country=country, status="failed", reason=reason.format(lag, country), draws=1)
        for lag in months
    )


def test_draws_that_are_missing_are_told_with_the_band(bands: Bands) -> None:
    """Of 130 draws too few are left to tell either end: how many and why stands wherever a band does."""
    refused = (*lags("GBR", 18.6359, 23.239, 24, 25), *lags("IND", 23.1))
    some = bands.model_copy(update={"draws": 130, "missing": refused})
    why = "(no base state lies so many months behind the leader)"
    start = "5 to 95% of 130 draws over the ranges of the inputs"
    assert of_draws(some, ["GBR"]) == f"{start}, without 4 of GBR {why}, too few to tell either end"
    assert of_draws(some, ["IND"]) == f"{start}, without 1 of IND {why}"
    assert of_draws(some, ["CHN"]) == start
    assert f"without 4 of GBR and 1 of IND {why}" in of_draws(some, ["GBR", "IND"])
    names = {"GBR": "Britain", "IND": "India"}
    assert f"without 4 of Britain and 1 of India {why}" in of_draws(some, ["GBR", "IND"], names.__getitem__)
    many = bands.model_copy(update={"draws": 512, "missing": (*refused, *lags("JPN", 1), *lags("KOR", 2))})
    assert "without up to 4 of 4 countries" in of_draws(many, ["GBR", "IND", "JPN", "KOR"])
    assert missing(some, "GBR") == [
        "GBR: 4 of 130 draws are missing (4 failed: no base state lies 18.6359 months behind the leader: "
        "its fleet and what it knows put GBR 18 behind, and the like)"
    ]


def test_the_leader_is_told_of_by_its_capability_and_others_against_it(bands: Bands) -> None:
    metrics = {country: {each.metric for each in bands.of(country)} for country in ("CHN", "USA")}
    assert metrics["CHN"] == {"lag_months", "effective_ratio", "installed_compute", "split"}
    assert metrics["USA"] == {"capability", "installed_compute", "split"}
    periods = [each.item for each in bands.of("CHN") if each.metric == "lag_months"]
    assert periods == ["2030", "2035"]
    shown = lines(bands, ["CHN", "USA"], "USA", short=True)
    assert [(each.country, each.name) for each in shown] == [
        ("CHN", "behind, 2035"),
        ("USA", "capability, 2035"),
    ]
    ratio = next(each for each in lines(bands, ["CHN"], "USA", False) if each.unit == "% of USA")
    assert ratio.exact == (0.0, 600.0, 1300.0)


def test_number_that_no_draw_has_has_no_quantiles() -> None:
    band = NumberBand(
        country="CHN", number="lag_months/2035", unit="months", draws=0, missing=8, quantiles=()
    )
    assert span(band, 0) == span(None, 0) == ""


def test_span_of_plain_lags_is_short() -> None:
    ends = tuple(
        BandQuantile(level=level, value=value, low=value, high=value, beyond=False)
        for level, value in ((0.05, 18.2), (0.5, 30.0), (0.95, 1044.6))
    )
    band = NumberBand(
        country="CHN", number="lag_months/2035", unit="months", draws=8, missing=0, quantiles=ends
    )
    assert (span(band, 0), span(band, 1)) == ("18-1,045", "18.2-1,044.6")


def test_every_input_with_a_range_that_reaches_the_countries_is_drawn_but_not_what_was_changed(
    world: Instance, sample: Sample
) -> None:
    text = "research.spillover_per_year *= 1.1"
    changed = bands_sample(Ask(patch(world, [text]), ("CHN",), draws=2), world, WORLD, "", [text])
    names = {factor.name for factor in sample.factors}
    assert "research.spillover_per_year" in names
    assert {factor.name for factor in changed.factors} <= names - {"research.spillover_per_year"}
    assert any("changed by the base" in note for note in changed.notes)
    assert sample.study.file.leader == "answer"
    assert (sample.study.file.gap, changed.study.file.gap) == (1e-4, 1e-4)


def test_bands_are_in_the_key_of_an_ask_only_where_they_are_asked_for(world: Instance) -> None:
    plain = Ask(world, ("CHN",))
    assert plain.key == Ask(world, ("CHN",), draws=8).key
    assert len({plain.key, *(Ask(world, ("CHN",), bands=True, draws=n).key for n in (8, 16))}) == 3


def test_command_that_makes_a_new_study_is_the_one_that_was_given() -> None:
    given = Given(
        "my world",
        ("CHN",),
        ("a+b",),
        ("x *= 2",),
        "autonomy",
        gap=1e-5,
        time_limit=3.0,
        bands=True,
        draws=64,
    )
    assert command(given, None) == (
        "kloof solve 'my world' --country CHN --policy a+b --set 'x *= 2' --objective autonomy --gap 1e-05 "
        "--time-limit 3 --draws 64 --bands"
    )
    assert command(Given("w"), str(Path("new.study"))) == "kloof solve w --store new.study --bands"
