"""Thousands of scenarios, solved from one plan and kept as they finish."""
