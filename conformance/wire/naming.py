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
                yield from _required(values, touch.pointer)
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
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("the request body is not JSON") from None
    yield from (str(value) for value in at(document, pointer) if value is not None)


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
    """The content of the part `name` of a multipart body; None when there is none."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    for part in message.walk():
        if part.get_param("name", header="content-disposition") == name:
            payload = part.get_payload(decode=True)
            return payload if isinstance(payload, bytes) else None
    return None
