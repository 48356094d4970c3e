"""The history of Allure's pages: ordered by run, each run once, bounded, refused when it is something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.report.allure.history import (
    RUNS_AT_MOST,
    History,
    HistoryError,
    beside,
)


def point(name: str) -> str:
    return json.dumps({"uuid": name, "timestamp": 1, "testResults": {}})


def started(day: int) -> str:
    return f"2030-01-{day:02}T03:00:00+00:00"


def names(text: str) -> list[str]:
    return [json.loads(line)["uuid"] for line in text.splitlines()]


def test_run_finds_earlier_runs_whenever_their_pages_were_built(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    for day in (3, 1, 2):
        history.add(started(day), point(f"run {day}"))
    history.write()
    again = History(tmp_path / "history.jsonl")
    assert names(again.before(started(3))) == ["run 1", "run 2"]
    assert again.before(started(1)) == ""


def test_rebuilt_page_does_not_count_twice(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    history.add(started(1), point("old"))
    history.add(started(1), point("again"))
    assert names(history.before(started(2))) == ["again"]


def test_oldest_runs_are_dropped_first(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    for number in range(RUNS_AT_MOST + 2):
        history.add(f"2030-01-01T03:{number:02}:00+00:00", point(str(number)))
    history.write()
    assert names(history.path.read_text())[0] == "2"
    assert len(history.path.read_text().splitlines()) == RUNS_AT_MOST


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"timestamp": "soon"}', "3"])
def test_file_that_is_not_a_history_is_rejected(tmp_path: Path, content: str) -> None:
    (tmp_path / "history.jsonl").write_text(content)
    with pytest.raises(HistoryError, match=r"history.jsonl: is not an Allure history; choose another file"):
        History(tmp_path / "history.jsonl")


def test_unwritable_history_is_reported(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="cannot be read"):
        History(tmp_path)
    with pytest.raises(HistoryError, match="cannot be written"):
        History(tmp_path / "absent" / "history.jsonl").write()


def test_every_target_has_its_own_history_next_to_its_runs(tmp_path: Path) -> None:
    assert beside(tmp_path / "a", "staging one") == tmp_path / "history-staging-one.jsonl"
    assert beside(tmp_path / "a", "../..") == tmp_path / "history-target.jsonl"
