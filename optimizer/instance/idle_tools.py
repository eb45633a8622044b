"""Classes of tools that no line needs: whatever is said of them, no plan uses any."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.errors import Diagnostic
from optimizer.instance.instance import Instance


def idle_tools(instance: Instance) -> Iterator[Diagnostic]:
    """A warning for each such class, at its price."""
    needed = {name for line in instance.lines.values() for name in line.tools_per_wafer}
    for name, tools in instance.tool_classes.items():
        if name in needed:
            continue
        file, line, column = tools.price_usd_bn_per_kwpm.location or (None, None, None)
        yield Diagnostic(
            "W107",
            f"no line needs tools of the class `{name}`, so that no plan buys or makes any",
            "warning",
            *(file, line, column),
            f"tool_classes.{name}",
            f"say how many a line needs: `tools_per_wafer: {{{name}: 1}}`",
        )
