"""Import of the user's files: what the suite's own files cannot show (lines 1296-1388)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine.checks import describe, shorten
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.suites.processmaker3.exports import export, upload
from conformance.suites.processmaker3.files import Own, groups_of, own
from conformance.suites.processmaker3.imports import found, offered
from conformance.wire.ledger import Entry

pytestmark = pytest.mark.depth("standard")

WITH_GROUPS = "import_file_with_groups"
EFFECTS = {
    "RENAME": "PM3-IMPORT-GROUP-RENAME",
    "MERGE": "PM3-IMPORT-GROUP-MERGE",
    "CREATE": "PM3-IMPORT-GROUP-CREATE",
}
MERGED = "PM3-IMPORT-GROUP-MERGED"


def brought_in(session: Session, own_file: Own, group_option: str) -> Resource:
    """The project that an import of a user's file created. Raises as `Session.create`."""
    options = {"option": "CREATE", "option_group": group_option}
    accepts = "PM3-IMPORT-FILE" if group_option == "CREATE" else "PM3-IMPORT-GROUP-OPTIONS"
    return session.create("importProject", accepts=accepts, params=options, files=upload(own_file.file))


@pytest.mark.requirement("PM3-IMPORT-FILE")
def test_a_file_of_the_users_is_imported(session: Session) -> None:
    made = brought_in(session, own(session, "import_file"), "CREATE")
    named = offered(session, made.exchange)

    def look() -> tuple[bool, Exchange]:
        read = session.send("getProject", path={"prj_uid": named or made.id})
        return read.response.ok, read

    readable, read = session.eventually(look)
    if read.response.refused:
        another = session.create("createProject", **session.build_request("createProject"))
        session.call("getProject", path={"prj_uid": another.id})  # it may be missing
    session.recorder.require(
        "PM3-IMPORT-FILE",
        readable,
        read,
        made.exchange,
        observed=f"the project with the returned prj_uid cannot be read: {describe(read)}",
    )


@pytest.mark.requirement(*EFFECTS.values(), MERGED)
def test_what_the_options_do_to_groups(session: Session) -> None:
    first = own(session, WITH_GROUPS)
    if not first.groups:
        raise NotExercised(Reason.MISSING_FIXTURE, f"{session.table.place(WITH_GROUPS)} (it has no groups)")
    awaited = {title: intended(session, title) for title in first.groups}
    try:
        there = brought_in(session, first, "CREATE")
    except (Blocked, NotExercised):
        for entry in awaited.values():
            session.ledger.record_refused(entry)
        raise
    before, shown = groups(session, there, awaited)
    if not set(first.groups) <= set(before.values()):
        raise NotExercised(Reason.INCONCLUSIVE, "an export of the imported project shows no groups")
    for option, requirement in EFFECTS.items():
        again = own(session, WITH_GROUPS, first.groups)
        if option == "CREATE":  # whether it is accepted with a name in use is left open (A-PM3-13)
            exchange = session.send("importProject", params={"option": option}, files=upload(again.file))
            if exchange.response.ok:
                groups(session, found(session, exchange, requirement))
        else:
            made = brought_in(session, again, option)
            exchange = made.exchange
            imported, copied = groups(session, made)
            if option == "RENAME" and not imported:
                session.recorder.skip(requirement, Reason.INCONCLUSIVE, "the export of the copy shows no groups")
                continue
            same = sorted(set(imported.values()) & set(first.groups)) if option == "RENAME" else []
            if same:
                message = f"an imported group still has the name {shorten(same[0])}"
                session.recorder.require(requirement, False, copied, exchange, observed=message, kind=Kind.VALUE)
                continue
        after, read = groups(session, there)
        unchanged = session.recorder.require(
            requirement,
            after == before,
            read,
            exchange,
            observed=f"the existing groups are now {sorted(after.values())}, before {sorted(before.values())}",
        )
        if option == "MERGE" and unchanged:
            judge_merged(session, before, imported, copied, exchange, shown)
        elif option == "MERGE":
            session.recorder.block(MERGED, session.recorder.root_of(requirement))


def judge_merged(session: Session, before: dict[str, str], imported: dict[str, str], *evidence: Exchange) -> None:
    """Record whether the imported groups that have the name of an existing one are that group."""
    there = {title: identifier for identifier, title in before.items() if identifier}
    known = {title: identifier for identifier, title in imported.items() if identifier and title in there}
    if not known:
        session.recorder.skip(MERGED, Reason.INCONCLUSIVE, "the export of the copy does not show which groups it has")
        return
    other = sorted(title for title, identifier in known.items() if there[title] != identifier)
    message = f"the imported group {shorten(', '.join(other))} is another one than the existing group of that name"
    session.recorder.require(MERGED, not other, *evidence, observed=message, kind=Kind.VALUE)


def intended(session: Session, title: str) -> Entry:
    """Journal that an import is about to create a group: no documented operation would list it afterwards."""
    return session.ledger.intend(session.specification.system, "group", "createGroup", title)


def groups(
    session: Session, project: Resource, awaited: Mapping[str, Entry] = MappingProxyType({})
) -> tuple[dict[str, str], Exchange]:
    """The groups in the export of a project; ours are recorded in the ledger.

    `awaited` are the entries of those that are journalled already, by title.
    """
    file, exchange = export(session, project)
    shown = groups_of(file)
    for identifier, title in shown.items():
        known = session.ledger.owns(identifier) or session.ledger.doubts("group", identifier)
        if identifier and session.ledger.is_ours(title) and not known:
            entry = awaited.get(title) or intended(session, title)
            session.resources.ownership.enter(session.operation("createGroup"), entry, identifier, shown=True)
    return shown, exchange
