"""Calls: the operations of one system of the target, each answer judged. What is created is the session's."""

from __future__ import annotations

import contextlib
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from conformance import checks, way
from conformance.account import Withheld
from conformance.control import half_routed, routed, unrouted
from conformance.delivery import Delivery, Sending
from conformance.exchange import Exchange, NotJson
from conformance.fixtures import Fixtures
from conformance.judge import Blocked, Judge, NotExercised
from conformance.ledger import Ledger
from conformance.likeness import responds_alike
from conformance.specification import Operation, Requirement, Specification
from conformance.systems import ELSEWHERE, Procesio, ProcessMaker3, ProcessMaker4
from conformance.target import Safety
from conformance.verdict import Kind, Reason
from conformance.wire.client import MAIN, NOBODY, WRONG, Client, Credentials
from conformance.wire.credentials import Missing, NoToken, Unavailable
from conformance.wire.logins import plain_reads, refused_key, refused_token, unknown_token

NOT_FOUND: Final = (404, 410)
ABSENT: Final = (405, 501)
ONCE_MORE: Final = 1.1  # seconds before something refused is tried once more: names may be made of the second
APART: Final = 400  # and up to so many ms longer, by chance: workers that met in one second need not meet in the next
FREE_WITHIN: Final = 8  # times that a create is tried whose name is taken, until the server shows that none is free
LOST_AT_MOST: Final = 5  # things that were created and not found again, before no more are


@dataclass(eq=False)
class Calls(ABC):
    """Calls the operations of one system of a target, on behalf of one test at a time.

    `judge` is the current test's; `settle` is how long a write may take to become visible, in seconds.
    """

    table: ProcessMaker3 | ProcessMaker4 | Procesio
    client: Client
    credentials: Credentials
    ledger: Ledger
    settle: float = field(kw_only=True)
    safety: Safety = field(kw_only=True)
    judge: Judge = field(init=False)
    fixtures: Fixtures = field(init=False)
    delivery: Delivery = field(init=False)
    _opened: str | None = field(default=None, init=False)  # a read that the main user was allowed
    _unknown: dict[str, str] = field(default_factory=dict, init=False)  # by user: why the token is none, or nothing
    _token_opens: bool = field(default=False, init=False)  # whether the main user's token ever opened anything
    _never_free: set[str] = field(default_factory=set, init=False)  # creates for which no name was free in the end
    _closed: list[Exchange] = field(default_factory=list, init=False)  # what it did not open, when that was looked into

    def __post_init__(self) -> None:
        self.judge = Judge(self.client.specification)
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
        """An operation by its id, as the target must be called; or as it is `documented`, where that differs."""
        operation = self.specification.operations[operation_id]
        return operation.documented or operation if documented else operation

    def send(
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
    ) -> Exchange:
        """Send one request and say nothing about its response; in the `documented` form where the target wants another.

        What comes back is a response of the API, never one of a gateway, a login page or a session that ended; a
        redirect only where a document gives one (`may_redirect`), or where it is the operation's own; a refusal of
        the size only where a document gives that (`may_be_too_large`).

        Raises:
            Unavailable: the target is gone, or refuses the credentials.
            NotExercised: a user is missing, the safety level or a limit forbids the request, or something in front of
                the API responded; or the target file says that the target does not have the operation.
        """
        if template is None and self.unsupported(operation_id):
            told = f"{operation_id} is unsupported, as the target file says"
            raise NotExercised(Reason.UNSUPPORTED, told)
        return self.deliver(
            operation_id,
            user=user,
            path=path,
            headers=headers,
            template=template,
            documented=documented,
            may_redirect=may_redirect,
            may_be_too_large=may_be_too_large,
            **content,
        )

    def unsupported(self, operation_id: str) -> bool:
        """Whether the target file says that the target does not have an operation.

        A profile that is not claimed may be there all the same, and other profiles need its operations: these are
        called, and what they lack is not held against the target.
        """
        return operation_id in self.table.unsupported

    def deliver(
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
    ) -> Exchange:
        """As `send`, also where the target file says that there is no such operation: a clean-up tries it."""
        if self.problem:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        operation = self.operation(operation_id, documented=documented)
        if operation.resource == "token" and not self.table.asks_as_documented:
            raise NotExercised(Reason.UNDOCUMENTED_REQUEST, ELSEWHERE)
        if operation.effect == "create" and template is None and self.safety is not Safety.DISPOSABLE:
            self._within_sight(operation)
        if operation.resource == "token":
            self.credentials.hold(content)
        try:
            sending = Sending(operation, user, path, headers, template, content, may_redirect, may_be_too_large)
            exchange = self.delivery.deliver(sending)
        except Withheld as withheld:
            raise NotExercised(withheld.reason, withheld.detail) from None
        except Missing as missing:
            raise NotExercised(missing.reason, missing.detail) from None
        except NoToken as empty:
            raise self._without_token(empty) from None
        except Unavailable as gone:
            self.delivery.problem = str(gone)
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem) from None
        turned_away = exchange.answer.status in way.TURNED_AWAY and user == MAIN and not operation.anonymous
        if turned_away and template is None and self.credentials.given(user) == "api_key":
            raise self._key_turned_away(operation, exchange)
        if exchange.answer.refused and user != MAIN and self.credentials.given(user) == "access_token":
            self._see_that_the_token_is_one(user)
        if exchange.response is not None and template is None:
            self.judge.say([checks.server_error(operation, exchange)])
        if (
            user == MAIN
            and template is None
            and path
            and not (documented and operation is not self.operation(operation_id))
        ):
            self._see(operation, exchange, path, content)
        if exchange.answer.ok and user == MAIN and template is None and plain_reads([operation]):
            self._opened = operation.id
        if exchange.answer.ok and user == MAIN and not operation.anonymous and operation.resource != "token":
            self._token_opens = True
        return exchange

    def headers_of(self, user: str) -> dict[str, str]:
        """The header fields with which a user shows who that is, for a request that is sent as nobody's.

        Raises:
            NotExercised: as `send`.
        """
        try:
            return self.credentials.headers(user)
        except Missing as missing:
            raise NotExercised(missing.reason, missing.detail) from None
        except NoToken as empty:
            raise self._without_token(empty) from None
        except Unavailable as gone:
            self.delivery.problem = str(gone)
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem) from None

    def _see(
        self, operation: Operation, exchange: Exchange, path: Mapping[str, str], content: Mapping[str, Any]
    ) -> None:
        """See whether a refusal tells of the target file: of a fixture that the server does not know.

        Raises:
            NotExercised: it does. The run goes on without what names it, and says at its end that the file is wrong.
        """
        if exchange.answer.ok:
            self.fixtures.accepted(path)
        elif sentence := self.fixtures.refused(operation, exchange, path, content):
            raise NotExercised(Reason.MISSING_FIXTURE, sentence)

    def _ask(
        self,
        operation: Operation,
        path: Mapping[str, str],
        content: Mapping[str, Any],
        *,
        template: str | None = None,
        nobody: bool = False,
    ) -> Exchange | None:
        """Send a request of which no test speaks; None where it is withheld, or nothing came back."""
        entry = self.client.entry
        try:
            user = NOBODY if nobody else MAIN
            exchange = self.delivery.deliver(Sending(operation, user, path, template=template, content=content))
        except (Withheld, Missing, NoToken, Unavailable, NotExercised):
            return None
        finally:
            self.client.entry = entry
        return exchange if exchange.response is not None else None

    def _without_token(self, empty: NoToken) -> Blocked | NotExercised:
        """The credentials are right, but no token came: a deviation where the register says so."""
        requirement = self.specification.aspect(empty.exchange.operation, "answers-a-token")
        if requirement is None:
            self.delivery.problem = str(empty)
            return NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        told = "an answer without a token"
        self.judge.require(requirement.id, False, empty.exchange, observed=told, kind=Kind.MISSING_FIELD)
        return Blocked(self.judge.root_of(requirement.id), empty.exchange.operation)

    def _see_that_the_token_is_one(self, user: str) -> None:
        """Find out, once, whether the server knows the token that the target file gives of a further user.

        Raises:
            NotExercised: it does not tell it from one that was never given, so that any refusal may be for that.
        """

        def send(operation: Operation, as_user: str) -> Exchange:
            return self.delivery.deliver(Sending(operation, as_user))

        if user not in self._unknown:
            entry = self.client.entry
            refusal = unknown_token(send, plain_reads(self.specification.operations.values()), user)
            self.client.entry = entry
            told = "" if refusal is None else refused_token(self.table.system, refusal, user)
            self._unknown[user] = told
        if self._unknown[user]:
            raise NotExercised(Reason.MISSING_USER, self._unknown[user])

    def _see_that_the_token_opens_something(self) -> None:
        """Find out whether the token of the main user opens anything at all, once one call was turned away.

        Raises:
            Blocked: it opens nothing that needs no more than a user, just as a token that is none; the one deviation
                is recorded at the token.
        """
        requirement = self._opening()
        if requirement is None or self._token_opens:
            return
        if not self._closed:
            for one in plain_reads(self.specification.operations.values()):
                mine, wrong = self.send(one.id), self.send(one.id, user=WRONG)
                self._token_opens = self._token_opens or mine.answer.status != wrong.answer.status
                self._closed.append(mine)
            if self._token_opens:
                return
        told = f"{checks.describe(self._closed[0])}, as for a wrong token, from each of {len(self._closed)} operations"
        self.judge.require(requirement.id, False, *self._closed, observed=told, kind=Kind.REFUSED)
        raise Blocked(self.judge.root_of(requirement.id), requirement.operation)

    def _opening(self) -> Requirement | None:
        """The requirement that a token opens operations, where the register has one."""
        known = self.specification.requirements.values()
        return next((one for one in known if one.aspect == "token-opens"), None)

    def call(self, operation_id: str, *, user: str = MAIN, accepts: str = "", **request: Any) -> Exchange:
        """Make a documented call that should be accepted, and judge the structure of its answer.

        `accepts` is the requirement of the register that says that this very request is accepted; without one, and
        without one in the spec, a refusal contradicts the documented status.

        Raises:
            Blocked: it was not accepted; the deviation is already recorded.
            NotExercised: as `send`; or no document gives the request that was refused; or there was no answer.
        """
        exchange = self.send(operation_id, user=user, **request)
        operation = self.operation(operation_id, documented=request.get("documented", False))
        if (
            exchange.answer.refused
            and operation.effect == "read"
            and time.monotonic() < self.delivery.changed + self.settle
        ):

            def look() -> tuple[bool, Exchange]:  # what was made a moment ago may not be there yet
                again = self.send(operation_id, user=user, **request)
                return not again.answer.refused, again

            _, exchange = self.eventually(look)
        if exchange.response is None:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
        if (
            exchange.answer.status in way.TURNED_AWAY
            and user == MAIN
            and self.credentials.given(user) == "access_token"
        ):
            self._turned_away(exchange)
        if self._may_differ(operation, exchange):
            exchange = self.once_more(operation, exchange, user=user, **request)
        accepts = accepts or operation.accepted_by
        if exchange.answer.ok:
            if accepts:
                self.judge.require(accepts, True, exchange)
            if operation.alternatives:
                self.judge.require(f"{operation_id}:documented-form", True, exchange)
            self.judge.say(checks.success(operation, exchange))
            return exchange
        for alternative in operation.alternatives:
            other = self.send(operation_id, user=user, **{**request, "template": alternative.path})
            if other.answer.ok:
                told = f"{alternative.path} only, as in the other reading of {alternative.reading}"
                self.judge.require(
                    f"{operation_id}:documented-form",
                    False,
                    exchange,
                    other,
                    expected=operation.path,
                    observed=told,
                    kind=Kind.OTHER_READING,
                )
                if accepts:
                    self.judge.require(accepts, True, other)
                self.judge.say(checks.success(operation, other))
                return other
        if user == MAIN and exchange.answer.refused and not way.speaks_of_existing(exchange):
            narrowed = self._narrowed(operation, exchange, request, accepts)
            if narrowed is not None:
                return narrowed
        raise self._unaccepted(operation, exchange, user, request, accepts)

    @abstractmethod
    def _narrowed(
        self, operation: Operation, exchange: Exchange, request: Mapping[str, Any], accepts: str
    ) -> Exchange | None:
        """The accepted call without the members because of which `exchange` was refused, if there are such members.

        That they are refused is recorded then.
        """

    def _turned_away(self, exchange: Exchange) -> None:
        """See whether the target file's own token opens anything: if not, that is the file's fault, not the server's.

        Raises:
            NotExercised: it opens nothing, or nothing any more.
        """
        if self._opened is not None and self.send(self._opened).answer.ok:
            return  # this one call is refused, so that the user may lack a right, or the server is wrong
        self.delivery.problem = refused_token(self.table.system, exchange)
        raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)

    def _key_turned_away(self, operation: Operation, exchange: Exchange) -> NotExercised:
        """What a refusal of the API key means where there is nothing else to show: it may do what documents give it.

        A key that opens nothing at all is the target file's fault.
        """
        told = f"{operation.id}: the API key may not call it ({checks.describe(exchange)})"
        documented = any("apiKeyName" in scheme for scheme in operation.schemes)
        if documented or not (self._key_opens() or self.table.fixture("process_id")):
            self.delivery.problem = refused_key(self.table, exchange)
            return NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        return NotExercised(Reason.MISSING_USER, f"[procesio] username and password; {told}")

    def _key_opens(self) -> bool:
        """Whether the API key opens any operation that reads and needs nothing."""
        if self._opened is None:
            for one in plain_reads(self.specification.operations.values()):
                with contextlib.suppress(NotExercised):
                    if self.delivery.deliver(Sending(one)).answer.ok:
                        self._opened = one.id
                        break
        return self._opened is not None

    def accepted(self, exchange: Exchange) -> None:
        """Judge the structure of an accepted answer to a documented call that was made by `send`."""
        self.judge.say(checks.success(self.operation(exchange.operation), exchange))

    def _unaccepted(
        self, operation: Operation, exchange: Exchange, user: str, request: dict[str, Any], accepts: str
    ) -> Blocked | NotExercised:
        """Record why a documented call was not accepted: the operation is missing, or it refuses."""
        if exchange.answer.status in way.TURNED_AWAY and user == MAIN:
            self._see_that_the_token_opens_something()
        if way.speaks_of_existing(exchange):
            told = f"{operation.id} was refused since something of that name exists: {checks.describe(exchange)}"
            return NotExercised(Reason.INCONCLUSIVE, told)
        missing, control = self._missing(operation, exchange, user, request)
        if missing is not False and self._in_front(operation, control):
            told = f"{operation.method} of any path is refused in front of the API: {checks.describe(exchange)}"
            return NotExercised(Reason.TARGET_UNAVAILABLE, told)
        exists = f"{operation.id}:exists"
        if operation.documented is not None and (missing or not accepts):
            told = "is not there" if missing else "refused a request"
            return NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{operation.id} {told} in the form of the accommodation")
        if missing:
            if operation.implied:
                return NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{operation.id} is missing")
            told = f"{checks.describe(exchange)}, as for a made-up path"
            self.judge.require(exists, False, exchange, control, observed=told, kind=Kind.MISSING_OPERATION)
            return Blocked(self.judge.root_of(exists), operation.id)
        if operation.documented is None and missing is not None:
            self.judge.say([checks.conforms(exists, operation.id, exchange, control)])
        if operation.undocumented_request or operation.implied:
            return NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{operation.id} refused a request that no document gives")
        lacks_right = exchange.answer.status in way.TURNED_AWAY and not operation.permission
        otherwise = lacks_right and (
            self._accepted_as_wanted(operation, user, request) or self._has(operation, user, request)
        )
        if lacks_right and not otherwise:
            told = f"{operation.id}: the account may lack a right that no document names"
            return NotExercised(Reason.INCONCLUSIVE, told)
        kind = Kind.REFUSED if exchange.answer.refused else Kind.STATUS
        if exchange.answer.status >= 500:
            kind = Kind.SERVER_ERROR
        if accepts:
            self.judge.require(accepts, False, exchange, observed=checks.describe(exchange), kind=kind)
            return Blocked(self.judge.root_of(accepts), operation.id)
        status = f"{operation.id}.{operation.success.status}:status"
        self.judge.say(
            [
                checks.deviates(
                    status,
                    operation.id,
                    kind,
                    operation.success.status,
                    checks.describe(exchange),
                    exchange,
                )
            ]
        )
        return Blocked(self.judge.root_of(status), operation.id)

    def _accepted_as_wanted(self, operation: Operation, user: str, request: Mapping[str, Any]) -> bool:
        """Whether a refused documented form of a read is accepted in the form of the accommodation, by the same user.

        Then the user lacks no right: the accommodation stands for a deviation.
        """
        if not request.get("documented") or operation.effect != "read":
            return False
        return self.send(operation.id, user=user, **{**request, "documented": False}).answer.ok

    @staticmethod
    def _may_differ(operation: Operation, exchange: Exchange) -> bool:
        """Whether what was not accepted may be when it is tried again, and whether that matters."""
        if exchange.answer.ok or operation.effect == "read":
            return False
        if way.speaks_of_existing(exchange):
            return True
        guessed = operation.undocumented_request or operation.implied
        return not guessed and exchange.answer.status not in (*way.TURNED_AWAY, *ABSENT)

    def until_free(self, operation_id: str, **request: Any) -> Exchange:
        """As `send`; but a create whose name is taken is tried again, since the server may name things by the second.

        Raises as `send`.
        """
        exchange = self.send(operation_id, **request)
        if exchange.response is None or not way.speaks_of_existing(exchange):
            return exchange
        return self.once_more(self.operation(operation_id), exchange, **request)

    def once_more(self, operation: Operation, exchange: Exchange, **request: Any) -> Exchange:
        """Send once more what was not accepted (`exchange`): it counts only if it repeats.

        Where a name is taken, that is done until one is free: other workers copy things in the same seconds.
        Raises as `send`.
        """
        for _ in range(1 if operation.id in self._never_free else FREE_WITHIN):
            taken = way.speaks_of_existing(exchange)
            self._clear(operation)
            time.sleep(ONCE_MORE + secrets.randbelow(APART) / 1000 if taken else min(self.settle, ONCE_MORE))
            again = self.send(operation.id, **request)
            if again.response is None:
                return exchange
            exchange = again
            if not way.speaks_of_existing(exchange):
                return exchange
        self._never_free.add(operation.id)
        return exchange

    def _has(self, operation: Operation, user: str, request: Mapping[str, Any]) -> bool:
        """Whether a user reads otherwise what an operation reads a part of: then no right can be lacking.

        Of what the run made itself nothing is said: to make something may need another right than to use it.
        """
        path = request.get("path") or {}
        if operation.effect != "read" or not path or any(self.ledger.owns(str(value)) for value in path.values()):
            return False
        wholes = (
            one
            for one in self.specification.operations.values()
            if one.effect == "read"
            and one.path_parameters
            and one.path.endswith("}")
            and operation.path.startswith(f"{one.path}/")
        )
        for whole in wholes:
            given = {name: value for name, value in path.items() if name in whole.path_parameters}
            if len(given) == len(whole.path_parameters):
                return self.send(whole.id, user=user, path=given).answer.ok
        return False

    @abstractmethod
    def _clear(self, operation: Operation) -> None:
        """Remove what a create left that was not accepted: see `Session`."""

    def _missing(
        self, operation: Operation, exchange: Exchange, user: str, request: dict[str, Any]
    ) -> tuple[bool | None, Exchange]:
        """Whether a call that was not accepted is responded to as one of a path that does not exist; and the control.

        None: nobody can tell, since the account is refused, or redirected, there as well.
        """
        sent: list[Exchange] = []

        def ask(paths: Callable[[str], Sequence[str]], place: int = 0) -> Exchange:
            sent.append(self._control(operation, user, request, paths(self.ledger.made_up(12))[place]))
            return sent[-1]

        free = partial(ask, lambda made_up: [unrouted(self.specification, operation, made_up)])
        if exchange.answer.status in way.TURNED_AWAY or way.redirects(exchange):
            control = free()
            return (None if exchange.answer.status == control.answer.status else False), control
        if exchange.answer.status in ABSENT:
            return True, free()
        if responds_alike(exchange, free):
            return True, sent[0]
        taken = [half_routed] if exchange.answer.status not in NOT_FOUND else [half_routed, routed]
        for taker in taken:  # what is not there may fall to another operation
            paths = partial(taker, self.specification, operation)
            for place in range(len(paths(self.ledger.made_up(12)))):
                if responds_alike(exchange, partial(ask, paths, place)):
                    return True, sent[-1]
        return False, sent[-1]

    def _in_front(self, operation: Operation, control: Exchange) -> bool:
        """Whether something in front of the API refuses a method: with a page for any path, where a read gets none."""
        reads = plain_reads(self.specification.operations.values())
        if operation.method == "GET" or not way.is_error_page(control) or not reads:
            return False
        path = unrouted(self.specification, reads[0], self.ledger.made_up(12))
        return not way.is_error_page(self._control(reads[0], MAIN, {}, path))

    def _control(self, operation: Operation, user: str, request: dict[str, Any], path: str) -> Exchange:
        """The same request to a made-up path."""
        entry = self.client.entry
        control = self.send(operation.id, user=user, **{**request, "template": path})
        self.client.entry = entry  # a refused create may have left something behind: `create` looks for it
        return control

    def json(self, exchange: Exchange) -> Any:
        """The parsed body of an accepted answer. Raises Blocked when that is no JSON: the deviation is recorded."""
        operation = self.operation(exchange.operation)
        try:
            return checks.body_of(operation, exchange)
        except NotJson:
            status = operation.success.status
            for requirement in (f"{operation.id}.{status}:content-type", f"{operation.id}.{status}.:type"):
                with contextlib.suppress(LookupError):
                    raise Blocked(self.judge.root_of(requirement), operation.id) from None
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id} answers no JSON") from None

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
        """Create nothing more while too much was created that is not found again. Raises NotExercised."""
        there = [one for one in self.ledger.open(operation.system) if one.key in self.ledger.accepted]
        if sum(one.operation == operation.id and not one.identifier for one in there) >= LOST_AT_MOST:
            raise NotExercised(Reason.LIMIT_REACHED, f"what {operation.id} creates is not found again")
