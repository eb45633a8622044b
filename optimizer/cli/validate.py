"""`kloof validate`: all that is wrong with an instance, at once."""

from __future__ import annotations

import click

from optimizer.cli.options import (
    Given,
    Output,
    asks,
    examples,
    instance_argument,
    output_options,
    policies_option,
    set_option,
)


@click.command(
    "validate",
    short_help="Check an instance; all errors at once.",
    epilog=examples("kloof validate my-world", "kloof validate my-world --format json"),
)
@instance_argument
@policies_option
@set_option
@output_options
@asks
def command(given: Given, output: Output) -> int:
    """Check schema, units, ranges, references and sources, and that every country's plan can be set up.

    Says of each country which bloc it is part of, which groups and tiers of rules.yaml it is in and how many
    rules are about it, and to how much all countries' shares of each chip sum.
    Ends with code 2 on any error; what is only doubtful is a warning.
    """
    from optimizer.cli.asking import opened
    from optimizer.cli.session import DONE, diagnostic_data, emit, emit_json, report
    from optimizer.cli.validation import check_plans, country_table, counts, share_lines
    from optimizer.instance.blocs import parts, share_sums
    from optimizer.instance.findings import findings
    from optimizer.instance.rules.membership import memberships, ungrouped

    instance = opened(given).ask.instance
    check_plans(instance)
    found = counts(instance)
    doubts = (*findings(instance), *ungrouped(instance))
    if output.form == "json":
        diagnostics = [diagnostic_data(each) for each in doubts]
        groups = {country: list(one.groups) for country, one in memberships(instance).items()}
        valid = {"schema_version": 1, "status": "valid", "counts": found, "groups": groups}
        valid["part_of"] = dict(parts(instance))
        valid["share_sums"] = [one._asdict() for one in share_sums(instance)]
        emit_json({**valid, "diagnostics": diagnostics})
    elif output.form == "csv":
        emit("what,count\n" + "".join(f"{name},{count}\n" for name, count in found.items()))
    else:
        listed = ", ".join(f"{count} {name}" for name, count in found.items())
        emit(f"{instance.name} is valid: {listed}\n")
        emit("" if output.quiet else country_table(instance) + share_lines(instance))
    if output.form != "json" and not output.quiet:
        report(doubts)
    return DONE
