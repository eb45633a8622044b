"""Who and what is on a market, and whether two searches are of the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance
from optimizer.instance.blocs import oversold_warnings, parts
from optimizer.study.equilibrium.sweeps import State


@dataclass(frozen=True)
class Members:
    """The instance with its files' hashes, and whom and what its market has: buyers, the leader first, chips,
    components and periods, by name; and the objective preset asked for, "" for the instance's own."""

    instance: str
    files: Mapping[str, str]
    countries: tuple[str, ...]
    chips: tuple[str, ...]
    components: tuple[str, ...]
    periods: tuple[str, ...]
    objective: str = ""


def buyers_of(asked: tuple[str, ...], instance: Instance) -> tuple[tuple[str, ...], dict[str, str]]:
    """The countries of the market, the leader first: those `asked` for, all if empty. Beside them those that
    a bloc counts, which are left out. Raises InputError where a country and the bloc that counts it are both
    named, or one of them leads."""
    whole = parts(instance)
    named = set(asked) | ({instance.leader} if asked else set())
    both = [(one, bloc) for one, bloc in whole.items() if {one, bloc} <= named]
    if both:
        raise InputError(
            [
                Diagnostic(
                    "E533",
                    f"{one} is part of {bloc}: in one market both would buy for the same firms",
                    path="--country",
                    hint=f"name {bloc} or {one}, not both",
                )
                for one, bloc in both
            ]
        )
    every = asked or tuple(instance.countries)
    left_out = {one: bloc for one, bloc in whole.items() if bloc in every and one in every}
    if instance.leader in left_out:
        bloc = left_out.pop(instance.leader)
        left_out[bloc] = instance.leader
    others = [one for one in dict.fromkeys(every) if one != instance.leader and one not in left_out]
    return (instance.leader, *others), left_out


def check_path_mode(instance: Instance) -> None:
    """Raise InputError where plans open fabs one by one: whole numbers have no prices to bid by."""
    if instance.industry == "staged":
        message = "fabs that are opened one by one have no marginal worth, of which bids are made"
        hint = "leave `industry` at `path` for a market, as by --set industry=path"
        raise InputError(Diagnostic("E534", message, path="industry", hint=hint))


def check_promised(instance: Instance) -> None:
    """Raise InputError where countries' shares of a chip sum to more than 1, as those of a bloc and a part of
    it do that does not say so: contracts would promise more than is made, and the same firms buy twice."""
    over = [replace(each, code="E537", severity="error") for each in oversold_warnings(instance)]
    if over:
        raise InputError(over)


def check_same(base: Members, now: Members) -> None:
    """Raise InputError where a saved search is of another market than this one."""
    problems = []
    if (base.instance, dict(base.files)) != (now.instance, dict(now.files)):
        problems.append(f"its instance is {base.instance} with other files, not the present {now.instance}")
    if base.objective != now.objective:
        held, asked = (each.objective or "the instance's own" for each in (base, now))
        problems.append(f"its objective is {held}, not {asked}")
    for name in ("countries", "chips", "components", "periods"):
        before, after = (set(getattr(each, name)) for each in (base, now))
        if before != after:
            more, less = sorted(before - after), sorted(after - before)
            told = [f"has {', '.join(more)} more"] * bool(more) + [f"lacks {', '.join(less)}"] * bool(less)
            problems.append(f"of {name} it {' and '.join(told)}")
    if problems:
        same = "the same instance, countries, horizon and objective"
        hint = f"hold it against an equilibrium of {same}, or leave it out"
        message = "the equilibrium that this is held against is of another market"
        raise InputError([Diagnostic("E535", f"{message}: {each}", hint=hint) for each in problems])


def check_looked_at(regret: float) -> None:
    """Raise InputError for a saved search that was interrupted before it was looked at: what its world takes
    of components is not known, which is what is made of them."""
    if not np.isfinite(regret):
        message = "the search that this is held against was interrupted before any of its regrets were known"
        raise InputError(Diagnostic("E538", message, hint="go on with it first, by --resume"))


def reordered(state: State, before: Members, now: Members) -> State:
    """Where a search stands, for another on the same market: rations in the order of its buyers."""
    rations = state.rations
    if rations is not None:
        rations = rations[[before.countries.index(one) for one in now.countries]]
    return replace(state, rations=rations)
