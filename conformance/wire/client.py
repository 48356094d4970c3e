"""Build requests by operation id and send them through the transport."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Protocol
from urllib.parse import quote

import httpx

from conformance.core.entry import Entry
from conformance.core.exchange import (
    NO_RESPONSE,
    Exchange,
    NotJson,
    Request,
    Response,
)
from conformance.core.verdict import Reason
from conformance.spec.operation import Form
from conformance.spec.specification import Operation, Specification
from conformance.spec.touched_ids import at
from conformance.target.accommodation import apply_accommodation
from conformance.target.placeholders import Unresolved, depends, resolved
from conformance.wire.call import Call
from conformance.wire.deadline import NoResponse
from conformance.wire.evidence import Evidence
from conformance.wire.guard import RequestRefused
from conformance.wire.limits import Withheld

FIELD_VALUE: Final = re.compile(rb"[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?")
"""The valid value of a header (RFC 9110, section 5.5)."""


class Credentials(Protocol):
    """The authentication of users: the headers to send."""

    def headers(self, user: str) -> dict[str, str]:
        """The headers of a user: the main one, NOBODY (none), WRONG, ALTERED, or a name of the target file."""
        ...

    def renewable(self, user: str) -> bool:
        """Whether a user can get new credentials."""
        ...

    def revert(self, user: str) -> bool:
        """Return to the first token of a user. Returns whether it is another one."""
        ...

    def renew(self, user: str) -> None:
        """Discard credentials that the target no longer accepts."""
        ...

    def given(self, user: str) -> str:
        """The key of the target file whose value authenticates a user and is never renewed; empty if there is none."""
        ...

    def stale(self, user: str) -> bool:
        """Whether the credentials last sent for a user have been replaced since."""
        ...

    def hold(self, content: Mapping[str, Any]) -> None:
        """Prepare for a test that logs in with this content, which may end the session of its user."""
        ...

    def release(self) -> None:
        """End the preparation: that test has ended."""
        ...


class Client:
    """Send the operations of one system to one target.

    `urls` maps the spec's server keys to URLs. `constants` are path parameters with the same value everywhere.
    `elsewhere` maps operations that are not below their server's URL to their complete URLs.
    """

    def __init__(
        self,
        specification: Specification,
        http: httpx.Client,
        urls: Mapping[str, str],
        evidence: Evidence,
        *,
        constants: Mapping[str, str],
        worker: str,
        elsewhere: Mapping[str, str] | None = None,
    ) -> None:
        self.specification = specification
        self.evidence = evidence
        self.sent = 0
        self._http = http
        self._urls = urls
        self._constants = constants
        self._worker = worker
        self._elsewhere = elsewhere or {}

    def hide(self, kind: str, identifier: str) -> None:
        """Store an identifier of somebody's resource as a placeholder from now on."""
        self.evidence.hide(kind, identifier)

    def send(self, call: Call) -> Exchange:
        """Send one request and return the exchange, even if there was no response.

        Raises RequestRefused and Withheld, as the guard does.
        """
        operation = call.operation
        values = {**self._constants, **call.path}
        quoted = {name: quote(str(value), safe="") for name, value in values.items()}
        url = self._urls.get(operation.server, "") + (call.template or operation.path).format_map(quoted)
        if call.template is None and operation.id in self._elsewhere:
            url = self._elsewhere[operation.id]
        if depends(operation.form):
            operation = replace(operation, form=self._resolve_form(call))
        self.sent += 1
        identifier = f"{self._worker}-{self.specification.system}-{self.sent:05d}"
        started = time.perf_counter()
        response = NO_RESPONSE
        error = ""
        entry: Entry | None = None
        sent = Request(operation.method, url)
        try:
            request = self._build(operation, url, call)
            sent = Request(request.method, str(request.url), tuple(request.headers.multi_items()), request.read())
            received = self._http.send(request)
        except NoResponse as failure:
            error = str(failure)
        except (RequestRefused, Withheld):
            self.sent -= 1
            raise
        else:
            entry = received.extensions.get("entry")
            response = Response(
                received.status_code,
                tuple(received.headers.multi_items()),
                received.content,
                truncated=received.extensions.get("truncated", False),
                left_out=received.extensions.get("left_out", 0),
            )
        seconds = time.perf_counter() - started
        exchange = Exchange(identifier, operation.id, sent, response, seconds, error, user=call.user, entry=entry)
        self.evidence.keep(exchange)
        return exchange

    def _resolve_form(self, call: Call) -> Form:
        """The form of an accommodated call, with the values that depend on the call.

        Raises:
            Withheld: the call, or what was read for it, has no such value.
        """
        operation = call.operation
        body = call.json or call.content.get("data") or {}
        sources = {"path": {**self._constants, **call.path}, "query": call.content.get("params") or {}, "body": body}

        def lookup(kind: str, name: str) -> Any:
            if kind != "read":
                return _member(sources[kind], name, f"{{{kind}.{name}}}")
            read, _, member = name.partition(".")
            reading = self.specification.operations[read]
            known = {parameter: call.path[parameter] for parameter in reading.path_parameters if parameter in call.path}
            exchange = self.send(Call(reading, call.user, path=known, headers=call.headers))
            if not exchange.response.ok:
                return ""  # the call itself shows what is wrong
            try:
                return _member(exchange.response.json, member, f"{{read.{name}}}")
            except NotJson:
                raise Unresolved(f"{{read.{name}}}: the response to {read} is not JSON") from None

        try:
            form = resolved(operation.form, lookup)
        except Unresolved as error:
            message = f"accommodation of {operation.id}: {error}. Correct it in the target file."
            raise Withheld(Reason.UNDOCUMENTED_REQUEST, message) from None
        for name, value in form.headers.items():
            if not value.isascii() or not value.isprintable():
                message = f"accommodation of {operation.id}: a header cannot contain the value of {name}"
                raise Withheld(Reason.UNDOCUMENTED_REQUEST, message)
        return form

    def _build(self, operation: Operation, url: str, call: Call) -> httpx.Request:
        """Build the request. Raises NoResponse if a value from the server cannot be sent."""
        try:
            fields = httpx.Headers({"accept": "*/*", **operation.form.headers})
            fields.update(call.headers)
            request = self._http.build_request(
                operation.method, url, headers=fields, **apply_accommodation(operation, call.content)
            )
        except (UnicodeError, httpx.InvalidURL) as error:  # a non-ASCII token, an endless identifier
            raise NoResponse(f"the request cannot be sent: {type(error).__name__}: {error}", sent=False) from None
        for name, value in request.headers.raw:
            if value and not FIELD_VALUE.fullmatch(value):
                message = f"the request cannot be sent: a header cannot contain the value of {name.decode()}"
                raise NoResponse(message, sent=False)
        return request


def _member(document: Any, name: str, placeholder: str) -> Any:
    """A scalar of a document by its dotted name. Raises Unresolved."""
    value = next(at(document, "/" + name.replace(".", "/")), None)
    if value is None or isinstance(value, dict | list):
        raise Unresolved(f"{placeholder}: the request has no single value for this")
    return value
