"""The logs of the workers of a run, and the record that is made of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from conformance.core.verdict import Kind, Outcome, Reason, Verdict
from conformance.report.run_record import RunRecord, VerdictRecord
from conformance.run import aggregate
from conformance.run.context import RunContext
from conformance.spec import specification
from conformance.target.target import Target, parse

SYSTEM = "processmaker3"
STATUS = "getProject.200:status"
REFUSAL = "listCaseNotes.400./error/message:present"
FIELD = "getProject.200./prj_name:present"
REGISTERED = "PM3-ACCESS-READ-NO-TOKEN"
FINDING = "getProject.200./diagrams[]/flows[]/flo_is_inmediate:spelled"
BULK = "bulkDeleteProjects.200:status"
SPEC = specification.load(SYSTEM)


def target(**more: Any) -> Target:
    table = {
        "url": "http://t:1", "workspace": "w", "client_id": "c", "client_secret": "s", "username": "u", "password": "p",
        **more,
    }  # fmt: skip
    return parse({"name": "staging", SYSTEM: table}, base=Path(), env={}, source="t.toml")


def said(requirement: str, outcome: Outcome, *evidence: str, **more: Any) -> Verdict:
    operation = SPEC.requirements[requirement].operation
    if outcome is Outcome.DEVIATES:
        more = {"kind": Kind.STATUS, "expected": "200", "observed": "500", **more}
    if outcome is Outcome.NOT_EXERCISED:
        more = {"reason": Reason.MISSING_USER, **more}
    if outcome is Outcome.BLOCKED:
        more = {"blocked_by": "f" * 16, **more}
    wanted = outcome in (Outcome.DEVIATES, Outcome.CONFORMS)
    return Verdict(requirement, operation, outcome, evidence or (("e1",) if wanted else ()), **more)


END: dict[str, Any] = {
    "internal": [], "problems": [], "unavailable": [], "requests": 3, "gateway": {"502": 2}, "shapes": {},
    "durations": {}, "placeholders": [],
}  # fmt: skip


def line(verdicts: Sequence[Verdict], test: str = "t", outcome: str = "passed") -> dict[str, Any]:
    head = {"id": test, "title": test, "system": SYSTEM, "outcome": outcome, "seconds": 0.5}
    return {"test": {**head, "requirements": [], "message": ""}, "verdicts": [asdict(item) for item in verdicts]}


def write(output: Path, *lines: dict[str, Any], worker: str = "main", end: dict[str, Any] | None = None) -> None:
    """Write the part of one worker; `end` adds to its last word, and `{"none": True}` leaves that out."""
    (output / "parts").mkdir(exist_ok=True)
    last = [] if end == {"none": True} else [{"end": {**END, **(end or {})}}]
    text = "".join(json.dumps(item) + "\n" for item in [*lines, *last])
    (output / "parts" / f"{worker}.ndjson").write_text(text)


def assemble(output: Path, by: Target | None = None, **details: Any) -> RunRecord:
    details = {"started": "2026-01-01T00:00:00+00:00", "seconds": 1.0, **details}
    return aggregate.aggregate(by or target(), [SYSTEM], output, RunContext(**details))


def verdict(record: RunRecord, requirement: str) -> VerdictRecord:
    (found,) = [item for item in record.verdicts if item.requirement == requirement]
    return found
