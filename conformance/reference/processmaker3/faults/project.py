"""The faults of the ProcessMaker 3 reference that show later: after an update, in a list, in what a process has."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import edit_json, fault, override, response_fault
from conformance.reference.processmaker3.diagram import elements, new_uid

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project

SYSTEM: Final = "processmaker3"


@fault("pm3-delete-stays-listed", SYSTEM, "A deleted project is still in the list.")
def _(ref: ProcessMaker3) -> None:
    deleted: list[Data] = []

    def make(delete: Callable[[str], None]) -> Callable[[str], None]:
        def remembered(uid: str) -> None:
            deleted.extend(item for item in listing() if item["prj_uid"] == uid)
            delete(uid)

        return remembered

    listing = ref.workspace.listing
    override(ref.workspace, "delete", make)
    override(ref.workspace, "listing", lambda listing: lambda: [*listing(), *deleted])


def _process(ref: ProcessMaker3, **fields: Any) -> None:
    """Give the process of each new project other fields."""

    def make(create: Callable[[Data, str], Project]) -> Callable[[Data, str], Project]:
        def other(data: Data, user: str) -> Project:
            project = create(data, user)
            project.process |= fields
            return project

        return other

    override(ref.workspace, "create", make)


@fault("pm3-process-time-zero", SYSTEM, "The process of a new project has pro_time 0.")
def _(ref: ProcessMaker3) -> None:
    _process(ref, pro_time=0)


@fault("pm3-process-type-day-set", SYSTEM, "The process of a new project has a pro_type_day.")
def _(ref: ProcessMaker3) -> None:
    _process(ref, pro_type_day="1")


@fault("pm3-process-bpmn-zero", SYSTEM, "The process of a new BPMN project has pro_bpmn 0.")
def _(ref: ProcessMaker3) -> None:
    _process(ref, pro_bpmn=0)


@fault("pm3-process-itee-zero", SYSTEM, "The process of a new project has pro_itee 0.")
def _(ref: ProcessMaker3) -> None:
    _process(ref, pro_itee=0)


def _drop(ref: ProcessMaker3, dropped: Callable[[str], bool]) -> None:
    """Let an update of a process be accepted without effect on some fields."""

    def make(update: Callable[[str, Data], None]) -> Callable[[str, Data], None]:
        def without(uid: str, data: Data) -> None:
            update(uid, {name: value for name, value in data.items() if not dropped(name)})

        return without

    override(ref.workspace, "update_process", make)


@fault(
    "pm3-process-references-dropped",
    SYSTEM,
    "An update of a process accepts triggers and a category, but does not store them.",
)
def _(ref: ProcessMaker3) -> None:
    _drop(ref, lambda name: name.startswith("pro_tri_") or name == "pro_category")


@fault("pm3-process-parent-dropped", SYSTEM, "An update of a process accepts a parent, but does not store it.")
def _(ref: ProcessMaker3) -> None:
    _drop(ref, lambda name: name == "pro_parent")


@fault("pm3-process-template-dropped", SYSTEM, "An update of a process takes a screen template, and keeps none.")
def _(ref: ProcessMaker3) -> None:
    _drop(ref, lambda name: name == "pro_derivation_screen_tpl")


@fault("pm3-process-triggers-exchanged", SYSTEM, "An update stores the trigger for pauses as that for cancellations.")
def _(ref: ProcessMaker3) -> None:
    other = {"pro_tri_canceled": "pro_tri_paused", "pro_tri_paused": "pro_tri_canceled"}

    _update_process(ref, lambda data: {other.get(name, name): value for name, value in data.items()})


def _update_process(ref: ProcessMaker3, sent: Callable[[Data], Data]) -> None:
    """Let an update of a process go by other data than was sent."""

    def make(update: Callable[[str, Data], None]) -> Callable[[str, Data], None]:
        return lambda uid, data: update(uid, sent(data))

    override(ref.workspace, "update_process", make)


@fault("pm3-process-update-clears", SYSTEM, "An update of a process without a description clears the description.")
def _(ref: ProcessMaker3) -> None:
    _update_process(ref, lambda data: {"pro_description": "", **data})


@fault("pm3-process-unit-resets-cost", SYSTEM, "An update of a process with a currency but no cost sets the cost to 0.")
def _(ref: ProcessMaker3) -> None:
    _update_process(ref, lambda data: {"pro_cost": 0, **data} if "pro_unit_cost" in data else data)


@fault("pm3-process-empty-ignored", SYSTEM, "An update of a process keeps a text that it sends empty.")
def _(ref: ProcessMaker3) -> None:
    _update_process(ref, lambda data: {name: value for name, value in data.items() if value != ""})


@fault("pm3-process-zero-ignored", SYSTEM, "An update of a process keeps a number for which it sends 0.")
def _(ref: ProcessMaker3) -> None:
    _update_process(ref, lambda data: {name: value for name, value in data.items() if value != 0})


@fault("pm3-export-without-elements", SYSTEM, "An export has no records of activities, events and gateways.")
def _(ref: ProcessMaker3) -> None:
    find = ref.workspace.find

    async def export(call: Any) -> Any:
        project = find(call.uid)
        kept = project.diagrams
        project.diagrams = [
            {**diagram, "activities": [], "events": [], "gateways": [], "flows": []} for diagram in project.diagrams
        ]
        try:
            return await usual(call)
        finally:
            project.diagrams = kept

    usual = ref.projects.export_project
    override(ref.projects, "export_project", lambda _: export)


@fault("pm3-export-of-the-first-day", SYSTEM, "An export has the elements of the diagram as they were created.")
def _(ref: ProcessMaker3) -> None:
    first: dict[str, list[Data]] = {}

    def make(create: Callable[[Data, str], Project]) -> Callable[[Data, str], Project]:
        def remembered(data: Data, user: str) -> Project:
            project = create(data, user)
            first[project.uid] = project.diagrams
            return project

        return remembered

    async def export(call: Any) -> Any:
        project = ref.workspace.find(call.uid)
        kept, project.diagrams = project.diagrams, first.get(call.uid, project.diagrams)
        try:
            return await usual(call)
        finally:
            project.diagrams = kept

    usual = ref.projects.export_project
    override(ref.workspace, "create", make)
    override(ref.projects, "export_project", lambda _: export)


@fault("pm3-update-renews-elements", SYSTEM, "An update gives every element of the diagram a new identifier.")
def _(ref: ProcessMaker3) -> None:
    def make(update: Callable[[str, Data, str], None]) -> Callable[[str, Data, str], None]:
        def renewed(uid: str, data: Data, user: str) -> None:
            update(uid, data, user)
            project = ref.workspace.find(uid)
            new: dict[str, str] = {}
            for diagram in project.diagrams:
                for kind, element in elements(diagram):
                    new[element[kind.uid]] = new_uid()
            project.diagrams = [
                {
                    name: [
                        {key: new.get(cell, cell) if isinstance(cell, str) else cell for key, cell in item.items()}
                        for item in part
                    ]
                    if isinstance(part, list)
                    else part
                    for name, part in diagram.items()
                }
                for diagram in project.diagrams
            ]

        return renewed

    override(ref.workspace, "update", make)


@fault("pm3-update-bends-flows", SYSTEM, "After an update, every flow to an event ends at the first event.")
def _(ref: ProcessMaker3) -> None:
    def make(update: Callable[[str, Data, str], None]) -> Callable[[str, Data, str], None]:
        def bent(uid: str, data: Data, user: str) -> None:
            update(uid, data, user)
            for diagram in ref.workspace.find(uid).diagrams:
                for flow in diagram["flows"]:
                    if flow["flo_element_dest_type"] == "bpmnEvent":
                        flow["flo_element_dest"] = diagram["events"][0]["evn_uid"]

        return bent

    override(ref.workspace, "update", make)


@fault("pm3-list-of-the-first-day", SYSTEM, "The list shows each project under the name with which it was created.")
def _(ref: ProcessMaker3) -> None:
    names: dict[str, str] = {}

    def shown(listing: Callable[[], list[Data]]) -> Callable[[], list[Data]]:
        def first() -> list[Data]:
            return [item | {"prj_name": names.setdefault(item["prj_uid"], item["prj_name"])} for item in listing()]

        return first

    def make(create: Callable[[Data, str], Project]) -> Callable[[Data, str], Project]:
        def remembered(data: Data, user: str) -> Project:
            project = create(data, user)
            names[project.uid] = project.name
            return project

        return remembered

    override(ref.workspace, "create", make)
    override(ref.workspace, "listing", shown)


@fault("pm3-process-of-another", SYSTEM, "A process is returned with the identifier of another project.")
def _(ref: ProcessMaker3) -> None:
    uid = new_uid()
    path = "/api/1.0/[^/]+/project/[^/]+/process"
    ref.wrap(response_fault("GET", path, 200, edit_json(lambda data: data | {"prj_uid": uid})))


@fault("pm3-delete-error-code-text", SYSTEM, "The code in the refusal of a deletion is a string.")
def _(ref: ProcessMaker3) -> None:
    def as_text(data: Any) -> Any:
        return {"error": data["error"] | {"code": str(data["error"]["code"])}}

    ref.wrap(response_fault("DELETE", "/api/1.0/[^/]+/project/[^/]+", 400, edit_json(as_text)))


@fault(
    "pm3-read-shows-another", SYSTEM, "Reading a new project returns the definition of the project created before it."
)
def _(ref: ProcessMaker3) -> None:
    workspace, author = ref.workspace, "00000000000000000000000000000001"
    first = workspace.create({"prj_name": "The first one", "prj_description": ""}, author)
    shown = [deepcopy(workspace.definition(first.uid, author))]
    workspace.delete(first.uid)
    instead: dict[str, Data] = {}

    def make(create: Callable[[Data, str], Project]) -> Callable[[Data, str], Project]:
        def remembered(data: Data, user: str) -> Project:
            project = create(data, user)
            instead[project.uid] = shown[-1]
            shown.append(deepcopy(right(project.uid, user)))
            return project

        return remembered

    def other(definition: Callable[[str, str], Data]) -> Callable[[str, str], Data]:
        def wrong(uid: str, user: str) -> Data:
            return instead.get(uid) or definition(uid, user) if uid in workspace.projects else definition(uid, user)

        return wrong

    right = workspace.definition
    override(workspace, "create", make)
    override(workspace, "definition", other)
