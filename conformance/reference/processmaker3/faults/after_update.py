"""The faults of the ProcessMaker 3 reference that show after an update, a deletion or nowhere but in a list."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.diagram import copy, new_uid
from conformance.reference.processmaker3.fields import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project

    Listing = Callable[[], list[Data]]

SYSTEM: Final = "processmaker3"


def _after_update(ref: ProcessMaker3, change: Callable[[Project], None]) -> None:
    """Let `change` spoil every project that was updated, in place."""

    def make(update: Callable[[str, Data, str], None]) -> Callable[[str, Data, str], None]:
        def spoilt(uid: str, data: Data, user: str) -> None:
            update(uid, data, user)
            change(ref.workspace.projects[uid])

        return spoilt

    override(ref.workspace, "update", make)


@fault("pm3-update-empty-description-ignored", SYSTEM, "An update with an empty description keeps the description.")
def _(ref: ProcessMaker3) -> None:
    def make(update: Callable[[str, Data, str], None]) -> Callable[[str, Data, str], None]:
        def keeping(uid: str, data: Data, user: str) -> None:
            before = ref.workspace.find(uid).description
            update(uid, data, user)
            project = ref.workspace.find(uid)
            project.description = project.description or before

        return keeping

    override(ref.workspace, "update", make)


@fault("pm3-update-name-cut", SYSTEM, "An update keeps the first 80 characters of a name.")
def _(ref: ProcessMaker3) -> None:
    def cut(project: Project) -> None:
        project.name = project.name[:80]

    _after_update(ref, cut)


@fault("pm3-list-name-stale", SYSTEM, "The list shows the first name of a project even after an update.")
def _(ref: ProcessMaker3) -> None:
    names: dict[str, str] = {}

    def make(listing: Listing) -> Listing:
        return lambda: [item | {"prj_name": names.setdefault(item["prj_uid"], item["prj_name"])} for item in listing()]

    override(ref.workspace, "listing", make)


@fault("pm3-list-description-stale", SYSTEM, "The list shows the first description of a project even after an update.")
def _(ref: ProcessMaker3) -> None:
    first: dict[str, str] = {}
    name = "prj_description"

    def make(listing: Listing) -> Listing:
        return lambda: [item | {name: first.setdefault(item["prj_uid"], item[name])} for item in listing()]

    override(ref.workspace, "listing", make)


@fault("pm3-list-without-descriptions", SYSTEM, "The list shows an empty description of every project.")
def _(ref: ProcessMaker3) -> None:
    def make(listing: Listing) -> Listing:
        return lambda: [item | {"prj_description": ""} for item in listing()]

    override(ref.workspace, "listing", make)


@fault("pm3-list-without-categories", SYSTEM, "The list shows an empty category of every project.")
def _(ref: ProcessMaker3) -> None:
    def make(listing: Listing) -> Listing:
        return lambda: [item | {"prj_category": ""} for item in listing()]

    override(ref.workspace, "listing", make)


@fault("pm3-update-undated", SYSTEM, "The date of the last update of a project stays null.")
def _(ref: ProcessMaker3) -> None:
    def undated(project: Project) -> None:
        project.updated = None

    _after_update(ref, undated)


@fault("pm3-updated-not-listed", SYSTEM, "A project that was updated is no longer in the list.")
def _(ref: ProcessMaker3) -> None:
    updated: set[str] = set()
    _after_update(ref, lambda project: updated.add(project.uid))

    def make(listing: Listing) -> Listing:
        return lambda: [item for item in listing() if item["prj_uid"] not in updated]

    override(ref.workspace, "listing", make)


@fault("pm3-update-new-identifiers", SYSTEM, "An update gives every element another identifier.")
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        made = copy(project.diagrams, project.uid)
        for old, new in zip(project.diagrams, made, strict=True):
            new |= {name: old[name] for name in ("dia_uid", "pro_uid")}
        project.diagrams = made

    _after_update(ref, change)


@fault("pm3-update-new-flow-identifiers", SYSTEM, "An update gives every flow another identifier.")
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        for diagram in project.diagrams:
            for flow in diagram["flows"]:
                flow["flo_uid"] = new_uid()

    _after_update(ref, change)


@fault(
    "pm3-update-flow-ends-dangling", SYSTEM, "After an update, the ends of flows are identifiers that no element has."
)
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        for diagram in project.diagrams:
            for flow in diagram["flows"]:
                flow["flo_element_dest"] = new_uid()

    _after_update(ref, change)


@fault("pm3-export-stale", SYSTEM, "An export contains a project as it was created, even after an update.")
def _(ref: ProcessMaker3) -> None:
    created: dict[str, Project] = {}

    def add(usual: Callable[[Project], Project]) -> Callable[[Project], Project]:
        def noted(project: Project) -> Project:
            created[project.uid] = deepcopy(project)
            return usual(project)

        return noted

    def export(usual: Callable[[Any], Any]) -> Callable[[Any], Any]:
        async def stale(call: Any) -> Any:
            there = ref.workspace.projects
            first = {uid: project for uid, project in created.items() if uid in there}
            ref.workspace.projects = {**there, **first}
            try:
                return await usual(call)
            finally:
                ref.workspace.projects = there

        return stale

    override(ref.workspace, "add", add)
    override(ref.projects, "export_project", export)


@fault("pm3-deleted-stays-listed", SYSTEM, "A deleted project is still in the list.")
def _(ref: ProcessMaker3) -> None:
    gone: list[Data] = []

    def delete(usual: Callable[[str], None]) -> Callable[[str], None]:
        def kept(uid: str) -> None:
            items = [item for item in ref.workspace.listing() if item["prj_uid"] == uid]
            usual(uid)
            gone.extend(items)

        return kept

    def make(listing: Listing) -> Listing:
        def with_deleted() -> list[Data]:
            there = listing()
            shown = {item["prj_uid"] for item in there}
            return [*there, *(item for item in gone if item["prj_uid"] not in shown)]

        return with_deleted

    override(ref.workspace, "delete", delete)
    override(ref.workspace, "listing", make)


@fault("pm3-update-loses-process", SYSTEM, "The process of a project that was updated cannot be read.")
def _(ref: ProcessMaker3) -> None:
    updated: set[str] = set()
    _after_update(ref, lambda project: updated.add(project.uid))

    def make(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
        async def lost(call: Any) -> Any:
            if call.uid in updated:
                raise Refused("The process was not found.", 404)
            return await read(call)

        return lost

    override(ref.projects, "get_process", make)


@fault("pm3-update-resets-process", SYSTEM, "An update of a project makes its process that of a new project again.")
def _(ref: ProcessMaker3) -> None:
    first: dict[str, Data] = {}

    def add(usual: Callable[[Project], Project]) -> Callable[[Project], Project]:
        def noted(project: Project) -> Project:
            first[project.uid] = dict(project.process)
            return usual(project)

        return noted

    def reset(project: Project) -> None:
        project.process |= first.get(project.uid, {})

    override(ref.workspace, "add", add)
    _after_update(ref, reset)


def _made(thing: object, method: str) -> set[str]:
    """The projects that a method makes from now on."""
    uids: set[str] = set()

    def making(usual: Callable[..., Project]) -> Callable[..., Project]:
        def noted(*args: Any) -> Project:
            project = usual(*args)
            uids.add(project.uid)
            return project

        return noted

    override(thing, method, making)
    return uids


def _omit(ref: ProcessMaker3, thing: object, method: str) -> None:
    """Let the list show no project that a method makes."""
    made = _made(thing, method)
    override(
        ref.workspace,
        "listing",
        lambda listing: lambda: [item for item in listing() if item["prj_uid"] not in made],
    )


@fault("pm3-list-omits-generated", SYSTEM, "The list shows no project that was generated.")
def _(ref: ProcessMaker3) -> None:
    _omit(ref, ref.workspace, "generate")


@fault("pm3-list-omits-imported", SYSTEM, "The list shows no project that was imported beside the one of the file.")
def _(ref: ProcessMaker3) -> None:
    _omit(ref, ref.importer, "add")


@fault("pm3-generated-not-updated", SYSTEM, "An update of a project that was generated has no effect.")
def _(ref: ProcessMaker3) -> None:
    made = _made(ref.workspace, "generate")

    def make(update: Callable[[str, Data, str], None]) -> Callable[[str, Data, str], None]:
        return lambda uid, data, user: None if uid in made else update(uid, data, user)

    override(ref.workspace, "update", make)


@fault("pm3-import-process-unreadable", SYSTEM, "The process of an imported project cannot be read, the project can.")
def _(ref: ProcessMaker3) -> None:
    made = _made(ref.importer, "add")

    def make(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
        async def lost(call: Any) -> Any:
            if call.uid in made:
                raise Refused("The process was not found.", 404)
            return await read(call)

        return lost

    override(ref.projects, "get_process", make)


def _keep_deleted(ref: ProcessMaker3, method: str) -> None:
    """Let one operation of the projects go on as if nothing were deleted."""
    deleted: dict[str, Project] = {}

    def delete(usual: Callable[[str], None]) -> Callable[[str], None]:
        def noted(uid: str) -> None:
            project = ref.workspace.find(uid)
            usual(uid)
            deleted[uid] = project

        return noted

    def make(usual: Callable[[Any], Any]) -> Callable[[Any], Any]:
        async def unaware(call: Any) -> Any:
            there = ref.workspace.projects
            ref.workspace.projects = {**deleted, **there}
            try:
                return await usual(call)
            finally:
                ref.workspace.projects = there

        return unaware

    override(ref.workspace, "delete", delete)
    override(ref.projects, method, make)


@fault("pm3-delete-keeps-process", SYSTEM, "The process of a deleted project can still be read.")
def _(ref: ProcessMaker3) -> None:
    _keep_deleted(ref, "get_process")


@fault("pm3-delete-keeps-export", SYSTEM, "A deleted project can still be exported.")
def _(ref: ProcessMaker3) -> None:
    _keep_deleted(ref, "export_project")
