"""What only the list shows of a project: its category and the date of its last update (lines 198-246, 545, 837)."""

from __future__ import annotations

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.comparison import plain
from conformance.engine.definition import CHANGED
from conformance.engine.read_back import record_difference
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.bodies import Body
from conformance.suites.processmaker3.imports import differing
from conformance.suites.processmaker3.projects import LIST, builder
from conformance.suites.processmaker3.updates import drawn, update

CREATED = "PM3-PROJECT-CREATE-CATEGORY"
UPDATED = "PM3-PROJECT-UPDATE-CATEGORY"
SHOWN = "PM3-LIST-CATEGORY"
DATED = "PM3-PROJECT-UPDATE-DATED"
READ_BACK = "PM3-PROJECT-UPDATE-READ-BACK"


def category_of(session: Session) -> str:
    """The category that the target file names. Raises NotExercised if it names none."""
    category = projects.table(session).fixtures.category
    if category is None:
        raise NotExercised(Reason.MISSING_FIXTURE, "[processmaker3.fixtures] category")
    return category


@pytest.mark.requirement(CREATED, SHOWN)
def test_the_list_shows_the_category_of_a_new_project(session: Session) -> None:
    judge_created(session, category_of(session))


def judge_created(session: Session, category: str) -> None:
    """Judge whether the list shows the category of a new project.

    If its process shows it, the list is to blame, and not the creation.

    Raises:
        Blocked, NotExercised: as `category_shown`; and Blocked if the list does not show it, which is recorded.
    """
    project = projects.made(session, builder(session).drawn(prj_category=category))
    given = project.exchange
    shown, listing = category_shown(session, category, project)
    if not shown and projects.process_of(session, project.id).get("pro_category") == category:
        say_category(session, SHOWN, category, False, listing, given)
        raise Blocked(session.recorder.root_of(SHOWN), LIST)
    say_category(session, CREATED, category, shown, listing, given)
    if not shown:
        raise Blocked(session.recorder.root_of(CREATED), LIST)
    say_category(session, SHOWN, category, True, listing, given)


@pytest.mark.requirement(UPDATED)
def test_the_list_shows_the_category_that_an_update_gives_a_project(session: Session) -> None:
    category = category_of(session)
    project, _, updated = described(session, prj_category=category)
    shown, listing = category_shown(session, category, project)
    if not shown:
        judge_created(session, category)  # or the list shows no category at all, whatever gave it
    say_category(session, UPDATED, category, shown, listing, updated)


def described(session: Session, **more: str) -> tuple[Resource, Body, Exchange]:
    """A project of ours whose description an update changed, with the sent body and the exchange.

    Raises:
        Blocked: the update changes nothing, which is one defect, whatever it was to change; it is recorded.
    """
    project, definition = drawn(session)
    body = {**definition, **more, "prj_description": CHANGED}
    updated = update(session, project, body)
    sent = updated.request.sent(body)
    wrong, read = differing(session, project.id, {"prj_description": sent.get("prj_description")})
    for difference in wrong:
        record_difference(session.recorder, READ_BACK, difference, read, updated)
    if wrong:
        raise Blocked(session.recorder.root_of(READ_BACK), "updateProject")
    return project, sent, updated


def category_shown(session: Session, category: str, project: Resource) -> tuple[bool, Exchange]:
    """Whether the list shows the category of a project, and the list.

    Raises:
        Blocked: it does not contain the project, or is not a list; that is recorded.
        NotExercised: it shows another text, which may be the category's title: its example has an empty one.
    """
    shown: Body = {}

    def look() -> tuple[bool, Exchange]:
        nonlocal shown
        shown, listing = projects.item_of(session, project.id, project.exchange)
        return shown.get("prj_category") == category, listing

    holds, listing = session.eventually(look)
    if not holds and shown.get("prj_category") not in (None, ""):
        raise NotExercised(Reason.INCONCLUSIVE, "the list shows another text than the identifier of the category")
    return holds, listing


def say_category(session: Session, requirement: str, category: str, shown: bool, *evidence: Exchange) -> None:
    """Record whether the list shows a category."""
    session.recorder.require(
        requirement, shown, *evidence, expected=category, observed="no category", kind=Kind.READ_BACK
    )


@pytest.mark.requirement(DATED)
def test_the_list_shows_that_a_project_was_updated(session: Session) -> None:
    project, sent, updated = described(session)
    item: Body = {}

    def look() -> tuple[bool, Exchange]:
        nonlocal item
        item, listing = projects.item_of(session, project.id, project.exchange)
        return bool(item.get("prj_update_date")), listing

    dated, listing = session.eventually(look)
    if not dated and plain(str(item.get("prj_description"))) != sent.get("prj_description"):
        raise NotExercised(Reason.INCONCLUSIVE, "the list does not show the updated project")
    if "prj_update_date" not in item:
        raise Blocked(projects.root(session, LIST), LIST)
    session.recorder.require(
        DATED,
        dated,
        listing,
        updated,
        expected="a date",
        observed=checks.quoted(item["prj_update_date"]),
        kind=Kind.VALUE,
        location="[]/prj_update_date",
    )
