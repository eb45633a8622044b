"""From the scenarios of a study to a store of them, and to what solves them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from optimizer.errors import Diagnostic, InputError
from optimizer.instance import load
from optimizer.instance.cells import cell_map
from optimizer.study.batch.header import Header
from optimizer.study.batch.key import study_key
from optimizer.study.batch.outcomes import OBJECTIVE
from optimizer.study.batch.rows import Row, RowResult
from optimizer.study.batch.solving import BaseTell, BatchQuestion, RowSolver
from optimizer.study.batch.store import Store
from optimizer.study.sampling.sample import Sample, prepare
from optimizer.study.sampling.study_file import study_from

SCHEMA_VERSION: Final = 1
# Part of no key: what the study is called, and where its instance was found.
TOLD: Final = ("name", "title", "description", "instance")


def header_of(sample: Sample, shard: str = "") -> Header:
    """What a store says of a study."""
    study, document = sample.study, sample.document()
    place = Path(study.instance)
    told = {
        "name": study.name,
        "title": study.file.title,
        "description": study.file.description,
        "instance": str(place.absolute()) if place.exists() else study.instance,
    }
    return Header(
        key=study_key(document, sample.base, sample.outcomes),
        kloof_version=version("kloof"),
        schema_version=SCHEMA_VERSION,
        document={**document, **told},
        factors=tuple(factor.name for factor in sample.factors),
        countries=sample.countries,
        # every result has an objective, a column of its own
        outcomes=tuple(name for name in sample.outcomes if name != OBJECTIVE),
        gap=study.file.gap,
        leader=study.file.leader,
        total=len(sample.rows),
        shard=shard,
    )


def sample_of(header: Header) -> Sample:
    """The scenarios of a stored study, made anew from what the store says of it.

    Raises `InputError`: its instance or policies are gone or have changed, or what is made is another study
    (E657).
    """
    document = dict(header.document)
    name = str(document.pop("name"))
    document.pop("policies")
    time_limit = document.pop("time_limit", None)
    study = study_from(document, name)
    sample = prepare(study, load(study.instance), time_limit)
    found = header_of(sample, header.shard)
    if found.key != header.key:
        message = "the store's study is another one now: Kloof, the instance or a policy has changed since"
        hint = "make a new store with `kloof sweep`; what this one holds stays as it was answered"
        raise InputError(Diagnostic("E657", message, hint=hint))
    return sample


def solver_of(sample: Sample, tell: BaseTell | None = None) -> RowSolver:
    """What solves the rows of a study; `tell` hears of its base, which is solved. Raises as `RowSolver`
    does."""
    file = sample.study.file
    question = BatchQuestion(
        sample.countries, sample.outcomes, file.objective, file.gap, sample.time_limit, file.leader
    )
    policies: Mapping[str, Any] = sample.document()["policies"]
    return RowSolver(sample.base, question, policies, tell)


def base_results(solver: RowSolver) -> dict[str, RowResult]:
    """What the study's base answers, by country, as a scenario that changes nothing would."""
    return {result.country: result for result in solver.solve(Row(0, (), ()))}


def most_solves(sample: Sample) -> int:
    """How many plans the rows take at most: one per country, and the leader's where a factor reaches it."""
    base, asked = sample.base, set(sample.countries)
    if sample.study.file.leader == "answer" and base.leader not in asked:
        cells = cell_map(base, base.leader, sample.study.file.objective)
        paths = [path for factor in sample.factors for path in factor.cells]
        policies = any(row.policy for row in sample.rows)
        if policies or any(cells.feeds(path) or cells.shapes(path) for path in paths):
            asked.add(base.leader)
    return len(sample.rows) * len(asked)


def refuse_too_many(sample: Sample, most: int) -> None:
    """Raise `InputError` (E713) for a study of more solves than allowed."""
    count = most_solves(sample)
    if count > most:
        message = f"the study may take {count:,} solves, more than {most:,}"
        hint = f"take fewer scenarios, or allow it: --max-solves {count}"
        raise InputError(Diagnostic("E713", message, path="--max-solves", hint=hint))


def new_store(path: Path, sample: Sample, shard: str = "") -> Store:
    """A store of the study's scenarios. Raises as `Store.create` does."""
    return Store.create(path, header_of(sample, shard), sample.rows)
