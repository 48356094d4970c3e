"""The payload and the used resources of a process (procesio-api.txt, lines 93-94)."""

from __future__ import annotations

import pytest

from conformance.core.verdict import Kind, Reason
from conformance.engine.identifiers import mentions, seen
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.suites.procesio.answers import answers_something
from conformance.suites.procesio.processes import own_process, process
from conformance.suites.procesio.target import Procesio


@pytest.mark.requirement("PRO-PROCESS-PAYLOAD-ANSWERED", "PRO-PROCESS-USED-ANSWERED")
def test_a_process_tells_its_payload_and_what_it_uses(session: Session) -> None:
    for operation, requirement in (
        ("getPayload", "PRO-PROCESS-PAYLOAD-ANSWERED"),
        ("getUsedResources", "PRO-PROCESS-USED-ANSWERED"),
    ):
        try:
            answers_something(session, requirement, operation, path=process(session))
        except NotExercised as reason:
            session.recorder.skip(requirement, reason.reason, reason.detail)


@pytest.mark.requirement("PRO-PROCESS-PAYLOAD-OF-ONE")
def test_the_payload_is_that_of_the_process(session: Session) -> None:
    assert isinstance(session.table, Procesio)
    variables = session.table.payload
    if not variables:
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place("payload"))
    shown = session.call("getPayload", path=process(session))
    held = session.recorder.require(
        "PRO-PROCESS-PAYLOAD-OF-ONE",
        any(mentions(shown, name) for name in variables),
        shown,
        observed="the payload has none of the input variables of the process",
        kind=Kind.READ_BACK,
    )
    if held and "createProcess" not in session.table.bodies:
        _is_not_of_another(session, list(variables))


def _is_not_of_another(session: Session, variables: list[str]) -> None:
    """Record whether a new process, whose definition lacks these variables, has the payload of another one."""
    own = own_process(session)
    read = session.call("readProcess", path={"id": own.id})
    try:
        shown = session.call("getPayload", path={"id": own.id})
    except NotExercised:  # a process without variables may have no payload
        return
    foreign = [name for name in variables if mentions(shown, name) and not mentions(read, name)]
    if foreign:
        message = "the payload of a new process has an input variable of the process in the target file"
        session.recorder.require(
            "PRO-PROCESS-PAYLOAD-OF-ONE", False, shown, read, observed=message, kind=Kind.READ_BACK
        )


@pytest.mark.requirement("PRO-PROCESS-USED-OF-ONE")
def test_what_a_process_uses_is_not_what_another_one_uses(session: Session) -> None:
    if "createProcess" in session.table.bodies:
        raise NotExercised(
            Reason.INCONCLUSIVE, "the new process may use the same resources as the one in the target file"
        )
    fixture, own = process(session), own_process(session)
    used = seen(session.call("getUsedResources", path=fixture))
    read = session.call("readProcess", path={"id": own.id})
    shown = session.call("getUsedResources", path={"id": own.id})
    foreign = sorted((seen(shown) & used) - seen(read) - {own.id})
    if not used:
        raise NotExercised(Reason.INCONCLUSIVE, "the process in the target file uses nothing with an identifier")
    session.recorder.require(
        "PRO-PROCESS-USED-OF-ONE",
        not foreign,
        shown,
        read,
        observed="a new process uses the resources of the process in the target file",
        kind=Kind.READ_BACK,
    )
