"""Actions: folders and what is in them, and the category of an action (procesio-api.txt, lines 37-52)."""

from __future__ import annotations

import json

import pytest

from conformance import sampling
from conformance.exchange import Exchange, NotJson
from conformance.identification import mentions
from conformance.judge import NotExercised
from conformance.session import Resource, Session
from conformance.suites.procesio.answers import answers_something
from conformance.verdict import Kind, Reason


def folder(session: Session, **members: str) -> Resource:
    """A folder of the run's own; members are added to its body."""
    body = sampling.body(session, session.operation("createActionFolder"))
    return session.create("createActionFolder", json={**body, **members})


def within(tree: Exchange, outer: Resource, inner: Resource) -> bool:
    """Whether the directory tree shows one folder within another: in the object that has the outer one's name."""
    try:
        open_ones = [tree.answer.json]
    except NotJson:
        return False
    while open_ones:
        node = open_ones.pop()
        if isinstance(node, dict) and outer.name in node.values():
            return inner.name in json.dumps(node)
        open_ones.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
    return False


@pytest.mark.requirement("PRO-FOLDER-PATH-FULL", "PRO-FOLDER-DELETE-ACCEPTED", "PRO-FOLDER-DELETE-CONTENT")
def test_a_folder_goes_with_its_content(session: Session) -> None:
    outer = folder(session)
    inner = folder(session, parentId=outer.id)
    session.call("listActionFolders")

    def look() -> tuple[bool, Exchange]:
        tree = session.send("listActionFolders")
        return within(tree, outer, inner), tree

    shown, before = session.eventually(look)
    if not shown:
        raise NotExercised(Reason.INCONCLUSIVE, "the directory tree does not show a folder within another")
    _names_both(session, outer, inner)
    deleted = session.call("deleteActionFolder", path={"id": outer.id})

    def gone() -> tuple[bool, Exchange]:
        tree = session.send("listActionFolders")
        return tree.answer.ok and not mentions(tree, inner.id) and not mentions(tree, inner.name), tree

    empty, after = session.eventually(gone)
    if not empty and (not after.answer.ok or mentions(after, outer.id) or mentions(after, outer.name)):
        raise NotExercised(Reason.INCONCLUSIVE, "the directory tree does not show that the folder itself is gone")
    session.judge.require(
        "PRO-FOLDER-DELETE-CONTENT",
        empty,
        after,
        before,
        deleted,
        observed="what was within the folder is still in the directory tree",
    )


def _names_both(session: Session, outer: Resource, inner: Resource) -> None:
    """Judge the path of a folder that the tree shows within another."""
    path = session.call("getActionFolder", path={"id": inner.id})
    session.judge.require(
        "PRO-FOLDER-PATH-FULL",
        mentions(path, outer.name) and mentions(path, inner.name),
        path,
        outer.exchange,
        observed="a path without the names of both folders",
        kind=Kind.READ_BACK,
    )


@pytest.mark.requirement("PRO-FOLDER-RENAME-SHOWN")
def test_a_folder_can_be_renamed(session: Session) -> None:
    own = folder(session)
    body = sampling.body(session, session.operation("renameActionFolder"), own.id)
    name = session.ledger.name("renamed")
    sampling.replace(body, "/name", name)
    session.call("listActionFolders")
    renamed = session.call("renameActionFolder", json=body)

    def look() -> tuple[bool, Exchange]:
        tree = session.send("listActionFolders")
        return mentions(tree, name), tree

    shown, tree = session.eventually(look)
    session.judge.require(
        "PRO-FOLDER-RENAME-SHOWN", shown, tree, renamed, observed="the new name is not in the directory tree"
    )


@pytest.mark.requirement("PRO-CATEGORY-OF-ACTION")
def test_the_category_of_an_action_can_be_asked_for(session: Session) -> None:
    maker = session.operation("createAction")
    action = session.create(maker.id, **sampling.sample(session, maker).request())
    found = sampling.carried(session, maker, action.id, "category")
    accepted = [one for one in found if session.send("getActionCategory", path={"category": one}).answer.ok]
    session.call("getActionCategory", path={"category": (accepted or found)[0]})


@pytest.mark.requirement("PRO-NODE-ANSWERED")
def test_a_node_tells_its_content(session: Session) -> None:
    answers_something(session, "PRO-NODE-ANSWERED", "getActionNode")
