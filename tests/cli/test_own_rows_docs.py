"""The example of docs/own-rows.md runs as it stands, and shows its row and its variable everywhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from optimizer.instance.template import write_template
from tests.cli.conftest import run_kloof

PAGE = Path(__file__).parents[2] / "docs" / "own-rows.md"
WORDS = "capability under the treaty"
VARIABLE = "compute pooled with allies (pool)"
SLACK = "pool agreed on (pooled): does not bind"


def test_the_example_shows_its_row_and_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_template(tmp_path / "my-world")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    assert len([line for line in block.splitlines() if line]) <= 15
    exec(compile(block, str(PAGE), "exec"), {})
    sys.modules.pop("my_rows")
    said = capsys.readouterr().out
    assert " pool " in said
    assert WORDS in said
    (commands,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    solve, explain, report = (line.split()[1:] for line in commands.splitlines())
    solved = run_kloof(tmp_path, *solve)
    assert solved.code == 0, solved.err
    for table, words in ((0, VARIABLE), (1, WORDS), (1, SLACK)):
        assert words in solved.out.split("your own ")[1 + table], words
    assert f"10% more room in {WORDS}" in solved.out
    rows = (tmp_path / "run" / "strategy.csv").read_text().splitlines()
    assert any(",pool," in row for row in rows)
    assert any(",ceiling," in row for row in rows)
    explained = run_kloof(tmp_path, *explain)
    assert explained.code == 0
    told, own = " ".join(explained.out.split()).split("Your own rows and variables:")
    assert f"10% more room in {WORDS}" in told
    assert f"{VARIABLE}: 2.00 in 2026" in own
    assert f"{WORDS} (ceiling): binds; a unit of room is worth" in own
    assert SLACK in own
    assert run_kloof(tmp_path, *report).code == 0
    shown = (tmp_path / "run" / "report.html").read_text()
    for words in (VARIABLE, f"{WORDS} (ceiling)", SLACK, f"10% more room in {WORDS}"):
        assert words in shown, words
