"""Liberties of PROCESIO that exclude those of its liberal personality, each as a change of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from conformance.reference.edits import Data, Outgoing, editing, rewritten

from .liberty import LAG, Liberty, late

if TYPE_CHECKING:
    from conformance.reference.procesio import Procesio


def renamed_ids(answer: Outgoing) -> None:
    """Identifiers under other names, behind others that name something else."""
    data, path = answer.json, answer.path
    if data is None or answer.status >= 300:
        return
    if path == "/api/Projects" or (path.count("/") == 3 and "instances" not in path):
        answer.json = rewritten(data, lambda one: renamed(one, "processId") if "workspaceId" in one else one)
    elif path.endswith("/instances/publish"):
        answer.json = {"flows": data}
    elif path.endswith(("/run", "/instances")):
        answer.json = rewritten(data, lambda one: renamed(one, "instanceId") if "id" in one else one)


def renamed(one: Data, name: str) -> Data:
    """An object with its `id` under another name, as its last member."""
    return {**{member: value for member, value in one.items() if member != "id"}, name: one["id"]}


def other_names(reference: Procesio) -> None:
    """Identifiers under other names."""
    reference.wrap(editing(renamed_ids))


def first_processes(reference: Procesio) -> None:
    """Lists show their first element, and that there are more."""

    def edit(answer: Outgoing) -> None:
        if answer.method == "GET" and isinstance(answer.json, list) and answer.path != "/api/Projects/used":
            answer.json = {"data": answer.json[:1], "totalCount": 40, "pageNumber": 1, "pageSize": 1}

    reference.wrap(editing(edit))


def no_guessed_bodies(reference: Procesio) -> None:
    """Every body that no document gives is refused."""

    def refuse(_body: Data) -> Data:
        raise HTTPException(400, "The body is not what is expected here.")

    def refuse_for(_identifier: str, body: Data) -> Data:
        return refuse(body)

    for operation in reference.with_body - {"run_process"}:
        reference.operations[operation] = refuse_for if operation == "change_schedule_status" else refuse


def late_writes(reference: Procesio) -> None:
    """What a write did can be read only a little later."""
    stores = [(service, store) for service in reference.services for store in service.stores]

    def put(states: list[Any]) -> None:
        for (service, store), state in zip(stores, states, strict=True):
            setattr(service, store, state)

    reference.wrap(late(lambda: [getattr(service, store) for service, store in stores], put))


LIBERTIES = (
    Liberty("other-names", "procesio", other_names),
    Liberty("first-page", "procesio", first_processes, unshown=("PRO-PROCESS-CREATE-LISTED", "PRO-INSTANCE-LISTED")),
    Liberty(
        "no-guessed-bodies",
        "procesio",
        no_guessed_bodies,
        unshown=(  # what needs a process of the run's own
            "PRO-PROCESS-*",
            "PRO-INSTANCE-*-NO-TOKEN",
            *(f"{one}*:*" for one in ("createProcess", "deleteProcess", "modifyProcess", "readProcess", "toggle")),
        ),
    ),
    Liberty("late", "procesio", late_writes, settle=2 * LAG),
)
