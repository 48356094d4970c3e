"""Exchange: what came back is read as a careful client reads it."""

from __future__ import annotations

import pytest

from conformance.core.exchange import (
    NO_RESPONSE,
    Exchange,
    NotJson,
    Request,
    Response,
    header,
    parse_json,
)


def test_a_header_is_found_in_any_case_and_the_first_one_wins() -> None:
    headers = (("Content-Type", "a"), ("content-type", "b"), ("X", ""))
    assert header(headers, "CONTENT-TYPE") == "a"
    assert header(headers, "x") == ""
    assert header(headers, "y") is None


@pytest.mark.parametrize(
    ("value", "media"),
    [
        ("application/json", "application/json"),
        (" Application/JSON ; charset=UTF-8", "application/json"),
        ("xml", "xml"),
        ("", ""),
    ],
)
def test_a_media_type_is_without_parameters_and_in_lower_case(value: str, media: str) -> None:
    assert Response(200, (("content-type", value),)).media_type == media
    assert Response(200).media_type == ""


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' [1, 2.5, true, null, "x"] ', [1, 2.5, True, None, "x"]),
        (b"\xef\xbb\xbf{}", {}),
        ('"ñ😄"'.encode(), "ñ😄"),
        (b'"\\ud83d\\ude04"', "😄"),
        (b"10000000000000000000000000", 10**25),
        (b"1e3", 1000.0),
    ],
)
def test_json_is_parsed(body: bytes, value: object) -> None:
    assert parse_json(body) == value


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "Expecting value"),
        (b"<html>", "Expecting value"),
        (b"{} {}", "Extra data"),
        (b"{'a': 1}", "property name"),
        (b'{"a": 1,}', "property name|trailing comma"),
        (b"NaN", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"[1e999]", "too large"),
        (b"1" * 5000, "digits"),
        (b'"\xff"', "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_error_says_why_a_body_is_not_json(body: bytes, why: str) -> None:
    with pytest.raises(NotJson, match=why):
        parse_json(body)


@pytest.mark.parametrize("body", [b'"\\ud800"', b'"\\uDFFF x"', b'{"\\ud800": "\\udc00\\ud83d\\ude04"}'])
def test_lone_surrogate_can_be_written_to_a_file(body: bytes) -> None:
    assert "?" in str(parse_json(body))
    assert str(parse_json(body)).encode()


def test_truncated_body_is_not_parsed() -> None:
    with pytest.raises(NotJson, match="cut off"):
        _ = Response(200, body=b"{}", truncated=True).json


@pytest.mark.parametrize(
    ("status", "ok", "refused"),
    [(199, False, False), (200, True, False), (299, True, False), (302, False, False), (400, False, True),
     (499, False, True), (500, False, False), (0, False, False)],
)  # fmt: skip
def test_a_status_is_accepted_refused_or_neither(status: int, ok: bool, refused: bool) -> None:
    response = Response(status)
    assert (response.ok, response.refused) == (ok, refused)


def test_without_a_response_the_response_is_neither_accepted_nor_refused() -> None:
    exchange = Exchange("e", "op", Request("GET", "http://t/"), NO_RESPONSE, error="reset")
    assert exchange.response is NO_RESPONSE
    assert not exchange.response.ok
    assert not exchange.response.refused
    with pytest.raises(NotJson):
        _ = exchange.response.json
