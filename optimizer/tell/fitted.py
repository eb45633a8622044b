"""What a reader must know of every split by use."""

from __future__ import annotations

from typing import Final

FITTED: Final = (
    "research against delivery is fitted: the penalty on service short of need reproduces observed shares"
)
FITTED_SENTENCE: Final = f"{FITTED[0].upper()}{FITTED[1:]}."
