"""Identifiers: where responses contain the identifier of a thing, and whether a list looks paginated."""

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
OFFERED_AT_MOST: Final = 5
CREATED: Final = 201
LONGEST: Final = 255  # characters of an identifier
TRACING: Final = re.compile(r"^(trace|correlation|span|session)", re.IGNORECASE)  # identifiers of a call, of no thing
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
    return next(iter(candidates(exchange, link)), "")


def candidates(exchange: Exchange, link: Link | None) -> list[str]:
    """All that may be the identifier in an answer, the likeliest first; a few at most.

    What the path of the call names already is no candidate: it names what the new thing belongs to.
    """
    own = {unquote(one) for one in urlsplit(exchange.request.url).path.split("/")}
    try:
        body = exchange.response.json
    except NotJson:
        body = None
    found = (one for one in (*_ids(body), *_located(exchange)) if one not in own and addressable(one))
    return list(dict.fromkeys([*_pointed(body, link), *found]))[:OFFERED_AT_MOST]


def pointed(exchange: Exchange, link: Link) -> str:
    """The identifier in an answer where the link points, wrapped or not, or its bare text; empty when there is none.

    Where the body says nothing, it is the one that the header Location ends with.
    """
    try:
        return next(_pointed(exchange.response.json, link), "")
    except NotJson:
        return next(_located(exchange), "")


def _located(exchange: Exchange) -> Iterator[str]:
    """The identifier at the end of the address at which an accepted create says the new thing is."""
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
    found = (str(one) for one in places if isinstance(one, str | int) and not isinstance(one, bool))
    yield from filter(addressable, found)
    if not bare and link is not None and link.pointer:
        yield from filter(addressable, presence.enclosed(body))


def addressable(identifier: str) -> bool:
    """Whether an identifier can stand in a path, where no server takes it for anything but one segment."""
    harmless = identifier.isprintable() and not set(identifier) & set("/\\%;?#")
    return harmless and 0 < len(identifier) <= LONGEST and identifier.strip(". ") != ""


def _ids(body: Any) -> Iterator[str]:
    """What looks like an identifier in a body, the likeliest first: an exact `id`, then others, outermost first.

    What tells one call from another names no thing.
    """
    yield from (one for one in presence.identities({"": body}, but=TRACING) if IDENTIFIER.fullmatch(one))


def listed(exchange: Exchange, link: Link) -> list[tuple[str, str]]:
    """Identifier and name, without surrounding white space and HTML escaping, of every item of a list.

    An identifier that cannot be addressed is left empty.
    """
    return [
        (_identity(item, link), plain(str(next(at(item, link.name), ""))))
        for item in _items(exchange, link)
        if isinstance(item, dict)
    ]


def _identity(item: dict[str, Any], link: Link) -> str:
    """The identifier of an item: in its usual member, or where it is wrapped in another object, in an exact `id`."""
    inner = () if link.tree else presence.objects(item)
    wrapped = (str(value) for one in inner for name, value in one.items() if name.casefold() in presence.EXACT)
    return next(filter(addressable, [*map(str, at(item, link.item)), *wrapped]), "")


def seen(exchange: Exchange) -> set[str]:
    """Everything in an answer that may be the identifier of something, and not of the call."""
    try:
        body = exchange.response.json
    except NotJson:
        return set()
    nodes = [presence.own_values(node) for node in presence.objects(body)]
    members = {one for node in nodes for one in presence.identities(node, but=presence.CORRELATES)}
    return members | {name for node in presence.objects(body) for name in node if IDENTIFIER.fullmatch(name)}


def under(exchange: Exchange, link: Link, name: str) -> list[str]:
    """The identifiers of the items of a list that show a name, in whatever member; the likeliest first.

    Where an item has the name in its usual member, the others are not looked at.
    """
    usual = [one for one, known in listed(exchange, link) if known == plain(name) and one]
    if usual:
        return usual
    own = link.item.rpartition("/")[2]
    found = (presence.own_values(one) if link.tree else one for one in _items(exchange, link) if isinstance(one, dict))
    items = [item for item in found if presence.named(item, name)]
    return [one for item in items for one in presence.likeliest(item, own) if addressable(one)]


def own_identifiers(exchange: Exchange, link: Link, mark: str = "") -> set[str]:
    """The identifiers that the items of a list have as their own; with a `mark`, of those in which a value holds it."""
    items = [presence.own_values(one) if link.tree else one for one in _items(exchange, link) if isinstance(one, dict)]
    own = link.item.rpartition("/")[2]
    found = {
        identifier
        for item in items
        if not mark or any(presence.holds(value, mark) for _, value in named_values(item))
        for identifier in presence.likeliest(item, own)
    }
    if mark:
        return found
    return found | _keys(exchange)


def _keys(exchange: Exchange) -> set[str]:
    """The identifiers under which a list that is an object has its items, and those that it has as bare values."""
    try:
        body = exchange.response.json
    except NotJson:
        return set()
    names = {name for node in presence.objects(body) for name in node if IDENTIFIER.fullmatch(name)}
    bare = {str(one) for array in arrays(body) for one in array if isinstance(one, str | int)}
    return names | bare


def containing(exchange: Exchange, link: Link, names: Collection[str]) -> list[str]:
    """The identifiers of the items of a list in which a value holds one of the names, as that of a copy does."""
    items = [presence.own_values(one) if link.tree else one for one in _items(exchange, link) if isinstance(one, dict)]
    found = [
        item for item in items if any(presence.holds(value, name) for _, value in named_values(item) for name in names)
    ]
    own = link.item.rpartition("/")[2]
    return [one for item in found for one in presence.likeliest(item, own) if addressable(one)]


def shows(exchange: Exchange, link: Link, identifier: str, name: str = "") -> bool:
    """Whether a list has an item of an identifier, or with a name in any of its values, in whatever layout.

    What is no JSON shows nothing.
    """
    try:
        body = exchange.response.json
    except NotJson:
        return False
    return presence.shown(body, identifier, link.item.rpartition("/")[2], [name])


def mentions(exchange: Exchange, text: str) -> bool:
    """Whether an answer names an identifier or a name: one of its values holds it; what is no JSON, as plain text."""
    try:
        return presence.mentioned(exchange.response.json, text)
    except NotJson:
        pass
    if exchange.response.media_type == "text/html":
        return False
    return presence.holds(exchange.response.body.decode("utf-8", "replace"), text)


def has_value(exchange: Exchange, value: str) -> bool:
    """Whether one of the single values of an answer is this one."""
    try:
        return any(presence.is_value(one, value) for _, one in named_values(exchange.response.json))
    except NotJson:
        return False


def is_read(exchange: Exchange, identifier: str, name: str = "") -> bool:
    """Whether an accepted answer shows a thing, as `concerns` has it."""
    return exchange.response.ok and concerns(exchange, identifier, name)


def concerns(exchange: Exchange, identifier: str, name: str = "") -> bool:
    """Whether an answer is about a thing: an object in it has the identifier, or a value holds the name.

    An empty answer, one about something else, and one that only repeats its own path are not. Of what is no JSON it is
    enough that it mentions one of them.
    """
    try:
        body = exchange.response.json
    except NotJson:
        return mentions(exchange, identifier) or bool(name and mentions(exchange, name))
    return presence.shown(body, identifier) or bool(name and presence.mentioned(body, name))


def of_another(exchange: Exchange, identifier: str, name: str) -> bool:
    """Whether an answer gives the identifier of what it is about, and shows neither this identifier nor this name."""
    try:
        named = next(presence.enclosed(exchange.response.json), "")
    except NotJson:
        return False
    return bool(named) and not concerns(exchange, identifier, name)


def members_of(exchange: Exchange, identifier: str, value: str) -> Iterator[str]:
    """The members in which an answer gives a value to a thing of this identifier."""
    try:
        thing = presence.about(exchange.response.json, identifier) or {}
    except NotJson:
        return
    yield from (name for name, held in thing.items() if presence.is_value(held, value))


def misnamed(exchange: Exchange, identifier: str, member: str, names: Iterable[str]) -> bool:
    """Whether an answer has a thing of this identifier under a name that has nothing to do with its own.

    The name is looked for in the given member, where the answer has that. Shortened or longer ones pass.
    """
    try:
        thing = presence.about(exchange.response.json, identifier)
    except NotJson:
        return False
    called = thing.get(member) if thing is not None else None
    if not isinstance(called, str) or not called.strip():
        return False
    return not any(presence.holds(called, name) or presence.holds(name, called) for name in names if name)


def names(exchange: Exchange, identifier: str) -> bool:
    """Whether an answer in JSON has an identifier as a value or a name of its own, wherever it does.

    In an answer that is no JSON, and inside a longer text, nothing is named.
    """
    try:
        body = exchange.response.json
    except NotJson:
        return False
    return any(str(one) == identifier for one in scalars(body))


def looks_paginated(exchange: Exchange) -> bool:
    """Whether a list may show only a part: then what is absent from it may be on another page (rule 7).

    A page number, a size or a count proves nothing by itself: a list that shows as many items as there are in
    all, or fewer than fit on its first page, is whole.
    """
    answer = exchange.response
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
        body = exchange.response.json
    except NotJson:
        return []
    if link.tree:
        return list(presence.objects(body))
    found = list(arrays(body))
    alone = [body] if not found and any(at(body, link.item)) else []
    return [*alone, *(item for array in found for item in array)]
