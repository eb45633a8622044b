"""docs/mathematics.md says what the model does."""

from __future__ import annotations

import re

import pyomo.environ as pyo

from models.national import build
from models.parameters import TABLE
from models.units import unit_label
from tests.model.mathematics import DOCUMENT, INDEX, filled, rules_by_section
from tests.model.small_plan import small_plan


def document() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def test_rows_and_table_are_those_of_the_model() -> None:
    assert filled(document()) == document(), "run `python -m tests.model.mathematics`"


def test_every_section_of_the_model_is_in_the_document() -> None:
    shown = set(re.findall(r"<!-- rows (\w+) -->", document()))
    assert shown == set(rules_by_section())


def test_every_row_is_in_the_document() -> None:
    model = build(small_plan())
    for component in model.component_objects((pyo.Constraint, pyo.Objective)):
        assert f"**`{component.name}`**" in document(), component.name


def test_table_has_every_parameter_with_its_index_and_unit() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", document(), re.MULTILINE)
    written = {name: (index, unit, meaning) for name, index, unit, meaning in rows}
    assert len(rows) == len(written)
    assert list(written) == list(TABLE)
    for name, spec in TABLE.items():
        index = ", ".join(INDEX[part] for part in spec.index) or "-"
        assert written[name] == (index, unit_label(spec.unit), spec.meaning), name


def test_every_variable_is_explained() -> None:
    text = document()
    for variable in build(small_plan()).component_objects(pyo.Var):
        assert f"`{variable.name}`" in text or f"{variable.name}".replace("_", r"\_") in text, variable.name
