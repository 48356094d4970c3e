"""Creating and deleting projects (processmaker-3-project-endpoints.txt, lines 471-758 and 1057-1093)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.comparison import Difference, differences, plain
from conformance.engine.read_back import record_difference
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.spec.rules import Schema
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.answers import blocked_by
from conformance.suites.processmaker3.bodies import Body
from conformance.suites.processmaker3.flows import misled
from conformance.suites.processmaker3.projects import CREATE, DELETE, LIST, builder
from conformance.suites.processmaker3.updates import read_back_differences
from conformance.target.target import Safety

SAYS_GONE = re.compile(r"found|exist|deleted|gone|no such|unknown", re.IGNORECASE)
GATEWAYS = ("EXCLUSIVE", "INCLUSIVE", "PARALLEL", "COMPLEX")
ARTIFACTS = ("TEXT_ANNOTATION", "HORIZONTAL_LINE", "VERTICAL_LINE")


def element_schema(session: Session, array: str) -> Schema:
    """The schema of the elements of an array of a diagram in a definition."""
    schema: Any = session.operation(projects.READ).success.schema
    return schema["properties"]["diagrams"]["items"]["properties"][array]["items"]  # type: ignore[no-any-return]


def unlike(session: Session, array: str, sent: list[Body], read: list[Body]) -> list[Difference]:
    """The elements of one kind that were not returned as sent."""
    name = next(field for field in sent[0] if field.endswith("_name"))
    found = {plain(str(item.get(name))): item for item in read}
    schema = element_schema(session, array)
    partial_list = []
    for item in sent:
        back = found.get(plain(item[name]))
        if back is None:
            partial_list.append(Difference("", item[name], "absent"))
        else:
            partial_list.extend(
                difference
                for difference in differences(item, back, schema, session.specification.members)
                if not difference.soft
            )
    return partial_list


def say_read_back(
    session: Session, requirement: str, array: str, sent: list[Body], created: Exchange, project: str
) -> None:
    """Read a project back and record whether the elements of one kind are as they were sent."""

    def as_sent(definition: Body) -> bool:
        return not unlike(session, array, sent, projects.elements(definition, array))

    definition, exchange = projects.read(session, project, as_sent)
    found = unlike(session, array, sent, projects.elements(definition, array))
    if not found:
        session.recorder.require(requirement, True, exchange, created)
    for difference in {item.place: item for item in found}.values():
        session.recorder.require(
            requirement,
            False,
            exchange,
            created,
            expected=checks.quoted(difference.sent),
            observed=checks.quoted(difference.read),
            kind=Kind.READ_BACK,
            location=f"/diagrams[]/{array}[]{difference.place}",
        )


@pytest.mark.requirement("PM3-PROJECT-CREATE-READ-BACK")
def test_a_diagram_reads_as_it_was_drawn(session: Session) -> None:
    body = builder(session).detailed()
    project = projects.made(session, body)
    sent = project.exchange.request.sent(body)
    if not sent.get("diagrams"):
        raise blocked_by(session, CREATE)  # the target accepts a project only without its diagrams
    own = ("activities", "events", "flows")  # another requirement covers gateways
    wanted = {
        **sent,
        "diagrams": [{array: diagram[array] for array in own if array in diagram} for diagram in sent["diagrams"]],
    }
    definition, exchange = projects.read(
        session, project.id, lambda item: not read_back_differences(session, wanted, item)
    )
    found = read_back_differences(session, wanted, definition)
    if not found:
        session.recorder.require("PM3-PROJECT-CREATE-READ-BACK", True, exchange, project.exchange)
    for difference in {item.place: item for item in found}.values():
        record_difference(session.recorder, "PM3-PROJECT-CREATE-READ-BACK", difference, exchange, project.exchange)


@pytest.mark.requirement("PM3-PROJECT-CREATE-MINIMAL")
def test_a_name_and_a_description_make_a_project(session: Session) -> None:
    build = builder(session)
    projects.accepted(session, "PM3-PROJECT-CREATE-MINIMAL", build.project(), control=build.drawn())


@pytest.mark.requirement("PM3-PROJECT-CREATE-EMPTY-DESCRIPTION")
def test_a_description_may_be_empty(session: Session) -> None:
    build = builder(session)
    body = build.project(prj_description="")
    projects.accepted(session, "PM3-PROJECT-CREATE-EMPTY-DESCRIPTION", body, control=build.project())


@pytest.mark.requirement("PM3-PROJECT-CREATE-OPTIONAL")
@pytest.mark.parametrize("left_out", ["activities", "events", "gateways", "flows", "flo_state"])
def test_what_is_optional_in_a_diagram_may_be_left_out(session: Session, left_out: str) -> None:
    bodies = [builder(session).detailed() for _ in range(2)]
    for body, absent in zip(bodies, (True, False), strict=True):
        (diagram,) = body["diagrams"]
        if left_out in ("activities", "events"):
            diagram["flows"] = []  # they would lead nowhere
        for place in diagram["flows"] if left_out == "flo_state" else [diagram]:
            place[left_out] = []
            if absent:
                del place[left_out]
    without, control = bodies
    projects.accepted(session, "PM3-PROJECT-CREATE-OPTIONAL", without, control=control)


@pytest.mark.requirement("PM3-PROJECT-CREATE-NULL-FLOW-TEXTS")
def test_the_name_and_the_condition_of_a_flow_may_be_null(session: Session) -> None:
    build = builder(session)
    body = build.drawn()
    for flow in body["diagrams"][0]["flows"]:
        flow.update(flo_name=None, flo_condition=None)
    projects.accepted(session, "PM3-PROJECT-CREATE-NULL-FLOW-TEXTS", body, control=build.drawn())


@pytest.mark.requirement("PM3-PROJECT-CREATE-TYPES")
@pytest.mark.parametrize("kind", ["NORMAL", "BPMN"])
def test_each_type_of_project_can_be_created(session: Session, kind: str) -> None:
    build = builder(session)
    body = build.project(prj_type=kind)
    projects.accepted(session, "PM3-PROJECT-CREATE-TYPES", body, control=build.project())


@pytest.mark.requirement("PM3-PROJECT-CREATE-NAMELESS")
def test_a_project_without_a_name_is_refused(session: Session) -> None:
    build = builder(session)
    control = projects.made(session, build.project())
    before = projects.items(session.call(LIST))
    mark = session.ledger.name()
    exchange = session.send(CREATE, json={"prj_description": mark})
    remove_nameless(session, exchange, mark, before)
    session.recorder.refused("PM3-PROJECT-CREATE-NAMELESS", exchange, control.exchange)


def remove_nameless(session: Session, exchange: Exchange, mark: str, before: dict[str, Body]) -> None:
    """Remove what a creation without a name left, even a refused one: it can make every later creation fail.

    It is recognised by the mark in its description; otherwise, at level disposable, as the only new project without one
    of our names.
    """
    entry = exchange.entry
    if entry is None:
        return
    new = {uid: item for uid, item in projects.items(session.send(LIST)).items() if uid not in before}
    ours = [uid for uid, item in new.items() if plain(str(item.get("prj_description", ""))) == mark]
    if not ours and session.safety is Safety.DISPOSABLE:
        ours = [uid for uid, item in new.items() if not session.ledger.is_ours(str(item.get("prj_name", "")))]
    if len(ours) == 1:
        session.resources.ownership.enter(session.operation(CREATE), entry, ours[0], shown=True)
        session.remove(ours[0], session.operation(CREATE))
    else:
        session.ledger.withdrawn(entry)


@pytest.mark.requirement("PM3-PROJECT-CREATE-NUMBERS")
def test_integers_may_be_sent_as_numbers_or_as_digits(session: Session) -> None:
    digits, numbers = builder(session, str), builder(session, int)
    requirement = "PM3-PROJECT-CREATE-NUMBERS"
    as_digits = projects.accepted(session, requirement, digits.drawn(), control=numbers.drawn())
    as_numbers = projects.accepted(session, requirement, numbers.drawn(), control=digits.drawn())
    if as_digits is None or as_numbers is None:
        return
    item, read_digits = projects.read(session, as_digits.id)
    schema = session.operation(projects.READ).success.schema or {}
    wanted = {"diagrams": [{array: diagram[array] for array in projects.ARRAYS} for diagram in item["diagrams"]]}

    members = session.specification.members

    def read_back_differences(other: Body) -> dict[str, Difference]:
        return {found.place: found for found in differences(wanted, other, schema, members) if not found.soft}

    other, read_numbers = projects.read(session, as_numbers.id, lambda other: not read_back_differences(other))
    for difference in read_back_differences(other).values():
        session.recorder.require(
            requirement,
            False,
            read_numbers,
            read_digits,
            expected=f"{difference.sent!r}, as for digits",
            observed=checks.quoted(difference.read),
            kind=Kind.READ_BACK,
            location=difference.place,
        )


@pytest.mark.requirement("PM3-PROJECT-CREATE-START-MARKERS")
def test_start_events_keep_their_markers(session: Session) -> None:
    build = builder(session)
    starts = [
        build.event("On message", "START", "MESSAGE", x=100),
        build.event("On time", "START", "TIMER", x=300),
    ]
    end = build.event("End", "END", "EMPTY", y=260)
    body = build.project(diagrams=[build.diagram(events=[*starts, end])])
    project = projects.accepted(session, "PM3-PROJECT-CREATE-START-MARKERS", body, control=build.drawn())
    if project is None:
        return
    sent = [{name: start[name] for name in ("evn_name", "evn_type", "evn_marker")} for start in starts]
    say_read_back(session, "PM3-PROJECT-CREATE-START-MARKERS", "events", sent, project.exchange, project.id)


@pytest.mark.requirement("PM3-PROJECT-CREATE-GATEWAYS")
def test_gateways_are_created_with_their_required_fields(session: Session) -> None:
    build = builder(session)
    gateways = [
        build.gateway(f"Gateway {place}", kind, ("DIVERGING", "CONVERGING")[place % 2], x=100 + 100 * place)
        for place, kind in enumerate(GATEWAYS)
    ]
    body = build.project(diagrams=[build.diagram(gateways=gateways)])
    project = projects.accepted(session, "PM3-PROJECT-CREATE-GATEWAYS", body, control=build.drawn())
    if project is not None:
        say_read_back(session, "PM3-PROJECT-CREATE-GATEWAYS", "gateways", gateways, project.exchange, project.id)


@pytest.mark.requirement("PM3-PROJECT-CREATE-ARTIFACTS")
def test_artifacts_are_created_with_a_diagram(session: Session) -> None:
    build = builder(session)
    artifacts = [build.artifact(f"Artifact {place}", kind, y=100 + 100 * place) for place, kind in enumerate(ARTIFACTS)]
    body = build.project(diagrams=[build.diagram(artifacts=artifacts)])
    project = projects.accepted(session, "PM3-PROJECT-CREATE-ARTIFACTS", body, control=build.drawn())
    if project is not None:
        say_read_back(session, "PM3-PROJECT-CREATE-ARTIFACTS", "artifacts", artifacts, project.exchange, project.id)


@pytest.mark.requirement("PM3-PROJECT-CREATE-FLOW-ENDS")
def test_flows_of_a_new_diagram_join_the_elements_that_were_sent(session: Session) -> None:
    body = builder(session).detailed()
    project = projects.made(session, body)
    sent = project.exchange.request.sent(body)
    definition, exchange = projects.read(session, project.id, lambda definition: not misled(sent, definition))
    if not projects.elements(definition, "flows"):
        raise NotExercised(Reason.INCONCLUSIVE, "the definition shows no flow")
    wrong = misled(sent, definition)
    session.recorder.require(
        "PM3-PROJECT-CREATE-FLOW-ENDS", not wrong, exchange, project.exchange, observed="; ".join(wrong)
    )


@pytest.mark.requirement("PM3-PROJECT-CREATE-SETTINGS")
def test_the_user_settings_of_a_creation_are_read_back(session: Session) -> None:
    if session.safety is not Safety.DISPOSABLE:  # they may hold for all projects of the user (A-PM3-34)
        raise NotExercised(Reason.SAFETY_LEVEL, "user settings are changed only at level disposable")
    build = builder(session)
    for enabled in (False, True):
        project = projects.made(session, build.drawn(usr_settings={"enabled_grid": enabled}))
        projects.say_settings(session, "PM3-PROJECT-CREATE-SETTINGS", enabled, project.id)


@pytest.mark.requirement("PM3-PROJECT-DELETE-UNKNOWN", "PM3-PROJECT-DELETE-ERROR-CODE", "PM3-PROJECT-DELETE-ERROR-TEXT")
def test_a_project_that_never_existed_cannot_be_deleted(session: Session) -> None:
    project = projects.made(session, builder(session).project())
    refused = session.send(DELETE, path={"uid": session.ledger.made_up()})
    control = session.call(DELETE, path={"uid": project.id})
    recorder = session.recorder
    if not recorder.require(
        "PM3-PROJECT-DELETE-UNKNOWN",
        refused.response.status >= 400,
        refused,
        control,
        observed=checks.describe(refused),
        kind=Kind.NOT_REFUSED,
    ):
        root = recorder.root_of("PM3-PROJECT-DELETE-UNKNOWN")
        for requirement in recorder.undecided():
            recorder.block(requirement, root)
        return
    operation = session.operation(DELETE)
    documented = operation.refusal(refused.response.status)
    if documented is not None:
        recorder.record(checks.content(operation, documented, refused))
    error = error_of(refused)
    broken = [
        verdict.fingerprint for verdict in recorder.verdicts if verdict.operation == DELETE and verdict.fingerprint
    ]
    if error is None:
        for requirement in recorder.undecided():
            if broken:
                recorder.block(requirement, broken[0])
            else:
                recorder.skip(requirement, Reason.INCONCLUSIVE, "the refusal has no error object")
        return
    recorder.require(
        "PM3-PROJECT-DELETE-ERROR-CODE",
        type(error.get("code")) is int and error["code"] == refused.response.status,
        refused,
        expected=f"code {refused.response.status}, the HTTP status as a number",
        observed=f"code {checks.quoted(error.get('code'))}",
        kind=Kind.ERROR_OBJECT,
        location="/error/code",
    )
    recorder.require(
        "PM3-PROJECT-DELETE-ERROR-TEXT",
        SAYS_GONE.search(str(error.get("message"))) is not None,
        refused,
        observed=checks.quoted(error.get("message")),
        kind=Kind.MESSAGE,
        location="/error/message",
    )


def error_of(exchange: Exchange) -> Body | None:
    """The error object of a refusal with both its members, or None."""
    try:
        body = exchange.response.json
    except NotJson:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) and {"code", "message"} <= set(error) else None
