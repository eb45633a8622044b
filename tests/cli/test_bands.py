"""`kloof solve --bands`: quantiles over the ranges of the inputs, from a study that is kept."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from optimizer import load, solve
from optimizer.answer.answer import SolveAnswer
from optimizer.answer.bands import NOT_COMPUTED
from optimizer.study.batch.store import Store
from optimizer.study.sampling.outcomes import column
from optimizer.tell.files.store import json_text
from tests.cli.conftest import KLOOF, Outcome, Run, run_kloof

BANDS = ("--country", "CHN", "--bands", "--draws", "8", "--jobs", "2")


@pytest.fixture(scope="module")
def banded(tmp_path_factory: pytest.TempPathFactory, world: str) -> tuple[Outcome, Path]:
    """That instance solved with bands of few draws: what was printed, and where."""
    place = tmp_path_factory.mktemp("bands")
    done = run_kloof(place, "solve", world, *BANDS, "--out", "run")
    assert done.code == 0, done.err
    return done, place


def test_first_screen_has_the_band_of_the_lag_and_a_table_with_intervals(
    banded: tuple[Outcome, Path],
) -> None:
    done, _ = banded
    assert re.search(r"\nCHN .* \d+ \(\d+-\d+\)  \d+ \(\d+-\d+\) ", done.out)
    line = next(line for line in done.out.splitlines() if line.startswith("CHN  behind, 2029"))
    assert re.fullmatch(r"CHN  behind, 2029 +months +\d+ \[open, \d+\] +\d+ \[.*\] +\d+ \[.*\] +8 +0", line)
    assert "8 draws of 86 inputs" in done.out
    assert NOT_COMPUTED not in done.out
    table = done.out.partition("CHN China: optimal")[0]
    assert max(map(len, table.splitlines())) <= 120
    assert "8 scenarios of CHN: at most 16 solves" in done.err
    assert "about" in done.err


def test_quantiles_are_those_of_the_stored_draws(banded: tuple[Outcome, Path]) -> None:
    place = banded[1]
    (path,) = (place / "runs").glob("bands-*.study")
    bands = SolveAnswer.model_validate_json((place / "run" / "summary.json").read_text()).bands
    assert bands is not None
    assert path.name == f"bands-{bands.key[:12]}.study"
    with Store.open(path, writing=False) as store:
        results = list(store.results())
    for metric in ("lag_months/2027", "lag_months/2029", "effective_ratio/2029", "installed_compute/2029"):
        ordered = np.sort(column(results, 8, "CHN", metric))
        found = bands.band("CHN", metric)
        assert found is not None
        assert [each.value for each in found.quantiles] == [ordered[0], ordered[3], ordered[7]]
        assert (found.draws, found.missing) == (8, 0)
    split = [bands.band("CHN", f"split/{each}") for each in ("research", "delivery", "chips")]
    assert all(each is not None and each.quantiles[0].value <= each.quantiles[2].value for each in split)


def test_study_is_found_again_by_its_key(banded: tuple[Outcome, Path], world: str) -> None:
    done, place = banded
    again = run_kloof(place, "solve", world, *BANDS, "--out", "again")
    assert "holds all of this study already" in again.err
    assert again.out == done.out
    for name in ("summary.json", "strategy.csv"):
        assert (place / "again" / name).read_bytes() == (place / "run" / name).read_bytes()


def test_summary_that_is_read_and_written_again_keeps_its_bytes(banded: tuple[Outcome, Path]) -> None:
    text = (banded[1] / "run" / "summary.json").read_text()
    assert json_text(SolveAnswer.model_validate(json.loads(text)).data()) == text


def test_json_has_the_bands(banded: tuple[Outcome, Path], world: str) -> None:
    data = run_kloof(banded[1], "solve", world, *BANDS, "--no-save", "--format", "json").data
    first = data["bands"]["numbers"][0]
    assert (first["country"], first["number"], first["unit"]) == ("CHN", "lag_months/2027", "months")
    assert first["quantiles"][0]["low"] == "-inf"


def test_python_gives_the_same_bands(banded: tuple[Outcome, Path], world: str) -> None:
    frame = solve(load(world), ["CHN"], bands=8).bands
    bands = SolveAnswer.model_validate_json((banded[1] / "run" / "summary.json").read_text()).bands
    assert bands is not None
    told = [each.value for band in bands.numbers for each in band.quantiles]
    assert list(frame["value"]) == told
    assert set(frame["level"]) == {0.05, 0.5, 0.95}
    with pytest.raises(ValueError, match="extend"):
        solve(load(world), ["CHN"], bands=8, extend=print)


def test_page_has_the_table_and_a_run_without_bands_says_so(
    banded: tuple[Outcome, Path], saved: Path, tmp_path: Path
) -> None:
    for run, name in ((banded[1] / "run", "with.html"), (saved, "without.html")):
        assert run_kloof(tmp_path, "report", str(run), "--out", name).code == 0
    page = (tmp_path / "with.html").read_text()
    assert "Uncertainty of the inputs: 8 draws of 86 inputs" in page
    answer = page.split('<p class="answer">', 1)[1].partition("</p>")[0]
    assert re.search(r"behind in 2029 \(\d+-\d+: 5 to 95% of 8 draws over the ranges of the inputs", answer)
    assert "The gap is another thing" in page
    assert NOT_COMPUTED[1:] not in page
    without = (tmp_path / "without.html").read_text()
    assert without.count(NOT_COMPUTED[1:]) == 1
    assert "Uncertainty of the inputs" not in without


def test_page_of_a_leader_alone_with_bands_does_not_say_that_there_are_none(
    tmp_path: Path, world: str
) -> None:
    asked = ("solve", world, "--country", "USA", "--bands", "--draws", "2", "--out", "run")
    assert run_kloof(tmp_path, *asked).code == 0
    assert run_kloof(tmp_path, "report", "run", "--out", "page.html").code == 0
    page = (tmp_path / "page.html").read_text()
    assert "Uncertainty of the inputs: 2 draws of" in page
    assert NOT_COMPUTED not in page


def test_solve_without_bands_says_so_once_and_asks_the_same(solved: tuple[Outcome, Path]) -> None:
    done, run = solved
    assert done.out.count(NOT_COMPUTED) == 1
    assert "bands" not in json.loads((run / "manifest.json").read_text())["options"]
    assert "bands" not in json.loads((run / "summary.json").read_text())


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (("--set", "research.spillover_per_year *= 1.01"), "`patches`"),
        (("--gap", "1e-3"), "the gap is 0.0001 in the store, 0.001 now"),
    ],
)
def test_store_of_another_study_is_refused_with_the_command_that_makes_one(
    banded: tuple[Outcome, Path], world: str, change: tuple[str, str], differs: str
) -> None:
    place = banded[1]
    (path,) = (place / "runs").glob("bands-*.study")
    before = path.read_bytes()
    done = run_kloof(place, "solve", world, *BANDS, *change, "--store", str(path), "--no-save")
    assert done.code == 2
    assert "E657" in done.err
    assert differs in done.err
    assert f"make a new one: kloof solve {world} --country CHN " in done.err
    assert done.err.rstrip().endswith("--draws 8 --bands")
    assert path.read_bytes() == before


def test_study_of_an_input_that_has_changed_is_refused(
    banded: tuple[Outcome, Path], world: str, tmp_path: Path
) -> None:
    other = tmp_path / "small"
    shutil.copytree(world, other)
    # what differs is the number, wherever the copy stands
    country = other / "countries" / "CHN.yaml"
    text, count = re.subn(r"(\blag_months: \{?value: |\blag_months: )7\b", r"\g<1>8", country.read_text())
    assert count == 1
    country.write_text(text)
    (path,) = (banded[1] / "runs").glob("bands-*.study")
    done = run_kloof(tmp_path, "solve", str(other), *BANDS, "--store", str(path), "--no-save")
    assert (done.code, "E657" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--bands", "--draws", "7"), "E705"),
        (("--draws", "8"), "E601"),
        (("--store", "x.study"), "E601"),
        (("--bands", "--extend", "rows.py:add"), "E601"),
    ],
)
def test_what_bands_cannot_be_made_of_is_refused(
    kloof: Run, world: str, tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    done = kloof("solve", world, "--country", "CHN", "--no-save", *arguments)
    assert (done.code, code in done.err, done.out) == (2, True, "")
    assert not list(tmp_path.iterdir())


def test_country_without_a_plan_is_told_of_as_ever(kloof: Run, world: str) -> None:
    patch = "countries.CHN.budget.cash0_usd_bn = -100000"
    arguments = ("solve", world, "--country", "CHN", "--no-save", "--set", patch)
    plain, done = kloof(*arguments), kloof(*arguments, "--bands", "--draws", "8")
    assert plain.code == done.code == 3
    assert done.out == plain.out
    assert "S120" in done.err


def test_draws_without_a_plan_are_counted_with_their_reason(kloof: Run, world: str) -> None:
    patch = "countries.CHN.budget.income_usd_bn *= 0.42"
    done = kloof(
        *("solve", world, "--country", "CHN", "--no-save", "--set", patch, "--format", "json"),
        *("--bands", "--draws", "16"),
    )
    bands = done.data["bands"]
    number = bands["numbers"][0]
    assert number["draws"] + number["missing"] == 16
    assert sum(each["draws"] for each in bands["missing"]) == number["missing"]
    assert done.code == (1 if number["missing"] else 0)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_study_goes_on_with_the_same_command(
    world: str, tmp_path: Path, banded: tuple[Outcome, Path], stop: signal.Signals
) -> None:
    arguments = ("solve", world, *BANDS[:-1], "1", "--out", "run")
    started = subprocess.Popen(
        [str(KLOOF), *arguments], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    done = 0
    until = time.monotonic() + 60
    while not done and time.monotonic() < until and started.poll() is None:
        time.sleep(0.1)
        for path in (tmp_path / "runs").glob("bands-*.study"):
            with Store.open(path, writing=False) as store:
                done = store.counts().done
    started.send_signal(stop)
    out, err = started.communicate()
    assert 0 < done < 8
    if stop == signal.SIGINT:
        assert (started.returncode, out) == (130, "")
        assert "go on with: the same command" in err
    assert not (tmp_path / "run").exists()
    again = run_kloof(tmp_path, *arguments)
    assert (again.code, again.out) == (0, banded[0].out)
