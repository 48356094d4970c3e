"""The faults of the ProcessMaker 3 reference in what an import leaves behind: accepted, but not what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.diagram import copy, empty, new_uid
from conformance.reference.processmaker3.fields import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project
    from conformance.reference.processmaker3.xml import ProjectFile

    Run = Callable[[ProjectFile, str, str, str], Project]
    Group = Callable[[str, str], str]

SYSTEM: Final = "processmaker3"


def _after_run(ref: ProcessMaker3, applies: Callable[[str, str], bool], change: Callable[[Project], None]) -> None:
    """Let `change` spoil what an import makes, where its two options are such as `applies` says."""

    def make(run: Run) -> Run:
        def spoilt(file: ProjectFile, option: str, group_option: str, user: str) -> Project:
            project = run(file, option, group_option, user)
            if applies(option, group_option):
                change(project)
            return project

        return spoilt

    override(ref.importer, "run", make)


def _forget(ref: ProcessMaker3) -> Callable[[Project], None]:
    return lambda project: ref.workspace.delete(project.uid)


@fault("pm3-import-of-exports-refused", SYSTEM, "An import refuses every file that this server exported.")
def _(ref: ProcessMaker3) -> None:
    exported: set[str] = set()

    def remember(find: Callable[[str], Project]) -> Callable[[str], Project]:
        def found(uid: str) -> Project:
            exported.add(uid)
            return find(uid)

        return found

    def make(run: Run) -> Run:
        def refuse(file: ProjectFile, option: str, group_option: str, user: str) -> Project:
            if file.uid in exported:
                raise Refused("The file cannot be read.")
            return run(file, option, group_option, user)

        return refuse

    override(ref.workspace, "find", remember)
    override(ref.importer, "run", make)


@fault("pm3-import-keep-nothing", SYSTEM, "An import with KEEP returns a new identifier, but creates no project.")
def _(ref: ProcessMaker3) -> None:
    _after_run(ref, lambda option, _: option == "KEEP", _forget(ref))


@fault("pm3-import-keep-elsewhere", SYSTEM, "An import with KEEP does not give the elements new identifiers.")
def _(ref: ProcessMaker3) -> None:
    def make(run: Run) -> Run:
        def keep(file: ProjectFile, option: str, group_option: str, user: str) -> Project:
            project = run(file, option, group_option, user)
            if option == "KEEP":
                project.diagrams = [{**diagram, "prj_uid": project.uid} for diagram in file.diagrams]
            return project

        return keep

    override(ref.importer, "run", make)


@fault(
    "pm3-import-lowercase-nothing",
    SYSTEM,
    "An import with an option in lower case is accepted, but creates no project.",
)
def _(ref: ProcessMaker3) -> None:
    _after_run(ref, lambda option, _: option != option.upper(), _forget(ref))


@fault("pm3-import-group-rename-nothing", SYSTEM, "An import with KEEP and RENAME is accepted, but creates no project.")
def _(ref: ProcessMaker3) -> None:
    _after_run(ref, lambda option, groups: (option, groups) == ("KEEP", "RENAME"), _forget(ref))


@fault("pm3-import-overwrite-keeps-diagram", SYSTEM, "An import with OVERWRITE does not change the diagram.")
def _(ref: ProcessMaker3) -> None:
    def make(overwrite: Callable[[ProjectFile, str], Project]) -> Callable[[ProjectFile, str], Project]:
        def but_the_diagram(file: ProjectFile, user: str) -> Project:
            existing = ref.workspace.projects.get(file.uid)
            kept = existing.diagrams if existing is not None else file.diagrams
            project = overwrite(file, user)
            project.diagrams = kept
            return project

        return but_the_diagram

    override(ref.importer, "overwrite", make)


@fault("pm3-import-overwrite-new-elements", SYSTEM, "An import with OVERWRITE gives the elements new identifiers.")
def _(ref: ProcessMaker3) -> None:
    def make(overwrite: Callable[[ProjectFile, str], Project]) -> Callable[[ProjectFile, str], Project]:
        def renewed(file: ProjectFile, user: str) -> Project:
            project = overwrite(file, user)
            project.diagrams = copy(project.diagrams, project.uid)
            return project

        return renewed

    override(ref.importer, "overwrite", make)


@fault("pm3-import-overwrite-new-flows", SYSTEM, "Import with OVERWRITE gives the flows new identifiers.")
def _(ref: ProcessMaker3) -> None:
    def make(overwrite: Callable[[ProjectFile, str], Project]) -> Callable[[ProjectFile, str], Project]:
        def renewed(file: ProjectFile, user: str) -> Project:
            project = overwrite(file, user)
            for diagram in project.diagrams:
                diagram["flows"] = [{**flow, "flo_uid": new_uid()} for flow in diagram["flows"]]
            return project

        return renewed

    override(ref.importer, "overwrite", make)


def _group(ref: ProcessMaker3, option: str, change: Callable[[str], str | None]) -> None:
    """Let `change` choose the group for an imported one of this name, with an option; None: the usual one."""

    def make(group: Group) -> Group:
        def other(name: str, chosen: str) -> str:
            instead = change(name) if chosen == option and name in ref.workspace.groups.values() else None
            return instead or group(name, chosen)

        return other

    override(ref.importer, "group", make)


@fault(
    "pm3-import-group-rename-same", SYSTEM, "An import with RENAME creates a group with the name of an existing group."
)
def _(ref: ProcessMaker3) -> None:
    def same(name: str) -> str:
        uid = new_uid()
        ref.workspace.groups[uid] = name
        return uid

    _group(ref, "RENAME", same)


def _renamed(ref: ProcessMaker3) -> Callable[[str], None]:
    def rename(name: str) -> None:
        uid = next(uid for uid, title in ref.workspace.groups.items() if title == name)
        ref.workspace.groups[uid] = f"{name} of old"

    return rename


@fault("pm3-import-merge-renames-group", SYSTEM, "An import with MERGE renames the existing group.")
def _(ref: ProcessMaker3) -> None:
    _group(ref, "MERGE", _renamed(ref))


@fault("pm3-import-create-renames-group", SYSTEM, "An import with CREATE for groups renames an existing group.")
def _(ref: ProcessMaker3) -> None:
    _group(ref, "CREATE", _renamed(ref))


def _with_existing(ref: ProcessMaker3, option: str, change: Callable[[Project], None]) -> None:
    """Let an import with an option `change` the project that exists."""

    def make(run: Run) -> Run:
        def meddling(file: ProjectFile, wanted: str, group_option: str, user: str) -> Project:
            existing = ref.workspace.projects.get(file.uid)
            if existing is not None and (wanted.strip().upper() or "CREATE") == option:
                change(existing)
            return run(file, wanted, group_option, user)

        return meddling

    override(ref.importer, "run", make)


@fault(
    "pm3-import-keep-deactivates", SYSTEM, "An import with KEEP sets the process of the existing project to INACTIVE."
)
def _(ref: ProcessMaker3) -> None:
    _with_existing(ref, "KEEP", lambda existing: existing.process.update(pro_status="INACTIVE"))


@fault(
    "pm3-import-create-deactivates", SYSTEM, "A refused import sets the process of the existing project to INACTIVE."
)
def _(ref: ProcessMaker3) -> None:
    _with_existing(ref, "CREATE", lambda existing: existing.process.update(pro_status="INACTIVE"))


@fault("pm3-import-disable-empties", SYSTEM, "An import with DISABLE removes the elements of the existing project.")
def _(ref: ProcessMaker3) -> None:
    def change(existing: Project) -> None:
        existing.diagrams = [empty(existing.uid, existing.name)]

    _with_existing(ref, "DISABLE", change)


@fault("pm3-import-overwrite-adds", SYSTEM, "An import with OVERWRITE leaves the tasks that are not in the file.")
def _(ref: ProcessMaker3) -> None:
    def make(overwrite: Callable[[ProjectFile, str], Project]) -> Callable[[ProjectFile, str], Project]:
        def adding(file: ProjectFile, user: str) -> Project:
            existing = ref.workspace.projects.get(file.uid)
            tasks = [task for diagram in (existing.diagrams if existing else ()) for task in diagram["activities"]]
            project = overwrite(file, user)
            for diagram in project.diagrams[:1]:
                there = {task["act_uid"] for task in diagram["activities"]}
                diagram["activities"] = [
                    *diagram["activities"],
                    *(item for item in tasks if item["act_uid"] not in there),
                ]
            return project

        return adding

    override(ref.importer, "overwrite", make)


@fault("pm3-import-merge-doubles", SYSTEM, "An import with MERGE makes a second group of the same name.")
def _(ref: ProcessMaker3) -> None:
    def make(group: Group) -> Group:
        return lambda name, option: group(name, "CREATE" if option == "MERGE" else option)

    override(ref.importer, "group", make)


def _after_generation(ref: ProcessMaker3, change: Callable[[Project], None]) -> None:
    """Let a generation of a project `change` the classic process."""

    def make(generate: Callable[[str, str], Project]) -> Callable[[str, str], Project]:
        def meddling(process: str, user: str) -> Project:
            generated = generate(process, user)
            change(ref.workspace.find(process))
            return generated

        return meddling

    override(ref.workspace, "generate", make)


@fault(
    "pm3-generate-deactivates-process",
    SYSTEM,
    "Generating a project sets the classic process to INACTIVE, and to ACTIVE if it was INACTIVE.",
)
def _(ref: ProcessMaker3) -> None:
    other = {"ACTIVE": "INACTIVE", "INACTIVE": "ACTIVE"}  # so that each generation of a run shows it
    _after_generation(ref, lambda classic: classic.process.update(pro_status=other[classic.process["pro_status"]]))
