"""Requests: the request of a case, made from a documented one. Pure but for identifiers that the ledger makes up."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from conformance.engine.cases.case import LEFT_OUT, MADE_UP, Case, CaseKind, Part
from conformance.wire.ledger import Ledger

JSON: Final = "application/json"
CUT: Final = "multipart/form-data; boundary=cut"
FORM: Final = "application/x-www-form-urlencoded"
CONTENT: Final = ("json", "data", "files", "content")
Request = Mapping[str, Any]
"""The keyword arguments of `Session.send`."""


def request_of(case: Case, base: Request, ledger: Ledger) -> dict[str, Any] | None:
    """A documented request with what is special about a case; None where it has no such place."""
    match case.part:
        case Part.WHOLE:
            return dict(base)
        case Part.PATH:
            path = dict(base.get("path", {}))
            return {**base, "path": {**path, case.place: _made_up(case.value, path.get(case.place, ""), ledger)}}
        case Part.QUERY:
            return {**base, "params": {**base.get("params", {}), case.place: _made_up(case.value, "", ledger)}}
        case Part.HEADERS:
            return {**base, "headers": {**base.get("headers", {}), case.place: case.value}}
        case Part.BODY if case.kind is CaseKind.COMBINED:
            return {**base, "json": case.value}
        case Part.BODY if not case.place:
            return _raw(base, case.bytes, JSON)
        case Part.BODY:
            body = changed(base.get("json"), case.place, case.value)
            return None if body is None else {**base, "json": body}
        case Part.FORM:
            return _raw(base, case.bytes, FORM)
        case _ if not case.place:
            return _raw(base, case.bytes, CUT)
        case Part.XML:
            old, new = (str(one).encode() for one in case.value)
            file = (base.get("files") or {}).get(case.place)
            if file is None or old not in file[1]:
                return None
            name, content, *more = file
            return {**base, "files": {**base["files"], case.place: (name, content.replace(old, new, 1), *more)}}
        case _:
            files = base.get("files") or {}
            spoilt = {part: (name, str(case.value).encode(), *more) for part, (name, _, *more) in files.items()}
            return {**base, "files": spoilt} if spoilt else None


def _raw(base: Request, body: bytes, media_type: str) -> dict[str, Any]:
    """A request with a body of these bytes, in the place of its own."""
    kept = {name: value for name, value in base.items() if name not in CONTENT}
    return {**kept, "content": body, "headers": {**base.get("headers", {}), "content-type": media_type}}


def _made_up(value: str, known: str, ledger: Ledger) -> str:
    """A value with an identifier that the run makes up: as a whole in the form of the known one."""
    if value == MADE_UP:
        return ledger.made_up_like(known) if known else ledger.made_up(12)
    if not value.replace(MADE_UP, ""):
        return ledger.made_up(32 * value.count(MADE_UP))
    return value.replace(MADE_UP, ledger.made_up(12))


def changed(body: Any, place: str, value: Any) -> Any:
    """A copy of a body with another value at a place, in the first element on the way; None where it cannot be."""
    body = deepcopy(body)
    node = body
    *parents, last = place.split("/")[1:]
    for part in parents:
        name, lists = part.split("[]", 1)[0], part.count("[]")
        node = node.get(name) if isinstance(node, dict) else None
        for _ in range(lists):
            node = node[0] if isinstance(node, list) and node else None
    if not isinstance(node, dict) or (value is LEFT_OUT and last not in node):
        return None
    if value is LEFT_OUT:
        del node[last]
    else:
        node[last] = value
    return body
