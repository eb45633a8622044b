"""Where a design puts its scenarios: positions from 0 to 1, or single stops, one column per axis.

An axis is a factor, or a group of factors that share a position. The same seed gives the same scenarios.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.values import Array

Stops = NDArray[np.int64]
MORE: str = "pip install SALib"
# scipy's direction numbers end here
MOST_SOBOL_DIMENSIONS: int = 21_201
MOST_ROWS: int = 2**26


def grid(counts: Sequence[int]) -> Stops:
    """Every combination of stops, the last axis fastest, shape (product of counts, axes)."""
    rows = int(np.prod([float(count) for count in counts]))
    if rows > MOST_ROWS:
        message = f"a grid over {len(counts)} axes has {rows:.3g} scenarios"
        raise InputError(
            Diagnostic("E705", message, path="design", hint="take fewer values, or a sample: sobol")
        )
    return np.array(list(product(*(range(count) for count in counts))), dtype=np.int64).reshape(
        -1, len(counts)
    )


def latin_hypercube(draws: int, axes: int, seed: int) -> Array:
    """Positions of which every column holds one in each of `draws` equal intervals, shape (draws, axes)."""
    from scipy.stats import qmc

    sampler = qmc.LatinHypercube(d=axes, rng=np.random.default_rng(seed))
    return np.asarray(sampler.random(draws), dtype=np.float64)


def sobol(draws: int, axes: int, seed: int) -> Array:
    """Scrambled Sobol' positions, shape (draws, axes). Raises `InputError` unless `draws` is a power of 2."""
    from scipy.stats import qmc

    check_power_of_two("sobol", draws)
    check_dimensions("sobol", axes)
    sampler = qmc.Sobol(d=axes, scramble=True, rng=np.random.default_rng(seed))
    return np.asarray(sampler.random_base2(draws.bit_length() - 1), dtype=np.float64)


def morris(trajectories: int, axes: int, levels: int, seed: int) -> Array:
    """Trajectories of `axes` + 1 scenarios, each one axis away from the one before, below each other:
    shape (trajectories * (axes + 1), axes). Raises `InputError` where SALib is missing."""
    sample = salib("SALib.sample.morris")
    return np.asarray(
        sample.sample(_problem(axes), trajectories, num_levels=levels, seed=seed), dtype=np.float64
    )


def saltelli(draws: int, axes: int, second_order: bool, seed: int) -> Array:
    """Blocks of axes + 2 scenarios (2 axes + 2 with second order), below each other, from scrambled Sobol'
    positions. Raises `InputError` unless `draws` is a power of 2, and where SALib is missing."""
    check_power_of_two("saltelli", draws)
    check_dimensions("saltelli", 2 * axes)
    sample = salib("SALib.sample.sobol")
    found = sample.sample(_problem(axes), draws, calc_second_order=second_order, scramble=True, seed=seed)
    return np.asarray(found, dtype=np.float64)


def block_size(axes: int, second_order: bool) -> int:
    """Scenarios of one block of a Saltelli design."""
    return 2 * axes + 2 if second_order else axes + 2


def check_power_of_two(method: str, draws: int) -> None:
    """Raise `InputError` where Sobol' positions would lose their balance."""
    if draws < 1 or draws & (draws - 1):
        below = 1 << max(draws.bit_length() - 1, 0)
        message = f"the design `{method}` takes a power of 2 of draws, got {draws}"
        hint = f"write {below} or {2 * below}" if draws > 0 else "write 512"
        raise InputError(Diagnostic("E705", message, path="design.draws", hint=hint))


def check_dimensions(method: str, dimensions: int) -> None:
    """Raise `InputError` where there are no Sobol' positions of so many dimensions."""
    if dimensions > MOST_SOBOL_DIMENSIONS:
        message = f"the design `{method}` needs {dimensions} dimensions, {MOST_SOBOL_DIMENSIONS} are known"
        raise InputError(
            Diagnostic("E705", message, path="design.method", hint="take latin_hypercube, or fewer factors")
        )


def problem_of(names: Sequence[str]) -> dict[str, Any]:
    """Axes in the words of SALib, every one from 0 to 1."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def _problem(axes: int) -> dict[str, Any]:
    return problem_of([f"x{number}" for number in range(axes)])


def salib(module: str) -> Any:
    """A module of SALib, which takes longer to import than a plan to solve."""
    import importlib

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        message = f"this design needs the package `{error.name}`, which is not installed"
        raise InputError(Diagnostic("E708", message, hint=f"install it: {MORE}")) from None
