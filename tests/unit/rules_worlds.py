"""Worlds with rules of a test's own: the small world of `resolve_world` and a `rules.yaml`."""

from __future__ import annotations

import shutil
from pathlib import Path

from optimizer.instance import Instance, load

SMALL_WORLD = Path(__file__).parent / "resolve_world"
RULES_WORLD = Path(__file__).parent / "rules_world"


def world_with(directory: Path, rules: str, groups: str = "{}") -> Instance:
    """The small world with `rules`: one line `NAME: {FIELD: VALUE, ...}` each, with what every rule needs
    added: title, issuer, status, and unless they are given the export side, to NLD, since 2020."""
    usual = {"side": "export", "destinations": "NLD", "from": "2020-01-01"}
    lines = [f"destination_groups: {groups}", "rules:"]
    for line in filter(None, map(str.strip, rules.splitlines())):
        name, _, fields = line.partition(": ")
        inner = fields.strip().removeprefix("{").removesuffix("}")
        given = {part.partition(":")[0].strip() for part in inner.replace("{", ",").split(",")}
        added = "".join(f", {key}: {value}" for key, value in usual.items() if key not in given)
        lines.append(f"  {name}: {{title: A rule, issuer: USA, status: in force, {inner}{added}}}")
    return load(copy_with(directory, "\n".join(lines) + "\n"))


def copy_with(directory: Path, text: str) -> Path:
    """A copy of the small world in `directory` with this `rules.yaml`."""
    target = directory / "world"
    shutil.copytree(SMALL_WORLD, target, dirs_exist_ok=True)
    (target / "rules.yaml").write_text(text)
    return target


def rules_world(directory: Path) -> Path:
    """A copy of the small world in `directory` with the rules, chips and output of `rules_world`."""
    target = copy_with(directory, (RULES_WORLD / "rules.yaml").read_text())
    for name, more in (("chips.csv", "more_chips.csv"), ("market.yaml", "more_output.yaml")):
        with (target / name).open("a") as file:
            file.write((RULES_WORLD / more).read_text())
    # rules that leave a part of the memory reach the leader as well, in some tests
    leader = target / "countries" / "USA.yaml"
    infinite = "import_limit_pb_per_year: .inf"
    leader.write_text(leader.read_text().replace(infinite, "import_limit_pb_per_year: 9", 1))
    settings = target / "instance.yaml"
    density = "\nmemory:\n  bandwidth_density_gbs_mm2: 2\n"
    settings.write_text(settings.read_text().replace("\nmemory:\n", density, 1))
    return target
