"""The reader takes only the exchanges that are asked for and survives a file that a kill cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report import exchanges

from . import sample

if TYPE_CHECKING:
    from pathlib import Path


def test_only_wanted_exchanges_are_read(tmp_path: Path) -> None:
    sample.write_run(tmp_path)
    found = exchanges.read(tmp_path, {"e1", "e2", "gone"})
    assert set(found) == {"e1", "e2"}
    assert found["e2"].response is None


def test_missing_file_gives_no_exchanges(tmp_path: Path) -> None:
    assert exchanges.read(tmp_path, {"e1"}) == {}


def test_exchange_is_shown_as_http_without_control_characters(tmp_path: Path) -> None:
    sample.write_run(tmp_path)
    text = exchanges.read(tmp_path, {"e1"})["e1"].text()
    assert text.startswith("GET http://127.0.0.1:8301/api/1.0/workflow/project/55\nAuthorization: Bearer $PM3_TOKEN\n")
    assert text.endswith('HTTP 200\nContent-Type: application/json\n\n{"prj_name": "\\x1b[2Jc-1"}\n')
