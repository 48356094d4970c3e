"""The misbehaviours: each is one named way in which a server goes wrong."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Final

from .server import CHUNK, MISBEHAVIOURS, Asked, Call, Misbehaviour, answer, created, fine, head, misbehaviour, reworded

# -- the connection ---------------------------------------------------------------------------------------------------


MISBEHAVIOURS["fine"] = fine


@misbehaviour
def closes_at_once(call: Call) -> None:
    raise AssertionError("the connection is closed before anything is read")


@misbehaviour
def says_nothing(call: Call) -> None:
    call.wait()


@misbehaviour
def empty_reply(call: Call) -> None:
    pass


@misbehaviour
def slow_headers(call: Call) -> None:
    call.say(b"HTTP/1.1 201 Created\r\n", *(f"X-{n}: 1\r\n".encode() for n in range(100)), every=0.1)


@misbehaviour
def dripping_body(call: Call) -> None:
    call.say(head(201, ("Content-Type", "application/json"), ("Content-Length", "1000")))
    call.say(*([b"1"] * 200), every=0.1)


@misbehaviour
def resets_in_the_middle(call: Call) -> None:
    call.say(head(201, ("Content-Length", "1000")), b'{"id": ')
    call.reset()


@misbehaviour
def promises_more_than_it_sends(call: Call) -> None:
    call.say(head(201, ("Content-Type", "application/json"), ("Content-Length", "1000")), b"{}")


@misbehaviour
def promises_less_than_it_sends(call: Call) -> None:
    call.say(head(201, ("Content-Type", "application/json"), ("Content-Length", "2")), b'{}{"id": 1}')


@misbehaviour
def two_lengths(call: Call) -> None:
    call.say(head(201, ("Content-Length", "2"), ("Content-Length", "20")), b"{}")


@misbehaviour
def no_http(call: Call) -> None:
    call.say(b"SSH-2.0-OpenSSH_9.6 " + str(call.asked.headers).encode() + b"\r\n\r\n")


@misbehaviour
def dies(call: Call) -> None:
    if call.asked.number > 40:
        call.server.die()
    else:
        fine(call)


# -- size and form of the body ----------------------------------------------------------------------------------------


def zeros(megabytes: int) -> Iterator[bytes]:
    return (b"0," * (CHUNK // 2) for _ in range(megabytes * 16))


@misbehaviour
def endless_body(call: Call) -> None:
    call.say(head(201, ("Content-Type", "application/json")), b"[", *zeros(20))
    call.wait()


@misbehaviour
def fifty_megabytes(call: Call) -> None:
    call.say(head(201, ("Content-Type", "application/json"), ("Content-Length", str(50 * 16 * CHUNK))))
    for piece in zeros(50):
        call.say(piece)


@misbehaviour
def many_small_values(call: Call) -> None:
    items = b'{"id":"' + b'"},{"id":"' * 110_000 + b'"}'
    created(call, b"[" + items + b"]")


@misbehaviour
def gzip_bomb(call: Call) -> None:
    call.say(answer(201, BOMB, ("Content-Encoding", "gzip")))


BOMB: Final = gzip.compress(bytes(64 * 1024 * 1024), 6)


@misbehaviour
def not_gzip(call: Call) -> None:
    call.say(answer(201, b'{"id": 1}', ("Content-Encoding", "gzip")))


@misbehaviour
def hundred_thousand_deep(call: Call) -> None:
    created(call, b"[" * 100_000 + b"]" * 100_000)


@misbehaviour
def nine_hundred_deep(call: Call) -> None:
    created(call, b'{"id":' * 900 + b"1" + b"}" * 900)


@misbehaviour
def invalid_utf8(call: Call) -> None:
    created(call, b'{"id": "\xff\xfe\xc3("}')


@misbehaviour
def unknown_charset(call: Call) -> None:
    created(call, b'{"id": 1}', kind='application/json; charset="no-such\xff"')


@misbehaviour
def headers_twice(call: Call) -> None:
    call.say(
        head(201, ("Content-Type", "application/json"), ("Content-Type", "text/html"), *[("Set-Cookie", "a=b")] * 90),
        b'{"id": 1}',
    )


@misbehaviour
def html_page(call: Call) -> None:
    call.say(answer(200, b"<!doctype html><title>Please log in</title>", kind="text/html"))


@misbehaviour
def not_a_number(call: Call) -> None:
    created(call, b'{"id": NaN, "name": Infinity, "data": 1e999, "process_id": ' + b"9" * 5000 + b"}")


@misbehaviour
def lone_surrogates(call: Call) -> None:
    reworded(call, lambda name, text: f"{text}\ud800")


@misbehaviour
def scripts_and_control_sequences(call: Call) -> None:
    steer = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e<script>alert(1)</script>"
    reworded(call, lambda name, text: text if name.endswith(("uid", "id")) else text + steer)


# -- statuses ---------------------------------------------------------------------------------------------------------


@misbehaviour
def fails_now_and_then(call: Call) -> None:
    if call.asked.number % 9 == 0 and not call.asked.for_token:
        call.say(answer(500, b"<h1>Oops</h1>", kind="text/html"))
    else:
        fine(call)


@misbehaviour
def busy_for_a_while(call: Call) -> None:
    if call.asked.number == 3:
        call.say(answer(429, b"{}", ("Retry-After", "1")))
    else:
        fine(call)


@misbehaviour
def busy_for_ever(call: Call) -> None:
    call.say(answer(503, b"{}", ("Retry-After", "0")))


@misbehaviour
def busy_for_hours(call: Call) -> None:
    call.say(answer(429, b"{}", ("Retry-After", "3600")))


@misbehaviour
def busy_without_saying_how_long(call: Call) -> None:
    call.say(answer(429, b"{}"))


@misbehaviour
def tokens_that_expire_after_five_requests(call: Call) -> None:
    asked = [request.shown for request in call.server.asked if request.number <= call.asked.number]
    if not call.asked.for_token and asked.count(call.asked.shown) > 5:
        call.say(answer(401, b'{"error": {"code": 401, "message": "The access token has expired."}}'))
    else:
        fine(call)


@misbehaviour
def goes_away_and_comes_back(call: Call) -> None:
    writes = [
        request for request in call.server.asked if request.method == "PUT" and request.number <= call.asked.number
    ]
    if call.asked.method != "PUT" or len(writes) > 2:
        fine(call)


@misbehaviour
def redirects_to_itself(call: Call) -> None:
    call.say(answer(307, b"", ("Location", call.server.url + call.asked.path)))


@misbehaviour
def redirects_elsewhere(call: Call) -> None:
    call.say(answer(307, b"", ("Location", call.server.elsewhere + call.asked.path)))


# -- what it says -----------------------------------------------------------------------------------------------------


def renaming(identifier: str) -> Misbehaviour:
    def act(call: Call) -> None:
        if call.asked.for_token or call.asked.method == "POST":
            reworded(call, lambda name, text: identifier if name in ("prj_uid", "uuid", "id") else text)
        else:  # whatever is asked of it is there, and carries every name
            names = b",".join(request.body for request in call.server.asked if request.body.startswith(b"{"))
            call.say(answer(200, b"[" + names + b"]"))

    return act


MISBEHAVIOURS["identifiers_of_dots"] = renaming("..")
MISBEHAVIOURS["identifiers_with_slashes"] = renaming("../../users/1")
MISBEHAVIOURS["identifiers_with_nul"] = renaming("a\0b")
MISBEHAVIOURS["identifiers_with_a_query"] = renaming("a?_method=DELETE#;x")
MISBEHAVIOURS["identifiers_of_100_kB"] = renaming("a" * 100_000)


def repeated(asked: Asked) -> list[str]:
    """What a request said, also without the word before a token, and as names that fit a header."""
    return [value.rpartition(" ")[2] for _, value in asked.headers] + [asked.body.decode("latin-1")]


@misbehaviour
def echo(call: Call) -> None:
    values = [value for value in repeated(call.asked) if "\n" not in value]
    details = {
        "headers": dict(call.asked.headers),
        "id": call.asked.shown or "1",
        "body": repeated(call.asked)[-1],
        "names": dict.fromkeys(values, 1),
        "padded": ["x" * (150 + n) + value for n in range(0, 50, 5) for value in values],
    }
    if call.asked.for_token:
        fine(call)
        return
    headers = [("X-Echo", value[:1000]) for value in values]
    said = json.dumps(details).encode()
    call.say(head(201, ("Content-Type", f"application/json; t={values[0]}"), *headers, reason=values[0]) + said)


@misbehaviour
def echo_as_kind(call: Call) -> None:
    """The credentials are used as a media type and an identifier."""
    word = (call.asked.shown or "none").rpartition(" ")[2]
    if call.asked.for_token:
        fine(call)
    else:
        call.say(
            answer(201, json.dumps({"id": word, "prj_uid": word, word: {word: word}}).encode(), kind=f"{word}/json")
        )


@misbehaviour
def echo_long_text(call: Call) -> None:
    """The credentials are at the place where a verdict shortens a text."""
    words = [value for value in repeated(call.asked)[:-1] if len(value) >= 8]
    details = {str(n): "x" * (185 + n) + word for n, word in enumerate(words)}
    made = {name: "x" * 185 + "".join(words[-1:]) for name in ("id", "prj_uid", "prj_name", "status", "uuid")}
    created(call, json.dumps({**details, **made}).encode())
