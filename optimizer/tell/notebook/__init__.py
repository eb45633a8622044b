"""Results in a notebook: a table, and a chart as SVG that needs no script."""
