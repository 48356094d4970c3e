"""Personalities: servers that do what the documents say just as well, but are unlike the plain one in all else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import uuid4

from conformance.reference.edits import each_object
from conformance.reference.faults import nearest
from conformance.reference.unknown_paths import of_operations, pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.edits import Edit, Outgoing

R = TypeVar("R")

PLAIN: Final = "plain"
LIBERAL: Final = "liberal"
PERSONALITIES: Final = {
    PLAIN: "as in the examples of the documentation",
    LIBERAL: "differs from the examples wherever the documentation allows it",
}
"""The personalities by name, with what each is like."""

PAUSE: Final = 0.003
"""Seconds that a liberal server thinks about each answer."""

_TAKERS: Final[dict[tuple[str, str], Callable[[Any], None]]] = {}


class UnknownPersonality(ValueError):
    """No such personality; the message names the nearest one that exists."""


def liberal(system: str) -> Callable[[Callable[[R], None]], Callable[[R], None]]:
    """Register the decorated function as what makes the one reference it is given, of `system`, liberal."""

    def register(take: Callable[[R], None]) -> Callable[[R], None]:
        _TAKERS[LIBERAL, system] = take
        return take

    return register


def find(name: str, system: str) -> Callable[[Any], None]:
    """What gives a reference of `system` the personality `name`.

    Raises:
        UnknownPersonality: there is none of that name.
    """
    if name not in PERSONALITIES:
        raise UnknownPersonality(f"there is no personality {name!r}{nearest(name, PERSONALITIES)}")
    return _TAKERS.get((name, system), lambda _: None)


# -- liberties that every system leaves -------------------------------------------------------------------------------


def traced() -> dict[str, str]:
    """What no two responses have in common: the number and the time of the response."""
    return {"traceId": uuid4().hex, "at": datetime.now(UTC).isoformat()}


more_members = each_object(lambda item: {"x_note": None, **item, "x_links": [{"href": "/", "ids": [1, "2"]}]})
"""Every object has a member more at either end."""


def traced_members(answer: Outgoing) -> None:
    """The same, and another member that changes with every answer."""
    trace = traced()
    more_members(answer)
    each_object(lambda item: {**item, "x_trace": trace} if "x_note" in item else item)(answer)


reversed_members = each_object(lambda item: dict(reversed(item.items())))
"""The members of every object in another order."""


def apply_accommodation(answer: Outgoing) -> None:
    """A character set in the content type, header names in upper case, and a cookie."""
    if label := answer.header("content-type"):
        answer.label(f"{label.split(';')[0]}; charset=utf-8")
    answer.headers = [(name.upper(), value) for name, value in answer.headers]
    answer.headers += [("Set-Cookie", "SESSION=1f0c; Path=/; HttpOnly"), ("X-Powered-By", "something")]
    answer.headers.append(("X-Request-Id", uuid4().hex))


def other_refusals(answer: Outgoing) -> None:
    """Refusals with other statuses; an error object that names its own goes on doing so, in other words."""
    was = answer.status
    answer.status = {400: 422, 401: 403, 403: 404, 404: 410, 409: 423}.get(was, was)
    data = answer.json
    if answer.status != was and isinstance(data, dict) and isinstance(data.get("error"), dict):
        code = data["error"].get("code")
        own = type(code)(answer.status) if str(code) == str(was) else code
        details = {"code": own, "message": "Nein."}
        answer.json = {"error": {name: details.get(name, value) for name, value in data["error"].items()}}


def in_words(answer: Outgoing) -> None:
    """Refusals as plain text, in capitals; what differs in words goes on differing."""
    if answer.status >= 400 and answer.body:
        answer.label("text/plain")
        answer.body = answer.body.decode().upper().encode()


def in_a_list(answer: Outgoing) -> None:
    """Refusals as a list of one problem."""
    if answer.status >= 400 and answer.body:
        said = answer.json if isinstance(answer.json, dict) else {"message": answer.body.decode()}
        answer.tell([{"severity": "error", "problem": said}])


def other_successes(answer: Outgoing) -> None:
    """200 for a create, and no content for a deletion."""
    if answer.accepted and answer.method == "DELETE":
        answer.status = 204
        answer.empty()
    elif answer.status == 201:
        answer.status = 200


def other_way_round(answer: Outgoing) -> None:
    """Lists from their end."""
    data = answer.json
    if isinstance(data, list):
        answer.json = data[::-1]


def taking(*edits: Edit, more: Edit = traced_members) -> tuple[Edit, ...]:
    """The edits of one system and those of all, in the order in which they are made; `more` adds members.

    Unknown paths have pages of their own.
    """
    return (pages(), *map(of_operations, (*edits, more, reversed_members)), apply_accommodation)
