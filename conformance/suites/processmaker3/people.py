"""People: the steps that the scenarios on users, groups, departments and roles share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from conformance import sampling

if TYPE_CHECKING:
    from conformance.exchange import Exchange
    from conformance.session import Resource, Session


def made(session: Session, operation: str, **members: Any) -> Resource:
    """Something of our own, made by an operation with some members of its body replaced. Raises as `Session.create`."""
    return session.create(operation, json=sampling.body(session, session.operation(operation)) | members)


def naming(session: Session, operation: str, path: dict[str, str], user: str) -> dict[str, Any]:
    """The request of an operation that puts a user where its path says."""
    return {"path": path, "json": sampling.body(session, session.operation(operation), usr_uid=user)}


def join(group: Resource, user: Resource, session: Session) -> Exchange:
    """Put a user into a group by a call that must be accepted. Raises as `Session.call`."""
    return session.call("addGroupUser", **naming(session, "addGroupUser", {"grp_uid": group.id}, user.id))


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a body, outermost first: no document says where in a list its items stand."""
    if isinstance(node, dict):
        yield node
    for member in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from objects(member)
