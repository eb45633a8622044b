"""The examples of docs/api.md run as they stand, in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from optimizer.api import compare, load
from optimizer.errors import InputError
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


def test_what_is_wrong_with_all_policies_is_said_at_once(tmp_path: Path) -> None:
    write_template(tmp_path / "my-world")
    world = load(tmp_path / "my-world")
    income = "countries.CHN.budget.income_usd_bn"
    (tmp_path / "bad.yaml").write_text(f"title: Bad\npatches: ['{income} ** 2', '{income} = -1']\n")
    with pytest.raises(InputError) as caught:
        compare(world, ["no_such_policy", tmp_path / "bad.yaml", "grey_closed", "memory_shock"])
    codes = [each.code for each in caught.value.diagnostics]
    assert sorted(codes) == ["E209", "E401", "E402", "E402", "E408"]
    hints = {each.hint for each in caught.value.diagnostics if each.code == "E402"}
    (hint,) = hints
    assert hint is not None
    assert hint.endswith(f"those that fit this one: kloof policies {tmp_path / 'my-world'}")
    with pytest.raises(InputError) as caught:
        compare(world, {"one": [f"{income} ** 2", f"{income} *= 2"], "two": ["countries.CHN.bugdet = 1"]})
    assert [each.code for each in caught.value.diagnostics] == ["E401", "E402"]
