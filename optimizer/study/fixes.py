"""Changes of inputs written as patches: rounded outward, and such that they can stand beside earlier ones."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.parameters import Array
from optimizer.answer.answer import Repair, RepairOutcome, RepairPatch, ReplacedPatch
from optimizer.answer.summary import AHEAD, lag_in_table
from optimizer.instance import Instance
from optimizer.instance.instance import Applied
from optimizer.instance.values import Location
from optimizer.instance.yaml_reader import dotted
from optimizer.study.inputs import Input

DIGITS: Final = 3


@dataclass(frozen=True)
class Change:
    """One input that moves: all of it, or in some calendar years (first, last)."""

    input: Input
    years: tuple[int, int] | None = None

    @property
    def target(self) -> str:
        """What a patch of it starts with."""
        if self.years is None:
            return self.input.path
        first, last = self.years
        return f"{self.input.path}[{first if first == last else f'{first}:{last}'}]"

    @property
    def is_single(self) -> bool:
        """Whether only one year moves."""
        return self.years is not None and self.years[0] == self.years[1]

    def first_year(self, instance: Instance) -> int:
        """The first calendar year in which it moves."""
        return instance.horizon.first_year if self.years is None else self.years[0]


@dataclass(frozen=True)
class Earlier:
    """A patch in whose place another is given: its text, its place in a policy file (None: it was given as an
    option), and how many other cells it changes, which must stay as they are."""

    text: str
    origin: Location | None
    others: int

    def line_with(self, text: str) -> str:
        """The line of the policy file with another patch in place of this one, as it must stand there."""
        line = "" if self.origin is None else _line(self.origin)
        for quoted in (f"'{self.text}'", f'"{self.text}"', self.text):
            if quoted in line:
                return line.replace(quoted, f"'{text}'", 1)
        return f"  - '{text}'"

    @property
    def words(self) -> str:
        """What to do with it."""
        kept = f", keeping {self.others} more that it changes" if self.others else ""
        if self.origin is None:
            return f"in place of --set '{self.text}'{kept}"
        return f"in place of '{self.text}' in line {self.origin.line} of {self.origin.file}{kept}"


def _patch(text: str, old: float, new: float, one: Input, earlier: Sequence[Earlier] = ()) -> RepairPatch:
    """A patch of a repair, the value before and after, and how to give it in place of earlier ones."""
    place = one.answer()
    in_files = (
        ReplacedPatch(patch=each.text, file=each.origin.file, line=each.origin.line)
        for each in earlier
        if each.origin is not None
    )
    return RepairPatch(
        patch=text,
        old=old,
        new=new,
        replaces=tuple(each.text for each in earlier),
        replaces_in_files=tuple(in_files),
        how=_how(text, earlier),
        file=place.file,
        line=place.line,
    )


def _how(text: str, earlier: Sequence[Earlier]) -> tuple[str, ...]:
    """What to do, in one line or more: change the line of a policy file that sets the value, or give an
    option, in place of earlier ones."""
    if len(earlier) == 1 and earlier[0].origin is not None and earlier[0].others == 0:
        place = earlier[0].origin
        return (f"change line {place.line} of {place.file} to `{earlier[0].line_with(text)}`",)
    return (f"--set '{text}'", *(each.words for each in earlier))


def outcome_of(
    period: str, capability: float, lag_months: float | None, mark: str, leader: str
) -> RepairOutcome:
    """Where the best plan stands in the last reported period once a repair is made: capability in log units,
    its lag in months behind the leader that it follows (None for the leader itself), and what there is to
    know of that lag (`lag_mark`)."""
    words = f"the best plan then has capability {capability:.2f} in {period}"
    if lag_months is not None:
        words = f"{words}, {_lag_words(lag_months, mark)} {leader}"
    return RepairOutcome(
        period=period, capability=capability, lag_months=lag_months, lag_mark=mark, words=words
    )


def _lag_words(months: float, mark: str) -> str:
    shown = lag_in_table(months, 0, mark)
    if shown == AHEAD:
        return "ahead of"
    side = "behind"
    if shown.endswith(AHEAD):
        shown, side = shown.removesuffix(AHEAD).strip(), "ahead of"
    number = shown.replace(">", "more than ").rstrip("*")
    return f"{number} {'month' if number == '1' else 'months'} {side}"


def repair_of(
    kind: str, patches: Sequence[RepairPatch], size: float, outcome: RepairOutcome | None = None
) -> Repair:
    """Patches that give the country a plan. `size` is what they move, each over its natural size, summed;
    `outcome` is what the best plan with them is like (None where it was not found in time)."""
    then = "" if outcome is None else f" ({outcome.words})"
    return Repair(
        kind=kind,
        words=f"{kind}: {'; '.join(' '.join(each.how) for each in patches)}{then}",
        size=size,
        verified=True,
        patches=tuple(patches),
        outcome=outcome,
    )


def _line(place: Location) -> str:
    """A line of a file as it stands there; empty where it cannot be read any more."""
    try:
        lines = Path(place.file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return lines[place.line - 1] if 0 < place.line <= len(lines) else ""


def value_of(instance: Instance, one: Input, year: int) -> float:
    """The value of an input in a calendar year, that of the last year beyond the horizon."""
    return one.quantity.in_year(min(year, instance.horizon.last_year))


def written(instance: Instance, changes: Sequence[Change], amounts: Array, margin: int) -> list[RepairPatch]:
    """Patches that move the inputs by these amounts, rounded outward and `margin` last digits further."""
    inputs = {change.input.path: change.input for change in changes}
    return [
        fix
        for one in inputs.values()
        for fix in _fixes_of(
            instance,
            one,
            [
                (change, _moved(instance, change, amount, margin))
                for change, amount in zip(changes, amounts.tolist(), strict=True)
                if change.input is one
            ],
        )
    ]


def _moved(instance: Instance, change: Change, amount: float, margin: int) -> float:
    """The value of an input, in its first year, once it is moved outward by at least `amount`."""
    old = value_of(instance, change.input, change.first_year(instance))
    grain = 10.0 ** (math.floor(math.log10(abs(amount))) + 1 - DIGITS)
    outward = math.copysign(1.0, amount)
    return _rounded(old + amount + outward * margin * grain, grain, outward)


def _fixes_of(instance: Instance, one: Input, moves: Sequence[tuple[Change, float]]) -> Iterator[RepairPatch]:
    """The patches of one input. Two patches of one cell are an error, so an earlier one that is in the way is
    replaced: by one of the same single year, else by one that says the whole series."""
    earlier = [each for each in instance.applied if _covers(each, one.path)]
    clash = [each for each in earlier if any(_share_a_year(each.years, change.years) for change, _ in moves)]
    single = all(change.is_single for change, _ in moves)
    first_change, first_new = moves[0]
    old = value_of(instance, one, first_change.first_year(instance))
    if first_change.years is None or not (single or one.quantity.is_series):
        yield _patch(f"{one.path} = {_number(first_new)}", old, first_new, one, _replaced(instance, earlier))
    elif single and all(each.years in [change.years for change, _ in moves] for each in clash):
        for change, new in moves:
            before = value_of(instance, one, change.first_year(instance))
            replaced = [each for each in clash if each.years == change.years]
            text = f"{change.target} = {_number(new)}"
            yield _patch(text, before, new, one, _replaced(instance, replaced))
    elif not clash:
        yield _patch(f"{one.path} += {_number(first_new - old)}", old, first_new, one)
    else:
        values = {year: value_of(instance, one, year) for year in instance.horizon.years}
        for change, new in moves:
            first, last = change.years or (instance.horizon.first_year, instance.horizon.last_year)
            step = new - value_of(instance, one, first)
            for year in range(first, last + 1):
                values[year] += step
        text = ", ".join(_number(value) for value in values.values())
        yield _patch(f"{one.path} = [{text}]", old, first_new, one, _replaced(instance, earlier))


def _covers(applied: Applied, path: str) -> bool:
    where = dotted(applied.where)
    return path == where or path.startswith(f"{where}.")


def _share_a_year(one: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    return one is None or other is None or (one[0] <= other[1] and other[0] <= one[1])


def _replaced(instance: Instance, applied: Sequence[Applied]) -> tuple[Earlier, ...]:
    """The patches behind changes of cells, each once."""
    own = Counter((each.text, each.origin) for each in applied)
    every = Counter((each.text, each.origin) for each in instance.applied)
    return tuple(Earlier(text, origin, every[text, origin] - n) for (text, origin), n in own.items())


def _rounded(value: float, grain: float, outward: float) -> float:
    """The next multiple of `grain` in the outward direction, one that is met already left alone."""
    count = value / grain
    near = round(count)
    whole = near if abs(count - near) < 1e-6 else math.ceil(count) if outward > 0 else math.floor(count)
    return whole * grain


def _number(value: float) -> str:
    return f"{value:.10g}"
