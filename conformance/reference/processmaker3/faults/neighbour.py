"""The faults of the ProcessMaker 3 reference by which a call touches another thing than the one that it names."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Final

from conformance.reference.faults import fault, override

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.people import Person
    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project
    from conformance.reference.processmaker3.xml import ProjectFile

SYSTEM: Final = "processmaker3"


class Made:
    """The existing projects that were created since the fault was set, the oldest first."""

    def __init__(self, ref: ProcessMaker3) -> None:
        self.workspace = ref.workspace
        self.uids: list[str] = []
        override(ref.workspace, "add", self._noting)

    def _noting(self, add: Callable[[Project], Project]) -> Callable[[Project], Project]:
        def noted(project: Project) -> Project:
            self.uids.append(project.uid)
            return add(project)

        return noted

    def beside(self, *named: str) -> list[str]:
        """Those that are there and not named."""
        return [uid for uid in self.uids if uid in self.workspace.projects and uid not in named]


@fault("pm3-bulk-deletes-neighbour", SYSTEM, "A bulk deletion also deletes the newest project that it does not name.")
def _(ref: ProcessMaker3) -> None:
    made = Made(ref)

    def make(bulk: Callable[[Data], Data]) -> Callable[[Data], Data]:
        def greedy(data: Data) -> Data:
            answer = bulk(data)
            for uid in made.beside()[-1:]:
                del ref.workspace.projects[uid]
            return answer

        return greedy

    override(ref.workspace, "bulk", make)


@fault("pm3-bulk-of-one-ignored", SYSTEM, "A bulk deletion of one project reports success, but does not delete it.")
def _(ref: ProcessMaker3) -> None:
    def make(bulk: Callable[[Data], Data]) -> Callable[[Data], Data]:
        def idle(data: Data) -> Data:
            before = dict(ref.workspace.projects)
            answer = bulk(data)
            named = [item["prj_uid"] for group in data["data"] for item in group["data"]]
            if len(named) == 1 and named[0] in before:
                ref.workspace.projects[named[0]] = before[named[0]]
            return answer

        return idle

    override(ref.workspace, "bulk", make)


@fault("pm3-update-process-other", SYSTEM, "An update of a process changes the process of the oldest project instead.")
def _(ref: ProcessMaker3) -> None:
    made = Made(ref)

    def make(update: Callable[[str, Data], None]) -> Callable[[str, Data], None]:
        def other(uid: str, data: Data) -> None:
            ref.workspace.find(uid)
            update((made.beside() or [uid])[0], data)

        return other

    override(ref.workspace, "update_process", make)


@fault("pm3-update-process-all", SYSTEM, "An update of a process changes the description of every process.")
def _(ref: ProcessMaker3) -> None:
    made = Made(ref)

    def make(update: Callable[[str, Data], None]) -> Callable[[str, Data], None]:
        def everywhere(uid: str, data: Data) -> None:
            update(uid, data)
            for text in made.beside(uid):
                update(text, {name: value for name, value in data.items() if name == "pro_description"})

        return everywhere

    override(ref.workspace, "update_process", make)


@fault(
    "pm3-import-overwrites-neighbour",
    SYSTEM,
    "An import with OVERWRITE gives the newest other project the same diagram.",
)
def _(ref: ProcessMaker3) -> None:
    made = Made(ref)

    def make(overwrite: Callable[[ProjectFile, str], Project]) -> Callable[[ProjectFile, str], Project]:
        def both(file: ProjectFile, user: str) -> Project:
            project = overwrite(file, user)
            for uid in made.beside(project.uid)[-1:]:
                ref.workspace.projects[uid].diagrams = deepcopy(project.diagrams)
            return project

        return both

    override(ref.importer, "overwrite", make)


@fault(
    "pm3-create-describes-neighbour",
    SYSTEM,
    "Creating a project changes the description of the project created before it.",
)
def _(ref: ProcessMaker3) -> None:
    made = Made(ref)

    def make(create: Callable[[Data, str], Project]) -> Callable[[Data, str], Project]:
        def both(data: Data, user: str) -> Project:
            project = create(data, user)
            for uid in made.beside(project.uid)[-1:]:
                ref.workspace.projects[uid].description = f"as {project.uid}"
            return project

        return both

    override(ref.workspace, "create", make)


@fault("pm3-update-describes-neighbour", SYSTEM, "An update also changes the description of the oldest other project.")
def _(ref: ProcessMaker3) -> None:
    made = Made(ref)

    def make(update: Callable[[str, Data, str], None]) -> Callable[[str, Data, str], None]:
        def both(uid: str, data: Data, user: str) -> None:
            update(uid, data, user)
            for other in made.beside(uid)[:1]:
                ref.workspace.projects[other].description = ref.workspace.projects[uid].description

        return both

    override(ref.workspace, "update", make)


@fault("pm3-update-diagram-of-neighbour", SYSTEM, "An update also changes the diagram of the oldest other project.")
def _(ref: ProcessMaker3) -> None:
    made = Made(ref)

    def make(update: Callable[[str, Data, str], None]) -> Callable[[str, Data, str], None]:
        def both(uid: str, data: Data, user: str) -> None:
            update(uid, data, user)
            for other in made.beside(uid)[:1]:
                ref.workspace.projects[other].diagrams = deepcopy(ref.workspace.projects[uid].diagrams)

        return both

    override(ref.workspace, "update", make)


@fault("pm3-delete-takes-neighbour", SYSTEM, "A deletion also deletes the newest other project.")
def _(ref: ProcessMaker3) -> None:
    made = Made(ref)

    def make(delete: Callable[[str], None]) -> Callable[[str], None]:
        def greedy(uid: str) -> None:
            delete(uid)
            for other in made.beside()[-1:]:
                del ref.workspace.projects[other]

        return greedy

    override(ref.workspace, "delete", make)


def _among(ref: ProcessMaker3, method: str, touch: Callable[[str], object], there: Callable[[], list[str]]) -> None:
    """Let an operation on people, groups or departments do the same to the newest one beside that it names."""
    known = set(there())

    def make(usual: Callable[..., None]) -> Callable[..., None]:
        def greedy(uid: str, *more: Person) -> None:
            usual(uid, *more)
            named = {uid, *(person.uid for person in more)}
            for other in [value for value in there() if value not in known | named][-1:]:
                touch(other)

        return greedy

    override(ref.people, method, make)


@fault("pm3-user-delete-takes-another", SYSTEM, "Deleting a user also deletes the record of the newest other user.")
def _(ref: ProcessMaker3) -> None:
    _among(ref, "disable", lambda uid: ref.people.users.pop(uid, None), lambda: list(ref.people.users))


@fault("pm3-group-delete-takes-another", SYSTEM, "Deleting a group also deletes the newest other group.")
def _(ref: ProcessMaker3) -> None:
    _among(ref, "dissolve", lambda uid: ref.people.groups.pop(uid, None), lambda: list(ref.people.groups))


@fault(
    "pm3-department-delete-takes-another",
    SYSTEM,
    "Deleting a department also deletes the newest other department without users.",
)
def _(ref: ProcessMaker3) -> None:
    def close(uid: str) -> None:
        if ref.people.empty(uid):
            del ref.people.departments[uid]

    _among(ref, "close", close, lambda: list(ref.people.departments))


@fault("pm3-department-unassign-all", SYSTEM, "Unassigning one user from a department unassigns all its users.")
def _(ref: ProcessMaker3) -> None:
    def make(dismiss: Callable[[str, Person], None]) -> Callable[[str, Person], None]:
        def everybody(uid: str, user: Person) -> None:
            dismiss(uid, user)
            for person in ref.people.users.values():
                if person.department == uid:
                    person.department = ""

        return everybody

    override(ref.people, "dismiss", make)
