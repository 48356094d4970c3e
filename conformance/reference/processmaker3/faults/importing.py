"""The faults of the ProcessMaker 3 reference in what an import does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.diagram import elements
from conformance.reference.processmaker3.fields import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project
    from conformance.reference.processmaker3.xml import ProjectFile

    Run = Callable[[ProjectFile, str, str, str], Project]

SYSTEM: Final = "processmaker3"


def _chosen(option: str) -> str:
    """An option as the importer understands it."""
    return option.strip().upper()


@fault("pm3-import-new-refused", SYSTEM, "An import with CREATE is refused even if the project does not exist.")
def _(ref: ProcessMaker3) -> None:
    def make(run: Run) -> Run:
        def refuse(file: ProjectFile, option: str, group_option: str, user: str) -> Project:
            if _chosen(option) == "CREATE":
                raise Refused("The project cannot be created.")
            return run(file, option, group_option, user)

        return refuse

    override(ref.importer, "run", make)


@fault("pm3-import-default-keep", SYSTEM, "An import without an option creates another project, as with KEEP.")
def _(ref: ProcessMaker3) -> None:
    def make(run: Run) -> Run:
        def keep(file: ProjectFile, option: str, group_option: str, user: str) -> Project:
            return run(file, option or "KEEP", group_option, user)

        return keep

    override(ref.importer, "run", make)


@fault("pm3-import-overwrite-new-uid", SYSTEM, "An import with OVERWRITE gives the project new identifiers.")
def _(ref: ProcessMaker3) -> None:
    def overwrite(file: ProjectFile, user: str) -> Project:
        ref.workspace.projects.pop(file.uid, None)
        return ref.importer.add(file, user)

    override(ref.importer, "overwrite", lambda _: overwrite)


@fault("pm3-import-overwrite-keeps-name", SYSTEM, "An import with OVERWRITE does not change the name and description.")
def _(ref: ProcessMaker3) -> None:
    def make(overwrite: Callable[[ProjectFile, str], Project]) -> Callable[[ProjectFile, str], Project]:
        def but_the_name(file: ProjectFile, user: str) -> Project:
            existing = ref.workspace.projects.get(file.uid)
            head = (existing.name, existing.description) if existing is not None else (file.name, file.description)
            project = overwrite(file, user)
            project.name, project.description = head
            return project

        return but_the_name

    override(ref.importer, "overwrite", make)


@fault("pm3-import-keep-overwrites", SYSTEM, "An import with KEEP overwrites the existing project.")
def _(ref: ProcessMaker3) -> None:
    def make(run: Run) -> Run:
        def keep(file: ProjectFile, option: str, group_option: str, user: str) -> Project:
            return run(file, "OVERWRITE" if _chosen(option) == "KEEP" else option, group_option, user)

        return keep

    override(ref.importer, "run", make)


@fault(
    "pm3-import-create-touches-existing",
    SYSTEM,
    "A refused import with CREATE empties the description of the existing project.",
)
def _(ref: ProcessMaker3) -> None:
    def make(refuse: Callable[[Project], None]) -> Callable[[Project], None]:
        def touch(existing: Project) -> None:
            existing.description = ""
            refuse(existing)

        return touch

    override(ref.importer, "refuse", make)


@fault("pm3-import-disable-deletes", SYSTEM, "An import with DISABLE deletes the existing project.")
def _(ref: ProcessMaker3) -> None:
    override(ref.importer, "disable", lambda _: lambda existing: ref.workspace.projects.pop(existing.uid))


@fault("pm3-import-disable-same-elements", SYSTEM, "An import with DISABLE does not give the elements new identifiers.")
def _(ref: ProcessMaker3) -> None:
    def make(run: Run) -> Run:
        def disable(file: ProjectFile, option: str, group_option: str, user: str) -> Project:
            project = run(file, option, group_option, user)
            if _chosen(option) == "DISABLE":
                project.diagrams = [{**diagram, "prj_uid": project.uid} for diagram in file.diagrams]
            return project

        return disable

    override(ref.importer, "run", make)


@fault("pm3-import-lowercase-refused", SYSTEM, "Import options in lower case are refused.")
def _(ref: ProcessMaker3) -> None:
    _refuse_choice(ref, lambda _, value: value != value.upper())


@fault("pm3-import-group-rename-refused", SYSTEM, "Import refuses RENAME as the option for groups.")
def _(ref: ProcessMaker3) -> None:
    _refuse_choice(ref, lambda name, value: (name, value.upper()) == ("option_group", "RENAME"))


def _refuse_choice(ref: ProcessMaker3, refused: Callable[[str, str], bool]) -> None:
    """Let the importer refuse options of which name and value are `refused`."""

    def make(choice: Callable[..., str]) -> Callable[..., str]:
        def choose(name: str, value: str, values: tuple[str, ...]) -> str:
            if refused(name, value):
                raise Refused(f"`{name}` must be one of: {', '.join(values)}.")
            return choice(name, value, values)

        return choose

    override(ref.importer, "choice", make)


@fault("pm3-import-loses-diagram", SYSTEM, "An imported project has an empty diagram.")
def _(ref: ProcessMaker3) -> None:
    def make(run: Run) -> Run:
        def emptied(file: ProjectFile, option: str, group_option: str, user: str) -> Project:
            project = run(file, option, group_option, user)
            for diagram in project.diagrams:
                for kind, _ in list(elements(diagram)):
                    diagram[kind.list_name] = []
            return project

        return emptied

    override(ref.importer, "run", make)


@fault("pm3-delete-keeps-imported", SYSTEM, "DELETE of an imported project returns 200, but does not delete it.")
def _(ref: ProcessMaker3) -> None:
    imported: set[str] = set()

    def make_add(add: Callable[[ProjectFile, str], Project]) -> Callable[[ProjectFile, str], Project]:
        def remembered(file: ProjectFile, user: str) -> Project:
            project = add(file, user)
            imported.add(project.uid)
            return project

        return remembered

    def make_delete(delete: Callable[[str], None]) -> Callable[[str], None]:
        def kept(uid: str) -> None:
            if uid in imported:
                ref.workspace.find(uid)
            else:
                delete(uid)

        return kept

    override(ref.importer, "add", make_add)
    override(ref.workspace, "delete", make_delete)
