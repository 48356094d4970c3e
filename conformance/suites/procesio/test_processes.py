"""Processes and their instances: publish, launch, run, status, and what a process tells of itself."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks import describe
from conformance.exchange import Exchange
from conformance.identification import identifier_of, mentions, partial
from conformance.judge import Blocked, NotExercised
from conformance.lifecycle import leaves
from conformance.sampling import Sample, make, sample
from conformance.session import Session
from conformance.suites.procesio.answers import answers_something
from conformance.systems import Procesio
from conformance.verdict import Kind, Reason
from conformance.wire.credentials import API_KEY


def process(session: Session) -> dict[str, str]:
    """The process of the target file, as path parameters."""
    assert isinstance(session.table, Procesio)
    if session.table.process_id is None:
        raise NotExercised(Reason.MISSING_FIXTURE, "[procesio] process_id")
    return {"id": session.table.process_id}


def run_body(session: Session) -> dict[str, object]:
    """The documented body of a run (procesio-api.txt, line 32)."""
    assert isinstance(session.table, Procesio)
    return {"payload": session.table.payload, "connectionId": None}


def own_process(session: Session) -> str:
    """A process of the run's own."""
    maker = session.operation("createProcess")
    return make(session, maker, **sample(session, maker).request())


@pytest.mark.requirement("PRO-RUN-NULL-CONNECTION", "PRO-RUN-MAKES-INSTANCE")
def test_a_token_runs_a_process(session: Session) -> None:
    before = session.call("listInstances", path=process(session))
    ran = session.call("runProcess", path=process(session), json=run_body(session))
    instance = identifier_of(ran, session.operation("runProcess").link("status"))
    if instance:
        status = session.call("getInstanceStatus", path={"id": instance})
        session.judge.require("PRO-RUN-MAKES-INSTANCE", status.answer.ok, status, ran)
        return

    def look() -> tuple[bool, Exchange]:
        after = session.send("listInstances", path=process(session))
        return after.answer.body != before.answer.body, after

    grew, after = session.eventually(look)
    if not grew and partial(after):
        raise NotExercised(Reason.INCONCLUSIVE, "the list of instances shows a part only")
    session.judge.require(
        "PRO-RUN-MAKES-INSTANCE", grew, after, before, ran, observed="the list of instances did not change"
    )


@pytest.mark.requirement("PRO-RUN-API-KEY", "PRO-RUN-API-KEY-WITHOUT-WORKSPACE", "PRO-RUN-API-KEY-WRONG-VALUE")
def test_an_api_key_runs_a_process(session: Session) -> None:
    request: dict[str, Any] = {"path": process(session), "json": run_body(session)}
    ran = session.send("runProcess", user=API_KEY, **request)
    control = ran if ran.answer.ok else session.call("runProcess", **request)
    works = session.judge.require(
        "PRO-RUN-API-KEY", ran.answer.ok, ran, control, observed=describe(ran), kind=Kind.REFUSED
    )
    if not works:
        for requirement in ("PRO-RUN-API-KEY-WITHOUT-WORKSPACE", "PRO-RUN-API-KEY-WRONG-VALUE"):
            session.judge.block(requirement, session.judge.root_of("PRO-RUN-API-KEY"))
        return
    assert isinstance(session.table, Procesio)
    assert session.table.api_key is not None
    key = {"key": session.table.api_key.name, "value": session.table.api_key.value.get_secret_value()}
    without = session.send("runProcess", user="nobody", headers=key, **request)
    session.judge.refused("PRO-RUN-API-KEY-WITHOUT-WORKSPACE", without, ran)
    wrong = {**key, "value": session.ledger.made_up(), "workspaceId": session.table.workspace_id or ""}
    other = session.send("runProcess", user="nobody", headers=wrong, **request)
    session.judge.refused("PRO-RUN-API-KEY-WRONG-VALUE", other, ran)


@pytest.mark.requirement(
    "PRO-INSTANCE-PUBLISH-LAUNCHABLE",
    "PRO-INSTANCE-LISTED",
    "PRO-INSTANCE-STATUS-ANSWERED",
    "PRO-INSTANCE-LAUNCH-EXECUTES",
)
def test_a_published_instance_can_be_launched(session: Session) -> None:
    publishing = session.operation("publishProcess")
    published = session.call("publishProcess", path=process(session))
    instance = {"id": identifier_of(published, publishing.link("launch"))}
    if not instance["id"]:
        told, kind = "an answer without an identifier", Kind.MISSING_FIELD
        session.judge.require("PRO-INSTANCE-PUBLISH-LAUNCHABLE", False, published, observed=told, kind=kind)
        root = session.judge.root_of("PRO-INSTANCE-PUBLISH-LAUNCHABLE")
        for requirement in session.judge.undecided():
            session.judge.block(requirement, root)
        return
    _is_listed(session, published, instance["id"])
    before = session.send("getInstanceStatus", path=instance)
    launched, root = _launched(session, instance)
    if root:
        session.judge.block("PRO-INSTANCE-LAUNCH-EXECUTES", root)
    answers_something(session, "PRO-INSTANCE-STATUS-ANSWERED", "getInstanceStatus", path=instance)
    if launched is None:
        return

    def look() -> tuple[bool, Exchange]:
        after = session.send("getInstanceStatus", path=instance)
        return after.answer.body != before.answer.body, after

    changed, after = session.eventually(look)
    session.judge.require(
        "PRO-INSTANCE-LAUNCH-EXECUTES",
        changed,
        after,
        before,
        launched,
        observed="the status is the one before the launch",
    )


def _launched(session: Session, instance: dict[str, str]) -> tuple[Exchange | None, str]:
    """Launch an instance; without an exchange the fingerprint tells what stands in the way."""
    try:
        return session.call("launchInstance", path=instance), ""
    except Blocked as blocked:
        if "PRO-INSTANCE-PUBLISH-LAUNCHABLE" in session.judge.undecided():
            session.judge.block("PRO-INSTANCE-PUBLISH-LAUNCHABLE", blocked.root)
        return None, blocked.root


def _is_listed(session: Session, published: Exchange, instance: str) -> None:
    session.call("listInstances", path=process(session))

    def look() -> tuple[bool, Exchange]:
        found = session.send("listInstances", path=process(session))
        return mentions(found, instance), found

    found, instances = session.eventually(look)
    if not found and partial(instances):
        session.judge.skip("PRO-INSTANCE-LISTED", Reason.INCONCLUSIVE, "the list shows a part only")
        return
    session.judge.require(
        "PRO-INSTANCE-LISTED",
        found,
        instances,
        published,
        observed="the published instance is not in the list",
        kind=Kind.ABSENT,
    )


@pytest.mark.requirement("PRO-INSTANCE-LISTED-BY-PROCESS", "PRO-INSTANCE-PUBLISH-COPIES")
def test_publishing_changes_no_process_and_concerns_one(session: Session) -> None:
    ready = process(session)
    before = session.call("readProcess", path=ready)
    published = session.call("publishProcess", path=ready)
    after = session.call("readProcess", path=ready)
    session.judge.require(
        "PRO-INSTANCE-PUBLISH-COPIES",
        before.answer.json == after.answer.json,
        after,
        before,
        published,
        observed="the process reads otherwise than before",
        kind=Kind.EFFECT,
    )
    instance = identifier_of(published, session.operation("publishProcess").link("launch"))
    if instance in ("", ready["id"]):
        raise NotExercised(Reason.INCONCLUSIVE, "publishProcess answers no identifier of an instance")
    foreign = session.call("listInstances", path={"id": own_process(session)})
    session.judge.require(
        "PRO-INSTANCE-LISTED-BY-PROCESS",
        not mentions(foreign, instance),
        foreign,
        published,
        observed="the list has an instance of another process",
    )


@pytest.mark.requirement("PRO-PROCESS-TOGGLE-CHANGES-STATE", "PRO-PROCESS-TOGGLE-BACK")
def test_toggling_activation_changes_the_state_of_a_process(session: Session) -> None:
    own = {"id": own_process(session)}

    def state() -> tuple[bytes, Exchange]:
        exchange = session.call("readProcess", path=own)
        return exchange.answer.body, exchange

    before, _ = state()
    toggled = session.call("toggleActivation", path=own)

    def changed() -> tuple[bool, Exchange]:
        now, exchange = state()
        return now != before, exchange

    differs, after = session.eventually(changed)
    holds = session.judge.require(
        "PRO-PROCESS-TOGGLE-CHANGES-STATE", differs, after, toggled, observed="the process reads as before"
    )
    if not holds:
        session.judge.block("PRO-PROCESS-TOGGLE-BACK", session.judge.root_of("PRO-PROCESS-TOGGLE-CHANGES-STATE"))
        return
    session.call("toggleActivation", path=own)

    def back() -> tuple[bool, Exchange]:
        exchange = session.send("readProcess", path=own)
        return _flags(exchange) != _flags(after), exchange

    returned, last = session.eventually(back)
    session.judge.require("PRO-PROCESS-TOGGLE-BACK", returned, last, after, observed="the state stayed changed")


def _flags(exchange: Exchange) -> dict[str, object]:
    """The switches of a process: its values that are true or false."""
    return {place: value for place, value in leaves(exchange.answer.json) if isinstance(value, bool)}


@pytest.mark.requirement("PRO-PROCESS-VALIDATE-CHANGES-NOTHING")
def test_validating_a_process_changes_nothing(session: Session) -> None:
    prepared: Sample = sample(session, session.operation("validateProcess"))
    own = {"id": own_process(session)}
    before = session.call("readProcess", path=own)
    body = {**prepared.content["json"], "id": own["id"]}
    validated = session.call("validateProcess", json=body)
    after = session.call("readProcess", path=own)
    session.judge.require(
        "PRO-PROCESS-VALIDATE-CHANGES-NOTHING",
        before.answer.json == after.answer.json,
        after,
        before,
        validated,
        observed="the process reads otherwise than before",
    )


@pytest.mark.requirement("PRO-PROCESS-PAYLOAD-ANSWERED", "PRO-PROCESS-USED-ANSWERED")
def test_a_process_tells_its_payload_and_what_it_uses(session: Session) -> None:
    for operation, requirement in (
        ("getPayload", "PRO-PROCESS-PAYLOAD-ANSWERED"),
        ("getUsedResources", "PRO-PROCESS-USED-ANSWERED"),
    ):
        try:
            answers_something(session, requirement, operation, path=process(session))
        except NotExercised as reason:
            session.judge.skip(requirement, reason.reason, reason.detail)
