"""Asking for a token (processmaker-3-rest-tips.txt, lines 15-19)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conformance.checks import describe
from conformance.exchange import Exchange
from conformance.judge import Blocked, NotExercised
from conformance.session import Session
from conformance.suites.processmaker3.projects import LIST, table
from conformance.suites.processmaker3.tokens import TOKEN, account_of, ask
from conformance.verdict import Kind, Reason
from conformance.wire.client import MAIN, NOBODY
from conformance.wire.credentials import basic, bearer, token_of

SCOPE_ALL = "PM3-TOKEN-SCOPE-ALL"
SCOPES = ("view_processes", "edit_processes")  # the document names none; a server may know others


def granted(session: Session, parameters: Mapping[str, str]) -> Exchange:
    """Ask for a token as the document says, and judge the answer.

    Raises:
        Blocked: it is refused because of its scope, since without one there is a token; the deviation is recorded.
        NotExercised: there is none.
    """
    exchange = ask(session, parameters)
    control = exchange if exchange.answer.ok else ask(session, parameters, scope="")
    if not control.answer.ok:
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{TOKEN}: {describe(exchange)}")
    holds = session.judge.require(
        SCOPE_ALL, exchange.answer.ok, exchange, control, observed=describe(exchange), kind=Kind.REFUSED
    )
    if not holds:
        raise Blocked(session.judge.root_of(SCOPE_ALL), TOKEN)
    session.accepted(exchange)
    return exchange


def with_own_client(session: Session) -> str:
    """A further user of the target file who has an application of his own.

    Raises:
        NotExercised: there is none, or its credentials are refused.
    """
    users = table(session).users
    for user in ("outsider", "cases", "supervisor"):
        account = getattr(users, user)
        if account is not None and account.client_id not in (None, table(session).client_id):
            return user
    raise NotExercised(Reason.MISSING_USER, "[processmaker3.users.…] with a client_id of its own")


def foreign(session: Session, user: str) -> dict[str, str]:
    """The account of `user` with the application of the main user."""
    main = account_of(session, MAIN)
    return {**account_of(session, user), "client_id": main["client_id"], "client_secret": main["client_secret"]}


@pytest.mark.requirement(SCOPE_ALL, "PM3-TOKEN-OPENS-API")
def test_a_token_for_every_scope_opens_the_project_operations(session: Session) -> None:
    control = session.call(LIST)
    asked = granted(session, account_of(session, MAIN))
    token = token_of(asked)
    used = session.send(LIST, user=NOBODY, headers=bearer(token))
    session.judge.require(
        "PM3-TOKEN-OPENS-API",
        bool(token) and used.answer.ok,
        used,
        asked,
        control,
        observed=describe(used) if token else "an answer without a token",
        kind=Kind.REFUSED,
    )


@pytest.mark.requirement("PM3-TOKEN-SCOPE-LIST")
def test_scopes_with_a_blank_between_them_are_accepted(session: Session) -> None:
    account = account_of(session, MAIN)
    single = [ask(session, account, scope=scope) for scope in SCOPES]
    if not all(one.answer.ok for one in single):
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, f"the scopes {' and '.join(SCOPES)} are not both known here")
    several = ask(session, account, scope=" ".join(SCOPES))
    session.judge.require(
        "PM3-TOKEN-SCOPE-LIST", several.answer.ok, several, *single, observed=describe(several), kind=Kind.REFUSED
    )


@pytest.mark.requirement("PM3-TOKEN-CLIENT-BASIC")
def test_the_credentials_of_the_client_may_come_by_http_basic(session: Session) -> None:
    account = account_of(session, MAIN)
    control = granted(session, account)
    header = basic(account.pop("client_id"), account.pop("client_secret"))
    asked = ask(session, account, **header)
    session.judge.require(
        "PM3-TOKEN-CLIENT-BASIC", asked.answer.ok, asked, control, observed=describe(asked), kind=Kind.REFUSED
    )


@pytest.mark.requirement("PM3-TOKEN-OWN-CLIENT", "PM3-TOKEN-FOREIGN-CLIENT")
def test_a_client_works_for_its_own_user_and_for_nobody_else(session: Session) -> None:
    user = with_own_client(session)
    own = ask(session, account_of(session, user))
    other = ask(session, foreign(session, user))
    if own.answer.ok:
        session.judge.require("PM3-TOKEN-OWN-CLIENT", True, own)
        session.judge.refused("PM3-TOKEN-FOREIGN-CLIENT", other, own)
        return
    if not other.answer.ok or b"invalid_client" in own.answer.body:  # what the target file says may be wrong
        raise NotExercised(Reason.MISSING_USER, f"[processmaker3.users.{user}] is refused: {describe(own)}")
    session.judge.require("PM3-TOKEN-OWN-CLIENT", False, own, other, observed=describe(own), kind=Kind.REFUSED)
    session.judge.block("PM3-TOKEN-FOREIGN-CLIENT", session.judge.root_of("PM3-TOKEN-OWN-CLIENT"))
