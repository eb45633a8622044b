"""Kloof by its own name: what `import optimizer` gives, `import kloof` gives too."""

from __future__ import annotations

from typing import Any

import optimizer
from optimizer import __all__ as __all__
from optimizer import __version__ as __version__


def __getattr__(name: str) -> Any:
    """What `optimizer` has of that name, imported when first used."""
    return getattr(optimizer, name)


def __dir__() -> list[str]:
    return dir(optimizer)
