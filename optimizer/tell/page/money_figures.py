"""What the money of a plan is used for: the cost of use in shares, and cash by period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from optimizer.answer import digits, metrics
from optimizer.tell.page.figures import (
    PERIOD,
    Cell,
    Column,
    Figure,
    Row,
    Table,
    added,
    amount,
    exact,
    shares,
    slug,
)
from optimizer.tell.page.figures import text as said
from optimizer.tell.page.saved import Plan, date

SPLIT_READ: Final = (
    "Cost of use: capital charge, rent and energy of the compute in use; wages and investment as paid. Chips "
    "are the home chip industry; chips bought stand in research and delivery, as their capital charge."
)
# What cash is used for and where it comes from, as in the tables of `solve`: the head of a column, what is in
# it, and its colour. Where a category of the split is paid as it is used, it has that one's.
USES: Final = (
    ("chips bought and made", ("buy",), 8),
    ("rent abroad", ("rent",), 5),
    ("energy", ("energy",), 6),
    ("home chip industry", ("chips_cost",), 2),
    ("talent", ("talent_cost",), 3),
    ("power", ("power_spend",), 4),
    ("premiums for pace", ("premium",), 9),
    ("market prices bid up", ("bidup",), 1),
    ("unspent", ("lapsed",), 7),
)
SOURCES: Final = (
    ("carried in", ("carried_in",)),
    ("interest", ("interest",)),
    ("income", ("income",)),
    ("from users and home-made chips", ("recovered", "home_returned")),
)
UNSPENT: Final = "unspent"
CARRIED_COLOUR: Final = 10
BALANCED: Final = "Rounded so that the books balance: single payments may be off in the last digit."


def split(plan: Plan) -> Figure:
    """The cost of use by category and period, in percent."""
    categories = plan.items("spend_share")
    lines = [plan.series("spend_share", category) for category in categories]
    total, paid = plan.series("total"), plan.series("outlays")
    width = plan.precision.paid_width
    rows = []
    for t, period in enumerate(plan.periods):
        cells = shares(plan, [line[t] for line in lines])
        money = [amount(total[t], 3, width), amount(paid[t], 3, width)]
        rows.append(Row([said(period), *cells, *money], date(period)))
    columns = [PERIOD, *(Column(name, "%", series=True) for name in categories)]
    columns += [Column("cost of use", "USD bn"), Column("paid", "USD bn")]
    changes = [
        f"{name} from {rows[0].cells[k + 1].text}% to {rows[-1].cells[k + 1].text}%"
        for k, name in enumerate(categories)
        if max(lines[k]) > 0
    ]
    return Figure(
        title="What the budget is used for",
        table=Table(slug(plan.country, "split"), columns, rows),
        chart="stack-share",
        alt=f"Stacked bars, {plan.periods[0]} to {plan.periods[-1]}: {', '.join(changes)}.",
        unit="% of the cost of use",
        note=SPLIT_READ,
    )


def cash(plan: Plan) -> Figure:
    """What the cash of each period is used for, what is left unspent or carried over, and where it came
    from: every line of the table balances."""
    paid = sum(plan.series("outlays"))
    uses = [(name, _line(plan, names, paid), colour) for name, names, colour in USES]
    uses = [each for each in uses if any(each[1]) or each[0] == UNSPENT]
    sources = [(name, _line(plan, names, paid)) for name, names in SOURCES]
    sources = [each for each in sources if any(each[1]) or each[0] == "income"]
    closing = metrics.without_round_off(plan.series("cash"), paid).tolist()
    places = digits.decimals_for([value for _, line, _ in uses for value in line])
    rows = []
    for t, period in enumerate(plan.periods):
        came = [line[t] for _, line in sources]
        went = [line[t] for _, line, _ in uses]
        received, spent, left = digits.balanced(came, went, closing[t], places)
        cells = [
            _money(shown, value, places)
            for shown, value in zip((*spent, left, *received), (*went, closing[t], *came), strict=True)
        ]
        rows.append(Row([said(period), *cells], date(period)))
    columns = [PERIOD, *(Column(name, "USD bn", series=True, colour=hue) for name, _, hue in uses)]
    columns.append(Column("carried over", "USD bn", series=any(closing), colour=CARRIED_COLOUR))
    columns += [Column(name, "USD bn", field="level" if name == "income" else "") for name, _ in sources]
    width = plan.precision.paid_width
    totals = [f"{name} {amount(sum(line), 3, width).text}" for name, line, _ in uses]
    left_over = next(sum(line) for name, line, _ in uses if name == UNSPENT)
    first, last = plan.periods[0], plan.periods[-1]
    told = f"USD {amount(left_over, 3, width).text} bn" if left_over else "nothing"
    debt = ""
    if min(closing) < 0:
        debt = " Below zero: debt at the end of the period, by which the next bar falls short."
    return Figure(
        title=f"Where the money goes: USD {amount(paid, 3, width).text} bn paid, {told} left unspent",
        table=Table(slug(plan.country, "money"), columns, rows),
        chart="stack",
        alt=f"Stacked bars, USD bn in all from {first} to {last}: {', '.join(totals)}.",
        unit="USD bn a period, as paid",
        note="A bar adds up to all the cash of its period: income and what was carried in. The line across "
        f"it is the period's income. Unspent: income neither used nor carried over.{debt} {BALANCED}",
        wide=True,
    )


def _line(plan: Plan, names: Sequence[str], paid: float) -> list[float]:
    """Metrics added up over their items, period by period, without what arithmetic leaves of nothing."""
    lines = [plan.series(name, item) for name in names for item in plan.items(name)]
    found: list[float] = metrics.without_round_off(added(lines, len(plan.periods)), paid).tolist()
    return found


def _money(shown: float, value: float, places: int) -> Cell:
    printed = digits.fixed(shown, places)
    return Cell(printed, exact(value)) if printed.replace(",", "") != exact(value) else Cell(printed)
