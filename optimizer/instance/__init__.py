"""What the user writes: instances, patches and policies, and how they become the numbers of a plan."""

from optimizer.instance.instance import Applied, Cell, Instance
from optimizer.instance.load import load
from optimizer.instance.patch import Patch, parse_patch, patch
from optimizer.instance.policy import Draft, Policy, compose, read_draft, read_policy
from optimizer.instance.resolve import resolve, resolve_again
from optimizer.instance.shipped import shipped_instances, shipped_policies, shipped_studies
from optimizer.instance.template import schema_json, write_template

__all__ = [
    "Applied",
    "Cell",
    "Draft",
    "Instance",
    "Patch",
    "Policy",
    "compose",
    "load",
    "parse_patch",
    "patch",
    "read_draft",
    "read_policy",
    "resolve",
    "resolve_again",
    "schema_json",
    "shipped_instances",
    "shipped_policies",
    "shipped_studies",
    "write_template",
]
