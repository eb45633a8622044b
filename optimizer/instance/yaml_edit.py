"""A YAML text changed in places, with every other character left as it is: comments, line ends, layout.

Ends of nodes are those of what is written: without blank lines and comments that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from optimizer.errors import InputError
from optimizer.instance.yaml_reader import Document, Key, Where, decode, read_bytes, read_yaml

STEP: Final = 2
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Node:
    """A value in the text: where it stands, whether in braces or brackets, and what it holds."""

    start: int
    end: int
    flow: bool
    entries: Mapping[Key, Entry]
    items: tuple[Node, ...]

    def scalars(self) -> Iterator[Node]:
        """All values without parts, in their order."""
        parts = [*(entry.value for entry in self.entries.values()), *self.items]
        for part in parts:
            yield from part.scalars()
        if not parts:
            yield self


@dataclass(frozen=True)
class Entry:
    """A key and its value."""

    start: int
    end: int
    column: int
    value: Node


@dataclass(frozen=True)
class Taken:
    """An entry that was taken out: the comments above it, and what stood behind its key."""

    column: int
    above: str
    behind: str


@dataclass
class EditedYaml:
    """A text, its nodes, and the changes to come, which do not overlap."""

    text: str
    root: Node
    changes: list[tuple[int, int, str]] = field(default_factory=list)

    @classmethod
    def read(cls, text: str) -> EditedYaml:
        """Of a text that `read_yaml` found nothing wrong with."""
        return cls(text, _node(YAML(typ="safe").compose(text), text))

    @property
    def end_of_line(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    def entry(self, where: Where) -> Entry:
        table = self.node(where[:-1])
        return table.entries[where[-1]]

    def node(self, where: Where) -> Node:
        found = self.root
        for key in where:
            found = found.entries[key].value
        return found

    def changed(self) -> str:
        """The text with all changes."""
        parts, at = [], 0
        for start, end, new in sorted(self.changes, key=lambda change: change[0]):
            parts += [self.text[at:start], new]
            at = end
        return "".join([*parts, self.text[at:]])

    def replace(self, node: Node, new: str) -> None:
        """Another value; comments that stood inside it follow."""
        kept = "".join(f" {comment}{self.end_of_line}" for comment in self._comments(node))
        self.changes.append((node.start, node.end, f"{new}{kept}"))

    def rename(self, where: Where, key: str) -> None:
        entry = self.entry(where)
        self.changes.append((entry.start, entry.end, key))

    def add(self, table: Where, after: Key, key: str, value: str, block: str | None = None) -> None:
        """An entry behind another one of its table; `block` are the lines that stand for it where the table
        is not written in braces."""
        node, entry = self.node(table), self.entry((*table, after))
        if node.flow:
            self.changes.append((entry.value.end, entry.value.end, f", {key}: {value}"))
            return
        at = self._next_line(entry.value.end)
        new = block if block is not None else f"{' ' * entry.column}{key}: {value}{self.end_of_line}"
        if not self.text[:at].endswith("\n"):
            new = self.end_of_line + new
        self.changes.append((at, at, new))

    def insert(self, at: int, new: str) -> None:
        """Text at a place that no other change touches."""
        self.changes.append((at, at, new))

    def add_item(self, where: Where, beside: str, new: str) -> bool:
        """An item behind that which says `beside` in a list, or in the single text that stands for a list of
        one; whether there is such an item."""
        node = self.node(where)
        for item in node.items or (node,):
            if item.entries or self.text[item.start : item.end].strip("'\"") != beside:
                continue
            if not node.items:
                self.changes.append((node.start, node.end, f"[{beside}, {new}]"))
            elif node.flow:
                self.insert(item.end, f", {new}")
            else:
                lead = self.text[self._line(item.start) : item.start]
                self.insert(item.end, f"{self.end_of_line}{lead}{new}")
            return True
        return False

    def comment_above(self, where: Where, comment: str, instead: bool = False) -> bool:
        """A line of comment above an entry that has lines of its own, `instead` of the line of comment that
        stands right above it; whether it has."""
        entry = self.entry(where)
        start = self._line(entry.start)
        if self.text[start : entry.start].strip():
            return False
        first = self._line(start - 1) if instead else start
        self.changes.append((first, start, f"{' ' * entry.column}# {comment}{self.end_of_line}"))
        return True

    def said_above(self, where: Where) -> str:
        """The line of comment right above an entry, empty where there is none."""
        start = self._line(self.entry(where).start)
        line = self.text[self._line(start - 1) : start].strip() if start else ""
        return line[1:].strip() if line.startswith("#") else ""

    def take_comment(self, where: Where) -> None:
        """Take the line of comment right above an entry out."""
        start = self._line(self.entry(where).start)
        self.changes.append((self._line(start - 1), start, ""))

    def take(self, where: Where) -> Taken:
        """Take an entry out of its table, with the comments right above it and behind it."""
        node, entry = self.node(where[:-1]), self.entry(where)
        if node.flow:
            self._take_from_braces(node, entry)
            return Taken(entry.column, "", self.text[entry.end : entry.value.end])
        start, end = self._line(entry.start), self._next_line(entry.value.end)
        above = start
        while above and self.text[self._line(above - 1) : above].lstrip().startswith("#"):
            above = self._line(above - 1)
        self.changes.append((above, end, ""))
        return Taken(entry.column, self.text[above:start], self.text[entry.end : end].rstrip())

    def leave_out(self, where: Where) -> None:
        """Take an entry out of its table, and leave its comments."""
        node, entry = self.node(where[:-1]), self.entry(where)
        comments = list(self._comments(entry.value))
        if node.flow:
            self._take_from_braces(node, entry, "".join(f" {one}{self.end_of_line}" for one in comments))
            return
        start, end = self._line(entry.start), self._next_line(entry.value.end)
        behind = self.text[entry.value.end : end].strip()
        comments += [behind] if behind else []
        lines = (f"{' ' * entry.column}{comment}{self.end_of_line}" for comment in comments)
        self.changes.append((start, end, "".join(lines)))

    def _take_from_braces(self, node: Node, entry: Entry, left: str = "") -> None:
        comma = self._comma(entry.value.end)
        if comma is not None:
            blanks = len(self.text[comma + 1 :]) - len(self.text[comma + 1 :].lstrip(" "))
            self.changes.append((entry.start, entry.value.end, left))
            self.changes.append((comma, comma + 1 + blanks, ""))
            return
        start, entries = entry.start, list(node.entries.values())
        place = entries.index(entry)
        before = self._comma(entries[place - 1].value.end) if place else None
        if before is not None and not self.text[before + 1 : start].strip():
            start = before
        elif before is not None:
            self.changes.append((before, before + 1, ""))
        self.changes.append((start, entry.value.end, left))

    def _comma(self, at: int) -> int | None:
        """The comma that follows in braces, if one does."""
        found = re.compile(r"(?:\s+|#[^\n]*)*").match(self.text, at)
        behind = at if found is None else found.end()
        return behind if self.text[behind : behind + 1] == "," else None

    def _comments(self, node: Node) -> Iterator[str]:
        """The comments inside a value: what is no scalar is nothing else that has a `#`."""
        at = node.start
        for scalar in [*node.scalars(), Node(node.end, node.end, False, {}, ())]:
            yield from re.findall(r"#[^\r\n]*", self.text[at : scalar.start])
            at = scalar.end

    def _line(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _next_line(self, at: int) -> int:
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1


@dataclass
class EditedFile:
    """A file on its way: its name in the directory, what it says, and its text with the changes to come."""

    name: str
    document: Document
    edited: EditedYaml
    marked: bool

    @classmethod
    def read(cls, directory: Path, name: str, prefix: Where = ()) -> Self:
        """Raises `InputError` where it cannot be read, or is not YAML."""
        shown = str(directory / name)
        content = read_bytes(directory / name, shown)
        text = decode(content, shown)
        document = read_yaml(text, shown, prefix)
        if document.problems:
            raise InputError(document.problems)
        return cls(name, document, EditedYaml.read(text), content.startswith(BYTE_ORDER_MARK))

    def content(self) -> bytes:
        """The file with its changes, with the byte order mark that it had."""
        return (BYTE_ORDER_MARK if self.marked else b"") + self.edited.changed().encode()


def _node(node: Any, text: str) -> Node:
    start, end = node.start_mark.index, node.end_mark.index
    flow = bool(getattr(node, "flow_style", False))
    entries: dict[Key, Entry] = {}
    items: tuple[Node, ...] = ()
    if isinstance(node, MappingNode):
        for key, value in node.value:
            name: Key = int(key.value) if re.fullmatch(r"[0-9]{1,9}", key.value) else key.value
            column = key.start_mark.column
            entries[name] = Entry(key.start_mark.index, key.end_mark.index, column, _node(value, text))
    elif isinstance(node, SequenceNode):
        items = tuple(_node(item, text) for item in node.value)
    if isinstance(node, ScalarNode):
        end = start + len(text[start:end].rstrip())
    elif not flow:
        end = max((part.end for part in [*(e.value for e in entries.values()), *items]), default=end)
    return Node(start, end, flow, entries, items)
