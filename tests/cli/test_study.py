"""`kloof study`: how far a stored study is, its table, its shards as one; how a batch is told."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import pytest

from optimizer.cli import progress as telling
from optimizer.cli.progress import BatchProgress, duration, progress_text
from optimizer.study.batch.drain import Progress
from optimizer.study.batch.store import Store
from tests.cli.conftest import Run
from tests.unit.batch_study import answer, exported, make, rows, whole


@pytest.fixture
def half_done(tmp_path: Path) -> Path:
    """Ten scenarios, of which the first six are done."""
    path = make(tmp_path / "half.study", 10)
    with Store.open(path, writing=True) as store:
        store.commit(result for row in rows(10)[:6] for result in answer(row))
    return path


def test_status_counts_what_is_done_and_says_why_there_is_no_plan(kloof: Run, half_done: Path) -> None:
    done = kloof("study", "status", "half.study")
    assert done.code == 0
    assert done.out.splitlines()[0] == "half.study: 6 of 10 scenarios done, 4 left"
    assert "2 factors: income, regime; gap 0.0001, the leader answers" in done.out
    assert "CHN        4        1           1" in done.out
    assert "12 solved; 1 s of work" in done.out
    assert "     2  nothing fits" in done.out
    data = kloof("study", "status", "half.study", "--format", "json").data
    assert data["status"] == "unfinished"
    assert data["scenarios"] == {"total": 10, "held": 10, "done": 6, "failed": 0, "left": 4}
    assert data["countries"]["CHN"]["optimal"] == 4
    assert data["study"]["design"] == "lhs"
    lines = list(csv.reader(io.StringIO(kloof("study", "status", "half.study", "--format", "csv").out)))
    assert ["CHN", "infeasible", "1"] in lines


def test_export_writes_what_is_done(kloof: Run, half_done: Path, tmp_path: Path) -> None:
    done = kloof("study", "export", "half.study", "--to", "half.csv")
    assert (done.code, done.out) == (0, "")
    assert done.err == "wrote 12 lines to half.csv; 4 scenarios are not solved yet\n"
    assert (tmp_path / "half.csv").read_bytes() == exported(half_done)
    data = kloof("study", "export", "half.study", "--to", "half.csv", "--format", "json").data
    assert (data["lines"], data["left"]) == (12, 4)


def test_merge_makes_the_study_of_its_shards(kloof: Run, tmp_path: Path) -> None:
    for index in (1, 2):
        with Store.open(make(tmp_path / f"{index}.study", 9, shard=f"{index}/2"), writing=True) as store:
            store.commit(result for number in store.pending() for result in answer(rows(9)[number]))
    assert "shard 2/2 of a study of 9 scenarios" in kloof("study", "status", "2.study").out
    done = kloof("study", "merge", "1.study", "2.study", "--into", "all.study")
    assert (done.code, done.err) == (0, "wrote all.study: 9 of 9 scenarios done\n")
    assert exported(tmp_path / "all.study") == whole(tmp_path, 9)
    done = kloof("study", "merge", "2.study", "--into", "part.study")
    assert done.err == "wrote part.study: 4 of 4 scenarios done; 5 of the study's 9 are in none of them\n"
    data = kloof("study", "merge", "1.study", "--into", "other.study", "--format", "json").data
    assert (data["shard"], data["done"], data["total"]) == ("1/2", 5, 9)


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("status", "none.study"), 2, "E201"),
        (("status", "text"), 2, "E651"),
        (("export", "half.study", "--to", "half.xlsx"), 2, "E659"),
        (("export", "half.study", "--to", "none/half.csv"), 74, "E605"),
        (("merge", "half.study", "--into", "half.study"), 2, "E215"),
        (("merge", "--into", "x.study"), 2, "E601"),
        (("discard", "half.study"), 2, "E601"),
    ],
)
def test_what_is_wrong_is_said(
    kloof: Run, half_done: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, error: str
) -> None:
    (tmp_path / "text").write_text("ten years of work")
    before = half_done.read_bytes()
    done = kloof("study", *arguments)
    assert done.code == code
    assert f"error[{error}]" in done.err
    assert half_done.read_bytes() == before


def test_progress_in_words() -> None:
    assert progress_text(Progress(0, 0, 10, None, None, False)) == "0 done, 0 failed, 10 left"
    said = progress_text(Progress(1200, 2, 8800, 12.34, 713.0, False))
    assert said == "1,200 done, 2 failed, 8,800 left; 12.3 per second, about 12 min to go"
    assert progress_text(Progress(3, 0, 0, 0.05, 0.0, False)) == "3 done, 0 failed, 0 left; 3 per minute"
    spans = [0.2, 59, 61, 3600, 12000, 90000, 86400]
    assert [duration(each) for each in spans] == [
        "1 s",
        "59 s",
        "1 min",
        "1 h",
        "3 h 20 min",
        "1 d 1 h",
        "1 d",
    ]


def test_progress_in_a_log_is_lines_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    tell = BatchProgress()
    for number in range(50):
        tell(Progress(number, 0, 100 - number, None, None, number >= 40))
    tell.end()
    assert capsys.readouterr().err.splitlines() == [
        "0 done, 0 failed, 100 left",
        telling.ENDING,
        "40 done, 0 failed, 60 left",
        "49 done, 0 failed, 51 left",
    ]


def test_progress_on_a_terminal_is_one_line_over_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(telling, "TERMINAL_SECONDS", 0)
    tell = BatchProgress()
    for number in (1, 2):
        tell(Progress(number, 0, 2 - number, None, None, False))
    tell.end()
    over = "\r\x1b[K"
    said = capsys.readouterr().err
    assert (
        said
        == f"{over}1 done, 0 failed, 1 left{over}2 done, 0 failed, 0 left{over}2 done, 0 failed, 0 left\n"
    )
