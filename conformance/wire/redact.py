"""Remove secrets from everything that is stored or shown."""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from conformance.core.exchange import Headers
from conformance.wire.decoding import views
from conformance.wire.matcher import Matcher

BY_VALUE_FROM: Final = 8  # characters; shorter secrets would turn `administration` into `$PASSWORDistration`
GUESSABLE: Final = 8  # characters that may be missing at the end of a secret
WORDS_FROM: Final = 3  # characters; from here on they are replaced as whole words. A shorter one may be any number
LONGEST_SECRET: Final = 16_384  # characters of a secret from the server; a longer one is hidden by field only
MAX_SHORT: Final = 100  # of these: a server that issues thousands of short tokens issues no secrets
SECRET_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "value", "x-api-key", "x-auth-token"}
)
SECRET_FIELDS: Final = (  # names of fields; systems put a prefix before the last ones
    r"client_secret|access_token|refresh_token|id_token|api_key|apikey|secret|(?:\w{1,40}_)?(?:password|pass)"  # noqa: S105
)
KEY_FIELDS: Final = ".*(value|secret|token|key)"  # fields that may contain an API key from the target
CACHED_LENGTH: Final = 200  # characters of a text whose redaction is cached
CACHE_SIZE: Final = 2000  # texts
HIDDEN: Final = "[redacted]"
RUN_PASSWORD: Final = "RUN_PASSWORD"  # noqa: S105 - the name of a placeholder
"""How the placeholders of passwords begin that the run gave to users which it created; a number follows."""
CUT: Final = "…"  # marks where a text was cut off
SHORTEST_PREFIX: Final = 4  # characters of a secret at the end of a text that was cut off
IN_JSON: Final = re.compile(
    rf"""(?P<name>(?P<quote>["'])(?:{SECRET_FIELDS})(?P=quote)\s*:\s*)"""
    r"""(?:"(?P<double>(?:[^"\\]|\\.)*)(?:"|\\?$)|'(?P<single>(?:[^'\\]|\\.)*)(?:'|\\?$)|(?P<number>-?\d[\d.eE+-]*))""",
    re.IGNORECASE,
)
IN_FORM: Final = re.compile(rf"((?:^|[?&])(?:{SECRET_FIELDS})=)([^&#\s\"']*)", re.IGNORECASE)
IN_XML: Final = re.compile(rf"(<(?:{SECRET_FIELDS})>)([^<]*)", re.IGNORECASE)
IN_WORDS: Final = f"{string.ascii_letters}{string.digits}_-".encode()


class Redactor:
    """Replace secrets by the names of their placeholders (`$TODO_PASSWORD`), so that a command works again.

    `public` only look like secrets: wrong credentials, sent on purpose. `words` are the suite's own, such as ids of
    operations: a report would be unreadable without them, so a secret that equals one of them is hidden by the name of
    its field only. `made_up` returns whether the run made up a value that opens nothing, such as a wrong password: it
    is shown, since a request could not be sent again without it. `own` returns whether a value may be the password of a
    user that the run created: in the field of a secret, it becomes a secret with a placeholder.
    """

    def __init__(
        self,
        secrets: Mapping[str, str],
        public: Collection[str] = (),
        words: Collection[str] = (),
        made_up: Callable[[str], bool] = lambda _: False,
        own: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._public = frozenset(map(_bytes, public))
        self._made_up = made_up
        self._own = own
        self._words = frozenset(map(_bytes, words))
        self._longest_word = max(map(len, self._words), default=0)
        self._names: dict[bytes, str] = {}
        self._beginnings = 0
        self._long = Matcher()
        self._short_ones: set[bytes] = set()
        self._short: re.Pattern[bytes] | None = None
        self._shown: dict[str, str] = {}  # redacted short texts: most headers come again and again
        self._fields: dict[tuple[str, str], str] = {}
        for name, value in secrets.items():
            self.learn(name, value)
        for name, value in secrets.items():
            self._learn_beginnings(name, value)
        self._long.build_automata()  # these are the user's, and count as older than those of a server

    def learn(self, name: str, value: str, *, rename: bool = False) -> None:
        """Treat `value` as a secret from now on, with the placeholder `name`. A known one is renamed only with
        `rename`.
        """
        self.learn_all(name, (value,))
        content = _bytes(value)
        if rename and content:
            if self._names[content] != name:
                self._names[content] = name
                self._forget_texts()
            if _length(content) >= BY_VALUE_FROM and content not in self._public:
                self._long.require(content)  # it belongs to a user of the target file

    def learn_all(self, name: str, values: Iterable[str], *, numbered: bool = False) -> None:
        """Treat `values` as secrets from now on. Those that are not known yet get the placeholder `name`, or `name` and
        a number.
        """
        new = [value for value in dict.fromkeys(map(_bytes, values)) if value and value not in self._names]
        if not new:
            return
        known = self.known
        self._names.update((value, f"{name}{known + at}" if numbered else name) for at, value in enumerate(new))
        self._forget_texts()
        secret = [value for value in new if value not in self._public]
        self._long.add(value for value in secret if _length(value) >= BY_VALUE_FROM)
        short = [value for value in secret if WORDS_FROM <= _length(value) < BY_VALUE_FROM]
        if short := short[: MAX_SHORT - len(self._short_ones)]:
            self._short_ones.update(short)
            alternatives = b"|".join(map(re.escape, sorted(self._short_ones, key=len, reverse=True)))
            self._short = re.compile(rb"(?<![\w])(?:%s)(?![\w])" % alternatives)

    def _learn_beginnings(self, name: str, secret: str) -> None:
        """Treat the beginnings of a secret of the user as secrets too, but not words of the suite."""
        known = len(self._names)
        self.learn_all(name, [start for start in beginnings(secret) if _bytes(start) not in self._words])
        self._beginnings += len(self._names) - known

    def _forget_texts(self) -> None:
        """Redact again what was redacted before."""
        self._shown.clear()
        self._fields.clear()

    @property
    def known(self) -> int:
        """The number of secrets."""
        return len(self._names) - self._beginnings

    @property
    def by_field_only(self) -> frozenset[str]:
        """The placeholders of secrets that are hidden only in fields and headers for secrets."""
        alike = (value for value in self._names if _length(value) < WORDS_FROM or value in self._words)
        return frozenset(self._names[value] for value in alike)

    @property
    def by_word_only(self) -> frozenset[str]:
        """The placeholders of secrets that are hidden elsewhere only as whole words."""
        words = (value for value in self._names if WORDS_FROM <= _length(value) < BY_VALUE_FROM)
        return frozenset(self._names[value] for value in words if value not in self._words)

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of all placeholders."""
        return frozenset(self._names.values())

    def text(self, text: str) -> str:
        """A text without secrets: those in secret fields, and known values, however they are escaped or encoded.

        Known values of at least eight characters are replaced everywhere, those of at least three as whole words. At
        the end of a text that was cut off ("…"), the beginning of a secret is replaced as well.
        """
        if len(text) > CACHED_LENGTH:
            return self._without(text)
        if text not in self._shown:
            if len(self._shown) >= CACHE_SIZE:
                self._shown.clear()
            self._shown[text] = self._without(text)
        return self._shown[text]

    def _without(self, text: str) -> str:
        low = text.casefold()
        if "key" in low or "token" in low or "secret" in low or "pass" in low:  # each field contains one of these
            text = IN_JSON.sub(self._in_json, text)
            text = IN_FORM.sub(lambda match: match[1] + self._named(match[2]), text)
            text = IN_XML.sub(lambda match: match[1] + self._named(match[2]), text)
        content = _bytes(text.removesuffix(CUT))
        spans = sorted(self._spans(content, cut=text.endswith(CUT)))
        if not spans:
            return text
        parts: list[bytes] = []
        done = 0
        for start, stop, name in _merged(spans):
            parts += [content[done:start], f"${name}".encode()]
            done = stop
        shown = b"".join([*parts, content[done:]]).decode("utf-8", "replace")
        return shown + CUT * text.endswith(CUT)

    def _in_json(self, match: re.Match[str]) -> str:
        value = next(match[kind] for kind in ("double", "single", "number") if match[kind] is not None)
        quote = "'" if match["single"] is not None else '"'
        return f"{match['name']}{quote}{self._named(value)}{quote}"

    def _spans(self, content: bytes, *, cut: bool) -> Iterator[tuple[int, int, str]]:
        """Where secrets begin and end in UTF-8 text, and the name of each."""
        for view in views(content):
            for start, stop, secret in self._long.find(view.content):
                if not self._is_suite_word(view.content, start, stop):
                    yield *view.span(start, stop), self._names[secret]
            for found in self._short.finditer(view.content) if self._short else ():
                if not self._is_suite_word(view.content, *found.span()):
                    yield *view.span(*found.span()), self._names[found[0]]
            if cut and (begun := self._long.begun(view.content, SHORTEST_PREFIX)):
                length, secret = begun
                start, stop = len(view.content) - length, len(view.content)
                yield *view.span(start, stop), self._names[secret]

    def _is_suite_word(self, content: bytes, start: int, stop: int) -> bool:
        """Whether a hit is (part of) a word of the suite."""
        before, after = content[max(0, start - self._longest_word) : start], content[stop : stop + self._longest_word]
        start -= len(before) - len(before.rstrip(IN_WORDS))
        stop += len(after) - len(after.lstrip(IN_WORDS))
        return content[start:stop] in self._words

    def headers(self, headers: Headers) -> list[list[str]]:
        """Headers without secrets; an authentication scheme stays readable."""
        return [[name, self._field(name, value)] for name, value in headers]

    def _field(self, name: str, value: str) -> str:
        if len(value) > CACHED_LENGTH:
            return self._header(name, value)
        field = name, value
        if field not in self._fields:
            if len(self._fields) >= CACHE_SIZE:
                self._fields.clear()
            self._fields[field] = self._header(name, value)
        return self._fields[field]

    def _header(self, name: str, value: str) -> str:
        if name.lower() not in SECRET_HEADERS:
            return self.text(value)
        if name.lower() == "authorization":
            scheme, _, credentials = value.partition(" ")
            if scheme.lower() == "basic" and self._is_made_up_pair(credentials):
                return value
            return f"{scheme} {self._named(credentials)}" if credentials else self._named(value)
        return self._named(value)

    def _named(self, value: str) -> str:
        """The placeholder for the value of a secret field, which may be escaped."""
        content = _bytes(value)
        if not content or content in self._public:
            return value
        name = next((self._names[view.content] for view in views(content) if view.content in self._names), None)
        if name is None and self._made_up(value):
            return value
        if name is None and self._own(value):
            self.learn_all(RUN_PASSWORD, [value], numbered=True)
            name = self._names[content]
        return f"${name}" if name else HIDDEN

    def _is_made_up_pair(self, credentials: str) -> bool:
        """Whether credentials of HTTP Basic contain no secret: a public name, and a password that the run made up."""
        try:
            name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            return False
        return _bytes(password) not in self._names and self._made_up(password) and self.text(name) == name


def beginnings(secret: str) -> list[str]:
    """The beginnings of a secret that give it away: a server may cut it off, and the rest can be guessed."""
    shortest = max(BY_VALUE_FROM, -(-len(secret) * 3 // 4), len(secret) - GUESSABLE)
    return [secret[:end] for end in range(len(secret) - 1, shortest - 1, -1)]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _length(content: bytes) -> int:
    """The number of characters."""
    return len(content) if content.isascii() else len(content.decode())


def _merged(spans: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Merge overlapping sorted spans, under the name of the longest."""
    start, stop, name = spans[0]
    longest = stop - start
    for first, last, other in spans[1:]:
        if first >= stop:
            yield start, stop, name
            start, stop, name, longest = first, last, other, last - first
            continue
        if last - first > longest:
            name, longest = other, last - first
        stop = max(stop, last)
    yield start, stop, name


def secrets_in(value: Any, fields: str = SECRET_FIELDS) -> Iterator[str]:
    """The values of secret fields of a parsed response: secrets that the target issued."""
    if isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, str) and re.fullmatch(fields, name, re.IGNORECASE):
                if len(member) <= LONGEST_SECRET:
                    yield member
            else:
                yield from secrets_in(member, fields)
    elif isinstance(value, list):
        for item in value:
            yield from secrets_in(item, fields)
