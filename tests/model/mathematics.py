"""The parts of docs/mathematics.md that follow from the model: its rows, and its table of parameters.

`python -m tests.model.mathematics` writes them anew between their markers; a test compares.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pyomo.environ as pyo

from models.national import build
from models.parameters import TABLE, ParameterSpec
from models.units import unit_label
from tests.model.small_plan import small_plan

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "mathematics.md"
MARKED = re.compile(r"(<!-- (rows|table)(?: (\w+))? -->\n)(.*?)(<!-- end -->)", re.DOTALL)
INDEX = {
    "chips": "k",
    "uses": "u",
    "periods": "t",
    "base_and_periods": "base, t",
    "rules": "r",
    "delays": "d",
    "segments": "j",
    "lines": "n",
    "tool_classes": "g",
    "designers": "q",
    "supplies": "s",
    "categories": "c",
    "levels": "l",
    "staged_lines": "n",
    "staged_classes": "g",
}


def rules_by_section() -> dict[str, list[tuple[str, str]]]:
    """Name and docstring of every row of the model, and of its objective, by module."""
    model = build(small_plan())
    sections: dict[str, list[tuple[str, str]]] = {}
    for component in model.component_objects((pyo.Constraint, pyo.Objective)):
        rule: Any = component.rule._fcn
        module = rule.__module__.removeprefix("models.")
        sections.setdefault(module, []).append((component.name, dedent(f"    {rule.__doc__}")))
    return sections


def row_text(name: str, docstring: str) -> str:
    """A docstring as Markdown: mathematics in fences, the rest as prose."""
    text = re.sub(
        r"[ ]*\\\[(.*?)\\\]\n?",
        lambda match: "```math\n" + re.sub(r"\s+", " ", match[1]).strip() + "\n```\n",
        docstring,
        flags=re.DOTALL,
    )
    text = re.sub(r"\\\((.*?)\\\)", r"$`\1`$", text)
    lines = [line.strip() if not line.startswith("```") else line for line in text.strip().splitlines()]
    return f"**`{name}`** " + "\n".join(lines) + "\n"


def rows_text(section: str) -> str:
    return "\n" + "\n".join(row_text(*row) for row in rules_by_section()[section]) + "\n"


def table_row(spec: ParameterSpec) -> str:
    index = ", ".join(INDEX[name] for name in spec.index) or "-"
    return f"| `{spec.name}` | {index} | {unit_label(spec.unit)} | {spec.meaning} |"


def table_text() -> str:
    head = ["| field | index | unit | meaning |", "|---|---|---|---|"]
    return "\n".join(["", *head, *(table_row(spec) for spec in TABLE.values()), "", ""])


def filled(document: str) -> str:
    """The document with every marked part written anew."""

    def fill(match: re.Match[str]) -> str:
        return match[1] + (table_text() if match[2] == "table" else rows_text(match[3])) + match[5]

    return MARKED.sub(fill, document)


if __name__ == "__main__":
    DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
