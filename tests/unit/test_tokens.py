"""Tokens: asked for when first needed, and once more where the server closed the connection that was kept open."""

from __future__ import annotations

import pytest

from conformance.core.exchange import NO_RESPONSE, Exchange, Request, Response
from conformance.wire.call import MAIN
from conformance.wire.credentials import CONNECTION_CLOSED, Tokens, Unavailable
from conformance.wire.redact import Redactor

GIVEN = Response(200, (), b'{"access_token": "a-token-of-the-server"}')
ASKED = Request("POST", "http://t/token")


def asking(*exchanges: Exchange) -> Tokens:
    """Tokens that are asked for with these exchanges, one after the other."""
    rest = iter(exchanges)
    return Tokens(lambda _: next(rest), Redactor({}), "T", lambda exchange, user: exchange.error)


@pytest.mark.parametrize("error", CONNECTION_CLOSED)
def test_token_is_requested_again_if_the_connection_was_closed(error: str) -> None:
    tokens = asking(
        Exchange("e1", "t", ASKED, NO_RESPONSE, error=f"{error}: [Errno 104] reset"), Exchange("e2", "t", ASKED, GIVEN)
    )
    assert tokens.headers(MAIN) == {"authorization": "Bearer a-token-of-the-server"}


def test_a_server_that_closes_every_connection_is_unavailable() -> None:
    dropped = Exchange("e", "t", ASKED, NO_RESPONSE, error="ReadError: [Errno 104] reset")
    with pytest.raises(Unavailable, match="ReadError"):
        asking(dropped, dropped).headers(MAIN)


def test_unreachable_server_is_requested_once() -> None:
    refused = Exchange("e", "t", ASKED, NO_RESPONSE, error="ConnectError: refused")
    with pytest.raises(Unavailable, match="ConnectError"):
        asking(refused).headers(MAIN)
