"""What a rule says about other places of the instance, and whether its fields fit what it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from optimizer.instance.conflict import Conflict, unknown
from optimizer.instance.instance import Instance
from optimizer.instance.problem import number_text
from optimizer.instance.rules.rulebook import is_destination
from optimizer.instance.rules.schema import SHARED_BASES, Bound, Condition, ExportRule
from optimizer.instance.rules.volumes import check_volumes
from optimizer.instance.yaml_reader import Where

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "license": ("approval_share",),
    "cap": ("cap_value",),
    "fee": ("fee_share",),
    "mandate": ("mandate_share",),
    "multiply": ("multiplier",),
    "suspend": ("suspends",),
    "exempt": ("cap_value", "relaxes"),
    "none": ("reason",),
}
"""Fields that an action cannot do without."""
MAY_HAVE: Final[Mapping[str, tuple[str, ...]]] = {
    "approval_share": ("license",),
    "cap_value": ("cap", "license", "exempt"),
    "fee_share": ("fee", "cap", "license", "exempt"),
    "mandate_share": ("mandate",),
    "multiplier": ("multiply",),
    "suspends": ("suspend",),
    "relaxes": ("license", "cap", "fee", "exempt"),
}
"""Actions that a field belongs to."""
ON_OTHER_SCOPES: Final = ("deny", "license", "multiply", "suspend", "none")
WHOEVER_BUYS: Final = ("fee", "exempt", "mandate", "suspend")
"""Actions that leave nothing to subsidiaries abroad."""
METRICS: Final[Mapping[str, tuple[str, ...]]] = {
    "chips": (
        "tpp",
        "performance_density",
        "memory_bandwidth_gbs",
        "io_bandwidth_gbs",
        "total_bandwidth_gbs",
        "node_nm",
    ),
    "memory": ("memory_bandwidth_density_gbs_mm2",),
    "tools": (),
    "rental": (),
    "grey": (),
}
"""Metrics that exist of each scope."""


def check_rules(instance: Instance) -> Iterator[Conflict]:
    """Every problem of rules and groups with each other and with the rest of the instance."""
    wrong_groups: set[str] = set()
    wrong_rules: set[str] = set()
    for group, members in instance.destination_groups.items():
        where: Where = ("destination_groups", group)
        if group in instance.countries:
            message = f"the group `{group}` bears the code of a country"
            yield Conflict(where, "E313", message, "call it otherwise", True)
        if group == "all":
            message = "`all` means all countries, so no group can be called so"
            yield Conflict(where, "E313", message, "call it otherwise", True)
        for position, country in enumerate(members):
            for conflict in unknown(
                (*where, position), "E302", "country", country, instance.countries, False
            ):
                wrong_groups.add(group)
                yield conflict
    for name, rule in instance.rules.items():
        for conflict in _check_names(instance, name, rule):
            wrong_rules.add(name)
            yield conflict
        yield from _check_empty(name, rule)
        yield from _check_window(instance, name, rule)
        yield from _check_conditions(name, rule)
        yield from _check_fields(name, rule)
        yield from _check_scope(name, rule)
        yield from _check_cap(name, rule)
        yield from _check_units(instance, name, rule)
        yield from _check_relaxed(instance, name, rule)
        yield from _check_unused(name, rule)
    yield from _check_circles(instance, "suspends")
    yield from _check_circles(instance, "relaxes")
    # what follows from names, only where these are right
    for name, rule in instance.rules.items():
        listed = {*rule.destinations, *rule.excluded_destinations}
        if name not in wrong_rules and not wrong_groups & listed:
            yield from _check_destinations(instance, name, rule)
    if not wrong_groups and not wrong_rules:
        yield from check_volumes(instance)


def _check_names(instance: Instance, name: str, rule: ExportRule) -> Iterator[Conflict]:
    places = (*instance.countries, *instance.destination_groups)
    others = tuple(other for other in instance.rules if other != name)
    references = (
        ("destinations", "E315", "country or group", places),
        ("excluded_destinations", "E315", "country or group", places),
        ("suppliers", "E302", "country", tuple(instance.countries)),
        ("chips", "E301", "chip", tuple(instance.chips)),
        ("tool_classes", "E319", "class of tools", tuple(instance.settings.tool_classes)),
        ("suspends", "E314", "rule", others),
        ("relaxes", "E314", "rule", others),
    )
    for field, code, kind, known in references:
        names = getattr(rule, field)
        for position, one in enumerate(() if isinstance(names, str) else names):
            yield from unknown(("rules", name, field, position), code, kind, one, known, False)
    for field in ("suspends", "relaxes"):
        for position, one in enumerate(getattr(rule, field)):
            if one in instance.rules and instance.rules[one].side != rule.side:
                message = f"`{name}` is a rule of the {rule.side} side, `{one}` of the other"
                yield Conflict(("rules", name, field, position), "E317", message)
    for country, nation in instance.countries.items():
        if rule.is_shared_cap and name in nation.trade.caps:
            message = f"the rule `{name}` bears the name of a cap of {country}"
            yield Conflict(("rules", name), "E313", message, "call one of them otherwise", True)


def _check_window(instance: Instance, name: str, rule: ExportRule) -> Iterator[Conflict]:
    first_year = instance.horizon.first_year
    if rule.to is not None and rule.to.end <= rule.from_.start:
        message = f"the rule `{name}` ends on {rule.to}, before it starts on {rule.from_}"
        yield Conflict(("rules", name, "to"), "E316", message, "`to` is the last day on which it holds")
    elif rule.in_force == "dated" and rule.end <= first_year:
        # a year that was mistyped looks just like it, and the plan would be one without the rule
        message = f"the rule `{name}` ends on {rule.to}, before the horizon that starts in {first_year}: "
        message += "no plan would heed it"
        hint = "correct the year, or remove the rule; one that is told as history says `in_force: past`"
        yield Conflict(("rules", name, "to"), "E321", message, hint)
    elif rule.in_force == "past" and rule.to is None:
        message = f"the rule `{name}` is past, and has no last day"
        yield Conflict(("rules", name, "in_force"), "E317", message, "write `to`, or leave `in_force` out")


def _check_conditions(name: str, rule: ExportRule) -> Iterator[Conflict]:
    places: list[tuple[tuple[str, ...], Condition]] = [(("condition",), rule.condition)]
    places += [(("alternatives", key), one) for key, one in rule.alternatives.items()]
    known = METRICS[rule.scope]
    for place, condition in places:
        for metric, bound in condition.bounds().items():
            where: Where = ("rules", name, *place, metric)
            if metric not in known:
                message = f"`{metric}` is no metric of {rule.scope}, the scope of `{name}`"
                hint = f"metrics of {rule.scope}: {', '.join(known) or 'none'}"
                yield Conflict(where, "E317", message, hint, True)
            yield from _check_bound(where, bound)
        if place[0] == "alternatives" and not condition.bounds():
            message = f"the alternative `{place[-1]}` of `{name}` bounds no metric"
            hint = "without any condition a rule concerns everything: leave `alternatives` out"
            yield Conflict(("rules", name, *place), "E317", message, hint, True)


def _check_bound(where: Where, bound: Bound) -> Iterator[Conflict]:
    if bound.min is not None and bound.max is not None and bound.min.number() >= bound.max.number():
        low, high = number_text(bound.min.number()), number_text(bound.max.number())
        message = f"nothing lies from {low} (included) to {high} (excluded)"
        yield Conflict((*where, "max"), "E313", message)


def _check_fields(name: str, rule: ExportRule) -> Iterator[Conflict]:
    for field in NEEDS.get(rule.action, ()):
        if not _given(rule, field):
            message = f"the rule `{name}` has the action `{rule.action}`, which needs `{field}`"
            yield Conflict(("rules", name, "action"), "E317", message)
    for field, actions in MAY_HAVE.items():
        if _given(rule, field) and rule.action not in actions:
            message = f"`{field}` does nothing in a rule with the action `{rule.action}`"
            hint = f"it belongs to {', '.join(actions)}; leave it out, or set it to "
            hint += "[]" if isinstance(getattr(rule, field), tuple) else "null"
            yield Conflict(("rules", name, field), "E317", message, hint, True)


def _given(rule: ExportRule, field: str) -> bool:
    return getattr(rule, field) not in (None, (), "")


def _check_scope(name: str, rule: ExportRule) -> Iterator[Conflict]:
    if rule.scope != "chips" and rule.action not in ON_OTHER_SCOPES:
        message = f"the action `{rule.action}` concerns chips, not {rule.scope}"
        hint = f"on {rule.scope}: {', '.join(ON_OTHER_SCOPES)}"
        yield Conflict(("rules", name, "action"), "E317", message, hint)
    for field in ("fee_share", "cap_value"):
        if rule.scope != "chips" and _given(rule, field):
            message = f"`{field}` is about chips; the scope of `{name}` is {rule.scope}"
            yield Conflict(("rules", name, field), "E317", message, None, True)
    for field, scope in (("chips", "chips"), ("tool_classes", "tools")):
        if _given(rule, field) and rule.scope != scope:
            message = f"`{field}` chooses among {scope}, but the scope of `{name}` is {rule.scope}"
            yield Conflict(("rules", name, field), "E317", message, None, True)
    if rule.scope != "chips" and rule.test == "location":
        message = f"firms buy chips through subsidiaries; the scope of `{name}` is {rule.scope}"
        yield Conflict(("rules", name, "test"), "E317", message)
    if rule.action == "mandate" and (rule.conditions or rule.chips):
        message = f"the mandate `{name}` is about the whole market, so it chooses no chips"
        place = "chips" if rule.chips else "condition"
        yield Conflict(("rules", name, place), "E317", message, None, True)


def _check_cap(name: str, rule: ExportRule) -> Iterator[Conflict]:
    if rule.cap_value is None or rule.action not in MAY_HAVE["cap_value"]:
        return
    shared = rule.cap_basis in SHARED_BASES
    if not shared and rule.cap_counts != "chips":
        message = f"`{rule.cap_basis}` is a number of chips, so `{name}` cannot count {rule.cap_counts}"
        yield Conflict(("rules", name, "cap_counts"), "E317", message)
    if rule.cap_basis == "total" and rule.cap_per == "chip":
        hint = "write one rule for each chip, with `chips: [ID]`"
        message = "a cap on a total counts its chips together"
        yield Conflict(("rules", name, "cap_per"), "E317", message, hint)
    if rule.action == "exempt" and not rule.is_shared_cap:
        field = "cap_per" if shared else "cap_basis"
        message = f"the exemption `{name}` is up to one volume of all its chips, per year or in total"
        hint = "write `cap_per: together`, and `cap_basis: per_year` or `total`"
        yield Conflict(("rules", name, field), "E317", message, hint)


def _check_units(instance: Instance, name: str, rule: ExportRule) -> Iterator[Conflict]:
    """An exemption adds to the shared caps that it relaxes, and to other exemptions from the same rule."""
    if rule.action != "exempt":
        return
    opened = {one for one in rule.relaxes if one in instance.rules and not instance.rules[one].is_shared_cap}
    for other_name, other in instance.rules.items():
        relaxed = other_name in rule.relaxes and other.is_shared_cap
        beside = other_name != name and other.action == "exempt" and bool(opened & set(other.relaxes))
        if not relaxed and not beside:
            continue
        # what is free each year adds up to something in all, but not the other way round
        basis = rule.cap_basis == other.cap_basis or (relaxed and other.cap_basis == "total")
        if rule.cap_counts != other.cap_counts or not basis:
            field = "cap_counts" if basis else "cap_basis"
            message = f"the volume of `{name}` adds to that of `{other_name}`, which has another `{field}`"
            yield Conflict(("rules", name, field), "E317", message)


def _check_relaxed(instance: Instance, name: str, rule: ExportRule) -> Iterator[Conflict]:
    """A rule gives way, or is suspended, where it does something of the same scope."""
    for field in ("suspends", "relaxes"):
        for position, one in enumerate(getattr(rule, field)):
            other = instance.rules.get(one)
            if other is None:
                continue
            where: Where = ("rules", name, field, position)
            if other.scope != rule.scope:
                message = f"the scope of `{name}` is {rule.scope}, that of `{one}` is {other.scope}"
                yield Conflict(where, "E317", message, "write a rule for each scope")
            elif field == "relaxes" and other.action in ("mandate", "suspend"):
                message = f"only rules on single chips give way for a chip, and `{one}` is a {other.action}"
                if other.action == "suspend":
                    message = f"only rules on single chips give way for a chip, and `{one}` suspends others"
                yield Conflict(where, "E317", message, "a rule with the action `suspend` takes it away whole")
    if rule.action == "exempt" and rule.fee_share is not None:
        for one in rule.relaxes:
            if one in instance.rules and instance.rules[one].is_shared_cap:
                message = f"`{name}` adds to the cap `{one}`, and a fee would be paid on all of it"
                hint = "leave `fee_share` out, or write it into the cap"
                yield Conflict(("rules", name, "fee_share"), "E317", message, hint, True)
                return


def _check_unused(name: str, rule: ExportRule) -> Iterator[Conflict]:
    """Fields that say something which the rule does not do."""
    if rule.action == "none":
        return
    counted = rule.cap_value is not None
    unused: dict[str, str] = {}
    if rule.action != "exempt" and _is_changed(rule, "consignees"):
        unused["consignees"] = "only an exemption is for each consignee"
    for field in ("cap_counts", "cap_basis", "cap_per"):
        if not counted and _is_changed(rule, field):
            unused[field] = "there is no `cap_value`"
    whole = rule.scope != "chips" or rule.action in ("mandate", "suspend")
    if whole and rule.suppliers != "all":
        unused["suppliers"] = "only rules on single chips depend on who designed them"
    if rule.test == "location" and rule.action in WHOEVER_BUYS:
        unused["test"] = f"the action `{rule.action}` denies nothing that subsidiaries could buy"
    if rule.action == "suspend":
        for field in ("chips", "tool_classes", "condition", "alternatives"):
            if _is_changed(rule, field):
                unused[field] = "a suspension takes rules away whole"
    for field, why in unused.items():
        message = f"`{field}` does nothing in `{name}`: {why}"
        yield Conflict(("rules", name, field), "E317", message, "leave it out", True)


def _is_changed(rule: ExportRule, field: str) -> bool:
    """Whether a field says anything else than it does without being written."""
    usual = type(rule).model_fields[field].get_default(call_default_factory=True)
    return bool(getattr(rule, field) != usual)


def _check_empty(name: str, rule: ExportRule) -> Iterator[Conflict]:
    """Lists that choose nothing, which is hardly what was meant."""
    for field in ("chips", "tool_classes"):
        if field in rule.model_fields_set and not getattr(rule, field):
            message = f"`{field}` of `{name}` lists nothing"
            yield Conflict(("rules", name, field), "E317", message, "leave it out to mean all")
    if rule.suppliers == ():
        message = f"`suppliers` of `{name}` lists nothing"
        yield Conflict(("rules", name, "suppliers"), "E317", message, "write `all` to mean all")


def _check_destinations(instance: Instance, name: str, rule: ExportRule) -> Iterator[Conflict]:
    groups = instance.destination_groups
    if not any(is_destination(rule, country, groups) for country in instance.countries):
        message = f"the rule `{name}` has no country among its destinations"
        hint = "to switch a rule off, write `in_force: never`"
        yield Conflict(("rules", name, "destinations"), "E315", message, hint)


def _check_circles(instance: Instance, field: str) -> Iterator[Conflict]:
    for name in instance.rules:
        chain, here = {name}, [name]
        while here:
            following = instance.rules.get(here.pop())
            for one in getattr(following, field, ()):
                if one == name:
                    message = f"`{name}` {field} a rule that {field} it in turn"
                    yield Conflict(("rules", name, field), "E317", message)
                    return
                if one not in chain:
                    chain.add(one)
                    here.append(one)
