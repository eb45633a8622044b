"""What words mean that stand in what is told, said once where they first do."""

from __future__ import annotations

from typing import Final

LOG_UNIT: Final = (
    "log unit: +1 is 2.7 times as much effective compute; capability 0 is the leader's at the start"
)
FOR_GOOD: Final = "for good: as much as so much more effective compute in every year of the plan and after"
DEAREST: Final = "dearest: the limit whose easing brings most"
RATED: Final = "compute is at research rating: published throughput times the maturity of a chip's software"
# By the word or mark that makes a reader ask.
MEANINGS: Final = (("log unit", LOG_UNIT), ("for good", FOR_GOOD), ("dearest", DEAREST), ("H100e", RATED))


def meanings(printed: str) -> list[str]:
    """What the words mean that stand in what is printed."""
    return [text for word, text in MEANINGS if word in printed]


def sentence(note: str) -> str:
    """A note as a sentence of a page."""
    return f"{note[0].upper()}{note[1:]}."
