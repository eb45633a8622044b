"""Solving and keeping the scenarios of a study, thousands of them."""
