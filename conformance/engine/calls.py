"""Calls: the operations of one system of the target, each response judged. What is created is the session's."""

from __future__ import annotations

import contextlib
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.requester import Requester
from conformance.spec.free_paths import half_routed, routed, unrouted
from conformance.spec.specification import Operation
from conformance.wire import gateways
from conformance.wire.client import MAIN
from conformance.wire.likeness import responds_alike
from conformance.wire.logins import plain_reads

NOT_FOUND: Final = (404, 410)
NOT_IMPLEMENTED: Final = (405, 501)
ONCE_MORE: Final = 1.1  # seconds before something refused is tried once more: names may be made of the second
APART: Final = 400  # and up to so many ms longer, by chance: workers that met in one second need not meet in the next
FREE_WITHIN: Final = 8  # times that a create is tried whose name is taken, until the server shows that none is free


@dataclass(eq=False)
class Calls(Requester, ABC):
    """Calls the operations of one system of a target, and judges whether and how they are accepted."""

    _never_free: set[str] = field(default_factory=set, init=False)  # creates for which no name was free in the end

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
            exchange.response.refused
            and operation.effect == "read"
            and time.monotonic() < self.delivery.changed + self.settle
        ):

            def look() -> tuple[bool, Exchange]:  # what was made a moment ago may not be there yet
                again = self.send(operation_id, user=user, **request)
                return not again.response.refused, again

            _, exchange = self.eventually(look)
        if not exchange.has_response:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
        if (
            exchange.response.status in gateways.TURNED_AWAY
            and user == MAIN
            and self.credentials.given(user) == "access_token"
        ):
            self._turned_away(exchange)
        if self._may_differ(operation, exchange):
            exchange = self.once_more(operation, exchange, user=user, **request)
        accepts = accepts or operation.accepted_by
        if exchange.response.ok:
            if accepts:
                self.recorder.require(accepts, True, exchange)
            if operation.alternatives:
                self.recorder.require(f"{operation_id}:documented-form", True, exchange)
            self.recorder.record(checks.success(operation, exchange))
            return exchange
        for alternative in operation.alternatives:
            other = self.send(operation_id, user=user, **{**request, "template": alternative.path})
            if other.response.ok:
                told = f"{alternative.path} only, as in the other reading of {alternative.reading}"
                self.recorder.require(
                    f"{operation_id}:documented-form",
                    False,
                    exchange,
                    other,
                    expected=operation.path,
                    observed=told,
                    kind=Kind.OTHER_READING,
                )
                if accepts:
                    self.recorder.require(accepts, True, other)
                self.recorder.record(checks.success(operation, other))
                return other
        if user == MAIN and exchange.response.refused and not gateways.speaks_of_existing(exchange):
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

    def accepted(self, exchange: Exchange) -> None:
        """Judge the structure of an accepted answer to a documented call that was made by `send`."""
        self.recorder.record(checks.success(self.operation(exchange.operation), exchange))

    def _unaccepted(
        self, operation: Operation, exchange: Exchange, user: str, request: dict[str, Any], accepts: str
    ) -> Blocked | NotExercised:
        """Record why a documented call was not accepted: the operation is missing, or it refuses."""
        if exchange.response.status in gateways.TURNED_AWAY and user == MAIN:
            self._see_that_the_token_opens_something()
        if gateways.speaks_of_existing(exchange):
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
            self.recorder.require(exists, False, exchange, control, observed=told, kind=Kind.MISSING_OPERATION)
            return Blocked(self.recorder.root_of(exists), operation.id)
        if operation.documented is None and missing is not None:
            self.recorder.record([checks.conforms(exists, operation.id, exchange, control)])
        if operation.undocumented_request or operation.implied:
            return NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{operation.id} refused a request that no document gives")
        lacks_right = exchange.response.status in gateways.TURNED_AWAY and not operation.permission
        otherwise = lacks_right and (
            self._accepted_as_wanted(operation, user, request) or self._has(operation, user, request)
        )
        if lacks_right and not otherwise:
            told = f"{operation.id}: the account may lack a right that no document names"
            return NotExercised(Reason.INCONCLUSIVE, told)
        kind = Kind.REFUSED if exchange.response.refused else Kind.STATUS
        if exchange.response.status >= 500:
            kind = Kind.SERVER_ERROR
        if accepts:
            self.recorder.require(accepts, False, exchange, observed=checks.describe(exchange), kind=kind)
            return Blocked(self.recorder.root_of(accepts), operation.id)
        status = f"{operation.id}.{operation.success.status}:status"
        self.recorder.record(
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
        return Blocked(self.recorder.root_of(status), operation.id)

    def _accepted_as_wanted(self, operation: Operation, user: str, request: Mapping[str, Any]) -> bool:
        """Whether a refused documented form of a read is accepted in the form of the accommodation, by the same user.

        Then the user lacks no right: the accommodation stands for a deviation.
        """
        if not request.get("documented") or operation.effect != "read":
            return False
        return self.send(operation.id, user=user, **{**request, "documented": False}).response.ok

    @staticmethod
    def _may_differ(operation: Operation, exchange: Exchange) -> bool:
        """Whether what was not accepted may be when it is tried again, and whether that matters."""
        if exchange.response.ok or operation.effect == "read":
            return False
        if gateways.speaks_of_existing(exchange):
            return True
        guessed = operation.undocumented_request or operation.implied
        return not guessed and exchange.response.status not in (*gateways.TURNED_AWAY, *NOT_IMPLEMENTED)

    def until_free(self, operation_id: str, **request: Any) -> Exchange:
        """As `send`; but a create whose name is taken is tried again, since the server may name things by the second.

        Raises as `send`.
        """
        exchange = self.send(operation_id, **request)
        if not exchange.has_response or not gateways.speaks_of_existing(exchange):
            return exchange
        return self.once_more(self.operation(operation_id), exchange, **request)

    def once_more(self, operation: Operation, exchange: Exchange, **request: Any) -> Exchange:
        """Send once more what was not accepted (`exchange`): it counts only if it repeats.

        Where a name is taken, that is done until one is free: other workers copy things in the same seconds.
        Raises as `send`.
        """
        for _ in range(1 if operation.id in self._never_free else FREE_WITHIN):
            taken = gateways.speaks_of_existing(exchange)
            self._clear(operation)
            time.sleep(ONCE_MORE + secrets.randbelow(APART) / 1000 if taken else min(self.settle, ONCE_MORE))
            again = self.send(operation.id, **request)
            if not again.has_response:
                return exchange
            exchange = again
            if not gateways.speaks_of_existing(exchange):
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
                return self.send(whole.id, user=user, path=given).response.ok
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
        if exchange.response.status in gateways.TURNED_AWAY or gateways.redirects(exchange):
            control = free()
            return (None if exchange.response.status == control.response.status else False), control
        if exchange.response.status in NOT_IMPLEMENTED:
            return True, free()
        if responds_alike(exchange, free):
            return True, sent[0]
        taken = [half_routed] if exchange.response.status not in NOT_FOUND else [half_routed, routed]
        for taker in taken:  # what is not there may fall to another operation
            paths = partial(taker, self.specification, operation)
            for place in range(len(paths(self.ledger.made_up(12)))):
                if responds_alike(exchange, partial(ask, paths, place)):
                    return True, sent[-1]
        return False, sent[-1]

    def _in_front(self, operation: Operation, control: Exchange) -> bool:
        """Whether something in front of the API refuses a method: with a page for any path, where a read gets none."""
        reads = plain_reads(self.specification.operations.values())
        if operation.method == "GET" or not gateways.is_error_page(control) or not reads:
            return False
        path = unrouted(self.specification, reads[0], self.ledger.made_up(12))
        return not gateways.is_error_page(self._control(reads[0], MAIN, {}, path))

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
                    raise Blocked(self.recorder.root_of(requirement), operation.id) from None
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id} answers no JSON") from None
