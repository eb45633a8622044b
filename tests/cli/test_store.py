"""Run directories are written whole, and never over anything but a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.errors import InputError, OutputError
from optimizer.tell.files import store

RUN = {"manifest.json": '{"program": "kloof"}', "strategy.csv": "a\n"}


def test_a_run_replaces_an_earlier_run_whole(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "run"
    store.save(place, {**RUN, "old.txt": "x"})
    store.save(place, RUN)
    assert sorted(path.name for path in place.iterdir()) == sorted(RUN)
    assert [path.name for path in place.parent.iterdir()] == ["run"]


def test_an_empty_directory_may_be_used(tmp_path: Path) -> None:
    store.save(tmp_path, RUN)
    assert (tmp_path / "strategy.csv").read_text() == "a\n"


@pytest.mark.parametrize("manifest", [None, "{}", "not json", '{"program": "other"}', "[]"])
def test_other_directories_are_left_alone(tmp_path: Path, manifest: str | None) -> None:
    (tmp_path / "thesis.txt").write_text("ten years of work")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(InputError) as caught:
        store.save(tmp_path, RUN)
    assert caught.value.diagnostics[0].code == "E602"
    assert (tmp_path / "thesis.txt").read_text() == "ten years of work"


def test_a_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("x")
    with pytest.raises(InputError):
        store.save(tmp_path / "run", RUN)


def test_a_place_is_tried_before_it_is_needed(tmp_path: Path) -> None:
    store.check_place(tmp_path / "deep" / "run")
    assert list((tmp_path / "deep").iterdir()) == []
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError) as unwritable:
        store.check_place(tmp_path / "file" / "run")
    assert unwritable.value.diagnostics[0].code == "E605"
    with pytest.raises(InputError) as caught:
        store.check_place(tmp_path / "file")
    assert caught.value.diagnostics[0].code == "E602"


def test_half_a_run_does_not_replace_an_earlier_one(tmp_path: Path) -> None:
    place = tmp_path / "run"
    assert store.beside_earlier(place) == place
    store.save(place, RUN)
    assert store.beside_earlier(place) == tmp_path / "run-interrupted"


def test_the_default_place_depends_on_inputs_alone() -> None:
    one = store.default_directory("solve", {"a": 1, "b": [2]})
    assert one == store.default_directory("solve", {"b": [2], "a": 1})
    assert one != store.default_directory("solve", {"a": 1, "b": [3]})
    assert one.parent == Path("runs")
    assert len(one.name) == len("solve-") + 12
