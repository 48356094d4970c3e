"""Liberties of other vendors' servers: other layouts, and side effects of requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from conformance.reference.edits import Data, Outgoing, editing, on_reading, rewritten
from conformance.reference.procesio.liberal import of_the_web_api
from conformance.reference.procesio.state import PROCESS_ID

from .liberty import Liberty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.reference.procesio.server import Operation, Procesio
    from conformance.reference.processmaker4.server import ProcessMaker4


@on_reading
def by_identifier(answer: Outgoing) -> None:
    """Lists are objects whose keys are the identifiers of the items."""
    data = answer.json
    if isinstance(data, list) and data and all(isinstance(item, dict) and "id" in item for item in data):
        answer.json = {item["id"]: {name: value for name, value in item.items() if name != "id"} for item in data}


def keyed_lists(reference: Procesio) -> None:
    """Lists are objects."""
    reference.wrap(editing(by_identifier))


def tree_of_paths(reference: Procesio) -> None:
    """The directory tree is a list of paths that contain the names."""
    tree = reference.operations["list_folders"]

    def paths(node: Data, above: str) -> Iterator[Data]:
        path = f"{above}/{node['name']}"
        yield {"id": node["id"], "path": path}
        for child in node["children"]:
            yield from paths(child, path)

    reference.operations["list_folders"] = lambda: list(paths(tree(), ""))


def shared_revision(reference: Procesio) -> None:
    """Every write changes the revision of everything."""
    written = 0

    def edit(answer: Outgoing) -> None:
        nonlocal written
        written += answer.method != "GET"
        if of_the_web_api(answer) and (data := answer.json) is not None:
            answer.json = rewritten(data, lambda item: {**item, "revision": written} if "id" in item else item)

    reference.wrap(editing(edit))


def drafts(reference: Procesio) -> None:
    """A new process is a draft, which cannot be executed."""

    def of_finished(usual: Operation) -> Operation:
        def execute(process_id: str, *body: Any) -> Any:
            if reference.workspace.read_process(process_id)["id"] != PROCESS_ID:
                raise HTTPException(422, "The process is a draft.")
            return usual(process_id, *body)

        return execute

    for name in ("publish_process", "run_process"):
        reference.operations[name] = of_finished(reference.operations[name])


def other_copies(reference: Procesio) -> None:
    """A copy of a schedule is off, has a name chosen by the server, and names its original."""
    duplicate: Callable[[str], Data] = reference.operations["duplicate_schedule"]

    def named(schedule_id: str) -> Data:
        copy = duplicate(schedule_id)
        copy |= {"isActive": False, "copyOf": schedule_id, "name": f"Copy {len(reference.schedules.kept)}"}
        return copy

    reference.operations["duplicate_schedule"] = named


def data_as_text(reference: ProcessMaker4) -> None:
    """Request data are a text in JSON."""

    def edit(answer: Outgoing) -> None:
        details = answer.json
        if answer.accepted and isinstance(details, dict):
            answer.json = {**details, "data": json.dumps(details["data"])}

    reference.wrap(editing(edit))


LIBERTIES = (
    Liberty("keyed-lists", "procesio", keyed_lists),
    # Nested folders are recognised by identifiers and names of their own.
    Liberty(
        "tree-of-paths",
        "procesio",
        tree_of_paths,
        unshown=("PRO-FOLDER-PATH-FULL", "PRO-FOLDER-DELETE-CONTENT", "PRO-FOLDER-RENAME-KEEPS-PLACE"),
    ),
    Liberty("shared-revision", "procesio", shared_revision),
    Liberty(
        "drafts",
        "procesio",
        drafts,
        unshown=(  # nothing new can be run
            "PRO-ANALYTICS-PROCESSES-ALL",
            "PRO-INSTANCE-STAYS",
            "PRO-PROCESS-DELETED-NOT-RUN",
        ),
    ),
    Liberty("other-copies", "procesio", other_copies),
    Liberty("data-as-text", "processmaker4", data_as_text),
)
