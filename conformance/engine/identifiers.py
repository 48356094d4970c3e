"""Find the identifiers of resources in responses, and decide whether a list looks paginated."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from conformance.core.exchange import Exchange, NotJson, header
from conformance.core.json_walk import arrays, named_values, scalars
from conformance.engine import presence
from conformance.engine.comparison import number, plain
from conformance.spec.specification import Link
from conformance.spec.touched_ids import at

ANOTHER: Final = "the response is about something else: it has neither the identifier nor the name"
IDENTIFIER: Final = re.compile(r"[0-9a-zA-Z]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d{1,18}")
MAX_CANDIDATES: Final = 5
CREATED: Final = 201
MAX_LENGTH: Final = 255  # maximal characters of an identifier
SEVERAL: Final = frozenset(",*|&")  # joins identifiers, or matches any
NO_IDENTIFIERS: Final = frozenset(
    {"", "0", "null", "nil", "none", "undefined", "true", "false", "nan", "all", "me", "self"}
)
"""Words that name no resource, or another one than that which was just created."""
# identifiers of a call, not of a resource
CALL_IDENTIFIER: Final = re.compile(r"^(trace|correlation|span|session)", re.IGNORECASE)
NEXT_PAGE: Final = re.compile(
    r"(odata)?next((page|link|url|uri|href|token|cursor|offset|start).*)?|has(next|more).*|more|(cursor|continuation).*"
)
PAGE_COUNT: Final = re.compile(r"(total)?(pages|pagecount)|totalpages?")  # number of pages
TOTAL_COUNT: Final = re.compile(r"(total|count).*|.*(total|count)")
PAGE_SIZE: Final = re.compile(r"limit|perpage.*|pagesize|pagelimit")  # number of items per page
PAGE_NUMBER: Final = re.compile(r"pag(e|ing|ination).*|offset")
HEADERS: Final = ("x-total", "x-pag", "x-next", "x-per-page", "x-has")


def identifier_of(exchange: Exchange, link: Link | None) -> str:
    """The identifier in a response: where the link points, a bare text, or the first member called …id."""
    return next(iter(candidates(exchange, link)), "")


def candidates(exchange: Exchange, link: Link | None) -> list[str]:
    """All values that may be the identifier in a response, the most likely first, and only a few.

    Values in the path of the call are excluded: they name the parent of the new resource.
    """
    in_path = {unquote(value) for value in urlsplit(exchange.request.url).path.split("/")}
    try:
        body = exchange.response.json
    except NotJson:
        body = None
    others = (
        identifier
        for identifier in (*_ids(body), *_from_location(exchange))
        if identifier not in in_path and addressable(identifier)
    )
    return list(dict.fromkeys([*_pointed(body, link), *others]))[:MAX_CANDIDATES]


def pointed(exchange: Exchange, link: Link) -> str:
    """The identifier in a response where the link points, wrapped or not, or its bare text; empty if there is none.

    If the body has none, it is the last segment of the header Location.
    """
    try:
        return next(_pointed(exchange.response.json, link), "")
    except NotJson:
        return next(_from_location(exchange), "")


def _from_location(exchange: Exchange) -> Iterator[str]:
    """The identifier at the end of the URL in the header Location of an accepted create."""
    if exchange.response.status != CREATED:
        return
    try:
        path = urlsplit((header(exchange.response.headers, "location") or "").strip()).path
    except ValueError:
        return
    last = unquote(path.rstrip("/").rpartition("/")[2])
    if IDENTIFIER.fullmatch(last):
        yield last


def _pointed(body: Any, link: Link | None) -> Iterator[str]:
    bare = isinstance(body, str | int)
    places = [body] if bare else at(body, link.pointer) if link is not None and link.pointer else ()
    found = (str(place) for place in places if isinstance(place, str | int) and not isinstance(place, bool))
    yield from filter(addressable, found)
    if not bare and link is not None and link.pointer:
        yield from filter(addressable, presence.enclosed(body))


def addressable(identifier: str) -> bool:
    """Whether an identifier can be used in a path: no server parses it as more or less than one segment or resource."""
    harmless = identifier.isprintable() and not set(identifier) & set("/\\%;?#") and not set(identifier) & SEVERAL
    return harmless and 0 < len(identifier) <= MAX_LENGTH and identifier.strip(". ").casefold() not in NO_IDENTIFIERS


def _ids(body: Any) -> Iterator[str]:
    """What looks like an identifier in a body, the most likely first: an exact `id`, then others, outermost first.

    Identifiers of calls, such as trace ids, are excluded.
    """
    yield from (
        identity for identity in presence.identities({"": body}, but=CALL_IDENTIFIER) if IDENTIFIER.fullmatch(identity)
    )


def listed(exchange: Exchange, link: Link) -> list[tuple[str, str]]:
    """The identifier and name of every item of a list, the name without surrounding white space and HTML escaping.

    An identifier that cannot be used in a path is empty.
    """
    return [
        (_identity(item, link), plain(str(next(at(item, link.name), ""))))
        for item in _items(exchange, link)
        if isinstance(item, dict)
    ]


def _identity(item: dict[str, Any], link: Link) -> str:
    """The identifier of an item: in its usual member, or in an exact `id` if it is wrapped in another object."""
    inner = () if link.tree else presence.objects(item)
    wrapped = (str(value) for entry in inner for name, value in entry.items() if name.casefold() in presence.EXACT)
    return next(filter(addressable, [*map(str, at(item, link.item)), *wrapped]), "")


def seen(exchange: Exchange) -> set[str]:
    """Every value in a response that may be the identifier of a resource, and not of the call."""
    try:
        body = exchange.response.json
    except NotJson:
        return set()
    nodes = [presence.own_values(node) for node in presence.objects(body)]
    members = {identity for node in nodes for identity in presence.identities(node, but=presence.CORRELATES)}
    return members | {name for node in presence.objects(body) for name in node if IDENTIFIER.fullmatch(name)}


def under(exchange: Exchange, link: Link, name: str) -> list[str]:
    """The identifiers of the items of a list that have a name in any member, the most likely first.

    If an item has the name in its usual member, other members are ignored.
    """
    exact = [value for value, item_name in listed(exchange, link) if item_name == plain(name) and value]
    if exact:
        return exact
    id_member = link.item.rpartition("/")[2]
    candidates = (
        presence.own_values(entry) if link.tree else entry
        for entry in _items(exchange, link)
        if isinstance(entry, dict)
    )
    items = [item for item in candidates if presence.named(item, name)]
    return [value for item in items for value in presence.likeliest(item, id_member) if addressable(value)]


def own_identifiers(exchange: Exchange, link: Link, mark: str = "") -> set[str]:
    """The identifiers of the items of a list themselves; with a `mark`, only of the items in which a value contains
    it.
    """
    items = [
        presence.own_values(entry) if link.tree else entry
        for entry in _items(exchange, link)
        if isinstance(entry, dict)
    ]
    id_member = link.item.rpartition("/")[2]
    found = {
        identifier
        for item in items
        if not mark or any(presence.holds(value, mark) for _, value in named_values(item))
        for identifier in presence.likeliest(item, id_member)
    }
    if mark:
        return found
    return found | _keys(exchange)


def _keys(exchange: Exchange) -> set[str]:
    """The identifiers that are keys of a list that is an object, or bare values in it."""
    try:
        body = exchange.response.json
    except NotJson:
        return set()
    names = {name for node in presence.objects(body) for name in node if IDENTIFIER.fullmatch(name)}
    bare = {str(item) for array in arrays(body) for item in array if isinstance(item, str | int)}
    return names | bare


def containing(exchange: Exchange, link: Link, names: Collection[str]) -> list[str]:
    """The identifiers of the items of a list in which a value contains one of the names, as that of a copy does."""
    items = [
        presence.own_values(entry) if link.tree else entry
        for entry in _items(exchange, link)
        if isinstance(entry, dict)
    ]
    found = [
        item for item in items if any(presence.holds(value, name) for _, value in named_values(item) for name in names)
    ]
    id_member = link.item.rpartition("/")[2]
    return [text for item in found for text in presence.likeliest(item, id_member) if addressable(text)]


def shows(exchange: Exchange, link: Link, identifier: str, name: str = "") -> bool:
    """Whether a list has an item with an identifier, or with a name in any value, in any layout.

    A response that is not JSON has no items.
    """
    try:
        body = exchange.response.json
    except NotJson:
        return False
    return presence.shown(body, identifier, link.item.rpartition("/")[2], [name])


def mentions(exchange: Exchange, text: str) -> bool:
    """Whether a response contains an identifier or a name in one of its values, or in its text if it is not JSON."""
    try:
        return presence.mentioned(exchange.response.json, text)
    except NotJson:
        pass
    if exchange.response.media_type == "text/html":
        return False
    return presence.holds(exchange.response.body.decode("utf-8", "replace"), text)


def has_value(exchange: Exchange, value: str) -> bool:
    """Whether one of the scalar values of a response equals `value`."""
    try:
        return any(presence.is_value(item, value) for _, item in named_values(exchange.response.json))
    except NotJson:
        return False


def is_read(exchange: Exchange, identifier: str, name: str = "") -> bool:
    """Whether an accepted response shows a resource, as defined by `concerns`."""
    return exchange.response.ok and concerns(exchange, identifier, name)


def concerns(exchange: Exchange, identifier: str, name: str = "") -> bool:
    """Whether a response is about a resource: an object in it has the identifier, or a value contains the name.

    An empty response, one about another resource, and one that only repeats its path are not. If it is not JSON, any
    mention is enough.
    """
    try:
        body = exchange.response.json
    except NotJson:
        return mentions(exchange, identifier) or bool(name and mentions(exchange, name))
    return presence.shown(body, identifier) or bool(name and presence.mentioned(body, name))


def of_another(exchange: Exchange, identifier: str, name: str) -> bool:
    """Whether a response names the identifier of its subject, and contains neither this identifier nor this name."""
    try:
        named = next(presence.enclosed(exchange.response.json), "")
    except NotJson:
        return False
    return bool(named) and not concerns(exchange, identifier, name)


def members_of(exchange: Exchange, identifier: str, value: str) -> Iterator[str]:
    """The members in which a response gives the resource with this identifier a value."""
    try:
        thing = presence.about(exchange.response.json, identifier) or {}
    except NotJson:
        return
    yield from (name for name, member_value in thing.items() if presence.is_value(member_value, value))


def misnamed(exchange: Exchange, identifier: str, member: str, names: Iterable[str]) -> bool:
    """Whether a response gives the resource with this identifier a name that is unrelated to its own.

    The name is the value of `member`, if the response has that. Shortened or longer names are related.
    """
    try:
        thing = presence.about(exchange.response.json, identifier)
    except NotJson:
        return False
    shown_name = thing.get(member) if thing is not None else None
    if not isinstance(shown_name, str) or not shown_name.strip():
        return False
    shortened = shown_name.strip().rstrip(".…")
    return not any(presence.holds(shown_name, name) or presence.holds(name, shortened) for name in names if name)


def names(exchange: Exchange, identifier: str) -> bool:
    """Whether a JSON response contains an identifier as a scalar value or a member name.

    Text inside a longer one, and a response that is not JSON, do not count.
    """
    try:
        body = exchange.response.json
    except NotJson:
        return False
    return any(str(scalar) == identifier for scalar in scalars(body))


def looks_paginated(exchange: Exchange) -> bool:
    """Whether a list may be incomplete: then an absent item may be on another page (rule 7).

    A page number, a size or a count alone proves nothing: a list is complete if it has as many items as exist in total,
    or fewer than fit on its first page.
    """
    response = exchange.response
    if "next" in (header(response.headers, "link") or "") or header(response.headers, "content-range"):
        return True
    try:
        body = response.json
    except NotJson:
        return False
    shown = max(map(len, arrays(body)), default=0)
    signs = [(name[2:], value) for name, value in response.headers if name.lower().startswith(HEADERS)]
    return _announces_more(
        [(re.sub("[^a-z]", "", name.lower()), value) for name, value in [*signs, *_wrapping_members(body)]], shown
    )


def _announces_more(signs: list[tuple[str, Any]], shown: int) -> bool:
    """Whether members next to a list, or headers, announce more than the `shown` items. The clearest sign decides."""
    continued = [value for name, value in signs if NEXT_PAGE.fullmatch(name)]
    if any(_is_positive(value) for value in continued):
        return True
    numbers = [(name, counted) for name, value in signs if (counted := _number(value)) is not None]
    pages = [counted for name, counted in numbers if PAGE_COUNT.fullmatch(name)]
    totals = {
        name: counted for name, counted in numbers if TOTAL_COUNT.fullmatch(name) and not PAGE_COUNT.fullmatch(name)
    }
    sizes = [counted for name, counted in numbers if PAGE_SIZE.fullmatch(name)]
    if any(total > shown for total in totals.values()):
        return True
    of_all = any("total" in name for name in totals)  # otherwise it may be the number of items on this page
    if totals and (of_all or not sizes or shown < min(sizes)):
        return False
    if pages:
        return any(page > 1 for page in pages)
    places = [(name, value) for name, value in signs if PAGE_NUMBER.fullmatch(name) and not PAGE_SIZE.fullmatch(name)]
    first = all((_number(value) or 0) <= (0 if name == "offset" else 1) for name, value in places)
    if first and (continued or (sizes and shown < min(sizes))):
        return False
    return bool(sizes) or any(value not in (None, "", False) for _, value in places)


def _is_positive(value: Any) -> bool:
    """Whether a member such as `next` or `hasMore` announces more items."""
    return value not in (None, "", False, 0, "0", [], {}) and str(value).casefold() != "false"


def _number(value: Any) -> Decimal | None:
    return number(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None


def _wrapping_members(body: Any) -> Iterator[tuple[str, Any]]:
    """The members of the objects in which a list is wrapped."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield name, value
            yield from _wrapping_members(value)


def _items(exchange: Exchange, link: Link) -> list[Any]:
    """The items of a list, bare or wrapped in objects; of a tree at every depth. A single item is a list of one."""
    try:
        body = exchange.response.json
    except NotJson:
        return []
    if link.tree:
        return list(presence.objects(body))
    lists = list(arrays(body))
    single = [body] if not lists and any(at(body, link.item)) else []
    return [*single, *(item for array in lists for item in array)]
