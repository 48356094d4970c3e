"""The liberal PROCESIO: since no document defines a body, every response has another one.

Envelopes with a trace id and a time, other member names in another order, wrapped objects, numbers as strings,
paginated lists and refusals as lists: what such a server may return.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from conformance.reference import personality
from conformance.reference.edits import editing, on_reading, rewritten

if TYPE_CHECKING:
    from conformance.reference.edits import Data, Outgoing
    from conformance.reference.procesio.server import Procesio

STATES: Final = {True: "10", False: "20"}
ONE_PROCESS: Final = re.compile("/api/Projects/[^/]+").fullmatch


def of_the_web_api(answer: Outgoing) -> bool:
    """Whether an accepted answer of the Web API has JSON in it."""
    return answer.path.startswith(("/api/", "/gui/")) and "Authentication" not in answer.path and answer.accepted


@on_reading
def bare_status(answer: Outgoing) -> None:
    """The status of an instance as nothing but a number, in digits."""
    data = answer.json
    if "/instances/" in answer.path and answer.path.endswith("/status") and isinstance(data, dict):
        known = {"Ready": "10", "Running": "20", "Completed": "30"}
        answer.json = known.get(data.get("status", ""), "0")


def other_members(answer: Outgoing) -> None:
    """A thing has a title, a state and a date of its last reading; numbers are digits."""
    data = answer.json
    if of_the_web_api(answer) and data is not None:
        answer.json = _digits(rewritten(data, _renamed))


def _renamed(item: Data) -> Data:
    renamed = {"title" if name == "name" else name: value for name, value in item.items()}
    if isinstance(renamed.get("isActive"), bool):
        renamed["state"] = STATES[renamed.pop("isActive")]
    return renamed


def _digits(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _digits(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_digits(item) for item in data]
    return str(data) if isinstance(data, int) and not isinstance(data, bool) else data


def wrapped(answer: Outgoing) -> None:
    """A process in a member that is called by what it is, with the time at which it was read."""
    data = answer.json
    if of_the_web_api(answer) and ONE_PROCESS(answer.path) and isinstance(data, dict) and "workspaceId" in data:
        answer.json = {"readOn": datetime.now(UTC).isoformat(), "flow": data}


def enveloped(answer: Outgoing) -> None:
    """Every answer in an envelope, and lists by the page, of which there is one."""
    if not of_the_web_api(answer) or not answer.body or (data := answer.json) is None:
        return
    details: Data = {"traceId": str(uuid4()), "timestamp": datetime.now(UTC).isoformat(), "statusCode": answer.status}
    if isinstance(data, list):
        answer.json = details | {"totalItemCount": len(data), "pageNumber": 1, "pageItems": data}
    else:
        answer.json = details | {"isSuccess": True, "data": data}


def other_successes(answer: Outgoing) -> None:
    """A create gets 201, and a deletion no content."""
    if answer.status == 200 and answer.method == "POST":
        answer.status = 201
    elif answer.accepted and answer.method == "DELETE":
        answer.status = 204
        answer.empty()


def errors_in_lists(answer: Outgoing) -> None:
    """A refusal is a list of errors."""
    if answer.status >= 400 and answer.body:
        said = answer.json
        message = said.get("message", said) if isinstance(said, dict) else answer.body.decode()
        answer.label("application/json")
        answer.body = json.dumps([{"target": [], "statusCode": answer.status, "value": message}]).encode()


@personality.liberal("procesio")
def liberal(reference: Procesio) -> None:
    """Everything that does not exclude each other."""
    edits = personality.taking(
        bare_status,
        on_reading(personality.other_way_round),
        other_members,
        wrapped,
        enveloped,
        other_successes,
        personality.other_refusals,
        errors_in_lists,
    )
    reference.wrap(editing(*edits, pieces=2, pause=personality.PAUSE))
