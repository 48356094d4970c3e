"""Where a run writes, and what happens where it cannot."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from conformance.core.run_directory import RunDirectory, fresh_directory, named_after
from conformance.engine import corpus
from conformance.spec.specification import load


def test_runs_of_the_same_second_have_different_directories(tmp_path: Path) -> None:
    first, second, third = (fresh_directory(tmp_path / "reports" / "20260101-000000-staging") for _ in range(3))
    assert len({first, second, third}) == 3
    assert all(path.is_dir() for path in (first, second, third))


def test_unwritable_cache_loses_no_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no directory")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path / "file"))
    operation = next(item for item in load("processmaker3").operations.values() if corpus.generated(item))
    assert len(list(corpus.cases(operation, 7, 2))) == 2


@pytest.mark.parametrize("name", ["../../x", "..", ".", "/tmp/y", "a\\b", "z" * 300, "\N{SNOWMAN}" * 300, "\0", " "])
def test_directory_is_in_reports_whatever_the_target_is_called(name: str, tmp_path: Path) -> None:
    path = named_after(name, datetime(2026, 1, 2, 3, 4, 5), "0a1b2c3d")
    assert path.parent == Path("reports")
    assert path.name.startswith("20260102-030405-")
    (tmp_path / path).mkdir(parents=True)
    assert named_after(name, datetime(2026, 1, 2, 3, 4, 5), "4e5f6071") != path


@pytest.mark.parametrize("held", ["run.json", "parts", "ledger-gw0.ndjson", "lock-main", "summary.md"])
def test_files_of_a_run_prevent_another_one(held: str, tmp_path: Path) -> None:
    assert RunDirectory(tmp_path).problem() == ""
    (tmp_path / "notes.txt").write_text("mine")
    assert RunDirectory(tmp_path).problem() == ""
    (tmp_path / held).symlink_to(tmp_path / "nowhere")
    assert f"contains another run ({held})" in RunDirectory(tmp_path).problem()


def test_file_prevents_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert "cannot be written (Not a directory)" in RunDirectory(tmp_path / "file").problem()
    assert "cannot be written (Not a directory)" in RunDirectory(tmp_path / "file" / "below").problem()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert "cannot be created" in RunDirectory(tmp_path / "link").problem()
    assert RunDirectory(tmp_path / "not" / "there" / "yet").problem() == ""
