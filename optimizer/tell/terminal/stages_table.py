"""The long game of one country in staged mode, scenarios below each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from optimizer.answer import digits
from optimizer.answer.long_game import stages
from optimizer.answer.run import WorldRun
from optimizer.answer.stages import Stages

NOT_REACHED: Final = "-"


def stages_rows(
    country: str, worlds: Sequence[WorldRun], labels: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: when programmes end, the yields reached in the end, and how far home-made compute has
    come; no heads in path mode."""
    told = [
        (label, stages(world.countries[country], world.leader_run), world)
        for label, world in zip(labels, worlds, strict=True)
    ]
    known = [(label, found, world) for label, found, world in told if found is not None]
    if not known:
        return [], []
    things = list(dict.fromkeys(name for _, found, _ in known for name in found.unlocked))
    lines = list(dict.fromkeys(line for _, found, _ in known for line in found.reached))
    last = known[0][2].countries[country].parameters
    end = "" if last is None else last.sets.periods[last.sets.reported - 1]
    heads = [
        "policy",
        *(f"{name}\nunlocked" for name in things),
        *(f"{line} good\ndies, %\n{end}" for line in lines),
        *(f"{line}\nordered\nkwpm" for line in lines),
        "home-made\n90% of own\nfrom",
        f"home-made\n% of own\n{end}",
        f"home-made\n% of {known[0][2].leader}'s\n{end}",
    ]
    return heads, [[label, *_cells(found, things, lines)] for label, found, _ in known]


def _cells(found: Stages, things: Sequence[str], lines: Sequence[str]) -> list[str]:
    reached = found.reached
    ratio = found.home_ratio
    return [
        *(found.unlocked.get(name) or NOT_REACHED for name in things),
        *(
            digits.significant(100 * float(reached[line].good_share)) if line in reached else NOT_REACHED
            for line in lines
        ),
        *(digits.significant(float(found.ordered_kwpm.get(line, 0.0))) for line in lines),
        found.home_share_from or NOT_REACHED,
        digits.significant(100 * float(found.home_share)),
        NOT_REACHED if ratio is None else digits.significant(100 * float(ratio)),
    ]
