"""Compiled plans kept on disk: what is kept is what would be compiled, and nothing damaged is used."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest

from models.parameters import PlanParameters
from optimizer.program import Program
from optimizer.study import program_store
from optimizer.study.plan_solver import PlanSolver
from tests.model.small_plan import small_plan


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(program_store.VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


def not_again() -> Program:
    raise AssertionError("compiled, though it was kept")


def files(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


def compiled_anew(parameters: PlanParameters) -> Program:
    """What is compiled where nothing is kept."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv(program_store.VARIABLE)
        return PlanSolver.compile(parameters).program


def test_a_kept_plan_solves_as_the_compiled_one(directory: Path) -> None:
    parameters = small_plan()
    first = PlanSolver.compile(parameters)
    assert len(files(directory)) == 1
    kept = PlanSolver(program_store.compiled(parameters, not_again), first.solver)
    again = PlanSolver.compile(parameters)
    assert kept.program.columns == first.program.columns
    one, other = first.solve(parameters), again.solve(parameters)
    np.testing.assert_array_equal(one.x, other.x)
    assert one.certificate == other.certificate


def test_other_parameters_are_another_program(directory: Path) -> None:
    PlanSolver.compile(small_plan())
    richer = small_plan(income=2 * small_plan()["income"])
    with pytest.raises(AssertionError, match="compiled"):
        program_store.compiled(richer, not_again)
    PlanSolver.compile(richer)
    assert len(files(directory)) == 2


def test_other_sources_and_libraries_are_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(program_store, "version", lambda name: "0")
        assert program_store._sources() != program_store.SOURCES
    for name in ("budget.py", "compile.py", "plan_solver.py"):
        with monkeypatch.context() as patched:
            changed_sources(patched, name)
            assert program_store._sources() != program_store.SOURCES
    assert program_store._sources() == program_store.SOURCES


def changed_sources(patched: pytest.MonkeyPatch, name: str = "budget.py") -> None:
    read = Path.read_bytes
    patched.setattr(Path, "read_bytes", lambda self: read(self) + b"#" * (self.name == name))


def test_what_was_compiled_from_sources_that_changed_since_is_not_kept(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_sources(monkeypatch)
    PlanSolver.compile(small_plan())
    assert not directory.exists()


def test_a_program_runs_from_sources_that_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(program_store, "version", missing)
    assert program_store._sources()


def test_a_directory_that_can_be_read_alone_is_used(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    PlanSolver.compile(small_plan())
    monkeypatch.setattr(os, "utime", refused)
    kept = program_store.compiled(small_plan(), not_again)
    assert kept.columns == compiled_anew(small_plan()).columns


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, None])
def test_a_damaged_file_is_compiled_and_written_anew(directory: Path, damage: bytes | None) -> None:
    parameters = small_plan()
    PlanSolver.compile(parameters)
    (file,) = files(directory)
    whole = file.read_bytes()
    # cut off where a full disk would have
    file.write_bytes(whole[:-10] if damage is None else damage)
    assert PlanSolver.compile(parameters).program.columns == compiled_anew(parameters).columns
    assert file.read_bytes()[:1] != b""
    program_store.compiled(parameters, not_again)


def test_what_cannot_be_written_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(program_store.VARIABLE, str(tmp_path / "file" / "below"))
    assert PlanSolver.compile(small_plan()).program.columns > 0


def test_rows_of_ones_own_are_not_kept(directory: Path) -> None:
    PlanSolver.compile(small_plan(), lambda model: None)
    assert not directory.exists()


def test_nothing_is_kept_unless_asked(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(program_store.VARIABLE, "")
    PlanSolver.compile(small_plan())
    assert not directory.exists()


def test_those_used_longest_ago_go(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_store, "MOST_FILES", 2)
    plans = [small_plan(income=factor * small_plan()["income"]) for factor in (1, 2, 3)]
    for age, plan in enumerate(plans[:2]):
        PlanSolver.compile(plan)
        for file in files(directory):
            os.utime(file, (age + 1, age + 1))
    os.utime(files(directory)[0], (1, 1))
    os.utime(files(directory)[1], (2, 2))
    oldest = files(directory)[0]
    # of commands that were killed as they wrote, and of one that writes now
    left, new = (directory / f"x.{name}.part" for name in ("left", "new"))
    for part in (left, new):
        part.write_bytes(b"half")
    os.utime(left, (3, 3))
    PlanSolver.compile(plans[2])
    assert len(files(directory)) == 3
    assert oldest not in files(directory)
    assert left not in files(directory)
    assert new in files(directory)
