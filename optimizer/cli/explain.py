"""`kloof explain`: the dearest limits of a saved plan in words, or why there is none and what repairs it."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.options import countries_option, examples, output_options

if TYPE_CHECKING:
    from optimizer.errors import Diagnostic

# Each plan's dearest limits: ten of up to three plans, three of more.
MOST = 10
FEW = 3
FEW_PLANS = 3
INDENT = " " * 5
READING = (
    "`As solved`: the plan solved again with the limit eased so. `At most`: by the price, which is that of "
    "the first unit: the larger the step, the less of it comes true; steps compound. `For good`: as much as "
    "so much more effective compute in every year of the plan and after. `10% more`: of the limit in all "
    "years and after, the leader's path as it is; `about` where it is a share of what the plan decides. Of a "
    "closed limit there is no tenth, and a step is told."
)
UNSOLVED = (
    "Prices only, and the order is theirs: `kloof solve --country` of up to three countries also solves what "
    "each step brings."
)
STOPPED_EARLY = "the solve stopped before there was a price of any limit"
UNEXPLAINED = "interrupted before it was worked out what limits the plan, or what conflicts: solve again"
NOT_COME_TO = "interrupted before a plan asked for here was done"
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


@click.command(
    "explain",
    short_help="The dearest limits of a saved run, or why there is no plan.",
    epilog=examples(
        "kloof explain runs/solve-0123456789ab",
        "kloof explain runs/demo --country CHN --instance my-world",
        "kloof explain runs/demo --format csv > limits.csv",
    ),
)
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@countries_option
@click.option(
    "--policy", "policies", multiple=True, metavar="P", help="Only this column of a comparison. Repeatable."
)
@click.option(
    "--instance",
    metavar="INSTANCE",
    help="Where the run's instance is, to see whether it has changed. Default: the shipped one of its name.",
)
@output_options
def command(
    run: Path,
    countries: tuple[str, ...],
    policies: tuple[str, ...],
    instance: str | None,
    format_: str,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Say what limits each plan of a saved run, dearest first, and what a bit more of it is worth.

    RUN is a directory that `solve` or `compare` saved. For a country without a plan: the limits that exclude
    each other, the inputs behind them, and the least changes that give it one, each to be pasted after --set.
    Files are named as they stand in the directory of the run's instance. Nothing is solved. Ends with code 1
    where a plan's leader is not certified.
    """
    from optimizer.cli.session import (
        DONE,
        FINDINGS,
        SCHEMA_VERSION,
        emit,
        emit_json,
        report,
        report_uncertified_leaders,
    )
    from optimizer.errors import Diagnostic
    from optimizer.result.store import open_run

    manifest, summary = open_run(run)
    plans = _chosen(_plans(manifest, summary), countries, policies)
    if not quiet:
        report(_changes(manifest, instance))
    if format_ == "json":
        found = [{"country": p.country, "policy": p.policy, **_told(p.data)} for p in plans]
        said = {"command": str(manifest.get("command")), "run": str(run)}
        emit_json({"schema_version": SCHEMA_VERSION, **said, "plans": found})
    elif format_ == "csv":
        emit(_csv(plans))
    else:
        from optimizer.cli.output import screen
        from optimizer.result.summary import NOTHING_DONE

        most = None if verbose else MOST if len(plans) <= FEW_PLANS else FEW
        rules = _Rules(manifest, summary, instance)
        nothing = NOT_COME_TO if countries or policies else NOTHING_DONE
        emit("\n".join(_text(plans, most, rules, screen().width) if plans else [nothing]) + "\n")
    if format_ != "json" and not quiet:
        told = (each for plan in plans for each in plan.data.get("diagnostics", []))
        report_uncertified_leaders(Diagnostic(**each) for each in told)
    return FINDINGS if any("leader_gap" in plan.data for plan in plans) else DONE


@dataclass(frozen=True)
class _Plan:
    """What a run says of one country under one policy (empty: a run of one scenario)."""

    country: str
    policy: str
    data: Mapping[str, Any]


class _Rules:
    """The command that shows what the rules decide in a run's world."""

    def __init__(self, manifest: Mapping[str, Any], summary: Mapping[str, Any], instance: str | None) -> None:
        self.instance = instance or str(manifest.get("instance"))
        self.compared = manifest.get("command") == "compare"
        self.patches = [str(text) for text in manifest.get("set", [])]
        names = [each["name"] for each in manifest.get("policies", [])]
        self.policies = [str(text) for text in manifest.get("given_policies", names)]
        columns = summary.get("policies", []) if self.compared else []
        self.given = {str(each["name"]): str(each.get("given") or each["name"]) for each in columns}

    def command(self, plan: _Plan, year: str) -> str:
        """`kloof rules` with all that the plan was solved under, to be pasted."""
        policies = [self.given[plan.policy]] if plan.policy in self.given else []
        changes = [
            *(("--policy", name) for name in (policies if self.compared else self.policies)),
            *(("--set", text) for text in self.patches),
        ]
        words = ["kloof", "rules", self.instance, "--country", plan.country, "--year", year]
        return shlex.join([*words, *(part for change in changes for part in change)])


def _plans(manifest: Mapping[str, Any], summary: Mapping[str, Any]) -> list[_Plan]:
    """The plans of a run; first the leader's where it was not asked for but explains why others have none."""
    compared = manifest.get("command") == "compare"
    leading = {str(each["name"]): str(each["leader"]) for each in summary.get("policies", [])}
    found = [
        _Plan(leading.get(policy, str(summary.get("leader"))), policy, data)
        for policy, data in summary.get("leaders", {}).items()
    ]
    for country, data in summary.get("countries", {}).items():
        columns = data if compared else {"": data}
        found += [_Plan(country, policy, each) for policy, each in columns.items()]
    leader = summary.get("leader")
    if not isinstance(leader, dict) or leader["country"] in summary.get("countries", {}):
        return found
    if "conflict_groups" in leader:
        found.insert(0, _Plan(leader["country"], "", leader))
    return found


def _chosen(plans: Sequence[_Plan], countries: Sequence[str], policies: Sequence[str]) -> list[_Plan]:
    """The plans asked for. Raises `InputError` for a name that the run does not have."""
    import difflib

    from optimizer.cli.scenario import EACH_COUNTRY
    from optimizer.errors import Diagnostic, InputError

    problems = []
    for option, asked, known in (
        ("--country", countries, dict.fromkeys(plan.country for plan in plans)),
        ("--policy", policies, dict.fromkeys(plan.policy for plan in plans if plan.policy)),
    ):
        for name in asked:
            if name in known:
                continue
            upper = name.upper() if option == "--country" else name
            near = difflib.get_close_matches(upper, list(known), n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known) or 'none'}"
            if option == "--country" and "," in name:
                hint = EACH_COUNTRY
            message = f"the run has no {option.lstrip('-')} `{name}`"
            problems.append(Diagnostic("E643", message, path=option, hint=hint))
    if problems:
        raise InputError(problems)
    return [
        plan
        for plan in plans
        if (not countries or plan.country in countries) and (not policies or plan.policy in policies)
    ]


def _changes(manifest: Mapping[str, Any], instance: str | None) -> list[Diagnostic]:
    """A warning where the instance of the run is not what it was; none where it is out of reach."""
    from optimizer.errors import Diagnostic
    from optimizer.instance.shipped import find_instance, shipped_instances
    from optimizer.result.store import changed_files

    name = str(manifest.get("instance"))
    if instance is None and name not in shipped_instances():
        return []
    changed = changed_files(manifest, find_instance(name if instance is None else instance))
    if not changed:
        return []
    message = f"the instance has changed since this run: {', '.join(changed)}"
    hint = "lines, prices and repairs are those of the run; solve again for those of today"
    return [Diagnostic("S109", message, severity="warning", hint=hint)]


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    """What of a plan's data explains it."""
    keys = (
        "status",
        "certificate",
        "leader_gap",
        "binding",
        "binding_together",
        "conflict",
        "conflict_groups",
        "repairs",
        "diagnostics",
    )
    return {key: data[key] for key in keys if key in data}


# text -------------------------------------------------------------------------------------------------------


def _text(plans: Sequence[_Plan], most: int | None, rules: _Rules, width: int) -> list[str]:
    lines: list[str] = []
    for plan in plans:
        lines += [""] if lines else []
        if plan.data.get("explained") is False:
            lines += _folded(f"{_name(plan)}: {plan.data.get('status')}; {UNEXPLAINED}", width)
            continue
        lines += (
            _limits(plan, most, rules, width)
            if plan.data.get("certificate") or plan.data.get("headline") or plan.data.get("binding")
            else _failure(plan, width)
        )
    found = [fact for plan in plans for fact in plan.data.get("binding", [])]
    if found:
        solved = any(fact.get("solved") for fact in found)
        lines += ["", *_folded(READING if solved else f"{READING} {UNSOLVED}", width)]
    return lines


def _name(plan: _Plan) -> str:
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


def _limits(plan: _Plan, most: int | None, rules: _Rules, width: int) -> list[str]:
    from optimizer.result.digits import scientific
    from optimizer.result.explanation import at_most

    facts = plan.data.get("binding", [])
    gap = (plan.data.get("certificate") or {}).get("gap")
    certified = "" if gap is None else f", gap {scientific(float(gap))}"
    if "leader_gap" in plan.data:
        certified += f", beside a leader of gap {scientific(float(plan.data['leader_gap']))}: not certified"
    shown = facts if most is None else facts[:most]
    head = f"{_name(plan)}: {plan.data.get('status')}{certified}"
    if not facts:
        why = "nothing limits the plan" if plan.data.get("status") == "optimal" else STOPPED_EARLY
        return _folded(f"{head}; {why}", width)
    lines = [f"{head}; what limits the plan, dearest first"]
    for joint in plan.data.get("binding_together", []):
        lines += _folded(joint["sentence"], width, "  -  Together: ", INDENT)
    for number, fact in enumerate(shown, start=1):
        lines += _folded(fact["words"], width, f"{number:3}. ", INDENT)
        known = []
        if fact.get("eased_usd_bn"):
            known.append(f"worth up to USD {at_most(fact['eased_usd_bn'])} bn of one year")
        if fact.get("limit_words"):
            known.append(f"now {fact['limit_words']}")
        lines += _folded("; ".join(known), width, INDENT, INDENT)
        lines += [f"     {_place(each)}" for each in fact.get("inputs", [])]
        if fact.get("closed") and not fact.get("inputs") and fact["row"].startswith("import_control"):
            year = (fact.get("periods") or [""])[0][:4]
            lines.append(f"{INDENT}denied by the rules: {rules.command(plan, year)}")
    if len(facts) > len(shown):
        lines.append(f"     and {len(facts) - len(shown)} more: --verbose")
    return lines


def _place(each: Mapping[str, Any]) -> str:
    """An input: its path, where it stands and what it rests on."""
    if each.get("patch"):
        place = f"set by `{each['patch']}`"
    elif each.get("file"):
        place = f"{each['file']}:{each['line']}"
    else:
        place = "by default"
    rests = ", ".join(each.get("source") or [str(each.get("status") or "")])
    return f"{each['path']}  {place}" + (f"  ({rests})" if rests and not each.get("patch") else "")


def _failure(plan: _Plan, width: int) -> list[str]:
    status = plan.data.get("status")
    groups = plan.data.get("conflict_groups", [])
    if not groups:
        said = [
            each["message"] for each in plan.data.get("diagnostics", []) if each.get("severity") == "error"
        ]
        return [f"{_name(plan)}: {status}: {'; '.join(said) or 'no plan'}"]
    lines = [f"{_name(plan)}: {status}; these cannot all hold:"]
    for group in groups:
        when = f" ({group['period']})" if group["period"] else ""
        lines += _folded(f"{group['words']}{when}", width, "   - ", INDENT)
        lines += [f"     {_place(each)}" for each in group["inputs"]]
    options = plan.data.get("repairs")
    if options is None:
        return [*lines, "  For what would repair it: `kloof solve` with this policy, then `kloof explain`."]
    if not options:
        return [*lines, "  No change of inputs behind these limits was found that gives it a plan."]
    lines.append("  What gives it a plan, the least change first; each was applied and checked:")
    for number, option in enumerate(options, start=1):
        kind = "" if option["kind"] == "the least change" else f"{option['kind']}: "
        for fix in option["patches"]:
            first, *others = fix.get("how") or [f"--set '{fix['patch']}'"]
            lines.append(f"{number:3}. {kind}{first}  (was {fix['old']:.10g})")
            lines += [f"{INDENT}{text}" for text in others]
            kind = ""
        if option.get("outcome"):
            lines += _folded(option["outcome"]["words"], width, INDENT, INDENT)
    return lines


# CSV --------------------------------------------------------------------------------------------------------


def _csv(plans: Sequence[_Plan]) -> str:
    """One line per binding limit; per conflicting limit and per patch of a repair where there is no plan."""
    import csv
    import io

    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, CSV_COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for plan in plans:
        head = {"country": plan.country, "policy": plan.policy, "status": plan.data.get("status")}
        head["leader_gap"] = plan.data.get("leader_gap", "")
        for rank, fact in enumerate(plan.data.get("binding", []), start=1):
            solved = (fact.get("solved") or {}).get("percent_effective_compute")
            said = {"solved_percent_effective_compute": solved}
            writer.writerow({**fact, **said, **_first(fact), **head, "rank": rank})
        for joint in plan.data.get("binding_together", []):
            said = {"row": f"together:{joint['name']}", "words": joint["sentence"]}
            solved = joint["solved"]["percent_effective_compute"]
            writer.writerow({**said, **head, "solved_percent_effective_compute": solved})
        for group in plan.data.get("conflict_groups", []):
            row = "/".join(part for part in (group["family"], group["item"]) if part)
            said = {"row": f"conflict:{row}", "period": group["period"], "words": group["words"]}
            writer.writerow({**said, **_first(group), **head})
        for rank, option in enumerate(plan.data.get("repairs", []), start=1):
            for fix in option["patches"]:
                said = {"row": "repair", "words": option["words"], "path": fix["patch"].split()[0]}
                said |= {"file": fix["file"], "line": fix["line"], "patch": fix["patch"]}
                writer.writerow({**said, **head, "rank": rank})
    return buffer.getvalue()


def _first(data: Mapping[str, Any]) -> dict[str, Any]:
    """Where the first input behind a limit stands."""
    first: Mapping[str, Any] = next(iter(data.get("inputs", [])), {})
    return {key: first.get(key) or "" for key in ("path", "file", "line", "patch")}
