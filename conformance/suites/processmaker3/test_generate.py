"""Generating a BPMN project from a classic process (processmaker-3-project-endpoints.txt, lines 1170-1212)."""

from __future__ import annotations

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.definition import CHANGED
from conformance.engine.read_back import record_difference
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.spec.rules import writable
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.answers import object_of
from conformance.suites.processmaker3.bodies import Body
from conformance.suites.processmaker3.imports import differing, told_of
from conformance.suites.processmaker3.projects import LIST, READ, UPDATE
from conformance.target.target import Safety

GENERATE = "generateBpmnProject"
OTHERS = "PM3-GENERATE-OTHERS"
KEPT = "PM3-GENERATE-PROCESS-KEPT"
LISTED = "PM3-GENERATE-LISTED"
UPDATED = "PM3-PROJECT-UPDATE-READ-BACK"
TOLD = ("pro_uid", "pro_status")
"""What is compared of the classic process: not what another user may edit in the meantime, like its title."""


@pytest.mark.requirement(
    "PM3-GENERATE-ECHO", "PM3-GENERATE-READABLE", "PM3-GENERATE-TYPE", "PM3-GENERATE-NEW", LISTED, OTHERS, KEPT, UPDATED
)
def test_a_classic_process_gets_a_bpmn_project(session: Session) -> None:
    process = projects.table(session).fixtures.classic_process
    if process is None:
        raise NotExercised(Reason.MISSING_FIXTURE, "[processmaker3.fixtures] classic_process")
    beside = projects.beside(session)
    before = session.resources.ids_before(session.operation(GENERATE)) or set()
    classic = kept_of(session, process)
    generated = session.call(GENERATE, json={"pro_uid": process})
    answer = answered(generated)
    project = answer.get("prj_uid")
    new = isinstance(project, str) and project not in (process, *before)
    if generated.entry is not None and new:
        session.resources.ownership.enter(session.operation(GENERATE), generated.entry, str(project), shown=True)
    if "pro_uid" in answer:
        session.recorder.require(
            "PM3-GENERATE-ECHO",
            answer["pro_uid"] == process,
            generated,
            expected="the pro_uid that was sent",
            observed=checks.quoted(answer["pro_uid"]),
            kind=Kind.VALUE,
            location="/pro_uid",
        )
    if not isinstance(project, str) or "pro_uid" not in answer:
        raise Blocked(projects.root(session, GENERATE), GENERATE)
    if generated.entry is not None and not new:
        session.ledger.withdrawn(generated.entry)  # whatever the response means: what existed before must stay
    projects.unharmed(session, beside, OTHERS, generated)
    if not session.recorder.require(
        "PM3-GENERATE-NEW",
        new or project == process,  # of which prj_uid and pro_uid may be equal (A-PM3-33)
        generated,
        observed="the response has the identifier of another project that existed before",
        kind=Kind.VALUE,
    ):
        raise Blocked(session.recorder.root_of("PM3-GENERATE-NEW"), GENERATE)
    judge_kept(session, process, project, classic, generated)
    readable = "PM3-GENERATE-READABLE"
    read = last_reading(session, project)
    if not read.response.ok:
        read = session.call(READ, path={"prj_uid": project}, accepts=readable)  # or reading itself is not there
    session.accepted(read)
    shown = (object_of(session, read) or {}).get("prj_uid")
    if shown is None:
        session.recorder.block(readable, projects.root(session, READ))
    else:
        if shown != project:  # the read may return another project than the requested one
            projects.read(session, projects.made(session, projects.builder(session).project()).id)
        session.recorder.require(
            readable,
            shown == project,
            read,
            generated,
            expected="the project with the returned prj_uid",
            observed=f"prj_uid {checks.quoted(shown)}",
            kind=Kind.VALUE,
        )
    say_type(session, project, generated)
    if new:
        judge_update(session, project)


def judge_update(session: Session, project: str) -> None:
    """Judge whether an update with the complete definition of a generated project changes its description.

    The project may share its texts with the classic process, which is the user's: only where that may be changed too.
    """
    if session.safety is not Safety.DISPOSABLE:
        session.recorder.skip(UPDATED, Reason.SAFETY_LEVEL, "a generated project is changed only at level disposable")
        return
    definition, _ = projects.read(session, project)
    documented = session.operation(UPDATE).body("application/json")
    assert documented is not None
    body = {**writable(definition, documented.schema), "prj_description": CHANGED}
    updated = session.send(UPDATE, path={"uid": project}, json=body)
    if not updated.response.ok:
        session.recorder.skip(UPDATED, Reason.INCONCLUSIVE, f"the update: {checks.describe(updated)}")
        return
    wrong, read = differing(session, project, {"prj_description": CHANGED})
    for difference in wrong:
        record_difference(session.recorder, UPDATED, difference, read, updated)
    if not wrong:
        session.recorder.require(UPDATED, True, read, updated)


def kept_of(session: Session, process: str) -> Body:
    """What no document says that a generation changes of the classic process; empty if it cannot be read."""
    shown = projects.process_of(session, process)
    return {name: shown[name] for name in TOLD if name in shown}


def judge_kept(session: Session, process: str, project: str, classic: Body, generated: Exchange) -> None:
    """Record whether the classic process is as before, if the generated project is another one (A-PM3-33).

    It may then belong to that project, so that its own identifier reads no process any more (A-PM3-17).
    """
    if project == process or not classic:
        why = "the process itself is the generated project" if classic else "the classic process cannot be read"
        session.recorder.skip(KEPT, Reason.INCONCLUSIVE, why)
        return
    wrong, read = differing(session, process, classic, operation=projects.PROCESS)
    if not read.response.ok:
        session.recorder.skip(KEPT, Reason.INCONCLUSIVE, f"the classic process: {checks.describe(read)}")
        return
    session.recorder.require(KEPT, not wrong, read, generated, observed=told_of(wrong), kind=Kind.READ_BACK)


def answered(exchange: Exchange) -> Body:
    """The object in a response; empty if there is none."""
    try:
        body = exchange.response.json
    except NotJson:
        return {}
    return body if isinstance(body, dict) else {}


def last_reading(session: Session, project: str) -> Exchange:
    """The last of several reads of a project."""

    def look() -> tuple[bool, Exchange]:
        exchange = session.send(READ, path={"prj_uid": project})
        return exchange.response.ok, exchange

    return session.eventually(look)[1]


def say_type(session: Session, project: str, generated: Exchange) -> None:
    """Record whether the list shows a generated project, and with type bpmn."""
    item, listing = projects.item_of(session, project, generated, LISTED)
    kind = item.get("prj_type")
    if kind not in ("bpmn", "classic"):  # the structure of the list has been checked
        raise Blocked(projects.root(session, LIST), LIST)
    session.recorder.require(
        "PM3-GENERATE-TYPE",
        kind == "bpmn",
        listing,
        generated,
        observed=f"type {kind}",
        kind=Kind.VALUE,
        location="[]/prj_type",
    )
