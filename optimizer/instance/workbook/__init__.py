"""Workbooks: written the same every time, and read with the place of every cell."""
