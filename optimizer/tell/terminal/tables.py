"""Tables for people: rich tables as plain text, and the summary with one line per country."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rich import box
from rich.console import Console, ConsoleRenderable
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from models.parameters import CATEGORIES
from optimizer.answer import digits, ranges
from optimizer.answer.answer import Headline
from optimizer.answer.bands import LAG, NOT_COMPUTED, NOT_OF_A_VIEW, Bands
from optimizer.answer.run import INFEASIBLE, PROVISIONAL_MARK, STOPPED, CountryRun, WorldRun
from optimizer.answer.summary import headline, lag_in_table, lag_mark_in
from optimizer.tell.bands import of_draws, span
from optimizer.tell.fitted import FITTED
from optimizer.tell.words import LOG_UNIT, RATED

PLAIN_WIDTH: Final = 120
# What the bands of two lags take.
BANDS_WIDTH: Final = 24
ROWS_NAMED: Final = 6
CHANGES_NAMED: Final = 2
PASSES_LEADER: Final = "S105"
EXCLUDE_EACH_OTHER: Final = "S106"
STARRED: Final = re.compile(r"\d\*")
SHARES_OF: Final = (
    "shares are of the cost of use (capital charge, rent, energy; wages and investment as paid); "
    "`paid` is all cash out"
)
BELOW_MARK: Final = re.compile(r"<\d")
BELOW: Final = "< a share that is not nothing, but less than this: at this gap shares are known no better"
LOOSE: Final = "~ plans as good, but dearer, split otherwise: shares are those of the cheapest, in tens"
# Tables keep their natural width: a number cut short by a narrow screen would be a wrong number.
UNLIMITED: Final = 10_000


@dataclass(frozen=True)
class Screen:
    """Where tables go: its width in characters and whether it shows colour."""

    width: int = PLAIN_WIDTH
    colour: bool = False

    def render(self, parts: Iterable[ConsoleRenderable | str]) -> str:
        """The parts one below the other as text, without trailing spaces."""
        buffer = io.StringIO()
        console = Console(
            file=buffer,
            width=UNLIMITED,
            force_terminal=self.colour,
            color_system="standard" if self.colour else None,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, str))
        lines = [line.rstrip() for line in buffer.getvalue().splitlines()]
        return "\n".join(lines).rstrip("\n") + "\n"


def grid(heads: Sequence[str], body: Iterable[Sequence[str]], left: int = 1) -> Table:
    """A table whose first `left` columns are text and whose others are numbers, never truncated."""
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 0, 0, 1)
    )
    for position, head in enumerate(heads):
        side: Literal["left", "right"] = "left" if position < left else "right"
        table.add_column(head, justify=side, no_wrap=True, overflow="fold", vertical="bottom")
    for row in body:
        table.add_row(*row)
    return table


def heading(text: str) -> Text:
    """A bold line."""
    return Text(text, style="bold", no_wrap=True)


def indented(part: ConsoleRenderable) -> Padding:
    """Two columns to the right."""
    return Padding(part, (0, 0, 0, 2))


def summary(
    world: WorldRun,
    screen: Screen,
    more_notes: Sequence[str] = (),
    hint: bool = True,
    bands: Bands | None = None,
) -> list[ConsoleRenderable | str]:
    """One line per country, the leader first and then the most capable, with what a reader must know below.

    `hint`: say how to see a plan in full. With `bands` a lag has 5 to 95% of the draws behind it.
    """
    solved = by_rank(world)
    parts: list[ConsoleRenderable | str] = []
    lines: list[list[str]] = []
    if solved:
        runs = [run for run, _ in solved]
        first = next(period for run in runs if run.parameters for period in run.parameters.sets.periods)
        parts += [heading(_title(world, first, solved[0][1].last)), ""]
        lines = [_cells(run, top, bands) for run, top in solved]
        needed = PLAIN_WIDTH + (0 if bands is None else BANDS_WIDTH)
        names = [f"{run.country} {world.instance.countries[run.country].name}" for run in runs]
        if screen.width >= needed + max(map(len, names)):
            lines = [[name, *line[1:]] for name, line in zip(names, lines, strict=True)]
        heads = _heads(world, first, solved[0][1])
        if screen.width >= needed:
            parts.append(grid(heads, lines))
        else:
            split = 1 + len(CATEGORIES) + 1
            parts.append(grid(heads[:split], [line[:split] for line in lines]))
            parts.append("")
            parts.append(grid([heads[0], *heads[split:]], [[line[0], *line[split:]] for line in lines]))
        if any(run.ranges for run in runs):
            spread = [[run.country, *ranges.widest(run)] for run in runs if run.ranges]
            heads = ["all plans within the gap", "shares\npoints", "capability\nlog units", "lag\nmonths"]
            parts += ["", grid(heads, spread)]
    planned = [run.country for run, _ in solved]
    failed = [run for run in world.countries.values() if run.country not in planned]
    parts += [""] if solved and failed else []
    parts += [f"{run.country}  {run.marked_status}: {reason(run)}" for run in failed]
    if solved:
        parts += ["", _outcome(world, solved[min(1, len(solved) - 1)][0].country if hint else None)]
        unknown = NOT_COMPUTED if all(run.rolled is None for run in runs) else NOT_OF_A_VIEW
        parts.append(
            unknown if bands is None else f"months behind: of this plan ({of_draws(bands, planned)})"
        )
    notes = [*_notes(world, lines), *more_notes]
    if notes:
        parts += [*([] if solved else [""]), *notes]
    return parts


def by_rank(world: WorldRun) -> list[tuple[CountryRun, Headline]]:
    """The countries that have a plan with their headline numbers: the leader, then the most capable first."""
    tops = ((run, headline(run, world.leader_run)) for run in world.countries.values())
    found = [(run, top) for run, top in tops if top is not None]
    found.sort(key=lambda pair: (pair[0].country != world.leader, -(pair[1].effective_ratio or 0.0)))
    return found


def _title(world: WorldRun, first: str, last: str) -> str:
    policy = f", policy {world.policy}" if world.policy else ""
    few = _changes(world)
    changed = f", {len(world.applied)} values changed" if world.applied and not few else ""
    title = (
        f"{world.instance.name}, {first} to {last}{policy}{changed}: "
        f"how the cost of use splits, and what comes of it; leader {world.leader}"
    )
    return f"{title}\nwith {few}" if few else title


def _changes(world: WorldRun) -> str:
    """The changes themselves where they are few, else nothing."""
    few = len(world.applied) <= CHANGES_NAMED
    return " and ".join(dict.fromkeys(each.text for each in world.applied)) if few else ""


def _outcome(world: WorldRun, country: str | None) -> str:
    """How the countries ended, the widest gap of those with a plan, and how to see a plan in full."""
    text = ended([world])
    return f"{text}; a plan in full, year by year: --country {country}" if country else text


def ended(worlds: Sequence[WorldRun]) -> str:
    """How many plans ended how, and the widest gap of those there are."""
    runs = [run for world in worlds for run in world.countries.values()]
    counts = Counter(run.marked_status for run in runs)
    gaps = [run.gap for run in runs if run.solved and run.gap is not None]
    text = ", ".join(f"{count} {status}" for status, count in counts.items())
    text += f", gap <= {digits.scientific(max(gaps))}" if gaps else ""
    return f"interrupted: {text}" if any(world.interrupted for world in worlds) else text


def _heads(world: WorldRun, first_period: str, top: Headline) -> list[str]:
    first, last = first_period[:4], top.last[:4]
    years = first if first == last else f"{first}-{last[2:]}"
    return [
        "",
        *(f"{name}\n%" for name in CATEGORIES),
        f"paid\nUSD bn\n{years}",
        "compute\nMH100e\nstart",
        f"compute\nMH100e\n{top.last}",
        f"capability\nlog units\n{top.last}",
        f"months\nbehind\n{top.middle}",
        f"months\nbehind\n{top.last}",
        f"effective\n% {world.leader}\n{top.last}",
        "gap",
    ]


def _cells(run: CountryRun, top: Headline, bands: Bands | None) -> list[str]:
    start, end = (value / 1000 for value in top.installed_kh100e.values())
    leads = run.leader is not None and run.leader.country == run.country
    return [
        run.country,
        *digits.split_percents(
            list(top.split.values()), top.widths["spend_share"], ranges.finest(run, "spend_share")
        ),
        digits.significant(top.paid_usd_bn, 3, top.widths["paid"]),
        digits.significant(start, 3),
        digits.significant(end, 2, top.widths["compute"]),
        digits.fixed(top.capability[top.last], ranges.decimals(run, "capability")),
        *lag_cells(run, top, ranges.decimals(run, "lag_months"), bands),
        _percent(top.effective_ratio, 0.0 if leads else top.widths["capability"]),
        gap_cell(run),
    ]


def lag_cells(run: CountryRun, top: Headline, decimals: int, bands: Bands | None = None) -> list[str]:
    """A plan's lag at mid-horizon and horizon, under heads that say `months behind`, with its band."""
    if top.lag_months is None:
        return ["n/a", "n/a"]
    cells = []
    for period in (top.middle, top.last):
        cell = lag_in_table(top.lag_months[period], decimals, lag_mark_in(run, period))
        band = bands and span(bands.band(run.country, f"{LAG}/{period}"), max(decimals, 0))
        cells.append(f"{cell} ({band})" if band else cell)
    return cells


def is_loose(run: CountryRun) -> bool:
    """Whether shares may vary by more than ten points, and are marked so."""
    return run.solved and ranges.width(run, "spend_share") > 0.1


def _percent(ratio: float | None, width: float) -> str:
    return "n/a" if ratio is None else digits.significant(100 * ratio, width=width)


def gap_cell(run: CountryRun) -> str:
    """A plan's gap with the marks of one that is not certified."""
    if run.gap is None:
        return "n/a"
    gap: str = digits.scientific(run.gap)
    marks = ("#" if run.status == STOPPED else "") + (PROVISIONAL_MARK if run.provisional else "")
    return gap + marks


def reason(run: CountryRun) -> str:
    """Why a country has no plan."""
    limits = [diagnostic for diagnostic in run.diagnostics if diagnostic.code == EXCLUDE_EACH_OTHER]
    if limits:
        return f"{len(limits)} limits exclude each other, listed as errors"
    if run.status == INFEASIBLE and run.solution is not None and run.solution.conflict:
        conflict = run.solution.conflict
        more = f" and {len(conflict) - ROWS_NAMED} more" if len(conflict) > ROWS_NAMED else ""
        return f"these rows cannot hold together: {', '.join(conflict[:ROWS_NAMED])}{more}"
    errors = [diagnostic.message for diagnostic in run.diagnostics if diagnostic.severity == "error"]
    if errors:
        return "; ".join(errors)
    return run.solution.message if run.solution is not None else "no plan"


def warnings(world: WorldRun) -> list[str]:
    """What plans warn of. Of the countries that pass the leader only the most advanced is named: it is the
    one to lead."""
    runs = list(world.countries.values())
    found = [each for run in runs for each in run.diagnostics if each.severity == "warning"]
    passing = [
        each
        for run in sorted((run for run in runs if run.solved), key=_level, reverse=True)
        for each in run.diagnostics
        if each.code == PASSES_LEADER
    ]
    others = f" ({len(passing) - 1} more pass it)" if len(passing) > 1 else ""
    told = [
        f"{each.message}{others if each.code == PASSES_LEADER else ''}"
        + (f": {each.hint}" if each.hint else "")
        for each in [*passing[:1], *(each for each in found if each.code != PASSES_LEADER)]
    ]
    return list(dict.fromkeys(told))


def _level(run: CountryRun) -> float:
    """Capability at the horizon."""
    assert run.parameters is not None
    assert run.values is not None
    return float(run.values["capability"][run.parameters.sets.reported - 1])


def _notes(world: WorldRun, lines: Sequence[Sequence[str]]) -> list[str]:
    """What a reader must know of a table of `lines`, and of each mark that stands in it."""
    notes = [SHARES_OF, FITTED, RATED, LOG_UNIT] if lines else []
    notes += notes_of_plans(world)
    return notes + notes_of_marks(world, [cell for line in lines for cell in line])


def notes_of_marks(world: WorldRun, texts: Sequence[str]) -> list[str]:
    """What the marks of lags and shares mean that stand in some of the texts."""
    notes = []
    if any(STARRED.search(text) for text in texts):
        notes.append(f"* reaches back before {world.leader}'s base state, extended by its growth until then")
    if any(">" in text for text in texts):
        notes.append(beyond_note(world.leader))
    return [*notes, BELOW] if any(BELOW_MARK.search(text) for text in texts) else notes


def notes_of_plans(world: WorldRun) -> list[str]:
    """What a reader must know of the plans themselves, in whichever form they are shown."""
    notes = []
    for country in world.countries:
        bloc = world.instance.countries[country].part_of
        if bloc in world.countries:
            notes.append(f"{country} is part of {bloc}, which counts it: never add the two")
    if any(run.status == STOPPED for run in world.countries.values()):
        notes.append("# stopped before the gap asked for: a better plan may exist, within the gap shown")
    if world.provisional:
        notes.append(provisional_note(world.leader))
    notes += [f"! {text}" for text in warnings(world)]
    if any(is_loose(run) for run in world.countries.values()):
        notes.append(LOOSE)
    return notes


def provisional_note(leader: str) -> str:
    """What the mark of a provisional plan means."""
    return f"{PROVISIONAL_MARK} follows a plan of {leader} that is not certified to the gap asked for"


def beyond_note(leader: str) -> str:
    """What `>` before a lead means."""
    return f"> beyond all that {leader} reaches in the horizon: ahead by more than this"
