"""What a choice of chart becomes: the drawings of a stored study."""

from __future__ import annotations

from optimizer.tell.plot.drawings import Drawing, Names, heat, indices, tornado
from optimizer.tell.plot.names import factor_names, factor_unit
from optimizer.tell.plot.samples import fan_of, scatter_of
from optimizer.tell.plot.study import FAN, HEAT, INDICES, SCATTER, Choice, StoredStudy
from optimizer.tell.terminal.study_table import LEADERS


def draw(study: StoredStudy, choice: Choice) -> list[Drawing]:
    """The drawings of a chart, one but for matrices. Raises `InputError` (E711) where there is nothing to
    draw."""
    names = names_in(study, choice.country)
    if choice.kind == FAN:
        return [fan_of(study, choice.country, choice.outcome, names)]
    if choice.kind == SCATTER:
        return [scatter_of(study, choice.country, choice.outcome, names)]
    found = study.conclusion(choice.country, choice.outcome)
    if choice.kind == HEAT:
        return [each for matrix in found.matrices for each in heat(found, matrix, names)]
    return [indices(found, names) if choice.kind == INDICES else tornado(found, names)]


def names_in(study: StoredStudy, country: str) -> Names:
    """What the charts of a country call things."""
    sample = study.sample
    units = {axis: factor_unit(sample, axis) for axis in sample.names}
    known = sample.base.countries[country].name
    return Names(sample.base, known or country, LEADERS[study.header.leader], factor_names(sample), units)
