"""The outcome of one command: each country's plan, and the run that holds them all.

`CountryRun` is one country's optimal plan (or why there is none); `WorldRun` is what one scenario gives for
all the countries asked for. Both are plain data: tables, files and JSON are made from them elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.parameters import Array, LeaderPath, PlanParameters
from optimizer.answer.answer import Explained
from optimizer.answer.fact import Binding
from optimizer.answer.instance_like import AppliedPatch, InstanceLike
from optimizer.answer.next_dollar import GiftWorth
from optimizer.answer.rolled import Rolled
from optimizer.answer.worth import BindingTogether
from optimizer.errors import Diagnostic

if TYPE_CHECKING:
    from optimizer.answer.shadow import ShadowPrices
    from optimizer.solver import Solution

OPTIMAL = "optimal"
STOPPED = "stopped"
INFEASIBLE = "infeasible"
UNBOUNDED = "unbounded"
ROLLED = "rolled"
FAILED = "failed"
# Behind what is said of the follower of a leader that is not certified.
PROVISIONAL_MARK = "^"


@dataclass(frozen=True)
class CountryRun:
    """One country's plan.

    `status` is `optimal`, `stopped` (best plan found, gap above the one asked for), `rolled` (decided year by
    year with a view, each window certified: no optimum), `infeasible`, `unbounded` or `failed`. `values`
    holds every model variable by name as run forward from its decisions
    (`models.simulate`), arrays shaped by the variable's index sets, periods last, tail included. `leader` is
    the path that this country follows; for the leader itself its own path. `ranges` gives for a headline
    number, keyed `metric/item/period` or `metric/period` (`spend_share/research/2030`,
    `capability/2030`), its least and greatest value over all plans within the certified gap. `together`
    says what several limits eased at once bring, where that was solved, and `gifts` what the next dollar
    brings by what it is given for, best first. `explanation` says what limits the
    plan, or why there is none (`optimizer.study.explained`). `leader_gap` is the gap of the leader's plan
    where that stopped above the gap asked for: then all that is said here, certificate included, holds for a
    leader that another plan may serve better. `prices` and `facts` are the shadow prices and every limit that
    binds, dearest first, None until they are worked out (`optimizer.answer.explanation.with_facts`). `rolled`
    says how a plan was decided that was decided year by year; it has no `solution`, and no prices.
    """

    country: str
    status: str
    parameters: PlanParameters | None = None
    values: Mapping[str, Array] | None = None
    solution: Solution | None = None
    leader: LeaderPath | None = None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    together: tuple[BindingTogether, ...] = ()
    gifts: tuple[GiftWorth, ...] = ()
    explanation: Explained = field(default_factory=Explained)
    leader_gap: float | None = None
    prices: tuple[ShadowPrices, ...] | None = None
    facts: tuple[Binding, ...] | None = None
    rolled: Rolled | None = None

    @property
    def solved(self) -> bool:
        """Whether there is a plan to show, proven optimal or not."""
        return self.status in (OPTIMAL, STOPPED, ROLLED) and self.values is not None

    @property
    def gap(self) -> float | None:
        """The certified gap, of a rolled plan the largest of its windows, average log units; None where
        nothing is certified."""
        if self.rolled is not None:
            return self.rolled.gap
        return None if self.solution is None else self.solution.certificate.gap

    @property
    def provisional(self) -> bool:
        """Whether the leader that this country follows is not certified to the gap asked for."""
        return self.leader_gap is not None

    @property
    def marked_status(self) -> str:
        """The status, with the mark of a provisional one."""
        return f"{self.status}{PROVISIONAL_MARK}" if self.provisional else self.status


@dataclass(frozen=True)
class WorldRun:
    """The plans of all countries asked for, under one policy (empty text: none).

    `leader` is the country whose path fed the others. It is always solved; `leader_run` is its plan even
    where it was not asked for and so is not in `countries`.
    """

    instance: InstanceLike
    policy: str
    applied: tuple[AppliedPatch, ...]
    leader: str
    countries: Mapping[str, CountryRun]
    diagnostics: tuple[Diagnostic, ...] = ()
    leader_run: CountryRun | None = None
    interrupted: bool = False

    @property
    def provisional(self) -> bool:
        """Whether some country follows a leader that is not certified to the gap asked for."""
        return any(run.provisional for run in self.countries.values())

    @property
    def runs(self) -> tuple[CountryRun, ...]:
        """Every plan that was tried: the countries asked for, and the leader where it is not one of them."""
        asked = tuple(self.countries.values())
        if self.leader_run is None or self.leader in self.countries:
            return asked
        return (self.leader_run, *asked)
