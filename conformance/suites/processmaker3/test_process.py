"""The process of a project: which one is read, and what an update of it changes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import comb
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import CHANGES_NOTHING, Kind, Reason
from conformance.engine import checks, sampling
from conformance.engine.comparison import Difference, differences, number
from conformance.engine.read_back import record_difference
from conformance.engine.recorder import NotExercised, Recorder
from conformance.engine.session import Resource, Session
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.answers import answered, blocked_by
from conformance.suites.processmaker3.bodies import LETTERS, MARKS
from conformance.suites.processmaker3.imports import delete
from conformance.suites.processmaker3.target import ProcessMaker3
from conformance.suites.processmaker3.updates import drawn, update

pytestmark = pytest.mark.depth("standard")

READ_BACK = "PM3-PROCESS-UPDATE-READ-BACK"
REFERENCES = "PM3-PROCESS-UPDATE-REFERENCES"
KEPT = "PM3-PROCESS-REFERENCES-READ-BACK"
OTHERS = "PM3-PROCESS-UPDATE-OTHERS"
PARTIAL = "PM3-PROCESS-UPDATE-PARTIAL"
AFTER = "PM3-PROJECT-UPDATE-PROCESS"
DELETED = "PM3-PROJECT-DELETE-WHOLE"
INACTIVE = "PM3-PROCESS-INACTIVE-KEPT"
OF_A_PROJECT = ("getProcess", "exportProject")
FLAGS = ("pro_show_message", "pro_subprocess", "pro_debug")
EXAMPLE: Final = ("pro_title", "pro_description", "pro_status", *FLAGS, "pro_unit_cost")
"""What the example of an update sends, except what refers to something else: a currency without a cost."""
TRIGGERS = ("create", "open", "deleted", "canceled", "paused", "reassigned", "unpaused")
TEMPLATE: Final = {"pro_derivation_screen_tpl": "MyTemplate.html"}
"""The routing screen template of the example."""


def own_project(session: Session) -> Resource:
    """A project with only the required members, and a type."""
    given = {"prj_name": "", "prj_description": "for its process", "prj_type": "BPMN"}
    body = sampling.body(session, session.operation("createProject"), given=given)
    return session.create("createProject", json=body)


@pytest.mark.requirement("PM3-PROCESS-OF-PROJECT", "PM3-PROCESS-BPMN")
def test_each_project_shows_its_own_process(session: Session) -> None:
    owners = [own_project(session).id, own_project(session).id]
    item, first = answered(session, "getProcess", owners[0])
    other, second = answered(session, "getProcess", owners[1])
    if "pro_bpmn" in item:
        session.recorder.require(
            "PM3-PROCESS-BPMN",
            number(item["pro_bpmn"]) == 1,
            first,
            observed=checks.shorten(item["pro_bpmn"]),
            kind=Kind.VALUE,
        )
    else:
        session.recorder.block("PM3-PROCESS-BPMN", root(session, "pro_bpmn"))
    if not (item.get("pro_uid") and other.get("pro_uid")):
        raise blocked_by(session, "getProcess")
    foreign = any(
        shown.get("prj_uid") not in (None, "", owner) for shown, owner in zip((item, other), owners, strict=True)
    )
    message = (
        "the process has the identifier of another project"
        if foreign
        else "two projects show a process with the same pro_uid"
    )
    session.recorder.require(
        "PM3-PROCESS-OF-PROJECT",
        item["pro_uid"] != other["pro_uid"] and not foreign,
        first,
        second,
        observed=message,
        kind=Kind.VALUE,
    )


DEFAULTS = (
    ("PM3-PROCESS-DEFAULT-TIME", "pro_time", "1"),
    ("PM3-PROCESS-DEFAULT-TYPE-DAY", "pro_type_day", "an empty text"),
    ("PM3-PROCESS-DEFAULT-ITEE", "pro_itee", "1"),
)


@pytest.mark.requirement(*(requirement for requirement, _, _ in DEFAULTS))
def test_the_process_of_a_new_project_has_the_documented_defaults(session: Session) -> None:
    process, exchange = answered(session, "getProcess", own_project(session).id)
    for requirement, name, expected in DEFAULTS:
        if name not in process:
            session.recorder.block(requirement, root(session, name))
            continue
        value = process[name]
        session.recorder.require(
            requirement,
            value in (None, "") if name == "pro_type_day" else number(value) == 1,
            exchange,
            expected=expected,
            observed=checks.quoted(value),
            kind=Kind.VALUE,
            location=f"/{name}",
        )


@pytest.mark.requirement(READ_BACK, PARTIAL, REFERENCES, KEPT, OTHERS)
def test_an_updated_process_reads_as_it_was_sent(session: Session) -> None:
    beside = projects.beside(session)
    project = own_project(session)
    beside.add(projects.builder(session).detailed())
    beside.look()
    process, _ = answered(session, "getProcess", project.id)
    # An update contains the identifier, so one that may belong to somebody else's process is not sent.
    own = session.ledger.is_ours(str(process.get("pro_title")))
    pro_uid = process["pro_uid"] if own and process.get("pro_uid") else project.id
    rounds = (  # all fields have different sequences of values, so that none is mistaken for another
        ("Described by an update", "INACTIVE", "PRIVATE", 12, "$us", (1, 0, 1)),
        ("Described by another update", "ACTIVE", "PUBLIC", 7, "$", (0, 1, 1)),
        ("Described by a last update", "ACTIVE", "PUBLIC", 7, "$", (0, 0, 0)),
        # No document says that other letters, marks, or an empty text, are accepted.
        (LETTERS, "ACTIVE", "PUBLIC", 3, "$", (0, 0, 0)),
        (MARKS, "ACTIVE", "PUBLIC", 4, "$", (0, 0, 0)),
        ("", "ACTIVE", "PUBLIC", 0, "$", (0, 0, 0)),
    )
    bodies = [
        {
            "pro_uid": pro_uid,
            "pro_title": session.ledger.name("retitled"),
            "pro_description": description,
            "pro_status": status,
            "pro_type_process": kind,
            "pro_cost": cost,
            "pro_unit_cost": unit,
            **dict(zip(FLAGS, flags, strict=True)),
        }
        for description, status, kind, cost, unit, flags in rounds
    ]
    held = True
    for sent in bodies:
        ask = session.send if sent["pro_description"] in (LETTERS, MARKS, "") else session.call
        updated = ask("updateProcess", path={"prj_uid": project.id}, json=sent)
        if not updated.response.ok:
            continue
        projects.unharmed(session, beside, OTHERS, updated)
        held = reads_back(session, project, updated.request.sent(sent), process) and held
    if held:
        judge_partial(session, project, bodies[0])
        references(session, project, bodies[0])
    else:
        for requirement in (PARTIAL, REFERENCES, KEPT):
            session.recorder.block(requirement, session.recorder.root_of(READ_BACK))


def judge_partial(session: Session, project: Resource, sent: dict[str, Any]) -> None:
    """Judge whether updates with some fields leave what an update with `sent` set.

    They send the title alone, then `partly` the fields, then those that the example of the document sends. A refusal
    of one says nothing here: it is the subject of the documented bodies.
    """
    full = {**sent, **dict.fromkeys(FLAGS, 1)}  # a loss that leaves 0 or an empty text would not show
    title, *others = [("pro_title",), *partly(tuple(name for name in full if name != "pro_uid")), EXAMPLE]
    set_up = session.call("updateProcess", path={"prj_uid": project.id}, json=full)
    unset, _, before = read_until(session, project, full)
    lost = {difference.place.strip("/") for difference in unset if not difference.soft}  # they must not hide another
    kept = {name: value for name, value in set_up.request.sent(full).items() if name not in lost}
    for names in (title, *others):
        body = {name: full[name] for name in ("pro_uid", *names)}
        if "pro_title" in body:
            body["pro_title"] = session.ledger.name("retitled")
        ask = session.call if names == title else session.send
        updated = ask("updateProcess", path={"prj_uid": project.id}, json=body)
        if not updated.response.ok:
            continue
        kept |= {name: value for name, value in updated.request.sent(body).items() if name in kept}
        found, _, exchange = read_until(session, project, kept)
        message = ", ".join(
            difference.place.strip("/")
            for difference in found
            if not difference.soft and difference.place.strip("/") not in names
        )
        message = f"{message} changed in an update of {', '.join(names)}" if message else ""
        if not session.recorder.require(
            PARTIAL, not message, exchange, updated, before, observed=message, kind=Kind.READ_BACK
        ):
            return


def partly(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Parts of some names: for every two of them, one part contains the first without the second.

    So does each name of a set of numbers if no set contains another, as none of the same size does.
    """
    count = next(count for count in range(2, len(names) + 2) if comb(count, count // 2) >= len(names))
    codes = list(zip(names, combinations(range(count), count // 2), strict=False))
    return [tuple(name for name, code in codes if part in code) for part in range(count)]


@pytest.mark.requirement(AFTER)
def test_an_update_of_the_project_leaves_what_its_process_has(session: Session) -> None:
    project, definition = drawn(session)
    process, _ = answered(session, "getProcess", project.id)
    own = session.ledger.is_ours(str(process.get("pro_title")))
    pro_uid = process["pro_uid"] if own and process.get("pro_uid") else project.id
    # Title and description may be those of the project.
    sent = {"pro_type_process": "PRIVATE", "pro_cost": 12, "pro_unit_cost": "$us", "pro_debug": 1}
    session.call("updateProcess", path={"prj_uid": project.id}, json={"pro_uid": pro_uid, **sent})
    unkept, process, before = read_until(session, project, sent)
    lost = {difference.place for difference in unkept if not difference.soft}
    kept = {name: value for name, value in sent.items() if f"/{name}" not in lost}
    updated = update(session, project, {**definition, "prj_description": "Changed beside its process"})

    def look() -> tuple[bool, Exchange]:
        read = projects.read_by(session, "getProcess", project.id)
        return read.response.ok, read

    readable, read = session.eventually(look)
    message = f"the process cannot be read any more: {checks.describe(read)}"
    if not session.recorder.require(AFTER, readable, read, before, updated, observed=message):
        return
    found, _, read = read_until(session, project, kept)
    for difference in found:
        record_difference(session.recorder, AFTER, difference, read, updated)
    if not found:
        session.recorder.require(AFTER, True, read, before, updated)


@pytest.mark.requirement(INACTIVE)
def test_a_project_with_an_inactive_process_is_still_there(session: Session) -> None:
    project = own_project(session)
    process, _ = answered(session, "getProcess", project.id)
    path = {"prj_uid": project.id}
    before = session.call("exportProject", path=path)
    sent = {"pro_uid": process.get("pro_uid") or project.id, "pro_status": "INACTIVE"}
    updated = session.call("updateProcess", path=path, json=sent)
    _, process, _ = read_until(session, project, sent)
    if process.get("pro_status") != "INACTIVE":
        raise NotExercised(Reason.INCONCLUSIVE, "the process is not INACTIVE after the update")
    for operation in (projects.READ, "exportProject"):
        read = session.send(operation, path=path)
        if read.response.refused:
            read = session.once_more(read, path=path)
            session.call(operation, path={"prj_uid": own_project(session).id})  # it may be missing
        message = f"{operation}: {checks.describe(read)}"
        session.recorder.require(INACTIVE, read.response.ok, read, updated, before, observed=message, kind=Kind.REFUSED)


@pytest.mark.requirement(DELETED)
def test_a_deleted_project_has_neither_a_process_nor_an_export(session: Session) -> None:
    project = own_project(session)
    path = {"prj_uid": project.id}
    before = [session.call(operation, path=path) for operation in OF_A_PROJECT]
    delete(session, project)
    left = ""

    def look() -> tuple[bool, Exchange]:
        nonlocal left
        reads = [projects.read_by(session, operation, project.id) for operation in OF_A_PROJECT]
        there = [exchange for exchange in reads if exchange.response.ok and not session.is_anothers(project.id)]
        left = ", ".join(exchange.operation for exchange in there)
        return not there, next(iter(there), reads[0])

    gone, read = session.eventually(look)
    session.recorder.require(DELETED, gone, read, *before, observed=f"still accepted for the project: {left}")


def reads_back(session: Session, project: Resource, sent: dict[str, Any], before: dict[str, Any]) -> bool:
    """Record whether the process is read as updated; a field that is never shown is not checked further.

    `before` is the process before the first update.
    """
    found, process, exchange = read_until(session, project, sent)
    recorder = session.recorder
    hidden = [name for name in sent if name != "pro_uid" and name not in process]
    wrong = [difference for difference in found if not difference.soft and difference.place.strip("/") not in hidden]
    nothing = bool(wrong) and all(process.get(name) == before.get(name) for name in sent)
    for difference in wrong:
        record_difference(recorder, READ_BACK, difference, exchange, detail=CHANGES_NOTHING if nothing else "")
    if hidden:
        recorder.block(READ_BACK, root(session, hidden[0]))
    if not wrong and len(hidden) < len(sent) - 1:
        recorder.require(READ_BACK, True, exchange)
    soft = next((difference for difference in found if difference.soft), None)
    recorder.require(
        "updateProcess:verbatim",
        soft is None,
        exchange,
        expected=checks.quoted(soft.sent) if soft else "",
        observed=checks.quoted(soft.read) if soft else "",
        kind=Kind.READ_BACK,
        location=soft.place if soft else "",
    )
    return not wrong


def references(session: Session, project: Resource, sent: dict[str, Any]) -> None:
    """Record whether an update may refer to existing resources, one kind at a time, and what is read.

    These are fixtures of the target file, and a process of ours. A refusal of one proves nothing about others.
    """
    parent, _ = answered(session, "getProcess", own_project(session).id)
    assert isinstance(session.table, ProcessMaker3)
    fixtures = session.table.fixtures
    named = {"pro_parent": parent.get("pro_uid"), "pro_category": fixtures.category}
    groups = [{name: value} for name, value in named.items() if value]
    groups += triggers(fixtures.trigger) if fixtures.trigger else []
    if not groups:
        raise NotExercised(Reason.MISSING_FIXTURE, "[processmaker3.fixtures] category, trigger")
    for some in groups:
        updated = session.send("updateProcess", path={"prj_uid": project.id}, json={**sent, **some})
        if not updated.response.ok:
            message = f"{checks.describe(updated)} to {', '.join(some)}"
            session.recorder.require(REFERENCES, False, updated, observed=message, kind=Kind.REFUSED)
            continue
        session.recorder.require(REFERENCES, True, updated)
        keeps(session, project, some, updated)
    # A server may know its templates, and no document says which there are: a refusal says nothing.
    template = session.send("updateProcess", path={"prj_uid": project.id}, json={**sent, **TEMPLATE})
    if template.response.ok:
        keeps(session, project, TEMPLATE, template)


def triggers(trigger: str) -> list[dict[str, Any]]:
    """What updates set as triggers of the events, one after the other: no two events have the same in all of them."""
    bits = range(len(TRIGGERS).bit_length())
    numbered = list(enumerate(TRIGGERS, start=1))
    return [{f"pro_tri_{event}": trigger if number >> bit & 1 else "" for number, event in numbered} for bit in bits]


def keeps(session: Session, project: Resource, sent: Mapping[str, Any], updated: Exchange) -> None:
    """Judge whether what an accepted update referred to is read.

    An empty reference is left out: a server may show its own one where none is set (A-PM3-32, A-PM3-36).
    """
    found, process, exchange = read_until(session, project, {name: value for name, value in sent.items() if value})
    for difference in found:
        name = difference.place.strip("/")
        if name not in process:
            session.recorder.block(KEPT, root(session, name))
            continue
        record_difference(session.recorder, KEPT, difference, exchange, updated)
    if not found:
        session.recorder.require(KEPT, True, exchange, updated)


def read_until(
    session: Session, project: Resource, sent: Mapping[str, Any]
) -> tuple[tuple[Difference, ...], dict[str, Any], Exchange]:
    """Read the process until it is as sent, or the settling time is over: the differences, the process, and the
    exchange.
    """
    schema = session.operation("getProcess").success.schema
    assert schema is not None
    last: tuple[Difference, ...] = ()
    process: dict[str, Any] = {}

    def look() -> tuple[bool, Exchange]:
        nonlocal last, process
        process, exchange = answered(session, "getProcess", project.id)
        last = differences(sent, process, schema, session.specification.members)
        return not [
            difference for difference in last if not difference.soft and difference.place.strip("/") in process
        ], exchange

    _, exchange = session.eventually(look)
    return last, process, exchange


def root(session: Session, name: str) -> str:
    """The fingerprint of the deviation that a field of a process is not shown."""
    recorder: Recorder = session.recorder
    return recorder.root_of(f"getProcess.200./{name}:present")
