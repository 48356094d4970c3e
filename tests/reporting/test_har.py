"""HAR: the stored exchanges as browsers read them, with what never came back."""

from __future__ import annotations

import json
from pathlib import Path

from conformance.cli import main
from conformance.core import exit_codes

from . import sample


def exported(directory: Path) -> dict[str, object]:
    sample.write_run(directory / "run")
    archive = directory / "run.har"
    assert main(["export", str(directory / "run"), "--har", str(archive)], standalone_mode=False) in (None, 0)
    data: dict[str, object] = json.loads(archive.read_text())["log"]
    return data


def test_every_stored_exchange_is_an_entry(tmp_path: Path) -> None:
    log = exported(tmp_path)
    entries = log["entries"]
    assert log["version"] == "1.2"
    assert isinstance(entries, list)
    first, broken, *_ = entries
    assert len(entries) == 4, "the line that was cut off is left out"
    assert first["request"]["url"].endswith("/project/55")
    assert {"name": "Authorization", "value": "Bearer $PM3_TOKEN"} in first["request"]["headers"]
    assert (first["response"]["status"], first["response"]["content"]["mimeType"]) == (200, "application/json")
    assert (first["time"], first["comment"]) == (12.3, "e1 getProject as admin")
    assert (broken["response"]["status"], broken["response"]["statusText"]) == (0, "the connection was closed")


def test_directory_without_a_run_is_rejected(tmp_path: Path) -> None:
    call = ["export", str(tmp_path), "--har", str(tmp_path / "x.har")]
    try:
        code = main(call, standalone_mode=True)
    except SystemExit as ended:
        code = ended.code
    assert code == exit_codes.USAGE
    assert not (tmp_path / "x.har").exists()
