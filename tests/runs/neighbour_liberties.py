"""Liberties in what a server says of copies, runs, names and request data, and in what it changes beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from conformance.reference.faults import edit_json, response_fault
from conformance.reference.processmaker4.server import START_PATTERN

from .liberty import Liberty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.edits import Data
    from conformance.reference.procesio.server import Procesio
    from conformance.reference.processmaker4.server import ProcessMaker4


def copies_named(reference: Procesio) -> None:
    """A copy is off, has a name of its own and names its original, which counts its copies; lists shorten names."""
    duplicate, processes = reference.operations["duplicate_schedule"], reference.operations["list_processes"]

    def told(schedule: str) -> Data:
        copy: Data = duplicate(schedule)
        copy.update(isActive=False, name=f"Copy of {copy['name']}", copiedFrom=schedule)
        original = reference.schedules.read_schedule(schedule)
        original["copies"] = [*original.get("copies", []), copy["id"]]
        original["copyCount"] = len(original["copies"])
        original["lastCopiedOn"] = reference.clock().isoformat()
        return copy

    def turned(schedule: str, _body: Data) -> Data:
        """A change of the status turns it, whatever is sent; the response has it in words."""
        own = reference.schedules.read_schedule(schedule)
        own["isActive"] = not own["isActive"]
        return {"id": own["id"], "status": "on" if own["isActive"] else "off"}

    def short() -> list[Data]:
        return [{**process, "name": f"{process['name'][:12]}…", "title": ""} for process in processes()]

    reference.operations["duplicate_schedule"] = told
    reference.operations["change_schedule_status"] = turned
    reference.operations["list_processes"] = short


def totals_only(reference: Procesio) -> None:
    """Analytics are totals, a run returns its result, and the attributes of a data type stay as they are."""
    operations = reference.operations
    analytics, run, update = (
        operations["read_processes_analytics"],
        operations["run_process"],
        operations["update_data_type"],
    )

    def ran(process: str, body: Data) -> Data:
        run(process, body)
        return {"result": body["payload"], "finished": True}

    def fixed(body: Data) -> Any:
        if body.get("attributes") != reference.data_types.read_data_type(body["id"])["attributes"]:
            raise HTTPException(400, "The attributes of a data type cannot be changed.")
        return update(body)

    operations["read_processes_analytics"] = lambda: {"runs": sum(analytic["launched"] for analytic in analytics())}
    operations["run_process"] = ran
    operations["update_data_type"] = fixed


def _in_words(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for member, inner in members:
            yield from _in_words(inner, f"{name}.{member}" if name else str(member))
    else:
        yield name, str(value).lower() if isinstance(value, bool) else None if value is None else str(value)


def data_in_words(reference: ProcessMaker4) -> None:
    """Request data are one text: a flat JSON object whose values are texts."""

    def told(details: Any) -> Any:
        return {**details, "data": json.dumps(dict(_in_words(details["data"])))}

    reference.wrap(response_fault("POST", START_PATTERN, 201, edit_json(told)))


def texts_only(reference: ProcessMaker4) -> None:
    """Request data with lists or objects in it are refused."""

    def rule(_: str, data: Data) -> None:
        if any(isinstance(item, dict | list) for item in data.values()):
            raise HTTPException(422, "Request data are single values.")

    reference.body_rules.append(rule)


LIBERTIES = (
    Liberty("copies-named", "procesio", copies_named),
    Liberty(
        "totals-only",
        "procesio",
        totals_only,
        unshown=(  # no response names the instance of a run, nor a process that was run
            "PRO-RUN-LISTED",
            "PRO-RUN-STATUS",
            "PRO-RUN-EXECUTES",
            "PRO-RUN-OTHERS",
            "PRO-RUN-OF-ONE",
            "PRO-RUN-API-KEY-OF-ONE",
            "PRO-RUN-API-KEY-PAYLOAD",
            "PRO-ANALYTICS-PROCESSES-ALL",
            "PRO-DATATYPE-MODIFY-ATTRIBUTES",  # no document says that they can be changed
            "PRO-DATATYPE-NAME-AFTER-MODIFY",  # the body changes them as well
        ),
    ),
    Liberty("data-in-words", "processmaker4", data_in_words),
    Liberty("texts-only", "processmaker4", texts_only, unshown=("PM4-START-DATA-VALUES",)),
)
