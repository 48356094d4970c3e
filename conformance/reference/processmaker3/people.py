"""The people of a ProcessMaker 3 reference: users, the groups and departments they belong to, and their roles."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.processmaker3.diagram import new_uid
from conformance.reference.processmaker3.fields import (
    Data,
    Refused,
    one_of,
    optional_text,
    text,
    title,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.reference.processmaker3.oauth import Account, Accounts

ADMINISTRATOR: Final = "e0000000000000000000000000000001"
OPERATOR: Final = "e0000000000000000000000000000002"
STATUSES: Final = ("ACTIVE", "INACTIVE", "VACATION")
_CODES: Final = {ADMINISTRATOR: "PROCESSMAKER_ADMIN", OPERATOR: "PROCESSMAKER_OPERATOR"}


@dataclass
class Person:
    """One user. `role` and `department` are identifiers (the latter may be empty), `picture` is a number of bytes."""

    uid: str
    username: str
    firstname: str
    lastname: str
    email: str = ""
    status: str = "ACTIVE"
    role: str = OPERATOR
    department: str = ""
    city: str = ""
    picture: int = 0

    def shown(self) -> Data:
        """The user as it is read and listed."""
        return {
            "usr_uid": self.uid,
            "usr_username": self.username,
            "usr_firstname": self.firstname,
            "usr_lastname": self.lastname,
            "usr_email": self.email,
            "usr_status": self.status,
            "usr_role": self.role,
            "usr_city": self.city,
            "dep_uid": self.department,
        }


@dataclass(frozen=True)
class Department:
    """One department; `parent` is the identifier of the one above it, empty at the top."""

    uid: str
    title: str
    parent: str
    status: str


@dataclass(frozen=True)
class Role:
    """One role."""

    uid: str
    code: str
    name: str


class People:
    """Everything that the operations on users, groups, departments and roles read and change.

    `groups` are the titles by identifier, which the workspace holds; `admin` is the account that keeps its role.
    """

    def __init__(self, accounts: Accounts, staff: Sequence[Account], groups: dict[str, str]) -> None:
        self.accounts = accounts
        self.groups = groups
        self.admin = staff[0].uid
        self.users = {
            account.uid: Person(account.uid, account.username, account.username.title(), "Reference")
            for account in staff
        }
        self.users[self.admin].role = ADMINISTRATOR
        self.disabled: dict[str, Person] = {}
        self.members: dict[str, list[str]] = {}
        self.departments: dict[str, Department] = {}
        self.roles = {uid: Role(uid, code, code.title()) for uid, code in _CODES.items()}

    def snapshot(self) -> Data:
        """The state as JSON data, without the records of deleted users: nothing removes these."""
        return {
            "users": {uid: asdict(person) for uid, person in self.users.items()},
            "members": {uid: list(members) for uid, members in self.members.items() if members},
            "departments": {uid: asdict(department) for uid, department in self.departments.items()},
            "roles": {uid: asdict(role) for uid, role in self.roles.items()},
        }

    # -- users --------------------------------------------------------------------------------------------------------

    def user(self, uid: Any) -> Person:
        """The user `uid`. Raises Refused: there is none, or it was deleted."""
        if not isinstance(uid, str) or uid not in self.users:
            raise Refused("There is no such user.")
        return self.users[uid]

    def record(self, uid: str) -> Person:
        """The record of a user, which outlives a deletion. Raises Refused."""
        return self.disabled[uid] if uid in self.disabled else self.user(uid)

    def enlist(self, data: Data) -> Person:
        """A new user, who may log in. Raises Refused."""
        username = title("usr_username", data.get("usr_username"))
        if any(person.username == username for person in self.users.values()):
            raise Refused(f"There is a user {username} already.")
        password = title("usr_new_pass", data.get("usr_new_pass"))
        code = title("usr_role", data.get("usr_role"))
        role = next((role.uid for role in self.roles.values() if role.code == code), None)
        if role is None:
            raise Refused(f"There is no role {code}.")
        person = Person(
            new_uid(),
            username,
            title("usr_firstname", data.get("usr_firstname")),
            title("usr_lastname", data.get("usr_lastname")),
            optional_text("usr_email", data.get("usr_email")) or "",
            one_of(*STATUSES)("usr_status", data.get("usr_status")),
            role,
        )
        self.users[person.uid] = person
        self.accounts.enlist(person.uid, username, password)
        return person

    def disable(self, uid: str) -> None:
        """Delete a user: the record stays, without its user name, and belongs to nothing any more. Raises Refused."""
        if uid == self.admin:
            raise Refused("The administrator cannot be deleted.")
        person = self.user(uid)
        del self.users[uid]
        for members in self.members.values():
            if uid in members:
                members.remove(uid)
        person.username = person.department = ""
        self.disabled[uid] = person
        self.expel(uid)

    def expel(self, uid: str) -> None:
        """Let a user log in no more."""
        self.accounts.expel(uid)

    # -- groups -------------------------------------------------------------------------------------------------------

    def found(self, data: Data) -> str:
        """The identifier of a new group. Raises Refused."""
        name = title("grp_title", data.get("grp_title"))
        if name in self.groups.values():
            raise Refused(f"There is a group {name} already.")
        uid = new_uid()
        self.groups[uid] = name
        return uid

    def group(self, uid: str) -> str:
        """The identifier of a group that exists. Raises Refused."""
        if uid not in self.groups:
            raise Refused("There is no such group.")
        return uid

    def dissolve(self, uid: str) -> None:
        """Delete a group. Raises Refused."""
        del self.groups[self.group(uid)]
        self.members.pop(uid, None)

    def join(self, uid: str, user: Person) -> None:
        """Put a user into a group, whatever the user's status. Raises Refused."""
        members = self.members.setdefault(self.group(uid), [])
        if user.uid in members:
            raise Refused("The user belongs to the group already.")
        members.append(user.uid)

    # -- departments --------------------------------------------------------------------------------------------------

    def department(self, uid: str) -> Department:
        """The department `uid`. Raises Refused."""
        if uid not in self.departments:
            raise Refused("There is no such department.")
        return self.departments[uid]

    def open(self, data: Data) -> Department:
        """A new department. Raises Refused."""
        name = title("dep_title", data.get("dep_title"))
        parent = text("dep_parent", data.get("dep_parent") or "")
        if parent:
            self.department(parent)
        self.refuse_twin(name, parent)
        status = one_of("ACTIVE", "INACTIVE")("dep_status", data.get("dep_status", "ACTIVE"))
        made = Department(new_uid(), name, parent, status)
        self.departments[made.uid] = made
        return made

    def refuse_twin(self, name: str, parent: str) -> None:
        """Raises Refused: there is a department of that title below the same one."""
        if any(department.title == name for department in self.below(parent)):
            raise Refused(f"There is a department {name} already.")

    def below(self, parent: str) -> Iterator[Department]:
        """The departments of one level, in the order of their creation."""
        return (department for department in self.departments.values() if department.parent == parent)

    def last(self, department: Department) -> int:
        """1 for the last department of its level, 0 for others."""
        *_, final = self.below(department.parent)
        return int(final is department)

    def close(self, uid: str) -> None:
        """Delete a department. Raises Refused: it has users, or others are below it."""
        self.department(uid)
        if any(self.below(uid)):
            raise Refused("There are departments below this one.")
        if not self.empty(uid):
            raise Refused("Users are assigned to the department.")
        del self.departments[uid]

    def empty(self, uid: str) -> bool:
        """Whether nobody is assigned to a department. Raises Refused: there is none."""
        return not any(person.department == self.department(uid).uid for person in self.users.values())

    def assign(self, uid: str, user: Person) -> None:
        """Assign a user to a department. Raises Refused."""
        user.department = self.department(uid).uid

    def dismiss(self, uid: str, user: Person) -> None:
        """Take a user out of a department. Raises Refused."""
        if user.department != self.department(uid).uid:
            raise Refused("The user is not assigned to the department.")
        user.department = ""

    # -- roles --------------------------------------------------------------------------------------------------------

    def role(self, uid: str) -> Role:
        """The role `uid`. Raises Refused."""
        if uid not in self.roles:
            raise Refused("There is no such role.")
        return self.roles[uid]

    def define(self, data: Data) -> Role:
        """A new role. Raises Refused."""
        code = title("rol_code", data.get("rol_code"))
        if any(role.code == code for role in self.roles.values()):
            raise Refused(f"There is a role {code} already.")
        made = Role(new_uid(), code, title("rol_name", data.get("rol_name")))
        self.roles[made.uid] = made
        return made

    def abolish(self, uid: str) -> None:
        """Delete a role. Raises Refused: it has users."""
        self.role(uid)
        if any(person.role == uid for person in self.users.values()):
            raise Refused("Users have the role.")
        del self.roles[uid]

    def appoint(self, uid: str, user: Person) -> None:
        """Give a user a role instead of the one before. Raises Refused: it is the administrator."""
        role = self.role(uid)
        if user.uid == self.admin:
            self.refuse_administrator()
        user.role = role.uid

    def release(self, uid: str, user: Person) -> None:
        """Take a role from a user. Raises Refused: the user has another one, or is the administrator."""
        if user.uid == self.admin:
            self.refuse_administrator()
        if user.role != self.role(uid).uid:
            raise Refused("The user does not have the role.")
        user.role = ""

    def refuse_administrator(self) -> None:
        """Raises Refused."""
        raise Refused("The role of the administrator can not be changed!")
