"""What charts and tables call factors and outcomes: words and units in place of paths."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from models.quantities import QUANTITIES
from optimizer.instance import Instance
from optimizer.instance.units import WRITTEN, YEARS, path_unit, words_and_unit
from optimizer.study.batch.outcomes import SPLIT
from optimizer.study.sampling.moves import Factor, OperandMove, OwnMove, PolicyMove
from optimizer.study.sampling.sample import Sample
from optimizer.tell.page.labels import chip_labels

OUTCOMES: Final[Mapping[str, str]] = {
    "lag_months": "lag behind the leader",
    "effective_ratio": "effective compute over the leader's",
    "spend_share": "share of spending on",
    "objective": "objective",
}
PLACE: Final = "0 low, 1 high"
PATH: Final = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_*\-]+)+(\[[\d:]+\])?")


def factor_names(sample: Sample) -> dict[str, str]:
    """What to call each axis of a study, all different, each in two parts without a unit: a path as `China
    budget: income`, a name of the user's before what it moves, as `money: income`."""
    factors = {axis.name: [sample.factors[member] for member in axis.members] for axis in sample.axes}
    named = {name: _said(name, factors[name], sample.base) for name in factors}
    if len(set(named.values())) < len(named):
        return {name: f"{name}: {len(own)} factors" for name, own in factors.items()}
    return named


def factor_unit(sample: Sample, axis: str) -> str:
    """What the numbers of an axis are: `times its value`, a unit, or that they are places in its ranges."""
    factors = [sample.factors[member] for member in sample.axes[sample.axis(axis)].members]
    units = {_unit_of(factor) for factor in factors}
    return units.pop() if len(units) == 1 else PLACE


def _unit_of(factor: Factor) -> str:
    units = set()
    for move in factor.moves:
        if isinstance(move, OwnMove):
            units.add(path_unit(move.cells[0].path) if len(move.cells) == 1 else PLACE)
        elif isinstance(move, OperandMove):
            said = {"*=": "times its value", "+=": "added to its value"}
            found = {path_unit(cell.path) for cell in move.cells}
            units.add(said.get(move.operation) or (found.pop() if len(found) == 1 else "value"))
        else:
            units.add("policy")
    return units.pop() if len(units) == 1 else PLACE


def _said(name: str, factors: Sequence[Factor], instance: Instance) -> str:
    first, *others = [part.strip() for part in name.split(",")]
    if PATH.fullmatch(first):
        return path_words(first, instance) + (f" and {len(others)} more" if others else "")
    words = name.replace("_", " ")
    paths = [path for factor in factors for path in _paths(factor)]
    if not paths:
        return f"{words}: which of them"
    moved = [path_words(path, instance).rpartition(": ") for path in paths]
    fields = {field for _, _, field in moved}
    if len(fields) > 1:
        return f"{words}: {len(paths)} inputs"
    before, _, field = moved[0]
    # a name that repeats the input's says where it stands instead
    return f"{words}: {before if field == words and len(paths) == 1 and before else field}"


def _paths(factor: Factor) -> list[str]:
    """The paths that a factor moves."""
    return [cell.path for move in factor.moves if not isinstance(move, PolicyMove) for cell in move.cells]


def path_words(path: str, instance: Instance) -> str:
    """A path in words without its unit: `China budget: income`."""
    years = YEARS.search(path)
    segments = YEARS.sub("", path).split(".")
    if segments[0] == "countries" and len(segments) > 1:
        known = instance.countries.get(segments[1])
        whose = "all countries" if segments[1] == "*" else (known and known.name) or segments[1]
        segments = [whose, *segments[2:]]
    # a chip needs no word that says so
    segments = [
        each
        for at, each in enumerate(segments)
        if each != "chips" or at + 1 == len(segments) or segments[at + 1] not in instance.chips
    ]
    if len(segments) > 1 and segments[0] == "rules" and segments[1] in instance.rules:
        segments = [instance.rules[segments[1]].title.replace(": ", ", "), *segments[2:]]
    *before, last = [_segment(each, instance) for each in segments]
    words = last if segments[-1] in instance.chips else words_and_unit(segments[-1])[0]
    end = f"{words} {years[1]}" if years else words
    return f"{' '.join(before)}: {end}" if before else end


def _segment(name: str, instance: Instance) -> str:
    if name == "*":
        return "(all)"
    if name in instance.chips:
        return chip_labels({key: chip.name for key, chip in instance.chips.items()})[name]
    return " ".join(WRITTEN.get(word, word) for word in name.split("_"))


def outcome_words(outcome: str, instance: Instance) -> str:
    """An outcome in words, without its unit: `lag behind the leader in 2035`."""
    stem, period = split_outcome(outcome)
    return f"{stem_words(stem, instance)} in {period}" if period else stem_words(stem, instance)


def stem_words(stem: str, instance: Instance) -> str:
    """An outcome without its period in words."""
    metric, _, item = stem.partition("/")
    if metric == SPLIT:
        return f"share of spending on {item} over all years"
    words = OUTCOMES.get(metric)
    if words is None:
        words = re.split(r"[;:]", QUANTITIES[metric].meaning)[0] if metric in QUANTITIES else metric
    if not item:
        return words
    named = ", ".join(_item(part, instance) for part in item.split("/"))
    # a share is one on something; of all else it is said which
    return f"{words} {named}" if words.endswith(" on") else f"{words}, {named}"


def _item(name: str, instance: Instance) -> str:
    """A member of a set of the model by its name or title."""
    if name in instance.chips:
        return _segment(name, instance)
    for known in (instance.segments, instance.lines, instance.tool_classes, instance.rules):
        if name in known:
            return known[name].title
    return _segment(name, instance)


def split_outcome(outcome: str) -> tuple[str, str]:
    """An outcome's metric with its item, and its period, which `objective` and shares of all years lack."""
    if outcome.startswith(f"{SPLIT}/") or "/" not in outcome:
        return outcome, ""
    stem, _, period = outcome.rpartition("/")
    return stem, period


def listed(names: Sequence[str], most: int = 12) -> str:
    """Some names of many for an error's hint."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
