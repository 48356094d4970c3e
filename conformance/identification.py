"""Identification: where the answers of a target name what they are about, and whether a list may show only a part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from conformance.comparison import number, plain
from conformance.exchange import Exchange, NotJson, header
from conformance.specification import Link
from conformance.wire.naming import at

IDENTIFIER: Final = re.compile(r"[0-9a-zA-Z]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d{1,18}")
OBJECTS_AT_MOST: Final = 10_000  # of an answer that are looked through
OFFERED_AT_MOST: Final = 5
LONGEST: Final = 255  # characters of an identifier
PAGED: Final = re.compile(
    r"next|has(next|more).*|more|(next)?(cursor|continuation).*|(next|per)?pag(e|ing|ination).*|offset|limit"
)
COUNTED: Final = re.compile(r"(total|count).*|.*(total|count)")
HEADERS: Final = ("x-total", "x-pag", "x-next", "x-per-page", "x-has")


def identifier_of(exchange: Exchange, link: Link | None) -> str:
    """The identifier that an answer gives: where the link points, a bare text, or the first member called …id."""
    return next(iter(offered(exchange, link)), "")


def offered(exchange: Exchange, link: Link | None) -> list[str]:
    """All that may be the identifier in an answer, the likeliest first; a few at most."""
    try:
        body = exchange.answer.json
    except NotJson:
        return []
    return list(dict.fromkeys([*_pointed(body, link), *filter(addressable, _ids(body))]))[:OFFERED_AT_MOST]


def pointed(exchange: Exchange, link: Link) -> str:
    """The identifier in an answer where the link points, or its bare text; empty when there is none."""
    try:
        return next(_pointed(exchange.answer.json, link), "")
    except NotJson:
        return ""


def _pointed(body: Any, link: Link | None) -> Iterator[str]:
    bare = isinstance(body, str | int)
    places = [body] if bare else at(body, link.pointer) if link is not None and link.pointer else ()
    found = (str(one) for one in places if isinstance(one, str | int) and not isinstance(one, bool))
    yield from filter(addressable, found)


def addressable(identifier: str) -> bool:
    """Whether an identifier can stand in a path, where no server takes it for anything but one segment."""
    harmless = identifier.isprintable() and not set(identifier) & set("/\\%;?#")
    return harmless and 0 < len(identifier) <= LONGEST and identifier.strip(". ") != ""


def _ids(body: Any) -> Iterator[str]:
    """What looks like an identifier in the objects of a body, outermost first; of a huge one in its first objects."""
    for node in islice(_objects(body), OBJECTS_AT_MOST):
        for name, value in node.items():
            if name.lower().endswith("id") and isinstance(value, str | int) and IDENTIFIER.fullmatch(str(value)):
                yield str(value)


def _objects(body: Any) -> Iterator[dict[str, Any]]:
    """Every object of a body, outermost first."""
    open_ones = [body] if isinstance(body, dict | list) else []
    while open_ones:
        node = open_ones.pop()
        if isinstance(node, dict):
            yield node
        members = node.values() if isinstance(node, dict) else node
        open_ones.extend(reversed([member for member in members if isinstance(member, dict | list)]))


def listed(exchange: Exchange, link: Link) -> list[tuple[str, str]]:
    """Identifier and name, without surrounding white space and HTML escaping, of every item of a list.

    An identifier that cannot be addressed is left empty.
    """
    return [
        (next(filter(addressable, map(str, at(item, link.item))), ""), plain(str(next(at(item, link.name), ""))))
        for item in _items(exchange, link)
        if isinstance(item, dict)
    ]


def shows(exchange: Exchange, link: Link, identifier: str) -> bool:
    """Whether a list has an item with an identifier, under whatever name where its items have none of the usual one."""
    found = [one for one, _ in listed(exchange, link)]
    return identifier in found or (not any(found) and mentions(exchange, identifier))


def mentions(exchange: Exchange, identifier: str) -> bool:
    """Whether an answer names an identifier, wherever it does."""
    return identifier.encode() in exchange.answer.body


def partial(exchange: Exchange) -> bool:
    """Whether a list shows signs of paging: then what is absent from it may stand on another page (rule 7)."""
    answer = exchange.answer
    if "next" in (header(answer.headers, "link") or "") or header(answer.headers, "content-range"):
        return True
    try:
        body = answer.json
    except NotJson:
        return False
    shown = max(map(len, arrays(body)), default=0)
    signs = [(name[2:], value) for name, value in answer.headers if name.lower().startswith(HEADERS)]
    return any(_sign(name, value, shown) for name, value in [*signs, *_beside(body)])


def _sign(name: str, value: Any, shown: int) -> bool:
    """Whether a member beside a list, or a header, tells that there is more than the `shown` items."""
    word = re.sub("[^a-z]", "", name.lower())
    if COUNTED.fullmatch(word):
        counted = number(value)
        return counted is not None and counted > shown
    return bool(PAGED.fullmatch(word)) and value not in (None, "", False)


def _beside(body: Any) -> Iterator[tuple[str, Any]]:
    """The members of the objects in which a list is wrapped."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield name, value
            yield from _beside(value)


def _items(exchange: Exchange, link: Link) -> list[Any]:
    """The items of a list, bare or wrapped in objects; of a tree at every depth; one alone is a list of one."""
    try:
        body = exchange.answer.json
    except NotJson:
        return []
    if link.tree:
        return list(islice(_objects(body), OBJECTS_AT_MOST))
    found = list(arrays(next(at(body, link.items), []) if link.items else body))
    alone = [body] if not found and any(at(body, link.item)) else []
    return [*alone, *(item for array in found for item in array)]


def arrays(body: Any) -> Iterator[list[Any]]:
    """Every array that stands in nothing but objects."""
    if isinstance(body, list):
        yield body
    elif isinstance(body, dict):
        for value in body.values():
            yield from arrays(value)
