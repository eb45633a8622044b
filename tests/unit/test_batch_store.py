"""A study's file: what goes in comes out, in one order; what is wrong with it is said."""

from __future__ import annotations

import csv
import io
import math
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.errors import CODES, InputError, KloofError, OutputError
from optimizer.study.batch.exporting import export
from optimizer.study.batch.header import check_same
from optimizer.study.batch.merging import merge
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.batch.shards import Shard, parse_shard
from optimizer.study.batch.store import Store
from tests.unit.batch_study import answer, committed, exported, header, make, rows, whole

ROOT = Path(__file__).parents[2]


def fails(code: str, do: Callable[[], object], kind: type[KloofError] = InputError) -> str:
    """The text of the error of this code that `do` raises."""
    with pytest.raises(kind) as caught:
        do()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert diagnostic.code in CODES
    assert diagnostic.hint
    return diagnostic.render()


@contextmanager
def nobody() -> Iterator[None]:
    """As a user without special rights: root may write everywhere."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def open_place(tmp_path: Path) -> Path:
    """A directory that such a user may use."""
    for place in (tmp_path, *tmp_path.parents):
        if place.stat().st_uid == os.geteuid() and place != Path("/"):
            place.chmod(place.stat().st_mode | 0o755)
    tmp_path.chmod(0o777)
    return tmp_path


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    asked = rows(9)
    asked[2] = Row(2, (math.inf, "a"), ("x = inf", 'y = "ü, \n"'), "p+q")
    result = answer(rows(9)[2])[0]
    special = replace(
        result,
        outcomes={"lag_months/2035": -math.inf, "binding": 'ü "x", y'},
        objective=-math.inf,
        bound=None,
    )
    study = header(9)
    with Store.create(tmp_path / "a.study", study, asked) as store:
        store.commit([special, *answer(asked[1])])
        assert store.row(2) == asked[2]
    with Store.open(tmp_path / "a.study", writing=False) as store:
        assert store.header == study
        assert [store.row(each.number) for each in asked] == asked
        assert list(store.results()) == [*answer(asked[1]), special]
        # country USA of scenario 2 is not there
        assert store.pending() == [0, 2, 3, 4, 5, 6, 7, 8]
        frame = store.frame()
    assert list(frame.columns) == list(study.columns)
    assert list(frame["number"]) == [1, 1, 2]
    assert list(frame["regime"]) == ["closed", "closed", "a"]
    assert frame["lag_months/2035"].dtype == float
    assert list(frame["lag_months/2035"])[2] == -math.inf
    assert math.isnan(frame["spend_share/research/2030"][2])
    assert frame["bound"].isna().tolist() == [False, False, True]


def test_an_outcome_that_is_no_number_stays_apart_from_one_that_is_not_known(tmp_path: Path) -> None:
    with Store.create(tmp_path / "a.study", header(1), rows(1)) as store:
        one, two = answer(rows(1)[0])
        store.commit([replace(one, outcomes={"lag_months/2035": math.nan}), replace(two, outcomes={})])
        found = list(store.results())
    assert math.isnan(float(found[0].outcomes["lag_months/2035"]))
    assert found[1].outcomes == {}
    lines = list(csv.DictReader(io.StringIO(exported(tmp_path / "a.study").decode())))
    assert [each["lag_months/2035"] for each in lines] == ["nan", ""]


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(order=st.permutations(range(12)), cuts=st.sets(st.integers(1, 23)))
def test_any_order_of_commits_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cuts: set[int]
) -> None:
    place = tmp_path_factory.mktemp("order")
    results = [each for number in order for each in answer(rows(12)[number])]
    path = make(place / "a.study", 12)
    with Store.open(path, writing=True) as store:
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), 24], strict=True):
            store.commit(results[start:end])
    assert exported(path) == whole(place, 12)


def test_csv_and_parquet_hold_the_same_numbers(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.study"
    with Store.create(path, header(30), rows(30)) as store:
        store.commit(result for row in rows(30) for result in answer(row))
        frame = store.frame()
        assert export(store, tmp_path / "a.parquet") == 60
        assert export(store, tmp_path / "b.PARQUET") == 60
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.PARQUET").read_bytes()
    table = parquet.read_table(tmp_path / "a.parquet").to_pydict()
    lines = list(csv.DictReader(io.StringIO(exported(path).decode())))
    assert list(table) == list(lines[0]) == list(frame.columns)
    for name, cells in table.items():
        written = [each[name] for each in lines]
        assert ["" if cell is None else str(cell) for cell in cells] == written
    assert "inf" in {each["lag_months/2035"] for each in lines}


def test_an_outcome_that_is_a_text_somewhere_is_one_everywhere(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with Store.create(tmp_path / "a.study", header(1), rows(1)) as store:
        one, two = answer(rows(1)[0])
        store.commit([replace(one, outcomes={"binding": "x"}), replace(two, outcomes={"binding": 0.1})])
        assert store.columns()["binding"] == ["x", "0.1"]
        assert list(store.frame()["binding"]) == ["x", "0.1"]
        export(store, tmp_path / "a.parquet")


def test_exports_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    with Store.create(path, header(1), rows(1)) as store:
        assert "in .csv or .parquet" in fails("E659", lambda: export(store, tmp_path / "a.xlsx"))
        with pytest.raises(OutputError, match="would replace the store itself"):
            export(store, path)
        with pytest.raises(OutputError, match="cannot be written"):
            export(store, tmp_path / "none" / "a.csv")
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        assert "pip install 'kloof[parquet]'" in fails("E660", lambda: export(store, tmp_path / "a.parquet"))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.csv"]


def test_results_of_another_study_are_not_kept(tmp_path: Path) -> None:
    (one, two) = answer(rows(1)[0])
    with Store.create(tmp_path / "a.study", header(1), rows(1)) as store:
        for wrong in (
            replace(one, country="FRA"),
            replace(one, outcomes={"x": 1.0}),
            replace(one, gap=math.nan),
        ):
            with pytest.raises(ValueError, match=r"FRA|x is no outcome|gap of CHN"):
                store.commit([two, wrong])
        assert list(store.results()) == []
        store.commit([one, two])
        store.commit([two, one])
        with pytest.raises(ValueError, match="scenario 0 of CHN has another result already"):
            store.commit([replace(one, message="other")])
    with pytest.raises(ValueError, match="row 1 is none of a study"):
        Store.create(tmp_path / "b.study", header(1), rows(2))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.study"]


def test_columns_of_one_name_are_refused() -> None:
    assert "`status`" in fails("E662", lambda: header(1, factors=("status", "x")))
    assert "`binding`" in fails("E662", lambda: header(1, factors=("binding", "x")))


def test_a_path_that_is_taken_or_empty(tmp_path: Path) -> None:
    path = make(tmp_path / "deep" / "a.study", 2)
    before = path.read_bytes()
    assert "resume it" in fails("E215", lambda: make(path, 2))
    assert path.read_bytes() == before
    assert "no such store" in fails("E201", lambda: Store.open(tmp_path / "none", writing=False))
    # what a process left that was killed while it made a store
    (tmp_path / ".b.study.new").write_bytes(before[:3000])
    make(tmp_path / "b.study", 2)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.study", "deep"]


@pytest.mark.parametrize("writing", [False, True])
def test_files_that_are_no_stores(tmp_path: Path, writing: bool) -> None:
    def opened(name: str) -> Callable[[], object]:
        return lambda: Store.open(tmp_path / name, writing)

    (tmp_path / "text").write_text("ten years of work\n" * 100)
    assert "none of SQLite's" in fails("E651", opened("text"))
    (tmp_path / "empty").touch()
    assert "the file is empty" in fails("E651", opened("empty"))
    (tmp_path / "folder").mkdir()
    assert "no ordinary file" in fails("E651", opened("folder"))
    with sqlite3.connect(tmp_path / "other") as other:
        other.execute("CREATE TABLE study (key TEXT)")
    other.close()
    assert "another program's" in fails("E651", opened("other"))
    newer = make(tmp_path / "newer", 1)
    with sqlite3.connect(newer) as store:
        store.execute("PRAGMA user_version = 2")
    store.close()
    assert "has format 2; this version of Kloof knows those to 1" in fails("E653", opened("newer"))
    contents = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
    assert set(contents) == {"text", "empty", "other", "newer"}
    assert contents["text"] == b"ten years of work\n" * 100


def test_damaged_stores(tmp_path: Path) -> None:
    path = tmp_path / "a.study"
    with Store.create(path, header(300), rows(300)) as store:
        store.commit(result for row in rows(300) for result in answer(row))
    sound = path.read_bytes()
    garbage = bytearray(sound)
    middle = len(sound) // 8192 * 4096
    garbage[middle : middle + 4096] = os.urandom(4096)
    for broken in (sound[: len(sound) // 8192 * 4096], sound[:5000], bytes(garbage)):
        path.write_bytes(broken)
        said = fails("E652", lambda: Store.open(path, writing=True))
        assert "put back a copy" in said
        fails("E652", lambda: merge([path, path], tmp_path / "b.study"))
        assert path.read_bytes() == broken
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.study"]
    path.write_bytes(sound[: len(sound) // 8192 * 4096])
    fails("E652", lambda: exported(path))


def test_places_that_cannot_be_written(open_place: Path) -> None:
    path = make(open_place / "folder" / "a.study", 2)
    path.chmod(0o444)
    with nobody():
        assert "permission denied" in fails("E655", lambda: Store.open(path, writing=True), OutputError)
    path.chmod(0o666)
    path.parent.chmod(0o555)
    with nobody():
        said = fails("E655", lambda: Store.open(path, writing=True), OutputError)
        assert "to a directory that is; what was committed is kept" in said
        fails("E655", lambda: make(path.with_name("b.study"), 2), OutputError)
        # a store that was closed is one file, which can be read anywhere
        assert committed(path) == set()
    with Store.open(path, writing=True) as store:
        store.commit(answer(rows(2)[1]))
        journal = path.with_name("a.study-wal")
        left = path.read_bytes(), journal.read_bytes()
    path.write_bytes(left[0])
    journal.write_bytes(left[1])
    with nobody():
        said = fails("E655", lambda: committed(path), OutputError)
        assert "it was not closed, and a.study-wal has to be written into it first" in said
    assert committed(path) == {1}
    Store.open(path, writing=True).close()
    path.chmod(0)
    with nobody():
        assert "make the file readable" in fails("E202", lambda: Store.open(path, writing=False))
    path.parent.chmod(0o755)
    assert [each.name for each in path.parent.iterdir()] == ["a.study"]


def test_no_room_left_keeps_what_was_committed(tmp_path: Path) -> None:
    path = make(tmp_path / "a.study", 400)
    asked = rows(400)
    with Store.open(path, writing=True) as store:
        (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
        store.connection.execute(f"PRAGMA max_page_count = {pages + 20}")
        number = 0

        def filled() -> None:
            nonlocal number
            while number < len(asked):
                store.commit(answer(asked[number]))
                number += 1

        assert "make room and run" in fails("E656", filled, OutputError)
        assert number > 20
        assert store.pending() == list(range(number, 400))
        store.connection.execute("PRAGMA max_page_count = 100000")
        store.commit(result for row in asked[number:] for result in answer(row))
    assert exported(path) == whole(tmp_path, 400)


HOLD = """
import sys, time
from pathlib import Path
from optimizer.study.batch.store import Store
with Store.open(Path(sys.argv[1]), writing=True) as store:
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_store_in_use_is_not_written_to_but_read(tmp_path: Path) -> None:
    path, alias = make(tmp_path / "a.study", 2), tmp_path / "alias"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    said = fails("E654", lambda: Store.open(path, writing=True))
    assert f"process {holder.pid} on " in said
    assert committed(path) == set()
    holder.kill()
    holder.communicate()
    # its lock went with it, its files are taken over
    assert path.with_name("a.study.lock").exists()
    with Store.open(path, writing=True) as store:
        fails("E654", lambda: Store.open(path, writing=True))
        alias.symlink_to(path)
        fails("E654", lambda: Store.open(alias, writing=True))
        alias.unlink()
        store.commit(answer(rows(2)[0]))
        assert committed(path) == {0}
    assert [each.name for each in tmp_path.iterdir()] == ["a.study"]


RACE = """
import sys
from pathlib import Path
from optimizer.errors import InputError
from optimizer.study.batch.lock import Lock
path, count = Path(sys.argv[1]), Path(sys.argv[2])
taken = 0
while taken < 60:
    try:
        lock = Lock(path)
    except InputError:
        continue
    number = int(count.read_text())
    count.write_text(str(number + 1))
    lock.release()
    taken += 1
"""


def test_two_never_hold_the_lock(tmp_path: Path) -> None:
    path, count = tmp_path / "a.study", tmp_path / "count"
    count.write_text("0")
    words = [sys.executable, "-c", RACE, str(path), str(count)]
    for process in [subprocess.Popen(words, cwd=ROOT) for _ in range(4)]:
        assert process.wait() == 0
    assert count.read_text() == "240"
    assert [each.name for each in tmp_path.iterdir()] == ["count"]


def test_resuming_another_study_says_what_changed(tmp_path: Path) -> None:
    stored = header(4)
    again = "kloof sweep drivers.yaml --store new.study"

    def said(**changes: Any) -> str:
        asked = replace(stored, key="1" * 64, **changes)
        return fails("E657", lambda: check_same(stored, asked, "a.study", again))

    assert f"make a new one: {again}" in said()
    assert "inputs of the instance have changed since" in said()
    assert "the version of Kloof is 0.1.0 in the store, 0.2.0 now" in said(kloof_version="0.2.0")
    assert "the gap is 0.0001 in the store, 0.001 now" in said(gap=1e-3)
    assert "the study differs in `seed`" in said(document={**stored.document, "seed": 2})
    check_same(stored, replace(stored, shard="1/2"), "a.study", again)


def test_shards_put_together_are_the_study_in_one_piece(tmp_path: Path) -> None:
    paths = []
    for index in (3, 1, 2):
        path = make(tmp_path / f"{index}.study", 20, shard=f"{index}/3")
        with Store.open(path, writing=True) as store:
            numbers = store.pending()
            assert numbers == [n for n in range(20) if n % 3 == index - 1]
            store.commit(result for n in numbers for result in answer(rows(20)[n]))
        paths.append(path)
    with merge(paths[:2], tmp_path / "two.study") as two:
        assert (two.header.shard, two.counts().rows, two.counts().left) == ("1/3 3/3", 13, 0)
    with merge([tmp_path / "two.study", paths[2], paths[0]], tmp_path / "all.study") as merged:
        assert merged.header == header(20)
        assert [each.seconds for each in merged.results()] == [0.1] * 40
    assert exported(tmp_path / "all.study") == whole(tmp_path, 20)
    fails("E215", lambda: merge(paths, paths[0]))


def test_stores_that_do_not_fit_together(tmp_path: Path) -> None:
    one, other = make(tmp_path / "one", 4), make(tmp_path / "other", 4, key="1" * 64, gap=1e-3)
    said = fails("E657", lambda: merge([one, other], tmp_path / "c"))
    assert "/other" in said
    assert f"its study is not that of {one}: the gap is 0.0001 there, 0.001 here" in said
    changed = make(tmp_path / "changed", 4)
    for path, message in ((one, ""), (changed, "x")):
        with Store.open(path, writing=True) as store:
            store.commit(replace(each, message=message) for each in answer(rows(4)[2]))
    said = fails("E658", lambda: merge([one, changed], tmp_path / "c"))
    assert "the result of CHN in scenario 2 is not that of the stores named before it" in said
    edited = rows(4)
    edited[1] = replace(edited[1], patches=())
    Store.create(tmp_path / "edited", header(4), edited).close()
    assert "scenario 1 is not" in fails("E658", lambda: merge([one, tmp_path / "edited"], tmp_path / "c"))
    assert not (tmp_path / "c").exists()


def test_times_and_hosts_may_differ_between_stores(tmp_path: Path) -> None:
    for name, host in (("a", "here"), ("b", "there")):
        with Store.open(make(tmp_path / name, 2), writing=True) as store:
            store.commit(replace(each, host=host, seconds=len(host)) for each in answer(rows(2)[1]))
    with merge([tmp_path / "a", tmp_path / "b"], tmp_path / "c") as store:
        assert {(each.host, each.seconds) for each in store.results()} == {("here", 4.0)}


@pytest.mark.parametrize("text", ["5/4", "0/4", "1/0", "1", "a/b", "-1/4", "1/4/2", "", "1.0/4", "²/4"])
def test_shards_that_do_not_exist(text: str) -> None:
    assert "1 <= i <= n" in fails("E661", lambda: parse_shard(text))


def test_shards_part_the_scenarios() -> None:
    assert parse_shard(" 2/4 ") == Shard(2, 4)
    assert str(Shard(2, 4)) == "2/4"
    held = [[n for n in range(11) if Shard(i, 4).holds(n)] for i in (1, 2, 3, 4)]
    assert sorted(number for each in held for number in each) == list(range(11))
    assert {len(each) for each in held} == {2, 3}


def test_how_far_it_is(tmp_path: Path) -> None:
    with Store.create(tmp_path / "a.study", header(7), rows(7)) as store:
        for number in range(5):
            store.commit(answer(rows(7)[number]))
        one, _ = answer(rows(7)[5])
        store.commit([replace(one, status="failed", how="", message="no luck")])
        counts = store.counts()
    assert (counts.rows, counts.done, counts.left, counts.failed) == (7, 5, 2, 1)
    assert counts.by_status["CHN", "optimal"] == 3
    assert counts.by_status["CHN", "failed"] == 1
    assert ("USA", "failed") not in counts.by_status
    assert counts.by_how == {"solved": 10}
    assert counts.reasons == (("nothing fits", 2), ("no luck", 1))
    assert counts.seconds == pytest.approx(1.1)


def test_results_know_no_rows_of_others(tmp_path: Path) -> None:
    with Store.create(tmp_path / "a.study", header(1), rows(1)) as store, pytest.raises(KeyError):
        store.row(1)
    assert RowResult(*(0, "CHN", "failed", "", None, None, None, "x", {}, 0.0, "h")).outcomes == {}
