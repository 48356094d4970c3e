"""Requesting a token (processmaker-3-rest-tips.txt, lines 15-19)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import access
from conformance.engine.checks import describe
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.suites.processmaker3.projects import LIST, table
from conformance.suites.processmaker3.tokens import TOKEN, account_of, ask, is_in_json, once
from conformance.wire.call import MAIN, NOBODY
from conformance.wire.credentials import basic, bearer, token_of

SCOPE_ALL = "PM3-TOKEN-SCOPE-ALL"
SCOPE_LIST = "PM3-TOKEN-SCOPE-LIST"
OPENS = "PM3-TOKEN-OPENS-API"
WRONG = (
    "PM3-TOKEN-WRONG-PASSWORD",
    "PM3-TOKEN-WRONG-SECRET",
    "PM3-TOKEN-WRONG-CLIENT",
    "PM3-TOKEN-WRONG-USER",
    "PM3-TOKEN-UNKNOWN-WORKSPACE",
)
SCOPES = ("view_processes", "edit_processes")  # the document names none; a server may have others


def granted(session: Session, parameters: Mapping[str, str]) -> Exchange:
    """Request a token as documented, and check the response.

    Raises:
        Blocked: it is refused because of its scope, since without one there is a token; the deviation is recorded.
        NotExercised: there is none.
    """
    exchange = ask(session, parameters)
    control = exchange if is_token(exchange) else ask(session, parameters, scope="")
    if not control.response.ok:
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{TOKEN}: {describe(exchange)}")
    if exchange.response.ok and not token_of(exchange) and not token_of(control):
        session.accepted(exchange)  # the member has another name: the structural verdicts report that
        session.recorder.require(SCOPE_ALL, True, exchange)
        return exchange
    holds = session.recorder.require(
        SCOPE_ALL, is_token(exchange), exchange, control, observed=without(exchange), kind=Kind.REFUSED
    )
    if not holds:
        raise Blocked(session.recorder.root_of(SCOPE_ALL), TOKEN)
    session.accepted(exchange)
    return exchange


def with_own_client(session: Session) -> str:
    """Another user of the target file with an application of his own.

    Raises:
        NotExercised: there is none, or its credentials are refused.
    """
    users = table(session).users
    for user in ("outsider", "cases", "supervisor"):
        account = getattr(users, user)
        if account is not None and account.client_id not in (None, table(session).client_id):
            return user
    raise NotExercised(Reason.MISSING_USER, "[processmaker3.users.…] with its own client_id")


def foreign(session: Session, user: str) -> dict[str, str]:
    """The account of `user` with the application of the main user."""
    main = account_of(session, MAIN)
    return {**account_of(session, user), "client_id": main["client_id"], "client_secret": main["client_secret"]}


@pytest.mark.requirement(SCOPE_ALL, OPENS)
def test_a_token_for_every_scope_opens_the_project_operations(session: Session) -> None:
    control = session.call(LIST)
    asked = granted(session, account_of(session, MAIN))
    token = token_of(asked)
    used = session.send(LIST, user=NOBODY, headers=bearer(token))
    session.recorder.require(
        OPENS,
        bool(token) and used.response.ok,
        used,
        asked,
        control,
        observed=describe(used) if token else "a response without a token",
        kind=Kind.REFUSED,
    )


@pytest.mark.requirement(SCOPE_LIST)
def test_scopes_with_a_blank_between_them_are_accepted(session: Session) -> None:
    account = account_of(session, MAIN)
    single = [ask(session, account, scope=scope) for scope in SCOPES]
    if not all(exchange.response.ok for exchange in single):
        raise NotExercised(
            Reason.UNDOCUMENTED_REQUEST, f"the scopes {' and '.join(SCOPES)} are not both known on this server"
        )
    several = ask(session, account, scope=" ".join(SCOPES))
    holds = is_token(several) or (several.response.ok and not any(map(is_token, single)))
    if session.recorder.require(SCOPE_LIST, holds, several, *single, observed=without(several), kind=Kind.REFUSED):
        see_that_it_opens_as_much(session, account, several)


def see_that_it_opens_as_much(session: Session, account: Mapping[str, str], several: Exchange) -> None:
    """Record whether a token for several scopes opens the list of projects, if one for a single one of them does.

    That one is requested last: a server may accept only the latest token of a user, or no second one.
    """
    if not is_token(several):
        return
    used = session.send(LIST, user=NOBODY, headers=bearer(token_of(several)))
    if not used.response.refused:
        return
    for scope in SCOPES:
        single = ask(session, account, scope=scope)
        control = session.send(LIST, user=NOBODY, headers=bearer(token_of(single)))
        if not control.response.ok:
            continue
        several = ask(session, account, scope=" ".join(SCOPES))
        again = session.send(LIST, user=NOBODY, headers=bearer(token_of(several)))
        session.recorder.require(
            SCOPE_LIST,
            not again.response.refused,
            again,
            several,
            control,
            observed=f"{describe(again)}, though a token for {scope} alone is accepted",
            kind=Kind.REFUSED,
            location="its token",
        )
        return


@pytest.mark.requirement("PM3-TOKEN-CLIENT-BASIC", "PM3-TOKEN-BASIC-WRONG-SECRET")
def test_the_credentials_of_the_client_may_come_by_http_basic(session: Session) -> None:
    account = account_of(session, MAIN)
    control = granted(session, account)
    client, secret = account.pop("client_id"), account.pop("client_secret")
    asked = ask(session, account, **basic(client, secret))
    holds = is_token(asked) or (asked.response.ok and not is_token(control))
    wrong = "PM3-TOKEN-BASIC-WRONG-SECRET"
    if not session.recorder.require(
        "PM3-TOKEN-CLIENT-BASIC", holds, asked, control, observed=without(asked), kind=Kind.REFUSED
    ):
        session.recorder.block(wrong, session.recorder.root_of("PM3-TOKEN-CLIENT-BASIC"))
        return
    access.check_login(session, wrong, ask(session, account, **basic(client, session.ledger.made_up())), asked)


@pytest.mark.requirement(*WRONG)
def test_no_token_is_given_for_what_is_wrong(session: Session) -> None:
    account = account_of(session, MAIN)
    right = ask(session, account)
    if not right.response.ok:
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{TOKEN}: {describe(right)}")
    in_json = is_in_json(right)
    for requirement, member in zip(WRONG, ("password", "client_secret", "client_id", "username"), strict=False):
        refused = once(session, {**account, member: session.ledger.made_up()}, in_json=in_json)
        # one wrong password at a time: repeated failures lock the user out
        control = once(session, account, in_json=in_json)
        if not control.response.ok:
            raise NotExercised(Reason.INCONCLUSIVE, f"{TOKEN}: {describe(control)} after a wrong {member}")
        access.check_login(session, requirement, refused, control)
    if getattr(session.table, "token_url", None):
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{TOKEN}: `token_url` in the target file has no workspace")
    elsewhere = once(session, account, in_json=in_json, workspace=session.ledger.made_up())
    access.check_login(session, WRONG[-1], elsewhere, right)


def is_token(exchange: Exchange) -> bool:
    """Whether a token was returned."""
    return exchange.response.ok and bool(token_of(exchange))


def without(exchange: Exchange) -> str:
    """What was returned instead of a token, in words."""
    return "a response without a token" if exchange.response.ok else describe(exchange)


@pytest.mark.requirement("PM3-TOKEN-OWN-CLIENT", "PM3-TOKEN-FOREIGN-CLIENT")
def test_a_client_works_for_its_own_user_and_for_nobody_else(session: Session) -> None:
    user = with_own_client(session)
    own = ask(session, account_of(session, user))
    other = ask(session, foreign(session, user))
    if is_token(own) or (own.response.ok and not is_token(other)):
        session.recorder.require("PM3-TOKEN-OWN-CLIENT", True, own)
        access.check_login(session, "PM3-TOKEN-FOREIGN-CLIENT", other, own)
        return
    if not other.response.ok or b"invalid_client" in own.response.body:  # what the target file says may be wrong
        raise NotExercised(Reason.MISSING_USER, f"[processmaker3.users.{user}] is refused: {describe(own)}")
    session.recorder.require("PM3-TOKEN-OWN-CLIENT", False, own, other, observed=without(own), kind=Kind.REFUSED)
    session.recorder.block("PM3-TOKEN-FOREIGN-CLIENT", session.recorder.root_of("PM3-TOKEN-OWN-CLIENT"))
