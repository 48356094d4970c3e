"""The page of a run in a real browser: on a desk and on a phone, light and dark, whatever a server said in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.report.html import page

from ..reporting import sample
from .browser import WINDOWS, opened


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_report_page_fits_the_window_and_makes_no_requests(tmp_path: Path, width: int, scheme: str) -> None:
    record = sample.write_run(tmp_path)
    with opened(page.write(record, tmp_path, [sample.record(started="2025-01-01T00:00:00Z")]), width) as seen:
        seen.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        background = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(13, 17, 23)" if scheme == "dark" else "rgb(255, 255, 255)")
        cells = seen.page.locator(".cells > *")
        assert cells.count() == len(record.verdicts)
        assert cells.first.bounding_box() is not None
        seen.page.get_by_text("Command to reproduce").first.click()
        seen.page.get_by_text("curl -sS").first.wait_for()
        assert (seen.asked, seen.dialogs, seen.errors) == ([], [], [])


@pytest.mark.browser
def test_printed_report_contains_the_commands_that_reproduce(tmp_path: Path) -> None:
    record = sample.write_run(tmp_path)
    with opened(page.write(record, tmp_path)) as seen:
        command = seen.page.get_by_text("curl -sS").first
        assert not command.is_visible()
        seen.page.emulate_media(media="print")
        assert command.is_visible()
