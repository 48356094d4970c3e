"""Send requests until the API responds, past gateways, login pages and expired sessions.

Callers get a response of the API or none. A response of something in front of the API is never returned.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.identifiers import identifier_of
from conformance.engine.recorder import NotExercised
from conformance.spec.free_paths import unrouted
from conformance.wire import gateways
from conformance.wire.call import MAIN, Call
from conformance.wire.client import Client, Credentials
from conformance.wire.deadline import UNCONNECTED, with_advice
from conformance.wire.ledger import Ledger

MAX_FAILURES: Final = 3  # consecutive calls without a response, or with a page that is not from the API
MAX_GATEWAY_RESPONSES: Final = 5  # consecutive responses of a gateway
MAX_PAGE_REQUESTS: Final = 3  # requests for an error page until it counts as the server's
MAX_RENEWALS: Final = 5  # token renewals per request: other workers may end a session as well


@dataclass(eq=False)
class Delivery:
    """Send requests to one system of a target.

    `problem` says why nothing more can be sent. `failed` counts failures by kind. `changed` is the time of the last
    accepted change, on the monotonic clock.
    """

    client: Client
    credentials: Credentials
    ledger: Ledger
    problem: str = ""
    changed: float = -math.inf
    failed: Counter[str] = field(default_factory=Counter)
    _without_response: int = 0
    _heard: bool = False  # whether anything ever responded
    _from_gateway: int = 0
    _outside: int = 0
    _read: dict[str, Call] = field(default_factory=dict)  # by user: the last accepted read
    _worked: set[str] = field(default_factory=set)  # operations with an accepted response that is not a page
    _pages: set[tuple[str, str, int]] = field(default_factory=set)  # error pages that come back: they are the server's
    _tokens_expire: bool = False  # whether a token that worked has expired in this run

    def deliver(self, call: Call) -> Exchange:
        """Send a request; returns the response of the API, or an exchange without a response.

        Raises:
            NotExercised: something in front of the API responded, or the account has reached a limit.
            Withheld, Missing, NoToken, Unavailable: as the guard and the credentials.
        """
        if self.problem:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        exchange = self._with_valid_token(call, self._send(call))
        if not exchange.has_response:
            self._without_response += 1
            absent = not self._heard and exchange.error.startswith(UNCONNECTED)
            if self._without_response >= MAX_FAILURES or absent:
                often = "" if absent else f"{self._without_response} times in a row: "
                advised = with_advice(exchange.error, _key(call))
                raise self._give_up(f"{exchange.request.url}: {often}{advised}")
            return exchange
        self._without_response, self._heard = 0, True
        if gateways.is_gateway_error(exchange):
            raise self._gateway(exchange)
        self._from_gateway = 0
        if self._is_outside(call, exchange):
            exchange = self._after_outside_response(call, exchange)
        if gateways.is_error_page(exchange):
            exchange = self._repeat_page(call, exchange)
        refused_size = exchange.response.status in gateways.SIZES and not gateways.is_error_page(exchange)
        if gateways.is_about_limits(call.operation, exchange) and not (call.may_be_too_large and refused_size):
            message = f"{call.operation.id}: a limit of the account or of a gateway (status {exchange.response.status})"
            raise NotExercised(Reason.INCONCLUSIVE, message, exchange)
        self._remember(call, exchange)
        return exchange

    def _send(self, call: Call) -> Exchange:
        operation = call.operation
        exchange = self.client.send(
            call.with_headers({} if operation.anonymous else self.credentials.headers(call.user))
        )
        if exchange.response.ok and operation.effect != "read":
            self.changed = time.monotonic()
        if exchange.response.ok and operation.resource == "token":
            self.ledger.remains(operation.system, operation.resource)
        if exchange.response.ok and operation.starts:
            link = operation.links[0] if operation.links else None
            self.ledger.remains(operation.system, operation.resource, identifier_of(exchange, link))
        return exchange

    # -- sessions that ended --------------------------------------------------------------------------------------

    def _with_valid_token(self, call: Call, exchange: Exchange) -> Exchange:
        """Renew the token and repeat the request while the token that was sent has expired."""
        if not call.with_token or call.operation.resource == "token":
            return exchange
        renewed = 0
        while self._has_expired(call, exchange, renewed):
            if renewed == MAX_RENEWALS or not self.credentials.renewable(call.user):
                if renewed and self.credentials.revert(call.user):
                    earlier = self._send(call)
                    if earlier.response.status not in gateways.UNAUTHORIZED and not self._is_outside(call, earlier):
                        return earlier
                    self._withdraw(earlier)
                raise self._expired_for_good(call, exchange)
            self._withdraw(exchange)
            self._tokens_expire = True
            self.credentials.renew(call.user)
            renewed += 1
            exchange = self._send(call)
        return exchange

    def _has_expired(self, call: Call, exchange: Exchange, renewed: int) -> bool:
        """Whether the token of a request has expired. A read that was accepted before is repeated to find out."""
        turned_away = exchange.response.status in gateways.UNAUTHORIZED
        outside = self._is_outside(call, exchange) or (call.may_redirect and gateways.redirects(exchange))
        if not (turned_away or outside):
            return False
        first = exchange.response.status == gateways.UNAUTHORIZED[0] and not renewed
        replaced = renewed < MAX_RENEWALS and self.credentials.stale(call.user)
        if self.credentials.renewable(call.user) and (first or replaced):
            return True
        before = self._read.get(call.user)
        if before is None and self.credentials.given(call.user):  # no read was accepted: one refusal has to do
            is_main = call.user == MAIN  # for other users it is found out whether the token is valid
            return is_main and first and bool(self._worked) and self.credentials.given(call.user) == "access_token"
        if before is None:
            return call.user != MAIN and self._tokens_expire and turned_away and not renewed
        probe = self._send(before)
        return probe.response.status in gateways.UNAUTHORIZED or self._is_outside(before, probe)

    def _withdraw(self, exchange: Exchange) -> None:
        """Record that a refused caller created nothing."""
        if exchange.entry is not None:
            self.ledger.withdrawn(exchange.entry)

    def _expired_for_good(self, call: Call, exchange: Exchange) -> NotExercised:
        """The reason for a session that ended and that a new token does not restore."""
        self._withdraw(exchange)
        self._count(exchange)
        description = (
            gateways.describe_redirect(exchange, _key(call)).removesuffix(".")
            if gateways.redirects(exchange)
            else "responds with an HTML page, like a login page"
            if exchange.response.ok
            else f"refuses the token (status {exchange.response.status})"
        )
        consequence = "a new token does not help" if self.credentials.renewable(call.user) else "it was accepted before"
        message = f"{exchange.request.url}: {description}; {consequence}"
        if call.user == MAIN:
            return self._give_up(message, exchange)
        return NotExercised(Reason.TARGET_UNAVAILABLE, message, exchange)

    # -- gateways and login pages -----------------------------------------------------------------------------------

    @staticmethod
    def _is_outside(call: Call, exchange: Exchange) -> bool:
        if call.may_redirect and gateways.redirects(exchange):
            return False
        return gateways.is_outside(call.operation, exchange)

    def _gateway(self, exchange: Exchange) -> NotExercised:
        self._from_gateway += 1
        status = exchange.response.status
        if self._from_gateway >= MAX_GATEWAY_RESPONSES:
            often = f"{self._from_gateway} times in a row"
            message = f"{exchange.request.url}: {often}: status {status}, which is a gateway's"
            return self._give_up(f"{message}. Is the server behind it running?", exchange)
        message = f"{exchange.request.url}: status {status}, which is a gateway's"
        return NotExercised(Reason.TARGET_UNAVAILABLE, message, exchange)

    def _after_outside_response(self, call: Call, exchange: Exchange) -> Exchange:
        """The response of the API after a redirect or a page. One that only this operation returns is the API's.

        Raises:
            NotExercised: something in front of the API responded.
        """
        if call.reads:
            again = self._send(call)
            if again.has_response and not self._is_outside(call, again) and not gateways.is_gateway_error(again):
                self._count(exchange)
                return again
            exchange = again if again.has_response and self._is_outside(call, again) else exchange
        if self._is_own(call, exchange):
            self._outside = 0
            return exchange
        self._count(exchange)
        if exchange.entry is not None:
            self.ledger.turned_away(exchange.entry)
        page = f"responds with an HTML page. Is {_key(call)} the URL of the API?"
        message = page if exchange.response.ok else gateways.describe_redirect(exchange, _key(call))
        message = f"{exchange.request.url}: {message}"
        if not call.with_token:
            raise NotExercised(Reason.INCONCLUSIVE, message, exchange)
        self._outside += 1
        if not self._worked or self._outside >= MAX_FAILURES:
            raise self._give_up(message, exchange)
        raise NotExercised(Reason.TARGET_UNAVAILABLE, message, exchange)

    def _repeat_page(self, call: Call, exchange: Exchange) -> Exchange:
        """Repeat a request after an error page: one of a firewall or gateway does not come back, one of the server
        does.

        A write is repeated only if the page says that it was refused; a create that may have been carried out is not.

        Raises:
            NotExercised: a gateway responded.
        """
        status = exchange.response.status
        page = (call.operation.id, call.user, status)
        may_repeat = call.reads or status == 403 or (status < 500 and call.operation.effect != "create")
        login = call.operation.resource == "token"  # one more attempt may lock the account
        if page in self._pages or call.template is not None or login or not may_repeat:
            return exchange
        again = exchange
        for _ in range(MAX_PAGE_REQUESTS):
            if status == 403:
                self._withdraw(again)
            again = self._send(call)
            if gateways.is_gateway_error(again):
                raise self._gateway(again)
            if not again.has_response:
                return again
            if again.response.status != status or not gateways.is_error_page(again):
                self.failed[gateways.PAGE] += 1
                return again
        self._pages.add(page)
        return exchange

    def _is_own(self, call: Call, exchange: Exchange) -> bool:
        """Whether the operation itself returns a redirect or a page: others are accepted, and this one never was."""
        page = exchange.response.ok
        if page and not self._worked:  # there was never anything else: that is what the server responds
            return not self._pages_everywhere(call)
        if not call.with_token or gateways.leads_away(exchange):
            return False
        accepted = call.user in self._read  # by a probe just before
        return accepted and call.operation.id not in self._worked

    def _pages_everywhere(self, call: Call) -> bool:
        """Whether a path that does not exist is accepted with a page as well: then it is not the API that responds."""
        path = unrouted(self.client.specification, call.operation, self.ledger.made_up(12))
        got = self._send(call.to(path))
        return got.has_response and gateways.is_page(got)

    def _count(self, exchange: Exchange) -> None:
        self.failed[
            gateways.REDIRECT if gateways.redirects(exchange) else gateways.PAGE if exchange.response.ok else "session"
        ] += 1

    def _give_up(self, message: str, exchange: Exchange | None = None) -> NotExercised:
        self.problem = message
        return NotExercised(Reason.TARGET_UNAVAILABLE, message, exchange)

    def _remember(self, call: Call, exchange: Exchange) -> None:
        if not exchange.response.ok or gateways.is_page(exchange):
            return
        self._outside = 0
        self._worked.add(call.operation.id)
        if call.reads and call.with_token and call.template is None:
            self._read[call.user] = replace(call, may_redirect=False)


def _key(call: Call) -> str:
    """The key of the target file that has the URL of a call."""
    return f"[{call.operation.system}] {call.operation.server}"
