"""YAML 1.2 with the line and column of every key and value.

Reads parser events and resolves plain scalars itself, by the YAML 1.2 core schema: `NO` and `on` are text,
`1_000` is text, `.inf` is infinity. What makes a file hard to review is refused: anchors, aliases, merge
keys, tags, repeated keys and empty values. Events of the C parser take a twentieth of the time that nodes
of the pure-Python parser take.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from optimizer.errors import Diagnostic, InputError, misleading

Key = str | int
Where = tuple[Key, ...]
Raw = None | bool | int | float | str | list["Raw"] | dict[Key, "Raw"]

MAY_BE_NULL: Final = frozenset({"previous"})
DEEPEST: Final = 40
# names that other places use are keys of a file's tables
DEEPEST_NAME: Final = 2
INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
INFINITY: Final = re.compile(r"([-+]?)(\.inf|\.Inf|\.INF)")
WORDS: Final[dict[str, bool | float | None]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".nan": math.nan,
    ".NaN": math.nan,
    ".NAN": math.nan,
}


LASTING: Final = ("E205", "E206")
"""Codes of problems that no later syntax error puts in doubt."""
SYNTAX_HINTS: Final[Mapping[str, str]] = {
    "mapping values": "the line before lacks its `: `, or this one is indented too far",
    "expected ':'": "a key is followed by a colon and a blank: this line or the one before lacks it",
    "expected key": "the keys of a table start in one column: check the indentation",
    "'-' indicator": "the items of a list start in one column: check the indentation",
    "start any token": "a text that starts with a sign such as @, % or ` needs quotes around it",
    "escape character": "in double quotes a backslash is written twice; single quotes take it as it is",
    "sequence entries": "the items of a list start on lines of their own, or stand in brackets: [a, b]",
    "control characters": "delete the character, which no editor shows",
}


class Mark(NamedTuple):
    """Line and column, counted from 1."""

    line: int
    column: int


@dataclass
class Document:
    """A file as read: plain data, the place of every value and key by its keys, and what is wrong so far.

    `broken` holds the places whose value could not be read; nothing more need be said about those. `complete`
    is false where names are missing because what bears them could not be read.
    """

    file: str
    prefix: Where = ()
    data: Raw = None
    values: dict[Where, Mark] = field(default_factory=dict)
    keys: dict[Where, Mark] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    broken: set[Where] = field(default_factory=set)
    complete: bool = True

    def mark(self, where: Where, on_key: bool = False) -> Mark:
        """The place of a value (or its key), else of the innermost table around it that has one."""
        first, second = (self.keys, self.values) if on_key else (self.values, self.keys)
        for length in range(len(where), -1, -1):
            found = first.get(where[:length]) or second.get(where[:length])
            if found is not None:
                return found
        return Mark(1, 1)

    def is_broken(self, where: Where) -> bool:
        return any(where[:length] in self.broken for length in range(len(where) + 1))

    def add(self, code: str, message: str, mark: Mark, where: Where, hint: str | None = None) -> None:
        path = dotted((*self.prefix, *where)) or None
        problem = Diagnostic(code, message, "error", self.file, mark.line, mark.column, path, hint)
        self.problems.append(problem)

    def refuses_text(self, text: str, mark: Mark, where: Where) -> bool:
        """Whether a text holds a character that would hide what it says, which is then a problem."""
        found = misleading(text)
        if found is not None:
            hint = "delete it: it changes what terminals and editors show of the text"
            self.add("E118", f"`{text[:40]}` holds the character {found}", mark, where, hint)
            self.broken.add(where)
        return found is not None


def dotted(where: Where) -> str:
    """`countries.CHN.budget.income_usd_bn[2027]`: keys joined by dots, numbers in brackets."""
    text = ""
    for key in where:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def read_bytes(path: Path, shown: str) -> bytes:
    """The content of a file. Raises `InputError` where it is missing, a directory or unreadable."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(Diagnostic("E201", "the file is missing", file=shown)) from None
    except IsADirectoryError:
        raise InputError(Diagnostic("E202", "a file is needed here, not a directory", file=shown)) from None
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or error}"
        raise InputError(Diagnostic("E202", message, file=shown)) from None


def decode(content: bytes, shown: str) -> str:
    """UTF-8 text, without the byte order mark that some programs put before it. Raises `InputError`."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = "this is UTF-16 text; UTF-8 is needed"
        raise InputError(Diagnostic("E203", message, file=shown, line=1, column=1))
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        message = f"this is not UTF-8 text: byte 0x{content[error.start]:02x}"
        raise InputError(
            Diagnostic("E203", message, file=shown, line=line, column=column, hint="save the file as UTF-8")
        ) from None


def read_yaml(text: str, file: str, prefix: Where = (), *, pure: bool = False) -> Document:
    """Read one YAML document. Problems that leave the rest readable are kept in the result; syntax errors
    end it, with the data read so far dropped. `pure` forces the pure-Python parser."""
    document = Document(file, prefix)
    if not text.strip():
        document.add("E207", "the file is empty", Mark(1, 1), ())
        document.broken.add(())
        return document
    try:
        _compose(_Events(YAML(typ="safe", pure=pure).parse(text)), document)
    except YAMLError as error:
        _add_syntax_error(error, document, text)
    return document


def scalar(text: str) -> Raw:
    """A plain scalar by the YAML 1.2 core schema. A number too large for a float raises `OverflowError`."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        if len(text) > 300:
            raise OverflowError
        return int(text, base) if base != 10 else int(text)
    if FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise OverflowError
        return number
    match = INFINITY.fullmatch(text)
    if match:
        return -math.inf if match[1] == "-" else math.inf
    return text


class _Events:
    """Parser events one by one, with the depth of nesting."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self.depth = 0

    def next(self) -> Any:
        return next(self._events)


def _compose(events: _Events, document: Document) -> None:
    documents = 0
    while True:
        try:
            event = events.next()
        except StopIteration:
            break
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents == 2:
                document.add("E204", "one file holds one document, here a second starts", _mark(event), ())
                document.broken.add(())
                return
            document.data = _node(events.next(), events, document, ())
    if documents == 0 or document.data is None:
        document.problems = [problem for problem in document.problems if problem.code != "E104"]
        document.add("E207", "the file holds no data", Mark(1, 1), ())
        document.broken.add(())


def _node(event: Any, events: _Events, document: Document, where: Where) -> Raw:
    mark = _mark(event)
    document.values[where] = mark
    if isinstance(event, AliasEvent):
        message = f"`*{event.anchor}` repeats another place of the file; aliases are not allowed"
        _refuse(document, message, mark, where, "write the value again")
        return None
    _refuse_anchor_or_tag(event, document, mark, where)
    if isinstance(event, ScalarEvent):
        return _scalar_node(event, document, mark, where)
    events.depth += 1
    if events.depth > DEEPEST:
        raise MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)
    if isinstance(event, SequenceStartEvent):
        found: Raw = _sequence(events, document, where)
    else:
        found = _mapping(events, document, where)
    events.depth -= 1
    return found


def _sequence(events: _Events, document: Document, where: Where) -> list[Raw]:
    items: list[Raw] = []
    while not isinstance(event := events.next(), SequenceEndEvent):
        items.append(_node(event, events, document, (*where, len(items))))
    return items


def _mapping(events: _Events, document: Document, where: Where) -> dict[Key, Raw]:
    table: dict[Key, Raw] = {}
    while not isinstance(event := events.next(), MappingEndEvent):
        mark = _mark(event)
        key = _key(event, document, mark, where)
        if key is None:
            _skip(event, events)
            _node(events.next(), events, Document(document.file), where)
            continue
        place = (*where, key)
        if key in table:
            first = document.keys[place]
            message = f"`{key}` stands twice in one table, first in line {first.line}"
            document.add("E205", message, mark, place)
            # one of the two may be another name, misspelled
            document.complete = document.complete and len(place) > DEEPEST_NAME
            _node(events.next(), events, Document(document.file), place)
            continue
        document.keys[place] = mark
        table[key] = _node(events.next(), events, document, place)
    return table


def _key(event: Any, document: Document, mark: Mark, where: Where) -> Key | None:
    if not isinstance(event, ScalarEvent):
        _refuse(document, "a key must be one word, not an alias, list or table", mark, where, None, "E204")
        return None
    if document.refuses_text(event.value, mark, where):
        return None
    place = (*where, event.value)
    _refuse_anchor_or_tag(event, document, mark, place)
    if _is_plain(event) and event.value == "<<":
        message = "`<<` merges another table; merge keys are not allowed"
        document.add("E206", message, mark, where, "write the keys again")
        return None
    if _is_plain(event) and event.value == "":
        document.add("E204", "a key is empty", mark, where)
        return None
    if _is_plain(event) and re.fullmatch(r"[0-9]{1,9}", event.value):
        return int(event.value)
    text: str = event.value
    return text


def _skip(event: Any, events: _Events) -> None:
    depth = 1 if isinstance(event, MappingStartEvent | SequenceStartEvent) else 0
    while depth:
        event = events.next()
        depth += isinstance(event, MappingStartEvent | SequenceStartEvent)
        depth -= isinstance(event, MappingEndEvent | SequenceEndEvent)


def _scalar_node(event: Any, document: Document, mark: Mark, where: Where) -> Raw:
    if document.refuses_text(event.value, mark, where):
        return None
    if not _is_plain(event):
        text: str = event.value
        return text
    try:
        value = scalar(event.value)
    except OverflowError:
        document.add("E214", f"the number {event.value[:40]} is too large", mark, where)
        document.broken.add(where)
        return None
    if value is None and (not where or where[-1] not in MAY_BE_NULL):
        name = dotted(where[-1:]) or "the file"
        hint = "leave the key out, or give it a value"
        if where and isinstance(where[-1], int):
            hint = "in braces a comma ends a value: decimals take a point"
        document.add("E104", f"`{name}` is empty", mark, where, hint)
        document.broken.add(where)
    return value


def _is_plain(event: Any) -> bool:
    return event.style is None or event.style == ""


def _refuse_anchor_or_tag(event: Any, document: Document, mark: Mark, where: Where) -> None:
    if event.anchor is not None:
        message = f"`&{event.anchor}` names a place of the file; anchors are not allowed"
        _refuse(document, message, mark, where)
    if event.tag is not None:
        _refuse(document, f"the tag `{event.tag}` is not allowed", mark, where, "write the value without it")


def _refuse(
    document: Document,
    message: str,
    mark: Mark,
    where: Where,
    hint: str | None = None,
    code: str = "E206",
) -> None:
    document.add(code, message, mark, where, hint)
    document.broken.add(where)


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _add_syntax_error(error: YAMLError, document: Document, text: str) -> None:
    mark = Mark(1, 1)
    message = str(error).splitlines()[0]
    if isinstance(error, MarkedYAMLError):
        place = error.problem_mark or error.context_mark
        if place is not None:
            mark = Mark(place.line + 1, place.column + 1)
        message = error.problem or error.context or message
    elif isinstance(error, ReaderError):
        before = text[: error.position]
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = error.reason
    lines = text.splitlines()
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    opened = (
        error.context_mark.line + 1 if isinstance(error, MarkedYAMLError) and error.context_mark else None
    )
    # what was read before may be no more than a consequence of the fault
    document.problems = [one for one in document.problems if one.code in LASTING]
    document.add("E204", f"not valid YAML: {message}", mark, (), _syntax_hint(message, line, opened))
    document.data = None
    document.broken.add(())


def _syntax_hint(message: str, line: str, opened: int | None) -> str:
    """What to do about a syntax error in `line`, in something that was `opened` in some line."""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces, not tabs"
    if "mapping values" in message and line.count(": ") > 1:
        return "a text that holds `: ` needs quotes around it"
    if any(bracket in message for bracket in ("']'", "'}'")) and opened is not None:
        return f"a bracket or comma is missing in what starts in line {opened}"
    if "end of stream" in message and opened is not None:
        return f"the quote that opens in line {opened} is not closed"
    for words, hint in SYNTAX_HINTS.items():
        if words in message:
            return hint
    return "check indentation, colons and quotes in this line and the one before"
