"""The faults of the PROCESIO reference in authentication, and in its processes and instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from starlette.exceptions import HTTPException

from conformance.reference.answers import withdraw
from conformance.reference.faults import edit_json, fault, response_fault
from conformance.reference.procesio.faults.common import Life, accept_any_token, open_to_all
from conformance.reference.procesio.state import NO_INSTANCE, NO_PROCESS, PROCESS_ID

if TYPE_CHECKING:
    from conformance.reference.procesio.server import Procesio

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


@fault("pro-auth-no-token", SYSTEM, "returns 200 to a good authentication, but no token")
def auth_no_token(ref: Procesio) -> None:
    """Leave the tokens out of the answer."""

    def without(answer: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in answer.items() if key not in ("access_token", "refresh_token")}

    ref.wrap(response_fault("POST", "/api/Authentication", 200, edit_json(without)))


@fault("pro-auth-empty-secret-refused", SYSTEM, "refuses an empty client secret")
def auth_empty_secret_refused(ref: Procesio) -> None:
    """Ask for a secret that is not empty."""
    usual = ref.secret_accepted
    ref.secret_accepted = lambda secret: bool(secret) and usual(secret)


@fault("pro-auth-any-password", SYSTEM, "issues a token for any password")
def auth_any_password(ref: Procesio) -> None:
    """Accept every password."""
    known = ref.user_accepted
    ref.user_accepted = lambda username, password: known(username, password) or username == "demo"


@fault("pro-auth-any-realm", SYSTEM, "issues a token for any realm")
def auth_any_realm(ref: Procesio) -> None:
    """Accept every realm."""
    ref.realm_accepted = lambda _: True


@fault("pro-auth-any-secret", SYSTEM, "issues a token for any client secret")
def auth_any_secret(ref: Procesio) -> None:
    """Accept every secret."""
    ref.secret_accepted = lambda _: True


@fault("pro-auth-any-user", SYSTEM, "issues a token for unknown users")
def auth_any_user(ref: Procesio) -> None:
    """Accept every user, with every password of those that are unknown."""
    known = ref.user_accepted
    ref.user_accepted = lambda username, password: known(username, password) or username != "demo"


@fault("pro-auth-any-client", SYSTEM, "issues a token to any client")
def auth_any_client(ref: Procesio) -> None:
    """Accept every client."""
    ref.client_accepted = lambda _: True


@fault("pro-api-key-any-value", SYSTEM, "accepts any value under the name of an API key")
def api_key_any_value(ref: Procesio) -> None:
    """Look at the name alone."""
    ref.key_accepted = lambda name, _: any(key["name"] == name for key in ref.keys.keys.values())


@fault("pro-api-key-any-name", SYSTEM, "accepts the value of an API key under any name")
def api_key_any_name(ref: Procesio) -> None:
    """Look at the value alone."""
    ref.key_accepted = lambda _, value: any(key["value"] == value for key in ref.keys.keys.values())


@fault("pro-second-token-dead", SYSTEM, "accepts only the first access token that it issued")
def second_token_dead(ref: Procesio) -> None:
    """Know one token."""
    ref.token_accepted = lambda token: token == next(iter(ref.tokens), None)


@fault("pro-wrong-token-accepted", SYSTEM, "accepts any access token to list the processes")
def wrong_token_accepted(ref: Procesio) -> None:
    """Look at the token of all other operations; `pro-any-token` does the opposite."""
    accept_any_token(ref, lambda name: name == "list_processes")


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


@fault("pro-create-unreadable", SYSTEM, "lists created processes, but cannot read them")
def create_unreadable(ref: Procesio) -> None:
    """Read only the process that was there from the start."""
    read = ref.operations["read_process"]

    def read_first(process_id: str) -> Any:
        if process_id != PROCESS_ID:
            raise HTTPException(404, NO_PROCESS)
        return read(process_id)

    ref.operations["read_process"] = read_first


@fault("pro-update-ignored", SYSTEM, "accepts an update, but does not change anything")
def update_ignored(ref: Procesio) -> None:
    """Store no change."""
    ref.operations["update_process"] = ref.workspace.changed


@fault("pro-delete-keeps-process", SYSTEM, "accepts a deletion, but does not delete the process")
def delete_keeps_process(ref: Procesio) -> None:
    """Remove nothing."""
    ref.operations["delete_process"] = lambda process_id: {"id": ref.workspace.read_process(process_id)["id"]}


@fault("pro-delete-keeps-toggled", SYSTEM, "accepts the deletion of a process that was toggled, but keeps it")
def delete_keeps_toggled(ref: Procesio) -> None:
    """Remove only what was never toggled."""
    toggle, delete = ref.operations["toggle_activation"], ref.operations["delete_process"]
    toggled: set[str] = set()

    def toggle_and_remember(process_id: str) -> Any:
        toggled.add(process_id.lower())
        return toggle(process_id)

    def delete_others(process_id: str) -> Any:
        if process_id.lower() in toggled:
            return {"id": ref.workspace.read_process(process_id)["id"]}
        return delete(process_id)

    ref.operations["toggle_activation"] = toggle_and_remember
    ref.operations["delete_process"] = delete_others


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


@fault("pro-toggle-ignored", SYSTEM, "accepts a change of activation, but does not change anything")
def toggle_ignored(ref: Procesio) -> None:
    """Change no activation."""

    def pretend(process_id: str) -> Any:
        process = ref.workspace.read_process(process_id)
        return {"id": process["id"], "isActive": not process["isActive"]}

    ref.operations["toggle_activation"] = pretend


@fault("pro-publish-dead-instance", SYSTEM, "publishes an instance whose launch returns 404")
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


@fault("pro-launch-ignored", SYSTEM, "accepts a launch, but does not launch the instance")
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
        return [instance for each in ref.workspace.list_processes() for instance in instances(each["id"])]

    ref.operations["list_instances"] = all_of_them


@fault("pro-run-starts-nothing", SYSTEM, "accepts a run, and starts no instance")
def run_starts_nothing(ref: Procesio) -> None:
    """Answer an identifier of nothing."""

    def pretend(process_id: str, _: dict[str, Any]) -> Any:
        ref.workspace.read_process(process_id)
        return {"id": str(uuid4())}

    ref.operations["run_process"] = pretend


@fault("pro-toggle-touches-date", SYSTEM, "sets the date of a process where its activation should be changed")
def toggle_touches_date(ref: Procesio) -> None:
    """Change nothing but the date."""

    def touch(process_id: str) -> Any:
        process = ref.workspace.read_process(process_id)
        process["createdOn"] = f"2031-01-01T00:00:{len(touched) % 60:02}+00:00"
        touched.append(process_id)
        return {"id": process["id"], "isActive": not process["isActive"]}

    touched: list[str] = []
    ref.operations["toggle_activation"] = touch


@fault("pro-toggle-once", SYSTEM, "turns a process inactive, and never active again")
def toggle_once(ref: Procesio) -> None:
    """Switch off whatever the state was."""

    def off(process_id: str) -> Any:
        process = ref.workspace.read_process(process_id)
        process["isActive"] = False
        return {"id": process["id"], "isActive": False}

    ref.operations["toggle_activation"] = off


@fault("pro-payload-of-newest", SYSTEM, "returns the payload of the newest process for every identifier")
def payload_of_newest(ref: Procesio) -> None:
    """Read the payload of a process without input variables."""
    payload = ref.operations["read_payload"]

    def without(process_id: str) -> Any:
        return {**payload(process_id), "payload": {}}

    ref.operations["read_payload"] = without


@fault("pro-used-of-first", SYSTEM, "returns what the first process uses for every identifier")
def used_of_first(ref: Procesio) -> None:
    """Always read the same process."""
    used = ref.operations["list_used"]

    def first(process_id: str) -> Any:
        ref.workspace.read_process(process_id)
        return used(PROCESS_ID)

    ref.operations["list_used"] = first


@fault("pro-status-of-launched", SYSTEM, "returns for a published instance the status of one launched later")
def status_of_launched(ref: Procesio) -> None:
    """Follow what was launched after the publication."""
    status, launch = ref.operations["read_status"], ref.operations["launch_instance"]
    launched: list[tuple[int, str]] = []

    def remember(instance_id: str) -> Any:
        launched.append((len(ref.workspace.started), instance_id))
        return launch(instance_id)

    def follow(instance_id: str) -> Any:
        own = status(instance_id)
        place = list(ref.workspace.started).index(own["id"])
        later = [value for known, value in launched if place < known]
        waits = ref.workspace.instance(instance_id).launched is None
        return {**own, "status": status(later[-1])["status"]} if later and waits else own

    ref.operations["launch_instance"], ref.operations["read_status"] = remember, follow


@fault("pro-validate-stores", SYSTEM, "stores what it should only validate")
def validate_stores(ref: Procesio) -> None:
    """Change the process that the body names."""
    validate = ref.operations["validate_process"]

    def store(body: dict[str, Any]) -> Any:
        if body.get("id") in ref.workspace.processes and body["id"] != PROCESS_ID:
            ref.workspace.update_process(body)
        return validate(body)

    ref.operations["validate_process"] = store


@fault("pro-publish-deactivates", SYSTEM, "turns a process inactive when it is published")
def publish_deactivates(ref: Procesio) -> None:
    """Change the process, and not only its copy."""
    publish = ref.operations["publish_process"]
    published: list[str] = []

    def change(process_id: str) -> Any:
        answer = publish(process_id)
        published.append(process_id)
        return answer

    def read(process_id: str) -> Any:
        process = ref.workspace.read_process(process_id)
        return {**process, "isActive": len(published) % 2 == 0} if process_id in published else process

    ref.operations["publish_process"], ref.operations["read_process"] = change, read


Life(
    "process",
    create="create_process",
    read="read_process",
    list="list_processes",
    update="update_process",
    delete="delete_process",
).register_more()
