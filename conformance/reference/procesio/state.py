"""Workspace: the processes and instances of the PROCESIO reference server, and what its operations do to them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from conformance.reference.base import Clock

    Process = dict[str, Any]

WORKSPACE_ID: Final = "5d0f0c6e-5a0b-4c8f-9a57-2f1c1f0b9e01"
PROCESS_ID: Final = "e2b6c1a4-7d35-4f0e-8c19-0a6d5b7f3c02"
RUNNING_TIME: Final = timedelta(seconds=2)
NO_PROCESS: Final = "There is no process of this id."
NO_INSTANCE: Final = "There is no process instance of this id."

ROUTES: Final = (
    ("POST", "/api/Projects", "create_process"),
    ("PUT", "/api/Projects", "update_process"),
    ("GET", "/api/Projects", "list_processes"),
    ("POST", "/api/Projects/validate", "validate_process"),
    ("DELETE", "/api/Projects/{id}", "delete_process"),
    ("GET", "/api/Projects/{id}", "read_process"),
    ("GET", "/api/Projects/{id}/instances/publish", "publish_process"),
    ("GET", "/api/Projects/{id}/instances", "list_instances"),
    ("GET", "/api/Projects/instances/{id}/status", "read_status"),
    ("GET", "/api/Projects/instances/{id}/launch", "launch_instance"),
    ("POST", "/api/Projects/{id}/run", "run_process"),
    ("GET", "/api/Projects/{id}/payload", "read_payload"),
    ("GET", "/api/Projects/{id}/used", "list_used"),
    ("PATCH", "/api/Projects/{id}/toggle-activation", "toggle_activation"),
)
"""Method, path and name of each operation on processes; a name is that of a method of `Workspace`."""
WITH_BODY: Final = frozenset({"create_process", "update_process", "validate_process", "run_process"})

_DEFAULTS: Final[Process] = {"description": "", "isActive": True, "flows": [], "variables": [], "resources": []}
_OWNED: Final = frozenset({"id", "workspaceId", "createdOn"})
_TEXTS: Final = ("name", "title", "description")
_LISTS: Final = ("flows", "variables", "resources")

FIXTURE: Final[Process] = {
    **_DEFAULTS,
    "id": PROCESS_ID,
    "workspaceId": WORKSPACE_ID,
    "createdOn": "2024-01-01T00:00:00+00:00",
    "name": "Reference process",
    "title": "Reference process",
    "variables": [{"name": "customer", "type": "string", "value": ""}],
    "resources": [{"id": "0b9d3f52-6c1e-4a77-b0d4-91e8c2a5f703", "type": "credential", "name": "Mail server"}],
}


def problems(process: Process) -> list[str]:
    """What is wrong with the configuration of a process, in sentences; empty when it can be stored."""
    found = []
    if not process.get("name") and not process.get("title"):
        found.append("A process needs a name or a title.")
    texts = (member for member in _TEXTS if not isinstance(process.get(member), str | None))
    found += [f"The member {member} is not a text." for member in texts]
    if not isinstance(process.get("isActive", True), bool):
        found.append("The member isActive is neither true nor false.")
    for member in _LISTS:
        elements = process.get(member, [])
        if not isinstance(elements, list) or not all(isinstance(element, dict) for element in elements):
            found.append(f"The member {member} is not a list of objects.")
        elif member == "variables" and not all(isinstance(element.get("name"), str) for element in elements):
            found.append("Each of the variables needs a name.")
    return found


@dataclass(slots=True)
class Instance:
    """A process instance: made from a copy of a process, run once. Its state follows from the time."""

    id: str
    process: Process
    payload: dict[str, Any]
    launched: datetime | None = None

    def status(self, at: datetime) -> str:
        """The state of the instance at the time `at`."""
        if self.launched is None:
            return "Ready"
        return "Running" if at < self.launched + RUNNING_TIME else "Completed"


class Workspace:
    """The processes of a workspace; its public methods are the operations, by the names in the table of routes.

    They get the id of the path and the JSON object of the body, if there is one, and return the response. Refusals
    raise HTTPException: 400 for what cannot be stored or run, 404 for an unknown id, 409 for a second launch.
    """

    routes = ROUTES
    with_body = WITH_BODY
    public: frozenset[str] = frozenset()
    stores = ("processes",)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.processes: dict[str, Process] = {PROCESS_ID: deepcopy(FIXTURE)}
        self.started: dict[str, Instance] = {}

    def create_process(self, body: Process) -> Process:
        """Store a new process; the id is chosen here, whatever the body says."""
        created = self._clock().isoformat(timespec="seconds")
        process = {
            **deepcopy(_DEFAULTS),
            **body,
            "id": str(uuid4()),
            "workspaceId": WORKSPACE_ID,
            "createdOn": created,
        }
        return self._store(process)

    def update_process(self, body: Process) -> Process:
        """Change the process that the body names by `id`; members that it leaves out stay as they are."""
        return self._store(self.changed(body))

    def changed(self, body: Process) -> Process:
        """The process that the body of an update names, with its changes, not stored."""
        if not isinstance(body.get("id"), str):
            raise HTTPException(400, "The body names no process; give its id.")
        sent = {member: value for member, value in body.items() if member not in _OWNED}
        return self._checked({**self.read_process(body["id"]), **sent})

    def list_processes(self) -> list[Process]:
        """All processes, oldest first."""
        return list(self.processes.values())

    def validate_process(self, body: Process) -> dict[str, Any]:
        """Whether the body could be stored as a process, and why not."""
        found = problems(body)
        return {"isValid": not found, "errors": found}

    def read_process(self, process_id: str) -> Process:
        """The configuration of a process."""
        process = self.processes.get(process_id.lower())
        if process is None:
            raise HTTPException(404, NO_PROCESS)
        return process

    def delete_process(self, process_id: str) -> dict[str, str]:
        """Remove a process; its instances, which hold copies, stay."""
        process = self.read_process(process_id)
        del self.processes[process["id"]]
        return {"id": process["id"]}

    def toggle_activation(self, process_id: str) -> dict[str, Any]:
        """Turn an active process into an inactive one and back."""
        process = self.read_process(process_id)
        process["isActive"] = not process["isActive"]
        return {"id": process["id"], "isActive": process["isActive"]}

    def read_payload(self, process_id: str) -> dict[str, Any]:
        """The input variables of a process, in the form in which a run takes them."""
        variables = self.read_process(process_id)["variables"]
        return {"payload": {each["name"]: each.get("value") for each in variables}, "connectionId": None}

    def list_used(self, process_id: str) -> list[Any]:
        """The resources that a process uses, a list."""
        used: list[Any] = self.read_process(process_id)["resources"]
        return used

    def publish_process(self, process_id: str) -> dict[str, str]:
        """Make an instance that is ready to be launched."""
        return self._instantiate(process_id, {}, None)

    def run_process(self, process_id: str, body: dict[str, Any]) -> dict[str, str]:
        """Make an instance and start it at once."""
        self.read_process(process_id)
        payload = body.get("payload")
        if not isinstance(payload, dict):
            raise HTTPException(400, "The body has no payload; give an object, which may be empty.")
        if "connectionId" not in body or not isinstance(body["connectionId"], str | None):
            raise HTTPException(400, "The connectionId is neither null nor a text.")
        return self._instantiate(process_id, payload, self._clock())

    def launch_instance(self, instance_id: str) -> dict[str, str]:
        """Start an instance that was published."""
        instance = self.instance(instance_id)
        if instance.launched is not None:
            raise HTTPException(409, "This instance was launched already; publish the process again.")
        instance.launched = self._clock()
        return {"id": instance.id}

    def read_status(self, instance_id: str) -> dict[str, str]:
        """The state of an instance."""
        instance = self.instance(instance_id)
        return {"id": instance.id, "status": instance.status(self._clock())}

    def list_instances(self, process_id: str) -> list[dict[str, Any]]:
        """The instances of a process, oldest first, a list."""
        process = self.read_process(process_id)
        now = self._clock()
        return [
            {
                "id": instance.id,
                "processId": process["id"],
                "processName": instance.process.get("name") or instance.process["title"],
                "status": instance.status(now),
                "payload": instance.payload,
            }
            for instance in self.started.values()
            if instance.process["id"] == process["id"]
        ]

    def instance(self, instance_id: str) -> Instance:
        """The instance of an id.

        Raises:
            HTTPException: 404, there is none.
        """
        instance = self.started.get(instance_id.lower())
        if instance is None:
            raise HTTPException(404, NO_INSTANCE)
        return instance

    def _store(self, process: Process) -> Process:
        self.processes[process["id"]] = self._checked(process)
        return process

    def _checked(self, process: Process) -> Process:
        if found := problems(process):
            raise HTTPException(400, " ".join(found))
        return process

    def _instantiate(self, process_id: str, payload: dict[str, Any], launched: datetime | None) -> dict[str, str]:
        instance = Instance(str(uuid4()), deepcopy(self.read_process(process_id)), payload, launched)
        self.started[instance.id] = instance
        return {"id": instance.id}
