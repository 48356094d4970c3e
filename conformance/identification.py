"""Identification: where the answers of a target name what they are about, and whether a list may show only a part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from conformance.comparison import number, plain
from conformance.exchange import Exchange, NotJson, header
from conformance.specification import Link
from conformance.structure import places
from conformance.wire.naming import at

IDENTIFIER: Final = re.compile(r"[0-9a-zA-Z]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d{1,18}")
OBJECTS_AT_MOST: Final = 10_000  # of an answer that are looked through
OFFERED_AT_MOST: Final = 5
LONGEST: Final = 255  # characters of an identifier
EXACT: Final = ("id", "uuid", "uid", "guid")  # what a thing calls its own identifier, before those of other things
TRACING: Final = re.compile(r"(trace|correlation|span|session).*")  # identifiers of the call, not of a thing
CONTINUED: Final = re.compile(
    r"(odata)?next((page|link|url|uri|href|token|cursor|offset|start).*)?|has(next|more).*|more|(cursor|continuation).*"
)
PAGES: Final = re.compile(r"(total)?(pages|pagecount)|totalpages?")  # how many pages there are
COUNTED: Final = re.compile(r"(total|count).*|.*(total|count)")
SIZED: Final = re.compile(r"limit|perpage.*|pagesize|pagelimit")  # how many items a page holds
NUMBERED: Final = re.compile(r"pag(e|ing|ination).*|offset")
HEADERS: Final = ("x-total", "x-pag", "x-next", "x-per-page", "x-has")


def identifier_of(exchange: Exchange, link: Link | None) -> str:
    """The identifier that an answer gives: where the link points, a bare text, or the first member called …id."""
    return next(iter(offered(exchange, link)), "")


def offered(exchange: Exchange, link: Link | None) -> list[str]:
    """All that may be the identifier in an answer, the likeliest first; a few at most.

    What the path of the call names already is no candidate: it names what the new thing belongs to.
    """
    try:
        body = exchange.answer.json
    except NotJson:
        return []
    own = {unquote(one) for one in urlsplit(exchange.request.url).path.split("/")}
    found = (one for one in _ids(body) if one not in own and addressable(one))
    return list(dict.fromkeys([*_pointed(body, link), *found]))[:OFFERED_AT_MOST]


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
    """What looks like an identifier in the objects of a body, outermost first; of a huge one in its first objects.

    In each object `id` and the like go before names that only end in it: `process_id` names another thing.
    """
    for node in islice(_objects(body), OBJECTS_AT_MOST):
        names = [name for name in node if name.lower().endswith("id") and not TRACING.fullmatch(name.lower())]
        for name in sorted(names, key=lambda one: EXACT.index(one.lower()) if one.lower() in EXACT else len(EXACT)):
            value = node[name]
            if isinstance(value, str | int) and IDENTIFIER.fullmatch(str(value)):
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


def concerns(exchange: Exchange, identifier: str, name: str = "") -> bool:
    """Whether an answer is about a thing: one of its values is the identifier, or holds the name.

    Of what is no JSON it is enough that it mentions one of them.
    """
    try:
        body = exchange.answer.json
    except NotJson:
        return mentions(exchange, identifier) or bool(name and mentions(exchange, name))
    found = [str(value) for _, value in places(body) if isinstance(value, str | int)]
    return identifier in found or bool(name and any(name in plain(value) for value in found))


def mentions(exchange: Exchange, identifier: str) -> bool:
    """Whether an answer names an identifier, wherever it does."""
    return identifier.encode() in exchange.answer.body


def partial(exchange: Exchange) -> bool:
    """Whether a list may show only a part: then what is absent from it may be on another page (rule 7).

    A page number, a size or a count proves nothing by itself: a list that shows as many items as there are in
    all, or fewer than fit on its first page, is whole.
    """
    answer = exchange.answer
    if "next" in (header(answer.headers, "link") or "") or header(answer.headers, "content-range"):
        return True
    try:
        body = answer.json
    except NotJson:
        return False
    shown = max(map(len, arrays(body)), default=0)
    signs = [(name[2:], value) for name, value in answer.headers if name.lower().startswith(HEADERS)]
    return _more([(re.sub("[^a-z]", "", name.lower()), value) for name, value in [*signs, *_beside(body)]], shown)


def _more(signs: list[tuple[str, Any]], shown: int) -> bool:
    """Whether members beside a list, or headers, report more than the `shown` items; the clearest of them decides."""
    continued = [value for name, value in signs if CONTINUED.fullmatch(name)]
    if any(_says_so(value) for value in continued):
        return True
    numbers = [(name, counted) for name, value in signs if (counted := _whole(value)) is not None]
    pages = [counted for name, counted in numbers if PAGES.fullmatch(name)]
    totals = {name: counted for name, counted in numbers if COUNTED.fullmatch(name) and not PAGES.fullmatch(name)}
    sizes = [counted for name, counted in numbers if SIZED.fullmatch(name)]
    if any(one > shown for one in totals.values()):
        return True
    of_all = any("total" in name for name in totals)  # else it may be the number of items on this page
    if totals and (of_all or not sizes or shown < min(sizes)):
        return False
    if pages:
        return any(one > 1 for one in pages)
    places = [(name, value) for name, value in signs if NUMBERED.fullmatch(name) and not SIZED.fullmatch(name)]
    first = all((_whole(value) or 0) <= (0 if name == "offset" else 1) for name, value in places)
    if first and (continued or (sizes and shown < min(sizes))):
        return False
    return bool(sizes) or any(value not in (None, "", False) for _, value in places)


def _says_so(value: Any) -> bool:
    """Whether a member such as `next` or `hasMore` says that there is more."""
    return value not in (None, "", False, 0, "0", [], {}) and str(value).casefold() != "false"


def _whole(value: Any) -> Decimal | None:
    return number(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None


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
