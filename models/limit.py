"""What is declared of a limit, and of limits eased together; which there are is in `models.limits`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.amounts import Amount, Eased


@dataclass(frozen=True)
class LimitSpec:
    """A row of the model whose shadow price is reported.

    `index`, and `unit` of its right-hand side; `theme` is the line of the budget or the scarce thing that it
    stands for, `meaning` its name. Of a natural step, where there is nothing to take a tenth of: `step` in
    units, its name `size`, and the `thing` that there is more of (with `{item}`, or its members by the names
    of their sets). `conflict` names it among limits that exclude each other (with `{amount}` too).

    `parameters` say how much of it there is: those of its side, not of its coefficients; `eased_by` is the
    one that moves all of it (the first if empty), by a tenth or, where `added` and there is nothing, by a
    step a year (`per_year`); `eased` says how where no parameter does. `amount` is how much there is of it,
    shaped like the row (None: it is no amount); `tenth_of` what a tenth is taken of all the same.

    `asks`: it asks for something, so that less of it is worth something; `is_level`: it is one of log units;
    `counted`: its things are; `of_the_plan`: it is a share of what the plan itself decides; `silent_at`: the
    value of its parameter at which it says nothing; `chips`: of which chips it is meant; `zero`: what a limit
    of 0 means, `denied`, `nothing` to have, or denied to those who have some of that stock; `kind`: what it
    is repaired with.

    `inputs` are the paths of those numbers of an instance that say most of it (with `{country}` and the
    item), where many feed its parameters; `lessened` is what the rules call that of which they leave a
    part (with `{item}`).
    """

    name: str
    index: tuple[str, ...]
    unit: str
    theme: str
    meaning: str
    step: float = 1.0
    size: str = "one unit"
    thing: str = ""
    conflict: str = ""
    parameters: tuple[str, ...] = ()
    eased_by: str = ""
    added: bool = False
    per_year: bool = True
    eased: Eased | None = None
    amount: Amount | None = None
    tenth_of: Amount | None = None
    asks: bool = False
    is_level: bool = False
    counted: bool = False
    of_the_plan: bool = False
    silent_at: float | None = None
    chips: Literal["all", "home", "foreign"] = "all"
    zero: str = "denied"
    kind: Literal["supply", "money", "share", "soft"] = "supply"
    inputs: tuple[str, ...] = ()
    lessened: str = ""

    @property
    def moved_by(self) -> str:
        """The parameter that moves all of it; empty where there is none."""
        return self.eased_by or next(iter(self.parameters), "")

    def told_of(self, words: str, item: str) -> str:
        """Words of the limit with its item in place."""
        words = words.replace("{item}", item)
        for name, member in zip(self.index, item.split("/"), strict=False):
            words = words.replace(f"{{{name}}}", member)
        return words


@dataclass(frozen=True)
class Group:
    """Limits that are eased together: those of some families. `lifted`: to what there is without the rules
    of others, else each by its own step, and only what is closed so."""

    name: str
    words: str
    families: tuple[str, ...]
    lifted: bool = False
