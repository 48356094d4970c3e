"""The Proxy API: getting a token (procesio-api.txt, lines 3-17)."""

from __future__ import annotations

import pytest

from conformance.core.exchange import Exchange
from conformance.core.near_misses import near_misses
from conformance.core.verdict import Kind, Reason
from conformance.engine import access
from conformance.engine.checks import describe
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.engine.snapshots import changed, snapshot, volatile
from conformance.suites.procesio import credentials
from conformance.suites.procesio.target import Procesio
from conformance.wire.call import NOBODY
from conformance.wire.credentials import ANY_SECRET, Missing, bearer, token_of

OPERATION = "authenticate"
READABLE = ("listProcesses", "listActions", "listCredentials", "listDataTypes", "listSchedules", "listActionFolders")
"""What a user who may read anything at all reads without naming it."""


def account(session: Session, **changed: str) -> dict[str, str]:
    """The parameters of an authentication of the target's user. Raises NotExercised if there is none."""
    assert isinstance(session.table, Procesio)
    try:
        return {**credentials.account(session.table), **changed}
    except Missing as missing:
        raise NotExercised(missing.reason, missing.detail) from None


def authenticate(session: Session, parameters: dict[str, str]) -> Exchange:
    """Authenticate with a form, or with JSON if the server accepts only that: the encoding is not documented."""
    exchange = session.send(OPERATION, data=parameters)
    return exchange if exchange.response.ok else session.send(OPERATION, json=parameters)


@pytest.mark.requirement("PRO-AUTH-TOKEN", "PRO-AUTH-TOKEN-OPENS-WEB-API")
def test_a_token_of_the_proxy_api_opens_the_web_api(session: Session) -> None:
    own = session.send("listProcesses")  # with the run's own token, so that the one below is not the only one
    asked = authenticate(session, account(session))
    if not asked.response.ok:
        asked = authenticate(session, account(session, client_secret=ANY_SECRET))
    if not asked.response.ok:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, f"the credentials were refused: {describe(asked)}")
    token = token_of(asked)
    if not token and taken_for_wrong(session, asked):
        message = "the response is the one to a wrong password: the credentials may be refused with 200"
        raise NotExercised(Reason.TARGET_UNAVAILABLE, message)
    if not session.recorder.require(
        "PRO-AUTH-TOKEN", bool(token), asked, observed="a response without a token", kind=Kind.MISSING_FIELD
    ):
        session.accepted(asked)
        session.recorder.block("PRO-AUTH-TOKEN-OPENS-WEB-API", session.recorder.root_of("PRO-AUTH-TOKEN"))
        return
    session.accepted(asked)
    used = session.send("listProcesses", user=NOBODY, headers=bearer(token))
    if not used.response.ok and not own.response.ok and taken_for_unknown(session, token):
        detail = "requests are refused as with an unknown token"
        session.recorder.require(
            "PRO-AUTH-TOKEN-OPENS-WEB-API", False, used, asked, own, observed=detail, kind=Kind.REFUSED
        )
        return
    session.accepted(own) if own.response.ok else session.call("listProcesses")
    if used.response.status not in (401, 403):  # something other than the token may be wrong: then that is the root
        used = session.call("listProcesses", user=NOBODY, headers=bearer(token))
    session.recorder.require(
        "PRO-AUTH-TOKEN-OPENS-WEB-API", used.response.ok, used, asked, observed=describe(used), kind=Kind.REFUSED
    )


def taken_for_wrong(session: Session, asked: Exchange) -> bool:
    """Whether an authentication without a token gets the same response as one with a wrong password.

    Then it is a refusal with another status, and proves nothing about a successful authentication.
    """
    parameters = account(session, password=session.ledger.made_up())
    wrong, again = (alike(session, asked, parameters) for _ in range(2))
    if wrong.response.status != asked.response.status:
        return False
    first, second, third = (snapshot(exchange) for exchange in (wrong, again, asked))
    return not changed(first, third, volatile(first, second))


def taken_for_unknown(session: Session, token: str) -> bool:
    """Whether every list is refused with a token as with a made-up one.

    A user without permissions gets another message or status, or may read at least something.
    """
    unknown = session.ledger.made_up()
    for operation in READABLE:
        answers = [session.send(operation, user=NOBODY, headers=bearer(value)) for value in (token, token, unknown)]
        if any(answer.response.ok or not answer.response.refused for answer in answers):
            return False
        first, again, other = (snapshot(answer) for answer in answers)
        if answers[0].response.status != answers[2].response.status or changed(first, other, volatile(first, again)):
            return False
    return True


@pytest.mark.requirement("PRO-AUTH-EMPTY-SECRET")
def test_an_empty_client_secret_is_accepted(session: Session) -> None:
    asked = authenticate(session, account(session, client_secret=""))
    control = asked
    for secret in (account(session)["client_secret"], ANY_SECRET):
        if secret and not (control.response.ok and token_of(control)):
            other = authenticate(session, account(session, client_secret=secret))
            control = other if other.response.ok else control
    if not control.response.ok:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, f"the credentials were refused: {describe(control)}")
    holds = asked.response.ok and (bool(token_of(asked)) or not token_of(control))
    message = "a response without a token" if asked.response.ok else describe(asked)
    session.recorder.require("PRO-AUTH-EMPTY-SECRET", holds, asked, control, observed=message, kind=Kind.REFUSED)


@pytest.mark.parametrize(
    ("requirement", "parameter"),
    [
        pytest.param(value, parameter, id=parameter, marks=pytest.mark.requirement(value))
        for value, parameter in (
            ("PRO-AUTH-WRONG-PASSWORD", "password"),
            ("PRO-AUTH-WRONG-USER", "username"),
            ("PRO-AUTH-WRONG-REALM", "realm"),
            ("PRO-AUTH-WRONG-CLIENT", "client_id"),
            ("PRO-AUTH-WRONG-SECRET", "client_secret"),
        )
    ],
)
def test_an_authentication_with_something_wrong_gets_no_token(
    session: Session, requirement: str, parameter: str
) -> None:
    parameters = account(session)
    if not parameters[parameter]:  # an empty secret is correct: the cause is unknown
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place(parameter))
    control = authenticate(session, parameters)
    wrong = [session.ledger.made_up()]
    if parameter in ("password", "client_secret"):
        wrong += near_misses(parameters[parameter]).values()
    for number, value in enumerate(wrong):
        if number:  # never two wrong ones after each other: a server may lock the account
            control = authenticate(session, parameters)
        refused = alike(session, control, {**parameters, parameter: value})
        if not access.check_login(session, requirement, refused, control):
            return


@pytest.mark.requirement("PRO-AUTH-WITHOUT-GRANT-TYPE")
def test_an_authentication_without_grant_type_is_refused(session: Session) -> None:
    control = authenticate(session, account(session))
    parameters = account(session)
    del parameters["grant_type"]
    access.check_login(session, "PRO-AUTH-WITHOUT-GRANT-TYPE", alike(session, control, parameters), control)


def alike(session: Session, control: Exchange, parameters: dict[str, str]) -> Exchange:
    """Authenticate in the encoding of a control, so that only the parameters can be refused.

    Raises:
        NotExercised: the control itself was refused.
    """
    if not control.response.ok:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, f"the credentials were refused: {describe(control)}")
    if control.request.body.lstrip().startswith(b"{"):
        return session.send(OPERATION, json=parameters)
    return session.send(OPERATION, data=parameters)
