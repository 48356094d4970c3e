"""The faults of the ProcessMaker 3 reference in users, groups, departments and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import edit_json, fault, override, response_fault
from conformance.reference.processmaker3.fields import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.people import Department, Person
    from conformance.reference.processmaker3.server import ProcessMaker3

    Join = Callable[[str, Person], None]

SYSTEM: Final = "processmaker3"
_API: Final = "/api/1.0/[^/]+"


@fault("pm3-unknown-role-unanswered", SYSTEM, "A request for the users of a role that does not exist gets no response.")
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


@fault("pm3-user-delete-leaves-login", SYSTEM, "A deleted user still gets tokens.")
def _(ref: ProcessMaker3) -> None:
    override(ref.people, "expel", lambda _: lambda _uid: None)


def _refuse_status(status: str) -> None:
    @fault(f"pm3-group-refuses-{status.lower()}", SYSTEM, f"A user with status {status} cannot be added to a group.")
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


@fault("pm3-group-delete-keeps", SYSTEM, "Users can be added to a deleted group.")
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


@fault("pm3-department-twins", SYSTEM, "Two departments on the same level can have the same title.")
def _(ref: ProcessMaker3) -> None:
    override(ref.people, "refuse_twin", lambda _: lambda _name, _parent: None)


def _never_last(data: Any) -> Any:
    """Departments none of which is the last one."""
    if isinstance(data, list):
        return [_never_last(item) for item in data]
    return {**data, "dep_last": 0, "dep_children": _never_last(data.get("dep_children", []))}


@fault("pm3-department-last-never", SYSTEM, "dep_last is 0 in every department that is read.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("GET", f"{_API}/department/[^/]+", 200, edit_json(_never_last)))


@fault("pm3-department-last-never-listed", SYSTEM, "dep_last is 0 in the whole list of departments.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("GET", f"{_API}/departments", 200, edit_json(_never_last)))


def _other_way_round(data: Any) -> Any:
    """Departments of which all but the last one are said to be the last."""
    if isinstance(data, list):
        return [_other_way_round(item) for item in data]
    below = {"dep_children": _other_way_round(data["dep_children"])} if "dep_children" in data else {}
    return {**data, "dep_last": int(not data["dep_last"]), **below}


@fault(
    "pm3-department-last-inverted",
    SYSTEM,
    "dep_last of a department that is read is 0 instead of 1 and 1 instead of 0.",
)
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("GET", f"{_API}/department/[^/]+", 200, edit_json(_other_way_round)))


@fault(
    "pm3-department-last-inverted-listed",
    SYSTEM,
    "dep_last in the list of departments is 0 instead of 1 and 1 instead of 0.",
)
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("GET", f"{_API}/departments", 200, edit_json(_other_way_round)))


@fault("pm3-department-last-always", SYSTEM, "dep_last is 1 in every department that is read.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("GET", f"{_API}/department/[^/]+", 200, edit_json(lambda item: {**item, "dep_last": 1})))


@fault("pm3-department-never-empty", SYSTEM, "A department that once had a user can never be deleted.")
def _(ref: ProcessMaker3) -> None:
    used: set[str] = set()

    def make(close: Callable[[str], None]) -> Callable[[str], None]:
        def unforgiving(uid: str) -> None:
            used.update(person.department for person in ref.people.users.values())
            if uid in used:
                raise Refused("Users were assigned to the department.")
            close(uid)

        return unforgiving

    override(ref.people, "close", make)


@fault("pm3-department-unassign-ignored", SYSTEM, "Unassigning a user from a department is accepted, but does nothing.")
def _(ref: ProcessMaker3) -> None:
    override(ref.people, "dismiss", lambda _: lambda _uid, _user: None)


@fault("pm3-department-assign-ignored", SYSTEM, "Assigning a user to a department is accepted, but does nothing.")
def _(ref: ProcessMaker3) -> None:
    override(ref.people, "assign", lambda _: lambda _uid, _user: None)


@fault("pm3-department-delete-keeps", SYSTEM, "The deletion of a department is accepted, but does nothing.")
def _(ref: ProcessMaker3) -> None:
    override(ref.people, "close", lambda close: lambda uid: None if ref.people.empty(uid) else close(uid))


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


@fault("pm3-role-never-free", SYSTEM, "A role that once had a user can never be deleted.")
def _(ref: ProcessMaker3) -> None:
    used: set[str] = set()

    def make(abolish: Callable[[str], None]) -> Callable[[str], None]:
        def unforgiving(uid: str) -> None:
            used.update(person.role for person in ref.people.users.values())
            if uid in used:
                raise Refused("Users had the role.")
            abolish(uid)

        return unforgiving

    override(ref.people, "abolish", make)


@fault("pm3-role-delete-keeps", SYSTEM, "The deletion of a role is accepted, but does nothing.")
def _(ref: ProcessMaker3) -> None:
    def make(abolish: Callable[[str], None]) -> Callable[[str], None]:
        return lambda uid: abolish(uid) if any(user.role == uid for user in ref.people.users.values()) else None

    override(ref.people, "abolish", make)


@fault("pm3-give-role-ignored", SYSTEM, "Giving a user a role is accepted, but does nothing.")
def _(ref: ProcessMaker3) -> None:
    def make(appoint: Join) -> Join:
        return lambda uid, user: appoint(uid, user) if user.uid == ref.people.admin else None

    override(ref.people, "appoint", make)


@fault("pm3-available-users-omit", SYSTEM, "New users are never available for a role.")
def _(ref: ProcessMaker3) -> None:
    start = set(ref.people.users)
    _available(ref, lambda listed: [item for item in listed if item["usr_uid"] in start])


@fault("pm3-available-users-all", SYSTEM, "The users available for a role include those who have it.")
def _(ref: ProcessMaker3) -> None:
    _available(ref, lambda _listed: [person.shown() for person in ref.people.users.values()])


def _available(ref: ProcessMaker3, change: Callable[[list[Data]], list[Data]]) -> None:
    """Change whom the list of users available for a role shows."""
    ref.wrap(response_fault("GET", f"{_API}/role/[^/]+/available-users", 200, edit_json(change)))


@fault("pm3-users-unlisted", SYSTEM, "A new user can be read, but is not in the list.")
def _(ref: ProcessMaker3) -> None:
    start = set(ref.people.users)
    shown = edit_json(lambda listed: [item for item in listed if item["usr_uid"] in start])
    ref.wrap(response_fault("GET", f"{_API}/users", 200, shown))


@fault(
    "pm3-admin-role-code-text", SYSTEM, "Giving the administrator another role is refused with a code that is a string."
)
def _(ref: ProcessMaker3) -> None:
    quoted = edit_json(lambda data: {"error": {**data["error"], "code": str(data["error"]["code"])}})
    ref.wrap(response_fault("POST", f"{_API}/role/[^/]+/user", 400, quoted))


@fault("pm3-admin-role-changed", SYSTEM, "The administrator can be given another role.")
def _(ref: ProcessMaker3) -> None:
    def make(appoint: Join) -> Join:
        def anybody(uid: str, user: Person) -> None:
            if user.uid != ref.people.admin:
                appoint(uid, user)

        return anybody

    override(ref.people, "appoint", make)


@fault("pm3-admin-role-forbidden", SYSTEM, "Giving the administrator another role returns 403.")
def _(ref: ProcessMaker3) -> None:
    _refuse_administrator(ref, Refused("The role of the administrator can not be changed!", 403))


@fault("pm3-admin-role-other-message", SYSTEM, "Giving the administrator another role is refused with another message.")
def _(ref: ProcessMaker3) -> None:
    _refuse_administrator(ref, Refused("No."))


def _refuse_administrator(ref: ProcessMaker3, refusal: Refused) -> None:
    def refuse() -> None:
        raise refusal

    override(ref.people, "refuse_administrator", lambda _: refuse)


@fault("pm3-admin-role-refused-and-changed", SYSTEM, "Giving the administrator another role is refused, and done.")
def _(ref: ProcessMaker3) -> None:
    def make(appoint: Join) -> Join:
        def done(uid: str, user: Person) -> None:
            if user.uid == ref.people.admin:
                user.role = ref.people.role(uid).uid
            appoint(uid, user)

        return done

    override(ref.people, "appoint", make)


@fault("pm3-admin-role-second", SYSTEM, "Giving the administrator another role is refused the first time only.")
def _(ref: ProcessMaker3) -> None:
    refusals = iter([ref.people.refuse_administrator])

    def tired() -> None:
        next(refusals, lambda: None)()

    override(ref.people, "refuse_administrator", lambda _: tired)


@fault("pm3-department-twins-below", SYSTEM, "Two departments below another one may have the same title.")
def _(ref: ProcessMaker3) -> None:
    def make(refuse: Callable[[str, str], None]) -> Callable[[str, str], None]:
        return lambda name, parent: None if parent else refuse(name, parent)

    override(ref.people, "refuse_twin", make)


@fault(
    "pm3-department-last-deleted", SYSTEM, "When the last department of a level is deleted, no other one is the last."
)
def _(ref: ProcessMaker3) -> None:
    newest: dict[str, str] = {}

    def opening(usual: Callable[[Data], Department]) -> Callable[[Data], Department]:
        def noted(data: Data) -> Department:
            department = usual(data)
            newest[department.parent] = department.uid
            return department

        return noted

    def last(usual: Callable[[Department], int]) -> Callable[[Department], int]:
        return lambda item: int(newest[item.parent] == item.uid) if item.parent in newest else usual(item)

    override(ref.people, "open", opening)
    override(ref.people, "last", last)


@fault("pm3-department-last-of-all", SYSTEM, "Only the newest department of all levels is the last one.")
def _(ref: ProcessMaker3) -> None:
    override(ref.people, "last", lambda _: lambda item: int(list(ref.people.departments.values())[-1] is item))


@fault("pm3-department-last-childless", SYSTEM, "A department with others below it is never the last one.")
def _(ref: ProcessMaker3) -> None:
    def make(last: Callable[[Department], int]) -> Callable[[Department], int]:
        return lambda department: 0 if any(ref.people.below(department.uid)) else last(department)

    override(ref.people, "last", make)
