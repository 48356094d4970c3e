"""The page of a statement in a real browser: on a phone, with whatever a server said in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.report.statement import gallery, page

from ..reporting.statements import hostile
from .browser import opened


@pytest.mark.browser
def test_statement_page_fits_400_pixels_and_makes_no_requests(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(page.page(hostile()), encoding="utf-8")
    with opened(tmp_path / "index.html", width=400) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 400
        seen.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 400
        assert seen.page.locator(".areas td:first-child").count() == 2
        rows = seen.page.locator(".option").evaluate_all("all => all.map(one => one.getClientRects().length)")
        assert set(rows) == {1}
        assert (seen.asked, seen.dialogs, seen.errors) == ([], [], [])


@pytest.mark.browser
def test_printed_statement_contains_its_details(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(page.page(hostile()), encoding="utf-8")
    with opened(tmp_path / "index.html") as seen:
        digests = seen.page.locator("details dl").last
        assert not digests.is_visible()
        seen.page.emulate_media(media="print", color_scheme="dark")
        assert digests.is_visible()
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.browser
def test_gallery_fits_400_pixels_and_makes_no_requests(tmp_path: Path) -> None:
    (tmp_path / "gallery.html").write_text(gallery.gallery([hostile()] * 5), encoding="utf-8")
    with opened(tmp_path / "gallery.html", width=400) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 400
        hidden = "all => all.map(one => one.scrollWidth - one.clientWidth)"
        assert seen.page.locator(".wide").evaluate_all(hidden) == [0]
        assert (seen.asked, seen.dialogs, seen.errors) == ([], [], [])


@pytest.mark.browser
def test_the_gallery_gives_each_product_a_column_of_the_same_width(tmp_path: Path) -> None:
    long = hostile().model_copy(update={"product": hostile().product.model_copy(update={"name": "Name " * 30})})
    (tmp_path / "gallery.html").write_text(gallery.gallery([hostile(), long]), encoding="utf-8")
    with opened(tmp_path / "gallery.html", width=1280) as seen:
        of = seen.page.locator(".head th").evaluate_all("all => all.map(one => Math.round(one.clientWidth))")
    assert len(of) == 3
    assert abs(of[1] - of[2]) <= 1
