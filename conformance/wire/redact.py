"""Redaction: what stands between an exchange and everything that is stored or shown."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

from conformance.exchange import Exchange, Headers, NotJson, parse_json
from conformance.structure import json_type

BODY_LIMIT: Final = 16_384  # characters of an answer that are kept
SENT_LIMIT: Final = 1_048_576  # and of a request, which must be whole to be sent again
LOOKED_AT: Final = 4  # times as much of an answer is looked at, since redacted text is shorter
BY_VALUE_FROM: Final = 8  # shorter secrets would turn `administration` into `$PASSWORDistration`
SECRET_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "value", "x-api-key", "x-auth-token"}
)
SECRET_FIELDS: Final = "password|client_secret|access_token|refresh_token|id_token|api_key|apikey|secret"  # noqa: S105 - names of fields
KEY_FIELDS: Final = ".*(value|secret|token|key)"  # where an API key may stand that the target handed out
HIDDEN: Final = "[redacted]"
CUT: Final = "…"  # where a text was cut off
GUESSABLE: Final = 4  # characters of a secret, at the end of a text that was cut off
IN_JSON: Final = re.compile(rf'("(?:{SECRET_FIELDS})"\s*:\s*)"((?:[^"\\]|\\.)*)(?:"|\\?$)', re.IGNORECASE)
IN_FORM: Final = re.compile(rf"((?:^|[?&])(?:{SECRET_FIELDS})=)([^&#\s\"']*)", re.IGNORECASE)


class Redactor:
    """Replaces secrets by the names of their placeholders (`$PM3_PASSWORD`), so that a command works again.

    `public` are values that stand where secrets do and are none: wrong credentials, sent on purpose.
    """

    def __init__(self, secrets: Mapping[str, str], public: Collection[str] = ()) -> None:
        self._public = frozenset(public)
        self._names: dict[str, str] = {}
        self._spellings: dict[str, str] = {}
        self._searched: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for name, value in secrets.items():
            self.learn(name, value)

    def learn(self, name: str, value: str, *, rename: bool = False) -> None:
        """Treat `value` as a secret from now on, under the placeholder `name`; a known one only if told to `rename`."""
        if not value:
            return
        if rename:
            self._names[value] = name
        self._names.setdefault(value, name)
        self._spellings.update(dict.fromkeys(_spellings(value), self._names[value]))
        if len(value) >= BY_VALUE_FROM:
            self._searched.update(_spellings(value))
            longest_first = sorted(self._searched, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of all placeholders."""
        return frozenset(self._names.values())

    def text(self, text: str) -> str:
        """Any text without secrets: by field name always, by value from eight characters on.

        Of a text that was cut off (it ends in "…") also without the beginning of one.
        """
        text = IN_JSON.sub(lambda match: f'{match[1]}"{self._named(match[2])}"', text)
        text = IN_FORM.sub(lambda match: match[1] + self._named(match[2]), text)
        if self._pattern is not None:
            text = self._pattern.sub(lambda match: f"${self._spellings[match[0]]}", text)
        return self._whole(text) if text.endswith(CUT) else text

    def _whole(self, text: str) -> str:
        """A text that was cut off, without the beginning of a secret at its end."""
        body = text.removesuffix(CUT)
        for secret in sorted(self._searched, key=len, reverse=True):
            for length in range(min(len(secret), len(body)), GUESSABLE - 1, -1):
                if body.endswith(secret[:length]):
                    return f"{body[:-length]}${self._spellings[secret]}{CUT}"
        return text

    def headers(self, headers: Headers) -> list[list[str]]:
        """Header fields without secrets; an authentication scheme stays readable."""
        return [[name, self._header(name, value)] for name, value in headers]

    def _header(self, name: str, value: str) -> str:
        if name.lower() not in SECRET_HEADERS:
            return self.text(value)
        if name.lower() == "authorization":
            scheme, _, credentials = value.partition(" ")
            return f"{scheme} {self._named(credentials)}" if credentials else self._named(value)
        return self._named(value)

    def _named(self, value: str) -> str:
        if value == "" or value in self._public:
            return value
        name = self._names.get(value) or self._spellings.get(value)
        return f"${name}" if name else HIDDEN


def _spellings(secret: str) -> tuple[str, ...]:
    """The forms in which a secret can stand in a URL, a form, a JSON text, a page or a Basic header."""
    encoded = base64.b64encode(secret.encode()).decode()
    in_json = json.dumps(secret)[1:-1]
    return (
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        encoded,
        in_json,
        in_json.replace("/", "\\/"),
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1].replace("/", "\\/"),
        html.escape(secret),
    )


def stored(
    exchange: Exchange, redactor: Redactor, *, foreign: Callable[[str], bool] | None = None, whole: bool = False
) -> dict[str, Any]:
    """An exchange as it may be stored: redacted, bodies as text and capped.

    `foreign` is given for a list: items for whose text it is true show only names and types of their fields. With
    `whole` the answer shows nothing else at all.
    """
    request, response = exchange.request, exchange.response
    shown: dict[str, Any] | None = None
    if response is not None:
        body = response.body
        if (foreign is not None or whole) and response.ok:
            body = anonymous(body, None if whole else foreign)
        shown = {
            "status": response.status,
            "headers": redactor.headers(response.headers),
            "body": _shown(body, redactor),
            "truncated": response.truncated or len(body) > BODY_LIMIT,
        }
    return {
        "id": exchange.id,
        "operation": exchange.operation,
        "user": exchange.user,
        "request": {
            "method": request.method,
            "url": redactor.text(request.url),
            "headers": redactor.headers(request.headers),
            "body": _capped(redactor.text(request.body.decode("utf-8", "replace")), SENT_LIMIT),
        },
        "response": shown,
        "error": redactor.text(exchange.error),
        "seconds": round(exchange.seconds, 4),
    }


def anonymous(body: bytes, foreign: Callable[[str], bool] | None) -> bytes:
    """A list in which other people's items are reduced to names and types of their fields; without `foreign` all is.

    Nothing is shown of a body that cannot be read: nobody could tell what is in it.
    """
    try:
        document = parse_json(body)
    except NotJson as error:
        return f"({len(body)} bytes that are not JSON: {error})".encode()
    reduced = _types(document) if foreign is None else _reduced(document, foreign)
    return json.dumps(reduced, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _reduced(node: Any, foreign: Callable[[str], bool]) -> Any:
    if isinstance(node, list):
        return [_types(item) if foreign(json.dumps(item)) else _reduced(item, foreign) for item in node]
    if isinstance(node, dict):
        return {name: _reduced(member, foreign) for name, member in node.items()}
    return node


def _types(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _types(member) for name, member in node.items()}
    if isinstance(node, list):
        return [_types(item) for item in node[:1]]
    return f"<{json_type(node)}>"


def _shown(body: bytes, redactor: Redactor) -> str:
    """The first part of an answer without secrets; at the rest of a huge one nobody even looks."""
    looked_at = body[: BODY_LIMIT * LOOKED_AT].decode("utf-8", "replace")
    if len(body) <= BODY_LIMIT * LOOKED_AT:
        return _capped(redactor.text(looked_at), BODY_LIMIT)
    return redactor.text(looked_at + CUT)[:BODY_LIMIT] + f"… (of {len(body)} bytes)"


def _capped(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return text[:limit] + f"… ({len(text) - limit} more characters)"


def secrets_in(value: Any, fields: str = SECRET_FIELDS) -> Iterator[str]:
    """The values of secret fields of a parsed answer: what opens something and was handed out by the target."""
    if isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, str) and re.fullmatch(fields, name, re.IGNORECASE):
                yield member
            else:
                yield from secrets_in(member, fields)
    elif isinstance(value, list):
        for item in value:
            yield from secrets_in(item, fields)
