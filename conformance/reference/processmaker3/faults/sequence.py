"""The faults of the ProcessMaker 3 reference that show only in a sequence: each request alone is served well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.faults.neighbour import Made

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.people import Person
    from conformance.reference.processmaker3.server import ProcessMaker3

    Update = Callable[[str, Data, str], None]

SYSTEM: Final = "processmaker3"


class Updated:
    """The projects that were updated since the fault was set, the last one last; each calls `update` of the fault."""

    def __init__(self, ref: ProcessMaker3, update: Callable[[Update, str, Data, str], None] | None = None) -> None:
        self.workspace = ref.workspace
        self.uids: list[str] = []
        self._update = update
        override(ref.workspace, "update", self._noting)

    def _noting(self, usual: Update) -> Update:
        def noted(uid: str, data: Data, user: str) -> None:
            self.workspace.find(uid)
            if self._update is None:
                usual(uid, data, user)
            else:
                self._update(usual, uid, data, user)
            self.uids = [*(value for value in self.uids if value != uid), uid]

        return noted

    def last(self, *but: str) -> str:
        """The one that was updated last of those that are there, but for some; empty where there is none."""
        found = [uid for uid in self.uids if uid in self.workspace.projects and uid not in but]
        return found[-1] if found else ""


@fault(
    "pm3-renamed-again-hits-another",
    SYSTEM,
    "The second renaming of a project changes the project that was updated last instead.",
)
def _(ref: ProcessMaker3) -> None:
    def elsewhere(usual: Update, uid: str, data: Data, user: str) -> None:
        renames = data.get("prj_name") != ref.workspace.find(uid).name
        usual((renames and uid in updated.uids and updated.last()) or uid, data, user)

    updated = Updated(ref, elsewhere)


@fault("pm3-renamed-once", SYSTEM, "Only the first change of a project's name is stored.")
def _(ref: ProcessMaker3) -> None:
    renamed: set[str] = set()

    def once(usual: Update, uid: str, data: Data, user: str) -> None:
        before = ref.workspace.find(uid).name
        usual(uid, data, user)
        project = ref.workspace.find(uid)
        if uid in renamed:
            project.name = before
        elif project.name != before:
            renamed.add(uid)

    Updated(ref, once)


@fault("pm3-delete-takes-updated", SYSTEM, "A deletion also deletes the other project that was updated last.")
def _(ref: ProcessMaker3) -> None:
    updated = Updated(ref)

    def make(delete: Callable[[str], None]) -> Callable[[str], None]:
        def greedy(uid: str) -> None:
            delete(uid)
            ref.workspace.projects.pop(updated.last(uid), None)

        return greedy

    override(ref.workspace, "delete", make)


@fault("pm3-delete-unlists-older", SYSTEM, "A deletion removes all older projects from the list.")
def _(ref: ProcessMaker3) -> None:
    made, hidden = Made(ref), set[str]()

    def make(delete: Callable[[str], None]) -> Callable[[str], None]:
        def careless(uid: str) -> None:
            delete(uid)
            if uid in made.uids:
                hidden.update(made.uids[: made.uids.index(uid)])

        return careless

    def shorter(listing: Callable[[], list[Data]]) -> Callable[[], list[Data]]:
        return lambda: [item for item in listing() if item["prj_uid"] not in hidden]

    override(ref.workspace, "delete", make)
    override(ref.workspace, "listing", shorter)


@fault("pm3-user-delete-takes-role", SYSTEM, "Deleting a user removes the user's role from all other users.")
def _(ref: ProcessMaker3) -> None:
    known = set(ref.people.roles)

    def make(disable: Callable[[str], None]) -> Callable[[str], None]:
        def greedy(uid: str) -> None:
            role = ref.people.user(uid).role
            disable(uid)
            for other in ref.people.users.values():
                if other.role == role and role not in known:
                    other.role = ""

        return greedy

    override(ref.people, "disable", make)


@fault(
    "pm3-role-change-takes-others", SYSTEM, "Giving a user another role removes the previous role from all other users."
)
def _(ref: ProcessMaker3) -> None:
    known = set(ref.people.roles)

    def make(appoint: Callable[[str, Person], None]) -> Callable[[str, Person], None]:
        def greedy(uid: str, user: Person) -> None:
            before = user.role
            appoint(uid, user)
            for other in ref.people.users.values():
                if other.role == before and before not in known:
                    other.role = ""

        return greedy

    override(ref.people, "appoint", make)


@fault(
    "pm3-user-delete-empties-department",
    SYSTEM,
    "Deleting a user unassigns all other users from the user's department.",
)
def _(ref: ProcessMaker3) -> None:
    def make(disable: Callable[[str], None]) -> Callable[[str], None]:
        def greedy(uid: str) -> None:
            department = ref.people.user(uid).department
            disable(uid)
            for other in ref.people.users.values():
                if department and other.department == department:
                    other.department = ""

        return greedy

    override(ref.people, "disable", make)
