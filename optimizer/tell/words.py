"""What words mean that stand in what is told, said once where they first do."""

from __future__ import annotations

from typing import Final

LOG_UNIT: Final = "log unit: +1 is 2.7 times as much effective compute, 0 the leader's at the start"
FOR_GOOD: Final = "for good: as much as so much more effective compute in every year of the plan and after"
DEAREST: Final = "dearest: what easing it brings most"
