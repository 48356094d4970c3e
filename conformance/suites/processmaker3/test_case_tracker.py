"""Case tracker objects: the two fields that go together (processmaker-3-rest-tips.txt, line 68)."""

from __future__ import annotations

from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine import sampling
from conformance.engine.identifiers import identifier_of
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.suites.processmaker3 import projects

CREATE: Final = "createCaseTrackerObject"
CHANGE: Final = "updateCaseTrackerObject"
PAIR: Final = ("cto_type_obj", "cto_uid_obj")


@pytest.mark.requirement("PM3-TRACKER-PAIR-CREATE", "PM3-TRACKER-PAIR-CHANGE")
def test_type_and_identifier_of_an_object_are_taken_together_only(session: Session) -> None:
    operation = session.operation(CREATE)
    path = {"prj_uid": projects.made(session, projects.builder(session).drawn()).id}
    whole = sampling.body(session, operation)
    if CREATE not in session.table.bodies:
        whole["cto_uid_obj"] = session.ledger.made_up()
    control = session.call(CREATE, path=path, json=whole)
    try_halves(session, "PM3-TRACKER-PAIR-CREATE", path, whole, control)
    session.need_proof(operation)
    uid = identifier_of(control, operation.link("update"))
    if not uid:
        raise NotExercised(Reason.INCONCLUSIVE, f"the response to {CREATE} has no identifier")
    path["cto_uid"] = uid
    control = session.call(CHANGE, path=path, json=whole)
    try_halves(session, "PM3-TRACKER-PAIR-CHANGE", path, whole, control)


def try_halves(
    session: Session, requirement: str, path: dict[str, str], whole: dict[str, Any], control: Exchange
) -> None:
    """Record whether each of the two fields is refused without the other, next to the accepted whole."""
    for name in PAIR:
        half = {other: value for other, value in whole.items() if other != name}
        exchange = session.send(control.operation, path=path, json=half)
        session.recorder.refused(requirement, exchange, control)
