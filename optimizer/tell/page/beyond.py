"""The years after the reported ones, which the objective counts too, as a table of their own."""

from __future__ import annotations

import math

from optimizer.answer.summary import lag_mark
from optimizer.tell.page.figures import (
    MISSING,
    Cell,
    Column,
    Row,
    Table,
    amount,
    compute_scale,
    lag_cell,
    shares,
    slug,
    text,
)
from optimizer.tell.page.saved import Plan


def beyond_tables(plan: Plan) -> list[tuple[str, Table]]:
    """The first periods after the reported ones with the sentence that says what they are; nothing where the
    run does not tell."""
    found = plan.answer.beyond
    if found is None or not found.periods:
        return []
    numbers = found.numbers
    categories = [name.partition("/")[2] for name in numbers if name.startswith("spend_share/")]
    scale = compute_scale(numbers["installed_compute"])
    precision = plan.precision
    rows = []
    for t, period in enumerate(found.periods):
        cells = [text(f"({period})")]
        cells += shares(plan, [numbers[f"spend_share/{name}"][t] for name in categories])
        cells += [amount(numbers[name][t], 3, precision.paid_width) for name in ("total", "outlays")]
        cells.append(amount(numbers["installed_compute"][t] / scale.divisor, 3, precision.compute_width))
        cells.append(amount(math.exp(numbers["capability"][t]), 3, precision.ratio_width))
        ratio, lag = numbers.get("effective_ratio"), numbers.get("lag_months")
        cells.append(Cell(MISSING) if ratio is None else amount(100 * ratio[t], 2, precision.ratio_width))
        mark = "" if lag is None else lag_mark(numbers, t)
        cells.append(Cell(MISSING) if lag is None else lag_cell(lag[t], precision.lag_decimals, mark))
        rows.append(Row(cells))
    columns = [
        Column("Beyond the reported years", text=True),
        *(Column(name, "%") for name in categories),
        *(Column(name, "USD bn") for name in ("cost of use", "paid")),
        Column("installed compute", scale.unit),
        Column("effective compute", "times the leader's at the start"),
        Column("of the leader's", "%"),
        Column("behind", "months"),
    ]
    weight = f"{100 * found.weight_share:.0f}% of what the objective weighs lies there"
    made = f"that the plan is made for as well; {weight}"
    if plan.answer.rolled is not None:
        # no window weighs them as the whole objective does
        made = "decided in the same way"
    title = f"Beyond {plan.periods[-1]}: the first of the later years, {made}"
    return [(title, Table(slug(plan.country, "beyond"), columns, rows))]
