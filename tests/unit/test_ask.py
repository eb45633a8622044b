"""The key of an ask: the same wherever and however often it is made, another for whatever changes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import load, patch
from optimizer.errors import InputError
from optimizer.instance import Instance, Policy, parse_patch
from optimizer.study.ask import NOT_IN_KEY, Ask

TEMPLATE = Path(__file__).parents[2] / "optimizer" / "instance" / "template"
INCOME = "countries.CHN.budget.income_usd_bn *= 1.2"


@pytest.fixture(scope="module")
def world() -> Instance:
    return load(TEMPLATE)


def policy(name: str, *patches: str) -> Policy:
    return Policy(name, "", "", (), tuple(map(parse_patch, patches)))


def test_the_same_ask_has_the_same_key_in_another_process_and_place(world: Instance, tmp_path: Path) -> None:
    copied = tmp_path / "elsewhere"
    shutil.copytree(TEMPLATE, copied)
    code = (
        "import sys; from optimizer import load, patch; from optimizer.study.ask import Ask; "
        "print(Ask(patch(load(sys.argv[1]), [sys.argv[2]]), ('CHN',), gap=1e-4).key)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, copied, INCOME], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == Ask(patch(world, [INCOME]), ("CHN",), gap=1e-4).key


def test_what_does_not_change_the_answer_does_not_change_the_key(world: Instance) -> None:
    key = Ask(world).key
    assert Ask(world, jobs=3).key == key
    assert Ask(world, tuple(world.countries)).key == key
    assert Ask(world, ("CHN", "CHN")).key == Ask(world, ("CHN",)).key
    named = Ask(world, policies=(policy("rich", INCOME),))
    assert replace(named, policies=(policy("rich", INCOME),)).key == named.key


def test_every_other_field_changes_the_key(world: Instance) -> None:
    others: dict[str, Any] = {
        "instance": patch(world, [INCOME]),
        "countries": ("CHN",),
        "policy": "rich",
        "policies": (),
        "objective": "capability",
        "gap": 2e-6,
        "time_limit": 1.0,
        "ranges": True,
        "worths": True,
        "extension_key": "rows.py:add",
    }
    # how many draws says nothing where no bands are asked for
    others["bands"] = True
    assert {each.name for each in fields(Ask)} - NOT_IN_KEY - {"draws", "view", "next_dollar"} == set(others)
    staged = patch(load("world-2026"), ["industry = staged"])
    # a view excludes others of these, and the next dollar is of a staged industry
    keys = [
        Ask(staged).key,
        Ask(staged, next_dollar=1.0).key,
        Ask(staged, next_dollar=2.0).key,
        Ask(world, view=1).key,
        Ask(world, view=2).key,
        Ask(world).key,
        *(replace(Ask(world), **{name: other}).key for name, other in others.items()),
    ]
    assert len(set(keys)) == len(keys)


def test_every_number_of_the_instance_changes_the_key(world: Instance) -> None:
    keys = {Ask(world).key}
    count = 1
    for cell in list(world.cells())[::5]:
        try:
            changed = patch(world, [f"{cell.path} *= 1.0009765625"])
        except InputError:
            continue
        if changed.applied and changed.applied[0].old != changed.applied[0].new:
            # what a patch changed is in the key itself: the number alone must do as well
            keys.add(Ask(changed.remember(applied=())).key)
            count += 1
    assert count > 40
    assert len(keys) == count


def test_each_policy_changes_the_key_by_name_order_and_patches(world: Instance) -> None:
    one, two = policy("rich", INCOME), policy("poor", INCOME.replace("1.2", "0.8"))
    sets = [(one,), (two,), (one, two), (two, one), (policy("other", INCOME),), (policy("rich"),)]
    assert len({Ask(world, policies=each).key for each in sets}) == len(sets)


def test_rows_of_the_users_own_count_by_content_or_there_is_no_key(world: Instance) -> None:
    def add(model: Any) -> None: ...

    with pytest.raises(ValueError, match="extension_key"):
        _ = Ask(world, extension=add).key
    told = [Ask(world, extension=add, extension_key=each).key for each in ("1", "2")]
    assert len({Ask(world).key, *told}) == 3


def test_the_policies_of_an_ask_are_scenarios_beside_its_instance(world: Instance) -> None:
    found = Ask(world, policies=(policy("rich", INCOME), policy("rich"))).scenarios
    assert [each.name for each in found] == ["baseline", "rich", "rich (2)"]
    assert found[0].instance is world
    assert [each.text for each in found[1].instance.applied] == [INCOME]
    assert [each.name for each in Ask(world, policy="rich").scenarios] == ["rich"]
