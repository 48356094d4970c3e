"""Client: builds requests by operation id and sends them through the one door."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Protocol
from urllib.parse import quote

import httpx

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
from conformance.target.accommodation import dressed
from conformance.target.placeholders import Unresolved, depends, resolved
from conformance.wire.deadline import NoAnswer
from conformance.wire.evidence import Evidence
from conformance.wire.guard import RequestRefused
from conformance.wire.ledger import Entry
from conformance.wire.limits import Withheld

MAIN: Final = ""
NOBODY: Final = "nobody"
WRONG: Final = "wrong credentials"

FIELD_VALUE: Final = re.compile(rb"[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?")
"""The value of a header field as it may go over the wire (RFC 9110, section 5.5)."""


class Credentials(Protocol):
    """Who says how a user shows that it is one: the header fields to send."""

    def headers(self, user: str) -> dict[str, str]:
        """Header fields for a user: the main one, NOBODY (none), WRONG, or a name of the target file."""
        ...

    def renewable(self, user: str) -> bool:
        """Whether a user can show something else than before."""
        ...

    def revert(self, user: str) -> bool:
        """Go back to the first token of a user. Returns whether that is another one."""
        ...

    def renew(self, user: str) -> None:
        """Forget what the target no longer takes."""
        ...

    def given(self, user: str) -> str:
        """The key of the target file whose value a user shows and that nothing renews; empty where there is none."""
        ...

    def stale(self, user: str) -> bool:
        """Whether what was last sent for a user has been replaced meanwhile."""
        ...

    def hold(self, content: Mapping[str, Any]) -> None:
        """Get ready for a test that logs in with this content, which may end what its user has."""
        ...

    def release(self) -> None:
        """That test has ended."""
        ...


class Client:
    """Sends the operations of one system to one target.

    `urls` maps the spec's server keys to URLs; `constants` gives path parameters that are the same everywhere, and
    `elsewhere` the whole URLs of operations that are not below their server's.
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
        self.entry: Entry | None = None
        self._http = http
        self._urls = urls
        self._constants = constants
        self._worker = worker
        self._elsewhere = elsewhere or {}

    def send(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        template: str | None = None,
        headers: Mapping[str, str] | None = None,
        user: str = "",
        **content: Any,
    ) -> Exchange:
        """Send one request and return the exchange, also when no answer came.

        `path` holds the path parameters; `template` replaces the documented path (a control path, another reading);
        `content` is what httpx takes: params, json, data, files, content. The guard raises RequestRefused and Withheld.
        """
        values = {**self._constants, **(path or {})}
        quoted = {name: quote(str(value), safe="") for name, value in values.items()}
        url = self._urls.get(operation.server, "") + (template or operation.path).format_map(quoted)
        if template is None and operation.id in self._elsewhere:
            url = self._elsewhere[operation.id]
        if depends(operation.form):
            operation = replace(operation, form=self._resolved(operation, path or {}, headers or {}, user, content))
        self.sent += 1
        identifier = f"{self._worker}-{self.specification.system}-{self.sent:05d}"
        self.entry = None
        started = time.perf_counter()
        response = NO_RESPONSE
        error = ""
        sent = Request(operation.method, url)
        try:
            request = self._built(operation, url, headers or {}, content)
            sent = Request(request.method, str(request.url), tuple(request.headers.multi_items()), request.read())
            answer = self._http.send(request)
        except NoAnswer as failure:
            error = str(failure)
        except (RequestRefused, Withheld):
            self.sent -= 1
            raise
        else:
            self.entry = answer.extensions.get("entry")
            response = Response(
                answer.status_code,
                tuple(answer.headers.multi_items()),
                answer.content,
                truncated=answer.extensions.get("truncated", False),
                left_out=answer.extensions.get("left_out", 0),
            )
        exchange = Exchange(identifier, operation.id, sent, response, time.perf_counter() - started, error, user=user)
        self.evidence.keep(exchange)
        return exchange

    def _resolved(
        self,
        operation: Operation,
        path: Mapping[str, str],
        headers: Mapping[str, str],
        user: str,
        content: Mapping[str, Any],
    ) -> Form:
        """The form of an accommodated call with the values that depend on it.

        Raises:
            Withheld: the call, or what was read for it, has no such value.
        """
        body = content.get("json") or content.get("data") or {}
        given = {"path": {**self._constants, **path}, "query": content.get("params") or {}, "body": body}

        def lookup(kind: str, name: str) -> Any:
            if kind != "read":
                return _member(given[kind], name, f"{{{kind}.{name}}}")
            read, _, member = name.partition(".")
            reading = self.specification.operations[read]
            known = {one: path[one] for one in reading.path_parameters if one in path}
            exchange = self.send(reading, path=known, headers=headers, user=user)
            if not exchange.response.ok:
                return ""  # the call itself shows what is wrong
            try:
                return _member(exchange.response.json, member, f"{{read.{name}}}")
            except NotJson:
                raise Unresolved(f"{{read.{name}}}: {read} is answered without JSON") from None

        try:
            form = resolved(operation.form, lookup)
        except Unresolved as error:
            told = f"accommodation of {operation.id}: {error}. Correct it in the target file."
            raise Withheld(Reason.UNDOCUMENTED_REQUEST, told) from None
        for name, value in form.headers.items():
            if not value.isascii() or not value.isprintable():
                told = f"accommodation of {operation.id}: the header {name} would have a value that no header can hold"
                raise Withheld(Reason.UNDOCUMENTED_REQUEST, told)
        return form

    def _built(
        self, operation: Operation, url: str, headers: Mapping[str, str], content: Mapping[str, Any]
    ) -> httpx.Request:
        """The request, ready to be sent. Raises NoAnswer when what the server gave for it cannot be sent."""
        try:
            fields = httpx.Headers({"accept": "*/*", **operation.form.headers})
            fields.update(headers)
            request = self._http.build_request(operation.method, url, headers=fields, **dressed(operation, content))
        except (UnicodeError, httpx.InvalidURL) as error:  # a token beyond ASCII, an endless identifier
            raise NoAnswer(f"the request cannot be sent: {type(error).__name__}: {error}", sent=False) from None
        for name, value in request.headers.raw:
            if value and not FIELD_VALUE.fullmatch(value):
                told = (
                    f"the request cannot be sent: the header {name.decode()} would have a value that no header can hold"
                )
                raise NoAnswer(told, sent=False)
        return request


def _member(document: Any, name: str, placeholder: str) -> Any:
    """A single value in a document by its dotted name. Raises Unresolved."""
    value = next(at(document, "/" + name.replace(".", "/")), None)
    if value is None or isinstance(value, dict | list):
        raise Unresolved(f"{placeholder}: there is no such single value")
    return value
