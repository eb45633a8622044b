"""`kloof sweep --scheduler`: a real study has the same bytes, also after its scheduler is killed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.study.batch.store import Store
from tests.cli.conftest import KLOOF, Run
from tests.unit.cluster_study import Processes, until

SCENARIOS = 50


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(tmp_path)
    processes.scheduler()
    processes.worker()
    yield processes
    processes.end()


def done(path: Path) -> int:
    if not path.exists():
        return 0
    with Store.open(path, writing=False) as store:
        return store.counts().done


def test_a_real_study_has_its_bytes_on_a_cluster_and_after_its_scheduler_is_killed(
    kloof: Run, world: str, tmp_path: Path, cluster: Processes
) -> None:
    # seconds of work on any machine, so that the scheduler is killed in the midst of it
    axis = f"countries.USA.budget.income_usd_bn *= 0.8:1.2:{SCENARIOS}"
    study = ("sweep", world, "--country", "USA", "--vary", axis)
    plain = kloof(*study, "--store", "plain.study", "--jobs", "1")
    assert plain.code == 0, plain.err
    there = kloof(*study, "--store", "there.study", "--scheduler", cluster.address)
    assert there.code == 0, there.err
    assert f"{SCENARIOS} scenarios to solve on 1 workers of {cluster.address}: about" in there.err
    command = [str(KLOOF), *study, "--store", "killed.study", "--scheduler", cluster.address]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: done(tmp_path / "killed.study") > 0)
        cluster.started[0].kill()
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 130
    assert "go on with: kloof study resume killed.study\n" in said
    assert f"error[E672]: the scheduler at {cluster.address} was lost while the study was at work" in said
    assert 0 < done(tmp_path / "killed.study") < SCENARIOS
    refused = kloof("study", "resume", "killed.study", "--scheduler", cluster.address)
    assert (refused.code, "error[E671]" in refused.err) == (2, True)
    assert kloof("study", "resume", "killed.study", "--jobs", "1").code == 0
    tables = []
    for name in ("plain", "there", "killed"):
        assert kloof("study", "export", f"{name}.study", "--to", f"{name}.csv").code == 0
        tables.append((tmp_path / f"{name}.csv").read_bytes())
    assert tables[0] == tables[1] == tables[2]


def test_processes_here_and_workers_there_exclude_each_other(kloof: Run, world: str) -> None:
    study = ("sweep", world, "--country", "USA", "--vary", "countries.USA.budget.income_usd_bn *= [1, 2]")
    refused = kloof(*study, "--jobs", "2", "--scheduler", "tcp://127.0.0.1:1")
    assert refused.code == 2
    assert "--jobs counts processes here" in refused.err
