"""HAR: the exchanges of a run in the format that browsers and proxies read (HTTP Archive 1.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from conformance.core.exchange import header

if TYPE_CHECKING:
    from conformance.report.exchanges import CitedExchange
    from conformance.report.run_record import RunRecord

VERSION: Final = "1.2"
UNKNOWN: Final = -1  # the format's value for an unknown size or time


def document(record: RunRecord, exchanges: Iterable[CitedExchange]) -> dict[str, Any]:
    """The archive of some stored exchanges of a run: without secrets, and bodies may be truncated.

    The time of an exchange is not stored: each entry has the start of the run.
    """
    return {
        "log": {
            "version": VERSION,
            "creator": {"name": "conformance", "version": record.suite.version},
            "entries": [_entry(exchange, record.started) for exchange in exchanges],
        }
    }


def _entry(cited: CitedExchange, started: str) -> dict[str, Any]:
    milliseconds = round(cited.seconds * 1000, 3)
    return {
        "startedDateTime": started,
        "time": milliseconds,
        "request": _request(cited),
        "response": _response(cited),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": " ".join(filter(None, (cited.id, cited.operation, cited.user and f"as {cited.user}"))),
    }


def _request(cited: CitedExchange) -> dict[str, Any]:
    sent = cited.request
    query = parse_qsl(urlsplit(sent.url).query, keep_blank_values=True)
    details: dict[str, Any] = {
        "method": sent.method,
        "url": sent.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(sent.headers),
        "queryString": _pairs(query),
        "headersSize": UNKNOWN,
        "bodySize": len(sent.body.encode()),
    }
    if sent.body:
        details["postData"] = {"mimeType": header(tuple(sent.headers), "content-type") or "", "text": sent.body}
    return details


def _response(cited: CitedExchange) -> dict[str, Any]:
    """The response; without one, status 0 and the error, as in browsers."""
    got = cited.response
    headers = got.headers if got else []
    body = got.body if got else ""
    return {
        "status": got.status if got else 0,
        "statusText": "" if got else cited.error or "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers),
        "content": {
            "size": len(body.encode()),
            "mimeType": header(tuple(headers), "content-type") or "",
            "text": body,
            **({"comment": "cut off"} if got and got.truncated else {}),
        },
        "redirectURL": "",
        "headersSize": UNKNOWN,
        "bodySize": UNKNOWN,
    }


def _pairs(given: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in given]
