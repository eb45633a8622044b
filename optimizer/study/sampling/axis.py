"""Reading an axis: which cells of an instance a factor moves, and over what they spread.

    countries.CHN.budget.income_usd_bn *= 0.5:2:7         seven factors at equal distances
    countries.CHN.budget.income_usd_bn *= 0.5:2:7:log     seven at equal ratios
    countries.CHN.trade.supply_share = [0.1, 0.17, 0.25]  a list of numbers or words
    countries.CHN.budget.income_usd_bn *= triangular(0.5, 1, 2)    low, mode, high
    countries.CHN.budget.income_usd_bn *= lognormal(0.5, 2)        its 5 and 95% quantiles
    countries.CHN.budget.income_usd_bn *= uniform(0.5, 2)          the same as 0.5:2
    research.spillover_per_year = discrete(1 @ 0.7, 3.9 @ 0.3)     values with probabilities
    research.spillover_per_year ~ own                     the input's own range: low, value, high
    policy = [baseline, hbm_lifted, hbm_lifted+tools_tightened]    policies

An axis is a patch with a spread in place of its value: PATH and OP are those of `patch_grammar`, `*` and
`[years]` included. Several paths are joined by commas and move together; `NAME:` before an axis names it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from optimizer.errors import Diagnostic, InputError, misleading, number_hint
from optimizer.instance.patch_grammar import Patch, parse_patch, patch_diagnostic
from optimizer.instance.problem import nearest, number_text, seen
from optimizer.instance.quantity_reader import ID
from optimizer.instance.values import Location
from optimizer.instance.yaml_reader import read_yaml, scalar
from optimizer.study.sampling.spread import (
    Discrete,
    Level,
    Levels,
    Lognormal,
    Own,
    Policies,
    Range,
    Spread,
    Triangular,
)

POLICY: Final = "policy"
OWN: Final = "own"
NAMED: Final = re.compile(rf"\s*(?P<name>{ID.pattern})\s*:\s+(?P<axis>.*)", re.DOTALL)
AXIS: Final = re.compile(r"(?P<paths>.*?)\s*(?P<operation>\*=|\+=|=|~)\s*(?P<spread>.*)", re.DOTALL)
CALL: Final = re.compile(r"(?P<name>[a-z_]+)\s*\((?P<arguments>.*)\)", re.DOTALL)
EXAMPLE: Final = "write PATH *= 0.5:2:7, PATH = [1, 2, 3], PATH *= triangular(0.5, 1, 2) or PATH ~ own"
# What is more than this is a slip: 10^5 solves are the most that a study makes unasked.
MOST_STOPS: Final = 100_000
SUM_TOLERANCE: Final = 1e-9


@dataclass(frozen=True)
class Axis:
    """An axis as read. `patches` say which cells it moves and how (their values mean nothing), none where it
    chooses a policy or where inputs move over their own ranges (`~`: then the operation means nothing)."""

    name: str
    patches: tuple[Patch, ...]
    spread: Spread
    text: str
    origin: Location | None = None


def parse_axis(text: str, origin: Location | None = None) -> Axis:
    """Read an axis; one without a name is called by its paths. `origin` is its place in a study file.

    Raises `InputError`.
    """
    hidden = misleading(text)
    if hidden is not None:
        raise _refusal(text, origin, f"holds the character {hidden}", "delete it")
    named = NAMED.fullmatch(text)
    written = (named["axis"] if named else text).strip()
    match = AXIS.fullmatch(written)
    if match is None:
        raise _refusal(text, origin, "is no axis", EXAMPLE)
    paths, operation = match["paths"].strip(), match["operation"]
    spread = _read_spread(match["spread"].strip(), paths, operation, text, origin)
    if paths == POLICY:
        patches: tuple[Patch, ...] = ()
    else:
        used = "*=" if operation == "~" else operation
        patches = tuple(parse_patch(f"{path.strip()} {used} 1", origin) for path in paths.split(","))
    return Axis(named["name"] if named else paths, patches, spread, written, origin)


def _read_spread(written: str, paths: str, operation: str, text: str, origin: Location | None) -> Spread:
    def refuse(message: str, hint: str | None = EXAMPLE) -> InputError:
        return _refusal(text, origin, message, hint)

    if paths == POLICY:
        return _read_policies(written, operation, refuse)
    if not paths:
        raise refuse("names no path")
    if operation == "~":
        if written == OWN:
            return Own()
        raise refuse(
            f"spreads over {seen(written)}: after `~` only `own` may stand",
            "write `*=` before factors, `=` before values: PATH *= triangular(0.5, 1, 2)",
        )
    if written == OWN:
        raise refuse(f"has `{operation} own`", f"write `{paths} ~ own`")
    if written.startswith("["):
        return Levels(_read_list(written, operation, refuse))
    call = CALL.fullmatch(written)
    if call is not None:
        return _read_distribution(call["name"], call["arguments"], operation, refuse)
    if ":" in written:
        return _read_range(written, operation, refuse)
    if not written:
        raise refuse("has nothing to spread over")
    raise refuse(f"has one value, `{written}`", f"write it among `patches`, or as a list: [{written}]")


def _read_policies(written: str, operation: str, refuse: Callable[..., InputError]) -> Policies:
    if operation != "=" or not written.startswith("["):
        raise refuse("chooses policies without a list", "write policy = [baseline, hbm_lifted]")
    levels = _read_list(written, operation, refuse)
    words = [level for level in levels if isinstance(level, str)]
    if len(words) < len(levels):
        raise refuse("lists a policy that is no text", "write policy = [baseline, hbm_lifted]")
    return Policies(tuple(words))


def _read_list(written: str, operation: str, refuse: Callable[..., InputError]) -> tuple[Level, ...]:
    document = read_yaml(written, "the axis")
    if document.problems or not isinstance(document.data, list):
        message = document.problems[0].message if document.problems else "it is no list"
        raise refuse(f"has a list that cannot be read: {message}")
    levels: list[Level] = []
    for item in document.data:
        if isinstance(item, bool | str) and operation == "=":
            levels.append(item)
        elif isinstance(item, int | float) and not isinstance(item, bool) and not math.isnan(item):
            levels.append(_finite(item, operation, refuse))
        else:
            hint = number_hint(item) if isinstance(item, str) else None
            raise refuse(f"lists {seen(item)} after `{operation}`", hint or EXAMPLE)
    if not levels:
        raise refuse("has an empty list")
    repeated = [level for number, level in enumerate(levels) if level in levels[:number]]
    if repeated:
        raise refuse(f"lists {seen(repeated[0])} twice", "list every value once")
    return tuple(levels)


def _finite(number: float, operation: str, refuse: Callable[..., InputError]) -> float:
    """A number that an operation can take: infinity may be set, not multiplied by or added."""
    if math.isinf(number) and operation != "=":
        raise refuse(f"has {number_text(number)} after `{operation}`", "write PATH = [.inf, ...] to set it")
    return float(number)


def _read_range(written: str, operation: str, refuse: Callable[..., InputError]) -> Range:
    parts = [part.strip() for part in written.split(":")]
    hint = "write LOW:HIGH:COUNT, as in 0.5:2:7, or LOW:HIGH:COUNT:log"
    logarithmic = parts[-1] == "log"
    numbers = parts[:-1] if logarithmic else parts
    if len(numbers) not in (2, 3):
        raise refuse("has a range that cannot be read", hint)
    low, high = (_number(part, refuse) for part in numbers[:2])
    count = None
    if len(numbers) == 3:
        number = _scalar(numbers[2], refuse)
        if isinstance(number, bool) or not isinstance(number, int):
            raise refuse(f"has a range whose count is {seen(number)}", hint)
        if not 2 <= number <= MOST_STOPS:
            raise refuse(f"has a range of {number} values", f"a range has from 2 to {MOST_STOPS:,} values")
        count = number
    return _range(low, high, count, logarithmic, operation, refuse)


def _range(
    low: float,
    high: float,
    count: int | None,
    logarithmic: bool,
    operation: str,
    refuse: Callable[..., InputError],
) -> Range:
    if not low < high:
        raise refuse(
            f"has a range from {number_text(low)} to {number_text(high)}",
            "the lower end comes first: LOW:HIGH",
        )
    if logarithmic and low <= 0:
        raise refuse(f"has a logarithmic range from {number_text(low)}", "its lower end must be positive")
    if operation == "*=" and low < 0:
        raise refuse(f"multiplies by {number_text(low)}", "a factor is not negative")
    return Range(low, high, count, logarithmic)


def _read_distribution(
    name: str, arguments: str, operation: str, refuse: Callable[..., InputError]
) -> Spread:
    forms = {
        "uniform": "uniform(low, high)",
        "triangular": "triangular(low, mode, high)",
        "lognormal": "lognormal(low, high), its 5 and 95% quantiles",
        "discrete": "discrete(value @ probability, ...)",
    }
    if name not in forms:
        close = nearest(name, tuple(forms))
        known = f"did you mean `{forms[close]}`?" if close else "known: " + "; ".join(forms.values())
        raise refuse(f"has an unknown distribution `{name}`", known)
    parts = [part.strip() for part in arguments.split(",")]
    hint = f"write {forms[name]}"
    if name == "discrete":
        return _read_discrete(parts, operation, refuse, hint)
    numbers = [_number(part, refuse, hint) for part in parts]
    if len(numbers) != (3 if name == "triangular" else 2):
        raise refuse(f"has {len(numbers)} numbers in `{name}`", hint)
    low, high = numbers[0], numbers[-1]
    if name == "uniform":
        return _range(low, high, None, False, operation, refuse)
    _range(low, high, None, name == "lognormal", operation, refuse)
    if name == "lognormal":
        return Lognormal(low, high)
    if not low <= numbers[1] <= high:
        raise refuse(f"has the mode {number_text(numbers[1])} outside its ends", hint)
    return Triangular(low, high, numbers[1])


def _read_discrete(
    parts: list[str], operation: str, refuse: Callable[..., InputError], hint: str
) -> Discrete:
    values: list[Level] = []
    weights: list[float] = []
    for part in parts:
        value, sign, weight = part.partition("@")
        if not sign:
            raise refuse(f"has `{part}` without a probability", hint)
        read = _scalar(value.strip(), refuse)
        if isinstance(read, bool) or not isinstance(read, int | float) or math.isnan(read):
            raise refuse(f"has the value {seen(read)}", number_hint(value) or hint)
        values.append(_finite(read, operation, refuse))
        weights.append(_number(weight.strip(), refuse, hint))
    if min(weights) <= 0 or abs(sum(weights) - 1) > SUM_TOLERANCE:
        shown = number_text(round(sum(weights), 9))
        raise refuse(f"has probabilities that sum to {shown}", "they are positive and sum to 1")
    if len(set(values)) < len(values):
        raise refuse("lists a value twice", "list every value once")
    return Discrete(tuple(values), tuple(weights))


def _number(written: str, refuse: Callable[..., InputError], hint: str | None = EXAMPLE) -> float:
    value = _scalar(written, refuse)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise refuse(f"has {seen(value)} in place of a finite number", number_hint(written) or hint)
    return float(value)


def _scalar(written: str, refuse: Callable[..., InputError]) -> object:
    try:
        return scalar(written)
    except OverflowError:
        raise refuse(f"has the number {written[:20]}, which is too large") from None


def _refusal(text: str, origin: Location | None, message: str, hint: str | None) -> InputError:
    problem: Diagnostic = patch_diagnostic("E701", f"the axis `{text.strip()}` {message}", origin, hint)
    return InputError(problem)
