"""What an interrupt leaves of a search for prices: where it stands, and no plan."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.cli.options import Output, Saving

if TYPE_CHECKING:
    from optimizer.cli.asking import Opened
    from optimizer.study.equilibrium.equilibrium import Calibration


@dataclass(frozen=True)
class Keeping:
    """What a command on one market would save, asked for and `started` then; `resume`: a search saved in
    `directory` was gone on with."""

    asking: Opened
    written: Mapping[str, Any]
    directory: Path
    saving: Saving
    output: Output
    resume: bool
    started: float

    def keep(self, last: Calibration) -> int:
        """Save where the search stood and say so; the exit code."""
        from optimizer.answer.run import WorldRun
        from optimizer.answer.summary import NOT_CONVERGED
        from optimizer.cli.progress import end_progress
        from optimizer.cli.session import INTERRUPTED, emit_json, interrupts_held, note, report, strongest
        from optimizer.cli.solve import save_run
        from optimizer.tell.files.documents import manifest_document, solve_answer
        from optimizer.tell.files.equilibrium_files import SEARCH, search_text
        from optimizer.tell.files.store import MANIFEST, SUMMARY, json_text

        end_progress(self.output.quiet)
        (scenario,) = self.asking.ask.scenarios
        instance = scenario.instance
        world = WorldRun(instance, scenario.name, instance.applied, instance.leader, {})
        answer = solve_answer(world, ()).model_copy(update={"status": NOT_CONVERGED}).data()
        of = " of the instance as it is" if last.waited_for else ""
        rounds = f"{last.state.rounds} round{'' if last.state.rounds == 1 else 's'}"
        note(f"interrupted after {rounds}{of}: prices do not clear yet, and no plan at them is told")
        unsaved, place = None, place_of_interrupted(self.directory, self.resume)
        if not self.saving.no_save:
            with interrupts_held():
                wall = time.perf_counter() - self.started
                manifest = manifest_document("equilibrium", dict(self.written), self.asking.ask, world, wall)
                files = {
                    SUMMARY: json_text(answer),
                    SEARCH: search_text(last),
                    MANIFEST: json_text(manifest),
                }
                unsaved = save_run(place, files, self.output.quiet)
            if unsaved is None and not self.output.quiet:
                note(to_go_on(self.directory, place, self.saving))
        if self.output.form == "json":
            emit_json(answer)
        if unsaved is not None:
            report(unsaved.diagnostics)
            return strongest(INTERRUPTED, unsaved.exit_code)
        return INTERRUPTED


def place_of_interrupted(directory: Path, resume: bool, found: int = 0) -> Path:
    """Where a search that was interrupted is saved: not in the place of plans that were found, where it has
    come to prices that clear for fewer policies than stand there, nor of a run that it did not go on from."""
    from optimizer.answer.summary import INTERRUPTED, NOT_CONVERGED
    from optimizer.tell.files.store import SUMMARY, beside_earlier, read_object

    if resume:
        before = read_object(directory / SUMMARY)
        cleared = [one for one in before.get("equilibria", {}).values() if one.get("converged")]
        if before.get("status") in (INTERRUPTED, NOT_CONVERGED) and len(cleared) <= found:
            return directory
    return beside_earlier(directory)


def to_go_on(asked: Path, place: Path, saving: Saving) -> str:
    """How to go on from a run that stands in a place other than the one `asked` for, perhaps."""
    where = "" if place == asked else f" and --out {place}"
    instead = " instead" if where and saving.out is not None else ""
    return f"to go on from here: the same command with --resume{where}{instead}"
