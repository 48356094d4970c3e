"""Send the requests of one system, and find out which user a refusal of credentials is about.

Responses are checked by `calls` and the tests.
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
from conformance.engine.file_mistakes import FileMistakes
from conformance.engine.fixtures import Fixtures
from conformance.engine.main_token import MainToken
from conformance.engine.misuse import MissingPathParameter, UnknownOperation
from conformance.engine.recorder import Blocked, NotExercised, Recorder
from conformance.spec.free_paths import unrouted
from conformance.spec.specification import Link, Operation, Specification
from conformance.target.system_table import ELSEWHERE, SystemTable
from conformance.target.target import Safety
from conformance.wire import gateways
from conformance.wire.api_search import NO_SUCH_PATH
from conformance.wire.call import MAIN, Call
from conformance.wire.client import Client, Credentials
from conformance.wire.credentials import Missing, NoToken, RefusedUser, Unavailable
from conformance.wire.ledger import Ledger
from conformance.wire.limits import Withheld
from conformance.wire.logins import plain_reads, refused_key, refused_token, unknown_token

MAX_LOST: Final = 5  # created resources that were not found again; no more are created then


@dataclass(eq=False)
class Requester:
    """Send requests to one system of a target, for one test at a time.

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
    token: MainToken = field(init=False)
    mistakes: FileMistakes = field(init=False)
    last_request: int | None = field(default=None, init=False)
    """The number of the last request that the session may send; None without a limit."""
    refused_users: dict[str, str] = field(default_factory=dict, init=False)
    """The message about each further user whose credentials the target refuses."""
    _accepted_read: str | None = field(default=None, init=False)  # a read that the main user was allowed
    _token_problems: dict[str, str] = field(default_factory=dict, init=False)  # by user: why not valid

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.client.specification)
        self.delivery = Delivery(self.client, self.credentials, self.ledger)
        self.token = MainToken(self.specification, self.ask)
        self.mistakes = FileMistakes(self.table, self.specification, self.ledger, self._ask, self.token.opens_anything)
        self.fixtures = Fixtures(
            self.table,
            self.client.specification,
            self.ledger,
            self._ask,
            lambda operation: unrouted(self.specification, operation, self.ledger.made_up(12)),
        )

    @property
    def problem(self) -> str:
        """Why nothing more can be sent; empty while requests are possible."""
        return self.delivery.problem

    @property
    def specification(self) -> Specification:
        """The spec and register of the system."""
        return self.client.specification

    def operation(self, operation_id: str, *, documented: bool = False) -> Operation:
        """An operation by its id, in the form that the target needs; or in its `documented` form.

        Raises:
            UnknownOperation: the spec has no operation with that id.
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
        """A call of an operation in the form that the target needs; `content` is what httpx accepts (see `Call`)."""
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
        """Send one request without checking its response.

        The result is a response of the API, never one of a gateway, a login page or an expired session. It is a
        redirect only if one is documented (`may_redirect`) or the operation itself returns it, and a refusal of the
        size only if that is documented (`may_be_too_large`).

        Raises:
            NotExercised: the target is gone, or refuses the credentials; a user is missing, the safety level or a limit
                forbids the request, or something in front of the API responded; or the target file says that the target
                does not have the operation.
            Blocked: no token was returned; the deviation is recorded.
        """
        self.require_supported(call)
        return self.deliver(call)

    def require_supported(self, call: Call) -> None:
        """Raise NotExercised if the target file says that the target does not have the operation of a call."""
        if call.template is None and self.unsupported(call.operation.id):
            message = f"{call.operation.id} is unsupported according to the target file"
            raise NotExercised(Reason.UNSUPPORTED, message)

    def unsupported(self, operation_id: str) -> bool:
        """Whether the target file says that the target does not have an operation.

        An operation of a profile that is not claimed may exist, and other profiles may need it: it is called, and its
        deviations do not count.
        """
        return operation_id in self.table.unsupported

    def usable(self, operation: Operation, step: str) -> Link | None:
        """The link of an operation for a step, unless the target file says that its operation is unsupported."""
        link = operation.link(step)
        return None if link is None or self.unsupported(link.operation) else link

    def deliver(self, call: Call) -> Exchange:
        """Send a request as `send`, also to an operation that is unsupported: a clean-up may try it.

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
        if call.template is None and (
            missing := [parameter for parameter in operation.path_parameters if parameter not in call.path]
        ):
            raise MissingPathParameter(operation.id, missing, list(call.path))
        if operation.resource == "token" and not self.table.asks_as_documented:
            raise NotExercised(Reason.UNDOCUMENTED_REQUEST, ELSEWHERE)
        if call.creates and self.safety is not Safety.DISPOSABLE:
            self._require_findable(operation)
        if operation.resource == "token":
            self.credentials.hold(call.content)
        with self._as_outcomes(call.user):
            exchange = self.delivery.deliver(call)
        self._explain_refusal(call, exchange)
        if exchange.response.ok:
            self.mistakes.accepted(operation, as_main=call.user == MAIN and call.with_token)
        if not exchange.response.ok or call.user != MAIN:
            return exchange
        if call.template is None and plain_reads([operation]):
            self._accepted_read = operation.id
        if not operation.anonymous and operation.resource != "token":
            self.token.accepted = True
        return exchange

    def _explain_refusal(self, call: Call, exchange: Exchange) -> None:
        """Find out what a refusal is about: the target file's key, token or fixture, or the server.

        Raises:
            NotExercised: it is about the target file.
        """
        operation, user = call.operation, call.user
        turned_away = exchange.response.status in gateways.UNAUTHORIZED and user == MAIN and not operation.anonymous
        if turned_away and call.template is None and self.credentials.given(user) == "api_key":
            raise self._key_refused(operation, exchange).after(exchange)
        if exchange.response.refused and user != MAIN and self.credentials.given(user) == "access_token":
            self._require_known_token(user)
        if user == MAIN and call.with_token and call.template is None and operation.resource != "token":
            self._require_right_target_file(call, exchange)
        let_in = exchange.response.status not in gateways.UNAUTHORIZED  # else the operation itself was not reached
        if exchange.has_response and call.template is None and let_in:
            self.recorder.record([checks.server_error(operation, exchange)])
        as_target_wants = not call.documented or operation is self.operation(operation.id)
        if user == MAIN and call.template is None and call.path and as_target_wants:
            self._check_fixture(call, exchange)

    def headers_of(self, user: str) -> dict[str, str]:
        """The headers that authenticate a user, for a request that is sent with the user `NOBODY`.

        Raises:
            NotExercised: as `send`.
        """
        self.recorder.check_open()
        with self._as_outcomes(user):
            return self.credentials.headers(user)

    @contextlib.contextmanager
    def _as_outcomes(self, user: str) -> Iterator[None]:
        """Turn what the guard and the credentials raise into what a test reports: not exercised, or blocked."""
        try:
            yield
        except RefusedUser as refused:
            self.refused_users[user] = refused.detail
            raise NotExercised(refused.reason, refused.detail) from None
        except (Withheld, Missing) as reason:
            raise NotExercised(reason.reason, reason.detail) from None
        except NoToken as empty:
            raise self._without_token(empty) from None
        except Unavailable as gone:
            self.delivery.problem = str(gone)
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem) from None

    def _check_fixture(self, call: Call, exchange: Exchange) -> None:
        """Check whether a refusal is about a fixture of the target file that the server does not know.

        Raises:
            NotExercised: it is. The run continues without the fixture, and reports at its end that the file is wrong.
        """
        if exchange.response.ok:
            self.fixtures.accepted(call.path)
        elif sentence := self.fixtures.refused(call, exchange):
            raise NotExercised(Reason.MISSING_FIXTURE, sentence, exchange)

    def _ask(self, call: Call) -> Exchange | None:
        """Send a call that belongs to no test. Returns None if it is withheld, or has no response."""
        try:
            exchange = self.delivery.deliver(call)
        except (Withheld, Missing, NoToken, Unavailable, NotExercised):
            return None
        return exchange if exchange.has_response else None

    def _without_token(self, empty: NoToken) -> Blocked | NotExercised:
        """The outcome if the credentials are right, but no token was returned: a deviation if the register says so.

        A response with an error message is a refusal, whatever its status: then the credentials may be wrong.
        """
        requirement = self.specification.aspect(empty.exchange.operation, "answers-a-token")
        if requirement is None or says_failure(empty.exchange.response):
            self.delivery.problem = str(empty)
            return NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        message = "a response without a token"
        self.recorder.require(requirement.id, False, empty.exchange, observed=message, kind=Kind.MISSING_FIELD)
        return Blocked(self.recorder.root_of(requirement.id), empty.exchange.operation)

    def _require_known_token(self, user: str) -> None:
        """Find out, once, whether the server knows the token that the target file gives for another user.

        Raises:
            NotExercised: the server treats it like a made-up token, so that any refusal may be because of the token.
        """

        def send(operation: Operation, as_user: str) -> Exchange:
            return self.delivery.deliver(Call(operation, as_user))

        if user not in self._token_problems:
            refusal = unknown_token(send, plain_reads(self.specification.operations.values()), user)
            self._token_problems[user] = "" if refusal is None else refused_token(self.table.system, refusal, user)
        if message := self._token_problems[user]:
            self.refused_users[user] = message
            raise NotExercised(Reason.MISSING_USER, message)

    def _require_right_target_file(self, call: Call, exchange: Exchange) -> None:
        """Stop testing if a refusal of the main user shows that the target file names a wrong user or URL.

        Raises:
            NotExercised: it does.
        """
        operation, message = call.operation, ""
        if exchange.response.status in gateways.UNAUTHORIZED and (operation.permission or not self.token.accepted):
            message = self.mistakes.of_user(operation, exchange)
            if message and self.credentials.given(MAIN) == "access_token":
                message = refused_token(self.table.system, exchange)
        elif exchange.response.status in NO_SUCH_PATH and not self._issues_tokens(operation.server):
            message = self.mistakes.of_url(operation, exchange)
        elif exchange.response.status >= 500:
            message = self.mistakes.of_server(call, exchange)
        if message:
            self.delivery.problem = message
            raise NotExercised(Reason.TARGET_UNAVAILABLE, message, exchange)

    def _issues_tokens(self, server: str) -> bool:
        """Whether tokens came from the API at a URL of the target file, by the key of that URL: then it is there."""
        issuing = (
            operation.server for operation in self.specification.operations.values() if operation.resource == "token"
        )
        return not self.credentials.given(MAIN) and self.table.asks_as_documented and server in issuing

    def own_token_opens(self) -> bool:
        """Whether the token of the target file is still accepted where it was before. Raises as `send`."""
        return self._accepted_read is not None and self.ask(self._accepted_read).response.ok

    def own_token_refused(self, exchange: Exchange) -> NotExercised:
        """Record that the token of the target file is not accepted, or no longer: the file is wrong."""
        self.delivery.problem = refused_token(self.table.system, exchange)
        return NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)

    def _key_refused(self, operation: Operation, exchange: Exchange) -> NotExercised:
        """The outcome of a refused API key, if there are no other credentials: it may have the documented
        permissions only.

        A key that no operation accepts is an error in the target file.
        """
        message = f"{operation.id}: the API key may not call it ({checks.describe(exchange)})"
        if operation.takes_key or not (self._key_accepted() or self.table.key_opens_in_a_run):
            self.delivery.problem = refused_key(self.table, exchange)
            return NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        return NotExercised(Reason.MISSING_USER, f"{self.table.instead_of_key}; {message}")

    def _key_accepted(self) -> bool:
        """Whether any read without parameters accepts the API key."""
        if self._accepted_read is None:
            for operation in plain_reads(self.specification.operations.values()):
                with contextlib.suppress(NotExercised):
                    if self.delivery.deliver(Call(operation)).response.ok:
                        self._accepted_read = operation.id
                        break
        return self._accepted_read is not None

    def carries_the_mark(self, exchange: Exchange) -> bool:
        """Whether a response contains the mark of the run."""
        return self.ledger.is_ours(exchange.response.body.decode("utf-8", "replace"))

    def eventually(self, look: Callable[[], tuple[bool, Exchange]]) -> tuple[bool, Exchange]:
        """Repeat `look` until it holds or `settle` seconds have passed (rule 7: not there, or not yet?).

        The last look begins after that time, however long a response takes.
        """
        until = time.monotonic() + self.settle
        while True:
            settled = time.monotonic() >= until
            holds, exchange = look()
            if holds or settled:
                return holds, exchange
            time.sleep(min(0.25, self.settle))

    def _require_findable(self, operation: Operation) -> None:
        """Create nothing more if too many created resources cannot be found again. Raises NotExercised."""
        entries = [entry for entry in self.ledger.open(operation.system) if entry.key in self.ledger.accepted]
        if sum(entry.operation == operation.id and not entry.identifier for entry in entries) >= MAX_LOST:
            raise NotExercised(Reason.LIMIT_REACHED, f"what {operation.id} creates cannot be found again")
