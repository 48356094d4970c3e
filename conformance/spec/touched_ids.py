"""Find which resources a request names, from the bytes that are sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

import defusedxml.ElementTree as ElementTree

from conformance.spec.specification import ResourceReference

OVERRIDES: Final = ("x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url")
METHOD: Final = "_method"  # the parameter with which some frameworks override the method
HOP_BY_HOP: Final = (
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
    *("te", "trailer", "transfer-encoding", "upgrade"),
)
"""Headers of a connection, which the HTTP library and proxies set."""
UNREADABLE: Final = ("content-encoding", "transfer-encoding")  # they change how a body is decoded


class Unreadable(Exception):
    """The request does not show what it names: the guard must refuse it."""


def named(
    touches: tuple[ResourceReference, ...], path: Mapping[str, str], query: bytes, content_type: str, body: bytes
) -> Iterator[str]:
    """Every value of a request at the given places.

    Raises:
        Unreadable: a place has no readable value.
    """
    pairs = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise Unreadable("a query parameter is there twice, and servers differ in which one they use")
    for touch in touches:
        if not touch.applies(parameters):
            continue
        match touch.where:
            case "path":
                yield path[touch.name]
            case "query":
                yield from _required([parameters[touch.name]] if touch.name in parameters else [], touch.name)
            case "body":
                pointers = [pointer for pointer in (touch.pointer, touch.other) if pointer]
                held = list(_held(content_type, body))
                values = [
                    str(item) for pointer in pointers for data in held for item in at(data, pointer) if item is not None
                ]
                yield from filter(None, values) if touch.optional else _required(values, touch.pointer)
            case "upload" if not touch.xpath:
                named_file, _ = _part(content_type, body, touch.part) or ("", None)
                yield from _required([named_file] if named_file else [], f"the file {touch.part}")
            case "upload" if touch.optional:
                yield from _in_upload(content_type, body, touch)
            case "upload":
                yield from _required(list(_in_upload(content_type, body, touch)), touch.xpath)


def _required(values: list[str], place: str) -> list[str]:
    if not values:
        raise Unreadable(f"the request names nothing at {place}")
    return values


def _held(content_type: str, body: bytes) -> Iterator[Any]:
    """The data of a body, in each way in which a server may parse it: as JSON, and by its content type.

    Raises:
        Unreadable: it cannot be parsed, a name occurs twice, or some servers parse a name as a path into a member.
    """
    try:
        document = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        document = None
    label = content_type.partition(";")[0].strip().lower()
    fields: list[tuple[str, str]] | None = None
    if label == "application/x-www-form-urlencoded":
        fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    elif label.startswith("multipart/"):
        fields = [(name, (part or b"").decode("utf-8", "replace")) for name, _, part in _parts(content_type, body)]
    if document is None and fields is None:
        raise Unreadable("the request body is not JSON, or has a name twice")
    if document is not None:
        yield document
    if fields is not None:
        if len(dict(fields)) < len(fields) or (document is None and any("[" in name for name, _ in fields)):
            raise Unreadable("a name is twice in the request body, or has a bracket")
        yield {name: _member(text) for name, text in fields}


def _member(text: str) -> Any:
    """The value of a form field: objects and arrays are JSON."""
    try:
        return json.loads(text, object_pairs_hook=_once) if text[:1] in ("{", "[") else text
    except (ValueError, RecursionError):
        return text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without duplicate names, of which servers use different ones. Raises ValueError."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


def members(content_type: str, body: bytes) -> Iterator[tuple[str, str]]:
    """The top-level names and texts of a body, whatever its content type: form, parts, or JSON members."""
    if not body:
        return
    if content_type.startswith("multipart/"):
        yield from ((name, "") for name, _, _ in _parts(content_type, body))
        return
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        yield from parse_qsl(body.decode("latin-1"), keep_blank_values=True)
        return
    if isinstance(document, dict):
        yield from ((name, str(value)) for name, value in document.items())


def at(document: Any, pointer: str) -> Iterator[Any]:
    """The values at a JSON pointer in which `*` matches every element of an array.

    Also of an object: some servers accept `{"0": …}` as an array.
    """
    found = [document]
    for part in pointer.split("/")[1:]:
        following: list[Any] = []
        for node in found:
            if part == "*" and isinstance(node, list):
                following.extend(node)
            elif part == "*" and isinstance(node, dict):
                following.extend(node.values())
            elif isinstance(node, dict) and part in node:
                following.append(node[part])
            elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
                following.append(node[int(part)])
        found = following
    yield from found


def replace(content: Any, pointer: str, value: Any) -> None:
    """Set `value` at every place that a pointer (with `*`) matches."""
    parents, _, last = pointer.rpartition("/")
    for node in at(content, parents) if parents else [content]:
        if isinstance(node, dict):
            node[last] = value


def _in_upload(content_type: str, body: bytes, touch: ResourceReference) -> Iterator[str]:
    part = upload(content_type, body, touch.part)
    if part is None:
        return
    try:
        tree = ElementTree.fromstring(part)
    except Exception as error:  # defusedxml raises several unrelated exceptions
        raise Unreadable(f"the uploaded file is not plain XML ({error})") from None
    yield from (element.text.strip() for element in tree.findall(touch.xpath) if element.text and element.text.strip())


def upload(content_type: str, body: bytes, name: str) -> bytes | None:
    """The content of the part `name` of a multipart body; None if there is none.

    Raises:
        Unreadable: there are two of that name, of which servers use different ones.
    """
    found = _part(content_type, body, name)
    return found[1] if found else None


def _part(content_type: str, body: bytes, name: str) -> tuple[str | None, bytes | None] | None:
    """File name and content of the only part `name` of a multipart body; None when there is none. Raises Unreadable."""
    found = [(file, payload) for other, file, payload in _parts(content_type, body) if other == name]
    if len(found) > 1:
        raise Unreadable(f"the part {name!r} is there twice")
    return found[0] if found else None


@lru_cache(maxsize=1)
def _parts(content_type: str, body: bytes) -> tuple[tuple[str, str | None, bytes | None], ...]:
    """Name, file name and content of every part of a multipart body. Several places of one request are looked for."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    found = []
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str):
            payload = part.get_payload(decode=True)
            found.append((name, part.get_filename(), payload if isinstance(payload, bytes) else None))
    return tuple(found)
