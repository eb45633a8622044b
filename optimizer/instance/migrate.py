"""An instance of format 1 written anew in format 2, field by field, with its comments.

Files that need no change are copied as they are. A comment that would lose its place with the line that it
stood on is kept at the head of its file.
"""

from __future__ import annotations

import copy
import io
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.problem import number_text

OLD: Final = 1
NEW: Final = 2
WIDTH: Final = 120
# What tools cost stood in the cost of a fab: their class takes nothing more, at whatever pace.
ANY_PACE: Final = 1


@dataclass(frozen=True)
class Move:
    """What became of a field: `moved`, `changed` in place, or `assumed`: format 1 said nothing."""

    file: str
    path: str
    kind: str
    words: str


@dataclass
class _File:
    """A file on its way: its name in the directory and its nodes."""

    name: str
    text: str
    root: CommentedMap
    moves: list[Move] = field(default_factory=list)

    def tell(self, kind: str, path: str, words: str) -> None:
        self.moves.append(Move(self.name, path, kind, words))


def migrate(source: Path, target: Path) -> tuple[Move, ...]:
    """Write the instance in `source`, of format 1, to `target` in format 2; what became of which field.

    Raises `InputError` where `source` is no instance of format 1, a file cannot be read or written, or
    `target` exists and holds something. Nothing is left of `target` then.
    """
    settings = _read(source, "instance.yaml")
    version = settings.root.get("format_version")
    if version != OLD:
        message = f"`format_version` is {version}, so there is nothing to migrate: only format {OLD} is"
        raise InputError(
            Diagnostic("E113", message, file=str(source / "instance.yaml"), path="format_version")
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        message = "exists already and is not empty"
        raise InputError(Diagnostic("E215", message, file=str(target), hint="name another with --to"))
    files = [settings]
    lines = list(settings.root.get("lines") or ())
    classes = {line: _class_of(line) for line in lines}
    _settings(settings, classes)
    for path in sorted((source / "countries").glob("*.yaml")):
        country = _read(source, f"countries/{path.name}")
        _country(country, classes)
        files.append(country)
    if (source / "rules.yaml").exists():
        rules = _read(source, "rules.yaml")
        _rules(rules, settings.root, classes)
        files.append(rules)
    try:
        _write(source, target, files)
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise InputError(Diagnostic("E201", message, file=str(target))) from error
    return tuple(move for one in files for move in one.moves)


def _class_of(line: str) -> str:
    return f"{line}_tools"


def _settings(one: _File, classes: Mapping[str, str]) -> None:
    root = one.root
    root["format_version"] = NEW
    segments = len(root.get("segments") or ())
    for preset, objective in (root.get("objectives") or {}).items():
        path = f"objectives.{preset}.shortfall_penalty_per_log_unit"
        if "shortfall_penalty_per_log_unit" in objective:
            objective["shortfall_penalty_per_log_unit"] = _scaled(
                objective["shortfall_penalty_per_log_unit"], segments
            )
            words = f"times {segments}, the number of segments: it counts per log unit of all delivery now"
            one.tell("changed", path, words)
    for line, tools in classes.items():
        root["lines"][line]["tools_per_wafer"] = {tools: 1}
        one.tell("assumed", f"lines.{line}.tools_per_wafer", f"1 of `{tools}`, a class of its own")
    if classes:
        made = CommentedMap()
        for line, tools in classes.items():
            made[tools] = {
                "title": f"Tools for {line}",
                "price_usd_bn_per_kwpm": 0,
                "toolmaking_lead_years": 0,
                "toolmaking_cost_usd_bn_per_kwpm_per_year": 0,
            }
        root.insert(list(root).index("lines") + 1, "tool_classes", made)
        one.tell("assumed", "tool_classes", "one for each line, at no price: `fab_cost` has what tools cost")
    grey = (root.get("supplies") or {}).get("grey")
    if grey is not None and grey.pop("price_usd_bn_per_kh100e", None) is not None:
        one.tell(
            "changed",
            "supplies.grey.price_usd_bn_per_kh100e",
            "left out: the price of the grey market follows the chips on sale",
        )
    one.tell("changed", "supplies", "a pace above the normal one costs more, up to it nothing does")


def _country(one: _File, classes: Mapping[str, str]) -> None:
    root, code = one.root, Path(one.name).stem
    where = f"countries.{code}"
    industry = root.get("industry") or CommentedMap()
    tools = CommentedMap()
    for line, own in (industry.get("lines") or {}).items():
        if "tool_limit_kwpm_per_year" not in own:
            continue
        limit = own.pop("tool_limit_kwpm_per_year")
        name = classes.get(line, _class_of(line))
        tools[name] = {"import_limit_kwpm_per_year": limit, "normal_kwpm_per_year": ANY_PACE}
        to = f"{where}.industry.tools.{name}.import_limit_kwpm_per_year"
        one.tell("moved", f"{where}.industry.lines.{line}.tool_limit_kwpm_per_year", f"to {to}")
    if tools:
        industry.insert(list(industry).index("lines") + 1, "tools", tools)
    trade = root.get("trade") or {}
    for market, normal, limit in (
        ("grey", "normal_kh100e_per_year", "limit_kh100e_per_year"),
        ("rent", "normal_kh100e", "limit_kh100e"),
    ):
        own = trade.get(market) or {}
        if normal in own:
            share = _share(own.pop(normal), own.get(limit))
            own["normal_share"] = share
            words = f"`normal_share` {number_text(share)}: what was normal over the limit at the start"
            one.tell("assumed", f"{where}.trade.{market}.{normal}", words)


def _rules(one: _File, settings: Mapping[str, Any], classes: Mapping[str, str]) -> None:
    for name, rule in (one.root.get("rules") or {}).items():
        if rule.get("scope") != "tools":
            continue
        lines = rule.pop("lines", None)
        chosen = set(classes) if lines is None else {lines} if isinstance(lines, str) else set(lines)
        conditions = [rule.pop("condition", None), *(rule.pop("alternatives", None) or {}).values()]
        bounds = [given["node_nm"] for given in conditions if given and given.get("node_nm")]
        if bounds:
            nodes = {line: _number(settings["lines"][line]["node_nm"]) for line in classes}
            chosen = {line for line in chosen if any(_inside(nodes[line], bound) for bound in bounds)}
        if lines is not None or bounds:
            rule["tool_classes"] = [classes[line] for line in classes if line in chosen]
            words = f"to `tool_classes` {', '.join(rule['tool_classes'])}"
            one.tell("moved", f"rules.{name}.{'lines' if lines is not None else 'condition'}", words)


def _inside(node: float, bound: Mapping[str, Any]) -> bool:
    low, high = bound.get("min"), bound.get("max")
    return (low is None or node >= _number(low)) and (high is None or node < _number(high))


def _scaled(value: Any, factor: int) -> Any:
    """A value, with its range, times a factor."""
    if isinstance(value, Mapping):
        scaled: Any = copy.copy(value)
        for name in ("value", "low", "high"):
            if name in scaled:
                scaled[name] = _scaled(scaled[name], factor)
        return scaled
    return float(f"{value * factor:.12g}")


def _number(value: Any) -> float:
    """The number of a value at the start of a series."""
    if isinstance(value, Mapping):
        first = value.get("value", value.get("start"))
        return _number(next(iter(value.values())) if first is None else first)
    if isinstance(value, list):
        return _number(value[0])
    return float(value)


def _share(normal: Any, limit: Any) -> float:
    most = _number(limit) if limit is not None else 0.0
    return 1.0 if most <= 0 else float(f"{min(_number(normal) / most, 1.0):.3g}")


# files


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _read(source: Path, name: str) -> _File:
    path = source / name
    try:
        text = path.read_text(encoding="utf-8-sig")
        root = _yaml().load(text)
    except FileNotFoundError:
        message = f"`{source}` has no {name}, so it is no instance"
        raise InputError(Diagnostic("E201", message, file=str(path))) from None
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        message = f"cannot be read: {error}"
        raise InputError(Diagnostic("E201", message, file=str(path))) from error
    if not isinstance(root, CommentedMap):
        raise InputError(Diagnostic("E104", "must be a table", file=str(path)))
    return _File(name, text, root)


def _write(source: Path, target: Path, files: list[_File]) -> None:
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.copytree(source, unfinished)
    try:
        for one in files:
            buffer = io.StringIO()
            _yaml().dump(one.root, buffer)
            text = buffer.getvalue()
            lost = [comment for comment in comments(one.text) if comment not in set(comments(text))]
            (unfinished / one.name).write_text("".join(f"{line}\n" for line in lost) + text, encoding="utf-8")
        if target.exists():
            target.rmdir()
        unfinished.rename(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def comments(text: str) -> Iterator[str]:
    """The comments of a YAML text, in its order, each from its `#` on."""
    tokens: Callable[[str], Any] = YAML(typ="rt").scan
    seen: list[tuple[int, str]] = []
    for token in tokens(text):
        for attached in _attached(token):
            seen.append((attached.start_mark.index, attached.value))
    for _, value in sorted(set(seen)):
        yield from (line.strip() for line in value.splitlines() if line.strip())


def _attached(token: Any) -> Iterator[Any]:
    """The comment tokens that the reader hangs on a token."""
    todo = [getattr(token, "comment", None)]
    while todo:
        each = todo.pop()
        if isinstance(each, list | tuple):
            todo.extend(each)
        elif each is not None and hasattr(each, "value"):
            yield each
