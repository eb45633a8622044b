"""Values far from those of the shipped world: a number in another unit is valid, and wrong by a thousand.

Checked are fields whose name has a unit that slips. `plausible.csv` holds the least and the greatest value of
each over the shipped world (zeros left out); where these are far apart, also those of each country, and those
of chips of one time.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from optimizer.errors import Diagnostic
from optimizer.instance.instance import Instance, quantities
from optimizer.instance.shape import Map, Record, Shape, record
from optimizer.instance.values import Array, Location, Quantity
from optimizer.instance.yaml_reader import Where, dotted

TABLE: Final = Path(__file__).with_name("plausible.csv")
OUTSIDE: Final = 30.0
"""A value this many times beyond the span is doubted; a span wider than this is kept by group as well."""
LAUNCH_YEARS: Final = 5


class Slip(NamedTuple):
    """Fields, by the end of their name, with their unit and what is written by mistake when a value is far
    too great or far too small; without a word the value is not doubted on that side."""

    fields: str
    unit: str
    above: str | None
    below: str | None


SLIPS: Final = (
    Slip(r"_usd_bn(_per_.*)?", "billion USD", "million USD or USD", "trillion USD"),
    Slip(r"_usd_thousand(_per_year)?", "thousand USD", "USD", "million USD"),
    Slip(r"_usd_per_kwh", "USD per kWh", "USD per MWh or cents", "thousand USD"),
    Slip(r"_usd_per_h100e_hour", "USD per hour", "USD per month or year", "thousand USD"),
    Slip(r"_price_usd", "USD", "cents", "thousand USD"),
    Slip(
        r"packaging\.(capacity|pending)_thousand_per_year",
        "thousand packages",
        "packages",
        "million packages",
    ),
    Slip(r"_thousand(_per_year)?", "thousand people", "people", "million people"),
    Slip(r"_tflops(_8bit)?", "TFLOP/s, dense", "FLOP/s or GFLOP/s", "PFLOP/s"),
    Slip(r"chips\.\*\.tpp", "TFLOP/s times bits", "FLOP/s", "PFLOP/s"),
    Slip(r"_gbs", "GB/s", "MB/s or B/s", "TB/s"),
    Slip(r"_gb", "GB", "MB or B", "TB"),
    Slip(r"_w", "W", "mW", "kW"),
    Slip(r"_gw(_per_year)?", "GW", "MW", "TW"),
    Slip(r"_area_mm2", "mm2", "square micrometres", "cm2"),
    Slip(r"_nm", "nm", "picometres", "micrometres"),
    Slip(r"_kh100e(_per_year)?", "thousand H100e", "H100e", "million H100e"),
    Slip(r"_thousand_wafers(_per_year)?", "thousand wafers", "wafers", None),
    Slip(r"_kwpm(_per_year)?", "thousand wafers a month", "wafers a month", "million wafers"),
    Slip(r"_pb(_per_year2?)?", "PB", "TB or GB", None),
    Slip(r"_months", "months", "days", None),
    Slip(r"(interest|rate)_per_year", "a share (0.05 is 5%)", "percent", None),
    Slip(
        r"(output|fleet\.chips|limits|make_limits|stockpiled_dies)\.\*",
        "thousand chips",
        "single chips",
        None,
    ),
)
# weights and thresholds are chosen, not measured
CHOSEN: Final = ("objectives", "rules", "destination_groups")


class Span(NamedTuple):
    """The least and the greatest value of a field."""

    low: float
    high: float


def implausible(instance: Instance) -> Iterator[Diagnostic]:
    """A warning for every value that is many times outside what the shipped world has in that field."""
    stored = shipped_spans()
    for where, quantity, field, slip, sizes in _measured(instance):
        group = _group(instance, where, field)
        group = group if group in stored else field
        # rules of export control make a new chip as slow as an old one
        least = field if field.startswith("chips.") else group
        for word, name, value, end in (
            (slip.above, group, float(sizes.max()), "greatest"),
            (slip.below, least, float(sizes.min()), "least"),
        ):
            span = stored.get(name)
            if word is None or span is None:
                continue
            ratio = value / span.high if end == "greatest" else span.low / value
            if ratio > OUTSIDE:
                times = f"{ratio:,.0f}" if ratio < 1e6 else f"{ratio:.1e}"
                beyond = f"{times} times {'' if end == 'greatest' else 'below '}the {end}"
                whose = "" if name == field else f" {_group_text(where, name)}"
                yield _warning(
                    where,
                    quantity.location,
                    f"{value:g} is {beyond} that the shipped world has{whose}: {_span_text(span)}",
                    f"the unit is {slip.unit}: was it given in {word}?",
                )


def _warning(where: Where, place: Location | None, message: str, hint: str) -> Diagnostic:
    path = dotted(where)
    file, line, column = place or (None, None, None)
    return Diagnostic("W102", f"`{path}` {message}", "warning", file, line, column, path, hint)


def _measured(instance: Instance) -> Iterator[tuple[Where, Quantity, str, Slip, Array]]:
    """Every quantity whose unit may slip: its place, itself, its field and the sizes of its numbers, but for
    zeros and infinities."""
    middles = np.array(instance.horizon.years) + 0.5
    for where, quantity in quantities(instance, ()):
        field = _field(where)
        slip = _slip(field)
        if slip is None:
            continue
        values = np.abs(quantity.at(middles) if quantity.changes else _written(quantity))
        sizes = values[(values > 0) & np.isfinite(values)]
        if sizes.size:
            yield where, quantity, field, slip, sizes


def _written(quantity: Quantity) -> Array:
    """The numbers as written; of growth the first alone, which grows as far as the horizon reaches."""
    return np.array([quantity.first_number] if quantity.kind == "growth" else quantity.numbers)


def _span_text(span: Span) -> str:
    return f"{span.low:g}" if span.low == span.high else f"{span.low:g} to {span.high:g}"


@cache
def _slip(field: str) -> Slip | None:
    if field.startswith(CHOSEN):
        return None
    return next((slip for slip in SLIPS if re.fullmatch(f".*{slip.fields}", field)), None)


def _field(where: Where) -> str:
    """The path of a field: `*` for every key of a table of the user's, years left out."""
    names: list[str] = []
    shape: Shape | None = record(Instance)
    for key in where:
        if isinstance(shape, Map):
            names.append("*")
            shape = shape.entry
        elif isinstance(shape, Record):
            names.append(str(key))
            shape = shape.fields[str(key)][1]
    return ".".join(names)


def _group(instance: Instance, where: Where, field: str) -> str:
    """The field for one country, or for the chips launched in the same five years."""
    if field.startswith("chips."):
        launch = int(instance.chips[str(where[1])].launch.start)
        return field.replace("*", str(launch - launch % LAUNCH_YEARS), 1)
    return field.replace("countries.*", f"countries.{where[1]}", 1) if len(where) > 1 else field


def _group_text(where: Where, group: str) -> str:
    if where[0] == "countries":
        return f"for {where[1]}"
    first = int(group.split(".")[1])
    return f"for chips launched from {first} to {first + LAUNCH_YEARS - 1}"


def spans(instance: Instance) -> Mapping[str, Span]:
    """The span of every field whose unit may slip: of all its values, and where it is wide by group."""
    found: dict[str, Span] = {}
    fields: dict[str, str] = {}
    for where, _, field, _, sizes in _measured(instance):
        for name in {field, _group(instance, where, field)}:
            before = found.get(name, Span(math.inf, 0.0))
            found[name] = Span(min(before.low, sizes.min()), max(before.high, sizes.max()))
            fields[name] = field
    wide = {name for name, span in found.items() if span.high / span.low > OUTSIDE}
    return {name: found[name] for name in sorted(found) if name == fields[name] or fields[name] in wide}


@cache
def shipped_spans() -> Mapping[str, Span]:
    """The spans of the shipped world, as stored."""
    with TABLE.open(newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return {name: Span(float(low), float(high)) for name, low, high in rows}


def table_text(found: Mapping[str, Span]) -> str:
    """Spans as they are stored."""
    lines = [f"{name},{span.low:.6g},{span.high:.6g}\n" for name, span in found.items()]
    return "field,low,high\n" + "".join(lines)
