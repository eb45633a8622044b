"""What explains the plans of a saved run, told: as text, as CSV, and as data."""

from __future__ import annotations

import csv
import io
import shlex
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.answer.answer import CompareAnswer, LeaderAnswer, PlanAnswer, PlanEnding, Remark
from optimizer.answer.digits import at_most, scientific
from optimizer.answer.explanation import HOLDS_FOR_INTEGERS
from optimizer.answer.manifest import Manifest
from optimizer.answer.part import InputCell, text_of_infinity
from optimizer.answer.rolled import RolledAnswer
from optimizer.tell.files.store import Answer
from optimizer.tell.own import own_words
from optimizer.tell.terminal.next_dollar_table import next_dollar_lines
from optimizer.tell.terminal.rolled_table import NO_PRICES

INDENT = " " * 5
READING = (
    "`As solved`: the plan solved again with the limit eased so. `At most`: by the price, which is that of "
    "the first unit: the larger the step, the less of it comes true; steps compound. `For good`: as much as "
    "so much more effective compute in every year of the plan and after. `10% more`: of the limit in all "
    "years and after, the leader's path as it is; `about` where it is a share of what the plan decides. Of a "
    "closed limit there is no tenth, and a step is told. `Dearest`: the limit whose easing brings most."
)
UNSOLVED = (
    "Prices only, and the order is theirs: `kloof solve --country` of up to three countries also solves what "
    "each step brings."
)
OF_INTEGERS = (
    f"Prices of the program with its integers (levels, unlocked nodes, modules) fixed: {HOLDS_FOR_INTEGERS}. "
    "`For good`: as much as so much more effective compute in every year of the plan and after. `10% more`: "
    "of the limit in all years and after, the leader's path as it is. No step is solved in staged mode: "
    "compare scenarios with `kloof compare`."
)
STOPPED_EARLY = "the solve stopped before there was a price of any limit"
UNEXPLAINED = "interrupted before it was worked out what limits the plan, or what conflicts: solve again"
NARROWEST = 40
CSV_COLUMNS = (
    *("country", "policy", "status", "rank", "row", "period", "words", "step", "unit", "price"),
    *(
        "percent_effective_compute",
        "ten_percent_effective_compute",
        "usd_bn",
        "solved_percent_effective_compute",
        "path",
        "file",
        "line",
        "patch",
        "leader_gap",
    ),
)


@dataclass(frozen=True)
class SavedPlan:
    """What a run says of one country under one policy (empty: a run of one scenario)."""

    country: str
    policy: str
    answer: PlanEnding | LeaderAnswer

    @property
    def status(self) -> str | None:
        """How the solve ended."""
        return self.answer.status

    @property
    def gap(self) -> float | None:
        """The certified gap, average log units; None where nothing was certified."""
        return None if self.answer.certificate is None else self.answer.certificate.gap

    @property
    def rolled(self) -> RolledAnswer | None:
        """How it was decided, where that was year by year."""
        return self.answer.rolled if isinstance(self.answer, PlanAnswer) else None

    @property
    def diagnostics(self) -> tuple[Remark, ...]:
        """What was reported of it."""
        return self.answer.diagnostics if isinstance(self.answer, PlanEnding) else ()

    @property
    def leader_gap(self) -> float | None:
        """The gap of its leader where that is not certified."""
        return self.answer.leader_gap if isinstance(self.answer, PlanEnding) else None


class RulesCommand:
    """The command that shows what the rules decide in a run's world."""

    def __init__(self, manifest: Manifest, answer: Answer, instance: str | None) -> None:
        self.instance = instance or manifest.instance
        self.patches = manifest.set
        self.compared = isinstance(answer, CompareAnswer)
        self.policies = manifest.given_policies
        self.columns = {each.name: each.patches for each in manifest.policies if each.patches}
        columns = answer.policies if isinstance(answer, CompareAnswer) else ()
        self.given = {each.name: each.given for each in columns if each.name not in self.columns}

    def command(self, plan: SavedPlan, year: str) -> str:
        """`kloof rules` with all that the plan was solved under, to be pasted."""
        policies = [self.given[plan.policy]] if plan.policy in self.given else []
        changes = [
            *(("--policy", name) for name in (policies if self.compared else self.policies)),
            *(("--set", text) for text in (*self.patches, *self.columns.get(plan.policy, ()))),
        ]
        words = ["kloof", "rules", self.instance, "--country", plan.country, "--year", year]
        return shlex.join([*words, *(part for change in changes for part in change)])


def plans_of(answer: Answer) -> list[SavedPlan]:
    """The plans of a run; first the leader's where it was not asked for but explains why others have none."""
    if isinstance(answer, CompareAnswer):
        leading = {each.name: each.leader for each in answer.policies}
        return [
            *(SavedPlan(leading.get(name, answer.leader), name, run) for name, run in answer.leaders.items()),
            *(
                SavedPlan(name, policy, plan)
                for name, row in answer.countries.items()
                for policy, plan in row.items()
            ),
        ]
    found = [SavedPlan(country, "", plan) for country, plan in answer.countries.items()]
    leader = answer.leader
    if leader.country not in answer.countries and leader.conflict_groups:
        found.insert(0, SavedPlan(leader.country, "", leader))
    return found


def data_of(answer: PlanEnding | LeaderAnswer) -> dict[str, Any]:
    """What of a plan's answer explains it."""
    data = answer.data()
    keys = (
        "status",
        "certificate",
        "leader_gap",
        "rolled",
        "binding",
        "binding_together",
        "next_dollar",
        "own",
        "conflict",
        "conflict_groups",
        "repairs",
        "diagnostics",
    )
    return {key: data[key] for key in keys if key in data}


# text -------------------------------------------------------------------------------------------------------


def text_of(plans: Sequence[SavedPlan], most: int | None, rules: RulesCommand, width: int) -> list[str]:
    lines: list[str] = []
    for plan in plans:
        lines += [""] if lines else []
        if not plan.answer.explained:
            lines += _folded(f"{name_of(plan)}: {plan.status}; {UNEXPLAINED}", width)
        elif plan.rolled is not None:
            said = f"{plan.status}: {plan.rolled.sentence}; {NO_PRICES}"
            lines += _folded(f"{name_of(plan)}: {said}", width)
        elif plan.gap is not None:
            lines += _limits(plan, most, rules, width)
        else:
            lines += _failure(plan, width)
    found = [fact for plan in plans for fact in plan.answer.binding]
    if found:
        solved = any(fact.solved for fact in found)
        reading = READING if solved else f"{READING} {UNSOLVED}"
        if any(fact.holds == HOLDS_FOR_INTEGERS for fact in found):
            reading = OF_INTEGERS
        lines += ["", *_folded(reading, width)]
    return lines


def name_of(plan: SavedPlan) -> str:
    """The country, and the policy where there are several."""
    return f"{plan.country}, {plan.policy}" if plan.policy else plan.country


def _folded(text: str, width: int, first: str = "", others: str = "") -> list[str]:
    """Words in lines of the screen's width; paths and commands are never cut."""
    return textwrap.wrap(
        text,
        width=max(width, NARROWEST),
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _limits(plan: SavedPlan, most: int | None, rules: RulesCommand, width: int) -> list[str]:
    facts = plan.answer.binding
    certified = "" if plan.gap is None else f", gap {scientific(plan.gap)}"
    if plan.leader_gap is not None:
        certified += f", beside a leader of gap {scientific(plan.leader_gap)}: not certified"
    shown = facts if most is None else facts[:most]
    head = f"{name_of(plan)}: {plan.status}{certified}"
    if not facts:
        why = "nothing limits the plan" if plan.status == "optimal" else STOPPED_EARLY
        return [*_folded(f"{head}; {why}", width), *_own(plan, width)]
    lines = [f"{head}; what limits the plan, dearest first"]
    for joint in plan.answer.binding_together:
        lines += _folded(joint.sentence, width, "  -  Together: ", INDENT)
    for number, fact in enumerate(shown, start=1):
        lines += _folded(fact.words, width, f"{number:3}. ", INDENT)
        known = []
        if fact.eased_usd_bn:
            known.append(f"worth up to USD {at_most(fact.eased_usd_bn)} bn of one year")
        if fact.limit_words:
            known.append(f"now {fact.limit_words}")
        lines += _folded("; ".join(known), width, INDENT, INDENT)
        lines += [f"     {_place(each)}" for each in fact.inputs]
        if fact.closed and not fact.inputs and fact.row.startswith("import_control"):
            year = (*fact.periods, "")[0][:4]
            lines.append(f"{INDENT}denied by the rules: {rules.command(plan, year)}")
    if len(facts) > len(shown):
        lines.append(f"     and {len(facts) - len(shown)} more: --verbose")
    lines += [f"  {line}" for line in next_dollar_lines(plan.answer.next_dollar)]
    return lines + _own(plan, width)


def _own(plan: SavedPlan, width: int) -> list[str]:
    """The rows and variables of the user's own, those that do not bind too."""
    lines = ["  Your own rows and variables:"] if plan.answer.own else []
    for words in own_words(plan.answer.own):
        lines += _folded(words, width, "  -  ", INDENT)
    return lines


def _place(each: InputCell) -> str:
    """An input: its path, where it stands and what it rests on."""
    place = f"{each.file}:{each.line}" if each.file else "by default"
    if each.patch:
        return f"{each.path}  set by `{each.patch}`"
    rests = ", ".join(each.source or [each.status])
    return f"{each.path}  {place}" + (f"  ({rests})" if rests else "")


def _failure(plan: SavedPlan, width: int) -> list[str]:
    groups, options = plan.answer.conflict_groups, plan.answer.repairs
    if not groups:
        said = [each.message for each in plan.diagnostics if each.severity == "error"]
        return [f"{name_of(plan)}: {plan.status}: {'; '.join(said) or 'no plan'}"]
    lines = [f"{name_of(plan)}: {plan.status}; these cannot all hold:"]
    for group in groups:
        when = f" ({group.period})" if group.period else ""
        lines += _folded(f"{group.words}{when}", width, "   - ", INDENT)
        lines += [f"     {_place(each)}" for each in group.inputs]
    if options is None:
        return [*lines, "  For what would repair it: `kloof solve` with this policy, then `kloof explain`."]
    if not options:
        return [*lines, "  No change of inputs behind these limits was found that gives it a plan."]
    lines.append("  What gives it a plan, the least change first; each was applied and checked:")
    for number, option in enumerate(options, start=1):
        kind = "" if option.kind == "the least change" else f"{option.kind}: "
        for fix in option.patches:
            first, *others = fix.how
            lines.append(f"{number:3}. {kind}{first}  (was {fix.old:.10g})")
            lines += [f"{INDENT}{text}" for text in others]
            kind = ""
        if option.outcome:
            lines += _folded(option.outcome.words, width, INDENT, INDENT)
    return lines


# CSV --------------------------------------------------------------------------------------------------------


def csv_of(plans: Sequence[SavedPlan]) -> str:
    """One line per binding limit; per conflicting limit and per patch of a repair where there is no plan."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, CSV_COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for plan in plans:
        led = "" if plan.leader_gap is None else text_of_infinity(plan.leader_gap)
        head = {"country": plan.country, "policy": plan.policy, "status": plan.status, "leader_gap": led}
        answer = plan.answer
        for rank, fact in enumerate(answer.binding, start=1):
            solved = None if fact.solved is None else fact.solved.percent_effective_compute
            own = {"solved_percent_effective_compute": solved, **_first(fact.inputs), **head, "rank": rank}
            writer.writerow({**fact.data(), **own})
        for joint in answer.binding_together:
            said = {"row": f"together:{joint.name}", "words": joint.sentence}
            solved = joint.solved.percent_effective_compute
            writer.writerow({**said, **head, "solved_percent_effective_compute": solved})
        for gift in answer.next_dollar:
            said = {"row": f"next_dollar:{gift.kind}/{gift.item}".rstrip("/"), "words": gift.words}
            solved = gift.solved.percent_effective_compute
            writer.writerow({**said, **head, "solved_percent_effective_compute": solved})
        for group in answer.conflict_groups:
            row = "/".join(part for part in (group.family, group.item) if part)
            said = {"row": f"conflict:{row}", "period": group.period, "words": group.words}
            writer.writerow({**said, **_first(group.inputs), **head})
        for rank, option in enumerate(answer.repairs or (), start=1):
            for fix in option.patches:
                said = {"row": "repair", "words": option.words, "path": fix.patch.split()[0]}
                place = {"file": fix.file, "line": fix.line, "patch": fix.patch}
                writer.writerow({**said, **place, **head, "rank": rank})
    return buffer.getvalue()


def _first(inputs: Sequence[InputCell]) -> dict[str, Any]:
    """Where the first input behind a limit stands."""
    if not inputs:
        return {}
    first = inputs[0]
    return {"path": first.path, "file": first.file, "line": first.line, "patch": first.patch}
