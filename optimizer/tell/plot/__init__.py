"""Pictures of a stored study, as files of their own and on its page.

`names` says in words what factors and outcomes are; `charts` has the Altair charts; `study` reads a store and
knows which kinds fit its design; `drawings` fills a chart's table from what the study concludes, and
`samples` those that show draws; `picture` writes SVG and PNG.
"""
