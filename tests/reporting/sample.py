"""A run as it may look: a target that deviates, and strings as only a hostile server makes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.core.verdict import (
    Kind,
    Level,
    Outcome,
    Reason,
    fingerprint,
)
from conformance.report.record_file import write
from conformance.report.run_record import (
    AccommodationRecord,
    BaselineEntry,
    DeviationRecord,
    Leftover,
    Residue,
    RunRecord,
    SuiteInfo,
    TargetInfo,
    VerdictRecord,
    summarise,
)

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "\x1b[31mred\x1b[0m\x9b2J [bold]|x|</details><script>alert(1)</script> @everyone #1 `tick` \u202e\r\nnext"
PM3 = "processmaker3"
PRO = "procesio"


def deviation(number: int = 1, **changes: Any) -> DeviationRecord:
    values: dict[str, Any] = {
        "requirement": f"PM3-PRJ-{number:03}",
        "system": PM3,
        "profile": f"{PM3}/projects",
        "operation": "getProject",
        "level": Level.MUST,
        "kind": Kind.MISSING_FIELD,
        "location": "200./prj_description",
        "title": f"A project that was read lacks prj_description ({number})",
        "expected": "a member prj_description, a string",
        "observed": "no such member",
        "document": "ProcessMaker 3 project endpoints",
        "section": "Get a single project",
        "lines": "120-131",
        "tests": ["test_a_project_has_every_documented_field"],
        "evidence": ["e1"],
        "reproduce": "curl -sS -i -X GET -H 'Authorization: Bearer '\"$PM3_TOKEN\" \\\n  'http://127.0.0.1:8301/api'",
        **changes,
    }
    key = fingerprint(values["requirement"], values["operation"], values["kind"], values["location"])
    return DeviationRecord(fingerprint=key, **values)


def entry(of: DeviationRecord, reason: str = "", **more: Any) -> BaselineEntry:
    return BaselineEntry(fingerprint=of.fingerprint, requirement=of.requirement, title=of.title, reason=reason, **more)


def known(item: DeviationRecord, reason: str = "") -> DeviationRecord:
    """The deviation as the baseline covers it."""
    return item.model_copy(update={"baseline": entry(item, reason)})


def verdict(requirement: str, outcome: Outcome, **changes: Any) -> VerdictRecord:
    values: dict[str, Any] = {
        "system": PM3,
        "profile": f"{PM3}/projects",
        "operation": "getProject",
        "level": Level.MUST,
        **changes,
    }
    return VerdictRecord(requirement=requirement, outcome=outcome, **values)


def record(**changes: Any) -> RunRecord:
    first = deviation(1, occurrences=3, evidence=["e1", "e2", "gone"])
    should = deviation(
        2,
        level=Level.SHOULD,
        operation="deleteProject",
        kind=Kind.NOT_REFUSED,
        location="",
        title="A deleted project can be deleted again",
        expected="a refusal (4xx)",
        observed="200 OK",
        reading="A-PM3-10",
        evidence=["e3"],
    )
    hostile = deviation(
        3,
        system=PRO,
        profile=f"{PRO}/projects",
        operation="listProjects",
        kind=Kind.VALUE,
        title=f"A list holds {HOSTILE}",
        expected="a name",
        observed=HOSTILE,
        document="PROCESIO API",
        section="Projects",
    )
    accepted = known(deviation(4, title="The list of projects is not JSON"), "accepted until the upgrade")
    finding = deviation(5, level=Level.MAY, kind=Kind.SERVER_ERROR, title=f"Odd input makes a 500: {HOSTILE}")
    verdicts = [
        *(verdict(f"PM3-PRJ-1{n:02}", Outcome.CONFORMS, evidence=["e1"]) for n in range(40)),
        *(
            verdict(d.requirement, Outcome.DEVIATES, system=d.system, level=d.level)
            for d in (first, should, hostile, accepted)
        ),
        verdict(finding.requirement, Outcome.DEVIATES, level=Level.MAY),
        verdict("PM3-PRJ-201", Outcome.BLOCKED, blocked_by=first.fingerprint),
        verdict("PM3-PRJ-202", Outcome.BLOCKED, blocked_by=first.fingerprint),
        verdict("PRO-PRJ-301", Outcome.NOT_APPLICABLE, system=PRO),
        *(
            verdict(
                f"PRO-PRJ-4{n:02}",
                Outcome.NOT_EXERCISED,
                system=PRO,
                reason=Reason.UNDOCUMENTED_REQUEST,
                detail="the body of createProject",
            )
            for n in range(7)
        ),
        verdict("PM3-PRJ-501", Outcome.NOT_EXERCISED, reason=Reason.MISSING_FIXTURE, detail="case"),
        verdict("PM3-PRJ-502", Outcome.NOT_EXERCISED, reason=Reason.MISSING_USER, detail="outsider"),
    ]
    values: dict[str, Any] = {
        "complete": True,
        "exit_code": 1,
        "target": TargetInfo(
            name="staging",
            systems=[PM3, PRO],
            urls={PM3: "http://127.0.0.1:8301", PRO: "http://127.0.0.1:8501"},
            versions={PM3: "3.2.2"},
        ),
        "suite": SuiteInfo(version="0.1.0", specs={PM3: "9f2c44d01a7be3f0", PRO: "01d3e7aa90b14c55"}, seed=7),
        "environment": {"python": "3.11.7", "platform": "Linux-6.1-x86_64"},
        "started": "2025-03-04T05:06:07+01:00",
        "seconds": 13.25,
        "requests": 412,
        "verdicts": verdicts,
        "deviations": [accepted, should, first, hostile],
        "findings": [finding],
        "accommodations": [
            AccommodationRecord(
                system="processmaker4",
                operation="startRequest",
                reason="the server asks for the start event",
                query={"event": "node_1"},
                deviation=first.fingerprint,
                needed=True,
            )
        ],
        "leftovers": [Leftover(system=PM3, kind="project", identifier="5" * 32, name="c-1", why="deletion: 500")],
        "residue": [Residue(system=PM3, kind="access token", count=3, identifiers=["a", "b", "c"])],
        "problems": [],
        "summary": summarise(verdicts),
        **changes,
    }
    return RunRecord(**values)


def exchange(identifier: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "operation": "getProject",
        "user": "admin",
        "request": {
            "method": "GET",
            "url": "http://127.0.0.1:8301/api/1.0/workflow/project/55",
            "headers": [["Authorization", "Bearer $PM3_TOKEN"], ["Accept", "application/json"]],
            "body": "",
        },
        "response": {
            "status": 200,
            "headers": [["Content-Type", "application/json"]],
            "body": '{"prj_name": "\x1b[2Jc-1"}',
            "truncated": False,
        },
        "error": "",
        "seconds": 0.0123,
        **changes,
    }


def write_run(directory: Path, run: RunRecord | None = None) -> RunRecord:
    """Write the record and its exchanges as a run leaves them, with a last line that a kill cut off."""
    run = run or record()
    directory.mkdir(parents=True, exist_ok=True)
    write(run, directory)
    lines = [
        exchange("e1"),
        exchange("e2", response=None, error="the connection was closed"),
        exchange("e3"),
        exchange("unwanted"),
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (directory / "exchanges.ndjson").write_text(text + '{"id": "gone", "requ', encoding="utf-8")
    return run
