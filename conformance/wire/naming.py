"""Naming: which resources a request names, read from the bytes that go out as its operation's spec says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

import defusedxml.ElementTree as ElementTree

from conformance.specification import Touch


class Unreadable(Exception):
    """The request does not show what it names: the guard must refuse it."""


def named(
    touches: tuple[Touch, ...], path: Mapping[str, str], query: bytes, content_type: str, body: bytes
) -> Iterator[str]:
    """Every value that a request holds at the given places.

    Raises:
        Unreadable: a place should hold a value, and none can be read there.
    """
    pairs = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise Unreadable("a query parameter stands twice, and servers differ in which one they take")
    for touch in touches:
        if not touch.applies(parameters):
            continue
        match touch.where:
            case "path":
                yield path[touch.name]
            case "query":
                yield from _required([parameters[touch.name]] if touch.name in parameters else [], touch.name)
            case "body":
                values = [
                    value for pointer in (touch.pointer, touch.other) if pointer for value in _in_json(body, pointer)
                ]
                yield from filter(None, values) if touch.optional else _required(values, touch.pointer)
            case "upload" if touch.optional:
                yield from _in_upload(content_type, body, touch)
            case "upload":
                yield from _required(list(_in_upload(content_type, body, touch)), touch.xpath)


def _required(values: list[str], place: str) -> list[str]:
    if not values:
        raise Unreadable(f"the request names nothing at {place}")
    return values


def _in_json(body: bytes, pointer: str) -> Iterator[str]:
    try:
        document = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Unreadable("the request body is not JSON, or a name stands twice in it") from None
    yield from (str(value) for value in at(document, pointer) if value is not None)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no name stands twice: servers differ in which one they take. Raises ValueError."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def members(content_type: str, body: bytes) -> Iterator[tuple[str, str]]:
    """Names and texts of what a body holds at its top, whatever its label says: form, parts, or JSON members."""
    if not body:
        return
    if content_type.startswith("multipart/"):
        yield from ((name, "") for name, _ in _parts(content_type, body))
        return
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        yield from parse_qsl(body.decode("latin-1"), keep_blank_values=True)
        return
    if isinstance(document, dict):
        yield from ((name, str(value)) for name, value in document.items())


def at(document: Any, pointer: str) -> Iterator[Any]:
    """The values at a JSON pointer in which `*` stands for every element of an array.

    Of an object too: some servers take `{"0": …}` for an array.
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


def _in_upload(content_type: str, body: bytes, touch: Touch) -> Iterator[str]:
    part = upload(content_type, body, touch.part)
    if part is None:
        return
    try:
        tree = ElementTree.fromstring(part)
    except Exception as error:  # defusedxml raises several unrelated kinds
        raise Unreadable(f"the uploaded file is not plain XML ({error})") from None
    yield from (element.text.strip() for element in tree.findall(touch.xpath) if element.text and element.text.strip())


def upload(content_type: str, body: bytes, name: str) -> bytes | None:
    """The content of the part `name` of a multipart body; None when there is none.

    Raises:
        Unreadable: there are two of that name, and servers differ in which one they take.
    """
    found = [payload for other, payload in _parts(content_type, body) if other == name]
    if len(found) > 1:
        raise Unreadable(f"the part {name!r} stands twice")
    return found[0] if found else None


def _parts(content_type: str, body: bytes) -> Iterator[tuple[str, bytes | None]]:
    """Name and content of every part of a multipart body."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str):
            payload = part.get_payload(decode=True)
            yield name, payload if isinstance(payload, bytes) else None
