"""Undocumented layouts of JSON: each one wraps every response of PROCESIO."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from conformance.reference.edits import Data, Edit, Outgoing, editing, rewritten
from conformance.reference.procesio.liberal import of_the_web_api

from .liberty import Liberty

if TYPE_CHECKING:
    from conformance.reference import Reference

CAPITAL: Final = re.compile("[A-Z]")


def of_json(change: Callable[[Any], Any]) -> Edit:
    """An edit that replaces the JSON of every accepted response by the result of `change`."""

    def edit(answer: Outgoing) -> None:
        data = answer.json
        if of_the_web_api(answer) and data is not None:
            answer.json = change(data)

    return edit


@of_json
def linked(data: Any) -> Any:
    """Lists are embedded, and everything has links."""
    links = {"_links": {"self": {"href": "/"}}}
    if isinstance(data, list):
        items = [{**item, **links} if isinstance(item, dict) else item for item in data]
        return {**links, "_embedded": {"items": items}, "total": len(items)}
    return {**links, **data} if isinstance(data, dict) else data


def _resource(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    attributes = {name: value for name, value in item.items() if name != "id"}
    return {"type": "resource", **({"id": item["id"]} if "id" in item else {}), "attributes": attributes}


@of_json
def attributes(data: Any) -> Any:
    """Resources have a type, an identifier and attributes; lists have their length next to them."""
    version = {"jsonapi": {"version": "1.1"}}
    if isinstance(data, list):
        return {"data": [_resource(item) for item in data], "meta": {"total": len(data)}, **version}
    return {"data": _resource(data), **version}


def _capitals(item: Data) -> Data:
    return {name[:1].upper() + name[1:]: value for name, value in item.items()}


@of_json
def capitals(data: Any) -> Any:
    """Members begin with a capital, and lists are in `value`."""
    written = rewritten(data, _capitals)
    return {"@odata.context": "$metadata#Things", "value": written} if isinstance(written, list) else written


def _underlined(item: Data) -> Data:
    def name_of(name: str) -> str:
        return "display_name" if name == "name" else CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)

    return {name_of(name): int(value) if isinstance(value, bool) else value for name, value in item.items()}


@of_json
def results(data: Any) -> Any:
    """A result next to a code, with snake_case names, numbers for booleans, and a duration."""
    result = rewritten(data, _underlined)
    called = {"request_id": uuid4().hex, "elapsed": time.perf_counter()}
    return {"code": 0, "message": "OK", "errors": [], "result": result, **called}


def located(answer: Outgoing) -> None:
    """A created resource is identified only by its URL."""
    data = answer.json
    if (
        of_the_web_api(answer)
        and answer.method == "POST"
        and isinstance(data, dict)
        and isinstance(data.get("id"), str)
    ):
        answer.headers.append(("Location", f"{answer.path.rstrip('/')}/{data['id']}"))
        answer.status = 201
        answer.empty()


LAYOUTS: Final[dict[str, Edit]] = {
    "linked": linked,
    "attributes": attributes,
    "capitals": capitals,
    "results": results,
    "located": located,
}


def laid_out(name: str) -> Callable[[Reference], None]:
    """The change of a reference that gives its responses a layout."""
    return lambda reference: reference.wrap(editing(LAYOUTS[name]))


UNSHOWN: Final = {"located": ("PRO-RUN-API-KEY*", "PRO-KEY-*", "createApiKey*")}
"""By layout: what it leaves undecided. The value of a new key is returned by its create, or nowhere."""

LIBERTIES: Final = tuple(
    Liberty(
        f"laid-out-{name}",
        "procesio",
        laid_out(name),
        unshown=UNSHOWN.get(name, ()),
    )
    for name in LAYOUTS
)
