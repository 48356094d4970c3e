"""Read-back: what of a request that was accepted another operation does not show. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves
from conformance.engine import checks
from conformance.engine.comparison import differences, equal, plain
from conformance.spec.extension import MemberNames
from conformance.spec.specification import Operation


@dataclass(frozen=True, slots=True)
class Lost:
    """One value that is not shown as sent, both in words."""

    place: str
    sent: str
    read: str


def lost(reading: Operation, sent: Mapping[str, Any], exchange: Exchange, names: MemberNames) -> list[Lost]:
    """What of a body another operation shows differently, but for white space and HTML escaping.

    Nothing where it shows no JSON. Where no document says where a value is, the texts that were sent are looked for
    anywhere.
    """
    if not exchange.response.ok:
        return []
    try:
        body = checks.body_of(reading, exchange)
    except NotJson:
        return []
    schema = reading.success.schema
    if schema is None or not sent.keys() & schema.get("properties", {}).keys():
        return list(_nowhere(sent, body))
    found = {one.place: one for one in differences(sent, body, schema, names) if not one.soft}
    return [Lost(place, checks.quoted(one.sent), checks.quoted(one.read)) for place, one in found.items()]


def _nowhere(sent: Mapping[str, Any], body: Any) -> Iterator[Lost]:
    shown = [value for _, value in leaves(body)]
    texts = {plain(value) for value in shown if isinstance(value, str)}
    for place, value in leaves(sent):
        apart = isinstance(value, str) and value and not place.endswith("/id")
        if apart and plain(value) not in texts and not any(equal(value, one) for one in shown):
            yield Lost(place, checks.quoted(value), "nowhere in the response")
