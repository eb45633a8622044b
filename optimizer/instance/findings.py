"""What is doubtful about an instance that is valid: it is told, and nothing is refused."""

from __future__ import annotations

from optimizer.errors import Diagnostic
from optimizer.instance.blocs import oversold_warnings
from optimizer.instance.chip_figures import contradictions
from optimizer.instance.endings import endings
from optimizer.instance.held import held
from optimizer.instance.idle_tools import idle_tools
from optimizer.instance.instance import Instance
from optimizer.instance.late_rules import late_rules
from optimizer.instance.plausible import implausible


def findings(instance: Instance) -> tuple[Diagnostic, ...]:
    """Every warning about the data that plans are made of."""
    return (
        *endings(instance),
        *implausible(instance),
        *contradictions(instance),
        *oversold_warnings(instance),
        *held(instance),
        *idle_tools(instance),
        *late_rules(instance),
    )
