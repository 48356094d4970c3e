"""The faults of the PROCESIO reference in the responses about its resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault
from conformance.reference.procesio.faults.common import open_to_all
from conformance.reference.procesio.state import PROCESS_ID

if TYPE_CHECKING:
    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"

open_to_all(
    {
        "list_resources": "list-resources",
        "read_processes_analytics": "processes-analytics",
        "read_process_analytics": "process-analytics",
        "read_instance_analytics": "instance-analytics",
        "read_users_analytics": "users-analytics",
    }
)


@fault("pro-resources-no-list", SYSTEM, "returns the number of resources instead of their list")
def resources_no_list(ref: Procesio) -> None:
    """Answer a number."""
    resources = ref.operations["list_resources"]
    ref.operations["list_resources"] = lambda: len(resources())


@fault("pro-process-analytics-of-first", SYSTEM, "returns the analytics of the first process for every identifier")
def process_analytics_of_first(ref: Procesio) -> None:
    """Always read the same process."""
    read = ref.operations["read_process_analytics"]

    def first(process_id: str) -> Any:
        read(process_id)
        return read(PROCESS_ID)

    ref.operations["read_process_analytics"] = first


@fault("pro-instance-analytics-of-newest", SYSTEM, "returns the analytics of the newest instance for every identifier")
def instance_analytics_of_newest(ref: Procesio) -> None:
    """Always read the instance that was started last."""
    read = ref.operations["read_instance_analytics"]

    def newest(instance_id: str) -> Any:
        read(instance_id)
        return read(list(ref.workspace.started)[-1])

    ref.operations["read_instance_analytics"] = newest
