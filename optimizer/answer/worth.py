"""What easing limits is really worth, as solved, in percent of effective compute for good."""

from __future__ import annotations

from optimizer.answer.digits import scientific, significant
from optimizer.answer.part import Number, Part


class SolvedWorth(Part):
    """The eased plan against the plan: by what the two reach, certified between `low` and `high`, which the
    gaps of both leave."""

    percent_effective_compute: Number
    low: Number
    high: Number

    @property
    def is_known(self) -> bool:
        """Whether the gaps leave no doubt that there is a gain at all."""
        return self.low > 0

    @property
    def rank(self) -> float:
        """What rows are ordered by: nothing where the gaps could be all of it."""
        return self.percent_effective_compute if self.is_known else 0.0

    @property
    def text(self) -> str:
        """The percent, no digit finer than the gaps allow, or below what it is."""
        if self.high <= 0:
            return "0"
        if not self.is_known:
            return f"<{scientific(self.high) if self.high < 1e-3 else significant(self.high, 1)}"
        percent = self.percent_effective_compute
        return significant(percent, 2, (self.high - self.low) / percent)

    @property
    def words(self) -> str:
        """The same in a sentence."""
        if self.high <= 0:
            return "nothing: 0%"
        return f"{self.text}%" if self.is_known else f"less than {self.text[1:]}%, which the gap cannot tell,"


class BindingTogether(Part):
    """Limits eased together: what that is in words, those of them that bind, and what it was solved to be
    worth, in a `sentence` too."""

    name: str
    words: str
    sentence: str
    rows: tuple[str, ...]
    solved: SolvedWorth


def together(name: str, words: str, rows: tuple[str, ...], worth: SolvedWorth) -> BindingTogether:
    """Limits eased together, with the sentence that tells of them."""
    sentence = f"{words}: worth {worth.words} more effective compute for good, as solved."
    return BindingTogether(name=name, words=words, sentence=sentence, rows=rows, solved=worth)
