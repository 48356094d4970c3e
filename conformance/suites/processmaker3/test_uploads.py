"""Uploading input documents: permissions, and refusals of invalid ones (processmaker-3-rest-tips.txt, 114-116)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import sampling
from conformance.engine.checks import describe
from conformance.engine.identifiers import mentions, names
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Resource, Session
from conformance.suites.processmaker3.cases import (
    conclusive,
    fixture,
    hidden,
    others,
    says,
    shown,
    who_lacks_only_that,
)

pytestmark = pytest.mark.depth("standard")

UPLOAD: Final = "uploadInputDocument"
LIST: Final = "listInputDocuments"
KEPT_OUT: Final = "PM3-INDOC-UPLOAD-DENIED"
ADDS_NONE: Final = "PM3-INDOC-UPLOAD-REFUSED"
POST: Final = ("PM3-INDOC-UPLOAD-POST", "PM3-INDOC-UPLOAD-POST-400")
NO_FILE: Final = "Bad Request: This filename does not exist!"
TOO_BIG: Final = r"Request Entity Too Large: Uploaded file \(?{}\)? is too big\."
NO_TASK: Final = "Bad Request: `tas_uid` is required but missing"
BESIDE: Final = 2_000  # maximal bytes that a form adds to its file
LARGEST: Final = 64 * 1024 * 1024  # bytes of the largest file that is sent


def sample(session: Session) -> dict[str, Any]:
    """An upload as documented as possible. Raises NotExercised if a fixture is missing."""
    return sampling.build_request(session, session.operation(UPLOAD)).request()


def uploaded(session: Session) -> Resource:
    """A file that the main user uploaded. Raises as `Session.create`."""
    return session.create(UPLOAD, **sample(session))


def tried(session: Session, request: dict[str, Any], user: str = "", *, large: bool = False) -> Exchange:
    """An upload that may be refused, also by the documented redirect; what it creates is ours to remove.

    Raises:
        NotExercised: there was no response, or the server failed.
    """
    exchange = session.send(UPLOAD, user=user, may_redirect=True, may_be_too_large=large, **request)
    return settled(session, exchange)


def settled(session: Session, exchange: Exchange) -> Exchange:
    """An upload after the ledger has what it created. Raises as `tried`."""
    operation = session.operation(UPLOAD)
    if not exchange.response.ok:
        session.resources.clean_up_failed_create(operation, exchange)
    elif exchange.entry is not None and exchange.entry.name:
        session.resources.resolve_id(operation, exchange)
    return conclusive(exchange)


@pytest.mark.requirement("PM3-INDOC-UPLOAD-ASSIGNED", "PM3-INDOC-UPLOAD-HIDDEN")
def test_uploads_are_input_documents_of_the_case(session: Session) -> None:
    first, second = uploaded(session), uploaded(session)

    def look() -> tuple[bool, Exchange]:
        listing = session.send(LIST, path=first.entry.within)
        return all(names(listing, resource.id) for resource in (first, second)), listing

    _, listing = session.eventually(look)
    if all(shown(session, "PM3-INDOC-UPLOAD-ASSIGNED", listing, resource.id) for resource in (first, second)):
        hidden(
            session,
            "PM3-INDOC-UPLOAD-HIDDEN",
            lambda user: session.send(LIST, user=user, path=first.entry.within),
            listing,
            first.id,
        )
    else:
        session.recorder.block("PM3-INDOC-UPLOAD-HIDDEN", session.recorder.root_of("PM3-INDOC-UPLOAD-ASSIGNED"))


@pytest.mark.requirement("PM3-INDOC-UPLOAD-SUPERVISOR")
def test_a_supervisor_uploads_as_who_works_on_the_case_does(session: Session) -> None:
    control = uploaded(session).exchange
    exchange = tried(session, sample(session), "supervisor")
    session.recorder.require(
        "PM3-INDOC-UPLOAD-SUPERVISOR",
        exchange.response.ok,
        exchange,
        control,
        observed=describe(exchange),
        kind=Kind.REFUSED,
    )


@pytest.mark.requirement("PM3-INDOC-UPLOAD-302", KEPT_OUT)
def test_an_upload_without_the_right_is_answered_with_302_and_adds_no_file(session: Session) -> None:
    own = uploaded(session)
    control = own.exchange
    kept: list[tuple[Exchange, Exchange]] = []

    def attempt(user: str) -> Exchange:
        exchange = session.send(UPLOAD, user=user, may_redirect=True, **sample(session))
        if exchange.has_response and not exchange.response.ok and exchange.entry is not None:
            listing = session.send(LIST, path=own.entry.within)
            if exchange.entry.name and mentions(listing, exchange.entry.name):
                kept.append((listing, exchange))
        return settled(session, exchange)

    asked = others(session, attempt)
    exchange = next((item for item in asked.values() if item.response.ok), None) or who_lacks_only_that(session, asked)
    session.recorder.require(
        "PM3-INDOC-UPLOAD-302",
        exchange.response.status == 302,
        exchange,
        control,
        observed=f"{exchange.user!r}: {describe(exchange)}",
        kind=Kind.NOT_REFUSED if exchange.response.ok else Kind.STATUS,
    )
    if exchange.response.ok:
        session.recorder.block(KEPT_OUT, session.recorder.root_of("PM3-INDOC-UPLOAD-302"))
        return
    shows_names, listing = shows_name(session, own, session.call)
    listing, refused = next(iter(kept), (listing, exchange))
    if not kept and not shows_names:
        raise NotExercised(Reason.INCONCLUSIVE, f"{LIST} does not show the name of an accepted upload")
    message = f"{refused.user!r}: {describe(refused)}, but the file is in the list"
    session.recorder.require(KEPT_OUT, not kept, listing, refused, control, observed=message)


@pytest.mark.requirement("PM3-INDOC-UPLOAD-NAME")
def test_a_file_that_went_into_a_text_field_is_missed(session: Session) -> None:
    control = uploaded(session).exchange
    asked = sample(session)
    in_text = {field: f"@{name}" for field, (name, _) in asked.pop("files").items()}
    exchange = tried(session, {**asked, "data": {**asked["data"], **in_text}})
    refusal(session, "PM3-INDOC-UPLOAD-NAME", exchange, control, 400, NO_FILE)


@pytest.mark.requirement("PM3-INDOC-UPLOAD-SIZE", ADDS_NONE)
def test_a_file_above_the_limit_for_files_is_too_big(session: Session) -> None:
    size = limit(session, "upload_max_filesize") + 1
    whole = session.table.fixture("post_max_size")
    if whole and size + BESIDE > int(whole):
        raise NotExercised(Reason.INCONCLUSIVE, "a file above upload_max_filesize is also above post_max_size")
    own = uploaded(session)
    request = of_size(session, size)
    exchange = settled(session, adding_nothing(session, own, request))
    (name, _), *_ = request["files"].values()
    refusal(session, "PM3-INDOC-UPLOAD-SIZE", exchange, own.exchange, 413, TOO_BIG.format(in_message(name)))


def in_message(name: str) -> str:
    """A regular expression for the name of a file in a message: blanks may be written as a server stores them."""
    return r"(?: |_|-|\+|%20|&nbsp;)".join(map(re.escape, name.split(" ")))


@pytest.mark.requirement(*POST, ADDS_NONE)
def test_an_upload_above_the_limit_for_requests_seems_to_be_empty(session: Session) -> None:
    size = limit(session, "post_max_size")
    own = uploaded(session)
    exchange = settled(session, adding_nothing(session, own, of_size(session, size)))
    if refusal(session, POST[0], exchange, own.exchange, None, NO_TASK):
        message = describe(exchange)
        session.recorder.require(POST[1], exchange.response.status == 400, exchange, observed=message, kind=Kind.STATUS)
    else:
        session.recorder.block(POST[1], session.recorder.root_of(POST[0]))


def shows_name(session: Session, own: Resource, read: Callable[..., Exchange]) -> tuple[bool, Exchange]:
    """Whether the list shows the name of an accepted upload, after the settling time. Raises as `read`."""

    def look() -> tuple[bool, Exchange]:
        listing = read(LIST, path=own.entry.within)
        return bool(own.entry.name) and mentions(listing, own.entry.name), listing

    return session.eventually(look)


def adding_nothing(session: Session, own: Resource, request: dict[str, Any]) -> Exchange:
    """An upload of a large file. Records whether the list shows its file although it was refused.

    Files are known by their names: the list must show that of `own`, which was accepted.
    """
    exchange = session.send(UPLOAD, may_be_too_large=True, **request)
    shows, listing = shows_name(session, own, session.send)
    name = exchange.entry.name if exchange.entry is not None else ""
    if not exchange.response.refused or not name or not shows:
        session.recorder.skip(ADDS_NONE, Reason.INCONCLUSIVE, f"{LIST} does not show the names of files")
        return exchange
    message = f"{describe(exchange)}, but the file is in the list"
    session.recorder.require(ADDS_NONE, not mentions(listing, name), listing, exchange, own.exchange, observed=message)
    return exchange


def refusal(
    session: Session, requirement: str, exchange: Exchange, control: Exchange, status: int | None, message: str
) -> bool:
    """Record whether an upload was refused with a message, and a status if one is documented, next to an accepted
    one.
    """
    as_documented = exchange.response.refused if status is None else exchange.response.status == status
    holds = as_documented and says(exchange, message)
    kind = Kind.NOT_REFUSED if exchange.response.ok else Kind.MESSAGE if as_documented else Kind.STATUS
    detail = "another message" if as_documented else describe(exchange)
    return session.recorder.require(requirement, holds, exchange, control, observed=detail, kind=kind)


def limit(session: Session, key: str) -> int:
    """A limit of the server, in bytes. Raises NotExercised if it is unknown, or too large to be tested."""
    size = int(fixture(session, key))
    if size > LARGEST:
        raise NotExercised(Reason.LIMIT_REACHED, f"{key}: a file of more than {LARGEST} bytes is not sent")
    return size


def of_size(session: Session, size: int) -> dict[str, Any]:
    """An upload whose file has a size in bytes."""
    asked = sample(session)
    files = {field: (name, b"x" * size) for field, (name, _) in asked["files"].items()}
    return {**asked, "files": files}
