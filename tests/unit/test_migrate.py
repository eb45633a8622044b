"""An instance of format 1 in format 2: what it comes to, what stays as it is, and what is refused.

`world_version_1` is the template of format 1 with more comments and two rules on tools.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import InputError, OutputError
from optimizer.instance import load, resolve
from optimizer.instance.instance import Instance
from optimizer.instance.migrate import Move, migrate, place_beside
from optimizer.instance.yaml_reader import read_yaml
from tests.unit.test_resolve_map import resolved

OLD = Path(__file__).parent / "world_version_1"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "migrate.md"
CHINA, SETTINGS, RULES = "countries/CHN.yaml", "instance.yaml", "rules.yaml"
CHANGED = {CHINA, "countries/USA.yaml", SETTINGS, RULES}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    shutil.copytree(OLD, tmp_path / "old")
    return tmp_path / "old"


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def edit(directory: Path, name: str, change: Callable[[str], str]) -> None:
    path = directory / name
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before


def cells(world: Instance) -> dict[str, Any]:
    return {cell.path: (cell.value, cell.low, cell.high) for cell in world.cells()}


def comments(content: bytes) -> list[str]:
    """What stands behind each `#`, in order of the alphabet; no text of the world holds one."""
    return sorted(found.strip() for found in re.findall(r"#[^\n]*", content.decode()))


def test_numbers_that_a_plan_sees(old: Path, tmp_path: Path) -> None:
    migrate(old, tmp_path / "new")
    world = load(tmp_path / "new")
    assert world.format_version == 2
    leader = resolve(world, "USA")
    # two segments with 0.5 and 1.5 a log unit of each
    assert leader["shortfall_penalty"] == pytest.approx(3)
    assert world.objectives["capability"].shortfall_penalty_per_log_unit.number() == 1
    assert leader.sets.tool_classes == ("n7_tools", "n5_tools")
    for line, name in (("n7", "n7_tools"), ("n5", "n5_tools")):
        needed = {name: 1.0}
        written = world.lines[line].tools_per_wafer
        assert {key: value.number() for key, value in written.items()} == needed
        assert world.tool_classes[name].price_usd_bn_per_kwpm.number() == 0
    tools = world.countries["CHN"].industry.tools
    limit = tools["n7_tools"].import_limit_kwpm_per_year
    assert (limit.number(), limit.low, limit.high) == (20, 10, 40)
    assert tools["n5_tools"].import_limit_kwpm_per_year.number() == 10
    assert not world.countries["USA"].industry.tools


def test_tool_limits_of_lines_are_those_under_the_rules(old: Path, tmp_path: Path) -> None:
    migrate(old, tmp_path / "new")
    world = load(tmp_path / "new")
    assert world.rules["tools_of_seven"].tool_classes == ("n7_tools",)
    assert world.rules["tools_below_six"].tool_classes == ("n5_tools",)
    limits = resolved(world, "CHN")["tool_import_limit"]
    assert limits[0] == pytest.approx(20 * 0.5)
    assert limits[1] == pytest.approx(10 * 0.25)


def test_normal_amounts_become_shares_with_their_range_and_note(old: Path, tmp_path: Path) -> None:
    migrate(old, tmp_path / "new")
    trade = load(tmp_path / "new").countries["CHN"].trade
    share = trade.grey.normal_share
    assert (share.number(), share.low, share.high, share.note) == (0.8, 0.4, 1, "of all flows")
    assert trade.rent.normal_share.number() == 0.25


def test_comments_layout_and_other_files_stay(old: Path, tmp_path: Path) -> None:
    before = contents(old)
    migrate(old, tmp_path / "new")
    after = contents(tmp_path / "new")
    assert contents(old) == before
    assert after.keys() == before.keys()
    assert {name for name in before if before[name] != after[name]} == CHANGED
    for name in CHANGED:
        new = [line for line in comments(after[name]) if "What tools cost is in" not in line]
        assert new == comments(before[name])
    lines = before[CHINA].decode().splitlines()
    kept = set(after[CHINA].decode().splitlines())
    assert len([line for line in lines if line not in kept]) <= 5
    moved = (
        "      # what could be bought before the rules\n"
        "      import_limit_kwpm_per_year: {value: 20, low: 10, high: 40}  # thousand wafers a month\n"
    )
    assert moved in after[CHINA].decode()


def test_every_change_is_told(old: Path, tmp_path: Path) -> None:
    moves = {move.path: move for move in migrate(old, tmp_path / "new")}
    assert {move.kind for move in moves.values()} == {"moved", "changed", "assumed"}
    assert moves["countries.CHN.industry.lines.n7.tool_limit_kwpm_per_year"] == Move(
        CHINA,
        "countries.CHN.industry.lines.n7.tool_limit_kwpm_per_year",
        "moved",
        "to countries.CHN.industry.tools.n7_tools.import_limit_kwpm_per_year",
    )
    page = PAGE.read_text()
    assert {move.file for move in moves.values()} == CHANGED
    for move in moves.values():
        assert move.path.rsplit(".", 1)[-1] in page, move


# forms that a file can have


def as_braces(text: str) -> str:
    data = read_yaml(text, "file").data
    return re.sub(r'"(\d+)":', r"\1:", json.dumps(data, indent=1)).replace("Infinity", ".inf")


def as_one_line(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", as_braces(text))


def with_block_tables(text: str) -> str:
    changed = text.replace(
        "tool_limit_kwpm_per_year: {value: 20, low: 10, high: 40}  # thousand wafers a month",
        "tool_limit_kwpm_per_year:\n        value: 20\n        # no fewer\n        low: 10\n"
        "        high: 40\n",
    )
    return changed.replace(
        "  rent: {limit_kh100e: {value: 400, low: 200, high: 800}, normal_kh100e: 100}",
        "  rent:\n    limit_kh100e:\n      value: 400\n      low: 200\n      high: 800\n"
        "    normal_kh100e: 100",
    )


def with_odd_comments(text: str) -> str:
    changed = text.replace(
        "{value: 20, low: 10, high: 40}", "{value: 20,  # a, comma\n  low: 10, # one\n\n  high: 40 # two\n  }"
    )
    return changed.replace("normal_kh100e: 100}", "normal_kh100e: 100 # 'quoted\n  }")


@pytest.mark.parametrize("name", sorted(CHANGED))
@pytest.mark.parametrize("form", [as_braces, as_one_line])
def test_tables_in_braces_come_to_the_same(
    old: Path, tmp_path: Path, name: str, form: Callable[[str], str]
) -> None:
    migrate(old, tmp_path / "new")
    edit(old, name, form)
    migrate(old, tmp_path / "other")
    assert cells(load(tmp_path / "other")) == cells(load(tmp_path / "new"))


@pytest.mark.parametrize("form", [with_block_tables, with_odd_comments])
def test_other_forms_of_a_table_come_to_the_same(
    old: Path, tmp_path: Path, form: Callable[[str], str]
) -> None:
    migrate(old, tmp_path / "new")
    edit(old, CHINA, form)
    migrate(old, tmp_path / "other")
    assert cells(load(tmp_path / "other")) == cells(load(tmp_path / "new"))
    kept = comments((tmp_path / "other" / CHINA).read_bytes())
    assert kept == comments((old / CHINA).read_bytes())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("form", [str, as_braces])
def test_comments_at_any_place_stay(old: Path, tmp_path: Path, seed: int, form: Callable[[str], str]) -> None:
    migrate(old, tmp_path / "new")
    chance = random.Random(seed)
    for name in CHANGED:
        lines: list[str] = []
        for line in form((old / name).read_text()).splitlines():
            if chance.random() < 0.3:
                lines.append(f"{' ' * chance.randrange(8)}# above {len(lines)}")
            behind = chance.random() < 0.3 and line.strip() and "#" not in line
            lines.append(f"{line}  # behind {len(lines)}" if behind else line)
        (old / name).write_text("\n".join(lines) + "\n")
    migrate(old, tmp_path / "other")
    assert cells(load(tmp_path / "other")) == cells(load(tmp_path / "new"))
    for name in CHANGED:
        kept = comments((tmp_path / "other" / name).read_bytes())
        assert [line for line in kept if "What tools cost" not in line] == comments((old / name).read_bytes())


def test_line_ends_and_byte_order_marks_stay(old: Path, tmp_path: Path) -> None:
    migrate(old, tmp_path / "new")
    for path in old.rglob("*.yaml"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    migrate(old, tmp_path / "other")
    for name in CHANGED:
        content = (tmp_path / "other" / name).read_bytes()
        plain = content.removeprefix(b"\xef\xbb\xbf")
        assert plain != content
        assert plain.replace(b"\r\n", b"") == plain.replace(b"\n", b"").replace(b"\r", b"")
        assert plain.replace(b"\r\n", b"\n") == (tmp_path / "new" / name).read_bytes()
    assert cells(load(tmp_path / "other")) == cells(load(tmp_path / "new"))


def test_a_file_without_an_end_of_line(old: Path, tmp_path: Path) -> None:
    edit(old, RULES, lambda text: text.rstrip("\n"))
    migrate(old, tmp_path / "whole")
    edit(old, SETTINGS, lambda text: text.rstrip("\n"))
    migrate(old, tmp_path / "new")
    assert cells(load(tmp_path / "new")) == cells(load(tmp_path / "whole"))


# what a world may leave out


def test_a_world_without_rules_and_prices(old: Path, tmp_path: Path) -> None:
    (old / RULES).unlink()
    edit(old, CHINA, lambda text: re.sub(r"    normal_kh100e_per_year: .*\n", "", text))
    moves = migrate(old, tmp_path / "new")
    assert load(tmp_path / "new").countries["CHN"].trade.grey.normal_share.number() == 1
    assert "countries.CHN.trade.grey.normal_kh100e_per_year" not in {move.path for move in moves}


@pytest.mark.parametrize(
    ("written", "classes"),
    [
        ("lines: n7", ("n7_tools",)),
        ('lines: "n5"', ("n5_tools",)),
        ("lines: [n5, n7]", ("n5_tools", "n7_tools")),
        ("lines:\n      - n7  # first\n      - n5", ("n7_tools", "n5_tools")),
        ("lines: [n7, n5]\n    condition: {node_nm: {min: 7}}", ("n7_tools",)),
        (
            "lines: n7\n    alternatives: {a: {node_nm: {max: 6}}, b: {node_nm: {min: 6, max: 8}}}",
            ("n7_tools",),
        ),
        ("condition:\n      # excluded\n      node_nm:\n        max: 7", ("n5_tools",)),
        ("alternatives: {a: {node_nm: {max: 6}}, b: {node_nm: {min: 6}}}", ("n7_tools", "n5_tools")),
    ],
)
def test_lines_of_a_rule(old: Path, tmp_path: Path, written: str, classes: tuple[str, ...]) -> None:
    edit(old, RULES, lambda text: text.replace("lines: [n7]  # as the letter says", written))
    before = comments((old / RULES).read_bytes())
    migrate(old, tmp_path / "new")
    rule = load(tmp_path / "new").rules["tools_of_seven"]
    assert rule.tool_classes == classes
    assert rule.in_force == "dated"
    assert comments((tmp_path / "new" / RULES).read_bytes()) == before


def test_a_rule_of_no_line_is_switched_off(old: Path, tmp_path: Path) -> None:
    edit(old, RULES, lambda text: text.replace("{node_nm: {max: 6}}", "{node_nm: {max: 3}}"))
    moves = migrate(old, tmp_path / "new")
    rule = load(tmp_path / "new").rules["tools_below_six"]
    assert rule.in_force == "never"
    assert "it reached no line: `in_force` is `never`" in {move.words for move in moves}


@pytest.mark.parametrize("force", ["", "    in_force: dated\n"])
def test_a_rule_that_is_over_before_the_horizon_is_past(old: Path, tmp_path: Path, force: str) -> None:
    written = "    from: 2026-01-15\n"
    edit(old, RULES, lambda text: text.replace(written, f"    from: 2023-01-15\n    to: 2025-12-31\n{force}"))
    moves = migrate(old, tmp_path / "new")
    assert load(tmp_path / "new").rules["h200_class"].in_force == "past"
    told = {move.path: move.words for move in moves}
    assert told["rules.h200_class.in_force"] == "`past`: the rule is over before the horizon"
    # one that reached no line is off all the same, and one that ends later stays
    assert "rules.large_chips.in_force" not in told


def test_a_rule_that_is_over_and_reached_no_line_is_off(old: Path, tmp_path: Path) -> None:
    tools = "    from: 2026-01-01\n    scope: tools\n    # `max`"
    edit(old, RULES, lambda text: text.replace("{node_nm: {max: 6}}", "{node_nm: {max: 3}}"))
    edit(
        old,
        RULES,
        lambda text: text.replace(tools, tools.replace("2026-01-01", "2020-01-01\n    to: 2021-01-01")),
    )
    migrate(old, tmp_path / "new")
    rule = load(tmp_path / "new").rules["tools_below_six"]
    assert (rule.in_force, rule.to is None) == ("never", False)


def test_a_rule_of_all_tools_stays(old: Path, tmp_path: Path) -> None:
    edit(old, RULES, lambda text: text.replace("    lines: [n7]  # as the letter says\n", ""))
    migrate(old, tmp_path / "new")
    assert load(tmp_path / "new").rules["tools_of_seven"].tool_classes == ()


def test_a_normal_amount_of_what_has_no_limit(old: Path, tmp_path: Path) -> None:
    edit(
        old,
        CHINA,
        lambda text: text.replace(
            "limit_kh100e_per_year: {value: 250", "limit_kh100e_per_year: {value: .inf"
        ),
    )
    edit(old, CHINA, lambda text: text.replace("{value: .inf, low: 100, high: 500}", ".inf"))
    migrate(old, tmp_path / "new")
    assert load(tmp_path / "new").countries["CHN"].trade.grey.normal_share.number() == 1


# what is refused


def refused(source: Path, target: Path) -> InputError:
    before = contents(source) if source.is_dir() else {}
    beside = sorted(path.name for path in target.parent.iterdir())
    with pytest.raises(InputError) as caught:
        migrate(source, target)
    assert contents(source) == before if source.is_dir() else True
    assert sorted(path.name for path in target.parent.iterdir()) == beside
    return caught.value


def test_a_target_that_holds_something(old: Path, tmp_path: Path) -> None:
    target = tmp_path / "new"
    target.mkdir()
    (target / "notes.txt").write_text("mine")
    (problem,) = refused(old, target).diagnostics
    assert (problem.code, problem.file, problem.hint) == ("E215", str(target), "name another with --to")
    assert contents(target) == {"notes.txt": b"mine"}
    (problem,) = refused(old, target / "notes.txt").diagnostics
    assert problem.code == "E215"


def test_an_empty_target_is_filled(old: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    migrate(old, tmp_path / "new")
    migrate(old, tmp_path / "other")
    assert contents(tmp_path / "new") == contents(tmp_path / "other")


def test_a_target_inside_the_source(old: Path) -> None:
    (problem,) = refused(old, old / "new").diagnostics
    assert problem.code == "E215"
    assert "stays as it is" in problem.message


@pytest.mark.parametrize("made", [False, True])
def test_what_is_no_instance(tmp_path: Path, made: bool) -> None:
    source = tmp_path / "nothing"
    if made:
        source.mkdir()
    (problem,) = refused(source, tmp_path / "new").diagnostics
    assert problem.code == "E201"
    assert "is no instance" in problem.message


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("format_version: 2", "is 2: only an instance of format 1 can be migrated"),
        ("format_version: 9", "is 9: only"),
        ("", "is missing: only"),
    ],
)
def test_another_format(old: Path, tmp_path: Path, written: str, said: str) -> None:
    edit(old, SETTINGS, lambda text: text.replace("format_version: 1", written))
    (problem,) = refused(old, tmp_path / "new").diagnostics
    assert problem.code == "E113"
    assert said in problem.message
    assert problem.hint == ("it is of format 2 already" if "2" in written else None)


@pytest.mark.parametrize(
    ("name", "before", "after", "code", "line_of"),
    [
        (CHINA, "  debt_limit_usd_bn: 0", "  debt_limit_usd_bn 0", "E204", "  debt_limit_usd_bn 0"),
        (
            CHINA,
            "  home_return:",
            "  carry_limit_share_of_income: 1\n  home_return:",
            "E205",
            "  home_return",
        ),
        (SETTINGS, "horizon: {", "horizon: &h {", "E206", "horizon: &h"),
        (CHINA, "    n5:\n", "    n5: 7\n    n6:\n", "E104", "    n5: 7"),
        (CHINA, "normal_kh100e: 100", "normal_kh100e: many", "E104", "normal_kh100e: many"),
        (RULES, "rules:\n", "rules: none\nother:\n", "E104", "rules: none"),
        (RULES, "{node_nm: {max: 6}}", "{node_nm: 6}", "E104", "{node_nm: 6}"),
        (
            SETTINGS,
            "shortfall_penalty_per_log_unit: 0.5",
            "shortfall_penalty_per_log_unit: x",
            "E104",
            "unit: x",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    old: Path, tmp_path: Path, name: str, before: str, after: str, code: str, line_of: str
) -> None:
    edit(old, name, lambda text: text.replace(before, after, 1))
    lines = (old / name).read_text().splitlines()
    wanted = 1 + next(number for number, line in enumerate(lines) if line_of in line)
    problem = refused(old, tmp_path / "new").diagnostics[0]
    assert problem.code == code
    assert problem.file == str(old / name)
    assert problem.line is not None
    assert abs(problem.line - wanted) <= 1


def test_text_that_is_not_utf_8(old: Path, tmp_path: Path) -> None:
    path = old / CHINA
    path.write_bytes(path.read_bytes().replace(b"China", b"Chin\xe4"))
    (problem,) = refused(old, tmp_path / "new").diagnostics
    assert (problem.code, problem.line) == ("E203", 2)


def test_a_place_that_cannot_be_written(old: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError) as caught:
        migrate(old, tmp_path / "file" / "new")
    assert caught.value.diagnostics[0].code == "E605"


def test_a_source_that_is_read_only(old: Path, tmp_path: Path) -> None:
    for path in [*old.rglob("*"), old]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    migrate(old, tmp_path / "new")
    for path in [old, *old.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    load(tmp_path / "new")
    assert (tmp_path / "new" / CHINA).stat().st_mode & stat.S_IWUSR


def test_place_beside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert place_beside(Path("my-world")) == Path("my-world-format-2")
    monkeypatch.chdir(tmp_path)
    assert place_beside(Path()) == tmp_path.parent / f"{tmp_path.name}-format-2"


def test_loading_format_1_is_one_error_that_names_the_command() -> None:
    with pytest.raises(InputError) as caught:
        load(OLD)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.line) == ("E113", 10)
    assert problem.hint == f"`kloof migrate {OLD}` writes the instance anew in format 2"
