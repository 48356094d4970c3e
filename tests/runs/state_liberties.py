"""Liberties of PROCESIO in how a state is written, and in what is shown, listed or run while it lasts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.edits import Data, Outgoing, editing, rewritten
from conformance.reference.procesio.liberal import of_the_web_api
from conformance.reference.procesio.state import PROCESS_ID

from .liberty import LAG, Liberty

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.procesio.server import Procesio

WORDS: Final = """
[procesio.bodies]
createProcess = { name = "{name}", description = "A process of words", phase = "Live" }
createSchedule = { name = "{name}", processId = "{id}", startsOn = "2099-12-31T12:00:00Z", status = "Active" }
changeScheduleStatus = { status = "Paused" }
"""
DESCRIBED: Final = """
[procesio.bodies]
createDataType = { name = "{name}", description = "A type of words", attributes = [{ name = "sum", type = "Text" }] }
modifyDataType = { id = "{id}", name = "{name}", attributes = [{ name = "sum", type = "Text" }] }
"""


def states_in_words(reference: Procesio) -> None:
    """The state of a process is its phase, that of a schedule its status, and a copy of a schedule begins paused."""
    duplicate = reference.operations["duplicate_schedule"]

    def edit(answer: Outgoing) -> None:
        if of_the_web_api(answer) and (data := answer.json) is not None:
            answer.json = rewritten(data, _worded)

    def paused(schedule_id: str) -> Data:
        copy: Data = duplicate(schedule_id)
        copy["isActive"] = False
        return copy

    def change(schedule_id: str, body: Data) -> Data:
        schedule = reference.schedules.read_schedule(schedule_id)
        schedule["isActive"] = body["status"] == "Active"
        return schedule

    reference.operations |= {"duplicate_schedule": paused, "change_schedule_status": change}
    reference.wrap(editing(edit))


def _worded(item: Data) -> Data:
    if "isActive" not in item:
        return item
    words = {name: value for name, value in item.items() if name not in ("isActive", "phase", "status")}
    if "processId" in item:
        return {**words, "status": "Active" if item["isActive"] else "Paused"}
    return {**words, "phase": "Live" if item["isActive"] else "Draft"}


def shown_while_alive(reference: Procesio) -> None:
    """Processes are listed while they are active, with their positions from the newest on, and instances while they
    wait or run: those of the process in the target file run for long, others until the next list.

    Inactive processes have no waiting instances, and a deleted one is run for a moment.
    """
    operations, workspace, deleted = reference.operations, reference.workspace, dict[str, tuple[float, Data]]()
    over = set[str]()
    toggle, delete, listed = (operations[name] for name in ("toggle_activation", "delete_process", "list_instances"))
    run: Callable[[str, Data], Data] = operations["run_process"]

    def withdraw(process_id: str) -> Data:
        answer: Data = toggle(process_id)
        for instance in list(workspace.started.values()):
            if instance.process["id"] == answer["id"] and instance.launched is None:
                del workspace.started[instance.id]
        return answer

    def keep(process_id: str) -> Data:
        process = workspace.read_process(process_id)
        answer: Data = delete(process_id)
        deleted[process["id"]] = time.monotonic(), process
        return answer

    def run_late(process_id: str, body: Data) -> Data:
        at, process = deleted.get(process_id, (0.0, {}))
        return run_deleted(reference, process, body, run) if at > time.monotonic() - LAG else run(process_id, body)

    def alive(process_id: str) -> list[Data]:
        shown = [item for item in listed(process_id) if item["id"] not in over]
        if process_id != PROCESS_ID:
            over.update(item["id"] for item in shown if workspace.started[item["id"]].launched is not None)
        return shown

    operations |= {
        "toggle_activation": withdraw,
        "delete_process": keep,
        "run_process": run_late,
        "list_instances": alive,
        "list_processes": lambda: [
            {**item, "position": position}
            for position, item in enumerate(reversed([*workspace.processes.values()]))
            if item["isActive"]
        ],
    }


def run_deleted(reference: Procesio, process: Data, body: Data, run: Callable[[str, Data], Data]) -> Data:
    """Run a process that is no longer stored."""
    reference.workspace.processes[process["id"]] = process
    try:
        return run(process["id"], body)
    finally:
        del reference.workspace.processes[process["id"]]


def brief_views(reference: Procesio) -> None:
    """The items of inactive processes are brief, a data type is read without its description, and a run of a deleted
    process is accepted and fails.
    """
    operations, workspace = reference.operations, reference.workspace
    deleted, failed = dict[str, Data](), set[str]()
    delete, run, status = (operations[name] for name in ("delete_process", "run_process", "read_status"))
    read_type = operations["read_data_type"]

    def keep(process_id: str) -> Data:
        process = workspace.read_process(process_id)
        deleted[process["id"]] = process
        answer: Data = delete(process_id)
        return answer

    def run_in_vain(process_id: str, body: Data) -> Any:
        if process_id not in deleted:
            return run(process_id, body)
        answer = run_deleted(reference, deleted[process_id], body, run)
        failed.add(answer["id"])
        return answer

    def brief(process: Data) -> Data:
        return process if process["isActive"] else {name: process.get(name) for name in ("id", "workspaceId", "name")}

    operations |= {
        "delete_process": keep,
        "run_process": run_in_vain,
        "read_status": lambda item: {**status(item), "status": "Failed"} if item in failed else status(item),
        "list_processes": lambda: [brief(item) for item in workspace.processes.values()],
        "read_data_type": lambda item: {
            name: value for name, value in read_type(item).items() if name in ("id", "name", "attributes")
        },
    }


LIBERTIES: Final = (
    Liberty(
        "states-in-words",
        "procesio",
        states_in_words,
        lines=WORDS,
        # The given bodies name no resources, and do not say how a status is changed back.
        unshown=("PRO-PROCESS-USED-OF-ONE", "PRO-SCHEDULE-STATUS-LISTED"),
    ),
    Liberty(
        "shown-while-alive",
        "procesio",
        shown_while_alive,
        settle=2 * LAG,
        unshown=("PRO-PROCESS-TOGGLE-LISTED",),
    ),
    Liberty(
        "brief-views",
        "procesio",
        brief_views,
        lines=DESCRIBED,
        # The description is the only text of the given body that may have any letters, and it is not read.
        unshown=("PRO-PROCESS-TOGGLE-LISTED", "PRO-PROCESS-DELETED-NOT-RUN", "createDataType:verbatim"),
        findings=("PRO-DATATYPE-CREATE-READ-BACK",),
    ),
)
