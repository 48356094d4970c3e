"""Read back: whether a read shows a thing of the run's, and what it holds otherwise than it was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves
from conformance.core.verdict import CHANGES_NOTHING, Kind
from conformance.engine import checks
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
    """Record that a requirement does not hold because one value did not come back as it was sent.

    The place of the value in the body is that of the deviation. `exchanges` are the evidence, the read first.

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
    """Whether a read shows a thing, under its identifier or any of its names, and calls it by no other.

    `create` made the thing.
    """
    if not any(is_read(exchange, resource.id, name) for name in names):
        return False
    sent = {touch.pointer.rpartition("/")[2] for touch in create.names}
    members = sent | set(members_of(resource.exchange, resource.id, resource.name))
    return not any(misnamed(exchange, resource.id, one, names) for one in members)


def unlike(reading: Operation, sent: Mapping[str, Any], exchange: Exchange, names: MemberNames) -> Iterator[Difference]:
    """What of `sent` a read (the operation `reading`) shows otherwise; nothing where its body is not JSON.

    `names` are those of the specification.
    """
    try:
        body = checks.body_of(reading, exchange)
    except NotJson:
        return
    schema = reading.success.schema
    if schema is None or not sent.keys() & schema.get("properties", {}).keys():
        # no document says where it stands: what was sent is looked for anywhere
        found = {value for _, value in leaves(body)}
        for place, value in leaves(sent):
            if isinstance(value, str) and not place.endswith("/id") and not any(equal(value, one) for one in found):
                alike = next((one for one in found if isinstance(one, str) and plain(one) == plain(value)), None)
                yield Difference(place, value, alike or "not in the response", soft=alike is not None)
        return
    yield from differences(sent, body, schema, names)


def record_read_back(
    recorder: Recorder,
    requirement: Requirement | None,
    operation: Operation,
    found: Iterable[Difference],
    exchange: Exchange,
    altered: Collection[str] = (),
) -> bool:
    """Record whether a read shows what an operation sent; `found` is what it shows otherwise. Returns whether it does.

    `requirement` says that it is read back, if one does. `altered` are the members of an update that are not as they
    were before: where all of them are otherwise, the update changed nothing.
    """
    found = list(found)
    verbatim = requirement_ids.verbatim(operation.id)
    hard = [one for one in found if not one.soft]
    nothing = bool(altered) and set(altered) <= {_member(one.place) for one in hard}
    if requirement is not None and not hard:
        recorder.require(requirement.id, True, exchange)
    for one in {one.place: one for one in hard}.values():
        if requirement is not None:
            record_difference(recorder, requirement.id, one, exchange, detail=CHANGES_NOTHING if nothing else "")
    soft = next((one for one in found if one.soft), None)
    if soft is not None:
        record_difference(recorder, verbatim, soft, exchange)
    elif not hard:
        recorder.require(verbatim, True, exchange)
    return not hard


def _member(place: str) -> str:
    """The member of the body in which a place is."""
    return place.removeprefix("/").partition("/")[0].removesuffix("[]")
