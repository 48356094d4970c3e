"""The faults of the PROCESIO reference in its API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault
from conformance.reference.procesio.faults.common import open_to_all, takes_another
from conformance.reference.procesio.keys import API_KEY

if TYPE_CHECKING:
    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"

open_to_all(
    {
        "list_keys": "list-api-keys",
        "create_key": "create-api-key",
        "delete_named_key": "delete-api-keys",
        "delete_key": "delete-api-key",
    }
)


@fault("pro-create-key-dead", SYSTEM, "makes API keys with which nothing can be done")
def create_key_dead(ref: Procesio) -> None:
    """Accept only the key that was there from the start."""
    ref.key_accepted = lambda name, value: (name, value) == API_KEY


@fault("pro-delete-key-takes-another", SYSTEM, "deletes the newest other API key along with the named one")
def delete_key_takes_another(ref: Procesio) -> None:
    """Delete one more."""
    takes_another(ref, "create_key", "delete_key")


@fault("pro-delete-keeps-key", SYSTEM, "reports that it deleted an API key, but keeps it")
def delete_keeps_key(ref: Procesio) -> None:
    """Remove nothing."""
    ref.operations["delete_key"] = lambda key_id: {"id": ref.keys.keys.find(key_id)["id"]}


@fault("pro-delete-key-keeps-open", SYSTEM, "goes on accepting API keys that were deleted")
def delete_key_keeps_open(ref: Procesio) -> None:
    """Remember the deleted ones."""
    accepts, delete = ref.key_accepted, ref.operations["delete_key"]
    deleted: set[tuple[str, str]] = set()

    def remember(key_id: str) -> Any:
        key = ref.keys.keys.find(key_id)
        deleted.add((key["name"], key["value"]))
        return delete(key_id)

    ref.operations["delete_key"] = remember
    ref.key_accepted = lambda name, value: accepts(name, value) or (name, value) in deleted


@fault("pro-delete-key-deletes-process", SYSTEM, "deletes the process of the identifier that should name an API key")
def delete_key_deletes_process(ref: Procesio) -> None:
    """Take the identifier for that of a process where it is one."""
    delete = ref.operations["delete_key"]

    def delete_project(identifier: str) -> Any:
        known = identifier in ref.workspace.processes
        return ref.workspace.delete_process(identifier) if known else delete(identifier)

    ref.operations["delete_key"] = delete_project
