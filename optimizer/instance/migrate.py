"""An instance of format 1 written anew in format 2, field by field; all that need not change stays as it is.

What format 1 did not say is assumed so that plans stay near: every line has tools of a class of its own, at
the limits that it had.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.moved import MOVED
from optimizer.instance.problem import number_text
from optimizer.instance.whole import refuse_taken, written_whole
from optimizer.instance.yaml_edit import STEP, EditedFile, EditedYaml, Taken
from optimizer.instance.yaml_reader import Key, Raw, Where, dotted

OLD: Final = 1
NEW: Final = 2
# What tools cost stood in the cost of a fab: their class takes nothing more, at whatever pace.
ANY_PACE: Final = 1
TOOLS_COST: Final = (
    "# What tools cost is in `fab_cost_usd_bn_per_kwpm`: each line has a class of its own, at no price."
)
# of numbers that are worked out
DIGITS: Final = 4


@dataclass(frozen=True)
class Move:
    """What became of a field: `moved`, `changed` in place, or `assumed`: format 1 said nothing."""

    file: str
    path: str
    kind: str
    words: str


@dataclass
class _File(EditedFile):
    """A file, and what became of its fields."""

    moves: list[Move] = field(default_factory=list)

    def tell(self, kind: str, where: Where, words: str) -> None:
        self.moves.append(Move(self.name, dotted((*self.document.prefix, *where)), kind, words))

    def table(self, *where: Key) -> dict[Key, Raw]:
        """The table there, empty where none is. Raises `InputError` where something else is."""
        found: Raw = self.document.data
        for length in range(len(where) + 1):
            if not isinstance(found, dict):
                raise self._wrong(where[:length], "a table")
            found = found.get(where[length], {}) if length < len(where) else found
        return found if isinstance(found, dict) else {}

    def number(self, *where: Key) -> float:
        """The number there, of a series the first. Raises `InputError` where none is."""
        found = self.table(*where[:-1]).get(where[-1])
        while isinstance(found, dict | list):
            first = next(iter(found.values() if isinstance(found, dict) else found), None)
            found = found.get("value", found.get("start", first)) if isinstance(found, dict) else first
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self._wrong(where, "a number")
        return float(found)

    def scale(self, where: Where, factor: float, most: float = math.inf) -> None:
        """Multiply a number, with its range, where it stands."""
        self.number(*where)
        node = self.edited.node(where)
        ranged = [node.entries[name].value for name in ("value", "low", "high") if name in node.entries]
        for scalar in (one for part in ranged or [node] for one in part.scalars()):
            text = self.edited.text[scalar.start : scalar.end]
            try:
                scaled = _rounded(min(float(text.replace(".inf", "inf")) * factor, most))
            except ValueError:
                raise self._wrong(where, "a number") from None
            self.edited.replace(scalar, number_text(scaled))

    def _wrong(self, where: Where, wanted: str) -> InputError:
        document, mark = self.document, self.document.mark(where)
        path = dotted((*document.prefix, *where))
        message = f"`{path}` must be {wanted}"
        return InputError(
            Diagnostic("E104", message, file=document.file, line=mark.line, column=mark.column, path=path)
        )


def migrate(source: Path, target: Path) -> tuple[Move, ...]:
    """Write the instance in `source`, of format 1, to `target` in format 2; what became of which field.

    Raises `InputError` where `source` is no instance of format 1, a file of it cannot be read, or `target`
    exists and holds something, `OutputError` where that cannot be written. Nothing is left of `target` then.
    """
    if not (source / "instance.yaml").exists():
        message = f"`{source}` has no instance.yaml, so it is no instance"
        raise InputError(Diagnostic("E201", message, file=str(source / "instance.yaml")))
    settings = _read(source, "instance.yaml")
    _refuse_other_formats(settings)
    refuse_taken(target, "name another with --to")
    if target.resolve().is_relative_to(source.resolve()):
        message = "lies in the instance itself, which stays as it is"
        raise InputError(Diagnostic("E215", message, file=str(target), hint="name another with --to"))
    files = [settings]
    classes = {str(line): f"{line}_tools" for line in settings.table("lines")}
    _settings(settings, classes)
    for path in sorted((source / "countries").glob("*.yaml")):
        country = _read(source, f"countries/{path.name}", ("countries", path.stem))
        _country(country, classes)
        files.append(country)
    if (source / "rules.yaml").exists():
        rules = _read(source, "rules.yaml")
        _rules(rules, settings, classes)
        files.append(rules)
    _write(source, target, {one.name: one.content() for one in files if one.moves})
    return tuple(move for one in files for move in one.moves)


def place_beside(source: Path) -> Path:
    """Where an instance goes that is told no place."""
    named = source if source.name not in ("", "..") else source.resolve()
    return named.parent / f"{named.name}-format-{NEW}"


def _refuse_other_formats(settings: _File) -> None:
    version = settings.table().get("format_version")
    if version == OLD:
        return
    document = settings.document
    mark = document.mark(("format_version",))
    said = "is missing" if version is None else f"is {version}"
    message = f"`format_version` {said}: only an instance of format {OLD} can be migrated"
    hint = f"it is of format {NEW} already" if version == NEW else None
    raise InputError(
        Diagnostic(*("E113", message, "error", document.file, mark.line, mark.column, "format_version", hint))
    )


def _settings(one: _File, classes: Mapping[str, str]) -> None:
    edited = one.edited
    edited.replace(edited.node(("format_version",)), str(NEW))
    one.tell("changed", ("format_version",), f"{NEW}")
    segments = len(one.table("segments"))
    for preset in one.table("objectives"):
        where: Where = ("objectives", preset, "shortfall_penalty_per_log_unit")
        if where[-1] in one.table(*where[:-1]):
            one.scale(where, segments)
            words = f"times {segments}, the number of segments: it counts per log unit of all delivery now"
            one.tell("changed", where, words)
    for line, tools in classes.items():
        own = one.table("lines", line)
        after = "fab_cost_usd_bn_per_kwpm" if "fab_cost_usd_bn_per_kwpm" in own else next(reversed(own), None)
        if after is not None:
            edited.add(("lines", line), after, "tools_per_wafer", f"{{{tools}: 1}}")
            where = ("lines", line, "tools_per_wafer")
            one.tell("assumed", where, f"1 of `{tools}`, a class of its own")
    if classes:
        _add_tool_classes(edited, classes)
        words = "one for each line, at no price: `fab_cost_usd_bn_per_kwpm` has what tools cost"
        one.tell("assumed", ("tool_classes",), words)
    grey: Where = ("supplies", "grey", "price_usd_bn_per_kh100e")
    if grey[-1] in one.table(*grey[:-1]):
        edited.leave_out(grey)
        one.tell("changed", grey, MOVED[str(grey[-1])])
    one.tell("changed", ("supplies",), "only a pace above the normal one costs more")


def _add_tool_classes(edited: EditedYaml, classes: Mapping[str, str]) -> None:
    made = {
        tools: {
            "title": f"Tools for {line}",
            "price_usd_bn_per_kwpm": "0",
            "toolmaking_lead_years": "0",
            "toolmaking_cost_usd_bn_per_kwpm_per_year": "0",
        }
        for line, tools in classes.items()
    }
    braces = ", ".join(
        f"{name}: {{{', '.join(f'{key}: {value}' for key, value in own.items())}}}"
        for name, own in made.items()
    )
    indent = " " * edited.entry(("lines",)).column
    lines = ["", f"{indent}{TOOLS_COST}", f"{indent}tool_classes:"]
    for name, own in made.items():
        lines.append(f"{indent}{' ' * STEP}{name}:")
        lines += [f"{indent}{' ' * 2 * STEP}{key}: {value}" for key, value in own.items()]
    block = "".join(f"{line}{edited.end_of_line}" for line in lines)
    edited.add((), "lines", "tool_classes", f"{{{braces}}}", block)


def _country(one: _File, classes: Mapping[str, str]) -> None:
    taken: dict[str, Taken] = {}
    for line in one.table("industry", "lines"):
        where: Where = ("industry", "lines", line, "tool_limit_kwpm_per_year")
        if where[-1] in one.table(*where[:-1]):
            name = classes.get(str(line), f"{line}_tools")
            taken[name] = one.edited.take(where)
            to = (*one.document.prefix, "industry", "tools", name, "import_limit_kwpm_per_year")
            one.tell("moved", where, f"to {dotted(to)}")
    if taken:
        _add_tools(one.edited, taken)
    for market, normal, limit in (
        ("grey", "normal_kh100e_per_year", "limit_kh100e_per_year"),
        ("rent", "normal_kh100e", "limit_kh100e"),
    ):
        where = ("trade", market, normal)
        own = one.table("trade", market)
        if normal in own:
            most = one.number("trade", market, limit) if limit in own else 0.0
            finite = 0 < most < math.inf
            if finite:
                one.scale(where, 1 / most, most=1.0)
            else:
                one.edited.replace(one.edited.node(where), "1")
            one.edited.rename(where, "normal_share")
            share = _rounded(min(one.number(*where) / most, 1.0)) if finite else 1.0
            words = (
                "what was normal over the limit at the start" if finite else "nothing is paid for the pace"
            )
            one.tell("assumed", where, f"`normal_share` {number_text(share)}: {words}")


def _add_tools(edited: EditedYaml, taken: Mapping[str, Taken]) -> None:
    """The table of tools behind that of the lines, each limit as it was written."""
    lines = edited.entry(("industry", "lines"))
    braces = ", ".join(
        f"{name}: {{import_limit_kwpm_per_year{one.behind}, normal_kwpm_per_year: {ANY_PACE}}}"
        for name, one in taken.items()
    )
    end = edited.end_of_line
    block = f"{' ' * lines.column}tools:{end}"
    for name, one in taken.items():
        own = lines.column + STEP
        if not lines.value.flow:
            own = next(iter(lines.value.entries.values())).column
        inner = " " * (own + STEP if lines.value.flow else max(one.column, own + STEP))
        block += f"{' ' * own}{name}:{end}{one.above}"
        block += f"{inner}import_limit_kwpm_per_year{one.behind}{end}"
        block += f"{inner}normal_kwpm_per_year: {ANY_PACE}{end}"
    edited.add(("industry",), "lines", "tools", f"{{{braces}}}", block)


def _rules(one: _File, settings: _File, classes: Mapping[str, str]) -> None:
    for name in one.table("rules"):
        rule: Where = ("rules", name)
        own = one.table(*rule)
        holds = own.get("in_force", "dated") == "dated"
        if own.get("scope") == "tools" and {"lines", "condition", "alternatives"} & own.keys():
            holds &= _tools_rule(one, rule, settings, classes)
        last = str(own.get("to"))[:4]
        if holds and last.isdecimal() and int(last) < settings.number("horizon", "first_year"):
            _set_force(one, rule, "to", "past")
            one.tell("changed", (*rule, "in_force"), "`past`: the rule is over before the horizon")


def _tools_rule(one: _File, rule: Where, settings: _File, classes: Mapping[str, str]) -> bool:
    """Classes of tools for lines; whether there are any, so that the rule is not switched off."""
    own, edited = one.table(*rule), one.edited
    conditions: list[Where] = [("condition",)] if "condition" in own else []
    conditions += [("alternatives", each) for each in one.table(*rule, "alternatives")]
    bounds = [where for where in conditions if "node_nm" in one.table(*rule, *where)]
    given = own.get("lines")
    listed = [given] if isinstance(given, str) else given if isinstance(given, list) else list(classes)
    chosen = [line for line in classes if line in listed]
    if bounds:
        nodes = {line: settings.number("lines", line, "node_nm") for line in chosen}
        chosen = [line for line in chosen if any(_inside(nodes[line], one, (*rule, *w)) for w in bounds)]
    tools = f"[{', '.join(classes[line] for line in chosen)}]"
    gone: list[str] = [key for key in ("condition", "alternatives") if key in own]
    if not chosen:
        gone += ["lines"] if "lines" in own else []
        _set_force(one, rule, "scope", "never")
    elif "lines" in own and not bounds:
        for scalar in edited.node((*rule, "lines")).scalars():
            written = edited.text[scalar.start : scalar.end].strip("'\"")
            edited.replace(scalar, classes.get(written, f"{written}_tools"))
        edited.rename((*rule, "lines"), "tool_classes")
    else:
        kept = "lines" if "lines" in own else gone.pop(0)
        edited.replace(edited.node((*rule, kept)), tools)
        edited.rename((*rule, kept), "tool_classes")
    for key in gone:
        edited.leave_out((*rule, key))
    reached = f"to `tool_classes` {tools[1:-1]}" if chosen else "it reached no line: `in_force` is `never`"
    one.tell("moved", (*rule, "lines" if "lines" in own else "condition"), reached)
    return bool(chosen)


def _set_force(one: _File, rule: Where, after: str, word: str) -> None:
    if "in_force" in one.table(*rule):
        one.edited.replace(one.edited.node((*rule, "in_force")), word)
    else:
        one.edited.add(rule, after, "in_force", word)


def _inside(node: float, one: _File, condition: Where) -> bool:
    bound = one.table(*condition, "node_nm")
    low = one.number(*condition, "node_nm", "min") if "min" in bound else -math.inf
    high = one.number(*condition, "node_nm", "max") if "max" in bound else math.inf
    return low <= node < high


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


# files


def _read(source: Path, name: str, prefix: Where = ()) -> _File:
    one = _File.read(source, name, prefix)
    one.table()
    return one


def _write(source: Path, target: Path, changed: Mapping[str, bytes]) -> None:
    with written_whole(target) as unfinished:
        for path in sorted(source.rglob("*")):
            name = path.relative_to(source)
            if path.is_dir():
                (unfinished / name).mkdir()
            else:
                content = changed.get(name.as_posix())
                (unfinished / name).write_bytes(path.read_bytes() if content is None else content)
