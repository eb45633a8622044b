"""Every block of every case study prints what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from optimizer.study.sampling.quantiles import band
from tests.cli.case_studies import APPENDIX, DIRECTORY, agree, rewrite, run

FORESIGHT = DIRECTORY.parent / "foresight.md"


@pytest.mark.parametrize("page", sorted(DIRECTORY.glob("*.md")), ids=lambda page: page.stem)
def test_a_case_study_prints_what_it_shows(page: Path) -> None:
    blocks = list(run(page))
    assert len(blocks) >= 5
    for block in blocks:
        told = f"{block.code}\nshown:\n{block.shown}\nprinted:\n{block.printed}"
        assert agree(block.shown, block.printed), told


def test_the_table_of_foresight_is_that_of_its_file_and_ends_with_the_plan_of_the_readme() -> None:
    (block,) = run(FORESIGHT)
    assert agree(block.shown, block.printed), block.printed
    every = [line.split() for line in block.printed.splitlines()]
    (all_years,) = [line for line in every if line[0] == "all"]
    readme = (DIRECTORY.parents[1] / "README.md").read_text()
    (china,) = re.findall(r"^CHN +(\d.*)$", readme, re.MULTILINE)
    shares, paid, compute, lags = china.split()[:5], china.split()[5], china.split()[7], china.split()[9:11]
    assert all_years[1:] == [*shares, paid, "0", compute, *lags]


def test_numbers_may_differ_by_one_in_the_last_digit_and_words_not_at_all() -> None:
    assert agree("lag 36.6 months, 1,430", "lag 36.7  months, 1,431")
    assert not agree("lag 36.6 months", "lag 36.8 months")
    assert not agree("lag 36.6 months", "lead 36.6 months")
    assert not agree("lag 36 months", "lag 36.0 months")
    assert agree("lag +0.0, +0.00", "lag -0.0, -0.00")  # another processor, another sign of nothing
    assert not agree("1 2", "1")


def test_the_gap_opens_with_the_range_of_the_drivers() -> None:
    draws = pd.read_csv(DIRECTORY / "china-drivers.csv")["lag_months/2035"].to_numpy()
    low, _, high = (one.value for one in band(draws).quantiles)
    opening = (DIRECTORY / "the-gap.md").read_text().split("\n\n")[1]
    assert f"between {low:.0f} and {high:.0f} months" in opening.replace("\n", " ")


def test_the_gap_is_short_before_its_code() -> None:
    text, code, _ = (DIRECTORY / "the-gap.md").read_text().partition(APPENDIX)
    assert code
    assert len(text.split()) <= 1200


PAGE = """# A page

```text
{}
```

## Appendix: the code

```python
print(1)
```

```python
print(2)
```
"""


def test_tables_before_an_appendix_are_what_its_code_prints(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.format("1\n```\n\n```text\n2"))
    assert all(agree(block.shown, block.printed) for block in run(page))
    page.write_text(PAGE.format("5\n```\n\n```text\n9"))
    assert not any(agree(block.shown, block.printed) for block in run(page))
    rewrite(page)
    assert page.read_text() == PAGE.format("1\n```\n\n```text\n2")
    page.write_text(PAGE.format("1\n```\n\n```text\n2\n```\n\n```text\n3"))
    with pytest.raises(ValueError, match="no code prints 3"):
        list(run(page))
    page.write_text(PAGE.format("1"))
    assert not all(agree(block.shown, block.printed) for block in run(page))
