"""What descriptions and diagrams may contain beside the usual: marks in texts, zeros, and elements of one name."""

from __future__ import annotations

from copy import deepcopy

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import CHANGES_NOTHING, Kind, Reason
from conformance.engine.comparison import Described, Difference, plain
from conformance.engine.read_back import record_difference
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.bodies import CONDITION, MARKS, UID, Body, line
from conformance.suites.processmaker3.projects import CREATE, UPDATE, builder
from conformance.suites.processmaker3.updates import drawn, read_back_differences

pytestmark = pytest.mark.depth("standard")

CREATED = "PM3-PROJECT-CREATE-READ-BACK"
DESCRIBED = "PM3-PROJECT-UPDATE-READ-BACK"
DIAGRAM = "PM3-PROJECT-UPDATE-DIAGRAM"
NAMED = {"activities": "act_name", "events": "evn_name", "flows": "flo_name"}
KINDS = {**UID, "flows": "flo_uid"}


def created(session: Session, body: Body, why: str) -> Resource:
    """A project of ours; a server may refuse `body`, of which no document says that it is accepted, and `why` not."""
    operation = session.operation(CREATE)
    exchange = session.send(CREATE, json=body)
    if not exchange.response.ok:
        session.resources.clean_up_failed_create(operation, exchange)
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, why)
    session.accepted(exchange)
    return Resource(session.resources.resolve_id(operation, exchange), exchange)


def updated(session: Session, project: Resource, body: Body, why: str) -> Exchange:
    """An update that a server may refuse, as in `created`."""
    exchange = session.send(UPDATE, path={"uid": project.id}, json=body)
    if not exchange.response.ok:
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, why)
    return exchange


def judge(session: Session, requirement: str, project: Resource, sent: Body, given: Exchange) -> None:
    """Judge whether the definition of a project shows `sent`, which a request `given` gave it.

    Raises:
        Blocked: an update changed not even the description; that is recorded.
    """

    def as_sent(definition: Body) -> bool:
        return not read_back_differences(session, sent, definition)

    definition, read = projects.read(session, project.id, as_sent)
    found = read_back_differences(session, sent, definition)
    shown = str(definition.get("prj_description"))
    if found and requirement == DIAGRAM and plain(shown) == described(project.exchange):
        difference = Difference("/prj_description", described(given), shown)
        record_difference(session.recorder, DESCRIBED, difference, read, given, detail=CHANGES_NOTHING)
        raise Blocked(session.recorder.root_of(DESCRIBED), UPDATE)
    for difference in {item.place: item for item in found}.values():
        record_difference(session.recorder, requirement, difference, read, given)
    if not found:
        session.recorder.require(requirement, True, read, given)


def described(request: Exchange) -> str:
    """The description that a request gave a project."""
    return str(request.request.sent({}).get("prj_description"))


MARKED = "no document says which marks a text may have"


def marked(body: Body) -> tuple[Body, Body]:
    """A definition with marks in its description, names and conditions, and these texts alone.

    Elements are found by their names, so only the last of each kind has the marks in its own.
    """
    body = deepcopy(body) | {"prj_description": MARKS}
    (diagram,) = body["diagrams"]
    for array, name in NAMED.items():
        for element in diagram[array][-1:]:
            element[name] = f"{element[name]} {MARKS}"
    for flow in diagram["flows"]:
        flow["flo_condition"] = CONDITION
    texts = {array: (name, "flo_condition") for array, name in NAMED.items()}
    alone = {
        array: [{text: element[text] for text in members if text in element} for element in diagram[array]]
        for array, members in texts.items()
    }
    return body, {"diagrams": [alone]}


@pytest.mark.requirement(CREATED)
def test_marks_in_the_texts_of_a_new_project_are_read_back(session: Session) -> None:
    body, texts = marked(builder(session).detailed())
    project = created(session, body, MARKED)
    judge(session, CREATED, project, {"prj_description": MARKS, **texts}, project.exchange)


@pytest.mark.requirement(DESCRIBED, DIAGRAM)
def test_marks_in_the_texts_of_an_update_are_read_back(session: Session) -> None:
    project, definition = drawn(session)
    if not definition.get("diagrams"):
        raise NotExercised(Reason.INCONCLUSIVE, "the diagram of the new project is empty")
    body, texts = marked(definition)
    given = updated(session, project, body, MARKED)
    judge(session, DESCRIBED, project, {"prj_description": MARKS}, given)
    judge(session, DIAGRAM, project, texts, given)


@pytest.mark.requirement(DIAGRAM)
def test_an_update_can_set_coordinates_to_zero_and_empty_a_condition(session: Session) -> None:
    project, definition = drawn(session)
    body = deepcopy(definition) | {"prj_description": "Moved by the suite"}
    for diagram in body.get("diagrams") or ():
        there: dict[str, Body] = {}
        for array, uid in UID.items():
            for place, element in enumerate(diagram.get(array) or ()):
                axis = ("bou_x", "bou_y")[place % 2]
                element[axis] = type(element[axis])(0)
                there[element.get(uid, "")] = element
        for flow in diagram.get("flows") or ():
            flow["flo_condition"] = ""
            origin, dest = (there.get(flow[f"flo_element_{end}"]) for end in ("origin", "dest"))
            if origin and dest:
                flow |= line(origin, dest)
                flow["flo_state"] = [{axis: max(value, 0) for axis, value in at.items()} for at in flow["flo_state"]]
    given = updated(session, project, body, "no document says which coordinates are accepted")
    judge(session, DIAGRAM, project, {"diagrams": body.get("diagrams")}, given)


def namesakes(body: Body) -> Body:
    """A definition in which all elements of a kind have one name, and all flows."""
    body = deepcopy(body)
    for diagram in body.get("diagrams") or ():
        for array, uid in KINDS.items():
            for element in diagram.get(array) or ():
                element[uid.replace("_uid", "_name")] = NAMESAKE.format(array)
    return body


def judge_numbers(session: Session, requirement: str, project: Resource, sent: Body, given: Exchange) -> None:
    """Judge whether a project has as many elements of each kind as were `sent`.

    If there is none, its name is not to blame.
    """
    wanted = {array: len(projects.elements(sent, array)) for array in KINDS}

    def fewer(definition: Body) -> dict[str, int]:
        found = {array: len(projects.elements(definition, array)) for array in KINDS}
        return {array: count for array, count in found.items() if 0 < count < wanted[array]}

    definition, read = projects.read(session, project.id, lambda item: not fewer(item))
    lost = fewer(definition)
    for array, count in lost.items():
        place = f"/diagrams[]/{array}"
        difference = Difference(place, Described(f"{wanted[array]} of one name"), Described(str(count)))
        record_difference(session.recorder, requirement, difference, read, given)
    if lost:
        return
    names = {
        element.get(uid.replace("_uid", "_name"))
        for array, uid in KINDS.items()
        for element in projects.elements(definition, array)
    }
    if not names & {NAMESAKE.format(array) for array in KINDS}:  # as where an update has no effect
        raise NotExercised(Reason.INCONCLUSIVE, "the definition shows none of the equal names")
    session.recorder.require(requirement, True, read, given, kind=Kind.READ_BACK)


NAMESAKE = "One of the {}"
UNIQUE = "no document says that two elements may have one name"


@pytest.mark.requirement(CREATED)
def test_elements_of_one_name_are_all_created(session: Session) -> None:
    body = namesakes(builder(session).detailed())
    project = created(session, body, UNIQUE)
    judge_numbers(session, CREATED, project, project.exchange.request.sent(body), project.exchange)


@pytest.mark.requirement(DIAGRAM)
def test_elements_of_one_name_are_all_kept_by_an_update(session: Session) -> None:
    project, definition = drawn(session)
    body = namesakes(definition)
    given = updated(session, project, body, UNIQUE)
    judge_numbers(session, DIAGRAM, project, given.request.sent(body), given)
