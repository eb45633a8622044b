"""Regimes of `kloof controls` at prices that clear, and what a saved run of it spares the next."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.cli.options import Given

if TYPE_CHECKING:
    from optimizer.answer.controls import ControlsAnswer
    from optimizer.study.controls.design import Design
    from optimizer.study.equilibrium.equilibrium import Calibration


def progress_of_regimes(quiet: bool, what: str = "regimes") -> Callable[[int, int], None]:
    """Prints on stderr how many regimes are done, over itself on a terminal, else not at all."""
    from optimizer.cli.streams import is_terminal

    def tell(done: int, count: int) -> None:
        sys.stderr.write(f"\r\x1b[K{done} of {count} {what}")
        sys.stderr.flush()

    return tell if is_terminal(sys.stderr) and not quiet else lambda done, count: None


@dataclass(frozen=True)
class Clearing:
    """How regimes are cleared: what was asked of the command, how good an equilibrium must be, whether of
    every regime, and where a saved one of the instance as it is stands."""

    given: Given
    tolerance: float
    rounds: int
    every: bool
    against: Path | None

    def check(self, target: str) -> None:
        """Raise `InputError` for a market on which regimes cannot be cleared, or a base that cannot be read,
        before anything is solved."""
        from optimizer.cli.asking import opened
        from optimizer.study.controls.cleared import check_market
        from optimizer.study.equilibrium.membership import check_looked_at
        from optimizer.tell.files.equilibrium_files import read_search

        check_market(opened(replace(self.given, countries=())).ask, target)
        if self.against is not None:
            check_looked_at(read_search(self.against).regret)

    def clear(
        self, answer: ControlsAnswer, design: Design, before: Earlier | None, quiet: bool
    ) -> tuple[ControlsAnswer, Calibration | None]:
        """The answer with its regimes cleared, and where the search of the instance as it is ended. One that
        has not converged goes on from there. An interrupt keeps what is done."""
        from optimizer.cli.asking import opened
        from optimizer.cli.equilibrium import base_of, progress_of_search
        from optimizer.cli.progress import end_progress
        from optimizer.cli.session import note
        from optimizer.study.controls.cleared import Market, clear, nothing_cleared, with_cleared
        from optimizer.study.equilibrium.equilibrium import SearchInterrupted
        from optimizer.tell.files.equilibrium_files import read_search, search_text

        ask = opened(replace(self.given, countries=())).ask
        known = None if before is None else before.answer.cleared
        base = None if before is None else before.base
        if known is not None and (known.tolerance, known.rounds) != (self.tolerance, self.rounds):
            known = None
        try:
            if self.against is not None:
                base, held = read_search(self.against), base
                # regimes that were cleared from another base are others
                if held is None or search_text(held) != search_text(base):
                    known = None
            elif base is None or not (base.converged and base.regret <= self.tolerance):
                if not quiet:
                    note("prices of the instance as it is, from which each regime is cleared")
                base, known = (
                    base_of(self.given, self.tolerance, self.rounds, progress_of_search(quiet), base),
                    None,
                )
                end_progress(quiet)
        except KeyboardInterrupt as error:
            base = error.last if isinstance(error, SearchInterrupted) else base
            cleared = known or nothing_cleared(self.tolerance, self.rounds, self.every)
        else:
            cleared = clear(
                Market(ask, base, self.tolerance, self.rounds),
                design,
                answer,
                every=self.every,
                known=known,
                tell=progress_of_regimes(quiet, "regimes cleared"),
            )
            end_progress(quiet)
        return with_cleared(answer, cleared), base


@dataclass(frozen=True)
class Earlier:
    """A saved run of the same question: its answer and, where it has one, the search of the instance as it
    is."""

    answer: ControlsAnswer
    base: Calibration | None


def earlier(directory: Path, asked: Mapping[str, Any]) -> Earlier:
    """The run saved in a directory. Raises `InputError` where there is none that can be read, and (E750)
    where it does not answer what is `asked`, as manifests say it."""
    from optimizer.errors import Diagnostic, InputError
    from optimizer.tell.files.equilibrium_files import SEARCH, read_search
    from optimizer.tell.files.store import open_controls

    said, answer = open_controls(directory)
    other = [name for name, value in asked.items() if said.get(name) != value]
    if other:
        message = f"the run here answers another question: its {', '.join(other)} differs"
        hint = "ask as it was asked, or leave --resume out"
        raise InputError(Diagnostic("E750", message, file=str(directory), hint=hint))
    return Earlier(answer, read_search(directory) if (directory / SEARCH).exists() else None)
