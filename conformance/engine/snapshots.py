"""Determine which values of a body changed between reads.

Values that change by themselves from read to read are ignored. Time stamps, trace ids, and another order or layout of
equal values are no change.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves
from conformance.engine import presence
from conformance.engine.comparison import date, number, plain

Snapshot = Mapping[str, tuple[str, ...]]
"""The values at each place of a body, sorted, in one notation for numbers and digits."""

BOOKKEEPING: Final = re.compile(r"e_?tag|version|revision|checksum|hash$", re.IGNORECASE)
"""Words in the name of a member that a server may change with any write, also with one to another resource."""
UNSET: Final = (None, "")
EPOCH: Final = 1_000_000_000


def snapshot(exchange: Exchange, identifier: str = "", own: str = "") -> Snapshot:
    """The values of a response: of the object in it with the identifier, otherwise of the whole body.

    A body that is not JSON is one value.
    """
    try:
        body = exchange.response.json
    except NotJson:
        body = exchange.response.body.decode("utf-8", "replace")
    item = presence.about(body, identifier, own) if identifier else None
    return values(body if item is None else item)


def values(body: Any) -> Snapshot:
    """The values of a body by place, without unset ones."""
    by_place: dict[str, list[str]] = defaultdict(list)
    for place, value in leaves(body):
        if value not in UNSET:
            by_place[place].append(_canonical(value))
    return {place: tuple(sorted(place_values)) for place, place_values in by_place.items()}


def _canonical(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    digits = number(value)
    if digits is not None:
        return f"{digits.normalize():f}"  # without an exponent, which would hide that it is a time
    return plain(value).casefold() if value in ("True", "False", "TRUE", "FALSE") else plain(str(value))


def volatile(*reads: Snapshot) -> set[str]:
    """The places at which reads without a change in between differ."""
    places = {place for read in reads for place in read}
    return {place for place in places if len({read.get(place, ()) for read in reads}) > 1}


def changed(before: Snapshot, after: Snapshot, ignored: Iterable[str] = ()) -> set[str]:
    """The places whose values differ, except those where one time replaced another."""
    places = {*before, *after} - set(ignored)
    return {
        place for place in places if before.get(place, ()) != after.get(place, ()) and not _times(before, after, place)
    }


def _times(before: Snapshot, after: Snapshot, place: str) -> bool:
    times = (*before.get(place, ()), *after.get(place, ()))
    return place in before and place in after and all(is_time(value) for value in times)


def is_time(value: str) -> bool:
    """Whether a value is a date, or a number that can be one in seconds or milliseconds since 1970."""
    digits = number(value)
    return date(value) is not None or (digits is not None and digits >= EPOCH)
