"""Liberties in what a server counts, and when, and in what it puts into what."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from .liberty import Liberty

if TYPE_CHECKING:
    from conformance.reference.edits import Data
    from conformance.reference.procesio.server import Operation, Procesio

WRITES = (
    "create_process",
    "update_process",
    "toggle_activation",
    "create_schedule",
    "update_schedule",
    "duplicate_schedule",
    "change_schedule_status",
    "publish_process",
    "validate_process",
)


def hourly_analytics(reference: Procesio) -> None:
    """The analytics are as of the last hour, and a version of everything counts the writes to anything."""
    operations = reference.operations
    as_of_last_hour = deepcopy(operations["read_processes_analytics"]())
    operations["read_processes_analytics"] = lambda: as_of_last_hour
    written = 0

    def counting(usual: Operation) -> Operation:
        def write(*arguments: Any) -> Any:
            nonlocal written
            written += 1
            return usual(*arguments)

        return write

    def versioned(usual: Operation) -> Operation:
        return lambda identifier: {**usual(identifier), "rowVersion": written, "etag": f"W/{written}"}

    for name in WRITES:
        operations[name] = counting(operations[name])
    for name in ("read_schedule", "read_process"):
        operations[name] = versioned(operations[name])


def flat_folders(reference: Procesio) -> None:
    """A folder in a folder is refused, and a path is made of identifiers."""
    create, read = reference.operations["create_folder"], reference.operations["read_folder"]

    def flat(body: Data) -> Any:
        if body.get("parentId"):
            raise HTTPException(400, "Folders are in the workspace.")
        return create(body)

    reference.operations["create_folder"] = flat
    reference.operations["read_folder"] = lambda identifier: {**read(identifier), "path": [identifier]}


def paths_of_identifiers(reference: Procesio) -> None:
    """A path is made of identifiers, and each folder knows the one above it."""
    read = reference.operations["read_folder"]

    def told(identifier: str) -> Data:
        folder = read(identifier)
        above = reference.actions.folders[folder["id"]]["parentId"]
        return {"id": folder["id"], "name": folder["name"], "path": [above, folder["id"]]}

    reference.operations["read_folder"] = told


def terse_lists(reference: Procesio) -> None:
    """Lists have identifiers and names alone, and reading a thing returns its texts in another object."""
    operations = reference.operations

    def terse(usual: Operation) -> Operation:
        return lambda *arguments: [{"id": item["id"], "name": item["name"]} for item in usual(*arguments)]

    def nested(usual: Operation) -> Operation:
        def read(identifier: str) -> Data:
            one = usual(identifier)
            return {"id": one["id"], "name": one["name"], "definition": {**one, "id": None, "name": None}}

        return read

    for name in ("list_processes", "list_schedules", "list_actions", "list_credentials", "list_data_types"):
        operations[name] = terse(operations[name])
    for name in ("read_process", "read_schedule", "read_action", "read_credential", "read_data_type"):
        operations[name] = nested(operations[name])


LIBERTIES = (
    Liberty(
        "terse-lists",
        "procesio",
        terse_lists,
        unshown=("PRO-*-DETAILS", "PRO-PROCESS-TOGGLE-LISTED", "PRO-SCHEDULE-STATUS-LISTED"),
    ),
    Liberty("hourly-analytics", "procesio", hourly_analytics, unshown=("PRO-ANALYTICS-PROCESSES-ALL",)),
    Liberty(
        "flat-folders",
        "procesio",
        flat_folders,
        unshown=(
            "PRO-FOLDER-PATH-FULL",
            "PRO-FOLDER-DELETE-CONTENT",
            "PRO-FOLDER-DELETE-ACCEPTED",
            "PRO-FOLDER-RENAME-KEEPS-PLACE",
        ),
    ),
    Liberty("paths-of-identifiers", "procesio", paths_of_identifiers),
)
