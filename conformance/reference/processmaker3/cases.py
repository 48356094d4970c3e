"""The cases of a ProcessMaker 3 reference: their state, and the operations on them but for documents and notes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from conformance.reference.answers import Answer, json_object
from conformance.reference.processmaker3.fields import Data, Refused, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.processmaker3.routes import Call, Operation

ANYBODY: Final[frozenset[str]] = frozenset()
RUNNING: Final = "TO_DO"
ACTIVE: Final = "ACTIVE"
DELETED: Final = "DELETED"
REASSIGNED: Final = "reassigned"
"""The variable that a trigger sets when a case is reassigned."""

# The literal path precedes the one with a parameter, which would match it.
OPERATIONS: Final[Sequence[Operation]] = (
    ("list_unassigned_cases", "GET", "/cases/unassigned", ANYBODY),
    ("get_case", "GET", "/cases/{app_uid}", ANYBODY),
    ("list_case_tasks", "GET", "/cases/{app_uid}/tasks", ANYBODY),
    ("reassign_case", "PUT", "/cases/{app_uid}/reassign-case", frozenset({"PM_REASSIGNCASE"})),
    ("execute_trigger", "PUT", "/cases/{app_uid}/execute-trigger/{tri_uid}", ANYBODY),
    ("get_case_variables", "GET", "/cases/{app_uid}/variables", ANYBODY),
    ("set_case_variable", "PUT", "/cases/{app_uid}/variable", ANYBODY),
)


@dataclass
class Document:
    """A file of a case: an upload, or one that was generated. A deleted one is only marked, and kept."""

    uid: str
    name: str
    task: str
    status: str = ACTIVE


@dataclass
class Case:
    """One case. `user` works on it.

    While it is unassigned, nobody does: then each of the `candidates` and of the `adhoc` users of its task may claim
    it. `task` is its current one, empty when it is over. `viewers` have the process permission to see its documents,
    `note_viewers` that for its notes, `supervisors` may upload.
    """

    uid: str
    user: str = ""
    status: str = RUNNING
    task: str = ""
    tasks: dict[str, str] = field(default_factory=dict)
    candidates: tuple[str, ...] = ()
    adhoc: tuple[str, ...] = ()
    viewers: tuple[str, ...] = ()
    note_viewers: tuple[str, ...] = ()
    supervisors: tuple[str, ...] = ()
    variables: Data = field(default_factory=dict)
    inputs: dict[str, Document] = field(default_factory=dict)
    outputs: dict[str, Document] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def snapshot(self) -> Data:
        """The state as JSON data, as far as an operation can show it: what is marked as deleted is in no answer."""
        shown = asdict(self)
        for kind in ("inputs", "outputs"):
            shown[kind] = {uid: item for uid, item in shown[kind].items() if item["status"] == ACTIVE}
        return shown


@dataclass
class Casebook:
    """All cases, and the triggers of their process, each with the name of the variable that it unsets."""

    cases: dict[str, Case] = field(default_factory=dict)
    triggers: dict[str, str] = field(default_factory=dict)

    def snapshot(self) -> Data:
        """The state as JSON data."""
        return {uid: case.snapshot() for uid, case in self.cases.items()}

    def find(self, uid: str) -> Case:
        """The case `uid`. Raises Refused."""
        if uid not in self.cases:
            raise Refused("There is no such case.", 404)
        return self.cases[uid]

    def unassigned(self, user: str) -> list[Data]:
        """The cases that nobody works on and that `user` may claim, assigned to their current task or ad hoc."""
        return [self.described(case) for case in self.cases.values() if not case.user and self.may_claim(case, user)]

    def may_claim(self, case: Case, user: str) -> bool:
        """Whether a case waits for `user`."""
        return user in case.candidates or user in case.adhoc

    def described(self, case: Case) -> Data:
        """The description of a case."""
        current = [{"tas_uid": case.task, "tas_title": case.tasks[case.task]}] if case.task else []
        return {"app_uid": case.uid, "app_status": case.status, "current_task": current}

    def tasks(self, case: Case) -> list[Data]:
        """The tasks that a case has come by."""
        return [
            {"tas_uid": uid, "tas_title": title, "status": "TASK_IN_PROGRESS" if uid == case.task else "TASK_COMPLETED"}
            for uid, title in case.tasks.items()
        ]

    def execute(self, case: Case, trigger: str) -> None:
        """Let a trigger do its work in a case, whether a step uses it or not. Raises Refused."""
        if trigger not in self.triggers:
            raise Refused("There is no such trigger.")
        case.variables.pop(self.triggers[trigger], None)

    def reassigned(self, case: Case) -> None:
        """Let the trigger of the process do its work that is for reassignments: it notes that there was one."""
        if REASSIGNED in case.variables:
            case.variables[REASSIGNED] = "yes"

    def write(self, case: Case, variables: Data) -> None:
        """Set variables; none can be removed so."""
        case.variables |= variables


class Cases:
    """The operations on cases."""

    operations = OPERATIONS

    def __init__(self, book: Casebook) -> None:
        self.book = book

    async def list_unassigned_cases(self, call: Call) -> Response:
        """The cases that the user may claim."""
        return Answer(self.book.unassigned(call.user))

    async def get_case(self, call: Call) -> Response:
        """State and current task of a case."""
        return Answer(self.book.described(self.case(call)))

    async def list_case_tasks(self, call: Call) -> Response:
        """The tasks of a case."""
        return Answer(self.book.tasks(self.case(call)))

    async def reassign_case(self, call: Call) -> Response:
        """Give a case to another user; the answer has no content."""
        case, wanted = self.case(call), await json_object(call.request)
        source, target = (text(name, wanted.get(name)) for name in ("usr_uid_source", "usr_uid_target"))
        if source != case.user:
            raise Refused("The case is not assigned to that user.")
        case.user = target
        self.book.reassigned(case)
        return Response(status_code=200)

    async def execute_trigger(self, call: Call) -> Response:
        """Execute a trigger; the answer has no content."""
        self.book.execute(self.case(call), call.named("tri_uid"))
        return Response(status_code=200)

    async def get_case_variables(self, call: Call) -> Response:
        """The variables of a case, whatever its status."""
        return Answer(self.case(call).variables)

    async def set_case_variable(self, call: Call) -> Response:
        """Set variables; the answer has no content."""
        self.book.write(self.case(call), await json_object(call.request))
        return Response(status_code=200)

    def case(self, call: Call) -> Case:
        """The case that the path names. Raises Refused."""
        return self.book.find(call.named("app_uid"))
