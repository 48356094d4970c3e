"""The service of the PROCESIO reference server for resources and analytics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from conformance.reference.procesio.data_types import DataTypes
    from conformance.reference.procesio.schedules import Schedules
    from conformance.reference.procesio.state import Instance, Workspace

USER: Final = {"id": "9a4c6f03-1d5e-4b77-8e21-6b0f3c9d2a58", "name": "Demo"}


class Resources:
    """What an account has, and its analytics; it keeps nothing of its own and changes nothing."""

    routes = (
        ("GET", "/api/Resources/used", "list_resources"),
        ("GET", "/api/Resources/analytics/processes", "read_processes_analytics"),
        ("GET", "/api/Resources/analytics/processes/{id}/details", "read_process_analytics"),
        ("GET", "/api/Resources/analytics/instances/{id}/details", "read_instance_analytics"),
        ("GET", "/api/Resources/analytics/users", "read_users_analytics"),
    )
    with_body: frozenset[str] = frozenset()
    public: frozenset[str] = frozenset()
    stores: tuple[str, ...] = ()

    def __init__(self, workspace: Workspace, data_types: DataTypes, schedules: Schedules) -> None:
        self._workspace = workspace
        self._data_types = data_types
        self._schedules = schedules

    def list_resources(self) -> list[dict[str, Any]]:
        """How many things of each kind there are."""
        primitive = self._data_types.count_primitive_types()
        return [
            {"type": "process", "count": len(self._workspace.processes)},
            {"type": "dataType", "count": len(self._data_types.types) - primitive},
            {"type": "schedule", "count": len(self._schedules.kept)},
        ]

    def read_processes_analytics(self) -> list[dict[str, Any]]:
        """How often each process was started."""
        return [self.read_process_analytics(process["id"]) for process in self._workspace.list_processes()]

    def read_process_analytics(self, process_id: str) -> dict[str, Any]:
        """How often one process was started."""
        process = self._workspace.read_process(process_id)
        started = self._of(process["id"])
        launched = [instance for instance in started if instance.launched is not None]
        return {"processId": process["id"], "instances": len(started), "launched": len(launched)}

    def read_instance_analytics(self, instance_id: str) -> dict[str, Any]:
        """When an instance was launched."""
        instance = self._workspace.instance(instance_id)
        launched = instance.launched.isoformat(timespec="seconds") if instance.launched else None
        return {"instanceId": instance.id, "processId": instance.process["id"], "launchedOn": launched}

    def read_users_analytics(self) -> list[dict[str, Any]]:
        """What the one user of the account has."""
        return [{**USER, "processes": len(self._workspace.processes), "instances": len(self._workspace.started)}]

    def _of(self, process_id: str) -> list[Instance]:
        return [instance for instance in self._workspace.started.values() if instance.process["id"] == process_id]
