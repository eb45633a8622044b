"""What easing limits is really worth, as solved, in percent of effective compute for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from optimizer.answer.answer import BindingTogether, SolvedWorth
from optimizer.answer.digits import scientific, significant


@dataclass(frozen=True)
class Worth:
    """The eased plan against the plan: `percent` by what the two reach, certified between `low` and `high`,
    which the gaps of both leave."""

    low: float
    percent: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether the gaps leave no doubt that there is a gain at all."""
        return self.low > 0

    @property
    def rank(self) -> float:
        """What rows are ordered by: nothing where the gaps could be all of it."""
        return self.percent if self.is_known else 0.0

    @property
    def text(self) -> str:
        """The percent, no digit finer than the gaps allow, or below what it is."""
        if self.high <= 0:
            return "0"
        if not self.is_known:
            return f"<{scientific(self.high) if self.high < 1e-3 else significant(self.high, 1)}"
        return significant(self.percent, 2, (self.high - self.low) / self.percent)

    @property
    def words(self) -> str:
        """The same in a sentence."""
        if self.high <= 0:
            return "nothing: 0%"
        return f"{self.text}%" if self.is_known else f"less than {self.text[1:]}%, which the gap cannot tell,"

    def answer(self) -> SolvedWorth:
        """The worth as it is told."""
        return SolvedWorth(percent_effective_compute=self.percent, low=self.low, high=self.high)


@dataclass(frozen=True)
class Joint:
    """Several limits eased together: what that is in words, those of them that bind, and the worth."""

    name: str
    words: str
    rows: tuple[str, ...]
    worth: Worth

    @property
    def sentence(self) -> str:
        """What it is worth, in a sentence."""
        return f"{self.words}: worth {self.worth.words} more effective compute for good, as solved."

    def answer(self) -> BindingTogether:
        """The limits and their worth as they are told."""
        return BindingTogether(
            name=self.name,
            words=self.words,
            sentence=self.sentence,
            rows=self.rows,
            solved=self.worth.answer(),
        )


@dataclass(frozen=True)
class Worths:
    """The solved worths of a plan: of limits `alone`, by `row/item`, and of groups of them `together`."""

    alone: Mapping[str, Worth] = field(default_factory=dict)
    together: tuple[Joint, ...] = ()
