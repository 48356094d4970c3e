"""The faults of the PROCESIO reference in its schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault
from conformance.reference.procesio.faults.common import Life, open_to_all
from conformance.reference.procesio.state import PROCESS_ID

if TYPE_CHECKING:
    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"

open_to_all(
    {
        "list_schedules": "list-schedules",
        "create_schedule": "create-schedule",
        "update_schedule": "modify-schedule",
        "read_schedule": "read-schedule",
        "delete_schedule": "delete-schedule",
        "duplicate_schedule": "duplicate-schedule",
        "change_schedule_status": "change-schedule-status",
    }
)

Life(
    "schedule",
    create="create_schedule",
    read="read_schedule",
    list="list_schedules",
    update="update_schedule",
    delete="delete_schedule",
).register()


@fault("pro-delete-schedule-deletes-process", SYSTEM, "deletes the process of a schedule together with the schedule")
def delete_schedule_deletes_process(ref: Procesio) -> None:
    """Remove the process, too."""
    delete = ref.operations["delete_schedule"]

    def with_process(schedule_id: str) -> Any:
        process = ref.schedules.read_schedule(schedule_id)["processId"]
        answer = delete(schedule_id)
        ref.workspace.processes.pop(process, None)
        return answer

    ref.operations["delete_schedule"] = with_process


@fault("pro-duplicate-schedule-nothing", SYSTEM, "returns the schedule itself for a duplication, and makes no copy")
def duplicate_schedule_nothing(ref: Procesio) -> None:
    """Copy nothing."""
    ref.operations["duplicate_schedule"] = ref.schedules.read_schedule


@fault("pro-duplicate-schedule-empty", SYSTEM, "makes copies of schedules that are for no process")
def duplicate_schedule_empty(ref: Procesio) -> None:
    """Leave the process out of the copy."""
    duplicate = ref.operations["duplicate_schedule"]

    def without_process(schedule_id: str) -> Any:
        copy = duplicate(schedule_id)
        copy["processId"] = None
        return copy

    ref.operations["duplicate_schedule"] = without_process


@fault("pro-create-schedule-other-process", SYSTEM, "creates every schedule for the first process")
def create_schedule_other_process(ref: Procesio) -> None:
    """Store another process than the one that was sent."""
    create = ref.operations["create_schedule"]
    ref.operations["create_schedule"] = lambda body: create({**body, "processId": PROCESS_ID})


@fault("pro-schedule-status-touches-date", SYSTEM, "sets the date of a schedule where its status should be changed")
def schedule_status_touches_date(ref: Procesio) -> None:
    """Change nothing but a date."""

    def touch(schedule_id: str, body: dict[str, Any]) -> Any:
        schedule = ref.schedules.read_schedule(schedule_id)
        schedule["startsOn"] = "2098-12-31T12:00:00Z"
        return {"id": schedule["id"], "isActive": body.get("isActive")}

    ref.operations["change_schedule_status"] = touch


@fault("pro-schedule-keeps-process", SYSTEM, "keeps the process of a schedule, whichever an update names")
def schedule_keeps_process(ref: Procesio) -> None:
    """Change what is beside the process."""
    update = ref.operations["update_schedule"]

    def kept(body: dict[str, Any]) -> Any:
        known = ref.schedules.kept.get(str(body.get("id")), {})
        return update({**body, "processId": known["processId"]} if known and "processId" in body else body)

    ref.operations["update_schedule"] = kept


@fault("pro-copy-unlisted-alone", SYSTEM, "leaves a copy of a schedule out of the list once the original is deleted")
def copy_unlisted_alone(ref: Procesio) -> None:
    """Join the list by the original."""
    duplicate, listing = ref.operations["duplicate_schedule"], ref.operations["list_schedules"]
    originals: dict[str, str] = {}

    def remember(schedule_id: str) -> Any:
        copy = duplicate(schedule_id)
        originals[copy["id"]] = schedule_id
        return copy

    def joined() -> Any:
        return [item for item in listing() if originals.get(item["id"], item["id"]) in ref.schedules.kept]

    ref.operations["duplicate_schedule"], ref.operations["list_schedules"] = remember, joined
