"""The concavity check of a program's functions at sample points. A check, not a proof.

Two tests. Support: no tangent at one sample point may pass below the function at another one. Curvature: no
Hessian may have a positive eigenvalue; one counts only if the function's own values confirm it, since the
Hessian of a nearly linear function is rounding.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from optimizer.errors import Diagnostic, ModelError
from optimizer.program.concave import Concave
from optimizer.program.tape import Array

RANDOM_POINTS: Final = 12
# how far a tangent may pass below the function, relative to the terms it is computed from
SUPPORT_TOLERANCE: Final = 1e-7
# largest eigenvalue that counts as rounding, relative to the largest entry of the Hessian
CURVATURE_TOLERANCE: Final = 1e-7
# step that confirms a positive curvature, as a share of the leaves' values, and the least rise that does
STEP: Final = 0.02
LEAST_RISE: Final = 1e-9


def check_concave(concave: Concave, points: Array) -> None:
    """Raise ModelError naming every row that is not concave where it must be, by samples (leaves, points)."""
    numbers = concave.numbers
    values, components = numbers.components(points)
    signed = concave.signed(components)
    slopes = numbers.component_gradient(values)[concave.leaves] * concave.table.sign[concave.owners, None]
    failed = _unsupported(concave, points, signed, slopes) | _curved(concave, points, values, signed, slopes)
    names = [
        numbers.program.row_name(int(concave.table.row[function])) for function in np.flatnonzero(failed)
    ]
    if names:
        raise ModelError([_not_concave(name) for name in dict.fromkeys(names)])


def random_points(concave: Concave, count: int = RANDOM_POINTS) -> Array:
    """Sample points, (leaves, points): nominal sizes times 0.05 to 20, both signs where allowed. The same for
    every call."""
    generator = np.random.default_rng(0)
    low, high = concave.numbers.leaf_box
    shape = (len(concave.sizes), count)
    sizes = concave.sizes[:, None] * np.exp(generator.uniform(-3.0, 3.0, shape))
    signs = np.where(generator.random(shape) < 0.5, -1.0, 1.0)
    sizes = np.where((low < 0)[:, None], sizes * signs, sizes)
    return np.clip(sizes, low[:, None], high[:, None])


def _unsupported(concave: Concave, points: Array, signed: Array, slopes: Array) -> NDArray[np.bool_]:
    """Which functions rise above one of their tangents."""
    if not len(concave):
        return np.zeros(0, dtype=bool)
    starts, at = concave.starts[:-1], points[concave.leaves]
    size, finite = np.abs(signed), np.isfinite(signed)
    found = np.zeros(len(concave), dtype=bool)
    with np.errstate(invalid="ignore", over="ignore"):
        # tangents at one point at a time: all pairs of points at once do not fit a processor's cache
        for point in range(points.shape[1]):
            moves = slopes[:, [point]] * (at - at[:, [point]])
            tangent = signed[:, [point]] + np.add.reduceat(moves, starts, axis=0)
            terms = size[:, [point]] + np.add.reduceat(np.abs(moves), starts, axis=0)
            below = signed - tangent > SUPPORT_TOLERANCE * np.maximum(terms, size)
            found |= (below & np.isfinite(tangent) & finite).any(axis=1)
    return found & concave.active


def _curved(
    concave: Concave, points: Array, values: Array, signed: Array, slopes: Array
) -> NDArray[np.bool_]:
    """Which functions curve upwards at one of the points."""
    hessian = _hessians(concave, points, values)
    low, high = concave.numbers.leaf_box
    failed = np.zeros(len(concave), dtype=bool)
    sizes = np.diff(concave.starts)
    for size in np.unique(sizes):
        functions = np.flatnonzero(concave.active & (sizes == size))
        part = concave.starts[functions][:, None] + np.arange(size)
        own = concave.leaves[part]
        scale = np.where((low < high)[own], concave.sizes[own], 0.0)
        # (functions, points, size, size)
        blocks = np.moveaxis(hessian[part][:, :, :size, :], -1, 1)
        blocks = blocks * (scale[:, :, None] * scale[:, None, :])[:, None]
        usable = np.isfinite(signed[functions]) & np.isfinite(slopes[part]).all(axis=1)
        usable &= np.isfinite(blocks).all(axis=(2, 3))
        largest, direction = _rising(np.where(usable[:, :, None, None], blocks, 0.0))
        point = largest.argmax(axis=1)
        for place in np.flatnonzero(largest.max(axis=1, initial=0.0) > CURVATURE_TOLERANCE):
            at, along = points[:, point[place]], direction[place, point[place]] * scale[place]
            failed[functions[place]] = _confirmed(concave, int(functions[place]), at, along)
    return failed


def _hessians(concave: Concave, points: Array, values: Array) -> Array:
    """Second derivatives, (leaves of functions, leaves of the same function, points), signed."""
    dimension = int(np.diff(concave.starts).max(initial=0))
    result = np.zeros((len(concave.leaves), dimension, points.shape[1]))
    position = np.arange(len(concave.leaves)) - concave.starts[concave.owners]
    seed = np.zeros_like(values)
    seed[concave.table.cut_nodes] = 1.0
    tape = concave.numbers.program.function_tape
    for place in range(dimension):
        direction = np.zeros((tape.inputs, points.shape[1]))
        direction[concave.leaves[position == place]] = 1.0
        curvature = tape.curvature(values, seed, direction)[: len(concave.sizes)]
        result[:, place, :] = curvature[concave.leaves] * concave.table.sign[concave.owners, None]
    return result


def _rising(blocks: Array) -> tuple[Array, Array]:
    """Largest eigenvalue of every matrix, relative to its largest entry, and its direction."""
    symmetric = 0.5 * (blocks + np.swapaxes(blocks, -1, -2))
    scale = np.abs(symmetric).max(axis=(-1, -2))
    if symmetric.shape[-1] == 1:
        eigenvalues, vectors = symmetric[..., 0], np.ones_like(symmetric)
    else:
        eigenvalues, vectors = np.linalg.eigh(symmetric)
    return eigenvalues[..., -1] / np.where(scale > 0, scale, 1.0), vectors[..., -1]


def _confirmed(concave: Concave, function: int, at: Array, direction: Array) -> bool:
    """Whether the function's values rise above the chord's middle along a direction of its leaves."""
    own = concave.leaves[concave.starts[function] : concave.starts[function + 1]]
    move = np.zeros(len(at))
    size = np.abs(at[own]) / np.where(direction == 0, np.inf, np.abs(direction))
    reach = np.min(size[direction != 0], initial=1.0)
    move[own] = STEP * max(float(reach), 1e-12) * direction
    _, components = concave.numbers.components(np.column_stack([at - move, at, at + move]))
    before, middle, after = concave.signed(components)[function]
    return bool(before + after - 2 * middle > LEAST_RISE * max(abs(before), abs(middle), abs(after)))


def _not_concave(name: str) -> Diagnostic:
    return Diagnostic(
        "M103",
        f"{name}: not a concave row (as `>=`, the side with the functions must be concave)",
        path=name,
        hint="check the sign of its coefficients, and that powers and products are concave together",
    )
