"""The page on instances names every field and code, and its examples work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from optimizer.errors import CODES
from optimizer.instance import Instance, load, patch, read_policy
from optimizer.instance.shape import Map, Record, Shape, record
from optimizer.instance.template import TEMPLATE

PAGE = (Path(__file__).parents[2] / "docs" / "instances.md").read_text()


def names(shape: Shape) -> Iterator[str]:
    if isinstance(shape, Map):
        yield from names(shape.entry)
    elif isinstance(shape, Record):
        for name, (_, below) in shape.fields.items():
            yield name
            yield from names(below)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_every_field_is_described() -> None:
    described = {word for span in re.findall(r"`([^`\n]*)`", PAGE) for word in re.findall(r"\w+", span)}
    # the tables of the directory itself
    files = {"market", "chips", "countries", "sources"}
    assert set(names(record(Instance))) - described - files == set()


def test_every_code_of_instances_is_listed_with_its_meaning() -> None:
    listed = dict(re.findall(r"^\| ([EW]\d{3}) \| (.*) \|$", PAGE, re.MULTILINE))
    assert listed == {
        code: meaning for code, meaning in CODES.items() if code[:2] in ("E1", "E2", "E3", "E4", "W1")
    }


def test_the_patches_of_the_page_work_together() -> None:
    (text,) = blocks("patch")
    lines = text.splitlines()
    changed = patch(load(TEMPLATE), lines)
    assert {item.text for item in changed.applied} == set(lines)


def test_the_policy_of_the_page_works(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    path = tmp_path / "half.yaml"
    path.write_text(text)
    assert len(patch(load(TEMPLATE), read_policy(path).patches).applied) == 2


def test_the_python_of_the_page_runs() -> None:
    (code,) = blocks("python")
    exec(compile(code.replace('"world-2026"', repr(str(TEMPLATE))), "docs/instances.md", "exec"), {})
