"""How far plans or a batch are, on stderr while they are solved: over itself on a terminal, elsewhere of a
batch a line now and then, of plans nothing, and with --verbose a line now and then of a tree."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from optimizer.cli.streams import is_terminal, note

if TYPE_CHECKING:
    from optimizer.solver.progress import Progress as TreeProgress
    from optimizer.study.batch.drain import Progress
    from optimizer.study.telling import Searching, Solved

# Seconds between what is written to a terminal, and to a log.
TERMINAL_SECONDS: Final = 0.2
LOG_SECONDS: Final = 30.0
TREE_LOG_SECONDS: Final = 10.0
ENDING: Final = "ending: what is at work is finished and kept; Ctrl-C stops at once"


class PlanProgress:
    """Tells of the plans of the countries asked about, as each is solved."""

    def __init__(self, asked: Sequence[str]) -> None:
        self._asked = asked
        self._done: set[str] = set()
        self._terminal = is_terminal(sys.stderr)
        self._told = -math.inf

    def __call__(self, said: Solved | Searching) -> None:
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{self.line(said)}")
            sys.stderr.flush()
        elif not hasattr(said, "plans") and time.monotonic() - self._told >= TREE_LOG_SECONDS:
            self._told = time.monotonic()
            note(self.line(said))

    def line(self, said: Solved | Searching) -> str:
        """`solving USA`, `CHN: 3 of 28 columns (1 of 14 countries done)`, `CHN done (2 of 14)`."""
        from optimizer.study.telling import Searching

        if isinstance(said, Searching):
            return tree_text(said.country, said.scenario, said.tree)
        if not said.plans:
            return f"solving {said.country}"
        count = len(self._asked)
        if said.plans < said.of:
            return (
                f"{said.country}: {said.plans} of {said.of} columns "
                f"({len(self._done)} of {count} countries done)"
            )
        if said.country not in self._asked:
            return f"{said.country} done, whom the others follow"
        self._done.add(said.country)
        return f"{said.country} done ({len(self._done)} of {count})"


def plan_progress(asked: Sequence[str], quiet: bool, verbose: bool = False) -> PlanProgress | None:
    """What tells of plans: nothing does where no person reads it, unless more detail is asked for."""
    return PlanProgress(asked) if (is_terminal(sys.stderr) or verbose) and not quiet else None


def end_progress(quiet: bool) -> None:
    """Take the last line of progress off the terminal, before all else that is written."""
    if is_terminal(sys.stderr) and not quiet:
        sys.stderr.write("\r\x1b[K")


class BatchProgress:
    """Tells of a batch: give it to `drain`, and call `end` before all else that is written."""

    def __init__(self) -> None:
        self._terminal = is_terminal(sys.stderr)
        self._told: float | None = None
        self._last = ""
        self._ending = False

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        first_of_ending = progress.ending and not self._ending and progress.left > 0
        pause = TERMINAL_SECONDS if self._terminal else LOG_SECONDS
        self._last = progress_text(progress)
        if self._told is not None and now - self._told < pause and not first_of_ending:
            return
        self._told = now
        if first_of_ending:
            self._ending = True
            self._clear()
            note(ENDING)
        self._show()

    def searching(self, country: str, tree: TreeProgress) -> None:
        """Tell of the base, which is solved before all rows."""
        now = time.monotonic()
        if self._told is None or now - self._told >= (TERMINAL_SECONDS if self._terminal else LOG_SECONDS):
            self._told, self._last = now, f"base: {tree_text(country, '', tree)}"
            self._show()

    def begin(self) -> None:
        """Take what was said of the base off, before the rows."""
        self._clear()
        self._told, self._last = None, ""

    def end(self) -> None:
        """Leave how far it came as the last line."""
        self._clear()
        if self._last:
            note(self._last)

    def _show(self) -> None:
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{self._last}")
            sys.stderr.flush()
        else:
            note(self._last)
            self._last = ""

    def _clear(self) -> None:
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def progress_text(progress: Progress) -> str:
    """`120 done, 2 failed, 880 left; 4.1 per second, 3 min left`."""
    text = f"{progress.done:,} done, {progress.failed:,} failed, {progress.left:,} left"
    if progress.per_second is None:
        return text
    rate = progress.per_second
    pace = f"{rate:.3g} per second" if rate >= 1 else f"{60 * rate:.3g} per minute"
    left = progress.seconds_left
    return f"{text}; {pace}" + (f", about {duration(left)} to go" if left else "")


def tree_text(country: str, scenario: str, tree: TreeProgress) -> str:
    """`CHN in euv_sold: bound 151.6, plan 151.4, gap 3e-03, 1,204 nodes, 40 s left`."""
    who = f"{country} in {scenario}" if scenario else country
    known = math.isfinite(tree.plan)
    plan = f"plan {tree.plan:.6g}, gap {tree.gap:.0e}" if known else "no plan yet"
    left = f", {duration(tree.seconds_left)} left" if math.isfinite(tree.seconds_left) else ""
    return f"{who}: bound {tree.bound:.6g}, {plan}, {tree.nodes:,} nodes{left}"


def duration(seconds: float) -> str:
    """A time as a person says it: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    if seconds < 60:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(round(minutes / 60), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
