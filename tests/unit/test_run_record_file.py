"""The run record: written in one step, read back as it was, or refused with a word about what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from conformance.core.atomic_write import write_text
from conformance.core.verdict import Level, Outcome
from conformance.report import record_file
from conformance.report.record_file import UnreadableRun, read, write
from conformance.report.run_record import (
    Coverage,
    RunRecord,
    SuiteInfo,
    TargetInfo,
    VerdictRecord,
    summarise,
)


def verdict(name: str, outcome: Outcome, level: Level = Level.MUST, profile: str = "s/p") -> VerdictRecord:
    return VerdictRecord(requirement=name, system="s", profile=profile, operation="o", level=level, outcome=outcome)


def record(**more: Any) -> RunRecord:
    details: dict[str, Any] = {
        "complete": True,
        "exit_code": 0,
        "target": TargetInfo(name="staging", systems=["s"]),
        "suite": SuiteInfo(version="1", specs={"s": "digest"}),
        "environment": {"python": "3.11"},
        "started": "2026-01-01T00:00:00+00:00",
        "seconds": 1.5,
        "requests": 3,
        **more,
    }
    return RunRecord(**details)


def test_record_is_read_back_as_written(tmp_path: Path) -> None:
    run = record(verdicts=[verdict("ü\u2028", Outcome.CONFORMS)])
    path = write(run, tmp_path)
    assert path == tmp_path / "run.json"
    assert read(tmp_path) == read(path) == run


def test_the_file_names_its_format_and_the_members_of_the_contract(tmp_path: Path) -> None:
    data = json.loads(write(record(), tmp_path).read_text(encoding="utf-8"))
    assert data["schema"] == 1
    assert {
        "complete", "target", "suite", "environment", "started", "seconds", "requests", "shard", "verdicts",
        "deviations",
        "findings", "accommodations", "shapes", "durations", "leftovers", "residue", "summary",
    } <= data.keys()  # fmt: skip


def test_record_is_immutable() -> None:
    with pytest.raises(ValidationError):
        record().complete = False


def test_verdicts_are_counted_by_outcome_level_system_and_profile() -> None:
    summary = summarise(
        [
            verdict("a", Outcome.CONFORMS),
            verdict("b", Outcome.CONFORMS, Level.MAY, "s/q"),
            verdict("c", Outcome.DEVIATES),
        ]
    )
    assert {name: count for name, count in summary.outcomes.items() if count} == {"conforms": 2, "deviates": 1}
    assert set(summary.outcomes) == {outcome.value for outcome in Outcome}
    assert summary.levels == {"must": {"conforms": 1, "deviates": 1}, "may": {"conforms": 1}}
    assert summary.systems == {"s": {"conforms": 2, "deviates": 1}}
    assert summary.profiles == {"s/p": {"conforms": 1, "deviates": 1}, "s/q": {"conforms": 1}}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not complete JSON"),
        (b'{"schema": 1, ', "not complete JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "format None"),
        (b"{}", "format None"),
        (b'{"schema": 2}', "format 2"),
        (b'{"schema": "1"}', "format '1'"),
        (b'{"schema": 1}', "complete: Field required"),
    ],
)
def test_unreadable_record_is_reported_with_advice(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(UnreadableRun, match=why) as unreadable:
        read(tmp_path)
    assert str(tmp_path / "run.json") in str(unreadable.value)
    assert str(unreadable.value).endswith(".")


@pytest.mark.parametrize("change", [{"complete": "maybe"}, {"unheard_of": 1}, {"verdicts": [{"outcome": "passed"}]}])
def test_record_of_another_structure_is_rejected(tmp_path: Path, change: dict[str, Any]) -> None:
    path = write(record(), tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(UnreadableRun, match=next(iter(change))):
        read(tmp_path)


@pytest.mark.parametrize("place", [(), ("target",), ("suite",), ("verdicts", 0), ("summary",), ("coverage",)])
def test_an_unknown_member_is_refused_wherever_it_is_with_what_to_do(
    tmp_path: Path, place: tuple[str | int, ...]
) -> None:
    path = write(record(), tmp_path)
    data = json.loads(path.read_text())
    data["verdicts"] = data["verdicts"] or [verdict("a", Outcome.CONFORMS).model_dump(mode="json")]
    node = data
    for part in place:
        node = node[part]
    node["unheard_of"] = 1
    path.write_text(json.dumps(data))
    where = "/".join(map(str, (*place, "unheard_of")))
    with pytest.raises(UnreadableRun, match=f"{where}: is an unknown member; read it with the version"):
        read(tmp_path)


def test_older_record_without_later_members_is_read(tmp_path: Path) -> None:
    path = write(record(), tmp_path)
    data = json.loads(path.read_text())
    needed = {name for name, field in RunRecord.model_fields.items() if field.is_required()}
    path.write_text(json.dumps({key: value for key, value in data.items() if key in needed or key == "schema"}))
    old = read(tmp_path)
    assert (old.coverage, old.verdicts, old.gateway) == (Coverage(), [], {})


def test_endless_record_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_file, "LIMIT", 2 * 1024 * 1024)
    (tmp_path / "run.json").symlink_to("/dev/zero")
    with pytest.raises(UnreadableRun, match="is longer than 2 MiB"):
        read(tmp_path)


def test_missing_run_is_reported_with_advice(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(UnreadableRun, match="conformance run"):
            read(path)


def test_file_is_replaced_atomically(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def full(self: Path, *_: object, **__: object) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space"):
            write_text(path, "new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    write_text(path, "new")
    assert path.read_text() == "new"


def test_deep_record_with_half_a_surrogate_pair_is_refused(tmp_path: Path) -> None:
    deep = "[" * 900 + "]" * 900
    (tmp_path / "run.json").write_text(f'{{"schema": 1, "deep": {deep}, "text": "\\ud800"}}')
    with pytest.raises(UnreadableRun, match=r"nested deeper|unknown member"):
        read(tmp_path)
