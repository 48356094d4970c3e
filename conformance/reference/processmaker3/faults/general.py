"""The faults of the ProcessMaker 3 reference: what goes wrong in its workspace. Others are in the pm3_…_faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.diagram import elements, new_uid
from conformance.reference.processmaker3.fields import Data, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project

    Change = Callable[[Project], None]

SYSTEM: Final = "processmaker3"


def _after(thing: object, method: str, change: Change) -> None:
    """Let `change` spoil every project that `method` returns, in place."""

    def make(original: Callable[..., Project]) -> Callable[..., Project]:
        def spoilt(*args: Any, **kwargs: Any) -> Project:
            project = original(*args, **kwargs)
            change(project)
            return project

        return spoilt

    override(thing, method, make)


def _refuse_create(ref: ProcessMaker3, refused: Callable[[Data], bool]) -> None:
    """Let the workspace refuse to create what is `refused`."""

    def make(create: Callable[[Data, str], Project]) -> Callable[[Data, str], Project]:
        def choosy(data: Data, user: str) -> Project:
            if refused(data):
                raise Refused("Such a project cannot be created.")
            return create(data, user)

        return choosy

    override(ref.workspace, "create", make)


def _edit_bulk(ref: ProcessMaker3, edit: Callable[[list[Data]], list[Data]]) -> None:
    """Change the response to a bulk deletion: `edit` gets the items of one action and returns those to show."""

    def make(bulk: Callable[[Data], Data]) -> Callable[[Data], Data]:
        def edited(data: Data) -> Data:
            return {"data": [group | {"data": edit(group["data"])} for group in bulk(data)["data"]]}

        return edited

    override(ref.workspace, "bulk", make)


@fault("pm3-delete-keeps-project", SYSTEM, "DELETE of a project returns 200, but does not delete it.")
def _(ref: ProcessMaker3) -> None:
    deleted: set[str] = set()

    def delete(uid: str) -> None:
        ref.workspace.find(uid)
        if uid in deleted:
            raise Refused("The project was deleted before.")
        deleted.add(uid)

    override(ref.workspace, "delete", lambda _: delete)


@fault("pm3-delete-again-accepted", SYSTEM, "DELETE of a project that does not exist returns 200.")
def _(ref: ProcessMaker3) -> None:
    override(ref.workspace, "delete", lambda _: lambda uid: ref.workspace.projects.pop(uid, None))


@fault("pm3-list-omits-created", SYSTEM, "The list of projects contains only those that existed at the start.")
def _(ref: ProcessMaker3) -> None:
    start = set(ref.workspace.projects)
    override(
        ref.workspace,
        "listing",
        lambda listing: lambda: [item for item in listing() if item["prj_uid"] in start],
    )


@fault("pm3-update-ignored", SYSTEM, "PUT of a project returns 200 and changes nothing.")
def _(ref: ProcessMaker3) -> None:
    override(ref.workspace, "update", lambda _: lambda uid, _data, _user: ref.workspace.find(uid))


@fault("pm3-event-lost", SYSTEM, "The last event of a new diagram is lost, together with its flows.")
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        for diagram in project.diagrams:
            if diagram["events"]:
                lost = diagram["events"].pop()["evn_uid"]
                diagram["flows"] = [
                    flow
                    for flow in diagram["flows"]
                    if lost not in (flow["flo_element_origin"], flow["flo_element_dest"])
                ]

    _after(ref.workspace, "create", change)


@fault("pm3-flow-ends-dangling", SYSTEM, "The ends of the flows of a new project are identifiers that no element has.")
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        for diagram in project.diagrams:
            for flow in diagram["flows"]:
                flow["flo_element_origin"], flow["flo_element_dest"] = new_uid(), new_uid()

    _after(ref.workspace, "create", change)


@fault("pm3-coordinates-shifted", SYSTEM, "The elements of a new project are ten points further right.")
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        for diagram in project.diagrams:
            for _, element in elements(diagram):
                if element.get("bou_x"):
                    element["bou_x"] = str(int(element["bou_x"]) + 10)

    _after(ref.workspace, "create", change)


@fault("pm3-create-unreadable", SYSTEM, "A created project is listed, but cannot be read.")
def _(ref: ProcessMaker3) -> None:
    created: set[str] = set()
    _after(ref.workspace, "create", lambda project: created.add(project.uid))

    def make(definition: Callable[[str, str], Data]) -> Callable[[str, str], Data]:
        def readable(uid: str, user: str) -> Data:
            if uid in created:
                raise Refused("The project cannot be read.")
            return definition(uid, user)

        return readable

    override(ref.workspace, "definition", make)


@fault("pm3-nameless-accepted", SYSTEM, "A project without a name can be created.")
def _(ref: ProcessMaker3) -> None:
    override(ref.workspace, "create", lambda create: lambda data, user: create(_named(data), user))


def _named(data: Data) -> Data:
    return data if data.get("prj_name") else data | {"prj_name": "Untitled"}


@fault("pm3-create-minimal-refused", SYSTEM, "A create with only a name and a description is refused.")
def _(ref: ProcessMaker3) -> None:
    _refuse_create(ref, lambda data: data.keys() == {"prj_name", "prj_description"} and data["prj_description"] != "")


@fault("pm3-create-empty-description-refused", SYSTEM, "A project with an empty description is refused.")
def _(ref: ProcessMaker3) -> None:
    _refuse_create(ref, lambda data: data.get("prj_description") == "")


@fault("pm3-create-normal-refused", SYSTEM, "A create of a project of type NORMAL without a diagram is refused.")
def _(ref: ProcessMaker3) -> None:
    _refuse_create(ref, lambda data: data.get("prj_type") == "NORMAL" and not data.get("diagrams"))


@fault("pm3-create-numbers-refused", SYSTEM, "A project whose coordinates are numbers instead of strings is refused.")
def _(ref: ProcessMaker3) -> None:
    def as_number(data: Data) -> bool:
        diagrams = data.get("diagrams") or []
        return any(
            isinstance(task.get("bou_x"), int) for diagram in diagrams for task in diagram.get("activities") or []
        )

    _refuse_create(ref, as_number)


@fault(
    "pm3-second-start-unmarked", SYSTEM, "If a new diagram has several start events, only the first keeps its marker."
)
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        for diagram in project.diagrams:
            starts = [event for event in diagram["events"] if event["evn_type"] == "START"]
            for event in starts[1:]:
                event["evn_marker"] = "EMPTY"

    _after(ref.workspace, "create", change)


@fault("pm3-process-update-ignored", SYSTEM, "PUT of a process returns 200 and changes nothing.")
def _(ref: ProcessMaker3) -> None:
    override(ref.workspace, "update_process", lambda _: lambda uid, _data: ref.workspace.find(uid))


@fault(
    "pm3-bulk-leaves-last",
    SYSTEM,
    "A bulk deletion reports success for all projects, but does not delete the last one.",
)
def _(ref: ProcessMaker3) -> None:
    def make(bulk: Callable[[Data], Data]) -> Callable[[Data], Data]:
        def all_but_one(data: Data) -> Data:
            before = dict(ref.workspace.projects)
            answer = bulk(data)
            gone = [item["prj_uid"] for group in answer["data"] for item in group["data"] if item["result"]]
            if gone:
                ref.workspace.projects[gone[-1]] = before[gone[-1]]
            return answer

        return all_but_one

    override(ref.workspace, "bulk", make)


@fault("pm3-bulk-omits-last", SYSTEM, "The response to a bulk deletion does not name the last of several projects.")
def _(ref: ProcessMaker3) -> None:
    _edit_bulk(ref, lambda items: items[:-1] or items)


@fault("pm3-bulk-result-false", SYSTEM, "The response to a bulk deletion has result false for deleted projects.")
def _(ref: ProcessMaker3) -> None:
    _edit_bulk(ref, lambda items: [item | {"result": False} for item in items])


@fault(
    "pm3-bulk-claims-all",
    SYSTEM,
    "The response to a bulk deletion has result true even for projects that were not deleted.",
)
def _(ref: ProcessMaker3) -> None:
    _edit_bulk(ref, lambda items: [item | {"result": True} for item in items])


@fault("pm3-bulk-refuses-started", SYSTEM, "A bulk deletion is refused completely if one of its projects has cases.")
def _(ref: ProcessMaker3) -> None:
    def make(bulk: Callable[[Data], Data]) -> Callable[[Data], Data]:
        def all_or_none(data: Data) -> Data:
            named = {item["prj_uid"] for group in data["data"] for item in group["data"]}
            if any(project.cases for uid, project in ref.workspace.projects.items() if uid in named):
                raise Refused("A project of the batch has cases.")
            return bulk(data)

        return all_or_none

    override(ref.workspace, "bulk", make)


@fault("pm3-generate-nothing", SYSTEM, "generate-bpmn returns a new identifier, but creates no project.")
def _(ref: ProcessMaker3) -> None:
    _after(ref.workspace, "generate", lambda project: ref.workspace.delete(project.uid))


@fault("pm3-generate-classic", SYSTEM, "generate-bpmn creates a classic project.")
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        project.bpmn = False

    _after(ref.workspace, "generate", change)
