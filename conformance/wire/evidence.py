"""Keep the exchanges of the current test, and store the cited ones redacted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from conformance.core.exchange import Exchange
from conformance.wire.journal import Unwritable
from conformance.wire.redact import Redactor
from conformance.wire.stored import stored


class Evidence:
    """One file of exchanges per worker, one JSON object per line, each exchange at most once.

    Responses of the operations in `lists` contain other people's items: items for whose text `foreign` is true are
    stored as names and types only. Responses of the operations in `others` belong to other people as a whole, and none
    of their values is stored. `seen` is called with every exchange, unredacted.
    """

    def __init__(
        self,
        path: Path | None,
        redactor: Redactor,
        *,
        lists: frozenset[str],
        others: frozenset[str] = frozenset(),
        foreign: Callable[[str], bool],
        seen: Callable[[Exchange], None],
    ) -> None:
        self._path = path
        self._redactor = redactor
        self._lists = lists
        self._others = others
        self._foreign = foreign
        self._seen = seen
        self._kept: dict[str, Exchange] = {}
        self._written: set[str] = set()

    def keep(self, exchange: Exchange) -> None:
        """Keep an exchange until the test ends."""
        self._kept[exchange.id] = exchange
        self._seen(exchange)

    def hide(self, kind: str, identifier: str) -> None:
        """Store an identifier as a placeholder that is named after the kind of resource."""
        self._redactor.learn(f"{kind.upper().replace(' ', '_')}_{self._redactor.known}", identifier)

    def cite(self, identifiers: Iterable[str]) -> None:
        """Store the exchanges that a verdict cites. Raises Unwritable."""
        unwritten = [
            value for value in dict.fromkeys(identifiers) if value in self._kept and value not in self._written
        ]
        self._written.update(unwritten)
        if self._path is None or not unwritten:
            return
        try:
            with self._path.open("a", encoding="utf-8") as file:
                for value in unwritten:
                    exchange = self._kept[value]
                    foreign = self._foreign if exchange.operation in self._lists else None
                    whole = exchange.operation in self._others
                    record = stored(exchange, self._redactor, foreign=foreign, whole=whole)
                    file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise Unwritable(self._path, error) from None

    @property
    def kept(self) -> list[Exchange]:
        """The exchanges of the current test, in the order in which they were sent."""
        return list(self._kept.values())

    def restore(self, exchanges: Iterable[Exchange]) -> None:
        """Keep exchanges of an earlier test again, before those of the current one."""
        self._kept = {exchange.id: exchange for exchange in exchanges} | self._kept

    def forget(self) -> None:
        """Drop the exchanges of a finished test."""
        self._kept.clear()
