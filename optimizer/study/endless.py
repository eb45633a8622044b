"""What is said of a plan that nothing bounds: what grows, and the inputs that let it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from optimizer.answer.run import CountryRun
from optimizer.errors import Diagnostic
from optimizer.instance.values import Quantity
from optimizer.study.conflict import name_parts
from optimizer.study.inputs import Input, Inputs

SHOWN = 4


def endless_diagnostics(run: CountryRun, inputs: Inputs) -> tuple[Diagnostic, ...]:
    """An error for every input that lets an unbounded plan grow: an infinite limit on what grows, or a price
    of nothing. Where no input is found, one error that names what grows."""
    if run.parameters is None or run.solution is None:
        return ()
    families = list(dict.fromkeys(name.partition("[")[0] for name in run.solution.endless))
    names = ", ".join(f"`{name}`" for name in families[:SHOWN]) + (" ..." if families[SHOWN:] else "")
    what = f"{run.country}: nothing bounds {names}"
    found: dict[str, Input] = {}
    for entry in run.solution.loose:
        parameter, item, _ = name_parts(entry, run.parameters)
        behind = inputs.behind(run.country, parameter, item)
        for one in [one for one in behind if _is_loose(one.quantity)] or behind[:1]:
            found.setdefault(one.path, one)
    if not found:
        return (Diagnostic("S112", what, path=f"countries.{run.country}"),)
    return tuple(_diagnostic(what, one) for one in found.values())


def _diagnostic(what: str, one: Input) -> Diagnostic:
    place = one.location
    infinite = any(np.isinf(number) for number in _numbers(one.quantity.value))
    return Diagnostic(
        "S112",
        f"{what}: `{one.path}` is {'infinite' if infinite else '0'}",
        file=None if place is None else place.file,
        line=None if place is None else place.line,
        path=one.path,
        hint=f"give {'a finite number' if infinite else 'a number above 0'}"
        + (f"; set by `{one.patch}`" if one.patch else ""),
    )


def _is_loose(quantity: Quantity) -> bool:
    return any(number == 0 or np.isinf(number) for number in _numbers(quantity.value))


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, Mapping):
        value = list(value.values())
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, int | float):
            yield float(each)
