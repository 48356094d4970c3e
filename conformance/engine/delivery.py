"""Delivery: sends a request until the API responds, past gateways, login pages and expired sessions.

What comes back is a response of the API, or none at all. A response of something in front of it is never returned.
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
from conformance.wire import gateways
from conformance.wire.call import MAIN, Call
from conformance.wire.client import Client, Credentials
from conformance.wire.ledger import Ledger

GIVE_UP_AFTER: Final = 3  # calls in a row without any response, or with a page that is not the API's
AWAY_AT_MOST: Final = 5  # responses of a gateway in a row
PAGES_AT_MOST: Final = 3  # times that an error page is asked for again, before it counts as the server's
RENEWALS: Final = 5  # of a token, for one request: other workers may end a session as well


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
    _read: dict[str, Call] = field(default_factory=dict)  # by user, the last read that was accepted
    _worked: set[str] = field(default_factory=set)  # operations of which a response was accepted that is no page
    _pages: set[tuple[str, str, int]] = field(default_factory=set)  # error pages that come back: the server's own
    _mortal: bool = False  # whether a token that worked has ended in this run

    def deliver(self, call: Call) -> Exchange:
        """Send a request; returns what the API responded, or an exchange without a response.

        Raises:
            NotExercised: something in front of the API responded, or the account has reached a limit.
            Withheld, Missing, NoToken, Unavailable: as the guard and the credentials.
        """
        if self.problem:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        exchange = self._let_in(call, self._once(call))
        if not exchange.has_response:
            self._silent += 1
            if self._silent >= GIVE_UP_AFTER:
                raise self._given_up(f"{exchange.request.url}: failed {self._silent} times in a row: {exchange.error}")
            return exchange
        self._silent = 0
        if gateways.is_away(exchange):
            raise self._gateway(exchange)
        self._away = 0
        if self._is_outside(call, exchange):
            exchange = self._past(call, exchange)
        if gateways.is_error_page(exchange):
            exchange = self._page_again(call, exchange)
        refused_size = exchange.response.status in gateways.SIZES and not gateways.is_error_page(exchange)
        if gateways.speaks_of_limits(call.operation, exchange) and not (call.may_be_too_large and refused_size):
            message = f"{call.operation.id}: a limit of the account or of a gateway (status {exchange.response.status})"
            raise NotExercised(Reason.INCONCLUSIVE, message, exchange)
        self._remember(call, exchange)
        return exchange

    def _once(self, call: Call) -> Exchange:
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

    def _let_in(self, call: Call, exchange: Exchange) -> Exchange:
        """Send again with another token as long as the one that was sent has ended."""
        if not call.with_token or call.operation.resource == "token":
            return exchange
        renewed = 0
        while self._ended(call, exchange, renewed):
            if renewed == RENEWALS or not self.credentials.renewable(call.user):
                if renewed and self.credentials.revert(call.user):
                    earlier = self._once(call)
                    if earlier.response.status not in gateways.TURNED_AWAY and not self._is_outside(call, earlier):
                        return earlier
                    self._turned_away(earlier)
                raise self._shut_out(call, exchange)
            self._turned_away(exchange)
            self._mortal = True
            self.credentials.renew(call.user)
            renewed += 1
            exchange = self._once(call)
        return exchange

    def _ended(self, call: Call, exchange: Exchange, renewed: int) -> bool:
        """Whether the token of a request opens nothing any more, as far as a read shows that was accepted before."""
        turned_away = exchange.response.status in gateways.TURNED_AWAY
        outside = self._is_outside(call, exchange) or (call.may_redirect and gateways.redirects(exchange))
        if not (turned_away or outside):
            return False
        first = exchange.response.status == gateways.TURNED_AWAY[0] and not renewed
        replaced = renewed < RENEWALS and self.credentials.stale(call.user)
        if self.credentials.renewable(call.user) and (first or replaced):
            return True
        before = self._read.get(call.user)
        if before is None and self.credentials.given(call.user):  # nothing reads: one refusal must do
            mine = call.user == MAIN  # of a further user it is found out whether the token is one
            return mine and first and bool(self._worked) and self.credentials.given(call.user) == "access_token"
        if before is None:
            return call.user != MAIN and self._mortal and turned_away and not renewed
        probe = self._once(before)
        return probe.response.status in gateways.TURNED_AWAY or self._is_outside(before, probe)

    def _turned_away(self, exchange: Exchange) -> None:
        """Who is not let in creates nothing."""
        if exchange.entry is not None:
            self.ledger.withdrawn(exchange.entry)

    def _shut_out(self, call: Call, exchange: Exchange) -> NotExercised:
        """A session that ended and that a new token does not bring back."""
        self._turned_away(exchange)
        self._count(exchange)
        what = (
            gateways.describe_redirect(exchange)
            if gateways.redirects(exchange)
            else "responds with an HTML page, like a login page"
            if exchange.response.ok
            else f"refuses the token (status {exchange.response.status})"
        )
        more = "a new token does not help" if self.credentials.renewable(call.user) else "it was accepted before"
        message = f"{exchange.request.url}: {what}; {more}"
        if call.user == MAIN:
            return self._given_up(message, exchange)
        return NotExercised(Reason.TARGET_UNAVAILABLE, message, exchange)

    # -- gateways and login pages -----------------------------------------------------------------------------------

    @staticmethod
    def _is_outside(call: Call, exchange: Exchange) -> bool:
        if call.may_redirect and gateways.redirects(exchange):
            return False
        return gateways.is_outside(call.operation, exchange)

    def _gateway(self, exchange: Exchange) -> NotExercised:
        self._away += 1
        status = exchange.response.status
        if self._away >= AWAY_AT_MOST:
            return self._given_up(f"{exchange.request.url}: status {status}, {self._away} times in a row", exchange)
        message = f"{exchange.request.url}: status {status}, which is a gateway's"
        return NotExercised(Reason.TARGET_UNAVAILABLE, message, exchange)

    def _past(self, call: Call, exchange: Exchange) -> Exchange:
        """What the API responds where a redirect or a page came first; those of one operation alone are its own.

        Raises:
            NotExercised: it is the way to the server.
        """
        if call.reads:
            again = self._once(call)
            if again.has_response and not self._is_outside(call, again) and not gateways.is_away(again):
                self._count(exchange)
                return again
            exchange = again if again.has_response and self._is_outside(call, again) else exchange
        if self._is_own(call, exchange):
            self._outside = 0
            return exchange
        self._count(exchange)
        if exchange.entry is not None:
            self.ledger.turned_away(exchange.entry)
        message = "responds with an HTML page" if exchange.response.ok else gateways.describe_redirect(exchange)
        message = f"{exchange.request.url}: {message}"
        if not call.with_token:
            raise NotExercised(Reason.INCONCLUSIVE, message, exchange)
        self._outside += 1
        if not self._worked or self._outside >= GIVE_UP_AFTER:
            raise self._given_up(message, exchange)
        raise NotExercised(Reason.TARGET_UNAVAILABLE, message, exchange)

    def _page_again(self, call: Call, exchange: Exchange) -> Exchange:
        """Ask again where an error page came: a firewall's or a gateway's does not come back, the server's does.

        A write is sent again only where the page says that it was refused, and no create that may have been made.

        Raises:
            NotExercised: a gateway responded.
        """
        status = exchange.response.status
        known = (call.operation.id, call.user, status)
        again_may = call.reads or status == 403 or (status < 500 and call.operation.effect != "create")
        login = call.operation.resource == "token"  # an attempt more may lock the account
        if known in self._pages or call.template is not None or login or not again_may:
            return exchange
        again = exchange
        for _ in range(PAGES_AT_MOST):
            if status == 403:
                self._turned_away(again)
            again = self._once(call)
            if gateways.is_away(again):
                raise self._gateway(again)
            if not again.has_response:
                return again
            if again.response.status != status or not gateways.is_error_page(again):
                self.failed[gateways.PAGE] += 1
                return again
        self._pages.add(known)
        return exchange

    def _is_own(self, call: Call, exchange: Exchange) -> bool:
        """Whether a redirect or a page is the operation's own: others are accepted, and this one never was."""
        page = exchange.response.ok
        if page and not self._worked:
            return True  # there was never anything else: that is what the server responds
        if not call.with_token or gateways.leads_away(exchange):
            return False
        accepted = call.user in self._read  # by a probe, a moment ago
        return accepted and call.operation.id not in self._worked

    def _count(self, exchange: Exchange) -> None:
        self.failed[
            gateways.REDIRECT if gateways.redirects(exchange) else gateways.PAGE if exchange.response.ok else "session"
        ] += 1

    def _given_up(self, message: str, exchange: Exchange | None = None) -> NotExercised:
        self.problem = message
        return NotExercised(Reason.TARGET_UNAVAILABLE, message, exchange)

    def _remember(self, call: Call, exchange: Exchange) -> None:
        if not exchange.response.ok or gateways.is_page(exchange):
            return
        self._outside = 0
        self._worked.add(call.operation.id)
        if call.reads and call.with_token and call.template is None:
            self._read[call.user] = replace(call, may_redirect=False)
