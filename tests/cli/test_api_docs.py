"""The examples of docs/api.md run as they stand, in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from optimizer.instance.template import write_template

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_every_example_of_the_api_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_template(tmp_path / "my-world")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    assert len(blocks) >= 4
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert "months behind" in capsys.readouterr().out
