"""The long game of a plan in staged mode, as it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from optimizer.answer.part import Number, Part

NEVER: Final = "not in the plan"


class ReachedLevel(Part):
    """The level of learning of a line in the last reported period: its place, counted from 1, of how many."""

    level: int
    levels: int
    good_share: Number


class Stages(Part):
    """The long game of a plan in staged mode.

    `unlocked`: the period in which each node and class of tools that has a programme is unlocked, those after
    the reported ones too, None where it is not. `reached`: the level of each line that the country has, and
    `ordered_kwpm` what is ordered of it. `home_share_from`: the first reported period from which on 90% of
    the compute added is made at home, to the end; `matches_leader_from` the same for home-made compute added
    against all that the leader adds; None where there is none. `home_share` and `home_ratio` are these two in
    the last reported period.
    """

    unlocked: Mapping[str, str | None]
    reached: Mapping[str, ReachedLevel]
    ordered_kwpm: Mapping[str, Number]
    home_share_from: str | None
    matches_leader_from: str | None
    home_share: Number
    home_ratio: Number | None

    @property
    def words(self) -> tuple[str, ...]:
        """What it says, a sentence each."""
        return self.told(str)

    def told(self, named: Callable[[str], str]) -> tuple[str, ...]:
        """What it says, a sentence each, with lines and classes of tools as they are `named`."""
        nodes = "; ".join(f"{named(name)}: {when or NEVER}" for name, when in self.unlocked.items())
        levels = "; ".join(
            f"{named(line)}: {one.level} of {one.levels} ({100 * one.good_share:.0f}% good dies)"
            for line, one in self.reached.items()
        )
        home = f"{100 * self.home_share:.0f}% of the compute added is made at home"
        since = f"90% from {self.home_share_from} on" if self.home_share_from else "never 90% to the end"
        said = [f"unlocked: {nodes}"] if nodes else []
        said += [f"levels of learning at the end: {levels}"] if levels else []
        said.append(f"at the end {home}; {since}")
        if self.home_ratio is not None:
            when = self.matches_leader_from
            matched = f"as much from {when} on" if when else "never as much to the end"
            percent = 100 * self.home_ratio
            # two digits of a small part; above 100% no power of ten
            shown = f"{percent:.2g}" if percent < 99.5 else f"{percent:,.0f}"
            part = f"{shown}% of all that the leader adds"
            said.append(f"home-made compute added at the end: {part}; {matched}")
        return tuple(said)
