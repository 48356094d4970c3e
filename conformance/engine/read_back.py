"""Decide whether a read shows a resource of the run, and which values differ from those that were sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves
from conformance.core.verdict import CHANGES_NOTHING, Kind
from conformance.engine import checks, presence
from conformance.engine.comparison import Difference, differences, equal, plain
from conformance.engine.identifiers import is_read, members_of, misnamed
from conformance.engine.recorder import Recorder
from conformance.engine.resources import Resource
from conformance.spec import requirement_ids
from conformance.spec.extension import MemberNames
from conformance.spec.specification import Operation, Requirement


def record_difference(
    recorder: Recorder, requirement: str, difference: Difference, *exchanges: Exchange, detail: str = ""
) -> None:
    """Record that a requirement is contradicted because one value was not returned as it was sent.

    The location of the deviation is the place of the value in the body. `exchanges` are the evidence, the read first.

    Raises:
        NotExercised, LookupError: as `Recorder.require`.
    """
    recorder.require(
        requirement,
        False,
        *exchanges,
        expected=checks.quoted(difference.sent),
        observed=checks.quoted(difference.read),
        kind=Kind.READ_BACK,
        location=difference.place,
        detail=detail,
    )


def is_of(exchange: Exchange, create: Operation, resource: Resource, names: Sequence[str]) -> bool:
    """Whether a read shows a resource under its identifier or one of its names, and gives it no other name.

    `create` created the resource.
    """
    if not any(is_read(exchange, resource.id, name) for name in names):
        return False
    sent = {touch.pointer.rpartition("/")[2] for touch in create.names}
    members = sent | set(members_of(resource.exchange, resource.id, resource.name))
    return not any(misnamed(exchange, resource.id, member, names) for member in members)


def unlike(reading: Operation, sent: Mapping[str, Any], exchange: Exchange, names: MemberNames) -> Iterator[Difference]:
    """The values of `sent` that a read (the operation `reading`) shows differently; none if its body is not JSON.

    `names` are those of the specification.
    """
    try:
        body = checks.body_of(reading, exchange)
    except NotJson:
        return
    schema = reading.success.schema
    if schema is None or not sent.keys() & schema.get("properties", {}).keys():
        # undocumented structure: the sent values are searched for anywhere
        found = {value for _, value in leaves(body)}
        for place, value in leaves(sent):
            if isinstance(value, str) and not place.endswith("/id") and not any(equal(value, item) for item in found):
                alike = next((item for item in found if isinstance(item, str) and plain(item) == plain(value)), None)
                yield Difference(place, value, alike or "not in the response", soft=alike is not None)
        yield from _turned(sent, body)
        return
    yield from differences(sent, body, schema, names)


def _turned(sent: Mapping[str, Any], body: Any) -> Iterator[Difference]:
    """The truth values of `sent` whose opposite the body has in a member of the same name."""
    thing = presence.about(body, str(sent.get("id", ""))) or (body if isinstance(body, dict) else {})
    for name, value in sent.items():
        truths = presence.truths(thing, name) if isinstance(value, bool) else []
        if truths and value not in truths:
            yield Difference(f"/{name}", value, truths[0])


def record_read_back(
    recorder: Recorder,
    requirement: Requirement | None,
    operation: Operation,
    found: Iterable[Difference],
    exchange: Exchange,
    altered: Collection[str] = (),
) -> bool:
    """Record whether a read shows what an operation sent, given the differences `found`. Returns whether it does.

    `requirement` says that it is read back, if the register has one. `altered` are the members that an update changed:
    if all of them differ, the update changed nothing.
    """
    found = list(found)
    verbatim = requirement_ids.verbatim(operation.id)
    differing = [difference for difference in found if not difference.soft]
    changes_nothing = bool(altered) and set(altered) <= {_member(difference.place) for difference in differing}
    if requirement is not None and not differing:
        recorder.require(requirement.id, True, exchange)
    for item in {difference.place: difference for difference in differing}.values():
        if requirement is not None:
            record_difference(
                recorder, requirement.id, item, exchange, detail=CHANGES_NOTHING if changes_nothing else ""
            )
    soft = next((difference for difference in found if difference.soft), None)
    if soft is not None:
        record_difference(recorder, verbatim, soft, exchange)
    elif not differing:
        recorder.require(verbatim, True, exchange)
    return not differing


def _member(place: str) -> str:
    """The top-level member of the body that contains a place."""
    return place.removeprefix("/").partition("/")[0].removesuffix("[]")
