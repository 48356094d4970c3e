"""Schedules: the service of the PROCESIO reference server that keeps when processes are to be run; it runs none."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from conformance.reference.procesio.state import Workspace

    Schedule = dict[str, Any]

NO_SCHEDULE: Final = "There is no schedule of this id."


class Schedules:
    """The schedules of a workspace; its public methods are the operations.

    They raise HTTPException where they refuse: 400 for what cannot be stored, 404 for an unknown id.
    """

    routes = (
        ("GET", "/api/Schedules", "list_schedules"),
        ("POST", "/api/Schedules", "create_schedule"),
        ("PUT", "/api/Schedules", "update_schedule"),
        ("GET", "/api/Schedules/{scheduleId}", "read_schedule"),
        ("DELETE", "/api/Schedules/{scheduleId}", "delete_schedule"),
        ("POST", "/api/Schedules/{scheduleId}/duplicate", "duplicate_schedule"),
        ("PATCH", "/api/Schedules/{scheduleId}/status", "change_schedule_status"),
    )
    with_body = frozenset({"create_schedule", "update_schedule", "change_schedule_status"})
    public: frozenset[str] = frozenset()
    stores = ("kept",)

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.kept: dict[str, Schedule] = {}

    def list_schedules(self) -> list[Schedule]:
        """All schedules, oldest first."""
        return list(self.kept.values())

    def create_schedule(self, body: Schedule) -> Schedule:
        """Store a new schedule; the id is chosen here, whatever the body says."""
        return self._store({"startsOn": None, "isActive": True, **body, "id": str(uuid4())})

    def update_schedule(self, body: Schedule) -> Schedule:
        """Change the schedule that the body names by `id`; members that it leaves out stay as they are."""
        if not isinstance(body.get("id"), str):
            raise HTTPException(400, "The body names no schedule; give its id.")
        return self._store({**self.read_schedule(body["id"]), **body})

    def read_schedule(self, schedule_id: str) -> Schedule:
        """The configuration of a schedule."""
        found = self.kept.get(schedule_id.lower())
        if found is None:
            raise HTTPException(404, NO_SCHEDULE)
        return found

    def delete_schedule(self, schedule_id: str) -> dict[str, str]:
        """Remove a schedule; its process stays."""
        found = self.read_schedule(schedule_id)
        del self.kept[found["id"]]
        return {"id": found["id"]}

    def duplicate_schedule(self, schedule_id: str) -> Schedule:
        """Store a copy, whose name shows that it is one."""
        copy = deepcopy(self.read_schedule(schedule_id))
        return self._store({**copy, "id": str(uuid4()), "name": f"{copy['name']} (copy)"})

    def change_schedule_status(self, schedule_id: str, body: Schedule) -> Schedule:
        """Turn a schedule on or off."""
        found = self.read_schedule(schedule_id)
        if not isinstance(body.get("isActive"), bool):
            raise HTTPException(400, "The member isActive is neither true nor false.")
        self._store({**found, "isActive": body["isActive"]})
        return {"id": found["id"], "isActive": body["isActive"]}

    def _store(self, item: Schedule) -> Schedule:
        if not isinstance(item.get("name"), str) or not item["name"]:
            raise HTTPException(400, "A schedule needs a name.")
        if not isinstance(item.get("processId"), str):
            raise HTTPException(400, "A schedule needs the id of a process.")
        if item["id"] not in self.kept:
            self._workspace.read_process(item["processId"])
        self.kept[item["id"]] = item
        return item
