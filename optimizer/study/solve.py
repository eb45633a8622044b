"""One scenario of a world: the leader's plan first, then every country that follows it.

All countries share one Pyomo model and one compiled program; only the parameter vector differs. The
solution of the relaxation is run forward by `models.simulate`, so that what is reported obeys the true
functions, and the engine certifies that point.
"""

from __future__ import annotations

from optimizer.answer.run import WorldRun
from optimizer.study.ask import Ask
from optimizer.study.next_dollar import with_next_dollar
from optimizer.study.scenarios import solve_scenarios
from optimizer.study.telling import Progress


def solve_world(ask: Ask, progress: Progress | None = None) -> WorldRun:
    """The optimal strategy of each country asked about, in the instance alone.

    The leader is solved first, under the same patches, and its path feeds the others. A country that fails
    does not stop the rest. The result does not depend on the number of processes; an interrupt keeps what is
    done. Raises `InputError` where the leader's numbers cannot be resolved.
    """
    world = solve_scenarios(ask, progress)[0]
    if ask.next_dollar is None or world.interrupted:
        return world
    return with_next_dollar(world, ask)
