"""Delivery: brings a request to the API, past gateways, login pages and sessions that ended on the way.

What comes back is a response of the API, or none at all. A response of something in front of it is never returned.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.identifiers import identifier_of
from conformance.engine.recorder import NotExercised
from conformance.spec.specification import Operation
from conformance.wire import gateways
from conformance.wire.client import MAIN, NOBODY, WRONG, Client, Credentials
from conformance.wire.ledger import Ledger

GIVE_UP_AFTER: Final = 3  # calls in a row without any response, or with a page that is not the API's
AWAY_AT_MOST: Final = 5  # responses of a gateway in a row
PAGES_AT_MOST: Final = 3  # times that an error page is asked for again, before it counts as the server's
RENEWALS: Final = 5  # of a token, for one request: other workers may end a session as well


@dataclass(frozen=True, slots=True)
class Sending:
    """One request as a test means it.

    `may_redirect`, `may_be_too_large`: a document gives a redirect, or a refusal of its size, as its response.
    """

    operation: Operation
    user: str = MAIN
    path: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    template: str | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    may_redirect: bool = False
    may_be_too_large: bool = False

    @property
    def with_token(self) -> bool:
        """Whether it carries the token of a user, which may have ended."""
        own = any(name.lower() == "authorization" for name in self.headers or {})
        return self.user not in (NOBODY, WRONG) and not self.operation.anonymous and not own

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, so that it may be repeated."""
        return self.operation.effect == "read"


@dataclass(eq=False)
class Delivery:
    """Sends for one system of a target. `problem` says why nothing more can be sent; `failed` counts what failed.

    `changed` is when an operation last changed something, on the monotonic clock.
    """

    client: Client
    credentials: Credentials
    ledger: Ledger
    problem: str = ""
    changed: float = -math.inf
    failed: Counter[str] = field(default_factory=Counter)
    _silent: int = 0
    _away: int = 0
    _outside: int = 0
    _read: dict[str, Sending] = field(default_factory=dict)  # by user, the last read that was accepted
    _worked: set[str] = field(default_factory=set)  # operations of which a response was accepted that is no page
    _pages: set[tuple[str, str, int]] = field(default_factory=set)  # error pages that come back: the server's own
    _mortal: bool = False  # whether a token that worked has ended in this run

    def deliver(self, sending: Sending) -> Exchange:
        """Send a request; returns what the API responded, or an exchange without a response.

        Raises:
            NotExercised: something in front of the API responded, or the account has reached a limit.
            Withheld, Missing, NoToken, Unavailable: as the guard and the credentials.
        """
        if self.problem:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        exchange = self._let_in(sending, self._once(sending))
        if not exchange.has_response:
            self._silent += 1
            if self._silent >= GIVE_UP_AFTER:
                raise self._given_up(f"{exchange.request.url}: {self._silent} times in a row: {exchange.error}")
            return exchange
        self._silent = 0
        if gateways.is_away(exchange):
            raise self._gateway(exchange)
        self._away = 0
        if self._is_outside(sending, exchange):
            exchange = self._past(sending, exchange)
        if gateways.is_error_page(exchange):
            exchange = self._page_again(sending, exchange)
        refused_size = exchange.response.status in gateways.SIZES and not gateways.is_error_page(exchange)
        if gateways.speaks_of_limits(sending.operation, exchange) and not (sending.may_be_too_large and refused_size):
            told = f"{sending.operation.id}: a limit of the account or of a gateway (status {exchange.response.status})"
            raise NotExercised(Reason.INCONCLUSIVE, told)
        self._remember(sending, exchange)
        return exchange

    def _once(self, sending: Sending) -> Exchange:
        operation = sending.operation
        shown = {} if operation.anonymous else self.credentials.headers(sending.user)
        exchange = self.client.send(
            operation,
            path=sending.path,
            template=sending.template,
            headers={**shown, **(sending.headers or {})},
            user=sending.user,
            **sending.content,
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

    def _let_in(self, sending: Sending, exchange: Exchange) -> Exchange:
        """Send again with another token as long as the one that was sent has ended."""
        if not sending.with_token or sending.operation.resource == "token":
            return exchange
        renewed = 0
        while self._ended(sending, exchange, renewed):
            if renewed == RENEWALS or not self.credentials.renewable(sending.user):
                if renewed and self.credentials.revert(sending.user):
                    earlier = self._once(sending)
                    if earlier.response.status not in gateways.TURNED_AWAY and not self._is_outside(sending, earlier):
                        return earlier
                raise self._shut_out(sending, exchange)
            self._turned_away()
            self._mortal = True
            self.credentials.renew(sending.user)
            renewed += 1
            exchange = self._once(sending)
        return exchange

    def _ended(self, sending: Sending, exchange: Exchange, renewed: int) -> bool:
        """Whether the token of a request opens nothing any more, as far as a read shows that was accepted before."""
        turned_away = exchange.response.status in gateways.TURNED_AWAY
        outside = self._is_outside(sending, exchange) or (sending.may_redirect and gateways.redirects(exchange))
        if not (turned_away or outside):
            return False
        first = exchange.response.status == gateways.TURNED_AWAY[0] and not renewed
        replaced = renewed < RENEWALS and self.credentials.stale(sending.user)
        if self.credentials.renewable(sending.user) and (first or replaced):
            return True
        before = self._read.get(sending.user)
        if before is None and self.credentials.given(sending.user):  # nothing reads: one refusal must do
            mine = sending.user == MAIN  # of a further user it is found out whether the token is one
            return mine and first and bool(self._worked) and self.credentials.given(sending.user) == "access_token"
        if before is None:
            return sending.user != MAIN and self._mortal and turned_away and not renewed
        probe = self._aside(before)
        return probe.response.status in gateways.TURNED_AWAY or self._is_outside(before, probe)

    def _aside(self, sending: Sending) -> Exchange:
        """Send something between a request and its judgement: what the request may have created stays known."""
        entry = self.client.entry
        exchange = self._once(sending)
        self.client.entry = entry
        return exchange

    def _turned_away(self) -> None:
        """Who is not let in creates nothing."""
        if self.client.entry is not None:
            self.ledger.withdrawn(self.client.entry)

    def _shut_out(self, sending: Sending, exchange: Exchange) -> NotExercised:
        """A session that ended and that a new token does not bring back."""
        self._turned_away()
        self._count(exchange)
        what = (
            gateways.told_redirect(exchange)
            if gateways.redirects(exchange)
            else "responds with an HTML page, as to somebody who is not logged in"
            if exchange.response.ok
            else f"refuses the token (status {exchange.response.status})"
        )
        more = "a new token does not help" if self.credentials.renewable(sending.user) else "it was accepted before"
        told = f"{exchange.request.url}: {what}; {more}"
        if sending.user == MAIN:
            return self._given_up(told)
        return NotExercised(Reason.TARGET_UNAVAILABLE, told)

    # -- gateways and login pages -----------------------------------------------------------------------------------

    @staticmethod
    def _is_outside(sending: Sending, exchange: Exchange) -> bool:
        if sending.may_redirect and gateways.redirects(exchange):
            return False
        return gateways.is_outside(sending.operation, exchange)

    def _gateway(self, exchange: Exchange) -> NotExercised:
        self._away += 1
        status = exchange.response.status
        if self._away >= AWAY_AT_MOST:
            return self._given_up(f"{exchange.request.url}: {self._away} times in a row: status {status}")
        told = f"{exchange.request.url}: status {status}, which is a gateway's"
        return NotExercised(Reason.TARGET_UNAVAILABLE, told)

    def _past(self, sending: Sending, exchange: Exchange) -> Exchange:
        """What the API responds where a redirect or a page came first; those of one operation alone are its own.

        Raises:
            NotExercised: it is the way to the server.
        """
        if sending.reads:
            again = self._once(sending)
            if again.has_response and not self._is_outside(sending, again) and not gateways.is_away(again):
                self._count(exchange)
                return again
            exchange = again if again.has_response and self._is_outside(sending, again) else exchange
        if self._is_own(sending, exchange):
            self._outside = 0
            return exchange
        self._count(exchange)
        if self.client.entry is not None:
            self.ledger.turned_away(self.client.entry)
        told = "responds with an HTML page" if exchange.response.ok else gateways.told_redirect(exchange)
        told = f"{exchange.request.url}: {told}"
        if not sending.with_token:
            return self._raise(NotExercised(Reason.INCONCLUSIVE, told))
        self._outside += 1
        if not self._worked or self._outside >= GIVE_UP_AFTER:
            return self._raise(self._given_up(told))
        return self._raise(NotExercised(Reason.TARGET_UNAVAILABLE, told))

    def _page_again(self, sending: Sending, exchange: Exchange) -> Exchange:
        """Ask again where an error page came: a firewall's or a gateway's does not come back, the server's does.

        A write is sent again only where the page says that it was refused, and no create that may have been made.

        Raises:
            NotExercised: a gateway responded.
        """
        status = exchange.response.status
        known = (sending.operation.id, sending.user, status)
        again_may = sending.reads or status == 403 or (status < 500 and sending.operation.effect != "create")
        login = sending.operation.resource == "token"  # an attempt more may lock the account
        if known in self._pages or sending.template is not None or login or not again_may:
            return exchange
        for _ in range(PAGES_AT_MOST):
            if status == 403:
                self._turned_away()
            again = self._once(sending)
            if gateways.is_away(again):
                raise self._gateway(again)
            if not again.has_response:
                return again
            if again.response.status != status or not gateways.is_error_page(again):
                self.failed[gateways.PAGE] += 1
                return again
        self._pages.add(known)
        return exchange

    @staticmethod
    def _raise(error: NotExercised) -> Exchange:
        raise error

    def _is_own(self, sending: Sending, exchange: Exchange) -> bool:
        """Whether a redirect or a page is the operation's own: others are accepted, and this one never was."""
        page = exchange.response.ok
        if page and not self._worked:
            return True  # there was never anything else: that is what the server responds
        if not sending.with_token or gateways.leads_away(exchange):
            return False
        accepted = sending.user in self._read  # by a probe, a moment ago
        return accepted and sending.operation.id not in self._worked

    def _count(self, exchange: Exchange) -> None:
        self.failed[
            gateways.REDIRECT if gateways.redirects(exchange) else gateways.PAGE if exchange.response.ok else "session"
        ] += 1

    def _given_up(self, told: str) -> NotExercised:
        self.problem = told
        return NotExercised(Reason.TARGET_UNAVAILABLE, told)

    def _remember(self, sending: Sending, exchange: Exchange) -> None:
        if not exchange.response.ok or gateways.is_page(exchange):
            return
        self._outside = 0
        self._worked.add(sending.operation.id)
        if sending.reads and sending.with_token and sending.template is None:
            self._read[sending.user] = replace(sending, may_redirect=False)
