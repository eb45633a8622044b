"""Regimes solved on processes, each from its neighbour, and how far they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from optimizer.answer.controls import RegimeAnswer
from optimizer.answer.run import FAILED
from optimizer.study.controls.design import Choice, Design
from optimizer.study.controls.neighbours import Left, changing, has_neighbours, in_turn, start_of
from optimizer.study.controls.regimes import RegimeSolver
from optimizer.study.runner import process_ended, run_each

Tell = Callable[[int, int], None]
Item = tuple[int, Choice]


@dataclass
class Work:
    """The regimes of a design: `known` ones are not solved for their answer, but where another one starts
    from them, as what a regime gives must not depend on what is known already."""

    solver: RegimeSolver
    design: Design
    jobs: int
    tell: Tell
    count: int
    known: Mapping[Item, RegimeAnswer]
    done: int = 0
    _left: dict[Choice, Left] = field(default_factory=dict)

    def solved(self, items: Sequence[Item]) -> Iterator[tuple[Choice, RegimeAnswer]]:
        """Choice and answer of every item, as they are done."""
        waiting: dict[Choice, list[Item]] = {}
        for item in items:
            if item in self.known:
                self.tick()
                yield item[1], self.known[item]
            else:
                waiting.setdefault(changing(self.design, item[1]), []).append(item)
        for layer in in_turn(waiting, self._left):
            solving = run_each(self._solve, layer, self.jobs, self._lost)
            for changes, (answer, left) in zip(layer, solving, strict=True):
                if left is not None:
                    self._left[changes] = left
                for number, choice in waiting.get(changes, ()):
                    self.tick()
                    yield choice, answer.model_copy(update={"number": number, "levels": dict(choice)})

    def _solve(self, changes: Choice) -> tuple[RegimeAnswer, Left | None]:
        design = self.design.all_levels
        left = self._left.get(start_of(changes, self._left))
        return self.solver.solve_beside(0, changes, design, left, has_neighbours(design, changes))

    def _lost(self, changes: Choice, how: str) -> tuple[RegimeAnswer, None]:
        named = " ".join(f"{factor}={level}" for factor, level in changes)
        message = process_ended(f"regime {named}", how).message
        return RegimeAnswer(number=0, levels=dict(changes), status=FAILED, message=message), None

    def tick(self) -> None:
        """One more is done."""
        self.done += 1
        self.tell(self.done, self.count)
