"""Columns of a comparison that are written on the command line: a name, and patches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from optimizer.answer.comparison import BASELINE
from optimizer.errors import Diagnostic, InputError

OPTION: Final = "--set-column"
FORM: Final = "write 'NAME: PATCH; PATCH', each patch as after --set"


@dataclass(frozen=True)
class Column:
    """A column's name and its patches, as written."""

    name: str
    patches: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.name}: {'; '.join(self.patches)}"


def columns_of(texts: Sequence[str]) -> tuple[list[Column], list[Diagnostic]]:
    """The columns that can be read, and what is wrong with the others."""
    found: list[Column] = []
    problems: list[Diagnostic] = []
    for text in texts:
        name, colon, rest = text.partition(":")
        name, patches = name.strip(), tuple(each.strip() for each in rest.split(";"))
        wrong = ""
        # what stands before the colon of a patch without a name, as in `PATH[2027:] = 1`
        if not colon or not name or "=" in name or name.count("[") > name.count("]"):
            wrong = f"a column without a name: `{text}`"
        elif not name.isprintable():
            wrong = f"the name of a column does not show as it is written: {name!r}"
        elif "" in patches:
            wrong = f"an empty patch in the column `{name}`"
        if wrong:
            problems.append(Diagnostic("E622", wrong, path=OPTION, hint=FORM))
        else:
            found.append(Column(name, patches))
    return found, problems


def check_names(columns: Sequence[Column], taken: Collection[str]) -> None:
    """Raise `InputError` for columns that would stand under a name that the baseline, a policy or another
    column has."""
    problems, known = [], {BASELINE, *taken}
    for column in columns:
        if column.name in known:
            message = f"two columns of the name `{column.name}`"
            hint = "give the one after --set-column another name"
            problems.append(Diagnostic("E622", message, path=OPTION, hint=hint))
        known.add(column.name)
    if problems:
        raise InputError(problems)
