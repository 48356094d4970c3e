"""A server that follows the other reading of what the document of PROCESIO leaves open or contradicts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from conformance.reference.edits import editing

from .liberty import Liberty, asking

if TYPE_CHECKING:
    from starlette.types import Scope

    from conformance.reference.edits import Data, Outgoing
    from conformance.reference.procesio.server import Procesio

RUN = re.compile("/api/Projects/[^/]+/run").fullmatch


def keys_for_runs_only(scope: Scope, body: bytes) -> tuple[Scope, bytes]:
    """An API key is accepted only for the run of a process (A-PRO-08)."""
    if not RUN(scope["path"]):
        kept = [(name, value) for name, value in scope["headers"] if name not in (b"key", b"value")]
        return {**scope, "headers": kept}, body
    return scope, body


def told_with_200(answer: Outgoing) -> None:
    """A failed login returns 200 and an error instead of the token (A-PRO-45)."""
    if answer.path.endswith("/api/Authentication") and 400 <= answer.status < 500:
        answer.status = 200


def worded(reference: Procesio) -> None:
    """Follow the other passages about the behaviour of a server."""
    operations, workspace = reference.operations, reference.workspace

    def done(process: str, body: Data) -> Any:
        """A run is complete when its response is sent (A-PRO-38)."""
        answer = operations_run(process, body)
        instance = workspace.instance(answer["id"])
        assert instance.launched is not None
        instance.launched -= timedelta(hours=1)
        return answer

    def shown(schedule: str, _body: Data) -> Any:
        """The status of a schedule is returned, not changed (A-PRO-24)."""
        return {"isActive": reference.schedules.read_schedule(schedule)["isActive"]}

    def by_process(identifier: str) -> Any:
        """A folder is found only by the process in it (A-PRO-13)."""
        raise HTTPException(404, f"No folder holds the process {identifier}.")

    operations_run = operations["run_process"]
    operations["run_process"] = done
    operations["change_schedule_status"] = shown
    operations["read_process_analytics"] = workspace.read_process  # its configuration (A-PRO-37)
    operations["read_folder"] = by_process
    reference.anonymous.clear()  # status and version need authorization (A-PRO-35)
    reference.wrap(editing(told_with_200))
    reference.wrap(asking(keys_for_runs_only))


LIBERTIES = (
    Liberty(
        "worded",
        "procesio",
        worded,
        unshown=(
            "PRO-FOLDER-*",
            "PRO-SCHEDULE-STATUS-LISTED",  # it has no status that can be changed
            "PRO-WRONG-TOKEN-GET-ACTION-FOLDER",
            "createActionFolder:verbatim",
            "getActionFolder.2XX:content-type",
        ),
        findings=("PRO-FOLDER-READABLE", "PRO-SCHEDULE-STATUS-CHANGES"),
    ),
)
