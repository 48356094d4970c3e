"""The faults of the PROCESIO reference that lose, mix up or hide the state of a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault
from conformance.reference.procesio.state import PROCESS_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"


def _processes(ref: Procesio) -> Iterable[dict[str, Any]]:
    return [process for process in ref.workspace.processes.values() if process["id"] != PROCESS_ID]


def _schedules(ref: Procesio) -> Iterable[dict[str, Any]]:
    return ref.schedules.kept.values()


def _turns(
    operation: str, things: Callable[[Procesio], Iterable[dict[str, Any]]], active: bool
) -> Callable[[Procesio], None]:
    """An operation turns all other things of its kind on or off."""

    def apply(ref: Procesio) -> None:
        usual = ref.operations[operation]

        def turning(body: dict[str, Any]) -> Any:
            answer = usual(body)
            for thing in things(ref):
                if thing["id"] != answer["id"]:
                    thing["isActive"] = active
            return answer

        ref.operations[operation] = turning

    return apply


fault("pro-create-schedule-turns-off-others", SYSTEM, "turns all other schedules off when one is created")(
    _turns("create_schedule", _schedules, active=False)
)
fault("pro-modify-schedule-turns-off-others", SYSTEM, "turns all other schedules off when one is modified")(
    _turns("update_schedule", _schedules, active=False)
)
fault("pro-create-process-turns-off-others", SYSTEM, "turns all other processes off when one is created")(
    _turns("create_process", _processes, active=False)
)
fault("pro-modify-process-turns-on-others", SYSTEM, "turns all other processes on when one is modified")(
    _turns("update_process", _processes, active=True)
)


@fault("pro-duplicate-schedule-turns-off-original", SYSTEM, "turns a schedule off when it is duplicated")
def duplicate_schedule_turns_off_original(ref: Procesio) -> None:
    """Leave the copy on alone."""
    usual = ref.operations["duplicate_schedule"]

    def duplicate(schedule_id: str) -> Any:
        copy = usual(schedule_id)
        ref.schedules.read_schedule(schedule_id)["isActive"] = False
        return copy

    ref.operations["duplicate_schedule"] = duplicate


@fault("pro-list-processes-all-active", SYSTEM, "lists every process as active")
def list_processes_all_active(ref: Procesio) -> None:
    """List another state than reading shows."""
    usual = ref.operations["list_processes"]
    ref.operations["list_processes"] = lambda: [{**item, "isActive": True} for item in usual()]


@fault("pro-read-process-all-active", SYSTEM, "shows every process as active when it is read")
def read_process_all_active(ref: Procesio) -> None:
    """Read another state than the list shows."""
    usual = ref.operations["read_process"]
    ref.operations["read_process"] = lambda process_id: {**usual(process_id), "isActive": True}


@fault("pro-list-schedules-all-inactive", SYSTEM, "lists every schedule as inactive")
def list_schedules_all_inactive(ref: Procesio) -> None:
    """List another status than reading shows."""
    usual = ref.operations["list_schedules"]
    ref.operations["list_schedules"] = lambda: [{**item, "isActive": False} for item in usual()]


@fault("pro-primitive-count-of-all", SYSTEM, "counts the data types of the tenant among the primitive ones")
def primitive_count_of_all(ref: Procesio) -> None:
    """Count everything."""
    ref.operations["count_primitive_types"] = lambda: len(ref.data_types.types)
