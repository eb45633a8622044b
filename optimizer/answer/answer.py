"""What a command answers, typed: written to `summary.json`, printed as JSON, and read back by all that tells
of a saved run.

A key that says nothing is left out of the text: it was not set. Keys are only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from optimizer.answer.bands import Bands
from optimizer.answer.equilibrium import EquilibriumAnswer
from optimizer.answer.fact import Binding
from optimizer.answer.next_dollar import GiftWorth
from optimizer.answer.part import InputCell, Number, Part
from optimizer.answer.rolled import RolledAnswer
from optimizer.answer.stages import Stages
from optimizer.answer.worth import BindingTogether
from optimizer.errors import Diagnostic, diagnostic_data

# Purchases count as above the output beyond this.
ROUNDING: Final = 1e-6


class Remark(Part):
    """An error, a warning or a note, with its place; lines and columns count from 1."""

    code: str
    severity: str
    message: str
    file: str | None
    line: int | None
    column: int | None
    path: str | None
    hint: str | None
    policy: str = ""

    @property
    def diagnostic(self) -> Diagnostic:
        """The diagnostic that is told."""
        return Diagnostic(**self.model_dump(exclude={"policy"}))

    @property
    def text(self) -> str:
        """What it says, and what to do about it."""
        return f"{self.message}: {self.hint}" if self.hint else self.message


def remarks(diagnostics: Iterable[Diagnostic]) -> tuple[Remark, ...]:
    """Diagnostics as they are told."""
    return tuple(Remark(**diagnostic_data(each)) for each in diagnostics)


class ConflictingLimit(Part):
    """A limit that excludes others, over its periods, and the inputs behind it."""

    family: str
    item: str
    category: str
    period: str
    periods: tuple[str, ...]
    words: str
    rows: tuple[str, ...]
    inputs: tuple[InputCell, ...]


class ReplacedPatch(Part):
    """A patch of a policy file in whose place another one is given."""

    patch: str
    file: str
    line: int


class RepairPatch(Part):
    """One patch of a repair, and how to give it."""

    patch: str
    old: Number
    new: Number
    replaces: tuple[str, ...]
    replaces_in_files: tuple[ReplacedPatch, ...]
    how: tuple[str, ...]
    file: str | None
    line: int | None


class RepairOutcome(Part):
    """What the best plan with a repair is like in the last reported period."""

    period: str
    capability: Number
    lag_months: Number | None
    lag_mark: str
    words: str


class Repair(Part):
    """Patches that give a country a plan, applied and checked; `size` is what they move."""

    kind: str
    words: str
    size: Number
    verified: bool
    patches: tuple[RepairPatch, ...]
    outcome: RepairOutcome | None


class Bounds(Part):
    """Between what an objective lies, log unit years, and the gap in average log units: over so many
    `years`, each by its discount, which the objective sums. A run of an earlier version does not say them."""

    lower: Number
    upper: Number
    gap: Number
    years: Number | None = None


class CertificateData(Part):
    """The certificate of a plan: bounds of its objective, and what was checked with what."""

    upper: Number
    lower: Number
    gap: Number
    max_row_violation: Number
    rows_checked: int
    rounds: int
    tangents: int
    solver: str
    solver_version: str


class BaseState(Part):
    """Capability in log units, lag in months, and installed compute over the leader's, before the first
    period."""

    capability: Number | None
    lag_months: Number | None
    compute_ratio: Number | None = None


class Headline(Part):
    """The headline numbers of a plan, by period at mid-horizon and horizon where there are several;
    `installed_kh100e`, at its research rating, at the start (`start`) and at the horizon.

    `split` is the share of each category in the cost of use over the reported periods, `spending_usd_bn` that
    total, `paid_usd_bn` the money paid, `premiums_usd_bn` what of it is for pace and `unspent_usd_bn` the
    income left unused. `ranges`: least and greatest value over all plans within the gap, where asked for.
    `widths`: by how much each kind of number may vary; of `paid` and `compute` relative to the number.
    `stages`: the long game of a plan in staged mode.
    """

    spending_usd_bn: Number
    paid_usd_bn: Number
    premiums_usd_bn: Number
    unspent_usd_bn: Number
    split: Mapping[str, Number]
    installed_kh100e: Mapping[str, Number]
    capability: Mapping[str, Number]
    lag_months: Mapping[str, Number] | None
    compute_ratio: Number | None
    effective_ratio: Number | None
    base: BaseState
    passes_the_leader_in: str | None
    ranges: Mapping[str, tuple[Number, Number]]
    widths: Mapping[str, Number]
    stages: Stages | None = None

    @property
    def middle(self) -> str:
        """The label of the period at mid-horizon."""
        return next(iter(self.capability))

    @property
    def last(self) -> str:
        """The label of the last reported period."""
        return list(self.capability)[-1]


class Beyond(Part):
    """The first periods after the reported ones, by metric or metric/item, and the objective's weight beyond
    those reported."""

    weight_share: float
    periods: tuple[str, ...]
    numbers: Mapping[str, tuple[Number, ...]]


class Ending(Part):
    """How one country's solve ended; `leader_gap` where its leader is not certified, `conflict` the rows that
    exclude each other where there is no plan."""

    status: str
    objective: Bounds | None
    certificate: CertificateData | None
    diagnostics: tuple[Remark, ...]
    leader_gap: Number | None = None
    conflict: tuple[str, ...] = ()


class OwnLine(Part):
    """A variable or limit of the user's own, of a `kind`, `name/item`: `optimizer.answer.own_lines`."""

    kind: str
    name: str
    words: str
    unit: str
    periods: tuple[str, ...]
    values: tuple[Number, ...]


class Explained(Part):
    """Why a plan is as it is: what binds, dearest first, and what the next dollar for the chip industry
    brings, where that was asked for; where there is none, what excludes what, and what repairs it (None: not
    looked for). Not `explained` where an interrupt came before."""

    explained: bool = True
    binding: tuple[Binding, ...] = ()
    own: tuple[OwnLine, ...] = ()
    binding_together: tuple[BindingTogether, ...] = ()
    next_dollar: tuple[GiftWorth, ...] = ()
    conflict_groups: tuple[ConflictingLimit, ...] = ()
    repairs: tuple[Repair, ...] | None = None


class PlanEnding(Explained, Ending):
    """How a solve ended, and why the plan is as it is or there is none."""


class PlanAnswer(PlanEnding):
    """All that is said of one country's plan under one policy, the plan itself apart; `shares_plan_with` is
    the earlier policy of a comparison under which it has the very same plan; `rolled` how it was decided
    where that was year by year: then it has no certificate and no prices."""

    headline: Headline | None
    beyond: Beyond | None = None
    shares_plan_with: str | None = None
    rolled: RolledAnswer | None = None


class LeaderEnding(Part):
    """How the leader's own solve ended, None where it was not come to."""

    country: str
    status: str | None
    certificate: CertificateData | None


class LeaderAnswer(Explained, LeaderEnding):
    """The leader, explained where it has no plan for others to follow; `rolled` as of any plan."""

    rolled: RolledAnswer | None = None


class Demand(Part):
    """What all countries solved buy of a chip in a calendar year, thousand, over what the world makes."""

    chip: str
    year: int
    purchases: Number
    output: Number
    ratio: Number

    @property
    def exceeds(self) -> bool:
        """Whether it is above the output beyond what rounding explains."""
        return self.ratio > 1 + ROUNDING


class SolveAnswer(Part):
    """What `solve` answers; `bands` where the uncertainty of the inputs was computed, `view_years` where each
    year was planned with a view of so many, `equilibrium` where all were planned at prices that clear."""

    schema_version: int
    status: str
    instance: str
    policy: str
    leader: LeaderAnswer
    countries: Mapping[str, PlanAnswer]
    world_demand: tuple[Demand, ...]
    diagnostics: tuple[Remark, ...]
    bands: Bands | None = None
    view_years: int | None = None
    equilibrium: EquilibriumAnswer | None = None


class AppliedAnswer(Part):
    """One cell that a policy changed."""

    path: str
    old: Any
    new: Any
    text: str


class PolicyAnswer(Part):
    """A column of a comparison: the policy, as it was `given`, what it changes, and who leads under it."""

    name: str
    given: str
    title: str
    description: str
    sources: tuple[str, ...]
    applied: tuple[AppliedAnswer, ...]
    leader: str
    structure: str | None


class Ranked(Part):
    """A policy's place for a country: 1 is the best; policies that share a place are indistinguishable.

    `change_average_log_units` is that of the objective from the baseline; the worth is the permanent gain in
    effective compute that is worth as much (None where the objective gives capability no weight).
    """

    policy: str
    rank: int
    change_average_log_units: Number | None
    worth_percent_effective_compute: Number | None
    indistinguishable_from_previous: bool


class CompareAnswer(Part):
    """What `compare` answers: plans by country, then policy, the baseline first; `equilibria`, by policy,
    where each was planned at the prices that clear its market."""

    schema_version: int
    command: str
    status: str
    instance: str
    leader: str
    gap: Number
    set: tuple[str, ...]
    baseline: str
    policies: tuple[PolicyAnswer, ...]
    countries: Mapping[str, Mapping[str, PlanAnswer]]
    ranking: Mapping[str, tuple[str, ...]]
    ranking_detail: Mapping[str, tuple[Ranked, ...]]
    leaders: Mapping[str, PlanEnding] = {}
    left_out: Mapping[str, str]
    equilibria: Mapping[str, EquilibriumAnswer] = {}
    diagnostics: tuple[Remark, ...]
