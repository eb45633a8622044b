"""The page on rules: its rules work, its Python runs, and it names every field, action and metric."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from optimizer.instance import load
from optimizer.instance.rules.checks import METRICS
from optimizer.instance.rules.schema import Action, Basis, Counts, ExportRule, Scope
from optimizer.instance.shape import record
from optimizer.instance.status import year_status
from tests.unit.test_instance_load import TEMPLATE

PAGES = Path(__file__).parents[2] / "docs"
PAGE = (PAGES / "rules.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert isinstance(found, str)
    return found


def test_the_rules_of_the_page_work(tmp_path: Path) -> None:
    world = tmp_path / "world"
    (world / "countries").mkdir(parents=True)
    for file in TEMPLATE.rglob("*.*"):
        (world / file.relative_to(TEMPLATE)).write_bytes(file.read_bytes())
    (world / "rules.yaml").write_text(block("yaml"))
    found = {chip.chip: chip for chip in year_status(load(world), "CHN", 2026).chips}
    spans = found["nv_h200"].of_side("export")
    assert [span.verdicts["export"][:3] for span in spans] == [
        ("denied", "large_chips", 0.0),
        ("capped", "small_orders", 0.25),
    ]
    assert {span.verdicts["both"].status for span in found["nv_b200"].spans} == {"denied"}


def test_the_python_of_the_page_runs() -> None:
    exec(compile(block("python"), "docs/rules.md", "exec"), {})


def test_every_field_and_word_is_explained() -> None:
    named = {word for span in re.findall(r"`([^`\n]*)`", PAGE) for word in re.findall(r"\w+", span)}
    words = {word for one in (Action, Basis, Counts, Scope) for word in get_args(one)}
    metrics = {metric for scope in METRICS.values() for metric in scope}
    assert (set(record(ExportRule).fields) | words | metrics) - named == set()


def test_the_record_tells_every_rule_and_names_its_sources() -> None:
    world = load("world-2026")
    record_page = (PAGES / "rules-record.md").read_text()
    rows: dict[str, list[str]] = {}
    for line in record_page.splitlines():
        cells = line.split("|")[1:-1]
        for name in re.findall(r"`(\w+)`", cells[0]) if len(cells) == 5 else ():
            rows[name] = cells
    bills = {name for name in world.rules if name.startswith("bill_")}
    invented = {name for name, rule in world.rules.items() if rule.status == "hypothetical"}
    assert set(rows) == set(world.rules) - bills - invented
    assert all(f"`{name}`" in record_page for name in bills | invented)
    for name, cells in rows.items():
        rule = world.rules[name]
        # several rules of a row share its sources
        assert set(rule.source) & set(re.findall(r"`(\w+)`", cells[4])), name
        assert rule.from_.text[:4] in cells[2], name
    # one that acts on no plan is not said to
    assert all(world.rules[name].action != "none" or "denies" not in cells[3] for name, cells in rows.items())
