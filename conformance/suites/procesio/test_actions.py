"""Actions: folders and what is in them, and the category of an action (procesio-api.txt, lines 37-52)."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import named_values
from conformance.core.verdict import Kind, Reason
from conformance.engine import presence, sampling
from conformance.engine.checks import describe
from conformance.engine.identifiers import (
    is_read,
    looks_paginated,
    mentions,
    seen,
    shows,
)
from conformance.engine.neighbours import Neighbours
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.spec.specification import Link
from conformance.suites.procesio.answers import answers_something, name_in

pytestmark = pytest.mark.depth("standard")


def folder(session: Session, within: str = "") -> Resource:
    """A folder that the run created, within another one if its identifier is given."""
    operation = session.operation("createActionFolder")
    body = sampling.body(session, operation)
    if within:
        holder = operation.names[0].pointer.rpartition("/")[0] if operation.names else ""
        sampling.replace(body, f"{holder}/parentId", within)
    return session.create(operation.id, json=body)


def inner_folder(session: Session, outer: Resource) -> Resource | None:
    """A folder within another one; None if the server does not make one, since no document says that folders nest."""
    try:
        return folder(session, within=outer.id)
    except NotExercised as refused:
        if refused.reason not in (Reason.UNDOCUMENTED_REQUEST, Reason.INCONCLUSIVE):
            raise
        return None


def tree_link(session: Session) -> Link:
    """How the directory tree shows folders."""
    link = session.operation("createActionFolder").link("list")
    assert link is not None
    return link


def inside(tree: Exchange, outer: Resource, inner: Resource, *, renamed: str = "") -> bool:
    """Whether the directory tree shows one folder within another: in its object, or with a reference to it.

    With `renamed`, the inner one may have this name.
    """
    names = [inner.name, *([renamed] if renamed else [])]
    try:
        body = tree.response.json
    except NotJson:
        return False
    for node in presence.objects(body):
        if presence.is_about(node, outer.id) or presence.named(presence.own_values(node), outer.name):
            content = {name: member for name, member in node.items() if isinstance(member, dict | list)}
            if presence.shown(content, inner.id, names=names):
                return True
        own = presence.own_values(node)
        if presence.is_about(node, inner.id) or any(presence.named(own, text) for text in names):
            above = (value for name, value in own.items() if presence.REFERS.search(name))
            if any(presence.is_value(value, outer.id) for value in above):
                return True
    return False


@pytest.mark.requirement(
    "PRO-FOLDER-CREATE-LISTED",
    "PRO-FOLDER-PATH-FULL",
    "PRO-FOLDER-DELETE-ACCEPTED",
    "PRO-FOLDER-DELETE-CONTENT",
    "PRO-FOLDER-DELETE-OTHERS",
)
def test_a_folder_goes_with_its_content(session: Session) -> None:
    outer = folder(session)
    inner = folder(session, within=outer.id)
    link = tree_link(session)
    session.call("listActionFolders")

    def look() -> tuple[bool, Exchange]:
        tree = session.send("listActionFolders")
        return inside(tree, outer, inner), tree

    shown, before = session.eventually(look)
    if not shown:
        _whole_tree(session, before, outer, inner)
        raise NotExercised(Reason.INCONCLUSIVE, "the directory tree does not show a folder inside another")
    session.recorder.require("PRO-FOLDER-CREATE-LISTED", True, before, outer.exchange, inner.exchange)
    _names_both(session, outer, inner)
    _stays_without_content(session, outer, inner)
    innermost = _innermost(session, inner)
    content = [resource for resource in (inner, innermost) if resource is not None]
    readable = [resource for resource in content if _is_readable(session, resource)]
    deleted = session.call("deleteActionFolder", path={"id": outer.id})

    def gone() -> tuple[bool, Exchange]:
        tree = session.send("listActionFolders")
        return tree.response.ok and not any(shows(tree, link, each.id, each.name) for each in content), tree

    empty, after = session.eventually(gone)
    if not empty and (not after.response.ok or shows(after, link, outer.id, outer.name)):
        raise NotExercised(Reason.INCONCLUSIVE, "the directory tree does not show that the folder itself was deleted")
    if not session.recorder.require(
        "PRO-FOLDER-DELETE-CONTENT",
        empty,
        after,
        before,
        deleted,
        observed="what was inside the folder is still in the directory tree",
    ):
        return
    if _is_readable(session, outer):  # a server may go on showing what was deleted
        return
    for resource in readable:  # a folder without one above it may be in no tree

        def unread(own: Resource = resource) -> tuple[bool, Exchange]:
            path = session.send("getActionFolder", path={"id": own.id})
            return not is_read(path, own.id, own.name), path

        deleted_too, path = session.eventually(unread)
        if not session.recorder.require(
            "PRO-FOLDER-DELETE-CONTENT",
            deleted_too,
            path,
            deleted,
            observed="the path of a folder that was inside the folder can still be read",
        ):
            return


def _is_readable(session: Session, resource: Resource) -> bool:
    """Whether the path of a folder can be read by its identifier, which no document promises."""
    return is_read(session.send("getActionFolder", path={"id": resource.id}), resource.id, resource.name)


def _innermost(session: Session, inner: Resource) -> Resource | None:
    """A folder in a folder in a folder, which the tree shows as well; None if the server makes none there."""
    innermost = inner_folder(session, inner)
    if innermost is None:
        return None

    def look() -> tuple[bool, Exchange]:
        tree = session.send("listActionFolders")
        return inside(tree, inner, innermost), tree

    shown, tree = session.eventually(look)
    if not shown:
        _whole_tree(session, tree, inner, innermost)
    return innermost


def _whole_tree(session: Session, tree: Exchange, outer: Resource, inner: Resource) -> None:
    """Record that the tree shows one of two folders and not the other one, though both were created.

    Raises:
        Blocked: that is so.
    """
    link = tree_link(session)
    there = [shows(tree, link, resource.id, resource.name) for resource in (outer, inner)]
    if not tree.response.ok or looks_paginated(tree) or there[0] == there[1]:
        return
    listed = "PRO-FOLDER-CREATE-LISTED"
    message = "a folder that was created inside another one is not in the directory tree"
    session.recorder.require(listed, False, tree, inner.exchange, outer.exchange, observed=message, kind=Kind.ABSENT)
    raise Blocked(session.recorder.root_of(listed), "createActionFolder")


def _stays_without_content(session: Session, outer: Resource, inner: Resource) -> None:
    """Judge whether deleting one of the folders in another one leaves that, and what else is in it.

    Raises:
        Blocked: it does not; that is recorded.
    """
    own = folder(session, within=outer.id)
    beside = Neighbours(session, session.operation("createActionFolder"), [tree_link(session)])
    beside.neighbours = [beside.snapshot(resource, {}) for resource in (outer, inner)]
    deleted = session.call("deleteActionFolder", path={"id": own.id})
    if not beside.record_unchanged("PRO-FOLDER-DELETE-OTHERS", deleted):
        raise Blocked(session.recorder.root_of("PRO-FOLDER-DELETE-OTHERS"), "deleteActionFolder")


def _names_both(session: Session, outer: Resource, inner: Resource) -> None:
    """Record whether the path of a folder within another contains both, by name or by identifier."""
    path = session.call("getActionFolder", path={"id": inner.id})
    session.recorder.require(
        "PRO-FOLDER-PATH-FULL",
        all(mentions(path, resource.name) or leads_through(path, resource.id) for resource in (outer, inner)),
        path,
        outer.exchange,
        observed="the path does not contain both folders",
        kind=Kind.READ_BACK,
    )


def leads_through(path: Exchange, identifier: str) -> bool:
    """Whether a response has an identifier elsewhere than in a member that merely refers to the folder above."""
    try:
        found = list(named_values(path.response.json))
    except NotJson:
        return mentions(path, identifier)
    return any(presence.holds(value, identifier) for name, value in found if not presence.REFERS.search(name))


@pytest.mark.requirement("PRO-FOLDER-RENAME-SHOWN", "PRO-FOLDER-RENAME-PATH", "PRO-FOLDER-RENAME-OTHERS")
def test_a_folder_can_be_renamed(session: Session) -> None:
    link = tree_link(session)
    beside = Neighbours(session, session.operation("createActionFolder"), [link])
    beside.add()
    own = folder(session)
    inner = inner_folder(session, own)
    body, name = renaming(session, own)
    session.call("listActionFolders")

    def there() -> tuple[bool, Exchange]:
        tree = session.send("listActionFolders")
        return shows(tree, link, own.id, own.name), tree

    if not session.eventually(there)[0]:
        raise NotExercised(Reason.INCONCLUSIVE, "the directory tree does not show the folder before it is renamed")
    beside.look()
    follows = inner is not None and mentions(session.send("getActionFolder", path={"id": inner.id}), own.name)
    renamed = session.call("renameActionFolder", json=body)
    if not beside.record_unchanged("PRO-FOLDER-RENAME-OTHERS", renamed):
        root = session.recorder.root_of("PRO-FOLDER-RENAME-OTHERS")
        for requirement in ("PRO-FOLDER-RENAME-SHOWN", "PRO-FOLDER-RENAME-PATH"):
            session.recorder.block(requirement, root)
        return

    def look() -> tuple[bool, Exchange]:
        tree = session.send("listActionFolders")
        called = shows(tree, link, "", name) and not shows(tree, link, "", own.name)
        # A tree may contain the name only in a path.
        return tree.response.ok and (called or (mentions(tree, name) and not mentions(tree, own.name))), tree

    shown, tree = session.eventually(look)
    if not shown and not tree.response.ok:
        raise NotExercised(Reason.INCONCLUSIVE, describe(tree))
    if not shown and looks_paginated(tree):
        raise NotExercised(Reason.INCONCLUSIVE, "the directory tree is incomplete")
    message = (
        "the old name is still in the directory tree" if shows(tree, link, "", name) else "the new name is not there"
    )
    if not session.recorder.require("PRO-FOLDER-RENAME-SHOWN", shown, tree, renamed, own.exchange, observed=message):
        session.recorder.block("PRO-FOLDER-RENAME-PATH", session.recorder.root_of("PRO-FOLDER-RENAME-SHOWN"))
        return
    _path_is_renamed(session, own, own.name, name, renamed)
    if inner is not None and follows:
        _path_is_renamed(session, inner, own.name, name, renamed)


def _path_is_renamed(session: Session, own: Resource, old: str, name: str, renamed: Exchange) -> None:
    """Judge the path of a folder that the tree shows under a new name, or of one inside it."""
    session.call("getActionFolder", path={"id": own.id})

    def look() -> tuple[bool, Exchange]:
        path = session.send("getActionFolder", path={"id": own.id})
        return path.response.ok and mentions(path, name), path

    follows, path = session.eventually(look)
    if not follows and not mentions(path, old):
        raise NotExercised(Reason.INCONCLUSIVE, "the path does not show the name of the folder")
    message = "the path has the name that the folder had before"
    session.recorder.require("PRO-FOLDER-RENAME-PATH", follows, path, renamed, observed=message, kind=Kind.READ_BACK)


@pytest.mark.requirement("PRO-FOLDER-RENAME-KEEPS-PLACE", "PRO-FOLDER-CREATE-LISTED")
def test_a_renamed_folder_stays_where_it_is(session: Session) -> None:
    outer = folder(session)
    inner = inner_folder(session, outer)
    content = inner_folder(session, inner) if inner is not None else None
    if inner is None or content is None:
        raise NotExercised(Reason.INCONCLUSIVE, "the server makes no folder inside another")
    pairs = ((outer, inner), (inner, content))

    def before() -> tuple[bool, Exchange]:
        tree = session.send("listActionFolders")
        return all(inside(tree, *pair) for pair in pairs), tree

    shown, there = session.eventually(before)
    if not shown:
        for pair in pairs:
            _whole_tree(session, there, *pair)
        raise NotExercised(Reason.INCONCLUSIVE, "the directory tree does not show a folder inside another")
    body, name = renaming(session, inner)
    renamed = session.call("renameActionFolder", json=body)

    def look() -> tuple[bool, Exchange]:
        tree = session.send("listActionFolders")
        return inside(tree, outer, inner, renamed=name) and stays(tree), tree

    def stays(tree: Exchange) -> bool:
        # The renamed folder is recognised by its identifier; a tree of names has it under the new one.
        return inside(tree, inner, content) or not mentions(tree, inner.id)

    kept, tree = session.eventually(look)
    if not kept and (not tree.response.ok or looks_paginated(tree) or not mentions(tree, content.name)):
        raise NotExercised(Reason.INCONCLUSIVE, "the directory tree shows a part only")
    message = "what is inside it is" if inside(tree, outer, inner, renamed=name) else "the renamed folder is"
    session.recorder.require(
        "PRO-FOLDER-RENAME-KEEPS-PLACE",
        kept,
        tree,
        there,
        renamed,
        observed=f"{message} elsewhere in the directory tree",
    )


def renaming(session: Session, own: Resource) -> tuple[Any, str]:
    """The body that renames a folder, and its new name."""
    operation = session.operation("renameActionFolder")
    body = sampling.body(session, operation, own.id)
    if not operation.names:
        sampling.replace(body, "/name", session.ledger.name("renamed"))
    return body, name_in(operation, body) or body["name"]


@pytest.mark.requirement("PRO-CATEGORY-OF-ACTION")
def test_the_category_of_an_action_can_be_asked_for(session: Session) -> None:
    maker = session.operation("createAction")
    action = session.create(maker.id, **sampling.build_request(session, maker).request())
    found = sampling.values_named(session, maker, action.id, "category")
    accepted = [value for value in found if session.send("getActionCategory", path={"category": value}).response.ok]
    shown = session.call("getActionCategory", path={"category": (accepted or found)[0]})
    session.recorder.require(
        "PRO-CATEGORY-OF-ACTION",
        any(mentions(shown, value) for value in (*found, action.id, action.name)) or not identified(shown),
        shown,
        action.exchange,
        observed="the response is about another category",
        kind=Kind.READ_BACK,
    )


def identified(exchange: Exchange) -> bool:
    """Whether a response identifies its subject."""
    return bool(seen(exchange))


@pytest.mark.requirement("PRO-NODE-ANSWERED")
def test_a_node_tells_its_content(session: Session) -> None:
    answers_something(session, "PRO-NODE-ANSWERED", "getActionNode")
