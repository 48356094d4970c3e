"""The faults of the ProcessMaker 3 reference by which users leave a role or department though nobody asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.fields import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.people import Person
    from conformance.reference.processmaker3.server import ProcessMaker3

    Enter = Callable[[str, Person], None]

SYSTEM: Final = "processmaker3"


def _after_refusal(ref: ProcessMaker3, delete: str, member: str) -> None:
    """Let the refused deletion of something take its users out: `member` is where a user has its identifier."""

    def make(usual: Callable[[str], None]) -> Callable[[str], None]:
        def half(uid: str) -> None:
            try:
                usual(uid)
            except Refused:
                for person in ref.people.users.values():
                    if getattr(person, member) == uid:
                        setattr(person, member, "")
                raise

        return half

    override(ref.people, delete, make)


def _entering(ref: ProcessMaker3, enter: str, member: str, moved: Callable[[Person, str], bool], to: bool) -> None:
    """When a user enters something, move the users created by the run that `moved` names: in as well, or out."""
    start = set(ref.people.users)

    def make(usual: Enter) -> Enter:
        def displacing(uid: str, user: Person) -> None:
            usual(uid, user)
            for person in ref.people.users.values():
                if person is not user and person.uid not in start and moved(person, uid):
                    setattr(person, member, uid if to else "")

        return displacing

    override(ref.people, enter, make)


@fault(
    "pm3-department-delete-refused-and-emptied",
    SYSTEM,
    "A department with users is not deleted, but its users are unassigned.",
)
def _(ref: ProcessMaker3) -> None:
    _after_refusal(ref, "close", "department")


@fault("pm3-role-delete-refused-and-taken", SYSTEM, "A role with users is not deleted, but its users lose it.")
def _(ref: ProcessMaker3) -> None:
    _after_refusal(ref, "abolish", "role")


@fault("pm3-department-assign-displaces", SYSTEM, "Assigning a user to a department unassigns those who were in it.")
def _(ref: ProcessMaker3) -> None:
    _entering(ref, "assign", "department", lambda person, uid: person.department == uid, to=False)


@fault("pm3-department-assign-moves-all", SYSTEM, "Assigning a user to a department moves everybody else there.")
def _(ref: ProcessMaker3) -> None:
    _entering(ref, "assign", "department", lambda person, _: bool(person.department), to=True)


@fault("pm3-give-role-displaces", SYSTEM, "Giving a user a role takes it from those who had it.")
def _(ref: ProcessMaker3) -> None:
    _entering(ref, "appoint", "role", lambda person, uid: person.role == uid, to=False)


@fault("pm3-give-role-moves-all", SYSTEM, "Giving a user a role gives it to everybody else.")
def _(ref: ProcessMaker3) -> None:
    _entering(ref, "appoint", "role", lambda _one, _uid: True, to=True)


@fault("pm3-group-delete-takes-members", SYSTEM, "Deleting a group deletes its members.")
def _(ref: ProcessMaker3) -> None:
    start = set(ref.people.users)

    def make(dissolve: Callable[[str], None]) -> Callable[[str], None]:
        def ruthless(uid: str) -> None:
            members = list(ref.people.members.get(uid, ()))
            dissolve(uid)
            for member in members:
                if member not in start:
                    ref.people.disable(member)

        return ruthless

    override(ref.people, "dissolve", make)


@fault("pm3-department-unassign-deactivates", SYSTEM, "Unassigning a user from a department makes the user INACTIVE.")
def _(ref: ProcessMaker3) -> None:
    def make(dismiss: Enter) -> Enter:
        def harsh(uid: str, user: Person) -> None:
            dismiss(uid, user)
            user.status = "INACTIVE"

        return harsh

    override(ref.people, "dismiss", make)
