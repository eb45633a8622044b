"""Whether the tables of a saved run hold every plan and period that its summary says was solved, and whether
the money in them adds up."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from optimizer.answer.answer import Headline
from optimizer.errors import Diagnostic, InputError

if TYPE_CHECKING:
    import pandas as pd

# What every plan has, and what it has beside its leader's: the headline number that says whether it does.
ALWAYS: Final = ("spend_share", "total", "outlays", "installed_compute", "capability")
AGAINST_LEADER: Final[Mapping[str, str]] = {"effective_ratio": "effective_ratio", "lag_months": "lag_months"}
COMPARED: Final = ("objective_average", "installed_compute", "capability")
# What comes in and what becomes of it, period by period: docs/metrics.md, "Paid".
BOOKS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("carried_in", "interest", "income", "recovered", "home_returned"), 1),
    **dict.fromkeys(("outlays", "lapsed", "cash"), -1),
}
# Of the money that a plan moves in a period, by which its books may be off.
OFF: Final = 1e-6
KEY: Final = ["country", "policy", "metric"]


class Solved(NamedTuple):
    """A plan that the summary holds; `policy` is named as in the tables, `leads` says whether the country is
    the leader."""

    country: str
    policy: str
    leads: bool
    headline: Headline


def check_end(path: Path) -> None:
    """Raise `InputError` (E642) where the last line of a table has no end, `OSError` where there is no
    file."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        if file.read() != b"\n":
            raise _refused(path, "the file is cut short: its last line has no end")


def check_strategy(path: Path, frame: pd.DataFrame, solved: Iterable[Solved]) -> None:
    """Raise `InputError` (E642) unless each plan has all its metrics in every reported period."""
    _refuse_first(path, _faults_of_strategy(frame, solved))


def check_comparison(path: Path, frame: pd.DataFrame, solved: Iterable[Solved]) -> None:
    """Raise `InputError` (E642) unless each plan has its numbers whenever the others of its policy have."""
    _refuse_first(path, _faults_of_comparison(frame, solved))


def _refuse_first(path: Path, faults: Iterator[str]) -> None:
    for fault in faults:
        raise _refused(path, f"the file does not hold all that summary.json says was solved: {fault}")


def _refused(path: Path, message: str) -> InputError:
    return InputError(Diagnostic("E642", message, file=str(path), hint="save the run again"))


def _faults_of_strategy(frame: pd.DataFrame, solved: Iterable[Solved]) -> Iterator[str]:
    if frame["value"].isna().any():
        yield "a value is missing"
    # only reported periods have shares; decisions are listed for the tail as well
    shares = frame[frame["metric"] == "spend_share"]
    periods = {
        str(policy): list(dict.fromkeys(part.astype(str)))
        for policy, part in shares.groupby("policy", observed=True)["period"]
    }
    reported = {period for labels in periods.values() for period in labels}
    found: dict[tuple[str, str], set[str]] = {}
    for (country, policy, metric, item), count in _counts(
        frame[frame["period"].astype(str).isin(reported)], [*KEY, "item"]
    ):
        found.setdefault((country, policy), set()).add(metric)
        whole = len(periods.get(policy, ()))
        if count != whole:
            name = f"{metric} {item}".strip()
            yield f"{country}{_under(policy)} has {count} lines of {name} for {whole} periods"
    yield from _faults_of_books(frame[frame["period"].astype(str).isin(reported)])
    for country, policy, leads, headline in solved:
        # what is nothing throughout is not listed
        against = [] if leads else AGAINST_LEADER.items()
        needed = [*ALWAYS, *(metric for metric, key in against if getattr(headline, key) is not None)]
        lacking = [metric for metric in needed if metric not in found.get((country, policy), ())]
        if lacking:
            yield f"{country}{_under(policy)} has no {', '.join(lacking)}"
        if headline.last not in periods.get(policy, ()):
            yield f"{country}{_under(policy)} has no {headline.last}"


def _faults_of_books(frame: pd.DataFrame) -> Iterator[str]:
    """Periods in which the money that comes in is not that which is paid, left unspent or carried over."""
    books = frame[frame["metric"].isin(list(BOOKS))]
    signed = books["value"] * books["metric"].astype(str).map(BOOKS).astype("float64")
    keys = [books[name].astype(str) for name in ("country", "policy", "period")]
    off = signed.groupby(keys).sum().abs()
    for country, policy, period in off[off > OFF * signed.abs().groupby(keys).sum()].index:
        yield f"the money of {country}{_under(policy)} in {period} does not add up"


def _faults_of_comparison(frame: pd.DataFrame, solved: Iterable[Solved]) -> Iterator[str]:
    counts = {(country, policy, metric): count for (country, policy, metric), count in _counts(frame, KEY)}
    most: dict[tuple[str, str], int] = {}
    for (_, policy, metric), count in counts.items():
        most[policy, metric] = max(most.get((policy, metric), 1), count)
    for country, policy, _, headline in solved:
        against = [metric for metric, key in AGAINST_LEADER.items() if getattr(headline, key) is not None]
        for metric in (*COMPARED, *against):
            count, whole = counts.get((country, policy, metric), 0), most.get((policy, metric), 1)
            if count != whole:
                yield f"{country}{_under(policy)} has {count} lines of {metric}, not {whole}"


def _counts(frame: pd.DataFrame, names: list[str]) -> Iterator[tuple[list[str], int]]:
    """How many lines there are with the same texts in some columns, by those texts."""
    sizes = frame.groupby(names, observed=True).size().reset_index(name="lines")
    for *texts, count in zip(*(sizes[name].astype(str) for name in names), sizes["lines"], strict=True):
        yield texts, int(count)


def _under(policy: str) -> str:
    return f" under `{policy}`" if policy else ""
