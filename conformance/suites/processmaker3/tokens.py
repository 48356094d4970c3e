"""Tokens: how the tests of ProcessMaker 3 ask for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from conformance.judge import NotExercised
from conformance.systems import ProcessMaker3
from conformance.wire.credentials import Missing
from conformance.wire.logins import pm3_account

if TYPE_CHECKING:
    from conformance.exchange import Exchange
    from conformance.session import Session

TOKEN: Final = "requestToken"  # noqa: S105 - the id of an operation
ALL: Final = "*"
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}


def account_of(session: Session, user: str) -> dict[str, str]:
    """The parameters of a token request of a user, but for grant type and scope.

    Raises:
        NotExercised: the target file gives no such user, or a token in the place of a password.
    """
    assert isinstance(session.table, ProcessMaker3)
    try:
        return pm3_account(session.table, user)
    except Missing as missing:
        raise NotExercised(missing.reason, missing.detail) from None


def ask(session: Session, parameters: Mapping[str, str], *, scope: str = ALL, **headers: str) -> Exchange:
    """Ask for a token, form-encoded with %20 for a blank, or by JSON where the server reads only that."""
    asked = {"grant_type": "password", **({"scope": scope} if scope else {}), **parameters}
    exchange = session.send(TOKEN, content=urlencode(asked, quote_via=quote).encode(), headers={**FORM, **headers})
    if exchange.answer.refused:
        again = session.send(TOKEN, json=asked, headers=headers)
        exchange = again if again.answer.ok else exchange
    return exchange
