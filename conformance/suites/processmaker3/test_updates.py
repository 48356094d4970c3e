"""Updating projects (processmaker-3-project-endpoints.txt, lines 760-1055)."""

from __future__ import annotations

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import CHANGES_NOTHING, Kind, Reason
from conformance.engine import access, checks
from conformance.engine.comparison import plain
from conformance.engine.read_back import record_difference
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.bodies import LETTERS, Body
from conformance.suites.processmaker3.flows import identified, joined, misled, named
from conformance.suites.processmaker3.projects import UPDATE, builder
from conformance.suites.processmaker3.updates import changed, drawn, read_back_differences, update
from conformance.target.target import Safety

pytestmark = pytest.mark.depth("standard")

READ_BACK = "PM3-PROJECT-UPDATE-READ-BACK"
IDENTIFIERS = "PM3-PROJECT-UPDATE-IDENTIFIERS"
FLOW_ENDS = "PM3-PROJECT-UPDATE-FLOW-ENDS"
OTHERS = "PM3-PROJECT-UPDATE-OTHERS"
CREATED = "PM3-PROJECT-CREATE-READ-BACK"
LONG = "Prüfung " * 9 + "bis zum Ende"
TEXTS = {"activities": "act_name", "events": "evn_name", "flows": "flo_name"}
DRAWN = ("activities", "events", "gateways", "flows")


@pytest.mark.requirement("PM3-PROJECT-UPDATE-DIAGRAM", IDENTIFIERS, FLOW_ENDS, OTHERS)
def test_an_update_changes_the_elements_of_a_diagram_and_how_they_are_joined(session: Session) -> None:
    beside = projects.beside(session)
    project, definition = drawn(session)
    if not any(projects.elements(definition, array) for array in DRAWN):
        raise NotExercised(Reason.INCONCLUSIVE, "the diagram of the new project is empty")
    before, _ = projects.read(session, project.id)
    body = changed(definition) | {"prj_description": "Changed with its diagram by the suite"}
    beside.look()
    updated = update(session, project, body)
    projects.unharmed(session, beside, OTHERS, updated)
    body = updated.request.sent(body)
    sent = {"diagrams": [{array: projects.elements(body, array) for array in DRAWN}]}

    def as_sent(item: Body) -> bool:
        return not read_back_differences(session, sent, item) and not misled(body, item)

    after, exchange = projects.read(session, project.id, as_sent)
    found = read_back_differences(session, sent, after)
    as_before = not read_back_differences(session, {"diagrams": before.get("diagrams")}, after)
    undescribed = "prj_description" in after and not described(after, body["prj_description"])
    if found and as_before and undescribed:
        # The update is to blame and not its diagram: it is one defect.
        session.recorder.require(
            READ_BACK,
            False,
            exchange,
            updated,
            expected=checks.quoted(body["prj_description"]),
            observed=checks.quoted(after.get("prj_description")),
            kind=Kind.READ_BACK,
            location="/prj_description",
            detail=CHANGES_NOTHING,
        )
        raise Blocked(session.recorder.root_of(READ_BACK), UPDATE)
    if not found:
        session.recorder.require("PM3-PROJECT-UPDATE-DIAGRAM", True, exchange, updated)
    for item in {difference.place: difference for difference in found}.values():
        record_difference(session.recorder, "PM3-PROJECT-UPDATE-DIAGRAM", item, exchange, updated)
    say_identity(session, body, set(identified(before)), after, (exchange, updated))


@pytest.mark.requirement(CREATED)
def test_letters_beyond_ascii_are_read_back(session: Session) -> None:
    body = builder(session).detailed()
    diagram = body["diagrams"][0] | {"gateways": []}  # another requirement covers them
    for array, name in TEXTS.items():
        for element in diagram[array]:
            element[name] += f" {LETTERS}"
    body |= {"prj_description": LETTERS, "diagrams": [diagram]}
    operation = session.operation(projects.CREATE)
    created = session.send(operation.id, json=body)
    if not created.response.ok:
        session.resources.clean_up_failed_create(operation, created)
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, "no document says which letters a text may have")
    session.accepted(created)
    project = Resource(session.resources.resolve_id(operation, created), created)
    arrays = {array: [{name: item[name]} for item in diagram[array]] for array, name in TEXTS.items()}
    sent = {"prj_description": LETTERS, "diagrams": [arrays]}
    after, exchange = projects.read(session, project.id, lambda item: not read_back_differences(session, sent, item))
    found = read_back_differences(session, sent, after)
    for difference in {item.place: item for item in found}.values():
        record_difference(session.recorder, CREATED, difference, exchange, created)
    if not found:
        session.recorder.require(CREATED, True, exchange, created)


@pytest.mark.requirement(READ_BACK)
def test_a_long_name_is_read_back_as_a_whole(session: Session) -> None:
    project, definition = drawn(session)
    name = f"{session.ledger.name('renamed')} {LONG}"
    body = {**definition, "prj_name": name, "prj_description": LETTERS}
    updated = session.send(UPDATE, path={"uid": project.id}, json=body)
    if not updated.response.ok:
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, "no document says how long a name may be")

    def is_renamed(item: Body) -> bool:
        return plain(str(item.get("prj_name"))) == name

    after, exchange = projects.read(session, project.id, is_renamed)
    if plain(str(after.get("prj_name"))) == project.name:
        raise NotExercised(Reason.INCONCLUSIVE, "reading returns nothing of the update")
    session.recorder.require(
        READ_BACK,
        is_renamed(after),
        exchange,
        updated,
        expected=checks.quoted(name),
        observed=checks.quoted(after.get("prj_name")),
        kind=Kind.READ_BACK,
        location="/prj_name",
    )
    session.recorder.require(
        READ_BACK,
        described(after, LETTERS),
        exchange,
        updated,
        expected=checks.quoted(LETTERS),
        observed=checks.quoted(after.get("prj_description")),
        kind=Kind.READ_BACK,
        location="/prj_description",
    )


@pytest.mark.requirement(READ_BACK)
def test_an_update_can_empty_the_description(session: Session) -> None:
    project, definition = drawn(session)
    updated = update(session, project, {**definition, "prj_description": ""})
    after, exchange = projects.read(session, project.id, lambda item: item.get("prj_description") in (None, ""))
    session.recorder.require(
        READ_BACK,
        after.get("prj_description") in (None, ""),
        exchange,
        updated,
        expected="an empty text",
        observed=checks.quoted(after.get("prj_description")),
        kind=Kind.READ_BACK,
        location="/prj_description",
    )


def described(definition: Body, description: str) -> bool:
    """Whether a definition has a description."""
    return plain(str(definition.get("prj_description"))) == description


def say_identity(session: Session, sent: Body, there: set[str], after: Body, evidence: tuple[Exchange, ...]) -> None:
    """Record whether the elements and flows of an update have the named identifiers, and its flows the right ends.

    `there` are the previous identifiers of elements and flows: others may get new ones. If an element was lost or has
    another name, the update is blamed for that. So it is for a flow, whose identifier then decides nothing.
    """
    names, found = named(sent), named(after)
    if not set(names.values()) <= set(found.values()):
        for requirement in (IDENTIFIERS, FLOW_ENDS):
            session.recorder.block(requirement, session.recorder.root_of("PM3-PROJECT-UPDATE-DIAGRAM"))
        return
    uids = identified(after)
    gone = {uid: name for uid, name in identified(sent).items() if uid in there - uids.keys()}
    messages = [f"{name} has another identifier" for uid, name in gone.items() if uid in names or name in uids.values()]
    session.recorder.require(IDENTIFIERS, not messages, *evidence, observed="; ".join(messages), kind=Kind.VALUE)
    if joined(sent) and joined(after):
        wrong = misled(sent, after)
        session.recorder.require(FLOW_ENDS, not wrong, *evidence, observed="; ".join(wrong))


@pytest.mark.requirement("PM3-ACCESS-READ-PERMISSION")
def test_an_updated_project_is_read_by_nobody_without_the_right(session: Session) -> None:
    project, definition = drawn(session)
    requirement = session.specification.requirements["PM3-ACCESS-READ-PERMISSION"]
    update(session, project, {**definition, "prj_description": "Changed by the suite"})
    control = session.call(projects.READ, path={"prj_uid": project.id})
    for user in access.refused_users(session, requirement):
        refused = session.send(projects.READ, user=user, path={"prj_uid": project.id})
        session.recorder.refused(requirement.id, refused, control)


@pytest.mark.requirement("PM3-PROJECT-UPDATE-WITHOUT-DIAGRAMS")
def test_an_update_without_diagrams_leaves_them(session: Session) -> None:
    project, _ = drawn(session)
    before, _ = projects.read(session, project.id)
    body = {"prj_name": project.name, "prj_description": "Changed by the suite"}
    updated = update(session, project, body)

    def is_updated(item: Body) -> bool:
        return described(item, body["prj_description"])

    after, exchange = projects.read(session, project.id, is_updated)
    if not session.recorder.require(
        READ_BACK,
        is_updated(after),
        exchange,
        updated,
        expected=checks.quoted(body["prj_description"]),
        observed=checks.quoted(after.get("prj_description")),
        kind=Kind.READ_BACK,
        location="/prj_description",
    ):
        raise Blocked(session.recorder.root_of(READ_BACK), UPDATE)
    found = read_back_differences(session, {"diagrams": before["diagrams"]}, after)
    session.recorder.require(
        "PM3-PROJECT-UPDATE-WITHOUT-DIAGRAMS",
        not found,
        exchange,
        updated,
        observed=", ".join(sorted({difference.place for difference in found})) + " differ",
    )


@pytest.mark.requirement("PM3-PROJECT-UPDATE-SETTINGS")
def test_the_user_settings_of_an_update_are_read_back(session: Session) -> None:
    if session.safety is not Safety.DISPOSABLE:  # they may hold for all projects of the user (A-PM3-34)
        raise NotExercised(Reason.SAFETY_LEVEL, "user settings are changed only at level disposable")
    project, definition = drawn(session)
    for enabled in (False, True):
        update(session, project, {**definition, "usr_settings": {"enabled_grid": enabled}})
        projects.say_settings(session, "PM3-PROJECT-UPDATE-SETTINGS", enabled, project.id)
