"""The faults of the PROCESIO reference in authentication, and in its processes and instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from conformance.reference.answers import withdraw
from conformance.reference.faults import edit_json, fault, response_fault
from conformance.reference.procesio_common_faults import open_to_all
from conformance.reference.procesio_state import NO_INSTANCE, NO_PROCESS, PROCESS_ID

if TYPE_CHECKING:
    from conformance.reference.procesio import Procesio

SYSTEM: Final = "procesio"

# Each operation on processes with the words for it.
_OPERATIONS: Final = {
    "create_process": "create-process",
    "update_process": "modify-process",
    "list_processes": "list",
    "validate_process": "validate-process",
    "delete_process": "delete-process",
    "read_process": "read-process",
    "publish_process": "publish-process",
    "list_instances": "list-instances",
    "read_status": "read-status",
    "launch_instance": "launch-instance",
    "run_process": "run",
    "read_payload": "read-payload",
    "list_used": "list-used",
    "toggle_activation": "toggle-activation",
}


open_to_all(_OPERATIONS)


@fault("pro-auth-no-token", SYSTEM, "answers a good authentication with 200, but without any token")
def auth_no_token(ref: Procesio) -> None:
    """Leave the tokens out of the answer."""

    def without(answer: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in answer.items() if key not in ("access_token", "refresh_token")}

    ref.wrap(response_fault("POST", "/api/Authentication", 200, edit_json(without)))


@fault("pro-auth-empty-secret-refused", SYSTEM, "refuses an empty client secret")
def auth_empty_secret_refused(ref: Procesio) -> None:
    """Ask for a secret that is not empty."""
    ref.secret_accepted = bool


@fault("pro-second-token-dead", SYSTEM, "accepts the first access token that was given out, and no other")
def second_token_dead(ref: Procesio) -> None:
    """Know one token."""
    ref.token_accepted = lambda token: token == next(iter(ref.tokens), None)


@fault("pro-wrong-token-accepted", SYSTEM, "takes any access token for a valid one")
def wrong_token_accepted(ref: Procesio) -> None:
    """Accept every token."""
    ref.token_accepted = lambda _: True


@fault("pro-api-key-refused", SYSTEM, "refuses a valid API key")
def api_key_refused(ref: Procesio) -> None:
    """Accept no API key."""
    ref.key_accepted = lambda _, __: False


@fault("pro-run-null-connection-refused", SYSTEM, "refuses to run a process when connectionId is null")
def run_null_connection_refused(ref: Procesio) -> None:
    """Ask for a connectionId."""
    run = ref.operations["run_process"]

    def connected(process_id: str, body: dict[str, Any]) -> Any:
        if "connectionId" in body and body["connectionId"] is None:
            raise HTTPException(400, "The connectionId is null.")
        return run(process_id, body)

    ref.operations["run_process"] = connected


@fault("pro-create-not-listed", SYSTEM, "leaves created processes out of the list")
def create_not_listed(ref: Procesio) -> None:
    """List only the process that was there from the start."""
    processes = ref.operations["list_processes"]
    ref.operations["list_processes"] = lambda: [each for each in processes() if each["id"] == PROCESS_ID]


@fault("pro-create-unreadable", SYSTEM, "lists created processes, but cannot find them when they are to be read")
def create_unreadable(ref: Procesio) -> None:
    """Read only the process that was there from the start."""
    read = ref.operations["read_process"]

    def read_first(process_id: str) -> Any:
        if process_id != PROCESS_ID:
            raise HTTPException(404, NO_PROCESS)
        return read(process_id)

    ref.operations["read_process"] = read_first


@fault("pro-update-ignored", SYSTEM, "answers an update as if it were done, and does not do it")
def update_ignored(ref: Procesio) -> None:
    """Store no change."""
    ref.operations["update_process"] = ref.workspace.changed


@fault("pro-delete-keeps-process", SYSTEM, "answers a deletion as if it were done, and keeps the process")
def delete_keeps_process(ref: Procesio) -> None:
    """Remove nothing."""
    ref.operations["delete_process"] = lambda process_id: {"id": ref.workspace.read_process(process_id)["id"]}


@fault("pro-delete-stays-listed", SYSTEM, "leaves deleted processes in the list")
def delete_stays_listed(ref: Procesio) -> None:
    """List the deleted ones, too."""
    processes, delete = ref.operations["list_processes"], ref.operations["delete_process"]
    deleted: list[Any] = []

    def delete_visibly(process_id: str) -> Any:
        process = ref.workspace.read_process(process_id)
        answer = delete(process_id)
        deleted.append(process)
        return answer

    ref.operations["delete_process"] = delete_visibly
    ref.operations["list_processes"] = lambda: [*processes(), *deleted]


@fault("pro-toggle-ignored", SYSTEM, "answers a change of activation as if it were done, and does not do it")
def toggle_ignored(ref: Procesio) -> None:
    """Change no activation."""

    def pretend(process_id: str) -> Any:
        process = ref.workspace.read_process(process_id)
        return {"id": process["id"], "isActive": not process["isActive"]}

    ref.operations["toggle_activation"] = pretend


@fault("pro-publish-dead-instance", SYSTEM, "publishes an instance whose id cannot be launched: 404")
def publish_dead_instance(ref: Procesio) -> None:
    """Make the launch of whatever was published fail."""
    publish, launch = ref.operations["publish_process"], ref.operations["launch_instance"]
    dead: set[str] = set()

    def publish_dead(process_id: str) -> Any:
        published = publish(process_id)
        dead.add(published["id"])
        return published

    def launch_living(instance_id: str) -> Any:
        if instance_id.lower() in dead:
            raise HTTPException(404, NO_INSTANCE)
        return launch(instance_id)

    ref.operations["publish_process"], ref.operations["launch_instance"] = publish_dead, launch_living


@fault("pro-launch-ignored", SYSTEM, "answers a launch as if it were done, and leaves the instance as it is")
def launch_ignored(ref: Procesio) -> None:
    """Start no instance."""
    ref.operations["launch_instance"] = lambda instance_id: {"id": ref.workspace.instance(instance_id).id}


@fault("pro-instances-incomplete", SYSTEM, "leaves the newest instance out of the list")
def instances_incomplete(ref: Procesio) -> None:
    """Cut the last element off."""
    instances = ref.operations["list_instances"]
    ref.operations["list_instances"] = lambda process_id: instances(process_id)[:-1]


@fault("pro-status-missing", SYSTEM, "does not have the status of an instance: its path is as unknown as a made-up one")
def status_missing(ref: Procesio) -> None:
    """Take the operation away."""
    withdraw(ref.web, "read_status")


@fault("pro-platform-status-missing", SYSTEM, "does not have the status of the platform")
def platform_status_missing(ref: Procesio) -> None:
    """Take the operation away."""
    withdraw(ref.web, "read_platform_status")


@fault("pro-payload-error", SYSTEM, "breaks down with 500 when asked for the payload of a process")
def payload_error(ref: Procesio) -> None:
    """Answer the payload with a server error."""

    def fail(process_id: str) -> Any:
        ref.workspace.read_process(process_id)
        raise HTTPException(500, "Internal server error.")

    ref.operations["read_payload"] = fail


@fault("pro-instances-of-others", SYSTEM, "lists the instances of all processes for each of them")
def instances_of_others(ref: Procesio) -> None:
    """Join the lists of the processes that are there."""
    instances = ref.operations["list_instances"]

    def all_of_them(process_id: str) -> Any:
        instances(process_id)
        return [one for each in ref.workspace.list_processes() for one in instances(each["id"])]

    ref.operations["list_instances"] = all_of_them
