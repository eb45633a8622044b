"""A limit that binds, as it is told and saved: what easing it is worth, in words and numbers."""

from __future__ import annotations

from pydantic import Field

from models.limits import LIMITS, LimitSpec
from optimizer.answer.digits import at_most, significant
from optimizer.answer.part import InputCell, Number, Part
from optimizer.answer.worth import SolvedWorth


class Binding(Part):
    """One binding limit over the periods in which it binds.

    `period` is their span in words. `price` (objective units per `unit`) and `percent_effective_compute` (for
    good, per `step` units; None where capability has no weight) are those of easing it in each of `periods`
    and, after the reported ones, of `periods_after` at once; `prices` has one per period, `price_after` is
    the rest; `usd_bn` is what a step is worth in money of the period in which it is worth most.
    `ten_percent_...` is what a tenth more of it is worth at most in percent, no bound where it is a share of
    what the plan decides, a tenth less of what is asked; None for a limit of zero. The limit is eased by a
    tenth, else by a step: `eased_...` are of that, `eased_usd_bn` in the period in which it is worth most,
    `solved` what it was solved to be worth (None where it was not). `limit` is how much of it there is, one
    number where that is the same in all periods (None: no amount). `inputs` are the cells behind it.
    Not saved are `subject` and `most_in`, parts of `words`, which change once it is solved, and `what`,
    what it is eased by in a table: items by their ids.
    """

    row: str
    meaning: str
    category: str
    period: str
    periods: tuple[str, ...]
    periods_after: tuple[str, ...]
    price: Number
    prices: tuple[Number, ...]
    price_after: Number
    unit: str
    words: str
    step: Number
    step_words: str
    eased_words: str
    eased_percent_at_most: Number
    eased_usd_bn: Number | None
    solved: SolvedWorth | None
    percent_effective_compute: Number | None
    ten_percent_effective_compute: Number | None
    ten_percent_words: str
    ten_percent_is_bound: bool
    ranked_by: Number
    usd_bn: Number | None
    limit: Number | tuple[Number, ...] | None
    limit_words: str
    slack: float
    closed: bool
    holds: str
    inputs: tuple[InputCell, ...]
    subject: str = Field(default="", exclude=True)
    most_in: str = Field(default="", exclude=True)
    what: str = Field(default="", exclude=True)

    @property
    def family(self) -> str:
        """The limit's own name."""
        return self.row.partition("/")[0]

    @property
    def item(self) -> str:
        """Of which chip, line or segment it is; empty where it has no items."""
        return self.row.partition("/")[2]

    @property
    def spec(self) -> LimitSpec:
        """The limit as it is declared; of a row of the user's own what is known of it."""
        return LIMITS.get(self.family) or LimitSpec(self.family, (), self.unit, self.category, self.meaning)

    @property
    def limits(self) -> tuple[float, ...]:
        """How much of it there is in each of its periods; empty where it is no amount."""
        if self.limit is None:
            return ()
        return self.limit if isinstance(self.limit, tuple) else (self.limit,) * max(len(self.periods), 1)

    @property
    def rank(self) -> tuple[float, ...]:
        """Where the limit stands, the least first: those solved by that, then the others by price; last those
        of which the gap says nothing."""
        place = 1 if self.solved is None else 0 if self.solved.is_known else 2
        solved = 0.0 if self.solved is None else -self.solved.rank
        return (place, solved, -self.eased_percent_at_most, -self.price * self.step)

    @property
    def tenth_cell(self) -> str:
        """What a tenth more is worth, in a table: `closed`, or the percent; with a `~` where no bound."""
        if self.closed:
            return "closed"
        tenth = self.ten_percent_effective_compute
        return "n/a" if tenth is None else bounded(tenth, self.ten_percent_is_bound, "~")

    @property
    def most_cell(self) -> str:
        """What it is worth by its price, in a table; with a `~` where it is no bound."""
        if self.percent_effective_compute is None and self.ten_percent_effective_compute is None:
            return "n/a"
        return bounded(self.eased_percent_at_most, self.ten_percent_is_bound, "~")

    @property
    def worth_cell(self) -> str:
        """What it was solved to be worth, in a table."""
        return "not solved" if self.solved is None else self.solved.text

    def solved_as(self, worth: SolvedWorth) -> Binding:
        """The limit with what easing it was solved to be worth."""
        price = bounded(self.eased_percent_at_most, self.ten_percent_is_bound, "about ", "at most ")
        most = f", {self.most_in}" if self.most_in else ""
        words = f"{self.subject} worth {worth.words} more effective compute for good, as solved"
        words += f" (by its price {price}%{most})."
        return self.model_copy(update={"words": words, "solved": worth, "ranked_by": worth.rank})


def bounded(percent: float, is_bound: bool, about: str, bound: str = "") -> str:
    """What something is worth by its price: at most so much, or no bound but about so much."""
    return f"{bound}{at_most(percent)}" if is_bound else f"{about}{significant(percent)}"
