"""Chain: the exchanges of a test that must be sent again, in their order, to see one of them again."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import Final
from urllib.parse import unquote_plus

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import objects
from conformance.wire.ledger import NAMES
from conformance.wire.logins import TOKEN_REQUEST

LONGEST: Final = 40  # exchanges; a longer script nobody reads
SHORTEST_VALUE: Final = 6  # characters of what is taken from a response; shorter values are everywhere
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_WORD: Final = re.compile(r"[A-Za-z0-9_.\-]+")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d.*|[\d.]+")


class Chains:
    """The chains of one test, whose exchanges are `kept` in the order in which they were sent.

    `lasting` are identifiers that were there before the run. `is_given` says of a value whether whoever sends the
    chain again has it, such as the token of a user of the target file.
    """

    def __init__(
        self, kept: Sequence[Exchange], lasting: Collection[str] = (), is_given: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._kept = kept
        self._lasting = frozenset(lasting)
        self._is_given = is_given
        self._place = {one.id: index for index, one in enumerate(kept)}

    def of(self, shown: Sequence[str], *, of_state: bool = False) -> tuple[str, ...]:
        """The ids of what must be sent to see the exchanges `shown` again, these among them; none for one request.

        What made a thing that they name goes before, and what was accepted and may have changed that thing. The first
        of them shows the fault. If that is one `of_state`, the others are part of it, and if it is then a read that
        names nothing, such as a list, so is every write; else the others count only where they name the same.
        """
        cited = {self._place[one] for one in shown if one in self._place}
        if not cited:
            return ()
        if shown[0] in self._place and not of_state:
            first = self._place[shown[0]]
            same = self._links(first)
            cited = {one for one in cited if one == first or same & (self._words[one] | self._names[one])}
        bare = self._with_producers(cited)
        everything = of_state and self._reads(shown[0]) and not self._links(self._place[shown[0]])
        links = None if everything else {link for index in bare for link in self._links(index)}
        whole = self._with_producers(bare | set(self._writes(links, max(cited), bare)))
        found = whole if len(whole) <= LONGEST else bare
        return tuple(self._kept[index].id for index in sorted(found)) if 1 < len(found) <= LONGEST else ()

    def _with_producers(self, indices: Collection[int]) -> set[int]:
        found: set[int] = set()
        open_ = set(indices)
        while open_:
            index = open_.pop()
            found.add(index)
            made = {place for word in self._words[index] if word in self._born for place in self._made_by(word)}
            open_ |= {one for one in made if one < index} - found
        return found

    def _made_by(self, value: str) -> Iterator[int]:
        """What first showed a value; where that was a list, also what created the item, which is told by its name."""
        index, names = self._born[value]
        yield index
        if self._kept[index].request.method in _READS:
            for earlier in range(index):
                if names & self._names[earlier] and self._is_accepted_write(earlier):
                    yield earlier
                    return

    def _links(self, index: int) -> set[str]:
        """What a request names that a write may have changed: what the run made, and what the target file names."""
        words = self._words[index]
        path = set(_WORD.findall(unquote_plus(self._kept[index].request.url)))
        return {one for one in words if one in self._born} | (path & self._lasting) | self._names[index]

    def _reads(self, name: str) -> bool:
        return name in self._place and self._kept[self._place[name]].request.method in _READS

    def _writes(self, links: set[str] | None, last: int, known: Collection[int]) -> Iterator[int]:
        """The accepted writes before the last exchange that name one of `links`; of several updates, the last one."""
        put: dict[str, int] = {}
        for index in range(last):
            one = self._kept[index]
            if not self._is_accepted_write(index):
                continue
            if links is not None and not (self._words[index] | self._names[index]) & links:
                continue
            if one.request.method == "PUT":
                put[one.request.url] = index
            elif index not in known:
                yield index
        updated = {self._kept[index].request.url for index in known if self._kept[index].request.method == "PUT"}
        yield from (index for url, index in put.items() if url not in updated)

    def _is_accepted_write(self, index: int) -> bool:
        one = self._kept[index]
        return one.request.method not in _READS and one.operation != TOKEN_REQUEST and one.response.status < 400

    @cached_property
    def _words(self) -> list[frozenset[str]]:
        """The words of each request, those in header fields and in encoded form as well."""
        return [frozenset(_words(one)) for one in self._kept]

    @cached_property
    def _names(self) -> list[frozenset[str]]:
        """The names of the run's own things in each request, each by the part that no other has."""
        return [_tails(_text(one)) for one in self._kept]

    @cached_property
    def _born(self) -> dict[str, tuple[int, frozenset[str]]]:
        """By value: the exchange whose response first showed it, and names beside it; no earlier request had it."""
        born: dict[str, tuple[int, frozenset[str]]] = {}
        sent: set[str] = set(self._lasting)
        for index, one in enumerate(self._kept):
            sent |= self._words[index] - born.keys()
            for value, names in _values(one):
                if value not in sent and value not in born and not self._is_given(value):
                    born[value] = index, names
        return born


def _tails(text: str) -> frozenset[str]:
    """The names of runs in a text, each by the part that no other has."""
    return frozenset(found[found.lastindex or 0] for found in NAMES.finditer(text))


def _text(exchange: Exchange) -> str:
    request = exchange.request
    return unquote_plus(f"{request.url}\n{request.body.decode('utf-8', 'replace')}")


def _words(exchange: Exchange) -> Iterator[str]:
    yield from _WORD.findall(_text(exchange))
    for _, value in exchange.request.headers:
        yield value
        yield value.rpartition(" ")[2]


def _values(exchange: Exchange) -> Iterator[tuple[str, frozenset[str]]]:
    """What in a response can be an identifier or a token, with the names of runs in the same object."""
    if exchange.entry is not None and exchange.entry.identifier:
        yield exchange.entry.identifier, frozenset()
    try:
        document = exchange.response.json if exchange.has_response else None
    except NotJson:
        return
    for one in objects(document):
        inside = [*one.values(), *(item for value in one.values() if isinstance(value, list) for item in value)]
        texts = [str(value) for value in inside if isinstance(value, str | int)]
        names = _tails("\n".join(texts))
        yield from ((text, names) for text in texts if is_identifier(text))


def is_identifier(value: str) -> bool:
    """Whether a value of a response may name something: a word of some length with a digit, and no date."""
    return (
        SHORTEST_VALUE <= len(value) <= 4_096
        and _WORD.fullmatch(value) is not None
        and any(map(str.isdigit, value))
        and not _MOMENT.fullmatch(value)
    )
