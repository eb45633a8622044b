"""Run directories, CSV and JSON."""
