"""The page put together: sections, charts, runtime and style in one HTML text that asks for nothing else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from optimizer.answer.answer import Remark, SolveAnswer
from optimizer.answer.summary import INTERRUPTED, NOTHING_DONE
from optimizer.tell.fitted import FITTED_SENTENCE
from optimizer.tell.page import charts, comparison_sections, headline, overview, provenance, words
from optimizer.tell.page.bands import bands_notes, bands_points, country_bands, overview_bands
from optimizer.tell.page.beyond import beyond_tables
from optimizer.tell.page.figures import Section, Table, slug
from optimizer.tell.page.market_section import market_sections
from optimizer.tell.page.own import own_page_tables
from optimizer.tell.page.plan_figures import plan_figures
from optimizer.tell.page.provenance import Group
from optimizer.tell.page.saved import NOT_SOLVED, SavedRun
from optimizer.tell.terminal.tables import PASSES_LEADER
from optimizer.tell.words import FOR_GOOD, LOG_UNIT, RATED, sentence

LARGEST_BYTES: Final = 1_500_000
RUNTIME: Final = "window.vegaEmbed=vegaEmbed;"
ABOUT_ASSUMPTION: Final = 150
CERTIFIED: Final = (
    "No plan is better than the one shown by more than its gap; every row of the true model was checked at "
    "the plan. Where there is no plan, nothing is certified."
)
ROLLED: Final = (
    "A rolled plan is no optimum: its bound and gap here are against the best plan that sees all years. "
    "Each of its windows is certified, and every row of the true model was checked at the plan."
)
DIGITS: Final = Markup(
    "All digits are in <code>strategy.csv</code> and <code>summary.json</code> of the run."
)


@dataclass(frozen=True)
class Closing:
    """The part on how certain all is: its title, the short one, what it says, where all digits are, and its
    tables with their captions."""

    title: str
    short: str
    text: str
    digits: str
    tables: Sequence[tuple[str, Table]]


def report_html(run: SavedRun) -> str:
    """The report of a run as one HTML text of at most `LARGEST_BYTES`.

    Where not all inputs behind the plans fit, the last of them, chips first, are left out and counted.
    """
    groups = provenance.assumptions(run)
    every = sum(len(group.inputs) for group in groups)
    kept = list(groups)
    while True:
        page = _render(run, kept, every - sum(len(group.inputs) for group in kept))
        excess = len(page.encode()) - LARGEST_BYTES
        if excess <= 0 or not kept:
            return page
        kept = _without(kept, 1 + excess // ABOUT_ASSUMPTION)


def _without(groups: Sequence[Group], count: int) -> list[Group]:
    """The groups without their last `count` inputs."""
    kept = list(groups)
    while kept and count > 0:
        last = kept.pop()
        if len(last.inputs) > count:
            kept.append(Group(last.title, last.prefix, last.inputs[:-count]))
        count -= len(last.inputs)
    return kept


def sections(run: SavedRun) -> list[Section]:
    """The overview, then one section per country."""
    if run.is_comparison:
        first, *others = comparison_sections.sections(run, warnings(run))
        return [first, *market_sections(run), *others]
    known = [plan.country for plan in overview.ranked(run)]
    solved = [run.base(country) for country in known if run.base(country).solved]
    some = bool(solved)
    countries = overview.countries_table(run)
    first = Section(
        key="overview",
        title="Overview",
        short="Overview",
        answer=headline.answer(run),
        points=[*words.points(run), *words.view_points(run), *(bands_points(run, solved) if some else [])],
        figures=overview.overview_figures(run),
        tables=[
            ("Countries side by side" if len(known) > 1 else "The plan in one line", countries),
            *overview_bands(run, solved),
        ]
        if some
        else [],
        notes=[
            FITTED_SENTENCE,
            sentence(RATED),
            sentence(FOR_GOOD),
            *overview.marks_notes(countries),
            *_parts_note(run),
            *bands_notes(run, solved),
        ]
        if some
        else [],
        warnings=warnings(run),
    )
    return [first, *market_sections(run), *(country_section(run, country) for country in known)]


def country_section(run: SavedRun, country: str) -> Section:
    """One country's plan: in words, in figures, or why there is none."""
    plan = run.base(country)
    note = run.note(country)
    title = f"{run.name(country)} ({country})" if run.name(country) != country else country
    return Section(
        key=slug("country", country),
        title=title if plan.solved else f"{title}: no plan",
        short=country,
        answer=headline.answer_of_country(run, plan) if plan.solved else "",
        points=words.country_points(run, plan) if plan.solved else words.failed(plan),
        figures=plan_figures(run, plan) if plan.solved else [],
        tables=country_bands(run, plan) if plan.solved else [],
        after=[*beyond_tables(plan), *own_page_tables(plan)] if plan.solved else [],
        notes=[f"About the data: {note}"] if note else [],
    )


def warnings(run: SavedRun) -> list[str]:
    """What a reader must know before all else: warnings of the run and of its plans, each once, with the
    policies under which it holds.

    Of the countries that pass the leader only the most advanced is told of, as in the tables of commands.
    """
    found = [(each.policy or run.baseline, each) for each in run.answer.diagnostics]
    passing: dict[str, list[tuple[float, Remark]]] = {}
    for plan in run.all_plans:
        for each in plan.answer.diagnostics:
            if each.code == PASSES_LEADER and plan.answer.headline is not None:
                reached = plan.top.effective_ratio or 0.0
                passing.setdefault(plan.policy, []).append((reached, each))
            else:
                found.append((plan.policy, each))
    for policy, several in passing.items():
        _, first = max(several, key=lambda pair: pair[0])
        others = words.counted(len(several) - 1, "more passes", "more pass")
        more = f" ({others} it)" if len(several) > 1 else ""
        found.append((policy, first.model_copy(update={"message": f"{first.message}{more}"})))
    policies: dict[str, list[str]] = {}
    for policy, each in found:
        if each.severity == "warning":
            policies.setdefault(each.text, []).append(policy)
    texts = [f"{_where(run, under)}{text}" for text, under in policies.items()]
    texts += _demand(run)
    if run.answer.status == INTERRUPTED:
        texts.insert(0, _interrupted(run))
    return texts


def _where(run: SavedRun, policies: Sequence[str]) -> str:
    """Under which policies of a comparison something holds; nothing where it does under all."""
    named = [name for policy, name in run.policy_names.items() if policy in policies]
    if not run.is_comparison or len(named) == len(run.policy_names):
        return ""
    if run.baseline in policies:
        return "In the baseline: "
    return f"Under {words.listed_names(named)}: "


def _interrupted(run: SavedRun) -> str:
    if not run.plans:
        return f"{NOTHING_DONE.capitalize()}."
    if not run.is_comparison:
        return "Interrupted: only the countries that were done are here."
    plans = list(run.all_plans)
    done = sum(plan.tried for plan in plans)
    return f"Interrupted after {done} of {len(plans)} plans; the others are marked “{NOT_SOLVED}”."


def _demand(run: SavedRun) -> list[str]:
    """Chips of which all countries together would buy more than the world makes, in one sentence."""
    years: dict[str, list[str]] = {}
    for each in run.answer.world_demand if isinstance(run.answer, SolveAnswer) else ():
        if each.exceeds:
            years.setdefault(each.chip, []).append(str(each.year))
    if not years:
        return []
    listed = "; ".join(f"{run.chip(chip)} in {', '.join(found)}" for chip, found in years.items())
    return [f"All countries together would buy more than the world makes: {listed}."]


def _parts_note(run: SavedRun) -> list[str]:
    return [
        f"{run.name(country)}: {note.partition('. ')[0]}."
        for country in run.plans
        if (note := run.note(country)).lower().startswith("part of ")
    ]


def _render(run: SavedRun, groups: Sequence[Group], left_out: int) -> str:
    listed = provenance.sources(run) if groups else []
    # the overview of a comparison has capability in log units, and says what they are
    digits = DIGITS if run.is_comparison else f"{DIGITS} {sentence(LOG_UNIT)}"
    return assembled(
        charts.templates(),
        title=title(run),
        subtitle=subtitle(run),
        sections=sections(run),
        closing=Closing("Certificates and versions", "Certificates", _proof(run), digits, _certified(run)),
        facts=provenance.facts(run),
        changes=provenance.changes(run),
        groups=groups,
        left_out=left_out,
        sources=listed,
        known_sources={source.key for source in listed},
    )


def _proof(run: SavedRun) -> str:
    return CERTIFIED if run.view is None else ROLLED


def _certified(run: SavedRun) -> list[tuple[str, Table]]:
    return [("Certificates", provenance.certificates(run))]


def assembled(templates: Mapping[str, object], **parts: object) -> str:
    """A page of the parts that `page.html` names, with the charts that it draws."""
    environment = Environment(
        loader=PackageLoader("optimizer.tell.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    runtime = _runtime()
    script = _script(_text(environment, "page.js"))
    return environment.get_template("page.html").render(
        policy=_policy(runtime, script),
        style=Markup(_text(environment, "page.css")),
        charts=_data({"templates": templates, "config": charts.CONFIG}),
        runtime=_packed(runtime),
        script=Markup(script),
        version=_version(),
        **parts,
    )


def title(run: SavedRun) -> str:
    first = next((plan for plan in run.all_plans if plan.solved), None)
    if not run.plans:
        kind = NOTHING_DONE
    elif run.is_comparison:
        kind = "policies compared"
    else:
        names = ", ".join(map(run.name, run.plans))
        kind = "who leads, and by how much" if first else f"no plan for {names}"
    period = f"{first.periods[0]} to {first.periods[-1]}" if first else run.horizon
    return f"{run.instance}{', ' if period else ''}{period}: {kind}"


def subtitle(run: SavedRun) -> list[str]:
    """What was asked, in a line or two."""
    lines = []
    if run.is_comparison:
        policies = words.counted(len(run.policies), "policy", "policies")
        lines.append(f"{policies} beside the baseline; leader: {run.name(run.leader)}")
    elif isinstance(run.answer, SolveAnswer) and run.answer.policy:
        lines.append(f"Policy: {run.answer.policy}; leader: {run.name(run.leader)}")
    else:
        lines.append(f"{_strategies(run)}; leader: {run.name(run.leader)}")
    by_hand = run.manifest.set
    if by_hand:
        lines.append(f"With {'; '.join(by_hand)}")
    return lines


def _strategies(run: SavedRun) -> str:
    """How many countries there are, and how many have a plan."""
    names = [run.name(country) for country in run.plans]
    solved = sum(run.base(country).solved for country in run.plans)
    if not names:
        return NOTHING_DONE.capitalize()
    if not solved:
        return f"No plan for {', '.join(names)}"
    if any(plan.answer.leader_gap is not None for plan in run.all_plans):
        return f"Strategies beside a leader that is not certified: {', '.join(names)}"
    if run.view is not None:
        return f"Decided year by year with {run.view}: {', '.join(names)}"
    if len(names) == 1:
        return f"Optimal strategy of {names[0]}"
    return f"Optimal strategies of {f'{solved} of ' if solved < len(names) else ''}{len(names)} countries"


def _text(environment: Environment, name: str) -> str:
    loader = environment.loader
    assert loader is not None
    return loader.get_source(environment, name)[0]


def _script(source: str) -> str:
    """Source as the text of a script element. Raises `ValueError` where it would end the element."""
    if "</script" in source.lower() or "<!--" in source:
        raise ValueError("the script would end its own element")
    return source


@cache
def _runtime() -> str:
    """The library that draws the charts, as shipped with vl-convert."""
    source: str = vl_convert.javascript_bundle(RUNTIME, vl_version=charts.vega_lite_version())
    return source


def _packed(source: str) -> str:
    """The runtime compressed, as base64: less than half its size. The page unpacks it."""
    return base64.b64encode(gzip.compress(source.encode(), mtime=0)).decode()


def _policy(*scripts: str) -> str:
    """A policy that lets nothing be loaded and no script run but these."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _data(value: object) -> Markup:
    """JSON that cannot end the element it stands in."""
    return Markup(json.dumps(value, separators=(",", ":")).replace("<", "\\u003c"))


def _version() -> str:
    try:
        return version("kloof")
    except PackageNotFoundError:
        return ""
