"""The faults of the ProcessMaker 3 reference in what users belong to: who counts as a member, and what that leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.faults import fault, override

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.people import Person
    from conformance.reference.processmaker3.server import ProcessMaker3

SYSTEM: Final = "processmaker3"
_ACTIVE: Final = "ACTIVE"


@fault("pm3-department-of-inactive-deleted", SYSTEM, "A department is deleted if none of its users is ACTIVE.")
def _(ref: ProcessMaker3) -> None:
    def make(close: Callable[[str], None]) -> Callable[[str], None]:
        def choosy(uid: str) -> None:
            _release(ref, uid, "department", "")
            close(uid)

        return choosy

    override(ref.people, "close", make)


@fault("pm3-role-of-inactive-deleted", SYSTEM, "A role is deleted if none of the users who have it is ACTIVE.")
def _(ref: ProcessMaker3) -> None:
    def make(abolish: Callable[[str], None]) -> Callable[[str], None]:
        def choosy(uid: str) -> None:
            _release(ref, uid, "role", "")
            abolish(uid)

        return choosy

    override(ref.people, "abolish", make)


def _release(ref: ProcessMaker3, uid: str, place: str, empty: str) -> None:
    """Take everybody out of a place who is in it, if none of them is ACTIVE."""
    inside = [person for person in ref.people.users.values() if getattr(person, place) == uid]
    if all(person.status != _ACTIVE for person in inside):
        for person in inside:
            setattr(person, place, empty)


@fault("pm3-user-delete-leaves-member-login", SYSTEM, "A deleted user who belonged to a group still gets tokens.")
def _(ref: ProcessMaker3) -> None:
    _keep_login(ref, lambda person: any(person.uid in members for members in ref.people.members.values()))


@fault(
    "pm3-user-delete-leaves-staff-login", SYSTEM, "A deleted user who was assigned to a department still gets tokens."
)
def _(ref: ProcessMaker3) -> None:
    _keep_login(ref, lambda person: bool(person.department))


def _keep_login(ref: ProcessMaker3, kept: Callable[[Person], bool]) -> None:
    """Let a deleted user go on getting tokens if `kept` is true of the user before."""
    staying: set[str] = set()

    def noting(disable: Callable[[str], None]) -> Callable[[str], None]:
        def noted(uid: str) -> None:
            if uid in ref.people.users and kept(ref.people.users[uid]):
                staying.add(uid)
            disable(uid)

        return noted

    def lenient(expel: Callable[[str], None]) -> Callable[[str], None]:
        return lambda uid: None if uid in staying else expel(uid)

    override(ref.people, "disable", noting)
    override(ref.people, "expel", lenient)
