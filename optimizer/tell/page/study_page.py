"""The page of a stored study: what was asked, what it says in charts and tables, how its scenarios ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from optimizer.answer import digits
from optimizer.errors import InputError
from optimizer.study.batch.outcomes import BINDING
from optimizer.study.sampling.conclude import cautions
from optimizer.study.sampling.study_file import Design
from optimizer.tell.page.figures import MISSING, Cell, Column, Figure, Row, Section, Table, amount, slug, text
from optimizer.tell.page.page import LARGEST_BYTES, Closing, assembled
from optimizer.tell.plot.charts import study_templates
from optimizer.tell.plot.draw import draw, names_in
from optimizer.tell.plot.drawings import unit_words
from optimizer.tell.plot.names import split_outcome
from optimizer.tell.plot.study import FAN, Choice, StoredStudy, choose, kinds_of, numbers, stems
from optimizer.tell.terminal.study_table import LEADERS, STATUSES

# Outcomes that a kind of chart is drawn of for each country, the first of them open.
MOST_CHARTS: Final = 6
MOST_NAMED: Final = 6
DESIGNS: Final = {
    "grid": "every combination of the values",
    "one_at_a_time": "one factor at a time",
    "latin_hypercube": "Latin hypercube",
    "sobol": "scrambled Sobol' draws",
    "morris": "Morris trajectories",
    "saltelli": "Saltelli blocks",
}
DIGITS: Final = "All digits: kloof study export."
CLOSING: Final = (
    "A plan that is optimal is within the study's gap of the best one there can be. A scenario without such "
    "a plan enters no chart and no table; how many there are stands beside each."
)


def study_html(study: StoredStudy) -> str:
    """The page as one HTML text of at most `LARGEST_BYTES`: where not all charts fit, those that stand folded
    are left out, the last first, and their number is given."""
    parts = [_country(study, country) for country in study.sample.countries]
    kept = max((len(part.folded) for part in parts), default=0)
    while True:
        page = _render(study, [_with_folded(part, kept) for part in parts])
        if len(page.encode()) <= LARGEST_BYTES or not kept:
            return page
        kept -= 1


def _with_folded(section: Section, kept: int) -> Section:
    """The section with so many of its folded figures."""
    left = len(section.folded) - kept
    if left <= 0:
        return section
    note = f"{left} more charts have no room on the page: `kloof study plot` draws them"
    return replace(section, folded=section.folded[:kept], notes=[*section.notes, note])


def _render(study: StoredStudy, countries: Sequence[Section]) -> str:
    document = study.header.document
    return assembled(
        study_templates(),
        title=str(document.get("title") or study.name),
        subtitle=[_asked(study)],
        sections=[_overview(study, countries), *(replace(each, points=[]) for each in countries)],
        closing=Closing(
            "Factors and scenarios", "Scenarios", CLOSING, DIGITS, [_factors(study), *_ends(study)]
        ),
        facts=_facts(study),
        changes=None,
        groups=[],
        left_out=0,
        sources=[],
        known_sources=set(),
    )


def _asked(study: StoredStudy) -> str:
    header, sample = study.header, study.sample
    whose = ", ".join(names_in(study, country).country for country in sample.countries)
    count = len(sample.axes)
    axes = f"{count} {'factor' if count == 1 else 'factors'}"
    design = DESIGNS[sample.study.design.method]
    return f"{header.total:,} scenarios of {whose}: {axes}, {design}; {LEADERS[header.leader]}"


def _overview(study: StoredStudy, countries: Sequence[Section]) -> Section:
    description = " ".join(str(study.header.document.get("description", "")).split())
    found = [point for section in countries for point in section.points]
    points = [*found[1:], *([description] if description else [])]
    notes = [*study.sample.notes, *cautions(study.conclusions.values())]
    return Section(
        key="overview",
        title="Overview",
        short="Overview",
        answer=" ".join(found[:1]),
        points=points,
        notes=notes,
        warnings=_warnings(study),
    )


def _warnings(study: StoredStudy) -> list[str]:
    counts, header = study.counts, study.header
    found = []
    if header.shard:
        found.append(f"Part {header.shard} of the study: all it says rests on {counts.rows:,} scenarios.")
    if counts.left:
        found.append(f"{counts.left:,} of {counts.rows:,} scenarios are not solved yet.")
    if counts.failed:
        found.append(f"{counts.failed:,} scenarios failed; their reasons stand below.")
    return found


def _country(study: StoredStudy, country: str) -> Section:
    """All charts of a country that fit the design: those of the first outcome open, others folded."""
    names = names_in(study, country)
    figures: list[Figure] = []
    folded: list[Figure] = []
    notes: list[str] = []
    points: list[str] = []
    for kind in kinds_of(study.sample):
        usual = choose(study.sample, kind, country).outcome
        for number, outcome in enumerate(_outcomes(study, kind, usual)):
            try:
                drawn = [each.figure for each in draw(study, Choice(kind, country, outcome))]
            except InputError as error:
                notes.append(f"{names.outcome(outcome)}: {error.diagnostics[0].message}")
                continue
            if number == 0:
                figures += drawn
                points += [f"{drawn[0].title}. {drawn[0].alt}"] if drawn and not points else []
            else:
                folded += drawn
    return Section(
        key=slug("country", country),
        title=f"{names.country} ({country})",
        short=country,
        points=points,
        figures=figures,
        tables=_quantiles(study, country),
        notes=list(dict.fromkeys(notes)),
        folded=folded,
        folded_title="Other outcomes",
    )


def _outcomes(study: StoredStudy, kind: str, usual: str) -> list[str]:
    """The outcomes that are drawn, the usual one first: of each metric the last period."""
    if kind == FAN:
        known = list(stems(study.sample))
    else:
        last = {split_outcome(outcome)[0]: outcome for outcome in numbers(study.sample)}
        known = list(last.values())
    return list(dict.fromkeys([usual, *known]))[:MOST_CHARTS]


def _quantiles(study: StoredStudy, country: str) -> list[tuple[str, Table]]:
    """Of draws: three quantiles of every outcome, each with its interval."""
    rows = []
    for outcome in study.sample.outcomes:
        if outcome == BINDING or (country, outcome) not in study.conclusions:
            continue
        found = study.conclusion(country, outcome)
        if found.band is None:
            continue
        cells = [text(names_in(study, country).outcome(outcome)), text(unit_words(found.unit))]
        for one in found.band.quantiles:
            cells += [amount(one.value), text(f"{_number(one.low)} to {_number(one.high)}")]
        rows.append(Row([*cells, text(f"{found.missing:,}")]))
    if not rows:
        return []
    columns = [Column("outcome", text=True), Column("unit", text=True)]
    for level in ("5%", "median", "95%"):
        columns += [Column(level), Column("interval", level, text=True)]
    columns.append(Column("without an answer", "scenarios"))
    title = "Quantiles over the draws, each with its 95% interval"
    return [(title, Table(slug("quantiles", country), columns, rows))]


def _number(value: float) -> str:
    return "open" if value in (float("inf"), float("-inf")) else digits.significant(value, 3)


def _factors(study: StoredStudy) -> tuple[str, Table]:
    """Every factor with where it stood."""
    sample = study.sample
    names = names_in(study, sample.countries[0])
    known = [(axis, sample.factors[member], member) for axis in sample.axes for member in axis.members]
    words = any(isinstance(row.values[member], str) for row in sample.rows for *_, member in known)
    rows = []
    for axis, factor, member in known:
        values = [row.values[member] for row in sample.rows]
        plain = [each for each in values if not isinstance(each, str)]
        said = list(dict.fromkeys(each for each in values if isinstance(each, str)))
        ends = [amount(min(plain)), amount(max(plain))] if plain else [Cell(MISSING)] * 2
        own = f" ({factor.name.replace('_', ' ')})" if len(axis.members) > 1 else ""
        cells = [text(f"{names.with_unit(axis.name)}{own}"), *ends]
        cells += [text(_some(said, MOST_NAMED))] if words else []
        rows.append(Row([*cells, text(_some(factor.cells, 3))]))
    columns = [Column("factor, and what its numbers are", text=True), Column("least"), Column("most")]
    columns += [Column("in words", text=True)] if words else []
    table = Table("factors", [*columns, Column("inputs", text=True)], rows, stacks=True)
    return "Factors, and between which values they stood", table


def _some(texts: Sequence[str], most: int) -> str:
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def _ends(study: StoredStudy) -> list[tuple[str, Table]]:
    counts = study.counts
    shown = [each for each in STATUSES if any(status == each for _, status in counts.by_status)]
    rows = [
        Row(
            [
                text(names_in(study, country).country),
                *(text(f"{counts.by_status.get((country, each), 0):,}") for each in shown),
            ]
        )
        for country in study.header.countries
    ]
    found = [
        (
            "Scenarios by how they ended",
            Table("scenarios", [Column("country", text=True), *map(Column, shown)], rows),
        )
    ]
    if counts.reasons:
        reasons = [Row([text(reason), text(f"{count:,}")]) for reason, count in counts.reasons]
        columns = [Column("reason", text=True), Column("plans")]
        found.append(("Why there is no plan", Table("reasons", columns, reasons)))
    return found


def _facts(study: StoredStudy) -> list[tuple[str, str]]:
    header, counts = study.header, study.counts
    file = study.sample.study.file
    found = [
        ("Study", f"{study.name} (kloof sweep)"),
        ("Key", header.key),
        ("Instance", str(header.document.get("instance", ""))),
        ("Policy of the base", str(header.document.get("policy") or "")),
        ("Changes of the base", "; ".join(map(str, header.document.get("patches") or ()))),
        ("Design", _design(study.sample.study.design, file.seed)),
        ("Objective", file.objective or "the instance's own"),
        ("Gap", f"{header.gap:g} average log units"),
        ("Leader", LEADERS[header.leader]),
        ("Done", f"{counts.done:,} of {counts.rows:,} scenarios"),
        ("How", ", ".join(f"{count:,} {how}" for how, count in counts.by_how.items())),
        ("Versions", f"kloof {header.kloof_version}"),
    ]
    return [(name, value) for name, value in found if value]


def _design(design: Design, seed: int) -> str:
    sizes = [
        f"{value} {name}"
        for name, value in (
            ("draws", design.draws),
            ("trajectories", design.trajectories),
            ("levels", design.levels),
        )
        if value is not None
    ]
    return ", ".join([DESIGNS[design.method], *sizes, f"seed {seed}"])
