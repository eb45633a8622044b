"""Which rules decide how much of a limit there is, where a country's own input does not or not alone."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from models.limits import LIMITS
from optimizer.answer.part import InputCell
from optimizer.errors import InputError
from optimizer.instance import Instance
from optimizer.instance.rules.schema import ExportRule
from optimizer.instance.status import OWN_MANDATE, BesideChips, beside_chips
from optimizer.instance.yaml_reader import Document, decode, read_bytes, read_yaml

RULES_FILE: Final = "rules.yaml"
MANDATE: Final = "home_market"


class Deciding(NamedTuple):
    """The names of the rules that decide a limit, and whether the country's own input counts as well."""

    rules: tuple[str, ...]
    own_counts: bool


class Deciders:
    """The rules behind the limits of an instance's countries."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._years: dict[tuple[str, int], BesideChips] = {}

    def of_limit(self, country: str, family: str, item: str, years: tuple[int, ...]) -> Deciding:
        """What decides a limit in the first and the last of some years; no rules for limits that none
        concern."""
        lessened = LIMITS[family].lessened if family in LIMITS else ""
        if (family != MANDATE and not lessened) or not years or not self.instance.rules:
            return Deciding((), True)
        found: dict[str, None] = {}
        own_counts = False
        last = self.instance.horizon.last_year
        for year in dict.fromkeys(min(year, last) for year in (years[0], years[-1])):
            beside, mandates = self._beside_chips(country, year)
            if family == MANDATE:
                names = mandates["both"].rules
                own_counts |= OWN_MANDATE in names or not names
                found |= dict.fromkeys(name for name in names if name != OWN_MANDATE)
                continue
            what = lessened.format(item=item)
            left = [one for one in beside if one.side == "both" and one.what == what]
            own_counts |= all(one.open_part > 0 for one in left)
            found |= dict.fromkeys(name for one in left for name in one.rules)
        return Deciding(tuple(found), own_counts)

    def cell_of(self, name: str) -> str | None:
        """The path of the number with which a rule decides, None where its action does."""
        rule = self.instance.rules[name]
        field = {"mandate": "mandate_share", "multiply": "multiplier", "license": "approval_share"}
        number = field.get(rule.action)
        return f"rules.{name}.{number}" if number and getattr(rule, number) is not None else None

    def action_of(self, name: str) -> InputCell:
        """What a rule does, where no number says it: an input whose value is the action."""
        rule: ExportRule = self.instance.rules[name]
        where = ("rules", name, "action")
        patch = next((one.text for one in self.instance.applied if one.where[:2] == where[:2]), "")
        document = self._document
        known = document is not None and where in document.values
        return InputCell(
            path=f"rules.{name}.action",
            value=rule.action,
            source=tuple(rule.source),
            status="sourced" if rule.source else "",
            file=RULES_FILE if known else None,
            line=document.mark(where).line if document is not None and known else None,
            patch=patch,
            read_from=document.file if document is not None and known else None,
        )

    def _beside_chips(self, country: str, year: int) -> BesideChips:
        if (country, year) not in self._years:
            self._years[country, year] = beside_chips(self.instance, country, year)
        return self._years[country, year]

    @cached_property
    def _document(self) -> Document | None:
        """The file of the rules with its lines, None where it cannot be read."""
        path = Path(self.instance.directory) / RULES_FILE
        try:
            return read_yaml(decode(read_bytes(path, str(path)), str(path)), str(path))
        except InputError:
            return None
