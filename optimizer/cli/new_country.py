"""`kloof new ISO3 --like ISO3`: a country made like another of an instance."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.options import Output

if TYPE_CHECKING:
    from optimizer.instance import Instance
    from optimizer.instance.like import NewCountry
    from optimizer.instance.yaml_reader import Where


@dataclass(frozen=True)
class Likeness:
    """What a command line says of a country to be made: like which one, how large, where and of what name."""

    like: str | None
    scale: float | None
    inside: str | None
    country_name: str | None

    @property
    def is_given(self) -> bool:
        return any(each is not None for each in (self.like, self.scale, self.inside, self.country_name))


def make_country(country: str, likeness: Likeness, output: Output) -> int:
    """Write the country, once it has proved that the instance stays valid with it; say what became of it.

    Raises `InputError` and `click.UsageError` with nothing written, `OutputError` where a file cannot be.
    """
    from optimizer.answer.strategy import csv_fields
    from optimizer.cli.session import DONE, emit, emit_json, note
    from optimizer.instance import load
    from optimizer.instance.like import country_like
    from optimizer.instance.problem import number_text
    from optimizer.tell.terminal.country_like_text import country_text

    like, scale, directory = _checked(likeness)
    instance = load(directory)
    made = country_like(instance, directory, country.upper(), like, scale, likeness.country_name)
    text = country_text(made, instance.name)
    _refuse_links(made, directory)
    _prove(made, directory)
    _write(made.contents, directory)
    if output.form == "json":
        emit_json(_data(made, directory))
    elif output.form == "csv":
        rows = [
            (_path(made, one.where), one.before, one.after, number_text(one.factor)) for one in made.figures
        ]
        emit("path,before,after,factor\n" + "".join(f"{csv_fields(*map(str, row))}\n" for row in rows))
    else:
        emit(text)
    if not output.quiet:
        changed = ", ".join(name for name in made.contents if made.country not in name)
        note(f"written: {directory / 'countries' / made.country}.yaml; changed: {changed}")
        note(f"next: kloof solve {directory} --country {made.country.lower()}")
    return DONE


def _checked(likeness: Likeness) -> tuple[str, float, Path]:
    """What was said, where it can be done."""
    from optimizer.errors import Diagnostic, InputError
    from optimizer.instance.shipped import find_instance, shipped_directory

    if likeness.like is None or likeness.inside is None:
        lacking = "--like" if likeness.like is None else "--in"
        raise click.UsageError(
            f"a country needs --like and --in, {lacking} is missing; --scale is 1 without one"
        )
    scale = 1.0 if likeness.scale is None else likeness.scale
    if not (math.isfinite(scale) and scale > 0):
        raise click.UsageError(f"--scale must be a finite number above 0, got {scale:g}")
    directory = find_instance(likeness.inside)
    if directory.resolve().is_relative_to(shipped_directory().resolve()):
        message = f"`{directory.name}` ships with Kloof and stays as it is"
        hint = f"change a copy: cp -r {directory} my-world, and --in my-world"
        raise InputError(Diagnostic("E216", message, file=str(directory), hint=hint))
    return likeness.like.upper(), scale, directory


def _refuse_links(made: NewCountry, directory: Path) -> None:
    """What is written would reach other instances that share a file, or part them from it."""
    from optimizer.errors import Diagnostic, InputError

    home = directory.resolve()
    for name in made.contents:
        found = (directory / name).resolve()
        if found != home / name:
            message = f"`{name}` is a link to {found}, which other instances may share"
            hint = "nothing was written: put a copy in the place of the link"
            raise InputError(Diagnostic("E216", message, file=str(directory / name), hint=hint))


def _prove(made: NewCountry, directory: Path) -> None:
    """Read the instance as it will be, and set up every country's plan. Raises `InputError`."""
    from optimizer.cli.validation import check_plans
    from optimizer.errors import Diagnostic, InputError
    from optimizer.instance import load

    def at_home(one: Diagnostic, place: str) -> Diagnostic:
        file = one.file and one.file.replace(place, str(directory))
        more = f" ({one.hint})" if one.hint else ""
        return replace(one, file=file, hint=f"nothing was written: take another --scale or --like{more}")

    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "instance"
        shutil.copytree(directory, copy, ignore=_not_an_instance)
        for name, content in made.contents.items():
            (copy / name).write_bytes(content)
        try:
            enlarged: Instance = load(copy)
            check_plans(enlarged)
        except InputError as error:
            raise InputError(at_home(one, str(copy)) for one in error.diagnostics) from None


def _not_an_instance(folder: str, names: list[str]) -> list[str]:
    """What of a directory `load` does not read: runs and reports that stand beside it."""
    del folder
    return [name for name in names if name != "countries" and Path(name).suffix not in (".yaml", ".csv")]


def _write(contents: Mapping[str, bytes], directory: Path) -> None:
    """Each file whole, in an order in which the instance is valid after each."""
    from optimizer.errors import Diagnostic, OutputError

    for name, content in contents.items():
        target = directory / name
        part = target.with_name(f".{target.name}.unfinished")
        try:
            part.write_bytes(content)
            part.replace(target)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            message = f"cannot be written: {error.strerror or error}"
            raise OutputError(Diagnostic("E605", message, file=str(target))) from error


def _path(made: NewCountry, where: Where) -> str:
    from optimizer.instance.yaml_reader import dotted

    return dotted(("countries", made.country, *where))


def _data(made: NewCountry, directory: Path) -> dict[str, Any]:
    from optimizer.instance.look_up import look_up

    return {
        "schema_version": 1,
        "status": "written",
        "directory": str(directory),
        "country": made.country,
        "like": made.like,
        "scale": made.scale,
        "files": [str(directory / name) for name in made.contents],
        "figures": [
            {
                "path": _path(made, one.where),
                "before": one.before,
                "after": one.after,
                "factor": one.factor,
            }
            for one in made.figures
        ],
        "groups": list(made.groups),
        "part_of": made.bloc,
        "rules_that_name_the_other": list(made.named_in),
        "left_out": [_path(made, where) for where in made.left_out],
        "given_way": [{"path": one.path, "before": one.before, "after": one.after} for one in made.given_way],
        "look_up": [
            {
                "path": f"countries.{made.country}.{one.place}",
                "now": one.now,
                "what": one.what,
                "sources_of_the_other": list(one.source),
            }
            for one in look_up(made)
        ],
    }
