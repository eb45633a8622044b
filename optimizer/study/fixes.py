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


@dataclass(frozen=True)
class Fix:
    """One patch of a repair: its text, the value before and after, the input that it changes, and the earlier
    patches in whose place it must be given."""

    text: str
    old: float
    new: float
    input: Input
    earlier: tuple[Earlier, ...] = ()

    @property
    def replaces(self) -> tuple[str, ...]:
        """The earlier patches' texts."""
        return tuple(each.text for each in self.earlier)

    def answer(self) -> RepairPatch:
        """The patch as it is told."""
        place = self.input.answer()
        in_files = (
            ReplacedPatch(patch=each.text, file=each.origin.file, line=each.origin.line)
            for each in self.earlier
            if each.origin is not None
        )
        return RepairPatch(
            patch=self.text,
            old=self.old,
            new=self.new,
            replaces=self.replaces,
            replaces_in_files=tuple(in_files),
            how=self.how,
            file=place.file,
            line=place.line,
        )

    @property
    def how(self) -> tuple[str, ...]:
        """What to do, in one line or more: change the line of a policy file that sets the value, or give an
        option, in place of earlier ones."""
        if len(self.earlier) == 1 and self.earlier[0].origin is not None:
            (only,), place = self.earlier, self.earlier[0].origin
            if only.others == 0:
                return (f"change line {place.line} of {place.file} to `{only.line_with(self.text)}`",)
        return (f"--set '{self.text}'", *(each.words for each in self.earlier))

    @property
    def words(self) -> str:
        """What to do, in one line."""
        return " ".join(self.how)


@dataclass(frozen=True)
class Outcome:
    """Where the best plan stands in the last reported period once a repair is made: capability in log units,
    its lag in months behind the leader that it follows (None for the leader itself), and what there is to
    know of that lag (`lag_mark`)."""

    period: str
    capability: float
    lag_months: float | None
    lag_mark: str
    leader: str

    @property
    def words(self) -> str:
        """Capability and lag in one line."""
        text = f"the best plan then has capability {self.capability:.2f} in {self.period}"
        return text if self.lag_months is None else f"{text}, {self._lag(self.lag_months)} {self.leader}"

    def _lag(self, months: float) -> str:
        shown = lag_in_table(months, 0, self.lag_mark)
        if shown == AHEAD:
            return "ahead of"
        side = "behind"
        if shown.endswith(AHEAD):
            shown, side = shown.removesuffix(AHEAD).strip(), "ahead of"
        number = shown.replace(">", "more than ").rstrip("*")
        return f"{number} {'month' if number == '1' else 'months'} {side}"

    def answer(self) -> RepairOutcome:
        """The outcome as it is told."""
        return RepairOutcome(
            period=self.period,
            capability=self.capability,
            lag_months=self.lag_months,
            lag_mark=self.lag_mark,
            words=self.words,
        )


@dataclass(frozen=True)
class RepairOption:
    """Patches that give the country a plan. `size` is what they move, each over its natural size, summed;
    `outcome` is what the best plan with them is like (None where it was not found in time)."""

    kind: str
    fixes: tuple[Fix, ...]
    size: float
    outcome: Outcome | None = None

    def answer(self) -> Repair:
        """The repair as it is told."""
        return Repair(
            kind=self.kind,
            words=self.words,
            size=self.size,
            verified=True,
            patches=tuple(fix.answer() for fix in self.fixes),
            outcome=None if self.outcome is None else self.outcome.answer(),
        )

    @property
    def words(self) -> str:
        """The kind of repair, its options and what comes of it in one line."""
        then = "" if self.outcome is None else f" ({self.outcome.words})"
        return f"{self.kind}: {'; '.join(fix.words for fix in self.fixes)}{then}"


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


def written(instance: Instance, changes: Sequence[Change], amounts: Array, margin: int) -> list[Fix]:
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


def _fixes_of(instance: Instance, one: Input, moves: Sequence[tuple[Change, float]]) -> Iterator[Fix]:
    """The patches of one input. Two patches of one cell are an error, so an earlier one that is in the way is
    replaced: by one of the same single year, else by one that says the whole series."""
    earlier = [each for each in instance.applied if _covers(each, one.path)]
    clash = [each for each in earlier if any(_share_a_year(each.years, change.years) for change, _ in moves)]
    single = all(change.is_single for change, _ in moves)
    first_change, first_new = moves[0]
    old = value_of(instance, one, first_change.first_year(instance))
    if first_change.years is None or not (single or one.quantity.is_series):
        yield Fix(f"{one.path} = {_number(first_new)}", old, first_new, one, _replaced(instance, earlier))
    elif single and all(each.years in [change.years for change, _ in moves] for each in clash):
        for change, new in moves:
            before = value_of(instance, one, change.first_year(instance))
            replaced = [each for each in clash if each.years == change.years]
            text = f"{change.target} = {_number(new)}"
            yield Fix(text, before, new, one, _replaced(instance, replaced))
    elif not clash:
        yield Fix(f"{one.path} += {_number(first_new - old)}", old, first_new, one)
    else:
        values = {year: value_of(instance, one, year) for year in instance.horizon.years}
        for change, new in moves:
            first, last = change.years or (instance.horizon.first_year, instance.horizon.last_year)
            step = new - value_of(instance, one, first)
            for year in range(first, last + 1):
                values[year] += step
        text = ", ".join(_number(value) for value in values.values())
        yield Fix(f"{one.path} = [{text}]", old, first_new, one, _replaced(instance, earlier))


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
