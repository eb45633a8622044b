"""The page on studies: its study is ready, its axes are read, its codes are those there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from optimizer.errors import CODES
from optimizer.instance import load
from optimizer.study.sampling.axis import parse_axis
from optimizer.study.sampling.factors import bind
from optimizer.study.sampling.sample import prepare
from optimizer.study.sampling.spread import Policies
from optimizer.study.sampling.study_file import Design, FactorSpec, Method, StudyFile, read_study

PAGE = (Path(__file__).parents[2] / "docs" / "studies.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


def test_the_study_and_the_axes_of_the_page_are_ready(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(block("yaml"))
    world = load("world-2026")
    assert len(prepare(read_study(path), world).rows) == 64
    for line in block("axes").splitlines():
        axis = parse_axis(line)
        (factor,) = bind(world, [FactorSpec(axis.name, (axis,))]).factors
        assert factor.stops()
        assert factor.cells or isinstance(axis.spread, Policies)


def test_every_key_method_and_code_is_on_the_page() -> None:
    words = set(re.findall(r"`(\w+)`", PAGE))
    assert set(StudyFile.model_fields) | set(Design.model_fields) | set(get_args(Method)) <= words
    listed = dict(re.findall(r"^\| (E7\d\d) \| (.*) \|$", PAGE, re.MULTILINE))
    assert listed == {
        code: meaning for code, meaning in CODES.items() if code.startswith("E70") or code in listed
    }
