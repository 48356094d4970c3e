"""The faults of the PROCESIO reference that show only after something else was changed, made twice, or deleted."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from conformance.reference.faults import fault
from conformance.reference.procesio.keys import API_KEY

if TYPE_CHECKING:
    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"


@fault("pro-modify-process-drops-instances", SYSTEM, "removes the instances of a process when it is modified")
def modify_process_drops_instances(ref: Procesio) -> None:
    """Begin again with each version."""
    usual = ref.operations["update_process"]

    def update(body: dict[str, Any]) -> Any:
        answer = usual(body)
        started = ref.workspace.started
        for instance in [each for each in started.values() if each.process["id"] == answer["id"]]:
            del started[instance.id]
        return answer

    ref.operations["update_process"] = update


@fault("pro-launched-instance-unlisted", SYSTEM, "leaves out of the list an instance that was launched")
def launched_instance_unlisted(ref: Procesio) -> None:
    """List what waits, and what was run."""
    launch, usual, launched = ref.operations["launch_instance"], ref.operations["list_instances"], set[str]()

    def mark(instance_id: str) -> Any:
        answer = launch(instance_id)
        launched.add(answer["id"])
        return answer

    ref.operations["launch_instance"] = mark
    ref.operations["list_instances"] = lambda process_id: [
        item for item in usual(process_id) if item["id"] not in launched
    ]


@fault("pro-delete-process-still-runs", SYSTEM, "runs a process that was deleted")
def delete_process_still_runs(ref: Procesio) -> None:
    """Remove it from reads and lists only."""
    delete, run, deleted = ref.operations["delete_process"], ref.operations["run_process"], dict[str, Any]()

    def keep(process_id: str) -> Any:
        process = ref.workspace.read_process(process_id)
        deleted[process["id"]] = process
        return delete(process_id)

    def run_anyway(process_id: str, body: dict[str, Any]) -> Any:
        if process_id not in deleted:
            return run(process_id, body)
        ref.workspace.processes[process_id] = deleted[process_id]
        try:
            return run(process_id, body)
        finally:
            del ref.workspace.processes[process_id]

    ref.operations["delete_process"], ref.operations["run_process"] = keep, run_anyway


@fault("pro-rename-folder-moves", SYSTEM, "moves a folder that is renamed to the top of the directory tree")
def rename_folder_moves(ref: Procesio) -> None:
    """Lose the place."""
    usual = ref.operations["rename_folder"]

    def rename(body: dict[str, Any]) -> Any:
        answer = usual(body)
        top = next(folder["id"] for folder in ref.actions.folders.values() if folder["parentId"] is None)
        ref.actions.folders[answer["id"]]["parentId"] = top
        return answer

    ref.operations["rename_folder"] = rename


@fault("pro-rename-folder-empties", SYSTEM, "moves what is in a folder that is renamed out of it")
def rename_folder_empties(ref: Procesio) -> None:
    """Lose the content, if the folder is itself in another one."""
    usual = ref.operations["rename_folder"]

    def rename(body: dict[str, Any]) -> Any:
        answer = usual(body)
        for folder in ref.actions.folders.values():
            if folder["parentId"] == answer["id"] and ref.actions.folders[answer["parentId"]]["parentId"]:
                folder["parentId"] = answer["parentId"]
        return answer

    ref.operations["rename_folder"] = rename


@fault("pro-duplicate-schedule-first-version", SYSTEM, "duplicates a schedule as it was created, not as it is")
def duplicate_schedule_first_version(ref: Procesio) -> None:
    """Copy what was sent first."""
    create, usual, first = ref.operations["create_schedule"], ref.operations["duplicate_schedule"], dict[str, Any]()

    def remember(body: dict[str, Any]) -> Any:
        answer = create(body)
        first[answer["id"]] = deepcopy(answer)
        return answer

    def duplicate(schedule_id: str) -> Any:
        copy = usual(schedule_id)
        if schedule_id in first:
            copy["startsOn"] = first[schedule_id]["startsOn"]
        return copy

    ref.operations["create_schedule"], ref.operations["duplicate_schedule"] = remember, duplicate


@fault("pro-duplicate-schedule-replaces-copy", SYSTEM, "keeps one copy of a schedule: a new one removes the one before")
def duplicate_schedule_replaces_copy(ref: Procesio) -> None:
    """Overwrite."""
    usual, made = ref.operations["duplicate_schedule"], dict[str, str]()

    def duplicate(schedule_id: str) -> Any:
        copy = usual(schedule_id)
        if schedule_id in made:
            with suppress(HTTPException):  # it may be deleted
                ref.schedules.delete_schedule(made[schedule_id])
        made[schedule_id] = copy["id"]
        return copy

    ref.operations["duplicate_schedule"] = duplicate


@fault("pro-delete-key-disables-others", SYSTEM, "accepts no other new API key any more once one was deleted")
def delete_key_disables_others(ref: Procesio) -> None:
    """Still list them."""
    delete, usual, disabled = ref.operations["delete_key"], ref.key_accepted, set[tuple[str, str]]()

    def disable(key_id: str) -> Any:
        answer = delete(key_id)
        disabled.update({(item["name"], item["value"]) for item in ref.keys.keys.values()} - {API_KEY})
        return answer

    ref.operations["delete_key"] = disable
    ref.key_accepted = lambda *key: usual(*key) and key not in disabled


@fault("pro-credential-type-fields-of-newest", SYSTEM, "reads every type of credentials with the fields of the newest")
def credential_type_fields_of_newest(ref: Procesio) -> None:
    """Mix them up once there is a new one."""
    usual = ref.operations["read_type"]

    def read(type_id: str) -> Any:
        added = list(ref.credentials.added.values())
        return {**usual(type_id), "fields": added[-1].get("fields", [])} if added else usual(type_id)

    ref.operations["read_type"] = read


@fault("pro-toggle-drops-description", SYSTEM, "empties the description of a process when its state is changed")
def toggle_drops_description(ref: Procesio) -> None:
    """Store no more than the state."""
    usual = ref.operations["toggle_activation"]

    def toggle(process_id: str) -> Any:
        ref.workspace.read_process(process_id)["description"] = ""
        return usual(process_id)

    ref.operations["toggle_activation"] = toggle


@fault("pro-schedule-status-drops-date", SYSTEM, "loses the date of a schedule when its status is changed")
def schedule_status_drops_date(ref: Procesio) -> None:
    """Store no more than the status."""
    usual = ref.operations["change_schedule_status"]

    def change(schedule_id: str, body: dict[str, Any]) -> Any:
        ref.schedules.read_schedule(schedule_id)["startsOn"] = None
        return usual(schedule_id, body)

    ref.operations["change_schedule_status"] = change
