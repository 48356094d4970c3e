"""The page of a run as its reader meets it, in a real browser, opened from a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from conformance.report import record_file
from conformance.report.allure.page import build
from conformance.report.requirement_result import totals
from tests.runs.support import run, served

from .browser import Opened, opened

pytestmark = [pytest.mark.page, pytest.mark.browser, pytest.mark.timeout(600)]

LABEL = "A JSON body sent as application/x-www-form-urlencoded, as in the documented curl command"
TOKEN = "A token that the server never issued is refused"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run that met two deviations."""
    directory = tmp_path_factory.mktemp("page")
    with served("processmaker4", ("pm4-curl-form-refused", "pm4-wrong-token-accepted")) as (_, toml):
        (directory / "target.toml").write_text(toml)
        run(directory / "target.toml", directory / "run", "--max-examples", "1")
    return build([directory / "run"])


@pytest.fixture(params=[1280, pytest.param(400, marks=pytest.mark.matrix)])
def seen(file: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """The page on a desk and on a telephone; whatever a reader does there asks the network for nothing."""
    with opened(file, request.param) as seen:
        seen.page.get_by_text(LABEL).first.wait_for()
        yield seen
        assert (seen.asked, seen.dialogs, seen.errors) == ([], [], [])


def fits(page: Page) -> bool:
    """Whether the page is no wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_deviations_come_first_sorted_by_level_and_totals_match_the_run(file: Path, seen: Opened) -> None:
    text = seen.page.inner_text("body")
    order = ("\nDeviations\n", TOKEN, LABEL, "\nNot tested\n", "\nConforms\n")
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    numbers = totals(record_file.read(file.parent.parent))
    assert 2 < numbers.tested < numbers.testable
    assert f"2 deviations from 2 requirements; {numbers.tested} of {numbers.testable} requirements tested" in text
    shown = text.replace("\n", " ")
    assert f"Total {numbers.testable} Failed {numbers.deviating} Passed {numbers.conforming}" in shown
    assert fits(seen.page)


def test_search_keeps_only_matching_entries(seen: Opened) -> None:
    seen.page.get_by_placeholder("Search tests").fill("never issued")
    seen.page.get_by_text(LABEL).first.wait_for(state="detached")
    assert seen.page.get_by_text(TOKEN).count() == 1
    assert fits(seen.page)


def test_deviation_opens_with_citation_evidence_and_command(seen: Opened) -> None:
    page = seen.page
    page.get_by_text(LABEL).first.click()
    page.get_by_text("observed: status 415").first.wait_for()
    described = page.frame_locator("[data-testid=test-result-description-frame]").locator("body")
    for message in ("processmaker-4-start-request.md", "207-215", "A-PM4-01", "PM4-START-CURL-LABEL"):
        assert message in described.inner_text()
    for attached, message in (("415", "HTTP 415"), ("Command to reproduce the deviation", "curl ")):
        page.get_by_test_id("test-result-attachment-header").get_by_role("button", name=attached).click()
        page.get_by_text(message).first.wait_for()
    assert fits(page)
