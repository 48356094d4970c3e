"""The operations of a ProcessMaker 3 reference on users, groups, departments and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from conformance.reference.answers import Answer, json_object
from conformance.reference.forms import read_form
from conformance.reference.processmaker3.fields import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.people import Department, People, Person
    from conformance.reference.processmaker3.routes import Call, Operation

USERS: Final = frozenset({"PM_USERS"})

OPERATIONS: Final[Sequence[Operation]] = (
    ("list_users", "GET", "/users", USERS),
    ("create_user", "POST", "/user", USERS),
    ("read_user", "GET", "/user/{usr_uid}", USERS),
    ("delete_user", "DELETE", "/user/{usr_uid}", USERS),
    ("upload_image", "POST", "/user/{usr_uid}/image-upload", USERS),
    ("create_group", "POST", "/group", USERS),
    ("delete_group", "DELETE", "/group/{grp_uid}", USERS),
    ("add_group_user", "POST", "/group/{grp_uid}/user", USERS),
    ("list_departments", "GET", "/departments", USERS),
    ("create_department", "POST", "/department", USERS),
    ("read_department", "GET", "/department/{dep_uid}", USERS),
    ("delete_department", "DELETE", "/department/{dep_uid}", USERS),
    ("assign_user", "POST", "/department/{dep_uid}/assign-user", USERS),
    ("unassign_user", "PUT", "/department/{dep_uid}/unassign-user/{usr_uid}", USERS),
    ("create_role", "POST", "/role", USERS),
    ("delete_role", "DELETE", "/role/{rol_uid}", USERS),
    ("give_role", "POST", "/role/{rol_uid}/user", USERS),
    ("take_role", "DELETE", "/role/{rol_uid}/user/{usr_uid}", USERS),
    ("available_users", "GET", "/role/{rol_uid}/available-users", USERS),
)


class Directory:
    """The operations on the people of a workspace."""

    operations = OPERATIONS

    def __init__(self, people: People) -> None:
        self.people = people

    async def list_users(self, _call: Call) -> Response:
        """All users who were not deleted."""
        return Answer([person.shown() for person in self.people.users.values()])

    async def create_user(self, call: Call) -> Response:
        """Make a user."""
        return Answer(self.people.enlist(await json_object(call.request)).shown(), 201)

    async def read_user(self, call: Call) -> Response:
        """One user, also a deleted one."""
        return Answer(self.people.record(call.named("usr_uid")).shown())

    async def delete_user(self, call: Call) -> Response:
        """Disable a user."""
        self.people.disable(call.named("usr_uid"))
        return Response(status_code=200)

    async def upload_image(self, call: Call) -> Response:
        """Take the picture of a user, whatever the part of the form is called."""
        person = self.people.user(call.named("usr_uid"))
        _, files = await read_form(call.request)
        if not files:
            raise Refused("A picture is required; send it as a file of a multipart form.")
        _, content = next(iter(files.values()))
        person.picture = len(content)
        return Response(status_code=200)

    async def create_group(self, call: Call) -> Response:
        """Make a group."""
        data = await json_object(call.request)
        uid = self.people.found(data)
        return Answer({"grp_uid": uid, "grp_title": self.people.groups[uid], "grp_status": "ACTIVE"}, 201)

    async def delete_group(self, call: Call) -> Response:
        """Remove a group."""
        self.people.dissolve(call.named("grp_uid"))
        return Response(status_code=200)

    async def add_group_user(self, call: Call) -> Response:
        """Put a user into a group."""
        user = await self._user(call)
        self.people.join(call.named("grp_uid"), user)
        return Response(status_code=201)

    async def list_departments(self, _call: Call) -> Response:
        """All departments, each with those below it."""
        return Answer([self._branch(department) for department in self.people.below("")])

    def _branch(self, department: Department) -> Data:
        below = [self._branch(item) for item in self.people.below(department.uid)]
        shown = _shown(department, self.people.last(department))
        return {**shown, "has_children": len(below), "dep_children": below}

    async def create_department(self, call: Call) -> Response:
        """Make a department; the answer says nothing of which one is the last."""
        return Answer(_shown(self.people.open(await json_object(call.request)), 0), 201)

    async def read_department(self, call: Call) -> Response:
        """One department."""
        department = self.people.department(call.named("dep_uid"))
        return Answer(_shown(department, self.people.last(department)))

    async def delete_department(self, call: Call) -> Response:
        """Remove a department."""
        self.people.close(call.named("dep_uid"))
        return Response(status_code=200)

    async def assign_user(self, call: Call) -> Response:
        """Assign a user to a department."""
        self.people.assign(call.named("dep_uid"), await self._user(call))
        return Response(status_code=201)

    async def unassign_user(self, call: Call) -> Response:
        """Take a user out of a department."""
        self.people.dismiss(call.named("dep_uid"), self.people.user(call.named("usr_uid")))
        return Response(status_code=200)

    async def create_role(self, call: Call) -> Response:
        """Make a role."""
        role = self.people.define(await json_object(call.request))
        return Answer({"rol_uid": role.uid, "rol_code": role.code, "rol_name": role.name}, 201)

    async def delete_role(self, call: Call) -> Response:
        """Remove a role."""
        self.people.abolish(call.named("rol_uid"))
        return Response(status_code=200)

    async def give_role(self, call: Call) -> Response:
        """Give a user a role."""
        user = await self._user(call)
        self.people.appoint(call.named("rol_uid"), user)
        return Response(status_code=201)

    async def take_role(self, call: Call) -> Response:
        """Take a role from a user, who has none then."""
        self.people.release(call.named("rol_uid"), self.people.user(call.named("usr_uid")))
        return Response(status_code=200)

    async def available_users(self, call: Call) -> Response:
        """The users who do not have a role, the administrator among them."""
        role = self.people.role(call.named("rol_uid"))
        return Answer([person.shown() for person in self.people.users.values() if person.role != role.uid])

    async def _user(self, call: Call) -> Person:
        """The user whom a body names. Raises Refused."""
        return self.people.user((await json_object(call.request)).get("usr_uid"))


def _shown(department: Department, last: int) -> Data:
    return {
        "dep_uid": department.uid,
        "dep_parent": department.parent,
        "dep_title": department.title,
        "dep_status": department.status,
        "dep_manager": "",
        "dep_last": last,
    }
