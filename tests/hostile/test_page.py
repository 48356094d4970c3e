"""The page of a run against a server that wants to run scripts in it, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.report.allure.page import build
from tests.pages.browser import opened

from .test_hostile import met

FENCED = re.compile(r"^ *(`{3,})sh\n.*?^ *\1$", re.DOTALL | re.MULTILINE)


@pytest.mark.matrix
@pytest.mark.page
@pytest.mark.browser
def test_page_runs_no_script_of_a_server_and_stays_intact(tmp_path: Path) -> None:
    result, _ = met("processmaker3", "scripts_and_control_sequences", tmp_path, only=["test_updates", "life"])
    run = tmp_path / "run"
    assert result.record.deviations
    page = build([run])
    with opened(page) as seen:
        seen.page.get_by_text("Deviations", exact=False).first.wait_for()
        for line in seen.page.get_by_text("createProject", exact=False).all()[:3]:
            line.click()
            seen.page.wait_for_timeout(200)
        assert (seen.dialogs, seen.asked) == ([], [])
        assert seen.page.locator("script", has_text="alert(1)").count() == 0
    ElementTree.parse(run / "junit.xml")
    message = (run / "summary.md").read_text(encoding="utf-8")
    message = FENCED.sub("", message)  # there everything is text, and nothing in it can close the fence
    assert "<script>" not in message
    assert not [char for char in message if ord(char) < 32 and char not in "\n\t"]
