"""What a page calls policies and chips, so that no two of them look alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

# Charts cut names at the width that there is for them, at the least after about so many characters.
NEVER_CUT: Final = 12
QUALIFIER: Final = re.compile(r" \([^()]*\)$")


def labels_of(titles: Mapping[str, str], *reserved: str) -> dict[str, str]:
    """What to call policies, given their titles by name and what else stands among them.

    The titles where those tell policies apart, else the names; with their number before them where the part
    that is never cut does not.
    """
    labels = {name: " ".join(title.split()) or name for name, title in titles.items()}
    if len({label.casefold() for label in labels.values()}) < len(labels):
        labels = {name: name for name in titles}
    seen = Counter(map(_seen, (*labels.values(), *reserved)))
    return {
        name: label if seen[_seen(label)] == 1 else f"{position}. {label}"
        for position, (name, label) in enumerate(labels.items(), start=1)
    }


def _seen(label: str) -> str:
    return label[:NEVER_CUT].casefold()


def chip_labels(names: Mapping[str, str]) -> dict[str, str]:
    """What to call chips, given their names by id: without what stands in brackets at the end where that
    tells one from no other, with the id behind where two names are the same, the id where there is no name.
    """
    short = {chip: QUALIFIER.sub("", name) for chip, name in names.items()}
    shorts, wholes = Counter(short.values()), Counter(names.values())
    return {
        chip: (short[chip] if shorts[short[chip]] == 1 else name if wholes[name] == 1 else f"{name} ({chip})")
        if name
        else chip
        for chip, name in names.items()
    }
