"""What binds a plan, and what easing it is worth, as a figure."""

from __future__ import annotations

from typing import Final

from optimizer.answer.fact import Binding
from optimizer.tell.page.figures import MISSING, Cell, Column, Figure, Row, Table, amount, slug, text
from optimizer.tell.page.saved import Plan, SavedRun

LIMITS_DRAWN: Final = 12
STAGED: Final = (
    "Prices hold with levels of learning, unlocked nodes and fabs as they are in the plan, and bound "
    "nothing: others may be worth more."
)


def limit_name(run: SavedRun, fact: Binding) -> str:
    """A limit in a few words: what it is, and of which chip, line or segment."""
    if not fact.item:
        return fact.meaning
    kinds = fact.spec.index or ("",)
    items = [run.item(kind, one) for kind, one in zip(kinds, fact.item.split("/"), strict=False)]
    return f"{fact.meaning}: {', '.join(items)}"


def limits_figure(run: SavedRun, plan: Plan) -> Figure | None:
    """What easing each binding limit is worth, dearest first: as solved, else at most by its price."""
    facts = [fact for fact in plan.answer.binding if fact.ranked_by][:LIMITS_DRAWN]
    if not facts:
        return None
    rows = []
    for fact in facts:
        usd = fact.eased_usd_bn
        rows.append(
            Row(
                [
                    text(f"{limit_name(run, fact)}{', closed: a step' if fact.closed else ''}"),
                    text(fact.period),
                    _worth(fact),
                    text(run.plain(fact.words)),
                    Cell(MISSING) if usd is None else amount(usd, 2),
                ]
            )
        )
    columns = [
        Column("Limit", field="name", text=True),
        Column("binds in", text=True),
        Column("eased by a tenth", "% effective compute for good", field="worth"),
        Column("in words", text=True),
        Column("that is worth up to", "USD bn of one year"),
    ]
    dearest = "; ".join(f"{row.cells[0].text} {row.cells[2].text}%" for row in rows[:3])
    together = [f"Together: {run.plain(joint.sentence)}" for joint in plan.answer.binding_together]
    return Figure(
        title="What binds, and what easing it is worth",
        table=Table(slug(plan.country, "limits"), columns, rows, stacks=True),
        chart="bars",
        alt=f"Bars, dearest first: {dearest}.",
        unit="% more effective compute for good for easing it by a tenth in every period in which it binds, "
        "the years after those shown included",
        note=" ".join(
            [
                *together,
                "Eased: a tenth more of what limits, a tenth less of what is asked. A plain number was "
                "solved with the limit eased; ≤ is at most, by the price of the first part, which falls as a "
                "limit is eased; ~ is such a price where the limit is a share of what the plan decides, of "
                "which it says only about. Of a closed limit there is no tenth: its bar is the step that the "
                "words name.",
                *([STAGED] if plan.top.stages is not None else []),
            ]
        ),
    )


def _worth(fact: Binding) -> Cell:
    """What easing a limit is worth: as solved, else by its price, marked as no more than a bound."""
    most = amount(fact.ranked_by, 2)
    mark = "" if fact.solved else "≤" if fact.ten_percent_is_bound else "~"
    return Cell(f"{mark}{most.text}", most.value or most.text)
