"""The report of a saved run: one self-contained HTML page, made from the files of its run directory alone.

`saved` reads the run; `figures` holds what a table and its chart are made of; `plan_figures`,
`comparison_figures` and `overview` fill them; `words` says in sentences what they show; `provenance` lists
certificates, changes and assumptions; `charts` has the Altair charts; `page` puts it all together.
"""
