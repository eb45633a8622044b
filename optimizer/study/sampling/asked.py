"""Studies that no file holds: made of what a command line or a Python call says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.instance import Instance
from optimizer.instance.resolving.sets import plan_sets
from optimizer.study.batch.outcomes import OBJECTIVE
from optimizer.study.sampling.study_file import ALL, LEAST_TRAJECTORIES, Study, factors_of, study_from

# The short names of designs, and what their number of samples is called in a study file.
DESIGNS: Final[Mapping[str, tuple[str, str | None]]] = {
    "grid": ("grid", None),
    "oat": ("one_at_a_time", None),
    "lhs": ("latin_hypercube", "draws"),
    "sobol": ("sobol", "draws"),
    "morris": ("morris", "trajectories"),
    "saltelli": ("saltelli", "draws"),
}
TRAJECTORIES: Final = "trajectories"
SAMPLES: Final = {"draws": 64, TRAJECTORIES: 10}
# The methods of sensitivity, by the design whose scenarios they take.
METHODS: Final[Mapping[str, str]] = {"oat": "oat", "morris": "morris", "sobol": "saltelli"}
BATCH_GAP: Final = 1e-4


def study_of(
    instance: str,
    countries: Sequence[str],
    factors: Mapping[str, Sequence[str]] | str,
    design: str,
    outcomes: Sequence[str],
    *,
    samples: int | None = None,
    pairs: bool = True,
    seed: int | None = None,
    leader: str | None = None,
    gap: float | None = None,
    objective: str | None = None,
    policy: str = "",
    patches: Sequence[str] = (),
    name: str = "sweep",
) -> Study:
    """The study of a design by its short name (`DESIGNS`); None leaves what a study file leaves out.

    Without `pairs` a Saltelli design has no second order. Raises `InputError`.
    """
    method, number = DESIGNS[design]
    if number == TRAJECTORIES and samples is not None and samples < LEAST_TRAJECTORIES:
        message = (
            f"{method} takes at least {LEAST_TRAJECTORIES} samples: its trajectories, whose effects differ"
        )
        raise InputError(Diagnostic("E705", message, path="--samples"))
    how: dict[str, Any] = {"method": method} | ({number: samples or SAMPLES[number]} if number else {})
    if design == "saltelli" and not pairs:
        how["second_order"] = False
    document: dict[str, Any] = {
        "format_version": 1,
        "title": f"{name.capitalize()} of {instance}",
        "instance": instance,
        "countries": list(countries),
        "policy": policy,
        "patches": list(patches),
        "leader": leader or "answer",
        "gap": gap or BATCH_GAP,
        "seed": seed or 0,
        "design": how,
        "factors": factors
        if isinstance(factors, str)
        else {key: list(each) for key, each in factors.items()},
        "outcomes": list(outcomes),
    } | ({} if objective is None else {"objective": objective})
    return study_from(document, name)


def own_factors(paths: Iterable[str]) -> dict[str, list[str]] | str:
    """The factors at paths, each over its own range; an axis in full is taken as it is, `all` means every
    input. Raises `InputError` as `factors_of` does."""
    texts = list(paths)
    if not texts or texts == [ALL]:
        return ALL
    return factors_of([text if any(mark in text for mark in "~=") else f"{text} ~ own" for text in texts])


def headline_outcomes(base: Instance, country: str) -> tuple[str, ...]:
    """What a sensitivity is asked of where nothing is named: in the last reported period the lag, for the
    leader its capability, and the objective."""
    sets = plan_sets(base, base.leader)
    metric = "capability" if country == base.leader else "lag_months"
    return (f"{metric}/{sets.periods[sets.reported - 1]}", OBJECTIVE)
