"""The page of a statement in a real browser: on a phone, with whatever a server said in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.report.statement import page

from ..reporting.test_statement import hostile
from .browser import opened


@pytest.mark.browser
def test_the_page_fits_400_pixels_and_asks_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(page.page(hostile()), encoding="utf-8")
    with opened(tmp_path / "index.html", width=400) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 400
        assert seen.page.locator("h3").count() == 2
        rows = seen.page.locator(".option").evaluate_all("all => all.map(one => one.getClientRects().length)")
        assert set(rows) == {1}
        assert (seen.asked, seen.dialogs, seen.errors) == ([], [], [])
