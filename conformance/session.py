"""Session: one target system as the tests see it. It calls operations, keeps the ledger and asks the checks."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance import checks
from conformance.exchange import Exchange, NotJson
from conformance.identification import identifier_of, listed, mentions, offered, partial
from conformance.judge import Blocked, Judge, NotExercised
from conformance.ledger import Entry, Ledger
from conformance.specification import Link, Operation, Specification
from conformance.target import Procesio, ProcessMaker3, ProcessMaker4, Safety
from conformance.verdict import Kind, Reason
from conformance.wire.client import MAIN, NOBODY, WRONG, Client, Credentials
from conformance.wire.credentials import Missing, NoToken, Unavailable
from conformance.wire.guard import Withheld

ABSENT: Final = (405, 501)
UNSURE: Final = (401, 403, 408, 429)  # refusals that say nothing of whether something exists
GIVE_UP_AFTER: Final = 3  # calls in a row without any answer
AWAY: Final = (429, 502, 503, 504)  # nobody is there to answer, or nobody has the time
AWAY_AT_MOST: Final = 5  # of these in a row
KEPT_AT_MOST: Final = 5  # things of ours that a server would not remove, before no more are created


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that the run created: how the target calls it, the name it was given, and the create's exchange."""

    entry: Entry
    exchange: Exchange

    @property
    def id(self) -> str:
        """The target's identifier."""
        return self.entry.identifier

    @property
    def name(self) -> str:
        """The unique name."""
        return self.entry.name


class Session:
    """Calls the operations of one system of a target, on behalf of one test at a time.

    `judge` is the current test's; `settle` is how long a write may take to become visible, in seconds.
    """

    def __init__(
        self,
        table: ProcessMaker3 | ProcessMaker4 | Procesio,
        client: Client,
        credentials: Credentials,
        ledger: Ledger,
        *,
        settle: float,
        safety: Safety,
    ) -> None:
        self.table = table
        self.client = client
        self.ledger = ledger
        self.safety = safety
        self.settle = settle
        self.judge = Judge(client.specification)
        self.problem = ""
        self._credentials = credentials
        self._silent = 0
        self._away = 0
        self._kept: dict[str, bool] = {}  # what was not removed, and whether its deletion was refused

    @property
    def specification(self) -> Specification:
        """The spec and register of the system."""
        return self.client.specification

    def operation(self, operation_id: str) -> Operation:
        """An operation by its id."""
        return self.specification.operations[operation_id]

    # -- calls ----------------------------------------------------------------------------------------------------

    def send(
        self,
        operation_id: str,
        *,
        user: str = MAIN,
        path: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        template: str | None = None,
        **content: Any,
    ) -> Exchange:
        """Send one request and say nothing about its answer.

        Raises:
            Unavailable: the target is gone, or refuses the credentials.
            NotExercised: a user is missing, or the safety level or a limit forbids the request.
        """
        if self.problem:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        operation = self.operation(operation_id)
        if operation.effect == "create" and template is None and self.safety is not Safety.DISPOSABLE:
            self._within_sight(operation)
        try:
            exchange = self._send(operation, user, path, headers, template, content)
            if exchange.answer.status == 401 and user not in (NOBODY, WRONG) and self._renewable(operation):
                self._credentials.renew(user)
                if self.client.entry is not None:
                    self.ledger.withdrawn(self.client.entry)  # who is not let in creates nothing
                exchange = self._send(operation, user, path, headers, template, content)
        except Withheld as withheld:
            raise NotExercised(withheld.reason, withheld.detail) from None
        except Missing as missing:
            raise NotExercised(missing.reason, missing.detail) from None
        except NoToken as empty:
            raise self._without_token(empty) from None
        except Unavailable as gone:
            self.problem = str(gone)
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem) from None
        if exchange.response is not None and template is None:
            self.judge.say([checks.server_error(operation, exchange)])
        self._silent = self._silent + 1 if exchange.response is None else 0
        self._away = self._away + 1 if exchange.answer.status in AWAY else 0
        if self._silent >= GIVE_UP_AFTER or self._away >= AWAY_AT_MOST:
            told, times = exchange.error or f"status {exchange.answer.status}", max(self._silent, self._away)
            self.problem = f"{exchange.request.url}: {told}, {times} times in a row. Is it running?"
            raise NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        return exchange

    def _send(
        self,
        operation: Operation,
        user: str,
        path: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        template: str | None,
        content: dict[str, Any],
    ) -> Exchange:
        shown = {} if operation.anonymous else self._credentials.headers(user)
        exchange = self.client.send(
            operation, path=path, template=template, headers={**shown, **(headers or {})}, user=user, **content
        )
        if exchange.answer.ok and operation.resource == "token":
            self.ledger.remains(operation.system, operation.resource)
        if exchange.answer.ok and operation.starts:
            link = operation.links[0] if operation.links else None
            self.ledger.remains(operation.system, operation.resource, identifier_of(exchange, link))
        return exchange

    def _without_token(self, empty: NoToken) -> Blocked | NotExercised:
        """The credentials are right, but no token came: a deviation where the register says so."""
        requirement = self.specification.aspect(empty.exchange.operation, "answers-a-token")
        if requirement is None:
            self.problem = str(empty)
            return NotExercised(Reason.TARGET_UNAVAILABLE, self.problem)
        told = "an answer without a token"
        self.judge.require(requirement.id, False, empty.exchange, observed=told, kind=Kind.MISSING_FIELD)
        return Blocked(self.judge.root_of(requirement.id), empty.exchange.operation)

    @staticmethod
    def _renewable(operation: Operation) -> bool:
        return not operation.anonymous and operation.resource != "token"

    def call(self, operation_id: str, *, user: str = MAIN, accepts: str = "", **request: Any) -> Exchange:
        """Make a documented call that should be accepted, and judge the structure of its answer.

        `accepts` is the requirement of the register that says that this very request is accepted; without one, and
        without one in the spec, a refusal contradicts the documented status.

        Raises:
            Blocked: it was not accepted; the deviation is already recorded.
            NotExercised: as `send`; or no document gives the request that was refused; or there was no answer.
        """
        exchange = self.send(operation_id, user=user, **request)
        operation = self.operation(operation_id)
        if exchange.response is None:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
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
                self.judge.say(checks.success(operation, other))
                return other
        raise self._unaccepted(operation, exchange, user, request, accepts)

    def accepted(self, exchange: Exchange) -> None:
        """Judge the structure of an accepted answer to a documented call that was made by `send`."""
        self.judge.say(checks.success(self.operation(exchange.operation), exchange))

    def _unaccepted(
        self, operation: Operation, exchange: Exchange, user: str, request: dict[str, Any], accepts: str
    ) -> Blocked | NotExercised:
        """Record why a documented call was not accepted: the operation is missing, or it refuses."""
        control = self._control(operation, user, request)
        exists = f"{operation.id}:exists"
        if exchange.answer.status in ABSENT or _alike(exchange, control):
            if operation.implied:
                return NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{operation.id} is missing")
            told = f"{checks.describe(exchange)}, as for a made-up path"
            self.judge.require(exists, False, exchange, control, observed=told, kind=Kind.MISSING_OPERATION)
            return Blocked(self.judge.root_of(exists), operation.id)
        self.judge.say([checks.conforms(exists, operation.id, exchange, control)])
        if operation.undocumented_request or operation.implied:
            return NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{operation.id} refused a request that no document gives")
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

    def _control(self, operation: Operation, user: str, request: dict[str, Any]) -> Exchange:
        """The same request to a made-up path of the same depth, which no server can route."""
        segments = operation.path.split("/")
        literal = max(index for index, segment in enumerate(segments) if segment and not segment.startswith("{"))
        segments[literal] = self.ledger.made_up(12)
        entry = self.client.entry
        control = self.send(operation.id, user=user, **{**request, "template": "/".join(segments)})
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
        """Look again until it holds or `settle` seconds have passed (rule 7: not there, or not yet?)."""
        until = time.monotonic() + self.settle
        while True:
            holds, exchange = look()
            if holds or time.monotonic() >= until:
                return holds, exchange
            time.sleep(min(0.25, self.settle))

    # -- resources ------------------------------------------------------------------------------------------------

    def create(self, operation_id: str, **request: Any) -> Resource:
        """Make a documented create and find what came into being. Raises as `call`, and Blocked when nothing did."""
        operation = self.operation(operation_id)
        littering = self.safety is not Safety.DISPOSABLE and len(self._kept) >= KEPT_AT_MOST
        if littering and not self._removes_again(operation):
            raise NotExercised(Reason.LIMIT_REACHED, f"the target does not remove what {operation_id} creates")
        before = self.there_before(operation)
        try:
            exchange = self.call(operation_id, **request)
        except (Blocked, NotExercised):
            if self.client.entry is not None:
                self.take_over(operation, self.client.entry)
            raise
        entry = self.client.entry
        if entry is None:
            raise AssertionError(f"{operation_id} creates nothing according to its spec")
        return Resource(self.adopt(operation, entry, exchange, before), exchange)

    def there_before(self, operation: Operation) -> set[str] | None:
        """For a create that sends no name: what the list shows before, so that nobody's thing is taken for ours.

        Raises:
            NotExercised: the list may show only a part, so that nothing could be told apart.
        """
        if operation.names:
            return None
        makers = (one for one in self.specification.operations.values() if one.resource == operation.resource)
        link = next((link for one in makers if (link := one.link("list"))), None)
        if link is None:
            return None
        shown = self.send(link.operation)
        if not shown.answer.ok or partial(shown):
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id}: no whole list to tell what is new")
        return {identifier for identifier, _ in listed(shown, link)}

    def adopt(
        self, operation: Operation, entry: Entry, exchange: Exchange, before: Collection[str] | None = None
    ) -> Entry:
        """Find the identifier of what was created, and enter it in the ledger: only what carries our name is ours.

        `before` is what `there_before` told ahead of a create that sends no name.

        Raises:
            Blocked: the answer does not lead to it, and neither does the list.
            NotExercised: the answer names something that was there before.
        """
        if before is not None and identifier_of(exchange, operation.link("read")) in before:
            self.ledger.withdrawn(entry)  # whatever the answer means: that thing is not ours, and must stay
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id} answers with something that was there before")
        identifier = self._offered(operation, entry, exchange)
        if not identifier:
            identifier, _ = self._listed(operation, entry)
        elif identifier in self._claimed() and operation.link("list") is not None:
            identifier = (
                self._newcomer(operation, entry)[0] or identifier
            )  # the answer may hide what was made beside it
        if identifier:
            return self.ledger.created(entry, identifier)
        raise self._lost(operation, exchange, entry.name)

    def _offered(self, operation: Operation, entry: Entry, exchange: Exchange) -> str:
        """The identifier that the answer to a create gives, if what it names carries our name: else it is not ours."""
        link = operation.link("read")
        candidates = offered(exchange, link) if link is not None and link.pointer else []
        if not entry.name:  # nothing but the answer tells which it is; what was sent is nothing new
            candidates = [one for one in candidates[:1] if one.encode() not in exchange.request.body]
        if link is None or not candidates:
            return ""

        def look() -> tuple[bool, Exchange]:
            for one in candidates:
                read = self._read(link, one)
                if read.answer.ok and (not entry.name or mentions(read, entry.name)):
                    found.append(one)
                    break
            return bool(found), read

        found: list[str] = []
        self.eventually(look)
        return next(iter(found), "")

    def _listed(self, operation: Operation, entry: Entry) -> tuple[str, bool]:
        """Its identifier in the list, when it is there; and whether the list, if there is one, could be read."""
        if operation.link("list") is None or not entry.name:
            return "", True

        def look() -> tuple[bool, Exchange]:
            identifier, exchange = self._newcomer(operation, entry)
            found.append(identifier)
            return bool(identifier), exchange

        found: list[str] = []
        _, exchange = self.eventually(look)
        return found[-1], exchange.answer.ok

    def _newcomer(self, operation: Operation, entry: Entry) -> tuple[str, Exchange]:
        """What the list shows under the entry's name and no entry stands for: a copy has the name of its original."""
        link = operation.link("list")
        assert link is not None
        exchange = self.send(link.operation)
        claimed = self._claimed()
        return next(
            (one for one, name in listed(exchange, link) if name == entry.name and one not in claimed), ""
        ), exchange

    def _claimed(self) -> set[str]:
        """The identifiers of what is there and stands in the ledger already."""
        return {entry.identifier for entry in self.ledger.open()}

    def _lost(self, operation: Operation, exchange: Exchange, name: str) -> Blocked | NotExercised:
        """What was created can be found nowhere: that contradicts the list, or nothing that a document says."""
        requirement = self.specification.aspect(operation.id, "created-is-listed")
        if requirement is None:
            return NotExercised(Reason.INCONCLUSIVE, f"what {operation.id} created could not be found")
        link = operation.link("list")
        if link is not None:
            shown = self.call(link.operation)  # a list that cannot be had at all is the root, and ends here
            if partial(shown):
                return NotExercised(Reason.INCONCLUSIVE, f"{link.operation} shows a part only")
            undocumented = self.operation(link.operation).success.schema is None
            if undocumented and name and mentions(shown, name):
                return NotExercised(Reason.INCONCLUSIVE, f"{link.operation} shows no identifier of what was created")
        self.judge.require(
            requirement.id, False, exchange, observed="what was created is not in the list", kind=Kind.ABSENT
        )
        return Blocked(self.judge.root_of(requirement.id), operation.id)

    def take_over(self, operation: Operation, entry: Entry) -> bool:
        """A create that was answered with an error may still have created something: then remove it at once.

        Returns whether it had.
        """
        identifier, looked = "", True
        if operation.link("list") is not None and entry.name:
            identifier, exchange = self._newcomer(operation, entry)
            looked = exchange.answer.ok
        if identifier:
            self.ledger.created(entry, identifier)
            self.remove(identifier, operation)
        elif looked:  # else the sweep looks again
            self.ledger.withdrawn(entry)
        return bool(identifier)

    def remove(self, identifier: str, operation: Operation) -> bool:
        """Remove something of ours, without judging; `operation` is the one that created it. True when it is gone."""
        link = operation.link("delete")
        if link is None:
            return False
        exchange = self.send(link.operation, path={link.parameter: identifier})
        if exchange.answer.ok or exchange.answer.refused:
            read = operation.link("read")
            if read is None or _says_gone(self.send(read.operation, path={read.parameter: identifier})):
                self.ledger.gone(identifier)
                return True
        self._kept[identifier] = exchange.answer.refused
        return False

    def _within_sight(self, operation: Operation) -> None:
        """Create nothing more while too much was created that is not found again. Raises NotExercised."""
        there = [one for one in self.ledger.open(operation.system) if one.key in self.ledger.accepted]
        if sum(one.operation == operation.id and not one.identifier for one in there) >= KEPT_AT_MOST:
            raise NotExercised(Reason.LIMIT_REACHED, f"what {operation.id} creates is not found again")

    def _removes_again(self, operation: Operation) -> bool:
        """Whether something that could not be removed can be now. It is judged: the tests that do create something too.

        Raises:
            Blocked: the deletion is not there, is refused, or leaves the thing; the deviation is recorded.
        """
        identifier, was_refused = next(iter(self._kept.items()))
        read, delete = operation.link("read"), operation.link("delete")
        if read is None or delete is None or not self._read(read, identifier).answer.ok:
            return False
        again = self.call if was_refused else self.send  # what was accepted once may be refused now
        deleted = again(delete.operation, path={delete.parameter: identifier})

        def look() -> tuple[bool, Exchange]:
            exchange = self._read(read, identifier)
            return _says_gone(exchange), exchange

        gone, exchange = self.eventually(look)
        if gone:
            self.ledger.gone(identifier)
            del self._kept[identifier]
        requirement = self.specification.aspect(delete.operation, "deleted-is-gone")
        if exchange.answer.ok and requirement is not None:
            told = f"it can still be read: {checks.describe(exchange)}"
            self.judge.require(requirement.id, False, exchange, deleted, observed=told)
            raise Blocked(self.judge.root_of(requirement.id), delete.operation)
        return gone

    def _read(self, link: Link, identifier: str) -> Exchange:
        return self.send(link.operation, path={link.parameter: identifier})

    def sweep(self, spare: Container[str] = ()) -> list[Entry]:
        """Remove what is still there of ours, newest first, but for entries whose key is in `spare`.

        Returns what could not be removed.
        """
        kept = []
        for entry in self.ledger.open(self.specification.system):
            if entry.key in spare:
                continue
            operation = self.operation(entry.operation)
            identifier = entry.identifier
            try:
                if not identifier:
                    identifier, looked = self._listed(operation, entry)
                    if not identifier:
                        if entry.key in self.ledger.accepted or not looked:
                            kept.append(entry)
                        else:
                            self.ledger.withdrawn(entry)
                        continue
                    self.ledger.created(entry, identifier)
                removed = self.remove(identifier, operation)
            except (Blocked, NotExercised):
                removed = False
            if not removed:
                kept.append(entry)
        return kept


def _says_gone(exchange: Exchange) -> bool:
    """Whether the answer to a read says that nothing is there, not that this user may not see it now."""
    return exchange.answer.refused and exchange.answer.status not in UNSURE


def _alike(one: Exchange, other: Exchange) -> bool:
    """Whether two answers are the same but for the path that they may repeat."""

    def essence(exchange: Exchange) -> tuple[int, str, str]:
        path = exchange.request.url.split("://", 1)[-1].partition("/")[2]
        text = exchange.answer.body.decode("utf-8", "replace")
        for part in sorted({path, *path.split("/")}, key=len, reverse=True):
            if len(part) > 3:
                text = text.replace(part, "")
        return exchange.answer.status, exchange.answer.media_type, text

    return essence(one) == essence(other)
