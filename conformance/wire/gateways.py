"""Recognise responses that come from something in front of the API, or are about the account.

Pure functions of responses. What they recognise is never the result of an operation, so no check may treat it as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urljoin, urlsplit

from conformance.core.exchange import (
    Exchange,
    NotJson,
    Response,
    header,
)
from conformance.core.json_walk import strings
from conformance.spec.operation import Operation

UNAUTHORIZED: Final = (401, 403)
BUSY: Final = (429, 503)
GATEWAY_STATUSES: Final = frozenset({408, 425, 429, 502, 503, 504, 511, *range(520, 600)})
"""Statuses of gateways: the server is unreachable or busy. No standard defines 520 and above."""
REDIRECT: Final = "redirect"
PAGE: Final = "page"
SIZES: Final = (413, 414, 431)
PAYMENT_REQUIRED: Final = 402
PAGES: Final = ("text/html", "application/xhtml+xml")
# characters of an error text that are searched: a longer text is a page, which may contain any word
MAX_ERROR_TEXT: Final = 2000
OPENING: Final = re.compile(rb"\s*(<!doctype html|<html)\b", re.IGNORECASE)

_EXCEEDED: Final = (
    r"(exceed|reach|exhaust|used up|expire|over your|over the|full|invalid|missing|no valid|insufficient)"
)
LIMITS: Final = re.compile(
    rf"\bquota\b.{{0,60}}{_EXCEEDED}|{_EXCEEDED}.{{0,60}}\bquota\b"
    rf"|\blicen[cs]e\b.{{0,60}}{_EXCEEDED}|{_EXCEEDED}.{{0,60}}\blicen[cs]e\b"
    r"|\blicen[cs]e\b.{0,60}\b(required|does not|not (permit|allow|cover|include))"
    r"|\b(requires?|needs?)\b.{0,30}\blicen[cs]e\b|\b(un|not )licen[cs]ed\b"
    r"|\b(account|user|login)\b.{0,40}\block(ed|out)\b|\block(ed)? ?out\b"
    r"|\btemporarily (blocked|disabled|suspended)\b|\baccount\b.{0,40}\bsuspended\b"
    r"|\b(blocked|disabled|suspended)\b.{0,60}\b(attempts|failed logins?)\b"
    r"|\btoo many\b.{0,30}\b(attempts|logins|requests|sessions)\b|\brate limit"
    r"|\b(plan|subscription|trial)\b.{0,40}(limit|exceed|expire|ended|upgrade)"
    r"|\b(storage|usage|monthly|daily|request|execution)s? limit\b"
    r"|\breached\b.{0,20}\b(maximum|limit)\b.{0,40}\b(account|plan|tenant|workspace|processes|projects|requests|users)\b",
    re.IGNORECASE | re.DOTALL,
)
"""Messages about an account that is locked or has reached a limit."""
EXISTS: Final = re.compile(
    r"\balready (exists?|in use|used|taken|registered|being used)\b|\bexists already\b"
    r"|\bduplicate (entry|key|name|title)\b|\bmust be unique\b|\b(is|has) (been )?taken\b|\bis not unique\b",
    re.IGNORECASE,
)
"""Messages about a name that is taken."""


def is_gateway_error(exchange: Exchange) -> bool:
    """Whether a gateway responded that the server is unreachable or busy."""
    return exchange.response.status in GATEWAY_STATUSES


def is_redirect(operation: Operation, exchange: Exchange) -> bool:
    """Whether a response is a redirect with a status that is not documented for the operation."""
    status = exchange.response.status
    return 300 <= status < 400 and status != 304 and not documents_redirect(operation, status)


def documents_redirect(operation: Operation, status: int) -> bool:
    """Whether a redirect status is documented for an operation."""
    return any(response.status[0] == "3" and response.matches(status) for response in operation.responses)


def redirects(exchange: Exchange) -> bool:
    """Whether a response is a redirect, documented or not."""
    return 300 <= exchange.response.status < 400


def target_of(exchange: Exchange) -> str:
    """The target of a redirect: an absolute URL without user, query and fragment, which may contain secrets; or
    empty.
    """
    location = header(exchange.response.headers, "location")
    if not location:
        return ""
    try:
        parts = urlsplit(urljoin(exchange.request.url, location.strip()))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"


def place_of(exchange: Exchange) -> tuple[str, str]:
    """The scheme and host of the target of a redirect."""
    parts = urlsplit(target_of(exchange))
    return parts.scheme, parts.netloc


def leads_away(exchange: Exchange) -> bool:
    """Whether a redirect leads to another scheme, host or port than the request's."""
    asked = urlsplit(exchange.request.url)
    return redirects(exchange) and place_of(exchange) not in ((asked.scheme, asked.netloc), ("", ""))


def describe_redirect(exchange: Exchange, key: str) -> str:
    """Where a redirect leads, and what to do about it; `key` is the one of the target file that led to it."""
    target = target_of(exchange)
    asked = urlsplit(exchange.request.url)
    if not target:
        return f"redirects without saying where (status {exchange.response.status}). Is {key} right?"
    parts = urlsplit(target)
    if leads_away(exchange) and parts.path.rstrip("/").endswith(asked.path.rstrip("/")):
        base = target.rstrip("/").removesuffix(asked.path.rstrip("/"))
        return f"redirects to {base}: write that as {key} in the target file."
    message = f"redirects to {target} (status {exchange.response.status})"
    return f"{message}. If that is a login page, set {key} to a URL of the API that needs none."


def is_page(exchange: Exchange) -> bool:
    """Whether an accepted response is an HTML page."""
    response = exchange.response
    return response.ok and (response.media_type in PAGES or bool(OPENING.match(response.body[:200])))


def is_error_page(exchange: Exchange) -> bool:
    """Whether a refusal or an error is an HTML page, as from gateways, firewalls, and some servers."""
    response = exchange.response
    return response.status >= 400 and (response.media_type in PAGES or bool(OPENING.match(response.body[:200])))


def may_be_page(operation: Operation) -> bool:
    """Whether HTML is documented for an accepted response of an operation."""
    return any(kind in PAGES for response in operation.responses for kind in response.media_types)


def is_outside(operation: Operation, exchange: Exchange) -> bool:
    """Whether a response may come from a login page in front of the API: an undocumented redirect, or a page."""
    return is_redirect(operation, exchange) or (is_page(exchange) and not may_be_page(operation))


def kind_of(exchange: Exchange) -> str:
    """What responded in place of the API, as counted in the run record; empty if it may be the API."""
    if exchange.response.status in GATEWAY_STATUSES:
        return str(exchange.response.status)
    if redirects(exchange):
        return REDIRECT
    return PAGE if is_page(exchange) else ""


def is_about_limits(operation: Operation, exchange: Exchange) -> bool:
    """Whether a refusal or an error is about a limit: a lockout, a quota, a licence, an undocumented size."""
    response = exchange.response
    if response.status < 400:
        return False
    if response.status in SIZES and not any(item.matches(response.status) for item in operation.responses):
        return True
    return response.status == PAYMENT_REQUIRED or bool(LIMITS.search(" ".join(texts(response))))


def says_name_taken(exchange: Exchange) -> bool:
    """Whether a refusal says that something with the name exists already."""
    return exchange.response.refused and bool(EXISTS.search(" ".join(texts(exchange.response))))


def texts(response: Response) -> Iterable[str]:
    """The texts of a JSON body, or a short body as it is; none of a page."""
    try:
        found = list(strings(response.json))
    except NotJson:
        body = response.body.decode("utf-8", "replace")
        return [body] if len(body) <= MAX_ERROR_TEXT and not OPENING.match(response.body[:200]) else []
    return [text for text in found if len(text) <= MAX_ERROR_TEXT]
