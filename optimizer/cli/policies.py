"""`kloof policies`: the policies that ship with Kloof, and whether each fits an instance."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from optimizer.cli.options import Output, examples, output_options

if TYPE_CHECKING:
    from optimizer.instance import Instance, Policy

INDENT = 4


@click.command(
    "policies",
    short_help="The shipped policies.",
    epilog=examples(
        "kloof policies",
        "kloof policies my-world",
        "kloof policies world-2026 --verbose",
    ),
)
@click.argument("instance", metavar="[INSTANCE]", required=False)
@output_options
def command(instance: str | None, output: Output) -> int:
    """List the shipped policies by name, with what each is about.

    With INSTANCE, also whether every change of a policy fits it. --verbose adds description, sources and
    changes. Any of the names is an argument for --policy.
    """
    from optimizer.cli.session import SCHEMA_VERSION, emit, emit_json
    from optimizer.instance import load

    loaded = None if instance is None else load(instance)
    found = listed(loaded)
    if output.form == "json":
        emit_json(
            {
                "schema_version": SCHEMA_VERSION,
                "instance": None if loaded is None else loaded.name,
                "policies": [each.data() for each in found],
            }
        )
    elif output.form == "csv":
        emit(_csv(found))
    else:
        from optimizer.cli.output import screen

        width = screen().width
        emit(_details(found, width) if output.verbose else _table(found, loaded is not None, width))
    return 0


@dataclass(frozen=True)
class Listed:
    """A shipped policy and why it does not fit the instance: None where it does, or where none is named."""

    policy: Policy
    fits: bool | None
    reason: str | None

    def data(self) -> dict[str, object]:
        return {
            "name": self.policy.name,
            "title": self.policy.title,
            "description": self.policy.description,
            "sources": list(self.policy.sources),
            "patches": [patch.text for patch in self.policy.patches],
            "applies": self.fits,
            "reason": self.reason,
        }

    def verdict(self) -> str:
        return {None: "", True: "yes", False: "no"}[self.fits]


def listed(instance: Instance | None) -> list[Listed]:
    """Every shipped policy. Raises `InputError` where one is itself at fault."""
    from optimizer.errors import InputError
    from optimizer.instance import patch, read_policy, shipped_policies

    found = []
    for name in shipped_policies():
        policy = read_policy(name)
        fits, reason = None, None
        if instance is not None:
            try:
                patch(instance, policy.patches)
                fits = True
            except InputError as error:
                fits = False
                more = f" (and {len(error.diagnostics) - 1} more)" if len(error.diagnostics) > 1 else ""
                reason = error.diagnostics[0].message + more
        found.append(Listed(policy, fits, reason))
    return found


def _table(found: list[Listed], judged: bool, width: int) -> str:
    from optimizer.tell.terminal.tables import Screen, grid

    if not found:
        return "no policy is shipped\n"
    heads = ["policy", *(["fits"] if judged else []), "what it is"]
    body = [[each.policy.name, *([each.verdict()] if judged else []), each.policy.title] for each in found]
    misfits = [
        _wrapped(f"{each.policy.name} does not fit: {each.reason}", width)
        for each in found
        if each.fits is False
    ]
    return Screen(width).render([grid(heads, body, left=len(heads)), "", *misfits])


def _details(found: list[Listed], width: int) -> str:
    lines = []
    for each in found:
        policy = each.policy
        verdict = "" if each.fits is None else "  [fits]" if each.fits else f"  [does not fit: {each.reason}]"
        lines.append(_wrapped(f"{policy.name}: {policy.title}{verdict}", width))
        margin = " " * INDENT
        lines += textwrap.wrap(
            " ".join(policy.description.split()), width, initial_indent=margin, subsequent_indent=margin
        )
        lines += [f"{margin}{patch.text}" for patch in policy.patches] or [f"{margin}(changes nothing)"]
        lines += [_wrapped(f"{margin}source: {source}", width) for source in policy.sources]
        lines.append("")
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> str:
    indent = len(text) - len(text.lstrip())
    return textwrap.fill(
        text,
        width,
        subsequent_indent=" " * (indent + 2),
        break_on_hyphens=False,
        break_long_words=False,
    )


def _csv(found: list[Listed]) -> str:
    import csv
    import io

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["policy", "applies", "reason", "title", "description", "patches"])
    for each in found:
        patches = "; ".join(patch.text for patch in each.policy.patches)
        policy = each.policy
        writer.writerow(
            [policy.name, each.verdict(), each.reason or "", policy.title, policy.description, patches]
        )
    return buffer.getvalue()
