"""The world of round numbers in staged mode; no money comes back, so that money bounds what is built."""

from __future__ import annotations

import shutil
from pathlib import Path

WORLD = Path(__file__).parent / "resolve_world"
SHARED = """
industry: staged
staged:
  lines:
    n7:
      levels:
        young: {experience_thousand_wafers: 0, yield: 0.25}
        grown: {experience_thousand_wafers: 150, yield: 0.5}
        old: {experience_thousand_wafers: 600, yield: 0.75}
      programme: {cost_usd_bn: 9, lag_years: 1}
      module_kwpm: 2.5
    n5:
      levels:
        young: {experience_thousand_wafers: 0, yield: 0.125}
        grown: {experience_thousand_wafers: 30, yield: 0.375}
      programme: {cost_usd_bn: 6, lag_years: 1.5}
  tools:
    euv:
      programme: {cost_usd_bn: 8, lag_years: 1}
      toolmaking_lead_years: 1
"""
OF_CHINA = """  staged:
    lines:
      n7:
        experience_thousand_wafers: 120
        other_learning_thousand_wafers_per_year: {2026: 10, 2028: 30}
      n5:
        experience_thousand_wafers: 3
        programme_left: 0.75
        research_limit_usd_bn_per_year: {2026: 1, 2027: 2}
    tools:
      euv:
        programme_left: 0.75
        development_limit_usd_bn_per_year: 2.5
        build_limit_kwpm_per_year2: 0.5
"""
N5 = """      normal_kwpm_per_year: 6
    n5: {capacity_kwpm: 0, ai_share: 0.5, yield: 0.1, normal_kwpm_per_year: 3}
"""


def write_staged_world(directory: Path) -> Path:
    """The instance, written to a directory that is not there yet."""
    shutil.copytree(WORLD, directory)
    settings = directory / "instance.yaml"
    settings.write_text(settings.read_text() + SHARED)
    china = directory / "countries" / "CHN.yaml"
    text = china.read_text().replace("      normal_kwpm_per_year: 6\n", N5) + OF_CHINA
    china.write_text(text.replace("home_return: 0.3", "home_return: 0"))
    return directory
