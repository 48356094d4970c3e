"""What a ProcessMaker 3 may do with projects, processes and their files, each as a change of its reference."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from conformance.reference.edits import Data, Outgoing, each_object, editing
from conformance.reference.faults import override
from conformance.reference.processmaker3.fields import Refused

from .liberty import Liberty

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project
    from conformance.reference.processmaker3.xml import ProjectFile

UNLABELLED = re.compile("/api/1.0/[^/]+/project/(bulk|generate-bpmn|import|[^/]+/process)").fullmatch
DELETED = re.compile("/api/1.0/[^/]+/project/[^/]+").fullmatch


def unlabelled(answer: Outgoing) -> None:
    """Its own labels where the documents show none."""
    if UNLABELLED(answer.path) and answer.accepted and answer.body:
        answer.label("text/plain")


def own_errors(answer: Outgoing) -> None:
    """Deleting what does not exist gets 500: "400 or higher"."""
    if answer.method == "DELETE" and DELETED(answer.path) and answer.status == 400:
        answer.status = 500
        answer.json = {"error": answer.json["error"] | {"code": 500}}


@each_object
def null_texts(one: Data) -> Data:
    """Null instead of every empty text."""
    return {name: None if value == "" else value for name, value in one.items()}


def numbers_alone(reference: ProcessMaker3) -> None:
    """A process accepts numbers where table and example have numbers, and no strings of digits."""

    def make(update: Callable[[str, Data], None]) -> Callable[[str, Data], None]:
        def strict(uid: str, data: Data) -> None:
            for name in ("pro_show_message", "pro_subprocess", "pro_debug", "pro_cost"):
                if isinstance(data.get(name), str):
                    raise Refused(f"`{name}` must be a number.")
            update(uid, data)

        return strict

    override(reference.workspace, "update_process", make)


def no_artifacts(reference: ProcessMaker3) -> None:
    """Artifacts cannot be sent (A-PM3-24)."""

    def refuse(data: Data) -> None:
        if any(diagram.get("artifacts") for diagram in data.get("diagrams") or ()):
            raise Refused("A diagram with artifacts cannot be sent.")

    def create(usual: Callable[..., Any]) -> Callable[..., Any]:
        def checked(data: Data, user: str) -> Any:
            refuse(data)
            return usual(data, user)

        return checked

    override(reference.workspace, "create", create)


def known_references(reference: ProcessMaker3) -> None:
    """A process may only refer to existing resources, and a project to an existing author."""
    known = {"", *reference.workspace.projects, *reference.accounts.by_client}
    fixtures = reference.target({"url": ""})["fixtures"]
    known |= {value for value in fixtures.values() if isinstance(value, str)}

    def exists(uid: Any) -> bool:
        return uid is None or uid in known or uid in reference.workspace.projects

    def make(update: Callable[[str, Data], None]) -> Callable[[str, Data], None]:
        def checked(uid: str, data: Data) -> None:
            for name, value in data.items():
                refers = name.startswith("pro_tri_") or name in REFERENCES
                if refers and not exists(value):
                    raise Refused(f"`{name}` names nothing that exists.")
            update(uid, data)

        return checked

    def create(usual: Callable[..., Any]) -> Callable[..., Any]:
        def checked(data: Data, user: str) -> Any:
            if not exists(data.get("prj_category")) or data.get("prj_author") not in (None, "", user):
                raise Refused("There is no such category, or no such author.")
            for diagram in data.get("diagrams") or ():
                events = {item.get("evn_uid"): item.get("evn_type") for item in diagram.get("events") or ()}
                for flow in diagram.get("flows") or ():
                    if events.get(flow.get("flo_element_dest")) == "START":
                        raise Refused("Nothing leads into a start.")
                    if events.get(flow.get("flo_element_origin")) == "END":
                        raise Refused("Nothing leads out of an end.")
                    for end in ("origin", "dest"):
                        event = flow.get(f"flo_element_{end}") in events
                        if event != (flow.get(f"flo_element_{end}_type") == "bpmnEvent"):
                            raise Refused("A flow's end is of another type than its element.")
            return usual(data, user)

        return checked

    override(reference.workspace, "update_process", make)
    override(reference.workspace, "create", create)


REFERENCES = ("pro_parent", "pro_category", "pro_summary_dynaform", "pro_calendar")


def same_identifier(reference: ProcessMaker3) -> None:
    """The BPMN project of a classic process has the identifier of the process (A-PM3-33)."""
    workspace = reference.workspace

    def generate(_usual: Callable[..., Any]) -> Callable[..., Any]:
        return lambda process, _user: workspace.find(process)

    def listing(usual: Callable[[], list[Data]]) -> Callable[[], list[Data]]:
        return lambda: [{**item, "prj_type": "bpmn"} for item in usual()]

    override(workspace, "generate", generate)
    override(workspace, "listing", listing)


def bare(reference: ProcessMaker3) -> None:
    """All liberties that do not exclude each other."""
    numbers_alone(reference)
    no_artifacts(reference)
    known_references(reference)
    same_identifier(reference)
    reference.wrap(editing(null_texts, unlabelled, own_errors))


def unique_names(reference: ProcessMaker3) -> None:
    """Names are unique; a copy is named after the second in which it was made."""
    workspace = reference.workspace

    def free(name: str) -> None:
        if any(project.name == name for project in workspace.projects.values()):
            raise Refused(f"A project called {name!r} already exists.")

    def create(usual: Callable[..., Project]) -> Callable[..., Project]:
        def checked(data: Data, user: str) -> Project:
            free(str(data.get("prj_name")))
            return usual(data, user)

        return checked

    def add(usual: Callable[..., Project]) -> Callable[..., Project]:
        def named(file: ProjectFile, user: str) -> Project:
            if file.uid in workspace.projects:
                file.name = f"{file.name} - New - {int(time.time())}"
            free(file.name)
            return usual(file, user)

        return named

    override(workspace, "create", create)
    override(reference.importer, "add", add)


def copies_by_the_second(reference: ProcessMaker3, second_lasts: float = 1) -> None:
    """As `unique_names`, but copies made in the same second have the same name."""
    unique_names(reference)
    workspace, made = reference.workspace, set[int]()

    def add(usual: Callable[..., Project]) -> Callable[..., Project]:
        def named(file: ProjectFile, user: str) -> Project:
            second = int(time.time() / second_lasts)
            if file.uid in workspace.projects and second in made:
                raise Refused(f"A project called {f'Copy {second}'!r} already exists.")
            made.add(second)
            return usual(file, user)

        return named

    override(reference.importer, "add", add)


LIBERTIES = (
    Liberty(
        "bare",
        "processmaker3",
        bare,
        unshown=(
            "*art_type:*",
            "*/artifacts[[]]*",
            "getProcess.200./pro_*:format",  # null has no format
            "PM3-ACCESS-GENERATE-*",  # nor can a new item be recognised
            "PM3-GENERATE-PROCESS-KEPT",  # the process itself is the generated project
        ),
        findings=(
            "bulkDeleteProjects.200:content-type",
            "generateBpmnProject.201:content-type",
            "importProject.201:content-type",
            "getProcess.200:content-type",
            "PM3-PROJECT-CREATE-ARTIFACTS",
        ),
    ),
    Liberty("unique-names", "processmaker3", unique_names),
    Liberty("copies-by-the-second", "processmaker3", copies_by_the_second),
)
