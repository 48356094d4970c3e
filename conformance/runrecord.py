"""The run record: what `run.json` holds, how it is written, merged from parts and read back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conformance.verdict import Kind, Level, Outcome, Reason

SCHEMA_VERSION: Final = 1
FILE_NAME: Final = "run.json"


class UnreadableRun(Exception):
    """A run directory that cannot be read; the message says which file, why, and what to do."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TargetInfo(_Frozen):
    """Which server was tested. `versions` maps a system to the version that the target file claims."""

    name: str
    systems: list[str]
    urls: dict[str, str] = {}
    versions: dict[str, str] = {}
    safety: str = "owned"
    verify: bool = True


class SuiteInfo(_Frozen):
    """Which suite tested it: its version and the digest of each spec."""

    version: str
    specs: dict[str, str]
    seed: int = 0
    depth: str = "standard"


class VerdictRecord(_Frozen):
    """What the run says of one requirement."""

    requirement: str
    system: str
    profile: str
    operation: str
    level: Level
    outcome: Outcome
    statement: str = ""
    document: str = ""
    section: str = ""
    lines: str = ""
    reason: Reason | None = None
    detail: str = ""
    tests: list[str] = []
    evidence: list[str] = []
    blocked_by: str | None = None


class DeviationRecord(_Frozen):
    """One defect, however many tests saw it. `reproduce` is a curl command with secrets as `$NAME`."""

    fingerprint: str
    requirement: str
    system: str
    profile: str
    operation: str
    level: Level
    kind: Kind
    location: str
    title: str
    expected: str
    observed: str
    document: str
    section: str
    lines: str = ""
    reading: str | None = None
    occurrences: int = 1
    tests: list[str] = []
    evidence: list[str] = []
    reproduce: str = ""
    baseline: str | None = None


class TestRecord(_Frozen):
    """One test: its id (without parameters of the call), title, result and the requirements it cites."""

    __test__ = False

    id: str
    title: str
    system: str
    outcome: str
    seconds: float
    requirements: list[str] = []
    message: str = ""


class Shape(_Frozen):
    """What answers of one operation and status looked like; `fields` maps a place to the types seen there."""

    content_types: list[str] = []
    headers: list[str] = []
    fields: dict[str, list[str]] = {}


class Leftover(_Frozen):
    """Something of the run that is still on the target."""

    system: str
    kind: str
    identifier: str
    name: str = ""
    why: str = ""


class Residue(_Frozen):
    """What no documented operation can remove, counted."""

    system: str
    kind: str
    count: int
    identifiers: list[str] = []


class Summary(_Frozen):
    """Counts of verdicts by outcome; each inner table maps an outcome to a count."""

    outcomes: dict[str, int] = {}
    levels: dict[str, dict[str, int]] = {}
    systems: dict[str, dict[str, int]] = {}
    profiles: dict[str, dict[str, int]] = {}


class RunRecord(_Frozen):
    """A whole run, as described in the reference of the run record."""

    schema_: int = Field(default=SCHEMA_VERSION, alias="schema")
    complete: bool
    exit_code: int
    target: TargetInfo
    suite: SuiteInfo
    environment: dict[str, str]
    started: str
    seconds: float
    requests: int
    shard: str | None = None
    verdicts: list[VerdictRecord] = []
    deviations: list[DeviationRecord] = []
    findings: list[DeviationRecord] = []
    accommodations: list[dict[str, Any]] = []
    tests: list[TestRecord] = []
    shapes: dict[str, dict[str, Shape]] = {}
    durations: dict[str, dict[str, float]] = {}
    leftovers: list[Leftover] = []
    residue: list[Residue] = []
    problems: list[str] = []
    summary: Summary = Summary()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def summarise(verdicts: list[VerdictRecord]) -> Summary:
    """Count the verdicts in the four ways that the reports show."""
    outcomes: dict[str, int] = {outcome.value: 0 for outcome in Outcome}
    tables: tuple[dict[str, dict[str, int]], ...] = ({}, {}, {})
    for verdict in verdicts:
        outcomes[verdict.outcome] += 1
        for table, key in zip(tables, (verdict.level, verdict.system, verdict.profile), strict=True):
            row = table.setdefault(str(key), {})
            row[verdict.outcome] = row.get(verdict.outcome, 0) + 1
    return Summary(outcomes=outcomes, levels=tables[0], systems=tables[1], profiles=tables[2])


def write_text(path: Path, text: str) -> None:
    """Replace `path` in one step, so that a full disk or a kill leaves the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write(record: RunRecord, directory: Path) -> Path:
    """Write `run.json` into `directory` and return its path."""
    path = directory / FILE_NAME
    data = record.model_dump(mode="json", by_alias=True)
    write_text(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    return path


def read(run: Path) -> RunRecord:
    """Read the record of a run directory (or of a `run.json` itself).

    Raises:
        UnreadableRun: there is no such file, it is not JSON, or it has another format.
    """
    path = run / FILE_NAME if run.is_dir() else run
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableRun(
            f"{path}: cannot be read ({error.strerror}); name the directory that `conformance run` wrote."
        ) from None
    except ValueError:
        raise UnreadableRun(f"{path}: is not complete JSON; the run was cut off while writing. Run it again.") from None
    found = data.get("schema") if isinstance(data, dict) else None
    if found != SCHEMA_VERSION:
        raise UnreadableRun(
            f"{path}: has format {found!r}, this suite reads format {SCHEMA_VERSION}; "
            "read it with the version of the suite that wrote it."
        )
    try:
        return RunRecord.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(part) for part in first["loc"])
        raise UnreadableRun(f"{path}: {place}: {first['msg']}. Run it again.") from None
