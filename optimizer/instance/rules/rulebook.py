"""The rules of an instance, made ready once for all countries and periods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.parameters import Array
from optimizer.instance.fields import Ids
from optimizer.instance.instance import Instance
from optimizer.instance.rules.conditions import NO, Verdicts, meets
from optimizer.instance.rules.metrics import chip_metrics
from optimizer.instance.rules.schema import ExportRule
from optimizer.instance.schema import Chip, Line

Mask = NDArray[np.bool_]
# the leader's own market, and each policy's: enough for a comparison, little for the memory
REMEMBERED: Final = 64
# All that rules and their checks read of a chip and of a line, beside its name: a scenario that changes
# another number, as a price, has the same rulebook, and needs no check of rules.
READ_OF_CHIPS: Final = (
    *("designer_country", "line", "sale", "dense_fp16_tflops", "dense_fp8_tflops", "dense_fp4_tflops", "tpp"),
    *("die_area_mm2", "memory_bandwidth_gbs", "interconnect_gbs"),
)
READ_OF_LINES: Final = ("node_nm",)
LIMITING: Final = ("deny", "license", "cap", "multiply")
ON_CHIPS: Final = ("deny", "license", "cap", "fee", "exempt", "multiply")


# one is equal to itself only, so that it can be a key of what is remembered
@dataclass(frozen=True, eq=False)
class Rulebook:
    """What of the rules does not depend on the buyer or the date.

    `verdicts` says whether each chip is a subject of each rule (by supplier, name and condition), shape
    (rules, chips). `relaxes[i, j]`: rule i makes rule j give way. The masks have shape (rules,): `on_chips`
    are rules that decide on single chips, `limits` those that make a chip scarce abroad (where they leave
    less than all, if they multiply).
    """

    names: tuple[str, ...]
    rules: tuple[ExportRule, ...]
    chips: tuple[str, ...]
    designers: NDArray[np.str_]
    metrics: Mapping[str, Array]
    verdicts: Verdicts
    relaxes: Mask
    on_chips: Mask
    exempts: Mask
    shared: Mask
    limits: Mask
    suspenders: tuple[tuple[int, ...], ...]
    groups: Mapping[str, Ids]

    def concerns(self, country: str) -> Mask:
        """The rules that have the country among their destinations, shape (rules,)."""
        return np.array([is_destination(rule, country, self.groups) for rule in self.rules], dtype=bool)

    def live(self, concerned: Mask, forced: Mask) -> Mask:
        """Of the rules `concerned` (rules,) and `forced` (rules, dates), those that no rule that itself holds
        suspends, shape (rules, dates)."""
        found = forced & concerned[:, None]
        done: dict[int, NDArray[np.bool_]] = {}

        def settled(position: int) -> NDArray[np.bool_]:
            if position not in done:
                holds = found[position]
                for suspender in self.suspenders[position]:
                    holds = holds & ~settled(suspender)
                done[position] = holds
            return done[position]

        for position, suspenders in enumerate(self.suspenders):
            if suspenders:
                found[position] = settled(position)
        return found


def rulebook(instance: Instance) -> Rulebook:
    """The instance's rules, made ready; the same object for as long as rules, and what they read of chips and
    lines, are the same."""
    return _prepare(_Same(instance.rules, instance.destination_groups, instance.chips, instance.lines))


def is_destination(rule: ExportRule, country: str, groups: Mapping[str, Ids]) -> bool:
    """Whether a country is among a rule's destinations."""
    return _names(rule.destinations, country, groups) and not _names(
        rule.excluded_destinations, country, groups
    )


def _names(listed: tuple[str, ...] | str, country: str, groups: Mapping[str, Ids]) -> bool:
    if isinstance(listed, str):
        return True
    return any(one == country or country in groups.get(one, ()) for one in listed)


class _Same:
    """Parts of an instance, equal to themselves only: they never change, and comparing them is slow."""

    def __init__(
        self,
        rules: Mapping[str, ExportRule],
        groups: Mapping[str, Ids],
        chips: Mapping[str, Chip],
        lines: Mapping[str, Line],
    ) -> None:
        self.rules, self.groups, self.chips, self.lines = rules, groups, chips, lines
        parts: list[object] = [rules, groups]
        names = (*chips, *lines)
        for things, fields in ((chips, READ_OF_CHIPS), (lines, READ_OF_LINES)):
            parts += [getattr(one, field) for one in things.values() for field in fields]
        # what is identified lives as long as this does
        self._identity = (names, len(chips), tuple(map(id, parts)))
        self._hash = hash(self._identity)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._identity == other._identity


@lru_cache(maxsize=REMEMBERED)
def _prepare(parts: _Same) -> Rulebook:
    names, rules = tuple(parts.rules), tuple(parts.rules.values())
    chips = tuple(parts.chips)
    metrics = chip_metrics(parts.chips, parts.lines)
    designers = np.array([chip.designer_country for chip in parts.chips.values()], dtype=np.str_)
    position = {name: number for number, name in enumerate(names)}
    on_chips = np.array([rule.scope == "chips" and rule.action in ON_CHIPS for rule in rules], dtype=bool)
    verdicts = np.zeros((len(rules), len(chips)), dtype=np.int8)
    relaxes = np.zeros((len(rules), len(rules)), dtype=bool)
    suspenders: list[list[int]] = [[] for _ in rules]
    for number, rule in enumerate(rules):
        if on_chips[number]:
            subject = np.ones(len(chips), dtype=bool)
            if rule.suppliers != "all":
                subject &= np.isin(designers, rule.suppliers)
            if rule.chips:
                subject &= np.isin(np.array(chips, dtype=np.str_), rule.chips)
            verdicts[number] = np.where(subject, meets(rule, metrics, len(chips)), NO)
        for one in rule.relaxes:
            relaxes[number, position[one]] = True
        for one in rule.suspends:
            suspenders[position[one]].append(number)
    actions = [rule.action for rule in rules]
    return Rulebook(
        names,
        rules,
        chips,
        designers,
        metrics,
        verdicts,
        relaxes,
        on_chips,
        exempts=on_chips & np.array([action == "exempt" for action in actions], dtype=bool),
        shared=on_chips & np.array([rule.is_shared_cap for rule in rules], dtype=bool),
        limits=on_chips & np.array([action in LIMITING for action in actions], dtype=bool),
        suspenders=tuple(tuple(one) for one in suspenders),
        groups=parts.groups,
    )
