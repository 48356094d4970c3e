"""Requester: sends the requests of one system, and finds out which user a refusal of credentials is about.

Of a response itself it says nothing: that is for `calls` and the tests.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.messages import says_failure
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.delivery import Delivery
from conformance.engine.fixtures import Fixtures
from conformance.engine.misuse import MissingPathParameter, UnknownOperation
from conformance.engine.recorder import Blocked, NotExercised, Recorder
from conformance.spec.free_paths import unrouted
from conformance.spec.specification import Link, Operation, Requirement, Specification
from conformance.target.system_table import ELSEWHERE, SystemTable
from conformance.target.target import Safety
from conformance.wire import gateways
from conformance.wire.call import MAIN, WRONG, Call
from conformance.wire.client import Client, Credentials
from conformance.wire.credentials import Missing, NoToken, Unavailable
from conformance.wire.ledger import Ledger
from conformance.wire.limits import Withheld
from conformance.wire.logins import plain_reads, refused_key, refused_token, unknown_token

LOST_AT_MOST: Final = 5  # things that were created and not found again, before no more are


@dataclass(eq=False)
class Requester:
    """Sends for one system of a target, on behalf of one test at a time.

    `recorder` is the current test's; `settle` is how long a write may take to become visible, in seconds.
    """

    table: SystemTable
    client: Client
    credentials: Credentials
    ledger: Ledger
    settle: float = field(kw_only=True)
    safety: Safety = field(kw_only=True)
    recorder: Recorder = field(init=False)
    fixtures: Fixtures = field(init=False)
    delivery: Delivery = field(init=False)
    last_request: int | None = field(default=None, init=False)
    """The number of the last request of the session that may be sent; None without a limit."""
    _opened: str | None = field(default=None, init=False)  # a read that the main user was allowed
    _unknown: dict[str, str] = field(default_factory=dict, init=False)  # by user: why the token is none, or nothing
    _token_opens: bool = field(default=False, init=False)  # whether the main user's token ever opened anything
    _closed: list[Exchange] = field(default_factory=list, init=False)  # what it did not open, when that was looked into

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.client.specification)
        self.delivery = Delivery(self.client, self.credentials, self.ledger)
        self.fixtures = Fixtures(
            self.table,
            self.client.specification,
            self.ledger,
            self._ask,
            lambda operation: unrouted(self.specification, operation, self.ledger.made_up(12)),
        )

    @property
    def problem(self) -> str:
        """Why nothing more can be sent; empty as long as something can."""
        return self.delivery.problem

    @property
    def specification(self) -> Specification:
        """The spec and register of the system."""
        return self.client.specification

    def operation(self, operation_id: str, *, documented: bool = False) -> Operation:
        """An operation by its id, as the target must be called; or as it is `documented`, where that differs.

        Raises:
            UnknownOperation: the spec has none of that id.
        """
        known = self.specification.operations
        if operation_id not in known:
            raise UnknownOperation(operation_id, self.specification.system, known)
        operation = known[operation_id]
        return operation.documented or operation if documented else operation

    def call_of(
        self,
        operation_id: str,
        *,
        user: str = MAIN,
        path: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        template: str | None = None,
        documented: bool = False,
        may_redirect: bool = False,
        may_be_too_large: bool = False,
        **content: Any,
    ) -> Call:
        """A call of an operation, as the target must be called; `content` is what httpx takes (see `Call`)."""
        return Call(
            self.operation(operation_id, documented=documented),
            user,
            path or {},
            headers or {},
            template,
            content,
            documented,
            may_redirect,
            may_be_too_large,
        )

    def ask(self, operation_id: str, **request: Any) -> Exchange:
        """Send a request that creates and removes nothing. `request` is as in `call_of`; raises as `send`."""
        return self.send(self.call_of(operation_id, **request))

    def send(self, call: Call) -> Exchange:
        """Send one request and judge nothing of its response.

        What comes back is a response of the API, never one of a gateway, a login page or a session that ended; a
        redirect only where a document gives one (`may_redirect`), or where it is the operation's own; a refusal of
        the size only where a document gives that (`may_be_too_large`).

        Raises:
            NotExercised: the target is gone, or refuses the credentials; a user is missing, the safety level or a limit
                forbids the request, or something in front of the API responded; or the target file says that the target
                does not have the operation.
            Blocked: no token came; the deviation is recorded.
        """
        self.see_that_it_is_supported(call)
        return self.deliver(call)

    def see_that_it_is_supported(self, call: Call) -> None:
        """Raise NotExercised where the target file says that the target does not have the operation of a call."""
        if call.template is None and self.unsupported(call.operation.id):
            message = f"{call.operation.id} is unsupported according to the target file"
            raise NotExercised(Reason.UNSUPPORTED, message)

    def unsupported(self, operation_id: str) -> bool:
        """Whether the target file says that the target does not have an operation.

        A profile that is not claimed may be there all the same, and other profiles need its operations: these are
        called, and what they lack is not held against the target.
        """
        return operation_id in self.table.unsupported

    def usable(self, operation: Operation, step: str) -> Link | None:
        """The link of an operation for a step, unless the target file says that its operation is unsupported."""
        link = operation.link(step)
        return None if link is None or self.unsupported(link.operation) else link

    def deliver(self, call: Call) -> Exchange:
        """As `send`, also where the target file says that there is no such operation: a clean-up tries it.

        Raises:
            StaleSession: the test has ended.
            MissingPathParameter: a parameter of the path has no value.
        """
        self.recorder.check_open()
        if self.problem:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        if self.last_request is not None and self.client.sent >= self.last_request:
            raise NotExercised(Reason.LIMIT_REACHED, "the number of requests for this is used up")
        operation = call.operation
        if call.template is None and (missing := [one for one in operation.path_parameters if one not in call.path]):
            raise MissingPathParameter(operation.id, missing, list(call.path))
        if operation.resource == "token" and not self.table.asks_as_documented:
            raise NotExercised(Reason.UNDOCUMENTED_REQUEST, ELSEWHERE)
        if call.creates and self.safety is not Safety.DISPOSABLE:
            self._within_sight(operation)
        if operation.resource == "token":
            self.credentials.hold(call.content)
        with self._as_outcomes():
            exchange = self.delivery.deliver(call)
        self._look_into_refusal(call, exchange)
        if not exchange.response.ok or call.user != MAIN:
            return exchange
        if call.template is None and plain_reads([operation]):
            self._opened = operation.id
        if not operation.anonymous and operation.resource != "token":
            self._token_opens = True
        return exchange

    def _look_into_refusal(self, call: Call, exchange: Exchange) -> None:
        """Find out whom a refusal speaks of: the target file's key, token or fixture, or the server.

        Raises:
            NotExercised: of the target file.
        """
        operation, user = call.operation, call.user
        turned_away = exchange.response.status in gateways.TURNED_AWAY and user == MAIN and not operation.anonymous
        if turned_away and call.template is None and self.credentials.given(user) == "api_key":
            raise self._key_turned_away(operation, exchange).after(exchange)
        if exchange.response.refused and user != MAIN and self.credentials.given(user) == "access_token":
            self._see_that_the_token_is_one(user)
        if exchange.has_response and call.template is None:
            self.recorder.record([checks.server_error(operation, exchange)])
        as_target_wants = not call.documented or operation is self.operation(operation.id)
        if user == MAIN and call.template is None and call.path and as_target_wants:
            self._see(call, exchange)

    def headers_of(self, user: str) -> dict[str, str]:
        """The header fields with which a user shows who that is, for a request that is sent as nobody's.

        Raises:
            NotExercised: as `send`.
        """
        self.recorder.check_open()
        with self._as_outcomes():
            return self.credentials.headers(user)

    @contextlib.contextmanager
    def _as_outcomes(self) -> Iterator[None]:
        """Turn what the guard and the credentials raise into what a test reports: not exercised, or blocked."""
        try:
            yield
        except (Withheld, Missing) as reason:
            raise NotExercised(reason.reason, reason.detail) from None
        except NoToken as empty:
            raise self._without_token(empty) from None
        except Unavailable as gone:
            self.delivery.problem = str(gone)
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem) from None

    def _see(self, call: Call, exchange: Exchange) -> None:
        """See whether a refusal tells of the target file: of a fixture that the server does not know.

        Raises:
            NotExercised: it does. The run goes on without what names it, and says at its end that the file is wrong.
        """
        if exchange.response.ok:
            self.fixtures.accepted(call.path)
        elif sentence := self.fixtures.refused(call, exchange):
            raise NotExercised(Reason.MISSING_FIXTURE, sentence, exchange)

    def _ask(self, call: Call) -> Exchange | None:
        """Send a call of which no test speaks; None where it is withheld, or nothing came back."""
        try:
            exchange = self.delivery.deliver(call)
        except (Withheld, Missing, NoToken, Unavailable, NotExercised):
            return None
        return exchange if exchange.has_response else None

    def _without_token(self, empty: NoToken) -> Blocked | NotExercised:
        """The credentials are right, but no token came: a deviation where the register says so.

        A response that speaks of an error is a refusal, whatever its status: then they may be wrong.
        """
        requirement = self.specification.aspect(empty.exchange.operation, "answers-a-token")
        if requirement is None or says_failure(empty.exchange.response):
            self.delivery.problem = str(empty)
            return NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        message = "a response without a token"
        self.recorder.require(requirement.id, False, empty.exchange, observed=message, kind=Kind.MISSING_FIELD)
        return Blocked(self.recorder.root_of(requirement.id), empty.exchange.operation)

    def _see_that_the_token_is_one(self, user: str) -> None:
        """Find out, once, whether the server knows the token that the target file gives of a further user.

        Raises:
            NotExercised: it does not tell it from one that was never given, so that any refusal may be for that.
        """

        def send(operation: Operation, as_user: str) -> Exchange:
            return self.delivery.deliver(Call(operation, as_user))

        if user not in self._unknown:
            refusal = unknown_token(send, plain_reads(self.specification.operations.values()), user)
            message = "" if refusal is None else refused_token(self.table.system, refusal, user)
            self._unknown[user] = message
        if self._unknown[user]:
            raise NotExercised(Reason.MISSING_USER, self._unknown[user])

    def any_token_opens(self) -> bool:
        """Whether the token of the main user opens anything that needs no more than a user, unlike one that is none.

        True also where no requirement is that it does. Raises as `send`.
        """
        if self._token_opens or self._opening() is None:
            return True
        if not self._closed:
            for one in plain_reads(self.specification.operations.values()):
                mine, wrong = self.ask(one.id), self.ask(one.id, user=WRONG)
                self._token_opens = self._token_opens or mine.response.status != wrong.response.status
                self._closed.append(mine)
        return self._token_opens

    def token_opens_nothing(self) -> Blocked:
        """Record that the token of the main user opens nothing: one deviation, at the token."""
        requirement = self._opening()
        assert requirement is not None
        message = (
            f"{checks.describe(self._closed[0])}, as for a wrong token, from each of {len(self._closed)} operations"
        )
        self.recorder.require(requirement.id, False, *self._closed, observed=message, kind=Kind.REFUSED)
        return Blocked(self.recorder.root_of(requirement.id), requirement.operation)

    def _opening(self) -> Requirement | None:
        """The requirement that a token opens operations, where the register has one."""
        known = self.specification.requirements.values()
        return next((one for one in known if one.aspect == "token-opens"), None)

    def own_token_opens(self) -> bool:
        """Whether the token of the target file still opens what it opened before. Raises as `send`."""
        return self._opened is not None and self.ask(self._opened).response.ok

    def own_token_refused(self, exchange: Exchange) -> NotExercised:
        """The target file's own token opens nothing, or nothing any more: that is the file's fault."""
        self.delivery.problem = refused_token(self.table.system, exchange)
        return NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)

    def _key_turned_away(self, operation: Operation, exchange: Exchange) -> NotExercised:
        """What a refusal of the API key means where there is nothing else to show: it may do what documents give it.

        A key that opens nothing at all is the target file's fault.
        """
        message = f"{operation.id}: the API key may not call it ({checks.describe(exchange)})"
        if operation.takes_key or not (self._key_opens() or self.table.key_opens_in_a_run):
            self.delivery.problem = refused_key(self.table, exchange)
            return NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        return NotExercised(Reason.MISSING_USER, f"{self.table.instead_of_key}; {message}")

    def _key_opens(self) -> bool:
        """Whether the API key opens any operation that reads and needs nothing."""
        if self._opened is None:
            for one in plain_reads(self.specification.operations.values()):
                with contextlib.suppress(NotExercised):
                    if self.delivery.deliver(Call(one)).response.ok:
                        self._opened = one.id
                        break
        return self._opened is not None

    def carries_the_mark(self, exchange: Exchange) -> bool:
        """Whether a response carries the mark of the run."""
        return self.ledger.is_ours(exchange.response.body.decode("utf-8", "replace"))

    def eventually(self, look: Callable[[], tuple[bool, Exchange]]) -> tuple[bool, Exchange]:
        """Look again until it holds or `settle` seconds have passed (rule 7: not there, or not yet?).

        What was asked before they had passed says nothing, however long the answer took.
        """
        until = time.monotonic() + self.settle
        while True:
            settled = time.monotonic() >= until
            holds, exchange = look()
            if holds or settled:
                return holds, exchange
            time.sleep(min(0.25, self.settle))

    def _within_sight(self, operation: Operation) -> None:
        """Create nothing more while too much was created that cannot be found again. Raises NotExercised."""
        there = [one for one in self.ledger.open(operation.system) if one.key in self.ledger.accepted]
        if sum(one.operation == operation.id and not one.identifier for one in there) >= LOST_AT_MOST:
            raise NotExercised(Reason.LIMIT_REACHED, f"what {operation.id} creates cannot be found again")
