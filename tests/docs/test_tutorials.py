"""The tutorials: their commands do what is shown. `python -m tests.docs.tutorials` puts what they print into them."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from conformance.report.upgrade import shape_changes

from ..installed import PACKAGE
from . import tutorials


@pytest.mark.timeout(600)  # a dozen commands, on a machine that may be busy
@pytest.mark.parametrize("page", tutorials.PAGES, ids=lambda page: page.stem)
def test_tutorial_commands_print_what_the_tutorial_shows(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(shape_changes, "FLOOR", math.inf)  # how long calls take is no matter of the tutorial
    written = page.read_text(encoding="utf-8")
    assert tutorials.steady(tutorials.played(written)) == tutorials.steady(written)


def test_outputs_are_compared_except_for_what_differs_between_runs() -> None:
    shown = "1 deviation\n  in 1.5 s at http://127.0.0.1:8401 on 2030-01-31T10:00:00+00:00"
    later = "1 deviation in\n9 s at http://127.0.0.1:40001 on 2031-02-01T11:11:11Z"
    assert tutorials.steady(shown) == tutorials.steady(later)
    assert tutorials.steady(shown) != tutorials.steady(re.sub("1 deviation", "2 deviations", later))


def test_every_tutorial_shows_commands_with_what_they_print() -> None:
    assert len(tutorials.PAGES) == 6
    for page in tutorials.PAGES:
        text = page.read_text(encoding="utf-8")
        assert "$ conformance run" in text or "$ pytest" in text, page.name
        assert "```console" in text, page.name


EXCERPT = re.compile(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_parts_of_files_that_a_tutorial_shows_are_in_these_files() -> None:
    page = (tutorials.TOP / "docs" / "add-a-system.md").read_text(encoding="utf-8")
    shown = EXCERPT.findall(page)
    assert len(shown) == 12
    for name, part in shown:
        assert part in (PACKAGE / name).read_text(encoding="utf-8"), name
