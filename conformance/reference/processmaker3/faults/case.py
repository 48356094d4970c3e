"""The faults of the ProcessMaker 3 reference in cases, their variables, and case tracker objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse

from conformance.reference.answers import Answer
from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.cases import RUNNING
from conformance.reference.processmaker3.fields import Refused, text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from conformance.reference.processmaker3.cases import Case
    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.routes import Call
    from conformance.reference.processmaker3.server import ProcessMaker3

    Endpoint = Callable[[Call], Awaitable[Response]]

SYSTEM: Final = "processmaker3"


@fault(
    "pm3-tracker-half-accepted",
    SYSTEM,
    "A case tracker object is accepted with only one of its type and its identifier.",
)
def _(ref: ProcessMaker3) -> None:
    override(
        ref.case_tracker,
        "read",
        lambda _: lambda data: {name: text(name, value) for name, value in data.items() if name.startswith("cto_")},
    )


@fault("pm3-unassigned-omits", SYSTEM, "The list of unassigned cases is always empty.")
def _(ref: ProcessMaker3) -> None:
    override(ref.casebook, "unassigned", lambda _: lambda _user: [])


@fault("pm3-unassigned-shows-all", SYSTEM, "The list of unassigned cases shows all of them to every user.")
def _(ref: ProcessMaker3) -> None:
    def everything(_user: str) -> list[Data]:
        return [ref.casebook.described(case) for case in ref.casebook.cases.values() if not case.user]

    override(ref.casebook, "unassigned", lambda _: everything)


@fault("pm3-unassigned-not-adhoc", SYSTEM, "The list of unassigned cases leaves out ad hoc users.")
def _(ref: ProcessMaker3) -> None:
    override(ref.casebook, "may_claim", lambda _: lambda case, user: user in case.candidates)


@fault("pm3-unassigned-for-inactive", SYSTEM, "The unassigned cases of a group are listed for inactive members.")
def _(ref: ProcessMaker3) -> None:
    def make(may_claim: Callable[[Case, str], bool]) -> Callable[[Case, str], bool]:
        def also_away(case: Case, user: str) -> bool:
            groups = ref.people.members.values()
            mates = {member for members in groups if user in members for member in members}
            return may_claim(case, user) or bool(mates & set(case.candidates))

        return also_away

    override(ref.casebook, "may_claim", make)


@fault("pm3-reassign-fires-nothing", SYSTEM, "No trigger is executed when a case is reassigned.")
def _(ref: ProcessMaker3) -> None:
    override(ref.casebook, "reassigned", lambda _: lambda _case: None)


@fault("pm3-case-status-same", SYSTEM, "Every case has the status of a running one.")
def _(ref: ProcessMaker3) -> None:
    _describe(ref, lambda _: {"app_status": RUNNING})


@fault("pm3-case-task-wrong", SYSTEM, "The current task of a case is one that it has left.")
def _(ref: ProcessMaker3) -> None:
    _describe(ref, lambda case: {"current_task": [{"tas_uid": next(iter(case.tasks), "")}]})


def _describe(ref: ProcessMaker3, wrong: Callable[[Case], Data]) -> None:
    """Change the description of a case."""

    def make(described: Callable[[Case], Data]) -> Callable[[Case], Data]:
        return lambda case: described(case) | wrong(case)

    override(ref.casebook, "described", make)


@fault("pm3-case-tasks-lack-current", SYSTEM, "The tasks of a case do not include the current one.")
def _(ref: ProcessMaker3) -> None:
    def make(tasks: Callable[[Case], list[Data]]) -> Callable[[Case], list[Data]]:
        return lambda case: [task for task in tasks(case) if task["tas_uid"] != case.task]

    override(ref.casebook, "tasks", make)


@fault("pm3-reassign-by-anyone", SYSTEM, "A case can be reassigned without PM_REASSIGNCASE.")
def _(ref: ProcessMaker3) -> None:
    ref.routes.permissions["reassign_case"] = frozenset()


@fault("pm3-trigger-attached-only", SYSTEM, "A trigger that no step uses is not executed.")
def _(ref: ProcessMaker3) -> None:
    def refuse(_case: Case, _trigger: str) -> None:
        raise Refused("No step of the process uses the trigger.")

    override(ref.casebook, "execute", lambda _: refuse)


@fault("pm3-trigger-unsets-nothing", SYSTEM, "A trigger that unsets a variable leaves it in the case.")
def _(ref: ProcessMaker3) -> None:
    override(ref.casebook, "execute", lambda _: lambda _case, _trigger: None)


@fault("pm3-variable-empty-ignored", SYSTEM, "A variable that is set to the empty string keeps its value.")
def _(ref: ProcessMaker3) -> None:
    def make(write: Callable[[Case, Data], None]) -> Callable[[Case, Data], None]:
        return lambda case, variables: write(case, {name: item for name, item in variables.items() if item != ""})

    override(ref.casebook, "write", make)


@fault("pm3-variables-of-running-only", SYSTEM, "Only the variables of running cases can be read.")
def _(ref: ProcessMaker3) -> None:
    def make(read: Endpoint) -> Endpoint:
        async def running(call: Call) -> Response:
            if ref.cases.case(call).status != RUNNING:
                raise Refused("The case is not running.")
            return await read(call)

        return running

    override(ref.cases, "get_case_variables", make)


@fault("pm3-variables-as-numbers", SYSTEM, "Variables contain the numbers of dynaforms as numbers, not as strings.")
def _(ref: ProcessMaker3) -> None:
    _show_variables(ref, lambda name, value: float(str(value)) if name == "amount" else value)


@fault("pm3-variables-grid-array", SYSTEM, "Variables contain grids as arrays.")
def _(ref: ProcessMaker3) -> None:
    _show_variables(ref, lambda name, value: list(value.values()) if name == "reviewers" else value)  # type: ignore[attr-defined]


@fault("pm3-variables-query-array", SYSTEM, "Variables contain the results of database queries as arrays.")
def _(ref: ProcessMaker3) -> None:
    _show_variables(ref, lambda name, value: list(value.values()) if name == "suppliers" else value)  # type: ignore[attr-defined]


@fault("pm3-variables-grid-from-zero", SYSTEM, "Variables contain the rows of grids numbered from 0.")
def _(ref: ProcessMaker3) -> None:
    def shifted(_name: str, value: object) -> object:
        return {str(int(row) - 1): cells for row, cells in value.items()} if isinstance(value, dict) else value

    _show_variables(ref, shifted)


def _show_variables(ref: ProcessMaker3, shown: Callable[[str, object], object]) -> None:
    """Show every variable, by its name, as something else."""

    async def read(call: Call) -> Response:
        return Answer({name: shown(name, value) for name, value in ref.cases.case(call).variables.items()})

    override(ref.cases, "get_case_variables", lambda _: read)


# -- for users who have PM_CASES and nothing else ---------------------------------------------------------------------


@fault("pm3-reassign-by-caseworkers", SYSTEM, "A case can be reassigned with PM_CASES, without PM_REASSIGNCASE.")
def _(ref: ProcessMaker3) -> None:
    ref.routes.permissions["reassign_case"] = frozenset({"PM_CASES"})


@fault(
    "pm3-unassigned-shows-caseworkers",
    SYSTEM,
    "The list of unassigned cases shows all of them to every user with PM_CASES.",
)
def _(ref: ProcessMaker3) -> None:
    def make(may_claim: Callable[[Case, str], bool]) -> Callable[[Case, str], bool]:
        return lambda case, user: may_claim(case, user) or ref.accounts.permits(user, "PM_CASES")

    override(ref.casebook, "may_claim", make)


# -- as text, half, or without effect ---------------------------------------------------------------------------------


@fault("pm3-unassigned-as-text", SYSTEM, "The list of unassigned cases is not JSON.")
def _(ref: ProcessMaker3) -> None:
    async def in_words(call: Call) -> Response:
        found = ", ".join(str(item["app_uid"]) for item in ref.casebook.unassigned(call.user))
        return PlainTextResponse(f"cases: {found}")

    override(ref.cases, "list_unassigned_cases", lambda _: in_words)


@fault("pm3-case-tasks-without-status", SYSTEM, "The tasks of a case have no status.")
def _(ref: ProcessMaker3) -> None:
    def make(tasks: Callable[[Case], list[Data]]) -> Callable[[Case], list[Data]]:
        return lambda case: [{name: item for name, item in task.items() if name != "status"} for task in tasks(case)]

    override(ref.casebook, "tasks", make)


@fault("pm3-case-canceled-as-completed", SYSTEM, "A cancelled case has the status of a completed one.")
def _(ref: ProcessMaker3) -> None:
    _describe(ref, lambda case: {"app_status": "COMPLETED"} if case.status == "CANCELLED" else {})


@fault("pm3-variable-set-ignored", SYSTEM, "A request to set variables is accepted, but sets none.")
def _(ref: ProcessMaker3) -> None:
    override(ref.casebook, "write", lambda _: lambda _case, _variables: None)


@fault("pm3-variable-set-replaces", SYSTEM, "Setting a variable removes all others.")
def _(ref: ProcessMaker3) -> None:
    def replace(case: Case, variables: Data) -> None:
        case.variables = dict(variables)

    override(ref.casebook, "write", lambda _: replace)


@fault(
    "pm3-variables-of-others-forbidden",
    SYSTEM,
    "Reading the variables of cases that are not running is refused with 403.",
)
def _(ref: ProcessMaker3) -> None:
    def make(read: Endpoint) -> Endpoint:
        async def forbid(call: Call) -> Response:
            if ref.cases.case(call).status != RUNNING:
                raise Refused("You may not see the variables.", 403)
            return await read(call)

        return forbid

    override(ref.cases, "get_case_variables", make)


@fault("pm3-variables-forbidden", SYSTEM, "Users who work on a running case get 403 for its variables.")
def _(ref: ProcessMaker3) -> None:
    def make(read: Endpoint) -> Endpoint:
        async def forbid(call: Call) -> Response:
            if ref.cases.case(call).status == RUNNING:
                raise Refused("You may not see the variables.", 403)
            return await read(call)

        return forbid

    override(ref.cases, "get_case_variables", make)


@fault("pm3-variables-of-completed-empty", SYSTEM, "A completed case is read without variables.")
def _(ref: ProcessMaker3) -> None:
    def make(read: Endpoint) -> Endpoint:
        async def empty(call: Call) -> Response:
            return Answer({}) if ref.cases.case(call).status == "COMPLETED" else await read(call)

        return empty

    override(ref.cases, "get_case_variables", make)


@fault("pm3-variable-set-in-all-cases", SYSTEM, "A variable that is set in a case is set in every case.")
def _(ref: ProcessMaker3) -> None:
    def make(write: Callable[[Case, Data], None]) -> Callable[[Case, Data], None]:
        def everywhere(_: Case, variables: Data) -> None:
            for case in ref.casebook.cases.values():
                write(case, variables)

        return everywhere

    override(ref.casebook, "write", make)


@fault("pm3-variables-of-others-null", SYSTEM, "The variables of cases that are not running are read as null.")
def _(ref: ProcessMaker3) -> None:
    def make(read: Endpoint) -> Endpoint:
        async def hollow(call: Call) -> Response:
            case = ref.cases.case(call)
            return await read(call) if case.status == RUNNING else Answer(dict.fromkeys(case.variables))

        return hollow

    override(ref.cases, "get_case_variables", make)
