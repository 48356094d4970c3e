"""The faults of the ProcessMaker 3 reference in what users belong to: who counts as a member, and what that leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.faults import fault, override

if TYPE_CHECKING:
    from collections.abc import Callable

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
