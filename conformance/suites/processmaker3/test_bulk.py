"""Deleting projects in a batch (processmaker-3-project-endpoints.txt, lines 1095-1168)."""

from __future__ import annotations

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine.checks import describe
from conformance.engine.comparison import number
from conformance.engine.recorder import NotExercised
from conformance.engine.required_fields import record_refusal
from conformance.engine.session import Session
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.answers import object_of
from conformance.suites.processmaker3.batches import BULK, Batch, delete, enveloped, gone, own
from conformance.suites.processmaker3.bodies import batch, item
from conformance.suites.processmaker3.imports import element_identifiers
from conformance.target.target import Safety

pytestmark = pytest.mark.depth("standard")

TYPE = f"{BULK}.request./data[]/data[]/type:required"


@pytest.mark.requirement("PM3-BULK-GONE", "PM3-BULK-ANSWER-NAMES-EACH", "PM3-BULK-RESULT", "PM3-BULK-ENVELOPE")
def test_a_batch_deletes_every_project_that_it_names(session: Session) -> None:
    recorder = session.recorder
    wanted = [own(session), own(session)]
    deleted = delete(session, *wanted)
    bare = any(enveloped(entry) is not entry for entry in deleted.exchanges)
    recorder.require(
        "PM3-BULK-ENVELOPE",
        not deleted.flat and not bare,
        *deleted.exchanges,
        observed="the request needs bare items" if deleted.flat else "the response has bare items",
        kind=Kind.OTHER_READING,
    )
    looked = {project: gone(session, project) for project in wanted}
    left = sum(not holds for holds, _ in looked.values())
    recorder.require(
        "PM3-BULK-GONE",
        not left,
        *deleted.exchanges,
        *(exchange for _, exchange in looked.values()),
        observed=f"{left} of {len(wanted)} can still be read",
    )
    messages = list(deleted.items())
    named = [entry["prj_uid"] for entry in messages]
    recorder.require(
        "PM3-BULK-ANSWER-NAMES-EACH",
        sorted(map(str, named)) == sorted(wanted),
        *deleted.exchanges,
        observed=f"{len(named)} items for {len(wanted)} projects, {len(set(named) & set(wanted))} of them named",
        kind=Kind.VALUE,
    )
    went = [entry for entry in messages if entry["prj_uid"] in wanted and looked[entry["prj_uid"]][0]]
    if not went:
        recorder.block("PM3-BULK-RESULT", recorder.root_of("PM3-BULK-GONE" if left else "PM3-BULK-ANSWER-NAMES-EACH"))
        return
    wrong = [entry for entry in went if number(entry.get("status")) != 200 or entry.get("result") is not True]
    recorder.require(
        "PM3-BULK-RESULT",
        not wrong,
        *deleted.exchanges,
        observed="; ".join(f"status {entry.get('status')!r}, result {entry.get('result')!r}" for entry in wrong),
        kind=Kind.VALUE,
    )


@pytest.mark.requirement("PM3-BULK-GONE", "PM3-BULK-OTHERS")
def test_a_batch_of_one_deletes_that_project_and_no_other(session: Session) -> None:
    beside = projects.beside(session)
    project = own(session)
    beside.add(projects.builder(session).detailed())
    beside.look()
    deleted = delete(session, project)
    projects.unharmed(session, beside, "PM3-BULK-OTHERS", *deleted.exchanges)
    went, look = gone(session, project)
    session.recorder.require("PM3-BULK-GONE", went, *deleted.exchanges, look, observed="1 of 1 can still be read")
    beside.record_unchanged("PM3-BULK-OTHERS", *deleted.exchanges)


@pytest.mark.requirement(TYPE)
def test_a_batch_without_a_type_is_refused(session: Session) -> None:
    control = delete(session, own(session))
    project = own(session)
    entry = {"prj_uid": project}
    body = entry if control.flat else {"data": [{"action": "delete", "data": [entry]}]}
    record_refusal(session, TYPE, session.send(BULK, json=body), control.exchanges[-1])
    gone(session, project)


@pytest.mark.requirement("PM3-BULK-OTHER-TYPE")
def test_a_batch_of_another_type_deletes_nothing(session: Session) -> None:
    project = own(session)
    control = delete(session, own(session))
    body = item(project, kind="classic") if control.flat else batch(project, kind="classic")
    sent = session.send(BULK, json=body)
    still = session.send(projects.READ, path={"prj_uid": project})
    session.recorder.require(
        "PM3-BULK-OTHER-TYPE",
        still.response.ok,
        still,
        sent,
        *control.exchanges,
        observed="the project is gone",
    )


@pytest.mark.requirement("PM3-BULK-STARTED-CASES", "PM3-BULK-STARTED-CASES-RESULT")
def test_a_batch_leaves_a_project_with_started_cases(session: Session) -> None:
    fixtures = projects.table(session).fixtures
    if fixtures.started_project is None:
        raise NotExercised(Reason.MISSING_FIXTURE, "[processmaker3.fixtures] started_project")
    if not fixtures.may_change and session.safety is not Safety.DISPOSABLE:
        raise NotExercised(
            Reason.SAFETY_LEVEL, "the request would delete a fixture: needs may_change or level disposable"
        )
    started, other = fixtures.started_project, own(session)
    before = session.send(projects.READ, path={"prj_uid": started})
    if not before.response.ok:
        raise NotExercised(Reason.MISSING_FIXTURE, "[processmaker3.fixtures] started_project cannot be read")
    flat = delete(session, own(session)).flat
    bodies = [item(started), item(other)] if flat else [batch(started, other)]
    sent = tuple(session.send(BULK, json=body) for body in bodies)
    went, read_other = gone(session, other)
    kept = session.send(projects.READ, path={"prj_uid": started})
    say_started(session, other, went, kept, (kept, read_other, *sent, before))
    if kept.response.ok and lost_elements(session, before, kept):
        judge_content(session, started, before, sent)
    answered = tuple(exchange for exchange in sent if exchange.response.status == 200)
    if not answered or not kept.response.ok:
        session.recorder.block("PM3-BULK-STARTED-CASES-RESULT", projects.root(session, BULK))
        return
    claims = [entry for entry in Batch(answered).items() if entry["prj_uid"] == started and entry.get("result") is True]
    session.recorder.require(
        "PM3-BULK-STARTED-CASES-RESULT",
        not claims,
        *answered,
        kept,
        observed=f"the project with cases was kept ({describe(kept)}), but its item has result true",
        kind=Kind.VALUE,
    )


def lost_elements(session: Session, before: Exchange, after: Exchange) -> set[str]:
    """The identifiers of the elements of a project that a later read does not show; none if it cannot be compared.

    The project is a fixture that others may edit in the meantime: only lost content counts.
    """
    was, now = object_of(session, before), object_of(session, after)
    return element_identifiers(was) - element_identifiers(now) if was is not None and now is not None else set()


def judge_content(session: Session, started: str, before: Exchange, sent: tuple[Exchange, ...]) -> None:
    """Record it if a second look, too, shows that a project with cases has lost elements."""

    def look() -> tuple[bool, Exchange]:
        read = session.send(projects.READ, path={"prj_uid": started})
        return read.response.ok and not lost_elements(session, before, read), read

    _, read = session.eventually(look)
    if read.response.ok and (lost := lost_elements(session, before, read)):
        message = f"the project with cases was kept, but {len(lost)} of its elements are gone"
        session.recorder.require("PM3-BULK-STARTED-CASES", False, read, before, *sent, observed=message)


def say_started(session: Session, other: str, went: bool, kept: Exchange, evidence: tuple[Exchange, ...]) -> None:
    """Record whether a batch `kept` the project with cases, and the `other` one `went`."""
    recorder, requirement = session.recorder, "PM3-BULK-STARTED-CASES"
    if not kept.response.ok:
        recorder.require(requirement, False, *evidence, observed="the project with cases is gone")
        return
    if went:
        recorder.require(requirement, True, *evidence)
        return
    control = delete(session, other)
    if not gone(session, other)[0]:
        recorder.require("PM3-BULK-GONE", False, *control.exchanges, observed="1 of 1 can still be read")
        recorder.block(requirement, recorder.root_of("PM3-BULK-GONE"))
        return
    message = "the project without cases is still there"
    recorder.require(requirement, False, *evidence, *control.exchanges, observed=message)
