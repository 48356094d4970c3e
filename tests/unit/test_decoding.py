"""Another spelling of a secret does not get past the redactor."""

from __future__ import annotations

import base64
import binascii
import html
import json
import random
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.decoding import encodings, runs, shortest_encoding, views
from conformance.wire.matcher import MANY, Matcher
from conformance.wire.redact import CUT, Redactor

SECRET: Final = "s3cr/t+&'pässwörd\""


def percent(text: str, digits: str = "{:02x}") -> str:
    return "".join(f"%{digits.format(byte)}" for byte in text.encode())


def unicode(text: str) -> str:
    return "".join(f"\\u{ord(char):04X}" for char in text)


def numeric(text: str) -> str:
    return "".join(f"&#{ord(char):03d};" for char in text)


def in_base64(text: str, before: str = "", after: str = "") -> str:
    return base64.b64encode((before + text + after).encode()).decode()


ESCAPES: Final[dict[str, Callable[[str], str]]] = {
    "as it is": str,
    "in a URL": lambda text: quote(text, safe=""),
    "in a URL, lower-case": lambda text: quote(text, safe="").lower() if text == text.lower() else quote(text),
    "in a form": quote_plus,
    "every byte in percent": percent,
    "every byte in upper-case percent": lambda text: percent(text, "{:02X}"),
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in JSON with escaped slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "every character as \\u": unicode,
    "& as \\u0026": lambda text: text.replace("&", "\\u0026"),
    "in HTML": html.escape,
    "' as &#039;": lambda text: text.replace("'", "&#039;"),
    "every character as a number": numeric,
    "bytes as \\x": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
}
ENCODINGS: Final[dict[str, Callable[[str], str]]] = {
    "Base64": in_base64,
    "Base64 without padding": lambda text: in_base64(text).rstrip("="),
    "Base64 behind one byte": lambda text: in_base64(text, "x"),
    "Base64 behind two bytes, before others": lambda text: in_base64(text, "xy", " and more"),
    "URL-safe Base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "Base64 behind a letter": lambda text: "Z" + in_base64(text),
    "hexadecimal": lambda text: text.encode().hex(),
    "upper-case hexadecimal": lambda text: text.encode().hex().upper(),
    "hexadecimal behind a digit": lambda text: "0" + text.encode().hex(),
}
EVERY: Final = ESCAPES | ENCODINGS


@pytest.mark.parametrize("spelling", EVERY)
def test_a_secret_is_redacted_in_every_spelling(spelling: str) -> None:
    shown = Redactor({"TOKEN": SECRET}).text(f"echo <{EVERY[spelling](SECRET)}> end")
    assert "$TOKEN" in shown
    assert shown.startswith("echo <")
    assert shown.endswith("> end")
    assert len(shown) < len("echo <$TOKEN> end") + 20


@pytest.mark.parametrize("outer", ESCAPES)
@pytest.mark.parametrize("inner", EVERY)
def test_a_secret_is_redacted_in_two_spellings_at_once(inner: str, outer: str) -> None:
    shown = Redactor({"TOKEN": SECRET}).text(f"<{ESCAPES[outer](EVERY[inner](SECRET))}>")
    assert "$TOKEN" in shown


@pytest.mark.parametrize("inner", ESCAPES)
def test_an_escaped_secret_is_redacted_within_text_in_base64(inner: str) -> None:
    shown = Redactor({"TOKEN": SECRET}).text(in_base64(f'{{"note": "{ESCAPES[inner](SECRET)}"}}'))
    assert "$TOKEN" in shown


@pytest.mark.parametrize("spelling", [*ESCAPES])
def test_the_beginning_of_an_escaped_secret_is_redacted_where_a_text_is_cut_off(spelling: str) -> None:
    escaped = ESCAPES[spelling](SECRET)
    shown = Redactor({"TOKEN": SECRET}).text(f"<{escaped[: len(escaped) * 3 // 4]}{CUT}")
    assert shown.startswith("<$TOKEN")


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ('pa"ss&#12word9', json.dumps({"x": 'pa"ss&#12word9'})),
        ("pa/ss%u0041word9", r'{"x":"pa\/ss%u0041word9"}'),
        ("pass\\101word9", json.dumps({"x": "pass\\101word9"})),
        ("pass\u2013word\u20ac99", "pass&#150;word&#x80;99"),
        ("passAbird99", "pass%26#65bird99 and more"),
    ],
)
def test_what_only_some_readers_decode_is_read_in_both_ways(secret: str, text: str) -> None:
    shown = Redactor({"TOKEN": secret}).text(text)
    assert "$TOKEN" in shown
    assert secret not in shown


@pytest.mark.parametrize("issued_before", [True, False])
def test_token_of_a_user_is_hidden_however_many_secrets_end_like_it(issued_before: bool) -> None:
    redactor = Redactor({})
    token = "q" * 60 + "XYZAB"
    for number in range(20):
        redactor.learn(f"TOKEN_{number}", "x" * (10 + number) + "XYZAB")
    if issued_before:
        redactor.learn("TOKEN_20", token)
        redactor.text(f"<{token}>")
    redactor.learn("ACCESS_TOKEN", token, rename=True)
    assert redactor.text(f"<{token}>") == "<$ACCESS_TOKEN>"


def test_text_without_secrets_is_unchanged() -> None:
    text = 'a%zz &nope; \\q %41+%42 {"a\\u0041": "aGVsbG8gd29ybGQsIGhlbGxv"} 0123456789abcdef0123456789abcdef'
    assert Redactor({"TOKEN": SECRET}).text(text) == text


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=8, max_size=40), st.randoms(use_true_random=False), st.text(max_size=20), st.text(max_size=20))
def test_no_view_of_a_redacted_text_shows_a_secret(secret: str, chance: random.Random, before: str, after: str) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    written = EVERY[chance.choice([*EVERY])](secret)
    shown = Redactor({"T": secret}).text(f"{before}{written}{after}".encode("utf-8", "replace").decode())
    matcher = Matcher()
    matcher.add((secret.encode(),))
    if secret not in ("$T" * len(secret)):
        assert not [found for view in views(shown.encode()) for found in matcher.find(view.content)]


@pytest.mark.parametrize("number", [1, 50, 199, 200, 1000])
def test_each_of_many_secrets_is_found_whenever_it_was_added(number: int) -> None:
    matcher = Matcher()
    secrets = [f"eyJhbGciOiJIUzI1NiJ9.{index:08d}" for index in range(number)]
    for secret in secrets:
        matcher.add((secret.encode(),))
        assert [data for _, _, data in matcher.find(f"<{secret}>".encode())] == [secret.encode()]
    text = " ".join(secrets).encode()
    assert {data.decode() for _, _, data in matcher.find(text)} == set(secrets)
    assert not list(matcher.find(b"eyJhbGciOiJIUzI1NiJ9.99999999"))


@given(st.text(alphabet='aZ09+/-_ ="é', max_size=90).map(str.encode))
def test_the_digits_of_an_encoding_are_found_as_an_expression_finds_them(content: bytes) -> None:
    found = [match.span() for match in re.finditer(rb"[A-Za-z0-9+/_-]{20,}", content)]
    assert list(runs(content, 20)) == found


@given(st.text(alphabet="%\\\\&u0d8cDE;x4#amp+ é", max_size=40).map(str.encode))
def test_a_text_is_read_the_same_way_whatever_is_before_it(content: bytes) -> None:
    read = [view.content for view in views(content)]
    assert [view.content for view in views(b"\xc3\xa9. " + content)] == [b"\xc3\xa9. " + data for data in read]


@pytest.mark.parametrize("length", range(8, 80))
def test_no_encoding_of_a_secret_is_shorter_than_the_shortest(length: int) -> None:
    patterns = [pattern for pattern, _, _ in encodings(b"x" * length)]
    assert min(map(len, patterns)) == shortest_encoding(length)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("looked_for", [True, False])
def test_a_secret_that_ends_like_an_encoding_of_another_is_found_everywhere(together: bool, looked_for: bool) -> None:
    encoded = base64.b64encode(b"the first of the secrets")
    plain = b"!!!!" + encoded[-5:]
    matcher = Matcher()
    matcher.add((b"the first of the secrets", plain) if together else (b"the first of the secrets",))
    if looked_for:
        assert [data for _, _, data in matcher.find(b"<" + encoded + b">")] == [b"the first of the secrets"]
    matcher.add(() if together else (plain,))
    assert [data for _, _, data in matcher.find(b"<" + plain + b">")] == [plain]
    assert [data for _, _, data in matcher.find(b"<" + encoded + b">")] == [b"the first of the secrets"]


@pytest.mark.parametrize("digits", [0, 10, MANY - 1, MANY, 3 * MANY])
def test_an_encoding_is_found_however_many_digits_were_looked_up_before(digits: int) -> None:
    matcher = Matcher()
    for number in range(50):
        matcher.add([b"the %02d secret of it" % number])
        assert not list(matcher.find(b"Z" * (digits // 50)))
    for number in range(50):
        for encode in (base64.b64encode, binascii.hexlify, lambda secret: base64.b64encode(b"ab" + secret + b"c")):
            found = matcher.find(b"<" + encode(b"the %02d secret of it" % number) + b">")
            assert b"the %02d secret of it" % number in {data for _, _, data in found}
