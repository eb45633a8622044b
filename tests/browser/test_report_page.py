"""What a reader does with a report: look at it, sort, search, download, print, on any screen, by keyboard."""

from __future__ import annotations

import csv
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from optimizer.tell.page.page import report_html
from tests.browser.conftest import Open
from tests.unit.test_report import plan, run

REPORTS = ("solve", "compare")
WIDTHS = (360, 800, 1600)
MARKS = "path[d], text, line"


def texts(found: Locator) -> list[str]:
    return [text.strip() for text in found.all_text_contents()]


def column(page: Page, table: str, position: int) -> list[str]:
    return texts(page.locator(f"#t-{table} tbody tr > :nth-child({position})"))


@pytest.mark.parametrize("name", REPORTS)
def test_loads_without_a_complaint_and_asks_for_nothing_but_itself(browse: Open, name: str) -> None:
    page = browse(name)
    assert page.complaints == []
    assert [url.split(":")[0] for url in page.requests] == ["file"]
    assert page.title().startswith("two-countries, 2026 to 2029")
    assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_chart_is_drawn_in_its_place_and_nothing_scrolls_sideways(
    browse: Open, name: str, width: int
) -> None:
    page = browse(name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    figures = page.locator("figure").all()
    assert len(figures) >= 12
    for figure in figures:
        title = figure.locator("strong").inner_text()
        picture = figure.locator(".chart svg")
        picture.wait_for(timeout=10_000)
        assert picture.locator(MARKS).count() >= 5, title
        inner, outer = picture.bounding_box(), figure.bounding_box()
        assert inner is not None
        assert outer is not None
        least = 0.4 if figure.get_attribute("data-chart") == "multiples" else 0.6
        assert outer["width"] * least < inner["width"] <= outer["width"], title
        assert inner["height"] > 60, title
        said = figure.locator(".chart").get_attribute("aria-label")
        assert re.search(r"\d", said or ""), title
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.complaints == []


def test_a_chart_draws_the_numbers_of_its_table(browse: Open) -> None:
    page = browse("solve")
    figure = page.locator("figure", has=page.locator("#t-chn-lag"))
    values = column(page, "chn-lag", 2)
    assert len(values) == 5
    drawn = texts(figure.locator("svg text"))
    assert {values[0], values[-1]} <= set(drawn)
    # one hollow or full point per line of the table, and no more
    assert figure.locator("svg g.mark-symbol path").count() == len(values)
    split = page.locator("figure", has=page.locator("#t-chn-split"))
    shares = sum(len(column(page, "chn-split", k)) for k in range(2, 7))
    assert split.locator("svg g.mark-rect path").count() == shares


def test_lags_of_all_countries_are_named_at_their_ends_and_one_stands_out(
    browse: Open, reports: Path
) -> None:
    ends = {"CHN": 30.0, "IND": 31.0, "KOR": 31.5, "JPN": 60.0, "FRA": 60.2}
    plans = [plan([end / 3, end / 2, end, end], 6.0, country=country) for country, end in ends.items()]
    (reports / "several.html").write_text(report_html(run(*plans)))
    page = browse("several", 1000)
    figure = page.locator("figure[data-chart=lag-lines]")
    labels = [
        each for each in figure.locator("svg text").all() if (each.text_content() or "").startswith("Land")
    ]
    assert sorted(label.text_content() or "" for label in labels) == [
        *("Land of CHN, 30", "Land of FRA, 60", "Land of IND, 31", "Land of JPN, 60", "Land of KOR, 32")
    ]
    boxes = sorted((box for each in labels if (box := each.bounding_box())), key=lambda box: box["y"])
    for one, other in pairwise(boxes):
        assert other["y"] - one["y"] - one["height"] >= -2
        assert one["x"] + one["width"] <= 1000

    def coloured() -> set[str]:
        return {
            label.text_content() or ""
            for label in figure.locator("svg text").all()
            if label.get_attribute("fill") == "var(--s1)"
        }

    assert coloured() == {"Land of CHN, 30"}
    figure.locator("select").select_option("Land of JPN")
    page.wait_for_function(
        "document.querySelector('figure[data-chart=lag-lines]').textContent.includes('JPN')"
    )
    page.wait_for_timeout(500)
    assert coloured() == {"Land of JPN, 60"}
    assert page.complaints == []


def test_cash_has_a_line_at_income_and_says_what_is_unspent(browse: Open) -> None:
    page = browse("solve")
    figure = page.locator("figure", has=page.locator("#t-chn-money"))
    legend = texts(figure.locator(".legend li"))
    assert {"chips bought and made", "talent", "unspent"} < set(legend)
    assert legend[-1] == "income"
    drawn = page.locator("#t-chn-money thead th[data-series]").count()
    periods = len(column(page, "chn-money", 1))
    assert figure.locator("svg g.mark-rect path").count() == periods * (drawn + 1)


def test_a_resized_window_redraws(browse: Open) -> None:
    page = browse("solve", 1200)
    picture = page.locator("figure", has=page.locator("#t-chn-limits")).locator("svg")
    wide = picture.bounding_box()
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_timeout(1500)
    narrow = picture.bounding_box()
    assert wide is not None
    assert narrow is not None
    assert narrow["width"] < 400 < wide["width"]
    assert page.complaints == []


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_follows_the_colour_scheme_with_enough_contrast(browse: Open, scheme: str, dark: bool) -> None:
    page = browse("compare", scheme=scheme)

    def style(selector: str, name: str) -> str:
        return str(page.locator(selector).first.evaluate(f"each => getComputedStyle(each)['{name}']"))

    paper = luminance(style("body", "backgroundColor"))
    assert (paper < 0.1) is dark
    for selector in ("body", ".note", "nav a", "#t-worth td", ".unit"):
        ink = luminance(style(selector, "color"))
        ratio = (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05)
        assert ratio >= 4.5, (selector, ratio)
    label = luminance(style("figure svg .role-axis-label text", "fill"))
    panel = luminance(style("figure", "backgroundColor"))
    assert (max(label, panel) + 0.05) / (min(label, panel) + 0.05) >= 4.5


def test_tables_sort_by_click_and_by_keyboard(browse: Open) -> None:
    page = browse("solve")
    head = page.locator("#t-countries thead th", has_text="paid")
    before = column(page, "countries", 13)
    head.locator("button").click()
    ascending = column(page, "countries", 13)
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert column(page, "countries", 13) == list(reversed(ascending))
    numbers = [float(text.replace(",", "")) for text in ascending]
    assert numbers == sorted(numbers)
    assert sorted(before) == sorted(ascending)
    first = page.locator("#t-countries thead th").first
    first.locator("button").focus()
    page.keyboard.press("Enter")
    assert first.get_attribute("aria-sort") == "ascending"
    assert head.get_attribute("aria-sort") is None
    assert column(page, "countries", 1) == ["China", "United States"]
    page.keyboard.press("Space")
    assert column(page, "countries", 1) == ["United States", "China"]


def test_everything_can_be_reached_by_keyboard(browse: Open) -> None:
    page = browse("solve")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = []
    for _ in range(400):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.tagName")
        if name == "BODY":
            break
        reached.append(name)
    visible = page.evaluate(
        "[...document.querySelectorAll('a[href], button, summary, input, select, [tabindex]')]"
        ".filter((each) => each.checkVisibility({contentVisibilityAuto: true})).length"
    )
    assert len(reached) >= visible - 1
    assert {"A", "BUTTON", "SUMMARY", "INPUT", "SELECT"} <= set(reached)
    summary = page.locator("details.data > summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.data").first.get_attribute("open") is not None


def test_jumps_to_every_section(browse: Open) -> None:
    page = browse("compare")
    links = page.locator("nav a")
    targets = [link.get_attribute("href") for link in links.all()]
    assert "#overview" in targets
    assert "#country-chn" in targets
    for target in targets:
        assert target is not None
        assert page.locator(target).count() == 1, target


def test_download_holds_the_numbers_of_the_run(browse: Open, reports: Path) -> None:
    page = browse("solve")
    figure = page.locator("figure", has=page.locator("#t-chn-capability"))
    figure.locator("summary").click()
    with page.expect_download() as download:
        figure.locator(".download").click()
    assert download.value.suggested_filename == "chn-capability.csv"
    with Path(download.value.path()).open() as file:
        lines = list(csv.DictReader(file))
    with (reports / "solve" / "strategy.csv").open() as file:
        known = {
            row["period"]: float(row["value"])
            for row in csv.DictReader(file)
            if (row["country"], row["metric"]) == ("CHN", "effective_ratio")
        }
    assert [line["Period"] for line in lines] == ["start", *known]
    for line in lines[1:]:
        assert float(line["of the leader's (%)"]) == pytest.approx(100 * known[line["Period"]], rel=1e-4)
    assert page.complaints == []


def test_assumptions_can_be_searched(browse: Open) -> None:
    page = browse("solve")
    page.fill("#filter-text", "income chn")
    open_groups = page.locator("details.inputs[open]:not([hidden])")
    assert open_groups.count() == 1
    shown = texts(open_groups.locator("tbody tr:not([hidden]) th"))
    assert "budget.income_usd_bn" in shown
    lines = texts(open_groups.locator("tbody tr:not([hidden])"))
    assert all("income" in line.lower() for line in lines)
    count = page.locator("#filter-count").inner_text()
    assert count == f"{len(shown)} inputs"
    page.fill("#filter-text", "")
    page.select_option("#filter-status", "sourced")
    statuses = texts(page.locator("details.inputs tbody tr:not([hidden]) td:nth-child(5)"))
    assert set(statuses) == {"sourced"}


def test_a_source_link_opens_the_list_of_sources(browse: Open) -> None:
    page = browse("solve")
    page.select_option("#filter-status", "sourced")
    link = page.locator("details.inputs tbody tr:not([hidden]) a").first
    target = link.get_attribute("href")
    link.click()
    assert target is not None
    page.locator(target).wait_for(state="visible", timeout=5000)


def test_long_texts_stand_below_one_another_on_a_narrow_screen(browse: Open) -> None:
    wide, narrow = browse("compare", 1600), browse("compare", 360)

    def heights(page: Page) -> list[float]:
        return [
            float(row.evaluate("each => each.offsetHeight"))
            for row in page.locator("#t-policies tbody tr").all()
        ]

    assert max(heights(narrow)) < 250
    for cell in narrow.locator("#t-policies tbody td:visible").all():
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
    label = "each => getComputedStyle(each, '::before').content"
    said = narrow.locator("#t-policies tbody td").first.evaluate(label)
    assert said in ('"name" ": "', '"name: "')
    assert wide.locator("#t-policies thead").is_visible()
    assert not narrow.locator("#t-policies thead").is_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_labels_of_an_axis_do_not_touch(browse: Open, width: int) -> None:
    page = browse("compare", width)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.wait_for_function(
        "[...document.querySelectorAll('figure')].every((each) => each.querySelector('.chart svg'))"
    )
    figures = page.locator("figure[data-chart=bars-across]").all()
    assert len(figures) >= 2
    for figure in figures:
        # labels that would overlap are there, but not to be seen
        labels = figure.locator(
            "svg .role-axis-label text:not([opacity='0'])", has_text=re.compile(r"%$")
        ).all()
        boxes = sorted((box for each in labels if (box := each.bounding_box())), key=lambda box: box["x"])
        assert len(boxes) >= 2
        for one, other in pairwise(boxes):
            assert other["x"] - one["x"] - one["width"] >= 4


def test_what_users_write_stays_text(browse: Open) -> None:
    page = browse("compare")
    assert page.complaints == []
    names = column(page, "policies", 1)
    assert "<img src=x onerror=alert(1)></script><b>bold</b>" in names
    assert page.locator("main img, main b, main i").count() == 0


def test_a_comparison_marks_what_cannot_be_told_apart(browse: Open, reports: Path) -> None:
    page = browse("compare")
    lines = dict(zip(column(page, "lag-changes", 1), column(page, "lag-changes", 2), strict=True))
    assert lines["No change"] == "="
    assert lines["In debt"] == "–"
    assert lines["Three times the money"].startswith("-")
    ranked = column(page, "chn-ranking", 1)
    summary = json.loads((reports / "compare" / "summary.json").read_text())
    titles = {each["name"]: each["title"] for each in summary["policies"]} | {"baseline": "Baseline"}
    order = [titles[name] for name in summary["ranking"]["CHN"]]
    assert ranked[: len(order)] == order
    places = {each["policy"]: str(each["rank"]) for each in summary["ranking_detail"]["CHN"]}
    shown = column(page, "chn-ranking", 2)
    assert shown[: len(order)] == [places[name] for name in summary["ranking"]["CHN"]]
    assert len(set(shown)) < len(shown)
    assert any(text.startswith("No plan under “In debt”") for text in texts(page.locator("#overview li")))


def test_a_comparison_opens_with_the_country_that_policies_touch(browse: Open) -> None:
    page = browse("compare")
    points = texts(page.locator("#overview > ul.points li"))
    (answer,) = texts(page.locator("#overview > p.answer"))
    assert answer.startswith("Most affected is China: by its own objective best is")
    assert sum("dearest limit of China" in point for point in points) == 1
    listed = page.locator("#overview > details").first
    assert listed.get_attribute("open") is not None
    assert texts(listed.locator("dt")) == column(page, "policies", 1)
    assert listed.locator("dd").first.is_visible()


def test_prints_light_with_every_chart_and_without_controls(browse: Open) -> None:
    page = browse("solve", scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    paper = luminance(str(page.locator("figure").first.evaluate("each => getComputedStyle(each).color")))
    assert paper < 0.1
    assert not page.locator("nav").is_visible()
    assert not page.locator(".download").first.is_visible()
    assert page.locator("figure svg").first.is_visible()
    assert len(page.pdf()) > 50_000
