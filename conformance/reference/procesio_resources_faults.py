"""The faults of the PROCESIO reference in what it tells of its resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.faults import fault
from conformance.reference.procesio_common_faults import open_to_all

if TYPE_CHECKING:
    from conformance.reference.procesio import Procesio

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


@fault("pro-resources-no-list", SYSTEM, "answers how many resources there are where the list of them should be")
def resources_no_list(ref: Procesio) -> None:
    """Answer a number."""
    resources = ref.operations["list_resources"]
    ref.operations["list_resources"] = lambda: len(resources())
