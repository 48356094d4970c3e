"""A finding never keeps a must or a should from being judged: it blocks nothing above its own level."""

from __future__ import annotations

from conformance.core.exchange import Exchange, Request, Response
from conformance.core.verdict import Outcome, Reason
from conformance.engine import checks
from conformance.engine.recorder import Recorder
from conformance.spec.specification import load

PM3 = load("processmaker3")


def test_finding_does_not_block_a_schema_rule() -> None:
    operation = PM3.operations["listDepartments"]
    response = Response(200, (("Content-Type", "application/json"),), b'{"data": []}')
    exchange = Exchange("1", operation.id, Request("GET", "http://localhost"), response)
    found = {verdict.requirement: verdict.outcome for verdict in checks.success(operation, exchange)}
    assert found["listDepartments.2XX.:type"] is Outcome.DEVIATES  # a may
    assert found["listDepartments.2XX.[]:type"] is Outcome.BLOCKED
    assert "listDepartments.2XX.[]/dep_last:present" not in found  # a should


def test_finding_does_not_block_a_requirement() -> None:
    recorder = Recorder(PM3)
    response = Response(400, (), b"")
    exchange = Exchange("1", "createProject", Request("POST", "http://localhost"), response)
    recorder.require("PM3-PROJECT-CREATE-ARTIFACTS", False, exchange, observed="status 400")
    root = recorder.root_of("PM3-PROJECT-CREATE-ARTIFACTS")
    for requirement in ("PM3-PROJECT-CREATE-SETTINGS", "PM3-PROJECT-CREATE-GATEWAYS"):
        recorder.block(requirement, root)
    details = {verdict.requirement: (verdict.outcome, verdict.reason) for verdict in recorder.verdicts}
    assert details["PM3-PROJECT-CREATE-SETTINGS"] == (Outcome.BLOCKED, None)
    assert details["PM3-PROJECT-CREATE-GATEWAYS"] == (Outcome.NOT_EXERCISED, Reason.INCONCLUSIVE)
