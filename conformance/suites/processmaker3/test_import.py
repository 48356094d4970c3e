"""Import of a project file: what each option does to the project that the file came from."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.required_fields import record_refusal
from conformance.engine.session import Resource, Session
from conformance.spec.rules import writable
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.answers import answered, blocked_by
from conformance.suites.processmaker3.exports import upload
from conformance.suites.processmaker3.flows import named
from conformance.suites.processmaker3.imports import (
    Source,
    adopted,
    alter,
    bring_in,
    changes,
    copy,
    delete,
    differing,
    element_identifiers,
    ending,
    found,
    judge_content,
    judge_file_name,
    kind_of,
    offered,
    prepare,
    shared,
    sound,
    state,
    told_common,
    told_of,
)
from conformance.target.target import Safety

pytestmark = pytest.mark.depth("standard")

FILE_REQUIRED: Final = "importProject.request./project_file:required"
OTHERS: Final = "PM3-IMPORT-OTHERS"
LISTED: Final = "PM3-IMPORT-LISTED"
DIAGRAM: Final = "PM3-IMPORT-DISABLE-DIAGRAM"
PROCESS: Final = "PM3-IMPORT-PROCESS"
GROUP_OPTIONS: Final = ("CREATE", "RENAME", "MERGE")


@pytest.mark.requirement("PM3-IMPORT-NEW", "PM3-IMPORT-CONTENT", "PM3-IMPORT-FILE-NAME", LISTED, OTHERS)
def test_a_project_that_is_gone_comes_back_from_its_export(session: Session) -> None:
    beside = projects.beside(session)
    source = prepare(session)
    beside.add()
    delete(session, source.project)
    beside.look()
    exchange = bring_in(session, source, "PM3-IMPORT-NEW", option="CREATE")
    projects.unharmed(session, beside, OTHERS, exchange)
    judge_file_name(session, exchange)
    prj_uid = offered(session, exchange)
    if not prj_uid:
        adopted(session, exchange)
        raise blocked_by(session, "importProject")

    def look() -> tuple[bool, Exchange]:
        read = session.send("getProject", path={"prj_uid": prj_uid})
        return read.response.ok, read

    readable, read = session.eventually(look)
    known = ""
    try:
        known = adopted(session, exchange).id
    except (Blocked, NotExercised):
        if readable:
            raise
    message = "the response has the identifier of a project other than the created one"
    if not readable:
        message = f"the project with the returned prj_uid cannot be read: {checks.describe(read)}"
    if not session.recorder.require("PM3-IMPORT-NEW", readable and known == prj_uid, read, exchange, observed=message):
        raise Blocked(session.recorder.root_of("PM3-IMPORT-NEW"), "importProject")
    judge_content(session, source, prj_uid)
    projects.item_of(session, prj_uid, exchange, LISTED)


@pytest.mark.requirement("PM3-IMPORT-CREATE-EXISTING", "PM3-IMPORT-CREATE-REFUSED", "PM3-IMPORT-DEFAULT-OPTION")
def test_create_leaves_a_project_that_exists_alone(session: Session) -> None:
    control = copy(session, prepare(session), option="KEEP")
    source = prepare(session)
    with suppress(Blocked):
        alter(session, source)
    creating = ending(session, source, {"option": "CREATE"})
    session.recorder.require(
        "PM3-IMPORT-CREATE-EXISTING",
        not creating.touched,
        creating.read,
        creating.exchange,
        control.exchange,
        observed=told_of(creating.touched),
    )
    session.recorder.require(
        "PM3-IMPORT-CREATE-REFUSED",
        creating.exchange.response.refused and not creating.offered and not creating.carried_out,
        creating.exchange,
        control.exchange,
        observed=checks.describe(creating.exchange) + ", but it was carried out" * creating.carried_out,
        kind=Kind.OTHER_READING if creating.offered else Kind.STATUS,
    )
    default = ending(session, source, {})
    # The example shows a refusal for an import without an option, whatever CREATE does (A-PM3-10).
    alike = not default.offered or kind_of(default, source) == kind_of(creating, source)
    session.recorder.require(
        "PM3-IMPORT-DEFAULT-OPTION",
        alike and bool(creating.touched or not default.touched),
        default.exchange,
        creating.exchange,
        control.exchange,
        expected=f"as with CREATE: {kind_of(creating, source)}",
        observed=f"{kind_of(default, source)}; {told_of(default.touched)}",
    )


def overwritten_elements(session: Session, source: Source, exchange: Exchange, extra: str) -> None:
    """Record whether a project has the elements of its file again, with their identifiers, and not the `extra` one.

    If it does not, another project may show that no import restores them, whatever its option.
    """
    requirement = "PM3-IMPORT-OVERWRITE-ELEMENTS"
    sound(session, source)
    try:
        projects.read(session, source.project.id)
    except Blocked as unusable:  # its arrays are none, which any update may do, and not only an import
        session.recorder.block(requirement, unusable.root)
        return
    wanted = {"diagrams": source.definition["diagrams"]}
    wrong, read = differing(session, source.project.id, wanted, joined=True)
    if wrong:
        control = prepare(session)
        if not judge_content(session, control, copy(session, control, option="KEEP").id):
            session.recorder.block(requirement, session.recorder.root_of("PM3-IMPORT-CONTENT"))
            return
    message = told_of(wrong)

    def look() -> tuple[bool, Exchange]:
        nonlocal message
        now, read = answered(session, "getProject", source.project.id)
        gone = element_identifiers(source.definition) - element_identifiers(now)
        left = bool(extra) and extra in named(now).values()
        message = f"{len(gone)} elements have other identifiers than in the file"
        if left:
            message = f"the project still has the element {extra}, which the file has not"
        return not gone and not left, read

    holds, read = session.eventually(look) if not wrong else (False, read)
    session.recorder.require(requirement, holds, read, exchange, observed=message, kind=Kind.READ_BACK)


def added(session: Session, source: Source) -> str:
    """The name of an element that an update adds to a project after its export; empty if none is added.

    No document says whether an update may add elements.
    """
    definition, _ = answered(session, "getProject", source.project.id)
    task = projects.builder(session).activity("Added after the export", x=617, y=431)
    for diagram in definition["diagrams"][:1]:
        diagram["activities"] = [*diagram["activities"], task]
    documented = session.operation("updateProject").body("application/json")
    assert documented is not None
    session.send("updateProject", path={"uid": source.project.id}, json=writable(definition, documented.schema))
    now, _ = answered(session, "getProject", source.project.id)
    return str(task["act_name"]) if task["act_name"] in named(now).values() else ""


@pytest.mark.requirement(
    "PM3-IMPORT-OVERWRITE-UID", "PM3-IMPORT-OVERWRITE-CONTENT", "PM3-IMPORT-OVERWRITE-ELEMENTS", OTHERS
)
def test_overwrite_puts_the_content_of_the_file_into_the_project(session: Session) -> None:
    beside = projects.beside(session)
    source = prepare(session)
    beside.add()
    changed: Blocked | NotExercised | None = None
    extra = ""
    try:
        alter(session, source)
        extra = added(session, source)
    except (Blocked, NotExercised) as reason:
        changed = reason
    beside.look()
    exchange = bring_in(session, source, "PM3-IMPORT-OVERWRITE-UID", option="OVERWRITE")
    try:
        adopted(session, exchange)
    except (Blocked, NotExercised):
        assert exchange.entry is not None
        session.ledger.withdrawn(exchange.entry)  # only the project itself was created
    projects.unharmed(session, beside, OTHERS, exchange)
    prj_uid = offered(session, exchange) or source.project.id
    read = session.send("getProject", path={"prj_uid": source.project.id})
    kept = session.recorder.require(
        "PM3-IMPORT-OVERWRITE-UID",
        prj_uid == source.project.id and read.response.ok,
        exchange,
        read,
        observed=f"the response has {'the same' if prj_uid == source.project.id else 'another'} prj_uid; "
        f"the project reads with {checks.describe(read)}",
    )
    if not kept:
        raise Blocked(session.recorder.root_of("PM3-IMPORT-OVERWRITE-UID"), "importProject")
    if changed is not None:
        raise changed
    sound(session, source)
    overwritten_elements(session, source, exchange, extra)
    head = {name: source.definition.get(name) for name in ("prj_name", "prj_description")}
    wrong, read = differing(session, source.project.id, head)
    session.recorder.require(
        "PM3-IMPORT-OVERWRITE-CONTENT", not wrong, read, exchange, observed=told_of(wrong), kind=Kind.READ_BACK
    )


@pytest.mark.requirement(
    "PM3-IMPORT-DISABLE-KEEPS",
    DIAGRAM,
    "PM3-IMPORT-DISABLE-NEW",
    "PM3-IMPORT-DISABLE-INACTIVE",
    "PM3-IMPORT-CONTENT",
    OTHERS,
)
def test_disable_puts_the_project_aside_for_another(session: Session) -> None:
    beside = projects.beside(session)
    source = prepare(session)
    beside.add()
    beside.look()
    exchange = bring_in(session, source, "PM3-IMPORT-DISABLE-NEW", option="DISABLE")

    def look() -> tuple[bool, Exchange]:
        read = session.send("getProject", path={"prj_uid": source.project.id})
        return read.response.ok, read

    there, read = session.eventually(look)
    message = f"the disabled project cannot be read: {checks.describe(read)}"
    kept = session.recorder.require("PM3-IMPORT-DISABLE-KEEPS", there, read, exchange, observed=message)
    if not kept:
        session.recorder.block(DIAGRAM, session.recorder.root_of("PM3-IMPORT-DISABLE-KEEPS"))
    elif "diagrams" in source.definition:
        lost, read = differing(session, source.project.id, {"diagrams": source.definition["diagrams"]})
        session.recorder.require(DIAGRAM, not lost, read, exchange, observed=told_of(lost), kind=Kind.READ_BACK)
    made = found(session, exchange, "PM3-IMPORT-DISABLE-NEW")
    projects.unharmed(session, beside, OTHERS, exchange)
    common, read = shared(session, source, made)
    if session.recorder.require("PM3-IMPORT-DISABLE-NEW", not common, exchange, read, observed=told_common(common)):
        judge_content(session, source, made.id, exchange)
    else:
        session.recorder.block("PM3-IMPORT-CONTENT", session.recorder.root_of("PM3-IMPORT-DISABLE-NEW"))
    if not kept:
        raise Blocked(session.recorder.root_of("PM3-IMPORT-DISABLE-KEEPS"), "importProject")
    shown: object = None

    def inactive() -> tuple[bool, Exchange]:
        nonlocal shown
        process, exchange = answered(session, "getProcess", source.project.id)
        shown = process.get("pro_status")
        return shown == "INACTIVE", exchange

    holds, read = session.eventually(inactive)
    session.recorder.require(
        "PM3-IMPORT-DISABLE-INACTIVE", holds, read, exchange, observed=f"pro_status {shown!r}", kind=Kind.VALUE
    )


@pytest.mark.requirement("PM3-IMPORT-KEEP", "PM3-IMPORT-OWN-EXPORT", "PM3-IMPORT-CONTENT", PROCESS, LISTED, OTHERS)
def test_keep_makes_another_project_beside_the_one_that_exists(session: Session) -> None:
    beside = projects.beside(session)
    source = prepare(session)
    beside.add()
    with suppress(Blocked):
        alter(session, source)
    before = state(session, source.project.id)
    beside.look()
    made = copy(session, source, option="KEEP")
    projects.unharmed(session, beside, OTHERS, made.exchange)
    touched, read = changes(session, source.project.id, before)
    common, other = shared(session, source, made)
    kept = session.recorder.require(
        "PM3-IMPORT-KEEP",
        not touched and not common,
        made.exchange,
        read,
        other,
        observed="; ".join([told_of(touched)] * bool(touched) + [told_common(common)] * bool(common)),
    )
    if kept:
        judge_content(session, source, made.id, made.exchange)
        projects.item_of(session, made.id, made.exchange, LISTED)
        judge_process(session, made)
    else:
        for requirement in ("PM3-IMPORT-CONTENT", PROCESS, LISTED):
            session.recorder.block(requirement, session.recorder.root_of("PM3-IMPORT-KEEP"))


def judge_process(session: Session, made: Resource) -> None:
    """Judge whether the process of an imported project can be read, if that of a created one can."""

    def look() -> tuple[bool, Exchange]:
        read = projects.read_by(session, projects.PROCESS, made.id)
        return read.response.ok, read

    readable, read = session.eventually(look)
    usual = projects.made(session, projects.builder(session).project())
    control = projects.read_by(session, projects.PROCESS, usual.id)
    if not control.response.ok:
        session.recorder.skip(PROCESS, Reason.INCONCLUSIVE, f"that of another project: {checks.describe(control)}")
        return
    message = f"the process cannot be read: {checks.describe(read)}"
    session.recorder.require(PROCESS, readable, read, made.exchange, control, observed=message)


def sent(session: Session, source: Source, **options: str) -> Exchange:
    """The response to an import that may be refused; repeated if it was, since a copy may be named after the second.

    Raises as `Session.send`.
    """
    exchange = session.send("importProject", params=options, files=upload(source.file))
    if exchange.response.refused:
        exchange = session.once_more(exchange, params=options, files=upload(source.file))
    return exchange


@pytest.mark.requirement("PM3-IMPORT-LOWER-CASE")
def test_keep_and_merge_are_understood_in_lower_case(session: Session) -> None:
    original, source = prepare(session), prepare(session)
    upper = copy(session, original, option="KEEP", option_group="MERGE")
    exchange = sent(session, source, option="keep", option_group="merge")
    if exchange.entry is None:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if not exchange.response.ok:
        session.resources.clean_up_failed_create(session.operation("importProject"), exchange)
        message, holds, kind = checks.describe(exchange), False, Kind.REFUSED
    else:
        session.accepted(exchange)
        lower = found(session, exchange, "PM3-IMPORT-LOWER-CASE")
        holds = (lower.id == source.project.id) == (upper.id == original.project.id)
        message, kind = "the existing project was used instead of creating another one", Kind.EFFECT
    session.recorder.require(
        "PM3-IMPORT-LOWER-CASE",
        holds,
        exchange,
        upper.exchange,
        expected="as in upper case",
        observed=message,
        kind=kind,
    )


@pytest.mark.requirement(FILE_REQUIRED)
def test_an_import_without_a_file_is_refused(session: Session) -> None:
    if session.safety is not Safety.DISPOSABLE:
        raise NotExercised(Reason.SAFETY_LEVEL, "an import without a name of this run: only at level disposable")
    control = copy(session, prepare(session), option="KEEP")
    exchange = session.send("importProject", params={"option": "CREATE"}, files={"other": ("other.txt", b"nothing")})
    if exchange.entry is not None:
        session.ledger.withdrawn(exchange.entry)
    record_refusal(session, FILE_REQUIRED, exchange, control.exchange)


@pytest.mark.requirement("PM3-IMPORT-GROUP-OPTIONS")
def test_each_option_for_groups_is_taken(session: Session) -> None:
    control = copy(session, prepare(session), option="KEEP")
    operation = session.operation("importProject")
    for value in GROUP_OPTIONS:
        source = prepare(session)
        exchange = sent(session, source, option="KEEP", option_group=value)
        if exchange.entry is None:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
        session.recorder.require(
            "PM3-IMPORT-GROUP-OPTIONS",
            exchange.response.ok,
            exchange,
            control.exchange,
            expected=f"option_group={value} is accepted",
            observed=checks.describe(exchange),
            kind=Kind.REFUSED,
            location=f"option_group={value}",
        )
        if exchange.response.ok:
            session.accepted(exchange)
            with suppress(Blocked):
                found(session, exchange, "PM3-IMPORT-GROUP-OPTIONS")
        else:
            session.resources.clean_up_failed_create(operation, exchange)
