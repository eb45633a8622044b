"""The map between cells of an instance and parameters of a plan, in both directions.

Made from what the rules declare (`optimizer.instance.resolving.registry`); a test changes every cell and
checks that nothing else moves. Paths are those of patches, such as `countries.CHN.budget.income_usd_bn`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Final

from models.parameters import TABLE
from optimizer.instance.instance import Instance
from optimizer.instance.resolving.rules import is_from_leader_plan, patterns
from optimizer.instance.resolving.sets import SETS_READ

FROM_LEADER_PLAN: Final = tuple(name for name in TABLE if is_from_leader_plan(name))
"""Parameters that come out of the leader's solved plan: any cell that feeds the leader's plan moves them."""
STAGED: Final = frozenset(
    name for name, spec in TABLE.items() if {"staged_lines", "staged_classes"} & set(spec.index)
)
"""Parameters of the staged industry: without members, and so without cells, in path mode."""
PATH_ONLY: Final = frozenset({"wafer_yield"})
"""Parameters that no row reads in staged mode, where yields are earned."""


@dataclass
class _Node:
    """A node of the tree of patterns: the parameters that read everything below it, and its children."""

    parameters: set[str] = field(default_factory=set)
    children: dict[str, _Node] = field(default_factory=dict)

    def below(self) -> set[str]:
        """The parameters that read this or something below it."""
        return self.parameters.union(*(child.below() for child in self.children.values()))


@dataclass(frozen=True)
class CellMap:
    """Which cells a country's parameters read, under one leader and one objective preset; in path mode those
    of the staged industry read none, and in staged mode those of given yields. `unread` are cells in whose
    place staged mode reads others."""

    country: str
    leader: str
    objective: str
    staged: bool = False
    unread: frozenset[str] = frozenset()

    def reads(self, parameter: str) -> tuple[str, ...]:
        """Patterns of the cells behind `parameter`, directly read ones first. `*` is any one segment, and a
        pattern covers all cells below it. Raises `KeyError` for a name that is not in `TABLE`."""
        return _reads(self, TABLE[parameter].name)

    def feeds(self, path: str) -> tuple[str, ...]:
        """The parameters that the cell `path`, or a cell below it, may change while the sets stay, in the
        order of `TABLE`."""
        if path.partition("[")[0] in self.unread:
            return ()
        found: set[str] = set()
        nodes = [_tree(self)]
        for segment in _segments(path):
            nodes = [
                child
                for node in nodes
                for name in {segment, "*"}
                if (child := node.children.get(name)) is not None
            ]
            for node in nodes:
                found |= node.parameters
        for node in nodes:
            found |= node.below()
        return tuple(name for name in TABLE if name in found)

    def shapes(self, path: str) -> bool:
        """Whether the cell, or a cell below it, may change the sets: then every parameter may change, and the
        program with it."""
        return path.partition("[")[0] not in self.unread and any(
            _meet(_segments(pattern), _segments(path))
            for pattern in SETS_READ
            if self.staged or not _of_stages(pattern)
        )


def cell_map(instance: Instance, country: str, objective: str | None = None) -> CellMap:
    """The map for `country` of `instance`, under `objective` or the default preset."""
    settings = instance.settings
    staged = settings.industry == "staged"
    unread = _replaced(instance) if staged else frozenset()
    return CellMap(country, settings.leader, objective or settings.default_objective, staged, unread)


def _replaced(instance: Instance) -> frozenset[str]:
    """The cells of toolmaking in whose place staged mode reads those of classes with a programme."""
    classes = () if instance.staged is None else instance.staged.tools
    leads = {f"tool_classes.{one}.toolmaking_lead_years" for one in classes}
    limits = {
        f"countries.{name}.industry.toolmaking.{one}.build_limit_kwpm_per_year2"
        for name, country in instance.countries.items()
        for one in (country.industry.staged.tools if country.industry.staged is not None else ())
    }
    return frozenset(leads | limits)


def matches(pattern: str, path: str) -> bool:
    """Whether the cell `path` is the one that `pattern` names, or lies below it."""
    wanted, found = _segments(pattern), _segments(path)
    return len(wanted) <= len(found) and _meet(wanted, found)


def _of_stages(pattern: str) -> bool:
    """Whether a pattern names cells that matter in staged mode only."""
    return "staged" in _segments(pattern)


def _meet(wanted: list[str], found: list[str]) -> bool:
    """Whether one of the places lies at or below the other."""
    return all(one in ("*", other) for one, other in zip(wanted, found, strict=False))


def _segments(path: str) -> list[str]:
    """The segments of a path, without the years that a patch selects."""
    return path.partition("[")[0].split(".")


@cache
def _reads(cells: CellMap, parameter: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    if parameter in (PATH_ONLY if cells.staged else STAGED):
        return ()
    for pattern in patterns(parameter):
        if _of_stages(pattern) and not cells.staged:
            continue
        filled = pattern.format(country=cells.country, leader=cells.leader, objective=cells.objective)
        found[filled] = None
    for placeholder, cell in (("{leader}", "leader"), ("{objective}", "default_objective")):
        if any(placeholder in pattern for pattern in patterns(parameter)):
            found[cell] = None
    return tuple(found)


@cache
def _tree(cells: CellMap) -> _Node:
    root = _Node()
    for parameter in TABLE:
        for pattern in _reads(cells, parameter):
            node = root
            for segment in pattern.split("."):
                node = node.children.setdefault(segment, _Node())
            node.parameters.add(parameter)
    return root
