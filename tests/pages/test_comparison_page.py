"""The page of a comparison in a real browser: on a desk and on a phone, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.core.verdict import Outcome
from conformance.report.upgrade import comparison, page

from ..reporting import sample
from .browser import WINDOWS, opened


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_comparison_page_fits_the_window_and_folds_long_lists(tmp_path: Path, width: int, scheme: str) -> None:
    worse = [sample.deviation(number, title=sample.HOSTILE) for number in range(1, 15)]
    tested = [sample.verdict(deviation.requirement, Outcome.CONFORMS) for deviation in worse]
    runs = (sample.record(exit_code=1, findings=[], verdicts=tested, deviations=found) for found in ([], worse))
    told = comparison.compare(*runs)
    file = tmp_path / page.NAME
    file.write_text(page.render(told), encoding="utf-8")
    with opened(file, width) as seen:
        seen.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        folded = seen.page.locator("details li").first
        assert not folded.is_visible()
        seen.page.locator("summary").first.click()
        assert folded.is_visible()
        assert (seen.asked, seen.dialogs, seen.errors) == ([], [], [])
