"""Liberties of ProcessMaker 3 that exclude those of its liberal personality, each as a change of its reference."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from conformance.core.verdict import Reason
from conformance.reference.answers import Answer
from conformance.reference.edits import Data, Outgoing, editing, rewritten, unless
from conformance.reference.processmaker3.diagram import elements
from conformance.reference.processmaker3.fields import KINDS, Kind
from conformance.reference.processmaker3.liberal import (
    API,
    ASTERISKED,
    definitions,
    each_element,
)

from .liberty import LAG, Liberty, first_page, late, refusing

if TYPE_CHECKING:
    from conformance.reference.processmaker3.server import ProcessMaker3


@each_element
def without_unimplemented(kind: Kind, element: Data) -> None:
    """No field without an asterisk."""
    for name in element.keys() - ASTERISKED[kind.list_name]:
        del element[name]


@definitions
def head_without_unimplemented(definition: Data) -> None:
    """Only fields with an asterisk, in the project itself and in its diagrams."""
    for name in definition.keys() - {"prj_uid", "prj_name", "prj_description", "diagrams"}:
        del definition[name]
    for diagram in definition["diagrams"]:
        for name in diagram.keys() - {"dia_uid", *(kind.list_name for kind in KINDS)}:
            del diagram[name]


def array_of_one(answer: Outgoing) -> None:
    """The definition of a project as the only element of an array (A-PM3-07)."""
    data = answer.json
    if answer.method == "GET" and isinstance(data, dict) and "diagrams" in data:
        answer.json = [data]


def tell_created(reference: ProcessMaker3) -> None:
    """A create returns the identifiers of what it created; without diagrams, the definition."""
    projects, state = reference.projects, reference.workspace

    async def create_project(call: Any) -> Answer:
        sent = json.loads(await call.request.body())
        project = state.create(sent, call.user)
        made = state.definition(project.uid, call.user)
        return Answer(mapping_of(sent, made) if "diagrams" in sent else made, 201)

    projects.create_project = create_project  # type: ignore[method-assign]


def mapping_of(sent: Data, made: Data) -> list[Data]:
    """Old and new identifiers of everything that was created, the project first."""
    messages = [{"old_uid": "", "new_uid": made["prj_uid"], "object": "project"}]
    for number, diagram in enumerate(made["diagrams"]):
        messages.append({"old_uid": None, "new_uid": diagram["dia_uid"], "object": "diagram"})
        given = (sent.get("diagrams") or [{}] * (number + 1))[number]
        for kind, element in elements(diagram):
            old = next((item.get(kind.uid) for item in given.get(kind.list_name, []) if item.get(kind.uid)), None)
            messages.append({"object": kind.list_name, "old_uid": old, "new_uid": element[kind.uid]})
    return messages


def import_beside(reference: ProcessMaker3) -> None:
    """CREATE makes a new project although the imported one exists (A-PM3-10)."""
    reference.importer.refuse = lambda existing: None  # type: ignore[method-assign]


def flat_batches(reference: ProcessMaker3) -> None:
    """A batch is one item, and its response a bare array (A-PM3-08)."""
    state, enveloped = reference.workspace, reference.workspace.bulk

    def flat(data: Data) -> Any:
        answer = enveloped({"data": [{"action": "delete", "data": [data]}]})
        return answer["data"][0]["data"]

    state.bulk = flat  # type: ignore[method-assign]


def sparse(reference: ProcessMaker3) -> None:
    """As little as is allowed, and the other reading wherever there is one."""
    import_beside(reference)
    flat_batches(reference)
    tell_created(reference)
    paged = unless(re.compile(".*/input-documents").fullmatch, first_page(2))  # nothing else leads to an upload
    reference.wrap(editing(without_unimplemented, head_without_unimplemented, array_of_one, paged))


def undemanding(reference: ProcessMaker3) -> None:
    """Whatever is missing in a definition is added, except the name of the project; batches need no type."""
    state = reference.workspace
    create, update, bulk = state.create, state.update, state.bulk
    state.create = lambda data, user: create(completed(data), user)  # type: ignore[method-assign]
    state.update = lambda uid, data, user: update(uid, completed(data), user)  # type: ignore[method-assign]
    state.bulk = lambda data: bulk(rewritten(data, typed))  # type: ignore[method-assign]


def completed(sent: Data) -> Data:
    """What was sent, with a description, and a value for every field with a default."""
    given = deepcopy(sent)
    for diagram in given.get("diagrams") or ():
        for kind in KINDS:
            known = {name: default for name, (_, default) in kind.fields.items() if default is not None}
            defaults = {name: list(item) if isinstance(item, tuple) else item for name, item in known.items()}
            diagram[kind.list_name] = [
                {kind.uid: uuid4().hex, **defaults, **item} for item in diagram.get(kind.list_name) or ()
            ]
    return {"prj_description": "", **given}


def typed(item: Data) -> Data:
    """An item of a batch with its type."""
    return {"type": "bpmn", **item} if "prj_uid" in item else item


PROJECTS = re.compile(f"{API}/project(/[^/]+|/[^/]+/process)?|/[^/]+/oauth2/token").fullmatch


def no_guessed_bodies(reference: ProcessMaker3) -> None:
    """Requests with undocumented bodies are refused."""
    reference.wrap(refusing(reference.routes.app, PROJECTS))


LIBERTIES = (
    Liberty(
        "sparse",
        "processmaker3",
        sparse,
        unshown=(
            "getProject.200./*",  # fields without an asterisk
            "createProject:verbatim",
            "createProject:refused-unchanged",  # nor does it show that nothing was created
            "PM3-PROJECT-CREATE-LISTED*",  # the list is incomplete
            "PM3-DEPARTMENT-CREATE-LISTED",
            "PM3-PROJECT-CREATE-CATEGORY",
            "PM3-CASE-UNASSIGNED-HIDDEN",
            "PM3-GROUP-INACTIVE-UNASSIGNED",
            "PM3-USERS-LISTED",
            "PM3-ROLE-AVAILABLE-USERS",
            "PM3-ROLE-GIVEN-UNAVAILABLE",
            "PM3-GENERATE-*",  # nor can a new item be recognised
            "PM3-ACCESS-GENERATE-*",
            "generateBpmnProject*",
            "listProjects.200.[[]]/prj_update_date:*",
            "PM3-IMPORT-LISTED",
            "PM3-PROJECT-UPDATE-CATEGORY",
            "PM3-PROJECT-UPDATE-LISTED",
            "PM3-PROJECT-UPDATE-DATED",
            "PM3-PROJECT-DELETE-UNLISTED",
            "PM3-LIST-CATEGORY",
            "PM3-IMPORT-PROCESS",  # the suite does not find what an import made
        ),
        findings=(
            "getProject.200:unwrapped",
            "PM3-IMPORT-CREATE-REFUSED",
            "PM3-BULK-ENVELOPE",
            "PM3-PROJECT-*-SETTINGS",  # they have no asterisk
        ),
    ),
    Liberty("late", "processmaker3", late, settle=2 * LAG),
    Liberty(
        "undemanding",
        "processmaker3",
        undemanding,
        findings=("*:required",),
    ),
    Liberty("no-guessed-bodies", "processmaker3", no_guessed_bodies, reason=Reason.UNDOCUMENTED_REQUEST),
)
