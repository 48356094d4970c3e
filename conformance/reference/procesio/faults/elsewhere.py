"""The faults of the PROCESIO reference that hit something else than what a request names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from conformance.reference.faults import fault, override
from conformance.reference.procesio.faults.common import accept_any_token
from conformance.reference.procesio.state import PROCESS_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"


def _replaced(ref: Procesio, operation: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    ref.operations[operation] = make(ref.operations[operation])


# -- checks that create ------------------------------------------------------------------------------------------------


@fault("pro-validate-creates", SYSTEM, "stores a process that it should only validate as a new one")
def validate_creates(ref: Procesio) -> None:
    """Create, and say what a validation says."""

    def make(validate: Callable[..., Any]) -> Callable[..., Any]:
        def stored(body: dict[str, Any]) -> Any:
            response = validate(body)
            if response["isValid"]:
                ref.workspace.create_process(body)
            return response

        return stored

    _replaced(ref, "validate_process", make)


@fault("pro-test-credential-creates", SYSTEM, "stores credentials that it should only test as new ones")
def test_credential_creates(ref: Procesio) -> None:
    """Create, and say what a test says."""

    def make(test: Callable[..., Any]) -> Callable[..., Any]:
        def kept(body: dict[str, Any]) -> Any:
            response = test(body)
            if response["isValid"]:
                ref.credentials.create_credential(body)
            return response

        return kept

    _replaced(ref, "test_credential", make)


# -- another process ---------------------------------------------------------------------------------------------------


def _newest(ref: Procesio) -> str:
    return list(ref.workspace.processes)[-1]


def _of_another(operation: str, words: str, which: str, choose: Callable[[Procesio], str]) -> None:
    @fault(f"pro-{words}-{which}-process", SYSTEM, f"acts on the {which} process when asked to {words} another one")
    def _(ref: Procesio) -> None:
        def make(usual: Callable[..., Any]) -> Callable[..., Any]:
            def of_another(process_id: str, *body: Any) -> Any:
                ref.workspace.read_process(process_id)
                return usual(choose(ref), *body)

            return of_another

        _replaced(ref, operation, make)


for _operation, _words in (("publish_process", "publish"), ("run_process", "run")):
    _of_another(_operation, _words, "first", lambda _: PROCESS_ID)
    _of_another(_operation, _words, "newest", _newest)


@fault("pro-toggle-all", SYSTEM, "turns all processes on or off instead of one")
def toggle_all(ref: Procesio) -> None:
    """Leave out the one that was there from the start."""

    def make(toggle: Callable[..., Any]) -> Callable[..., Any]:
        def all_of_them(process_id: str) -> Any:
            named = ref.workspace.read_process(process_id)["id"]
            for process in ref.workspace.processes:
                if process not in (named, PROCESS_ID):
                    toggle(process)
            return toggle(process_id)

        return all_of_them

    _replaced(ref, "toggle_activation", make)


@fault("pro-modify-process-new-id", SYSTEM, "stores a modified process under another identifier")
def modify_process_new_id(ref: Procesio) -> None:
    """Answer with the new identifier, and know the old one no more."""

    def make(update: Callable[..., Any]) -> Callable[..., Any]:
        def moved(body: dict[str, Any]) -> Any:
            there = update(body)
            del ref.workspace.processes[there["id"]]
            there["id"] = str(uuid4())
            ref.workspace.processes[there["id"]] = there
            return there

        return moved

    _replaced(ref, "update_process", make)


@fault("pro-modify-process-leaves-copy", SYSTEM, "leaves a copy of a process as it was before it was modified")
def modify_process_leaves_copy(ref: Procesio) -> None:
    """Keep what was there under another identifier."""

    def make(update: Callable[..., Any]) -> Callable[..., Any]:
        def versioned(body: dict[str, Any]) -> Any:
            before = {**ref.workspace.read_process(str(body.get("id"))), "id": str(uuid4())}
            there = update(body)
            ref.workspace.processes[before["id"]] = before
            return there

        return versioned

    _replaced(ref, "update_process", make)


@fault("pro-list-processes-mixed-up", SYSTEM, "lists the two newest processes with the identifiers exchanged")
def list_processes_mixed_up(ref: Procesio) -> None:
    """Exchange two identifiers."""

    def make(listing: Callable[..., Any]) -> Callable[..., Any]:
        def mixed_up() -> list[dict[str, Any]]:
            shown: list[dict[str, Any]] = list(listing())
            if len(shown) > 2:
                item, other = shown[-2:]
                shown[-2:] = [{**item, "id": other["id"]}, {**other, "id": item["id"]}]
            return shown

        return mixed_up

    _replaced(ref, "list_processes", make)


# -- another folder or schedule ----------------------------------------------------------------------------------------


@fault("pro-rename-folder-renames-all", SYSTEM, "also renames the siblings of a renamed folder")
def rename_folder_renames_all(ref: Procesio) -> None:
    """Rename whatever was created."""

    def make(rename: Callable[..., Any]) -> Callable[..., Any]:
        def renamed(body: dict[str, Any]) -> Any:
            response = rename(body)
            there = ref.actions.folders.named(body)
            for folder in ref.actions.folders.values():
                if folder.get("parentId") == there.get("parentId"):
                    folder["name"] = body["name"]
            return response

        return renamed

    _replaced(ref, "rename_folder", make)


@fault("pro-duplicate-schedule-linked", SYSTEM, "deletes the copies of a schedule when it deletes the schedule")
def duplicate_schedule_linked(ref: Procesio) -> None:
    """Remember of what a copy was made."""
    originals: dict[str, str] = {}

    def make_copy(duplicate: Callable[..., Any]) -> Callable[..., Any]:
        def linked(schedule_id: str) -> Any:
            copy = duplicate(schedule_id)
            originals[copy["id"]] = ref.schedules.read_schedule(schedule_id)["id"]
            return copy

        return linked

    def make_deletion(delete: Callable[..., Any]) -> Callable[..., Any]:
        def with_copies(schedule_id: str) -> Any:
            response = delete(schedule_id)
            for copy, original in originals.items():
                if original == response["id"]:
                    ref.schedules.kept.pop(copy, None)
            return response

        return with_copies

    _replaced(ref, "duplicate_schedule", make_copy)
    _replaced(ref, "delete_schedule", make_deletion)


@fault("pro-duplicate-schedule-moves", SYSTEM, "removes a schedule when it is duplicated")
def duplicate_schedule_moves(ref: Procesio) -> None:
    """Keep the copy only."""

    def make(duplicate: Callable[..., Any]) -> Callable[..., Any]:
        def moved(schedule_id: str) -> Any:
            copy = duplicate(schedule_id)
            del ref.schedules.kept[ref.schedules.read_schedule(schedule_id)["id"]]
            return copy

        return moved

    _replaced(ref, "duplicate_schedule", make)


@fault("pro-schedule-status-of-first", SYSTEM, "changes the status of the first schedule along with the named one")
def schedule_status_of_first(ref: Procesio) -> None:
    """Change one more."""

    def make(change: Callable[..., Any]) -> Callable[..., Any]:
        def first_too(schedule_id: str, body: dict[str, Any]) -> Any:
            response = change(schedule_id, body)
            change(next(iter(ref.schedules.kept)), body)
            return response

        return first_too

    _replaced(ref, "change_schedule_status", make)


@fault("pro-copy-status-of-original", SYSTEM, "changes the status of the original along with that of its copy")
def copy_status_of_original(ref: Procesio) -> None:
    """Change what was copied too."""
    _status_along(ref, lambda originals, changed: originals.get(changed, ""))


@fault("pro-original-status-of-copy", SYSTEM, "changes the status of a copy along with that of its original")
def original_status_of_copy(ref: Procesio) -> None:
    """Change the newest copy too."""
    _status_along(
        ref, lambda originals, changed: next((copy for copy in reversed(originals) if originals[copy] == changed), "")
    )


def _status_along(ref: Procesio, other: Callable[[dict[str, str], str], str]) -> None:
    """Change the status of one more schedule, by the originals of all copies and the schedule that is meant."""
    originals: dict[str, str] = {}

    def copying(duplicate: Callable[..., Any]) -> Callable[..., Any]:
        def remembered(schedule_id: str) -> Any:
            copy = duplicate(schedule_id)
            originals[copy["id"]] = schedule_id
            return copy

        return remembered

    def changing(change: Callable[..., Any]) -> Callable[..., Any]:
        def both(schedule_id: str, body: dict[str, Any]) -> Any:
            response = change(schedule_id, body)
            if (along := other(originals, schedule_id)) in ref.schedules.kept:
                change(along, body)
            return response

        return both

    _replaced(ref, "duplicate_schedule", copying)
    _replaced(ref, "change_schedule_status", changing)


# -- another kind ------------------------------------------------------------------------------------------------------


@fault("pro-delete-takes-another-kind", SYSTEM, "deletes the newest thing of another kind along with what is named")
def delete_takes_another_kind(ref: Procesio) -> None:
    """Take one of a kind that is not needed for what is deleted, and was not there from the start."""
    kinds: dict[str, tuple[dict[str, Any], ...]] = {
        "delete_process": (ref.credentials.credentials,),
        "delete_key": (ref.data_types.types,),
        "delete_schedule": (ref.credentials.credentials,),
        "delete_template": (ref.actions.actions,),
        "delete_action": (ref.actions.templates,),
        "delete_credential": (ref.data_types.types,),
        "delete_data_type": (ref.credentials.credentials,),
        "delete_folder": (ref.actions.actions,),
    }
    there = {value for shelves in kinds.values() for shelf in shelves for value in shelf}
    for operation, shelves in kinds.items():
        _replaced(ref, operation, _taking(shelves, there))


def _taking(
    shelves: tuple[dict[str, Any], ...], spared: set[str]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(delete: Callable[..., Any]) -> Callable[..., Any]:
        def taking(identifier: str) -> Any:
            response = delete(identifier)
            for shelf in shelves:
                newest = next((value for value in reversed(shelf) if value not in spared), None)
                if newest is not None:
                    del shelf[newest]
            return response

        return taking

    return make


# -- another workspace, another token ----------------------------------------------------------------------------------


@fault("pro-api-key-any-workspace", SYSTEM, "accepts an API key in any workspace that is named")
def api_key_any_workspace(ref: Procesio) -> None:
    """Demand a workspace, and look at no more of it."""

    def make(authorize: Callable[[Request, str], None]) -> Callable[[Request, str], None]:
        def by_key(request: Request, name: str) -> None:
            key, value, workspace = (request.headers.get(each) for each in ("key", "value", "workspaceId"))
            if not (key and value and workspace and ref.key_accepted(key, value)):
                authorize(request, name)

        return by_key

    override(ref, "_authorize", make)


@fault("pro-any-token", SYSTEM, "accepts any token, but to list the processes")
def any_token(ref: Procesio) -> None:
    """Look at the token of one operation only."""
    accept_any_token(ref, lambda name: name != "list_processes")
