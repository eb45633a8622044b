"""The page's tables of the rows and variables of the user's own, as far as a saved run tells them."""

from __future__ import annotations

from typing import Final

from optimizer.tell.own import own_tables
from optimizer.tell.page.figures import Column, Row, Table, slug, text
from optimizer.tell.page.saved import Plan

MOST: Final = 100


def own_page_tables(plan: Plan) -> list[tuple[str, Table]]:
    """One table of the variables and one of the rows; none where nothing is the user's own."""
    found = []
    for number, own in enumerate(own_tables(() if plan.answer is None else plan.answer.own, MOST)):
        title = own.title[0].upper() + own.title[1:]
        rows = [Row([text(cell) for cell in line]) for line in own.lines]
        columns = [Column("name", text=True), *map(Column, own.heads)]
        table = Table(slug(plan.country, "own", str(number)), columns, rows)
        found.append((f"{title}; {own.more}" if own.more else title, table))
    return found
