"""Reports in headless Chromium: made once by the command from a small world, opened from disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.cli.conftest import run_kloof

# The gate names the browser, and then nothing is skipped; elsewhere any Chromium on the path will do.
REQUIRED = "KLOOF_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
)
POLICIES = {
    "rich": "title: Three times the money\npatches: ['countries.CHN.budget.income_usd_bn *= 3']\n",
    "nothing": "title: No change\npatches: ['countries.CHN.budget.income_usd_bn *= 1']\n",
    "broke": "title: In debt\npatches: ['countries.CHN.budget.cash0_usd_bn = -100000']\n",
    "markup": "title: '<img src=x onerror=alert(1)></script><b>bold</b>'\n"
    "description: '\"quoted\" & <i>slanted</i>'\npatches: ['countries.CHN.budget.income_usd_bn *= 0.8']\n",
}

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    named = os.environ.get(REQUIRED)
    path = named or next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no Chromium on the path; set {REQUIRED} to one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `solve.html` and `compare.html` of one world, and the runs they were made from."""
    place = tmp_path_factory.mktemp("reports")
    assert run_kloof(place, "new", "small").code == 0
    for name, text in POLICIES.items():
        (place / f"{name}.yaml").write_text(text)
    columns = [part for name in POLICIES for part in ("--policy", f"{name}.yaml")]
    assert run_kloof(place, "solve", "small", "--out", "solve").code == 0
    assert run_kloof(place, "compare", "small", *columns, "--out", "compare", "--jobs", "1").code == 1
    for name in ("solve", "compare"):
        made = run_kloof(place, "report", name, "--out", f"{name}.html")
        assert made.code == 0, made.err
    return place


@pytest.fixture
def browse(chromium: Browser, reports: Path) -> Iterator[Open]:
    """Open a report and wait until all its charts are drawn. The page keeps what went wrong in `complaints`
    and what it asked for in `requests`."""
    contexts: list[BrowserContext] = []

    def open_report(name: str, width: int = 1280, scheme: str = "light") -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.complaints, page.requests = [], []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (page.complaints.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto((reports / f"{name}.html").as_uri())
        page.wait_for_selector("html[data-drawn=all]", state="attached", timeout=60_000)
        return page

    yield open_report
    for context in contexts:
        context.close()
