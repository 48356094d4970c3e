"""The faults of the ProcessMaker 3 reference in users, groups, departments and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import edit_json, fault, override, response_fault
from conformance.reference.pm3_fields import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from conformance.reference.pm3_people import Person
    from conformance.reference.processmaker3 import ProcessMaker3

    Join = Callable[[str, Person], None]

SYSTEM: Final = "processmaker3"
_API: Final = "/api/1.0/[^/]+"


@fault("pm3-unknown-role-unanswered", SYSTEM, "Whoever asks for the users of a role that does not exist is cut off.")
def _(ref: ProcessMaker3) -> None:
    def wrap(app: ASGIApp) -> ASGIApp:
        async def hang_up(scope: Scope, receive: Receive, send: Send) -> None:
            role, _, last = scope["path"].partition("/role/")[2].partition("/")
            if last != "available-users" or role in ref.people.roles:
                await app(scope, receive, send)
                return
            # A server that promises more than it sends must close the connection.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            await send({"type": "http.response.body", "body": b""})

        return hang_up

    ref.wrap(wrap)


@fault("pm3-user-delete-leaves-login", SYSTEM, "A deleted user goes on getting tokens.")
def _(ref: ProcessMaker3) -> None:
    override(ref.people, "expel", lambda _: lambda _uid: None)


def _refuse_status(status: str) -> None:
    @fault(f"pm3-group-refuses-{status.lower()}", SYSTEM, f"A user of status {status} cannot be put into a group.")
    def _(ref: ProcessMaker3) -> None:
        def make(join: Join) -> Join:
            def choosy(uid: str, user: Person) -> None:
                if user.status == status:
                    raise Refused(f"The user is {status}.")
                join(uid, user)

            return choosy

        override(ref.people, "join", make)


for _status in ("INACTIVE", "VACATION"):
    _refuse_status(_status)


@fault("pm3-group-delete-keeps", SYSTEM, "A group that was deleted goes on taking users.")
def _(ref: ProcessMaker3) -> None:
    deleted: set[str] = set()

    def keep(make: Callable[[str], None]) -> Callable[[str], None]:
        def dissolve(uid: str) -> None:
            make(uid)
            deleted.add(uid)

        return dissolve

    def lenient(group: Callable[[str], str]) -> Callable[[str], str]:
        return lambda uid: uid if uid in deleted else group(uid)

    override(ref.people, "dissolve", keep)
    override(ref.people, "group", lenient)


@fault("pm3-department-unreadable", SYSTEM, "A new department is listed, but cannot be read.")
def _(ref: ProcessMaker3) -> None:
    answer = edit_json(lambda _: {"error": {"code": 400, "message": "Bad Request: The department cannot be read."}})
    ref.wrap(response_fault("GET", f"{_API}/department/[^/]+", 200, lambda *found: (400, *answer(*found)[1:])))


@fault("pm3-department-unlisted", SYSTEM, "A new department can be read, but is not in the list.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("GET", f"{_API}/departments", 200, edit_json(lambda _: [])))


@fault("pm3-department-twins", SYSTEM, "Two departments of one level may have the same title.")
def _(ref: ProcessMaker3) -> None:
    override(ref.people, "refuse_twin", lambda _: lambda _name, _parent: None)


def _never_last(data: Any) -> Any:
    """Departments none of which is the last one."""
    if isinstance(data, list):
        return [_never_last(one) for one in data]
    return {**data, "dep_last": 0, "dep_children": _never_last(data.get("dep_children", []))}


@fault("pm3-department-last-never", SYSTEM, "dep_last is 0 in whatever department is read.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("GET", f"{_API}/department/[^/]+", 200, edit_json(_never_last)))


@fault("pm3-department-last-never-listed", SYSTEM, "dep_last is 0 in the whole list of departments.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("GET", f"{_API}/departments", 200, edit_json(_never_last)))


@fault("pm3-department-with-users-deleted", SYSTEM, "A department is deleted although users are assigned to it.")
def _(ref: ProcessMaker3) -> None:
    def make(close: Callable[[str], None]) -> Callable[[str], None]:
        def ruthless(uid: str) -> None:
            for person in ref.people.users.values():
                person.department = "" if person.department == uid else person.department
            close(uid)

        return ruthless

    override(ref.people, "close", make)


@fault("pm3-role-with-users-deleted", SYSTEM, "A role is deleted although users have it.")
def _(ref: ProcessMaker3) -> None:
    override(ref.people, "abolish", lambda _: lambda uid: ref.people.roles.pop(ref.people.role(uid).uid))


@fault("pm3-admin-role-changed", SYSTEM, "The administrator can be given another role.")
def _(ref: ProcessMaker3) -> None:
    def make(appoint: Join) -> Join:
        def anybody(uid: str, user: Person) -> None:
            if user.uid != ref.people.admin:
                appoint(uid, user)

        return anybody

    override(ref.people, "appoint", make)


@fault("pm3-admin-role-forbidden", SYSTEM, "Giving the administrator another role is answered with 403.")
def _(ref: ProcessMaker3) -> None:
    _refuse_administrator(ref, Refused("The role of the administrator can not be changed!", 403))


@fault("pm3-admin-role-other-message", SYSTEM, "Giving the administrator another role is refused in other words.")
def _(ref: ProcessMaker3) -> None:
    _refuse_administrator(ref, Refused("No."))


def _refuse_administrator(ref: ProcessMaker3, refusal: Refused) -> None:
    def refuse() -> None:
        raise refusal

    override(ref.people, "refuse_administrator", lambda _: refuse)
