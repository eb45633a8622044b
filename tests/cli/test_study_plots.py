"""`--plot`, `kloof study plot` and `kloof report` of a real study of a few scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.cli.study import KINDS as OFFERED
from optimizer.tell.plot.study import KINDS
from tests.cli.conftest import Run, run_kloof

MONEY = "money: countries.CHN.budget.income_usd_bn *= [0.5, 1, 2]"
SWEEP = ("--country", "CHN", "--leader", "hold", "--jobs", "1", "-q", "--outcome", "lag_months/2029")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, world: str) -> Path:
    """A directory with a store of three scenarios, and the picture that was drawn with it."""
    found = tmp_path_factory.mktemp("plots")
    asked = ("--vary", MONEY, "--design", "oat", "--store", "money.study", "--plot", "money.svg")
    done = run_kloof(found, "sweep", world, *SWEEP, *asked)
    assert done.code == 0, done.err
    return found


def test_a_sweep_draws_what_it_concludes_and_study_plot_draws_it_again(place: Path) -> None:
    first = (place / "money.svg").read_text()
    assert first.startswith("<svg")
    assert "one factor at a time" in first
    assert "the leader's path is held" in first.replace("&#39;", "'")
    done = run_kloof(place, "study", "plot", "money.study", "--to", "again.svg")
    assert (done.code, done.out, done.err) == (0, "", "wrote again.svg\n")
    assert (place / "again.svg").read_text() == first
    told = run_kloof(place, "study", "plot", "money.study", "--to", "a.png", "--format", "json").data
    assert (told["kind"], told["country"], told["outcome"]) == ("tornado", "CHN", "lag_months/2029")
    assert (place / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("--to", "x.gif"), 2, "E718"),
        (("--to", "x.svg", "--kind", "fan"), 2, "E718"),
        (("--to", "x.svg", "--kind", "pie"), 2, "E601"),
        (("--to", "x.svg", "--country", "USA"), 2, "E302"),
        (("--to", "x.svg", "--outcome", "lag_months/2028"), 2, "E710"),
        (("--to", "none/x.svg"), 74, "E605"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    place: Path, arguments: tuple[str, ...], code: int, error: str
) -> None:
    done = run_kloof(place, "study", "plot", "money.study", *arguments)
    assert (done.code, done.out) == (code, "")
    assert f"error[{error}]" in done.err
    assert not list(place.glob("x.*"))


def test_a_picture_that_cannot_be_made_is_refused_before_anything_is_solved(
    kloof: Run, world: str, tmp_path: Path
) -> None:
    for name, code, error in (("x.gif", 2, "E718"), ("none/x.svg", 74, "E605")):
        done = kloof("sweep", world, *SWEEP, "--vary", MONEY, "--store", "new.study", "--plot", name)
        assert (done.code, done.out) == (code, "")
        assert f"error[{error}]" in done.err
        assert not (tmp_path / "new.study").exists()


def test_a_study_has_a_page_beside_its_store(place: Path) -> None:
    done = run_kloof(place, "report", "money.study")
    assert (done.code, done.out, done.err) == (0, "", "wrote money.html\n")
    text = (place / "money.html").read_text()
    assert text.startswith("<!doctype html>")
    assert 'data-chart="tornado"' in text
    assert "money: income" in text
    told = run_kloof(place, "report", "money.study", "--out", "page.html", "--format", "json").data
    assert told["bytes"] == (place / "page.html").stat().st_size
    assert (place / "page.html").read_text() == text


def test_a_file_that_is_no_store_has_no_page(place: Path) -> None:
    (place / "text.study").write_text("text")
    done = run_kloof(place, "report", "text.study")
    assert done.code == 2
    assert "error[E651]" in done.err


def test_the_command_offers_every_kind() -> None:
    assert OFFERED == KINDS
