"""What the browser notes of a page: else its silence would prove nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from .browser import opened

PAGE = '<!doctype html><title>x</title><script>alert("here"); fetch("http://127.0.0.1:9/there").catch(() => 0)</script>'


@pytest.mark.browser
def test_scripts_and_requests_of_a_page_are_recorded(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    with opened(tmp_path / "page.html") as seen:
        seen.page.wait_for_timeout(300)
        assert (seen.dialogs, seen.asked) == (["here"], ["http://127.0.0.1:9/there"])
