"""From a directory to an `Instance`: read every file, check each by itself, then all against each other.

All problems are raised together, in file order. Where a file is at fault, what it says wrong is replaced by
stand-ins, so that the rest is checked all the same; only where names of chips, countries and the like, or the
years, cannot be known is nothing said of how files fit each other.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import ValidationError

from optimizer.errors import Diagnostic, InputError
from optimizer.instance.blocs import check_shares
from optimizer.instance.checks import conflicts
from optimizer.instance.conflict import Conflict
from optimizer.instance.country_schema import Country
from optimizer.instance.csv_reader import read_csv, table_rows
from optimizer.instance.diagnose import diagnose
from optimizer.instance.field_rules import COUNTRY, Rule
from optimizer.instance.instance import Applied, Cell, Instance, locate
from optimizer.instance.problem import nearest
from optimizer.instance.quantity_reader import ID
from optimizer.instance.rules.schema import RulesFile
from optimizer.instance.schema import Chip, Market, Settings, Source
from optimizer.instance.shape import Leaf, Shape, record
from optimizer.instance.shipped import find_instance
from optimizer.instance.stand_in import ENDS, NAMES, End, agreed, put_right
from optimizer.instance.values import STATUSES
from optimizer.instance.yaml_reader import Document, Mark, Raw, Where, decode, dotted, read_bytes, read_yaml

__all__ = ["Applied", "Cell", "Instance", "load"]

FORMAT_VERSION: Final[int] = get_args(Settings.model_fields["format_version"].annotation)[0]
FILES: Final = ("instance.yaml", "market.yaml", "chips.csv", "sources.csv", "rules.yaml")
RULES: Final = "rules.yaml"
NAMING: Final = ("instance.yaml", "chips.csv", "sources.csv")
"""Files whose names the other ones use."""
DATA_SUFFIXES: Final = (".yaml", ".yml", ".csv")
CHIP_NUMBERS: Final = tuple(
    name
    for name, (_, shape) in record(Chip).fields.items()
    if isinstance(shape, Leaf) and isinstance(shape.rule, Rule)
)


def load(path_or_name: str | os.PathLike[str]) -> Instance:
    """The instance in a directory, or the shipped one of that name.

    Raises `InputError` with every problem.
    """
    directory = find_instance(path_or_name)
    shown = os.fspath(path_or_name) if Path(path_or_name).is_dir() else str(directory)
    return Loader(directory, shown).load()


def horizon_years(raw: object) -> range | None:
    """The calendar years of a horizon as written, `None` where it is not valid."""
    if not isinstance(raw, dict):
        return None
    first, last = raw.get("first_year"), raw.get("last_year")
    if type(first) is int and type(last) is int and 0 <= last - first < 300:
        return range(first, last + 1)
    return None


class Loader:
    """The files of one directory, and the problems found so far."""

    def __init__(self, directory: Path, shown: str) -> None:
        self.directory = directory
        self.shown = shown
        self.years: range | None = None
        self.countries_known = True
        self.problems: list[Diagnostic] = []
        self.documents: dict[str, Document] = {}
        self.shapes: dict[str, Shape] = {}
        self.hashes: dict[str, str] = {}
        self.tables: dict[str, Raw] = {}
        """What CSV files say, row by row, before numbers and their ranges are put together."""

    def load(self) -> Instance:
        self._read()
        values = {name: self._checked(name) for name in self.documents}
        if self.problems or any(document.problems for document in self.documents.values()):
            found = self._agreed()
        else:
            instance = self._instance(values)
            found = _between_places(instance)
        self.problems += [self._placed(conflict) for conflict in found]
        self._raise_problems()
        return instance

    def _read(self) -> None:
        tree = record(Instance).fields
        settings = self._yaml("instance.yaml", (), record(Settings))
        if isinstance(settings.data, dict):
            self._refuse_other_formats(settings.data.get("format_version"))
            self.years = horizon_years(settings.data.get("horizon"))
        self._yaml("market.yaml", ("market",), record(Market))
        self._chips(tree["chips"][1])
        self._sources(tree["sources"][1])
        # a world without the file has no rules
        if self._has(RULES):
            self._yaml(RULES, (), record(RulesFile))
        for name in self._country_names():
            self._yaml(f"countries/{name}.yaml", ("countries", name), record(Country))
        self._refuse_stray_files(self.directory, "", FILES)

    def _refuse_other_formats(self, version: object) -> None:
        """Nothing else is said of an instance of another format: most of it would be a consequence."""
        if type(version) is not int or version == FORMAT_VERSION:
            return
        message = f"`format_version` is {version}; this version reads format {FORMAT_VERSION}"
        hint = f"`kloof migrate {self.shown}` writes the instance anew in format {FORMAT_VERSION}"
        if version > FORMAT_VERSION:
            hint = "it needs a later version of kloof"
        raise InputError([self._placed(Conflict(("format_version",), "E113", message, hint))])

    def _instance(self, values: Mapping[str, Any]) -> Instance:
        settings, rules = values["instance.yaml"], values.get(RULES, RulesFile())
        return Instance.model_construct(
            **{name: getattr(settings, name) for name in Settings.model_fields},
            market=values["market.yaml"],
            chips=values["chips.csv"],
            sources=values["sources.csv"],
            countries={Path(name).stem: value for name, value in values.items() if "/" in name},
            destination_groups=rules.destination_groups,
            rules=rules.rules,
        ).remember(files=self.hashes, directory=self.shown)

    def _agreed(self) -> list[Conflict]:
        """The problems between places that do not come from what is wrong with single files."""
        named = all(not self.documents[name].is_broken(()) for name in NAMING)
        named = named and all(
            self.documents[name].complete for name in (*NAMING, RULES) if name in self.documents
        )
        if not named or self.years is None or not self.countries_known:
            return []
        places: set[Where] = set()
        try:
            worlds = [self._put_right(end, places) for end in ENDS]
        except LookupError:
            return []
        lost = any(_loses_a_name(worlds[0], place) for place in places)
        return [] if lost else agreed(worlds, places, _between_places)

    def _put_right(self, end: End, places: set[Where]) -> Instance:
        """The instance with stand-ins for what is wrong, whose places are added to `places`."""
        values = {}
        for name, document in self.documents.items():
            values[name], wrong = put_right(self.shapes[name], document.data, end, self.years)
            places |= {(*document.prefix, *where) for where in (*wrong, *document.broken)}
        # rules that cannot be read are none, and only rules name rules
        places.discard(())
        return self._instance(values)

    def _raise_problems(self) -> None:
        order = {document.file: number for number, document in enumerate(self.documents.values())}

        def position(problem: Diagnostic) -> tuple[int, int, int]:
            return order.get(problem.file or "", len(order)), problem.line or 0, problem.column or 0

        read = [problem for document in self.documents.values() for problem in document.problems]
        if read or self.problems:
            raise InputError(sorted([*read, *self.problems], key=position))

    def _has(self, name: str) -> bool:
        return (self.directory / name).exists()

    def _shown(self, name: str) -> str:
        return str(Path(self.shown) / name)

    def _text(self, name: str) -> str | None:
        try:
            content = read_bytes(self.directory / name, self._shown(name))
            self.hashes[name] = hashlib.sha256(content).hexdigest()
            return decode(content, self._shown(name))
        except InputError as error:
            self.problems += error.diagnostics
            return None

    def _kept(self, name: str, document: Document, shape: Shape) -> Document:
        self.documents[name], self.shapes[name] = document, shape
        return document

    def _yaml(self, name: str, prefix: Where, shape: Shape) -> Document:
        text = self._text(name)
        shown = self._shown(name)
        document = Document(shown, prefix, broken={()}) if text is None else read_yaml(text, shown, prefix)
        return self._kept(name, document, shape)

    def _chips(self, shape: Shape) -> None:
        fields = record(Chip).fields
        needed = [
            name for name, (attribute, _) in fields.items() if Chip.model_fields[attribute].is_required()
        ]
        document = self._csv("chips.csv", shape, list(fields), needed, CHIP_NUMBERS)
        rows: dict[str | int, Raw] = {}
        for name, row in table_rows(document):
            rows[name] = _with_ranges(name, row, document)
        document.data = rows

    def _sources(self, shape: Shape) -> None:
        self._csv("sources.csv", shape, list(Source.model_fields), ["id", "title"], ())

    def _csv(
        self, name: str, shape: Shape, columns: list[str], needed: list[str], ranged: tuple[str, ...]
    ) -> Document:
        text = self._text(name)
        shown, prefix = self._shown(name), Path(name).stem
        if text is None:
            return self._kept(name, Document(shown, (prefix,), broken={()}), shape)
        document = read_csv(text, shown, prefix, columns, needed, ranged)
        self.tables[name] = document.data
        return self._kept(name, document, shape)

    def _country_names(self) -> list[str]:
        folder = self.directory / "countries"
        if not folder.is_dir():
            self.countries_known = False
            self.problems.append(
                Diagnostic("E201", "the directory is missing", file=self._shown("countries"))
            )
            return []
        names = sorted(found.stem for found in folder.glob("*.yaml") if COUNTRY.fullmatch(found.stem))
        self._refuse_stray_files(folder, "countries/", tuple(f"{name}.yaml" for name in names))
        if not names:
            self.countries_known = False
            message = "there is no country: a file like USA.yaml is needed"
            self.problems.append(Diagnostic("E201", message, file=self._shown("countries")))
        return names

    def _refuse_stray_files(self, folder: Path, inside: str, known: tuple[str, ...]) -> None:
        for found in sorted(folder.iterdir()):
            # archives from macOS put `._CHN.yaml` beside `CHN.yaml`
            is_hidden = found.name.startswith(".")
            if found.name in known or found.suffix not in DATA_SUFFIXES or found.is_dir() or is_hidden:
                continue
            if inside:
                self.countries_known = False
                hint: str | None = "a country's file is called by its three capital letters: CHN.yaml"
            else:
                close = nearest(found.name, known)
                hint = f"did you mean `{close}`?" if close else "known: " + ", ".join(known)
            message = "this file belongs to no part of an instance and would be ignored"
            self.problems.append(
                Diagnostic("E208", message, file=self._shown(inside + found.name), hint=hint)
            )

    def _checked(self, name: str) -> Any:
        """A document's data as its model; problems are kept, and the result is `None`."""
        document, shape = self.documents[name], self.shapes[name]
        if document.is_broken(()):
            return None
        try:
            value = shape.adapter().validate_python(document.data, strict=True, context=self.years)
        except ValidationError as error:
            self.problems += diagnose(error, shape, document)
            return None
        locate(value, document.file, document.values)
        return value

    def _placed(self, conflict: Conflict) -> Diagnostic:
        """A problem between places of the instance, at the file and line of one of them."""
        top = conflict.where[0]
        if top == "countries":
            name, below = f"countries/{conflict.where[1]}.yaml", conflict.where[2:]
        elif top in ("market", "chips"):
            name = "chips.csv" if top == "chips" else "market.yaml"
            below = conflict.where[1:]
        elif top in ("rules", "destination_groups"):
            name, below = RULES, conflict.where
        else:
            name, below = "instance.yaml", conflict.where
        document = self.documents[name]
        mark = document.mark(below, conflict.on_key)
        return Diagnostic(
            conflict.code,
            conflict.message,
            file=document.file,
            line=mark.line,
            column=mark.column,
            path=dotted(conflict.where),
            hint=conflict.hint,
        )


def _between_places(instance: Instance) -> list[Conflict]:
    """All problems between places, those included that a patched instance may have."""
    return [*conflicts(instance), *check_shares(instance)]


def _loses_a_name(world: Instance, place: Where) -> bool:
    """Whether a name is missing from `world` that what is written at `place` may give."""
    if place[0] not in NAMES or len(place) > 2:
        return False
    return len(place) == 1 or place[1] not in getattr(world, str(place[0]))


def _with_ranges(identifier: str, row: dict[str | int, Raw], document: Document) -> Raw:
    """A row of `chips.csv` with each number, its range, source and status as one table."""
    status, source = row.get("status"), row.get("source")
    cited = isinstance(source, str) and ID.fullmatch(source) is not None
    known = status in STATUSES and (status != "sourced" or cited)
    common: dict[str | int, Raw] = {"status": status if known else "assumed"}
    if cited:
        common["source"] = source
    table: dict[str | int, Raw] = {}
    for name, value in row.items():
        column = str(name)
        base, _, end = column.rpartition("_")
        if end in ("low", "high") and base in CHIP_NUMBERS:
            if base not in row and not document.is_broken((identifier, base)):
                mark = document.mark((identifier, column))
                document.add(
                    "E102", f"`{column}` is given, but `{base}` is empty", mark, (identifier, column)
                )
                document.broken.add((identifier, base))
            continue
        if column not in CHIP_NUMBERS:
            table[column] = value
            continue
        number: dict[str | int, Raw] = {"value": value}
        for bound in ("low", "high"):
            if f"{column}_{bound}" in row:
                number[bound] = row[f"{column}_{bound}"]
                _place_bound(document, identifier, column, bound)
        table[column] = {**number, **common}
    return table


def _place_bound(document: Document, identifier: str, column: str, bound: str) -> None:
    mark: Mark = document.values[(identifier, f"{column}_{bound}")]
    document.values[(identifier, column, bound)] = mark
