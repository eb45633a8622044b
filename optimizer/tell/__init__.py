"""How answers are told: on the terminal, in files, as a page."""

from __future__ import annotations

from typing import Final

# The form of all JSON that is printed or saved; keys are only ever added to it.
SCHEMA_VERSION: Final = 1
