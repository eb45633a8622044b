"""What is asked of a world: one value that a command, the API or whoever else asks makes and hands on."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel

from optimizer.errors import Diagnostic, InputError
from optimizer.instance import Instance, Policy, patch
from optimizer.study.runner import available_jobs

Extension = Callable[[Any], None]
DEFAULT_GAP: Final = 1e-6
# an integer program takes long to the last digits of its bound
STAGED_GAP: Final = 1e-4
# These say how an answer is come to, not what it is. What `extension` adds is told by `extension_key`.
NOT_IN_KEY: Final = frozenset({"jobs", "extension"})


def default_gap(instance: Instance) -> float:
    """The certified gap that a single plan is solved to where none is asked for, in average log units."""
    return STAGED_GAP if instance.industry == "staged" else DEFAULT_GAP


@dataclass(frozen=True)
class Scenario:
    """An instance under a name, empty for one that needs none."""

    name: str
    instance: Instance


@dataclass(frozen=True)
class Ask:
    """What is asked: the plans of `countries` (all if empty) in `instance`, and under each of `policies`.

    `instance` is as patched, and knows by what; `policy` names what of this came from policies. With
    `policies` (None: the instance alone is meant) it is the baseline. Then an `objective` preset (None: the
    instance's own), the `gap` in average log units, seconds per solve, whether the `ranges` of headline
    numbers are wanted (at many times the cost of a plan), what easing limits is worth (`worths`, at about its
    cost), what so many USD bn bring by what they are given for (`next_dollar`, in staged mode, at some ten
    times its cost), and `bands`, quantiles over so many `draws` of the inputs. With a `view` each year is
    planned with so many years in view (`optimizer.study.foresight`). `extension` adds rows of the user's own
    to the Pyomo model; `extension_key` tells it from others by content. `jobs` is the number of processes,
    one per processor if None.
    """

    instance: Instance
    countries: tuple[str, ...] = ()
    _: KW_ONLY
    policy: str = ""
    policies: tuple[Policy, ...] | None = None
    objective: str | None = None
    gap: float = DEFAULT_GAP
    time_limit: float | None = None
    ranges: bool = False
    worths: bool = False
    next_dollar: float | None = None
    bands: bool = False
    draws: int | None = None
    view: int | None = None
    extension: Extension | None = None
    extension_key: str = ""
    jobs: int | None = None

    def __post_init__(self) -> None:
        """Raises `InputError` for a view or a next dollar that cannot be asked for."""
        if self.next_dollar is not None:
            self._check_next_dollar(self.next_dollar)
        if self.view is None:
            return
        beside = {
            "ranges": self.ranges,
            "bands": self.bands,
            "next dollar": self.next_dollar is not None,
            "extend": self.extension is not None,
        }
        for name, given in beside.items():
            if given:
                hint = "what it says is of one program; a rolled plan comes of one a year"
                raise InputError(Diagnostic("E609", f"a view and `{name}` exclude each other", hint=hint))
        if isinstance(self.view, bool) or not isinstance(self.view, int) or self.view < 1:
            message = f"a view is a whole number of years, 1 or more, got {self.view!r}"
            raise InputError(Diagnostic("E609", message))

    def _check_next_dollar(self, usd_bn: float) -> None:
        if not 0 < usd_bn < math.inf:
            raise InputError(Diagnostic("E610", f"the next dollar is USD bn above 0, got {usd_bn!r}"))
        if self.instance.industry != "staged":
            message = "what the next dollar of research and the next fab bring is of a staged industry"
            raise InputError(Diagnostic("E610", message, hint="add --set industry=staged"))

    @property
    def asked(self) -> tuple[str, ...]:
        """Every country that is asked about, once."""
        return tuple(dict.fromkeys(self.countries or self.instance.countries))

    @property
    def country(self) -> str:
        """The country of an ask about a single one."""
        return self.countries[0]

    @property
    def processes(self) -> int:
        return available_jobs() if self.jobs is None else self.jobs

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The instance, then the instance under each policy; a name given again gets its number.

        Raises `InputError` with every patch that does not fit, of all policies.
        """
        if self.policies is None:
            return (Scenario(self.policy, self.instance),)
        # beside a solve this is nothing, for a command that solves nothing it would be half of its time
        from optimizer.answer.comparison import BASELINE, unique_names

        found = [Scenario(BASELINE, self.instance)]
        problems: dict[Diagnostic, None] = {}
        names = unique_names([each.name for each in self.policies])
        for name, policy in zip(names, self.policies, strict=True):
            try:
                found.append(Scenario(name, patch(self.instance, policy.patches)))
            except InputError as error:
                problems |= dict.fromkeys(error.diagnostics)
        if problems:
            raise InputError(list(problems))
        return tuple(found)

    @cached_property
    def key(self) -> str:
        """A hash of all that the answer depends on, in hexadecimal: equal ones ask for the same.

        It is over every number and name of the patched instance, the patches, the name and patches of each
        policy, and all other fields but `jobs`: not over places, versions of Kloof or what it runs on. Raises
        `ValueError` where it cannot be known: there is an `extension`, and no `extension_key`.
        """
        if self.extension is not None and not self.extension_key:
            raise ValueError("an ask with rows of your own has a key only where `extension_key` is given")
        said = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in NOT_IN_KEY}
        if not self.bands:
            # an ask without them has the key that it had before there were any
            del said["bands"], said["draws"]
        for name in ("view", "next_dollar"):
            if said[name] is None:
                del said[name]
        applied = [(each.path, each.old, each.new, each.text) for each in self.instance.applied]
        policies = self.policies and [
            (each.name, [one.text for one in each.patches]) for each in self.policies
        ]
        said |= {"countries": self.asked, "applied": applied, "policies": policies}
        return hashlib.sha256(json.dumps(said, default=parts).encode()).hexdigest()


def parts(value: object) -> object:
    """What an instance is made of, for JSON: of a quantity all but where it stands."""
    if isinstance(value, BaseModel):
        return value.__dict__
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value):
        return {each.name: getattr(value, each.name) for each in fields(value) if each.compare}
    raise TypeError(f"no way to write {type(value).__name__} into a key")
