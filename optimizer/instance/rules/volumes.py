"""Whether the volumes of exemptions mean what their rows of a program can say.

What is exempted from a cap is added to it, and exemptions from one denial are added together. That is right
only where all of them are about the same chips: else the volume of one would serve for the chips of another.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from optimizer.instance.conflict import Conflict
from optimizer.instance.instance import Instance
from optimizer.instance.rules.conditions import NO
from optimizer.instance.rules.rulebook import Mask, Rulebook, rulebook


def check_volumes(instance: Instance) -> Iterator[Conflict]:
    """Exemptions whose chips are others than those of the caps and exemptions that they share a volume with.
    The names that rules refer to must be known."""
    if not any(rule.action == "exempt" for rule in instance.rules.values()):
        return
    book = rulebook(instance)
    sold = np.array([chip.sale == "market" for chip in instance.chips.values()], dtype=bool)
    subject: Mask = (book.verdicts != NO) & sold
    meeting = np.array([book.concerns(country) for country in instance.countries], dtype=np.int64)
    together: Mask = meeting.T @ meeting > 0
    for place in np.flatnonzero(book.exempts):
        yield from _check_caps(book, subject, int(place))
        yield from _check_siblings(book, subject, together, int(place))
        yield from _check_waivers(book, subject, together, int(place))


def _check_caps(book: Rulebook, subject: Mask, place: int) -> Iterator[Conflict]:
    """An exemption adds all of its volume to each cap that it relaxes."""
    name, chips = book.names[place], subject[place]
    caps = np.flatnonzero(book.relaxes[place] & book.shared)
    caps = caps[(subject[caps] & chips).any(axis=1)]
    denied = np.flatnonzero(book.relaxes[place] & ~book.shared)
    opened = (subject[denied] & chips).any(axis=0)
    for cap in caps:
        if (subject[cap] & ~chips).any():
            beside = _some(book, subject[cap] & ~chips)
            message = (
                f"the exemption `{name}` is for some chips of the cap `{book.names[cap]}` only, not for "
            )
            message += beside
            hint = "let it cover all chips of the cap; its volume adds to the cap as a whole"
            yield _conflict(book, place, int(cap), message, hint)
    for cap in caps[1:] if not opened.any() else caps:
        first, others = (subject[caps[0]], "caps") if not opened.any() else (opened, "rules")
        if (subject[cap] & chips & ~first).any() or (not opened.any() and (first & ~subject[cap]).any()):
            message = (
                f"the exemption `{name}` relaxes {others} on different chips, and its volume is one for "
            )
            message += "all"
            hint = "write an exemption of its own for each of them"
            yield _conflict(book, place, int(cap), message, hint)


def _check_siblings(book: Rulebook, subject: Mask, together: Mask, place: int) -> Iterator[Conflict]:
    """Exemptions from one denial are open together, to the sum of their volumes."""
    pairs = _opened(book, subject, place)
    for other in np.flatnonzero(book.exempts & together[place]):
        others = _opened(book, subject, int(other))
        if other >= place or not (pairs & others).any() or (pairs == others).all():
            continue
        rule = int(np.flatnonzero((pairs & others).any(axis=1))[0])
        message = f"`{book.names[place]}` and `{book.names[other]}` open some of the same chips, and some "
        message += f"that only one of them opens: {_some(book, (pairs != others).any(axis=0))}"
        hint = "let both relax the same rules for the same chips, or share no chip"
        yield _conflict(book, place, rule, message, hint)


def _check_waivers(book: Rulebook, subject: Mask, together: Mask, place: int) -> Iterator[Conflict]:
    """A rule that relaxes an exemption takes away all of it or nothing."""
    for other in np.flatnonzero(book.relaxes[:, place] & together[place]):
        left = subject[place] & ~subject[other]
        if left.any() and (subject[place] & subject[other]).any():
            message = f"`{book.names[other]}` relaxes the exemption `{book.names[place]}` for some of its "
            message += f"chips only, not for {_some(book, left)}, and its volume is one for all"
            hint = "let it cover all chips of the exemption"
            yield _conflict(book, int(other), place, message, hint)


def _opened(book: Rulebook, subject: Mask, place: int) -> Mask:
    """Which rules that are no shared caps an exemption opens for which chips, shape (rules, chips)."""
    found: Mask = subject & subject[place] & (book.relaxes[place] & ~book.shared)[:, None]
    return found


def _some(book: Rulebook, chips: NDArray[np.bool_]) -> str:
    names = [book.chips[chip] for chip in np.flatnonzero(chips)]
    return ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")


def _conflict(book: Rulebook, place: int, relaxed: int, message: str, hint: str) -> Conflict:
    rule = book.rules[place]
    position = rule.relaxes.index(book.names[relaxed])
    return Conflict(("rules", book.names[place], "relaxes", position), "E317", message, hint)
