"""Whatever is in the header fields of a response, the request ends with a response or none, and no other error."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import pytest

from conformance.core.exchange import Exchange, NotJson, Request, Response
from conformance.wire.deadline import NoResponse
from conformance.wire.redact import Redactor
from conformance.wire.stored import stored
from tests.unit.test_deadline import answering, serving
from tests.unit.test_transport import opened

FIELDS: Final[dict[str, bytes]] = {
    "a cookie for another host": b"Set-Cookie: a=b; Domain=.\xff; Path=\x7f; Expires=Thu, 99 Foo 99999 99:99:99 GMT",
    "a cookie of nothing": b"Set-Cookie: ;;;=;\r\nSet-Cookie:",
    "a thousand cookies": b"\r\n".join(b"Set-Cookie: n%d=%s" % (number, b"v" * 40) for number in range(1000)),
    "a chain of encodings": b"Content-Encoding: gzip, gzip, deflate, br, zstd, identity",
    "an encoding of nothing": b"Content-Encoding: ,, ,",
    "a charset without end": b'Content-Type: application/json; charset="utf-8',
    "a charset that is none": b"Content-Type: text/html; charset=idna",
    "a charset that decodes to no text": b"Content-Type: text/html; charset=base64_codec",
    "a date of another era": b"Date: Thu, 01 Jan 0000 00:00:00 -9999999",
    "a refresh": b"Refresh: 0; url=http://[::1",
    "a link": b"Link: <http://[::1>; rel=\"next\"; title*=UTF-16''%ff",
    "a challenge": b'WWW-Authenticate: Digest realm="\xff", nonce="',
    "an upgrade": b"Connection: upgrade\r\nUpgrade: h2c, websocket",
    "an alternative": b'Alt-Svc: h3="[::1:443"; ma=99999999999999999999',
    "a name of one hundred kilobytes": b"X" * 100_000 + b": a",
    "a fold": b"X-A: a\r\n b\r\n\tc",
}


@pytest.mark.parametrize("status", [b"200 OK", b"302 Found", b"401 \xff"])
@pytest.mark.parametrize("name", FIELDS)
def test_odd_header_field_ends_no_run(name: str, status: bytes) -> None:
    answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\nLocation: /\r\n" + FIELDS[name] + b"\r\n\r\n{}"
    with serving(answering(answer)) as url, opened(url) as client:
        try:
            received = client.get(f"{url}a")
        except NoResponse:
            return  # which counts as no valid response
    response = Response(received.status_code, tuple(received.headers.multi_items()), received.content)
    assert response.status == int(status[:3])
    with suppress(NotJson):
        assert response.json == {}
    assert response.media_type == response.media_type.lower()
    assert stored(Exchange("e1", "op", Request("GET", "http://t/"), response), Redactor({}))
