"""Odd input: files and options of users, and responses of servers, as nobody should write them."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any, Final
from urllib.parse import quote

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

SECRET: Final = "s3cr3t-" + "Kx9wQ2mZ7vLpT4"
"""What no file and no line of output may show."""
PASSWORD: Final = "pa55-" + "Hn3rYb8sDf6uGe"

# -- values -----------------------------------------------------------------------------------------------------------

HARD: Final = (
    "", " ", "\x00", "\ud800", "\x1b[31m", "\u202e", "é" * 300, "a" * 70_000, "${", "${}", "${NOT_SET}", "$HOME", "%zz",
    "{x}", "../../x", "//", "http://", "http://[::1", "http://a..b/", "http://xn--/", "https://user:pw@h/", "file:///",
    "1e400", "NaN", "-0", "0x10", "true", "null", "[", "{", "]]>", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "'; --", "\\", '"',
    "\r\nX-Injected: 1", "CON", "-", "--help", "2030-12-31", "9" * 5000, "&#" + "9" * 5000 + ";", "١٢٣", "²", "1_000",
    "Ⅷ",
)  # fmt: skip
texts = st.one_of(st.sampled_from(HARD), st.text(max_size=20))
numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 1, 2**31, 2**63, 2**64, 10**30, 1e308, 5e-324, -0.0]),
)


def wide(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(texts.filter(lambda value: len(value) < 99), inner, max_size=4)
    )


values = st.recursive(st.one_of(st.none(), st.booleans(), numbers, texts), wide, max_leaves=8)


def nested(depth: int, opening: str, closing: str, inner: str = "") -> str:
    return opening * depth + inner + closing * depth


def spelled(secret: str) -> st.SearchStrategy[str]:
    """A secret in one of the ways in which somebody may write it."""
    return st.sampled_from(
        [
            secret,
            quote(secret, safe=""),
            "".join(f"%{byte:02x}" for byte in secret.encode()),
            "".join(f"\\u{ord(value):04x}" for value in secret),
            "".join(f"&#{ord(value)};" for value in secret),
            base64.b64encode(secret.encode()).decode(),
            base64.urlsafe_b64encode(f"xy{secret} more".encode()).decode().rstrip("="),
            secret.encode().hex().upper(),
            f"Basic {base64.b64encode(f'a:{secret}'.encode()).decode()}",
        ]
    )


# -- files that people write ------------------------------------------------------------------------------------------


@st.composite
def literals(draw: DrawFn) -> str:
    """A value as TOML or JSON writes it, or nearly so."""
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return draw(texts)
    if kind == 1:
        return draw(
            st.sampled_from(
                ["[]", "{}", "[[]]", "{a = 1}", "1979-05-27T07:32:00Z", "07:32", "inf", "nan", "'''", '"""']
            )
        )
    if kind == 2:
        depth = draw(st.sampled_from([3, 49, 51, 200, 6000]))
        return draw(
            st.sampled_from([nested(depth, "[", "]"), nested(depth, "{a=", "}", "1"), nested(depth, '{"a":', "}", "1")])
        )
    try:
        return json.dumps(draw(values))
    except ValueError:
        return "0"


@st.composite
def edited(draw: DrawFn, text: str) -> bytes:
    """A text that was right before somebody edited it."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        match draw(st.integers(0, 8)):
            case 0:
                lines[at] = f"{line.partition('=')[0]}= {draw(literals())}" if "=" in line else draw(literals())
            case 1:
                lines[at] = f"{line.partition(':')[0]}: {draw(literals())}," if ":" in line else draw(literals())
            case 2:
                del lines[at]
                lines = lines or [""]
            case 3:
                lines.insert(at, line)
            case 4:
                lines.insert(at, f"{draw(texts)} = {draw(literals())}")
            case 5:
                cut = draw(st.integers(0, len(line)))
                lines[at] = line[:cut] + draw(texts) + line[cut:]
            case 6:
                lines[at] = f"[{draw(texts)}]"
            case 7:
                lines[at] = line.replace(
                    draw(st.sampled_from(["a", "e", "=", '"', "{", ":", "1", "."])), draw(texts), 1
                )
            case 8:
                lines = lines[: at + 1]
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    match draw(st.integers(0, 20)):
        case 0:
            return draw(st.binary(max_size=200))
        case 1:
            return b"\xef\xbb\xbf" + content
        case 2:
            return content.decode("utf-8", "replace").encode("utf-16")
        case 3:
            return content[: draw(st.integers(0, len(content)))]
        case 4:
            at = draw(st.integers(0, len(content)))
            return content[:at] + draw(st.binary(min_size=1, max_size=4)) + content[at:]
    return content


@st.composite
def changed(draw: DrawFn, data: Any) -> Any:
    """Data in which one or more values, at any depth, are something else, or are called otherwise."""
    if isinstance(data, dict) and data and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(data)))
        match draw(st.integers(0, 7)):
            case 0:
                return {name: item for name, item in data.items() if name != key}
            case 1:
                return {**data, draw(texts): draw(values)}
            case _:
                return {**data, key: draw(changed(data[key]))}
    if isinstance(data, list) and data and draw(st.integers(0, 9)):
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.integers(0, 5)):
            case 0:
                return data[:at] + data[at + 1 :]
            case 1:
                return [*data, data[at]]
            case _:
                return [*data[:at], draw(changed(data[at])), *data[at + 1 :]]
    return draw(values)


def as_json(data: Any) -> bytes:
    return json.dumps(data, default=str).encode("utf-8", "surrogatepass")


# -- what a server sends ----------------------------------------------------------------------------------------------

LINES: Final = (
    "HTTP/1.1 {}", "HTTP/1.0 {}", "HTTP/2 {}", "HTTP/9.9 {}", "HTTP/1.1  {}", "ICY {}", "http/1.1 {}", "{}", "\x00 {}",
    "",
)  # fmt: skip
USUAL: Final = tuple(
    str(status)
    for first, last in ((200, 208), (300, 309), (400, 419), (421, 432), (500, 512))
    for status in range(first, last)
)
UNUSUAL: Final = (
    "100", "101", "102", "103", "0", "1", "99", "226", "299", "451", "498", "520", "599", "600", "999", "1000", "-200",
    "+200", "2OO", "20", "2000000000000000000000", "two hundred", "", "\u0662\u0660\u0660", "200.5",
)  # fmt: skip
TYPES: Final = (
    "application/json", "application/json; charset=utf-8", "application/json; charset=\xff", "text/html", "*/*",
    "application/json; charset=utf-7", "application/json, text/html", "application/json;" + "x=1;" * 999, "text/plain",
    "text/html; charset=none", "application/xml", "application/problem+json", "JSON", "", ";", "a/b/c",
    "a" * 3000, "multipart/form-data", "multipart/mixed; boundary=", "application/octet-stream",
    "application/x-www-form-urlencoded",
)  # fmt: skip
PLACES: Final = (
    "http://[::1", "http://xn--/", "http://a:{secret}@b/", "/", "", "//", "?", "#", "javascript:1", "http://\x01/", "é",
    "http://127.0.0.1:99999/", "http://127.0.0.1:{secret}/", "/login?token={secret}", "http://" + "a" * 300 + "/", "..",
)  # fmt: skip
WAITS: Final = (
    "0", "1", "-1", "1e9", "9" * 400, "Mon, 01 Jan 2030 00:00:00 +9999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT",
    "²", "\u0661", "soon", "", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "0x1",
)  # fmt: skip


@st.composite
def headers(draw: DrawFn, length: int) -> list[str]:
    """Header fields; most of the time with the right length of the body, so that it is read."""
    fields = [f"Content-Type: {draw(st.sampled_from(TYPES))}"] if draw(st.integers(0, 9)) else []
    if draw(st.integers(0, 5)):
        fields.append(f"Content-Length: {length}")
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.integers(0, 12)):
            case 0:
                wrong = draw(st.sampled_from(["-1", "+5", "9" * 30, "1, 1", "abc", "", "٣", str(length + 9), "0"]))
                fields.append(f"Content-Length: {wrong}")
            case 1:
                coding = draw(st.sampled_from(["chunked", "gzip", "gzip, chunked", "identity", "CHUNKED", "", "x"]))
                fields.append(f"Transfer-Encoding: {coding}")
            case 2:
                coding = draw(st.sampled_from(["gzip", "br", "deflate", "zstd", "gzip, gzip", "x", "", "identity"]))
                fields.append(f"Content-Encoding: {coding}")
            case 3:
                place = draw(st.sampled_from(PLACES)).replace("{secret}", draw(spelled(SECRET)))
                fields.append(f"Location: {place}")
            case 4:
                fields.append(f"Retry-After: {draw(st.sampled_from(WAITS))}")
            case 5:
                fields.append(f"Date: {draw(st.sampled_from(WAITS))}")
            case 6:
                fields.append(f"Set-Cookie: session={draw(spelled(SECRET))}; Max-Age={draw(texts)}")
            case 7:
                fields.append(f"X-Echo: {draw(spelled(PASSWORD))}")
            case 8:
                fields.append(f"{draw(texts)}: {draw(texts)}")
            case 9:
                fields += [f"X-{number}: 1" for number in range(draw(st.sampled_from([99, 101, 700])))]
            case 10:
                fields.append(draw(texts))
            case 11:
                fields.append(f"WWW-Authenticate: {draw(texts)} realm={draw(spelled(SECRET))}")
            case 12:
                fields.append(f"Connection: {draw(st.sampled_from(['close', 'keep-alive', 'upgrade', '']))}")
    return fields


@st.composite
def bodies(draw: DrawFn, true: Any) -> bytes:
    """A body: the true one changed, or something else altogether."""
    match draw(st.integers(0, 11)):
        case 0:
            return draw(st.binary(max_size=300))
        case 1:
            depth = draw(st.sampled_from([10, 200, 5000, 100_000]))
            return draw(
                st.sampled_from(
                    [nested(depth, "[", "]"), nested(depth, '{"a":', "}", "1"), nested(depth, "<a>", "</a>")]
                )
            ).encode()
        case 2:
            held = as_json(true)
            return held[: draw(st.integers(0, len(held)))]
        case 3:
            return gzip.compress(as_json(draw(values)))
        case 4:
            odd = ["9" * 6000, "1e999", "-1E-999", "NaN", "-Infinity", "01", "1.", "0." + "1" * 6000]
            number = draw(st.sampled_from(odd))
            return f'{{"error": {number}, "uid": {number}}}'.encode()
        case 5:
            return draw(texts).encode("utf-8", "surrogatepass")
        case 6:
            return f"<html><form action='/login?{draw(spelled(SECRET))}'>{draw(texts)}".encode("utf-8", "surrogatepass")
        case 7:
            details = {
                "error": {"message": draw(spelled(PASSWORD)), "code": draw(values)},
                "access_token": draw(values),
            }
            return as_json(details)
        case 8:
            return as_json({draw(spelled(SECRET)): draw(spelled(PASSWORD)), "list": [draw(spelled(SECRET))] * 3})
        case 9:
            size = draw(st.sampled_from(["5\r\n", "ffffffffffffffff\r\n", "-1\r\n", "x\r\n", "0\r\n\r\n", ""]))
            return size.encode() + as_json(draw(values))
        case _:
            return as_json(draw(changed(true)))


@st.composite
def answers(draw: DrawFn, true: Any) -> bytes:
    """The bytes of a whole answer, in which a true body may be."""
    body = draw(bodies(true))
    line = "HTTP/1.1 {}" if draw(st.integers(0, 5)) else draw(st.sampled_from(LINES))
    status = draw(st.sampled_from(USUAL if draw(st.integers(0, 3)) else UNUSUAL))
    reason = draw(st.sampled_from(["OK", "", SECRET, "\xe9\xff", "a" * 9000, "\x00"]))
    head = "\r\n".join([f"{line.format(status)} {reason}", *draw(headers(len(body)))])
    content = head.encode("latin-1", "replace") + b"\r\n\r\n" + body
    match draw(st.integers(0, 25)):
        case 0:
            return content[: draw(st.integers(0, len(content)))]
        case 1:
            return content.replace(b"\r\n", b"\n")
        case 2:
            return draw(st.binary(max_size=60)) + content
        case 3:
            return b"HTTP/1.1 100 Continue\r\n\r\n" + content
    return content
