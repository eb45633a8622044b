"""Results travel: between processes, into files, into copies."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest

from optimizer import Result, compare, load, solve


@pytest.fixture(scope="module")
def result(world: str) -> Result:
    return solve(load(world), ["CHN"])


def solved(world: str) -> Result:
    return solve(load(world), ["CHN"])


@pytest.mark.parametrize("sent", [copy.deepcopy, lambda result: pickle.loads(pickle.dumps(result))])
def test_a_result_that_was_sent_says_the_same(result: Result, sent: object) -> None:
    assert callable(sent)
    again = sent(result)
    pd.testing.assert_frame_equal(again.strategy, result.strategy, check_exact=True)
    pd.testing.assert_frame_equal(again.certificates, result.certificates, check_exact=True)
    here, there = (each.run.countries["CHN"] for each in (result, again))
    assert there.solution is not None
    assert here.solution is not None
    assert there.values is not None
    np.testing.assert_array_equal(there.solution.dual("budget"), here.solution.dual("budget"))
    np.testing.assert_array_equal(there.values["spend"], here.values["spend"])
    assert there.solution.program.row_name(0) == here.solution.program.row_name(0)


def test_another_process_may_solve(result: Result, world: str) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        again = pool.submit(solved, world).result()
    pd.testing.assert_frame_equal(again.strategy, result.strategy, check_exact=True)


def test_a_comparison_that_was_sent_says_the_same(world: str) -> None:
    compared = compare(load(world), {"more": ["countries.CHN.budget.income_usd_bn *= 1.5"]}, ["CHN"], jobs=1)
    again = pickle.loads(pickle.dumps(compared))
    pd.testing.assert_frame_equal(again.comparison, compared.comparison, check_exact=True)
    pd.testing.assert_frame_equal(again.ranking, compared.ranking, check_exact=True)
    pd.testing.assert_frame_equal(again.strategy, compared.strategy, check_exact=True)
    world_run = again.run.worlds[1]
    assert again.run.numbers(world_run, "CHN") == compared.run.numbers(compared.run.worlds[1], "CHN")
