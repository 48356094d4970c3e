"""Check every request, and refuse those that could change what the run did not create.

The guard checks the bytes on the wire (request target after percent-decoding, query, body), not the caller's intention.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import parse_qsl, unquote_to_bytes

import httpx

from conformance.core.address import Address
from conformance.core.verdict import Reason
from conformance.spec.operation import ResourceReference
from conformance.spec.specification import Operation, Specification
from conformance.spec.touched_ids import (
    METHOD,
    OVERRIDES,
    UNREADABLE,
    Unreadable,
    members,
    named,
)
from conformance.target.safety import is_allowed, required_safety
from conformance.target.target import Safety
from conformance.wire.deadline import NoResponse
from conformance.wire.gateways import BUSY, GATEWAY_STATUSES, UNAUTHORIZED
from conformance.wire.ledger import Entry, Ledger
from conformance.wire.limits import Account, Withheld
from conformance.wire.retry import not_processed

CREATING: Final = "creating"
"""The slot in the run's account that a test holds from its first create until it is cleaned up."""
MAX_OPEN_PER_TEST: Final = 10
"""The maximal number of resources of one test that exist at the same time."""
SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
CHANGING: Final = frozenset({"update", "delete", "administer"})


class RequestRefused(Exception):
    """The guard refused a request: a defect of the suite. The message names the request and the rule."""


@dataclass
class Allowance:
    """The limits of a run, and the account with the counts of all its workers."""

    open_resources: int = 50
    executions: int = 20
    account: Account = field(default_factory=Account)

    @property
    def creators(self) -> int:
        """The number of tests that may create resources at the same time, so that none finds the limit used up by
        others.
        """
        return max(1, self.open_resources // MAX_OPEN_PER_TEST)


@dataclass(frozen=True, slots=True)
class Decision:
    """The guard's decision on an allowed request: the operation that it calls, what it creates, and in what parent.

    `counted`: it was counted as an execution before it was sent.
    """

    operation: Operation | None
    effect: str
    creates: str = ""
    within: Mapping[str, str] = field(default_factory=dict)
    counted: bool = False


@dataclass
class Policy:
    """The rules of the guard. Does no I/O except for the run's account.

    `fixtures` are identifiers that may be read and executed, but not changed. `urls` are those of the target: a request
    must be below one of them. If it is below several, because one is a prefix of another, it must be allowed for each.
    At `token_url` only tokens are requested, whatever its host is.
    """

    specification: Specification
    ledger: Ledger
    safety: Safety
    urls: frozenset[str]
    fixtures: frozenset[str] = frozenset()
    may_change: bool = False
    limits: Allowance = field(default_factory=Allowance)
    token_url: str = ""

    def judge(self, request: httpx.Request) -> Decision:
        """Decide on a request.

        Raises:
            RequestRefused: it would go to another host or outside the path of its URL, or change something that the run
                did not create.
            Withheld: the safety level or a limit does not allow it.
        """
        origin = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"
        if self.token_url and request.method == "POST" and request.url == httpx.URL(self.token_url):
            return self._token(request)
        addresses = [address for address in self._addresses if address.origin == origin]
        if not addresses:
            raise RequestRefused(f"{request.method} {origin}: not a host in the target file")
        _plain_headers(request)
        target: bytes = request.extensions.get("target", request.url.raw_path)
        raw_path, _, query = target.partition(b"?")
        content_type, body = request.headers.get("content-type", ""), request.read()
        sent = (*parse_qsl(query.decode("latin-1"), keep_blank_values=True), *members(content_type, body))
        if any(name.casefold() == METHOD for name, _ in sent):
            raise RequestRefused("a parameter that changes the method of a request is never sent")
        if not raw_path.startswith(b"/"):
            raise RequestRefused(f"the request target {raw_path!r} is not a path")
        below = [path for address in addresses if (path := _below(address, raw_path)) is not None]
        if not below:
            raise RequestRefused(f"{request.method} {origin}: {raw_path!r} is not below a URL of the target file")
        matches = {pair[0].id: pair for path in below if (pair := self._operation(request.method, path)) is not None}
        if not matches:
            return self._unknown(request.method, min(below, key=len))
        effectful = [(operation, path) for operation, path in matches.values() if operation.effect != "read"]
        if not effectful:
            return Decision(next(iter(matches.values()))[0], "read")
        if len(effectful) > 1:
            raise RequestRefused(
                f"{request.method} {raw_path!r} may be any of {', '.join(item.id for item, _ in effectful)}"
            )
        return self._effectful(*effectful[0], query, content_type, body)

    @cached_property
    def _addresses(self) -> tuple[Address, ...]:
        return tuple(dict.fromkeys(Address.of(url) for url in sorted(self.urls)))

    def _token(self, request: httpx.Request) -> Decision:
        """Decide on a request for a token at the token URL of the target file."""
        _plain_headers(request)
        if request.extensions.get("target", request.url.raw_path) != request.url.raw_path:
            raise RequestRefused("the request target is not the path of token_url")
        return Decision(None, "administer")

    def _operation(self, method: str, raw_path: bytes) -> tuple[Operation, Mapping[str, str]] | None:
        """The operation that the target may match with the path. An odd spelling of an operation with an effect is
        refused.
        """
        plain = unquote_to_bytes(raw_path).decode("utf-8", "replace")
        exact = self.specification.match(method, plain)
        for spelling in _spellings(plain) if exact else (plain, *_spellings(plain)):
            for other in self._matching(method, spelling):
                if other.effect != "read" and not (exact and other.id == exact[0].id):
                    raise RequestRefused(f"{method} {plain!r} is an odd spelling of {other.id}")
        if exact is not None and exact[0].effect != "read" and any(_is_odd(value) for value in exact[1].values()):
            raise RequestRefused(f"{method} {plain!r}: a path value with a slash, dot segment or control character")
        return exact

    def _matching(self, method: str, spelling: str) -> list[Operation]:
        """The operations that match a path case-insensitively. A literal path takes precedence over one with
        parameters.
        """
        fitting = [
            operation
            for operation in self.specification.forms_by_method.get(method, ())
            if operation.pattern_in_any_letters.fullmatch(spelling)
        ]
        fewest = min((len(operation.path_parameters) for operation in fitting), default=0)
        return [operation for operation in fitting if len(operation.path_parameters) == fewest]

    def _unknown(self, method: str, raw_path: bytes) -> Decision:
        """Decide on a path of no operation: it may be read, and called if one of its plain segments was made up."""
        segments = unquote_to_bytes(raw_path).decode("utf-8", "replace").split("/")
        made_up = any(self.ledger.is_made_up(segment) for segment in segments)
        if method in SAFE_METHODS or (made_up and not any(_is_odd(segment) for segment in segments)):
            return Decision(None, "read" if method in SAFE_METHODS else "none")
        raise RequestRefused(f"{method} {raw_path!r} is not an operation of the spec")

    def _effectful(
        self, operation: Operation, path: Mapping[str, str], query: bytes, content_type: str, body: bytes
    ) -> Decision:
        required = required_safety(operation)
        if not is_allowed(operation, self.safety):
            message = (
                "changes data, and the level is read-only"
                if self.safety is Safety.READ_ONLY
                else f"needs level {required}"
            )
            raise Withheld(Reason.SAFETY_LEVEL, f"{operation.id} {message}")
        if required is Safety.READ_ONLY:
            return Decision(operation, operation.effect)
        for touch in operation.touches:
            try:
                touched = list(named((touch,), path, query, content_type, body))
            except Unreadable as error:
                raise RequestRefused(f"{operation.id}: {error}") from None
            for identifier in touched:
                # the target made the file, so it is not a defect of the suite
                if touch.optional and not self._ours(identifier):
                    raise Withheld(Reason.SAFETY_LEVEL, f"{operation.id}: the file names {identifier!r}, not ours")
                if touch.allows_foreign and not self._ours(identifier):
                    self._require_disposable(operation)
                else:
                    self._allowed(operation, identifier, self._kind(operation, touch))
        if operation.effect == "execute":
            if operation.starts:
                self._execution(operation, path)
            return Decision(operation, operation.effect, counted=operation.starts and self._exists(path))
        if operation.effect == "create":
            name = self._creation(operation, path, query, content_type, body)
            return Decision(
                operation,
                operation.effect,
                name,
                {parameter: path[parameter] for parameter in operation.path_parameters},
            )
        return Decision(operation, operation.effect)

    def _kind(self, operation: Operation, touch: ResourceReference) -> str:
        """The kind of what a touched identifier names, as far as the name of its place says so."""
        kinds = self._kinds.get(touch.name or touch.pointer.rpartition("/")[2], frozenset())
        if len(kinds) == 1:
            return next(iter(kinds))
        return operation.resource if operation.effect in CHANGING and operation.resource in kinds else ""

    @cached_property
    def _kinds(self) -> Mapping[str, frozenset[str]]:
        """By the name of a path parameter or member: the kinds of resources whose identifiers are called so."""
        found: dict[str, set[str]] = {}
        for creator in self.specification.operations.values():
            for link in filter(None, map(creator.link, ("read", "update", "delete"))):
                found.setdefault(link.parameter or link.member, set()).add(creator.resource)
        return {name: frozenset(kinds) for name, kinds in found.items()}

    def _allowed(self, operation: Operation, identifier: str, kind: str) -> None:
        doubtful = identifier not in self.fixtures and self.ledger.doubts(operation.resource, identifier)
        # a fixture is configured by the user, whatever a response names
        if doubtful and self.safety is not Safety.DISPOSABLE:
            raise Withheld(Reason.SAFETY_LEVEL, f"{operation.id}: nothing proves that the run created {identifier!r}")
        if self._ours(identifier, kind):
            return
        if identifier in self.fixtures:
            if operation.effect == "execute" or self.may_change or self.safety is Safety.DISPOSABLE:
                return
            raise Withheld(Reason.SAFETY_LEVEL, f"{operation.id} would change a fixture (may_change is false)")
        if self._ours(identifier):
            message = f"{identifier!r} is of another kind, and may name somebody else's {kind} as well"
            raise Withheld(Reason.SAFETY_LEVEL, f"{operation.id}: {message}")
        raise RequestRefused(f"{operation.id} names {identifier!r}, which this run did not create")

    def _require_disposable(self, operation: Operation) -> None:
        if self.safety is not Safety.DISPOSABLE:
            raise Withheld(Reason.SAFETY_LEVEL, f"{operation.id} is sent for things of others only at disposable")

    def _ours(self, identifier: str, kind: str = "") -> bool:
        return self.ledger.owns(identifier, kind) or self.ledger.is_made_up(identifier)

    def _execution(self, operation: Operation, path: Mapping[str, str]) -> None:
        """Count an execution. One of made-up identifiers needs a free place, and counts only if it is accepted."""
        account, name, limit = self.limits.account, executions_of(operation), self.limits.executions
        allowed = account.take(name, limit) if self._exists(path) else account.count(name) < limit
        if not allowed:
            raise Withheld(Reason.LIMIT_REACHED, f"{operation.id}: {limit} executions for each system")

    def _exists(self, path: Mapping[str, str]) -> bool:
        """Whether the resource of a path may exist: not all identifiers were made up by the run."""
        named = set(path.values())
        return not named or not all(map(self.ledger.is_made_up, named))

    def _creation(
        self, operation: Operation, path: Mapping[str, str], query: bytes, content_type: str, body: bytes
    ) -> str:
        account, own_open = self.limits.account, len(self.ledger.open())
        account.enter(CREATING, self.limits.creators)
        if account.opened(own_open + 1) > self.limits.open_resources:
            account.opened(own_open)
            raise Withheld(Reason.LIMIT_REACHED, f"{operation.id}: {self.limits.open_resources} open at once")
        if not operation.names:
            return ""
        try:
            name = next(named(operation.names, path, query, content_type, body))
        except Unreadable:
            if self.safety is Safety.DISPOSABLE:
                return ""
            raise Withheld(
                Reason.SAFETY_LEVEL, f"{operation.id} without a name: what is left over could not be recognised"
            ) from None
        if not self.ledger.is_ours(name):
            raise RequestRefused(f"{operation.id} names {name!r}, which does not have the mark of this run")
        return name


def executions_of(operation: Operation) -> str:
    """The name in the run's account for the executions of a system."""
    return f"executions-{operation.system}"


class Guard(httpx.BaseTransport):
    """The first transport of the chain: checks, journals the intent of a create, and passes the request on."""

    def __init__(self, inner: httpx.BaseTransport, policy: Policy) -> None:
        self._inner = inner
        self._policy = policy

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass `request` on if it is allowed. Raises RequestRefused, Withheld, and what the inner transport raises."""
        decision = self._policy.judge(request)
        request.extensions["effect"] = decision.effect
        entry: Entry | None = None
        if decision.operation is not None and decision.effect == "create":
            operation = decision.operation
            kind = (operation.system, operation.resource, operation.id)
            entry = self._policy.ledger.intend(*kind, decision.creates, decision.within)
        try:
            response = self._inner.handle_request(request)
        except (NoResponse, Withheld) as failure:
            if isinstance(failure, Withheld) or not failure.sent:
                self._not_sent(decision, entry)
            raise
        unprocessed = not_processed(response)
        # whether the request arrived is unknown
        lost = response.status_code in GATEWAY_STATUSES and response.status_code not in BUSY
        if unprocessed or response.is_redirect or (response.is_client_error and not lost):
            self._not_started(decision)
        elif decision.operation is not None and decision.operation.starts and not decision.counted:
            self._started(decision.operation, response)
        if entry is not None:
            response.extensions["entry"] = entry
            ledger = self._policy.ledger
            if response.is_success:
                ledger.record_accepted(entry)
            elif unprocessed:
                ledger.withdrawn(entry)
            elif response.status_code in UNAUTHORIZED or response.is_redirect:
                ledger.turned_away(entry)
            elif (response.is_client_error and not lost) or response.status_code in BUSY:
                ledger.record_refused(entry)
        return response

    def _not_sent(self, decision: Decision, entry: Entry | None) -> None:
        """Undo the counts of a request that was not sent: it created and started nothing."""
        self._not_started(decision)
        if entry is not None:
            self._policy.ledger.withdrawn(entry)

    def _not_started(self, decision: Decision) -> None:
        if decision.operation is not None and decision.counted:
            self._policy.limits.account.give_back(executions_of(decision.operation))

    def _started(self, operation: Operation, response: httpx.Response) -> None:
        """Count an accepted execution of made-up identifiers: something may have been started."""
        if operation.effect == "execute" and response.is_success:
            self._policy.limits.account.take(executions_of(operation), sys.maxsize)

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()


def _plain_headers(request: httpx.Request) -> None:
    """Check that no header turns the request into another one than the checked one. Raises RequestRefused."""
    if any(name in request.headers for name in OVERRIDES):
        raise RequestRefused("a header that changes the method or the path of a request is never sent")
    if any(name in request.headers for name in UNREADABLE):
        raise RequestRefused("a header that changes how a body is read is never sent")
    hosts = request.headers.get_list("host")
    if hosts != [request.url.netloc.decode("ascii")]:
        raise RequestRefused(f"the Host header names {', '.join(hosts) or 'nothing'}, not the host of the URL")
    if request.headers.get_list("content-length") not in ([], [str(len(request.read()))]):
        raise RequestRefused("the Content-Length is not that of the body")


def _below(address: Address, raw_path: bytes) -> bytes | None:
    """The part of a path below an address; None if it is elsewhere, or a lenient server may resolve it elsewhere."""
    path = address.below(raw_path)
    if path is None or not address.path:
        return path
    base, plain = (unquote_to_bytes(data).decode("utf-8", "replace").casefold() for data in (address.path, raw_path))
    inside = (value == base or value.startswith(f"{base}/") for value in map(str.casefold, _spellings(plain)))
    return path if all(inside) else None


def _is_odd(value: str) -> bool:
    return value in (".", "..") or any(char in "/\\%;" or ord(char) < 32 for char in value)


def _spellings(path: str) -> Iterator[str]:
    """What a lenient server could normalise a decoded path to, other than the path itself."""
    again = unquote_to_bytes(path).decode("utf-8", "replace")
    for value in {path, again}:
        cut = re.split(r"[;?#\0]", value.replace("\\", "/"), maxsplit=1)[0]
        flat = "/" + posixpath.normpath(cut).strip("/. ")
        if flat != path:
            yield flat
    if path.casefold() != path:
        yield path.casefold()
