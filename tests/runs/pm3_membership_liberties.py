"""Where a ProcessMaker 3 shows what belongs together, and when: users, departments, and the processes of projects."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from conformance.reference.edits import Data, Outgoing, editing, on_reading
from conformance.reference.faults import override
from conformance.reference.processmaker3.fields import Refused
from conformance.reference.processmaker3.liberal import API
from conformance.reference.processmaker3.routes import unknown_path

from .liberty import LAG, Liberty, asking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp, Scope

    from conformance.reference.processmaker3.people import Person
    from conformance.reference.processmaker3.server import ProcessMaker3

PROCESS = re.compile(f"{API}/project/(?P<project>[^/]+)/process(?P<slash>/?)")


def delayed(reference: ProcessMaker3) -> None:
    """A department or role has a new user only after a while."""
    people, since = reference.people, dict[str, float]()

    def entering(usual: Callable[[str, Person], None]) -> Callable[[str, Person], None]:
        def enter(uid: str, user: Person) -> None:
            usual(uid, user)
            since[user.uid] = time.monotonic()

        return enter

    def inside(user: Person) -> bool:
        return time.monotonic() >= since.get(user.uid, 0) + LAG

    def abolish(uid: str) -> None:
        people.role(uid)
        if any(person.role == uid and inside(person) for person in people.users.values()):
            raise Refused("Users have the role.")
        del people.roles[uid]

    def empty(uid: str) -> bool:
        return not any(item.department == uid and inside(item) for item in people.users.values())

    override(people, "assign", entering)
    override(people, "appoint", entering)
    override(people, "empty", lambda _: empty)
    override(people, "abolish", lambda _: abolish)


def flat(answer: Outgoing) -> None:
    """The departments are one list, the newest first."""

    def all_of(departments: list[Data]) -> Iterator[Data]:
        for department in departments:
            below = department.pop("dep_children")
            yield department
            yield from all_of(below)

    if answer.path.endswith("/departments") and answer.method == "GET" and answer.accepted:
        answer.json = list(all_of(answer.json))[::-1]


def moved(reference: ProcessMaker3) -> None:
    """A classic process belongs to the project that was generated from it, and is read by that identifier alone."""
    owners = dict[str, str]()

    def generate(usual: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
        def noted(process: str, user: str) -> Any:
            project = usual(process, user)
            owners[process] = project.uid
            return project

        return noted

    def hide(answer: Outgoing) -> None:
        found = PROCESS.fullmatch(answer.path)
        if answer.method == "GET" and found and owners.get(found["project"]) in reference.workspace.projects:
            answer.status, answer.json = 404, {"error": {"code": 404, "message": "There is no such project."}}

    override(reference.workspace, "generate", generate)
    reference.wrap(editing(hide))


def belonging(reference: ProcessMaker3) -> None:
    """All liberties that do not exclude each other."""
    delayed(reference)
    moved(reference)
    reference.wrap(editing(on_reading(flat)))


def final_slash(scope: Scope, body: bytes) -> tuple[Scope, bytes] | ASGIApp:
    """A process is read only with a slash at the end of the path (A-PM3-17)."""
    found = PROCESS.fullmatch(scope["path"])
    if found is None or scope["method"] != "GET":
        return scope, body
    return ({**scope, "path": scope["path"].removesuffix("/")}, body) if found["slash"] else unknown_path()


def slashed(reference: ProcessMaker3) -> None:
    """The documented path of a process is unknown, the one with a slash is not."""
    reference.wrap(asking(final_slash))


LIBERTIES = (
    Liberty(
        "belonging",
        "processmaker3",
        belonging,
        settle=2 * LAG,
        unshown=("PM3-GENERATE-PROCESS-KEPT",),  # the process is read by another identifier
    ),
    Liberty(
        "slashed",
        "processmaker3",
        slashed,
        unshown=("updateProcess:refused-unchanged",),  # generated updates are read by the documented path alone
        findings=("getProcess:documented-form",),
    ),
)
