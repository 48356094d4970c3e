"""Recorded responses of real servers: each deviation that the checks find in them is a true contradiction of a
document.

One exchange per line, recorded from an unmodified ProcessMaker 3.3.0 and ProcessMaker 4.8.4. Each exchange is checked
for the operation that it calls, and the complete list of contradicted requirements is fixed here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.core.verdict import Level, Outcome, Verdict
from conformance.engine import checks
from conformance.engine.recorder import Blocked
from conformance.engine.session import Session
from conformance.spec import specification
from conformance.suites.processmaker4.target import ProcessMaker4
from conformance.target.target import Safety
from conformance.wire.client import Client
from conformance.wire.evidence import Evidence
from conformance.wire.ledger import Ledger
from conformance.wire.logins import credentials
from conformance.wire.redact import Redactor

HERE = Path(__file__).parent
FILES = {"processmaker3": "processmaker-3.3.0.jsonl", "processmaker4": "processmaker-4.8.4.jsonl"}

DEVIATIONS: dict[str, list[str]] = {
    # processmaker-3-project-endpoints.txt, line 50: the process type is "PUBLIC" or "PRIVATE". The request before
    # (process-put-inactive) wrote BOGUS; the server accepted it, and returns a value outside the documented pair.
    "process-get-inactive": ["getProcess.200./pro_type_process:values"],
    # processmaker-4-start-request.md, lines 64-80: the process id in the path is all that selects what starts. The
    # server returns 404 to these calls and 201 to the same ones with the query `event`, which no document knows.
    "start-as-documented-empty-object-no-event": ["startRequest.2XX:status"],
    "start-as-documented-with-data-no-event": ["startRequest.2XX:status"],
    # The same, as curl sends it (lines 207-215).
    "start-as-documented-curl-d-no-event": ["startRequest.2XX:status"],
}

PREFERRED_DATES = ["getProcess.200./pro_create_date:preferred", "getProcess.200./pro_update_date:preferred"]
FINDINGS: dict[str, list[str]] = {
    # Line 36 knows ACTIVE and INACTIVE; that a disabled project is called DISABLED is the other reading of A-PM3-55.
    "import-source-get-after-disable": [*PREFERRED_DATES, "getProcess.200./pro_status:tolerated"],
    # Its own example has dates in ISO 8601 (line 1445); the other form is accepted, and the other reading of A-PM3-19.
    **dict.fromkeys(
        ("process-get", "process-get-after-put", "process-get-after-put-fields", "process-get-inactive"),
        PREFERRED_DATES,
    ),
}

DOCUMENTED_STARTS = [name for name in DEVIATIONS if name.startswith("start-as-documented")]


@cache
def recorded(system: str) -> dict[str, dict[str, Any]]:
    lines = (HERE / FILES[system]).read_text(encoding="utf-8").split("\n")
    return {load["name"]: load for load in map(json.loads, filter(None, lines))}


NAMES = [(system, name) for system in FILES for name in recorded(system)]


def exchange(system: str, name: str) -> Exchange | None:
    """The recorded exchange, or None when it calls no documented operation."""
    sent, came = recorded(system)[name]["request"], recorded(system)[name]["response"]
    found = specification.load(system).match(sent["method"], unquote(urlsplit(sent["url"]).path))
    if found is None:
        return None
    headers = tuple((key, value) for key, value in sent["headers"])
    body = sent.get("body") or ""
    request = Request(sent["method"], sent["url"], headers, body.encode())
    answered = tuple((key, value) for key, value in came["headers"])
    response = Response(came["status"], answered, came["body"].encode())
    return Exchange(name, found[0].id, request, response)


def judged(system: str, name: str) -> list[Verdict]:
    """What the checks say of a recorded exchange."""
    item = exchange(system, name)
    if item is None:
        return []
    operation = specification.load(system).operations[item.operation]
    if item.response.ok:
        return checks.success(operation, item)
    if name in DOCUMENTED_STARTS:
        return called(item)
    documented = operation.response(item.response.status)
    return checks.content(operation, documented, item) if documented is not None else []


def called(item: Exchange) -> list[Verdict]:
    """What a session reports if a documented call gets the response of `one`, and any other path that of a missing
    route.
    """
    sent = urlsplit(item.request.url)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != sent.path:
            return httpx.Response(404, html="<h1>Not Found</h1>")
        return httpx.Response(item.response.status, headers=list(item.response.headers), content=item.response.body)

    spec = specification.load("processmaker4")
    redactor = Redactor({})
    evidence = Evidence(None, redactor, lists=frozenset(), foreign=bool, seen=lambda _: None)
    http = httpx.Client(transport=httpx.MockTransport(answer))
    client = Client(spec, http, {"url": f"{sent.scheme}://{sent.netloc}"}, evidence, constants={}, worker="main")
    table = ProcessMaker4.model_validate({"url": "http://server", "access_token": "token", "process_id": 2})
    shown = credentials(table, client, Redactor({}), lambda: None)
    session = Session(table, client, shown, Ledger(None, "run"), settle=0, safety=Safety.OWNED)
    with pytest.raises(Blocked):
        session.call("startRequest", path={"process_id": sent.path.rsplit("/", 1)[-1]}, content=item.request.body)
    return session.recorder.verdicts


def contradicted(system: str, name: str) -> Iterator[tuple[str, Level]]:
    requirements = specification.load(system).requirements
    for verdict in judged(system, name):
        if verdict.outcome is Outcome.DEVIATES:
            yield verdict.requirement, requirements[verdict.requirement].level


@pytest.mark.parametrize(("system", "name"), NAMES, ids=[name for _, name in NAMES])
def test_recorded_response_has_exactly_the_expected_deviations(system: str, name: str) -> None:
    found = list(contradicted(system, name))
    assert sorted(value for value, level in found if level is not Level.MAY) == sorted(DEVIATIONS.get(name, []))
    assert sorted(value for value, level in found if level is Level.MAY) == sorted(FINDINGS.get(name, []))


@pytest.mark.parametrize(("system", "name"), NAMES, ids=[name for _, name in NAMES])
def test_blocked_requirements_of_a_recorded_response_have_a_root_deviation(system: str, name: str) -> None:
    verdicts = judged(system, name)
    roots = {verdict.fingerprint for verdict in verdicts}
    assert all(verdict.blocked_by in roots for verdict in verdicts if verdict.outcome is Outcome.BLOCKED)


def test_every_expected_exchange_is_recorded() -> None:
    assert {*DEVIATIONS, *FINDINGS} <= {name for _, name in NAMES}


def test_recorded_calls_but_one_are_of_documented_operations() -> None:
    assert [name for system, name in NAMES if exchange(system, name) is None] == ["delete-no-uid"]


@pytest.mark.parametrize(
    ("name", "least"), [("project-get", 150), ("process-get", 90), ("classic-project-list", 15), ("delete-again", 6)]
)
def test_complete_recorded_response_decides_many_requirements(name: str, least: int) -> None:
    held = [verdict for verdict in judged("processmaker3", name) if verdict.outcome is Outcome.CONFORMS]
    assert len(held) >= least


@pytest.mark.parametrize("name", ["delete-again", "operator-project-delete"])
def test_a_refused_deletion_has_the_documented_error_object(name: str) -> None:
    decided = {verdict.requirement for verdict in judged("processmaker3", name)}
    assert {f"deleteProject.4XX./error/{member}:present" for member in ("code", "message")} <= decided


REFUSALS = [
    "project-list-no-token", "project-list-bad-token", "project-put-no-token", "operator-project-list",
    "operator-project-create", "operator-project-delete", "delete-again", "no-token", "bad-token", "unknown-process",
    "non-numeric-process",
]  # fmt: skip


@pytest.mark.parametrize(("system", "name"), [pair for pair in NAMES if pair[1] in REFUSALS], ids=str)
def test_recorded_refusal_counts_whatever_its_status(system: str, name: str) -> None:
    item = exchange(system, name)
    assert item is not None
    assert checks.refused("X", item.operation, item, item).outcome is Outcome.CONFORMS


def test_recorded_responses_to_starts_differ() -> None:
    starts = ["start-event-empty-object", "start-event-with-data"]
    bodies = [item.response.json for name in starts if (item := exchange("processmaker4", name))]
    assert len(bodies) == 2
    assert any(bodies[0][member] != bodies[1][member] for member in bodies[0])
