"""Find the exchanges of a test that must be sent again, in order, to reproduce one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import objects
from conformance.wire.guard import SAFE_METHODS
from conformance.wire.ledger import NAMES
from conformance.wire.logins import TOKEN_REQUEST

MAX_WRITES: Final = 12  # maximal writes of a test
MAX_EXCHANGES: Final = 40  # maximal exchanges; nobody reads a longer script
SHORTEST_VALUE: Final = 6  # characters of a value taken from a response; shorter values occur everywhere
_WORD: Final = re.compile(r"[A-Za-z0-9_.\-]+")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d.*|[\d.]+")


class Chains:
    """The chains of one test, whose exchanges are `kept` in the order in which they were sent.

    `lasting` are identifiers that existed before the run. `is_given` returns whether the user who repeats the chain has
    a value, such as the token of a user of the target file; `reads` returns whether an exchange only read.
    """

    def __init__(
        self,
        kept: Sequence[Exchange],
        lasting: Collection[str] = (),
        is_given: Callable[[str], bool] = lambda _: False,
        reads: Callable[[Exchange], bool] = lambda exchange: exchange.request.method in SAFE_METHODS,
    ) -> None:
        self._kept = kept
        self._lasting = frozenset(lasting)
        self._is_given = is_given
        self._reads = reads
        self._place = {exchange.id: index for index, exchange in enumerate(kept)}

    def of(self, shown: Sequence[str], *, of_state: bool = False) -> tuple[str, ...]:
        """The ids of the exchanges that reproduce `shown`, including these; empty if there is only one.

        They include the creates of the resources that `shown` names, and the accepted writes that may have changed
        them. The first of `shown` shows the defect. If it is one `of_state`, the others are part of it, and so is every
        write of the test, unless there are many. Otherwise the others count only if they name the same resource.
        """
        cited = {self._place[value] for value in shown if value in self._place}
        if not cited:
            return ()
        first = self._place.get(shown[0])
        if first is not None and not of_state:
            same = self._links(first)
            cited = {
                number for number in cited if number == first or same & (self._words[number] | self._names[number])
            }
        if of_state and first is not None:
            effect = set() if self._shows_by_its_status(first, cited) else self._read_after(cited)
            cited |= effect | self._refused_before(first) | self._shown_before(first)
        minimal = self._with_producers(cited)
        few = sum(map(self._is_accepted_write, range(max(cited)))) <= MAX_WRITES
        complete = self._with_producers(minimal | self._changes(minimal, max(cited), all_of_them=of_state and few))
        found = complete if len(complete) <= MAX_EXCHANGES else minimal
        return tuple(self._kept[index].id for index in sorted(found)) if 1 < len(found) <= MAX_EXCHANGES else ()

    def _changes(self, minimal: Collection[int], last: int, *, all_of_them: bool) -> set[int]:
        """The writes before the `last` exchange that may have changed what the `minimal` exchanges are about."""
        if all_of_them:
            return set(self._writes(None, last, minimal))
        links = {link for index in minimal for link in self._links(index)}
        named = set(self._writes(links, last, minimal))
        # A later write may name a resource by its identifier only, and the exchange that shows the defect by its name.
        links |= {value for index in {*minimal, *named} for value in self._made(index)}
        return named | set(self._writes(links, last, minimal))

    def _made(self, index: int) -> set[str]:
        """The values that the response to an accepted write showed first, such as the identifier of what it created."""
        if not self._is_accepted_write(index):
            return set()
        return {value for value, (born, _) in self._first_shown.items() if born == index}

    def _read_after(self, cited: Collection[int]) -> set[int]:
        """The first read, which shows the effect, of what a write named or created, if no read is cited."""
        if any(self._reads(self._kept[index]) for index in cited):
            return set()
        last = max(cited)
        links = self._links(last) | self._made(last)
        named = {item for item in _WORD.findall(_body(self._kept[last])) if len(item) >= SHORTEST_VALUE}
        later = [number for number in range(last + 1, len(self._kept)) if self._reads(self._kept[number])]
        naming = (number for number in later if self._words[number] & links or _segments(self._kept[number]) & named)
        listing = (number for number in later if _unique_parts(_shown(self._kept[number])) & links)
        return set(islice(chain(naming, listing), 1))

    def _shows_by_its_status(self, first: int, cited: Collection[int]) -> bool:
        """Whether a write was accepted, and another one of the same operation, cited with it, was refused."""
        operation = self._kept[first].operation
        alike = (self._kept[number] for number in cited if self._kept[number].operation == operation)
        return self._is_accepted_write(first) and any(exchange.response.refused for exchange in alike)

    def _refused_before(self, first: int) -> set[int]:
        """The refused writes since the same read had another response, if none was accepted: one of them did it."""
        if not self._reads(self._kept[first]):
            return set()
        for index in range(first - 1, -1, -1):
            if self._is_accepted_write(index):
                break
            if self._had_another_response(index, first):
                refused = {number for number in range(index, first) if not self._reads(self._kept[number])}
                return {index, *refused} if refused else set()
        return set()

    def _had_another_response(self, index: int, other: int) -> bool:
        """Whether two requests are the same and had different responses."""
        exchange, two = self._kept[index], self._kept[other]
        if exchange.request != two.request:
            return False
        return (exchange.response.status, exchange.response.body) != (two.response.status, two.response.body)

    def _shown_before(self, first: int) -> set[int]:
        """The reads that first showed the identifiers in the response to an accepted write that did not name them."""
        if not self._is_accepted_write(first):
            return set()
        reads = [number for number in range(first) if self._reads(self._kept[number])]
        unnamed = _outermost(self._kept[first]) - self._words[first]
        showing = (next((number for number in reads if value in _shown(self._kept[number])), None) for value in unnamed)
        return {number for number in showing if number is not None}

    def _with_producers(self, indices: Collection[int]) -> set[int]:
        found: set[int] = set()
        open_ = set(indices)
        while open_:
            index = open_.pop()
            found.add(index)
            made = {
                place for word in self._words[index] if word in self._first_shown for place in self._producers_of(word)
            }
            open_ |= {number for number in made if number < index} - found
        return found

    def _producers_of(self, value: str) -> Iterator[int]:
        """The exchange that first showed a value. If that was a list, also the create of the item, recognised by its
        name.
        """
        index, names = self._first_shown[value]
        yield index
        if self._reads(self._kept[index]):
            for earlier in range(index):
                if names & self._names[earlier] and self._is_accepted_write(earlier):
                    yield earlier
                    return

    def _links(self, index: int) -> set[str]:
        """What a request names that a write may have changed: resources of the run, and fixtures of the target file."""
        words = self._words[index]
        path = set(_WORD.findall(unquote_plus(self._kept[index].request.url)))
        return {word for word in words if word in self._first_shown} | (path & self._lasting) | self._names[index]

    def _writes(self, links: set[str] | None, last: int, known: Collection[int]) -> Iterator[int]:
        """The accepted writes before the last exchange that name one of `links`; of several updates only the last."""
        put: dict[str, int] = {}
        for index in range(last):
            exchange = self._kept[index]
            if not self._is_accepted_write(index):
                continue
            if links is not None and not (self._words[index] | self._names[index]) & links:
                continue
            if exchange.request.method == "PUT" and links is not None:
                put[exchange.request.url] = index
            elif index not in known:
                yield index
        updated = {self._kept[index].request.url for index in known if self._kept[index].request.method == "PUT"}
        yield from (index for url, index in put.items() if url not in updated)

    def _is_accepted_write(self, index: int) -> bool:
        exchange = self._kept[index]
        return not self._reads(exchange) and exchange.operation != TOKEN_REQUEST and 0 < exchange.response.status < 400

    @cached_property
    def _words(self) -> list[frozenset[str]]:
        """The words of each request, including headers and decoded forms."""
        return [frozenset(_words(exchange)) for exchange in self._kept]

    @cached_property
    def _names(self) -> list[frozenset[str]]:
        """The names of the run's resources in each request, each by its unique part."""
        return [_unique_parts(_text(exchange)) for exchange in self._kept]

    @cached_property
    def _first_shown(self) -> dict[str, tuple[int, frozenset[str]]]:
        """By value: the exchange whose response first showed it, with names in the same object. No earlier request
        had it.
        """
        born: dict[str, tuple[int, frozenset[str]]] = {}
        sent: set[str] = set(self._lasting)
        for index, exchange in enumerate(self._kept):
            sent |= self._words[index] - born.keys()
            for value, names in _values(exchange):
                if value not in sent and value not in born and not self._is_given(value):
                    born[value] = index, names
        return born


def _unique_parts(text: str) -> frozenset[str]:
    """The names of runs in a text, each by its unique part."""
    return frozenset(found[found.lastindex or 0] for found in NAMES.finditer(text))


def _text(exchange: Exchange) -> str:
    request = exchange.request
    return unquote_plus(f"{request.url}\n{_body(exchange)}")


def _body(exchange: Exchange) -> str:
    return exchange.request.body.decode("utf-8", "replace")


def _segments(exchange: Exchange) -> set[str]:
    """The segments of the path of a request."""
    return set(urlsplit(exchange.request.url).path.split("/"))


def _shown(exchange: Exchange) -> str:
    """The body of a response as text."""
    return exchange.response.body.decode("utf-8", "replace")


def _outermost(exchange: Exchange) -> set[str]:
    """The identifiers in the outermost object of a response."""
    try:
        document = exchange.response.json
    except NotJson:
        return set()
    values = document.values() if isinstance(document, dict) else ()
    return {value for value in values if isinstance(value, str) and is_identifier(value)}


def _words(exchange: Exchange) -> Iterator[str]:
    yield from _WORD.findall(_text(exchange))
    for _, value in exchange.request.headers:
        yield value
        yield value.rpartition(" ")[2]


def _values(exchange: Exchange) -> Iterator[tuple[str, frozenset[str]]]:
    """Values of a response that can be identifiers or tokens, with the names of runs in the same object."""
    if exchange.entry is not None and exchange.entry.identifier:
        yield exchange.entry.identifier, frozenset()
    try:
        document = exchange.response.json if exchange.has_response else None
    except NotJson:
        return
    for entry in objects(document):
        inside = [*entry.values(), *(item for value in entry.values() if isinstance(value, list) for item in value)]
        texts = [str(value) for value in inside if isinstance(value, str | int)]
        names = _unique_parts("\n".join(texts))
        yield from ((text, names) for text in texts if is_identifier(text))


def is_identifier(value: str) -> bool:
    """Whether a value of a response may be an identifier: a word of some length with a digit that is not a date."""
    return (
        SHORTEST_VALUE <= len(value) <= 4_096
        and _WORD.fullmatch(value) is not None
        and any(map(str.isdigit, value))
        and not _MOMENT.fullmatch(value)
    )
